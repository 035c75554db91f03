"""The bill of a change in whole dollars: only what changes, dearest first, the thing before beside the thing after.

Cents and every line are in `guardrail.reporters.grid`, which `--bill` shows.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from msgspec import Struct

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Severity
from guardrail.report import EndpointReport, Report
from guardrail.reporters.bill import MODES, WITH_DISCOUNTS, endpoint_marks, named, possibilities
from guardrail.reporters.changes import by_variant, comes_or_goes, consists_of, phrase, plain, rest
from guardrail.reporters.headline import end_dollars, in_dollars, is_usage_alone
from guardrail.reporters.overview import Overview, group_limits
from guardrail.reporters.page import GLYPHS, Page, TextLine
from guardrail.reporters.pairs import SumOfLines, VariantPair, data, variants
from guardrail.reporters.wording import (
    UNKNOWN,
    USAGE,
    counted,
    display_width,
    dollars,
    group_name,
    inert,
    members,
    signed_dollars,
)

WIDE = 110
"""Columns from which floor and ceiling have one each."""
WIDEST = 120
_AMOUNT = 10
_NARROW_AMOUNT = 9
_NONE = "–"


class _GridRow(Struct, frozen=True, kw_only=True):
    """What a row is about, and its cells."""

    text: str
    indent: int = 3
    mark: Severity | None = None
    cells: tuple[str, ...] = ()


def change_grid(report: Report, told: Overview, page: Page) -> Iterator[TextLine]:
    """The endpoints that a change touches, with what it does to them, and the totals."""
    is_wide = page.width >= WIDE
    yield _head("USD a month, expected", page)
    found = endpoint_marks(report)
    kinds = {source.id: source.kind for source in report.sources}
    places = {source.id: place for place, source in enumerate(report.sources)}
    source = None
    for item in sorted(told.rows, key=lambda each: places[each.source]):  # in one source they keep their order
        if len(report.sources) > 1 and item.source != source:
            source = item.source
            yield _line(_GridRow(text=inert(source), indent=1), page)
        mark = found.get((item.source, item.endpoint.address))
        for row in _rows(item, kinds[item.source], mark, is_wide=is_wide):
            yield _line(row, page)
    if told.unchanged and report.totals.unchanged is not None:
        left = report.totals.unchanged
        name = f"{counted(told.unchanged, 'endpoint')} unchanged"
        yield _line(_GridRow(text=name, cells=_cells(left, left, Delta(*[Decimal(0)] * 3), is_wide=is_wide)), page)
    for job in report.workflows if report.endpoints else ():
        after = job.cost.monthly if job.cost else None
        usage = f"  {USAGE}" if after is not None and after.depends_on_usage else ""
        cells = _cells(job.before, after, job.delta, is_wide=is_wide)
        yield _line(_GridRow(text=f"{inert(job.workflow.address)}, transform jobs{usage}", cells=cells), page)
    yield TextLine(page.text(f" {'─' * (min(page.width, WIDEST) - 2)}"), "quiet")
    yield from _totals(report, page, is_wide=is_wide)


def _head(text: str, page: Page) -> TextLine:
    """The names of the cells, with what the rows below them are about."""
    ends = ("floor", "ceiling") if page.width >= WIDE else ("up to",)
    return _line(_GridRow(text=text, indent=1, cells=("before", "after", "change", *ends)), page, "quiet")


def _totals(report: Report, page: Page, *, is_wide: bool) -> Iterator[TextLine]:
    """The sums, those with discounts below them, and what is not deployed and in neither."""
    totals = report.totals
    usage = f"  {USAGE}" if totals.after.depends_on_usage else ""
    cells = _cells(totals.before, totals.after, totals.delta, is_wide=is_wide)
    yield _line(_GridRow(text=f"TOTAL{usage}", cells=cells), page, "total")
    shown, more = possibilities(report)
    for each in shown:
        own = each.totals
        cells = _cells(own.before, own.after, own.delta, is_wide=is_wide)
        yield _line(_GridRow(text=f"if {inert(each.given)}", cells=cells), page)
    if more:
        yield from page.wrapped(more, indent="   ", hanging=5, colour="quiet")
    discounts = report.discounts
    if discounts is not None:
        cells = _cells(discounts.before, discounts.after, discounts.delta, is_wide=is_wide)
        yield _line(_GridRow(text=WITH_DISCOUNTS, cells=cells), page)
    for item in report.unattached:
        cost = "no price" if item.cost is None else _end(item.cost.monthly, "expected")
        text = f"not deployed, in no total: {named(item.endpoint)}, {cost} once an endpoint uses it"
        yield from page.wrapped(text, indent="   ", hanging=5, colour="quiet")


def subtotals(report: Report, page: Page) -> Iterator[TextLine]:
    """What each group costs: ``Team search · production`` with its cells."""
    if not report.groups:
        return
    is_wide = page.width >= WIDE
    yield _head(f"by {', '.join(inert(key) for key in report.groups[0].values)}", page)
    for group in report.groups:
        totals = group.totals
        usage = f"  {USAGE}" if is_usage_alone(totals.after) else ""  # an amount would read as free
        text = f"{group_name(group.values)}  {members(group.endpoints, group.workflows)}{usage}"
        is_broken = any(budget.state == "broken" for budget in group_limits(group, report))
        cells = _cells(totals.before, totals.after, totals.delta, is_wide=is_wide)
        yield _line(_GridRow(text=text, mark="error" if is_broken else None, cells=cells), page)


def _rows(item: EndpointReport, kind: str, mark: Severity | None, *, is_wide: bool) -> Iterator[_GridRow]:
    """The endpoint, what changes of each variant, and what else changes."""
    endpoint = item.endpoint
    of_variants, of_endpoint = by_variant(item)
    yield _GridRow(
        text=f"{named(endpoint)}  {_facts(item)}",
        mark=mark,
        cells=_cells(item.before, item.cost.monthly if item.cost else None, item.delta, is_wide=is_wide),
    )
    for pair in variants(item) if item.previous is not None and item.cost is not None else ():
        told = of_variants.pop(pair.label, [])
        if told or not pair.is_same:
            texts = [plain(consists_of(each) if comes_or_goes(each) else phrase(each, kind)) for each in told]
            yield from _variant(item, pair, texts)
    for words in rest([*of_endpoint, *chain.from_iterable(of_variants.values())], kind):
        yield _GridRow(text=plain(words), indent=5)
    before, after = data(item)
    if item.previous is not None and _differs(before, after):
        yield _GridRow(text="data in and out", indent=5, cells=_amounts(before, after))


def _facts(item: EndpointReport) -> str:
    """``production, asynchronous``."""
    endpoint = item.endpoint
    facts = [] if isinstance(item.environment, Unknown) else [inert(item.environment)]
    if isinstance(endpoint.mode, str) and endpoint.mode != "realtime":
        facts.append(MODES[endpoint.mode])
    if endpoint.deployed == "possibly":
        facts.append("possibly deployed")
    return ", ".join(facts)


def _variant(item: EndpointReport, pair: VariantPair, told: list[str]) -> Iterator[_GridRow]:
    """What computes, with the first phrase beside its amounts; further phrases; the volume where its cost changes."""
    sign = "+ " if pair.before is None and item.previous is not None else "- " if pair.after is None else ""
    shadow = ", shadow" if _is_shadow(item, pair.label) else ""
    first, *more = told or [""]
    lead = f"{sign}{inert(pair.label)}"
    cells = _amounts(pair.before, pair.after) if pair.before != pair.after else ()
    if pair.before is not None and pair.after is not None and not _differs(pair.before, pair.after):
        further = pair.after.ceiling - pair.before.ceiling + pair.volume_after.ceiling - pair.volume_before.ceiling
        first, cells = f"{first}: up to {signed_dollars(further)}" if further and first else first, ()
    yield _GridRow(text=f"{lead}  {first}{shadow}", indent=5, cells=cells)
    margin = 5 + display_width(lead) + 2
    for words in more:
        yield _GridRow(text=words, indent=margin)
    if _differs(pair.volume_before, pair.volume_after):
        yield _GridRow(text=pair.volume_in_words, indent=margin, cells=_amounts(*pair.volumes))


def _is_shadow(item: EndpointReport, label: str) -> bool:
    found = item.endpoint.variants
    if isinstance(found, Unknown):
        return False
    return any(each.shadow and each.name == label for each in found)


# Cells ---------------------------------------------------------------------------------------------------------------


def _cells(before: Monthly | None, after: Monthly | None, delta: Delta | None, *, is_wide: bool) -> tuple[str, ...]:
    ends = (_end(after, "floor"), _end(after, "ceiling")) if is_wide else (_end(after, "ceiling"),)
    return (_expected(before), _expected(after), "" if delta is None else in_dollars(delta.expected), *ends)


def _expected(monthly: Monthly | None) -> str:
    return _NONE if monthly is None else _end(monthly, "expected")


def _end(monthly: Monthly | None, bound: str) -> str:
    return _NONE if monthly is None else end_dollars(monthly, bound)


def _amounts(before: SumOfLines | None, after: SumOfLines | None) -> tuple[str, ...]:
    old, new = (each.expected if each else Decimal(0) for each in (before, after))
    change = UNKNOWN if isinstance(old, Unknown) or isinstance(new, Unknown) else signed_dollars(new - old)
    return (*(_NONE if each is None else _amount(each) for each in (before, after)), change)


def _amount(amount: SumOfLines) -> str:
    if isinstance(amount.expected, Unknown):
        return UNKNOWN
    return USAGE if amount.depends_on_usage and not amount.expected else dollars(amount.expected)


def _differs(before: SumOfLines, after: SumOfLines) -> bool:
    """Whether what is expected differs by as much as whole dollars show."""
    if isinstance(before.expected, Unknown) or isinstance(after.expected, Unknown):
        return before.expected != after.expected
    return dollars(before.expected) != dollars(after.expected)


# Lines ---------------------------------------------------------------------------------------------------------------


def _line(row: _GridRow, page: Page, colour: str = "") -> TextLine:
    """The row with its cells at the right edge; a name that is too long is cut in the middle, a number never."""
    width = _NARROW_AMOUNT if page.width < WIDE else _AMOUNT
    cells = [page.text(cell) for cell in row.cells]
    right = "".join(cell.rjust(max(width, display_width(cell) + 1)) for cell in cells)
    columns = (5 if page.width >= WIDE else 4) * width
    right += " " * max(0, columns - len(right))
    lead = f" {page.text(GLYPHS[row.mark])} " if row.mark else " " * row.indent
    room = min(page.width, WIDEST) - len(right.rstrip() and right) - display_width(lead) - 1
    text = page.shorten(page.text(row.text), room)
    padded = lead + text + " " * max(0, room - display_width(text)) + right
    return TextLine(padded.rstrip(), colour or row.mark or "")
