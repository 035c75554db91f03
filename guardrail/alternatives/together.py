"""Endpoints put together: several models on the instances of one endpoint, in place of an endpoint for each.

What may share instances has one execution role, one network, one environment, one key and one region. Sources:
SageMaker developer guide, multi-model-support (every CPU type, types of one GPU; the container says that it can),
"Deploy multi-container endpoints" (up to 15), realtime-endpoints (inference components reserve whole accelerators).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from msgspec.structs import replace

from guardrail.alternatives import facts
from guardrail.alternatives.base import Alternative, Kind, ranked
from guardrail.alternatives.engine import Engine, difference
from guardrail.alternatives.packing import Size, packed
from guardrail.cost import join
from guardrail.cost.base import Monthly
from guardrail.model import Container, Endpoint, InstanceVariant, Model, Unknown
from guardrail.policy.images import image_of
from guardrail.prices.book import InstanceSpec

MOST_CONTAINERS = 15
_HOSTS_SEVERAL = frozenset(
    {"sagemaker-scikit-learn", "sagemaker-xgboost", "pytorch-inference", "tensorflow-inference", "mxnet-inference"}
)
"""Repositories of AWS whose images have the label com.amazonaws.sagemaker.capabilities.multi-models."""
_HOSTS_SEVERAL_ON_GPU = frozenset({"sagemaker-tritonserver"})
_GPU_FAMILIES = ("g4dn", "g5")
"""Families whose types of one GPU host several models, as far as they have a price."""


class _Member(NamedTuple):
    """An endpoint that may share its instances: one variant of one container, which nothing scales."""

    endpoint: Endpoint
    variant: InstanceVariant
    container: Container
    spec: InstanceSpec
    instances: int
    environment: str | Unknown
    monthly: Monthly
    memory_gib: Decimal | None

    @property
    def accelerators(self) -> Decimal | None:
        """Those that its model takes; None where that is not known."""
        degree = facts.degree(self.variant)
        if isinstance(degree, int):
            return Decimal(degree)
        each = self.spec.accelerator_memory_gib
        if self.memory_gib is None or not each:
            return None
        return Decimal(ceil(self.memory_gib / each))


def together(
    engine: Engine, endpoints: Iterable[Endpoint], environment_of: Callable[[Endpoint], str | Unknown]
) -> tuple[Alternative, ...]:
    """What can be put together of these endpoints, each way with what it saves; ranked by money."""
    groups: dict[tuple[object, ...], list[_Member]] = {}
    for endpoint in endpoints:
        member = _member(engine, endpoint, environment_of(endpoint))
        if member is not None:
            groups.setdefault(_key(member), []).append(member)
    found: list[Alternative] = []
    for members in groups.values():
        for kind, alike in _ways(members):
            found += _priced(engine, kind, alike)
    return ranked(found)


def _member(engine: Engine, endpoint: Endpoint, environment: str | Unknown) -> _Member | None:
    variant = _only_variant(endpoint)
    containers = () if variant is None else facts.containers(variant)
    if variant is None or isinstance(containers, Unknown) or len(containers) != 1:
        return None
    spec = engine.prices.instance(variant.instance_type) if isinstance(variant.instance_type, str) else None
    monthly = engine.estimator.endpoint(endpoint).children[0].monthly
    if spec is None or monthly.at_least or not isinstance(containers[0].image, str):
        return None
    assert isinstance(variant.initial_instance_count, int)  # noqa: S101 - or it would not be alone
    return _Member(
        endpoint=endpoint,
        variant=variant,
        container=containers[0],
        spec=spec,
        instances=variant.initial_instance_count,
        environment=environment,
        monthly=monthly,
        memory_gib=facts.model_memory_gib(endpoint, engine.demand.of(endpoint).variants[0]),
    )


def _only_variant(endpoint: Endpoint) -> InstanceVariant | None:
    """The one variant of an endpoint that may share its instances; None where something binds it."""
    variants = endpoint.variants
    is_standing = endpoint.mode == "realtime" and endpoint.change != "delete" and endpoint.deployed == "yes"
    if not is_standing or isinstance(variants, Unknown) or len(variants) != 1 or endpoint.inference_components:
        return None
    (variant,) = variants
    if not isinstance(variant, InstanceVariant) or not isinstance(variant.initial_instance_count, int):
        return None
    scales = variant.scaling is not None or variant.managed_scaling is not None
    is_bound = variant.capacity_reservation is not None or variant.marketplace is not False or variant.sensitive
    return None if scales or is_bound or variant.multi_model is not False else variant


def _key(member: _Member) -> tuple[object, ...]:
    """What must be equal to share anything. What is not known is equal to nothing, but for the environment."""
    model, endpoint = member.variant.model, member.endpoint
    assert isinstance(model, Model)  # noqa: S101 - or it would be no member
    parts: list[object] = [
        endpoint.region,
        endpoint.account,
        model.execution_role,
        model.network,
        model.network_isolation,
        endpoint.kms_key,
        endpoint.data_capture_percent,
    ]
    unknown = model.execution_role is None or any(isinstance(part, Unknown) for part in parts)
    environment = "" if isinstance(member.environment, Unknown) else member.environment
    return (*parts, environment, endpoint.address if unknown else "")


def _ways(members: Sequence[_Member]) -> Iterator[tuple[Kind, list[_Member]]]:
    """What of a group can share instances, and how."""
    on_cpu = [each for each in members if each.spec.accelerator_kind is None]
    by_image = _by(on_cpu, lambda each: (each.container.image, each.spec.architecture))
    for alike in by_image.values():
        if len(alike) > 1 and _hosts_several(alike[0]) is not False:
            yield "multi-model", alike
    for alike in _by(on_cpu, lambda each: each.spec.architecture).values():
        if 1 < len(alike) <= MOST_CONTAINERS and len({each.container.image for each in alike}) > 1:
            yield "multi-container", alike
    on_one_gpu = [each for each in members if each.spec.accelerators == 1 and each.spec.family in _GPU_FAMILIES]
    for alike in _by(on_one_gpu, lambda each: (each.container.image, each.spec.instance_type)).values():
        if len(alike) > 1 and _hosts_several(alike[0], on_gpu=True) is not False:
            yield "multi-model", alike
    on_gpus = [each for each in members if each.spec.accelerators > 1]
    for alike in _by(on_gpus, lambda each: each.spec.instance_type).values():
        if 1 < len(alike) <= alike[0].spec.accelerators:
            yield "inference-components", alike


def _by(members: Iterable[_Member], key: Callable[[_Member], object]) -> Mapping[object, list[_Member]]:
    groups: dict[object, list[_Member]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return groups


def _hosts_several(member: _Member, *, on_gpu: bool = False) -> bool | None:
    """Whether its image says that it loads several models; None where nobody here knows."""
    image = image_of(str(member.container.image))
    if image is None or not image.of_aws:
        return None
    return image.repository in (_HOSTS_SEVERAL_ON_GPU if on_gpu else _HOSTS_SEVERAL)


def _priced(engine: Engine, kind: Kind, members: Sequence[_Member]) -> Iterator[Alternative]:
    """Each set of them that shares instances of the largest of their types."""
    host = max(members, key=lambda each: (facts.room_gib(each.spec), each.spec.vcpus, each.endpoint.address))
    needs = [_need(kind, each) for each in members]
    known = [need for need in needs if need is not None]
    boxes = packed(known, _room(kind, host.spec)) if len(known) == len(members) else [list(range(len(members)))]
    for box in boxes or ():
        if len(box) > 1:
            made = _of(engine, kind, host, [members[place] for place in box], known=len(known) == len(members))
            if made is not None:
                yield made


def _need(kind: Kind, member: _Member) -> Size | None:
    need = member.accelerators if kind == "inference-components" else member.memory_gib
    return None if need is None else (need,)


def _room(kind: Kind, spec: InstanceSpec) -> Size:
    return (Decimal(spec.accelerators) if kind == "inference-components" else facts.room_gib(spec),)


def _of(engine: Engine, kind: Kind, host: _Member, members: Sequence[_Member], *, known: bool) -> Alternative | None:
    count = max(each.instances for each in members)
    variant = replace(host.variant, initial_instance_count=count, multi_model=kind == "multi-model")
    bill = engine.estimator.endpoint(replace(host.endpoint, variants=(variant,))).children[0]
    saving = difference(join.total(each.monthly for each in members), bill.monthly)
    if bill.monthly.at_least or isinstance(saving.expected, Unknown) or saving.expected <= 0:
        return None
    return Alternative(
        kind=kind,
        name=f"{len(members)} models on {count} × {host.spec.instance_type}",
        usd=saving.expected,
        saving=saving,
        basis="upper-bound",
        monthly=bill.monthly,
        instance_type=host.spec.instance_type,
        instances=Decimal(count),
        loses=(f"{count} of {sum(each.instances for each in members)} instances",),
        conditions=tuple(_conditions(kind, host, members, known=known)),
        breaks=("callers name the new endpoint, and the model, container or component",),
        endpoints=tuple(sorted(each.endpoint.address for each in members)),
    )


def _conditions(kind: Kind, host: _Member, members: Sequence[_Member], *, known: bool) -> Iterator[str]:
    spec = host.spec
    if not known:
        gib = f"{facts.room_gib(spec):.0f} GiB{' of GPU memory' if spec.accelerators else ''}"
        room = f"{spec.accelerators} GPUs" if kind == "inference-components" else gib
        yield f"together they fit into {room} (needs unknown)"
    yield "one fleet takes their load together, peaks included"
    if kind == "multi-model":
        if _hosts_several(host, on_gpu=bool(spec.accelerators)) is None:
            yield "the image has the label com.amazonaws.sagemaker.capabilities.multi-models (not known)"
        yield "a model that was not used for a while answers late: it is loaded again"
    if kind == "multi-container":
        yield "each container listens to SAGEMAKER_BIND_TO_PORT; where one only feeds the next, as a serial pipeline"
    if kind == "inference-components":
        yield "each model takes whole GPUs, as its inference component asks for"
    if any(isinstance(each.environment, Unknown) for each in members):
        yield "all are of one environment (not known)"
