"""A template at CloudFormation's limit of 500 resources, in YAML and in JSON, beside a parser that makes values of it.

200 endpoints with a configuration each and 100 scaling targets are 500 resources.
"""

import json
import pathlib
from typing import Any

from harness import Result, Target, apart, best, guardrail, python

ENDPOINTS = 200
SCALED = 100
PARSES = {
    "yaml": "import sys, yaml\nyaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)\n",
    "json": "import sys, json\njson.load(open(sys.argv[1]))\n",
}
PARSE, CHECK = "parse only", "check, JSON"
TYPES = ("ml.m5.xlarge", "ml.g5.2xlarge", "ml.c6i.4xlarge", "ml.g4dn.xlarge")


def get(logical_id: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def template() -> dict[str, Any]:
    """A template of 500 resources that uses parameters, conditions, mappings and references."""
    resources: dict[str, Any] = {}
    for index in range(ENDPOINTS):
        name = f"Service{index:03}"
        resources[f"{name}Config"] = configuration(index)
        resources[f"{name}Endpoint"] = {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": {"Fn::Sub": f"${{Stage}}-service-{index:03}"},
                "EndpointConfigName": get(f"{name}Config", "EndpointConfigName"),
                "Tags": [
                    {"Key": "team", "Value": f"team-{index % 7}"},
                    {"Key": "Environment", "Value": {"Ref": "Stage"}},
                ],
            },
        }
        if index < SCALED:
            resources[f"{name}Target"] = target(name)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"Stage": {"Type": "String", "Default": "prod", "AllowedValues": ["dev", "prod"]}},
        "Mappings": {"Counts": {"dev": {"count": "1"}, "prod": {"count": "2"}}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": resources,
    }


def configuration(index: int) -> dict[str, Any]:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": f"model-{index:03}",
        "InstanceType": {"Fn::If": ["IsProd", TYPES[index % len(TYPES)], "ml.m5.large"]},
        "InitialInstanceCount": {"Fn::FindInMap": ["Counts", {"Ref": "Stage"}, "count"]},
        "InitialVariantWeight": 1,
    }
    return {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {
            "ProductionVariants": [variant],
            "Tags": [{"Key": "team", "Value": f"team-{index % 7}"}],
        },
    }


def target(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 1,
            "MaxCapacity": 8,
            "ResourceId": {
                "Fn::Join": ["", ["endpoint/", get(f"{name}Endpoint", "EndpointName"), "/variant/AllTraffic"]]
            },
            "RoleARN": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/scaling"},
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ServiceNamespace": "sagemaker",
        },
    }


def as_yaml(value: Any, indent: int = 0) -> str:
    """Block style, as people and SAM write it."""
    pad = "  " * indent
    if isinstance(value, dict):
        return "".join(
            f"{pad}{key}:\n{as_yaml(item, indent + 1)}"
            if isinstance(item, (dict, list))
            else f"{pad}{key}: {json.dumps(item)}\n"
            for key, item in value.items()
        )
    lines = ""
    for item in value:
        if isinstance(item, (dict, list)):
            lines += f"{pad}- {as_yaml(item, indent + 1).lstrip()}"
        else:
            lines += f"{pad}- {json.dumps(item)}\n"
    return lines


def generate(folder: pathlib.Path) -> None:
    document = template()
    (folder / "template.yaml").write_text(as_yaml(document))
    (folder / "template.json").write_text(json.dumps(document, indent=1))


def measure(folder: pathlib.Path, rounds: int) -> Result:
    apart(generate, folder)
    costs = {
        f"500 resources, {kind.upper()}": best(
            {
                PARSE: python(program, folder / f"template.{kind}"),
                CHECK: guardrail("check", folder / f"template.{kind}", "--region", "us-east-1", "--format", "json"),
            },
            rounds,
        )
        for kind, program in PARSES.items()
    }
    return Result(
        "Templates",
        costs,
        [
            Target("500 resources, YAML", 0.4, "s", costs["500 resources, YAML"][CHECK].cpu_s),
            Target("500 resources, JSON", 0.15, "s", costs["500 resources, JSON"][CHECK].cpu_s),
        ],
    )
