provider "aws" {
  region = "us-east-1"
}
variable "on" { default = false }
resource "aws_sagemaker_endpoint_configuration" "c" {
  count = var.on ? 1 : 0
  name  = "cfg"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint_configuration" "d" {
  name = "d"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = var.on ? aws_sagemaker_endpoint_configuration.c[0].name : aws_sagemaker_endpoint_configuration.d.name
}
