"""What a usage type on a bill is: a mode of inference, storage, data, or none of inference.

The grammar is that of `guardrail.prices.usage_types`; here stands only what a bill makes of it. Distinct usage types
are few, so they are read in Python and joined as a small table, in either engine.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from guardrail.prices import usage_types

REAL_TIME: Final = "real-time"
ASYNCHRONOUS: Final = "asynchronous"
BATCH: Final = "batch"
SERVERLESS: Final = "serverless"
STORAGE: Final = "storage"
DATA: Final = "data"
NOT_INFERENCE: Final = "not inference"
NOT_RECOGNISED: Final = "not recognised"
"""No inference that the grammar knows, and nothing else of SageMaker that is known by name: said, never dropped."""
SOFTWARE: Final = "Marketplace software"

INFERENCE: Final = (REAL_TIME, ASYNCHRONOUS, BATCH, SERVERLESS, STORAGE, DATA)
RUNNING: Final = (REAL_TIME, ASYNCHRONOUS, BATCH, SERVERLESS)
"""Modes in which something computes: what gives an endpoint its mode."""

_MODES: Final = {
    usage_types.HOST: REAL_TIME,
    usage_types.ASYNC: ASYNCHRONOUS,
    usage_types.TRANSFORM: BATCH,
    "Hst": DATA,
    "ServerlessInf": SERVERLESS,
    "ProvisionedConcurrency": SERVERLESS,
}
_ELSEWHERE: Final = (
    *("Train", "Processing", "Notebk", "Notebook", "Studio", "KernelGateway", "JupyterLab", "CodeEditor", "RStudio"),
    *("Canvas", "Cluster", "ReservedCluster", "DataTransfer", "DataWrangler", "FeatureStore", "WarmPool"),
    *("GroundTruth", "Geospatial", "MLflow", "TensorBoard", "Autopilot", "Debugger"),
)
"""How charges of SageMaker begin that are no inference: notebooks, training, processing, Studio, HyperPod, Canvas."""


class UsageTypeUse(Struct, frozen=True, kw_only=True):
    """A usage type with what it is used for."""

    usage_type: str
    mode: str
    region: str = ""
    """Of its prefix: ``us-east-1`` of ``USE1``; empty where no table has the prefix."""
    instance_type: str = ""
    charge: str = ""
    """Without its prefix; empty of what the grammar does not know."""

    @property
    def is_inference(self) -> bool:
        """Whether it is counted as inference."""
        return self.mode in INFERENCE


def use_of(usage_type: str, prefixes: Mapping[str, str]) -> UsageTypeUse:
    """A usage type as a bill has it: ``USE1-Host:ml.m5.xlarge`` is real-time, on an ml.m5.xlarge in us-east-1.

    Bills also have it without a prefix, in us-east-1: ``Host:ml.m5.xlarge``. ``prefixes`` is that of each region.
    """
    bare = usage_types.is_charge(usage_type)
    known = usage_types.parse(usage_types.written("USE1", usage_type) if bare else usage_type)
    if known is None:
        prefix, _, rest = usage_type.partition("-")
        if prefix not in prefixes:
            prefix, rest = "", usage_type
        elsewhere = any(part.startswith(_ELSEWHERE) for part in (rest, usage_type, usage_type.rpartition("-")[2]))
        mode = NOT_INFERENCE if elsewhere else NOT_RECOGNISED
        return UsageTypeUse(usage_type=usage_type, mode=mode, region=prefixes.get(prefix, ""))
    return UsageTypeUse(
        usage_type=usage_type,
        mode=STORAGE if known.charge == usage_types.VOLUME else _MODES[known.use],
        region=prefixes.get(known.prefix, ""),
        instance_type=known.instance_type or "",
        charge=known.charge,
    )


def uses_of(found: Iterable[str]) -> list[UsageTypeUse]:
    """Each of the distinct usage types of a bill, in their order."""
    prefixes = region_prefixes()
    return [use_of(usage_type, prefixes) for usage_type in found]


@cache
def region_prefixes() -> dict[str, str]:
    """The region of each prefix that the price tables know: ``USE1`` is us-east-1, ``EU`` eu-west-1."""
    from guardrail import bundled
    from guardrail.prices.table import read_manifest

    regions = read_manifest(bundled.directory("pricing")).regions
    return {entry.prefix: region for region, entry in regions.items()}
