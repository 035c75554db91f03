terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_sagemaker_model" "this" {
  name               = "ranking"
  execution_role_arn = "arn:aws:iam::111122223333:role/sagemaker"
  primary_container {
    image = "763104351884.dkr.ecr.eu-central-1.amazonaws.com/huggingface-pytorch-inference:2.1.0-cpu-py310"
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  name_prefix = "ranking-"
  production_variants {
    variant_name           = "prod"
    model_name             = aws_sagemaker_model.this.name
    instance_type          = "ml.c5.4xlarge"
    initial_instance_count = 3
    initial_variant_weight = 1
  }
  shadow_production_variants {
    variant_name           = "shadow"
    model_name             = aws_sagemaker_model.this.name
    instance_type          = "ml.c5.2xlarge"
    initial_instance_count = 1
    initial_variant_weight = 0.5
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = "ranking"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
  tags                 = { shadow-expires = "2027-01-31" }
}
