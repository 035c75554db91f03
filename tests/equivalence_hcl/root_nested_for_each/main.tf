provider "aws" {
  region = "us-east-1"
}
module "envs" {
  source   = "./env"
  for_each = { dev = { n = 1 }, prod = { n = 2, extra = ["x"] } }
  name     = each.key
  cfg      = each.value
}
