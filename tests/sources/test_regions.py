"""Where a resource is: told by the plan in a fixed order, by the command line last, and by this machine never."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail.model import ScalableTarget, Unknown
from guardrail.sources.base import partition_of
from guardrail.sources.plan import read
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
    variant,
)

NOWHERE = Unknown("nothing tells its region, give --region")
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


def wrapped(*names: str, others: Json | None = None) -> Json:
    """A plan whose endpoint is in a module that is called through modules without resources.

    Terraform 1.11 writes an entry without expressions for such a module, and its key on the blocks.
    """
    path = ".".join(f"module.{name}" for name in names)
    inner = module(block(ENDPOINT, f"{path}:aws"))
    for name in reversed(names[1:]):
        inner = module(module_calls={name: call(inner)})
    return plan(
        change(f"{path}.{ENDPOINT}", endpoint()),
        root=module(module_calls={names[0]: call(inner)}),
        providers={
            **provider("us-east-1"),
            f"{path}:aws": {"name": "aws", "full_name": AWS, "module_address": path},
            **(others or {}),
        },
    )


def test_a_module_called_through_modules_without_resources_inherits_the_roots_provider(read_plan: Reader) -> None:
    assert region_of(read_plan, wrapped("w", "m")) == "us-east-1"
    assert region_of(read_plan, wrapped("v", "w", "m")) == "us-east-1"


def test_a_module_right_below_one_without_resources_inherits_the_default_beside_an_alias(read_plan: Reader) -> None:
    """Had the call of w passed the alias on, Terraform would have found and named it."""
    alias = provider("eu-central-1", "aws.eu")
    assert region_of(read_plan, wrapped("w", "m", others=alias)) == "us-east-1"


def test_a_module_further_down_may_have_been_passed_the_alias(read_plan: Reader) -> None:
    """With v called with `providers = { aws = aws.eu }` and w without, a plan shows nothing of it."""
    assert region_of(read_plan, wrapped("v", "w", "m", others=provider("eu-central-1", "aws.eu"))) == NOWHERE
    assert region_of(read_plan, wrapped("v", "w", "m", others=provider("us-east-1", "aws.two"))) == "us-east-1"


def test_a_provider_block_in_a_module_on_the_way_is_inherited(read_plan: Reader) -> None:
    own = {"module.v:aws": {**provider("eu-west-1")["aws"], "module_address": "module.v"}}
    assert region_of(read_plan, wrapped("v", "w", "m", others=own)) == "eu-west-1"


def test_an_alias_alone_is_inherited_by_nobody(read_plan: Reader) -> None:
    document = wrapped("w", "m", others=provider("eu-central-1", "aws.eu"))
    del document["configuration"]["provider_config"]["aws"]
    assert region_of(read_plan, document) == NOWHERE


def test_blocks_of_modules_that_inherit_one_provider_are_linked(read_plan: Reader) -> None:
    """The target in one module scales the endpoint in another, though Terraform names two configurations."""
    inherited = {
        key: {"name": "aws", "full_name": AWS, "module_address": key[:-4]}
        for key in ("module.w.module.m:aws", "module.x.module.s:aws")
    }
    root = module(
        module_calls={
            "w": call(
                module(
                    module_calls={
                        "m": call(
                            module(
                                block(ENDPOINT, "module.w.module.m:aws"), block(CONFIGURATION, "module.w.module.m:aws")
                            )
                        )
                    }
                )
            ),
            "x": call(module(module_calls={"s": call(module(block(TARGET, "module.x.module.s:aws")))})),
        }
    )
    document = plan(
        change(f"module.w.module.m.{ENDPOINT}", endpoint()),
        change(f"module.w.module.m.{CONFIGURATION}", configuration()),
        change(f"module.x.module.s.{TARGET}", target()),
        root=root,
        providers={**provider("us-east-1"), **inherited},
    )
    (found,) = read_plan(document).after.endpoints
    assert isinstance(found.variants, tuple)
    assert isinstance(found.variants[0].scaling, ScalableTarget)


@pytest.mark.parametrize(
    "container",
    [
        {"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/chat:1"},
        {"image": "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/chat@sha256:00"},
        {"model_package_name": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/chat/3"},
    ],
    ids=["image", "fips", "package"],
)
def test_the_image_or_package_of_its_model_tells_an_endpoints_region(read_plan: Reader, container: Json) -> None:
    """SageMaker API reference, ContainerDefinition: the image in ECR must be in the region of the model."""
    model = "aws_sagemaker_model.m"
    told = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration(variant(model_name="m"))),
        change(model, {"name": "m", "primary_container": [container]}),
        root=module(block(ENDPOINT), block(CONFIGURATION), block(model)),
        providers=provider(None),
    )
    assert region_of(read_plan, told) == "eu-west-1"
    elsewhere = json.loads(json.dumps(told).replace(container_text(container), "python:3.12"))
    assert region_of(read_plan, elsewhere) == NOWHERE


def container_text(container: Json) -> str:
    (text,) = container.values()
    return str(text)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("local.region", "eu-west-1"),
        ("local.regions[var.stage]", "eu-central-1"),
        ('var.stage == "prod" ? "eu-central-1" : "us-east-1"', "eu-central-1"),
        ("terraform.workspace", Unknown("the region of its provider is not known: a plan does not tell its workspace")),
    ],
)
def test_the_source_beside_a_plan_tells_what_the_plan_is_silent_about(
    tmp_path: Path, region: str, expected: object
) -> None:
    """A plan lists of `region = local.region` only that it mentions local.region; values are those of the plan."""
    (tmp_path / "main.tf").write_text(
        f"""
        provider "aws" {{ region = {region} }}
        variable "stage" {{ default = "dev" }}
        locals {{
          region  = "eu-west-1"
          regions = {{ prod = "eu-central-1", dev = "us-east-1" }}
        }}
        resource "aws_sagemaker_endpoint" "e" {{
          name                 = "app"
          endpoint_config_name = "app-config"
        }}
        """,
        encoding="utf-8",
    )
    document = plan(
        change(ENDPOINT, endpoint()), providers=provider(ref("local.region")), variables={"stage": {"value": "prod"}}
    )
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (found,) = read(str(path), source=str(tmp_path)).after.endpoints
    assert found.region == expected


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", None)],
)
def test_the_partition_of_an_isolated_region_is_not_guessed(region: str, partition: str | None) -> None:
    """Templates and Terraform source ask one function: AWS::Partition and data.aws_partition are the same thing."""
    assert partition_of(region) == partition


@pytest.mark.parametrize(
    ("arn", "allowed", "account"),
    [
        (ARN.format("us-east-1"), ["999999999999"], "123456789012"),
        (None, ["999999999999"], "999999999999"),
        (None, ["999999999999", "888888888888"], None),
        (None, None, None),
        ("arn:aws:iam::123456789012:role/x", None, None),
    ],
)
def test_the_account_is_that_of_its_arn_or_the_only_one_its_provider_may_work_in(
    read_plan: Reader, arn: str | None, allowed: list[str] | None, account: str | None
) -> None:
    providers = provider()
    if allowed:
        providers["aws"]["expressions"]["allowed_account_ids"] = {"constant_value": allowed}
    document = plan(
        change(CONFIGURATION, configuration()),
        change(ENDPOINT, endpoint(arn=arn) if arn else endpoint()),
        providers=providers,
    )
    (found,) = read_plan(document).after.endpoints
    assert found.account == account
