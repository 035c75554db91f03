"""Each kind of trap in several forms: images, accelerators, several models, and the limits of each way to serve.

USD an hour in us-east-1: ml.c5.xlarge 0.204, ml.c6g.xlarge 0.1632; ml.g4dn.xlarge 0.736, ml.g4dn.8xlarge 2.72,
ml.g4dn.12xlarge 4.89, ml.g5.xlarge 1.408, ml.g5.8xlarge 3.06, ml.g5.12xlarge 7.09, ml.g6.xlarge 1.1267,
ml.g6.12xlarge 5.752, ml.g6e.xlarge 2.6054, ml.p3.8xlarge 14.688; ml.inf2.xlarge 0.99, ml.trn1.2xlarge 1.55;
ml.m5.large 0.115, ml.m5.xlarge 0.23. A GB of a volume is 0.14 a month. GPU memory: T4 16 GiB, V100 16, A10G and L4
22.35, L40S 44.7; an Inferentia2 has 32.
"""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.alternatives.base import Alternative
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.usage import NO_USAGE, Usage
from guardrail.model import Container, Endpoint, InferenceComponent, Unknown
from tests.alternatives.built import DLC, PRICES, container, endpoint, found, model, used, variant

OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
LATER = Unknown("known only after apply")
QUEUE = "asynchronous, down to 0 instances"


def on(instance_type: str, *containers: Container, **changes: Any) -> Endpoint:
    """An endpoint of one variant on a type, with a model of these containers."""
    return endpoint(variant(instance_type, model=model(*containers), **changes))


def refused(it: Endpoint, usage: Usage = NO_USAGE) -> dict[str, str]:
    return {each.name: each.reason for each in AlternativesEngine(PRICES, usage).not_offered(it)[0]}


def said(it: Alternative) -> str:
    return "; ".join(it.conditions)


# Images for arm64 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "condition"),
    [
        ([f"{DLC}/pytorch-inference:2.4.0-cpu-py311"], "image pytorch-inference-graviton: type and image"),
        ([f"{DLC}/pytorch-inference:2.6.0-cpu-py312"], "image pytorch-inference-arm64: type and image"),
        ([f"{DLC}/pytorch-inference:2.10.0-cpu-py312"], "image pytorch-inference-arm64: type and image"),
        ([f"{DLC}/tensorflow-inference:2.16.1-cpu"], "image tensorflow-inference-graviton: type and image"),
        ([f"{DLC}/tensorflow-inference:2.18.0-cpu"], "image tensorflow-inference-arm64: type and image"),
        (
            [f"{DLC}/pytorch-inference@sha256:{'0' * 64}"],
            "image pytorch-inference-arm64, or pytorch-inference-graviton before 2.5: type and image",
        ),
        (
            [f"{DLC}/pytorch-inference:{'9' * 5_000}.0-cpu"],
            "image pytorch-inference-arm64, or pytorch-inference-graviton before 2.5: type and image",
        ),
        ([f"{DLC}/mxnet-inference:1.9.0-cpu-py38"], "no arm64 image is known for this repository: mxnet-inference"),
        ([XGBOOST], "an arm64 image of sagemaker-xgboost in this version"),
        ([f"{OWN}/ranker:7-arm64"], "the image is built for arm64 (its name says so)"),
        ([f"{OWN}/ranker-amd64:7"], "the image is built for arm64 too (its name says x86)"),
        (["docker.io/acme/ranker:7"], "the image is built for arm64 (not known)"),
        (
            [f"{DLC}/pytorch-inference-graviton:2.1.0-cpu-py310", f"{OWN}/post:1"],
            "the image is built for arm64 (not known)",
        ),
    ],
)
def test_what_must_be_true_of_an_image_follows_from_its_name(images: list[str], condition: str) -> None:
    """(0.204 - 0.1632) × 730 = 29.784, whatever the image is."""
    offered = found(on("ml.c5.xlarge", *map(container, images)))["ml.c6g.xlarge"]
    assert offered.usd == Decimal("29.784")
    assert offered.conditions[0].startswith(f"arm64: {condition}")


@pytest.mark.parametrize("repository", ["pytorch-inference-graviton:2.1.0-cpu", "pytorch-inference-arm64:2.6.0-cpu"])
def test_an_image_that_is_built_for_arm64_needs_nothing_else(repository: str) -> None:
    assert found(on("ml.c5.xlarge", container(f"{DLC}/{repository}")))["ml.c6g.xlarge"].conditions == ()


@pytest.mark.parametrize("region", ["af-south-1", "ap-southeast-3", "me-central-1", "us-gov-west-1"])
def test_where_graviton_has_no_price_it_is_not_offered(region: str) -> None:
    """ml.c5.xlarge has one there, ml.c6g.xlarge has none."""
    assert "ml.c6g.xlarge" not in found(endpoint(variant("ml.c5.xlarge"), region=region))


# Accelerators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number_format", ["fp16", "float16", "float32"])
def test_another_number_format_than_bfloat16_runs_on_a_t4(number_format: str) -> None:
    """(1.1267 - 0.736) × 730."""
    offered = found(on("ml.g6.xlarge", container(number_format=number_format)))["ml.g4dn.xlarge"]
    assert offered.usd == Decimal("285.211")
    assert "bfloat16" not in said(offered)


@pytest.mark.parametrize("number_format", ["bf16", "bfloat16"])
def test_bfloat16_forbids_a_t4_and_allows_an_l4(number_format: str) -> None:
    """(2.6054 - 1.1267) × 730 = 1,079.451."""
    small, large = (on(name, container(number_format=number_format)) for name in ("ml.g6.xlarge", "ml.g6e.xlarge"))
    assert "ml.g4dn.xlarge" not in found(small)
    assert refused(small)["ml.g4dn.xlarge"].startswith("its container asks for bfloat16")
    offered = found(large)["ml.g6.xlarge"]
    assert (offered.usd, offered.loses[0]) == (Decimal("1079.451"), "22 of 45 GiB of GPU memory")
    assert "bfloat16" not in said(offered)


@pytest.mark.parametrize("number_format", [None, "auto", LATER])
def test_what_nobody_says_of_the_number_format_is_a_condition(number_format: Any) -> None:
    offered = found(on("ml.g6.xlarge", container(number_format=number_format)))["ml.g4dn.xlarge"]
    assert "it does not compute in bfloat16, which a T4 has not (not known)" in offered.conditions


@pytest.mark.parametrize(
    ("present", "other", "usd"),
    [("ml.g4dn.12xlarge", "ml.g4dn.8xlarge", "1584.10"), ("ml.p3.8xlarge", "ml.g4dn.12xlarge", "7156.74")],
)
def test_what_runs_without_bfloat16_today_does_not_ask_for_it(present: str, other: str, usd: str) -> None:
    """(4.89 - 2.72) × 730 = 1,584.10; (14.688 - 4.89) × 730 and the volume of 30 GB, 4.20, are 7,156.74."""
    offered = found(on(present))[other]
    assert offered.usd == Decimal(usd)
    assert "bfloat16" not in said(offered)


def test_the_degree_of_tensor_parallelism_binds_the_number_of_gpus() -> None:
    """(7.09 - 5.752) × 730 = 976.74; (7.09 - 3.06) × 730 = 2,941.90."""
    two, one = (on("ml.g5.12xlarge", container(tensor_parallel_degree=degree)) for degree in (2, 1))
    assert found(two)["ml.g6.12xlarge"].usd == Decimal("976.74")
    assert "ml.g5.8xlarge" not in found(two)
    assert refused(two)["ml.g5.8xlarge"].startswith("the model is split over 2 accelerators, and it has 1")
    alone = found(one)["ml.g5.8xlarge"]
    assert alone.usd == Decimal("2941.90")
    assert "split" not in said(alone)
    assert (
        "the model is split over 1 at most, not 4 (not known)"
        in found(on("ml.g5.12xlarge"))["ml.g5.8xlarge"].conditions
    )


def test_on_neuron_the_degree_counts_cores_of_which_a_chip_has_two() -> None:
    """inf2.24xlarge has six Inferentia2, twelve cores; inf2.8xlarge one, two cores. (7.79 - 2.36) × 730 = 3,963.90."""
    two, three = (on("ml.inf2.24xlarge", container(tensor_parallel_degree=degree)) for degree in (2, 3))
    assert found(two)["ml.inf2.8xlarge"].usd == Decimal("3963.90")
    assert "ml.inf2.8xlarge" not in found(three)
    assert refused(three)["ml.inf2.8xlarge"].startswith("the model is split over 3 NeuronCores, and it has 2")
    all_of_it = on("ml.inf2.48xlarge", container(tensor_parallel_degree=12))
    assert found(all_of_it)["ml.inf2.24xlarge"].loses[0] == "192 of 384 GiB of accelerator memory"


@pytest.mark.parametrize("degree", [None, 2, 4, LATER])
def test_eight_small_gpus_never_stand_in_for_four_large_ones(degree: Any) -> None:
    assert "ml.g6.48xlarge" not in found(on("ml.g6e.24xlarge", container(tensor_parallel_degree=degree)))


def test_what_the_model_takes_decides_on_half_of_the_gpu_memory() -> None:
    """An L4 has 22.35 GiB: 23 do not fit, 20 do."""
    too_much, enough = (used(model_memory_gib=gib) for gib in ("23", "20"))
    it = on("ml.g6e.xlarge")
    assert "ml.g6.xlarge" not in found(it, too_much)
    assert refused(it, too_much)["ml.g6.xlarge"].startswith("the model takes 23 GiB, and it has 22")
    assert "not known" not in said(found(it, enough)["ml.g6.xlarge"])


def test_from_one_neuron_chip_to_another_a_model_is_compiled_again() -> None:
    """(1.55 - 0.99) × 730 = 408.80, less the volume of 8 GB that Inferentia2 takes: 407.68."""
    offered = found(on("ml.trn1.2xlarge"))["ml.inf2.xlarge"]
    assert offered.usd == Decimal("407.68")
    assert "the model is compiled for Inferentia2, with an image whose Neuron SDK knows it" in offered.conditions
    smaller = found(on("ml.inf2.24xlarge"))["ml.inf2.8xlarge"]
    assert "compiled" not in said(smaller)


@pytest.mark.parametrize("present", ["ml.inf2.24xlarge", "ml.trn1.32xlarge"])
def test_from_neuron_nothing_leads_to_gpus(present: str) -> None:
    types = [each.instance_type for each in found(on(present)).values() if each.instance_type]
    assert types
    assert {PRICES.instance(name).accelerator_kind for name in types} == {"neuron"}  # type: ignore[union-attr]


def test_several_models_in_one_container_stay_on_types_that_host_them() -> None:
    """AWS lists g4dn and g5 of one GPU; of other GPU types it says nothing, and no Neuron type hosts several."""
    it = on("ml.g5.xlarge", multi_model=True)
    offered = found(it)
    assert "AWS lists" not in said(offered["ml.g4dn.xlarge"])
    assert (
        "it hosts several models, which AWS lists for other GPU types (not known)" in offered["ml.g6.xlarge"].conditions
    )
    assert "ml.inf2.xlarge" not in offered
    assert refused(it)["ml.inf2.xlarge"] == "only CPU types and types of one GPU host several models"


def test_burstable_types_are_offered_nowhere() -> None:
    """They are superseded, and cannot be scaled: whatever scales or does not, none is named."""
    for region in ("us-east-1", "eu-west-1"):
        for name in ("ml.m5.large", "ml.c5.large", "ml.t2.xlarge"):
            assert not [each for each in found(endpoint(variant(name), region=region)) if ".t2." in each]


@pytest.mark.parametrize(
    ("present", "newer", "reason"),
    [
        ("ml.c5.2xlarge", "ml.c6i.2xlarge", "the same price"),
        ("ml.c5.2xlarge", "ml.c7i.2xlarge", "14.60 a month more"),  # (0.428 - 0.408) × 730
        ("ml.r5.xlarge", "ml.r7i.xlarge", "11.68 a month more"),  # (0.318 - 0.302) × 730
    ],
)
def test_a_newer_generation_that_is_no_cheaper_is_named_with_its_sign(present: str, newer: str, reason: str) -> None:
    assert newer not in found(on(present))
    assert refused(on(present))[newer] == f"a newer generation, {reason}"


# Ways to serve -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("it", "usage", "reason"),
    [
        (on("ml.m5.large", container(mode="MultiModel"), multi_model=True), {}, "a container of several models"),
        (on("ml.m5.large", container(f"{DLC}/pytorch-inference:2.1.0-gpu-py310")), {}, "an image for GPUs"),
        (on("ml.inf2.xlarge"), {}, "accelerator"),
        (endpoint(variant("ml.m5.large"), data_capture_percent=0.0), {}, "data capture"),
        (endpoint(tags={"guardrail:model-memory-gib": "6.5"}), {}, "more memory than 6 GB"),
        (endpoint(variant("ml.m5.large", shadow=True)), {}, "not a real-time production variant"),
        (on("ml.m5.large"), {"request_duration_ms": "60001"}, "requests of more than 60 s"),
        (on("ml.m5.large"), {"monthly_requests": "10", "request_payload_kb": "4001"}, "payloads of more than 4 MB"),
    ],
)
def test_what_serverless_inference_excludes_is_named(it: Endpoint, usage: dict[str, str], reason: str) -> None:
    assert not [name for name in found(it, used(**usage)) if name.startswith("serverless")]
    assert refused(it, used(**usage))["serverless"] == reason


@pytest.mark.parametrize(
    "usage", [{"request_duration_ms": "60000"}, {"monthly_requests": "10", "request_payload_kb": "4000"}]
)
def test_what_is_just_within_the_limits_of_serverless_inference_is_offered(usage: dict[str, str]) -> None:
    assert "serverless, 2 GB" in found(on("ml.m5.large"), used(**usage))


def test_what_nobody_knows_of_its_limits_is_a_condition_of_serverless_inference() -> None:
    it = endpoint(variant("ml.m5.large", model=model(vpc=LATER)), data_capture_percent=LATER)
    told = found(it)["serverless, 2 GB"].conditions
    assert "not data capture (not known)" in told
    assert "not a model in a VPC (not known)" in told


@pytest.mark.parametrize(
    ("it", "usage", "reason"),
    [
        (endpoint(variant(), variant()), {}, "a second production variant"),
        (on("ml.m5.xlarge", multi_model=True), {}, "a container of several models"),
        (
            endpoint(variant(model=model(container(), container(), execution_mode="Direct"))),
            {},
            "containers that are called one by one",
        ),
        (endpoint(variant(shadow=True)), {}, "a shadow variant"),
        (on("ml.m5.xlarge"), {"request_duration_ms": "3600001"}, "requests of more than an hour"),
        (on("ml.m5.xlarge"), {"monthly_requests": "10", "request_payload_kb": "1000001"}, "payloads of more than 1 GB"),
        (
            endpoint(inference_components=(InferenceComponent(address="i", name="i", variant_name=None, copies=1),)),
            {},
            "inference components",
        ),
    ],
)
def test_what_a_queue_cannot_stand_before_is_named(it: Endpoint, usage: dict[str, str], reason: str) -> None:
    assert QUEUE not in found(it, used(**usage))
    assert refused(it, used(**usage))["asynchronous"] == reason


def test_long_and_large_requests_may_wait_in_a_queue() -> None:
    """An hour, and 1 GB: what serverless inference does not take."""
    usage = used(monthly_requests="10", request_duration_ms="3600000", request_payload_kb="1000000")
    offered = found(on("ml.m5.xlarge"), usage)
    assert QUEUE in offered
    assert not [name for name in offered if name.startswith("serverless")]


@pytest.mark.parametrize(
    ("it", "reason"),
    [
        (on("ml.m5.xlarge", container(has_data_source=True)), "artifacts from ModelDataSource"),
        (endpoint(variant(model=model(container(), execution_mode="Direct"))), "containers that are called one by one"),
        (on("ml.m5d.xlarge"), "no transform job takes its type"),
        (on("ml.c6g.xlarge"), "no transform job takes its type"),
        (endpoint(variant(shadow=True)), "a shadow variant"),
    ],
)
def test_what_transform_jobs_cannot_run_is_named(it: Endpoint, reason: str) -> None:
    assert not [name for name in found(it) if name.startswith("batch")]
    assert refused(it)["batch"] == reason


def test_requests_of_more_than_an_hour_are_left_to_transform_jobs() -> None:
    offered = found(on("ml.m5.xlarge"), used(request_duration_ms="7200000"))
    assert "batch transform, 1 × ml.m5.xlarge" in offered
    assert QUEUE not in offered


def test_no_instance_at_all_is_no_reason_to_divide_by_it() -> None:
    """AWS refuses a count of 0; what is read may say it all the same."""
    assert not [name for name in found(endpoint(variant(initial_instance_count=0))) if name.startswith("batch")]
