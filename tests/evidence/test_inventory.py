"""What runs in an account is read whole, at the pace that AWS allows, and what it does not say is a gap."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guardrail.aws import access as access_module
from guardrail.aws import inventory, pace
from guardrail.aws.access import Access, CredentialsError, RegionError, check_region
from guardrail.aws.inventory import RegionReader, Wanted
from guardrail.errors import AWSError
from guardrail.evidence import queries
from guardrail.evidence.account import Account, Fault
from guardrail.evidence.journal import Header, Journal
from tests.evidence.cloud import ACCOUNT, NOW, REGION, Cloud, Refusal, actions, most_in_a_second

BORN = "2026-09-01T08:00:00+00:00"


def fleet(cloud: Cloud, count: int) -> None:
    """Endpoints of one variant each, with a configuration and a model of their own."""
    for number in range(count):
        name = f"shop-{number:03}"
        cloud.region.endpoints.append(
            {
                "EndpointName": name,
                "EndpointConfigName": f"{name}-config",
                "CreationTime": BORN,
                "ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": 1}],
            }
        )
        cloud.region.endpoint_configs.append(
            {
                "EndpointConfigName": f"{name}-config",
                "CreationTime": BORN,
                "ProductionVariants": [
                    {"VariantName": "a", "ModelName": f"m-{number}", "InstanceType": "ml.m5.xlarge"}
                ],
            }
        )
        cloud.region.models.append({"ModelName": f"m-{number}", "PrimaryContainer": {"Image": "i"}})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    window = queries.window(NOW, 14, 3600)
    header = Header(account=ACCOUNT, regions=(REGION,), start=window.start, end=window.end, resolution=3600)
    made = Journal.opened(str(tmp_path / "journal"), header)
    yield made
    made.close()


def _access(**changes: Any) -> Access:
    return Access(**{"profile": None, "role_arn": None, "region": REGION, "clock": pace.Clock(), **changes})


def _read(journal: Journal, wanted: Wanted | None = None) -> Account:
    access = _access()
    reader = RegionReader(access, REGION, queries.window(NOW, 14, 3600), journal, lambda _: None)
    return reader.account(wanted or Wanted(), access.now)


def test_every_page_is_read_and_each_thing_is_described_once(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 120)
    found = _read(journal)
    assert len(found.endpoints) == len(found.endpoint_configs) == len(found.models) == 120
    assert found.faults == ()
    asked = actions(cloud)
    assert asked["sagemaker:ListEndpoints"] == 2  # pages of 100, where SageMaker would give ten
    assert asked["sagemaker:DescribeEndpoint"] == asked["sagemaker:DescribeModel"] == 120


def test_no_region_is_asked_more_than_ten_times_a_second(
    cloud: Cloud, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_AT_A_TIME", 1)  # so that the clock stands still between two calls
    fleet(cloud, 40)
    _read(journal)
    assert 5 < most_in_a_second(cloud.calls, lambda call: call.service == "sagemaker") <= 10


def test_the_moment_is_that_of_the_service(cloud: Cloud, journal: Journal) -> None:
    assert _read(journal).now == NOW
    assert cloud.now == NOW


def test_endpoints_are_chosen_by_name_and_by_tag(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 4)
    cloud.region.tags = {"shop-001": {"team": "search"}, "shop-002": {"team": "ads"}, "shop-003": {"owner": "x"}}
    by_tag = _read(journal, Wanted(tags=(("team", "search"), ("team", "ads"))))
    assert {each.endpoint_name: each.tags for each in by_tag.endpoints} == {
        "shop-001": {"team": "search"},
        "shop-002": {"team": "ads"},
    }
    assert cloud.count("DescribeEndpoint") == 2


def test_a_name_alone_is_described_alone_and_jobs_are_left_out(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 4)
    assert [each.endpoint_name for each in _read(journal, Wanted(endpoints=("shop-002",))).endpoints] == ["shop-002"]
    assert (cloud.count("DescribeEndpoint"), cloud.count("ListTransformJobs")) == (1, 0)


def test_a_tag_is_found_though_the_service_writes_the_name_in_lower_case(cloud: Cloud, journal: Journal) -> None:
    cloud.region.endpoints.append({"EndpointName": "ShopProd", "EndpointConfigName": "c", "CreationTime": BORN})
    cloud.region.tags = {"ShopProd": {"team": "search"}}
    assert _read(journal).endpoints[0].tags == {"team": "search"}


def test_a_refused_call_is_a_named_gap_and_the_rest_is_answered(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    cloud.denied = {"sagemaker:DescribeModel m-1", "application-autoscaling:DescribeScalingPolicies"}
    found = _read(journal)
    assert [each.model_name for each in found.models] == ["m-0"]
    assert [(each.call, each.subject) for each in found.faults] == [
        ("application-autoscaling:DescribeScalingPolicies", ""),
        ("sagemaker:DescribeModel", "model/m-1"),
    ]
    assert all(each.reason.startswith("AccessDeniedException: ") for each in found.faults)


def test_an_endpoint_that_may_not_be_described_is_still_there(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    cloud.denied = {"sagemaker:DescribeEndpoint shop-001"}
    found = _read(journal)
    assert [(each.endpoint_name, each.production_variants == ()) for each in found.endpoints] == [
        ("shop-000", False),
        ("shop-001", True),
    ]
    assert found.endpoints[1].creation_time == datetime(2026, 9, 1, 8, tzinfo=UTC)


def test_an_endpoint_that_was_deleted_meanwhile_is_gone_and_said_to_be(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    cloud.failing = [("DescribeEndpoint", Refusal("ValidationException", 'Could not find endpoint "shop-000".'))]
    found = _read(journal)
    assert len(found.endpoints) == 1
    assert [fault.reason for fault in found.faults] == ["it is there no more"]


def test_without_the_list_there_is_no_answer_unless_endpoints_are_named(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    cloud.denied = {"sagemaker:ListEndpoints"}
    with pytest.raises(AWSError, match="does not say which endpoints there are: sagemaker:ListEndpoints: AccessDenied"):
        _read(journal)
    assert [each.endpoint_name for each in _read(journal, Wanted(endpoints=("shop-001",))).endpoints] == ["shop-001"]


def test_a_tag_that_may_not_be_asked_for_chooses_nothing(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    cloud.denied = {"tag:GetResources"}
    with pytest.raises(AWSError, match="does not say which endpoints have the tag"):
        _read(journal, Wanted(tags=(("team", "search"),)))
    assert Fault(call="tag:GetResources", reason=_read(journal).faults[0].reason) == _read(journal).faults[0]


def test_earlier_configurations_are_read_where_an_endpoint_was_updated_in_the_window(
    cloud: Cloud, journal: Journal
) -> None:
    region = cloud.region
    region.endpoints.append(
        {
            "EndpointName": "score",
            "EndpointConfigName": "score-2",
            "CreationTime": BORN,
            "LastModifiedTime": "2026-11-13T06:20:00+00:00",
        }
    )
    for name in ("score-1", "score-2", "other-1"):
        region.endpoint_configs.append(
            {"EndpointConfigName": name, "CreationTime": BORN, "ProductionVariants": [{"VariantName": "a"}]}
        )
    assert {each.endpoint_config_name for each in _read(journal).endpoint_configs} == {"score-1", "score-2"}


def test_scaling_is_kept_of_the_endpoints_and_components_that_are_looked_at(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 2)
    region = cloud.region
    region.inference_components.append(
        {
            "InferenceComponentName": "chat",
            "EndpointName": "shop-001",
            "VariantName": "a",
            "InferenceComponentStatus": "InService",
            "CreationTime": BORN,
        }
    )
    for resource, dimension in (
        ("endpoint/shop-000/variant/a", "sagemaker:variant:DesiredInstanceCount"),
        ("endpoint/shop-0001/variant/a", "sagemaker:variant:DesiredInstanceCount"),
        ("inference-component/chat", "sagemaker:inference-component:DesiredCopyCount"),
    ):
        common = {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": dimension}
        region.scalable_targets.append(
            {**common, "MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "arn:aws:iam::1:role/r", "CreationTime": BORN}
        )
        region.scaling_policies.append(
            {
                **common,
                "PolicyARN": "arn:aws:autoscaling:us-east-1:1:p",
                "PolicyName": resource,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 70.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
                },
                "Alarms": [{"AlarmName": f"high {resource}", "AlarmARN": "arn"}],
                "CreationTime": BORN,
            }
        )
        region.scheduled_actions.append(
            {
                **common,
                "ScheduledActionName": "night",
                "ScheduledActionARN": "arn",
                "Schedule": "cron(0 20 * * ? *)",
                "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1},
                "CreationTime": BORN,
            }
        )
        for at in ("2026-11-10T06:00:00+00:00", "2026-10-10T06:00:00+00:00"):  # the second before the window
            region.scaling_activities.append(
                {
                    **common,
                    "ActivityId": f"{resource} {at}",
                    "Description": "Setting desired instance count to 4.",
                    "Cause": "monitor alarm",
                    "StartTime": at,
                    "StatusCode": "Successful",
                }
            )
        region.alarms.append({"AlarmName": f"high {resource}", "Threshold": 70.0, "StateValue": "OK"})
    found = _read(journal)
    ours = {"endpoint/shop-000/variant/a", "inference-component/chat"}
    assert {each.resource_id for each in found.scalable_targets} == ours
    assert {each.resource_id for each in found.scaling_policies} == ours
    assert {each.resource_id for each in found.scheduled_actions} == ours
    assert {each.resource_id for each in found.scaling_activities} == ours
    assert len(found.scaling_activities) == 2
    assert {each.alarm_name for each in found.alarms} == {f"high {each}" for each in ours}
    assert [each.inference_component_name for each in found.inference_components] == ["chat"]


def test_jobs_of_the_window_come_with_the_hosts_that_have_metrics(
    cloud: Cloud, journal: Journal, tmp_path: Path
) -> None:
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
    for name, end in (("nightly-1", "2026-11-10T01:00:00+00:00"), ("nightly-0", "2026-10-10T01:00:00+00:00")):
        cloud.region.transform_jobs.append(
            {
                "TransformJobName": name,
                "ModelName": "m",
                "TransformResources": resources,
                "Environment": {"TOKEN": "a-secret"},
                "CreationTime": "2026-10-10T00:00:00+00:00",
                "TransformStartTime": "2026-11-10T00:10:00+00:00",
                "TransformEndTime": end,
            }
        )
    for host in ("nightly-1/i-2", "nightly-1/i-1", "nightly-10/i-9"):
        cloud.region.measure(
            "/aws/sagemaker/TransformJobs", "CPUUtilization", {"Host": host}, start=BORN, rows=[[1, 1, 1, 1, 1]]
        )
    access = _access()
    reader = RegionReader(access, REGION, queries.window(NOW, 14, 3600), journal, lambda _: None)
    found = reader.account(Wanted(), access.now)
    assert [each.transform_job_name for each in found.transform_jobs] == ["nightly-1"]
    assert reader.hosts(found.transform_jobs) == {"nightly-1": ("nightly-1/i-1", "nightly-1/i-2")}
    assert b"a-secret" not in (tmp_path / "journal").read_bytes()


# Refusals that end it ------------------------------------------------------------------------------------------------


def test_credentials_that_have_expired_are_said_to_have(cloud: Cloud) -> None:
    cloud.failing = [("GetCallerIdentity", Refusal("ExpiredToken", "The security token included is expired", 403))]
    with pytest.raises(CredentialsError, match=r"^the AWS credentials have expired: ExpiredToken"):
        _access()


def test_without_credentials_nothing_is_asked(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match=r"^there are no AWS credentials"):
        _access()
    assert cloud.calls == []


def test_a_profile_that_is_not_there_is_named(cloud: Cloud) -> None:
    with pytest.raises(CredentialsError, match="profile \\(nobody\\) could not be found"):
        _access(profile="nobody")
    assert cloud.calls == []


def test_credentials_that_expire_on_the_way_end_it(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 30)
    cloud.failing = [("DescribeModel", Refusal("ExpiredTokenException", "The security token is expired"))]
    with pytest.raises(CredentialsError, match="have expired"):
        _read(journal)


@pytest.mark.parametrize(("minutes", "told"), [(20, "20 minutes ahead of"), (-45, "45 minutes behind")])
def test_a_clock_that_is_wrong_is_named_with_how_wrong_it_is(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, minutes: int, told: str
) -> None:
    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return (NOW + timedelta(minutes=minutes)).astimezone(tz)

    monkeypatch.setattr(access_module, "datetime", Skewed)
    cloud.failing = [("GetCallerIdentity", Refusal("SignatureDoesNotMatch", "Signature expired", 403))]
    with pytest.raises(CredentialsError) as caught:
        _access()
    assert told in caught.value.hint


def test_a_region_that_is_not_enabled_is_told_from_bad_credentials(cloud: Cloud, journal: Journal) -> None:
    cloud.lost = {REGION}
    with pytest.raises(RegionError, match=r"^us-east-1 does not answer for this account: UnrecognizedClientException"):
        _read(journal)


@pytest.mark.parametrize(
    "region", ["", "us-east-1.evil.example", "us-east-1/..", "US-EAST-1", "a" * 500, "us-east-1\n"]
)
def test_a_region_that_is_none_never_becomes_the_name_of_a_host(region: str) -> None:
    with pytest.raises(AWSError, match="is no region"):
        check_region(region)


def test_a_role_is_assumed_and_read_with(cloud: Cloud) -> None:
    access = _access(role_arn="arn:aws:iam::111122223333:role/reader")
    assert [call.action for call in cloud.calls] == ["AssumeRole", "GetCallerIdentity"]
    assert cloud.calls[0].arguments["RoleArn"] == "arn:aws:iam::111122223333:role/reader"
    assert access.account == ACCOUNT


@pytest.mark.parametrize("role", ["reader", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:role/a b"])
def test_a_role_that_is_none_is_refused_before_it_is_asked_for(cloud: Cloud, role: str) -> None:
    with pytest.raises(AWSError, match="is no role"):
        _access(role_arn=role)
    assert cloud.calls == []


def test_a_throttled_call_is_made_again(cloud: Cloud, journal: Journal) -> None:
    fleet(cloud, 1)
    cloud.failing = [("DescribeEndpoint", Refusal("ThrottlingException", "Rate exceeded"))]
    found = _read(journal)
    assert (len(found.endpoints), found.faults) == (1, ())
    assert cloud.count("DescribeEndpoint") == 2
