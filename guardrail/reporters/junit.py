"""JUnit XML: a suite for each input, a case for each policy and what it was held against.

A failure is a finding of this change, whatever its severity (``type``) and whatever ``--fail-on`` makes of it; what is
accepted, undecided or was there before is skipped, and passes are cases like any other.
"""

from collections import Counter
from collections.abc import Iterable

from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.overview import counts, price_dates, remediation, told
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import inert, lines_of_code

LONGEST_MESSAGE = 1_000

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_THE_STACK = "all inputs"


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one XML document."""
    places = FindingPlaces(report, options)
    suites: dict[str, list[Result]] = {source.id: [] for source in report.sources}
    for result in report.results:
        suites.setdefault(result.source, []).append(result)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="guardrail" {_totals(report.results, report)}>',
    ]
    for name, results in suites.items():
        lines.append(f'<testsuite name="{_text(name or _THE_STACK)}" {_totals(results, report)}>')
        lines += _properties(report)
        lines += _cases(results, report, places)
        lines.append("</testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _properties(report: Report) -> list[str]:
    """The day of the report and the dates of its prices."""
    known = {"today": report.today, "prices": price_dates(report)}
    found = [f'<property name="{name}" value="{_text(value)}"/>' for name, value in known.items() if value]
    return ["<properties>", *found, "</properties>"]


def _totals(results: Iterable[Result], report: Report) -> str:
    kinds = Counter(_kind(result, report) for result in results)
    tests, failures, skipped = kinds.total(), kinds["failure"], kinds["skipped"]
    return f'tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'


def _kind(result: Result, report: Report) -> str:
    if result.verdict == "pass":
        return "pass"
    return "failure" if result.verdict == "fail" and counts(result, report) else "skipped"


def _cases(results: Iterable[Result], report: Report, places: FindingPlaces) -> list[str]:
    """A case for each result; a second one on the same block is told apart by its variant."""
    cases: list[str] = []
    names: set[tuple[str, str]] = set()
    for result in results:
        name = result.address
        if (result.policy, name) in names and result.variant:
            name = f"{name} / {result.variant}"
        names.add((result.policy, name))
        place = places.of(result)
        head = (
            f'<testcase classname="{_text(result.policy)}" name="{_text(name)}" '
            f'file="{_text(place.path)}" line="{place.line}"'
        )
        inner = _inner(result, report)
        cases.append(f"{head}>{inner}</testcase>" if inner else f"{head}/>")
    return cases


def _inner(result: Result, report: Report) -> str:
    match _kind(result, report):
        case "failure":
            message = _text(result.message, LONGEST_MESSAGE)
            lines = lines_of_code("\n".join([*told(result, report), "", remediation(result, report)]))
            text = lines.translate(_ESCAPES)
            return f'<failure type="{result.severity}" message="{message}">{text}</failure>'
        case "skipped":
            return f'<skipped message="{_text(_why(result), LONGEST_MESSAGE)}"/>'
    return ""


def _why(result: Result) -> str:
    if result.waiver is not None:
        owner = f" by {result.waiver.owner}" if result.waiver.owner else ""
        return f"accepted until {result.waiver.until}{owner}: {result.waiver.reason}"
    if result.verdict == "open":
        return f"undecided: {result.reason or result.message}"
    return f"from before this change: {result.message}"


def _text(text: str, limit: int = 300) -> str:
    """Text for an element or an attribute; what XML 1.0 has no way to say is a visible escape."""
    return inert(text, limit).translate(_ESCAPES)
