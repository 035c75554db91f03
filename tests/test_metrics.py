"""Scaling that follows, or waits for, a metric that will never come is told from scaling that works."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.metrics import Scaled, alarm_problems, low_targets, tracking_problems, wake_problem
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from tests.alarms import alarm

LATER = Unknown("known after apply")
HOSTS = "/aws/sagemaker/Endpoints"
INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
NOWHERE = Unknown("there is no resource aws_sagemaker_endpoint.gone")
"""A name by a reference to what there is not."""
BACKLOG = "ApproximateBacklogSizePerInstance"


def scaled(mode: Any = "realtime", name: Any = "docs", component: Any = None) -> Scaled:
    variant = InstanceVariant(name="main", shadow=False, instance_type="ml.m5.large", initial_instance_count=1)
    endpoint = Endpoint(
        address="e", name=name, region="us-east-1", mode=mode, variants=(variant,), configuration_address="c"
    )
    if component is None:
        return Scaled(endpoint=endpoint, variant=variant)
    hosted = InferenceComponent(address="ic", name=component, variant_name="main", copies=1)
    return Scaled(endpoint=endpoint, component=hosted)


def target(*policies: Any, dimension: str = INSTANCE_COUNT, **changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {"address": "target", "dimension": dimension, "min_capacity": 0, "max_capacity": 4}
    return ScalableTarget(**(fields | {"policies": policies} | changes))


def tracking(*metrics: Any, value: Any = 5.0, **changes: Any) -> TargetTrackingPolicy:
    fields: dict[str, Any] = {"address": "tracking", "target_value": value, "metrics": metrics}
    return TargetTrackingPolicy(**(fields | {"disable_scale_in": False} | changes))


def predefined(name: Any) -> ScalingMetric:
    return ScalingMetric(predefined=True, name=name)


def metric(name: Any, *, namespace: Any = "AWS/SageMaker", statistic: Any = "Average", **values: Any) -> ScalingMetric:
    dimensions: Any = values.get("dimensions", values)
    return ScalingMetric(predefined=False, name=name, namespace=namespace, dimensions=dimensions, statistic=statistic)


VARIANT: dict[str, Any] = {"EndpointName": "docs", "VariantName": "main"}


@pytest.mark.parametrize(
    ("own", "value", "is_known"),
    [
        ("docs", LATER, False),
        ("docs", NOWHERE, False),
        # both are generated, and may be one
        (Unknown("generated on apply"), Unknown("known only after apply"), True),
        (Unknown("var.name has no value"), Unknown("var.name has no value"), True),
        (Unknown("generated on apply"), NOWHERE, False),
        (Unknown("generated on apply"), Unknown("var.name has no value"), False),
    ],
)
def test_a_name_that_nobody_knows_is_the_own_one_where_it_is_unknown_alike(own: Any, value: Any, is_known: Any) -> None:
    followed = target(tracking(metric(BACKLOG, EndpointName=value)))
    assert tracking_problems(followed, scaled("async", own)) == (() if is_known else value)
    woken = target(by(dimensions={"EndpointName": value}))
    assert wake_problem(woken, scaled("async", own)) == (None if is_known else value)


# Target tracking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["GPUUtilization", "GPUMemoryUtilization", "GPUUtilizationNormalized"])
@pytest.mark.parametrize(("has_one", "found"), [(1, ()), (None, ()), (LATER, LATER)])
def test_what_gpus_do_is_published_where_there_are_some(name: str, has_one: Any, found: Any) -> None:
    on = replace(scaled(), accelerators=has_one)
    assert tracking_problems(target(tracking(metric(name, namespace=HOSTS, **VARIANT))), on) == found


def test_what_gpus_do_is_never_published_of_instances_without_any() -> None:
    followed = target(tracking(metric("GPUUtilization", namespace=HOSTS, **VARIANT)))
    problems = tracking_problems(followed, replace(scaled(), accelerators=0))
    assert problems == ("GPUUtilization is never published: its instances have no GPU",)
    of_cpus = target(tracking(metric("CPUUtilization", namespace=HOSTS, **VARIANT)))
    assert tracking_problems(of_cpus, replace(scaled(), accelerators=0)) == ()


@pytest.mark.parametrize(
    ("mode", "followed", "problem"),
    [
        ("realtime", predefined(INVOCATIONS), None),
        (
            "realtime",
            predefined("SageMakerVariantInvocationPerInstance"),
            f"SageMakerVariantInvocationPerInstance is no predefined metric of SageMaker, did you mean {INVOCATIONS}?",
        ),
        ("realtime", predefined("ECSServiceAverageCPUUtilization"), "is no predefined metric of SageMaker"),
        ("async", predefined(INVOCATIONS), f"asynchronous endpoints do not publish {INVOCATIONS}"),
        (
            "realtime",
            predefined("SageMakerInferenceComponentInvocationsPerCopy"),
            "belongs to the dimension sagemaker:inference-component:DesiredCopyCount, not to sagemaker:variant:Desired",
        ),
        ("async", metric(BACKLOG, EndpointName="docs"), None),
        (
            "async",
            metric("ApproximateBacklogPerInstance", EndpointName="docs"),
            f"ApproximateBacklogPerInstance is no metric of AWS/SageMaker, did you mean {BACKLOG}?",
        ),
        ("async", metric("Backlog", EndpointName="docs"), "Backlog is no metric of AWS/SageMaker"),
        ("async", metric(BACKLOG, **VARIANT), f"{BACKLOG} is published by EndpointName, not by EndpointName and Varia"),
        ("async", metric(BACKLOG), f"{BACKLOG} is published by EndpointName, not by no dimension"),
        (
            "async",
            metric(BACKLOG, EndpointName="chat"),
            f"it follows {BACKLOG} of another endpoint, chat instead of docs",
        ),
        ("async", metric(BACKLOG, statistic="Sum", EndpointName="docs"), f"the statistic of {BACKLOG} must be Average"),
        ("async", metric(BACKLOG, statistic="Maximum", EndpointName="docs"), None),
        (
            "async",
            metric(BACKLOG, namespace="AWS/Sagemaker", EndpointName="docs"),
            "AWS/Sagemaker is no namespace of SageMaker, did you mean AWS/SageMaker?",
        ),
        ("async", metric("InvocationsPerInstance", **VARIANT), "asynchronous endpoints do not publish InvocationsPer"),
        ("async", metric("TimeInBacklog", **VARIANT), None),
        ("async", metric("CPUUtilization", namespace=HOSTS, **VARIANT), None),
        ("realtime", metric(BACKLOG, EndpointName="docs"), f"real-time endpoints do not publish {BACKLOG}"),
        (
            "realtime",
            metric("CPUUtilization", **VARIANT),
            f"CPUUtilization is published in the namespace {HOSTS}, not in AWS/SageMaker",
        ),
        ("realtime", metric("CPUUtilization", namespace=HOSTS, **VARIANT), None),
        ("realtime", metric("GPUUtilization", namespace=HOSTS, InstanceType="ml.g5.xlarge", **VARIANT), None),
        ("realtime", metric("CPUUtilisation", namespace=HOSTS, **VARIANT), "did you mean CPUUtilization?"),
        (
            "realtime",
            metric("CPUUtilization", namespace=HOSTS, EndpointName="docs"),
            "CPUUtilization is published by EndpointName and VariantName, not by EndpointName",
        ),
        ("realtime", metric("InvocationsPerInstance", statistic="Sum", **VARIANT), None),
        (
            "realtime",
            metric("InvocationsPerInstance", **VARIANT),
            "the statistic of InvocationsPerInstance must be Sum: its Average never exceeds 1",
        ),
        (
            "realtime",
            metric("InvocationsPerInstance", statistic="Sum", EndpointName="docs", VariantName="AllTraffic"),
            "it follows InvocationsPerInstance of another variant, AllTraffic instead of main",
        ),
        ("realtime", metric("SomethingNew", **VARIANT), None),  # the guide states no complete list
        ("realtime", metric("Queue", namespace="Team/Chat"), None),
        ("realtime", metric("ApproximateNumberOfMessagesVisible", namespace="AWS/SQS", QueueName="q"), None),
    ],
)
def test_what_is_wrong_with_a_metric_is_said(mode: Any, followed: ScalingMetric, problem: str | None) -> None:
    problems = tracking_problems(target(tracking(followed)), scaled(mode))
    if problem is None:
        assert problems == ()
    else:
        assert isinstance(problems, tuple)
        assert len(problems) == 1
        assert problem in problems[0]


@pytest.mark.parametrize(
    "followed",
    [
        metric(LATER, EndpointName="docs"),
        metric(BACKLOG, dimensions=LATER),
        metric("Anything", namespace=LATER, EndpointName="docs"),
    ],
)
def test_what_cannot_be_known_of_a_metric_leaves_it_open(followed: ScalingMetric) -> None:
    assert tracking_problems(target(tracking(followed)), scaled("async")) == LATER


def test_one_metric_that_is_wrong_is_enough_whatever_is_unknown() -> None:
    it = target(tracking(metric(LATER)), tracking(predefined(INVOCATIONS)), tracking(predefined(INVOCATIONS)))
    assert tracking_problems(it, scaled("async")) == (f"asynchronous endpoints do not publish {INVOCATIONS}",)
    assert tracking_problems(target(tracking(metrics=LATER)), scaled("async")) == LATER
    assert tracking_problems(target(policies=LATER), scaled("async")) == LATER
    assert tracking_problems(target(tracking(predefined(INVOCATIONS))), scaled(LATER)) == LATER
    assert tracking_problems(target(step(1)), scaled("async")) == ()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0.7, None),
        (1.0, None),
        (70.0, "is between 0 and 1, so a target of 70 is never reached: write 0.7"),
        (7.0, "is between 0 and 1, so a target of 7 is never reached"),  # 0.07 or 0.7: nobody knows
        (700.0, "is between 0 and 1, so a target of 700 is never reached"),
        (LATER, None),
    ],
)
def test_a_share_is_no_percentage(value: Any, problem: str | None) -> None:
    """That of the predefined metric is said by a policy of its own, utilization-targets-are-shares."""
    own = metric("ServerlessProvisionedConcurrencyUtilization", **VARIANT)
    problems = tracking_problems(
        target(tracking(own, value=value), dimension=PROVISIONED_CONCURRENCY), scaled("serverless")
    )
    assert problems == () if problem is None else problem in str(problems)
    other = tracking(predefined("SageMakerVariantProvisionedConcurrencyUtilization"), value=value)
    assert tracking_problems(target(other, dimension=PROVISIONED_CONCURRENCY), scaled("serverless")) == ()


# From zero -----------------------------------------------------------------------------------------------------------


def step(*adjustments: Any, alarms: Any = None) -> StepScalingPolicy:
    return StepScalingPolicy(
        address="step",
        adjustment_type="ChangeInCapacity",
        steps=tuple(StepAdjustment(0.0, None, adjustment) for adjustment in adjustments),
        alarms=(alarm(),) if alarms is None else alarms,
    )


def by(**changes: Any) -> StepScalingPolicy:
    return step(1, alarms=(alarm(**changes),))


def between(lower: Any, upper: Any, **changes: Any) -> StepScalingPolicy:
    """One step that adds an instance in this interval above the threshold."""
    return replace(by(**changes), steps=(StepAdjustment(lower, upper, 1),))


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (step(1), None),
        (tracking(predefined(INVOCATIONS)), "no step policy on HasBacklogWithoutCapacity wakes it"),
        (step(-1), "the steps of step add no capacity"),
        (step(1, alarms=()), "no alarm has step among its actions"),
        (step(1, alarms=LATER), LATER),
        (step(-1, alarms=LATER), "the steps of step add no capacity"),
        (
            by(comparison_operator="GreaterThanThreshold"),
            "the alarm wake waits for HasBacklogWithoutCapacity > 1 (GreaterThanThreshold), which is 0 or 1",
        ),
        (by(threshold=2.0), "the alarm wake waits for HasBacklogWithoutCapacity >= 2"),
        (by(comparison_operator="GreaterThanThreshold", threshold=0.5), None),
        (by(comparison_operator="LessThanThreshold"), "the alarm wake fires on LessThanThreshold, not when"),
        (by(threshold=LATER), LATER),
        (by(actions_enabled=False), "the actions of the alarm wake are disabled"),
        (by(conflict="is in us-east-1, and what it starts in eu-west-1"), "the alarm wake is in us-east-1, and"),
        (by(actions_enabled=LATER), LATER),
        (by(namespace="AWS/Sagemaker"), "watches the namespace AWS/Sagemaker, and HasBacklogWithoutCapacity is in AWS"),
        (by(namespace=None), "the alarm wake names no namespace"),
        (
            by(metric_name="HasBacklogWithoutCapcity"),
            "the alarm wake watches HasBacklogWithoutCapcity, did you mean HasBacklogWithoutCapacity?",
        ),
        (by(metric_name="ApproximateBacklogSize"), "watches ApproximateBacklogSize, not HasBacklogWithoutCapacity"),
        (by(metric_name=None, dimensions={}), Unknown("wake follows an expression")),
        (by(dimensions=VARIANT), "the alarm wake is by EndpointName and VariantName, and"),
        (by(dimensions={"EndpointName": "chat"}), "the alarm wake watches another endpoint, chat instead of docs"),
        (by(dimensions={"EndpointName": LATER}), LATER),
        (by(dimensions={"EndpointName": NOWHERE}), NOWHERE),
        (by(dimensions=LATER), LATER),
        (step(1, alarms=(alarm(dimensions=LATER), alarm())), None),
        # HasBacklogWithoutCapacity is 1 when it calls, which is 0 above a threshold of 1 and 0.5 above one of 0.5
        (
            between(5.0, None),
            "no step of step that adds is for HasBacklogWithoutCapacity 0 above the threshold of wake",
        ),
        (between(None, 0.0), "no step of step that adds is for HasBacklogWithoutCapacity 0 above"),
        (between(0.0, 1.0), None),
        (between(None, None), None),
        (between(LATER, LATER), None),
        (
            between(0.0, 0.5, threshold=0.5),
            "that adds is for HasBacklogWithoutCapacity 0.5 above the threshold of wake",
        ),
        (between(0.0, 0.6, threshold=0.5), None),
        (replace(step(100), adjustment_type="PercentChangeInCapacity"), "a share of none is none"),
        (replace(step(100), adjustment_type="PercentChangeInCapacity", least_adjustment=1), None),
        (replace(step(100), adjustment_type="PercentChangeInCapacity", least_adjustment=LATER), None),
        (replace(step(1), adjustment_type="ExactCapacity"), None),
        (OtherScalingPolicy(address="p", policy_type=LATER), LATER),
    ],
)
def test_waking_takes_a_step_policy_and_an_alarm_that_can_fire(policy: Any, problem: Any) -> None:
    answer = wake_problem(target(policy), scaled("async"))
    if isinstance(problem, str):
        assert isinstance(answer, str)
        assert problem in answer
    else:
        assert answer == problem


def test_an_alarm_by_endpoint_name_wakes_where_the_name_is_not_known_yet() -> None:
    it = target(by(dimensions={"EndpointName": LATER}))
    assert wake_problem(it, scaled("async", name=LATER)) is None


def test_what_is_suspended_does_not_wake() -> None:
    it = target(step(1), dynamic_scaling_out_suspended=True)
    assert wake_problem(it, scaled("async")) == "scaling out is suspended"
    unsure = target(step(1), dynamic_scaling_out_suspended=LATER)
    assert wake_problem(unsure, scaled("async")) == LATER


def test_inference_components_wake_on_failures_for_want_of_capacity() -> None:
    fires = by(
        metric_name="NoCapacityInvocationFailures",
        dimensions={"InferenceComponentName": "c"},
        comparison_operator="GreaterThanThreshold",
    )
    hosted = scaled(component="c")
    assert wake_problem(target(fires, dimension=COPY_COUNT), hosted) is None
    other = wake_problem(target(step(1), dimension=COPY_COUNT), hosted)
    assert other == "the alarm wake watches HasBacklogWithoutCapacity, not NoCapacityInvocationFailures"


def test_waking_is_a_matter_of_asynchronous_endpoints_and_inference_components() -> None:
    assert wake_problem(target(step(1)), scaled("realtime")) == "nothing scales it from zero"
    slots = target(step(1), dimension=PROVISIONED_CONCURRENCY)
    assert wake_problem(slots, scaled("serverless")) == "nothing scales it from zero"
    assert wake_problem(target(step(1)), scaled(LATER)) == LATER


# What is beyond reach, and what is low -------------------------------------------------------------------------------


def of_host(name: str, value: Any, **more: Any) -> ScalableTarget:
    return target(tracking(metric(name, namespace=HOSTS, **VARIANT), value=value, **more))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CPUUtilization", 400, None),
        ("CPUUtilization", 401, "CPUUtilization is at most 400 on 4 vCPUs, so a target of 401 is never reached"),
        ("GPUUtilization", 801, "GPUUtilization is at most 800 on 8 accelerators, so a target of 801 is never reached"),
        ("MemoryUtilization", 120, "MemoryUtilization is at most 100, so a target of 120 is never reached"),
        ("CPUUtilizationNormalized", 100, None),
        ("LoadedModelCount", 1000, None),
        ("CPUUtilization", LATER, None),
    ],
)
def test_a_target_above_what_a_utilization_can_be_is_never_reached(name: str, value: Any, problem: str | None) -> None:
    on = replace(scaled(), vcpus=4, accelerators=8)
    assert tracking_problems(of_host(name, value), on) == (() if problem is None else (problem,))


def test_of_a_type_that_is_not_known_no_target_is_beyond_reach() -> None:
    assert tracking_problems(of_host("CPUUtilization", 5000), replace(scaled(), vcpus=LATER)) == ()


@pytest.mark.parametrize(
    ("name", "value", "vcpus", "low"),
    [
        ("CPUUtilization", 70, 4, ("CPUUtilization 70 is 18 percent of each of 4 vCPUs",)),  # 17.5
        ("CPUUtilization", 120, 4, ()),
        ("CPUUtilization", 20, 1, ()),  # low, but of the only one there is
        ("CPUUtilization", LATER, 4, LATER),
        ("CPUUtilization", 70, LATER, LATER),
        ("MemoryUtilization", 20, 4, ()),
    ],
)
def test_a_target_below_so_much_of_each_core_is_low(name: str, value: Any, vcpus: Any, low: Any) -> None:
    assert low_targets(of_host(name, value), replace(scaled(), vcpus=vcpus), Decimal(30)) == low


def test_of_metric_math_nobody_knows_what_it_divides_by() -> None:
    math = target(
        tracking(*(metric("CPUUtilization", namespace=HOSTS, **VARIANT) for _ in range(2)), target_value=20.0)
    )
    assert low_targets(math, replace(scaled(), vcpus=4), Decimal(30)) == ()


# Alarms that start steps ---------------------------------------------------------------------------------------------


def watching(name: Any, **changes: Any) -> Any:
    fields = {
        "metric_name": name,
        "dimensions": VARIANT,
        "threshold": 50.0,
        "comparison_operator": "GreaterThanThreshold",
    }
    return alarm(**(fields | changes))


@pytest.mark.parametrize(
    ("alarms", "found"),
    [
        ((watching("InvocationsPerInstance"),), ()),
        ((), ("no alarm has step among its actions",)),
        (
            (watching("InvocationsPerInstance", actions_enabled=False),),
            ("the actions of the alarm wake are disabled",),
        ),
        (
            (watching("InvocationPerCopies", namespace="aws/sagemaker"),),
            ("the alarm wake: aws/sagemaker is no namespace of SageMaker, did you mean AWS/SageMaker?",),
        ),
        (
            (watching("InvocationsPerInstance", dimensions=VARIANT | {"EndpointName": "other"}),),
            ("the alarm wake: it follows InvocationsPerInstance of another endpoint, other instead of docs",),
        ),
        ((watching("QueueLength", namespace="Search"),), ()),
        ((watching(LATER),), LATER),
        ((watching(None),), ()),  # an expression
        (LATER, LATER),
    ],
)
def test_an_alarm_that_should_start_steps_watches_what_is_published(alarms: Any, found: Any) -> None:
    it = target(step(1, alarms=alarms))
    assert alarm_problems(it, scaled(mode="realtime")) == found


@pytest.mark.parametrize(
    ("name", "threshold", "statistic", "problem"),
    [
        ("CPUUtilization", 400.0, "Average", None),  # of four vCPUs
        (
            "CPUUtilization",
            500.0,
            "Average",
            "CPUUtilization is at most 400 on 4 vCPUs, so the threshold of 500 is never",
        ),
        ("CPUUtilization", 500.0, "Sum", None),  # of several instances
        ("MemoryUtilization", 150.0, "Maximum", "MemoryUtilization is at most 100, so the threshold of 150 is never"),
    ],
)
def test_a_threshold_above_what_a_utilization_can_be_is_never_reached(
    name: str, threshold: float, statistic: str, problem: str | None
) -> None:
    watch = watching(name, namespace="/aws/sagemaker/Endpoints", threshold=threshold, statistic=statistic)
    found = alarm_problems(target(step(1, alarms=(watch,))), replace(scaled(mode="realtime"), vcpus=4))
    assert found == () if problem is None else problem in found[0]  # type: ignore[index] # known


@pytest.mark.parametrize(
    ("operator", "lower", "upper", "problem"),
    [
        ("GreaterThanThreshold", 0.0, None, None),
        ("GreaterThanThreshold", None, 0.0, "fires above its threshold, and every step of step is below it"),
        ("GreaterThanThreshold", -10.0, 10.0, None),
        ("LessThanThreshold", None, 0.0, None),
        ("LessThanOrEqualToThreshold", 0.0, None, "fires below its threshold, and every step of step is above it"),
        ("LessThanLowerOrGreaterThanUpperThreshold", None, 0.0, None),
        (LATER, None, 0.0, None),
        ("GreaterThanThreshold", LATER, LATER, None),
    ],
)
def test_steps_are_on_the_side_of_the_threshold_on_which_the_alarm_fires(
    operator: Any, lower: Any, upper: Any, problem: str | None
) -> None:
    watch = watching("InvocationsPerInstance", comparison_operator=operator)
    it = replace(step(alarms=(watch,)), steps=(StepAdjustment(lower, upper, 1),))
    found = alarm_problems(target(it), scaled(mode="realtime"))
    assert found == () if problem is None else problem in found[0]  # type: ignore[index] # known


def test_an_alarm_that_is_to_wake_an_endpoint_is_left_to_who_asks_for_that() -> None:
    assert alarm_problems(target(step(1, alarms=(alarm(dimensions={}),))), scaled(mode="async")) == ()
