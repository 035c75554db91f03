terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

# One configuration, one endpoint per tenant: it is billed once for each.
resource "aws_sagemaker_endpoint_configuration" "shared" {
  name = "search-v5"

  production_variants {
    variant_name           = "main"
    model_name             = "search-v5"
    instance_type          = "ml.c6i.xlarge"
    initial_instance_count = 2
    volume_size_in_gb      = 30
  }
}

resource "aws_sagemaker_endpoint" "tenant" {
  for_each             = toset(["acme", "globex"])
  name                 = "search-${each.key}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.shared.name
}

# Only one of them scales.
resource "aws_appautoscaling_target" "acme" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.tenant["acme"].name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 4
}

resource "aws_appautoscaling_policy" "acme" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.acme.service_namespace
  resource_id        = aws_appautoscaling_target.acme.resource_id
  scalable_dimension = aws_appautoscaling_target.acme.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 400
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
