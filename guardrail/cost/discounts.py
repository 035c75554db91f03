"""What a bill comes to with the discounts of an account: percentages, fixed rates, and a Savings Plan.

They stand in ``.guardrail.yml`` and leave the list prices alone: a discounted bill is the list bill less a saving,
bound by bound, so that what is unpriced or unknown stays so. A fixed rate takes the place of the list price,
percentages come off what is left, and a Savings Plan covers what it saves most on first (AWS Savings Plans user guide,
"Understanding how Savings Plans apply to your usage"). Percentages are not taken off usage that a plan covers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.cost.base import CostComponent, Delta, EndpointCost, Monthly, PlanUse, Price, Quantity
from guardrail.cost.discount_settings import DiscountRule, Discounts, PlanRate, SavingsPlan
from guardrail.cost.price_list import split
from guardrail.model import Endpoint, InstanceVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, ZERO

Bound: TypeAlias = Literal["floor", "expected", "ceiling"]
BOUNDS: tuple[Bound, Bound, Bound] = ("floor", "expected", "ceiling")
_PERCENT = Decimal(100)
_NOTHING = Quantity(ZERO, ZERO, ZERO)


# Results -------------------------------------------------------------------------------------------------------------


class Saving(Struct, frozen=True, kw_only=True):
    """What discounts take off the list bill, in USD a month."""

    endpoints: dict[tuple[str, str], Quantity]
    """By source and address."""
    total: Quantity
    plan: PlanUse | None
    notes: tuple[str, ...]
    """Which discounts applied, and what could not be told."""


class Part(Struct, frozen=True):
    """An endpoint with its list bill."""

    source: str
    endpoint: Endpoint
    cost: EndpointCost


class _Line(Struct, frozen=True, kw_only=True):
    """A component on its way to a discount."""

    key: tuple[str, str]
    component: CostComponent
    region: str
    usd: Decimal
    """Per unit, after percentages and fixed rates."""
    is_pool: bool
    """Whether it stands for several instance types."""
    plan_usd: Decimal | None
    """Per unit under the plan; None where it is not covered."""


def saving(parts: Iterable[Part], discounts: Discounts, plan_rate: PlanRate) -> Saving:
    """What the discounts take off the bill of ``parts`` together, for they share one commitment.

    9 % off two ml.m5.xlarge at 0.23 USD for 730 h, 335.80 USD, are 30.222 USD. A plan of 0.30 USD an hour at a rate of
    0.1656 covers 1.81 of them: 0.30 × 730 = 219 USD for 1,322.46 h, the other 137.54 h on demand.
    """
    applied = _Applied(discounts, plan_rate)
    lines = [line for part in parts for line in applied.lines(part)]
    taken: dict[tuple[str, str], Quantity] = {}
    for line in lines:
        taken[line.key] = _plus(taken.get(line.key, _NOTHING), _off_list(line))
    plan = None
    if discounts.savings_plan is not None:
        covered = [line for line in lines if line.plan_usd is not None]
        plan, more = _planned(covered, discounts.savings_plan)
        for key, amount in more:
            taken[key] = _plus(taken.get(key, _NOTHING), amount)
    total = _NOTHING
    for amount in taken.values():
        total = _plus(total, amount)
    return Saving(endpoints=taken, total=total, plan=plan, notes=tuple(dict.fromkeys(applied.notes)))


def discounted(monthly: Monthly, taken: Quantity | None) -> Monthly:
    """A list bill less a saving: its flags stay, for what is unknown of the one is unknown of the other.

    The estimated share shrinks in proportion.
    """
    if taken is None:
        return monthly
    floor, ceiling = monthly.floor - taken.floor, monthly.ceiling - taken.ceiling
    expected = _minus(monthly.expected, taken.expected)
    of_expected = (monthly.expected, expected) if isinstance(expected, Decimal) else (monthly.ceiling, ceiling)
    return structs.replace(
        monthly,
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        estimated_share=_scaled(monthly.estimated_share, *of_expected),
        estimated_floor=_scaled(monthly.estimated_floor, monthly.floor, floor),
        estimated_ceiling=_scaled(monthly.estimated_ceiling, monthly.ceiling, ceiling),
    )


def discounted_delta(delta: Delta, before: Quantity, after: Quantity) -> Delta:
    """What a change adds to the discounted bill."""
    less = {bound: _minus(getattr(after, bound), getattr(before, bound)) for bound in BOUNDS}
    return Delta(*(_minus(getattr(delta, bound), less[bound]) for bound in BOUNDS))


def at_the_margin(delta: Delta, before: PlanUse, after: PlanUse) -> Delta:
    """What a change adds to what is paid: usage that the commitment covers is paid for already.

    ``delta`` is that of the discounted bill, in which covered usage counts at the rates of the plan.
    """
    covered = {bound: _minus(getattr(after.covered, bound), getattr(before.covered, bound)) for bound in BOUNDS}
    return Delta(*(_minus(getattr(delta, bound), covered[bound]) for bound in BOUNDS))


# Rules ---------------------------------------------------------------------------------------------------------------


class _Applied:
    """The rules as they apply to components, and what there is to say about it."""

    def __init__(self, discounts: Discounts, plan_rate: PlanRate) -> None:
        self._discounts = discounts
        self._plan = discounts.savings_plan
        self._plan_rate = plan_rate
        self._rules = [(rule, _glob(rule.usage_type), _glob(rule.region)) for rule in discounts.rules]
        self._rates = [(_glob(pattern), usd) for pattern, usd in (self._plan.rates if self._plan else {}).items()]
        self.notes: list[str] = []

    def lines(self, part: Part) -> Iterator[_Line]:
        """The components of an endpoint that have an amount to take something off."""
        endpoint, cost = part.endpoint, part.cost
        if isinstance(endpoint.region, Unknown):
            return
        variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
        pools = [isinstance(variant, InstanceVariant) and bool(variant.instance_pools) for variant in variants]
        components = [(each, False) for each in cost.components]
        for priced, is_pool in zip(cost.variants, pools, strict=True):
            components += [(each, is_pool and each.kind == "instance") for each in priced.components]
        for component, is_pool in components:
            if component.price is None or component.monthly is None or component.quantity is None:
                continue
            usd = self._usd(component, component.price, endpoint, is_pool=is_pool)
            yield _Line(
                key=(part.source, endpoint.address),
                component=component,
                region=endpoint.region,
                usd=usd,
                is_pool=is_pool,
                plan_usd=None if is_pool else self._plan_usd(component, component.price, endpoint.region, usd),
            )

    def _usd(self, component: CostComponent, price: Price, endpoint: Endpoint, *, is_pool: bool) -> Decimal:
        """The price per unit after every rule: the first fixed rate, then all percentages."""
        usd, name = price.usd, _named(component, price)
        matching = [
            rule
            for rule, usage_types, regions in self._rules
            if usage_types(price.usage_type) and regions(str(endpoint.region)) and self._applies(rule, endpoint)
        ]
        fixed = next((rule for rule in matching if rule.usd is not None), None)
        if fixed is not None and is_pool:
            self.notes.append(f"{fixed.name}: not applied to {name}, which stands for a pool of instance types")
        elif fixed is not None and fixed.usd is not None:
            self.notes.append(f"{fixed.name}: {fixed.usd:f} USD per unit of {name}")
            usd = fixed.usd
        for rule in matching:
            if rule.percent is not None:
                self.notes.append(f"{rule.name}: {rule.percent:f} % off")
                usd = usd * (_PERCENT - rule.percent) / _PERCENT
        return usd

    def _applies(self, rule: DiscountRule, endpoint: Endpoint) -> bool:
        """Whether account and tags are the rule's."""
        if rule.account is not None and rule.account != self._discounts.account:
            if self._discounts.account is None:
                self.notes.append(f"{rule.name}: not applied, for discounts.account does not say which account this is")
            return False
        unknown = _unknown_tag(rule.tag, endpoint)
        if unknown is not None:
            self.notes.append(f"{rule.name}: not applied to {endpoint.address}, whose tag {unknown} is unknown")
            return False
        return _has_tags(rule.tag, endpoint)

    def _plan_usd(self, component: CostComponent, price: Price, region: str, usd: Decimal) -> Decimal | None:
        """What an hour costs under the plan; None where the plan does not cover it, or saves nothing."""
        if self._plan is None or component.kind != "instance":
            return None
        known = split(price.usage_type)
        kind = known[1].partition(":")[0] if known else ""
        listed = self._plan_rate(region, price.usage_type)
        if kind not in self._plan.covers and listed is None:
            if kind == "AsyncInf":
                self.notes.append(_UNCONFIRMED)
            return None
        rate = next((rate for fits, rate in self._rates if fits(price.usage_type)), listed)
        if rate is None and self._plan.percent is not None:
            rate = price.usd * (_PERCENT - self._plan.percent) / _PERCENT
        if rate is None:
            self.notes.append(f"Savings Plan: no rate for {_named(component, price)}, so it counts on demand")
        return rate if rate is not None and 0 < rate < usd else None


_UNCONFIRMED = (
    "Savings Plan: AWS does not say whether it covers asynchronous inference, so that counts on demand; "
    "covers: [Host, Tsform, AsyncInf] counts it as covered"
)


def _named(component: CostComponent, price: Price) -> str:
    """What a note calls a component. A sensitive type is not named."""
    return "something sensitive" if component.redacted else price.usage_type


def _glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text fits a pattern in which ``*`` is any text and ``?`` one character."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


def _unknown_tag(wanted: Mapping[str, str], endpoint: Endpoint) -> str | None:
    """The first of the tags whose value cannot be known."""
    if not wanted:
        return None
    if isinstance(endpoint.tags, Unknown):
        return next(iter(wanted))
    return next((key for key in wanted if isinstance(endpoint.tags.get(key), Unknown)), None)


def _has_tags(wanted: Mapping[str, str], endpoint: Endpoint) -> bool:
    if isinstance(endpoint.tags, Unknown):
        return not wanted
    return all(endpoint.tags.get(key) == value for key, value in wanted.items())


# Amounts -------------------------------------------------------------------------------------------------------------


def _off_list(line: _Line) -> Quantity:
    """What percentages and fixed rates take off a component."""
    price, monthly, quantity = line.component.price, line.component.monthly, line.component.quantity
    if price is None or monthly is None or quantity is None or line.usd == price.usd:
        return _NOTHING
    if line.is_pool:  # between the cheapest and the dearest type, of which the price is only the first
        return _times(monthly, (price.usd - line.usd) / price.usd)
    return _times(quantity, price.usd - line.usd)


def _times(quantity: Quantity, factor: Decimal) -> Quantity:
    expected = quantity.expected if isinstance(quantity.expected, Unknown) else quantity.expected * factor
    return Quantity(quantity.floor * factor, expected, quantity.ceiling * factor)


def _planned(lines: Sequence[_Line], plan: SavingsPlan) -> tuple[PlanUse, list[tuple[tuple[str, str], Quantity]]]:
    """What becomes of the commitment, and what the plan takes off each line beyond the rules.

    Every hour of the month counts alike: what runs on average is what is covered. Whatever the plan saves most on, as a
    share of the price, comes first.
    """
    ordered = sorted(lines, key=lambda line: (line.plan_usd or ZERO) / line.usd)
    room = dict.fromkeys(BOUNDS, plan.available * HOURS_PER_MONTH)
    covered: dict[Bound, Decimal | Unknown] = dict.fromkeys(BOUNDS, ZERO)
    spilled: dict[Bound, Decimal | Unknown] = dict.fromkeys(BOUNDS, ZERO)
    taken: list[tuple[tuple[str, str], Quantity]] = []
    for line in ordered:
        amounts: dict[Bound, Decimal | Unknown] = {}
        for bound in BOUNDS:
            hours = getattr(line.component.quantity, bound)
            if isinstance(hours, Unknown) or line.plan_usd is None:
                amounts[bound] = covered[bound] = spilled[bound] = hours
                continue
            fits = hours * line.plan_usd <= room[bound]
            paid = hours * line.plan_usd if fits else room[bound]
            paid_hours = hours if fits else paid / line.plan_usd
            room[bound] -= paid
            amounts[bound] = paid_hours * line.usd - paid
            covered[bound] = _add(covered[bound], paid)
            spilled[bound] = _add(spilled[bound], (hours - paid_hours) * line.usd)
        taken.append((line.key, _quantity(amounts)))
    stranded: dict[Bound, Decimal | Unknown] = {}
    for bound in BOUNDS:
        unknown = covered[bound]
        stranded[bound] = unknown if isinstance(unknown, Unknown) else room[bound]
    return PlanUse(covered=_quantity(covered), spilled=_quantity(spilled), stranded=_quantity(stranded)), taken


def _quantity(amounts: Mapping[Bound, Decimal | Unknown]) -> Quantity:
    floor, ceiling = amounts["floor"], amounts["ceiling"]
    return Quantity(
        floor if isinstance(floor, Decimal) else ZERO,
        amounts["expected"],
        ceiling if isinstance(ceiling, Decimal) else ZERO,
    )


def _plus(one: Quantity, other: Quantity) -> Quantity:
    return Quantity(one.floor + other.floor, _add(one.expected, other.expected), one.ceiling + other.ceiling)


def _add(one: Decimal | Unknown, other: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(one, Unknown):
        return one
    return other if isinstance(other, Unknown) else one + other


def _minus(one: Decimal | Unknown, other: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(one, Unknown):
        return one
    return other if isinstance(other, Unknown) else one - other


def _scaled(part: Decimal, whole: Decimal | Unknown, new_whole: Decimal | Unknown) -> Decimal:
    if isinstance(whole, Unknown) or isinstance(new_whole, Unknown) or not whole:
        return part
    return part * new_whole / whole
