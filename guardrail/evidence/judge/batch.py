"""Transform jobs: what a month of them costs as they ran, and the cheapest type that has what they used."""

from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from guardrail.alternatives import needs
from guardrail.alternatives.needs import Need
from guardrail.evidence.bundle import Distribution, JobEvidence
from guardrail.evidence.demand import a_month
from guardrail.evidence.judge import confidence
from guardrail.evidence.judge.confidence import Confidence, Doubt
from guardrail.evidence.judge.right_sizing import HEADROOM, Percentile
from guardrail.prices.base import Price
from guardrail.prices.book import PriceBook

_FEW: Final = 3
"""Runs below which what they used says little of the next one."""


class JudgedJobs(Struct, frozen=True, kw_only=True):
    """The jobs of one model on one kind of machine."""

    evidence: JobEvidence
    runs_a_month: Decimal
    monthly_usd: Decimal | None
    """What a month of them costs as they ran; None without a price or a run time."""
    needed: Need
    """Of one instance, with room for more."""
    instance_type: str | None = None
    """The cheapest type that has it, where that is cheaper."""
    saving_usd: Decimal | None = None
    """What that saves a month, if the jobs take as long on it."""
    confidence: Confidence


def judge(
    job: JobEvidence, prices: PriceBook, *, headroom: Decimal = HEADROOM, percentile: Percentile = "p99"
) -> JudgedJobs:
    """14 runs of half an hour in two weeks on 2 × ml.m5.xlarge at 0.23: 30.42 × 0.5 × 2 × 0.23 = 7.00 USD a month."""

    def used(found: Distribution | None) -> Decimal | None:
        return None if found is None else getattr(found, percentile) * (1 + headroom)

    spec = None if job.instance_type is None else prices.instance(job.instance_type)
    of_gpus = used(job.gpu_memory_gib)
    need = Need(
        cpu_cores=used(job.cpu_cores),
        memory_gib=used(job.memory_gib),
        gpus=used(job.gpus),
        gpu_memory_gib=of_gpus,
        fullest_gpu_gib=of_gpus / spec.accelerators if of_gpus is not None and spec and spec.accelerators else None,
    )
    runs = a_month(Decimal(job.runs), job.start, job.end)
    hours = None if job.mean_hours is None or job.instances is None else runs * job.mean_hours * job.instances
    present = None if job.instance_type is None else prices.transform(job.region, job.instance_type)
    monthly = None if hours is None or not isinstance(present, Price) else round(hours * present.usd, 4)
    doubts = [Doubt(f"{gap.metric}: {gap.reason}") for gap in job.gaps]
    if job.runs < _FEW:
        doubts.append(Doubt(f"it ran {job.runs} times in the window", is_grave=True))
    told = JudgedJobs(
        evidence=job, runs_a_month=runs, monthly_usd=monthly, needed=need, confidence=confidence.of(doubts)
    )
    if spec is None or need.cpu_cores is None or hours is None or not isinstance(present, Price):
        return told
    for found in needs.fitting_transform(prices, job.region, spec, need):
        price = prices.transform(job.region, found.spec.instance_type)
        if found.kind != "graviton" and isinstance(price, Price):
            if price.usd >= present.usd:
                break
            saving = round(hours * (present.usd - price.usd), 4)
            return replace(told, instance_type=found.spec.instance_type, saving_usd=saving)
    return told
