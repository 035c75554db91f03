"""An asynchronous endpoint that scales from zero and back, in pieces: each test leaves out or misspells one.

Bundled prices, us-east-1: ml.g4dn.xlarge 0.736 × 730 h = 537.28 USD a month.
"""

import json
from pathlib import Path

import pytest

from guardrail import cli

PROVIDER = 'provider "aws" {\n  region = "us-east-1"\n}\n\n'

ENDPOINT = """\
resource "aws_sagemaker_endpoint_configuration" "reader" {
  name_prefix = "reader-"

  production_variants {
    variant_name           = "AllTraffic"
    model_name             = "reader-v3"
    instance_type          = "ml.g4dn.xlarge"
    initial_instance_count = 1
  }

  async_inference_config {
    output_config {
      s3_output_path = "s3://example-reader/out/"
    }
  }
}

resource "aws_sagemaker_endpoint" "reader" {
  name                 = "reader"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.reader.name
}
"""

TARGET = """
resource "aws_appautoscaling_target" "reader" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.reader.name}/variant/AllTraffic"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 3
}
"""

BACKLOG = """
resource "aws_appautoscaling_policy" "reader_backlog" {
  name               = "backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.reader.service_namespace
  resource_id        = aws_appautoscaling_target.reader.resource_id
  scalable_dimension = aws_appautoscaling_target.reader.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 5

    customized_metric_specification {
      metric_name = "ApproximateBacklogSizePerInstance"
      namespace   = "AWS/SageMaker"
      statistic   = "Average"

      dimensions {
        name  = "EndpointName"
        value = aws_sagemaker_endpoint.reader.name
      }
    }
  }
}
"""

STEPS = """
resource "aws_appautoscaling_policy" "reader_wake" {
  name               = "wake"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.reader.service_namespace
  resource_id        = aws_appautoscaling_target.reader.resource_id
  scalable_dimension = aws_appautoscaling_target.reader.scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Average"
    cooldown                = 300

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}
"""

ALARM = """
resource "aws_cloudwatch_metric_alarm" "reader_wake" {
  alarm_name          = "reader-wake"
  namespace           = "AWS/SageMaker"
  metric_name         = "HasBacklogWithoutCapacity"
  dimensions          = { EndpointName = aws_sagemaker_endpoint.reader.name }
  statistic           = "Average"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "missing"
  alarm_actions       = [aws_appautoscaling_policy.reader_wake.arn]
}
"""

WAKE = STEPS + ALARM

TEMPLATE = """\
Resources:
  ReaderConfig:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: AllTraffic
          ModelName: reader-v3
          InstanceType: ml.g4dn.xlarge
          InitialInstanceCount: 1
          InitialVariantWeight: 1
      AsyncInferenceConfig:
        OutputConfig:
          S3OutputPath: s3://example-reader/out/
  ReaderEndpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointConfigName: !GetAtt ReaderConfig.EndpointConfigName
"""

TEMPLATE_TARGET = """\
  ReaderTarget: # kept as it is
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ResourceId: !Sub endpoint/${ReaderEndpoint.EndpointName}/variant/AllTraffic
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      MinCapacity: 1
      MaxCapacity: 3
"""


def put(folder: Path, **texts: str) -> None:
    """Files with these contents: ``main`` is main.tf, ``template_yaml`` is template.yaml."""
    for name, text in texts.items():
        stem, _, ending = name.rpartition("_")
        path = folder / (f"{stem}.{ending}" if stem else f"{name}.tf")
        path.write_bytes(text.encode())


def fix(*arguments: str) -> None:
    """Run ``guardrail fix --write`` on the working directory, or on what is named."""
    assert cli.main(["fix", "--isolated", "--region", "us-east-1", "--write", *arguments]) == 0


def failing(capsys: pytest.CaptureFixture[str], path: str = ".", *flags: str) -> set[str]:
    """The policies that a check of a path finds violated, notes left out."""
    capsys.readouterr()
    cli.main(["check", path, "--isolated", "--region", "us-east-1", "--format", "json", *flags])
    results = json.loads(capsys.readouterr().out)["results"]
    return {each["policy"] for each in results if each["verdict"] == "fail" and each["severity"] != "note"}
