"""Right-sizing: the need in cores and GiB, the cheapest types that have it, and never one that has not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.alternatives.needs import Need, fitting
from guardrail.evidence.base import SAGEMAKER
from guardrail.evidence.bundle import Bundle, EndpointEvidence
from guardrail.evidence.judge import right_sizing
from guardrail.evidence.judge.right_sizing import RightSizing, VariantToJudge
from guardrail.evidence.standing import endpoint_of
from guardrail.prices.book import PriceBook
from tests.evidence.stories import (
    HOURS,
    MODEL,
    NOW,
    account_of,
    backlog,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    series,
    with_status,
)

BOOK = PriceBook()
LARGE = "ml.m4.10xlarge"
TYPES = [
    name
    for name in sorted(BOOK.hosting_prices("us-east-1"))
    if (spec := BOOK.instance(name)) is not None and BOOK.offered("us-east-1", name) is True and spec.vcpus
]


def declared(found: EndpointEvidence) -> VariantToJudge:
    """What runs, as it runs."""
    return VariantToJudge(endpoint=endpoint_of(found), place=0)


def judged(bundle: Bundle, **asked: Any) -> RightSizing:
    (found,) = bundle.endpoints
    return right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(found), **asked)


def steady(instance_type: str, cpu_percent: float, memory_percent: float, *, count: int = 1) -> Bundle:
    """Two weeks in which every hour was like the other."""
    samples = 60 * count
    return bundle_of(
        account_of(described(instance_type=instance_type, count=count), MODEL),
        cpu((HOURS, cpu_percent, cpu_percent / 2, cpu_percent * 30, samples)),
        memory((HOURS, memory_percent, memory_percent, memory_percent * 60, samples)),
        invocations((HOURS, 1000)),
    )


def test_the_example_without_room() -> None:
    # ml.m4.10xlarge: 40 vCPUs, 160 GiB, 2.40 an hour; 3,000 % are 30 cores, 6 % of 160 are 9.6 GiB.
    # ml.c6i.8xlarge has 32 vCPUs at 1.632: (2.40 - 1.632) × 730 = 560.64. ml.c6g.8xlarge, arm64, at 1.3056: 798.912
    told = judged(steady("ml.m4.10xlarge", 3000, 6), headroom=Decimal(0))
    assert told.verdict == "too-large"
    assert told.need == Need(cpu_cores=Decimal(30), memory_gib=Decimal("9.6"))
    assert told.cheapest is not None
    assert (told.cheapest.instance_type, told.cheapest.hourly_usd) == ("ml.c6i.8xlarge", Decimal("1.632"))
    assert told.cheapest.instances_usd == Decimal("560.64")
    assert told.on_arm is not None
    assert (told.on_arm.instance_type, told.on_arm.instances_usd) == ("ml.c6g.8xlarge", Decimal("798.912"))
    assert any("arm64" in one for one in told.on_arm.alternative.conditions)


def test_the_example_with_a_fifth_of_room() -> None:
    # 30 × 1.2 = 36 cores: ml.c5.9xlarge has 36 at 1.836: (2.40 - 1.836) × 730 = 411.72
    told = judged(steady("ml.m4.10xlarge", 3000, 6))
    assert told.needed.cpu_cores == 36
    assert told.cheapest is not None
    assert (told.cheapest.instance_type, told.cheapest.instances_usd) == ("ml.c5.9xlarge", Decimal("411.72"))
    assert told.confidence.level == "high"


def test_of_two_instances_both_are_cheaper() -> None:
    # 260 % of 8 vCPUs are 2.6 cores, 22 % of 16 GiB are 3.52; 3.12 and 4.224 with room. ml.c5.xlarge has 4 and 8 at
    # 0.204: 2 × (0.408 - 0.204) × 730 = 297.84
    told = judged(steady("ml.c5.2xlarge", 260, 22, count=2))
    assert told.cheapest is not None
    assert told.cheapest.instance_type in ("ml.c5.xlarge", "ml.c6i.xlarge")
    assert told.cheapest.instances_usd == Decimal("297.84")


def test_fewer_instances_share_the_load_and_not_the_memory() -> None:
    # four of 4 vCPUs with 0.8 cores each: 4 × 0.8 × 1.2 = 3.84 cores, which one of 4 takes
    told = judged(steady("ml.m5.xlarge", 80, 60, count=4))
    assert told.fewer is not None
    assert told.fewer.instances == 1
    # 3 × 0.23 × 730 = 503.70 of instances, and three volumes of 8 GB at 0.14: 3.36
    assert told.fewer.usd == Decimal("507.06")
    assert any("SageMaker.4" in one for one in told.fewer.conditions)


def test_instances_are_not_made_fewer_than_their_load_takes() -> None:
    # 4 × 3.2 × 1.2 = 15.36 of 16 cores: all four
    assert judged(steady("ml.m5.xlarge", 320, 60, count=4)).fewer is None


def test_what_recurs_in_an_hour_of_the_week_is_load() -> None:
    week = [(3, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (164, 300, 240, 14400, 60)]
    story = account_of(described(instance_type="ml.m4.10xlarge"), MODEL)
    told = judged(bundle_of(story, cpu(*week, *week), memory((HOURS, 6, 5, 300, 60)), invocations((HOURS, 1))))
    assert told.need.cpu_cores == 30
    assert (told.hours_above_p99, told.peak_at) == (2, 9)
    assert told.cheapest is not None
    assert told.cheapest.instance_type == "ml.c5.9xlarge"


def test_a_type_below_a_maximum_that_came_once_is_a_note() -> None:
    rows = [(50, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (285, 300, 240, 14400, 60)]
    story = account_of(described(instance_type="ml.m4.10xlarge"), MODEL)
    told = judged(bundle_of(story, cpu(*rows), memory((HOURS, 6, 5, 300, 60)), invocations((HOURS, 1))))
    assert (told.need.cpu_cores, told.most.cpu_cores) == (3, 30)
    assert told.cheapest is not None
    assert f"{told.cheapest.instance_type} is below the maximum: 4 of 30 cores" in told.notes


def test_what_was_used_up_is_too_small() -> None:
    # 398 of 400 %: ml.m5.xlarge had no more to give
    told = judged(steady("ml.m5.xlarge", 398, 50))
    assert told.verdict == "too-small"
    assert "3.98 of 4 cores were used" in told.reason
    assert told.enough is not None
    enough = BOOK.instance(told.enough)
    assert enough is not None
    assert enough.vcpus >= 5  # 3.98 × 1.2 = 4.776
    assert told.options == ()


def test_memory_of_several_models_is_no_need() -> None:
    several = {"models": [{"ModelName": "m", "PrimaryContainer": {"Mode": "MultiModel"}}]}
    story = account_of(described(instance_type="ml.m5.4xlarge"), several)
    told = judged(bundle_of(story, cpu((HOURS, 96, 60, 3600, 60)), memory((HOURS, 78, 76, 4560, 60))))
    assert (told.verdict, told.need.memory_gib, told.confidence.level) == ("unknown", None, "low")
    assert told.options == ()


def test_memory_that_was_not_measured_is_that_of_the_present_type() -> None:
    story = account_of(described(instance_type="ml.r5.4xlarge"), MODEL)
    told = judged(bundle_of(story, cpu((HOURS, 100, 60, 3600, 60)), invocations((HOURS, 1))))
    for option in told.options:
        spec = BOOK.instance(option.instance_type)
        assert spec is not None
        assert spec.memory_gib >= 128
    assert any("MemoryUtilization" in doubt for doubt in told.confidence.doubts)


def test_without_its_cpu_nothing_is_recommended() -> None:
    told = judged(bundle_of(account_of(described(), MODEL), memory((HOURS, 5, 5, 300, 60))))
    assert (told.verdict, told.options) == ("unknown", ())


def test_a_short_window_is_of_low_confidence() -> None:
    story = account_of(described(instance_type="ml.m4.10xlarge", born="2026-11-14T06:00:00Z"), MODEL)
    told = judged(bundle_of(story, cpu((288, None), (48, 100, 50, 3000, 60)), memory((288, None), (48, 5, 5, 300, 60))))
    assert told.confidence.level == "low"
    assert any("seen for 2 days" in doubt for doubt in told.confidence.doubts)


def test_what_is_known_of_its_machine_for_days_alone_is_of_low_confidence() -> None:
    # updated on the 13th at 06:20 from a configuration that is gone: three days are left of two weeks
    story = account_of(
        described(
            instance_type=LARGE,
            LastModifiedTime="2026-11-13T06:20:00Z",
            EndpointConfigName="shop-2",
            config={"EndpointConfigName": "shop-2", "CreationTime": "2026-11-13T06:00:00Z"},
        ),
        MODEL,
    )
    told = judged(bundle_of(story, cpu((HOURS, 100, 50, 3000, 60)), memory((HOURS, 5, 5, 300, 60))))
    assert told.confidence.level == "low"
    assert "its machine is known for 71 hours alone" in told.confidence.doubts


def test_a_gpu_is_replaced_by_gpus_alone_and_its_memory_is_a_sum() -> None:
    story = account_of(described(instance_type="ml.g5.12xlarge"), MODEL)
    told = judged(
        bundle_of(
            story,
            cpu((HOURS, 200, 100, 6000, 60)),
            memory((HOURS, 5, 5, 300, 60)),
            series("GPUUtilization", [(HOURS, 60, 40, 2400, 60)]),
            series("GPUMemoryUtilization", [(HOURS, 60, 60, 3600, 60)]),
            invocations((HOURS, 1000)),
        )
    )
    assert told.need.gpus == Decimal("0.6")
    assert told.options
    for option in told.options:
        spec = BOOK.instance(option.instance_type)
        assert spec is not None
        assert spec.accelerator_kind == "gpu"
        assert spec.accelerators * (spec.accelerator_memory_gib or 0) >= Decimal("1.2") * Decimal("0.6") * Decimal(22)
    assert told.cheapest is not None
    assert told.cheapest.instance_type == "ml.g6.xlarge"  # one GPU of 22 GiB at 1.1267 has 0.72 and 15.84 of them


@given(
    instance_type=st.sampled_from(TYPES),
    cpu_share=st.integers(1, 99),
    memory_share=st.integers(1, 99),
    headroom=st.sampled_from([Decimal(0), Decimal("0.2"), Decimal("0.5")]),
)
@settings(max_examples=40, deadline=None)
def test_nothing_is_recommended_that_does_not_fit_the_need(
    instance_type: str, cpu_share: int, memory_share: int, headroom: Decimal
) -> None:
    present = BOOK.instance(instance_type)
    assert present is not None
    told = judged(steady(instance_type, cpu_share * present.vcpus, memory_share), headroom=headroom)
    price = BOOK.hosting_prices("us-east-1")
    for option in told.options:
        other = BOOK.instance(option.instance_type)
        assert other is not None
        assert other.accelerator_kind == present.accelerator_kind
        assert other.vcpus >= present.vcpus * Decimal(cpu_share) / 100 * (1 + headroom)
        assert other.memory_gib >= present.memory_gib * Decimal(memory_share) / 100 * (1 + headroom)
        assert price[option.instance_type].usd < price[instance_type].usd
        assert other.architecture == present.architecture or option.is_arm
        if present.accelerators:  # which was not measured
            assert other.accelerators >= present.accelerators


@given(
    cores=st.decimals("0.1", 200, places=1),
    gib=st.decimals("0.1", 2000, places=1),
    present=st.sampled_from(TYPES),
)
@settings(max_examples=60, deadline=None)
def test_what_fits_has_all_that_is_needed(cores: Decimal, gib: Decimal, present: str) -> None:
    spec = BOOK.instance(present)
    assert spec is not None
    for found in fitting(BOOK, "us-east-1", spec, Need(cpu_cores=cores, memory_gib=gib)):
        assert found.spec.vcpus >= cores
        assert found.spec.memory_gib >= gib
        assert found.spec.accelerators >= spec.accelerators


def test_a_type_that_nobody_knows_is_not_judged() -> None:
    (found,) = bundle_of(account_of(described(), MODEL), cpu((HOURS, 10, 5, 300, 60))).endpoints
    unheard_of = declared(bundle_of(account_of(described(instance_type="ml.none.large"), MODEL)).endpoints[0])
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], unheard_of)
    assert (told.verdict, told.reason) == ("unknown", "its type is not known")


@pytest.mark.parametrize("mode", ["serverless", "components"])
def test_what_runs_on_no_machine_of_its_own_is_not_sized(mode: str) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}, "InstanceType": None}
    variant = serverless if mode == "serverless" else {"ModelName": None}
    told = judged(bundle_of(account_of(described(variant=variant)), cpu((HOURS, 10, 5, 300, 60))))
    assert (told.verdict, told.options) == ("unknown", ())
    assert told.reason


def test_what_has_a_queue_may_be_slower_where_waiting_is_fine() -> None:
    # busy with 6 of 8 cores in two of 24 hours, else at rest: 0.5 cores on the average, 0.6 with room for more
    rows = [(2, 600, 600, 36000, 60), (22, 1, 1, 60, 60)] * 14
    story = account_of(described(instance_type="ml.c5.2xlarge", config={"AsyncInferenceConfig": {}}), MODEL)
    queue = [(2, 40, 20, 1200, 60), (22, 0, 0, 0, 60)] * 14
    told = judged(bundle_of(story, cpu(*rows), memory((HOURS, 10, 10, 600, 60)), backlog(*queue)))
    assert (told.need.cpu_cores, told.cheapest) == (6, None)
    assert told.slower is not None
    slower = BOOK.instance(told.slower.instance_type)
    assert slower is not None
    assert slower.vcpus < 8
    assert slower.memory_gib >= Decimal("1.92")  # 1.6 GiB × 1.2


# A load that was not seen, or that leaves nothing --------------------------------------------------------------------


def days_of_requests(*rows: Any) -> list[Any]:
    """A value a day of the 76 days before the window ends."""
    return series("Invocations", rows, namespace=SAGEMAKER, start=NOW - timedelta(days=76), period=86400)


def test_a_monthly_job_between_its_days_shows_no_load() -> None:
    # it ran 60 and 30 days before the end; the window of 14 days has none of its work
    found = bundle_of(
        account_of(described(born="2026-08-01T08:00:00Z"), MODEL),
        cpu((HOURS, 2, 1, 60, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        invocations((HOURS, None)),
        days_of_requests((15, None), (1, 1, 1, 50, 50), (29, None), (1, 1, 1, 50, 50), (30, None)),
    )
    told = judged(found)
    assert (told.verdict, told.options, told.saving_usd) == ("unknown", (), None)
    assert told.reason == "nothing was asked of it in the window, so that its load is not known"


def test_a_queue_that_was_never_empty_is_given_no_smaller_machine() -> None:
    found = bundle_of(
        account_of(described(config={"AsyncInferenceConfig": {}}), MODEL),
        cpu((HOURS, 20, 10, 600, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        backlog((HOURS, 50, 40, 2400, 60)),
    )
    told = judged(found)
    assert (told.verdict, told.options) == ("unknown", ())
    assert told.reason == "its queue was never empty for an hour: it needs more and not less"


@pytest.mark.parametrize(
    ("percent_cpu", "percent_memory", "smaller", "said"),
    [
        (200, 3, "ml.m5.large", "2 of 2 cores would be used, all there are"),  # 200 % are both of its two
        (100, 4, "ml.m5.large", "7.68 of 8 GiB of memory would be used, all there are"),  # 4 % of 192 GiB
    ],
)
def test_a_smaller_type_that_the_load_uses_up_is_too_small(
    percent_cpu: float, percent_memory: float, smaller: str, said: str
) -> None:
    (found,) = steady("ml.m5.12xlarge", percent_cpu, percent_memory).endpoints
    (after,) = steady(smaller, percent_cpu, percent_memory).endpoints
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(after))
    assert (told.verdict, told.reason) == ("too-small", said)


def test_fewer_instances_that_the_load_uses_up_are_too_small() -> None:
    # 200 % on each of four are 2 cores; on two of them 2 × 4 / 2 = 4 of 4
    (found,) = steady("ml.m5.xlarge", 200, 10, count=4).endpoints
    halved = VariantToJudge(endpoint=endpoint_of(found), place=0, share=Decimal(2))
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], halved)
    assert (told.verdict, told.reason) == ("too-small", "4 of 4 cores would be used, all there are")


def test_requests_that_nobody_counted_make_it_less_sure() -> None:
    found = bundle_of(
        account_of(described(), MODEL),
        cpu((HOURS, 50, 25, 1500, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        with_status("Forbidden", invocations((HOURS, None))),
    )
    told = judged(found)
    assert (told.confidence.level, told.confidence.doubts) == ("medium", ("Invocations: Forbidden",))


def test_a_machine_that_mostly_fails_shows_no_load() -> None:
    # 600 of 1,000 requests an hour end in a 5xx: what they would take is not known
    found = bundle_of(
        account_of(described(), MODEL),
        cpu((HOURS, 50, 25, 1500, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        invocations((HOURS, 1000)),
        series("Invocation5XXErrors", [(HOURS, 1, 1, 600, 1000)], namespace=SAGEMAKER),
    )
    told = judged(found)
    assert (told.confidence.level, told.confidence.doubts) == ("low", ("60 % of its requests failed",))


def test_what_recurs_an_hour_later_when_the_clocks_change_is_load() -> None:
    # 30 cores on one Wednesday at 08:00 UTC and on the next at 09:00, 2 cores else: 30 × 1.2 = 36, and never 2.4
    peaks = {50: 3000, 50 + 168 + 1: 3000}
    found = bundle_of(
        account_of(described(instance_type=LARGE), MODEL),
        cpu(*[(1, peaks.get(hour, 200), 100, 6000, 60) for hour in range(HOURS)]),
        memory((HOURS, 6, 6, 360, 60)),
        invocations((HOURS, 1000)),
    )
    assert judged(found).needed.cpu_cores == 36


def on_gpus(gpu_percent: float, gpu_memory_percent: float) -> Bundle:
    """Two weeks of one ml.g5.12xlarge, with four GPUs of 22.3515625 GiB."""
    return bundle_of(
        account_of(described(instance_type="ml.g5.12xlarge"), MODEL),
        cpu((HOURS, 100, 50, 3000, 60)),
        memory((HOURS, 3, 3, 180, 60)),
        series("GPUUtilization", [(HOURS, gpu_percent, gpu_percent, gpu_percent * 60, 60)]),
        series("GPUMemoryUtilization", [(HOURS, gpu_memory_percent, gpu_memory_percent, 60, 60)]),
        invocations((HOURS, 1000)),
    )


@pytest.mark.parametrize(
    ("seen", "after", "verdict", "reason"),
    [
        # 99 % of one GPU's 22.3515625 GiB are 22.128046875, which is rounded up, of the same 22.3515625 there would be
        (
            on_gpus(70, 99),
            "ml.g5.xlarge",
            "too-small",
            "22.1281 of 22.3515625 GiB of accelerator memory would be used, all there are",
        ),
        (
            on_gpus(70, 50),
            "ml.inf2.xlarge",
            "unknown",
            "what it used of ml.g5.12xlarge says nothing of another kind of accelerator",
        ),
        # 50 % of 192 GiB are 96, whatever its CPU did
        (
            bundle_of(
                account_of(described(instance_type="ml.m5.12xlarge"), MODEL),
                memory((HOURS, 50, 50, 3000, 60)),
                invocations((HOURS, 1000)),
            ),
            "ml.m5.large",
            "too-small",
            "8 of 96 GiB of memory",
        ),
    ],
)
def test_another_type_is_held_against_what_was_seen(seen: Bundle, after: str, verdict: str, reason: str) -> None:
    (found,) = seen.endpoints
    (changed,) = steady(after, 1, 1).endpoints
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(changed))
    assert (told.verdict, told.reason) == (verdict, reason)


def test_what_ran_on_neuron_says_nothing_of_a_machine_without() -> None:
    (found,), (changed,) = steady("ml.inf2.xlarge", 50, 3).endpoints, steady("ml.m5.large", 1, 1).endpoints
    assert (
        right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(changed)).verdict == "unknown"
    )


def on_one_gpu(instance_type: str, cores: int, gpu_memory_percent: float) -> Bundle:
    return bundle_of(
        account_of(described(instance_type=instance_type), MODEL),
        cpu((HOURS, cores * 100, cores * 100, cores * 6000, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        series("GPUUtilization", [(HOURS, 50, 50, 3000, 60)]),
        series("GPUMemoryUtilization", [(HOURS, gpu_memory_percent, gpu_memory_percent, 60, 60)]),
        invocations((HOURS, 1000)),
    )


@pytest.mark.parametrize(
    ("instance_type", "cores", "percent"),
    [
        # 80 % of the 44.7 GiB of one L40S are 35.8: the four T4 of the cheaper ml.g4dn.12xlarge have 64 together, and
        # 16 each. 40 cores, 48 with room: of one GPU no cheaper type has so many.
        ("ml.g6e.16xlarge", 40, 80),
        # 95 % of 22.35 GiB on one A10G are 21.2
        ("ml.g5.16xlarge", 39, 95),
    ],
)
def test_what_one_gpu_held_is_not_spread_over_several_smaller_ones(
    instance_type: str, cores: int, percent: float
) -> None:
    told = judged(on_one_gpu(instance_type, cores, percent))
    assert told.need.fullest_gpu_gib == told.need.gpu_memory_gib
    assert told.need.fullest_gpu_gib is not None
    for option in told.options:
        spec = BOOK.instance(option.instance_type)
        assert spec is not None
        assert spec.accelerator_memory_gib is not None
        assert spec.accelerator_memory_gib >= told.need.fullest_gpu_gib
    assert "ml.g4dn.12xlarge" not in [each.instance_type for each in told.options]


def test_a_change_to_several_smaller_gpus_is_too_small_for_what_one_held() -> None:
    # 35.7625 GiB on one L40S, and 4 × 16 on ml.g4dn.12xlarge, which has cores and memory enough
    (found,) = on_one_gpu("ml.g6e.16xlarge", 40, 80).endpoints
    (changed,) = bundle_of(account_of(described(instance_type="ml.g4dn.12xlarge"), MODEL)).endpoints
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(changed))
    assert (told.verdict, told.reason) == ("too-small", "16 of 35.7625 GiB of memory on one accelerator")


def test_a_model_that_was_spread_over_four_gpus_may_need_no_more_than_its_share_of_each() -> None:
    # 320 % of 22.3515625 GiB are 71.525, 85.83 with room: 21.4575 on each of four, which L4s with 22.35 have.
    # ml.g6.12xlarge at 5.752 for 7.09: 976.74
    told = judged(on_gpus(100, 320))
    assert told.cheapest is not None
    assert (told.cheapest.instance_type, told.cheapest.instances_usd) == ("ml.g6.12xlarge", Decimal("976.74"))


def test_gpus_that_nothing_used_may_go() -> None:
    # 100 % of 48 vCPUs is 1 core, 3 % of 192 GiB are 5.76: 1.2 and 6.912 with room, of 4 and 16
    (found,), (changed,) = on_gpus(0, 0).endpoints, steady("ml.m5.xlarge", 1, 1).endpoints
    told = right_sizing.judge(AlternativesEngine(BOOK), found, found.variants[0], declared(changed))
    assert told.verdict in ("fits", "too-large")


@pytest.mark.parametrize("status", ["Deleting", "Failed"])
def test_what_goes_or_never_came_is_not_made_smaller(status: str) -> None:
    found = bundle_of(
        account_of(described(EndpointStatus=status), MODEL),
        cpu((HOURS, 50, 25, 1500, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        invocations((HOURS, 1000)),
    )
    assert (judged(found).verdict, judged(found).reason) == ("unknown", f"it is {status}")
