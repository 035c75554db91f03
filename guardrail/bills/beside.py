"""What the month before billed, as a check shows it beside before and after."""

from decimal import Decimal

from guardrail.bills.answer import trimmed
from guardrail.bills.billed import Month
from guardrail.bills.reconcile import paired
from guardrail.bills.usage import NOT_RECOGNISED
from guardrail.report import BilledEndpoint, BilledReport, Report


def billed(report: Report, month: Month) -> BilledReport:
    """The month by endpoint of the code: 165.60 for chat; what names none of them, and what no code has, are sums."""
    found = paired(report, month)
    unknown = [part for part in found.others if part.mode == NOT_RECOGNISED]  # which may be inference
    return BilledReport(
        month=month.label,
        until=None if month.cut_at is None else str(month.cut_at.date()),
        currency=month.currency,
        endpoints=tuple(
            BilledEndpoint(
                source=pair.item.source,
                address=pair.item.endpoint.address,
                usd=trimmed(sum((part.cost for part in pair.billed), Decimal(0))),
            )
            for pair in found.pairs
            if pair.billed
        ),
        unattributed=trimmed(sum((part.cost for pool in found.pools for part in pool.parts), Decimal(0))),
        in_no_code=trimmed(sum((part.cost for part in (*found.orphans, *unknown)), Decimal(0))),
    )
