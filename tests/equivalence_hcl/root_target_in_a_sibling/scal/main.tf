variable "name" {}
resource "aws_appautoscaling_target" "t" {
  min_capacity       = 1
  max_capacity       = 4
  resource_id        = "endpoint/${var.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
