"""What was observed, as the model has it: an endpoint that runs is priced as one that a plan declares."""

from decimal import Decimal

from guardrail.evidence.bundle import EndpointEvidence, VariantEvidence
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
    Variant,
)

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
                memory_mib=None if each.memory_gib_reserved is None else int(each.memory_gib_reserved * 1024),
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
    )


def _target(found: VariantEvidence) -> ScalableTarget | None:
    if found.least_instances is None or found.most_instances is None or found.has_components:
        return None
    return ScalableTarget(
        address="",
        dimension=INSTANCE_COUNT,
        min_capacity=found.least_instances,
        max_capacity=found.most_instances,
        policies=_POLICIES,
    )


def running(found: VariantEvidence) -> Decimal | None:
    """How many instances there are on the average: of those that were counted, else as many as there are now."""
    if found.instances is not None:
        return found.instances.mean
    return None if found.current_instances is None else Decimal(found.current_instances)
