# Scores every order: real-time, with a candidate that sees the same traffic.
resource "aws_sagemaker_model" "fraud" {
  name               = "fraud-v8"
  execution_role_arn = var.execution_role_arn

  primary_container {
    image          = "${local.registry}/fraud:8"
    model_data_url = "s3://storefront-models/fraud/8/model.tar.gz"
  }
}

resource "aws_sagemaker_model" "fraud_candidate" {
  name               = "fraud-candidate-v9"
  execution_role_arn = var.execution_role_arn

  primary_container {
    image          = "${local.registry}/fraud-candidate:9"
    model_data_url = "s3://storefront-models/fraud-candidate/9/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint_configuration" "fraud" {
  name_prefix = "fraud-"

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.fraud.name
    instance_type          = "ml.c5.2xlarge"
    initial_instance_count = 2
  }

  shadow_production_variants {
    variant_name           = "candidate"
    model_name             = aws_sagemaker_model.fraud_candidate.name
    instance_type          = "ml.c5.4xlarge"
    initial_instance_count = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "fraud" {
  name                 = "fraud"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.fraud.name
  tags                 = { Environment = "production" }
}

resource "aws_appautoscaling_target" "fraud" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.fraud.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 2
  max_capacity       = 4
}

resource "aws_appautoscaling_policy" "fraud" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.fraud.service_namespace
  resource_id        = aws_appautoscaling_target.fraud.resource_id
  scalable_dimension = aws_appautoscaling_target.fraud.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 900
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
