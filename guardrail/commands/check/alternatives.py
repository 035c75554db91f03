"""What could run instead of all that a check has priced; imported where somebody asks for it."""

import os
from argparse import Namespace
from collections.abc import Iterator

from msgspec import structs

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.jobs import of_job
from guardrail.alternatives.together import together
from guardrail.commands.check.terms import plan_rate
from guardrail.cost.demand import Demand
from guardrail.nearest import loaded
from guardrail.prices.book import PriceBook
from guardrail.prices.user_tables import chosen
from guardrail.report import AlternativesReport, EndpointReport, Instead, Report, WorkflowReport
from guardrail.settings import Settings


def engines(report: Report, arguments: Namespace, settings: Settings) -> dict[str, AlternativesEngine]:
    """The engine of alternatives for each source, with the prices of the report and the usage of the source."""
    tables = chosen(arguments.prices, os.environ, settings.prices.tables)
    prices, rate = PriceBook(own=tables), plan_rate(settings, tables)
    usages: list[Demand] = [*loaded([source.usage_file for source in report.sources])]
    if settings.evidence is not None:
        from guardrail.evidence import bundle_file
        from guardrail.evidence.demand import ObservedDemand

        bundle = bundle_file.read(settings.evidence)
        usages = [ObservedDemand(bundle, usage) for usage in usages]
    return {
        source.id: AlternativesEngine(prices, usage, plan_rate=rate)
        for source, usage in zip(report.sources, usages, strict=True)
    }


def with_alternatives(report: Report, arguments: Namespace, settings: Settings) -> Report:
    """The report with what could run instead of each variant and each transform job, and together."""
    by_source = engines(report, arguments, settings)
    parts = [
        *(part for item in report.endpoints for part in of_endpoint(item, by_source[item.source])),
        *(part for item in report.workflows for part in of_workflow(item, by_source[item.source])),
    ]
    shared = {source: put_together(report, source, engine) for source, engine in by_source.items()}
    together = {source: found for source, found in shared.items() if found}
    return structs.replace(report, alternatives=AlternativesReport(parts=tuple(parts), together=together))


def of_endpoint(item: EndpointReport, engine: AlternativesEngine) -> Iterator[Instead]:
    """What could run instead of each variant of an endpoint that stays."""
    if item.cost is None or item.endpoint.change == "delete":
        return
    found = engine.of(item.endpoint, item.environment)
    refused = engine.not_offered(item.endpoint, item.environment)
    for child, alternatives, reasons in zip(item.cost.children, found, refused, strict=False):
        yield Instead(
            source=item.source,
            address=item.endpoint.address,
            part=child.label,
            alternatives=alternatives,
            not_offered=reasons,
        )


def of_workflow(item: WorkflowReport, engine: AlternativesEngine) -> Iterator[Instead]:
    """What could run instead of each transform job that a workflow starts."""
    workflow = item.workflow
    demand = engine.demand.of_workflow(workflow)
    for place, job in enumerate(workflow.jobs if item.cost else ()):
        found = of_job(engine.prices, workflow, place, demand)
        yield Instead(source=item.source, address=workflow.address, part=job.label, alternatives=found)


def put_together(report: Report, source: str, engine: AlternativesEngine) -> tuple[Alternative, ...]:
    """What endpoints of one source can share."""
    beside = [item for item in report.endpoints if item.source == source and item.cost is not None]
    environments = {item.endpoint.address: item.environment for item in beside}
    return together(engine, (item.endpoint for item in beside), lambda each: environments[each.address])
