"""What is known of what a variant serves, as far as it decides where it can run.

What a model needs is read from what the code tells: its image, the environment of its container, the accelerators that
inference components ask for, and the hint of a tag. The rest is a named unknown.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from guardrail import limits
from guardrail.cost.demand import VariantDemand
from guardrail.model import Container, Endpoint, InstanceVariant, Model, ServerlessVariant, Unknown
from guardrail.policy.images import Image, image_of
from guardrail.prices.book import InstanceSpec

MEMORY_TAG = "guardrail:model-memory-gib"
"""A tag of the endpoint: GiB that its model takes while it runs, of accelerators where there are any."""

MIB_PER_GIB = 1024
_BFLOAT16 = frozenset({"bf16", "bfloat16"})
_WITHOUT_BFLOAT16 = frozenset({"T4", "V100", "K80"})
"""GPUs of a compute capability below 8.0 (NVIDIA CUDA programming guide, arithmetic instructions)."""
_ARM64 = {
    "pytorch-inference": ("pytorch-inference-graviton", "pytorch-inference-arm64", (2, 5)),
    "tensorflow-inference": ("tensorflow-inference-graviton", "tensorflow-inference-arm64", (2, 18)),
}
"""Repositories of AWS whose arm64 images have repositories of their own, under another name from a version on
("Available Deep Learning Containers Images": "Starting with PyTorch 2.5, we are changing the name")."""
_SAYS_ARM64 = re.compile("graviton|arm64|aarch64")
_SAYS_X86 = re.compile("amd64|x86[_-]?64")
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})")
_GRAVITON_BY_VERSION = frozenset({"sagemaker-scikit-learn", "sagemaker-xgboost"})
"""Repositories of which the SageMaker Python SDK (image_uris) names arm64 images of some versions."""
_CORES = {"Inferentia": 4, "Inferentia2": 2, "Trainium": 2, "Trainium2": 8}
"""NeuronCores of a chip, which degrees of tensor parallelism count (AWS Neuron documentation, architecture)."""
_GENERATED = 18
"""Digits at the end of a name that Terraform makes up (``name_prefix``)."""


def containers(variant: InstanceVariant | ServerlessVariant) -> tuple[Container, ...] | Unknown:
    """The containers of its model; Unknown where that is managed elsewhere."""
    model = variant.model
    if not isinstance(model, Model):
        return model or Unknown("its model is not in this source")
    return model.containers


def images(variant: InstanceVariant) -> tuple[Image | None, ...] | Unknown:
    """The image of each container; None for one that is not in ECR, or not known."""
    found = containers(variant)
    if isinstance(found, Unknown):
        return found
    return tuple(image_of(one.image) if isinstance(one.image, str) else None for one in found)


def on_graviton(variant: InstanceVariant) -> str | None:
    """What must be true of the image on arm64; None where it is built for that."""
    found = images(variant)
    said: list[str] = []
    for image in (None,) if isinstance(found, Unknown) or not found else found:
        name = "" if image is None else f"{image.repository}:{image.tag}".lower()
        if image is None or not image.of_aws:
            said.append(own_image(name))
        elif not _SAYS_ARM64.search(name):
            said.append(_arm64_of(image))
    return "; ".join(dict.fromkeys(said)) or None


def own_image(name: str) -> str:
    """What must be true of an image of one's own on arm64.

    Its builder knows what it is built for; its name says it for sure of AWS's registries alone.
    """
    if _SAYS_X86.search(name):
        return "the image is built for arm64 too (its name says x86)"
    return f"the image is built for arm64 ({'its name says so' if _SAYS_ARM64.search(name) else 'not known'})"


def _arm64_of(image: Image) -> str:
    repository = image.repository
    if repository in _ARM64:
        before, since, version = _ARM64[repository]
        found = _VERSION.match(image.tag)
        if found is None:
            name = f"{since}, or {before} before {version[0]}.{version[1]}"
        else:
            name = since if (int(found[1]), int(found[2])) >= version else before
        return f"image {name}: type and image change together"
    if repository in _GRAVITON_BY_VERSION:
        return f"an arm64 image of {repository} in this version, which the SageMaker Python SDK says"
    return f"no arm64 image is known for this repository: {repository}"


def number_format(variant: InstanceVariant, spec: InstanceSpec, present: InstanceSpec | None = None) -> str | bool:
    """Whether a type has the number format of the container's settings; a text for what must then be true.

    What runs on a ``present`` type that has no bfloat16 either computes in something else.
    """
    if spec.accelerator_name not in _WITHOUT_BFLOAT16:
        return True
    formats = _each(variant, lambda container: container.number_format)
    if any(one in _BFLOAT16 for one in formats if isinstance(one, str)):
        return False
    if formats and all(isinstance(one, str) and one != "auto" for one in formats):
        return True
    if present is not None and present.accelerator_name in _WITHOUT_BFLOAT16:
        return True
    return f"it does not compute in bfloat16, which a {spec.accelerator_name} has not (not known)"


def shards(spec: InstanceSpec) -> int:
    """Over how many parts of a type a model can be split: its GPUs, of Neuron chips their cores."""
    return spec.accelerators * _CORES.get(spec.accelerator_name or "", 1)


def calls_each(variant: InstanceVariant) -> bool:
    """Whether its containers are called one by one, by a name in the request, as several models in one are."""
    model = variant.model
    return isinstance(model, Model) and model.execution_mode == "Direct"


def degree(variant: InstanceVariant) -> int | Unknown | None:
    """Over how many accelerators the model is split; None where nobody says."""
    said = _each(variant, lambda container: container.tensor_parallel_degree)
    known = [one for one in said if isinstance(one, int)]
    return max(known) if known else next((one for one in said if isinstance(one, Unknown)), None)


def _each(variant: InstanceVariant, value: Callable[[Container], object]) -> list[object]:
    found = containers(variant)
    return [] if isinstance(found, Unknown) else [one for one in map(value, found) if one is not None]


def model_memory_gib(endpoint: Endpoint, asked: VariantDemand) -> Decimal | None:
    """What usage says that a model takes, else the tag of its endpoint; None where neither does."""
    return asked.model_memory_gib or tagged_memory_gib(endpoint)


def tagged_memory_gib(endpoint: Endpoint) -> Decimal | None:
    """What the tag says that its model takes; None where there is none, or it is no amount."""
    said = endpoint.tags.get(MEMORY_TAG) if isinstance(endpoint.tags, dict) else None
    amount = limits.number(said) if isinstance(said, str) else None
    return amount if amount is not None and amount > 0 else None


def room_gib(spec: InstanceSpec) -> Decimal:
    """GiB for models on one instance: of its accelerators where it has any, else its memory."""
    return spec.accelerators_gib if spec.accelerators else spec.memory_gib


def has_fixed_name(endpoint: Endpoint) -> bool:
    """Whether its configuration has a name of its own, under which the endpoint goes on as it is.

    Terraform replaces the configuration and sees no change of the endpoint, which CloudFormation refuses to replace.
    """
    name = endpoint.configuration_name
    return name is not None and endpoint.configuration_address is not None and not name[-_GENERATED:].isdecimal()


NAME_CHANGES = "its configuration, whose name is fixed, gets another one: under the same name 0.00 is saved"
"""What must be true for a change of a configuration to reach the endpoint."""
