"""The report as one quiet comment on a pull request, in at most the bytes that GitHub takes.

What it costs, what changes and the verdict stand in the first line; then a table by endpoint, the findings with the
lines to change, and everything else folded away. Where room is short, what is folded away goes first, then the lines to
change, then findings; of each the dearest are kept, and a line at the end says that something was left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from guardrail import __version__
from guardrail.cost.base import Delta
from guardrail.policy.base import Severity
from guardrail.report import EndpointReport, Report, SkippedReport
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.bill import WITH_DISCOUNTS, amounts, changes_nothing, described, difference, named
from guardrail.reporters.findings import Finding
from guardrail.reporters.footnotes import footnotes
from guardrail.reporters.gfm import code, details, fenced, link, prose
from guardrail.reporters.overview import (
    Sections,
    fix,
    overview,
    price_dates,
    remediation,
    says_nothing_to_pay,
    sections,
    stake,
    weight,
)
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import counted

COMMENT_LIMIT = 65_536
"""Bytes that GitHub takes as the body of a comment."""
MARGIN = 1_536
"""Bytes of it that are left free."""

MOST_ROWS = 20
"""Endpoints in the table that is not folded away."""
MOST_FINDINGS = 10
"""Findings that are spelled out."""
MOST_REGIONS = 3
LONGEST_NAME = 63
"""Characters of a name in a table: the most that SageMaker allows."""
LONGEST_MESSAGE = 1_200

_RESERVE = 256
"""Bytes kept for the line that says what was left out."""
_CUT = "_Not everything fits here: `--format json` and `--format html` hold all of it._\n"
_VERDICTS = {
    "passes": "✅ Passes",
    "fails": "❌ Fails",
    "untrusted": "❓ Cannot be trusted",
    "tolerated": "⚪ Fails on nothing",
}
_ICONS: dict[Severity, str] = {"error": "❌", "warning": "⚠️", "note": "📝"}
_COLUMNS = "| endpoint | | floor | expected | ceiling | change |\n|:--|:--|--:|--:|--:|--:|"


def marker(tag: str) -> str:
    """The line by which a comment is found again; Markdown does not show it."""
    return f"<!-- guardrail:comment tag={tag} -->\n"


def render(report: Report, options: Options = DEFAULT) -> str:
    """The body of a comment, its marker first."""
    head = marker(options.tag)
    return head + write(report, options, COMMENT_LIMIT - MARGIN - len(head))


def write(report: Report, options: Options, limit: int) -> str:
    """The report in at most ``limit`` bytes, without the marker."""
    text, room = _Writer(report, options), _Room(limit - _RESERVE)
    head, foot = text.head(), text.foot()
    room.take(head + foot)
    rows, others = text.endpoints()
    table = room.kept(text.table(rows, others))
    spelled = room.kept(map(text.finding, text.sections.new[:MOST_FINDINGS]))
    fixes = room.kept(text.fixes(text.sections.new[: len(spelled)]))
    folded = [_folded(room, *section) for section in text.folded(len(spelled), others)]
    findings = [one + fix for one, fix in zip(spelled, [*fixes, *[""] * len(spelled)], strict=False)]
    parts = [head, "\n".join(table), *findings, *filter(None, folded), *([_CUT] if room.short else []), foot]
    return "\n".join(filter(None, parts))


class _Room:
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


def _folded(room: _Room, summary: str, lines: Sequence[str]) -> str:
    """A section with as many of its lines as fit; nothing where not one does, or there are none."""
    if not lines or not room.take(details(summary, "")):
        return ""
    kept = room.kept(lines)
    return details(summary, "\n".join(kept)) if kept else ""


class _Writer:
    """The parts of one report."""

    def __init__(self, report: Report, options: Options) -> None:
        self.report = report
        self.sections: Sections = sections(report)
        self._places = FindingPlaces(report, options)
        self._has_past = {source.id for source in report.sources if source.has_before}

    def head(self) -> str:
        """What it costs, what changes, the verdict."""
        told = overview(self.report)
        verdict = _VERDICTS[told.verdict] + (", by terms it alters" if self.report.own_terms else "")
        counts = "\n\n".join(filter(None, (self._own_terms(), str(told.counts))))
        if says_nothing_to_pay(self.report):
            return f"### {verdict}: no SageMaker inference, nothing to pay\n\n{counts}\n"
        return f"### {verdict}: {', '.join(filter(None, (told.cost, told.change)))}\n\n{counts}\n"

    def _own_terms(self) -> str:
        """What the change itself does to settings, waivers and limits, for a reviewer to see before all else."""
        phrases = [prose(phrase, LONGEST_NAME * 2) for phrase in self.report.own_terms[:MOST_FINDINGS]]
        more = len(self.report.own_terms) - len(phrases)
        phrases += [f"and {more:,} more"] if more else []
        return f"⚠️ **This change alters the terms it is judged by:** {'; '.join(phrases)}" if phrases else ""

    def foot(self) -> str:
        """What the numbers rest on."""
        report, coverage = self.report, self.report.coverage
        regions = sorted(report.prices)
        facts = [f"guardrail {__version__}"]
        facts += map(code, regions) if len(regions) <= MOST_REGIONS else [f"{len(regions)} regions"]
        facts += filter(None, [prose(price_dates(report))])
        facts += ["730 hours a month, on-demand", f"{counted(coverage.seen, 'resource')} seen"]
        facts += [f"{coverage.partial:,} partly unknown"] if coverage.partial else []
        facts += [f"{coverage.skipped:,} skipped"] if coverage.skipped else []
        return f"<sub>{' · '.join(facts)}</sub>\n"

    # Endpoints -------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[list[EndpointReport], list[EndpointReport]]:
        """The endpoints of the table, the dearest that change, and the others that change; both in bill order."""
        changing = [item for item in self.report.endpoints if not item.unchanged or self.report.all_findings]
        if len(changing) <= MOST_ROWS:
            return changing, []
        ranked = sorted(range(len(changing)), key=lambda at: weight(changing[at]), reverse=True)
        top = set(ranked[:MOST_ROWS])
        return [changing[at] for at in sorted(top)], [changing[at] for at in ranked[MOST_ROWS:]]

    def table(self, rows: Sequence[EndpointReport], others: Sequence[EndpointReport]) -> Iterator[str]:
        """The bill by endpoint, as lines."""
        totals = self.report.totals
        if not self.report.endpoints:
            return
        changes = not changes_nothing(self.report)
        usage = "+ usage" if totals.after.depends_on_usage else ""
        change = f"**{_change(totals.delta)}**" if totals.delta and changes else ""
        lines = [_COLUMNS, *map(self.row, rows)]
        if others:
            lines.append(_row(f"{len(others):,} more that cost less", "", "", "", "", ""))
        if totals.unchanged is not None and not self.report.all_findings:
            count = sum(item.unchanged for item in self.report.endpoints)
            lines.append(_row(f"{counted(count, 'endpoint')}, unchanged", "", *amounts(totals.unchanged), "0.00"))
        lines.append(_row("**a month**", usage, *amounts(totals.after), change))
        discounts = self.report.discounts
        if discounts is not None:
            change = _change(discounts.delta) if discounts.delta and changes else ""
            lines.append(_row(WITH_DISCOUNTS, "", *amounts(discounts.after), change))
        if totals.before is not None and changes:
            lines.append(_row("before", "", *amounts(totals.before), ""))
        yield "\n".join(lines) + "\n"

    def row(self, item: EndpointReport) -> str:
        """One endpoint, and where it stands where there are several inputs."""
        has_past = item.source in self._has_past
        change, name = item.delta, code(named(item.endpoint), LONGEST_NAME)
        if len(self.report.sources) > 1:
            name += f" in {code(item.source, LONGEST_NAME)}"
        after = item.cost.monthly if item.cost else None
        usage = " · + usage" if after and after.depends_on_usage else ""
        return _row(
            name,
            described(item, has_past=has_past) + usage,
            *(amounts(after) if after else ("", "", "")),
            _change(change) if change else "",
        )

    # Findings --------------------------------------------------------------------------------------------------------

    def finding(self, finding: Finding) -> str:
        """What is wrong, where, and what it costs."""
        result, several = finding.dearest, len(finding.results) - 1
        place = self._places.of(result)
        where = code(finding.block) + (f" at {code(f'{place.path}:{place.line}')}" if place.known else "")
        more = f", and {several:,} more of its instances" if several else ""
        told = [prose(line, LONGEST_MESSAGE) for line in (result.message, *fix(result, self.report), *result.notes)]
        if len(told) > 1 and fix(result, self.report):
            told[1] = f"**Fix:** {told[1]}"
        return "<br>\n".join([f"{_ICONS[result.severity]} **{code(result.policy)}** {where}{more}", *told]) + "\n"

    def fixes(self, findings: Iterable[Finding]) -> Iterator[str]:
        """The lines to change, under each finding; those of one policy once."""
        told: set[str] = set()
        for finding in findings:
            result = finding.dearest
            lines = remediation(result, self.report)
            if not lines or lines in told:
                yield ""
                continue
            told.add(lines)
            body = f"{fenced(lines, self._language())}\n\n{link('Documentation', result.help_uri)}"
            yield details("Lines to change", body)

    def _language(self) -> str:
        return "yaml" if self.report.sources[0].kind == "cloudformation" else "hcl"

    # What is folded away ---------------------------------------------------------------------------------------------

    def folded(self, spelled: int, others: Sequence[EndpointReport]) -> Iterator[tuple[str, list[str]]]:
        """Titles and lines of the rest, what matters most first."""
        more = [self._line(finding) for finding in self.sections.new[spelled:]]
        yield counted(len(more), "more finding"), more
        yield "Undecided", [self._undecided(finding) for finding in self.sections.undecided]
        rows = [self.row(item) for item in others]
        yield f"{len(rows):,} more endpoints", [f"{_COLUMNS}\n{row}" if not at else row for at, row in enumerate(rows)]
        existing = [self._line(finding) for finding in self.sections.existing]
        yield "Findings from before this change", existing
        yield "Accepted", list(self._waived())
        yield "Skipped", list(_skipped(self.report.skipped))
        notes = [f"- {prose(note, LONGEST_MESSAGE)}" for note in (*self.report.notices, *footnotes(self.report))]
        yield "What the numbers rest on", notes

    def _line(self, finding: Finding) -> str:
        result, several = finding.dearest, len(finding.results)
        count = f" × {several:,}" if several > 1 else ""
        money = f", {stake(result)}" if stake(result) else ""
        return f"- {_ICONS[result.severity]} {code(result.policy)}{count} {code(finding.block)}{money}"

    def _undecided(self, finding: Finding) -> str:
        result, several = finding.dearest, len(finding.results) - 1
        count = f" and {several:,} more" if several else ""
        reason = prose(result.reason or result.message)
        return f"- {_ICONS[result.severity]} {code(result.policy)} {code(finding.block)}{count}: {reason}"

    def _waived(self) -> Iterator[str]:
        for result in self.sections.waived:
            if result.waiver is not None:
                waiver = result.waiver
                owner = f" by {waiver.owner}" if waiver.owner else ""
                accepted = prose(f"until {waiver.until}{owner}: {waiver.reason}", LONGEST_MESSAGE)
                yield f"- {code(result.policy)} {code(result.address)} {accepted}"


def _change(change: Delta) -> str:
    """The expected change; the ceiling's where that alone changes."""
    text = difference(change.expected)
    return f"{text}, ceiling {difference(change.ceiling)}" if not change.expected and change.ceiling else text


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _skipped(skipped: Iterable[SkippedReport]) -> Iterator[str]:
    """Each reason once, with the first address and how many more there are."""
    groups: dict[str, list[str]] = {}
    for item in skipped:
        groups.setdefault(item.resource.reason, []).append(item.resource.address)
    for reason, addresses in sorted(groups.items(), key=itemgetter(0)):
        more = f" and {len(addresses) - 1:,} more" if len(addresses) > 1 else ""
        yield f"- {code(addresses[0])}{more}: {prose(reason)}"
