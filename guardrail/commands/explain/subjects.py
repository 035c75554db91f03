"""What can be explained of a report, and what an address means: an endpoint, one of its variants, a transform job."""

from collections.abc import Iterator

from msgspec import Struct

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.estimate import labels
from guardrail.errors import GuardrailError, did_you_mean
from guardrail.model import Unknown
from guardrail.prices.book import PriceBook
from guardrail.report import EndpointReport, Report, WorkflowReport
from guardrail.reporters.wording import inert

_LISTED = 8


class World(Struct, frozen=True, kw_only=True):
    """A report, and what prices the alternatives to what is in it."""

    report: Report
    engines: dict[str, AlternativesEngine]
    """By source."""

    @property
    def prices(self) -> PriceBook:
        """The one that everything was priced with."""
        return next(iter(self.engines.values())).prices


class ExplainedSubject(Struct, frozen=True, kw_only=True):
    """One thing to explain."""

    item: EndpointReport | WorkflowReport
    place: int | None
    """Of the variant or the job; None for all of them."""
    names: tuple[str, ...]
    """What it may be called, its address first."""


def every(report: Report) -> Iterator[ExplainedSubject]:
    """Endpoints, configurations that none uses, and workflows; then each of their parts."""
    parts: list[ExplainedSubject] = []
    for item in (*report.endpoints, *report.unattached):
        endpoint = item.endpoint
        named = (endpoint.address, *([endpoint.name] if isinstance(endpoint.name, str) else ()))
        yield ExplainedSubject(item=item, place=None, names=tuple(dict.fromkeys(named)))
        variants = () if isinstance(endpoint.variants, Unknown) else labels(endpoint.variants)
        parts += [
            ExplainedSubject(item=item, place=place, names=tuple(f"{name}/{label}" for name in dict.fromkeys(named)))
            for place, label in enumerate(variants)
        ]
    for each in report.workflows:
        workflow = each.workflow
        named = (workflow.address, *([workflow.name] if isinstance(workflow.name, str) and workflow.name else ()))
        yield ExplainedSubject(item=each, place=None, names=tuple(dict.fromkeys(named)))
        parts += [
            ExplainedSubject(
                item=each,
                place=place,
                names=(*(f"{name}/{job.label}" for name in dict.fromkeys(named)), job.label),
            )
            for place, job in enumerate(workflow.jobs)
            if job.label
        ]
    yield from parts


def only(report: Report) -> ExplainedSubject | None:
    """The only subject of an explanation, where there is but one."""
    found = [each for each in every(report) if each.place is None]
    return found[0] if len(found) == 1 else None


def named(report: Report, name: str) -> ExplainedSubject:
    """The one thing that is called so. Raises GuardrailError where there is none, with what is near, or several."""
    known = list(every(report))
    for place in range(3):  # an address goes before a name, and that before a label alone
        found = [each for each in known if name in each.names[place : place + 1]]
        if len(found) == 1:
            return found[0]
        if found:
            raise _ambiguous(name, found)
    names = [each for subject in known for each in subject.names]
    if not names:
        raise GuardrailError(f"there is nothing to explain: no SageMaker inference in {_inputs(report)}")
    near = did_you_mean(name, names)
    listed = ", ".join(inert(each) for each in names[:_LISTED])
    raise GuardrailError(f"nothing is called {inert(name)} in {_inputs(report)}{near}", hint=f"there is {listed}")


def _ambiguous(name: str, found: list[ExplainedSubject]) -> GuardrailError:
    """The error for several subjects of one name: with its input, or its address, each is one."""
    sources = list(dict.fromkeys(inert(each.item.source) for each in found))
    if len(sources) > 1:
        where, hint = f"in {len(sources)} inputs: {', '.join(sources[:_LISTED])}", "PATH ADDRESS, of one input"
    else:
        addresses = [inert(each.names[0]) for each in found[:_LISTED]]
        where, hint = f"what {len(found)} are called: {', '.join(addresses)}", "PATH ADDRESS, with one of these"
    return GuardrailError(f"{inert(name)} is {where}", hint=f"guardrail explain {hint}")


def _inputs(report: Report) -> str:
    return ", ".join(inert(source.path) for source in report.sources[:_LISTED])
