"""The rows of the bill, laid out in columns."""

from collections.abc import Iterator

from msgspec import structs

from guardrail.report import Report
from guardrail.reporters.bill import USAGE, Row, bill
from guardrail.reporters.page import GLYPHS, Line, Page
from guardrail.reporters.wording import display_width

_GAP = 2
_SPACIOUS = 10
"""Columns of an amount where there is room."""
_SHORTEST_NAME, _SHORTEST_DETAIL = 6, 14
"""Columns below which a name of a variant, and what it consists of, say nothing."""
_WIDEST_ENDPOINT = 24
"""Columns that modes are moved right for the sake of long names of endpoints."""
_HEADER = Row(kind="total", name="endpoint / component", quantity="qty", amounts=("floor", "expected", "ceiling"))


def grid(report: Report, page: Page) -> Iterator[Line]:
    """The bill of ``report``. Names give way where the page is narrow, numbers never.

    The first column holds two: what the row is about and, at its right edge, the quantity, so that a long name takes
    the room that a short quantity leaves. Rows without amounts take the whole line.
    """
    from tabulate import tabulate

    rows, right = _fitting([_HEADER, *(_spelled(row, page) for row in bill(report))], page)
    left = _left(rows, page, page.width - _width(right))
    aligned = tabulate(
        [[first, *rest] for first, rest in zip(left, right, strict=True)],
        tablefmt="plain",
        colalign=("left", "right", "right", "right", "left"),
        disable_numparse=True,
        preserve_whitespace=True,
    )
    modes = _column_of_modes(rows)
    for row, line in zip(rows, aligned.split("\n"), strict=True):
        yield Line(_whole(row, page, modes) if _is_whole(row) else line, _colour(row))


def _fitting(rows: list[Row], page: Page) -> tuple[list[Row], list[list[str]]]:
    """The rows, and the amounts and marks to their right: spacious where there is room, else as tight as they go."""
    names = _names(rows)
    needed = max(_needed(row, names) for row in rows)
    for row_amounts in (_SPACIOUS, _SPACIOUS - 1, 0):
        right = [[*(amount.rjust(row_amounts) for amount in row.amounts), _mark(row, page)] for row in rows]
        if needed <= page.width - _width(right):
            return rows, right
    tight = [structs.replace(row, name=f"{row.name}  {USAGE}", usage=False) if row.usage else row for row in rows]
    return tight, [[*row.amounts, _mark(row, page)] for row in tight]


def _width(right: list[list[str]]) -> int:
    widths = (max(map(len, column)) for column in zip(*right, strict=True))
    return sum(_GAP + width for width in widths if width)


def _spelled(row: Row, page: Page) -> Row:
    floor, expected, ceiling = row.amounts
    return structs.replace(
        row,
        name=page.text(row.name),
        detail=page.text(row.detail),
        quantity=page.text(row.quantity),
        amounts=(page.text(floor), page.text(expected), page.text(ceiling)),
    )


def _mark(row: Row, page: Page) -> str:
    if _is_whole(row) or row.mark is None:
        return USAGE if row.usage else ""
    return page.text(GLYPHS[row.mark])


def _colour(row: Row) -> str:
    if row is _HEADER:
        return "quiet"
    return row.mark or ("total" if row.kind == "total" else "")


# The first column ----------------------------------------------------------------------------------------------------


def _left(rows: list[Row], page: Page, room: int) -> list[str]:
    """The first column in at most ``room`` columns, where numbers and names that say something fit into it."""
    names = _names(rows)
    needed = max(_needed(row, names) for row in rows)
    if needed > room:
        names = min(names, max(_SHORTEST_NAME, names - (needed - room)))
    width = max(min(_needed(row, names), max(room, _least(row, names))) for row in rows)
    return [_with_quantity(row, page, names, width) for row in rows]


def _names(rows: list[Row]) -> int:
    """Columns that the names of variants take."""
    return max((display_width(row.name) for row in rows if row.kind == "component"), default=0)


def _least(row: Row, names: int) -> int:
    """Columns below which nothing more is cut."""
    return _needed(row, names) - max(0, display_width(row.detail) - _SHORTEST_DETAIL)


def _needed(row: Row, names: int) -> int:
    if _is_whole(row):
        return 0
    quantity = _GAP + display_width(row.quantity) if row.quantity else 0
    if row.kind == "total":
        return 1 + display_width(row.name) + quantity
    return _margin(names) + display_width(row.detail) + quantity


def _margin(names: int) -> int:
    """Columns in front of the details."""
    return 3 + names + (_GAP if names else 0)


def _with_quantity(row: Row, page: Page, names: int, width: int) -> str:
    if _is_whole(row):
        return ""
    room = width - (_GAP + display_width(row.quantity) if row.quantity else 0)
    if row.kind == "total":
        label = " " + page.shorten(row.name, room - 1)
    else:
        label = f"   {_padded(page.shorten(row.name, names), names)}".ljust(_margin(names))
        label += page.shorten(row.detail, room - _margin(names))
    return _padded(label, width - display_width(row.quantity)) + row.quantity


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


# Rows that take the whole line ---------------------------------------------------------------------------------------


def _is_whole(row: Row) -> bool:
    return row.kind in ("heading", "endpoint")


def _column_of_modes(rows: list[Row]) -> int:
    return max((min(display_width(row.name), _WIDEST_ENDPOINT) for row in rows if row.kind == "endpoint"), default=0)


def _whole(row: Row, page: Page, modes: int) -> str:
    if row.kind == "heading":
        return " " + page.shorten(row.name, page.width - 1)
    mark = f"  {page.text(GLYPHS[row.mark])}" if row.mark else ""
    name = page.shorten(row.name, page.width - 4 - display_width(row.detail) - len(mark))
    return f" {_padded(name, modes)}   {row.detail}{mark}"
