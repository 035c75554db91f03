"""Where a judgement turns: at the limit itself, and one hour, run or request beside it."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.evidence.base import SAGEMAKER, Series
from guardrail.evidence.bundle import Bundle
from guardrail.evidence.judge import batch, fleet, hosts, idle, right_sizing, scaling, statements, ways_to_serve
from guardrail.evidence.judge.right_sizing import RightSizing, VariantToJudge
from guardrail.evidence.standing import endpoint_of
from guardrail.model import ServerlessVariant, Unknown
from guardrail.prices.base import Price, Unpriced
from guardrail.prices.book import PriceBook
from tests.evidence.judge.test_batch import BOOK, job
from tests.evidence.judge.test_hosts import component
from tests.evidence.judge.test_statements import said
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
    of_component,
    series,
)

ENGINE = AlternativesEngine(PriceBook())
HOUR_USD = Decimal("0.23")
LATER = Unknown("later")
ASKED = invocations((HOURS, 1000))


def judged(bundle: Bundle) -> RightSizing:
    (found,) = bundle.endpoints
    declared = VariantToJudge(endpoint=endpoint_of(found), place=0)
    return right_sizing.judge(ENGINE, found, found.variants[0], declared)


def steady(percent_memory: float | None = 50, percent_cpu: float = 398) -> list[list[Series]]:
    seen = [cpu((HOURS, percent_cpu, percent_cpu, percent_cpu * 60, 60)), ASKED]
    return seen if percent_memory is None else [*seen, memory((HOURS, percent_memory, percent_memory, 3000, 60))]


@pytest.mark.parametrize(
    ("an_hour", "level", "doubts"),
    [
        (10, "high", ()),  # one per cent, no more
        (11, "medium", ("1 % of its requests failed",)),
        (500, "medium", ("50 % of its requests failed",)),  # a half, no more
        (501, "low", ("50 % of its requests failed",)),
    ],
)
def test_a_doubt_begins_above_one_per_cent_of_failures_and_is_grave_above_half(
    an_hour: int, level: str, doubts: tuple[str, ...]
) -> None:
    failed = series("Invocation5XXErrors", [(HOURS, 1, 1, an_hour, 1000)], namespace=SAGEMAKER)
    told = judged(bundle_of(account_of(described(), MODEL), *steady(percent_cpu=100), failed))
    assert (told.confidence.level, told.confidence.doubts) == (level, doubts)


@pytest.mark.parametrize(
    ("hours", "doubts"), [(303, ()), (302, ("90 % of the hours have datapoints",))], ids=["303 of 336", "302 of 336"]
)
def test_nine_tenths_of_the_hours_are_enough(hours: int, doubts: tuple[str, ...]) -> None:
    """303 / 336 = 0.9018, and 302 / 336 = 0.8988."""
    rows = [(hours, 100, 50, 3000, 60), (HOURS - hours, None)]
    story = account_of(described(), MODEL)
    told = judged(bundle_of(story, cpu(*rows), memory((HOURS, 50, 50, 3000, 60)), ASKED))
    assert tuple(one for one in told.confidence.doubts if "datapoints" in one) == doubts


def test_a_machine_that_is_known_for_less_than_a_week_is_a_grave_doubt() -> None:
    """Updated at 06:20 on the 13th, three days before the end: 71 whole hours are its own."""
    later = {"EndpointConfigName": "shop-2", "CreationTime": "2026-11-13T06:00:00Z"}
    story = described(LastModifiedTime="2026-11-13T06:20:00Z", EndpointConfigName="shop-2", config=later)
    told = judged(bundle_of(account_of(story, MODEL), *steady(percent_cpu=100)))
    assert "its machine is known for 71 hours alone" in told.confidence.doubts
    assert told.confidence.level == "low"


@pytest.mark.parametrize(("hours", "cores"), [(167, 8), (168, 3)])
def test_a_whole_week_of_the_last_machine_tells_the_load_alone(hours: int, cores: int) -> None:
    """8 cores before it was deployed anew and 3 after: what it needs is 3 once that was seen for 168 hours."""
    story = account_of(described(instance_type="ml.m5.4xlarge"), MODEL)
    (found,) = bundle_of(story, *steady(percent_cpu=300)).endpoints
    (variant,) = found.variants
    (segment,) = variant.segments
    used = segment.cpu_cores
    assert used is not None
    before = replace(segment, cpu_cores=replace(used, p99=Decimal(8), maximum=Decimal(8), count=100))
    after = replace(segment, cpu_cores=replace(used, count=hours))
    declared = VariantToJudge(endpoint=endpoint_of(found), place=0)
    told = right_sizing.judge(ENGINE, found, replace(variant, segments=(before, after)), declared)
    assert told.need.cpu_cores == cores


@pytest.mark.parametrize(("runs", "level"), [(2, "low"), (3, "high")])
def test_three_runs_of_a_job_are_enough(runs: int, level: str) -> None:
    assert batch.judge(job(runs=runs), BOOK).confidence.level == level


@pytest.mark.parametrize(("empty", "saved"), [(83, None), (84, "41.98")])
def test_a_queue_rests_where_it_is_empty_in_a_quarter_of_the_hours(empty: int, saved: str | None) -> None:
    """84 of 336 hours: 1/4 × 0.23 × 730 = 41.975 a month."""
    story = account_of(described(config={"AsyncInferenceConfig": {}}), MODEL)
    queue = backlog((HOURS - empty, 40, 20, 1200, 60), (empty, 0, 0, 0, 60))
    (found,) = bundle_of(story, queue, cpu((HOURS, 100, 50, 3000, 60))).endpoints
    told = scaling.resting(found, found.variants[0], HOUR_USD)
    assert (None if told is None else f"{told.saving_usd:.2f}") == saved


def test_quiet_hours_with_some_requests_are_quiet() -> None:
    """50 of 168 hours with 3,600 requests and the others with 360, a tenth: of two instances one follows.

    0.23 × 730 × (1 + 50/168) = 217.87.
    """
    day = [(10, 3600), (14, 360)]
    week = [*day * 5, (48, 360)]
    (found,) = bundle_of(account_of(described(count=2)), invocations(*week, *week)).endpoints
    told = scaling.periodic(found, found.variants[0], HOUR_USD)
    assert told is not None
    assert (told.busy_hours, told.quiet_share) == (50, Decimal("0.1"))
    assert round(told.following_usd, 2) == Decimal("217.87")


def test_memory_that_was_used_up_is_too_small() -> None:
    """96 % of 16 GiB are 15.36, above 95 % of them; 94 % are not."""
    told = judged(bundle_of(account_of(described(), MODEL), *steady(96, 100)))
    assert (told.verdict, told.reason) == ("too-small", "15.36 of 16 GiB of memory were used, all there were")
    assert judged(bundle_of(account_of(described(), MODEL), *steady(94, 100))).verdict != "too-small"


def test_what_scales_to_zero_may_have_one_instance_where_nobody_knows_how_many_there_are() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", config={"AsyncInferenceConfig": {}}))
    queue = backlog((10, 0, 0, 0, 60), (2, 40, 20, 1200, 60), (324, 0, 0, 0, 60))
    (found,) = bundle_of(story, queue, cpu((10, 2, 1, 60, 60), (2, 390, 300, 18000, 60), (324, 2, 1, 60, 60))).endpoints
    unknown = replace(found.variants[0], current_instances=None, most_instances=None)
    (command,) = idle.of_variant(found, unknown, HOUR_USD).commands
    assert command.endswith("--min-capacity 0 --max-capacity 1 --region us-east-1")


def test_what_has_enough_says_where_memory_was_not_measured() -> None:
    unmeasured = ", and no less memory, which was not measured"
    assert said(described(), answered=steady(None))["too-small"].text.endswith(f"has what it needs{unmeasured}")
    assert said(described(), answered=steady(50))["too-small"].text.endswith("has what it needs")


@pytest.mark.parametrize(("copies", "zone"), [(1, True), (2, False)])
def test_one_zone_is_enough_where_one_instance_is_left_of_two(copies: int, zone: bool) -> None:  # noqa: FBT001
    """Of two ml.g6.12xlarge with four GPUs each, one holds a copy of four, and both hold two copies."""
    one = component("chat", copies, gpus=4)
    seen = [of_component("chat", "Invocations", (HOURS, 1, 1, 800, 800))]
    host = described(instance_type="ml.g5.12xlarge", count=2, variant={"ModelName": None})
    found = said(host, {"inference_components": [one]}, answered=seen)
    (told,) = (each for each in found.values() if "hosts components" in each.text)
    assert ("one Availability Zone is enough" in told.text) is zone


def test_instances_that_nobody_counted_are_taken_for_one() -> None:
    """12 requests at a time, and 12 may come; on each of two instances 24 may."""
    at_a_time = series("ConcurrentRequestsPerModel", [(HOURS, 12, 3, 1, 120)], namespace=SAGEMAKER)
    story = account_of(described(count=2), MODEL)
    seen = [cpu((HOURS, 100, 50, 3000, 120)), memory((HOURS, 20, 20, 1200, 120)), at_a_time]
    (found,) = bundle_of(story, *seen).endpoints
    declared = ServerlessVariant(name="a", memory_mib=4096, max_concurrency=12, provisioned_concurrency=None)
    (variant,) = found.variants
    assert ways_to_serve.unseen(variant, declared) == ("up to 12 requests at a time on each of 2 instances may be more")
    assert ways_to_serve.unseen(replace(variant, instances=None), declared) is None


@pytest.mark.parametrize(("most", "lacking"), [(12, []), (11, ["11 of 12 requests at a time"])])
def test_as_many_requests_at_a_time_as_came_are_enough(most: int, lacking: list[str]) -> None:
    at_a_time = series("ConcurrentRequestsPerModel", [(HOURS, 12, 3, 1, 60)], namespace=SAGEMAKER)
    (found,) = bundle_of(account_of(described(), MODEL), *steady(20, 100), at_a_time).endpoints
    declared = ServerlessVariant(name="a", memory_mib=4096, max_concurrency=most, provisioned_concurrency=None)
    assert list(ways_to_serve.lacks(found.variants[0], declared, lambda used: used.maximum)) == lacking


@pytest.mark.parametrize(("took_ms", "is_more"), [("5000", False), ("5000.001", True)])
def test_an_hour_has_3_600_000_milliseconds_of_requests_one_after_the_other(took_ms: str, is_more: bool) -> None:  # noqa: FBT001
    """36,000 an hour × 5,000 ms are 50 at a time, as many as there may be; × 5,000.001 ms are 50.00001."""
    latency = series("ModelLatency", [(HOURS, 1, 1, 1, 36_000)], namespace=SAGEMAKER)
    asked = invocations((HOURS, 36_000))
    (found,) = bundle_of(account_of(described(), MODEL), cpu((HOURS, 1, 1, 60, 60)), asked, latency).endpoints
    (variant,) = found.variants
    assert variant.latency is not None
    slow = replace(variant, latency=replace(variant.latency, mean_ms=Decimal(took_ms)))
    declared = ServerlessVariant(name="a", memory_mib=4096, max_concurrency=50, provisioned_concurrency=None)
    assert bool(list(ways_to_serve.lacks(slow, declared, lambda used: used.maximum))) is is_more


@pytest.mark.parametrize(("hours", "is_told"), [(0, False), (1, True)])
def test_one_hour_at_a_bound_is_to_have_been_there(hours: int, is_told: bool) -> None:  # noqa: FBT001
    found = scaling.Bounds(least=1, most=2, hours=hours, hours_at_least=hours, hours_at_most=hours)
    assert (found.minimum_was_never_left, found.maximum_was_reached) == (is_told, is_told)


@pytest.mark.parametrize(("percent", "enough"), [(160, 1), (170, None)])
def test_a_minimum_is_too_high_where_fewer_take_the_load_with_a_fifth_more(percent: int, enough: int | None) -> None:
    """1.6 of 4 vCPUs on each of two are 0.4 × 2 × 1.2 = 0.96 of one; 1.7 are 1.02."""
    target = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 2,
        "MaxCapacity": 4,
    }
    story = account_of(described(count=2), MODEL, {"scalable_targets": [target]})
    seen = [cpu((HOURS, percent, percent, percent * 120, 120)), memory((HOURS, 50, 50, 6000, 120)), ASKED]
    (told,) = fleet.judged(bundle_of(story, *seen), BOOK)
    found = told.variants[0].bounds
    assert found is not None
    assert (found.minimum_was_never_left, found.enough) == (True, enough)


@pytest.mark.parametrize(("usd", "saved"), [("0.115", None), ("0.116", Decimal("0.73"))])
def test_what_is_without_accelerators_has_to_be_cheaper_than_with_them(usd: str, saved: Decimal | None) -> None:
    """1.2 cores and 6.912 GiB of two and eight: ml.m5.large, at 0.115; (0.116 - 0.115) × 730 = 0.73."""

    class Book(PriceBook):
        def hosting(self, region: str, instance_type: str) -> Price | Unpriced:
            price = super().hosting(region, instance_type)
            is_other = instance_type == "ml.g5.12xlarge" and isinstance(price, Price)
            return replace(price, usd=Decimal(usd)) if is_other else price

    unused = [series(name, [(HOURS, 0, 0, 0, 60)]) for name in ("GPUUtilization", "GPUMemoryUtilization")]
    seen = [cpu((HOURS, 100, 50, 3000, 60)), memory((HOURS, 3, 3, 180, 60)), ASKED, *unused]
    (found,) = bundle_of(account_of(described(instance_type="ml.g5.12xlarge"), MODEL), *seen).endpoints
    declared = VariantToJudge(endpoint=endpoint_of(found), place=0)
    told = right_sizing.judge(AlternativesEngine(Book()), found, found.variants[0], declared)
    expected = None if saved is None else ("ml.m5.large", Decimal("0.115"), saved)
    assert told.without_accelerators == expected


@pytest.mark.parametrize("changes", [{"memory_mib": LATER}, {"max_concurrency": LATER}, {}])
def test_whether_a_size_that_is_not_known_is_enough_is_not_known(changes: dict[str, Unknown]) -> None:
    at_a_time = series("ConcurrentRequestsPerModel", [(HOURS, 12, 3, 1, 60)], namespace=SAGEMAKER)
    (found,) = bundle_of(account_of(described(), MODEL), *steady(20, 100), at_a_time).endpoints
    known: dict[str, Any] = {"name": "a", "memory_mib": 4096, "max_concurrency": 12, "provisioned_concurrency": None}
    declared = ServerlessVariant(**{**known, **changes})
    assert ways_to_serve.unseen(found.variants[0], declared) == ("its size is not known" if changes else None)


@pytest.mark.parametrize(("mean", "standing"), [("2.4", 3), (None, 2)])
def test_a_host_stands_on_what_ran_else_on_what_there_is(mean: str | None, standing: int) -> None:
    """2.4 on the average, though two are there now: the third was paid for in some of the hours."""
    story = account_of(
        described(instance_type="ml.g5.12xlarge", count=2, variant={"ModelName": None}),
        {"inference_components": [component("chat", 1)]},
    )
    (found,) = bundle_of(story, series("CPUUtilizationNormalized", [(HOURS, 10, 5, 1, 120)])).endpoints
    (variant,) = found.variants
    assert variant.instances is not None
    ran = None if mean is None else replace(variant.instances, mean=Decimal(mean))
    told = hosts.judge(found, replace(variant, instances=ran), BOOK)
    assert told is not None
    assert told.standing == standing


def test_what_is_at_stake_is_the_most_that_one_statement_saves() -> None:
    """30 of 40 cores with a fifth more are 36, which ml.c5.9xlarge has: (2.40 - 1.836) × 730 = 411.72 and a volume.

    An ml.m4.10xlarge has a volume of 80 GB at 0.14, an ml.c5.9xlarge of 70.
    """
    story = account_of(described(instance_type="ml.m4.10xlarge"), MODEL)
    (told,) = fleet.judged(bundle_of(story, *steady(6, 3000)), BOOK)
    (variant,) = told.variants
    assert variant.sizing is not None
    assert variant.stake_usd == variant.sizing.saving_usd
    assert variant.stake_usd > Decimal("411.71")


@pytest.mark.parametrize(("gpus", "instances"), [(10, 1), (30, 2), (None, None)])
def test_fewer_instances_have_the_gpus_that_were_used(gpus: float | None, instances: int | None) -> None:
    """Four ml.g5.xlarge of 4 vCPUs and a GPU: 0.4 cores each take 4 × 0.4 × 1.2 / 4 = 0.48 of one.

    A tenth of each GPU takes 4 × 0.1 × 1.2 = 0.48, three tenths 1.44; what was not measured may be all of them.
    """
    story = account_of(described(instance_type="ml.g5.xlarge", count=4), MODEL)
    used = [] if gpus is None else [series("GPUUtilization", [(HOURS, gpus, gpus, 1, 240)])]
    seen = [cpu((HOURS, 40, 20, 1200, 240)), memory((HOURS, 60, 60, 3600, 240)), ASKED, *used]
    told = judged(bundle_of(story, *seen))
    assert (told.fewer and told.fewer.instances) == instances


def test_of_types_at_one_price_the_first_one_is_named() -> None:
    """3 cores and 4 GiB: ml.c5.xlarge and ml.c6i.xlarge have them to give, both at 0.204."""
    asked = {"NumberOfCpuCoresRequired": 3, "MinMemoryRequiredInMb": 4096}
    story = account_of(
        described(instance_type="ml.c5.4xlarge", variant={"ModelName": None}),
        {"inference_components": [{**component("chat", 1), "Specification": {"ComputeResourceRequirements": asked}}]},
    )
    (found,) = bundle_of(story).endpoints
    told = hosts.judge(found, found.variants[0], BOOK)
    assert told is not None
    assert (told.instance_type, told.hourly_usd) == ("ml.c5.xlarge", Decimal("0.204"))


def test_another_architecture_is_told_where_it_is_cheaper_than_the_cheapest_of_this_one() -> None:
    """26 cores with a fifth more are 31.2: ml.c6i.8xlarge has 32 at 1.632, ml.c6g.8xlarge at 1.3056."""
    story = account_of(described(instance_type="ml.m4.10xlarge"), MODEL)
    (told,) = fleet.judged(bundle_of(story, *steady(6, 2600)), BOOK)
    (variant,) = told.variants
    sizing = variant.sizing
    assert sizing is not None
    assert sizing.cheapest is not None
    alike = tuple(replace(one, hourly_usd=sizing.cheapest.hourly_usd) for one in sizing.options)
    same = replace(told, variants=(replace(variant, sizing=replace(sizing, options=alike)),))
    assert "graviton" in {each.kind for each in statements.of_endpoint(told)}
    assert "graviton" not in {each.kind for each in statements.of_endpoint(same)}
