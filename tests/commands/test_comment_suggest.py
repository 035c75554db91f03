"""``guardrail comment github --suggest`` from a stack in git to what GitHub makes of the suggestion.

Each pull request is made with git, its diff is git's own, and a suggestion is read as Markdown is and applied as GitHub
does: its lines in place of those of the comment. What comes out is what ``guardrail fix --write`` writes.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from guardrail import cli
from tests.fixes.stack import BACKLOG, ENDPOINT, PROVIDER, TARGET, TEMPLATE, TEMPLATE_TARGET, WAKE
from tests.github.server import Fault, GitHub, pull_request

CASES = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "cases" / "fixes"
STACK = PROVIDER + ENDPOINT + TARGET.replace("min_capacity       = 1", "min_capacity       = 0") + BACKLOG + WAKE
KEPT = ("min_capacity       = 0", "min_capacity       = 1")

Propose = Callable[..., None]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    (tmp_path / "shop").mkdir()
    with pull_request(monkeypatch, tmp_path) as running:
        monkeypatch.chdir(tmp_path / "shop")
        yield running


def git(*arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


@pytest.fixture
def propose(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> Propose:
    """A pull request from one state of files to another, by path; None for a file that is not there."""

    def made(before: dict[str, str], after: dict[str, str]) -> None:
        git("init", "-q")
        for state in (before, after):
            for name, text in state.items():
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_bytes(text.encode())
            for gone in before.keys() - after.keys() if state is after else ():
                Path(gone).unlink()
            git("add", "-A")
            git("commit", "-q", "--allow-empty", "-m", "x")
        server.head = git("rev-parse", "HEAD").strip()
        event = json.loads(Path("../event.json").read_text())
        event["pull_request"]["head"]["sha"] = server.head
        Path("../event.json").write_text(json.dumps(event))
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(Path("../event.json").resolve()))
        server.files = [changed(name) for name in git("diff", "-M", "--name-only", "HEAD~1", "HEAD").split()]

    return made


def changed(name: str) -> dict[str, Any]:
    """A file as "List pull requests files" has it."""
    diff = git("diff", "-M", "HEAD~1", "HEAD", "--", ".").split("diff --git ")
    own = next(part for part in diff if part.split("\n", 1)[0].endswith(f" b/{name}"))
    at = own.find("\n@@ ")
    tree = git("ls-tree", "HEAD", "--", name).split()
    patch = {} if at < 0 else {"patch": own[at + 1 :].removesuffix("\n")}
    return {"filename": name, "sha": tree[2] if tree else None, **patch}


def suggest(*arguments: str) -> int:
    return cli.main(["comment", "github", "--suggest", *arguments])


def applied(server: GitHub) -> dict[str, str]:
    """The files with the suggestions of all comments, as GitHub makes them."""
    found: dict[str, list[str]] = {}
    for comment in sorted(server.review_comments, key=lambda each: -each["line"]):
        name, last = comment["path"], comment["line"]
        lines = found.setdefault(name, Path(name).read_bytes().decode().split("\n"))
        (block,) = [each for each in MarkdownIt("commonmark").parse(comment["body"]) if each.type == "fence"]
        assert block.info == "suggestion"
        lines[(comment["start_line"] or last) - 1 : last] = block.content.split("\n")[:-1]
    return {name: "\n".join(lines) for name, lines in found.items()}


def fixed(*arguments: str) -> dict[str, str]:
    """The files that ``guardrail fix`` edits, with its edits."""
    before = {path: path.read_bytes() for path in Path().rglob("*.*") if path.is_file() and ".git" not in path.parts}
    assert cli.main(["fix", ".", "--write", *arguments]) == 0
    edited = {str(path): path.read_bytes().decode() for path in before if path.read_bytes() != before[path]}
    for path, content in before.items():
        path.write_bytes(content)
    return edited


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # one literal
        ({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)}),
        # one literal in a file that was renamed, and one that was added
        ({"a.tf": STACK}, {"b.tf": STACK.replace(*KEPT)}),
        ({"main.tf": PROVIDER}, {"main.tf": PROVIDER, "reader.tf": STACK.replace(*KEPT).removeprefix(PROVIDER)}),
        # a literal, and blocks behind the one that it stands in
        ({"main.tf": PROVIDER + ENDPOINT}, {"main.tf": PROVIDER + ENDPOINT + TARGET}),
        ({"main.tf": PROVIDER + ENDPOINT}, {"main.tf": PROVIDER + ENDPOINT + TARGET + "\nlocals {\n  a = 1\n}\n"}),
        # blocks alone, behind the last line of one
        ({"main.tf": PROVIDER + ENDPOINT}, {"main.tf": PROVIDER + ENDPOINT + TARGET.replace("= 1\n", "= 0\n")}),
        # lines that were there, which the diff shows around its own
        (
            {"main.tf": STACK.replace(*KEPT).replace("max_capacity       = 3", "max_capacity       = 2")},
            {"main.tf": STACK.replace(*KEPT)},
        ),
        # several hunks, lines that go, and what looks like an end of a fence in a heredoc beside it
        (
            {"main.tf": STACK.replace(*KEPT) + "\nlocals {\n  a = 1\n  b = 2\n}\n"},
            {"main.tf": "# reader\n" + STACK.replace(*KEPT) + "\nlocals {\n  b = 2\n}\n", "n.txt": "x\n"},
        ),
        # a template
        ({"t.yaml": TEMPLATE}, {"t.yaml": TEMPLATE + TEMPLATE_TARGET}),
    ],
)
def test_what_github_applies_is_what_the_fix_writes(
    before: dict[str, str], after: dict[str, str], server: GitHub, propose: Propose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    propose(before, after)
    assert suggest() == 0
    if "# reader" in after.get("main.tf", ""):
        assert server.review_comments == [], "line 30 is in no hunk"
        return
    assert len(server.reviews) == 1
    assert applied(server) == fixed()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (STACK.replace(*KEPT).replace("\n", "\r\n"), "its lines end in CR LF"),
        ((PROVIDER + ENDPOINT + TARGET).removesuffix("\n"), "the last line of a file that does not end in a line feed"),
        (STACK.replace("= 0\n  max_capacity", "= 1 # \u2028\n  max_capacity"), "has characters that nobody sees"),
        (STACK.replace("= 0\n  max_capacity", "= 1 # \u202e\n  max_capacity"), "has characters that nobody sees"),
    ],
)
def test_what_a_suggestion_cannot_keep_is_left_to_the_patch(
    text: str, reason: str, server: GitHub, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    propose({"main.tf": PROVIDER}, {"main.tf": text})
    assert suggest() == 0
    said = capsys.readouterr().out
    assert said.startswith("suggestions on acme/shop#7: none\nin the patch of guardrail fix alone, ")
    assert reason.replace("has", "ha") in said.replace("have", "ha").replace("has", "ha")
    assert server.review_comments == []


def test_a_tab_and_a_heredoc_with_fences_stay_as_they_are(server: GitHub, propose: Propose) -> None:
    """The fences stand between the minimum and the place of the new blocks, so they are lines of the suggestion."""
    notes = "  tags = {\n\t  note = <<-T\n      ```\n      ````suggestion\n      @acme/ops\n    T\n  }\n}\n"
    text = PROVIDER + ENDPOINT + TARGET.removesuffix("}\n") + notes
    propose({"main.tf": PROVIDER}, {"main.tf": text})
    assert suggest() == 0
    (comment,) = server.review_comments
    assert "\n`````suggestion\n" in comment["body"]
    assert applied(server) == fixed()


def test_one_file_behind_two_links_is_suggested_where_it_lies(server: GitHub, propose: Propose) -> None:
    propose({"real/main.tf": STACK}, {"real/main.tf": STACK.replace(*KEPT)})
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "main.tf").symlink_to("../real/main.tf")
    assert suggest() == 0
    assert [comment["path"] for comment in server.review_comments] == ["real/main.tf"]


def test_a_module_of_two_roots_is_suggested_once(server: GitHub, propose: Propose) -> None:
    roots = {f"{name}/main.tf": 'module "reader" {\n  source = "../reader"\n}\n' + PROVIDER for name in ("a", "b")}
    module = {"reader/main.tf": STACK.removeprefix(PROVIDER)}
    propose({**roots, **module}, {**roots, "reader/main.tf": module["reader/main.tf"].replace(*KEPT)})
    assert suggest() == 0
    assert [comment["path"] for comment in server.review_comments] == ["reader/main.tf"]


def test_a_checkout_that_is_not_the_head_gets_none(
    server: GitHub, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    """A merge whose base has altered the file: its lines are not those of the pull request."""
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    Path("main.tf").write_text("# merged\n" + STACK.replace(*KEPT))
    assert suggest() == 0
    assert "its file was read otherwise than the head of the pull request has it: " in capsys.readouterr().out
    assert server.review_comments == []


def test_it_goes_beside_the_comment_and_says_what_became_of_both(
    server: GitHub, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    Path("../comment.md").write_text("### ❌ Fails\n")
    for count in ("1 written", "1 as before"):
        assert suggest("--body", "../comment.md", "--tag", "network/prod") == 0
        assert f"suggestions on acme/shop#7: {count}\n" in capsys.readouterr().out
    assert (len(server.comments), len(server.review_comments)) == (1, 1)
    assert "tag=network/prod finding=" in server.review_comments[0]["body"]


def test_a_new_comment_for_each_run_is_no_new_suggestion(
    server: GitHub, propose: Propose, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    Path("../comment.md").write_text("### ❌ Fails\n")
    for attempt in ("1", "2"):
        monkeypatch.setenv("GITHUB_RUN_ID", "5")
        monkeypatch.setenv("GITHUB_RUN_ATTEMPT", attempt)
        assert suggest("--body", "../comment.md", "--mode", "new") == 0
    assert (len(server.comments), len(server.review_comments)) == (2, 1)


def test_a_file_hands_fixes_on_to_a_job_that_reads_no_code(
    server: GitHub,
    propose: Propose,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    assert cli.main(["fix", ".", "--suggestions", "../fixes.json"]) == 0
    assert "wrote ../fixes.json: guardrail comment github --suggest=../fixes.json" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert cli.main(["comment", "github", "--suggest=fixes.json", "--dry-run"]) == 0
    assert capsys.readouterr().out == "suggestions on acme/shop#7: 1 written (nothing is written)\n"
    assert server.review_comments == []
    assert cli.main(["comment", "github", "--suggest=fixes.json"]) == 0
    assert [comment["path"] for comment in server.review_comments] == ["main.tf"]


def test_only_what_a_check_found_new_is_fixed_where_that_is_said(propose: Propose) -> None:
    propose({"main.tf": STACK.replace(*KEPT)}, {"main.tf": STACK.replace(*KEPT)})
    cli.main(["check", ".", "--compare-to", "HEAD", "--format", "json=../report.json"])
    assert cli.main(["fix", ".", "--new-in", "../report.json", "--suggestions", "../fixes.json"]) == 0
    assert json.loads(Path("../fixes.json").read_text()) == []
    cli.main(["check", ".", "--format", "json=../report.json"])
    assert cli.main(["fix", ".", "--new-in", "../report.json", "--suggestions", "../fixes.json"]) == 0
    assert len(json.loads(Path("../fixes.json").read_text())) == 1


def test_what_is_not_tried_is_said(propose: Propose, capsys: pytest.CaptureFixture[str]) -> None:
    """The second endpoint has one finding that an edit mends, as the first one has."""
    two = STACK.replace(*KEPT) + STACK.replace(*KEPT).removeprefix(PROVIDER).replace("reader", "writer")
    propose({"main.tf": PROVIDER}, {"main.tf": two})
    assert cli.main(["fix", ".", "--most", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# 1 fix for 1 finding\n")
    assert "# not tried: 1 finding more (--most 1)\n" in said
    assert cli.main(["fix", ".", "--most", "0"]) == 2


@pytest.mark.parametrize("content", ["[]", "{", '{"results": [{"id": 1}]}', "\ud800"])
def test_a_report_that_is_none_is_an_error(content: str, propose: Propose, capsys: pytest.CaptureFixture[str]) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK})
    Path("r.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    assert cli.main(["fix", ".", "--new-in", "r.json"]) == 2
    assert "r.json is no JSON report of guardrail" in capsys.readouterr().err


def test_what_is_written_as_well_is_suggested_for_what_was_there(propose: Propose) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    assert cli.main(["fix", ".", "--write", "--suggestions", "../fixes.json"]) == 0
    (made,) = json.loads(Path("../fixes.json").read_text())
    assert made["edit"]["new"] == ["  min_capacity       = 0"]
    assert made["blob"] == git("rev-parse", "HEAD:main.tf").strip()


@pytest.mark.parametrize("flag", ["--suggestions", "--patch"])
def test_what_is_handed_on_replaces_no_source_and_nothing_is_written(
    propose: Propose, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    before = Path("main.tf").read_bytes()
    assert cli.main(["fix", ".", "--write", flag, "main.tf"]) == 2
    assert "main.tf is edited, and what is written there would replace it" in capsys.readouterr().err
    assert Path("main.tf").read_bytes() == before


def test_a_token_that_may_only_read_is_one_line(
    server: GitHub, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    server.faults = [Fault("POST", status=403, headers={"X-Accepted-GitHub-Permissions": "pull_requests=write"})]
    assert suggest() == 2
    error = capsys.readouterr().err
    assert "the token may not do that (403, fault); it needs pull-requests: write\n" in error
    assert "on a fork the token may only read" in error


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"finding": "x"}]', "no"])
def test_a_file_that_has_no_suggestions_is_refused_before_anything_is_asked(
    content: str, server: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("fixes.json").write_text(content)
    assert cli.main(["comment", "github", "--suggest=fixes.json"]) == 2
    error = capsys.readouterr().err
    assert "fixes.json has no suggestions of guardrail" in error
    assert "hint: guardrail fix PATH --suggestions FILE" in error
    assert server.requests == []


def test_a_section_of_a_report_names_the_command_that_has_the_edit(server: GitHub, propose: Propose) -> None:
    """Of what needs a decision, as values of tags do, it says nothing."""
    propose({"main.tf": STACK}, {"main.tf": STACK.replace(*KEPT)})
    cli.main(["check", ".", "--format", "json=../report.json"])
    results = json.loads(Path("../report.json").read_text())["results"]
    (ours,) = [each for each in results if each.get("has_edit")]
    assert ours["policy"] == "async-scales-to-zero"
    assert cli.main(["comment", "github", "shop=../report.json"]) == 0
    told = f"<sub>edits, where they can be proven: `guardrail fix . --finding {ours['id']}`</sub>"
    assert server.bodies()[0].count(told) == 1


@pytest.mark.skipif(not CASES.exists(), reason="../shared is not beside the checkout")
@pytest.mark.parametrize("name", ["g01-only-what-the-diff-shows", "g02-crlf-and-end-of-file"])
def test_the_cases_that_others_ran_into(
    name: str, server: GitHub, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CASES / name
    expected = json.loads((folder / "expected.json").read_text())
    after = {path.name: path.read_bytes().decode() for path in folder.glob("*.tf")}
    before = {path.name: path.read_bytes().decode() for path in folder.glob("before/*.tf")}
    propose(before or {"x": ""}, after)
    if before:
        told = json.loads((folder / "pull_files.json").read_text())
        assert [each["filename"] for each in told] == [each["filename"] for each in server.files]
        server.files[0]["patch"] = told[0]["patch"]
    assert suggest() == 0
    assert len(server.review_comments) == expected.get("suggestions", 0)
    assert expected.get("says", "patch") in capsys.readouterr().out
