"""The states that a variant can be in: how many instances, or warm slots, and for how many hours of the period.

The rules are those of docs/costs.md. `guardrail.scaling` says what can be reached; what is expected comes from the
demand, else from the mean of what a schedule holds, else from the initial count. Where something is unknown a state
keeps to what is known and says what is missing, so that it can be read as "at least".
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct, structs

from guardrail.cost.demand import USAGE_FILE, VariantDemand
from guardrail.model import (
    LONGEST_SHADOW_TEST_HOURS,
    Endpoint,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
)
from guardrail.money import SECONDS_PER_HOUR, ZERO, Period
from guardrail.scaling import Reach, instances_reach_zero, managed_scaling_effective, origins_of, reach


class Running(Struct, frozen=True, kw_only=True):
    """One state of a variant: a count of instances or slots, with their hours in the period."""

    count: Decimal
    hours: Decimal
    unknown: str | None = None
    """Why there may be more."""
    held: tuple[tuple[int, int], ...] = ()
    """The counts that it is the mean of, each with its minutes; empty where it is one count all the time."""
    busy: Decimal | None = None
    """The part of `hours` in which there is work, as slots kept warm take it; None where usage does not say."""


class Capacity(Struct, frozen=True, kw_only=True):
    """Every state that bounds what a variant can cost, and the one that is expected."""

    states: tuple[Running, ...]
    expected: Running | Unknown
    origins: dict[str, str]
    assumed: bool = False
    """The expected count is an assumption: the initial count of something that scales."""
    demand: Decimal | None = None
    """How many the work alone keeps busy, on the average of the period; None where no usage is given."""
    moves: bool = True
    """Whether it can be anywhere between its states."""
    idle: Decimal | None = None
    """How many are left while there is no work; None where nothing takes capacity away then, or usage does not say."""
    notice: str | None = None
    """What usage says that cannot be."""


counts_of = attrgetter(*(name for name in Capacity.__struct_fields__ if name not in ("origins", "notice")))
"""All of a capacity that amounts rest on, whatever fields it gets: not what it tells people."""


class _StartingCount(Struct, frozen=True):
    """The count to begin with, and what usage says of it."""

    initial: int | Unknown
    name: str
    """Of the argument that it is."""
    average: Decimal | None
    busy_hours: Decimal | None
    period: Period
    by: str
    """Who says the average."""

    @property
    def known(self) -> int | None:
        """The count to begin with, where it is known."""
        return self.initial if isinstance(self.initial, int) else None


def of_instances(endpoint: Endpoint, variant: InstanceVariant, demand: VariantDemand, period: Period) -> Capacity:
    """The states of a variant on instances.

    Initial count 3, minimum 2, maximum 6 and a policy that scales in: 2, 3 (expected, assumed) and 6 for 730 h each.
    Two instances of a shadow test that runs for 168 h: a count of 2, and 336 instance-hours.
    """
    capacity = _all_the_time(endpoint, variant, demand, period)
    return capacity if variant.monthly_hours is None else _for_a_time(capacity, variant.monthly_hours, period)


def _all_the_time(endpoint: Endpoint, variant: InstanceVariant, demand: VariantDemand, period: Period) -> Capacity:
    initial = _valid(variant.initial_instance_count, "initial_instance_count")
    asked = _StartingCount(
        initial, "initial_instance_count", demand.instances, demand.busy_hours, period, demand.said_by("instances")
    )
    ranges = []
    if variant.scaling is not None:
        ranges.append(_of_target(variant.scaling, asked.known, 1 if endpoint.mode == "realtime" else 0, 1))
    if variant.managed_scaling is not None:
        managed = _of_managed(endpoint, variant, variant.managed_scaling, asked.known)
        if managed is not None:
            ranges.append(managed)
    return _scaled(asked, _widest(ranges)) if ranges else _unscaled(asked, 1)


def by_another(capacity: Capacity, target: ScalableTarget, other: ScalableTarget) -> Capacity:
    """The capacity that ``other`` brings about, which has the traits of ``target`` and other names."""
    names = dict(zip(origins_of(target), origins_of(other), strict=True))
    origins = {what: names.get(origin, origin) for what, origin in capacity.origins.items()}
    return structs.replace(capacity, origins=origins)


def of_slots(variant: ServerlessVariant, demand: VariantDemand, period: Period) -> Capacity | None:
    """The states of provisioned concurrency that is kept warm; None where all compute is on demand."""
    provisioned = variant.provisioned_concurrency
    if provisioned is None and variant.scaling is None:
        return None
    initial = _valid(0 if provisioned is None else provisioned, "provisioned_concurrency")
    asked = _StartingCount(
        initial, "provisioned_concurrency", demand.slots, demand.busy_hours, period, demand.said_by("slots")
    )
    if variant.scaling is None:
        return _unscaled(asked, 0)
    return _scaled(asked, _of_target(variant.scaling, asked.known, 0, 0))


def filled(slots: Capacity, seconds: Decimal | None, busy_hours: Decimal | None, period: Period) -> Iterable[Running]:
    """The states between the ends in which the sum of warm time and compute can be least.

    That is beside the counts that the requests fill: 9,500,000 s in 730 h are 3.6 slots, so 3 and 4. In 40 busy hours
    they fill 65.97; with capacity that is taken away in the others, each of these, and both ends, is there for 40 h.
    """
    if seconds is None:
        return
    hours = period.hours if busy_hours is None else busy_hours
    ends = [running.count for running in slots.states]
    low, high = min(ends), max(ends)
    counts: list[Decimal] = []
    if slots.moves and hours:
        full = seconds // (hours * SECONDS_PER_HOUR)
        counts = [count for count in (full, full + 1) if low < count < high]
    for count in counts:
        yield Running(count=count, hours=count * period.hours, busy=None if busy_hours is None else count * busy_hours)
    if slots.idle is not None:
        for count in (*counts, *ends):
            busy, idle = count * hours, slots.idle * (period.hours - hours)
            yield Running(count=(busy + idle) / period.hours, hours=busy + idle, busy=busy)


def _valid(count: int | Unknown, name: str) -> int | Unknown:
    """A count, unless AWS refuses it."""
    return Unknown(f"{name} is {count}, which AWS refuses") if isinstance(count, int) and count < 0 else count


def _for_a_time(capacity: Capacity, limit: Decimal | Unknown, period: Period) -> Capacity:
    """What is there for ``limit`` hours of a month; where that is unknown, for none of it up to the longest test."""
    known = None if isinstance(limit, Unknown) else min(limit, period.hours)
    most = LONGEST_SHADOW_TEST_HOURS if known is None else known

    def during(running: Running, hours: Decimal) -> Running:
        return structs.replace(running, hours=running.hours * hours / period.hours)

    states = tuple(during(state, most) for state in capacity.states)
    origin = f"{most.normalize():f} hours: its shadow test"
    expected = capacity.expected if isinstance(capacity.expected, Unknown) else during(capacity.expected, most)
    if isinstance(limit, Unknown):
        expected = Unknown(f"how long its shadow test runs is unknown: {limit.reason}")
        states = (*(during(state, ZERO) for state in capacity.states), *states)
        origin = f"at most {origin}"
    return structs.replace(capacity, states=states, expected=expected, origins={**capacity.origins, "hours": origin})


# Without scaling -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _fixed(count: int, origin: str, period: Period) -> Capacity:
    running = Running(count=Decimal(count), hours=count * period.hours)
    return Capacity(states=(running,), expected=running, origins=_origins(origin, origin, origin, period))


def _unscaled(asked: _StartingCount, least: int) -> Capacity:
    """A count that nothing changes; where it is unknown, at least ``least``, or between the bounds that are known."""
    initial, name, average, period = asked.initial, asked.name, asked.average, asked.period
    if isinstance(initial, int):
        capacity = _fixed(initial, name, period)
        demand = _demand(asked, Decimal(initial))
        if demand is None:
            return capacity
        running = _for_all(Decimal(initial), asked)
        is_stated = asked.by == USAGE_FILE  # that more ran than a change declares is no contradiction
        notice = _beyond(average, Decimal(initial)) if is_stated and average is not None and average > initial else None
        return structs.replace(capacity, states=(running,), expected=running, demand=demand, notice=notice)
    reason = f"{name} is unknown: {initial.reason}"
    low = Decimal(least) if initial.at_least is None else max(initial.at_least, Decimal(least))
    if initial.at_most is not None:
        states = (_for_all(low, asked), _for_all(initial.at_most, asked))
        origins = _origins(f"at least {low}", reason, f"at most {initial.at_most}", period)
        return Capacity(states=states, expected=Unknown(reason), origins=origins)
    origin = f"at least {low}: {name} is unknown"
    expected = low if average is None else max(average, low)
    states = (_for_all(low, asked, reason), _for_all(expected, asked, reason))
    by = origin if average is None else asked.by
    return Capacity(
        states=states,
        expected=states[1],
        origins=_origins(origin, by, by, period),
        demand=_demand(asked, None),
    )


def _for_all(count: Decimal, asked: _StartingCount, unknown: str | None = None) -> Running:
    busy = None if asked.busy_hours is None else count * asked.busy_hours
    return Running(count=count, hours=count * asked.period.hours, unknown=unknown, busy=busy)


# Ranges --------------------------------------------------------------------------------------------------------------


def _of_target(target: ScalableTarget | Unknown, initial: int | None, least: int, unknown_initial: int) -> Reach:
    """What a scalable target brings about, not below the ``least`` that the service allows.

    Where the target itself is unknown, the initial count is all there is to go by.
    """
    if isinstance(target, ScalableTarget):
        for bound, name in ((target.min_capacity, "min_capacity"), (target.max_capacity, "max_capacity")):
            refused = _valid(bound, name)
            if isinstance(refused, Unknown) and isinstance(bound, int):
                return _of_target(Unknown(refused.reason), initial, least, unknown_initial)
        return reach(target, initial, least)
    start = unknown_initial if initial is None else initial
    return Reach(
        lowest=min(least, start),
        lowest_origin=f"at least {least}: its scaling is unknown",
        highest=start,
        highest_origin="initial count: its scaling is unknown",
        lowest_unknown=f"its scaling is unknown: {target.reason}",
        highest_unknown=f"its scaling is unknown: {target.reason}",
    )


def _of_managed(
    endpoint: Endpoint, variant: InstanceVariant, managed: ManagedInstanceScaling | Unknown, initial: int | None
) -> Reach | None:
    """What managed instance scaling brings about; None where it has no effect.

    A real-time variant keeps one instance even where the minimum is 0, unless its inference components can really leave
    it empty (DG endpoint-auto-scaling-zero-instances).
    """
    effective = managed_scaling_effective(variant)
    if effective is False:
        return None
    reaches_zero = instances_reach_zero(endpoint, variant)
    least = 1 if reaches_zero is False else 0
    if isinstance(managed, Unknown) or isinstance(effective, Unknown):
        known = 1 if initial is None else initial
        most = managed.max_instance_count if isinstance(managed, ManagedInstanceScaling) else None
        origin = "whether managed instance scaling has an effect is unknown"
        reason = f"{origin}: {effective.reason if isinstance(effective, Unknown) else ''}"
        return Reach(
            lowest=min(least, known),
            lowest_origin=origin,
            highest=max(known, most) if isinstance(most, int) else known,
            highest_origin="managed instance scaling" if isinstance(most, int) and most > known else origin,
            lowest_unknown=reason,
            highest_unknown=reason,
        )
    lowest, highest = managed.min_instance_count, managed.max_instance_count
    low = max(lowest, least) if isinstance(lowest, int) else least
    return Reach(
        lowest=low,
        lowest_origin="managed instance scaling" if lowest == low else "the least that real-time inference keeps",
        highest=max(highest, low) if isinstance(highest, int) else low,
        highest_origin="managed instance scaling",
        lowest_unknown=_why(lowest, "min_instance_count"),
        highest_unknown=_why(highest, "max_instance_count"),
    )


def _why(bound: int | Unknown | None, name: str) -> str | None:
    if isinstance(bound, Unknown):
        return f"{name} is unknown: {bound.reason}"
    return f"{name} is unknown: {name} is not set" if bound is None else None


def _widest(ranges: list[Reach]) -> Reach:
    """The widest of what a target and managed scaling bring about, where a variant has both."""
    low, high = min(ranges, key=lambda each: each.lowest), max(ranges, key=lambda each: each.highest)
    return Reach(
        lowest=low.lowest,
        lowest_origin=low.lowest_origin,
        highest=high.highest,
        highest_origin=high.highest_origin,
        stops=ranges[0].stops,
        held=ranges[0].held if len(ranges) == 1 else (),
        lowers=any(each.lowers for each in ranges),
        untimed=next((each.untimed for each in ranges if each.untimed), None),
        lowest_unknown=next((each.lowest_unknown for each in ranges if each.lowest_unknown), None),
        highest_unknown=next((each.highest_unknown for each in ranges if each.highest_unknown), None),
    )


# Expected ------------------------------------------------------------------------------------------------------------


def _scaled(asked: _StartingCount, bounds: Reach) -> Capacity:
    """The ends, the initial count, and between them what usage says, else what a schedule holds, else the initial."""
    initial, average, busy_hours, period = asked.initial, asked.average, asked.busy_hours, asked.period
    floor, ceiling = Decimal(bounds.lowest), Decimal(bounds.highest)
    top = None if bounds.highest_unknown else ceiling
    wanted, origin = floor, f"at least the minimum: {asked.name} is unknown"
    if average is not None:
        wanted, origin = average, asked.by
    elif bounds.held:
        minutes = sum(each for _, each in bounds.held)
        wanted = Decimal(sum(count * each for count, each in bounds.held)) / minutes
        origin = "the mean of what its schedule holds"
    elif isinstance(initial, int):
        wanted, origin = Decimal(initial), asked.name
    busy = max(wanted, floor) if top is None else min(max(wanted, floor), top)
    ceiling = max(ceiling, busy)
    notice = None
    if busy != wanted:
        origin = f"{origin}, held within its bounds"
        if average is not None and asked.by == USAGE_FILE:
            notice = _beyond(wanted, busy)
    expected = busy
    if busy_hours is not None and bounds.lowers:
        expected = (busy_hours * busy + (period.hours - busy_hours) * floor) / period.hours
        origin = f"{origin}, in {busy_hours:f} busy hours (usage file); the minimum in the others"
    unknown = bounds.lowest_unknown or bounds.highest_unknown
    if average is None and isinstance(initial, Unknown) and floor != ceiling:
        unknown = unknown or f"{asked.name} is unknown: {initial.reason}"
    untimed = bounds.untimed if average is None and busy_hours is None and floor != ceiling else None
    return Capacity(
        states=(
            _for_all(floor, asked, bounds.lowest_unknown),
            *(_for_all(Decimal(count), asked) for count in bounds.stops if bounds.lowest < count < bounds.highest),
            _for_all(ceiling, asked, bounds.highest_unknown),
        ),
        expected=Unknown(untimed)
        if untimed
        else Running(
            count=expected,
            hours=expected * period.hours,
            unknown=unknown,
            held=bounds.held if average is None and busy_hours is None else (),
            busy=None if busy_hours is None else busy * busy_hours,
        ),
        origins=_origins(bounds.lowest_origin, untimed or origin, bounds.highest_origin, period),
        assumed=average is None and floor != ceiling,
        demand=_demand(asked, top),
        moves=bounds.moves,
        idle=floor if busy_hours is not None and bounds.lowers else None,
        notice=notice,
    )


def _beyond(stated: Decimal, counted: Decimal) -> str:
    return f"usage of {stated:f} is outside of what can be, and counts as {counted:f}"


def _demand(asked: _StartingCount, top: Decimal | None) -> Decimal | None:
    """How many would be busy if nothing held the count up: two in 40 of 730 hours are 2 × 40 / 730 = 0.11.

    Where only the hours are given, the initial count is busy in them. ``top`` is the most that there can be.
    """
    busy = asked.average
    if busy is None and asked.busy_hours is not None and asked.known is not None:
        busy = Decimal(asked.known)
    if busy is None:
        return None
    busy = busy if top is None else min(busy, top)
    return busy if asked.busy_hours is None else busy * asked.busy_hours / asked.period.hours


def _origins(floor: str, expected: str, ceiling: str, period: Period) -> dict[str, str]:
    return {
        "count.floor": floor,
        "count.expected": expected,
        "count.ceiling": ceiling,
        "hours": f"{period.hours:f} hours a {period.label}",
        "price": "price table",
    }
