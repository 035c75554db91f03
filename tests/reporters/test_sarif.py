"""SARIF: what the specification requires, what GitHub's code scanning requires on top of it, and its limits."""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import structs

from guardrail import __version__
from guardrail.model import Location
from guardrail.policy.base import AppliedWaiver, Remediation, Rule
from guardrail.policy.identity import identity
from guardrail.report import Report
from guardrail.reporters.base import Options
from guardrail.reporters.sarif import MOST_RESULTS, render
from tests.reporters.reports import docs, endpoint, finding, report, variant

ADDRESS = 'module.docs["a"].aws_appautoscaling_target.this'
HELP = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html"


def text_of(least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least}


def closed(**members: Any) -> dict[str, Any]:
    """An object with exactly these members."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


MESSAGE = closed(text=text_of())
LEVEL = {"enum": ["error", "warning", "note"]}
ONE_BASED = {"type": "integer", "minimum": 1}
SCHEMA = closed(
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": closed(
            tool=closed(
                driver=closed(
                    name={"const": "guardrail"},
                    semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                    informationUri={"type": "string", "pattern": "^https://"},
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": closed(
                            id=text_of(),
                            name=text_of(),
                            shortDescription=closed(text={"type": "string", "minLength": 1, "maxLength": 1024}),
                            fullDescription=closed(text={"type": "string", "minLength": 1, "maxLength": 1024}),
                            help=closed(text=text_of(), markdown=text_of()),
                            helpUri={"type": "string", "pattern": "^https://"},
                            defaultConfiguration=closed(level=LEVEL),
                            properties=closed(
                                **{"problem.severity": {"enum": ["error", "warning", "recommendation"]}},
                                tags={"type": "array", "maxItems": 10, "uniqueItems": True, "items": text_of()},
                                precision={"enum": ["very-high", "high", "medium", "low"]},
                            ),
                        ),
                    },
                )
            ),
            automationDetails=closed(id={"type": "string", "pattern": "^guardrail/.+/$"}),
            invocations={
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": closed(executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"})
                | {"additionalProperties": {"type": "array", "items": closed(level=LEVEL, message=MESSAGE)}},
            },
            properties=closed(
                today={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                prices={"type": "string"},
                state=text_of(),
                verdict=text_of(),
                reasons={"type": "array", "items": text_of()},
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "maxItems": 5000,
                "items": closed(
                    ruleId=text_of(),
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=LEVEL,
                    message=MESSAGE,
                    locations={
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1,
                        "items": closed(
                            physicalLocation=closed(
                                artifactLocation=closed(
                                    uri={"type": "string", "pattern": r"^[A-Za-z0-9._~%-][^\s\\:]*$"}
                                ),
                                region=closed(
                                    startLine=ONE_BASED, startColumn=ONE_BASED, endLine=ONE_BASED, endColumn=ONE_BASED
                                ),
                            ),
                            logicalLocations={
                                "type": "array",
                                "items": closed(fullyQualifiedName=text_of(), kind={"const": "resource"}),
                            },
                        ),
                    },
                    partialFingerprints=closed(
                        primaryLocationLineHash={"type": "string", "pattern": r"^[0-9a-f]{16}:\d+$"}
                    ),
                    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
                ),
            },
        ),
    },
)
_RESULT = SCHEMA["properties"]["runs"]["items"]["properties"]["results"]["items"]
_PLACE = _RESULT["properties"]["locations"]["items"]["properties"]["physicalLocation"]
_RESULT["properties"]["relatedLocations"] = {
    "type": "array",
    "items": closed(id=ONE_BASED, physicalLocation=_PLACE, message=MESSAGE),
}
"""The part of SARIF 2.1.0 that guardrail writes, closed, with the values that the specification and GitHub allow."""

RULE = Rule(
    id="async-scales-to-zero",
    title="Asynchronous endpoints scale to zero when their queue is empty",
    severity="error",
    topic="asynchronous",
    remediation=Remediation(terraform="min_capacity = 0\n", cloudformation="MinCapacity: 0\n"),
    help_uri=HELP,
    references=("https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html",),
)


def run_of(answer: Report, **options: Any) -> Any:
    log = json.loads(render(answer, Options(**options)))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(log)] == []
    (run,) = log["runs"]
    return run


def only(answer: Report, **options: Any) -> Any:
    (result,) = run_of(answer, **options)["results"]
    return result


def test_a_rule_tells_everything_that_code_scanning_shows() -> None:
    driver = run_of(report(rules=(RULE,)))["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("guardrail", __version__)
    (rule,) = driver["rules"]
    assert rule["id"] == "async-scales-to-zero"
    assert rule["name"] == "AsyncScalesToZero"
    assert rule["shortDescription"]["text"] == "Asynchronous endpoints scale to zero when their queue is empty"
    assert rule["help"]["text"] == "Terraform:\n\nmin_capacity = 0\n\nCloudFormation:\n\nMinCapacity: 0\n"
    assert "```hcl\nmin_capacity = 0\n```" in rule["help"]["markdown"]
    assert "```yaml\nMinCapacity: 0\n```" in rule["help"]["markdown"]
    assert f"- <{HELP}>\n- <https://docs.aws" in rule["help"]["markdown"]
    assert rule["helpUri"] == HELP
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["properties"] == {
        "tags": ["cost", "sagemaker", "asynchronous"],
        "precision": "high",
        "problem.severity": "error",
    }


def test_cost_is_no_security_severity() -> None:
    """With `security-severity` GitHub would show it as a vulnerability and apply its thresholds."""
    assert "security-severity" not in render(report(rules=(RULE,)))


@pytest.mark.parametrize(
    ("severity", "problem"), [("error", "error"), ("warning", "warning"), ("note", "recommendation")]
)
def test_levels_are_severities(severity: Any, problem: str) -> None:
    run = run_of(report(rules=(structs.replace(RULE, severity=severity),), results=(finding(severity=severity),)))
    assert run["results"][0]["level"] == severity
    assert run["tool"]["driver"]["rules"][0]["properties"]["problem.severity"] == problem


def test_a_result_points_to_its_rule_and_its_line() -> None:
    other = structs.replace(RULE, id="a-rule-before")
    run = run_of(report(rules=(other, RULE), results=(finding(location=Location("infra/docs.tf", 12, 3)),)))
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"]) == ("async-scales-to-zero", 1)
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "infra/docs.tf"},
        "region": {"startLine": 12, "startColumn": 3, "endLine": 12, "endColumn": 4},
    }
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": ADDRESS, "kind": "resource"}]


def test_the_first_sentence_is_the_title() -> None:
    assert only(report())["message"]["text"] == (
        "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month. "
        f"Block: {ADDRESS}. From prices 2023-12-01 to 2026-05-20, 1,087 days old."
    )


def test_the_run_says_its_day_and_from_when_its_prices_are() -> None:
    assert run_of(report())["properties"] == {
        "today": "2026-11-22",
        "prices": "prices 2023-12-01 to 2026-05-20, 1,087 days old",
        "state": "known",
        "verdict": "fails",
        "reasons": ["1 error (fail on error)"],
    }


def test_the_fix_is_part_of_the_message() -> None:
    fix = Remediation(terraform="min_capacity = 0\nor a schedule", cloudformation="MinCapacity: 0")
    text = only(report(results=(finding(message="too dear", fix=fix),)))["message"]["text"]
    assert text == f"too dear. Fix: min_capacity = 0; or a schedule. Block: {ADDRESS}."


def test_a_result_of_a_policy_that_nobody_described_has_a_rule_all_the_same() -> None:
    run = run_of(report(rules=()))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["async-scales-to-zero"]


def test_without_a_line_it_is_the_first_of_the_plan() -> None:
    """GitHub refuses the whole upload where one result has no place."""
    result = only(report(results=(finding(location=None),)))
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "plan.json"},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2},
    }


def test_a_budget_over_several_plans_stands_in_the_first() -> None:
    (source,) = report().sources
    sources = (source, structs.replace(source, id="other.json", path="other.json"))
    result = only(report(sources=sources, results=(finding(source="", endpoint=None, variant=None, location=None),)))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "plan.json"


@pytest.mark.parametrize(
    ("path", "directory", "uri"),
    [
        ("main.tf", "", "main.tf"),
        ("./main.tf", "infra/prod", "infra/prod/main.tf"),
        ("../modules/a.tf", "infra/prod", "infra/modules/a.tf"),
        ("../../../elsewhere/a.tf", "infra/prod", "a.tf"),
        ("/repository/infra/main.tf", "infra", "infra/main.tf"),
        ("/tmp/plans/main.tf", "infra", "main.tf"),  # noqa: S108 - a path, and nothing is there
        ("/repository-of-others/main.tf", "", "main.tf"),
        ("my stack/ä?#.tf", "", "my%20stack/%C3%A4%3F%23.tf"),
    ],
)
def test_paths_are_relative_to_the_root_of_the_repository(path: str, directory: str, uri: str) -> None:
    result = only(report(results=(finding(location=Location(path, 1)),)), root="/repository", directory=directory)
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_standard_input_has_a_path_too() -> None:
    (source,) = report().sources
    answer = report(sources=(structs.replace(source, path="-"),), results=(finding(location=None),))
    assert only(answer)["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "standard-input"}


def test_the_fingerprint_is_of_policy_endpoint_and_variant() -> None:
    """``docs`` is called docs and lies in us-east-1, and its variant is v1."""
    digest = sha256(b"async-scales-to-zero\0docs@us-east-1\0variant\0v1").hexdigest()[:16]
    about = finding(identity="docs@us-east-1", part=("variant", 0))
    assert only(report(results=(about,)))["partialFingerprints"] == {"primaryLocationLineHash": f"{digest}:1"}


def fingerprints(*results: Any, **changes: Any) -> list[str]:
    found = run_of(report(results=results, **changes))["results"]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]


@pytest.mark.parametrize(
    "later",
    [
        {"location": Location("infra/docs.tf", 99)},
        {"location": Location("infra/other.tf", 12)},
        {"message": "another message", "saving_monthly": Decimal(1)},
        {"address": "aws_appautoscaling_target.another"},
        {"identity": "m.e", "previous_identities": ("m.d", "docs@us-east-1")},
    ],
    ids=["edits above", "another file", "other amounts", "a new target", "moved"],
)
def test_the_fingerprint_survives(later: dict[str, Any]) -> None:
    known = {"identity": "docs@us-east-1"}
    assert fingerprints(finding(**(known | later))) == fingerprints(finding(**known))


@pytest.mark.parametrize(
    "other",
    [
        finding("another-policy"),
        finding(part=("variant", 1), variant="v2"),
        finding(identity="chat@us-east-1"),
        finding(part=("component", 0), variant=None),
    ],
)
def test_two_findings_never_share_a_fingerprint(other: Any) -> None:
    assert len(set(fingerprints(finding(), other))) == 2


def test_neither_order_nor_amounts_decide_which_instance_a_finding_is_of() -> None:
    """The dearest comes first: a is when it saves 6, and second when it saves 1. Each keeps its fingerprint."""

    def instances(of_a: int, of_b: int) -> list[str]:
        both = [
            finding(identity=f"fleet-{key}@us-east-1", message="too dear", saving_monthly=Decimal(usd))
            for key, usd in (("a", of_a), ("b", of_b))
        ]
        return fingerprints(*(both if of_a > of_b else reversed(both)))

    first_a, first_b = instances(6, 2)
    second_b, second_a = instances(1, 2)
    assert (first_a, first_b) == (second_a, second_b)
    assert first_a != first_b


def test_endpoints_of_one_name_and_region_in_two_accounts_are_two() -> None:
    """Each stays the same when the other is mended."""
    (source,) = report().sources
    sources = (source, structs.replace(source, id="b.json", path="b.json"))
    items = (docs(), structs.replace(docs(), source="b.json"))
    about = {"endpoint": docs().endpoint.address, "identity": identity(docs().endpoint)}
    both = (finding(**about), finding(**about, source="b.json"))
    found = fingerprints(*both, sources=sources, endpoints=items)
    assert len(set(found)) == 2
    mended = structs.replace(both[0], verdict="pass")
    assert fingerprints(mended, both[1], sources=sources, endpoints=items) == found[1:]


def test_variants_without_a_name_of_their_own_are_told_apart_by_their_place() -> None:
    twice = structs.replace(docs(), endpoint=endpoint("docs", variant("v1"), variant("v1"), address="e"))
    both = [finding(endpoint="e", identity="docs@us-east-1", part=("variant", at)) for at in (0, 1)]
    assert len(set(fingerprints(*both, endpoints=(twice,)))) == 2


def test_each_instance_of_a_block_is_a_result() -> None:
    each = tuple(
        finding(address=f'aws_appautoscaling_target.t["{key}"]', endpoint=f'e["{key}"]', message="too dear")
        for key in "abc"
    )
    texts = [result["message"]["text"] for result in run_of(report(results=each))["results"]]
    assert texts == [f'too dear. Block: aws_appautoscaling_target.t["{key}"].' for key in "abc"]


def test_an_answer_that_is_none_says_why_as_notifications_of_the_tool() -> None:
    untrusted = report(results=(), strict=True, distrust=("t: no price",), exit_code=3)
    assert run_of(untrusted)["invocations"] == [
        {
            "executionSuccessful": True,
            "exitCode": 3,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": "t: no price"}}],
        }
    ]
    unread = report(results=(), unread=("x.tf does not parse",), exit_code=2)
    (invocation,) = run_of(unread)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == ["x.tf does not parse"]


def test_old_findings_stay_in_and_accepted_ones_go() -> None:
    """An alert that an upload lacks is closed: right for what was accepted, wrong for what is still there."""
    waiver = AppliedWaiver(reason="r", until="2027-01-31", owner=None, origin="o")
    results = (
        finding("new"),
        finding("old", status="existing"),
        finding("fine", verdict="waived", waiver=waiver),
        finding("unclear", verdict="open", reason="r"),
        finding("good", verdict="pass", status=None),
    )
    run = run_of(report(results=results))
    assert [(result["ruleId"], result["baselineState"]) for result in run["results"]] == [
        ("new", "new"),
        ("old", "unchanged"),
    ]


def test_the_category_carries_the_tag() -> None:
    assert run_of(report())["automationDetails"] == {"id": "guardrail/default/"}
    assert run_of(report(), tag="network/prod")["automationDetails"] == {"id": "guardrail/network/prod/"}


def test_of_too_many_results_the_worst_and_dearest_are_kept() -> None:
    results = tuple(
        finding(address=f"aws_appautoscaling_target.t{number}", severity="error" if number < 10 else "warning")
        for number in range(6_000)
    )
    (run,) = json.loads(render(report(results=results)))["runs"]
    kept = run["results"]
    assert len(kept) == MOST_RESULTS == 5_000
    assert [result["level"] for result in kept[:11]] == ["error"] * 10 + ["warning"]
    assert "aws_appautoscaling_target.t4999." in kept[-1]["message"]["text"]


def test_no_findings_are_an_upload_too() -> None:
    """It closes the alerts of what was mended."""
    assert run_of(report(results=(), rules=(RULE,)))["results"] == []


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(report(rules=(RULE,))) == render(report(rules=(RULE,)))
