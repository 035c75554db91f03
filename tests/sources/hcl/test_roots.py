"""Which directories are root modules."""

import pytest

from guardrail.errors import SourceError
from guardrail.sources import hcl
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.roots import Layout, roots_below, roots_of_files
from guardrail.sources.options import SourceOptions
from guardrail.sources.past import Comparison
from guardrail.sources.trees import tree_of
from tests.sources.hcl.conftest import PROVIDER, Write

MONOREPO = {
    "stacks/ads/main.tf": PROVIDER + 'module "e" {\n  source = "../../modules/endpoint"\n}\n',
    "stacks/search/main.tf": PROVIDER + 'module "e" {\n  source = "../../modules/endpoint"\n}\n',
    "stacks/plain/main.tf": 'resource "x" "y" {\n}\n',
    "stacks/json/main.tf.json": '{"module": {"t": {"source": "../../modules/team"}}}',
    "modules/endpoint/main.tf": 'module "i" {\n  source = "./inner"\n}\n',
    "modules/endpoint/inner/main.tf": "",
    "modules/endpoint/examples/simple/main.tf": PROVIDER + 'module "e" {\n  source = "../.."\n}\n',
    "modules/endpoint/tests/setup/main.tf": PROVIDER,
    "modules/team/main.tf": 'module "e" {\n  source = "../endpoint"\n}\n',
    "modules/nobody/main.tf": "",
    "modules/standalone/main.tf": PROVIDER,
    "stacks/ads/.terraform/modules/x/main.tf": PROVIDER,
    "docs/readme.md": "",
}


def layout(base: str) -> Layout:
    return Layout(base, Disk(tree_of(base)))


def test_what_is_called_or_stands_among_examples_is_no_root(write: Write) -> None:
    write(MONOREPO)
    assert roots_below(".", layout(".")) == [
        "modules/standalone",
        "stacks/ads",
        "stacks/json",
        "stacks/plain",
        "stacks/search",
    ]


def test_what_is_named_is_a_root_whatever_it_is(write: Write) -> None:
    write(MONOREPO)
    assert roots_below("modules/endpoint", layout("modules/endpoint")) == ["modules/endpoint"]
    assert roots_below("modules/endpoint/examples/simple", layout("modules/endpoint/examples/simple")) == [
        "modules/endpoint/examples/simple"
    ]


@pytest.mark.parametrize(
    ("changed", "roots"),
    [
        (["stacks/ads/main.tf"], ["stacks/ads"]),
        (
            ["modules/endpoint/inner/main.tf"],
            ["modules/endpoint/examples/simple", "stacks/ads", "stacks/json", "stacks/search"],
        ),
        (["modules/team/main.tf"], ["stacks/json"]),
        (["modules/nobody/main.tf"], ["modules/nobody"]),
        (["stacks/ads/main.tf", "stacks/ads/main.tf"], ["stacks/ads"]),
        (["docs/readme.md"], []),
    ],
)
def test_a_changed_file_means_the_roots_that_use_it(write: Write, changed: list[str], roots: list[str]) -> None:
    write(MONOREPO)
    assert roots_of_files(changed, layout(".")) == roots


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a.md": ""}, ". holds no Terraform source"),
        ({"examples/a/main.tf": ""}, ". holds no root module, only modules for others, examples and tests"),
    ],
)
def test_where_there_is_no_root_that_is_an_error(write: Write, files: dict[str, str], problem: str) -> None:
    write(files)
    with pytest.raises(SourceError) as caught:
        roots_below(".", layout("."))
    assert caught.value.message == problem


CALLED = {"ep/main.tf": PROVIDER}


@pytest.mark.parametrize(
    "call",
    [
        'module "e" {\n  source = "./ep"\n}\n',
        'module "e" { source = "./ep" }\n',
        'module e {\n  source = "./ep/"\n}\n',
        'module "e" {\n  source = "./e\\u0070"\n}\n',
        'module "e" {\n  source /* here */ = /* there */ "./ep"\n}\n',
        'module "e" {\n  source = "./${"ep"}"\n}\n',
        'locals {\n  folder = "ep"\n}\nmodule "e" {\n  source = "./${local.folder}"\n}\n',
        'variable "folder" {\n  default = "ep"\n}\nmodule "e" {\n  source = "./${var.folder}"\n}\n',
        'module "e" {\n  source = "./x/../ep"\n}\n',
        'module "e" {\n  config = { source = "./other" }\n  source = "./ep"\n}\n',
        'module "e" {\n  # source = "./other"\n  source = "./ep"\n}\n',
    ],
)
def test_a_module_is_called_however_its_source_is_written(write: Write, call: str) -> None:
    write({**CALLED, "main.tf": call})
    assert roots_below(".", layout(".")) == ["."]


@pytest.mark.parametrize(
    "text",
    [
        '# module "e" {\n#   source = "./ep"\n# }\n',
        '/* module "e" {\n  source = "./ep"\n} */\n',
        'locals {\n  text = <<EOT\nmodule "e" {\n  source = "./ep"\n}\nEOT\n}\n',
        'resource "x" "y" {\n  source = "./ep"\n}\n',
        'module "e" {\n  source = "acme/ep/aws"\n  config = {\n    source = "./ep"\n  }\n}\n',
    ],
)
def test_what_is_no_call_hides_no_root(write: Write, text: str) -> None:
    write({**CALLED, "main.tf": text})
    assert roots_below(".", layout(".")) == [".", "ep"]


def test_json_calls_with_escapes_and_an_override_calls_another_module(write: Write) -> None:
    write({**CALLED, "main.tf.json": '{"module": {"e": {"source": ".\\u002fep"}}}'})
    assert roots_below(".", layout(".")) == ["."]
    write({"other/main.tf": PROVIDER, "override.tf": 'module "e" {\n  source = "./other"\n}\n'})
    assert roots_below(".", layout(".")) == [".", "ep"]


def test_values_that_are_given_decide_what_is_called(write: Write) -> None:
    write(
        {
            **CALLED,
            "other/main.tf": PROVIDER,
            "main.tf": 'variable "folder" {}\nmodule "e" {\n  source = "./${var.folder}"\n}\n',
            "prod.tfvars": 'folder = "ep"\n',
        }
    )
    assert [each.path for each in hcl.read(["."], SourceOptions(assignments=["@prod.tfvars"]))] == [".", "other"]


def test_a_folder_of_modules_holds_a_root_where_a_provider_or_a_state_is_configured(write: Write) -> None:
    state = "terraform {\n  {}\n}\n"
    write(
        {
            "modules/none/main.tf": '# provider "aws" {\n# }\nterraform {\n  required_version = "1"\n}\n',
            "modules/state/main.tf": state.replace("{}", 'backend "s3" {\n  }'),
            "modules/cloud/main.tf": state.replace("{}", "cloud {\n  }"),
            "modules/json/main.tf.json": '{"terraform": {"backend": {"s3": {}}}}',
            "modules/values/main.tf": "",
            "modules/values/prod.tfvars": "",
        }
    )
    assert roots_below(".", layout(".")) == ["modules/cloud", "modules/json", "modules/state", "modules/values"]


def test_a_file_that_does_not_parse_calls_nothing_and_stops_nobody_elses_check(write: Write) -> None:
    write(
        {
            "a/main.tf": PROVIDER,
            "b/main.tf": 'module "e" {\n  source = \n',
            "b/other.tf": 'module "a" { source = "../a" }\n',
        }
    )
    assert roots_below(".", layout(".")) == ["b"]


def test_a_folder_called_like_a_file_is_none(write: Write) -> None:
    write({"main.tf": PROVIDER, "sub.tf/readme.md": ""})
    assert [each.path for each in hcl.read(["."])] == ["."]


# Values and Terragrunt -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "label"), [("envs/prod.tfvars", "prod"), ("terraform.tfvars", None), ("a.auto.tfvars", None)]
)
def test_a_file_of_values_stands_for_the_root_at_or_above_it(write: Write, path: str, label: str | None) -> None:
    write({"main.tf": PROVIDER, path: ""})
    (change_set,) = hcl.read([path])
    assert (change_set.path, change_set.label, change_set.notices) == (".", label, ())


def test_a_file_of_values_that_a_flag_names_is_read(write: Write) -> None:
    write({"main.tf": PROVIDER, "envs/prod.tfvars": ""})
    (change_set,) = hcl.read(["envs/prod.tfvars"], SourceOptions(assignments=["@envs/prod.tfvars"]))
    assert change_set.notices == ()


def test_a_file_of_values_without_a_root_is_an_error(write: Write) -> None:
    write({"envs/prod.tfvars": "", "infra/main.tf": PROVIDER})
    with pytest.raises(SourceError, match=r"envs/prod\.tfvars belongs to no root module") as caught:
        list(hcl.read(["envs/prod.tfvars"]))
    assert "roots:" in caught.value.hint


def test_what_terragrunt_and_stacks_deploy_is_skipped_by_name(write: Write) -> None:
    write(
        {
            "terragrunt.hcl": 'generate "provider" {\n  path = "provider.tf"\n}\n',
            "live/a/terragrunt.hcl": 'terraform {\n  source = "git::https://example.org/ep"\n}\n',
            "live/b/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders()\n}\n',
            "live/terragrunt.stack.hcl": 'unit "c" {\n  source = "x"\n}\n',
            "live/.terragrunt-cache/x/terragrunt.hcl": 'include "root" {\n}\n',
            "live/c/components.tfcomponent.hcl": 'component "ep" {\n  source = "../../modules/ep"\n}\n',
            "live/c/variables.tfcomponent.hcl": 'variable "n" {\n}\n',
            "bootstrap/main.tf": PROVIDER,
            "modules/ep/main.tf": "",
        }
    )
    root, rest = hcl.read(["."])
    assert (root.path, root.skipped) == ("bootstrap", ())
    assert [(each.address, each.affects_total) for each in rest.skipped] == [
        ("live/terragrunt.stack.hcl", True),
        ("live/a/terragrunt.hcl", True),
        ("live/b/terragrunt.hcl", True),
        ("live/c/components.tfcomponent.hcl", True),
    ]


def test_what_an_example_alone_calls_stands_by_itself(write: Write) -> None:
    """Or a change that adds an example would take a root module out of every number."""
    call = 'module "m" {\n  source = "../../infra"\n}\n'
    write({"infra/main.tf": PROVIDER, "examples/new/main.tf": call, "tests/setup/main.tf": call})
    assert roots_below(".", layout(".")) == ["infra"]


def test_what_is_passed_over_is_said_where_there_is_no_root_module(write: Write) -> None:
    write({"tests/main.tf": PROVIDER + 'resource "aws_sagemaker_endpoint" "e" {\n}\n'})
    (nothing,) = hcl.read(["."], compared=Comparison("."))
    assert nothing.notices == ("not read, because examples and tests count if they are named: tests",)
    assert not nothing.after.endpoints
