"""The bundle: what was observed of endpoints, in one JSON file that is small, diffable and can be committed.

It holds no series: of each metric the percentiles, the maximum, how often that recurred, and a profile by hour of
week. What could not be had is a gap with its reason, never a zero.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from guardrail.evidence.base import Gap

VERSION: Final = "1"
HOURS_OF_WEEK: Final = 168

Mode: TypeAlias = Literal["realtime", "async", "serverless"]


class Survey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account in one region: when it was looked at, and over what time."""

    account: str
    region: str
    collected: datetime
    start: datetime
    end: datetime
    resolution: int
    """Seconds of one period."""
    gaps: tuple[Gap, ...] = ()
    """Calls that failed for all of it: ``DescribeScalableTargets: AccessDenied``."""


class Distribution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values of one metric, an hour (or another period) each. Percentiles are nearest-rank: values that were."""

    p50: Decimal
    p90: Decimal
    p95: Decimal
    p99: Decimal
    maximum: Decimal
    recurring: Decimal | None = None
    """The greatest value that at least two weeks had in the same hour of week, or exceeded; None of a single week."""
    count: int
    """How many values there are."""
    above_p99: int
    """How many lie above the 99th percentile."""


class Segment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The time between two updates of an endpoint, with the machine of that time and what of it was used.

    Percentages belong to a machine: without its type they say nothing, and there are no cores and no GiB.
    """

    start: datetime
    end: datetime
    instance_type: str | None
    """None where the configuration of that time is gone."""
    cpu_cores: Distribution | None = None
    """Of the hottest instance."""
    memory_gib: Distribution | None = None
    gpus: Distribution | None = None
    """GPUs that were busy, a sum over those of one instance."""
    gpu_memory_gib: Distribution | None = None
    """A sum over the GPUs of one instance."""
    disk_percent: Distribution | None = None


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ordinary week: 168 values from Monday 00:00 UTC; None for an hour without any."""

    mean: tuple[Decimal | None, ...]
    maximum: tuple[Decimal | None, ...] = ()


class Requests(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that reached a variant or a component, or items that waited for an asynchronous endpoint."""

    total: Decimal
    """In the hours that were answered for."""
    hours: int
    """Hours that were answered for, those without a request among them."""
    busy_hours: int
    """Those with a request."""
    last: datetime | None
    """The beginning of the last period with a request, be it before the window; None where none was found."""
    looked_back_to: datetime
    """From when on ``last`` was looked for."""
    longest_gap_hours: int
    """The longest time without a request between two in the window."""
    an_hour: Distribution | None = None
    profile: Profile | None = None


class Latency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long requests took, in milliseconds (CloudWatch says microseconds)."""

    mean_ms: Decimal
    """Of all requests, each counted once."""
    maximum_ms: Decimal


class Instances(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many instances ran, an hour each: datapoints of a host metric, which every instance publishes."""

    mean: Decimal
    """Of the hours that have datapoints, and of those in which there was none because no instance ran."""
    minimum: Decimal
    maximum: Decimal
    hours_at_zero: int = 0
    profile: Profile | None = None


class Serverless(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a serverless variant used of what it may."""

    memory_mib: int | None = None
    max_concurrency: int | None = None
    provisioned_concurrency: int | None = None
    concurrency: Distribution | None = None
    """Requests at the same time: the share of the maximum that CloudWatch has, times the maximum."""
    provisioned_share: Distribution | None = None
    """Of the slots kept warm, 0 to 1."""
    spilled: Decimal | None = None
    """Requests that found no warm slot."""
    memory_gib: Distribution | None = None


class Models(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of an endpoint that hosts several models: how many are loaded, and how often one was there."""

    loaded_most: Decimal | None = None
    """On one instance."""
    loaded_copies: Decimal | None = None
    """On all instances together, the mean."""
    cache_hits: Decimal | None = None
    """The share of requests that found their model loaded."""


class VariantEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was observed of one variant."""

    name: str
    shadow: bool = False
    instance_type: str | None = None
    """Of its present configuration."""
    current_instances: int | None = None
    initial_instances: int | None = None
    least_instances: int | None = None
    most_instances: int | None = None
    """Of its scalable target or managed scaling; None where nothing scales it."""
    desired_at_most_hours: int | None = None
    """Hours in which it was at its maximum."""
    models: tuple[str, ...] = ()
    multi_model: bool | None = None
    has_components: bool = False
    weight: Decimal | None = None
    segments: tuple[Segment, ...] = ()
    cpu_profile: Profile | None = None
    """Cores of the hottest instance."""
    requests: Requests | None = None
    """None where they are not known: see the gaps."""
    latency: Latency | None = None
    errors: Decimal | None = None
    """Requests that were answered with an error of the server or of the model."""
    concurrent: Distribution | None = None
    instances: Instances | None = None
    serverless: Serverless | None = None
    several: Models | None = None
    gaps: tuple[Gap, ...] = ()


class ComponentEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was observed of one inference component; what it uses is a share of what it reserves."""

    name: str
    variant: str | None
    created: datetime | None = None
    status: str | None = None
    copies: int | None = None
    least_copies: int | None = None
    most_copies: int | None = None
    accelerators: Decimal | None = None
    """That one copy reserves."""
    memory_mib: Decimal | None = None
    cpu_cores_reserved: Decimal | None = None
    requests: Requests | None = None
    gpus: Distribution | None = None
    """Accelerators that one copy keeps busy: 70 % of one reserved is 0.7."""
    cpu_cores: Distribution | None = None
    memory_gib: Distribution | None = None
    gaps: tuple[Gap, ...] = ()


class Backlog(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The queue of an asynchronous endpoint."""

    hours: int
    """Hours that were answered for."""
    hours_with_work: int
    hours_emptied: int
    """Hours in which it was empty for a moment at least."""
    last: datetime | None
    """The last period with something in it; None where there was none in the window."""
    most: Decimal
    oldest_s: Decimal | None = None
    """How long the oldest request waited at most, in seconds."""
    profile: Profile | None = None


class EndpointEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was observed of one endpoint."""

    account: str
    region: str
    name: str
    mode: Mode
    status: str
    configuration: str
    created: datetime
    modified: datetime
    tags: dict[str, str] = {}
    variants: tuple[VariantEvidence, ...] = ()
    components: tuple[ComponentEvidence, ...] = ()
    backlog: Backlog | None = None
    gaps: tuple[Gap, ...] = ()


class JobEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The transform jobs of one model on one kind of machine: how often, how long, how busy."""

    account: str
    region: str
    prefix: str
    """What their names begin with, all the same; empty where they have nothing in common."""
    model: str | None
    instance_type: str | None
    instances: int | None
    runs: int
    """Jobs that ended in the window."""
    failed: int = 0
    mean_hours: Decimal | None = None
    most_hours: Decimal | None = None
    last: datetime | None = None
    cpu_cores: Distribution | None = None
    memory_gib: Distribution | None = None
    gpus: Distribution | None = None
    gpu_memory_gib: Distribution | None = None
    gaps: tuple[Gap, ...] = ()


class Bundle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: what was looked at, and what was seen."""

    version: Literal["1"] = VERSION
    surveys: tuple[Survey, ...] = ()
    endpoints: tuple[EndpointEvidence, ...] = ()
    jobs: tuple[JobEvidence, ...] = ()
    hash: str = ""
    """SHA-256 of everything else: a bundle says when somebody wrote in it."""
