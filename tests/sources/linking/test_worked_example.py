"""The example in the documentation of `ScalingLinks`, from what blocks declare to what an endpoint is told."""

from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.model import ScalableTarget, Unknown
from guardrail.sources.base import SENSITIVE
from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.link import Side
from guardrail.sources.linking.scaling import ScalingLinks
from guardrail.sources.linking.strays import as_endpoint
from tests.sources.resources import Secret, declared, declared_in

COUNT = "sagemaker:variant:DesiredInstanceCount"


def scaling(kind: str, address: str, resource_id: Any, **properties: Any) -> Declaration:
    names = {"ResourceId": resource_id, "ScalableDimension": COUNT, "ServiceNamespace": "sagemaker"}
    return declared(f"ApplicationAutoScaling::{kind}", address, **names, **properties)


CHAT = declared("SageMaker::Endpoint", "Chat", EndpointName="chat", EndpointConfigName="chat")


def target(resource_id: Any) -> Declaration:
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


def test_a_target_is_sensitive_where_one_of_its_actions_is() -> None:
    ids = {"ResourceId": "endpoint/chat/variant/main", "ScalableDimension": COUNT, "ServiceNamespace": "sagemaker"}
    on = {**ids, "Schedule": "cron(0 8 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}
    hidden = {**on, "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": Secret(2)}}
    for schedules, expected in (([on, hidden], True), ([on, on], False)):
        actions = [
            declared_in(
                "aws", "ApplicationAutoScaling::ScheduledAction", f"aws_appautoscaling_scheduled_action.{at}", **each
            )
            for at, each in enumerate(schedules)
        ]
        links = ScalingLinks(Declarations([CHAT, target("endpoint/chat/variant/main"), *actions]))
        (claim,) = links.claims["Chat"]
        assert isinstance(claim.target, ScalableTarget)
        assert claim.target.sensitive is expected


def test_a_doubt_that_changes_touches_what_it_is_about_though_one_like_it_does_not() -> None:
    """Two policies may each belong to either of two targets; the first stays as it is, the second is new."""
    targets = [scaling("ScalableTarget", name, f"endpoint/chat/variant/{name}", MinCapacity=1) for name in ("A", "B")]
    policies = [scaling("ScalingPolicy", name, Unknown("known only at deployment")) for name in ("Old", "New")]
    policies[0] = replace(policies[0], change="no-op")
    links = ScalingLinks(Declarations([CHAT, *targets, *policies]))
    assert links.attachments.parts == {"A": {"A", "Old", "New"}, "B": {"B", "Old", "New"}}


def test_what_scales_an_endpoint_elsewhere_changes_with_the_block_that_says_so() -> None:
    block = target("endpoint/elsewhere/variant/main")
    for change, touched in (("create", True), ("no-op", False)):
        side = Side([replace(block, change=change)], previous=Side([]))
        assert [each.touched for each in side.linked().inventory.strays] == [touched]
    assert [each.touched for each in Side([replace(block, change="no-op")]).linked().inventory.strays] == [True]


@pytest.mark.parametrize(
    ("resource_id", "called"),
    [
        ("endpoint/elsewhere/variant/main", "elsewhere"),
        ("endpoint/chat-${Stage}/variant/main", Unknown("what it scales is not managed here", "chat-${Stage}")),
        (Unknown("late"), Unknown("what it scales is not managed here", "an unknown endpoint")),
    ],
)
def test_an_endpoint_elsewhere_is_called_as_far_as_an_id_says_it(resource_id: Any, called: Any) -> None:
    (stray,) = ScalingLinks(Declarations([target(resource_id)])).strays
    assert as_endpoint(stray, "us-east-1", touched=True).name == called


@pytest.mark.parametrize(("resource_id", "variant"), [("endpoint/chat/main", "main"), ("endpoint/chat", None)])
def test_an_id_of_three_words_ends_in_the_variant_that_it_means(resource_id: str, variant: str | None) -> None:
    links = ScalingLinks(Declarations([CHAT, target(resource_id)]))
    (unlinked,) = links.unlinked.by_endpoint["Chat"]
    assert unlinked.variant == variant


@pytest.mark.parametrize(("name", "shown"), [("c", ("c", "c")), (Secret("c"), (SENSITIVE, None))])
def test_a_configuration_that_nothing_uses_is_called_as_it_may_be_shown(name: Any, shown: Any) -> None:
    main = {"VariantName": "main", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    block = declared("SageMaker::EndpointConfig", "C", EndpointConfigName=name, ProductionVariants=[main])
    (found,) = Side([block]).linked().inventory.unattached
    assert (found.name, found.configuration_name) == shown


def test_a_variant_of_a_configuration_that_nothing_uses_is_called_as_it_may_be_shown() -> None:
    names = ("main", Secret("other"))
    variants = [{"VariantName": each, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1} for each in names]
    block = declared("SageMaker::EndpointConfig", "C", EndpointConfigName="c", ProductionVariants=variants)
    (found,) = Side([block]).linked().inventory.unattached
    assert not isinstance(found.variants, Unknown)
    assert [each.name for each in found.variants] == ["main", SENSITIVE]


@pytest.mark.parametrize(
    ("changes", "partial"),
    [
        ({}, set()),
        ({"InstanceType": Unknown("late")}, {"C"}),
        ({"InitialInstanceCount": Unknown("late")}, {"C"}),
    ],
)
def test_a_configuration_is_partial_where_what_it_runs_is_unknown(changes: Any, partial: set[str]) -> None:
    main = {"VariantName": "main", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1, **changes}
    block = declared("SageMaker::EndpointConfig", "C", EndpointConfigName="chat", ProductionVariants=[main])
    assert Side([CHAT, block]).linked().partial == partial


@pytest.mark.parametrize("name", [Secret("chat"), Unknown("late")])
def test_a_name_that_must_not_be_shown_or_is_not_known_is_suggested_to_nobody(name: Any) -> None:
    endpoint = declared("SageMaker::Endpoint", "Chat", EndpointName=name, EndpointConfigName="chat")
    for misspelt in ("chatt", str(Unknown("lake"))):
        declarations = Declarations([endpoint, target(f"endpoint/{misspelt}/variant/main")])
        assert ScalingLinks(declarations).unlinked.by_endpoint == {}
