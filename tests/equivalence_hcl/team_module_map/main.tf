terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { Owner = "search", Environment = "production" }
  }
}

locals {
  defaults = { type = "ml.m5.xlarge", count = 2 }
}

module "endpoint" {
  source   = "./endpoint"
  for_each = { for name, each in var.endpoints : name => each if each.enabled }
  name     = "${var.prefix}-${each.key}"
  settings = merge(local.defaults, { for k, v in each.value : k => v if v != null && contains(["type", "count"], k) })
  scaling  = each.value.scaling
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each            = module.endpoint
  alarm_name          = "${each.key}-latency"
  namespace           = "AWS/SageMaker"
  metric_name         = "ModelLatency"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  period              = 60
  statistic           = "Average"
  threshold           = 100000
  dimensions          = { EndpointName = each.value.name, VariantName = "AllTraffic" }
}
