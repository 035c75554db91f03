"""What one month billed of each resource and usage type: hours, levels of each hour, list price, and what it cost.

The question behind a reconciliation. A level is how many instance-hours an hour had: 1 for 700 hours and 2 for 20 of
them are a fleet beside the old one for 20 hours.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, structs

from guardrail.bills.answer import summed
from guardrail.bills.asked import (
    DAY_HOURS,
    Ask,
    BillQuestion,
    ExportFacts,
    beginning,
    facts,
    first_of_month,
    in_usage,
)
from guardrail.bills.layouts import LayoutName
from guardrail.bills.questions.hours import PLACE, place_of
from guardrail.bills.resources import BilledResource, resource_of, shown_name
from guardrail.bills.usage import SOFTWARE, UsageTypeUse
from guardrail.bills.view import PRODUCTS, USAGE_LINES, literals
from guardrail.errors import SourceError
from guardrail.money import ZERO

_COVERED: Final = "SavingsPlanCoveredUsage"


class Billed(Struct, frozen=True, kw_only=True):
    """One usage type of one resource in a month."""

    resource: BilledResource
    name: str
    """As the bill spells it; the usage type where no resource is named."""
    use: UsageTypeUse
    amount: Decimal
    """In the unit of the usage type: hours, GB-months, GB, seconds."""
    cost: Decimal
    """Amortized, net where known."""
    list_cost: Decimal | None
    """On demand, by the public price; None where the export has no list price for a line of it."""
    covered_saving: Decimal
    """Of `list_cost`, what a Savings Plan left of its covered lines: their cost less their list price."""
    free_saving: Decimal
    """What lines that cost nothing would have cost: less than 0."""
    first: datetime
    last: datetime
    """The end of its last line."""
    levels: tuple[tuple[Decimal, int], ...]
    """Amounts of an hour, each with the number of hours that had it; of instances in an hourly export alone."""

    @property
    def mode(self) -> str:
        """What it is of: a mode of inference, software, or none."""
        return self.use.mode


class Month(Struct, frozen=True, kw_only=True):
    """All that a month billed."""

    start: date
    end: date
    parts: tuple[Billed, ...]
    facts: ExportFacts

    @property
    def hours(self) -> Decimal:
        """Of the month: 720 of September."""
        return Decimal((self.end - self.start).days * DAY_HOURS)

    @property
    def currency(self) -> str:
        """Of all amounts, which are of one; empty where no line says it."""
        return self.facts.currencies[0] if self.facts.currencies else "USD"

    @property
    def cut_at(self) -> datetime | None:
        """Where the bill ends before the month does; None where it has the month to its end."""
        last = self.facts.last
        return last if last is not None and last.date() < self.end else None

    @property
    def label(self) -> str:
        """``2026-09``."""
        return f"{self.start:%Y-%m}"


def month(
    lines: str, ask: Ask, layouts: Sequence[LayoutName], start: date | None, *, accounts: tuple[str, ...] = ()
) -> Month:
    """What was billed in the month that begins with ``start``, by default the last one that is whole in the bill.

    Raises `SourceError` where the bill has nothing of it.
    """
    if start is None:
        start = _last_whole(facts(lines, ask, BillQuestion(), layouts))
    end = first_of_month(start, 1)
    asked = BillQuestion(start=start, end=end, accounts=accounts)
    there = facts(lines, ask, asked, layouts)
    if there.first is None:
        of = f" of {', '.join(accounts)}" if accounts else ""
        raise SourceError(
            f"no use of SageMaker in {start:%Y-%m}{of} is in the bill", hint="name its month: --month 2026-09"
        )
    if len(there.currencies) > 1:
        raise SourceError(
            f"the bill has several currencies: {', '.join(there.currencies)}",
            hint="reconcile the export of one of them",
        )
    if there.currencies[0] not in ("", "USD"):
        raise SourceError(
            f"the bill is in {there.currencies[0]}, and an estimate is in USD: they are not laid side by side",
            hint="guardrail bills answers in the currency of the bill",
        )
    text = beginning(lines, asked, there.uses)
    sums, levels = ask(sums_text(text)), ask(levels_text(text)) if there.is_hourly else []
    return Month(start=start, end=end, parts=tuple(_parts(sums, levels, there)), facts=there)


def _last_whole(there: ExportFacts) -> date:
    """The last month that the bill has to its end; the one that it is in where there is none."""
    if there.last is None or there.first is None:
        raise SourceError("no use of SageMaker is in the bill", hint="is it the right account?")
    first = first_of_month(there.last)  # of a bill that ends with a month: the month after
    before = first_of_month(there.last, -1)
    return before if before >= first_of_month(there.first) else first


def sums_text(text: str) -> str:
    """The text of the query for the sums of each usage type of each resource, by line type."""
    return f"""{text}
SELECT resource_key, account, region, currency, product_code, usage_type, line_type, MAX(resource_id) AS resource_id,
  SUM(amount) AS amount, SUM(cost) AS cost, SUM(list_cost) AS list_cost, COUNT(*) AS line_count,
  COUNT(list_cost) AS with_list, SUM(CASE WHEN cost = 0 THEN list_cost END) AS free_cost, MIN(usage_start) AS first_use,
  MAX(usage_start) AS last_start, MAX(usage_end) AS last_use
FROM asked
WHERE line_type IN {literals(USAGE_LINES)}
GROUP BY resource_key, account, region, currency, product_code, usage_type, line_type"""


def levels_text(text: str) -> str:
    """The question how many instance-hours its hours had, and how many hours had as many."""
    return f"""{text},
each_hour AS (
  SELECT resource_key, account, {PLACE} AS place, asked.usage_type AS usage_type, usage_start, SUM(amount) AS level
  FROM asked JOIN usage_types ON asked.usage_type = usage_types.usage_type
  WHERE {in_usage()} AND instance_type <> ''
  GROUP BY resource_key, account, {PLACE}, asked.usage_type, usage_start
)
SELECT resource_key, account, place, usage_type, level, COUNT(*) AS hours
FROM each_hour
GROUP BY resource_key, account, place, usage_type, level"""


def _parts(sums: Sequence[dict[str, Any]], levels: Sequence[dict[str, Any]], there: ExportFacts) -> list[Billed]:
    uses = {use.usage_type: use for use in there.uses}
    by_key: dict[tuple[Any, ...], list[tuple[Decimal, int]]] = {}
    for row in levels:
        key = (row["resource_key"], row["account"], row["place"], row["usage_type"])
        by_key.setdefault(key, []).append((row["level"] or ZERO, int(row["hours"])))
    prefix_regions = there.prefix_regions
    grouped: dict[tuple[BilledResource, UsageTypeUse], list[dict[str, Any]]] = {}
    for row in sums:
        use = uses[row["usage_type"] or ""]
        if row["product_code"] not in PRODUCTS:  # whatever its usage type looks like
            use = UsageTypeUse(usage_type=use.usage_type, mode=SOFTWARE, region=use.region)
        grouped.setdefault((resource_of(row, prefix_regions), use), []).append(row)
    made = [_part(resource, use, several, by_key) for (resource, use), several in grouped.items()]
    return sorted(made, key=_order)


def _order(part: Billed) -> tuple[str, ...]:
    """By name, and all that tells two of a name apart."""
    resource = part.resource
    return (resource.name, part.use.usage_type, part.mode, resource.account or "", resource.region, resource.kind)


def _part(
    resource: BilledResource,
    use: UsageTypeUse,
    several: Sequence[dict[str, Any]],
    levels: dict[tuple[Any, ...], list[tuple[Decimal, int]]],
) -> Billed:
    has_list = all(row["with_list"] == row["line_count"] for row in several)
    covered = [row for row in several if row["line_type"] == _COVERED]
    keys = dict.fromkeys(
        (row["resource_key"], row["account"], place_of(row["resource_key"], resource.region), row["usage_type"])
        for row in several
    )
    newest = max(several, key=lambda row: (row["last_start"], row["resource_id"] or ""))
    return Billed(
        resource=resource,
        name=shown_name(newest["resource_id"]) or use.usage_type,
        use=use,
        amount=summed(several, "amount"),
        cost=summed(several, "cost"),
        list_cost=summed(several, "list_cost") if has_list else None,
        covered_saving=summed(covered, "cost") - summed(covered, "list_cost") if has_list else ZERO,
        free_saving=-summed([row for row in several if row["line_type"] != _COVERED], "free_cost"),
        first=min(row["first_use"] for row in several),
        last=max(row["last_use"] or row["last_start"] for row in several),
        levels=tuple(sorted(level for key in keys for level in levels.get(key, ()))) if use.instance_type else (),
    )


def together(one: Billed, other: Billed) -> Billed:
    """Two usage types of one charge as one: ``Host:ml.m5.xlarge`` and ``USE1-Host:ml.m5.xlarge``."""
    listed = (one.list_cost, other.list_cost)
    return structs.replace(
        one,
        amount=one.amount + other.amount,
        cost=one.cost + other.cost,
        list_cost=None if listed[0] is None or listed[1] is None else listed[0] + listed[1],
        covered_saving=one.covered_saving + other.covered_saving,
        free_saving=one.free_saving + other.free_saving,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        levels=(),
    )
