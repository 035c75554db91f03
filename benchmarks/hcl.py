"""CPU and memory of reading Terraform source, beside a parse-only pass of the same files by python-hcl2 and by us.

    python benchmarks/hcl.py                       directories of 10, 1,000 and 10,000 resources, best of three
    python benchmarks/hcl.py --sizes 10,1000 --rounds 1
    python benchmarks/hcl.py --keep DIRECTORY      leave the generated files there

Every measurement is a process of its own; a bare interpreter is taken off. Half of the resources are SageMaker's and
what scales it, the rest are roles and buckets that nothing relevant refers to.
"""

import argparse
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
RATIO = 1.5
"""Most that reading may take, in times of the parse by python-hcl2."""
PROGRAMS = {
    "bare interpreter": "",
    "python-hcl2, parse": (
        "import sys, glob, hcl2\n"
        "for path in glob.glob(sys.argv[1] + '/**/*.tf', recursive=True):\n"
        "    hcl2.parses_to_tree(open(path, encoding='utf-8').read())\n"
    ),
    "guardrail, parse": (
        "import gc, sys, glob\nfrom guardrail.sources.hcl.parse import parse\ngc.disable()\n"
        "files = [parse(open(path, encoding='utf-8').read(), path)\n"
        "         for path in glob.glob(sys.argv[1] + '/**/*.tf', recursive=True)]\n"
    ),
    "guardrail, read": "import sys\nfrom guardrail.sources import hcl\nlist(hcl.read([sys.argv[1]]))\n",
    "guardrail check": (
        "import sys\nfrom guardrail.cli import main\n"
        "main(['check', sys.argv[1], '--format', 'json=' + sys.argv[1] + '/report.json', '--quiet'])\n"
    ),
}

MAIN = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
variable "region" { default = "us-east-1" }
provider "aws" { region = var.region }
locals { tags = { Environment = "production", Owner = "search", CostCenter = "ml" } }
"""
SERVICE = """\
resource "aws_sagemaker_endpoint_configuration" "{name}" {{
  name = "{name}"
  production_variants {{
    variant_name           = "main"
    model_name             = "{name}"
    instance_type          = "{type}"
    initial_instance_count = {count}
  }}
  tags = local.tags
}}

resource "aws_sagemaker_endpoint" "{name}" {{
  name                 = "{name}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.{name}.name
  tags                 = merge(local.tags, {{ index = {count} }})
}}

resource "aws_appautoscaling_target" "{name}" {{
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${{aws_sagemaker_endpoint.{name}.name}}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = {count} + 3
}}

resource "aws_appautoscaling_policy" "{name}" {{
  name               = "{name}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.{name}.service_namespace
  resource_id        = aws_appautoscaling_target.{name}.resource_id
  scalable_dimension = aws_appautoscaling_target.{name}.scalable_dimension
  target_tracking_scaling_policy_configuration {{
    target_value = 70
    predefined_metric_specification {{
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }}
  }}
}}

resource "aws_sagemaker_model" "{name}" {{
  name               = "{name}"
  execution_role_arn = aws_iam_role.{name}.arn
  primary_container {{ image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}:1" }}
}}
"""
OTHER = """\
resource "aws_iam_role" "{name}" {{
  name               = "{name}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "sagemaker.aws" }} }}]
  }})
}}

resource "aws_s3_bucket" "{name}" {{
  bucket = "{name}-artifacts"
  tags   = local.tags
}}

resource "aws_cloudwatch_log_group" "{name}" {{
  name              = "/aws/sagemaker/Endpoints/{name}"
  retention_in_days = 30
}}

resource "aws_security_group" "{name}" {{
  name = "{name}"
  ingress {{
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }}
}}

resource "aws_ssm_parameter" "{name}" {{
  name  = "/{name}/bucket"
  type  = "String"
  value = aws_s3_bucket.{name}.bucket
}}
"""
TYPES = ("ml.m5.xlarge", "ml.g5.2xlarge", "ml.c6i.4xlarge", "ml.g4dn.xlarge")
PER_SERVICE = 10
SERVICES_PER_FILE = 20


def generate(directory: pathlib.Path, resources: int) -> int:
    """Write a root module with so many resources; the number of its lines."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {"main.tf": MAIN}
    for index in range(max(1, resources // PER_SERVICE)):
        values = {"name": f"service-{index:05}", "type": TYPES[index % len(TYPES)], "count": 1 + index % 3}
        number = index // SERVICES_PER_FILE
        for stem, text in (("services", SERVICE), ("others", OTHER)):
            path = f"{stem}_{number:03}.tf"
            texts[path] = texts.get(path, "") + text.format(**values) + "\n"
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in texts.values())


def cost(program: str, directory: pathlib.Path, rounds: int) -> tuple[float, float]:
    """CPU seconds and peak MiB of a program, the best of all rounds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GUARDRAIL_PRICES": "bundled"}
    found = []
    for _ in range(rounds):
        pid = os.posix_spawn(sys.executable, [sys.executable, "-c", program, str(directory)], environment)
        _, status, usage = os.wait4(pid, 0)
        if status:
            sys.exit(f"exit status {status} of:\n{program}")
        found.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return min(each[0] for each in found), min(each[1] for each in found)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What every measurement of reading takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=pathlib.Path, help="where to leave the generated files")
    return parser


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--sizes", default="10,1000,10000", help="numbers of resources")
    options = parser.parse_args()
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        base = options.keep or pathlib.Path(folder)
        for size in map(int, options.sizes.split(",")):
            directory = base / str(size)
            lines = generate(directory, size)
            print(f"{size:,} resources, {lines:,} lines")
            bare, _ = cost("", directory, options.rounds)
            taken: dict[str, float] = {}
            for title, program in PROGRAMS.items():
                seconds, mebibytes = cost(program, directory, options.rounds)
                taken[title] = seconds - bare
                print(f"  {title:<20} {1000 * (seconds - bare):>9,.0f} ms {mebibytes:>7,.0f} MiB")
            ratio = taken["guardrail, read"] / taken["python-hcl2, parse"]
            slow = slow or ratio > RATIO
            print(f"  read / parse by python-hcl2: {ratio:.2f} (at most {RATIO})")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
