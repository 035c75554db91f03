terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "us-west-2" }

variable "fleet" {
  type = map(object({
    variants = map(object({ type = string, count = number }))
    policies = map(list(object({ kind = string, value = number })))
  }))
  default = {
    fraud = {
      variants = { blue = { type = "ml.m5.2xlarge", count = 2 }, green = { type = "ml.m6i.2xlarge", count = 1 } }
      policies = { blue = [{ kind = "predefined", value = 800 }], green = [{ kind = "custom", value = 60 }, { kind = "step", value = 2 }] }
    }
    churn = { variants = { only = { type = "ml.c5.xlarge", count = 1 } }, policies = {} }
  }
}

locals {
  variants = merge([
    for name, endpoint in var.fleet : {
      for variant, each in endpoint.variants : "${name}/${variant}" => merge(each, { endpoint = name, variant = variant })
    }
  ]...)
  scaled = { for key, each in local.variants : key => each if length(lookup(var.fleet[each.endpoint].policies, each.variant, [])) > 0 }
  policies = { for item in flatten([
    for key, each in local.scaled : [
      for index, policy in var.fleet[each.endpoint].policies[each.variant] : { key = key, id = "${key}-${index}", policy = policy }
    ]
  ]) : item.id => item }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  for_each = var.fleet
  name     = each.key
  dynamic "production_variants" {
    for_each = each.value.variants
    iterator = variant
    content {
      variant_name           = variant.key
      model_name             = format("%s-%s", each.key, variant.key)
      instance_type          = variant.value.type
      initial_instance_count = variant.value.count
    }
  }
}
resource "aws_sagemaker_endpoint" "this" {
  for_each             = aws_sagemaker_endpoint_configuration.this
  name                 = each.key
  endpoint_config_name = each.value.name
}
resource "aws_appautoscaling_target" "this" {
  for_each           = local.scaled
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this[each.value.endpoint].name}/variant/${each.value.variant}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = each.value.count
  max_capacity       = each.value.count * 4
}
resource "aws_appautoscaling_policy" "this" {
  for_each           = local.policies
  name               = replace(each.key, "/", "-")
  policy_type        = each.value.policy.kind == "step" ? "StepScaling" : "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.value.key].service_namespace
  resource_id        = aws_appautoscaling_target.this[each.value.key].resource_id
  scalable_dimension = aws_appautoscaling_target.this[each.value.key].scalable_dimension
  dynamic "target_tracking_scaling_policy_configuration" {
    for_each = each.value.policy.kind == "step" ? [] : [each.value.policy]
    content {
      target_value = target_tracking_scaling_policy_configuration.value.value
      dynamic "predefined_metric_specification" {
        for_each = target_tracking_scaling_policy_configuration.value.kind == "predefined" ? [1] : []
        content { predefined_metric_type = "SageMakerVariantInvocationsPerInstance" }
      }
      dynamic "customized_metric_specification" {
        for_each = target_tracking_scaling_policy_configuration.value.kind == "custom" ? [1] : []
        content {
          metric_name = "CPUUtilization"
          namespace   = "/aws/sagemaker/Endpoints"
          statistic   = "Average"
          dynamic "dimensions" {
            for_each = { EndpointName = "fraud", VariantName = "green" }
            content {
              name  = dimensions.key
              value = dimensions.value
            }
          }
        }
      }
    }
  }
  dynamic "step_scaling_policy_configuration" {
    for_each = each.value.policy.kind == "step" ? [each.value.policy] : []
    content {
      adjustment_type         = "ChangeInCapacity"
      metric_aggregation_type = "Average"
      dynamic "step_adjustment" {
        for_each = range(step_scaling_policy_configuration.value.value)
        content {
          scaling_adjustment          = step_adjustment.value + 1
          metric_interval_lower_bound = step_adjustment.value * 10
          metric_interval_upper_bound = step_adjustment.value == 1 ? null : (step_adjustment.value + 1) * 10
        }
      }
    }
  }
}
