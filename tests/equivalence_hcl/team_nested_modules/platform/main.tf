variable "teams" { type = map(set(string)) }
module "team" {
  for_each = var.teams
  source   = "./team"
  team     = each.key
  models   = each.value
}
output "endpoints" {
  value = merge([for team in module.team : team.endpoints]...)
}
