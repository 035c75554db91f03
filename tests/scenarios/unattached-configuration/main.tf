terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"
}

# Kept "for later": nothing deploys it, so nothing is billed for it yet.
resource "aws_sagemaker_endpoint_configuration" "next" {
  name = "summaries-v2"

  production_variants {
    variant_name           = "main"
    model_name             = "summaries-v2"
    instance_type          = "ml.g5.2xlarge"
    initial_instance_count = 2
  }
}

resource "aws_sagemaker_endpoint_configuration" "current" {
  name = "summaries-v1"

  production_variants {
    variant_name           = "main"
    model_name             = "summaries-v1"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}

resource "aws_sagemaker_endpoint" "summaries" {
  name                 = "summaries"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.current.name
}
