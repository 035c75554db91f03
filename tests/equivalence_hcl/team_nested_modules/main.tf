terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "ca-central-1" }
module "platform" {
  source = "./platform"
  teams  = { ads = ["ctr", "cvr"], search = ["rank"] }
}
resource "aws_appautoscaling_target" "all" {
  for_each           = module.platform.endpoints
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${each.value.name}/variant/${each.value.variant}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 3
}
