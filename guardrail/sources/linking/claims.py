"""What scaling targets claim of the variants of one endpoint, and what follows for each variant."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from guardrail.model import INSTANCE_COUNT, PROVISIONED_CONCURRENCY, ScalableTarget, ServerlessVariant, Unknown, Variant
from guardrail.sources.declarations import Declared


class Claim(NamedTuple):
    """What a scaling target, or a policy whose target is managed elsewhere, says of the variants of one endpoint."""

    target: ScalableTarget | Unknown
    declared: Declared
    variant: str | int | None
    """The variant's name, its index, or None where neither is known."""
    hint: str | None
    """The for_each key of the target, which where the name is lost usually is it."""
    dimension: str
    """"" where unknown."""

    @property
    def address(self) -> str:
        """The address of the block that makes the claim."""
        return self.declared.address


class _Claims(NamedTuple):
    """The claims on one endpoint, by what they mean."""

    certain: Mapping[str | int, Sequence[Claim]]
    """By the name of the variant, or its index."""
    possible: Mapping[str, Claim]
    """By dimension, the first claim that may be on any variant of it."""
    named: Mapping[str, Claim]
    """By dimension, the first claim on a variant of a name, which may be that of any variant without one."""


def scaled(variants: tuple[Variant, ...], claims: Sequence[Claim]) -> tuple[Variant, ...]:
    """The variants of one endpoint with the scaling that claims give them.

    A claim on ``main`` is certain of the variant of that name; one whose variant is lost is certain of the only
    variant of its dimension, and possible of each where there are several.
    """
    grouped = _grouped(variants, claims)
    return tuple(replace(each, scaling=_agreed(*_on(each, at, grouped))) for at, each in enumerate(variants))


def dimension_of(variant: Variant) -> str:
    """The dimension that a target has to name for a variant: its instances, or its provisioned concurrency."""
    return PROVISIONED_CONCURRENCY if isinstance(variant, ServerlessVariant) else INSTANCE_COUNT


def _grouped(variants: tuple[Variant, ...], claims: Iterable[Claim]) -> _Claims:
    certain: dict[str | int, list[Claim]] = defaultdict(list)
    possible: dict[str, Claim] = {}
    named: dict[str, Claim] = {}
    rivals = {dimension: _rivals(variants, dimension) for dimension in {claim.dimension for claim in claims}}
    names = {dimension: Counter(variants[at].name for at in indexes) for dimension, indexes in rivals.items()}
    for claim in claims:
        if claim.variant is not None:
            certain[claim.variant].append(claim)
            if isinstance(claim.variant, str):
                named.setdefault(claim.dimension, claim)
        elif len(rivals[claim.dimension]) == 1:
            certain[rivals[claim.dimension][0]].append(claim)
        elif claim.hint is not None and names[claim.dimension][claim.hint] == 1:
            certain[claim.hint].append(claim)
        else:
            possible.setdefault(claim.dimension, claim)
    return _Claims(certain, possible, named)


def _rivals(variants: tuple[Variant, ...], dimension: str) -> list[int]:
    """Which variants a target on a dimension may mean: those of the dimension, else all."""
    fitting = [index for index, variant in enumerate(variants) if dimension_of(variant) == dimension]
    return fitting or list(range(len(variants)))


def _on(variant: Variant, index: int, claims: _Claims) -> tuple[list[Claim], list[Claim]]:
    """The claims that are certainly on a variant, and those that may be; a name known in part is equal to itself."""
    own = (dimension_of(variant), "")
    is_named = isinstance(variant.name, str)
    name = variant.name if isinstance(variant.name, str) else variant.name.partial or ""
    certain = [*claims.certain.get(index, ()), *(claims.certain.get(name, ()) if is_named or "${" in name else ())]
    possible = [*claims.possible.values(), *(() if is_named else claims.named.values())]
    return [each for each in certain if each.dimension in own], [each for each in possible if each.dimension in own]


def _agreed(certain: list[Claim], possible: list[Claim]) -> ScalableTarget | Unknown | None:
    targets = [claim for claim in certain if isinstance(claim.target, ScalableTarget)]
    if len(targets) > 1:
        return Unknown(f"{targets[0].address} and {targets[1].address} both scale it")
    if targets:
        target = targets[0]
        return target.target if target.dimension else Unknown(f"the dimension of {target.address} is unknown")
    for claim in (*certain, *possible):
        if isinstance(claim.target, Unknown):
            return claim.target
        return Unknown(f"{claim.address} may be its scaling target")
    return None


def misdirected(variants: Sequence[Variant], claims: Iterable[Claim]) -> Iterable[tuple[Claim, Variant | None]]:
    """Claims on a variant that is not there (None), and on one that the dimension of the claim is not for."""
    by_name = {variant.name: variant for variant in variants}
    all_named = all(isinstance(variant.name, str) for variant in variants)
    for claim in claims:
        if isinstance(claim.variant, str) and "${" not in claim.variant:
            variant = by_name.get(claim.variant)
        elif isinstance(claim.variant, int) and claim.variant < len(variants):
            variant = variants[claim.variant]
        elif isinstance(claim.target, ScalableTarget) and claim.variant is None and len(variants) == 1:
            variant = variants[0]
        else:
            continue
        if variant is None and all_named:
            yield claim, None
        elif variant is not None and claim.dimension not in (dimension_of(variant), ""):
            yield claim, variant
