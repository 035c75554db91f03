"""Instance-hours of each hour, or of each day where the export is daily: what daily and always-on start from."""

from typing import Final

from guardrail.bills.asked import DAY_HOURS, in_usage
from guardrail.bills.view import literals

WHOLE: Final = "CAST(0.9999 AS DECIMAL(38, 18))"
"""What counts as a whole instance-hour: the thirds of an hour that several lines add up to are rounded.

Not ``DECIMAL '0.9999'``, of which DuckDB keeps three places: 1.000.
"""


def hourly(keys: str, modes: tuple[str, ...]) -> str:
    """The table ``hourly``: what ran in each span of the export, by ``keys``; lines of more than a day say no day.

    ``spans`` is the hours from its beginning to its end: 1, or 24 where the export is daily. Usage types are numbers in
    it, since of millions of hours each text would be a text of its own.
    """
    return f"""hourly AS (
  SELECT {keys}, usage_start, date_diff('hour', usage_start, MAX(usage_end)) AS spans, SUM(amount) AS instance_hours,
    SUM(cost) AS cost, SUM(list_cost) AS list_cost, MIN(number) AS first_number, MAX(number) AS last_number
  FROM asked JOIN usage_types ON asked.usage_type = usage_types.usage_type
  WHERE {in_usage()} AND instance_type <> '' AND mode IN {literals(modes)}
  GROUP BY {keys}, usage_start
)"""


def in_days() -> str:
    """The condition that a span lies in one day."""
    return f"COALESCE(spans, 1) <= {DAY_HOURS}"


def spans() -> str:
    """The hours of a span; 1 where its end is not told."""
    return "CASE WHEN spans > 1 THEN spans ELSE 1 END"
