module "m" {
  source = "../mod"
  name   = "a"
}
