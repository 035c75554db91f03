# The same model for people who test it.

resource "aws_sagemaker_endpoint_configuration" "ranking_staging" {
  name_prefix = "ranking-staging-"

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.ranking.name
    instance_type          = "ml.m5.12xlarge"
    initial_instance_count = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "ranking_staging" {
  name                 = "ranking-staging"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.ranking_staging.name
  tags                 = { Environment = "staging" }
}

resource "aws_appautoscaling_target" "ranking_staging" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.ranking_staging.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 2
}

resource "aws_appautoscaling_policy" "ranking_staging" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.ranking_staging.service_namespace
  resource_id        = aws_appautoscaling_target.ranking_staging.resource_id
  scalable_dimension = aws_appautoscaling_target.ranking_staging.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 600
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
