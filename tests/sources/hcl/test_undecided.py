"""What nobody knows and is one of several: a possibility for each, as undecided parameters of a template make them."""

from typing import Any

import pytest

from guardrail.model import ChangeSet, InstanceVariant, Unknown
from guardrail.sources.hcl.undecided import MOST, Decision, ways
from tests.sources.hcl.conftest import Read

CONFIGURATIONS = """
variable "on" { type = bool }
variable "active" {}
variable "env" { type = string }
data "aws_ssm_parameter" "active" { name = "/chat/active" }
resource "aws_sagemaker_endpoint_configuration" "c" {
  for_each    = { blue = "ml.m5.large", green = "ml.m5.4xlarge" }
  name_prefix = each.key
  production_variants {
    variant_name           = "main"
    instance_type          = each.value
    initial_instance_count = 1
  }
}
"""
VARIANT = """
variable "on" { type = bool }
variable "active" {}
variable "env" { type = string }
variable "sizes" { type = list(string) }
locals {
  is_prod = var.env == "prod"
  types   = { small = "ml.m5.large", large = "ml.m5.4xlarge" }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  production_variants {
    variant_name           = "main"
    instance_type          = TYPE
    initial_instance_count = COUNT
  }
}
resource "aws_sagemaker_endpoint" "e" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""
MODULE = {
    "m/main.tf": """
variable "type" {}
variable "big" { default = false }
resource "aws_sagemaker_endpoint_configuration" "c" {
  production_variants {
    variant_name           = "main"
    instance_type          = var.big ? "ml.m5.24xlarge" : var.type
    initial_instance_count = 1
  }
}
output "name" { value = aws_sagemaker_endpoint_configuration.c.name }
"""
}


def fleets(changes: ChangeSet) -> dict[str, list[Any]]:
    """What runs in each possibility: type and count of every variant of every endpoint."""
    return {
        each.given: [
            (variant.instance_type, variant.initial_instance_count)
            for endpoint in each.after.endpoints
            if not isinstance(endpoint.variants, Unknown)
            for variant in endpoint.variants
            if isinstance(variant, InstanceVariant)
        ]
        for each in changes.possibilities
    }


def uses(expression: str) -> str:
    return f'{CONFIGURATIONS}\nresource "aws_sagemaker_endpoint" "e" {{\n  endpoint_config_name = {expression}\n}}\n'


@pytest.mark.parametrize(
    ("expression", "blue", "green"),
    [
        (
            "aws_sagemaker_endpoint_configuration.c[var.active].name",
            'var.active = "blue"',
            'var.active = "green"',
        ),
        (
            (
                'var.on ? aws_sagemaker_endpoint_configuration.c["blue"].name : '
                'aws_sagemaker_endpoint_configuration.c["green"].id'
            ),
            "var.on = true",
            "var.on = false",
        ),
        (
            'aws_sagemaker_endpoint_configuration.c[!var.on ? "green" : "blue"].name',
            "var.on = true",
            "var.on = false",
        ),
        (
            'aws_sagemaker_endpoint_configuration.c[var.env != "prod" ? "green" : "blue"].name',
            'var.env == "prod"',
            'var.env != "prod"',
        ),
        (
            "{ for key, each in aws_sagemaker_endpoint_configuration.c : key => each.name }[var.active]",
            'var.active = "blue"',
            'var.active = "green"',
        ),
        (
            "values(aws_sagemaker_endpoint_configuration.c)[var.active].name",
            'var.active = "0"',
            'var.active = "1"',
        ),
        (
            "aws_sagemaker_endpoint_configuration.c[data.aws_ssm_parameter.active.value].name",
            'data.aws_ssm_parameter.active.value = "blue"',
            'data.aws_ssm_parameter.active.value = "green"',
        ),
        (
            (
                'contains(["a", "b"], var.env) ? aws_sagemaker_endpoint_configuration.c["blue"].name : '
                'aws_sagemaker_endpoint_configuration.c["green"].name'
            ),
            'contains(["a", "b"], var.env)',
            'not contains(["a", "b"], var.env)',
        ),
    ],
)
def test_an_endpoint_uses_exactly_one_of_several_configurations(
    read: Read, expression: str, blue: str, green: str
) -> None:
    changes = read(uses(expression))
    assert fleets(changes) == {blue: [("ml.m5.large", 1)], green: [("ml.m5.4xlarge", 1)]}
    assert [one.address for one in changes.after.endpoints] == ["aws_sagemaker_endpoint.e"]
    assert changes.after.unattached == ()
    assert changes.skipped == ()


def test_a_value_decides_it(read: Read) -> None:
    changes = read(uses("aws_sagemaker_endpoint_configuration.c[var.active].name"), ["active=green"])
    assert changes.possibilities == ()
    assert [one.configuration_address for one in changes.after.endpoints] == [
        'aws_sagemaker_endpoint_configuration.c["green"]'
    ]


@pytest.mark.parametrize(
    ("type_", "count", "expected"),
    [
        (
            'var.on ? "ml.m5.4xlarge" : "ml.m5.large"',
            "var.on ? 1 : 4",
            {"var.on = true": [("ml.m5.4xlarge", 1)], "var.on = false": [("ml.m5.large", 4)]},
        ),
        (
            "local.types[var.active]",
            "1",
            {'var.active = "small"': [("ml.m5.large", 1)], 'var.active = "large"': [("ml.m5.4xlarge", 1)]},
        ),
        (
            'local.is_prod ? "ml.m5.4xlarge" : "ml.m5.large"',
            'var.env == "prod" ? 2 : var.env == "test" ? 3 : 1',
            {
                'var.env == "prod"': [("ml.m5.4xlarge", 2)],
                'var.env == "test"': [("ml.m5.large", 3)],
                'var.env != "prod", var.env != "test"': [("ml.m5.large", 1)],
            },
        ),
        (
            '"ml.m5.large"',
            'var.env == var.active ? (var.env == "prod" ? 2 : 5) : 1',  # equality says of neither which one it is
            {
                'var.env == "prod", var.env == var.active': [("ml.m5.large", 2)],
                'var.env == "prod", var.env != var.active': [("ml.m5.large", 1)],
                'var.env != "prod", var.env == var.active': [("ml.m5.large", 5)],
                'var.env != "prod", var.env != var.active': [("ml.m5.large", 1)],
            },
        ),
        (
            'lookup(local.types, var.active, "ml.t2.medium")',
            "1",
            {
                'var.active = "small"': [("ml.m5.large", 1)],
                'var.active = "large"': [("ml.m5.4xlarge", 1)],
                "another var.active": [("ml.t2.medium", 1)],
            },
        ),
        (
            'try(local.types[var.active], "ml.t2.medium")',
            "1",
            {
                'var.active = "small"': [("ml.m5.large", 1)],
                'var.active = "large"': [("ml.m5.4xlarge", 1)],
                "another var.active": [("ml.t2.medium", 1)],
            },
        ),
        (
            '"ml.m5.${var.on && length(var.sizes) > 1 ? "4x" : ""}large"',
            "1",
            {
                "(var.on && (length(var.sizes) > 1))": [("ml.m5.4xlarge", 1)],
                "not (var.on && (length(var.sizes) > 1))": [("ml.m5.large", 1)],
            },
        ),
    ],
)
def test_a_variant_is_one_of_several_that_hang_together(
    read: Read, type_: str, count: str, expected: dict[str, Any]
) -> None:
    """Type and count follow one variable, so that there are no other combinations of the two."""
    assert fleets(read(VARIANT.replace("TYPE", type_).replace("COUNT", count))) == expected


def test_what_makes_no_difference_makes_no_possibilities(read: Read) -> None:
    changes = read(VARIANT.replace("TYPE", 'var.on ? "ml.m5.large" : "ml.m5.large"').replace("COUNT", "1"))
    assert (changes.possibilities, changes.notices) == ((), ())


def test_a_decision_that_makes_no_difference_is_not_asked_for(read: Read) -> None:
    """The tag that a policy reads is the same whatever var.active is, and the type is not."""
    text = VARIANT.replace("TYPE", 'var.on ? "ml.m5.4xlarge" : "ml.m5.large"').replace(
        "COUNT", 'var.active == "a" ? "1" : 1'
    )
    assert list(fleets(read(text))) == ["var.on = true", "var.on = false"]


def test_one_that_is_managed_elsewhere_is_a_possibility_of_which_nothing_is_known(read: Read) -> None:
    changes = read(uses('var.on ? var.active : aws_sagemaker_endpoint_configuration.c["blue"].name'))
    given, used = changes.possibilities
    assert (given.given, used.given) == ("var.on = true", "var.on = false")
    assert all(isinstance(one.variants, Unknown) for one in given.after.endpoints if one.deployed == "yes")
    assert fleets(changes)["var.on = false"] == [("ml.m5.large", 1)]


def test_modules_are_chosen_between_too(read: Read) -> None:
    text = """
variable "active" {}
module "m" {
  source   = "./m"
  for_each = { blue = "ml.m5.large", green = "ml.m5.4xlarge" }
  type     = each.value
}
resource "aws_sagemaker_endpoint" "e" {
  endpoint_config_name = module.m[var.active].name
}
"""
    assert fleets(read({"main.tf": text, **MODULE})) == {
        'var.active = "blue"': [("ml.m5.large", 1)],
        'var.active = "green"': [("ml.m5.4xlarge", 1)],
    }


def test_a_condition_holds_in_every_module_that_it_is_passed_to(read: Read) -> None:
    text = """
variable "on" { type = bool }
module "m" {
  source = "./m"
  type   = var.on ? "ml.m5.large" : "ml.m5.xlarge"
  big    = !var.on
}
resource "aws_sagemaker_endpoint" "e" {
  endpoint_config_name = module.m.name
}
"""
    assert fleets(read({"main.tf": text, **MODULE})) == {
        "var.on = true": [("ml.m5.large", 1)],
        "var.on = false": [("ml.m5.24xlarge", 1)],
    }


def test_a_condition_that_makes_one_or_another_of_two_counts_too(read: Read) -> None:
    """Blue and green are there by turns; what a condition counts is asked, where it chooses a configuration as well."""
    text = """
variable "blue" { type = bool }
resource "aws_sagemaker_endpoint_configuration" "blue" {
  count = var.blue ? 1 : 0
  production_variants {
    variant_name           = "main"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint_configuration" "green" {
  count = var.blue ? 0 : 1
  production_variants {
    variant_name           = "main"
    instance_type          = "ml.m5.4xlarge"
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  endpoint_config_name = (
    var.blue ? aws_sagemaker_endpoint_configuration.blue[0].name : aws_sagemaker_endpoint_configuration.green[0].name
  )
}
"""
    changes = read(text)
    assert fleets(changes) == {"var.blue = true": [("ml.m5.large", 1)], "var.blue = false": [("ml.m5.4xlarge", 1)]}
    assert [one.address for one in changes.after.endpoints] == ["aws_sagemaker_endpoint.e"]


def test_one_of_two_known_numbers_of_endpoints_is_no_open_end(read: Read) -> None:
    text = (
        VARIANT.replace("TYPE", '"ml.m5.large"')
        .replace("COUNT", "1")
        .replace('"e" {', '"e" {\n  for_each = var.on ? toset(["a"]) : toset(["a", "b"])')
    )
    changes = read(text)
    assert {given: len(found) for given, found in fleets(changes).items()} == {"var.on = true": 1, "var.on = false": 2}
    assert changes.complete


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        ("count = var.on ? 1 : 0", "count = var.on ? 0 : 1", ("var.on = true", "var.on = false")),
        ('for_each = toset(var.on ? ["a"] : [])', "count = !var.on ? 1 : 0", ("var.on = true", "var.on = false")),
        (
            'count = var.env == "prod" ? 1 : 0',
            'count = var.env != "prod" ? 1 : 0',
            ('var.env == "prod"', 'var.env != "prod"'),
        ),
    ],
)
def test_endpoints_that_exist_by_turns_are_never_there_together(
    read: Read, first: str, second: str, given: tuple[str, str]
) -> None:
    text = VARIANT.replace("TYPE", '"ml.m5.large"').replace("COUNT", "1").replace('"e" {', f'"e" {{\n  {first}')
    other = f"""
resource "aws_sagemaker_endpoint" "f" {{
  {second}
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}}
"""
    found = read(text + other).possibilities
    one, two = ([each.address.partition("[")[0] for each in possibility.after.endpoints] for possibility in found)
    assert tuple(each.given for each in found) == given
    assert (one, two) == (["aws_sagemaker_endpoint.e"], ["aws_sagemaker_endpoint.f"])


def test_a_condition_on_whether_an_endpoint_is_there_is_two_possibilities(read: Read) -> None:
    """As a ``Condition`` of a template is, so that a policy is open in both and fails in neither."""
    text = VARIANT.replace("TYPE", '"ml.m5.large"').replace("COUNT", "2")
    changes = read(text.replace('"e" {', '"e" {\n  count = var.on ? 1 : 0'))
    assert fleets(changes) == {"var.on = true": [("ml.m5.large", 2)], "var.on = false": []}


def test_what_may_be_there_or_not_leaves_other_possibilities_where_both_are_too_many(read: Read) -> None:
    """2 × 2 ^ 6 = 128 are more than 64; the one that chooses a type is tried all the same."""
    variables = "".join(f'variable "v{at}" {{ type = bool }}\n' for at in range(6))
    extra = "".join(
        f"""
resource "aws_sagemaker_endpoint" "e{at}" {{
  count                = var.v{at} ? 1 : 0
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}}
"""
        for at in range(6)
    )
    text = VARIANT.replace("TYPE", 'var.on ? "ml.m5.large" : "ml.m5.4xlarge"').replace("COUNT", "1")
    changes = read(variables + text + extra)
    assert [each.given for each in changes.possibilities] == ["var.on = true", "var.on = false"]
    assert [each.deployed for each in changes.possibilities[0].after.endpoints] == ["yes", *["possibly"] * 6]


@pytest.mark.parametrize("choice", ["coalesce(var.env, NAME)", "try(var.names[0], NAME)", "lookup(var.names, 0, NAME)"])
def test_a_name_that_may_be_another_leads_to_no_configuration_for_certain(read: Read, choice: str) -> None:
    name = "aws_sagemaker_endpoint_configuration.c.name"
    text = VARIANT.replace("TYPE", '"ml.m5.large"').replace("COUNT", "1")
    text = text.replace(f"= {name}", f"= {choice.replace('NAME', name)}")
    changes = read('variable "names" {}\n' + text)
    endpoint, configuration = changes.after.endpoints
    assert endpoint.configuration_address is None
    assert endpoint.candidates == ()
    assert isinstance(endpoint.variants, Unknown)
    assert configuration.deployed == "possibly"


def test_a_region_is_one_of_several(read: Read) -> None:
    text = """
variable "eu" { type = bool }
provider "aws" { region = var.eu ? "eu-west-1" : "us-east-1" }
"""
    found = read({"main.tf": text + VARIANT.replace("TYPE", '"ml.m5.large"').replace("COUNT", "1")})
    assert [(each.given, each.after.endpoints[0].region) for each in found.possibilities] == [
        ("var.eu = true", "eu-west-1"),
        ("var.eu = false", "us-east-1"),
    ]


def test_too_many_possibilities_are_said(read: Read) -> None:
    """2 ^ 7 = 128 are more than 64."""
    variables = "".join(f'variable "v{at}" {{ type = bool }}\n' for at in range(7))
    count = " + ".join(f"(var.v{at} ? 1 : 2)" for at in range(7))
    changes = read(variables + VARIANT.replace("TYPE", '"ml.m5.large"').replace("COUNT", count))
    assert changes.possibilities == ()
    assert [notice for notice in changes.notices if notice.startswith("too many possibilities")]


def test_possibilities_that_have_too_many_blocks_together_are_said(read: Read) -> None:
    """Read once, each of six blocks stands for all of its instances; 64 ways with 1,200 on average have 76,800."""
    variables = "".join(f'variable "v{at}" {{ type = bool }}\n' for at in range(6))
    blocks = "".join(
        f'resource "aws_sagemaker_endpoint" "e{at}" {{\n  count = var.v{at} ? 400 : 0\n}}\n' for at in range(6)
    )
    changes = read(variables + blocks)
    assert changes.possibilities == ()
    assert [notice for notice in changes.notices if notice.startswith("too many possibilities")]


def test_ways_are_all_combinations_that_one_value_can_take() -> None:
    prod, test = Decision('var.env == "prod"', ""), Decision('var.env == "test"', "")
    key = Decision("var.env", "", ("prod", "dev"))
    on = Decision("var.on", "")
    assert [tuple(way.values()) for way in ways([prod, test])] == [("true", "false"), ("false", "true"), ("false",) * 2]
    assert [tuple(way.values()) for way in ways([prod, key])] == [("true", "prod"), ("false", "dev")]
    assert [tuple(way.values()) for way in ways([on, Decision("var.on", "", ("true", "x"))])] == [("true", "true")]
    either = [Decision(f'(var.a || var.env == "{name}")', "") for name in ("x", "y")]
    assert len(ways(either)) == 4
    assert len(ways([Decision("var.a == var.b", ""), Decision("var.a", "")])) == 4
    assert ways([Decision("var.k", "", tuple(map(str, range(MOST + 1))))]) == []
