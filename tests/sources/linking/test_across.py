"""Inputs of one run that may belong together are in doubt, and those that cannot are not."""

import json
from pathlib import Path

import pytest

from guardrail import sources
from guardrail.model import ChangeSet, Endpoint, ScalableTarget, StepScalingPolicy, TargetTrackingPolicy, Unknown
from guardrail.sources.options import InputOptions
from tests.sources.plans import (
    ALARM,
    CONFIGURATION,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    alarm,
    block,
    change,
    configuration,
    endpoint,
    module,
    plan,
    ref,
    step_policy,
    target,
    tracking_policy,
)

ACTION = "aws_appautoscaling_scheduled_action.night"


def read_all(folder: Path, **plans: Json) -> list[ChangeSet]:
    """Each plan under its name, read and seen beside the others."""
    paths = []
    for name, document in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        paths.append(str(folder / f"{name}.json"))
    return sources.joined([sources.read(path, InputOptions(region="us-east-1", beside=paths)) for path in paths])


def scaling_of(one: Endpoint) -> object:
    assert isinstance(one.variants, tuple)
    return one.variants[0].scaling


def scaled_elsewhere(resource: str) -> Json:
    return plan(change(TARGET, target(resource)), change(POLICY, tracking_policy(resource)))


def test_a_target_in_another_plan_may_scale_an_endpoint_of_its_name(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    first, second = read_all(tmp_path, fleet=fleet, scaling=scaled_elsewhere("endpoint/chat/variant/main"))
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, Unknown)
    assert scaling.reason.endswith("may be its scaling target: their accounts may differ")
    assert {each.reason for each in second.skipped if each.type == "aws_appautoscaling_target"} == {
        "it may scale an endpoint of another input: their accounts may differ"
    }


CHAT = "endpoint/chat/variant/main"
FLEET = (change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))


def test_a_policy_in_another_plan_may_scale_a_target_without_one(tmp_path: Path) -> None:
    first, second = read_all(
        tmp_path,
        fleet=plan(*FLEET, change(TARGET, target(CHAT))),
        policies=plan(change(POLICY, tracking_policy(CHAT))),
    )
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, ScalableTarget)
    reason = f"{POLICY} of {tmp_path / 'policies.json'} may belong to it: their accounts may differ"
    assert scaling.policies == Unknown(reason)
    assert [each.reason for each in second.skipped] == [
        "it may scale an endpoint of another input: their accounts may differ"
    ]


def test_a_policy_in_another_plan_tells_that_somebody_scales_an_endpoint_without_a_target(tmp_path: Path) -> None:
    first, _ = read_all(tmp_path, fleet=plan(*FLEET), policies=plan(change(POLICY, tracking_policy(CHAT))))
    assert isinstance(scaling_of(first.after.endpoints[0]), Unknown)


def test_a_target_that_has_policies_is_not_in_doubt_about_another_one(tmp_path: Path) -> None:
    own = plan(*FLEET, change(TARGET, target(CHAT)), change(POLICY, tracking_policy(CHAT)))
    first, _ = read_all(tmp_path, fleet=own, policies=plan(change(POLICY, tracking_policy(CHAT))))
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, ScalableTarget)
    assert isinstance(scaling.policies, tuple)
    assert [type(each) for each in scaling.policies] == [TargetTrackingPolicy]


def test_a_scheduled_action_in_another_plan_may_belong_to_a_target_without_one(tmp_path: Path) -> None:
    bounds = {"min_capacity": 0, "max_capacity": 0}
    night = {**target(CHAT), "schedule": "cron(0 20 * * ? *)", "scalable_target_action": [bounds]}
    first, _ = read_all(tmp_path, fleet=plan(*FLEET, change(TARGET, target(CHAT))), nights=plan(change(ACTION, night)))
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, ScalableTarget)
    reason = f"{ACTION} of {tmp_path / 'nights.json'} may belong to it: their accounts may differ"
    assert scaling.scheduled_actions == Unknown(reason)


@pytest.mark.parametrize("watched", ["chat", "other"])
def test_an_alarm_in_another_plan_may_start_a_step_policy_without_one(tmp_path: Path, watched: str) -> None:
    arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/x:policyName/p"
    fleet = plan(*FLEET, change(TARGET, target(CHAT)), change(POLICY, step_policy(CHAT)))
    waking = {**alarm([arn]), "dimensions": {"EndpointName": watched}}
    first, _ = read_all(tmp_path, fleet=fleet, alarms=plan(change(ALARM, waking)))
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, ScalableTarget)
    assert isinstance(scaling.policies, tuple)
    (policy,) = scaling.policies
    assert isinstance(policy, StepScalingPolicy)
    reason = f"{ALARM} of {tmp_path / 'alarms.json'} may start it: their accounts may differ"
    assert policy.alarms == (Unknown(reason) if watched == "chat" else ())


def test_a_target_on_another_name_is_no_matter(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    first, _ = read_all(tmp_path, fleet=fleet, scaling=scaled_elsewhere("endpoint/other/variant/main"))
    assert scaling_of(first.after.endpoints[0]) is None


def test_a_target_of_another_region_is_no_matter(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    elsewhere = scaled_elsewhere("endpoint/chat/variant/main")
    elsewhere["configuration"]["provider_config"]["aws"]["expressions"]["region"] = {"constant_value": "eu-west-1"}
    first, _ = read_all(tmp_path, fleet=fleet, scaling=elsewhere)
    assert scaling_of(first.after.endpoints[0]) is None


def test_a_configuration_in_another_plan_may_be_what_an_endpoint_runs(tmp_path: Path) -> None:
    """It is priced as possibly deployed, and the endpoint stays unknown: never both, and never neither."""
    first, second = read_all(
        tmp_path,
        fleet=plan(change(ENDPOINT, endpoint("chat", "shared"))),
        configs=plan(change(CONFIGURATION, configuration(name="shared"))),
    )
    (found,) = first.after.endpoints
    reason = (
        f"its configuration is managed elsewhere, perhaps in {tmp_path / 'configs.json'}: their accounts may differ"
    )
    assert found.variants == Unknown(reason)
    assert [(each.address, each.deployed) for each in second.after.endpoints] == [(CONFIGURATION, "possibly")]
    assert second.after.unattached == ()


@pytest.mark.parametrize(
    ("variant", "kind"), [("${var.variant}", Unknown), ("ma${var.end}", Unknown), ("b${var.end}", type(None))]
)
def test_a_target_on_a_variant_that_is_known_in_part_may_scale_the_one_that_can_have_the_name(
    tmp_path: Path, variant: str, kind: type
) -> None:
    first, _ = read_all(tmp_path, fleet=plan(*FLEET), scaling=scaled_elsewhere(f"endpoint/chat/variant/{variant}"))
    assert isinstance(scaling_of(first.after.endpoints[0]), kind)


def test_a_target_of_a_plan_with_several_possibilities_may_scale_an_endpoint_of_another(tmp_path: Path) -> None:
    blue, green = f'{CONFIGURATION}["blue"]', f'{CONFIGURATION}["green"]'
    undecided = plan(
        change(ENDPOINT, endpoint("other", None), unknown={"endpoint_config_name": True}),
        *(change(one, configuration(name=None), unknown={"name": True}) for one in (blue, green)),
        change(TARGET, target(CHAT)),
        root=module(block(ENDPOINT, endpoint_config_name=ref(CONFIGURATION, "var.active")), block(CONFIGURATION)),
    )
    first, second = read_all(tmp_path, fleet=plan(*FLEET), undecided=undecided)
    assert len(second.possibilities) == 2
    assert isinstance(scaling_of(first.after.endpoints[0]), Unknown)
