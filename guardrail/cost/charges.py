"""The lines of the bill: one function each, from quantities and prices to a `CostComponent`.

Prices are on-demand list prices in USD, as the price tables of ``pricing/`` have them; a month has 730 hours. The usage
types are those of Cost Explorer and of the Cost and Usage Report (docs/costs.md lists them with their sources). The
worked numbers are of us-east-1.
"""

from decimal import Decimal

from guardrail.cost.base import CostComponent, Kind, Price, Quantity, Unpriced
from guardrail.cost.capacity import Capacity
from guardrail.cost.rates import Rate, VolumeSize
from guardrail.model import Unknown
from guardrail.money import ZERO

_SECONDS_PER_HOUR = 3600
_REDACTED = "a value that decides it is sensitive, and unknown or without a price"


def instances(capacity: Capacity, rate: Rate, *, redacted: bool = False) -> CostComponent:
    """Instances, per instance and hour from creation to deletion, whatever the weight or the traffic.

    ``USE1-Host:ml.m5.xlarge``, asynchronous ``USE1-AsyncInf:ml.m5.xlarge``: two ml.m5.xlarge are
    2 × 730 h × 0.23 = 335.80 USD a month. Shadow variants are billed like any other. (AWS blog "Analyze Amazon
    SageMaker spend, Part 5: Hosting"; SageMaker API reference, UpdateEndpoint: charged until deleted.) The two of a
    shadow test of 168 h are 2 × 168 h × 0.23 = 77.28 USD.
    """
    reason = _reason(rate.reason, capacity.unknown)
    origins = capacity.origins
    if rate.origin != "price table":
        origins = {**origins, "price": rate.origin}
    price = rate.price
    return CostComponent(
        kind="instance",
        unit="Hrs",
        usage_type=None if price is None else price.usage_type,
        price=price,
        quantity=capacity.hours,
        monthly=None if rate.usd is None else _product(capacity.hours, rate.usd),
        count=capacity.count,
        detail=rate.detail,
        reason=_REDACTED if redacted and reason is not None else reason,
        estimated=rate.estimated,
        demand=capacity.demand,
        assumed=capacity.assumed,
        redacted=redacted,
        origins=origins,
    )


def volume(
    capacity: Capacity, size: VolumeSize, price: Price | Unpriced | Unknown, *, redacted: bool = False
) -> CostComponent:
    """The gp2 volume of each instance, per GB and month, for as long as the instance runs.

    ``USE1-Host:VolumeUsage.gp2``, asynchronous endpoints included: 20 GB on two instances are 2 × 20 × 0.14 = 5.60 USD,
    and 2 × 20 × 168 / 730 × 0.14 = 1.29 USD for a shadow test of 168 h. Types with local NVMe and serverless variants
    have none (SageMaker developer guide, host-instance-storage).
    """
    found, missing = _price(price)
    quantity = None if size.gb is None else _product(capacity.average, size.gb)
    reason = _reason(missing, size.reason, capacity.unknown)
    gb = None if size.gb is None else size.gb.expected
    return CostComponent(
        kind="volume",
        unit="GB-Mo",
        usage_type=None if found is None else found.usage_type,
        price=found,
        quantity=quantity,
        monthly=None if quantity is None or found is None else _times(quantity, found.usd),
        count=capacity.count,
        size=gb if isinstance(gb, Decimal) else None,
        detail=_size_in_words(size),
        reason=_REDACTED if redacted and reason is not None else reason,
        estimated=size.inferred or _is_estimated(found),
        default_size=size.default,
        demand=capacity.demand,
        assumed=capacity.assumed,
        redacted=redacted,
        origins={**capacity.origins, "size": size.origin},
    )


def serverless_compute(
    memory_mib: int | Unknown, seconds: Quantity | None, price: Price | Unpriced | Unknown, *, redacted: bool = False
) -> CostComponent:
    """On-demand compute of a serverless variant, per second at the rate of its memory size, metered by the millisecond.

    ``USE1-ServerlessInf:Mem-2GB``: a million requests of 200 ms on 2,048 MiB are 200,000 s × 0.00004 = 8.00 USD.
    (SageMaker developer guide, serverless-endpoints: billed for the compute of a request and the data, never idle.)
    """
    return _metered("serverless-compute", memory_mib, seconds, price, redacted=redacted)


def provisioned_warm(
    memory_mib: int | Unknown, capacity: Capacity, price: Price | Unpriced | Unknown, *, redacted: bool = False
) -> CostComponent:
    """Provisioned concurrency kept warm, per slot and second at the rate of its memory size, used or not.

    ``USE1-ProvisionedConcurrency:Usage-2GB``: two slots of 2,048 MiB for a month are 2 × 2,628,000 s × 0.00001 = 52.56
    USD. (SageMaker developer guide, serverless-endpoints: memory, time provisioned and concurrency.)
    """
    found, missing = _price(price)
    seconds = _times(capacity.hours, Decimal(_SECONDS_PER_HOUR))
    reason = _reason(missing, capacity.unknown)
    return CostComponent(
        kind="provisioned-warm",
        unit="seconds",
        usage_type=None if found is None else found.usage_type,
        price=found,
        quantity=seconds,
        monthly=None if found is None else _times(seconds, found.usd),
        count=capacity.count,
        size=_memory_gb(memory_mib),
        detail=_memory_in_words(memory_mib),
        reason=_REDACTED if redacted and reason is not None else reason,
        estimated=_is_estimated(found),
        demand=capacity.demand,
        assumed=capacity.assumed,
        redacted=redacted,
        origins={**capacity.origins, "size": "memory_size_in_mb"},
    )


def provisioned_compute(
    memory_mib: int | Unknown, seconds: Quantity | None, price: Price | Unpriced | Unknown, *, redacted: bool = False
) -> CostComponent:
    """Compute on provisioned concurrency, per second at the rate of its memory size, beside `provisioned_warm`.

    ``USE1-ProvisionedConcurrency:Mem-2GB``: 200,000 s × 0.0000233 = 4.66 USD. The rate is that of the memory size
    already: it is not multiplied by gigabytes.
    """
    return _metered("provisioned-compute", memory_mib, seconds, price, redacted=redacted)


def data_in(gb: Decimal | None, price: Price | Unpriced | Unknown, origin: str = "usage file") -> CostComponent:
    """Data sent to an endpoint, per GB, once per endpoint whatever its variants.

    ``USE1-Hst:Data-Bytes-In``, of asynchronous and serverless endpoints too: 100 GB × 0.016 = 1.60 USD.
    """
    return _data("data-in", gb, price, origin)


def data_out(gb: Decimal | None, price: Price | Unpriced | Unknown, origin: str = "usage file") -> CostComponent:
    """Data that an endpoint sends back, per GB, once per endpoint.

    ``USE1-Hst:Data-Bytes-Out``: 100 GB × 0.016 = 1.60 USD.
    """
    return _data("data-out", gb, price, origin)


def split_compute(total_s: Decimal, slots: Capacity | None) -> tuple[Quantity, Quantity | None]:
    """Seconds of compute on demand, and on provisioned slots: None where there are no slots.

    Slots take what fits into their time, 2,628,000 s a month each; what exceeds it spills over to on-demand compute at
    its rate. 3,000,000 s on one slot: 372,000 s on demand, 2,628,000 s provisioned. Peaks that exceed the slots while
    the month's sum does not are not seen here.
    """
    if slots is None:
        return Quantity(total_s, total_s, total_s), None
    expected_hours = slots.hours.expected if isinstance(slots.hours.expected, Decimal) else ZERO
    fits = [
        min(total_s, hours * _SECONDS_PER_HOUR) for hours in (slots.hours.floor, expected_hours, slots.hours.ceiling)
    ]
    if "ceiling" in slots.incomplete:
        fits[2] = total_s
    return Quantity(total_s - fits[2], total_s - fits[1], total_s - fits[0]), Quantity(*fits)


# Parts ---------------------------------------------------------------------------------------------------------------


def _metered(
    kind: Kind,
    memory_mib: int | Unknown,
    seconds: Quantity | None,
    price: Price | Unpriced | Unknown,
    *,
    redacted: bool,
) -> CostComponent:
    found, missing = _price(price)
    return CostComponent(
        kind=kind,
        unit="seconds",
        usage_type=None if found is None else found.usage_type,
        price=found,
        quantity=seconds,
        monthly=None if seconds is None or found is None else _times(seconds, found.usd),
        size=_memory_gb(memory_mib),
        detail=_memory_in_words(memory_mib),
        reason=_REDACTED if redacted and missing is not None else missing,
        estimated=_is_estimated(found),
        depends_on_usage=seconds is None,
        redacted=redacted,
        origins={
            "size": "memory_size_in_mb",
            "price": "price table",
            **({} if seconds is None else {"quantity": "usage file: requests × duration"}),
        },
    )


def _data(kind: Kind, gb: Decimal | None, price: Price | Unpriced | Unknown, origin: str) -> CostComponent:
    found, missing = _price(price)
    quantity = None if gb is None else Quantity(gb, gb, gb)
    return CostComponent(
        kind=kind,
        unit="GB",
        usage_type=None if found is None else found.usage_type,
        price=found,
        quantity=quantity,
        monthly=None if quantity is None or found is None else _times(quantity, found.usd),
        reason=missing,
        estimated=_is_estimated(found),
        depends_on_usage=gb is None,
        origins={"price": "price table"} if gb is None else {"quantity": origin, "price": "price table"},
    )


def _price(price: Price | Unpriced | Unknown) -> tuple[Price | None, str | None]:
    """The price, or why there is none."""
    return (price, None) if isinstance(price, Price) else (None, price.reason)


def _is_estimated(price: Price | None) -> bool:
    return price is not None and price.basis == "estimated"


def _reason(*reasons: str | None) -> str | None:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None)) or None


def _times(quantity: Quantity, factor: Decimal) -> Quantity:
    floor = quantity.floor * factor
    if quantity.expected is quantity.floor and quantity.ceiling is quantity.floor:
        return Quantity(floor, floor, floor)
    expected = quantity.expected if isinstance(quantity.expected, Unknown) else quantity.expected * factor
    return Quantity(floor, expected, quantity.ceiling * factor)


def _product(quantity: Quantity, other: Quantity) -> Quantity:
    """Bound by bound."""
    if other.floor is other.ceiling:
        return _times(quantity, other.ceiling)
    if isinstance(quantity.expected, Unknown):
        expected: Decimal | Unknown = quantity.expected
    else:
        expected = other.expected if isinstance(other.expected, Unknown) else quantity.expected * other.expected
    return Quantity(quantity.floor * other.floor, expected, quantity.ceiling * other.ceiling)


def _size_in_words(size: VolumeSize) -> str:
    if size.gb is None:
        return "size of the default unconfirmed" if size.default else "size unknown"
    gb = size.gb.expected if isinstance(size.gb.expected, Decimal) else size.gb.floor
    return f"{gb.normalize():f} GB (default)" if size.default else f"{gb.normalize():f} GB"


def _memory_gb(memory_mib: int | Unknown) -> Decimal | None:
    return None if isinstance(memory_mib, Unknown) else Decimal(memory_mib) / 1024


def _memory_in_words(memory_mib: int | Unknown) -> str:
    gb = _memory_gb(memory_mib)
    return "memory unknown" if gb is None else f"{gb.normalize():f} GB memory"
