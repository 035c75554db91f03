"""Other instance types for a variant, priced: cheaper ones that fit, and the successors of superseded families.

An alternative has a published hosting price in the region that nothing casts doubt on, is offered there for endpoints,
and has the same architecture. Whether a model runs as fast on it only a load test can say.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from guardrail.money import HOURS_PER_MONTH, ZERO
from guardrail.prices.base import Price, Unpriced

if TYPE_CHECKING:
    from guardrail.prices.book import InstanceSpec, PriceBook

N = TypeVar("N", int, Decimal)

SUCCESSORS: Mapping[str, tuple[str, ...]] = {
    "t2": ("c7i", "c6i", "c5", "m7i", "m6i", "m5"),
    "m4": ("m7i", "m6i", "m5"),
    "c4": ("c7i", "c6i", "c5"),
    "p2": ("g6", "g5", "g4dn"),
    "p3": ("g6e", "g6", "g5"),
    "inf1": ("inf2",),
}
"""Superseded families and those that AWS made in their place, newest first.

An explicit list, because EC2's own ``CurrentGeneration`` flag changes from release to release. t2 has no successor that
endpoints accept (t3 is not in the enum of CreateEndpointConfig); the small sizes of c and m stand in for it.
"""


class PricedType(Struct, frozen=True, kw_only=True):
    """Another instance type and what one instance of it costs."""

    instance_type: str
    hourly_usd: Decimal
    monthly_usd: Decimal
    """Of 730 hours."""
    saving_monthly_usd: Decimal | None
    """Per instance, against the present type; negative where this one is dearer, None where that has no price."""
    estimated: bool
    """Whether the price is an estimate."""
    loses: str | None = None
    """What it has less of, ``179 of 320 GiB of GPU memory and 4 of 8 GPUs``; None where that is nothing."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a type must not exceed; None for no limit."""

    max_hourly_usd: Decimal | None = None
    max_vcpus: int | None = None
    max_accelerators: int | None = None
    max_memory_gib: Decimal | None = None


NO_LIMITS = Limits()


class _Needs(Struct, frozen=True, kw_only=True):
    """What a type must have."""

    vcpus: int
    memory_gib: Decimal
    accelerators: int
    accelerator_memory_gib: Decimal
    each_accelerator_gib: Decimal
    """A shard of a model that is split over four does not fit into half of the memory, however many there are."""


def superseded_by(family: str) -> tuple[str, ...]:
    """The families that replace a superseded one, newest first; none where the family is current."""
    return SUCCESSORS.get(family, ())


@lru_cache(maxsize=1024)
def cheaper(
    prices: "PriceBook", region: str, instance_type: str, limits: Limits = NO_LIMITS, *, most: int = 3
) -> tuple[PricedType, ...]:
    """Cheaper types that would fit, at most ``most`` of them.

    Without limits a type fits that has at least the vCPUs, the memory, the accelerators and their memory of the present
    one, of each accelerator too: eight of 22 GiB do not stand in for four of 45. The cheapest come first. A limit
    lowers the need to itself and may not be exceeded; where nothing has all that is needed, the types that have most of
    it come first, and of accelerators those with most memory, for a model that does not fit does not run. ml.m5.4xlarge
    (16 vCPUs, 64 GiB, 0.922) limited to 8 vCPUs needs 8 vCPUs and 64 GiB.

    Empty where the type is unknown or nothing cheaper fits.
    """
    spec = prices.instance(instance_type)
    if spec is None:
        return ()
    accelerators = _at_most(spec.accelerators, limits.max_accelerators)
    needs = _Needs(
        vcpus=_at_most(spec.vcpus, limits.max_vcpus),
        memory_gib=_at_most(spec.memory_gib, limits.max_memory_gib),
        accelerators=accelerators,
        accelerator_memory_gib=accelerators * spec.each_accelerator_gib,
        each_accelerator_gib=spec.each_accelerator_gib if accelerators else ZERO,
    )
    present = prices.hosting(region, instance_type)
    found = []
    for candidate, price in sold(prices, region):
        if isinstance(present, Price) and price.usd >= present.usd:
            continue
        if candidate.family in SUCCESSORS:
            continue
        covered = _coverage(candidate, needs) if _is_alike(candidate, spec, needs) else 0.0
        if (covered == 1 or (limits != NO_LIMITS and covered)) and _within(limits, candidate, price):
            on_accelerators = _share(candidate.accelerators_gib, spec.accelerators_gib)
            found.append(((-on_accelerators, -covered, price.usd, candidate.instance_type), candidate, price))
    found.sort(key=lambda each: each[0])
    return tuple(_alternative(candidate, price, spec, present) for _, candidate, price in found[:most])


@lru_cache(maxsize=1024)
def successor(
    prices: "PriceBook", region: str, instance_type: str, families: tuple[str, ...] | None = None
) -> PricedType | None:
    """The type that succeeds a superseded one: the cheapest of the same size among ``families``.

    ``families`` are by default those of `SUCCESSORS`. ml.m4.xlarge in us-east-1 (0.24) is succeeded by ml.m5.xlarge
    (0.23). Where no such size exists, or it has fewer accelerators, as ml.g5.8xlarge has one and ml.p3.8xlarge four, or
    less memory than is needed, as ml.c5.xlarge has half of ml.t2.xlarge's, it is the cheapest with at least the
    accelerators and their memory, and without accelerators the vCPUs and memory.
    None where the family is current, or nothing that succeeds it is offered and priced in the region.
    """
    spec = prices.instance(instance_type)
    if spec is None:
        return None
    allowed = superseded_by(spec.family) if families is None else families
    size = instance_type.rpartition(".")[2]
    needs = _Needs(
        vcpus=0 if spec.accelerators else spec.vcpus,
        memory_gib=ZERO if spec.accelerators else spec.memory_gib,
        accelerators=spec.accelerators,
        accelerator_memory_gib=spec.accelerators_gib,
        each_accelerator_gib=spec.each_accelerator_gib,
    )
    same_size, sufficient = [], []
    for candidate, price in sold(prices, region):
        if candidate.family not in allowed or candidate.accelerators < spec.accelerators:
            continue
        if _coverage(candidate, needs) == 1:
            one = ((price.usd, candidate.instance_type), candidate, price)
            sufficient.append(one)
            if candidate.instance_type.rpartition(".")[2] == size:
                same_size.append(one)
    chosen = min(same_size or sufficient, key=lambda each: each[0], default=None)
    return None if chosen is None else _alternative(chosen[1], chosen[2], spec, prices.hosting(region, instance_type))


@lru_cache(maxsize=64)
def sold(prices: "PriceBook", region: str) -> "tuple[tuple[InstanceSpec, Price], ...]":
    """What can be recommended in a region: offered there, priced, and of a price that nothing casts doubt on."""
    priced = ((prices.instance(name), name, price) for name, price in prices.hosting_prices(region).items())
    return tuple(
        (spec, price)
        for spec, name, price in priced
        if spec is not None and price.suspect is None and prices.offered(region, name) is True
    )


def _is_alike(candidate: "InstanceSpec", spec: "InstanceSpec", needs: _Needs) -> bool:
    """Whether the same container can run on it: architecture and kind of accelerator; and it can scale if this can."""
    kind = spec.accelerator_kind if needs.accelerators else None
    return (
        candidate.architecture == spec.architecture
        and candidate.accelerator_kind == kind
        and (spec.burstable or not candidate.burstable)
    )


def _within(limits: Limits, candidate: "InstanceSpec", price: Price) -> bool:
    return (
        _at_most(price.usd, limits.max_hourly_usd) == price.usd
        and _at_most(candidate.vcpus, limits.max_vcpus) == candidate.vcpus
        and _at_most(candidate.accelerators, limits.max_accelerators) == candidate.accelerators
        and _at_most(candidate.memory_gib, limits.max_memory_gib) == candidate.memory_gib
    )


def _coverage(candidate: "InstanceSpec", needs: _Needs) -> float:
    """How much of the needs the type has, from 0 to 1: 8 of 16 vCPUs and all else is 0.5."""
    return (
        _share(candidate.vcpus, needs.vcpus)
        * _share(candidate.memory_gib, needs.memory_gib)
        * _share(candidate.accelerators, needs.accelerators)
        * _share(candidate.accelerators_gib, needs.accelerator_memory_gib)
        * _share(candidate.each_accelerator_gib, needs.each_accelerator_gib)
    )


def _share(have: Decimal | int, need: Decimal | int) -> float:
    return 1.0 if have >= need else float(have / need)


def _at_most(value: N, limit: N | None) -> N:
    return value if limit is None else min(value, limit)


def _alternative(
    candidate: "InstanceSpec", price: Price, spec: "InstanceSpec", present: Price | Unpriced
) -> PricedType:
    less = lost(candidate, spec)
    return PricedType(
        instance_type=candidate.instance_type,
        hourly_usd=price.usd,
        monthly_usd=price.usd * HOURS_PER_MONTH,
        saving_monthly_usd=(present.usd - price.usd) * HOURS_PER_MONTH if isinstance(present, Price) else None,
        estimated=price.basis == "estimated",
        loses=" and ".join(filter(None, (", ".join(less[:-1]), *less[-1:]))) or None,
    )


def lost(candidate: "InstanceSpec", spec: "InstanceSpec") -> tuple[str, ...]:
    """What a type has less of, ``8 of 16 vCPUs``; first what matters most: a model that does not fit does not run."""
    one = "GPU" if spec.accelerator_kind == "gpu" else "accelerator"
    in_each = spec.each_accelerator_gib if spec.accelerators > 1 else ZERO  # of a single one it is that of all
    return tuple(
        f"{have:.0f} of {had:.0f} {what}"
        for have, had, what in (
            (candidate.accelerators_gib, spec.accelerators_gib, f"GiB of {one} memory"),
            (candidate.each_accelerator_gib, in_each, f"GiB in each {one}"),
            (candidate.accelerators, spec.accelerators, f"{one}s"),
            (candidate.vcpus, spec.vcpus, "vCPUs"),
            (candidate.memory_gib, spec.memory_gib, "GiB of memory"),
        )
        if have < had
    )
