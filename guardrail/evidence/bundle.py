"""The bundle: what was observed of endpoints, in one JSON file that is small, diffable and can be committed.

It holds no series: of each metric the percentiles, the maximum, how often that recurred, and a profile by hour of
week. What could not be had is a gap with its reason, never a zero.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from guardrail.evidence.base import Gap
from guardrail.model import Mode

VERSION: Final = "1"
HOURS_OF_WEEK: Final = 168
SCALABLE_TARGETS: Final = "DescribeScalableTargets"
"""The gap of a variant of which nobody said whether anything scales it."""

ANSWERING: Final = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
"""States in which an endpoint answers requests (API, DescribeEndpoint). In the others no machine is known to run."""


class BundlePart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a bundle: what it has nothing to say of is not in the file."""


class Survey(BundlePart, frozen=True, kw_only=True):
    """One account in one region: when it was looked at, and over what time."""

    account: str
    """Twelve digits."""
    region: str
    """``us-east-1``."""
    collected: datetime
    """When AWS was asked."""
    start: datetime
    """The first hour of the window."""
    end: datetime
    """The end of the window, which is not in it."""
    resolution: int
    """Seconds of one period."""
    gaps: tuple[Gap, ...] = ()
    """Calls that failed for all of it: ``DescribeScalableTargets: AccessDenied``."""


class Distribution(BundlePart, frozen=True, kw_only=True):
    """The values of one metric, an hour (or another period) each. Percentiles are nearest-rank: values that were."""

    p50: Decimal
    """The median."""
    p90: Decimal
    """The 90th percentile."""
    p95: Decimal
    """The 95th percentile."""
    p99: Decimal
    """The 99th percentile."""
    maximum: Decimal
    """The greatest value."""
    recurring: Decimal | None = None
    """The greatest value that at least two weeks had in the same hour of week, or exceeded; None of a single week."""
    recurs_at: Annotated[int, Meta(ge=0, lt=HOURS_OF_WEEK)] | None = None
    """That hour of week: 0 is Monday 00:00 UTC."""
    count: int
    """How many values there are."""
    above_p99: int
    """How many lie above the 99th percentile."""


class Segment(BundlePart, frozen=True, kw_only=True):
    """The time since the last update of an endpoint, or on one type before it, and what was used of the machine then.

    Percentages belong to a machine: without its type they say nothing, and there are no cores and no GiB.
    """

    start: datetime
    """Its first hour."""
    end: datetime
    """Its end, which is not in it."""
    instance_type: str | None
    """None where the configuration of that time is gone."""
    cpu_cores: Distribution | None = None
    """Of the hottest instance."""
    memory_gib: Distribution | None = None
    """Of the fullest instance, in GiB."""
    gpus: Distribution | None = None
    """GPUs that were busy, a sum over those of one instance."""
    gpu_memory_gib: Distribution | None = None
    """A sum over the GPUs of one instance."""
    disk_percent: Distribution | None = None
    """Percent of the disk of the fullest instance."""


class Profile(BundlePart, frozen=True, kw_only=True):
    """An ordinary week: 168 values from Monday 00:00 UTC; None for an hour without any."""

    mean: tuple[Decimal | None, ...]
    """The mean of all weeks."""
    maximum: tuple[Decimal | None, ...] = ()
    """The greatest value of any week."""


class Requests(BundlePart, frozen=True, kw_only=True):
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
    """Requests an hour."""
    profile: Profile | None = None
    """Requests an hour over the week."""


class Latency(BundlePart, frozen=True, kw_only=True):
    """How long requests took, in milliseconds (CloudWatch says microseconds)."""

    mean_ms: Decimal
    """Of all requests, each counted once."""
    maximum_ms: Decimal
    """Of the slowest request."""
    overhead_mean_ms: Decimal | None = None
    """What SageMaker adds to a request, of a serverless variant its cold start too."""


class Instances(BundlePart, frozen=True, kw_only=True):
    """How many instances ran, an hour each: datapoints of a host metric, which every instance publishes."""

    mean: Decimal
    """Of the hours that have datapoints, and of those in which there was none because no instance ran."""
    minimum: Decimal
    """The fewest in any hour."""
    maximum: Decimal
    """The most in any hour."""
    hours: int
    """Hours that were counted."""
    hours_at_zero: int = 0
    """Hours in which no instance ran."""
    profile: Profile | None = None
    """Instances over the week."""


class Activity(BundlePart, frozen=True, kw_only=True):
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


class Serverless(BundlePart, frozen=True, kw_only=True):
    """What a serverless variant used of what it may."""

    memory_mib: int | None = None
    """Memory of one slot (MemorySizeInMB), in MiB."""
    max_concurrency: int | None = None
    """MaxConcurrency."""
    provisioned_concurrency: int | None = None
    """Slots kept warm (ProvisionedConcurrency); None where none are."""
    concurrency: Distribution | None = None
    """Requests at the same time: the share of the maximum that CloudWatch has, times the maximum."""
    provisioned_share: Distribution | None = None
    """Of the slots kept warm, 0 to 1."""
    spilled: Decimal | None = None
    """Requests that found no warm slot."""
    memory_gib: Distribution | None = None
    """Memory that was used of one slot, in GiB."""
    hours_at_most: int | None = None
    """Hours in which as many requests came at a time as it may take."""
    slots_scale: bool = False
    """Whether something changes how many slots are kept warm."""


class Models(BundlePart, frozen=True, kw_only=True):
    """Of an endpoint that hosts several models: how many are loaded, and how often one was there."""

    loaded_most: Decimal | None = None
    """On one instance."""
    loaded_copies: Decimal | None = None
    """On all instances together, the mean."""
    cache_hits: Decimal | None = None
    """The share of requests that found their model loaded."""


class Target(BundlePart, frozen=True, kw_only=True):
    """What a target-tracking policy holds a metric at."""

    metric: str
    """``SageMakerVariantInvocationsPerInstance``, or a metric by its own name."""
    value: Decimal
    """The value that it is held at."""


class VariantEvidence(BundlePart, frozen=True, kw_only=True):
    """What was observed of one variant."""

    name: str
    """VariantName."""
    shadow: bool = False
    """Whether it is a shadow variant, which answers nobody."""
    instance_type: str | None = None
    """Of its present configuration."""
    current_instances: int | None = None
    """Instances at the moment of the run (CurrentInstanceCount)."""
    initial_instances: int | None = None
    """InitialInstanceCount of its configuration."""
    least_instances: int | None = None
    """Minimum of its scalable target or managed scaling; None as with the maximum."""
    most_instances: int | None = None
    """Of its scalable target or managed scaling; None where nothing scales it, or a gap says that nobody knows."""
    targets: tuple[Target, ...] = ()
    """What its target-tracking policies hold."""
    hours_at_most: int | None = None
    """Hours in which it was at its maximum."""
    hours_at_least: int | None = None
    """Hours in which it was at its minimum."""
    models: tuple[str, ...] = ()
    """Names of its models."""
    packages: tuple[str, ...] = ()
    """Model packages that its models are made of, by name or ARN as DescribeModel has them."""
    multi_model: bool | None = None
    """Whether its container serves several models; None where that is not known."""
    has_components: bool = False
    """Whether it hosts inference components."""
    weight: Decimal | None = None
    """Its share of requests, as a weight (CurrentWeight)."""
    segments: tuple[Segment, ...] = ()
    """The window, cut where the endpoint was updated."""
    cpu_profile: Profile | None = None
    """Cores: the mean of all instances, and the most of the hottest."""
    gpu_profile: Profile | None = None
    """Busy GPUs: the mean of all instances, and the most of the hottest."""
    requests: Requests | None = None
    """None where they are not known: see the gaps."""
    latency: Latency | None = None
    """Of its requests; None where there is none."""
    errors: Decimal | None = None
    """Requests that failed in the service or in the model: 5xx, time-outs, connections that broke."""
    client_errors: Decimal | None = None
    """Requests that the model refused as faulty: 4xx. A model does less for them than for those that it answers."""
    answered: Decimal | None = None
    """Requests of which there is a latency: of a queue, which publishes no invocations, all that were processed."""
    concurrent: Distribution | None = None
    """The most requests at the same time (ConcurrentRequestsPerModel)."""
    instances: Instances | None = None
    """How many ran, an hour each; None where that was not counted."""
    activity: Activity | None = None
    """None where nobody can tell: see the gaps."""
    serverless: Serverless | None = None
    """None of a variant on instances."""
    several: Models | None = None
    """None where it serves one model."""
    gaps: tuple[Gap, ...] = ()
    """Metrics and calls that nobody answered for."""

    @property
    def last_segment(self) -> Segment | None:
        """The time since its last update; None of serverless compute, and where nobody knows the machine."""
        return self.segments[-1] if self.segments else None

    @property
    def may_scale(self) -> bool:
        """Whether something changes the number of its instances, or may, as nobody was told."""
        return self.most_instances is not None or any(gap.metric == SCALABLE_TARGETS for gap in self.gaps)

    @property
    def has_moved(self) -> bool:
        """Whether the number of its instances may change, or did: one moment is not how many ran."""
        counted = self.instances
        return self.may_scale or (counted is not None and counted.minimum != counted.maximum)

    @property
    def instances_that_moved(self) -> Instances | None:
        """Its instances as they were counted, where their number may have been another than that of this moment."""
        return self.instances if self.has_moved else None


class ComponentEvidence(BundlePart, frozen=True, kw_only=True):
    """What was observed of one inference component; what it uses is a share of what it reserves."""

    name: str
    """InferenceComponentName."""
    variant: str | None
    """The variant that hosts it; None where that is not known."""
    created: datetime | None = None
    """CreationTime of DescribeInferenceComponent."""
    status: str | None = None
    """InferenceComponentStatus: ``InService``."""
    copies: int | None = None
    """Copies at the moment of the run (CurrentCopyCount)."""
    least_copies: int | None = None
    """Minimum of its scalable target; None where nothing scales it."""
    most_copies: int | None = None
    """Maximum of its scalable target; None where nothing scales it."""
    accelerators: Decimal | None = None
    """That one copy reserves."""
    memory_gib_reserved: Decimal | None = None
    """GiB that one copy reserves."""
    cpu_cores_reserved: Decimal | None = None
    """Cores that one copy reserves."""
    requests: Requests | None = None
    """None where they are not known: see the gaps."""
    activity: Activity | None = None
    """None where nobody can tell: see the gaps."""
    gpus: Distribution | None = None
    """Accelerators that one copy keeps busy: 70 % of one reserved is 0.7."""
    cpu_cores: Distribution | None = None
    """Cores that one copy uses."""
    memory_gib: Distribution | None = None
    """GiB that one copy uses."""
    gaps: tuple[Gap, ...] = ()
    """Metrics and calls that nobody answered for."""


class Backlog(BundlePart, frozen=True, kw_only=True):
    """The queue of an asynchronous endpoint."""

    hours: int
    """Hours that were answered for."""
    busy_hours: int
    """Those with something in it; in the others it was empty all the time."""
    last: datetime | None
    """The last period with something in it; None where there was none in the window."""
    most: Decimal
    """The most requests that waited at a time."""
    oldest_s: Decimal | None = None
    """How long the oldest request waited at most, in seconds."""
    profile: Profile | None = None
    """Requests that waited, over the week."""

    @property
    def was_never_empty(self) -> bool:
        """Whether something waited in every hour: it holds the load of its machines back, and they need more."""
        return self.hours > 0 and self.busy_hours == self.hours


class EndpointEvidence(BundlePart, frozen=True, kw_only=True):
    """What was observed of one endpoint."""

    account: str
    """Twelve digits."""
    region: str
    """``us-east-1``."""
    name: str
    """EndpointName."""
    mode: Mode
    """How its configuration serves requests."""
    status: str
    """EndpointStatus of DescribeEndpoint: ``InService``."""
    configuration: str
    """Name of its present endpoint configuration."""
    created: datetime
    """CreationTime of DescribeEndpoint."""
    modified: datetime
    """LastModifiedTime of DescribeEndpoint."""
    start: datetime
    """The first hour of the window."""
    end: datetime
    """The window, from its first hour to before its end."""
    tags: dict[str, str] = {}
    """Its tags, by key."""
    variants: tuple[VariantEvidence, ...] = ()
    """Production and shadow variants of its present configuration."""
    components: tuple[ComponentEvidence, ...] = ()
    """Inference components that it hosts."""
    backlog: Backlog | None = None
    """Its queue, if it is asynchronous."""
    gaps: tuple[Gap, ...] = ()
    """Metrics and calls that nobody answered for."""

    @property
    def is_held_back(self) -> bool:
        """Whether its queue was never empty: what its machines did is less than what they were asked."""
        return self.backlog is not None and self.backlog.was_never_empty

    def hosted_by(self, variant: VariantEvidence) -> list[ComponentEvidence]:
        """The components that a variant hosts, or may, as nobody knows which one does."""
        return [each for each in self.components if each.variant in (None, variant.name)]


class JobEvidence(BundlePart, frozen=True, kw_only=True):
    """The transform jobs of one model on one kind of machine: how often, how long, how busy."""

    account: str
    """Twelve digits."""
    region: str
    """``us-east-1``."""
    prefix: str
    """What their names begin with, without what counts them."""
    model: str | None
    """Name of the model."""
    instance_type: str | None
    """``ml.m5.xlarge``; None where it is not known."""
    instances: int | None
    """Instances of one job (InstanceCount)."""
    runs: int
    """Jobs that ended in the window."""
    start: datetime
    """The first hour of the window."""
    end: datetime
    """The window."""
    failed: int = 0
    """Jobs among them that failed."""
    mean_hours: Decimal | None = None
    """Hours from start to end, the mean of the jobs."""
    most_hours: Decimal | None = None
    """Hours of the longest job."""
    last: datetime | None = None
    """When the last of them ended."""
    cpu_cores: Distribution | None = None
    """Cores of the hottest instance."""
    memory_gib: Distribution | None = None
    """GiB of the fullest instance."""
    gpus: Distribution | None = None
    """GPUs that were busy, a sum over those of one instance."""
    gpu_memory_gib: Distribution | None = None
    """GiB, a sum over the GPUs of one instance."""
    gaps: tuple[Gap, ...] = ()
    """Metrics and calls that nobody answered for."""


class MeasuredType(BundlePart, frozen=True, kw_only=True):
    """A type as Inference Recommender measured a model on it."""

    instance_type: str
    """``ml.c7g.xlarge``."""
    instances: int = 1
    """InitialInstanceCount of the test."""
    invocations_a_minute: Decimal | None = None
    """The most that was answered in time; None where it is not known."""
    latency_ms: Decimal | None = None
    """Latency of the model at the most invocations, in milliseconds (ModelLatency)."""
    cpu_percent: Decimal | None = None
    """A sum over cores."""
    memory_percent: Decimal | None = None
    """Percent of the memory (MemoryUtilization)."""


class LoadTestEvidence(BundlePart, frozen=True, kw_only=True):
    """One job of Inference Recommender that ended, without the endpoints that it made for itself."""

    account: str | None
    """None where the answer does not say it."""
    region: str
    """``us-east-1``."""
    name: str
    """JobName."""
    model: str | None = None
    """Name of the model that was tested."""
    package: str | None = None
    """What was tested: a model by its name, or a version of a model package by its ARN."""
    types: tuple[MeasuredType, ...] = ()
    """Types that it was tested on."""


class AdviceEvidence(BundlePart, frozen=True, kw_only=True):
    """Bounds and targets that GetScalingConfigurationRecommendation gives."""

    endpoint: str | None = None
    """EndpointName."""
    job: str | None = None
    """The load test whose model it is about, where it names no endpoint."""
    least: int
    """MinCapacity."""
    most: int
    """MaxCapacity."""
    targets: tuple[Decimal, ...] = ()
    """TargetValue of each policy."""


class Bundle(BundlePart, frozen=True, kw_only=True):
    """The file: what was looked at, and what was seen."""

    version: Literal["1"]
    """Of the format of this file."""
    surveys: tuple[Survey, ...] = ()
    """The accounts and regions that were looked at."""
    endpoints: tuple[EndpointEvidence, ...] = ()
    """Endpoints by account, region and name."""
    jobs: tuple[JobEvidence, ...] = ()
    """Transform jobs, those of one model on one kind of machine together."""
    load_tests: tuple[LoadTestEvidence, ...] = ()
    """Jobs of Inference Recommender."""
    advice: tuple[AdviceEvidence, ...] = ()
    """Scaling configurations that Inference Recommender recommends."""
    hash: str = ""
    """SHA-256 of everything else: a bundle says when somebody wrote in it."""
