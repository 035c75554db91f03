"""What SageMaker refuses of a variant, as its documentation has it, and what fails once it is deployed.

Each list is data: a phrase for people and a question to the endpoint and the variant, which may have no answer. A model
that is managed elsewhere, and an image or package whose name is not known, leave no verdict open: nearly every stack
has one, and what it is nobody has written here.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from guardrail.expressions import expression
from guardrail.model import Container, InstanceVariant, Model, ScalableTarget, ServerlessVariant, Unknown, Variant
from guardrail.policy import getters as get
from guardrail.policy.getters import Getter
from guardrail.policy.subject import Subject

_ARM_FAMILY = expression(r"ml\.[a-z]+\d+g[a-z]*\.[a-z0-9]+")
"""An instance type on Graviton: ml.c7g.large, ml.m6gd.xlarge, ml.c6gn.large; ml.g5 and ml.g4dn are none."""
_ARM_IMAGES = ("graviton", "arm64", "aarch64")


def _of_model_here(question: Getter) -> Getter:
    """A question to the model, where it is declared in what is checked."""
    return lambda subject: get.model_here(subject) is True and question(subject)


def _several(subject: Subject) -> object:
    count = get.CONTAINERS(subject)
    return count if isinstance(count, Unknown) else count is not None and count > 1


def _several_variants(subject: Subject) -> object:
    """Whether the endpoint has more than one variant, those aside that are shadows on instances."""
    variants = subject.endpoint.variants if subject.endpoint else ()
    return variants if isinstance(variants, Unknown) else sum(not _is_shadow(each) for each in variants) > 1


def _is_shadow(variant: Variant) -> bool:
    return isinstance(variant, InstanceVariant) and variant.shadow


def _captures(subject: Subject) -> object:
    percent = subject.endpoint and subject.endpoint.data_capture_percent
    return percent if isinstance(percent, Unknown) else percent is not None


def _is_asynchronous(subject: Subject) -> object:
    mode = subject.endpoint and subject.endpoint.mode
    return mode if isinstance(mode, Unknown) else mode == "async"


def _marketplace(subject: Subject) -> object:
    return get.of_variant("marketplace")(subject) is True


def _gpu_image(container: Container) -> bool:
    found = get.image(container.image)
    return found is not None and found.processor == "gpu"


_MULTI_MODEL = ("a container of several models", _of_model_here(get.MULTI_MODEL))
_MARKETPLACE = ("a package of AWS Marketplace", _marketplace)
_SECOND_VARIANT = ("a second production variant", _several_variants)

SERVERLESS: Sequence[tuple[str, Getter]] = (
    _SECOND_VARIANT,
    ("data capture", _captures),
    ("a model in a VPC", _of_model_here(get.of_model("vpc"))),
    ("a model in network isolation", _of_model_here(get.of_model("network_isolation"))),
    _MULTI_MODEL,
    ("a pipeline of containers", _of_model_here(_several)),
    ("an image of a private registry", _of_model_here(get.PRIVATE_REGISTRY)),
    ("an image for GPUs", _of_model_here(get.any_container(_gpu_image))),
    ("artifacts from ModelDataSource", _of_model_here(get.DATA_SOURCE)),
    _MARKETPLACE,
)
"""Developer guide, "Feature exclusions" of serverless endpoints; ModelDataSource by its own API page."""
SHADOW: Sequence[tuple[str, Getter]] = (
    ("asynchronous inference", _is_asynchronous),
    _SECOND_VARIANT,
    _MULTI_MODEL,
    ("a model of several containers", _of_model_here(_several)),
    ("an Inf1 instance", get.over_types(lambda _, name: name.startswith("ml.inf1."), get.any_of)),
    _MARKETPLACE,
)
"""Developer guide, "Shadow tests"; CreateEndpointConfig has one production variant beside a shadow variant."""
ASYNCHRONOUS: Sequence[tuple[str, Getter]] = (_SECOND_VARIANT, _MARKETPLACE)
"""CDK's RFC 431: an asynchronous endpoint has one variant, on instances; CreateEndpointConfig refuses the latter."""


def unsupported(subject: Subject) -> object:
    """What the variant's kind of inference does not take, a phrase each; Unknown where one may be and none surely is.

    Of a serverless variant whose model is in a VPC: ``("a model in a VPC",)``.
    """
    questions = _questions(subject)
    if questions is None or isinstance(questions, Unknown):
        return questions
    answers = [(phrase, question(subject)) for phrase, question in questions]
    found = tuple(phrase for phrase, answer in answers if answer is True)
    return found or next((answer for _, answer in answers if isinstance(answer, Unknown)), ())


def _questions(subject: Subject) -> Sequence[tuple[str, Getter]] | Unknown | None:
    variant, endpoint = subject.variant, subject.endpoint
    if variant is None or endpoint is None or isinstance(variant, Unknown):
        return variant if isinstance(variant, Unknown) else None
    if isinstance(variant, ServerlessVariant):
        return SERVERLESS
    if variant.shadow:
        return SHADOW
    return endpoint.mode if isinstance(endpoint.mode, Unknown) else ASYNCHRONOUS if endpoint.mode == "async" else ()


# Images --------------------------------------------------------------------------------------------------------------


def image_problems(subject: Subject) -> object:
    """What is wrong with each image of the variant's model: ``it lies in eu-west-1``; only what the source tells.

    ContainerDefinition in the API reference: an image in ECR is in the region of the endpoint. An image for arm64 does
    not start on x86, nor one of AWS's for x86 on Graviton.
    """
    endpoint, variant = subject.endpoint, subject.variant
    if endpoint is None or variant is None or isinstance(variant, Unknown):
        return variant
    containers = variant.model.containers if isinstance(variant.model, Model) else ()
    images = () if isinstance(containers, Unknown) else tuple([container.image for container in containers])
    return _problems(images, endpoint.region, variant.types if isinstance(variant, InstanceVariant) else ())


@lru_cache(maxsize=1024)
def _problems(
    images: tuple[str | Unknown | None, ...], region: str | Unknown, types: tuple[str | Unknown, ...]
) -> tuple[str, ...] | Unknown:
    """Of images in a region, on instances of these types; a team runs many endpoints on few images."""
    problems = [
        problem for image in images if isinstance(image, str) for problem in _all_problems(image, region, types)
    ]
    found = tuple(dict.fromkeys(problem for problem in problems if isinstance(problem, str)))
    return found or next((problem for problem in problems if isinstance(problem, Unknown)), ())


def _all_problems(image: str, region: str | Unknown, types: tuple[str | Unknown, ...]) -> Iterator[str | Unknown]:
    found = get.image(image)
    if found is None:
        return
    if isinstance(region, Unknown):
        yield region
    elif found.region != region:
        yield f"the image lies in {found.region}, and the endpoint in {region}"
    is_arm = any(word in f"{found.repository}:{found.tag}" for word in _ARM_IMAGES)
    for instance_type in types:
        if isinstance(instance_type, Unknown):
            yield instance_type
        elif is_arm and not _ARM_FAMILY.fullmatch(instance_type):
            yield f"the image is built for Graviton (arm64), and {instance_type} is no such type"
        elif found.of_aws and not is_arm and _ARM_FAMILY.fullmatch(instance_type):
            yield f"the image is built for x86, and {instance_type} is Graviton (arm64)"


# A change of type ----------------------------------------------------------------------------------------------------


def scaled_type_change(subject: Subject) -> object:
    """``ml.m5.large to ml.m5.xlarge``, a change of type under a scaling target that was there before; else None.

    Developer guide, "Update endpoints that use auto scaling": such an update fails. Variants are the same by name.
    """
    endpoint, variant, was = subject.endpoint, subject.variant, get.previous_variant(subject)
    if isinstance(variant, Unknown):
        return variant
    if not (isinstance(was, InstanceVariant) and isinstance(variant, InstanceVariant)):
        return None
    if endpoint is None or endpoint.change != "update" or not isinstance(variant.scaling, (ScalableTarget, Unknown)):
        return None
    if not isinstance(was.scaling, ScalableTarget) or was.instance_pools or variant.instance_pools:
        return None
    found = _change(was.instance_type, variant.instance_type)
    return get.SENSITIVE_TYPE if found is not None and variant.sensitive else found


def _change(before: Any, after: Any) -> str | Unknown | None:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return None if before == after else next(each for each in (after, before) if isinstance(each, Unknown))
    return f"{before} to {after}" if before != after and before and after else None
