"""Reading the files of a price directory: the manifest and the CSV tables, layout in ``pricing/schema.json``.

Whatever is wrong with them is a `PriceBookError` that names the file, the line where there is one, and what to do.
"""

import csv
import os
from collections.abc import Iterator
from typing import NoReturn, TypeAlias

import msgspec
from msgspec import Struct

from guardrail.cost.base import Price
from guardrail.errors import PriceBookError

Record: TypeAlias = list[str]
"""The fields of one line."""

PRICE_COLUMNS = ("usage_type", "unit", "usd", "basis", "confidence", "rule", "suspect", "date", "source")
_SUPPORTED_MAJOR = "1"
_HINT = "restore the price tables (docs/prices.md says how they are built), or leave out the option that names them"


class Region(Struct, frozen=True):
    """A region that has a price table."""

    name: str
    """As price lists call it: ``US East (N. Virginia)``."""
    prefix: str
    """Of its usage types: ``USE1``."""


class Rule(Struct, frozen=True):
    """How prices that AWS did not publish are worked out."""

    text: str


class Source(Struct, frozen=True):
    """Where prices were read."""

    title: str


class Regions(Struct, frozen=True):
    """The regions that a statement holds for."""

    regions: frozenset[str]


class Manifest(Struct, frozen=True):
    """What the ids in the tables mean; the parts of ``manifest.json`` that a lookup needs."""

    schema_version: str
    regions: dict[str, Region]
    serverless: Regions
    """Where AWS documents serverless inference."""
    availability: Regions
    """The regions that ``availability.csv`` speaks of."""
    rules: dict[str, Rule]
    doubts: dict[str, str]
    sources: dict[str, Source]


def read_manifest(directory: str) -> Manifest:
    """The manifest of a price directory."""
    path = os.path.join(directory, "manifest.json")
    content = read_bytes(path)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PriceBookError(f"{path} is not a manifest of price tables: {error}", hint=_HINT) from error
    if manifest.schema_version.partition(".")[0] != _SUPPORTED_MAJOR:
        version = manifest.schema_version
        hint = "upgrade guardrail, or use price tables of version 1"
        raise PriceBookError(f"{path} is of version {version}, and this guardrail reads version 1", hint=hint)
    return manifest


def read_bytes(path: str) -> bytes:
    """The content of a file of the directory."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise PriceBookError(f"cannot read {path}: {error.strerror}", hint=_HINT) from error


def records(path: str, columns: tuple[str, ...]) -> Iterator[tuple[int, Record]]:
    """The lines of a CSV table below its header, each with its 1-based number in the file."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, None) != list(columns):
                raise PriceBookError(f"{path} does not begin with the columns {','.join(columns)}", hint=_HINT)
            width = len(columns)
            for record in reader:
                if len(record) != width:
                    damaged(path, reader.line_num, f"{width} fields were expected, not {len(record)}")
                yield reader.line_num, record
    except OSError as error:
        raise PriceBookError(f"cannot read {path}: {error.strerror}", hint=_HINT) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise PriceBookError(f"{path} is not a CSV table in UTF-8: {error}", hint=_HINT) from error


def damaged(path: str, line: int, what: str) -> NoReturn:
    """Raise `PriceBookError` for one line of a file."""
    raise PriceBookError(f"{path}:{line}: {what}", hint=_HINT)


class PriceTable:
    """The prices of one region by charge, which is a usage type without the prefix of its region."""

    def __init__(self, directory: str, region: str, manifest: Manifest) -> None:
        """Read ``<region>.csv``; numbers and ids are looked at when a price is asked for."""
        self._path = os.path.join(directory, f"{region}.csv")
        self._manifest = manifest
        self._rows = self._read(manifest.regions[region].prefix + "-")

    def _read(self, prefix: str) -> dict[str, tuple[int, Record]]:
        rows: dict[str, tuple[int, Record]] = {}
        skip = len(prefix)
        for line, record in records(self._path, PRICE_COLUMNS):
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

    def price(self, charge: str) -> Price | None:
        """The price of a charge; None where the table has none."""
        if charge not in self._rows:
            return None
        line, record = self._rows[charge]
        fields: dict[str, str | None] = {name: text or None for name, text in zip(PRICE_COLUMNS, record, strict=True)}
        try:
            price = msgspec.convert(self._explained(fields), Price)
        except KeyError as error:
            damaged(self._path, line, f"{error.args[0]} is not explained in manifest.json")
        except msgspec.ValidationError as error:
            damaged(self._path, line, str(error))
        if not (price.usd.is_finite() and price.usd > 0):
            damaged(self._path, line, f"a price is a number of USD above 0, not {price.usd}")
        return price

    def _explained(self, fields: dict[str, str | None]) -> dict[str, str | None]:
        """A row with the texts of the manifest in place of their ids."""
        rule, suspect, source = fields["rule"], fields["suspect"], fields["source"]
        return fields | {
            "rule": self._manifest.rules[rule].text if rule else None,
            "suspect": self._manifest.doubts[suspect] if suspect else None,
            "source": self._manifest.sources[source].title if source else None,
        }
