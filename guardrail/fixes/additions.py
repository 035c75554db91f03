"""What new scaling resources say whatever language they are written in, in CloudFormation's names and order.

The values are those of AWS's examples: a target of 5 requests an instance in the queue, and a step of one instance once
HasBacklogWithoutCapacity is 1 (SageMaker developer guide, async-inference-autoscale).
"""

from collections.abc import Mapping
from typing import Any

BACKLOG, BACKLOG_TARGET = "ApproximateBacklogSizePerInstance", 5.0
WAKES = "HasBacklogWithoutCapacity"
WAKE_SETTINGS: Mapping[str, str | int] = {
    "AdjustmentType": "ChangeInCapacity",
    "MetricAggregationType": "Average",
    "Cooldown": 300,
}
WAKE_STEP: Mapping[str, int] = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}


def wake_alarm(dimensions: Any, policy: Any) -> dict[str, Any]:
    """The alarm that starts a step policy, whose ``dimensions`` name the endpoint."""
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": WAKES,
        "Dimensions": dimensions,
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "missing",
        "AlarmActions": [policy],
    }


def tracked_metric(name: str) -> dict[str, Any]:
    """A customized metric that a policy holds, but for its dimensions."""
    return {"MetricName": name, "Namespace": "AWS/SageMaker", "Statistic": "Average"}
