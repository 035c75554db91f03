"""Everything that there is to say of one endpoint, variant or transform job."""

from collections.abc import Iterator

from msgspec import Struct, structs

from guardrail.alternatives.base import Elsewhere
from guardrail.commands.check.alternatives import of_endpoint, of_workflow, put_together
from guardrail.commands.explain import sentences
from guardrail.commands.explain.subjects import ExplainedSubject, World
from guardrail.cost.base import Bill, CostComponent, Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Result
from guardrail.prices import usage_types
from guardrail.report import AlternativesReport, EndpointReport, Report, WorkflowReport
from guardrail.reporters.batch import executions

_NAMED = 8
"""Possibilities that are named."""


class PricedLine(Struct, frozen=True, kw_only=True):
    """A line of the bill, and where its price is written."""

    part: str
    """The variant or job that it is of; empty for what stands on the endpoint itself."""
    component: CostComponent
    row: str | None
    """``pricing/us-east-1.csv:120``; None without a price."""


class Explained(Struct, frozen=True, kw_only=True):
    """The answer."""

    report: Report
    """That of everything which was read."""
    subject: ExplainedSubject
    what: tuple[str, ...]
    lines: tuple[PricedLine, ...]
    monthly: Monthly | None
    """What the lines come to; None of what is deleted."""
    before: Monthly | None
    scaling: dict[str, tuple[str, ...]]
    """By variant."""
    updates: tuple[str, ...]
    """What an update bills."""
    results: tuple[Result, ...]
    """Those that pass among them."""
    instead: AlternativesReport
    """What could run instead, of each variant or job, and what can be put together with it."""
    elsewhere: tuple[Elsewhere, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """What is not known, with what would settle it."""


def explained(world: World, subject: ExplainedSubject) -> Explained:
    """All of it, of an endpoint or of what starts transform jobs."""
    item = subject.item
    return _endpoint(world, subject, item) if isinstance(item, EndpointReport) else _workflow(world, subject, item)


def _endpoint(world: World, subject: ExplainedSubject, item: EndpointReport) -> Explained:
    endpoint, cost = item.endpoint, item.cost
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    places = range(len(variants)) if subject.place is None else (subject.place,)
    lines = tuple(_lines(world, cost, subject.place)) if cost else ()
    components = [line.component for line in lines]
    results = _results(world, item.source, endpoint.address, variant=_name(item, subject.place))
    engine = world.engines[item.source]
    children = cost.children if cost else ()
    found = list(of_endpoint(item, engine))
    shown = [found[place] for place in places if place < len(found)]
    shared = put_together(world.report, item.source, engine) if subject.place is None else ()
    return Explained(
        subject=subject,
        what=tuple(sentences.of_endpoint(item, places, world.prices)),
        lines=lines,
        monthly=None if cost is None else cost.monthly if subject.place is None else children[subject.place].monthly,
        before=item.before if subject.place is None else None,
        scaling={
            children[place].label: tuple(sentences.scaling(endpoint, variants[place], children[place].lines))
            for place in places
            if children
        },
        updates=tuple(
            sentences.updates(endpoint, cost, is_counted=any(line.kind == "deployment" for line in components))
        )
        if cost
        else (),
        results=results,
        report=world.report,
        instead=AlternativesReport(
            parts=tuple(shown),
            together={item.source: tuple(each for each in shared if endpoint.address in each.endpoints)},
        ),
        elsewhere=engine.elsewhere(endpoint, subject.place) if found else (),
        unknown=tuple(dict.fromkeys((*_undecided(world, item), *sentences.doubts(item, components, results)))),
    )


def _workflow(world: World, subject: ExplainedSubject, item: WorkflowReport) -> Explained:
    workflow, cost = item.workflow, item.cost
    places = range(len(workflow.jobs)) if subject.place is None else (subject.place,)
    lines = tuple(_lines(world, cost, subject.place)) if cost else ()
    parts = list(of_workflow(item, world.engines[item.source]))
    children = cost.children if cost else ()
    results = _results(world, item.source, workflow.address, variant=None)
    often = "how often nothing here says" if workflow.monthly_runs is None else executions(workflow)
    if isinstance(workflow.monthly_runs, Unknown):
        often += f" ({workflow.monthly_runs.reason})"
    return Explained(
        subject=subject,
        what=(
            f"starts transform jobs in {sentences.known(workflow.region)}, {often}",
            *(sentences.of_job(workflow.jobs[place]) for place in places),
        ),
        lines=lines,
        monthly=None if cost is None else cost.monthly if subject.place is None else children[subject.place].monthly,
        before=item.before if subject.place is None else None,
        scaling={},
        updates=(),
        results=results,
        report=world.report,
        instead=AlternativesReport(parts=tuple(parts[place] for place in places if parts), together={}),
        unknown=tuple(dict.fromkeys(sentences.doubts(None, [line.component for line in lines], results))),
    )


def _undecided(world: World, item: EndpointReport) -> Iterator[tuple[str, str]]:
    """Which of several possibilities its input means, where something in that is undecided."""
    source = next(each for each in world.report.sources if each.id == item.source)
    if source.possibilities:
        yield f"which it is of {', '.join(source.possibilities[:_NAMED])}", "--parameters, or --var"


def _name(item: EndpointReport, place: int | None) -> str | None:
    variants = item.endpoint.variants
    if place is None or isinstance(variants, Unknown):
        return None
    name = variants[place].name
    return name if isinstance(name, str) else None


def _lines(world: World, cost: Bill, place: int | None) -> Iterator[PricedLine]:
    """Every line of the bill, in its order: the variants, then what stands on the endpoint."""
    for at, child in enumerate(cost.children):
        if place in (None, at):
            for line in child.lines:
                yield PricedLine(part=child.label, component=line, row=_row(world, cost.region, line))
    for line in cost.lines if place is None else ():
        yield PricedLine(part="", component=line, row=_row(world, cost.region, line))


def _row(world: World, region: str | Unknown, line: CostComponent) -> str | None:
    """Where the price is written; an asynchronous one that was never seen is that of hosting."""
    known = usage_types.parse(line.price.usage_type) if line.price is not None and not line.redacted else None
    if known is None or isinstance(region, Unknown):
        return None
    row = world.prices.row(region, known.charge)
    return row or world.prices.row(region, structs.replace(known, use=usage_types.HOST).charge)


def _results(world: World, source: str, address: str, *, variant: str | None) -> tuple[Result, ...]:
    """What policies say of it; of a variant what is about it, and about its endpoint as a whole."""
    return tuple(
        result
        for result in world.report.results
        if result.source == source
        and address in (result.endpoint, result.address)
        and (variant is None or result.variant in (None, variant))
    )
