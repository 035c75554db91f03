"""What ran, in money: by the instances that were observed, whatever there are at the moment of the run."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from guardrail.evidence.base import Series
from guardrail.evidence.judge import fleet
from guardrail.evidence.judge.fleet import JudgedVariant
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
    of_component,
    series,
    with_status,
)

BOOK = PriceBook()
ASYNC: dict[str, Any] = {"AsyncInferenceConfig": {}}


def scaled(least: int, most: int) -> dict[str, Any]:
    resource = {"ResourceId": "endpoint/shop/variant/a", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    return {"scalable_targets": [{**resource, "MinCapacity": least, "MaxCapacity": most}]}


def now(count: int) -> dict[str, Any]:
    """How many instances there are at the moment of the run."""
    return {"ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": count}]}


def only(*parts: dict[str, Any], answered: Iterable[Iterable[Series]] = ()) -> JudgedVariant:
    (found,) = fleet.judged(bundle_of(account_of(*parts, MODEL), *answered), BOOK)
    (variant,) = found.variants
    return variant


def gaps(told: JudgedVariant) -> set[str]:
    return {gap.metric for gap in told.evidence.gaps}


def of(samples: int, *, hours: int = HOURS) -> list[Series]:
    return cpu((hours, 90, 60, 3600, samples))


def test_a_fleet_that_scaled_in_minutes_ago_cost_what_ran() -> None:
    # 240 samples in an hour are 4 instances, for all 336 hours; now there are 2. 4 × 0.23 × 730 = 671.60, and
    # four volumes of 8 GB at 0.14: 4.48
    told = only(
        described(count=2, **now(2)),
        scaled(1, 6),
        answered=[of(240), memory((HOURS, 30, 30, 1, 240)), invocations((HOURS, 50))],
    )
    assert told.monthly_usd == Decimal("676.08")
    assert "SampleCount" not in gaps(told)


def test_a_fleet_that_scaled_out_minutes_ago_cost_what_ran() -> None:
    # one instance for two weeks, six now: 0.23 × 730 + 8 × 0.14 = 169.02
    told = only(
        described(**now(6)), scaled(1, 6), answered=[of(60), memory((HOURS, 30, 30, 1, 60)), invocations((HOURS, 50))]
    )
    assert told.monthly_usd == Decimal("169.02")


def test_a_number_that_scaling_does_not_allow_is_no_count_and_costs_what_nobody_knows() -> None:
    # 720 samples are 12 instances of a fleet of 1 to 6, two of them now: samples that come more often than is known
    told = only(
        described(**now(2)), scaled(1, 6), answered=[of(720), memory((HOURS, 30, 30, 1, 720)), invocations((HOURS, 50))]
    )
    assert told.evidence.instances is None
    assert told.monthly_usd is None
    assert "SampleCount" in gaps(told)


def test_bounds_do_not_vouch_for_a_frequency_that_is_a_guess() -> None:
    # its configuration is gone: 360 samples may be six instances by the minute, or one every ten seconds
    story = {**described(**now(1)), "endpoint_configs": []}
    told = only(story, scaled(1, 6), answered=[of(360), memory((HOURS, 30, 30, 1, 360)), invocations((HOURS, 50))])
    assert told.evidence.instances is None
    assert "SampleCount" in gaps(told)


def test_a_number_that_somebody_changed_minutes_ago_is_no_contradiction() -> None:
    # nothing scales it: three instances until 05:40, one since. 3 × 0.23 × 730 and 3 × 8 × 0.14
    told = only(
        described(**{**now(1), "LastModifiedTime": "2026-11-16T05:40:00Z"}),
        answered=[of(180), memory((HOURS, 30, 30, 1, 180)), invocations((HOURS, 50))],
    )
    assert told.evidence.instances is not None
    assert told.evidence.instances.mean == 3


def test_a_fleet_that_something_of_ones_own_moves_cost_what_ran_and_is_no_candidate_for_scaling() -> None:
    # 10 busy hours of four and 14 of one, each day: (10 × 4 + 14) / 24 = 2.25; 2.25 × 0.23 × 730 = 377.775, and
    # 2.25 volumes of 8 GB at 0.14 = 2.52
    day = [(10, 300, 200, 1, 240), (14, 10, 5, 1, 60)]
    hours: list[Any] = [(10, 9000), (14, None)]
    told = only(
        described(**now(1)),
        answered=[
            cpu(*day * 14),
            memory((HOURS, 30, 30, 1, 60)),
            invocations(*hours * 14),
        ],
    )
    assert told.monthly_usd == Decimal("380.295")
    assert told.periodic is None


def test_a_queue_that_has_just_scaled_to_zero_cost_what_ran() -> None:
    # two ml.g5.xlarge at 1.408 for 336 hours and none now: 2 × 1.408 × 730 = 2,055.68; a g5 has a disk of its own
    told = only(
        described(instance_type="ml.g5.xlarge", config=ASYNC, **now(0)),
        scaled(0, 2),
        answered=[backlog((HOURS, 5, 2, 1, 60)), of(120)],
    )
    assert told.monthly_usd == Decimal("2055.68")


def test_a_queue_at_zero_of_which_the_machine_was_not_answered_may_have_run() -> None:
    told = only(
        described(instance_type="ml.g5.xlarge", config=ASYNC, **now(0)),
        scaled(0, 2),
        answered=[backlog((HOURS, 0, 0, 0, 60)), with_status("Forbidden", cpu((HOURS, None)))],
    )
    assert told.evidence.instances is None
    assert told.monthly_usd is None


def test_a_host_of_components_that_scaled_itself_cost_what_ran() -> None:
    # managed scaling from 1 to 4: three g5.12xlarge at 7.09 ran, one is left. 3 × 7.09 × 730 = 15,527.10
    managed = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 4}
    component = {
        "InferenceComponentName": "chat",
        "EndpointName": "shop",
        "VariantName": "a",
        "InferenceComponentStatus": "InService",
        "CreationTime": "2026-09-02T08:00:00Z",
    }
    told = only(
        described(
            instance_type="ml.g5.12xlarge", variant={"ModelName": None, "ManagedInstanceScaling": managed}, **now(1)
        ),
        {"inference_components": [component]},
        answered=[series("CPUUtilizationNormalized", [(HOURS, 20, 10, 1, 180)])],
    )
    assert told.monthly_usd == Decimal("15527.10")


# What ran for nothing ------------------------------------------------------------------------------------------------


def warm(slots: int, **more: Any) -> dict[str, Any]:
    size = {"MemorySizeInMB": 2048, "MaxConcurrency": 20, "ProvisionedConcurrency": slots}
    return described(instance_type=None, variant={"ServerlessConfig": size, "InitialInstanceCount": None}, **more)


def test_slots_that_are_kept_warm_for_nobody_have_a_price() -> None:
    # two slots of 2 GB for 336 hours at 0.00001 a second, which is 0.036 an hour: 2 × 336 × 0.036 = 24.192
    told = only(warm(2), answered=[invocations((HOURS, None))])
    assert told.idleness.verdict == "idle"
    assert told.idleness.cost_usd == Decimal("24.192")


def test_slots_of_which_the_number_may_have_been_another_cost_what_nobody_knows() -> None:
    resource = {"ResourceId": "endpoint/shop/variant/a", "MinCapacity": 1, "MaxCapacity": 4}
    scaling = {
        "scalable_targets": [{**resource, "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}]
    }
    assert only(warm(2), scaling, answered=[invocations((HOURS, None))]).idleness.cost_usd is None
    updated = warm(2, LastModifiedTime="2026-11-10T00:00:00Z")
    assert only(updated, answered=[invocations((HOURS, None))]).idleness.cost_usd is None


def hosting(*names: str, born: str = "2026-09-02T08:00:00Z") -> list[dict[str, Any]]:
    component = {
        "EndpointName": "shop",
        "VariantName": "a",
        "InferenceComponentStatus": "InService",
        "CreationTime": born,
    }
    listed = [{**component, "InferenceComponentName": name} for name in names]
    host = described(instance_type="ml.g5.12xlarge", count=2, variant={"ModelName": None})
    return [host, {"inference_components": listed}]


def test_a_host_whose_components_nobody_asks_has_a_price_from_the_last_request_to_any_of_them() -> None:
    # chat was asked until 2 November 16:00 and embed never: 326 hours of two ml.g5.12xlarge at 7.09 are 4,622.68
    told = only(
        *hosting("chat", "embed"),
        answered=[
            of_component("chat", "Invocations", (10, 1, 1, 5, 5), (326, None)),
            of_component("embed", "Invocations", (HOURS, None)),
            series("CPUUtilizationNormalized", [(HOURS, 1, 1, 1, 120)]),
        ],
    )
    assert told.idleness.is_idle
    assert told.idleness.cost_usd == Decimal("4622.68")


def test_a_host_of_a_component_that_was_not_answered_for_has_none() -> None:
    told = only(
        *hosting("chat", "embed"),
        answered=[
            of_component("chat", "Invocations", (HOURS, None)),
            with_status("Forbidden", of_component("embed", "Invocations", (HOURS, None))),
            series("CPUUtilizationNormalized", [(HOURS, 1, 1, 1, 120)]),
        ],
    )
    assert (told.idleness.verdict, told.idleness.cost_usd) == ("unknown", None)


@pytest.mark.parametrize(
    ("status", "answered", "monthly"),
    [
        ("Failed", cpu((HOURS, None)), Decimal(0)),  # no machine published anything
        ("Failed", with_status("Forbidden", cpu((HOURS, None))), None),
        ("Failed", of(60), None),  # one did, inside the window
        ("Deleting", of(60), None),
        ("Creating", cpu((HOURS, None)), None),
        ("OutOfService", of(60), None),
        ("UpdateRollbackFailed", of(60), Decimal("169.02")),  # it is in service: 0.23 × 730, and 8 GB at 0.14
    ],
)
def test_what_is_not_in_service_has_no_month_ahead(
    status: str, answered: list[Series], monthly: Decimal | None
) -> None:
    told = only(described(EndpointStatus=status), answered=[answered, invocations((HOURS, 50))])
    assert told.monthly_usd == monthly
    assert told.ways == ()


REFUSED = {"faults": [{"call": "application-autoscaling:DescribeScalableTargets", "reason": "AccessDeniedException"}]}


def test_where_nobody_said_what_scales_any_number_may_have_run_and_none_is_taken_from_the_present() -> None:
    # three instances were counted, one is there now: 3 × 0.23 × 730 and three volumes of 8 GB at 0.14
    seen = [memory((HOURS, 30, 30, 1, 180)), invocations((HOURS, 50))]
    assert only(described(**now(1)), REFUSED, answered=[of(180), *seen]).monthly_usd == Decimal("507.06")
    # and of what nobody counted nothing is known
    uncounted = with_status("Forbidden", cpu((HOURS, None)))
    told = only(described(**now(1)), REFUSED, answered=[uncounted, invocations((HOURS, None))])
    assert (told.monthly_usd, told.idleness.cost_usd) == (None, None)


def test_what_has_several_types_names_them() -> None:
    pools = [{"InstanceType": "ml.g5.xlarge", "Priority": 1}, {"InstanceType": "ml.g6.xlarge", "Priority": 2}]
    told = only(
        described(instance_type=None, variant={"InstancePools": pools}), answered=[of(60), invocations((HOURS, 50))]
    )
    assert told.monthly_usd is None
    assert any("it has several types (ml.g5.xlarge, ml.g6.xlarge)" in gap.reason for gap in told.evidence.gaps)
