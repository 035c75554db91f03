"""Cheaper types and successors in us-east-1 (pricing/us-east-1.csv) and what is never proposed."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.cost.alternatives import SUCCESSORS, Limits, cheaper, lost, successor, superseded_by
from guardrail.prices.book import PriceBook

PRICES = PriceBook()


def names(*found: object) -> list[str]:
    return [each.instance_type for each in found]  # type: ignore[attr-defined]


def test_a_cheaper_type_lacks_nothing_of_the_present_one() -> None:
    """ml.g5.12xlarge: 48 vCPUs, 192 GiB, 4 × A10G of 24 GB, 7.09. ml.g6.12xlarge has 4 × L4 of 24 GB for 5.752."""
    (found,) = cheaper(PRICES, "us-east-1", "ml.g5.12xlarge")
    assert found.instance_type == "ml.g6.12xlarge"
    assert found.hourly_usd == Decimal("5.752")
    assert found.monthly_usd == Decimal("4198.96")  # 730 × 5.752
    assert found.saving_monthly_usd == Decimal("976.74")  # 730 × (7.09 - 5.752)
    assert not found.estimated


def test_the_memory_of_a_single_gpu_is_lost_once_and_that_of_several_in_each_too() -> None:
    """ml.g5.xlarge and ml.g4dn.xlarge: 4 vCPUs, 16 GiB and one GPU, of 22.35 GiB (A10G) and of 16 (T4)."""
    a10g, t4 = PRICES.instance("ml.g5.xlarge"), PRICES.instance("ml.g4dn.xlarge")
    assert a10g is not None
    assert t4 is not None
    assert lost(t4, a10g) == ("16 of 22 GiB of GPU memory",)
    two = [replace(each, accelerators=2) for each in (t4, a10g)]
    assert lost(*two) == ("32 of 45 GiB of GPU memory", "16 of 22 GiB in each GPU")


def test_there_may_be_none() -> None:
    assert cheaper(PRICES, "us-east-1", "ml.m5.xlarge") == ()


def test_limits_lower_what_is_needed() -> None:
    """Of 96 vCPUs and 384 GiB, one USD an hour pays for 16 and 64 at most: m5 0.922, m7i 0.968."""
    found = cheaper(PRICES, "us-east-1", "ml.m5.24xlarge", Limits(max_hourly_usd=Decimal(1)), most=2)
    assert names(*found) == ["ml.m5.4xlarge", "ml.m7i.4xlarge"]


@pytest.mark.parametrize("instance_type", ["ml.m5.24xlarge", "ml.g5.48xlarge", "ml.p4d.24xlarge", "ml.c5.18xlarge"])
def test_no_limit_is_exceeded(instance_type: str) -> None:
    found = cheaper(
        PRICES,
        "us-east-1",
        instance_type,
        Limits(max_hourly_usd=Decimal(3), max_vcpus=16, max_accelerators=1, max_memory_gib=Decimal(64)),
        most=50,
    )
    assert found
    for each in found:
        spec = PRICES.instance(each.instance_type)
        assert spec is not None
        assert each.hourly_usd <= 3
        assert spec.vcpus <= 16
        assert spec.accelerators <= 1
        assert spec.memory_gib <= 64


def test_accelerators_stay_unless_they_are_forbidden() -> None:
    kept = cheaper(PRICES, "us-east-1", "ml.g5.12xlarge", Limits(max_accelerators=1), most=50)
    assert {PRICES.instance(name).accelerator_kind for name in names(*kept)} == {"gpu"}  # type: ignore[union-attr]
    none = cheaper(PRICES, "us-east-1", "ml.g5.12xlarge", Limits(max_accelerators=0), most=50)
    assert {PRICES.instance(name).accelerators for name in names(*none)} == {0}  # type: ignore[union-attr]


def test_nothing_is_proposed_that_is_suspect_superseded_burstable_or_of_another_architecture() -> None:
    found = names(*cheaper(PRICES, "us-east-1", "ml.m5.24xlarge", Limits(max_hourly_usd=Decimal(2)), most=500))
    specs = [PRICES.instance(name) for name in found]
    assert specs
    for spec in specs:
        assert spec is not None
        assert spec.architecture == "x86_64"
        assert not spec.burstable
        assert spec.family not in SUCCESSORS
    arm = names(*cheaper(PRICES, "us-east-1", "ml.r6g.16xlarge", Limits(max_hourly_usd=Decimal(2)), most=500))
    assert arm
    assert not [name for name in arm if name.startswith("ml.r8g.")], "the prices of ml.r8g in us-east-1 are suspect"


def test_of_accelerators_those_with_most_memory_come_first_and_what_is_lost_is_named() -> None:
    """Eight A100 of 40 GiB are 320 GiB: two RTX PRO 6000 of 96 are 192, four L40S of 44.7 are 179, four L4 only 89.

    A p4d.24xlarge has 96 vCPUs and 1,152 GiB, both others have 48 vCPUs, with 512 and 384 GiB.
    """
    limits: dict[str, Any] = {"max_accelerators": 4, "max_hourly_usd": Decimal(16), "max_memory_gib": Decimal(768)}
    found = cheaper(PRICES, "us-east-1", "ml.p4d.24xlarge", Limits(**limits), most=2)
    assert [(each.instance_type, each.loses) for each in found] == [
        ("ml.g7e.12xlarge", "192 of 320 GiB of GPU memory, 2 of 8 GPUs, 48 of 96 vCPUs and 512 of 1152 GiB of memory"),
        ("ml.g6e.12xlarge", "179 of 320 GiB of GPU memory, 4 of 8 GPUs, 48 of 96 vCPUs and 384 of 1152 GiB of memory"),
    ]


def test_memory_of_accelerators_that_are_no_gpus_is_not_called_so() -> None:
    """ml.inf2.24xlarge: six Inferentia2 of 32 GiB, 96 vCPUs and 384 GiB; ml.inf2.8xlarge: one of them, 32 and 128."""
    found = cheaper(PRICES, "us-east-1", "ml.inf2.24xlarge", Limits(max_accelerators=1), most=50)
    lost = {each.instance_type: each.loses for each in found}
    memory, others = "32 of 192 GiB of accelerator memory", "1 of 6 accelerators, 32 of 96 vCPUs"
    assert lost["ml.inf2.8xlarge"] == f"{memory}, {others} and 128 of 384 GiB of memory"


def test_accelerators_are_compared_one_by_one() -> None:
    """ml.g6e.24xlarge has 4 L40S of 44.7 GiB for 18.832. ml.g6.48xlarge has as much in sum, 8 L4 of 22.35, for 16.688.

    Split over four accelerators only four are used, and no shard fits.
    """
    assert cheaper(PRICES, "us-east-1", "ml.g6e.24xlarge") == ()
    limited = cheaper(PRICES, "us-east-1", "ml.g6e.24xlarge", Limits(max_hourly_usd=Decimal(17)), most=500)
    lost = {each.instance_type: each.loses for each in limited}
    assert lost["ml.g6.48xlarge"] == "22 of 45 GiB in each GPU"


def test_vcpus_are_lost_too_where_the_memory_is_as_much() -> None:
    """ml.m5.4xlarge: 16 vCPUs and 64 GiB; ml.r5.2xlarge: 8 and 64."""
    found = cheaper(PRICES, "us-east-1", "ml.m5.4xlarge", Limits(max_vcpus=8), most=500)
    assert {each.instance_type: each.loses for each in found}["ml.r5.2xlarge"] == "8 of 16 vCPUs"


def test_what_a_successor_has_less_of_is_named_too() -> None:
    """ml.p3.8xlarge: four V100 of 16 GiB, 32 vCPUs, 244 GiB; ml.g6.12xlarge: four L4 of 22.4 GiB, 48 vCPUs, 192 GiB."""
    found = successor(PRICES, "us-east-1", "ml.p3.8xlarge")
    assert found is not None
    assert (found.instance_type, found.loses) == ("ml.g6.12xlarge", "192 of 244 GiB of memory")


def test_a_limit_may_be_reached_and_three_are_named_at_most() -> None:
    """ml.m5.4xlarge costs 0.922 an hour."""
    found = cheaper(PRICES, "us-east-1", "ml.m5.24xlarge", Limits(max_hourly_usd=Decimal("0.922")))
    assert found[0].instance_type == "ml.m5.4xlarge"
    assert len(found) == 3


def test_a_type_with_as_much_memory_loses_nothing() -> None:
    found = successor(PRICES, "us-east-1", "ml.m4.xlarge")
    assert found is not None
    assert found.loses is None


def test_what_is_not_offered_in_the_region_is_not_proposed() -> None:
    found = names(*cheaper(PRICES, "eu-west-3", "ml.g5.12xlarge", Limits(max_hourly_usd=Decimal(6)), most=500))
    assert all(PRICES.offered("eu-west-3", name) is True for name in found)


def test_nothing_is_known_of_an_unknown_type_or_region() -> None:
    assert cheaper(PRICES, "us-east-1", "ml.no.such") == ()
    assert cheaper(PRICES, "nowhere-1", "ml.m5.24xlarge") == ()
    assert successor(PRICES, "us-east-1", "ml.no.such") is None


@pytest.mark.parametrize(
    ("instance_type", "succeeded_by", "saving"),
    [
        ("ml.m4.xlarge", "ml.m5.xlarge", "7.30"),  # 730 × (0.24 - 0.23)
        ("ml.t2.medium", "ml.c5.large", "-33.58"),  # 730 × (0.056 - 0.102): dearer, and it may scale
        # ml.c5.xlarge has half of its 16 GiB: 730 × (0.223 - 0.23)
        ("ml.t2.xlarge", "ml.m5.xlarge", "-5.110"),
        # ml.c6i.8xlarge and ml.c7i.8xlarge, of the same size, have 32 of its 36 vCPUs: 730 × (1.909 - 1.836)
        ("ml.c4.8xlarge", "ml.c5.9xlarge", "53.29"),
        ("ml.inf1.xlarge", "ml.inf2.xlarge", "-505.89"),  # 730 × (0.297 - 0.99)
        # ml.g6.8xlarge has one accelerator, ml.p3.8xlarge four: 730 × (14.688 - 5.752)
        ("ml.p3.8xlarge", "ml.g6.12xlarge", "6523.28"),
    ],
)
def test_superseded_types_have_a_priced_successor(instance_type: str, succeeded_by: str, saving: str) -> None:
    found = successor(PRICES, "us-east-1", instance_type)
    assert found is not None
    assert found.instance_type == succeeded_by
    assert found.saving_monthly_usd == Decimal(saving)


def test_a_type_without_a_price_has_a_successor_and_no_saving() -> None:
    found = successor(PRICES, "us-east-1", "ml.p2.xlarge")
    assert found is not None
    assert found.instance_type == "ml.g4dn.xlarge"
    assert found.saving_monthly_usd is None


def test_current_families_have_no_successor_unless_one_is_named() -> None:
    assert superseded_by("m5") == ()
    assert successor(PRICES, "us-east-1", "ml.m5.xlarge") is None
    found = successor(PRICES, "us-east-1", "ml.m5.xlarge", ("m7i",))
    assert found is not None
    assert found.instance_type == "ml.m7i.xlarge"
