"""What another reading of AWS answers is understood too: moto's endpoints, tags, targets, policies and schedules.

What moto does not do as AWS does (datapoint limits, retention, status codes, dimensions in any order, components and
activities) is asked of tests/evidence/cloud.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guardrail.aws import pace
from guardrail.aws.access import Access
from guardrail.aws.inventory import RegionReader, Wanted
from guardrail.evidence import queries
from guardrail.evidence.account import Account
from guardrail.evidence.journal import Header, Journal
from tests.evidence.conftest import Watch

moto = pytest.importorskip("moto", reason="moto is in the extra dev")

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/shop/variant/a",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture
def _at_moto(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> Iterator[None]:
    del watch
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        yield


def _populate() -> None:
    import boto3

    sagemaker = boto3.client("sagemaker", region_name=REGION)
    for name in ("shop", "ads"):
        container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1", "Environment": {"TOKEN": "a-secret"}}
        sagemaker.create_model(ModelName=f"{name}-model", PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant: dict[str, Any] = {
            "VariantName": "a",
            "ModelName": f"{name}-model",
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": 2,
            "InitialVariantWeight": 1.0,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=f"{name}-config", ProductionVariants=[variant])
        sagemaker.create_endpoint(
            EndpointName=name, EndpointConfigName=f"{name}-config", Tags=[{"Key": "team", "Value": name}]
        )
    scaling = boto3.client("application-autoscaling", region_name=REGION)
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        **TARGET,
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 700.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        },
    )
    scaling.put_scheduled_action(
        **TARGET,
        ScheduledActionName="night",
        Schedule="cron(0 20 * * ? *)",
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1},
    )


def _read(path: Path, wanted: Wanted) -> Account:
    window = queries.window(datetime.now(UTC), 14, 3600)
    access = Access(profile=None, role_arn=None, region=REGION, clock=pace.Clock())
    header = Header(account=access.account, regions=(REGION,), start=window.start, end=window.end, resolution=3600)
    journal = Journal.opened(str(path), header)
    try:
        return RegionReader(access, REGION, window, journal, lambda _: None).account(wanted, window.end)
    finally:
        journal.close()


@pytest.mark.usefixtures("_at_moto")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_moto_has_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrail.aws.access.answered_at", lambda _: datetime.now(UTC))  # moto sends no Date
    monkeypatch.setattr(RegionReader, "_components", lambda *_: ())
    monkeypatch.setattr(RegionReader, "_activities", lambda *_: ())
    _populate()
    found = _read(tmp_path / "journal", Wanted(tags=(("team", "shop"),)))
    (shop,) = found.endpoints
    assert (shop.endpoint_name, shop.tags, shop.endpoint_status) == ("shop", {"team": "shop"}, "InService")
    assert [variant.variant_name for variant in shop.production_variants] == ["a"]
    config = found.config_of(shop)
    assert config is not None
    assert config.production_variants[0].instance_type == "ml.m5.xlarge"
    assert [model.model_name for model in found.models] == ["shop-model"]
    (target,) = found.scalable_targets
    assert (target.resource_id, target.min_capacity, target.max_capacity) == ("endpoint/shop/variant/a", 1, 4)
    (policy,) = found.scaling_policies
    assert policy.target_tracking_scaling_policy_configuration is not None
    assert policy.target_tracking_scaling_policy_configuration.target_value == 700
    (action,) = found.scheduled_actions
    assert action.schedule == "cron(0 20 * * ? *)"
    assert b"a-secret" not in (tmp_path / "journal").read_bytes()
