"""What guardrail writes holds to the schemas that it ships."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import structs

from guardrail.alternatives.base import RuledOut
from guardrail.alternatives.engine import AlternativesEngine
from guardrail.commands.schema import text as schema_of
from guardrail.cost.base import Delta
from guardrail.cost.usage import NO_USAGE
from guardrail.model import (
    INSTANCE_COUNT,
    InferenceComponent,
    InstancePool,
    Location,
    ManagedInstanceScaling,
    ScalableTarget,
    ScheduledAction,
    ServerlessVariant,
    Skipped,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Trigger,
    Unknown,
)
from guardrail.policy.base import AppliedWaiver
from guardrail.report import AlternativesReport, EndpointReport, GroupReport, Instead, Report, SkippedReport
from guardrail.reporters import json as reporter
from tests.alternatives import built
from tests.reporters.reports import chat, docs, endpoint, finding, monthly, report, variant
from tests.reporters.test_batch import changed, job, workflow

REPORT = json.loads(Path(reporter.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
LATER = Unknown("known only after apply")


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name, so that a field without documentation is found."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return inner | {"additionalProperties": False} if isinstance(schema.get("required"), list) else inner


def everything_unknown() -> EndpointReport:
    target = ScalableTarget(
        address="t",
        dimension=INSTANCE_COUNT,
        min_capacity=LATER,
        max_capacity=LATER,
        policies=LATER,
        scheduled_actions=LATER,
        dynamic_scaling_in_suspended=LATER,
    )
    one = variant(
        LATER,  # type: ignore[arg-type]
        instance_type=LATER,
        initial_instance_count=LATER,
        volume_size_gb=LATER,
        weight=LATER,
        instance_pools=(InstancePool(instance_type=LATER, priority=LATER),),
        scaling=target,
    )
    unknown = endpoint(
        LATER,  # type: ignore[arg-type]
        one,
        address="e",
        region=LATER,
        mode=LATER,
        deployed="possibly",
        configuration_address=None,
        inference_components=(
            InferenceComponent(address="c", name=LATER, variant_name=LATER, copies=LATER, scaling=LATER),
        ),
    )
    cost = docs().cost
    assert cost
    bill = structs.replace(cost.monthly, expected=LATER, at_least=True)
    return EndpointReport(
        source="plan.json",
        endpoint=unknown,
        environment=LATER,
        before=bill,
        cost=structs.replace(cost, monthly=bill),
    )


def every_kind() -> Report:
    """A report in which each kind of thing that a report can hold occurs."""
    target = ScalableTarget(
        address="t",
        dimension=INSTANCE_COUNT,
        min_capacity=1,
        max_capacity=2,
        policies=(
            TargetTrackingPolicy(address="p", target_value=1.0, metrics=(), disable_scale_in=False),
            StepScalingPolicy(address="q", adjustment_type=None, steps=(), alarms=()),
        ),
        scheduled_actions=(ScheduledAction(address="s", schedule="x", min_capacity=None, max_capacity=LATER),),
    )
    managed = ManagedInstanceScaling(status="ENABLED", min_instance_count=None, max_instance_count=4)
    serverless = ServerlessVariant(name="s", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    located = Location("main.tf", 3, called_at=Location("root.tf", 7))
    kinds = (
        variant("scaled", scaling=target, sensitive=True),
        variant("managed", model_name=None, managed_scaling=managed),
        serverless,
    )
    cost = docs().cost
    assert cost
    (line,) = cost.children
    several = EndpointReport(
        source="plan.json",
        endpoint=endpoint("several", *kinds, location=located),
        environment="production",
        before=monthly("1", "2", "3"),
        cost=structs.replace(cost, children=(line, line, line)),
    )
    gone = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, change="delete"), cost=None)
    waiver = AppliedWaiver(reason="r", until="2027-01-31", owner="o", origin=".guardrail.yml")
    return report(
        settings_file=".guardrail.yml",
        usage_file="usage.yml",
        totals=structs.replace(report().totals, delta=Delta(LATER, LATER, LATER)),
        endpoints=(chat(), docs(), several, everything_unknown(), gone),
        workflows=(
            changed(workflow(job(2)), workflow(job(4), triggers=(Trigger(address="nightly", expression=LATER),))),
            changed(None, workflow(structs.replace(job(1), instance_count=LATER, attempts=None, run_hours=Decimal(1)))),
        ),
        groups=(
            GroupReport(
                values={"tag:Team": "a", "region": LATER, "environment": None},
                endpoints=1,
                workflows=0,
                totals=report().totals,
            ),
        ),
        unattached=(structs.replace(docs(), endpoint=structs.replace(docs().endpoint, deployed="no")),),
        results=(
            finding(),
            finding(verdict="open", reason="r", saving_monthly=LATER, location=None),
            finding(verdict="waived", waiver=waiver, saving_basis=None, saving_monthly=None),
            finding(verdict="pass", status=None, endpoint=None, variant=None),
        ),
        skipped=(SkippedReport(source="plan.json", resource=Skipped(address="a", type="t", reason="r")),),
        alternatives=instead(),
        notices=("n",),
        distrust=("d",),
    )


def instead() -> AlternativesReport:
    """Alternatives with and without an amount, a break-even, a duration of requests."""
    usage = built.used(monthly_requests="1000000", request_duration_ms="200")
    (told,), (silent,) = (AlternativesEngine(built.PRICES, each).of(built.endpoint()) for each in (usage, NO_USAGE))
    part = Instead(source="plan.json", address="e", part="main", alternatives=told)
    reasons = (RuledOut("serverless", "GPU"),)
    return AlternativesReport(
        parts=(part, structs.replace(part, alternatives=silent, not_offered=reasons)),
        together={"plan.json": told[:1]},
    )


def bare() -> Report:
    """A report in which whatever may be missing is."""
    return report(totals=structs.replace(report().totals, before=None, delta=None), prices={}, endpoints=(), results=())


@pytest.mark.parametrize("answer", [report(), every_kind(), bare()], ids=["plain", "every kind", "bare"])
def test_the_json_report_holds_to_its_schema_and_has_nothing_beside_it(answer: Report) -> None:
    errors = Draft202012Validator(closed(REPORT)).iter_errors(json.loads(reporter.render(answer)))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_the_schema_of_the_report_is_one() -> None:
    Draft202012Validator.check_schema(REPORT)
    assert REPORT["$id"].endswith(f":{reporter.SCHEMA_VERSION}")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("exit_code",), 70),
        (("totals", "after", "floor"), 425.91),
        (("totals", "after", "floor"), "1E+2"),
        (("totals", "after", "ceiling"), {"unknown": "a ceiling is a number"}),
        (("endpoints", 0, "change"), "destroy"),
        (("endpoints", 0, "variants", 0, "components", 0, "kind"), "storage"),
        (("results", 0, "verdict"), "maybe"),
        (("results", 0, "location", "line"), 0),
    ],
)
def test_the_schema_of_the_report_refuses_what_is_wrong(path: tuple[str | int, ...], wrong: object) -> None:
    answer = json.loads(reporter.render(report()))
    *way, last = path
    place = answer
    for step in way:
        place = place[step]
    place[last] = wrong
    assert not Draft202012Validator(REPORT).is_valid(answer)


def test_a_field_that_a_later_version_adds_does_not_break_a_reader_of_this_one() -> None:
    answer = json.loads(reporter.render(report()))
    answer["endpoints"][0]["carbon"] = "much"
    assert Draft202012Validator(REPORT).is_valid(answer)


def property_names(schema: Any) -> set[str]:
    """Every name that a schema gives to a property."""
    if isinstance(schema, list):
        return set().union(*map(property_names, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())) | property_names(list(schema.values()))


def test_the_reference_of_the_report_names_every_field() -> None:
    page = (Path(__file__).parents[1] / "docs" / "schemas.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(?:\S+\.)?(\w+)` \| ", page, re.MULTILINE))
    assert property_names(REPORT) - told == set()


@pytest.mark.parametrize("of", ["report", "explain", "evidence", "utilization", "settings", "usage", "policy"])
def test_every_property_of_a_schema_says_what_it_is(of: str) -> None:
    schema = json.loads(schema_of(of))
    for name, part in {of: schema, **schema["$defs"]}.items():
        silent = [key for key, each in part.get("properties", {}).items() if not each.get("description")]
        assert not silent, name
