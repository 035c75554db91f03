"""One report and all its renderers: every format says the same of one input.

State, totals, counts, verdict with its reasons, budgets and exit code are read back from what each format shows and
held against the JSON report (`tests.reporters.read_back`); SARIF, JUnit and Code Quality hold to the schemas of their
readers and know each finding once.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema_rs import Draft4Validator, Draft202012Validator
from msgspec import structs
from msgspec.json import decode

from guardrail.cost.base import ChargeKind
from guardrail.model import Change, Deployed, Mode, Unknown
from guardrail.policy.base import AppliedWaiver, FailOn, FindingStatus, Severity, Verdict
from guardrail.prices.base import Basis
from guardrail.report import BudgetReport, BudgetState, Report, ReportedPart
from guardrail.reporters import FORMATS, reporter
from guardrail.reporters import json as json_reporter
from guardrail.reporters.base import Options
from tests.reporters.inputs import assessed, stack
from tests.reporters.read_back import READERS, disagreements
from tests.reporters.reports import finding, report
from tests.reporters.test_hostile import NAMES, spread
from tests.sources.plans import (
    CONFIGURATION,
    ENDPOINT,
    Json,
    change,
    configuration,
    endpoint,
    plan,
    serverless,
    variant,
)

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
SCHEMA = json.loads(Path(json_reporter.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
REPORT = Draft202012Validator(SCHEMA)
SCHEMAS = ROOT / "tests" / "schemas"
MOST_BYTES = 2_000_000
CUT = ("long", "long without a space")
"""Names of which a sentence is cut, in some formats sooner than in others."""
PARTS = 8
"""That several processes may share."""
GITLAB = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string"},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": r"^(?!\./|/)."},
                        "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                    },
                },
            },
        },
    }
)
"""The table in GitLab's documentation of Code Quality, "Code Quality report format"."""


SARIF = Draft4Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")))
JENKINS = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def problems(path: Path, *flags: str) -> Iterator[str]:
    """What one format says otherwise than the JSON report, or than its schema allows."""
    code, made = assessed(str(path), "--region=us-east-1", *flags)
    if made is None:
        return
    if made.exit_code != code:
        yield f"exit {made.exit_code}, and the run {code}"
    yield from differences(made)


def differences(made: Report) -> Iterator[str]:
    """What one format says of a report otherwise than the JSON."""
    texts = {name: reporter(name).render(made) for name in FORMATS}
    document = decode(texts["json"]) | {"all_findings": made.all_findings}
    for name in READERS:
        yield from (f"{name}: {problem}" for problem in disagreements(name, texts[name], document))
    for width, bill in ((120, False), (80, True), (60, False)):
        text = reporter("table").render(made, Options(width=width, bill=bill))
        yield from (f"table at {width}: {problem}" for problem in disagreements("table", text, document))
    yield from (f"summary: {problem}" for problem in disagreements("markdown", texts["summary"], document))
    yield from invalid(texts)


def invalid(texts: dict[str, str]) -> Iterator[str]:
    """What a schema does not allow, and names that are not one's own."""
    documents = {name: decode(texts[name]) for name in ("json", "sarif", "gitlab")}
    for name, schema in (("json", REPORT), ("sarif", SARIF), ("gitlab", GITLAB)):
        yield from (f"{name}: {error.message[:200]}" for error in schema.iter_errors(documents[name]))
    junit = ET.fromstring(texts["junit"])  # noqa: S314 - our own text
    cases = [(case.get("classname"), case.get("name")) for case in junit.iter("testcase")]
    yield from (f"junit: {error.reason}" for error in JENKINS.iter_errors(of_every_shape(junit)))
    prints = [each["fingerprint"] for each in documents["gitlab"]]
    alerts = [
        each["partialFingerprints"]["primaryLocationLineHash"] for each in documents["sarif"]["runs"][0]["results"]
    ]
    for name, found in (("junit", cases), ("gitlab", prints), ("sarif", alerts)):
        if len(set(found)) != len(found):
            yield f"{name}: two share a name"


def of_every_shape(junit: ET.Element) -> ET.Element:
    """A test report without the cases that only texts tell from another of their suite: the schema takes any text."""
    for suite in junit.iter("testsuite"):
        shapes = set()
        for case in suite.findall("testcase"):
            texts = [[bool(text and text.strip()) for text in (each.text, each.tail)] for each in case.iter()]
            shape = str([(each.tag, each.keys(), len(each)) for each in case.iter()]) + str(texts)
            if shape in shapes:
                suite.remove(case)
            shapes.add(shape)
    return junit


OWN = sorted(
    [
        *(ROOT / "tests" / "scenarios").glob("*/plan.json"),
        *(ROOT / "examples").glob("*/plan.json"),
        ROOT / "tests" / "scenarios" / "modules" / "main.tf",
        ROOT / "tests" / "scenarios" / "transform-jobs" / "main.tf",
        ROOT / "tests" / "scenarios" / "transform-jobs" / "template.yaml",
        *(ROOT / "tests" / "equivalence").glob("*/template.yaml"),
    ]
)


@pytest.mark.parametrize(
    "flags", [(), ("--strict", "--budget=100", "--budget-delta=10"), ("--all", "--fail-on=never")], ids=" ".join
)
@pytest.mark.parametrize("path", OWN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_format_says_the_same_of_an_input_of_ours(path: Path, flags: tuple[str, ...]) -> None:
    assert list(problems(path, *flags)) == []


NIGHTLY = """\
{
  "StartAt": "Score",
  "States": {
    "Score": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
      "Parameters": {
        "TransformJobName.$": "$.name",
        "ModelName": "scores",
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
      },
      "End": true
    }
  }
}
"""
HALF_AN_HOUR = """\
version: 0.1
resource_usage:
  score.asl.json: {monthly_runs: 30, run_hours: 0.5}
"""


@pytest.mark.parametrize("usage", ["", HALF_AN_HOUR], ids=["runs and hours unknown", "priced"])
def test_every_format_says_the_same_of_transform_jobs(usage: str, tmp_path: Path) -> None:
    definition = tmp_path / "score.asl.json"
    definition.write_text(NIGHTLY, encoding="utf-8")
    (tmp_path / "guardrail-usage.yml").write_text(usage or "version: 0.1\n", encoding="utf-8")
    assert list(problems(definition, f"--usage-file={tmp_path / 'guardrail-usage.yml'}")) == []


CLOSED = {
    "budgets/items/state": BudgetState,
    "fail_on": FailOn,
    "endpoint/mode/0": Mode,
    "endpoint/change": Change,
    "endpoint/deployed": Deployed,
    "difference/part": ReportedPart,
    "component/kind": ChargeKind,
    "component/basis": Basis,
    "result/severity": Severity,
    "result/verdict": Verdict,
    "result/status": FindingStatus,
}
"""The types whose words the schema lists, by where: without "properties" and "$defs"."""


def enumerations(node: Any, *path: str) -> Iterator[tuple[str, list[str | None]]]:
    if isinstance(node, dict):
        if "enum" in node:
            yield "/".join(each for each in path if each not in ("properties", "$defs", "anyOf")), node["enum"]
        for key, value in node.items():
            yield from enumerations(value, *path, key)
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from enumerations(value, *path, str(place))


@pytest.mark.parametrize("place", CLOSED)
def test_the_schema_lists_the_words_of_the_type(place: str) -> None:
    listed = dict(enumerations(SCHEMA))[place]
    assert {each for each in listed if each is not None} == set(get_args(CLOSED[place]))


def everything() -> Report:
    """Findings in every state, budgets in each, files that could not be read, and more that nobody trusts."""
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin=".guardrail.yml")
    results = (
        finding(),
        finding("tags", severity="note", endpoint=None, variant=None, address="stack"),
        finding("old", status="existing"),
        finding("fine", verdict="waived", waiver=waiver),
        finding("unclear", verdict="open", status="existing", reason="known only after apply"),
        finding("doubtful", verdict="open", severity="warning", reason="known only after apply"),
        finding("good", verdict="pass", status=None),
    )
    limits = (
        ("500", "596.61", "broken"),
        ("1000", Unknown("r", at_least=Decimal(600)), "open"),
        ("9000", "596.61", "holds"),
    )
    budgets = tuple(
        BudgetReport(
            limit="max_expected_usd",
            usd=Decimal(usd),
            amount=Decimal(amount) if isinstance(amount, str) else amount,
            state=state,  # type: ignore[arg-type]
            origin="--budget",
        )
        for usd, amount, state in limits
    )
    unread = ("a.tf:1: no block", "b.tf: no such file")
    return report(results=results, budgets=budgets, unread=unread, strict=True, distrust=("t: no price",), exit_code=2)


@pytest.mark.parametrize("exit_code", [2, 1])
def test_every_format_says_the_same_of_all_that_there_can_be(exit_code: int) -> None:
    assert list(differences(structs.replace(everything(), exit_code=exit_code))) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CUT], ids=str)
def test_every_format_says_the_same_whatever_a_plan_calls_things(name: str) -> None:
    assert list(differences(spread(NAMES[name]))) == []


def grown(count: int, before: tuple[str, int] | None, after: tuple[str, int] | None) -> Json:
    return plan(*(each for at in range(count) for each in stack(f"e{at}", before, after)))


def as_serverless(before: Json | None) -> Json:
    """An endpoint that becomes serverless, of which nobody knows the use."""
    old = [change("aws_sagemaker_endpoint_configuration.old", None, before=before)] if before else []
    here = change(ENDPOINT, endpoint("app", "c"), before=endpoint("app", "app-config") if before else None)
    return plan(here, change(CONFIGURATION, configuration(serverless(), name="c")), *old)


SMALL, LARGE, NOBODY = ("ml.m5.large", 1), ("ml.m5.xlarge", 3), ("ml.nope.xlarge", 1)
CHANGES = {
    "nothing": plan(),
    "one that grows": grown(1, SMALL, LARGE),
    "eleven that grow": grown(11, SMALL, LARGE),
    "150 that grow": grown(150, SMALL, LARGE),
    "deletes only": grown(5, LARGE, None),
    "what stays": grown(5, LARGE, LARGE),
    "unknown types only": grown(5, None, NOBODY),
    "unknown before": grown(2, NOBODY, LARGE),
    "unknown after": grown(2, LARGE, NOBODY),
    "unknown on both sides": grown(2, NOBODY, ("ml.nope.xlarge", 2)),
    "far too many instances": grown(2, SMALL, ("ml.p4d.24xlarge", 10**9)),
    "serverless": as_serverless(None),
    "instances to serverless": as_serverless(configuration(variant())),
    "serverless to serverless": as_serverless(configuration(serverless(memory=4096))),
    "no endpoint uses it": plan(change(CONFIGURATION, configuration())),
}
FLAGS = ((), ("--strict", "--all", "--budget=1", "--budget-delta=1"), ("--fail-on=never", "--group-by=region"))


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
@pytest.mark.parametrize("made", CHANGES.values(), ids=CHANGES)
def test_every_format_says_the_same_of_a_change_of_any_kind(made: Json, flags: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    assert list(problems(path, *flags)) == []


@pytest.mark.parametrize("flags", [(), ("--group-by=environment",), ("--group-by=region", "--strict")], ids=" ".join)
def test_every_format_says_the_same_of_several_budgets_and_those_of_groups(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text(
        "version: 1\nbudget: {max_expected_usd: 100, max_ceiling_usd: 99999, max_increase_expected_usd: 5}\n"
        "group_budgets:\n"
        "  - {where: {environment: production}, max_expected_usd: 10, max_ceiling_usd: 90000}\n"
        "  - {where: {environment: non-production}, max_expected_usd: 9000}\n",
        encoding="utf-8",
    )
    plan_of_five = ROOT / "examples" / "storefront" / "plan.json"
    assert list(problems(plan_of_five, f"--config={settings}", *flags)) == []


def turned(value: Any, key: str = "") -> Any:
    """A plan with its members, and with its lists that have no order, the other way round."""
    if isinstance(value, dict):
        return {name: turned(inner, name) for name, inner in reversed(value.items())}
    if isinstance(value, list):
        inner = [turned(each) for each in value]
        return inner[::-1] if key in ("resource_changes", "resources", "child_modules", "resource_drift") else inner
    return value


@pytest.mark.parametrize("path", [path for path in OWN if path.suffix == ".json"], ids=lambda path: path.parent.name)
def test_no_report_rests_on_the_order_of_a_plan(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here, texts = tmp_path / "plan.json", []
    document = json.loads(path.read_text(encoding="utf-8"))
    for each in (document, turned(document)):
        here.write_text(json.dumps(each), encoding="utf-8")
        code, made = assessed("plan.json", "--region=us-east-1", "--all", "--fail-on=note")
        texts.append((code, [made and reporter(name).render(made) for name in FORMATS]))
    assert texts[0] == texts[1]


def others() -> Iterator[Path]:
    """Inputs of any kind beside the checkout, good ones and bad ones, each once.

    Those that are long in being read are left out: what they have to say is one endpoint, as many others do.
    """
    for folder in ("plans", "cases"):
        for path in sorted((SHARED / folder).rglob("*")):
            if "blow" in path.parts:
                continue
            if path.suffix in (".json", ".yaml", ".yml") and path.is_file() and path.stat().st_size < MOST_BYTES:
                yield path
            elif path.suffix == ".tf" and path == min(path.parent.glob("*.tf")):
                yield path.parent


@pytest.mark.parametrize("part", range(PARTS))
def test_every_format_says_the_same_of_what_lies_beside(part: int) -> None:
    paths = list(others())[part::PARTS]
    if not paths:
        pytest.skip("no ../shared beside the checkout")
    assert [f"{path}: {problem}" for path in paths for problem in problems(path)] == []
