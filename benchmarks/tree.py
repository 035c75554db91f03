"""What ``guardrail check .`` costs on a repository of 500 folders, and how much of that is the search.

    python benchmarks/tree.py                     best of five
    python benchmarks/tree.py --folders 2000 --rounds 3
    python benchmarks/tree.py --keep DIRECTORY    leave the generated repository there

A fifth of the folders hold Terraform root modules, a fifth CloudFormation templates, a tenth of each with an endpoint;
the rest is what else is in a repository: manifests of Kubernetes, packages, documents. Beside them lie 20,000 files
that git ignores and 5,000 in ``node_modules``. The same relevant files in a repository of their own are the measure:
the search may cost so much more than they do.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

MOST_TIMES = 2.0
"""Most that the whole tree may take, in times of its relevant files alone."""

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


def seconds(top: pathlib.Path, rounds: int) -> float:
    """User and system time of a whole check, the best of some rounds."""
    command = [sys.executable, "-m", "guardrail", "check", ".", "--fail-on", "never", "--format", "json=report.json"]
    best = float("inf")
    for _ in range(rounds + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=top, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def main() -> None:
    """Print both times and whether their ratio is within its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folders", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = arguments.keep or pathlib.Path(folder)
        for name, others in (("relevant", False), ("whole", True)):
            if not (top / name).exists():
                generate(top / name, arguments.folders, others=others)
        relevant, whole = (seconds(top / name, arguments.rounds) for name in ("relevant", "whole"))
    print(f"{'its relevant files alone':28}{relevant:8.3f} s")
    print(f"{f'{arguments.folders} folders':28}{whole:8.3f} s")
    met = "met" if whole <= MOST_TIMES * relevant else "NOT MET"
    print(f"{'ratio':28}{whole / relevant:8.2f}   at most {MOST_TIMES:.1f}: {met}")


if __name__ == "__main__":
    os.environ.setdefault("GUARDRAIL_PRICES", "bundled")
    main()
