"""Workflow commands: annotations on the lines of a pull request, for a runner that reads them from the log.

GitHub shows ten errors and ten warnings of a step and silently drops the rest, so the dearest are written and one
notice says how many there are beside them.
"""

from collections.abc import Iterable

from guardrail.policy.base import Severity
from guardrail.report import Report
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import Finding
from guardrail.reporters.overview import doubts, sections, told
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import counted, inert

MOST_PER_LEVEL = 10
MOST_DOUBTS = 10
LONGEST_MESSAGE = 1_000

_LEVELS: tuple[Severity, ...] = ("error", "warning")


def render(report: Report, options: Options = DEFAULT) -> str:
    """A command for each annotation, first why the answer cannot be trusted; nothing at all where nothing is wrong."""
    places = FindingPlaces(report, options)
    new = sections(report).new
    shown = [one for level in _LEVELS for one in _of(level, new)[:MOST_PER_LEVEL]]
    commands = [*_untrusted(report, places), *(_command(finding, report, places) for finding in shown)]
    rest = [_rest(level, len(_of(level, new)) - MOST_PER_LEVEL) for level in _LEVELS]
    rest.append(_rest("note", len(_of("note", new))))
    if any(rest):
        text = f"{', '.join(filter(None, rest))}: the report of this run has them all"
        commands.append(f"::notice title=guardrail::{_data(text)}")
    return "".join(f"{command}\n" for command in commands)


def _untrusted(report: Report, places: FindingPlaces) -> list[str]:
    """One annotation of the first input with everything that keeps the answer from being one."""
    found = doubts(report)
    if not found:
        return []
    more = len(found) - MOST_DOUBTS
    lines = [inert(text, LONGEST_MESSAGE) for text in found[:MOST_DOUBTS]]
    lines += [f"and {counted(more, 'more thing')}: the report of this run has them all"] if more > 0 else []
    title = "guardrail: no answer" if report.unread else "guardrail: cannot be trusted (--strict)"
    where = f"file={_property(inert(places.whole.path))},line=1,endLine=1,title={_property(title)}"
    return [f"::error {where}::{_data(chr(10).join(lines))}"]


def _of(level: Severity, found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.dearest.severity == level]


def _rest(level: str, count: int) -> str:
    return counted(count, f"more {level}") if count > 0 else ""


def _command(finding: Finding, report: Report, places: FindingPlaces) -> str:
    result, others = finding.dearest, len(finding.results) - 1
    place = places.of(result)
    text = "\n".join(inert(line, LONGEST_MESSAGE) for line in told(result, report))
    more = f" (and {counted(others, 'more instance')})" if others else ""
    title = f"{result.policy}: {inert(finding.block)}{more}"
    where = f"file={_property(inert(place.path))},line={place.line},endLine={place.line},title={_property(title)}"
    return f"::{result.severity} {where}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
