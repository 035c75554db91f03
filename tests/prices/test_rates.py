"""What a unit costs and how large a volume is, where neither is plain."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.model import CapacityReservation, InstancePool, InstanceVariant, Unknown
from guardrail.prices.book import PriceBook
from guardrail.prices.rates import Rate, Rates, VolumeSize, types, undecided_priority

LATER = Unknown("known after apply")
RATES = Rates(PriceBook())


def variant(instance_type: Any = "ml.m5.large", *pools: InstancePool, **changes: Any) -> InstanceVariant:
    return InstanceVariant(
        name="a",
        shadow=False,
        instance_type=instance_type,
        initial_instance_count=1,
        instance_pools=pools,
        **changes,
    )


def rate(region: Any, mode: Any, it: InstanceVariant) -> Rate:
    return RATES.instance(region, mode, types(it)[0], it)


def volume(it: InstanceVariant) -> VolumeSize | None:
    return RATES.volume(types(it)[0], it)


def pool(instance_type: Any, priority: Any) -> InstancePool:
    return InstancePool(instance_type=instance_type, priority=priority)


def test_where_the_mode_is_unknown_one_price_for_both_is_enough() -> None:
    """ml.m5.large is 0.115 real-time and asynchronous; ml.g4dn.xlarge has only a hosting price in eu-west-3."""
    price = rate("us-east-1", LATER, variant()).price
    assert price is not None
    assert price.usd == Decimal("0.115")
    found = rate("eu-west-3", LATER, variant("ml.g4dn.xlarge"))
    assert found.price is None
    assert found.reason == "real-time or asynchronous is unknown: known after apply"


def test_a_type_that_is_priced_in_neither_mode_is_unpriced_in_both() -> None:
    rates = [rate("us-east-1", mode, variant("ml.no.such")) for mode in ("realtime", "async", LATER)]
    assert [each.price for each in rates] == [None, None, None]
    assert all(each.reason for each in rates)


def test_a_variant_without_type_or_pools_says_so() -> None:
    assert rate("us-east-1", "realtime", variant(None)).reason == "instance_type is unknown: it names no instance type"


def test_pools_are_tried_by_priority() -> None:
    assert types(variant(None, pool("ml.m5.xlarge", 2), pool("ml.m5.large", 1))) == ("ml.m5.large", "ml.m5.xlarge")


def test_unknown_priorities_leave_the_expected_type_open() -> None:
    pools = (pool("ml.m5.xlarge", LATER), pool("ml.m5.large", 2))
    why = "the priority of its instance pools is unknown: known after apply"
    assert undecided_priority(variant(None, *pools)) == Unknown(why)
    assert types(variant(None, *pools)) == ("ml.m5.large", "ml.m5.xlarge")
    assert undecided_priority(variant(None, pools[0])) is None, "the only one is the first"


def test_reserved_capacity_has_no_price_by_the_hour() -> None:
    plan = CapacityReservation(preference="capacity-reservations-only", ml_reservation_arn="arn:aws:sagemaker:x")
    found = rate("us-east-1", "realtime", variant("ml.p4d.24xlarge", capacity_reservation=plan))
    assert found.price is None
    assert found.reason is not None
    assert "reserved ML capacity (a training plan)" in found.reason
    doubtful = rate("us-east-1", "realtime", variant("ml.p4d.24xlarge", capacity_reservation=LATER))
    assert doubtful.price is None
    assert doubtful.reason == "whether it runs in reserved ML capacity is unknown: known after apply"


def test_a_marketplace_package_has_a_fee_beside_its_instances() -> None:
    found = rate("us-east-1", "realtime", variant(marketplace=True))
    assert found.price is not None
    assert found.price.usd == Decimal("0.115")
    assert found.reason == "the software fee of its AWS Marketplace model package comes on top"
    doubtful = rate("us-east-1", "realtime", variant("ml.no.such", marketplace=LATER))
    assert doubtful.reason is not None
    assert doubtful.reason.startswith("ml.no.such is in no table here")
    assert doubtful.reason.endswith("a Marketplace package with a software fee is unknown: known after apply")


def test_a_suspect_price_keeps_its_mark_beside_the_doubt_about_asynchronous_inference() -> None:
    price = rate("us-east-1", "realtime", variant("ml.r8g.large")).price
    assert price is not None
    assert price.suspect


@pytest.mark.parametrize(
    ("it", "gb", "default"),
    [
        (variant(volume_size_gb=20), 20, False),
        (variant(), 4, True),  # published 2020
        (variant(multi_model=True), 16, True),  # published 2020, for several models
        (variant(multi_model=False), 4, True),
        (variant(multi_model=True, volume_size_gb=20), 20, False),
        (variant("ml.c6i.xlarge"), 4, True),  # inferred: min(30, 8 GiB / 2)
        (variant(LATER, volume_size_gb=50), 50, False),
    ],
)
def test_a_size_that_is_asked_for_wins_over_the_default(it: InstanceVariant, gb: int, *, default: bool) -> None:
    size = volume(it)
    assert size is not None
    assert (size.gb, size.default) == (Decimal(gb), default)


@pytest.mark.parametrize(
    ("it", "default"),
    [
        (variant("ml.g7.2xlarge"), True),
        (variant("ml.g7.2xlarge", volume_size_gb=50), False),  # AWS's SDK does not name it among those without a volume
        (variant("ml.no.such", volume_size_gb=50), False),
        (variant("ml.no.such"), True),
        (variant(LATER), True),
        (variant(volume_size_gb=LATER), False),
        (variant(volume_size_gb=-10), False),  # which AWS refuses
        (variant("ml.p3.2xlarge", multi_model=True), True),  # the table of 2020 has no size for several models on it
    ],
)
def test_a_size_that_is_not_known_has_a_reason(it: InstanceVariant, *, default: bool) -> None:
    size = volume(it)
    assert size is not None
    assert size.gb is None
    assert size.reason
    assert size.default == default


def test_types_with_local_storage_get_no_volume() -> None:
    assert volume(variant("ml.g5.xlarge", volume_size_gb=50)) is None


def test_a_default_taken_for_want_of_knowledge_says_that_it_is_an_assumption() -> None:
    size = volume(variant(assumptions=("volume_size_in_gb",)))
    assert size is not None
    assert size.origin == "assumption: not set; default of the type (published 2020)"


def test_whether_one_model_or_many_is_unknown_counts_as_one_and_is_an_assumption() -> None:
    size = volume(variant(multi_model=LATER))
    assert size is not None
    assert (size.gb, size.origin) == (4, "assumption: one model; default of the type (published 2020)")


def test_what_is_priced_once_is_told_apart_by_its_reservation() -> None:
    """None, one that is known, and two that are not, each for its own reason; in either order."""
    plan = CapacityReservation(preference="capacity-reservations-only", ml_reservation_arn="arn:aws:sagemaker:x")
    reservations = (None, plan, LATER, Unknown("another reason"))
    for order in (reservations, reservations[::-1]):
        rates = Rates(PriceBook())
        found = {
            each: rates.instance("us-east-1", "realtime", "ml.m5.large", variant(capacity_reservation=each)).reason
            for each in order
        }
        assert found[None] is None
        assert (found[plan] or "").startswith("it runs in reserved ML capacity")
        assert (found[LATER] or "").endswith(": known after apply")
        assert (found[reservations[3]] or "").endswith(": another reason")


def test_reserved_capacity_of_an_unknown_type_says_so() -> None:
    plan = CapacityReservation(preference="capacity-reservations-only", ml_reservation_arn="arn:aws:sagemaker:x")
    assert rate("us-east-1", "realtime", variant(LATER, capacity_reservation=plan)).detail == "instance type unknown"
    assert rate("us-east-1", "realtime", variant(capacity_reservation=plan)).detail == "ml.m5.large"


def test_only_an_estimate_names_its_rule_as_its_origin() -> None:
    """Published, derived by a rule, and estimated by one."""
    assert rate("eu-west-3", "realtime", variant()).origin == "price table"
    assert rate("eu-west-3", "async", variant()).origin == "price table"
    found = rate("eu-west-3", "async", variant("ml.g4dn.xlarge"))
    assert found.origin.startswith("the hosting price; ")
    assert found.price is not None
    assert found.price.usage_type == "EUW3-AsyncInf:ml.g4dn.xlarge"


def test_a_volume_of_no_gigabytes_that_is_asked_for_is_one() -> None:
    size = volume(variant(volume_size_gb=0))
    assert size is not None
    assert (size.gb, size.reason) == (0, None)
