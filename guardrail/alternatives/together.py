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
from guardrail.alternatives.base import Alternative, AlternativeKind, ranked
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.instances import SHARED_GPU_FAMILIES
from guardrail.alternatives.packing import Size, packed
from guardrail.alternatives.savings import difference
from guardrail.cost import join
from guardrail.cost.base import Monthly
from guardrail.cost.capacity import Capacity, Running, of_instances
from guardrail.model import Container, Endpoint, InstanceVariant, Model, Unknown
from guardrail.money import HOURS_PER_MONTH, MONTH, ZERO
from guardrail.policy.images import image_of
from guardrail.prices.book import InstanceSpec

MOST_CONTAINERS = 15
_HOSTS_SEVERAL = frozenset(
    {"sagemaker-scikit-learn", "sagemaker-xgboost", "pytorch-inference", "tensorflow-inference", "mxnet-inference"}
)
"""Repositories of AWS whose images have the label com.amazonaws.sagemaker.capabilities.multi-models."""
_HOSTS_SEVERAL_ON_GPU = frozenset({"sagemaker-tritonserver"})


class _Member(NamedTuple):
    """An endpoint that may share its instances: one variant of one container."""

    endpoint: Endpoint
    variant: InstanceVariant
    container: Container
    spec: InstanceSpec
    capacity: Capacity
    environment: str | Unknown
    monthly: Monthly
    memory_gib: Decimal | None
    begins: int
    """Instances that it begins with."""

    @property
    def scales(self) -> bool:
        """Whether something moves the number of its instances."""
        return self.variant.scaling is not None

    @property
    def least(self) -> Decimal:
        """Instances that there are at least."""
        return min(state.count for state in self.capacity.states)

    @property
    def most(self) -> Decimal:
        """Instances that there are at most."""
        return max(state.count for state in self.capacity.states)

    @property
    def accelerators(self) -> Decimal | None:
        """Those that its model takes; None where that is not known."""
        degree = facts.degree(self.variant)
        if isinstance(degree, int):
            return Decimal(ceil(degree * self.spec.accelerators / facts.shards(self.spec)))
        each = self.spec.accelerator_memory_gib
        if self.memory_gib is None or not each:
            return None
        return Decimal(ceil(self.memory_gib / each))


def together(
    engine: AlternativesEngine, endpoints: Iterable[Endpoint], environment_of: Callable[[Endpoint], str | Unknown]
) -> tuple[Alternative, ...]:
    """What can be put together of these endpoints, each way with what it saves; ranked by money."""
    groups: dict[tuple[object, ...], list[tuple[Endpoint, InstanceVariant, str | Unknown]]] = {}
    for endpoint in endpoints:
        variant = _only_variant(endpoint)
        if variant is not None:
            environment = environment_of(endpoint)
            groups.setdefault(_key(endpoint, variant, environment), []).append((endpoint, variant, environment))
    found: list[Alternative] = []
    for alike in groups.values():
        members = [_member(engine, *each) for each in alike] if len(alike) > 1 else []
        for kind, several in _ways([each for each in members if each is not None]):
            found += _priced(engine, kind, several)
    return ranked(found)


def _member(
    engine: AlternativesEngine, endpoint: Endpoint, variant: InstanceVariant, environment: str | Unknown
) -> _Member | None:
    containers = facts.containers(variant)
    spec = engine.prices.instance(variant.instance_type) if isinstance(variant.instance_type, str) else None
    if spec is None or isinstance(containers, Unknown) or len(containers) != 1:
        return None
    begins = variant.initial_instance_count
    (asked,) = engine.demand.of(endpoint).variants
    capacity = of_instances(endpoint, variant, asked, MONTH)
    monthly = engine.estimator.variant(endpoint, "", variant, asked, capacity).monthly
    is_known = all(state.unknown is None for state in capacity.states) and isinstance(capacity.expected, Running)
    if monthly.at_least or not is_known or not isinstance(containers[0].image, str) or not isinstance(begins, int):
        return None
    return _Member(
        endpoint=endpoint,
        variant=variant,
        container=containers[0],
        spec=spec,
        capacity=capacity,
        environment=environment,
        monthly=monthly,
        memory_gib=facts.model_memory_gib(endpoint, asked),
        begins=begins,
    )


def _only_variant(endpoint: Endpoint) -> InstanceVariant | None:
    """The one variant of an endpoint that may share its instances; None where something binds it."""
    variants = endpoint.variants
    is_standing = endpoint.mode == "realtime" and endpoint.change != "delete" and endpoint.deployed == "yes"
    if not is_standing or isinstance(variants, Unknown) or len(variants) != 1 or endpoint.inference_components:
        return None
    (variant,) = variants
    if not isinstance(variant, InstanceVariant):
        return None
    target = variant.scaling
    is_hidden = variant.sensitive or isinstance(target, Unknown) or (target is not None and target.sensitive)
    is_bound = variant.capacity_reservation is not None or variant.marketplace is not False
    is_managed = variant.managed_scaling is not None or variant.multi_model is not False
    return None if is_hidden or is_bound or is_managed else variant


def _key(endpoint: Endpoint, variant: InstanceVariant, environment: str | Unknown) -> tuple[object, ...]:
    """What must be equal to share anything. What is not known is equal to nothing, but for the environment."""
    model = variant.model
    if not isinstance(model, Model):
        return (endpoint.address,)
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
    known = "" if isinstance(environment, Unknown) else environment
    return (*parts, known, endpoint.address if unknown else "")


def _ways(members: Sequence[_Member]) -> Iterator[tuple[AlternativeKind, list[_Member]]]:
    """What of a group can share instances, and how."""
    on_cpu = [each for each in members if each.spec.accelerator_kind is None]
    by_image = _by(on_cpu, lambda each: (each.container.image, each.spec.architecture))
    for alike in by_image.values():
        if _hosts_several(alike[0]) is not False:
            yield "multi-model", alike
    for alike in _by(on_cpu, lambda each: each.spec.architecture).values():
        if len(alike) <= MOST_CONTAINERS and len({each.container.image for each in alike}) > 1:
            yield "multi-container", alike
    on_one_gpu = [each for each in members if each.spec.accelerators == 1 and each.spec.family in SHARED_GPU_FAMILIES]
    for alike in _by(on_one_gpu, lambda each: (each.container.image, each.spec.instance_type)).values():
        if _hosts_several(alike[0], on_gpu=True) is not False:
            yield "multi-model", alike
    on_gpus = [each for each in members if each.spec.accelerators > 1]
    for alike in _by(on_gpus, lambda each: each.spec.instance_type).values():
        if len(alike) <= alike[0].spec.accelerators:
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


def _priced(engine: AlternativesEngine, kind: AlternativeKind, members: Sequence[_Member]) -> Iterator[Alternative]:
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


def _need(kind: AlternativeKind, member: _Member) -> Size | None:
    need = member.accelerators if kind == "inference-components" else member.memory_gib
    return None if need is None else (need,)


def _room(kind: AlternativeKind, spec: InstanceSpec) -> Size:
    return (Decimal(spec.accelerators) if kind == "inference-components" else facts.room_gib(spec),)


def _of(
    engine: AlternativesEngine, kind: AlternativeKind, host: _Member, members: Sequence[_Member], *, known: bool
) -> Alternative | None:
    if host.spec.burstable and any(each.scales for each in members):
        return None
    shared, begins = _shared(members), max(each.begins for each in members)
    variant = replace(host.variant, initial_instance_count=begins, multi_model=kind == "multi-model")
    (asked,) = engine.demand.of(host.endpoint).variants
    bill = engine.estimator.variant(host.endpoint, "", variant, asked, shared)
    saving = difference(join.total(each.monthly for each in members), bill.monthly)
    if bill.monthly.at_least or isinstance(saving.expected, Unknown) or saving.expected <= 0:
        return None
    least, most = shared.states[0].count, shared.states[-1].count
    count = f"{least} to {most}" if most > least else f"{least}"
    return Alternative(
        kind=kind,
        name=f"{len(members)} models on {count} × {host.spec.instance_type}",
        usd=saving.expected,
        saving=saving,
        basis="upper-bound",
        monthly=bill.monthly,
        instance_type=host.spec.instance_type,
        instances=Decimal(begins),
        loses=(f"{least} of {sum(each.least for each in members)} instances{' at least' if most > least else ''}",),
        conditions=tuple(_conditions(kind, host, members, known=known)),
        breaks=("callers name the new endpoint, and the model, container or component",),
        endpoints=tuple(sorted(each.endpoint.address for each in members)),
    )


def _shared(members: Sequence[_Member]) -> Capacity:
    """How many instances several endpoints have together.

    At least as many as the one of them that keeps most; at most, where any scales, as all of them at their peaks; in
    between as much as usage says that they take together, and without any as many as the one that is expected to
    have most. 1 to 4 with 1.5 busy, and 2 to 3 with 1 busy: 2 to 7, and 2.5.
    """
    least = max(each.least for each in members)
    tops = [each.most for each in members]
    most = sum(tops, ZERO) if any(each.scales for each in members) else max(tops)
    busy = [each.capacity.demand for each in members]
    counts = [each.capacity.expected.count for each in members if isinstance(each.capacity.expected, Running)]
    told = [each for each in busy if each is not None]
    wanted = sum(told, ZERO) if len(told) == len(members) else max(counts)
    states = [
        Running(count=count, hours=count * HOURS_PER_MONTH) for count in (least, min(max(wanted, least), most), most)
    ]
    return Capacity(states=(states[0], states[-1]), expected=states[1], origins={})


def _conditions(kind: AlternativeKind, host: _Member, members: Sequence[_Member], *, known: bool) -> Iterator[str]:
    spec = host.spec
    if not known:
        gib = f"{facts.room_gib(spec):.0f} GiB{' of GPU memory' if spec.accelerators else ''}"
        room = f"{spec.accelerators} GPUs" if kind == "inference-components" else gib
        yield f"together they fit into {room} (needs unknown)"
    if any(each.scales for each in members):
        yield (
            "the copies of each model scale by a target of their own, and the instances with them (managed scaling)"
            if kind == "inference-components"
            else "the fleet scales by a target of its own, with a policy that follows the load of all"
        )
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
