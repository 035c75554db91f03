"""What Application Auto Scaling, and SageMaker's own scaling, can really do with a variant or an inference component.

Pure functions over the model. Each answers ``Unknown`` with a reason where something that decides is not known, and
never guesses: True and False hold whatever the unknown parts turn out to be (Kleene logic). Sources are the pages of
the SageMaker developer guide (DG, docs.aws.amazon.com/sagemaker/latest/dg) and of the Application Auto Scaling user
guide (AAS, docs.aws.amazon.com/autoscaling/application/userguide); each function names its own.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ManagedInstanceScaling,
    Mode,
    ScalableTarget,
    ScalingMetric,
    ScalingPolicy,
    ScheduledAction,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)

Truth: TypeAlias = bool | Unknown

# Policies and schedules ----------------------------------------------------------------------------------------------


def policy_count(target: ScalableTarget) -> int | Unknown:
    """How many policies are attached to the target, whether they do anything or not."""
    return target.policies if isinstance(target.policies, Unknown) else len(target.policies)


def scheduled_action_count(target: ScalableTarget) -> int | Unknown:
    """How many scheduled actions are attached to the target."""
    actions = target.scheduled_actions
    return actions if isinstance(actions, Unknown) else len(actions)


def has_dynamic_policy(target: ScalableTarget) -> Truth:
    """Whether a policy answers the load: target tracking that follows a metric, or steps that an alarm starts.

    A step policy without an alarm and a target-tracking policy without a metric do nothing, and predictive scaling is
    for other services (DG endpoint-auto-scaling-policy; AAS: "only supported for Amazon ECS").
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    return _some(_acts(policy) for policy in target.policies)


def target_tracking_count(target: ScalableTarget) -> int | Unknown:
    """How many of its policies are target tracking."""
    if isinstance(target.policies, Unknown):
        return target.policies
    return sum(isinstance(policy, TargetTrackingPolicy) for policy in target.policies)


def can_scale_in(target: ScalableTarget) -> Truth:
    """Whether anything ever takes capacity away.

    A target-tracking policy does unless ``disable_scale_in``; a step policy does where a step is negative, or an exact
    capacity below the greatest; neither does while dynamic scaling in is suspended (AAS
    application-auto-scaling-suspend-resume-scaling). A scheduled action does only where it sets MaxCapacity below the
    greatest: lowering MinCapacity alone removes nothing.
    """
    highest = highest_capacity(target)
    return _some((_policies_scale_in(target, highest), _schedule_scales_in(target, highest)))


def _policies_scale_in(target: ScalableTarget, highest: int | Unknown) -> Truth:
    if isinstance(target.policies, Unknown):
        scales_in: Truth = target.policies
    else:
        scales_in = _some(_scales_in(policy, highest) for policy in target.policies)
    return _every((scales_in, _not(target.dynamic_scaling_in_suspended)))


def _scales_in(policy: ScalingPolicy, highest: int | Unknown) -> Truth:
    acts = _acts(policy)
    if isinstance(policy, TargetTrackingPolicy):
        return _every((acts, _not(policy.disable_scale_in)))
    if isinstance(policy, StepScalingPolicy):
        return _every((acts, _removes(policy, highest)))
    return acts


def _acts(policy: ScalingPolicy) -> Truth:
    if isinstance(policy, TargetTrackingPolicy):
        return policy.metrics if isinstance(policy.metrics, Unknown) else bool(policy.metrics)
    if isinstance(policy, StepScalingPolicy):
        return (
            policy.alarms
            if isinstance(policy.alarms, Unknown)
            else _some(each.actions_enabled for each in policy.alarms)
        )
    return policy.policy_type if isinstance(policy.policy_type, Unknown) else False


def _removes(policy: StepScalingPolicy, highest: int | Unknown) -> Truth:
    """Whether a step takes capacity away: a negative change, or an exact capacity below the greatest."""
    if isinstance(policy.steps, Unknown):
        return policy.steps
    if isinstance(policy.adjustment_type, Unknown):
        return policy.adjustment_type
    limit: int | Unknown = highest if policy.adjustment_type == "ExactCapacity" else 0
    return _some(_below(step.adjustment, limit) for step in policy.steps)


def _schedule_scales_in(target: ScalableTarget, highest: int | Unknown) -> Truth:
    actions = acting_schedule(target)
    if isinstance(actions, Unknown):
        return actions
    return _some(_below(action.max_capacity, highest) for action in actions if action.max_capacity is not None)


def acting_schedule(target: ScalableTarget) -> tuple[ScheduledAction, ...] | Unknown:
    """The scheduled actions that run: none while scheduled scaling is suspended."""
    suspended = target.scheduled_scaling_suspended
    if suspended is True or target.scheduled_actions == ():
        return ()
    return suspended if isinstance(suspended, Unknown) else target.scheduled_actions


# Bounds --------------------------------------------------------------------------------------------------------------


def lowest_capacity(target: ScalableTarget) -> int | Unknown:
    """The least of the target's and its scheduled actions' bounds.

    Minimum 2, maximum 6, and a schedule that sets the maximum to 1 at night: 1. An unknown maximum does not count, for
    it may not lie below its minimum.
    """
    minima, maxima = _bounds(target)
    if isinstance(minima, Unknown):
        return minima
    for bound in minima:
        if isinstance(bound, Unknown):
            return bound
    return min(bound for bound in (*minima, *maxima) if isinstance(bound, int))


def highest_capacity(target: ScalableTarget) -> int | Unknown:
    """The greatest of the target's and its scheduled actions' bounds.

    Minimum 1, maximum 2, and a schedule that sets 4 to 8 on weekdays: 8.
    """
    minima, maxima = _bounds(target)
    if isinstance(minima, Unknown):
        return minima
    for bound in maxima:
        if isinstance(bound, Unknown):
            return bound
    return max(bound for bound in (*minima, *maxima) if isinstance(bound, int))


def known_capacities(target: ScalableTarget) -> list[int]:
    """Every bound of the target and its scheduled actions that is known, for at least these can be reached."""
    acting = acting_schedule(target)
    actions = () if isinstance(acting, Unknown) else acting
    bounds = [target.min_capacity, target.max_capacity]
    for action in actions:
        bounds += [bound for bound in (action.min_capacity, action.max_capacity) if bound is not None]
    return [bound for bound in bounds if isinstance(bound, int)]


def _bounds(target: ScalableTarget) -> tuple[list[int | Unknown] | Unknown, list[int | Unknown]]:
    """Every minimum and every maximum that the target ever has; Unknown where a schedule may belong to it."""
    actions = acting_schedule(target)
    if isinstance(actions, Unknown):
        return actions, []
    minima: list[int | Unknown] = [target.min_capacity]
    maxima: list[int | Unknown] = [target.max_capacity]
    minima += [action.min_capacity for action in actions if action.min_capacity is not None]
    maxima += [action.max_capacity for action in actions if action.max_capacity is not None]
    return minima, maxima


def minimum_reaches_zero(target: ScalableTarget) -> Truth:
    """Whether the minimum is 0 at times: once a schedule sets minima, only one of those that it sets can be.

    Minimum 0 and a schedule that only ever sets 1: False, for after its first run nothing brings it back.
    """
    actions = acting_schedule(target)
    if isinstance(actions, Unknown):
        return actions
    scheduled = [action.min_capacity for action in actions if action.min_capacity is not None]
    return _some(_is_zero(minimum) for minimum in scheduled or [target.min_capacity])


def schedule_reaches_zero(target: ScalableTarget) -> Truth:
    """Whether a scheduled action sets the minimum to 0."""
    return _some_action(target, lambda action: action.min_capacity is not None and _is_zero(action.min_capacity))


def schedule_holds_above_zero(target: ScalableTarget) -> Truth:
    """Whether a scheduled action sets a minimum above 0, which keeps instances at times."""
    return _some_action(target, lambda action: action.min_capacity is not None and _not(_is_zero(action.min_capacity)))


def _some_action(target: ScalableTarget, holds: Callable[[ScheduledAction], Truth]) -> Truth:
    actions = acting_schedule(target)
    return actions if isinstance(actions, Unknown) else _some(holds(action) for action in actions)


# Zero instances ------------------------------------------------------------------------------------------------------


def managed_scaling_effective(variant: InstanceVariant) -> Truth:
    """Whether SageMaker's managed instance scaling moves the count: enabled, on a variant that names no model.

    With a model the API answers "ManagedInstanceScaling is only supported for inference component endpoints".
    """
    managed = variant.managed_scaling
    if managed is None:
        return False
    names_no_model = variant.model_name if isinstance(variant.model_name, Unknown) else variant.model_name is None
    if isinstance(managed, Unknown):
        return _every((names_no_model, managed))
    enabled = managed.status if isinstance(managed.status, Unknown) else managed.status == "ENABLED"
    return _every((enabled, names_no_model))


def instances_reach_zero(endpoint: Endpoint, variant: InstanceVariant) -> Truth:
    """Whether a real-time variant can be left without any instance.

    "An endpoint can scale to and from zero instances only if it hosts inference components", with managed scaling that
    allows 0 and every component of the variant scaled in to 0 copies (DG endpoint-auto-scaling-zero-instances).
    """
    if variant.managed_scaling is None:
        return False
    allowed = _every((managed_scaling_effective(variant), _managed_minimum_is_zero(variant.managed_scaling)))
    if allowed is False:
        return False
    if isinstance(endpoint.inference_components, Unknown):
        return endpoint.inference_components
    hosted = [component for component in endpoint.inference_components if _may_host(variant, component)]
    if not hosted:
        return False
    return _every((allowed, *(_copies_reach_zero(component) for component in hosted)))


def _managed_minimum_is_zero(managed: ManagedInstanceScaling | Unknown) -> Truth:
    if isinstance(managed, Unknown):
        return managed
    minimum = managed.min_instance_count
    return False if minimum is None else _is_zero(minimum)


def _may_host(variant: InstanceVariant, component: InferenceComponent) -> bool:
    """Whether the component may stand on the variant. An adapter (no copies of its own) runs inside its base."""
    if component.copies is None:
        return False
    named = component.variant_name
    return not isinstance(named, str) or not isinstance(variant.name, str) or named == variant.name


def _copies_reach_zero(component: InferenceComponent) -> Truth:
    target = component.scaling
    if target is None or isinstance(target, Unknown):
        return False if target is None else target
    lowest = lowest_capacity(target)
    scaled_in = _policies_scale_in(target, highest_capacity(target))
    taken_away = _some_action(target, lambda action: action.max_capacity is not None and _is_zero(action.max_capacity))
    return _every((_is_zero(lowest), _some((scaled_in, taken_away))))


def wakes_from_zero(target: ScalableTarget, mode: Mode | Unknown, resource_name: str | Unknown | None = None) -> Truth:
    """Whether one request brings the first instance, or copy, back.

    It takes a step policy that adds capacity and an alarm that can fire while there is none: HasBacklogWithoutCapacity
    by EndpointName for an asynchronous endpoint (0 or 1, so ``>= 1`` fires and ``> 1`` never does),
    NoCapacityInvocationFailures by InferenceComponentName for an inference component; or a schedule that raises the
    minimum. "You must use step scaling if you want to enable an endpoint to scale out from zero"; target tracking alone
    wakes only when the backlog exceeds its target (DG async-inference-autoscale, endpoint-auto-scaling-zero-instances).

    ``resource_name`` is the endpoint's, or the component's, name: an alarm on another one does not wake it.
    """
    if target.dimension == COPY_COUNT:
        metric, dimension, greatest = "NoCapacityInvocationFailures", "InferenceComponentName", None
    elif target.dimension != INSTANCE_COUNT:
        return False
    elif isinstance(mode, Unknown):
        return mode
    elif mode == "async":
        metric, dimension, greatest = "HasBacklogWithoutCapacity", "EndpointName", 1
    else:
        return False

    def wakes(policy: ScalingPolicy) -> Truth:
        if not isinstance(policy, StepScalingPolicy):
            return False if isinstance(policy, TargetTrackingPolicy) else _acts(policy)
        if isinstance(policy.alarms, Unknown):
            return _every((_adds(policy), policy.alarms))
        fires = [
            _every(
                (_watches(alarm, metric, dimension, resource_name), _can_fire(alarm, greatest), alarm.actions_enabled)
            )
            for alarm in policy.alarms
        ]
        return _every((_adds(policy), _some(fires)))

    by_policy = target.policies if isinstance(target.policies, Unknown) else _some(map(wakes, target.policies))
    by_policy = _every((by_policy, _not(target.dynamic_scaling_out_suspended)))
    return _some((by_policy, schedule_holds_above_zero(target)))


def _adds(policy: StepScalingPolicy) -> Truth:
    return (
        policy.steps
        if isinstance(policy.steps, Unknown)
        else _some(_above(step.adjustment, 0) for step in policy.steps)
    )


def _watches(alarm: Alarm, metric: str, dimension: str, resource_name: str | Unknown | None) -> Truth:
    """Whether the alarm is on that metric of SageMaker's, by that dimension alone, of that resource."""
    dimensions = alarm.dimensions
    if isinstance(dimensions, Unknown):
        by_dimension: Truth = dimensions
    elif set(dimensions) != {dimension}:
        by_dimension = False
    elif isinstance(resource_name, str):
        by_dimension = _equals(dimensions[dimension], resource_name)
    else:
        by_dimension = True
    if alarm.metric_name is None:
        return Unknown(f"{alarm.address} follows an expression")
    return _every((_equals(alarm.namespace, _SAGEMAKER), _equals(alarm.metric_name, metric), by_dimension))


def _can_fire(alarm: Alarm, greatest: int | None) -> Truth:
    """Whether a metric that is never above ``greatest`` can go above the alarm's threshold."""
    if isinstance(alarm.comparison_operator, Unknown):
        return alarm.comparison_operator
    if alarm.comparison_operator not in {"GreaterThanOrEqualToThreshold", "GreaterThanThreshold"}:
        return False
    if greatest is None:
        return True
    if alarm.threshold is None or isinstance(alarm.threshold, Unknown):
        return Unknown("its threshold is computed") if alarm.threshold is None else alarm.threshold
    return (
        _below(alarm.threshold, greatest)
        if alarm.comparison_operator == "GreaterThanThreshold"
        else (alarm.threshold <= greatest)
    )


# Metrics -------------------------------------------------------------------------------------------------------------

_SAGEMAKER = "AWS/SageMaker"

_BY_ENDPOINT = frozenset({"EndpointName"})
_BY_VARIANT = frozenset({"EndpointName", "VariantName"})
_BY_COMPONENT = frozenset({"InferenceComponentName"})
_RESOURCE_DIMENSIONS = _BY_VARIANT | _BY_COMPONENT

_HOST_DIMENSIONS = {"/aws/sagemaker/Endpoints": _BY_VARIANT, "/aws/sagemaker/InferenceComponents": _BY_COMPONENT}
"""The namespaces of `_HOST_METRICS`, with the dimensions these are published by."""

_PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": (INSTANCE_COUNT, "realtime"),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (INSTANCE_COUNT, "realtime"),
    "SageMakerVariantProvisionedConcurrencyUtilization": (PROVISIONED_CONCURRENCY, "serverless"),
    "SageMakerInferenceComponentInvocationsPerCopy": (COPY_COUNT, "realtime"),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": (COPY_COUNT, "realtime"),
}
"""The dimension and mode that each predefined metric belongs to (AAS monitoring-cloudwatch)."""

_ASYNC_METRICS = {
    **dict.fromkeys(
        (
            "ApproximateBacklogSize",
            "ApproximateBacklogSizePerInstance",
            "ApproximateAgeOfOldestRequest",
            "HasBacklogWithoutCapacity",
        ),
        _BY_ENDPOINT,
    ),
    **dict.fromkeys(
        (
            "ModelLatency",
            "Invocation4XXErrors",
            "Invocation5XXErrors",
            "RequestDownloadFailures",
            "ResponseUploadFailures",
            "NotificationFailures",
            "RequestDownloadLatency",
            "ResponseUploadLatency",
            "ExpiredRequests",
            "InvocationFailures",
            "InvocationsProcesssed",
            "InvocationsProcessed",
            "TimeInBacklog",
            "TotalProcessingTime",
        ),
        _BY_VARIANT,
    ),
}
"""All that an asynchronous endpoint publishes in AWS/SageMaker, with the dimensions (DG async-inference-monitor, which
states the list as exhaustive and spells one name with three s: both spellings pass)."""

_HOST_METRICS = frozenset(
    {
        "CPUUtilization",
        "MemoryUtilization",
        "GPUUtilization",
        "GPUMemoryUtilization",
        "DiskUtilization",
        "LoadedModelCount",
        "CPUReservation",
        "CPUUtilizationNormalized",
        "GPUReservation",
        "GPUUtilizationNormalized",
        "GPUMemoryUtilizationNormalized",
        "MemoryReservation",
        "MemoryUtilizationNormalized",
    }
)
"""Metrics of the instances that endpoints, and inference components, run on (DG monitoring-cloudwatch)."""


def unpublished_metrics(target: ScalableTarget, mode: Mode | Unknown) -> tuple[str, ...] | Unknown:
    """The metrics that its target-tracking policies follow and that SageMaker never publishes, so they never scale.

    ``("AWS/SageMaker ApproximateBacklogPerInstance",)``: the name lacks "Size". A wrong dimension counts too, because
    a metric exists only under the dimensions it is published with:
    ``("AWS/SageMaker ApproximateBacklogSizePerInstance by EndpointName, VariantName",)``. Metrics in namespaces other
    than SageMaker's are somebody's own and pass. Unknown only where no metric is known to be unpublished.
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    unpublished: list[str] = []
    undecided: Unknown | None = None
    for policy in target.policies:
        if not isinstance(policy, TargetTrackingPolicy):
            continue
        if isinstance(policy.metrics, Unknown):
            undecided = undecided or policy.metrics
            continue
        for metric in policy.metrics:
            published = _published(metric, target.dimension, mode)
            if published is False:
                unpublished.append(_describe(metric))
            elif published is not True:
                undecided = undecided or published
    return tuple(dict.fromkeys(unpublished)) or undecided or ()


def _published(metric: ScalingMetric, dimension: str, mode: Mode | Unknown) -> Truth:
    if isinstance(mode, Unknown):
        return mode
    if metric.name is None or isinstance(metric.name, Unknown):
        return metric.name or Unknown("its metric has no name")
    if metric.predefined:
        return _PREDEFINED.get(metric.name) == (dimension, mode)
    return _customized_published(metric, metric.name, mode)


def _customized_published(metric: ScalingMetric, name: str, mode: Mode) -> Truth:
    if metric.namespace is None or isinstance(metric.namespace, Unknown):
        return metric.namespace or Unknown("its metric has no namespace")
    if metric.namespace in _HOST_DIMENSIONS:
        return _published_by(metric, _HOST_DIMENSIONS[metric.namespace] if name in _HOST_METRICS else None, exact=False)
    if metric.namespace == _SAGEMAKER and mode == "async":
        return _published_by(metric, _ASYNC_METRICS.get(name), exact=True)
    # Only the list of asynchronous endpoints is stated to be complete; its backlog metrics are theirs alone.
    return metric.namespace != _SAGEMAKER or _ASYNC_METRICS.get(name) != _BY_ENDPOINT


def _published_by(metric: ScalingMetric, published: frozenset[str] | None, *, exact: bool) -> Truth:
    """Whether it is published at all, and under the dimensions that the metric names.

    Host metrics are published under finer dimensions too (InstanceType, InstanceId): only those that name a resource
    are held against the list, unless ``exact``.
    """
    if published is None:
        return False
    if isinstance(metric.dimensions, Unknown):
        return metric.dimensions
    known = {dimension for dimension in metric.dimensions if isinstance(dimension, str)}
    if (known if exact else known & _RESOURCE_DIMENSIONS) - published:
        return False
    for dimension in metric.dimensions:
        if isinstance(dimension, Unknown):
            return dimension
    return published <= known


def _describe(metric: ScalingMetric) -> str:
    name = str(metric.name)
    if metric.predefined:
        return name
    text = f"{metric.namespace} {name}"
    known = _ASYNC_METRICS.get(name) if metric.namespace == _SAGEMAKER else _HOST_METRICS.intersection({name})
    if not known or isinstance(metric.dimensions, Unknown):
        return text
    named = ", ".join(sorted(str(dimension) for dimension in metric.dimensions if isinstance(dimension, str)))
    return f"{text} by {named}" if named else f"{text} without a dimension"


# Three-valued logic --------------------------------------------------------------------------------------------------


def _some(truths: Iterable[Truth]) -> Truth:
    """True where one is, whatever the others; Unknown where one could be."""
    undecided: Unknown | None = None
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, Unknown):
            undecided = undecided or truth
    return undecided or False


def _every(truths: Iterable[Truth]) -> Truth:
    """False where one is, whatever the others; Unknown where one could be."""
    undecided: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unknown):
            undecided = undecided or truth
    return undecided or True


def _not(truth: Truth) -> Truth:
    return truth if isinstance(truth, Unknown) else not truth


def _equals(value: object, wanted: object) -> Truth:
    return value if isinstance(value, Unknown) else value == wanted


def _is_zero(value: int | Unknown) -> Truth:
    return _equals(value, 0)


def _below(value: float | Unknown, limit: float | Unknown) -> Truth:
    if isinstance(value, Unknown):
        return value
    return limit if isinstance(limit, Unknown) else value < limit


def _above(value: float | Unknown, limit: float) -> Truth:
    return value if isinstance(value, Unknown) else value > limit
