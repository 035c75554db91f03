"""The question to a bill, the facts of the export it goes to, and the SQL with which every question begins.

The texts keep to what DuckDB and Trino (Athena) take alike: no division, no average, no function that
``tests/bills/test_texts.py`` does not list. Ratios are worked out in Python, on Decimal.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from guardrail.bills.layouts import LayoutName
from guardrail.bills.usage import NOT_RECOGNISED, SOFTWARE, UsageTypeUse, uses_of
from guardrail.bills.view import PRODUCTS, USAGE_LINES, literal, literals

KNOWN_LINES: Final = (
    *USAGE_LINES,
    *("SavingsPlanNegation", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "SavingsPlanFee", "SavingsPlanUnused"),
    *("Fee", "RIFee", "Tax", "Credit", "Refund", "Discount", "EdpDiscount", "PrivateRateDiscount", "BundledDiscount"),
    *("SppDiscount", "DistributorDiscount", "RiVolumeDiscount", "Adjustment", "Purchase"),
)
DAY_HOURS: Final = 24
INCOMPLETE: Final = timedelta(hours=48)
"""Of use before the newest line, in which more lines may still come (AWS refreshes a bill up to three times a day)."""

By: TypeAlias = Literal["day", "month"]
Ask: TypeAlias = Callable[[str], list[dict[str, Any]]]
"""What runs a text and gives its rows, in either engine."""


class BillQuestion(Struct, frozen=True, kw_only=True):
    """A question to a bill with its period and filters, as flags give them."""

    start: date | None = None
    end: date | None = None
    """The first day that does not count."""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each key with the values of which one has to be there; an empty one is that of lines without it."""
    days: int = 7
    """How long always-on is."""
    by: By | None = None
    instance_type: str | None = None


class ExportFacts(Struct, frozen=True, kw_only=True):
    """Facts of an export within the period of a question: its usage types, currencies, hours."""

    uses: tuple[UsageTypeUse, ...]
    """Its distinct usage types."""
    line_types: tuple[str, ...]
    currencies: tuple[str, ...]
    first: datetime | None
    """The beginning of its earliest use, in UTC; None where there is none."""
    last: datetime | None
    """The end of its latest use."""
    hours: int
    """Of the longest line of use of an instance: 1 where the export is hourly, 24 where it is daily."""
    usage_lines: int
    without_resource: int
    """How many of these name no resource."""
    may_be_later: bool
    """Whether some use may be in the bill of a later month: a bill began after some use did."""
    has_software: bool = False
    """Whether there are lines of AWS Marketplace beside those of SageMaker."""
    unrecognised: tuple[str, ...] = ()
    """Usage types of lines of use that neither the grammar nor the list of what is no inference knows."""
    layouts: tuple[LayoutName, ...] = ()
    has_ends: bool = True
    """Whether any line of use of an instance says when it ends: without, hours and days cannot be told apart."""
    tagged: tuple[int, ...] = ()
    """How many lines have each tag that is asked for."""

    @property
    def is_hourly(self) -> bool:
        """Whether the export tells hours apart."""
        return self.hours <= 1 and self.has_ends and "cost-explorer" not in self.layouts

    @property
    def has_resources(self) -> bool:
        """Whether any line of use names its resource."""
        return self.usage_lines > self.without_resource

    @property
    def is_nameless(self) -> bool:
        """Whether there is use, and no line of it names its resource."""
        return bool(self.usage_lines) and not self.has_resources

    @property
    def prefix_regions(self) -> dict[str, str]:
        """The region of the prefix of each usage type; empty where it is not known."""
        return {use.usage_type: use.region for use in self.uses}

    @property
    def modes(self) -> tuple[str, ...]:
        """Of all of its usage types."""
        return tuple(dict.fromkeys(use.mode for use in self.uses))


def first_of_month(day: date, later: int = 0) -> date:
    """The first day of the month of a day, or of one that many months later; below 0, earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(year, month + 1, 1)


def timestamp(day: date) -> str:
    """The first moment of a day in either engine."""
    return f"TIMESTAMP '{day:%Y-%m-%d} 00:00:00'"


def beginning(lines: str, asked: BillQuestion, uses: Sequence[UsageTypeUse]) -> str:
    """The common table expressions that every question starts with: ``lines``, ``usage_types`` and ``asked``."""
    return f"WITH lines AS (\n{lines}\n),\n{usage_types(uses)},\n{_asked(asked)}"


def usage_types(uses: Sequence[UsageTypeUse]) -> str:
    """The distinct usage types as a small table."""
    texts = [(use.usage_type, use.mode, use.region, use.instance_type) for use in uses] or [("", "", "", "")]
    rows = ",\n  ".join(f"({number}, {', '.join(map(literal, each))})" for number, each in enumerate(texts))
    return f"usage_types (number, usage_type, mode, prefix_region, instance_type) AS (VALUES\n  {rows}\n)"


def _asked(asked: BillQuestion) -> str:
    wanted = ["1 = 1"]
    if asked.start:
        wanted.append(f"lines.usage_start >= {timestamp(asked.start)}")
    if asked.end:
        wanted.append(f"lines.usage_start < {timestamp(asked.end)}")
    if asked.accounts:
        wanted.append(f"lines.account IN {literals(asked.accounts)}")
    if asked.regions:
        own = "NULLIF(lines.region, ''), NULLIF(split_part(lines.resource_key, ':', 4), '')"
        place = f"COALESCE({own}, usage_types.prefix_region)"
        wanted.append(f"{place} IN {literals(asked.regions)}")
    for number, (_, values) in enumerate(asked.tags, 1):
        tag = f"COALESCE(lines.tag_{number}, '')" if "" in values else f"lines.tag_{number}"
        wanted.append(f"{tag} IN {literals(values)}")
    joined = " LEFT JOIN usage_types ON lines.usage_type = usage_types.usage_type" if asked.regions else ""
    return f"asked AS (\n  SELECT lines.* FROM lines{joined}\n  WHERE {' AND '.join(wanted)}\n)"


def mode_of_lines(row: Mapping[str, Any]) -> str:
    """The mode of lines that a row sums: software has its own, whatever its usage type looks like."""
    return str(row["mode"] or NOT_RECOGNISED) if row["product_code"] in PRODUCTS else SOFTWARE


def in_usage() -> str:
    """The condition that a line is use of SageMaker itself, and not of software on it."""
    return f"line_type IN {literals(USAGE_LINES)} AND product_code IN {literals(PRODUCTS)}"


def facts_text(lines: str, asked: BillQuestion) -> str:
    """The text of the query for the facts of an export: one pass over a few narrow columns."""
    unfiltered = BillQuestion(start=asked.start, end=asked.end, accounts=asked.accounts)
    tags = "".join(f", COUNT(tag_{place}) AS tag_{place}" for place, _ in enumerate(asked.tags, 1))
    return f"""WITH lines AS (
{lines}
),
{_asked(unfiltered)}
SELECT usage_type, line_type, product_code, currency, MAX(billing_period) AS last_billed, COUNT(*) AS line_count,
  MIN(usage_start) AS first_use, MAX(usage_start) AS last_start, MAX(usage_end) AS last_use,
  SUM(CASE WHEN resource_id <> '' THEN 1 ELSE 0 END) AS named,
  MAX(date_diff('hour', usage_start, usage_end)) AS longest{tags}
FROM asked
GROUP BY usage_type, line_type, product_code, currency"""


def facts(lines: str, ask: Ask, asked: BillQuestion, layouts: Sequence[LayoutName]) -> ExportFacts:
    """The facts of an export, by a query of its own."""
    return _said(ask(facts_text(lines, asked)), layouts)


def _said(rows: Sequence[dict[str, Any]], layouts: Sequence[LayoutName]) -> ExportFacts:
    """What the rows of `facts_text` say."""
    rows = [{**row, **{name: row[name] or "" for name in ("usage_type", "line_type")}} for row in rows]
    uses = uses_of(sorted({row["usage_type"] for row in rows}))
    of = {use.usage_type: use for use in uses}
    own = [row for row in rows if row["product_code"] in PRODUCTS]
    used = [row for row in own if row["line_type"] in USAGE_LINES]
    inference = [row for row in used if of[row["usage_type"]].is_inference]
    # a month of serverless seconds may be one line in an hourly export; instances show how fine it is
    running = [row for row in inference if of[row["usage_type"]].instance_type] or inference
    starts = [row["first_use"] for row in used if row["first_use"]]
    ends = [row["last_use"] or row["last_start"] for row in used if row["last_start"]]
    return ExportFacts(
        uses=tuple(uses),
        line_types=tuple(sorted({row["line_type"] for row in rows})),
        currencies=tuple(sorted({row["currency"] or "" for row in rows})),
        first=min(starts, default=None),
        last=max(ends, default=None),
        hours=max((int(row["longest"] or 0) for row in running), default=0),
        usage_lines=sum(int(row["line_count"]) for row in inference),
        without_resource=sum(int(row["line_count"]) - int(row["named"]) for row in inference),
        has_ends=not running or any(row["longest"] is not None for row in running),
        tagged=tuple(sum(int(row[name]) for row in rows) for name in (rows[0] if rows else ()) if name[:4] == "tag_"),
        has_software=len(own) < len(rows),
        may_be_later=any(
            row["last_billed"] and row["first_use"] and row["last_billed"] > row["first_use"] for row in rows
        ),
        unrecognised=tuple(sorted({row["usage_type"] for row in used if of[row["usage_type"]].mode == NOT_RECOGNISED})),
        layouts=tuple(layouts),
    )
