"""Series made facts: cores and GiB of the machine of the hour, requests counted once, zero only where it is one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from guardrail.evidence.base import ENDPOINTS, SAGEMAKER, StatusCode
from guardrail.evidence.bundle import Bundle, VariantEvidence
from guardrail.prices.book import PriceBook
from tests.evidence.stories import (
    HOURS,
    NOW,
    START,
    WINDOW,
    account_of,
    backlog,
    bundle_of,
    cpu,
    described,
    invocations,
    memory,
    of_component,
    series,
    with_status,
)

TYPES = sorted(
    name for name in PriceBook().instance_types() if (spec := PriceBook().instance(name)) and spec.hosts_endpoints
)


UPDATED = described(
    LastModifiedTime="2026-11-13T06:20:00Z",
    EndpointConfigName="shop-2",
    config={"EndpointConfigName": "shop-2", "CreationTime": "2026-11-13T06:00:00Z"},
)


def only(bundle: Bundle) -> VariantEvidence:
    return bundle.endpoints[0].variants[0]


def test_cpu_is_a_sum_over_cores_and_memory_a_share_of_the_machine() -> None:
    # ml.c5.2xlarge has 8 vCPUs and 16 GiB: 260 % are 2.6 cores, 22 % are 3.52 GiB; 120 samples in an hour, one a
    # minute of each, are two instances
    story = account_of(described(instance_type="ml.c5.2xlarge", count=2))
    variant = only(bundle_of(story, cpu((HOURS, 260, 140, 16800, 120)), memory((HOURS, 22, 20, 2400, 120))))
    (segment,) = variant.segments
    assert segment.cpu_cores is not None
    assert segment.memory_gib is not None
    assert (segment.cpu_cores.p99, segment.memory_gib.p99) == (Decimal("2.6"), Decimal("3.52"))
    assert variant.instances is not None
    assert (variant.instances.minimum, variant.instances.maximum) == (2, 2)


@given(instance_type=st.sampled_from(TYPES), share=st.integers(0, 100))
def test_a_share_of_all_cores_is_that_share_of_their_number_on_every_type(instance_type: str, share: int) -> None:
    spec = PriceBook().instance(instance_type)
    assert spec is not None
    story = account_of(described(instance_type=instance_type))
    percent = share * spec.vcpus  # CloudWatch counts 100 for each core
    (segment,) = only(bundle_of(story, cpu((24, percent, percent, percent, 60), start=START))).segments
    assert segment.cpu_cores is not None
    assert segment.cpu_cores.maximum == Decimal(share) * spec.vcpus / 100
    assert segment.cpu_cores.maximum <= spec.vcpus


def test_gpu_memory_is_a_sum_over_gpus() -> None:
    # ml.g5.12xlarge: four A10G of 22.3515625 GiB (24 GB); 250 % of one are 2.5 of them, 55.87890625 GiB
    story = account_of(described(instance_type="ml.g5.12xlarge"))
    (segment,) = only(
        bundle_of(
            story,
            series("GPUMemoryUtilization", [(HOURS, 250, 250, 15000, 60)]),
            series("GPUUtilization", [(HOURS, 130, 90, 5400, 60)]),
        )
    ).segments
    assert segment.gpu_memory_gib is not None
    assert segment.gpus is not None
    assert segment.gpu_memory_gib.p99 == Decimal("55.8790")  # rounded up
    assert segment.gpus.p99 == Decimal("1.3")


def test_a_peak_of_one_hour_a_week_is_above_p99_and_recurs() -> None:
    # 336 hourly values: the 99th percentile is the 333rd smallest, and two lie above it, on Mondays at 09:00
    week = [(3, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (164, 300, 240, 14400, 60)]
    (segment,) = only(bundle_of(account_of(described(instance_type="ml.m4.10xlarge")), cpu(*week, *week))).segments
    used = segment.cpu_cores
    assert used is not None
    assert (used.p99, used.maximum, used.above_p99) == (3, 30, 2)
    assert (used.recurring, used.recurs_at) == (30, 9)


def test_a_peak_that_came_once_does_not_recur() -> None:
    rows = [(50, 300, 240, 14400, 60), (1, 3000, 2100, 126000, 60), (285, 300, 240, 14400, 60)]
    (segment,) = only(bundle_of(account_of(described(instance_type="ml.m4.10xlarge")), cpu(*rows))).segments
    assert segment.cpu_cores is not None
    assert (segment.cpu_cores.maximum, segment.cpu_cores.recurring) == (30, 3)


def test_nothing_recurs_in_a_single_week() -> None:
    (segment,) = only(bundle_of(account_of(described()), cpu((168, None), (168, 300, 240, 14400, 60)))).segments
    assert segment.cpu_cores is not None
    assert segment.cpu_cores.recurring is None


def test_percentages_belong_to_the_machine_of_their_hour() -> None:
    # until the 13th at 06:20 on ml.m5.4xlarge (64 GiB), since then on ml.m5.xlarge (16 GiB); the hour between, in which
    # both publish, belongs to neither: 640 % are 6.4 cores, 20 % of 64 are 12.8 GiB, 90 % of 16 are 14.4 GiB
    story = account_of(
        UPDATED,
        _earlier("shop-1", "2026-06-01T07:00:00Z", "ml.m5.4xlarge"),
    )
    variant = only(
        bundle_of(
            story,
            cpu((264, 640, 300, 18000, 60), (1, 640, 200, 16000, 80), (71, 398, 390, 23400, 60)),
            memory((264, 20, 18, 1080, 60), (1, 88, 30, 2400, 80), (71, 90, 88, 5280, 60)),
        )
    )
    first, second = variant.segments
    update = datetime(2026, 11, 13, 6, 20, tzinfo=UTC)
    assert (first.end, second.start) == (update, update)
    assert first.cpu_cores is not None
    assert first.memory_gib is not None
    assert second.cpu_cores is not None
    assert second.memory_gib is not None
    assert (first.cpu_cores.maximum, first.memory_gib.maximum) == (Decimal("6.4"), Decimal("12.8"))
    assert (second.cpu_cores.maximum, second.memory_gib.maximum) == (Decimal("3.98"), Decimal("14.4"))
    assert variant.instances is not None
    assert variant.instances.maximum == 1


def test_configurations_that_are_called_like_the_endpoint_were_its_own_unless_another_is_called_more_like_them() -> (
    None
):
    updated = described(
        LastModifiedTime="2026-11-13T06:20:00Z",
        EndpointConfigName="shop-green",
        config={"EndpointConfigName": "shop-green", "CreationTime": "2026-11-13T06:00:00Z"},
    )
    blue = _earlier("shop-blue", "2026-06-01T07:00:00Z", "ml.m5.4xlarge")
    variant = only(bundle_of(account_of(updated, blue), cpu((HOURS, 100, 50, 3000, 60))))
    assert [one.instance_type for one in variant.segments] == ["ml.m5.4xlarge", "ml.m5.xlarge"]
    other = described("shop-blue-eu", config={"EndpointConfigName": "eu"})
    of_other = _earlier("shop-blue-eu-1", "2026-06-01T07:00:00Z", "ml.m5.4xlarge")
    variant = only(bundle_of(account_of(updated, other, of_other), cpu((HOURS, 100, 50, 3000, 60))))
    assert [one.instance_type for one in variant.segments] == [None, "ml.m5.xlarge"]


def test_what_ran_on_a_configuration_that_is_gone_is_unknown() -> None:
    story = account_of(
        UPDATED,
        # neither that of another endpoint with variants of the same name, nor one of another stem
        _earlier("billing-1", "2026-06-01T07:00:00Z", "ml.m5.24xlarge"),
    )
    variant = only(bundle_of(story, cpu((HOURS, 640, 300, 18000, 60)), memory((HOURS, 20, 18, 1080, 60))))
    first, second = variant.segments
    assert (first.instance_type, first.cpu_cores, first.memory_gib) == (None, None, None)
    assert second.instance_type == "ml.m5.xlarge"
    assert ("shop/a", "instance_type") in {(gap.subject, gap.metric) for gap in variant.gaps}


def _earlier(name: str, created: str, instance_type: str) -> dict[str, list[object]]:
    asked = {"VariantName": "a", "ModelName": "m", "InstanceType": instance_type, "InitialInstanceCount": 1}
    return {"endpoint_configs": [{"EndpointConfigName": name, "CreationTime": created, "ProductionVariants": [asked]}]}


def test_requests_are_counted_by_variant_however_often_they_are_published() -> None:
    by_instance = {"EndpointName": "shop", "VariantName": "a", "InstanceId": "i-0a"}
    story = account_of(described())
    variant = only(bundle_of(story, invocations((HOURS, 1000)), invocations((HOURS, 500), dimensions=by_instance)))
    assert variant.requests is not None
    assert (variant.requests.total, variant.requests.hours) == (336_000, 336)


def test_an_hour_without_a_datapoint_had_no_request_where_the_answer_is_complete() -> None:
    variant = only(bundle_of(account_of(described()), invocations((100, 10), (236, None))))
    assert variant.requests is not None
    assert (variant.requests.total, variant.requests.hours, variant.requests.busy_hours) == (1000, 336, 100)
    assert variant.activity is not None
    assert (variant.activity.hours, variant.activity.instance_hours) == (236, 236)


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "Throttled"])
def test_no_answer_is_never_zero(status: StatusCode) -> None:
    answer = with_status(status, invocations((HOURS, None)))
    variant = only(bundle_of(account_of(described()), answer))
    assert (variant.requests, variant.activity) == (None, None)
    assert ("Invocations", status) in {(gap.metric, gap.reason) for gap in variant.gaps}


def test_a_part_of_an_answer_counts_the_hours_it_has_and_no_others() -> None:
    variant = only(bundle_of(account_of(described()), with_status("PartialData", invocations((12, 100), (324, None)))))
    assert variant.requests is not None
    assert (variant.requests.total, variant.requests.hours) == (1200, 12)
    assert variant.activity is None
    assert ("Invocations", "12 of 336 hours") in {(gap.metric, gap.reason) for gap in variant.gaps}


@pytest.mark.parametrize("status", ["Creating", "Failed", "OutOfService", "Deleting"])
def test_what_is_not_in_service_is_not_without_requests(status: str) -> None:
    variant = only(bundle_of(account_of(described(EndpointStatus=status)), invocations((HOURS, None))))
    assert variant.activity is None


def test_series_of_an_earlier_endpoint_of_the_same_name_do_not_count() -> None:
    # created anew on the 15th at 00:00: of 100 busy hours before and 30 quiet ones since only the 30 are its own
    story = account_of(described(born="2026-11-15T00:00:00Z"))
    variant = only(
        bundle_of(
            story,
            invocations((100, 900), (236, None)),
            cpu((100, 180, 60, 3600, 60), (206, None), (30, 3, 1, 60, 60)),
        )
    )
    assert variant.requests is not None
    assert (variant.requests.total, variant.requests.hours, variant.requests.last) == (0, 30, None)
    assert variant.activity is not None
    assert (variant.activity.hours, variant.activity.is_exact, variant.activity.ever) == (30, True, False)
    assert variant.activity.instance_hours == 30
    assert variant.segments[0].cpu_cores is not None
    assert variant.segments[0].cpu_cores.p99 == Decimal("0.03")


def test_the_last_use_is_found_by_the_day_before_the_window() -> None:
    # on the first of September, October and November; asked for since the 1st of September
    days = [(1, 1, 1, 5000, 5000), (29, None), (1, 1, 1, 5200, 5200), (30, None), (1, 1, 1, 5100, 5100), (14, None)]
    by_day = series("Invocations", days, namespace=SAGEMAKER, start=datetime(2026, 9, 1, tzinfo=UTC), period=86400)
    story = account_of(described(born="2026-03-01T08:00:00Z"))
    variant = only(bundle_of(story, invocations((HOURS, None)), by_day))
    assert variant.requests is not None
    assert variant.requests.last == datetime(2026, 11, 1, tzinfo=UTC)
    assert variant.activity is not None
    assert variant.activity.since == datetime(2026, 11, 2, tzinfo=UTC)
    # from the 1st of October to the 1st of November are 31 days, 744 hours
    assert (variant.activity.ever, variant.activity.longest_gap_hours) == (True, 744)


def test_an_asynchronous_endpoint_is_busy_while_something_waits_or_the_machine_works() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", config={"AsyncInferenceConfig": {}}))
    found = bundle_of(
        story,
        backlog((10, 0, 0, 0, 60), (2, 40, 20, 1200, 60), (324, 0, 0, 0, 60)),
        cpu((10, 2, 1, 60, 60), (3, 390, 300, 18000, 60), (323, 2, 1, 60, 60)),
        memory((HOURS, 5, 5, 300, 60)),
        series("GPUUtilization", [(HOURS, 0, 0, 0, 60)]),
        series("GPUMemoryUtilization", [(HOURS, 0, 0, 0, 60)]),
    )
    variant = only(found)
    assert (variant.requests, variant.gaps) == (None, ())
    assert variant.activity is not None
    # the queue was empty from the 12th hour on, the machine worked until the end of the 13th
    assert variant.activity.since == datetime(2026, 11, 2, 19, tzinfo=UTC)
    assert variant.activity.instance_hours == 323


def test_an_asynchronous_endpoint_at_zero_instances_lacks_nothing() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", count=0, config={"AsyncInferenceConfig": {}}))
    found = bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, None)))
    variant = only(found)
    assert (found.endpoints[0].gaps, variant.gaps) == ((), ())
    assert variant.activity is not None
    assert variant.activity.instance_hours == 0
    assert variant.instances is not None
    assert (variant.instances.mean, variant.instances.hours_at_zero) == (0, 336)


def test_a_queue_of_which_hours_are_missing_is_not_empty_in_them() -> None:
    story = account_of(described(config={"AsyncInferenceConfig": {}}))
    found = bundle_of(story, backlog((300, 0, 0, 0, 60), (36, None)))
    assert only(found).activity is None
    assert ("ApproximateBacklogSize", "300 of 336 hours") in {
        (one.metric, one.reason) for one in found.endpoints[0].gaps
    }


def test_components_have_their_requests_and_a_share_of_what_they_reserve() -> None:
    component = {
        "InferenceComponentName": "chat",
        "EndpointName": "shop",
        "VariantName": "a",
        "InferenceComponentStatus": "InService",
        "CreationTime": "2026-09-02T08:00:00Z",
        "Specification": {"ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 2}},
    }
    story = account_of(
        described(instance_type="ml.g5.12xlarge", variant={"ModelName": None}), {"inference_components": [component]}
    )
    found = bundle_of(
        story,
        of_component("chat", "Invocations", (HOURS, 1, 1, 800, 800)),
        of_component("chat", "GPUUtilizationNormalized", (HOURS, 70, 40, 2400, 60)),
        series("GPUUtilizationNormalized", [(HOURS, 18, 10, 600, 60)]),
    )
    (chat,) = found.endpoints[0].components
    assert chat.requests is not None
    assert chat.requests.total == 268_800  # 336 × 800
    assert chat.gpus is not None
    assert chat.gpus.p99 == Decimal("1.4")  # 70 % of two
    variant = only(found)
    assert (variant.requests, variant.has_components) == (None, True)
    assert variant.activity is not None
    assert variant.activity.hours == 0  # its component was asked something in the last hour
    assert variant.segments[0].gpus is not None
    assert variant.segments[0].gpus.p99 == Decimal("0.72")  # 18 % of four


def test_loaded_models_are_counted_by_instance_and_not_by_the_minute() -> None:
    # 120 samples of two instances with 40 models each: 80 copies, of which the sum of 4,800 is no count
    story = account_of(
        described(instance_type="ml.m5.4xlarge", count=2),
        {"models": [{"ModelName": "m", "PrimaryContainer": {"Mode": "MultiModel"}}]},
    )
    variant = only(
        bundle_of(
            story,
            cpu((HOURS, 96, 60, 7200, 120)),
            series("LoadedModelCount", [(HOURS, 41, 40, 4800, 120)]),
            series("ModelCacheHit", [(HOURS, 1, 0.62, 3100, 5000)], namespace=SAGEMAKER),
        )
    )
    assert variant.multi_model is True
    assert variant.several is not None
    assert (variant.several.loaded_most, variant.several.loaded_copies) == (41, 80)
    assert variant.several.cache_hits == Decimal("0.62")


def test_samples_that_contradict_the_number_of_instances_are_no_count() -> None:
    # 240 samples an hour would be four instances, where AWS says that there are two: they come twice a minute
    variant = only(bundle_of(account_of(described(count=2)), cpu((HOURS, 50, 40, 9600, 240))))
    assert variant.instances is None
    assert "SampleCount" in {gap.metric for gap in variant.gaps}


def test_samples_come_as_often_as_the_configuration_says() -> None:
    story = account_of(
        described(count=2, config={"MetricsConfig": {"MetricPublishFrequencyInSeconds": 30}}),
    )
    variant = only(bundle_of(story, cpu((HOURS, 50, 40, 9600, 240))))
    assert variant.instances is not None
    assert variant.instances.mean == 2  # 240 samples × 30 s / 3,600 s


def test_latency_is_that_of_requests_and_not_of_hours() -> None:
    # 90 requests of 100 ms in one hour, 10 of 1,100 ms in another: 20 s / 100 = 200 ms, where the hours' mean is 600
    rows = [(1, 100_000, 100_000, 9_000_000, 90), (1, 1_100_000, 1_100_000, 11_000_000, 10), (334, None)]
    added = series("OverheadLatency", [(1, 5000, 3000, 30_000, 10), (335, None)], namespace=SAGEMAKER)
    variant = only(bundle_of(account_of(described()), series("ModelLatency", rows, namespace=SAGEMAKER), added))
    assert variant.latency is not None
    assert (variant.latency.mean_ms, variant.latency.maximum_ms) == (200, 1100)
    assert variant.latency.overhead_mean_ms == 3


def test_serverless_concurrency_is_a_share_of_the_maximum() -> None:
    serverless = {"MemorySizeInMB": 4096, "MaxConcurrency": 20}
    story = account_of(
        described(instance_type=None, variant={"ServerlessConfig": serverless, "InitialInstanceCount": None})
    )
    variant = only(
        bundle_of(
            story,
            invocations((HOURS, 10)),
            series("ServerlessConcurrentExecutionsUtilization", [(HOURS, 0.25, 0.1, 6, 60)], namespace=SAGEMAKER),
            series("MemoryUtilization", [(HOURS, 50, 40, 2400, 60)], namespace=ENDPOINTS),
        )
    )
    assert variant.serverless is not None
    assert variant.serverless.concurrency is not None
    assert variant.serverless.memory_gib is not None
    assert (variant.serverless.concurrency.maximum, variant.serverless.memory_gib.maximum) == (5, 2)
    assert variant.segments == ()


def test_the_window_ends_where_it_is_said_to_end() -> None:
    late = invocations((HOURS, 1), (5, 1000))
    variant = only(bundle_of(account_of(described()), late))
    assert variant.requests is not None
    assert (variant.requests.total, variant.requests.last) == (336, datetime(2026, 11, 16, 5, tzinfo=UTC))
    assert datetime(2026, 11, 16, 6, tzinfo=UTC) == NOW


def test_values_of_five_minutes_are_counted_as_such_and_instances_by_the_hour() -> None:
    # twelve values an hour, one of them 200 % and eleven 100 %: the 99th percentile of all is 2, the 90th 1
    rows = [(1, 200, 100, 500, 5), (11, 100, 100, 500, 5)] * 24
    window = replace(WINDOW, start=NOW - timedelta(hours=24), resolution=300)
    found = cpu(*rows, start=window.start, period=300)
    variant = only(bundle_of(account_of(described()), found, window=window))
    (segment,) = variant.segments
    assert segment.cpu_cores is not None
    assert (segment.cpu_cores.count, segment.cpu_cores.p99, segment.cpu_cores.p90) == (288, 2, 1)
    assert variant.instances is not None
    assert (variant.instances.mean, variant.instances.hours) == (1, 24)  # 60 samples an hour, in twelve parts


def test_of_three_configurations_each_is_taken_to_be_used_once_it_is_made() -> None:
    story = account_of(
        UPDATED,
        _earlier("shop-0", "2026-06-01T07:00:00Z", "ml.m5.large"),
        _earlier("shop-1", "2026-11-08T06:00:00Z", "ml.m5.4xlarge"),
    )
    variant = only(bundle_of(story, cpu((HOURS, 100, 50, 3000, 60))))
    assert [one.instance_type for one in variant.segments] == ["ml.m5.large", "ml.m5.4xlarge", "ml.m5.xlarge"]
    first, second, _ = variant.segments
    assert first.cpu_cores is not None
    assert second.cpu_cores is not None
    assert first.cpu_cores.count == 144  # until the 8th at 06:00
    assert second.cpu_cores.count == 112  # from eight hours later, the longest that an update takes, to the 13th


def test_an_endpoint_that_went_back_is_on_its_first_machine_before_and_after() -> None:
    story = account_of(
        described(LastModifiedTime="2026-11-12T06:00:00Z"), _earlier("shop-2", "2026-11-10T06:00:00Z", "ml.m5.4xlarge")
    )
    first, last = only(bundle_of(story, cpu((HOURS, 100, 50, 3000, 60)))).segments
    assert (first.instance_type, last.instance_type) == ("ml.m5.xlarge", "ml.m5.xlarge")
    assert first.cpu_cores is not None
    assert last.cpu_cores is not None
    # until the 10th at 06:00, and again from the 12th at 06:00: what ran between, nobody can tell
    assert (first.cpu_cores.count, last.cpu_cores.count) == (192, 96)


def test_scaling_moves_the_time_of_the_last_change_and_that_is_said() -> None:
    target = {
        "ResourceId": "endpoint/shop/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    updated = described(
        LastModifiedTime="2026-11-16T05:00:00Z",
        EndpointConfigName="shop-2",
        config={"EndpointConfigName": "shop-2", "CreationTime": "2026-11-10T06:00:00Z"},
    )
    before = _earlier("shop-1", "2026-06-01T07:00:00Z", "ml.m5.large")
    story = account_of(updated, {"scalable_targets": [target]}, before)
    variant = only(bundle_of(story, cpu((HOURS, 100, 50, 3000, 60))))
    last = variant.segments[-1]
    assert (last.instance_type, last.start) == ("ml.m5.xlarge", datetime(2026, 11, 10, 14, tzinfo=UTC))
    assert "update" in {gap.metric for gap in variant.gaps}


def test_an_endpoint_whose_configuration_is_gone_is_asynchronous_if_it_says_so_itself() -> None:
    # taken for a real-time one it would be idle: an asynchronous one publishes no Invocations
    story = described(AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://b"}})
    found = bundle_of(account_of({"endpoints": story["endpoints"]}), invocations((HOURS, None)))
    assert found.endpoints[0].mode == "async"
    assert found.endpoints[0].variants[0].activity is None


def test_a_machine_of_which_nobody_knows_the_configuration_is_not_idle_for_want_of_requests() -> None:
    # it may host components, which are asked by their own names
    told = account_of({"endpoints": described()["endpoints"]})
    assert bundle_of(told, invocations((HOURS, None))).endpoints[0].variants[0].activity is None
    asked = bundle_of(told, invocations((300, 5), (36, None))).endpoints[0].variants[0].activity
    assert asked is not None
    assert asked.hours == 36
