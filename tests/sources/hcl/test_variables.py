"""Where the values of variables come from, and what their types make of them."""

import pytest

from guardrail.errors import SourceError
from guardrail.model import Unknown
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions
from tests.sources.hcl.conftest import Read, Write

ENDPOINT = 'resource "aws_sagemaker_endpoint" "e" {\n  name = var.name\n  endpoint_config_name = "c"\n}\n'
DECLARED = 'variable "name" {\n  type = string\n  default = "default"\n}\n' + ENDPOINT

SOURCES = {
    "TF_VAR": "environment",
    "terraform.tfvars": 'name = "terraform.tfvars"\nunknown_to_this_module = 1\n',
    "terraform.tfvars.json": '{"name": "terraform.tfvars.json"}',
    "a.auto.tfvars": 'name = "a.auto.tfvars"\n',
    "b.auto.tfvars.json": '{"name": "b.auto.tfvars.json"}',
    "own.tfvars": 'name = "own.tfvars"\n',
}


@pytest.mark.parametrize("strongest", range(len(SOURCES)))
def test_later_sources_win(read: Read, strongest: int) -> None:
    """Terraform's order: environment, terraform.tfvars, its JSON, *.auto.tfvars by name, --var-file."""
    present = dict(list(SOURCES.items())[: strongest + 1])
    environment = {"TF_VAR_name": present.pop("TF_VAR")}
    given = ["@own.tfvars"] if "own.tfvars" in present else []
    (found,) = read({"main.tf": DECLARED, **present}, given, environment).after.endpoints
    assert found.name == (list(present) or ["environment"])[-1]


@pytest.mark.parametrize(
    ("given", "name"), [(["name=x", "@own.tfvars"], "own.tfvars"), (["@own.tfvars", "name=x"], "x")]
)
def test_the_command_line_counts_in_its_own_order(read: Read, given: list[str], name: str) -> None:
    (found,) = read({"main.tf": DECLARED, "own.tfvars": SOURCES["own.tfvars"]}, given).after.endpoints
    assert found.name == name


def test_a_text_is_a_text_and_anything_else_an_expression(read: Read) -> None:
    text = 'variable "names" {\n  type = list(string)\n}\nvariable "name" {}\n' + ENDPOINT.replace(
        "{\n", "{\n  count = length(var.names)\n", 1
    ).replace("var.name\n", '"${var.name}-${var.names[count.index]}"\n')
    change_set = read({"main.tf": text}, ['names=["a", "b"]', "name=[1"])
    assert [each.name for each in change_set.after.endpoints] == ["[1-a", "[1-b"]


def test_a_variable_without_a_value_is_unknown_and_says_so(read: Read) -> None:
    (found,) = read({"main.tf": 'variable "name" {}\n' + ENDPOINT}).after.endpoints
    assert isinstance(found.name, Unknown)
    assert found.name.reason == 'variable "name" has no value'


def test_a_value_of_the_environment_that_must_not_be_seen_is_unknown_and_not_the_default(read: Read) -> None:
    hidden = Unknown("TF_VAR_name is not read")
    (found,) = read({"main.tf": DECLARED}, environment={"TF_VAR_name": hidden}).after.endpoints
    assert found.name == hidden
    (found,) = read({"main.tf": DECLARED}, ["name=given"], environment={"TF_VAR_name": hidden}).after.endpoints
    assert found.name == "given", "what is stronger still counts"


TYPES = [
    ("string", "5", '"5"'),
    ("number", '"5"', "5"),
    ("bool", '"true"', "true"),
    ("list(string)", "[1, true]", '["1", "true"]'),
    ("set(string)", '["b", "a", "b"]', 'toset(["a", "b"])'),
    ("map(number)", '{a = "1"}', "{a = 1}"),
    ("tuple([string, number])", '[1, "2"]', '["1", 2]'),
    ('object({a = string, b = optional(number), c = optional(list(string), ["x"])})', "{a = 1, z = 2}",
     '{a = "1", b = null, c = ["x"]}'),
    ("map(object({n = optional(number, 1)}))", "{x = {}, y = {n = 3}}", "{x = {n = 1}, y = {n = 3}}"),
    ("any", "[1, 2]", "[1, 2]"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "given", "expected"), TYPES, ids=[type_ for type_, _, _ in TYPES])
def test_a_value_is_converted_to_the_type_of_its_variable(read: Read, type_: str, given: str, expected: str) -> None:
    text = (
        f'variable "v" {{\n  type = {type_}\n  default = {given}\n}}\n'
        f'locals {{\n  name = jsonencode(var.v) == jsonencode({expected}) ? "as expected" : jsonencode(var.v)\n}}\n'
    )
    (found,) = read({"main.tf": text + ENDPOINT.replace("var.name", "local.name")}).after.endpoints
    assert found.name == "as expected"


@pytest.mark.parametrize(
    ("type_", "given", "reason"),
    [
        ("number", '"many"', "it is no number"),
        ("object({a = string})", "{}", "the attribute a is missing"),
        ("list(string)", '"a"', "it is no list"),
        ("nonsense", "1", "there is no type nonsense"),
    ],
)
def test_a_value_that_does_not_fit_is_unknown_with_the_reason(read: Read, type_: str, given: str, reason: str) -> None:
    text = f'variable "name" {{\n  type = {type_}\n  default = {given}\n}}\n'
    (found,) = read({"main.tf": text + ENDPOINT}).after.endpoints
    assert isinstance(found.name, Unknown)
    assert found.name.reason == f'the value of variable "name" does not fit its type: {reason}'


def test_null_means_the_default_where_a_variable_is_not_nullable(read: Read) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n  name = null\n}\n',
        "m/main.tf": 'variable "name" {\n  default = "d"\n  nullable = false\n}\n' + ENDPOINT,
    }
    assert [each.name for each in read(files).after.endpoints] == ["d"]


def test_a_directory_is_read_once_for_each_label(write: Write) -> None:
    write({"main.tf": DECLARED, "dev.tfvars": 'name = "dev"\n', "prod.tfvars": 'name = "prod"\n'})
    found = list(hcl.read(["."], SourceOptions(assignments=["@dev=dev.tfvars", "@prod=prod.tfvars"])))
    assert [(each.path, each.label, each.after.endpoints[0].name) for each in found] == [
        (".", "dev", "dev"),
        (".", "prod", "prod"),
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["nmae=x"], "--var nmae: . declares no such variable, did you mean name?"),
        (["@nope.tfvars"], "nope.tfvars cannot be read: no such file or directory"),
        (["@bad.tfvars"], "bad.tfvars:1:6: this is no value, or a name that is there twice"),
        (["@blocks.tfvars"], "blocks.tfvars:1:1: a file of values has no blocks"),
    ],
)
def test_a_value_that_cannot_be_given_is_an_error(write: Write, given: list[str], problem: str) -> None:
    write({"main.tf": DECLARED, "bad.tfvars": "name = \n", "blocks.tfvars": "a {\n}\n"})
    with pytest.raises(SourceError) as caught:
        list(hcl.read(["."], SourceOptions(assignments=given)))
    assert caught.value.message == problem
