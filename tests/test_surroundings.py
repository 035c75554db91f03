"""Surroundings that nobody planned: no home, no disk, no clock, no working directory, a file that changes meanwhile.

Each is one clear line and exit code 2, or the answer all the same; what is there is never half written. Closed streams
and signals stand in `test_cli` and `test_output`, pipes and devices in `test_there_and_unreadable`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from guardrail import cli
from tests.hostile import inputs

PLAN = json.dumps(inputs.a_plan())
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """The path of a plan that fails a policy: exit code 1."""
    path = tmp_path / "plan.json"
    path.write_text(PLAN)
    return str(path)


def check(plan: str, *arguments: str) -> int:
    return cli.main(["check", plan, "--isolated", "--format", "json", *arguments])


@pytest.mark.parametrize("year", [1970, 1980, 2100, 9998])
def test_an_answer_does_not_hang_on_what_year_the_clock_shows(
    year: int, plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seconds to the first of January of that year: 365 days each, and one for each leap year before it."""
    leap = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - (1969 // 4 - 1969 // 100 + 1969 // 400)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(((year - 1970) * 365 + leap) * 86_400))
    assert check(plan) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["today"] == f"{year}-01-01"
    assert report["totals"]["after"]["floor"] == inputs.COSTS


@pytest.mark.parametrize("epoch", ["x", "-1", "1e5", "٣", "253370764800", "9" * 20, "9" * 5000])
def test_an_epoch_that_is_none_is_one_line(
    epoch: str, plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seventh is longer than what Python makes a number of; the fifth is the first second of 9999."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert check(plan) == 2
    assert capsys.readouterr().err == (
        f"guardrail: SOURCE_DATE_EPOCH is {epoch[:20]!r}, not seconds since 1970\nhint: unset SOURCE_DATE_EPOCH\n"
    )


@NEEDS_PROC
@pytest.mark.parametrize("arguments", [["check"], ["check", "PLAN"], ["policies", "list"], ["explain", "PLAN"]])
def test_a_working_directory_that_is_gone_is_named(
    arguments: list[str],
    plan: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main([plan if word == "PLAN" else word for word in arguments]) == 2
    assert capsys.readouterr() == ("", "guardrail: the working directory: No such file or directory\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_help_that_cannot_be_written_is_no_success() -> None:
    """Argparse takes it for one: it prints, and looks away."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "guardrail", "check", "--help"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"guardrail: output: No space left on device\n")
