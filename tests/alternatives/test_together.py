"""Endpoints put together, and how many instances that takes.

ml.m5.xlarge: 167.90 a month, with a volume of 8 GB for one model, of 32 GB for several, at 0.14.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.packing import packed
from guardrail.alternatives.together import together
from guardrail.cost.base import MonthlyQuantity
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.model import INSTANCE_COUNT, Endpoint, ScalableTarget, ScalingMetric, TargetTrackingPolicy, Unknown
from tests.alternatives.built import DLC, PRICES, container, endpoint, model, variant

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


def one(address: str, image: str = SKLEARN, *, of: dict[str, Any] | None = None, **changes: Any) -> Endpoint:
    return endpoint(variant(model=model(container(image), **(of or {}))), address=address, **changes)


def put(*endpoints: Endpoint, environments: dict[str, str] | None = None) -> tuple[Alternative, ...]:
    known = environments or {}
    return together(AlternativesEngine(PRICES), endpoints, lambda each: known.get(each.address, "production"))


def test_models_of_one_image_share_an_instance_with_a_larger_volume() -> None:
    """2 × (167.90 + 8 × 0.14) - (167.90 + 32 × 0.14) = 165.66."""
    (found,) = put(one("a"), one("b"))
    assert (found.kind, found.usd, found.endpoints) == ("multi-model", Decimal("165.66"), ("a", "b"))
    assert "together they fit into 16 GiB (needs unknown)" in found.conditions


@pytest.mark.parametrize(
    ("other", "environments"),
    [
        (one("b", of={"execution_role": "arn:aws:iam::1:role/other"}), {}),
        (one("b", of={"network": ("subnet-1", "sg-1"), "vpc": True}), {}),
        (one("b", of={"network_isolation": True}), {}),
        (one("b", region="eu-west-1"), {}),
        (one("b"), {"b": "non-production"}),
        (one("b", kms_key="key"), {}),
        (one("b", of={"execution_role": Unknown("later")}), {}),
        (one("b", mode="async"), {}),
        (one("b", deployed="possibly"), {}),
    ],
    ids=["role", "network", "isolation", "region", "environment", "key", "unknown role", "mode", "possibly"],
)
def test_what_differs_shares_nothing(other: Endpoint, environments: dict[str, str]) -> None:
    assert put(one("a"), other, environments=environments) == ()


def test_an_image_without_the_label_hosts_no_several_models_and_its_containers_may_stand_side_by_side() -> None:
    """2 × 169.02 - 169.02."""
    transformers = f"{DLC}/huggingface-pytorch-inference:2.1.0-cpu"
    assert put(one("a", transformers), one("b", transformers)) == ()
    (found,) = put(one("a", transformers), one("b", "111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1"))
    assert (found.kind, found.usd) == ("multi-container", Decimal("169.02"))


def test_an_unknown_image_says_so() -> None:
    own = "111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1"
    (found,) = put(one("a", own), one("b", own))
    assert any("label" in condition and "not known" in condition for condition in found.conditions)


def test_models_on_gpus_share_them_as_inference_components() -> None:
    """ml.g5.12xlarge, four GPUs, 7.09 an hour, is 5,175.70 a month. Of three that take two each, two go together."""
    gpu = [
        endpoint(variant("ml.g5.12xlarge", model=model(container(tensor_parallel_degree=2))), address=name)
        for name in "abc"
    ]
    (found,) = put(*gpu)
    assert (found.kind, found.usd, found.endpoints) == ("inference-components", Decimal("5175.70"), ("a", "b"))
    (unsure,) = put(*(endpoint(variant("ml.g5.12xlarge"), address=name) for name in "ab"))
    assert "together they fit into 4 GPUs (needs unknown)" in unsure.conditions


def test_several_models_share_one_gpu_where_its_image_hosts_them() -> None:
    """ml.g5.xlarge, 1.408 × 730 = 1,027.84, has one GPU of 22 GiB and no volume."""
    triton = "785573368785.dkr.ecr.us-east-1.amazonaws.com/own-triton:1"
    (found,) = put(*(endpoint(variant("ml.g5.xlarge", model=model(container(triton))), address=at) for at in "ab"))
    assert (found.kind, found.usd) == ("multi-model", Decimal("1027.84"))
    assert "together they fit into 22 GiB of GPU memory (needs unknown)" in found.conditions
    (known,) = put(
        *(
            endpoint(
                variant("ml.g5.xlarge", model=model(container(f"{DLC}/sagemaker-tritonserver:24.03-py3"))), address=at
            )
            for at in "ab"
        )
    )
    assert [each for each in known.conditions if "label" in each] == []
    djl = f"{DLC}/djl-inference:0.27.0"
    assert put(*(endpoint(variant("ml.g5.xlarge", model=model(container(djl))), address=at) for at in "ab")) == ()


def test_how_many_gpus_a_model_takes_follows_from_its_memory() -> None:
    """An A10G has 22.35 GiB: 30 GiB take two, of four; three such models no longer fit."""
    gpu = [
        endpoint(variant("ml.g5.12xlarge"), address=name, tags={"guardrail:model-memory-gib": "30"}) for name in "abc"
    ]
    (found,) = put(*gpu)
    assert found.endpoints == ("a", "b")


def test_what_models_take_decides_how_many_share_an_instance() -> None:
    """16 GiB hold 10 and 6, and 9 and 5: two pairs, each saving 165.66."""
    needs = {"a": "10", "b": "9", "c": "6", "d": "5"}
    found = put(*(one(name, tags={"guardrail:model-memory-gib": need}) for name, need in needs.items()))
    assert [each.endpoints for each in found] == [("a", "c"), ("b", "d")]
    assert [each.usd for each in found] == [Decimal("165.66")] * 2


def scaled(least: int, most: int) -> ScalableTarget:
    """A target that follows the requests, up and down."""
    metric = ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance")
    policy = TargetTrackingPolicy(address="p", target_value=100, metrics=(metric,), disable_scale_in=False)
    return ScalableTarget(
        address="t", dimension=INSTANCE_COUNT, min_capacity=least, max_capacity=most, policies=(policy,)
    )


def test_what_scales_shares_a_fleet_that_is_as_large_as_all_of_them_at_their_peaks() -> None:
    """An ml.m5.xlarge is 167.90, with its volume 169.02, of several models 172.38.

    1 to 4 and 2 to 3 are 2 to 7 together: at least 3 × 169.02 - 2 × 172.38 = 162.30 less, at the peak 7 × 3.36 more.
    Both begin with 2: 4 × 169.02 - 2 × 172.38 = 331.32.
    """
    of_a, of_b = (
        endpoint(
            variant(model=model(container(SKLEARN)), initial_instance_count=2, scaling=scaled(least, most)), address=at
        )
        for at, least, most in (("a", 1, 4), ("b", 2, 3))
    )
    (found,) = put(of_a, of_b)
    assert (found.name, found.instances) == ("2 models on 2 to 7 × ml.m5.xlarge", 2)
    assert found.saving == MonthlyQuantity(Decimal("162.30"), Decimal("331.32"), Decimal("-23.52"))
    assert (found.usd, found.loses) == (Decimal("331.32"), ("2 of 3 instances at least",))
    assert "the fleet scales by a target of its own, with a policy that follows the load of all" in found.conditions


def test_components_on_gpus_scale_in_copies() -> None:
    """Two of two GPUs each, on 1 to 2 and on 1 ml.g5.12xlarge: 1 to 3, and begun with one 5,175.70 less."""
    degree = model(container(tensor_parallel_degree=2))
    both = [
        endpoint(variant("ml.g5.12xlarge", model=degree, scaling=scaling), address=at)
        for at, scaling in (("a", scaled(1, 2)), ("b", None))
    ]
    (found,) = put(*both)
    assert (found.name, found.usd) == ("2 models on 1 to 3 × ml.g5.12xlarge", Decimal("5175.70"))
    assert any(condition.startswith("the copies of each model scale") for condition in found.conditions)


def test_what_usage_says_that_they_take_is_what_the_fleet_is_expected_to_have() -> None:
    """1.5 and 1 busy ones are 2.5: 2.5 × 169.02 less 2.5 × 172.38 is no saving; 1.5 and, of 2 kept, 0.25 are 1.75.

    Of these the fleet keeps 2: 3.5 × 169.02 - 2 × 172.38 = 246.81.
    """
    both = [
        endpoint(variant(model=model(container(SKLEARN)), scaling=scaled(least, 4)), address=at)
        for at, least in (("a", 1), ("b", 2))
    ]

    def saved(of_a: str, of_b: str) -> list[Decimal | None]:
        numbers = {at: EndpointUsage(average_instances=Decimal(n)) for at, n in (("a", of_a), ("b", of_b))}
        engine = AlternativesEngine(PRICES, Usage(numbers, {}))
        return [each.usd for each in together(engine, both, lambda _: "production")]

    assert saved("1.5", "0.25") == [Decimal("246.81")]
    assert saved("1.5", "2.5") == []


def test_burstable_types_share_nothing_that_scales() -> None:
    small = [
        endpoint(variant("ml.t2.medium", model=model(container(SKLEARN)), scaling=scaling), address=at)
        for at, scaling in (("a", scaled(1, 2)), ("b", None))
    ]
    assert put(*small) == ()
    assert put(one("c"), one("d", of={})) != ()


def partitions(places: list[int]) -> Iterator[list[list[int]]]:
    """Every way to put things into boxes."""
    if not places:
        yield []
        return
    first, rest = places[0], places[1:]
    for way in partitions(rest):
        yield [[first], *way]
        for at in range(len(way)):
            yield [*way[:at], [first, *way[at]], *way[at + 1 :]]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_way_to_pack_up_to_eight_takes_fewer_boxes(needs: list[tuple[int, int]]) -> None:
    sizes = [(Decimal(memory), Decimal(accelerators)) for memory, accelerators in needs]
    room = (Decimal(12), Decimal(4))

    def holds(box: list[int]) -> bool:
        return all(sum(sizes[place][part] for place in box) <= room[part] for part in (0, 1))

    best = min(len(way) for way in partitions(list(range(len(sizes)))) if all(map(holds, way)))
    found = packed(sizes, room)
    assert found is not None
    assert len(found) == best
    assert sorted(place for box in found for place in box) == list(range(len(sizes)))
    assert all(map(holds, found))


def test_what_fits_into_no_box_has_none() -> None:
    assert packed([(Decimal(17),)], (Decimal(16),)) is None


def test_many_things_are_packed_the_largest_first() -> None:
    """Twelve of 6, 5 and 5 in turn fill boxes of 16 by threes; no box holds more."""
    found = packed([(Decimal(size),) for size in (6, 5, 5) * 4], (Decimal(16),))
    assert found is not None
    assert len(found) == 5  # the largest first: 6 6, 6 6, then 5 5 5, 5 5 5, 5 5
