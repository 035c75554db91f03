locals {
  c = yamldecode(file("${path.module}/c.yaml"))
  d = jsondecode(file("${path.root}/d.json"))
  b = basename(path.module)
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "${local.b}-c"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = local.c.type
    initial_instance_count = local.d.n
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
