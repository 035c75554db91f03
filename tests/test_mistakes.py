"""A sound stack says nothing, and each mistake that people make in it is named with its cause."""

import json
from pathlib import Path

import pytest

from guardrail import cli

STACK = """
provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { Owner = "search", CostCenter = "4711", Environment = "prod" }
  }
}
resource "aws_sagemaker_model" "m" {
  name               = "ranker-model"
  execution_role_arn = "arn:aws:iam::123456789012:role/sagemaker"
  primary_container {
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.3-cpu-py311"
  }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name_prefix = "ranker-"
  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.m.name
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
  }
  lifecycle {
    create_before_destroy = true
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ranker"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
resource "aws_appautoscaling_target" "t" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.e.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 4
}
resource "aws_appautoscaling_policy" "p" {
  name               = "load"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.t.service_namespace
  resource_id        = aws_appautoscaling_target.t.resource_id
  scalable_dimension = aws_appautoscaling_target.t.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value      = 500
    scale_in_cooldown = 300
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
"""

MISTAKES = {
    "varient": ("/variant/main", "/varient/main", "scaling-names-what-exists", "did you mean 'variant'?"),
    "another variant": ("/variant/main", "/variant/AllTraffic", "scaling-names-what-exists", "no variant AllTraffic"),
    "dimension": ("InstanceCount", "InstancesCount", "scaling-names-what-exists", "DesiredInstancesCount"),
    "namespace": ('"sagemaker"', '"sage-maker"', "scaling-names-what-exists", "did you mean 'sagemaker'?"),
    "no room": ("max_capacity       = 4", "max_capacity       = 1", "scaling-has-room", "are both 1"),
    "metric": ("InvocationsPer", "InvocationPer", "scaling-follows-published-metrics", "no predefined metric"),
    "cooldown": ("scale_in_cooldown = 300", "scale_in_cooldown = 86400", "cooldowns-are-short", "waits 86,400 s"),
    "scale-in": ("scale_in_cooldown = 300", "disable_scale_in = true", "scaling-in-is-enabled", "scale-in is disabled"),
    "no ml.": ('"ml.m5.xlarge"', '"m5.xlarge"', "instance-is-offered-in-region", "begin with ml."),
    "old type": ("ml.m5.xlarge", "ml.m4.xlarge", "instance-generation-is-current", "superseded family m4"),
    "start": ("instance_count = 2", "instance_count = 8", "initial-count-within-bounds", "above its max_capacity of 4"),
    "fixed name": ('name_prefix = "ranker-"', 'name = "ranker-cfg"', "configuration-names-are-free", "keeps its name"),
    "model": ("aws_sagemaker_model.m.name", '"ranker-modle"', "models-are-named-right", "did you mean ranker-model?"),
    "GPU": ("ml.m5.xlarge", "ml.g5.xlarge", "images-fit-their-instances", "is built for CPUs"),
    "volume": ('"main"\n', '"main"\n    volume_size_in_gb = 2000\n', "volume-size-is-accepted", "above the 512 GB"),
    "ignored": (
        "configuration.c.name\n",
        "configuration.c.name\n  lifecycle {\n    ignore_changes = [endpoint_config_name]\n  }\n",
        "changes-reach-the-endpoint",
        "no new configuration reaches ranker",
    ),
}
"""What is written, what by mistake, and who names it with which words."""


def failures(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The messages of the policies that fail or cannot decide."""
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    cli.main(["check", str(tmp_path), "--isolated", "--format", "json"])
    results = json.loads(capsys.readouterr().out)["results"]
    return {each["policy"]: each["message"] for each in results if each["verdict"] in ("fail", "open")}


def test_a_sound_stack_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failures(STACK, tmp_path, capsys) == {}


@pytest.mark.parametrize(("right", "wrong", "policy", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_cause(
    right: str, wrong: str, policy: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert right in STACK
    assert words in failures(STACK.replace(right, wrong), tmp_path, capsys)[policy]
