terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = {
      Owner      = "storefront"
      CostCenter = "4711"
    }
  }
}

variable "execution_role_arn" {
  type    = string
  default = "arn:aws:iam::111122223333:role/storefront-inference"
}

locals {
  registry = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
}
