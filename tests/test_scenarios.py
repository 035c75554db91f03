"""Stories: each folder of scenarios/ holds inputs and ``transcript.txt``, what a user types and what guardrail answers.

A transcript is a sequence of ``$ guardrail …``, what that prints (standard output, then standard error) and
``[exit N]`` where N is not 0. ``pytest --update`` writes them anew; what the answer must be stands in ``story.md``
beside each, with the arithmetic from the price table: read the two together before a new transcript is committed.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrail import cli

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "tests" / "scenarios"
STORIES = sorted(path.parent for path in SCENARIOS.glob("*/transcript.txt"))
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/README.md"))
CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", re.MULTILINE)


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a story; the test runs in a copy of it, outside any repository whose settings could be found."""
    folder: Path = request.param
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / folder.name))
    return folder


def play(transcript: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """Every step of ``transcript`` as it turns out today."""
    for command, _ in STEP.findall(transcript):
        program, *arguments = shlex.split(command)
        assert program == "guardrail", "a transcript runs nothing but guardrail"
        code = cli.main(arguments)
        shown = capsys.readouterr()
        assert code != cli.BUG, shown.err
        yield f"$ {command}\n{shown.out}{shown.err}" + (f"[exit {code}]\n" if code else "")


@pytest.mark.parametrize("story", STORIES, indirect=True, ids=lambda path: path.name)
def test_the_transcript_is_what_happens(
    story: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = (story / "transcript.txt").read_text(encoding="utf-8")
    happened = "".join(play(expected, capsys))
    if request.config.getoption("--update"):
        (story / "transcript.txt").write_text(happened, encoding="utf-8")
    else:
        assert happened == expected


@pytest.mark.parametrize("story", EXAMPLES, indirect=True, ids=lambda path: path.name)
def test_the_console_of_an_example_is_what_happens(
    story: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = story / "README.md"
    expected = readme.read_text(encoding="utf-8")
    happened = CONSOLE.sub(lambda block: "".join(play(block[0], capsys)), expected)
    if request.config.getoption("--update"):
        readme.write_text(happened, encoding="utf-8")
    else:
        assert happened == expected


def test_there_are_stories_and_each_says_what_its_answer_must_be() -> None:
    assert len(STORIES) >= 30
    for folder in STORIES:
        assert (folder / "story.md").is_file(), folder.name


@pytest.mark.parametrize("story", STORIES, indirect=True, ids=lambda path: path.name)
def test_no_line_is_wider_than_the_terminal_unless_it_is_to_be_pasted(story: Path) -> None:
    """At 80 columns nothing wraps by itself, except addresses and lines of code, which cannot be broken."""
    for line in (story / "transcript.txt").read_text(encoding="utf-8").splitlines():
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
