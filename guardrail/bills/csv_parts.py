"""CSV files of an export: their header, whether they are whole, and where a value stands that cannot be read."""

import csv
import re
from datetime import datetime
from typing import Final

from guardrail.bills import unpacking
from guardrail.bills.layouts import ExportLayout
from guardrail.bills.view import PRODUCTS, TIMES, is_amount
from guardrail.errors import SourceError

_LARGEST_FIELD: Final = 1 << 24
_TIME: Final = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?"


def header(path: str, shown: str, *, gzipped: bool) -> tuple[str, ...]:
    """The names of the columns. Raises `SourceError` where the file was cut."""
    if unpacking.last_byte(path, gzipped=gzipped) not in (b"\n", b"\r"):
        raise SourceError(
            f"{shown} does not end with a line end: it was cut, or is still being written",
            hint="download it again, once it is written to its end",
        )
    csv.field_size_limit(_LARGEST_FIELD)
    try:
        with unpacking.text(path, gzipped=gzipped) as file:
            names = tuple(next(csv.reader(file), ()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise unpacking.damaged(shown, f"its first line is no header: {error}") from error
    return names


def refuse_twice(names: tuple[str, ...], layout: ExportLayout, shown: str) -> None:
    """Raise where a column that is asked for is there twice. Others may be, and columns without a name are."""
    asked = {column for columns in layout.columns.values() for column in columns}
    for place, name in enumerate(names):
        if name in names[:place] and (name in asked or "ags" in name):
            raise SourceError(f"{shown} has the column {name!r} twice")


def relation(names: tuple[str, ...]) -> str:
    """What reads CSV files that have these columns: as text, by place, with nothing left to be guessed."""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    return (
        "read_csv(?, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"hive_partitioning = false, strict_mode = true, columns = {{{columns}}})"
    )


def unreadable(path: str, shown: str, layout: ExportLayout, concept: str, *, gzipped: bool) -> SourceError | None:
    """The error for the first value of a concept that is no number, or no time, with its row and column; None if fine.

    A row is a record: the header is row 1.
    """
    is_number = concept not in TIMES
    with unpacking.text(path, gzipped=gzipped) as file:
        rows = csv.reader(file)
        names = next(rows)
        column = layout.column(concept, names)  # type: ignore[arg-type]
        code = layout.column("product_code", names)
        if column is None or code is None:
            return None
        place, product = names.index(column), names.index(code)
        for number, row in enumerate(rows, 2):
            text = row[place] if len(row) > place else ""
            if row[product : product + 1] and row[product] in PRODUCTS and text and not _is_fine(text, is_number):
                what = "a number" if is_number else "a time"
                return SourceError(
                    f"{shown}: row {number}, column {column}: {text[:40]!r} is not {what}",
                    hint="amounts are decimal or exponent forms such as 0.23 or 2.3E-1" if is_number else "",
                )
    return None


def _is_fine(text: str, is_number: bool) -> bool:  # noqa: FBT001 - which of two kinds a column is
    if text == "NULL":
        return True
    if is_number:
        return is_amount(text)
    return re.fullmatch(_TIME, text) is not None and _is_moment(text)


def _is_moment(text: str) -> bool:
    """Whether a text in the form of a time is one of the calendar: of 2026-13-01 and of 25:00 nobody knows when."""
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True
