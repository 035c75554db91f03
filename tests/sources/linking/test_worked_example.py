"""The example in the documentation of `ScalingLinks`, from what blocks declare to what an endpoint is told."""

from typing import Any

from guardrail.model import ScalableTarget
from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.scaling import ScalingLinks
from tests.sources.resources import declared

COUNT = "sagemaker:variant:DesiredInstanceCount"


def scaling(kind: str, address: str, resource_id: str, **properties: Any) -> Declaration:
    names = {"ResourceId": resource_id, "ScalableDimension": COUNT, "ServiceNamespace": "sagemaker"}
    return declared(f"ApplicationAutoScaling::{kind}", address, **names, **properties)


CHAT = declared("SageMaker::Endpoint", "Chat", EndpointName="chat", EndpointConfigName="chat")


def target(resource_id: str) -> Declaration:
    return scaling("ScalableTarget", "Target", resource_id, MinCapacity=1, MaxCapacity=4)


def test_a_target_and_its_policy_are_one_claim_on_the_variant_that_they_name() -> None:
    policy = scaling("ScalingPolicy", "Policy", "endpoint/chat/variant/main", PolicyType="TargetTrackingScaling")
    links = ScalingLinks(Declarations([CHAT, target("endpoint/chat/variant/main"), policy]))
    ((address, (claim,)),) = links.claims.items()
    assert (address, claim.variant, claim.dimension) == ("Chat", "main", COUNT)
    assert isinstance(claim.target, ScalableTarget)
    assert isinstance(claim.target.policies, tuple)
    assert (claim.target.address, [each.address for each in claim.target.policies]) == ("Target", ["Policy"])
    assert links.attachments.parts == {"Target": {"Target", "Policy"}}


def test_a_target_on_a_misspelt_id_scales_nothing_and_its_endpoint_is_told() -> None:
    declarations = Declarations([CHAT, target("endpoint/chat/varient/main")])
    links = ScalingLinks(declarations)
    assert links.claims == {}
    ((address, (unlinked,)),) = links.unlinked.by_endpoint.items()
    assert (address, unlinked.address) == ("Chat", "Target")
    assert (unlinked.problem, unlinked.suggestion) == ("ResourceId has 'varient'", "variant")
    assert list(declarations.skipped) == ["Target"]
