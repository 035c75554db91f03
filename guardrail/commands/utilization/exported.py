"""A collection from files: what ``aws`` answered to somebody, in place of AWS.

Each file is known by what it holds: descriptions of endpoints, configurations, models, components, jobs and scaling,
requests of GetMetricData and their answers, or a CSV of time, metric and value. A description of the endpoint is
needed: its creation and its machines are what the numbers are about.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from guardrail import files
from guardrail.commands.utilization.asking import CollectionRequest
from guardrail.errors import GuardrailError, SourceError, did_you_mean
from guardrail.evidence import answers, summary
from guardrail.evidence.account import (
    SCALABLE_TARGETS_CALL,
    Account,
    DescribedPolicy,
    EndpointConfig,
    EndpointDescription,
    Fault,
    InferenceComponentDescription,
    MetricAlarm,
    ModelDescription,
    ScalableTargetDescription,
    ScalingActivity,
    ScheduledActionDescription,
    TransformJobDescription,
    place_of,
)
from guardrail.evidence.base import ENDPOINTS, SAGEMAKER, Series, Window
from guardrail.evidence.bundle import Bundle
from guardrail.evidence.queries import DAY_S, HOUR_S, METRICS
from guardrail.limits import NOT_JSON

_DESCRIBE: Final = "aws sagemaker describe-endpoint --endpoint-name NAME > endpoint.json"
_HOST_METRICS: Final = re.compile(r"(CPU|Memory|GPU|GPUMemory|Disk)Utilization|LoadedModelCount")

_DESCRIPTIONS: Final[Mapping[str, tuple[str, type[Struct]]]] = {
    "InferenceComponentArn": ("inference_components", InferenceComponentDescription),
    "TransformJobArn": ("transform_jobs", TransformJobDescription),
    "ModelArn": ("models", ModelDescription),
    "EndpointArn": ("endpoints", EndpointDescription),
    "EndpointConfigArn": ("endpoint_configs", EndpointConfig),
}
"""What an answer of a Describe call is, by the key that only it has; the first that is there."""
_LISTS: Final[Mapping[str, tuple[str, type[Struct]]]] = {
    "ScalableTargets": ("scalable_targets", ScalableTargetDescription),
    "ScalingPolicies": ("scaling_policies", DescribedPolicy),
    "ScheduledActions": ("scheduled_actions", ScheduledActionDescription),
    "ScalingActivities": ("scaling_activities", ScalingActivity),
    "MetricAlarms": ("alarms", MetricAlarm),
}


_UNSCALED: Final = Fault(
    call=SCALABLE_TARGETS_CALL,
    reason="not asked for: aws application-autoscaling describe-scalable-targets --service-namespace sagemaker",
)


class _Given(Struct, kw_only=True):
    """All that the files hold."""

    parts: dict[str, list[Any]]
    whole: list[Account]
    requests: list[answers.Request]
    pages: list[answers.AnswerPage]
    tables: list[tuple[str, bytes, str | None]]
    """CSV, with its path, and the metric that it is of where it does not say that itself."""
    says_what_scales: bool = False


def bundle(paths: Sequence[str], asked: CollectionRequest) -> Bundle:
    """The bundle of what files hold. Raises `GuardrailError` for what is not of AWS, or says too little."""
    given = _read(paths)
    if not given.pages and not given.tables:
        raise SourceError(
            "no answer of CloudWatch is among the files",
            hint="--from queries.json --from answer.json, or --from cpu.csv",
        )
    series = list(answers.series(given.pages, given.requests)) if given.pages else []
    described = _account(given, asked, None)
    for path, content, metric in given.tables:
        series += _of_table(path, content, metric, described, asked)
    series = answers.joined(series)
    fine = [each for each in series if each.query.period < DAY_S]
    if not series:
        raise SourceError("the files hold no value", hint="time,metric,value")
    longest = max((each.query.period for each in fine), default=HOUR_S)
    if longest > HOUR_S:
        raise SourceError(f"the queries ask for values of {longest:,} s: those of more than an hour tell no load")
    if not fine:
        raise SourceError("the answers are of days alone: the queries of the window are missing")
    window = Window(
        start=min(each.covered_from for each in fine),
        end=max(each.covered_to for each in fine),
        resolution=min(each.query.period for each in fine),
    )
    if not window.hours:
        raise SourceError("the answers hold no hour: nothing was measured in the time that the queries ask for")
    return summary.bundle(replace(described, now=window.end), series, window)


def account(paths: Sequence[str], asked: CollectionRequest, now: datetime) -> Account:
    """What the files describe. Raises `GuardrailError` where that is no endpoint."""
    return _account(_read(paths), asked, now)


def _account(given: _Given, asked: CollectionRequest, now: datetime | None) -> Account:
    parts = {name: list(found) for name, found in given.parts.items()}
    for whole in given.whole:
        for name in parts:
            parts[name] += getattr(whole, name)
    endpoints: list[EndpointDescription] = parts["endpoints"]
    if asked.endpoints:
        parts["endpoints"] = endpoints = [each for each in endpoints if each.endpoint_name in _names(asked)]
    if not endpoints:
        raise SourceError("no endpoint is described, so whose metrics these are is not known", hint=_DESCRIBE)
    places = {(whole.account, whole.region) for whole in given.whole}
    places |= {_place(each) for each in endpoints if each.endpoint_arn}
    if len(places) != 1:
        raise SourceError(
            "the files are of several accounts or regions", hint="a run for each, then: guardrail utilization merge"
        )
    ((number, region),) = places
    for found in parts.values():
        for each in found:
            _refuse_times(each)
    moment = now or max((whole.now for whole in given.whole), default=endpoints[0].creation_time)
    faults = [] if given.whole or given.says_what_scales else [_UNSCALED]
    return Account(
        account=number,
        region=region,
        now=moment,
        faults=(*faults, *(fault for whole in given.whole for fault in whole.faults)),
        **{name: tuple(found) for name, found in parts.items()},
    )


def _refuse_times(value: Any) -> None:
    """Refuse what is described to be of a year that no account has."""
    if isinstance(value, datetime) and not answers.is_of_an_account(value):
        raise SourceError(f"{value:%Y-%m-%d} is no time at which anything was made", hint=_DESCRIBE)
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            _refuse_times(getattr(value, name))


def _names(asked: CollectionRequest) -> set[str]:
    return {name.partition("/")[0] for name in asked.endpoints}


def _place(endpoint: EndpointDescription) -> tuple[str, str]:
    """Account and region, as its ARN has them."""
    found = place_of(endpoint.endpoint_arn, "endpoint")
    if found is None:
        raise SourceError(f"{endpoint.endpoint_arn[:120]!r} is no ARN of an endpoint", hint=_DESCRIBE)
    return found


# Files ---------------------------------------------------------------------------------------------------------------


def _read(paths: Sequence[str]) -> _Given:
    names = [name for name, _ in (*_DESCRIPTIONS.values(), *_LISTS.values())]
    given = _Given(parts={name: [] for name in names}, whole=[], requests=[], pages=[], tables=[])
    for named in paths:
        metric, equals, rest = named.partition("=")
        is_of_one = bool(equals) and metric in METRICS
        path = rest if is_of_one else named
        try:
            content = files.named(path)
        except OSError as error:
            raise SourceError(f"{path}: it cannot be read: {error.strerror}") from None
        content = _in_utf8(content)
        if content.lstrip()[:1] in (b"{", b"["):
            _take(given, path, content)
        else:
            given.tables.append((path, content, metric if is_of_one else None))
    return given


def _in_utf8(content: bytes) -> bytes:
    """The bytes of a text that a shell wrote in UTF-16, as PowerShell does, or behind a mark of UTF-8."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding).encode()
    except UnicodeDecodeError:
        return content


def _take(given: _Given, path: str, content: bytes) -> None:
    """Add what a file of JSON holds, known by its keys; its times may be seconds, as older command lines write them."""
    try:
        found = msgspec.json.decode(content, type=dict[str, msgspec.Raw] | list[dict[str, msgspec.Raw]])
    except NOT_JSON as error:
        raise _foreign(path, str(error)) from None
    if isinstance(found, list):
        _take_all(given, path, content, found)
    elif "MetricDataQueries" in found:
        given.requests += answers.requests_of(content, path)
    elif "MetricDataResults" in found:
        given.pages += answers.pages_of(content, path)
    else:
        _take_description(given, path, content, found)


def _take_all(given: _Given, path: str, content: bytes, every: Sequence[Mapping[str, msgspec.Raw]]) -> None:
    if all("MetricDataQueries" in one for one in every):
        given.requests += answers.requests_of(content, path)
    elif all("MetricDataResults" in one for one in every):
        given.pages += answers.pages_of(content, path)
    else:
        for raw in msgspec.json.decode(content, type=list[msgspec.Raw]):
            _take_description(given, path, bytes(raw), msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))


def _take_description(given: _Given, path: str, content: bytes, keys: Mapping[str, msgspec.Raw]) -> None:
    try:
        if keys.keys() >= {"account", "region", "now"}:
            given.whole.append(msgspec.json.decode(content, type=Account))
            return
        for key, (name, kind) in _DESCRIPTIONS.items():
            if key in keys:
                given.parts[name].append(msgspec.json.decode(content, type=kind, strict=False))
                return
        known = [key for key in _LISTS if key in keys]
        for key in known:
            name, kind = _LISTS[key]
            given.says_what_scales |= name == "scalable_targets"
            given.parts[name] += msgspec.json.decode(keys[key], type=list[kind], strict=False)  # type: ignore[valid-type] # of the table
    except NOT_JSON as error:
        raise _foreign(path, str(error)) from None
    if not known:
        raise _foreign(path, "it has no key that is known")


def _foreign(path: str, problem: str) -> SourceError:
    said = problem.partition("\n")[0]
    return SourceError(
        f"{path}: no description, queries or answer of AWS: {said[:1].lower()}{said[1:]}", hint=_DESCRIBE
    )


def _of_table(
    path: str, content: bytes, metric: str | None, account: Account, asked: CollectionRequest
) -> Iterator[Series]:
    """The series of a CSV, which are of the one variant that was named."""
    endpoint, variant = _variant(path, account, asked)
    ask = answers.CsvSubject(
        namespace=SAGEMAKER,
        dimensions={"EndpointName": endpoint, "VariantName": variant},
        period=asked.said_resolution,
        metric=metric,
    )
    for each in answers.from_csv(content, path, ask):
        of_host = _HOST_METRICS.fullmatch(each.query.metric) is not None
        yield replace(each, query=replace(each.query, namespace=ENDPOINTS)) if of_host else each


def _variant(path: str, account: Account, asked: CollectionRequest) -> tuple[str, str]:
    known: dict[str, list[str]] = {
        each.endpoint_name: [variant.variant_name for variant in each.variants] for each in account.endpoints
    }
    name, _, variant = (asked.endpoints[0] if asked.endpoints else next(iter(known))).partition("/")
    found = known.get(name, [])
    if len(known) == 1 and (variant in found or (not variant and len(found) == 1)):
        return name, variant or found[0]
    every = [f"{each}/{one}" for each, variants in known.items() for one in variants]
    raise GuardrailError(
        f"{path}: a CSV does not say which variant it is of{did_you_mean(f'{name}/{variant}', every)}",
        hint="guardrail utilization ENDPOINT/VARIANT --from endpoint.json --from FILE.csv",
    )
