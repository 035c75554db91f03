"""Which endpoints are alike: those that differ in names and places alone have the same alternatives."""

import os

from msgspec import msgpack
from msgspec.structs import replace

from guardrail.alternatives import facts
from guardrail.cost.demand import EndpointDemand
from guardrail.model import (
    Container,
    Endpoint,
    Model,
    ScalableTarget,
    ScalingPolicy,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.policy.images import image_of


def key(endpoint: Endpoint, demand: EndpointDemand, environment: str | Unknown) -> bytes:
    """All that the alternatives of an endpoint rest on: a plan has many endpoints, and few that are not alike."""
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    components = endpoint.inference_components
    parts = (
        endpoint.region,
        endpoint.mode,
        endpoint.data_capture_percent,
        endpoint.two_fleets_minutes,
        endpoint.rolling_wait_minutes,
        components if isinstance(components, Unknown) else endpoint.address if components else "",
        facts.has_fixed_name(endpoint),
        facts.tagged_memory_gib(endpoint),
        tuple(map(_nameless, variants)),
        demand,
        environment,
    )
    try:
        return msgpack.encode(parts, enc_hook=str.__str__)  # sensitive text is a kind of text of its own
    except UnicodeEncodeError:  # half a character, as in "ml.\ud800": it is like nothing else
        return os.urandom(16)


def _nameless(variant: Variant) -> Variant:
    """A variant without names and places, so that two that differ in those alone are equal."""
    model, target = variant.model, variant.scaling
    return replace(
        variant,
        name="",
        model_name=None,
        location=None,
        lines={},
        model=_nameless_model(model) if isinstance(model, Model) else model,
        scaling=_nameless_target(target) if isinstance(target, ScalableTarget) else target,
    )


def _nameless_model(model: Model) -> Model:
    """Of an image of one's own alternatives rest on what its name says of the processor it is built for."""
    containers = model.containers
    if not isinstance(containers, Unknown):
        containers = tuple(map(_nameless_container, containers))
    return replace(model, address="", execution_role=None, network=(), containers=containers)


def _nameless_container(container: Container) -> Container:
    image = image_of(container.image) if isinstance(container.image, str) else None
    if image is not None and image.of_aws:
        return container
    return replace(container, image=facts.own_image("" if image is None else f"{image.repository}:{image.tag}".lower()))


def _nameless_target(target: ScalableTarget) -> ScalableTarget:
    policies, actions = target.policies, target.scheduled_actions
    if not isinstance(policies, Unknown):
        policies = tuple(map(_nameless_policy, policies))
    if not isinstance(actions, Unknown):
        actions = tuple(replace(each, address="", location=None) for each in actions)
    return replace(
        target, address="", location=None, lines={}, past_actions=(), policies=policies, scheduled_actions=actions
    )


def _nameless_policy(policy: ScalingPolicy) -> ScalingPolicy:
    if isinstance(policy, StepScalingPolicy) and not isinstance(policy.alarms, Unknown):
        alarms = tuple(replace(each, address="", dimensions={}) for each in policy.alarms)
        return replace(policy, address="", location=None, alarms=alarms)
    if isinstance(policy, TargetTrackingPolicy) and not isinstance(policy.metrics, Unknown):
        metrics = tuple(replace(each, dimensions={}) for each in policy.metrics)
        return replace(policy, address="", location=None, metrics=metrics)
    return replace(policy, address="", location=None)
