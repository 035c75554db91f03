"""What inference costs by day or month, how that changes, and on which days it steps. Taxes and fees are on no day."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Final

from guardrail.bills.answer import Row, ratio, summed, total
from guardrail.bills.asked import DAY_HOURS, BillQuestion, By, ExportFacts, first_of_month, in_usage
from guardrail.bills.usage import INFERENCE
from guardrail.bills.view import literals
from guardrail.money import ZERO

COLUMNS: Final = ("period", "cost", "change", "change_percent", "list_cost", "billed_cost", "currency")
SHOWN: Final = ("period", "cost", "change", "change_percent", "list_cost")
NEEDS_RESOURCES = False
NEEDS_HOURS = False
_AROUND: Final = 7
"""Days on either side that a step is told from."""
_FEWEST: Final = 3
_STEP: Final = Decimal("0.1")
"""The part of the larger side by which the level has to differ."""


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:
    """Days, or months where that is asked, or where lines are of months."""
    unit = by(asked, facts)
    long = f"date_diff('hour', usage_start, usage_end) > {DAY_HOURS}"
    day = "CAST(date_trunc('day', usage_start) AS DATE)"
    placed = f"CASE WHEN {long} THEN CAST(NULL AS DATE) ELSE {day} END" if unit == "day" else day
    return f"""{beginning},
days AS (
  SELECT {placed} AS day, currency, usage_type, SUM(cost) AS cost,
    SUM(list_cost) AS list_cost, SUM(unblended_cost) AS billed_cost
  FROM asked
  WHERE {in_usage()}
  GROUP BY {placed}, currency, usage_type
)
SELECT days.day AS day, days.currency AS currency, SUM(days.cost) AS cost, SUM(days.list_cost) AS list_cost,
  SUM(days.billed_cost) AS billed_cost
FROM days JOIN usage_types ON days.usage_type = usage_types.usage_type
WHERE usage_types.mode IN {literals(INFERENCE)}
GROUP BY days.day, days.currency
ORDER BY days.day, days.currency"""


def by(asked: BillQuestion, facts: ExportFacts) -> By:
    """The step of the trend: as asked, else a day within one month of daily lines, a month over several."""
    if asked.by:
        return asked.by
    if facts.first is None or facts.last is None:
        return "day"
    one_month = (facts.first.year, facts.first.month) == (
        (end := facts.last - timedelta(seconds=1)).year,
        end.month,
    )
    return "day" if one_month and facts.hours <= DAY_HOURS else "month"


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:
    """A row for each day or month, with the change against the one before; a day without use is 0.

    A month without any use may be one whose bill is not here, so nothing is said of it, nor across it.
    """
    unit = by(asked, facts)
    made: list[Row] = []
    notes: list[str] = []
    for currency in sorted({row["currency"] or "" for row in found}):
        every = [row for row in found if (row["currency"] or "") == currency]
        own = [row for row in every if row["day"] is not None]
        long = total(row["cost"] for row in every if row["day"] is None)
        notes += [f"{long:,.2f} {currency} of lines that span several days are on no day"] if long is not None else []
        for run in _runs(own):
            made += _periods(run, currency, unit)
            costs = {row["day"]: row["cost"] or ZERO for row in run}
            notes += [_told(step, currency) for step in steps(costs, facts.last.date() if facts.last else None)]
    return made, notes


def _runs(own: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Days, parted wherever a whole month has none."""
    found: list[list[dict[str, Any]]] = []
    for row in sorted(own, key=lambda each: each["day"]):
        if found and first_of_month(row["day"], -1) <= first_of_month(found[-1][-1]["day"]):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _periods(run: Sequence[dict[str, Any]], currency: str, unit: By) -> list[Row]:
    shape = "%Y-%m-%d" if unit == "day" else "%Y-%m"
    first, last = run[0]["day"], run[-1]["day"]
    periods: dict[str, list[dict[str, Any]]] = {
        (first + timedelta(days=number)).strftime(shape): [] for number in range((last - first).days + 1)
    }
    for row in run:
        periods[row["day"].strftime(shape)].append(row)
    made: list[Row] = []
    before: Decimal | None = None
    for period, several in periods.items():
        cost = summed(several, "cost")
        made.append(
            {
                "period": period,
                "cost": cost,
                "change": None if before is None else cost - before,
                "change_percent": None if before is None else ratio(cost - before, before),
                "list_cost": _sum(several, "list_cost"),
                "billed_cost": _sum(several, "billed_cost"),
                "currency": currency,
            }
        )
        before = cost
    return made


def _sum(several: Sequence[dict[str, Any]], name: str) -> Decimal | None:
    """The sum of a column, which is 0 where there was nothing."""
    return total(row[name] for row in several) if several else ZERO


def _told(step: tuple[date, Decimal, Decimal], currency: str) -> str:
    day, before, after = step
    word = "rises" if after > before else "falls"
    return f"on {day} the cost of a day {word} from {before:,.2f} to {after:,.2f} {currency}"


def steps(costs: dict[date, Decimal], running: date | None) -> list[tuple[date, Decimal, Decimal]]:
    """Days on which the level changes for good: the day, and the median of up to seven days on either side.

    5.52 a day until the 14th and 11.04 from the 15th is a step on the 15th. A single day that is out of line is none,
    and the running day is not looked at.
    """
    whole = {day: cost for day, cost in costs.items() if day != running}
    if not whole:
        return []
    first, last = min(whole), max(whole)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    levels = [whole.get(day, ZERO) for day in days]
    found: list[tuple[date, Decimal, Decimal]] = []
    for place in range(_FEWEST, len(days) - _FEWEST + 1):
        before, after = median(levels[max(0, place - _AROUND) : place]), median(levels[place : place + _AROUND])
        largest = max(before, after)
        jump = levels[place] - levels[place - 1]
        is_level = abs(after - before) > _STEP * largest and jump * (after - before) > 0
        if is_level and abs(jump) * 2 >= abs(after - before):
            found.append((days[place], before, after))
    return found
