"""Source without a plan gives the inventory that Terraform's own plan of it gives.

``tests/equivalence_hcl`` holds configurations with the plans that Terraform 1.11 made of them: numbered cases over the
schema of provider 6.25 (``plan.v6-schema.json``) and with the real provider 5.100, and the shapes that teams use
(``team_*``), all with the real provider; one feature of the language each (``root_*``), over the schema of provider
5.100, with what ``TF_VAR_*`` held in ``environment.json``. A case differs from its plan only where it says so below,
and why.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guardrail.model import ChangeSet, Unknown
from guardrail.sources import hcl, plan
from guardrail.sources.options import SourceOptions

CASES = Path(__file__).parent / "equivalence_hcl"
STORIES = Path(__file__).parent / "scenarios"

STORY_OF = {
    "01_module_foreach_create": "modules-in-for-each",
    "02_async_scale_to_zero": "asynchronous-scales-to-zero",
    "03_serverless_conditional": "serverless-and-conditional-modules",
    "04_shadow_capture_ebs": "shadow-variant-and-volumes",
    "05_update_instance_type": "instance-type-update",
    "06_update_capacity_only": "capacity-update",
    "07_replace_without_cbd": "configuration-replaced-delete-first",
    "08_no_changes": "no-changes",
    "09_destroy_all": "destroy",
    "10_remove_and_add_keys": "keys-removed-and-added",
    "11_unknown_instance_type": "unknown-instance-types",
    "12_sensitive": "sensitive-values",
    "13_moved": "moved",
    "14_import": "import",
    "15_removed_forget": "removed-and-forgotten",
    "16_drift": "drift",
    "17_refresh_only": "refresh-only",
    "18_inference_components": "inference-components",
    "19_multi_region": "several-regions",
    "20_target_and_replace": "targeted-plan",
    "22_failed_precondition": "failed-plan",
    "26_tags_only_update": "tags-only-update",
    "31_no_sagemaker": "no-sagemaker",
    "33_add_variant_and_autoscaling": "variant-and-scaling-added",
    "34_instance_to_serverless": "instances-to-serverless",
    "35_shared_config_many_endpoints": "configuration-of-five-endpoints",
}
"""Cases whose source is that of a story, and stands there."""

OWN = frozenset(
    {
        "account",
        "assumptions",
        "change",
        "configuration_location",
        "configuration_name",
        "execution_role",
        "ignored_changes",
        "image",
        "lines",
        "location",
        "touched",
    }
)
"""What only one of the two can have: a plan has no lines, no ``lifecycle`` and may not know a name, source has no past,
nor the ARN of what stands, which names its account, and a plan that lost the expressions below a dynamic block has to
assume that a computed argument is unset; an image may be read from a data source, and a role that
stands has its ARN in a plan."""

KNOWS_MORE = {
    "11_unknown_instance_type": "a plan has an unknown for each value that names a configuration; source has the name",
    "12_sensitive": "the plan has read the parameter store",
    "15_removed_forget": "the plan knows what ran before and goes on running",
    "17_refresh_only": "the plan tells what stands, not what is written",
    "20_target_and_replace": "the plan is limited to one target",
    "22_failed_precondition": "the plan failed",
    "29_import_generate_config": "the plan has generated the configuration that it imports",
    "30_count_index_shift": "the plan knows which configuration keeps running under its fixed name",
    "09_destroy_all": "the plan destroys what is written",
    "team_nested_modules": "a plan does not tell which of several configurations a computed index picks",
}
"""Cases in which the inventories differ, and why they have to."""

SOURCE_KNOWS_MORE = {
    "root_alias_of_a_local_region": "a plan does not tell the local values that its providers take their regions from",
    "root_names_through_locals": "a plan has an unknown for a name that it computes from others",
    "team_aliases": "a plan does not tell the local values that its providers take their regions from",
}
"""Cases in which every difference is something that the plan leaves unknown."""

ARGUMENTS = {"32_variables_without_default": ["@{case}/prod.tfvars", "instance_type=ml.g6e.12xlarge"]}


def planned() -> list[Path]:
    return sorted(CASES.glob("*/plan*.json"))


def assignments(path: Path) -> list[str]:
    _, *name, _ = path.name.split(".")
    values = path.parent / f"{'.'.join(name)}.tfvars"
    if values.exists():
        return [f"@{values}"]
    return [each.format(case=path.parent) for each in ARGUMENTS.get(path.parent.name, [])]


def root_of(path: Path) -> Path:
    """The directory with the source that the plan at ``path`` was made of."""
    case = path.parent
    return STORIES / STORY_OF[case.name] if case.name in STORY_OF else case


def source_of(path: Path, given: list[str] | None = None) -> ChangeSet:
    environment = path.parent / "environment.json"
    (root, *_) = hcl.read(
        [str(root_of(path))],
        SourceOptions(
            assignments=assignments(path) if given is None else given,
            environment=json.loads(environment.read_text()) if environment.exists() else {},
        ),
    )
    return root


def alone(path: Path, nowhere: Path) -> ChangeSet:
    """A plan without the source beside it, which would tell it what it is compared with."""
    return plan.read(str(path), source=str(nowhere))


def meaning(thing: Any) -> Any:
    """What a thing of the model means; the words of a reason are a language's own."""
    if isinstance(thing, Unknown):
        return "sensitive" if thing.reason == "sensitive" else "unknown"
    if isinstance(thing, msgspec.Struct):
        return {name: meaning(getattr(thing, name)) for name in thing.__struct_fields__ if name not in OWN}
    if isinstance(thing, (list, tuple)):
        return [meaning(item) for item in thing]
    if isinstance(thing, dict):
        return {key: meaning(item) for key, item in thing.items()}
    return thing


def filled(thing: Any, other: Any) -> Any:
    """``thing`` with what ``other`` has where ``thing`` is unknown."""
    if thing == "unknown":
        return other
    if isinstance(thing, list) and isinstance(other, list) and len(thing) == len(other):
        return [filled(one, two) for one, two in zip(thing, other, strict=True)]
    if isinstance(thing, dict) and isinstance(other, dict):
        return {key: filled(item, other.get(key)) for key, item in thing.items()}
    return thing


@pytest.mark.parametrize("path", planned(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_source_gives_the_inventory_of_its_plan(path: Path, tmp_path: Path) -> None:
    if path.parent.name in KNOWS_MORE:
        pytest.skip(KNOWS_MORE[path.parent.name])
    of_plan, of_source = alone(path, tmp_path), source_of(path)
    if path.parent.name in SOURCE_KNOWS_MORE:
        assert meaning(of_source.after) != meaning(of_plan.after)
        assert filled(meaning(of_plan.after), meaning(of_source.after)) == meaning(of_source.after)
    else:
        assert meaning(of_source.after) == meaning(of_plan.after)
    assert [(each.address, each.reason) for each in of_source.skipped] == [
        (each.address, each.reason) for each in of_plan.skipped
    ]
    if of_plan.before is None or not of_plan.before.endpoints:
        assert of_source.coverage.seen == of_plan.coverage.seen


@pytest.mark.parametrize("name", sorted(KNOWS_MORE))
def test_an_exception_is_one(name: str, tmp_path: Path) -> None:
    """A case that has come to agree with its plan must leave the list."""
    paths = [path for path in planned() if path.parent.name == name]
    assert paths
    for path in paths:
        if name != "22_failed_precondition":
            assert meaning(source_of(path).after) != meaning(alone(path, tmp_path).after)


def test_a_name_that_aws_generates_links_where_a_plan_has_lost_the_expression() -> None:
    """Two endpoints take their configuration from a map of names that are generated on apply."""
    after = source_of(CASES / "11_unknown_instance_type" / "plan.json").after
    links = {endpoint.address: endpoint.configuration_address for endpoint in after.endpoints}
    assert links == {
        'aws_sagemaker_endpoint.e["a"]': "aws_sagemaker_endpoint_configuration.c",
        'aws_sagemaker_endpoint.e["b"]': "aws_sagemaker_endpoint_configuration.unknown_blocks",
    }
    first, second = (endpoint.variants for endpoint in after.endpoints)
    assert isinstance(first, tuple)
    assert [isinstance(variant.name, str) and variant.name for variant in first] == [
        "from-data-source",
        "from-terraform-data",
    ]
    assert isinstance(second, tuple)
    assert [getattr(variant, "instance_type", None) for variant in second] == ["ml.c5.large", "ml.c5.xlarge"]


def test_a_computed_index_picks_one_configuration_where_a_plan_leaves_several_possible() -> None:
    after = source_of(CASES / "team_nested_modules" / "plan.json").after
    team = 'module.platform.module.team["ads"]'
    assert [endpoint.configuration_address for endpoint in after.endpoints[:2]] == [
        f"{team}.aws_sagemaker_endpoint_configuration.this[0]",
        f"{team}.aws_sagemaker_endpoint_configuration.this[1]",
    ]
    (variant,) = after.endpoints[1].variants  # type: ignore[misc] # its configuration is known
    assert (variant.name, variant.scaling.max_capacity) == ("v1", 3)  # type: ignore[union-attr] # its target too


def test_without_values_an_unknown_count_is_one_instance_that_says_so() -> None:
    """``count = length(var.counts)`` without a value: never a drop, never a number that nobody knows."""
    change_set = source_of(CASES / "32_variables_without_default" / "plan.json", [])
    (endpoint,) = change_set.after.endpoints
    assert endpoint.address == "aws_sagemaker_endpoint.e[*]"
    assert endpoint.configuration_address == "aws_sagemaker_endpoint_configuration.c[*]"
    assert endpoint.deployed == "possibly"
    no_value = 'variable "counts" has no value'
    assert tuple(notice for notice in change_set.notices if "unknown" in notice) == (
        f"aws_sagemaker_endpoint.e has an unknown count, and stands once for all: {no_value}",
        f"aws_sagemaker_endpoint_configuration.c has an unknown count, and stands once for all: {no_value}",
    )


def test_two_hundred_instances_of_a_module_are_two_hundred() -> None:
    (change_set,) = hcl.read([str(CASES / "25_two_hundred_endpoints")])
    assert len(change_set.after.endpoints) == 200
    assert change_set.after.endpoints[7].address == 'module.endpoint["tenant-007"].aws_sagemaker_endpoint.this'
