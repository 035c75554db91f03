"""The value of a NoEcho parameter: used, and in no report, message, or name of a possibility."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.sources.template.stack import Stack
from guardrail.sources.template.values import HIDDEN, Hidden, is_hidden

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

CANARY = "CANARY7Q"
NUMBER = "918273"
FORMATS = ("table", "json", "markdown", "sarif", "junit", "github", "gitlab", "html")

FULL: dict[str, Any] = {
    "Model": {"Type": "AWS::SageMaker::Model", "Properties": {"ModelName": "m"}},
    "Config": {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {
            "EndpointConfigName": "config",
            "DataCaptureConfig": {"EnableCapture": True, "InitialSamplingPercentage": 20},
            "ProductionVariants": [
                {
                    "VariantName": "main",
                    "ModelName": "m",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 2,
                    "InitialVariantWeight": 1,
                    "VolumeSizeInGB": 30,
                },
                {
                    "VariantName": "small",
                    "ModelName": "m",
                    "InitialVariantWeight": 1,
                    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 1},
                },
            ],
            "Tags": [{"Key": "Team", "Value": "search"}],
        },
    },
    "Endpoint": {
        "Type": "AWS::SageMaker::Endpoint",
        "Properties": {"EndpointName": "search", "EndpointConfigName": "config"},
    },
    "Component": {
        "Type": "AWS::SageMaker::InferenceComponent",
        "Properties": {
            "InferenceComponentName": "part",
            "EndpointName": "search",
            "VariantName": "main",
            "RuntimeConfig": {"CopyCount": 1},
        },
    },
    "Target": {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "ServiceNamespace": "sagemaker",
            "ResourceId": "endpoint/search/variant/main",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "MinCapacity": 1,
            "MaxCapacity": 4,
            "ScheduledActions": [
                {
                    "ScheduledActionName": "night",
                    "Schedule": "cron(0 20 * * ? *)",
                    "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
                }
            ],
        },
    },
    "Tracking": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "tracking",
            "PolicyType": "TargetTrackingScaling",
            "ResourceId": "endpoint/search/variant/main",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ServiceNamespace": "sagemaker",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70,
                "CustomizedMetricSpecification": {
                    "MetricName": "Invocations",
                    "Namespace": "AWS/SageMaker",
                    "Statistic": "Sum",
                    "Dimensions": [{"Name": "EndpointName", "Value": "search"}],
                },
            },
        },
    },
    "Steps": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "steps",
            "PolicyType": "StepScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmActions": [{"Ref": "Steps"}],
            "MetricName": "HasBacklogWithoutCapacity",
            "Namespace": "AWS/SageMaker",
            "Statistic": "Average",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1,
            "Period": 60,
            "EvaluationPeriods": 1,
            "Dimensions": [{"Name": "EndpointName", "Value": "search"}],
        },
    },
    "Budget": {
        "Type": "AWS::Budgets::Budget",
        "Properties": {
            "Budget": {
                "BudgetName": "inference",
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 100, "Unit": "USD"},
            }
        },
    },
    "Maker": {"Type": "Custom::EndpointConfig", "Properties": {"InstanceType": "ml.m5.large"}},
    "Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateURL": "https://example.com/t.yaml"}},
}

WAYS: dict[str, Callable[[dict[str, str]], Any]] = {
    "Ref": lambda ref: ref,
    "Sub": lambda ref: {"Fn::Sub": f"${{{ref['Ref']}}}"},
    "Join": lambda ref: {"Fn::Join": ["", [ref]]},
    "Split": lambda ref: {"Fn::Select": [0, {"Fn::Split": ["|", ref]}]},
    "List": lambda ref: {"Fn::Select": ["0", {"Ref": f"{ref['Ref']}s"}]},
    "Json": lambda ref: {"Fn::ToJsonString": {"a": [ref]}},
    "Map": lambda ref: {"Fn::FindInMap": ["M", ref, "value"]},
    "Partly": lambda ref: {"Fn::Sub": f"${{{ref['Ref']}}}-${{Open}}"},
    "Compared": lambda ref: {"Fn::If": ["Asked", ref, ref]},
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of every scalar."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    for key, item in items or ():
        yield from leaves(item, (*path, key))


def planted(paths: list[tuple[Any, ...]], way: str) -> dict[str, Any]:
    """The full template with a canary at each of the places."""
    resources = deepcopy(FULL)
    for path in paths:
        owner: Any = resources
        for step in path[:-1]:
            owner = owner[step]
        parameter = "Number" if isinstance(owner[path[-1]], (int, float)) else "Text"
        owner[path[-1]] = WAYS[way]({"Ref": parameter})
    return {
        "Parameters": {
            "Text": {"Type": "String", "NoEcho": True, "Default": CANARY},
            "Texts": {"Type": "CommaDelimitedList", "NoEcho": "true", "Default": f"{CANARY},{CANARY}"},
            "Number": {"Type": "Number", "NoEcho": True, "Default": int(NUMBER)},
            "Numbers": {"Type": "List<Number>", "NoEcho": True, "Default": NUMBER},
            "Open": {"Type": "String"},
        },
        "Mappings": {"M": {CANARY: {"value": CANARY}, NUMBER: {"value": int(NUMBER)}}},
        "Conditions": {
            "Asked": {
                "Fn::Or": [
                    {"Fn::Equals": [{"Ref": "Open"}, {"Ref": "Text"}]},
                    {"Fn::Equals": [{"Fn::Sub": "${Text}-${Open}"}, {"Fn::ImportValue": "other"}]},
                ]
            }
        },
        "Resources": resources,
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_hidden_value_is_in_no_report_wherever_it_stands(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every place of every kind of resource, in every format, in the baseline, and in what goes to standard error."""
    template, baseline = tmp_path / "template.json", tmp_path / "baseline.json"
    places = [path for path in leaves(FULL) if path[1:] != ("Type",)]
    together = [[path for path in places if path[0] == name] for name in FULL]
    for paths in [[path] for path in places] if way == "Ref" else together:
        template.write_text(json.dumps(planted(paths, way)))
        outputs = [f"--format={form}={tmp_path / form}" for form in FORMATS]
        code = cli.main(["check", str(template), "--region=us-east-1", *outputs])
        assert code in (0, 1), paths
        cli.main(["check", str(template), "--region=us-east-1", f"--baseline={baseline}", "--write-baseline"])
        shown = capsys.readouterr()
        reports = [(tmp_path / form).read_text() for form in FORMATS]
        for text in (*reports, baseline.read_text(), shown.out, shown.err):
            assert CANARY not in text, paths
            assert NUMBER not in text, paths


def test_a_hidden_text_is_equal_to_itself_and_prints_as_hidden() -> None:
    text = Hidden("x")
    assert text.startswith("x")
    assert {text}.pop() in ("y", "x")
    assert f"{text!r} {text!s} {text:>10} {text[:80]}" == f"{HIDDEN} {HIDDEN}   {HIDDEN} {HIDDEN}"


@pytest.mark.parametrize(
    "function",
    [
        "!Ref Secret",
        '!Sub "a-${Secret}"',
        '!Join [",", [!Ref Secret, b]]',
        '!Join [",", !Ref Secrets]',
        "!Select [1, !Ref Secrets]",
        "!Select [!Ref Index, [a, b]]",
        '!Split ["-", !Ref Secret]',
        "!Base64 {Ref: Secret}",
        "Fn::ToJsonString: {a: [!Ref Secret]}",
        "Fn::Length: !Ref Secrets",
        "!FindInMap [M, !Ref Secret, v]",
        '!If [Always, !Ref Secret, ""]',
    ],
)
def test_what_is_made_of_a_hidden_value_is_hidden(stack: Callable[..., Stack], function: str) -> None:
    text = f"""
        Parameters:
          Secret: {{Type: String, NoEcho: true, Default: x-y}}
          Secrets: {{Type: CommaDelimitedList, NoEcho: true, Default: "x, y"}}
          Index: {{Type: Number, NoEcho: true, Default: 1}}
        Mappings: {{M: {{x-y: {{v: 3}}}}}}
        Conditions: {{Always: !Equals [1, 1]}}
        Resources: {{}}
        Outputs:
          Made:
            Value:
              {function}
        """
    made = stack(text).output("Made")
    assert is_hidden(made)


@pytest.mark.parametrize("stated", ["true", "True", '"TRUE"', "yes", "1", "{Ref: X}"])
def test_anything_but_false_is_noecho(stack: Callable[..., Stack], stated: str) -> None:
    text = f"""
        Parameters: {{Secret: {{Type: String, NoEcho: {stated}, Default: x}}}}
        Resources: {{}}
        Outputs: {{Made: {{Value: !Ref Secret}}}}
        """
    assert is_hidden(stack(text).output("Made"))
