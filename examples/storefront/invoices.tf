# Reads scanned invoices, a few hundred a day: asynchronous, on a GPU.
resource "aws_sagemaker_model" "invoices" {
  name               = "invoices-v3"
  execution_role_arn = var.execution_role_arn

  primary_container {
    image          = "${local.registry}/invoices:3"
    model_data_url = "s3://storefront-models/invoices/3/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint_configuration" "invoices" {
  name_prefix = "invoices-"

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.invoices.name
    instance_type          = "ml.g4dn.xlarge"
    initial_instance_count = 1
  }

  async_inference_config {
    output_config {
      s3_output_path = "s3://storefront-invoices/read/"
    }
    client_config {
      max_concurrent_invocations_per_instance = 4
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "invoices" {
  name                 = "invoices"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.invoices.name
  tags                 = { Environment = "production" }
}

resource "aws_appautoscaling_target" "invoices" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.invoices.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1 # the first invoice of the day took nine minutes
  max_capacity       = 3
}

resource "aws_appautoscaling_policy" "invoices_backlog" {
  name               = "backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.invoices.service_namespace
  resource_id        = aws_appautoscaling_target.invoices.resource_id
  scalable_dimension = aws_appautoscaling_target.invoices.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 5
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    customized_metric_specification {
      metric_name = "ApproximateBacklogSizePerInstance"
      namespace   = "AWS/SageMaker"
      statistic   = "Average"

      dimensions {
        name  = "EndpointName"
        value = aws_sagemaker_endpoint.invoices.name
      }
    }
  }
}

resource "aws_appautoscaling_policy" "invoices_wake" {
  name               = "wake-from-zero"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.invoices.service_namespace
  resource_id        = aws_appautoscaling_target.invoices.resource_id
  scalable_dimension = aws_appautoscaling_target.invoices.scalable_dimension

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

resource "aws_cloudwatch_metric_alarm" "invoices_wake" {
  alarm_name          = "invoices-backlog-without-capacity"
  namespace           = "AWS/SageMaker"
  metric_name         = "HasBacklogWithoutCapacity"
  dimensions          = { EndpointName = aws_sagemaker_endpoint.invoices.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  alarm_actions       = [aws_appautoscaling_policy.invoices_wake.arn]
}
