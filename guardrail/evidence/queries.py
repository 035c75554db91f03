"""The metrics to query of CloudWatch: those that each endpoint, component and job of an account publishes.

Dimensions are exact or nothing: the same request is published by variant, by instance and by container, and a set
that nobody published answers with no datapoint and no error. So the sets of SageMaker's guide are asked for and no
others, and never a unit. Percentiles are not asked for: host metrics have none to give. Sources: SageMaker developer
guide, monitoring-cloudwatch, async-inference-monitor, serverless-endpoints-monitoring; CloudWatch API, GetMetricData.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

from guardrail.evidence.account import (
    Account,
    ConfigVariant,
    EndpointDescription,
    InferenceComponentDescription,
    TransformJobDescription,
)
from guardrail.evidence.base import (
    COMPONENTS,
    ENDPOINTS,
    SAGEMAKER,
    TRANSFORM_JOBS,
    MetricQuery,
    Statistic,
    Window,
    query,
)

MOST_DATAPOINTS: Final = 100_800
"""Of one call, over all its queries (API reference, GetMetricData)."""
MOST_QUERIES: Final = 500
"""Of one call (API reference, GetMetricData)."""
USD_PER_METRIC: Final = Decimal("0.01") / 1000
"""0.01 USD for 1,000 metrics requested through GetMetricData, in most regions (CloudWatch user guide)."""
LOOK_BACK_DAYS: Final = 455
"""How long CloudWatch keeps values of an hour or more."""
DAY_S: Final = 86_400
HOUR_S: Final = 3600
KEPT_DAYS: Final = {60: 15, 300: 63, 3600: LOOK_BACK_DAYS}
"""Days for which CloudWatch keeps the values of a period, by its seconds (API reference, GetMetricData)."""
LONGEST_DAYS: Final = {period: kept - 1 for period, kept in KEPT_DAYS.items()}
"""The longest window of a period: the hours that are not over yet count too."""
_SETTLED: Final = timedelta(minutes=10)
"""How old an hour must be: metrics arrive late."""

_HOST: tuple[Statistic, ...] = ("Maximum", "Average", "SampleCount")
_PROCESSORS = {"CPUUtilization": _HOST, "MemoryUtilization": _HOST}
_ACCELERATORS = {"GPUUtilization": _HOST, "GPUMemoryUtilization": _HOST}
_DISK: dict[str, tuple[Statistic, ...]] = {"DiskUtilization": ("Maximum",)}
_TIMES: tuple[Statistic, ...] = ("Sum", "SampleCount", "Maximum")

_MetricStatistics = dict[str, tuple[Statistic, ...]]

_ERRORS: _MetricStatistics = {"Invocation4XXErrors": ("Sum",), "Invocation5XXErrors": ("Sum",)}
_REQUESTS: _MetricStatistics = {
    "Invocations": ("Sum",),
    "ModelLatency": _TIMES,
    "OverheadLatency": _TIMES,
    **_ERRORS,
    "InvocationModelErrors": ("Sum",),
}
_REALTIME: _MetricStatistics = {
    **_REQUESTS,
    "InvocationsPerInstance": ("Sum",),
    "ConcurrentRequestsPerModel": ("Maximum",),
}
_SERVERLESS: _MetricStatistics = {
    **_REQUESTS,
    "ModelSetupTime": ("Maximum", "SampleCount"),
    "ServerlessConcurrentExecutionsUtilization": ("Maximum", "Average"),
}
_PROVISIONED: _MetricStatistics = {
    "ServerlessProvisionedConcurrencyExecutions": ("Maximum",),
    "ServerlessProvisionedConcurrencyUtilization": ("Maximum", "Average"),
    "ServerlessProvisionedConcurrencyInvocations": ("Sum",),
    "ServerlessProvisionedConcurrencySpilloverInvocations": ("Sum",),
}
_ASYNC: _MetricStatistics = {
    "ModelLatency": _TIMES,
    **_ERRORS,
    "TotalProcessingTime": ("Sum", "SampleCount"),
    "ExpiredRequests": ("Sum",),
    "InvocationFailures": ("Sum",),
}
_QUEUE: _MetricStatistics = {
    "ApproximateBacklogSize": ("Maximum", "Average", "SampleCount"),
    "ApproximateBacklogSizePerInstance": ("Maximum",),
    "ApproximateAgeOfOldestRequest": ("Maximum",),
    "HasBacklogWithoutCapacity": ("Maximum",),
}
_MULTI_MODEL: _MetricStatistics = {"ModelCacheHit": ("Average", "SampleCount", "Sum")}
_LOADED: _MetricStatistics = {"LoadedModelCount": ("Maximum", "Average", "Sum", "SampleCount")}
_COMPONENT: _MetricStatistics = {
    "Invocations": ("Sum",),
    "InvocationsPerCopy": ("Sum",),
    "ConcurrentRequestsPerCopy": ("Maximum",),
    "ModelLatency": _TIMES,
    **_ERRORS,
    "NoCapacityInvocationFailures": ("Sum",),
}
_NORMALIZED: _MetricStatistics = {
    f"{name}UtilizationNormalized": _HOST for name in ("CPU", "Memory", "GPU", "GPUMemory")
}
_HOSTING: _MetricStatistics = {
    **{f"{name}UtilizationNormalized": ("Maximum", "Average") for name in ("CPU", "GPU", "GPUMemory")},
    **{f"{name}Reservation": ("Maximum", "Average") for name in ("CPU", "Memory", "GPU")},
}
"""What variants that host components have beside the metrics of any other."""


_EVERY: tuple[_MetricStatistics, ...] = (
    *(_PROCESSORS, _ACCELERATORS, _DISK, _REALTIME, _SERVERLESS, _PROVISIONED, _ASYNC, _QUEUE),
    *(_MULTI_MODEL, _LOADED, _COMPONENT, _NORMALIZED, _HOSTING),
)
METRICS: Final = frozenset(name for metrics in _EVERY for name in metrics)
"""Every metric that is asked for."""
ONLY_SUMS: Final = frozenset(name for metrics in _EVERY for name, asked in metrics.items() if asked == ("Sum",))
"""Those of which nothing but the sum says anything: each request counts as one."""


class TimedQuery(Struct, frozen=True, kw_only=True):
    """A query with the time that it is for: from ``start``, which is in it, to before ``end``."""

    query: MetricQuery
    start: datetime
    end: datetime

    @property
    def most_points(self) -> int:
        """The datapoints that an answer may hold: 336 of two weeks by the hour."""
        return -(-int((self.end - self.start).total_seconds()) // self.query.period)


def window(now: datetime, days: int, resolution: int) -> Window:
    """The time to look at: whole hours up to the last that is at least ten minutes old at ``now``.

    ``now`` is the service's own. At 06:05 the last hour is that from 04:00 to 05:00.
    """
    end = (now.astimezone(UTC) - _SETTLED).replace(minute=0, second=0, microsecond=0)
    return Window(start=end - timedelta(days=days), end=end, resolution=resolution)


# What is asked -------------------------------------------------------------------------------------------------------


def of_endpoint(account: Account, endpoint: EndpointDescription, window: Window) -> Iterator[TimedQuery]:
    """Every query about an endpoint, its variants and its components.

    What is not known of it is asked for as well: a configuration that may not be read leaves its mode open, and each
    metric of another mode answers with nothing.
    """
    for each in _of_endpoint(account, endpoint, window.resolution):
        yield TimedQuery(query=each, start=window.start, end=window.end)
    since = _look_back_from(window.end)
    for each in _used(account, endpoint):
        yield TimedQuery(query=each, start=since, end=window.end)


def of_job(job: TransformJobDescription, hosts: Iterable[str], window: Window) -> Iterator[TimedQuery]:
    """The queries about the hosts of a transform job, ``rank-1116/i-0ab1``, over the days on which it ran."""
    if job.transform_start_time is None:
        return
    start = max(_day(job.transform_start_time), window.start)
    end = min(_day(job.transform_end_time or window.end) + timedelta(days=1), window.end)
    if start >= end:
        return
    for host in hosts:
        for each in _queries(TRANSFORM_JOBS, {**_PROCESSORS, **_ACCELERATORS}, {"Host": host}, window.resolution):
            yield TimedQuery(query=each, start=start, end=end)


def _of_endpoint(account: Account, endpoint: EndpointDescription, period: int) -> Iterator[MetricQuery]:
    config = account.config_of(endpoint)
    by_name = {each.variant_name: each for each in config.variants} if config else {}
    is_async = account.is_async(endpoint)
    components = account.components_of(endpoint)
    if is_async:
        yield from _queries(SAGEMAKER, _QUEUE, {"EndpointName": endpoint.endpoint_name}, period)
    for variant in endpoint.variants:
        dimensions = {"EndpointName": endpoint.endpoint_name, "VariantName": variant.variant_name}
        asked = by_name.get(variant.variant_name)
        if variant.current_serverless_config is not None or (asked is not None and asked.serverless_config is not None):
            yield from _of_serverless(dimensions, period)
            continue
        yield from _queries(SAGEMAKER, _ASYNC if is_async else _REALTIME, dimensions, period)
        yield from _queries(ENDPOINTS, {**_PROCESSORS, **_ACCELERATORS, **_DISK}, dimensions, period)
        if asked is None or _may_be_multi_model(account, asked):
            yield from _queries(SAGEMAKER, _MULTI_MODEL, dimensions, period)
            yield from _queries(ENDPOINTS, _LOADED, dimensions, period)
        if components:
            yield from _queries(ENDPOINTS, _HOSTING, dimensions, period)
    for component in components:
        dimensions = _dimensions(component)
        yield from _queries(SAGEMAKER, _COMPONENT, dimensions, period)
        yield from _queries(COMPONENTS, _NORMALIZED, dimensions, period)


def _of_serverless(dimensions: dict[str, str], period: int) -> Iterator[MetricQuery]:
    yield from _queries(SAGEMAKER, {**_SERVERLESS, **_PROVISIONED}, dimensions, period)
    yield from _queries(ENDPOINTS, {"MemoryUtilization": _HOST}, dimensions, period)


def _may_be_multi_model(account: Account, variant: ConfigVariant) -> bool:
    """Whether the model of a variant is a cache of models, or nobody knows."""
    if variant.model_name is None:
        return False
    model = account.model_of(variant)
    return model is None or model.is_multi_model


def _used(account: Account, endpoint: EndpointDescription) -> Iterator[MetricQuery]:
    """By the day, so that the last use is found however long ago: requests, and for a queue what waited in it."""
    name = endpoint.endpoint_name
    if account.is_async(endpoint):
        yield from _queries(SAGEMAKER, {"ApproximateBacklogSize": ("Sum",)}, {"EndpointName": name}, DAY_S)
        return
    for variant in endpoint.variants:
        dimensions = {"EndpointName": name, "VariantName": variant.variant_name}
        yield from _queries(SAGEMAKER, {"Invocations": ("Sum",)}, dimensions, DAY_S)
    for component in account.components_of(endpoint):
        yield from _queries(SAGEMAKER, {"Invocations": ("Sum",)}, _dimensions(component), DAY_S)


def _dimensions(component: InferenceComponentDescription) -> dict[str, str]:
    return {"InferenceComponentName": component.inference_component_name}


def _queries(
    namespace: str, metrics: _MetricStatistics, dimensions: dict[str, str], period: int
) -> Iterator[MetricQuery]:
    for metric, statistics in metrics.items():
        for statistic in statistics:
            yield query(namespace, metric, dimensions, statistic, period)


def _day(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _look_back_from(end: datetime) -> datetime:
    """The first day that CloudWatch still has whole."""
    return _day(end) - timedelta(days=LOOK_BACK_DAYS - 1)


# How it is asked -----------------------------------------------------------------------------------------------------


def batches(asks: Iterable[TimedQuery]) -> Iterator[tuple[TimedQuery, ...]]:
    """The calls that bring all answers: each of one span, 500 queries and 100,800 datapoints at most.

    300 queries of two weeks by the hour make one call: 300 × 336 = 100,800.
    """
    ordered = sorted(asks, key=lambda ask: (ask.start, ask.end))  # stable: an endpoint's own stay together
    for _, together in groupby(ordered, key=lambda ask: (ask.start, ask.end)):
        batch: list[TimedQuery] = []
        points = 0
        for ask in together:
            if batch and (len(batch) == MOST_QUERIES or points + ask.most_points > MOST_DATAPOINTS):
                yield tuple(batch)
                batch, points = [], 0
            batch.append(ask)
            points += ask.most_points
        yield tuple(batch)


def request(batch: Sequence[TimedQuery]) -> dict[str, Any]:
    """The arguments of GetMetricData for a batch, of which there is one query at least.

    They are those of ``aws cloudwatch get-metric-data --cli-input-json`` too, with times as texts.
    """
    return {
        "StartTime": f"{batch[0].start:%Y-%m-%dT%H:%M:%SZ}",
        "EndTime": f"{batch[0].end:%Y-%m-%dT%H:%M:%SZ}",
        "ScanBy": "TimestampAscending",
        "MetricDataQueries": [_metric_data_query(ask.query) for ask in batch],
    }


def _metric_data_query(asked: MetricQuery) -> dict[str, Any]:
    return {
        "Id": asked.id,
        "MetricStat": {
            "Metric": {
                "Namespace": asked.namespace,
                "MetricName": asked.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in asked.dimensions],
            },
            "Period": asked.period,
            "Stat": asked.statistic,
        },
    }


def price(metrics: int) -> Decimal:
    """What requesting so many metrics costs, in USD, at most: AWS may count statistics of one metric as one."""
    return metrics * USD_PER_METRIC
