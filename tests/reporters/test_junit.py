"""JUnit: every policy and block is a case, and what failed says what to do."""

from typing import Any
from xml.etree import ElementTree as ET

from msgspec import structs

from guardrail.policy.base import AppliedWaiver, Remediation
from guardrail.reporters.base import Options
from guardrail.reporters.junit import render
from tests.reporters.reports import finding, report


def read(*results: Any, **options: Any) -> ET.Element:
    return ET.fromstring(render(report(results=results), Options(**options)))  # noqa: S314 - our own text


def counts(element: ET.Element) -> tuple[str | None, ...]:
    return tuple(element.get(key) for key in ("tests", "failures", "errors", "skipped"))


def test_a_failure_names_policy_block_and_line() -> None:
    (case,) = read(finding(address="aws_appautoscaling_target.docs")).iter("testcase")
    assert case.attrib == {
        "classname": "async-scales-to-zero",
        "name": "aws_appautoscaling_target.docs",
        "file": "infra/docs.tf",
        "line": "12",
    }
    (failure,) = case
    message = "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month"
    assert (failure.tag, failure.attrib) == ("failure", {"type": "error", "message": message})
    assert failure.text == f"{message}\nprices 2023-12-01 to 2026-05-20, 1,087 days old\n\nmin_capacity = 0"


def test_each_suite_says_its_day_and_from_when_its_prices_are() -> None:
    (suite,) = read(finding())
    assert [(each.get("name"), each.get("value")) for each in suite.iter("property")] == [
        ("today", "2026-11-22"),
        ("prices", "prices 2023-12-01 to 2026-05-20, 1,087 days old"),
    ]


def test_lines_to_change_keep_their_indent() -> None:
    lines = Remediation(terraform="a {\n  b = 1 # <x> & y\n}\n", cloudformation="A: 1")
    (failure,) = read(finding(message="m", remediation=lines)).iter("failure")
    assert failure.text == "m\n\na {\n  b = 1 # <x> & y\n}"


def test_the_fix_and_what_to_know_stand_before_the_lines() -> None:
    fix = Remediation(terraform="min_capacity = 0 for it", cloudformation="MinCapacity: 0 for it")
    (failure,) = read(finding(message="m", fix=fix, notes=("keep two",))).iter("failure")
    assert failure.text == "m\nFix: min_capacity = 0 for it\nkeep two\n\nmin_capacity = 0"


def test_passes_are_cases_and_what_is_undecided_accepted_or_old_is_skipped() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin="o")
    suites = read(
        finding("new"),
        finding("old", status="existing", message="m"),
        finding("fine", verdict="waived", waiver=waiver),
        finding("unclear", verdict="open", reason="known only after apply"),
        finding("good", verdict="pass", status=None),
    )
    assert counts(suites) == ("5", "1", "0", "3")
    (suite,) = suites
    assert (suite.get("name"), *counts(suite)) == ("plan.json", "5", "1", "0", "3")
    inner = {
        case.get("classname"): [(part.tag, part.get("message")) for part in case] for case in suite.iter("testcase")
    }
    assert inner["good"] == []
    assert inner["old"] == [("skipped", "from before this change: m")]
    assert inner["fine"] == [("skipped", "accepted until 2027-01-31 by ada: load test")]
    assert inner["unclear"] == [("skipped", "undecided: known only after apply")]


def test_two_variants_of_one_block_are_two_cases() -> None:
    names = [
        case.get("name") for case in read(finding(address="a"), finding(address="a", variant="v2")).iter("testcase")
    ]
    assert names == ["a", "a / v2"]


def test_each_input_is_a_suite_and_so_is_what_is_about_all_of_them() -> None:
    (source,) = report().sources
    sources = (source, structs.replace(source, id="other.json", path="other.json"))
    results = (finding(), finding(source="", endpoint=None, location=None))
    suites = ET.fromstring(render(report(sources=sources, results=results)))  # noqa: S314 - our own text
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [
        ("plan.json", "1"),
        ("other.json", "0"),
        ("all inputs", "1"),
    ]


def test_with_all_an_old_finding_is_a_failure() -> None:
    text = render(report(results=(finding(status="existing"),), all_findings=True))
    assert '<failure type="error"' in text
