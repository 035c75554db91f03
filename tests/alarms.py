"""The alarm that wakes an asynchronous endpoint, as several modules of tests start from it."""

from typing import Any

from guardrail.model import Alarm


def alarm(**changes: Any) -> Alarm:
    """The wake-up alarm of an asynchronous endpoint, as the developer guide writes it."""
    fields: dict[str, Any] = {
        "address": "wake",
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
