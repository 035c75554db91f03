"""How many instances, or slots kept warm, a variant has in a month: at least, as expected, at most.

The rules are those of docs/costs.md. What bounds a count is the variant's own number, its scalable target with its
scheduled actions, and SageMaker's managed instance scaling where that has effect; what is expected comes from the usage
file, else from the initial count. Where something is unknown the bounds keep to what is known, so that each of them can
be read as "at least", and `Capacity.unknown` says what is missing.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.cost.base import Quantity
from guardrail.cost.usage import VariantUsage
from guardrail.model import (
    LONGEST_SHADOW_TEST_HOURS,
    Endpoint,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
)
from guardrail.money import HOURS_PER_MONTH, ZERO
from guardrail.scaling import (
    highest_capacity,
    instances_reach_zero,
    known_capacities,
    lowest_capacity,
    managed_scaling_effective,
)

Bound: TypeAlias = Literal["floor", "expected", "ceiling"]
EVERY_BOUND: tuple[Bound, ...] = ("floor", "expected", "ceiling")


class Capacity(Struct, frozen=True, kw_only=True):
    """How many run, for how long, and where each number comes from."""

    count: Quantity
    hours: Quantity
    """Instance-hours, or slot-hours, a month."""
    average: Quantity
    """`hours` by the hours of a month: `count`, but for what is there for a part of the month only."""
    origins: dict[str, str]
    assumed: bool = False
    """The expected count is an assumption: the initial count of something that scales."""
    demand: Decimal | None = None
    """How many the work alone keeps busy, on the average of the month; None where no usage is given."""
    unknown: str | None = None
    """What is not known, so that the bounds in `incomplete` are "at least"."""
    incomplete: tuple[Bound, ...] = ()


class _Range(Struct, frozen=True, kw_only=True):
    """The counts between which something scales."""

    floor: int
    floor_origin: str
    ceiling: int
    ceiling_origin: str
    unknown: str | None = None
    incomplete: tuple[Bound, ...] = ()


class _Initial(Struct, frozen=True):
    """The count to start with, and its origin."""

    count: int | Unknown
    origin: str


def of_instances(endpoint: Endpoint, variant: InstanceVariant, usage: VariantUsage) -> Capacity:
    """How many instances a variant has, and for how many hours of the month.

    Two instances of a shadow test that runs for 168 h: a count of 2, and 336 instance-hours.
    """
    capacity = _all_month(endpoint, variant, usage)
    return capacity if variant.monthly_hours is None else _for_a_time(capacity, variant.monthly_hours)


def _all_month(endpoint: Endpoint, variant: InstanceVariant, usage: VariantUsage) -> Capacity:
    """How many instances a variant has while it is there.

    Initial count 3, minimum 2, maximum 6: 2, 3 (assumed), 6. A real-time variant keeps one even where the minimum is 0,
    unless its inference components can really leave it empty (DG endpoint-auto-scaling-zero-instances); an asynchronous
    one does not (DG async-inference-autoscale).
    """
    initial = variant.initial_instance_count
    if variant.scaling is None and variant.managed_scaling is None and isinstance(initial, int):
        capacity = _fixed(initial, "initial_instance_count")
        demand = _demand(initial, initial, usage.average_instances, usage.monthly_busy_hours)
        return capacity if demand is None else structs.replace(capacity, demand=demand)
    least = 1 if endpoint.mode == "realtime" else 0
    ranges = []
    if variant.scaling is not None:
        ranges.append(_of_target(variant.scaling, initial if isinstance(initial, int) else 1, least))
    if variant.managed_scaling is not None:
        managed = _of_managed(endpoint, variant, variant.managed_scaling)
        if managed is not None:
            ranges.append(managed)
    start = _Initial(initial, "initial_instance_count")
    if not ranges:
        return _unscaled(start, 1, usage.average_instances)
    return _scaled(start, _hull(ranges), usage.average_instances, usage.monthly_busy_hours)


def of_slots(variant: ServerlessVariant, usage: VariantUsage) -> Capacity | None:
    """How many slots of provisioned concurrency are kept warm; None where all compute is on demand."""
    provisioned = variant.provisioned_concurrency
    if provisioned is None and variant.scaling is None:
        return None
    start = _Initial(0 if provisioned is None else provisioned, "provisioned_concurrency")
    average = usage.average_provisioned_concurrency
    if variant.scaling is None:
        fixed = _unscaled(start, 0, average)
        demand = _demand(start.count, start.count, average, usage.monthly_busy_hours)
        return fixed if demand is None else structs.replace(fixed, demand=demand)
    known = start.count if isinstance(start.count, int) else 0
    return _scaled(start, _of_target(variant.scaling, known, 0), average, usage.monthly_busy_hours)


def _for_a_time(capacity: Capacity, limit: Decimal | Unknown) -> Capacity:
    """What is there for ``limit`` hours of the month; where that is unknown, for none of it up to the longest test."""
    known = None if isinstance(limit, Unknown) else min(limit, HOURS_PER_MONTH)
    least, most = (ZERO, LONGEST_SHADOW_TEST_HOURS) if known is None else (known, known)
    hours = capacity.hours
    expected = ZERO if isinstance(hours.expected, Unknown) else hours.expected
    running = Quantity(
        hours.floor * least / HOURS_PER_MONTH,
        expected * least / HOURS_PER_MONTH,
        hours.ceiling * most / HOURS_PER_MONTH,
    )
    origin = f"{most.normalize():f} hours: its shadow test"
    limited = structs.replace(
        capacity,
        hours=running,
        average=_by_the_month(running),
        origins={**capacity.origins, "hours": origin if known is not None else f"at most {origin}"},
    )
    if not isinstance(limit, Unknown):
        return limited
    return structs.replace(
        limited,
        unknown=capacity.unknown or f"how long its shadow test runs is unknown: {limit.reason}",
        incomplete=tuple(bound for bound in EVERY_BOUND if bound == "expected" or bound in capacity.incomplete),
    )


def _by_the_month(hours: Quantity) -> Quantity:
    expected = hours.expected if isinstance(hours.expected, Unknown) else hours.expected / HOURS_PER_MONTH
    return Quantity(hours.floor / HOURS_PER_MONTH, expected, hours.ceiling / HOURS_PER_MONTH)


# Without scaling -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _fixed(count: int, origin: str) -> Capacity:
    number, hours = Decimal(count), count * HOURS_PER_MONTH
    running = Quantity(number, number, number)
    return Capacity(
        count=running,
        average=running,
        hours=Quantity(hours, hours, hours),
        origins=_origins(origin, origin, origin),
    )


def _unscaled(initial: _Initial, least: int, average: Decimal | None) -> Capacity:
    """A count that nothing changes; where it is unknown, at least ``least``."""
    if isinstance(initial.count, int):
        return _fixed(initial.count, initial.origin)
    known = Decimal(least)
    origin = f"at least {least}: {initial.origin} is unknown"
    expected = known if average is None else max(average, known)
    expected_origin = origin if average is None else "usage file"
    return _capacity(
        Quantity(known, expected, expected),
        None,
        origins=_origins(origin, expected_origin, expected_origin),
        unknown=f"{initial.origin} is unknown: {initial.count.reason}",
        incomplete=EVERY_BOUND,
    )


# Ranges --------------------------------------------------------------------------------------------------------------


def _of_target(target: ScalableTarget | Unknown, initial: int, least: int) -> _Range:
    """The bounds of a scalable target and its scheduled actions, not below the ``least`` that the service allows.

    Where the target itself is unknown, the ``initial`` count is all there is to go by.
    """
    if isinstance(target, Unknown):
        return _Range(
            floor=min(least, initial),
            floor_origin=f"at least {least}: its scaling is unknown",
            ceiling=initial,
            ceiling_origin="initial count: its scaling is unknown",
            unknown=f"its scaling is unknown: {target.reason}",
            incomplete=EVERY_BOUND,
        )
    lowest, highest = lowest_capacity(target), highest_capacity(target)
    unknown, incomplete = _unknown_bounds(lowest, highest, "min_capacity", "max_capacity")
    floor = least if isinstance(lowest, Unknown) else max(lowest, least)
    reachable = max(known_capacities(target), default=floor) if isinstance(highest, Unknown) else highest
    return _Range(
        floor=floor,
        floor_origin=_origin(target, floor, least, lowest),
        ceiling=max(reachable, floor),
        ceiling_origin=_origin(target, max(reachable, floor), least, highest),
        unknown=unknown,
        incomplete=incomplete,
    )


def _of_managed(
    endpoint: Endpoint, variant: InstanceVariant, managed: ManagedInstanceScaling | Unknown
) -> _Range | None:
    """The bounds of managed instance scaling; None where it has no effect."""
    effective = managed_scaling_effective(variant)
    if effective is False:
        return None
    reaches_zero = instances_reach_zero(endpoint, variant)
    least = 1 if reaches_zero is False else 0
    if isinstance(managed, Unknown) or isinstance(effective, Unknown):
        reason = effective.reason if isinstance(effective, Unknown) else ""
        return _range_of_doubtful(variant, managed, least, reason)
    lowest = _set(managed.min_instance_count, "min_instance_count")
    highest = _set(managed.max_instance_count, "max_instance_count")
    unknown, incomplete = _unknown_bounds(lowest, highest, "min_instance_count", "max_instance_count")
    if isinstance(reaches_zero, Unknown):
        unknown = unknown or f"whether it can scale to zero is unknown: {reaches_zero.reason}"
        incomplete = tuple(bound for bound in EVERY_BOUND if bound == "floor" or bound in incomplete)
    floor = least if isinstance(lowest, Unknown) else max(lowest, least)
    ceiling = max(floor, floor if isinstance(highest, Unknown) else highest)
    by_service = "the least that real-time inference keeps"
    by_variant = "managed instance scaling"
    return _Range(
        floor=floor,
        floor_origin=by_variant if lowest == floor else by_service,
        ceiling=ceiling,
        ceiling_origin=by_variant,
        unknown=unknown,
        incomplete=incomplete,
    )


def _range_of_doubtful(
    variant: InstanceVariant, managed: ManagedInstanceScaling | Unknown, least: int, reason: str
) -> _Range:
    """The bounds where it is unknown whether managed instance scaling has any effect."""
    initial = variant.initial_instance_count
    known = initial if isinstance(initial, int) else 1
    most = managed.max_instance_count if isinstance(managed, ManagedInstanceScaling) else None
    ceiling = max(known, most) if isinstance(most, int) else known
    origin = "whether managed instance scaling has an effect is unknown"
    return _Range(
        floor=min(least, known),
        floor_origin=origin,
        ceiling=ceiling,
        ceiling_origin="managed instance scaling" if ceiling == most else "initial_instance_count",
        unknown=f"{origin}: {reason}",
        incomplete=EVERY_BOUND,
    )


def _set(bound: int | Unknown | None, name: str) -> int | Unknown:
    return Unknown(f"{name} is not set") if bound is None else bound


def _unknown_bounds(
    lowest: int | Unknown, highest: int | Unknown, least_name: str, most_name: str
) -> tuple[str | None, tuple[Bound, ...]]:
    """What is missing, and which bounds lack it."""
    if isinstance(lowest, Unknown) and isinstance(highest, Unknown):
        return f"{least_name} and {most_name} are unknown: {lowest.reason}", EVERY_BOUND
    if isinstance(lowest, Unknown):
        return f"{least_name} is unknown: {lowest.reason}", ("floor", "expected")
    if isinstance(highest, Unknown):
        return f"{most_name} is unknown: {highest.reason}", ("expected", "ceiling")
    return None, ()


def _origin(target: ScalableTarget, bound: int, least: int, scaled: int | Unknown) -> str:
    """Which block says the bound."""
    if isinstance(scaled, int) and scaled < bound == least:
        return "the least that real-time inference keeps"
    if bound not in (target.min_capacity, target.max_capacity) and not isinstance(target.scheduled_actions, Unknown):
        for action in target.scheduled_actions:
            if bound in (action.min_capacity, action.max_capacity):
                return f"scheduled action {action.address}"
    return f"scalable target {target.address}" if isinstance(scaled, int) else f"at least {bound}: it is unknown"


def _hull(ranges: list[_Range]) -> _Range:
    """The widest of what a target and managed scaling allow, where a variant has both."""
    low, high = min(ranges, key=lambda each: each.floor), max(ranges, key=lambda each: each.ceiling)
    return _Range(
        floor=low.floor,
        floor_origin=low.floor_origin,
        ceiling=high.ceiling,
        ceiling_origin=high.ceiling_origin,
        unknown=next((each.unknown for each in ranges if each.unknown), None),
        incomplete=tuple(bound for bound in EVERY_BOUND if any(bound in each.incomplete for each in ranges)),
    )


# Expected ------------------------------------------------------------------------------------------------------------


def _scaled(initial: _Initial, bounds: _Range, average: Decimal | None, busy_hours: Decimal | None) -> Capacity:
    """The bounds, and between them what usage says, else the initial count, as an assumption."""
    floor, ceiling = Decimal(bounds.floor), Decimal(bounds.ceiling)
    top = None if "ceiling" in bounds.incomplete else ceiling
    if average is not None:
        wanted, origin = average, "usage file"
    elif isinstance(initial.count, int):
        wanted, origin = Decimal(initial.count), initial.origin
    else:
        wanted, origin = floor, f"at least the minimum: {initial.origin} is unknown"
    busy = max(wanted, floor) if top is None else min(max(wanted, floor), top)
    ceiling = max(ceiling, busy)
    if busy != wanted:
        origin = f"{origin}, held within its bounds"
    hours = None
    if busy_hours is not None:
        hours = busy_hours * busy + (HOURS_PER_MONTH - busy_hours) * floor
        origin = f"{origin}, in {busy_hours:f} busy hours (usage file); the minimum in the others"
    unknown, incomplete = bounds.unknown, bounds.incomplete
    if average is None and isinstance(initial.count, Unknown) and floor != ceiling:
        unknown = unknown or f"{initial.origin} is unknown: {initial.count.reason}"
        incomplete = tuple(bound for bound in EVERY_BOUND if bound == "expected" or bound in incomplete)
    capacity = _capacity(
        Quantity(floor, busy, ceiling),
        hours,
        origins=_origins(bounds.floor_origin, origin, bounds.ceiling_origin),
        assumed=average is None and floor != ceiling,
        unknown=unknown,
        incomplete=incomplete,
    )
    demand = _demand(initial.count, top, average, busy_hours)
    return capacity if demand is None else structs.replace(capacity, demand=demand)


def _demand(
    initial: int | Unknown, top: Decimal | int | Unknown | None, average: Decimal | None, busy_hours: Decimal | None
) -> Decimal | None:
    """How many would be busy if nothing held the count up: two in 40 of 730 hours are 2 × 40 / 730 = 0.11.

    Where only the hours are given, the initial count is busy in them. ``top`` is the most that there can be.
    """
    if (average is None and busy_hours is None) or (average is None and isinstance(initial, Unknown)):
        return None
    busy = average if average is not None else Decimal(initial)  # type: ignore[arg-type] # one of the two is known
    if isinstance(top, (int, Decimal)):
        busy = min(busy, Decimal(top))
    return busy if busy_hours is None else busy * busy_hours / HOURS_PER_MONTH


def _capacity(
    count: Quantity,
    expected_hours: Decimal | None,
    *,
    origins: dict[str, str],
    assumed: bool = False,
    unknown: str | None = None,
    incomplete: tuple[Bound, ...] = (),
) -> Capacity:
    expected = count.expected if isinstance(count.expected, Decimal) else ZERO
    hours = expected * HOURS_PER_MONTH if expected_hours is None else expected_hours
    if expected_hours is not None:
        count = Quantity(count.floor, expected_hours / HOURS_PER_MONTH, count.ceiling)
    return Capacity(
        count=count,
        average=count,
        hours=Quantity(count.floor * HOURS_PER_MONTH, hours, count.ceiling * HOURS_PER_MONTH),
        origins=origins,
        assumed=assumed,
        unknown=unknown,
        incomplete=incomplete,
    )


def _origins(floor: str, expected: str, ceiling: str) -> dict[str, str]:
    return {
        "count.floor": floor,
        "count.expected": expected,
        "count.ceiling": ceiling,
        "hours": "730 hours a month",
        "price": "price table",
    }
