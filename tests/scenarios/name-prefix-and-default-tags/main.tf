terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = {
      environment = "dev"
      cost-center = "ml-4711"
    }
  }
}

# The name is known only after apply, and so is everything that is named after it.
resource "aws_sagemaker_endpoint_configuration" "embed" {
  name_prefix = "embed-"

  production_variants {
    variant_name           = "main"
    model_name             = "embed-v2"
    instance_type          = "ml.g4dn.12xlarge"
    initial_instance_count = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "embed" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.embed.name
}

resource "aws_appautoscaling_target" "embed" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.embed.name}/variant/${aws_sagemaker_endpoint_configuration.embed.production_variants[0].variant_name}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 2
}

resource "aws_appautoscaling_policy" "embed" {
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.embed.service_namespace
  resource_id        = aws_appautoscaling_target.embed.resource_id
  scalable_dimension = aws_appautoscaling_target.embed.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 100
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}
