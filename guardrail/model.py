"""The model: SageMaker inference as it is billed and scaled, whatever language it was written in.

Sources translate into these types; cost, policies and reports read nothing else. Names are those of the SageMaker and
Application Auto Scaling APIs, and the unit is part of a number's name. Three absences are told apart everywhere:
``None`` means there is none, ``0`` means zero, and `Unknown` means that it cannot be known, with the reason.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

Mode: TypeAlias = Literal["realtime", "async", "serverless"]
Change: TypeAlias = Literal["create", "update", "replace", "delete", "no-op", "forget"]
Deployed: TypeAlias = Literal["yes", "possibly", "no"]

INSTANCE_COUNT = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED_CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
COPY_COUNT = "sagemaker:inference-component:DesiredCopyCount"

_LAST = 2**31
"""Beyond every priority: where a pool of unknown priority stands."""
LONGEST_SHADOW_TEST_HOURS = Decimal(30 * 24)
"""No inference experiment runs longer (SageMaker API reference, InferenceExperimentSchedule)."""


class Unknown(Struct, frozen=True, rename={"reason": "unknown"}, omit_defaults=True):
    """A value that cannot be known here: known only after apply, a variable without a value, a link that failed."""

    reason: str
    """Why, as a clause that can follow "unknown: "."""
    partial: str | None = None
    """What is known of its text, with ``${…}`` where the rest belongs."""
    at_least: Decimal | None = None
    """The least that the number can be, where that much is known."""
    at_most: Decimal | None = None
    """The most that the number can be."""


GENERATED = "generated on apply"
"""Why a name is unknown that its provider chooses: nothing that is known can be equal to it."""
AFTER_APPLY = "known only after apply"
AT_DEPLOYMENT = "known only at deployment"
LATER = frozenset({GENERATED, AFTER_APPLY, AT_DEPLOYMENT})
"""Why values are unknown that are there once the stack is."""


class Location(Struct, frozen=True):
    """A place in a file, for people and code-scanning tools."""

    path: str
    line: int
    """1-based."""
    column: int = 1
    """1-based."""
    called_at: "Location | None" = None
    """The module call that brings the file in, where the place is in a module."""
    used_at: "Location | None" = None
    """The argument that the value written here ends up in, if that is elsewhere; behind it the calls that pass it."""


class Alarm(Struct, frozen=True, kw_only=True):
    """A CloudWatch alarm that starts a scaling policy."""

    address: str
    metric_name: str | Unknown | None
    namespace: str | Unknown | None
    dimensions: dict[str, str | Unknown] | Unknown
    statistic: str | Unknown | None
    comparison_operator: str | Unknown
    threshold: float | Unknown | None
    period_s: int | Unknown | None
    evaluation_periods: int | Unknown
    datapoints_to_alarm: int | Unknown | None = None
    """How many of the last `evaluation_periods` must breach; None where that is all of them."""
    treat_missing_data: str | Unknown | None = None
    """missing (the default), breaching, notBreaching or ignore."""
    actions_enabled: bool | Unknown = True
    """Where False the alarm fires and starts nothing."""
    conflict: str | None = None
    """Why it is not there, or not where its policy is: ``is in us-east-1, and what it starts in eu-west-1``."""


class ScalingMetric(Struct, frozen=True, kw_only=True):
    """What a target-tracking policy follows."""

    predefined: bool
    """True for a PredefinedMetricType, whose name is `name`; then namespace and dimensions are AWS's."""
    name: str | Unknown | None
    namespace: str | Unknown | None = None
    dimensions: dict[str, str | Unknown] | Unknown = {}
    """Values by dimension name."""
    statistic: str | Unknown | None = None


class TargetTrackingPolicy(Struct, frozen=True, kw_only=True):
    """An Application Auto Scaling policy of type TargetTrackingScaling."""

    address: str
    target_value: float | Unknown
    metrics: tuple[ScalingMetric, ...] | Unknown
    """What it follows: one metric, or each metric_stat of a metric-math expression; none where the block is missing."""
    disable_scale_in: bool | Unknown
    scale_in_cooldown_s: int | Unknown | None = None
    scale_out_cooldown_s: int | Unknown | None = None
    location: Location | None = None


class StepAdjustment(Struct, frozen=True):
    """One step: what it does while the metric lies so far from the alarm's threshold, from `lower` up to `upper`."""

    lower: float | Unknown | None
    """metric_interval_lower_bound; None for minus infinity."""
    upper: float | Unknown | None
    """metric_interval_upper_bound; None for infinity."""
    adjustment: float | Unknown
    """scaling_adjustment: instances, or percent, or an exact capacity, by the policy's adjustment_type."""


class StepScalingPolicy(Struct, frozen=True, kw_only=True):
    """An Application Auto Scaling policy of type StepScaling. It does nothing without an alarm."""

    address: str
    adjustment_type: str | Unknown | None
    """ChangeInCapacity, PercentChangeInCapacity or ExactCapacity."""
    steps: tuple[StepAdjustment, ...] | Unknown
    """Negative adjustments (or a smaller ExactCapacity) scale in."""
    alarms: tuple[Alarm, ...] | Unknown
    """The alarms that name it as an action; Unknown where an alarm's actions could not be linked."""
    least_adjustment: int | Unknown | None = None
    """min_adjustment_magnitude: how many at least where a percentage comes to less; None without."""
    cooldown_s: int | Unknown | None = None
    metric_aggregation_type: str | Unknown | None = None
    """Average (the default), Minimum or Maximum."""
    location: Location | None = None


class OtherScalingPolicy(Struct, frozen=True, kw_only=True):
    """A scaling policy whose type is unknown here, or of no use to SageMaker (PredictiveScaling)."""

    address: str
    policy_type: str | Unknown
    location: Location | None = None


ScalingPolicy: TypeAlias = TargetTrackingPolicy | StepScalingPolicy | OtherScalingPolicy


class ScheduledAction(Struct, frozen=True, kw_only=True):
    """An Application Auto Scaling scheduled action. Either bound may be absent."""

    address: str
    schedule: str | Unknown
    """``at(2026-12-01T08:00:00)``, ``cron(0 8 ? * MON-FRI *)`` or ``rate(1 day)``."""
    min_capacity: int | Unknown | None
    max_capacity: int | Unknown | None
    timezone: str | Unknown | None = None
    """An IANA name that its at and cron are meant in: ``Europe/Berlin``; None for UTC."""
    start: str | Unknown | None = None
    """ISO 8601, as written: before it the action does not run."""
    end: str | Unknown | None = None
    """ISO 8601, as written: after it the action does not run."""
    location: Location | None = None


class ScalableTarget(Struct, frozen=True, kw_only=True):
    """An Application Auto Scaling target with everything attached to it."""

    address: str
    dimension: str
    """One of INSTANCE_COUNT, PROVISIONED_CONCURRENCY, COPY_COUNT."""
    min_capacity: int | Unknown
    max_capacity: int | Unknown
    policies: tuple[ScalingPolicy, ...] | Unknown = ()
    """Unknown where a policy exists that may or may not belong here."""
    scheduled_actions: tuple[ScheduledAction, ...] | Unknown = ()
    dynamic_scaling_in_suspended: bool | Unknown = False
    """Of its suspended_state, as the next two: no policy takes capacity away."""
    dynamic_scaling_out_suspended: bool | Unknown = False
    """No policy adds capacity."""
    scheduled_scaling_suspended: bool | Unknown = False
    """No scheduled action runs."""
    past_actions: tuple[str, ...] = ()
    """Its scheduled actions that are over, by address and expression; they are none of `scheduled_actions` any more."""
    seen_on: date | None = None
    """The day from which its schedule is looked at; None where nobody has said."""
    sensitive: bool = False
    """Its source marks one of its numbers sensitive: use it, never print it."""
    location: Location | None = None
    lines: dict[str, Location] = {}
    """Where its arguments are written, by the names of its language; empty where the source has no lines."""


class ManagedInstanceScaling(Struct, frozen=True, kw_only=True):
    """SageMaker's own scaling of a variant's instances, which only inference-component endpoints accept."""

    status: str | Unknown
    """ENABLED or DISABLED."""
    min_instance_count: int | Unknown | None
    max_instance_count: int | Unknown | None


class InstancePool(Struct, frozen=True, kw_only=True):
    """One of a variant's alternative instance types; the lowest priority number is tried first."""

    instance_type: str | Unknown
    priority: int | Unknown


class CapacityReservation(Struct, frozen=True, kw_only=True):
    """ML capacity (a training plan) that a variant runs in, which is paid for by the reservation, not by the hour."""

    preference: str | Unknown | None
    """capacity-reservations-only."""
    ml_reservation_arn: str | Unknown | None


class Container(Struct, frozen=True, kw_only=True):
    """A container of a model."""

    image: str | Unknown | None
    """Path of its image in a registry; None where a model package brings it."""
    mode: str | Unknown
    """SingleModel, the default, or MultiModel."""
    model_package: str | Unknown | None
    """Name or ARN of the model package that it comes from; None where it comes from none."""
    has_data_source: bool | Unknown = False
    """Whether its artifacts come from ModelDataSource (files) rather than from ModelDataUrl (one archive)."""
    private_registry: bool | Unknown = False
    """Whether its image is in a registry in the VPC (ImageConfig.RepositoryAccessMode Vpc), which is not ECR's own."""
    number_format: str | Unknown | None = None
    """What its serving software is told to compute with: ``bf16``; None where its environment does not say."""
    tensor_parallel_degree: int | Unknown | None = None
    """Over how many accelerators its model is split; None where its environment does not say."""


class Model(Struct, frozen=True, kw_only=True):
    """What a variant serves, as `AWS::SageMaker::Model` has it. It bills nothing itself."""

    address: str
    containers: tuple[Container, ...] | Unknown
    """The primary one, or those of a pipeline in their order."""
    execution_mode: str | Unknown
    """How the containers of a pipeline are called: Serial, the default, or Direct."""
    vpc: bool | Unknown
    """Whether it runs in a VPC of the account."""
    network_isolation: bool | Unknown
    """Whether its containers may make no network calls."""
    execution_role: str | Unknown | None = None
    """ARN of the role that its containers act as, or the address of one whose ARN is known after apply."""
    network: tuple[str, ...] | Unknown = ()
    """Its subnets and security groups, sorted; empty where it runs in no VPC of the account."""


class InstanceVariant(Struct, frozen=True, kw_only=True):
    """A production or shadow variant on instances, billed per instance and hour whatever its weight or traffic."""

    name: str | Unknown
    shadow: bool
    instance_type: str | Unknown | None
    """None only where instance_pools says it instead."""
    initial_instance_count: int | Unknown
    weight: float | Unknown = 1.0
    """initial_variant_weight; the API's default is 1."""
    accelerator_type: str | Unknown | None = None
    """An Elastic Inference accelerator, which AWS no longer offers."""
    conflict: str | None = None
    """Why the API refuses what it says of how it is served: nothing, or instances and serverless at once."""
    volume_size_gb: int | Unknown | None = None
    """volume_size_in_gb; None where unset, so that the default of the type applies."""
    model_name: str | Unknown | None = None
    """None where the variant names no model, as a host of inference components does."""
    model_meant: str | None = None
    """The model of the stack that `model_name`, which names none of them, is almost the name of."""
    managed_scaling: ManagedInstanceScaling | Unknown | None = None
    instance_pools: tuple[InstancePool, ...] = ()
    capacity_reservation: CapacityReservation | Unknown | None = None
    marketplace: bool | Unknown = False
    """Whether its model is an AWS Marketplace package, whose software fee comes on top."""
    multi_model: bool | Unknown | None = None
    """Whether its container's mode is MultiModel; None where the model is not known here."""
    model: Model | Unknown | None = None
    """What it serves; None where that is managed elsewhere, or it names no model."""
    scaling: ScalableTarget | Unknown | None = None
    """The target on INSTANCE_COUNT; Unknown where a target exists that may be its own."""
    assumptions: tuple[str, ...] = ()
    """Attributes whose default was taken because their source could not tell unset from unknown (dynamic blocks)."""
    sensitive: bool = False
    """Its source marks type, count or volume sensitive: use them, never print them."""
    monthly_hours: Decimal | Unknown | None = None
    """For how many hours a month it is there: those of the inference experiment that runs it, which always ends.

    None where it stays, so that it is there for the whole month; Unknown is at most `LONGEST_SHADOW_TEST_HOURS`.
    """
    location: Location | None = None
    """Where the variant is written, its instance_type where that is known."""
    lines: dict[str, Location] = {}
    """Where its arguments are written, by the names of its language; empty where the source has no lines."""

    @property
    def types(self) -> tuple[str | Unknown, ...]:
        """The instance types that it can run on, that of the first priority first, those of unknown priority last."""
        if self.instance_type is not None:
            return (self.instance_type,)
        pools = sorted(
            self.instance_pools, key=lambda pool: _LAST if isinstance(pool.priority, Unknown) else pool.priority
        )
        return tuple(pool.instance_type for pool in pools)


class ServerlessVariant(Struct, frozen=True, kw_only=True):
    """A serverless variant, billed per second of its memory size."""

    name: str | Unknown
    shadow: bool = False
    """Whether it would answer copies of requests, which AWS refuses (DG shadow-tests-exclusions)."""
    memory_mib: int | Unknown
    """serverless_config.memory_size_in_mb: 1024 to 6144 in steps of 1024."""
    max_concurrency: int | Unknown
    provisioned_concurrency: int | Unknown | None
    """Slots kept warm; None where all compute is on demand."""
    weight: float | Unknown = 1.0
    accelerator_type: str | Unknown | None = None
    conflict: str | None = None
    """As of `InstanceVariant`: what of an instance-based variant it says beside."""
    model_name: str | Unknown | None = None
    model_meant: str | None = None
    marketplace: bool | Unknown = False
    model: Model | Unknown | None = None
    scaling: ScalableTarget | Unknown | None = None
    """The target on PROVISIONED_CONCURRENCY."""
    assumptions: tuple[str, ...] = ()
    sensitive: bool = False
    location: Location | None = None
    lines: dict[str, Location] = {}


Variant: TypeAlias = InstanceVariant | ServerlessVariant


class InferenceComponent(Struct, frozen=True, kw_only=True):
    """A model placed on the instances of a variant. It has no price of its own: the instances of its variant do."""

    address: str
    name: str | Unknown
    variant_name: str | Unknown | None
    """None where it names none: then it belongs to the endpoint's only variant."""
    copies: int | Unknown | None
    """runtime_config.copy_count; None for an adapter, which runs inside its base component."""
    accelerators: float | Unknown | None = None
    """number_of_accelerator_devices_required of each copy; None where it asks for none."""
    memory_mib: int | Unknown | None = None
    """min_memory_required_in_mb of each copy: of the instance's memory, not of its accelerators'."""
    scaling: ScalableTarget | Unknown | None = None
    """The target on COPY_COUNT."""
    location: Location | None = None


class UnlinkedScaling(Struct, frozen=True, kw_only=True):
    """A scaling target, policy or scheduled action that scales nothing, because of how it says what it scales."""

    address: str
    problem: str
    """A clause: ``resource_id has 'varient'``, ``endpoint chat has no variant AllTraffic, it has main``."""
    suggestion: str | None = None
    """What to write in place of the word that is wrong, where one is near: ``variant``."""
    is_certain: bool = True
    """False where it may mean something that is managed elsewhere, and only looks like a slip."""
    variant: str | None = None
    """The variant that it seems to mean."""
    location: Location | None = None
    idle_alarm: Alarm | None = None
    """What watches an endpoint and starts nothing at all, for it has no actions."""

    @property
    def sentence(self) -> str:
        """The problem, with the suggestion as a question."""
        return self.problem if self.suggestion is None else f"{self.problem}, did you mean {self.suggestion!r}?"


AdriftKind: TypeAlias = Literal["target", "policy", "scheduled action", "alarm"]


class AdriftScaling(Struct, frozen=True, kw_only=True):
    """What scales an endpoint that is not in its source, and may be in another input of the run."""

    address: str
    kind: AdriftKind
    endpoint: str
    """Its name."""
    variant: str | None
    """Its name; None of an alarm that watches the whole endpoint."""
    dimension: str
    """As of `ScalableTarget`; "" where that is not known."""
    region: str | Unknown


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint joined with its configuration, which is what is billed.

    Also used for a configuration that no endpoint uses (`deployed` is "no"), which costs nothing until one does, and
    for one that an endpoint which could not be resolved may use ("possibly").
    """

    address: str
    name: str | Unknown
    region: str | Unknown
    mode: Mode | Unknown
    variants: tuple[Variant, ...] | Unknown
    """Production variants first, then shadow variants; Unknown where the configuration is not known here."""
    configuration_address: str | None
    """Address of the configuration's own block; None where it is managed elsewhere."""
    configuration_name: str | None = None
    """The configuration's name, where that is known and may be shown."""
    candidates: tuple[str, ...] = ()
    """Addresses of configurations of which it uses exactly one, where that is all that is known of its variants."""
    change: Change = "no-op"
    """What the plan does to the endpoint itself."""
    account: str | None = None
    """The account that it lies in, from its ARN or the only one its provider may work in; None where neither tells."""
    touched: bool = True
    """Whether the change touches the endpoint, its configuration or its scaling (always, where there is no before)."""
    deployed: Deployed = "yes"
    elsewhere: bool = False
    """It is not here, or which one it is cannot be told, and only what scales it is known."""
    inference_components: tuple[InferenceComponent, ...] | Unknown = ()
    """Unknown where a component exists that may be hosted here."""
    unlinked_scaling: tuple[UnlinkedScaling, ...] = ()
    """What seems to mean this endpoint and scales nothing of it."""
    kept: bool = False
    """Its template deletes it and AWS keeps it (DeletionPolicy, UpdateReplacePolicy: Retain), so it is still billed."""
    keeps_previous_configuration: bool = False
    """Its configuration is replaced under the same name, so what runs, and its bill, stay as they were."""
    configuration_is_in_its_own_way: bool | Unknown = False
    """Its configuration keeps its name, and the next is to be created before it goes: AWS has one of that name."""
    ignored_changes: tuple[str, ...] | Unknown = ()
    """What ``ignore_changes`` keeps from it: ``endpoint_config_name``, or arguments of its configuration."""
    data_capture_percent: float | Unknown | None = None
    """Share of requests captured to S3; None where data capture is off."""
    kms_key: str | Unknown | None = None
    """The key that its configuration has the volumes of its instances encrypted with; None for AWS's own."""
    two_fleets_minutes: float | Unknown | None = None
    """For how long an update bills the old fleet beside the new one, at least; None where nothing says it does."""
    rolling_wait_minutes: float | Unknown | None = None
    """For how long a rolling update keeps a batch of old instances beside the new one; None where it does not roll."""
    detailed_observability: bool | Unknown = False
    """Whether its configuration has SageMaker publish the metrics of detailed observability, which CloudWatch bills."""
    environment_label: str | None = None
    """What the set of values is called that it was made with: ``prod``."""
    tags: dict[str, str | Unknown] | Unknown = {}
    """Tags of the endpoint with the provider's or stack's defaults; those of its configuration fill the gaps."""
    location: Location | None = None
    configuration_location: Location | None = None

    @property
    def update_minutes(self) -> float | Unknown | None:
        """For how long an update bills an old instance beside a new one, by the policy that it has; None of neither."""
        return self.rolling_wait_minutes if self.two_fleets_minutes is None else self.two_fleets_minutes


class Skipped(Struct, frozen=True, kw_only=True):
    """A resource that is relevant, was seen, and could not be understood or linked. Every report shows it."""

    address: str
    type: str
    """The resource type in its own language: aws_appautoscaling_target, AWS::SageMaker::Endpoint."""
    reason: str
    affects_total: bool = True
    """False where it bills nothing itself and belongs to nothing here, as a scaling target of an endpoint elsewhere."""


class Budget(Struct, frozen=True, kw_only=True):
    """A cost budget of AWS Budgets. It costs nothing and stops nothing: AWS warns when it is exceeded."""

    address: str
    limit: float | Unknown | None
    """In `unit` for each `time_unit`; None where it is not one fixed amount."""
    unit: str | Unknown | None
    """USD, or another currency."""
    time_unit: str | Unknown | None
    """DAILY, MONTHLY, QUARTERLY or ANNUALLY."""
    covers_sagemaker: bool | Unknown
    """Whether SageMaker counts towards it; Unknown where it has filters of another kind."""
    sensitive: bool = False
    """Its source marks its limit sensitive: never print it, nor what follows from it."""
    location: Location | None = None


class TransformJob(Struct, frozen=True, kw_only=True):
    """A batch transform job that something starts: the CreateTransformJob request, as far as it is known."""

    label: str
    """Where in its workflow it stands: ``Each/Score``; empty where it is all there is."""
    name: str | Unknown | None
    """TransformJobName, which is taken for ever once a job has it; None where the service makes one up."""
    model_name: str | Unknown | None
    instance_types: tuple[str | Unknown, ...]
    """The type; of a parameter that has several values each of them, of which one is used."""
    instance_count: int | Unknown
    max_concurrent_transforms: int | Unknown | None = None
    """None where unset, and so for 0: the container decides, else it is 1."""
    max_payload_mb: int | Unknown | None = None
    """None where unset: 6 (API reference). 0 is no limit."""
    batch_strategy: str | Unknown | None = None
    split_type: str | Unknown | None = None
    """None is the default, which is called None."""
    s3_data_type: str | Unknown | None = None
    s3_uri: str | Unknown | None = None
    output_path: str | Unknown | None = None
    """Nothing is said of it, but jobs that write to two places are two."""
    uses_model_data_source: bool | Unknown | None = None
    """Whether its model takes artifacts from ModelDataSource, which transform refuses; None where it is elsewhere."""
    uploads_end: bool | Unknown | None = None
    """Whether incomplete uploads to where it writes end some day; None where its bucket is elsewhere."""
    has_fixed_name: bool = False
    """Its name is the same each time, so that only the first job ever can have it."""
    names: int | None = 1
    """How many a fixed name is: one for each item of a map where its index is in it; None where they are not known."""
    waits: bool | None = None
    """Whether what starts it waits for its end (``.sync``), so that a timeout bounds it; None where nothing could."""
    timeout_s: int | Unknown | None = None
    """For how long a task waits; None where it says nothing."""
    attempts: int | None = 1
    """How often it runs at most where each try starts a job of its own; None where that has no end."""
    run_hours: Decimal | None = None
    """How long it ran, of one that is over."""


class Step(Struct, frozen=True, kw_only=True):
    """A state of a workflow: what it runs while it is visited once, and which of the others may come next."""

    jobs: tuple[int, ...] = ()
    """Places of jobs in `Workflow.jobs`."""
    starts: tuple[int, ...] = ()
    """Places of other workflows that it starts, among those that its definition does."""
    parts: "tuple[Flow, ...]" = ()
    """Branches that run together, or what runs for each item of a map."""
    least: int = 1
    """How often it runs all of it, at least: 0 of what a cache may save."""
    most: int | None = 1
    """How often at most, where nothing fails; None where that is not known."""
    tries: int | None = 1
    """How often each of these is tried at most, where it fails; None where that is not known."""
    items_of_a_name: int = 1
    """How many items of the maps around it, at least, ask for the same name, of which all but the first are refused."""
    nexts: tuple[int, ...] = ()
    ends: bool = False
    """Whether the flow may be over here."""


class Flow(Struct, frozen=True):
    """Steps of which the first one comes first. `guardrail.flows` says what runs on the way through."""

    steps: tuple[Step, ...] = ()


class Parent(Struct, frozen=True, kw_only=True):
    """A workflow that starts another, and how often in each of its executions: see `Trigger`."""

    address: str
    least: int = 1
    most: int | None = 1
    usual: int | None = 1


class Trigger(Struct, frozen=True, kw_only=True):
    """What starts a workflow at times of its own."""

    address: str
    expression: str | Unknown
    """``cron(0 2 * * ? *)``, ``rate(1 day)``, ``at(2030-01-02T03:04:05)``."""
    zone: str | None = None
    """None is UTC."""
    start: str | Unknown | None = None
    end: str | Unknown | None = None
    enabled: bool | Unknown = True
    least: int = 1
    """How often it starts the workflow each time: what another workflow starts runs as often as that one's state."""
    most: int | None = 1
    """How often at most, retries counted; None where that has no end."""
    usual: int | None = 1
    """How often where nothing fails; None where that is decided while something runs."""
    parents: tuple[Parent, ...] = ()
    """Of what another workflow starts that one, and what starts that, the nearest first; the last one is what is
    started by nothing here, or at times of its own."""


class Workflow(Struct, frozen=True, kw_only=True):
    """What starts transform jobs: a state machine, a pipeline, a schedule, or one request on its own."""

    address: str
    type: str
    """The resource type in its own language; ``definition`` for a file of its own."""
    region: str | Unknown
    name: str | Unknown
    """What it is called in AWS; of a file of its own the name of that."""
    jobs: tuple[TransformJob, ...]
    """In the order of its states; what no way leads to is among them, and in no total."""
    flow: Flow
    triggers: tuple[Trigger, ...] | None = None
    """None where nothing here starts it, so that nobody knows how often it runs."""
    once: bool = False
    """It runs once and not every month: a request, the validation of a model package."""
    monthly_runs: Decimal | Unknown | None = None
    """How often its triggers start it a month; None where nothing says."""
    most_monthly_runs: Decimal | Unknown | None = None
    """How often at most where that is more, because what starts it is tried again; Unknown where it has no end."""
    year: str = ""
    """The year that its runs are counted in: ``the year from 2026-11-27``."""
    deployed: Deployed = "yes"
    """"possibly" where it may not be there."""
    change: Change = "no-op"
    touched: bool = True
    environment_label: str | None = None
    """What its set of values is called: see `Endpoint`."""
    tags: dict[str, str | Unknown] | Unknown = {}
    """Its own, with the defaults of its provider or stack; of a request those that its job is given."""
    location: Location | None = None

    @property
    def block_address(self) -> str:
        """That of its block, which several share that are started with other inputs: ``x`` of ``x (nightly)``."""
        return self.address.partition(" (")[0]

    @property
    def unknown_sizes(self) -> list[Unknown]:
        """What is unknown of how many instances, and of which types, its jobs have."""
        sizes = [each for job in self.jobs for each in (job.instance_count, *job.instance_types)]
        return [each for each in sizes if isinstance(each, Unknown)]

    @property
    def unknown_times(self) -> list[Unknown]:
        """What is unknown of whether and when something starts it."""
        times = [each for trigger in self.triggers or () for each in (trigger.enabled, trigger.expression)]
        return [each for each in times if isinstance(each, Unknown)]

    @property
    def is_partial(self) -> bool:
        """Whether something is unknown that has a price: its region, or the size of one of its jobs."""
        return isinstance(self.region, Unknown) or bool(self.unknown_sizes)


class Inventory(Struct, frozen=True, kw_only=True):
    """Everything of SageMaker inference that stands, or will stand, at one moment."""

    endpoints: tuple[Endpoint, ...] = ()
    """Sorted by address; those of `deployed` "possibly" included."""
    unattached: tuple[Endpoint, ...] = ()
    """Configurations that nothing can reach: checked, priced "if deployed", outside every total."""
    workflows: tuple[Workflow, ...] = ()
    """What starts transform jobs, sorted by address."""
    other_jobs: dict[str, int] = {}
    """Jobs of SageMaker that are not inference and stand beside transform jobs, by what they are called."""
    budgets: tuple[Budget, ...] = ()
    """Cost budgets of AWS Budgets, sorted by address."""
    strays: tuple[Endpoint, ...] = ()
    """What scales endpoints that are not here or cannot be told, each as an endpoint of which nothing else is known.

    Sorted by address. What is sure of them is judged, and they are in no number.
    """
    adrift: tuple[AdriftScaling, ...] = ()
    """Scaling of endpoints that are not in this source."""


class Coverage(Struct, frozen=True, kw_only=True):
    """How much of what is relevant was understood. seen = modelled + skipped."""

    seen: int = 0
    modelled: int = 0
    partial: int = 0
    """Modelled, with an Unknown in a field that has a price."""
    skipped: int = 0


class InlineWaiver(Struct, frozen=True, kw_only=True):
    """A finding that is accepted where it arises: in a comment of the code, or in the metadata of a template.

    Texts are as they are written; whoever applies it says what is wrong with them.
    """

    policy: str
    """Its id."""
    address: str | None
    """Of the block it stands in; None where it is about everything in the source."""
    until: str
    """The last day on which it holds, as ISO 8601 has it."""
    reason: str
    location: Location | None = None


class Possibility(Struct, frozen=True, kw_only=True):
    """What a source means if something undecided in it is decided in one way."""

    given: str
    """How it is decided, for people: ``Stage=prod``."""
    after: Inventory
    before: Inventory | None = None


class ChangeSet(Struct, frozen=True, kw_only=True):
    """One source: what stands before the change and what will stand after it."""

    path: str
    """As the user gave it; "-" for standard input."""
    label: str | None = None
    """Tells it from others of the same path: the one that ``--var-file LABEL=FILE`` gives."""
    kind: Literal["terraform-plan", "terraform-state", "hcl", "cloudformation", "definition"]
    after: Inventory
    before: Inventory | None = None
    """None where the source has no past."""
    format_version: str | None = None
    is_past_unreadable: bool = False
    """Whether something stood before, or may have, that nobody can read; `before` is None then."""
    unread_before: Skipped | None = None
    """What may have billed before the change and is in no total of `before`, though nothing of `after` lacks it."""
    complete: bool = True
    """False where the source itself says that it does not tell everything (deferred changes, -target)."""
    skipped: tuple[Skipped, ...] = ()
    coverage: Coverage
    notices: tuple[str, ...] = ()
    """Sentences for the reader that are no findings: noise skipped, drift, resources that are forgotten."""
    possibilities: tuple[Possibility, ...] = ()
    """Every way in which what is undecided can be decided, where that makes a difference.

    Then `after` and `before` hold what all of them have in common, and Unknown where they differ.
    """
    undecided: str | None = None
    """What to give so that one possibility is left: ``give --parameters Stage=dev or Stage=prod``."""
    waivers: tuple[InlineWaiver, ...] = ()
    """Findings that the source itself accepts."""
    texts: frozenset[str] = frozenset()
    """The files whose text stands in it: ``file("score.asl.json")``, ``DefinitionUri``; real paths."""
    unread: tuple[str, ...] = ()
    """Files that should have been read and could not be, a sentence each: there is no answer, only what remains."""
    moved: dict[str, tuple[str, ...]] = {}
    """By address of an endpoint, those that its block had before, the latest first (``moved``, ``state mv``)."""
    construct_paths: dict[str, str] = {}
    """By address, the path of the CDK construct that made the block (``aws:cdk:path``)."""

    def mapped(self, after: Callable[[Inventory], Inventory], before: Callable[[Inventory], Inventory]) -> "ChangeSet":
        """With its inventories, those of each possibility among them, changed; what stands before comes first."""
        return replace(
            self,
            before=None if self.before is None else before(self.before),
            after=after(self.after),
            possibilities=tuple(
                replace(
                    possibility,
                    before=None if possibility.before is None else before(possibility.before),
                    after=after(possibility.after),
                )
                for possibility in self.possibilities
            ),
        )
