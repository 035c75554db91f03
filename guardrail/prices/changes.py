"""What became of prices between two tables of a region: up, down, appeared, gone; and what of it cannot be right."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from guardrail.prices.base import Basis
from guardrail.prices.price_list import PriceList
from guardrail.prices.table import PriceTable

FACTOR = 3
"""A price that changed by more is a mistake until somebody says that it is not."""

LOSS = Decimal("0.05")
"""A region that lost a greater share of its published prices was not read as a whole, until somebody says it was."""


class Quoted(Struct, frozen=True, kw_only=True):
    """A price on one side of a comparison."""

    usage_type: str
    unit: str
    amount: Decimal
    currency: str
    basis: Basis
    suspect: bool = False
    """Whether the table itself doubts it."""


Prices: TypeAlias = Mapping[str, Quoted]
"""The prices of a region by charge."""


class PriceChange(Struct, frozen=True, kw_only=True):
    """One price on both sides; None where a side does not have it."""

    charge: str
    old: Quoted | None
    new: Quoted | None

    @property
    def usage_type(self) -> str:
        """As on the bill."""
        side = self.new or self.old
        return side.usage_type if side else ""

    @property
    def ratio(self) -> Decimal:
        """New to old: 1.1 is 10 % up. 0 where a side is missing."""
        return self.new.amount / self.old.amount if self.old and self.new else Decimal(0)


class RegionChanges(Struct, frozen=True, kw_only=True):
    """What became of the prices of one region; each tuple in the order of usage types."""

    region: str
    up: tuple[PriceChange, ...] = ()
    down: tuple[PriceChange, ...] = ()
    appeared: tuple[PriceChange, ...] = ()
    gone: tuple[PriceChange, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.up or self.down or self.appeared or self.gone)


def of_list(found: PriceList) -> dict[str, Quoted]:
    """The prices of a price list."""
    return {
        charge: Quoted(
            usage_type=price.usage_type,
            unit=price.unit,
            amount=Decimal(price.amount),
            currency=found.currency,
            basis="published",
        )
        for charge, price in found.prices.items()
    }


def of_tables(tables: Iterable[PriceTable]) -> dict[str, Quoted]:
    """The prices of tables over each other, the first of which wins."""
    quoted: dict[str, Quoted] = {}
    above: list[PriceTable] = []
    for table in tables:
        for charge in table.charges():
            if charge not in quoted and not any(each.is_conflict(charge) for each in above):
                row = table.row(charge)
                quoted[charge] = Quoted(
                    usage_type=row["usage_type"],
                    unit=row["unit"],
                    amount=table.amount(charge),
                    currency=table.currency,
                    basis=_basis(row["basis"]),
                    suspect=bool(row["suspect"]),
                )
        above.append(table)
    return quoted


def _basis(word: str) -> Basis:
    return "published" if word == "published" else "derived" if word == "derived" else "estimated"


def compare(region: str, old: Prices, new: Prices) -> RegionChanges:
    """What became of the prices of one region.

    0.23 and 0.2300000000 are the same price; 0.23 USD and 0.23 CNY are not: one is gone, another appeared.
    """
    was, now = ({(charge, quoted.currency): quoted for charge, quoted in side.items()} for side in (old, new))
    changes = [PriceChange(charge=key[0], old=was.get(key), new=now.get(key)) for key in sorted({*was, *now})]
    both = [change for change in changes if change.old and change.new]
    return RegionChanges(
        region=region,
        up=tuple(change for change in both if change.ratio > 1),
        down=tuple(change for change in both if change.ratio < 1),
        appeared=tuple(change for change in changes if change.old is None),
        gone=tuple(change for change in changes if change.new is None),
        unchanged=sum(change.ratio == 1 for change in both),
    )


def implausible(changes: RegionChanges, old: Prices) -> Iterator[str]:
    """Why a new table is not believed, a sentence each.

    An estimated price is no yardstick: AWS's own price may be far from it. Nor is it a loss when a price goes that the
    table doubts, as those of ml.p3 that a later list did not have.
    """
    for change in (*changes.up, *changes.down):
        if change.old is None or change.new is None or change.old.basis == "estimated":
            continue
        if not Decimal(1) / FACTOR <= change.ratio <= FACTOR:
            was, now = change.old.amount, change.new.amount
            yield f"{change.usage_type} went from {was:f} to {now:f}, by more than a factor of {FACTOR}"
    published = [quoted for quoted in old.values() if _is_certain(quoted)]
    lost = [change for change in changes.gone if change.old and _is_certain(change.old)]
    if len(lost) > len(published) * LOSS:
        share = 100 * len(lost) / len(published)
        yield (
            f"{changes.region} lost {len(lost)} of its {len(published)} published prices, {share:.1f} % where "
            f"{100 * LOSS:.0f} % is the limit: {lost[0].usage_type}, for one"
        )


def _is_certain(quoted: Quoted) -> bool:
    return quoted.basis == "published" and not quoted.suspect
