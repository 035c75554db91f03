"""What Application Auto Scaling, and SageMaker's own scaling, can really do with a variant or an inference component.

Pure functions over the model. Each answers ``Unknown`` with a reason where something that decides is not known, and
never guesses: True and False hold whatever the unknown parts turn out to be (Kleene logic). Sources are the pages of
the SageMaker developer guide (DG, docs.aws.amazon.com/sagemaker/latest/dg) and of the Application Auto Scaling user
guide (AAS, docs.aws.amazon.com/autoscaling/application/userguide); each function names its own.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from guardrail.model import (
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
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
