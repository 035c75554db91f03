provider "aws" {
  region = "us-east-1"
}
module "m" {
  source = "./mod"
  name   = "base"
  n      = 2
}
resource "aws_appautoscaling_target" "t" {
  min_capacity       = 1
  max_capacity       = 4
  resource_id        = "endpoint/${module.m.endpoint}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
