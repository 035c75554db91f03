provider "aws" {
  region = "us-east-1"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  count = 2
  name  = "c${count.index}"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  count                = 2
  name                 = "e${count.index}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c[count.index].name
}
