"""Scaling of endpoints that are not here, or cannot be told: what is sure of it all the same can be judged.

A target on ``endpoint/chat/variant/main`` whose minimum is above its maximum fails, whoever manages chat.
"""

from msgspec import Struct

from guardrail.model import (
    COPY_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    Mode,
    ScalableTarget,
    ServerlessVariant,
    Unknown,
    UnlinkedScaling,
)
from guardrail.sources.declarations import DeclaredScaling
from guardrail.sources.vocabulary import resource_id
from guardrail.sources.vocabulary.resource_id import ResourceId

_REASON = "what it scales is not managed here"
_NOWHERE = Unknown(_REASON)
_MODES: dict[str, Mode] = {PROVISIONED_CONCURRENCY: "serverless", COPY_COUNT: "realtime"}
"""Of what is counted in instances nobody can tell."""


class Stray(Struct, frozen=True):
    """A target as far as it is known, or what is wrong with how a block says what it scales."""

    declared: DeclaredScaling
    target: ScalableTarget | None = None
    unlinked: UnlinkedScaling | None = None


def as_endpoint(stray: Stray, region: str | Unknown, *, touched: bool) -> Endpoint:
    """An endpoint of which nothing is known but what a stray says: its name, its variant, and what scales that."""
    declared, target = stray.declared, stray.target
    shown = None if declared.resource.sensitive else resource_id.parsed(declared.resource.spelled)
    named = shown or ResourceId()
    hosted = target is not None and (target.dimension == COPY_COUNT or named.component is not None)
    return Endpoint(
        address=declared.address,
        name=_called(named.endpoint, "an unknown endpoint"),
        elsewhere=True,
        region=region,
        mode=_MODES.get(target.dimension, _NOWHERE) if target else _NOWHERE,
        variants=() if hosted or target is None else (_variant(named, target),),
        inference_components=(_component(named, declared, target),) if hosted and target else (),
        configuration_address=None,
        change=declared.change,
        touched=touched,
        unlinked_scaling=() if stray.unlinked is None else (stray.unlinked,),
        tags=_NOWHERE,
        location=declared.location,
    )


def _called(name: str | None, otherwise: str) -> str | Unknown:
    """A name as far as a resource id says it."""
    return name if name and "${" not in name else Unknown(_REASON, name or otherwise)


def _variant(named: ResourceId, target: ScalableTarget) -> InstanceVariant | ServerlessVariant:
    name = _called(named.variant, "an unknown variant")
    if target.dimension == PROVISIONED_CONCURRENCY:
        return ServerlessVariant(
            name=name,
            memory_mib=_NOWHERE,
            max_concurrency=_NOWHERE,
            provisioned_concurrency=_NOWHERE,
            scaling=target,
            location=target.location,
        )
    return InstanceVariant(
        name=name,
        shadow=False,
        instance_type=_NOWHERE,
        initial_instance_count=_NOWHERE,
        managed_scaling=_NOWHERE,
        capacity_reservation=_NOWHERE,
        scaling=target,
        location=target.location,
    )


def _component(named: ResourceId, declared: DeclaredScaling, target: ScalableTarget) -> InferenceComponent:
    return InferenceComponent(
        address=declared.address,
        name=_called(named.component, "an unknown component"),
        variant_name=_NOWHERE,
        copies=_NOWHERE,
        scaling=target,
        location=target.location,
    )
