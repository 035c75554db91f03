variable "name" { type = string }
variable "cfg" {
  type = object({ n = number, extra = optional(list(string), []) })
}
module "ep" {
  source   = "../mod"
  for_each = toset(concat(["base"], var.cfg.extra))
  name     = "${var.name}-${each.key}"
  n        = var.cfg.n
}
