"""One comment of many stacks: what its table comes to, and that no job loses a section of another one.

The amounts are whole: a stack of 100 after 40 adds 60, one of 20 after 50 saves 30.
"""

import base64
import re
import threading
import time
import zlib
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Delta, Monthly
from guardrail.errors import GitHubError
from guardrail.github import comment as writing
from guardrail.github.api import Api
from guardrail.github.comment import CommentText, Done, PullRequest, comment_sections
from guardrail.github.runner import Run
from guardrail.github.sections import (
    CommentSection,
    SectionFacts,
    absent,
    composed,
    merged,
    parsed,
    section,
    unanswered,
)
from guardrail.model import Unknown
from guardrail.policy.base import Severity
from guardrail.report import Totals
from guardrail.reporters.base import Options
from guardrail.reporters.markdown import ToMend
from guardrail.reporters.overview import Counts
from tests.github.server import STRANGER, TOKEN, GitHub, github
from tests.reporters.reports import report

WHERE = PullRequest("acme/shop", 7)
OLD, HEAD = "b" * 40, "a" * 40
LIMIT = 60_000


def money(usd: int, **flags: Any) -> Monthly:
    return Monthly(floor=Decimal(usd), expected=Decimal(usd), ceiling=Decimal(usd), **flags)


def changed(before: int, after: int, **flags: Any) -> Totals:
    delta = Decimal(after - before)
    return Totals(before=money(before), after=money(after, **flags), delta=Delta(delta, delta, delta))


def stack(name: str, totals: Totals, **changes: Any) -> CommentSection:
    facts: dict[str, Any] = {"totals": totals, "state": "known", "verdict": "passes"}
    facts |= {key: changes.pop(key) for key in list(changes) if key in SectionFacts.__struct_fields__}
    known: dict[str, Any] = {"commit": HEAD, "run": Run(50, 1), "text": f"### {name}\n\nits text"}
    return CommentSection(name=name, facts=SectionFacts(**facts), **(known | changes))


CHAT = stack("infra/chat", changed(40, 100), verdict="fails", counts=Counts(error=2))
SEARCH = stack("infra/search", changed(50, 20), counts=Counts(warning=1))


# The text ------------------------------------------------------------------------------------------------------------


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def test_the_table_has_a_row_for_each_stack_and_their_sum() -> None:
    """40 + 50 = 90 before, 100 + 20 = 120 after, +30."""
    text = composed([SEARCH, CHAT], HEAD, LIMIT)
    assert text.splitlines()[:3] == [
        "### ❌ This change adds 30 USD a month (90 → 120)",
        "",
        "**2 errors, 1 warning.** 1 of 2 stacks fails.",
    ]
    assert rows(text) == [
        "| ❌ `infra/chat` | **+60** | 40&nbsp;→ 100 |",
        "| `infra/search` | **−30** | 50&nbsp;→ 20 |",
        "| **USD a month**, expected | **+30** | 90&nbsp;→ 120 |",
    ]


def test_what_fails_is_open_and_the_rest_is_folded() -> None:
    text = composed([SEARCH, CHAT], HEAD, LIMIT)
    assert "<details open><summary>❌ <code>infra/chat</code>: +60</summary>" in text
    assert "<details><summary><code>infra/search</code>: −30</summary>" in text


def test_a_stack_that_was_not_run_is_in_no_amount_and_the_change_is_not_known() -> None:
    """100 of one that was run; 20 of the other one is of an older commit."""
    text = composed([CHAT, stack("infra/search", changed(50, 20), commit=OLD)], HEAD, LIMIT)
    assert text.splitlines()[0] == "### ❌ What this change adds is not known (40 → ≥100)"
    assert "❔ **Not run on `aaaaaaa`**, and in no amount: `infra/search`" in text
    assert rows(text)[1:] == [
        "| ❔ `infra/search` | not run on `aaaaaaa` |  |",
        "| **USD a month**, expected | unknown | 40&nbsp;→ ≥100 |",
    ]
    assert "<summary>❔ <code>infra/search</code>: not run on <code>aaaaaaa</code>, of bbbbbbb</summary>" in text


def test_where_all_that_was_run_passes_and_one_was_not_run_the_whole_is_no_pass() -> None:
    text = composed([SEARCH, stack("infra/chat", changed(40, 100), commit=OLD)], HEAD, LIMIT)
    assert text.startswith("### ❔ ")


def test_what_is_missing_in_one_stack_leaves_a_bound_of_the_sum() -> None:
    """At least 60 and exactly −30 are at least 30."""
    lacks = Unknown("no price", at_least=Decimal(60))
    totals = Totals(before=money(40), after=money(100, at_least=True), delta=Delta(lacks, lacks, lacks))
    text = composed([stack("infra/chat", totals), SEARCH], HEAD, LIMIT)
    assert text.splitlines()[0] == "### ✅ This change adds at least 30 USD a month (90 → ≥120)"


def test_a_stack_without_a_past_leaves_the_change_of_the_whole_unknown() -> None:
    text = composed([stack("new", Totals(before=None, after=money(7), delta=None)), SEARCH], HEAD, LIMIT)
    assert text.splitlines()[0].startswith("### ✅ What this change adds is not known")
    assert "| `new` |  | 7 |" in text


def test_stacks_without_a_past_say_what_they_cost() -> None:
    found = [stack(name, Totals(before=None, after=money(usd), delta=None)) for name, usd in (("a", 7), ("b", 5))]
    text = composed(found, HEAD, LIMIT)
    assert text.splitlines()[0] == "### ✅ 12 USD a month"
    assert rows(text)[-1] == "| **USD a month**, expected | 12 | 12 |"


def test_one_stack_alone_is_its_own_comment() -> None:
    text = composed([CHAT], HEAD, LIMIT)
    assert text.count("###") == 1
    assert "<details" not in text
    assert parsed(text) == {"infra/chat": CHAT}


def test_a_check_without_an_answer_is_no_pass_and_no_amount() -> None:
    text = composed([SEARCH, unanswered("infra/chat", HEAD, Run(50, 1), "### ❓ no answer\n")], HEAD, LIMIT)
    assert text.splitlines()[0] == "### ❓ What this change adds is not known (50 → ≥20)"
    assert "| ❓ `infra/chat` | unknown | 0&nbsp;→ unknown |" in text


def test_altered_terms_are_told_on_top() -> None:
    text = composed([stack("infra/chat", changed(1, 1), alters_terms=True), SEARCH], HEAD, LIMIT)
    assert "⚠️ The terms that they are judged by are altered: `infra/chat`." in text


# Hidden lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ['infra/m["a"]', "a --> b", "a--%3Eb", "x\ny", "-->\n### fake", "é/ü", "a|b`c", "<!-- guardrail:end -->", "\udcff"],
)
def test_any_name_is_read_again_and_no_name_ends_its_line(name: str) -> None:
    text = composed([stack(name, changed(1, 2)), SEARCH], HEAD, LIMIT)
    assert parsed(text).keys() == {name, "infra/search"}
    hidden = [line for line in text.splitlines() if line.startswith("<!-- guardrail:section")]
    assert len(hidden) == 2
    assert all(line.count("-->") == 1 for line in hidden)


def test_a_text_that_holds_hidden_lines_cannot_write_the_section_of_another_stack() -> None:
    forged = composed([stack("infra/search", changed(0, 0))], HEAD, LIMIT)
    found = report(notices=(forged, "<!-- guardrail:end -->"))
    written = section(found, "infra/chat", HEAD, Run(50, 1), Options())
    told = unanswered("infra/queue", HEAD, Run(50, 1), f"```\n{forged}\n```\n")
    assert parsed(composed([written, told, SEARCH], HEAD, LIMIT))["infra/search"] == SEARCH
    assert parsed(composed([written, told], HEAD, LIMIT)).keys() == {"infra/chat", "infra/queue"}


@pytest.mark.parametrize(
    "facts",
    [
        b"not packed",
        zlib.compress(b"{}"),
        zlib.compress(b'{"totals": {"before": null, "after": {"floor": "NaN"}}}'),
        zlib.compress(b" " * 10_000_000),
    ],
)
def test_a_hidden_line_that_cannot_be_read_is_none(facts: bytes) -> None:
    text = re.sub(r"facts=\S+", f"facts={base64.urlsafe_b64encode(facts).decode()}", composed([CHAT], HEAD, LIMIT))
    assert parsed(text) == {}


def test_a_number_that_is_none_is_not_summed() -> None:
    endless = Totals(before=None, after=money(1), delta=Delta(Decimal("NaN"), Decimal("NaN"), Decimal("NaN")))
    assert parsed(composed([stack("infra/chat", endless)], HEAD, LIMIT)) == {}


def test_of_two_sections_of_a_name_that_of_the_head_stays_then_that_of_the_later_run() -> None:
    late = stack("infra/chat", changed(0, 1), commit=OLD, run=Run(99, 1))
    rerun = stack("infra/chat", changed(0, 2), run=Run(50, 2))
    assert merged([{"infra/chat": CHAT}, {"infra/chat": late}], HEAD) == {"infra/chat": CHAT}
    assert merged([{"infra/chat": rerun}, {"infra/chat": CHAT}], HEAD) == {"infra/chat": rerun}


def test_of_two_sections_of_one_run_that_which_it_has_now_stays() -> None:
    again = stack("infra/chat", changed(40, 110))
    assert merged([{"infra/chat": CHAT}, {"infra/chat": again}], HEAD) == {"infra/chat": again}


# Room ----------------------------------------------------------------------------------------------------------------


def test_where_room_is_short_texts_are_cut_and_rows_are_not() -> None:
    many = [stack(f"s{at:02}", changed(at, 2 * at), text=f"### s{at}\n" + "line of text\n" * 500) for at in range(30)]
    text = composed(many, HEAD, LIMIT)
    assert len(text.encode()) <= LIMIT
    assert len(rows(text)) == 31
    assert len(parsed(text)) == 30


def test_what_was_cut_is_cut_the_same_way_again() -> None:
    many = [stack(f"s{at:02}", changed(at, 2 * at), text="line of text\n" * 900) for at in range(20)]
    once = composed(many, HEAD, LIMIT)
    twice = composed(merged([parsed(once), {"s03": many[3]}], HEAD).values(), HEAD, LIMIT)
    assert composed(merged([parsed(twice), {"s03": many[3]}], HEAD).values(), HEAD, LIMIT) == twice


def test_stacks_whose_rows_do_not_fit_are_refused_with_a_way_out() -> None:
    with pytest.raises(GitHubError, match="600 stacks are too many for one comment") as refused:
        composed([stack(f"s{at}", changed(0, at)) for at in range(600)], HEAD, LIMIT)
    assert refused.value.hint == "give groups of them a --tag each"


def test_of_more_stacks_than_have_room_the_last_job_shows_the_rows_of_the_first_and_the_sum_of_the_rest() -> None:
    """Of 2,000 stacks that come to 1, 2, … 2,000 USD: together 2,000 × 2,001 / 2 = 2,001,000."""
    many = [stack(f"s{at}", changed(0, at)) for at in range(1, 2_001)]
    text = composed(many, HEAD, LIMIT, are_all=True)
    assert len(text.encode()) <= LIMIT
    *shown, rest, total = rows(text)
    assert shown[0] == "| `s2000` | **+2,000** | 0&nbsp;→ 2,000 |"
    sum_of_rest = sum(range(1, 2_001 - len(shown)))
    assert rest == f"| {2_000 - len(shown):,} more stacks | **+{sum_of_rest:,}** | 0&nbsp;→ {sum_of_rest:,} |"
    assert "+2,001,000" in total
    assert len(shown) > 500


def test_stacks_without_room_for_their_text_have_a_row_where_nobody_else_writes_any() -> None:
    many = [stack(f"s{at:03}", changed(0, 1_000 - at), text="x" * 400) for at in range(200)]
    text = composed(many, HEAD, LIMIT, are_all=True)
    assert len(text.encode()) <= LIMIT
    assert len(rows(text)) == 201
    assert list(parsed(text)) == [f"s{at:03}" for at in range(len(parsed(text)))]
    assert "the reports of the others have all of it" in text


def test_broken_budgets_stand_first_and_what_is_in_no_number_has_its_stack() -> None:
    lines = composed(
        [
            stack(
                "a", changed(0, 100), verdict="fails", broken=("the expected cost of 100.00, above 50.00 (--budget)",)
            ),
            stack("b", changed(0, 1, at_least=True), gaps=("its configuration is managed elsewhere (c.d)",)),
        ],
        HEAD,
        LIMIT,
    ).splitlines()
    assert lines[2] == "❌ **Budget broken** in `a`: the expected cost of 100.00, above 50.00 (`--budget`)"
    assert lines[6] == "❔ **Not in these numbers:** `b`: its configuration is managed elsewhere (`c.d`)"


def test_a_check_of_several_inputs_has_a_row_for_each_below_its_own() -> None:
    """40 to 100 and 50 to 20: 90 to 120."""
    parts = {"chat": changed(40, 100), "search": changed(50, 20)}
    text = composed([stack("infra", changed(90, 120), stacks=parts), stack("web", changed(0, 1))], HEAD, LIMIT)
    assert rows(text)[:4] == [
        "| `infra` | **+30** | 90&nbsp;→ 120 |",
        "| &emsp;`chat` | **+60** | 40&nbsp;→ 100 |",
        "| &emsp;`search` | **−30** | 50&nbsp;→ 20 |",
        "| `web` | **+1** | 0&nbsp;→ 1 |",
    ]
    assert {each.name: each.facts.stacks for each in parsed(text).values()} == {"infra": parts, "web": {}}


def test_what_all_come_to_at_both_ends_stands_below_their_sum() -> None:
    scaling = Monthly(floor=Decimal(60), expected=Decimal(100), ceiling=Decimal(400))
    delta = Delta(Decimal(60), Decimal(100), Decimal(400))
    totals = Totals(before=money(0), after=scaling, delta=delta)
    text = composed([stack("a", totals), stack("b", changed(0, 5))], HEAD, LIMIT)
    assert rows(text)[-1] == "| all scaled in to all scaled out |  | 65&nbsp;to 405 |"


def to_mend(text: str, severity: Severity = "error", usd: int = 0) -> ToMend:
    return ToMend(severity=severity, usd=Decimal(usd), text=text)


def test_what_is_to_mend_in_all_stacks_stands_on_top_the_worst_and_dearest_first_each_with_its_section() -> None:
    chat = structs.replace(CHAT.facts, mending=(to_mend("`a`", usd=7), to_mend("`b`", "warning", 900)))
    search = structs.replace(SEARCH.facts, mending=(to_mend("`c`", usd=80), to_mend("`d`")), mending_left=3)
    gone = structs.replace(CHAT, name="gone", commit=OLD, facts=structs.replace(chat, mending=(to_mend("`old`"),)))
    sections = [structs.replace(CHAT, facts=chat), structs.replace(SEARCH, facts=search), gone]
    text = composed(sections, HEAD, LIMIT)
    top = text[: text.index("<!-- guardrail:section")]
    lines = [line for line in top.splitlines() if line.startswith("- ")]
    found = [re.fullmatch(r"- (\S+) `(.)` \(\[`(.*)`\]\(#user-content-(stack-[0-9a-f]{8})\)\)", line) for line in lines]
    assert [(line[1], line[2], line[3]) for line in found if line] == [
        ("❌", "c", "infra/search"),
        ("❌", "a", "infra/chat"),
        ("❌", "d", "infra/search"),
        ("⚠️", "b", "infra/chat"),
    ]
    for line in filter(None, found):
        (title,) = [each for each in text.splitlines() if f'<summary><a name="{line[4]}"></a>' in each]
        assert line[3] in title
    assert "3 more findings in the sections below" in top
    assert "old" not in top
    assert parsed(text)["infra/chat"].facts.mending == chat.mending


def test_the_list_of_what_is_to_mend_is_short_and_makes_room_for_the_rows() -> None:
    """Five of each of three stacks are fifteen, of which ten are shown, and fewer where the room is short."""
    many = tuple(to_mend("x" * 300, usd=at) for at in range(5))
    sections = [
        structs.replace(each, facts=structs.replace(each.facts, mending=many))
        for each in (CHAT, SEARCH, stack("infra/voice", changed(0, 1)))
    ]
    text = composed(sections, HEAD, LIMIT)
    assert text.count("x" * 300) == 10
    assert "5 more findings in the sections below" in text
    short = composed(sections, HEAD, 5_000)
    assert 0 < short.count("x" * 300) < 4
    assert rows(short) == rows(text)
    assert len(short.encode()) <= 5_000


def test_a_report_brings_what_it_has_to_mend() -> None:
    """The only error of it keeps an instance for up to 84.51 USD while its queue is empty."""
    found = section(report(), "infra/chat", HEAD, Run(1, 1), Options())
    assert [each.severity for each in found.facts.mending][:1] == ["error"]
    assert "**Fix:**" in found.facts.mending[0].text
    assert "**up to −85 USD** · `docs`" in found.facts.mending[0].text


def test_where_not_one_stack_was_run_nothing_is_said_to_pass() -> None:
    text = composed([absent("a"), absent("b")], HEAD, LIMIT, are_all=True)
    assert text.startswith("### ❓ Not one stack was run on `aaaaaaa`\n")
    assert "Not run on `aaaaaaa`**, and in no amount: `a`, `b`" in text
    assert "no findings" not in text


# Writing -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        yield running


@pytest.fixture
def api(server: GitHub) -> Api:
    return Api(server.url, TOKEN, sleep=lambda _: None, read_s=5)


def say(api: Api, *ours: CommentSection, **options: Any) -> Done:
    note = CommentText(tag="stacks", text="", commit=ours[0].commit, run=ours[0].run)
    return comment_sections(api, WHERE, {each.name: each for each in ours}, note, **options)


def there(server: GitHub) -> dict[str, CommentSection]:
    (body,) = (body for body in server.bodies() if body.startswith("<!-- guardrail:comment tag=stacks -->"))
    return parsed(body)


def test_a_job_adds_its_section_and_keeps_those_that_are_there(server: GitHub, api: Api) -> None:
    assert say(api, CHAT) == "created"
    assert say(api, SEARCH) == "updated"
    assert say(api, SEARCH) == "unchanged"
    assert there(server) == {"infra/chat": CHAT, "infra/search": SEARCH}


def test_the_merging_job_drops_what_its_list_lacks(server: GitHub, api: Api) -> None:
    say(api, CHAT)
    say(api, stack("infra/gone", changed(1, 2)))
    assert say(api, SEARCH, only={"infra/search", "infra/chat"}) == "updated"
    assert there(server).keys() == {"infra/chat", "infra/search"}


def test_a_late_job_of_an_older_commit_writes_over_nothing(server: GitHub, api: Api) -> None:
    say(api, CHAT)
    assert say(api, stack("infra/chat", changed(0, 1), commit=OLD)) == "left"
    assert say(api, stack("infra/search", changed(0, 1), commit=OLD)) == "left"
    assert there(server) == {"infra/chat": CHAT}


def test_an_older_run_of_the_same_commit_leaves_the_later_one(server: GitHub, api: Api) -> None:
    later = stack("infra/chat", changed(0, 1), run=Run(50, 2))
    say(api, later)
    assert say(api, CHAT) == "left"
    assert there(server) == {"infra/chat": later}
    assert say(api, CHAT, SEARCH) == "left"  # of its two sections the one
    assert there(server) == {"infra/chat": later, "infra/search": SEARCH}


def test_what_changes_nothing_is_told_only_where_it_was_told_before_or_where_a_list_names_it(
    server: GitHub, api: Api
) -> None:
    lines = "<!-- guardrail:comment tag=stacks -->\n"
    server.add(lines + composed([CHAT], HEAD, LIMIT))
    assert say(api, SEARCH, if_there=True) == "absent"
    assert there(server).keys() == {"infra/chat"}
    assert say(api, SEARCH, if_there=True, only={"infra/chat", "infra/search"}) == "updated"
    assert there(server).keys() == {"infra/chat", "infra/search"}
    server.add(lines + composed([stack("infra/queue", changed(0, 0))], HEAD, LIMIT))  # in one of two comments
    assert say(api, stack("infra/queue", changed(0, 0), run=Run(51, 1)), if_there=True) == "updated"
    assert there(server).keys() == {"infra/chat", "infra/search", "infra/queue"}


def test_two_comments_of_one_second_are_folded_into_the_older(server: GitHub, api: Api) -> None:
    lines = "<!-- guardrail:comment tag=stacks -->\n"
    for number in range(120):
        server.add(f"somebody's comment {number}")
    oldest = server.add(lines + composed([CHAT], HEAD, LIMIT))
    server.add(lines + composed([SEARCH], HEAD, LIMIT))
    assert say(api, stack("infra/queue", changed(0, 0))) == "updated"
    assert there(server).keys() == {"infra/chat", "infra/search", "infra/queue"}
    assert len(server.comments) == 121
    assert server.comments[-1]["id"] == oldest


def test_sections_that_a_stranger_wrote_are_none(server: GitHub, api: Api) -> None:
    server.add("<!-- guardrail:comment tag=stacks -->\n" + composed([CHAT], HEAD, LIMIT), user=STRANGER)
    assert say(api, SEARCH) == "created"
    assert [parsed(body).keys() for body in server.bodies()] == [{"infra/chat"}, {"infra/search"}]


def test_a_section_that_another_job_wrote_over_is_written_again(server: GitHub, api: Api) -> None:
    """Another job read before this one wrote, and writes after it."""
    say(api, CHAT)
    body = server.bodies()[0]
    once = [True]

    def another(method: str, _: str) -> None:
        if method == "GET" and once and "infra/search" in server.bodies()[0]:
            once.clear()
            server.comments[0]["body"] = body

    server.before = another
    assert say(api, SEARCH) == "updated"
    assert not once
    assert there(server).keys() == {"infra/chat", "infra/search"}


@pytest.mark.parametrize(("took", "looks"), [(2.0, 2), (2.001, 3)])
def test_what_was_seen_more_than_two_seconds_ago_is_looked_at_again_before_it_is_written_over(
    server: GitHub, api: Api, monkeypatch: pytest.MonkeyPatch, took: float, looks: int
) -> None:
    say(api, CHAT)
    now = [100.0]
    monkeypatch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    slow = [True]

    def delay(method: str, path: str) -> None:
        if slow and method == "GET" and path.endswith("/pulls/7"):
            slow.clear()
            now[0] += took
            if looks > 2:  # meanwhile somebody adds a section
                text = composed([CHAT, stack("infra/queue", changed(0, 0))], HEAD, LIMIT)
                server.comments[0]["body"] = "<!-- guardrail:comment tag=stacks -->\n" + text

    server.before = delay
    before = server.made("GET")
    assert say(api, SEARCH) == "updated"
    assert there(server).keys() >= {"infra/chat", "infra/search"}
    assert ("infra/queue" in there(server)) is (looks > 2)
    assert (server.made("PATCH"), server.made("GET") - before) == (1, 2 * looks)  # the comments, and the head
    assert writing.SETTLING_S > writing.QUICKLY_S


def test_five_jobs_that_race_for_one_comment_lose_no_section(server: GitHub) -> None:
    """Waiting is 20 times shorter than it is, and so is the time from looking to writing, of a millisecond or two."""
    names = [f"infra/{name}" for name in "abcde"]
    start = threading.Barrier(len(names))

    def job(at: int) -> None:
        api = Api(server.url, TOKEN, sleep=lambda seconds: time.sleep(seconds / 20), read_s=5)
        start.wait()
        say(api, stack(names[at], changed(0, at)))

    threads = [threading.Thread(target=job, args=(at,)) for at in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert there(server).keys() == set(names)
    assert len(server.comments) == 1
