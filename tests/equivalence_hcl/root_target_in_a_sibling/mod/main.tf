variable "name" { type = string }
variable "type" {
  type    = string
  default = "ml.m5.large"
}
variable "n" {
  type    = number
  default = 1
}
variable "on" {
  type    = bool
  default = true
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  count = var.on ? 1 : 0
  name  = "${var.name}-c"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = var.type
    initial_instance_count = var.n
  }
}
resource "aws_sagemaker_endpoint" "e" {
  count                = var.on ? 1 : 0
  name                 = var.name
  endpoint_config_name = one(aws_sagemaker_endpoint_configuration.c[*].name)
}
output "endpoint" { value = one(aws_sagemaker_endpoint.e[*].name) }
output "type" { value = var.type }
