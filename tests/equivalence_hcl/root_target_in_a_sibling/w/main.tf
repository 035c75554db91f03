module "m" {
  source = "../mod"
  name   = "a"
}
module "s" {
  source = "../scal"
  name   = module.m.endpoint
}
