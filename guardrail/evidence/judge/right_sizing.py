"""Right-sizing: what a variant needed, and the cheapest types that have it, with room for more.

The need is the 99th percentile of hourly maxima of the hottest instance, or what recurs at the same hour of week where
that is more: a peak of one hour a week is load, and never reaches a percentile. The maximum is always told. Memory of a
container that hosts several models is a cache, which fills any machine, and no need.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from math import ceil
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from guardrail.alternatives import needs
from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.needs import Need
from guardrail.evidence.bundle import ANSWERING, Distribution, EndpointEvidence, Segment, VariantEvidence
from guardrail.evidence.judge import confidence, ways_to_serve
from guardrail.evidence.judge.confidence import Confidence, Doubt
from guardrail.evidence.statistics import plain
from guardrail.model import Endpoint, InstanceVariant, ServerlessVariant, Unknown
from guardrail.money import HOURS_PER_MONTH
from guardrail.prices.base import Price
from guardrail.prices.book import InstanceSpec

HEADROOM: Final = Decimal("0.2")
Percentile: TypeAlias = Literal["p50", "p90", "p95", "p99", "maximum"]
SizingVerdict: TypeAlias = Literal["too-large", "too-small", "fits", "unknown"]
_FULL: Final = Decimal("0.95")
"""The share of a machine above which a load may be cut off by it."""
_WEEK_HOURS: Final = 168
_LISTED: Final = 3
_CACHE: Final = "its container hosts several models: memory is a cache, and no need"


class Option(Struct, frozen=True, kw_only=True):
    """A type that would do."""

    alternative: Alternative
    hourly_usd: Decimal
    instances_usd: Decimal
    """What the instances alone save a month; volumes, which change with the type, are in the alternative's amount."""

    @property
    def instance_type(self) -> str:
        """Of one instance."""
        return str(self.alternative.instance_type)

    @property
    def is_arm(self) -> bool:
        """Whether its image must be built for another architecture."""
        return self.alternative.kind == "graviton"


class RightSizing(Struct, frozen=True, kw_only=True):
    """What was needed of one variant, and what would be enough."""

    verdict: SizingVerdict
    used: Need
    """Of one instance that ran."""
    need: Need
    """What one of the declared instances must do: the same, unless they are fewer or more."""
    fullest: Decimal | None = None
    """The share of the declared type that this takes, of cores or GPUs; None where that is not known."""
    needed: Need
    """With room for more."""
    room: Decimal = HEADROOM
    """How much more that is."""
    most: Need
    """The maxima."""
    hours_above_p99: int = 0
    """Hours with more CPU than the 99th percentile."""
    peak_at: int | None = None
    """The hour of week at which the greatest CPU use recurs, where that is what counts."""
    options: tuple[Option, ...] = ()
    """Cheaper types that have what is needed, the cheapest first."""
    fewer: Alternative | None = None
    """Fewer instances of the same type that take the load."""
    slower: Option | None = None
    """Of what has a queue: a type that is still cheaper, where it is fine that requests wait for hours."""
    without_accelerators: tuple[str, Decimal, Decimal] | None = None
    """The cheapest type without any, its price and what its instances save, where no hour used those there are."""
    below_maximum: str = ""
    """What the declared type has less of than the most that was seen: ``4 of 30 cores``."""
    enough: str | None = None
    """The cheapest type that has what is needed, where the present one has not."""
    enough_if: str = ""
    """Under which condition it has."""
    reason: str = ""
    """Why nothing can be said, or what is too small."""
    notes: tuple[str, ...] = ()
    confidence: Confidence

    @property
    def cheapest(self) -> Option | None:
        """The first of the present architecture: nothing but the type changes."""
        return next((one for one in self.options if not one.is_arm), None)

    @property
    def on_arm(self) -> Option | None:
        """The cheapest of another architecture, under the condition that the image is built for it."""
        return next((one for one in self.options if one.is_arm), None)

    @property
    def saving_usd(self) -> Decimal | None:
        """What the cheapest of the present architecture saves a month."""
        return None if self.cheapest is None else self.cheapest.alternative.usd


class VariantToJudge(Struct, frozen=True, kw_only=True):
    """The variant that is judged: as it runs, or as a change will have it."""

    endpoint: Endpoint
    place: int
    share: Decimal = Decimal(1)
    """How much of what one instance did each of the declared ones must do: of four made two, twice as much."""
    refused: frozenset[str] = frozenset()
    """Types that a load test shows to be too slow: they are not recommended."""


def judge(
    engine: AlternativesEngine,
    found: EndpointEvidence,
    variant: VariantEvidence,
    declared: VariantToJudge,
    *,
    headroom: Decimal = HEADROOM,
    percentile: Percentile = "p99",
) -> RightSizing:
    """Hold what was observed of a variant against what is declared of it."""
    endpoint, place = declared.endpoint, declared.place
    used, most = _needs(engine, variant, percentile)
    need = used.shared(declared.share)
    needed = used.shared(max(declared.share, Decimal(1))).scaled(1 + headroom)
    doubts = list(confidence.of_load(found, variant))
    if variant.multi_model:
        doubts.append(Doubt(_CACHE, is_grave=True))
    told = RightSizing(
        verdict="unknown",
        used=used,
        need=need,
        needed=needed,
        room=headroom,
        most=most,
        hours_above_p99=_above(variant),
        peak_at=_peak(variant, percentile),
        confidence=confidence.of(doubts),
    )
    served = None if isinstance(endpoint.variants, Unknown) else endpoint.variants[place]
    if isinstance(served, ServerlessVariant):
        return _without_servers(told, found, variant, served, percentile)
    spec, why = _present(engine, variant, served)
    if spec is None:
        return replace(told, reason=why)
    below = most.shared(declared.share).lacks(spec, spec)
    told = replace(told, fullest=_fullest(need, spec), below_maximum=", ".join(below))
    ran_on = _ran_on(engine, variant) or [spec]
    asked = _with_what_was_not_measured(needed, ran_on, spec)
    too_slow = tuple(ways_to_serve.too_slow(found, variant, endpoint.mode))
    lacking = (*need.lacks(spec, spec), *too_slow)
    if not lacking and declared.share >= 1:
        is_as_it_ran = declared.share == 1 and _last_type(variant) == spec.instance_type
        lacking = tuple(_exhausted(variant, spec) if is_as_it_ran else _would_be_used_up(need, spec))
    if lacking:
        enough = None if variant.multi_model or too_slow else _enough(engine, declared, spec, asked)  # no type helps
        more = enough is not None and enough.accelerators > max(each.accelerators for each in ran_on)
        return replace(
            told,
            verdict="too-small",
            reason="; ".join(lacking),
            enough=None if enough is None else enough.instance_type,
            enough_if=", if it spreads its work over several accelerators" if more else "",
        )
    if hidden := _hidden(found, variant) or _unseen(variant, need, spec, ran_on):
        return replace(told, reason=hidden)
    if not engine.is_free(endpoint, place):
        return replace(told, reason="what it runs on has no price, or is not free to choose")
    options = tuple(
        one
        for one in _options(engine, endpoint, place, spec, asked, variant)
        if one.instance_type not in declared.refused
    )
    fewer = _fewer(engine, endpoint, place, spec, needed)
    is_too_large = fewer is not None or any(not one.is_arm for one in options)
    return replace(
        told,
        verdict="too-large" if is_too_large else "fits",
        options=options,
        fewer=fewer,
        slower=_slower(engine, variant, declared, asked, options) if found.mode == "async" else None,
        without_accelerators=_without_accelerators(
            engine, endpoint, spec, needed, most, _ran(endpoint, place, variant)
        ),
        notes=tuple(_notes(engine, options, most, needed, spec)),
    )


def _without_servers(
    told: RightSizing,
    found: EndpointEvidence,
    variant: VariantEvidence,
    declared: ServerlessVariant,
    percentile: Percentile,
) -> RightSizing:
    """Hold what was observed against serverless compute that a change declares."""
    lacking = (
        *ways_to_serve.lacks(variant, declared, lambda used: load(used, percentile)),
        *ways_to_serve.too_slow(found, variant, "serverless"),
    )
    below = ", ".join(ways_to_serve.lacks(variant, declared, lambda used: used.maximum))
    told = replace(told, below_maximum=below)
    if lacking:
        return replace(told, verdict="too-small", reason="; ".join(lacking))
    why = _hidden(found, variant) or ways_to_serve.unseen(variant, declared)
    return replace(told, reason=why) if why else replace(told, verdict="fits")


def _present(
    engine: AlternativesEngine, variant: VariantEvidence, declared: InstanceVariant | None
) -> tuple[InstanceSpec | None, str]:
    """The type that is judged, and why there is none to judge."""
    if variant.has_components:
        return None, "what its inference components reserve decides, not what they use"
    if declared is None:
        return None, "its variants are not known"
    name = declared.instance_type
    spec = engine.prices.instance(name) if isinstance(name, str) else None
    return spec, "" if spec is not None else "its type is not known"


# The need ------------------------------------------------------------------------------------------------------------


def counting(variant: VariantEvidence) -> list[Segment]:
    """The last segment where that saw a whole week, else all of which the machine is known."""
    segments = [one for one in variant.segments if one.instance_type is not None]
    last = segments[-1:]
    if last and last[0].cpu_cores is not None and last[0].cpu_cores.count >= _WEEK_HOURS:
        return last
    return segments


def _needs(engine: AlternativesEngine, variant: VariantEvidence, percentile: Percentile) -> tuple[Need, Need]:
    """What was needed and the maxima, of the segments that count."""
    segments = counting(variant)
    return _need(engine, variant, segments, lambda used: load(used, percentile)), _need(
        engine, variant, segments, lambda used: used.maximum
    )


def _need(
    engine: AlternativesEngine,
    variant: VariantEvidence,
    segments: list[Segment],
    of: Callable[[Distribution], Decimal],
) -> Need:
    is_cache = variant.multi_model is True
    parts = [*segments, *([] if variant.serverless is None else [variant.serverless])]

    def most(name: str) -> Decimal | None:
        used = [of(found) for one in parts if (found := getattr(one, name, None)) is not None]
        return max(used, default=None)

    return Need(
        cpu_cores=most("cpu_cores"),
        memory_gib=None if is_cache else most("memory_gib"),
        gpus=most("gpus"),
        gpu_memory_gib=None if is_cache else most("gpu_memory_gib"),
        fullest_gpu_gib=None if is_cache else max(_on_one_gpu(engine, segments, of), default=None),
    )


def _on_one_gpu(
    engine: AlternativesEngine, segments: list[Segment], of: Callable[[Distribution], Decimal]
) -> Iterator[Decimal]:
    """What the fullest accelerator held at least: 71.5 GiB on four of them are 17.9 on one, and 20 on one are 20."""
    for each in segments:
        spec = engine.prices.instance(str(each.instance_type))
        if each.gpu_memory_gib is not None and spec is not None and spec.accelerators:
            yield of(each.gpu_memory_gib) / spec.accelerators


def load(used: Distribution, percentile: Percentile) -> Decimal:
    """A percentile, or what two weeks reached in the same hour, where that is more."""
    value: Decimal = getattr(used, percentile)
    return value if used.recurring is None else max(value, used.recurring)


def _above(variant: VariantEvidence) -> int:
    return sum(one.cpu_cores.above_p99 for one in variant.segments if one.cpu_cores is not None)


def _peak(variant: VariantEvidence, percentile: Percentile) -> int | None:
    last = variant.last_segment
    used = None if last is None else last.cpu_cores
    if used is None or used.recurring is None or used.recurring <= getattr(used, percentile):
        return None
    return used.recurs_at


def _exhausted(variant: VariantEvidence, spec: InstanceSpec) -> Iterator[str]:
    """What was used up on the present type, so that the load may have been more."""
    last = variant.segments[-1]
    used = last.cpu_cores
    if used is not None and used.p99 >= _FULL * spec.vcpus:
        yield f"{used.p99.normalize():f} of {spec.vcpus} cores were used, all there were"
    memory = last.memory_gib
    if memory is not None and not variant.multi_model and memory.p99 >= _FULL * spec.memory_gib:
        yield f"{memory.p99.normalize():f} of {spec.memory_gib:f} GiB of memory were used, all there were"


def _last_type(variant: VariantEvidence) -> str | None:
    return None if variant.last_segment is None else variant.last_segment.instance_type


def _would_be_used_up(need: Need, spec: InstanceSpec) -> Iterator[str]:
    """What another type, or fewer instances, would have nothing left of: 2 cores of work take both of two."""
    for used, whole, what in (
        (need.cpu_cores, Decimal(spec.vcpus), "cores"),
        (need.memory_gib, spec.memory_gib, "GiB of memory"),
        (need.gpu_memory_gib, spec.accelerators_gib, "GiB of accelerator memory"),
    ):
        if used is not None and whole and used >= _FULL * whole:
            yield f"{plain(used)} of {plain(whole)} {what} would be used, all there are"


def _unseen(variant: VariantEvidence, need: Need, spec: InstanceSpec, ran_on: Sequence[InstanceSpec]) -> str | None:
    """Why what was measured does not tell whether the declared type does, though nothing contradicts it."""
    if variant.multi_model:
        return _CACHE
    if need.cpu_cores is None:
        return "its CPU use is not known"
    is_unused = spec.accelerator_kind is None and need.gpus == 0
    last = ran_on[-1]
    if last.accelerator_kind != spec.accelerator_kind and not is_unused:
        return f"what it used of {last.instance_type} says nothing of another kind of accelerator"
    if need.memory_gib is None and spec.memory_gib < max(each.memory_gib for each in ran_on):
        return f"its memory was not measured, and {spec.instance_type} has less than it ran with"
    if need.gpu_memory_gib is None and spec.accelerators_gib < last.accelerators_gib and not is_unused:
        return f"its accelerator memory was not measured, and {spec.instance_type} has less than it ran with"
    return None


def _ran_on(engine: AlternativesEngine, variant: VariantEvidence) -> list[InstanceSpec]:
    """The machines that it ran on, the present one last."""
    names = [each.instance_type for each in variant.segments] or [variant.instance_type]
    return [spec for name in names if name is not None and (spec := engine.prices.instance(name)) is not None]


def _with_what_was_not_measured(need: Need, ran_on: Sequence[InstanceSpec], spec: InstanceSpec) -> Need:
    """The same with all that it ran with in the place of what was not measured: nobody knows that less would do."""
    alike = [each for each in ran_on if each.accelerator_kind == spec.accelerator_kind]
    return Need(
        cpu_cores=need.cpu_cores,
        memory_gib=max(each.memory_gib for each in ran_on) if need.memory_gib is None else need.memory_gib,
        gpus=max((Decimal(each.accelerators) for each in alike), default=None) if need.gpus is None else need.gpus,
        gpu_memory_gib=max((each.accelerators_gib for each in alike), default=None)
        if need.gpu_memory_gib is None
        else need.gpu_memory_gib,
        fullest_gpu_gib=max((each.each_accelerator_gib for each in alike), default=None)
        if need.gpu_memory_gib is None
        else need.fullest_gpu_gib,
    )


def _hidden(found: EndpointEvidence, variant: VariantEvidence) -> str | None:
    """Why its load may be more than was seen: a monthly job between its days shows none, a full queue holds it back."""
    done = variant.activity
    if found.status not in ANSWERING:
        return f"it is {found.status}"
    if done is not None and (not done.ever or done.since <= found.start):
        return "nothing was asked of it in the window, so that its load is not known"
    if found.is_held_back:
        return "its queue was never empty for an hour: it needs more and not less"
    return None


# What would do -------------------------------------------------------------------------------------------------------


def _options(
    engine: AlternativesEngine,
    endpoint: Endpoint,
    place: int,
    spec: InstanceSpec,
    needed: Need,
    variant: VariantEvidence,
) -> Iterator[Option]:
    """The cheapest that have what is needed: three of the present architecture, and one of another."""
    found = list(islice(engine.that_fit(endpoint, place, needed), 4 * _LISTED))
    own = [each for each in found if each.kind != "graviton"][:_LISTED]
    arm = [each for each in found if each.kind == "graviton"][:1]
    present = engine.prices.hosting(str(endpoint.region), spec.instance_type)
    count = _ran(endpoint, place, variant)
    for each in found:
        price = engine.prices.hosting(str(endpoint.region), str(each.instance_type))
        if each in (*own, *arm) and isinstance(price, Price) and isinstance(present, Price) and count is not None:
            yield Option(
                alternative=each,
                hourly_usd=price.usd,
                instances_usd=(present.usd - price.usd) * count * HOURS_PER_MONTH,
            )


def _ran(endpoint: Endpoint, place: int, variant: VariantEvidence) -> Decimal | int | None:
    """How many instances ran, where that is known: as they were counted, or as many as there are."""
    counted = variant.instances_that_moved
    return _count(endpoint, place) if counted is None else counted.mean


def _slower(
    engine: AlternativesEngine,
    variant: VariantEvidence,
    declared: VariantToJudge,
    needed: Need,
    options: tuple[Option, ...],
) -> Option | None:
    """The cheapest type that works off in a week what a week brings, a fifth of it to spare, however long it queues."""
    profile = variant.cpu_profile
    hours = [] if profile is None else [one for one in profile.mean if one is not None]
    if not hours:
        return None
    mean = sum(hours, Decimal(0)) / len(hours) * declared.share * (1 + HEADROOM)
    spec = engine.prices.instance(str(variant.instance_type))
    if spec is None or needed.cpu_cores is None or mean >= needed.cpu_cores:
        return None
    enough = replace(needed, cpu_cores=mean, gpus=None if needed.gpus is None else min(needed.gpus, Decimal(1)))
    cheapest = min((one.hourly_usd for one in options if not one.is_arm), default=None)
    for option in _options(engine, declared.endpoint, declared.place, spec, enough, variant):
        if not option.is_arm and (cheapest is None or option.hourly_usd < cheapest):
            return option
    return None


def _fullest(need: Need, spec: InstanceSpec) -> Decimal | None:
    if need.cpu_cores is None:
        return None
    of_gpus = need.gpus / spec.accelerators if need.gpus is not None and spec.accelerators else Decimal(0)
    return max(need.cpu_cores / spec.vcpus, of_gpus)


def _count(endpoint: Endpoint, place: int) -> int | None:
    variant = () if isinstance(endpoint.variants, Unknown) else endpoint.variants[place]
    count = variant.initial_instance_count if isinstance(variant, InstanceVariant) else None
    return count if isinstance(count, int) else None


def _fewer(
    engine: AlternativesEngine, endpoint: Endpoint, place: int, spec: InstanceSpec, needed: Need
) -> Alternative | None:
    """Fewer instances: load is shared out among those that are left, memory is not."""
    count = _count(endpoint, place)
    if count is None or count < 2 or needed.cpu_cores is None:  # noqa: PLR2004 - one instance is not made fewer
        return None
    shares = [needed.cpu_cores / spec.vcpus]
    if spec.accelerators:
        if needed.gpus is None:
            return None
        shares.append(needed.gpus / spec.accelerators)
    least = max(ceil(count * max(shares)), 1)
    return engine.with_fewer(endpoint, place, least) if least < count else None


def _enough(
    engine: AlternativesEngine, declared: VariantToJudge, spec: InstanceSpec, needed: Need
) -> InstanceSpec | None:
    found = needs.fitting(engine.prices, str(declared.endpoint.region), spec, needed)
    types = (each.spec for each in found if each.kind != "graviton")
    return next((each for each in types if each.instance_type not in declared.refused), None)


def _without_accelerators(
    engine: AlternativesEngine,
    endpoint: Endpoint,
    spec: InstanceSpec,
    needed: Need,
    most: Need,
    count: Decimal | int | None,
) -> tuple[str, Decimal, Decimal] | None:
    """The cheapest type without accelerators, where both their use and their memory were zero in each hour."""
    region, plain_type = str(endpoint.region), replace(spec, accelerator_kind=None)
    present = engine.prices.hosting(region, spec.instance_type)
    if not spec.accelerators or most.gpus != 0 or most.gpu_memory_gib != 0 or count is None:
        return None
    for each in needs.fitting(engine.prices, region, plain_type, needed):
        price = engine.prices.hosting(region, each.spec.instance_type)
        if each.kind != "graviton" and isinstance(price, Price) and isinstance(present, Price):
            saving = (present.usd - price.usd) * count * HOURS_PER_MONTH
            return (each.spec.instance_type, price.usd, saving) if saving > 0 else None
    return None


def _notes(
    engine: AlternativesEngine, options: tuple[Option, ...], most: Need, needed: Need, spec: InstanceSpec
) -> Iterator[str]:
    """A type below the maximum that was seen: the hours beyond the need are slower on it."""
    for option in options:
        other = engine.prices.instance(option.instance_type)
        if other is not None:
            below = most.lacks(other, spec)
            if below:
                yield f"{option.instance_type} is below the maximum: {', '.join(below)}"
            have, had = other.each_accelerator_gib, spec.each_accelerator_gib
            if other.accelerators and have < min(needed.gpu_memory_gib or had, had):
                yield (
                    f"{option.instance_type} has {plain(have)} GiB on each GPU, and {plain(had)} were there: "
                    "one may have used more"
                )
    if not options and needed.lacks(spec, spec):
        yield f"it has less room than asked for: {', '.join(needed.lacks(spec, spec))}"
