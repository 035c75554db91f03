"""From series to a bundle: what an account has configured, and what CloudWatch counted of it hour by hour.

Facts alone: cores, GiB, requests, hours without any, and what is missing. What they mean is judged elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from guardrail.alternatives.facts import MIB_PER_GIB
from guardrail.evidence import components, jobs, timeline
from guardrail.evidence.account import (
    Account,
    ConfigVariant,
    EndpointDescription,
    EndpointVariant,
    variant_resource,
)
from guardrail.evidence.base import ENDPOINTS, SAGEMAKER, Gap, Series, Statistic, Window
from guardrail.evidence.bundle import (
    ANSWERING,
    SCALABLE_TARGETS,
    VERSION,
    Activity,
    Backlog,
    Bundle,
    EndpointEvidence,
    JobEvidence,
    Latency,
    Models,
    Serverless,
    Survey,
    VariantEvidence,
)
from guardrail.evidence.bundle_file import sealed
from guardrail.evidence.host import Host
from guardrail.evidence.measured import Answered, Measured, activity, answered
from guardrail.evidence.observed import ObservedEndpoint, Specs
from guardrail.evidence.statistics import distribution, exact, hour_of, profile, rounded_up
from guardrail.model import PROVISIONED_CONCURRENCY

_CLIENT_ERRORS: Final = "Invocation4XXErrors"
_BACKLOG: Final = "ApproximateBacklogSize"
_MICROSECONDS: Final = 1000
"""Of a millisecond."""


def bundle(account: Account, series: Iterable[Series], window: Window, specs: Specs | None = None) -> Bundle:
    """The bundle of one region of one account, of all its series at once.

    An account of thousands of endpoints is summarised one by one instead: `endpoint` for each, `assembled` at the end.
    """
    known = specs or _tables()
    owners = {each.inference_component_name: each.endpoint_name for each in account.inference_components}
    by_endpoint: dict[str, list[Series]] = defaultdict(list)
    rest: list[Series] = []
    for each in series:
        dimensions = dict(each.query.dimensions)
        name = dimensions.get("EndpointName") or owners.get(dimensions.get("InferenceComponentName", ""))
        (rest if name is None else by_endpoint[name]).append(each)
    found = [endpoint(account, one, by_endpoint[one.endpoint_name], window, known) for one in account.endpoints]
    return assembled([survey(account, window)], found, jobs.of(account, rest, window, known))


def _tables() -> Specs:
    from guardrail.prices.book import PriceBook

    return PriceBook().instance


def assembled(
    surveys: Iterable[Survey], endpoints: Iterable[EndpointEvidence], batch: Iterable[JobEvidence] = ()
) -> Bundle:
    """A bundle of its parts, in the order in which it is written."""
    return sealed(Bundle(version=VERSION, surveys=tuple(surveys), endpoints=tuple(endpoints), jobs=tuple(batch)))


def survey(account: Account, window: Window) -> Survey:
    """When an account was looked at, and which of its calls failed."""
    return Survey(
        account=account.account,
        region=account.region,
        collected=account.now,
        start=window.start,
        end=window.end,
        resolution=window.resolution,
        gaps=tuple(Gap(subject=each.subject, metric=each.call, reason=each.reason) for each in account.faults),
    )


def endpoint(
    account: Account, described: EndpointDescription, series: Iterable[Series], window: Window, specs: Specs
) -> EndpointEvidence:
    """What was observed of one endpoint, by its own series."""
    seen = ObservedEndpoint(
        account=account,
        endpoint=described,
        config=account.config_of(described),
        measured=Measured(series, window, described.creation_time),
        specs=specs,
    )
    queue = _queue(seen) if seen.mode == "async" else None
    gaps = [] if seen.config is not None else [seen.gap("DescribeEndpointConfig", "its configuration is not there")]
    if seen.mode == "async" and queue is None:
        gaps.append(seen.measured.why_not(seen.name, SAGEMAKER, _BACKLOG, _of_endpoint(seen)))
    if queue is not None and queue.told.hours < seen.measured.hours_in_all:
        gaps.append(seen.gap(_BACKLOG, f"{queue.told.hours} of {seen.measured.hours_in_all} hours"))
    production, shadows = described.production_variants, described.shadow_production_variants
    return EndpointEvidence(
        account=account.account,
        region=account.region,
        name=seen.name,
        mode=seen.mode,
        status=described.endpoint_status,
        configuration=described.endpoint_config_name,
        created=described.creation_time,
        modified=described.last_modified_time or described.creation_time,
        start=window.start,
        end=window.end,
        tags=described.tags,
        variants=(
            *(_variant(seen, each, queue, shadow=False) for each in production),
            *(_variant(seen, each, queue, shadow=True) for each in shadows),
        ),
        components=components.of(seen),
        backlog=None if queue is None else queue.told,
        gaps=tuple(gaps),
    )


# Variants ------------------------------------------------------------------------------------------------------------


def _variant(
    seen: ObservedEndpoint, described: EndpointVariant, queue: "_Queue | None", *, shadow: bool
) -> VariantEvidence:
    name = described.variant_name
    asked = seen.asked_of(name)
    model = seen.model_of(asked)
    host = Host(seen, described)
    hosts_components = seen.hosts_components(asked)
    requests, gaps = _requests(seen, name, hosts_components=hosts_components)
    gaps = (*gaps, *(seen.gap(SCALABLE_TARGETS, fault.reason, name) for fault in seen.account.scaling_faults))
    is_serverless = seen.mode == "serverless"
    told = VariantEvidence(
        name=name,
        shadow=shadow,
        instance_type=None if asked is None else timeline.type_of(asked),
        current_instances=described.current_instance_count,
        initial_instances=None if asked is None else asked.initial_instance_count,
        least_instances=host.least,
        most_instances=host.most,
        targets=seen.targets_of(name),
        models=() if asked is None or asked.model_name is None else (asked.model_name,),
        packages=() if model is None else model.packages,
        multi_model=None if model is None else model.is_multi_model,
        has_components=hosts_components,
        weight=None if described.current_weight is None else exact(described.current_weight),
        requests=None if requests is None else requests.requests,
        latency=_latency(seen.measured, host.dimensions),
        errors=_errors(seen, host.dimensions),
        client_errors=_total(seen.measured, _CLIENT_ERRORS, host.dimensions),
        answered=_total(seen.measured, "ModelLatency", host.dimensions, "SampleCount"),
        concurrent=distribution(
            seen.measured.values(SAGEMAKER, "ConcurrentRequestsPerModel", host.dimensions, "Maximum")
        ),
        activity=_activity(seen, host, requests, queue),
        gaps=gaps,
    )
    if is_serverless:
        return replace(told, serverless=_serverless(seen, described, asked, host.dimensions))
    return replace(
        told,
        hours_at_most=host.hours_at(most=True),
        hours_at_least=host.hours_at(most=False),
        segments=host.segments,
        cpu_profile=host.cpu_profile(),
        gpu_profile=host.gpu_profile(),
        instances=host.instances(),
        several=_models(seen.measured, host) if told.multi_model else None,
        gaps=(*gaps, *host.gaps()),
    )


def _requests(
    seen: ObservedEndpoint, variant: str, *, hosts_components: bool
) -> tuple[Answered | None, tuple[Gap, ...]]:
    """The requests of a variant and what of them is missing: an asynchronous one publishes none, and that is no gap."""
    if seen.mode == "async":
        return None, ()
    dimensions = {"EndpointName": seen.name, "VariantName": variant}
    found = answered(seen.measured, dimensions)
    if hosts_components and (found is None or not found.busy):
        return None, ()  # they are those of its components
    if found is None:
        return None, (seen.measured.why_not(f"{seen.name}/{variant}", SAGEMAKER, "Invocations", dimensions),)
    if found.is_whole:
        return found, ()
    whole = seen.measured.hours_in_all
    why = f"{found.requests.hours} of {whole} hours" if found.requests.hours < whole else "answered in part"
    return found, (seen.gap("Invocations", why, variant),)


def _activity(seen: ObservedEndpoint, host: Host, requests: Answered | None, queue: "_Queue | None") -> Activity | None:
    """Since when nothing was done; None where somebody may have done something that nobody counted."""
    if queue is not None and queue.is_whole and host.is_watched:
        busy = {*queue.busy, *host.working()}
        found = activity(seen.measured, busy, queue.days, looked_back_to=queue.looked_back_to)
    elif requests is not None and requests.is_whole and _is_asked_itself(seen, requests):
        back_to = requests.requests.looked_back_to
        found = activity(seen.measured, requests.busy, requests.days, looked_back_to=back_to)
    elif (hosted := components.activity_of(seen, host.variant)) is not None:
        found = hosted
    else:
        return None
    return replace(found, instance_hours=host.instance_hours(found.since) if seen.mode != "serverless" else None)


def _is_asked_itself(seen: ObservedEndpoint, requests: Answered) -> bool:
    """Whether requests of a variant are all there are; of what has no configuration, components may be asked."""
    return seen.endpoint.endpoint_status in ANSWERING and (seen.config is not None or bool(requests.busy))


def _latency(measured: Measured, dimensions: Mapping[str, str]) -> Latency | None:
    """Of all requests, each counted once: the mean of hourly means would count a quiet hour as much as a busy one."""
    most = measured.values(SAGEMAKER, "ModelLatency", dimensions, "Maximum")
    mean = _mean_ms(measured, "ModelLatency", dimensions)
    if mean is None or not most:
        return None
    return Latency(
        mean_ms=mean,
        maximum_ms=rounded_up(max(most.values()) / _MICROSECONDS),
        overhead_mean_ms=_mean_ms(measured, "OverheadLatency", dimensions),
    )


def _mean_ms(measured: Measured, metric: str, dimensions: Mapping[str, str]) -> Decimal | None:
    took = measured.values(SAGEMAKER, metric, dimensions, "Sum")
    counts = measured.values(SAGEMAKER, metric, dimensions, "SampleCount")
    both = took.keys() & counts.keys()
    requests = sum((counts[time] for time in both), Decimal(0))
    if not requests:
        return None
    return rounded_up(sum((took[time] for time in both), Decimal(0)) / requests / _MICROSECONDS)


def _errors(seen: ObservedEndpoint, dimensions: Mapping[str, str]) -> Decimal | None:
    """Requests that failed, and not because they were faulty; None where that was not answered.

    What is counted as all that went wrong holds the 4xx too (SageMaker developer guide, monitoring-cloudwatch and
    async-inference-monitor): 30 failures, 20 of them 4xx, are 10.
    """
    every = "InvocationFailures" if seen.mode == "async" else "InvocationModelErrors"
    of_server = _total(seen.measured, "Invocation5XXErrors", dimensions)
    failures = _total(seen.measured, every, dimensions)
    refused = _total(seen.measured, _CLIENT_ERRORS, dimensions)
    known = [of_server, None if failures is None or refused is None else failures - refused]
    return max((each for each in known if each is not None), default=None)


def _total(
    measured: Measured, metric: str, dimensions: Mapping[str, str], statistic: Statistic = "Sum"
) -> Decimal | None:
    """A sum over the window; None where it was not answered."""
    found = measured.series(SAGEMAKER, metric, dimensions, statistic)
    if found is None or found.status != "Complete":
        return None
    return sum(measured.values(SAGEMAKER, metric, dimensions, statistic).values(), Decimal(0))


def _models(measured: Measured, host: Host) -> Models:
    """Of several models: those on one instance, copies on all of them, and how often one was loaded already."""
    most = measured.values(ENDPOINTS, "LoadedModelCount", host.dimensions, "Maximum")
    mean = measured.values(ENDPOINTS, "LoadedModelCount", host.dimensions, "Average")
    counts = host.counts
    copies = [value * counts[hour_of(time)] for time, value in mean.items() if hour_of(time) in counts]
    found = measured.values(SAGEMAKER, "ModelCacheHit", host.dimensions, "Sum")
    asked = measured.values(SAGEMAKER, "ModelCacheHit", host.dimensions, "SampleCount")
    requests = sum((asked[time] for time in asked.keys() & found.keys()), Decimal(0))
    hits = sum((found[time] for time in asked.keys() & found.keys()), Decimal(0))
    return Models(
        loaded_most=max(most.values(), default=None),
        loaded_copies=rounded_up(sum(copies, Decimal(0)) / len(copies)) if copies else None,
        cache_hits=rounded_up(hits / requests) if requests else None,
    )


def _serverless(
    seen: ObservedEndpoint, described: EndpointVariant, asked: ConfigVariant | None, dimensions: Mapping[str, str]
) -> Serverless:
    measured = seen.measured
    config = described.current_serverless_config or (None if asked is None else asked.serverless_config)
    most = None if config is None else config.max_concurrency
    memory = None if config is None else config.memory_size_in_mb
    shares = measured.values(SAGEMAKER, "ServerlessConcurrentExecutionsUtilization", dimensions, "Maximum")
    used = measured.values(ENDPOINTS, "MemoryUtilization", dimensions, "Maximum")
    return Serverless(
        memory_mib=memory,
        max_concurrency=most,
        provisioned_concurrency=None if config is None else config.provisioned_concurrency,
        hours_at_most=len({hour_of(time) for time, share in shares.items() if share >= 1}) if shares else None,
        concurrency=None if most is None else distribution({time: share * most for time, share in shares.items()}),
        provisioned_share=distribution(
            measured.values(SAGEMAKER, "ServerlessProvisionedConcurrencyUtilization", dimensions, "Maximum")
        ),
        spilled=_total(measured, "ServerlessProvisionedConcurrencySpilloverInvocations", dimensions),
        memory_gib=None
        if memory is None
        else distribution({time: share * memory / MIB_PER_GIB / 100 for time, share in used.items()}),
        slots_scale=any(
            each.scalable_dimension == PROVISIONED_CONCURRENCY
            for each in seen.account.targets_of(variant_resource(seen.name, described.variant_name))
        ),
    )


# Queues --------------------------------------------------------------------------------------------------------------


class _Queue(Struct, frozen=True, kw_only=True):
    """The queue of an asynchronous endpoint, and the hours in which something was in it."""

    told: Backlog
    busy: tuple[datetime, ...]
    days: tuple[datetime, ...]
    looked_back_to: datetime | None
    is_whole: bool
    """Whether each hour has a value: of a queue a missing one is not an empty one."""


def _of_endpoint(seen: ObservedEndpoint) -> dict[str, str]:
    return {"EndpointName": seen.name}


def _queue(seen: ObservedEndpoint) -> _Queue | None:
    """What waited; None where nobody answered. A queue has no variant (SageMaker guide, async-inference-monitor)."""
    measured, dimensions = seen.measured, _of_endpoint(seen)
    by_hour: dict[datetime, Decimal] = {}
    for time, value in measured.values(SAGEMAKER, _BACKLOG, dimensions, "Maximum").items():
        by_hour[hour_of(time)] = max(by_hour.get(hour_of(time), value), value)
    if not by_hour:
        return None
    busy = tuple(sorted(hour for hour, value in by_hour.items() if value))
    ages = measured.values(SAGEMAKER, "ApproximateAgeOfOldestRequest", dimensions, "Maximum")
    days, looked_back_to = measured.days(_BACKLOG, dimensions, is_zero_published=True)
    return _Queue(
        told=Backlog(
            hours=len(by_hour),
            busy_hours=len(busy),
            last=max(busy, default=None),
            most=max(by_hour.values()),
            oldest_s=max(ages.values(), default=None),
            profile=profile(by_hour) if busy else None,
        ),
        busy=busy,
        days=tuple(days),
        looked_back_to=looked_back_to,
        is_whole=len(by_hour) == measured.hours_in_all,
    )
