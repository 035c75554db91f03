"""JUnit XML: a suite for each input, a case for each policy and what it was held against.

A failure is a finding of this change, whatever its severity (``type``) and whatever ``--fail-on`` makes of it; what is
accepted, undecided or was there before is skipped, and passes are cases like any other. What keeps the answer from
being one is an error of a suite of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import counts, endpoint_names
from guardrail.reporters.overview import doubts, overview, price_dates, remediation, told
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import inert, lines_of_code

LONGEST_MESSAGE = 1_000
LONGEST_REASONS = 5_000
"""Of a verdict, all together."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_THE_STACK = "all inputs"
_TRUST = "guardrail"
"""Suite and class of the errors that are about the answer and not about what was checked."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one XML document. ``skipped`` stands on suites alone: Jenkins' schema has none on the document."""
    places, names = FindingPlaces(report, options), _names(report)
    suites: dict[str, list[Result]] = {source.id: [] for source in report.sources}
    for result in report.results:
        suites.setdefault(result.source, []).append(result)
    doubted, kinds = doubts(report), Counter(_kind(result, report) for result in report.results)
    totals = f'tests="{kinds.total() + len(doubted)}" failures="{kinds["failure"]}" errors="{len(doubted)}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="guardrail" {totals}>']
    properties = _properties(report)
    for suite, results in suites.items():
        lines.append(f'<testsuite name="{_text(suite or _THE_STACK)}" {_totals(results, report)}>')
        lines += properties
        lines += [_case(result, names[id(result)], report, places) for result in results]
        lines.append("</testsuite>")
    lines += _untrusted(doubted)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _properties(report: Report) -> list[str]:
    """The day of the report, the dates of its prices, and how it is judged."""
    judged = overview(report)
    known = {
        "today": report.today,
        "prices": price_dates(report),
        "state": judged.state,
        "verdict": judged.verdict,
        "because": "; ".join(judged.reasons),
    }
    found = [
        f'<property name="{name}" value="{_text(value, LONGEST_REASONS)}"/>' for name, value in known.items() if value
    ]
    return ["<properties>", *found, "</properties>"]


def _totals(results: Iterable[Result], report: Report) -> str:
    kinds = Counter(_kind(result, report) for result in results)
    return f'tests="{kinds.total()}" failures="{kinds["failure"]}" errors="0" skipped="{kinds["skipped"]}"'


def _kind(result: Result, report: Report) -> str:
    if result.verdict == "pass":
        return "pass"
    return "failure" if result.verdict == "fail" and counts(result, report) else "skipped"


def _case(result: Result, name: str, report: Report, places: FindingPlaces) -> str:
    head = f'<testcase classname="{_text(result.policy)}" name="{name}"'
    inner = _inner(result, report, places)
    return f"{head}>{inner}</testcase>" if inner else f"{head}/>"


def _inner(result: Result, report: Report, places: FindingPlaces) -> str:
    """What became of a case; the place stands in a failure's text, for Jenkins' schema has no attributes for it."""
    match _kind(result, report):
        case "failure":
            message = _text(result.message, LONGEST_MESSAGE)
            place = places.of(result)
            said = [f"{place.path}:{place.line}", *told(result, report), "", remediation(result, report)]
            lines = lines_of_code("\n".join(said))
            text = lines.translate(_ESCAPES)
            return f'<failure type="{result.severity}" message="{message}">{text}</failure>'
        case "skipped":
            return f'<skipped message="{_text(_why(result), LONGEST_MESSAGE)}"/>'
    return ""


def _why(result: Result) -> str:
    if result.waiver is not None:
        return f"accepted {result.waiver.terms}"
    if result.verdict == "open":
        return f"undecided: {result.reason or result.message}"
    return f"from before this change: {result.message}"


def _untrusted(doubted: Sequence[str]) -> list[str]:
    """A suite with an error for each doubt about the answer; nothing where there is none."""
    if not doubted:
        return []
    count = len(doubted)
    return [
        f'<testsuite name="{_TRUST}" tests="{count}" failures="0" errors="{count}" skipped="0">',
        *(
            f'<testcase classname="{_TRUST}" name="the answer can be trusted, {number}">'
            f'<error type="untrusted" message="{_text(text, LONGEST_MESSAGE)}"/></testcase>'
            for number, text in enumerate(doubted, start=1)
        ),
        "</testsuite>",
    ]


# Names ---------------------------------------------------------------------------------------------------------------


def _names(report: Report) -> dict[int, str]:
    """The name of each result's case, by its id: its block, with as much behind it as tells it from all others.

    Jenkins knows a case by class and name, and shows one of two that share them. ``c / chat / main`` is configuration
    c of two endpoints, as variant main of chat has it.
    """
    called = endpoint_names(report)
    parts: tuple[Callable[[Result], str | None], ...] = (  # each after what stands before it has been tried
        lambda result: result.variant,
        lambda result: None if result.endpoint else result.identity,
        lambda result: called.get((result.source, result.endpoint or ""), result.endpoint),
        lambda result: result.endpoint,
        lambda result: result.source,
        lambda result: " ".join(map(str, result.part)),
        lambda _: None,
    )
    names: dict[int, str] = {}
    taken: set[tuple[str, str]] = set()
    pending = {id(result): (result, _text(result.address)) for result in report.results}
    for part in parts:
        shared = Counter((result.policy, name) for result, name in pending.values())
        for key, (result, name) in list(pending.items()):
            if shared[result.policy, name] == 1 and (result.policy, name) not in taken:
                names[key] = name
                taken.add((result.policy, name))
                del pending[key]
            elif text := part(result):
                pending[key] = (result, f"{name} / {_text(text)}")
    return names | {key: f"{name} / {number}" for number, (key, (_, name)) in enumerate(pending.items(), start=2)}


def _text(text: str, limit: int = 300) -> str:
    """Text for an element or an attribute; what XML 1.0 has no way to say is a visible escape."""
    return inert(text, limit).translate(_ESCAPES)
