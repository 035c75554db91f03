provider "aws" {
  region = "us-east-1"
}
variable "n" { type = number }
variable "t" {}
variable "z" { default = "d" }
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = var.z
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = var.t
    initial_instance_count = var.n
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
