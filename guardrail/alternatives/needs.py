"""What a variant was seen to need, and the types that have it: a measurement in place of what its present type has."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from guardrail.alternatives.instances import Candidate, sold_for_transform
from guardrail.cost.alternatives import SUCCESSORS, lost, sold
from guardrail.money import ZERO
from guardrail.prices.book import InstanceSpec, PriceBook


class Need(Struct, frozen=True, kw_only=True):
    """What one instance must have, room for more included; None where that was not measured."""

    cpu_cores: Decimal | None = None
    memory_gib: Decimal | None = None
    gpus: Decimal | None = None
    """How many of the present kind are kept busy; None of what has none."""
    gpu_memory_gib: Decimal | None = None
    """Over all GPUs of one instance."""
    fullest_gpu_gib: Decimal | None = None
    """What the fullest of them held at least: all of it where there was one, the mean where there were several."""

    def scaled(self, factor: Decimal) -> "Need":
        """So many times of all of it."""
        return Need(
            **{
                name: None if (amount := getattr(self, name)) is None else amount * factor
                for name in self.__struct_fields__
            }
        )

    def shared(self, factor: Decimal) -> "Need":
        """The need multiplied: instances share the work, so CPU and GPUs scale, and memory is needed on each."""
        work = self.scaled(factor)
        return replace(self, cpu_cores=work.cpu_cores, gpus=work.gpus)

    def lacks(self, spec: InstanceSpec, present: InstanceSpec) -> tuple[str, ...]:
        """What a type has too little of, ``4 of 6.4 cores``; what was not measured is what the present type has."""
        each = spec.each_accelerator_gib
        found = tuple(
            f"{have:f} of {need.normalize():f} {what}"
            for have, need, what in (
                (Decimal(spec.vcpus), _or(self.cpu_cores, Decimal(present.vcpus)), "cores"),
                (spec.memory_gib, _or(self.memory_gib, present.memory_gib), "GiB of memory"),
                (Decimal(spec.accelerators), _whole(_or(self.gpus, Decimal(present.accelerators))), "accelerators"),
                (
                    spec.accelerators_gib,
                    _or(self.gpu_memory_gib, present.accelerators_gib),
                    "GiB of accelerator memory",
                ),
            )
            if have < need
        )
        on_one = ZERO if self.fullest_gpu_gib is None else self.fullest_gpu_gib
        if found or each >= on_one:
            return found
        return (f"{each:f} of {on_one.normalize():f} GiB of memory on one accelerator",)


def _or(amount: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if amount is None else amount


def _whole(amount: Decimal) -> Decimal:
    return Decimal(ceil(amount))


@lru_cache(maxsize=64)
def _cheapest_first(prices: PriceBook, region: str, *, for_jobs: bool = False) -> tuple[InstanceSpec, ...]:
    found = sold_for_transform(prices, region) if for_jobs else sold(prices, region)
    return tuple(each for each, _ in sorted(found, key=lambda one: (one[1].usd, one[0].instance_type)))


def fitting(prices: PriceBook, region: str, present: InstanceSpec, need: Need) -> Iterator[Candidate]:
    """Types that have what is needed, the cheapest first, of the same kind of accelerator as the present one.

    What is superseded is left out, and what runs on CPU credits unless the present type does: how long a load lasts, a
    percentile does not say. A GPU is never replaced by another kind, and nothing without one by a GPU.
    """
    return _fitting(_cheapest_first(prices, region), present, need)


def fitting_transform(prices: PriceBook, region: str, present: InstanceSpec, need: Need) -> Iterator[Candidate]:
    """The same of what transform jobs can run on."""
    return _fitting(_cheapest_first(prices, region, for_jobs=True), present, need)


def _fitting(ordered: Iterable[InstanceSpec], present: InstanceSpec, need: Need) -> Iterator[Candidate]:
    for each in ordered:
        is_other = each.accelerator_kind != present.accelerator_kind or each.family in SUCCESSORS
        if is_other or each.instance_type == present.instance_type or (each.burstable and not present.burstable):
            continue
        is_arm = each.architecture != present.architecture
        if is_arm and (each.architecture != "arm64" or each.accelerator_kind is not None):
            continue
        if not need.lacks(each, present):
            yield Candidate("graviton" if is_arm else "type", each, lost(each, present))
