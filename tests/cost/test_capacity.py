"""Counts at their edges: what is doubtful keeps to what is known, and says so."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.cost.capacity import Capacity, of_instances, of_slots
from guardrail.cost.usage import NO_VARIANT_USAGE, VariantUsage
from guardrail.model import (
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InstanceVariant,
    ManagedInstanceScaling,
    ScalableTarget,
    ScheduledAction,
    ServerlessVariant,
    Unknown,
)

LATER = Unknown("known after apply")


def target(least: Any, most: Any, **changes: Any) -> ScalableTarget:
    fields: dict[str, Any] = {"address": "target", "dimension": INSTANCE_COUNT}
    return ScalableTarget(min_capacity=least, max_capacity=most, **(fields | changes))


def managed(least: Any, most: Any, status: Any = "ENABLED") -> ManagedInstanceScaling:
    return ManagedInstanceScaling(status=status, min_instance_count=least, max_instance_count=most)


def instances(usage: VariantUsage = NO_VARIANT_USAGE, mode: Any = "realtime", **changes: Any) -> Capacity:
    fields: dict[str, Any] = {"name": "a", "shadow": False, "instance_type": "ml.m5.large", "initial_instance_count": 3}
    variant = InstanceVariant(**(fields | changes))
    endpoint = Endpoint(
        address="e", name="e", region="us-east-1", mode=mode, variants=(variant,), configuration_address="c"
    )
    return of_instances(endpoint, variant, usage)


def slots(provisioned: Any, scaling: Any, usage: VariantUsage = NO_VARIANT_USAGE) -> Capacity | None:
    variant = ServerlessVariant(
        name="a", memory_mib=2048, max_concurrency=20, provisioned_concurrency=provisioned, scaling=scaling
    )
    return of_slots(variant, usage)


def bounds(capacity: Capacity | None) -> tuple[object, ...]:
    assert capacity is not None
    return (capacity.count.floor, capacity.count.expected, capacity.count.ceiling)


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
        ({"managed_scaling": managed(2, 6)}, (2, 3, 6), ()),
        ({"managed_scaling": managed(None, 6)}, (1, 3, 6), ("floor", "expected")),
        ({"managed_scaling": managed(2, LATER)}, (2, 3, 3), ("expected", "ceiling")),
        ({"managed_scaling": managed(2, 6, LATER)}, (1, 3, 6), ("floor", "expected", "ceiling")),
        ({"managed_scaling": LATER}, (1, 3, 3), ("floor", "expected", "ceiling")),
        ({"managed_scaling": managed(2, 6), "model_name": LATER}, (1, 3, 6), ("floor", "expected", "ceiling")),
        # A target and managed scaling: the widest of both.
        ({"managed_scaling": managed(2, 6), "scaling": target(1, 4)}, (1, 3, 6), ()),
    ],
)
def test_bounds_keep_to_what_is_known(changes: Any, expected: tuple[int, ...], incomplete: tuple[str, ...]) -> None:
    capacity = instances(**changes)
    assert bounds(capacity) == expected
    assert capacity.incomplete == incomplete
    assert (capacity.unknown is None) == (not incomplete)


def test_the_target_and_its_schedule_are_named_as_origins() -> None:
    night = ScheduledAction(address="night", schedule="rate(1 day)", min_capacity=1, max_capacity=None)
    origins = instances(scaling=target(2, 6, scheduled_actions=(night,))).origins
    assert origins["count.floor"] == "scheduled action night"
    assert origins["count.ceiling"] == "scalable target target"
    assert origins["count.expected"] == "initial_instance_count"


def test_an_average_counts_while_busy_and_the_minimum_in_the_other_hours() -> None:
    """365 h × 4 + 365 h × 2 = 2,190 h, 3 instances all month."""
    usage = VariantUsage(average_instances=Decimal(4), monthly_busy_hours=Decimal(365))
    capacity = instances(usage, scaling=target(2, 6))
    assert capacity.hours.expected == 2190
    assert bounds(capacity) == (2, 3, 6)
    assert not capacity.assumed


def test_an_average_says_what_an_unknown_initial_count_does_not() -> None:
    usage = VariantUsage(average_instances=Decimal("2.5"))
    capacity = instances(usage, scaling=target(1, 4), initial_instance_count=LATER)
    assert bounds(capacity) == (1, Decimal("2.5"), 4)
    assert capacity.unknown is None
    assert bounds(instances(usage, initial_instance_count=LATER)) == (1, Decimal("2.5"), Decimal("2.5"))


def test_slots_scale_like_instances_and_may_be_none() -> None:
    assert slots(None, None) is None
    assert bounds(slots(5, None)) == (5, 5, 5)
    assert bounds(slots(5, target(2, 8, dimension=PROVISIONED_CONCURRENCY))) == (2, 5, 8)
    assert bounds(slots(5, target(2, 8), VariantUsage(average_provisioned_concurrency=Decimal("3.5")))) == (
        2,
        Decimal("3.5"),
        8,
    )
    unknown = slots(LATER, None)
    assert bounds(unknown) == (0, 0, 0), "an unknown number may be none at all"
    assert unknown is not None
    assert unknown.unknown == "provisioned_concurrency is unknown: known after apply"


@pytest.mark.parametrize(
    ("changes", "usage", "demand"),
    [
        # two in 40 of 730 hours: 2 x 40 / 730 = 8 / 73, whatever the minimum
        ({"scaling": target(1, 3)}, {"average_instances": 2, "monthly_busy_hours": 40}, Decimal(80) / 730),
        ({"scaling": target(1, 3)}, {"average_instances": 5}, Decimal(3)),
        ({"scaling": target(1, 3)}, {}, None),
        # three of them, the initial count, in 73 of 730 hours
        ({"scaling": target(1, 3)}, {"monthly_busy_hours": 73}, Decimal("0.3")),
        ({}, {"average_instances": 1.5}, Decimal("1.5")),
        ({}, {}, None),
        ({"initial_instance_count": LATER, "scaling": target(1, 3)}, {"monthly_busy_hours": 73}, None),
    ],
)
def test_demand_is_what_usage_asks_for_whatever_holds_the_count_up(
    changes: dict[str, Any], usage: dict[str, float], demand: Decimal | None
) -> None:
    given = VariantUsage(**{key: Decimal(str(value)) for key, value in usage.items()})
    assert instances(given, "async", **changes).demand == demand


# For a part of the month ---------------------------------------------------------------------------------------------


def hours(capacity: Capacity) -> tuple[object, ...]:
    return (capacity.hours.floor, capacity.hours.expected, capacity.hours.ceiling)


def test_a_shadow_test_of_a_week_takes_168_hours_of_each_instance() -> None:
    """3 x 168 = 504 instance-hours, and 504 / 730 instances on the average of the month; three run while it lasts."""
    capacity = instances(shadow=True, monthly_hours=Decimal(168))
    assert bounds(capacity) == (3, 3, 3)
    assert hours(capacity) == (504, 504, 504)
    assert capacity.average.expected == Decimal(504) / 730
    assert capacity.unknown is None


def test_a_shadow_test_that_scales_keeps_its_range_for_as_long_as_it_runs() -> None:
    """1 to 6 instances, 3 to begin with, for 100 hours."""
    capacity = instances(shadow=True, monthly_hours=Decimal(100), scaling=target(1, 6))
    assert bounds(capacity) == (1, 3, 6)
    assert hours(capacity) == (100, 300, 600)


def test_a_month_is_not_longer_than_a_month() -> None:
    """Where more hours are given than the 730 of a month, 3 x 730 = 2,190 is all there is."""
    assert hours(instances(shadow=True, monthly_hours=Decimal(800))) == (2190, 2190, 2190)


def test_a_shadow_test_of_unknown_length_takes_thirty_days_at_most() -> None:
    """3 x 720 = 2,160 instance-hours at most; of the others nothing is known, and what is expected lacks it."""
    capacity = instances(shadow=True, monthly_hours=LATER)
    assert hours(capacity) == (0, 0, 2160)
    assert capacity.incomplete == ("expected",)
    assert capacity.unknown == "how long its shadow test runs is unknown: known after apply"


def test_an_unknown_count_and_an_unknown_length_leave_every_bound_incomplete() -> None:
    capacity = instances(shadow=True, monthly_hours=LATER, initial_instance_count=LATER)
    assert capacity.incomplete == ("floor", "expected", "ceiling")
    assert capacity.unknown is not None
