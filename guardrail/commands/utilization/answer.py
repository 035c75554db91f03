"""What ``guardrail utilization --format json`` writes. The published schema is made of these types.

Amounts are decimal strings without an exponent, money in USD; None where something has no price, or nobody counted it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from guardrail.alternatives.needs import Need
from guardrail.evidence.bundle import Bundle, Survey
from guardrail.evidence.judge import idle, right_sizing, statements
from guardrail.evidence.judge.batch import JudgedJobs
from guardrail.evidence.judge.confidence import Level
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant
from guardrail.evidence.judge.idle import Idleness
from guardrail.evidence.judge.right_sizing import Option, RightSizing
from guardrail.evidence.judge.statements import Statement
from guardrail.model import Mode
from guardrail.money import ZERO, plain, sum_if_known

SCHEMA_VERSION: Final = "1.0"
DecimalText: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]


class _AnswerPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the answer: every key is there, whatever is known."""


class ToldNeed(_AnswerPart, frozen=True, kw_only=True):
    """What a load takes of one instance."""

    cpu_cores: DecimalText | None
    """Cores."""
    memory_gib: DecimalText | None
    """GiB of memory."""
    gpus: DecimalText | None
    """GPUs, or parts of one."""
    gpu_memory_gib: DecimalText | None
    """GiB of GPU memory."""


class ToldOption(_AnswerPart, frozen=True, kw_only=True):
    """A type that has what is needed."""

    instance_type: str
    """``ml.g5.xlarge``."""
    hourly_usd: DecimalText | None
    """Price of one instance, in USD an hour."""
    saving_monthly_usd: DecimalText | None
    """Volumes included."""
    instances_saving_monthly_usd: DecimalText | None
    """Of the instances alone."""
    conditions: tuple[str, ...]
    """What must be true for it."""


class ToldSizing(_AnswerPart, frozen=True, kw_only=True):
    """A machine against its load."""

    verdict: right_sizing.SizingVerdict
    """Whether the machine is larger or smaller than its load."""
    used: ToldNeed
    """The percentile, or what recurs in an hour of the week."""
    needed: ToldNeed
    """That with the head-room."""
    most: ToldNeed
    """The maximum that was seen."""
    hours_above_p99: int | None
    """Hours with more CPU than the 99th percentile."""
    confidence: Level
    """How sure the verdict is."""
    doubts: tuple[str, ...]
    """Reasons why it is not surer."""
    options: tuple[ToldOption, ...]
    """Cheaper types, the cheapest first."""
    enough: str | None
    """The cheapest type that has what is needed."""
    reason: str | None
    """What it has too little of, or why it is not sized."""


class ToldIdleness(_AnswerPart, frozen=True, kw_only=True):
    """Whether anybody asks it anything."""

    verdict: idle.IdlenessVerdict
    """Whether it is idle."""
    since: datetime | None
    """Since when nothing was asked of it."""
    hours: int
    """Hours from then to the end of the window."""
    cost_usd: DecimalText | None
    """What ran for nothing inside the window."""
    why: str
    """The reason, in a sentence."""


class ToldVariant(_AnswerPart, frozen=True, kw_only=True):
    """One variant."""

    name: str
    """VariantName."""
    instance_type: str | None
    """``ml.g5.xlarge``; null of a serverless variant."""
    instances: int | None
    """At the moment of the run."""
    monthly_usd: DecimalText | None
    """What it costs, in USD a month."""
    at_stake_usd: DecimalText | None
    """A month."""
    idle: ToldIdleness
    """Whether requests reach it."""
    sizing: ToldSizing | None
    """None of what is idle, and of what runs on no instance."""


class ToldStatement(_AnswerPart, frozen=True, kw_only=True):
    """A finding or a note about an endpoint."""

    kind: statements.StatementKind
    """Which finding or note it is."""
    subject: str
    """``shop/a``, or the name of a component."""
    text: str
    """A sentence for people."""
    note: bool
    """Whether it is too unsure, or says too little, to be a finding."""
    saves_monthly_usd: DecimalText | None
    """What following it saves, in USD a month."""
    cost_usd: DecimalText | None
    """What it has cost within the window, in USD."""
    confidence: Level
    """How sure it is."""
    doubts: tuple[str, ...]
    """Reasons why it is not surer."""
    commands: tuple[str, ...]
    """What would do it: printed, never run."""


class ToldEndpoint(_AnswerPart, frozen=True, kw_only=True):
    """One endpoint, over its own window."""

    account: str
    """Twelve digits."""
    region: str
    """``us-east-1``."""
    name: str
    """EndpointName."""
    mode: Mode
    """How its configuration serves requests."""
    start: datetime
    """The first hour of its window."""
    end: datetime
    """The end of its window, which is not in it."""
    monthly_usd: DecimalText | None
    """What it costs, in USD a month."""
    at_stake_usd: DecimalText | None
    """What its findings could save, in USD a month."""
    requests_a_month: DecimalText | None
    """Requests, as of a month of 730 hours; null where they are not known."""
    variants: tuple[ToldVariant, ...]
    """Variants of its present configuration."""
    statements: tuple[ToldStatement, ...]
    """Findings and notes about it."""


class ToldJobs(_AnswerPart, frozen=True, kw_only=True):
    """The transform jobs of one model on one kind of machine."""

    account: str
    """Twelve digits."""
    region: str
    """``us-east-1``."""
    prefix: str
    """What the names of the jobs begin with, without what counts them."""
    model: str | None
    """Name of the model."""
    instance_type: str | None
    """``ml.m5.xlarge``; null where it is not known."""
    instances: int | None
    """Instances of one job."""
    runs_a_month: DecimalText | None
    """Jobs, as of a month of 730 hours."""
    mean_hours: DecimalText | None
    """Hours of one job, the mean."""
    monthly_usd: DecimalText | None
    """What the jobs cost, in USD a month."""
    needed: ToldNeed
    """What their load takes of one instance, with the head-room."""
    enough: str | None
    """The cheapest type that has what is needed."""
    saving_monthly_usd: DecimalText | None
    """What that type saves, in USD a month."""
    confidence: Level
    """How sure it is that the type is enough."""
    doubts: tuple[str, ...]
    """Reasons why it is not surer."""


class UtilizationAnswer(_AnswerPart, frozen=True, kw_only=True):
    """What endpoints did and need, the most money first."""

    schema_version: Literal["1.0"]
    """Of this shape."""
    surveys: tuple[Survey, ...]
    """What was looked at, and which calls failed."""
    monthly_usd: DecimalText | None
    """What the endpoints cost, in USD a month; null where one of them has no amount."""
    at_stake_usd: DecimalText | None
    """What the findings could save, in USD a month."""
    endpoints: tuple[ToldEndpoint, ...]
    """The most money at stake first."""
    jobs: tuple[ToldJobs, ...]
    """Transform jobs, those of one model on one kind of machine together."""


def text(judged: Sequence[JudgedEndpoint], jobs: Sequence[JudgedJobs], bundle: Bundle) -> str:
    """Everything, by endpoint, as JSON that ends with a newline."""
    told = UtilizationAnswer(
        schema_version=SCHEMA_VERSION,
        surveys=bundle.surveys,
        monthly_usd=_amount(sum_if_known(one.monthly_usd for one in judged)),
        at_stake_usd=_amount(sum((one.stake_usd for one in judged), ZERO)),
        endpoints=tuple(map(_endpoint, judged)),
        jobs=tuple(map(_jobs, jobs)),
    )
    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"


def _endpoint(one: JudgedEndpoint) -> ToldEndpoint:
    found = one.evidence
    return ToldEndpoint(
        account=found.account,
        region=found.region,
        name=found.name,
        mode=found.mode,
        start=found.start,
        end=found.end,
        monthly_usd=_amount(one.monthly_usd),
        at_stake_usd=_amount(one.stake_usd),
        requests_a_month=_amount(one.requests_a_month),
        variants=tuple(map(_variant, one.variants)),
        statements=tuple(map(_statement, statements.of_endpoint(one))),
    )


def _variant(variant: JudgedVariant) -> ToldVariant:
    return ToldVariant(
        name=variant.evidence.name,
        instance_type=variant.evidence.instance_type,
        instances=variant.evidence.current_instances,
        monthly_usd=_amount(variant.monthly_usd),
        at_stake_usd=_amount(variant.stake_usd),
        idle=_idleness(variant.idleness),
        sizing=None if variant.sizing is None else _sizing(variant.sizing),
    )


def _idleness(told: Idleness) -> ToldIdleness:
    return ToldIdleness(
        verdict=told.verdict, since=told.since, hours=told.hours, cost_usd=_amount(told.cost_usd), why=told.why
    )


def _sizing(sizing: RightSizing) -> ToldSizing:
    return ToldSizing(
        verdict=sizing.verdict,
        used=_need(sizing.used),
        needed=_need(sizing.needed),
        most=_need(sizing.most),
        hours_above_p99=sizing.hours_above_p99,
        confidence=sizing.confidence.level,
        doubts=sizing.confidence.doubts,
        options=tuple(map(_option, sizing.options)),
        enough=sizing.enough,
        reason=sizing.reason or None,
    )


def _option(option: Option) -> ToldOption:
    return ToldOption(
        instance_type=option.instance_type,
        hourly_usd=_amount(option.hourly_usd),
        saving_monthly_usd=_amount(option.alternative.usd),
        instances_saving_monthly_usd=_amount(option.instances_usd),
        conditions=tuple(option.alternative.conditions),
    )


def _jobs(one: JudgedJobs) -> ToldJobs:
    job = one.evidence
    return ToldJobs(
        account=job.account,
        region=job.region,
        prefix=job.prefix,
        model=job.model,
        instance_type=job.instance_type,
        instances=job.instances,
        runs_a_month=_amount(round(one.runs_a_month, 4)),
        mean_hours=_amount(job.mean_hours),
        monthly_usd=_amount(one.monthly_usd),
        needed=_need(one.needed),
        enough=one.instance_type,
        saving_monthly_usd=_amount(one.saving_usd),
        confidence=one.confidence.level,
        doubts=one.confidence.doubts,
    )


def _need(need: Need) -> ToldNeed:
    return ToldNeed(**{name: _amount(getattr(need, name)) for name in ToldNeed.__struct_fields__})


def _statement(said: Statement) -> ToldStatement:
    return ToldStatement(
        kind=said.kind,
        subject=said.subject,
        text=said.text,
        note=said.is_note,
        saves_monthly_usd=_amount(said.saves_usd),
        cost_usd=_amount(said.cost_usd),
        confidence=said.confidence.level,
        doubts=said.confidence.doubts,
        commands=said.commands,
    )


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
