"""The report for people: what it costs or changes, what is wrong, what to do, and last the verdict.

Made for 80 columns and a log without colour. A wider terminal shows longer names; on a narrow one names are cut in the
middle, numbers and addresses never. Whatever comes from the plan is inert (`guardrail.reporters.wording.inert`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from guardrail.model import Location
from guardrail.policy.base import undecided
from guardrail.report import Report, SkippedReport
from guardrail.reporters import billed
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.change_grid import WIDEST, change_grid, subtotals
from guardrail.reporters.findings import Finding, Subjects, counts, endpoint_names, savings, shape
from guardrail.reporters.footnotes import footnotes, notes
from guardrail.reporters.grid import grid
from guardrail.reporters.overview import (
    Overview,
    RunVerdict,
    broken,
    fix,
    fix_command,
    judged,
    other_origins,
    overview,
    price_dates,
    remediation,
    resources_read,
    says_nothing_to_pay,
    sections,
    stake,
    usage_files,
)
from guardrail.reporters.page import GLYPHS, Page, TextLine
from guardrail.reporters.wording import counted, display_width, dollars, inert, of_instances

MOST_EXISTING = 10
MOST_REGIONS = 3
MOST_UNDECIDED = 3
"""Policies that are named where they are undecided for one reason."""
_NEXT = len(" next: ")
MOST_FIX_LINES = 3
"""Lines of a remediation that stand in a report as they are; of more, the fix says what matters."""

Names: TypeAlias = Mapping[tuple[str, str], str]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as text that ends with a newline."""
    page = Page(options)
    if _has_nothing(report):
        return page.write([*_nothing(report, page), *_notes(report, page)])
    told = overview(report)
    is_change = report.totals.delta is not None and not options.bill
    bill = change_grid(report, told, page) if is_change else grid(report, page)
    found = sections(report)
    parts = [
        _header(report, page),
        bill,
        _batch(report, page),
        subtotals(report, page),
        _billed(report, page),
        _instead(report, page),
        _to_mend(found.new, report, page),
        _open(report, page),
        _existing(found.existing, page),
        *(part(report, page) for part in (_waived, _skipped, _notes)),
    ]
    lines: list[TextLine] = []
    for part in map(list, parts):
        lines += [*part, TextLine()] if part else []
    return page.write([*lines, *_verdict(report, told, page, is_change=is_change)])


def _has_nothing(report: Report) -> bool:
    return (
        says_nothing_to_pay(report)
        and not report.exit_code
        and not any(result.verdict in ("fail", "open") for result in report.results)
    )


def _nothing(report: Report, page: Page) -> Iterator[TextLine]:
    """One line, the paths cut; on a narrow page as many as it takes."""
    paths = ", ".join(inert(source.path) for source in report.sources)
    head, tail = "guardrail check ", f": no SageMaker inference, nothing to pay · exit {report.exit_code}"
    line = page.fitted(head, paths, tail)
    if display_width(line.text) <= page.width:
        yield line
    else:
        yield from page.wrapped(f"{head}{paths}{tail}", hanging=2)


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
    used += [f"usage {inert(path)}" for path in usage_files(report)]
    used += [] if report.evidence_file is None else [f"evidence {inert(report.evidence_file)}"]
    used += [f"baseline {inert(report.baseline_file)}"] if report.baseline_file else []
    used += [f"prices from {inert(origin)}" for origin in other_origins(report)]
    if used:
        yield from page.wrapped(" · ".join(used), indent=" ")


def _facts(report: Report) -> Iterator[str]:
    regions = sorted(report.prices)
    if regions:
        yield ", ".join(map(inert, regions)) if len(regions) <= MOST_REGIONS else f"{len(regions)} regions"
    yield from filter(None, [price_dates(report)])
    yield "730 h"
    yield "on-demand"


# Findings ------------------------------------------------------------------------------------------------------------


def _to_mend(found: Iterable[Finding], report: Report, page: Page) -> Iterator[TextLine]:
    """What the change brings, or, with --all, everything that is wrong: errors and warnings, then notes."""
    subjects = Subjects(report)
    groups = _with_notes_together(found, endpoint_names(report))
    if groups:
        yield _between(" to mend, errors first, then by money", "USD a month less", page, "quiet")
    for group in groups:
        yield from _finding(group, subjects, report, page)


def _between(left: str, right: str, page: Page, colour: str) -> TextLine:
    """``left`` with ``right`` at the edge of the page."""
    left, right = page.text(left), page.text(right)
    width = min(page.width, WIDEST)
    left = page.shorten(left, width - display_width(right) - 2)
    gap = width - display_width(left) - display_width(right)
    return TextLine(f"{left}{' ' * gap}{right}" if right else left, colour)


def _with_notes_together(found: Iterable[Finding], names: Names) -> list[list[Finding]]:
    """Each finding on its own, but notes that say the same together, whatever their blocks."""
    groups: dict[object, list[Finding]] = {}
    for position, finding in enumerate(found):
        result = finding.dearest
        key = (result.policy, shape(result, names)) if result.severity == "note" else position
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _finding(group: Sequence[Finding], subjects: Subjects, report: Report, page: Page) -> Iterator[TextLine]:
    """Of whom and what is wrong with the money it costs; how that is worked out, how to mend it, and where."""
    result = group[0].dearest
    head = f"{GLYPHS[result.severity]} {subjects.headline(group)}"
    lines = list(page.wrapped(head, indent=" ", hanging=3, colour=result.severity))
    yield _between(lines[0].text, _less(group), page, result.severity)
    yield from lines[1:]
    why = "; ".join(filter(None, (result.detail, result.working)))
    if why:
        yield from page.wrapped(inert(why, page.longest), indent="     ", hanging=5)
    words = fix(result, report) or _short(remediation(result, report))
    for position, line in enumerate(words):
        text = inert(line, page.longest)
        label, text = ("or", text[3:]) if position and text.startswith("or ") else ("" if position else "fix", text)
        yield from page.wrapped(text, indent=f"     {label:<5}", hanging=10)
    yield from _where(group, page)


def _less(group: Sequence[Finding]) -> str:
    """``−1,345``, ``−105 at most``, of all that say the same together; empty where no money is at stake."""
    found = savings(group)
    return f"{dollars(-found.usd)}{' at most' if found.at_most else ''}" if found else ""


def _where(group: Sequence[Finding], page: Page) -> Iterator[TextLine]:
    """The line to change, else the block, with the policy behind it where there is room."""
    finding, result = group[0], group[0].dearest
    policy = inert(result.policy)
    if result.location is not None:
        label, place = "at", _whereabouts(result.location)
    elif result.endpoint is not None:
        label, place = "in", f"{inert(finding.block)}{_instances(finding)}"
    else:
        label, place = "by", ""
    whole = page.text(f"     {label}   {place}{'  ' if place else ''}{policy}")
    if display_width(whole) <= page.width:
        yield TextLine(whole)
        return
    yield from page.wrapped(place, indent=f"     {label}   ", hanging=10)
    yield from page.wrapped(policy, indent=" " * 10)


def _instances(finding: Finding) -> str:
    """``  (3 instances)`` of the block; nothing where it is about one."""
    count = len({result.address for result in finding.results})
    return f"  ({counted(count, 'instance')})" if count > 1 else ""


def _whereabouts(location: Location) -> str:
    """The line to change, the argument that its value is used in, and the module calls that lead to it."""
    text = f"{inert(location.path)}:{location.line}"
    call = location.called_at
    if location.used_at is not None:
        text += f", used at {inert(location.used_at.path)}:{location.used_at.line}"
        call = location.used_at.called_at
    while call is not None:
        text += f", called at {inert(call.path)}:{call.line}"
        call = call.called_at
    return text


def _short(remediation: str) -> list[str]:
    """The lines of a policy that says no shorter fix, where they are few."""
    lines = remediation.splitlines()
    return lines if len(lines) <= MOST_FIX_LINES else []


def _open(report: Report, page: Page) -> Iterator[TextLine]:
    """Errors that could not be decided, once for each block and reason; the rest is counted."""
    for each in undecided(result for result in report.results if result.severity == "error"):
        several = len(each.policies) > MOST_UNDECIDED
        policies = f"{len(each.policies):,} policies" if several else ", ".join(map(inert, each.policies))
        where = f"{inert(each.block)}{of_instances(len(each.addresses))}"
        line = f"undecided for {where}, {inert(each.reason, page.longest)}: {policies}"
        yield from page.wrapped(line, indent=" ? ", hanging=3, colour="open")
    others = sum(result.verdict == "open" and result.severity != "error" for result in report.results)
    if others:
        yield from page.wrapped(f"{counted(others, 'warning or note', 'warnings or notes')} undecided", indent=" ? ")


def _existing(old: Sequence[Finding], page: Page) -> Iterator[TextLine]:
    """What was wrong before the change, and still is, in a line each."""
    if not old:
        return
    results = sum(len(finding.results) for finding in old)
    head = f"{counted(results, 'finding')} from before this change (--all makes them count):"
    yield from page.wrapped(head, indent=" ")
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
            terms = inert(result.waiver.terms, page.longest)
            line = f"waived: {inert(result.policy)} for {inert(result.address)}, {terms}"
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


def _batch(report: Report, page: Page) -> Iterator[TextLine]:
    """Transform jobs: what starts them, their size, the price of an hour, and what a month comes to."""
    if not report.workflows:
        return
    from guardrail.reporters import batch  # for the few that run batch transform

    cells = [batch.HEAD, *((row.name, row.size, row.hour, row.runs, *row.amounts) for row in batch.rows(report))]
    widths = [max(display_width(page.text(row[place])) for row in cells) for place in range(len(batch.HEAD))]
    gap = "  "
    is_wide = sum(widths) + len(gap) * len(widths) <= page.width
    for position, row in enumerate(cells):
        texts = [page.text(cell) for cell in row]
        colour = "quiet" if position == 0 else ""
        if is_wide:
            left = [
                text + " " * (width - display_width(text)) for text, width in zip(texts[:2], widths[:2], strict=True)
            ]
            right = [text.rjust(width) for text, width in zip(texts[2:], widths[2:], strict=True)]
            yield TextLine(f" {gap.join([*left, *right])}".rstrip(), colour)
            continue
        if position:
            yield from _narrow(texts, page)
    for note in batch.notes(report):
        yield from page.wrapped(note, indent=" ", hanging=3, colour="quiet")


def _narrow(texts: Sequence[str], page: Page) -> Iterator[TextLine]:
    """One transform job on a page that has no room for columns: its amounts below it, if it has any."""
    name, size, hour, runs, *amounts = texts
    facts = [size, hour if hour.startswith("no ") else f"{hour} an hour" if hour else "", runs]
    facts += [amounts[0]] if amounts[0] and not amounts[1] else []
    yield from page.wrapped(f"{name}  {' · '.join(filter(None, facts))}", indent=" ", hanging=7)
    if amounts[1]:
        yield TextLine("".join(amount.rjust(12) for amount in amounts).rjust(min(page.width, 76)))


def _billed(report: Report, page: Page) -> Iterator[TextLine]:
    """What last month billed, beside before and after."""
    rows = list(billed.rows(report))
    if not rows:
        return
    cells = [(billed.title(report), *billed.HEAD), *((row.text, row.before, row.after, row.billed) for row in rows)]
    widths = [max(display_width(page.text(row[place])) for row in cells) for place in range(1, len(cells[0]))]
    room = page.width - sum(widths) - 3 * len(widths) - 2
    first = min(max(display_width(row[0]) for row in cells), max(room, 12))
    for number, (text, *amounts) in enumerate(cells):
        shown = page.shorten(text, first)
        line = f" {shown}{' ' * (first - display_width(shown))}"
        line += "".join(f"   {page.text(cell).rjust(width)}" for cell, width in zip(amounts, widths, strict=True))
        yield TextLine(line, "quiet" if number == 0 else "total" if text == "TOTAL" else "")


def _instead(report: Report, page: Page) -> Iterator[TextLine]:
    """What saves most instead, where somebody asks for alternatives."""
    if report.alternatives is not None:
        from guardrail.reporters.instead import in_one_line  # for those alone

        yield from page.wrapped(in_one_line(report), indent=" ", hanging=3)


def _notes(report: Report, page: Page) -> Iterator[TextLine]:
    for note in (*report.notices, *notes(report), *footnotes(report)):
        yield from page.wrapped(inert(note, page.longest), indent=" ", hanging=3, colour="quiet")
    if report.strict and report.distrust:
        doubts = counted(len(report.distrust), "thing above is", "things above are")
        line = f"--strict: this answer cannot be trusted, {doubts} unknown, unpriced or undecided"
        yield from page.wrapped(line, indent=" ", hanging=3, colour="error")


# The verdict ---------------------------------------------------------------------------------------------------------


_VERDICTS: dict[RunVerdict, tuple[str, str]] = {
    "passes": ("✓ PASSES", "total"),
    "fails": ("✗ FAILS", "error"),
    "untrusted": ("? CANNOT BE TRUSTED", "open"),
    "tolerated": ("✓ FAILS ON NOTHING", "total"),
}
_NOTHING_KNOWN = ("? NOTHING FAILS", "open")


def _verdict(report: Report, told: Overview, page: Page, *, is_change: bool) -> Iterator[TextLine]:
    """What it comes to, why, and what to do next."""
    words, colour = _NOTHING_KNOWN if told.is_no_pass else _VERDICTS[told.verdict]
    first = told.headline
    span, fixed = f" ({first.span})" if first.span else "", f", {first.fixed}" if first.fixed else ""
    yield from page.wrapped(f"{words}  {first.figure}{span}{fixed}", indent=" ", hanging=3, colour=colour)
    for budget in told.budgets:
        if budget.state == "broken":
            yield from page.wrapped(broken(budget), indent="   ", colour="error")
    for text in report.unread:
        yield from page.wrapped(f"not read: {inert(text, page.longest)}", indent="   ", hanging=5, colour="error")
    held = [judged(budget) for budget in told.budgets if budget.state != "broken"]
    if held:
        yield from page.wrapped(f"budgets: {'; '.join(held)}", indent="   ", hanging=5)
    partial = report.coverage.partial
    read = f"{resources_read(report)}, {partial:,} of them not wholly known" if partial else resources_read(report)
    yield from page.joined([str(told.counts), read, f"exit {report.exit_code} (fail on {report.fail_on})"])
    steps = list(_next(report, page, is_change=is_change))
    if steps:
        yield from page.joined([f"next: {steps[0]}", *steps[1:]], colour="quiet")


def _next(report: Report, page: Page, *, is_change: bool) -> Iterator[str]:
    """Commands that lead on from here."""
    failing = [result for result in report.results if result.verdict == "fail" and counts(result, report)]
    if page.options.fixable:
        commands = (fix_command(failing, report, page.options.fixable, most) for most in (1, 0))
        yield from [each for each in commands if each and display_width(each) <= page.width - _NEXT][:1]
    if failing:
        yield f"guardrail policies explain {inert(failing[0].policy)}"
    if is_change and report.endpoints:
        yield "--bill for every line"
