provider "aws" {
  region = "us-east-1"
}
provider "aws" {
  alias  = "eu"
  region = local.r
}
locals {
  r = "eu-central-1"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "cfg"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
resource "aws_sagemaker_endpoint_configuration" "d" {
  provider = aws.eu
  name     = "d"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "f" {
  provider             = aws.eu
  name                 = "f"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.d.name
}
