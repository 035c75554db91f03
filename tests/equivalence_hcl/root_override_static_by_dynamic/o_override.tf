resource "aws_sagemaker_endpoint_configuration" "c" {
  dynamic "production_variants" {
    for_each = ["x"]
    content {
      variant_name           = production_variants.value
      model_name             = "m"
      instance_type          = "ml.g5.xlarge"
      initial_instance_count = 2
    }
  }
}
