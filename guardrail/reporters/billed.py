"""What the month before billed, beside before and after: one set of rows for every format that people read."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from guardrail.cost.base import Monthly
from guardrail.report import Report
from guardrail.reporters.bill import amounts, named
from guardrail.reporters.wording import USAGE, inert, usd

HEAD = ("before", "after", "billed")
NONE = "–"


class BilledRow(Struct, frozen=True):
    """One endpoint, or all of them: ``chat``, 167.90 before, 335.80 after, 165.60 billed."""

    text: str
    before: str
    after: str
    billed: str


def title(report: Report) -> str:
    """``billed in 2026-09``, with the day that the bill ends on before the month does; empty without a bill."""
    billed = report.billed
    if billed is None:
        return ""
    until = "" if billed.until is None else f", up to {inert(billed.until, 10)}"
    return f"billed in {inert(billed.month, 7)}{until}"


def rows(report: Report) -> Iterator[BilledRow]:
    """Each endpoint that has a side or a bill, then their total, then what the bill has in no code."""
    billed = report.billed
    if billed is None:
        return
    by_address = {(each.source, each.address): each.usd for each in billed.endpoints}
    for item in report.endpoints:
        amount = by_address.get((item.source, item.endpoint.address))
        after = item.cost.monthly if item.cost else None
        if amount is not None or after is not None or item.before is not None:
            yield BilledRow(named(item.endpoint), _expected(item.before), _expected(after), _usd(amount))
    if billed.unattributed:
        yield BilledRow("of no endpoint by name", NONE, NONE, usd(billed.unattributed))
    total = sum((each.usd for each in billed.endpoints), billed.unattributed)
    yield BilledRow("TOTAL", _expected(report.totals.before), _expected(report.totals.after), usd(total))
    if billed.in_no_code:
        yield BilledRow("in the bill and in no code", NONE, NONE, usd(billed.in_no_code))


def _expected(monthly: Monthly | None) -> str:
    if monthly is None:
        return NONE
    _, text, _ = amounts(monthly)
    return f"{text} {USAGE}" if monthly.depends_on_usage else text


def _usd(amount: Decimal | None) -> str:
    return NONE if amount is None else usd(amount)
