terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_sagemaker_endpoint_configuration" "moderation" {
  name = "moderation-v1"

  production_variants {
    variant_name = "main"
    model_name   = "moderation-v1"
    serverless_config {
      memory_size_in_mb = 2048
      max_concurrency   = 10
    }
  }
}

resource "aws_sagemaker_endpoint" "moderation" {
  name                 = "moderation"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.moderation.name
}

# Left over from the days on instances: a serverless variant has no instance count to scale.
resource "aws_appautoscaling_target" "moderation" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.moderation.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 2
  max_capacity       = 8
}
