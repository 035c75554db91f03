provider "aws" {
  region = "us-east-1"
}
locals {
  v = [{ name = "s", sl = [{ m = 2048, c = 4 }] }, { name = "i", sl = [] }]
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  dynamic "production_variants" {
    for_each = [local.v[0]]
    content {
      variant_name = production_variants.value.name
      model_name   = "m"
      dynamic "serverless_config" {
        for_each = production_variants.value.sl
        content {
          memory_size_in_mb = serverless_config.value.m
          max_concurrency   = serverless_config.value.c
        }
      }
    }
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
