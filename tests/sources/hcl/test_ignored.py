"""``ignore_changes``: what Terraform leaves alone never reaches what runs, whatever source says of it."""

import json

import pytest

from guardrail.model import Unknown
from guardrail.sources import plan
from tests.sources.hcl.conftest import Read, Write
from tests.sources.plans import change, configuration, endpoint
from tests.sources.plans import plan as plan_of
from tests.sources.plans import variant as variant_on

STACK = """
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "chat"
  production_variants {
    variant_name           = "main"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }
  CONFIGURATION
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "chat"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
  ENDPOINT
}
"""


def stack(*, endpoint: str = "", configuration: str = "") -> str:
    """A stack whose blocks leave these changes alone."""
    text = STACK
    for name, items in (("ENDPOINT", endpoint), ("CONFIGURATION", configuration)):
        text = text.replace(f"  {name}\n", f"  lifecycle {{\n    ignore_changes = {items}\n  }}\n" if items else "")
    return text


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("[endpoint_config_name]", ("endpoint_config_name",)),
        ("[tags, endpoint_config_name]", ("endpoint_config_name",)),
        ("all", ("all",)),
        ('["endpoint_config_name"]', ("endpoint_config_name",)),
        ('["*"]', ("all",)),
        ("[tags]", ()),
        ('[tags["team"], deployment_config]', ()),
        ("[]", ()),
    ],
)
def test_an_endpoint_that_leaves_its_configuration_alone(read: Read, items: str, expected: tuple[str, ...]) -> None:
    (found,) = read(stack(endpoint=items)).after.endpoints
    assert found.ignored_changes == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("[production_variants]", ("production_variants",)),
        ("[production_variants[0].initial_instance_count]", ("production_variants[0].initial_instance_count",)),
        ("all", ("all",)),
        ("[name, name_prefix, tags, tags_all]", ()),
    ],
)
def test_a_configuration_whose_variants_are_left_alone_never_changes(
    read: Read, items: str, expected: tuple[str, ...]
) -> None:
    (found,) = read(stack(configuration=items)).after.endpoints
    assert found.ignored_changes == expected


def test_json_and_override_files_say_it_too(read: Read) -> None:
    override = {
        "resource": {"aws_sagemaker_endpoint": {"e": {"lifecycle": {"ignore_changes": ["endpoint_config_name"]}}}}
    }
    (found,) = read({"main.tf": stack(endpoint="[tags]"), "override.tf.json": json.dumps(override)}).after.endpoints
    assert found.ignored_changes == ("endpoint_config_name",)


def test_a_module_says_it_of_each_of_its_endpoints(read: Read) -> None:
    call = 'module "m" {\n  source = "./m"\n  count  = 2\n}\n'
    inside = stack(endpoint="all").replace('name = "chat"', "")
    found = read({"main.tf": call, "m/main.tf": inside}).after.endpoints
    assert [each.ignored_changes for each in found] == [("all",), ("all",)]


def test_of_two_configurations_the_one_that_is_left_alone_leaves_it_open(read: Read) -> None:
    text = stack(configuration="[production_variants]").replace(
        "aws_sagemaker_endpoint_configuration.c.name",
        "var.on ? aws_sagemaker_endpoint_configuration.c.name : aws_sagemaker_endpoint_configuration.d.name",
    )
    other = stack().partition('resource "aws_sagemaker_endpoint" ')[0].replace('"c"', '"d"').replace('"chat"', '"dull"')
    changes = read(f'variable "on" {{ type = bool }}\n{text}{other}')
    (found,) = changes.after.endpoints
    assert isinstance(found.ignored_changes, Unknown)
    assert [each.after.endpoints[0].ignored_changes for each in changes.possibilities] == [("production_variants",), ()]


def test_the_source_beside_a_plan_says_it(write: Write) -> None:
    """A plan in JSON has no ``lifecycle``."""
    root = write({"main.tf": stack(endpoint="[endpoint_config_name]")})
    address = "aws_sagemaker_endpoint.e"
    document = plan_of(
        change(address, endpoint("chat", "chat")),
        change("aws_sagemaker_endpoint_configuration.c", configuration(variant_on(), name="chat")),
    )
    (root / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    (found,) = plan.read("plan.json", source=".").after.endpoints
    assert found.ignored_changes == ("endpoint_config_name",)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ("[min_capacity]", "min_capacity"),
        ("[min_capacity, max_capacity]", "min_capacity and max_capacity"),
        ("all", "all"),
    ],
)
def test_bounds_that_are_left_alone_are_a_notice(read: Read, items: str, named: str) -> None:
    """Scheduled actions change them outside of Terraform, so that leaving them alone is no mistake."""
    target = f"""
resource "aws_appautoscaling_target" "t" {{
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/chat/variant/main"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 4
  lifecycle {{
    ignore_changes = {items}
  }}
}}
"""
    assert read(stack() + target).notices == (
        f"aws_appautoscaling_target.t has {named} in ignore_changes: once it is there, other bounds do not reach it",
    )


@pytest.mark.parametrize(
    ("name", "first", "expected"),
    [
        ('name = "chat-cfg"', "true", True),
        ('name = "chat-cfg"', "false", False),
        ('name = "chat-v2"', "true", False),  # a version, which may be raised with a change
        ('name_prefix = "chat-"', "true", False),
        ("", "true", False),  # generated
    ],
)
def test_a_configuration_that_keeps_its_name_and_is_created_first_is_in_its_own_way(
    read: Read, name: str, first: str, expected: object
) -> None:
    """Terraform creates the next one before it destroys this one, and AWS has one of that name."""
    lifecycle = f"  lifecycle {{\n    create_before_destroy = {first}\n  }}\n"
    text = STACK.replace("  CONFIGURATION\n", lifecycle).replace("  ENDPOINT\n", "").replace('name = "chat"', name)
    (found,) = read(text).after.endpoints
    assert found.configuration_is_in_its_own_way is expected
