"""An endpoint that uses one of several configurations: a possibility for each, or the one that can be proven."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail.model import ChangeSet, Endpoint, InstanceVariant, Unknown
from guardrail.sources.linking.choices import MOST, choices
from guardrail.sources.plan import read
from tests.sources.conftest import Reader
from tests.sources.plans import CONFIGURATION, ENDPOINT, Json, block, change, configuration, endpoint, module, plan, ref
from tests.sources.plans import variant as variant_on

BLUE, GREEN = f'{CONFIGURATION}["blue"]', f'{CONFIGURATION}["green"]'
LATE = {"endpoint_config_name": True}
SOURCE = """
variable "active" { default = "green" }
resource "aws_sagemaker_endpoint_configuration" "c" {
  for_each = { blue = "ml.m5.large", green = "ml.m5.4xlarge" }
  production_variants {
    variant_name           = "main"
    instance_type          = each.value
    initial_instance_count = 1
  }
}
resource "aws_sagemaker_endpoint" "e" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c[INDEX].name
}
"""


def blue_green(*mentions: str, endpoints: int = 1, **others: Any) -> Json:
    """Endpoints whose configuration is one of two, known only after apply."""
    addresses = [ENDPOINT] if endpoints == 1 else [f"{ENDPOINT}[{at}]" for at in range(endpoints)]
    return plan(
        *(change(address, endpoint(address, None), unknown=LATE) for address in addresses),
        change(BLUE, configuration(variant_on(instance_type="ml.m5.large"), name=None), unknown={"name": True}),
        change(GREEN, configuration(variant_on(instance_type="ml.m5.4xlarge"), name=None), unknown={"name": True}),
        root=module(block(ENDPOINT, endpoint_config_name=ref(*mentions)), block(CONFIGURATION)),
        **others,
    )


def types(one: Endpoint) -> list[Any]:
    assert isinstance(one.variants, tuple)
    return [each.instance_type for each in one.variants if isinstance(each, InstanceVariant)]


def outcomes(changes: ChangeSet) -> list[tuple[str, list[Any], list[str]]]:
    """Of each possibility: how it is decided, the instance types that run, the configurations that nothing uses."""
    return [
        (each.given, [type_ for one in each.after.endpoints for type_ in types(one)],
         [one.address for one in each.after.unattached])
        for each in changes.possibilities
    ]  # fmt: skip


def test_each_configuration_that_an_endpoint_may_use_is_a_possibility(read_plan: Reader) -> None:
    changes = read_plan(blue_green(CONFIGURATION, "var.active"))
    assert outcomes(changes) == [
        (f"{ENDPOINT} uses {BLUE}", ["ml.m5.large"], [GREEN]),
        (f"{ENDPOINT} uses {GREEN}", ["ml.m5.4xlarge"], [BLUE]),
    ]
    (found,) = changes.after.endpoints
    assert types(found) == [Unknown("ml.m5.large or ml.m5.4xlarge: name the directory of its .tf files with --source")]
    assert found.configuration_address is None
    assert changes.after.unattached == ()


def test_two_endpoints_are_decided_each_for_itself(read_plan: Reader) -> None:
    """Whether both use the same one a plan does not tell: 2 x 2 possibilities."""
    assert len(read_plan(blue_green(CONFIGURATION, "var.active", endpoints=2)).possibilities) == 4


def test_a_configuration_out_of_sight_leaves_it_open(read_plan: Reader) -> None:
    """A local value may be the name of yet another configuration, so that the two are no bounds."""
    changes = read_plan(blue_green(CONFIGURATION, "local.name"))
    assert changes.possibilities == ()
    assert [each.deployed for each in changes.after.endpoints] == ["yes", "possibly", "possibly"]


def test_one_configuration_is_no_choice(read_plan: Reader) -> None:
    assert read_plan(blue_green(BLUE + ".name")).possibilities == ()


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("var.active", "ml.m5.large"),
        ('var.active == "blue" ? "green" : "blue"', "ml.m5.4xlarge"),
        ("local.missing", None),
    ],
)
def test_the_source_beside_the_plan_decides_with_the_plans_own_variables(
    tmp_path: Path, index: str, expected: str | None
) -> None:
    """The plan's value is "blue", the default in the source is "green"."""
    (tmp_path / "main.tf").write_text(SOURCE.replace("INDEX", index), encoding="utf-8")
    document = blue_green(CONFIGURATION, "var.active", variables={"active": {"value": "blue"}})
    (tmp_path / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    changes = read(str(tmp_path / "plan.json"), source=str(tmp_path))
    if expected is None:
        assert len(changes.possibilities) == 2
    else:
        assert changes.possibilities == ()
        assert [types(one) for one in changes.after.endpoints] == [[expected]]


def test_choices_are_all_ways_to_choose_unless_they_are_too_many() -> None:
    two = {"e": ["a", "b"], "f": ["a", "c"]}
    assert choices(two, 10) == [
        {"e": "a", "f": "a"},
        {"e": "a", "f": "c"},
        {"e": "b", "f": "a"},
        {"e": "b", "f": "c"},
    ]
    assert choices({}, 10) == []
    six, seven = ({str(at): ["a", "b"] for at in range(many)} for many in (6, 7))
    assert (len(choices(six, 10)), choices(seven, 10)) == (MOST, [])
    assert choices(six, 1_000_000) == []
    # 10 choices × 10,000 blocks are 100,000 that are joined, as many as are tried; 11 × 9,091 are 100,001
    ten, eleven = ({"e": list("abcdefghijk"[:many])} for many in (10, 11))
    assert (len(choices(ten, 10_000)), choices(eleven, 9_091)) == (10, [])


def test_too_many_choices_are_said_once_and_bound_each_endpoint_on_its_own(read_plan: Reader) -> None:
    """Seven endpoints that each use one of two are 2 ** 7 = 128 combinations, and 64 are tried."""
    changes = read_plan(blue_green(CONFIGURATION, "var.active", endpoints=7))
    assert changes.possibilities == ()
    (notice,) = changes.notices
    assert notice.startswith("7 endpoints that each use one of several configurations have too many combinations")
    assert notice.endswith("name the directory of its .tf files with --source")
    endpoints = [each for each in changes.after.endpoints if each.address.startswith(ENDPOINT)]
    assert [each.candidates for each in endpoints] == [(BLUE, GREEN)] * 7
