"""Verdicts over whole inventories: what is judged, where it points, what it costs, and what it must not say.

Prices of us-east-1: ml.m5.large 0.115 USD an hour, 83.95 a month, with a volume of 4 GB at 0.14, 0.56 a month;
ml.m5.xlarge 0.23 USD an hour, 167.90 a month, with a volume of 8 GB, 1.12 a month.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec import structs

from guardrail.cost.base import Delta, Monthly
from guardrail.cost.estimate import estimate
from guardrail.cost.usage import NO_USAGE, EndpointUsage, Usage
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    Alarm,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    Location,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.money import MONTH, Period
from guardrail.policy.base import NO_REMEDIATION, Remediation, Result
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import STACK, evaluate, evaluate_stack
from guardrail.policy.load import bundled, configure
from guardrail.policy.policy import PolicySettings
from guardrail.policy.superseding import without_superseded
from guardrail.prices.book import PriceBook

WHY = Unknown("known only after apply")


@cache
def prices() -> PriceBook:
    return PriceBook()


def variant(**changes: Any) -> InstanceVariant:
    fields: dict[str, Any] = {
        "name": "main",
        "shadow": False,
        "instance_type": "ml.m5.large",
        "initial_instance_count": 1,
        "model_name": "model",
        "location": Location("main.tf", 7),
    }
    return InstanceVariant(**(fields | changes))


def target(**changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {
        "address": "aws_appautoscaling_target.t",
        "dimension": INSTANCE_COUNT,
        "min_capacity": 1,
        "max_capacity": 4,
        "policies": (tracking(),),
        "location": Location("scaling.tf", 3),
    }
    return ScalableTarget(**(fields | changes))


def tracking(**changes: Any) -> TargetTrackingPolicy:
    fields: dict[str, Any] = {
        "address": "aws_appautoscaling_policy.tracking",
        "target_value": 100.0,
        "metrics": (ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance"),),
        "disable_scale_in": False,
    }
    return TargetTrackingPolicy(**(fields | changes))


def endpoint(*variants: InstanceVariant | ServerlessVariant, **changes: Any) -> Endpoint:
    fields: dict[str, Any] = {
        "address": "aws_sagemaker_endpoint.e",
        "name": "chat-dev",
        "region": "us-east-1",
        "mode": "realtime",
        "variants": variants or (variant(),),
        "configuration_address": "aws_sagemaker_endpoint_configuration.c",
        "location": Location("main.tf", 30),
        "configuration_location": Location("main.tf", 5),
    }
    return Endpoint(**(fields | changes))


def judge(
    *endpoints: Endpoint,
    policies: tuple[str, ...] = (),
    settings: Mapping[str, PolicySettings] | None = None,
    unattached: tuple[Endpoint, ...] = (),
    has_before: bool = True,
    usage: Usage = NO_USAGE,
    period: Period = MONTH,
) -> list[Result]:
    inventory = Inventory(endpoints=endpoints, unattached=unattached)
    chosen = configure(bundled(), settings or {}, select=policies)
    results = evaluate(
        chosen,
        inventory,
        estimate(inventory, prices(), usage, period=period),
        source="plan.json",
        prices=prices(),
        environments=Environments(),
        has_before=has_before,
    )
    return without_superseded(results, chosen)


def one(policy: str, *endpoints: Endpoint, **how: Any) -> Result:
    (result,) = judge(*endpoints, policies=(policy,), **how)
    return result


def failures(results: list[Result]) -> set[str]:
    return {result.policy for result in results if result.verdict == "fail"}


def verdicts(results: list[Result], policy: str) -> list[str]:
    return [result.verdict for result in results if result.policy == policy]


# What is judged


def test_passes_are_results_and_what_does_not_apply_is_none() -> None:
    results = judge(endpoint(variant(scaling=target())))
    assert verdicts(results, "realtime-variants-scale") == ["pass"]
    assert verdicts(results, "async-scales-to-zero") == []
    passed = next(result for result in results if result.policy == "realtime-variants-scale")
    assert (passed.status, passed.saving_monthly, passed.reason) == (None, None, None)
    assert passed.message == "Real-time variants on instances scale with their traffic"


def test_an_unattached_configuration_is_judged_by_its_sizes_with_nothing_to_save_yet() -> None:
    """ml.m5.12xlarge is 2.765 USD an hour, above non-production's 2: wrong, but it bills nothing until it is used."""
    address = "aws_sagemaker_endpoint_configuration.c"
    configuration = endpoint(variant(instance_type="ml.m5.12xlarge"), deployed="no", address=address)
    result = one("instances-are-right-sized", unattached=(configuration,))
    assert (result.verdict, result.address, result.saving_monthly) == ("fail", address, None)


def test_an_unattached_configuration_cannot_be_scaled_so_it_is_not_asked_to() -> None:
    """A scaling target names an endpoint, and there is none."""
    configuration = endpoint(deployed="no", address="aws_sagemaker_endpoint_configuration.c")
    asynchronous = endpoint(deployed="no", address="aws_sagemaker_endpoint_configuration.d", mode="async")
    assert judge(unattached=(configuration,), policies=("realtime-variants-scale",)) == []
    assert judge(unattached=(asynchronous,), policies=("async-scales-to-zero",)) == []


@pytest.mark.parametrize("change", ["forget", "delete"])
def test_what_is_forgotten_or_deleted_is_not_judged(change: Any) -> None:
    assert judge(endpoint(change=change)) == []


def test_a_configuration_that_is_not_known_leaves_the_policies_on_variants_open() -> None:
    result = one("instances-are-right-sized", endpoint(variants=WHY, configuration_address=None))
    assert (result.verdict, result.reason, result.variant) == ("open", "known only after apply", None)
    assert result.address == "aws_sagemaker_endpoint.e"


def test_an_unknown_mode_leaves_both_families_of_policies_open() -> None:
    results = judge(endpoint(mode=WHY))
    for policy in ("realtime-variants-scale", "async-scales-to-zero"):
        assert verdicts(results, policy) == ["open"]


def test_every_variant_is_judged_on_its_own() -> None:
    results = judge(endpoint(variant(), variant(name="b", scaling=target())), policies=("realtime-variants-scale",))
    assert [(result.variant, result.verdict) for result in results] == [("main", "fail"), ("b", "pass")]


def test_the_target_of_an_inference_component_is_judged() -> None:
    component = InferenceComponent(
        address="awscc_sagemaker_inference_component.ic",
        name="ic",
        variant_name="main",
        copies=1,
        scaling=target(dimension=COPY_COUNT, policies=()),
    )
    results = judge(endpoint(inference_components=(component,)), policies=("scaling-has-a-policy",))
    assert [(result.verdict, result.address) for result in results] == [("fail", "aws_appautoscaling_target.t")]
    assert results[0].saving_monthly is None


def test_one_component_that_may_be_hosted_here_leaves_its_policies_open() -> None:
    results = judge(endpoint(inference_components=WHY), policies=("scaling-has-a-policy",))
    assert [result.verdict for result in results] == ["open"]


# Where it points, and when it is new


def test_a_finding_points_at_the_scaling_target_where_it_is_at_fault() -> None:
    result = one("async-scales-to-zero", endpoint(variant(scaling=target()), mode="async"))
    assert (result.address, result.location) == ("aws_appautoscaling_target.t", Location("scaling.tf", 3))
    assert result.endpoint == "aws_sagemaker_endpoint.e"


def test_without_a_target_it_points_at_the_variant_in_its_configuration() -> None:
    result = one("async-scales-to-zero", endpoint(mode="async"))
    assert (result.address, result.location) == ("aws_sagemaker_endpoint_configuration.c", Location("main.tf", 7))


def test_it_points_at_the_policy_that_disables_scaling_in() -> None:
    scaling = target(policies=(tracking(disable_scale_in=True),))
    assert (
        one("scaling-in-is-enabled", endpoint(variant(scaling=scaling))).address == "aws_appautoscaling_policy.tracking"
    )


def test_of_several_policies_it_points_at_the_one_at_fault() -> None:
    backlog = ScalingMetric(
        predefined=False,
        name="ApproximateBacklogSizePerInstance",
        namespace="AWS/SageMaker",
        dimensions={"EndpointName": Unknown("known only after apply")},
    )
    right = tracking(address="aws_appautoscaling_policy.right", metrics=(backlog,))
    scaling = target(policies=(step(), right, tracking()))
    result = one("async-scales-on-backlog", endpoint(variant(scaling=scaling), mode="async"))
    assert result.address == "aws_appautoscaling_policy.tracking"


def test_a_pass_names_the_target_and_none_of_its_policies() -> None:
    assert one("scaling-in-is-enabled", endpoint(variant(scaling=target()))).address == "aws_appautoscaling_target.t"


def test_tags_are_mended_on_the_endpoint() -> None:
    result = one("cost-tags-are-present", endpoint())
    assert (result.address, result.location) == ("aws_sagemaker_endpoint.e", Location("main.tf", 30))


@pytest.mark.parametrize(
    ("touched", "has_before", "status"), [(True, True, "new"), (False, True, "existing"), (False, False, "new")]
)
def test_what_the_change_does_not_touch_was_there_before(touched: bool, has_before: bool, status: str) -> None:  # noqa: FBT001
    assert one("realtime-variants-scale", endpoint(touched=touched), has_before=has_before).status == status


# One cause, one finding


def test_a_target_without_a_policy_on_a_realtime_variant_is_one_finding() -> None:
    results = judge(endpoint(variant(scaling=target(policies=(), min_capacity=2, max_capacity=2))))
    assert failures(results) & {"realtime-variants-scale", "scaling-has-a-policy", "scaling-has-room"} == {
        "realtime-variants-scale"
    }


def test_an_asynchronous_target_of_one_to_one_is_told_to_scale_to_zero_and_nothing_else() -> None:
    scaling = target(max_capacity=1, policies=(step(),))
    results = judge(endpoint(variant(scaling=scaling), mode="async"))
    assert failures(results) & {"async-scales-to-zero", "scaling-has-room"} == {"async-scales-to-zero"}


def step() -> StepScalingPolicy:
    return StepScalingPolicy(
        address="s", adjustment_type="ChangeInCapacity", steps=(StepAdjustment(None, 0.0, -1.0),), alarms=()
    )


def test_a_passing_policy_supersedes_nothing() -> None:
    scaling = target(min_capacity=2, max_capacity=2)
    assert "scaling-has-room" in failures(judge(endpoint(variant(scaling=scaling))))


def test_what_is_only_open_does_not_hide_what_is_known_to_fail() -> None:
    scaling = target(min_capacity=2, max_capacity=2, policies=WHY)
    results = judge(endpoint(variant(scaling=scaling)))
    assert verdicts(results, "realtime-variants-scale") == ["open"]
    assert verdicts(results, "scaling-has-a-policy") == []
    assert verdicts(results, "scaling-has-room") == ["fail"]


# The money


def saving(policy: str, *endpoints: Endpoint) -> Any:
    return one(policy, *endpoints).saving_monthly


def test_instances_that_are_kept_cost_what_they_and_their_volumes_cost() -> None:
    """2 x (83.95 + 0.56) = 169.02."""
    result = one("async-scales-to-zero", endpoint(variant(scaling=target(min_capacity=2)), mode="async"))
    assert (result.saving_monthly, result.saving_basis) == (Decimal("169.02"), "upper-bound")
    assert "up to 169.02 USD a month (2 × 0.115 × 730 h + 2 × 0.56 for volumes)" in result.message


def test_in_another_period_they_cost_what_they_cost_in_it() -> None:
    """A week of 168 h: 2 x 168 x 0.115 = 38.64, and 2 x 0.56 x 168 / 730 = 0.2578 for their volumes."""
    kept = endpoint(variant(scaling=target(min_capacity=2)), mode="async")
    result = one("async-scales-to-zero", kept, period=Period(Decimal(168), "week"))
    assert isinstance(result.saving_monthly, Decimal)
    assert round(result.saving_monthly, 4) == Decimal("38.8978")
    assert "(2 × 0.115 × 168 h + 2 × 0.13 for volumes)" in result.message


def used(**usage: str) -> Usage:
    numbers: dict[str, Any] = {key: Decimal(value) for key, value in usage.items()}
    return Usage({"aws_sagemaker_endpoint.e": EndpointUsage(**numbers)}, {})


def test_with_usage_what_is_kept_is_what_has_nothing_to_do() -> None:
    """Two for 40 of 730 hours and one in the other 690: 690 x 0.115 = 79.35, and 690 / 730 x 0.56 = 0.5293."""
    kept = endpoint(variant(scaling=target()), mode="async")
    usage = used(average_instances="2", monthly_busy_hours="40")
    result = one("async-scales-to-zero", kept, usage=usage)
    assert isinstance(result.saving_monthly, Decimal)
    assert round(result.saving_monthly, 4) == Decimal("79.8793")
    assert result.saving_basis == "with-usage"
    said = "keeps one instance even when its queue is empty, 79.88 USD a month with the usage given "
    assert f"{said}(690 h × 0.115 + 690 of 730 h × 0.56 for volumes)." in result.message


def test_with_usage_a_fleet_gives_up_what_its_work_does_not_need() -> None:
    """Four instances where 2.5 are busy: 1.5 x 730 = 1,095 h x 0.115 = 125.925, and 1.5 x 0.56 = 0.84."""
    fleet = endpoint(variant(initial_instance_count=4))
    result = one("realtime-variants-scale", fleet, usage=used(average_instances="2.5"))
    assert (result.saving_monthly, result.saving_basis) == (Decimal("126.765"), "with-usage")


def test_work_that_keeps_all_of_them_busy_leaves_nothing_to_save() -> None:
    fleet = endpoint(variant(initial_instance_count=2))
    result = one("realtime-variants-scale", fleet, usage=used(average_instances="3"))
    assert (result.verdict, result.saving_monthly) == ("fail", None)


def test_volumes_count_with_the_size_they_have() -> None:
    """83.95 + 20 GB x 0.14 = 86.75."""
    async_endpoint = endpoint(variant(scaling=target(), volume_size_gb=20), mode="async")
    assert saving("async-scales-to-zero", async_endpoint) == Decimal("86.75")


def test_a_single_instance_that_does_not_scale_saves_nothing() -> None:
    assert saving("realtime-variants-scale", endpoint()) is None


def test_a_missing_price_is_unknown_and_never_zero() -> None:
    result = one("async-scales-to-zero", endpoint(mode="async", region="us-nowhere-1"))
    assert isinstance(result.saving_monthly, Unknown)
    assert result.saving_basis is None
    assert "USD" not in result.message


def test_an_unknown_count_leaves_the_saving_unknown() -> None:
    result = one("async-scales-to-zero", endpoint(variant(initial_instance_count=WHY), mode="async"))
    assert isinstance(result.saving_monthly, Unknown)
    assert "keeps its instances even when" in result.message


def test_a_shadow_variant_costs_all_that_it_costs() -> None:
    """Two ml.m5.xlarge: 2 x (167.90 + 1.12) = 338.04."""
    shadow = variant(name="shadow", shadow=True, instance_type="ml.m5.xlarge", initial_instance_count=2)
    result = one("shadow-variants-are-temporary", endpoint(shadow))
    assert (result.saving_monthly, result.saving_basis) == (Decimal("338.04"), "exact")


def test_a_shadow_test_ends_by_itself() -> None:
    shadow = variant(name="shadow", shadow=True, monthly_hours=Decimal(168))
    assert one("shadow-variants-are-temporary", endpoint(shadow)).verdict == "pass"
    unknown = variant(name="shadow", shadow=True, monthly_hours=WHY)
    assert one("shadow-variants-are-temporary", endpoint(unknown)).verdict == "pass"


def test_a_smaller_type_saves_for_as_long_as_a_shadow_test_runs() -> None:
    """ml.m5.4xlarge at 0.922 instead of ml.m5.12xlarge at 2.765: 2 x (2.765 - 0.922) x 168 h = 619.248."""
    shadow = variant(instance_type="ml.m5.12xlarge", initial_instance_count=2, monthly_hours=Decimal(168), shadow=True)
    result = one("instances-are-right-sized", endpoint(shadow))
    assert result.saving_monthly == Decimal("619.248")
    unknown = variant(instance_type="ml.m5.12xlarge", monthly_hours=WHY, shadow=True)
    assert isinstance(one("instances-are-right-sized", endpoint(unknown)).saving_monthly, Unknown)


def test_a_successor_with_less_of_something_is_said_to_have_less_and_saves_no_sure_amount() -> None:
    """Four V100 of ml.p3.8xlarge come with 244 GiB of memory, and four L4 of ml.g6.12xlarge with 192."""
    result = one("instance-generation-is-current", endpoint(variant(instance_type="ml.p3.8xlarge")))
    assert result.fix is not None
    assert result.fix.terraform == 'instance_type = "ml.g6.12xlarge", after a load test, with 192 of 244 GiB of memory'
    assert result.fix.cloudformation == "InstanceType: ml.g6.12xlarge, after a load test, with 192 of 244 GiB of memory"
    assert result.saving_basis == "upper-bound"
    exact = one("instance-generation-is-current", endpoint(variant(instance_type="ml.m4.xlarge")))
    assert exact.fix is not None
    assert exact.fix.terraform == 'instance_type = "ml.m5.xlarge", after a load test'


def test_a_right_sized_alternative_saves_the_difference_for_every_instance() -> None:
    """ml.m5.12xlarge (48 vCPUs, 2.765) is above 16 vCPUs, 64 GiB and 2 USD an hour; what is named saves 2.765 - it."""
    result = one(
        "instances-are-right-sized", endpoint(variant(instance_type="ml.m5.12xlarge", initial_instance_count=2))
    )
    assert "2.765 USD per hour (limit 2), 48 vCPUs (limit 16), 192 GiB (limit 64)" in result.message
    assert result.fix is not None
    # ml.m5.4xlarge: 16 vCPUs, 64 GiB, 0.922 an hour, so 2 x (2.765 - 0.922) x 730 = 2,690.78
    name = "ml.m5.4xlarge"
    assert result.saving_monthly == Decimal("2690.78")
    first, others, approval = result.fix.terraform.splitlines()
    assert first == f'instance_type = "{name}" after a load test, with 16 of 48 vCPUs and 64 of 192 GiB of memory'
    assert result.saving_basis == "upper-bound", "whether 64 GiB are enough only a test says"
    assert re.fullmatch(r"or ml\.\S+ at [\d.]+ or ml\.\S+ at [\d.]+ USD per hour", others)
    assert "guardrail-approved" in approval
    assert result.fix.cloudformation.startswith(f"InstanceType: {name} ")
    for lines in (result.remediation.terraform, result.remediation.cloudformation):
        assert f'"{name}"' in lines or f"InstanceType: {name}" in lines
        assert "ml.<type>" not in lines


def test_without_an_alternative_a_remediation_names_no_type() -> None:
    """No type is cheaper than any in a region without prices; 192 GiB are too many there as well."""
    large = variant(instance_type="ml.m5.12xlarge")
    result = one("instances-are-right-sized", endpoint(large, region="us-nowhere-1"))
    assert 'instance_type = "ml.<type>"' in result.remediation.terraform


def test_a_successor_that_is_not_cheaper_saves_nothing() -> None:
    """ml.m4.xlarge costs 0.24 an hour and ml.m5.xlarge 0.23: 0.01 x 730 = 7.30. Dearer successors save nothing."""
    result = one("instance-generation-is-current", endpoint(variant(instance_type="ml.m4.xlarge")))
    assert (result.saving_monthly, result.saving_basis) == (Decimal("7.30"), "exact")
    assert "its successor here is ml.m5.xlarge at 0.23 USD an hour" in result.message
    dearer = one("instance-generation-is-current", endpoint(variant(instance_type="ml.t2.medium")))
    assert dearer.verdict == "fail"
    assert dearer.saving_monthly is None


def test_scale_in_that_is_disabled_costs_everything_above_the_minimum() -> None:
    """(4 - 1) x (83.95 + 0.56) = 253.53."""
    scaling = target(policies=(tracking(disable_scale_in=True),))
    assert saving("scaling-in-is-enabled", endpoint(variant(scaling=scaling))) == Decimal("253.53")


# Instance pools


def test_of_instance_pools_the_largest_counts() -> None:
    pools = (
        InstancePool(instance_type="ml.m5.large", priority=1),
        InstancePool(instance_type="ml.m5.12xlarge", priority=2),
    )
    result = one("instances-are-right-sized", endpoint(variant(instance_type=None, instance_pools=pools)))
    assert result.verdict == "fail"
    assert "runs on ml.m5.large, ml.m5.12xlarge" in result.message


def test_a_pool_that_is_unknown_leaves_it_open() -> None:
    pools = (InstancePool(instance_type="ml.m5.large", priority=1), InstancePool(instance_type=WHY, priority=2))
    result = one("instances-are-right-sized", endpoint(variant(instance_type=None, instance_pools=pools)))
    assert result.verdict == "open"


# The environment


def test_an_unknown_environment_gets_the_limits_of_production_and_the_finding_says_so() -> None:
    """ml.m5.12xlarge is too large for a test (2 USD an hour), not for production (16)."""
    large = variant(instance_type="ml.m5.12xlarge")
    assert one("instances-are-right-sized", endpoint(large, name="chat")).verdict == "pass"
    largest = one("instances-are-right-sized", endpoint(variant(instance_type="ml.p4d.24xlarge"), name="chat"))
    assert largest.verdict == "fail"
    assert largest.notes == ("environment unknown, so production's limits apply",)
    assert "above production's limits" in largest.message
    told = one("instances-are-right-sized", endpoint(variant(instance_type="ml.p4d.24xlarge"), name="chat-prod"))
    assert told.notes == ()


def test_production_is_never_told_to_run_fewer_than_two_without_naming_security_hub() -> None:
    fleet = variant(initial_instance_count=2)
    for name, named in (("chat-prod", True), ("chat", True), ("chat-dev", False)):
        result = one("realtime-variants-scale", endpoint(fleet, name=name))
        assert any("SageMaker.4" in note for note in result.notes) == named
        assert all("in any environment" in note for note in result.notes if "SageMaker.4" in note)
        assert "SageMaker.4" not in result.message


def test_one_instance_with_nothing_to_save_is_a_note_outside_production_unless_the_settings_grade_it() -> None:
    graded = {"realtime-variants-scale": PolicySettings(severity="error")}
    found = {name: one("realtime-variants-scale", endpoint(name=name)) for name in ("chat-dev", "chat-prod", "chat")}
    assert {name: (result.verdict, result.severity) for name, result in found.items()} == {
        "chat-dev": ("fail", "note"),
        "chat-prod": ("fail", "error"),
        "chat": ("fail", "error"),  # production's terms hold where nobody says what it is
    }
    assert one("realtime-variants-scale", endpoint(name="chat-dev"), settings=graded).severity == "error"
    two = one("realtime-variants-scale", endpoint(variant(initial_instance_count=2), name="chat-dev"))
    assert two.severity == "error"


def test_where_no_instance_is_given_up_security_hub_is_not_named() -> None:
    assert one("realtime-variants-scale", endpoint(name="chat-prod")).notes == ()


# The fix


def fix(policy: str, *endpoints: Endpoint) -> str:
    found = one(policy, *endpoints).fix
    assert found is not None
    return found.terraform


@pytest.mark.parametrize(
    ("scaling", "said"),
    [
        (None, "a scaling target with min_capacity = 0, a target tracking policy on"),
        (target(policies=()), "min_capacity = 0, a target tracking policy on ApproximateBacklogSizePerInstance"),
        (target(), "min_capacity = 0, and a step policy on HasBacklogWithoutCapacity to wake it"),
        (target(policies=WHY), "min_capacity = 0"),
    ],
)
def test_the_fix_asks_for_no_more_than_is_missing(scaling: ScalableTarget | None, said: str) -> None:
    assert fix("async-scales-to-zero", endpoint(variant(scaling=scaling), mode="async")).startswith(said)


def test_what_wakes_already_is_not_told_to_wake() -> None:
    watching = Alarm(
        address="a", metric_name="HasBacklogWithoutCapacity", namespace="AWS/SageMaker",
        dimensions={"EndpointName": "chat-dev"}, statistic="Average", threshold=1.0, period_s=60, evaluation_periods=2,
        comparison_operator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    wakes = structs.replace(step(), steps=(StepAdjustment(0.0, None, 1.0),), alarms=(watching,))
    kept = variant(scaling=target(policies=(tracking(), wakes)))
    assert fix("async-scales-to-zero", endpoint(kept, mode="async")) == "min_capacity = 0"


def test_a_pass_and_what_is_open_have_no_fix() -> None:
    for scaling, verdict in ((target(min_capacity=0), "pass"), (WHY, "open")):
        result = one("async-scales-to-zero", endpoint(variant(scaling=scaling), mode="async"))
        assert (result.verdict, result.fix) == (verdict, None)


def test_a_schedule_that_holds_the_minimum_up_at_times_is_noted_of_a_pass() -> None:
    actions = tuple(
        ScheduledAction(address=f"s{least}", schedule="cron(0 7 * * ? *)", min_capacity=least, max_capacity=None)
        for least in (0, 1)
    )
    result = one("async-scales-to-zero", endpoint(variant(scaling=target(scheduled_actions=actions)), mode="async"))
    assert (result.verdict, len(result.notes)) == ("pass", 1)
    assert "except while its schedule sets a minimum above 0" in result.notes[0]


# What must not be said


def everything(results: list[Result]) -> str:
    return msgspec.json.encode([msgspec.to_builtins(result, str_keys=True) for result in results]).decode()


def named(remediation: Remediation) -> Remediation:
    """With the names that are not secret, and the type still to be chosen."""
    return Remediation(
        terraform=remediation.terraform.replace("aws_sagemaker_endpoint.this", "aws_sagemaker_endpoint.e").replace(
            "variant/AllTraffic", "variant/main"
        ),
        cloudformation=remediation.cloudformation.replace("variant/AllTraffic", "variant/main"),
    )


def test_the_lines_to_paste_have_the_names_of_the_stack() -> None:
    remediation = one(
        "realtime-variants-scale", endpoint(address='module.m["x"].aws_sagemaker_endpoint.chat["a-b"]')
    ).remediation
    assert '"endpoint/${aws_sagemaker_endpoint.chat["a-b"].name}/variant/main"' in remediation.terraform
    remediation = one("realtime-variants-scale", endpoint(address="ChatEndpoint")).remediation
    assert "endpoint/${ChatEndpoint.EndpointName}/variant/main" in remediation.cloudformation
    hostile = one("realtime-variants-scale", endpoint(variant(name='a"}/x'), address='aws_sagemaker_endpoint.c["\n`"]'))
    assert "aws_sagemaker_endpoint.this.name}/variant/AllTraffic" in hostile.remediation.terraform


def test_nothing_of_a_sensitive_variant_or_target_appears() -> None:
    """ml.m4.10xlarge in a test: too large, superseded, without scaling; three instances, a volume of 77 GB."""
    hidden = variant(instance_type="ml.m4.10xlarge", initial_instance_count=3, volume_size_gb=77, sensitive=True)
    scaling = target(min_capacity=17, max_capacity=17, policies=(), sensitive=True)
    remediations = {policy.id: policy.remediation for policy in bundled()}
    for mode in ("realtime", "async"):
        for own in (hidden, msgspec.structs.replace(hidden, scaling=scaling)):
            results = judge(endpoint(own, mode=mode))
            assert failures(results) >= {"instances-are-right-sized", "instance-generation-is-current"}
            for result in results:
                own_lines = remediations[result.policy]
                expected = {"fail": named(own_lines), "open": own_lines, "pass": NO_REMEDIATION}
                assert result.remediation == expected[result.verdict]
            said = everything(
                [
                    msgspec.structs.replace(result, remediation=remediations["no-idle-variants"], help_uri="")
                    for result in results
                ]
            )
            for secret in ("ml.", "10xlarge", "m4", "17", "77", "40 vCPUs", "160", " 3 ", "2.4"):
                assert secret not in said.replace('"location":{"path":"main.tf","line":7', ""), secret
            assert "runs on a type (not shown) above" in said


def test_the_reason_of_an_open_result_does_not_quote_a_sensitive_value() -> None:
    hidden = variant(instance_type="ml.secret.large", sensitive=True)
    result = one("instances-are-right-sized", endpoint(hidden))
    assert (result.verdict, result.reason) == ("open", "it rests on a sensitive value, which is not shown")


def test_a_sensitive_target_hides_its_numbers_and_not_the_instance_type() -> None:
    scaling = target(min_capacity=3, max_capacity=3, policies=(), sensitive=True)
    message = one("scaling-has-room", endpoint(variant(scaling=scaling))).message
    assert "both (sensitive)" in message


def test_text_of_the_plan_cannot_move_the_cursor_or_hide() -> None:
    name = "chat\x1b[2J\r\n\u202edev"
    message = one("realtime-variants-scale", endpoint(name=name)).message
    assert message.startswith("chat[2Jdev / main runs one ml.m5.large")


def test_an_unknown_name_gives_way_to_the_address() -> None:
    message = one("realtime-variants-scale", endpoint(variant(name=WHY), name=WHY)).message
    assert message.startswith("aws_sagemaker_endpoint.e / variant 1 runs one ml.m5.large")


def test_a_variant_of_which_little_is_known_gets_no_invented_number() -> None:
    unsure = endpoint(variant(instance_type=WHY, initial_instance_count=WHY))
    result = one("realtime-variants-scale", unsure)
    assert "runs on (unknown type) around the clock" in result.message
    assert isinstance(result.saving_monthly, Unknown)


# The stack


def monthly(amount: str, **changes: Any) -> Monthly:
    return Monthly(floor=Decimal(amount), expected=Decimal(amount), ceiling=Decimal(amount), **changes)


def stack(before: Monthly | None, after: Monthly, **budgets: str) -> dict[str, Result]:
    delta = None
    if before is not None:
        delta = Delta(after.floor - before.floor, after.floor - before.floor, after.ceiling - before.ceiling)
    limits = {name: Decimal(value) for name, value in budgets.items()}
    results = evaluate_stack(bundled(), before=before, after=after, delta=delta, budgets=limits)
    return {result.policy: result for result in results}


def test_without_a_budget_there_is_no_result() -> None:
    assert stack(monthly("100"), monthly("1000000")) == {}


def test_a_budget_is_held_or_not() -> None:
    assert stack(None, monthly("1000"), max_expected_usd="1000")["monthly-cost-within-budget"].verdict == "pass"
    over = stack(None, monthly("1007.40"), max_expected_usd="1000")["monthly-cost-within-budget"]
    assert (over.verdict, over.status, over.address, over.endpoint) == ("fail", "new", STACK, None)
    assert over.message == "the expected cost is 1,007.40 USD a month, 7.40 above the budget of 1,000.00."


@pytest.mark.parametrize(("amount", "verdict"), [("900", "open"), ("1001", "fail")])
def test_an_incomplete_total_fails_where_what_is_known_is_too_much_and_is_open_elsewhere(
    amount: str, verdict: str
) -> None:
    over = stack(None, monthly(amount, at_least=True), max_ceiling_usd="1000")["monthly-cost-within-budget"]
    assert over.verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("900", "1100", "new"),
        ("1100", "1100", "existing"),
        ("1200", "1100", "existing"),
        ("1100", "1100.01", "new"),
    ],
)
def test_a_total_that_was_over_its_limit_is_new_only_when_the_change_raises_it(
    before: str, after: str, status: str
) -> None:
    over = stack(monthly(before), monthly(after), max_expected_usd="1000")["monthly-cost-within-budget"]
    assert (over.verdict, over.status) == ("fail", status)


def test_an_increase_is_always_new() -> None:
    """596.61 - 171.66 = 424.95."""
    over = stack(monthly("171.66"), monthly("596.61"), max_increase_expected_usd="400")
    result = over["monthly-increase-within-budget"]
    assert (result.verdict, result.status) == ("fail", "new")
    assert "adds 424.95 USD a month" in result.message


def test_an_increase_without_a_past_is_undecided_where_it_is_limited() -> None:
    increase = stack(None, monthly("1000"), max_increase_expected_usd="1")["monthly-increase-within-budget"]
    assert (increase.verdict, increase.reason) == ("open", "nothing tells what stood before the change")
    assert "monthly-increase-within-budget" not in stack(None, monthly("1000"))


# Severity by environment ---------------------------------------------------------------------------------------------


def test_a_finding_is_as_grave_as_its_environment_has_it() -> None:
    """Where the environment is unknown, production's severity holds, as its limits do."""
    grades = {"default": "error", "production": "warning", "non-production": "off"}
    settings = {"no-idle-variants": PolicySettings(severity=grades)}  # type: ignore[arg-type] # its values are grades
    idle = variant(name="b", weight=0.0)
    found = {
        name: [
            result.severity
            for result in judge(
                endpoint(variant(name="a"), idle, name=name), policies=("no-idle-variants",), settings=settings
            )
            if result.verdict == "fail"
        ]
        for name in ("chat-prod", "chat-dev", "chat")
    }
    assert found == {"chat-prod": ["warning"], "chat-dev": [], "chat": ["warning"]}
