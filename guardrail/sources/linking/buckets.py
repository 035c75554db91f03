"""Joining transform jobs with the buckets that they write to."""

import re

from msgspec.structs import replace

from guardrail.model import TransformJob, Unknown
from guardrail.sources.declarations import DeclaredBucket, DeclaredLifecycle
from guardrail.sources.linking.index import Declarations

_OUTPUT = re.compile(r"s3://(?:\$\{([^{}]+)\}|([^/${}]+))(?:/(.*))?", re.DOTALL)
_ATTRIBUTE = re.compile(r"\.(?:bucket|id|Arn|arn|BucketName)$")


class Buckets:
    """The buckets of one side, with the prefixes under which incomplete uploads end."""

    def __init__(self, declarations: Declarations) -> None:
        buckets = list(declarations.of(DeclaredBucket))
        self._by_address = {each.address: each for each in buckets}
        self._by_name = {each.name: each for each in buckets if isinstance(each.name, str)}
        self._ends: dict[str, tuple[str, ...] | Unknown] = {each.address: each.ends_uploads_of for each in buckets}
        for rules in declarations.of(DeclaredLifecycle):
            named = self._by_name.get(rules.bucket.value) if isinstance(rules.bucket.value, str) else None
            addresses = [each.address for each in rules.bucket.references]
            for address in [named.address] if named else addresses:
                self._ends[address] = _both(self._ends.get(address, ()), rules.ends_uploads_of)

    def told(self, job: TransformJob) -> TransformJob:
        """The job with whether uploads to its output end, where its bucket is here.

        One that writes to ``s3://scores/out``, and a rule of the bucket ``scores`` for ``out/``: they end.
        """
        text = job.output_path.partial if isinstance(job.output_path, Unknown) else job.output_path
        found = _OUTPUT.fullmatch(text or "") if self._by_address else None
        if found is None:
            return job
        bucket = self._by_address.get(_ATTRIBUTE.sub("", found[1])) if found[1] else self._by_name.get(found[2])
        if bucket is None:
            return job
        below = f"{found[3].removesuffix('/')}/" if found[3] else ""
        return replace(job, uploads_end=_ends(self._ends[bucket.address], below))


def _ends(prefixes: tuple[str, ...] | Unknown, key: str) -> bool | Unknown:
    """Whether one of the prefixes is that of a key, of which what follows a hole is not known."""
    if isinstance(prefixes, Unknown):
        return prefixes
    known, hole, _ = key.partition("${")
    if any(known.startswith(prefix) for prefix in prefixes):
        return True
    if hole and any(prefix.startswith(known) for prefix in prefixes):
        return Unknown("where in its bucket it writes is not known")
    return False


def _both(one: tuple[str, ...] | Unknown, other: tuple[str, ...] | Unknown) -> tuple[str, ...] | Unknown:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return one if isinstance(one, Unknown) else other
    return (*one, *other)
