"""What Application Auto Scaling, and SageMaker's own scaling, can really do with a variant or an inference component.

Pure functions over the model. Each answers ``Unknown`` with a reason where something that decides is not known, and
never guesses: True and False hold whatever the unknown parts turn out to be (Kleene logic). Sources are the pages of
the SageMaker developer guide (DG, docs.aws.amazon.com/sagemaker/latest/dg) and of the Application Auto Scaling user
guide (AAS, docs.aws.amazon.com/autoscaling/application/userguide); each function names its own.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from guardrail.later import Later
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

if TYPE_CHECKING:
    from guardrail import schedules
else:
    schedules = Later("guardrail.schedules")

Truth: TypeAlias = bool | Unknown

_BOUNDS = attrgetter(
    "min_capacity",
    "max_capacity",
    "dynamic_scaling_in_suspended",
    "dynamic_scaling_out_suspended",
    "scheduled_scaling_suspended",
    "seen_on",
)
_OF_ACTION = attrgetter("schedule", "timezone", "start", "end", "min_capacity", "max_capacity")


def traits(target: ScalableTarget) -> Hashable:
    """All of a target that decides what it brings about: equal of two that differ in names, places and metrics alone.

    What names one of its policies or actions, or those that are over, rests on more. Of an action that AWS refuses the
    name counts, too: it is in the reason why nobody knows what its schedule brings about.
    """
    policies, actions = target.policies, target.scheduled_actions
    return (
        _BOUNDS(target),
        policies if isinstance(policies, Unknown) else tuple([_traits_of(policy) for policy in policies]),
        actions if isinstance(actions, Unknown) or not actions else _traits_of_schedule(actions),
        *_refused(target),
    )


def _traits_of_schedule(actions: Sequence[ScheduledAction]) -> Hashable:
    """When each sets which bounds, and which of them share an address, as those of a template do."""
    names = [action.address for action in actions]
    return tuple([(_OF_ACTION(action), names.index(action.address)) for action in actions])


def _traits_of(policy: ScalingPolicy) -> Hashable:
    if isinstance(policy, TargetTrackingPolicy):
        metrics = policy.metrics
        return metrics if isinstance(metrics, Unknown) else bool(metrics), policy.disable_scale_in
    if isinstance(policy, StepScalingPolicy):
        alarms = policy.alarms
        enabled = alarms if isinstance(alarms, Unknown) else tuple(alarm.actions_enabled for alarm in alarms)
        return policy.adjustment_type, policy.steps, enabled
    return policy.policy_type


# Policies and schedules ----------------------------------------------------------------------------------------------


def policy_count(target: ScalableTarget) -> int | Unknown:
    """How many policies are attached to the target, whether they do anything or not."""
    return target.policies if isinstance(target.policies, Unknown) else len(target.policies)


def scheduled_action_count(target: ScalableTarget) -> int | Unknown:
    """How many scheduled actions are attached to the target."""
    actions = target.scheduled_actions
    return actions if isinstance(actions, Unknown) else len(actions)


def unordered_actions(target: ScalableTarget) -> tuple[str, ...] | Unknown:
    """Addresses of its scheduled actions whose own minimum is above their own maximum, which AWS refuses."""
    actions = target.scheduled_actions
    if isinstance(actions, Unknown):
        return actions
    pairs = [(each.address, each.min_capacity, each.max_capacity) for each in actions]
    return tuple(name for name, low, high in pairs if isinstance(low, int) and isinstance(high, int) and low > high)


def has_dynamic_policy(target: ScalableTarget) -> Truth:
    """Whether a policy answers the load: target tracking that follows a metric, or steps that an alarm starts.

    A step policy without an alarm whose actions are enabled and a target-tracking policy without a metric do nothing,
    and predictive scaling is for other services (DG endpoint-auto-scaling-policy; AAS: "only supported for Amazon
    ECS").
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    return _some([_acts(policy) for policy in target.policies])


def target_tracking_count(target: ScalableTarget) -> int | Unknown:
    """How many of its policies are target tracking."""
    if isinstance(target.policies, Unknown):
        return target.policies
    return sum([policy.__class__ is TargetTrackingPolicy for policy in target.policies])


def can_scale_in(target: ScalableTarget) -> Truth:
    """Whether anything ever takes capacity away.

    A target-tracking policy does unless ``disable_scale_in``; a step policy does where a step is negative, or an exact
    capacity below the greatest; neither does while dynamic scaling in is suspended (AAS
    application-auto-scaling-suspend-resume-scaling). A scheduled action does only where it sets MaxCapacity below the
    greatest: lowering MinCapacity alone removes nothing.
    """
    highest = highest_capacity(target)
    actions = acting_schedule(target)
    by_schedule = (
        actions
        if isinstance(actions, Unknown)
        else _some(_below(action.max_capacity, highest) for action in actions if action.max_capacity is not None)
    )
    return _some((_policies_leave_less(target, highest), by_schedule))


def long_cooldowns(target: ScalableTarget, most_s: int) -> tuple[str, ...] | Unknown:
    """How long each of its policies waits once it has acted, where that is above ``most_s`` seconds.

    ``backlog waits 86,400 s after it took capacity away`` of a scale_in_cooldown of a day: "it blocks the deletion of
    instances for scale-in requests, and limits the creation of instances for scale-out requests" (DG
    endpoint-auto-scaling-policy). An unset cooldown is 300 s; one of a direction that is turned off holds nothing up.
    """
    if isinstance(target.policies, Unknown):
        return target.policies
    waits = [(policy.address, *wait) for policy in target.policies for wait in _cooldowns(policy, target)]
    long = [
        f"{address} waits {seconds:,} s after it {done}"
        for address, seconds, done in waits
        if isinstance(seconds, int) and seconds > most_s
    ]
    unknown = (seconds for _, seconds, _ in waits if isinstance(seconds, Unknown))
    return tuple(long) or next(unknown, ())


def _cooldowns(policy: ScalingPolicy, target: ScalableTarget) -> Iterator[tuple[int | Unknown | None, str]]:
    """Its cooldowns that hold something up, each with what it follows on."""
    if isinstance(policy, StepScalingPolicy):
        yield policy.cooldown_s, "changed the capacity"
    if isinstance(policy, TargetTrackingPolicy):
        if policy.disable_scale_in is not True and target.dynamic_scaling_in_suspended is not True:
            yield policy.scale_in_cooldown_s, "took capacity away"
        if target.dynamic_scaling_out_suspended is not True:
            yield policy.scale_out_cooldown_s, "added capacity"


def _policies_leave_less(target: ScalableTarget, limit: int | Unknown) -> Truth:
    """Whether policies take capacity away until less than ``limit`` is left, where its bounds allow that."""
    if isinstance(target.policies, Unknown):
        scales_in: Truth = target.policies
    else:
        scales_in = _some(_leaves_less(policy, limit) for policy in target.policies)
    return _every((scales_in, _not(target.dynamic_scaling_in_suspended)))


def _leaves_less(policy: ScalingPolicy, limit: int | Unknown) -> Truth:
    acts = _acts(policy)
    if isinstance(policy, TargetTrackingPolicy):
        return _every((acts, _not(policy.disable_scale_in)))
    if isinstance(policy, StepScalingPolicy):
        return _every((acts, _steps_leave_less(policy, limit)))
    return acts


def _acts(policy: ScalingPolicy) -> Truth:
    if isinstance(policy, TargetTrackingPolicy):
        return policy.metrics if policy.metrics.__class__ is Unknown else bool(policy.metrics)
    if isinstance(policy, StepScalingPolicy):
        return (
            policy.alarms
            if isinstance(policy.alarms, Unknown)
            else _some(alarm.actions_enabled for alarm in policy.alarms)
        )
    return policy.policy_type if isinstance(policy.policy_type, Unknown) else False


def _steps_leave_less(policy: StepScalingPolicy, limit: int | Unknown) -> Truth:
    """Whether a step takes capacity away again and again, or sets one that is below the limit."""
    if isinstance(policy.steps, Unknown):
        return policy.steps
    if isinstance(policy.adjustment_type, Unknown):
        return policy.adjustment_type
    below: int | Unknown = limit if policy.adjustment_type == "ExactCapacity" else 0
    return _some(_below(step.adjustment, below) for step in policy.steps)


def _least_left(target: ScalableTarget) -> int | None:
    """The least that policies leave, as far as their bounds allow; None where they take nothing away.

    0 of a step that subtracts, 2 of one that sets an exact capacity of 2. What is unknown may leave nothing.
    """
    policies = () if isinstance(target.policies, Unknown) else target.policies
    exact = {
        int(step.adjustment)
        for policy in policies
        if isinstance(policy, StepScalingPolicy) and not isinstance(policy.steps, Unknown)
        for step in policy.steps
        if not isinstance(step.adjustment, Unknown) and step.adjustment > 0
    }
    if _policies_leave_less(target, 1) is not False:
        return 0
    highest = highest_capacity(target) if exact else 0
    counts = sorted(count for count in exact if isinstance(highest, Unknown) or count < highest)
    return next((count for count in counts if _policies_leave_less(target, count + 1) is not False), None)


def acting_schedule(target: ScalableTarget) -> tuple[ScheduledAction, ...] | Unknown:
    """The scheduled actions that run: none while scheduled scaling is suspended."""
    suspended = target.scheduled_scaling_suspended
    if suspended is True or target.scheduled_actions == ():
        return ()
    return suspended if isinstance(suspended, Unknown) else target.scheduled_actions


def out_of_sight(target: ScalableTarget, today: date) -> dict[ScheduledAction, str]:
    """Its scheduled actions that are over, or begin after the year that is looked at, each with that as a clause."""
    found: dict[ScheduledAction, str] = {}
    for action in () if isinstance(target.scheduled_actions, Unknown) else target.scheduled_actions:
        schedule = _schedule_of(action)
        if schedules.is_over(schedule, today):
            found[action] = OVER
        elif schedules.is_ahead(schedule, today):
            found[action] = "begins more than a year from now, and does not count"
    return found


def doubtful_time(action: ScheduledAction, today: date) -> str | None:
    """A clause on a local time at which it runs and that a change of the clock leaves out or repeats."""
    unclear = schedules.unclear_time(_schedule_of(action), today)
    return unclear and f"runs at a local time of which AWS does not say what happens: {unclear}, and either may be"


OVER = "is over: it never runs again"


def _schedule_of(action: ScheduledAction) -> "schedules.Schedule":
    """When the action runs, as far as that is known."""
    known = [
        value if isinstance(value, str) else None
        for value in (action.schedule, action.timezone, action.start, action.end)
    ]
    return schedules.Schedule(known[0] or "", *known[1:])


# What can be reached -------------------------------------------------------------------------------------------------


class Turn(Struct, frozen=True, kw_only=True):
    """Bounds that hold at times: those of the target, or what a scheduled action makes of them."""

    low: int | Unknown
    high: int | Unknown
    minutes: int | None
    """For how long, of the minutes of all turns; None where nobody knows."""
    action: ScheduledAction | None = None


class Reach(Struct, frozen=True, kw_only=True):
    """The capacities that a target can really bring about."""

    lowest: int
    lowest_origin: str
    highest: int
    highest_origin: str
    stops: tuple[int, ...] = ()
    """Where its bounds and its schedule leave the initial count."""
    moves: bool = True
    """Whether a policy may bring about everything between the ends."""
    held: tuple[tuple[int, int], ...] = ()
    """What its schedule holds and for how many minutes of a week or a year; empty where that is not known."""
    lowers: bool = True
    """Whether anything takes capacity away, or may."""
    lowest_unknown: str | None = None
    """Why `lowest` is only what is known."""
    untimed: str | None = None
    """Why nobody knows what its schedule holds at which time, where that is so because of its time zone."""
    highest_unknown: str | None = None


def reach(target: ScalableTarget, initial: int | None, least: int) -> Reach:
    """What can be reached from ``initial`` instances, of which the service keeps ``least``; None where it is unknown.

    Minimum 0, maximum 4 and nothing that takes capacity away: from 1 to 4 if the initial count is 1, for a minimum
    lowers nothing. A bound that a schedule sets stands in for the target's own from its first run on: daily 8 to 8
    leaves 8. The greatest is the greatest that the bounds allow, whatever moves it. An unknown maximum counts as its
    minimum, an unknown minimum as ``least``.
    """
    turns = _turns(target)
    if isinstance(turns, Unknown):
        known = max((each for each in (target.min_capacity, target.max_capacity) if isinstance(each, int)), default=0)
        lowest = least if initial is None else min(least, initial)
        return Reach(
            lowest=lowest,
            lowest_origin=f"at least {lowest}: it is unknown",
            highest=max(known, lowest),
            highest_origin=f"at least {max(known, lowest)}: it is unknown",
            lowest_unknown=f"its schedule is unknown: {turns.reason}",
            highest_unknown=f"its schedule is unknown: {turns.reason}",
        )
    left = _least_left(target)
    lowers = left is not None
    bounds = [_numbers(turn, least) for turn in turns]
    highest = max(high for _, high in bounds)
    start = highest if initial is None else initial
    stops, held = _held(turns, bounds, start=least if initial is None else start, lowers=lowers)
    lowest = min(stops) if left is None else min(*stops, max(left, min(low for low, _ in bounds)))
    low_unknown = _first_unknown([turn.low for turn in turns])
    high_unknown = _first_unknown([turn.high for turn in turns])
    return Reach(
        lowest=lowest,
        lowest_origin=_origin(target, turns, lowest, None if lowers else start, least, known=low_unknown is None),
        highest=max(highest, lowest),
        highest_origin=_origin(target, turns, max(highest, lowest), None, least, known=high_unknown is None),
        stops=stops if initial is not None else (),
        moves=has_dynamic_policy(target) is not False,
        held=() if initial is None or low_unknown or high_unknown or stops == (initial,) else held,
        lowers=lowers or len({high for _, high in bounds}) > 1,
        untimed=None if turns[0].minutes is not None or target.scheduled_actions == () else _untimed(target),
        lowest_unknown=low_unknown and f"min_capacity is unknown: {low_unknown}",
        highest_unknown=high_unknown and f"max_capacity is unknown: {high_unknown}",
    )


def _untimed(target: ScalableTarget) -> str | None:
    zone = unknown_zone(target)
    reason = next(_refused(target), None) if zone is None else f"there is no time zone {zone}"
    return None if reason is None else f"when its scheduled actions run is unknown: {reason}"


def reaches_zero(target: ScalableTarget) -> Truth:
    """Whether the capacity ever falls to 0: a minimum of 0 at times, and something that takes capacity away.

    Minimum 0 and only a policy that wakes it, or steps that set 1: False, for the first instance stays for ever.
    Minimum 0 and a schedule that only ever sets 1: False, for after its first run nothing brings the zero back.
    """
    turns = _turns(target)
    if isinstance(turns, Unknown):
        return turns
    allowed = _some(_is_zero(turn.low) for turn in turns)
    return _some((_every((allowed, _policies_leave_less(target, 1))), _some(_is_zero(turn.high) for turn in turns)))


def _turns(target: ScalableTarget) -> tuple[Turn, ...] | Unknown:
    """The bounds that hold one after another, once every scheduled action has run.

    Where only actions that run once are left, the target's own bounds hold until then.
    """
    actions = acting_schedule(target)
    own = Turn(low=target.min_capacity, high=target.max_capacity, minutes=None)
    if not actions:
        return (own,)
    if isinstance(actions, Unknown):
        return actions
    times = [part for each in actions for part in (each.schedule, each.timezone, each.start, each.end)]
    order = None
    if not any(isinstance(time, Unknown) for time in times):
        order = schedules.turns(tuple(_schedule_of(action) for action in actions), target.seen_on)
    if order is None:
        never = unknown_zone(target) is not None or any(_refused(target))
        return tuple(_unordered(actions, own, own_holds=never or not any(map(_recurs, actions))))
    turn, found = own, []
    for place, minutes in order:
        turn = _after(turn, None if place is None else actions[place], minutes)
        if minutes is not None:
            found.append(turn)
    return tuple(found)


def _after(turn: Turn, action: ScheduledAction | None, minutes: int | None) -> Turn:
    """The bounds once an action has run, which leaves those that it does not set."""
    if action is None:
        return Turn(low=turn.low, high=turn.high, minutes=minutes, action=turn.action)
    low = turn.low if action.min_capacity is None else action.min_capacity
    high = turn.high if action.max_capacity is None else action.max_capacity
    return Turn(low=low, high=high, minutes=minutes, action=action)


def _recurs(action: ScheduledAction) -> bool:
    return isinstance(action.schedule, str) and schedules.recurs(action.schedule)


def unknown_zone(target: ScalableTarget) -> str | None:
    """The name of a time zone that there is not, in which one of its actions is to run."""
    actions = acting_schedule(target)
    named = () if isinstance(actions, Unknown) else [each.timezone for each in actions]
    return next((name for name in named if isinstance(name, str) and schedules.no_zone(name)), None)


def _unordered(actions: Iterable[ScheduledAction], own: Turn, *, own_holds: bool) -> Iterator[Turn]:
    """Every minimum with every maximum, where nobody can tell which holds when.

    The target's own hold too where the actions run once, or perhaps never: AWS refuses what it cannot read.
    """
    if own_holds:
        yield own
    minima: list[tuple[int | Unknown, ScheduledAction | None]] = [
        (each.min_capacity, each) for each in actions if each.min_capacity is not None
    ] or [(own.low, None)]
    maxima: list[tuple[int | Unknown, ScheduledAction | None]] = [
        (each.max_capacity, each) for each in actions if each.max_capacity is not None
    ] or [(own.high, None)]
    for low, by in minima:
        for high, other in maxima:
            yield Turn(low=low, high=high, minutes=None, action=by or other)


def _numbers(turn: Turn, least: int) -> tuple[int, int]:
    low = least if isinstance(turn.low, Unknown) else max(turn.low, least)
    high = low if isinstance(turn.high, Unknown) else max(turn.high, least)
    return min(low, high), max(low, high)


def _held(
    turns: Sequence[Turn], bounds: Sequence[tuple[int, int]], *, start: int, lowers: bool
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The capacities that turns leave, and how many minutes each is held where that is known.

    Where nothing else takes capacity away, only a maximum lowers what an earlier minimum brought.
    """
    if turns[0].minutes is None:
        lowest = start if lowers else min(start, *(high for _, high in bounds))
        return tuple(dict.fromkeys(min(max(lowest, low), high) for low, high in bounds)), ()
    capacity, held = start, [start]
    returns = all(turn.action is not None and _recurs(turn.action) for turn in turns)
    for _ in range(2 if returns else 1):  # what recurs begins with what its end has left
        held = [capacity := min(max(start if lowers else capacity, low), high) for low, high in bounds]
    minutes = dict.fromkeys(held, 0)
    for count, turn in zip(held, turns, strict=True):
        minutes[count] += turn.minutes or 0
    return tuple(minutes), tuple(item for item in minutes.items() if item[1])


def _first_unknown(values: Iterable[int | Unknown]) -> str | None:
    return next((value.reason for value in values if isinstance(value, Unknown)), None)


def _origin(
    target: ScalableTarget, turns: Iterable[Turn], bound: int, start: int | None, least: int, *, known: bool
) -> str:
    """Which block says the bound: see `origins_of`."""
    if not known:
        return f"at least {bound}: it is unknown"
    itself = f"scalable target {target.address}"
    for turn in turns:
        if bound in (turn.low, turn.high):
            by_action = turn.action is not None and bound in (turn.action.min_capacity, turn.action.max_capacity)
            return f"scheduled action {turn.action.address}" if by_action and turn.action else itself
    if bound == start:
        return "the initial count, which nothing takes away"
    return "the least that real-time inference keeps" if bound == least else itself


def origins_of(target: ScalableTarget) -> list[str]:
    """How it is told that the target says a number, or one of its actions."""
    actions = () if isinstance(target.scheduled_actions, Unknown) else target.scheduled_actions
    return [f"scalable target {target.address}", *(f"scheduled action {each.address}" for each in actions)]


def lowest_capacity(target: ScalableTarget) -> int | Unknown:
    """The least that its bounds, and those that its schedule sets in their place, ever allow.

    Minimum 2, maximum 6, and a schedule that sets the maximum to 1 at night: 1. An unknown maximum does not count, for
    it may not lie below its minimum.
    """
    return _extreme(target, "low", min)


def highest_capacity(target: ScalableTarget) -> int | Unknown:
    """The greatest that its bounds, and those that its schedule sets in their place, ever allow.

    Minimum 1, maximum 2, and a schedule that sets 4 to 8 on weekdays: 8.
    """
    return _extreme(target, "high", max)


def _extreme(
    target: ScalableTarget, bound: Literal["low", "high"], pick: Callable[[Iterable[int]], int]
) -> int | Unknown:
    turns = _turns(target)
    if isinstance(turns, Unknown):
        return turns
    unknown = next((end for turn in turns if not isinstance(end := getattr(turn, bound), int)), None)
    return unknown or pick([end for turn in turns for end in (turn.low, turn.high) if isinstance(end, int)])


def schedule_holds_above_zero(target: ScalableTarget) -> Truth:
    """Whether a scheduled action sets a minimum above 0, which keeps instances at times."""
    actions = acting_schedule(target)
    if isinstance(actions, Unknown):
        return actions
    return _some(_not(_is_zero(each.min_capacity)) for each in actions if each.min_capacity is not None)


def off_hours_per_week(target: ScalableTarget) -> Decimal | Unknown:
    """Hours a week in which its schedule allows less, or asks for less, than at other times; 0 without a schedule.

    Weekdays from 8 to 20 o'clock at least two, else at least one: 108 of the 168.
    """
    turns = _turns(target)
    if isinstance(turns, Unknown):
        return turns
    if len(turns) == 1:
        return Decimal(0)
    unknown = next((bound for turn in turns for bound in (turn.low, turn.high) if isinstance(bound, Unknown)), None)
    if unknown is not None or turns[0].minutes is None:
        return unknown or Unknown("when its scheduled actions run cannot be told")
    most = max((turn.low, turn.high) for turn in turns)
    less = sum(turn.minutes or 0 for turn in turns if (turn.low, turn.high) != most)
    return Decimal(_WEEK_HOURS * less) / sum(turn.minutes or 0 for turn in turns)


_WEEK_HOURS = 168


def schedule_problems(target: ScalableTarget) -> tuple[str, ...] | Unknown:
    """What its scheduled actions do not do, a clause each.

    ``up is over: it never runs again``; ``up and down run at the same moment and set other bounds``; ``lowers
    min_capacity alone, and nothing takes capacity away from 5``; ``there is no time zone Mars/Base``; ``night
    (cron(0 8 * * MON-FRI)) has 5 fields, and a cron has six: AWS refuses it``.
    """
    past = (*(f"{address} {OVER}" for address in target.past_actions), *_refused(target))
    turns = _turns(target)
    if isinstance(turns, Unknown) or target.scheduled_actions == ():
        return past or (turns if isinstance(turns, Unknown) else ())
    zone = unknown_zone(target)
    if zone is not None:
        return (*past, f"there is no time zone {zone}")
    return (*past, *_fights(turns), *_never_lowers(target, turns))


def _refused(target: ScalableTarget) -> Iterator[str]:
    """Actions whose expression AWS does not take."""
    for action in () if isinstance(target.scheduled_actions, Unknown) else target.scheduled_actions:
        if isinstance(action.schedule, Unknown):
            continue
        reason = schedules.refusal(action.schedule)
        if reason is not None:
            yield f"{named(action)} {reason}: AWS refuses it"
        elif schedules.never_runs(action.schedule):
            yield f"{named(action)} never runs: no month of its has such a day"


def _fights(turns: Sequence[Turn]) -> Iterator[str]:
    """Actions that set bounds which another one sets differently at the same moment."""
    told: dict[str, None] = {}
    for first, second in pairwise(turns):
        one, other = first.action, second.action
        if first.minutes == 0 and one is not None and other is not None and one is not other:
            pairs = ((one.min_capacity, other.min_capacity), (one.max_capacity, other.max_capacity))
            if any(None not in pair and pair[0] != pair[1] for pair in pairs):
                told[
                    f"{' and '.join(sorted((named(one), named(other))))} run at the same moment and set other bounds"
                ] = None
    yield from told


def named(action: ScheduledAction) -> str:
    """``aws_appautoscaling_scheduled_action.night (cron(0 20 * * ? *))``, for those of a template have one address."""
    return f"{action.address} ({action.schedule})"


def _never_lowers(target: ScalableTarget, turns: Sequence[Turn]) -> Iterator[str]:
    """A schedule that lowers the minimum, where nothing lowers the count."""
    bounds = [(turn.low, turn.high) for turn in turns]
    if any(isinstance(bound, Unknown) for pair in bounds for bound in pair) or turns[0].minutes is None:
        return
    lows = [low for low, _ in bounds if isinstance(low, int)]
    again = lows[:1] if all(turn.action is not None and _recurs(turn.action) for turn in turns) else []
    highest = max(lows)
    by_maximum = min(high for _, high in bounds if isinstance(high, int)) < highest
    if (
        any(one > other for one, other in pairwise([*lows, *again]))
        and not by_maximum
        and _policies_leave_less(target, highest) is False
    ):
        yield f"it lowers min_capacity alone, and nothing takes capacity away from {highest}"


def target_values(target: ScalableTarget) -> tuple[str, ...] | Unknown:
    """What its target-tracking policies aim at: ``SageMakerVariantInvocationsPerInstance 70``."""
    if isinstance(target.policies, Unknown):
        return target.policies
    tracking = [policy for policy in target.policies if isinstance(policy, TargetTrackingPolicy)]
    aims = [
        (metric.name, policy.target_value)
        for policy in tracking
        for metric in (() if isinstance(policy.metrics, Unknown) else policy.metrics)
    ]
    parts = (*(policy.metrics for policy in tracking), *(part for aim in aims for part in aim))
    unknown = next((part for part in parts if isinstance(part, Unknown)), None)
    return unknown or tuple(f"{name} {value:g}" for name, value in aims)


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
    return reaches_zero(target)


# Three-valued logic --------------------------------------------------------------------------------------------------


def _some(truths: Iterable[Truth]) -> Truth:
    """True where one is, whatever the others; Unknown where one could be."""
    undecided: Unknown | None = None
    for truth in truths:
        if truth is True:
            return True
        if truth is not False:
            undecided = undecided or truth
    return undecided or False


def _every(truths: Iterable[Truth]) -> Truth:
    """False where one is, whatever the others; Unknown where one could be."""
    undecided: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if truth is not True:
            undecided = undecided or truth
    return undecided or True


def _not(truth: Truth) -> Truth:
    return not truth if isinstance(truth, bool) else truth


def _equals(value: object, wanted: object) -> Truth:
    return value if isinstance(value, Unknown) else value == wanted


def _is_zero(value: int | Unknown) -> Truth:
    return _equals(value, 0)


def _below(value: float | Unknown, limit: float | Unknown) -> Truth:
    if isinstance(value, Unknown):
        return value
    return limit if isinstance(limit, Unknown) else value < limit
