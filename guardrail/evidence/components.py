"""Inference components: their own requests, and what a copy uses of what it reserves."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from guardrail.alternatives.facts import MIB_PER_GIB
from guardrail.evidence.account import (
    ComponentSpecification,
    ComputeResourceRequirements,
    InferenceComponentDescription,
)
from guardrail.evidence.base import COMPONENTS, SAGEMAKER, Gap
from guardrail.evidence.bundle import Activity, ComponentEvidence, Distribution
from guardrail.evidence.measured import Measured, activity, answered
from guardrail.evidence.observed import ObservedEndpoint
from guardrail.evidence.statistics import distribution, exact

_IN_SERVICE: Final = "InService"


def of(observed: ObservedEndpoint) -> tuple[ComponentEvidence, ...]:
    """What was observed of each component of an endpoint."""
    return tuple(_component(observed, each) for each in observed.account.components_of(observed.endpoint))


def _component(observed: ObservedEndpoint, described: InferenceComponentDescription) -> ComponentEvidence:
    name, measured = described.inference_component_name, observed.measured.since(described.creation_time)
    dimensions = {"InferenceComponentName": name}
    seen = answered(measured, dimensions)
    reserved = _Reserved(described.specification)
    gaps: list[Gap] = []
    if seen is None:
        gaps.append(measured.why_not(name, SAGEMAKER, "Invocations", dimensions))
    is_told = seen is not None and seen.is_whole and described.inference_component_status == _IN_SERVICE
    target = next(iter(observed.account.targets_of(f"inference-component/{name}")), None)
    return ComponentEvidence(
        name=name,
        variant=described.variant_name,
        created=described.creation_time,
        status=described.inference_component_status or None,
        copies=None if described.runtime_config is None else described.runtime_config.current_copy_count,
        least_copies=None if target is None else target.min_capacity,
        most_copies=None if target is None else target.max_capacity,
        accelerators=reserved.accelerators,
        memory_gib_reserved=reserved.memory_gib,
        cpu_cores_reserved=reserved.cores,
        requests=None if seen is None else seen.requests,
        activity=activity(measured, seen.busy, seen.days, looked_back_to=seen.requests.looked_back_to)
        if seen is not None and is_told
        else None,
        gpus=_share(measured, "GPUUtilizationNormalized", name, reserved.accelerators),
        cpu_cores=_share(measured, "CPUUtilizationNormalized", name, reserved.cores),
        memory_gib=_share(measured, "MemoryUtilizationNormalized", name, reserved.memory_gib),
        gaps=tuple(gaps),
    )


def activity_of(observed: ObservedEndpoint, variant: str) -> Activity | None:
    """Since when none of the components on a variant was asked anything; None where nobody knows that of one."""
    busy: set[datetime] = set()
    days: set[datetime] = set()
    back_to = []
    for described in observed.account.components_of(observed.endpoint):
        if described.variant_name not in (None, variant):
            continue
        measured = observed.measured.since(described.creation_time)
        seen = answered(measured, {"InferenceComponentName": described.inference_component_name})
        if seen is None or not seen.is_whole or described.inference_component_status != _IN_SERVICE:
            return None
        busy |= set(seen.busy)
        days |= set(seen.days)
        back_to.append(seen.requests.looked_back_to)
    return activity(observed.measured, busy, days, looked_back_to=max(back_to)) if back_to else None


class _Reserved:
    """What one copy reserves; None of what it does not name."""

    def __init__(self, specification: ComponentSpecification | None) -> None:
        asked = None if specification is None else specification.compute_resource_requirements
        asked = asked or ComputeResourceRequirements()
        devices, cores = asked.number_of_accelerator_devices_required, asked.number_of_cpu_cores_required
        memory = asked.min_memory_required_in_mb
        self.accelerators = None if devices is None else exact(devices)
        self.cores = None if cores is None else exact(cores)
        self.memory_gib = None if memory is None else Decimal(memory) / MIB_PER_GIB


def _share(measured: Measured, metric: str, name: str, reserved: Decimal | None) -> Distribution | None:
    """Percent of what is reserved, as an amount: 70 of one GPU is 0.7; None where nothing is."""
    if not reserved:
        return None
    percent = measured.values(COMPONENTS, metric, {"InferenceComponentName": name}, "Maximum")
    return distribution({time: value * reserved / 100 for time, value in percent.items()})
