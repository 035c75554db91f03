"""Which findings a report says there is an edit for."""

from pathlib import Path

import pytest

from guardrail.commands.base import parser
from guardrail.commands.check import estimated
from guardrail.fixes.mechanical import mechanical
from guardrail.report import Report
from guardrail.reporters.fingerprints import Fingerprints
from tests.fixes.stack import BACKLOG, ENDPOINT, PROVIDER, TARGET, WAKE, put


def checked(*flags: str) -> Report:
    return estimated(parser("check").parse_args([".", "--isolated", *flags]))


def named(report: Report) -> set[str]:
    fingerprints, found = Fingerprints(report), mechanical(report)
    return {result.policy for result in report.results if fingerprints.id_of(result) in found}


@pytest.fixture(autouse=True)
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, main=PROVIDER + ENDPOINT + TARGET + BACKLOG + WAKE)


def test_an_edit_is_said_of_what_needs_no_decision() -> None:
    """The values of tags only people know."""
    report = checked()
    assert {result.policy for result in report.results if result.verdict == "fail"} == {
        "async-scales-to-zero",
        "cost-tags-are-present",
    }
    assert named(report) == {"async-scales-to-zero"}


def test_findings_that_do_not_count_and_those_that_pass_have_none(tmp_path: Path) -> None:
    assert named(checked("--compare-to", str(tmp_path))) == set()
    assert named(checked("--compare-to", str(tmp_path), "--all")) == {"async-scales-to-zero"}
    assert named(checked("--skip-policy", "async-scales-to-zero")) == set()
