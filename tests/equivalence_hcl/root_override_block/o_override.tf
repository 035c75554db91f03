resource "aws_sagemaker_endpoint_configuration" "c" {
  production_variants {
    variant_name           = "big"
    model_name             = "m"
    instance_type          = "ml.g5.xlarge"
    initial_instance_count = 2
  }
}
