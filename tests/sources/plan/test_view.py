"""Values of a plan: unset and unknown told apart, in the blocks of hashicorp/aws and the objects of awscc."""

import time
from typing import Any

import pytest

from guardrail.model import (
    ChangeSet,
    Endpoint,
    InstancePool,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    StepAdjustment,
    StepScalingPolicy,
    Unknown,
    Variant,
)
from tests.sources.conftest import Reader
from tests.sources.plans import (
    CONFIGURATION,
    COUNT,
    ENDPOINT,
    TARGET,
    Json,
    alarm,
    block,
    change,
    configuration,
    constant,
    endpoint,
    module,
    plan,
    provider,
    ref,
    target,
    variant,
)

LATE = Unknown("known only after apply")


def only(changes: ChangeSet) -> Endpoint:
    (found,) = changes.after.endpoints
    return found


def variants(changes: ChangeSet) -> tuple[Variant, ...]:
    found = only(changes).variants
    assert isinstance(found, tuple)
    return found


def instances(changes: ChangeSet, place: int = 0) -> InstanceVariant:
    found = variants(changes)[place]
    assert isinstance(found, InstanceVariant)
    return found


def target_of(changes: ChangeSet) -> ScalableTarget:
    found = variants(changes)[0].scaling
    assert isinstance(found, ScalableTarget)
    return found


def configured(
    *blocks: Json, written: Any = None, unknown: Any = None, others: Json | None = None, **attributes: Any
) -> Json:
    """An endpoint on a configuration with these variants, ``written`` as their expressions, ``unknown`` in part."""
    late = {} if unknown is None else {"production_variants": unknown}
    expressions = {} if written is None else {"production_variants": written}
    return plan(
        change(ENDPOINT, endpoint()),
        change(CONFIGURATION, configuration(*blocks, **attributes), unknown=late | (others or {})),
        root=module(block(ENDPOINT, endpoint_config_name="app-config"), block(CONFIGURATION, **expressions)),
    )


STATIC = {"instance_type": "ml.m5.xlarge", "initial_instance_count": 2}
"""A static block that sets nothing else."""


def test_a_volume_that_looks_unknown_and_is_not_written_is_unset(read_plan: Reader) -> None:
    found = instances(read_plan(configured(variant(), written=[STATIC], unknown=[{"volume_size_in_gb": True}])))
    assert found.volume_size_gb is None
    assert found.assumptions == ()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (constant(None), None),
        (ref("var.volume"), None),
        (ref("var.volume", "path.module", "terraform.workspace"), None),
        (ref("each.key"), None),
        (ref("local.volume"), LATE),
        (ref("each.value.volume"), LATE),
        (ref("data.aws_ssm_parameter.p.value"), LATE),
        (ref("terraform_data.d.output"), LATE),
        (ref("module.m.volume"), LATE),
        (ref("var.volume", "terraform_data.d.output"), LATE),
    ],
)
def test_a_volume_that_is_written_is_unknown_unless_its_expression_is_known(
    read_plan: Reader, expression: Json, expected: object
) -> None:
    """Input variables are known when a plan is made: an unknown value then is the provider's choice for null."""
    written = [{**STATIC, "volume_size_in_gb": expression}]
    found = instances(read_plan(configured(variant(), written=written, unknown=[{"volume_size_in_gb": True}])))
    assert found.volume_size_gb == expected


@pytest.mark.parametrize("passed", [{}, {"volume": constant(None)}, {"volume": ref("var.outer")}])
def test_a_null_that_a_module_was_passed_is_unset(read_plan: Reader, passed: Json) -> None:
    inner = module(
        block(ENDPOINT),
        block(CONFIGURATION, production_variants=[{**STATIC, "volume_size_in_gb": ref("var.volume")}]),
    )
    unknown = {"production_variants": [{"volume_size_in_gb": True}]}
    document = plan(
        change(f"module.m.{ENDPOINT}", endpoint()),
        change(f"module.m.{CONFIGURATION}", configuration(), unknown=unknown),
        root=module(module_calls={"m": {"module": inner, "expressions": passed}}),
    )
    assert instances(read_plan(document)).volume_size_gb is None


def test_below_a_dynamic_block_the_default_is_an_assumption(read_plan: Reader) -> None:
    found = instances(read_plan(configured(variant(), unknown=[{"volume_size_in_gb": True}])))
    assert found.volume_size_gb is None
    assert found.assumptions == ("volume_size_in_gb",)


def test_static_and_dynamic_blocks_together_hide_which_is_which(read_plan: Reader) -> None:
    document = configured(
        variant("static"),
        variant("dynamic"),
        written=[{**STATIC, "volume_size_in_gb": ref("local.volume")}],
        unknown=[{"volume_size_in_gb": True}] * 2,
    )
    changes = read_plan(document)
    assert [instances(changes, place).assumptions for place in (0, 1)] == [("volume_size_in_gb",)] * 2


def test_what_is_flagged_in_one_of_several_variants_is_so_in_no_other(read_plan: Reader) -> None:
    """Of what a plan tells of the others, empty trees, nothing is kept but their places."""
    unknown = [{"serverless_config": []}, {"serverless_config": [], "volume_size_in_gb": True}, {}]
    marks = [{}, {"serverless_config": []}, {"instance_type": True}]
    blocks = configuration(variant("first"), variant("second"), variant("third"))
    stack = change(
        CONFIGURATION, blocks, unknown={"production_variants": unknown}, sensitive={"production_variants": marks}
    )
    changes = read_plan(plan(change(ENDPOINT, endpoint()), stack))
    found = [instances(changes, place) for place in range(3)]
    assert [each.assumptions for each in found] == [(), ("volume_size_in_gb",), ()]
    assert [each.sensitive for each in found] == [False, False, True]


def test_a_type_and_a_count_that_are_unknown_stay_unknown_below_a_dynamic_block(read_plan: Reader) -> None:
    late = {"instance_type": True, "initial_instance_count": True}
    changes = read_plan(configured(variant(instance_type=None, count=None), unknown=[late]))
    found = instances(changes)
    assert (found.instance_type, found.initial_instance_count) == (LATE, LATE)
    assert changes.coverage.partial == 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([STATIC], 0),
        ([{"instance_type": "ml.m5.xlarge"}], Unknown("initial_instance_count is not set")),
        (None, Unknown("initial_instance_count is not set")),
    ],
    ids=["written", "not written", "out of sight"],
)
def test_a_count_of_zero_is_one_where_it_is_written(read_plan: Reader, written: Any, expected: object) -> None:
    """A state of hashicorp/aws shows 0 for a number that was never set."""
    found = instances(read_plan(configured(variant(count=0), written=written)))
    assert found.initial_instance_count == expected


def test_unknown_blocks_leave_the_variants_unknown(read_plan: Reader) -> None:
    document = configured(production_variants=None, unknown=True)
    found = only(read_plan(document))
    assert (found.variants, found.mode) == (LATE, LATE)


@pytest.mark.parametrize("name", ["async_inference_config", "shadow_production_variants", "data_capture_config"])
def test_a_whole_block_that_is_unknown_is_not_absent(read_plan: Reader, name: str) -> None:
    found = only(read_plan(configured(others={name: True})))
    field = {"async_inference_config": "mode", "shadow_production_variants": "variants"}.get(
        name, "data_capture_percent"
    )
    assert getattr(found, field) == LATE


def test_a_serverless_block_that_may_come_leaves_an_untyped_variant_unknown(read_plan: Reader) -> None:
    late = [{"serverless_config": True}]
    found = instances(read_plan(configured(variant(instance_type=None, count=None), written=[{}], unknown=late)))
    assert found.instance_type == LATE


def test_suspension_that_looks_unknown_and_is_not_written_is_unset(read_plan: Reader) -> None:
    document = configured()
    document["resource_changes"].append(change(TARGET, target(), unknown={"suspended_state": True}))
    document["configuration"]["root_module"]["resources"].append(block(TARGET))
    assert target_of(read_plan(document)).dynamic_scaling_in_suspended is False


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("instance_type", 7, "instance_type is not text"),
        ("instance_type", ["ml.m5.large"], "instance_type is not text"),
        ("instance_type", "", "neither instance_type nor serverless_config is set"),
        ("initial_instance_count", "abc", "initial_instance_count is not a number"),
        ("initial_instance_count", -3, "initial_instance_count is not a whole number of at least 0"),
        ("initial_instance_count", 1.5, "initial_instance_count is not a whole number of at least 0"),
        ("initial_instance_count", 10**12, "initial_instance_count is too large a number"),
        ("initial_instance_count", "1e300", "initial_instance_count is too large a number"),
        ("initial_instance_count", "nan", "initial_instance_count is not a finite number"),
        ("initial_instance_count", True, "initial_instance_count is not a number"),
        ("initial_instance_count", None, "initial_instance_count is not set"),
        ("initial_instance_count", {}, "initial_instance_count is not a number"),
        ("volume_size_in_gb", "big", "volume_size_in_gb is not a number"),
        ("initial_variant_weight", [], "initial_variant_weight is not a number"),
    ],
)
def test_a_malformed_value_is_unknown_with_its_reason(
    read_plan: Reader, field: str, value: object, reason: str
) -> None:
    found = instances(read_plan(configured({**variant(), field: value})))
    name = {"volume_size_in_gb": "volume_size_gb", "initial_variant_weight": "weight"}.get(field, field)
    assert getattr(found, name) == Unknown(reason)


@pytest.mark.parametrize("value", [7, "text", [1], [None], [["x"]]])
def test_variants_that_are_no_blocks_are_unknown(read_plan: Reader, value: object) -> None:
    found = only(read_plan(configured(production_variants=value)))
    assert found.variants == Unknown("production_variants is not a block")


def test_names_that_are_generated_are_unknown_and_keep_their_prefix(read_plan: Reader) -> None:
    late = {"name": True}
    document = plan(
        change("aws_sagemaker_endpoint.a", endpoint(None), unknown=late),
        change("aws_sagemaker_endpoint.b", endpoint(None, name_prefix="app-"), unknown=late),
        change("aws_sagemaker_endpoint.c", endpoint(None), unknown=late),
        change(CONFIGURATION, configuration(variant(None)), unknown={"production_variants": [{"variant_name": True}]}),
        root=module(
            block("aws_sagemaker_endpoint.a"),
            block("aws_sagemaker_endpoint.b", name_prefix="app-"),
            block("aws_sagemaker_endpoint.c", name=ref("random_pet.x.id")),
            block(CONFIGURATION, production_variants=[STATIC]),
        ),
    )
    changes = read_plan(document)
    assert [each.name for each in changes.after.endpoints] == [
        Unknown("generated on apply"),
        Unknown("generated on apply", "app-${…}"),
        LATE,
    ]
    assert isinstance(changes.after.endpoints[0].variants, tuple)
    assert changes.after.endpoints[0].variants[0].name == Unknown("generated on apply")


def tags_of(read_plan: Reader, attributes: Json, unknown: Json | None = None, providers: Json | None = None) -> Any:
    root = module(block(ENDPOINT, endpoint_config_name="elsewhere"))
    return only(
        read_plan(plan(change(ENDPOINT, endpoint(**attributes), unknown=unknown), root=root, providers=providers))
    ).tags


DEFAULTS = provider(default_tags=[{"tags": constant({"team": "ml", "env": "dev"})}])


def test_tags_all_holds_the_defaults_and_is_what_counts(read_plan: Reader) -> None:
    assert tags_of(read_plan, {"tags": {"a": "b"}, "tags_all": {"a": "b", "team": "ml"}}) == {"a": "b", "team": "ml"}


def test_a_tag_that_is_unknown_is_there_with_an_unknown_value(read_plan: Reader) -> None:
    assert tags_of(read_plan, {"tags_all": {"a": "b"}}, {"tags_all": {"name": True}}) == {"a": "b", "name": LATE}


def test_where_tags_all_is_unknown_the_defaults_of_the_provider_block_count(read_plan: Reader) -> None:
    """Seen with provider 5.100: with an unknown attribute beside it, tags_all is unknown as a whole."""
    found = tags_of(read_plan, {"tags": {"env": "prod"}, "tags_all": None}, {"tags_all": True}, DEFAULTS)
    assert found == {"team": "ml", "env": "prod"}


def test_where_the_defaults_of_the_provider_are_not_constant_the_tags_are_unknown(read_plan: Reader) -> None:
    computed = provider(default_tags=[{"tags": ref("local.tags")}])
    found = tags_of(read_plan, {"tags": {"env": "prod"}, "tags_all": None}, {"tags_all": True}, computed)
    assert found == Unknown("the default tags of the provider are not constant")


def test_without_default_tags_an_unknown_tags_all_is_what_tags_says(read_plan: Reader) -> None:
    assert tags_of(read_plan, {"tags": {"env": "prod"}, "tags_all": None}, {"tags_all": True}) == {"env": "prod"}


def test_one_sensitive_tag_hides_its_value_and_no_other(read_plan: Reader) -> None:
    tagged = endpoint(tags_all={"env": "prod", "token": "s3cret"})
    changes = read_plan(plan(change(ENDPOINT, tagged, sensitive={"tags_all": {"token": True}})))
    assert only(changes).tags == {"env": "prod", "token": Unknown("sensitive")}


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, False),
        ({"production_variants": [{"instance_type": True}]}, True),
        ({"production_variants": [{"initial_instance_count": True}]}, True),
        ({"production_variants": [{"model_name": True}]}, False),
        ({"production_variants": True}, True),
        (True, True),
    ],
)
def test_a_sensitive_type_or_count_is_used_and_marked(read_plan: Reader, marks: Any, *, expected: bool) -> None:
    document = plan(change(ENDPOINT, endpoint()), change(CONFIGURATION, configuration(), sensitive=marks))
    found = instances(read_plan(document))
    assert (found.instance_type, found.initial_instance_count) == ("ml.m5.xlarge", 2)
    assert found.sensitive is expected


def test_a_sensitive_bound_marks_the_target_and_so_does_that_of_a_scheduled_action(read_plan: Reader) -> None:
    schedule = {**target(), "schedule": "rate(1 day)", "scalable_target_action": [{"min_capacity": "1"}]}
    marks = {"scalable_target_action": [{"min_capacity": True}]}
    stack = (change(ENDPOINT, endpoint()), change(CONFIGURATION, configuration()))
    bound = plan(*stack, change(TARGET, target(), sensitive={"max_capacity": True}))
    action = plan(
        *stack, change(TARGET, target()), change("aws_appautoscaling_scheduled_action.s", schedule, sensitive=marks)
    )
    assert target_of(read_plan(bound)).sensitive
    assert target_of(read_plan(action)).sensitive


@pytest.mark.parametrize(
    ("values", "skipped"),
    [
        ({"template_body": '{"Resources": {"E": {"Type": "AWS::SageMaker::Endpoint"}}}'}, True),
        ({"template_body": "Resources:\n  E:\n    Type: AWS::SageMaker::InferenceComponent"}, True),
        ({"template_body": "Resources:\n  N:\n    Type: AWS::SageMaker::NotebookInstance"}, False),
        ({"template_body": None, "template_url": "https://example.com/t.yaml"}, True),
    ],
)
def test_a_cloudformation_stack_that_holds_sagemaker_inference_is_seen(
    read_plan: Reader, values: Json, *, skipped: bool
) -> None:
    changes = read_plan(plan(change("aws_cloudformation_stack.s", values)))
    assert [each.affects_total for each in changes.skipped] == [True] * skipped
    assert changes.coverage.seen == skipped


def test_a_cloud_control_resource_of_sagemaker_is_seen(read_plan: Reader) -> None:
    values = {"type_name": "AWS::SageMaker::EndpointConfig", "desired_state": "{}"}
    changes = read_plan(plan(change("aws_cloudcontrolapi_resource.r", values)))
    assert [each.type for each in changes.skipped] == ["aws_cloudcontrolapi_resource"]


CC_ENDPOINT, CC_CONFIG = "awscc_sagemaker_endpoint.e", "awscc_sagemaker_endpoint_config.c"
CC_TARGET = "awscc_applicationautoscaling_scalable_target.t"
CC_POLICY = "awscc_applicationautoscaling_scaling_policy.p"
CC_ALARM = "awscc_cloudwatch_alarm.a"
CC_UNSET = {
    "async_inference_config": True,
    "data_capture_config": True,
    "shadow_production_variants": True,
    "tags": True,
    "endpoint_config_arn": True,
    "id": True,
}
CC_VARIANT_UNSET = dict.fromkeys(
    ("volume_size_in_gb", "serverless_config", "managed_instance_scaling", "instance_pools", "initial_variant_weight"),
    True,
)


def cc_stack(written: Any, *extra: Json, **attributes: Any) -> Json:
    """An awscc endpoint on a configuration, everything that is not set unknown, as that provider shows it."""
    values = {
        "endpoint_config_name": "cc",
        "production_variants": [{"variant_name": "main", "instance_type": "ml.m5.xlarge", "initial_instance_count": 2}],
        **attributes,
    }
    unknown: Json = {name: flag for name, flag in CC_UNSET.items() if name not in values}
    if isinstance(values["production_variants"], list):
        unset = [
            {name: True for name in CC_VARIANT_UNSET if name not in each} for each in values["production_variants"]
        ]
        unknown["production_variants"] = unset
    expressions = {name: constant(value) for name, value in attributes.items()}
    return plan(
        change(CC_ENDPOINT, {"endpoint_name": "app", "endpoint_config_name": "cc"}, unknown={"tags": True}),
        change(CC_CONFIG, values, unknown=unknown),
        *extra,
        root=module(
            block(CC_ENDPOINT, "awscc", endpoint_name="app", endpoint_config_name="cc"),
            block(CC_CONFIG, "awscc", **{**expressions, "production_variants": written}),
            *(block(each["address"], "awscc") for each in extra),
        ),
        providers={**provider(), **provider("eu-west-1", "awscc", "registry.terraform.io/hashicorp/awscc")},
    )


CC_WRITTEN = constant([{"variant_name": "main", "instance_type": "ml.m5.xlarge", "initial_instance_count": 2}])


@pytest.mark.parametrize("written", [CC_WRITTEN, ref("var.type")], ids=["constant", "from variables"])
def test_what_awscc_leaves_unset_is_unset_though_all_of_it_looks_unknown(read_plan: Reader, written: Json) -> None:
    changes = read_plan(cc_stack(written))
    one, found = only(changes), instances(changes)
    assert (one.name, one.mode, one.region, one.tags, one.data_capture_percent) == (
        "app",
        "realtime",
        "eu-west-1",
        {},
        None,
    )
    assert (found.volume_size_gb, found.managed_scaling, found.instance_pools, found.weight) == (None, None, (), 1.0)
    assert found.assumptions == ()
    assert changes.coverage.partial == 0


def test_below_references_the_defaults_of_awscc_are_assumptions(read_plan: Reader) -> None:
    """Terraform tells only what an attribute mentions as a whole, not which of its parts is set."""
    changes = read_plan(cc_stack(ref("awscc_sagemaker_model.m.model_name")))
    found = instances(changes)
    assert found.volume_size_gb is None
    assert "volume_size_in_gb" in found.assumptions


def test_a_model_name_that_awscc_may_have_set_is_not_taken_as_none(read_plan: Reader) -> None:
    """Without a model the variant would host inference components, whose scaling has other rules."""
    document = cc_stack(ref("awscc_sagemaker_model.m.model_name"))
    document["resource_changes"][1]["change"]["after_unknown"]["production_variants"][0]["model_name"] = True
    assert instances(read_plan(document)).model_name == LATE


def test_objects_of_awscc_are_read_like_blocks(read_plan: Reader) -> None:
    changes = read_plan(
        cc_stack(
            CC_WRITTEN,
            async_inference_config={"output_config": {"s3_output_path": "s3://b"}},
            data_capture_config={"initial_sampling_percentage": 20},
            tags=[{"key": "env", "value": "prod"}],
            production_variants=[
                {
                    "variant_name": "main",
                    "initial_instance_count": 2,
                    "instance_pools": [{"instance_type": "ml.g5.xlarge", "priority": 1}],
                    "managed_instance_scaling": {"status": "ENABLED", "min_instance_count": 1, "max_instance_count": 2},
                }
            ],
        )
    )
    one, found = only(changes), instances(changes)
    assert (one.mode, one.data_capture_percent, one.tags) == ("async", 20, {"env": "prod"})
    assert found.instance_pools == (InstancePool(instance_type="ml.g5.xlarge", priority=1),)
    assert isinstance(found.managed_scaling, ManagedInstanceScaling)


def cc_policy(**link: Any) -> Json:
    step = {"adjustment_type": "ChangeInCapacity", "step_adjustments": [{"scaling_adjustment": 1}]}
    return {"policy_type": "StepScaling", "step_scaling_policy_configuration": step, **link}


def test_scaling_of_awscc_is_joined_by_the_id_of_its_target_and_carries_its_schedule(read_plan: Reader) -> None:
    night = {"schedule": "cron(0 20 * * ? *)", "scalable_target_action": {"min_capacity": 0, "max_capacity": 0}}
    wake = "arn:aws:autoscaling:eu-west-1:1:scalingPolicy:p"
    by_id = cc_policy(scaling_target_id=f"endpoint/app/variant/main|{COUNT}|sagemaker", arn=wake)
    dimensions = [{"name": "EndpointName", "value": "app"}]
    changes = read_plan(
        cc_stack(
            CC_WRITTEN,
            change(CC_TARGET, target(scheduled_actions=[night])),
            change(CC_POLICY, by_id),
            change(CC_ALARM, alarm([wake], dimensions=dimensions)),
        )
    )
    found = target_of(changes)
    assert isinstance(found.scheduled_actions, tuple)
    assert [(each.min_capacity, each.max_capacity) for each in found.scheduled_actions] == [(0, 0)]
    assert isinstance(found.policies, tuple)
    (policy,) = found.policies
    assert isinstance(policy, StepScalingPolicy)
    assert policy.steps == (StepAdjustment(None, None, 1),)
    assert isinstance(policy.alarms, tuple)
    assert policy.alarms[0].dimensions == {"EndpointName": "app"}
    assert changes.coverage.skipped == 0


def test_a_policy_of_awscc_that_refers_to_an_ecs_target_is_not_ours(read_plan: Reader) -> None:
    """Its target's id is unknown, but not what it is the id of: no target of ours may be doubted for it."""
    ours = "awscc_applicationautoscaling_scalable_target.ours"
    ecs = target("service/c/web", dimension="ecs:service:DesiredCount", service_namespace="ecs")
    late = change(CC_POLICY, cc_policy(), unknown={"scaling_target_id": True})
    document = cc_stack(CC_WRITTEN, change(ours, target()), change(CC_TARGET, ecs), late)
    document["configuration"]["root_module"]["resources"][-1] = block(
        CC_POLICY, "awscc", scaling_target_id=ref(f"{CC_TARGET}.id")
    )
    changes = read_plan(document)
    assert target_of(changes).policies == ()
    assert changes.coverage.seen == 3


def test_variants_by_the_thousand_that_are_known_later_are_read_in_time_that_is_linear(read_plan: Reader) -> None:
    """Which of the written blocks is whose was worked out once for each of them: 8,000 times 8,000 steps, 3 seconds."""
    count = 8_000
    later = {"production_variants": [{"instance_type": True, "volume_size_in_gb": True}] * count}
    written = block(CONFIGURATION, production_variants=[{"instance_type": ref("local.type")}] * count)
    document = plan(
        change(CONFIGURATION, configuration(*[variant("main", None)] * count), unknown=later), root=module(written)
    )
    started = time.process_time()
    (found,) = read_plan(document).after.unattached
    assert time.process_time() - started < 1.5
    assert isinstance(found.variants, tuple)
    assert [getattr(each, "instance_type", None) for each in found.variants] == [LATE] * count
