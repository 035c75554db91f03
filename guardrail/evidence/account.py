"""An account as SageMaker, Application Auto Scaling and CloudWatch describe it, in the field names of their answers.

Only what evidence is judged by is kept: the environment of a container and the inputs of a job may hold secrets, and
are dropped where they are decoded. `Account` is one region of one account; it is pure data, whoever fetched it.
Shapes: the API references of DescribeEndpoint, DescribeEndpointConfig, DescribeInferenceComponent, DescribeModel,
DescribeTransformJob, DescribeScalableTargets, DescribeScalingPolicies, DescribeScheduledActions,
DescribeScalingActivities and DescribeAlarms.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, field

from guardrail.evidence.bundle import SCALABLE_TARGETS

T = TypeVar("T")

DEFAULT_FREQUENCY_S: Final = 60
"""Seconds between two samples of a host metric, where a configuration names no ``MetricPublishFrequencyInSeconds``."""


_MADE_UP: Final = re.compile(r"v?\d+|[0-9a-f]{6,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{12,13}")
"""A part of a name that was made up, or counted up: ``2``, ``20240102030405000000000001``, ``AbCd1234EfGh``."""

_ARN: Final = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]+):(\d{12}):([a-z-]+)/.+", re.ASCII)


def place_of(arn: str, kind: str) -> tuple[str, str] | None:
    """Account and region, as an ARN of SageMaker has them; None of anything but an ARN of that kind: ``endpoint``."""
    found = _ARN.fullmatch(arn)
    return (found[2], found[1]) if found is not None and found[3] == kind else None


def stem(name: str) -> str:
    """What a name begins with before what was made up: ``score`` of ``score-2`` and ``score-v3``."""
    parts = re.split(r"([-_.])", name)
    while len(parts) > 1 and (not parts[-1] or _MADE_UP.fullmatch(parts[-1])):
        del parts[-2:]
    return "".join(parts).rstrip("0123456789") or name


class _DescriptionPart(Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A part of an answer: ``endpoint_name`` here is ``EndpointName`` there."""


# Endpoints -----------------------------------------------------------------------------------------------------------


class ServerlessConfig(_DescriptionPart, frozen=True, kw_only=True):
    """Memory and concurrency of a serverless variant."""

    memory_size_in_mb: int | None = field(default=None, name="MemorySizeInMB")
    max_concurrency: int | None = None
    provisioned_concurrency: int | None = None


class ManagedScalingDescription(_DescriptionPart, frozen=True, kw_only=True):
    """Bounds within which SageMaker itself changes the instances of a variant that hosts components."""

    status: str = ""
    """``ENABLED`` or ``DISABLED``."""
    min_instance_count: int | None = None
    max_instance_count: int | None = None


class InstancePoolDescription(_DescriptionPart, frozen=True, kw_only=True):
    """One instance type of several that a variant may run on."""

    instance_type: str
    priority: int | None = None
    current_instance_count: int | None = None


class MetricsConfig(_DescriptionPart, frozen=True, kw_only=True):
    """How host metrics are published."""

    enable_enhanced_metrics: bool | None = None
    metric_publish_frequency_in_seconds: int | None = None


class AsyncClientConfig(_DescriptionPart, frozen=True, kw_only=True):
    """How many requests an instance of an asynchronous endpoint works on at a time."""

    max_concurrent_invocations_per_instance: int | None = None


class AsyncInferenceConfig(_DescriptionPart, frozen=True, kw_only=True):
    """What makes an endpoint an asynchronous one."""

    client_config: AsyncClientConfig | None = None


class EndpointVariant(_DescriptionPart, frozen=True, kw_only=True):
    """What runs of a variant at this moment."""

    variant_name: str
    current_instance_count: int | None = None
    desired_instance_count: int | None = None
    current_weight: float | None = None
    instance_pools: tuple[InstancePoolDescription, ...] = ()
    current_serverless_config: ServerlessConfig | None = None
    managed_instance_scaling: ManagedScalingDescription | None = None


class EndpointDescription(_DescriptionPart, frozen=True, kw_only=True):
    """An endpoint as DescribeEndpoint answers, with its tags.

    ``last_modified_time`` moves with every change of weights and instances too, so it is no time of an update.
    """

    endpoint_name: str
    endpoint_arn: str = ""
    endpoint_config_name: str = ""
    """Empty where the endpoint hosts none yet, or has failed."""
    endpoint_status: str = ""
    creation_time: datetime
    last_modified_time: datetime | None = None
    production_variants: tuple[EndpointVariant, ...] = ()
    shadow_production_variants: tuple[EndpointVariant, ...] = ()
    async_inference_config: AsyncInferenceConfig | None = None
    metrics_config: MetricsConfig | None = None
    tags: dict[str, str] = field(default_factory=dict, name="tags")
    """From the tagging API; DescribeEndpoint has none."""

    @property
    def variants(self) -> tuple[EndpointVariant, ...]:
        """Those that answer, and their shadows."""
        return (*self.production_variants, *self.shadow_production_variants)


class ConfigVariant(_DescriptionPart, frozen=True, kw_only=True):
    """What a configuration asks for of a variant."""

    variant_name: str
    model_name: str | None = None
    """None where the variant hosts components."""
    instance_type: str | None = None
    instance_pools: tuple[InstancePoolDescription, ...] = ()
    initial_instance_count: int | None = None
    initial_variant_weight: float | None = None
    serverless_config: ServerlessConfig | None = None
    managed_instance_scaling: ManagedScalingDescription | None = None
    volume_size_in_gb: int | None = field(default=None, name="VolumeSizeInGB")


class EndpointConfig(_DescriptionPart, frozen=True, kw_only=True):
    """A configuration as DescribeEndpointConfig answers; it never changes, and may be one of the past."""

    endpoint_config_name: str
    creation_time: datetime
    production_variants: tuple[ConfigVariant, ...] = ()
    shadow_production_variants: tuple[ConfigVariant, ...] = ()
    async_inference_config: AsyncInferenceConfig | None = None
    metrics_config: MetricsConfig | None = None

    @property
    def variants(self) -> tuple[ConfigVariant, ...]:
        """Those that answer, and their shadows."""
        return (*self.production_variants, *self.shadow_production_variants)

    def variant(self, name: str) -> ConfigVariant | None:
        """What it asks for of one variant; None where it has none of that name."""
        return next((each for each in self.variants if each.variant_name == name), None)

    @property
    def frequency_s(self) -> int:
        """Seconds between two samples of a host metric of each instance: 60 unless it says otherwise."""
        frequency = self.metrics_config and self.metrics_config.metric_publish_frequency_in_seconds
        return frequency or DEFAULT_FREQUENCY_S


# Models and components -----------------------------------------------------------------------------------------------


class ContainerDescription(_DescriptionPart, frozen=True, kw_only=True):
    """A container of a model, without its environment."""

    image: str = ""
    mode: str = "SingleModel"
    model_data_url: str = ""
    model_package_name: str = ""


class ModelDescription(_DescriptionPart, frozen=True, kw_only=True):
    """A model as DescribeModel answers: one container, or several."""

    model_name: str
    primary_container: ContainerDescription | None = None
    containers: tuple[ContainerDescription, ...] = ()

    @property
    def is_multi_model(self) -> bool:
        """Whether a container of it keeps a cache of models, so that its memory is no need."""
        return any(each.mode == "MultiModel" for each in self._every)

    @property
    def packages(self) -> tuple[str, ...]:
        """The model packages that its containers come from."""
        return tuple(each.model_package_name for each in self._every if each.model_package_name)

    @property
    def _every(self) -> tuple[ContainerDescription, ...]:
        first = () if self.primary_container is None else (self.primary_container,)
        return (*first, *self.containers)


class ComputeResourceRequirements(_DescriptionPart, frozen=True, kw_only=True):
    """What a copy of a component reserves of an instance."""

    number_of_cpu_cores_required: float | None = None
    number_of_accelerator_devices_required: float | None = None
    min_memory_required_in_mb: int | None = None
    max_memory_required_in_mb: int | None = None


class ComponentSpecification(_DescriptionPart, frozen=True, kw_only=True):
    """What a component runs, and what it reserves for it."""

    model_name: str | None = None
    base_inference_component_name: str | None = None
    compute_resource_requirements: ComputeResourceRequirements | None = None


class ComponentRuntimeConfig(_DescriptionPart, frozen=True, kw_only=True):
    """Copies of a component."""

    desired_copy_count: int | None = None
    current_copy_count: int | None = None


class InferenceComponentDescription(_DescriptionPart, frozen=True, kw_only=True):
    """A component as DescribeInferenceComponent answers."""

    inference_component_name: str
    endpoint_name: str
    variant_name: str | None = None
    inference_component_status: str = ""
    creation_time: datetime
    specification: ComponentSpecification | None = None
    runtime_config: ComponentRuntimeConfig | None = None


# Batch ---------------------------------------------------------------------------------------------------------------


class TransformResources(_DescriptionPart, frozen=True, kw_only=True):
    """What a job runs on."""

    instance_type: str
    instance_count: int


class TransformJobDescription(_DescriptionPart, frozen=True, kw_only=True):
    """A job as DescribeTransformJob answers. AWS bills from its start to its end."""

    transform_job_name: str
    transform_job_status: str = ""
    model_name: str = ""
    transform_resources: TransformResources | None = None
    creation_time: datetime
    transform_start_time: datetime | None = None
    transform_end_time: datetime | None = None


# Scaling -------------------------------------------------------------------------------------------------------------


class SuspendedState(_DescriptionPart, frozen=True, kw_only=True):
    """What of scaling is switched off."""

    dynamic_scaling_in_suspended: bool = False
    dynamic_scaling_out_suspended: bool = False
    scheduled_scaling_suspended: bool = False


class ScalableTargetDescription(_DescriptionPart, frozen=True, kw_only=True):
    """Bounds of what scales: ``endpoint/shop/variant/a`` between 1 and 4."""

    resource_id: str
    scalable_dimension: str
    min_capacity: int
    max_capacity: int
    creation_time: datetime | None = None
    suspended_state: SuspendedState | None = None


class PredefinedMetricSpecification(_DescriptionPart, frozen=True, kw_only=True):
    """A metric by AWS's name for it."""

    predefined_metric_type: str


class CustomizedMetricSpecification(_DescriptionPart, frozen=True, kw_only=True):
    """A metric by its own name; both are None where it is an expression of several."""

    metric_name: str | None = None
    namespace: str | None = None
    statistic: str | None = None


class TargetTrackingConfiguration(_DescriptionPart, frozen=True, kw_only=True):
    """What a policy holds a metric at."""

    target_value: float
    predefined_metric_specification: PredefinedMetricSpecification | None = None
    customized_metric_specification: CustomizedMetricSpecification | None = None
    disable_scale_in: bool = False


class AlarmName(_DescriptionPart, frozen=True, kw_only=True):
    """An alarm that a policy waits for."""

    alarm_name: str


class DescribedPolicy(_DescriptionPart, frozen=True, kw_only=True):
    """A policy as DescribeScalingPolicies answers."""

    policy_name: str
    policy_type: str
    resource_id: str
    scalable_dimension: str
    target_tracking_scaling_policy_configuration: TargetTrackingConfiguration | None = None
    alarms: tuple[AlarmName, ...] = ()


class ScalableTargetAction(_DescriptionPart, frozen=True, kw_only=True):
    """Bounds that a scheduled action sets; one that is None stays as it is."""

    min_capacity: int | None = None
    max_capacity: int | None = None


class ScheduledActionDescription(_DescriptionPart, frozen=True, kw_only=True):
    """An action as DescribeScheduledActions answers."""

    scheduled_action_name: str
    schedule: str
    timezone: str | None = None
    resource_id: str
    scalable_dimension: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    scalable_target_action: ScalableTargetAction | None = None


class ScalingActivity(_DescriptionPart, frozen=True, kw_only=True):
    """What scaling did, or failed to do, within the last six weeks."""

    resource_id: str
    scalable_dimension: str = ""
    description: str = ""
    """``Setting desired instance count to 4.``"""
    cause: str = ""
    start_time: datetime
    end_time: datetime | None = None
    status_code: str = ""
    """``Successful``, ``Failed``, ``Overridden``, …"""
    status_message: str = ""


class Dimension(_DescriptionPart, frozen=True, kw_only=True):
    """One dimension of the metric of an alarm."""

    name: str
    value: str


class MetricAlarm(_DescriptionPart, frozen=True, kw_only=True):
    """An alarm that scaling waits for, or that follows a metric of SageMaker."""

    alarm_name: str
    metric_name: str | None = None
    namespace: str | None = None
    dimensions: tuple[Dimension, ...] = ()
    statistic: str | None = None
    threshold: float | None = None
    comparison_operator: str = ""
    state_value: str = ""
    actions_enabled: bool = True


# The whole -----------------------------------------------------------------------------------------------------------


class Fault(Struct, frozen=True, kw_only=True):
    """A question that was not answered: what is missing is unknown, never zero."""

    call: str
    """``sagemaker:DescribeModel``; the IAM action where that is another."""
    subject: str = ""
    """What was asked about, as ``models/rank``; empty where the call lists everything."""
    reason: str
    """``AccessDeniedException: …``, in one line."""


SCALABLE_TARGETS_CALL: Final = f"application-autoscaling:{SCALABLE_TARGETS}"


def variant_resource(endpoint: str, variant: str) -> str:
    """What scaling calls a variant: ``endpoint/shop/variant/a``."""
    return f"endpoint/{endpoint}/variant/{variant}"


class Account(Struct, frozen=True, kw_only=True, dict=True):
    """One region of one account, at one moment: the service's own, not that of the machine that asked."""

    account: str
    region: str
    now: datetime
    endpoints: tuple[EndpointDescription, ...] = ()
    endpoint_configs: tuple[EndpointConfig, ...] = ()
    """Those in use, and earlier ones that may have been in use inside the window."""
    models: tuple[ModelDescription, ...] = ()
    inference_components: tuple[InferenceComponentDescription, ...] = ()
    transform_jobs: tuple[TransformJobDescription, ...] = ()
    scalable_targets: tuple[ScalableTargetDescription, ...] = ()
    scaling_policies: tuple[DescribedPolicy, ...] = ()
    scheduled_actions: tuple[ScheduledActionDescription, ...] = ()
    scaling_activities: tuple[ScalingActivity, ...] = ()
    alarms: tuple[MetricAlarm, ...] = ()
    faults: tuple[Fault, ...] = ()

    @cached_property
    def scaling_faults(self) -> tuple[Fault, ...]:
        """Why nobody said what scales its variants: no target in the list is no answer then."""
        return tuple(fault for fault in self.faults if fault.call == SCALABLE_TARGETS_CALL)

    def config_of(self, endpoint: EndpointDescription) -> EndpointConfig | None:
        """The configuration that an endpoint runs; None where it is not known."""
        return self._configs_by_name.get(endpoint.endpoint_config_name)

    def model_of(self, variant: ConfigVariant) -> ModelDescription | None:
        """The model that a variant names; None where it names none, or it is not described."""
        return self._models_by_name.get(variant.model_name) if variant.model_name else None

    def is_async(self, endpoint: EndpointDescription) -> bool:
        """Whether an endpoint is an asynchronous one, which both it and its configuration say."""
        config = self.config_of(endpoint)
        return endpoint.async_inference_config is not None or (
            config is not None and config.async_inference_config is not None
        )

    def components_of(self, endpoint: EndpointDescription) -> tuple[InferenceComponentDescription, ...]:
        """The components that run on an endpoint."""
        return tuple(self._components_by_endpoint.get(endpoint.endpoint_name, ()))

    def targets_of(self, resource_id: str) -> Sequence[ScalableTargetDescription]:
        """The scalable targets of ``endpoint/shop/variant/a``."""
        return self._targets_by_resource.get(resource_id, ())

    def policies_of(self, resource_id: str) -> Sequence[DescribedPolicy]:
        """The scaling policies of ``endpoint/shop/variant/a``."""
        return self._policies_by_resource.get(resource_id, ())

    # By name, made once: there are thousands of endpoints, and each asks for its own. The first of a name counts.

    @cached_property
    def _configs_by_name(self) -> dict[str, EndpointConfig]:
        return {each.endpoint_config_name: each for each in reversed(self.endpoint_configs)}

    @cached_property
    def _models_by_name(self) -> dict[str, ModelDescription]:
        return {each.model_name: each for each in reversed(self.models)}

    @cached_property
    def _components_by_endpoint(self) -> dict[str, list[InferenceComponentDescription]]:
        return _grouped(self.inference_components, lambda each: each.endpoint_name)

    @cached_property
    def _targets_by_resource(self) -> dict[str, list[ScalableTargetDescription]]:
        return _grouped(self.scalable_targets, lambda each: each.resource_id)

    @cached_property
    def _policies_by_resource(self) -> dict[str, list[DescribedPolicy]]:
        return _grouped(self.scaling_policies, lambda each: each.resource_id)


def _grouped(every: Iterable[T], named: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for each in every:
        found.setdefault(named(each), []).append(each)
    return found


def decode(content: bytes) -> Account:
    """An account of its JSON, as ``{"account": "111122223333", "region": "us-east-1", "now": …, "endpoints": […]}``.

    Raises `msgspec.DecodeError`, of which `msgspec.ValidationError` is one kind.
    """
    return msgspec.json.decode(content, type=Account)
