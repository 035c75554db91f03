"""An answer: flat rows, and beside them what stands apart, what the export lacks, and what else there is to know."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any, Final, TypeAlias

from msgspec import Struct

from guardrail.money import ZERO

Cell: TypeAlias = str | int | Decimal | None
Row: TypeAlias = dict[str, Cell]

_RATIO: Final = Decimal("0.01")
_PRICE: Final = Decimal("0.0000000001")
HUNDRED: Final = Decimal(100)
_EXACT: Final = 60


def exactly() -> AbstractContextManager[Context]:
    """Within it no sum of a bill is rounded: DuckDB's DECIMAL(38, 18) has more places than Python works with, 28."""
    return localcontext(Context(prec=_EXACT))


class Answer(Struct, frozen=True, kw_only=True):
    """What one question was answered with."""

    question: str
    start: str | None
    """The first day that counts, ISO 8601; None where nothing is there."""
    end: str | None
    """The first day that no longer counts."""
    layouts: tuple[str, ...]
    columns: tuple[str, ...]
    """Of the rows, in their order."""
    shown: tuple[str, ...]
    """Those that a terminal has room for."""
    rows: tuple[Row, ...]
    apart: tuple[Row, ...] = ()
    """Lines that are no use, by name: taxes, fees, credits, refunds, discounts; and what was billed later."""
    not_inference: tuple[Row, ...] = ()
    """What is SageMaker but no inference, one sum for each currency, and usage types that are not recognised."""
    notes: tuple[str, ...] = ()
    """What there is to know, a sentence each."""
    lacks: tuple[str, ...] = ()
    """What the export does not have, and what that does to the answer."""
    plot: tuple[str, str, str] | None = None
    """Columns for the page to draw: along, in groups of, and how much."""
    hours: tuple[Row, ...] = ()
    """Utilization by hour, where that is asked for."""


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """A share in percent with two places: 48 of 60 are 80.00; None where there is no whole."""
    return (part * HUNDRED / whole).quantize(_RATIO, ROUND_HALF_EVEN) if whole else None


def per(amount: Decimal | None, count: Decimal | int | None) -> Decimal | None:
    """An amount for each of ``count``, to ten places as AWS states prices; None where there is none."""
    if amount is None or not count:
        return None
    return trimmed((amount / Decimal(count)).quantize(_PRICE, ROUND_HALF_EVEN))


def trimmed(amount: Decimal) -> Decimal:
    """The same number without zeros behind it: 5.520000 is 5.52. Zero has no sign."""
    short = amount.normalize()
    return ZERO if short == 0 else short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the amounts that are there; None where none is."""
    there = [amount for amount in amounts if amount is not None]
    return sum(there, ZERO) if there else None


def summed(rows: Iterable[Mapping[str, Any]], column: str) -> Decimal:
    """The sum of a column, 0 where no row has anything in it."""
    return total(row[column] for row in rows) or ZERO


def text_of(cell: Cell) -> str:
    """A cell as JSON and CSV have it: amounts without an exponent, unrounded."""
    if cell is None:
        return ""
    return format(trimmed(cell), "f") if isinstance(cell, Decimal) else str(cell)


def joined(texts: Iterable[str]) -> str:
    """Distinct texts in their order, ``a, b``; empty ones left out."""
    return ", ".join(dict.fromkeys(text for text in texts if text))


def tags_text(tags: Any) -> str:
    """Tags in one cell, by key: ``Env=prod; Team=search``. They come as a mapping, as JSON, or not at all."""
    import json

    if isinstance(tags, str):
        try:
            tags = json.loads(tags)
        except ValueError:
            tags = None
    if not isinstance(tags, dict):
        return ""
    found = {_bare(str(key)): str(value) for key, value in tags.items() if value not in (None, "", "NULL")}
    return "; ".join(f"{key}={found[key]}" for key in sorted(found))


def _bare(key: str) -> str:
    """A tag key without what an export puts before it."""
    for prefix in ("resourceTags/", "user:", "user_"):
        key = key.removeprefix(prefix)
    return key


def largest_first(rows: Sequence[Row], column: str) -> list[Row]:
    """Rows by an amount, the largest first, currencies apart."""

    def key(row: Row) -> tuple[str, Decimal]:
        amount = row.get(column)
        return str(row.get("currency") or ""), -(amount if isinstance(amount, Decimal) else ZERO)

    return sorted(rows, key=key)
