"""Sensitivity is carried by values: through every function, operator, block and message, and never shown."""

from typing import Any

import pytest

from guardrail.limits import Allowance
from guardrail.model import InstanceVariant, Unknown
from guardrail.sources.hcl.evaluate import evaluate, worked_out
from guardrail.sources.hcl.functions import TABLE
from guardrail.sources.hcl.parse import parse_expression
from guardrail.sources.hcl.scope import EvaluationScope
from guardrail.sources.hcl.values import EvaluationError, Sensitive, unmarked
from tests.sources.hcl.conftest import Read
from tests.sources.hcl.expressions import Nowhere

CANARY = "CANARY"


def evaluated(expression: str) -> Any:
    module = Nowhere(
        {
            "secret": Sensitive(CANARY),
            "number": Sensitive(7),
            "list": Sensitive([CANARY, "b"]),
            "parts": [Sensitive(CANARY), "b"],
            "map": Sensitive({CANARY: "x", "k": "y"}),
            "half": {"k": Sensitive(CANARY), "o": "open"},
        }
    )
    module.trace.has_sensitive = True
    return evaluate(parse_expression(expression, "test"), EvaluationScope(module))


def is_sensitive(value: Any) -> bool:
    return unmarked(value, Allowance())[1]


CALLS = {
    "fileset": '".", secret',
    "abs": "number",
    "base64decode": "base64encode(secret)",
    "ceil": "number",
    "chunklist": "list, 1",
    "cidrhost": '"10.0.0.0/8", number',
    "cidrnetmask": '"10.0.0.0/${number}"',
    "cidrsubnet": '"10.0.0.0/8", number, 0',
    "cidrsubnets": '"10.0.0.0/8", number',
    "coalesce": 'secret, "b"',
    "coalescelist": "list",
    "concat": "list",
    "contains": 'parts, "b"',
    "csvdecode": '"a\\n${secret}"',
    "distinct": "list",
    "element": "list, 0",
    "endswith": 'secret, "b"',
    "flatten": "[list]",
    "floor": "number",
    "format": '"%s", secret',
    "formatlist": '"%s", list',
    "indent": "2, secret",
    "index": 'list, "b"',
    "join": '",", list',
    "jsondecode": "jsonencode(secret)",
    "keys": "map",
    "length": "list",
    "log": "number, 2",
    "lookup": 'map, "k"',
    "matchkeys": "list, list, list",
    "max": "number, 1",
    "merge": "map",
    "min": "number, 1",
    "one": "slice(list, 0, 1)",
    "parseint": '"0${number}", 10',
    "pow": "number, 2",
    "range": "number",
    "regex": '".", secret',
    "regexall": '".", secret',
    "replace": 'secret, "a", "b"',
    "reverse": "list",
    "setintersection": "list, list",
    "setproduct": "list, list",
    "setsubtract": 'list, ["b"]',
    "setunion": "list",
    "signum": "number",
    "slice": "list, 0, 1",
    "sort": "list",
    "split": '",", secret',
    "startswith": 'secret, "b"',
    "strcontains": 'secret, "b"',
    "substr": "secret, 0, 1",
    "sum": "[number]",
    "timeadd": '"2027-01-01T00:00:00Z", "${number}h"',
    "timecmp": '"2027-01-01T00:00:00Z", timeadd("2027-01-01T00:00:00Z", "${number}h")',
    "tobool": '"${number > 1}"',
    "tolist": "list",
    "tomap": "map",
    "tonumber": "number",
    "toset": "list",
    "transpose": "{a = list}",
    "trim": 'secret, "a"',
    "trimprefix": 'secret, "a"',
    "trimsuffix": 'secret, "a"',
    "uuidv5": '"dns", secret',
    "values": "map",
    "yamldecode": "secret",
    "zipmap": "list, list",
    "alltrue": "[number > 1]",
    "anytrue": "[number > 1]",
    "compact": "list",
}
"""Arguments that are sensitive, for each function; those that are not here take one text."""


NO_VALUE = {"abspath", "bcrypt", "file", "plantimestamp", "templatefile", "templatestring", "timestamp", "uuid"} | {
    f"file{digest}" for digest in ("base64", "md5", "sha1", "sha256", "sha512")
}
"""Functions that have no value here: what they read is not there, or is known only later."""


@pytest.mark.parametrize("name", sorted(set(TABLE) - NO_VALUE))
def test_what_a_function_makes_of_something_sensitive_is_sensitive(name: str) -> None:
    assert is_sensitive(evaluated(f"{name}({CALLS.get(name, 'secret')})"))


@pytest.mark.parametrize(
    "expression",
    [
        "secret",
        '"a${secret}"',
        '"%{if secret == "x"}a%{else}b%{endif}"',
        '"%{for x in list}x%{endfor}"',
        "number + 1",
        "-number",
        "!(number > 1)",
        'secret == "a"',
        "number > 1 ? 1 : 2",
        "list[0]",
        "list[*]",
        "map.k",
        'map["k"]',
        '{a = 1}[number > 1 ? "a" : "b"]',
        "half.k",
        "{(secret) = 1}",
        "[for x in list : 1]",
        "{for x in list : x => 1}",
        "{for i, x in parts : x => i}",
        "[for x in [1] : x if number > 1]",
        "try(secret, 1)",
        "sensitive(1)",
    ],
)
def test_what_an_expression_makes_of_something_sensitive_is_sensitive(expression: str) -> None:
    assert is_sensitive(evaluated(expression))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("half.o", "open"),
        ("length(parts)", 2),
        ("parts[1]", "b"),
        ("keys(half)", ["k", "o"]),
        ('lookup(half, "o", "")', "open"),
        ("merge(half, {p = 1}).p", 1),
        ("concat(parts, [])[1]", "b"),
        ("reverse(parts)[0]", "b"),
        ("nonsensitive(secret)", CANARY),
    ],
)
def test_what_stands_beside_something_sensitive_is_not(expression: str, expected: Any) -> None:
    value = evaluated(expression)
    assert (value, is_sensitive(value)) == (expected, False)


@pytest.mark.parametrize(
    "expression",
    [
        "map[secret]",
        "map.missing",
        "lookup({a = 1}, secret)",
        "lookup(map, secret)",
        "file(secret)",
        "templatefile(secret, {})",
        "{for x in [secret, secret] : x => 1}",
        "{for i, x in [1, 2] : secret => i}",
        "[1][secret]",
        "[1][number]",
        "tonumber(secret)",
        "jsondecode(secret)",
        "parseint(secret, 10)",
        'regex("x", secret)',
        "regex(secret, 1)",
        'timeadd(secret, "1h")',
        'cidrhost("10.0.0.0/30", number)',
        'format("%z", secret)',
        "one(list)",
        'index(list, "x")',
        "range(0, 5, -number)",
    ],
)
def test_no_reason_quotes_what_is_sensitive(expression: str) -> None:
    value = worked_out(lambda: evaluated(expression))
    if isinstance(value, Unknown):
        assert CANARY not in value.reason
        assert "7" not in value.reason
    else:
        assert is_sensitive(value)


def test_an_error_about_what_is_open_names_it() -> None:
    with pytest.raises(EvaluationError, match="there is no key 'b'"):
        evaluated('{a = 1}["b"]')


FLEET = """
variable "fleet" {
  sensitive = true
  default   = [{ name = "CANARY", type = "ml.m5.large", count = 3 }]
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  dynamic "production_variants" {
    for_each = var.fleet
    content {
      variant_name           = production_variants.value.name
      model_name             = "m"
      instance_type          = production_variants.value.type
      initial_instance_count = production_variants.value.count
    }
  }
}
resource "aws_sagemaker_endpoint" "e" {
  for_each             = { a = var.fleet[0].name }
  name                 = each.value
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""


def test_blocks_and_instances_made_of_something_sensitive_are_marked(read: Read) -> None:
    (endpoint,) = read(FLEET).after.endpoints
    assert not isinstance(endpoint.variants, Unknown)
    assert endpoint.variants[0].sensitive
    assert CANARY not in str(read(FLEET))


def test_a_text_that_is_secret_in_part_is_read_as_plain_text(read: Read) -> None:
    """What comes of it is shared with all that say the same, and no report can write a kind of text of its own."""
    source = FLEET.replace("production_variants.value.type", '"ml.${substr(production_variants.value.type, 3, -1)}"')
    (endpoint,) = read(source).after.endpoints
    (variant,) = endpoint.variants  # type: ignore[misc] # it is known
    assert isinstance(variant, InstanceVariant)
    assert (variant.instance_type, type(variant.instance_type), variant.sensitive) == ("ml.m5.large", str, True)


@pytest.mark.parametrize("argument", ["count = var.fleet[0].count", "for_each = toset([var.fleet[0].name])"])
def test_instances_are_not_counted_by_something_sensitive_as_terraform_refuses_that(read: Read, argument: str) -> None:
    source = FLEET.replace("for_each             = { a = var.fleet[0].name }", argument).replace("each.value", '"e"')
    (endpoint,) = read(source).after.endpoints
    assert endpoint.address == "aws_sagemaker_endpoint.e[*]"


def test_a_sensitive_default_tag_is_not_shown(read: Read) -> None:
    provider = (
        'provider "aws" {\n  region = "eu-west-1"\n  default_tags {\n    tags = { Owner = var.fleet[0].name }\n  }\n}\n'
    )
    assert CANARY not in str(read({"main.tf": provider + FLEET}))
