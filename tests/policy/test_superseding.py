"""One cause is one finding, and nothing that is accepted or graded down hides an error."""

from typing import Any

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.base import Remediation, Result
from guardrail.policy.load import bundled, configure
from guardrail.policy.policy import Policy
from guardrail.policy.superseding import without_superseded

NOTHING = Remediation(terraform="", cloudformation="")


def policy(name: str, *supersedes: str) -> Policy:
    return Policy(
        id=name,
        title=name,
        severity="error",
        applies_to="variant",
        require={"variant.shadow": False},
        message="m",
        remediation=NOTHING,
        supersedes=list(supersedes),
        help_uri="",
    )


POLICIES = (policy("first", "second"), policy("second"))


def result(name: str, **changes: Any) -> Result:
    fields: dict[str, Any] = {
        "source": "plan.json",
        "policy": name,
        "severity": "error",
        "verdict": "fail",
        "status": "new",
        "address": "configuration",
        "endpoint": "endpoint",
        "variant": "main",
        "part": ("variant", 0),
        "message": "",
        "reason": None,
        "saving_monthly": None,
        "saving_basis": None,
        "remediation": NOTHING,
        "help_uri": "",
        "location": None,
    }
    return Result(**(fields | changes))


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ({}, {}, ["first"]),
        ({}, {"verdict": "open"}, ["first"]),
        ({}, {"verdict": "waived"}, ["first"]),
        ({}, {"severity": "warning"}, ["first"]),
        ({"verdict": "open"}, {"verdict": "open"}, ["first"]),
        ({"verdict": "open"}, {}, ["first", "second"]),
        ({"verdict": "pass"}, {}, ["first", "second"]),
        ({"verdict": "waived"}, {}, ["first", "second"]),
        ({"severity": "note"}, {}, ["first", "second"]),
        ({"severity": "warning"}, {"severity": "note"}, ["first"]),
        ({}, {"part": ("variant", 1)}, ["first", "second"]),
        ({"part": ("endpoint", 0)}, {}, ["first", "second"]),
        ({}, {"endpoint": "another"}, ["first", "second"]),
        ({}, {"source": "other.json"}, ["first", "second"]),
    ],
)
def test_a_finding_silences_the_same_cause_and_nothing_graver(
    first: dict[str, Any], second: dict[str, Any], left: list[str]
) -> None:
    results = [result("first", **first), result("second", **second)]
    assert [one.policy for one in without_superseded(results, POLICIES)] == left


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ([policy("own", "own")], "policy own: own supersedes own"),
        ([policy("a", "b"), policy("b", "a")], "policy a: a supersedes b supersedes a"),
        ([policy("a", "b"), policy("b", "c"), policy("c", "b")], "policy b: b supersedes c supersedes b"),
    ],
)
def test_policies_that_silence_one_another_in_a_circle_are_refused(policies: list[Policy], words: str) -> None:
    with pytest.raises(PolicyError) as raised:
        configure([*bundled(), *policies], {})
    assert words in raised.value.message
