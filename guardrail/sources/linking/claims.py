"""What scaling targets claim of the variants of one endpoint, and what follows for each variant."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.model import INSTANCE_COUNT, PROVISIONED_CONCURRENCY, ScalableTarget, ServerlessVariant, Unknown, Variant
from guardrail.sources.declarations import Declared, Link
from guardrail.sources.vocabulary import resource_id

_VARIANT_INDEX = expression(r"^production_variants\[(\d{1,9})\]")
_NAME_OF_INDEX = expression(r"^\$\{[^{}]*\.production_variants\[(\d{1,9})\]\.variant_name\}$")


class Claim(Struct, frozen=True):
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


def scaled(variants: tuple[Variant, ...], claims: Sequence[Claim]) -> tuple[Variant, ...]:
    """The variants of one endpoint with the scaling that claims give them.

    A claim on ``main`` is certain of the variant of that name; one whose variant is lost is certain of the only
    variant of its dimension, and possible of each where there are several.
    """
    if not claims:
        return variants
    certain, possible = _sorted(variants, claims)
    return tuple(
        replace(variant, scaling=_agreed(*_on(variant, index, certain, possible)))
        for index, variant in enumerate(variants)
    )


def variant_of(link: Link) -> str | int | None:
    """Which variant a resource id means: by name, or through a reference to one of a configuration's variants."""
    named = resource_id.parsed(link.spelled)
    if named is not None:
        told = _NAME_OF_INDEX.match(named.variant or "")  # of a variant whose name is generated on apply
        return int(told[1]) if told else named.variant
    matches = (_VARIANT_INDEX.match(reference.attribute) for reference in link.references)
    return next((int(match[1]) for match in matches if match), None)


def dimension_of(variant: Variant) -> str:
    """The dimension that a target has to name for a variant: its instances, or its provisioned concurrency."""
    return PROVISIONED_CONCURRENCY if isinstance(variant, ServerlessVariant) else INSTANCE_COUNT


def _sorted(
    variants: tuple[Variant, ...], claims: Iterable[Claim]
) -> tuple[dict[str | int, list[Claim]], dict[tuple[str, bool], Claim]]:
    """The claims that are certain, by name or index of the variant, and the first that may be on others.

    The latter by dimension, and whether they name a variant: any of which the name is unknown may be that. A name that
    is known in part, and of no variant here, is lost, but for variants that cannot have it.
    """
    certain: dict[str | int, list[Claim]] = defaultdict(list)
    possible: dict[tuple[str, bool], Claim] = {}
    called = {_called(variant) for variant in variants}
    lost = {(claim.dimension, claim.variant) for claim in claims if _is_lost(claim.variant, called)}
    rivals = {one: _rivals(variants, *one) for one in lost}
    names = {one: Counter(variants[at].name for at in indexes) for one, indexes in rivals.items()}
    for claim in claims:
        meant = claim.dimension, claim.variant
        indexes = rivals.get(meant, ())
        if claim.variant is not None and not indexes:
            certain[claim.variant].append(claim)
            if isinstance(claim.variant, str):
                possible.setdefault((claim.dimension, True), claim)
        elif len(indexes) == 1 and (claim.variant is None or isinstance(variants[indexes[0]].name, str)):
            certain[indexes[0]].append(claim)
        elif claim.hint is not None and names[meant][claim.hint] == 1:
            certain[claim.hint].append(claim)
        else:
            possible.setdefault((claim.dimension, False), claim)
    return certain, possible


def _is_lost(name: str | int | None, called: Container[str]) -> bool:
    """Whether a claim tells its variant by nothing, or by a text that is known in part and is called of none."""
    return name is None or (isinstance(name, str) and "${" in name and name not in called)


def _called(variant: Variant) -> str:
    """The name of a variant as far as it is known."""
    return variant.name if isinstance(variant.name, str) else variant.name.partial or ""


def _rivals(variants: tuple[Variant, ...], dimension: str, name: str | int | None) -> list[int]:
    """Which variants a target on a dimension may mean: those of the dimension, else all, that may have the name."""
    fitting = [index for index, variant in enumerate(variants) if dimension_of(variant) == dimension]
    return [at for at in fitting or range(len(variants)) if may_be_called(variants[at].name, name)]


def may_be_called(name: str | Unknown, text: str | int | None) -> bool:
    """Whether a name can be what a text with an unknown part will be: ``main-blue`` of ``${var.variant}-blue``."""
    if isinstance(name, Unknown) or not isinstance(text, str):
        return True
    if "${" not in text:
        return name == text
    start, end = text.partition("${")[0], text.rpartition("}")[2]
    return name.startswith(start) and name[len(start) :].endswith(end)


def _on(
    variant: Variant,
    index: int,
    certain: Mapping[str | int, Sequence[Claim]],
    possible: Mapping[tuple[str, bool], Claim],
) -> tuple[list[Claim], list[Claim]]:
    """The claims that are certainly on a variant, and those that may be; a name known in part is equal to itself."""
    own = (dimension_of(variant), "")
    is_named = isinstance(variant.name, str)
    name = _called(variant)
    claims = [*certain.get(index, ()), *(certain.get(name, ()) if is_named or "${" in name else ())]
    return (
        [claim for claim in claims if claim.dimension in own],
        [
            claim
            for (dimension, names_one), claim in possible.items()
            if dimension in own and not (names_one and is_named)
        ],
    )


def _agreed(certain: list[Claim], possible: list[Claim]) -> ScalableTarget | Unknown | None:
    targets = [claim for claim in certain if isinstance(claim.target, ScalableTarget)]
    if len(targets) > 1:
        return Unknown(f"{targets[0].address} and {targets[1].address} both scale it")
    if targets:
        target = targets[0]
        return target.target if target.dimension else Unknown(f"the dimension of {target.address} is unknown")
    for claim in (*certain, *possible):
        return (
            claim.target if isinstance(claim.target, Unknown) else Unknown(f"{claim.address} may be its scaling target")
        )
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
