"""What mends a finding, step by step, in terms of the model: the next change, given what the stack is like now.

``async-scales-to-zero`` of a target with a minimum of 1 is mended by a minimum of 0, then, where that is missing, by a
backlog policy, and then by what wakes it: each step is asked for with the report of the step before. Numbers that only
a team can know are in none of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

from guardrail import metrics
from guardrail.cost.demand import NO_VARIANT_DEMAND, VariantDemand
from guardrail.fixes.additions import BACKLOG, BACKLOG_TARGET, waking
from guardrail.fixes.base import (
    AddTarget,
    AddTracking,
    AddWake,
    Change,
    NameEndpoint,
    NoFixError,
    Remove,
    SetValue,
    SetWord,
)
from guardrail.fixes.decisions import LEFT_TO_PEOPLE, NEEDS_A_MAXIMUM
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ScalableTarget,
    ScalingMetric,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    UnlinkedScaling,
    Variant,
)
from guardrail.policy.base import Result
from guardrail.sources.linking.slips import is_slip

INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
UTILIZATION, UTILIZATION_TARGET = "SageMakerVariantProvisionedConcurrencyUtilization", 0.7
"""The metric and AWS's example of a target (SageMaker developer guide, serverless-endpoints-autoscale)."""
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_CUSTOMIZED, _PREDEFINED = "CustomizedMetricSpecification", "PredefinedMetricSpecification"
_BY, _VARIANT = "EndpointName", "VariantName"
_NEARLY = 0.85
_PERCENT = range(10, 101)
_GREATER, _AT_LEAST = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"
_TYPE = re.compile(r'instance_type = "(ml\.[\w.-]+)"')
_SAMPLED = re.compile(r"initial_sampling_percentage = (\d+)")
_MISSING = re.compile(r"there is no endpoint '([^']+)' here")
_GREATEST_VOLUME_GB = 512
_COOLDOWN_S = 300
"""The default of a cooldown (Application Auto Scaling user guide, target-tracking-scaling-policy-overview)."""


def next_changes(result: Result, endpoint: Endpoint | None, asked: Sequence[VariantDemand] = ()) -> Sequence[Change]:
    """What to change next, at once; ``asked`` is what usage says of each variant of the endpoint.

    Raises `NoFixError` with the reason why nothing can be offered.
    """
    mend = _MENDS.get(result.policy)
    if mend is None:
        raise NoFixError(LEFT_TO_PEOPLE.get(result.policy, "no edit of it is made by this version"))
    if endpoint is None:
        raise NoFixError("it is about no endpoint")
    subject = _Subject(result, endpoint, asked)
    if subject.is_sensitive:
        raise NoFixError("its values are sensitive, and a patch would show them")
    return mend(subject)


def is_mended_here(policy: str) -> bool:
    """Whether there is a mend for findings of a policy, so that none may be left open by another."""
    return policy in _MENDS


class _Subject:
    """The variant or component that a finding is about, with what scales it."""

    def __init__(self, result: Result, endpoint: Endpoint, asked: Sequence[VariantDemand]) -> None:
        self.endpoint = endpoint
        self.fix = "" if result.fix is None else result.fix.terraform
        """What its finding says to change."""
        kind, self.index = result.part
        things: Sequence[Variant] | Sequence[InferenceComponent] | Unknown = ()
        if kind == "variant":
            things = endpoint.variants
        elif kind == "component":
            things = endpoint.inference_components
        if isinstance(things, Unknown):
            raise NoFixError(f"what it consists of is not known: {things.reason}")
        is_told = kind == "variant" and self.index < len(asked)
        self.asked = asked[self.index] if is_told else NO_VARIANT_DEMAND
        """What usage says of it."""
        self.thing = things[self.index] if self.index < len(things) else None
        self._scaling = None if self.thing is None else self.thing.scaling

    @property
    def is_sensitive(self) -> bool:
        """Whether its source marks anything of it sensitive."""
        target = self._scaling
        marked = isinstance(target, ScalableTarget) and target.sensitive
        return marked or bool(getattr(self.thing, "sensitive", False))

    @property
    def scaling(self) -> ScalableTarget | None:
        """Its scaling target; None where it has none. Raises `NoFixError` where that is not known."""
        if isinstance(self._scaling, Unknown):
            raise NoFixError(f"what scales it is not known: {self._scaling.reason}")
        return self._scaling

    @property
    def target(self) -> ScalableTarget:
        """Its scaling target. Raises `NoFixError` where it has none."""
        found = self.scaling
        if found is None:
            raise NoFixError("it has no scaling target, and its bounds are numbers that only you can know")
        return found

    @property
    def place(self) -> tuple[str, int]:
        """Where its variant stands in the configuration: ``("ProductionVariants", 0)``."""
        variants = () if isinstance(self.endpoint.variants, Unknown) else self.endpoint.variants
        is_shadow = bool(getattr(self.thing, "shadow", False))
        before = sum(each.shadow == is_shadow for each in variants[: self.index])
        return ("ShadowProductionVariants" if is_shadow else "ProductionVariants", before)

    @property
    def name(self) -> str:
        """The name of the variant. Raises `NoFixError` where it is not known."""
        name = getattr(self.thing, "name", None)
        if not isinstance(name, str):
            raise NoFixError("the name of its variant is not known")
        return name


def _known(value: object, what: str) -> object:
    if isinstance(value, Unknown):
        raise NoFixError(f"{what} is not known: {value.reason}")
    return value


def _policies(target: ScalableTarget) -> Sequence[object]:
    if isinstance(target.policies, Unknown):
        raise NoFixError(f"its policies are not known: {target.policies.reason}")
    return target.policies


# To zero and back ----------------------------------------------------------------------------------------------------


def _reach_zero(subject: _Subject) -> Sequence[Change]:
    target = subject.scaling
    if target is None:
        if subject.endpoint.unlinked_scaling:
            return _linked(subject)
        configuration = subject.endpoint.configuration_address
        if configuration is None:
            raise NoFixError("its configuration is managed elsewhere")
        return [AddTarget(subject.endpoint.address, configuration, subject.index, subject.name)]
    if target.scheduled_actions != ():
        raise NoFixError("its schedule sets more: which hours have no work is a number that only you can know")
    if _known(target.min_capacity, "its minimum") != 0:
        return [SetValue(target.address, ("MinCapacity",), 0)]
    return _take_away(subject, target)


def _take_away(subject: _Subject, target: ScalableTarget) -> Sequence[Change]:
    """What has something take capacity away from a target."""
    policies = _policies(target)
    if target.dynamic_scaling_in_suspended is True:
        return [SetValue(target.address, ("SuspendedState", "DynamicScalingInSuspended"), value=False)]
    tracking = [policy for policy in policies if isinstance(policy, TargetTrackingPolicy)]
    disabled = [policy for policy in tracking if policy.disable_scale_in is True]
    if disabled:
        return [SetValue(disabled[0].address, (_TRACKING, "DisableScaleIn"), value=False)]
    if tracking:
        raise NoFixError("its target tracking policies have no metric that can be read here")
    return _follow(subject, target)


def _follow(subject: _Subject, target: ScalableTarget) -> Sequence[Change]:
    """A policy for a target that has none, where AWS has an example of its number."""
    if target.dimension == INSTANCE_COUNT and subject.endpoint.mode == "async":
        return [AddTracking(target.address, BACKLOG, BACKLOG_TARGET, predefined=False)]
    if target.dimension == PROVISIONED_CONCURRENCY:
        return [AddTracking(target.address, UTILIZATION, UTILIZATION_TARGET, predefined=True)]
    rate = subject.asked.instance_requests_per_minute
    if target.dimension == INSTANCE_COUNT and rate is not None:
        return [AddTracking(target.address, INVOCATIONS, float(rate), predefined=True)]
    raise NoFixError(
        "it needs a number: how many requests a minute one instance or copy takes, from a load test"
        + (" (instance_requests_per_minute in the usage file)" if target.dimension == INSTANCE_COUNT else "")
    )


def _wake(subject: _Subject) -> Sequence[Change]:
    target = subject.target
    if target.dynamic_scaling_out_suspended is True:
        return [SetValue(target.address, ("SuspendedState", "DynamicScalingOutSuspended"), value=False)]
    copies = target.dimension == COPY_COUNT
    steps = [policy for policy in _policies(target) if isinstance(policy, StepScalingPolicy) and _adds(policy)]
    for policy in steps:
        for alarm in () if isinstance(policy.alarms, Unknown) else policy.alarms:
            if alarm.conflict is not None:
                raise NoFixError(f"{alarm.address} {alarm.conflict}: which of them moves is for you to say")
            changes = list(_alarm_changes(alarm, subject, copies=copies))
            if changes:
                return changes[:1]
    several = not isinstance(subject.endpoint.variants, Unknown) and len(subject.endpoint.variants) > 1
    idle = next((policy.address for policy in steps if _adds_the_first(policy)), None)
    return [AddWake(target.address, subject.name, several and not copies, idle, copies)]


def _adds_the_first(policy: StepScalingPolicy) -> bool:
    """Whether a step policy adds to no capacity once an alarm on 1 or more starts it, so that the alarm alone lacks."""
    if policy.adjustment_type != "ChangeInCapacity" or isinstance(policy.steps, Unknown):
        return False
    return policy.alarms == () or any(
        step.lower == 0 and step.upper is None and isinstance(step.adjustment, (int, float)) and step.adjustment > 0
        for step in policy.steps
    )


def _adds(policy: StepScalingPolicy) -> bool:
    if isinstance(policy.steps, Unknown):
        return False
    return any(isinstance(step.adjustment, (int, float)) and step.adjustment > 0 for step in policy.steps)


def _alarm_changes(alarm: Alarm, subject: _Subject, *, copies: bool) -> Iterator[Change]:
    """What makes an alarm wake an endpoint that nearly does; nothing of one that is for something else."""
    address, name = alarm.address, alarm.metric_name
    metric, by = waking(copies=copies)
    if not isinstance(name, str):
        return
    if name != metric:
        if get_close_matches(name, [metric], 1, _NEARLY):
            yield SetValue(address, ("MetricName",), metric)
        return
    if isinstance(alarm.namespace, str) and alarm.namespace != metrics.SAGEMAKER:
        yield SetValue(address, ("Namespace",), metrics.SAGEMAKER)
    whose = subject.thing if copies else subject.endpoint
    if not isinstance(alarm.dimensions, Unknown) and len(alarm.dimensions) == 1:
        names = {by: getattr(whose, "name", None)}
        yield from _dimension_changes(address, (), alarm.dimensions, names, subject.target)
    yield from _thresholds(alarm)
    if alarm.actions_enabled is False:
        yield SetValue(address, ("ActionsEnabled",), value=True)


def _dimension_changes(
    address: str,
    base: tuple[str, ...],
    dimensions: Mapping[str, object] | Unknown,
    names: Mapping[str, object],
    target: ScalableTarget,
) -> Iterator[Change]:
    """What mends the dimensions of a metric that is to have the ``names``: slips in one, or what it names."""
    if isinstance(dimensions, Unknown):
        return
    for place, (key, value) in enumerate(dimensions.items()):
        known = names.get(key)
        missing = [each for each in names if each not in dimensions]
        if known is None and len(missing) == 1 and get_close_matches(key, missing, 1, _NEARLY):
            yield SetValue(address, (*base, "Dimensions", place, "Name"), missing[0])
        elif not isinstance(value, str) or not isinstance(known, str) or value == known:
            continue
        elif key == _VARIANT:
            yield SetValue(address, (*base, "Dimensions", place, "Value"), known)
        else:
            yield NameEndpoint(address, (*base, "Dimensions", place, "Value"), target.address)


def _thresholds(alarm: Alarm) -> Iterator[Change]:
    """One edit after which an alarm fires on a metric that is 0 or 1: its comparison, or its threshold, never both."""
    comparison, threshold = alarm.comparison_operator, alarm.threshold
    if isinstance(comparison, Unknown) or not isinstance(threshold, (int, float)):
        return
    is_strict = comparison == _GREATER
    if (not is_strict and comparison != _AT_LEAST) or (is_strict and threshold == 1):
        yield SetValue(alarm.address, ("ComparisonOperator",), _AT_LEAST)
    elif threshold > 1:
        yield SetValue(alarm.address, ("Threshold",), 0 if is_strict else 1)


def _fire(subject: _Subject) -> Sequence[Change]:
    """An alarm whose actions are disabled, or that watches what is nearly a metric."""
    for policy in _policies(subject.target):
        alarms = policy.alarms if isinstance(policy, StepScalingPolicy) else ()
        for alarm in () if isinstance(alarms, Unknown) else alarms:
            if alarm.actions_enabled is False:
                return [SetValue(alarm.address, ("ActionsEnabled",), value=True)]
            if isinstance(alarm.metric_name, str) and isinstance(alarm.namespace, str):
                changes = _metric_words(alarm.address, (), alarm.metric_name, alarm.namespace)
                if changes:
                    return changes
    raise NoFixError("what its alarm is to watch is not nearly what it watches")


# Slips ---------------------------------------------------------------------------------------------------------------


def _linked(subject: _Subject) -> Sequence[Change]:
    """The words that are wrong in what was to scale it."""
    wrong = subject.endpoint.unlinked_scaling
    if not wrong:
        return _scale(subject)
    changes = [_word(each, subject.endpoint) for each in wrong]
    return [change for change in changes if change is not None]


def _word(unlinked: UnlinkedScaling, endpoint: Endpoint) -> Change | None:
    missing = _MISSING.search(unlinked.problem)
    is_clear = unlinked.is_certain or (missing is not None and is_slip(missing[1], unlinked.suggestion or ""))
    if unlinked.suggestion is None or not is_clear:
        raise NoFixError(f"{unlinked.address}: {unlinked.problem}; what was meant is not clear")
    _refuse_a_tie(unlinked, endpoint)
    paths = (("ResourceId",), ("ScalableDimension",), ("ServiceNamespace",))
    names = () if isinstance(endpoint.variants, Unknown) else [variant.name for variant in endpoint.variants]
    wrong = unlinked.variant if unlinked.suggestion in names else None
    return SetWord(unlinked.address, paths, unlinked.suggestion, wrong)


def _refuse_a_tie(unlinked: UnlinkedScaling, endpoint: Endpoint) -> None:
    """Raise where another variant of the endpoint is as near to the name that it has not."""
    if unlinked.variant is None or isinstance(endpoint.variants, Unknown):
        return
    names = [variant.name for variant in endpoint.variants if isinstance(variant.name, str)]
    ratios = sorted(
        (SequenceMatcher(None, unlinked.variant.lower(), name.lower()).ratio() for name in names), reverse=True
    )
    if unlinked.suggestion in names and len(ratios) > 1 and ratios[0] == ratios[1]:
        raise NoFixError(f"{unlinked.variant} is as near to one variant as to another: {' and '.join(sorted(names))}")


def _scale(subject: _Subject) -> Sequence[Change]:
    if subject.scaling is None:
        if subject.endpoint.unlinked_scaling:
            return _linked(subject)
        return _target_of_usage(subject)
    if _policies(subject.target):
        raise NoFixError("its policies never act, and what was to start them is not clear")
    return _follow(subject, subject.target)


def _target_of_usage(subject: _Subject) -> Sequence[Change]:
    """A scaling target from what a variant starts with to the maximum that usage states."""
    most, rate = _most(subject), subject.asked.instance_requests_per_minute
    configuration = subject.endpoint.configuration_address
    if most is None or rate is None or configuration is None or not isinstance(subject.thing, InstanceVariant):
        raise NoFixError(
            "it needs numbers: a maximum, and how many requests a minute one instance takes"
            " (max_instances and instance_requests_per_minute in the usage file)"
        )
    _, index = subject.place
    return [AddTarget(subject.endpoint.address, configuration, index, subject.name, None, most)]


def _most(subject: _Subject) -> int | None:
    """The maximum that usage states. Raises `NoFixError` for one that is no whole number."""
    most = subject.asked.max_instances
    if most is not None and most != int(most):
        raise NoFixError(f"max_instances in the usage file is {most:f}, and has to be a whole number")
    return None if most is None else int(most)


def _room(subject: _Subject) -> Sequence[Change]:
    """The maximum that usage states, for a target that has none above its minimum."""
    most, target = _most(subject), subject.target
    if most is None or target.dimension != INSTANCE_COUNT:
        raise NoFixError(f"{NEEDS_A_MAXIMUM} (max_instances in the usage file)")
    return [SetValue(target.address, ("MaxCapacity",), most)]


def _metrics(subject: _Subject) -> Sequence[Change]:
    """A metric that is nearly one that is published, or is looked for in another place than it is in."""
    reasons: list[str] = []
    for policy in _policies(subject.target):
        if not isinstance(policy, TargetTrackingPolicy) or isinstance(policy.metrics, Unknown):
            continue
        if len(policy.metrics) != 1:
            reasons.append("it follows metric math")
            continue
        changes = _metric_changes(policy, policy.metrics[0], subject)
        if changes:
            return changes
        reasons.append(f"what {policy.address} was to follow is not clear")
    raise NoFixError(reasons[0] if reasons else "it has no policy that follows a metric")


def _metric_changes(policy: TargetTrackingPolicy, metric: ScalingMetric, subject: _Subject) -> Sequence[Change]:
    name = metric.name
    if not isinstance(name, str):
        return []
    if metric.predefined and name not in metrics.PREDEFINED:
        near = _nearest(name, metrics.PREDEFINED)
        return [SetValue(policy.address, (_TRACKING, _PREDEFINED, "PredefinedMetricType"), near)] if near else []
    changes: Sequence[Change] = []
    base = (_TRACKING, _CUSTOMIZED)
    if not metric.predefined and isinstance(metric.namespace, str):
        changes = _metric_words(policy.address, base, name, metric.namespace)
        changes = changes or _statistic(policy.address, base, metric)
    if not changes and not metric.predefined:
        changes = _of_dimensions(policy.address, base, metric, subject)
    return changes or _as_share(policy, policy.target_value)


def _statistic(address: str, base: tuple[str, ...], metric: ScalingMetric) -> Sequence[Change]:
    """The statistic that means something, in place of one that does not."""
    publication = metrics.PUBLISHED.get((str(metric.namespace), str(metric.name)))
    meant = publication.statistics if publication else frozenset()
    if not meant or not isinstance(metric.statistic, str) or metric.statistic in meant:
        return []
    return [SetValue(address, (*base, "Statistic"), "Sum" if "Sum" in meant else "Average")]


def _of_dimensions(address: str, base: tuple[str, ...], metric: ScalingMetric, subject: _Subject) -> Sequence[Change]:
    """What is wrong with the dimensions of a metric; of whom it is where no other policy of the target follows one."""
    publication = metrics.PUBLISHED.get((str(metric.namespace), str(metric.name)))
    known = {_BY: subject.endpoint.name, _VARIANT: getattr(subject.thing, "name", None)}
    names = {name: known.get(name) for name in (publication.dimensions if publication else ())}
    if isinstance(metric.dimensions, Unknown) or len(metric.dimensions) != len(names):
        return []
    changes = [*_dimension_changes(address, base, metric.dimensions, names, subject.target)][:1]
    several = sum(isinstance(each, TargetTrackingPolicy) for each in _policies(subject.target)) > 1
    return [] if several and any(isinstance(each, NameEndpoint) for each in changes) else changes


def _as_share(policy: TargetTrackingPolicy, value: object) -> Sequence[Change]:
    """70 percent as 0.7, for a metric that is a share."""
    if isinstance(value, (int, float)) and value in _PERCENT:
        return [SetValue(policy.address, (_TRACKING, "TargetValue"), value / 100)]
    return []


def _metric_words(address: str, base: tuple[str, ...], name: str, namespace: str) -> Sequence[Change]:
    """The name or the namespace, where one of them is a slip."""
    spaces = dict.fromkeys(space for space, _ in metrics.PUBLISHED)
    if namespace not in spaces:
        near = next((space for space in spaces if space.lower() == namespace.lower()), None) or _nearest(
            namespace, spaces
        )
        return [SetValue(address, (*base, "Namespace"), near)] if near else []
    if (namespace, name) in metrics.PUBLISHED:
        return []
    elsewhere = [space for space, known in metrics.PUBLISHED if known == name]
    if elsewhere:
        return [SetValue(address, (*base, "Namespace"), elsewhere[0])] if len(elsewhere) == 1 else []
    near = _nearest(name, [known for space, known in metrics.PUBLISHED if space == namespace])
    return [SetValue(address, (*base, "MetricName"), near)] if near else []


def _nearest(word: str, known: Mapping[str, object] | Sequence[str]) -> str | None:
    """The one of several words that is nearly another; None where none is, or two are equally near."""
    ranked = sorted(((SequenceMatcher(None, each, word).ratio(), each) for each in set(known)), reverse=True)
    if not ranked or ranked[0][0] < _NEARLY or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


# One value -----------------------------------------------------------------------------------------------------------


def _scale_in(subject: _Subject) -> Sequence[Change]:
    target = subject.target
    tracking = [policy for policy in _policies(target) if isinstance(policy, TargetTrackingPolicy)]
    if not tracking and target.dynamic_scaling_in_suspended is not True:
        return _follow(subject, target)
    return _take_away(subject, target)


def _no_volume(subject: _Subject) -> Sequence[Change]:
    variant, configuration = subject.thing, subject.endpoint.configuration_address
    if not isinstance(variant, InstanceVariant) or configuration is None:
        raise NoFixError("its configuration is managed elsewhere")
    size = variant.volume_size_gb
    if not isinstance(size, int) or size > _GREATEST_VOLUME_GB:
        raise NoFixError("it needs a number: how large the volume of an instance is to be, up to 512 GB")
    return [Remove(configuration, (*subject.place, "VolumeSizeInGB"))]


def _offered_type(subject: _Subject) -> Sequence[Change]:
    """The type that a name is nearly, as its finding says it: ``ml.m5.xlarge`` for ``m5.xlarge``."""
    said = _TYPE.fullmatch(subject.fix)
    if said is None or subject.endpoint.configuration_address is None:
        raise NoFixError("which instance type takes its place is for you to say")
    return [SetValue(subject.endpoint.configuration_address, (*subject.place, "InstanceType"), said[1])]


def _model(subject: _Subject) -> Sequence[Change]:
    """The name of the model that is meant, in place of one that is it but for a slip."""
    variant, configuration = subject.thing, subject.endpoint.configuration_address
    meant, name = getattr(variant, "model_meant", None), getattr(variant, "model_name", None)
    if configuration is None or meant is None or not isinstance(name, str):
        raise NoFixError("which model is meant is not clear")
    return [SetWord(configuration, ((*subject.place, "ModelName"),), meant, name)]


def _no_accelerator(subject: _Subject) -> Sequence[Change]:
    if subject.endpoint.configuration_address is None:
        raise NoFixError("its configuration is managed elsewhere")
    return [Remove(subject.endpoint.configuration_address, (*subject.place, "AcceleratorType"))]


def _sampled(subject: _Subject) -> Sequence[Change]:
    """The share of requests that is agreed, as the finding says it."""
    said = _SAMPLED.fullmatch(subject.fix)
    if said is None or subject.endpoint.configuration_address is None:
        raise NoFixError("it needs a number: the share of requests to capture")
    path = ("DataCaptureConfig", "InitialSamplingPercentage")
    return [SetValue(subject.endpoint.configuration_address, path, int(said[1]))]


def _shorten(subject: _Subject) -> Sequence[Change]:
    """The longest cooldown, and so one after the other until all are short enough."""
    waits: list[tuple[int, Change]] = []
    for policy in _policies(subject.target):
        match policy:
            case StepScalingPolicy(address=address, cooldown_s=int(seconds)):
                path = ("StepScalingPolicyConfiguration", "Cooldown")
                waits.append((seconds, SetValue(address, path, _COOLDOWN_S)))
            case TargetTrackingPolicy(address=address):
                told = {"ScaleInCooldown": policy.scale_in_cooldown_s, "ScaleOutCooldown": policy.scale_out_cooldown_s}
                for name, wait in told.items():
                    if isinstance(wait, int):
                        waits.append((wait, SetValue(address, (_TRACKING, name), _COOLDOWN_S)))
    longest = max(waits, key=lambda wait: wait[0], default=None)
    if longest is None or longest[0] <= _COOLDOWN_S:
        raise NoFixError("it needs a number: how many seconds it is to wait")
    return [longest[1]]


def _let_rest(subject: _Subject) -> Sequence[Change]:
    """A minimum of 0 for each component that keeps a copy on its host."""
    components = subject.endpoint.inference_components
    if isinstance(components, Unknown):
        raise NoFixError(f"what it hosts is not known: {components.reason}")
    for component in components:
        target = component.scaling
        if component.copies is None:
            continue
        if not isinstance(target, ScalableTarget):
            raise NoFixError(f"it needs a number: the most copies of {component.address}, which has no scaling target")
        if target.scheduled_actions != ():
            raise NoFixError(f"the schedule of {target.address} sets more: which hours have no work is for you to say")
        if target.min_capacity != 0:
            return [SetValue(target.address, ("MinCapacity",), 0)]
    raise NoFixError("nothing takes its copies away, and at how many requests that is to happen is for you to say")


def _keep_one(subject: _Subject) -> Sequence[Change]:
    target = subject.target
    if target.scheduled_actions != () or target.min_capacity != 0 or target.max_capacity == 0:
        raise NoFixError("it needs numbers: the least and the most that it is to have at each time")
    return [SetValue(target.address, ("MinCapacity",), 1)]


def _shares(subject: _Subject) -> Sequence[Change]:
    for policy in _policies(subject.target):
        if isinstance(policy, TargetTrackingPolicy):
            changes = _as_share(policy, policy.target_value)
            if changes:
                return changes
    raise NoFixError("it needs a number: the share that it is to keep in use, between 0 and 1")


_MENDS: Mapping[str, Callable[[_Subject], Sequence[Change]]] = {
    "async-scales-to-zero": _reach_zero,
    "async-wakes-from-zero": _wake,
    "components-wake-from-zero": _wake,
    "components-let-their-host-rest": _let_rest,
    "cooldowns-are-short": _shorten,
    "models-are-named-right": _model,
    "elastic-inference-is-gone": _no_accelerator,
    "capture-is-sampled": _sampled,
    "scaling-has-room": _room,
    "scaling-bounds-are-ordered": _room,
    "async-scales-on-backlog": _metrics,
    "scaling-follows-published-metrics": _metrics,
    "scaling-alarms-fire": _fire,
    "scaling-names-what-exists": _linked,
    "realtime-variants-scale": _scale,
    "scaling-has-a-policy": _scale,
    "provisioned-concurrency-scales": _scale,
    "scaling-in-is-enabled": _scale_in,
    "volume-size-is-accepted": _no_volume,
    "realtime-keeps-an-instance": _keep_one,
    "instance-is-offered-in-region": _offered_type,
    "utilization-targets-are-shares": _shares,
}
"""By policy. What is mended is proven afterwards, whatever stands here."""
