"""The source beside a plan: the same places that reading the source gives, without parsing what does not matter."""

import pytest

from guardrail.model import Endpoint, InlineWaiver, Location, Unknown
from guardrail.sources import hcl, plan
from guardrail.sources.hcl.outline import Outline, find, named
from tests.sources.hcl.conftest import Write
from tests.test_equivalence_hcl import CASES, root_of

SHAPES = [
    "01_module_foreach_create/plan.provider-5.100.json",
    "02_async_scale_to_zero/plan.provider-5.100.json",
    "18_inference_components/plan.v6-schema.json",
    "27_tf_json_syntax/plan.v6-schema.json",
    "35_shared_config_many_endpoints/plan.provider-5.100.json",
    "team_dynamic_policies/plan.json",
    "team_module_map/plan.json",
]


def places(endpoint: Endpoint) -> list[object]:
    variants = () if isinstance(endpoint.variants, Unknown) else endpoint.variants
    scaling = [getattr(variant.scaling, "location", None) for variant in variants]
    return [endpoint.location, endpoint.configuration_location, *scaling]


@pytest.mark.parametrize("case", SHAPES)
def test_a_plan_with_its_source_has_the_places_of_the_source(case: str) -> None:
    path = CASES / case
    root = str(root_of(path))
    (of_source,) = hcl.read([root])
    of_plan = plan.read(str(path), source=root)
    assert [places(each) for each in of_plan.after.endpoints] == [places(each) for each in of_source.after.endpoints]
    assert of_source.after.endpoints[0].location is not None


def test_where_one_dynamic_makes_all_variants_they_are_in_its_content() -> None:
    path = CASES / "team_dynamic_policies" / "plan.json"
    after = plan.read(str(path), source=str(path.parent)).after
    variants = after.endpoints[0].variants
    assert not isinstance(variants, Unknown)
    line = next(
        number
        for number, text in enumerate((path.parent / "main.tf").read_text().splitlines(), start=1)
        if "instance_type" in text
    )
    assert [variant.location and variant.location.line for variant in variants] == [line] * len(variants)


def test_where_two_may_have_made_a_variant_its_configuration_is_named() -> None:
    """The module has a dynamic block for instances and one for serverless: a plan does not tell them apart."""
    path = CASES / "01_module_foreach_create" / "plan.provider-5.100.json"
    after = plan.read(str(path), source=str(root_of(path))).after
    variants = after.endpoints[0].variants
    assert not isinstance(variants, Unknown)
    assert [variant.location for variant in variants] == [None] * len(variants)
    assert after.endpoints[0].configuration_location is not None


def test_what_does_not_matter_is_not_parsed(write: Write) -> None:
    write(
        {
            "main.tf": 'resource "aws_s3_bucket" "b" {\n  bucket = = =\n}\n'
            'resource "aws_sagemaker_endpoint" "e" {\n  name = "e"\n}\n'
        }
    )
    found = Outline(".").places((), "aws_sagemaker_endpoint", "e")
    assert found is not None
    assert (found.start, found.of("name")) == (Location("main.tf", 4, 1), Location("main.tf", 5, 3))


def test_only_the_source_of_the_plan_is_taken_without_being_named(write: Write) -> None:
    write({"main.tf": 'resource "aws_sagemaker_endpoint" "other" {\n  name = "e"\n}\n'})
    assert find(["."], [((), "aws_sagemaker_endpoint", "e")]) is None
    assert find(["."], [((), "aws_sagemaker_endpoint", "other")]) is not None
    assert named(".", [((), "aws_sagemaker_endpoint", "e")]).is_foreign


def test_waivers_in_modules_are_for_the_instances_of_the_plan(write: Write) -> None:
    ignore = '# guardrail:ignore scaling-has-room until=2027-01-31 reason="r"\n'
    write(
        {
            "main.tf": 'module "m" {\n  for_each = {}\n  source = "./m"\n}\n',
            "m/main.tf": ignore + 'resource "aws_appautoscaling_target" "t" {\n  count = 2\n}\n',
        }
    )
    outline = Outline(".")
    assert outline.places(("m",), "aws_appautoscaling_target", "t") is not None
    assert list(outline.waivers()) == [
        InlineWaiver(
            policy="scaling-has-room",
            address="module.m[*].aws_appautoscaling_target.t[*]",
            until="2027-01-31",
            reason="r",
            location=Location("m/main.tf", 1, 1),
        )
    ]


def test_a_plain_address_of_a_module_is_read_where_it_stands(write: Write) -> None:
    write(
        {
            "main.tf": 'module "m" {\n  source = "./m" # comment\n}\nmodule "n" {\n  source = "./${"n"}"\n}\n',
            "m/main.tf": 'resource "aws_sagemaker_endpoint" "e" {}\n',
            "n/main.tf": 'resource "aws_sagemaker_endpoint" "e" {}\n',
        }
    )
    outline = Outline(".")
    found = outline.places(("m",), "aws_sagemaker_endpoint", "e")
    assert found is not None
    assert found.start == Location("m/main.tf", 1, 1, called_at=Location("main.tf", 1, 1))
    parsed = outline.places(("n",), "aws_sagemaker_endpoint", "e")
    assert parsed is not None
    assert parsed.start.path == "n/main.tf"
