"""The report for people: what it costs, what is wrong, what to change, in that order.

Made for 80 columns and a log without colour. A wider terminal shows longer names; on a narrow one names are cut in the
middle, and numbers never. Whatever comes from the plan is inert (`guardrail.reporters.wording.inert`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from guardrail.policy.base import Result
from guardrail.report import Report, SkippedReport
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.findings import Finding, endpoint_names, findings
from guardrail.reporters.footnotes import footnotes
from guardrail.reporters.grid import grid
from guardrail.reporters.overview import remediation, stake
from guardrail.reporters.page import GLYPHS, Line, Page
from guardrail.reporters.wording import counted, indexes, inert, without_indexes

MOST_EXISTING = 10
MOST_INSTANCES = 6
MOST_REGIONS = 3
MOST_REMEDIATION = 4000
"""Characters of a remediation; those of bundled policies are far below."""

_Section: TypeAlias = Callable[[Report, Page], Iterable[Line]]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as text that ends with a newline."""
    page = Page(options)
    if _has_nothing(report):
        return page.write([_nothing(report, page), *_notes(report, page)])
    sections: tuple[_Section, ...] = (_header, grid, _new, _open, _existing, _waived, _skipped, _notes)
    lines: list[Line] = []
    for section in sections:
        found = list(section(report, page))
        lines += [*found, Line()] if found else []
    return page.write([*lines, *_last(report, page)])


def _has_nothing(report: Report) -> bool:
    return not (report.endpoints or report.unattached or report.skipped or report.exit_code) and not any(
        result.verdict in ("fail", "open") for result in report.results
    )


def _nothing(report: Report, page: Page) -> Line:
    paths = ", ".join(inert(source.path) for source in report.sources)
    return page.fitted("guardrail check ", paths, f": no SageMaker inference, nothing to pay · exit {report.exit_code}")


# What was read, and with which prices --------------------------------------------------------------------------------


def _title(report: Report) -> str:
    return f"guardrail check {' '.join(inert(source.path) for source in report.sources)}"


def _header(report: Report, page: Page) -> Iterator[Line]:
    title, facts = page.text(_title(report)), page.text(" · ".join(_facts(report)))
    if len(title) + len(facts) + 5 <= page.width:
        yield Line(f"{title}     {facts}")
    else:
        yield from [page.fitted("", title)] if len(report.sources) == 1 else page.wrapped(title, hanging=2)
        yield from page.wrapped(facts, indent=" ")
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
    dates = [date for used in report.prices.values() for date in (used.oldest, used.newest) if date]
    if dates:
        oldest, newest = min(dates)[:7], max(dates)[:7]
        yield f"prices {oldest}" if oldest == newest else f"prices {oldest} to {newest}"
    yield "730 h"
    yield "on-demand"


def _other_origins(report: Report) -> list[str]:
    return sorted({used.origin for used in report.prices.values()} - {"bundled"})


# Findings ------------------------------------------------------------------------------------------------------------


def _new(report: Report, page: Page) -> Iterator[Line]:
    """What the change brings, or, with --all, everything that is wrong; the fix of a policy is spelled out once."""
    failures = (result for result in report.results if result.verdict == "fail")
    fresh = (result for result in failures if result.status == "new" or report.all_findings)
    fixed: set[str] = set()
    for position, finding in enumerate(findings(fresh, endpoint_names(report))):
        if position:
            yield Line()
        yield from _finding(finding, page)
        fix = remediation(finding.dearest, report)
        if fix and fix in fixed:
            yield from page.wrapped("fix: as above", indent="   ")
        elif fix:
            fixed.add(fix)
            yield from _fix(fix, page)


def _finding(finding: Finding, page: Page) -> Iterator[Line]:
    result = finding.dearest
    head = f" {GLYPHS[result.severity]} {inert(result.policy)}   "
    count = f"  ({counted(len(finding.results), 'instance')})" if len(finding.results) > 1 else ""
    yield page.fitted(head, inert(finding.block), count, colour=result.severity)
    yield from page.wrapped(_sentence(inert(result.message, page.longest)), indent="   ")
    if count:
        yield from page.wrapped(f"each of {_instances(finding)}", indent="   ")
    if result.location is not None:
        made_by = f", made by {inert(result.construct_path)}" if result.construct_path is not None else ""
        yield from page.wrapped(f"at {inert(result.location.path)}:{result.location.line}{made_by}", indent="   ")


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _instances(finding: Finding) -> str:
    """The indexes that tell the instances apart."""
    keys = list(dict.fromkeys(inert(indexes(result.address) or result.address, 60) for result in finding.results))
    more = len(keys) - MOST_INSTANCES
    return ", ".join(keys[:MOST_INSTANCES]) + (f" and {more:,} more" if more > 0 else "")


def _fix(remediation: str, page: Page) -> Iterator[Line]:
    """The lines to change. Code keeps its own lines, whatever the width, so that it can be pasted."""
    lines = remediation[:MOST_REMEDIATION].splitlines()
    if len(lines) == 1:
        yield from page.wrapped(inert(lines[0], page.longest), indent="   fix: ", hanging=8)
        return
    yield Line("   fix:")
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        yield Line(f"     {' ' * indent}{inert(line.strip(), page.longest)}")


def _open(report: Report, page: Page) -> Iterator[Line]:
    """Errors that could not be decided, once for each block and reason; the rest is counted."""
    undecided = [result for result in report.results if result.verdict == "open"]
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in undecided:
        if result.severity == "error":
            key = without_indexes(result.address), result.reason or result.message
            groups.setdefault(key, []).append(result)
    for (block, reason), results in groups.items():
        policies = ", ".join(dict.fromkeys(inert(result.policy) for result in results))
        addresses = list(dict.fromkeys(result.address for result in results))
        where = inert(addresses[0]) if len(addresses) == 1 else f"{inert(block)} ({len(addresses):,} instances)"
        line = f"undecided for {where}, {inert(reason, page.longest)}: {policies}"
        yield from page.wrapped(line, indent=" ? ", hanging=3, colour="open")
    others = len(undecided) - sum(map(len, groups.values()))
    if others:
        yield from page.wrapped(f"{counted(others, 'warning or note', 'warnings or notes')} undecided", indent=" ? ")


def _existing(report: Report, page: Page) -> Iterator[Line]:
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
        head = f"   {GLYPHS[result.severity]} {inert(result.policy)}{count}  "
        yield page.fitted(head, inert(finding.block), money and f"  {money}", colour="quiet")
    if len(old) > MOST_EXISTING:
        yield Line(page.text(f"   and {len(old) - MOST_EXISTING:,} more; --format json lists them all"), "quiet")


def _waived(report: Report, page: Page) -> Iterator[Line]:
    for result in report.results:
        if result.verdict == "waived" and result.waiver is not None:
            waiver = result.waiver
            owner = f" by {inert(waiver.owner)}" if waiver.owner else ""
            accepted = f"until {inert(waiver.until)}{owner}: {inert(waiver.reason)}"
            line = f"waived: {inert(result.policy)} for {inert(result.address)}, {accepted}"
            yield from page.wrapped(line, indent=" ", hanging=9, colour="quiet")


# Coverage and caveats ------------------------------------------------------------------------------------------------


def _skipped(report: Report, page: Page) -> Iterator[Line]:
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


def _notes(report: Report, page: Page) -> Iterator[Line]:
    for note in (*report.notices, *footnotes(report)):
        yield from page.wrapped(inert(note, page.longest), indent=" ", hanging=3, colour="quiet")
    if report.strict and report.distrust:
        doubts = counted(len(report.distrust), "thing above is", "things above are")
        line = f"--strict: this answer cannot be trusted, {doubts} unknown, unpriced or undecided"
        yield from page.wrapped(line, indent=" ", hanging=3, colour="error")


def _last(report: Report, page: Page) -> Iterator[Line]:
    coverage = report.coverage
    seen = (
        f"{counted(coverage.seen, 'resource')} seen, {coverage.modelled:,} modelled, "
        f"{coverage.partial:,} partly unknown, {coverage.skipped:,} skipped"
    )
    parts = [", ".join(_counts(report)), seen, f"exit {report.exit_code}"]
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
