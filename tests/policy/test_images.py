"""What the name of an image says: only a tag of AWS's own registries says what it was built for."""

import pytest

from guardrail.policy.images import image_of

DLC = "763104351884.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("path", "processor"),
    [
        (f"{DLC}/pytorch-inference:2.3-cpu-py311", "cpu"),
        (f"{DLC}/huggingface-pytorch-inference:2.1.0-transformers4.37.0-gpu-py310-cu118-ubuntu20.04", "gpu"),
        (f"{DLC}/huggingface-pytorch-inference-neuronx:2.1.2-transformers4.43.2-neuronx-py310-sdk2.20.0", "neuron"),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3", "cpu"),
        (f"{DLC}/djl-inference:0.29.0-lmi11.0.0-cu124", None),  # which it says in other words
        (f"{DLC}/pytorch-inference@sha256:abc", None),
        ("683313688378.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.3-1", None),
        ("111122223333.dkr.ecr.us-east-1.amazonaws.com/chat:1-cpu", None),  # a team's own words
    ],
)
def test_a_tag_of_aws_says_what_an_image_is_for(path: str, processor: str | None) -> None:
    image = image_of(path)
    assert image is not None
    assert image.processor == processor


def test_an_image_has_the_region_of_its_registry() -> None:
    image = image_of("727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-inference:2.3-cpu")
    assert image is not None
    assert (image.account, image.region, image.repository) == ("727897471807", "cn-north-1", "pytorch-inference")


@pytest.mark.parametrize(
    "path", ["nginx:1", "", "registry.example.com/chat", f"{DLC}.evil.example/x:1-cpu", "1.dkr.ecr.x/y"]
)
def test_what_is_no_image_of_ecr_is_none(path: str) -> None:
    assert image_of(path) is None
