"""Accounts and series of known shape: two weeks that end on Monday 2026-11-16 at 06:00 UTC."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from guardrail.evidence import account, summary
from guardrail.evidence.account import Account
from guardrail.evidence.base import COMPONENTS, ENDPOINTS, SAGEMAKER, Series, Statistic, StatusCode, Window, query
from guardrail.evidence.bundle import Bundle

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
START = NOW - timedelta(days=14)
"""Monday 2026-11-02 at 06:00."""
WINDOW = Window(start=START, end=NOW)
HOURS = 336
BORN = "2026-09-01T08:00:00Z"
MODEL: dict[str, Any] = {"models": [{"ModelName": "m", "PrimaryContainer": {"Mode": "SingleModel"}}]}
"""One model, alone in its container."""

Rows = Sequence[tuple[Any, ...]]
"""Hours in a row, and in each of them Maximum, Average, Sum, SampleCount; or no datapoint."""
STATISTICS: tuple[Statistic, ...] = ("Maximum", "Average", "Sum", "SampleCount")


def described(
    name: str = "shop",
    *,
    instance_type: str | None = "ml.m5.xlarge",
    count: int = 1,
    born: str = BORN,
    variant: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An endpoint of one variant ``a`` with its configuration, as the API answers; ``more`` is of DescribeEndpoint."""
    asked = {"VariantName": "a", "ModelName": "m", "InstanceType": instance_type, "InitialInstanceCount": count}
    return {
        "endpoints": [
            {
                "EndpointName": name,
                "EndpointConfigName": name,
                "EndpointStatus": "InService",
                "CreationTime": born,
                "LastModifiedTime": born,
                "ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": count}],
                **more,
            }
        ],
        "endpoint_configs": [
            {
                "EndpointConfigName": name,
                "CreationTime": born,
                "ProductionVariants": [{**asked, **(variant or {})}],
                **(config or {}),
            }
        ],
    }


def account_of(*parts: Mapping[str, list[Any]]) -> Account:
    """An account that holds all that the parts list."""
    whole: dict[str, Any] = {"account": "111122223333", "region": "us-east-1", "now": NOW.isoformat()}
    for part in parts:
        for key, listed in part.items():
            whole[key] = [*whole.get(key, []), *listed]
    return account.decode(json.dumps(whole).encode())


def series(
    metric: str,
    rows: Rows,
    dimensions: Mapping[str, str] | None = None,
    *,
    namespace: str = ENDPOINTS,
    start: datetime = START,
    period: int = 3600,
) -> list[Series]:
    """What is answered of one metric of shop/a, or of what the dimensions name: each statistic a series."""
    dimensions = {"EndpointName": "shop", "VariantName": "a"} if dimensions is None else dimensions
    points: dict[Statistic, list[tuple[datetime, float]]] = {statistic: [] for statistic in STATISTICS}
    at = start
    for repeat, *values in rows:
        for _ in range(repeat):
            if values[0] is not None:
                for statistic, value in zip(STATISTICS, values, strict=True):
                    assert value is not None
                    points[statistic].append((at, float(value)))
            at += timedelta(seconds=period)
    return [
        Series(
            query=query(namespace, metric, dimensions, statistic, period),
            points=tuple(found),
            covered_from=start,
            covered_to=max(at, NOW),
        )
        for statistic, found in points.items()
    ]


def with_status(status: StatusCode, found: Iterable[Series]) -> list[Series]:
    """The same series, answered otherwise than completely."""
    return [replace(one, status=status) for one in found]


def cpu(*rows: Any, **more: Any) -> list[Series]:
    """CPUUtilization."""
    return series("CPUUtilization", rows, **more)


def memory(*rows: Any, **more: Any) -> list[Series]:
    """MemoryUtilization."""
    return series("MemoryUtilization", rows, **more)


def invocations(*rows: tuple[int, float] | tuple[int, None], **more: Any) -> list[Series]:
    """Requests an hour."""
    told = [(hours, None) if count is None else (hours, 1, 1, count, count) for hours, count in rows]
    return series("Invocations", told, namespace=SAGEMAKER, **more)


def backlog(*rows: Any, endpoint: str = "shop") -> list[Series]:
    """What waits for an asynchronous endpoint."""
    return series("ApproximateBacklogSize", rows, {"EndpointName": endpoint}, namespace=SAGEMAKER)


def of_component(name: str, metric: str, *rows: Any) -> list[Series]:
    """A metric of an inference component."""
    namespace = COMPONENTS if metric.endswith("Normalized") else SAGEMAKER
    return series(metric, rows, {"InferenceComponentName": name}, namespace=namespace)


def bundle_of(found: Account, *answered: Iterable[Series], window: Window = WINDOW) -> Bundle:
    """The bundle of an account and its series."""
    return summary.bundle(found, [one for several in answered for one in several], window)
