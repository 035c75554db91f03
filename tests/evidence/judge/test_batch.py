"""Transform jobs: a month of them at the list price, and the cheapest type that has what they used."""

from decimal import Decimal
from typing import Any

from guardrail.evidence.bundle import Distribution, JobEvidence
from guardrail.evidence.judge import batch
from guardrail.prices.book import PriceBook
from tests.evidence.stories import NOW, START

BOOK = PriceBook()


def steady(value: str) -> Distribution:
    amount = Decimal(value)
    return Distribution(p50=amount, p90=amount, p95=amount, p99=amount, maximum=amount, count=28, above_p99=0)


def job(**changes: Any) -> JobEvidence:
    told: dict[str, Any] = {
        "account": "111122223333",
        "region": "us-east-1",
        "prefix": "nightly",
        "model": "m",
        "instance_type": "ml.m5.4xlarge",
        "instances": 2,
        "runs": 14,
        "start": START,
        "end": NOW,
        "mean_hours": Decimal("0.5"),
        "cpu_cores": steady("3"),
        "memory_gib": steady("10"),
    }
    return JobEvidence(**{**told, **changes})


def test_a_month_of_jobs_costs_their_hours_and_a_smaller_type_saves_the_difference() -> None:
    # 14 in 336 hours are 30.4167 in 730; × 0.5 h × 2 × 0.922 = 28.04; 3 cores and 10 GiB with a fifth more are 3.6 and
    # 12, which ml.m5.xlarge has at 0.23: 30.4167 × (0.922 - 0.23) = 21.05
    told = batch.judge(job(), BOOK)
    assert told.monthly_usd is not None
    assert told.saving_usd is not None
    assert round(told.monthly_usd, 2) == Decimal("28.04")
    assert told.instance_type in ("ml.m5.xlarge", "ml.m6i.xlarge")
    assert round(told.saving_usd, 2) == Decimal("21.05")


def test_the_memory_of_the_gpus_of_a_job_is_spread_over_them() -> None:
    """40 GiB with a fifth more are 48, of four GPUs 12 each; of a type without GPUs, and unmeasured, nothing is."""
    for instance_type, gib, on_each in (
        ("ml.g5.12xlarge", steady("40"), Decimal(12)),
        ("ml.g5.12xlarge", None, None),
        ("ml.m5.4xlarge", steady("40"), None),
    ):
        told = batch.judge(job(instance_type=instance_type, gpu_memory_gib=gib), BOOK)
        assert told.needed.fullest_gpu_gib == on_each


def test_jobs_that_use_their_machine_keep_it() -> None:
    told = batch.judge(job(cpu_cores=steady("15"), memory_gib=steady("50")), BOOK)
    assert (told.instance_type, told.saving_usd) == (None, None)


def test_without_cpu_or_run_time_nothing_is_recommended() -> None:
    for changes in ({"cpu_cores": None}, {"mean_hours": None}, {"instance_type": "ml.none.large"}):
        assert batch.judge(job(**changes), BOOK).instance_type is None
    assert batch.judge(job(mean_hours=None), BOOK).monthly_usd is None


def test_a_single_run_is_of_low_confidence() -> None:
    assert batch.judge(job(runs=1), BOOK).confidence.level == "low"
