terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "eu-north-1" }
variable "types" {
  default = ["ml.m5.large", "ml.c5.large"]
}
