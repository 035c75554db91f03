"""Load tests of Inference Recommender: NaN is unknown, a minute is no hour, and its endpoints are none of ours."""

from decimal import Decimal

import pytest

from guardrail.errors import SourceError
from guardrail.evidence import recommender
from guardrail.evidence.recommender import LoadTest
from guardrail.prices.book import PriceBook
from tests.evidence.stories import HOURS, account_of, bundle_of, cpu, described

JOB = """{"JobName": "fit", "JobType": "Default", "Status": "COMPLETED", "InputConfig": {"ModelName": "m"},
 "InferenceRecommendations": [
  {"Metrics": {"CostPerHour": 0.23000000417232513, "MaxInvocations": 730, "ModelLatency": 81, "CpuUtilization": 346.1,
   "MemoryUtilization": 12.5}, "EndpointConfiguration": {"EndpointName": "sm-epc-2b", "VariantName": "sm-epc-3c",
   "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}},
  {"Metrics": {"CostPerHour": NaN, "MaxInvocations": NaN, "ModelLatency": 38, "CpuUtilization": NaN},
   "EndpointConfiguration": {"InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 2}},
  {"Metrics": {"MaxInvocations": 10}, "EndpointConfiguration": {"ServerlessConfig": {"MemorySizeInMB": 2048}}}]}"""


def read(text: str) -> LoadTest:
    return recommender.read(text.encode(), "job.json", PriceBook(), "us-east-1")


def test_a_candidate_is_priced_by_our_tables_and_by_the_minute_it_was_tested_in() -> None:
    known, unknown = read(JOB).candidates
    assert (known.instance_type, known.hourly_usd) == ("ml.m5.xlarge", Decimal("0.23"))
    assert known.usd_per_1000 is not None
    assert round(known.usd_per_1000, 6) == Decimal("0.005251")  # 0.23 / (730 × 60) × 1,000
    assert (known.cpu_cores, known.vcpus, known.memory_gib) == (Decimal("3.461"), 4, 2)
    # two of 0.204; what was not measured is not zero
    assert (unknown.hourly_usd, unknown.usd_per_1000, unknown.cpu_cores) == (Decimal("0.408"), None, None)


def test_a_test_is_linked_by_its_model_alone() -> None:
    (found,) = bundle_of(account_of(described()), cpu((HOURS, 1, 1, 60, 60))).endpoints
    test = read(JOB)
    assert recommender.linked([test], found.variants[0]) == [test]
    other = read(JOB.replace('"ModelName": "m"', '"ModelName": "other"').replace("sm-epc-2b", "shop"))
    assert recommender.linked([other], found.variants[0]) == []
    running = read(JOB.replace("COMPLETED", "IN_PROGRESS"))
    assert recommender.linked([running], found.variants[0]) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", JOB.replace("730", "-1.5"), "[" * 100_000, JOB.replace("81", '"x"')])
def test_what_is_no_job_is_one_line(text: str) -> None:
    with pytest.raises(SourceError, match="no job of Inference Recommender") as refusal:
        read(text)
    assert "\n" not in refusal.value.message


def test_advice_on_scaling_is_read() -> None:
    told = recommender.scaling_advice(
        b'{"EndpointName": "shop", "TargetCpuUtilizationPerCore": 50, "DynamicScalingConfiguration": {"MinCapacity": 1,'
        b'"MaxCapacity": 4, "ScalingPolicies": [{"TargetTracking": {"TargetValue": 120.5}}]}}',
        "advice.json",
    )
    scaling = told.dynamic_scaling_configuration
    assert scaling is not None
    assert (scaling.min_capacity, scaling.max_capacity) == (1, 4)
    assert scaling.scaling_policies[0].target_tracking is not None
    assert scaling.scaling_policies[0].target_tracking.target_value == Decimal("120.5")


def test_the_definition_of_a_job_names_the_model_and_each_type_once() -> None:
    (found,) = bundle_of(account_of(described()), cpu((HOURS, 1, 1, 60, 60))).endpoints
    made = recommender.job_definition(found, found.variants[0], ["ml.c5.xlarge", "ml.m5.large", "ml.c5.xlarge"])
    assert made["InputConfig"]["ModelName"] == "m"
    assert [one["InstanceType"] for one in made["InputConfig"]["EndpointConfigurations"]] == [
        "ml.c5.xlarge",
        "ml.m5.large",
    ]
