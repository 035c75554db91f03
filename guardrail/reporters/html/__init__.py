"""The report as one page: a file that needs neither network nor scripts, for an artefact, a mail or a print.

First the verdict and what to mend, then a row for each endpoint with its bar, all on one axis, its lines folded inside,
then the totals and what they rest on. Whole dollars in the overview, cents in the lines. This module says what stands
where, as text; ``report.html.j2`` says how it looks. Jinja2 escapes every value, and every text of a plan has gone
through `inert` before, so nothing of it can act on the page or turn its reading direction.
"""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from markupsafe import Markup, escape
from msgspec import Struct, structs

from guardrail import __version__
from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.policy.base import Result, Undecided
from guardrail.report import BudgetReport, BudgetState, EndpointReport, Report, SkippedReport, Totals
from guardrail.reporters import batch, billed
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.bill import WITH_DISCOUNTS, Amounts, amounts, described, endpoint_marks, named, possibilities
from guardrail.reporters.changes import Phrase, Piece, phrases
from guardrail.reporters.findings import Finding
from guardrail.reporters.footnotes import Assumption, assumptions, caveats
from guardrail.reporters.headline import capital, changes_nothing, expected_dollars, in_dollars, is_usage_alone
from guardrail.reporters.html.bars import Axis, Bar
from guardrail.reporters.html.lines import LONGEST_MESSAGE, NONE, PageLine, lines, prices
from guardrail.reporters.html.mending import MendingCards
from guardrail.reporters.overview import (
    Overview,
    RunVerdict,
    dearest,
    doubts,
    group_limits,
    held_against,
    other_origins,
    overview,
    price_dates,
    resources_read,
    says_nothing_to_pay,
    sections,
    stake,
    usage_files,
)
from guardrail.reporters.page import GLYPHS
from guardrail.reporters.pairs import variants
from guardrail.reporters.wording import USAGE, difference, dollars, group_name, inert, members, of_instances

if TYPE_CHECKING:
    from jinja2 import Template

    from guardrail.reporters.instead import InsteadCard

TEMPLATE = "report.html.j2"
MOST_LISTED = 1_000
"""Lines of a list at the end of the page."""
MOST_PHRASES = 6
"""Of what a change does to one endpoint, in its row."""
MOST_NAMES = 3

Address: TypeAlias = tuple[str, str]
"""The source of an endpoint and its address."""

_VERDICTS: dict[RunVerdict, tuple[str, str]] = {
    "passes": ("✓ Passes", "good"),
    "fails": ("✗ Fails", "error"),
    "untrusted": ("? Cannot be trusted", "warning"),
    "tolerated": ("○ Fails on nothing", "note"),
}
_NOTHING_KNOWN = ("○ Nothing fails, the cost is unknown", "note")
_BUDGETS: dict[BudgetState, str] = {"holds": "good", "broken": "error", "open": "warning"}
_SEPARATOR = re.compile(r"(?:[_/:-]|(?<!\d)\.|\.(?!\d))+(?=\S)")
"""What a name may break after; a number is never broken."""


class EndpointRow(Struct, frozen=True, kw_only=True):
    """One endpoint."""

    id: str
    name: str
    mark: str
    change: str
    """What the change adds; what it costs a month where nothing is known of before."""
    spent: str
    """``85 → 2,023``; empty where nothing is known of before."""
    phrases: list[Phrase]
    before: Bar | None
    after: Bar | None
    label: str
    """The bars in words."""
    facts: list[str]
    sums: list[tuple[str, Amounts]]
    lines: list[PageLine]


class StackSection(Struct, frozen=True, kw_only=True):
    """The endpoints of one input, or of the only one."""

    name: str
    """Empty where there is one input."""
    change: str
    spent: str
    rows: list[EndpointRow]


class Sum(Struct, frozen=True, kw_only=True):
    """What several endpoints come to: a group of them, or all in one possibility."""

    name: str
    facts: str = ""
    """``4 endpoints``."""
    change: str
    before: str
    after: Amounts
    limits: list[tuple[BudgetState, str, str]] = []
    """The state of each limit on it, its colour, and the limit in words."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as one HTML document."""
    return _template().render(_HtmlPage(report, options).content()) + "\n"


@cache
def _template() -> "Template":
    """The page without its content, compiled once in a process."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(__file__)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["breaking"] = breaking
    return environment.get_template(TEMPLATE)


@lru_cache(maxsize=4_096)
def breaking(text: str) -> Markup:
    """``text`` that may break after ``_ - / : .``, as names do: ``a-<wbr>b`` of ``a-b``."""
    return Markup(_SEPARATOR.sub(r"\g<0><wbr>", str(escape(text))))  # noqa: S704 - escaped just here


class _HtmlPage:
    """What stands on the page."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report = report
        self._told = overview(report)
        self._options = options
        self._kinds = {source.id: source.kind for source in report.sources}
        self._has_past = {source.id for source in report.sources if source.has_before}
        left = [] if report.all_findings else [item for item in report.endpoints if item.unchanged]
        self._unchanged = sorted(left, key=dearest, reverse=True)
        shown = (*self._told.rows, *self._unchanged, *report.unattached)
        self._ids: dict[Address, str] = {_address(item): f"e-{at}" for at, item in enumerate(shown, start=1)}
        self._axis = Axis(shown)
        self._marks = endpoint_marks(report)

    def content(self) -> dict[str, object]:
        """The variables of the template."""
        report, told = self._report, self._told
        empty = says_nothing_to_pay(report)
        found = sections(report)
        rests = [("", "", inert(note, LONGEST_MESSAGE)) for note in report.notices]
        with_rows = {group.id for group in report.groups[:MOST_LISTED]}
        unchanged, stacks = [self._row(item) for item in self._unchanged], self._stacks()
        unattached = [self._row(item) for item in report.unattached]
        rows = [*(row for stack in stacks for row in stack.rows), *unchanged, *unattached]
        return {
            "verdict": _NOTHING_KNOWN if told.is_no_pass else _VERDICTS[told.verdict],
            "headline": capital(told.headline.figure),
            "inputs": [inert(source.path) for source in report.sources],
            "regions": ", ".join(map(inert, sorted(report.prices))),
            "spent": _spent_in_all(report, told),
            "told": _told(told, report),
            "fixed": told.headline.fixed,
            "read": self._read(),
            "own_terms": [inert(each, LONGEST_MESSAGE) for each in report.own_terms],
            "distrust": [inert(each, LONGEST_MESSAGE) for each in doubts(report)],
            "mending": MendingCards(report, self._options, found.new, self._ids),
            "stacks": stacks,
            "unchanged": unchanged,
            "unchanged_words": f"{len(unchanged):,} unchanged, {_amount(report.totals.unchanged)}",
            "unattached": unattached,
            "width": max((len(text) for row in rows for text in (row.change, row.spent)), default=0),
            "is_change": report.totals.delta is not None,
            "ticks": self._axis.ticks(),
            "step": self._axis.step,
            "sums": [] if empty else list(_sums(report)),
            "usage": report.totals.after.depends_on_usage,
            "budgets": _limits(each for each in told.budgets if not each.group or each.group not in with_rows),
            "grouped_by": ", ".join(map(inert, report.groups[0].values)) if report.groups else "",
            "groups": [
                _sum(
                    each.totals,
                    group_name(each.values),
                    members(each.endpoints, each.workflows),
                    group_limits(each, report),
                )
                for each in report.groups[:MOST_LISTED]
            ],
            "instead": [] if report.alternatives is None else _instead(report),
            "billed": list(billed.rows(report)),
            "billed_in": billed.title(report),
            "possibilities": [] if empty else list(self._possibilities()),
            "assumptions": [] if empty else list(self._assumptions()),
            "missing": [inert(note, LONGEST_MESSAGE) for note in caveats(report)],
            "prices": list(prices(self._shown())),
            "lists": [
                (title, told_lines)
                for title, told_lines in (
                    ("Transform jobs, and what starts them", [*map(_batch, batch.rows(report)), *_batch_notes(report)]),
                    ("Undecided", [_undecided(each) for each in found.undecided[:MOST_LISTED]]),
                    ("From before this change", [_existing(finding) for finding in found.existing[:MOST_LISTED]]),
                    ("Accepted", [_waived(result) for result in found.waived[:MOST_LISTED]]),
                    ("Skipped", [_skipped(item) for item in report.skipped[:MOST_LISTED]]),
                    ("Notices", rests),
                )
                if told_lines
            ],
            "version": __version__,
            "exit_code": report.exit_code,
        }

    def _shown(self) -> tuple[EndpointReport, ...]:
        return (*self._report.endpoints, *self._report.unattached)

    def _read(self) -> str:
        coverage = self._report.coverage
        text = resources_read(self._report)
        text += f", {coverage.partial:,} partly unknown" if coverage.partial else ""
        return text + (f", {coverage.skipped:,} skipped" if coverage.skipped else "")

    # Endpoints -------------------------------------------------------------------------------------------------------

    def _stacks(self) -> list[StackSection]:
        """The rows by source, in the order of their first ones; a source without rows is there for its subtotal."""
        subtotals = self._report.subtotals
        rows: dict[str, list[EndpointRow]] = {}
        for item in self._told.rows:
            rows.setdefault(item.source if subtotals else "", []).append(self._row(item))
        for source in subtotals:
            rows.setdefault(source, [])
        return [
            StackSection(
                name=inert(source),
                change=_change_or_cost(subtotals[source].delta, subtotals[source].after) if source in subtotals else "",
                spent=_spent(subtotals[source].before, subtotals[source].after) if source in subtotals else "",
                rows=found,
            )
            for source, found in rows.items()
        ]

    def _row(self, item: EndpointReport) -> EndpointRow:
        endpoint, after = item.endpoint, item.cost.monthly if item.cost else None
        has_past = item.source in self._has_past and endpoint.deployed != "no"
        before = item.before if not item.unchanged else None
        sums = [("before", amounts(before))] if before else []
        sums += [("after" if before else "a month", amounts(after))] if after else []
        label = "; ".join(f"{when}: floor {low}, expected {mid}, ceiling {high}" for when, (low, mid, high) in sums)
        sums += [("change", _differences(item.delta))] if before and item.delta else []
        discounted = self._report.discounts and self._report.discounts.endpoints.get(_address(item))
        sums += [(WITH_DISCOUNTS, amounts(discounted))] if discounted else []
        return EndpointRow(
            id=self._ids[_address(item)],
            name=named(endpoint),
            mark=GLYPHS[self._marks[_address(item)]] if _address(item) in self._marks else "",
            change=_change_or_cost(item.delta if has_past and not item.unchanged else None, after),
            spent=_spent(item.before, after) if has_past and not item.unchanged else "",
            phrases=list(_phrases(item, self._kinds[item.source], has_past=has_past)),
            before=self._axis.bar(before) if before else None,
            after=self._axis.bar(after) if after else None,
            label=f"{named(endpoint)}. {label} USD a month",
            facts=list(self._facts(item)),
            sums=sums,
            lines=lines(item),
        )

    def _facts(self, item: EndpointReport) -> Iterator[str]:
        endpoint = item.endpoint
        yield inert(endpoint.address)
        yield described(item, has_past=item.source in self._has_past)
        yield from [inert(item.environment)] if isinstance(item.environment, str) else []
        yield from [inert(endpoint.region)] if isinstance(endpoint.region, str) else []
        yield from ["its configuration is not known"] if isinstance(endpoint.variants, Unknown) else []

    # What the numbers rest on ----------------------------------------------------------------------------------------

    def _possibilities(self) -> Iterator[Sum]:
        several = len(self._report.sources) > 1
        for each in self._report.possibilities[:MOST_LISTED] if possibilities(self._report)[0] else ():
            name = inert(each.given) + (f" in {inert(each.source)}" if several else "")
            yield _sum(each.totals, name)

    def _assumptions(self) -> Iterator[tuple[str, str, str]]:
        """What is assumed, what it moves, and how it is known."""
        report = self._report
        yield "730 hours a month", "every amount", "8,760 hours a year / 12"
        regions = ", ".join(map(inert, sorted(report.prices)))
        dates = [
            price_dates(report).removeprefix("prices "),
            *(inert(f"from {origin}") for origin in other_origins(report)),
        ]
        yield (
            f"list prices, on demand{f', {regions}' if regions else ''}",
            "every amount",
            ", ".join(filter(None, dates)),
        )
        for path in usage_files(report):
            yield "requests, hours and GB as given", "what is expected", inert(path)
        if report.evidence_file:
            yield "requests, durations and instances as observed", "what is expected", inert(report.evidence_file)
        if report.settings_file:
            yield "limits, environments and discounts as set", "verdicts", inert(report.settings_file)
        if report.baseline_file:
            yield "findings of the baseline stood before", "verdicts", inert(report.baseline_file)
        for each in assumptions(report):
            yield each.text, _moves(each), each.basis


def _instead(report: Report) -> "list[InsteadCard]":
    """What could run instead, where somebody asks for it."""
    from guardrail.reporters import instead  # for those alone

    return instead.cards(report)[:MOST_LISTED]


def _address(item: EndpointReport) -> Address:
    return item.source, item.endpoint.address


def _told(told: Overview, report: Report) -> list[str]:
    """``2 errors, 2 warnings``, ``exit 1 (fail on error)``; what counts is said once, among all that was found."""
    threshold = f"fail on {report.fail_on}"
    reasons = [each for each in told.reasons if not each.endswith(f"({threshold})")]
    return [*reasons, str(told.counts), f"exit {report.exit_code} ({threshold})"]


# The verdict ---------------------------------------------------------------------------------------------------------


def _ends(delta: Delta) -> str:
    """``floor +85, ceiling +676`` where what is expected stays as it is and the ends of it do not."""
    ends = (("floor", delta.floor), ("ceiling", delta.ceiling))
    return "" if delta.expected else ", ".join(f"{name} {in_dollars(end)}" for name, end in ends if end)


def _spent_in_all(report: Report, told: Overview) -> str:
    """``1,380 → 5,137 USD expected + usage``."""
    span = told.headline.span
    usage = f" {USAGE}" if report.totals.after.depends_on_usage and not span.endswith("usage") else ""
    return f"{span} USD expected{usage}" if span else ""


def _sums(report: Report) -> Iterator[tuple[str, Amounts]]:
    totals, discounts = report.totals, report.discounts
    changes = totals.before is not None and not changes_nothing(report)
    if changes and totals.before is not None:
        yield "before", amounts(totals.before)
    yield "after" if changes else "a month", amounts(totals.after)
    if changes and totals.delta:
        yield "change", _differences(totals.delta)
    if discounts is not None:
        yield WITH_DISCOUNTS, amounts(discounts.after)


def _differences(change: Delta) -> Amounts:
    return difference(change.floor), difference(change.expected), difference(change.ceiling)


def _sum(totals: Totals, name: str, facts: str = "", limits: Iterable[BudgetReport] = ()) -> Sum:
    return Sum(
        name=name,
        facts=facts,
        change=difference(totals.delta.expected) if totals.delta else NONE,
        before=amounts(totals.before)[1] if totals.before else NONE,
        after=amounts(totals.after),
        limits=_limits(structs.replace(each, group="") for each in limits),
    )


def _limits(budgets: Iterable[BudgetReport]) -> list[tuple[BudgetState, str, str]]:
    return [(each.state, _BUDGETS[each.state], f"{held_against(each)} of {dollars(each.usd)}") for each in budgets]


# Rows ----------------------------------------------------------------------------------------------------------------


def _change_or_cost(delta: Delta | None, after: Monthly | None) -> str:
    if delta is not None:
        return in_dollars(delta.expected)
    return _amount(after)


def _spent(before: Monthly | None, after: Monthly | None) -> str:
    return f"{_amount(before)} → {_amount(after)}"


def _amount(monthly: Monthly | None) -> str:
    if monthly is None:
        return NONE
    return USAGE if is_usage_alone(monthly) else expected_dollars(monthly)


def _phrases(item: EndpointReport, kind: str, *, has_past: bool) -> Iterator[Phrase]:
    """What the change does to an endpoint; what it is where there is nothing to say of that."""
    found = phrases(item, kind) if has_past and not item.unchanged else []
    found += [(Piece(volume),) for volume in _volumes(item)]
    yield from found[:MOST_PHRASES] or [(Piece(described(item, has_past=has_past)),)]
    if len(found) > MOST_PHRASES:
        yield (Piece(f"{len(found) - MOST_PHRASES:,} more"),)
    ends = _ends(item.delta) if item.delta and not item.unchanged else ""
    if ends:
        yield (Piece(ends),)


def _volumes(item: EndpointReport) -> Iterator[str]:
    """``volume 4 → 30 GB`` where a volume grows with its type; where it is set itself, that is a difference already."""
    if any(each.what == "volume_size_gb" for each in item.differences):
        return
    for pair in variants(item) if item.previous_cost and item.cost else ():
        before, after = pair.volume_before.size, pair.volume_after.size
        if before is not None and after is not None and before != after:
            yield pair.volume_in_words


# What the numbers rest on --------------------------------------------------------------------------------------------


def _moves(each: Assumption) -> str:
    """``11 USD in ranking-staging, fraud, ranking``."""
    names = ", ".join(each.endpoints[:MOST_NAMES])
    more = len(each.endpoints) - MOST_NAMES
    names += f" and {more:,} more" if more > 0 else ""
    return names if each.usd is None else f"{dollars(each.usd)} USD in {names}"


def _undecided(found: Undecided) -> tuple[str, str, str]:
    where = f"{inert(found.block)}{of_instances(len(found.addresses))}"
    return found.severity, inert(", ".join(found.policies)), f"{where}: {inert(found.reason)}"


def _existing(finding: Finding) -> tuple[str, str, str]:
    result = finding.dearest
    money = f", {stake(result)}" if stake(result) else ""
    return result.severity, inert(result.policy), f"{_several(finding)}{money}"


def _several(finding: Finding) -> str:
    others = len(finding.results) - 1
    return inert(finding.block) + (f" and {others:,} more" if others else "")


def _waived(result: Result) -> tuple[str, str, str]:
    terms = inert(result.waiver.terms, LONGEST_MESSAGE) if result.waiver else ""
    return result.severity, inert(result.policy), f"{inert(result.address)} {terms}"


def _skipped(item: SkippedReport) -> tuple[str, str, str]:
    return "", "", f"{inert(item.resource.address)}: {inert(item.resource.reason)}"


def _batch(row: batch.JobRow) -> tuple[str, str, str]:
    """A transform job, or what starts it: name, amounts from floor to ceiling, the rest."""
    facts = (row.size, f"{row.hour} USD an hour" if row.hour else "", row.runs)
    return row.name.strip(), " / ".join(filter(None, row.amounts)), ", ".join(filter(None, facts))


def _batch_notes(report: Report) -> list[tuple[str, str, str]]:
    return [("", "", inert(note, LONGEST_MESSAGE)) for note in batch.notes(report)]
