"""The bill of what starts transform jobs, worked by hand: ml.m5.xlarge 0.23 USD an hour, ml.m5.large 0.115."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.cost.base import Bill, HourPrice, MonthlyQuantity
from guardrail.cost.demand import WorkflowDemand
from guardrail.cost.discount_settings import DiscountRule, Discounts, SavingsPlan, no_plan_rate
from guardrail.cost.discounts import Discounted, discounted
from guardrail.cost.estimate import estimate
from guardrail.cost.join import bill_delta
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.cost.workflows import IN_THE_MIDDLE, NO_END, bill, hour_price
from guardrail.model import Flow, Inventory, Step, TransformJob, Trigger, Unknown, Workflow
from guardrail.prices.book import PriceBook

PRICES = PriceBook()
DAILY = Decimal(30)
"""Executions a month."""
HALF_AN_HOUR = WorkflowDemand(run_hours=Decimal("0.5"))
LATER = Unknown("known after apply")


def job(label: str = "Score", **fields: Any) -> TransformJob:
    made: dict[str, Any] = {
        "instance_types": ("ml.m5.xlarge",),
        "instance_count": 2,
        "name": None,
        "model_name": "churn",
    } | fields
    return TransformJob(label=label, **made)


def workflow(*jobs: TransformJob, flow: Flow | None = None, **fields: Any) -> Workflow:
    """Jobs that all run, one after the other, where no flow says otherwise."""
    last = len(jobs) - 1
    steps = tuple(
        Step(jobs=(place,), nexts=() if place == last else (place + 1,), ends=place == last)
        for place in range(len(jobs))
    )
    made: dict[str, Any] = {"region": "us-east-1", "monthly_runs": DAILY} | fields
    return Workflow(address="scoring", type="definition", name="scoring", jobs=jobs, flow=flow or Flow(steps), **made)


def bounds(found: Bill) -> tuple[str, str | None, str]:
    monthly = found.monthly
    expected = None if isinstance(monthly.expected, Unknown) else f"{monthly.expected:.2f}"
    return f"{monthly.floor:.2f}", expected, f"{monthly.ceiling:.2f}"


def test_a_job_is_its_instances_for_as_long_as_it_runs_as_often_as_it_is_started() -> None:
    found = bill(workflow(job()), PRICES, HALF_AN_HOUR)
    # 30 × 0.5 h × 2 × 0.23
    assert bounds(found) == ("6.90", "6.90", "6.90")
    (line,) = found.children[0].lines
    assert (line.usage_type, line.kind, line.reason) == ("USE1-Tsform:ml.m5.xlarge", "transform", None)
    assert not found.monthly.at_least
    assert not found.missing
    # the price is published: no part of it is an estimate
    assert (found.monthly.estimated_floor, found.monthly.estimated_ceiling, found.monthly.estimated) == (0, 0, False)
    # 30 × 0.5 × 2 instance-hours
    assert line.quantity is not None
    assert line.quantity.expected == 30
    assert line.origins == {"price": "price table", "hours": "usage file", "runs": "usage file"}


@pytest.mark.parametrize(("names", "ceiling", "is_open"), [(4, "0.92", False), (None, "0.23", True)])
def test_names_that_come_again_in_each_execution_are_one_job_each(
    names: int | None,
    ceiling: str,
    is_open: bool,  # noqa: FBT001
) -> None:
    """Four items, 30 times a month: 4 × 0.5 h × 2 × 0.23 in the first month; of nobody knows how many "at least"."""
    items = Flow((Step(jobs=(0,), least=0, most=names, ends=True),))
    found = bill(workflow(job(has_fixed_name=True, names=names), flow=items), PRICES, HALF_AN_HOUR)
    assert bounds(found)[0] == "0.00"
    assert bounds(found)[2] == ceiling
    assert found.monthly.at_least is is_open


@pytest.mark.parametrize(("fixed", "ceiling"), [(False, "27.60"), (True, "0.23")])
def test_an_open_map_in_one_that_is_written_out_is_at_least_the_same_in_its_line_and_in_all(
    fixed: bool,  # noqa: FBT001
    ceiling: str,
) -> None:
    """Four items with one run each: 30 × 4 × 0.5 h × 2 × 0.23, "at least"; of a name that stays one run, 0.23."""
    inner = Flow((Step(parts=(Flow((Step(jobs=(0,), ends=True),)),), least=0, most=None, ends=True),))
    found = bill(
        workflow(job(has_fixed_name=fixed), flow=Flow((Step(parts=(inner,), least=4, most=4, ends=True),))),
        PRICES,
        HALF_AN_HOUR,
    )
    assert (bounds(found)[2], bounds(found.children[0])[2]) == (ceiling, ceiling)


def test_workflows_stand_in_the_bill_of_an_inventory() -> None:
    """30 × 0.5 h × 2 × 0.23."""
    usage = Usage({"scoring": EndpointUsage(run_hours=Decimal("0.5"))}, {})
    found = estimate(Inventory(endpoints=(), workflows=(workflow(job()),)), PRICES, usage)
    assert found.endpoints["scoring"].monthly.expected == found.total.expected == Decimal("6.90")


def test_what_says_how_often_is_the_usage_file_before_the_schedules() -> None:
    daily = Trigger(address="Daily", expression="rate(1 day)")
    by_schedule = bill(workflow(job(), triggers=(daily,)), PRICES, HALF_AN_HOUR)
    assert by_schedule.children[0].lines[0].origins["runs"] == "schedules"
    asked = WorkflowDemand(run_hours=Decimal("0.5"), monthly_runs=Decimal(4))
    # 4 × 0.5 × 2 × 0.23
    assert bounds(bill(workflow(job(), triggers=(daily,)), PRICES, asked)) == ("0.92", "0.92", "0.92")


def test_how_long_a_job_runs_is_said_of_it_or_of_all_or_it_ran_as_long_before() -> None:
    asked = WorkflowDemand(run_hours=Decimal("0.5"), jobs={"Score": Decimal(2)})
    # 30 × (2 h + 0.5 h) × 2 × 0.23
    assert bounds(bill(workflow(job(), job("Rank")), PRICES, asked))[1] == "34.50"
    # 30 × 3 h × 2 × 0.23
    assert bounds(bill(workflow(job(run_hours=Decimal(3))), PRICES, WorkflowDemand()))[1] == "41.40"


def test_a_job_without_a_run_time_has_the_price_of_its_hour_and_depends_on_usage() -> None:
    found = bill(workflow(job()), PRICES, WorkflowDemand())
    assert bounds(found) == ("0.00", "0.00", "0.00")
    assert found.monthly.depends_on_usage
    assert not found.monthly.at_least
    # 2 × 0.23
    assert hour_price(found.children[0]) == HourPrice(Decimal("0.46"), Decimal("0.46"))


def test_what_is_started_more_often_or_is_larger_is_a_change_though_nobody_says_how_long_it_runs() -> None:
    def changes(before: Workflow, after: Workflow) -> list[bool]:
        found = bill_delta(*(bill(each, PRICES, WorkflowDemand()) for each in (before, after)))
        return [isinstance(getattr(found, bound), Unknown) for bound in ("floor", "expected", "ceiling")]

    was = workflow(job())
    assert changes(was, workflow(job())) == [False] * 3
    assert changes(was, workflow(job(instance_count=7))) == [True] * 3
    assert changes(was, workflow(job(), monthly_runs=Decimal(730))) == [True] * 3
    items = Flow((Step(jobs=(0,), least=4, most=4, ends=True),))
    assert changes(was, workflow(job(), flow=items)) == [True] * 3
    # of what has no price the hours count, too
    odd = job(instance_types=("ml.none.large",))
    larger = job(instance_types=("ml.none.large",), instance_count=7)
    assert changes(workflow(odd), workflow(odd)) == [False] * 3
    assert changes(workflow(odd), workflow(larger)) == [True] * 3


@pytest.mark.parametrize(
    ("least", "most", "fixed"),
    [(0, 1, False), (0, 3, False), (1, 3, False), (0, 1, True)],
    ids=["perhaps", "a cache with retries", "retries", "once ever"],
)
def test_a_job_that_may_not_run_is_not_free_where_nobody_says_how_long_it_does(
    least: int,
    most: int,
    fixed: bool,  # noqa: FBT001
) -> None:
    perhaps = Flow((Step(jobs=(0,), least=least, most=most, ends=True),))
    found = bill(workflow(job(has_fixed_name=fixed), flow=perhaps), PRICES, WorkflowDemand())
    assert found.monthly.depends_on_usage
    assert found.children[0].monthly.depends_on_usage
    (line,) = found.children[0].lines
    # 0 to 3 runs of nobody knows how long: no quantity and no amount, the price of an hour alone
    assert (line.quantity, line.monthly, line.depends_on_usage) == (None, None, True)
    assert "hours" not in line.origins


@pytest.mark.parametrize(
    ("runs", "once", "floor", "at_least"),
    [
        (None, False, "0.00", False),
        (LATER, False, "0.00", True),
        (Unknown("none at least, and without a most", at_least=Decimal(0)), False, "0.00", True),
        (Unknown("two schedules, one of them unknown", at_least=Decimal(30)), False, "6.90", True),
        (LATER, True, "0.00", False),
        (DAILY, True, "0.00", False),
    ],
    ids=["nothing says", "unknown", "unknown from 0 on", "unknown beyond 30", "once, unknown", "once"],
)
def test_how_often_nobody_knows_is_at_least_what_is_known(
    runs: Decimal | Unknown | None,
    once: bool,  # noqa: FBT001
    floor: str,
    at_least: bool,  # noqa: FBT001
) -> None:
    found = bill(workflow(job(), monthly_runs=runs, once=once), PRICES, HALF_AN_HOUR)
    assert (bounds(found)[0], found.monthly.at_least) == (floor, at_least)
    reason = found.children[0].lines[0].reason
    if at_least:
        assert isinstance(runs, Unknown)
        assert reason == f"how often it is started is not known: {runs.reason}"
    else:
        assert reason is None


def test_what_may_not_run_is_not_known_to_cost_nothing_where_nobody_knows_how_often_it_is_started() -> None:
    perhaps = Flow((Step(nexts=(1, 2)), Step(jobs=(0,), ends=True), Step(ends=True)))
    found = bill(workflow(job(), flow=perhaps, monthly_runs=LATER), PRICES, HALF_AN_HOUR)
    assert (bounds(found)[0], found.monthly.at_least) == ("0.00", True)


def test_how_often_it_is_started_lies_between_bounds_that_are_known() -> None:
    """10 to 30 times 0.5 h × 2 × 0.23."""
    between = Unknown("a condition", at_least=Decimal(10), at_most=Decimal(30))
    found = bill(workflow(job(), monthly_runs=between), PRICES, HALF_AN_HOUR)
    assert bounds(found) == bounds(found.children[0]) == ("2.30", None, "6.90")
    assert not found.monthly.at_least


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, WorkflowDemand(run_hours=Decimal("0.5"), monthly_runs=DAILY)),
        ({"monthly_runs": Unknown("one more schedule", at_least=DAILY)}, HALF_AN_HOUR),
        ({"most_monthly_runs": Unknown("retries without end")}, HALF_AN_HOUR),
    ],
    ids=["the usage file", "more often perhaps", "retried perhaps"],
)
def test_one_try_of_each_execution_that_is_known_is_expected(fields: dict[str, Any], asked: WorkflowDemand) -> None:
    """30 × 0.5 h × 2 × 0.23, and three times that where every run is tried three times."""
    tried = Flow((Step(jobs=(0,), tries=3, ends=True),))
    found = bill(workflow(job(attempts=3), flow=tried, **fields), PRICES, asked)
    assert bounds(found.children[0]) == ("6.90", "6.90", "20.70")


def test_jobs_without_a_label_are_numbered_where_there_are_several() -> None:
    several = bill(workflow(job(""), job("Rank"), job("")), PRICES, HALF_AN_HOUR)
    assert [child.label for child in several.children] == ["#1", "Rank", "#3"]
    two = bill(workflow(job(""), job("")), PRICES, HALF_AN_HOUR)
    assert [child.label for child in two.children] == ["#1", "#2"]
    (alone,) = bill(workflow(job("")), PRICES, HALF_AN_HOUR).children
    assert alone.label == ""


def test_branches_that_exclude_each_other_are_a_hull_and_never_a_sum() -> None:
    fork = Flow((Step(nexts=(1, 2, 3)), Step(jobs=(0,), ends=True), Step(jobs=(1,), ends=True), Step(ends=True)))
    found = bill(workflow(job(), job("Large", instance_count=4), flow=fork), PRICES, HALF_AN_HOUR)
    # nothing, or 30 × 0.5 × 2 × 0.23 = 6.90, or 30 × 0.5 × 4 × 0.23 = 13.80
    assert bounds(found) == ("0.00", None, "13.80")
    assert found.children[0].monthly.expected == IN_THE_MIDDLE
    assert bounds(found.children[0]) == ("0.00", None, "6.90")


def test_a_count_that_is_not_known_is_at_least_one_or_between_its_bounds() -> None:
    unknown = bill(workflow(job(instance_count=LATER)), PRICES, HALF_AN_HOUR)
    # 30 × 0.5 × 1 × 0.23
    assert bounds(unknown) == ("3.45", "3.45", "3.45")
    assert unknown.monthly.at_least
    assert unknown.children[0].lines[0].reason == "its number of instances is not known: known after apply"
    assert hour_price(unknown.children[0]) == HourPrice(Decimal("0.23"), Decimal("0.23"), is_open=True)
    between = Unknown("a parameter", at_least=Decimal(2), at_most=Decimal(4))
    bounded = bill(workflow(job(instance_count=between)), PRICES, HALF_AN_HOUR)
    assert bounds(bounded) == ("6.90", None, "13.80")
    assert not bounded.monthly.at_least
    # 2 × 0.23 to 4 × 0.23
    assert hour_price(bounded.children[0]) == HourPrice(Decimal("0.46"), Decimal("0.92"))


def test_a_type_that_is_one_of_several_is_a_hull() -> None:
    found = bill(workflow(job(instance_types=("ml.m5.large", "ml.m5.xlarge"))), PRICES, HALF_AN_HOUR)
    # 30 × 0.5 × 2 × 0.115 to 30 × 0.5 × 2 × 0.23
    assert bounds(found) == ("3.45", None, "6.90")


@pytest.mark.parametrize(
    ("fields", "region", "reason"),
    [
        ({"instance_types": (LATER,)}, "us-east-1", "its instance type is not known: known after apply"),
        ({}, LATER, "its region is unknown: known after apply"),
    ],
)
def test_what_has_no_price_is_in_no_amount_and_makes_it_at_least(
    fields: dict[str, Any], region: str | Unknown, reason: str
) -> None:
    found = bill(workflow(job(**fields), job("Rank"), region=region), PRICES, HALF_AN_HOUR)
    assert found.monthly.at_least
    assert found.children[0].lines[0].reason == reason
    assert found.children[0].lines[0].detail == ("unknown type" if fields else "ml.m5.xlarge")
    assert hour_price(found.children[0]) is None
    # only the other one, 30 × 0.5 × 2 × 0.23, where the region is known
    assert bounds(found)[0] == ("6.90" if region == "us-east-1" else "0.00")


def test_a_cycle_without_an_end_leaves_one_run_at_least() -> None:
    again = Flow((Step(jobs=(0,), nexts=(0,), ends=True),))
    found = bill(workflow(job(), flow=again), PRICES, HALF_AN_HOUR)
    assert bounds(found)[0] == "6.90"
    assert found.monthly.at_least
    assert found.children[0].lines[0].reason == NO_END
    assert bounds(found.children[0]) == ("6.90", "6.90", "6.90")


def test_a_cycle_that_nothing_leads_to_for_sure_may_run_once_and_more() -> None:
    perhaps = Flow((Step(nexts=(1,), ends=True), Step(jobs=(0,), nexts=(1,), ends=True)))
    found = bill(workflow(job(), flow=perhaps), PRICES, HALF_AN_HOUR)
    assert bounds(found) == bounds(found.children[0]) == ("0.00", None, "6.90")
    assert found.monthly.at_least


def test_a_name_that_stays_is_one_run_ever_whatever_starts_it() -> None:
    once = Flow((Step(jobs=(0,), least=0, ends=True),))
    found = bill(workflow(job(name="nightly", has_fixed_name=True), flow=once), PRICES, HALF_AN_HOUR)
    # nothing, or one run of 0.5 h × 2 × 0.23
    assert bounds(found) == bounds(found.children[0]) == ("0.00", None, "0.23")
    seldom = bill(
        workflow(job(name="nightly", has_fixed_name=True), flow=once, monthly_runs=Decimal("0.5")),
        PRICES,
        HALF_AN_HOUR,
    )
    # half a run a month: 0.115
    assert bounds(seldom) == ("0.00", None, "0.12")
    assert seldom.monthly.ceiling == Decimal("0.115")
    one = Flow((Step(jobs=(0,), least=0, ends=True),))
    items = Flow((Step(parts=(one,), least=2, most=2, ends=True),))
    found = bill(workflow(job(name="nightly", has_fixed_name=True), flow=items), PRICES, HALF_AN_HOUR)
    # of two items of a map the first to start takes the name: 0.23 and not 0.46
    assert bounds(found) == bounds(found.children[0]) == ("0.00", None, "0.23")
    endless = Flow((Step(jobs=(0,), least=0, nexts=(0,), ends=True),))
    found = bill(workflow(job(name="nightly", has_fixed_name=True), flow=endless), PRICES, HALF_AN_HOUR)
    assert (bounds(found)[2], found.monthly.at_least) == ("0.23", False)


def test_retries_raise_the_ceiling_and_one_run_is_expected() -> None:
    tried = Flow((Step(jobs=(0,), tries=3, ends=True),))
    found = bill(workflow(job(attempts=3), flow=tried), PRICES, HALF_AN_HOUR)
    assert bounds(found) == bounds(found.children[0]) == ("6.90", "6.90", "20.70")
    seldom = bill(
        workflow(job(attempts=3), flow=Flow((Step(jobs=(0,), least=0, tries=3, ends=True),))), PRICES, HALF_AN_HOUR
    )
    assert bounds(seldom) == ("0.00", None, "20.70")
    # of 1 to 3 items of a map nobody knows how many there are
    items = Flow((Step(jobs=(0,), least=1, most=3, ends=True),))
    assert bounds(bill(workflow(job(), flow=items), PRICES, HALF_AN_HOUR)) == ("6.90", None, "20.70")
    endless = Flow((Step(jobs=(0,), tries=None, ends=True),))
    found = bill(workflow(job(attempts=None), flow=endless), PRICES, HALF_AN_HOUR)
    assert (bounds(found), found.monthly.at_least) == (("6.90", "6.90", "6.90"), True)


def test_retries_of_what_is_around_a_job_leave_one_run_expected() -> None:
    tried = Flow((Step(jobs=(0,), tries=2, ends=True),))
    around = Flow((Step(parts=(tried,), tries=3, ends=True),))
    found = bill(workflow(job(attempts=2), flow=around), PRICES, HALF_AN_HOUR)
    # 2 tries in each of 3: 6 × 6.90
    assert bounds(found) == bounds(found.children[0]) == ("6.90", "6.90", "41.40")
    four = Flow((Step(parts=(tried,), least=4, most=4, tries=3, ends=True),))
    found = bill(workflow(job(attempts=2), flow=four), PRICES, HALF_AN_HOUR)
    # 4 items, each tried twice, all of them three times: 24 × 6.90
    assert bounds(found) == bounds(found.children[0]) == ("27.60", "27.60", "165.60")


def test_a_schedule_that_never_runs_costs_nothing_and_lacks_nothing() -> None:
    found = bill(workflow(job(instance_types=(LATER,)), monthly_runs=Decimal(0)), PRICES, WorkflowDemand())
    assert bounds(found) == ("0.00", "0.00", "0.00")
    assert not found.monthly.at_least
    assert not found.monthly.depends_on_usage


def test_an_hour_has_a_price_where_every_size_has_one() -> None:
    types = ("ml.m5.large", LATER)
    (one_unknown,) = bill(workflow(job(instance_types=types)), PRICES, HALF_AN_HOUR).children
    assert hour_price(one_unknown) is None
    perhaps = Flow((Step(nexts=(1,), ends=True), Step(jobs=(0,), ends=True)))
    (unsure,) = bill(workflow(job(instance_count=LATER), flow=perhaps), PRICES, HALF_AN_HOUR).children
    assert hour_price(unsure) == HourPrice(Decimal("0.23"), Decimal("0.23"), is_open=True)


def test_discounts_are_taken_off_every_way_through_a_workflow() -> None:
    fork = Flow((Step(nexts=(1, 2)), Step(jobs=(0,), ends=True), Step(jobs=(1,), ends=True)))
    it = workflow(job(), job("Large", instance_count=4), flow=fork)
    rules = Discounts(rules=(DiscountRule(name="it", percent=Decimal(10)),), account="111122223333")
    made = discounted({("plan", "scoring"): bill(it, PRICES, HALF_AN_HOUR)}, rules, no_plan_rate)
    # 90 % of 30 × 0.5 h × 2 × 0.23 = 6.90, or of 30 × 0.5 h × 4 × 0.23 = 13.80
    assert (made.total.floor, made.total.ceiling) == (Decimal("6.21"), Decimal("12.42"))
    assert made.endpoints[("plan", "scoring")].ceiling == Decimal("12.42")


def test_a_savings_plan_leaves_a_workflow_what_it_costs_and_says_so() -> None:
    """Nothing, or 30 × 0.5 h × 2 × 0.23 = 6.90, beside 0.10 × 730 = 73.00 that nothing uses."""
    perhaps = Flow((Step(nexts=(1, 2)), Step(jobs=(0,), ends=True), Step(ends=True)))
    plan = Discounts(savings_plan=SavingsPlan(commitment_usd_per_hour=Decimal("0.10"), percent=Decimal(20)))

    def planned(it: Workflow) -> Discounted:
        return discounted({("plan", "scoring"): bill(it, PRICES, HALF_AN_HOUR)}, plan, no_plan_rate)

    found = planned(workflow(job(), flow=perhaps))
    assert (found.total.floor, found.total.expected, found.total.ceiling) == (0, IN_THE_MIDDLE, Decimal("6.90"))
    assert found.plan is not None
    assert found.plan.stranded == MonthlyQuantity(Decimal(73), Decimal(73), Decimal(73))
    assert any("transform jobs count on demand" in note for note in found.notes)
    free = bill(workflow(job(), monthly_runs=Decimal(0)), PRICES, HALF_AN_HOUR)
    assert not discounted({("plan", "free"): free}, plan, no_plan_rate).notes
    both = {("plan", "free"): free, ("plan", "scoring"): bill(workflow(job(), flow=perhaps), PRICES, HALF_AN_HOUR)}
    assert discounted(both, plan, no_plan_rate).notes == found.notes
