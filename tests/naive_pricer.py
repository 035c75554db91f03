"""A second opinion on every bill: each state of a variant priced by itself, from the price table and nothing else.

Slow, plain, and written apart from `guardrail.cost`: it knows instances and serverless variants whose numbers are all
known, their targets without schedules, usage, percentages, and possibilities. A floor is the least of the bills that
can exist, a ceiling the greatest.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import product
from typing import Any

from guardrail.model import (
    Endpoint,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Variant,
)
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

BOOK = PriceBook()
MONTH = Decimal(730)
SLOT = MONTH * 3600
Off = dict[str, Decimal]
"""Per cent by what stands before the colon of a usage type, ``Host``; `""` for everything."""
Asked = dict[str, Any]
"""requests, duration_ms and data_gb of one endpoint, hours in which there is work, requests of its variants by name."""


def bills(inventory: Inventory, asked: Asked, off: Off) -> list[Decimal]:
    """The least and the greatest bill that an inventory can have."""
    ranges = [_endpoint(endpoint, asked, off) for endpoint in inventory.endpoints]
    return [sum((low for low, _ in ranges), Decimal(0)), sum((high for _, high in ranges), Decimal(0))]


def planned(endpoint: Endpoint, shares: dict[str, Decimal], room: Decimal) -> list[Decimal]:
    """The least and the greatest bill of instances under a plan that takes a share off each of some hosting prices."""
    variants = endpoint.variants
    assert isinstance(variants, tuple)
    region, possible = str(endpoint.region), []
    for states in product(*(list(_states(endpoint, variant)) for variant in variants)):
        left, amount = room, Decimal(0)
        for variant, state in zip(variants, states, strict=True):
            amount += _state(endpoint, variant, state, Decimal(0), {})
        for share, (count, kind) in sorted(((shares.get(kind, Decimal(0)), (count, kind)) for count, kind in states))[
            ::-1
        ]:
            listed = count * MONTH * _usd(BOOK.hosting(region, kind), {}) if endpoint.mode == "realtime" else Decimal(0)
            paid = min(left, listed * (1 - share)) if share else Decimal(0)
            left -= paid
            amount -= paid / (1 - share) - paid
        possible.append(amount)
    return [Decimal(0) if endpoint.deployed == "possibly" else min(possible), max(possible)]


def hull(found: Iterable[list[Decimal]]) -> list[Decimal]:
    """From the least to the greatest of what excludes each other."""
    every = list(found)
    return [min(low for low, _ in every), max(high for _, high in every)]


def _endpoint(endpoint: Endpoint, asked: Asked, off: Off) -> tuple[Decimal, Decimal]:
    variants = endpoint.variants
    assert isinstance(variants, tuple)
    region = str(endpoint.region)
    possible = []
    shares = _shares(variants, asked)
    for states in product(*(list(_states(endpoint, variant)) for variant in variants)):
        least = asked.get("data_gb", Decimal(0)) * _usd(BOOK.price(region, "Hst:Data-Bytes-In"), off)
        most = least
        for variant, state, requests in zip(variants, states, shares, strict=True):
            seconds = requests * asked.get("duration_ms", 0) / 1000
            ways = list(_ways(endpoint, variant, state, seconds, asked.get("busy_hours"), off))
            least, most = least + min(ways), most + max(ways)
        possible += [least, most]
    return (Decimal(0) if endpoint.deployed == "possibly" else min(possible)), max(possible)


def _states(endpoint: Endpoint, variant: Variant) -> Iterator[tuple[int, str]]:
    """Every count that can be reached, with every type that it can run on."""
    target = variant.scaling
    if isinstance(variant, InstanceVariant):
        start, kinds = variant.initial_instance_count, [variant.instance_type] if variant.instance_type else []
        kinds += [pool.instance_type for pool in variant.instance_pools]
    else:
        start, kinds = variant.provisioned_concurrency or 0, [""]
    assert isinstance(start, int)
    counts = {start}
    if isinstance(target, ScalableTarget):
        low, high = int(target.min_capacity), int(target.max_capacity)  # type: ignore[arg-type] # known here
        least = 1 if endpoint.mode == "realtime" else 0
        low, high = sorted((max(low, least), max(high, least)))
        start = min(max(start, low), high)
        takes, adds = _moves(target)
        counts = {start, high}
        if takes:
            counts.add(low)
        if takes or adds:
            counts.update(range(low if takes else start, high + 1))
    for kind in kinds:
        yield from ((count, str(kind)) for count in counts)


def _moves(target: ScalableTarget) -> tuple[bool, bool]:
    """Whether a policy takes capacity away, and whether one adds it."""
    takes = adds = False
    assert isinstance(target.policies, tuple)
    for policy in target.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.metrics:
            takes, adds = takes or policy.disable_scale_in is False, True
        if isinstance(policy, StepScalingPolicy) and policy.alarms:
            assert isinstance(policy.steps, tuple)
            takes = takes or any(float(step.adjustment) < 0 for step in policy.steps)  # type: ignore[arg-type] # known
            adds = True
    return takes and not target.dynamic_scaling_in_suspended, adds


def _shares(variants: tuple[Variant, ...], asked: Asked) -> list[Decimal]:
    """The requests of each variant: its own, else its part by weight of what is left."""
    own = asked.get("own", {})
    rest = asked.get("requests", Decimal(0)) - sum(own.get(str(variant.name), 0) for variant in variants)
    open_ = [Decimal(str(variant.weight)) for variant in variants if str(variant.name) not in own]
    return [
        own[str(variant.name)] if str(variant.name) in own else rest * Decimal(str(variant.weight)) / sum(open_)
        for variant in variants
    ]


def _ways(
    endpoint: Endpoint,
    variant: Variant,
    state: tuple[int, str],
    seconds: Decimal,
    busy_hours: Decimal | None,
    off: Off,
) -> Iterator[Decimal]:
    """What a count costs that is there all the time, and what it costs in busy hours alone, where it can be lowered."""
    yield _state(endpoint, variant, state, seconds, off, busy_hours)
    target = variant.scaling
    if busy_hours is None or isinstance(variant, InstanceVariant) or not isinstance(target, ScalableTarget):
        return
    takes, _ = _moves(target)
    if takes:
        idle = min(count for count, _ in _states(endpoint, variant))
        in_idle_hours = _state(endpoint, variant, (idle, ""), Decimal(0), off, busy_hours)
        in_busy_hours = _state(endpoint, variant, state, Decimal(0), off, busy_hours)
        yield (
            _state(endpoint, variant, state, seconds, off, busy_hours)
            - (in_busy_hours - in_idle_hours) * (MONTH - busy_hours) / MONTH
        )


def _state(
    endpoint: Endpoint,
    variant: Variant,
    state: tuple[int, str],
    seconds: Decimal,
    off: Off,
    busy_hours: Decimal | None = None,
) -> Decimal:
    region, (count, kind) = str(endpoint.region), state
    if isinstance(variant, InstanceVariant):
        price = BOOK.price(region, f"AsyncInf:{kind}") if endpoint.mode == "async" else BOOK.hosting(region, kind)
        spec, size = BOOK.instance(kind), variant.volume_size_gb
        assert spec is not None
        gb = Decimal(0) if not spec.takes_volume else spec.default_volume_gb if size is None else Decimal(int(size))  # type: ignore[arg-type] # known
        of_volume = _usd(BOOK.price(region, "Host:VolumeUsage.gp2"), off)
        return count * (MONTH * _usd(price, off) + (gb or Decimal(0)) * of_volume)
    assert isinstance(variant, ServerlessVariant)
    memory = int(variant.memory_mib) // 1024  # type: ignore[arg-type] # known here
    warm = min(seconds, count * (SLOT if busy_hours is None else busy_hours * 3600))
    return (
        (seconds - warm) * _usd(BOOK.price(region, f"ServerlessInf:Mem-{memory}GB"), off)
        + count * SLOT * _usd(BOOK.price(region, f"ProvisionedConcurrency:Usage-{memory}GB"), off)
        + warm * _usd(BOOK.price(region, f"ProvisionedConcurrency:Mem-{memory}GB"), off)
    )


def _usd(price: object, off: Off) -> Decimal:
    assert isinstance(price, Price)
    percent = off.get(price.usage_type.partition("-")[2].partition(":")[0], off.get("", Decimal(0)))
    return price.usd * (100 - percent) / 100
