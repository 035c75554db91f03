"""Suggestions on a pull request: each once whoever runs when, on lines that GitHub takes, and nobody else's touched."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from guardrail.errors import GitHubError
from guardrail.fixes.suggestible import Lines, Suggestible
from guardrail.github.api import Api, RefusedError, UncertainError
from guardrail.github.comment import PullRequest
from guardrail.github.suggestions import MOST_SUGGESTIONS, Outcome, suggest
from tests.github.server import STRANGER, TOKEN, Fault, GitHub, github

WHERE = PullRequest("acme/shop", 7)
HEAD, NEWER = "a" * 40, "d" * 40
BLOB = "b" * 40
# twenty lines of which the pull request has made line 5 another one
PATCH = "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8"


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        running.files = [{"filename": "main.tf", "status": "modified", "sha": BLOB, "patch": PATCH}]
        yield running


@pytest.fixture
def api(server: GitHub) -> Api:
    return Api(server.url, TOKEN, sleep=lambda _: None, read_s=5)


def fix(number: int = 1, first: int = 5, last: int = 5, new: tuple[str, ...] = ("5",), **changes: Any) -> Suggestible:
    made = Suggestible(
        finding=f"{number:016x}",
        address="aws_appautoscaling_target.reader",
        headline="reader: keeps one instance while its queue is empty",
        saving="up to 537.28 USD a month",
        gone=("async-scales-to-zero",),
        bill="floor 537.28 -> 0.00 USD (-537.28), expected and ceiling as before",
        path="main.tf",
        blob=BLOB,
        edit=Lines(first=first, last=last, new=new),
    )
    return structs.replace(made, **changes)


def run(api: Api, *fixes: Suggestible, tag: str = "default", commit: str = HEAD, dry_run: bool = False) -> Outcome:
    return suggest(api, WHERE, fixes, tag, commit, dry_run=dry_run)


def reasons(outcome: Outcome) -> list[str]:
    return [each.reason for each in outcome.left]


# What it says --------------------------------------------------------------------------------------------------------


def test_a_suggestion_says_what_is_wrong_what_it_saves_and_what_proves_it(server: GitHub, api: Api) -> None:
    assert run(api, fix()) == Outcome(written=1)
    (comment,) = server.review_comments
    marker, text = comment["body"].split("\n", 1)
    assert marker.startswith("<!-- guardrail:suggestion tag=default finding=0000000000000001 edit=")
    assert text == (
        "**reader: keeps one instance while its queue is empty**. Saves up to 537.28 USD a month.\n\n"
        "```suggestion\n5\n```\n\n"
        "Checked again with it: `async-scales-to-zero` passes, nothing new fails; a month: "
        "floor 537.28 → 0.00 USD (-537.28), expected and ceiling as before.\n"
    )


def test_several_are_one_review_of_the_commit_that_was_checked(server: GitHub, api: Api) -> None:
    """A comment on one line has no first line: GitHub would say that it must precede the last."""
    assert run(api, fix(), fix(2, 6, 7, ("x", "y", "z"))).written == 2
    (review,) = server.reviews
    assert (review["commit_id"], review["event"]) == (HEAD, "COMMENT")
    one, two = review["comments"]
    assert {key: value for key, value in one.items() if key != "body"} == {
        "path": "main.tf",
        "line": 5,
        "side": "RIGHT",
    }
    assert {key: value for key, value in two.items() if key != "body"} == {
        "path": "main.tf",
        "start_line": 6,
        "start_side": "RIGHT",
        "line": 7,
        "side": "RIGHT",
    }
    assert "```suggestion\nx\ny\nz\n```\n" in two["body"]


@pytest.mark.parametrize(
    ("line", "fence"), [("```", "````"), ("  `````hcl", "``````"), ("x = `` ` ``", "```"), ("~~~", "```")]
)
def test_no_line_ends_the_fence_that_it_stands_in(line: str, fence: str, server: GitHub, api: Api) -> None:
    run(api, fix(new=(line, "@acme/ops")))
    assert f"\n{fence}suggestion\n{line}\n@acme/ops\n{fence}\n" in server.review_comments[0]["body"]


@pytest.mark.parametrize("hostile", ["@acme/ops", "<!-- x", "-->", "</details>", "#12", "](https://x.example)", "`@a`"])
def test_hostile_names_are_code(hostile: str, server: GitHub, api: Api) -> None:
    run(api, fix(headline=f"{hostile}: keeps one", gone=(hostile,), saving=hostile, bill=hostile))
    marker, text = server.review_comments[0]["body"].split("\n", 1)
    assert "\n" not in marker
    outside = "".join(text.replace("```suggestion\n5\n```", "").split("`")[::2])
    assert hostile.replace("`", "") not in outside


# Where ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [(2, 4), (5, 8), (8, 8), (2, 2)])
def test_context_that_the_diff_shows_can_be_commented_on(lines: tuple[int, int], server: GitHub, api: Api) -> None:
    assert run(api, fix(1, *lines)).written == 1
    assert server.review_comments[0]["line"] == lines[1]


@pytest.mark.parametrize("lines", [(1, 5), (8, 9), (9, 9), (20, 20), (1, 20)])
def test_a_fix_that_the_diff_does_not_show_as_a_whole_is_none(lines: tuple[int, int], server: GitHub, api: Api) -> None:
    outcome = run(api, fix(1, *lines))
    assert reasons(outcome) == ["the diff does not show all of its lines together"]
    assert server.made("POST") == 0


def test_a_fix_over_lines_that_are_gone_is_none(server: GitHub, api: Api) -> None:
    """GitHub shows the old line 5 between 4 and the new 5, and applies no suggestion over it."""
    assert reasons(run(api, fix(1, 4, 5))) == ["the diff does not show all of its lines together"]
    assert server.review_comments == []


def test_a_fix_over_two_hunks_is_none_and_one_in_the_second_is_one(server: GitHub, api: Api) -> None:
    server.files[0]["patch"] += "\n@@ -12,3 +12,4 @@\n 12\n+more\n 13\n 14"
    assert run(api, fix(1, 8, 12)).written == 0
    assert run(api, fix(2, 13, 14)).written == 1


def test_of_two_that_share_a_line_one_is_suggested(server: GitHub, api: Api) -> None:
    outcome = run(api, fix(), fix(2, 5, 6), fix(3, 6, 6))
    assert outcome.written == 2
    assert [(each.fix.finding[-1], each.reason) for each in outcome.left] == [
        ("2", "another suggestion edits the same lines")
    ]
    assert server.reviews[0]["comments"][1]["line"] == 6


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (None, "this pull request does not change its file"),
        ({"filename": "other.tf", "previous_filename": "main.tf", "sha": BLOB, "patch": PATCH}, "does not change its"),
        ({"filename": "main.tf", "sha": "c" * 40, "patch": PATCH}, "read otherwise than the head"),
        ({"filename": "main.tf", "patch": PATCH}, "read otherwise than the head"),
        ({"filename": "main.tf", "sha": BLOB}, "GitHub shows no diff of its file"),
        ({"filename": "main.tf", "sha": BLOB, "patch": PATCH[:-3]}, "does not show all of its lines"),
        ({"filename": "main.tf", "sha": None, "patch": None}, "read otherwise than the head"),
    ],
)
def test_what_github_shows_of_no_file_is_said(
    file: dict[str, Any] | None, reason: str, server: GitHub, api: Api
) -> None:
    server.files = [file] if file else []
    (said,) = reasons(run(api, fix()))
    assert reason in said
    assert server.made("POST") == 0


def test_files_that_were_renamed_or_added_have_their_new_name(server: GitHub, api: Api) -> None:
    server.files += [
        {"filename": "b.tf", "previous_filename": "a.tf", "status": "renamed", "sha": BLOB, "patch": PATCH},
        {"filename": "c.tf", "status": "added", "sha": BLOB, "patch": "@@ -0,0 +1,2 @@\n+a\n+b"},
    ]
    assert run(api, fix(1, path="b.tf"), fix(2, 1, 2, path="c.tf")).written == 2
    assert [each["path"] for each in server.review_comments] == ["b.tf", "c.tf"]


@pytest.mark.parametrize("others", [49, 80, 230])
def test_all_pages_of_files_are_read_and_all_of_each(others: int, server: GitHub, api: Api) -> None:
    """Of a page of a hundred files GitHub has no diff for the last thirty."""
    server.files = [{"filename": f"{number}.txt", "sha": BLOB} for number in range(others)] + server.files
    assert run(api, fix()).written == 1


def test_a_fix_that_is_none_from_the_start_says_why(api: Api) -> None:
    assert reasons(run(api, fix(edit=None, reason="it edits 2 files"))) == ["it edits 2 files"]


def test_a_pull_request_gets_so_many_and_no_more(server: GitHub, api: Api) -> None:
    server.files[0]["patch"] = "@@ -0,0 +1,40 @@" + "\n+x" * 40
    outcome = run(api, *(fix(number, number, number, (str(number),)) for number in range(1, 14)))
    assert outcome.written == len(server.review_comments) == MOST_SUGGESTIONS == 10
    assert reasons(outcome) == ["10 are suggested already"] * 3


# Once ----------------------------------------------------------------------------------------------------------------


def test_the_next_push_repeats_nothing(server: GitHub, api: Api) -> None:
    run(api, fix(), fix(2, 6, 7))
    server.head = NEWER
    assert run(api, fix(), fix(2, 6, 7), commit=NEWER) == Outcome(kept=2)
    assert (len(server.reviews), server.made("PATCH")) == (1, 0)


def test_one_that_is_outdated_is_neither_repeated_nor_altered(server: GitHub, api: Api) -> None:
    run(api, fix())
    server.review_comments[0] |= {"line": None}
    assert run(api, fix(1, 6, 6, ("other",))) == Outcome(kept=1)
    assert run(api) == Outcome()
    assert (len(server.reviews), server.made("PATCH")) == (1, 0)


def test_one_on_the_third_page_is_found(server: GitHub, api: Api) -> None:
    run(api, fix())
    (ours,) = server.review_comments
    server.review_comments = []
    for number in range(230):
        server.add_review_comment(body=f"{number}", path="main.tf", line=5, user=STRANGER)
    server.review_comments.append(ours)
    assert run(api, fix()) == Outcome(kept=1)


def test_the_line_of_a_stranger_is_not_ours(server: GitHub, api: Api) -> None:
    """Who opens the pull request could else keep a suggestion away, or have us write into what is theirs."""
    run(api, fix())
    (ours,) = server.review_comments
    ours |= {"user": STRANGER, "author_association": "CONTRIBUTOR"}
    assert run(api, fix()).written == 1
    assert run(api).ended == 1
    assert server.review_comments[0]["body"] != server.review_comments[1]["body"]
    assert "```suggestion" in server.review_comments[0]["body"]


def test_a_comment_that_quotes_ours_is_not_ours(server: GitHub, api: Api) -> None:
    run(api, fix())
    server.review_comments[0]["body"] = "> " + server.review_comments[0]["body"]
    assert run(api, fix()).written == 1


def test_the_owner_of_a_token_is_recognised_without_access(server: GitHub, api: Api) -> None:
    server.login = "robot"
    run(api, fix())
    assert run(api, fix()) == Outcome(kept=1)


def test_one_edit_for_two_findings_is_suggested_once(server: GitHub, api: Api) -> None:
    """And once for two checks of one pull request, whose root modules share the file."""
    assert reasons(run(api, fix(), fix(2))) == ["another suggestion edits the same lines"]
    assert run(api, fix(2), tag="network/prod") == Outcome(kept=1)
    assert len(server.review_comments) == 1


def test_the_same_line_in_two_places_is_two_edits(api: Api) -> None:
    assert run(api, fix(), fix(2, 6, 6)).written == 2
    assert run(api, fix(3, 7, 7), tag="b").written == 1


def test_what_holds_no_more_says_so_and_suggests_nothing(server: GitHub, api: Api) -> None:
    run(api, fix(), fix(2, 6, 7))
    assert run(api, fix(2, 6, 7)) == Outcome(kept=1, ended=1)
    marker, text = server.review_comments[0]["body"].split("\n", 1)
    assert text == "This suggestion does not hold any more.\n"
    assert "finding=0000000000000001" in marker
    assert run(api, fix(2, 6, 7)) == Outcome(kept=1), "and it is said once"
    assert run(api, fix(), fix(2, 6, 7)) == Outcome(kept=2, updated=1), "it comes back in its place"
    assert "```suggestion\n5\n```" in server.review_comments[0]["body"]


def test_another_edit_of_the_same_lines_takes_its_place(server: GitHub, api: Api) -> None:
    run(api, fix())
    assert run(api, fix(new=("0",))) == Outcome(kept=1, updated=1)
    assert "```suggestion\n0\n```" in server.review_comments[0]["body"]
    assert len(server.review_comments) == 1


def test_an_edit_of_other_lines_ends_it_and_is_not_written_a_second_time(server: GitHub, api: Api) -> None:
    run(api, fix())
    assert run(api, fix(1, 6, 7)).ended == 1
    assert len(server.review_comments) == 1
    assert "suggestion\n5" not in server.review_comments[0]["body"]


def test_checks_of_other_tags_leave_it_alone(server: GitHub, api: Api) -> None:
    run(api, fix(), tag="a")
    assert run(api, tag="b") == Outcome()
    assert "```suggestion" in server.review_comments[0]["body"]


def test_where_nobody_can_tell_whether_it_holds_it_stays(server: GitHub, api: Api) -> None:
    """A merge in which the base has altered the file too was checked: what the head has is not known."""
    run(api, fix())
    assert reasons(run(api, fix(blob="f" * 40))) == [
        "its file was read otherwise than the head of the pull request has it"
    ]
    assert "```suggestion" in server.review_comments[0]["body"]


def test_one_that_somebody_deletes_meanwhile_is_no_error(server: GitHub, api: Api) -> None:
    run(api, fix())
    server.before = lambda method, _: server.review_comments.clear() if method == "PATCH" else None
    assert run(api).ended == 1


# What can go wrong ---------------------------------------------------------------------------------------------------


def test_a_newer_commit_is_left_to_its_own_run(server: GitHub, api: Api) -> None:
    server.head = NEWER
    assert run(api, fix()) == Outcome(is_behind=True)
    assert server.made("POST") == 0


def test_a_dry_run_writes_nothing(server: GitHub, api: Api) -> None:
    assert run(api, fix(), dry_run=True) == Outcome(written=1)
    assert {method for method, _, _ in server.requests} == {"GET"}


def test_a_review_that_was_written_and_not_confirmed_is_not_written_again(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", "/reviews", status=502, after=True)]
    assert run(api, fix(), fix(2, 6, 7)).written == 2
    assert len(server.reviews) == 1


def test_one_that_did_not_come_through_is_written_again(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", "/reviews", status=502, times=2)]
    assert run(api, fix()).written == 1
    assert len(server.reviews) == 1


def test_in_the_end_it_is_an_error(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", "/reviews", status=502, times=99)]
    with pytest.raises(UncertainError, match="GitHub did not confirm"):
        run(api, fix())


def test_one_that_is_refused_takes_no_other_with_it(server: GitHub, api: Api) -> None:
    """What the list of files says and what a review may comment on are two answers of GitHub's."""
    server.faults = [Fault("POST", "/reviews", status=422, times=2)]
    outcome = run(api, fix(), fix(2, 6, 7))
    assert (outcome.written, reasons(outcome)) == (1, ["GitHub does not take it on these lines"])
    assert [each["line"] for each in server.review_comments] == [7]


def test_a_token_that_may_only_read_is_told_what_it_lacks(server: GitHub, api: Api) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "pull_requests=write"}
    server.faults = [Fault("POST", status=403, headers=headers, body={"message": "Resource not accessible"})]
    with pytest.raises(RefusedError, match="it needs pull-requests: write"):
        run(api, fix())


def test_a_rate_limit_is_waited_for(server: GitHub) -> None:
    slept: list[float] = []
    server.faults = [Fault("POST", status=403, headers={"Retry-After": "20"}, body={"message": "secondary rate limit"})]
    assert run(Api(server.url, TOKEN, sleep=slept.append), fix()).written == 1
    assert slept == [20.0]


def test_an_answer_of_another_shape_is_an_error(server: GitHub, api: Api) -> None:
    server.faults = [Fault("GET", "/files", status=200, body={"filename": 1})]
    with pytest.raises(GitHubError, match="GitHub's answer is not what was asked for"):
        run(api, fix())
