"""Terraform source of several sizes, beside a parse-only pass of the same files by python-hcl2 and by us.

Half of the resources are SageMaker's and what scales it, the rest are roles and buckets that nothing relevant refers
to.
"""

import pathlib

from harness import Cost, Result, Target, above, best, guardrail, once, python

SIZES = (10, 1_000, 10_000)
HCL2, PARSE, READ, CHECK = "python-hcl2, parse", "guardrail, parse", "guardrail, read", "check, JSON"
PROGRAMS = {
    HCL2: (
        "import sys, glob, hcl2\n"
        "for path in glob.glob(sys.argv[1] + '/**/*.tf', recursive=True):\n"
        "    hcl2.parses_to_tree(open(path, encoding='utf-8').read())\n"
    ),
    PARSE: (
        "import gc, sys, glob\nfrom guardrail.sources.hcl.parse import parse\ngc.disable()\n"
        "files = [parse(open(path, encoding='utf-8').read(), path)\n"
        "         for path in glob.glob(sys.argv[1] + '/**/*.tf', recursive=True)]\n"
    ),
    READ: "import gc, sys\nfrom guardrail.sources import hcl\ngc.disable()\nlist(hcl.read([sys.argv[1]]))\n",
}
RATIO = 1.5
"""Most that reading may take, in times of the parse by python-hcl2."""

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


def generate(directory: pathlib.Path, resources: int) -> None:
    """Write a root module with so many resources."""
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


def measure(folder: pathlib.Path, rounds: int) -> Result:
    costs: dict[str, dict[str, Cost]] = {}
    for size in SIZES:
        directory = folder / f"hcl {size}"
        once(directory, generate, directory, size)
        commands = {name: python(program, directory) for name, program in PROGRAMS.items()}
        costs[f"{size:,} resources"] = best(
            {**commands, CHECK: guardrail("check", directory, "--format", "json")}, rounds
        )
    most = costs["10,000 resources"]
    return Result(
        "Terraform source",
        costs,
        [
            Target("10,000 resources, JSON", 1.4, "s", most[CHECK].cpu_s),
            *(
                Target(f"{title}, reading, in parses by python-hcl2", RATIO, "x", above(cost, READ) / above(cost, HCL2))
                for title, cost in costs.items()
            ),
        ],
    )
