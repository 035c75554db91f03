"""What ML instance types are made of, and which of them a region offers for hosting.

Specifications are those of the EC2 type of the same name. Volumes: AWS attaches one unless the type has its own disk,
and published default sizes for 38 types in 2020; other sizes are inferred. Availability is read off AWS's price lists.
"""

import os
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from guardrail.prices.table import Record, damaged, records


class InstanceSpec(Struct, frozen=True, kw_only=True):
    """What an instance type is made of. The fields, in this order, are the columns of ``instances.csv``."""

    instance_type: str
    """With its prefix: ``ml.m5.xlarge``."""
    family: str
    """``m5``."""
    vcpus: int
    memory_gib: Decimal
    architecture: Literal["x86_64", "arm64"]
    burstable: bool
    accelerator_kind: Literal["gpu", "neuron", "gaudi"] | None
    """None where it has no accelerator."""
    accelerators: int
    """How many; 0 for none. A fraction of a GPU (g6f) counts as 1, with the memory of that fraction."""
    accelerator_name: str | None
    """``A10G``, ``Inferentia2``."""
    accelerator_memory_gib: Decimal | None
    """GiB of one accelerator; None where there is none, or no plausible figure is known (trn2)."""
    local_storage: bool
    """Whether EC2 lists an instance store for the type."""
    local_storage_gb: int | None
    """GB of all disks of that store together; None where there is none."""
    takes_volume: bool | None
    """Whether an endpoint gets a volume on it; None where that is unconfirmed (g7, p6-b300)."""
    default_volume_gb: Decimal | None
    """GB of the volume where none is asked for, with one model on the endpoint; None unless `takes_volume` is True."""
    default_volume_origin: Literal["published", "inferred"] | None
    """"published" in AWS's table of 2020, or "inferred" as min(30, memory_gib / 2); None where there is no size."""
    hosts_endpoints: bool
    """Whether CreateEndpointConfig accepts it."""
    runs_transform: bool
    """Whether CreateTransformJob accepts it."""

    @property
    def each_accelerator_gib(self) -> Decimal:
        """GiB of one accelerator; 0 where there is none, or nobody knows."""
        return self.accelerator_memory_gib or Decimal(0)

    @property
    def accelerators_gib(self) -> Decimal:
        """GiB of all its accelerators together; 0 where there is none, or nobody knows."""
        return self.accelerators * self.each_accelerator_gib


_YES_NO_UNKNOWN = {"yes": True, "no": False, "unknown": None}
_TRUTHS = ("burstable", "local_storage", "takes_volume", "hosts_endpoints", "runs_transform")


class InstanceTypes:
    """``instances.csv``, one row made into an `InstanceSpec` when it is asked for."""

    def __init__(self, directory: str) -> None:
        """Read the table. Raises `PriceBookError`."""
        self._directory = directory
        self._path = os.path.join(directory, "instances.csv")
        self._rows: dict[str, tuple[int, Record]] = {}
        for line, record in records(self._path, InstanceSpec.__struct_fields__):
            if record[0] in self._rows:
                damaged(self._path, line, f"a second row for {record[0]}, after line {self._rows[record[0]][0]}")
            self._rows[record[0]] = line, record
        self._specs: dict[str, InstanceSpec] = {}
        self._multi_model: dict[str, Decimal] | None = None

    def names(self) -> Iterable[str]:
        """Every instance type of the table."""
        return self._rows.keys()

    def spec(self, instance_type: str) -> InstanceSpec | None:
        """What a type is made of; None for a type that the table does not have."""
        spec = self._specs.get(instance_type)
        if spec is None and instance_type in self._rows:
            spec = self._specs[instance_type] = self._read(*self._rows[instance_type])
        return spec

    def multi_model_volume_gb(self, instance_type: str) -> Decimal | None:
        """GB of the volume where none is asked for and the container hosts several models; None where AWS names none.

        From the table of 2020, which has four times the size for one model; ml.m5.large: 16.
        """
        if self._multi_model is None:
            path = os.path.join(self._directory, "multi_model_volumes.csv")
            found = records(path, ("instance_type", "gb")) if os.path.isfile(path) else ()
            self._multi_model = {name: Decimal(gb) for _, (name, gb) in found}
        return self._multi_model.get(instance_type)

    def _read(self, line: int, record: Record) -> InstanceSpec:
        fields: dict[str, object] = {
            name: text or None for name, text in zip(InstanceSpec.__struct_fields__, record, strict=True)
        }
        fields.update({name: _YES_NO_UNKNOWN.get(str(fields[name]), fields[name]) for name in _TRUTHS})
        try:
            return msgspec.convert(fields, InstanceSpec, strict=False)
        except msgspec.ValidationError as error:
            damaged(self._path, line, f"{record[0]}: {error}")

    def nearest(self, wanted: InstanceSpec, candidates: Iterable[str], limit: int = 2) -> list[str]:
        """The candidates most like a type: of its kind of accelerator, then family, architecture, size, generation."""
        specs = (self.spec(name) for name in candidates)
        alike = [spec for spec in specs if spec is not None and spec.accelerator_kind == wanted.accelerator_kind]
        alike.sort(key=lambda spec: _distance(wanted, spec))
        return [spec.instance_type for spec in alike[:limit]]


def _distance(wanted: InstanceSpec, other: InstanceSpec) -> tuple[float | str, ...]:
    series, generation = series_of(wanted.family)
    other_series, other_generation = series_of(other.family)
    return (
        abs(wanted.accelerators - other.accelerators),
        series != other_series,
        wanted.architecture != other.architecture,
        _ratio(wanted.vcpus, other.vcpus),
        _ratio(wanted.memory_gib, other.memory_gib),
        wanted.local_storage != other.local_storage,
        abs(generation - other_generation),
        -other_generation,
        other.instance_type,
    )


def series_of(family: str) -> tuple[str, int]:
    """``m6i`` is of series m, generation 6."""
    match = re.match(r"([a-z]*)(\d*)", family)
    return (match[1], int(match[2] or 0)) if match else (family, 0)


def _ratio(one: Decimal | int, other: Decimal | int) -> float:
    return float(max(one, other)) / float(min(one, other))


def read_availability(directory: str) -> dict[str, str]:
    """The regions that offer each instance type for hosting, joined by spaces. Raises `PriceBookError`."""
    path = os.path.join(directory, "availability.csv")
    return {instance_type: regions for _, (instance_type, regions) in records(path, ("instance_type", "regions"))}
