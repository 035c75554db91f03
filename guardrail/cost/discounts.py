"""What a bill comes to with the discounts of an account: percentages, fixed rates, and a Savings Plan.

They stand in ``.guardrail.yml`` and leave the list prices alone: beside the list bill stands a second one, in which
each line of each state has its discount, and what is unpriced or unknown stays so. A fixed rate takes the place of the
list price, percentages come off what is left, and a Savings Plan covers what it saves most on first (AWS Savings Plans
user guide, "Understanding how Savings Plans apply to your usage"). Percentages are not taken off usage that a plan
covers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from guardrail.cost import join
from guardrail.cost.base import (
    BOUNDS,
    Bill,
    Bound,
    Delta,
    Line,
    Monthly,
    MonthlyQuantity,
    PlanUse,
    Priced,
    State,
    state,
)
from guardrail.cost.discount_settings import DiscountRule, Discounts, PlanRate, glob
from guardrail.errors import SettingsError, did_you_mean
from guardrail.model import Unknown
from guardrail.money import MONTH, ZERO, Period
from guardrail.prices.usage_types import ASYNC

_PERCENT = Decimal(100)
MOST_JOINT_STATES = 256
"""Of pools of several instance types, and of configurations to choose from, that a Savings Plan is applied to."""
_TOO_MANY = (
    "Savings Plan: too many instance pools and configurations to combine, so at least each endpoint costs what it "
    "would with the whole plan to itself, and at most what it would without"
)
NOT_KNOWN = Unknown("which configuration it uses is not known")

EndpointKey: TypeAlias = tuple[str, str]
"""Source and address of an endpoint."""


class Discounted(Struct, frozen=True, kw_only=True):
    """A bill with discounts."""

    endpoints: dict[EndpointKey, Monthly]
    total: Monthly
    plan: PlanUse | None
    """None where there is no plan."""
    notes: tuple[str, ...]
    """Which discounts applied, and what could not be told."""
    idle: dict[int, str] = {}
    """The rules that are on nothing, by place, each with what it asks for: ``EDP (usage type *-Host:ml.g5.*)``."""


def discounted(
    bills: Mapping[EndpointKey, Bill], discounts: Discounts, plan_rate: PlanRate, *, period: Period = MONTH
) -> Discounted:
    """What ``bills`` come to together, for they share one commitment.

    9 % off two ml.m5.xlarge at 0.23 USD for 730 h, 335.80 USD, are 305.578 USD. A plan of 0.30 USD an hour at a rate of
    0.1656 covers 1.81 of them: 0.30 × 730 = 219 USD for 1,322.46 h, the other 137.54 h on demand. Each state has its
    own discounts, and only then the least and the greatest are looked for.

    Raises `SettingsError` for a rate above the list price.
    """
    rules = _Rules(discounts, plan_rate)
    applied = {key: rules.applied(bill, bill) for key, bill in bills.items()}
    endpoints = {key: bill.monthly for key, bill in applied.items()}
    plan = None
    if discounts.savings_plan is not None:
        plan, endpoints = _planned(applied, rules, discounts.savings_plan.available * period.hours)
    return Discounted(
        endpoints=endpoints,
        total=join.total(endpoints.values()),
        plan=plan,
        notes=tuple(dict.fromkeys(rules.notes)),
        idle=dict(rules.idle(bills.values())),
    )


def at_the_margin(delta: Delta, before: PlanUse, after: PlanUse) -> Delta:
    """What a change adds to what is paid: usage that the commitment covers is paid for already.

    ``delta`` is that of the discounted bill, in which covered usage counts at the rates of the plan.
    """
    covered = {bound: _minus(getattr(after.covered, bound), getattr(before.covered, bound)) for bound in BOUNDS}
    return Delta(*(_minus(getattr(delta, bound), covered[bound]) for bound in BOUNDS))


# Rules ---------------------------------------------------------------------------------------------------------------


class _Rules:
    """The rules as they apply to lines, and what there is to say about it."""

    def __init__(self, discounts: Discounts, plan_rate: PlanRate) -> None:
        self._discounts = discounts
        self._plan = discounts.savings_plan
        self._plan_rate = plan_rate
        self._rules = [(rule, glob(rule.usage_type), glob(rule.region)) for rule in discounts.rules]
        self._rates = [(glob(pattern), usd) for pattern, usd in (self._plan.rates if self._plan else {}).items()]
        self._fitting: set[int] = set()
        self._applied: set[int] = set()
        self.notes: list[str] = []
        if self._plan is not None and self._plan.percent is not None:
            self.notes += _if_a_fraction("Savings Plan", self._plan.percent)

    def applied(self, bill: Bill, endpoint: Bill) -> Bill:
        """A bill of the tree with discounts in each state of each part."""
        if bill.ways is not None:
            from guardrail.cost.workflows import together  # for the few that run batch transform

            jobs = tuple(self.applied(child, endpoint) for child in bill.children)
            return replace(bill, children=jobs, monthly=together(jobs, bill.ways, bill.absent))
        if bill.priced is None:
            return bill
        priced = self._priced(bill.priced, endpoint)
        children = tuple(self.applied(child, endpoint) for child in bill.children)
        choices = tuple(self.applied(each, each) for each in bill.choices)
        parts = [child.monthly for child in children]
        if choices:
            parts.append(
                join.either([join.total(child.monthly for child in each.children) for each in choices], NOT_KNOWN)
            )
        monthly = join.of_parts(join.of_states(priced, join.columns(priced)), parts, bill.absent)
        return replace(
            bill,
            priced=priced,
            children=children,
            choices=choices,
            monthly=replace(monthly, at_least=bill.monthly.at_least),
        )

    def _priced(self, priced: Priced, endpoint: Bill) -> Priced:
        if isinstance(endpoint.region, Unknown):
            return priced
        region = endpoint.region

        def applied(to: State) -> State:
            return state(*(self._line(line, region, endpoint) for line in to.lines))

        expected = priced.expected if isinstance(priced.expected, Unknown) else applied(priced.expected)
        return replace(priced, states=tuple(map(applied, priced.states)), expected=expected)

    def _line(self, line: Line, region: str, endpoint: Bill) -> Line:
        """A line at the price after every rule: the first fixed rate, then all percentages."""
        if line.price is None or line.quantity is None:
            return line
        usd, usage_type = line.price.usd, line.price.usage_type
        name = _named(line)
        matching = []
        for place, (rule, usage_types, regions) in enumerate(self._rules):
            if usage_types(usage_type) and regions(region):
                self._fitting.add(place)
                if self._applies(rule, endpoint):
                    self._applied.add(place)
                    matching.append(rule)
        fixed = next((rule for rule in matching if rule.usd is not None), None)
        if fixed is not None and fixed.usd is not None:
            if fixed.usd > usd:
                raise SettingsError(
                    f"discounts: {fixed.name}: {fixed.usd:f} USD is above the list price of {name}",
                    hint="a discount takes something off: narrow its usage_type, or correct its usd",
                )
            self.notes.append(f"{fixed.name}: {fixed.usd:f} USD per unit of {name}")
            usd = fixed.usd
        for rule in matching:
            if rule.percent is not None:
                self.notes.append(f"{rule.name}: {rule.percent:f} % off")
                self.notes += _if_a_fraction(rule.name, rule.percent)
                usd = usd * (_PERCENT - rule.percent) / _PERCENT
        return line if usd == line.price.usd else replace(line, usd=line.quantity * usd)

    def _applies(self, rule: DiscountRule, endpoint: Bill) -> bool:
        """Whether account and tags are the rule's."""
        if rule.account is not None and rule.account != self._discounts.account:
            if self._discounts.account is None:
                self.notes.append(f"{rule.name}: not applied, for discounts.account does not say which account this is")
            return False
        unknown = _unknown_tag(rule.tag, endpoint)
        if unknown is not None:
            self.notes.append(f"{rule.name}: not applied to {endpoint.label}, whose tag {unknown} is unknown")
            return False
        return _has_tags(rule.tag, endpoint)

    def idle(self, bills: Iterable[Bill]) -> Iterator[tuple[int, str]]:
        """The rules that are on nothing, most often for a typo, by their places."""
        regions = sorted({bill.region for bill in bills if isinstance(bill.region, str)})
        for place, (rule, _, fits) in enumerate(self._rules):
            if place in self._applied:
                continue
            if rule.region != "*" and not any(map(fits, regions)):
                why = f"region {rule.region}{did_you_mean(rule.region, regions)}"
            elif place not in self._fitting:
                why = f"usage type {rule.usage_type}"
            elif rule.account not in (None, self._discounts.account):
                why = f"account {rule.account}"
            else:
                why = "tags"
            yield place, f"{rule.name} ({why})"

    def covered(self, states: Iterable[State], region: str | Unknown) -> "Iterable[_Covered]":
        """The instances of these states that a plan covers."""
        for line in (line for each in states for line in each.lines if line.kind == "instance"):
            plan_usd = None if isinstance(region, Unknown) else self._plan_usd(line, region)
            if plan_usd is not None and line.quantity is not None:
                yield _Covered(line.quantity, _per_unit(line), plan_usd)

    def _plan_usd(self, line: Line, region: str) -> Decimal | None:
        """What an hour costs under the plan; None where the plan does not cover it, or saves nothing."""
        if self._plan is None or line.price is None:
            return None
        price = line.price
        listed = self._plan_rate(region, price.usage_type)
        if price.use not in self._plan.covers and listed is None:
            if price.use == ASYNC:
                self.notes.append(_UNCONFIRMED)
            return None
        rate = next((rate for fits, rate in self._rates if fits(price.usage_type)), listed)
        if rate is None and self._plan.percent is not None:
            rate = price.usd * (_PERCENT - self._plan.percent) / _PERCENT
        if rate is None:
            self.notes.append(f"Savings Plan: no rate for {_named(line)}, so it counts on demand")
        elif rate > price.usd:
            raise SettingsError(
                f"discounts.savings_plan.rates: {rate:f} USD an hour is above the list price of {_named(line)}"
            )
        return rate if rate is not None and 0 < rate < _per_unit(line) else None


def _if_a_fraction(name: str, percent: Decimal) -> list[str]:
    """A hint where 0.2 stands for 20 %."""
    meant = f"{(percent * 100).normalize():f}"
    return [f"{name}: {percent:f} is less than 1 %; for {meant} % write {meant}"] if 0 < percent < 1 else []


def _per_unit(line: Line) -> Decimal:
    """What a unit costs with discounts; 0 where there is none of it."""
    return (line.usd or ZERO) / line.quantity if line.quantity else ZERO


_BY_THE_HOUR = (
    "Savings Plan: transform jobs count on demand, for which hours they run in is not known, and a commitment that an "
    "hour does not use is lost"
)
_UNCONFIRMED = (
    "Savings Plan: AWS does not say whether it covers asynchronous inference, so that counts on demand; "
    "covers: [Host, Tsform, AsyncInf] counts it as covered"
)


def _named(line: Line) -> str:
    """What a note calls a line. A sensitive type is not named."""
    return "something sensitive" if line.redacted or line.price is None else line.price.usage_type


def _unknown_tag(wanted: Mapping[str, str], endpoint: Bill) -> str | None:
    """The first of the tags whose value cannot be known."""
    if not wanted:
        return None
    if isinstance(endpoint.tags, Unknown):
        return next(iter(wanted))
    return next((key for key in wanted if isinstance(endpoint.tags.get(key), Unknown)), None)


def _has_tags(wanted: Mapping[str, str], endpoint: Bill) -> bool:
    if isinstance(endpoint.tags, Unknown):
        return not wanted
    return all(endpoint.tags.get(key) == value for key, value in wanted.items())


# Savings Plans -------------------------------------------------------------------------------------------------------


class _Covered(NamedTuple):
    """Instances that a plan can cover."""

    hours: Decimal
    usd: Decimal
    """Per hour, after percentages and fixed rates."""
    plan_usd: Decimal
    """Per hour under the plan."""


class _WayToRun(NamedTuple):
    """One way in which an endpoint may run: what it costs without a plan, and what a plan can cover of that."""

    usd: Decimal
    covered: tuple[_Covered, ...]


class _Joint(NamedTuple):
    """All endpoints together, each in one way, in USD: what each is charged beside the commitment, and its own part."""

    amounts: tuple[Decimal, ...]
    covered: Decimal
    spilled: Decimal
    stranded: Decimal


def _planned(
    bills: Mapping[EndpointKey, Bill], rules: _Rules, room: Decimal
) -> tuple[PlanUse, dict[EndpointKey, Monthly]]:
    """The use of a plan with the commitment ``room``, and what each endpoint costs beside it.

    Every hour of the month counts alike: what runs on average is what is covered. The commitment couples all endpoints,
    so the least and the greatest are looked for among their joint states. One more hour of anything never makes the
    whole cheaper: of one instance type only the ends count, and of several types, and of several configurations, each.
    """
    if any(bill.kind == "workflow" and bill.monthly.ceiling for bill in bills.values()):
        rules.notes.append(_BY_THE_HOUR)
    floor, expected, ceiling = (
        _extreme([list(_options(bill, bound, rules)) for bill in bills.values()], bound, room, rules)
        for bound in BOUNDS
    )
    unknown = next(
        (
            bill.monthly.expected
            for bill in bills.values()
            if isinstance(bill.monthly.expected, Unknown)
            and any(each.covered for each in _options(bill, "ceiling", rules))
        ),
        None,
    )
    endpoints = {
        key: _at(bill.monthly, low, unknown or mean, high)
        for (key, bill), low, mean, high in zip(
            bills.items(), floor.amounts, expected.amounts, ceiling.amounts, strict=True
        )
    }
    use = PlanUse(
        covered=MonthlyQuantity(floor.covered, unknown or expected.covered, ceiling.covered),
        spilled=MonthlyQuantity(floor.spilled, unknown or expected.spilled, ceiling.spilled),
        stranded=MonthlyQuantity(floor.stranded, unknown or expected.stranded, ceiling.stranded),
    )
    return use, endpoints


def _options(bill: Bill, bound: Bound, rules: _Rules) -> Iterator[_WayToRun]:
    """Every way in which an endpoint may run that can cost least, or most, with a plan; one where that is plain."""
    if bill.kind == "workflow":
        of_bound = getattr(bill.monthly, bound)
        yield _WayToRun(ZERO if isinstance(of_bound, Unknown) else of_bound, ())  # unknown it stays
        return
    if bill.priced is None or (bill.absent is not None and bound == "floor"):
        yield _WayToRun(ZERO, ())
        return
    for children in [each.children for each in bill.choices] or [bill.children]:
        parts = (child.priced for child in children if child.priced is not None)
        for states in product(_at_bound(bill.priced, bound), *(_at_bound(part, bound) for part in parts)):
            yield _WayToRun(sum((each.usd for each in states), ZERO), tuple(rules.covered(states, bill.region)))


def _at_bound(priced: Priced, bound: Bound) -> list[State]:
    """The state in which a part costs least, as expected, or most; of several instance types one for each."""
    if priced.detail is None or bound == "expected":
        return [join.columns(priced).each[BOUNDS.index(bound)]]
    by_type: dict[str, list[State]] = {}
    for each in priced.states:
        by_type.setdefault(each.lines[0].detail, []).append(each)
    pick = max if bound == "ceiling" else min
    return [pick(states, key=lambda each: each.usd) for states in by_type.values()]


def _extreme(options: Sequence[Sequence[_WayToRun]], bound: Bound, room: Decimal, rules: _Rules) -> _Joint:
    """The joint state that costs least, or most."""
    pick = max if bound == "ceiling" else min
    if prod(map(len, options)) > MOST_JOINT_STATES:
        rules.notes.append(_TOO_MANY)
        return _certain(options, bound, room)
    return pick((_joint(ways, room) for ways in product(*options)), key=lambda joint: sum(joint.amounts))


def _certain(options: Iterable[Iterable[_WayToRun]], bound: Bound, room: Decimal) -> _Joint:
    """A bound of every joint state: each endpoint by itself with the whole plan, or, for the ceiling, without one."""
    pick, plan = (max, ZERO) if bound == "ceiling" else (min, room)
    alone = [pick((_joint([way], plan) for way in ways), key=lambda joint: sum(joint.amounts)) for ways in options]
    covered = min(room, sum((each.covered for each in alone), ZERO))
    amounts, spilled = tuple(each.amounts[0] for each in alone), sum((each.spilled for each in alone), ZERO)
    return _Joint(amounts, covered, spilled, room - covered)


def _joint(ways: Sequence[_WayToRun], room: Decimal) -> _Joint:
    """Covers first whatever the plan saves most on, as a share of the price."""
    amounts, covered, spilled = [way.usd for way in ways], ZERO, ZERO
    lines = [(place, line) for place, way in enumerate(ways) for line in way.covered]
    for place, line in sorted(lines, key=lambda each: each[1].plan_usd / each[1].usd):
        fits = line.hours * line.plan_usd <= room
        paid = line.hours * line.plan_usd if fits else room
        paid_hours = line.hours if fits else paid / line.plan_usd
        room -= paid
        covered += paid
        spilled += (line.hours - paid_hours) * line.usd
        amounts[place] += paid - paid_hours * line.usd
    return _Joint(tuple(amounts), covered, spilled, room)


def _at(monthly: Monthly, floor: Decimal, expected: Decimal | Unknown, ceiling: Decimal) -> Monthly:
    """A bill at other amounts: its flags stay, and its estimated shares shrink in proportion."""
    if isinstance(monthly.expected, Unknown):
        expected = monthly.expected
    of_expected = (monthly.ceiling, ceiling) if isinstance(monthly.expected, Unknown) else (monthly.expected, expected)
    return replace(
        monthly,
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        estimated_share=_scaled(monthly.estimated_share, *of_expected),
        estimated_floor=_scaled(monthly.estimated_floor, monthly.floor, floor),
        estimated_ceiling=_scaled(monthly.estimated_ceiling, monthly.ceiling, ceiling),
    )


def _minus(one: Decimal | Unknown, other: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(one, Unknown):
        return one
    return other if isinstance(other, Unknown) else one - other


def _scaled(part: Decimal, whole: Decimal | Unknown, new_whole: Decimal | Unknown) -> Decimal:
    if isinstance(whole, Unknown) or isinstance(new_whole, Unknown) or not whole:
        return part
    return part * new_whole / whole
