provider "aws" {
  region = "us-east-1"
}
variable "n" { type = number }
variable "l" { type = list(string) }
variable "s" { type = string }
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = var.l[1]
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = var.n
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = var.s
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
