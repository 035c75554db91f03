"""What holds of every estimate, whatever is declared, unknown or used."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.cost.base import Bill, Estimate
from guardrail.cost.estimate import estimate
from guardrail.cost.join import delta
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    ManagedInstanceScaling,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.prices.book import PriceBook

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

PRICES = PriceBook()

unknown = st.builds(Unknown, st.sampled_from(["known after apply", "a variable without a value"]))
TYPES = ["ml.m5.large", "ml.m5.xlarge", "ml.g5.xlarge", "ml.c6i.large", "ml.g7.2xlarge", "ml.r8g.large", "ml.no.such"]
types = st.sampled_from(TYPES)
counts = st.integers(0, 9)
maybe = st.booleans()


def or_unknown(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, unknown)


def or_absent(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy, unknown)


policies = st.builds(
    TargetTrackingPolicy,
    address=st.just("policy"),
    target_value=st.just(1.0),
    metrics=or_unknown(st.just((ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance"),))),
    disable_scale_in=or_unknown(maybe),
)
actions = st.builds(
    ScheduledAction,
    address=st.just("action"),
    schedule=st.just("rate(1 day)"),
    min_capacity=or_absent(counts),
    max_capacity=or_absent(counts),
)


def targets(dimension: str) -> st.SearchStrategy[ScalableTarget]:
    return st.builds(
        ScalableTarget,
        address=st.just("target"),
        dimension=st.just(dimension),
        min_capacity=or_unknown(counts),
        max_capacity=or_unknown(counts),
        policies=or_unknown(st.lists(policies, max_size=1).map(tuple)),
        scheduled_actions=or_unknown(st.lists(actions, max_size=2).map(tuple)),
        dynamic_scaling_in_suspended=or_unknown(maybe),
        dynamic_scaling_out_suspended=or_unknown(maybe),
        scheduled_scaling_suspended=or_unknown(maybe),
        sensitive=maybe,
    )


managed = st.builds(
    ManagedInstanceScaling,
    status=or_unknown(st.sampled_from(["ENABLED", "DISABLED"])),
    min_instance_count=or_absent(counts),
    max_instance_count=or_absent(counts),
)
pools = st.builds(InstancePool, instance_type=or_unknown(types), priority=or_unknown(st.integers(1, 5)))
instance_variants = st.builds(
    InstanceVariant,
    name=or_unknown(st.sampled_from(["a", "b"])),
    shadow=maybe,
    instance_type=or_absent(types),
    initial_instance_count=or_unknown(st.integers(1, 9)),
    weight=or_unknown(st.sampled_from([0.0, 0.5, 1.0])),
    volume_size_gb=or_absent(st.integers(1, 512)),
    model_name=or_absent(st.just("model")),
    managed_scaling=or_absent(managed),
    instance_pools=st.lists(pools, max_size=3).map(tuple),
    scaling=or_absent(targets(INSTANCE_COUNT)),
    sensitive=maybe,
)
serverless_variants = st.builds(
    ServerlessVariant,
    name=or_unknown(st.sampled_from(["a", "b"])),
    memory_mib=or_unknown(st.sampled_from([1024, 1500, 2048, 6144])),
    max_concurrency=or_unknown(st.integers(1, 200)),
    provisioned_concurrency=or_absent(st.integers(1, 200)),
    weight=or_unknown(st.sampled_from([0.0, 0.5, 1.0])),
    scaling=or_absent(targets(PROVISIONED_CONCURRENCY)),
    sensitive=maybe,
)
components = st.builds(
    InferenceComponent,
    address=st.just("component"),
    name=or_unknown(st.just("c")),
    variant_name=or_absent(st.sampled_from(["a", "b"])),
    copies=or_absent(counts),
    scaling=or_absent(targets(COPY_COUNT)),
)
endpoints = st.builds(
    Endpoint,
    address=st.sampled_from(["x", "y", "z"]),
    name=or_unknown(st.just("e")),
    region=or_unknown(st.sampled_from(["us-east-1", "eu-west-3", "nowhere-1"])),
    mode=or_unknown(st.sampled_from(["realtime", "async", "serverless"])),
    variants=or_unknown(st.lists(st.one_of(instance_variants, serverless_variants), max_size=3).map(tuple)),
    configuration_address=st.just("c"),
    deployed=st.sampled_from(["yes", "possibly"]),
    inference_components=or_unknown(st.lists(components, max_size=2).map(tuple)),
)
inventories = st.lists(endpoints, max_size=3, unique_by=lambda it: it.address).map(
    lambda found: Inventory(endpoints=tuple(found))
)
amounts = st.one_of(st.none(), st.decimals(0, 10**7, places=2))
usages = st.builds(
    EndpointUsage,
    monthly_requests=amounts,
    request_duration_ms=amounts,
    request_payload_kb=amounts,
    monthly_data_out_gb=amounts,
    average_instances=st.one_of(st.none(), st.decimals(0, 12, places=1)),
    monthly_busy_hours=st.one_of(st.none(), st.decimals(0, 730, places=1)),
    average_provisioned_concurrency=st.one_of(st.none(), st.decimals(0, 250, places=1)),
).map(lambda usage: Usage({"*": usage}, {}))


def is_ordered(bounds: Any) -> bool:
    if isinstance(bounds.expected, Unknown):
        return bool(0 <= bounds.floor <= bounds.ceiling)
    return bool(0 <= bounds.floor <= bounds.expected <= bounds.ceiling)


def amounts_of(lines: Any, bound: str) -> Decimal:
    found = [getattr(line.monthly, bound) for line in lines if line.monthly is not None]
    return sum((amount for amount in found if isinstance(amount, Decimal)), Decimal(0))


@settings(max_examples=300, deadline=None)
@given(inventories, usages)
def test_the_bounds_are_ordered_and_nothing_missing_goes_unsaid(inventory: Inventory, usage: Usage) -> None:
    """Floor ≤ expected ≤ ceiling, nothing below 0, and no part without amount that no flag speaks of."""
    bill = estimate(inventory, PRICES, usage)
    assert is_ordered(bill.total)
    for cost in bill.endpoints.values():
        assert is_ordered(cost.monthly)
        unpriced = {part for part in cost.missing if part.what[-1] != "usage"}
        assert cost.monthly.at_least == bool(unpriced)
        for bills in (cost, *cost.children):
            assert all(is_ordered(child.monthly) for child in cost.children)
            for line in bills.lines:
                assert line.monthly is not None or line.reason is not None or line.depends_on_usage
                assert line.monthly is None or min(line.monthly.floor, line.monthly.ceiling) >= 0


@settings(max_examples=200, deadline=None)
@given(inventories, usages)
def test_lines_add_up_to_the_amount_of_what_they_are_of(inventory: Inventory, usage: Usage) -> None:
    def adds_up(bill: Bill, bound: str) -> bool:
        return bool(amounts_of(bill.lines, bound) == getattr(bill.monthly, bound))

    for cost in estimate(inventory, PRICES, usage).endpoints.values():
        assert all(adds_up(child, bound) for child in cost.children for bound in ("floor", "ceiling"))
        if cost.absent is None:
            parts = [line for bill in (cost, *cost.children) for line in bill.lines]
            assert amounts_of(parts, "floor") == cost.monthly.floor
            assert amounts_of(parts, "ceiling") == cost.monthly.ceiling


@settings(max_examples=200, deadline=None)
@given(inventories, usages)
def test_an_inventory_against_itself_makes_no_difference(inventory: Inventory, usage: Usage) -> None:
    before, after = estimate(inventory, PRICES, usage), estimate(inventory, PRICES, usage)
    change = delta(before, after)
    assert change is not None
    assert {change.floor, change.expected, change.ceiling} == {Decimal(0)}


def only(*variants: InstanceVariant, mode: Any = "realtime") -> Estimate:
    it = Endpoint(
        address="e",
        name="e",
        region="us-east-1",
        mode=mode,
        variants=variants,
        configuration_address="c",
    )
    return estimate(Inventory(endpoints=(it,)), PRICES)


def of(instance_type: str, count: int, name: str = "a", weight: float = 1.0) -> InstanceVariant:
    return InstanceVariant(
        name=name,
        shadow=False,
        instance_type=instance_type,
        initial_instance_count=count,
        weight=weight,
        model_name="m",
    )


priced_types = st.sampled_from(["ml.m5.large", "ml.m5.xlarge", "ml.g5.xlarge", "ml.c6i.large"])
modes = st.sampled_from(["realtime", "async"])


@given(priced_types, st.integers(1, 1000), modes)
def test_cost_is_linear_in_the_count(instance_type: str, count: int, mode: str) -> None:
    assert (
        only(of(instance_type, count), mode=mode).total.expected
        == count * only(of(instance_type, 1), mode=mode).total.floor
    )


@given(priced_types, st.integers(1, 50), st.integers(1, 50), modes)
def test_splitting_a_variant_in_two_conserves_cost(instance_type: str, some: int, others: int, mode: str) -> None:
    whole = only(of(instance_type, some + others), mode=mode)
    split = only(of(instance_type, some, "a", 0.5), of(instance_type, others, "b", 0.5), mode=mode)
    assert split.total == whole.total


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), modes)
def test_a_wider_range_never_costs_less_at_most_nor_more_at_least(least: int, more: int, count: int, mode: str) -> None:
    metric = ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance")
    tracking = TargetTrackingPolicy(address="p", target_value=1.0, metrics=(metric,), disable_scale_in=False)

    def scaled(least: int, most: int) -> Estimate:
        target = ScalableTarget(
            address="t", dimension=INSTANCE_COUNT, min_capacity=least, max_capacity=most, policies=(tracking,)
        )
        variant = InstanceVariant(
            name="a", shadow=False, instance_type="ml.m5.large", initial_instance_count=count, scaling=target
        )
        return only(variant, mode=mode)

    narrow, wide = scaled(least, least), scaled(max(least - more, 0), least + more)
    assert wide.total.floor <= narrow.total.floor
    assert wide.total.ceiling >= narrow.total.ceiling
