"""Counts at their edges: what is doubtful keeps to what is known, and says so."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.cost.capacity import Capacity, Running, filled, of_instances, of_slots
from guardrail.cost.demand import NO_VARIANT_DEMAND, VariantDemand
from guardrail.model import (
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.money import MONTH, Period

LATER = Unknown("known after apply")


TRACKING = TargetTrackingPolicy(
    address="tracking",
    target_value=5.0,
    metrics=(ScalingMetric(predefined=False, name="Busy"),),
    disable_scale_in=False,
)


def target(least: Any, most: Any, **changes: Any) -> ScalableTarget:
    """A target with a policy that scales in and out."""
    fields: dict[str, Any] = {"address": "target", "dimension": INSTANCE_COUNT, "policies": (TRACKING,)}
    return ScalableTarget(min_capacity=least, max_capacity=most, **(fields | changes))


def managed(least: Any, most: Any, status: Any = "ENABLED") -> ManagedInstanceScaling:
    return ManagedInstanceScaling(status=status, min_instance_count=least, max_instance_count=most)


def instances(usage: VariantDemand = NO_VARIANT_DEMAND, mode: Any = "realtime", **changes: Any) -> Capacity:
    fields: dict[str, Any] = {"name": "a", "shadow": False, "instance_type": "ml.m5.large", "initial_instance_count": 3}
    variant = InstanceVariant(**(fields | changes))
    endpoint = Endpoint(
        address="e", name="e", region="us-east-1", mode=mode, variants=(variant,), configuration_address="c"
    )
    return of_instances(endpoint, variant, usage, MONTH)


def slots(provisioned: Any, scaling: Any, usage: VariantDemand = NO_VARIANT_DEMAND) -> Capacity | None:
    variant = ServerlessVariant(
        name="a", memory_mib=2048, max_concurrency=20, provisioned_concurrency=provisioned, scaling=scaling
    )
    return of_slots(variant, usage, MONTH)


def bounds(capacity: Capacity | None) -> tuple[object, ...]:
    assert capacity is not None
    expected = capacity.expected
    counts = [state.count for state in capacity.states]
    return (min(counts), expected if isinstance(expected, Unknown) else expected.count, max(counts))


def unknown(capacity: Capacity) -> tuple[str, ...]:
    """Which of the ends, and of what is expected, are only what is known."""
    found = (capacity.states[0], capacity.expected, capacity.states[-1])
    names = ("floor", "expected", "ceiling")
    return tuple(name for name, it in zip(names, found, strict=True) if not isinstance(it, Unknown) and it.unknown)


@pytest.mark.parametrize(
    ("changes", "expected", "incomplete"),
    [
        ({"scaling": target(LATER, LATER)}, (1, 3, 3), ("floor", "expected", "ceiling")),
        ({"scaling": target(2, LATER)}, (2, 3, 3), ("expected", "ceiling")),
        ({"scaling": target(LATER, 6)}, (1, 3, 6), ("floor", "expected")),
        ({"scaling": target(2, 6, scheduled_actions=LATER)}, (1, 3, 6), ("floor", "expected", "ceiling")),
        ({"scaling": target(2, 6), "initial_instance_count": LATER}, (2, 2, 6), ("expected",)),
        ({"scaling": target(2, 2), "initial_instance_count": LATER}, (2, 2, 2), ()),
        ({"scaling": LATER, "initial_instance_count": LATER}, (1, 1, 1), ("floor", "expected", "ceiling")),
        # AWS refuses them, so nobody knows what is meant: never money, and never less than nothing
        ({"initial_instance_count": -2}, (1, 1, 1), ("floor", "expected", "ceiling")),
        ({"scaling": target(-5, -2)}, (1, 3, 3), ("floor", "expected", "ceiling")),
        # bounds of what is unknown bound the count, and nothing is missing
        (
            {"initial_instance_count": Unknown("undecided", at_least=Decimal(2), at_most=Decimal(4))},
            (2, Unknown("initial_instance_count is unknown: undecided"), 4),
            (),
        ),
        ({"initial_instance_count": Unknown("it", at_least=Decimal(2))}, (2, 2, 2), ("floor", "expected", "ceiling")),
        ({"scaling": target(0, 6, policies=())}, (3, 3, 6), ()),  # nothing takes the three away
        ({"managed_scaling": managed(2, 6)}, (2, 3, 6), ()),
        ({"managed_scaling": managed(None, 6)}, (1, 3, 6), ("floor", "expected")),
        ({"managed_scaling": managed(2, LATER)}, (2, 3, 3), ("expected", "ceiling")),
        ({"managed_scaling": managed(2, 6, LATER)}, (1, 3, 6), ("floor", "expected", "ceiling")),
        ({"managed_scaling": LATER}, (1, 3, 3), ("floor", "expected", "ceiling")),
        ({"managed_scaling": managed(2, 6), "model_name": LATER}, (1, 3, 6), ("floor", "expected", "ceiling")),
        ({"managed_scaling": LATER, "initial_instance_count": LATER}, (1, 1, 1), ("floor", "expected", "ceiling")),
        (
            {"managed_scaling": managed(2, 6, "DISABLED"), "initial_instance_count": LATER},
            (1, 1, 1),
            ("floor", "expected", "ceiling"),
        ),
        # With a model the API rejects managed scaling: no range.
        ({"managed_scaling": managed(2, 6), "model_name": "m"}, (3, 3, 3), ()),
        # A target and managed scaling: the widest of both.
        ({"managed_scaling": managed(2, 6), "scaling": target(1, 4)}, (1, 3, 6), ()),
    ],
)
def test_bounds_keep_to_what_is_known(changes: Any, expected: tuple[object, ...], incomplete: tuple[str, ...]) -> None:
    capacity = instances(**changes)
    assert bounds(capacity) == expected
    assert unknown(capacity) == incomplete


def test_the_target_and_its_schedule_are_named_as_origins() -> None:
    night = ScheduledAction(address="night", schedule="rate(1 day)", min_capacity=1, max_capacity=None)
    origins = instances(scaling=target(2, 6, scheduled_actions=(night,))).origins
    assert origins["count.floor"] == "scheduled action night"
    assert origins["count.ceiling"] == "scalable target target"
    assert origins["count.expected"] == "initial_instance_count"


def test_each_end_of_managed_scaling_says_who_keeps_it() -> None:
    """With nothing hosted that can leave it empty, a real-time variant keeps one instance whatever the minimum is."""
    origins = instances(managed_scaling=managed(2, 6)).origins
    assert (origins["count.floor"], origins["count.ceiling"]) == ("managed instance scaling",) * 2
    origins = instances(managed_scaling=managed(0, 6)).origins
    assert origins["count.floor"] == "the least that real-time inference keeps"


def test_managed_scaling_that_may_have_no_effect_raises_the_initial_count_at_most() -> None:
    """Three initial instances, and up to six, or two, where its status turns out to be ENABLED."""
    doubt = "whether managed instance scaling has an effect is unknown"
    up, down = instances(managed_scaling=managed(2, 6, LATER)), instances(managed_scaling=managed(1, 2, LATER))
    assert (bounds(up), up.origins["count.ceiling"]) == ((1, 3, 6), "managed instance scaling")
    assert (bounds(down), down.origins["count.ceiling"]) == ((1, 3, 3), doubt)
    alike = instances(managed_scaling=managed(1, 3, LATER))
    assert (bounds(alike), alike.origins["count.ceiling"]) == ((1, 3, 3), doubt)
    assert up.states[0].unknown == f"{doubt}: known after apply"


def test_a_target_and_managed_scaling_are_as_wide_as_both_and_each_end_is_of_whoever_brings_it_about() -> None:
    capacity = instances(managed_scaling=managed(2, 9), scaling=target(1, 6))
    assert bounds(capacity) == (1, 3, 9)
    assert capacity.origins["count.floor"] == "scalable target target"
    assert capacity.origins["count.ceiling"] == "managed instance scaling"
    outer = instances(managed_scaling=managed(1, 9), scaling=target(2, 6))
    assert (bounds(outer), outer.origins["count.floor"]) == ((1, 3, 9), "managed instance scaling")
    inner = instances(managed_scaling=managed(2, 6), scaling=target(1, 9))
    assert (bounds(inner), inner.origins["count.ceiling"]) == ((1, 3, 9), "scalable target target")
    doubtful = instances(managed_scaling=managed(2, LATER), scaling=target(LATER, 6))
    assert doubtful.states[0].unknown == "min_capacity is unknown: known after apply"
    assert doubtful.states[-1].unknown == "max_instance_count is unknown: known after apply"


def test_the_states_of_what_scales_are_its_ends_and_its_initial_count() -> None:
    """Initial count 3, minimum 2, maximum 6: what costs least may also lie between the ends, as for slots."""
    assert [state.count for state in instances(scaling=target(2, 6)).states] == [2, 3, 6]
    assert [state.count for state in instances(scaling=target(3, 6)).states] == [3, 6]
    assert [state.count for state in instances(scaling=target(2, 3)).states] == [2, 3]


def test_managed_scaling_beside_a_schedule_leaves_what_that_holds_open() -> None:
    """Four by day and one by night, unless managed scaling changes them: the initial three are assumed."""
    day = ScheduledAction(address="day", schedule="cron(0 8 * * ? *)", min_capacity=4, max_capacity=8)
    night = ScheduledAction(address="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
    it = instances(scaling=target(1, 8, scheduled_actions=(day, night)), managed_scaling=managed(1, 8))
    assert (bounds(it), it.origins["count.expected"]) == ((1, 3, 8), "initial_instance_count")


def test_managed_scaling_takes_away_outside_busy_hours_what_a_target_does_not() -> None:
    """Three in 73 of 730 hours and one in the others: 0.3 + 0.9 = 1.2."""
    it = instances(
        VariantDemand(busy_hours=Decimal(73)), scaling=target(1, 4, policies=()), managed_scaling=managed(1, 6)
    )
    assert bounds(it)[1] == Decimal("1.2")


def test_an_unknown_count_says_where_its_bounds_come_from() -> None:
    between = Unknown("undecided", at_least=Decimal(2), at_most=Decimal(4))
    found = instances(initial_instance_count=between).origins
    assert (found["count.floor"], found["count.ceiling"]) == ("at least 2", "at most 4")
    nothing = "at least 1: initial_instance_count is unknown"
    for usage, expected in ((VariantDemand(instances=Decimal(3)), "usage file"), (NO_VARIANT_DEMAND, nothing)):
        found = instances(usage, initial_instance_count=LATER).origins
        assert (found["count.floor"], found["count.expected"]) == (nothing, expected)


def test_an_average_counts_while_busy_and_the_minimum_in_the_other_hours() -> None:
    """365 h × 4 + 365 h × 2 = 2,190 h, 3 instances all month."""
    usage = VariantDemand(instances=Decimal(4), busy_hours=Decimal(365))
    capacity = instances(usage, scaling=target(2, 6))
    assert hours(capacity) == (1460, 2190, 4380)
    assert bounds(capacity) == (2, 3, 6)
    assert not capacity.assumed


def test_an_average_says_what_an_unknown_initial_count_does_not() -> None:
    usage = VariantDemand(instances=Decimal("2.5"))
    capacity = instances(usage, scaling=target(1, 4), initial_instance_count=LATER)
    assert bounds(capacity) == (1, Decimal("2.5"), 4)
    assert unknown(capacity) == ()
    assert bounds(instances(usage, initial_instance_count=LATER)) == (1, Decimal("2.5"), Decimal("2.5"))


def test_slots_scale_like_instances_and_may_be_none() -> None:
    assert slots(None, None) is None
    assert bounds(slots(5, None)) == (5, 5, 5)
    assert bounds(slots(5, target(2, 8, dimension=PROVISIONED_CONCURRENCY))) == (2, 5, 8)
    assert bounds(slots(5, target(2, 8), VariantDemand(slots=Decimal("3.5")))) == (
        2,
        Decimal("3.5"),
        8,
    )
    assert bounds(slots(5, target(0, 8))) == (0, 5, 8), "no service keeps a slot warm"
    assert bounds(slots(5, target(0, 8, policies=()))) == (5, 5, 8), "nothing takes them away"
    assert bounds(slots(None, LATER)) == (0, 0, 0)
    assert bounds(slots(LATER, LATER)) == (0, 0, 0)
    doubtful = slots(LATER, None)
    assert bounds(doubtful) == (0, 0, 0), "an unknown number may be none at all"
    assert doubtful is not None
    assert doubtful.states[0].unknown == "provisioned_concurrency is unknown: known after apply"


def test_busy_hours_lower_nothing_that_nothing_can_lower() -> None:
    """Two stay two, whatever the 73 busy hours; with a policy they are two in these and none in the other 657."""
    busy = VariantDemand(busy_hours=Decimal(73))
    stays = instances(busy, "async", initial_instance_count=2, scaling=target(0, 4, policies=()))
    falls = instances(busy, "async", initial_instance_count=2, scaling=target(0, 4))
    assert (bounds(stays)[1], bounds(falls)[1]) == (2, Decimal("0.2"))


def test_usage_beyond_the_bounds_counts_as_the_nearest_and_is_said() -> None:
    capacity = instances(VariantDemand(instances=Decimal(9)), scaling=target(1, 4))
    assert bounds(capacity) == (1, 4, 4)
    assert capacity.notice == "usage of 9 is outside of what can be, and counts as 4"
    assert instances(VariantDemand(instances=Decimal(4)), scaling=target(1, 4)).notice is None
    # an initial count that its bounds hold at 4 is nothing that usage says
    assert instances(initial_instance_count=9, scaling=target(1, 4)).notice is None


def test_an_average_above_a_fixed_count_is_said_and_one_below_it_is_the_work() -> None:
    capacity = instances(VariantDemand(instances=Decimal(9)), initial_instance_count=3)
    assert bounds(capacity) == (3, 3, 3)
    assert capacity.notice == "usage of 9 is outside of what can be, and counts as 3"
    for count in (1, 3):
        assert instances(VariantDemand(instances=Decimal(count)), initial_instance_count=3).notice is None


def test_what_a_schedule_holds_is_expected() -> None:
    """Four by day and one by night: 12 h × 4 + 12 h × 1 = 60 h a day, 2.5 on the average."""
    day = ScheduledAction(address="day", schedule="cron(0 8 * * ? *)", min_capacity=4, max_capacity=8)
    night = ScheduledAction(address="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
    capacity = instances(scaling=target(1, 8, policies=(), scheduled_actions=(day, night)))
    assert bounds(capacity) == (1, Decimal("2.5"), 8)
    assert capacity.origins["count.expected"] == "the mean of what its schedule holds"


def test_another_period_has_other_hours() -> None:
    """Two for a week of 168 h are 336 instance-hours."""
    it = InstanceVariant(name="a", shadow=False, instance_type="ml.m5.large", initial_instance_count=2)
    at = Endpoint(address="e", name="e", region="us-east-1", mode="realtime", variants=(it,), configuration_address="c")
    capacity = of_instances(at, it, NO_VARIANT_DEMAND, Period(Decimal(168), "week"))
    assert hours(capacity) == (336, 336, 336)
    assert capacity.origins["hours"] == "168 hours a week"


@pytest.mark.parametrize(
    ("changes", "usage", "demand"),
    [
        # two in 40 of 730 hours: 2 x 40 / 730 = 8 / 73, whatever the minimum
        ({"scaling": target(1, 3)}, {"instances": 2, "busy_hours": 40}, Decimal(80) / 730),
        ({"scaling": target(1, 3)}, {"instances": 5}, Decimal(3)),
        ({"scaling": target(1, 3)}, {}, None),
        # three of them, the initial count, in 73 of 730 hours
        ({"scaling": target(1, 3)}, {"busy_hours": 73}, Decimal("0.3")),
        ({}, {"instances": 1.5}, Decimal("1.5")),
        ({}, {}, None),
        ({"initial_instance_count": LATER, "scaling": target(1, 3)}, {"busy_hours": 73}, None),
    ],
)
def test_demand_is_what_usage_asks_for_whatever_holds_the_count_up(
    changes: dict[str, Any], usage: dict[str, float], demand: Decimal | None
) -> None:
    stated: dict[str, Any] = {key: Decimal(str(value)) for key, value in usage.items()}
    assert instances(VariantDemand(**stated), "async", **changes).demand == demand


def test_slots_that_nothing_scales_have_a_demand_too() -> None:
    """Two in 365 of 730 hours are one on the average, and all four stay warm."""
    found = slots(4, None, VariantDemand(slots=Decimal(2), busy_hours=Decimal(365)))
    assert found is not None
    assert (found.demand, hours(found)) == (1, (2920, 2920, 2920))


def test_usage_that_says_how_many_goes_before_what_a_schedule_holds() -> None:
    """Four by day and one by night are held 12 hours each, unless usage says three, or when they are busy."""
    day = ScheduledAction(address="day", schedule="cron(0 8 * * ? *)", min_capacity=4, max_capacity=8)
    night = ScheduledAction(address="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
    scaling = target(1, 8, policies=(), scheduled_actions=(day, night))
    for usage, held in (
        (NO_VARIANT_DEMAND, {(4, 5040), (1, 5040)}),
        (VariantDemand(slots=Decimal(3)), set()),
        (VariantDemand(busy_hours=Decimal(73)), set()),
    ):
        found = slots(2, scaling, usage)
        assert found is not None
        assert not isinstance(found.expected, Unknown)
        assert set(found.expected.held) == held


def test_a_schedule_in_a_time_zone_that_there_is_not_leaves_the_expected_count_open() -> None:
    """Four by day, one by night, nobody knows when; a count or busy hours of the usage file decide it all the same."""
    day, night = (
        ScheduledAction(
            address=f"at {hour}",
            schedule=f"cron(0 {hour} * * ? *)",
            min_capacity=n,
            max_capacity=n,
            timezone="Mars/Base",
        )
        for hour, n in ((8, 4), (20, 1))
    )
    scaling = target(1, 4, policies=(), scheduled_actions=(day, night))
    reason = "when its scheduled actions run is unknown: there is no time zone Mars/Base"
    found = instances(scaling=scaling)
    assert (found.expected, found.origins["count.expected"]) == (Unknown(reason), reason)
    assert bounds(instances(VariantDemand(instances=Decimal(3)), scaling=scaling)) == (1, 3, 4)
    # three, the initial count, in 73 of 730 hours, one in the others: 0.3 + 0.9
    assert bounds(instances(VariantDemand(busy_hours=Decimal(73)), scaling=scaling)) == (1, Decimal("1.2"), 4)


def test_a_bound_that_is_not_known_says_what_is() -> None:
    origins = instances(scaling=target(2, LATER)).origins
    assert (origins["count.floor"], origins["count.ceiling"]) == (
        "scalable target target",
        "at least 2: it is unknown",
    )


# For a part of the month ---------------------------------------------------------------------------------------------


def hours(capacity: Capacity) -> tuple[object, ...]:
    expected = capacity.expected
    found = [state.hours for state in capacity.states]
    return (min(found), expected if isinstance(expected, Unknown) else expected.hours, max(found))


def test_a_shadow_test_of_a_week_takes_168_hours_of_each_instance() -> None:
    """3 x 168 = 504 instance-hours; three run while it lasts."""
    capacity = instances(shadow=True, monthly_hours=Decimal(168))
    assert bounds(capacity) == (3, 3, 3)
    assert hours(capacity) == (504, 504, 504)
    assert unknown(capacity) == ()


def test_a_shadow_test_that_scales_keeps_its_range_for_as_long_as_it_runs() -> None:
    """1 to 6 instances, 3 to begin with, for 100 hours."""
    capacity = instances(shadow=True, monthly_hours=Decimal(100), scaling=target(1, 6))
    assert bounds(capacity) == (1, 3, 6)
    assert hours(capacity) == (100, 300, 600)


def test_a_month_is_not_longer_than_a_month() -> None:
    """Where more hours are given than the 730 of a month, 3 x 730 = 2,190 is all there is."""
    assert hours(instances(shadow=True, monthly_hours=Decimal(800))) == (2190, 2190, 2190)


def test_a_shadow_test_of_unknown_length_takes_none_to_thirty_days() -> None:
    """3 x 720 = 2,160 instance-hours at most, and nothing is expected."""
    capacity = instances(shadow=True, monthly_hours=LATER)
    assert hours(capacity) == (0, Unknown("how long its shadow test runs is unknown: known after apply"), 2160)
    assert capacity.origins["hours"] == "at most 720 hours: its shadow test"


# Slots that requests fill --------------------------------------------------------------------------------------------


SECONDS = Decimal(9_500_000)
"""Of compute a month: 9,500,000 / 2,628,000 are 3.6 slots, and 9,500,000 / 144,000 are 65.97 in 40 hours."""


def between(least: int, most: int, busy: int | None = None, **changes: Any) -> list[tuple[Decimal, Decimal, Any]]:
    """Count, hours and busy hours of the states in which slots between these cost least."""
    hours = None if busy is None else Decimal(busy)
    found = slots(
        least, target(least, most, dimension=PROVISIONED_CONCURRENCY, **changes), VariantDemand(busy_hours=hours)
    )
    assert found is not None
    return [(running.count, running.hours, running.busy) for running in filled(found, SECONDS, hours, MONTH)]


@pytest.mark.parametrize(
    ("least", "most", "counts"), [(1, 8, [3, 4]), (3, 8, [4]), (1, 4, [3]), (3, 4, []), (4, 8, []), (1, 3, [])]
)
def test_slots_that_requests_fill_lie_between_the_ends(least: int, most: int, counts: list[int]) -> None:
    assert between(least, most) == [(Decimal(count), Decimal(count * 730), None) for count in counts]


def test_slots_of_which_only_the_ends_are_known_may_be_as_many_as_requests_fill() -> None:
    """None to five where nobody knows what scales them, and one to eight where nobody knows how many there are."""
    bounded = Unknown("a condition", at_least=Decimal(1), at_most=Decimal(8))
    for found in (slots(5, LATER), slots(bounded, None)):
        assert found is not None
        assert [running.count for running in filled(found, SECONDS, None, MONTH)] == [3, 4]


def test_nothing_lies_between_where_nothing_moves_slots_or_usage_does_not_say() -> None:
    assert between(1, 8, policies=()) == []
    found = slots(1, target(1, 8))
    assert found is not None
    assert list(filled(found, None, None, MONTH)) == []


def test_in_busy_hours_what_requests_fill_is_there_all_month_or_in_these_alone() -> None:
    """40 h of 65 slots are 2,600 h, and with 690 h of the one that is left 3,290; of 1 and of 100 730 and 4,690."""
    hours = Decimal(730)
    assert between(1, 100, 40) == [
        (65, 47_450, 2_600),
        (66, 48_180, 2_640),
        (3_290 / hours, 3_290, 2_600),
        (3_330 / hours, 3_330, 2_640),
        (1, 730, 40),
        (4_690 / hours, 4_690, 4_000),
    ]


def test_a_count_that_nothing_changes_is_not_assumed() -> None:
    assert not instances().assumed
    assert instances(scaling=target(1, 8)).assumed


def test_slots_are_busy_in_busy_hours_each() -> None:
    """From 1 to 8, and three of them expected, in 40 hours."""
    found = slots(3, target(1, 8, dimension=PROVISIONED_CONCURRENCY), VariantDemand(busy_hours=Decimal(40)))
    assert found is not None
    assert [state.busy for state in found.states] == [40, 120, 320]
    assert isinstance(found.expected, Running)
    assert found.expected.busy == 120


def test_without_a_busy_hour_only_what_is_left_is_there() -> None:
    assert between(1, 8, 0) == [(1, 730, 0), (1, 730, 0)]
