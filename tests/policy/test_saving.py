"""What a violation costs, rule by rule, worked by hand.

us-east-1: ml.m5.large 0.115 USD an hour, 83.95 a month, and 1.40 for a volume of 10 GB: 85.35. A slot of 2 GB kept warm
2,628,000 s × 0.00001 = 26.28.
"""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.cost.base import Bill, ChargeKind, CostComponent, Monthly
from guardrail.cost.estimate import estimate
from guardrail.cost.join import NOTHING
from guardrail.cost.usage import NO_USAGE, EndpointUsage, Usage
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InstancePool,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    ScheduledAction,
    ServerlessVariant,
    Unknown,
)
from guardrail.policy.getters import SENSITIVE_TYPE
from guardrail.policy.observation import Observation
from guardrail.policy.policy import SavingRule
from guardrail.policy.saving import Saving, saving_of
from guardrail.policy.subject import Evaluation, Subject
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

PRICES = PriceBook()
LATER = Unknown("known after apply")
ONE = Decimal("85.35")
RULES: tuple[SavingRule, ...] = ("kept-instances", "instances-above-one", "instances-above-minimum")


def target(least: Any, most: Any, **fields: Any) -> ScalableTarget:
    return ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=least, max_capacity=most, **fields)


def variant(**fields: Any) -> InstanceVariant:
    known: dict[str, Any] = {"name": "main", "shadow": False, "instance_type": "ml.m5.large", "volume_size_gb": 10}
    return InstanceVariant(**{**known, "initial_instance_count": 2, **fields})


def slots(warm: Any) -> ServerlessVariant:
    return ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=warm)


def used(**numbers: str) -> Usage:
    given: dict[str, Any] = {name: Decimal(number) for name, number in numbers.items()}
    return Usage({"e": EndpointUsage(**given)}, {})


def saved(
    rule: SavingRule,
    it: InstanceVariant | ServerlessVariant,
    usage: Usage = NO_USAGE,
    parameters: dict[str, Any] | None = None,
    **fields: Any,
) -> Any:
    known: dict[str, Any] = {"address": "e", "name": "e", "region": "us-east-1", "mode": "realtime"}
    at = Endpoint(**{**known, "variants": (it,), "configuration_address": "c", **fields})
    cost = estimate(Inventory(endpoints=(at,)), PRICES, usage).endpoints["e"]
    subject = Subject(Evaluation(PRICES), at, cost=cost, variant=it, target=it.scaling)
    return saving_of(rule, subject, parameters or {})


def shown(found: Any) -> tuple[Decimal, str, str]:
    assert isinstance(found, Saving), found
    return round(found.usd, 4), found.basis, found.working


# Instances -----------------------------------------------------------------------------------------------------------


def test_each_rule_counts_its_own_instances() -> None:
    """From 1 to 9, 3 expected: one is kept, two are above one, and eight above the minimum."""
    it = variant(initial_instance_count=3, scaling=target(1, 9, policies=LATER))
    found = [saved(rule, it, mode="realtime") for rule in RULES]
    assert [each.usd / ONE for each in found] == [1, 2, 8]
    assert [each.basis for each in found] == ["upper-bound"] * 3
    assert found[1].working == "2 × 0.115 × 730 h + 2 × 1.40 for volumes"
    assert found[0].working == "0.115 × 730 h + 1.40 for its volume"


def test_an_instance_less_is_the_fee_of_its_marketplace_package_less() -> None:
    """One of two is above one: 85.35 + 730 × 1.50 = 1,180.35. What it asks on another type nobody tells."""
    package = variant(marketplace=True)
    usd, _, working = shown(saved("instances-above-one", package, used(marketplace_usd_per_hour="1.50")))
    assert (usd, working) == (Decimal("1180.35"), "1.615 × 730 h + 1.40 for its volume")
    # from none to four: 4 × 1.50 × 730 h of software over 4 × 730 h are 1.50 an hour, whatever the floor
    scales = variant(marketplace=True, scaling=target(0, 4, policies=LATER))
    fee = used(marketplace_usd_per_hour="1.50")
    assert saved("instances-above-one", scales, fee, mode="async").working.startswith("1.615 × ")
    old = variant(marketplace=True, instance_type="ml.m4.xlarge")
    assert saved("successor", old, parameters={"successors": {"m4": ["m5"]}}) == Unknown(
        "the seller of its AWS Marketplace package prices each instance type of its own"
    )


def test_what_a_shadow_test_keeps_it_keeps_for_its_hours() -> None:
    """Two for 168 h: 336 h × 0.115 = 38.64 and 336 / 730 × 1.40 = 0.6444; a month is all there is of 800 h."""
    week = saved("kept-instances", variant(shadow=True, monthly_hours=Decimal(168)))
    assert shown(week) == (
        Decimal("39.2844"),
        "upper-bound",
        "336 h × 0.115 + 336 of 730 h × 1.40 for volumes",
    )
    assert saved("kept-instances", variant(shadow=True, monthly_hours=Decimal(800))).usd == 2 * ONE
    assert isinstance(saved("kept-instances", variant(shadow=True, monthly_hours=LATER)), Unknown)


def test_hours_that_are_not_whole_are_a_share_of_the_instances() -> None:
    """Two expected less 4 / 3 that are busy all month leave 2 / 3: 0.6667 × 83.95 + 0.6667 × 1.40 = 56.90."""
    found = saved("kept-instances", variant(), used(average_instances="1.3333333333"))
    assert shown(found) == (
        Decimal("56.9000"),
        "with-usage",
        "0.6667 × 0.115 × 730 h + 0.6667 × 1.40 for volumes",
    )


def test_a_type_without_a_volume_has_none_in_the_working() -> None:
    found = saved("kept-instances", variant(instance_type="ml.g5.xlarge", volume_size_gb=None))
    assert shown(found) == (Decimal("2055.6800"), "upper-bound", "2 × 1.408 × 730 h")


@pytest.mark.parametrize("burstable", ["ml.t2.medium", "ml.t2.xlarge"])
def test_a_type_that_cannot_scale_has_nothing_above_one(burstable: str) -> None:
    assert saved("instances-above-one", variant(instance_type=burstable)) is None


def test_where_nobody_knows_which_type_comes_first_the_least_that_runs_counts() -> None:
    """Two to nine of either type: of two at least, one is above one, at the price of the dearer type of the two."""
    pools = tuple(InstancePool(instance_type=f"ml.m5.{size}", priority=LATER) for size in ("large", "xlarge"))
    it = variant(instance_type=None, instance_pools=pools, scaling=target(2, 9, policies=LATER))
    assert saved("instances-above-one", it).usd == Decimal("0.23") * 730 + Decimal("1.40")


@pytest.mark.parametrize(
    ("it", "why"),
    [
        (variant(scaling=LATER), LATER),
        (variant(scaling=target(LATER, 4)), LATER),
        (variant(scaling=target(1, 4, scheduled_actions=LATER)), LATER),
        (variant(initial_instance_count=LATER), LATER),
        (
            variant(
                scaling=target(
                    1,
                    4,
                    scheduled_actions=(
                        ScheduledAction(address="a", schedule="rate(1 day)", min_capacity=LATER, max_capacity=None),
                    ),
                )
            ),
            LATER,
        ),
    ],
)
def test_how_many_are_kept_is_unknown_with_the_least_of_them(it: InstanceVariant, why: Unknown) -> None:
    assert saved("kept-instances", it) == why


def test_a_target_says_how_many_are_kept_though_the_initial_count_does_not() -> None:
    assert saved("kept-instances", variant(initial_instance_count=LATER, scaling=target(1, 1))).usd == ONE


# What has no price ---------------------------------------------------------------------------------------------------


def test_what_is_not_priced_says_why() -> None:
    for rule in RULES:
        found = saved(rule, variant(instance_type="ml.no.such", scaling=target(1, 9, policies=LATER)))
        assert isinstance(found, Unknown)
        assert found.reason.startswith("ml.no.such is in no table here")
    it = variant()
    at = Endpoint(address="e", name="e", region="us-east-1", mode="realtime", variants=(it,), configuration_address="c")
    unpriced = Subject(Evaluation(PRICES), at, variant=it)
    assert [saving_of(rule, unpriced, {}) for rule in RULES] == [Unknown("it is not priced")] * 3
    assert saving_of("whole-variant", unpriced, {}) == Unknown("the variant is not priced")


def test_a_successor_of_a_type_without_a_price_saves_nobody_knows_how_much() -> None:
    found = saved("successor", variant(instance_type="ml.p2.xlarge"), parameters={"successors": {"p2": ["g4dn"]}})
    assert isinstance(found, Unknown)
    assert found.reason.startswith("ml.p2.xlarge")


@pytest.mark.parametrize(
    ("changes", "usd", "volume"),
    [
        ({}, "13.42", " + 0.28 for its volume"),  # 4 GB become 2: 0.28 less
        ({"multi_model": True}, "13.07", " - 0.07 for its volume"),  # 7.5 GB become 8
        ({"volume_size_gb": 10}, "13.14", ""),
        ({"initial_instance_count": 3}, "40.26", " + 0.84 for volumes"),
    ],
)
def test_a_saving_is_of_the_whole_variant_its_volume_included(changes: Any, usd: str, volume: str) -> None:
    """(0.12 - 0.102) × 730 = 13.14, and the default volume of the other type at 0.14 a GB."""
    it = variant(**{"instance_type": "ml.c4.large", "volume_size_gb": None, "initial_instance_count": 1} | changes)
    found = saved("successor", it, parameters={"successors": {"c4": ["c5"]}})
    assert isinstance(found, Saving)
    times = "3 × " if it.initial_instance_count == 3 else ""
    assert (found.usd, found.working) == (Decimal(usd), f"{times}(0.12 - 0.102) × 730 h{volume}")


def test_a_successor_is_exact_where_the_count_is_and_nothing_where_there_is_none() -> None:
    """ml.m4.xlarge 0.24, ml.m5.xlarge 0.23: 2 × 0.01 × 730 = 14.60."""
    m4: dict[str, Any] = {"instance_type": "ml.m4.xlarge"}
    successors = {"successors": {"m4": ["m5"]}}
    assert shown(saved("successor", variant(**m4), parameters=successors)) == (
        Decimal("14.6000"),
        "exact",
        "2 × (0.24 - 0.23) × 730 h",
    )
    scaled = saved("successor", variant(**m4, scaling=target(1, 9, policies=LATER)), parameters=successors)
    assert (scaled.usd, scaled.basis, scaled.estimated) == (Decimal("14.60"), "upper-bound", False)
    assert saved("successor", variant(), parameters=successors) is None
    assert saved("successor", variant(**m4), parameters=successors, region=LATER) == LATER


def test_a_volume_of_an_unknown_size_beside_none_is_a_saving_that_nobody_knows() -> None:
    """ml.g4dn.xlarge has a disk of its own, and ml.c5.xlarge a volume as large as is asked for: 10 × 0.14 a month."""
    it = variant(instance_type="ml.g4dn.xlarge", initial_instance_count=1, volume_size_gb=LATER)
    cheaper = {"max_hourly_usd": "0.21", "max_accelerators": 0}
    found = saved("cheaper-instance", it, parameters=cheaper)
    assert isinstance(found, Unknown)
    assert found.reason.endswith("known after apply")
    known = saved("cheaper-instance", replace(it, volume_size_gb=10), parameters=cheaper)
    assert known.working.endswith(" - 1.40 for its volume")


def test_instances_without_a_price_for_their_volume_are_their_hours_alone() -> None:
    """ml.m6i.large at 0.13392 in ap-east-2, where no volume has a price: 2 × 730 × 0.13392 = 195.5232."""
    found = saved("kept-instances", variant(instance_type="ml.m6i.large"), region="ap-east-2")
    assert shown(found) == (Decimal("195.5232"), "upper-bound", "2 × 0.13392 × 730 h")


# A whole variant -----------------------------------------------------------------------------------------------------


def test_a_whole_variant_is_its_expected_cost_exact_where_that_is_the_only_one() -> None:
    assert shown(saved("whole-variant", variant())) == (Decimal("170.7000"), "exact", "its whole cost")
    scaling = variant(scaling=target(1, 9, policies=LATER))
    assert shown(saved("whole-variant", scaling)) == (Decimal("170.7000"), "upper-bound", "its whole cost")
    assert saved("whole-variant", scaling, used(average_instances="3")).basis == "with-usage"
    # 4 h of two: 8 × 0.115 + 8 / 730 × 1.40 = 0.9353
    assert shown(saved("whole-variant", variant(monthly_hours=Decimal(4))))[0] == Decimal("0.9353")


def test_what_costs_nothing_without_usage_saves_nothing_that_is_known() -> None:
    assert saved("whole-variant", slots(None), mode="serverless") is None


def test_a_whole_variant_that_lacks_a_price_has_its_reason() -> None:
    found = saved("whole-variant", variant(instance_type="ml.no.such"))
    assert isinstance(found, Unknown)
    assert found.reason.startswith("ml.no.such")


def test_a_whole_variant_of_unknown_expectation_saves_the_least_of_it() -> None:
    """ml.m5.large or ml.m5.xlarge, two of them: at least 2 × 85.35."""
    pools = tuple(InstancePool(instance_type=f"ml.m5.{size}", priority=LATER) for size in ("large", "xlarge"))
    assert saved("whole-variant", variant(instance_type=None, instance_pools=pools)).usd == 2 * ONE


# Slots ---------------------------------------------------------------------------------------------------------------


def test_all_slots_but_one_or_but_those_that_the_work_needs() -> None:
    """Four warm: 3 × 26.28 = 78.84; where 1.5 are needed 2.5 × 26.28 = 65.70; where half a one is, one stays."""
    four = slots(4)
    assert shown(saved("slots-above-one", four)) == (Decimal("78.8400"), "upper-bound", "3 × 26.28 a slot")
    used_some = saved("slots-above-one", four, used(average_provisioned_concurrency="1.5"))
    assert shown(used_some) == (Decimal("65.7000"), "with-usage", "2.5 × 26.28 a slot")
    used_little = saved("slots-above-one", four, used(average_provisioned_concurrency="0.5"))
    assert shown(used_little) == (Decimal("78.8400"), "with-usage", "3 × 26.28 a slot")
    assert saved("slots-above-one", slots(2)).working == "26.28 a slot"


@pytest.mark.parametrize("warm", [0, 1])
def test_one_slot_or_none_leaves_nothing_to_save(warm: int) -> None:
    assert saved("slots-above-one", slots(warm)) is None


def test_slots_that_are_not_priced_have_a_reason() -> None:
    assert saved("slots-above-one", slots(None)) == Unknown("it is not priced")
    found = saved("slots-above-one", slots(4), region="eu-central-2")
    assert isinstance(found, Unknown)
    assert found.reason.startswith("no provisioned concurrency price in eu-central-2")


# Which rules apply ---------------------------------------------------------------------------------------------------


def test_a_rule_counts_what_has_a_price_of_its_own() -> None:
    assert saved("kept-instances", slots(4)) is None
    assert saved("slots-above-one", variant()) is None
    assert saved("kept-instances", variant(), deployed="no") is None
    assert saved("whole-variant", slots(4)).usd == Decimal("105.12")  # 4 × 26.28


# Estimated -----------------------------------------------------------------------------------------------------------


def test_a_saving_at_an_estimated_price_is_estimated() -> None:
    """ml.g4dn.xlarge has no asynchronous price in eu-west-3: the hosting price, 0.861, is an estimate of it."""
    it = variant(instance_type="ml.g4dn.xlarge", volume_size_gb=None)
    cheaper = {"max_accelerators": 0}
    asynchronous = saved("cheaper-instance", it, parameters=cheaper, mode="async", region="eu-west-3")
    assert asynchronous.estimated
    assert saved("kept-instances", it, mode="async", region="eu-west-3").estimated
    assert not saved("cheaper-instance", it, parameters=cheaper, region="eu-west-3").estimated
    assert not saved("kept-instances", it, region="eu-west-3").estimated


# What was observed ---------------------------------------------------------------------------------------------------


def by_evidence(found: Observation | None, it: InstanceVariant | None = None) -> Any:
    class Seen:
        def of(self, *_: object, **_asked: object) -> Observation | None:
            return found

        of_component = of

    it = it or variant()
    at = Endpoint(address="e", name="e", region="us-east-1", mode="realtime", variants=(it,), configuration_address="c")
    return saving_of("what-fits", Subject(Evaluation(PRICES, evidence=Seen()), at, variant=it), {})


def test_what_evidence_saves_is_of_the_type_that_fits_else_of_fewer_instances() -> None:
    fits = Observation(day="2026-11-16", sizing="too-large", recommended_type="ml.c5.large", saving_usd=Decimal("9.5"))
    assert shown(by_evidence(fits)) == (Decimal("9.5"), "with-usage", "ml.c5.large, by evidence of 2026-11-16")
    fewer = replace(fits, recommended_type=None, fewer_instances=2, declared_instances=4)
    assert shown(by_evidence(fewer))[2] == "2 of 4 instances, by evidence of 2026-11-16"
    assert by_evidence(fits, variant(sensitive=True)) == SENSITIVE_TYPE


def test_without_evidence_of_something_too_large_that_has_a_price_nothing_is_saved() -> None:
    fits = Observation(sizing="too-large", recommended_type="ml.c5.large", saving_usd=Decimal("9.5"))
    assert by_evidence(None) is None
    assert by_evidence(replace(fits, sizing="fits")) is None
    assert by_evidence(replace(fits, saving_usd=None)) is None


def priced(kind: ChargeKind, usd: str, **fields: Any) -> CostComponent:
    price = Price(
        usage_type="USE1-Any",
        unit="any",
        usd=Decimal(usd),
        basis="published",
        confidence=None,
        rule=None,
        suspect=None,
        date="2026-05-20",
        source="a test",
    )
    known: dict[str, Any] = {
        "unit": "any",
        "usage_type": "USE1-Any",
        "quantity": None,
        "monthly": None,
        "assumed": False,
    }
    return CostComponent(kind=kind, price=price, **{**known, **fields})


@pytest.mark.parametrize(
    ("usd_per_gb", "inferred", "estimated"),
    [
        # 730 h × 0.99 = 722.70; with 10 GB at 0.73, 7.30, it is 730.00, of which 7.30 are 1 %
        ("0.73", True, True),
        ("0.73", False, False),
        ("0.729", True, False),  # 7.29 of 729.99
    ],
)
def test_a_saving_is_estimated_from_one_percent_of_an_inferred_volume_on(
    usd_per_gb: str, *, inferred: bool, estimated: bool
) -> None:
    count = estimate(
        Inventory(
            endpoints=(
                Endpoint(
                    address="e",
                    name="e",
                    region="us-east-1",
                    mode="realtime",
                    variants=(variant(initial_instance_count=1),),
                    configuration_address="c",
                ),
            )
        ),
        PRICES,
    )
    one = count.endpoints["e"].children[0].lines[0].count
    lines = (
        priced("instance", "0.99", count=one),
        priced("volume", usd_per_gb, size=Decimal(10), estimated=inferred),
    )
    bill = Bill(kind="variant", label="main", lines=lines, monthly=NOTHING)
    cost = Bill(kind="endpoint", label="e", lines=(), children=(bill,), monthly=Monthly(**_ZERO))
    found = saving_of("kept-instances", Subject(Evaluation(PRICES), None, cost=cost, variant=variant()), {})
    assert isinstance(found, Saving)
    assert found.estimated == estimated


_ZERO: dict[str, Any] = {"floor": Decimal(0), "expected": Decimal(0), "ceiling": Decimal(0)}
