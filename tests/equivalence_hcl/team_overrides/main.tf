terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "us-east-1" }
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "base"
  production_variants {
    variant_name           = "v"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "base"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
