"""What new scaling resources say whatever language they are written in, in CloudFormation's names and order.

The values are those of AWS's examples: a target of 5 requests an instance in the queue, and a step of one instance once
HasBacklogWithoutCapacity is 1 (SageMaker developer guide, async-inference-autoscale); of an inference component a step
of one copy once NoCapacityInvocationFailures tells of a request (endpoint-auto-scaling-zero-instances, whose example
takes two of them in a minute: then the first request alone wakes nothing).
"""

from collections.abc import Mapping
from typing import Any

BACKLOG, BACKLOG_TARGET = "ApproximateBacklogSizePerInstance", 5.0
WAKES, COPIES_WAKE = "HasBacklogWithoutCapacity", "NoCapacityInvocationFailures"
WAKE_STEP: Mapping[str, int] = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}


def wake_settings(*, copies: bool) -> dict[str, str | int]:
    """What a step policy that wakes instances, or ``copies``, says beside its steps."""
    return {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Maximum" if copies else "Average",
        "Cooldown": 60 if copies else 300,
    }


def waking(*, copies: bool) -> tuple[str, str]:
    """The metric that tells of requests without capacity, and its dimension."""
    return (COPIES_WAKE, "InferenceComponentName") if copies else (WAKES, "EndpointName")


def wake_alarm(dimensions: Any, policy: Any, *, copies: bool) -> dict[str, Any]:
    """The alarm that starts a step policy, whose ``dimensions`` name the endpoint or the component."""
    periods = 1 if copies else 2
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": waking(copies=copies)[0],
        "Dimensions": dimensions,
        "Statistic": "Sum" if copies else "Average",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "Period": 60,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": periods,
        "TreatMissingData": "missing",
        "AlarmActions": [policy],
    }


def tracked_metric(name: str) -> dict[str, Any]:
    """A customized metric that a policy holds, but for its dimensions."""
    return {"MetricName": name, "Namespace": "AWS/SageMaker", "Statistic": "Average"}
