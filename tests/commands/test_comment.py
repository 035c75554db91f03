"""``guardrail comment github`` as a workflow runs it: what it takes from where, what it says, what it never says."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.github.server import HEAD, TOKEN, Fault, GitHub, pull_request

REPORT = "<!-- guardrail:comment tag=network/prod -->\n### ✅ Passes\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    (tmp_path / "comment.md").write_text(REPORT, encoding="utf-8", newline="\n")
    with pull_request(monkeypatch, tmp_path) as running:
        yield running


def comment(*arguments: str, body: str = "comment.md") -> int:
    return cli.main(["comment", "github", "--body", body, *arguments])


def test_a_workflow_needs_nothing_but_the_body(server: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment() == 0
    assert capsys.readouterr().out == "the comment network/prod of acme/shop#7 is written\n"
    assert comment() == 0
    assert capsys.readouterr().out == "the comment network/prod of acme/shop#7 is left as it is\n"
    stamp = f"<!-- guardrail:run commit={HEAD} id=0 attempt=0 -->"
    assert server.bodies() == [f"<!-- guardrail:comment tag=network/prod -->\n{stamp}\n### ✅ Passes\n"]


def test_none_is_written_where_one_is_only_to_be_updated(server: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment("--if-there") == 0
    told = "the comment network/prod of acme/shop#7 is not written, for there is none to update\n"
    assert capsys.readouterr().out == told
    assert server.bodies() == []


def test_the_tag_and_the_run_are_those_that_are_given(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_RUN_ID", "1658821493")
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "2")
    assert comment("--tag", "search") == 0
    assert server.bodies()[0].startswith(
        "<!-- guardrail:comment tag=search -->\n"
        f"<!-- guardrail:run commit={HEAD} id=1658821493 attempt=2 -->\n### ✅ Passes"
    )


def test_a_new_comment_for_each_run_and_still_one_for_a_run(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in ("1", "1", "2"):
        monkeypatch.setenv("GITHUB_RUN_ID", "5")
        monkeypatch.setenv("GITHUB_RUN_ATTEMPT", attempt)
        assert comment("--mode", "new") == 0
    assert comment() == 0
    firsts = [text.partition("\n")[0] for text in server.bodies()]
    tags = ("network/prod@5.1", "network/prod@5.2", "network/prod")
    assert firsts == [f"<!-- guardrail:comment tag={tag} -->" for tag in tags]


def test_the_text_of_another_program_is_a_comment_too(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\ufeffHéllo\n".encode())))
    assert comment(body="-") == 0
    assert server.bodies()[0].endswith("attempt=0 -->\nHéllo\n")
    assert "tag=default" in server.bodies()[0]


def test_outside_of_a_workflow_flags_say_where(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    assert comment("--repository", "acme/shop", "--pull-request", "7", "--commit", HEAD) == 0
    assert len(server.comments) == 1


def test_a_dry_run_says_what_it_would_do(server: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment("--dry-run") == 0
    assert capsys.readouterr().out == "the comment network/prod of acme/shop#7 would be written\n"
    assert server.comments == []


def test_a_missing_permission_is_no_answer_and_says_what_to_give(
    server: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults = [
        Fault(
            "POST", status=403, headers={"X-Accepted-GitHub-Permissions": "pull_requests=write"}, body={"message": "no"}
        )
    ]
    assert comment() == 2
    error = capsys.readouterr().err
    assert "the token may not do that (403, no); it needs pull-requests: write" in error
    assert "hint: give the job `permissions: {contents: read, pull-requests: write}`" in error


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({"GITHUB_TOKEN": ""}, [], "there is no token"),
        ({"GITHUB_EVENT_PATH": ""}, [], "this run is of no pull request"),
        ({"GITHUB_EVENT_PATH": "nowhere.json"}, [], "cannot read the event in nowhere.json"),
        ({"GITHUB_EVENT_PATH": "comment.md"}, [], "comment.md is no event of GitHub's"),
        ({"GITHUB_REPOSITORY": ""}, [], "which repository is not known"),
        ({"GITHUB_REPOSITORY": "acme/shop/../x"}, [], "is no repository"),
        ({"GITHUB_API_URL": "http://github.example.com"}, [], "is no address for a token"),
        ({}, ["--pull-request", "8"], "which commit of #8 was checked is not known"),
        ({}, ["--commit", "HEAD"], "is no commit"),
        ({}, ["--pull-request", "0"], "is no number"),
        ({}, ["--repository", "../.."], "is no repository"),
        ({}, ["--tag", "a b"], "is no tag"),
        ({}, ["--tag", "a-->"], "is no tag"),
        ({}, ["--body", "nowhere.md"], "cannot read nowhere.md"),
        ({}, ["--body", "binary"], "binary is not UTF-8 text"),
    ],
)
def test_what_cannot_be_commented_is_an_error_before_anything_is_sent(
    environment: dict[str, str],
    arguments: list[str],
    words: str,
    server: GitHub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("binary").write_bytes(b"\xff\xfe\x00")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert comment(*arguments) == 2
    assert words in capsys.readouterr().err
    assert server.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 99},
        {"status": 401, "body": {"message": f"Bad credentials {TOKEN[:4]}"}},
        {"status": 403},
        {"status": 404},
        {"status": 200, "body": b"nonsense"},
        {"hang_up": True, "times": 99},
        {"status": 429, "headers": {"Retry-After": "9999"}},
    ],
    ids=str,
)
def test_no_failure_shows_the_token(
    fault: dict[str, Any], server: GitHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUARDRAIL_DEBUG", "1")
    server.faults = [Fault("GET", **fault)]
    assert comment() == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("guardrail: ")
    assert TOKEN not in shown.out + shown.err


# Sections ------------------------------------------------------------------------------------------------------------


def stack_report(path: Path, scenario: str, *flags: str) -> str:
    """The JSON report of a story of tests/scenarios, written to ``path``."""
    plan = Path(__file__).parents[1] / "scenarios" / scenario / "plan.json"
    cli.main(["check", str(plan), f"--format=json={path}", "--fail-on=never", *flags])
    return str(path)


def sections_of(server: GitHub) -> list[str]:
    """The names in the hidden lines of the one comment."""
    (body,) = server.bodies()
    return [line.split()[2].removeprefix("name=") for line in body.splitlines() if "guardrail:section" in line]


@pytest.fixture
def reports(server: GitHub, tmp_path: Path) -> list[str]:  # noqa: ARG001 - the server's folder is the working directory
    """A stack whose one instance grows, and one that goes: see their story.md."""
    for name in ("chat", "search"):
        (tmp_path / name).mkdir()
    found = [("chat", "instance-type-update"), ("search", "destroy")]
    return [stack_report(tmp_path / name / "report.json", scenario) for name, scenario in found]


def test_reports_make_one_comment_with_a_section_each(
    server: GitHub, reports: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["comment", "github", f"chat={reports[0]}", f"search={reports[1]}"]) == 0
    assert capsys.readouterr().out == "the comment stacks of acme/shop#7 is written\n"
    assert sorted(sections_of(server)) == ["chat", "search"]


def test_stacks_that_nobody_named_are_called_by_what_tells_their_inputs_apart(
    server: GitHub, reports: list[str]
) -> None:
    assert cli.main(["comment", "github", *reports]) == 0
    assert sorted(sections_of(server)) == ["destroy", "instance-type-update"]


def test_a_stack_is_called_by_the_tag_of_its_check(server: GitHub, tmp_path: Path) -> None:
    found = [stack_report(tmp_path / f"{tag}.json", "destroy", f"--tag={tag}/prod") for tag in ("chat", "search")]
    assert cli.main(["comment", "github", *found]) == 0
    assert sorted(sections_of(server)) == ["chat/prod", "search/prod"]


def test_a_section_is_replaced_and_the_others_stay(server: GitHub, reports: list[str]) -> None:
    for name, path in zip(("chat", "search", "chat"), (*reports, reports[0]), strict=True):
        assert cli.main(["comment", "github", "--section", name, path]) == 0
    assert sorted(sections_of(server)) == ["chat", "search"]


def test_a_job_whose_check_gave_no_answer_says_so_in_its_section(server: GitHub, reports: list[str]) -> None:
    assert cli.main(["comment", "github", "--section", "search", reports[1]]) == 0
    assert cli.main(["comment", "github", "--section", "chat", "--body", "comment.md"]) == 0
    assert sorted(sections_of(server)) == ["chat", "search"]
    assert "| ❓ `chat` | unknown |" in server.bodies()[0]


def test_a_stack_that_is_expected_keeps_its_section_and_any_other_goes(server: GitHub, reports: list[str]) -> None:
    for name in ("chat", "gone"):
        assert cli.main(["comment", "github", "--section", name, reports[0]]) == 0
    expected = ["--expect", "chat", "--expect", "queue"]
    assert cli.main(["comment", "github", f"search={reports[1]}", *expected]) == 0
    assert sorted(sections_of(server)) == ["chat", "queue", "search"]
    assert "| ❔ `queue` | not run on `aaaaaaa` |  |" in server.bodies()[0]


def test_reports_without_news_write_no_new_comment(server: GitHub, tmp_path: Path) -> None:
    quiet = stack_report(tmp_path / "quiet.json", "no-sagemaker")
    assert cli.main(["comment", "github", quiet, "--only-when-changed"]) == 0
    assert server.bodies() == []
    loud = stack_report(tmp_path / "loud.json", "instance-type-update")
    assert cli.main(["comment", "github", f"quiet={quiet}", f"loud={loud}", "--only-when-changed"]) == 0
    assert len(server.bodies()) == 1
    assert cli.main(["comment", "github", f"quiet={quiet}", "--only-when-changed"]) == 0
    assert "### ✅ No SageMaker inference any more, nothing to pay" in server.bodies()[0]


def test_where_every_job_has_failed_what_is_expected_says_so(server: GitHub) -> None:
    assert cli.main(["comment", "github", "--expect", "chat", "--expect", "search"]) == 0
    assert sections_of(server) == ["chat", "search"]
    assert "### ❓ Not one stack was run on `aaaaaaa`" in server.bodies()[0]


def test_a_report_comes_from_standard_input_where_that_is_named(
    server: GitHub, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(reports[0], "rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert cli.main(["comment", "github", "chat=-"]) == 0
    assert sections_of(server) == ["chat"]


def test_a_check_of_several_inputs_in_no_folder_of_their_own_is_called_by_them(server: GitHub, tmp_path: Path) -> None:
    for name in ("api", "web"):
        plan = Path(__file__).parents[1] / "scenarios" / "destroy" / "plan.json"
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.json").write_bytes(plan.read_bytes())
    cli.main(["check", "api/plan.json", "web/plan.json", "--format=json=both.json"])
    assert cli.main(["comment", "github", "both.json"]) == 0
    assert sections_of(server) == ["api%2C%20web"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is nothing to say"),
        (["chat="], "'chat=' names no report"),
        (["absent.json"], "absent.json cannot be read: No such file or directory"),
        (["comment.md"], "comment.md is no JSON report of guardrail"),
        (["a=chat/report.json", "a=search/report.json"], "search/report.json is not the only report of a"),
        (["chat/report.json", "--body", "comment.md"], "made of reports or of a body, not of both"),
        (["chat/report.json", "search/report.json", "--section", "a"], "--section replaces one section"),
        (["chat/report.json", "--section", "x" * 201], "a stack's name has 1 to 200 characters, not 201"),
        (["--body", "comment.md", "--expect", "a"], "--expect and --only-when-changed are about reports"),
    ],
)
@pytest.mark.usefixtures("reports")
def test_what_makes_no_comment_is_refused_before_anything_is_asked(
    arguments: list[str], said: str, server: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["comment", "github", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "hint: " in told
    assert server.requests == []
