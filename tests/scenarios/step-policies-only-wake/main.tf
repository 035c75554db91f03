terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_sagemaker_endpoint_configuration" "transcribe" {
  name = "transcribe-v1"

  production_variants {
    variant_name           = "main"
    model_name             = "transcribe-v1"
    instance_type          = "ml.g4dn.xlarge"
    initial_instance_count = 1
  }

  async_inference_config {
    output_config {
      s3_output_path = "s3://transcripts-example/out/"
    }
  }
}

resource "aws_sagemaker_endpoint" "transcribe" {
  name                 = "transcribe"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.transcribe.name
}

resource "aws_appautoscaling_target" "transcribe" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.transcribe.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 0
  max_capacity       = 3
}

# The only policy adds instances: the minimum of 0 is never reached again.
resource "aws_appautoscaling_policy" "wake" {
  name               = "wake-from-zero"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.transcribe.service_namespace
  resource_id        = aws_appautoscaling_target.transcribe.resource_id
  scalable_dimension = aws_appautoscaling_target.transcribe.scalable_dimension

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

resource "aws_cloudwatch_metric_alarm" "backlog_without_capacity" {
  alarm_name          = "transcribe-has-backlog-without-capacity"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 60
  statistic           = "Average"
  threshold           = 1
  metric_name         = "HasBacklogWithoutCapacity"
  namespace           = "AWS/SageMaker"
  dimensions          = { EndpointName = "transcribe" }
  alarm_actions       = [aws_appautoscaling_policy.wake.arn]
}
