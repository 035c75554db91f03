provider "aws" {
  region = "us-east-1"
}
resource "aws_sagemaker_model" "m" {
  name               = "mod"
  execution_role_arn = "arn:aws:iam::123456789012:role/r"
  primary_container {
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1"
  }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "cfg"
  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.m.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = aws_sagemaker_endpoint_configuration.c.id
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
resource "aws_appautoscaling_target" "t" {
  min_capacity       = 1
  max_capacity       = 3
  resource_id        = join("/", ["endpoint", aws_sagemaker_endpoint.e.id, "variant", aws_sagemaker_endpoint_configuration.c.production_variants.0.variant_name])
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
