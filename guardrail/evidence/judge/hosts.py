"""Hosts of inference components: the instances that hold what their components reserve, whatever those use of it.

A copy is placed where its accelerators, cores and memory are free, and takes them whether it is asked or not. So a host
is sized by reservations, at the most copies that there may be (SageMaker developer guide, realtime-endpoints-deploy-
models and API, InferenceComponentComputeResourceRequirements).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil
from typing import Final

from msgspec import Struct

from guardrail.alternatives import needs
from guardrail.alternatives.needs import Need
from guardrail.evidence.bundle import ComponentEvidence, EndpointEvidence, VariantEvidence
from guardrail.money import HOURS_PER_MONTH
from guardrail.prices.base import Price
from guardrail.prices.book import InstanceSpec, PriceBook

_FREE_MEMORY: Final = Decimal("0.95")
"""Of the memory of an instance, ours: how much of it SageMaker keeps is not documented, and none is no answer."""
_MOST_COPIES: Final = 1_000
"""Beyond which nobody places them by hand."""


class Room(Struct, frozen=True, kw_only=True):
    """What a copy takes of an instance, or an instance has."""

    accelerators: Decimal
    cores: Decimal
    memory_gib: Decimal

    def holds(self, other: "Room") -> bool:
        """Whether another fits into it."""
        return (
            self.accelerators >= other.accelerators
            and self.cores >= other.cores
            and self.memory_gib >= other.memory_gib
        )

    def without(self, other: "Room") -> "Room":
        """What is left beside another."""
        return Room(
            accelerators=self.accelerators - other.accelerators,
            cores=self.cores - other.cores,
            memory_gib=self.memory_gib - other.memory_gib,
        )


class PackedHost(Struct, frozen=True, kw_only=True):
    """Instances that hold all that is reserved on a host."""

    reserved: Room
    """By all copies together."""
    standing: int
    """Instances that there are, or ran at most."""
    instance_type: str
    instances: int
    hourly_usd: Decimal
    """Of one of them."""
    saving_usd: Decimal
    """What fewer of them, or as many of this type, save a month."""


def judge(found: EndpointEvidence, variant: VariantEvidence, prices: PriceBook) -> PackedHost | None:
    """The cheapest instances that hold the components of a variant; None where nothing is cheaper, or not all is known.

    Two copies that reserve a GPU each, on two ml.g5.12xlarge with four: one holds them, and 7.09 × 730 are saved.
    """
    copies = _copies(found, variant)
    standing = variant.current_instances if variant.instances is None else ceil(variant.instances.mean)
    spec = None if variant.instance_type is None else prices.instance(variant.instance_type)
    hourly = None if spec is None else prices.hosting(found.region, spec.instance_type)
    if not copies or not standing or spec is None or not isinstance(hourly, Price):
        return None
    best = None
    for each in (spec, *_others(prices, found, spec, copies)):
        price, count = prices.hosting(found.region, each.instance_type), packed(copies, room_of(each))
        if count is None or not isinstance(price, Price):
            continue
        saving = (hourly.usd * standing - price.usd * count) * HOURS_PER_MONTH
        if saving > 0 and (best is None or saving > best.saving_usd):
            best = PackedHost(
                reserved=_together(copies),
                standing=standing,
                instance_type=each.instance_type,
                instances=count,
                hourly_usd=price.usd,
                saving_usd=saving,
            )
    return best


def _copies(found: EndpointEvidence, variant: VariantEvidence) -> list[Room]:
    """What each copy takes, at the most copies of each; nothing where that of one is not known."""
    listed: list[Room] = []
    for each in found.hosted_by(variant):
        count = max(each.most_copies or 0, each.copies or 0)
        if each.memory_gib_reserved is None or each.copies is None or len(listed) + count > _MOST_COPIES:
            return []
        listed += [_reserved(each, each.memory_gib_reserved)] * count
    return listed


def _reserved(found: ComponentEvidence, memory_gib: Decimal) -> Room:
    zero = Decimal(0)
    cores = found.cpu_cores_reserved or zero
    return Room(accelerators=found.accelerators or zero, cores=cores, memory_gib=memory_gib)


def room_of(spec: InstanceSpec) -> Room:
    """What an instance has for components: of its memory not all, as its system has its own."""
    memory = spec.memory_gib * _FREE_MEMORY
    return Room(accelerators=Decimal(spec.accelerators), cores=Decimal(spec.vcpus), memory_gib=memory)


def packed(copies: Sequence[Room], each: Room) -> int | None:
    """How many instances hold the copies, the largest placed first; None where one is larger than an instance."""
    free: list[Room] = []
    for copy in sorted(copies, key=lambda one: (one.accelerators, one.memory_gib, one.cores), reverse=True):
        place = next((at for at, room in enumerate(free) if room.holds(copy)), None)
        if place is not None:
            free[place] = free[place].without(copy)
        elif each.holds(copy):
            free.append(each.without(copy))
        else:
            return None
    return len(free)


def _others(
    prices: PriceBook, found: EndpointEvidence, spec: InstanceSpec, copies: Sequence[Room]
) -> Iterable[InstanceSpec]:
    """Types that hold the largest copy, with as much memory on each accelerator as now."""
    own, most = spec.each_accelerator_gib, max(one.accelerators for one in copies)
    largest = Need(
        cpu_cores=max(one.cores for one in copies),
        memory_gib=max(one.memory_gib for one in copies),
        gpus=most,
        gpu_memory_gib=most * own,
    )
    for each in needs.fitting(prices, found.region, spec, largest):
        if each.kind != "graviton" and each.spec.each_accelerator_gib >= own:
            yield each.spec


def _together(copies: Sequence[Room]) -> Room:
    return Room(
        accelerators=sum((one.accelerators for one in copies), Decimal(0)),
        cores=sum((one.cores for one in copies), Decimal(0)),
        memory_gib=sum((one.memory_gib for one in copies), Decimal(0)),
    )
