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
from guardrail.evidence.bundle import EndpointEvidence, VariantEvidence
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

_MINUTES: Final = 60
"""Of an hour."""
_MOST_TYPES: Final = 10
"""EndpointConfigurations of one job (API, RecommendationJobInputConfig)."""
_HINT: Final = "aws sagemaker describe-inference-recommendations-job --job-name NAME > job.json"


class _Answer(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of an answer of the API."""


class _Metrics(_Answer, frozen=True, kw_only=True):
    max_invocations: Decimal | None = None
    model_latency: Decimal | None = None
    cpu_utilization: Decimal | None = None
    memory_utilization: Decimal | None = None
    model_setup_time: Decimal | None = None


class _Configuration(_Answer, frozen=True, kw_only=True):
    instance_type: str | None = None
    initial_instance_count: int | None = None


class _Recommendation(_Answer, frozen=True, kw_only=True):
    metrics: _Metrics | None = None
    endpoint_configuration: _Configuration = _Configuration()


class _Input(_Answer, frozen=True, kw_only=True):
    model_name: str | None = None
    model_package_version_arn: str | None = None


class _Job(_Answer, frozen=True, kw_only=True):
    job_name: str
    status: str
    input_config: _Input
    inference_recommendations: tuple[_Recommendation, ...] = ()


class LoadTestedType(Struct, frozen=True, kw_only=True):
    """A type with what a load test of the model measured on it."""

    instance_type: str
    instances: int
    hourly_usd: Decimal | None
    """Of all its instances, by our tables; None where they have no price."""
    invocations_a_minute: Decimal | None
    """The most that it answered in time; None where it is not known."""
    latency_ms: Decimal | None
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
    """One job of Inference Recommender."""

    name: str
    is_complete: bool
    model: str | None
    """The model, or the model package, that was tested: what links it. Its own endpoints do not."""
    candidates: tuple[LoadTestedType, ...]
    """The cheapest for a request first, those of which that is not known last."""


class ScalingAdvice(_Answer, frozen=True, kw_only=True):
    """What GetScalingConfigurationRecommendation answers: bounds and a target for a load that was tested."""

    inference_recommendations_job_name: str | None = None
    endpoint_name: str | None = None
    target_cpu_utilization_per_core: int | None = None
    dynamic_scaling_configuration: "DynamicScaling | None" = None


class RecommendedTracking(_Answer, frozen=True, kw_only=True):
    """What a metric is held at."""

    target_value: Decimal | None = None


class AdvisedPolicy(_Answer, frozen=True, kw_only=True):
    """One policy."""

    target_tracking: RecommendedTracking | None = None


class DynamicScaling(_Answer, frozen=True, kw_only=True):
    """Bounds, cooldowns in seconds, and policies."""

    min_capacity: int | None = None
    max_capacity: int | None = None
    scale_in_cooldown: int | None = None
    scale_out_cooldown: int | None = None
    scaling_policies: tuple[AdvisedPolicy, ...] = ()


def read(content: bytes, path: str, prices: PriceBook, region: str) -> LoadTest:
    """A job as DescribeInferenceRecommendationsJob answers, priced in a region. Raises `SourceError`."""
    job = _converted(content, path, _Job, "no job of Inference Recommender")
    found = [_candidate(each, prices, region) for each in job.inference_recommendations]
    known = [each for each in found if each is not None]
    return LoadTest(
        name=job.job_name,
        is_complete=job.status == "COMPLETED",
        model=job.input_config.model_name or job.input_config.model_package_version_arn,
        candidates=tuple(
            sorted(known, key=lambda one: (one.usd_per_1000 is None, one.usd_per_1000, one.instance_type))
        ),
    )


def is_scaling_advice(content: bytes) -> bool:
    """Whether it looks like an answer of GetScalingConfigurationRecommendation rather than a job."""
    return b'"DynamicScalingConfiguration"' in content


def scaling_advice(content: bytes, path: str) -> ScalingAdvice:
    """What GetScalingConfigurationRecommendation answers. Raises `SourceError`."""
    found: ScalingAdvice = _converted(content, path, ScalingAdvice, "no recommendation of a scaling configuration")
    return found


def _converted(content: bytes, path: str, kind: Any, problem: str) -> Any:
    """JSON in which NaN and Infinity, which are none, mean unknown."""
    try:
        value = json.loads(content, parse_float=_number, parse_constant=lambda _: None)
        return msgspec.convert(value, kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise SourceError(f"{path}: {problem}: {str(error).partition(chr(10))[0]}", hint=_HINT) from None


def _number(text: str) -> Decimal:
    found = limits.number(text)
    if found is None or found < 0:
        raise ValueError(f"{text[:20]} is no measurement")
    return found


def _candidate(found: _Recommendation, prices: PriceBook, region: str) -> LoadTestedType | None:
    config, metrics = found.endpoint_configuration, found.metrics or _Metrics()
    name = config.instance_type
    if name is None:
        return None  # serverless: its cost depends on duration, which is not measured so
    spec, price = prices.instance(name), prices.hosting(region, name)
    count = config.initial_instance_count or 1
    cpu, memory = metrics.cpu_utilization, metrics.memory_utilization
    return LoadTestedType(
        instance_type=name,
        instances=count,
        hourly_usd=price.usd * count if isinstance(price, Price) else None,
        invocations_a_minute=metrics.max_invocations,
        latency_ms=metrics.model_latency,
        cpu_cores=None if cpu is None else cpu / 100,
        vcpus=None if spec is None else spec.vcpus,
        memory_gib=None if spec is None or memory is None else memory * spec.memory_gib / 100,
    )


def advised(advice: Iterable[ScalingAdvice], endpoint: str, tests: Iterable[LoadTest]) -> list[ScalingAdvice]:
    """Advice that is about an endpoint: it names it, or a load test of a model that it serves."""
    names = {each.name for each in tests}
    return [
        each
        for each in advice
        if each.endpoint_name == endpoint
        or (each.endpoint_name is None and each.inference_recommendations_job_name in names)
    ]


def linked(tests: Iterable[LoadTest], variant: VariantEvidence) -> list[LoadTest]:
    """The load tests of the model that a variant serves; a test never says which endpoint of ours it is about."""
    return [each for each in tests if each.is_complete and each.model in variant.models]


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
