provider "aws" {
  region = "us-east-1"
}
locals {
  eps = { for f in fileset(path.module, "eps/[a-b].yaml") : trimsuffix(basename(f), ".yaml") => yamldecode(file("${path.module}/${f}")) }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  for_each = local.eps
  name     = each.key
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = each.value.type
    initial_instance_count = each.value.count
  }
}
resource "aws_sagemaker_endpoint" "e" {
  for_each             = local.eps
  name                 = each.key
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c[each.key].name
}
