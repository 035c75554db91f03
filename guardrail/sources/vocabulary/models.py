"""What a model consists of, and what its containers say of its variants: Marketplace packages, hosts of many models.

Sources: SageMaker developer guide, "Model Registry Models, Model Versions, and Model Groups" (packages used in AWS
Marketplace "are not versionable entities and are not associated with Model Groups"; the ARN of a registered version
ends in ``model-package/GROUP/VERSION``); SageMaker API reference, ContainerDefinition (Mode, ModelPackageName). The
accounts are those whose packages AWS's sample notebooks name for products of AWS Marketplace, one for each region.
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from guardrail.model import Container, Model, Unknown
from guardrail.sources.base import Block, View

_T = TypeVar("_T")

SINGLE_MODEL, SERIAL = "SingleModel", "Serial"
"""What an unset Mode means, of a container and of a pipeline (SageMaker API reference)."""

_PACKAGE = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:(\d{12}):model-package/[^/]+(/\d+)?")
_MARKETPLACE_ACCOUNTS = frozenset(
    {
        "057799348421",  # us-east-2
        "077584701553",  # ap-south-1
        "136758871317",  # eu-north-1
        "192199979996",  # ap-southeast-1
        "270155090741",  # sa-east-1
        "382657785993",  # us-west-1
        "446921602837",  # eu-central-1
        "470592106596",  # ca-central-1
        "594846645681",  # us-west-2
        "666831318237",  # ap-southeast-2
        "745090734665",  # ap-northeast-2
        "843114510376",  # eu-west-3
        "856760150666",  # eu-west-2
        "865070037744",  # us-east-1
        "977537786026",  # ap-northeast-1
        "985815980388",  # eu-west-1
    }
)


def containers(view: View) -> list[View] | Unknown:
    """The containers of a model: the primary one, or each of a pipeline."""
    primary, others = view.blocks("PrimaryContainer"), view.blocks("Containers")
    if isinstance(primary, Unknown):
        return primary
    return others if isinstance(others, Unknown) else [*primary, *others]


def model_of(block: Block, parts: list[View] | Unknown) -> Model:
    """A model with its containers; what is marked sensitive stays so."""
    view = block.attributes
    vpc, isolated = view.block("VpcConfig"), view.boolean("EnableNetworkIsolation")
    return Model(
        address=block.address,
        containers=parts if isinstance(parts, Unknown) else tuple(map(_container, parts)),
        execution_mode=view.inside("InferenceExecutionConfig").text("Mode") or SERIAL,
        vpc=vpc if isinstance(vpc, Unknown) else vpc is not None,
        network_isolation=False if isolated is None else isolated,
    )


def _container(view: View) -> Container:
    artifacts, registry = view.block("ModelDataSource"), view.block("ImageConfig")
    access = registry.text("RepositoryAccessMode") if isinstance(registry, View) else registry
    return Container(
        image=view.text("Image"),
        mode=view.text("Mode") or SINGLE_MODEL,
        model_package=view.text("ModelPackageName"),
        has_data_source=artifacts if isinstance(artifacts, Unknown) else artifacts is not None,
        private_registry=access if isinstance(access, Unknown) else access == "Vpc",
    )


def any_of(parts: Iterable[_T] | Unknown, holds: Callable[[_T], bool | Unknown]) -> bool | Unknown:
    """Whether something is true of one of several containers: an unknown one leaves it open where none is."""
    values = [parts] if isinstance(parts, Unknown) else [holds(part) for part in parts]
    if True in values:
        return True
    return next((value for value in values if isinstance(value, Unknown)), False)


def is_marketplace(container: View) -> bool | Unknown:
    """Whether a container is a package of AWS Marketplace.

    ``arn:aws:sagemaker:us-east-1:865070037744:model-package/llama2-13b-v4`` is one, the registered version
    ``arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/3`` is none. A name that is no ARN is that of a
    package of the own account.
    """
    name = container.unmasked().text("ModelPackageName")
    if not isinstance(name, str):
        return Unknown(f"its model package is not known: {name.reason}") if isinstance(name, Unknown) else False
    match = _PACKAGE.fullmatch(name)
    if match is None or match[2]:
        return False
    return match[1] in _MARKETPLACE_ACCOUNTS or Unknown("its model package may be one of AWS Marketplace")


def is_multi_model(container: View) -> bool | Unknown:
    """Whether a container loads many models: ``Mode: MultiModel``."""
    mode = container.text("Mode")
    return mode if isinstance(mode, Unknown) else mode == "MultiModel"
