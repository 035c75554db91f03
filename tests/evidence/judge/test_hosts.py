"""Hosts of components: the instances that hold what is reserved on them, whatever is used of it."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guardrail.evidence.judge import fleet, hosts
from guardrail.evidence.judge.hosts import PackedHost, Room
from guardrail.prices.book import PriceBook
from tests.evidence.stories import HOURS, account_of, bundle_of, described, of_component, series

BOOK = PriceBook()


def component(name: str, copies: int, *, gpus: int = 1, mib: int | None = 16384) -> dict[str, Any]:
    asked = {"NumberOfAcceleratorDevicesRequired": gpus, "MinMemoryRequiredInMb": mib}
    return {
        "InferenceComponentName": name,
        "EndpointName": "shop",
        "VariantName": "a",
        "InferenceComponentStatus": "InService",
        "CreationTime": "2026-09-02T08:00:00Z",
        "Specification": {"ComputeResourceRequirements": asked},
        "RuntimeConfig": {"DesiredCopyCount": copies, "CurrentCopyCount": copies},
    }


def host(
    count: int, *components: dict[str, Any], instance_type: str = "ml.g5.12xlarge", **more: Any
) -> PackedHost | None:
    """What is said of so many instances that host these components, each of which is asked something every hour."""
    names = [str(one["InferenceComponentName"]) for one in components]
    story = account_of(
        described(instance_type=instance_type, count=count, variant={"ModelName": None}),
        {"inference_components": list(components)},
        more,
    )
    asked = [of_component(name, "Invocations", (HOURS, 1, 1, 800, 800)) for name in names]
    samples = series("CPUUtilizationNormalized", [(HOURS, 10, 5, 1, 60 * count)])
    (found,) = fleet.judged(bundle_of(story, *asked, samples), BOOK)
    return found.variants[0].host


def test_components_that_one_instance_holds_need_no_second() -> None:
    # two copies of a GPU each, and four GPUs on each of two: one is enough, and 7.09 × 730 = 5,175.70 is saved.
    # Two ml.g5.2xlarge with 32 GiB hold one copy of 16 GiB each, at 1.515: (2 × 7.09 - 2 × 1.515) × 730 = 8,139.50;
    # two ml.g6.2xlarge at 1.222 with GPUs of as much memory: (14.18 - 2.444) × 730 = 8,567.28. An ml.g6.xlarge has
    # 16 GiB, of which its system has some
    told = host(2, component("chat", 1), component("embed", 1))
    assert told is not None
    assert (told.instances, told.instance_type, told.saving_usd) == (2, "ml.g6.2xlarge", Decimal("8567.28"))
    assert told.reserved == Room(accelerators=Decimal(2), cores=Decimal(0), memory_gib=Decimal(32))


def test_a_copy_of_four_gpus_stays_where_four_are() -> None:
    # ml.g6.12xlarge has four of as much memory at 5.752: (2 × 7.09 - 2 × 5.752) × 730 = 1,953.48
    told = host(2, component("chat", 2, gpus=4))
    assert told is not None
    assert (told.instances, told.instance_type, told.saving_usd) == (2, "ml.g6.12xlarge", Decimal("1953.48"))


def test_the_most_copies_that_there_may_be_are_held() -> None:
    scaling = {
        "ResourceId": "inference-component/chat",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
        "MinCapacity": 1,
        "MaxCapacity": 8,
    }
    told = host(2, component("chat", 1), scalable_targets=[scaling])
    assert told is not None
    assert told.reserved.accelerators == 8


def test_a_component_of_which_nobody_knows_what_it_reserves_leaves_it_open() -> None:
    assert host(2, component("chat", 1), component("embed", 1, mib=None)) is None


def test_what_is_held_by_as_little_as_there_is_stays() -> None:
    assert host(1, component("chat", 1), instance_type="ml.g6.xlarge") is None


sizes = st.decimals(min_value=0, max_value=4, places=1)


@given(st.lists(st.builds(Room, accelerators=sizes, cores=sizes, memory_gib=sizes), max_size=20))
def test_no_instance_is_given_more_than_it_has(copies: list[Room]) -> None:
    each = Room(accelerators=Decimal(4), cores=Decimal(4), memory_gib=Decimal(4))
    count = hosts.packed(copies, each)
    assert count is not None
    for name in ("accelerators", "cores", "memory_gib"):
        assert sum(getattr(one, name) for one in copies) <= count * 4
    assert count <= len(copies)
