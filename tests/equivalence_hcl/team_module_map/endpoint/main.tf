variable "name" { type = string }
variable "settings" {
  type = object({ type = string, count = number })
}
variable "scaling" {
  type = object({ min = number, max = number, target = number })
  default = null
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name = "${var.name}-${substr(md5(jsonencode(var.settings)), 0, 8)}"
  production_variants {
    variant_name           = "AllTraffic"
    model_name             = var.name
    instance_type          = var.settings.type
    initial_instance_count = var.settings.count
  }
  lifecycle { create_before_destroy = true }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
}

resource "aws_appautoscaling_target" "this" {
  count              = var.scaling == null ? 0 : 1
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/${aws_sagemaker_endpoint_configuration.this.production_variants[0].variant_name}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max
}

resource "aws_appautoscaling_policy" "this" {
  count              = length(aws_appautoscaling_target.this)
  name               = "${var.name}-invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value = var.scaling.target
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}

output "name" { value = aws_sagemaker_endpoint.this.name }
