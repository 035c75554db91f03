"""Waivers accept findings for a time and with a reason, and never in silence."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import SettingsError
from guardrail.model import Unknown
from guardrail.policy.base import AppliedWaiver, Remediation, Result
from guardrail.policy.load import bundled
from guardrail.policy.waivers import Waived, Waiver, apply, check

TODAY = date(2026, 11, 22)
POLICY = "instances-are-right-sized"


def result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "source": "plan.json",
        "policy": POLICY,
        "severity": "error",
        "verdict": "fail",
        "status": "new",
        "address": 'module.search["eu"].aws_sagemaker_endpoint_configuration.this',
        "endpoint": 'module.search["eu"].aws_sagemaker_endpoint.this',
        "variant": "main",
        "message": "",
        "reason": None,
        "saving_monthly": Decimal(400),
        "saving_basis": "upper-bound",
        "remediation": Remediation(terraform="", cloudformation=""),
        "help_uri": "",
        "location": None,
    }
    return Result(**(fields | changes))


def waiver(**changes: Any) -> Waiver:
    fields: dict[str, Any] = {"policy": POLICY, "address": "module.search*", "until": TODAY, "reason": "load test"}
    return Waiver(**(fields | changes))


def applied(one: Waiver, *results: Result, waivable: bool = True) -> Waived:
    policies = [structs.replace(policy, waivable=waivable) for policy in bundled()]
    return apply([one], results or [result()], policies, today=TODAY, origin=".guardrail.yml")


def test_a_waiver_accepts_until_the_end_of_its_last_day() -> None:
    answer = applied(waiver(owner="search"))
    assert answer.results[0].verdict == "waived"
    assert answer.results[0].waiver == AppliedWaiver(
        reason="load test", until="2026-11-22", owner="search", origin=".guardrail.yml"
    )
    assert answer.notices == []


def test_an_expired_waiver_brings_the_finding_back_and_says_so() -> None:
    answer = applied(waiver(until=date(2026, 11, 21)))
    assert answer.results == [result()]
    assert answer.notices == [f"waiver of {POLICY} for module.search* expired on 2026-11-21: the finding is back"]


def test_brackets_and_quotes_of_an_address_are_no_wildcards() -> None:
    exact = 'module.search["eu"].aws_sagemaker_endpoint_configuration.this'
    assert applied(waiver(address=exact)).results[0].verdict == "waived"
    assert applied(waiver(address="module.search[eu]*")).results[0].verdict == "fail"


def test_a_waiver_may_name_the_endpoint_instead_of_the_block() -> None:
    address = "module.search*.aws_sagemaker_endpoint.thi?"
    assert applied(waiver(address=address)).results[0].verdict == "waived"


def test_the_whole_address_must_match() -> None:
    assert applied(waiver(address="module.search")).results[0].verdict == "fail"


@pytest.mark.parametrize(("limit", "verdict"), [("400", "waived"), ("399.99", "fail")])
def test_the_finding_comes_back_when_more_is_at_stake_than_was_accepted(limit: str, verdict: str) -> None:
    answer = applied(waiver(max_monthly_usd=Decimal(limit)))
    assert answer.results[0].verdict == verdict
    assert len(answer.notices) == (verdict == "fail")


def test_a_limit_does_not_hold_for_an_unknown_stake() -> None:
    answer = applied(waiver(max_monthly_usd=Decimal(400)), result(saving_monthly=Unknown("no price")))
    assert answer.results[0].verdict == "fail"
    assert "what is at stake is unknown" in answer.notices[0]


def test_a_limit_holds_where_no_money_is_at_stake() -> None:
    answer = applied(waiver(max_monthly_usd=Decimal(0)), result(saving_monthly=None))
    assert answer.results[0].verdict == "waived"


def test_a_policy_that_cannot_be_waived_is_not() -> None:
    answer = applied(waiver(), waivable=False)
    assert answer.results[0].verdict == "fail"
    assert answer.notices == [f"waiver of {POLICY} for module.search* has no effect: the policy cannot be waived"]


def test_a_waiver_that_accepts_nothing_is_reported() -> None:
    answer = applied(waiver(address="module.chat*"), result(), result(verdict="pass", address="module.chat"))
    assert [one.verdict for one in answer.results] == ["fail", "pass"]
    assert answer.notices == [f"waiver of {POLICY} for module.chat* accepts nothing: remove it"]


def test_a_waiver_of_what_was_not_checked_is_not_told_to_go() -> None:
    answer = apply([waiver()], [], [], today=TODAY, origin=".guardrail.yml")
    assert (answer.notices, answer.unused) == ([], 0)


def test_a_waiver_accepts_what_is_undecided_too() -> None:
    """Else nothing but a change to the stack would satisfy ``--strict``."""
    answer = applied(waiver(), result(verdict="open"))
    assert [one.verdict for one in answer.results] == ["waived"]
    assert answer.notices == []


def test_a_renewed_waiver_does_not_say_that_the_finding_is_back() -> None:
    waivers = [waiver(until=date(2026, 11, 21)), waiver()]
    for order in (waivers, waivers[::-1]):
        answer = apply(order, [result()], bundled(), today=TODAY, origin=".guardrail.yml")
        assert [one.verdict for one in answer.results] == ["waived"]
        assert answer.notices == []


def test_a_reason_is_required() -> None:
    with pytest.raises(SettingsError, match="gives no reason"):
        applied(waiver(reason=" "))


def test_a_waiver_of_a_policy_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingsError, match="there is no policy instance-are-right-sized, did you mean instances-are"):
        check([waiver(policy="instance-are-right-sized")], [POLICY])


def test_a_waiver_that_holds_longer_than_any_may_accepts_nothing() -> None:
    """TODAY is 2026-11-22; 30 days later it is 2026-12-22."""
    for until, verdict in ((date(2026, 12, 22), "waived"), (date(2026, 12, 23), "fail")):
        answer = apply([waiver(until=until)], [result()], bundled(), today=TODAY, origin="settings", max_days=30)
        assert answer.results[0].verdict == verdict
    (notice,) = answer.notices
    assert notice.endswith("has no effect: it holds beyond 2026-12-22, the latest that waivers.max_days allows")
