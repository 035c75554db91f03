"""What the month before billed, as a check shows it beside before and after."""

from decimal import Decimal

from guardrail.bills.answer import trimmed
from guardrail.bills.billed import Month
from guardrail.bills.reconcile import paired
from guardrail.report import BilledEndpoint, BilledReport, Report


def billed(report: Report, month: Month) -> BilledReport:
    """The month by endpoint of the code: 165.60 for chat; what no code has is one sum."""
    found = paired(report, month)
    last = month.facts.last
    return BilledReport(
        month=month.label,
        until=str(last.date()) if last is not None and last.date() < month.end else None,
        currency=month.facts.currencies[0] if month.facts.currencies else "USD",
        endpoints=tuple(
            BilledEndpoint(
                source=pair.item.source,
                address=pair.item.endpoint.address,
                usd=trimmed(sum((part.cost for part in pair.billed), Decimal(0))),
            )
            for pair in found.pairs
            if pair.billed
        ),
        in_no_code=trimmed(sum((part.cost for part in found.orphans), Decimal(0))),
    )
