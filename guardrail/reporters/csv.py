"""CSV for spreadsheets and FinOps: a row for each line of the bill, before and after.

The columns are those of `COLUMNS`, amounts in USD a month at list prices, unrounded. A component that is not there on
one side costs 0 on it; an empty amount is one that is not known, or that usage decides, and is no 0: ``state`` says
which. Text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, "CSV Injection").
"""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Literal, TypeAlias

from guardrail.cost.base import BOUNDS, Bill, CostComponent, Monthly, MonthlyQuantity
from guardrail.model import Endpoint, Unknown
from guardrail.money import ZERO, plain
from guardrail.report import EndpointReport, Report, WorkflowReport
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.wording import inert, no_command

COLUMNS = (
    *("source", "account", "region", "environment", "endpoint", "variant", "component", "usage_type", "tags"),
    *(f"{side}_{bound}" for side in ("before", "after") for bound in BOUNDS),
    "state",
)

LONGEST_CELL = 30_000
"""Characters; Excel takes 32,767."""

LineState: TypeAlias = Literal["known", "usage", "at least", "unknown"]
_STATES: tuple[LineState, ...] = ("known", "usage", "at least", "unknown")
"""The more that is missing, the later."""
_NOTHING, _NOT_KNOWN = (plain(ZERO),) * len(BOUNDS), ("",) * len(BOUNDS)
"""The three amounts of what is not there, and of what is not known or usage decides."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LineKey: TypeAlias = tuple[str, str, str, int]
_CsvRow: TypeAlias = tuple[str, ...]


def render(report: Report, options: Options = DEFAULT) -> str:  # noqa: ARG001 - nothing in it depends on a terminal
    """The report as CSV with a header, lines ending in LF; the same report gives the same bytes."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((no_command(_cell(source)), *map(_cell, row)) for source, *row in _rows(report))
    return text.getvalue()


def _rows(report: Report) -> Iterator[_CsvRow]:
    """What bills, by source and address, then what was skipped and may bill: it has no amount."""
    has_before = {source.id: source.has_before for source in report.sources}
    for item in report.endpoints:
        yield from _of_endpoint(item, has_before=has_before[item.source])
    for workflow in report.workflows:
        yield from _of_workflow(workflow, has_before=has_before[workflow.source])
    for skipped in report.skipped:
        if skipped.resource.affects_total:
            resource = skipped.resource
            yield (
                skipped.source,
                "",
                "",
                "",
                resource.address,
                "",
                resource.type,
                "",
                "",
                *_NOT_KNOWN,
                *_NOT_KNOWN,
                "unknown",
            )


def _of_endpoint(item: EndpointReport, *, has_before: bool) -> Iterator[_CsvRow]:
    """A row for each line of either side; one without an amount where the variants are not known."""
    endpoint = item.endpoint
    head = (item.source, endpoint.account or "", _known(endpoint.region), _known(item.environment), _name(endpoint))
    tags = _tags(endpoint.tags)
    past = item.cost if item.unchanged else item.previous_cost
    before, after = _lines(past), _lines(item.cost)
    for key in dict.fromkeys((*after, *before)):
        variant, kind, usage_type, _ = key
        sides = (
            _amounts(before.get(key), there=has_before),
            _amounts(after.get(key), there=True),
        )
        state = max((_state(side.get(key)) for side in (before, after)), key=_STATES.index)
        yield (*head, variant, kind, usage_type, tags, *sides[0], *sides[1], state)
    if isinstance(endpoint.variants, Unknown):
        yield (*head, "", "", "", tags, *_NOT_KNOWN, *_NOT_KNOWN, "unknown")


def _of_workflow(item: WorkflowReport, *, has_before: bool) -> Iterator[_CsvRow]:
    """A row for each transform job, called by what starts it and by its label; the past is told of the whole alone."""
    workflow = item.workflow
    tags = _tags(workflow.tags)
    head = (item.source, "", _known(workflow.region), _known(item.environment), workflow.address)
    before = _NOTHING if has_before and item.before is None else _NOT_KNOWN
    for part in item.cost.children if item.cost else ():
        for line in part.lines:
            kind, usage_type = line.kind, line.usage_type or ""
            yield (*head, part.label, kind, usage_type, tags, *before, *_amounts(line, there=True), _state(line))
    if item.before is not None:
        yield (*head, "", "transform", "", tags, *_bounds(item.before), *_NOTHING, "known")


def _lines(bill: Bill | None) -> dict[_LineKey, CostComponent]:
    """The lines of a bill by variant, kind and usage type, and by their place where two share those."""
    found: dict[_LineKey, CostComponent] = {}
    parts = [("", bill), *((child.label, child) for child in bill.children)] if bill else []
    for label, part in parts:
        for line in part.lines:
            usage_type = "" if line.redacted else line.usage_type or ""
            place = 0
            while (key := (label, line.kind, usage_type, place)) in found:
                place += 1
            found[key] = line
    return found


def _amounts(line: CostComponent | None, *, there: bool) -> tuple[str, ...]:
    """Floor, expected and ceiling: 0 for a line that is not on a side that is known, empty for what is not known."""
    if line is None:
        return _NOTHING if there else _NOT_KNOWN
    return _NOT_KNOWN if line.monthly is None else _bounds(line.monthly)


def _bounds(amount: Monthly | MonthlyQuantity) -> tuple[str, ...]:
    bounds: tuple[Decimal | Unknown, ...] = (amount.floor, amount.expected, amount.ceiling)
    return tuple("" if isinstance(bound, Unknown) else plain(bound) for bound in bounds)


def _state(line: CostComponent | None) -> LineState:
    if line is None:
        return "known"
    if line.monthly is None:
        return "usage" if line.depends_on_usage else "unknown"
    if isinstance(line.monthly.expected, Unknown):
        return "unknown"
    return "at least" if line.reason else "known"


def _name(endpoint: Endpoint) -> str:
    """Its name where it is known, else its address."""
    return endpoint.name if isinstance(endpoint.name, str) else endpoint.address


def _tags(tags: Mapping[str, str | Unknown] | Unknown) -> str:
    """``Owner=search;Team=ml``, by key; empty where they are not known."""
    known = {} if isinstance(tags, Unknown) else tags
    return ";".join(f"{key}={_known(known[key])}" for key in sorted(known))


def _known(value: str | Unknown) -> str:
    return "" if isinstance(value, Unknown) else value


def _cell(text: str) -> str:
    """Text that nothing acts on. Amounts never begin with a sign: no line of a bill is below zero."""
    shown = inert(text, LONGEST_CELL)
    return f"'{shown}" if text.startswith(_FORMULA) else shown
