"""The limits on the bill that a run was given, each with what it is held against and how that turns out."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from guardrail.assess.pricing import Combination
from guardrail.assess.terms import GroupLimits, Terms
from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.policy.getters import amount_of
from guardrail.report import BudgetReport, BudgetState, DiscountReport, Totals

MOMENTS = {
    "max_floor_usd": ("after", "floor"),
    "max_expected_usd": ("after", "expected"),
    "max_ceiling_usd": ("after", "ceiling"),
    "max_increase_floor_usd": ("delta", "floor"),
    "max_increase_expected_usd": ("delta", "expected"),
    "max_increase_ceiling_usd": ("delta", "ceiling"),
}
"""What each limit holds: a bound of the bill after the change, or of what the change adds."""


def held(terms: Terms, outcomes: Sequence[tuple[Combination, DiscountReport | None]]) -> tuple[BudgetReport, ...]:
    """Every limit, broken ones first: 596.61 USD are expected, and at most 500.00 may be.

    A limit holds where it does in every possibility, and is broken where it is in every one; else it is open.
    """
    return in_order(_held(terms, outcomes))


_ORDER: tuple[BudgetState, ...] = ("broken", "open", "holds")


def _held(terms: Terms, outcomes: Sequence[tuple[Combination, DiscountReport | None]]) -> Iterator[BudgetReport]:
    for name, (moment, bound) in MOMENTS.items():
        limit = terms.budgets.get(name)
        if limit is None:
            continue
        amounts = [_amount(outcome.totals, discounts, moment, bound) for outcome, discounts in outcomes]
        states = {_state(amount, limit) for amount in amounts}
        yield BudgetReport(
            limit=name,
            usd=limit,
            amount=_hull(amounts),
            state=states.pop() if len(states) == 1 else "open",
            origin=terms.budget_origins.get(name, terms.settings_file or "settings"),
        )


def of_group(limits: GroupLimits, totals: Totals, origin: str) -> Iterator[BudgetReport]:
    """The limits on one group, each with what the endpoints of the group cost by the price list."""
    for name, (moment, bound) in MOMENTS.items():
        usd = limits.budgets.get(name)
        if usd is not None:
            amount = _amount(totals, None, moment, bound)
            yield BudgetReport(
                limit=name, usd=usd, amount=amount, state=_state(amount, usd), origin=origin, group=limits.name
            )


def in_order(found: Iterable[BudgetReport]) -> tuple[BudgetReport, ...]:
    """Broken ones first."""
    return tuple(sorted(found, key=lambda budget: _ORDER.index(budget.state)))


def _amount(totals: Totals, discounts: DiscountReport | None, moment: str, bound: str) -> Decimal | Unknown:
    """What a limit is held against: of the list bill, or of that with discounts where the settings say so."""
    amounts: Monthly | Delta | None = getattr(
        discounts if discounts is not None and discounts.budgets == "discounted" else totals, moment
    )
    if amounts is None:
        return Unknown("nothing tells what stood before the change")
    return amount_of(amounts, bound) if isinstance(amounts, Monthly) else getattr(amounts, bound)


def _hull(amounts: Sequence[Decimal | Unknown]) -> Decimal | Unknown:
    """What is known of an amount that differs by possibility: it lies between the least and the greatest."""
    if all(amount == amounts[0] for amount in amounts):
        return amounts[0]
    lows = [amount.at_least if isinstance(amount, Unknown) else amount for amount in amounts]
    highs = [amount.at_most if isinstance(amount, Unknown) else amount for amount in amounts]
    return Unknown(
        "it differs by possibility",
        at_least=None if None in lows else min(low for low in lows if low is not None),
        at_most=None if None in highs else max(high for high in highs if high is not None),
    )


def _state(amount: Decimal | Unknown, limit: Decimal) -> BudgetState:
    least, most = (amount.at_least, amount.at_most) if isinstance(amount, Unknown) else (amount, amount)
    if least is not None and least > limit:
        return "broken"
    return "holds" if most is not None and most <= limit else "open"
