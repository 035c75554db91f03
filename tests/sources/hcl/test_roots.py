"""Which directories are root modules."""

import pytest

from guardrail.errors import SourceError
from guardrail.sources.boundary import boundary_of
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.roots import Layout, roots_below, roots_of_files
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
    return Layout(base, Disk(boundary_of(base)))


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
