"""What scales, what only seems to, and what cannot be known."""

from typing import Any

import pytest

from guardrail.model import (
    INSTANCE_COUNT,
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
