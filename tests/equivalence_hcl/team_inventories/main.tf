terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "eu-west-1" }
locals {
  models   = jsondecode(file("${path.module}/models.json"))
  sizes    = yamldecode(templatefile("${path.module}/sizes.yaml.tftpl", { family = "g5", counts = [1, 2] }))
  owners   = { for row in csvdecode(file("owners.csv")) : row.model => row.owner }
  document = jsondecode(jsonencode({ for m in local.models.models : m.id => m }))
}
resource "aws_sagemaker_endpoint_configuration" "this" {
  for_each = local.document
  name     = lower(each.value.id)
  production_variants {
    variant_name           = try(each.value.variant, "main")
    model_name             = each.value.id
    instance_type          = local.sizes.types[each.value.size].type
    initial_instance_count = coalesce(try(each.value.count, null), local.sizes.types[each.value.size].count)
  }
  tags = { owner = local.owners[each.key], size = each.value.size, on = tostring(local.sizes.flags["true"]) }
}
resource "aws_sagemaker_endpoint" "this" {
  for_each             = toset(keys(local.document))
  name                 = each.value
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this[each.value].name
}
