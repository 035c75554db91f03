"""Other types and numbers of instances, worked by hand from pricing/us-east-1.csv.

USD an hour: ml.m5.xlarge 0.23, ml.m5.large 0.115, ml.m6g.xlarge 0.1848, ml.m6gd.xlarge 0.21696, ml.c5.xlarge 0.204,
ml.c6g.xlarge 0.1632, ml.c7g.xlarge 0.174, ml.g5.xlarge 1.408, ml.g6.xlarge 1.1267, ml.g4dn.xlarge 0.736, ml.inf2.xlarge
0.99, ml.m4.xlarge 0.24. A GB of a volume is 0.14 a month; by default ml.m5.xlarge has 8 of them, ml.m5.large 4.
"""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.instances import Candidate, conditions, half_sizes
from guardrail.cost.estimate import estimate
from guardrail.model import (
    INSTANCE_COUNT,
    CapacityReservation,
    InferenceComponent,
    InstancePool,
    Inventory,
    ScalableTarget,
    ScalingMetric,
    TargetTrackingPolicy,
    Unknown,
)
from tests.alternatives.built import DLC, PRICES, container, endpoint, found, model, used, variant

GRAVITON_TYPES = ("ml.c6g.xlarge", "ml.c7g.xlarge")


def scaled(least: int = 1, most: int = 4, **changes: Any) -> ScalableTarget:
    metric = ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance")
    policy = TargetTrackingPolicy(address="p", target_value=1200, metrics=(metric,), disable_scale_in=False)
    known: dict[str, Any] = {"min_capacity": least, "max_capacity": most, "policies": (policy,)}
    return ScalableTarget(address="t", dimension=INSTANCE_COUNT, **{**known, **changes})


def test_a_smaller_size_says_what_it_has_less_of() -> None:
    """0.23 × 730 + 8 × 0.14 = 169.02; 0.115 × 730 + 4 × 0.14 = 84.51."""
    smaller = found(endpoint())["ml.m5.large"]
    assert (smaller.kind, smaller.usd, smaller.basis) == ("smaller", Decimal("84.51"), "upper-bound")
    assert smaller.loses == ("2 of 4 vCPUs", "8 of 16 GiB of memory")
    assert "the model fits into what is left (not known)" in smaller.conditions


def test_a_newer_generation_is_offered_where_it_is_cheaper_alone() -> None:
    """(0.24 - 0.23) × 730 = 7.30; ml.m7i.xlarge is 0.242."""
    offered = found(endpoint(variant("ml.m4.xlarge")))
    assert (offered["ml.m5.xlarge"].kind, offered["ml.m5.xlarge"].usd) == ("generation", Decimal("7.30"))
    assert "ml.m7i.xlarge" not in offered


@pytest.mark.parametrize("name", ["ml.m7g.xlarge", "ml.t3.xlarge", "ml.m6i.xlarge", "ml.m7i.xlarge", "ml.t2.medium"])
def test_what_no_endpoint_takes_is_dearer_or_superseded_is_never_offered(name: str) -> None:
    assert name not in found(endpoint())


@pytest.mark.parametrize(
    ("image", "condition"),
    [
        (
            f"{DLC}/pytorch-inference:2.1.0-cpu-py310",
            "image pytorch-inference-graviton: type and image change together",
        ),
        (f"{DLC}/huggingface-pytorch-inference:2.1.0-cpu", "no arm64 image is known for this repository"),
        ("111122223333.dkr.ecr.us-east-1.amazonaws.com/ranker:1", "the image is built for arm64 (not known)"),
        (None, "the image is built for arm64 (not known)"),
    ],
)
def test_graviton_comes_with_what_must_be_true_of_the_image(image: str | None, condition: str) -> None:
    """(0.204 - 0.1632) × 730 = 29.784 and (0.204 - 0.174) × 730 = 21.90; all have volumes of 4 GB."""
    offered = found(endpoint(variant("ml.c5.xlarge", model=model(container(image)))))
    assert [offered[name].usd for name in GRAVITON_TYPES] == [Decimal("29.784"), Decimal("21.90")]
    for name in GRAVITON_TYPES:
        assert condition in offered[name].conditions[0]


def test_from_graviton_nothing_leads_back() -> None:
    offered = found(endpoint(variant("ml.c6g.2xlarge")))
    types = [each.instance_type for each in offered.values() if each.instance_type]
    assert {PRICES.instance(name).architecture for name in types} == {"arm64"}  # type: ignore[union-attr]


def test_gpu_memory_counts_for_each_gpu_and_a_t4_has_no_bfloat16() -> None:
    """(1.408 - 1.1267) × 730 = 205.349. Inferentia2 has 32 GiB: (1.408 - 0.99) × 730 - 8 × 0.14 = 304.02."""
    told = found(endpoint(variant("ml.g5.xlarge", model=model(container(number_format="bf16")))))
    assert told["ml.g6.xlarge"].usd == Decimal("205.349")
    assert told["ml.inf2.xlarge"].usd == Decimal("304.02")
    assert "another image (Neuron) and a model compiled for Inferentia2" in told["ml.inf2.xlarge"].conditions
    assert "ml.g4dn.xlarge" not in told
    silent = found(endpoint(variant("ml.g5.xlarge")))["ml.g4dn.xlarge"]
    assert silent.loses[0] == "16 of 22 GiB of GPU memory"
    assert "it does not compute in bfloat16, which a T4 has not (not known)" in silent.conditions


def test_a_model_that_is_split_keeps_as_many_gpus_of_as_much_memory() -> None:
    """Eight L4 of 22 GiB hold as much as four L40S of 45, and each shard no longer fits."""
    split = model(container(tensor_parallel_degree=4))
    assert "ml.g6.48xlarge" not in found(endpoint(variant("ml.g6e.24xlarge", model=split)))
    offered = found(endpoint(variant("ml.g5.12xlarge", model=split)))
    assert "ml.g6.12xlarge" in offered
    for name in ("ml.g5.8xlarge", "ml.g7e.2xlarge"):
        assert name not in offered
        assert any("split" in one for one in found(endpoint(variant("ml.g5.12xlarge")))[name].conditions)


def test_what_the_model_is_known_to_take_forbids_and_allows() -> None:
    """ml.m5.large has 8 GiB."""
    assert "ml.m5.large" not in found(endpoint(tags={"guardrail:model-memory-gib": "9"}))
    told = found(endpoint(), used(model_memory_gib="7.5"))["ml.m5.large"]
    assert not any("not known" in condition for condition in told.conditions)


def test_a_type_with_a_disk_of_its_own_takes_the_volume_away() -> None:
    """0.23 × 730 + 100 × 0.14 = 181.90; 0.21696 × 730 = 158.3808, not 9.52 less but 23.5192. On ml.m6g it stays."""
    offered = found(endpoint(variant(volume_size_gb=100)))
    assert offered["ml.m6gd.xlarge"].usd == Decimal("23.5192")
    assert any("volume_size_in_gb must go" in one for one in offered["ml.m6gd.xlarge"].conditions)
    assert "its local disk of 237 GB takes the place of the volume" in offered["ml.m6gd.xlarge"].conditions
    assert offered["ml.m6gd.xlarge"].loses == ()
    assert offered["ml.m6g.xlarge"].usd == Decimal("32.996")  # (0.23 - 0.1848) × 730


def test_a_disk_that_is_smaller_than_what_was_asked_for_is_a_loss() -> None:
    """m6gd.xlarge has one disk of 237 GB, m5d.large one of 75 and m5d.xlarge one of 150 (EC2, instance store)."""
    smaller = found(endpoint(variant(volume_size_gb=500)))["ml.m6gd.xlarge"]
    assert (smaller.loses, smaller.basis) == (("237 of 500 GB of disk",), "exact")
    assert "75 of 150 GB of disk" in found(endpoint(variant("ml.m5d.xlarge")))["ml.m5d.large"].loses
    back = found(endpoint(variant("ml.m5d.xlarge")))["ml.m5.xlarge"].conditions
    assert "a volume of 8 GB takes the place of its local disk of 150 GB, and is enough" in back


def test_what_scales_names_the_order_of_operations_and_the_new_target_value() -> None:
    """1200 a minute on 4 vCPUs are about 600 on 2."""
    smaller = found(endpoint(variant(scaling=scaled())))["ml.m5.large"]
    assert smaller.basis == "upper-bound"
    order, value = smaller.breaks
    assert order == (
        "UpdateEndpoint refuses a new type for a variant that is registered with auto scaling: deregister it first, "
        "or give the variant another name"
    )
    assert value == (
        "target_value 1200 is of one instance: on 2 of 4 vCPUs it is about 600, and the same load takes as many more "
        "instances"
    )


def test_a_fixed_name_of_the_configuration_is_a_condition_of_every_saving() -> None:
    """Under the same name the endpoint keeps what it has: the saving is what there may be, and no more."""
    fixed = found(endpoint(variant(initial_instance_count=2), configuration_name="chat"))
    for name in ("ml.m5.large", "ml.m6g.xlarge", "1 × ml.m5.xlarge", "3 × ml.m5.large"):
        assert fixed[name].basis == "upper-bound"
        assert fixed[name].conditions[0] == (
            "its configuration, whose name is fixed, gets another one: under the same name 0.00 is saved"
        )
    generated = found(endpoint(configuration_name="chat-20260101000000000000000001"))["ml.m6g.xlarge"]
    assert generated.basis == "exact"
    assert not any("name" in condition for condition in generated.conditions)


@pytest.mark.parametrize(
    "bound",
    [
        {"capacity_reservation": CapacityReservation(preference=None, ml_reservation_arn="arn")},
        {"marketplace": True},
        {"sensitive": True},
        {"instance_type": None, "instance_pools": (InstancePool(instance_type="ml.m5.xlarge", priority=1),)},
        {"instance_type": Unknown("later")},
    ],
    ids=["reserved", "marketplace", "sensitive", "pools", "unknown"],
)
def test_nothing_is_suggested_where_something_binds_the_type(bound: dict[str, Any]) -> None:
    instance_type = bound.pop("instance_type", "ml.m5.xlarge")
    assert found(endpoint(variant(instance_type, **bound))) == {}


def test_components_that_ask_for_more_than_a_type_has_forbid_it() -> None:
    """ml.m5.large has 8 GiB, 8,192 MiB."""
    asks = InferenceComponent(address="ic", name="ic", variant_name=None, copies=1, memory_mib=10_000)
    assert "ml.m5.large" not in found(endpoint(inference_components=(asks,)))


def test_fewer_instances_name_the_control_that_wants_two() -> None:
    """Two are 338.04; one 169.02; three of half the size 3 × 84.51 = 253.53."""
    offered = found(endpoint(variant(initial_instance_count=2)))
    one, halves = offered["1 × ml.m5.xlarge"], offered["3 × ml.m5.large"]
    assert (one.usd, halves.usd) == (Decimal("169.02"), Decimal("84.51"))
    assert any("SageMaker.4" in condition for condition in one.conditions)
    assert halves.loses == ("3 of 4 halves of the capacity",)


@pytest.mark.parametrize(
    ("lost", "is_asked"),
    [("2 of 4 vCPUs", False), ("8 of 16 GiB of memory", True), ("16 of 22 GiB in each GPU", True)],
)
def test_whether_the_model_fits_is_asked_where_memory_is_lost(lost: str, is_asked: bool) -> None:  # noqa: FBT001
    present, other = PRICES.instance("ml.m5.xlarge"), PRICES.instance("ml.m5.large")
    assert present is not None
    assert other is not None
    candidate = Candidate("smaller", other, (lost,))
    said = list(conditions(endpoint(), variant(), present, candidate, None))
    assert ("the model fits into what is left (not known)" in said) is is_asked


@pytest.mark.parametrize(
    ("whole", "half"),
    [
        ("ml.m5.xlarge", "ml.m5.large"),
        ("ml.g5.48xlarge", "ml.g5.24xlarge"),  # 8 GPUs and 4
        ("ml.g5.16xlarge", None),  # half of it, ml.g5.8xlarge, has the same one GPU
        ("ml.g5.24xlarge", None),  # and ml.g5.12xlarge the same four
    ],
)
def test_half_a_type_has_half_of_its_accelerators(whole: str, half: str | None) -> None:
    spec = PRICES.instance(whole)
    assert spec is not None
    found = half_sizes(spec, PRICES, "us-east-1")
    assert (found and found.instance_type) == half


def test_without_usage_fewer_are_half_of_them_or_one_less() -> None:
    for count, expected in ((2, ["1"]), (3, ["1", "2"]), (40, ["20", "39"]), (1, [])):
        offered = found(endpoint(variant(initial_instance_count=count)))
        assert sorted(
            name.split()[0] for name in offered if name.endswith("× ml.m5.xlarge") and "batch" not in name
        ) == (expected)


def test_usage_says_how_many_the_work_takes() -> None:
    """2.5 of 6 busy on the average take three: 6 are 1,014.12, of which 2.5 were busy; three are half of it."""
    offered = found(endpoint(variant(initial_instance_count=6)), used(average_instances="2.5"))
    assert [name for name in offered if name.endswith("× ml.m5.xlarge") and name[0].isdigit()] == ["3 × ml.m5.xlarge"]
    assert (offered["3 × ml.m5.xlarge"].usd, offered["3 × ml.m5.xlarge"].basis) == (Decimal("507.06"), "with-usage")


def test_a_saving_is_the_difference_of_two_estimates() -> None:
    it = endpoint(variant("ml.m5.4xlarge", initial_instance_count=3, volume_size_gb=50, scaling=scaled(1, 5)))
    (present,) = estimate(Inventory(endpoints=(it,)), PRICES).endpoints.values()
    for name in ("ml.m5.2xlarge", "ml.m6g.4xlarge", "ml.m6gd.4xlarge"):
        alternative = found(it)[name]
        volume = None if name == "ml.m6gd.4xlarge" else 50
        other = variant(name, initial_instance_count=3, volume_size_gb=volume, scaling=scaled(1, 5))
        (changed,) = estimate(Inventory(endpoints=(endpoint(other),)), PRICES).endpoints.values()
        assert alternative.saving is not None
        for bound in ("floor", "expected", "ceiling"):
            difference = getattr(present.monthly, bound) - getattr(changed.monthly, bound)
            assert getattr(alternative.saving, bound) == difference, (name, bound)
        assert (alternative.usd, alternative.usd != alternative.saving.floor) == (alternative.saving.expected, True)


def test_a_type_that_may_not_be_sold_for_asynchronous_inference_says_so() -> None:
    """No AsyncInf price of ml.g4dn.xlarge was ever seen in eu-west-3, where it hosts for less than ml.g5.xlarge."""
    types = PRICES.hosting_prices("eu-west-3")
    assert types["ml.g4dn.xlarge"].usd < types["ml.g4dn.2xlarge"].usd
    offered = found(endpoint(variant("ml.g4dn.2xlarge"), region="eu-west-3", mode="async"))["ml.g4dn.xlarge"]
    assert any("may not be sold for asynchronous inference" in condition for condition in offered.conditions)
    assert offered.monthly is not None
    assert offered.monthly.estimated


def test_what_has_no_price_has_no_cheaper_type() -> None:
    assert not [each for each in found(endpoint(variant("ml.no.such"))).values() if each.usd is not None]
    assert found(endpoint(region=Unknown("later"))) == {}


def test_what_is_worked_out_once_is_the_same_as_worked_out_anew() -> None:
    """Endpoints that are alike share an answer; whatever matters tells them apart."""
    usage, once = used(average_instances="1.5"), AlternativesEngine(PRICES, used(deployments_per_month="10"))
    others = [
        endpoint(),
        endpoint(name="other", configuration_address="other"),
        endpoint(variant(volume_size_gb=50)),
        endpoint(variant(scaling=scaled())),
        endpoint(variant(scaling=scaled(1, 5))),
        endpoint(tags={"guardrail:model-memory-gib": "12"}),
        endpoint(configuration_name="chat"),
        endpoint(data_capture_percent=100.0),
        endpoint(mode="async"),
        endpoint(two_fleets_minutes=45),
        endpoint(rolling_wait_minutes=10),
        endpoint(variant(model=model(container(f"{DLC}/pytorch-inference:2.1.0-cpu-py310")))),
        endpoint(variant(model=model(container("111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1-arm64")))),
        endpoint(variant(model=model(container("111122223333.dkr.ecr.us-east-1.amazonaws.com/own-amd64:1")))),
        endpoint(variant(model=model(execution_mode="Direct"))),
        endpoint(variant(model=model(vpc=True))),
        endpoint(variant(model=model(container(has_data_source=True)))),
        endpoint(variant(multi_model=True)),
        endpoint(inference_components=(InferenceComponent(address="i", name="i", variant_name=None, copies=1),)),
    ]
    answers = [once.of(it) for it in others]
    anew = [AlternativesEngine(PRICES, used(deployments_per_month="10")) for _ in others]
    assert answers == [engine.of(it) for engine, it in zip(anew, others, strict=True)]
    assert [once.not_offered(it) for it in others] == [
        engine.not_offered(it) for engine, it in zip(anew, others, strict=True)
    ]
    assert answers[0] is answers[1]
    assert AlternativesEngine(PRICES, usage).of(others[0]) != answers[0]
    small, large = (
        InferenceComponent(address="i", name="i", variant_name=None, copies=1, memory_mib=mib) for mib in (1024, 15_000)
    )
    plain, hosts = (
        [once.of(endpoint(address=address, inference_components=held)) for address, held in (("a", one), ("b", other))]
        for one, other in (((), ()), ((small,), (large,)))
    )
    assert plain[0] is plain[1]
    assert hosts[0] != hosts[1]  # a type of 8 GiB holds what asks for 1 GiB, and not what asks for 15,000 MiB


def test_what_has_no_price_on_both_sides_is_left_out_of_a_saving() -> None:
    """ap-southeast-5 has no price for volumes: 16 GB before and after cancel out, 16 GB that become 8 save more.

    (0.4896 - 0.39168) × 730 = 71.4816 for Graviton, (0.4896 - 0.2448) × 730 = 178.704 for half the size.
    """
    offered = found(endpoint(variant("ml.m6i.2xlarge"), region="ap-southeast-5"))
    for name, usd in (("ml.m6g.2xlarge", "71.4816"), ("ml.m6i.xlarge", "178.704")):
        assert offered[name].usd == Decimal(usd)
        assert "its volume, which has no price here, is in no number" in offered[name].conditions
    assert offered["asynchronous, down to 0 instances"].saving is not None


def test_a_volume_without_a_price_that_takes_the_place_of_a_local_disk_stands_in_the_way() -> None:
    """ml.m6gd.xlarge at 0.23052, ml.m6g.xlarge at 0.19584: the volume that it needs may cost more than 25.32."""
    assert "ml.m6g.xlarge" not in found(endpoint(variant("ml.m6gd.xlarge"), region="ap-southeast-5"))


def test_of_an_unknown_number_of_instances_the_saving_of_one_is_told() -> None:
    """(0.23 - 0.1848) × 730 = 32.996 for each."""
    offered = found(endpoint(variant("ml.m5.xlarge", initial_instance_count=Unknown("var.n"))))
    assert offered["ml.m6g.xlarge"].usd == Decimal("32.996")
    assert "how many there are is not known: the saving is that of 1" in offered["ml.m6g.xlarge"].conditions
    assert "asynchronous, down to 0 instances" not in offered


def test_what_may_not_be_deployed_saves_nothing_for_sure() -> None:
    """Of ml.m6g.xlarge up to 32.996, and of a Savings Plan for a floor of 0 nothing is said."""
    offered = found(endpoint(deployed="possibly"))
    assert not [each for each in offered.values() if each.kind == "savings-plan"]
    graviton = offered["ml.m6g.xlarge"]
    assert (graviton.usd, graviton.basis) == (Decimal("32.996"), "upper-bound")
    assert graviton.saving is not None
    assert graviton.saving.floor == 0
    assert isinstance(graviton.saving.expected, Unknown)
    assert "it is deployed at all (not known)" in graviton.conditions


def test_the_control_of_security_hub_is_about_production_variants_and_no_shadows() -> None:
    """AWS Config, sagemaker-endpoint-config-prod-instance-count: of production variants alone."""
    two = variant(initial_instance_count=2)
    shadowed = endpoint(variant(), variant(initial_instance_count=2, shadow=True))
    (_, of_shadow) = AlternativesEngine(PRICES).of(shadowed)
    for offered, is_told in ((found(endpoint(two)).values(), True), (of_shadow, False)):
        (one,) = [each for each in offered if each.name == "1 × ml.m5.xlarge"]
        assert any("SageMaker.4" in each for each in one.conditions) == is_told


def test_what_joins_several_gpus_is_lost_on_types_that_have_it_not() -> None:
    """Eight H100 and eight A100 are joined by NVLink, eight RTX PRO 6000 of ml.g7e.48xlarge by PCIe."""
    offered = found(endpoint(variant("ml.p5.48xlarge")))
    assert "no NVLink between its GPUs" in offered["ml.g7e.48xlarge"].loses
    assert offered["ml.g7e.48xlarge"].basis == "upper-bound"
    assert not [each for each in offered["ml.p4de.24xlarge"].loses if "NVLink" in each]
    alone = found(endpoint(variant("ml.p3.2xlarge")))
    assert not [each for one in alone.values() for each in one.loses if "NVLink" in each]
