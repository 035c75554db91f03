"""The dearest endpoints of a period: amortized and net where known, with list and billed cost beside it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from guardrail.bills.answer import Row, joined, largest_first, ratio, tags_text, total
from guardrail.bills.asked import BillQuestion, ExportFacts, in_usage, timestamp
from guardrail.bills.resources import BilledResource, grouped, mode_of, shown_name
from guardrail.bills.usage import INFERENCE
from guardrail.bills.view import literals

COLUMNS: Final = (
    *("endpoint", "kind", "account", "region", "mode", "instance_types", "cost", "share_percent", "trend_percent"),
    *("list_cost", "billed_cost", "currency", "usage_types", "tags", "resource_id"),
)
SHOWN: Final = ("endpoint", "region", "mode", "instance_types", "cost", "share_percent", "trend_percent", "list_cost")
NEEDS_RESOURCES = False
NEEDS_HOURS = False
WEEK: Final = timedelta(days=7)


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:  # noqa: ARG001 - every question has the same shape
    """Lines by resource and usage type, then named; the last whole week and the one before it for the trend."""
    last = facts.last.date() if facts.last else None
    recent = timestamp(last - WEEK) if last else "TIMESTAMP '1970-01-01 00:00:00'"
    earlier = timestamp(last - 2 * WEEK) if last else recent
    until = timestamp(last) if last else recent
    return f"""{beginning},
per_resource AS (
  SELECT resource_id, account, region, currency, usage_type, SUM(cost) AS cost, SUM(list_cost) AS list_cost,
    SUM(unblended_cost) AS billed_cost,
    SUM(CASE WHEN usage_start >= {recent} AND usage_start < {until} THEN cost END) AS recent_cost,
    SUM(CASE WHEN usage_start >= {earlier} AND usage_start < {recent} THEN cost END) AS earlier_cost,
    MIN(usage_start) AS first_use, MAX(usage_start) AS last_use, max_by(tags, usage_start) AS tags
  FROM asked
  WHERE {in_usage()}
  GROUP BY resource_id, account, region, currency, usage_type
)
SELECT per_resource.*, usage_types.mode AS mode, usage_types.instance_type AS instance_type
FROM per_resource LEFT JOIN usage_types ON per_resource.usage_type = usage_types.usage_type
WHERE usage_types.mode IN {literals(INFERENCE)}
ORDER BY per_resource.cost DESC, resource_id, account, region, currency, per_resource.usage_type"""


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:  # noqa: ARG001
    """A row for each endpoint and job, and for each usage type of lines that name none."""
    whole: dict[str, Any] = {}
    for row in found:
        whole[row["currency"] or ""] = total((whole.get(row["currency"] or ""), row["cost"]))
    made = [_row(resource, several, whole, facts) for resource, several in grouped(found, facts.prefix_regions).items()]
    return largest_first(made, "cost"), []


def _row(
    resource: BilledResource, several: Sequence[Mapping[str, Any]], whole: Mapping[str, Any], facts: ExportFacts
) -> Row:
    cost = total(row["cost"] for row in several)
    recent, earlier = (total(row[name] for row in several) for name in ("recent_cost", "earlier_cost"))
    newest = max(several, key=lambda row: row["last_use"])
    spans_weeks = facts.first is not None and facts.last is not None and facts.last - facts.first >= 2 * WEEK
    change = ratio((recent or 0) - earlier, earlier) if earlier and spans_weeks else None
    return {
        "endpoint": shown_name(newest["resource_id"]),
        "kind": resource.kind or None,
        "account": resource.account,
        "region": resource.region,
        "mode": mode_of([(row["mode"], row["cost"]) for row in several]),
        "instance_types": joined(row["instance_type"] for row in several),
        "cost": cost,
        "share_percent": ratio(cost, whole[resource.currency])
        if cost is not None and whole[resource.currency]
        else None,
        "trend_percent": change,
        "list_cost": total(row["list_cost"] for row in several),
        "billed_cost": total(row["billed_cost"] for row in several),
        "currency": resource.currency,
        "usage_types": joined(row["usage_type"] for row in several),
        "tags": tags_text(newest["tags"]),
        "resource_id": newest["resource_id"],
    }
