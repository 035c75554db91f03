"""One headline for every format: the case is told apart once, and no amount that nobody knows reads as one."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Delta, Monthly
from guardrail.model import Unknown
from guardrail.report import Report, Totals
from guardrail.reporters import html, markdown, table
from guardrail.reporters.base import Options
from guardrail.reporters.headline import AllFixed, expected_dollars
from guardrail.reporters.overview import overview
from tests.reporters.reports import docs, finding, monthly, report

KNOWN, NOTHING = monthly("85", "85", "254"), monthly("0", "0", "0")
USAGE = structs.replace(NOTHING, depends_on_usage=True)
LACKING = structs.replace(NOTHING, at_least=True)

BOTH_ENDS = "the expected 85 USD a month, and +5 when all is scaled in and +676 when all is scaled out"


def change(expected: Any, *, floor: Any = 0, ceiling: Any = 0, before: Monthly = KNOWN, after: Monthly = KNOWN) -> Any:
    ends = [each if isinstance(each, Unknown) else Decimal(each) for each in (floor, expected, ceiling)]
    return Totals(before=before, after=after, delta=Delta(*ends))


def bound(low: str | None, high: str | None) -> Unknown:
    least, most = (None if each is None else Decimal(each) for each in (low, high))
    return Unknown("a part is missing", at_least=least, at_most=most)


CASES = [
    (change(40), "+40 USD a month (85 → 85)", "This change adds 40 USD a month (85 → 85)"),
    (change(-40), "−40 USD a month (85 → 85)", "This change saves 40 USD a month (85 → 85)"),
    (
        change(0, floor=5, ceiling=676),
        f"no change to {BOTH_ENDS}",
        f"This change adds nothing to {BOTH_ENDS}",
    ),
    (
        change(0, before=LACKING, after=LACKING),
        "no change, and what it costs is not known",
        "This change adds nothing, and what it costs is not known",
    ),
    (
        change(bound("20", None), after=structs.replace(KNOWN, at_least=True)),
        "≥+20 USD a month (85 → ≥85)",
        "This change adds at least 20 USD a month (85 → ≥85)",
    ),
    (
        change(bound("-20", None)),
        "change unknown (85 → 85)",
        "What this change adds is not known (85 → 85)",
    ),
    (
        change(bound(None, "20")),
        "change unknown (85 → 85)",
        "What this change adds is not known (85 → 85)",
    ),
    (
        change(bound(None, "-20")),
        "≤−20 USD a month (85 → 85)",
        "This change saves at least 20 USD a month (85 → 85)",
    ),
    (
        change(bound("20", "60")),
        "+20 to +60 USD a month (85 → 85)",
        "This change adds 20 to 60 USD a month (85 → 85)",
    ),
    (
        change(bound("-60", "-20")),
        "−60 to −20 USD a month (85 → 85)",
        "This change saves 20 to 60 USD a month (85 → 85)",
    ),
    (
        change(bound("-20", "60")),
        "−20 to +60 USD a month (85 → 85)",
        "This change makes a month −20 to +60 USD (85 → 85)",
    ),
    (
        change(bound(None, None), before=NOTHING, after=LACKING),
        "change unknown (0 → unknown)",
        "What this change adds is not known (0 → unknown)",
    ),
    (
        change(bound(None, None), before=NOTHING, after=USAGE),
        "change unknown (0 → usage)",
        "What this change adds is not known (0 → usage)",
    ),
    (Totals(before=None, after=KNOWN, delta=None), "85 USD a month", "85 USD a month"),
    (
        Totals(before=None, after=structs.replace(KNOWN, depends_on_usage=True), delta=None),
        "85 USD a month and what depends on usage",
        "85 USD a month and what depends on usage",
    ),
    (Totals(before=None, after=USAGE, delta=None), "what it costs depends on usage", "What it costs depends on usage"),
    (Totals(before=None, after=LACKING, delta=None), "what it costs is not known", "What it costs is not known"),
]


def shown(told: Report) -> tuple[str, str, str]:
    """The headlines of the table, the comment and the page."""
    lines = table.render(told, Options(width=200)).splitlines()
    start = next(at for at, line in enumerate(lines) if re.match(r" [✓✗?] ", line))
    figure = lines[start].partition("  ")[2]
    if lines[start + 1].startswith("   "):  # a sentence has at most 110 columns
        figure += f" {lines[start + 1].strip()}"
    sentence = markdown.render(told).partition("### ")[2].partition("\n")[0].partition(" ")[2]
    page = html.render(told)
    title = unescape(re.sub(r"<[^>]*>", "", page.partition("<h1>")[2].partition("</h1>")[0]))
    span = re.search(r"<strong>(.*?) USD expected</strong>", page)
    return figure, sentence, f"{title}{f' ({span[1]})' if span else ''}".replace(" + usage)", ")")


@pytest.mark.parametrize(("totals", "figure", "sentence"), CASES)
def test_every_format_shows_the_one_headline(totals: Totals, figure: str, sentence: str) -> None:
    told = report(totals=totals, results=(), exit_code=0)
    assert shown(told) == (figure, sentence, figure[0].upper() + figure[1:])


@pytest.mark.parametrize("after", [USAGE, LACKING, structs.replace(USAGE, at_least=True)])
def test_where_no_amount_is_known_the_state_is_unknown_and_nothing_passes(after: Monthly) -> None:
    told = report(totals=Totals(before=None, after=after, delta=None), results=(), exit_code=0)
    assert overview(told).state == "unknown"
    assert " ? NOTHING FAILS  " in table.render(told)
    assert "### ❔ " in markdown.render(told)
    assert "Nothing fails, the cost is unknown" in html.render(told)


def test_what_is_gone_costs_nothing_and_that_is_known() -> None:
    gone = structs.replace(docs(), cost=None, before=KNOWN)
    told = report(endpoints=(gone,), totals=change(-85, after=NOTHING), results=(), exit_code=0)
    assert overview(told).state == "known"


def test_what_all_fixes_leave_is_a_change_where_that_is_known_else_a_saving() -> None:
    """The change adds 40, the finding saves up to 84.51: at best −44.51 is left."""
    assert overview(report(totals=change(40))).headline.fixed == "with all fixes at best −45"
    assert overview(report(totals=change(40))).all_fixed == AllFixed(Decimal("84.51"), at_best=True)
    unknown = report(totals=change(bound("20", None)))
    assert overview(unknown).headline.fixed == "all fixes: at best −85"
    exact = report(
        totals=Totals(before=None, after=KNOWN, delta=None),
        results=(finding(saving_monthly=Decimal(20), saving_basis="exact"),),
    )
    assert overview(exact).headline.fixed == "all fixes: about −20"


@pytest.mark.parametrize(
    ("month", "text"),
    [
        (monthly("1", "2", "3"), "2"),
        (monthly("1", "2", "3", at_least=True, estimated=True), "≥~2"),
        (structs.replace(monthly("1", "2", "3"), expected=Unknown("r")), "1 to 3"),
        (structs.replace(monthly("3", "3", "3", at_least=True), expected=Unknown("r")), "≥3"),
        (LACKING, "unknown"),
        (structs.replace(NOTHING, estimated=True), "0"),
    ],
)
def test_whole_dollars_carry_the_marks_of_the_bill(month: Monthly, text: str) -> None:
    assert expected_dollars(month) == text
