"""The bundle: what was observed of endpoints, in one JSON file that is small, diffable and can be committed.

It holds no series: of each metric the percentiles, the maximum, how often that recurred, and a profile by hour of
week. What could not be had is a gap with its reason, never a zero.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from guardrail.evidence.base import Gap

VERSION: Final = "1"
HOURS_OF_WEEK: Final = 168
SCALABLE_TARGETS: Final = "DescribeScalableTargets"
"""The gap of a variant of which nobody said whether anything scales it."""

ANSWERING: Final = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
"""States in which an endpoint answers requests (API, DescribeEndpoint). In the others no machine is known to run."""

Mode: TypeAlias = Literal["realtime", "async", "serverless"]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a bundle: what it has nothing to say of is not in the file."""


class Survey(Part, frozen=True, kw_only=True):
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


class Distribution(Part, frozen=True, kw_only=True):
    """The values of one metric, an hour (or another period) each. Percentiles are nearest-rank: values that were."""

    p50: Decimal
    p90: Decimal
    p95: Decimal
    p99: Decimal
    maximum: Decimal
    recurring: Decimal | None = None
    """The greatest value that at least two weeks had in the same hour of week, or exceeded; None of a single week."""
    recurs_at: Annotated[int, Meta(ge=0, lt=HOURS_OF_WEEK)] | None = None
    """That hour of week: 0 is Monday 00:00 UTC."""
    count: int
    """How many values there are."""
    above_p99: int
    """How many lie above the 99th percentile."""


class Segment(Part, frozen=True, kw_only=True):
    """The time since the last update of an endpoint, or on one type before it, and what was used of the machine then.

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


class Profile(Part, frozen=True, kw_only=True):
    """An ordinary week: 168 values from Monday 00:00 UTC; None for an hour without any."""

    mean: tuple[Decimal | None, ...]
    maximum: tuple[Decimal | None, ...] = ()


class Requests(Part, frozen=True, kw_only=True):
    """Requests that reached a variant or a component, or items that waited for an asynchronous endpoint."""

    total: Decimal
    """In the hours that were answered for."""
    hours: int
    """Hours that were answered for, those without a request among them."""
    busy_hours: int
    """Those with a request."""
    last: datetime | None
    """The beginning of the last period with a request, be it before the window; None where none was found."""
    last_period_s: int = 3600
    """How long that period is: a day where it lies before the window."""
    looked_back_to: datetime
    """From when on ``last`` was looked for."""
    an_hour: Distribution | None = None
    profile: Profile | None = None


class Latency(Part, frozen=True, kw_only=True):
    """How long requests took, in milliseconds (CloudWatch says microseconds)."""

    mean_ms: Decimal
    """Of all requests, each counted once."""
    maximum_ms: Decimal
    overhead_mean_ms: Decimal | None = None
    """What SageMaker adds to a request, of a serverless variant its cold start too."""


class Instances(Part, frozen=True, kw_only=True):
    """How many instances ran, an hour each: datapoints of a host metric, which every instance publishes."""

    mean: Decimal
    """Of the hours that have datapoints, and of those in which there was none because no instance ran."""
    minimum: Decimal
    maximum: Decimal
    hours: int
    """Hours that were counted."""
    hours_at_zero: int = 0
    profile: Profile | None = None


class Activity(Part, frozen=True, kw_only=True):
    """Since when nothing was done: requests, items of a queue, or a machine that works."""

    since: datetime
    """The end of the last period in which something was done, or since when nothing is known to have been."""
    is_exact: bool
    """Whether something was done before, or it did not exist; else it has been so for longer."""
    ever: bool
    """Whether anything was found to be done at all, be it before the window."""
    hours: int
    """From then to the end of the window."""
    instance_hours: Decimal | None = None
    """What ran since, as far as it lies in the window; None where that is not known."""
    longest_gap_hours: int = 0
    """The longest time between two things done that was ended, in the window or in the days before it."""


class Serverless(Part, frozen=True, kw_only=True):
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
    hours_at_most: int | None = None
    """Hours in which as many requests came at a time as it may take."""
    slots_scale: bool = False
    """Whether something changes how many slots are kept warm."""


class Models(Part, frozen=True, kw_only=True):
    """Of an endpoint that hosts several models: how many are loaded, and how often one was there."""

    loaded_most: Decimal | None = None
    """On one instance."""
    loaded_copies: Decimal | None = None
    """On all instances together, the mean."""
    cache_hits: Decimal | None = None
    """The share of requests that found their model loaded."""


class Target(Part, frozen=True, kw_only=True):
    """What a target-tracking policy holds a metric at."""

    metric: str
    """``SageMakerVariantInvocationsPerInstance``, or a metric by its own name."""
    value: Decimal


class VariantEvidence(Part, frozen=True, kw_only=True):
    """What was observed of one variant."""

    name: str
    shadow: bool = False
    instance_type: str | None = None
    """Of its present configuration."""
    current_instances: int | None = None
    initial_instances: int | None = None
    least_instances: int | None = None
    most_instances: int | None = None
    """Of its scalable target or managed scaling; None where nothing scales it, or a gap says that nobody knows."""
    targets: tuple[Target, ...] = ()
    hours_at_most: int | None = None
    """Hours in which it was at its maximum."""
    hours_at_least: int | None = None
    """Hours in which it was at its minimum."""
    models: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    """Model packages that its models are made of, by name or ARN as DescribeModel has them."""
    multi_model: bool | None = None
    has_components: bool = False
    weight: Decimal | None = None
    segments: tuple[Segment, ...] = ()
    cpu_profile: Profile | None = None
    """Cores: the mean of all instances, and the most of the hottest."""
    gpu_profile: Profile | None = None
    requests: Requests | None = None
    """None where they are not known: see the gaps."""
    latency: Latency | None = None
    errors: Decimal | None = None
    """Requests that failed in the service or in the model: 5xx, time-outs, connections that broke."""
    client_errors: Decimal | None = None
    """Requests that the model refused as faulty: 4xx. A model does less for them than for those that it answers."""
    answered: Decimal | None = None
    """Requests of which there is a latency: of a queue, which publishes no invocations, all that were processed."""
    concurrent: Distribution | None = None
    instances: Instances | None = None
    activity: Activity | None = None
    """None where nobody can tell: see the gaps."""
    serverless: Serverless | None = None
    several: Models | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def has_moved(self) -> bool:
        """Whether the number of its instances may change, or did: one moment is not how many ran."""
        counted = self.instances
        is_unknown = any(gap.metric == SCALABLE_TARGETS for gap in self.gaps)
        has_bounds = self.most_instances is not None or is_unknown
        return has_bounds or (counted is not None and counted.minimum != counted.maximum)


class ComponentEvidence(Part, frozen=True, kw_only=True):
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
    memory_gib_reserved: Decimal | None = None
    cpu_cores_reserved: Decimal | None = None
    requests: Requests | None = None
    activity: Activity | None = None
    gpus: Distribution | None = None
    """Accelerators that one copy keeps busy: 70 % of one reserved is 0.7."""
    cpu_cores: Distribution | None = None
    memory_gib: Distribution | None = None
    gaps: tuple[Gap, ...] = ()


class Backlog(Part, frozen=True, kw_only=True):
    """The queue of an asynchronous endpoint."""

    hours: int
    """Hours that were answered for."""
    busy_hours: int
    """Those with something in it; in the others it was empty all the time."""
    last: datetime | None
    """The last period with something in it; None where there was none in the window."""
    most: Decimal
    oldest_s: Decimal | None = None
    """How long the oldest request waited at most, in seconds."""
    profile: Profile | None = None

    @property
    def was_never_empty(self) -> bool:
        """Whether something waited in every hour: it holds the load of its machines back, and they need more."""
        return self.hours > 0 and self.busy_hours == self.hours


class EndpointEvidence(Part, frozen=True, kw_only=True):
    """What was observed of one endpoint."""

    account: str
    region: str
    name: str
    mode: Mode
    status: str
    configuration: str
    created: datetime
    modified: datetime
    start: datetime
    end: datetime
    """The window, from its first hour to before its end."""
    tags: dict[str, str] = {}
    variants: tuple[VariantEvidence, ...] = ()
    components: tuple[ComponentEvidence, ...] = ()
    backlog: Backlog | None = None
    gaps: tuple[Gap, ...] = ()


class JobEvidence(Part, frozen=True, kw_only=True):
    """The transform jobs of one model on one kind of machine: how often, how long, how busy."""

    account: str
    region: str
    prefix: str
    """What their names begin with, without what counts them."""
    model: str | None
    instance_type: str | None
    instances: int | None
    runs: int
    """Jobs that ended in the window."""
    start: datetime
    end: datetime
    """The window."""
    failed: int = 0
    mean_hours: Decimal | None = None
    most_hours: Decimal | None = None
    last: datetime | None = None
    cpu_cores: Distribution | None = None
    memory_gib: Distribution | None = None
    gpus: Distribution | None = None
    gpu_memory_gib: Distribution | None = None
    gaps: tuple[Gap, ...] = ()


class MeasuredType(Part, frozen=True, kw_only=True):
    """A type as Inference Recommender measured a model on it."""

    instance_type: str
    instances: int = 1
    invocations_a_minute: Decimal | None = None
    """The most that was answered in time; None where it is not known."""
    latency_ms: Decimal | None = None
    cpu_percent: Decimal | None = None
    """A sum over cores."""
    memory_percent: Decimal | None = None


class LoadTestEvidence(Part, frozen=True, kw_only=True):
    """One job of Inference Recommender that ended, without the endpoints that it made for itself."""

    account: str | None
    """None where the answer does not say it."""
    region: str
    name: str
    model: str | None = None
    package: str | None = None
    """What was tested: a model by its name, or a version of a model package by its ARN."""
    types: tuple[MeasuredType, ...] = ()


class AdviceEvidence(Part, frozen=True, kw_only=True):
    """Bounds and targets that GetScalingConfigurationRecommendation gives."""

    endpoint: str | None = None
    job: str | None = None
    """The load test whose model it is about, where it names no endpoint."""
    least: int
    most: int
    targets: tuple[Decimal, ...] = ()


class Bundle(Part, frozen=True, kw_only=True):
    """The file: what was looked at, and what was seen."""

    version: Literal["1"]
    surveys: tuple[Survey, ...] = ()
    endpoints: tuple[EndpointEvidence, ...] = ()
    jobs: tuple[JobEvidence, ...] = ()
    load_tests: tuple[LoadTestEvidence, ...] = ()
    advice: tuple[AdviceEvidence, ...] = ()
    hash: str = ""
    """SHA-256 of everything else: a bundle says when somebody wrote in it."""
