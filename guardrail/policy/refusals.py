"""What SageMaker refuses of a variant, as its documentation has it, and what fails once it is deployed.

Each list is data: a phrase for people and a question to the endpoint and the variant, which may have no answer. A model
that is managed elsewhere, and an image or package whose name is not known, leave no verdict open: nearly every stack
has one, and what it is nobody has written here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from guardrail.model import Container, Endpoint, InstanceVariant, Model, ScalableTarget, ServerlessVariant, Unknown

Variant: TypeAlias = InstanceVariant | ServerlessVariant
Answer: TypeAlias = bool | Unknown
Question: TypeAlias = Callable[[Endpoint, Variant], Answer]

_ARM_FAMILY = re.compile(r"ml\.[a-z]+\d+g[a-z]*\.[a-z0-9]+")
"""An instance type on Graviton: ml.c7g.large, ml.m6gd.xlarge, ml.c6gn.large; ml.g5 and ml.g4dn are none."""
_ARM_IMAGE = re.compile("graviton|arm64|aarch64")


def _model(variant: Variant) -> Model | None:
    return variant.model if isinstance(variant.model, Model) else None


def _of_model(read: Callable[[Model], Answer]) -> Question:
    def answer(_: Endpoint, variant: Variant) -> Answer:
        model = _model(variant)
        return False if model is None else read(model)

    return answer


def _of_containers(holds: Callable[[Container], Answer]) -> Question:
    def read(model: Model) -> Answer:
        if isinstance(model.containers, Unknown):
            return model.containers
        return _any(holds(container) for container in model.containers)

    return _of_model(read)


def _any(answers: Iterator[Answer]) -> Answer:
    found = list(answers)
    unknown = next((answer for answer in found if isinstance(answer, Unknown)), False)
    return True if True in found else unknown


def _is(value: object, expected: object) -> Answer:
    return value if isinstance(value, Unknown) else value == expected


def _several_containers(model: Model) -> Answer:
    return model.containers if isinstance(model.containers, Unknown) else len(model.containers) > 1


def _several_variants(endpoint: Endpoint, _: Variant) -> Answer:
    variants = endpoint.variants
    return variants if isinstance(variants, Unknown) else sum(not _is_shadow(each) for each in variants) > 1


def _is_shadow(variant: Variant) -> bool:
    return isinstance(variant, InstanceVariant) and variant.shadow


def _captures(endpoint: Endpoint, _: Variant) -> Answer:
    percent = endpoint.data_capture_percent
    return percent if isinstance(percent, Unknown) else percent is not None


def _marketplace(_: Endpoint, variant: Variant) -> Answer:
    return variant.marketplace is True


def _gpu_image(container: Container) -> Answer:
    if not isinstance(container.image, str):
        return False
    from guardrail.policy.images import image_of

    found = image_of(container.image)
    return found is not None and found.processor == "gpu"


def _is_inf1(_: Endpoint, variant: Variant) -> Answer:
    if not isinstance(variant, InstanceVariant):
        return False
    return _any(_is_of_inf1(each) for each in variant.types)


def _is_of_inf1(instance_type: str | Unknown) -> Answer:
    return instance_type if isinstance(instance_type, Unknown) else instance_type.startswith("ml.inf1.")


_MULTI_MODEL = ("a container of several models", _of_containers(lambda each: _is(each.mode, "MultiModel")))
_MARKETPLACE = ("a package of AWS Marketplace", _marketplace)
_SECOND_VARIANT = ("a second production variant", _several_variants)

SERVERLESS: Sequence[tuple[str, Question]] = (
    _SECOND_VARIANT,
    ("data capture", _captures),
    ("a model in a VPC", _of_model(lambda model: model.vpc)),
    ("a model in network isolation", _of_model(lambda model: model.network_isolation)),
    _MULTI_MODEL,
    ("a pipeline of containers", _of_model(_several_containers)),
    ("an image of a private registry", _of_containers(lambda each: each.private_registry)),
    ("an image for GPUs", _of_containers(_gpu_image)),
    ("artifacts from ModelDataSource", _of_containers(lambda each: each.has_data_source)),
    _MARKETPLACE,
)
"""Developer guide, "Feature exclusions" of serverless endpoints; ModelDataSource by its own API page."""
SHADOW: Sequence[tuple[str, Question]] = (
    ("asynchronous inference", lambda endpoint, _: _is(endpoint.mode, "async")),
    _SECOND_VARIANT,
    _MULTI_MODEL,
    ("a model of several containers", _of_model(_several_containers)),
    ("an Inf1 instance", _is_inf1),
    _MARKETPLACE,
)
"""Developer guide, "Shadow tests"; CreateEndpointConfig has one production variant beside a shadow variant."""
ASYNCHRONOUS: Sequence[tuple[str, Question]] = (_SECOND_VARIANT, _MARKETPLACE)
"""CDK's RFC 431: an asynchronous endpoint has one variant, on instances; CreateEndpointConfig refuses the latter."""


def unsupported(endpoint: Endpoint, variant: Variant) -> tuple[str, ...] | Unknown:
    """What the variant's kind of inference does not take, a phrase each; Unknown where one may be and none surely is.

    Of a serverless variant whose model is in a VPC: ``("a model in a VPC",)``.
    """
    questions = _questions(endpoint, variant)
    if isinstance(questions, Unknown):
        return questions
    answers = [(phrase, question(endpoint, variant)) for phrase, question in questions]
    found = tuple(phrase for phrase, answer in answers if answer is True)
    return found or next((answer for _, answer in answers if isinstance(answer, Unknown)), ())


def _questions(endpoint: Endpoint, variant: Variant) -> Sequence[tuple[str, Question]] | Unknown:
    if isinstance(variant, ServerlessVariant):
        return SERVERLESS
    if variant.shadow:
        return SHADOW
    return endpoint.mode if isinstance(endpoint.mode, Unknown) else ASYNCHRONOUS if endpoint.mode == "async" else ()


# Images --------------------------------------------------------------------------------------------------------------


def image_problems(endpoint: Endpoint, variant: Variant) -> tuple[str, ...] | Unknown:
    """What is wrong with each image of the variant's model: ``it lies in eu-west-1``; only what the source tells.

    ContainerDefinition in the API reference: an image in ECR is in the region of the endpoint. An image for arm64 does
    not start on x86, nor one of AWS's for x86 on Graviton.
    """
    model = _model(variant)
    containers = model.containers if model is not None else ()
    images = () if isinstance(containers, Unknown) else (container.image for container in containers)
    problems = [
        problem for image in images if isinstance(image, str) for problem in _problems(image, endpoint, variant)
    ]
    found = tuple(dict.fromkeys(problem for problem in problems if isinstance(problem, str)))
    return found or next((problem for problem in problems if isinstance(problem, Unknown)), ())


def _problems(image: str, endpoint: Endpoint, variant: Variant) -> Iterator[str | Unknown]:
    from guardrail.policy.images import image_of

    found = image_of(image)
    if found is None:
        return
    if isinstance(endpoint.region, Unknown):
        yield endpoint.region
    elif found.region != endpoint.region:
        yield f"the image lies in {found.region}, and the endpoint in {endpoint.region}"
    is_arm = _ARM_IMAGE.search(f"{found.repository}:{found.tag}") is not None
    for instance_type in variant.types if isinstance(variant, InstanceVariant) else ():
        if isinstance(instance_type, Unknown):
            yield instance_type
        elif is_arm and not _ARM_FAMILY.fullmatch(instance_type):
            yield f"the image is built for Graviton (arm64), and {instance_type} is no such type"
        elif found.of_aws and not is_arm and _ARM_FAMILY.fullmatch(instance_type):
            yield f"the image is built for x86, and {instance_type} is Graviton (arm64)"


# A change of type ----------------------------------------------------------------------------------------------------


def scaled_type_change(
    endpoint: Endpoint, variant: Variant, before: Mapping[str, Endpoint] | None
) -> str | Unknown | None:
    """``ml.m5.large to ml.m5.xlarge``, a change of type under a scaling target that was there before; else None.

    Developer guide, "Update endpoints that use auto scaling": such an update fails. Variants are the same by name.
    """
    previous = before.get(endpoint.address) if before is not None else None
    if endpoint.change != "update" or previous is None or not isinstance(variant.scaling, (ScalableTarget, Unknown)):
        return None
    if isinstance(variant.name, Unknown) or isinstance(previous.variants, Unknown):
        return None
    was = next((each for each in previous.variants if each.name == variant.name), None)
    if not (isinstance(was, InstanceVariant) and isinstance(variant, InstanceVariant)):
        return None
    if not isinstance(was.scaling, ScalableTarget) or was.instance_pools or variant.instance_pools:
        return None
    return _change(was.instance_type, variant.instance_type)


def _change(before: Any, after: Any) -> str | Unknown | None:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return None if before == after else next(each for each in (after, before) if isinstance(each, Unknown))
    return f"{before} to {after}" if before != after and before and after else None
