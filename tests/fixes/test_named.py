"""What ``guardrail fix --finding`` may be given: whatever a result has, of what passes too."""

import json
from pathlib import Path

import pytest

from guardrail import cli
from tests.fixes.stack import ALARM, BACKLOG, ENDPOINT, PROVIDER, STEPS, TARGET, put

ZERO = TARGET.replace("min_capacity       = 1", "min_capacity       = 0")


def test_a_finding_that_is_mended_is_still_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a target that nothing wakes; once an alarm does, its name is no slip, and what never was one is."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, main=PROVIDER + ENDPOINT + ZERO + BACKLOG)
    cli.main(["check", ".", "--isolated", "--format", "json"])
    results = json.loads(capsys.readouterr().out)["results"]
    (name,) = [each["id"] for each in results if each["policy"] == "async-wakes-from-zero" and "id" in each]
    put(tmp_path, main=PROVIDER + ENDPOINT + ZERO + BACKLOG + STEPS + ALARM)
    assert cli.main(["fix", "--isolated", "--finding", name]) == 0
    assert cli.main(["fix", "--isolated", "--finding", "0" * 16]) == 2
    assert "there is no such finding" in capsys.readouterr().err
