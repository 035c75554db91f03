"""What a model consists of, and what its containers say of its variants: Marketplace packages, hosts of many models.

Sources: SageMaker developer guide, "Model Registry Models, Model Versions, and Model Groups" (packages used in AWS
Marketplace "are not versionable entities and are not associated with Model Groups"; the ARN of a registered version
ends in ``model-package/GROUP/VERSION``); SageMaker API reference, ContainerDefinition (Mode, ModelPackageName). The
accounts are those whose packages AWS's sample notebooks name for products of AWS Marketplace, one for each region.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from guardrail.expressions import expression
from guardrail.model import Container, Model, Unknown
from guardrail.sources.base import LOST, SENSITIVE, Block, View, bare

_T = TypeVar("_T")

_NUMBER_FORMAT = ("OPTION_DTYPE", "SM_VLLM_DTYPE", "SM_SGLANG_DTYPE", "DTYPE")
_TENSOR_PARALLEL = (
    "OPTION_TENSOR_PARALLEL_DEGREE",
    "TENSOR_PARALLEL_DEGREE",
    "SM_VLLM_TENSOR_PARALLEL_SIZE",
    "SM_SGLANG_TENSOR_PARALLEL_SIZE",
    "SM_SGLANG_TP_SIZE",
    "SM_SGLANG_TP",
    "SM_NUM_GPUS",
    "NUM_SHARD",
)
"""Variables of the Large Model Inference containers (docs.djl.ai), of vLLM's and SGLang's (the options of their command
lines behind a prefix), and of Hugging Face TGI."""
_LONGEST_DEGREE = 4
_ROLES = frozenset({"aws_iam_role", "awscc_iam_role", "AWS::IAM::Role"})

SINGLE_MODEL, SERIAL = "SingleModel", "Serial"
"""What an unset Mode means, of a container and of a pipeline (SageMaker API reference)."""

_PACKAGE = expression(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:(\d{12}):model-package/[^/]+(/\d+)?")
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
        execution_role=_role(block),
        network=_network(vpc),
    )


def _role(block: Block) -> str | Unknown | None:
    """The ARN of the role, else its address, which is the same wherever the same role is meant."""
    role = block.attributes.text("ExecutionRoleArn")
    if not isinstance(role, Unknown):
        return role
    references = set(block.references("ExecutionRoleArn", _ROLES))
    addresses = {reference.address for reference in references}
    return addresses.pop() if len(addresses) == 1 and LOST not in references else role


def _network(vpc: View | Unknown | None) -> tuple[str, ...] | Unknown:
    if not isinstance(vpc, View):
        return vpc or ()
    found: list[str] = []
    for name in ("Subnets", "SecurityGroupIds"):
        ids = vpc.texts(name)
        if isinstance(ids, Unknown):
            return ids
        for one in ids:
            if isinstance(one, Unknown):
                return one
            found.append(one)
    return tuple(sorted(found))


def _container(view: View) -> Container:
    artifacts, registry = view.block("ModelDataSource"), view.block("ImageConfig")
    access = registry.text("RepositoryAccessMode") if isinstance(registry, View) else registry
    return Container(
        image=view.text("Image"),
        mode=view.text("Mode") or SINGLE_MODEL,
        model_package=view.text("ModelPackageName"),
        has_data_source=artifacts if isinstance(artifacts, Unknown) else artifacts is not None,
        private_registry=access if isinstance(access, Unknown) else access == "Vpc",
        number_format=_setting(view, _NUMBER_FORMAT),
        tensor_parallel_degree=_degree(_setting(view, _TENSOR_PARALLEL)),
    )


def _setting(view: View, names: tuple[str, ...]) -> str | Unknown | None:
    """What the first of these variables of a container's environment says; no other is looked at."""
    values = view.get("Environment")
    if not isinstance(values, dict):
        return values if isinstance(values, Unknown) else None
    named = not values.keys().isdisjoint(names)
    name = next((name for name in names if values.get(name) not in (None, "")), None) if named else None
    if name is None:
        return None
    if view.is_sensitive("Environment"):
        return SENSITIVE
    value = bare(values[name])
    return value if isinstance(value, Unknown) else str(value).lower()


def _degree(text: str | Unknown | None) -> int | Unknown | None:
    if text is None or isinstance(text, Unknown):
        return text
    if text.isdecimal() and len(text) < _LONGEST_DEGREE and int(text):
        return int(text)
    return Unknown("over how many accelerators its model is split is decided when it starts")


def any_of(parts: Iterable[_T] | Unknown, holds: Callable[[_T], bool | Unknown]) -> bool | Unknown:
    """Whether something is true of one of several containers: an unknown one leaves it open where none is."""
    if isinstance(parts, Unknown):
        return parts
    found: bool | Unknown = False
    for part in parts:
        value = holds(part)
        if value is True:
            return True
        found = found or value
    return found


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
