"""A change of the way to serve, held against what was observed: memory, requests at a time, how long they took.

Serverless compute has up to 6 GB, no accelerator, and as many requests at a time as are declared; it and real-time
inference answer within a minute, a queue within an hour (SageMaker developer guide, serverless-endpoints and
async-inference).
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, TypeAlias

from guardrail.alternatives.facts import MIB_PER_GIB
from guardrail.alternatives.modes import LARGEST_MEMORY_GIB, LONGEST_REQUEST_MS, MOST_CONCURRENT
from guardrail.evidence.bundle import Distribution, EndpointEvidence, VariantEvidence
from guardrail.evidence.host import AT_REST_GPUS
from guardrail.evidence.statistics import plain
from guardrail.model import Mode, ServerlessVariant, Unknown

_MILLISECONDS_OF_HOUR: Final = 3_600_000
Load: TypeAlias = Callable[[Distribution], Decimal]
"""What of the hours counts: a percentile with what recurs, or the maximum."""


def lacks(variant: VariantEvidence, declared: ServerlessVariant, of: Load) -> Iterator[str]:
    """What a declared serverless variant has too little of: ``2 of 3.52 GiB of memory``."""
    memory, requests = _memory(variant), _most_at_a_time(variant, of)
    size, most = declared.memory_mib, declared.max_concurrency
    if memory is not None and not isinstance(size, Unknown) and of(memory) * MIB_PER_GIB > size:
        yield f"{plain(Decimal(size) / MIB_PER_GIB)} of {plain(of(memory))} GiB of memory"
    if requests is not None and not isinstance(most, Unknown) and requests > most:
        yield f"{most} of {plain(round(requests, 1))} requests at a time"
    gpus = None if variant.last_segment is None else variant.last_segment.gpus
    if gpus is not None and of(gpus) > AT_REST_GPUS:
        yield f"0 of {plain(of(gpus))} GPUs"


def unseen(variant: VariantEvidence, declared: ServerlessVariant) -> str | None:
    """Why what was observed does not tell whether it is enough; None where it does."""
    if variant.multi_model:
        return "its container hosts several models"
    if _memory(variant) is None:
        return "its memory use is not known"
    requests, most = _at_a_time(variant), declared.max_concurrency
    if requests is None:
        return "how many requests come at a time is not known"
    if isinstance(declared.memory_mib, Unknown) or isinstance(most, Unknown):
        return "its size is not known"
    counted = variant.instances
    spread = Decimal(1) if counted is None or variant.serverless is not None else counted.maximum
    if requests.maximum * spread > most:
        return f"up to {plain(requests.maximum)} requests at a time on each of {plain(spread)} instances may be more"
    return None


def too_slow(found: EndpointEvidence, variant: VariantEvidence, mode: Mode | Unknown) -> Iterator[str]:
    """Requests that a queue waited for, and that nothing else would; an answer in parts may take real-time longer.

    One that took long of many may have hung: of real-time inference their mean counts.
    """
    told = variant.latency
    if told is None or mode == found.mode or mode not in ("realtime", "serverless"):
        return
    took = told.maximum_ms if found.mode == "async" else told.mean_ms
    if took > LONGEST_REQUEST_MS:
        yield f"60 of {plain(round(took / 1000, 1))} seconds for a request"


def fits_serverless(variant: VariantEvidence) -> bool:
    """Whether nothing that was observed is more than the largest serverless variant has."""
    largest = ServerlessVariant(
        name=variant.name,
        memory_mib=LARGEST_MEMORY_GIB * MIB_PER_GIB,
        max_concurrency=MOST_CONCURRENT,
        provisioned_concurrency=None,
    )
    return not any(lacks(variant, largest, lambda used: used.p99))


def _memory(variant: VariantEvidence) -> Distribution | None:
    if variant.multi_model:
        return None
    if variant.serverless is not None:
        return variant.serverless.memory_gib
    return None if variant.last_segment is None else variant.last_segment.memory_gib


def _most_at_a_time(variant: VariantEvidence, of: Load) -> Decimal | None:
    """As CloudWatch counts them on one instance, and at least what the rate and the duration of requests make of all.

    36,000 in an hour that take 5 seconds are 50 at a time on the average (Little's law).
    """
    counted, took = _at_a_time(variant), variant.latency
    an_hour = None if variant.requests is None else variant.requests.an_hour
    found = [] if counted is None else [of(counted)]
    if an_hour is not None and took is not None:
        found.append(of(an_hour) * took.mean_ms / _MILLISECONDS_OF_HOUR)
    return max(found, default=None)


def _at_a_time(variant: VariantEvidence) -> Distribution | None:
    """Of serverless compute all of them, of instances those on the busiest."""
    return variant.concurrent if variant.serverless is None else variant.serverless.concurrency
