"""Inputs of one run that belong together: joined where they share an account, Unknown where they may not."""

import json
from pathlib import Path

import pytest

from guardrail import sources
from guardrail.model import ChangeSet, Endpoint, InstanceVariant, ScalableTarget, Unknown
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    POLICY,
    TARGET,
    Json,
    change,
    configuration,
    endpoint,
    plan,
    target,
    tracking_policy,
)

FLEET = """
Resources:
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 2}]
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {NAME EndpointConfigName: !GetAtt C.EndpointConfigName}
Outputs:
  Name: {Value: !GetAtt E.EndpointName, Export: {Name: endpoint-name}}
  Config: {Value: !GetAtt C.EndpointConfigName, Export: {Name: config-name}}
"""
SCALING = """
Resources:
  T:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: RESOURCE
      MinCapacity: 1
      MaxCapacity: 9
"""
IMPORTED = '!Sub ["endpoint/${N}/variant/main", {N: !ImportValue endpoint-name}]'
NAMED, UNNAMED = "EndpointName: chat,", ""
SECOND = """
Resources:
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !ImportValue config-name}
"""


def read_all(folder: Path, **texts: str) -> list[ChangeSet]:
    """Each text as a template of its name, or a plan where it is JSON, read and joined."""
    paths = []
    for name, text in texts.items():
        path = folder / (f"{name}.json" if text.startswith("{") else f"{name}.yaml")
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return sources.joined([sources.read(path, region="us-east-1", beside=paths) for path in paths])


def scaling_of(one: Endpoint) -> object:
    assert isinstance(one.variants, tuple)
    return one.variants[0].scaling


@pytest.mark.parametrize("name", [NAMED, UNNAMED], ids=["named", "unnamed"])
@pytest.mark.parametrize("order", [("fleet", "scaling"), ("scaling", "fleet")])
def test_a_target_on_a_name_that_is_imported_scales_the_endpoint_that_exports_it(
    tmp_path: Path, name: str, order: tuple[str, str]
) -> None:
    texts = {"fleet": FLEET.replace("NAME", name, 1), "scaling": SCALING.replace("RESOURCE", IMPORTED)}
    found = dict(zip(order, read_all(tmp_path, **{each: texts[each] for each in order}), strict=True))
    scaling = scaling_of(found["fleet"].after.endpoints[0])
    assert isinstance(scaling, ScalableTarget)
    assert scaling.max_capacity == 9
    assert found["scaling"].skipped == ()
    assert (found["scaling"].coverage.modelled, found["scaling"].coverage.skipped) == (1, 0)


def test_a_target_on_an_equal_name_that_is_written_out_may_be_of_another_account(tmp_path: Path) -> None:
    fleet, scaling = read_all(
        tmp_path,
        fleet=FLEET.replace("NAME", NAMED, 1),
        scaling=SCALING.replace("RESOURCE", "endpoint/chat/variant/main"),
    )
    path = tmp_path / "scaling.yaml"
    assert scaling_of(fleet.after.endpoints[0]) == Unknown(
        f"T of {path} may be its scaling target: their accounts may differ"
    )
    assert [each.reason for each in scaling.skipped] == [
        "it may scale an endpoint of another input: their accounts may differ"
    ]


def test_a_target_on_another_name_is_no_matter(tmp_path: Path) -> None:
    fleet, scaling = read_all(
        tmp_path,
        fleet=FLEET.replace("NAME", NAMED, 1),
        scaling=SCALING.replace("RESOURCE", "endpoint/other/variant/main"),
    )
    assert scaling_of(fleet.after.endpoints[0]) is None
    assert [each.reason for each in scaling.skipped] == ["the endpoint it scales is not managed here"]


@pytest.mark.parametrize("used", [True, False], ids=["used there too", "unused there"])
def test_a_configuration_that_is_imported_is_what_the_endpoint_runs(tmp_path: Path, used: bool) -> None:  # noqa: FBT001
    """The E of one template is not the E of the other, nor is the target on the one a target on the other."""
    own = FLEET if used else FLEET.replace("AWS::SageMaker::Endpoint\n", "AWS::SNS::Topic\n")
    fleet, second = read_all(tmp_path, fleet=own.replace("NAME", NAMED, 1), second=SECOND)
    (found,) = second.after.endpoints
    assert isinstance(found.variants, tuple)
    assert isinstance(found.variants[0], InstanceVariant)
    assert (found.variants[0].instance_type, found.variants[0].initial_instance_count) == ("ml.m5.large", 2)
    assert len(fleet.after.endpoints) == used
    assert fleet.after.unattached == ()
    assert second.coverage.partial == 0


def scaled_elsewhere(resource: str) -> Json:
    return plan(change(TARGET, target(resource)), change(POLICY, tracking_policy(resource)))


def test_a_target_in_another_plan_may_scale_an_endpoint_of_its_name(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    first, _ = read_all(
        tmp_path, fleet=json.dumps(fleet), scaling=json.dumps(scaled_elsewhere("endpoint/chat/variant/main"))
    )
    scaling = scaling_of(first.after.endpoints[0])
    assert isinstance(scaling, Unknown)
    assert scaling.reason.endswith("may be its scaling target: their accounts may differ")


def test_a_target_of_another_region_is_no_matter(tmp_path: Path) -> None:
    fleet = plan(change(ENDPOINT, endpoint("chat")), change(CONFIGURATION, configuration()))
    elsewhere = scaled_elsewhere("endpoint/chat/variant/main")
    elsewhere["configuration"]["provider_config"]["aws"]["expressions"]["region"] = {"constant_value": "eu-west-1"}
    first, _ = read_all(tmp_path, fleet=json.dumps(fleet), scaling=json.dumps(elsewhere))
    assert scaling_of(first.after.endpoints[0]) is None


def test_a_configuration_in_another_plan_may_be_what_an_endpoint_runs(tmp_path: Path) -> None:
    """It is priced as possibly deployed, and the endpoint stays unknown: never both, and never neither."""
    first, second = read_all(
        tmp_path,
        fleet=json.dumps(plan(change(ENDPOINT, endpoint("chat", "shared")))),
        configs=json.dumps(plan(change(CONFIGURATION, configuration(name="shared")))),
    )
    (found,) = first.after.endpoints
    reason = (
        f"its configuration is managed elsewhere, perhaps in {tmp_path / 'configs.json'}: their accounts may differ"
    )
    assert found.variants == Unknown(reason)
    assert [(each.address, each.deployed) for each in second.after.endpoints] == [(CONFIGURATION, "possibly")]
    assert second.after.unattached == ()
