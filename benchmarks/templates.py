"""Wall-clock time of `guardrail check` on a template at CloudFormation's limit of 500 resources, in YAML and in JSON.

    python benchmarks/templates.py              best of seven, whole processes
    python benchmarks/templates.py --rounds 3 --keep DIRECTORY

200 endpoints with a configuration each and 100 scaling targets are 500 resources. Where cfn-lint is installed its time
stands beside ours, although it checks other things.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECK = "import sys; from guardrail.cli import main; sys.exit(main())"  # what the `guardrail` script does
BYTECODE = pathlib.Path(tempfile.gettempdir()) / f"guardrail-benchmark-bytecode-{os.getuid()}"
ENDPOINTS = 200
SCALED = 100
LIMITS_S = {"yaml": 0.4, "json": 0.15}
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


def best(command: list[str], rounds: int) -> float:
    """Seconds from start to end of the fastest run."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return min(times[1:] or times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", metavar="DIRECTORY", help="leave the templates there")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    document = template()
    texts = {"yaml": as_yaml(document), "json": json.dumps(document, indent=1)}
    lint = shutil.which("cfn-lint")
    failed = False
    for kind, text in texts.items():
        path = folder / f"template.{kind}"
        path.write_text(text)
        took = best(
            [sys.executable, "-c", CHECK, "check", str(path), "--region", "us-east-1", "--format", "json"],
            arguments.rounds,
        )
        failed |= took > LIMITS_S[kind]
        print(
            f"{kind}: {len(document['Resources'])} resources, {len(text) / 1e6:.2f} MB: "
            f"{took:.3f} s (limit {LIMITS_S[kind]} s)"
        )
        if lint:
            print(f"{kind}: cfn-lint {best([lint, str(path)], 1):.3f} s")
    bare = best([sys.executable, "-c", "pass"], arguments.rounds)
    print(f"a bare interpreter takes {bare:.3f} s of it")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
