"""Where a resource is: told by the plan in a fixed order, by the command line last, and by this machine never."""

from typing import Any

import pytest

from guardrail.model import Unknown
from tests.sources.conftest import Reader
from tests.sources.plans import (
    AWS,
    CONFIGURATION,
    ENDPOINT,
    TARGET,
    Json,
    block,
    call,
    change,
    configuration,
    constant,
    endpoint,
    module,
    plan,
    provider,
    ref,
    standing,
    state,
    target,
)

NOWHERE = Unknown("nothing in the plan tells its region")
ARN = "arn:aws:sagemaker:{}:123456789012:endpoint/app"


def region_of(read_plan: Reader, document: Json, **options: Any) -> str | Unknown:
    (found,) = read_plan(document, **options).after.endpoints
    return found.region


def document(
    root: Json | None = None, providers: Json | None = None, attributes: Json | None = None, **others: Any
) -> Json:
    """One endpoint, of which nothing but what is given tells the region."""
    return plan(
        change(ENDPOINT, endpoint(**(attributes or {}))),
        root=root,
        providers=provider(None) if providers is None else providers,
        **others,
    )


def test_nothing_tells_the_region_and_it_is_unknown(read_plan: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    assert region_of(read_plan, document()) == NOWHERE


def test_the_region_given_for_the_run_is_the_last_resort(read_plan: Reader) -> None:
    assert region_of(read_plan, document(), region="sa-east-1") == "sa-east-1"
    told = document(providers=provider("eu-west-1"))
    assert region_of(read_plan, told, region="sa-east-1") == "eu-west-1"


def test_the_resources_own_region_wins_over_its_provider(read_plan: Reader) -> None:
    own = document(providers=provider("us-east-1"), attributes={"region": "eu-north-1"})
    assert region_of(read_plan, own) == "eu-north-1"


def test_a_region_that_is_merely_computed_is_that_of_the_provider(read_plan: Reader) -> None:
    created = change(ENDPOINT, endpoint(), unknown={"region": True})
    assert region_of(read_plan, plan(created, root=module(block(ENDPOINT)))) == "us-east-1"


def test_a_region_of_its_own_that_is_unknown_is_not_that_of_the_provider(read_plan: Reader) -> None:
    created = change(ENDPOINT, endpoint(), unknown={"region": True})
    root = module(block(ENDPOINT, region=ref("terraform_data.r.output")))
    assert region_of(read_plan, plan(created, root=root)) == Unknown("known only after apply")


def test_an_alias_has_its_own_region(read_plan: Reader) -> None:
    aliases = {**provider("us-east-1"), **provider("eu-central-1", "aws.eu")}
    assert region_of(read_plan, document(module(block(ENDPOINT, "aws.eu")), aliases)) == "eu-central-1"


def test_a_module_uses_the_alias_that_it_was_given(read_plan: Reader) -> None:
    """Terraform resolves `providers = { aws = aws.eu }` and names the root's alias for the block."""
    inside = plan(
        change(f"module.m.{ENDPOINT}", endpoint()),
        root=module(module_calls={"m": call(module(block(ENDPOINT, "aws.eu")))}),
        providers={**provider("us-east-1"), **provider("eu-central-1", "aws.eu")},
    )
    assert region_of(read_plan, inside) == "eu-central-1"


@pytest.mark.parametrize("key", ["m:aws", "module.m:aws"])
@pytest.mark.parametrize(
    ("others", "expected"), [({}, "us-east-1"), (provider("eu-central-1", "aws.eu"), NOWHERE)], ids=["one", "several"]
)
def test_an_inherited_provider_of_an_old_plan_is_the_roots_unless_there_are_several(
    read_plan: Reader, key: str, others: Json, expected: object
) -> None:
    """Before 1.1 Terraform named it after the module, and did not tell which of the root's it was."""
    old = plan(
        change(f"module.m.{ENDPOINT}", endpoint()),
        root=module(module_calls={"m": call(module(block(ENDPOINT, key)))}),
        providers={**provider("us-east-1"), **others},
    )
    assert region_of(read_plan, old) == expected


@pytest.mark.parametrize(
    ("expression", "variables", "expected"),
    [
        (ref("var.region"), {"region": {"value": "eu-west-2"}}, "eu-west-2"),
        (ref("var.where.region"), {"where": {"value": {"region": "eu-west-2"}}}, "eu-west-2"),
        (ref("var.regions[1]"), {"regions": {"value": ["us-east-1", "eu-west-2"]}}, "eu-west-2"),
        (ref("var.region"), {}, "ap-south-1"),
        (ref("var.region"), {"region": {"value": None}}, NOWHERE),
        (ref("var.env"), {"env": {"value": "prod"}}, NOWHERE),
        (ref("var.regions[7]"), {"regions": {"value": []}}, NOWHERE),
        (ref("local.region"), {"region": {"value": "eu-west-2"}}, NOWHERE),
        (ref("var.region", "var.env"), {"region": {"value": "eu-west-2"}}, NOWHERE),
        (constant("not a region"), {}, NOWHERE),
        (constant(7), {}, NOWHERE),
    ],
)
def test_the_region_of_a_provider_may_come_from_one_input_variable(
    read_plan: Reader, expression: Json, variables: Json, expected: object
) -> None:
    root = module(block(ENDPOINT), variables={"region": {"default": "ap-south-1"}})
    assert region_of(read_plan, document(root, provider(expression), variables=variables)) == expected


def test_a_provider_that_tells_nothing_useful_does_not_hide_the_arn(read_plan: Reader) -> None:
    """With region = var.env == "prod" ? … : … it mentions one variable too, but its value is no region."""
    told = document(
        providers=provider(ref("var.env")),
        attributes={"arn": ARN.format("eu-west-3")},
        variables={"env": {"value": "prod"}},
    )
    assert region_of(read_plan, told) == "eu-west-3"


def test_a_sensitive_variable_does_not_tell_the_region(read_plan: Reader) -> None:
    root = module(block(ENDPOINT), variables={"region": {"sensitive": True}})
    told = document(root, provider(ref("var.region")), variables={"region": {"value": "eu-west-2"}})
    assert region_of(read_plan, told) == NOWHERE


@pytest.mark.parametrize(
    ("passed", "default", "expected"),
    [
        ({"region": "eu-west-2"}, None, "eu-west-2"),
        ({"region": ref("var.outer")}, None, "ca-central-1"),
        ({}, "eu-west-1", "eu-west-1"),
        ({"region": ref("local.region")}, "eu-west-1", NOWHERE),
    ],
)
def test_a_provider_inside_a_module_takes_its_region_from_the_call(
    read_plan: Reader, passed: Json, default: str | None, expected: object
) -> None:
    inner = module(block(ENDPOINT, "module.m:aws"), variables={"region": {"default": default}})
    config = {
        "module.m:aws": {
            "name": "aws",
            "full_name": AWS,
            "module_address": "module.m",
            "expressions": {"region": ref("var.region")},
        }
    }
    inside = plan(
        change(f"module.m.{ENDPOINT}", endpoint()),
        root=module(module_calls={"m": call(inner, **passed)}),
        providers=config,
        variables={"outer": {"value": "ca-central-1"}},
    )
    assert region_of(read_plan, inside) == expected


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "eu-west-3"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-eusc", "eusc-de-east-1")],
)
def test_an_arn_of_any_partition_tells_the_region(read_plan: Reader, partition: str, region: str) -> None:
    attributes = {"arn": ARN.format(region).replace("arn:aws:", f"arn:{partition}:")}
    assert region_of(read_plan, document(attributes=attributes)) == region


def test_an_arn_without_a_region_tells_nothing(read_plan: Reader) -> None:
    attributes = {"execution_role_arn": "arn:aws:iam::123456789012:role/eu-west-1"}
    assert region_of(read_plan, document(attributes=attributes)) == NOWHERE


def data_region(region: str, address: str = "data.aws_region.here", **expressions: Any) -> tuple[Json, Json]:
    """A data source that has been read: in the prior state, and as written."""
    values = {"name": region, "id": region, "endpoint": f"ec2.{region}.amazonaws.com"}
    return standing(address, values, mode="data"), block(address, **expressions)


def test_the_region_that_terraform_read_is_that_of_the_provider(read_plan: Reader) -> None:
    read, written = data_region("eu-west-1")
    assert region_of(read_plan, document(module(block(ENDPOINT), written), prior_state=state(read))) == "eu-west-1"


def test_a_region_that_was_asked_for_by_name_is_not_that_of_the_provider(read_plan: Reader) -> None:
    read, written = data_region("eu-west-1", name="eu-west-1")
    assert region_of(read_plan, document(module(block(ENDPOINT), written), prior_state=state(read))) == NOWHERE


def test_regions_read_by_another_alias_do_not_count(read_plan: Reader) -> None:
    read, written = data_region("eu-west-1", provider="aws.eu")
    assert region_of(read_plan, document(module(block(ENDPOINT), written), prior_state=state(read))) == NOWHERE


def test_the_only_region_among_what_is_linked_is_the_endpoints(read_plan: Reader) -> None:
    linked = document(
        module(block(ENDPOINT, ""), block(CONFIGURATION), block(TARGET)),
        provider("eu-west-1"),
    )
    linked["resource_changes"] += [change(CONFIGURATION, configuration()), change(TARGET, target())]
    linked["resource_changes"][0]["provider_name"] = "registry.example.com/other/aws"
    assert region_of(read_plan, linked) == "eu-west-1"


def test_a_resource_that_is_written_no_more_is_in_the_region_of_its_only_provider(read_plan: Reader) -> None:
    gone = plan(change(ENDPOINT, None, before=endpoint()), root=module(), providers=provider("eu-west-1"))
    changes = read_plan(gone)
    assert changes.before is not None
    assert [each.region for each in changes.before.endpoints] == ["eu-west-1"]


def test_a_resource_that_is_written_no_more_is_nowhere_where_its_provider_is_in_several(read_plan: Reader) -> None:
    several = {**provider("eu-west-1"), **provider("us-east-1", "aws.us")}
    changes = read_plan(plan(change(ENDPOINT, None, before=endpoint()), root=module(), providers=several))
    assert changes.before is not None
    assert [each.region for each in changes.before.endpoints] == [NOWHERE]
