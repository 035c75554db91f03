"""The bill of a workflow: a bill for each transform job, and their sum over the ways through its states.

A job bills its instances for as long as it runs, "for the time interval between" TransformStartTime and
TransformEndTime (SageMaker API reference, DescribeTransformJob), whatever its end. AWS's post on inference cost names
successful jobs, and failed ones only where the container ran; the ceiling counts every run. Four ml.c5.2xlarge for half
an hour, 30.42 times a month, are 4 × 0.5 h × 30.42 × 0.408 = 24.82 USD. No storage is billed: no price list has a usage
type for it (unconfirmed).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from guardrail.cost import charges, join
from guardrail.cost.base import Bill, HourPrice, Line, Monthly, Priced, State, Ways, state
from guardrail.cost.demand import WorkflowDemand
from guardrail.flows import Runs, runs, span
from guardrail.model import TransformJob, Unknown, Workflow
from guardrail.money import ZERO
from guardrail.prices.base import Price, Unpriced

if TYPE_CHECKING:
    from guardrail.prices.book import PriceBook

_ONE = Decimal(1)
IN_THE_MIDDLE = Unknown("whether it runs, or how often, is decided while its workflow runs")
OF_SEVERAL_SIZES = Unknown("which of its sizes it has is decided when it is started")
NEVER_SURE = Unknown("whether it is there is not known")
_OPEN_COUNT = "its number of instances is not known"
NO_END = "how often it runs in one execution has no end that is known"


class _JobRuns(NamedTuple):
    """How often a job is started a month and how long it runs."""

    often: Runs
    """In one execution."""
    known_most: int
    """At most, where what has no end that is known counts once."""
    is_sure: bool
    """Whether it runs as often as that at least, where nothing fails."""
    executions: "_Executions"
    hours: Decimal | None
    by: str
    """Who says how long."""


class _Executions(NamedTuple):
    """How often a workflow is started a month."""

    bounds: tuple[Decimal, Decimal] | None
    """The least, and the most as far as that is known; None where nobody knows."""
    is_sure: bool
    """Whether the least is what is to be expected."""
    unsure: str | None
    """Why there may be more."""


class _JobSize(NamedTuple):
    """A job as large as it can be, or as small."""

    instance_type: str | Unknown
    instances: Decimal
    reason: str | None


def bill(workflow: Workflow, prices: "PriceBook", demand: WorkflowDemand) -> Bill:
    """The bill of a workflow: its jobs, and the least and the most that a month of its executions comes to."""
    often = runs(workflow.flow, len(workflow.jobs))
    tried_once = runs(workflow.flow, len(workflow.jobs), retries=False)
    known = runs(workflow.flow, len(workflow.jobs), open_once=True)
    started = _executions(workflow, demand)
    children, hours_of_each = [], []
    for place, (job, each, once, bound) in enumerate(zip(workflow.jobs, often, tried_once, known, strict=True)):
        label = job.label or f"#{place + 1}" if len(workflow.jobs) > 1 else job.label
        hours = demand.run_hours_of(job)
        is_sure = started.is_sure and once.least == once.most and not job.has_fixed_name
        children.append(
            _job(workflow, job, label, prices, _JobRuns(each, bound.most or 0, is_sure, started, hours, demand.by))
        )
        hours_of_each.append(hours or ZERO)
    absent = NEVER_SURE if workflow.deployed == "possibly" else None
    ways = None
    if started.bounds is not None and children:
        least, most = started.bounds
        ways = Ways(
            flow=workflow.flow,
            executions=least,
            most_executions=most,
            hours=tuple(hours_of_each),
            once_ever=tuple((job.names or 1) if job.has_fixed_name else None for job in workflow.jobs),
        )
    return Bill(
        kind="workflow",
        label=workflow.address,
        region=workflow.region,
        tags=workflow.tags,
        lines=(),
        children=tuple(children),
        monthly=together(children, ways, absent),
        ways=ways,
        absent=absent,
        missing=frozenset().union(*(child.missing for child in children)),
    )


def _executions(workflow: Workflow, demand: WorkflowDemand) -> _Executions:
    """How often it is started: as the usage file has it, else its schedules; what runs once does not every month."""
    stated = ZERO if workflow.once else demand.monthly_runs
    if stated is not None:
        return _Executions((stated, stated), is_sure=True, unsure=None)
    found, retried = workflow.monthly_runs, workflow.most_monthly_runs
    if isinstance(found, Unknown):
        unsure = f"how often it is started is not known: {found.reason}" if found.at_most is None else None
        least = found.at_least if found.at_least or found.at_most is not None else None
        return _Executions(_bounds(least, found.at_most), is_sure=unsure is not None, unsure=unsure)
    if isinstance(retried, Unknown):
        return _Executions(_bounds(found, None), is_sure=True, unsure=f"it may be started more often: {retried.reason}")
    return _Executions(_bounds(found, retried), is_sure=True, unsure=None)


def _bounds(least: Decimal | None, most: Decimal | None) -> tuple[Decimal, Decimal] | None:
    return None if least is None else (least, least if most is None else most)


def together(jobs: Sequence[Bill], ways: Ways | None, absent: Unknown | None) -> Monthly:
    """What the jobs of a workflow come to: what the cheapest way through it does, and the dearest."""
    monthly = join.total(job.monthly for job in jobs)
    if ways is None:
        return join.of_parts(monthly, (), absent)
    singles = [list(_of_one_run(job, hours)) for job, hours in zip(jobs, ways.hours, strict=True)]
    often = runs(ways.flow, len(jobs), open_once=True)
    mosts = [
        max(each)
        * (once / (max(ways.most_executions, _ONE) * (most or 1)) if once else 1)  # of what runs once ever its share
        for each, once, (_, most) in zip(singles, ways.once_ever, often, strict=True)
    ]
    leasts = [ZERO if once else min(each) for each, once in zip(singles, ways.once_ever, strict=True)]
    found = span(ways.flow, leasts, mosts)
    floor, ceiling = found.least * ways.executions, found.most * ways.most_executions
    whole = join.of_ways(monthly, floor, ceiling if floor == ceiling else monthly.expected, ceiling)
    return join.of_parts(whole, (), absent)


def _of_one_run(job: Bill, hours: Decimal) -> Iterator[Decimal]:
    """USD of one run of a job, in each state that it can have; 0 without a price."""
    lines = [line for each in (job.priced.states if job.priced else ()) for line in each.lines]
    for line in [each for each in lines if each.quantity] or lines:
        usd = line.price.usd if line.price is not None else ZERO
        if line.usd is not None and line.quantity and line.usd != usd * line.quantity:
            usd = line.usd / line.quantity  # with discounts
        yield usd * (line.count or ZERO) * hours


def _job(workflow: Workflow, job: TransformJob, label: str, prices: "PriceBook", asked: _JobRuns) -> Bill:
    """The bill of one job."""
    often, _, is_sure, started, hours, _ = asked
    low, high = (ZERO, ZERO) if often.most == 0 else (None, None)
    if started.bounds is not None:
        least, most = started.bounds
        low = least * often.least
        high = most * asked.known_most
        if job.has_fixed_name:
            low, high = ZERO, min(high, Decimal(job.names or often.most or 1))  # every execution but one is refused
        if hours is None and high:
            low = high  # in no state that it has is it known to cost nothing
    is_endless = often.most is None and (not job.has_fixed_name or job.names is None)
    open_end = NO_END if is_endless else started.unsure
    states: list[State] = []
    sizes = list(_sizes(job))
    for size in sizes:
        price = _price(workflow.region, size.instance_type, prices)
        totals = dict.fromkeys((low, high))
        states += [state(_line(size, price, total, open_end, workflow, asked)) for total in totals]
    expected: State | Unknown = OF_SEVERAL_SIZES if is_sure else IN_THE_MIDDLE
    if len(states) == 1 or (len(sizes) == 1 and is_sure):  # one try is what is to be expected
        expected = states[0]
    joined = join.joined(Priced(states=tuple(states), expected=expected), (low, high, often))
    return Bill(
        kind="transform job",
        label=label,
        region=workflow.region,
        tags=workflow.tags,
        lines=joined.lines,
        monthly=joined.monthly,
        priced=joined.priced,
        missing=joined.missing(workflow.address, label),
    )


def _sizes(job: TransformJob) -> Iterator[_JobSize]:
    """Each size that the job can have; of a count with bounds the least and the most."""
    count = job.instance_count
    if isinstance(count, Unknown):
        least, most = count.at_least or _ONE, count.at_most
        counts = [least] if most is None else list(dict.fromkeys((least, most)))
        reason = f"{_OPEN_COUNT}: {count.reason}" if most is None else None
    else:
        counts, reason = [Decimal(count)], None
    for instance_type in job.instance_types:
        for each in counts:
            yield _JobSize(instance_type, each, reason)


def _price(region: str | Unknown, instance_type: str | Unknown, prices: "PriceBook") -> Price | Unpriced:
    if isinstance(instance_type, Unknown):
        return Unpriced(f"its instance type is not known: {instance_type.reason}")
    if isinstance(region, Unknown):
        return Unpriced(f"its region is unknown: {region.reason}")
    return prices.transform(region, instance_type)


def _line(
    size: _JobSize,
    price: Price | Unpriced,
    total: Decimal | None,
    open_end: str | None,
    workflow: Workflow,
    asked: _JobRuns,
) -> Line:
    """Instances of one job for all its runs of a month."""
    hours = asked.hours
    reasons = [size.reason, None if isinstance(price, Price) else price.reason, open_end]
    if total == ZERO:  # it never runs, so that nothing of it can be missing
        hours, reasons = hours or ZERO, []
    quantity = None if hours is None or total is None else total * hours * size.instances
    origins = {
        **({} if hours is None else {"hours": asked.by}),
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
    return HourPrice(min(known), max(known), any(_OPEN_COUNT in (line.reason or "") for line in lines))
