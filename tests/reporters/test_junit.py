"""JUnit: every policy and block is a case, and what failed says what to do."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
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
    }
    (failure,) = case
    message = "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month"
    assert (failure.tag, failure.attrib) == ("failure", {"type": "error", "message": message})
    assert (
        failure.text
        == f"infra/docs.tf:12\n{message}\nprices 2023-12-01 to 2026-05-20, 1,087 days old\n\nmin_capacity = 0"
    )


def test_each_suite_says_its_day_and_from_when_its_prices_are() -> None:
    (suite,) = read(finding())
    assert [(each.get("name"), each.get("value")) for each in suite.iter("property")] == [
        ("today", "2026-11-22"),
        ("prices", "prices 2023-12-01 to 2026-05-20, 1,087 days old"),
        ("state", "known"),
        ("verdict", "fails"),
        ("because", "1 error (fail on error)"),
    ]


def test_lines_to_change_keep_their_indent() -> None:
    lines = Remediation(terraform="a {\n  b = 1 # <x> & y\n}\n", cloudformation="A: 1")
    (failure,) = read(finding(message="m", remediation=lines)).iter("failure")
    assert failure.text == "infra/docs.tf:12\nm\n\na {\n  b = 1 # <x> & y\n}"


def test_the_fix_and_what_to_know_stand_before_the_lines() -> None:
    fix = Remediation(terraform="min_capacity = 0 for it", cloudformation="MinCapacity: 0 for it")
    (failure,) = read(finding(message="m", fix=fix, notes=("keep two",))).iter("failure")
    assert failure.text == "infra/docs.tf:12\nm\nFix: min_capacity = 0 for it\nkeep two\n\nmin_capacity = 0"


def test_passes_are_cases_and_what_is_undecided_accepted_or_old_is_skipped() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin="o")
    suites = read(
        finding("new"),
        finding("old", status="existing", message="m"),
        finding("fine", verdict="waived", waiver=waiver),
        finding("unclear", verdict="open", reason="known only after apply"),
        finding("good", verdict="pass", status=None),
    )
    assert counts(suites) == ("5", "1", "0", None)  # Jenkins' schema has skipped on suites alone
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
    assert names == ["a / v1", "a / v2"]


@pytest.mark.parametrize("turned", [False, True])
def test_cases_of_one_policy_have_a_name_each_whatever_their_order(*, turned: bool) -> None:
    """Jenkins shows one of two cases that share class and name: here two endpoints of one configuration."""
    both = [finding(address="c", variant=None, endpoint=f"aws_sagemaker_endpoint.{name}") for name in "ab"]
    names = {case.get("name") for case in read(*reversed(both) if turned else both).iter("testcase")}
    assert names == {"c / aws_sagemaker_endpoint.a", "c / aws_sagemaker_endpoint.b"}


def test_inputs_that_have_the_same_addresses_have_cases_of_their_own() -> None:
    (source,) = report().sources
    sources = (source, structs.replace(source, id="other.json", path="other.json"))
    same: dict[str, Any] = {"address": "a", "variant": None, "endpoint": "a", "location": None}
    text = render(report(sources=sources, results=(finding(**same), finding(source="other.json", **same))))
    cases = ET.fromstring(text).iter("testcase")  # noqa: S314 - our own text
    assert [case.get("name") for case in cases] == ["a / a / a / plan.json", "a / a / a / other.json"]


def test_an_answer_that_is_none_says_why_as_an_error() -> None:
    """With exit 3, or 2 where a file could not be read, everything that was checked may have passed."""
    text = render(
        report(results=(), strict=True, distrust=("t: unknown",), unread=("x.tf does not parse",), exit_code=2)
    )
    suites = ET.fromstring(text)  # noqa: S314 - our own text
    assert counts(suites) == ("2", "0", "2", None)
    assert [error.get("message") for error in suites.iter("error")] == ["x.tf does not parse", "t: unknown"]


def test_without_strict_what_is_unknown_is_no_error() -> None:
    assert list(read(finding()).iter("error")) == []


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
