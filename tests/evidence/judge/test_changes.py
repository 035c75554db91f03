"""A change held against what was observed: a smaller type, a lower maximum, another way to serve."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.evidence.base import SAGEMAKER, Series
from guardrail.evidence.judge import right_sizing
from guardrail.evidence.judge.right_sizing import RightSizing, VariantToJudge
from guardrail.evidence.standing import endpoint_of
from guardrail.prices.book import PriceBook
from tests.evidence.stories import (
    HOURS,
    MODEL,
    account_of,
    backlog,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    series,
)

ENGINE = AlternativesEngine(PriceBook())
ASYNC: dict[str, Any] = {"AsyncInferenceConfig": {}}


def servers(instance_type: str = "ml.m5.xlarge", count: int = 1, **more: Any) -> dict[str, Any]:
    return described(instance_type=instance_type, count=count, **more)


def serverless(memory_mib: int, most: int) -> dict[str, Any]:
    size = {"MemorySizeInMB": memory_mib, "MaxConcurrency": most}
    return described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None})


def held(
    seen: dict[str, Any], after: dict[str, Any], answered: Iterable[Iterable[Series]], share: Decimal = Decimal(1)
) -> RightSizing:
    """What was observed of the one, held against the other in its place."""
    (found,) = bundle_of(account_of(seen, MODEL), *answered).endpoints
    (changed,) = bundle_of(account_of(after, MODEL)).endpoints
    declared = VariantToJudge(endpoint=endpoint_of(changed), place=0, share=share)
    return right_sizing.judge(ENGINE, found, found.variants[0], declared)


def at_a_time(*rows: Any) -> list[Series]:
    return series("ConcurrentRequestsPerModel", rows, namespace=SAGEMAKER)


def took(milliseconds: int) -> list[Series]:
    return series("ModelLatency", [(HOURS, milliseconds * 1000, 1000, 1000, 1)], namespace=SAGEMAKER)


ONCE = [(50, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (285, 300, 240, 14400, 60)]
"""3 cores, and 30 in one hour."""


def test_a_type_below_a_maximum_that_came_once_has_what_is_needed_and_says_what_it_has_less_of() -> None:
    seen = [cpu(*ONCE), memory((HOURS, 2, 2, 120, 60)), invocations((HOURS, 48))]
    told = held(servers("ml.m4.10xlarge"), servers("ml.c5.xlarge"), seen)
    assert (told.verdict, told.below_maximum, told.hours_above_p99) == ("fits", "4 of 30 cores", 1)
    assert held(servers("ml.m4.10xlarge"), servers("ml.m4.10xlarge"), seen).below_maximum == ""


def test_a_maximum_of_memory_that_came_once_is_told_too() -> None:
    # 60 % of 16 GiB once are 9.6 GiB, 20 % else: 3.2
    rows = [(50, 20, 20, 1200, 60), (1, 60, 20, 1200, 60), (285, 20, 20, 1200, 60)]
    seen = [cpu((HOURS, 100, 50, 3000, 60)), memory(*rows), invocations((HOURS, 48))]
    assert held(servers(), servers("ml.c5.xlarge"), seen).below_maximum == "8 of 9.6 GiB of memory"


def test_fewer_instances_are_held_against_the_maximum_of_all() -> None:
    # four of which each used 2 cores once, two of them left: 4 cores each, of the 2 of an ml.m5.large
    rows = [(50, 20, 10, 1, 240), (1, 200, 10, 1, 240), (285, 20, 10, 1, 240)]
    seen = [cpu(*rows), memory((HOURS, 20, 20, 1, 240)), invocations((HOURS, 48))]
    told = held(servers("ml.m5.large", 4), servers("ml.m5.large", 2), seen, share=Decimal(2))
    assert told.below_maximum == "2 of 4 cores"


# What was not measured -----------------------------------------------------------------------------------------------


def test_what_is_proposed_has_the_memory_that_it_ran_with_where_that_was_not_measured() -> None:
    # 6.4 of 16 cores on ml.m5.4xlarge with 64 GiB, nothing known of its memory: 6.4 × 1.2 = 7.68 cores and 64 GiB.
    # ml.c5.2xlarge has 8 cores at 0.408 and 16 GiB alone
    told = held(servers("ml.m5.4xlarge"), servers(), [cpu((HOURS, 640, 300, 1, 60)), invocations((HOURS, 48))])
    assert (told.verdict, told.reason) == ("too-small", "4 of 6.4 cores")
    assert told.enough is not None
    spec = PriceBook().instance(told.enough)
    assert spec is not None
    assert (spec.vcpus >= 8, spec.memory_gib >= 64) == (True, True)


def test_less_memory_than_it_ran_with_is_not_known_to_do_where_that_was_not_measured() -> None:
    told = held(servers("ml.m5.4xlarge"), servers(), [cpu((HOURS, 100, 50, 1, 60)), invocations((HOURS, 48))])
    assert told.verdict == "unknown"
    assert told.reason == "its memory was not measured, and ml.m5.xlarge has less than it ran with"


def test_less_accelerator_memory_than_it_ran_with_is_not_known_to_do_either() -> None:
    seen = [
        cpu((HOURS, 100, 50, 1, 60)),
        memory((HOURS, 3, 3, 1, 60)),
        series("GPUUtilization", [(HOURS, 70, 40, 1, 60)]),
        invocations((HOURS, 48)),
    ]
    told = held(servers("ml.g5.12xlarge"), servers("ml.g5.xlarge"), seen)
    assert told.verdict == "unknown"
    assert "its accelerator memory was not measured" in told.reason


# Another way to serve ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "verdict", "reason"),
    [
        # 22 % of 16 GiB are 3.52; 12 requests came at a time
        ((2048, 20), "too-small", "2 of 3.52 GiB of memory"),
        ((4096, 5), "too-small", "5 of 12 requests at a time"),
        ((4096, 20), "fits", ""),
    ],
)
def test_serverless_in_place_of_instances_is_held_against_their_memory_and_their_requests(
    size: tuple[int, int], verdict: str, reason: str
) -> None:
    seen = [
        cpu((HOURS, 100, 50, 3000, 60)),
        memory((HOURS, 22, 20, 1200, 60)),
        at_a_time((HOURS, 12, 3, 1, 60)),
        invocations((HOURS, 1000)),
    ]
    told = held(servers(), serverless(*size), seen)
    assert (told.verdict, told.reason) == (verdict, reason)


def test_requests_on_several_instances_may_come_together_on_serverless() -> None:
    # 12 at a time on the busiest of three may be 36 on all of them
    seen = [
        cpu((HOURS, 100, 50, 3000, 180)),
        memory((HOURS, 22, 20, 1200, 180)),
        at_a_time((HOURS, 12, 3, 1, 180)),
        invocations((HOURS, 1000)),
    ]
    told = held(servers(count=3), serverless(4096, 20), seen)
    assert told.verdict == "unknown"
    assert told.reason == "up to 12 requests at a time on each of 3 instances may be more"
    assert held(servers(count=3), serverless(4096, 36), seen).verdict == "fits"


def test_a_gpu_that_was_used_is_not_there_without_servers() -> None:
    seen = [
        cpu((HOURS, 100, 50, 3000, 60)),
        memory((HOURS, 10, 10, 1200, 60)),
        series("GPUUtilization", [(HOURS, 70, 40, 1, 60)]),
        at_a_time((HOURS, 1, 1, 1, 60)),
        invocations((HOURS, 1000)),
    ]
    told = held(servers("ml.g4dn.xlarge"), serverless(6144, 20), seen)
    assert (told.verdict, told.reason) == ("too-small", "0 of 0.7 GPUs")


def test_what_a_queue_takes_minutes_for_is_answered_by_nothing_else() -> None:
    seen = [
        cpu((HOURS, 100, 50, 1, 60)),
        memory((HOURS, 10, 10, 1, 60)),
        backlog((300, 5, 1, 1, 60), (36, 0, 0, 0, 60)),
    ]
    for after in (servers(), serverless(4096, 5)):
        told = held(servers(config=ASYNC), after, [*seen, took(312_000)])
        assert (told.verdict, told.reason) == ("too-small", "60 of 312 seconds for a request")
    assert held(servers(config=ASYNC), servers(config=ASYNC), [*seen, took(312_000)]).verdict != "too-small"


def of_serverless(memory_percent: float, share: float) -> list[list[Series]]:
    return [
        invocations((HOURS, 1000)),
        memory((HOURS, memory_percent, memory_percent, 1, 60)),
        series("ServerlessConcurrentExecutionsUtilization", [(HOURS, share, share, 1, 60)], namespace=SAGEMAKER),
    ]


def test_less_serverless_memory_and_a_lower_concurrency_than_were_used_are_too_small() -> None:
    # 80 % of 4 GiB are 3.2, 0.6 of 20 are 12
    told = held(serverless(4096, 20), serverless(2048, 10), of_serverless(80, 0.6))
    assert (told.verdict, told.reason) == ("too-small", "2 of 3.2 GiB of memory; 10 of 12 requests at a time")
    assert held(serverless(4096, 20), serverless(4096, 20), of_serverless(80, 0.6)).verdict == "fits"


def test_instances_in_place_of_serverless_are_held_against_its_memory_and_its_cpu_is_not_known() -> None:
    # 90 % of 6 GiB are 5.4, of the 4 of an ml.c5.large
    told = held(serverless(6144, 20), servers("ml.c5.large"), of_serverless(90, 0.6))
    assert (told.verdict, told.reason) == ("too-small", "4 of 5.4 GiB of memory")
    told = held(serverless(6144, 20), servers("ml.m5.xlarge"), of_serverless(90, 0.6))
    assert (told.verdict, told.reason) == ("unknown", "its CPU use is not known")


# Errors --------------------------------------------------------------------------------------------------------------


def wrong(metric: str, an_hour: int) -> list[Series]:
    return series(metric, [(HOURS, 1, 1, an_hour, 1000)], namespace=SAGEMAKER)


@pytest.mark.parametrize(
    ("errors", "level", "doubts"),
    [
        ([wrong("Invocation4XXErrors", 5)], "high", ()),  # half a percent
        ([wrong("Invocation4XXErrors", 200)], "medium", ("20 % of its requests were refused as faulty (4xx)",)),
        ([wrong("Invocation4XXErrors", 800)], "low", ("80 % of its requests were refused as faulty (4xx)",)),
        ([wrong("Invocation5XXErrors", 100)], "medium", ("10 % of its requests failed",)),
        # of 300 that went wrong 200 were faulty: 100 failed, of which nobody counted any as 5xx (they timed out)
        (
            [wrong("Invocation4XXErrors", 200), wrong("InvocationModelErrors", 300), wrong("Invocation5XXErrors", 0)],
            "medium",
            ("10 % of its requests failed", "20 % of its requests were refused as faulty (4xx)"),
        ),
    ],
)
def test_requests_that_went_wrong_are_named_by_whose_fault_it_is(
    errors: list[list[Series]], level: str, doubts: tuple[str, ...]
) -> None:
    seen = [cpu((HOURS, 100, 50, 3000, 60)), memory((HOURS, 30, 20, 1200, 60)), invocations((HOURS, 1000)), *errors]
    told = held(servers(), servers(), seen)
    assert (told.confidence.level, told.confidence.doubts) == (level, doubts)


def test_failures_of_a_queue_are_a_share_of_what_it_processed() -> None:
    seen = [
        cpu((HOURS, 100, 50, 1, 60)),
        memory((HOURS, 10, 10, 1, 60)),
        backlog((300, 5, 1, 1, 60), (36, 0, 0, 0, 60)),
        series("ModelLatency", [(HOURS, 1000, 1000, 1000, 50)], namespace=SAGEMAKER),
        series("InvocationFailures", [(HOURS, 1, 1, 10, 50)], namespace=SAGEMAKER),
        series("Invocation4XXErrors", [(HOURS, 0, 0, 0, 50)], namespace=SAGEMAKER),
    ]
    told = held(servers(config=ASYNC), servers(config=ASYNC), seen)
    assert "20 % of its requests failed" in told.confidence.doubts


def test_requests_that_real_time_inference_answered_in_more_than_a_minute_are_too_long_for_serverless() -> None:
    # an answer in parts may take real-time eight minutes: 90 seconds of each, for 60
    slow = series("ModelLatency", [(HOURS, 95_000_000, 90_000_000, 900_000_000, 10)], namespace=SAGEMAKER)
    seen = [cpu((HOURS, 50, 40, 2400, 60)), memory((HOURS, 10, 10, 600, 60)), invocations((HOURS, 10)), slow]
    told = held(servers("ml.m5.xlarge"), serverless(4096, 20), seen)
    assert (told.verdict, told.reason) == ("too-small", "60 of 90 seconds for a request")


def test_one_request_that_hung_for_a_minute_is_no_reason_against_serverless() -> None:
    # the longest took 61 seconds, and all of them 0.2 on the average
    hung = series("ModelLatency", [(HOURS, 61_000_000, 200_000, 2_000_000, 10)], namespace=SAGEMAKER)
    seen = [cpu((HOURS, 50, 40, 2400, 60)), memory((HOURS, 10, 10, 600, 60)), invocations((HOURS, 10)), hung]
    seen.append(at_a_time((HOURS, 1, 1, 10, 10)))
    assert held(servers("ml.m5.xlarge"), serverless(4096, 20), seen).verdict == "fits"


def test_the_rate_and_the_duration_of_requests_tell_how_many_come_at_a_time_where_nobody_counted() -> None:
    # 36,000 an hour that take 5 seconds each: 36,000 × 5 / 3,600 = 50 at a time
    slow = series("ModelLatency", [(HOURS, 5_000_000, 5_000_000, 180_000_000_000, 36_000)], namespace=SAGEMAKER)
    seen = [cpu((HOURS, 50, 40, 2400, 60)), memory((HOURS, 10, 10, 600, 60)), invocations((HOURS, 36_000)), slow]
    told = held(servers("ml.m5.xlarge"), serverless(4096, 5), seen)
    assert (told.verdict, told.reason) == ("too-small", "5 of 50 requests at a time")
    # and of two instances, each of which counted up to 25 of its own
    counted = [*seen, at_a_time((HOURS, 25, 25, 9000, 360))]
    assert held(servers("ml.m5.xlarge", count=2), serverless(4096, 30), counted).reason == "30 of 50 requests at a time"
    assert held(servers("ml.m5.xlarge"), serverless(4096, 60), seen).verdict == "unknown"


def test_no_type_is_proposed_for_requests_that_only_a_queue_waits_for() -> None:
    # ten minutes for a request, of which real-time inference waits one, whatever it runs on
    seen = [cpu((HOURS, 50, 40, 2400, 60)), memory((HOURS, 10, 10, 600, 60)), backlog((HOURS, 0, 0, 0, 60))]
    told = held(servers("ml.m5.xlarge", config=ASYNC), servers("ml.m5.xlarge"), [*seen, took(600_000)])
    assert (told.verdict, told.reason, told.enough) == ("too-small", "60 of 600 seconds for a request", None)
