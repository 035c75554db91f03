"""Buckets that transform jobs write to, and whether what is left of a broken upload ends there.

"The lifecycle action AbortIncompleteMultipartUpload" of an enabled rule ends uploads that are not completed in so many
days after their start; until then their parts are billed (Amazon S3 user guide, "Configuring a bucket lifecycle
configuration to delete incomplete multipart uploads"). A bucket bills nothing here, and no other setting of it is read.
"""

from collections.abc import Iterator

from guardrail.model import Unknown
from guardrail.sources.base import Block, View
from guardrail.sources.declarations import DeclaredBucket, DeclaredLifecycle, Link, head

_ENDS = "AbortIncompleteMultipartUpload"


def bucket(block: Block) -> DeclaredBucket:
    """A bucket with the rules that are written inside it."""
    view = block.attributes
    rules = view if view.spelling.language == "aws" else view.inside("LifecycleConfiguration")
    return DeclaredBucket(*head(block), name=view.text("BucketName"), ends_uploads_of=_ends_uploads_of(rules))


def lifecycle(block: Block, bucket: Link) -> DeclaredLifecycle:
    """The rules of a bucket as a resource of their own, which hashicorp/aws has."""
    return DeclaredLifecycle(*head(block), bucket=bucket, ends_uploads_of=_ends_uploads_of(block.attributes))


def _ends_uploads_of(view: View) -> tuple[str, ...] | Unknown:
    """The prefixes under which uploads end: ``("",)`` of a rule for all of a bucket."""
    rules = view.blocks("Rules")
    if isinstance(rules, Unknown):
        return rules
    found = [prefix for rule in rules for prefix in _prefixes(rule)]
    unknown = next((prefix for prefix in found if isinstance(prefix, Unknown)), None)
    return unknown or tuple(prefix for prefix in found if isinstance(prefix, str))


def _prefixes(rule: View) -> Iterator[str | Unknown]:
    """The prefix of a rule that is enabled and ends uploads."""
    enabled, flag = rule.text("Status"), rule.boolean("Enabled")
    days = rule.inside(_ENDS).get("DaysAfterInitiation") or rule.get(f"{_ENDS}Days")
    if not days or enabled == "Disabled" or flag is False:
        return
    inner = rule.inside("Filter")
    given = (rule.text("Prefix"), inner.text("Prefix"), inner.inside("And").text("Prefix"))
    yield next((prefix for prefix in given if prefix), "")
