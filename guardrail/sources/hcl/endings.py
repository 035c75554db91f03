"""How the names of files end: those of Terraform and OpenTofu, and of what other tools make source of."""

IN_JSON = (".tf.json", ".tofu.json")
SOURCES = (".tf", ".tofu", *IN_JSON)
"""Of files of source."""
VALUES = (".tfvars", ".tfvars.json")
"""Of files of values."""
OF_OTHERS = {
    "terragrunt.hcl": "Terragrunt",
    "terragrunt.stack.hcl": "Terragrunt",
    ".tfcomponent.hcl": "Terraform Stacks",
    ".tfstack.hcl": "Terraform Stacks",
}
"""Of files that may deploy something and are not read, and whose they are."""
