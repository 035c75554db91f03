"""The report for people: what it costs, what is wrong, what to change, in that order.

Made for 80 columns and a log without colour. A wider terminal shows longer names; on a narrow one names are cut in the
middle, numbers and addresses never. Whatever comes from the plan is inert (`guardrail.reporters.wording.inert`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from guardrail.model import Location
from guardrail.policy.base import Result
from guardrail.report import Report, SkippedReport
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.bill import labels
from guardrail.reporters.findings import Finding, endpoint_names, findings, shape
from guardrail.reporters.footnotes import footnotes, notes
from guardrail.reporters.grid import grid
from guardrail.reporters.overview import fix, price_dates, remediation, says_nothing_to_pay, stake
from guardrail.reporters.page import GLYPHS, Page, TextLine
from guardrail.reporters.wording import counted, display_width, indexes, inert, without_indexes

MOST_EXISTING = 10
MOST_INSTANCES = 6
MOST_REGIONS = 3
MOST_UNDECIDED = 3
"""Policies that are named where they are undecided for one reason."""
MOST_FIX_LINES = 3
"""Lines of a remediation that stand in a report as they are; of more, the fix says what matters."""

Names: TypeAlias = Mapping[tuple[str, str], str]
_Section: TypeAlias = Callable[[Report, Page], Iterable[TextLine]]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as text that ends with a newline."""
    page = Page(options)
    if _has_nothing(report):
        return page.write([_nothing(report, page), *_notes(report, page)])
    sections: tuple[_Section, ...] = (_header, grid, _new, _open, _existing, _waived, _skipped, _notes)
    lines: list[TextLine] = []
    for section in sections:
        found = list(section(report, page))
        lines += [*found, TextLine()] if found else []
    return page.write([*lines, *_last(report, page)])


def _has_nothing(report: Report) -> bool:
    return (
        says_nothing_to_pay(report)
        and not report.exit_code
        and not any(result.verdict in ("fail", "open") for result in report.results)
    )


def _nothing(report: Report, page: Page) -> TextLine:
    paths = ", ".join(inert(source.path) for source in report.sources)
    return page.fitted("guardrail check ", paths, f": no SageMaker inference, nothing to pay · exit {report.exit_code}")


# What was read, and with which prices --------------------------------------------------------------------------------


def _title(report: Report) -> str:
    return f"guardrail check {' '.join(inert(source.id) for source in report.sources)}"


def _header(report: Report, page: Page) -> Iterator[TextLine]:
    title, facts = page.text(_title(report)), page.text(" · ".join(_facts(report)))
    if len(title) + len(facts) + 5 <= page.width:
        yield TextLine(f"{title}     {facts}")
    else:
        yield from [page.fitted("", title)] if len(report.sources) == 1 else page.wrapped(title, hanging=2)
        yield from page.joined(_facts(report))
    used = [f"settings {inert(report.settings_file)}"] if report.settings_file else []
    used += [f"usage {inert(report.usage_file)}"] if report.usage_file else []
    used += [f"baseline {inert(report.baseline_file)}"] if report.baseline_file else []
    used += [f"prices from {inert(origin)}" for origin in _other_origins(report)]
    if used:
        yield from page.wrapped(" · ".join(used), indent=" ")


def _facts(report: Report) -> Iterator[str]:
    regions = sorted(report.prices)
    if regions:
        yield ", ".join(map(inert, regions)) if len(regions) <= MOST_REGIONS else f"{len(regions)} regions"
    yield from filter(None, [price_dates(report)])
    yield "730 h"
    yield "on-demand"


def _other_origins(report: Report) -> list[str]:
    return sorted({used.origin for used in report.prices.values()} - {"bundled"})


# Findings ------------------------------------------------------------------------------------------------------------


def _new(report: Report, page: Page) -> Iterator[TextLine]:
    """What the change brings, or, with --all, everything that is wrong: errors and warnings, then notes."""
    failures = (result for result in report.results if result.verdict == "fail")
    fresh = (result for result in failures if result.status == "new" or report.all_findings)
    names, called = endpoint_names(report), labels(report)
    found = findings(fresh, names)
    longer: dict[str, None] = {}
    for position, group in enumerate(_with_notes_together(found, names)):
        if position:
            yield TextLine()
        yield from _finding(group, called, page)
        result = group[0].dearest
        lines = remediation(result, report)
        yield from _fix(fix(result, report) or _short(lines), result.help_uri, page)
        if len(lines.splitlines()) > MOST_FIX_LINES and result.severity != "note":
            longer[result.policy] = None
    if longer:
        yield TextLine()
        yield TextLine(
            f" lines: guardrail policies explain {next(iter(longer)) if len(longer) == 1 else 'ID'}", "quiet"
        )


def _with_notes_together(found: Iterable[Finding], names: Names) -> list[list[Finding]]:
    """Each finding on its own, but notes that say the same together, whatever their blocks."""
    groups: dict[object, list[Finding]] = {}
    for position, finding in enumerate(found):
        result = finding.dearest
        key = (result.policy, shape(result, names)) if result.severity == "note" else position
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _finding(group: Sequence[Finding], names: Names, page: Page) -> Iterator[TextLine]:
    """The policy and the block, what is wrong, of which others too, and where it stands."""
    finding, result = group[0], group[0].dearest
    more = f"  and {counted(len(group) - 1, 'more block')}" if len(group) > 1 else _count(finding)
    head = f" {GLYPHS[result.severity]} {inert(result.policy)}"
    yield from page.headed(head, inert(finding.block), more, colour=result.severity)
    yield from page.wrapped(_sentence(inert(result.message, page.longest)), indent="   ")
    if len(group) > 1:
        others = [_name(one, names) for each in group for one in each.results][1:]
        yield from page.wrapped(f"the same for {_some(others)}", indent="   ")
    elif len(finding.results) > 1:
        yield from page.wrapped(_others(finding, names), indent="   ")
    if result.location is not None:
        yield from page.wrapped(_whereabouts(result.location), indent="   ")


def _whereabouts(location: Location) -> str:
    """The line to change, and the module calls that lead to it."""
    text = f"at {inert(location.path)}:{location.line}"
    call = location.called_at
    while call is not None:
        text += f", called at {inert(call.path)}:{call.line}"
        call = call.called_at
    return text


def _count(finding: Finding) -> str:
    """``  (3 endpoints)`` that share a block, or its instances; nothing where it is about one."""
    if finding.is_one_block:
        count, noun = len({(result.source, result.endpoint) for result in finding.results}), "endpoint"
    else:
        count, noun = len({result.address for result in finding.results}), "instance"
    return f"  ({counted(count, noun)})" if count > 1 else ""


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _others(finding: Finding, names: Names) -> str:
    """The endpoints that share the block with the one of the sentence, or the indexes that tell instances apart."""
    if finding.is_one_block:
        return f"the same for {_some([_name(result, names) for result in finding.results[1:]])}"
    return f"each of {_some([indexes(result.address) or result.address for result in finding.results])}"


def _name(result: Result, names: Names) -> str:
    endpoint = result.endpoint or result.address
    return names.get((result.source, endpoint), endpoint)


def _some(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(inert(name, 60) for name in names))
    more = len(distinct) - MOST_INSTANCES
    return ", ".join(distinct[:MOST_INSTANCES]) + (f" and {more:,} more" if more > 0 else "")


def _short(remediation: str) -> list[str]:
    """The lines of a policy that says no shorter fix, where they are few."""
    lines = remediation.splitlines()
    return lines if len(lines) <= MOST_FIX_LINES else []


def _fix(lines: Sequence[str], uri: str, page: Page) -> Iterator[TextLine]:
    """What to change, with the documentation beside it where there is room."""
    for position, line in enumerate(lines):
        text = inert(line, page.longest)
        indent = "   fix: " if position == 0 else "        "
        if len(lines) == 1 and len(indent) + display_width(text) + 2 + len(uri) <= page.width:
            yield TextLine(f"{indent}{text}  {inert(uri)}")
        else:
            yield from page.wrapped(text, indent=indent, hanging=8)


def _open(report: Report, page: Page) -> Iterator[TextLine]:
    """Errors that could not be decided, once for each block and reason; the rest is counted."""
    undecided = [result for result in report.results if result.verdict == "open"]
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in undecided:
        if result.severity == "error":
            key = without_indexes(result.address), result.reason or result.message
            groups.setdefault(key, []).append(result)
    for (block, reason), results in groups.items():
        distinct = list(dict.fromkeys(inert(result.policy) for result in results))
        policies = ", ".join(distinct) if len(distinct) <= MOST_UNDECIDED else f"{len(distinct):,} policies"
        addresses = list(dict.fromkeys(result.address for result in results))
        where = inert(addresses[0]) if len(addresses) == 1 else f"{inert(block)} ({len(addresses):,} instances)"
        line = f"undecided for {where}, {inert(reason, page.longest)}: {policies}"
        yield from page.wrapped(line, indent=" ? ", hanging=3, colour="open")
    others = len(undecided) - sum(map(len, groups.values()))
    if others:
        yield from page.wrapped(f"{counted(others, 'warning or note', 'warnings or notes')} undecided", indent=" ? ")


def _existing(report: Report, page: Page) -> Iterator[TextLine]:
    """What was wrong before the change, and still is, in a line each."""
    if report.all_findings:
        return
    failures = [result for result in report.results if result.verdict == "fail" and result.status == "existing"]
    if not failures:
        return
    head = f"{counted(len(failures), 'finding')} from before this change (--all makes them count):"
    yield from page.wrapped(head, indent=" ")
    old = findings(failures, endpoint_names(report))
    for finding in old[:MOST_EXISTING]:
        result = finding.dearest
        count = f" × {len(finding.results)}" if len(finding.results) > 1 else ""
        money = stake(result)
        head = f"   {GLYPHS[result.severity]} {inert(result.policy)}{count}"
        tail = money and f"  {money}"
        yield from page.headed(head, inert(finding.block), tail, gap=2, hanging=5, colour="quiet")
    if len(old) > MOST_EXISTING:
        yield TextLine(page.text(f"   and {len(old) - MOST_EXISTING:,} more; --format json lists them all"), "quiet")


def _waived(report: Report, page: Page) -> Iterator[TextLine]:
    for result in report.results:
        if result.verdict == "waived" and result.waiver is not None:
            waiver = result.waiver
            owner = f" by {inert(waiver.owner)}" if waiver.owner else ""
            accepted = f"until {inert(waiver.until)}{owner}: {inert(waiver.reason)}"
            line = f"waived: {inert(result.policy)} for {inert(result.address)}, {accepted}"
            yield from page.wrapped(line, indent=" ", hanging=9, colour="quiet")


# Coverage and caveats ------------------------------------------------------------------------------------------------


def _skipped(report: Report, page: Page) -> Iterator[TextLine]:
    """Each reason with how many resources it kept out, or every resource with --show-skipped."""
    groups: dict[str, list[SkippedReport]] = {}
    for item in report.skipped:
        groups.setdefault(item.resource.reason, []).append(item)
    for reason, items in groups.items():
        listed = items if page.options.show_skipped else items[:1]
        for item in listed:
            more = len(items) - len(listed)
            others = f" and {more:,} more" if more else ""
            line = f"skipped: {inert(item.resource.address)}{others}: {inert(reason)}"
            yield from page.wrapped(line, indent=" ", hanging=10)


def _notes(report: Report, page: Page) -> Iterator[TextLine]:
    for note in (*report.notices, *notes(report), *footnotes(report)):
        yield from page.wrapped(inert(note, page.longest), indent=" ", hanging=3, colour="quiet")
    if report.strict and report.distrust:
        doubts = counted(len(report.distrust), "thing above is", "things above are")
        line = f"--strict: this answer cannot be trusted, {doubts} unknown, unpriced or undecided"
        yield from page.wrapped(line, indent=" ", hanging=3, colour="error")


def _last(report: Report, page: Page) -> Iterator[TextLine]:
    coverage = report.coverage
    seen = (
        f"{counted(coverage.seen, 'resource')} seen, {coverage.modelled:,} modelled, "
        f"{coverage.partial:,} partly unknown, {coverage.skipped:,} skipped"
    )
    parts = [", ".join(_counts(report)), f"{seen} · exit {report.exit_code}"]
    yield from page.joined(parts, colour="error" if report.exit_code else "total")


def _counts(report: Report) -> Iterator[str]:
    """Errors and warnings always, the rest where there are any."""
    summary = report.summary
    yield counted(summary.error, "error")
    yield counted(summary.warning, "warning")
    if summary.note:
        yield counted(summary.note, "note")
    if summary.existing:
        yield f"{summary.existing:,} of them from before"
    if summary.open:
        yield f"{summary.open:,} undecided"
    if summary.waived:
        yield f"{summary.waived:,} waived"
