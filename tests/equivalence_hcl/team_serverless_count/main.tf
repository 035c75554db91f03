terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "us-east-2" }

variable "serverless" {
  type    = bool
  default = true
}
variable "warm" {
  type    = number
  default = 3
}

resource "aws_sagemaker_endpoint_configuration" "serverless" {
  count = var.serverless ? 1 : 0
  name  = "sentiment-serverless"
  production_variants {
    variant_name = "AllTraffic"
    model_name   = "sentiment"
    serverless_config {
      memory_size_in_mb       = 2048
      max_concurrency         = 20
      provisioned_concurrency = var.warm > 0 ? var.warm : null
    }
  }
}
resource "aws_sagemaker_endpoint_configuration" "instances" {
  count = var.serverless ? 0 : 1
  name  = "sentiment-instances"
  production_variants {
    variant_name           = "AllTraffic"
    model_name             = "sentiment"
    instance_type          = "ml.m5.large"
    initial_instance_count = 2
  }
}
locals {
  configuration = one(concat(
    aws_sagemaker_endpoint_configuration.serverless[*].name,
    aws_sagemaker_endpoint_configuration.instances.*.name,
  ))
}
resource "aws_sagemaker_endpoint" "sentiment" {
  name                 = "sentiment"
  endpoint_config_name = local.configuration
}
resource "aws_appautoscaling_target" "warm" {
  count              = var.serverless && var.warm > 0 ? 1 : 0
  service_namespace  = "sagemaker"
  resource_id        = join("/", ["endpoint", aws_sagemaker_endpoint.sentiment.name, "variant", "AllTraffic"])
  scalable_dimension = "sagemaker:variant:DesiredProvisionedConcurrency"
  min_capacity       = 1
  max_capacity       = var.warm * 2
}
