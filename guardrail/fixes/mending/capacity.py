"""What mends how much capacity there is: to zero and back, a target, its bounds, what follows the load."""

from collections.abc import Sequence

from guardrail.fixes.additions import BACKLOG, BACKLOG_TARGET, waking
from guardrail.fixes.base import AddTarget, AddTracking, AddWake, NoFixError, ProposedChange, SetProperty
from guardrail.fixes.decisions import NEEDS_A_MAXIMUM
from guardrail.fixes.mending.slips import linked
from guardrail.fixes.mending.subjects import VariantOfFinding, adds, greatest, known, policies_of
from guardrail.fixes.mending.watched import alarm_changes
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    InstanceVariant,
    ScalableTarget,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)

INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
UTILIZATION, UTILIZATION_TARGET = "SageMakerVariantProvisionedConcurrencyUtilization", 0.7
"""The metric and AWS's example of a target (SageMaker developer guide, serverless-endpoints-autoscale)."""
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_COOLDOWN_S = 300
"""The default of a cooldown (Application Auto Scaling user guide, target-tracking-scaling-policy-overview)."""


def reach_zero(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A target, a minimum of 0, and what takes capacity away: the first of these that lacks."""
    target = subject.scaling
    if target is None:
        if subject.endpoint.unlinked_scaling:
            return linked(subject)
        return [AddTarget(subject.endpoint.address, subject.configuration, subject.index, subject.name)]
    if target.scheduled_actions != ():
        raise NoFixError("its schedule sets more: which hours have no work is a number that only you can know")
    if known(target.min_capacity, "its minimum") != 0:
        return [SetProperty(target.address, ("MinCapacity",), 0)]
    return _take_away(subject, target)


def _take_away(subject: VariantOfFinding, target: ScalableTarget) -> Sequence[ProposedChange]:
    """What has something take capacity away from a target."""
    policies = policies_of(target)
    if target.dynamic_scaling_in_suspended is True:
        return [SetProperty(target.address, ("SuspendedState", "DynamicScalingInSuspended"), value=False)]
    tracking = [policy for policy in policies if isinstance(policy, TargetTrackingPolicy)]
    disabled = [policy for policy in tracking if policy.disable_scale_in is True]
    if disabled:
        return [SetProperty(disabled[0].address, (_TRACKING, "DisableScaleIn"), value=False)]
    if tracking:
        raise NoFixError("its target tracking policies have no metric that can be read here")
    return _follow(subject, target)


def _follow(subject: VariantOfFinding, target: ScalableTarget) -> Sequence[ProposedChange]:
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


def wake(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """What is wrong with the alarm that nearly wakes it, else steps and an alarm that do."""
    target = subject.target
    if target.dynamic_scaling_out_suspended is True:
        return [SetProperty(target.address, ("SuspendedState", "DynamicScalingOutSuspended"), value=False)]
    copies = target.dimension == COPY_COUNT
    steps = [policy for policy in policies_of(target) if isinstance(policy, StepScalingPolicy) and adds(policy)]
    for policy in steps:
        for alarm in () if isinstance(policy.alarms, Unknown) else policy.alarms:
            if alarm.conflict is not None:
                raise NoFixError(f"{alarm.address} {alarm.conflict}: which of them moves is for you to say")
            changes = list(alarm_changes(alarm, subject, copies=copies))
            if changes:
                return changes[:1]
    several = not isinstance(subject.endpoint.variants, Unknown) and len(subject.endpoint.variants) > 1
    idle = next((policy.address for policy in steps if _adds_the_first(policy)), None)
    watching = None if idle is None else _idle_alarm(subject, waking(copies=copies)[0])
    return [AddWake(target.address, subject.name, several and not copies, idle, watching, copies)]


def _idle_alarm(subject: VariantOfFinding, metric: str) -> str | None:
    """The alarm on a metric of the endpoint that has no actions, as if somebody had forgotten them."""
    idle = (each for each in subject.endpoint.unlinked_scaling if each.idle_alarm is not None)
    return next((each.address for each in idle if each.idle_alarm and each.idle_alarm.metric_name == metric), None)


def _adds_the_first(policy: StepScalingPolicy) -> bool:
    """Whether a step policy adds to no capacity once an alarm on 1 or more starts it, so that the alarm alone lacks."""
    if policy.adjustment_type != "ChangeInCapacity" or isinstance(policy.steps, Unknown):
        return False
    return policy.alarms == () or any(
        step.lower == 0 and step.upper is None and isinstance(step.adjustment, (int, float)) and step.adjustment > 0
        for step in policy.steps
    )


def link(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The words that are wrong in what was to scale it; where there are none any more, what scales it."""
    return linked(subject) if subject.endpoint.unlinked_scaling else scale(subject)


def scale(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A target where usage has its bounds, or a policy for one that has none."""
    if subject.scaling is None:
        if subject.endpoint.unlinked_scaling:
            return linked(subject)
        return _target_of_usage(subject)
    if policies_of(subject.target):
        raise NoFixError("its policies never act, and what was to start them is not clear")
    return _follow(subject, subject.target)


def _target_of_usage(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A scaling target from what a variant starts with to the maximum that usage states."""
    most, rate = greatest(subject), subject.asked.instance_requests_per_minute
    configuration = subject.endpoint.configuration_address
    if most is None or rate is None or configuration is None or not isinstance(subject.thing, InstanceVariant):
        raise NoFixError(
            "it needs numbers: a maximum, and how many requests a minute one instance takes"
            " (max_instances and instance_requests_per_minute in the usage file)"
        )
    _, index = subject.place
    return [AddTarget(subject.endpoint.address, configuration, index, subject.name, None, most)]


def room(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The maximum that usage states, for a target that has none above its minimum."""
    most, target = greatest(subject), subject.target
    if most is None or target.dimension != INSTANCE_COUNT:
        raise NoFixError(f"{NEEDS_A_MAXIMUM} (max_instances in the usage file)")
    return [SetProperty(target.address, ("MaxCapacity",), most)]


def scale_in(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """What has something take away what is added."""
    target = subject.target
    tracking = [policy for policy in policies_of(target) if isinstance(policy, TargetTrackingPolicy)]
    if not tracking and target.dynamic_scaling_in_suspended is not True:
        return _follow(subject, target)
    return _take_away(subject, target)


def shorten(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """The longest cooldown, and so one after the other until all are short enough."""
    waits: list[tuple[int, ProposedChange]] = []
    for policy in policies_of(subject.target):
        match policy:
            case StepScalingPolicy(address=address, cooldown_s=int(seconds)):
                path = ("StepScalingPolicyConfiguration", "Cooldown")
                waits.append((seconds, SetProperty(address, path, _COOLDOWN_S)))
            case TargetTrackingPolicy(address=address):
                told = {"ScaleInCooldown": policy.scale_in_cooldown_s, "ScaleOutCooldown": policy.scale_out_cooldown_s}
                for name, wait in told.items():
                    if isinstance(wait, int):
                        waits.append((wait, SetProperty(address, (_TRACKING, name), _COOLDOWN_S)))
    longest = max(waits, key=lambda wait: wait[0], default=None)
    if longest is None or longest[0] <= _COOLDOWN_S:
        raise NoFixError("it needs a number: how many seconds it is to wait")
    return [longest[1]]


def let_rest(subject: VariantOfFinding) -> Sequence[ProposedChange]:
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
            return [SetProperty(target.address, ("MinCapacity",), 0)]
    raise NoFixError("nothing takes its copies away, and at how many requests that is to happen is for you to say")


def keep_one(subject: VariantOfFinding) -> Sequence[ProposedChange]:
    """A minimum of 1 for what cannot have less."""
    target = subject.target
    if target.scheduled_actions != () or target.min_capacity != 0 or target.max_capacity == 0:
        raise NoFixError("it needs numbers: the least and the most that it is to have at each time")
    return [SetProperty(target.address, ("MinCapacity",), 1)]
