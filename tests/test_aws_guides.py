"""Scaling as AWS's own guides write it is judged as they judge it: what they recommend passes, what they warn of fails.

Each is retold from the page that is named: of the SageMaker developer guide (DG, docs.aws.amazon.com, below
sagemaker/latest/dg) or of the Application Auto Scaling user guide (AAS, below autoscaling/application/userguide).
"""

from datetime import date
from functools import cache
from typing import Any

import pytest

from guardrail.cost.estimate import estimate
from guardrail.model import Inventory
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import evaluate
from guardrail.policy.example_model import Builder
from guardrail.policy.load import bundled
from guardrail.policy.superseding import without_superseded
from guardrail.prices.book import PriceBook

POLICIES = [policy for policy in bundled() if policy.topic in ("scaling", "asynchronous", "serverless", "deployment")]
ON_ENDPOINT = {"EndpointName": "my-endpoint"}
ON_VARIANT = {**ON_ENDPOINT, "VariantName": "my-variant"}
INSTANCES = {"name": "my-variant", "instance_type": "ml.m5.large", "initial_instance_count": 1}
SERVERLESS = {"name": "my-variant", "memory_mib": 2048, "max_concurrency": 20, "provisioned_concurrency": 1}
HOST = {
    "name": "my-variant",
    "instance_type": "ml.g5.12xlarge",
    "initial_instance_count": 1,
    "managed_scaling": {"status": "ENABLED", "min_instance_count": 0, "max_instance_count": 2},
}
BACKLOG = {"metric": "ApproximateBacklogSizePerInstance", "dimensions": ON_ENDPOINT, "target_value": 5.0}
WAKE = {
    "adjustments": [1],
    "cooldown_s": 300,
    "alarms": [
        {
            "metric_name": "HasBacklogWithoutCapacity",
            "dimensions": ON_ENDPOINT,
            "threshold": 1,
            "evaluation_periods": 2,
            "datapoints_to_alarm": 2,
        }
    ],
}
COPIES = {"predefined": "SageMakerInferenceComponentInvocationsPerCopy", "target_value": 1.0}
COPIES_WAKE = {
    "adjustments": [1],
    "cooldown_s": 60,
    "alarms": [
        {
            "metric_name": "NoCapacityInvocationFailures",
            "dimensions": {"InferenceComponentName": "my-component"},
            "statistic": "Maximum",
            "threshold": 1,
            "period_s": 30,
            "evaluation_periods": 1,
        }
    ],
}


@cache
def prices() -> PriceBook:
    return PriceBook()


def hosting(scaling: dict[str, Any]) -> dict[str, Any]:
    return {"variant": HOST, "inference_components": [{"name": "my-component", "copies": 1, "scaling": scaling}]}


def scaled(
    least: int, most: int, *policies: Any, mode: str = "realtime", variant: Any = None, **more: Any
) -> dict[str, Any]:
    return {
        "endpoint": {"mode": mode},
        "variant": variant or INSTANCES,
        "scaling": {"min_capacity": least, "max_capacity": most, "policies": list(policies), **more},
    }


def failing(described: dict[str, Any]) -> dict[str, str]:
    """The policies that fail, with what they say."""
    described = {**described, "endpoint": {"name": "my-endpoint", **described.get("endpoint", {})}}
    inventory = Inventory(endpoints=(Builder("guide").endpoint(described, "guide"),))
    results = evaluate(
        POLICIES,
        inventory,
        estimate(inventory, prices()),
        source="",
        prices=prices(),
        environments=Environments(),
        has_before=False,
        today=date(2026, 11, 27),
    )
    found = without_superseded(results, POLICIES)
    return {result.policy: result.message for result in found if result.verdict == "fail"}


@pytest.mark.parametrize(
    "described",
    [
        pytest.param(
            scaled(
                1,
                8,
                {
                    "predefined": "SageMakerVariantInvocationsPerInstance",
                    "target_value": 70.0,
                    "scale_in_cooldown_s": 600,
                },
            ),
            id="DG endpoint-auto-scaling-add-code-define, predefined metric",
        ),
        pytest.param(
            scaled(
                1,
                8,
                {
                    "metric": "CPUUtilization",
                    "namespace": "/aws/sagemaker/Endpoints",
                    "dimensions": ON_VARIANT,
                    "target_value": 50.0,
                },
            ),
            id="DG endpoint-auto-scaling-add-code-define, custom metric",
        ),
        pytest.param(
            scaled(
                1, 8, {"predefined": "SageMakerVariantConcurrentRequestsPerModelHighResolution", "target_value": 5.0}
            ),
            id="DG endpoint-auto-scaling-policy, high resolution",
        ),
        pytest.param(
            scaled(0, 5, BACKLOG, WAKE, mode="async"), id="DG async-inference-autoscale, with the wake-up policy"
        ),
        pytest.param(
            hosting({"min_capacity": 0, "max_capacity": 2, "policies": [COPIES, COPIES_WAKE]}),
            id="DG endpoint-auto-scaling-zero-instances",
        ),
        pytest.param(
            scaled(
                1,
                10,
                {"predefined": "SageMakerVariantProvisionedConcurrencyUtilization", "target_value": 0.7},
                mode="serverless",
                variant=SERVERLESS,
            ),
            id="DG serverless-endpoints-autoscale",
        ),
        pytest.param(
            scaled(
                1,
                10,
                scheduled_actions=[
                    {"schedule": "cron(0 7 ? * MON-FRI *)", "min_capacity": 4, "max_capacity": 10},
                    {"schedule": "cron(0 19 ? * MON-FRI *)", "min_capacity": 1, "max_capacity": 2},
                ],
            ),
            id="AAS examples-scheduled-actions, on a recurring schedule",
        ),
    ],
)
def test_what_a_guide_recommends_passes(described: dict[str, Any]) -> None:
    assert failing(described) == {}


@pytest.mark.parametrize(
    ("described", "policy", "says"),
    [
        pytest.param(
            scaled(0, 5, BACKLOG, mode="async"),
            "async-wakes-from-zero",
            "no step policy on HasBacklogWithoutCapacity wakes it",
            id="DG async-inference-autoscale: requests wait until the backlog exceeds the target",
        ),
        pytest.param(
            scaled(0, 4, {"predefined": "SageMakerVariantInvocationsPerInstance", "target_value": 70.0}),
            "realtime-keeps-an-instance",
            "0",
            id="DG endpoint-auto-scaling-prerequisites: the minimum is at least 1",
        ),
        pytest.param(
            scaled(
                1,
                4,
                {"predefined": "SageMakerVariantInvocationsPerInstance"},
                variant=INSTANCES | {"instance_type": "ml.t2.medium"},
            ),
            "burstable-does-not-scale",
            "t2",
            id="DG endpoint-auto-scaling-add-console: burstable instances are not scaled",
        ),
        pytest.param(
            hosting({"min_capacity": 0, "max_capacity": 2, "policies": [COPIES]}),
            "components-wake-from-zero",
            "NoCapacityInvocationFailures",
            id="DG endpoint-auto-scaling-zero-instances: step scaling is required to scale out from zero",
        ),
        pytest.param(
            {"variant": HOST | {"model_name": "my-model"}},
            "managed-scaling-hosts-components",
            "model",
            id="DG realtime-endpoints-deploy-models: managed instance scaling is for inference components",
        ),
        pytest.param(
            scaled(
                1,
                10,
                {"predefined": "SageMakerVariantProvisionedConcurrencyUtilization", "target_value": 70.0},
                mode="serverless",
                variant=SERVERLESS,
            ),
            "utilization-targets-are-shares",
            "a share from 0 to 1",
            id="DG serverless-endpoints-autoscale: the target is between 0 and 1",
        ),
        pytest.param(
            scaled(
                1,
                8,
                {
                    "metric": "InvocationsPerInstance",
                    "dimensions": ON_VARIANT,
                    "statistic": "Average",
                    "target_value": 70.0,
                },
            ),
            "scaling-follows-published-metrics",
            "must be Sum",
            id="DG monitoring-cloudwatch: InvocationsPerInstance is 1/number of instances at each request",
        ),
        pytest.param(
            scaled(
                1,
                8,
                scheduled_actions=[
                    {"schedule": "cron(0 7 * * ? *)", "min_capacity": 4},
                    {"schedule": "cron(0 19 * * ? *)", "min_capacity": 1},
                ],
            ),
            "realtime-variants-scale",
            "it lowers min_capacity alone, and nothing takes capacity away from 4",
            id="AAS scheduled-scaling: it scales in only to the maximum",
        ),
    ],
)
def test_what_a_guide_warns_of_fails(described: dict[str, Any], policy: str, says: str) -> None:
    found = failing(described)
    assert says in found.get(policy, ""), found
