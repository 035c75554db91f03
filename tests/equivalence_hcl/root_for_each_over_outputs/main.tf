provider "aws" {
  region = "us-east-1"
}
module "a" {
  source   = "./mod"
  for_each = toset(["p", "q"])
  name     = each.key
}
module "b" {
  source   = "./mod"
  for_each = module.a
  name     = "${each.value.endpoint}-b"
  type     = each.value.type
}
