"""Usage types of SageMaker inference, as bills and price lists have them: one grammar, read and written here alone.

A usage type is the prefix of a region, a hyphen and a charge: ``USE1-Host:ml.m5.xlarge``. A charge is the use that is
made of something, a colon and what is used: ``Host:ml.m5.xlarge``, ``Host:VolumeUsage.gp2``, ``Hst:Data-Bytes-In``,
``ServerlessInf:Mem-2GB``. Price tables are asked by charge, because their prefix follows from their region.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from msgspec import Struct

Charge: TypeAlias = str
InstanceUse: TypeAlias = Literal["Host", "AsyncInf", "Tsform"]
"""Of an instance: real-time, asynchronous, batch transform."""

HOST: InstanceUse = "Host"
ASYNC: InstanceUse = "AsyncInf"
TRANSFORM: InstanceUse = "Tsform"
INSTANCE_USES: tuple[InstanceUse, ...] = (HOST, ASYNC, TRANSFORM)

VOLUME: Charge = "Host:VolumeUsage.gp2"
DATA_IN: Charge = "Hst:Data-Bytes-In"
DATA_OUT: Charge = "Hst:Data-Bytes-Out"

MEMORY_SIZES_GB = (1, 2, 3, 4, 5, 6)
"""Those that serverless inference comes in."""

_UNITS = {"Hst": "GB", "ServerlessInf": "seconds", "ProvisionedConcurrency": "seconds"}
_ITEMS: dict[str, str] = {
    **dict.fromkeys(INSTANCE_USES, r"ml\.[a-z0-9-]+\.[a-z0-9]+"),
    "Hst": "Data-Bytes-(?:In|Out)",
    "ServerlessInf": "Mem-[1-6]GB",
    "ProvisionedConcurrency": "(?:Usage|Mem)-[1-6]GB",
}


class UsageType(Struct, frozen=True):
    """A usage type taken apart."""

    prefix: str
    """``USE1``."""
    use: str
    """``Host``."""
    item: str
    """``ml.m5.xlarge``."""

    @property
    def charge(self) -> Charge:
        """``Host:ml.m5.xlarge``."""
        return f"{self.use}:{self.item}"

    @property
    def instance_type(self) -> str | None:
        """``ml.m5.xlarge``; None of what is no instance."""
        return self.item if self.use in INSTANCE_USES and self.charge != VOLUME else None

    def __str__(self) -> str:
        """As on the bill."""
        return written(self.prefix, self.charge)


def written(prefix: str, charge: Charge) -> str:
    """The usage type of a charge in the region of a prefix: ``USE1-Host:ml.m5.xlarge``."""
    return f"{prefix}-{charge}"


def instance(use: InstanceUse, instance_type: str) -> Charge:
    """The charge of one instance and hour: ``AsyncInf:ml.m5.xlarge``."""
    return f"{use}:{instance_type}"


def serverless(memory_gb: Decimal | int | str) -> Charge:
    """The charge of a second of on-demand compute at a memory size: ``ServerlessInf:Mem-2GB``."""
    return f"ServerlessInf:Mem-{memory_gb}GB"


def provisioned_warm(memory_gb: Decimal | int | str) -> Charge:
    """The charge of a second of a slot kept warm: ``ProvisionedConcurrency:Usage-2GB``."""
    return f"ProvisionedConcurrency:Usage-{memory_gb}GB"


def provisioned_compute(memory_gb: Decimal | int | str) -> Charge:
    """The charge of a second of compute on such a slot: ``ProvisionedConcurrency:Mem-2GB``."""
    return f"ProvisionedConcurrency:Mem-{memory_gb}GB"


@lru_cache(maxsize=1024)
def parse(usage_type: str) -> UsageType | None:
    """A usage type of inference taken apart; None for any other: ``USE1-Train:ml.m5.xlarge``, or without a prefix."""
    head, item = parts(usage_type)
    prefix, _, use = head.rpartition("-")
    known = re.fullmatch("[A-Z][A-Z0-9-]*", prefix) and is_charge(f"{use}:{item}")
    return UsageType(prefix, use, item) if known else None


def is_charge(text: str) -> bool:
    """Whether a text is a charge: ``Hst:Data-Bytes-In`` is, ``Hst:Data-Bytes`` is not."""
    use, item = parts(text)
    return text == VOLUME or (use in _ITEMS and re.fullmatch(_ITEMS[use], item) is not None)


def parts(charge: Charge) -> tuple[str, str]:
    """Use and item of a charge: ``Host`` and ``ml.m5.xlarge``."""
    use, _, item = charge.partition(":")
    return use, item


def memory_gb(charge: Charge) -> str:
    """The memory size of a charge of serverless inference: ``2`` of ``ServerlessInf:Mem-2GB``."""
    return charge.rpartition("-")[2].removesuffix("GB")


def unit_of(charge: Charge) -> str:
    """What a charge is counted in: ``Hrs`` for ``Host:ml.m5.xlarge``, ``GB-Mo`` for volumes, ``GB``, ``seconds``."""
    return "GB-Mo" if charge == VOLUME else _UNITS.get(parts(charge)[0], "Hrs")
