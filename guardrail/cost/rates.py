"""What a unit costs for a variant: the price of its instance type, or of its pool of types, and the size of its volume.

Looked up once per key and kept, for a plan asks for the same few types again and again.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, structs

from guardrail.cost.base import ASSUMED_UNSET, INFERRED_DEFAULT, Price, Quantity, Unpriced
from guardrail.model import InstancePool, InstanceVariant, Mode, Unknown
from guardrail.money import ZERO

if TYPE_CHECKING:
    from guardrail.cost.price_book import PriceBook

Type: TypeAlias = str | Unknown


class Rate(Struct, frozen=True, kw_only=True):
    """USD per instance and hour. Pools of several types have a range."""

    usd: Quantity | None
    """None where nothing of it is priced."""
    price: Price | None
    """The line of the price table: of the first priority where it is a pool."""
    detail: str
    reason: str | None = None
    estimated: bool = False
    origin: str = "price table"


class VolumeSize(Struct, frozen=True, kw_only=True):
    """GB of the volume of one instance."""

    gb: Quantity | None
    """None where it is unknown. Pools of several types have a range."""
    origin: str
    default: bool
    """Whether it is the default of the type, and not what somebody asked for."""
    inferred: bool = False
    reason: str | None = None


class Rates:
    """Prices and sizes of one price book, by region, mode and type."""

    def __init__(self, prices: "PriceBook") -> None:
        """Look up in ``prices``."""
        self.prices = prices
        self._rates: dict[tuple[object, ...], Rate] = {}
        self._sizes: dict[tuple[object, ...], VolumeSize | None] = {}

    def instance(self, region: str | Unknown, mode: Mode | Unknown, variant: InstanceVariant) -> Rate:
        """The rate of the variant's instances in that region and mode."""
        key = (region, mode, variant.instance_type, variant.instance_pools)
        rate = self._rates.get(key)
        if rate is None:
            rate = self._rates[key] = self._instance(region, mode, variant)
        return rate

    def volume(self, variant: InstanceVariant) -> VolumeSize | None:
        """The size of the volume on each of its instances; None where these have local storage and get no volume.

        A size that is asked for counts unless the type is known to have local storage. There the API rejects it, so the
        answer is None whatever the size; and where the type is unknown, a size that deploys is a size that is billed.
        """
        is_assumed = "volume_size_in_gb" in variant.assumptions
        key = (variant.instance_type, variant.instance_pools, variant.volume_size_gb, is_assumed)
        if key not in self._sizes:
            sizes = [self._size(kind, variant.volume_size_gb) for kind in _types(variant)]
            size = _together(sizes)
            if size is not None and is_assumed:
                size = structs.replace(size, origin=f"{ASSUMED_UNSET}{size.origin}")
            self._sizes[key] = size
        return self._sizes[key]

    # Instances

    def _instance(self, region: str | Unknown, mode: Mode | Unknown, variant: InstanceVariant) -> Rate:
        if variant.instance_type is None:
            return self._pool(region, mode, variant.instance_pools)
        return self._single(region, mode, variant.instance_type)

    def _single(self, region: str | Unknown, mode: Mode | Unknown, instance_type: Type) -> Rate:
        if isinstance(instance_type, Unknown):
            return _unpriced("instance type unknown", f"instance_type is unknown: {instance_type.reason}")
        if isinstance(region, Unknown):
            return _unpriced(instance_type, f"its region is unknown: {region.reason}")
        price = self._price(region, mode, instance_type)
        if isinstance(price, Unpriced):
            return _unpriced(instance_type, price.reason)
        return Rate(
            usd=Quantity(price.usd, price.usd, price.usd),
            price=price,
            detail=instance_type,
            estimated=price.basis == "estimated",
            origin=price.rule if price.rule and price.basis == "estimated" else "price table",
        )

    def _price(self, region: str, mode: Mode | Unknown, instance_type: str) -> Price | Unpriced:
        if mode != "async" and not isinstance(mode, Unknown):
            return self.prices.hosting(region, instance_type)
        hosting = self.prices.hosting(region, instance_type)
        asynchronous = self.prices.asynchronous(region, instance_type)
        if isinstance(mode, Unknown):
            if isinstance(hosting, Unpriced):
                return hosting
            alike = isinstance(asynchronous, Price) and asynchronous.usd == hosting.usd
            return hosting if alike else Unpriced(f"real-time or asynchronous is unknown: {mode.reason}")
        if isinstance(asynchronous, Unpriced) and isinstance(hosting, Price):
            return _asynchronous_at_hosting_price(hosting, region, instance_type)
        return asynchronous

    def _pool(self, region: str | Unknown, mode: Mode | Unknown, pools: tuple[InstancePool, ...]) -> Rate:
        """Between the cheapest and the dearest of the types; the first priority is expected.

        An unpriced type could be cheaper than all others, so nothing is known of the floor then.
        """
        if not pools:
            return _unpriced("no instance type", "it names no instance type")
        ordered = _by_priority(pools)
        rates = [self._single(region, mode, pool.instance_type) for pool in ordered]
        first = rates[0]
        priced = [rate.usd.ceiling for rate in rates if rate.usd is not None]
        reasons = [rate.reason for rate in rates if rate.reason is not None]
        undecided = next((pool.priority for pool in pools if isinstance(pool.priority, Unknown)), None)
        if undecided is not None and len(pools) > 1:
            reasons.append(f"the priority of its instance pools is unknown: {undecided.reason}")
        if not priced:
            return _unpriced(first.detail, reasons[0])
        cheapest = ZERO if len(priced) < len(rates) else min(priced)
        decided = first.usd is not None and (undecided is None or len(pools) == 1)
        return Rate(
            usd=Quantity(cheapest, first.usd.ceiling if decided and first.usd else cheapest, max(priced)),
            price=first.price if decided else None,
            detail=" or ".join(dict.fromkeys(rate.detail for rate in rates)),
            reason="; ".join(dict.fromkeys(reasons)) or None,
            estimated=any(rate.estimated for rate in rates),
            origin="price table: cheapest, first priority, dearest of its instance pools",
        )

    # Volumes

    def _size(self, instance_type: Type, asked: int | Unknown | None) -> VolumeSize | None:
        spec = self.prices.instance(instance_type) if isinstance(instance_type, str) else None
        if spec is not None and spec.takes_volume is False:
            return None
        if isinstance(asked, int):
            size = Decimal(asked)
            return VolumeSize(gb=Quantity(size, size, size), origin="volume_size_in_gb", default=False)
        if isinstance(asked, Unknown):
            reason = f"volume_size_in_gb is unknown: {asked.reason}"
            return VolumeSize(gb=None, origin="volume_size_in_gb", default=False, reason=reason)
        if spec is not None and spec.default_volume_gb is not None:
            published = spec.default_volume_origin == "published"
            size = spec.default_volume_gb
            return VolumeSize(
                gb=Quantity(size, size, size),
                origin=_PUBLISHED_DEFAULT if published else INFERRED_DEFAULT,
                default=True,
                inferred=not published,
            )
        if isinstance(instance_type, Unknown):
            reason = f"the default volume is unknown with the instance type: {instance_type.reason}"
        else:
            reason = f"whether {instance_type} gets a volume is unconfirmed"
        return VolumeSize(gb=None, origin="default of the type (unconfirmed)", default=True, reason=reason)


_PUBLISHED_DEFAULT = "default of the type (published 2020)"


def _types(variant: InstanceVariant) -> list[Type]:
    if variant.instance_type is not None:
        return [variant.instance_type]
    return [pool.instance_type for pool in _by_priority(variant.instance_pools)]


def _by_priority(pools: tuple[InstancePool, ...]) -> list[InstancePool]:
    """The pools in the order in which they are tried; those of unknown priority last."""
    return sorted(pools, key=lambda pool: pool.priority if isinstance(pool.priority, int) else 10**9)


def _unpriced(detail: str, reason: str) -> Rate:
    return Rate(usd=None, price=None, detail=detail, reason=reason, origin="none")


def _asynchronous_at_hosting_price(hosting: Price, region: str, instance_type: str) -> Price:
    """The price of an asynchronous instance where none was ever seen.

    Asynchronous prices equal hosting prices wherever both are known, but a missing one may also mean that the type is
    not sold for asynchronous inference in the region (ml.g4dn.xlarge in eu-west-3).
    """
    doubt = f"{instance_type} may not be sold for asynchronous inference in {region}: no AsyncInf price of it was seen"
    return structs.replace(
        hosting,
        usage_type=hosting.usage_type.replace("Host:", "AsyncInf:"),
        basis="estimated",
        confidence="medium",
        rule=f"the hosting price; {doubt}",
        suspect=f"{hosting.suspect}; {doubt}" if hosting.suspect else doubt,
    )


def _together(sizes: list[VolumeSize | None]) -> VolumeSize | None:
    """One size for all types of a pool: the least, the first priority's, the greatest; 0 GB for a type without."""
    if len(sizes) == 1:
        return sizes[0]
    present = [size for size in sizes if size is not None]
    if not present:
        return None
    first, known = sizes[0], [size.gb.ceiling for size in present if size.gb is not None]
    if not known:
        return present[0]
    least = min(known) if len(known) == len(sizes) else ZERO
    expected = ZERO if first is None else least if first.gb is None else first.gb.ceiling
    return VolumeSize(
        gb=Quantity(least, expected, max(known)),
        origin=" or ".join(dict.fromkeys(size.origin for size in present)),
        default=all(size.default for size in present),
        inferred=any(size.inferred for size in present),
        reason=next((size.reason for size in present if size.reason is not None), None),
    )
