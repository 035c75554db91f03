"""The comment: one headline, a table by endpoint, what to change, and never more bytes than GitHub takes."""

import re
from decimal import Decimal

import pytest
from msgspec import structs

from guardrail.cost.base import Delta
from guardrail.model import Skipped, Unknown
from guardrail.policy.base import AppliedWaiver, Remediation
from guardrail.report import DiscountReport, Report, SkippedReport, Source, Totals
from guardrail.reporters.base import Options
from guardrail.reporters.gfm import code, fenced, link, prose
from guardrail.reporters.markdown import COMMENT_LIMIT, marker, render
from guardrail.reporters.summary import SUMMARY_LIMIT
from guardrail.reporters.summary import render as render_summary
from tests.reporters.reports import chat, docs, finding, monthly, report, summary


def size(text: str) -> int:
    return len(text.encode())


def many(endpoints: int, findings_each: int, name: str = "service") -> Report:
    """Endpoints of 1, 2, 3, … USD a month with findings worth as much, the dearest last by name."""
    items, results = [], []
    for number in range(1, endpoints + 1):
        address = f"aws_sagemaker_endpoint.{name}_{number:04}"
        item = docs()
        assert item.cost
        cost = structs.replace(item.cost, monthly=monthly(str(number), str(number), str(number)))
        one = structs.replace(item.endpoint, name=f"{name}-{number:04}", address=address)
        items.append(structs.replace(item, endpoint=one, cost=cost))
        results += [
            finding(
                f"policy-{at}",
                address=address,
                endpoint=address,
                message=f"{name}-{number:04} is dear",
                saving_monthly=Decimal(number),
            )
            for at in reversed(range(findings_each))
        ]
    results.reverse()
    return report(endpoints=tuple(items), results=tuple(results), summary=summary(error=len(results)))


def test_the_marker_comes_first_and_carries_the_tag() -> None:
    assert render(report()).splitlines()[0] == "<!-- guardrail:comment tag=default -->"
    assert render(report(), Options(tag="network/prod")).startswith(marker("network/prod"))


def test_the_headline_says_what_it_costs_what_changes_and_the_verdict() -> None:
    assert render(report()).splitlines()[1:4] == [
        "### ❌ Fails: 596.61 USD a month + usage, +424.93 with this change",
        "",
        "1 error",
    ]


def test_terms_that_the_change_alters_stand_in_the_headline_and_are_text() -> None:
    """A change that turns its own gate off must not look as if it had passed one."""
    phrases = ("fail_on from error to never", "a waiver of p for @everyone <b> until 2027-01-31")
    text = render(report(results=(), exit_code=0, own_terms=phrases))
    assert "### ✅ Passes, by terms it alters: " in text
    line = text.splitlines()[3]
    assert line.startswith(
        "⚠️ **This change alters the terms it is judged by:** `fail_on` from error to never; a waiver of p for "
    )
    assert line.endswith("`@everyone <b>` until 2027-01-31"), "in a code span, where neither means anything"
    many = render(report(own_terms=tuple(f"p{number} is off" for number in range(25))))
    assert " is off; and 15 more\n" in many


def test_a_good_change_says_so() -> None:
    totals = Totals(
        before=monthly("20", "20", "20"),
        after=monthly("10", "10", "10"),
        delta=Delta(Decimal(-10), Decimal(-10), Decimal(-10)),
    )
    text = render(report(totals=totals, results=(), exit_code=0))
    assert "### ✅ Passes: 10.00 USD a month, -10.00 with this change\n\nno findings\n" in text


def test_an_answer_that_cannot_be_trusted_is_no_pass() -> None:
    assert "### ❓ Cannot be trusted: " in render(report(results=(), exit_code=3))


@pytest.mark.parametrize(
    ("after", "headline"),
    [
        (monthly("1", "2", "3", at_least=True), "≥2.00 USD a month"),
        (monthly("1", "2", "3", estimated=True), "~2.00 USD a month"),
        (structs.replace(monthly("1", "2", "3"), expected=Unknown("r")), "1.00 to 3.00 USD a month"),
        (monthly("0", "0", "0", at_least=True), "Unknown cost"),
        (monthly("0", "0", "0", depends_on_usage=True), "0.00 USD a month + usage"),
    ],
)
def test_the_headline_never_claims_more_than_is_known(after: object, headline: str) -> None:
    totals = Totals(before=None, after=after, delta=None)  # type: ignore[arg-type]
    assert f": {headline}\n" in render(report(totals=totals))


def test_an_unknown_change_is_not_a_number() -> None:
    unknown = Unknown("known only after apply")
    totals = structs.replace(report().totals, delta=Delta(unknown, unknown, unknown))
    text = render(report(totals=totals))
    assert "596.61 USD a month + usage, change unknown\n" in text
    assert "| 425.91 | 596.61 | 1,277.73 | **unknown** |" in text


def test_the_table_has_a_row_for_each_endpoint_and_the_totals() -> None:
    """Neither was there before, so each changes the month by what it is expected to cost: 512.10 and 84.51."""
    assert [line for line in render(report()).splitlines() if line.startswith("|")] == [
        "| endpoint | | floor | expected | ceiling | change |",
        "|:--|:--|--:|--:|--:|--:|",
        "| `chat-prod` | real-time · new · + usage | 341.40 | 512.10 | 1,024.20 | +512.10 |",
        "| `docs` | asynchronous · new | 84.51 | 84.51 | 253.53 | +84.51 |",
        "| **a month** | + usage | 425.91 | 596.61 | 1,277.73 | **+424.93** |",
        "| before |  | 171.68 | 171.68 | 171.68 |  |",
    ]


def test_a_deleted_endpoint_shows_what_is_saved() -> None:
    gone = structs.replace(
        docs(),
        endpoint=structs.replace(docs().endpoint, change="delete"),
        before=monthly("84.51", "84.51", "253.53"),
        cost=None,
    )
    assert "| `docs` | asynchronous · deleted |  |  |  | -84.51 |" in render(report(endpoints=(gone,)))


def test_a_change_of_the_ceiling_alone_is_no_change_of_nothing() -> None:
    """The ceiling was 84.51 and is 253.53: 169.02 more."""
    wider = structs.replace(docs(), before=monthly("84.51", "84.51", "84.51"))
    assert "| 0.00, ceiling +169.02 |" in render(report(endpoints=(wider,)))


def test_the_change_of_what_lacks_a_part_is_unknown() -> None:
    partial = structs.replace(docs(), before=monthly("1", "1", "1", at_least=True))
    assert "| 84.51 | 84.51 | 253.53 | unknown |" in render(report(endpoints=(partial,)))


def test_without_a_past_there_is_no_change_at_all() -> None:
    (source,) = report().sources
    text = render(
        report(
            sources=(structs.replace(source, has_before=False),),
            totals=Totals(before=None, after=monthly("1", "2", "3"), delta=None),
        )
    )
    assert "with this change" not in text
    assert "| `docs` | asynchronous | 84.51 | 84.51 | 253.53 |  |" in text


def test_what_the_change_leaves_alone_is_one_row() -> None:
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    totals = structs.replace(report().totals, unchanged=monthly("84.51", "84.51", "253.53"))
    text = render(report(endpoints=(chat(), same), totals=totals))
    assert "| 1 endpoint, unchanged |  | 84.51 | 84.51 | 253.53 | 0.00 |" in text
    assert "`docs`" not in text.partition("\n❌")[0]


def test_the_bill_with_discounts_stands_below_the_list_bill() -> None:
    """20 % off everything: 596.61 x 0.8 = 477.288."""
    discounts = DiscountReport(
        before=monthly("137.34", "137.34", "137.34"),
        after=monthly("340.73", "477.29", "1022.18"),
        delta=Delta(Decimal("203.39"), Decimal("339.95"), Decimal("884.84")),
        endpoints={},
        plan=None,
        budgets="list",
        notes=(),
    )
    assert (
        "| 1,277.73 | **+424.93** |\n| with discounts |  | 340.73 | 477.29 | 1,022.18 | +339.95 |\n| before |"
    ) in render(report(discounts=discounts))


def test_several_inputs_are_told_apart() -> None:
    sources = tuple(
        Source(id=path, path=path, kind="terraform-plan", format_version="1.2", has_before=True, complete=True)
        for path in ("plan.json", "other.json")
    )
    elsewhere = structs.replace(docs(), source="other.json")
    assert "| `docs` in `other.json` |" in render(report(sources=sources, endpoints=(chat(), elsewhere)))


def test_a_finding_says_where_what_it_costs_and_the_lines_to_change() -> None:
    assert (
        "❌ **`async-scales-to-zero`** "
        '`module.docs["a"].aws_appautoscaling_target.this` at `infra/docs.tf:12`<br>\n'
        "`min_capacity` is 1: docs keeps one instance even when its queue is empty, up to 84.51 USD a month\n"
        "<details><summary>Lines to change</summary>\n\n"
        "```hcl\nmin_capacity = 0\n```\n\n"
        "[Documentation](https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html)\n\n"
        "</details>\n"
    ) in render(report())


FIX = Remediation(terraform='tags = { a = "b" }, or\nmin_capacity = 0', cloudformation="MinCapacity: 0")
NOTE = "Security Hub wants more: keep min_capacity"


def test_a_fix_stands_below_the_message_and_what_to_know_below_the_fix() -> None:
    assert (
        "<br>\ntoo dear<br>\n"
        '**Fix:** `tags = { a = "b" }`, or<br>\n'
        "`min_capacity = 0`<br>\n"
        "Security Hub wants more: keep `min_capacity`\n<details>"
    ) in render(report(results=(finding(message="too dear", fix=FIX, notes=(NOTE,)),)))


def test_lines_to_change_are_in_the_language_of_the_source() -> None:
    (source,) = report().sources
    text = render(report(sources=(structs.replace(source, kind="cloudformation"),)))
    assert "```yaml\nMinCapacity: 0\n```" in text


def test_the_same_lines_to_change_stand_once() -> None:
    other = finding(variant="v2", severity="warning", message="something else")
    assert render(report(results=(finding(), other))).count("Lines to change") == 1


def test_what_does_not_count_is_folded_away() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin=".guardrail.yml")
    text = render(
        report(
            results=(
                finding("old", status="existing"),
                finding("not-known", verdict="open", reason="known only after apply"),
                finding("fine-by-us", verdict="waived", waiver=waiver),
                finding("all-right", verdict="pass", status=None),
            ),
            skipped=(SkippedReport(source="plan.json", resource=Skipped(address="a.b", type="a", reason="no link")),),
            exit_code=0,
        )
    )
    before, _, folded = text.partition("<details>")
    assert "`" not in before.partition("| before |")[2]
    assert "1 error undecided" in before
    block = '`module.docs["a"].aws_appautoscaling_target.this`'
    assert f"- ❌ `old` {block}, up to 84.51 USD a month" in folded
    assert f"- ❌ `not-known` {block}: known only after apply" in folded
    assert f"- `fine-by-us` {block} until 2027-01-31 by ada: load test" in folded
    assert "- `a.b`: no link" in folded
    assert "all-right" not in text


def test_with_all_old_findings_count() -> None:
    text = render(report(results=(finding(status="existing"),), all_findings=True))
    assert "\n1 error\n" in text
    assert "❌ **`async-scales-to-zero`**" in text


def test_instances_of_one_block_are_one_finding() -> None:
    both = tuple(
        finding(
            address=f'module.docs["{key}"].aws_appautoscaling_target.this',
            endpoint=f'module.docs["{key}"].aws_sagemaker_endpoint.this',
            message="too dear",
        )
        for key in "ab"
    )
    assert (
        "`module.docs.aws_appautoscaling_target.this` at `infra/docs.tf:12`, and 1 more of its instances<br>"
        in render(report(results=both))
    )


def test_nothing_to_pay_is_short() -> None:
    text = render(report(endpoints=(), results=(), totals=Totals(before=None, after=monthly("0", "0", "0"), delta=None),
                         exit_code=0, prices={}))  # fmt: skip
    assert text.splitlines()[1] == "### ✅ Passes: no SageMaker inference, nothing to pay"
    assert "| endpoint |" not in text


@pytest.mark.parametrize("name", ["service", "ö" * 55, "🛒" * 55])
def test_the_comment_stays_below_the_limit_in_bytes_and_keeps_the_dearest(name: str) -> None:
    text = render(many(500, 3, name))
    assert size(text) < COMMENT_LIMIT - 1_000
    found = [int(number) for number in re.findall(rf"aws_sagemaker_endpoint.{name}_(\d+)`", text)]
    assert len(found) > 100  # each of them three times: 500, 500, 500, 499, …
    assert found == [500 - at // 3 for at in range(len(found))]
    assert f"{name}_0001`" not in text
    assert "Not everything fits here" in text
    assert text.count("<details>") == text.count("</details>")


def test_the_table_shows_the_dearest_and_says_how_many_more_there_are() -> None:
    text = render(many(30, 0))
    table = [line for line in text.partition("<details>")[0].splitlines() if line.startswith("| `service")]
    assert [line[3:15] for line in table] == [f"service-{number:04}" for number in range(11, 31)]
    assert "| 10 more that cost less |" in text
    assert "10 more endpoints" in text
    assert "Not everything fits" not in text


def test_details_go_before_findings() -> None:
    """A remediation of 70,000 bytes cannot be shown; the finding itself can."""
    long = finding(remediation=Remediation(terraform="# comment\n" * 7_000, cloudformation=""))
    text = render(report(results=(long,)))
    assert size(text) < COMMENT_LIMIT
    assert "**`async-scales-to-zero`**" in text
    assert "Lines to change" not in text
    assert "Not everything fits here" in text


def test_a_summary_has_room_for_more_and_no_marker() -> None:
    answer = many(500, 3)
    text = render_summary(answer)
    assert size(render(answer)) < size(text) < SUMMARY_LIMIT
    assert "guardrail:comment" not in text
    assert "service_0001`" in text
    assert size(render_summary(many(3_000, 4, "ö" * 55))) < SUMMARY_LIMIT


# Text ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "written"),
    [
        ("chat keeps 2 instances, up to 1,345.39 USD a month.", "chat keeps 2 instances, up to 1,345.39 USD a month."),
        ("on ml.m5.12xlarge: too large", "on `ml.m5.12xlarge`: too large"),
        ("the host (ml.g5.xlarge) scales", "the host `(ml.g5.xlarge)` scales"),
        ("ask @ada or #12", "ask `@ada` or `#12`"),
        ("see www.evil.com and a@b.co.", "see `www.evil.com` and `a@b.co`."),
        ("min_capacity = 0, tags = {a = 1}; b", "`min_capacity = 0`, `tags = {a = 1}`; b"),
        ("1. first", "`1`. first"),
        ("- first", "`-` first"),
        ("a `quoted` | name", r"a `\x60quoted\x60 \x7c` name"),
        ("commit 0123456 or deadbeef", "commit `0123456` or `deadbeef`"),
        ("", ""),
    ],
)
def test_prose_leaves_plain_words_alone_and_makes_code_of_the_rest(sentence: str, written: str) -> None:
    assert prose(sentence) == written


def test_code_is_one_span_whatever_is_in_it() -> None:
    assert code("a`b|c") == r"`a\x60b\x7cc`"
    assert code("") == "`(blank)`"
    assert code("x" * 400, 10) == "`xxxxx…xxxx`"


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    assert fenced("````\nx\n````", "hcl") == "`````hcl\n````\nx\n````\n`````"


def test_a_link_that_could_break_out_is_none() -> None:
    assert link("Documentation", "https://example.com/a_(b)") == "Documentation"
    assert link("Documentation", "javascript:alert(1)") == "Documentation"
    assert link("Documentation", "https://example.com/a#b") == "[Documentation](https://example.com/a#b)"


def test_a_name_that_is_unknown_is_said_by_what_is_known() -> None:
    nameless = structs.replace(
        docs(), endpoint=structs.replace(docs().endpoint, name=Unknown("r", partial="docs-${…}"))
    )
    assert "| `docs-${…}` |" in render(report(endpoints=(nameless,)))
