# Sentiment of product reviews: serverless, mostly in the evening.
resource "aws_sagemaker_model" "reviews" {
  name               = "reviews-v5"
  execution_role_arn = var.execution_role_arn

  primary_container {
    image          = "${local.registry}/reviews:5"
    model_data_url = "s3://storefront-models/reviews/5/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint_configuration" "reviews" {
  name_prefix = "reviews-"

  production_variants {
    variant_name = "main"
    model_name   = aws_sagemaker_model.reviews.name

    serverless_config {
      memory_size_in_mb = 2048
      max_concurrency   = 20
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "reviews" {
  name                 = "reviews"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.reviews.name
  tags                 = { Environment = "production" }
}
