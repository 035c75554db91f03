"""What a unit costs and how large a volume is, where neither is plain."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.cost.price_book import PriceBook
from guardrail.cost.rates import Rates
from guardrail.model import InstancePool, InstanceVariant, Unknown

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


def pool(instance_type: Any, priority: Any) -> InstancePool:
    return InstancePool(instance_type=instance_type, priority=priority)


def test_where_the_mode_is_unknown_one_price_for_both_is_enough() -> None:
    """ml.m5.large is 0.115 real-time and asynchronous; ml.g4dn.xlarge has only a hosting price in eu-west-3."""
    usd = RATES.instance("us-east-1", LATER, variant()).usd
    assert usd is not None
    assert usd.expected == Decimal("0.115")
    rate = RATES.instance("eu-west-3", LATER, variant("ml.g4dn.xlarge"))
    assert rate.usd is None
    assert rate.reason == "real-time or asynchronous is unknown: known after apply"


def test_a_type_that_is_priced_in_neither_mode_is_unpriced_in_both() -> None:
    rates = [RATES.instance("us-east-1", mode, variant("ml.no.such")) for mode in ("realtime", "async", LATER)]
    assert [rate.usd for rate in rates] == [None, None, None]
    assert all(rate.reason for rate in rates)


def test_a_variant_without_type_or_pools_says_so() -> None:
    assert RATES.instance("us-east-1", "realtime", variant(None)).reason == "it names no instance type"


def test_unknown_priorities_leave_the_expected_type_open() -> None:
    """0.115 and 0.23, whichever comes first."""
    pools = (pool("ml.m5.xlarge", LATER), pool("ml.m5.large", 2))
    rate = RATES.instance("us-east-1", "realtime", variant(None, *pools))
    assert rate.usd is not None
    assert (rate.usd.floor, rate.usd.expected, rate.usd.ceiling) == (
        Decimal("0.115"),
        Decimal("0.115"),
        Decimal("0.23"),
    )
    assert rate.price is None
    assert rate.reason == "the priority of its instance pools is unknown: known after apply"


def test_a_suspect_price_keeps_its_mark_beside_the_doubt_about_asynchronous_inference() -> None:
    price = RATES.instance("us-east-1", "realtime", variant("ml.r8g.large")).price
    assert price is not None
    assert price.suspect


@pytest.mark.parametrize(
    ("it", "gb", "default"),
    [
        (variant(volume_size_gb=20), 20, False),
        (variant(), 4, True),  # published 2020
        (variant("ml.c6i.xlarge"), 4, True),  # inferred: min(30, 8 GiB / 2)
        (variant("ml.g7e.2xlarge", volume_size_gb=50), 50, False),  # unconfirmed: with local storage the API rejects it
        (variant(LATER, volume_size_gb=50), 50, False),
    ],
)
def test_a_size_that_is_asked_for_wins_over_the_default(it: InstanceVariant, gb: int, *, default: bool) -> None:
    size = RATES.volume(it)
    assert size is not None
    assert size.gb is not None
    assert (size.gb.expected, size.default) == (Decimal(gb), default)


@pytest.mark.parametrize(
    ("it", "default"),
    [
        (variant("ml.g7e.2xlarge"), True),
        (variant("ml.no.such"), True),
        (variant(LATER), True),
        (variant(volume_size_gb=LATER), False),
    ],
)
def test_a_size_that_is_not_known_has_a_reason(it: InstanceVariant, *, default: bool) -> None:
    size = RATES.volume(it)
    assert size is not None
    assert size.gb is None
    assert size.reason
    assert size.default == default


def test_types_with_local_storage_get_no_volume() -> None:
    assert RATES.volume(variant("ml.g5.xlarge", volume_size_gb=50)) is None
    assert RATES.volume(variant(None, pool("ml.g5.xlarge", 1), pool("ml.g6.xlarge", 2))) is None


def test_a_default_taken_for_want_of_knowledge_says_that_it_is_an_assumption() -> None:
    size = RATES.volume(variant(assumptions=("volume_size_in_gb",)))
    assert size is not None
    assert size.origin == "assumption: not set; default of the type (published 2020)"


def test_a_pool_with_an_unknown_type_may_have_no_volume_at_all() -> None:
    size = RATES.volume(variant(None, pool("ml.m5.large", 1), pool(LATER, 2)))
    assert size is not None
    assert size.gb is not None
    assert (size.gb.floor, size.gb.expected, size.gb.ceiling) == (Decimal(0), Decimal(4), Decimal(4))
    assert size.reason
