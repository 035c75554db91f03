"""The provider configuration that manages a resource, and its region: answered in one place, for plans and for source.

A region comes from what is written, and never from the machine that runs the check. In order: the resource's own
``region`` (hashicorp/aws 6.x), its provider configuration, an ARN among its known values (for a model the package or
the image in ECR that it names), the ``aws_region`` data source of the same configuration. What is left is for the
linker, which asks what the resource is linked to, and for the command line.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.sources.base import View
from guardrail.sources.vocabulary import spellings
from guardrail.sources.vocabulary.models import containers

Tags = dict[str, str | Unknown]

NOWHERE = Unknown("nothing tells its region, give --region")

_REGION = expression(r"[a-z]{2,5}(?:-[a-z]+)+-\d+")
_ARN = expression(rf"arn:aws[a-z-]*:[a-z0-9-]+:({_REGION.pattern}):")
_OWN_ARN = expression(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:(\d{12}):")
_ACCOUNT = expression(r"\d{12}")
_IMAGE = expression(rf"\d{{12}}\.dkr[.-]ecr(?:-fips)?\.({_REGION.pattern})\.[a-z0-9.-]+/")


class Provider:
    """A provider configuration, ``provider "aws" { alias = "eu" … }``; each answer is worked out once, when asked for.

    ``region``, ``default_tags`` and ``accounts`` (its ``allowed_account_ids``) work out what it says; one without a
    block tells nothing but its key.
    """

    def __init__(
        self,
        key: str,
        region: Callable[[], str | Unknown] = lambda: NOWHERE,
        default_tags: Callable[[], Tags | Unknown] = dict,
        accounts: Callable[[], Any] = lambda: None,
    ) -> None:
        self.key = key
        """As a plan has it: ``aws``, ``aws.eu``, ``module.m:aws.eu``."""
        self._region = region
        self._default_tags = default_tags
        self._accounts = accounts

    @cached_property
    def region(self) -> str | Unknown:
        """The region that it says, or why that is not known."""
        return self._region()

    @cached_property
    def default_tags(self) -> Tags | Unknown:
        """The tags that it adds to everything."""
        return self._default_tags()

    @cached_property
    def account(self) -> str | None:
        """The only account of its ``allowed_account_ids``: Terraform refuses to work in any other."""
        accounts = self._accounts()
        only = accounts[0] if isinstance(accounts, (list, tuple)) and len(accounts) == 1 else None
        return only if isinstance(only, str) and _ACCOUNT.fullmatch(only) else None


def region_or_nowhere(value: str | Unknown | None) -> str | Unknown:
    """``value`` where it has the form of a region, such as ``us-gov-west-1``; an unknown one with its reason."""
    if isinstance(value, Unknown):
        return value
    return value if value is not None and _REGION.fullmatch(value) else NOWHERE


def region_of(view: View, provider: Provider, read: Callable[[str], str | None] | None = None) -> str | Unknown:
    """The region of a resource; ``read`` asks what the ``aws_region`` data source of a provider has answered."""
    own = view.text("region")
    if own is not None:
        return region_or_nowhere(own)
    of_provider = provider.region
    if isinstance(of_provider, str):
        return of_provider
    return region_in(view) or (read and read(provider.key)) or of_provider


def account_of(view: View, provider: Provider) -> str | None:
    """The account of a resource: that of its own ARN where it stands already, else the only one of its provider."""
    arn = view.values.get("arn")
    match = _OWN_ARN.match(arn) if isinstance(arn, str) and not view.is_sensitive("arn") else None
    return match[1] if match else provider.account


def region_in(view: View) -> str | None:
    """The region of the block's own ARN, else of any ARN among its values that may be shown, else of a model's image.

    The image of a model in ECR "must be in the same region as the model or endpoint" (SageMaker API reference,
    ContainerDefinition): ``123456789012.dkr.ecr.eu-west-1.amazonaws.com/chat:1`` says eu-west-1.
    """
    names = dict.fromkeys(("arn", *view.values))
    texts = [view.values.get(name) for name in names if not view.is_sensitive(name)]
    if view.spelling.kind == spellings.MODEL:
        parts = containers(view)
        for part in () if isinstance(parts, Unknown) else parts:
            texts += [part.text("ModelPackageName"), part.text("Image")]
    return next((region for text in texts if isinstance(text, str) for region in _regions_in(text)), None)


def _regions_in(text: str) -> Iterator[str]:
    match = _ARN.match(text) or _IMAGE.match(text)
    if match:
        yield match[1]
