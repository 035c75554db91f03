"""Discounts: what each takes off, what a Savings Plan covers, and what a change costs at its margin.

List prices are those of us-east-1: ml.m5.xlarge 0.23, ml.g5.2xlarge 1.515 USD an hour; a month has 730 hours.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.cost.base import BOUNDS, Delta, Monthly, MonthlyQuantity
from guardrail.cost.discount_settings import DiscountRule, Discounts, PlanRate, SavingsPlan, no_plan_rate
from guardrail.cost.discounts import Discounted, at_the_margin, discounted
from guardrail.cost.estimate import estimate
from guardrail.cost.join import change_of
from guardrail.errors import SettingsError
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InstancePool,
    InstanceVariant,
    Inventory,
    Mode,
    ScalableTarget,
    Unknown,
)
from guardrail.money import Period
from guardrail.prices.book import PriceBook

BOOK = PriceBook()
M5, G5 = "ml.m5.xlarge", "ml.g5.2xlarge"


def endpoint(
    name: str,
    instance_type: str = M5,
    count: int = 2,
    *,
    most: int | None = None,
    mode: Mode = "realtime",
    **fields: Any,
) -> Endpoint:
    scaling = None
    if most is not None:
        scaling = ScalableTarget(
            address=f"{name}-target",
            dimension="sagemaker:variant:DesiredInstanceCount",
            min_capacity=count,
            max_capacity=most,
            policies=(),
            scheduled_actions=(),
        )
    variant = InstanceVariant(
        name="main",
        shadow=False,
        instance_type=instance_type,
        initial_instance_count=count,
        volume_size_gb=None,
        scaling=scaling,
    )
    known: dict[str, Any] = {"region": "us-east-1", "tags": {}, "change": "create", "configuration_address": None}
    return Endpoint(address=name, name=name, mode=mode, variants=(variant,), **{**known, **fields})


class Taken(msgspec.Struct, kw_only=True):
    """A discounted bill, and what that is less than the list bill."""

    bill: Discounted
    total: MonthlyQuantity
    endpoints: dict[tuple[str, str], MonthlyQuantity]

    @property
    def plan(self) -> Any:
        return self.bill.plan

    @property
    def notes(self) -> tuple[str, ...]:
        return self.bill.notes


def off(listed: Monthly, less: Monthly) -> MonthlyQuantity:
    assert isinstance(listed.expected, Decimal)
    assert isinstance(less.expected, Decimal)
    return MonthlyQuantity(listed.floor - less.floor, listed.expected - less.expected, listed.ceiling - less.ceiling)


def taken(endpoints: Iterable[Endpoint], discounts: Discounts, plan_rate: PlanRate = no_plan_rate) -> Taken:
    bill = estimate(Inventory(endpoints=tuple(endpoints)), BOOK)
    found = discounted({("plan", name): each for name, each in bill.endpoints.items()}, discounts, plan_rate)
    return Taken(
        bill=found,
        total=off(bill.total, found.total),
        endpoints={key: off(bill.endpoints[key[1]].monthly, less) for key, less in found.endpoints.items()},
    )


def rule(**fields: Any) -> Discounts:
    return Discounts(rules=(DiscountRule(name="it", **fields),), account="111122223333")


def plan(commitment: str, **fields: Any) -> Discounts:
    known: dict[str, Any] = {"rates": {f"*:{M5}": Decimal("0.1656"), f"*:{G5}": Decimal("1.0605")}}
    return Discounts(savings_plan=SavingsPlan(commitment_usd_per_hour=Decimal(commitment), **{**known, **fields}))


def exactly(amount: str) -> MonthlyQuantity:
    return MonthlyQuantity(Decimal(amount), Decimal(amount), Decimal(amount))


# Percentages and fixed rates


def test_a_percentage_comes_off_what_it_is_on() -> None:
    """2 × 730 h × 0.23 = 335.80; 9 % of it are 30.222. Volumes are left alone."""
    assert taken([endpoint("chat")], rule(percent=Decimal(9), usage_type="*-Host:ml.*")).total == exactly("30.2220")


def test_a_percentage_without_a_pattern_is_on_volumes_too() -> None:
    """ml.m5.xlarge gets 8 GB: 2 × 8 × 0.14 = 2.24; 10 % of 335.80 + 2.24 = 338.04 are 33.804."""
    assert taken([endpoint("chat")], rule(percent=Decimal(10))).total == exactly("33.80400")


def test_a_fixed_rate_takes_the_place_of_the_list_price() -> None:
    """2 × 730 × (0.23 - 0.20) = 43.80."""
    assert taken([endpoint("chat")], rule(usd=Decimal("0.20"), usage_type=f"USE1-Host:{M5}")).total == exactly("43.800")


def test_percentages_come_off_a_fixed_rate_and_off_each_other() -> None:
    """0.20 less 10 % is 0.18, less 5 % is 0.171: 2 × 730 × (0.23 - 0.171) = 86.14."""
    pattern = "*-Host:ml.*"
    rules = (
        DiscountRule(name="edp", percent=Decimal(10), usage_type=pattern),
        DiscountRule(name="private", usd=Decimal("0.20"), usage_type=pattern),
        DiscountRule(name="too late", usd=Decimal("0.01"), usage_type=pattern),
        DiscountRule(name="more", percent=Decimal(5), usage_type=pattern),
    )
    found = taken([endpoint("chat")], Discounts(rules=rules))
    assert found.total == exactly("86.14")
    assert found.notes == ("private: 0.20 USD per unit of USE1-Host:ml.m5.xlarge", "edp: 10 % off", "more: 5 % off")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"usage_type": "USE1-Host:ml.*"}, True),
        ({"usage_type": "Host:*"}, False),
        ({"usage_type": "*-AsyncInf:*"}, False),
        ({"usage_type": "USE?-Host:ml.m5.*"}, True),
        ({"usage_type": "*-Host:ml.*", "region": "us-*"}, True),
        ({"usage_type": "*-Host:ml.*", "region": "eu-*"}, False),
        ({"usage_type": "*-Host:ml.*", "account": "111122223333"}, True),
        ({"usage_type": "*-Host:ml.*", "account": "999988887777"}, False),
        ({"usage_type": "*-Host:ml.*", "tag": {"team": "search"}}, True),
        ({"usage_type": "*-Host:ml.*", "tag": {"team": "search", "stage": "prod"}}, False),
        ({"usage_type": "*-Host:ml.*", "tag": {"team": "ads"}}, False),
    ],
)
def test_every_condition_of_a_rule_must_hold(condition: dict[str, Any], holds: bool) -> None:  # noqa: FBT001
    found = taken([endpoint("chat", tags={"team": "search"})], rule(percent=Decimal(9), **condition))
    assert found.total == (exactly("30.2220") if holds else exactly("0"))


def test_what_cannot_be_told_is_not_taken_off_and_is_said() -> None:
    unknown = endpoint("chat", tags={"team": Unknown("known after apply")})
    found = taken([unknown], rule(percent=Decimal(9), tag={"team": "search"}))
    assert found.total == exactly("0")
    assert found.notes == ("it: not applied to chat, whose tag team is unknown",)
    nameless = Discounts(rules=(DiscountRule(name="it", percent=Decimal(9), account="111122223333"),))
    found = taken([endpoint("chat")], nameless)
    assert found.total == exactly("0")
    assert found.notes == ("it: not applied, for discounts.account does not say which account this is",)


def test_a_sensitive_type_is_not_named_in_a_note() -> None:
    variant = InstanceVariant(
        name="main",
        shadow=False,
        instance_type=M5,
        initial_instance_count=2,
        volume_size_gb=None,
        scaling=None,
        sensitive=True,
    )
    hidden = msgspec.structs.replace(endpoint("chat"), variants=(variant,))
    found = taken([hidden], rule(usd=Decimal("0.20"), usage_type="*-Host:ml.*"))
    assert found.total == exactly("43.800")
    assert found.notes == ("it: 0.20 USD per unit of something sensitive",)


# Savings Plans


def month(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"))


def test_a_plan_covers_as_much_as_it_has_room_for_and_the_rest_is_on_demand() -> None:
    """0.30 × 730 = 219.00 pay for 219 / 0.1656 = 1,322.4638 h; 1,460 - 1,322.4638 = 137.5362 h × 0.23 = 31.6333.

    335.80 - 219.00 - 31.6333 = 85.1667 are saved.
    """
    found = taken([endpoint("chat")], plan("0.30"))
    assert found.plan is not None
    assert [month(getattr(found.plan.covered, bound)) for bound in BOUNDS] == [Decimal("219.0000")] * 3
    assert month(found.plan.spilled.floor) == Decimal("31.6333")
    assert month(found.plan.stranded.floor) == Decimal("0.0000")
    assert month(found.total.floor) == Decimal("85.1667")


def test_what_a_plan_does_not_use_is_stranded() -> None:
    """2 × 0.1656 = 0.3312 of 1.00 USD an hour: 0.6688 × 730 = 488.224 a month are paid for nothing."""
    found = taken([endpoint("chat")], plan("1.00"))
    assert found.plan is not None
    assert found.plan.covered == exactly("241.7760")
    assert month(found.plan.stranded.floor) == Decimal("488.2240")
    assert found.plan.spilled.floor == 0


def test_what_other_stacks_use_is_not_there_to_be_used() -> None:
    """1.00 - 0.70 = 0.30: as much as in the first of these tests."""
    first = taken([endpoint("chat")], plan("0.30"))
    assert taken([endpoint("chat")], plan("1.00", used_elsewhere_usd_per_hour=Decimal("0.70"))).plan == first.plan


def test_a_plan_covers_first_what_it_saves_most_on() -> None:
    """ml.g5.2xlarge at 1.0605 of 1.515 is 30 % off, ml.m5.xlarge at 0.1656 of 0.23 is 28 %: the plan goes to g5."""
    found = taken([endpoint("a", M5, 1), endpoint("b", G5, 1)], plan("1.0605"))
    assert found.endpoints["plan", "b"].floor == Decimal(730) * (Decimal("1.515") - Decimal("1.0605"))
    assert found.endpoints["plan", "a"].floor == 0
    assert found.plan is not None
    assert found.plan.spilled == exactly("167.90")


def test_bounds_are_covered_each_on_its_own() -> None:
    """One to four ml.m5.xlarge at 0.1656, 0.3312 committed: one strands 120.888, two fit, four spill 335.80."""
    found = taken([endpoint("chat", M5, 1, most=4)], plan("0.3312"))
    assert found.plan is not None
    assert (found.plan.stranded.floor, found.plan.spilled.floor) == (Decimal("120.8880"), 0)
    assert (found.plan.stranded.ceiling, found.plan.spilled.ceiling) == (0, Decimal("335.80"))


def test_whether_asynchronous_inference_is_covered_aws_does_not_say() -> None:
    """It counts on demand, with a note; unless AWS's own list has a rate for it, or the settings say so."""
    chat = endpoint("chat", mode="async")
    found = taken([chat], plan("1.00"))
    assert found.total == exactly("0")
    assert found.notes[0].startswith("Savings Plan: AWS does not say whether it covers asynchronous inference")
    for covered in (
        taken([chat], plan("1.00", covers=("Host", "AsyncInf"))),
        taken([chat], plan("1.00", rates={}), lambda *_: Decimal("0.1656")),
    ):
        assert covered.total == exactly("94.0240")  # 1,460 × (0.23 - 0.1656)
        assert covered.notes == ()


def test_a_type_without_a_rate_counts_on_demand_and_is_named_unless_a_percentage_is_given() -> None:
    found = taken([endpoint("chat")], plan("1.00", rates={}))
    assert found.total == exactly("0")
    assert found.notes == ("Savings Plan: no rate for USE1-Host:ml.m5.xlarge, so it counts on demand",)
    assert taken([endpoint("chat")], plan("1.00", rates={}, percent=Decimal(28))).total == exactly("94.0240")


# A change at its margin


def margin(before: list[Endpoint], after: list[Endpoint], discounts: Discounts) -> Delta:
    """What a change adds to what is paid."""
    old, new = taken(before, discounts), taken(after, discounts)
    change = change_of(old.bill.endpoints, new.bill.endpoints, frozenset(), frozenset())
    return at_the_margin(change, old.plan, new.plan)


def test_an_instance_that_the_commitment_has_room_for_costs_its_volume_alone() -> None:
    """A third ml.m5.xlarge: 3 × 0.1656 = 0.4968 of 0.50. Its volume, 8 × 0.14 = 1.12, is not covered by any plan."""
    found = margin([endpoint("chat")], [endpoint("chat", M5, 3)], plan("0.50"))
    assert month(found.floor) == Decimal("1.1200")  # type: ignore[arg-type]


def test_an_instance_beyond_the_commitment_costs_its_on_demand_price() -> None:
    """Two fill 0.3312: the third is 730 × 0.23 = 167.90, and 1.12 for its volume."""
    found = margin([endpoint("chat")], [endpoint("chat", M5, 3)], plan("0.3312"))
    assert month(found.floor) == Decimal("169.0200")  # type: ignore[arg-type]


def test_downsizing_below_the_commitment_saves_nothing_and_strands_it() -> None:
    """From two to one: of 167.90 nothing is saved but a volume's 1.12, and 0.1656 × 730 = 120.888 are stranded."""
    discounts = plan("0.3312")
    found = margin([endpoint("chat")], [endpoint("chat", M5, 1)], discounts)
    assert month(found.floor) == Decimal("-1.1200")  # type: ignore[arg-type]
    after = taken([endpoint("chat", M5, 1)], discounts).plan
    assert after is not None
    assert after.stranded == exactly("120.8880")


# Properties


COUNTS = st.lists(st.tuples(st.sampled_from([M5, G5]), st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=4)
USD = st.decimals(min_value="0.01", max_value="50", places=4)


@given(counts=COUNTS, commitment=USD, percent=st.integers(0, 100))
def test_a_discounted_bill_is_never_below_zero_and_never_above_the_list(
    counts: list[tuple[str, int, int]], commitment: Decimal, percent: int
) -> None:
    endpoints = [endpoint(f"e{i}", kind, least, most=least + more) for i, (kind, least, more) in enumerate(counts)]
    rules = (DiscountRule(name="edp", percent=Decimal(percent)),)
    discounts = msgspec.structs.replace(plan(f"{commitment:f}"), rules=rules)
    less = taken(endpoints, discounts).bill.total
    listed = estimate(Inventory(endpoints=tuple(endpoints)), BOOK).total
    for bound in BOUNDS:
        assert 0 <= getattr(less, bound) <= getattr(listed, bound)
    assert less.floor <= less.ceiling + Decimal("1e-9")


@given(counts=COUNTS, commitment=USD)
def test_a_commitment_is_covered_usage_and_what_is_stranded(
    counts: list[tuple[str, int, int]], commitment: Decimal
) -> None:
    endpoints = [endpoint(f"e{i}", kind, least, most=least + more) for i, (kind, least, more) in enumerate(counts)]
    found = taken(endpoints, plan(f"{commitment:f}")).plan
    assert found is not None
    for bound in BOUNDS:
        paid = getattr(found.covered, bound) + getattr(found.stranded, bound)
        assert abs(paid - commitment * 730) < Decimal("1e-15")
        assert not (
            getattr(found.spilled, bound) > Decimal("1e-9") and getattr(found.stranded, bound) > Decimal("1e-9")
        )


def test_what_may_not_be_there_has_no_discount_where_it_is_not() -> None:
    """Nothing, or two ml.m5.xlarge with 9 % off all of 338.04: 307.6164."""
    bill = taken_of(endpoint("chat", deployed="possibly"), rule(percent=Decimal(9)))
    assert (bill.total.floor, bill.total.ceiling) == (0, Decimal("307.6164"))
    assert isinstance(bill.total.expected, Unknown)


def taken_of(it: Endpoint, discounts: Discounts) -> Discounted:
    bill = estimate(Inventory(endpoints=(it,)), BOOK)
    return discounted({("plan", it.address): bill.endpoints[it.address]}, discounts, no_plan_rate)


def test_a_plan_covers_what_may_be_there_where_it_is() -> None:
    """Two at 0.1656 for 730 h are 241.776; with 2.24 for their volumes 244.016 at most, and nothing at least."""
    bill = taken_of(endpoint("chat", deployed="possibly"), plan("1.00"))
    assert (bill.total.floor, bill.total.ceiling) == (0, Decimal("244.0160"))
    assert bill.plan is not None
    assert (bill.plan.covered.floor, bill.plan.covered.ceiling) == (0, Decimal("241.7760"))


def test_discounts_on_one_type_of_a_pool_may_make_another_the_dearest() -> None:
    """ml.m5.xlarge 167.90 or ml.m5.2xlarge 336.53, with a volume of 10 GB, 1.40: 80 % off the second is 67.306."""
    pools = (InstancePool(instance_type=M5, priority=1), InstancePool(instance_type="ml.m5.2xlarge", priority=2))
    it = msgspec.structs.replace(
        endpoint("chat"),
        variants=(
            InstanceVariant(
                name="main",
                shadow=False,
                instance_type=None,
                instance_pools=pools,
                initial_instance_count=1,
                volume_size_gb=10,
            ),
        ),
    )
    found = taken_of(it, rule(percent=Decimal(80), usage_type="*-Host:ml.m5.2xlarge"))
    assert (found.total.floor, found.total.ceiling) == (Decimal("68.706"), Decimal("169.30"))
    assert found.total.expected == Decimal("169.30")


SMALL, LARGE = "ml.g5.xlarge", "ml.g5.2xlarge"  # 1.408 and 1.515 USD an hour, 1,027.84 and 1,105.95 a month; no volumes
OF_SMALL = Discounts(
    savings_plan=SavingsPlan(commitment_usd_per_hour=Decimal("0.9"), rates={f"*:{SMALL}": Decimal("0.9")})
)
"""Has room for one ml.g5.xlarge, which then costs 657.00; none for the other type, which has no rate."""


def pooled(name: str, *types: str) -> Endpoint:
    pools = tuple(InstancePool(instance_type=each, priority=place) for place, each in enumerate(types))
    it = InstanceVariant(
        name="main",
        shadow=False,
        instance_type=None,
        instance_pools=pools,
        initial_instance_count=1,
        volume_size_gb=None,
    )
    return msgspec.structs.replace(endpoint(name), variants=(it,))


def with_plan(*endpoints: Endpoint, discounts: Discounts = OF_SMALL) -> Discounted:
    found = estimate(Inventory(endpoints=endpoints), BOOK).endpoints.values()
    return discounted({("plan", it.label): it for it in found if it.part_of is None}, discounts, no_plan_rate)


def test_a_plan_covers_the_type_of_a_pool_that_it_has_a_rate_for() -> None:
    """One ml.g5.xlarge under the plan is 657.00; where the pool runs on the other type that is 1,105.95, on demand."""
    found = with_plan(pooled("chat", SMALL, LARGE))
    assert (found.total.floor, found.total.expected, found.total.ceiling) == (657, 657, Decimal("1105.95"))
    assert found.plan is not None
    assert (found.plan.covered, found.plan.spilled) == (MonthlyQuantity(657, 657, 0), MonthlyQuantity(0, 0, 0))  # type: ignore[arg-type]
    assert found.plan.stranded == MonthlyQuantity(0, 0, 657)  # type: ignore[arg-type]


def test_a_pool_that_scales_has_its_fewest_at_least_and_its_most_at_most() -> None:
    """One under the plan is 657.00, four of the other type 4 × 1,105.95 = 4,423.80."""
    it = pooled("chat", SMALL, LARGE)
    scaling = ScalableTarget(address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=4)
    assert isinstance(it.variants, tuple)
    scaled = tuple(msgspec.structs.replace(each, scaling=scaling) for each in it.variants)
    found = with_plan(msgspec.structs.replace(it, variants=scaled))
    assert (found.total.floor, found.total.ceiling) == (657, Decimal("4423.80"))


def test_a_pool_shares_the_commitment_with_what_else_there_is() -> None:
    """One hour's room: of the endpoint, or of the pool. 657 + 1,027.84 at least, 657 + 1,105.95 at most."""
    found = with_plan(endpoint("steady", SMALL, 1), pooled("chat", SMALL, LARGE))
    assert (found.total.floor, found.total.ceiling) == (Decimal("1684.84"), Decimal("1762.95"))


def test_a_plan_may_make_the_dearer_type_the_cheapest() -> None:
    """At 0.75 an hour the second type is 547.50 under the plan, and the first, without a rate, 1,027.84."""
    plan = SavingsPlan(commitment_usd_per_hour=Decimal(1), rates={f"*:{LARGE}": Decimal("0.75")})
    found = with_plan(pooled("chat", SMALL, LARGE), discounts=Discounts(savings_plan=plan))
    assert (found.total.floor, found.total.ceiling) == (Decimal("547.50"), Decimal("1027.84"))
    assert found.total.expected == Decimal("1027.84"), "the first priority"


def test_a_plan_covers_whichever_configuration_an_endpoint_uses() -> None:
    """One ml.g5.xlarge: 657.00; two: 657.00 and 1,027.84 on demand; and one ml.g5.2xlarge: 1,105.95."""
    choices = [endpoint("small", SMALL, 1), endpoint("both", SMALL, 2), endpoint("large", LARGE, 1)]
    choices = [msgspec.structs.replace(each, deployed="possibly") for each in choices]
    names = tuple(each.address for each in choices)
    it = msgspec.structs.replace(endpoint("chat"), variants=Unknown("one of three"), candidates=names)
    found = with_plan(it, *choices)
    assert (found.total.floor, found.total.ceiling) == (657, Decimal("1684.84"))
    assert isinstance(found.total.expected, Unknown)
    assert found.plan is not None
    assert (found.plan.covered.floor, found.plan.covered.ceiling, found.plan.spilled.ceiling) == (
        657,
        657,
        Decimal("1027.84"),
    )
    assert isinstance(found.plan.covered.expected, Unknown)


def test_of_too_many_pools_to_combine_the_bounds_are_certain_and_the_report_says_so() -> None:
    """Two types on each of nine endpoints are 512 joint states: each by itself is covered for 657.00, or not at all."""
    found = with_plan(*(pooled(f"chat{number}", SMALL, LARGE) for number in range(9)))
    assert (found.total.floor, found.total.ceiling) == (9 * 657, 9 * Decimal("1105.95"))
    assert any("too many instance pools" in note for note in found.notes)
    assert found.plan is not None
    assert (found.plan.covered.floor, found.plan.stranded.floor) == (657, 0), "the commitment, which has room for one"
    assert (found.plan.covered.ceiling, found.plan.spilled.ceiling, found.plan.stranded.ceiling) == (0, 0, 657)
    few = with_plan(*(pooled(f"chat{number}", SMALL, LARGE) for number in range(8)))
    assert few.total.floor == 657 + 7 * Decimal("1027.84")
    assert not any("too many" in note for note in few.notes)


def test_256_joint_states_are_worked_out_one_by_one() -> None:
    """Eight endpoints of two types are 256; one of one type beside them makes no more, and a type more makes 384."""
    pools = [pooled(f"chat{number}", SMALL, LARGE) for number in range(8)]
    assert not any("too many" in note for note in with_plan(*pools, endpoint("plain")).notes)
    found = with_plan(*pools[1:], pooled("chat0", SMALL, LARGE, M5))
    assert any("too many" in note for note in found.notes)


@pytest.mark.parametrize(("number", "is_too_many"), [(256, False), (257, True)])
def test_257_configurations_to_choose_from_are_too_many(number: int, is_too_many: bool) -> None:  # noqa: FBT001 - a parameter
    choices = [msgspec.structs.replace(endpoint(f"c{place}"), deployed="possibly") for place in range(number)]
    names = tuple(each.address for each in choices)
    it = msgspec.structs.replace(endpoint("chat"), variants=Unknown("one of many"), candidates=names)
    assert any("too many" in note for note in with_plan(it, *choices).notes) == is_too_many


def test_a_rate_that_serverless_compute_and_volumes_fit_is_refused() -> None:
    """USE1-ServerlessInf:Mem-2GB is in seconds and USE1-Host:VolumeUsage.gp2 in GB-Mo; no other charge fits it."""
    with pytest.raises(ValueError, match="would price GB-Mo and seconds alike"):  # Mem-2GB of provisioned slots
        DiscountRule(name="it", usd=Decimal(1), usage_type="*o*:*m*2*")
    with pytest.raises(ValueError, match="would price GB-Mo and seconds alike"):
        DiscountRule(name="it", usd=Decimal("0.1"), usage_type="USE1-*l*2*")


def test_what_a_plan_makes_the_cheapest_is_in_the_floor_of_many_pools() -> None:
    """Under a plan with room for all nine ml.g5.2xlarge is 221.19, and ml.g5.xlarge, without a rate, 1,027.84."""
    pools = [pooled(f"chat{number}", SMALL, LARGE) for number in range(9)]
    found = with_plan(*pools, discounts=plan("8", rates={f"*:{LARGE}": Decimal("0.303")}))
    assert (found.total.floor, found.total.ceiling) == (9 * Decimal("221.19"), 9 * Decimal("1105.95"))


@pytest.mark.parametrize(
    ("on", "says"),
    [
        ({"region": "us-east1"}, "region us-east1, did you mean us-east-1?"),
        ({"usage_type": "*-Host:ml.g5.*"}, "usage type *-Host:ml.g5.*"),
        ({"tag": {"team": "x"}}, "tags"),
        ({"account": "222233334444"}, "account 222233334444"),
    ],
)
def test_a_rule_that_is_on_nothing_says_why(on: dict[str, Any], says: str) -> None:
    rules = (DiscountRule(name="edp", percent=Decimal(20)), DiscountRule(name="it", percent=Decimal(10), **on))
    found = taken([endpoint("chat")], Discounts(account="111122223333", rules=rules)).bill
    assert found.idle == {1: f"it ({says})"}


def test_a_rule_of_one_of_several_regions_has_its_region() -> None:
    on = DiscountRule(name="it", percent=Decimal(10), region="us-east-1", usage_type="*-Host:ml.g5.*")
    both = [endpoint("chat"), endpoint("chat-eu", region="eu-west-1")]
    found = taken(both, Discounts(account="111122223333", rules=(on,))).bill
    assert found.idle == {0: "it (usage type *-Host:ml.g5.*)"}


def test_a_fraction_that_stands_for_a_percentage_has_a_hint() -> None:
    hint = "0.2 is less than 1 %; for 20 % write 20"
    assert taken([endpoint("chat")], rule(percent=Decimal("0.2"))).notes == ("it: 0.2 % off", f"it: {hint}")
    found = with_plan(endpoint("chat"), discounts=plan("1", percent=Decimal("0.2")))
    assert found.notes == (f"Savings Plan: {hint}",)
    for percent in (0, 1, 20):
        assert not any("write" in note for note in taken([endpoint("chat")], rule(percent=Decimal(percent))).notes)


def test_another_period_has_another_commitment() -> None:
    """A week of 168 h: one ml.g5.xlarge of 236.544 is covered by 151.20."""
    week = Period(Decimal(168), "week")
    bills = estimate(Inventory(endpoints=(endpoint("chat", SMALL, 1),)), BOOK, period=week).endpoints
    found = discounted({("plan", "chat"): bills["chat"]}, OF_SMALL, no_plan_rate, period=week)
    assert found.total.expected == Decimal("151.2")


def test_a_rate_above_the_list_price_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"it: 0.24 USD is above the list price of USE1-Host:ml.m5.xlarge"):
        taken([endpoint("chat")], rule(usd=Decimal("0.24"), usage_type="*-Host:ml.m5.*"))
    with pytest.raises(SettingsError, match=r"0.24 USD an hour is above the list price of USE1-Host:ml.m5.xlarge"):
        taken([endpoint("chat")], plan("1.00", rates={"*": Decimal("0.24")}))
    at_list = taken([endpoint("chat")], plan("1.00", rates={"*": Decimal("0.23")}))
    assert at_list.total == exactly("0"), "a rate as high as the list price covers nothing"
    assert taken([endpoint("chat")], rule(usd=Decimal("0.23"), usage_type="*-Host:ml.m5.*")).total == exactly("0")


def test_a_plan_covers_no_usage_at_a_rate_of_nothing_or_as_high_as_the_price() -> None:
    """Whoever writes 0 for a rate that is not known gets no bill of 0: all of 1.00 × 730 is left."""
    for rate in ("0", "0.23"):
        found = taken([endpoint("chat")], plan("1.00", rates={"*": Decimal(rate)}))
        assert (found.total, found.plan.covered, found.plan.stranded) == (exactly("0"), exactly("0"), exactly("730"))


def test_a_rate_of_the_plan_goes_before_its_percentage() -> None:
    """2 × 730 × (1.515 - 1.0605) = 663.57, not half of 2,211.90."""
    found = taken([endpoint("chat", G5)], plan("9.00", percent=Decimal(50)))
    assert found.total == exactly("663.57")


def test_a_fixed_rate_of_volumes_is_on_volumes() -> None:
    """2 × 8 GB × (0.14 - 0.04) = 1.60."""
    assert taken([endpoint("chat")], rule(usd=Decimal("0.04"), usage_type="*VolumeUsage*")).total == exactly("1.60")


def test_a_rule_without_tags_is_on_what_has_unknown_tags_too() -> None:
    assert taken([endpoint("chat", tags=Unknown("later"))], rule(percent=Decimal(10))).total == exactly("33.804")


def test_a_plan_covers_nothing_of_what_has_no_price() -> None:
    found = taken_of(endpoint("chat", "ml.no.such"), plan("1.00"))
    assert found.total.at_least
    assert found.plan is not None
    assert (found.plan.covered.ceiling, found.plan.stranded.ceiling) == (0, 730)


def test_a_price_of_zero_is_a_price() -> None:
    """2 × 730 × 0.23 = 335.80 are taken off; the volumes stay."""
    assert taken([endpoint("chat")], rule(usd=Decimal(0), usage_type="*-Host:ml.*")).total == exactly("335.80")


def test_what_is_estimated_of_a_bill_shrinks_with_it() -> None:
    """ml.g4dn.xlarge at 0.861 in eu-west-3, all of it estimated for asynchronous inference, from 1 to 4 of them.

    A plan at 0.60 covers all: 438.00, 438.00 and 1,752.00, each of them estimated as a whole.
    """
    it = endpoint("chat", "ml.g4dn.xlarge", 1, most=4, mode="async", region="eu-west-3")
    covered = plan("9.00", rates={"*": Decimal("0.60")}, covers=("AsyncInf",))
    for deployed, floor, share in (("yes", 438, 438), ("possibly", 0, 1752)):
        taken_off = taken_of(msgspec.structs.replace(it, deployed=deployed), covered)
        for found in (taken_off.total, *taken_off.endpoints.values()):
            assert (month(found.floor), month(found.ceiling)) == (floor, 1752)
            assert month(found.estimated_floor) == floor
            assert month(found.estimated_share) == share
            assert month(found.estimated_ceiling) == 1752


def test_what_a_commitment_just_covers_leaves_nothing_and_spills_nothing() -> None:
    """2 × 0.1656 = 0.3312 an hour."""
    found = taken([endpoint("chat")], plan("0.3312")).plan
    assert (found.covered, found.spilled, found.stranded) == (exactly("241.776"), exactly("0"), exactly("0"))


def test_a_configuration_among_several_has_the_discounts_of_each() -> None:
    """9 % off one ml.m5.xlarge or two, 169.02 or 338.04: 153.8082 or 307.6164."""
    small, large = (endpoint(name, count=count, deployed="possibly") for name, count in (("small", 1), ("large", 2)))
    open_ = endpoint("chat", candidates=("small", "large"))
    open_ = msgspec.structs.replace(open_, variants=Unknown("one of two"))
    bill = estimate(Inventory(endpoints=(open_, small, large)), BOOK).endpoints["chat"]
    found = discounted({("plan", "chat"): bill}, rule(percent=Decimal(9)), no_plan_rate).total
    assert (found.floor, found.ceiling) == (Decimal("153.8082"), Decimal("307.6164"))


# Settings


@pytest.mark.parametrize("percent", [0, 100])
def test_nothing_and_all_are_percentages(percent: int) -> None:
    settings = {"rules": [{"name": "it", "percent": percent}]}
    assert msgspec.convert(settings, Discounts).rules[0].percent == percent
    settings = {"savings_plan": {"commitment_usd_per_hour": 1, "percent": percent}}  # type: ignore[dict-item]
    found = msgspec.convert(settings, Discounts).savings_plan
    assert found is not None
    assert found.percent == percent


def test_a_plan_alone_or_a_rule_alone_is_something_to_apply() -> None:
    assert plan("1.00")
    assert rule(percent=Decimal(9))
    assert not Discounts()


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_plan_takes_no_less_than_nothing_off_and_no_more_than_all(percent: int) -> None:
    with pytest.raises(msgspec.ValidationError, match="between 0 and 100"):
        msgspec.convert({"savings_plan": {"commitment_usd_per_hour": 1, "percent": percent}}, Discounts)


@pytest.mark.parametrize(
    "usage_type",
    [
        "*-Host:ml.g5.*",
        "USE1-Host:ml.m5.xlarge",
        "*ml.g5*",
        "*-Host:VolumeUsage.gp2",
        "*-Hst:*",
        "*Mem-2GB",
        "*-*:ml.*",
    ],
)
def test_a_fixed_rate_of_one_unit_is_taken(usage_type: str) -> None:
    assert DiscountRule(name="it", usd=Decimal(1), usage_type=usage_type).usage_type == usage_type


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rules": [{"name": "it"}]}, "needs one of percent and usd"),
        ({"rules": [{"name": "it", "percent": 5, "usd": 1}]}, "needs one of percent and usd"),
        ({"rules": [{"name": "it", "percent": 101}]}, "between 0 and 100"),
        ({"rules": [{"name": "it", "usd": -1, "usage_type": "*-Host:*"}]}, "a price is zero or more"),
        ({"rules": [{"name": "it", "usd": 1}]}, "would price Hrs and GB-Mo and GB and seconds alike"),
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "*?"}]}, "narrow its usage_type"),
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "EUC1-*"}]}, "narrow its usage_type"),
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "*:*"}]}, "narrow its usage_type"),
        # volumes are a use of hosting, too, by the gigabyte
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "*-Host:*"}]}, "would price Hrs and GB-Mo alike"),
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "?SE1-Host:*"}]}, "would price Hrs and GB-Mo alike"),
        ({"rules": [{"name": "it", "usd": 1, "usage_type": "*.g*"}]}, "would price Hrs and GB-Mo alike"),
        ({"rules": [{"name": "it", "percent": "NaN"}]}, "NaN is no amount"),
        ({"rules": [{"name": "it", "usd": "Infinity", "usage_type": "*-Host:*"}]}, "Infinity is no amount"),
        ({"savings_plan": {"commitment_usd_per_hour": "NaN"}}, "NaN is no amount"),
        ({"savings_plan": {"commitment_usd_per_hour": 1, "rates": {"*": "NaN"}}}, "NaN is no amount"),
        ({"savings_plan": {"commitment_usd_per_hour": 0}}, "above 0 USD per hour"),
        ({"savings_plan": {"commitment_usd_per_hour": 1, "covers": ["Serverless"]}}, "Invalid enum value"),
        ({"savings_plan": {"commitment_usd_per_hour": 1, "term": "2yr"}}, "Invalid enum value"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(settings, Discounts)
