"""Price lists as the files of a directory of the user's: one CSV table for each region, and the manifest over them.

Pure: lists in, bytes out. The layout is that of ``pricing/`` (``pricing/schema.json``, ``$defs/listed_manifest``), and
a line is a price, so that a diff reads as a price change. Every amount has the digits that AWS lists.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct, structs

from guardrail.prices.price_list import ListedPrice, PriceList, in_words
from guardrail.prices.savings_plans import COLUMNS as SAVINGS_COLUMNS
from guardrail.prices.savings_plans import SavingsPlanRates
from guardrail.prices.table import Conflict, columns
from guardrail.prices.user_tables import digest

SCHEMA_VERSION = "1.1"


class RegionEntry(Struct, frozen=True, kw_only=True):
    """What the manifest says of a region."""

    name: str
    prefix: str
    currency: str
    version: str
    """Of the offer that the table is the whole of."""
    publication_date: str
    prices: dict[str, int]
    """Rows by basis; all of them are published."""
    oldest: str
    newest: str


class SourceEntry(Struct, frozen=True, kw_only=True):
    """Where prices were read."""

    title: str
    url: str | None
    licence: str
    date: str
    note: str | None = None


class ListedManifest(Struct, frozen=True, kw_only=True):
    """``manifest.json`` of tables that were read from AWS's price list."""

    schema_version: str = SCHEMA_VERSION
    collected: str
    """The day of the refresh."""
    oldest: str
    newest: str
    regions: dict[str, RegionEntry]
    sources: dict[str, SourceEntry]
    conflicts: tuple[Conflict, ...] = ()
    files: dict[str, str]


class ListOrigin(Struct, frozen=True):
    """How a price list came here, for the manifest: ``bulk`` or ``api``, and the address of what was read."""

    method: str
    url: str | None


def tables(
    lists: Iterable[PriceList],
    savings: Iterable[SavingsPlanRates] = (),
    *,
    origin: ListOrigin,
    today: date,
    old: ListedManifest | None = None,
    kept: Mapping[str, bytes] | None = None,
) -> tuple[ListedManifest, dict[str, bytes]]:
    """The manifest, and every file by name, the manifest included.

    Regions of ``old`` that ``lists`` do not speak of stay as they are, with their files from ``kept``.
    """
    fresh = list(lists)
    files = dict(kept or {})
    files.update({f"{each.region}.csv": price_table(each) for each in fresh})
    files.update({each.file_name: savings_table(each) for each in savings})
    regions = {} if old is None else dict(old.regions)
    regions.update({each.region: _entry(each) for each in fresh})
    sources = {} if old is None else dict(old.sources)
    sources.update({source_id(each): _source(each, origin) for each in fresh})
    renewed = {each.region for each in fresh}
    conflicts = [] if old is None else [each for each in old.conflicts if each.region not in renewed]
    conflicts += [conflict for each in fresh for conflict in _conflicts(each)]
    manifest = ListedManifest(
        collected=today.isoformat(),
        oldest=min(entry.oldest for entry in regions.values()),
        newest=max(entry.newest for entry in regions.values()),
        regions=dict(sorted(regions.items())),
        sources={name: source for name, source in sorted(sources.items()) if _is_used(name, regions.values())},
        conflicts=tuple(sorted(conflicts, key=lambda each: (each.region, each.usage_type))),
        files={name: digest(content) for name, content in sorted(files.items())},
    )
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    return manifest, {**files, "manifest.json": content}


def price_table(found: PriceList) -> bytes:
    """``<region>.csv``: one line for each charge, sorted by usage type."""
    day = found.publication_date[:10]
    rows = [
        (price.usage_type, price.unit, price.amount, "published", "", "", "", day, source_id(found), *_rate(price))
        for price in found.prices.values()
    ]
    return _csv(columns(found.currency, provenance=True), sorted(rows))


def _rate(price: ListedPrice) -> tuple[str, str, str]:
    return price.sku, price.rate_code, price.effective_date


def savings_table(found: SavingsPlanRates) -> bytes:
    """``savings-plans-<region>.csv``: one line for each rate, sorted by usage type, term and payment."""
    return _csv(SAVINGS_COLUMNS, sorted(list(structs.astuple(rate)) for rate in found.rates))


def source_id(found: PriceList) -> str:
    """The id of a price list in the column ``source``: ``aws-20261120181500``."""
    return f"aws-{found.version.lower()}"


def _is_used(source: str, regions: Iterable[RegionEntry]) -> bool:
    return any(source == f"aws-{entry.version.lower()}" for entry in regions)


def _entry(found: PriceList) -> RegionEntry:
    day = found.publication_date[:10]
    return RegionEntry(
        name=found.name,
        prefix=found.prefix,
        currency=found.currency,
        version=found.version,
        publication_date=found.publication_date,
        prices={"published": len(found.prices), "derived": 0, "estimated": 0},
        oldest=day,
        newest=day,
    )


def _source(found: PriceList, origin: ListOrigin) -> SourceEntry:
    how = {"bulk": "offer file", "api": "pricing:GetProducts", "file": "offer file"}[origin.method]
    return SourceEntry(
        title=f"AWS price list of AmazonSageMaker, version {found.version} ({how})",
        url=origin.url,
        licence="prices are facts; see the disclaimer of the price list",
        date=found.publication_date[:10],
    )


def _conflicts(found: PriceList) -> Iterable[Conflict]:
    for prices in found.conflicts.values():
        words = in_words(prices, found.currency)
        yield Conflict(region=found.region, usage_type=prices[0].usage_type, prices=words)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
