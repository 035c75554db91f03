variable "team" { type = string }
variable "models" { type = set(string) }
locals { order = sort(var.models) }
resource "aws_sagemaker_endpoint_configuration" "this" {
  count       = length(local.order)
  name_prefix = "${var.team}-${local.order[count.index]}-"
  production_variants {
    variant_name           = "v${count.index}"
    model_name             = local.order[count.index]
    instance_type          = count.index % 2 == 0 ? "ml.m5.large" : "ml.m5.xlarge"
    initial_instance_count = count.index + 1
  }
}
resource "aws_sagemaker_endpoint" "this" {
  for_each             = var.models
  name                 = "${var.team}-${each.key}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this[index(local.order, each.key)].name
}
output "endpoints" {
  value = { for name, e in aws_sagemaker_endpoint.this : "${var.team}/${name}" => {
    name    = e.name
    variant = "v${index(local.order, name)}"
  } }
}
