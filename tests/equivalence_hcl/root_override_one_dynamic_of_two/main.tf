provider "aws" {
  region = "us-east-1"
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "cfg"
  dynamic "production_variants" {
    for_each = ["x"]
    content {
      variant_name           = production_variants.value
      model_name             = "m"
      instance_type          = "ml.g5.xlarge"
      initial_instance_count = 2
    }
  }
  dynamic "async_inference_config" {
    for_each = [1]
    content {
      output_config {
        s3_output_path = "s3://b/p"
      }
    }
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ep"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
