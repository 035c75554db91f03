"""Endpoints that leave their stack and that AWS keeps: still billed, and nobody's."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli, sources
from guardrail.model import ChangeSet, ScalableTarget
from guardrail.sources.options import InputOptions
from guardrail.sources.past import Comparison

CONFIG = """\
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: m, InitialInstanceCount: 1, InstanceType: ml.m5.xlarge}
"""
ENDPOINT = """\
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    POLICIES
    Properties: {EndpointName: NAME, EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""
OTHER = "  Bucket: {Type: AWS::S3::Bucket}\n"
HOURLY = 0.23
"""USD of an ml.m5.xlarge in us-east-1; its volume of 8 GB, by default, costs 8 × 0.14 = 1.12 USD a month."""


def stack(policies: str = "", name: str = "search") -> str:
    return "Resources:\n" + CONFIG + ENDPOINT.replace("POLICIES", policies).replace("NAME", name)


def compared(directory: Path, before: str, after: str) -> ChangeSet:
    (directory / "old.yaml").write_text(before)
    (directory / "new.yaml").write_text(after)
    return sources.read(
        str(directory / "new.yaml"), InputOptions(region="us-east-1", compared=Comparison(str(directory / "old.yaml")))
    )


def kept(change_set: ChangeSet) -> tuple[list[str], list[str]]:
    """The addresses of what is kept, of the side before and of the side after."""
    assert change_set.before is not None
    return tuple(  # type: ignore[return-value]
        [each.address for each in side.endpoints if each.kept] for side in (change_set.before, change_set.after)
    )


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate", "!If [IsProd, Retain, Delete]"])
def test_what_is_deleted_and_kept_is_still_billed(tmp_path: Path, policy: str) -> None:
    change_set = compared(tmp_path, stack(f"DeletionPolicy: {policy}"), f"Resources:\n{OTHER}")
    assert kept(change_set) == (["Endpoint"], [])
    assert change_set.notices == (
        "Endpoint is kept running by AWS (Retain), owned by no stack, and billed until somebody deletes it",
    )


@pytest.mark.parametrize("policies", ["", "DeletionPolicy: Delete", "UpdateReplacePolicy: Retain"])
def test_what_is_deleted_and_not_kept_is_gone(tmp_path: Path, policies: str) -> None:
    assert kept(compared(tmp_path, stack(policies), f"Resources:\n{OTHER}")) == ([], [])


def test_a_configuration_that_is_kept_costs_nothing(tmp_path: Path) -> None:
    before = "Resources:\n" + CONFIG.replace("    Properties:\n", "    DeletionPolicy: Retain\n    Properties:\n", 1)
    assert kept(compared(tmp_path, before, f"Resources:\n{OTHER}")) == ([], [])


@pytest.mark.parametrize("side", ["before", "after"])
def test_what_is_replaced_and_kept_stands_beside_what_replaces_it(tmp_path: Path, side: str) -> None:
    policies = {"before": "", "after": "", side: "UpdateReplacePolicy: Retain"}
    change_set = compared(tmp_path, stack(policies["before"], "old"), stack(policies["after"], "new"))
    assert kept(change_set) == ([], ["Endpoint (kept)"])
    assert [(each.name, each.change) for each in change_set.after.endpoints] == [("new", "replace"), ("old", "forget")]


def test_what_is_updated_in_place_is_not_kept(tmp_path: Path) -> None:
    policies = "DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain"
    before, after = stack(policies), stack(policies).replace("InitialInstanceCount: 1", "InitialInstanceCount: 2")
    assert kept(compared(tmp_path, before, after)) == ([], [])


@pytest.mark.parametrize(
    ("parent", "child", "is_kept"),
    [("DeletionPolicy: Retain", "", True), ("", "DeletionPolicy: Retain", True), ("", "", False)],
)
def test_a_nested_stack_that_is_kept_keeps_what_is_in_it(
    tmp_path: Path,
    parent: str,
    child: str,
    is_kept: bool,  # noqa: FBT001
) -> None:
    (tmp_path / "nested.yaml").write_text(stack(child))
    nested = f"Type: AWS::CloudFormation::Stack\n    {parent}\n    Properties: {{TemplateURL: nested.yaml}}"
    change_set = compared(tmp_path, f"Resources:\n{OTHER}  Nested:\n    {nested}\n", f"Resources:\n{OTHER}")
    assert kept(change_set) == (["Nested/Endpoint"] if is_kept else [], [])


SCALING = """\
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    TARGET
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: endpoint/search/variant/main
      MinCapacity: 1
      MaxCapacity: 5
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    POLICY
    Properties:
      PolicyName: p
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 70
        PredefinedMetricSpecification: {PredefinedMetricType: SageMakerVariantInvocationsPerInstance}
"""
RETAIN = "DeletionPolicy: Retain"


@pytest.mark.parametrize(
    ("target", "policy", "goes_on"),
    [
        (RETAIN, RETAIN, ["Target", "Policy"]),
        (RETAIN, "", ["Target"]),
        ("", RETAIN, []),
        ("", "", []),
    ],
)
def test_scaling_that_is_kept_goes_on(tmp_path: Path, target: str, policy: str, goes_on: list[str]) -> None:
    """A target that is deleted takes its policies with it, whatever keeps these; one that stays may reach five."""
    scaled = stack() + SCALING.replace("TARGET", target).replace("POLICY", policy)
    change_set = compared(tmp_path, scaled, stack())
    (variant,) = change_set.after.endpoints[0].variants  # type: ignore[misc]
    assert isinstance(variant.scaling, ScalableTarget) == bool(goes_on)
    if isinstance(variant.scaling, ScalableTarget):
        assert variant.scaling.max_capacity == 5
        assert [each.address for each in variant.scaling.policies] == goes_on[1:]  # type: ignore[union-attr]
    told = [f"{address} is kept by AWS (Retain), owned by no stack, and goes on scaling" for address in goes_on]
    assert list(change_set.notices) == told


def test_what_may_have_been_there_and_is_kept_may_be_billed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The template of today leaves nothing open, that of before whether there was an endpoint: 0.23 × 730 + 1.12."""
    head = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    (tmp_path / "old.yaml").write_text(head + stack("DeletionPolicy: Retain\n    Condition: IsProd"))
    (tmp_path / "new.yaml").write_text(f"Resources:\n{OTHER}")
    arguments = [
        "check",
        str(tmp_path / "new.yaml"),
        "--compare-to",
        str(tmp_path / "old.yaml"),
        "--region",
        "us-east-1",
    ]
    assert cli.main([*arguments, "--format", "json", "--format", f"table={tmp_path / 'table.txt'}"]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    bounds = {
        side: [float(totals[side][bound]) for bound in ("floor", "ceiling")] for side in ("before", "after", "delta")
    }
    assert bounds == {"before": [0, 169.02], "after": [0, 169.02], "delta": [0, 0]}


def test_the_bill_of_what_is_kept_goes_on(tmp_path: Path) -> None:
    """0.23 USD × 730 h + 1.12 = 169.02 USD before and after: the change is nothing; and it doubles on a replacement."""
    bills = {}
    for name, before, after in (
        ("deleted", stack("DeletionPolicy: Retain"), f"Resources:\n{OTHER}"),
        ("replaced", stack("UpdateReplacePolicy: Retain", "old"), stack(name="new")),
    ):
        compared(tmp_path, before, after)
        report = tmp_path / "report.json"
        old, new = str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")
        cli.main(["check", new, "--compare-to", old, "--region=us-east-1", f"--format=json={report}"])
        totals: dict[str, Any] = json.loads(report.read_text())["totals"]
        bills[name] = [float(totals[side]["floor"]) for side in ("before", "after", "delta")]
    monthly = round(HOURLY * 730 + 1.12, 2)
    assert bills == {"deleted": [monthly, monthly, 0.0], "replaced": [monthly, 2 * monthly, monthly]}
