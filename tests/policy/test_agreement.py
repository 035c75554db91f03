"""Verdicts of several possibilities, made one."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.model import Unknown
from guardrail.policy.agreement import agreed
from guardrail.policy.base import Remediation, Result
from guardrail.policy.load import bundled

WANTED = "give --parameters Stage=dev or Stage=prod"
POLICIES = bundled()
TITLE = next(policy.title for policy in POLICIES if policy.id == "realtime-variants-scale")


def result(verdict: Any, **others: Any) -> Result:
    whole: dict[str, Any] = {
        "source": "t.yaml",
        "policy": "realtime-variants-scale",
        "severity": "error",
        "status": None if verdict == "pass" else "new",
        "address": "Config",
        "endpoint": "Endpoint",
        "variant": "main",
        "message": "it does not scale",
        "reason": "a link is unknown" if verdict == "open" else None,
        "saving_monthly": None,
        "saving_basis": None,
        "remediation": Remediation(terraform="", cloudformation=""),
        "help_uri": "",
        "location": None,
    }
    return Result(**{**whole, "verdict": verdict, **others})


def verdict_of(dev: Result | None, prod: Result | None) -> Result:
    worlds = [("Stage=dev", [dev] if dev else []), ("Stage=prod", [prod] if prod else [])]
    (found,) = agreed(worlds, POLICIES, WANTED)
    return found


@pytest.mark.parametrize(
    ("dev", "prod", "verdict"),
    [
        ("pass", "pass", "pass"),
        ("fail", "fail", "fail"),
        ("open", "open", "open"),
        ("pass", "fail", "open"),
        ("fail", "open", "open"),
        ("pass", "open", "open"),
        (None, "pass", "pass"),
        (None, "fail", "open"),
        (None, "open", "open"),
    ],
)
def test_a_verdict_holds_where_all_agree_and_is_open_elsewhere(dev: str | None, prod: str, verdict: str) -> None:
    assert verdict_of(result(dev) if dev else None, result(prod)).verdict == verdict


def test_what_is_open_says_where_it_fails_and_what_decides_it() -> None:
    found = verdict_of(result("pass"), result("fail", saving_monthly=Decimal(5), saving_basis="exact"))
    assert found.message == f"undecided: {TITLE}."
    assert found.reason == f"it fails where Stage=prod: {WANTED}"
    assert (found.saving_monthly, found.saving_basis) == (None, None)
    assert found.status == "new"


def test_a_failure_whose_saving_differs_keeps_its_verdict_and_loses_its_saving() -> None:
    found = verdict_of(result("fail", saving_monthly=Decimal(5)), result("fail", saving_monthly=Decimal(9)))
    assert (found.verdict, found.saving_monthly) == ("fail", Unknown(WANTED))


def test_a_finding_may_be_about_another_block_in_another_world() -> None:
    """On the configuration where nothing scales, on the target where one does: one finding all the same."""
    assert verdict_of(result("fail", address="Config"), result("fail", address="Target")).verdict == "fail"


def test_results_about_different_variants_stay_apart() -> None:
    worlds = [("a", [result("fail", variant="x"), result("pass", variant="y")]), ("b", [result("fail", variant="x")])]
    assert [(each.variant, each.verdict) for each in agreed(worlds, POLICIES, WANTED)] == [("x", "fail"), ("y", "pass")]


def test_two_worlds_that_are_described_alike_are_two() -> None:
    """The values of hidden parameters are not told."""
    worlds = [("Secret hidden", [result("fail")]), ("Secret hidden", [result("pass")])]
    assert [each.verdict for each in agreed(worlds, POLICIES, WANTED)] == ["open"]


def test_words_that_differ_say_which_world_they_are_of() -> None:
    found = verdict_of(result("fail", message="it runs one instance."), result("fail", message="it runs five."))
    assert found.message == ("it runs one instance. So it is where Stage=dev; the verdict is the same elsewhere.")
