"""Real-time, asynchronous, batch, serverless, storage and data by month, and what is no inference as one remainder."""

from collections.abc import Sequence
from typing import Any, Final

from guardrail.bills.answer import Row, joined, total
from guardrail.bills.asked import BillQuestion, ExportFacts, mode_of_lines
from guardrail.bills.usage import INFERENCE, NOT_INFERENCE, NOT_RECOGNISED, SOFTWARE
from guardrail.bills.view import USAGE_LINES, literals

COLUMNS: Final = ("month", "mode", "cost", "list_cost", "billed_cost", "currency", "amount", "unit", "usage_types")
SHOWN: Final = ("month", "mode", "cost", "list_cost", "billed_cost", "amount", "unit")
NEEDS_RESOURCES = False
NEEDS_HOURS = False
_ORDER: Final = (*INFERENCE, NOT_INFERENCE, SOFTWARE, NOT_RECOGNISED)


def text(beginning: str, asked: BillQuestion, facts: ExportFacts) -> str:  # noqa: ARG001 - every question has the same shape
    """Months by usage type, as Cost Explorer has them."""
    return f"""{beginning},
months AS (
  SELECT date_trunc('month', usage_start) AS month, product_code, usage_type, currency, unit, SUM(cost) AS cost,
    SUM(list_cost) AS list_cost, SUM(unblended_cost) AS billed_cost, SUM(amount) AS amount
  FROM asked
  WHERE line_type IN {literals(USAGE_LINES)}
  GROUP BY date_trunc('month', usage_start), product_code, usage_type, currency, unit
)
SELECT months.*, usage_types.mode AS mode
FROM months LEFT JOIN usage_types ON months.usage_type = usage_types.usage_type
ORDER BY months.month, months.cost DESC, months.usage_type, months.product_code, months.currency, months.unit"""


def rows(found: Sequence[dict[str, Any]], asked: BillQuestion, facts: ExportFacts) -> tuple[list[Row], list[str]]:  # noqa: ARG001
    """A row for each month, mode and currency; amounts only where all are of one unit."""
    parts: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in found:
        key = (f"{row['month']:%Y-%m}", mode_of_lines(row), row["currency"] or "")
        parts.setdefault(key, []).append(row)
    made: list[Row] = []
    for (month, mode, currency), several in sorted(
        parts.items(), key=lambda item: (item[0][0], item[0][2], _ORDER.index(item[0][1]))
    ):
        units = {row["unit"] for row in several}
        made.append(
            {
                "month": month,
                "mode": mode,
                "cost": total(row["cost"] for row in several),
                "list_cost": total(row["list_cost"] for row in several),
                "billed_cost": total(row["billed_cost"] for row in several),
                "currency": currency,
                "amount": total(row["amount"] for row in several) if len(units) == 1 else None,
                "unit": units.pop() if len(units) == 1 else None,
                "usage_types": joined(row["usage_type"] for row in several),
            }
        )
    return made, []
