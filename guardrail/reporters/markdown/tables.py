"""The tables of a comment: one row for each endpoint, or each stack, in three columns that fit a telephone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.money import ZERO
from guardrail.policy.base import Severity
from guardrail.report import EndpointReport, GroupReport, Report, Totals
from guardrail.reporters import batch, billed
from guardrail.reporters.bill import MOST_POSSIBILITIES, WITH_DISCOUNTS, detail_of, endpoint_marks, named, quantity_of
from guardrail.reporters.changes import Phrase, phrases
from guardrail.reporters.findings import LONGEST_NAME
from guardrail.reporters.gfm import between, name, prose
from guardrail.reporters.headline import expected_dollars, in_dollars, is_usage_alone
from guardrail.reporters.markdown.headline import MOST_GROUPS, limit
from guardrail.reporters.overview import Overview, group_limits
from guardrail.reporters.pairs import SumOfLines, variants
from guardrail.reporters.wording import UNKNOWN, USAGE, counted, dollars, group_name, members, signed_dollars, usd

SIGNS: dict[Severity, str] = {"error": "❌", "warning": "⚠️", "note": "📝"}
MOST_PHRASES = 4
MOST_JOBS = 20
"""Rows of transform jobs."""
MOST_VARIANTS = 4
_NO_PRICE = "❔"
_DASH = "–"


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def head(noun: str, *, is_change: bool) -> str:
    """The first two lines of a table: what a row is about, and what its two cells tell."""
    names = ("change", "before → after") if is_change else ("expected", "scaled in → out")
    return f"{row(noun, *names)}\n|:--|--:|--:|"


def cells(before: Monthly | None, after: Monthly | None, delta: Delta | None, *, is_change: bool) -> tuple[str, str]:
    """The two cells of a row: ``**+254**`` and ``85 → 338``; where nothing has a past ``338`` and its range."""
    if not is_change:
        return (_amount(after), scaled(after))
    old, new = ("0" if each is None else _amount(each) for each in (before, after))
    if delta is None:
        return ("", new)
    change = in_dollars(delta.expected)
    return (change if change in ("0", UNKNOWN) else f"**{change}**", between(old, "→", new))


class Tables:
    """The tables of one report."""

    def __init__(self, report: Report, told: Overview) -> None:
        self.report, self._told = report, told
        self._kinds = {source.id: source.kind for source in report.sources}
        self._marks = endpoint_marks(report)
        self._is_change = report.totals.delta is not None
        self.stack_names = stack_names([source.id for source in report.sources])

    def of_endpoints(self, rows: Sequence[EndpointReport], others: Sequence[EndpointReport]) -> str:
        """Every endpoint that changes, the rest in one row, and what a month comes to."""
        lines = [self.head("endpoint"), *map(self.endpoint, rows)]
        lines += [self._together(f"{len(others):,} more that change less", others)] if others else []
        return "\n".join([*lines, *self._unchanged(), *self._workflows(), *self._totals()]) + "\n"

    def of_stacks(self) -> str:
        """A row for each input, those first whose bill changes most."""
        return "\n".join([self.head("stack"), *map(self._stack, self.stacks()), *self._totals()]) + "\n"

    def of_groups(self) -> str:
        """A row for each group, the dearest first, with its limits; empty where nobody asked for groups."""
        groups = self.report.groups
        if not groups:
            return ""
        head, more = self.head(f"by {', '.join(map(name, groups[0].values))}"), len(groups) - MOST_GROUPS
        rest = [row(f"{more:,} more that cost less", *[""] * 2)] if more > 0 else []
        return "\n".join([head, *map(self._group, groups[:MOST_GROUPS]), *rest]) + "\n"

    def _group(self, group: GroupReport) -> str:
        limits, totals = group_limits(group, self.report), group.totals
        sign = f"{SIGNS['error']} " if any(each.state == "broken" for each in limits) else ""
        words = [members(group.endpoints, group.workflows), *map(limit, limits)]
        text = f"{sign}{name(group_name(group.values), LONGEST_NAME)}<br>{', '.join(words)}"
        return row(text, *self._cells(totals.before, totals.after, totals.delta))

    def of_billed(self) -> str:
        """What last month billed, beside before and after; empty where no bill is given."""
        rows = list(billed.rows(self.report))
        if not rows:
            return ""
        head = f"{row(billed.title(self.report), *billed.HEAD)}\n|:--|--:|--:|--:|"
        lines = (row(name(each.text, LONGEST_NAME), each.before, each.after, each.billed) for each in rows)
        return "\n".join((head, *lines)) + "\n"

    def of_batch(self) -> str:
        """Transform jobs below what starts them; empty where there are none."""
        rows = list(batch.rows(self.report))
        if not rows:
            return ""
        title = ("transform job", "size", "USD an hour", "runs", *batch.HEAD[4:])
        lines = [
            row(name(each.name.strip(), LONGEST_NAME), prose(each.size), each.hour, each.runs, *each.amounts)
            for each in rows[:MOST_JOBS]
        ]
        more = len(rows) - MOST_JOBS
        lines += [row(f"{more:,} more", *[""] * (len(title) - 1))] if more > 0 else []
        return "\n".join((row(*title), "|:--|:--|--:|--:|--:|--:|--:|", *lines)) + "\n"

    def head(self, noun: str) -> str:
        """The first two lines of a table."""
        return head(noun, is_change=self._is_change)

    def endpoint(self, item: EndpointReport) -> str:
        """An endpoint, with what changes of it below its name."""
        after = item.cost.monthly if item.cost else None
        is_unknown = after is not None and expected_dollars(after) == UNKNOWN and not after.depends_on_usage
        sign = self.sign((item.source, item.endpoint.address)) or (f"{_NO_PRICE} " if is_unknown else "")
        text = f"{sign}{name(named(item.endpoint), LONGEST_NAME)}"
        what = self._what(item)
        return row(f"{text}<br>{what}" if what else text, *self._cells(item.before, after, item.delta))

    def sign(self, *keys: tuple[str, str | None]) -> str:
        """The worst that is to mend of some endpoints."""
        found = {self._marks[key] for key in keys if key in self._marks}
        return next((f"{SIGNS[severity]} " for severity in SIGNS if severity in found), "")

    def _what(self, item: EndpointReport) -> str:
        told = [_marked_up(each) for each in phrases(item, self._kinds[item.source])] or [_consists_of(item)]
        more = len(told) - MOST_PHRASES
        text = "; ".join(filter(None, told[:MOST_PHRASES])) + (f"; and {more:,} more" if more > 0 else "")
        delta = item.delta
        if delta is not None and delta.expected == 0 and isinstance(delta.ceiling, Decimal) and delta.ceiling:
            text += f"{': ' if text else ''}up to {signed_dollars(delta.ceiling)}"
        if item.endpoint.deployed == "possibly":
            text += f"{', ' if text else ''}possibly deployed"
        return text

    def _cells(self, before: Monthly | None, after: Monthly | None, delta: Delta | None) -> tuple[str, str]:
        return cells(before, after, delta, is_change=self._is_change)

    def _together(self, text: str, items: Sequence[EndpointReport]) -> str:
        """Several endpoints in one row, with their sums."""
        after = _sum(item.cost.monthly if item.cost else None for item in items)
        if not self._is_change:
            return row(text, after, "")
        change = [item.delta.expected for item in items if item.delta is not None]
        known = [each for each in change if isinstance(each, Decimal)]
        total = signed_dollars(sum(known, ZERO)) if len(known) == len(change) else UNKNOWN
        return row(text, total, between(_sum(item.before for item in items), "→", after))

    def _unchanged(self) -> Iterator[str]:
        left = self.report.totals.unchanged
        if self._told.unchanged and left is not None:
            text = f"{counted(self._told.unchanged, 'endpoint')} unchanged"
            yield row(text, "0", _amount(left))

    def _workflows(self) -> Iterator[str]:
        """What starts transform jobs, so that the rows add up to the total."""
        found = self.report.workflows
        for item in found[:MOST_JOBS]:
            after = item.cost.monthly if item.cost else None
            yield row(
                f"{name(item.workflow.address, LONGEST_NAME)}<br>transform jobs",
                *self._cells(item.before, after, item.delta),
            )
        if len(found) > MOST_JOBS:
            yield row(f"{len(found) - MOST_JOBS:,} more that start transform jobs", "", "")

    def _totals(self) -> Iterator[str]:
        totals, discounts = self.report.totals, self.report.discounts
        usage = f", {USAGE}" if totals.after.depends_on_usage else ""
        yield row(f"**USD a month**, expected{usage}", *self._bold(totals))
        if self._is_change and scaled(totals.after):
            yield row("all scaled in to all scaled out", "", scaled(totals.after))
        if len(self._kinds) == 1:
            yield from self.possibilities(next(iter(self._kinds)))
        if discounts is not None:
            cells = self._cells(discounts.before, discounts.after, discounts.delta)
            yield row(WITH_DISCOUNTS, *cells)

    def possibilities(self, source: str) -> Iterator[str]:
        """What each possibility of an input comes to, the first few."""
        found = [each for each in self.report.possibilities if each.source == source]
        for each in found[:MOST_POSSIBILITIES]:
            totals = each.totals
            yield row(f"if {name(each.given)}", *self._cells(totals.before, totals.after, totals.delta))
        if len(found) > MOST_POSSIBILITIES:
            yield row(f"and {len(found) - MOST_POSSIBILITIES:,} more possibilities", "", "")

    def _bold(self, totals: Totals) -> list[str]:
        """What a month comes to, in bold as far as it is known."""
        cells = self._cells(totals.before, totals.after, totals.delta)
        return [
            cell if cell in ("", "0") or cell.startswith("**") or UNKNOWN in cell else f"**{cell}**" for cell in cells
        ]

    # Stacks ----------------------------------------------------------------------------------------------------------

    def stacks(self) -> list[str]:
        """The inputs, by the size of what changes, then by cost."""
        return sorted(self._kinds, key=self._size, reverse=True)

    def _size(self, source: str) -> tuple[bool, Decimal, Decimal]:
        totals = self.report.subtotals.get(source)
        if totals is None:
            return False, ZERO, ZERO
        change = totals.delta.expected if totals.delta else ZERO
        known = (change.at_least or change.at_most) if isinstance(change, Unknown) else change
        return known is None, abs(known or ZERO), totals.after.ceiling

    def rows_of(self, source: str) -> list[EndpointReport]:
        """What changes in one input."""
        return [item for item in self._told.rows if item.source == source]

    def sign_of(self, source: str) -> str:
        """The worst that is to mend in one input."""
        return self.sign(*((source, item.endpoint.address) for item in self.rows_of(source)), (source, None))

    def change_of(self, source: str) -> str:
        """``+963``, or what one input costs where nothing tells what stood before."""
        totals = self.report.subtotals[source]
        return in_dollars(totals.delta.expected) if totals.delta else expected_dollars(totals.after)

    def _stack(self, source: str) -> str:
        totals = self.report.subtotals.get(source)
        if totals is None:
            return row(name(self.stack_names[source], LONGEST_NAME), "", "")
        text = f"{self.sign_of(source)}{name(self.stack_names[source], LONGEST_NAME)}<br>{self._counts(source)}"
        return row(text, *self._cells(totals.before, totals.after, totals.delta))

    def _counts(self, source: str) -> str:
        """``2 new, 1 changed``."""
        items = [item for item in self.report.endpoints if item.source == source]
        found = Counter(_becomes(item, is_change=self._is_change) for item in items)
        words = [f"{count:,} {word}" for word, count in found.items()]
        nameless = sum(item.cost is not None and expected_dollars(item.cost.monthly) == UNKNOWN for item in items)
        words += [f"{nameless:,} of them without a price"] if nameless else []
        return ", ".join(words) or "no endpoint"


def _becomes(item: EndpointReport, *, is_change: bool) -> str:
    if not is_change:
        return "endpoints"
    if item.unchanged:
        return "unchanged"
    return {"create": "new", "delete": "deleted", "forget": "no longer managed"}.get(item.endpoint.change, "changed")


def stack_names(ids: Sequence[str]) -> dict[str, str]:
    """The shortest distinct names of inputs: ``a``, ``b`` of ``stacks/a/plan.json``, ``stacks/b/plan.json``."""
    parts = [each.split("/") for each in ids]
    shortest = min(map(len, parts), default=0)
    same_file = len({each[-1] for each in parts}) == 1 and shortest > 1
    kept = [each[:-1] if same_file else each for each in parts]
    common = 0
    while len(kept) > 1 and common < min(map(len, kept)) - 1 and len({each[common] for each in kept}) == 1:
        common += 1
    return {each: "/".join(part[common:]) for each, part in zip(ids, kept, strict=True)}


def _marked_up(pieces: Phrase) -> str:
    """A phrase with its code as code."""
    return "".join(name(piece.text) if piece.is_code else _plain(piece.text) for piece in pieces)


def _plain(text: str) -> str:
    """Words between pieces of code, with the blanks and the punctuation at both ends."""
    words = text.lstrip(" ,:;")
    lead, shown = text[: len(text) - len(words)], prose(words, starts_line=False)
    return f"{lead}{shown}{' ' if words.endswith(' ') and shown else ''}"


def _consists_of(item: EndpointReport) -> str:
    """``2 – 6 × ml.m5.xlarge`` of an endpoint of which nothing changes, or nobody knows what does."""
    if item.cost is None or item.unchanged or item.delta is not None:
        return ""
    firsts = [bill.lines[0] for bill in item.cost.children if bill.lines][:MOST_VARIANTS]
    shown = [
        f"{'≥ ' if line.reason else ''}{quantity_of(line)} × {name(detail_of(line))}"
        if line.count is not None
        else name(detail_of(line))
        for line in firsts
    ]
    return ", ".join(shown)


# Amounts -------------------------------------------------------------------------------------------------------------


def _amount(monthly: Monthly | None) -> str:
    if monthly is None:
        return ""
    return "usage" if is_usage_alone(monthly) else expected_dollars(monthly)


def scaled(monthly: Monthly | None) -> str:
    """``4,831 to 9,878``, scaled in to scaled out."""
    if monthly is None or expected_dollars(monthly) == UNKNOWN:
        return ""
    sign = "≥" if monthly.at_least else ""
    low, high = (f"{sign}{dollars(end)}" for end in (monthly.floor, monthly.ceiling))
    return low if low == high else between(low, "to", high)


def _sum(monthlies: Iterable[Monthly | None]) -> str:
    found = [each for each in monthlies if each is not None]
    known = [each.expected for each in found if isinstance(each.expected, Decimal)]
    if len(known) < len(found):
        return UNKNOWN
    return f"{'≥' if any(each.at_least for each in found) else ''}{dollars(sum(known, ZERO))}"


# Lines of the bill ---------------------------------------------------------------------------------------------------


def bill_lines(told: Overview) -> list[str]:
    """Every line of the bill that changes, in cents: compute and volume of each variant."""
    lines = [line for item in told.rows if item.delta is not None for line in _lines(item)]
    return [f"{row('line', 'before', 'after')}\n|:--|--:|--:|\n{lines[0]}", *lines[1:]] if lines else []


def _lines(item: EndpointReport) -> Iterator[str]:
    for pair in variants(item):
        where = f"{name(named(item.endpoint), LONGEST_NAME)} / {name(pair.label, LONGEST_NAME)}"
        if _differs(pair.before, pair.after):
            yield row(f"{where}, compute", _cents(pair.before), _cents(pair.after))
        if _differs(*pair.volumes) and set(map(_cents, pair.volumes)) != {
            _DASH,
            usd(ZERO),
        }:  # a disk of its own costs nothing
            yield row(f"{where}, {pair.volume_in_words}", *map(_cents, pair.volumes))


def _differs(before: SumOfLines | None, after: SumOfLines | None) -> bool:
    return _cents(before) != _cents(after)


def _cents(amount: SumOfLines | None) -> str:
    if amount is None:
        return _DASH
    if isinstance(amount.expected, Unknown):
        return UNKNOWN
    return "usage" if amount.depends_on_usage and not amount.expected else usd(amount.expected)
