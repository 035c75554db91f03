"""Reading the files of a price directory: the manifest and the CSV tables, layout in ``pricing/schema.json``.

Whatever is wrong with them is a `PriceBookError` that names the file, the line where there is one, and what to do.
"""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import NoReturn, TypeAlias

import msgspec
from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import PriceBookError
from guardrail.limits import NOT_JSON
from guardrail.prices import usage_types
from guardrail.prices.base import Price, Unpriced

Record: TypeAlias = list[str]
"""The fields of one line."""

PRICE_COLUMNS = ("usage_type", "unit", "usd", "basis", "confidence", "rule", "suspect", "date", "source")
PROVENANCE_COLUMNS = ("sku", "rate_code", "effective_date")
"""What a table read from AWS's price list has beside `PRICE_COLUMNS`."""
_SUPPORTED_MAJOR = "1"
_HINT = "restore the price tables (docs/prices.md says how they are built), or leave out the option that names them"


class Region(Struct, frozen=True):
    """A region that has a price table."""

    name: str
    """As price lists call it: ``US East (N. Virginia)``."""
    prefix: str
    """Of its usage types: ``USE1``."""
    currency: str = "USD"
    """Names the third column of the table; no amount in another currency ever counts as USD."""
    publication_date: str | None = None
    """Of the price list that the table is the whole of; None where it was put together from several sources."""


class Conflict(Struct, frozen=True):
    """A charge that a price list prices more than once."""

    region: str
    usage_type: str
    prices: str
    """In words: ``0.57 USD (SKU A1), 0.28 USD (SKU B2)``."""


class DerivationRule(Struct, frozen=True):
    """How prices that AWS did not publish are worked out."""

    text: str


class PriceSource(Struct, frozen=True):
    """Where prices were read."""

    title: str


class Regions(Struct, frozen=True):
    """The regions that a statement holds for."""

    regions: frozenset[str]


class Manifest(Struct, frozen=True):
    """What the ids in the tables mean; the parts of ``manifest.json`` that a lookup needs."""

    schema_version: str
    regions: dict[str, Region]
    sources: dict[str, PriceSource]
    serverless: Regions = Regions(frozenset())
    """Where AWS documents serverless inference."""
    availability: Regions = Regions(frozenset())
    """The regions that ``availability.csv`` speaks of."""
    rules: dict[str, DerivationRule] = {}
    doubts: dict[str, str] = {}
    conflicts: tuple[Conflict, ...] = ()
    files: dict[str, str] = {}
    """``sha256:…`` of each file beside it."""


def read_manifest(directory: str, *, hint: str = _HINT) -> Manifest:
    """The manifest of a price directory; ``hint`` is for where there is none."""
    path = os.path.join(directory, "manifest.json")
    content = read_bytes(path, hint=hint)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except NOT_JSON as error:
        raise PriceBookError(f"{path} is not a manifest of price tables: {error}", hint=_HINT) from error
    if manifest.schema_version.partition(".")[0] != _SUPPORTED_MAJOR:
        version = manifest.schema_version
        hint = "upgrade guardrail, or use price tables of version 1"
        raise PriceBookError(f"{path} is of version {version}, and this guardrail reads version 1", hint=hint)
    return manifest


def read_bytes(path: str, *, hint: str = _HINT) -> bytes:
    """The content of a file of the directory."""
    try:
        return files.content(path)
    except OSError as error:
        raise PriceBookError(f"cannot read {path}: {error.strerror}", hint=hint) from error


def records(path: str, columns: tuple[str, ...], *, content: bytes | None = None) -> Iterator[tuple[int, Record]]:
    """The lines of a CSV table below its header, each with its 1-based number in the file.

    ``content`` is the file where it has been read already.
    """
    try:
        text = (read_bytes(path) if content is None else content).decode("utf-8")
        lines = _quoted(text) if '"' in text or "\r" in text else _plain(text)
        if next(lines, None) != (1, list(columns)):
            raise PriceBookError(f"{path} does not begin with the columns {','.join(columns)}", hint=_HINT)
        width = len(columns)
        for number, record in lines:
            if len(record) != width:
                damaged(path, number, f"{width} fields were expected, not {len(record)}")
            yield number, record
    except ValueError as error:
        raise PriceBookError(f"{path} is not a CSV table in UTF-8: {error}", hint=_HINT) from error


def _plain(text: str) -> Iterator[tuple[int, Record]]:
    """The lines of a table in which every comma ends a field, as in those that come with guardrail."""
    lines = text.removesuffix("\n").split("\n")
    return enumerate((line.split(",") if line else [] for line in lines), 1)


def _quoted(text: str) -> Iterator[tuple[int, Record]]:
    """The lines of a table as a spreadsheet may write it. Raises ValueError where it is none."""
    import csv  # which takes longer than to split the lines of what comes with guardrail
    import io

    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            yield reader.line_num, record
    except csv.Error as error:
        raise ValueError(str(error)) from error


def damaged(path: str, line: int, what: str) -> NoReturn:
    """Raise `PriceBookError` for one line of a file."""
    raise PriceBookError(f"{path}:{line}: {what}", hint=_HINT)


class PriceTable:
    """The prices of one region by charge, which is a usage type without the prefix of its region."""

    def __init__(
        self,
        directory: str,
        region: str,
        manifest: Manifest,
        *,
        origin: str = "bundled",
        content: bytes | None = None,
    ) -> None:
        """Read ``<region>.csv``, or ``content`` in its place; numbers and ids are looked at when one is asked for.

        ``origin`` says in reports where a price was read.
        """
        self._path = os.path.join(directory, f"{region}.csv")
        self._manifest = manifest
        self._origin = origin
        entry = manifest.regions[region]
        self.currency = entry.currency
        self.publication_date = entry.publication_date
        self.columns = columns(entry.currency, provenance=entry.publication_date is not None)
        self._conflicts = {each.usage_type: each.prices for each in manifest.conflicts if each.region == region}
        self._prefix = usage_types.written(entry.prefix, "")
        self._rows = self._read(self._prefix, content)

    def _read(self, prefix: str, content: bytes | None) -> dict[str, tuple[int, Record]]:
        rows: dict[str, tuple[int, Record]] = {}
        skip = len(prefix)
        for line, record in records(self._path, self.columns, content=content):
            usage_type = record[0]
            charge = usage_type[skip:]
            if charge in rows:
                damaged(self._path, line, f"a second price for {usage_type}, after line {rows[charge][0]}")
            if not usage_type.startswith(prefix):
                damaged(self._path, line, f"usage types of this region begin with {prefix}, not {usage_type}")
            rows[charge] = line, record
        return rows

    def charges(self) -> Iterator[str]:
        """Everything that has a price here."""
        return iter(self._rows)

    def __contains__(self, charge: str) -> bool:
        return charge in self._rows

    def is_conflict(self, charge: str) -> bool:
        """Whether AWS lists several prices for it, so that no table below may answer either."""
        return self._prefix + charge in self._conflicts

    def row(self, charge: str) -> dict[str, str]:
        """The line of a charge by column, as it stands. Raises KeyError where the table has none."""
        return dict(zip(self.columns, self._rows[charge][1], strict=True))

    def place(self, charge: str) -> str:
        """The file and line of a charge that the table has; of a bundled table by its path in the repository."""
        path = f"pricing/{os.path.basename(self._path)}" if self._origin == "bundled" else self._path
        return f"{path}:{self._rows[charge][0]}"

    def price(self, charge: str) -> Price | Unpriced | None:
        """The price of a charge; None where the table does not have it, `Unpriced` where it has no answer in USD."""
        if charge not in self._rows:
            conflict = self._conflicts.get(self._prefix + charge)
            if conflict is not None:
                return Unpriced(f"AWS lists several prices for {self._prefix}{charge} and none is picked: {conflict}")
            return None
        line, record = self._rows[charge]
        if self.currency != "USD":
            amount = f"{self.amount(charge)} {self.currency} per {record[1]}"
            return Unpriced(f"{record[0]} costs {amount}, which is no USD and is never added to them")
        fields: dict[str, str | None] = {name: text or None for name, text in zip(self.columns, record, strict=True)}
        try:
            price = msgspec.convert(self._explained(fields), Price)
        except KeyError as error:
            damaged(self._path, line, f"{error.args[0]} is not explained in manifest.json")
        except msgspec.ValidationError as error:
            damaged(self._path, line, str(error))
        self.amount(charge)
        return price

    def amount(self, charge: str) -> Decimal:
        """The price of a charge that the table has, in its currency. Raises `PriceBookError` where it is no price."""
        line, record = self._rows[charge]
        amount = limits.number(record[2])
        if amount is None or amount <= 0:
            damaged(self._path, line, f"a price is a number of {self.currency} above 0, not {record[2][:40]}")
        return amount

    def _explained(self, fields: dict[str, str | None]) -> dict[str, str | None]:
        """A row with the texts of the manifest in place of their ids."""
        rule, suspect, source = fields["rule"], fields["suspect"], fields["source"]
        return fields | {
            "rule": self._manifest.rules[rule].text if rule else None,
            "suspect": self._manifest.doubts[suspect] if suspect else None,
            "source": self._manifest.sources[source].title if source else None,
            "origin": self._origin,
        }


def columns(currency: str, *, provenance: bool) -> tuple[str, ...]:
    """The columns of a table: the third is named after its currency, and the last say which rate AWS lists."""
    amount = currency.lower()
    named = tuple(amount if name == "usd" else name for name in PRICE_COLUMNS)
    return (*named, *PROVENANCE_COLUMNS) if provenance else named
