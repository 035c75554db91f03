"""The bill of what starts transform jobs: each job a bill without parts, and together what the ways to them come to.

A job bills its instances for as long as it runs, "for the time interval between" TransformStartTime and
TransformEndTime (SageMaker API reference, DescribeTransformJob), whatever its end. AWS's post on inference cost names
successful jobs, and failed ones only where the container ran; the ceiling counts every run. Four ml.c5.2xlarge for half
an hour, 30.42 times a month, are 4 × 0.5 h × 30.42 × 0.408 = 24.82 USD. No storage is billed: no price list has a usage
type for it (unconfirmed).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from guardrail.cost import charges, join
from guardrail.cost.base import Bill, HourPrice, Line, Priced, State, state
from guardrail.cost.demand import WorkflowDemand
from guardrail.flows import Runs, runs, span
from guardrail.model import TransformJob, Unknown, Workflow
from guardrail.money import ZERO
from guardrail.prices import usage_types
from guardrail.prices.base import Price, Unpriced

if TYPE_CHECKING:
    from guardrail.prices.book import PriceBook

_ONE = Decimal(1)
IN_THE_MIDDLE = Unknown("whether it runs, or how often, is decided while its workflow runs")
NO_END = "how often it runs in one execution has no end that is known"


class _Asked(NamedTuple):
    """How often a job is started a month and how long it runs."""

    often: Runs
    """In one execution."""
    executions: Decimal | None
    """A month."""
    hours: Decimal | None
    unsure: str | None
    """Why there may be more executions."""


class _Size(NamedTuple):
    """A job as large as it can be, or as small."""

    instance_type: str | Unknown
    instances: Decimal
    reason: str | None


def bill(workflow: Workflow, prices: "PriceBook", demand: WorkflowDemand) -> Bill:
    """The bill of a workflow: its jobs, and the least and the most that a month of its executions comes to."""
    often = runs(workflow.flow, len(workflow.jobs))
    asked = workflow.monthly_runs if demand.monthly_runs is None else demand.monthly_runs
    found = ZERO if workflow.once else asked
    started = (found.at_least or None) if isinstance(found, Unknown) else found
    unsure = f"how often it is started is not known: {found.reason}" if isinstance(found, Unknown) else None
    children, leasts, mosts = [], [], []
    for place, (job, each) in enumerate(zip(workflow.jobs, often, strict=True)):
        label = job.label or f"#{place + 1}" if len(workflow.jobs) > 1 else job.label
        hours = demand.run_hours_of(job)
        child, least, most = _job(workflow, job, label, prices, _Asked(each, started, hours, unsure))
        children.append(child)
        leasts.append(least)
        mosts.append(most)
    monthly = join.total(child.monthly for child in children)
    if started is not None and children:
        ways = span(workflow.flow, leasts, mosts)
        floor, ceiling = ways.least * started, ways.most * started
        expected = ceiling if floor == ceiling else monthly.expected
        monthly = join.of_ways(monthly, floor, expected, ceiling)
    return Bill(
        kind="workflow",
        label=workflow.address,
        region=workflow.region,
        tags=workflow.tags,
        lines=(),
        children=tuple(children),
        monthly=monthly,
        missing=frozenset().union(*(child.missing for child in children)),
    )


def _job(
    workflow: Workflow, job: TransformJob, label: str, prices: "PriceBook", asked: _Asked
) -> tuple[Bill, Decimal, Decimal]:
    """The bill of one job, and the least and the most of a single run of it."""
    often, started, hours, unsure = asked
    low, high = started, started
    if started is not None:
        low = started * often.least
        high = started * (max(often.least, 1) if often.most is None else often.most)
        if job.has_fixed_name:
            high = min(high, _ONE)
    open_end = NO_END if often.most is None and not job.has_fixed_name else unsure
    states: list[State] = []
    single: list[Decimal] = []
    for size in _sizes(job):
        price = _price(workflow.region, size.instance_type, prices)
        totals = dict.fromkeys((low, high))
        states += [state(_line(size, price, hours, total, open_end, workflow)) for total in totals]
        usd = price.usd if isinstance(price, Price) else ZERO
        single.append(usd * size.instances * (hours or ZERO))
    expected: State | Unknown = states[0] if len(states) == 1 else IN_THE_MIDDLE
    if isinstance(expected, Unknown) and len(single) == 1 and often.least and _only_retries(job, often):
        expected = states[0]
    priced, columns, lines, monthly = join.joined(Priced(states=tuple(states), expected=expected))
    made = Bill(
        kind="transform job",
        label=label,
        region=workflow.region,
        tags=workflow.tags,
        lines=lines,
        monthly=monthly,
        priced=priced,
        missing=frozenset(join.missing_of(columns, workflow.address, label)),
    )
    most = max(single)
    if job.has_fixed_name and started is not None and started > 1:
        most /= started  # one job ever, whatever starts it how often
    return made, min(single), most


def _only_retries(job: TransformJob, often: Runs) -> bool:
    """Whether it runs more often only where a try fails: then one run is what is to be expected."""
    return job.attempts is not None and often.most == often.least * job.attempts


def _sizes(job: TransformJob) -> Iterator[_Size]:
    """Each size that the job can have; of a count with bounds the least and the most."""
    count = job.instance_count
    if isinstance(count, Unknown):
        least, most = count.at_least or _ONE, count.at_most
        counts = [least] if most is None else list(dict.fromkeys((least, most)))
        reason = f"its number of instances is not known: {count.reason}" if most is None else None
    else:
        counts, reason = [Decimal(count)], None
    for instance_type in job.instance_types:
        for each in counts:
            yield _Size(instance_type, each, reason)


def _price(region: str | Unknown, instance_type: str | Unknown, prices: "PriceBook") -> Price | Unpriced:
    if isinstance(instance_type, Unknown):
        return Unpriced(f"its instance type is not known: {instance_type.reason}")
    if isinstance(region, Unknown):
        return Unpriced(f"its region is unknown: {region.reason}")
    return prices.price(region, usage_types.instance(usage_types.TRANSFORM, instance_type))


def _line(
    size: _Size,
    price: Price | Unpriced,
    hours: Decimal | None,
    total: Decimal | None,
    open_end: str | None,
    workflow: Workflow,
) -> Line:
    """Instances of one job for all its runs of a month."""
    reasons = [size.reason, None if isinstance(price, Price) else price.reason, open_end]
    if total == ZERO:  # it never runs, so that nothing of it can be missing
        hours, reasons = hours or ZERO, []
    quantity = None if hours is None or total is None else total * hours * size.instances
    origins = {
        **({} if hours is None else {"hours": "usage file"}),
        **({} if total is None else {"runs": "schedules" if workflow.triggers else "usage file"}),
    }
    return charges.transform(size.instance_type, size.instances, quantity, price, reasons, origins)


def hour_price(job: Bill) -> HourPrice | None:
    """The price of an hour of a whole job, over all the states that it may have; None where one has no price."""
    if job.priced is None:
        return None
    lines = [line for state in job.priced.states for line in state.lines]
    known = [line.price.usd * line.count for line in lines if line.price is not None and line.count is not None]
    if not known or any(line.price is None for line in lines):
        return None
    return HourPrice(min(known), max(known), any("number of instances" in (line.reason or "") for line in lines))
