"""Where a value is written: the line that somebody changes, with the argument and the calls that it passes."""

import pytest

from guardrail.model import InstanceVariant, Location
from guardrail.sources import hcl
from guardrail.sources.options import SourceOptions
from tests.sources.hcl.conftest import PROVIDER, Write

CONFIGURATION = """\
resource "aws_sagemaker_endpoint_configuration" "c" {
  META
  production_variants {
    variant_name           = "main"
    model_name             = "m"
    instance_type          = TYPE
    initial_instance_count = 1
  }
}
"""
LINE = 6
"""Of the type, in a file that begins with the configuration."""


def configuration(type_: str, meta: str = "") -> str:
    return CONFIGURATION.replace("META", meta).replace("TYPE", type_)


def where(location: Location | None) -> list[str]:
    """A place, and those that it leads through: ``["dev.tfvars:1", "main.tf:6"]``."""
    found = []
    while location is not None:
        found.append(f"{location.path}:{location.line}")
        location = location.used_at or location.called_at
    return found


def places(*paths: str, flags: tuple[str, ...] = (), at: int = 0) -> list[str]:
    (change_set,) = hcl.read(paths or (".",), SourceOptions(assignments=flags))
    inventory = change_set.after
    variants = (*inventory.endpoints, *inventory.unattached)[at].variants
    assert isinstance(variants, tuple)
    variant = variants[0]
    assert isinstance(variant, InstanceVariant)
    return where(variant.lines["instance_type"])


@pytest.mark.parametrize(
    ("type_", "rest", "line"),
    [
        ('"ml.m5.large"', "", [f"main.tf:{LINE}"]),
        ("local.t", 'locals {\n  t = "ml.m5.large"\n}\n', ["main.tf:11", f"main.tf:{LINE}"]),
        ('"ml.${local.t}"', 'locals {\n  t = "m5.large"\n}\n', ["main.tf:11", f"main.tf:{LINE}"]),
        ("local.t", 'locals {\n  t = local.u\n  u = "ml.m5.large"\n}\n', ["main.tf:12", f"main.tf:{LINE}"]),
        ("var.t", 'variable "t" {\n  default = "ml.m5.large"\n}\n', ["main.tf:11", f"main.tf:{LINE}"]),
        (
            "local.t.a",
            'locals {\n  t = {\n    b = ""\n    a = "ml.m5.large"\n  }\n}\n',
            ["main.tf:13", f"main.tf:{LINE}"],
        ),
        (
            'local.t["a"][1]',
            'locals {\n  t = {\n    a = ["",\n      "ml.m5.large"]\n  }\n}\n',
            ["main.tf:13", f"main.tf:{LINE}"],
        ),
        ("true ? local.t : local.u", 'locals {\n  u = ""\n  t = "ml.m5.large"\n}\n', ["main.tf:12", f"main.tf:{LINE}"]),
        ("lower(local.t)", 'locals {\n  t = "ML.M5.LARGE"\n}\n', [f"main.tf:{LINE}"]),
        ("local.t", 'locals {\n  t = join(".", ["ml", "m5", "large"])\n}\n', ["main.tf:11", f"main.tf:{LINE}"]),
        ('"${local.a}.${local.b}"', 'locals {\n  a = "ml.m5"\n  b = "large"\n}\n', [f"main.tf:{LINE}"]),
        ("local.t", "locals {\n  t = local.t\n}\n", ["main.tf:11", f"main.tf:{LINE}"]),
    ],
)
def test_names_keys_and_texts_are_followed(write: Write, type_: str, rest: str, line: list[str]) -> None:
    write({"main.tf": configuration(type_) + rest})
    assert places() == line


def test_a_value_of_a_file_is_there_and_the_last_file_wins(write: Write) -> None:
    source = configuration("var.t") + 'variable "t" {\n  default = "ml.m5.large"\n}\n'
    write(
        {"main.tf": source, "a.auto.tfvars": '\nt = "ml.m5.large"\n', "z.auto.tfvars.json": '{\n\n"t": "ml.m5.large"}'}
    )
    assert places() == ["z.auto.tfvars.json:3", f"main.tf:{LINE}"]
    write({"prod.tfvars": '# prod\nt = "ml.m5.large"\n'})
    assert places("prod.tfvars") == ["prod.tfvars:2", f"main.tf:{LINE}"]
    assert places(flags=("@prod.tfvars",)) == ["prod.tfvars:2", f"main.tf:{LINE}"]


def test_a_value_of_a_flag_has_no_line_of_its_own(write: Write) -> None:
    write({"main.tf": configuration("var.t") + 'variable "t" {\n  default = "ml.m5.large"\n}\n'})
    assert places(flags=("t=ml.m5.large",)) == [f"main.tf:{LINE}"]


def test_a_value_that_a_call_passes_on_is_found_behind_it(write: Write) -> None:
    write(
        {
            "infra/main.tf": PROVIDER
            + 'variable "sizes" {}\nmodule "a" {\n  source = "../a"\n  size = var.sizes["x"]\n}\n',
            "infra/dev.tfvars": 'sizes = {\n  y = ""\n  x = "ml.m5.large"\n}\n',
            "a/main.tf": 'variable "size" {}\nmodule "b" {\n  source = "../b"\n  type = var.size\n}\n',
            "b/main.tf": configuration("var.type") + 'variable "type" {}\n',
        }
    )
    assert places("infra", flags=("@infra/dev.tfvars",)) == [
        "infra/dev.tfvars:3",
        f"b/main.tf:{LINE}",
        "a/main.tf:4",
        "infra/main.tf:7",
    ]


def test_a_default_of_a_module_is_brought_in_by_its_call(write: Write) -> None:
    write(
        {
            "main.tf": PROVIDER + 'module "m" {\n  source = "./m"\n}\n',
            "m/main.tf": configuration("var.t") + 'variable "t" {\n  default = "ml.m5.large"\n}\n',
        }
    )
    assert places() == ["m/main.tf:11", f"m/main.tf:{LINE}", "main.tf:4"]


def test_an_element_of_for_each_is_written_under_its_key(write: Write) -> None:
    meta = "for_each = local.all"
    rest = (
        'locals {\n  all = {\n    a = { type = "ml.m5.large" }\n    b = {\n      type = "ml.m5.xlarge"\n    }\n  }\n}\n'
    )
    write({"main.tf": configuration("each.value.type", meta) + rest})
    assert places(at=0) == ["main.tf:12", f"main.tf:{LINE}"]
    assert places(at=1) == ["main.tf:14", f"main.tf:{LINE}"]


def test_an_element_of_a_dynamic_block_is_written_in_its_list(write: Write) -> None:
    source = """\
resource "aws_sagemaker_endpoint_configuration" "c" {
  dynamic "production_variants" {
    for_each = local.variants
    content {
      model_name    = "m"
      instance_type = production_variants.value.type
    }
  }
}
locals {
  variants = [
    { type = "ml.m5.large" },
  ]
}
"""
    write({"main.tf": source})
    assert places() == ["main.tf:12", "main.tf:6"]


def test_a_module_that_is_called_for_each_has_the_values_of_its_instance(write: Write) -> None:
    call = 'module "m" {\n  for_each = { a = "ml.m5.large"\n    b = "ml.m5.xlarge" }\n'
    call += '  source = "./m"\n  t = each.value\n}\n'
    write({"main.tf": PROVIDER + call, "m/main.tf": configuration("var.t") + 'variable "t" {}\n'})
    assert places(at=1) == ["main.tf:6", f"m/main.tf:{LINE}", "main.tf:8"]


def test_a_variable_without_a_value_is_where_it_is_asked_for(write: Write) -> None:
    write({"main.tf": configuration("var.t") + 'variable "t" {}\n'})
    assert places() == [f"main.tf:{LINE}"]


def test_an_override_is_where_it_is_written(write: Write) -> None:
    files = {
        "main.tf": configuration("local.t") + 'locals {\n  t = ""\n}\n',
        "x_override.tf": '\n\nlocals {\n  t = "ml.m5.large"\n}\n',
    }
    write(files)
    assert places() == ["x_override.tf:4", f"main.tf:{LINE}"]
