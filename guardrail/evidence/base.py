"""The words of evidence: what CloudWatch is asked, what it answered, and what it did not.

A datapoint that is missing stays missing. Whether that means zero is a judgement, made where the endpoint is known
(`guardrail.evidence.summary`), never here.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from msgspec import Struct

SAGEMAKER: Final = "AWS/SageMaker"
ENDPOINTS: Final = "/aws/sagemaker/Endpoints"
COMPONENTS: Final = "/aws/sagemaker/InferenceComponents"
TRANSFORM_JOBS: Final = "/aws/sagemaker/TransformJobs"

Statistic: TypeAlias = Literal["Maximum", "Average", "Sum", "SampleCount", "Minimum"]
StatusCode: TypeAlias = Literal["Complete", "PartialData", "InternalError", "Forbidden", "Throttled"]
"""As GetMetricData says it of one query; "Throttled" is a call that was refused to the end."""
Dimensions: TypeAlias = tuple[tuple[str, str], ...]

NO_DATAPOINTS: Final = "no datapoints"
"""Why a metric has no values that was answered completely."""

_LONGEST_ID = 255
_DIGEST = 10


class MetricQuery(Struct, frozen=True, kw_only=True, order=True):
    """One metric, one set of dimensions, one statistic, one period: what one query of GetMetricData asks."""

    namespace: str
    metric: str
    dimensions: Dimensions
    """Names with values, sorted; an answer holds for exactly this set."""
    statistic: Statistic
    period: int
    """Seconds."""

    @property
    def id(self) -> str:
        """Its name in a request, of the form that GetMetricData takes: ``[a-z][a-zA-Z0-9_]*``, 255 at most.

        ``m_Invocations_Sum_3600_shop_a_0123456789``. People read it; what it stands for, only the queries say.
        """
        whole = "\n".join(
            (self.namespace, self.metric, self.statistic, str(self.period), *map("=".join, self.dimensions))
        )
        digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]
        parts = (self.metric, self.statistic, str(self.period), *(value for _, value in self.dimensions))
        readable = re.sub(r"[^a-zA-Z0-9]+", "_", "_".join(("m", *parts)))
        return f"{readable[: _LONGEST_ID - _DIGEST - 1]}_{digest}"


def query(namespace: str, metric: str, dimensions: Mapping[str, str], statistic: Statistic, period: int) -> MetricQuery:
    """A query with its dimensions in order, so that the same question is equal to itself."""
    return MetricQuery(
        namespace=namespace,
        metric=metric,
        dimensions=tuple(sorted(dimensions.items())),
        statistic=statistic,
        period=period,
    )


class Series(Struct, frozen=True, kw_only=True):
    """What was answered to one query."""

    query: MetricQuery
    points: tuple[tuple[datetime, float], ...] = ()
    """The beginning of each period with its value, the oldest first, no time twice.

    Floats: CloudWatch keeps doubles, and a fleet has millions of them. What becomes a need or an amount is made a
    `Decimal` of the digits that CloudWatch prints, once, by `summary`.
    """
    status: StatusCode = "Complete"
    covered_from: datetime
    covered_to: datetime
    """What was asked for, as far as an answer to it came: outside, no point says nothing."""


class Gap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not available, and why: ``shop/a``, ``GPUUtilization``, ``Forbidden``."""

    subject: str
    """The endpoint, ``endpoint/variant``, the component, the job, or the region."""
    metric: str
    """The metric, or the call of AWS that failed."""
    reason: str
    """Why it is not known."""


class Window(Struct, frozen=True, kw_only=True):
    """The time that is looked at, from its first hour to before ``end``."""

    start: datetime
    end: datetime
    resolution: int = 3600
    """Seconds of one period."""

    @property
    def hours(self) -> int:
        """Whole hours of it: 336 of two weeks."""
        return int((self.end - self.start) / timedelta(hours=1))
