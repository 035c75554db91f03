"""What a change does to transform jobs: two ml.m5.xlarge at 0.23 USD an hour become four, half an hour a day."""

from decimal import Decimal
from typing import Any

from msgspec import structs

from guardrail.cost.demand import WorkflowDemand
from guardrail.cost.join import bill_delta
from guardrail.cost.workflows import bill, hour_price
from guardrail.model import Flow, Step, TransformJob, Workflow
from guardrail.prices.book import PriceBook
from guardrail.report import WorkflowReport
from guardrail.reporters import markdown
from guardrail.reporters.batch import notes, rows
from guardrail.reporters.bill import bill as bill_rows
from guardrail.reporters.headline import changes_nothing
from guardrail.reporters.wording import USAGE
from tests.reporters.reports import docs, report

PRICES = PriceBook()
HALF_AN_HOUR = WorkflowDemand(run_hours=Decimal("0.5"))


def workflow(*jobs: TransformJob, **fields: Any) -> Workflow:
    last = len(jobs) - 1
    steps = [
        Step(jobs=(place,), nexts=(place + 1,) if place < last else (), ends=place == last)
        for place in range(len(jobs))
    ]
    made: dict[str, Any] = {"monthly_runs": Decimal(30), "change": "update"} | fields
    return Workflow(
        address="scoring",
        type="definition",
        name="scoring",
        region="us-east-1",
        jobs=jobs,
        flow=Flow(tuple(steps)),
        **made,
    )


def job(count: int, label: str = "Score") -> TransformJob:
    return TransformJob(label=label, instance_types=("ml.m5.xlarge",), instance_count=count, name=None, model_name="m")


def changed(before: Workflow | None, after: Workflow, demand: WorkflowDemand = HALF_AN_HOUR) -> WorkflowReport:
    was = bill(before, PRICES, demand) if before is not None else None
    cost = bill(after, PRICES, demand)
    return WorkflowReport(
        source="plan.json",
        workflow=after,
        environment="production",
        previous=before,
        previous_runs=((1, 1),) * len(before.jobs) if before else (),
        runs=((1, 1),) * len(after.jobs),
        reached=(True,) * len(after.jobs),
        hours=tuple(map(hour_price, cost.children)),
        before=was.monthly if was else None,
        cost=cost,
        delta=bill_delta(was, cost),
        unchanged=was == cost,
    )


def told(item: WorkflowReport) -> list[tuple[str, str, str]]:
    found = structs.replace(report(), endpoints=(), workflows=(item,))
    return [(row.name.strip(), row.size, row.runs) for row in rows(found)]


def test_endpoints_that_stay_are_not_all_where_transform_jobs_change() -> None:
    same = structs.replace(docs(), unchanged=True)
    found = structs.replace(report(), endpoints=(same,), unattached=(), workflows=())
    assert changes_nothing(found)
    larger = changed(workflow(job(2)), workflow(job(4)))
    assert not changes_nothing(structs.replace(found, workflows=(larger,)))
    kept = changed(workflow(job(2)), workflow(job(2)))
    assert changes_nothing(structs.replace(found, workflows=(kept,)))


def test_a_job_that_changes_is_beside_what_it_was() -> None:
    larger = changed(workflow(job(2)), workflow(job(4), monthly_runs=Decimal(60)))
    # 30 × 0.5 h × 2 × 0.23
    assert told(larger) == [
        ("scoring", "was 6.90", "60 a month (was 30 a month)"),
        ("Score", "4 × ml.m5.xlarge (was 2 × ml.m5.xlarge)", "1"),
    ]
    kept = changed(workflow(job(2)), workflow(job(2)))
    assert told(kept) == [("scoring", "", "30 a month"), ("Score", "2 × ml.m5.xlarge", "1")]


def test_a_job_that_runs_more_often_in_one_execution_is_beside_how_often_it_ran() -> None:
    item = changed(workflow(job(2)), workflow(job(2)))
    more = structs.replace(item, runs=((8, 8),), previous_runs=((4, 4),))
    assert told(more)[1] == ("Score", "2 × ml.m5.xlarge", "8 (was 4)")


def test_what_no_way_leads_to_and_what_runs_for_no_item_are_told_apart() -> None:
    item = changed(None, workflow(job(2, "Each"), job(2, "Stray")))
    found = structs.replace(item, runs=((0, 0), (0, 0)), reached=(True, False))
    said = list(notes(structs.replace(report(), workflows=(found,))))
    assert "scoring: Each runs 0 times: its map has no items" in said
    assert "scoring: Stray is unreachable: no way leads to it, and it is in no total" in said


def test_a_task_without_a_name_for_its_job_is_told_to_be_refused() -> None:
    """TransformJobName is required (SageMaker API reference, CreateTransformJob); a pipeline makes one up."""
    tasks = [structs.replace(job(2, "Task"), waits=True), job(2, "Step")]
    said = list(notes(structs.replace(report(), workflows=(changed(None, workflow(*tasks)),))))
    assert [each for each in said if "TransformJobName" in each] == [
        "scoring: Task has no TransformJobName, which a request needs: it is refused until it has one"
    ]


def test_jobs_that_come_and_go_are_told() -> None:
    swapped = changed(workflow(job(2, "Old")), workflow(job(2, "New")))
    assert told(swapped) == [
        ("scoring", "", "30 a month"),
        ("New", "2 × ml.m5.xlarge (new)", "1"),
        ("Old", "no more: 2 × ml.m5.xlarge", ""),
    ]
    assert told(changed(None, workflow(job(2))))[0] == ("scoring", "new", "30 a month")


def test_what_a_job_came_to_is_told_in_as_many_places_as_it_takes() -> None:
    """132 s on two of 0.23 USD an hour: 132 / 3600 = 0.0367 h, 0.0169 USD; a second: 0.00028 h, 0.00013 USD."""
    said = []
    for seconds in (132, 1):
        ran = structs.replace(job(2), run_hours=Decimal(seconds) / 3600)
        found = structs.replace(report(), endpoints=(), workflows=(changed(None, workflow(ran)),))
        said += [note for note in notes(found) if "ran for" in note]
    assert said == [
        "scoring: Score ran for 0.0367 h, which is 0.0169 USD",
        "scoring: Score ran for 0.00028 h, which is 0.00013 USD",
    ]


def test_what_nobody_knew_the_time_of_was_not_free() -> None:
    larger = changed(workflow(job(2)), workflow(job(4)), WorkflowDemand())
    assert told(larger)[0] == ("scoring", "", "30 a month")


def test_what_stands_above_the_total_has_the_transform_jobs_in_it() -> None:
    larger = changed(workflow(job(2)), workflow(job(4)))
    found = structs.replace(report(), unattached=(), workflows=(larger,))
    # 30 × 0.5 h × 4 × 0.23
    assert [row.amounts for row in bill_rows(found) if row.name == "scoring, transform jobs"] == [("13.80",) * 3]
    assert "`scoring`<br>transform jobs" in markdown.render(found)
    alone = structs.replace(found, endpoints=())
    assert not [row for row in bill_rows(alone) if "transform jobs" in row.name]  # their own table is all there is
    free = changed(None, workflow(job(4)), WorkflowDemand())
    (row,) = [row for row in bill_rows(structs.replace(found, workflows=(free,))) if "transform jobs" in row.name]
    assert row.amounts == (USAGE, "", "")
