"""Instance-hours of each hour, or of each day where the export is daily: what daily and always-on start from."""

from typing import Final

from guardrail.bills.asked import DAY_HOURS, in_usage
from guardrail.bills.view import literals

WHOLE: Final = "DECIMAL '0.9999'"
"""What counts as a whole instance-hour: the thirds of an hour that several lines add up to are rounded."""


def hourly(keys: str, modes: tuple[str, ...]) -> str:
    """The table ``hourly``: what ran in each span of the export, by ``keys``; lines of more than a day say no day.

    ``spans`` is the hours from its beginning to its end: 1, or 24 where the export is daily.
    """
    return f"""hourly AS (
  SELECT resource_key, account, currency, {keys}, usage_start, MAX(region) AS region,
    MAX(asked.usage_type) AS any_usage_type, MAX(resource_id) AS resource_id,
    MAX(date_diff('hour', usage_start, usage_end)) AS spans, SUM(amount) AS instance_hours,
    SUM(cost) AS cost, SUM(list_cost) AS list_cost, MIN(instance_type) AS first_type,
    MAX(instance_type) AS last_type
  FROM asked JOIN usage_types ON asked.usage_type = usage_types.usage_type
  WHERE {in_usage()} AND instance_type <> '' AND mode IN {literals(modes)}
    AND COALESCE(date_diff('hour', usage_start, usage_end), 1) <= {DAY_HOURS}
  GROUP BY resource_key, account, currency, {keys}, usage_start
)"""


def spans() -> str:
    """The hours of a span; 1 where its end is not told."""
    return "CASE WHEN spans > 1 THEN spans ELSE 1 END"
