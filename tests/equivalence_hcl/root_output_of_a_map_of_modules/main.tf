provider "aws" {
  region = "us-east-1"
}
module "a" {
  source   = "./mod"
  for_each = { x = 1, y = 2 }
  name     = each.key
  n        = each.value
}
locals {
  names = { for k, m in module.a : k => m.endpoint }
}
resource "aws_appautoscaling_target" "t" {
  for_each           = local.names
  min_capacity       = 1
  max_capacity       = 5
  resource_id        = "endpoint/${each.value}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
