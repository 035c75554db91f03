"""What Machine Learning Savings Plans cover, how far their commitment is used, and what one more instance would cost.

Utilization counts hours that have happened: a report of the ninth already holds the fees of the whole month, with
nothing used (hours after the last line of use are none). A negation's amount repeats what it takes back, so its hours
are none either.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from guardrail.bills.answer import Row, per, ratio, summed, text_of, total
from guardrail.bills.asked import BillQuestion, ExportFacts
from guardrail.bills.usage import ASYNCHRONOUS, BATCH, REAL_TIME
from guardrail.bills.view import PRODUCTS, USAGE_LINES, literals
from guardrail.money import ZERO

COLUMNS: Final = (
    *(
        "row",
        "plan",
        "region",
        "instance_type",
        "instance_hours",
        "covered_hours",
        "covered_percent",
        "committed",
        "used",
    ),
    *("utilization_percent", "on_demand_price", "plan_price", "one_more_hour_costs", "currency"),
)
SHOWN: Final = (
    "row",
    "region",
    "instance_type",
    "instance_hours",
    "covered_percent",
    "utilization_percent",
    "plan_price",
    "one_more_hour_costs",
)
NEEDS_RESOURCES = False
NEEDS_HOURS = True
_COVERED: Final = "SavingsPlanCoveredUsage"
_ONE: Final = Decimal(1)


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:  # noqa: ARG001 - every question has the same shape
    """Each hour by plan, line type and usage type."""
    return f"""{beginning}
SELECT usage_start, plan, line_type, asked.usage_type AS usage_type, currency, usage_types.mode AS mode,
  usage_types.instance_type AS instance_type, SUM(amount) AS amount, SUM(cost) AS cost, SUM(list_cost) AS list_cost,
  SUM(unblended_cost) AS billed_cost, SUM(commitment) AS commitment, SUM(used_commitment) AS used_commitment
FROM asked LEFT JOIN usage_types ON asked.usage_type = usage_types.usage_type
WHERE product_code IN {literals(PRODUCTS)}
GROUP BY usage_start, plan, line_type, asked.usage_type, currency, usage_types.mode, usage_types.instance_type
ORDER BY usage_start, plan, line_type, asked.usage_type, currency"""


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:
    """A row for each plan, then one for each instance type."""
    last, so_far = _happened(found)
    made: list[Row] = []
    for currency in sorted({row["currency"] or "" for row in so_far}):
        own = [row for row in so_far if (row["currency"] or "") == currency]
        made += _plans(own, currency)
        made += _types(own, currency, asked.instance_type, facts.prefix_regions)
    notes = []
    apart = summed((row for row in so_far if _is_asynchronous_on_demand(row)), "amount")
    if apart:
        notes.append(
            f"{text_of(apart)} instance-hours of asynchronous inference on demand are in no coverage: AWS does not say "
            "whether a plan covers them"
        )
    if not any(row["used_commitment"] is not None for row in so_far):
        notes.append("no commitment of a Machine Learning Savings Plan is in these lines")
    elif last is not None and facts.last is not None and len(so_far) < len(found):
        notes.append(
            f"fee lines after {last:%Y-%m-%d %H:%M}, the last hour with use, are of hours that have not happened"
        )
    return made, notes


def _happened(found: Sequence[Mapping[str, Any]]) -> tuple[datetime | None, list[Mapping[str, Any]]]:
    """The last hour with use, and the lines up to it."""
    last = max((row["usage_start"] for row in found if row["line_type"] in USAGE_LINES), default=None)
    return last, [row for row in found if last is not None and row["usage_start"] <= last]


def _plans(own: Sequence[Mapping[str, Any]], currency: str) -> list[Row]:
    """Utilization of each plan, over hours with use."""
    made: list[Row] = []
    committing = [row for row in own if row["commitment"] is not None]
    for plan in sorted({row["plan"] or "" for row in committing}):
        lines = [row for row in committing if (row["plan"] or "") == plan]
        committed, used = summed(lines, "commitment"), summed(lines, "used_commitment")
        made.append(
            {
                **_blank("plan", currency),
                "plan": plan or None,
                "committed": committed,
                "used": used,
                "utilization_percent": ratio(used, committed),
            }
        )
    return made


def _is_asynchronous_on_demand(row: Mapping[str, Any]) -> bool:
    is_use = row["line_type"] in USAGE_LINES and row["line_type"] != _COVERED
    return bool(is_use and row["instance_type"] and row["mode"] == ASYNCHRONOUS)


def _types(own: Sequence[Mapping[str, Any]], currency: str, asked: str | None, regions: Mapping[str, str]) -> list[Row]:
    """Coverage and the price of one more hour of each instance type in each region, and coverage of all first.

    A type has another price in each region, so no mean of several is the price of anything.
    """
    used = [
        row
        for row in own
        if row["line_type"] in USAGE_LINES
        and row["instance_type"]
        and row["mode"] in (REAL_TIME, BATCH, ASYNCHRONOUS)
        and not _is_asynchronous_on_demand(row)
    ]
    if not used:
        return []
    free = _unused_by_hour(own)
    made = [{**_coverage(used, currency), "row": "coverage"}]
    by_type: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in used:
        by_type.setdefault((row["instance_type"], regions.get(row["usage_type"], "")), []).append(row)
    for (instance_type, region), lines in sorted(by_type.items()):
        if asked is None or asked == instance_type:
            place: Row = {"instance_type": instance_type, "region": region or None}
            made.append({**_coverage(lines, currency), **_margin(lines, free), **place})
    return made


def _coverage(lines: Sequence[Mapping[str, Any]], currency: str) -> Row:
    covered = summed((row for row in lines if row["line_type"] == _COVERED), "amount")
    hours = summed(lines, "amount")
    return {
        **_blank("instance type", currency),
        "instance_hours": hours,
        "covered_hours": covered,
        "covered_percent": ratio(covered, hours),
    }


def _margin(lines: Sequence[Mapping[str, Any]], free: Mapping[Any, Decimal]) -> Row:
    """What one more instance would cost an hour, on the average of the hours: the plan's rest pays for what it can.

    With 0.15 of a commitment unused and a rate of 0.15 it costs nothing more, with 0 unused the whole 0.23.
    """
    covered = [row for row in lines if row["line_type"] == _COVERED]
    on_demand = [row for row in lines if row["line_type"] != _COVERED]
    price = per(summed(on_demand, "billed_cost"), summed(on_demand, "amount")) or per(
        total(row["list_cost"] for row in lines), summed(lines, "amount")
    )
    rate = per(summed(covered, "cost"), summed(covered, "amount"))
    more: Decimal | None = price
    if price is not None and rate and free:
        shares = [max(ZERO, _ONE - rest / rate) for rest in free.values()]
        more = per(price * sum(shares, ZERO), len(shares))
    return {"on_demand_price": price, "plan_price": rate, "one_more_hour_costs": more}


def _unused_by_hour(own: Sequence[Mapping[str, Any]]) -> dict[Any, Decimal]:
    """The unused commitment of all plans in each hour."""
    left: dict[Any, Decimal] = {}
    for row in own:
        if row["commitment"] is not None:
            rest = row["commitment"] - (row["used_commitment"] or ZERO)
            left[row["usage_start"]] = left.get(row["usage_start"], ZERO) + rest
    return left


def hours(found: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Utilization of all plans together, hour by hour."""
    made: dict[tuple[Any, str], tuple[Decimal, Decimal]] = {}
    for row in _happened(found)[1]:
        if row["commitment"] is not None:
            key = (row["usage_start"], row["currency"] or "")
            committed, used = made.get(key, (ZERO, ZERO))
            made[key] = (committed + row["commitment"], used + (row["used_commitment"] or ZERO))
    return [
        {
            "hour": f"{hour:%Y-%m-%dT%H:%M}Z",
            "committed": committed,
            "used": used,
            "utilization_percent": ratio(used, committed),
            "currency": currency,
        }
        for (hour, currency), (committed, used) in sorted(made.items())
    ]


def _blank(kind: str, currency: str) -> Row:
    return {**dict.fromkeys(COLUMNS), "row": kind, "currency": currency}
