"""``moved``: the addresses that an endpoint had before.

As Terraform's documentation of refactoring has it: a block without keys moves all its instances, one with keys the
instance, a module everything in it; moves follow one another.
"""

import json

import pytest

from guardrail.sources import plan
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.moved import previous_addresses
from guardrail.sources.hcl.outline import Outline
from guardrail.sources.trees import tree_of
from tests.sources.hcl.conftest import Read, Write
from tests.sources.plans import ENDPOINT, change, endpoint
from tests.sources.plans import plan as plan_of

E = "aws_sagemaker_endpoint"


@pytest.mark.parametrize(
    ("moves", "address", "previous"),
    [
        ([("a.x", "a.y")], "a.y", ("a.x",)),
        ([("a.x", "a.y")], 'a.y["k"]', ('a.x["k"]',)),
        ([("a.x", "a.y")], "a.yy", ()),
        ([("a.x", "a.y[0]")], "a.y[0]", ("a.x",)),
        ([("a.x", 'a.y["k"]')], 'a.y["other"]', ()),
        ([("a.x[0]", 'a.x["k"]')], 'a.x["k"]', ("a.x[0]",)),
        ([("a.x", "module.m.a.x")], "module.m.a.x", ("a.x",)),
        ([("module.m", 'module.n["k"]')], 'module.n["k"].a.x[1]', ("module.m.a.x[1]",)),
        ([("a.x", "a.y"), ("a.y", "a.z")], "a.z", ("a.y", "a.x")),
        ([("a.x", "a.y"), ("a.y", "a.x")], "a.x", ("a.y", "a.x")),  # there and back: an end, whatever stands there
        ([("a.x", "a.x")], "a.x", ("a.x",)),
        ([("var.x + 1", "a.y")], "a.y", ()),
        ([("1", "a.y")], "a.y", ()),
    ],
)
def test_an_address_is_followed_back(
    moves: list[tuple[str, str]], address: str, previous: tuple[str, ...], write: Write
) -> None:
    write({"main.tf": "".join(f"moved {{\n  from = {start} # then\n  to   = {end}\n}}\n" for start, end in moves)})
    source = Disk(tree_of(".")).module(".")
    assert previous_addresses(address, [("", source)]) == previous


def test_json_has_addresses_as_text(write: Write) -> None:
    write({"main.tf.json": json.dumps({"moved": [{"from": "a.x", "to": "a.y"}]})})
    assert previous_addresses("a.y", [("", Disk(tree_of(".")).module("."))]) == ("a.x",)


MODULES = {
    "main.tf": 'provider "aws" {\n  region = "us-east-1"\n}\n'
    'module "n" {\n  source = "./n"\n  for_each = toset(["k"])\n}\n'
    'moved {\n  from = module.m\n  to = module.n["k"]\n}\n',
    "n/main.tf": f"moved {{\n  from = {E}.old\n  to = {E}.e\n}}\n"
    f'resource "{E}" "e" {{\n  endpoint_config_name = "c"\n}}\n',
}


def test_a_module_says_it_of_its_own_blocks_and_the_root_of_the_module(read: Read) -> None:
    assert read(MODULES).moved == {
        f'module.n["k"].{E}.e': (f'module.n["k"].{E}.old', f"module.m.{E}.old"),
    }


def test_so_does_the_source_beside_a_plan(write: Write) -> None:
    write(MODULES)
    assert Outline(".").previous_addresses(f'module.n["k"].{E}.e') == (
        f'module.n["k"].{E}.old',
        f"module.m.{E}.old",
    )


def test_what_a_plan_moves_itself_comes_first(write: Write) -> None:
    """The state of this plan has the address of before the last move; what is in the source alone came before that."""
    moved = change(ENDPOINT, endpoint(name=None), before=endpoint(name=None), previous_address=f"{E}.by_hand")
    written = f'resource "{E}" "e" {{}}\nmoved {{\n  from = {E}.old\n  to = {ENDPOINT}\n}}\n'
    write({"plan.json": json.dumps(plan_of(moved)), "main.tf": written})
    assert plan.read("plan.json").moved == {ENDPOINT: (f"{E}.by_hand", f"{E}.old")}
