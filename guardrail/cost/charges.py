"""The lines of the bill in one state: one function each, from how much runs and what it costs to a `Line`.

Prices are on-demand list prices in USD, as the price tables of ``pricing/`` have them. The usage types are those of
Cost Explorer and of the Cost and Usage Report (docs/costs.md lists them with their sources). The worked numbers are of
us-east-1 and of a month, which has 730 hours.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeAlias

from guardrail.cost.base import ChargeKind, Line
from guardrail.cost.capacity import Running
from guardrail.cost.demand import USAGE_FILE, Gigabytes
from guardrail.cost.deployments import Update
from guardrail.model import Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, ZERO
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.rates import Rate, VolumeSize

_MIB_PER_GB = 1024

Quote: TypeAlias = Price | Unpriced | Unknown
"""A price, or why there is none."""


def instances(running: Running, rate: Rate, *, redacted: bool = False) -> Line:
    """Instances, per instance and hour from creation to deletion, whatever the weight or the traffic.

    ``USE1-Host:ml.m5.xlarge``, asynchronous ``USE1-AsyncInf:ml.m5.xlarge``: two ml.m5.xlarge are
    2 × 730 h × 0.23 = 335.80 USD a month. Shadow variants are billed like any other. (AWS blog "Analyze Amazon
    SageMaker spend, Part 5: Hosting"; SageMaker API reference, UpdateEndpoint: charged until deleted.) The two of a
    shadow test of 168 h are 2 × 168 h × 0.23 = 77.28 USD.
    """
    return _line(
        kind="instance",
        unit="Hrs",
        price=rate.price,
        quantity=running.hours,
        count=running.count,
        detail=rate.detail,
        reason=_reason(rate.reason, running.unknown),
        estimated=_is_estimated(rate.price),
        redacted=redacted,
        origins={"price": rate.origin},
    )


def software(running: Running, usd_per_hour: Decimal, *, redacted: bool) -> Line:
    """The fee of an AWS Marketplace model package, per instance and hour beside the instance, as the usage file has it.

    Two instances at 1.50 are 2 × 730 × 1.50 = 2,190 USD a month. Sellers price each instance type of their own (AWS
    Marketplace API reference, update-pricing-terms), and no price list has them.
    """
    return Line(
        kind="software",
        unit="Hrs",
        price=None,
        quantity=running.hours,
        count=running.count,
        usd=running.hours * usd_per_hour,
        detail="of AWS Marketplace",
        reason=running.unknown,
        redacted=redacted,
        origins={"price": "usage file"},
    )


def deployments(running: Running, rate: Rate, update: Update, *, redacted: bool = False) -> Line:
    """Instance-hours that updates add to the fleet's: each instance runs twice while the old one stays.

    Two ml.m5.xlarge, ten canary updates a month of 45 minutes: 2 × 0.75 h × 10 × 0.23 = 3.45 USD. How long the new
    fleet takes to start is not known, so it is the least. (SageMaker developer guide, deployment-guardrails-blue-green:
    "you are charged for both fleets"; with all at once and nothing to wait for, for one.)
    """
    minutes = None if isinstance(update.minutes, Unknown) else update.minutes
    unknown = None
    if isinstance(update.minutes, Unknown):
        unknown = f"how long an update bills two fleets is unknown: {update.minutes.reason}"
    return _line(
        kind="deployment",
        unit="Hrs",
        price=rate.price,
        quantity=None if minutes is None else update.instance_hours(running.count),
        detail=f"{update.often.normalize():f} × {'?' if minutes is None else f'{minutes.normalize():f}'} min",
        reason=_reason(rate.reason, unknown),
        estimated=_is_estimated(rate.price),
        redacted=redacted,
        origins={"quantity": "usage file: deployments × minutes of two fleets", "price": rate.origin},
    )


def volume(running: Running, size: VolumeSize, price: Quote, *, redacted: bool = False) -> Line:
    """The gp2 volume of each instance, per GB and month, for as long as the instance runs.

    ``USE1-Host:VolumeUsage.gp2``, asynchronous endpoints included: 20 GB on two instances are 2 × 20 × 0.14 = 5.60 USD,
    and 2 × 20 × 168 / 730 × 0.14 = 1.29 USD for a shadow test of 168 h. Types with local NVMe and serverless variants
    have none (SageMaker developer guide, host-instance-storage).
    """
    found, missing = _price(price)
    return _line(
        kind="volume",
        unit="GB-Mo",
        price=found,
        quantity=None if size.gb is None else running.hours * size.gb / HOURS_PER_MONTH,
        count=running.count,
        size=size.gb,
        detail=_size_in_words(size),
        reason=_reason(missing, size.reason, running.unknown),
        estimated=size.inferred or _is_estimated(found),
        default_size=size.default,
        redacted=redacted,
        origins={"size": size.origin},
    )


def serverless_compute(
    memory_mib: int | Unknown, seconds: Decimal | None, price: Quote, *, by: str = USAGE_FILE, redacted: bool = False
) -> Line:
    """On-demand compute of a serverless variant, per second at the rate of its memory size, metered by the millisecond.

    ``USE1-ServerlessInf:Mem-2GB``: a million requests of 200 ms on 2,048 MiB are 200,000 s × 0.00004 = 8.00 USD.
    (SageMaker developer guide, serverless-endpoints: billed for the compute of a request and the data, never idle.)
    """
    return _metered("serverless-compute", memory_mib, seconds, price, by=by, redacted=redacted)


def provisioned_warm(memory_mib: int | Unknown, running: Running, price: Quote, *, redacted: bool = False) -> Line:
    """Provisioned concurrency kept warm, per slot and second at the rate of its memory size, used or not.

    ``USE1-ProvisionedConcurrency:Usage-2GB``: two slots of 2,048 MiB for a month are 2 × 2,628,000 s × 0.00001 = 52.56
    USD. (SageMaker developer guide, serverless-endpoints: memory, time provisioned and concurrency.)
    """
    found, missing = _price(price)
    return _line(
        kind="provisioned-warm",
        unit="seconds",
        price=found,
        quantity=running.hours * SECONDS_PER_HOUR,
        count=running.count,
        size=None if isinstance(memory_mib, Unknown) else memory_gb(memory_mib),
        detail=_memory_in_words(memory_mib),
        reason=_reason(missing, running.unknown),
        estimated=_is_estimated(found),
        redacted=redacted,
        origins={"size": "memory_size_in_mb"},
    )


def provisioned_compute(
    memory_mib: int | Unknown, seconds: Decimal | None, price: Quote, *, by: str = USAGE_FILE, redacted: bool = False
) -> Line:
    """Compute on provisioned concurrency, per second at the rate of its memory size, beside `provisioned_warm`.

    ``USE1-ProvisionedConcurrency:Mem-2GB``: 200,000 s × 0.0000233 = 4.66 USD. The rate is that of the memory size
    already: it is not multiplied by gigabytes.
    """
    return _metered("provisioned-compute", memory_mib, seconds, price, by=by, redacted=redacted)


def data(kind: ChargeKind, asked: Gigabytes | None, price: Quote) -> Line:
    """Data sent to an endpoint, or by it, per GB, once per endpoint whatever its variants.

    ``USE1-Hst:Data-Bytes-In`` and ``-Out``, of asynchronous and serverless endpoints too: 100 GB × 0.016 = 1.60 USD.
    """
    found, missing = _price(price)
    return _line(
        kind=kind,
        unit="GB",
        price=found,
        quantity=None if asked is None else asked.gb,
        reason=missing,
        estimated=_is_estimated(found),
        depends_on_usage=asked is None or asked.partial,
        origins={"price": "price table"} if asked is None else {"quantity": asked.origin, "price": "price table"},
    )


def transform(
    instance_type: str | Unknown,
    instances: Decimal,
    instance_hours: Decimal | None,
    price: Quote,
    reasons: Iterable[str | None],
    origins: dict[str, str],
) -> Line:
    """Instances of one transform job for all its runs of a month; without a run time or runs its unit price alone.

    ``USE1-Tsform:ml.m5.2xlarge``: two of them for half an hour, 30.42 times a month, are 30.42 h × 0.461. ``reasons``
    are why there is no amount, or may be more.
    """
    found, _ = _price(price)
    return _line(
        kind="transform",
        unit="Hrs",
        price=found,
        quantity=instance_hours,
        count=instances,
        detail="unknown type" if isinstance(instance_type, Unknown) else instance_type,
        reason=_reason(*reasons),
        estimated=_is_estimated(found),
        depends_on_usage=instance_hours is None,
        origins={"price": "price table", **origins},
    )


def split_compute(total_s: Decimal, running: Running) -> tuple[Decimal, Decimal]:
    """Seconds of compute on demand, and on the slots that are kept warm.

    Slots take what fits into their time, 2,628,000 s a month each; what exceeds it spills over to on-demand compute at
    its rate. 3,000,000 s on one slot: 372,000 s on demand, 2,628,000 s provisioned. Where a schedule holds several
    counts, each takes what comes in its share of the time; where usage tells the busy hours, only these have room: two
    slots take 2 × 100 × 3,600 s of what comes in 100 hours. Peaks that exceed the slots while the sum does not are not
    seen here.
    """
    slot_s = (running.hours if running.busy is None else running.busy) * SECONDS_PER_HOUR
    if running.held:
        minutes = sum(each for _, each in running.held)
        per_slot = slot_s / running.count if running.count else ZERO
        fits = sum((min(total_s, count * per_slot) * each / minutes for count, each in running.held), ZERO)
    else:
        fits = min(total_s, slot_s)
    return total_s - fits, fits


def memory_gb(memory_mib: int) -> Decimal:
    """A memory size as usage types and price tables have it: 2,048 MiB are 2 GB."""
    return Decimal(memory_mib) / _MIB_PER_GB


def _metered(
    kind: ChargeKind, memory_mib: int | Unknown, seconds: Decimal | None, price: Quote, *, by: str, redacted: bool
) -> Line:
    found, missing = _price(price)
    origins = {"size": "memory_size_in_mb", "price": "price table"}
    if seconds is not None:
        origins["quantity"] = f"{by}: requests × duration"
    return _line(
        kind=kind,
        unit="seconds",
        price=found,
        quantity=seconds,
        size=None if isinstance(memory_mib, Unknown) else memory_gb(memory_mib),
        detail=_memory_in_words(memory_mib),
        reason=missing,
        estimated=_is_estimated(found),
        depends_on_usage=seconds is None,
        redacted=redacted,
        origins=origins,
    )


def _line(*, price: Price | None, quantity: Decimal | None, **fields: Any) -> Line:
    usd = None if price is None or quantity is None else quantity * price.usd
    return Line(price=price, quantity=quantity, usd=usd, **fields)


def _price(price: Quote) -> tuple[Price | None, str | None]:
    """The price, or why there is none."""
    return (price, None) if isinstance(price, Price) else (None, price.reason)


def _is_estimated(price: Price | None) -> bool:
    return price is not None and price.basis == "estimated"


def _reason(*reasons: str | None) -> str | None:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None)) or None


def _size_in_words(size: VolumeSize) -> str:
    if size.gb is None:
        return "size of the default unconfirmed" if size.default else "size unknown"
    return f"{size.gb.normalize():f} GB (default)" if size.default else f"{size.gb.normalize():f} GB"


def _memory_in_words(memory_mib: int | Unknown) -> str:
    return "memory unknown" if isinstance(memory_mib, Unknown) else f"{memory_gb(memory_mib):f} GB memory"
