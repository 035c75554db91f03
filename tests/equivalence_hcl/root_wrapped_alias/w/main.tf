terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
module "m" {
  source    = "../mod"
  name      = "a"
  providers = { aws = aws }
}
