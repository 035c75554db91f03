"""GitLab Code Quality: the fields GitLab requires, and nothing it would ignore."""

import json
from typing import Any

import pytest

from guardrail.policy.base import AppliedWaiver, Remediation
from guardrail.reporters.base import Options
from guardrail.reporters.gitlab import render
from tests.reporters.reports import finding, report


def entries(*results: Any, **options: Any) -> Any:
    return json.loads(render(report(results=results), Options(**options)))


def test_an_entry_has_every_field_that_gitlab_requires() -> None:
    (entry,) = entries(finding())
    assert entry.pop("fingerprint")
    assert entry == {
        "description": (
            "min_capacity is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month"
            " (prices 2023-12-01 to 2026-05-20, 1,087 days old)"
        ),
        "check_name": "async-scales-to-zero",
        "severity": "critical",
        "location": {"path": "infra/docs.tf", "lines": {"begin": 12}},
    }


def test_the_fix_is_part_of_the_description() -> None:
    fix = Remediation(terraform="min_capacity = 0\nor a schedule", cloudformation="MinCapacity: 0")
    (entry,) = entries(finding(message="too dear.", fix=fix))
    assert entry["description"] == "too dear. Fix: min_capacity = 0; or a schedule"


@pytest.mark.parametrize(("severity", "theirs"), [("error", "critical"), ("warning", "major"), ("note", "info")])
def test_severities_are_gitlabs(severity: Any, theirs: str) -> None:
    (entry,) = entries(finding(severity=severity))
    assert entry["severity"] == theirs


def test_paths_are_relative_to_the_root_and_have_no_dot_in_front() -> None:
    (entry,) = entries(finding(location=None), root="/repository", directory="infra")
    assert entry["location"] == {"path": "infra/plan.json", "lines": {"begin": 1}}


def test_gitlab_tells_old_from_new_itself_so_both_are_there() -> None:
    waiver = AppliedWaiver(reason="r", until="2027-01-31", owner=None, origin="o")
    found = entries(
        finding("new"),
        finding("old", status="existing"),
        finding("fine", verdict="waived", waiver=waiver),
        finding("unclear", verdict="open", reason="r"),
        finding("good", verdict="pass", status=None),
    )
    assert [entry["check_name"] for entry in found] == ["new", "old"]
    assert len({entry["fingerprint"] for entry in found}) == 2


def test_each_instance_of_a_block_is_an_entry_so_that_no_other_decides_which_it_is() -> None:
    found = entries(*(finding(address=f"a.b[{at}]", endpoint=f"e[{at}]", message="too dear") for at in range(3)))
    assert len({entry["fingerprint"] for entry in found}) == 3


def test_an_answer_that_is_none_says_why() -> None:
    text = render(report(results=(), strict=True, distrust=("t: no price",), unread=("x.tf does not parse",)))
    found = json.loads(text)
    assert [(entry["description"], entry["severity"]) for entry in found] == [
        ("x.tf does not parse", "blocker"),
        ("t: no price", "blocker"),
    ]
    assert found[0]["location"] == {"path": "plan.json", "lines": {"begin": 1}}


def test_nothing_wrong_is_an_empty_array() -> None:
    assert render(report(results=())) == "[]\n"
