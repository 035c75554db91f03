# Search ranking: real-time, follows its traffic.
resource "aws_sagemaker_model" "ranking" {
  name               = "ranking-v12"
  execution_role_arn = var.execution_role_arn

  primary_container {
    image          = "${local.registry}/ranking:12"
    model_data_url = "s3://storefront-models/ranking/12/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint_configuration" "ranking" {
  name_prefix = "ranking-"

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.ranking.name
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "ranking" {
  name                 = "ranking"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.ranking.name
  tags                 = { Environment = "production" }
}

resource "aws_appautoscaling_target" "ranking" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.ranking.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 2
  max_capacity       = 6
}

resource "aws_appautoscaling_policy" "ranking" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.ranking.service_namespace
  resource_id        = aws_appautoscaling_target.ranking.resource_id
  scalable_dimension = aws_appautoscaling_target.ranking.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 600
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
