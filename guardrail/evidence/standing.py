"""What was observed, as the model has it: an endpoint that runs is priced as one that a plan declares."""

from decimal import Decimal
from math import ceil, floor

from guardrail.alternatives.facts import MIB_PER_GIB
from guardrail.cost.base import Bill
from guardrail.evidence.bundle import EndpointEvidence, VariantEvidence
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
    Variant,
)
from guardrail.money import SECONDS_PER_HOUR

_BY_THE_HOUR = {"instance": 1, "provisioned-warm": SECONDS_PER_HOUR}
"""Lines of a bill of what stands, and how many of its units are an hour."""
_POLICIES = Unknown("the policies of what runs are not in the evidence")


def endpoint_of(found: EndpointEvidence) -> Endpoint:
    """The endpoint as it ran when it was looked at, with the instances that it had then."""
    return Endpoint(
        address=found.name,
        name=found.name,
        region=found.region,
        account=found.account,
        mode=found.mode,
        variants=tuple(map(_variant, found.variants)),
        configuration_address=None,
        inference_components=tuple(
            InferenceComponent(
                address=each.name,
                name=each.name,
                variant_name=each.variant,
                copies=each.copies,
                accelerators=None if each.accelerators is None else float(each.accelerators),
                memory_mib=None if each.memory_gib_reserved is None else int(each.memory_gib_reserved * MIB_PER_GIB),
            )
            for each in found.components
        ),
        tags=dict(found.tags),
    )


def _variant(found: VariantEvidence) -> Variant:
    model = found.models[0] if found.models else None
    weight = 1.0 if found.weight is None else float(found.weight)
    if found.serverless is not None:
        size = found.serverless
        unknown = Unknown("it is not in the evidence")
        return ServerlessVariant(
            name=found.name,
            memory_mib=unknown if size.memory_mib is None else size.memory_mib,
            max_concurrency=unknown if size.max_concurrency is None else size.max_concurrency,
            provisioned_concurrency=size.provisioned_concurrency,
            weight=weight,
            model_name=model,
        )
    count = found.current_instances if found.current_instances is not None else found.initial_instances
    return InstanceVariant(
        name=found.name,
        shadow=found.shadow,
        instance_type=Unknown("its configuration is gone") if found.instance_type is None else found.instance_type,
        initial_instance_count=Unknown("it is not in the evidence") if count is None else count,
        weight=weight,
        model_name=model,
        multi_model=found.multi_model,
        scaling=_target(found),
        managed_scaling=_managed(found),
    )


def hourly_usd(bill: Bill) -> Decimal | None:
    """What an hour costs of one instance, or of one slot that is kept warm; None of what has no price, or neither."""
    for line in bill.lines:
        if line.price is not None and line.kind in _BY_THE_HOUR:
            return line.price.usd * _BY_THE_HOUR[line.kind]
    return None


def _bounds(found: VariantEvidence) -> tuple[int, int] | None:
    """Between how many instances there were: as its scaling has it, else as many as were counted."""
    if found.least_instances is not None and found.most_instances is not None:
        return found.least_instances, found.most_instances
    counted = found.instances_that_moved
    return None if counted is None else (floor(counted.minimum), ceil(counted.maximum))


def _target(found: VariantEvidence) -> ScalableTarget | None:
    bounds = None if found.has_components else _bounds(found)
    if bounds is None:
        return None
    return ScalableTarget(
        address="", dimension=INSTANCE_COUNT, min_capacity=bounds[0], max_capacity=bounds[1], policies=_POLICIES
    )


def _managed(found: VariantEvidence) -> ManagedInstanceScaling | None:
    bounds = _bounds(found) if found.has_components else None
    if bounds is None:
        return None
    return ManagedInstanceScaling(status="ENABLED", min_instance_count=bounds[0], max_instance_count=bounds[1])
