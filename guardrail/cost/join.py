"""Where amounts become bounds: states of one thing, things of one bill, and possibilities that exclude each other.

Only here. Everything before has one amount in one state; everything behind has a floor, a ceiling, and between them
what is expected. Discounts act before, on states.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from guardrail.cost.base import (
    BOUNDS,
    Bill,
    Bound,
    ChargeKind,
    CostComponent,
    Delta,
    Estimate,
    Line,
    Missing,
    Monthly,
    MonthlyQuantity,
    PlanUse,
    Priced,
    State,
)
from guardrail.model import Unknown
from guardrail.money import ZERO

K = TypeVar("K")

_ONE_PERCENT = Decimal("0.01")
_REDACTED = "a value that decides it is sensitive, and unknown or without a price"
VARIANTS = "variants"
"""What a bill lacks whose endpoint has variants that nobody knows."""
BY_REQUESTS: frozenset[ChargeKind] = frozenset({"serverless-compute", "provisioned-compute"})

NOTHING = Monthly(floor=ZERO, expected=ZERO, ceiling=ZERO)
"""The bill of nothing."""


# States of one thing -------------------------------------------------------------------------------------------------


class Columns(Struct, frozen=True):
    """The states in which a thing costs least and most, and between them the one that is expected."""

    least: State
    expected: State | None
    """None where it is not known."""
    most: State

    @property
    def each(self) -> tuple[State, State, State]:
        """For the three bounds."""
        return self.least, self.most if self.expected is None else self.expected, self.most


def columns(priced: Priced) -> Columns:
    """The three states of a thing that its lines and its amount are taken from."""
    expected = None if isinstance(priced.expected, Unknown) else priced.expected
    states = priced.states
    if len(states) == 1 and expected is states[0]:
        return Columns(expected, expected, expected)
    if expected is not None:
        states = (*states, expected)
    return Columns(min(states, key=_rank), expected, max(states, key=_rank))


def _rank(state: State) -> tuple[Decimal, bool, Decimal]:
    """By amount; of two alike the one that is only what is known may be more, and so is more of what has no price."""
    unpriced = sum((line.quantity for line in state.lines if line.usd is None and line.quantity is not None), ZERO)
    return state.usd, state.partial, unpriced


def of_states(priced: Priced, found: Columns) -> Monthly:
    """The amount of a thing: the least and the greatest of its states, and what is expected."""
    least, expected, most = found.each
    usd = least.usd, expected.usd, most.usd
    shares = least.estimated_usd, expected.estimated_usd, most.estimated_usd
    return Monthly(
        floor=usd[0],
        expected=priced.expected if isinstance(priced.expected, Unknown) else usd[1],
        ceiling=usd[2],
        estimated_share=shares[1],
        estimated_floor=shares[0],
        estimated_ceiling=shares[2],
        at_least=expected.partial or any(state.partial for state in priced.states),
        estimated=_is_estimated(zip(usd, shares, strict=True)),
        depends_on_usage=any(line.depends_on_usage for line in expected.lines),
        assumed=priced.assumed,
    )


def rows(priced: Priced, found: Columns) -> tuple[CostComponent, ...]:
    """Its lines with their amounts where it costs least, as expected, and most: they need not be ordered themselves."""
    least, most = found.least, found.most
    states = (*priced.states, found.each[1])
    made = []
    for kind in dict.fromkeys(line.kind for state in (found.each[1], least, most) for line in state.lines):
        low, high = _of_kind(least, kind), _of_kind(most, kind)
        expected = None if found.expected is None else _of_kind(found.expected, kind)
        every = [line for state in states if (line := _of_kind(state, kind)) is not None]
        made.append(_row(expected or high or every[0], (low, expected, high), every, priced))
    return tuple(made)


class Joined(Struct, frozen=True):
    """What something costs in each state, with its lines, its amount and what is missing of it."""

    priced: Priced
    lines: tuple[CostComponent, ...]
    monthly: Monthly
    lacks: tuple[tuple[Bound, tuple[object, ...]], ...]
    """The parts that each bound lacks, whatever it is that lacks them."""

    def missing(self, address: str, label: str) -> frozenset[Missing]:
        """The parts that the bill of ``label`` at ``address`` lacks."""
        return frozenset([Missing(bound, address, (label, *what)) for bound, what in self.lacks])


def joined(priced: Priced, often: Hashable = None) -> Joined:
    """The states of a thing joined; of a job that runs ``often`` for unknown hours, that many hours are missing."""
    found = columns(priced)
    return Joined(priced, rows(priced, found), of_states(priced, found), tuple(_lacks(found, often)))


def _row(shown: Line, columns: Sequence[Line | None], every: Sequence[Line], priced: Priced) -> CostComponent:
    """``shown`` says what it is, ``columns`` how much of it there is, and ``every`` state what is doubtful about it."""
    reasons = dict.fromkeys(line.reason for line in every if line.reason is not None)
    unknown = priced.expected if isinstance(priced.expected, Unknown) else None
    counts = [None if line is None else line.count for line in columns]
    count = None if shown.count is None else _column(counts, unknown)
    return CostComponent(
        kind=shown.kind,
        unit=shown.unit,
        usage_type=None if shown.price is None else shown.price.usage_type,
        price=shown.price,
        quantity=_column([None if line is None else line.quantity for line in columns], unknown),
        monthly=_column([None if line is None else line.usd for line in columns], unknown),
        count=count,
        demand=priced.demand.get(shown.kind),
        size=shown.size,
        detail=shown.detail if priced.detail is None or shown.kind != "instance" else priced.detail,
        reason=None if not reasons else _REDACTED if shown.redacted else "; ".join(reasons),
        estimated=any(line.estimated for line in every),
        default_size=shown.default_size,
        depends_on_usage=shown.depends_on_usage,
        assumed=priced.assumed and count is not None,
        redacted=shown.redacted,
        origins=shown.origins,
    )


def _of_kind(state: State, kind: ChargeKind) -> Line | None:
    for line in state.lines:
        if line.kind == kind:
            return line
    return None


def _column(numbers: Sequence[Decimal | None], unknown: Unknown | None) -> MonthlyQuantity | None:
    """One number in three states, 0 where the line is missing; None where no state has it."""
    low, expected, high = numbers
    if low is None and expected is None and high is None:
        return None
    return MonthlyQuantity(low or ZERO, unknown or expected or ZERO, high or ZERO)


def _lacks(found: Columns, often: Hashable) -> Iterator[tuple[Bound, tuple[object, ...]]]:
    for bound, state in zip(BOUNDS, found.each, strict=True):
        for line in state.lines:
            if line.reason is not None:
                what = (line.kind, line.detail, line.quantity, line.size, line.reason)
                yield bound, what if often is None else (*what, line.count, often)
            elif line.depends_on_usage and often is not None:
                yield bound, (line.kind, line.detail, line.count, often, "usage")
            elif line.depends_on_usage and line.kind in BY_REQUESTS:
                slots = tuple(
                    each.count for each in state.lines if each.kind == "provisioned-warm"
                )  # they take requests
                yield bound, (line.kind, line.detail, slots, "usage")


# Things of one bill --------------------------------------------------------------------------------------------------


def total(monthlies: Iterable[Monthly]) -> Monthly:
    """The sum, with every flag of its parts; ``estimated`` where at least 1 % of one of its bounds is."""
    floor = ceiling = known = share = estimated_floor = estimated_ceiling = ZERO
    undecided: Unknown | None = None
    at_least = depends_on_usage = assumed = False
    for monthly in monthlies:
        floor += monthly.floor
        ceiling += monthly.ceiling
        if isinstance(monthly.expected, Unknown):
            undecided = undecided or monthly.expected
        else:
            known += monthly.expected
        if monthly.estimated_ceiling or monthly.estimated_floor:
            share += monthly.estimated_share
            estimated_floor += monthly.estimated_floor
            estimated_ceiling += monthly.estimated_ceiling
        at_least |= monthly.at_least
        depends_on_usage |= monthly.depends_on_usage
        assumed |= monthly.assumed
    shares = estimated_floor, estimated_ceiling if undecided else share, estimated_ceiling
    return Monthly(
        floor=floor,
        expected=undecided or known,
        ceiling=ceiling,
        estimated_share=shares[1],
        estimated_floor=estimated_floor,
        estimated_ceiling=estimated_ceiling,
        at_least=at_least,
        estimated=_is_estimated(zip((floor, ceiling if undecided else known, ceiling), shares, strict=True)),
        depends_on_usage=depends_on_usage,
        assumed=assumed,
    )


def _is_estimated(bounds: Iterable[tuple[Decimal, Decimal]]) -> bool:
    """Whether at least 1 % of one of the bounds is: 0.10 of 10.00 is, 0.09 of 10.00 is not."""
    return any(part and part >= amount * _ONE_PERCENT for amount, part in bounds)


def of_parts(own: Monthly, children: Iterable[Monthly], absent: Unknown | None) -> Monthly:
    """The amount of a bill with its parts; what may not be there costs nothing at least, and as if it were at most."""
    monthly = total((own, *children))
    if absent is None:
        return monthly
    return replace(
        monthly, floor=ZERO, expected=absent, estimated_floor=ZERO, estimated_share=monthly.estimated_ceiling
    )


def of_ways(parts: Monthly, floor: Decimal, expected: Decimal | Unknown, ceiling: Decimal) -> Monthly:
    """The amount of parts of which not all run: from the cheapest way through them to the dearest, with their flags."""
    return replace(
        parts,
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        estimated_floor=min(parts.estimated_floor, floor),
        estimated_ceiling=min(parts.estimated_ceiling, ceiling),
    )


def with_choices(bill: Bill, choices: Sequence[Bill]) -> Bill:
    """An endpoint that uses exactly one of several configurations: from the cheapest to the dearest of them."""
    reason = next((part.what[1] for part in bill.missing if part.what[0] == VARIANTS), "")
    found = [
        flagged(total(child.monthly for child in each.children), each.monthly if not each.children else NOTHING)
        for each in choices
    ]
    own = bill.monthly if bill.priced is None else of_states(bill.priced, columns(bill.priced))
    lacks = {part for part in bill.missing if part.what[0] != VARIANTS}
    return replace(
        bill,
        monthly=of_parts(own, [either(found, Unknown(str(reason)))], bill.absent),
        choices=tuple(choices),
        missing=frozenset(lacks.union(*(each.missing for each in choices))),
    )


# Possibilities that exclude each other -------------------------------------------------------------------------------


def either(found: Sequence[Monthly], reason: Unknown) -> Monthly:
    """The amount of what is one of several: the least, the greatest, and no expectation where they differ."""
    least = min(found, key=lambda monthly: monthly.floor)
    most = max(found, key=lambda monthly: monthly.ceiling)
    expected = _agreed([monthly.expected for monthly in found], reason)
    share = most.estimated_ceiling if isinstance(expected, Unknown) else found[0].estimated_share
    return Monthly(
        floor=least.floor,
        expected=expected,
        ceiling=most.ceiling,
        estimated_share=share,
        estimated_floor=least.estimated_floor,
        estimated_ceiling=most.estimated_ceiling,
        at_least=any(monthly.at_least for monthly in found),
        estimated=any(monthly.estimated for monthly in found),
        depends_on_usage=any(monthly.depends_on_usage for monthly in found),
        assumed=any(monthly.assumed for monthly in found),
    )


def _agreed(found: Sequence[Decimal | Unknown], reason: Unknown) -> Decimal | Unknown:
    return found[0] if all(value == found[0] for value in found) else reason


def either_bill(found: Sequence[Bill | None], names: Sequence[str | None], reason: Unknown) -> Bill:
    """One bill that holds whichever of several comes true; None where a possibility does not have it.

    ``names`` are those of the variants that it is shown with; None for one whose name is not known, which is found by
    its place.
    """
    present = [bill for bill in found if bill is not None]
    first = present[0]
    if len(present) == len(found) and all(bill == first for bill in present):
        return first
    monthlies = [bill.monthly if bill else NOTHING for bill in found]
    return replace(
        first,
        lines=tuple(_either_rows(found, monthlies, reason)),
        children=tuple(
            _either_child([_child(bill, name, place) for bill in found], reason) for place, name in enumerate(names)
        ),
        monthly=either(monthlies, reason),
        priced=None,
        absent=None,
        missing=frozenset().union(*(bill.missing for bill in present)),
        notices=tuple(dict.fromkeys(notice for bill in present for notice in bill.notices)),
    )


def _child(bill: Bill | None, name: str | None, place: int) -> Bill | None:
    children = bill.children if bill else ()
    if name is None:
        return children[place] if place < len(children) else None
    return next((child for child in children if child.label == name), None)


def _either_child(found: Sequence[Bill | None], reason: Unknown) -> Bill:
    if any(found):
        return either_bill(found, (), reason)
    return Bill(kind="variant", label="", lines=(), monthly=NOTHING)


def _either_rows(
    found: Sequence[Bill | None], monthlies: Sequence[Monthly], reason: Unknown
) -> Iterable[CostComponent]:
    """Every line of every possibility, with its amounts where the whole costs least and most."""
    places = range(len(found))
    low = min(places, key=lambda place: monthlies[place].floor)
    high = max(places, key=lambda place: monthlies[place].ceiling)
    keyed = [{(row.kind, row.usage_type, row.detail): row for row in bill.lines} if bill else {} for bill in found]
    for key in dict.fromkeys(key for each in keyed for key in each):
        every = [each.get(key) for each in keyed]
        row = next(row for row in every if row is not None)

        def column(
            read: Callable[[CostComponent], MonthlyQuantity | None], every: Sequence[CostComponent | None] = every
        ) -> MonthlyQuantity | None:
            numbers = [None if each is None else read(each) for each in every]
            if not any(numbers):
                return None
            floor, ceiling = numbers[low], numbers[high]
            expected = [ZERO if number is None else number.expected for number in numbers]
            return MonthlyQuantity(
                floor.floor if floor else ZERO, _agreed(expected, reason), ceiling.ceiling if ceiling else ZERO
            )

        yield replace(
            row,
            quantity=column(lambda each: each.quantity),
            monthly=column(lambda each: each.monthly),
            count=column(lambda each: each.count),
            reason=next((each.reason for each in every if each is not None and each.reason is not None), None),
            depends_on_usage=any(each.depends_on_usage for each in every if each is not None),
        )


# Changes -------------------------------------------------------------------------------------------------------------


def delta(before: Estimate | None, after: Estimate) -> Delta | None:
    """What the change adds, each bound on its own; None where there is no before.

    Parts that are unpriced or unknown alike on both sides cancel out. One that is so only after the change leaves the
    bounds that it touches unknown and at least the difference of what is known; only before it, at most: one instance
    of 83.95 USD before and serverless compute without usage afterwards is no saving of 83.95 USD.
    """
    if before is None:
        return None
    old = {address: bill.monthly for address, bill in before.endpoints.items() if bill.part_of is None}
    new = {address: bill.monthly for address, bill in after.endpoints.items() if bill.part_of is None}
    return change_of(old, new, before.missing, after.missing)


def bill_delta(before: Bill | None, after: Bill | None) -> Delta:
    """What the change adds to the bill of one endpoint: 83.95 USD before and 2,018.45 after are 1,934.50 more."""
    pair = before.monthly if before else NOTHING, after.monthly if after else NOTHING
    return _change([pair], before.missing if before else frozenset(), after.missing if after else frozenset())


def change_of(
    before: Mapping[K, Monthly],
    after: Mapping[K, Monthly],
    lacks_before: frozenset[Missing],
    lacks_after: frozenset[Missing],
) -> Delta:
    """The difference of two bills by endpoint, of which each lacks some parts."""
    keys = dict.fromkeys((*before, *after))
    return _change([(before.get(key, NOTHING), after.get(key, NOTHING)) for key in keys], lacks_before, lacks_after)


def _change(
    pairs: Sequence[tuple[Monthly, Monthly]], lacks_before: frozenset[Missing], lacks_after: frozenset[Missing]
) -> Delta:
    gone, come = lacks_before - lacks_after, lacks_after - lacks_before
    values: list[Decimal | Unknown] = []
    for bound in BOUNDS:
        value = _sum([_difference(old, new, bound) for old, new in pairs])
        only_before = [part.address for part in gone if part.bound == bound]
        only_after = [part.address for part in come if part.bound == bound]
        if only_before or only_after:
            address = min(only_before + only_after)
            side = "on one side" if only_before and only_after else "before the change" if only_before else "after it"
            value = Unknown(
                f"something of {address} is unpriced, unknown or left to usage {side} only",
                at_least=None if only_before else least(value),
                at_most=None if only_after else most(value),
            )
        values.append(value)
    return Delta(*values)


def _difference(before: Monthly, after: Monthly, bound: Bound) -> Decimal | Unknown:
    """What one endpoint adds to a bound; what is expected of it lies between its floor and its ceiling."""
    old, new = getattr(before, bound), getattr(after, bound)
    if isinstance(old, Decimal) and isinstance(new, Decimal):
        return new - old
    if before == after:
        return ZERO
    unknown: Unknown = new if isinstance(new, Unknown) else old
    least = after.floor if isinstance(new, Unknown) else new
    most = after.ceiling if isinstance(new, Unknown) else new
    return Unknown(
        unknown.reason,
        at_least=least - (before.ceiling if isinstance(old, Unknown) else old),
        at_most=most - (before.floor if isinstance(old, Unknown) else old),
    )


def as_unknown_as(listed: Delta, change: Delta) -> Delta:
    """A change with discounts, unknown in every bound in which the change of the list bill is."""
    values: list[Decimal | Unknown] = []
    for bound in BOUNDS:
        of_list, own = getattr(listed, bound), getattr(change, bound)
        if isinstance(of_list, Unknown) and isinstance(own, Decimal):
            own = replace(
                of_list,
                at_least=None if of_list.at_least is None else own,
                at_most=None if of_list.at_most is None else own,
            )
        values.append(own)
    return Delta(*values)


def flagged(monthly: Monthly, like: Monthly) -> Monthly:
    """An amount that lacks whatever the other one lacks."""
    return replace(monthly, at_least=monthly.at_least or like.at_least)


def total_delta(deltas: Iterable[Delta | None]) -> Delta | None:
    """The sum over several sources of those that have a before; None where none has."""
    present = [each for each in deltas if each is not None]
    return Delta(*(_sum([getattr(each, bound) for each in present]) for bound in BOUNDS)) if present else None


def _sum(amounts: Sequence[Decimal | Unknown]) -> Decimal | Unknown:
    if len(amounts) == 1:
        return amounts[0]
    return _combined(amounts, lambda known: sum(known, ZERO))


def _combined(
    amounts: Sequence[Decimal | Unknown], combine: Callable[[Iterable[Decimal]], Decimal]
) -> Decimal | Unknown:
    """The sum, the least or the greatest; Unknown where one is, between bounds where all of them have these."""
    unknown = next((amount for amount in amounts if isinstance(amount, Unknown)), None)
    if unknown is None:
        return combine(amount for amount in amounts if isinstance(amount, Decimal))
    low, high = (_if_all([end(amount) for amount in amounts], combine) for end in (least, most))
    return replace(unknown, at_least=low, at_most=high)


def _if_all(amounts: Sequence[Decimal | None], combine: Callable[[Iterable[Decimal]], Decimal]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return combine(known) if len(known) == len(amounts) else None


def least(amount: Decimal | Unknown) -> Decimal | None:
    """The least that an amount can be; None where that is not known."""
    return amount.at_least if isinstance(amount, Unknown) else amount


def most(amount: Decimal | Unknown) -> Decimal | None:
    """The most that it can be."""
    return amount.at_most if isinstance(amount, Unknown) else amount


def either_delta(found: Sequence[Delta], reason: Unknown) -> Delta:
    """The hull of what each possibility adds, which is not the difference of two hulls."""
    return Delta(
        _combined([each.floor for each in found], min),
        either_amount([each.expected for each in found], reason),
        _combined([each.ceiling for each in found], max),
    )


def either_amount(found: Sequence[Decimal | Unknown], reason: Unknown) -> Decimal | Unknown:
    """An amount of one of several: 84.51 where all say so, else Unknown between the least and the greatest."""
    low, high = (_combined(found, pick) for pick in (min, max))
    return _agreed(found, replace(reason, at_least=least(low), at_most=most(high)))


def either_quantity(found: Sequence[MonthlyQuantity], reason: Unknown) -> MonthlyQuantity:
    """The least and the greatest of several."""
    return MonthlyQuantity(
        min(each.floor for each in found),
        _agreed([each.expected for each in found], reason),
        max(each.ceiling for each in found),
    )


def either_plan_use(found: Sequence[PlanUse], reason: Unknown) -> PlanUse:
    """What may become of a commitment."""
    return PlanUse(
        covered=either_quantity([each.covered for each in found], reason),
        spilled=either_quantity([each.spilled for each in found], reason),
        stranded=either_quantity([each.stranded for each in found], reason),
    )


def either_estimate(found: Sequence[Estimate], names: Mapping[str, Sequence[str | None]], reason: Unknown) -> Estimate:
    """One estimate that holds whichever of several comes true.

    Two instances for 300 USD in one, none in the other: floor 0, ceiling 300, expected unknown. ``names`` are those
    of the variants of each address that is shown.
    """
    if len(found) == 1:
        return found[0]

    def joined(sides: Sequence[dict[str, Bill]]) -> dict[str, Bill]:
        addresses = dict.fromkeys(address for side in sides for address in side)
        return {
            address: either_bill([side.get(address) for side in sides], names.get(address, ()), reason)
            for address in addresses
        }

    return Estimate(
        endpoints=joined([each.endpoints for each in found]),
        unattached=joined([each.unattached for each in found]),
        total=either([each.total for each in found], reason),
        missing=frozenset().union(*(each.missing for each in found)),
        period=found[0].period,
    )
