"""Limits on the bill: what each is held against, and how that turns out.

An ml.m5.xlarge with a volume of 10 GB costs 167.90 + 1.40 = 169.30 USD a month.
"""

from decimal import Decimal
from typing import Any

from guardrail.model import ChangeSet, Inventory, Possibility, Unknown
from guardrail.report import BudgetReport
from tests.test_assess import LATER, change_set, check, endpoint


def held(found: ChangeSet, **budgets: int) -> list[BudgetReport]:
    terms: dict[str, Any] = {"settings_file": ".guardrail.yml", "budget_origins": {"max_expected_usd": "--budget"}}
    return list(check(found, budgets={name: Decimal(usd) for name, usd in budgets.items()}, **terms).budgets)


def test_a_limit_names_what_it_is_held_against_and_where_it_is_set() -> None:
    (budget,) = held(change_set([endpoint("a")]), max_expected_usd=200)
    assert (budget.limit, budget.usd, budget.state, budget.origin) == (
        "max_expected_usd",
        Decimal(200),
        "holds",
        "--budget",
    )
    assert budget.amount == Decimal("169.30")


def test_broken_limits_come_first() -> None:
    found = held(change_set([endpoint("a")]), max_floor_usd=500, max_ceiling_usd=100, max_increase_expected_usd=10)
    assert [(each.limit, each.state) for each in found] == [
        ("max_ceiling_usd", "broken"),
        ("max_increase_expected_usd", "broken"),
        ("max_floor_usd", "holds"),
    ]
    assert found[0].origin == ".guardrail.yml"


def test_what_is_at_least_above_a_limit_breaks_it_and_below_it_stays_open() -> None:
    """One endpoint has a price, of the other, of unknown type, only the volume: at least 169.30 + 1.40 = 170.70."""
    found = change_set([endpoint("a"), endpoint("b", instance_type=LATER)])
    states = {each.limit: each.state for each in held(found, max_expected_usd=170, max_ceiling_usd=171)}
    assert states == {"max_expected_usd": "broken", "max_ceiling_usd": "open"}


def test_without_a_past_a_limit_on_the_increase_is_open() -> None:
    (budget,) = held(change_set([endpoint("a")], None), max_increase_expected_usd=1000)
    assert (budget.state, budget.amount) == ("open", Unknown("nothing tells what stood before the change"))


def test_a_limit_that_usage_adds_to_holds_and_says_so() -> None:
    """Data in and out have a price and no amount; what is broken is broken whatever they come to."""
    found = change_set([endpoint("a")])
    said = {each.limit: each.depends_on_usage for each in held(found, max_expected_usd=200, max_floor_usd=100)}
    assert said == {"max_floor_usd": False, "max_expected_usd": True}


def test_a_limit_holds_in_every_possibility_or_is_open() -> None:
    """One instance in dev, three in prod: 169.30 or 507.90."""
    dev, prod = (Inventory(endpoints=(endpoint("a", count),)) for count in (1, 3))
    found = change_set(
        [endpoint("a", LATER)],
        None,
        possibilities=(
            Possibility(given="Stage=dev", before=None, after=dev),
            Possibility(given="Stage=prod", before=None, after=prod),
        ),
        undecided="give --parameters Stage=dev or Stage=prod",
    )
    states = {
        each.limit: each.state for each in held(found, max_floor_usd=169, max_expected_usd=300, max_ceiling_usd=508)
    }
    assert states == {"max_floor_usd": "broken", "max_expected_usd": "open", "max_ceiling_usd": "holds"}
    (budget,) = held(found, max_expected_usd=300)
    assert isinstance(budget.amount, Unknown)
    assert (budget.amount.at_least, budget.amount.at_most) == (Decimal("169.30"), Decimal("507.90"))
