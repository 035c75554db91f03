"""Instance-hours of each hour, or of each day where the export is daily: what daily and always-on start from."""

from typing import Final

from guardrail.bills.asked import DAY_HOURS, in_usage
from guardrail.bills.view import literals

WHOLE: Final = "CAST(0.9999 AS DECIMAL(38, 18))"
"""What counts as a whole instance-hour: the thirds of an hour that several lines add up to are rounded.

Not ``DECIMAL '0.9999'``, of which DuckDB keeps three places: 1.000.
"""


IDENTITY: Final = "resource_key, account, place"
"""What an endpoint is told by: its ARN, or its bare name with account and region."""
PLACE: Final = (
    "CASE WHEN substr(resource_key, 1, 4) = 'arn:' THEN '' ELSE COALESCE(NULLIF(region, ''), prefix_region) END"
)
"""The region of what has no ARN, which says it; the same name in two regions is two endpoints."""


def place_of(resource_key: str | None, region: str) -> str:
    """What `PLACE` is of a line whose region is worked out."""
    return "" if (resource_key or "").startswith("arn:") else region


def hourly(more: str, modes: tuple[str, ...]) -> str:
    """The table ``hourly``: what ran in each span of the export, by `IDENTITY` and ``more``.

    Lines of more than a day say no day.
    ``spans`` is the hours from its beginning to its end: 1, or 24 where the export is daily. Usage types are numbers in
    it, since of millions of hours each text would be a text of its own.
    """
    return f"""hourly AS (
  SELECT resource_key, account, {PLACE} AS place, {more}, usage_start,
    date_diff('hour', usage_start, MAX(usage_end)) AS spans, SUM(amount) AS instance_hours,
    SUM(cost) AS cost, SUM(list_cost) AS list_cost, MIN(number) AS first_number, MAX(number) AS last_number
  FROM asked JOIN usage_types ON asked.usage_type = usage_types.usage_type
  WHERE {in_usage()} AND instance_type <> '' AND mode IN {literals(modes)}
  GROUP BY resource_key, account, {PLACE}, {more}, usage_start
)"""


def labels(more: str = "") -> str:
    """The table ``labels``: how the newest line of an endpoint spells its name, and what ``more`` it says.

    It reads the lines a second time, and is the cheaper for it: texts that are carried through millions of hours take
    twice as long (5 million lines: 3.2 s without labels, 4.7 with them, 10.9 with tags in every hour).
    """
    return f"""labels AS (
  SELECT resource_key, account, {PLACE} AS place, max_by(resource_id, usage_start) AS resource_id{more}
  FROM asked JOIN usage_types ON asked.usage_type = usage_types.usage_type
  WHERE {in_usage()} AND resource_key <> ''
  GROUP BY resource_key, account, {PLACE}
)"""


def of_labels(table: str) -> str:
    """The condition that a row of ``table`` is of the endpoint of a label."""
    return (
        f"{table}.resource_key = labels.resource_key AND {table}.place = labels.place "
        f"AND COALESCE({table}.account, '') = COALESCE(labels.account, '')"
    )


def in_days() -> str:
    """The condition that a span lies in one day."""
    return f"COALESCE(spans, 1) <= {DAY_HOURS}"


def spans() -> str:
    """SQL for the hours of a span; 1 where it has no end."""
    return "CASE WHEN spans > 1 THEN spans ELSE 1 END"
