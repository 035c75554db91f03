"""The JSON report: names and values that other programs rely on, and what it must not show."""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from guardrail import __version__
from guardrail.cost.base import Delta
from guardrail.model import (
    INSTANCE_COUNT,
    Alarm,
    Container,
    InferenceComponent,
    InstancePool,
    Location,
    ManagedInstanceScaling,
    Model,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.policy.base import AppliedWaiver
from guardrail.report import EndpointReport, Report
from guardrail.reporters import reporter
from guardrail.reporters.json import render
from tests.reporters.reports import bounds, component, docs, endpoint, finding, monthly, price, report, variant

LATER = Unknown("known only after apply", partial="prod-${…}")
SENSITIVE = {"unknown": "sensitive"}


def read(answer: Report) -> Any:
    return json.loads(render(answer))


def first(item: EndpointReport, **changes: Any) -> Any:
    """The JSON of one endpoint, with changes to the endpoint itself."""
    changed = structs.replace(item, endpoint=structs.replace(item.endpoint, **changes))
    return read(report(endpoints=(changed,)))["endpoints"][0]


def as_variant(one: Variant) -> Any:
    return first(docs(), variants=(one,))["variants"][0]


def with_component(**known: Any) -> Any:
    """The JSON of one component of an instance."""
    part = component(
        "instance", "Hrs", price("USE1-Host:ml.p4d.24xlarge", "Hrs", "25.2512883"),
        quantity=bounds("730", "730", "1460"), monthly=bounds("18433.44", "18433.44", "36866.88"),
        count=bounds("1", "1", "2"), detail="ml.p4d.24xlarge", origins={"price": "price table"},
    )  # fmt: skip
    item = docs()
    assert item.cost
    (priced,) = item.cost.children
    cost = structs.replace(item.cost, children=(structs.replace(priced, lines=(structs.replace(part, **known),)),))
    return read(report(endpoints=(structs.replace(item, cost=cost),)))["endpoints"][0]["variants"][0]["components"][0]


def test_the_top_level_says_what_was_judged_and_how() -> None:
    answer = read(report(settings_file=".guardrail.yml", usage_file="usage.yml", notices=("a notice",)))
    assert answer["schema_version"] == "1.1"
    assert answer["today"] == "2026-11-22"
    assert answer["tool"] == {"name": "guardrail", "version": __version__}
    assert (answer["settings_file"], answer["usage_file"]) == (".guardrail.yml", "usage.yml")
    assert answer["sources"] == [
        {
            "id": "plan.json",
            "path": "plan.json",
            "kind": "terraform-plan",
            "format_version": "1.2",
            "has_before": True,
            "complete": True,
            "usage_file": None,
            "possibilities": [],
        }
    ]
    assert answer["prices"] == {
        "currency": "USD",
        "hours_per_month": 730,
        "regions": {
            "us-east-1": {"oldest": "2023-12-01", "newest": "2026-05-20", "age_days": 1087, "origin": "bundled"},
        },
    }
    assert answer["coverage"] == {"seen": 9, "modelled": 9, "partial": 0, "skipped": 0}
    assert answer["summary"] == {
        "error": 1, "warning": 0, "note": 0, "open": 0, "waived": 0, "passed": 0, "existing": 0,
    }  # fmt: skip
    assert answer["notices"] == ["a notice"]
    assert answer["exit_code"] == 1


def test_totals_carry_bounds_and_flags() -> None:
    totals = read(report())["totals"]
    assert totals["before"]["floor"] == "171.68"
    assert totals["after"] == {
        "floor": "425.91",
        "expected": "596.61",
        "ceiling": "1277.73",
        "estimated_share": "0",
        "at_least": False,
        "estimated": False,
        "depends_on_usage": True,
        "assumed": False,
    }
    assert totals["delta"] == {"floor": "254.23", "expected": "424.93", "ceiling": "1106.05"}


def test_no_past_is_null_and_an_unknown_change_has_its_reason() -> None:
    totals = report().totals
    assert read(report(totals=structs.replace(totals, before=None, delta=None)))["totals"]["before"] is None
    assert read(report(totals=structs.replace(totals, delta=None)))["totals"]["delta"] is None
    unknown = structs.replace(totals, delta=Delta(Decimal(1), LATER, Decimal(2)))
    assert read(report(totals=unknown))["totals"]["delta"]["expected"] == {"unknown": "known only after apply"}


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0.0000001", "0.0000001"), ("0E-10", "0.0000000000"), ("1E+3", "1000"), ("83.950", "83.950"), ("-5", "-5")],
)
def test_money_is_unrounded_and_has_no_exponent(amount: str, written: str) -> None:
    totals = structs.replace(report().totals, after=monthly(amount, amount, amount))
    assert read(report(totals=totals))["totals"]["after"]["expected"] == written
    assert read(report(results=(finding(saving_monthly=Decimal(amount)),)))["results"][0]["saving_monthly"] == written


def test_a_component_is_a_line_of_the_bill() -> None:
    line = read(report())["endpoints"][0]["variants"][0]["components"][0]
    assert line == {
        "kind": "instance",
        "usage_type": "USE1-Host:ml.m5.xlarge",
        "unit": "Hrs",
        "unit_price": "0.23",
        "basis": "published",
        "confidence": None,
        "rule": None,
        "suspect": None,
        "price_date": "2026-05-20",
        "price_source": "AWS price list",
        "quantity": {"floor": "1460", "expected": "2190", "ceiling": "4380"},
        "count": {"floor": "2", "expected": "3", "ceiling": "6"},
        "size": None,
        "detail": "ml.m5.xlarge",
        "monthly": {"floor": "335.80", "expected": "503.70", "ceiling": "1007.40"},
        "reason": None,
        "estimated": False,
        "default_size": False,
        "depends_on_usage": False,
        "assumed": True,
        "redacted": False,
        "origins": {"count.floor": "scalable target", "count.expected": "assumption", "hours": "730 h a month"},
    }


def test_components_of_all_endpoints_sum_up_to_the_total() -> None:
    answer = read(report())
    lines = [
        line
        for item in answer["endpoints"]
        for line in [*item["components"], *(part for one in item["variants"] for part in one["components"])]
    ]
    for bound in ("floor", "expected", "ceiling"):
        added = sum(Decimal(line["monthly"][bound]) for line in lines if line["monthly"])
        assert added == Decimal(answer["totals"]["after"][bound])


def test_data_is_charged_once_per_endpoint_and_without_usage_has_no_amount() -> None:
    received, sent = read(report())["endpoints"][0]["components"]
    assert (received["kind"], sent["kind"]) == ("data-in", "data-out")
    assert (received["unit_price"], received["monthly"], received["depends_on_usage"]) == ("0.016", None, True)


def test_a_deleted_endpoint_keeps_what_it_cost_and_has_no_parts() -> None:
    gone = EndpointReport(
        source="plan.json",
        endpoint=endpoint("old", variant(), change="delete"),
        environment="production",
        before=monthly("1", "2", "3"),
        cost=None,
    )
    (old,) = read(report(endpoints=(gone,)))["endpoints"]
    assert old["before"]["expected"] == "2"
    assert (old["monthly"], old["variants"], old["components"]) == (None, [], [])


def test_unknown_fields_have_their_reason_and_nothing_of_their_text_but_for_names() -> None:
    """A name that is partly known is what people know a thing by, in every format."""
    item = first(docs(), name=LATER, region=LATER, mode=LATER)
    assert item.pop("name") == {"unknown": "known only after apply", "partial": "prod-${…}"}
    assert [item[key] for key in ("region", "mode")] == [{"unknown": "known only after apply"}] * 2
    assert "prod-" not in json.dumps(item)


def test_lists_that_are_unknown_are_empty_and_say_why() -> None:
    item = docs()
    assert item.cost
    answer = first(
        structs.replace(item, cost=structs.replace(item.cost, children=())),
        variants=Unknown("managed elsewhere"),
        inference_components=Unknown("may be hosted here"),
    )
    assert (answer["variants"], answer["variants_unknown"]) == ([], "managed elsewhere")
    assert (answer["inference_components"], answer["inference_components_unknown"]) == ([], "may be hosted here")


def test_an_instance_variant_has_the_fields_of_the_api() -> None:
    pools = (InstancePool(instance_type="ml.g5.xlarge", priority=1),)
    written = as_variant(variant("v", instance_type=None, instance_pools=pools, weight=0.5, volume_size_gb=20))
    assert {key: value for key, value in written.items() if key not in ("components", "monthly")} == {
        "name": "v",
        "shadow": False,
        "monthly_hours": None,
        "kind": "instance",
        "instance_type": None,
        "initial_instance_count": 3,
        "volume_size_gb": 20,
        "weight": 0.5,
        "memory_mib": None,
        "max_concurrency": None,
        "provisioned_concurrency": None,
        "instance_pools": [{"instance_type": "ml.g5.xlarge", "priority": 1}],
        "model_name": "chat",
        "model": None,
        "scaling": None,
    }


def test_a_variant_tells_what_it_serves_and_an_endpoint_its_tags_and_account() -> None:
    container = Container(image="a/b:1", mode="SingleModel", model_package=LATER)
    model = Model(address="m", containers=(container,), execution_mode="Serial", vpc=True, network_isolation=False)
    assert as_variant(variant(model=model))["model"] == {
        "address": "m",
        "containers": [
            {"image": "a/b:1", "mode": "SingleModel", "model_package": {"unknown": "known only after apply"}}
        ],
        "execution_mode": "Serial",
        "vpc": True,
        "network_isolation": False,
    }
    assert as_variant(variant(model=LATER))["model"] == {"unknown": "known only after apply"}
    found = first(docs(), tags={"Team": "ml", "Owner": LATER}, account="123456789012")
    assert found["tags"] == {"Team": "ml", "Owner": {"unknown": "known only after apply"}}
    assert found["account"] == "123456789012"


def test_policies_tell_what_they_follow() -> None:
    tracking = TargetTrackingPolicy(
        address="p",
        target_value=70.0,
        metrics=(ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance"),),
        disable_scale_in=False,
    )
    alarm = Alarm(
        address="a",
        metric_name="HasBacklogWithoutCapacity",
        namespace="AWS/SageMaker",
        dimensions={"EndpointName": "docs"},
        statistic="Average",
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=1.0,
        period_s=60,
        evaluation_periods=2,
    )
    step = StepScalingPolicy(address="q", adjustment_type=None, steps=(), alarms=(alarm,))
    target = ScalableTarget(
        address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=2, policies=(tracking, step)
    )
    first_policy, second = as_variant(variant(scaling=target))["scaling"]["policies"]
    assert (first_policy["target_value"], second["target_value"]) == (70.0, None)
    assert first_policy["metrics"] == [
        {
            "name": "SageMakerVariantInvocationsPerInstance",
            "namespace": None,
            "dimensions": {},
            "statistic": None,
            "threshold": None,
        }
    ]
    assert second["metrics"] == [
        {
            "name": "HasBacklogWithoutCapacity",
            "namespace": "AWS/SageMaker",
            "dimensions": {"EndpointName": "docs"},
            "statistic": "Average",
            "threshold": 1.0,
        }
    ]


def test_the_overview_is_the_one_of_all_formats() -> None:
    """Of 596.61 less 84.51 once the finding is mended, at best."""
    assert read(report())["overview"] == {
        "state": "known",
        "verdict": "fails",
        "reasons": ["1 error (fail on error)"],
        "counts": {
            "error": 1,
            "warning": 0,
            "note": 0,
            "existing": 0,
            "undecided_error": 0,
            "undecided_causes": 0,
            "undecided": 0,
            "waived": 0,
        },
        "unchanged": 0,
        "all_fixed": {"saving": "84.51", "at_best": True},
    }


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"monthly_hours": Decimal(168)}, "168"),
        ({"monthly_hours": LATER}, {"unknown": "known only after apply"}),
        ({"monthly_hours": Decimal(168), "sensitive": True}, {"unknown": "sensitive"}),
        ({}, None),
    ],
)
def test_a_shadow_test_tells_its_hours_unless_they_are_sensitive(changes: Any, shown: object) -> None:
    assert as_variant(variant(shadow=True, **changes))["monthly_hours"] == shown


def test_a_serverless_variant_has_the_fields_of_the_api() -> None:
    written = as_variant(ServerlessVariant(name="v", memory_mib=2048, max_concurrency=5, provisioned_concurrency=2))
    assert (written["kind"], written["instance_type"]) == ("serverless", None)
    assert (written["memory_mib"], written["max_concurrency"], written["provisioned_concurrency"]) == (2048, 5, 2)


def test_scaling_tells_bounds_policies_and_schedules() -> None:
    target = ScalableTarget(
        address="t",
        dimension=INSTANCE_COUNT,
        min_capacity=1,
        max_capacity=LATER,
        policies=(
            StepScalingPolicy(address="p", adjustment_type=None, steps=(), alarms=()),
            OtherScalingPolicy(address="q", policy_type=LATER),
        ),
        scheduled_actions=(ScheduledAction(address="s", schedule="cron(0 8)", min_capacity=None, max_capacity=4),),
    )
    assert as_variant(variant(scaling=target))["scaling"] == {
        "source": "target",
        "address": "t",
        "min_capacity": 1,
        "max_capacity": {"unknown": "known only after apply"},
        "scaling_in_suspended": False,
        "policies": [
            {"address": "p", "policy_type": "StepScaling", "target_value": None, "metrics": []},
            {
                "address": "q",
                "policy_type": {"unknown": "known only after apply"},
                "target_value": None,
                "metrics": [],
            },
        ],
        "scheduled_actions": [{"address": "s", "schedule": "cron(0 8)", "min_capacity": None, "max_capacity": 4}],
    }


def test_scaling_that_may_belong_here_is_unknown_and_not_none() -> None:
    assert as_variant(variant(scaling=LATER))["scaling"] == {"unknown": "known only after apply"}
    target = ScalableTarget(
        address="t", dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=2, policies=LATER, scheduled_actions=LATER
    )
    scaling = as_variant(variant(scaling=target))["scaling"]
    assert scaling["policies"] == scaling["scheduled_actions"] == {"unknown": "known only after apply"}


def test_managed_scaling_counts_only_where_it_has_an_effect() -> None:
    """The API rejects it on a variant that names a model."""
    managed = ManagedInstanceScaling(status="ENABLED", min_instance_count=0, max_instance_count=4)
    scaling = as_variant(variant(model_name=None, managed_scaling=managed))["scaling"]
    assert (scaling["source"], scaling["min_capacity"], scaling["max_capacity"]) == ("managed", 0, 4)
    assert as_variant(variant(model_name="chat", managed_scaling=managed))["scaling"] is None
    doubted = structs.replace(managed, status=LATER)
    assert as_variant(variant(model_name=None, managed_scaling=doubted))["scaling"] == {
        "unknown": "known only after apply"
    }


def test_inference_components_tell_their_copies() -> None:
    target = ScalableTarget(address="t", dimension="d", min_capacity=0, max_capacity=4)
    hosted = tuple(
        InferenceComponent(address=f"c{number}", name=f"n{number}", variant_name="v1", copies=1, scaling=scaling)
        for number, scaling in enumerate((target, None, LATER))
    )
    scaled, fixed, doubted = first(docs(), inference_components=hosted)["inference_components"]
    assert scaled == {
        "address": "c0", "name": "n0", "variant": "v1", "copies": 1, "min_copies": 0, "max_copies": 4,
    }  # fmt: skip
    assert (fixed["min_copies"], fixed["max_copies"]) == (None, None)
    assert doubted["min_copies"] == {"unknown": "known only after apply"}


# Results -------------------------------------------------------------------------------------------------------------


def test_a_result_carries_everything_a_reader_needs() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner=None, origin=".guardrail.yml")
    (result,) = read(report(results=(finding(verdict="waived", waiver=waiver, location=Location("a.tf", 3, 5)),)))[
        "results"
    ]
    assert result == {
        "source": "plan.json",
        "policy": "async-scales-to-zero",
        "severity": "error",
        "verdict": "waived",
        "status": "new",
        "address": 'module.docs["a"].aws_appautoscaling_target.this',
        "endpoint": 'module.docs["a"].aws_sagemaker_endpoint.this',
        "variant": "v1",
        "message": "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month",
        "headline": "keeps one instance while its queue is empty",
        "detail": "min_capacity is 1",
        "working": "",
        "reason": None,
        "saving_monthly": "84.51",
        "saving_basis": "upper-bound",
        "fix": None,
        "remediation": {"terraform": "min_capacity = 0", "cloudformation": "MinCapacity: 0"},
        "notes": [],
        "help_uri": "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html",
        "location": {"path": "a.tf", "line": 3, "column": 5, "called_at": None, "used_at": None},
        "construct_path": None,
        "fails_in": [],
        "part": ["endpoint", 0],
        "identity": "",
        "previous_identities": [],
        "waiver": {"reason": "load test", "until": "2027-01-31", "owner": None, "origin": ".guardrail.yml"},
    }


def test_a_saving_that_nobody_knows_is_unknown_and_none_is_null() -> None:
    results = read(report(results=(finding(saving_monthly=LATER), finding(saving_monthly=None))))["results"]
    assert [result["saving_monthly"] for result in results] == [{"unknown": "known only after apply"}, None]


@pytest.mark.parametrize("verdict", ["pass", "open"])
def test_what_is_no_violation_is_listed_without_a_remediation(verdict: Any) -> None:
    (result,) = read(report(results=(finding(verdict=verdict, status=None, saving_monthly=None),)))["results"]
    assert (result["verdict"], result["status"]) == (verdict, None)
    assert result["remediation"] == {"terraform": "", "cloudformation": ""}


# Sensitive values ----------------------------------------------------------------------------------------------------


def test_a_sensitive_component_keeps_its_kind_unit_and_amounts_alone() -> None:
    shown = with_component(redacted=True, reason="ml.p4d.24xlarge has no price", estimated=True)
    assert {key: value for key, value in shown.items() if value not in (None, False, "", {})} == {
        "kind": "instance",
        "unit": "Hrs",
        "monthly": {"floor": "18433.44", "expected": "18433.44", "ceiling": "36866.88"},
        "reason": "sensitive",
        "estimated": True,
        "redacted": True,
    }
    assert list(shown) == list(with_component())


def test_a_sensitive_variant_hides_its_type_and_numbers() -> None:
    pools = (InstancePool(instance_type="ml.p4d.24xlarge", priority=7),)
    managed = ManagedInstanceScaling(status="ENABLED", min_instance_count=123, max_instance_count=456)
    written = as_variant(
        variant(
            instance_type="ml.p4d.24xlarge",
            initial_instance_count=321,
            volume_size_gb=654,
            instance_pools=pools,
            managed_scaling=managed,
            model_name=None,
            sensitive=True,
        )
    )
    assert written["instance_type"] == written["initial_instance_count"] == written["volume_size_gb"] == SENSITIVE
    assert written["scaling"]["min_capacity"] == SENSITIVE
    own = {key: value for key, value in written.items() if key not in ("components", "monthly")}
    assert not any(secret in json.dumps(own) for secret in ("p4d", "123", "456", "321", "654", "7"))


def test_a_sensitive_serverless_variant_and_target_hide_their_numbers() -> None:
    target = ScalableTarget(
        address="t", dimension="d", min_capacity=111, max_capacity=222, sensitive=True,
        scheduled_actions=(ScheduledAction(address="s", schedule="x", min_capacity=333, max_capacity=444),),
    )  # fmt: skip
    written = as_variant(
        ServerlessVariant(
            name="v", memory_mib=6144, max_concurrency=199, provisioned_concurrency=None, scaling=target, sensitive=True
        )
    )
    assert written["memory_mib"] == written["max_concurrency"] == SENSITIVE
    assert written["provisioned_concurrency"] is None
    own = {key: value for key, value in written.items() if key not in ("components", "monthly")}
    assert not any(secret in json.dumps(own) for secret in ("111", "222", "333", "444", "6144", "199"))


# The document --------------------------------------------------------------------------------------------------------


def test_the_same_report_gives_the_same_bytes_and_ends_with_a_newline() -> None:
    assert render(report()) == render(report())
    assert render(report()).endswith("}\n")


def test_every_endpoint_and_result_stands_on_a_line_of_its_own() -> None:
    hostile = finding(message='two\nlines, "quoted", \u2028 and \x1b', address="a\nb")
    text = render(report(results=(hostile, finding())))
    body = [line.rstrip(",") for line in text.split("\n") if line.startswith('{"source"')]
    assert [json.loads(line)["address"] for line in body] == [
        "aws_sagemaker_endpoint.chat",
        'module.docs["a"].aws_sagemaker_endpoint.this',
        "a\nb",
        'module.docs["a"].aws_appautoscaling_target.this',
    ]


def test_regions_are_sorted() -> None:
    one = report().prices["us-east-1"]
    prices = {"us-west-2": one, "eu-west-1": one}
    assert list(read(report(prices=prices))["prices"]["regions"]) == ["eu-west-1", "us-west-2"]


def test_the_reporter_of_a_format_is_the_module_of_that_name() -> None:
    assert reporter("json").render is render
    assert reporter("table").render(report()).startswith("guardrail check plan.json")
    assert '"name":"chat-prod"' in reporter("json").render(report())
