"""Endpoints that ran around the clock for days: every hour of each day has at least one whole instance-hour.

Neither an hour with any use (three minutes in each hour is no always-on) nor the sum of a day (two instances for twelve
hours are no day) is enough. The running day is not whole, so it neither counts nor breaks a run.
"""

from calendar import monthrange
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from guardrail.bills.answer import Row, joined, largest_first, per
from guardrail.bills.asked import DAY_HOURS, INCOMPLETE, BillQuestion, ExportFacts
from guardrail.bills.questions import hours
from guardrail.bills.resources import resource_of, shown_name
from guardrail.bills.usage import ASYNCHRONOUS, REAL_TIME

COLUMNS: Final = (
    *("endpoint", "account", "region", "mode", "instance_types", "first_day", "last_day", "days", "hours"),
    *("instance_hours", "hours_a_day", "unit_price", "cost_a_day", "cost", "list_cost", "month_cost"),
    *("month_list_cost", "currency", "resource_id"),
)
SHOWN: Final = (
    "endpoint",
    "mode",
    "instance_types",
    "last_day",
    "days",
    "unit_price",
    "cost_a_day",
    "cost",
    "month_cost",
)
NEEDS_RESOURCES = True
NEEDS_HOURS = True


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:  # noqa: ARG001 - every question has the same shape
    """Hours, then days that are whole, then runs of these: consecutive days have the same number less their rank."""
    keys = f"{hours.IDENTITY}, currency, mode"
    return f"""{beginning},
{hours.hourly("currency, mode", (REAL_TIME, ASYNCHRONOUS))},
days AS (
  SELECT {keys}, CAST(date_trunc('day', usage_start) AS DATE) AS day,
    SUM(CASE WHEN spans > 1 AND instance_hours >= spans THEN spans
      WHEN COALESCE(spans, 1) <= 1 AND instance_hours >= {hours.WHOLE} THEN 1 ELSE 0 END) AS hours,
    SUM(instance_hours) AS instance_hours, SUM(cost) AS cost, SUM(list_cost) AS list_cost,
    MIN(first_number) AS first_number, MAX(last_number) AS last_number
  FROM hourly
  WHERE {hours.in_days()} AND resource_key <> ''
  GROUP BY {keys}, CAST(date_trunc('day', usage_start) AS DATE)
),
numbered AS (
  SELECT days.*, date_diff('day', DATE '1970-01-01', day)
    - ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY day) AS run
  FROM days
  WHERE hours >= {DAY_HOURS}
),
runs AS (
  SELECT {keys}, MIN(day) AS first_day, MAX(day) AS last_day, COUNT(*) AS days, SUM(hours) AS hours,
    SUM(instance_hours) AS instance_hours, SUM(cost) AS cost, SUM(list_cost) AS list_cost,
    MIN(first_number) AS first_number, MAX(last_number) AS last_number
  FROM numbered
  GROUP BY {keys}, run
  HAVING COUNT(*) >= {asked.days:d}
),
{hours.labels()}
SELECT runs.*, labels.resource_id AS resource_id, first_types.usage_type AS usage_type,
  first_types.instance_type AS first_type, last_types.instance_type AS last_type
FROM runs JOIN usage_types AS first_types ON runs.first_number = first_types.number
  JOIN usage_types AS last_types ON runs.last_number = last_types.number
  JOIN labels ON {hours.of_labels("runs")}
ORDER BY runs.cost DESC, runs.first_day, runs.resource_key, runs.account, runs.place, runs.currency, runs.mode"""


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:
    """A row for each run, the dearest first; a month of it is as long as the month that its last day is in."""
    prefix_regions = facts.prefix_regions
    made: list[Row] = []
    for row in found:
        resource = resource_of({**row, "region": row["place"]}, prefix_regions)
        days, month = int(row["days"]), monthrange(row["last_day"].year, row["last_day"].month)[1]
        made.append(
            {
                "endpoint": shown_name(row["resource_id"]),
                "account": resource.account,
                "region": resource.region,
                "mode": row["mode"],
                "instance_types": joined((row["first_type"], row["last_type"])),
                "first_day": str(row["first_day"]),
                "last_day": str(row["last_day"]),
                "days": days,
                "hours": Decimal(row["hours"]),
                "instance_hours": row["instance_hours"],
                "hours_a_day": per(Decimal(row["hours"]), days),
                "unit_price": per(row["cost"], row["instance_hours"]),
                "cost_a_day": per(row["cost"], days),
                "cost": row["cost"],
                "list_cost": row["list_cost"],
                "month_cost": per(row["cost"] * month, days),
                "month_list_cost": None if row["list_cost"] is None else per(row["list_cost"] * month, days),
                "currency": resource.currency,
                "resource_id": row["resource_id"],
            }
        )
    none = [] if made else [f"no endpoint ran around the clock for {asked.days} days in a row"]
    return largest_first(made, "cost"), [*none, *_notes(facts)]


def _notes(facts: ExportFacts) -> list[str]:
    notes = []
    if not facts.is_hourly:
        notes.append("the export is daily: a day counts where it has at least 24 instance-hours, whichever hours")
    if facts.last is not None:
        since = facts.last - INCOMPLETE
        notes.append(f"days are UTC; the 48 hours since {since:%Y-%m-%d %H:%M} may not be complete yet")
    return notes
