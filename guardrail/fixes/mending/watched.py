"""What mends a metric that a policy follows, or an alarm watches: its name, of whom it is, and its threshold."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

from guardrail import metrics
from guardrail.fixes.additions import waking
from guardrail.fixes.base import NameEndpoint, NoFixError, ProposedChange, SetProperty
from guardrail.fixes.mending.subjects import VariantOfFinding, adds, policies_of
from guardrail.model import (
    COPY_COUNT,
    Alarm,
    ScalableTarget,
    ScalingMetric,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)

_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_CUSTOMIZED, _PREDEFINED = "CustomizedMetricSpecification", "PredefinedMetricSpecification"
_BY, _VARIANT = "EndpointName", "VariantName"
_NEARLY = 0.85
_PERCENT = range(10, 101)
_GREATER, _AT_LEAST = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"


def alarm_changes(alarm: Alarm, subject: VariantOfFinding, *, copies: bool) -> Iterator[ProposedChange]:
    """What makes an alarm wake an endpoint that nearly does; nothing of one that is for something else."""
    address, name = alarm.address, alarm.metric_name
    metric, by = waking(copies=copies)
    if not isinstance(name, str):
        return
    if name != metric:
        if get_close_matches(name, [metric], 1, _NEARLY):
            yield SetProperty(address, ("MetricName",), metric)
        return
    if isinstance(alarm.namespace, str) and alarm.namespace != metrics.SAGEMAKER:
        yield SetProperty(address, ("Namespace",), metrics.SAGEMAKER)
    whose = subject.thing if copies else subject.endpoint
    if not isinstance(alarm.dimensions, Unknown) and len(alarm.dimensions) == 1:
        names = {by: getattr(whose, "name", None)}
        yield from _dimension_changes(address, (), alarm.dimensions, names, subject.target)
    yield from _thresholds(alarm)
    if alarm.actions_enabled is False:
        yield SetProperty(address, ("ActionsEnabled",), value=True)


def _dimension_changes(
    address: str,
    base: tuple[str, ...],
    dimensions: Mapping[str, object],
    names: Mapping[str, object],
    target: ScalableTarget,
) -> Iterator[ProposedChange]:
    """What mends the dimensions of a metric that is to have the ``names``: slips in one, or what it names."""
    for place, (key, value) in enumerate(dimensions.items()):
        known = names.get(key)
        missing = [each for each in names if each not in dimensions]
        if known is None and len(missing) == 1 and get_close_matches(key, missing, 1, _NEARLY):
            yield SetProperty(address, (*base, "Dimensions", place, "Name"), missing[0])
        elif not isinstance(value, str) or not isinstance(known, str) or value == known:
            continue
        elif key == _VARIANT:
            yield SetProperty(address, (*base, "Dimensions", place, "Value"), known)
        else:
            yield NameEndpoint(address, (*base, "Dimensions", place, "Value"), target.address)


def _thresholds(alarm: Alarm) -> Iterator[ProposedChange]:
    """One edit after which an alarm fires on a metric that is 0 or 1: its comparison, or its threshold, never both."""
    comparison, threshold = alarm.comparison_operator, alarm.threshold
    if isinstance(comparison, Unknown) or not isinstance(threshold, (int, float)):
        return
    is_strict = comparison == _GREATER
    if (not is_strict and comparison != _AT_LEAST) or (is_strict and threshold == 1):
        yield SetProperty(alarm.address, ("ComparisonOperator",), _AT_LEAST)
    elif threshold > 1:
        yield SetProperty(alarm.address, ("Threshold",), 0 if is_strict else 1)


def fire(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """An alarm whose actions are disabled, or that watches what is nearly a metric."""
    for policy in policies_of(subject.target):
        if not isinstance(policy, StepScalingPolicy) or isinstance(policy.alarms, Unknown):
            continue
        for alarm in policy.alarms:
            if alarm.actions_enabled is False:
                return [SetProperty(alarm.address, ("ActionsEnabled",), value=True)]
            copies = subject.target.dimension == COPY_COUNT
            if alarm.metric_name == waking(copies=copies)[0] and adds(policy):
                wakes = [*alarm_changes(alarm, subject, copies=copies)][:1]
                if wakes:
                    return wakes
            if isinstance(alarm.metric_name, str) and isinstance(alarm.namespace, str):
                changes = _metric_words(alarm.address, (), alarm.metric_name, alarm.namespace)
                if changes:
                    return changes
    raise NoFixError("what its alarm is to watch is not nearly what it watches")


def follow_metrics(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A metric that is nearly one that is published, or is looked for in another place than it is in."""
    reasons: list[str] = []
    for policy in policies_of(subject.target):
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


def _metric_changes(
    policy: TargetTrackingPolicy, metric: ScalingMetric, subject: VariantOfFinding
) -> Sequence[ProposedChange]:
    name = metric.name
    if not isinstance(name, str):
        return []
    if metric.predefined and name not in metrics.PREDEFINED:
        near = _nearest(name, metrics.PREDEFINED)
        return [SetProperty(policy.address, (_TRACKING, _PREDEFINED, "PredefinedMetricType"), near)] if near else []
    changes: Sequence[ProposedChange] = []
    base = (_TRACKING, _CUSTOMIZED)
    if not metric.predefined and isinstance(metric.namespace, str):
        changes = _metric_words(policy.address, base, name, metric.namespace)
        changes = changes or _statistic(policy.address, base, metric)
    if not changes and not metric.predefined:
        changes = _of_dimensions(policy.address, base, metric, subject)
    return changes or _as_share(policy)


def _statistic(address: str, base: tuple[str, ...], metric: ScalingMetric) -> Sequence[ProposedChange]:
    """The statistic that means something, in place of one that does not."""
    publication = metrics.PUBLISHED.get((str(metric.namespace), str(metric.name)))
    meant = publication.statistics if publication else frozenset()
    if not meant or not isinstance(metric.statistic, str) or metric.statistic in meant:
        return []
    return [SetProperty(address, (*base, "Statistic"), "Sum" if "Sum" in meant else "Average")]


def _of_dimensions(
    address: str, base: tuple[str, ...], metric: ScalingMetric, subject: VariantOfFinding
) -> Sequence[ProposedChange]:
    """What is wrong with the dimensions of a metric; of whom it is where no other policy of the target follows one."""
    publication = metrics.PUBLISHED.get((str(metric.namespace), str(metric.name)))
    known = {_BY: subject.endpoint.name, _VARIANT: getattr(subject.thing, "name", None)}
    names = {name: known.get(name) for name in (publication.dimensions if publication else ())}
    if isinstance(metric.dimensions, Unknown) or len(metric.dimensions) != len(names):
        return []
    changes = [*_dimension_changes(address, base, metric.dimensions, names, subject.target)][:1]
    several = sum(isinstance(each, TargetTrackingPolicy) for each in policies_of(subject.target)) > 1
    return [] if several and any(isinstance(each, NameEndpoint) for each in changes) else changes


def _as_share(policy: TargetTrackingPolicy) -> Sequence[ProposedChange]:
    """70 percent as 0.7, for a metric that is a share."""
    value = policy.target_value
    if isinstance(value, (int, float)) and value in _PERCENT:
        return [SetProperty(policy.address, (_TRACKING, "TargetValue"), value / 100)]
    return []


def _metric_words(address: str, base: tuple[str, ...], name: str, namespace: str) -> Sequence[ProposedChange]:
    """The name or the namespace, where one of them is a slip."""
    spaces = dict.fromkeys(space for space, _ in metrics.PUBLISHED)
    if namespace not in spaces:
        near = next((space for space in spaces if space.lower() == namespace.lower()), None) or _nearest(
            namespace, spaces
        )
        return [SetProperty(address, (*base, "Namespace"), near)] if near else []
    if (namespace, name) in metrics.PUBLISHED:
        return []
    elsewhere = [space for space, known in metrics.PUBLISHED if known == name]
    if elsewhere:
        return [SetProperty(address, (*base, "Namespace"), elsewhere[0])] if len(elsewhere) == 1 else []
    near = _nearest(name, [known for space, known in metrics.PUBLISHED if space == namespace])
    return [SetProperty(address, (*base, "MetricName"), near)] if near else []


def _nearest(word: str, known: Mapping[str, object] | Sequence[str]) -> str | None:
    """The one of several words that is nearly another; None where none is, or two are equally near."""
    ranked = sorted(((SequenceMatcher(None, each, word).ratio(), each) for each in set(known)), reverse=True)
    if not ranked or ranked[0][0] < _NEARLY or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


def shares(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A share in place of a number of percent."""
    for policy in policies_of(subject.target):
        if isinstance(policy, TargetTrackingPolicy):
            changes = _as_share(policy)
            if changes:
                return changes
    raise NoFixError("it needs a number: the share that it is to keep in use, between 0 and 1")
