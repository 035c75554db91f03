"""What a runner tells a step, and what it reads back from one."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import GitHubError
from guardrail.github import runner
from guardrail.github.runner import Event, Run


def event(tmp_path: Path, payload: Any) -> Event:
    (tmp_path / "event.json").write_text(json.dumps(payload))
    return runner.event({"GITHUB_EVENT_PATH": str(tmp_path / "event.json")})


def side(repository: str | None, sha: str) -> dict[str, Any]:
    return {"sha": sha, "repo": None if repository is None else {"full_name": repository}}


def test_a_pull_request_is_from_a_fork_unless_both_sides_are_one_repository(tmp_path: Path) -> None:
    for head, base, from_fork in (
        ("acme/shop", "acme/shop", False),
        ("mallory/shop", "acme/shop", True),
        (None, "acme/shop", True),
        (None, None, True),
        ("", "", True),
    ):
        payload = {"pull_request": {"number": 7, "head": side(head, "a"), "base": side(base, "b")}}
        assert event(tmp_path, payload) == Event(pull_request=7, head="a", base="b", from_fork=from_fork)


@pytest.mark.parametrize("payload", [{}, {"ref": "refs/heads/main", "commits": []}, {"pull_request": None}])
def test_other_events_are_of_no_pull_request(payload: Any, tmp_path: Path) -> None:
    assert event(tmp_path, payload) == Event()
    assert runner.event({}) == Event()


@pytest.mark.parametrize("payload", [[], {"pull_request": []}, {"pull_request": {"number": "7"}}])
def test_what_is_no_event_is_an_error(payload: Any, tmp_path: Path) -> None:
    with pytest.raises(GitHubError, match="is no event of GitHub's"):
        event(tmp_path, payload)


def test_runs_are_in_order_of_their_numbers_and_then_of_their_attempts() -> None:
    first = runner.run({"GITHUB_RUN_ID": "9", "GITHUB_RUN_ATTEMPT": "2"})
    second = runner.run({"GITHUB_RUN_ID": "10", "GITHUB_RUN_ATTEMPT": "1"})
    assert (first, runner.run({})) == (Run(9, 2), Run(0, 0))
    assert Run(9, 1) < first < second


def test_an_output_cannot_begin_another(tmp_path: Path) -> None:
    path = str(tmp_path / "output")
    runner.set_output(path, "a", "1\nb=2\nEOF\n")
    runner.set_output(path, "c", "3")
    lines = (tmp_path / "output").read_text().split("\n")
    first, second = lines[0].removeprefix("a<<"), lines[6].removeprefix("c<<")
    assert lines == [f"a<<{first}", "1", "b=2", "EOF", "", first, f"c<<{second}", "3", second, ""]
    assert len(first) > 32
    assert first != second


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    for text in ("first\n", "second \ud800\n"):
        runner.append_summary(str(path), text)
    assert path.read_text(encoding="utf-8") == "first\n\nsecond \\ud800\n"


def test_a_command_is_one_line_in_which_nothing_else_begins() -> None:
    said = "100%0A\r\n::warning::x\x1b[31m\u202e"
    assert runner.command("error", said) == "::error title=guardrail::100%250A%0D%0A::warning::x [31m "


def test_outside_of_a_runner_its_files_are_an_error_that_says_so() -> None:
    with pytest.raises(GitHubError, match="GITHUB_OUTPUT is not set: this runs as a step of GitHub Actions"):
        runner.path_of({}, "GITHUB_OUTPUT")
