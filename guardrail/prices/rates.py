"""What a unit costs for an instance type in one place and mode, and the size of the volume on it.

Looked up once per key and kept, for a plan asks for the same few types again and again.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, structs

from guardrail.model import InstanceVariant, Mode, Unknown
from guardrail.prices import usage_types
from guardrail.prices.base import ASSUMED_UNSET, INFERRED_DEFAULT, Price, Unpriced

if TYPE_CHECKING:
    from guardrail.prices.book import InstanceSpec, PriceBook

InstanceTypeName: TypeAlias = str | Unknown

_PUBLISHED_DEFAULT = "default of the type (published 2020)"
RESERVED = "it runs in reserved ML capacity (a training plan), which is paid for with the reservation, not by the hour"
SOFTWARE_FEE = "the software fee of its AWS Marketplace model package comes on top"


class Rate(Struct, frozen=True, kw_only=True):
    """USD per instance and hour."""

    price: Price | None
    """The line of the price table; None where there is none."""
    detail: str
    reason: str | None = None
    origin: str = "price table"


class VolumeSize(Struct, frozen=True, kw_only=True):
    """GB of the volume of one instance."""

    gb: Decimal | None
    """None where it is unknown."""
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

    def instance(
        self, region: str | Unknown, mode: Mode | Unknown, instance_type: InstanceTypeName, variant: InstanceVariant
    ) -> Rate:
        """The rate of one of the variant's types in that region and mode.

        What runs in a capacity reservation has no hourly price, and a Marketplace package has a fee beside it.
        """
        key = (region, mode, instance_type, variant.capacity_reservation, variant.marketplace)
        rate = self._rates.get(key)
        if rate is None:
            rate = self._rates[key] = self._instance(region, mode, instance_type, variant)
        return rate

    def volume(self, instance_type: InstanceTypeName, variant: InstanceVariant) -> VolumeSize | None:
        """The size of the volume on one of the variant's types; None where that has local storage and gets no volume.

        A size that is asked for counts unless the type is known to have local storage. There the API rejects it, so the
        answer is None whatever the size; and where the type is unknown, a size that deploys is a size that is billed.
        """
        is_assumed = "volume_size_in_gb" in variant.assumptions
        key = (instance_type, variant.volume_size_gb, is_assumed, variant.multi_model)
        if key not in self._sizes:
            size = self._size(instance_type, variant)
            if size is not None and is_assumed:
                size = structs.replace(size, origin=f"{ASSUMED_UNSET}{size.origin}")
            self._sizes[key] = size
        return self._sizes[key]

    def _instance(
        self, region: str | Unknown, mode: Mode | Unknown, instance_type: InstanceTypeName, variant: InstanceVariant
    ) -> Rate:
        reservation, fee = variant.capacity_reservation, variant.marketplace
        if reservation is not None:
            why = RESERVED
            if isinstance(reservation, Unknown):
                why = f"whether it runs in reserved ML capacity is unknown: {reservation.reason}"
            detail = "instance type unknown" if isinstance(instance_type, Unknown) else instance_type
            return _unpriced(detail, why)
        rate = self._single(region, mode, instance_type)
        if fee is False:
            return rate
        why = SOFTWARE_FEE
        if isinstance(fee, Unknown):
            why = f"whether its model is a Marketplace package with a software fee is unknown: {fee.reason}"
        return structs.replace(rate, reason=why if rate.reason is None else f"{rate.reason}; {why}")

    def _single(self, region: str | Unknown, mode: Mode | Unknown, instance_type: InstanceTypeName) -> Rate:
        if isinstance(instance_type, Unknown):
            return _unpriced("instance type unknown", f"instance_type is unknown: {instance_type.reason}")
        if isinstance(region, Unknown):
            return _unpriced(instance_type, f"its region is unknown: {region.reason}")
        price = self._price(region, mode, instance_type)
        if isinstance(price, Unpriced):
            return _unpriced(instance_type, price.reason)
        origin = price.rule if price.rule and price.basis == "estimated" else "price table"
        return Rate(price=price, detail=instance_type, origin=origin)

    def _price(self, region: str, mode: Mode | Unknown, instance_type: str) -> Price | Unpriced:
        hosting = self.prices.hosting(region, instance_type)
        if mode != "async" and not isinstance(mode, Unknown):
            return hosting
        asynchronous = self.prices.price(region, usage_types.instance(usage_types.ASYNC, instance_type))
        if isinstance(mode, Unknown):
            if isinstance(hosting, Unpriced):
                return hosting
            alike = isinstance(asynchronous, Price) and asynchronous.usd == hosting.usd
            return hosting if alike else Unpriced(f"real-time or asynchronous is unknown: {mode.reason}")
        if isinstance(asynchronous, Unpriced) and isinstance(hosting, Price):
            return _asynchronous_at_hosting_price(hosting, region, instance_type)
        return asynchronous

    def _size(self, instance_type: InstanceTypeName, variant: InstanceVariant) -> VolumeSize | None:
        spec = self.prices.instance(instance_type) if isinstance(instance_type, str) else None
        if spec is not None and spec.takes_volume is False:
            return None
        asked = variant.volume_size_gb
        if asked is not None:
            reason = _doubt(asked, instance_type, spec)
            gb = Decimal(asked) if isinstance(asked, int) and reason is None else None
            return VolumeSize(gb=gb, origin="volume_size_in_gb", default=False, reason=reason)
        if isinstance(instance_type, Unknown):
            return _unconfirmed(f"the default volume is unknown with the instance type: {instance_type.reason}")
        return self._default(instance_type, spec, variant)

    def _default(self, instance_type: str, spec: "InstanceSpec | None", variant: InstanceVariant) -> VolumeSize:
        """The volume that a type gets where none is asked for: larger where the container hosts several models."""
        if variant.multi_model is True:
            size = self.prices.multi_model_volume_gb(instance_type)
            if size is None:
                return _unconfirmed(f"how large a volume {instance_type} gets for several models is unconfirmed")
            return VolumeSize(gb=size, origin=f"{_PUBLISHED_DEFAULT}, for several models", default=True)
        if spec is None or spec.default_volume_gb is None:
            return _unconfirmed(f"whether {instance_type} gets a volume is unconfirmed")
        published = spec.default_volume_origin == "published"
        origin = _PUBLISHED_DEFAULT if published else INFERRED_DEFAULT
        if isinstance(variant.multi_model, Unknown):
            origin = f"assumption: one model; {origin}"
        return VolumeSize(gb=spec.default_volume_gb, origin=origin, default=True, inferred=not published)


def _doubt(asked: int | Unknown, instance_type: InstanceTypeName, spec: "InstanceSpec | None") -> str | None:
    """Why a size that is asked for is none that is billed for sure; None where it is."""
    if isinstance(asked, Unknown):
        return f"volume_size_in_gb is unknown: {asked.reason}"
    if asked < 0:
        return f"volume_size_in_gb is unknown: it is {asked}, which AWS refuses"
    if isinstance(instance_type, str) and (spec is None or spec.takes_volume is None):
        return f"whether {instance_type} gets a volume is unconfirmed"
    return None


def _unconfirmed(reason: str) -> VolumeSize:
    return VolumeSize(gb=None, origin="default of the type (unconfirmed)", default=True, reason=reason)


def types(variant: InstanceVariant) -> tuple[InstanceTypeName, ...]:
    """The instance types that a variant can run on, that of the first priority first."""
    return variant.types or (Unknown("it names no instance type"),)


def undecided_priority(variant: InstanceVariant) -> Unknown | None:
    """Why nobody can tell which of several pools comes first; None where that is known."""
    if variant.instance_type is not None or len(variant.instance_pools) < 2:  # noqa: PLR2004 - one is the first
        return None
    unknown = next((pool.priority for pool in variant.instance_pools if isinstance(pool.priority, Unknown)), None)
    return unknown and Unknown(f"the priority of its instance pools is unknown: {unknown.reason}")


def _unpriced(detail: str, reason: str) -> Rate:
    return Rate(price=None, detail=detail, reason=reason, origin="none")


def _asynchronous_at_hosting_price(hosting: Price, region: str, instance_type: str) -> Price:
    """The price of an asynchronous instance where none was ever seen.

    Asynchronous prices equal hosting prices wherever both are known, but a missing one may also mean that the type is
    not sold for asynchronous inference in the region (ml.g4dn.xlarge in eu-west-3).
    """
    doubt = f"{instance_type} may not be sold for asynchronous inference in {region}: no AsyncInf price of it was seen"
    known = usage_types.parse(hosting.usage_type)
    return structs.replace(
        hosting,
        usage_type=str(structs.replace(known, use=usage_types.ASYNC)) if known else hosting.usage_type,
        basis="estimated",
        confidence="medium",
        rule=f"the hosting price; {doubt}",
        suspect="; ".join(filter(None, (hosting.suspect, doubt))),
    )
