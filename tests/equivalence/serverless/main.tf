terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_sagemaker_model" "this" {
  name               = "faq"
  execution_role_arn = "arn:aws:iam::111122223333:role/sagemaker"
  primary_container {
    image = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/huggingface-pytorch-inference:2.1.0-cpu-py310"
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name_prefix = "faq-"
  production_variants {
    variant_name = "main"
    model_name   = aws_sagemaker_model.this.name
    serverless_config {
      memory_size_in_mb       = 4096
      max_concurrency         = 20
      provisioned_concurrency = 2
    }
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = "faq"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredProvisionedConcurrency"
  min_capacity       = 1
  max_capacity       = 10
}

resource "aws_appautoscaling_policy" "this" {
  name               = "utilization"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value = 0.7
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantProvisionedConcurrencyUtilization"
    }
  }
}
