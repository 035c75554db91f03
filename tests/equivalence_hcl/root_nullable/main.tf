provider "aws" {
  region = "us-east-1"
}
module "m" {
  source = "./mod"
  name   = "x"
  n      = null
  type   = null
  on     = null
}
