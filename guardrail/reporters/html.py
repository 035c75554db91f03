"""The report as one page: a file that needs neither network nor scripts, for an artefact, a mail or a print.

This module says what stands where, as text; ``report.html.j2`` says how it looks. Jinja2 escapes every value, and every
text of a plan has gone through `inert` before, so nothing of it can act on the page or turn its reading direction.
"""

import os
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail import __version__
from guardrail.cost.base import CostComponent, Delta, Monthly
from guardrail.model import Unknown, Variant
from guardrail.money import plain
from guardrail.policy.base import Result, Severity
from guardrail.report import EndpointReport, Report, SkippedReport
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.bill import (
    UNITS,
    WITH_DISCOUNTS,
    amounts,
    amounts_of,
    changes_nothing,
    described,
    detail_of,
    difference,
    named,
    quantity_of,
    shadow_note,
)
from guardrail.reporters.findings import Finding
from guardrail.reporters.footnotes import footnotes
from guardrail.reporters.overview import (
    Overview,
    Sections,
    counts,
    dearest,
    fix,
    overview,
    price_dates,
    remediation,
    says_nothing_to_pay,
    sections,
    stake,
    usage_files,
)
from guardrail.reporters.places import FindingPlaces
from guardrail.reporters.wording import counted, inert, lines_of_code, spread

TEMPLATE = "report.html.j2"
LONGEST_MESSAGE = 1_200
MOST_LISTED = 1_000
"""Lines of a list at the end of the page."""

_HUNDRED = Decimal(100)
_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MOST_TICKS = 4
_NEAR_THE_END = Decimal("0.94")


class Bar(Struct, frozen=True, kw_only=True):
    """One bar: from nothing to the floor, on to the ceiling, and where between them the expected cost is."""

    floor: str
    """Percent of the axis; so are the others."""
    range: str
    """From the floor to the ceiling."""
    expected: str | None
    """None where it is not known."""


class Chart(Struct, frozen=True, kw_only=True):
    """The bars of one endpoint, or of the total, and the same in words."""

    before: Bar | None
    after: Bar | None
    label: str
    rows: list[tuple[str, tuple[str, str, str]]]
    """What it costs before and after and by how much it changes: floor, expected, ceiling."""


class ChargeRow(Struct, frozen=True, kw_only=True):
    """One line of the bill."""

    owner: str
    """The variant, or that it is the endpoint's own."""
    what: str
    usage_type: str
    unit_price: str
    basis: str
    """How the price is known, and since when."""
    basis_detail: str
    quantity: str
    monthly: tuple[str, str, str]
    notes: list[str]
    origins: list[tuple[str, str]]


class FindingCard(Struct, frozen=True, kw_only=True):
    """A finding beside the bars."""

    severity: Severity
    policy: str
    message: str
    address: str
    place: str
    fixes: list[str]
    """What to change, in one to three lines."""
    hints: list[str]
    """What to know beside it."""
    lines: str
    """The lines to paste; empty where they stand elsewhere."""
    lines_id: str
    help_uri: str


class Item(Struct, frozen=True, kw_only=True):
    """One endpoint."""

    name: str
    detail: str
    facts: list[str]
    chart: Chart
    usage: bool
    notes: list[FindingCard]
    lines: list[ChargeRow]


class Tick(Struct, frozen=True):
    """A mark of the axis."""

    at: str
    """Percent of the axis."""
    label: str
    anchor: str
    """Where the label stands: "middle", or "end" where it would leave the page."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one HTML document."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(__file__)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template(TEMPLATE).render(_HtmlPage(report, options).content()) + "\n"


class _HtmlPage:
    """What stands on the page."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report = report
        self._places = FindingPlaces(report, options)
        self._has_past = {source.id for source in report.sources if source.has_before}
        self._most = max((dearest(item) for item in (*report.endpoints, *report.unattached)), default=Decimal(0))
        self._pasted: dict[str, str] = {}
        """The identifier of each text of lines to paste that stands on the page already."""
        self._by_endpoint: dict[tuple[str, str], list[Result]] = {}
        self._of_the_stack: list[Result] = []
        self._sort_out()

    def _sort_out(self) -> None:
        shown = {(item.source, item.endpoint.address) for item in (*self._report.endpoints, *self._report.unattached)}
        for result in self._report.results:
            if result.verdict != "fail" or not counts(result, self._report):
                continue
            key = (result.source, result.endpoint or "")
            if key in shown:
                self._by_endpoint.setdefault(key, []).append(result)
            else:
                self._of_the_stack.append(result)

    def content(self) -> dict[str, object]:
        """The variables of the template."""
        report = self._report
        told: Overview = overview(report)
        changing = sorted((item for item in report.endpoints if not item.unchanged), key=dearest, reverse=True)
        unchanged = sorted((item for item in report.endpoints if item.unchanged), key=dearest, reverse=True)
        return {
            "told": told,
            "empty": says_nothing_to_pay(report),
            "inputs": [inert(source.path) for source in report.sources],
            "facts": list(self._facts()),
            "total": self._total(),
            "total_usage": report.totals.after.depends_on_usage,
            "ticks": _ticks(self._most),
            "stack_notes": [self._note(result) for result in self._of_the_stack],
            "changing": [self._item(item) for item in changing],
            "unchanged": [self._item(item) for item in unchanged],
            "unattached": [self._item(item) for item in report.unattached],
            "lists": [one for one in self._lists(sections(report)) if one[1]],
            "coverage": self._coverage(),
            "version": __version__,
        }

    def _facts(self) -> Iterator[str]:
        report = self._report
        regions = sorted(report.prices)
        if regions:
            yield ", ".join(map(inert, regions))
        yield from filter(None, [price_dates(report)])
        yield "730 hours a month, on-demand"
        yield from [f"settings {inert(report.settings_file)}"] if report.settings_file else []
        yield from (f"usage {inert(path)}" for path in usage_files(report))
        yield from [f"baseline {inert(report.baseline_file)}"] if report.baseline_file else []

    def _coverage(self) -> str:
        coverage = self._report.coverage
        return (
            f"{counted(coverage.seen, 'resource')} seen, {coverage.modelled:,} modelled, "
            f"{coverage.partial:,} partly unknown, {coverage.skipped:,} skipped · exit {self._report.exit_code}"
        )

    # Costs -----------------------------------------------------------------------------------------------------------

    def _total(self) -> Chart:
        totals = self._report.totals
        before = None if changes_nothing(self._report) else totals.before
        most = max(totals.after.ceiling, before.ceiling if before else Decimal(0))
        rows = [("before", amounts(before))] if before else []
        rows.append(("after" if before else "a month", amounts(totals.after)))
        if before and totals.delta:
            rows.append(("change", _differences(totals.delta)))
        if self._report.discounts is not None:
            rows.append((WITH_DISCOUNTS, amounts(self._report.discounts.after)))
        return _chart("total", before, totals.after, rows, most)

    def _item(self, item: EndpointReport) -> Item:
        endpoint = item.endpoint
        facts = [inert(endpoint.address)]
        facts += [inert(endpoint.region)] if isinstance(endpoint.region, str) else []
        facts += [inert(item.environment)] if isinstance(item.environment, str) else []
        facts += [inert(item.source)] if len(self._report.sources) > 1 else []
        results = self._by_endpoint.get((item.source, endpoint.address), [])
        return Item(
            name=named(endpoint),
            detail=described(item, has_past=item.source in self._has_past),
            facts=facts,
            chart=self._bars(item),
            usage=bool(item.cost and item.cost.monthly.depends_on_usage),
            notes=[self._note(result) for result in results],
            lines=list(_lines(item)),
        )

    def _bars(self, item: EndpointReport) -> Chart:
        after = item.cost.monthly if item.cost else None
        before = None if item.unchanged else item.before
        change = item.delta if before else None
        rows = [("before", amounts(before))] if before else []
        rows += [("after" if before else "a month", amounts(after))] if after else []
        if change:
            rows.append(("change", _differences(change)))
        return _chart(named(item.endpoint), before, after, rows, self._most)

    # Findings --------------------------------------------------------------------------------------------------------

    def _note(self, result: Result) -> FindingCard:
        place = self._places.of(result)
        lines = lines_of_code(remediation(result, self._report))
        known = self._pasted.get(lines)
        if known is None and lines:
            self._pasted[lines] = f"fix-{len(self._pasted) + 1}"
        return FindingCard(
            severity=result.severity,
            policy=inert(result.policy),
            message=inert(result.message, LONGEST_MESSAGE),
            address=inert(result.address),
            place=inert(f"{place.path}:{place.line}") if place.known else "",
            fixes=[inert(line, LONGEST_MESSAGE) for line in fix(result, self._report)],
            hints=[inert(hint, LONGEST_MESSAGE) for hint in result.notes],
            lines="" if known else lines,
            lines_id=self._pasted.get(lines, ""),
            help_uri=result.help_uri if result.help_uri.startswith("https://") else "",
        )

    def _lists(self, chapters: Sections) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """What is folded away at the end: titles, and of each line a severity, a policy and the rest."""
        yield "Undecided", [_undecided(finding) for finding in chapters.undecided[:MOST_LISTED]]
        yield "From before this change", [_existing(finding) for finding in chapters.existing[:MOST_LISTED]]
        yield "Accepted", [_waived(result) for result in chapters.waived[:MOST_LISTED]]
        yield "Skipped", [_skipped(item) for item in self._report.skipped[:MOST_LISTED]]
        rests = (*self._report.notices, *footnotes(self._report))
        yield "What the numbers rest on", [("", "", inert(note, LONGEST_MESSAGE)) for note in rests]


def _undecided(finding: Finding) -> tuple[str, str, str]:
    result = finding.dearest
    return result.severity, inert(result.policy), f"{_several(finding)}: {inert(result.reason or result.message)}"


def _existing(finding: Finding) -> tuple[str, str, str]:
    result = finding.dearest
    money = f", {stake(result)}" if stake(result) else ""
    return result.severity, inert(result.policy), f"{_several(finding)}{money}"


def _several(finding: Finding) -> str:
    others = len(finding.results) - 1
    return inert(finding.block) + (f" and {others:,} more" if others else "")


def _waived(result: Result) -> tuple[str, str, str]:
    waiver = result.waiver
    accepted = f"until {waiver.until}{f' by {waiver.owner}' if waiver.owner else ''}: {waiver.reason}" if waiver else ""
    return result.severity, inert(result.policy), f"{inert(result.address)} {inert(accepted)}"


def _skipped(item: SkippedReport) -> tuple[str, str, str]:
    return "", "", f"{inert(item.resource.address)}: {inert(item.resource.reason)}"


def _differences(change: Delta) -> tuple[str, str, str]:
    return difference(change.floor), difference(change.expected), difference(change.ceiling)


# Bars ----------------------------------------------------------------------------------------------------------------


def _chart(
    name: str,
    before: Monthly | None,
    after: Monthly | None,
    rows: list[tuple[str, tuple[str, str, str]]],
    most: Decimal,
) -> Chart:
    words = [
        f"{when}: floor {floor}, expected {expected}, ceiling {ceiling} USD a month"
        for when, (floor, expected, ceiling) in rows
        if when != "change"
    ]
    return Chart(
        before=_bar(before, most) if before else None,
        after=_bar(after, most) if after else None,
        label=f"{name}. {'; '.join(words)}",
        rows=rows,
    )


def _bar(monthly: Monthly, most: Decimal) -> Bar:
    expected = None if isinstance(monthly.expected, Unknown) else _percent(monthly.expected, most)
    return Bar(
        floor=_percent(monthly.floor, most), range=_percent(monthly.ceiling - monthly.floor, most), expected=expected
    )


def _percent(amount: Decimal, most: Decimal) -> str:
    return f"{_HUNDRED * amount / most:.2f}%" if most > 0 else "0%"


def _ticks(most: Decimal) -> list[Tick]:
    """Round amounts along the axis, not more than `_MOST_TICKS` beside zero."""
    if most <= 0:
        return []
    size = Decimal(10) ** ((most / _MOST_TICKS).adjusted())
    step = next(size * step for step in _STEPS if size * step * _MOST_TICKS >= most)
    amounts_on_axis = [step * at for at in range(1, int(most / step) + 1)]
    return [
        Tick(_percent(amount, most), f"{amount:,f}", "end" if amount > most * _NEAR_THE_END else "middle")
        for amount in amounts_on_axis
    ]


# The bill ------------------------------------------------------------------------------------------------------------


def _lines(item: EndpointReport) -> Iterator[ChargeRow]:
    """Every component of an endpoint, its variants first."""
    endpoint, cost = item.endpoint, item.cost
    if cost is None:
        return
    variants: Sequence[Variant] = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    for variant, priced in zip(variants, cost.children, strict=False):
        for component in priced.lines:
            yield _line(_owner(variant), component)
    for component in cost.lines:
        yield _line("endpoint", component)


def _owner(variant: Variant) -> str:
    name = variant.name if isinstance(variant.name, str) else variant.name.partial or "(unknown)"
    return inert(name) + shadow_note(variant)


def _line(owner: str, component: CostComponent) -> ChargeRow:
    """One component; of one that rests on sensitive values, what kind it is and what it costs a month."""
    price = None if component.redacted else component.price
    unit = UNITS.get(component.unit, component.unit)
    basis = [price.basis, price.date] if price else []
    if price and price.confidence:
        basis.insert(1, f"({price.confidence} confidence)")
    return ChargeRow(
        owner=owner,
        what=detail_of(component),
        usage_type=inert(component.usage_type or "") if not component.redacted else "",
        unit_price=f"{plain(price.usd)} per {unit}" if price else "",
        basis=" ".join(basis),
        basis_detail=inert(". ".join(filter(None, (price.rule, price.source))), LONGEST_MESSAGE) if price else "",
        quantity=_quantity(component, unit),
        monthly=amounts_of(component),
        notes=list(_doubts(component)),
        origins=[] if component.redacted else [(key, inert(value)) for key, value in component.origins.items()],
    )


def _quantity(component: CostComponent, unit: str) -> str:
    """How many, and how much of the unit that is: ``2 – 6 · 1,460 – 4,380 h``."""
    if component.redacted or component.quantity is None:
        return ""
    amount = f"{spread(component.quantity.floor, component.quantity.ceiling)} {unit}"
    return f"{quantity_of(component)} · {amount}" if component.count is not None else amount


def _doubts(component: CostComponent) -> Iterator[str]:
    if component.reason:
        yield "sensitive" if component.redacted else inert(component.reason)
    if component.redacted:
        return
    if component.estimated:
        yield "estimated"
    if component.assumed:
        yield "expected is assumed"
    if component.price and component.price.suspect:
        yield f"doubtful: {inert(component.price.suspect)}"
    if component.depends_on_usage:
        yield "depends on usage"
