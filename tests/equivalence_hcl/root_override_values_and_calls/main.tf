provider "aws" {
  region = "us-east-1"
}
variable "n" { default = 1 }
locals {
  t = "ml.m5.large"
  u = "keep"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = local.u
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = local.t
    initial_instance_count = var.n
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
