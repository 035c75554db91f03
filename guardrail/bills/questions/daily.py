"""Each day of each endpoint by instance type: hours, instance-hours, cost. With this question the project began."""

from collections.abc import Sequence
from typing import Any, Final

from guardrail.bills.answer import Row, per, tags_text
from guardrail.bills.asked import BillQuestion, ExportFacts
from guardrail.bills.questions import hours
from guardrail.bills.resources import resource_of, shown_name
from guardrail.bills.usage import ASYNCHRONOUS, BATCH, REAL_TIME

COLUMNS: Final = (
    *("day", "endpoint", "account", "region", "mode", "instance_type", "hourly_cost", "hours", "instance_hours"),
    *("cost", "list_cost", "currency", "tags", "resource_id"),
)
SHOWN: Final = ("day", "endpoint", "mode", "instance_type", "hourly_cost", "hours", "instance_hours", "cost")
NEEDS_RESOURCES = False
NEEDS_HOURS = True
_MODES: Final = (REAL_TIME, ASYNCHRONOUS, BATCH)


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:  # noqa: ARG001 - every question has the same shape
    """Hours summed to days. ``hours`` is how long at least one instance ran, ``instance_hours`` how much all ran."""
    keys = f"{hours.IDENTITY}, currency, number, mode, instance_type"
    return f"""{beginning},
{hours.hourly("currency, number, mode, instance_type", _MODES)},
days AS (
  SELECT {keys}, CAST(date_trunc('day', usage_start) AS DATE) AS day,
    SUM(CASE WHEN instance_hours > {hours.spans()} THEN CAST({hours.spans()} AS DECIMAL(38, 18))
      ELSE instance_hours END) AS hours,
    SUM(instance_hours) AS instance_hours, SUM(cost) AS cost, SUM(list_cost) AS list_cost
  FROM hourly
  WHERE {hours.in_days()}
  GROUP BY {keys}, CAST(date_trunc('day', usage_start) AS DATE)
),
{hours.labels(", max_by(tags, usage_start) AS tags")}
SELECT days.*, usage_types.usage_type AS usage_type, labels.resource_id AS resource_id, labels.tags AS tags
FROM days JOIN usage_types ON days.number = usage_types.number
  LEFT JOIN labels ON {hours.of_labels("days")}
ORDER BY days.day, days.cost DESC, days.resource_key, days.account, days.place, days.currency, days.number"""


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:  # noqa: ARG001
    """A row for each day, endpoint and instance type."""
    prefix_regions = facts.prefix_regions
    made: list[Row] = []
    for row in found:
        resource = resource_of({**row, "region": row["place"]}, prefix_regions)
        made.append(
            {
                "day": str(row["day"]),
                "endpoint": shown_name(row["resource_id"]),
                "account": resource.account,
                "region": resource.region,
                "mode": row["mode"],
                "instance_type": row["instance_type"],
                "hourly_cost": per(row["cost"], row["instance_hours"]),
                "hours": row["hours"],
                "instance_hours": row["instance_hours"],
                "cost": row["cost"],
                "list_cost": row["list_cost"],
                "currency": resource.currency,
                "tags": tags_text(row["tags"]),
                "resource_id": row["resource_id"],
            }
        )
    notes = [] if facts.is_hourly else ["the export is daily: hours are instance-hours, at most 24"]
    return made, notes
