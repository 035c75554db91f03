"""One comment at the end, never two, and the right one: against a server that behaves as GitHub's does.

Whatever goes wrong on the way is put in front of a real request on loopback. Waiting is recorded instead of done.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from guardrail.errors import GitHubError
from guardrail.github.api import PATIENCE_S, Api, RefusedError
from guardrail.github.comment import CommentText, Done, PullRequest, comment, split
from guardrail.github.runner import Run
from guardrail.github.shortened import shortened
from tests.github.server import STRANGER, TOKEN, Fault, GitHub, github

WHERE = PullRequest("acme/shop", 7)
OLD, HEAD, NEW = "c" * 40, "a" * 40, "d" * 40
PERMISSION = {"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"}


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def api(server: GitHub, slept: list[float]) -> Api:
    return Api(server.url, TOKEN, sleep=slept.append, read_s=5)


def note(text: str = "### ❌ Fails\n", **changes: Any) -> CommentText:
    fields: dict[str, Any] = {"tag": "default", "text": text, "commit": HEAD, "run": Run(50, 1)}
    return CommentText(**(fields | changes))


def say(api: Api, text: str = "### ❌ Fails\n", **changes: Any) -> Done:
    return comment(api, WHERE, note(text, **changes))


def body(text: str, *, tag: str = "default", commit: str = HEAD, run: Run = Run(50, 1)) -> str:  # noqa: B008 - frozen
    return (
        f"<!-- guardrail:comment tag={tag} -->\n"
        f"<!-- guardrail:run commit={commit} id={run.id} attempt={run.attempt} -->\n{text}"
    )


# One comment ---------------------------------------------------------------------------------------------------------


def test_the_first_run_writes_the_comment_with_its_two_lines_that_are_not_shown(server: GitHub, api: Api) -> None:
    assert say(api, "### ✅ Passes\n") == "created"
    assert server.bodies() == [body("### ✅ Passes\n")]


def test_a_later_run_replaces_it_in_place(server: GitHub, api: Api) -> None:
    number = server.add(body("old", commit=OLD, run=Run(40, 1)))
    server.add("a person's own comment")
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n"), "a person's own comment"]
    assert server.comments[0]["id"] == number


def test_a_run_with_a_number_of_five_thousand_digits_is_none(server: GitHub, api: Api) -> None:
    number = server.add(body("old", commit=OLD).replace("id=50", f"id={'9' * 5_000}"))
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n")]
    assert server.comments[0]["id"] == number


@pytest.mark.parametrize("there", ["### ❌ Fails\n", "### ❌ Fails", "### ❌ Fails\r\n"])
def test_one_that_says_the_same_is_left_alone(there: str, server: GitHub, api: Api) -> None:
    server.add(body(there, commit=OLD, run=Run(40, 1)))
    assert say(api) == "unchanged"
    assert {method for method, _, _ in server.requests} == {"GET"}


def test_the_commit_and_the_run_of_a_link_are_no_difference(server: GitHub, api: Api) -> None:
    lines = (
        "### ❌\n[`a.tf:1`](https://github.com/acme/shop/blob/{0}/a.tf#L1) [full report](https://x/actions/runs/{1})\n"
    )
    server.add(body(lines.format(OLD, 40), commit=OLD, run=Run(40, 1)))
    assert say(api, lines.format(HEAD, 50)) == "unchanged"
    assert say(api, lines.format(HEAD, 50).replace("a.tf#L1", "b.tf#L1")) == "updated"


def test_what_is_not_worth_a_comment_updates_the_one_that_is_there_and_writes_none(server: GitHub, api: Api) -> None:
    nothing = note("### ✅ Nothing of SageMaker changes\n")
    assert comment(api, WHERE, nothing, if_there=True) == "absent"
    assert {method for method, _, _ in server.requests} == {"GET"}
    say(api)
    assert comment(api, WHERE, nothing, if_there=True) == "updated"
    assert server.bodies() == [body(nothing.text)]


def test_where_a_comment_told_of_endpoints_its_update_says_that_there_are_none_any_more(
    server: GitHub, api: Api
) -> None:
    say(api)
    assert comment(api, WHERE, note("### ✅ No SageMaker inference, nothing to pay\n"), if_there=True) == "updated"
    assert server.bodies() == [body("### ✅ No SageMaker inference any more, nothing to pay\n")]


def test_where_a_comment_told_of_a_change_its_update_says_that_there_is_none_any_more(server: GitHub, api: Api) -> None:
    """And the run after that finds nothing to alter."""
    nothing = note("### ✅ Nothing of SageMaker changes: 528 USD a month\n\nSo it is.\n")
    say(api)
    assert comment(api, WHERE, nothing, if_there=True) == "updated"
    assert server.bodies() == [body("### ✅ Nothing of SageMaker changes any more: 528 USD a month\n\nSo it is.\n")]
    assert comment(api, WHERE, nothing, if_there=True) == "unchanged"
    assert comment(api, WHERE, nothing) == "updated"  # only-when-changed is off: it is on every pull request


def test_it_is_found_behind_many_others_by_following_the_pages(server: GitHub, api: Api) -> None:
    for number in range(250):
        server.add(f"comment {number}")
    server.add(body("old", commit=OLD))
    assert say(api) == "updated"
    assert (len(server.comments), server.bodies()[-1]) == (251, body("### ❌ Fails\n"))
    pages = [path for method, path, status in server.requests if path.endswith("/issues/7/comments") and status == 200]
    assert len(pages) == 3 + 1, "the second look asks with ETags, and gets what has not changed for nothing"
    assert sum(status == 304 for _, _, status in server.requests) == 2


def test_other_tags_and_other_texts_are_not_it(server: GitHub, api: Api) -> None:
    others = [body("x", tag="network"), body("x", tag="default2"), "see <!-- guardrail:comment tag=default -->\n", ""]
    for other in others:
        server.add(other)
    assert say(api) == "created"
    assert server.bodies() == [*others, body("### ❌ Fails\n")]


def test_a_comment_by_a_stranger_is_never_taken_for_ours(server: GitHub, api: Api) -> None:
    """Who opens a pull request could write the line first, and edit "passes" into what we keep up to date."""
    server.add(body("✅ Passes"), user=STRANGER, association="CONTRIBUTOR")
    assert say(api) == "created"
    assert len(server.comments) == 2
    assert server.bodies()[0] == body("✅ Passes")


def test_a_comment_of_a_person_with_access_is_ours_because_tokens_are_theirs(server: GitHub, api: Api) -> None:
    server.add(body("old", commit=OLD), user={"login": "ann", "type": "User"}, association="MEMBER")
    assert say(api) == "updated"


def test_the_comment_of_a_token_whose_owner_hides_their_access_is_found_again(server: GitHub, api: Api) -> None:
    """Members of an organization may hide that they are; GitHub then calls them contributors, as it calls strangers."""
    server.login = "ann"
    assert say(api, "first") == "created"
    server.add(body("not hers"), user=STRANGER, association="CONTRIBUTOR")
    assert say(api, "second") == "updated"
    assert server.bodies() == [body("second"), body("not hers")]


def test_a_list_that_lags_behind_leads_to_no_second_comment(server: GitHub, api: Api) -> None:
    server.faults = [Fault("GET", "/comments", status=200, body=b"[]", times=99)]
    assert say(api) == "created"
    assert server.bodies() == [body("### ❌ Fails\n")]


def test_a_comment_from_before_there_were_stamps_is_replaced(server: GitHub, api: Api) -> None:
    server.add("<!-- guardrail:comment tag=default -->\nold")
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n")]


def test_comments_left_over_are_cleared_away(server: GitHub, api: Api) -> None:
    for commit in (OLD, NEW, OLD):
        server.add(body("old", commit=commit, run=Run(40, 1)))
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n")]


def test_a_dry_run_writes_nothing_and_needs_no_token(server: GitHub) -> None:
    reading = Api(server.url)
    assert comment(reading, WHERE, note(), dry_run=True) == "created"
    server.add(body("old", commit=OLD))
    assert comment(reading, WHERE, note(), dry_run=True) == "updated"
    assert {method for method, _, _ in server.requests} == {"GET"}
    assert server.authorizations == {None}


# Which run is right --------------------------------------------------------------------------------------------------


def test_a_run_whose_commit_is_not_the_head_any_more_replaces_nothing(server: GitHub, api: Api) -> None:
    for there in (HEAD, NEW):
        server.head = NEW
        server.comments = []
        server.add(body("of another commit", commit=there, run=Run(60, 1)))
        assert say(api) == "left"
        assert server.bodies() == [body("of another commit", commit=there, run=Run(60, 1))]


def test_of_two_runs_on_one_commit_the_later_one_wins(server: GitHub, api: Api) -> None:
    server.add(body("by run 50", run=Run(50, 1)))
    assert say(api, "by run 49", run=Run(49, 3)) == "left"
    assert say(api, "by run 50 again", run=Run(50, 2)) == "updated"
    assert say(api, "by the first attempt", run=Run(50, 1)) == "left"
    assert server.bodies() == [body("by run 50 again", run=Run(50, 2))]


def test_a_late_run_still_writes_where_there_is_no_comment_at_all(server: GitHub, api: Api) -> None:
    server.head = NEW
    assert say(api) == "created"


@pytest.mark.parametrize("rounds", range(3))
def test_runs_that_race_leave_one_comment_of_the_head(rounds: int, server: GitHub) -> None:
    """Six runs at once, of three commits: whichever way they interleave, the head's last run has the last word."""
    del rounds
    runs = [note(f"{commit[0]} {number}", commit=commit, run=Run(number, 1))
            for number, commit in enumerate((OLD, OLD, HEAD, HEAD, NEW, NEW), start=1)]  # fmt: skip
    start = threading.Barrier(len(runs))
    failures: list[BaseException] = []

    def write(one: CommentText) -> None:
        start.wait()
        try:
            comment(Api(server.url, TOKEN, sleep=lambda _: time.sleep(0.1)), WHERE, one)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=write, args=(one,)) for one in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert server.bodies() == [body("a 4", run=Run(4, 1))]


def test_two_runs_that_both_saw_nothing_end_as_one(server: GitHub, api: Api) -> None:
    """The worst moment, made certain: the other one writes between our look and our own writing."""
    theirs = body("by run 49", run=Run(49, 1))

    def meanwhile(method: str, _path: str) -> None:
        if method == "POST":
            server.before = lambda *_: None
            server.add(theirs)

    server.before = meanwhile
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n")]


def test_a_comment_on_a_page_that_was_not_there_before_is_seen(server: GitHub, api: Api) -> None:
    """A hundred comments fill a page; what two runs write at one moment is on the next one."""
    for number in range(100):
        server.add(f"comment {number}")

    def meanwhile(method: str, _path: str) -> None:
        if method == "POST":
            server.before = lambda *_: None
            server.add(body("by run 49", run=Run(49, 1)))

    server.before = meanwhile
    assert say(api) == "updated"
    assert server.bodies()[100:] == [body("### ❌ Fails\n")]


def test_the_older_of_the_two_takes_its_own_back(server: GitHub, api: Api) -> None:
    theirs = body("by run 51", run=Run(51, 1))

    def meanwhile(method: str, _path: str) -> None:
        if method == "POST":
            server.before = lambda *_: None
            server.add(theirs)

    server.before = meanwhile
    assert say(api) == "left"
    assert server.bodies() == [theirs]


def test_a_comment_that_is_deleted_meanwhile_is_written_again(server: GitHub, api: Api) -> None:
    server.add(body("old", commit=OLD))

    def meanwhile(method: str, _path: str) -> None:
        if method == "PATCH":
            server.before = lambda *_: None
            server.comments.clear()

    server.before = meanwhile
    assert say(api) == "created"
    assert server.bodies() == [body("### ❌ Fails\n")]


# Faults --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again_with_longer_pauses(
    status: int, server: GitHub, api: Api, slept: list[float]
) -> None:
    server.faults = [Fault("GET", "/comments", status=status, body=b"<html>unicorn</html>", times=3)]
    assert say(api) == "created"
    first, second, third, _ = slept
    assert (1 <= first <= 1.25, 2 <= second <= 2.5, 4 <= third <= 5) == (True, True, True)


def test_a_server_that_stays_in_trouble_is_given_up(server: GitHub, api: Api) -> None:
    server.faults = [Fault("GET", "/comments", status=502, times=99)]
    with pytest.raises(GitHubError, match="cannot be reached: GitHub answered 502"):
        say(api)
    assert server.made("GET") == 4


@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("how", [{"status": 502}, {"hang_up": True}], ids=["502", "broken connection"])
def test_a_new_comment_that_is_not_confirmed_is_looked_for_before_another_is_written(
    how: dict[str, Any], *, after: bool, server: GitHub, api: Api
) -> None:
    server.faults = [Fault("POST", after=after, **how)]
    assert say(api) in ("created", "unchanged")
    assert server.bodies() == [body("### ❌ Fails\n")]
    assert server.made("POST") == (1 if after else 2)


def test_a_change_that_is_not_confirmed_is_made_again(server: GitHub, api: Api) -> None:
    server.add(body("old", commit=OLD))
    server.faults = [Fault("PATCH", hang_up=True, after=True)]
    assert say(api) == "updated"
    assert server.bodies() == [body("### ❌ Fails\n")]


def test_a_slow_answer_is_no_reason_for_a_second_comment(server: GitHub) -> None:
    server.faults = [Fault("POST", after=True, delay_s=0.4)]
    impatient = Api(server.url, TOKEN, sleep=lambda _: time.sleep(0.5), read_s=0.2)
    assert say(impatient) in ("created", "unchanged")
    assert server.bodies() == [body("### ❌ Fails\n")]
    assert server.made("POST") == 1


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_rate_limit_is_waited_for_as_long_as_it_says(
    status: int, server: GitHub, api: Api, slept: list[float]
) -> None:
    said = {"message": "You have exceeded a secondary rate limit."}
    server.faults = [Fault("POST", status=status, headers={"Retry-After": "17"}, body=said)]
    assert say(api) == "created"
    assert slept[0] == 17
    assert len(server.comments) == 1


def test_a_secondary_rate_limit_that_does_not_say_how_long_is_given_a_minute(
    server: GitHub, api: Api, slept: list[float]
) -> None:
    server.faults = [Fault("GET", status=403, body={"message": "You have exceeded a secondary rate limit."})]
    assert say(api) == "created"
    assert slept[0] == 60


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (1_795_305_600.0, "now"),
        (315_532_800.0, "Sun, 22 Nov 2026 00:00:00 GMT"),
        (4_102_444_800.0, "Sun, 22 Nov 2026 00:00:00 GMT"),
    ],
    ids=["right", "1980", "2100"],
)
def test_a_primary_rate_limit_is_waited_for_until_it_is_reset(
    server: GitHub, api: Api, slept: list[float], monkeypatch: pytest.MonkeyPatch, clock: float, said: str
) -> None:
    """By GitHub's clock, 2026-11-22T00:00:00Z, that is 42 s away; where GitHub does not say, ours has to be right."""
    monkeypatch.setattr("time.time", lambda: clock)
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.date_time_string", lambda _: said)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795305642"}
    server.faults = [Fault("GET", status=403, headers=headers, body={"message": "API rate limit exceeded"})]
    assert say(api) == "created"
    assert slept[0] == 42


def test_nobody_waits_for_an_hour(server: GitHub, api: Api, slept: list[float]) -> None:
    server.faults = [Fault("GET", status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(GitHubError, match="rate limit is reached: it asks to wait 3,600 seconds"):
        say(api)
    assert slept == []


def test_waiting_adds_up_and_ends(server: GitHub, api: Api, slept: list[float]) -> None:
    server.faults = [Fault("GET", status=429, headers={"Retry-After": "50"}, times=99)]
    with pytest.raises(GitHubError, match="rate limit"):
        say(api)
    assert sum(slept) == 150 <= PATIENCE_S


def test_a_missing_permission_is_named_and_not_tried_again(server: GitHub, api: Api, slept: list[float]) -> None:
    said = {"message": "Resource not accessible by integration"}
    server.faults = [Fault("POST", status=403, headers=PERMISSION, body=said)]
    with pytest.raises(RefusedError) as raised:
        say(api)
    assert raised.value.message == (
        "the token may not do that (403, Resource not accessible by integration); "
        "it needs issues: write or pull-requests: write"
    )
    assert "pull-requests: write" in raised.value.hint
    assert (server.made("POST"), slept) == (1, [])


def test_a_pull_request_that_is_not_there_is_said(server: GitHub, api: Api) -> None:
    del server
    with pytest.raises(RefusedError, match="no such pull request, or the token may not see it"):
        comment(api, PullRequest("acme/shop", 8), note())


def test_a_token_that_is_not_taken_is_said_without_showing_it(server: GitHub) -> None:
    with pytest.raises(RefusedError, match="does not take the token") as raised:
        say(Api(server.url, "ghs_wrong"))
    assert "ghs_wrong" not in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize("answer", [b"<html>Log in</html>", b"{}", b'[{"id": "x"}]', b"\xff"])
def test_an_answer_of_something_else_is_an_error(answer: bytes, server: GitHub, api: Api) -> None:
    server.faults = [Fault("GET", "/comments", status=200, body=answer)]
    with pytest.raises(GitHubError, match="not what was asked for"):
        say(api)


def test_messages_of_the_server_are_shown_as_one_inert_line(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", status=400, body={"message": "a\n::error::b\x1b[31m" + "x" * 999})]
    with pytest.raises(RefusedError) as raised:
        say(api)
    assert raised.value.message.isprintable()
    assert len(raised.value.message) < 250


# Where the token goes ------------------------------------------------------------------------------------------------


def test_a_repository_that_was_renamed_is_followed_on_the_same_host(server: GitHub, api: Api) -> None:
    target = {"Location": "/api/v3/repos/acme/shop/issues/7/comments?per_page=100"}
    server.faults = [Fault("GET", "/repos/acme/old/issues", status=301, headers=target)]
    listed = api.items("/repos/acme/old/issues/7/comments", dict[str, Any])
    assert list(listed) == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_follows_no_redirect_to_another_host(status: int, server: GitHub, api: Api) -> None:
    with github() as other:
        server.faults = [Fault("GET", status=status, headers={"Location": f"{other.url}/repos/acme/shop/pulls/7"})]
        with pytest.raises(GitHubError, match="another host"):
            say(api)
        assert other.requests == []


def test_the_token_follows_no_page_to_another_host(server: GitHub, api: Api) -> None:
    with github() as other:
        elsewhere = {"Link": f'<{other.url}/repos/acme/shop/issues/7/comments?page=2>; rel="next"'}
        server.faults = [Fault("GET", status=200, headers=elsewhere, body=b"[]")]
        with pytest.raises(GitHubError, match="another host"):
            say(api)
        assert other.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example.com/api/v3",
        "ftp://127.0.0.1",
        "https://",
        "https://ann:secret@github.example.com",
        "http://127.0.0.1.evil.example/api",
        "https://github.example.com/api?token=x",
    ],
)
def test_no_token_goes_anywhere_but_over_https(url: str) -> None:
    with pytest.raises(GitHubError, match="no address for a token") as raised:
        Api(url, TOKEN)
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("url", ["https://api.github.com", "https://github.example.com/api/v3/", "http://[::1]:8080"])
def test_https_and_this_machine_are_addresses(url: str) -> None:
    Api(url, TOKEN)


@pytest.mark.parametrize("token", ["ghs_a\nX-Evil: b", "ghs_ä", "ghs a"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(GitHubError, match="characters that no token has") as raised:
        Api("https://api.github.com", token)
    assert "ghs" not in f"{raised.value.message} {raised.value.hint}"


def test_a_line_break_behind_a_token_is_no_part_of_it(server: GitHub) -> None:
    assert say(Api(server.url, f"{TOKEN}\n", sleep=lambda _: None)) == "created"


# Long texts ----------------------------------------------------------------------------------------------------------


def test_a_text_that_is_too_long_is_cut_below_the_limit_before_it_is_sent(server: GitHub, api: Api) -> None:
    assert say(api, "### ❌ Fails\n" + "é" * 99 + "\n" + "line ü\n" * 20_000) == "created"
    (written,) = server.bodies()
    assert 60_000 < len(written.encode()) <= 65_536
    assert written.endswith("_Cut to fit into a comment: the report of the run has all of it._\n")
    assert say(api, "### ❌ Fails\n" + "é" * 99 + "\n" + "line ü\n" * 20_000) == "unchanged"


def test_a_text_that_is_refused_as_too_long_is_cut_further(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", status=422, body={"message": "Validation Failed"})]
    assert say(api, "line\n" * 10_000) == "created"
    (written,) = server.bodies()
    assert len(written.encode()) <= 65_536 // 4


def test_a_refusal_that_no_cut_mends_is_an_error(server: GitHub, api: Api) -> None:
    server.faults = [Fault("POST", status=422, body={"message": "Validation Failed"}, times=9)]
    with pytest.raises(RefusedError, match=r"refuses \(422, Validation Failed\)"):
        say(api)
    assert server.comments == []


def test_what_a_cut_leaves_open_is_closed() -> None:
    lines = "x" * 70 + "\n"
    code = shortened("<details>\n<summary>a</summary>\n\n````hcl\n```\n" + lines * 99, 1000)
    assert "````\n\n</details>\n\n_Cut to fit" in code
    closed = shortened("<details>\n```\n<details>\n```\n</details>\n" + lines * 99, 1000)
    assert closed.count("</details>") == 1
    assert shortened("short\n", 1000) == "short\n"


def test_the_lines_that_are_not_shown_are_told_from_the_text() -> None:
    assert split(body("text", tag="network/prod")) == ("network/prod", "text")
    assert split("<!-- guardrail:comment tag=default -->\ntext") == ("default", "text")
    assert split("text") == (None, "text")
