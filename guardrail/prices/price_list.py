"""What a price list says of one region: each charge with its one price, or with the several that it was found to have.

Amounts are the very decimal strings of the list. Whatever form a list was read from, this is what becomes of it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct, structs

from guardrail.prices.usage_types import Charge

_EXAMPLES = 5


class ListedPrice(Struct, frozen=True, kw_only=True):
    """One on-demand price as AWS lists it."""

    usage_type: str
    """As on the bill."""
    unit: str
    amount: str
    """Per unit, with the digits of the list."""
    sku: str
    rate_code: str
    effective_date: str
    """From when the price holds, ISO 8601."""


class PriceList(Struct, frozen=True, kw_only=True):
    """The prices of one region."""

    region: str
    name: str
    """As price lists call it: ``US East (N. Virginia)``."""
    prefix: str
    """Of its usage types, without the hyphen."""
    currency: str
    """USD, or CNY in China."""
    version: str
    """Of the offer, as AWS counts: ``20261120181500``."""
    publication_date: str
    """ISO 8601."""
    prices: dict[Charge, ListedPrice]
    conflicts: dict[Charge, tuple[ListedPrice, ...]] = {}
    """Charges with several prices: none of them can be picked."""
    repeated: tuple[str, ...] = ()
    """Usage types that several SKUs price alike."""
    zero_prices: int = 0
    """Rows left out because they cost nothing (free tiers)."""
    unrecognized: tuple[str, ...] = ()
    """Usage types that look like inference and fit no charge that is known here; none of them was read."""


class Listed(Struct, frozen=True, kw_only=True):
    """One price with the place that it belongs to, before conflicts are looked for."""

    region: str
    name: str
    charge: Charge | None
    """None where the row is about inference and its usage type does not fit what it says of itself."""
    prefix: str
    currency: str
    price: ListedPrice
    tier: str = ""
    """The range of usage that the price holds for, where it does not hold for all of it."""


def collect(rows: Iterable[Listed], *, version: str, publication_date: str) -> dict[str, PriceList]:
    """The price lists of the regions that ``rows`` are about, local zones among them.

    Prices of zero are dropped. A charge with two prices is a conflict and has none. Raises ValueError where the prices
    of one region come in two currencies.
    """
    gathered: dict[str, _Gathered] = {}
    for row in rows:
        region = gathered.setdefault(row.region, _Gathered(row.region))
        region.add(row)
    lists = (region.listed(version, publication_date) for region in gathered.values())
    return {found.region: found for found in lists if found is not None}


class _Gathered:
    """The rows of one region on their way to a price list."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.name = ""
        self.currencies: set[str] = set()
        self.by_prefix: dict[str, dict[Charge, list[Listed]]] = {}
        self.zero_prices = 0
        self.unrecognized: set[str] = set()

    def add(self, row: Listed) -> None:
        if not Decimal(row.price.amount):
            self.zero_prices += 1
        elif row.charge is None:
            self.unrecognized.add(row.price.usage_type)
        else:
            self.name = self.name or row.name
            self.currencies.add(row.currency)
            self.by_prefix.setdefault(row.prefix, {}).setdefault(row.charge, []).append(row)

    def listed(self, version: str, publication_date: str) -> PriceList | None:
        """The list; None where nothing of inference was in it."""
        if not self.by_prefix:
            return None
        if len(self.currencies) > 1:
            raise ValueError(f"{self.region} has prices in {' and '.join(sorted(self.currencies))}")
        prefix = max(self.by_prefix, key=lambda each: (len(self.by_prefix[each]), each))
        for other in self.by_prefix.keys() - {prefix}:
            self.unrecognized.update(_usage_types(self.by_prefix[other]))
        found = self.by_prefix[prefix]
        conflicts = {charge: rows for charge, rows in found.items() if _disagree(rows)}
        return PriceList(
            region=self.region,
            name=self.name,
            prefix=prefix,
            currency=next(iter(self.currencies)),
            version=version,
            publication_date=publication_date,
            prices={charge: _joined(found[charge]) for charge in sorted(found) if charge not in conflicts},
            conflicts={charge: tuple(_ordered(conflicts[charge])) for charge in sorted(conflicts)},
            repeated=tuple(sorted(_usage_types({c: r for c, r in found.items() if c not in conflicts and len(r) > 1}))),
            zero_prices=self.zero_prices,
            unrecognized=tuple(sorted(self.unrecognized)),
        )


def _usage_types(charges: dict[Charge, list[Listed]]) -> Iterator[str]:
    for rows in charges.values():
        yield rows[0].price.usage_type


def _disagree(rows: list[Listed]) -> bool:
    """Whether the rows of one charge leave it open what it costs: two amounts, two units, or a price by volume."""
    return len({(Decimal(row.price.amount), row.price.unit) for row in rows}) > 1 or any(row.tier for row in rows)


def _ordered(rows: list[Listed]) -> list[ListedPrice]:
    return [row.price for row in sorted(rows, key=lambda row: (row.price.sku, row.price.rate_code))]


def _joined(rows: list[Listed]) -> ListedPrice:
    """The one price of rows that agree, with the SKU and rate code of each."""
    first, *others = _ordered(rows)
    if not others:
        return first
    every = (first, *others)
    return structs.replace(
        first,
        sku=" ".join(dict.fromkeys(price.sku for price in every)),
        rate_code=" ".join(dict.fromkeys(price.rate_code for price in every)),
    )


def in_words(prices: Iterable[ListedPrice], currency: str) -> str:
    """Prices that contradict each other, each with its SKU: ``0.57 USD (SKU A1), 0.28 USD (SKU B2)``."""
    return ", ".join(f"{price.amount} {currency} (SKU {price.sku})" for price in prices)


def some(names: Iterable[str]) -> str:
    """The first few of many names."""
    every = list(names)
    more = len(every) - _EXAMPLES
    return ", ".join(every[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
