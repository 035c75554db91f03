"""Other ways to serve, worked by hand in us-east-1.

ml.m5.large is 0.115 an hour with a volume of 4 GB at 0.14: 84.51 a month. A second of 2 GB serverless is 0.00004.
ml.m5.xlarge is 0.23, as a transform job too: 169.02 a month with its volume.
"""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.alternatives.engine import AlternativesEngine
from guardrail.cost.usage import EndpointUsage, Usage
from guardrail.model import ServerlessVariant, Unknown
from guardrail.reporters.instead import in_words
from tests.alternatives.built import PRICES, container, endpoint, found, model, used, variant
from tests.alternatives.test_instances import scaled


def test_without_usage_serverless_has_a_break_even_and_no_saving() -> None:
    """84.51 / 0.00004 = 2,112,750 s."""
    offered = found(endpoint(variant("ml.m5.large")))["serverless, 2 GB"]
    assert (offered.usd, offered.basis) == (None, None)
    even = offered.break_even
    assert even is not None
    assert (even.memory_mib, even.seconds_a_month) == (2048, Decimal(2112750))
    assert isinstance(even.requests_an_hour, Unknown)
    assert "a new endpoint: one on instances cannot be converted" in offered.conditions


def test_the_break_even_is_in_requests_an_hour_where_their_duration_is_known() -> None:
    """2,112,750 s / 730 h / 0.2 s = 14,470.89 requests an hour."""
    even = found(endpoint(variant("ml.m5.large")), used(request_duration_ms="200"))["serverless, 2 GB"].break_even
    assert even is not None
    assert isinstance(even.requests_an_hour, Decimal)
    assert round(even.requests_an_hour, 2) == Decimal("14470.89")


def test_with_usage_serverless_saves_what_its_compute_leaves() -> None:
    """A million requests of 0.2 s are 200,000 s × 0.00004 = 8.00: 84.51 - 8.00 = 76.51."""
    usage = used(monthly_requests="1000000", request_duration_ms="200")
    offered = found(endpoint(variant("ml.m5.large")), usage)["serverless, 2 GB"]
    assert (offered.usd, offered.basis) == (Decimal("76.51"), "with-usage")


def test_beyond_the_break_even_serverless_is_not_offered() -> None:
    """11,000,000 × 0.2 s = 2,200,000 s, more than 2,112,750."""
    usage = used(monthly_requests="11000000", request_duration_ms="200")
    assert "serverless, 2 GB" not in found(endpoint(variant("ml.m5.large")), usage)


@pytest.mark.parametrize(
    "it",
    [
        endpoint(variant("ml.m5.large", model=model(vpc=True))),
        endpoint(variant("ml.m5.large", model=model(network_isolation=True))),
        endpoint(variant("ml.m5.large", model=model(container(), container()))),
        endpoint(variant("ml.m5.large", model=model(container(private_registry=True)))),
        endpoint(variant("ml.m5.large", model=model(container(has_data_source=True)))),
        endpoint(variant("ml.m5.large"), data_capture_percent=100.0),
        endpoint(variant("ml.m5.large"), variant("ml.m5.large")),
        endpoint(variant("ml.g4dn.xlarge")),
        endpoint(variant("ml.m5.large"), region="us-gov-east-1"),
    ],
    ids=["vpc", "isolated", "pipeline", "registry", "data source", "captured", "two variants", "gpu", "region"],
)
def test_a_hard_limit_of_serverless_inference_filters(it: Any) -> None:
    assert "serverless, 2 GB" not in found(it)


def test_the_limit_that_filters_is_named() -> None:
    refused = AlternativesEngine(PRICES).not_offered(endpoint(variant("ml.m5.large"), region="us-gov-east-1"))[0]
    assert next(each.reason for each in refused if each.name == "serverless").startswith(
        "no serverless price in us-gov"
    )
    (queued,) = AlternativesEngine(PRICES).not_offered(endpoint(variant("ml.m5.large"), mode="async"))
    assert [each.name for each in queued][:2] == ["serverless", "a Savings Plan"]


@pytest.mark.parametrize(
    "usage",
    [
        {"request_duration_ms": "60001"},
        {"model_memory_gib": "6.5"},
        {"monthly_requests": "100", "request_duration_ms": "100", "request_payload_kb": "4001"},
        {"monthly_requests": "5256001000", "request_duration_ms": "100"},  # 200 × 2,628,000 s are 525,600,000
    ],
    ids=["time-out", "memory", "payload", "concurrency"],
)
def test_usage_beyond_a_limit_of_serverless_inference_filters(usage: dict[str, str]) -> None:
    names = found(endpoint(variant("ml.m5.24xlarge", initial_instance_count=90)), used(**usage))
    assert not [name for name in names if name.startswith("serverless")]


def test_the_memory_that_a_model_takes_is_the_size_that_is_priced() -> None:
    """3.5 GiB take 4 GB at 0.00008: 84.51 / 0.00008 = 1,056,375 s."""
    even = found(endpoint(variant("ml.m5.large")), used(model_memory_gib="3.5"))["serverless, 4 GB"].break_even
    assert even is not None
    assert even.seconds_a_month == Decimal(1056375)


def test_a_queue_saves_what_runs_while_nothing_is_asked() -> None:
    """Down to nothing all of 169.02 at most; with 73 busy hours of 730, nine tenths of it: 152.118."""
    queue = "asynchronous, down to 0 instances"
    without = found(endpoint())[queue]
    assert (without.usd, without.basis) == (None, None)  # only usage decides, as for batch and serverless
    assert without.saving is not None
    assert (without.saving.floor, without.saving.expected) == (Decimal("169.02"), Decimal(0))
    told = found(endpoint(), used(monthly_busy_hours="73"))[queue]
    assert (told.usd, told.basis) == (Decimal("152.118"), "with-usage")


def test_a_queue_of_a_type_that_may_not_be_sold_behind_one_says_so() -> None:
    """ml.p3.2xlarge has a hosting price in us-east-1 and none for asynchronous inference."""
    offered = found(endpoint(variant("ml.p3.2xlarge")))["asynchronous, down to 0 instances"]
    assert any("asynchronous" in each for each in offered.conditions if "price" in each), offered.conditions


def test_more_requests_than_a_way_is_cheaper_for_are_the_reason_why_it_is_not_offered() -> None:
    """20,000,000 a month are 27,397.3 an hour. Of 0.2 s each an instance answers 3,600 / 0.2 = 18,000 one by one."""
    usage = used(monthly_requests="20000000", request_duration_ms="200")
    it = endpoint(variant("ml.m5.large"))
    assert not {"asynchronous", "batch", "serverless"} & {each.kind for each in found(it, usage).values()}
    refused = {each.name: each.reason for each in AlternativesEngine(PRICES, usage).not_offered(it)[0]}
    assert refused["serverless"] == "27,397.3 requests an hour: it is cheaper below 14,470.9"
    told = "27,397.3 requests an hour: it is cheaper below 18,000.0, one at a time on each instance"
    assert refused["asynchronous"] == told
    assert refused["batch"].startswith("27,397.3 requests an hour: it is cheaper below 18,120.1")
    busy = used(monthly_requests="20000000", request_duration_ms="200", monthly_busy_hours="73")
    assert found(it, busy)["asynchronous, down to 0 instances"].usd == Decimal("76.059")  # hours say it: 84.51 × 0.9


def test_what_stands_against_a_batch_of_a_type_without_a_price_for_it_is_said() -> None:
    refused = {
        each.name: each.reason for each in AlternativesEngine(PRICES).not_offered(endpoint(variant("ml.p3.2xlarge")))[0]
    }
    assert refused["batch"] == "ml.p3.2xlarge has no price for it in us-east-1"


@pytest.mark.parametrize(
    ("changes", "of_it", "name", "reason"),
    [
        ({"sensitive": True}, {}, "anything else", "what it runs on is sensitive"),
        ({}, {"region": Unknown("give --region")}, "anything else", "its region is unknown: give --region"),
        ({"instance_type": "ml.m99.large"}, {}, "another type", "ml.m99.large is in no table here"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(
    changes: dict[str, Any], of_it: dict[str, Any], name: str, reason: str
) -> None:
    it = endpoint(variant(**{"instance_type": "ml.m5.large", **changes}), **of_it)
    refused = {each.name: each.reason for each in AlternativesEngine(PRICES).not_offered(it)[0]}
    assert refused[name].startswith(reason)


def test_batch_pays_for_the_hours_of_its_jobs() -> None:
    """169.02 / 0.23 = 734.87 h; 73 busy hours are 16.79, and 169.02 - 16.79 = 152.23."""
    name = "batch transform, 1 × ml.m5.xlarge"
    offered = found(endpoint())[name]
    assert offered.usd is None
    assert "the jobs run for less than 734.9 h a month, at 0.23 an hour" in offered.conditions
    assert found(endpoint(), used(monthly_busy_hours="73"))[name].usd == Decimal("152.23")


def test_hours_of_work_go_before_what_requests_would_take_one_by_one() -> None:
    """1,000 requests of 4,000 s are 1,111 h of work one by one, and usage says that it is done in 100 h."""
    usage = used(monthly_requests="1000", request_duration_ms="4000000", monthly_busy_hours="100")
    batch = found(endpoint(), usage)["batch transform, 1 × ml.m5.xlarge"]
    assert batch.usd == Decimal("146.02")  # 169.02 - 100 × 0.23
    money, below = in_words(batch)
    assert money.startswith("146.02: batch transform")
    assert not [each for each in below if each.startswith("cheaper below")]


def test_instances_that_work_on_the_average_are_what_a_queue_and_jobs_still_pay() -> None:
    """Of six, 1,014.12, 2.5 work: a queue saves 3.5 × 169.02 = 591.57; jobs of six run 304.17 h at 1.38, 419.75.

    Of two that scale to four, 3 work on the average: a queue saves nothing.
    """
    offered = found(endpoint(variant(initial_instance_count=6)), used(average_instances="2.5"))
    assert offered["asynchronous, down to 0 instances"].usd == Decimal("591.57")
    assert offered["asynchronous, down to 0 instances"].basis == "with-usage"
    batch = offered["batch transform, 6 × ml.m5.xlarge"].usd
    assert batch is not None
    assert round(batch, 2) == Decimal("594.37")
    busy = found(endpoint(variant(initial_instance_count=2, scaling=scaled(2, 4))), used(average_instances="3"))
    assert "asynchronous, down to 0 instances" not in busy


def test_a_type_that_no_transform_job_takes_is_not_offered_for_batch() -> None:
    assert not [name for name in found(endpoint(variant("ml.m6g.xlarge"))) if name.startswith("batch")]


def test_serverless_compute_that_costs_more_than_an_instance_is_put_on_one() -> None:
    """10,000,000 × 0.5 s × 0.00004 = 200.00. ml.c5.large, 4 GiB, 2 GB of volume: 0.102 × 730 + 2 × 0.14 = 74.74."""
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=None)
    usage = Usage({"e": EndpointUsage(monthly_requests=Decimal(10_000_000), request_duration_ms=Decimal(500))}, {})
    offered = found(endpoint(serverless, mode="serverless"), usage)
    assert offered["1 × ml.c5.large"].usd == Decimal("125.26")


def test_a_savings_plan_is_for_the_floor_alone() -> None:
    """1,460 h of two instances, at 0.23 and at a rate of 0.1656: 94.024."""
    engine = AlternativesEngine(PRICES, plan_rate=lambda _region, _usage_type: Decimal("0.1656"))
    (first,) = engine.of(endpoint(variant(initial_instance_count=2)))
    assert next(each for each in first if each.kind == "savings-plan").usd == Decimal("94.024")
    unknown = found(endpoint(variant()))["a SageMaker Savings Plan for the floor"]
    assert unknown.usd is None
    assert any("rate is not known" in condition for condition in unknown.conditions)


@pytest.mark.parametrize(
    ("rate", "saved"), [("0.2299", ("0.073", "upper-bound")), ("0.23", (None, None)), ("0.24", (None, None))]
)
def test_a_savings_plan_saves_cents_but_never_less_than_nothing(
    rate: str, saved: tuple[str | None, str | None]
) -> None:
    """730 h at 0.23 in place of 0.2299: 0.073."""
    engine = AlternativesEngine(PRICES, plan_rate=lambda _region, _usage_type: Decimal(rate))
    (first,) = engine.of(endpoint(variant()))
    plan = next(each for each in first if each.kind == "savings-plan")
    assert (None if plan.usd is None else str(plan.usd.normalize()), plan.basis) == saved


def test_compute_that_only_usage_decides_is_free_nowhere() -> None:
    serverless = ServerlessVariant(name="main", memory_mib=2048, max_concurrency=20, provisioned_concurrency=None)
    it = endpoint(serverless, mode="serverless")
    assert AlternativesEngine(PRICES).elsewhere(it) == ()
    usage = used(monthly_requests="1000000", request_duration_ms="200")
    assert [round(each.monthly.ceiling, 2) for each in AlternativesEngine(PRICES, usage).elsewhere(it)] == [
        Decimal("8.00")
    ] * 3


def test_other_regions_are_named_by_what_all_of_it_costs_there() -> None:
    """Of the regions that offer ml.m5.xlarge none is below us-east-1's 169.02, which us-east-2 and us-west-2 match."""
    elsewhere = AlternativesEngine(PRICES).elsewhere(endpoint())
    assert len(elsewhere) == 3
    assert [each.monthly.expected for each in elsewhere][:2] == [Decimal("169.02")] * 2
    assert {each.region for each in elsewhere[:2]} == {"us-east-2", "us-west-2"}


def test_one_variant_of_two_is_priced_elsewhere_by_itself() -> None:
    """us-east-2 asks what us-east-1 does, 84.51 for the first and 169.02 for the second."""
    both = endpoint(variant("ml.m5.large"), variant("ml.m5.xlarge"))
    regions = {each.region: each.monthly.expected for each in AlternativesEngine(PRICES).elsewhere(both, 0)}
    assert all(isinstance(amount, Decimal) and amount < 100 for amount in regions.values())
    assert regions["us-east-2"] == Decimal("84.51")


def test_a_model_that_is_managed_elsewhere_leaves_its_own_limits_as_conditions() -> None:
    offered = found(endpoint(variant("ml.m5.large", model=None)))["serverless, 2 GB"]
    assert "its model is in no VPC, no pipeline, and not of AWS Marketplace (not known)" in offered.conditions
