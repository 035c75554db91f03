"""``guardrail init``: a settings file to start from, in which everything is explained and nothing is changed yet."""

import os
from argparse import ArgumentParser, Namespace

from guardrail import output
from guardrail.commands import schema
from guardrail.errors import GuardrailError
from guardrail.settings import FILE_NAMES

HELP = """\
write a commented .guardrail.yml to start from

The file repeats the defaults as comments, so it changes nothing until a line is
uncommented. It belongs beside the .git of the repository. Its schema is written
beside it, so that editors complete and check it.

examples:
  guardrail init
  guardrail init infra/
  guardrail init --force             replace the file that is there
"""

TEMPLATE = """\
# Settings of guardrail for this repository. Found from the first PATH of `guardrail check` up to the git root.
# Everything below is optional; flags win over it. Check a change with: guardrail check PATH
version: 1

# Where a resource does not say its region.
# region: eu-central-1

# Which results fail a check: error, warning, note or never. Budgets obey it too.
# fail_on: error

# Exit with 3 where the answer rests on something unknown or unpriced.
# strict: false

# USD a month over everything in one check. floor: scaled in; ceiling: scaled out; increase: what the change adds.
# budget:
#   max_expected_usd: 5000
#   max_ceiling_usd: 12000
#   max_increase_expected_usd: 500

# The same for endpoints that have a tag, an environment or a region in common.
# group_budgets:
#   - where: {"tag:Team": search, environment: production}
#     max_expected_usd: 2000

# The environments of a root module or template: files of values (or parameters), relative to its folder.
# roots:
#   infra:
#     dev: dev.tfvars
#     prod:
#       values: [common.tfvars, prod.tfvars]
#       budget:
#         max_expected_usd: 5000

# What a search through folders leaves out, in the patterns of a .gitignore.
# exclude: [fixtures/, before/]

# Policies of your own: folders with one YAML file each, relative to this file.
# policy_paths: [guardrail-policies]

# Re-grade a policy (error, warning, note, off) or set its parameters; `guardrail policies explain ID` lists them.
# policies:
#   async-scales-to-zero:
#     severity: warning
#   instances-are-right-sized:
#     params:
#       max_hourly_usd: 5
#     environments:
#       non-production:
#         max_hourly_usd: 1

# How the environment of an endpoint is told: by the first of these tags, else by a word of its name.
# environments:
#   tag_keys: [environment, env, stage]
#   patterns:
#     production: [prod, production, live]
#     non-production: [dev, test, staging, sandbox]

# Requests, durations and gigabytes that no plan knows. Without this line, guardrail-usage.yml beside this file.
# usage_file: guardrail-usage.yml

# What was observed of endpoints that run (`guardrail utilization --output evidence.json`).
# evidence: evidence.json

# Price tables of your own (`guardrail prices refresh --output prices`), and how many days old a price may be.
# prices:
#   tables: prices
#   max_age_days: 180

# Findings that were there when you began (`guardrail check PATH --write-baseline`), and by how much more may be at
# stake before one of them is back. Without the file, the nearest .guardrail-baseline.json.
# baseline:
#   file: .guardrail-baseline.json
#   tolerance_percent: 10

# What your account pays less than the list prices; reports show both. docs/discounts.md tells the rest.
# discounts:
#   budgets: discounted
#   rules:
#     - {name: EDP, percent: 9}
#     - {name: private rate of G5, usage_type: "*-Host:ml.g5.*", region: us-*, usd: 1.20}
#   savings_plan:
#     commitment_usd_per_hour: 12.50

# Findings that are accepted, each until a date and for a reason.
# waivers:
#   - policy: realtime-variants-scale
#     address: module.search.aws_sagemaker_endpoint.*
#     until: 2027-01-31
#     reason: fixed fleet during the load test
#     owner: search-team
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the directory and --force."""
    parser.add_argument("directory", metavar="DIRECTORY", nargs="?", default=".", help="where to write it (default: .)")
    parser.add_argument("--force", action="store_true", help="replace a settings file that is there")


def run(arguments: Namespace) -> int:
    """Write the file and say what to do next."""
    directory: str = arguments.directory
    if not os.path.isdir(directory):
        raise GuardrailError(f"cannot write settings: {directory} is no directory", hint=f"mkdir -p {directory}")
    here = [path for path in (os.path.join(directory, name) for name in FILE_NAMES) if os.path.lexists(path)]
    if here and not arguments.force:
        raise GuardrailError(f"{here[0]} exists already", hint="guardrail init --force replaces it")
    path = here[0] if here else os.path.join(directory, FILE_NAMES[0])
    output.write_file(path, schema.write_beside(path, "settings") + TEMPLATE)
    output.write_stdout(f"wrote {path}; uncomment what you need, then: guardrail check PATH\n")
    return 0
