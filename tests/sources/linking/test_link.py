"""Endpoints, their configurations and their inference components: joined by value, and never by a guess."""

from typing import Any

import pytest

from guardrail.model import COPY_COUNT, Endpoint, InstanceVariant, ScalableTarget, Unknown
from tests.sources.conftest import Reader
from tests.sources.plans import (
    CONFIGURATION,
    COPIES,
    ENDPOINT,
    TARGET,
    Json,
    block,
    change,
    configuration,
    constant,
    endpoint,
    kept,
    module,
    plan,
    provider,
    ref,
    replaced,
    standing,
    state,
    target,
    variant,
)

COMPONENT = "aws_sagemaker_inference_component.ic"
SMALL, LARGE = variant(instance_type="ml.m5.large"), variant(instance_type="ml.m5.4xlarge")
PROVIDERS = {**provider("us-east-1"), **provider("us-east-1", "aws.two"), **provider("eu-west-1", "aws.eu")}


def types(one: Endpoint) -> list[Any]:
    assert isinstance(one.variants, tuple)
    return [each.instance_type for each in one.variants if isinstance(each, InstanceVariant)]


def test_two_endpoints_on_one_configuration_are_billed_twice(read_plan: Reader) -> None:
    document = plan(
        change("aws_sagemaker_endpoint.a", endpoint("a")),
        change("aws_sagemaker_endpoint.b", endpoint("b")),
        change(CONFIGURATION, configuration(SMALL)),
    )
    changes = read_plan(document)
    assert [(each.name, types(each)) for each in changes.after.endpoints] == [
        ("a", ["ml.m5.large"]),
        ("b", ["ml.m5.large"]),
    ]
    assert changes.after.unattached == ()


def test_a_configuration_that_no_endpoint_uses_is_unattached(read_plan: Reader) -> None:
    changes = read_plan(plan(change(CONFIGURATION, configuration(SMALL))))
    assert changes.after.endpoints == ()
    assert [(each.address, each.deployed) for each in changes.after.unattached] == [(CONFIGURATION, "no")]


def test_a_configuration_managed_elsewhere_is_unknown_and_keeps_its_name(read_plan: Reader) -> None:
    (found,) = read_plan(plan(change(ENDPOINT, endpoint(config="elsewhere")))).after.endpoints
    assert found.variants == found.mode == Unknown("its configuration is managed elsewhere", "elsewhere")
    assert found.configuration_address is None


def test_endpoints_of_equal_names_in_two_regions_keep_to_their_own(read_plan: Reader) -> None:
    document = plan(
        *(
            each
            for key, kind in (("us", "ml.m5.large"), ("eu", "ml.m5.4xlarge"))
            for each in (
                change(f"aws_sagemaker_endpoint.{key}", endpoint()),
                change(f"aws_sagemaker_endpoint_configuration.{key}", configuration(variant(instance_type=kind))),
                change(f"aws_appautoscaling_target.{key}", target(high=3 if key == "us" else 8)),
            )
        ),
        root=module(
            *(
                block(f"{type_}.{key}", alias)
                for key, alias in (("us", "aws"), ("eu", "aws.eu"))
                for type_ in (
                    "aws_sagemaker_endpoint",
                    "aws_sagemaker_endpoint_configuration",
                    "aws_appautoscaling_target",
                )
            )
        ),
        providers=PROVIDERS,
    )
    found = {each.region: (types(each), scaling_of(each)) for each in read_plan(document).after.endpoints}
    assert found == {"us-east-1": (["ml.m5.large"], 3), "eu-west-1": (["ml.m5.4xlarge"], 8)}


def scaling_of(one: Endpoint) -> Any:
    """The ceiling of the first variant's target, or what stands in its place."""
    assert isinstance(one.variants, tuple)
    scaling = one.variants[0].scaling
    return scaling.max_capacity if isinstance(scaling, ScalableTarget) else scaling


def test_a_configuration_of_another_region_is_not_the_one_that_is_meant(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        root=module(block(ENDPOINT), block(CONFIGURATION, "aws.eu")),
        providers=PROVIDERS,
    )
    changes = read_plan(document)
    assert changes.after.endpoints[0].variants == Unknown("its configuration is managed elsewhere", "app-config")
    assert [each.deployed for each in changes.after.unattached] == ["no"]


def test_a_namesake_under_another_alias_may_be_in_another_account_and_is_uncertain(read_plan: Reader) -> None:
    """Nothing tells whether aws and aws.two are two accounts: its configuration is unknown, that one possible."""
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        root=module(block(ENDPOINT, endpoint_config_name="app-config"), block(CONFIGURATION, "aws.two")),
        providers=PROVIDERS,
    )
    found = {each.address: each.deployed for each in read_plan(document).after.endpoints}
    assert found == {ENDPOINT: "yes", CONFIGURATION: "possibly"}


def test_a_namesake_under_another_alias_is_meant_where_the_expression_refers_to_it(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        root=module(
            block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name")), block(CONFIGURATION, "aws.two")
        ),
        providers=PROVIDERS,
    )
    (found,) = read_plan(document).after.endpoints
    assert found.configuration_address == CONFIGURATION


def test_of_two_namesakes_the_one_of_the_same_provider_configuration_is_meant(read_plan: Reader) -> None:
    other = "aws_sagemaker_endpoint_configuration.two"
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration(SMALL)),
        change(other, configuration(LARGE)),
        root=module(block(ENDPOINT), block(CONFIGURATION), block(other, "aws.two")),
        providers=PROVIDERS,
    )
    (found,) = read_plan(document).after.endpoints
    assert types(found) == ["ml.m5.large"]


@pytest.mark.parametrize("actions", [["delete", "create"], ["create", "delete"]])
def test_a_configuration_replaced_under_its_name_changes_nothing_that_runs(
    read_plan: Reader, actions: list[str]
) -> None:
    document = plan(
        kept(ENDPOINT, endpoint()), replaced(CONFIGURATION, configuration(SMALL), configuration(LARGE), actions=actions)
    )
    changes = read_plan(document)
    (found,) = changes.after.endpoints
    assert found.keeps_previous_configuration
    assert found.touched
    assert types(found) == ["ml.m5.large"]
    assert changes.after.unattached == ()


def test_an_endpoint_whose_tags_alone_change_keeps_its_configuration_too(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint(tags={"a": "b"}), before=endpoint()),
        replaced(CONFIGURATION, configuration(SMALL), configuration(LARGE)),
    )
    (found,) = read_plan(document).after.endpoints
    assert found.keeps_previous_configuration
    assert types(found) == ["ml.m5.large"]


def test_an_endpoint_replaced_with_its_configuration_runs_the_new_one(read_plan: Reader) -> None:
    document = plan(
        replaced(ENDPOINT, endpoint(), endpoint()), replaced(CONFIGURATION, configuration(SMALL), configuration(LARGE))
    )
    (found,) = read_plan(document).after.endpoints
    assert not found.keeps_previous_configuration
    assert types(found) == ["ml.m5.4xlarge"]


def test_an_endpoint_that_moves_to_the_new_name_runs_the_new_configuration(read_plan: Reader) -> None:
    """With name_prefix the new name is unknown, the endpoint is updated, and the reference leads to the new one."""
    document = plan(
        change(ENDPOINT, endpoint(config=None), before=endpoint(), unknown={"endpoint_config_name": True}),
        replaced(CONFIGURATION, configuration(SMALL), configuration(LARGE, name=None), unknown={"name": True}),
        root=module(
            block(ENDPOINT, endpoint_config_name=ref(f"{CONFIGURATION}.name")), block(CONFIGURATION, name_prefix="a")
        ),
    )
    (found,) = read_plan(document).after.endpoints
    assert not found.keeps_previous_configuration
    assert types(found) == ["ml.m5.4xlarge"]


def test_an_endpoint_out_of_target_keeps_what_it_runs_while_its_configuration_is_renamed(read_plan: Reader) -> None:
    document = plan(
        replaced(CONFIGURATION, configuration(SMALL), configuration(LARGE, name="new")),
        prior_state=state(standing(ENDPOINT, endpoint()), standing(CONFIGURATION, configuration(SMALL))),
    )
    changes = read_plan(document)
    (found,) = changes.after.endpoints
    assert types(found) == ["ml.m5.large"]
    assert [types(each) for each in changes.after.unattached] == [["ml.m5.4xlarge"]]


def component(name: str = "llm", host: str | None = "app", **others: Any) -> Json:
    return {
        "name": name,
        "endpoint_name": host,
        "variant_name": "main",
        "specification": [{"model_name": "m"}],
        "runtime_config": [{"copy_count": 2}],
        **others,
    }


def test_inference_components_are_hosted_by_the_endpoint_they_name_and_scaled_by_their_target(
    read_plan: Reader,
) -> None:
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        change(COMPONENT, component()),
        change(TARGET, target("inference-component/llm", 0, 5, COPIES)),
    )
    changes = read_plan(document)
    (found,) = changes.after.endpoints
    assert isinstance(found.inference_components, tuple)
    (hosted,) = found.inference_components
    assert (hosted.name, hosted.variant_name, hosted.copies) == ("llm", "main", 2)
    assert isinstance(hosted.scaling, ScalableTarget)
    assert (hosted.scaling.dimension, hosted.scaling.min_capacity, hosted.scaling.max_capacity) == (COPY_COUNT, 0, 5)
    assert isinstance(found.variants, tuple)
    assert found.variants[0].scaling is None
    assert changes.coverage.skipped == 0


def test_an_adapter_has_no_copies_of_its_own(read_plan: Reader) -> None:
    adapter = component(specification=[{"base_inference_component_name": "base"}])
    document = plan(change(ENDPOINT, endpoint()), change(CONFIGURATION, configuration()), change(COMPONENT, adapter))
    (found,) = read_plan(document).after.endpoints
    assert isinstance(found.inference_components, tuple)
    assert found.inference_components[0].copies is None


def test_a_component_of_an_endpoint_elsewhere_is_skipped(read_plan: Reader) -> None:
    changes = read_plan(plan(change(COMPONENT, component(host="elsewhere"))))
    assert [(each.address, each.reason) for each in changes.skipped] == [
        (COMPONENT, "its endpoint is not managed here")
    ]


def test_a_component_whose_endpoint_is_unknown_may_be_hosted_by_any(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        change(COMPONENT, component(host=None), unknown={"endpoint_name": True}),
        root=module(block(ENDPOINT), block(CONFIGURATION), block(COMPONENT, endpoint_name=ref("local.name"))),
    )
    changes = read_plan(document)
    assert changes.after.endpoints[0].inference_components == Unknown(f"{COMPONENT} may be hosted here")
    assert [each.reason for each in changes.skipped] == ["which endpoint hosts it is known only after apply"]


def test_a_component_with_an_unknown_endpoint_is_hosted_by_the_one_it_refers_to(read_plan: Reader) -> None:
    other = "aws_sagemaker_endpoint.other"
    document = plan(
        change(ENDPOINT, endpoint(None), unknown={"name": True}),
        change(other, endpoint(None), unknown={"name": True}),
        change(CONFIGURATION, configuration()),
        change(COMPONENT, component(host=None), unknown={"endpoint_name": True}),
        root=module(
            block(ENDPOINT), block(other), block(CONFIGURATION), block(COMPONENT, endpoint_name=ref(f"{other}.name"))
        ),
    )
    hosts = {
        each.address: len(each.inference_components) if isinstance(each.inference_components, tuple) else None
        for each in read_plan(document).after.endpoints
    }
    assert hosts == {ENDPOINT: 0, other: 1}


def test_tags_of_the_configuration_fill_the_gaps_of_the_endpoints(read_plan: Reader) -> None:
    document = plan(
        change(ENDPOINT, endpoint(tags_all={"env": "prod", "team": "a"})),
        change(CONFIGURATION, configuration(tags_all={"team": "b", "cost": "c"})),
    )
    (found,) = read_plan(document).after.endpoints
    assert found.tags == {"env": "prod", "team": "a", "cost": "c"}


def test_a_plan_without_its_configuration_links_by_value_and_leaves_the_rest_unknown(read_plan: Reader) -> None:
    other = "aws_sagemaker_endpoint.unnamed"
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        change(other, endpoint("b", None), unknown={"endpoint_config_name": True}),
    )
    document.pop("configuration")
    found = {each.address: each.variants for each in read_plan(document).after.endpoints}
    assert isinstance(found[ENDPOINT], tuple)
    assert found[other] == Unknown("which configuration it uses is known only after apply")


def test_an_endpoint_with_an_unknown_configuration_makes_every_free_one_possible(read_plan: Reader) -> None:
    """As behind local.config: what may run is priced, and said to be only possible."""
    free = "aws_sagemaker_endpoint_configuration.free"
    document = plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration()),
        change(free, configuration(name="free")),
        change("aws_sagemaker_endpoint.lost", endpoint("lost", None), unknown={"endpoint_config_name": True}),
        root=module(
            block(ENDPOINT, endpoint_config_name=constant("app-config")),
            block(CONFIGURATION),
            block(free),
            block("aws_sagemaker_endpoint.lost", endpoint_config_name=ref("local.config")),
        ),
    )
    found = {each.address: each.deployed for each in read_plan(document).after.endpoints}
    assert found == {ENDPOINT: "yes", "aws_sagemaker_endpoint.lost": "yes", free: "possibly"}
