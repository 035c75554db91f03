"""Inference Recommender: load tests of a model on several types, which say more than any percentile.

Its metrics are not CloudWatch's: MaxInvocations is of a minute, ModelLatency in milliseconds, CpuUtilization a sum over
cores as there. What it names as endpoints are its own for the test, and gone. Where it has no value it writes NaN,
which is no JSON, and means unknown; its prices are rounded to 32 bits, so ours count. Sources: API,
DescribeInferenceRecommendationsJob, GetScalingConfigurationRecommendation and CreateInferenceRecommendationsJob;
SageMaker developer guide, inference-recommender-interpret-results.
"""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct

from guardrail import limits
from guardrail.errors import SourceError
from guardrail.evidence.account import place_of
from guardrail.evidence.bundle import AdviceEvidence, EndpointEvidence, LoadTestEvidence, MeasuredType, VariantEvidence
from guardrail.money import ZERO, plain
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

_MINUTES: Final = 60
"""Of an hour."""
_MOST_TYPES: Final = 10
"""EndpointConfigurations of one job (API, RecommendationJobInputConfig)."""
_HINT: Final = "aws sagemaker describe-inference-recommendations-job --job-name NAME > job.json"


class _ResponsePart(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of an answer of the API."""


class _RecommendationMetrics(_ResponsePart, frozen=True, kw_only=True):
    max_invocations: Decimal | None = None
    model_latency: Decimal | None = None
    cpu_utilization: Decimal | None = None
    memory_utilization: Decimal | None = None
    model_setup_time: Decimal | None = None


class _EndpointOutputConfiguration(_ResponsePart, frozen=True, kw_only=True):
    instance_type: str | None = None
    initial_instance_count: int | None = None


class _Recommendation(_ResponsePart, frozen=True, kw_only=True):
    metrics: _RecommendationMetrics | None = None
    endpoint_configuration: _EndpointOutputConfiguration = _EndpointOutputConfiguration()


class _JobInput(_ResponsePart, frozen=True, kw_only=True):
    model_name: str | None = None
    model_package_version_arn: str | None = None


class _RecommendationsJob(_ResponsePart, frozen=True, kw_only=True):
    job_name: str
    job_arn: str = ""
    status: str
    input_config: _JobInput
    inference_recommendations: tuple[_Recommendation, ...] = ()


class LoadTestedType(Struct, frozen=True, kw_only=True):
    """A type with what a load test of the model measured on it."""

    instance_type: str
    instances: int
    hourly_usd: Decimal | None
    """Of all its instances, by our tables; None where they have no price."""
    invocations_a_minute: Decimal | None
    """The most that it answered in time; None where it is not known."""
    cpu_cores: Decimal | None
    vcpus: int | None
    memory_gib: Decimal | None

    @property
    def usd_per_1000(self) -> Decimal | None:
        """USD for a thousand requests at full load: 0.204 / (1,600 × 60) × 1,000 = 0.002125."""
        if self.hourly_usd is None or not self.invocations_a_minute:
            return None
        return self.hourly_usd / (self.invocations_a_minute * _MINUTES) * 1000


class LoadTest(Struct, frozen=True, kw_only=True):
    """One job of Inference Recommender, priced."""

    evidence: LoadTestEvidence
    candidates: tuple[LoadTestedType, ...]
    """The cheapest for a request first, those of which that is not known last."""


class _AdvisedTracking(_ResponsePart, frozen=True, kw_only=True):
    target_value: Decimal | None = None


class _AdvisedPolicy(_ResponsePart, frozen=True, kw_only=True):
    target_tracking: _AdvisedTracking | None = None


class _DynamicScaling(_ResponsePart, frozen=True, kw_only=True):
    min_capacity: int | None = None
    max_capacity: int | None = None
    scaling_policies: tuple[_AdvisedPolicy, ...] = ()


class _ScalingRecommendation(_ResponsePart, frozen=True, kw_only=True):
    inference_recommendations_job_name: str | None = None
    endpoint_name: str | None = None
    dynamic_scaling_configuration: _DynamicScaling


def read(content: bytes, path: str, region: str | None = None) -> LoadTestEvidence | AdviceEvidence:
    """What an answer of either call says. Raises `SourceError` for anything else, and for a job that has not ended.

    ``region`` is where the job ran, if its answer lacks its ARN; without either it is refused.
    """
    if b'"DynamicScalingConfiguration"' in content:
        return _advice(content, path)
    job = _converted(content, path, _RecommendationsJob, "no job of Inference Recommender")
    if job.status != "COMPLETED":
        raise SourceError(f"{path}: the job {job.job_name[:64]!r} is not complete: {job.status[:20]}", hint=_HINT)
    account, place = place_of(job.job_arn, "inference-recommendations-job") or (None, region)
    if place is None:
        raise SourceError(f"{path}: in which region the job ran is not known, and prices are those of it", hint=_HINT)
    return LoadTestEvidence(
        account=account,
        region=place,
        name=job.job_name,
        model=job.input_config.model_name,
        package=job.input_config.model_package_version_arn,
        types=tuple(type_ for each in job.inference_recommendations if (type_ := _type(each)) is not None),
    )


def _type(found: _Recommendation) -> MeasuredType | None:
    config, metrics = found.endpoint_configuration, found.metrics or _RecommendationMetrics()
    if config.instance_type is None:
        return None  # serverless: its cost depends on duration, which is not measured so
    return MeasuredType(
        instance_type=config.instance_type,
        instances=config.initial_instance_count or 1,
        invocations_a_minute=metrics.max_invocations,
        latency_ms=metrics.model_latency,
        cpu_percent=metrics.cpu_utilization,
        memory_percent=metrics.memory_utilization,
    )


def _advice(content: bytes, path: str) -> AdviceEvidence:
    problem = "no recommendation of a scaling configuration"
    told = _converted(content, path, _ScalingRecommendation, problem)
    scaling = told.dynamic_scaling_configuration
    if scaling.min_capacity is None or scaling.max_capacity is None:
        raise SourceError(f"{path}: {problem}: it has no bounds", hint=_HINT)
    return AdviceEvidence(
        endpoint=told.endpoint_name,
        job=told.inference_recommendations_job_name,
        least=scaling.min_capacity,
        most=scaling.max_capacity,
        targets=tuple(
            each.target_tracking.target_value
            for each in scaling.scaling_policies
            if each.target_tracking is not None and each.target_tracking.target_value is not None
        ),
    )


def priced(test: LoadTestEvidence, prices: PriceBook) -> LoadTest:
    """A load test at the prices of its region."""
    found = [_candidate(each, prices, test.region) for each in test.types]
    return LoadTest(
        evidence=test,
        candidates=tuple(
            sorted(found, key=lambda one: (one.usd_per_1000 is None, one.usd_per_1000 or ZERO, one.instance_type))
        ),
    )


def _converted(content: bytes, path: str, kind: Any, problem: str) -> Any:
    """JSON in which NaN and Infinity, which are none, mean unknown."""
    try:
        value = json.loads(content, parse_float=_number, parse_constant=lambda _: None)
        return msgspec.convert(value, kind)
    except (*limits.NOT_JSON, ValueError) as error:
        raise SourceError(f"{path}: {problem}: {str(error).partition(chr(10))[0]}", hint=_HINT) from None


def _number(text: str) -> Decimal:
    found = limits.number(text)
    if found is None or found < 0:
        raise ValueError(f"{text[:20]} is no measurement")
    return found


def _candidate(found: MeasuredType, prices: PriceBook, region: str) -> LoadTestedType:
    name, count = found.instance_type, found.instances
    spec, price = prices.instance(name), prices.hosting(region, name)
    cpu, memory = found.cpu_percent, found.memory_percent
    return LoadTestedType(
        instance_type=name,
        instances=count,
        hourly_usd=price.usd * count if isinstance(price, Price) else None,
        invocations_a_minute=found.invocations_a_minute,
        cpu_cores=None if cpu is None else cpu / 100,
        vcpus=None if spec is None else spec.vcpus,
        memory_gib=None if spec is None or memory is None else memory * spec.memory_gib / 100,
    )


def linked(tests: Iterable[LoadTest], found: EndpointEvidence, variant: VariantEvidence) -> list[LoadTest]:
    """The load tests of the model that a variant serves, there; a test never says which endpoint of ours it is about.

    A model is called so in its account and region. A package is one by its whole ARN, or by its name in the same place.
    """
    return [each for each in tests if _is_of(each.evidence, found, variant)]


def _is_of(test: LoadTestEvidence, found: EndpointEvidence, variant: VariantEvidence) -> bool:
    is_there = test.region == found.region and test.account in (None, found.account)
    if test.package is not None and test.package in variant.packages:
        return True
    name = test.package and test.package.partition(":model-package/")[2]
    return is_there and (test.model in variant.models or name in variant.packages)


def advised(advice: Iterable[AdviceEvidence], endpoint: str, tests: Iterable[LoadTest]) -> list[AdviceEvidence]:
    """Advice that is about an endpoint: it names it, or a load test of a model that it serves."""
    names = {each.evidence.name for each in tests}
    return [each for each in advice if each.endpoint == endpoint or (each.endpoint is None and each.job in names)]


def too_slow(tests: Iterable[LoadTest], variant: VariantEvidence) -> frozenset[str]:
    """Types that a load test shows not to take what one instance was asked in the busiest hour.

    30,000 requests in an hour on two instances are 250 a minute of each, by the mean of the hour: a type that answers
    200 a minute at most does not.
    """
    requests, ran = variant.requests, variant.instances
    count = variant.current_instances if ran is None else ran.maximum
    if requests is None or requests.an_hour is None or not count:
        return frozenset()
    needed = requests.an_hour.maximum / _MINUTES / count
    return frozenset(
        each.instance_type
        for test in tests
        for each in test.candidates
        if each.invocations_a_minute is not None and each.invocations_a_minute / each.instances < needed
    )


def in_words(test: LoadTest) -> str:
    """``fit: ml.c5.xlarge 0.002125 USD for 1,000 requests, ml.m5.xlarge at an unknown price``."""
    told = ", ".join(f"{one.instance_type} {_a_thousand(one)}" for one in test.candidates)
    return f"{test.evidence.name}: {told}" if told else ""


def _a_thousand(one: LoadTestedType) -> str:
    each = one.usd_per_1000
    return "at an unknown cost" if each is None else f"{plain(round(each, 6))} USD for 1,000 requests"


def advice_in_words(advice: AdviceEvidence) -> str:
    """``1 to 4 instances, at a target of 120.5``."""
    at = f", at a target of {', '.join(plain(each.normalize()) for each in advice.targets)}" if advice.targets else ""
    return f"{advice.least} to {advice.most} instances{at}"


def job_definition(found: EndpointEvidence, variant: VariantEvidence, types: Sequence[str]) -> dict[str, Any]:
    """The input of CreateInferenceRecommendationsJob that would test the types for the model of a variant.

    What only its owner can say, the role, stands in capitals.
    """
    model = variant.models[0] if variant.models else "MODEL_NAME"
    return {
        "JobName": f"{found.name[:48]}-right-size",
        "JobType": "Advanced",
        "RoleArn": f"arn:aws:iam::{found.account}:role/ROLE",
        "InputConfig": {
            "ModelName": model,
            "JobDurationInSeconds": 7200,
            "EndpointConfigurations": [{"InstanceType": each} for each in list(dict.fromkeys(types))[:_MOST_TYPES]],
            "TrafficPattern": {
                "TrafficType": "PHASES",
                "Phases": [{"InitialNumberOfUsers": 1, "SpawnRate": 1, "DurationInSeconds": 120}],
            },
            "ResourceLimit": {"MaxNumberOfTests": _MOST_TYPES, "MaxParallelOfTests": 1},
        },
    }
