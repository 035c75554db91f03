"""The report as one quiet comment on a pull request, in at most the bytes that GitHub takes.

What changes and the verdict stand in the first line; then a table by endpoint, or by stack where there are several,
and what to mend in two lines each; everything else is folded away. Where room is short, what is folded away goes first,
then findings; of each the dearest are kept, and a line at the end says that something was left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from operator import itemgetter

from msgspec import Struct

from guardrail import __version__
from guardrail.money import ZERO
from guardrail.policy.base import Severity
from guardrail.report import EndpointReport, Report, SkippedReport
from guardrail.reporters import batch
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.bill import named
from guardrail.reporters.findings import LONGEST_NAME, savings
from guardrail.reporters.footnotes import footnotes
from guardrail.reporters.gfm import code, details, link, prose
from guardrail.reporters.markdown.headline import MOST_CAUSES, headline, told_above, verdict
from guardrail.reporters.markdown.mending import (
    LONGEST_MESSAGE,
    MendingList,
    in_html,
    old_line,
    undecided_line,
    waived_line,
)
from guardrail.reporters.markdown.tables import Tables, bill_lines
from guardrail.reporters.overview import doubts, overview, price_dates, says_nothing_to_pay, sections, usage_files
from guardrail.reporters.wording import counted

COMMENT_LIMIT = 65_536
"""Bytes that GitHub takes as the body of a comment."""
MARGIN = 1_536
"""Bytes of it that are left free."""

MOST_ROWS = 20
"""Endpoints in the table that is not folded away."""
MOST_BLOCKS = 5
"""Findings of one stack that have two lines each; of more, or of several stacks, each has one."""
MOST_FINDINGS = 10
"""Findings that are not folded away."""
MOST_REGIONS = 3

_RESERVE = 256
"""Bytes kept for the line that says what was left out."""
_CUT = "_Not everything fits here: `--format json` and `--format html` hold all of it._\n"


def marker(tag: str) -> str:
    """The line by which a comment is found again; Markdown does not show it."""
    return f"<!-- guardrail:comment tag={tag} -->\n"


def render(report: Report, options: Options = DEFAULT) -> str:
    """The body of a comment, its marker first."""
    head = marker(options.tag)
    return head + write(report, options, COMMENT_LIMIT - MARGIN - len(head))


def write(report: Report, options: Options, limit: int) -> str:
    """The report in at most ``limit`` bytes, without the marker."""
    return _written(_Writer(report, options), limit)


def _written(text: "_Writer", limit: int) -> str:
    room = _BytesLeft(limit - _RESERVE)
    head, foot = text.head(), text.foot()
    room.take(head + foot)
    table = room.kept(text.table())
    findings = room.kept(text.findings())
    edits = room.kept(text.mending.edits()) if findings else []
    folded = [_folded(room, *section) for section in text.folded(len(findings))]
    title = ["#### To mend, errors first, then by money\n"] if findings else []
    body = ["\n".join(findings) + "\n"] if text.in_lines else findings
    parts = [head, *table, *title, *body, *edits, *filter(None, folded), *([_CUT] if room.short else []), foot]
    return "\n".join(filter(None, map(str.lstrip, parts)))


class ToMend(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings that say the same, for a list over several reports."""

    severity: Severity
    usd: Decimal = ZERO
    """What mending them would save a month; zero where no money is at stake, or nobody knows how much."""
    text: str


def write_with_mending(report: Report, options: Options, limit: int, most: int) -> tuple[str, list[ToMend], int]:
    """What `write` does, and beside it the ``most`` worst and dearest errors and warnings, and how many more count."""
    text = _Writer(report, options)
    mending = text.mending
    first = [
        ToMend(
            severity=group[0].dearest.severity,
            usd=found.usd if (found := savings(group)) else ZERO,
            text=mending.brief(group),
        )
        for group in mending.groups[:most]
    ]
    return _written(text, limit), first, len(mending.groups) - len(first)


class _BytesLeft:
    """Bytes that are left."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self.short = False
        """Whether something had to be left out."""

    def take(self, text: str) -> bool:
        """Take the room that ``text`` and a line break need, where there is that much."""
        size = len(text.encode("utf-8", "backslashreplace")) + 1
        if size > self._left:
            self.short = True
            return False
        self._left -= size
        return True

    def kept(self, texts: Iterable[str]) -> list[str]:
        """The first of ``texts``, as many as fit."""
        kept: list[str] = []
        for text in texts:
            if not self.take(text):
                break
            kept.append(text)
        return kept


def _folded(room: _BytesLeft, summary: str, lines: Sequence[str]) -> str:
    """A section with as many of its lines as fit; nothing where not one does, or there are none."""
    if not lines or not room.take(details(summary, "")):
        return ""
    kept = room.kept(lines)
    return details(summary, "\n".join(kept)) if kept else ""


class _Writer:
    """The parts of one report."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report, self._options = report, options
        self._told = overview(report)
        self._sections = sections(report)
        self._tables = Tables(report, self._told)
        self.mending = MendingList(report, options, self._told, self._sections.new, self._tables.stack_names)
        self._has_stacks = len(report.sources) > 1
        self.in_lines = self._has_stacks or len(self.mending.groups) > MOST_BLOCKS
        """Whether what is to mend has a line each."""

    def head(self) -> str:
        """What changes, the verdict and what is not known."""
        failing = {finding.dearest.source for group in self.mending.groups for finding in group}
        stacks = f"In {len(failing)} of {len(self._report.sources)} stacks." if self._has_stacks and failing else ""
        return "\n".join(
            [headline(self._report, self._told), "\n\n".join(verdict(self._report, self._told, stacks)), ""]
        )

    def foot(self) -> str:
        """What the numbers rest on."""
        report, links = self._report, self._options.links
        regions = sorted(report.prices)
        dates = price_dates(report)
        facts = [prose(f"list {dates}")] if dates else []
        facts += map(code, regions) if len(regions) <= MOST_REGIONS else [f"{len(regions)} regions"]
        facts += ["730 h a month, on demand"] if report.endpoints else []
        usage = [*map(code, usage_files(report))]
        facts += (
            [f"usage from {', '.join([*usage[:MOST_REGIONS], *_more(len(usage) - MOST_REGIONS)])}"] if usage else []
        )
        if report.totals.after.depends_on_usage:
            facts += ["requests and data without usage are in no number"]
        facts += ["amounts are expected, rounded"] if report.endpoints else []
        facts += [link("full report", links.run)] if links is not None and links.run else []
        return f"<sub>{' · '.join([*facts, f'guardrail {__version__}'])}</sub>\n"

    def _rows(self) -> tuple[Sequence[EndpointReport], Sequence[EndpointReport]]:
        """The endpoints of the table, and those for which it has no room."""
        return self._told.rows[:MOST_ROWS], self._told.rows[MOST_ROWS:]

    def table(self) -> Iterator[str]:
        """The bill, by endpoint or by stack."""
        if self._has_stacks and self._report.endpoints:
            yield self._tables.of_stacks()
        elif self._report.endpoints and not says_nothing_to_pay(self._report):
            yield self._tables.of_endpoints(*self._rows())
        yield from filter(None, [self._tables.of_batch(), self._tables.of_groups(), self._tables.of_billed()])
        if self._report.alternatives is not None:
            from guardrail.reporters.instead import in_one_line  # for those who ask for alternatives

            yield f"{prose(in_one_line(self._report), LONGEST_MESSAGE)}\n"

    def findings(self) -> Iterator[str]:
        """What is to mend, the worst and dearest first."""
        write = self.mending.line if self.in_lines else self.mending.block
        return map(write, self.mending.groups[:MOST_FINDINGS])

    # What is folded away ---------------------------------------------------------------------------------------------

    def folded(self, spelled: int) -> Iterator[tuple[str, list[str]]]:
        """Titles and lines of the rest, what matters most first."""
        mending = self.mending
        more = [mending.line(group) for group in mending.groups[spelled:]]
        yield counted(len(more), "more finding"), more
        if self._has_stacks:
            yield from self._stacks()
        else:
            yield from self._others()
        why = "Why, other ways out, lines to paste and a waiver"
        yield why, list(mending.why(mending.groups[: min(spelled, MOST_FINDINGS)]))
        yield "Undecided", list(map(undecided_line, self._sections.undecided))
        lines = bill_lines(self._told)
        yield f"Every line of the bill that changes ({len(lines):,})", lines
        yield f"📝 {counted(len(mending.notes), 'note')}", list(map(mending.note, mending.notes))
        yield "Findings from before this change", list(map(old_line, self._sections.existing))
        yield "Accepted", list(filter(None, map(waived_line, self._sections.waived)))
        yield "Skipped", list(_skipped(self._report.skipped))
        yield "What the numbers rest on", list(self._notes())

    def _others(self) -> Iterator[tuple[str, list[str]]]:
        rows = [self._tables.endpoint(item) for item in self._rows()[1]]
        head = self._tables.head("endpoint")
        yield f"{len(rows):,} more endpoints", [row if at else f"{head}\n{row}" for at, row in enumerate(rows)]

    def _stacks(self) -> Iterator[tuple[str, list[str]]]:
        """What changes in each stack."""
        head = self._tables.head("endpoint")
        for source in self._tables.stacks():
            rows = [*map(self._tables.endpoint, self._tables.rows_of(source)), *self._tables.possibilities(source)]
            if rows:
                title = f"{self._tables.sign_of(source)}{in_html(self._tables.stack_names[source])}"
                change = self._tables.change_of(source) if source in self._report.subtotals else ""
                lines = [row if at else f"{head}\n{row}" for at, row in enumerate(rows)]
                yield f"{title}{f': {change}' if change else ''}", lines

    def _notes(self) -> Iterator[str]:
        """Notices, what is not deployed, and what the numbers rest on as far as it is not told above."""
        report = self._report
        for item in report.unattached:
            yield f"- {code(named(item.endpoint), LONGEST_NAME)} is not deployed, and in no number"
        notes = [*batch.notes(report), *(note for note in footnotes(report) if not told_above(note))]
        more = doubts(report)[MOST_CAUSES:]
        yield from (f"- {prose(note, LONGEST_MESSAGE)}" for note in (*more, *report.notices, *notes))


def _more(count: int) -> list[str]:
    return [f"{count:,} more"] if count > 0 else []


def _skipped(skipped: Iterable[SkippedReport]) -> Iterator[str]:
    """Each reason once, with the first address and how many more there are."""
    groups: dict[str, list[str]] = {}
    for item in skipped:
        groups.setdefault(item.resource.reason, []).append(item.resource.address)
    for reason, addresses in sorted(groups.items(), key=itemgetter(0)):
        more = f" and {len(addresses) - 1:,} more" if len(addresses) > 1 else ""
        yield f"- {code(addresses[0])}{more}: {prose(reason)}"
