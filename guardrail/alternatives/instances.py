"""Other instance types for a variant, and other numbers of them.

What the tables can say of a type for another is worked out once for each type and region; what the variant, its model
and its scaling say of it, for each variant. Whether a model runs as fast on another type only a load test can say.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from math import ceil

from msgspec import Struct

from guardrail.alternatives import facts
from guardrail.alternatives.base import AlternativeKind
from guardrail.cost.alternatives import SUCCESSORS, lost, sold
from guardrail.model import Endpoint, InstanceVariant, ScalableTarget, TargetTrackingPolicy, Unknown
from guardrail.prices import usage_types
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.book import InstanceSpec, PriceBook
from guardrail.prices.instance_types import series_of

PRODUCTION_CONTROL = "Security Hub SageMaker.4 wants more than one instance, of every configuration on instances"
SHARED_GPU_FAMILIES = ("p2", "p3", "g4dn", "g5")
"""Families whose types of one GPU AWS lists for several models (DG multi-model-support)."""
_LISTED = 2
"""Types of a kind that are priced as whole variants."""
_LEAST_SHARE = 2
"""A type of another family has at least half of the memory: less is another machine."""


class Candidate(Struct, frozen=True):
    """A type that may stand in for another, and what it has less of."""

    kind: AlternativeKind
    spec: InstanceSpec
    loses: tuple[str, ...]


@lru_cache(maxsize=1024)
def candidates(prices: PriceBook, region: str, instance_type: str) -> tuple[Candidate, ...]:
    """Cheaper types that a variant could run on, the cheapest first.

    None of them is dearer, is superseded, has no price in the region, or is refused there by endpoints.
    """
    return _among(prices.instance(instance_type), prices.hosting(region, instance_type), sold(prices, region))


@lru_cache(maxsize=1024)
def transform_candidates(prices: PriceBook, region: str, instance_type: str) -> tuple[Candidate, ...]:
    """Cheaper types that a transform job could run on: CreateTransformJob takes fewer types than endpoints do."""
    present = prices.transform(region, instance_type)
    return _among(prices.instance(instance_type), present, sold_for_transform(prices, region))


@lru_cache(maxsize=64)
def sold_for_transform(prices: PriceBook, region: str) -> tuple[tuple[InstanceSpec, Price], ...]:
    """What transform jobs of a region can run on, with its price, where nothing casts doubt on that."""
    found = []
    for charge in prices.charges(region):
        use, name = usage_types.parts(charge)
        spec = prices.instance(name) if use == usage_types.TRANSFORM else None
        price = prices.price(region, charge)
        if spec is not None and spec.runs_transform and isinstance(price, Price) and price.suspect is None:
            found.append((spec, price))
    return tuple(found)


def _among(
    spec: InstanceSpec | None, present: Price | Unpriced, offered: Sequence[tuple[InstanceSpec, Price]]
) -> tuple[Candidate, ...]:
    if spec is None or isinstance(present, Unpriced):
        return ()
    cheaper = sorted(
        ((price.usd, each.instance_type, each) for each, price in offered if price.usd < present.usd),
        key=lambda one: one[:2],
    )
    fitting = [each for _, _, each in cheaper if each.family not in SUCCESSORS]
    next_size = _next_size(spec, fitting)
    kinds = ((each, "smaller" if each is next_size else _kind(spec, each)) for each in fitting)
    return tuple(Candidate(kind, each, lost(each, spec)) for each, kind in kinds if kind is not None)


def held(
    found: Iterable[Candidate], endpoint: Endpoint, variant: InstanceVariant, memory_gib: Decimal | None
) -> Iterator[tuple[Candidate, str | None]]:
    """Candidates that fit a variant, two of each kind, and before them those that do not, with the reason."""
    counts: Counter[tuple[AlternativeKind, bool]] = Counter()
    for each in found:
        most = 1 if each.kind == "less-memory" else _LISTED
        if counts[each.kind, True] < most:
            reason = unfit(endpoint, variant, each.spec, memory_gib)
            counts[each.kind, reason is None] += 1
            if reason is None or counts[each.kind, False] == 1:
                yield each, reason


def _next_size(spec: InstanceSpec, fitting: list[InstanceSpec]) -> InstanceSpec | None:
    """The largest type of its own family that is smaller."""
    sizes = [each for each in fitting if each.family == spec.family and each.vcpus < spec.vcpus]
    return max(sizes, key=lambda each: (each.vcpus, each.accelerators), default=None)


def _kind(spec: InstanceSpec, other: InstanceSpec) -> AlternativeKind | None:
    """What another type would be for one; None where it is nothing to run the same model on."""
    if spec.accelerator_kind is None:
        return None if other.accelerator_kind else _without_accelerators(spec, other)
    if spec.accelerator_kind == "gpu" and other.accelerator_kind == "neuron":
        return "neuron" if _holds(spec, other) and _each(other) >= _each(spec) else None
    is_alike = other.accelerator_kind == spec.accelerator_kind and other.architecture == spec.architecture
    return _with_accelerators(spec, other) if is_alike else None


def _with_accelerators(spec: InstanceSpec, other: InstanceSpec) -> AlternativeKind | None:
    """What is split over several accelerators needs as much memory in each; one alone may have less, said so."""
    if _each(other) < _each(spec):
        is_alone = spec.accelerators == 1
        return "accelerator" if is_alone and _each(other) * _LEAST_SHARE >= _each(spec) else None
    if not _holds(spec, other):
        return None
    return "accelerator" if lost(other, spec) else _alike(spec, other)


def _without_accelerators(spec: InstanceSpec, other: InstanceSpec) -> AlternativeKind | None:
    has_all = other.vcpus >= spec.vcpus and other.memory_gib >= spec.memory_gib
    if other.architecture != spec.architecture:
        return "graviton" if has_all and other.architecture == "arm64" else None
    if has_all:
        return _alike(spec, other)
    enough = other.vcpus >= spec.vcpus and other.memory_gib * _LEAST_SHARE >= spec.memory_gib
    return "less-memory" if enough else None


def _alike(spec: InstanceSpec, other: InstanceSpec) -> AlternativeKind:
    (letters, generation), (other_letters, other_generation) = series_of(spec.family), series_of(other.family)
    return "generation" if letters == other_letters and other_generation > generation else "type"


def _each(spec: InstanceSpec) -> float:
    return float(spec.accelerator_memory_gib or 0)


def _holds(spec: InstanceSpec, other: InstanceSpec) -> bool:
    """Whether all of the memory of its accelerators is there again."""
    return facts.room_gib(other) >= facts.room_gib(spec)


# What a variant says of a type ---------------------------------------------------------------------------------------


def unfit(endpoint: Endpoint, variant: InstanceVariant, spec: InstanceSpec, memory_gib: Decimal | None) -> str | None:
    """What is known of the variant that forbids a type; None where nothing does."""
    degree = facts.degree(variant)
    if isinstance(degree, int) and facts.shards(spec) < degree:
        of = "NeuronCores" if spec.accelerator_kind == "neuron" else "accelerators"
        return f"the model is split over {degree} {of}, and it has {facts.shards(spec)}"
    if spec.accelerators and facts.number_format(variant, spec) is False:
        return f"its container asks for bfloat16, which a {spec.accelerator_name} has not"
    if spec.burstable and (variant.scaling is not None or variant.managed_scaling is not None):
        return "burstable types cannot be scaled"  # DG endpoint-auto-scaling-add-console
    if variant.multi_model is True and (spec.accelerators > 1 or spec.accelerator_kind == "neuron"):
        return "only CPU types and types of one GPU host several models"  # DG multi-model-support
    if memory_gib is not None and memory_gib > facts.room_gib(spec):
        return f"the model takes {memory_gib.normalize():f} GiB, and it has {facts.room_gib(spec):.0f}"
    components = () if isinstance(endpoint.inference_components, Unknown) else endpoint.inference_components
    asks_more = any(
        _known(one.accelerators) > spec.accelerators
        or _known(one.memory_mib) > float(spec.memory_gib) * facts.MIB_PER_GIB
        for one in components
    )
    return "an inference component asks for more than it has" if asks_more else None


@lru_cache(maxsize=1024)
def newer(prices: PriceBook, region: str, instance_type: str) -> tuple[InstanceSpec, ...]:
    """Types of the same size in newer generations of its series that are no cheaper: a generation is no saving."""
    spec, present = prices.instance(instance_type), prices.hosting(region, instance_type)
    if spec is None or isinstance(present, Unpriced):
        return ()
    letters, generation = series_of(spec.family)
    size = instance_type.rpartition(".")[2]
    found = []
    for each, price in sold(prices, region):
        other_letters, other_generation = series_of(each.family)
        is_newer = other_letters == letters and other_generation > generation and each.family not in SUCCESSORS
        is_alike = each.architecture == spec.architecture and each.instance_type.rpartition(".")[2] == size
        if is_newer and is_alike and price.usd >= present.usd:
            found.append(each)
    return tuple(found)


def _known(number: float | Unknown | None) -> float:
    return 0 if number is None or isinstance(number, Unknown) else number


def conditions(
    endpoint: Endpoint, variant: InstanceVariant, present: InstanceSpec, found: Candidate, memory_gib: Decimal | None
) -> Iterator[str]:
    """What must be true for the variant to run on the type."""
    spec = found.spec
    yield from _image(variant, present, found)
    if spec.accelerators:
        said_format = facts.number_format(variant, spec, present)
        if isinstance(said_format, str):
            yield said_format
        yield from _split(variant, present, spec)
    if any("memory" in one or "in each" in one for one in found.loses) and memory_gib is None:
        yield "the model fits into what is left (not known)"
    if any("vCPUs" in one for one in found.loses):
        yield "it answers fast enough on fewer vCPUs, which a load test says"
    if variant.multi_model is True and spec.accelerators and spec.family not in SHARED_GPU_FAMILIES:
        yield "it hosts several models, which AWS lists for other GPU types (not known)"
    yield from _volume(variant, spec, present)
    if spec.burstable:
        yield "burstable: it runs on CPU credits, and cannot be scaled"
    if endpoint.inference_components:
        yield "all that its inference components ask for fits together"
    if variant.shadow:
        yield "the production variant changes with it: AWS recommends the same type for both"


def _image(variant: InstanceVariant, present: InstanceSpec, found: Candidate) -> Iterator[str]:
    if found.kind == "graviton":
        said = facts.on_graviton(variant)
        if said:
            yield f"arm64: {said}"
    if found.kind == "neuron":
        yield f"another image (Neuron) and a model compiled for {found.spec.accelerator_name}"
    elif found.spec.accelerator_kind == "neuron" and found.spec.accelerator_name != present.accelerator_name:
        yield f"the model is compiled for {found.spec.accelerator_name}, with an image whose Neuron SDK knows it"


def _split(variant: InstanceVariant, present: InstanceSpec, spec: InstanceSpec) -> Iterator[str]:
    if spec.accelerators >= present.accelerators:
        return
    degree = facts.degree(variant)
    if not isinstance(degree, int):
        yield f"the model is split over {spec.accelerators} at most, not {present.accelerators} (not known)"


def _volume(variant: InstanceVariant, spec: InstanceSpec, present: InstanceSpec) -> Iterator[str]:
    if spec.takes_volume is False and present.takes_volume is not False:
        if variant.volume_size_gb is not None:
            yield "volume_size_in_gb must go: AWS rejects it on types with local disks"
        yield f"{_disk(spec)} takes the place of the volume"
    elif spec.takes_volume and present.takes_volume is False:
        gb = variant.volume_size_gb or spec.default_volume_gb
        yield f"a volume{_of_gb(gb)} takes the place of {_disk(present)}, and is enough"


def _disk(spec: InstanceSpec) -> str:
    return f"its local disk{_of_gb(spec.local_storage_gb)}"


def _of_gb(gb: object) -> str:
    return f" of {gb:,} GB" if isinstance(gb, int | Decimal) else ""


def lost_disk(variant: InstanceVariant, spec: InstanceSpec, present: InstanceSpec) -> Iterator[str]:
    """How much less room for files there is: ``237 of 500 GB of disk``; of a volume only where a size is asked for."""
    had = present.local_storage_gb if present.takes_volume is False else variant.volume_size_gb
    have = spec.local_storage_gb
    if spec.takes_volume is False and isinstance(had, int) and have is not None and have < had:
        yield f"{have:,} of {had:,} GB of disk"


_LINKED = ("p3", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300")
"""Families whose GPUs are joined by NVLink (EC2 user guide, accelerated computing); those of g families are not."""


def lost_link(spec: InstanceSpec, present: InstanceSpec) -> Iterator[str]:
    """That GPUs which share a model talk to one another more slowly; where there is one GPU it talks to none."""
    is_several = min(spec.accelerators, present.accelerators) > 1 and spec.accelerator_kind == "gpu"
    if is_several and present.family in _LINKED and spec.family not in _LINKED:
        yield "no NVLink between its GPUs"


def obstacles(variant: InstanceVariant, present: InstanceSpec, spec: InstanceSpec) -> Iterator[str]:
    """What stands in the way of changing the type of a variant."""
    if variant.scaling is not None:
        yield (
            "UpdateEndpoint refuses a new type for a variant that is registered with auto scaling: deregister it "
            "first, or give the variant another name"
        )
        yield from _targets(variant.scaling, present, spec)


def _targets(target: ScalableTarget | Unknown, present: InstanceSpec, spec: InstanceSpec) -> Iterator[str]:
    """The target values of policies to adapt, a condition each: they are of one instance."""
    policies = target.policies if isinstance(target, ScalableTarget) else ()
    for policy in () if isinstance(policies, Unknown) else policies:
        if isinstance(policy, TargetTrackingPolicy) and not isinstance(policy.target_value, Unknown):
            value = f"target_value {policy.target_value:g} is of one instance"
            if spec.vcpus < present.vcpus:
                yield (
                    f"{value}: on {spec.vcpus} of {present.vcpus} vCPUs it is about "
                    f"{policy.target_value * spec.vcpus / present.vcpus:g}, and the same load takes as many more "
                    "instances"
                )
            else:
                yield f"{value}: a load test says what it is on {spec.instance_type}"


def fewer(present: int, known: Decimal | None) -> list[int]:
    """Other numbers of the same instances: those that the work takes where usage tells, else half of them and one less.

    Of 40 instances nobody may guess from here that two would do: 20 and 39; of three, one and two.
    """
    if known is not None:
        needed = max(1, ceil(known))
        return [needed] if needed < present else []
    return sorted({present // 2, present - 1} - {0, present})


def half_sizes(spec: InstanceSpec, prices: PriceBook, region: str) -> InstanceSpec | None:
    """The type of the same family with half of everything, whose instances can be counted more finely."""
    for each, _ in sold(prices, region):
        if each.family == spec.family and each.vcpus * 2 == spec.vcpus and each.memory_gib * 2 == spec.memory_gib:
            return each if each.accelerators * 2 == spec.accelerators else None
    return None


@lru_cache(maxsize=64)
def smallest(prices: PriceBook, region: str, memory_gib: Decimal) -> InstanceSpec | None:
    """The cheapest type without accelerators that has the memory, and can be scaled."""
    found = (
        (price.usd, each.instance_type, each)
        for each, price in sold(prices, region)
        if each.accelerator_kind is None
        and each.architecture == "x86_64"
        and not each.burstable
        and each.family not in SUCCESSORS
        and each.memory_gib >= memory_gib
    )
    cheapest = min(found, key=lambda one: one[:2], default=None)
    return cheapest and cheapest[2]
