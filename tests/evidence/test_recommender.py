"""Load tests of Inference Recommender: NaN is unknown, a minute is no hour, and its endpoints are none of ours."""

from decimal import Decimal

import pytest

from guardrail.errors import SourceError
from guardrail.evidence import recommender
from guardrail.evidence.bundle import AdviceEvidence, LoadTestEvidence
from guardrail.evidence.recommender import LoadTest
from guardrail.prices.book import PriceBook
from tests.evidence.stories import HOURS, account_of, bundle_of, cpu, described, invocations

JOB = """{"JobName": "fit", "JobType": "Default", "Status": "COMPLETED", "InputConfig": {"ModelName": "m"},
 "InferenceRecommendations": [
  {"Metrics": {"CostPerHour": 0.23000000417232513, "MaxInvocations": 730, "ModelLatency": 81, "CpuUtilization": 346.1,
   "MemoryUtilization": 12.5}, "EndpointConfiguration": {"EndpointName": "sm-epc-2b", "VariantName": "sm-epc-3c",
   "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}},
  {"Metrics": {"CostPerHour": NaN, "MaxInvocations": NaN, "ModelLatency": 38, "CpuUtilization": NaN},
   "EndpointConfiguration": {"InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 2}},
  {"Metrics": {"MaxInvocations": 10}, "EndpointConfiguration": {"ServerlessConfig": {"MemorySizeInMB": 2048}}}]}"""


ARN = "arn:aws:sagemaker:eu-west-1:111122223333:inference-recommendations-job/fit"
PACKAGE = "arn:aws:sagemaker:us-east-1:999900001111:model-package/rank/3"


def told(text: str) -> LoadTestEvidence:
    found = recommender.read(text.encode(), "job.json", "us-east-1")
    assert isinstance(found, LoadTestEvidence)
    return found


def read(text: str) -> LoadTest:
    return recommender.priced(told(text), PriceBook())


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
    assert recommender.linked([test], found, found.variants[0]) == [test]
    other = read(JOB.replace('"ModelName": "m"', '"ModelName": "other"').replace("sm-epc-2b", "shop"))
    assert recommender.linked([other], found, found.variants[0]) == []


def test_a_model_of_another_region_or_account_has_the_name_and_is_another() -> None:
    (found,) = bundle_of(account_of(described()), cpu((HOURS, 1, 1, 60, 60))).endpoints
    for arn, is_linked in (
        (ARN, False),
        (ARN.replace("eu-west-1", "us-east-1"), True),
        (ARN.replace("eu-west-1", "us-east-1").replace("1111", "4444"), False),
    ):
        test = read(JOB.replace('"JobName"', f'"JobArn": "{arn}", "JobName"'))
        assert bool(recommender.linked([test], found, found.variants[0])) is is_linked


@pytest.mark.parametrize(
    ("tested", "served", "linked"),
    [
        (PACKAGE, PACKAGE, ["fit"]),  # of another account, which shares it
        (PACKAGE, PACKAGE.replace("rank/3", "rank/4"), []),
        (PACKAGE.replace("rank/3", "rank"), "rank", ["fit"]),
        (PACKAGE.replace("rank/3", "rank"), "other", []),
        (PACKAGE, "", []),
    ],
)
def test_a_test_of_a_model_package_is_linked_by_the_package_of_the_model(
    tested: str, served: str, linked: list[str]
) -> None:
    container = {"Mode": "SingleModel", "ModelPackageName": served} if served else {"Mode": "SingleModel"}
    model = {"models": [{"ModelName": "m", "PrimaryContainer": container}]}
    (found,) = bundle_of(account_of(described(), model), cpu((HOURS, 1, 1, 60, 60))).endpoints
    test = read(JOB.replace('"ModelName": "m"', f'"ModelPackageVersionArn": "{tested}"'))
    assert [each.evidence.name for each in recommender.linked([test], found, found.variants[0])] == linked


def test_a_job_that_has_not_ended_or_ran_nobody_knows_where_is_refused() -> None:
    with pytest.raises(SourceError, match="the job 'fit' is not complete: IN_PROGRESS"):
        told(JOB.replace("COMPLETED", "IN_PROGRESS"))
    with pytest.raises(SourceError, match="in which region the job ran is not known"):
        recommender.read(JOB.encode(), "job.json", None)
    assert told(JOB.replace('"JobName"', f'"JobArn": "{ARN}", "JobName"')).region == "eu-west-1"


def test_a_type_that_was_too_slow_for_the_busiest_hour_is_not_enough() -> None:
    # 43,800 in an hour are 730 a minute, which ml.m5.xlarge answers; 43,860 are 731
    for requests, slow in ((43_800, frozenset()), (43_860, {"ml.m5.xlarge"})):
        (found,) = bundle_of(account_of(described()), invocations((HOURS, requests))).endpoints
        assert recommender.too_slow([read(JOB)], found.variants[0]) == slow
    two = bundle_of(account_of(described(count=2)), invocations((HOURS, 43_860))).endpoints[0]
    assert recommender.too_slow([read(JOB)], two.variants[0]) == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "{}", JOB.replace("730", "-1.5"), "[" * 100_000, JOB.replace("81", '"x"')])
def test_what_is_no_job_is_one_line(text: str) -> None:
    with pytest.raises(SourceError, match="no job of Inference Recommender") as refusal:
        read(text)
    assert "\n" not in refusal.value.message


ADVICE = (
    '{"EndpointName": "shop", "TargetCpuUtilizationPerCore": 50, "DynamicScalingConfiguration": {"MinCapacity": 1,'
    '"MaxCapacity": 4, "ScalingPolicies": [{"TargetTracking": {"TargetValue": 120.5}}]}}'
)


def test_advice_on_scaling_is_read() -> None:
    advice = recommender.read(ADVICE.encode(), "advice.json")
    assert advice == AdviceEvidence(endpoint="shop", least=1, most=4, targets=(Decimal("120.5"),))
    assert recommender.advice_in_words(advice) == "1 to 4 instances, at a target of 120.5"
    with pytest.raises(SourceError, match="it has no bounds"):
        recommender.read(ADVICE.replace('"MinCapacity": 1,', "").encode(), "advice.json")


def test_the_definition_of_a_job_names_the_model_and_each_type_once() -> None:
    (found,) = bundle_of(account_of(described()), cpu((HOURS, 1, 1, 60, 60))).endpoints
    made = recommender.job_definition(found, found.variants[0], ["ml.c5.xlarge", "ml.m5.large", "ml.c5.xlarge"])
    assert made["InputConfig"]["ModelName"] == "m"
    assert [one["InstanceType"] for one in made["InputConfig"]["EndpointConfigurations"]] == [
        "ml.c5.xlarge",
        "ml.m5.large",
    ]
