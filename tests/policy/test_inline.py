"""Findings accepted in the code itself."""

from datetime import date
from typing import Any

import pytest

from guardrail.model import InlineWaiver, Location
from guardrail.policy.base import Remediation, Result
from guardrail.policy.inline import apply
from guardrail.policy.load import bundled

TODAY = date(2026, 11, 22)


def finding(**others: Any) -> Result:
    whole: dict[str, Any] = {
        "source": "t.yaml",
        "policy": "realtime-variants-scale",
        "severity": "error",
        "verdict": "fail",
        "status": "new",
        "address": "Config",
        "endpoint": "Endpoint",
        "variant": "main",
        "message": "it does not scale",
        "reason": None,
        "saving_monthly": None,
        "saving_basis": None,
        "remediation": Remediation(terraform="", cloudformation=""),
        "help_uri": "",
        "location": None,
    }
    return Result(**{**whole, **others})


def waiver(**others: Any) -> InlineWaiver:
    whole: dict[str, Any] = {
        "policy": "realtime-variants-scale",
        "address": "Config",
        "until": "2027-01-31",
        "reason": "load test",
        "location": Location("t.yaml", 7),
    }
    return InlineWaiver(**{**whole, **others})


def applied(written: InlineWaiver, *results: Result) -> tuple[list[str], list[str]]:
    done = apply({"t.yaml": [written]}, results, bundled(), today=TODAY)
    return [result.verdict for result in done.results], done.notices


def test_it_accepts_what_it_is_about_and_says_where_it_stands() -> None:
    done = apply(
        {"t.yaml": [waiver()]}, [finding(), finding(address="Other", endpoint="Other")], bundled(), today=TODAY
    )
    first, second = done.results
    assert (first.verdict, second.verdict) == ("waived", "fail")
    assert first.waiver is not None
    assert (first.waiver.reason, first.waiver.until, first.waiver.origin) == ("load test", "2027-01-31", "t.yaml:7")
    assert done.notices == []


def test_on_an_endpoint_it_accepts_what_is_wrong_with_its_parts() -> None:
    assert applied(waiver(address="Endpoint"), finding()) == (["waived"], [])


def test_on_a_template_it_accepts_everything_of_that_policy_in_that_source() -> None:
    verdicts, _ = applied(waiver(address=None), finding(), finding(address="Other"), finding(source="other.yaml"))
    assert verdicts == ["waived", "waived", "fail"]


@pytest.mark.parametrize(
    ("wrong", "notice"),
    [
        ({"reason": " "}, "t.yaml:7: the waiver of realtime-variants-scale accepts nothing: it gives no reason"),
        (
            {"until": "soon"},
            "t.yaml:7: the waiver of realtime-variants-scale accepts nothing: until is not a day such as 2027-01-31",
        ),
        (
            {"policy": "realtime-variants-scal"},
            (
                "t.yaml:7: the waiver names no policy that is checked: realtime-variants-scal,"
                " did you mean realtime-variants-scale?"
            ),
        ),
        (
            {"until": "2026-11-21"},
            "t.yaml:7: waiver of realtime-variants-scale for Config expired on 2026-11-21: the finding is back",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said_and_the_finding_stays(wrong: dict[str, str], notice: str) -> None:
    assert applied(waiver(**wrong), finding()) == (["fail"], [notice])


def test_one_that_accepts_nothing_is_to_be_removed() -> None:
    _, notices = applied(waiver(), finding(verdict="pass"))
    assert notices == ["t.yaml:7: waiver of realtime-variants-scale for Config accepts nothing: remove it"]


def test_of_a_policy_that_this_run_leaves_out_nothing_is_said() -> None:
    for one in (waiver(), waiver(reason=" "), waiver(policy="team-rule")):
        answer = apply({"t.yaml": [one]}, [], [], today=TODAY, unchecked={"realtime-variants-scale", "team-rule"})
        assert (answer.results, answer.notices) == ([], [])
