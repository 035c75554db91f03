provider "aws" {
  region = "us-east-1"
}
variable "t" {
  type    = string
  default = "ml.m5.large"
  validation {
    condition     = can(regex("^ml\\.", var.t))
    error_message = "no"
  }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "cfg"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = var.t
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
