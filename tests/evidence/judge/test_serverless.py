"""Serverless: memory that was used, and slots that were kept warm, by the requests that were observed."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.evidence.base import ENDPOINTS, SAGEMAKER
from guardrail.evidence.demand import ObservedDemand
from guardrail.evidence.judge import fleet, serverless
from guardrail.evidence.judge.serverless import Fitted
from guardrail.evidence.standing import endpoint_of
from guardrail.prices.book import PriceBook
from tests.evidence.stories import HOURS, account_of, bundle_of, described, invocations, series, with_status


def fitted(memory_percent: float, *, slots: int | None = None, share: float = 0.4) -> Fitted:
    """4 GB, 1,000 requests of 200 ms in each hour."""
    size = {"MemorySizeInMB": 4096, "MaxConcurrency": 20, "ProvisionedConcurrency": slots}
    story = account_of(described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None}))
    took = [(HOURS, 300_000, 200_000, 200_000 * 1000, 1000)]
    bundle = bundle_of(
        story,
        invocations((HOURS, 1000)),
        series("ModelLatency", took, namespace=SAGEMAKER),
        series("MemoryUtilization", [(HOURS, memory_percent, memory_percent, 60, 60)], namespace=ENDPOINTS),
        series("ServerlessProvisionedConcurrencyUtilization", [(HOURS, share, share, 60, 60)], namespace=SAGEMAKER),
    )
    found = bundle.endpoints[0]
    engine = AlternativesEngine(PriceBook(), ObservedDemand(bundle))
    told = serverless.judge(engine, found.variants[0], endpoint_of(found), 0, Decimal("0.2"))
    assert told is not None
    return told


def test_memory_that_was_not_used_need_not_be_paid_for() -> None:
    # 40 % of 4 GiB are 1.6, with a fifth more 1.92: 2 GB. 730,000 × 0.2 s at 0.00008 less 0.00004: 5.84 saved of 11.68
    told = fitted(40)
    assert told.used_gib == Decimal("1.6")
    assert told.memory is not None
    assert (told.memory.name, told.memory.usd) == ("2 GB", Decimal("5.84"))


def test_memory_that_is_needed_stays_and_all_of_it_may_be_too_little() -> None:
    assert (fitted(70).memory, fitted(70).is_full) == (None, False)  # 2.8 × 1.2 = 3.36, which 4 GB has
    assert fitted(97).is_full
    assert fitted(97).refusing_hours == 0


def test_slots_that_were_never_busy_need_not_be_warm() -> None:
    told = fitted(70, slots=10, share=0.35)
    assert told.slots_used == 4  # 3.5 of ten
    assert told.slots is not None
    assert told.slots.name == "4 slots kept warm"
    assert fitted(70, slots=10, share=1.0).slots is None


@pytest.mark.parametrize(
    ("answered", "monthly"),
    [
        (invocations((HOURS, 1000)), None),  # how long they took was not answered
        (with_status("Forbidden", invocations((HOURS, None))), None),
        (invocations((HOURS, None)), Decimal(0)),  # no request takes any time
    ],
)
def test_serverless_compute_of_which_nobody_knows_how_long_it_ran_is_not_free(
    answered: Any, monthly: Decimal | None
) -> None:
    size = {"MemorySizeInMB": 4096, "MaxConcurrency": 20}
    story = account_of(described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None}))
    (found,) = fleet.judged(bundle_of(story, answered), PriceBook())
    assert (found.monthly_usd, found.variants[0].monthly_usd) == (monthly, monthly)


@pytest.mark.parametrize(("an_hour", "is_told"), [(30_000, True), (36_000, True), (200_000, False)])
def test_one_instance_is_no_way_to_serve_what_keeps_more_than_its_cores_busy(an_hour: int, is_told: bool) -> None:  # noqa: FBT001 - a parameter
    # of 200 ms each: 30,000 an hour are 1.67 at a time, on the two cores of an ml.c5.large; 36,000 are 2,
    # 200,000 are 11.1
    size = {"MemorySizeInMB": 4096, "MaxConcurrency": 100}
    story = account_of(described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None}))
    took = [(HOURS, 300_000, 200_000, 200_000 * an_hour, an_hour)]
    bundle = bundle_of(story, invocations((HOURS, an_hour)), series("ModelLatency", took, namespace=SAGEMAKER))
    (found,) = fleet.judged(bundle, PriceBook())
    assert bool(found.variants[0].ways) is is_told
