"""`guardrail check` from a template to its JSON: every total is a bill that the second opinion finds, to the cent.

The other properties start at an inventory; here what reads templates, links, prices and reports is on the way, too.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from guardrail import cli
from guardrail.model import (
    Endpoint,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ServerlessVariant,
    TargetTrackingPolicy,
    Variant,
)
from tests.naive_pricer import Asked, bills
from tests.test_naive_pricer import asked_for, close, inventories

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

METRICS = {
    "sagemaker:variant:DesiredInstanceCount": "SageMakerVariantInvocationsPerInstance",
    "sagemaker:variant:DesiredProvisionedConcurrency": "SageMakerVariantProvisionedConcurrencyUtilization",
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inventories.filter(lambda each: each.endpoints), asked_for)
def test_a_template_costs_what_its_inventory_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inventory: Inventory, asked: Asked
) -> None:
    """What cannot be said in a template, as a policy without a metric, is left out of it and of the inventory alike."""
    inventory = Inventory(endpoints=tuple(_sayable(each) for each in inventory.endpoints))
    (tmp_path / "t.yaml").write_text(yaml.safe_dump({"Resources": _resources(inventory)}), encoding="utf-8")
    (tmp_path / "usage.yml").write_text(yaml.safe_dump(_usage(asked, inventory)), encoding="utf-8")
    arguments = ["t.yaml", "--usage-file", "usage.yml", "--region", "us-east-1", "--format", "json"]
    code = cli.main(["check", *(str(tmp_path / each) if "." in each else each for each in arguments)])
    shown = capsys.readouterr()
    assert code in (0, 1), shown.err
    total = json.loads(shown.out)["totals"]["after"]
    low, high = bills(inventory, asked, {})
    assert close(Decimal(total["floor"]), low)
    assert close(Decimal(total["ceiling"]), high)
    assert not total["at_least"]


def _sayable(endpoint: Endpoint) -> Endpoint:
    """The endpoint as a template can have it: there for sure, and scaled by target tracking on a metric alone."""
    assert isinstance(endpoint.variants, tuple)
    return replace(endpoint, deployed="yes", variants=tuple(map(_sayable_variant, endpoint.variants)))


def _sayable_variant(variant: Variant) -> Variant:
    target = variant.scaling
    if not isinstance(target, ScalableTarget):
        return variant
    assert isinstance(target.policies, tuple)
    kept = [each for each in target.policies if isinstance(each, TargetTrackingPolicy) and each.metrics]
    return replace(variant, scaling=replace(target, policies=tuple(kept[:1])))


def _resources(inventory: Inventory) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for endpoint in inventory.endpoints:
        name = str(endpoint.name)
        assert isinstance(endpoint.variants, tuple)
        configuration: dict[str, Any] = {"ProductionVariants": [_variant(each) for each in endpoint.variants]}
        if endpoint.mode == "async":
            configuration["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://bucket/key"}}
        found[f"Configuration{name}"] = _resource("AWS::SageMaker::EndpointConfig", configuration)
        by_reference = {"EndpointName": name, "EndpointConfigName": {"Ref": f"Configuration{name}"}}
        found[f"Endpoint{name}"] = _resource("AWS::SageMaker::Endpoint", by_reference)
        for variant in endpoint.variants:
            if isinstance(variant.scaling, ScalableTarget):
                found |= _scaling(name, str(variant.name), variant.scaling)
    return found


def _resource(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def _variant(variant: Variant) -> dict[str, Any]:
    said: dict[str, Any] = {"VariantName": variant.name, "ModelName": "m", "InitialVariantWeight": variant.weight}
    if isinstance(variant, ServerlessVariant):
        serverless = {"MemorySizeInMB": variant.memory_mib, "MaxConcurrency": variant.max_concurrency}
        if variant.provisioned_concurrency is not None:
            serverless["ProvisionedConcurrency"] = variant.provisioned_concurrency
        return said | {"ServerlessConfig": serverless}
    assert isinstance(variant, InstanceVariant)
    said["InitialInstanceCount"] = variant.initial_instance_count
    if variant.volume_size_gb is not None:
        said["VolumeSizeInGB"] = variant.volume_size_gb
    if variant.instance_type is not None:
        return said | {"InstanceType": variant.instance_type}
    pools = [{"InstanceType": each.instance_type, "Priority": each.priority} for each in variant.instance_pools]
    return said | {"InstancePools": pools}


def _scaling(endpoint: str, variant: str, target: ScalableTarget) -> dict[str, Any]:
    key = f"{endpoint}{variant}"
    bounds = {"MinCapacity": target.min_capacity, "MaxCapacity": target.max_capacity}
    found = {
        f"Target{key}": _resource(
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {
                "ServiceNamespace": "sagemaker",
                "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
                "ScalableDimension": target.dimension,
                "SuspendedState": {"DynamicScalingInSuspended": target.dynamic_scaling_in_suspended},
                **bounds,
            },
        )
    }
    assert isinstance(target.policies, tuple)
    for policy in target.policies:
        assert isinstance(policy, TargetTrackingPolicy)
        metric = {"PredefinedMetricType": METRICS[str(target.dimension)]}
        tracking = {
            "TargetValue": 1,
            "DisableScaleIn": policy.disable_scale_in,
            "PredefinedMetricSpecification": metric,
        }
        found[f"Policy{key}"] = _resource(
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            {
                "PolicyName": key,
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": f"Target{key}"},
                "TargetTrackingScalingPolicyConfiguration": tracking,
            },
        )
    return found


def _usage(asked: Asked, inventory: Inventory) -> dict[str, Any]:
    """Every endpoint by its own entry, with the requests of those variants that it has."""
    entries = {}
    for endpoint in inventory.endpoints:
        assert isinstance(endpoint.variants, tuple)
        said = {
            "monthly_requests": int(asked["requests"]),
            "request_duration_ms": int(asked["duration_ms"]),
            "monthly_data_in_gb": int(asked["data_gb"]),
            "monthly_data_out_gb": 0,
        }
        if "busy_hours" in asked:
            said["monthly_busy_hours"] = int(asked["busy_hours"])
        names = {variant.name for variant in endpoint.variants}
        own = {name: {"monthly_requests": int(n)} for name, n in asked.get("own", {}).items() if name in names}
        entries[f"Endpoint{endpoint.name}"] = {**said, **({"variants": own} if own else {})}
    return {"version": 0.1, "resource_usage": entries}
