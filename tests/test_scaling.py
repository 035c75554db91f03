"""What scales, what only seems to, and what cannot be known."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from msgspec import structs

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    ManagedInstanceScaling,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.scaling import (
    can_scale_in,
    doubtful_time,
    has_dynamic_policy,
    highest_capacity,
    instances_reach_zero,
    long_cooldowns,
    lowest_capacity,
    managed_scaling_effective,
    off_hours_per_week,
    origins_of,
    out_of_sight,
    policy_count,
    reach,
    reaches_zero,
    schedule_holds_above_zero,
    schedule_problems,
    scheduled_action_count,
    target_tracking_count,
    target_values,
    traits,
    unordered_actions,
)
from tests.alarms import alarm

LATER = Unknown("known after apply")
INVOCATIONS = ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance")


def target(*policies: Any, least: Any = 1, most: Any = 4, **changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {
        "address": "target",
        "dimension": INSTANCE_COUNT,
        "min_capacity": least,
        "max_capacity": most,
        "policies": policies,
    }
    return ScalableTarget(**(fields | changes))


def tracking(*metrics: Any, disable_scale_in: Any = False, **changes: Any) -> TargetTrackingPolicy:
    fields: dict[str, Any] = {"address": "tracking", "target_value": 5.0, "metrics": metrics or (INVOCATIONS,)}
    return TargetTrackingPolicy(**(fields | {"disable_scale_in": disable_scale_in} | changes))


def step(*adjustments: Any, alarms: Any = None, kind: Any = "ChangeInCapacity") -> StepScalingPolicy:
    return StepScalingPolicy(
        address="step",
        adjustment_type=kind,
        steps=tuple(StepAdjustment(0.0, None, each) for each in adjustments),
        alarms=(alarm(),) if alarms is None else alarms,
    )


def action(least: Any = None, most: Any = None, schedule: str = "rate(1 day)") -> ScheduledAction:
    return ScheduledAction(address="action", schedule=schedule, min_capacity=least, max_capacity=most)


def daily(hour: int, least: Any = None, most: Any = None, zone: Any = None) -> ScheduledAction:
    return ScheduledAction(
        address=f"at {hour}", schedule=f"cron(0 {hour} * * ? *)", min_capacity=least, max_capacity=most, timezone=zone
    )


def weekdays(hour: int, least: Any = None, most: Any = None) -> ScheduledAction:
    return structs.replace(daily(hour, least, most), schedule=f"cron(0 {hour} ? * MON-FRI *)")


# Traits --------------------------------------------------------------------------------------------------------------

FACTS = (
    can_scale_in,
    has_dynamic_policy,
    highest_capacity,
    lowest_capacity,
    off_hours_per_week,
    policy_count,
    reaches_zero,
    schedule_holds_above_zero,
    scheduled_action_count,
    target_tracking_count,
)


def renamed(it: ScalableTarget) -> ScalableTarget:
    """The same target by other names, at other places and following other metrics."""
    other = ScalingMetric(predefined=False, name="Busy", dimensions={"EndpointName": "x"})
    policies, actions = it.policies, it.scheduled_actions
    if isinstance(policies, tuple):
        policies = tuple(
            structs.replace(each, address="x", target_value=9.0, metrics=each.metrics and (other,))
            if isinstance(each, TargetTrackingPolicy) and isinstance(each.metrics, tuple)
            else structs.replace(each, address="x")
            for each in policies
        )
    if isinstance(actions, tuple):
        actions = tuple(structs.replace(each, address=f"another {each.address}") for each in actions)
    changes = {"policies": policies, "scheduled_actions": actions, "past_actions": ("gone",)}
    return structs.replace(it, address="another", dimension=COPY_COUNT, sensitive=True, **changes)


def reached(it: ScalableTarget) -> list[str]:
    """What is reached from three counts, and by whom, told by their places."""
    found = [str(reach(it, initial, kept)) for initial in (None, 1, 3) for kept in (0, 1)]
    for place, origin in enumerate(origins_of(it)):
        found = [each.replace(f"'{origin}'", f"'{place}'") for each in found]
    return found


def test_targets_with_the_same_traits_bring_about_the_same() -> None:
    """Of every combination of what a target may say, by two names: all facts, and what is reached."""
    nothing_followed = structs.replace(tracking(), metrics=())
    unknown_metrics = structs.replace(tracking(), metrics=LATER)
    exact, silent = step(0, kind="ExactCapacity"), step(-1, alarms=())
    other = OtherScalingPolicy(address="other", policy_type="PredictiveScaling")
    policies: list[Any] = [(), (tracking(),), (tracking(disable_scale_in=True),), (tracking(disable_scale_in=LATER),)]
    policies += [(nothing_followed,), (unknown_metrics,), (tracking(), nothing_followed), LATER]
    policies += [(step(-1),), (step(1),), (exact,), (silent,), (step(LATER),), (step(-1, alarms=LATER),), (other,)]
    changes: list[dict[str, Any]] = [
        {name: value}
        for name in ("dynamic_scaling_in_suspended", "dynamic_scaling_out_suspended", "scheduled_scaling_suspended")
        for value in (True, LATER)
    ]
    schedules: list[Any] = [
        (),
        (daily(8, 1, 2),),
        (daily(8, 1, 2), daily(20, 3, 4)),
        (daily(8, 1, 2), structs.replace(daily(20, 3, 4), address="at 8")),
        (daily(8, 1, 2, zone="Mars/Base"),),
        (daily(8, LATER, 2),),
        (action(1, 3, schedule="at(2027-01-01T00:00:00)"),),
        LATER,
    ]
    changes += [{"scheduled_actions": each, "seen_on": date(2026, 11, 22)} for each in schedules]
    found: dict[object, list[object]] = {}
    for least, most, has, more in product((0, 2, LATER), (2, 4, LATER), policies, changes):
        one = structs.replace(target(least=least, most=most, **more), policies=has)
        for it in (one, renamed(one)):
            brought = [[fact(it) for fact in FACTS], reached(it)]
            assert found.setdefault(traits(it), brought) == brought
    assert len(found) == 3 * 3 * len(policies) * len(changes)


# Hours off -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "hours"),
    [
        ((), 0),
        # weekdays 8 to 18 are 50 of 168 hours
        ((weekdays(8, 5, 5), weekdays(18, 1, 1)), 118),
        # lowering the minimum alone asks for less, too: a policy may follow
        ((daily(8, 2), daily(20, 1)), 84),
        # what another one follows at the same moment holds no time: four from 8 to 20, two in the other 84 hours
        ((daily(8, 1, 1), daily(8, 4, 4), daily(20, 2, 2)), 84),
        # one that runs again and again holds one thing only
        ((daily(8, 2, 2),), 0),
    ],
)
def test_hours_in_which_a_schedule_holds_less_than_at_other_times(actions: Any, hours: int) -> None:
    assert off_hours_per_week(target(scheduled_actions=actions)) == hours


@pytest.mark.parametrize(
    "actions",
    [
        LATER,
        (daily(8, LATER, 5), daily(20, 1, 1)),
        (daily(8, 5), action(1, 1)),
        (daily(8, 5, 5, zone=LATER), daily(20, 1, 1)),
    ],
)
def test_hours_off_of_what_is_not_known_are_not_known(actions: Any) -> None:
    assert isinstance(off_hours_per_week(target(scheduled_actions=actions)), Unknown)


def test_what_target_tracking_aims_at_has_its_metric_beside_it() -> None:
    assert target_values(target(tracking(), step(1))) == ("SageMakerVariantInvocationsPerInstance 5",)
    assert target_values(target(tracking(target_value=LATER))) == LATER
    assert target_values(target(tracking(metrics=LATER))) == LATER
    assert target_values(target(policies=LATER)) == LATER


def test_actions_whose_own_minimum_is_above_their_own_maximum_are_named() -> None:
    names = ("above", "equal", "open", "unknown")
    bounds = ((2, 1), (2, 2), (2, None), (LATER, 1))
    actions = [
        structs.replace(action(least, most), address=name) for name, (least, most) in zip(names, bounds, strict=True)
    ]
    assert unordered_actions(target(scheduled_actions=tuple(actions))) == ("above",)
    assert unordered_actions(target(scheduled_actions=LATER)) == LATER


# Policies ------------------------------------------------------------------------------------------------------------


def test_policies_and_actions_are_counted() -> None:
    it = target(tracking(), step(1), scheduled_actions=(action(1),))
    assert (policy_count(it), target_tracking_count(it), scheduled_action_count(it)) == (2, 1, 1)
    assert target_tracking_count(target(tracking(), tracking(), step(1))) == 2
    unlinked = target(policies=LATER, scheduled_actions=LATER)
    assert (policy_count(unlinked), target_tracking_count(unlinked), scheduled_action_count(unlinked)) == (LATER,) * 3


@pytest.mark.parametrize(
    ("policies", "answer"),
    [
        ((), False),
        ((tracking(),), True),
        ((tracking(metrics=()),), False),  # a policy without a metric follows nothing
        ((tracking(metrics=LATER),), LATER),
        ((step(1),), True),
        ((step(1, alarms=()),), False),
        ((step(1, alarms=(alarm(actions_enabled=False),)),), False),  # nothing starts it
        ((step(1, alarms=LATER),), LATER),
        ((step(1, alarms=LATER), tracking()), True),  # one that acts is enough
        ((OtherScalingPolicy(address="p", policy_type="PredictiveScaling"),), False),
        ((OtherScalingPolicy(address="p", policy_type=LATER),), LATER),
    ],
)
def test_a_dynamic_policy_is_one_that_something_starts(policies: tuple[Any, ...], answer: Any) -> None:
    assert has_dynamic_policy(target(*policies)) == answer


@pytest.mark.parametrize(
    ("it", "answer"),
    [
        (target(tracking()), True),
        (target(tracking(disable_scale_in=True)), False),
        (target(tracking(disable_scale_in=LATER)), LATER),
        (target(tracking(disable_scale_in=True), step(-1)), True),  # another policy does it
        (target(step(1, 2)), False),
        (target(step(1, -1)), True),
        (target(step(2, kind="ExactCapacity")), True),  # 2 is below the greatest, 4
        (target(step(4, kind="ExactCapacity")), False),
        (target(step(0)), False),  # nothing is added, and nothing taken away
        (target(step(LATER)), LATER),
        (target(step(-1, alarms=())), False),
        (target(tracking(), dynamic_scaling_in_suspended=True), False),
        (target(tracking(), dynamic_scaling_in_suspended=LATER), LATER),
        (target(tracking(disable_scale_in=True), dynamic_scaling_in_suspended=LATER), False),
        (target(policies=LATER), LATER),
        (target(policies=LATER, dynamic_scaling_in_suspended=True), False),
    ],
)
def test_scaling_in_takes_a_policy_that_removes_and_is_not_suspended(it: ScalableTarget, answer: Any) -> None:
    assert can_scale_in(it) == answer


def test_a_schedule_scales_in_by_its_maximum_alone() -> None:
    """Lowering MinCapacity removes nothing by itself."""
    assert can_scale_in(target(scheduled_actions=(action(0),))) is False
    night, day = action(0, 2), action(0, 4)
    assert can_scale_in(target(scheduled_actions=(night, day))) is True
    assert can_scale_in(target(scheduled_actions=(day,))) is False, "4 is the greatest already"
    assert can_scale_in(target(scheduled_actions=(night,))) is False, "2 is the greatest from its first run on"
    assert can_scale_in(target(tracking(), dynamic_scaling_in_suspended=True, scheduled_actions=(night, day))) is True


def test_a_suspended_schedule_does_nothing() -> None:
    night = target(scheduled_actions=(action(0, 0),), scheduled_scaling_suspended=True)
    assert (lowest_capacity(night), highest_capacity(night)) == (1, 4)
    assert can_scale_in(night) is False
    doubtful = target(scheduled_actions=(action(0, 0),), scheduled_scaling_suspended=LATER)
    assert (lowest_capacity(doubtful), can_scale_in(doubtful)) == (LATER, LATER)


# Bounds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("it", "lowest", "highest"),
    [
        (target(least=2, most=6), 2, 6),
        (target(least=2, most=6, scheduled_actions=(action(None, 1), action(3, 8))), 1, 8),
        (target(least=2, most=6, scheduled_actions=(action(0),)), 0, 6),
        (target(least=5, most=3), 3, 5),  # a plan passes with the two exchanged
        (target(least=LATER, most=6), LATER, 6),
        (target(least=2, most=LATER), 2, LATER),
        (target(least=2, most=6, scheduled_actions=(action(LATER),)), LATER, 6),
        (target(least=2, most=6, scheduled_actions=LATER), LATER, LATER),
    ],
)
def test_bounds_are_the_hull_of_target_and_schedule(it: ScalableTarget, lowest: Any, highest: Any) -> None:
    assert (lowest_capacity(it), highest_capacity(it)) == (lowest, highest)


@pytest.mark.parametrize(
    ("it", "answer"),
    [
        (target(tracking(), least=0), True),
        (target(least=0), False),  # nothing takes the first instance away
        (target(step(1), least=0), False),  # nor does what would wake it
        (target(tracking(), least=0, dynamic_scaling_in_suspended=True), False),
        (target(step(-1, alarms=(alarm(actions_enabled=False),)), least=0), False),
        (target(step(1, kind="ExactCapacity"), least=0), False),  # it leaves one
        (target(step(0, kind="ExactCapacity"), least=0), True),
        (target(step(-50, kind="PercentChangeInCapacity"), least=0), True),  # half of one rounds to one less
        (target(tracking(), least=1), False),
        (target(tracking(), least=1, scheduled_actions=(action(0), action(2))), True),
        (target(least=1, scheduled_actions=(action(0, 0), action(2, 4))), True),  # a maximum of 0 takes it away
        (target(tracking(), least=0, scheduled_actions=(action(1),)), False),  # nothing brings the 0 back
        (target(tracking(), least=0, scheduled_actions=(action(None, 3),)), True),
        (target(tracking(), least=0, scheduled_actions=(action(1), action(LATER))), LATER),
        (target(tracking(), least=0, scheduled_actions=LATER), LATER),
        (target(tracking(), least=LATER), LATER),
        (target(least=LATER), False),  # whatever it is
        # two by night, and by day the night's two stay: the target's own 0 is over after the first night
        (target(tracking(), least=0, scheduled_actions=(daily(8, None, 8), daily(20, 2, 4))), False),
    ],
)
def test_zero_is_reached_where_something_takes_capacity_away(it: ScalableTarget, answer: Any) -> None:
    assert reaches_zero(it) == answer


def test_a_schedule_may_hold_capacity_up_at_times() -> None:
    assert schedule_holds_above_zero(target(scheduled_actions=(action(0), action(2)))) is True
    assert schedule_holds_above_zero(target(scheduled_actions=(action(None, 3),))) is False
    assert schedule_holds_above_zero(target(scheduled_actions=(action(LATER),))) == LATER


# What can be reached -------------------------------------------------------------------------------------------------


def ends(it: ScalableTarget, initial: int | None = 2, least: int = 0) -> tuple[int, int]:
    found = reach(it, initial, least)
    return found.lowest, found.highest


@pytest.mark.parametrize(
    ("it", "lowest", "highest"),
    [
        (target(tracking(), least=0, most=4), 0, 4),
        (target(least=0, most=4), 2, 4),  # nothing takes the initial two away
        (target(step(1), least=0, most=4), 2, 4),
        (target(tracking(), least=0, most=4, dynamic_scaling_in_suspended=True), 2, 4),
        (target(tracking(), least=0, most=4, dynamic_scaling_in_suspended=LATER), 0, 4),  # it may
        (target(policies=LATER, least=0, most=4), 0, 4),
        # a step that sets 1 leaves one, whatever the minimum; of several the least; one beside it may take that, too
        (target(step(1, kind="ExactCapacity"), least=0, most=4), 1, 4),
        (target(step(3, 1, kind="ExactCapacity"), least=0, most=4), 1, 4),
        (target(step(3, kind="ExactCapacity"), least=0, most=4), 2, 4),  # from two it only adds
        (target(step(0, kind="ExactCapacity"), least=0, most=4), 0, 4),
        (target(step(1, kind="ExactCapacity"), tracking(), least=0, most=4), 0, 4),
        (target(step(1, kind="ExactCapacity"), step(LATER), least=0, most=4), 0, 4),  # it may
        (target(step(1, kind="ExactCapacity"), tracking(disable_scale_in=True), least=0, most=4), 1, 4),
        (target(least=3, most=4), 3, 4),  # its minimum adds what is missing
        (target(least=0, most=1), 1, 1),  # its maximum takes away what is too much
        (target(least=5, most=3), 3, 5),  # exchanged: whatever AWS makes of it lies between
        # a schedule that only goes up: eight, day and night, from its first run on
        (target(least=1, most=8, scheduled_actions=(daily(7, 8, 8),)), 8, 8),
        # four or more by day, at least one by night, and nothing takes the four away again
        (target(least=1, most=8, scheduled_actions=(daily(8, 4), daily(20, 1))), 4, 8),
        (target(tracking(), least=1, most=8, scheduled_actions=(daily(8, 4), daily(20, 1))), 1, 8),
        # a maximum of one by night does
        (target(least=1, most=8, scheduled_actions=(daily(8, 4, 8), daily(20, 1, 1))), 1, 8),
        (target(least=1, most=8, scheduled_actions=(daily(8, 4, 8),), scheduled_scaling_suspended=True), 2, 8),
        # no clock tells when these run
        (target(least=1, most=8, scheduled_actions=(action(4, 8), action(1, 1))), 1, 8),
        # until it runs, once, the bounds of the target hold
        (
            target(
                least=1,
                most=3,
                scheduled_actions=(
                    ScheduledAction(
                        address="feast", schedule="at(2027-12-24T08:00:00)", min_capacity=6, max_capacity=9
                    ),
                ),
            ),
            2,
            9,
        ),
        # one that runs once among others that repeat: the bounds of the target do not come back
        (
            target(
                tracking(),
                least=1,
                most=3,
                scheduled_actions=(
                    ScheduledAction(
                        address="feast", schedule="at(2027-12-24T08:00:00)", min_capacity=6, max_capacity=9
                    ),
                    action(4, 8),
                ),
            ),
            4,
            9,
        ),
        # when one of them runs nobody knows
        (
            target(
                least=1,
                most=8,
                scheduled_actions=(
                    daily(8, 4, 8),
                    ScheduledAction(address="some day", schedule=LATER, min_capacity=1, max_capacity=1),
                ),
            ),
            1,
            8,
        ),
        (target(least=LATER, most=4), 2, 4),
        (target(tracking(), least=1, most=LATER), 1, 1),
        (target(least=1, most=4, scheduled_actions=LATER), 0, 4),
    ],
)
def test_the_least_is_what_is_reached_and_the_greatest_what_is_allowed(
    it: ScalableTarget, lowest: int, highest: int
) -> None:
    assert ends(it) == (lowest, highest)


def test_the_service_keeps_its_least() -> None:
    found = reach(target(tracking(), least=0, most=4), 2, 1)
    assert (found.lowest, found.highest) == (1, 4)
    assert (found.lowest_origin, found.highest_origin) == (
        "the least that real-time inference keeps",
        "scalable target target",
    )


def test_what_never_runs_leaves_the_times_of_the_others_known() -> None:
    never = action(9, 9, schedule="cron(0 0 30 2 ? *)")
    found = reach(target(most=9, scheduled_actions=(daily(8, 4, 4), never)), 1, 1)
    assert (found.lowest, found.highest, found.untimed) == (4, 4, None)


def test_steps_that_set_the_maximum_take_nothing_away() -> None:
    assert not reach(target(step(4, kind="ExactCapacity"), least=1, most=4), 2, 0).lowers
    assert reach(target(step(3, kind="ExactCapacity"), least=1, most=4), 2, 0).lowers


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("tracking waits 301 s after it took capacity away", "tracking waits 302 s after it added capacity")),
        ({"disable_scale_in": True}, ("tracking waits 302 s after it added capacity",)),
        ({"scale_in_cooldown_s": 300, "scale_out_cooldown_s": 300}, ()),
        ({"scale_in_cooldown_s": LATER}, ("tracking waits 302 s after it added capacity",)),
        ({"scale_in_cooldown_s": LATER, "scale_out_cooldown_s": None}, LATER),
    ],
)
def test_a_cooldown_is_long_above_a_limit(changes: dict[str, Any], found: Any) -> None:
    cooldowns: dict[str, Any] = {"scale_in_cooldown_s": 301, "scale_out_cooldown_s": 302}
    assert long_cooldowns(target(tracking(**(cooldowns | changes))), 300) == found


def test_a_cooldown_of_what_is_suspended_holds_nothing_up() -> None:
    it = tracking(scale_in_cooldown_s=301, scale_out_cooldown_s=302)
    assert long_cooldowns(target(it, dynamic_scaling_in_suspended=True), 300) == (
        "tracking waits 302 s after it added capacity",
    )
    assert long_cooldowns(target(it, dynamic_scaling_out_suspended=True), 300) == (
        "tracking waits 301 s after it took capacity away",
    )
    steps = structs.replace(step(1), cooldown_s=301)
    assert long_cooldowns(target(steps), 300) == ("step waits 301 s after it changed the capacity",)


def test_a_time_that_a_change_of_the_clock_leaves_out_is_doubtful() -> None:
    night = structs.replace(daily(2, 1, zone="Europe/Berlin"), schedule="cron(30 2 * * ? *)")
    assert doubtful_time(night, date(2026, 11, 27)) == (
        "runs at a local time of which AWS does not say what happens: "
        "2027-03-28 02:30 does not exist, and either may be"
    )
    assert doubtful_time(daily(8, 1, zone="Europe/Berlin"), date(2026, 11, 27)) is None


def test_steps_that_no_alarm_starts_leave_what_others_set() -> None:
    """Two would be left by the steps that nothing starts, and three are by the others."""
    idle, acting = step(2, kind="ExactCapacity", alarms=()), step(3, kind="ExactCapacity")
    assert reach(target(idle, acting, least=0, most=9), 5, 0).lowest == 3


def test_what_no_bound_says_is_said_by_the_initial_count_or_by_the_target_of_the_policy() -> None:
    """From 0 to 9: nothing takes the three away; and steps that set two leave two of them."""
    kept = reach(target(least=0, most=9), 3, 0)
    assert (kept.lowest, kept.lowest_origin) == (3, "the initial count, which nothing takes away")
    exact = reach(target(step(2, kind="ExactCapacity"), least=0, most=9), 3, 0)
    assert (exact.lowest, exact.lowest_origin) == (2, "scalable target target")


def test_what_is_unknown_of_the_bounds_is_said() -> None:
    low, high = reach(target(least=LATER, most=4), 2, 0), reach(target(least=1, most=LATER), 2, 0)
    assert (low.lowest_unknown, low.highest_unknown) == ("min_capacity is unknown: known after apply", None)
    assert (high.lowest_unknown, high.highest_unknown) == (None, "max_capacity is unknown: known after apply")
    schedule = reach(target(scheduled_actions=LATER), 2, 0)
    assert schedule.lowest_unknown == schedule.highest_unknown == "its schedule is unknown: known after apply"


@pytest.mark.parametrize(
    ("actions", "held"),
    [
        # 12 h of 4 and 12 h of 1 on each of seven days
        ((daily(8, 4, 8), daily(20, 1, 1)), ((4, 7 * 720), (1, 7 * 720))),
        # Berlin is an hour ahead of UTC in winter: 8 there is 7 here, so 13 h of 4 and 11 h of 1
        ((daily(8, 4, 8, "Europe/Berlin"), daily(20, 1, 1)), ((4, 7 * 780), (1, 7 * 660))),
        # nothing takes the four away: 4 all day
        ((daily(8, 4), daily(20, 1)), ((4, 7 * 1440),)),
        ((daily(8, 3, 3),), ((3, 1),)),  # all the time
        ((daily(8, 4, 8, "Europe/Nowhere"), daily(20, 1, 1)), ()),
        ((action(4, 8), action(1, 1)), ()),
        ((), ()),
    ],
)
def test_what_a_schedule_holds_and_for_how_many_minutes(
    actions: tuple[ScheduledAction, ...], held: tuple[tuple[int, int], ...]
) -> None:
    assert reach(target(least=1, most=8, scheduled_actions=actions), 2, 0).held == held


def test_where_a_policy_scales_in_each_turn_begins_with_the_initial_count() -> None:
    """Two are raised to four by day, and are two again by night: 7 × 720 minutes a week of each."""
    it = target(tracking(), least=1, most=8, scheduled_actions=(daily(8, 4), daily(20, 1)))
    found = reach(it, 2, 0)
    assert (found.held, found.stops) == (((4, 5040), (2, 5040)), (4, 2))


def test_where_no_clock_tells_the_order_nothing_that_a_maximum_took_away_comes_back_by_itself() -> None:
    """At most one at times, at least one always: the initial two fall to one, unless a policy may raise them again."""
    at_times = (action(1, 8), action(1, 1))
    assert reach(target(scheduled_actions=at_times), 2, 0).stops == (1,)
    assert reach(target(tracking(), scheduled_actions=at_times), 2, 0).stops == (2, 1)


def test_capacity_is_lowered_by_a_policy_or_by_maxima_that_change() -> None:
    assert reach(target(tracking()), 2, 0).lowers
    assert reach(target(scheduled_actions=(daily(8, None, 8), daily(20, None, 2))), 2, 0).lowers
    assert not reach(target(scheduled_actions=(daily(8, 4), daily(20, 1))), 2, 0).lowers


def test_the_origin_of_a_bound_is_the_action_that_sets_it() -> None:
    least = ScheduledAction(address="least", schedule="rate(1 day)", min_capacity=1, max_capacity=None)
    most = ScheduledAction(address="most", schedule="rate(2 days)", min_capacity=None, max_capacity=9)
    assert reach(target(tracking(), least=2, scheduled_actions=(least, most)), 2, 0).lowest_origin == (
        "scheduled action least"
    )


def test_of_an_unknown_schedule_the_bounds_of_the_target_are_what_is_known() -> None:
    """Between none and the maximum of four at least, of which the service keeps one; nothing at all without it."""
    found = reach(target(least=2, most=4, scheduled_actions=LATER), None, 1)
    assert (found.lowest, found.highest, found.lowers) == (1, 4, True)
    assert (found.lowest_origin, found.highest_origin) == ("at least 1: it is unknown", "at least 4: it is unknown")
    nothing = reach(target(least=LATER, most=LATER, scheduled_actions=LATER), 3, 0)
    assert (nothing.lowest, nothing.highest) == (0, 0)


@pytest.mark.parametrize(
    ("schedule", "fields", "is_over"),
    [
        ("at(2020-11-27T07:00:00)", {}, True),
        ("at(2026-11-27T07:00:00)", {}, False),
        ("cron(0 8 * * ? 2020)", {}, True),
        ("cron(0 8 * * ? 2020-2026)", {}, False),
        ("cron(0 8 * * ? *)", {"end": "2020-12-31T00:00:00Z"}, True),
        ("cron(0 8 * * ? *)", {"end": "2026-11-27T00:00:00Z"}, False),
        ("cron(0 8 * * ? *)", {"start": "2027-02-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}, True),
        ("cron(0 8 * * ? *)", {"start": "2027-01-01T08:00:00Z", "end": "2027-01-01T08:00:00Z"}, False),  # it runs once
        ("cron(0 8 * * ? *)", {"end": "2026-11-27"}, False),  # the day itself
        ("cron(0 8 * * ? *)", {"end": LATER}, False),
        (LATER, {}, False),
    ],
)
def test_a_schedule_that_never_runs_again_is_over(schedule: Any, fields: dict[str, Any], *, is_over: bool) -> None:
    it = ScheduledAction(address="a", schedule=schedule, min_capacity=1, max_capacity=None, **fields)
    assert list(out_of_sight(target(scheduled_actions=(it,)), date(2026, 11, 27))) == ([it] if is_over else [])


@pytest.mark.parametrize(
    ("schedule", "start", "is_ahead"),
    [
        ("cron(0 8 * * ? *)", "2099-01-01T00:00:00Z", True),
        ("rate(1 day)", "2099-01-01T00:00:00Z", True),
        ("cron(0 8 * * ? 2099)", None, True),
        ("cron(0 8 * * ? *)", "2027-11-27T00:00:00Z", False),  # 365 days from now
        ("cron(0 8 * * ? *)", "2027-11-28T00:00:00Z", True),
        ("cron(0 8 * * ? 2026-2099)", None, False),
        ("cron(0 8 1 1 ? 2027)", None, False),  # in 35 days
        ("cron(0 8 1 1 ? 2028)", None, True),
        ("cron(0 8 * * ? *)", "soon", False),  # nobody knows when
        ("at(2099-01-01T00:00:00)", None, True),
        ("at(2027-11-27T23:59:59)", None, False),
    ],
)
def test_a_schedule_that_begins_after_the_year_that_is_looked_at_does_not_count(
    schedule: str, start: str | None, *, is_ahead: bool
) -> None:
    it = ScheduledAction(address="a", schedule=schedule, min_capacity=8, max_capacity=8, start=start)
    other = ScheduledAction(address="a", schedule="cron(0 8 * * ? *)", min_capacity=1, max_capacity=2)
    assert list(out_of_sight(target(scheduled_actions=(it, other)), date(2026, 11, 27))) == ([it] if is_ahead else [])


# Zero ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("managed", "model_name", "answer"),
    [
        (None, None, False),
        ("ENABLED", None, True),
        ("DISABLED", None, False),
        ("ENABLED", "model", False),  # the API rejects it
        ("ENABLED", LATER, LATER),
        ("DISABLED", LATER, False),
        (LATER, None, LATER),
        (LATER, "model", False),
    ],
)
def test_managed_scaling_has_an_effect_only_where_no_model_is_named(managed: Any, model_name: Any, answer: Any) -> None:
    scaling = (
        ManagedInstanceScaling(status=managed, min_instance_count=0, max_instance_count=2)
        if isinstance(managed, str)
        else managed
    )
    it = InstanceVariant(
        name="main",
        shadow=False,
        instance_type="ml.g5.xlarge",
        initial_instance_count=1,
        model_name=model_name,
        managed_scaling=scaling,
    )
    assert managed_scaling_effective(it) == answer


def hosting(*components: InferenceComponent, least: Any = 0, name: Any = "main") -> tuple[Endpoint, InstanceVariant]:
    """A real-time variant with managed scaling from ``least`` to 9, and the components of its endpoint."""
    it = InstanceVariant(
        name=name,
        shadow=False,
        instance_type="ml.g5.xlarge",
        initial_instance_count=1,
        managed_scaling=ManagedInstanceScaling(status="ENABLED", min_instance_count=least, max_instance_count=9),
    )
    known: dict[str, Any] = {"address": "e", "name": "e", "region": "us-east-1", "configuration_address": "c"}
    return Endpoint(mode="realtime", variants=(it,), inference_components=components, **known), it


def component(scaling: Any, variant_name: Any = "main", copies: int | None = 1) -> InferenceComponent:
    return InferenceComponent(address="c", name="c", variant_name=variant_name, copies=copies, scaling=scaling)


def copies(*policies: Any, **fields: Any) -> ScalableTarget:
    return target(*policies, **{"least": 0, "dimension": COPY_COUNT, **fields})


EMPTIES = copies(tracking())
"""Copies that a policy takes away, to none."""


@pytest.mark.parametrize(
    ("hosted", "answer"),
    [
        (hosting(component(EMPTIES)), True),
        (hosting(component(EMPTIES), component(EMPTIES)), True),
        (hosting(component(EMPTIES), component(copies())), False),  # nothing takes the copies of one away
        (hosting(component(EMPTIES), least=1), False),  # managed scaling itself keeps one
        (hosting(component(EMPTIES), least=None), False),  # what is not set is no 0
        (hosting(component(EMPTIES), least=LATER), LATER),
        (hosting(component(LATER)), LATER),
        (hosting(component(EMPTIES), component(None, "other")), True),  # that one stands elsewhere
        (hosting(component(EMPTIES, "other")), False),  # and here stands none
        (hosting(component(EMPTIES), component(None, LATER)), False),  # it may stand here, and then it stays
        (hosting(component(EMPTIES), component(None, "other"), name=LATER), False),
        (hosting(component(EMPTIES), component(None, copies=None)), True),  # an adapter runs inside its base
        # a schedule takes copies away by its maximum, and by its minimum none
        (hosting(component(copies(scheduled_actions=(action(0),)))), False),
        (hosting(component(copies(scheduled_actions=(action(0, 3),)))), False),
        (hosting(component(copies(scheduled_actions=(action(None, 0),)))), True),
    ],
)
def test_instances_reach_zero_where_every_component_on_them_does(
    hosted: tuple[Endpoint, InstanceVariant], answer: Any
) -> None:
    assert instances_reach_zero(*hosted) == answer


def test_without_managed_scaling_an_instance_stays() -> None:
    at, it = hosting(component(EMPTIES))
    assert instances_reach_zero(at, structs.replace(it, managed_scaling=None)) is False


# A year from today ---------------------------------------------------------------------------------------------------


def test_actions_that_run_once_follow_one_another_from_today_on() -> None:
    """Ten instances from the 27th at 12 to the 29th at 12, then at most two: the initial count of 1 until then."""
    up = ScheduledAction(address="up", schedule="at(2026-11-27T12:00:00)", min_capacity=10, max_capacity=10)
    down = ScheduledAction(address="down", schedule="at(2026-11-29T12:00:00)", min_capacity=1, max_capacity=2)
    found = reach(target(scheduled_actions=(down, up), seen_on=date(2026, 11, 27)), 1, 1)
    assert found.held == ((1, 12 * 60), (10, 48 * 60), (2, (365 * 24 - 60) * 60))
    assert (found.lowest, found.highest) == (1, 10)


def test_what_recurs_beside_what_runs_once_does_not_begin_with_what_its_end_has_left() -> None:
    """At least two from the first of a month on, ten for ever from March on: 94 days at two, 271 at ten.

    4 days of November, 31, 31 and 28 are 94. Nothing lowers the count, so that the minimum of two leaves ten.
    """
    monthly = ScheduledAction(address="monthly", schedule="cron(0 0 1 * ? *)", min_capacity=2, max_capacity=None)
    once = ScheduledAction(address="once", schedule="at(2027-03-01T00:00:00)", min_capacity=10, max_capacity=10)
    found = reach(target(most=10, scheduled_actions=(monthly, once), seen_on=date(2026, 11, 27)), 1, 1)
    assert dict(found.held) == {2: 94 * 24 * 60, 10: 271 * 24 * 60}


def test_a_time_zone_that_there_is_not_leaves_open_what_is_held_when() -> None:
    up, down = (structs.replace(each, timezone="Mars/Base") for each in (daily(8, 5, 5), daily(20, 1, 1)))
    found = reach(target(scheduled_actions=(up, down)), 1, 1)
    assert (found.lowest, found.highest, found.held) == (1, 5, ())
    assert found.untimed == "when its scheduled actions run is unknown: there is no time zone Mars/Base"


@pytest.mark.parametrize("expression", ["cron(0 8 * * *)", "cron(0 0 8 * * ? *)", "cron(0 8 1 * MON *)", "8 o'clock"])
def test_an_expression_that_aws_refuses_may_never_hold_what_it_sets(expression: str) -> None:
    """One to nine by the target, nine by an action that is never made: the least is one, the mean nobody knows."""
    found = reach(target(most=9, scheduled_actions=(action(9, 9, schedule=expression),)), 1, 1)
    assert (found.lowest, found.highest, found.held) == (1, 9, ())
    assert found.untimed is not None
    assert expression in found.untimed


# What schedules do not do --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("it", "problems"),
    [
        (target(scheduled_actions=(daily(8, 4, 4), daily(20, 1, 1))), ()),
        (
            target(scheduled_actions=(daily(8, 4), daily(20, 1))),
            ("it lowers min_capacity alone, and nothing takes capacity away from 4",),
        ),
        (target(tracking(), scheduled_actions=(daily(8, 4), daily(20, 1))), ()),
        (target(tracking(disable_scale_in=LATER), scheduled_actions=(daily(8, 4), daily(20, 1))), ()),  # it may
        (target(scheduled_actions=(daily(8, 4), daily(20, 1, 2))), ()),
        (target(scheduled_actions=(action(4, schedule="at(2027-01-01T00:00:00)"),), seen_on=date(2026, 11, 27)), ()),
        # what raises the minimum once and for all lowers nothing when the year is over
        (
            target(
                most=8,
                scheduled_actions=(daily(8, None, 8), action(5, schedule="at(2027-01-01T00:00:00)")),
                seen_on=date(2026, 11, 27),
            ),
            (),
        ),
        (target(past_actions=("night",)), ("night is over: it never runs again",)),
        (
            target(scheduled_actions=(action(4, schedule="cron(0 0 30 2 ? *)"),)),
            ("action (cron(0 0 30 2 ? *)) never runs: no month of its has such a day",),
        ),
        (target(scheduled_actions=(daily(8, 1, 1, "Europe/Berln"),)), ("there is no time zone Europe/Berln",)),
        (
            target(scheduled_actions=(daily(8, 4, 4), daily(8, 1, 1))),
            ("at 8 (cron(0 8 * * ? *)) and at 8 (cron(0 8 * * ? *)) run at the same moment and set other bounds",),
        ),
        (
            target(tracking(), scheduled_actions=(daily(8, 4, 4), daily(8, 1, 4))),  # of one maximum
            ("at 8 (cron(0 8 * * ? *)) and at 8 (cron(0 8 * * ? *)) run at the same moment and set other bounds",),
        ),
        (target(scheduled_actions=(daily(8, 4, None), daily(8, None, 6))), ()),  # each sets its own
        (target(scheduled_actions=tuple(daily(hour, 4, 4, "Europe/Berlin") for hour in (8, 20))), ()),
        (target(scheduled_actions=LATER), LATER),
        (target(most=LATER, scheduled_actions=(daily(8, 4), daily(20, 1))), ()),
        (target(scheduled_actions=(action(2),)), ()),  # nobody knows when it began
    ],
)
def test_what_a_schedule_does_not_do(it: Any, problems: Any) -> None:
    assert schedule_problems(it) == problems


def test_weekdays_in_berlin_are_2_19_instances() -> None:
    """5 from 8 to 18 o'clock on weekdays, else 1: (50 × 5 + 118 × 1) / 168."""
    up, down = (structs.replace(each, timezone="Europe/Berlin") for each in (weekdays(8, 5, 5), weekdays(18, 1, 1)))
    held = dict(reach(target(scheduled_actions=(up, down)), 1, 1).held)
    assert held == {5: 50 * 60, 1: 118 * 60}
    assert round(sum(count * minutes for count, minutes in held.items()) / sum(held.values()), 2) == 2.19
