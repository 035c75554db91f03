terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_sagemaker_model" "docs" {
  name               = "docs-v1"
  execution_role_arn = "arn:aws:iam::111122223333:role/docs"

  primary_container {
    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/docs:1"
  }
}

resource "aws_sagemaker_endpoint_configuration" "docs" {
  name_prefix = "docs-"

  production_variants {
    variant_name           = "v1"
    model_name             = aws_sagemaker_model.docs.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }

  async_inference_config {
    output_config {
      s3_output_path = "s3://docs-example/out/"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "docs" {
  name                 = "docs"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.docs.name
}

resource "aws_appautoscaling_target" "docs" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.docs.name}/variant/v1"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 3
}

resource "aws_appautoscaling_policy" "backlog" {
  name               = "backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.docs.service_namespace
  resource_id        = aws_appautoscaling_target.docs.resource_id
  scalable_dimension = aws_appautoscaling_target.docs.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 5
    customized_metric_specification {
      metric_name = "ApproximateBacklogSizePerInstance"
      namespace   = "AWS/SageMaker"
      statistic   = "Average"
      dimensions {
        name  = "EndpointName"
        value = "docs"
      }
    }
  }
}

resource "aws_appautoscaling_policy" "wake" {
  name               = "wake-from-zero"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.docs.service_namespace
  resource_id        = aws_appautoscaling_target.docs.resource_id
  scalable_dimension = aws_appautoscaling_target.docs.scalable_dimension

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
  alarm_name          = "docs-has-backlog-without-capacity"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 60
  statistic           = "Average"
  threshold           = 1
  metric_name         = "HasBacklogWithoutCapacity"
  namespace           = "AWS/SageMaker"
  dimensions          = { EndpointName = "docs" }
  alarm_actions       = [aws_appautoscaling_policy.wake.arn]
}
