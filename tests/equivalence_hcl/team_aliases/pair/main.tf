terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.0"
      configuration_aliases = [aws.replica]
    }
  }
}
variable "name" {}
data "aws_region" "here" {}
resource "aws_sagemaker_endpoint_configuration" "main" {
  name = "${var.name}-main"
  production_variants {
    variant_name           = "v"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint_configuration" "replica" {
  provider = aws.replica
  name     = "${var.name}-main"
  production_variants {
    variant_name           = "v"
    model_name             = "m"
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "main" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.main.name
  tags                 = { region = data.aws_region.here.name }
}
resource "aws_sagemaker_endpoint" "replica" {
  provider             = aws.replica
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.replica.name
}
output "configuration" { value = aws_sagemaker_endpoint_configuration.main.name }
