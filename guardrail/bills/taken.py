"""The text of a question to take away, for either engine: the same question, only the view of the source differs."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from guardrail.bills import view
from guardrail.bills.asked import BillQuestion, ExportFacts, beginning, facts
from guardrail.bills.layouts import LAYOUTS, ExportLayout, LayoutName, underscored
from guardrail.bills.questions import question
from guardrail.bills.usage import UsageTypeUse, uses_of

if TYPE_CHECKING:
    from guardrail.bills.reading import Export

_HINT: Final = "-- usage types are those that the price tables of {regions} know; any other is in no row"


def duckdb(name: str, asked: BillQuestion, bill: "Export") -> str:
    """The text with the files of a bill written out."""
    there = facts(bill.lines, bill.ask, asked, bill.layouts)
    return question(name).text(beginning(bill.taken, asked, there.uses), asked, there) + "\n"


def athena(name: str, asked: BillQuestion, *, layout: LayoutName, table: str, bill: "Export | None" = None) -> str:
    """The text for a table of Athena in a layout, with the usage types of a bill, else those of the price tables."""
    regions = asked.regions or ("us-east-1",)
    if bill is None:
        there, head = presumed(asked, uses_of(priced(regions))), f"{_HINT.format(regions=', '.join(regions))}\n"
    else:
        there, head = facts(bill.lines, bill.ask, asked, bill.layouts), ""
    keys = [key for key, _ in asked.tags]
    types = table_types(LAYOUTS[layout], keys)
    lines = view.athena(LAYOUTS[layout], types, table_name(table), partitions(layout, asked), keys)
    text = question(name).text(beginning(lines, asked, there.uses), asked, there)
    return f"{head}{text}\n"


def presumed(asked: BillQuestion, uses: list[UsageTypeUse]) -> ExportFacts:
    """Facts of a bill that nobody has asked yet: hourly, up to the end of the period."""
    from datetime import datetime, time

    last = None if asked.end is None else datetime.combine(asked.end, time())
    first = None if asked.start is None else datetime.combine(asked.start, time())
    return ExportFacts(
        uses=tuple(uses),
        line_types=(),
        currencies=(),
        first=first,
        last=last,
        hours=1,
        usage_lines=0,
        without_resource=0,
        may_be_later=True,
    )


def priced(regions: tuple[str, ...]) -> list[str]:
    """The usage types that the price tables have of some regions."""
    from guardrail.bills.usage import region_prefixes
    from guardrail.prices import usage_types
    from guardrail.prices.book import PriceBook

    prefixes = {region: prefix for prefix, region in region_prefixes().items()}
    book = PriceBook()
    return [
        usage_types.written(prefixes[region], charge)
        for region in regions
        if region in prefixes
        for charge in sorted(book.charges(region))
    ]


def table_types(layout: ExportLayout, tag_keys: list[str]) -> dict[str, str]:
    """The columns that a table of a layout has when AWS's own set-up makes it."""
    names = [names[0] for names in layout.columns.values()]
    found = {(name if layout.name != "legacy" else underscored(name)).lower(): "" for name in names}
    if layout.name == "legacy":
        found.update({f"resource_tags_user_{underscored(key)}": "" for key in tag_keys})
        found["product_region"] = found.pop("product_region_code")
    else:
        found["tags" if layout.is_focus else "resource_tags"] = "MAP"
    return found


def table_name(table: str) -> str:
    """A table in SQL, its database before it: ``"billing"."cur"``."""
    return ".".join(map(view.quoted, table.split(".", 1)))


def partitions(layout: LayoutName, asked: BillQuestion) -> str | None:
    """The condition that reads only the partitions of some months; None where all are asked for.

    Legacy tables have ``month`` both as ``9`` and as ``09``, so both are named, and nothing stands around the column,
    or every partition would be read. A bill of the month after may hold use of the last month that is asked for.
    """
    months = months_of(asked)
    if months is None:
        return None
    if layout != "legacy":
        return f'"billing_period" IN {view.literals([f"{year:04d}-{month:02d}" for year, month in months])}'
    by_year: dict[int, list[str]] = {}
    for year, month in months:
        spelled = dict.fromkeys((f"{month}", f"{month:02d}"))
        by_year.setdefault(year, []).extend(spelled)
    parts = [f"(year = '{year:04d}' AND month IN {view.literals(names)})" for year, names in by_year.items()]
    return f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0]


def months_of(asked: BillQuestion) -> list[tuple[int, int]] | None:
    """The months whose bills may hold what is asked for: its own, and the one after, in which AWS restates.

    None where no beginning is asked for: all of them.
    """
    start, end = asked.start, asked.end
    if start is None:
        return None
    last = end - timedelta(days=1) if end is not None else date(start.year + 1, start.month, 1)
    found = [(start.year, start.month)]
    while found[-1] <= (last.year, last.month):
        year, month = found[-1]
        found.append((year + month // 12, month % 12 + 1))
    return found
