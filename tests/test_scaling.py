"""What scales, what only seems to, and what cannot be known."""

from typing import Any

import pytest

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    InstanceVariant,
    ManagedInstanceScaling,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.scaling import (
    can_scale_in,
    has_dynamic_policy,
    highest_capacity,
    lowest_capacity,
    managed_scaling_effective,
    minimum_reaches_zero,
    policy_count,
    schedule_holds_above_zero,
    schedule_reaches_zero,
    scheduled_action_count,
    target_tracking_count,
    unpublished_metrics,
    wakes_from_zero,
)

LATER = Unknown("known after apply")
INVOCATIONS = ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance")


def target(*policies: Any, least: Any = 1, most: Any = 4, **changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {
        "address": "target",
        "dimension": INSTANCE_COUNT,
        "min_capacity": least,
        "max_capacity": most,
        "policies": policies,
    }
    return ScalableTarget(**(fields | changes))


def tracking(*metrics: Any, disable_scale_in: Any = False, **changes: Any) -> TargetTrackingPolicy:
    fields: dict[str, Any] = {"address": "tracking", "target_value": 5.0, "metrics": metrics or (INVOCATIONS,)}
    return TargetTrackingPolicy(**(fields | {"disable_scale_in": disable_scale_in} | changes))


def alarm(**changes: Any) -> Alarm:
    """The wake-up alarm of an asynchronous endpoint, as the developer guide writes it."""
    fields: dict[str, Any] = {
        "address": "alarm",
        "metric_name": "HasBacklogWithoutCapacity",
        "namespace": "AWS/SageMaker",
        "dimensions": {"EndpointName": "docs"},
        "statistic": "Average",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 1.0,
        "period_s": 60,
        "evaluation_periods": 2,
    }
    return Alarm(**(fields | changes))


def step(*adjustments: Any, alarms: Any = None, kind: Any = "ChangeInCapacity") -> StepScalingPolicy:
    return StepScalingPolicy(
        address="step",
        adjustment_type=kind,
        steps=tuple(StepAdjustment(0.0, None, each) for each in adjustments),
        alarms=(alarm(),) if alarms is None else alarms,
    )


def action(least: Any = None, most: Any = None) -> ScheduledAction:
    return ScheduledAction(address="action", schedule="rate(1 day)", min_capacity=least, max_capacity=most)


# Policies ------------------------------------------------------------------------------------------------------------


def test_policies_and_actions_are_counted() -> None:
    it = target(tracking(), step(1), scheduled_actions=(action(1),))
    assert (policy_count(it), target_tracking_count(it), scheduled_action_count(it)) == (2, 1, 1)
    unlinked = target(policies=LATER, scheduled_actions=LATER)
    assert (policy_count(unlinked), target_tracking_count(unlinked), scheduled_action_count(unlinked)) == (LATER,) * 3


@pytest.mark.parametrize(
    ("policies", "answer"),
    [
        ((), False),
        ((tracking(),), True),
        ((tracking(metrics=()),), False),  # a policy without a metric follows nothing
        ((tracking(metrics=LATER),), LATER),
        ((step(1),), True),
        ((step(1, alarms=()),), False),
        ((step(1, alarms=(alarm(actions_enabled=False),)),), False),  # nothing starts it
        ((step(1, alarms=LATER),), LATER),
        ((step(1, alarms=LATER), tracking()), True),  # one that acts is enough
        ((OtherScalingPolicy(address="p", policy_type="PredictiveScaling"),), False),
        ((OtherScalingPolicy(address="p", policy_type=LATER),), LATER),
    ],
)
def test_a_dynamic_policy_is_one_that_something_starts(policies: tuple[Any, ...], answer: Any) -> None:
    assert has_dynamic_policy(target(*policies)) == answer


@pytest.mark.parametrize(
    ("it", "answer"),
    [
        (target(tracking()), True),
        (target(tracking(disable_scale_in=True)), False),
        (target(tracking(disable_scale_in=LATER)), LATER),
        (target(tracking(disable_scale_in=True), step(-1)), True),  # another policy does it
        (target(step(1, 2)), False),
        (target(step(1, -1)), True),
        (target(step(2, kind="ExactCapacity")), True),  # 2 is below the greatest, 4
        (target(step(4, kind="ExactCapacity")), False),
        (target(step(LATER)), LATER),
        (target(step(-1, alarms=())), False),
        (target(tracking(), dynamic_scaling_in_suspended=True), False),
        (target(tracking(), dynamic_scaling_in_suspended=LATER), LATER),
        (target(tracking(disable_scale_in=True), dynamic_scaling_in_suspended=LATER), False),
        (target(policies=LATER), LATER),
        (target(policies=LATER, dynamic_scaling_in_suspended=True), False),
    ],
)
def test_scaling_in_takes_a_policy_that_removes_and_is_not_suspended(it: ScalableTarget, answer: Any) -> None:
    assert can_scale_in(it) == answer


def test_a_schedule_scales_in_by_its_maximum_alone() -> None:
    """Lowering MinCapacity removes nothing by itself."""
    assert can_scale_in(target(scheduled_actions=(action(0),))) is False
    assert can_scale_in(target(scheduled_actions=(action(0, 2),))) is True
    assert can_scale_in(target(scheduled_actions=(action(0, 4),))) is False, "4 is the greatest already"
    assert (
        can_scale_in(target(tracking(), dynamic_scaling_in_suspended=True, scheduled_actions=(action(0, 2),))) is True
    )


def test_a_suspended_schedule_does_nothing() -> None:
    night = target(scheduled_actions=(action(0, 0),), scheduled_scaling_suspended=True)
    assert (lowest_capacity(night), highest_capacity(night)) == (1, 4)
    assert can_scale_in(night) is False
    doubtful = target(scheduled_actions=(action(0, 0),), scheduled_scaling_suspended=LATER)
    assert (lowest_capacity(doubtful), can_scale_in(doubtful)) == (LATER, LATER)


# Bounds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("it", "lowest", "highest"),
    [
        (target(least=2, most=6), 2, 6),
        (target(least=2, most=6, scheduled_actions=(action(None, 1), action(3, 8))), 1, 8),
        (target(least=2, most=6, scheduled_actions=(action(0),)), 0, 6),
        (target(least=5, most=3), 3, 5),  # a plan passes with the two exchanged
        (target(least=LATER, most=6), LATER, 6),
        (target(least=2, most=LATER), 2, LATER),
        (target(least=2, most=6, scheduled_actions=(action(LATER),)), LATER, 6),
        (target(least=2, most=6, scheduled_actions=LATER), LATER, LATER),
    ],
)
def test_bounds_are_the_hull_of_target_and_schedule(it: ScalableTarget, lowest: Any, highest: Any) -> None:
    assert (lowest_capacity(it), highest_capacity(it)) == (lowest, highest)


@pytest.mark.parametrize(
    ("it", "answer"),
    [
        (target(least=0), True),
        (target(least=1), False),
        (target(least=1, scheduled_actions=(action(0), action(2))), True),
        (target(least=0, scheduled_actions=(action(1),)), False),  # after its first run nothing brings it back
        (target(least=0, scheduled_actions=(action(None, 3),)), True),
        (target(least=0, scheduled_actions=(action(1), action(LATER))), LATER),
        (target(least=0, scheduled_actions=LATER), LATER),
    ],
)
def test_a_schedule_decides_whether_the_minimum_reaches_zero(it: ScalableTarget, answer: Any) -> None:
    assert minimum_reaches_zero(it) == answer


def test_what_a_schedule_does_to_the_minimum() -> None:
    both = target(scheduled_actions=(action(0), action(2)))
    assert (schedule_reaches_zero(both), schedule_holds_above_zero(both)) == (True, True)
    none = target(scheduled_actions=(action(None, 3),))
    assert (schedule_reaches_zero(none), schedule_holds_above_zero(none)) == (False, False)
    assert schedule_reaches_zero(target(scheduled_actions=(action(LATER),))) == LATER


# Zero ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("managed", "model_name", "answer"),
    [
        (None, None, False),
        ("ENABLED", None, True),
        ("DISABLED", None, False),
        ("ENABLED", "model", False),  # the API rejects it
        ("ENABLED", LATER, LATER),
        ("DISABLED", LATER, False),
        (LATER, None, LATER),
        (LATER, "model", False),
    ],
)
def test_managed_scaling_has_an_effect_only_where_no_model_is_named(managed: Any, model_name: Any, answer: Any) -> None:
    scaling = (
        ManagedInstanceScaling(status=managed, min_instance_count=0, max_instance_count=2)
        if isinstance(managed, str)
        else managed
    )
    it = InstanceVariant(
        name="main",
        shadow=False,
        instance_type="ml.g5.xlarge",
        initial_instance_count=1,
        model_name=model_name,
        managed_scaling=scaling,
    )
    assert managed_scaling_effective(it) == answer


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        (step(1), True),
        (tracking(), False),  # wakes only when the backlog exceeds its target
        (step(-1), False),
        (step(1, alarms=()), False),
        (step(1, alarms=LATER), LATER),
        (step(-1, alarms=LATER), False),
        (step(1, alarms=(alarm(comparison_operator="GreaterThanThreshold"),)), False),  # never above 1
        (step(1, alarms=(alarm(comparison_operator="GreaterThanThreshold", threshold=0.5),)), True),
        (step(1, alarms=(alarm(comparison_operator="LessThanThreshold"),)), False),
        (step(1, alarms=(alarm(threshold=LATER),)), LATER),
        (step(1, alarms=(alarm(namespace="AWS/Sagemaker"),)), False),
        (step(1, alarms=(alarm(metric_name="HasBacklog"),)), False),
        (step(1, alarms=(alarm(metric_name=None, dimensions={}),)), Unknown("alarm follows an expression")),
        (step(1, alarms=(alarm(dimensions={"EndpointName": "docs", "VariantName": "v1"}),)), False),
        (step(1, alarms=(alarm(dimensions={"EndpointName": "other"}),)), False),  # another endpoint's backlog
        (step(1, alarms=(alarm(dimensions={"EndpointName": LATER}),)), LATER),
        (step(1, alarms=(alarm(dimensions=LATER),)), LATER),
        (step(1, alarms=(alarm(dimensions=LATER), alarm())), True),
        (OtherScalingPolicy(address="p", policy_type=LATER), LATER),
    ],
)
def test_waking_takes_a_step_policy_and_an_alarm_that_can_fire(policy: Any, answer: Any) -> None:
    assert wakes_from_zero(target(policy, least=0), "async", "docs") == answer


def test_an_alarm_by_endpoint_name_wakes_where_the_name_is_not_known_yet() -> None:
    it = target(step(1, alarms=(alarm(dimensions={"EndpointName": LATER}),)), least=0)
    assert wakes_from_zero(it, "async", LATER) is True
    assert wakes_from_zero(it, "async") is True


def test_a_schedule_that_raises_the_minimum_wakes() -> None:
    assert wakes_from_zero(target(least=0, scheduled_actions=(action(1),)), "async") is True


def test_inference_components_wake_on_failures_for_want_of_capacity() -> None:
    fires = alarm(
        metric_name="NoCapacityInvocationFailures",
        dimensions={"InferenceComponentName": "c"},
        comparison_operator="GreaterThanThreshold",
    )
    it = target(step(1, alarms=(fires,)), least=0, dimension=COPY_COUNT)
    assert wakes_from_zero(it, "realtime", "c") is True
    assert wakes_from_zero(target(step(1), least=0, dimension=COPY_COUNT), "realtime", "c") is False


def test_waking_is_a_matter_of_asynchronous_endpoints_and_inference_components() -> None:
    assert wakes_from_zero(target(step(1), least=0), "realtime") is False
    assert wakes_from_zero(target(step(1), least=0, dimension=PROVISIONED_CONCURRENCY), "serverless") is False
    assert wakes_from_zero(target(step(1), least=0), LATER) == LATER


# Metrics -------------------------------------------------------------------------------------------------------------


def metric(name: Any, *dimensions: Any, namespace: Any = "AWS/SageMaker") -> ScalingMetric:
    return ScalingMetric(predefined=False, name=name, namespace=namespace, dimensions=dimensions)


HOSTS = "/aws/sagemaker/Endpoints"


@pytest.mark.parametrize(
    ("followed", "unpublished"),
    [
        (metric("ApproximateBacklogSizePerInstance", "EndpointName"), ()),
        (metric("ApproximateBacklogPerInstance", "EndpointName"), ("AWS/SageMaker ApproximateBacklogPerInstance",)),
        (
            metric("ApproximateBacklogSizePerInstance", "VariantName", "EndpointName"),
            ("AWS/SageMaker ApproximateBacklogSizePerInstance by EndpointName, VariantName",),
        ),
        (
            metric("ApproximateBacklogSizePerInstance"),
            ("AWS/SageMaker ApproximateBacklogSizePerInstance without a dimension",),
        ),
        (INVOCATIONS, ("SageMakerVariantInvocationsPerInstance",)),
        (
            metric("InvocationsPerInstance", "EndpointName", "VariantName"),
            ("AWS/SageMaker InvocationsPerInstance",),
        ),
        (metric("TimeInBacklog", "EndpointName", "VariantName"), ()),
        (metric("CPUUtilization", "EndpointName", "VariantName", namespace=HOSTS), ()),
        (metric("GPUUtilization", "EndpointName", "VariantName", "InstanceType", namespace=HOSTS), ()),
        (metric("Backlog", "EndpointName", "VariantName", namespace=HOSTS), (f"{HOSTS} Backlog",)),
        (metric("ApproximateNumberOfMessagesVisible", "QueueName", namespace="AWS/SQS"), ()),  # somebody's own
        (metric(LATER, "EndpointName"), LATER),
        (metric("ApproximateBacklogSizePerInstance", LATER), LATER),
        (
            metric("ApproximateBacklogSizePerInstance", "VariantName", LATER),
            ("AWS/SageMaker ApproximateBacklogSizePerInstance by VariantName",),
        ),
        (metric("Anything", "EndpointName", namespace=LATER), LATER),
    ],
)
def test_asynchronous_endpoints_publish_an_exhaustive_list(followed: ScalingMetric, unpublished: Any) -> None:
    assert unpublished_metrics(target(tracking(followed)), "async") == unpublished


def test_one_metric_that_is_never_published_is_enough_whatever_is_unknown() -> None:
    it = target(tracking(metric(LATER)), tracking(INVOCATIONS), tracking(INVOCATIONS))
    assert unpublished_metrics(it, "async") == ("SageMakerVariantInvocationsPerInstance",)
    assert unpublished_metrics(target(tracking(metrics=LATER)), "async") == LATER
    assert unpublished_metrics(target(policies=LATER), "async") == LATER
    assert unpublished_metrics(target(tracking()), LATER) == LATER
    assert unpublished_metrics(target(step(1)), "async") == ()


@pytest.mark.parametrize(
    ("dimension", "mode", "name", "published"),
    [
        (INSTANCE_COUNT, "realtime", "SageMakerVariantInvocationsPerInstance", True),
        (INSTANCE_COUNT, "realtime", "SageMakerInferenceComponentInvocationsPerCopy", False),
        (COPY_COUNT, "realtime", "SageMakerInferenceComponentInvocationsPerCopy", True),
        (PROVISIONED_CONCURRENCY, "serverless", "SageMakerVariantProvisionedConcurrencyUtilization", True),
        (PROVISIONED_CONCURRENCY, "serverless", "SageMakerVariantInvocationsPerInstance", False),
    ],
)
def test_predefined_metrics_belong_to_one_dimension(dimension: str, mode: Any, name: str, *, published: bool) -> None:
    it = target(tracking(ScalingMetric(predefined=True, name=name)), dimension=dimension)
    assert unpublished_metrics(it, mode) == (() if published else (name,))


def test_only_asynchronous_endpoints_have_a_backlog() -> None:
    it = target(tracking(metric("ApproximateBacklogSizePerInstance", "EndpointName")))
    assert unpublished_metrics(it, "realtime") == ("AWS/SageMaker ApproximateBacklogSizePerInstance by EndpointName",)
    assert unpublished_metrics(target(tracking(metric("SomethingNew", "EndpointName"))), "realtime") == ()
