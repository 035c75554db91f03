resource "aws_sagemaker_endpoint_configuration" "c" {
  shadow_production_variants {
    variant_name           = "t"
    model_name             = "m"
    instance_type          = "ml.g5.xlarge"
    initial_instance_count = 1
  }
}
