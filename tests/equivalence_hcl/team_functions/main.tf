terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" { region = "us-east-1" }
locals {
  raw     = <<-EOT
    ranker  = ml.c5.xlarge  x 2
      embed = ml.g4dn.xlarge x 1
  EOT
  lines   = [for line in split("\n", trimspace(local.raw)) : regex("^\\s*(\\w+)\\s*=\\s*(\\S+)\\s+x\\s+(\\d+)$", line)]
  fleet   = { for line in local.lines : line[0] => { type = line[1], count = tonumber(line[2]) } }
  names   = zipmap(sort(keys(local.fleet)), formatlist("%s-%03d", sort(keys(local.fleet)), range(length(local.fleet))))
  banner  = "%{for n in values(local.names)}[${n}]%{endfor}"
  pairs   = setproduct(["a", "b"], toset(["x", "y"]))
  chosen  = [for p in local.pairs : join("", p) if alltrue([p[0] == "a", !endswith(p[1], "x")])]
  numbers = { half = 7 / 2, round = floor(7 / 2) + ceil(7 / 2), rest = -7 % 3, big = max(parseint("ff", 16), pow(2, 8)) }
}
resource "aws_sagemaker_endpoint_configuration" "this" {
  for_each = local.fleet
  name     = local.names[each.key]
  production_variants {
    variant_name           = one(local.chosen)
    model_name             = each.key
    instance_type          = each.value.type
    initial_instance_count = each.value.count + local.numbers.round - 7
    initial_variant_weight = local.numbers.half
  }
  tags = {
    banner = local.banner
    big    = local.numbers.big
    rest   = local.numbers.rest
    index  = index(sort(keys(local.fleet)), each.key)
    text   = title(replace(strrev("dlrow olleh"), "/o+/", "0"))
    can    = can(local.fleet.nobody) ? "yes" : "no"
    nested = jsonencode(distinct(flatten([[1, [2, 2]], 3.50])))
    cut    = trimprefix(trimsuffix("ml.p4d.24xlarge", "xlarge"), "ml.")
    slice  = join(",", slice(reverse(["c", "b", "a"]), 1, 3))
    merged = join(",", [for k, v in merge({ b = 1 }, { a = 2 }) : "${k}${v}"])
    cidr   = cidrsubnet("10.0.0.0/16", 8, 2)
    b64    = base64encode("héllo")
    sha    = substr(sha256("x"), 0, 12)
    quote  = format("%q %5.2f %-4s| %t %v", "a\"b", 1.005, "x", true, [1, "a"])
  }
}
resource "aws_sagemaker_endpoint" "this" {
  for_each             = aws_sagemaker_endpoint_configuration.this
  name                 = upper(each.value.name)
  endpoint_config_name = each.value.name
}
