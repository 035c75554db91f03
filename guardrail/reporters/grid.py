"""The rows of the bill, laid out in columns."""

from collections.abc import Iterator

from msgspec import Struct, structs

from guardrail.report import Report
from guardrail.reporters.bill import BillRow, bill
from guardrail.reporters.page import GLYPHS, Page, TextLine
from guardrail.reporters.wording import USAGE, display_width

_GAP = 2
_SPACIOUS = 10
"""Columns of an amount where there is room."""
_SHORTEST_DETAIL = 14
"""Columns below which what a variant consists of says nothing."""
_WIDEST_ENDPOINT = 24
"""Columns that modes are moved right for the sake of long names of endpoints."""
_INDENT = 3
_BELOW_A_NAME = 5
"""Columns in front of what stands below a name that has a line of its own."""
_HEADER = BillRow(kind="total", name="endpoint / component", quantity="qty", amounts=("floor", "expected", "ceiling"))


class _GridLayout(Struct, frozen=True):
    """The rows, and how wide their first column is."""

    rows: list[BillRow]
    right: list[list[str]]
    """The amounts and marks of each row."""
    margin: int
    """Columns in front of what a variant consists of."""
    room: int
    """Columns that the page leaves for the first column."""
    flows: bool
    """Whether unit prices may flow over the amounts that their rows do not have."""

    @property
    def needed(self) -> int:
        """Columns of the first column without anything cut."""
        return max(_needed(row, self.margin, flows=self.flows) for row in self.rows)


def grid(report: Report, page: Page) -> Iterator[TextLine]:
    """The bill of ``report``. Where the page is narrow, names get a line of their own, and numbers are never cut.

    The first column holds two: what the row is about and, at its right edge, the quantity, so that a long name takes
    the room that a short quantity leaves. Rows without amounts take the whole line, and those that have but a unit
    price take what the amounts leave.
    """
    from tabulate import tabulate

    layout = _fitting([_HEADER, *(_spelled(row, page) for row in bill(report))], page)
    width = _first_column(layout)
    edges = _edges(width, layout.right)
    aligned = tabulate(
        [[_first(row, page, layout, width), *rest] for row, rest in zip(layout.rows, layout.right, strict=True)],
        tablefmt="plain",
        colalign=("left", "right", "right", "right", "left"),
        disable_numparse=True,
        preserve_whitespace=True,
    ).split("\n")
    modes = _column_of_modes(layout.rows)
    for row, line in zip(layout.rows, aligned, strict=True):
        if _is_whole(row):
            yield TextLine(_whole(row, page, modes), _colour(row))
        elif _overflows(row, layout.margin, width):
            yield TextLine(_flowing(row, page, layout.margin, edges), _colour(row))
        else:
            yield TextLine(line, _colour(row))


def _fitting(rows: list[BillRow], page: Page) -> _GridLayout:
    """The first layout that fits, else the last one."""
    for layout in _layouts(rows, page):
        if layout.needed <= layout.room:
            break
    return layout


def _layouts(rows: list[BillRow], page: Page) -> Iterator[_GridLayout]:
    """Spacious, then tight, then with unit prices that flow, then with names on lines of their own."""
    for some, flows in ((rows, False), (rows, True), (_below_names(rows), True)):
        for width in (_SPACIOUS, _SPACIOUS - 1, 0):
            yield _layout(some, page, width, flows=flows)
        yield _layout([_with_usage_in_words(row) for row in some], page, 0, flows=flows)


def _layout(rows: list[BillRow], page: Page, width: int, *, flows: bool) -> _GridLayout:
    """The rows with amounts of at least ``width`` columns."""
    right = [[*(amount.rjust(width) for amount in row.amounts), _mark(row, page)] for row in rows]
    return _GridLayout(rows, right, _margin(rows), page.width - _width(right), flows)


def _with_usage_in_words(row: BillRow) -> BillRow:
    """The row without a mark behind its amounts: ``MONTHLY  + usage``."""
    if not row.usage:
        return row
    if row.kind == "total":
        return structs.replace(row, name=f"{row.name}  {USAGE}", usage=False)
    return structs.replace(row, detail=f"{row.detail}  {USAGE}", usage=False)


def _below_names(rows: list[BillRow]) -> list[BillRow]:
    """The rows with each name of a variant on a line of its own."""
    apart: list[BillRow] = []
    for row in rows:
        if row.kind == "component" and row.name:
            apart += [BillRow(kind="variant", name=row.name), structs.replace(row, name="")]
        else:
            apart.append(row)
    return apart


def _width(right: list[list[str]]) -> int:
    return _edges(0, right)[-1]


def _edges(first: int, right: list[list[str]]) -> list[int]:
    """Where each column right of the first one ends."""
    edges, end = [], first
    for column in zip(*right, strict=True):
        width = max(map(len, column))
        end += _GAP + width if width else 0
        edges.append(end)
    return edges


def _spelled(row: BillRow, page: Page) -> BillRow:
    floor, expected, ceiling = row.amounts
    return structs.replace(
        row,
        name=page.text(row.name),
        detail=page.text(row.detail),
        quantity=page.text(row.quantity),
        amounts=(page.text(floor), page.text(expected), page.text(ceiling)),
    )


def _mark(row: BillRow, page: Page) -> str:
    if _is_whole(row) or row.mark is None:
        return USAGE if row.usage else ""
    return page.text(GLYPHS[row.mark])


def _colour(row: BillRow) -> str:
    if row is _HEADER:
        return "quiet"
    return row.mark or ("total" if row.kind == "total" else "")


# The first column ----------------------------------------------------------------------------------------------------


def _first_column(layout: _GridLayout) -> int:
    """How wide it is: as wide as it needs or the page allows, but not so narrow that details say nothing."""
    least = max(_least(row, layout) for row in layout.rows)
    return min(layout.needed, max(layout.room, least))


def _margin(rows: list[BillRow]) -> int:
    """Columns in front of the details: behind the longest name of a variant, or below it."""
    if any(row.kind == "variant" for row in rows):
        return _BELOW_A_NAME
    names = max((display_width(row.name) for row in rows if row.kind == "component"), default=0)
    return _INDENT + names + (_GAP if names else 0)


def _least(row: BillRow, layout: _GridLayout) -> int:
    """Columns below which nothing more is cut."""
    needed = _needed(row, layout.margin, flows=layout.flows)
    return needed - max(0, display_width(row.detail) - _SHORTEST_DETAIL)


def _needed(row: BillRow, margin: int, *, flows: bool) -> int:
    """Columns that a row wants of the first one."""
    if _is_whole(row):
        return 0
    quantity = _GAP + display_width(row.quantity) if row.quantity and not (flows and _is_loose(row)) else 0
    if row.kind == "total":
        return 1 + display_width(row.name) + quantity
    return _start(row, margin) + display_width(row.detail) + quantity


def _start(row: BillRow, margin: int) -> int:
    """Columns in front of what a row is for: what all variants share stands below their names, not behind."""
    return _INDENT if row.kind == "shared" else margin


def _first(row: BillRow, page: Page, layout: _GridLayout, width: int) -> str:
    if _is_whole(row) or _overflows(row, layout.margin, width):
        return ""
    room = width - (_GAP + display_width(row.quantity) if row.quantity else 0)
    if row.kind == "total":
        label = " " + page.shorten(row.name, room - 1)
    else:
        start = _start(row, layout.margin)
        label = _padded(f"{' ' * _INDENT}{row.name}", start)
        label += page.shorten(row.detail, room - start)
    return _padded(label, width - display_width(row.quantity)) + row.quantity


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


# Rows with a unit price and no amounts -------------------------------------------------------------------------------


def _is_loose(row: BillRow) -> bool:
    return row.kind in ("component", "shared") and bool(row.amounts[0]) and not row.amounts[1]


def _overflows(row: BillRow, margin: int, width: int) -> bool:
    """Whether its unit price does not fit into the first column."""
    return _is_loose(row) and _needed(row, margin, flows=False) > width


def _flowing(row: BillRow, page: Page, margin: int, edges: list[int]) -> str:
    """The row with its unit price over columns that it leaves empty, ending where one of them ends."""
    label = _padded(f"{' ' * _INDENT}{row.name}", _start(row, margin))
    price = (" " * _GAP).join(part for part in (row.quantity, row.amounts[0]) if part)
    room = page.width - display_width(label) - _GAP - display_width(price) - (_GAP + 1 if row.mark else 0)
    label += page.shorten(row.detail, max(room, _SHORTEST_DETAIL))
    least = display_width(label) + _GAP + display_width(price)
    edge = next((edge for edge in edges[:3] if edge >= least), least)
    line = _padded(label, edge - display_width(price)) + price
    if row.mark:
        column = min(edges[2] + _GAP, page.width - len(page.text(GLYPHS[row.mark])))
        line = f"{_padded(line, max(column, edge + _GAP))}{page.text(GLYPHS[row.mark])}"
    return line


# Rows that take the whole line ---------------------------------------------------------------------------------------


def _is_whole(row: BillRow) -> bool:
    return row.kind in ("heading", "endpoint", "variant")


def _column_of_modes(rows: list[BillRow]) -> int:
    return max((min(display_width(row.name), _WIDEST_ENDPOINT) for row in rows if row.kind == "endpoint"), default=0)


def _whole(row: BillRow, page: Page, modes: int) -> str:
    if row.kind == "heading":
        return " " + page.shorten(row.name, page.width - 1)
    if row.kind == "variant":
        return " " * _INDENT + page.shorten(row.name, page.width - _INDENT)
    mark = f"  {page.text(GLYPHS[row.mark])}" if row.mark else ""
    name = page.shorten(row.name, page.width - 4 - display_width(row.detail) - len(mark))
    return f" {_padded(name, modes)}   {row.detail}{mark}"
