"""What to run instead in a transform job: a cheaper type, no more instances than objects, more requests at once.

Sources: SageMaker API reference, CreateTransformJob (MaxConcurrentTransforms × MaxPayloadInMB at most 100 MB;
BatchStrategy, SplitType), developer guide, batch-transform ("each instance processes objects of its own").
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.alternatives import instances
from guardrail.alternatives.base import Alternative, AlternativeKind, ranked
from guardrail.cost import workflows
from guardrail.cost.base import Bill
from guardrail.cost.demand import WorkflowDemand
from guardrail.model import Flow, Step, TransformJob, Unknown, Workflow
from guardrail.money import plain
from guardrail.policy.jobs import payload_mb
from guardrail.prices.book import PriceBook

MOST_MB_AT_ONCE = 100
ONE_HOUR = Decimal(1)


def of_job(prices: PriceBook, workflow: Workflow, place: int, demand: WorkflowDemand) -> tuple[Alternative, ...]:
    """What to run instead of one job of a workflow, ranked by money.

    Savings are USD a month where usage tells how long and how often it runs; else the price of an hour is named.
    """
    job = workflow.jobs[place]
    if isinstance(workflow.region, Unknown) or len(job.instance_types) != 1:
        return ()
    return ranked(
        [
            *_other_types(prices, workflow, place, demand),
            *_fewer(prices, workflow, place, demand),
            *_concurrency(prices, job),
        ]
    )


def hour(prices: PriceBook, region: str | Unknown, job: TransformJob, hours: Decimal = ONE_HOUR) -> Bill:
    """What a job costs that runs so long, once a month."""
    workflow = Workflow(
        address="", type="definition", region=region, name="", jobs=(job,), flow=Flow((Step(jobs=(0,), ends=True),))
    )
    return workflows.bill(workflow, prices, WorkflowDemand(monthly_runs=ONE_HOUR, run_hours=hours))


def _changed(
    prices: PriceBook, workflow: Workflow, place: int, job: TransformJob, demand: WorkflowDemand, **fields: Any
) -> Alternative | None:
    """The job in another form, priced as the workflow is; None where that saves nothing."""
    before, after = hour(prices, workflow.region, workflow.jobs[place]), hour(prices, workflow.region, job)
    if after.monthly.at_least or before.monthly.at_least or after.monthly.ceiling >= before.monthly.ceiling:
        return None
    hourly = [plain(each.monthly.ceiling.normalize()) for each in (after, before)]
    said = f"an hour costs {hourly[0]} instead of {hourly[1]}"
    jobs = list(workflow.jobs)
    jobs[place] = job
    present = workflows.bill(workflow, prices, demand).children[place].monthly
    changed = workflows.bill(replace(workflow, jobs=tuple(jobs)), prices, demand).children[place].monthly
    knows = not present.depends_on_usage and not isinstance(present.expected, Unknown)
    usd = None
    if knows and not isinstance(changed.expected, Unknown) and not isinstance(present.expected, Unknown):
        usd = present.expected - changed.expected
    return Alternative(
        usd=usd,
        basis=None if usd is None else "upper-bound" if fields.get("loses") else "with-usage",
        monthly=changed if knows else None,
        conditions=(said, *fields.pop("conditions", ())),
        **fields,
    )


def _other_types(prices: PriceBook, workflow: Workflow, place: int, demand: WorkflowDemand) -> Iterator[Alternative]:
    job = workflow.jobs[place]
    (present,) = job.instance_types
    if isinstance(present, Unknown):
        return
    listed: Counter[AlternativeKind] = Counter()
    for found in instances.transform_candidates(prices, str(workflow.region), present):
        listed[found.kind] += 1
        if listed[found.kind] > 1:
            continue
        other = found.spec.instance_type
        slower = any("vCPUs" in one or one.endswith(("GPUs", "accelerators")) for one in found.loses)
        conditions = [f"it runs as long{': with less to compute on it takes longer' if slower else ''}"]
        if any("memory" in one for one in found.loses):
            conditions.append("the model fits into what is left (not known)")
        made = _changed(
            prices,
            workflow,
            place,
            replace(job, instance_types=(other,)),
            demand,
            kind=found.kind,
            name=other,
            instance_type=other,
            loses=found.loses,
            conditions=conditions,
        )
        if made is not None:
            yield made


def _fewer(prices: PriceBook, workflow: Workflow, place: int, demand: WorkflowDemand) -> Iterator[Alternative]:
    """One instance for one object: a key with a suffix is taken for one, and never split over instances."""
    job = workflow.jobs[place]
    count, uri = job.instance_count, job.s3_uri
    if isinstance(count, Unknown) or count < 2 or not isinstance(uri, str):  # noqa: PLR2004 - one is the least
        return
    if job.s3_data_type not in ("S3Prefix", None) or "." not in uri.rpartition("/")[2]:
        return
    made = _changed(
        prices,
        workflow,
        place,
        replace(job, instance_count=1),
        demand,
        kind="instances",
        name="1 instance",
        instances=ONE_HOUR,
        conditions=(f"no other key begins like {uri}: of {count} instances {count - 1} have nothing to do",),
    )
    if made is not None:
        yield made


def _concurrency(prices: PriceBook, job: TransformJob) -> Iterator[Alternative]:
    """As many requests at once as there are vCPUs, within what the payload allows: 16 × 6 MB are 96 of 100."""
    (present,) = job.instance_types
    payload = payload_mb(job)
    spec = None if isinstance(present, Unknown) else prices.instance(present)
    at_once = 1 if job.max_concurrent_transforms is None else job.max_concurrent_transforms
    if spec is None or isinstance(payload, Unknown) or isinstance(at_once, Unknown):
        return
    most = min(spec.vcpus, MOST_MB_AT_ONCE // payload) if payload else spec.vcpus
    if most <= at_once:
        return
    said = f"{most} × {payload} MB = {most * payload} MB, within {MOST_MB_AT_ONCE}" if payload else "payloads stream"
    yield Alternative(
        kind="concurrency",
        name=f"MaxConcurrentTransforms {most}",
        usd=None,
        basis=None,
        conditions=(
            f"{said}; {plain(Decimal(spec.vcpus))} vCPUs",
            "the container answers several requests at once: the job is then shorter, by how much a run says",
        ),
    )
