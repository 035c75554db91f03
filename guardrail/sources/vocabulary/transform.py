"""The CreateTransformJob request, whatever carries it: a task of a state machine, a step of a pipeline, a schedule.

Names, defaults and limits are those of CreateTransformJob in the SageMaker API reference.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.model import TransformJob, Unknown
from guardrail.sources.base import View
from guardrail.sources.vocabulary.spellings import spelling_of

_REQUEST = spelling_of("AWS::SageMaker::TransformJob")  # no such resource exists: the request has the API's own names
NO_RESOURCE = "a state machine, a pipeline or a schedule starts transform jobs, and no resource declares one"
_LEAST = Decimal(1)
"""InstanceCount has a minimum of 1."""


class OneOf(Unknown, frozen=True, kw_only=True):
    """A value of which exactly one of several is used: a parameter without a default that may have only these."""

    values: tuple[Any, ...]


def transform_job(request: dict[str, Any] | Unknown, label: str, **known: Any) -> TransformJob:
    """The job that a request starts; ``known`` are the fields of `TransformJob` that whatever carries it knows.

    ``{"ModelName": "m", "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}`` is two
    ml.m5.xlarge; a value that is not known leaves its field unknown, with the reason.
    """
    return job_of(
        View({}, _REQUEST).unclear(request) if isinstance(request, Unknown) else request_view(request), label, **known
    )


def request_view(request: dict[str, Any]) -> View:
    """A request, or a part of one, in the API's own names."""
    return View(request, _REQUEST)


def job_of(view: View, label: str, **known: Any) -> TransformJob:
    """The job of a request in any language: ``transform_resources { instance_count = 2 }`` is one too."""
    resources = view.inside("TransformResources", absent=view.missing("TransformResources"))
    data = view.inside("TransformInput")
    s3 = data.inside("DataSource").inside("S3DataSource")
    return TransformJob(
        label=label,
        name=view.text("TransformJobName"),
        model_name=view.text("ModelName"),
        instance_types=_types(resources),
        instance_count=_count(resources),
        max_concurrent_transforms=view.positive("MaxConcurrentTransforms"),
        max_payload_mb=view.integer("MaxPayloadInMB"),
        batch_strategy=view.text("BatchStrategy"),
        split_type=data.text("SplitType"),
        s3_data_type=s3.text("S3DataType"),
        s3_uri=s3.text("S3Uri"),
        output_path=view.inside("TransformOutput").text("S3OutputPath"),
        has_fixed_name=isinstance(view.get("TransformJobName"), str),
        **known,
    )


def request_tags(request: Any) -> dict[str, str | Unknown] | Unknown:
    """The tags that a request gives its job: ``{"Team": "ml"}``; none of what is no request."""
    if isinstance(request, Unknown):
        return request
    return request_view(request).pairs("Tags", "Key") if isinstance(request, dict) else {}


def _types(resources: View) -> tuple[str | Unknown, ...]:
    value = resources.values.get(resources.spelling.of("InstanceType"))
    if isinstance(value, OneOf):
        return tuple(str(each) for each in value.values)
    return (resources.required(resources.text, "InstanceType"),)


def _count(resources: View) -> int | Unknown:
    value = resources.values.get(resources.spelling.of("InstanceCount"))
    if isinstance(value, OneOf):
        counts = [Decimal(str(each)) for each in value.values if str(each).isdecimal()]
        if len(counts) == len(value.values) > 0:
            return Unknown(value.reason, at_least=min(counts), at_most=max(counts))
    count = resources.required(resources.integer, "InstanceCount")
    if count == 0:
        count = Unknown("InstanceCount is 0, and there is at least one instance")
    return replace(count, at_least=_LEAST) if isinstance(count, Unknown) else count
