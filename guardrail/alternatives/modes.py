"""Other ways to serve what a variant serves: serverless, asynchronous, batch, and instances in place of serverless.

Hard limits are those of the SageMaker developer guide (serverless-endpoints, async-inference, batch-transform) and
decide whether a way is offered at all; what is not known of them is a condition.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import ceil

from msgspec.structs import replace

from guardrail.alternatives import facts
from guardrail.alternatives.base import BreakEven
from guardrail.cost.base import Bill
from guardrail.cost.demand import EndpointDemand, VariantDemand
from guardrail.model import (
    INSTANCE_COUNT,
    Endpoint,
    InstanceVariant,
    ScalableTarget,
    ScalingMetric,
    ServerlessVariant,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_MONTH
from guardrail.policy.refusals import ASYNCHRONOUS, SERVERLESS
from guardrail.policy.subject import Subject
from guardrail.prices import usage_types
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

ASSUMED_MEMORY_GIB = 2
"""Memory of a serverless variant whose model nobody has sized: the price of each size is in proportion."""
LARGEST_MEMORY_GIB = usage_types.MEMORY_SIZES_GB[-1]
MOST_CONCURRENT = 200
"""Requests that a serverless endpoint takes at once (API reference, ProductionVariantServerlessConfig)."""
LONGEST_REQUEST_MS = 60_000
_MILLIONTHS = 6
LARGEST_PAYLOAD_GB = Decimal("0.004")
"""4 MB a request (serverless-endpoints)."""
LONGEST_QUEUED_MS = 3_600_000
LARGEST_QUEUED_GB = 1
"""An hour and 1 GB a request (async-inference)."""


def serverless_memory_gib(memory_gib: Decimal | None) -> int | None:
    """The memory size that a model takes; None where there is none so large."""
    if memory_gib is None:
        return ASSUMED_MEMORY_GIB
    size = ceil(memory_gib)
    return size if size <= LARGEST_MEMORY_GIB else None


def refuses_serverless(
    endpoint: Endpoint, variant: InstanceVariant, demand: VariantDemand, own: EndpointDemand, prices: PriceBook
) -> str | None:
    """The first hard limit of serverless inference that is known to be broken; None where none is."""
    specs = [prices.instance(each) for each in variant.types if isinstance(each, str)]
    if endpoint.mode != "realtime" or variant.shadow:
        return "not a real-time production variant"
    kinds = [spec.accelerator_kind for spec in specs if spec is not None and spec.accelerator_kind]
    if kinds:
        return "GPU" if "gpu" in kinds else "accelerator"
    subject = Subject(None, endpoint, variant=variant)
    refused = (phrase for phrase, question in SERVERLESS if question(subject) is True)
    components = "inference components" if endpoint.inference_components else None
    memory_gib = facts.model_memory_gib(endpoint, demand)
    too_large = "more memory than 6 GB" if serverless_memory_gib(memory_gib) is None else None
    return components or next(refused, None) or too_large or _beyond(demand, own) or _not_sold(endpoint.region, prices)


def _not_sold(region: str | Unknown, prices: PriceBook) -> str | None:
    """Whether a region has no price for it."""
    if isinstance(region, Unknown):
        return None
    price = prices.price(region, usage_types.serverless(ASSUMED_MEMORY_GIB))
    return None if isinstance(price, Price) else price.reason


def _beyond(demand: VariantDemand, own: EndpointDemand) -> str | None:
    """The limit of serverless inference that usage goes beyond."""
    duration_ms, requests = demand.duration_ms, demand.requests
    if duration_ms is not None and duration_ms > LONGEST_REQUEST_MS:
        return "requests of more than 60 s"
    if not isinstance(requests, Decimal) or not requests:
        return None
    if duration_ms is not None and requests * duration_ms / 1000 / SECONDS_PER_MONTH > MOST_CONCURRENT:
        return "more than 200 requests at once"
    return "payloads of more than 4 MB" if _sends_more(demand, own, LARGEST_PAYLOAD_GB) else None


def _sends_more(demand: VariantDemand, own: EndpointDemand, gb: Decimal | int) -> bool:
    """Whether the mean payload of a request is larger."""
    requests = demand.requests
    return isinstance(requests, Decimal) and bool(own.data_in and requests and own.data_in.gb / requests > gb)


def serverless_conditions(endpoint: Endpoint, variant: InstanceVariant, memory_gib: Decimal | None) -> Iterator[str]:
    """What must hold for a variant to be served without instances."""
    subject = Subject(None, endpoint, variant=variant)
    for phrase, question in SERVERLESS:
        if isinstance(question(subject), Unknown):
            yield f"not {phrase} (not known)"
    yield "image up to 10 GB"
    if memory_gib is None:
        yield f"memory of the model up to {LARGEST_MEMORY_GIB * facts.MIB_PER_GIB:,} MiB (unknown; priced at 2,048)"
    yield "payloads up to 4 MB, requests up to 60 s, up to 200 at once and within the quota of the region"
    yield "cold starts are fine"
    if isinstance(facts.containers(variant), Unknown):
        yield "its model is in no VPC, no pipeline, and not of AWS Marketplace (not known)"
    yield "a new endpoint: one on instances cannot be converted"


def as_serverless(variant: InstanceVariant, memory_gib: int) -> ServerlessVariant:
    """The same variant without instances."""
    return ServerlessVariant(
        name=variant.name,
        memory_mib=memory_gib * facts.MIB_PER_GIB,
        max_concurrency=MOST_CONCURRENT,
        provisioned_concurrency=None,
        weight=variant.weight,
        model_name=variant.model_name,
        model=variant.model,
    )


def break_even(
    fixed_usd: Decimal,
    seconds: Decimal,
    demand: VariantDemand,
    *,
    usd_per_second: Decimal | None = None,
    memory_mib: int | None = None,
) -> BreakEven:
    """``seconds`` of work a month that cost what instances do, and how many requests an hour those are."""
    duration = demand.duration_ms or Unknown("the mean duration of a request is in no usage file")
    requests = demand.requests if isinstance(demand.requests, Decimal) else None
    return BreakEven(
        usd_per_second=usd_per_second,
        fixed_usd=fixed_usd,
        seconds_a_month=round(seconds, _MILLIONTHS),
        duration_ms=duration,
        requests_an_hour=duration
        if isinstance(duration, Unknown)
        else round(seconds / HOURS_PER_MONTH / (duration / 1000), _MILLIONTHS),
        present_an_hour=None if requests is None else round(requests / HOURS_PER_MONTH, _MILLIONTHS),
        memory_mib=memory_mib,
    )


def too_many(even: BreakEven | None) -> str | None:
    """Why usage makes what is billed for the work alone dearer; None where it does not, or is not known."""
    if even is None or not even.is_passed:
        return None
    each = "" if even.usd_per_second is not None else ", one at a time on each instance"
    return f"{even.present_an_hour:,.1f} requests an hour: it is cheaper below {even.requests_an_hour:,.1f}{each}"


def of_serverless(
    prices: PriceBook, region: str, memory_mib: int, fixed_usd: Decimal, demand: VariantDemand
) -> BreakEven | None:
    """`break_even` of serverless compute; None where the region has no price for it."""
    price = prices.price(region, usage_types.serverless(ceil(memory_mib / facts.MIB_PER_GIB)))
    if not isinstance(price, Price):
        return None
    seconds = fixed_usd / price.usd
    return break_even(fixed_usd, seconds, demand, usd_per_second=price.usd, memory_mib=memory_mib)


def of_queue(queue: Bill, fixed_usd: Decimal, demand: VariantDemand) -> BreakEven | None:
    """`break_even` of instances behind a queue, by what they cost while all of them work."""
    line = next((each for each in queue.lines if each.kind == "instance" and each.count is not None), None)
    if line is None or line.count is None or not queue.monthly.ceiling:
        return None
    return break_even(fixed_usd, fixed_usd / queue.monthly.ceiling * line.count.ceiling * SECONDS_PER_MONTH, demand)


def refuses_asynchronous(
    endpoint: Endpoint, variant: InstanceVariant, demand: VariantDemand, own: EndpointDemand
) -> str | None:
    """What is known that stands against answering later; None where nothing does.

    InvokeEndpointAsync names neither a variant nor a model nor a container (SageMaker runtime API reference).
    """
    subject, duration_ms = Subject(None, endpoint, variant=variant), demand.duration_ms
    limits = (
        ("not a real-time endpoint", endpoint.mode != "realtime"),
        ("a shadow variant", any(each.shadow for each in _variants(endpoint))),
        ("inference components", bool(endpoint.inference_components)),
        *((phrase, question(subject) is True) for phrase, question in ASYNCHRONOUS),
        ("a container of several models", variant.multi_model is True),
        ("containers that are called one by one", facts.calls_each(variant)),
        ("requests of more than an hour", duration_ms is not None and duration_ms > LONGEST_QUEUED_MS),
        ("payloads of more than 1 GB", _sends_more(demand, own, LARGEST_QUEUED_GB)),
        ("its initial count is unknown", isinstance(variant.initial_instance_count, Unknown)),
    )
    return next((phrase for phrase, is_broken in limits if is_broken), None)


def _variants(endpoint: Endpoint) -> Sequence[Variant]:
    return () if isinstance(endpoint.variants, Unknown) else endpoint.variants


ASYNCHRONOUS_CONDITIONS = (
    "minutes of wait are fine, the first request after zero included",
    "callers put the request into S3 and fetch the answer there: payloads up to 1 GB, up to an hour",
    "no answer is streamed",
    "a new endpoint configuration with async_inference_config, and a policy that wakes it from zero",
)


def as_asynchronous(variant: InstanceVariant) -> InstanceVariant:
    """The same variant with a queue before it, scaling to zero on its backlog (DG async-inference-autoscale)."""
    count = variant.initial_instance_count
    scaling = variant.scaling if isinstance(variant.scaling, ScalableTarget) else None
    top = scaling.max_capacity if scaling is not None else count
    metric = ScalingMetric(
        predefined=False,
        name="ApproximateBacklogSizePerInstance",
        namespace="AWS/SageMaker",
        statistic="Average",
    )
    policy = TargetTrackingPolicy(address="", target_value=5.0, metrics=(metric,), disable_scale_in=False)
    target = ScalableTarget(address="", dimension=INSTANCE_COUNT, min_capacity=0, max_capacity=top, policies=(policy,))
    return replace(variant, scaling=target, managed_scaling=None)


BATCH_CONDITIONS = (
    "nobody waits for an answer: the requests of a day can be collected into files in S3",
    "whoever calls the endpoint starts transform jobs instead",
)


def refuses_batch(endpoint: Endpoint, variant: InstanceVariant, prices: PriceBook) -> str | None:
    """Why transform jobs cannot run the model, as far as that is known; None where they can."""
    found = facts.containers(variant)
    spec = prices.instance(variant.instance_type) if isinstance(variant.instance_type, str) else None
    if spec is None or not spec.runs_transform:
        return "no transform job takes its type"
    price = prices.transform(str(endpoint.region), spec.instance_type)
    limits = (
        ("a container of several models", variant.multi_model is True),
        ("containers that are called one by one", facts.calls_each(variant)),
        (
            "artifacts from ModelDataSource",
            not isinstance(found, Unknown) and any(one.has_data_source is True for one in found),
        ),
        ("inference components", bool(endpoint.inference_components)),
        ("a shadow variant", variant.shadow),
        (f"{spec.instance_type} has no price for it in {endpoint.region}", not isinstance(price, Price)),
        ("its initial count is unknown", isinstance(variant.initial_instance_count, Unknown)),
    )
    return next((phrase for phrase, is_broken in limits if is_broken), None)
