"""What SageMaker publishes to CloudWatch, and what scaling that follows or waits for it will never do.

A policy on a metric that is never published is accepted by AWS and never acts. Names, dimensions and statistics are
those of the SageMaker developer guide (DG): monitoring-cloudwatch, async-inference-monitor,
serverless-endpoints-monitoring and endpoint-auto-scaling-zero-instances; predefined metrics are those of the
Application Auto Scaling user guide (AAS).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial

from msgspec import Struct

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    LATER,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Endpoint,
    InferenceComponent,
    Mode,
    ScalableTarget,
    ScalingMetric,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)

SAGEMAKER, ENDPOINTS, COMPONENTS = "AWS/SageMaker", "/aws/sagemaker/Endpoints", "/aws/sagemaker/InferenceComponents"

_BY_ENDPOINT = ("EndpointName",)
_BY_VARIANT = ("EndpointName", "VariantName")
_BY_COMPONENT = ("InferenceComponentName",)
_RESOURCES = frozenset({"EndpointName", "VariantName", "InferenceComponentName"})
"""Dimensions that name a resource; host metrics have finer ones beside them (InstanceType, InstanceId)."""

_ANY: frozenset[Mode] = frozenset({"realtime", "async", "serverless"})
_REALTIME, _ASYNC, _SERVERLESS = (frozenset[Mode]({mode}) for mode in ("realtime", "async", "serverless"))
_MODES: dict[Mode, str] = {
    "realtime": "real-time endpoints",
    "async": "asynchronous endpoints",
    "serverless": "serverless endpoints",
}


class Publication(Struct, frozen=True):
    """Where, by which dimensions and by which kinds of endpoint a metric is published."""

    namespace: str
    dimensions: tuple[str, ...]
    modes: frozenset[Mode]
    statistics: frozenset[str] = frozenset()
    """Those that mean something; empty where any does."""


def _published(names: str, publication: Publication) -> dict[tuple[str, str], Publication]:
    return {(publication.namespace, name): publication for name in names.split()}


_LEVELS = frozenset({"Average", "Maximum", "Minimum"})
_SUM = frozenset({"Sum"})

PUBLISHED: dict[tuple[str, str], Publication] = {
    **_published("Invocations", Publication(SAGEMAKER, _BY_VARIANT, _REALTIME | _SERVERLESS)),
    **_published("InvocationsPerInstance", Publication(SAGEMAKER, _BY_VARIANT, _REALTIME, _SUM)),
    **_published(
        "ConcurrentRequestsPerModel InvocationModelErrors MidStreamErrors FirstChunkLatency FirstChunkModelLatency "
        "FirstChunkOverheadLatency ModelLoadingWaitTime ModelUnloadingTime ModelDownloadingTime ModelLoadingTime "
        "ModelCacheHit",
        Publication(SAGEMAKER, _BY_VARIANT, _REALTIME),
    ),
    **_published("ModelLatency Invocation4XXErrors Invocation5XXErrors", Publication(SAGEMAKER, _BY_VARIANT, _ANY)),
    **_published("OverheadLatency", Publication(SAGEMAKER, _BY_VARIANT, _REALTIME | _SERVERLESS)),
    **_published(
        "ModelSetupTime Invocations4XXErrors ServerlessConcurrentExecutionsUtilization "
        "ServerlessProvisionedConcurrencyExecutions ServerlessProvisionedConcurrencyUtilization "
        "ServerlessProvisionedConcurrencyInvocations ServerlessProvisionedConcurrencySpilloverInvocations",
        Publication(SAGEMAKER, _BY_VARIANT, _SERVERLESS),
    ),
    **_published(
        "ApproximateBacklogSize ApproximateBacklogSizePerInstance ApproximateAgeOfOldestRequest "
        "HasBacklogWithoutCapacity",
        Publication(SAGEMAKER, _BY_ENDPOINT, _ASYNC, _LEVELS),
    ),
    **_published(  # DG async-inference-monitor spells one name with three s: both pass
        "RequestDownloadFailures ResponseUploadFailures NotificationFailures RequestDownloadLatency "
        "ResponseUploadLatency ExpiredRequests InvocationFailures InvocationsProcesssed InvocationsProcessed "
        "TimeInBacklog TotalProcessingTime",
        Publication(SAGEMAKER, _BY_VARIANT, _ASYNC),
    ),
    **_published(
        "InvocationsPerCopy ConcurrentRequestsPerCopy NoCapacityInvocationFailures",
        Publication(SAGEMAKER, _BY_COMPONENT, _REALTIME),
    ),
    **_published(
        "CPUUtilization MemoryUtilization GPUUtilization GPUMemoryUtilization DiskUtilization LoadedModelCount "
        "CPUReservation CPUUtilizationNormalized GPUReservation GPUUtilizationNormalized "
        "GPUMemoryUtilizationNormalized MemoryReservation MemoryUtilizationNormalized",
        Publication(ENDPOINTS, _BY_VARIANT, _ANY),
    ),
    **_published(
        "CPUUtilizationNormalized GPUUtilizationNormalized GPUMemoryUtilizationNormalized MemoryUtilizationNormalized",
        Publication(COMPONENTS, _BY_COMPONENT, _REALTIME),
    ),
}
"""By namespace and name. Of AWS/SageMaker the guide states the list of asynchronous endpoints alone to be complete."""

_NAMESPACES = (SAGEMAKER, ENDPOINTS, COMPONENTS)

PREDEFINED: dict[str, tuple[str, Mode]] = {
    "SageMakerVariantInvocationsPerInstance": (INSTANCE_COUNT, "realtime"),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (INSTANCE_COUNT, "realtime"),
    "SageMakerVariantProvisionedConcurrencyUtilization": (PROVISIONED_CONCURRENCY, "serverless"),
    "SageMakerInferenceComponentInvocationsPerCopy": (COPY_COUNT, "realtime"),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": (COPY_COUNT, "realtime"),
}
"""The dimension and mode that each predefined metric belongs to (AAS monitoring-cloudwatch)."""

_RATIOS = frozenset(
    {
        "SageMakerVariantProvisionedConcurrencyUtilization",
        "ServerlessProvisionedConcurrencyUtilization",
        "ServerlessConcurrentExecutionsUtilization",
    }
)
"""Metrics between 0 and 1 (DG serverless-endpoints-monitoring)."""


class Scaled(Struct, frozen=True, kw_only=True):
    """What a scaling target moves: a variant of an endpoint, or an inference component on it."""

    endpoint: Endpoint
    variant: Variant | Unknown | None = None
    component: InferenceComponent | Unknown | None = None
    vcpus: int | Unknown | None = None
    """Of one of its instances; None where it has no instances of its own."""
    accelerators: int | Unknown | None = None
    """GPUs or other accelerators of one of its instances."""

    @property
    def has_accelerator(self) -> bool | Unknown | None:
        """Whether its instances have any."""
        known = self.accelerators
        if isinstance(known, Unknown):
            return known if known.at_least is None else known.at_least > 0 or known
        return known if known is None else known > 0

    def name_of(self, dimension: str) -> str | Unknown | None:
        """The value that a dimension must have in order to be about it; None where the dimension names no resource.

        ``EndpointName`` of the endpoint chat is ``chat``.
        """
        match dimension:
            case "EndpointName":
                return self.endpoint.name
            case "VariantName" if self.variant is not None:
                return self.variant if isinstance(self.variant, Unknown) else self.variant.name
            case "InferenceComponentName" if self.component is not None:
                return self.component if isinstance(self.component, Unknown) else self.component.name
        return None


def tracking_problems(target: ScalableTarget, scaled: Scaled) -> tuple[str, ...] | Unknown:
    """Why its target-tracking policies never scale, a clause for each metric at fault; empty where they may.

    A policy on ApproximateBacklogPerInstance: ``("ApproximateBacklogPerInstance is no metric of AWS/SageMaker, did you
    mean ApproximateBacklogSizePerInstance?",)``. Metrics in namespaces of the team's own pass. Unknown only where
    nothing is known to be wrong.
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    return _told(
        [
            _tracking_problem(metric, policy, target, scaled) if isinstance(metric, ScalingMetric) else metric
            for policy in target.policies
            if isinstance(policy, TargetTrackingPolicy)
            for metric in ([policy.metrics] if isinstance(policy.metrics, Unknown) else policy.metrics)
        ]
    )


def _told(found: Sequence[str | Unknown | None]) -> tuple[str, ...] | Unknown:
    """What is known to be wrong, each once; where nothing is, what is not known."""
    if not any(found):  # as nearly always
        return ()
    known = tuple(dict.fromkeys(problem for problem in found if isinstance(problem, str)))
    return known or next((problem for problem in found if isinstance(problem, Unknown)), ())


def _tracking_problem(
    metric: ScalingMetric, policy: TargetTrackingPolicy, target: ScalableTarget, scaled: Scaled
) -> str | Unknown | None:
    if metric.name is None or isinstance(metric.name, Unknown):
        return metric.name or Unknown("its metric has no name")
    problem = (
        _predefined_problem(metric.name, target.dimension, scaled.endpoint.mode)
        if metric.predefined
        else _customized_problem(metric, metric.name, scaled)
    )
    value = policy.target_value
    if problem is None and not metric.predefined:
        problem = _beyond_reach(metric.name, value, scaled)
    if (
        problem is None
        and not metric.predefined
        and metric.name in _RATIOS
        and isinstance(value, (int, float))
        and value > 1
    ):
        meant = f": write {value / 100:g}" if 10 <= value <= 100 else ""  # noqa: PLR2004 - percent
        return f"{metric.name} is between 0 and 1, so a target of {value:g} is never reached{meant}"
    return problem


def _beyond_reach(name: str, value: float | Unknown | None, scaled: Scaled, what: str = "a target of") -> str | None:
    """A target or threshold that a utilization never reaches; nothing of one, or of instances, that are not known."""
    units = _units(name, scaled)
    if not isinstance(value, (int, float)) or not isinstance(units, int) or not units or value <= 100 * units:
        return None
    of = f" on {units} {_UNITS[name]}" if name in _UNITS and units > 1 else ""
    return f"{name} is at most {100 * units}{of}, so {what} {value:g} is never reached"


_UNITS = {"CPUUtilization": "vCPUs", "GPUUtilization": "accelerators", "GPUMemoryUtilization": "accelerators"}
"""Metrics that are sums over the cores or GPUs of an instance: of four CPUs 0 to 400 (DG monitoring-cloudwatch)."""
_SHARES = frozenset(
    {
        "MemoryUtilization",
        "DiskUtilization",
        "CPUUtilizationNormalized",
        "GPUUtilizationNormalized",
        "GPUMemoryUtilizationNormalized",
        "MemoryUtilizationNormalized",
    }
)
"""Metrics between 0 and 100."""


def _units(name: str, scaled: Scaled) -> int | Unknown | None:
    """How many hundreds of percent a metric can be; None of one that is no utilization."""
    if name in _SHARES:
        return 1
    if name not in _UNITS:
        return None
    return scaled.vcpus if name == "CPUUtilization" else scaled.accelerators


def low_targets(target: ScalableTarget, scaled: Scaled, least_percent: Decimal) -> tuple[str, ...] | Unknown:
    """Targets of a sum over cores or GPUs that are low for each of them: it scales out while most of them do nothing.

    CPUUtilization 70 on four vCPUs is 17.5 percent of each. Of metric math nobody knows what it divides by.
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    return _told(
        [
            _low_target(policy, scaled, least_percent)
            for policy in target.policies
            if isinstance(policy, TargetTrackingPolicy)
        ]
    )


def _low_target(policy: TargetTrackingPolicy, scaled: Scaled, least_percent: Decimal) -> str | Unknown | None:
    if isinstance(policy.metrics, Unknown):
        return policy.metrics
    metric = policy.metrics[0] if len(policy.metrics) == 1 else None
    if metric is None or metric.namespace != ENDPOINTS or metric.name not in _UNITS:
        return None
    name, value = str(metric.name), policy.target_value
    units = _units(name, scaled)
    if isinstance(value, Unknown):
        return value
    if isinstance(units, Unknown):
        return units
    if units is None or units < 2 or Decimal(str(value)) >= least_percent * units:  # noqa: PLR2004 - of one there is no other
        return None
    each = Decimal(str(value)) / units
    return f"{name} {value:g} is {each:.0f} percent of each of {units} {_UNITS[name]}"


def _predefined_problem(name: str, dimension: str, mode: Mode | Unknown) -> str | Unknown | None:
    if name not in PREDEFINED:
        return f"{name} is no predefined metric of SageMaker{_near(name, PREDEFINED)}"
    belongs_to, by = PREDEFINED[name]
    if dimension != belongs_to:
        return f"{name} belongs to the dimension {belongs_to}, not to {dimension}"
    if isinstance(mode, Unknown):
        return mode
    return None if by == mode else f"{_MODES[mode]} do not publish {name}"


def _customized_problem(metric: ScalingMetric, name: str, scaled: Scaled) -> str | Unknown | None:
    namespace = metric.namespace
    if namespace is None or isinstance(namespace, Unknown):
        return namespace or Unknown("its metric has no namespace")
    if namespace not in _NAMESPACES:
        meant = next((one for one in _NAMESPACES if one.lower() == namespace.lower()), None)
        return f"{namespace} is no namespace of SageMaker, did you mean {meant}?" if meant else None
    publication = PUBLISHED.get((namespace, name))
    if publication is None:
        return _no_metric(namespace, name, scaled.endpoint.mode)
    return (
        _not_by_this_mode(publication, name, scaled.endpoint.mode)
        or _no_gpu(name, scaled)
        or _wrong_dimensions(publication, name, metric.dimensions)
        or _wrong_statistic(publication, name, metric.statistic)
        or _other_resource(name, metric.dimensions, scaled)
    )


def _no_metric(namespace: str, name: str, mode: Mode | Unknown) -> str | Unknown | None:
    """A name that is published nowhere. A real-time endpoint may publish more in AWS/SageMaker than the guide lists."""
    elsewhere = next((space for space, known in PUBLISHED if known == name), None)
    if elsewhere is not None:
        return f"{name} is published in the namespace {elsewhere}, not in {namespace}"
    near = _near(name, [known for space, known in PUBLISHED if space == namespace])
    if near or namespace != SAGEMAKER or mode == "async":
        return f"{name} is no metric of {namespace}{near}"
    return mode if isinstance(mode, Unknown) else None


def _not_by_this_mode(publication: Publication, name: str, mode: Mode | Unknown) -> str | Unknown | None:
    if isinstance(mode, Unknown):
        return mode
    return None if mode in publication.modes else f"{_MODES[mode]} do not publish {name}"


def _no_gpu(name: str, scaled: Scaled) -> str | Unknown | None:
    """GPUUtilization and its like are of the GPUs that the containers on an instance use (DG monitoring-cloudwatch)."""
    if not name.startswith("GPU") or scaled.has_accelerator in (True, None):
        return None
    if isinstance(scaled.has_accelerator, Unknown):
        return scaled.has_accelerator
    return f"{name} is never published: its instances have no GPU"


def _wrong_dimensions(
    publication: Publication, name: str, dimensions: dict[str, str | Unknown] | Unknown
) -> str | Unknown | None:
    """A metric exists only under the dimensions that it is published by."""
    if isinstance(dimensions, Unknown):
        return dimensions
    given = dimensions.keys() if publication.namespace == SAGEMAKER else dimensions.keys() & _RESOURCES
    if given == set(publication.dimensions):
        return None
    named = " and ".join(dimensions) or "no dimension"
    return f"{name} is published by {' and '.join(publication.dimensions)}, not by {named}"


def _other_resource(name: str, dimensions: dict[str, str | Unknown] | Unknown, scaled: Scaled) -> str | Unknown | None:
    """Whether it follows the metric of something else; not known where its name is unknown for another reason."""
    undecided: Unknown | None = None
    for dimension, value in dimensions.items() if isinstance(dimensions, dict) else ():
        own = scaled.name_of(dimension)
        if isinstance(value, str) and isinstance(own, str) and value != own:
            return f"it follows {name} of another {_KINDS[dimension]}, {value} instead of {own}"
        if isinstance(value, Unknown) and own is not None and not _is_as_unknown(value, own):
            undecided = undecided or value
    return undecided


def _is_as_unknown(value: Unknown, own: str | Unknown) -> bool:
    """Whether a name may be the own one, which nobody knows either: both are generated on apply, say.

    One that refers to what there is not is unknown for ever, as ``there is no resource …``.
    """
    return isinstance(own, Unknown) and (value.reason in LATER or value.reason == own.reason)


_KINDS = {"EndpointName": "endpoint", "VariantName": "variant", "InferenceComponentName": "inference component"}


def _wrong_statistic(publication: Publication, name: str, statistic: str | Unknown | None) -> str | None:
    if not publication.statistics or not isinstance(statistic, str) or statistic in publication.statistics:
        return None
    if publication.statistics == _SUM:
        return f"the statistic of {name} must be Sum: its {statistic} never exceeds 1"
    return f"the statistic of {name} must be Average: its {statistic} depends on how often it is published"


def _near(word: str, known: Iterable[str]) -> str:
    """``, did you mean X?`` for a name that is near, near enough to be a slip."""
    import difflib  # for the few that name none

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.85)
    return f", did you mean {near[0]}?" if near else ""


# From zero -----------------------------------------------------------------------------------------------------------


class _WakingMetric(Struct, frozen=True):
    """The metric that tells of requests while there is no capacity, and the greatest that it can be."""

    metric: str
    dimension: str
    greatest: int | None


_WAKING_METRICS = {
    INSTANCE_COUNT: _WakingMetric("HasBacklogWithoutCapacity", "EndpointName", 1),
    COPY_COUNT: _WakingMetric("NoCapacityInvocationFailures", "InferenceComponentName", None),
}
"""By the dimension that is scaled: of instances those of asynchronous endpoints, of copies inference components."""


def wake_problem(target: ScalableTarget, scaled: Scaled) -> str | Unknown | None:
    """Why no step policy brings the first instance, or copy, back with the first request; None where one does.

    It takes a step policy that adds capacity, and an alarm among whose actions it is and that can fire while there is
    no capacity. ``> 1`` on HasBacklogWithoutCapacity: ``the alarm wake waits for HasBacklogWithoutCapacity > 1
    (GreaterThanThreshold), which is 0 or 1``. Where a policy may wake it, what is not known of that is the answer.
    "You must use step scaling if you want to enable an endpoint to scale out from zero" (DG
    endpoint-auto-scaling-policy, async-inference-autoscale, endpoint-auto-scaling-zero-instances).
    """
    call, mode = _WAKING_METRICS.get(target.dimension), scaled.endpoint.mode
    if target.dimension == INSTANCE_COUNT and isinstance(mode, Unknown):
        return mode
    if call is None or (target.dimension == INSTANCE_COUNT and mode != "async"):
        return "nothing scales it from zero"
    if isinstance(target.policies, Unknown):
        return target.policies
    if target.dynamic_scaling_out_suspended is True:
        return "scaling out is suspended"
    problems = list(_wake_problems(target, call, scaled))
    if None in problems:
        suspended = target.dynamic_scaling_out_suspended
        return suspended if isinstance(suspended, Unknown) else None
    undecided = next((problem for problem in problems if isinstance(problem, Unknown)), None)
    return undecided or next(iter(problems), None) or f"no step policy on {call.metric} wakes it"


def _wake_problems(target: ScalableTarget, call: _WakingMetric, scaled: Scaled) -> Iterator[str | Unknown | None]:
    """What is wrong with each step policy that adds capacity, and with each of its alarms."""
    for policy in target.policies if not isinstance(target.policies, Unknown) else ():
        if isinstance(policy, TargetTrackingPolicy):
            continue
        if not isinstance(policy, StepScalingPolicy):
            if isinstance(policy.policy_type, Unknown):
                yield policy.policy_type
            continue
        adds = _adds(policy)
        if adds is not True:
            yield adds if isinstance(adds, Unknown) else f"the steps of {policy.address} add no capacity"
        elif policy.adjustment_type == "PercentChangeInCapacity" and not policy.least_adjustment:
            yield f"the steps of {policy.address} add a share of the capacity, and a share of none is none"
        else:
            yield from _of_alarms(policy, partial(_alarm_problem, policy, call, scaled))


def _steps_apart(policy: StepScalingPolicy, alarm: Alarm, call: _WakingMetric) -> str | None:
    """Why no step that adds is taken when the metric is at its greatest: 1 is 0.5 above a threshold of 0.5."""
    if call.greatest is None or isinstance(policy.steps, Unknown) or not isinstance(alarm.threshold, (int, float)):
        return None
    above = call.greatest - alarm.threshold
    adding = [step for step in policy.steps if isinstance(step.adjustment, Unknown) or step.adjustment > 0]
    if any(_begins_at_most(step.lower, above) and not _ends_at_most(step.upper, above) for step in adding):
        return None
    return (
        f"no step of {policy.address} that adds is for {call.metric} {above:g} above the threshold of {alarm.address}"
    )


def _begins_at_most(lower: float | Unknown | None, value: float) -> bool:
    """Whether an interval may begin there or below; none without a bound does."""
    return not isinstance(lower, (int, float)) or lower <= value


def _ends_at_most(upper: float | Unknown | None, value: float) -> bool:
    """Whether an interval surely ends there or below: the upper bound is none of it."""
    return isinstance(upper, (int, float)) and upper <= value


def _of_alarms(
    policy: StepScalingPolicy, problem: Callable[[Alarm], str | Unknown | None]
) -> Iterator[str | Unknown | None]:
    """What is wrong with each alarm of a step policy; with the policy itself where it has none."""
    if isinstance(policy.alarms, Unknown):
        yield policy.alarms
    elif not policy.alarms:
        yield f"no alarm has {policy.address} among its actions"
    else:
        yield from map(problem, policy.alarms)


def _adds(policy: StepScalingPolicy) -> bool | Unknown:
    if isinstance(policy.steps, Unknown):
        return policy.steps
    adjustments = [step.adjustment for step in policy.steps]
    if any(isinstance(one, (int, float)) and one > 0 for one in adjustments):
        return True
    return next((one for one in adjustments if isinstance(one, Unknown)), False)


def _alarm_problem(
    policy: StepScalingPolicy, call: _WakingMetric, scaled: Scaled, alarm: Alarm
) -> str | Unknown | None:
    return (
        _conflict(alarm)
        or _wrong_metric(alarm, call)
        or _wrong_resource(alarm, call, scaled)
        or _never_fires(alarm, call)
        or _is_silent(alarm)
        or _steps_apart(policy, alarm, call)
    )


def alarm_problems(target: ScalableTarget, scaled: Scaled) -> tuple[str, ...] | Unknown:
    """Why alarms that should start its step policies never do, a clause each: disabled, on what is never published.

    Those that are to wake it from zero are left to `wake_problem`, and a target without any policy that acts to
    `scaling.has_dynamic_policy`.
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    call = _WAKING_METRICS.get(target.dimension)
    steps = [policy for policy in target.policies if isinstance(policy, StepScalingPolicy)]
    return _told([problem for policy in steps for problem in _alarm_problems(policy, call, scaled)])


def _alarm_problems(
    policy: StepScalingPolicy, call: _WakingMetric | None, scaled: Scaled
) -> Iterator[str | Unknown | None]:
    def problem(alarm: Alarm) -> str | Unknown | None:
        reason = _conflict(alarm) or _is_silent(alarm) or _watches_nothing(alarm, call, scaled)
        return reason or _other_side(policy, alarm)

    return _of_alarms(policy, problem)


def _other_side(policy: StepScalingPolicy, alarm: Alarm) -> str | None:
    """Why no step is taken when the alarm fires: all are for the other side of its threshold."""
    operator = alarm.comparison_operator
    if isinstance(policy.steps, Unknown) or not policy.steps or operator not in _SIDES:
        return None
    if operator.startswith("Greater"):
        meets = any(not _ends_at_most(step.upper, 0) for step in policy.steps)
    else:
        meets = any(not isinstance(step.lower, (int, float)) or step.lower < 0 for step in policy.steps)
    side, other = _SIDES[operator]
    return (
        None
        if meets
        else f"the alarm {alarm.address} fires {side} its threshold, and every step of {policy.address} is {other} it"
    )


_SIDES = {
    **dict.fromkeys(("GreaterThanThreshold", "GreaterThanOrEqualToThreshold"), ("above", "below")),
    **dict.fromkeys(("LessThanThreshold", "LessThanOrEqualToThreshold"), ("below", "above")),
}


def _watches_nothing(alarm: Alarm, call: _WakingMetric | None, scaled: Scaled) -> str | Unknown | None:
    """What is wrong with the metric of an alarm; nothing of one that is not known, or computed."""
    name = alarm.metric_name
    if not isinstance(name, str) or alarm.namespace is None:
        return name if isinstance(name, Unknown) else None
    if call is not None and (name == call.metric or _near(name, [call.metric])):
        return None
    metric = ScalingMetric(
        predefined=False,
        name=name,
        namespace=alarm.namespace,
        dimensions=alarm.dimensions,
        statistic=None,
    )
    problem = _customized_problem(metric, name, scaled)
    threshold, rises = alarm.threshold, str(alarm.comparison_operator).startswith("GreaterThan")
    if problem is None and name in _RATIOS and rises and isinstance(threshold, (int, float)) and threshold > 1:
        problem = f"{name} is between 0 and 1, so it never exceeds {threshold:g}"
    if (
        problem is None
        and rises
        and alarm.namespace == ENDPOINTS
        and alarm.statistic in ("Average", "Maximum", "Minimum")
    ):
        problem = _beyond_reach(name, threshold, scaled, "the threshold of")
    return f"the alarm {alarm.address}: {problem}" if isinstance(problem, str) else problem


def _conflict(alarm: Alarm) -> str | None:
    """Why it is not there, or not where what it starts is."""
    return None if alarm.conflict is None else f"the alarm {alarm.address} {alarm.conflict}"


def _is_silent(alarm: Alarm) -> str | Unknown | None:
    if alarm.actions_enabled is False:
        return f"the actions of the alarm {alarm.address} are disabled"
    return alarm.actions_enabled if isinstance(alarm.actions_enabled, Unknown) else None


def _wrong_metric(alarm: Alarm, call: _WakingMetric) -> str | Unknown | None:
    name, namespace = alarm.metric_name, alarm.namespace
    if name is None:
        return Unknown(f"{alarm.address} follows an expression")
    if isinstance(name, str) and name != call.metric:
        return f"the alarm {alarm.address} watches {name}{_near(name, [call.metric]) or f', not {call.metric}'}"
    if isinstance(namespace, str) and namespace != SAGEMAKER:
        return f"the alarm {alarm.address} watches the namespace {namespace}, and {call.metric} is in {SAGEMAKER}"
    if namespace is None:
        return f"the alarm {alarm.address} names no namespace, and {call.metric} is in {SAGEMAKER}"
    return next((one for one in (name, namespace) if isinstance(one, Unknown)), None)


def _wrong_resource(alarm: Alarm, call: _WakingMetric, scaled: Scaled) -> str | Unknown | None:
    dimensions = alarm.dimensions
    if isinstance(dimensions, Unknown):
        return dimensions
    if set(dimensions) != {call.dimension}:
        named = " and ".join(dimensions) or "no dimension"
        return f"the alarm {alarm.address} is by {named}, and {call.metric} is published by {call.dimension}"
    value, own = dimensions[call.dimension], scaled.name_of(call.dimension)
    if isinstance(value, str) and isinstance(own, str) and value != own:
        return f"the alarm {alarm.address} watches another {_KINDS[call.dimension]}, {value} instead of {own}"
    return value if isinstance(value, Unknown) and own is not None and not _is_as_unknown(value, own) else None


def _never_fires(alarm: Alarm, call: _WakingMetric) -> str | Unknown | None:
    operator, threshold = alarm.comparison_operator, alarm.threshold
    if isinstance(operator, Unknown):
        return operator
    if operator not in ("GreaterThanOrEqualToThreshold", "GreaterThanThreshold"):
        return f"the alarm {alarm.address} fires on {operator}, not when {call.metric} rises"
    if call.greatest is None:
        return None
    if threshold is None or isinstance(threshold, Unknown):
        return threshold or Unknown(f"the threshold of {alarm.address} is computed")
    strict = operator == "GreaterThanThreshold"
    if threshold < call.greatest or (threshold == call.greatest and not strict):
        return None
    sign = ">" if strict else ">="
    return f"the alarm {alarm.address} waits for {call.metric} {sign} {threshold:g} ({operator}), which is 0 or 1"
