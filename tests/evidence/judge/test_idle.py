"""Idle: longer than ever before, within a named window, and only where somebody would have counted a request."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guardrail.evidence.base import SAGEMAKER, Window
from guardrail.evidence.bundle import Bundle
from guardrail.evidence.judge import idle
from guardrail.evidence.judge.idle import Idleness
from tests.evidence.stories import (
    HOURS,
    NOW,
    account_of,
    backlog,
    bundle_of,
    cpu,
    described,
    invocations,
    of_component,
    series,
    with_status,
)

HOUR_USD = Decimal("0.23")
WEEKDAY = [(10, 3600), (14, None)]
OFFICE: Any = [*WEEKDAY * 4, (10, 3600), (62, None)]
"""A week from Monday at 08:00: ten hours on five days, and nothing from Friday at 18:00 on."""


def judged(bundle: Bundle, hourly: Decimal | None = HOUR_USD, **asked: Any) -> Idleness:
    (found,) = bundle.endpoints
    return idle.of_variant(found, found.variants[0], hourly, **asked)


def test_nothing_asked_since_its_creation() -> None:
    # 30 hours at 0.23 are 6.90
    story = account_of(described(born="2026-11-15T00:00:00Z"))
    told = judged(bundle_of(story, invocations((100, 900), (236, None))))
    assert (told.verdict, told.hours, told.cost_usd) == ("idle", 30, Decimal("6.90"))
    assert (told.since, told.last, told.ever) == (datetime(2026, 11, 15, tzinfo=UTC), None, False)
    assert told.commands == ("aws sagemaker delete-endpoint --endpoint-name shop --region us-east-1",)


def test_the_rest_of_the_hour_in_which_it_was_made_is_billed_too() -> None:
    # from the 15th at 00:30 to the 16th at 06:00 are 29.5 hours: 6.785 at 0.23
    story = account_of(described(born="2026-11-15T00:30:00Z"))
    told = judged(bundle_of(story, invocations((HOURS, None))))
    assert (told.hours, told.cost_usd) == (29, Decimal("6.785"))


def test_what_is_young_is_not_idle() -> None:
    story = account_of(described(born="2026-11-16T01:00:00Z"))
    told = judged(bundle_of(story, invocations((HOURS, None))))
    assert (told.verdict, told.hours) == ("young", 5)
    assert not told.commands


def test_an_office_application_is_not_idle_on_monday_morning() -> None:
    # since Friday at 18:00 it is 60 hours; from there to Monday at 08:00 it was 62, the week before
    told = judged(bundle_of(account_of(described(count=2)), invocations((2, None), *OFFICE, *OFFICE[:-1], (60, None))))
    assert (told.verdict, told.hours) == ("rhythm", 60)
    assert "left alone for 62 h before" in told.why


def test_what_stopped_for_longer_than_ever_is_idle() -> None:
    # ten busy hours a day for a week, then nothing for 146 hours more than a weekend
    told = judged(bundle_of(account_of(described()), invocations((2, None), *OFFICE[:-1], (228, None))))
    assert (told.verdict, told.hours) == ("idle", 228)
    assert told.cost_usd == 228 * HOUR_USD


def test_a_monthly_job_is_not_idle_between_its_days() -> None:
    days = [(1, 1, 1, 5000, 5000), (29, None), (1, 1, 1, 5200, 5200), (30, None), (1, 1, 1, 5100, 5100), (14, None)]
    by_day = series("Invocations", days, namespace=SAGEMAKER, start=datetime(2026, 9, 1, tzinfo=UTC), period=86400)
    told = judged(bundle_of(account_of(described(born="2026-03-01T08:00:00Z")), invocations((HOURS, None)), by_day))
    assert told.verdict == "rhythm"
    assert told.why.startswith("not in the window of 14 days")
    assert told.last == datetime(2026, 11, 1, tzinfo=UTC)


def test_nothing_in_the_window_and_nothing_known_of_before_is_idle_for_at_least_that_long() -> None:
    told = judged(bundle_of(account_of(described()), invocations((HOURS, None))))
    assert (told.verdict, told.is_exact, told.window_days) == ("idle", False, 14)
    assert "at least" in told.why


SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)


def days_before(*rows: Any) -> Any:
    """A value a day, as the last use is looked for."""
    return series("Invocations", rows, namespace=SAGEMAKER, start=SEPTEMBER, period=86400)


def test_who_did_not_look_before_the_window_cannot_exclude_a_monthly_job() -> None:
    # born in September, two weeks without a request: a job of the first of each month looks the same
    story, silent = account_of(described()), invocations((HOURS, None))
    unseen = judged(bundle_of(story, silent))
    assert (unseen.verdict, unseen.confidence.level) == ("idle", "low")
    assert unseen.confidence.doubts == ("whether it was used before the window is not known",)
    refused = judged(bundle_of(story, silent, with_status("Forbidden", days_before((76, None)))))
    assert refused.confidence.level == "low"
    looked = judged(bundle_of(story, silent, days_before((76, None))))
    assert (looked.verdict, looked.confidence.level) == ("idle", "high")


def test_what_is_idle_for_longer_than_a_month_or_was_made_in_the_window_needs_no_days_before() -> None:
    # used for ten hours, then none for 32 days: 778 hours of 32.4 days
    window = Window(start=NOW - timedelta(hours=778), end=NOW)
    long = invocations((10, 5), (768, None), start=window.start)
    told = judged(bundle_of(account_of(described()), long, window=window))
    assert (told.verdict, told.hours, told.confidence.level) == ("idle", 768, "high")
    young = judged(bundle_of(account_of(described(born="2026-11-02T06:00:00Z")), invocations((HOURS, None))))
    assert (young.verdict, young.confidence.level) == ("idle", "high")


@pytest.mark.parametrize("status", ["Updating", "RollingBack"])
def test_what_somebody_is_updating_is_idle_as_a_note_alone(status: str) -> None:
    story = account_of(described(EndpointStatus=status))
    told = judged(bundle_of(story, invocations((HOURS, None)), days_before((76, None))))
    assert (told.verdict, told.confidence.level, told.confidence.doubts) == ("idle", "low", (f"it is {status}",))


@pytest.mark.parametrize("status", ["SystemUpdating", "UpdateRollbackFailed"])
def test_maintenance_of_aws_and_an_update_that_stays_failed_leave_it_idle(status: str) -> None:
    story = account_of(described(EndpointStatus=status))
    told = judged(bundle_of(story, invocations((HOURS, None)), days_before((76, None))))
    assert (told.verdict, told.confidence.level) == ("idle", "high")


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "PartialData"])
def test_what_nobody_counted_is_unknown(status: Any) -> None:
    told = judged(bundle_of(account_of(described()), with_status(status, invocations((HOURS, None)))))
    assert (told.verdict, told.confidence.level) == ("unknown", "low")
    assert not told.commands


def test_how_long_is_asked_can_be_said() -> None:
    bundle = bundle_of(account_of(described()), invocations((HOURS - 10, 1), (10, None)))
    assert judged(bundle).verdict == "active"
    assert judged(bundle, hours=6).verdict == "idle"


# Asynchronous --------------------------------------------------------------------------------------------------------

ASYNC: dict[str, Any] = {"AsyncInferenceConfig": {}}


def test_a_queue_that_was_worked_on_makes_it_a_candidate_for_zero() -> None:
    # 324 hours at 1.408 are 456.192
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    told = judged(
        bundle_of(
            story,
            backlog((10, 0, 0, 0, 60), (2, 40, 20, 1200, 60), (324, 0, 0, 0, 60)),
            cpu((10, 2, 1, 60, 60), (2, 390, 300, 18000, 60), (324, 2, 1, 60, 60)),
        ),
        Decimal("1.408"),
    )
    assert (told.verdict, told.hours, told.cost_usd) == ("empties", 324, Decimal("456.192"))
    assert "register-scalable-target" in told.commands[0]
    assert "--min-capacity 0" in told.commands[0]


def test_an_empty_queue_before_a_resting_machine_is_idle() -> None:
    # 336 × 1.408 = 473.088
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    told = judged(bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, 3, 1, 60, 60))), Decimal("1.408"))
    assert (told.verdict, told.cost_usd, told.is_exact) == ("idle", Decimal("473.088"), False)
    assert "delete-endpoint" in told.commands[0]
    assert "invocations" not in told.why


def test_an_empty_queue_before_a_machine_that_works_is_not_idle() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    told = judged(bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, 90, 60, 3600, 60))))
    assert told.verdict == "active"


def test_what_is_at_zero_sleeps_and_costs_nothing() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", count=0, config=ASYNC))
    told = judged(bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, None))), Decimal("1.408"))
    assert (told.verdict, told.cost_usd) == ("at-zero", 0)


def test_what_is_at_zero_while_requests_wait_says_so() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", count=0, config=ASYNC))
    told = judged(bundle_of(story, backlog((300, 0, 0, 0, 60), (36, 7, 7, 420, 60))))
    assert (told.verdict, told.why) == ("at-zero", "at 0 instances while requests wait, up to 7 of them")


def test_a_queue_that_nobody_saw_is_unknown() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    assert judged(bundle_of(story, cpu((HOURS, 3, 1, 60, 60)))).verdict == "unknown"


# Others --------------------------------------------------------------------------------------------------------------


def component(name: str, status: str = "InService") -> dict[str, object]:
    return {
        "InferenceComponentName": name,
        "EndpointName": "shop",
        "VariantName": "a",
        "InferenceComponentStatus": status,
        "CreationTime": "2026-09-02T08:00:00Z",
        "Specification": {"ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 1}},
    }


def hosting(*components: dict[str, object]) -> Any:
    host = described(instance_type="ml.g5.12xlarge", variant={"ModelName": None})
    return account_of(host, {"inference_components": list(components)})


def test_a_component_is_idle_by_its_own_requests_and_costs_nothing_of_its_own() -> None:
    found = bundle_of(
        hosting(component("chat"), component("embed")),
        of_component("chat", "Invocations", (HOURS, 1, 1, 800, 800)),
        of_component("embed", "Invocations", (HOURS, None)),
    ).endpoints[0]
    chat, embed = (idle.of_component(found, one) for one in found.components)
    assert (chat.verdict, embed.verdict, embed.cost_usd) == ("active", "idle", 0)
    assert "only where the rest fits on fewer" in embed.why
    assert idle.of_variant(found, found.variants[0], HOUR_USD).verdict == "active"


def test_a_host_is_idle_where_all_of_its_components_are() -> None:
    found = bundle_of(hosting(component("embed")), of_component("embed", "Invocations", (HOURS, None))).endpoints[0]
    assert idle.of_variant(found, found.variants[0], HOUR_USD).verdict == "idle"


def test_a_host_of_no_component_is_a_note_as_somebody_may_have_described_none() -> None:
    told = judged(bundle_of(hosting(), cpu((HOURS, 10, 5, 300, 60))))
    assert (told.verdict, told.confidence.level) == ("idle", "low")
    assert "delete-endpoint" in told.commands[0]
    # 300 % are 3 cores: something works there
    assert judged(bundle_of(hosting(), cpu((HOURS, 300, 200, 12000, 60)))).verdict == "unknown"


def test_a_host_that_was_made_an_hour_ago_may_wait_for_its_components() -> None:
    host = described(instance_type="ml.g5.12xlarge", born="2026-11-16T05:00:00Z", variant={"ModelName": None})
    assert judged(bundle_of(account_of(host))).verdict == "unknown"


def test_a_host_at_zero_instances_and_a_component_at_zero_copies_sleep() -> None:
    sleeping = {**component("embed"), "RuntimeConfig": {"CurrentCopyCount": 0}}
    host = described(instance_type="ml.g5.12xlarge", count=0, variant={"ModelName": None})
    found = bundle_of(
        account_of(host, {"inference_components": [sleeping]}), of_component("embed", "Invocations", (HOURS, None))
    ).endpoints[0]
    assert idle.of_component(found, found.components[0]).verdict == "at-zero"
    told = idle.of_variant(found, found.variants[0], HOUR_USD)
    assert (told.verdict, told.cost_usd) == ("at-zero", 0)


def test_a_host_of_a_component_that_nobody_counted_is_unknown() -> None:
    found = bundle_of(
        hosting(component("chat"), component("embed")), of_component("embed", "Invocations", (HOURS, None))
    ).endpoints[0]
    assert idle.of_variant(found, found.variants[0], HOUR_USD).verdict == "unknown"


def test_serverless_without_warm_slots_costs_nothing_while_it_is_idle() -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}, "InstanceType": None}
    told = judged(bundle_of(account_of(described(variant=serverless)), invocations((HOURS, None))), None)
    assert (told.verdict, told.cost_usd) == ("idle", 0)


def test_a_name_stays_one_word_in_a_command() -> None:
    story = account_of(described("shop; rm -rf /"))
    requests = invocations((HOURS, None), dimensions={"EndpointName": "shop; rm -rf /", "VariantName": "a"})
    told = judged(bundle_of(story, requests))
    assert "'shop; rm -rf /'" in told.commands[0]


# What nobody saw -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "PartialData"])
def test_an_empty_queue_before_a_machine_that_nobody_saw_is_unknown(status: Any) -> None:
    # a worker that takes each request at once leaves no backlog: only its CPU shows that it works
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    unseen = with_status(status, cpu((HOURS, None)))
    told = judged(bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), unseen))
    assert (told.verdict, told.why, told.commands) == ("unknown", f"CPUUtilization: {status}", ())


def test_an_instance_that_stands_and_never_published_is_not_at_rest() -> None:
    story = account_of(described(instance_type="ml.g5.xlarge", config=ASYNC))
    assert judged(bundle_of(story, backlog((HOURS, 0, 0, 0, 60)), cpu((HOURS, None)))).verdict == "unknown"


def test_a_machine_that_works_without_a_request_that_was_counted_is_a_note() -> None:
    # 350 % of 4 vCPUs in every hour are 3.5 cores
    told = judged(bundle_of(account_of(described()), invocations((HOURS, None)), cpu((HOURS, 350, 300, 18000, 60))))
    assert (told.verdict, told.confidence.level) == ("idle", "low")
    assert "its machine works all the same, with 3.5 cores in half of the hours" in told.confidence.doubts


def test_a_component_that_was_made_yesterday_is_a_note() -> None:
    # the host stands since September, the component for 30 hours: that it was never asked says little yet
    young = {**component("embed"), "CreationTime": "2026-11-15T00:00:00Z"}
    found = bundle_of(hosting(young), of_component("embed", "Invocations", (HOURS, None))).endpoints[0]
    told = idle.of_component(found, found.components[0])
    assert (told.verdict, told.hours, told.confidence.level) == ("idle", 30, "low")


def test_what_ends_an_idle_host_ends_all_of_its_components_first() -> None:
    silent = [of_component(name, "Invocations", (HOURS, None)) for name in ("chat", "embed")]
    told = judged(bundle_of(hosting(component("chat"), component("embed")), *silent))
    assert told.commands == (
        "aws sagemaker delete-inference-component --inference-component-name chat --region us-east-1",
        "aws sagemaker delete-inference-component --inference-component-name embed --region us-east-1",
        "aws sagemaker delete-endpoint --endpoint-name shop --region us-east-1",
    )


def test_the_only_variant_of_production_goes_with_its_endpoint_and_a_shadow_without() -> None:
    # a configuration without a production variant is refused, one without its shadow is not
    story = described(ShadowProductionVariants=[{"VariantName": "s", "CurrentInstanceCount": 1}])
    (config,) = story["endpoint_configs"]
    config["ShadowProductionVariants"] = [{**config["ProductionVariants"][0], "VariantName": "s"}]
    silent = [
        invocations((HOURS, None), dimensions={"EndpointName": "shop", "VariantName": name}) for name in ("a", "s")
    ]
    (found,) = bundle_of(account_of(story), *silent).endpoints
    name = "--endpoint-name shop --endpoint-config-name CONFIGURATION_WITHOUT_s"
    ends = [idle.of_variant(found, each, HOUR_USD).commands[0] for each in found.variants]
    assert ends == [
        "aws sagemaker delete-endpoint --endpoint-name shop --region us-east-1",
        f"aws sagemaker update-endpoint {name} --region us-east-1",
    ]


def test_a_shadow_is_idle_for_sure_where_its_machine_rests_too() -> None:
    # that it publishes copies of requests as its own is written nowhere: without a datapoint of its CPU it may work
    story = described(ShadowProductionVariants=[{"VariantName": "s", "CurrentInstanceCount": 1}])
    (config,) = story["endpoint_configs"]
    config["ShadowProductionVariants"] = [{**config["ProductionVariants"][0], "VariantName": "s"}]
    of_shadow = {"EndpointName": "shop", "VariantName": "s"}
    silent = [invocations((HOURS, None), dimensions=of_shadow)]
    silent.append(series("Invocations", [(76, None)], of_shadow, namespace=SAGEMAKER, start=SEPTEMBER, period=86400))
    levels = []
    for rest in ([], [cpu((HOURS, 3, 1, 60, 60), dimensions=of_shadow)]):
        (found,) = bundle_of(account_of(story), *silent, *rest).endpoints
        told = idle.of_variant(found, found.variants[1], HOUR_USD)
        levels.append((told.verdict, told.confidence.level))
    assert levels == [("idle", "low"), ("idle", "high")]
