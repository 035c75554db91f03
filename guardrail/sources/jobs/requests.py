"""Requests and answers of SageMaker's API: CreateTransformJob, DescribeTransformJob, validation specifications.

A DescribeTransformJob answer says how long the job ran: "billed for the time interval between" TransformStartTime and
TransformEndTime, whatever its end (SageMaker API reference, DescribeTransformJob).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from guardrail.model import Flow, Step, Unknown
from guardrail.money import SECONDS_PER_HOUR
from guardrail.sources.base import UNNAMED, View
from guardrail.sources.jobs.base import Definition, deep
from guardrail.sources.vocabulary.transform import job_of, request_tags, request_view, transform_job

_ARN_PARTS = 6
_FRESH = re.compile(r"<aws\.scheduler\.(?:execution-id|scheduled-time)>")
"""What EventBridge Scheduler fills in anew each time; the ARN of the schedule and the number of the try stay."""
_RECORDED = "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
_LAST = 2**33
"""Seconds since 1970 that no time of ours is beyond."""


def read(request: Mapping[str, Any], *, repeats: bool = False) -> Definition:
    """The one job of a request or an answer; how long it ran, where an answer says so.

    ``repeats`` where the same request is made again and again: then a name of its own is taken after the first.
    """
    job = transform_job(deep(request), "", run_hours=_run_hours(request))
    name = request.get("TransformJobName")
    known = name.partial if isinstance(name, Unknown) else name  # a placeholder is filled in once, when it is deployed
    is_fixed = repeats and isinstance(known, str) and UNNAMED not in known and _FRESH.search(known) is None
    arn = str(request.get("TransformJobArn", "")).split(":")
    return Definition(
        jobs=(replace(job, has_fixed_name=is_fixed),),
        flow=Flow((Step(jobs=(0,), least=0 if is_fixed else 1, ends=True),)),
        region=(arn[3] or None) if len(arn) == _ARN_PARTS else None,
        tags=request_tags(deep(request)),
    )


def validation(specification: View) -> Definition:
    """The jobs of the profiles of a ValidationSpecification, each of which runs once."""
    profiles = specification.blocks("ValidationProfiles")
    if isinstance(profiles, Unknown):
        return Definition(doubts=(f"its validation profiles are not known: {profiles.reason}",), once=True)
    jobs = tuple(
        job_of(profile.inside("TransformJobDefinition"), label if isinstance(label, str) else "")
        for profile in profiles
        if profile.block("TransformJobDefinition") is not None
        for label in [profile.text("ProfileName")]
    )
    trained = sum(profile.block("TrainingJobDefinition") is not None for profile in profiles)
    steps = [Step(jobs=(place,), nexts=(place + 1,)) for place in range(len(jobs))]
    return Definition(
        jobs=jobs,
        flow=Flow((*steps, Step(ends=True))),
        others={"training job": trained} if trained else {},
        once=True,
    )


def validation_in(request: Any, label: str) -> Definition:
    """The jobs that validate what a CreateModelPackage or CreateAlgorithm request makes, below the label of its step.

    ``{"ValidationSpecification": {"ValidationProfiles": [{"ProfileName": "p", …}]}}`` at ``Register`` is the job
    ``Register/p``.
    """
    specification = request.get("ValidationSpecification") if isinstance(request, Mapping) else None
    if isinstance(specification, Unknown):
        return Definition(doubts=(f"its validation is not known: {specification.reason}",))
    if not isinstance(specification, Mapping):
        return Definition()
    found = validation(request_view(deep(specification)))
    return replace(found, jobs=tuple(replace(job, label=f"{label}/{job.label}") for job in found.jobs))


def _run_hours(answer: Mapping[str, Any]) -> Decimal | None:
    """Hours from start to end; None of what does not say both. Start-up, before the start, is not billed."""
    start, end = _moment(answer.get("TransformStartTime")), _moment(answer.get("TransformEndTime"))
    return None if start is None or end is None or end < start else (end - start) / SECONDS_PER_HOUR


def _moment(value: Any) -> Decimal | None:
    """Seconds since 1970 of a time: a number, ISO 8601, or the parts that recorders of the API write down."""
    try:
        if isinstance(value, Mapping):
            return _seconds(datetime.fromisoformat(_RECORDED.format_map(value))) if "year" in value else None
        if isinstance(value, str):
            return _seconds(datetime.fromisoformat(value))
    except (KeyError, ValueError, TypeError):
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LAST
    return Decimal(str(value)) if is_number else None


def _seconds(moment: datetime) -> Decimal:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(delta.days * 86_400 + delta.seconds) + Decimal(delta.microseconds) / 1_000_000
