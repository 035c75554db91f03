terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = var.region }

variable "region" { type = string }
variable "environment" {
  type = string
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "dev or prod"
  }
}
variable "instance" {
  type = object({ type = string, count = number })
}
variable "capacity" {
  type    = tuple([number, number])
  default = [1, 2]
}

resource "aws_sagemaker_endpoint_configuration" "chat" {
  name = "chat-${var.environment}"
  production_variants {
    variant_name           = "main"
    model_name             = "chat"
    instance_type          = var.instance.type
    initial_instance_count = var.instance.count
  }
}
resource "aws_sagemaker_endpoint" "chat" {
  name                 = "chat-${var.environment}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.chat.name
  tags                 = { Environment = var.environment, Workspace = terraform.workspace }
}
resource "aws_appautoscaling_target" "chat" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.chat.name}/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = var.capacity[0]
  max_capacity       = var.capacity[1]
}
