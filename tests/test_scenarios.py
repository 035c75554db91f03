"""Stories: each folder of scenarios/ holds inputs and ``transcript.txt``, what a user types and what guardrail answers.

A transcript is a sequence of ``$ guardrail …``, what that prints (standard output, then standard error) and
``[exit N]`` where N is not 0. ``pytest --update`` writes them anew. What the answer must be stands in ``story.md``
beside each: the arithmetic from the price table, and behind ``>`` what the transcript has to say, which no update can
change. The examples of the repository are played by test_docs.py.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrail import cli

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
STORIES = sorted(path.parent for path in SCENARIOS.glob("*/transcript.txt"))
FOR_EDITORS = re.compile(r"\S+:\d+:\d+: ")
"""A line of ``--format concise``, which nobody wraps."""
STEP = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", re.MULTILINE)


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a story; the test runs in a copy of it, outside any repository whose settings could be found."""
    folder: Path = request.param
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / folder.name))
    return folder


@pytest.mark.parametrize("story", STORIES, indirect=True, ids=lambda path: path.name)
def test_the_transcript_is_what_happens(
    story: Path, request: pytest.FixtureRequest, play: Callable[[str], str]
) -> None:
    expected = (story / "transcript.txt").read_text(encoding="utf-8")
    happened = "".join(f"$ {command}\n{play(command)}" for command, _ in STEP.findall(expected))
    if request.config.getoption("--update"):
        (story / "transcript.txt").write_text(happened, encoding="utf-8")
    else:
        assert happened == expected


@pytest.mark.parametrize("folder", STORIES, ids=lambda path: path.name)
def test_the_transcript_says_what_was_worked_out_by_hand(folder: Path) -> None:
    """Each line of story.md that begins with ``>`` stands in the transcript, wherever that breaks its lines."""
    story = (folder / "story.md").read_text(encoding="utf-8")
    transcript = " ".join((folder / "transcript.txt").read_text(encoding="utf-8").split())
    expected = [line.removeprefix("> ") for line in story.splitlines() if line.startswith("> ")]
    assert expected
    for words in expected:
        assert words in transcript


def test_there_are_stories() -> None:
    assert len(STORIES) >= 30


@pytest.mark.parametrize("story", STORIES, indirect=True, ids=lambda path: path.name)
def test_no_line_is_wider_than_the_terminal_unless_it_is_to_be_pasted(story: Path) -> None:
    """At 80 columns nothing wraps by itself, except addresses and lines of code, which cannot be broken."""
    for line in (story / "transcript.txt").read_text(encoding="utf-8").splitlines():
        if FOR_EDITORS.match(line):
            continue
        unbreakable = max((len(word) for word in line.split()), default=0)
        assert len(line) <= 80 or unbreakable > 50 or line.startswith(("$ ", "     ")), line


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("story", [SCENARIOS / "sensitive-values"], indirect=True, ids=["sensitive-values"])
def test_nothing_that_terraform_marks_sensitive_is_printed(
    story: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the value nor what gives it away: usage type, price per hour, number of vCPUs, a cheaper type."""
    plan = (story / "plan.json").read_text(encoding="utf-8")
    assert "ml.p4d.24xlarge" in plan, "the story has lost its secret"
    cli.main(["check", "plan.json", "--format", form, "--all"])
    shown = capsys.readouterr()
    # 25.2512883 USD an hour, 96 vCPUs and 8 A100 are what an ml.p4d.24xlarge is; the token stands in the model
    for secret in ("p4d", "25.25", "96 vCPU", "8 accelerators", "A100", "1152", "not-a-real-token"):
        assert secret not in shown.out + shown.err
