"""`guardrail check .` in a repository of 500 folders, and how much of that is the search.

A fifth of the folders hold Terraform root modules, a fifth CloudFormation templates, a tenth of each with an endpoint;
the rest is what else is in a repository: manifests of Kubernetes, packages, documents. Beside them lie 20,000 files
that git ignores and 5,000 in ``node_modules``. The same relevant files in a repository of their own are the measure:
the search may cost so much more than they do.
"""

import pathlib
from functools import partial

from harness import Result, Target, best, guardrail, once

FOLDERS = 500
ALONE, WHOLE = "its relevant files alone", "check ."

ENDPOINT = """\
provider "aws" {{ region = "us-east-1" }}
resource "aws_sagemaker_endpoint_configuration" "c" {{
  name_prefix = "{name}"
  production_variants {{
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
  }}
}}
resource "aws_sagemaker_endpoint" "e" {{
  name                 = "{name}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}}
"""
BUCKET = "".join(f'resource "aws_s3_bucket" "b{n}" {{{{\n  bucket = "{{name}}-{n}"\n}}}}\n' for n in range(10))
TEMPLATE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {{VariantName: main, ModelName: m, InstanceType: ml.m5.xlarge, InitialInstanceCount: 2}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointName: {name}, EndpointConfigName: !GetAtt Config.EndpointConfigName}}
"""
TABLE = "Resources:\n" + "".join(f"  T{number}:\n    Type: AWS::DynamoDB::Table\n" for number in range(40))
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n" + "  # a line\n" * 100


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def generate(top: pathlib.Path, folders: int, *, others: bool) -> None:
    """A repository in which only every tenth folder of source says anything of SageMaker."""
    (top / ".git").mkdir(parents=True)
    write(top / ".guardrail.yml", "region: us-east-1\n")
    for number in range(folders):
        folder, name = top / f"team{number % 20}" / f"service{number}", f"s{number}"
        kind, has_endpoint = number % 5, number // 5 % 10 == 0
        if kind == 0 and (has_endpoint or others):
            write(folder / "main.tf", (ENDPOINT if has_endpoint else BUCKET).format(name=name))
        elif kind == 1 and (has_endpoint or others):
            write(folder / "stack.yaml", TEMPLATE.format(name=name) if has_endpoint else TABLE)
        elif others:
            write(folder / "service.yaml", SERVICE.format(name=name))
            write(folder / "package.json", '{"name": "x"}')
            write(folder / "README.md", "x\n" * 100)
    if others:
        write(top / ".gitignore", "build/\nnode_modules/\n")
        for number in range(20_000):
            write(top / "build" / f"d{number // 1000}" / f"f{number}.txt", "x")
        for number in range(5_000):
            write(top / "node_modules" / f"p{number // 50}" / f"f{number}.json", "{}")


def measure(folder: pathlib.Path, rounds: int) -> Result:
    tops = {ALONE: folder / "tree" / "relevant", WHOLE: folder / "tree" / "whole"}
    for name, top in tops.items():
        once(top, partial(generate, others=name == WHOLE), top, FOLDERS)
    words = ("check", ".", "--fail-on", "never", "--format", "json")
    found = best({name: guardrail(*words, folder=top) for name, top in tops.items()}, rounds)
    ratio = found[WHOLE].cpu_s / found[ALONE].cpu_s
    return Result(
        "A repository", {"500 folders": found}, [Target("500 folders, in their relevant files alone", 2, "x", ratio)]
    )
