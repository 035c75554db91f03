"""What a bill comes to with the discounts of an account: percentages, fixed rates, and a Savings Plan.

They stand in ``.guardrail.yml`` and leave the list prices alone: beside the list bill stands a second one, in which
each line of each state has its discount, and what is unpriced or unknown stays so. A fixed rate takes the place of the
list price, percentages come off what is left, and a Savings Plan covers what it saves most on first (AWS Savings Plans
user guide, "Understanding how Savings Plans apply to your usage"). Percentages are not taken off usage that a plan
covers.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from guardrail.cost import join
from guardrail.cost.base import BOUNDS, Bill, Bound, Delta, Line, Monthly, PlanUse, Priced, Quantity, State, state
from guardrail.cost.discount_settings import DiscountRule, Discounts, PlanRate, SavingsPlan, glob
from guardrail.errors import SettingsError
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO
from guardrail.prices.usage_types import ASYNC

_PERCENT = Decimal(100)
NOT_KNOWN = Unknown("which configuration it uses is not known")

Key: TypeAlias = tuple[str, str]
"""Source and address of an endpoint."""


class Discounted(Struct, frozen=True, kw_only=True):
    """A bill with discounts."""

    endpoints: dict[Key, Monthly]
    total: Monthly
    plan: PlanUse | None
    """None where there is no plan."""
    notes: tuple[str, ...]
    """Which discounts applied, and what could not be told."""


def discounted(bills: Mapping[Key, Bill], discounts: Discounts, plan_rate: PlanRate) -> Discounted:
    """What ``bills`` come to together, for they share one commitment.

    9 % off two ml.m5.xlarge at 0.23 USD for 730 h, 335.80 USD, are 305.578 USD. A plan of 0.30 USD an hour at a rate of
    0.1656 covers 1.81 of them: 0.30 × 730 = 219 USD for 1,322.46 h, the other 137.54 h on demand. Each state has its
    own discounts, and only then the least and the greatest are looked for.

    Raises `SettingsError` for a rate above the list price.
    """
    rules = _Rules(discounts, plan_rate)
    endpoints: dict[Key, Monthly] = {}
    covered: list[_Covered] = []
    for key, bill in bills.items():
        parts = [(rules.applied(part.priced, bill), part) for part in (bill, *bill.children) if part.priced is not None]
        monthlies = [join.of_states(priced, join.columns(priced)) for priced, _ in parts]
        if bill.choices:
            monthlies.append(join.either([rules.variants(each) for each in bill.choices], NOT_KNOWN))
        monthly = join.of_parts(join.total(monthlies), (), bill.absent)
        endpoints[key] = replace(monthly, at_least=bill.monthly.at_least)
        covered += [each for priced, part in parts for each in rules.covered(key, part, priced, bill)]
    plan = None
    if discounts.savings_plan is not None:
        plan, taken = _planned(covered, discounts.savings_plan)
        for key, amounts in taken.items():
            endpoints[key] = _less(endpoints[key], amounts)
    return Discounted(
        endpoints=endpoints,
        total=join.total(endpoints.values()),
        plan=plan,
        notes=tuple(dict.fromkeys(rules.notes)),
    )


def at_the_margin(delta: Delta, before: PlanUse, after: PlanUse) -> Delta:
    """What a change adds to what is paid: usage that the commitment covers is paid for already.

    ``delta`` is that of the discounted bill, in which covered usage counts at the rates of the plan.
    """
    covered = {bound: _minus(getattr(after.covered, bound), getattr(before.covered, bound)) for bound in BOUNDS}
    return Delta(*(_minus(getattr(delta, bound), covered[bound]) for bound in BOUNDS))


# Rules ---------------------------------------------------------------------------------------------------------------


class _Covered(Struct, frozen=True, kw_only=True):
    """What a plan can cover of one part, in hours where the part costs least, as expected, and most."""

    key: Key
    hours: Quantity
    usd: Decimal
    """Per hour, after percentages and fixed rates."""
    plan_usd: Decimal
    """Per hour under the plan."""


class _Rules:
    """The rules as they apply to lines, and what there is to say about it."""

    def __init__(self, discounts: Discounts, plan_rate: PlanRate) -> None:
        self._discounts = discounts
        self._plan = discounts.savings_plan
        self._plan_rate = plan_rate
        self._rules = [(rule, glob(rule.usage_type), glob(rule.region)) for rule in discounts.rules]
        self._rates = [(glob(pattern), usd) for pattern, usd in (self._plan.rates if self._plan else {}).items()]
        self.notes: list[str] = []

    def applied(self, priced: Priced, endpoint: Bill) -> Priced:
        """The states of a part with discounts in each of them."""
        if isinstance(endpoint.region, Unknown):
            return priced
        region = endpoint.region

        def applied(to: State) -> State:
            return state(*(self._line(line, region, endpoint) for line in to.lines))

        expected = priced.expected if isinstance(priced.expected, Unknown) else applied(priced.expected)
        return replace(priced, states=tuple(map(applied, priced.states)), expected=expected)

    def variants(self, bill: Bill) -> Monthly:
        """What the variants of a configuration cost; no plan covers what an endpoint may not use."""
        found = [self.applied(child.priced, bill) for child in bill.children if child.priced is not None]
        return join.total(join.of_states(priced, join.columns(priced)) for priced in found)

    def _line(self, line: Line, region: str, endpoint: Bill) -> Line:
        """A line at the price after every rule: the first fixed rate, then all percentages."""
        if line.price is None or line.quantity is None:
            return line
        usd, usage_type = line.price.usd, line.price.usage_type
        name = _named(line)
        matching = [
            rule
            for rule, usage_types, regions in self._rules
            if usage_types(usage_type) and regions(region) and self._applies(rule, endpoint)
        ]
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

    def covered(self, key: Key, part: Bill, priced: Priced, endpoint: Bill) -> Iterable[_Covered]:
        """The instances of a part that a plan covers; not those of several pools, whose type nobody knows."""
        if part.kind != "variant" or priced.detail is not None or isinstance(endpoint.region, Unknown):
            return
        states = join.columns(priced).each
        lines = [next((line for line in each.lines if line.kind == "instance"), None) for each in states]
        line = lines[2]
        plan_usd = None if line is None else self._plan_usd(line, endpoint.region)
        if line is None or plan_usd is None:
            return
        floor, known, ceiling = (ZERO if each is None or each.quantity is None else each.quantity for each in lines)
        unknown = priced.expected if isinstance(priced.expected, Unknown) else endpoint.absent
        yield _Covered(
            key=key,
            hours=Quantity(floor if endpoint.absent is None else ZERO, unknown or known, ceiling),
            usd=_per_unit(line),
            plan_usd=plan_usd,
        )

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


def _per_unit(line: Line) -> Decimal:
    """What a unit costs with discounts; the list price where there is none of it."""
    if line.usd is None or not line.quantity:
        return ZERO if line.price is None else line.price.usd
    return line.usd / line.quantity


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


# Amounts -------------------------------------------------------------------------------------------------------------


def _planned(lines: Sequence[_Covered], plan: SavingsPlan) -> tuple[PlanUse, dict[Key, Quantity]]:
    """What becomes of the commitment, and what the plan takes off each endpoint beyond the rules.

    Every hour of the month counts alike: what runs on average is what is covered. Whatever the plan saves most on, as a
    share of the price, comes first. One more hour of anything never makes the whole cheaper, so all parts where they
    cost least are the least joint state, and all where they cost most the greatest.
    """
    ordered = sorted(lines, key=lambda line: line.plan_usd / line.usd)
    found = {bound: _joint(ordered, bound, plan.available * HOURS_PER_MONTH) for bound in BOUNDS}
    floor, expected, ceiling = (found[bound] for bound in BOUNDS)
    unknown = next((line.hours.expected for line in lines if isinstance(line.hours.expected, Unknown)), None)

    taken = {
        line.key: Quantity(
            floor.taken.get(line.key, ZERO),
            unknown or expected.taken.get(line.key, ZERO),
            ceiling.taken.get(line.key, ZERO),
        )
        for line in lines
    }
    use = PlanUse(
        covered=Quantity(floor.covered, unknown or expected.covered, ceiling.covered),
        spilled=Quantity(floor.spilled, unknown or expected.spilled, ceiling.spilled),
        stranded=Quantity(floor.stranded, unknown or expected.stranded, ceiling.stranded),
    )
    return use, taken


class _Joint(NamedTuple):
    """USD of the commitment in one joint state of all parts, and what it takes off each endpoint."""

    covered: Decimal
    spilled: Decimal
    stranded: Decimal
    taken: dict[Key, Decimal]


def _joint(ordered: Iterable[_Covered], bound: Bound, room: Decimal) -> _Joint:
    covered = spilled = ZERO
    taken: dict[Key, Decimal] = {}
    for line in ordered:
        hours = getattr(line.hours, bound)
        if isinstance(hours, Unknown):
            continue
        fits = hours * line.plan_usd <= room
        paid = hours * line.plan_usd if fits else room
        paid_hours = hours if fits else paid / line.plan_usd
        room -= paid
        covered += paid
        spilled += (hours - paid_hours) * line.usd
        taken[line.key] = taken.get(line.key, ZERO) + paid_hours * line.usd - paid
    return _Joint(covered, spilled, room, taken)


def _less(monthly: Monthly, taken: Quantity) -> Monthly:
    """A bill less what a plan saves: its flags stay, and its estimated share shrinks in proportion."""
    floor, ceiling = monthly.floor - taken.floor, monthly.ceiling - taken.ceiling
    expected = _minus(monthly.expected, taken.expected)
    of_expected = (monthly.expected, expected) if isinstance(expected, Decimal) else (monthly.ceiling, ceiling)
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
