"""The transform jobs of a report in words, once for all formats: size, price of an hour, runs, amounts."""

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal

from msgspec import Struct

from guardrail.cost.base import HourPrice
from guardrail.model import TransformJob, Unknown, Workflow
from guardrail.report import Report, WorkflowReport
from guardrail.reporters.bill import Amounts, amounts, amounts_of_jobs, reads_as_free
from guardrail.reporters.wording import UNKNOWN, inert, number, usd

HEAD = ("transform job", "size", "an hour", "runs", "floor", "expected", "ceiling")
FAILED_JOBS = (
    "transform jobs: the API reference bills from TransformStartTime to TransformEndTime whatever the end, AWS's post "
    "on inference cost names failed jobs only where the container ran; the ceiling counts every run"
)
NO_USAGE = (
    "+ usage: transform jobs are priced by the month once guardrail-usage.yml (--usage-file) says run_hours, and "
    "monthly_runs where no schedule does"
)
NO_STORAGE = "storage of transform jobs is in no number: no price list has it, which is not confirmed to be all"


class JobRow(Struct, frozen=True, kw_only=True):
    """A transform job, or what starts it (then the rest is empty); texts are inert."""

    name: str
    size: str = ""
    hour: str = ""
    runs: str = ""
    amounts: Amounts = ("", "", "")


def rows(report: Report) -> Iterator[JobRow]:
    """Each workflow with its runs a month and its amounts, then its jobs."""
    for item in report.workflows:
        yield from workflow_rows(item)


def workflow_rows(item: WorkflowReport) -> Iterator[JobRow]:
    """One workflow and its jobs, with what they were where the change alters that."""
    workflow = item.workflow
    several = len(workflow.jobs) > 1 or bool(workflow.jobs and workflow.jobs[0].label)
    own = ("deleted", "", "") if item.cost is None else amounts_of_jobs(item.cost.monthly)
    title = inert(workflow.address) + (" (possibly there)" if workflow.deployed == "possibly" else "")
    often, was = _with_past(executions(workflow), executions(item.previous or workflow)), _was(item)
    past = _past(item)
    if not several and item.cost is not None:
        words = _size(item, workflow.jobs[0], past)
        yield JobRow(
            name=title, size=", ".join(filter(None, (words, was))), hour=hour(item.hours[0]), runs=often, amounts=own
        )
        return
    yield JobRow(name=title, size=was, runs=often, amounts=own)
    costs = item.cost.children if item.cost else ()
    for job, runs, cost, price in zip(workflow.jobs, item.runs, costs, item.hours, strict=False):
        yield JobRow(
            name=f"  {inert(job.label)}",
            size=_size(item, job, past),
            hour=hour(price),
            runs=_with_past(per_execution(job, runs), per_execution(*past.get(job.label, (job, runs)))),
            amounts=amounts_of_jobs(cost.monthly),
        )
    left = {job.label for job in workflow.jobs}
    for label, (job, _) in past.items():
        if label not in left:
            yield JobRow(name=f"  {inert(label)}", size=f"no more: {size(job)}")


def _past(item: WorkflowReport) -> dict[str, tuple[TransformJob, tuple[int, int | None]]]:
    """The jobs before the change, by label, with their runs in one execution."""
    jobs = item.previous.jobs if item.previous is not None else ()
    return {job.label: (job, runs) for job, runs in zip(jobs, item.previous_runs, strict=True)}


def _was(item: WorkflowReport) -> str:
    """``was 27.98``, ``was 0.00 to 13.80``: a month of it before, where that is another amount; ``new``."""
    if item.before is None:
        return "new" if item.delta is not None and item.cost is not None else ""
    before = item.before
    if item.cost is not None and before == item.cost.monthly:
        return ""
    if reads_as_free(before):
        return ""
    least, expected, most = amounts(before)
    return f"was {f'{least} to {most}' if isinstance(before.expected, Unknown) else expected}"


def _size(item: WorkflowReport, job: TransformJob, past: Mapping[str, tuple[TransformJob, object]]) -> str:
    """``4 × ml.m5.xlarge (was 2 × ml.m5.xlarge)``."""
    if item.previous is None:
        return size(job)
    return _with_past(size(job), size(past[job.label][0])) if job.label in past else f"{size(job)} (new)"


def _with_past(now: str, before: str) -> str:
    return now if before == now else f"{now} (was {before})"


def size(job: TransformJob) -> str:
    """``2 × ml.m5.2xlarge``, ``≥ 1 × ml.g4dn.xlarge``, ``3 × ml.m5.xlarge or ml.m5.4xlarge``."""
    types = " or ".join(UNKNOWN + " type" if isinstance(each, Unknown) else inert(each) for each in job.instance_types)
    count = job.instance_count
    if isinstance(count, Unknown):
        least = count.at_least or Decimal(1)
        words = f"≥ {number(least)}" if count.at_most is None else f"{number(least)} to {number(count.at_most)}"
    else:
        words = number(count)
    return f"{words} × {types}"


def hour(price: HourPrice | None) -> str:
    """``0.922``: USD of an hour of the whole job, or ``0.69 to 2.766``; ``≥`` where more instances may run."""
    if price is None:
        return "no price"
    least, most = price.least, price.most
    return f"{'≥ ' if price.is_open else ''}{usd_of(least)}" + (f" to {usd_of(most)}" if most != least else "")


def usd_of(amount: Decimal) -> str:
    """An amount with all its places, two at least: ``0.922``, ``36.72``."""
    plain = f"{amount.normalize():f}"
    return plain if len(plain.partition(".")[2]) > 2 else usd(amount)  # noqa: PLR2004 - cents


def _of_a_run(price: HourPrice | None, hours: Decimal) -> str:
    """``, which is 0.6915 USD``."""
    return (
        "" if price is None else f", which is {'≥ ' if price.is_open else ''}{usd_of(_short(price.least * hours))} USD"
    )


def _short(amount: Decimal) -> Decimal:
    """Four places, ``0.0367``; of what is less than a hundredth two digits, so that it never reads as nothing."""
    return round(amount, 4) if amount >= Decimal("0.01") else Context(prec=2).plus(amount)


def per_execution(job: TransformJob, runs: tuple[int, int | None]) -> str:
    """``1``, ``0 to 3``, ``0 or more``, in one execution; ``never`` of what does not run."""
    least, most = runs
    if most == 0:
        return "never"
    if job.has_fixed_name:
        return "0 or more, each once ever" if most is None else f"0 to {most}, {'each ' if most > 1 else ''}once ever"
    if most is None:
        return f"{least} or more"
    return f"{least}" if least == most else f"{least} to {most}"


def executions(workflow: Workflow) -> str:
    """``30.42 a month``; ``30.42 to 121.67 a month`` where retries start it; ``once``; ``runs unknown``."""
    if workflow.once:
        return "once"
    often, retried = workflow.monthly_runs, workflow.most_monthly_runs
    if isinstance(often, Unknown):
        least, most = often.at_least, often.at_most
    else:
        least, most = often, None if isinstance(retried, Unknown) else retried or often
    if least is None or (most is None and not least):
        return "runs unknown"
    if most is None:
        return f"≥ {number(round(least, 2))} a month"
    return f"{number(round(least, 2))}{f' to {number(round(most, 2))}' if most != least else ''} a month"


def notes(report: Report) -> Iterator[str]:
    """What to know about the transform jobs of a report, each thing once."""
    if not report.workflows:
        return
    years = dict.fromkeys(item.workflow.year for item in report.workflows if item.workflow.year)
    for year in years:
        yield f"runs a month are the occurrences in {year}, by twelve"
    if any(item.cost is not None and item.cost.monthly.depends_on_usage for item in report.workflows):
        yield NO_USAGE
    yield FAILED_JOBS
    yield NO_STORAGE
    for item in report.workflows:
        yield from _notes_of(item)


def _notes_of(item: WorkflowReport) -> Iterator[str]:
    """What to know about the jobs of one workflow."""
    prices = item.hours or (None,) * len(item.workflow.jobs)
    for job, (_, most), is_reached, price in zip(item.workflow.jobs, item.runs, item.reached, prices, strict=True):
        where = f"{inert(item.workflow.address)}: {inert(job.label)}" if job.label else inert(item.workflow.address)
        if not is_reached:
            yield f"{where} is unreachable: no way leads to it, and it is in no total"
        elif most == 0:
            yield f"{where} runs 0 times: its map has no items"
        if job.waits is not None and job.name is None:
            yield f"{where} has no TransformJobName, which a request needs: it is refused until it has one"
        if job.run_hours is not None:
            yield f"{where} ran for {number(_short(job.run_hours))} h{_of_a_run(price, job.run_hours)}"
    if isinstance(item.workflow.monthly_runs, Unknown):
        yield f"{inert(item.workflow.address)}: {inert(item.workflow.monthly_runs.reason)}"
