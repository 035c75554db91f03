"""Every bound is a bill that can exist: held against a pricer that prices each state by itself."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail import discounting
from guardrail.cost.base import BOUNDS, Delta, Monthly
from guardrail.cost.discount_settings import DiscountRule, Discounts, SavingsPlan, no_plan_rate
from guardrail.cost.discounts import discounted
from guardrail.cost.estimate import estimate
from guardrail.cost.join import delta, either, either_delta
from guardrail.cost.usage import EndpointUsage, Usage, VariantUsage
from guardrail.model import (
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Endpoint,
    InstancePool,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ScalingMetric,
    ServerlessVariant,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.prices.base import Price
from guardrail.report import Totals
from tests.naive_pricer import BOOK, Asked, Off, bills, hull, planned

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

UNDECIDED = Unknown("give --parameters Stage=dev or Stage=prod")
TYPES = ["ml.m5.large", "ml.m5.xlarge", "ml.g5.xlarge", "ml.c5.xlarge"]  # with a volume each, but for g5
types = st.sampled_from(TYPES)
counts = st.integers(0, 6)

alarm = Alarm(
    address="alarm",
    metric_name="Busy",
    namespace="Own",
    dimensions={},
    statistic="Average",
    comparison_operator="GreaterThanThreshold",
    threshold=1.0,
    period_s=60,
    evaluation_periods=1,
)
tracking = st.builds(
    TargetTrackingPolicy,
    address=st.just("tracking"),
    target_value=st.just(1.0),
    metrics=st.sampled_from([(), (ScalingMetric(predefined=False, name="Busy"),)]),
    disable_scale_in=st.booleans(),
)
steps = st.builds(
    StepScalingPolicy,
    address=st.just("step"),
    adjustment_type=st.just("ChangeInCapacity"),
    steps=st.sampled_from([(StepAdjustment(0, None, 1),), (StepAdjustment(None, 0, -1),)]),
    alarms=st.sampled_from([(), (alarm,)]),
)


def targets(dimension: str) -> st.SearchStrategy[ScalableTarget]:
    return st.builds(
        ScalableTarget,
        address=st.just("target"),
        dimension=st.just(dimension),
        min_capacity=counts,
        max_capacity=counts,
        policies=st.lists(tracking | steps, max_size=2).map(tuple),
        dynamic_scaling_in_suspended=st.booleans(),
    )


def instances(name: str) -> st.SearchStrategy[InstanceVariant]:
    pools = st.lists(types, min_size=2, max_size=3, unique=True).map(
        lambda found: tuple(InstancePool(instance_type=kind, priority=place) for place, kind in enumerate(found))
    )
    common: dict[str, Any] = {
        "name": st.just(name),
        "shadow": st.sampled_from([False]),
        "initial_instance_count": st.integers(1, 6),
        "weight": st.sampled_from([0.5, 1.0, 2.0]),
        "volume_size_gb": st.sampled_from([None, 5, 50]),
        "model_name": st.just("m"),
        "scaling": st.none() | targets(INSTANCE_COUNT),
    }
    single = st.builds(InstanceVariant, instance_type=types, **common)
    return single | st.builds(InstanceVariant, instance_type=st.none(), instance_pools=pools, **common)


def serverless(name: str) -> st.SearchStrategy[ServerlessVariant]:
    return st.builds(
        ServerlessVariant,
        name=st.just(name),
        memory_mib=st.sampled_from([1024, 2048, 6144]),
        max_concurrency=st.just(20),
        provisioned_concurrency=st.none() | st.integers(1, 6),
        weight=st.sampled_from([0.5, 1.0, 2.0]),
        scaling=st.none() | targets(PROVISIONED_CONCURRENCY),
    )


def endpoints(address: str) -> st.SearchStrategy[Endpoint]:
    def of(mode: Any, make: Any) -> st.SearchStrategy[Endpoint]:
        return st.builds(
            Endpoint,
            address=st.just(address),
            name=st.just(address),
            region=st.just("us-east-1"),
            mode=st.just(mode),
            variants=st.tuples(make("a")) | st.tuples(make("a"), make("b")),
            configuration_address=st.just("c"),
            deployed=st.sampled_from(["yes", "yes", "possibly"]),
        )

    return of("realtime", instances) | of("async", instances) | of("serverless", serverless)


one, other = endpoints("x"), endpoints("y")
NONE_TO_TWO = (st.tuples(), st.tuples(one), st.tuples(one, other))
"""Made once: Hypothesis reads the signatures behind each strategy that it meets for the first time."""
inventories = st.sampled_from([0, 1, 2]).flatmap(lambda n: NONE_TO_TWO[n]).map(lambda it: Inventory(endpoints=it))
whole = st.integers(0, 10**7).map(Decimal)
asked_for = st.fixed_dictionaries(
    {
        "requests": st.integers(10**6, 10**7).map(Decimal),
        "duration_ms": st.integers(0, 3000).map(Decimal),
        "data_gb": whole,
    },
    optional={
        "own": st.sampled_from([{"a": Decimal(0)}, {"b": Decimal(1000)}, {"a": Decimal(10**6)}]),
        "busy_hours": st.sampled_from([0, 1, 40, 365, 730]).map(Decimal),
    },
)
percents = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 100).map(Decimal) for name in ("", "Host", "AsyncInf", "ProvisionedConcurrency")}
)


def usage_of(asked: Asked) -> Usage:
    own = {name: VariantUsage(monthly_requests=number) for name, number in asked.get("own", {}).items()}
    said = EndpointUsage(
        monthly_requests=asked["requests"],
        request_duration_ms=asked["duration_ms"],
        monthly_busy_hours=asked.get("busy_hours"),
        monthly_data_in_gb=asked["data_gb"],
        monthly_data_out_gb=Decimal(0),
        variants=own or None,
    )
    return Usage({"*": said}, {})


def rules_of(off: Off) -> Discounts:
    """As percentages of settings: those on everything do not add to the others, so these stand for their difference."""
    names = ("Host", "AsyncInf", "ProvisionedConcurrency", "ServerlessInf", "Hst")
    return Discounts(
        rules=tuple(
            DiscountRule(name=name or "all", percent=off.get(name, off.get("", Decimal(0))), usage_type=f"*-{name}:*")
            for name in names
        )
    )


def close(amount: Decimal, wanted: Decimal) -> bool:
    return abs(amount - wanted) < Decimal("0.000001")


def is_between(monthly: Monthly) -> bool:
    expected = monthly.expected
    return monthly.floor <= monthly.ceiling and (
        isinstance(expected, Unknown)
        or monthly.floor - Decimal("1e-9") <= expected <= monthly.ceiling + Decimal("1e-9")
    )


@settings(max_examples=100, deadline=None)
@given(inventories, asked_for)
def test_both_ends_are_the_least_and_the_greatest_bill_that_can_be(inventory: Inventory, asked: Asked) -> None:
    found = estimate(inventory, BOOK, usage_of(asked)).total
    low, high = bills(inventory, asked, {})
    assert close(found.floor, low)
    assert close(found.ceiling, high)
    assert is_between(found)


@settings(max_examples=60, deadline=None)
@given(inventories, asked_for, percents)
def test_with_discounts_too_and_never_above_the_list(inventory: Inventory, asked: Asked, off: Off) -> None:
    listed = estimate(inventory, BOOK, usage_of(asked))
    keyed = {("s", address): bill for address, bill in listed.endpoints.items()}
    found = discounted(keyed, rules_of(off), no_plan_rate).total
    low, high = bills(inventory, asked, off)
    assert close(found.floor, low)
    assert close(found.ceiling, high)
    assert is_between(found)
    assert all(getattr(found, bound) <= getattr(listed.total, bound) for bound in ("floor", "ceiling"))


pairs = st.lists(st.tuples(inventories, inventories), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(pairs, asked_for, percents)
def test_possibilities_are_joined_and_never_mixed(
    worlds: list[tuple[Inventory, Inventory]], asked: Asked, off: Off
) -> None:
    """The bill is one of theirs, and so is the change, with and without discounts."""
    usage = usage_of(asked)
    priced = [(estimate(before, BOOK, usage), estimate(after, BOOK, usage)) for before, after in worlds]
    totals = [Totals(before=before.total, after=after.total, delta=delta(before, after)) for before, after in priced]
    after = either([each.after for each in totals], UNDECIDED)
    low, high = hull(bills(inventory, asked, {}) for _, inventory in worlds)
    assert close(after.floor, low)
    assert close(after.ceiling, high)
    changes = [each.delta for each in totals if each.delta is not None]
    joined = either_delta(changes, UNDECIDED)
    before = either([each.before for each in totals if each.before is not None], UNDECIDED)
    report, _ = discounting.apply(
        rules_of(off),
        no_plan_rate,
        Totals(before=before, after=after, delta=joined),
        [({"s": was}, {"s": now}, each) for (was, now), each in zip(priced, totals, strict=True)],
        UNDECIDED,
    )
    low, high = hull(bills(inventory, asked, off) for _, inventory in worlds)
    assert close(report.after.floor, low)
    assert close(report.after.ceiling, high)
    assert report.delta is not None
    for found, discount in ((joined, {}), (report.delta, off)):
        own = [
            [now - was for now, was in zip(bills(after, asked, discount), bills(before, asked, discount), strict=True)]
            for before, after in worlds
        ]
        assert agrees(found, min(floor for floor, _ in own), max(ceiling for _, ceiling in own))


def agrees(found: Delta, floor: Decimal, ceiling: Decimal) -> bool:
    assert isinstance(found.floor, Decimal)
    assert isinstance(found.ceiling, Decimal)
    return close(found.floor, floor) and close(found.ceiling, ceiling)


@settings(max_examples=60, deadline=None)
@given(
    one.filter(lambda it: it.mode != "serverless"),
    st.dictionaries(types, st.integers(1, 80).map(lambda percent: Decimal(percent) / 100)),
    st.decimals("0.01", 5, places=2),
)
def test_a_savings_plan_takes_off_what_it_takes_off_in_some_joint_state(
    it: Endpoint, shares: dict[str, Decimal], commitment: Decimal
) -> None:
    rates = {f"*-Host:{name}": usd_of(name) * (1 - share) for name, share in shares.items()}
    plan = SavingsPlan(commitment_usd_per_hour=commitment, rates=rates)
    bill = estimate(Inventory(endpoints=(it,)), BOOK).endpoints["x"]
    found = discounted({("s", "x"): bill}, Discounts(savings_plan=plan), no_plan_rate).total
    low, high = planned(it, shares, commitment * 730)
    assert close(found.floor, low)
    assert close(found.ceiling, high)
    assert is_between(found)


def usd_of(instance_type: str) -> Decimal:
    price = BOOK.hosting("us-east-1", instance_type)
    assert isinstance(price, Price)
    return price.usd


@settings(max_examples=40, deadline=None)
@given(inventories, asked_for, st.decimals("0.01", 20, places=2), st.integers(1, 64))
def test_a_savings_plan_never_costs_more_than_the_list_and_pays_each_hour_once(
    inventory: Inventory, asked: Asked, commitment: Decimal, percent: int
) -> None:
    listed = estimate(inventory, BOOK, usage_of(asked))
    keyed = {("s", address): bill for address, bill in listed.endpoints.items()}
    plan = SavingsPlan(commitment_usd_per_hour=commitment, percent=Decimal(percent))
    found = discounted(keyed, Discounts(savings_plan=plan), no_plan_rate)
    assert found.plan is not None
    assert is_between(found.total)
    for bound in BOUNDS:
        amount, limit = getattr(found.total, bound), getattr(listed.total, bound)
        assert isinstance(amount, Unknown) or 0 <= amount <= limit
        paid = getattr(found.plan.covered, bound)
        assert isinstance(paid, Unknown) or paid <= commitment * 730 + Decimal("1e-9")
