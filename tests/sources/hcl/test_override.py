"""Override files are merged as Terraform merges them, and what they bring is found where they say it."""

import pytest

from guardrail.errors import SourceError
from guardrail.model import ChangeSet, InstanceVariant, Location, Unknown
from tests.sources.hcl.conftest import PROVIDER, Read

MAIN = (
    PROVIDER
    + """\
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "c"
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
  dynamic "shadow_production_variants" {
    for_each = ["ml.c5.large"]
    content {
      variant_name           = "shadow"
      model_name             = "m"
      instance_type          = shadow_production_variants.value
      initial_instance_count = 1
    }
  }
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}
"""
)
VARIANT = """\
    variant_name           = "other"
    model_name             = "m"
    instance_type          = "ml.m5.4xlarge"
    initial_instance_count = 3
"""
STATIC = f"  production_variants {{\n{VARIANT}  }}\n"
DYNAMIC = f'  dynamic "production_variants" {{\n    for_each = [1]\n    content {{\n{VARIANT}    }}\n  }}\n'
JSON = (
    '{"resource": {"aws_sagemaker_endpoint_configuration": {"c": {"production_variants": [{\n'
    '  "variant_name": "other", "model_name": "m", "instance_type": "ml.m5.4xlarge", "initial_instance_count": 3\n'
    "}]}}}}\n"
)


def configuration(body: str) -> str:
    return f'resource "aws_sagemaker_endpoint_configuration" "c" {{\n{body}}}\n'


def fleet(change_set: ChangeSet) -> list[tuple[object, ...]]:
    (endpoint,) = change_set.after.endpoints
    assert not isinstance(endpoint.variants, Unknown)
    return [
        (each.name, each.instance_type, each.initial_instance_count)
        for each in endpoint.variants
        if isinstance(each, InstanceVariant)
    ]


SHADOW = ("shadow", "ml.c5.large", 1)
OTHER = ("other", "ml.m5.4xlarge", 3)


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("override.tf", configuration(STATIC)),
        ("x_override.tf", configuration(DYNAMIC)),
        ("override.tf.json", JSON),
        ("a_override.tofu", configuration(STATIC)),
    ],
)
def test_nested_blocks_replace_those_of_their_name_however_either_is_written(
    read: Read, name: str, override: str
) -> None:
    assert fleet(read({"main.tf": MAIN, name: override})) == [OTHER, SHADOW]


def test_a_dynamic_block_is_replaced_by_its_label_alone(read: Read) -> None:
    override = configuration(DYNAMIC.replace('"production_variants"', '"shadow_production_variants"'))
    assert fleet(read({"main.tf": MAIN, "override.tf": override})) == [("main", "ml.m5.large", 1), OTHER]


def test_blocks_override_what_is_json(read: Read) -> None:
    endpoint = MAIN[MAIN.index('resource "aws_sagemaker_endpoint" ') :]
    json = JSON.replace("other", "main").replace("{\n  ", '{\n  "volume_size_in_gb": 5, ')
    assert fleet(read({"main.tf": PROVIDER + endpoint, "c.tf.json": json, "override.tf": configuration(STATIC)})) == [
        OTHER
    ]


def test_override_files_are_merged_in_the_order_of_their_names(read: Read) -> None:
    files = {
        "main.tf": MAIN,
        "b_override.tf": 'resource "aws_sagemaker_endpoint" "e" {\n  name = "b"\n}\n',
        "a_override.tf": 'resource "aws_sagemaker_endpoint" "e" {\n  name = "a"\n}\n',
    }
    (endpoint,) = read(files).after.endpoints
    assert endpoint.name == "b"


def test_variables_locals_outputs_and_calls_are_overridden_by_their_arguments(read: Read) -> None:
    files = {
        "main.tf": 'variable "n" {\n  type    = number\n  default = "1"\n}\nlocals {\n  a = "a"\n  b = "b"\n}\n'
        'module "m" {\n  source = "./modules/m"\n  name   = "${local.a}${local.b}${var.n}"\n}\n',
        "override.tf": 'variable "n" {\n  default = "2"\n}\nlocals {\n  b = "B"\n}\n'
        'module "m" {\n  source = "./other"\n}\n',
        "modules/m/main.tf": "",
        "other/main.tf": 'variable "name" {}\noutput "o" {\n  value = "old"\n}\n'
        'resource "aws_sagemaker_endpoint" "e" {\n  name = var.name\n  endpoint_config_name = "c"\n}\n',
        "other/override.tf": 'output "o" {\n  value = "new"\n}\n',
        "use.tf": 'resource "aws_sagemaker_endpoint" "f" {\n  name = module.m.o\n  endpoint_config_name = "c"\n}\n',
    }
    assert [each.name for each in read(files).after.endpoints] == ["new", "aB2"]


def test_a_provider_is_merged_into_the_one_of_its_alias(read: Read) -> None:
    tags = 'provider "aws" {\n  default_tags {\n    tags = { Owner = "ada" }\n  }\n}\n'
    alias = 'provider "aws" {\n  alias = "us"\n  region = "REGION"\n}\n'
    files = {
        "main.tf": MAIN
        + alias.replace("REGION", "us-west-2")
        + 'resource "aws_sagemaker_endpoint" "f" {\n'
        + '  provider = aws.us\n  name = "f"\n  endpoint_config_name = "c"\n}\n',
        "override.tf": tags + alias.replace("REGION", "us-east-1"),
    }
    assert [(each.name, each.region, each.tags) for each in read(files).after.endpoints] == [
        ("e", "eu-west-1", {"Owner": "ada"}),
        ("f", "us-east-1", {}),
    ]


def test_a_provider_without_alias_needs_none_to_override(read: Read) -> None:
    files = {"main.tf": MAIN.replace(PROVIDER, ""), "override.tf": PROVIDER}
    assert read(files).after.endpoints[0].region == "eu-west-1"


def test_lifecycle_is_merged_by_its_arguments(read: Read) -> None:
    files = {
        "main.tf": MAIN.replace(
            '  name                 = "e"\n', '  name = "e"\n  lifecycle {\n    enabled = false\n  }\n'
        ),
        "override.tf": 'resource "aws_sagemaker_endpoint" "e" {\n  lifecycle {\n    ignore_changes = all\n  }\n}\n',
    }
    assert read(files).after.endpoints == ()


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ('resource "aws_sagemaker_endpoint" "nope" {\n}\n', "1:1: there is no resource aws_sagemaker_endpoint.nope"),
        ('variable "nope" {\n}\n', "1:1: there is no variable nope to override"),
        ("locals {\n  nope = 1\n}\n", "2:3: the local value nope overrides none of this name"),
        ('provider "aws" {\n  alias = "nope"\n}\n', "1:1: there is no provider aws to override"),
    ],
)
def test_what_overrides_nothing_is_an_error_as_in_terraform(read: Read, override: str, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        read({"main.tf": MAIN, "override.tf": override})
    assert caught.value.message.startswith(f"override.tf:{problem}")


def test_a_provider_that_is_there_twice_is_an_error(read: Read) -> None:
    with pytest.raises(SourceError, match=r"b\.tf:1:1: the provider aws is declared twice, first at a\.tf:1"):
        read({"a.tf": PROVIDER, "b.tf": PROVIDER})


def test_what_an_override_file_says_is_found_there(read: Read) -> None:
    (endpoint,) = read({"main.tf": MAIN, "override.tf": configuration("\n" + STATIC)}).after.endpoints
    assert not isinstance(endpoint.variants, Unknown)
    other, shadow = endpoint.variants
    assert other.location == Location("override.tf", 6, 5)  # the instance type: four lines below the block in line 3
    assert shadow.location == Location("main.tf", 17, 7)  # three lines of the provider, and the fourteenth of the rest
    assert endpoint.configuration_location == Location("main.tf", 4, 1)
    (endpoint,) = read({"main.tf": MAIN, "override.tf": "", "override.tf.json": JSON}).after.endpoints
    assert endpoint.variants[0].location == Location("override.tf.json", 2, 47)  # type: ignore[index] # it is known


def test_a_waiver_in_an_override_file_is_for_the_block_that_it_overrides(read: Read) -> None:
    ignore = '# guardrail:ignore realtime-variants-scale until=2027-01-31 reason="load test"\n'
    (waiver,) = read({"main.tf": MAIN, "override.tf": ignore + configuration("")}).waivers
    assert waiver.address == "aws_sagemaker_endpoint_configuration.c"
    assert waiver.location == Location("override.tf", 1, 1)
