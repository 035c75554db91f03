"""CloudWatch is asked for sets of dimensions that SageMaker publishes and no others, within the limits of a call."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guardrail.evidence import queries
from guardrail.evidence.account import (
    Account,
    AsyncInferenceConfig,
    ConfigVariant,
    ContainerDescription,
    EndpointConfig,
    EndpointDescription,
    EndpointVariant,
    InferenceComponentDescription,
    ModelDescription,
    ServerlessConfig,
    TransformJobDescription,
)
from guardrail.evidence.base import MetricQuery, Window, query
from guardrail.evidence.queries import TimedQuery

NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
BORN = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = queries.window(NOW, 14, 3600)
BY_VARIANT = (("EndpointName", "shop"), ("VariantName", "a"))


def _account(variant: dict[str, Any] | None = None, **parts: Any) -> Account:
    config = EndpointConfig(
        endpoint_config_name="shop-1",
        creation_time=BORN,
        production_variants=(ConfigVariant(variant_name="a", **(variant or {"instance_type": "ml.m5.xlarge"})),),
        async_inference_config=parts.pop("async_inference_config", None),
    )
    endpoint = EndpointDescription(
        endpoint_name="shop",
        endpoint_config_name="shop-1",
        creation_time=BORN,
        production_variants=(EndpointVariant(variant_name="a"),),
    )
    return Account(
        account="111122223333", region="us-east-1", now=NOW, endpoints=(endpoint,), endpoint_configs=(config,), **parts
    )


def _asked(account: Account) -> list[MetricQuery]:
    return [ask.query for ask in queries.of_endpoint(account, account.endpoints[0], WINDOW)]


def _by_metric(account: Account) -> dict[str, set[tuple[tuple[str, str], ...]]]:
    found: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for each in _asked(account):
        found.setdefault(f"{each.namespace} {each.metric}", set()).add(each.dimensions)
    return found


def test_requests_are_asked_for_by_endpoint_and_variant_alone() -> None:
    found = _by_metric(_account())
    assert found["AWS/SageMaker Invocations"] == {BY_VARIANT}
    assert found["/aws/sagemaker/Endpoints CPUUtilization"] == {BY_VARIANT}


def test_no_query_names_a_unit() -> None:
    # A unit other than the published one answers with nothing: Invocations come without, as None.
    body = queries.request(list(queries.of_endpoint(_account(), _account().endpoints[0], WINDOW)))
    assert all("Unit" not in each["MetricStat"] for each in body["MetricDataQueries"])


def test_an_asynchronous_endpoint_is_asked_for_its_queue_and_never_for_invocations() -> None:
    found = _by_metric(_account(async_inference_config=AsyncInferenceConfig()))
    assert found["AWS/SageMaker ApproximateBacklogSize"] == {(("EndpointName", "shop"),)}
    assert not {"AWS/SageMaker Invocations", "AWS/SageMaker OverheadLatency"} & found.keys()
    assert "/aws/sagemaker/Endpoints CPUUtilization" in found


def test_a_serverless_variant_has_no_processors_to_ask_for() -> None:
    found = _by_metric(_account({"serverless_config": ServerlessConfig(memory_size_in_mb=2048)}))
    assert found["AWS/SageMaker ServerlessProvisionedConcurrencySpilloverInvocations"] == {BY_VARIANT}
    assert {name for name in found if name.startswith("/aws/sagemaker/Endpoints")} == {
        "/aws/sagemaker/Endpoints MemoryUtilization"
    }


def test_components_are_asked_for_by_their_own_name_and_their_host_beside_them() -> None:
    component = InferenceComponentDescription(
        inference_component_name="chat", endpoint_name="shop", variant_name="a", creation_time=BORN
    )
    found = _by_metric(_account({"instance_type": "ml.g5.xlarge"}, inference_components=(component,)))
    alone = (("InferenceComponentName", "chat"),)
    # Whether the variant publishes them too is not documented: both are read, and the judgement counts one.
    assert found["AWS/SageMaker Invocations"] == {BY_VARIANT, alone}
    assert found["/aws/sagemaker/InferenceComponents GPUUtilizationNormalized"] == {alone}
    assert found["/aws/sagemaker/Endpoints GPUReservation"] == {BY_VARIANT}


def test_loaded_models_are_asked_for_where_a_model_is_a_cache_of_them_or_unknown() -> None:
    variant = {"instance_type": "ml.m5.xlarge", "model_name": "m"}
    single = ModelDescription(model_name="m", primary_container=ContainerDescription())
    many = ModelDescription(model_name="m", containers=(ContainerDescription(mode="MultiModel"),))
    name = "/aws/sagemaker/Endpoints LoadedModelCount"
    assert name in _by_metric(_account(variant))
    assert name in _by_metric(_account(variant, models=(many,)))
    assert name not in _by_metric(_account(variant, models=(single,)))


def test_the_last_use_is_looked_for_by_days_as_far_back_as_cloudwatch_keeps_them() -> None:
    account = _account()
    by_day = [ask for ask in queries.of_endpoint(account, account.endpoints[0], WINDOW) if ask.query.period == 86_400]
    assert [(ask.query.metric, ask.query.statistic) for ask in by_day] == [("Invocations", "Sum")]
    # 16 November less 454 days: 2025-08-19, the first of 455 days with the one that goes on.
    assert by_day[0].start == datetime(2025, 8, 19, tzinfo=UTC)


def test_an_hour_counts_once_it_is_ten_minutes_old() -> None:
    assert queries.window(datetime(2026, 11, 16, 6, 9, 59, tzinfo=UTC), 14, 3600).end == NOW - timedelta(hours=1)
    found = queries.window(datetime(2026, 11, 16, 6, 10, tzinfo=UTC), 14, 3600)
    assert (found.start, found.end) == (datetime(2026, 11, 2, 6, tzinfo=UTC), NOW)


def test_a_job_is_asked_about_on_the_days_on_which_it_ran() -> None:
    job = TransformJobDescription(
        transform_job_name="nightly",
        creation_time=datetime(2026, 11, 9, 23, 40, tzinfo=UTC),
        transform_start_time=datetime(2026, 11, 9, 23, 45, tzinfo=UTC),
        transform_end_time=datetime(2026, 11, 10, 0, 30, tzinfo=UTC),
    )
    found = list(queries.of_job(job, ["nightly/i-0ab1"], WINDOW))
    assert {ask.query.dimensions for ask in found} == {(("Host", "nightly/i-0ab1"),)}
    assert {(ask.start, ask.end) for ask in found} == {
        (datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC))
    }


def _asks(count: int, window: Window) -> Iterator[TimedQuery]:
    for number in range(count):
        asked = query("AWS/SageMaker", "Invocations", {"EndpointName": f"e{number}"}, "Sum", window.resolution)
        yield TimedQuery(query=asked, start=window.start, end=window.end)


def test_a_call_holds_as_many_queries_as_its_datapoints_allow() -> None:
    # Two weeks by the hour: 336 points, of which 300 times make 100,800. By the minute: 20,160 points, five times.
    assert [len(batch) for batch in queries.batches(_asks(650, WINDOW))] == [300, 300, 50]
    assert [len(batch) for batch in queries.batches(_asks(11, queries.window(NOW, 14, 60)))] == [5, 5, 1]
    assert [len(batch) for batch in queries.batches(_asks(1001, queries.window(NOW, 1, 3600)))] == [500, 500, 1]


@given(
    spans=st.lists(st.tuples(st.integers(1, 454), st.sampled_from([60, 300, 3600, 86_400])), max_size=40),
    copies=st.integers(1, 60),
)
def test_every_query_is_in_one_call_and_no_call_is_beyond_the_limits(spans: list[tuple[int, int]], copies: int) -> None:
    asks = [
        TimedQuery(
            query=query("n", "m", {"Host": f"{place} {copy}"}, "Sum", period), start=NOW - timedelta(days=days), end=NOW
        )
        for place, (days, period) in enumerate(spans)
        for copy in range(copies)
    ]
    found = list(queries.batches(asks))
    assert sorted(ask.query.id for batch in found for ask in batch) == sorted(ask.query.id for ask in asks)
    for batch in found:
        assert len(batch) <= 500
        assert sum(ask.most_points for ask in batch) <= 100_800 or len(batch) == 1
        assert len({(ask.start, ask.end) for ask in batch}) == 1


@given(st.lists(st.text(max_size=80), min_size=2, max_size=6, unique=True))
def test_an_identifier_has_the_form_that_the_service_takes_whatever_a_name_holds(names: list[str]) -> None:
    asked = [query("AWS/SageMaker", "Invocations", {"EndpointName": name}, "Sum", 3600) for name in names]
    assert all(re.fullmatch(r"[a-z][a-zA-Z0-9_]{0,254}", each.id) for each in asked)
    assert len({each.id for each in asked}) == len(names)


def test_a_thousand_metrics_cost_a_cent() -> None:
    assert queries.price(1000) == Decimal("0.01")
    assert queries.price(31) == Decimal("0.00031")
