"""What is said of an account, a sentence each, with its money: one account for each thing that can be said."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from guardrail.evidence.base import SAGEMAKER, Series
from guardrail.evidence.judge import fleet, statements
from guardrail.evidence.judge.batch import judge
from guardrail.evidence.judge.scaling import PER_INSTANCE
from guardrail.evidence.judge.statements import Statement
from guardrail.prices.book import PriceBook
from tests.evidence.judge.test_batch import job
from tests.evidence.judge.test_idle import ASYNC, OFFICE, component
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

BOOK = PriceBook()


def said(*parts: dict[str, Any], answered: Iterable[Iterable[Series]] = ()) -> dict[str, Statement]:
    """The statements of an account by their kind; of each kind the first."""
    found: dict[str, Statement] = {}
    for one in fleet.judged(bundle_of(account_of(*parts, MODEL), *answered), BOOK):
        for each in statements.of_endpoint(one):
            found.setdefault(each.kind, each)
    return found


def target(least: int, most: int) -> dict[str, Any]:
    resource = {"ResourceId": "endpoint/shop/variant/a", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    policy = {
        **resource,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 2000,
            "PredefinedMetricSpecification": {"PredefinedMetricType": PER_INSTANCE},
        },
    }
    bounds = {**resource, "MinCapacity": least, "MaxCapacity": most}
    return {"scalable_targets": [bounds], "scaling_policies": [policy]}


def test_what_is_too_large_tells_the_need_the_most_and_what_would_do() -> None:
    week = [(3, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (164, 300, 240, 14400, 60)]
    found = said(
        described(instance_type="ml.m4.10xlarge"),
        answered=[cpu(*week, *week), memory((HOURS, 6, 5, 300, 60)), invocations((HOURS, 48))],
    )
    assert found["too-large"].text == (
        "needs 36 cores, 11.52 GiB with room for more; the most was 30 cores (2 h above the 99th percentile), "
        "recurring on Monday 09:00 UTC, 9.6 GiB: ml.c5.9xlarge at 1.836 an hour in place of ml.m4.10xlarge"
    )
    assert (found["too-large"].saves_usd, found["too-large"].is_note) == (Decimal("411.72"), False)


def test_a_type_below_a_single_maximum_says_so() -> None:
    rows = [(50, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (285, 300, 240, 14400, 60)]
    found = said(
        described(instance_type="ml.m4.10xlarge"),
        answered=[cpu(*rows), memory((HOURS, 6, 5, 300, 60)), invocations((HOURS, 48))],
    )
    assert "is below the maximum: 4 of 30 cores" in found["too-large"].text


def test_what_is_too_small_tells_what_has_enough() -> None:
    found = said(
        described(),
        answered=[cpu((HOURS, 398, 390, 23400, 60)), memory((HOURS, 50, 50, 3000, 60)), invocations((HOURS, 1))],
    )
    assert found["too-small"].text.startswith("ml.m5.xlarge is too small: 3.98 of 4 cores were used, all there were")
    assert "has what it needs" in found["too-small"].text


def test_fewer_instances_and_office_hours() -> None:
    found = said(
        described(count=2),
        answered=[
            invocations((2, None), *OFFICE, *OFFICE[:-1], (60, None)),
            cpu((HOURS, 80, 40, 4800, 120)),
            memory((HOURS, 60, 60, 7200, 120)),
        ],
    )
    assert found["fewer-instances"].text.startswith("1 × ml.m5.xlarge would do, if 1 of 2 instances take the load")
    assert (
        "is busy in 50 of 168 hours of a week by its requests: 335.80 a month always, 217.87" in found["periodic"].text
    )


def test_bounds_and_a_target_that_never_mattered() -> None:
    busy = [
        cpu((100, 90, 80, 9600, 120), (6, 90, 80, 19200, 240), (230, 90, 80, 9600, 120)),
        invocations((HOURS, 36_000)),
    ]
    found = said(described(count=2), target(2, 4), answered=busy)
    assert found["maximum-reached"].text == "was at its maximum of 4 for 6 of 336 hours"
    # 36,000 / 60 / 2 = 300 a minute and instance, of 2,000
    assert "never approached its target of 2000 requests a minute and instance: at most 300" in (
        found["target-never-approached"].text
    )
    still = said(described(count=2), target(2, 4), answered=[cpu((HOURS, 90, 80, 9600, 120)), busy[1]])
    # 0.9 cores of 4 on each of two, 1.08 with room: 54 % of one. 0.23 × 730 = 167.90; no memory was measured, which
    # instances do not share
    assert still["minimum-never-left"].text == (
        "never left its minimum of 2 in 336 hours: 1 would have taken its load, if one Availability Zone is enough"
    )
    assert still["minimum-never-left"].saves_usd == Decimal("167.90")


def test_a_minimum_that_its_load_takes_has_no_number_beside_it() -> None:
    # 3 cores of 4 on each of two, 3.6 with room: 180 % of one
    busy = [cpu((HOURS, 300, 280, 33600, 120)), memory((HOURS, 10, 10, 1200, 120)), invocations((HOURS, 36_000))]
    still = said(described(count=2), target(2, 4), answered=busy)
    assert still["minimum-never-left"].text == "never left its minimum of 2 in 336 hours"
    assert still["minimum-never-left"].saves_usd is None


def test_queues_that_are_never_empty_and_those_that_may_wait() -> None:
    machine = described(instance_type="ml.c5.2xlarge", config=ASYNC)
    full = said(machine, answered=[backlog((HOURS, 40, 20, 1200, 60)), cpu((HOURS, 600, 600, 36000, 60))])
    assert full["never-empty"].text.startswith("was never empty for an hour; the most that waited were 40")
    rows = [(2, 600, 600, 36000, 60), (22, 1, 1, 60, 60)] * 14
    queue = backlog(*[(2, 40, 20, 1200, 60), (22, 0, 0, 0, 60)] * 14)
    waits = said(machine, answered=[queue, cpu(*rows), memory((HOURS, 10, 10, 600, 60))])
    assert "if it is fine that requests wait for hours" in waits["slower"].text
    assert waits["slower"].is_note


def test_a_queue_that_has_emptied_says_what_resting_would_save() -> None:
    # 324 of 336 hours at 1.408: 456.192 in two weeks, 991.13 in 730 hours
    found = said(
        described(instance_type="ml.g5.xlarge", config=ASYNC),
        answered=[
            backlog((10, 0, 0, 0, 60), (2, 40, 20, 1200, 60), (324, 0, 0, 0, 60)),
            cpu((10, 2, 1, 60, 60), (2, 390, 300, 18000, 60), (324, 2, 1, 60, 60)),
        ],
    )
    assert "what ran since then cost 456.19 USD" in found["scale-to-zero"].text
    assert found["scale-to-zero"].saves_usd is not None
    assert round(found["scale-to-zero"].saves_usd, 2) == Decimal("991.13")


def test_serverless_memory_and_full_memory() -> None:
    def of(percent: float) -> dict[str, Statement]:
        size = {"MemorySizeInMB": 4096, "MaxConcurrency": 20}
        return said(
            described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None}),
            answered=[
                invocations((HOURS, 1000)),
                series("ModelLatency", [(HOURS, 300_000, 200_000, 200_000 * 1000, 1000)], namespace=SAGEMAKER),
                memory((HOURS, percent, percent, 60, 60)),
            ],
        )

    assert of(40)["serverless"].text.startswith("used 1.6 GiB at most: 2 GB would do")
    assert of(40)["serverless"].saves_usd == Decimal("5.84")
    assert of(97)["serverless"].text == "used 3.88 GiB, all of its memory: it may need more"


def test_components_that_nobody_asks_and_what_is_not_sized() -> None:
    host = described(instance_type="ml.g5.12xlarge", variant={"ModelName": None})
    found = said(
        host,
        {"inference_components": [component("embed")]},
        answered=[of_component("embed", "Invocations", (HOURS, None))],
    )
    assert found["idle"].text.startswith("is idle: none of its components") or found["idle"].subject == "embed"
    assert found["gap"].is_note


def test_what_was_idle_for_longer_than_the_window_costs_that_much_inside_it() -> None:
    by_day = series("Invocations", [(1, 1, 1, 5, 5), (60, None)], namespace=SAGEMAKER, period=86400)
    early = [one for one in by_day if one.query.statistic == "Sum"]
    found = said(described(), answered=[invocations((HOURS, None)), early])
    assert found["idle"].commands


def test_transform_jobs_tell_how_often_and_what_would_do() -> None:
    (told,) = statements.of_jobs(judge(job(), BOOK))
    assert told.subject == "nightly…"
    assert told.text.startswith("30.4 runs a month on 2 × ml.m5.4xlarge need 3.6 cores: ml.")
    assert list(statements.of_jobs(judge(job(cpu_cores=None), BOOK))) == []


ONCE_A_SECOND: dict[str, Any] = {"MemorySizeInMB": 4096, "MaxConcurrency": 20, "ProvisionedConcurrency": 10}


def test_serverless_that_refuses_requests_or_finds_no_warm_slot_says_so() -> None:
    # at 20 of 20 in 36 hours; 100 of 1,000 requests an hour found no warm slot
    found = said(
        described(instance_type=None, variant={"ServerlessConfig": ONCE_A_SECOND, "InitialInstanceCount": None}),
        answered=[
            invocations((HOURS, 1000)),
            series(
                "ServerlessConcurrentExecutionsUtilization",
                [(300, 0.2, 0.1, 1, 60), (36, 1, 0.3, 1, 60)],
                namespace=SAGEMAKER,
            ),
            series(
                "ServerlessProvisionedConcurrencySpilloverInvocations", [(HOURS, 1, 1, 100, 100)], namespace=SAGEMAKER
            ),
        ],
    )
    assert found["maximum-reached"].text == "was at its maximum concurrency in 36 hours: requests beyond it are refused"
    assert found["serverless"].text == "had no warm slot for 10.00 % of its requests"


def test_a_fleet_that_cannot_leave_its_minimum_and_works_is_nothing_to_tell() -> None:
    # 3.5 cores of 4 on each of two
    found = said(
        described(count=2),
        target(2, 2),
        answered=[cpu((HOURS, 350, 300, 1, 120)), memory((HOURS, 20, 20, 1, 120)), invocations((HOURS, 50))],
    )
    assert "minimum-never-left" not in found


def test_a_queue_that_was_never_empty_says_once_that_it_needs_more() -> None:
    found = said(
        described(config=ASYNC),
        answered=[backlog((HOURS, 50, 20, 1, 60)), cpu((HOURS, 300, 200, 1, 60)), memory((HOURS, 30, 30, 1, 60))],
    )
    assert found["never-empty"].text.endswith("the most that waited were 50: it needs more capacity")
    assert "not-sized" not in found


def test_gpus_with_less_memory_each_are_told_where_nobody_knows_how_full_one_was() -> None:
    # 160 % of four GPUs of 22.3515625 GiB are 35.7625, with room 42.915: four of 16 GiB have that, together
    found = said(
        described(instance_type="ml.g5.12xlarge"),
        answered=[
            cpu((HOURS, 600, 300, 1, 60)),
            memory((HOURS, 10, 10, 1, 60)),
            series("GPUUtilization", [(HOURS, 180, 90, 1, 60)]),
            series("GPUMemoryUtilization", [(HOURS, 160, 100, 1, 60)]),
            invocations((HOURS, 1000)),
        ],
    )
    assert "the most was 6 cores, 19.2 GiB, 1.8 GPUs, 35.7625 GiB of GPU memory" in found["too-large"].text
    assert "ml.g4dn.12xlarge has 16 GiB on each GPU, and 22.3515625 were there: one may have used more" in (
        found["too-large"].text
    )


def test_a_queue_that_empties_each_day_could_rest_until_the_next() -> None:
    # two hours of work a day: empty in 308 of 336 hours before one ml.g5.xlarge at 1.408.
    # 308 / 336 × 1.408 × 730 = 942.1866...
    day = [(2, 40, 20, 1, 60), (22, 0, 0, 0, 60)]
    found = said(
        described(instance_type="ml.g5.xlarge", config=ASYNC),
        answered=[
            backlog(*day * 14),
            cpu(*[(2, 300, 200, 1, 60), (22, 2, 1, 1, 60)] * 14),
            memory((HOURS, 30, 30, 1, 60)),
        ],
    )
    resting = found["scale-to-zero"]
    assert resting.text.startswith("has nothing to do in 308 of 336 hours, and never fewer instances than 1")
    assert resting.saves_usd is not None
    assert round(resting.saves_usd, 2) == Decimal("942.19")


def test_another_way_to_serve_tells_from_how_many_requests_on_it_is_dearer() -> None:
    # 20 requests an hour of 200 ms on an ml.m5.xlarge at 169.02 a month with its volume. 2 GB cost 0.00004 a second:
    # 169.02 / 0.00004 = 4,225,500 s a month, 21,127,500 requests of 0.2 s, 28,941.78 an hour
    found = said(
        described(),
        answered=[
            cpu((HOURS, 30, 10, 1, 60)),
            memory((HOURS, 10, 10, 1, 60)),
            invocations((HOURS, 20)),
            series("ModelLatency", [(HOURS, 300_000, 200_000, 200_000 * 20, 20)], namespace=SAGEMAKER),
        ],
    )
    assert found["another-way"].text.startswith("serverless, 2 GB")
    assert found["another-way"].text.endswith(
        "; as cheap as instances at 28,941.78 requests an hour, and there were 20.00"
    )
    # 730 h × 20 × 0.2 s × 0.00004 = 0.1168 in place of 169.02
    assert found["another-way"].saves_usd == Decimal("168.9032")


def test_no_way_to_serve_is_proposed_that_has_less_than_was_used() -> None:
    # 88 % of 16 GiB are 14.08, and the largest serverless variant has 6; a queue before the same machine has them
    answered = [
        cpu((HOURS, 30, 10, 1, 60)),
        invocations((HOURS, 20)),
        series("ModelLatency", [(HOURS, 300_000, 200_000, 200_000 * 20, 20)], namespace=SAGEMAKER),
    ]
    found = said(described(), answered=[*answered, memory((HOURS, 88, 88, 1, 60))])
    assert "another-way" not in found
    assert "another-way" in said(described(), answered=[*answered, memory((HOURS, 10, 10, 1, 60))])


def test_requests_that_wait_for_what_is_at_zero_are_a_finding() -> None:
    sleeping = described(instance_type="ml.g5.xlarge", count=0, config=ASYNC)
    found = said(sleeping, answered=[backlog((100, 0, 0, 0, 60), (236, 12, 12, 720, 60)), cpu((HOURS, None))])
    assert found["never-empty"].text == "is at 0 instances while requests wait, up to 12 of them: nothing wakes it"
    assert not found["never-empty"].is_note
    assert not said(sleeping, answered=[backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, None))])


def test_an_idle_host_and_its_idle_components_are_said_once() -> None:
    host = described(instance_type="ml.g5.12xlarge", variant={"ModelName": None})
    story = account_of(host, {"inference_components": [component("chat"), component("embed")]})
    answered = [of_component(name, "Invocations", (HOURS, None)) for name in ("chat", "embed")]
    (one,) = fleet.judged(bundle_of(story, *answered), BOOK)
    told = [each for each in statements.of_endpoint(one) if each.kind == "idle"]
    assert [each.subject for each in told] == ["shop/a"]
    assert [line.split()[2] for line in told[0].commands] == [
        "delete-inference-component",
        "delete-inference-component",
        "delete-endpoint",
    ]


def test_a_type_on_arm_below_the_maximum_says_so_too() -> None:
    # 14 cores in one hour of 336, else one: 1.2 with room
    once = [(100, 100, 50, 3000, 60), (1, 1400, 900, 54000, 60), (235, 100, 50, 3000, 60)]
    found = said(
        described(instance_type="ml.m5.4xlarge"),
        answered=[cpu(*once), memory((HOURS, 10, 10, 600, 60)), invocations((HOURS, 1000))],
    )
    assert found["graviton"].text.endswith("; ml.m6g.large is below the maximum: 2 of 14 cores")


def test_metrics_of_gpus_that_a_queue_has_none_of_make_it_less_sure() -> None:
    asked = described(instance_type="ml.g5.4xlarge", config=ASYNC)
    silent = [series(metric, [(HOURS, None)]) for metric in ("GPUUtilization", "GPUMemoryUtilization")]
    found = said(asked, answered=[cpu((HOURS, 100, 50, 3000, 60)), memory((HOURS, 10, 10, 600, 60)), *silent])
    assert found["too-large"].confidence.doubts == (
        "GPUUtilization: no datapoints",
        "GPUMemoryUtilization: no datapoints",
        "ApproximateBacklogSize: not asked for",
    )
    assert found["too-large"].is_note


def test_gpus_that_no_hour_used_are_told_with_a_type_that_has_none() -> None:
    # 2 cores and 30 % of 16 GiB, 2.4 and 5.76 with room: ml.c5.xlarge has 4 and 8 at 0.204, for 0.736:
    # 0.532 × 730 = 388.36
    machine = described(instance_type="ml.g4dn.xlarge")
    seen = [cpu((HOURS, 200, 100, 6000, 60)), memory((HOURS, 30, 30, 1800, 60)), invocations((HOURS, 1000))]
    idle_gpu = [series(metric, [(HOURS, 0, 0, 0, 60)]) for metric in ("GPUUtilization", "GPUMemoryUtilization")]
    found = said(machine, answered=[*seen, *idle_gpu])
    assert found["another-way"].text.startswith("never used its accelerators, nor their memory: ml.c5.xlarge at 0.204")
    assert (found["another-way"].saves_usd, found["another-way"].is_note) == (Decimal("388.36"), True)
    # a model lies in its memory, though nobody asked for more than a moment
    loaded = [idle_gpu[0], series("GPUMemoryUtilization", [(HOURS, 40, 40, 2400, 60)])]
    assert "another-way" not in said(machine, answered=[*seen, *loaded])
    assert "another-way" not in said(machine, answered=seen)


def test_what_no_machine_of_its_type_can_have_used_makes_a_note() -> None:
    # 900 % of eight cores, and 130 % of 32 GiB: of another machine
    answered = [cpu((HOURS, 900, 800, 48000, 60)), memory((HOURS, 130, 100, 6000, 60)), invocations((HOURS, 1000))]
    found = said(described(instance_type="ml.m5.2xlarge"), answered=answered)
    assert found["too-small"].is_note
    assert (
        "MemoryUtilization: 130 % of ml.m5.2xlarge, more than its machine has" in found["too-small"].confidence.doubts
    )
    # 404 % of four cores is a sample that was rounded
    full = [cpu((HOURS, 404, 400, 24000, 60)), memory((HOURS, 50, 50, 3000, 60)), invocations((HOURS, 1000))]
    assert not said(described(), answered=full)["too-small"].is_note


def test_a_larger_machine_of_several_gpus_has_enough_for_what_spreads_over_them_alone() -> None:
    # 3.9 of 4 cores, and 99 % of one GPU: with room 1.19 of them, and 60 % of 22.35 GiB, 16.09 with room
    answered = [
        cpu((HOURS, 390, 390, 23400, 60)),
        memory((HOURS, 60, 60, 3600, 60)),
        series("GPUUtilization", [(HOURS, 99, 99, 5940, 60)]),
        series("GPUMemoryUtilization", [(HOURS, 60, 60, 3600, 60)]),
        invocations((HOURS, 1000)),
    ]
    found = said(described(instance_type="ml.g5.xlarge"), answered=answered)
    assert found["too-small"].text.endswith(
        "; ml.g6.12xlarge has what it needs, if it spreads its work over several accelerators"
    )


def test_a_minimum_that_is_the_maximum_says_how_many_would_have_been_enough() -> None:
    # 0.6 cores of 4 on each of three, 2.16 with room for more: one has four. 2 × 0.23 × 730 = 335.80
    answered = [cpu((HOURS, 60, 50, 9000, 180)), memory((HOURS, 50, 50, 9000, 180)), invocations((HOURS, 36_000))]
    found = said(described(count=3), target(3, 3), answered=answered)
    assert found["minimum-never-left"].text == (
        "is held at 3 by its bounds: 1 would have taken its load, if one Availability Zone is enough"
    )
    assert found["minimum-never-left"].saves_usd == Decimal("335.80")
