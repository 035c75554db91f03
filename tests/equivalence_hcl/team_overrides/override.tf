resource "aws_sagemaker_endpoint_configuration" "c" {
  production_variants {
    variant_name           = "w"
    model_name             = "m"
    instance_type          = "ml.m5.4xlarge"
    initial_instance_count = 2
  }
}
resource "aws_sagemaker_endpoint" "e" { name = "overridden" }
