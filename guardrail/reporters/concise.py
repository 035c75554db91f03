"""A line for each finding, as compilers write them and editors read them: ``path:line:column: error policy: message``.

First what keeps the answer from being one, then what counts against the run; errors that could not be decided follow as
``undecided``.
"""

from collections.abc import Iterator

from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import counts
from guardrail.reporters.overview import doubts
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import inert, no_command

LONGEST_MESSAGE = 1_000


def render(report: Report, options: Options = DEFAULT) -> str:
    """``infra/docs.tf:12:3: error async-scales-to-zero: min_capacity is 1: docs keeps one instance …``; or nothing."""
    return "".join(f"{no_command(line)}\n" for line in _lines(report, FindingPlaces(report, options)))


def _lines(report: Report, places: FindingPlaces) -> Iterator[str]:
    for doubt in doubts(report):
        yield f"{inert(places.whole.path)}:1:1: error guardrail: {inert(doubt, LONGEST_MESSAGE)}"
    for result in report.results:
        if result.verdict == "fail" and counts(result, report):
            yield _line(result, result.severity, result.message, places)
    for result in report.results:
        if result.verdict == "open" and result.severity == "error" and counts(result, report):
            yield _line(result, "undecided", result.reason or result.message, places)


def _line(result: Result, grade: str, text: str, places: FindingPlaces) -> str:
    """Where no line is known the block is named in its place."""
    place = places.of(result)
    where = f"{inert(place.path)}:{place.line}:{place.column}"
    block = "" if place.known or result.endpoint is None else f" ({inert(result.address)})"
    return f"{where}: {grade} {inert(result.policy)}: {inert(text, LONGEST_MESSAGE)}{block}"
