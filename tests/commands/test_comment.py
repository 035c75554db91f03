"""``guardrail comment github`` as a workflow runs it: what it takes from where, what it says, what it never says."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.github.server import TOKEN, Fault, GitHub, github

HEAD = "a" * 40
REPORT = "<!-- guardrail:comment tag=network/prod -->\n### ✅ Passes\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A workflow of pull request 7, on the server of a company."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda _: None)
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": None}, "base": {"sha": "b" * 40}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    (tmp_path / "comment.md").write_text(REPORT, encoding="utf-8")
    for name in ("GH_TOKEN", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"):
        monkeypatch.delenv(name, raising=False)
    with github() as running:
        monkeypatch.setenv("GITHUB_API_URL", running.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
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
