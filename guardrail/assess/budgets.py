"""The limits on the bill that a run was given, each with what it is held against and how that turns out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from guardrail.assess.pricing import Combination
from guardrail.assess.terms import GroupLimits, Terms
from guardrail.cost import join
from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.policy.getters import amount_of
from guardrail.report import BudgetReport, BudgetState, DiscountReport, Totals

_DIFFERS = Unknown("it differs by possibility")
MOMENTS = {
    "max_floor_usd": ("after", "floor"),
    "max_expected_usd": ("after", "expected"),
    "max_ceiling_usd": ("after", "ceiling"),
    "max_increase_floor_usd": ("delta", "floor"),
    "max_increase_expected_usd": ("delta", "expected"),
    "max_increase_ceiling_usd": ("delta", "ceiling"),
}
"""What each limit holds: a bound of the bill after the change, or of what the change adds."""


def held(terms: Terms, outcomes: Sequence[tuple[Combination, DiscountReport | None]]) -> Iterator[BudgetReport]:
    """Every limit: 596.61 USD are expected, and at most 500.00 may be.

    A limit holds where it does in every possibility, and is broken where it is in every one; else it is open.
    """
    sides = [(outcome.totals, discounts) for outcome, discounts in outcomes]
    origins = {name: terms.budget_origins.get(name, terms.settings_file or "settings") for name in MOMENTS}
    return _held(terms.budgets, sides, origins)


def of_group(limits: GroupLimits, totals: Iterable[Totals], origin: str) -> Iterator[BudgetReport]:
    """The limits on one group, each with what its endpoints cost by the price list in each possibility."""
    return _held(limits.budgets, [(each, None) for each in totals], dict.fromkeys(MOMENTS, origin), limits.name)


_ORDER: tuple[BudgetState, ...] = ("broken", "open", "holds")


def _held(
    limits: Mapping[str, Decimal | None],
    sides: Sequence[tuple[Totals, DiscountReport | None]],
    origins: Mapping[str, str],
    group: str = "",
) -> Iterator[BudgetReport]:
    for name, (moment, bound) in MOMENTS.items():
        limit = limits.get(name)
        if limit is None:
            continue
        amounts = [_amount(totals, discounts, moment, bound) for totals, discounts in sides]
        states = {_state(amount, limit) for amount in amounts}
        state = states.pop() if len(states) == 1 else "open"
        yield BudgetReport(
            limit=name,
            usd=limit,
            amount=join.either_amount(amounts, _DIFFERS),
            state=state,
            origin=origins[name],
            group=group,
            depends_on_usage=state == "holds" and any(_depends_on_usage(*side, moment) for side in sides),
        )


def in_order(found: Iterable[BudgetReport]) -> tuple[BudgetReport, ...]:
    """Broken ones first."""
    return tuple(sorted(found, key=lambda budget: _ORDER.index(budget.state)))


def _amount(totals: Totals, discounts: DiscountReport | None, moment: str, bound: str) -> Decimal | Unknown:
    """What a limit is held against: of the list bill, or of that with discounts where the settings say so."""
    amounts = _at(totals, discounts, moment)
    if amounts is None:
        return Unknown("nothing tells what stood before the change")
    return amount_of(amounts, bound) if isinstance(amounts, Monthly) else getattr(amounts, bound)


def _at(totals: Totals, discounts: DiscountReport | None, moment: str) -> Monthly | Delta | None:
    of = discounts if discounts is not None and discounts.budgets == "discounted" else totals
    found: Monthly | Delta | None = getattr(of, moment)
    return found


def _depends_on_usage(totals: Totals, discounts: DiscountReport | None, moment: str) -> bool:
    """Whether usage adds to what a limit is held against; what it adds to a change is unknown, and no amount."""
    amounts = _at(totals, discounts, moment)
    return isinstance(amounts, Monthly) and amounts.depends_on_usage


def _state(amount: Decimal | Unknown, limit: Decimal) -> BudgetState:
    least, most = join.least(amount), join.most(amount)
    if least is not None and least > limit:
        return "broken"
    return "holds" if most is not None and most <= limit else "open"
