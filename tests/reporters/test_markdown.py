"""The comment: one headline, a table by endpoint, what to change, and never more bytes than GitHub takes."""

import re
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from msgspec import structs

from guardrail.cost.base import Delta
from guardrail.errors import SettingsError
from guardrail.model import Location, Skipped, Unknown
from guardrail.policy import waivers
from guardrail.policy.base import AppliedWaiver, Remediation, Rule
from guardrail.report import (
    BudgetReport,
    Difference,
    DiscountReport,
    PossibilityReport,
    Report,
    SkippedReport,
    Source,
    Totals,
)
from guardrail.reporters import html
from guardrail.reporters.base import Links, Options
from guardrail.reporters.gfm import code, fenced, link, name, prose
from guardrail.reporters.markdown import COMMENT_LIMIT, marker, render
from guardrail.reporters.markdown.edits import edit
from guardrail.reporters.summary import SUMMARY_LIMIT
from guardrail.reporters.summary import render as render_summary
from guardrail.settings import load
from tests.reporters.reports import chat, docs, finding, monthly, report, summary, variant, without_past


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
                headline=f"is dear {number}",
                location=None,
                saving_monthly=Decimal(number),
            )
            for at in reversed(range(findings_each))
        ]
    results.reverse()
    return report(endpoints=tuple(items), results=tuple(results), summary=summary(error=len(results)))


def test_the_marker_comes_first_and_carries_the_tag() -> None:
    assert render(report()).splitlines()[0] == "<!-- guardrail:comment tag=default -->"
    assert render(report(), Options(tag="network/prod")).startswith(marker("network/prod"))


def test_the_headline_says_what_changes_and_the_lines_below_how_that_is_judged() -> None:
    """Mending the one finding takes 84.51 off the 424.93 that the change adds: 340.42."""
    assert render(report()).splitlines()[1:4] == [
        "### ❌ This change adds 425 USD a month (172 → 597)",
        "",
        (
            "**1 error.** Mending all of it brings the change to **+340** at best. Nothing but usage is unknown; "
            "9 of 9 resources read."
        ),
    ]


def test_terms_that_the_change_alters_stand_in_the_headline_and_are_text() -> None:
    """A change that turns its own gate off must not look as if it had passed one."""
    phrases = ("fail_on from error to never", "a waiver of p for @everyone <b> until 2027-01-31")
    text = render(report(results=(), exit_code=0, own_terms=phrases))
    assert "### ✅ By terms it alters: this change adds 425 USD a month" in text
    line = text.splitlines()[3]
    assert line.startswith(
        "⚠️ **This change alters the terms it is judged by:** `fail_on` from error to never; a waiver of p for "
    )
    assert line.endswith("`@everyone <b>` until 2027-01-31"), "in a code span, where neither means anything"
    many = render(report(own_terms=tuple(f"p{number} is off" for number in range(25))))
    assert " is off; and 15 more\n" in many


def changed(before: str, after: str, delta: Delta | None = None, **flags: bool) -> Totals:
    """Totals in which floor, expected and ceiling are alike."""
    by = Decimal(after) - Decimal(before)
    return Totals(
        before=monthly(before, before, before),
        after=monthly(after, after, after, **flags),
        delta=delta or Delta(by, by, by),
    )


def test_a_good_change_says_so() -> None:
    text = render(report(totals=changed("20", "10"), results=(), exit_code=0))
    assert "### ✅ This change saves 10 USD a month (20 → 10)\n\n**No findings.** " in text


def known(low: str | None, high: str | None) -> Delta:
    """A change of which no more than bounds are known."""
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    amount = Unknown("it has no price", at_least=ends[0], at_most=ends[1])
    return Delta(amount, amount, amount)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (known("962.55", None), "This change adds at least 963 USD a month (10 → ≥20)"),
        (known(None, "-962.55"), "This change saves at least 963 USD a month (10 → ≥20)"),
        (known("5", "10"), "This change adds 5 to 10 USD a month (10 → ≥20)"),
        (known("-10", "-5"), "This change saves 5 to 10 USD a month (10 → ≥20)"),
        (known("-10", "5"), "This change makes a month −10 to +5 USD (10 → ≥20)"),
        (known("-10", None), "What this change adds is not known (10 → ≥20)"),
        (known(None, "10"), "What this change adds is not known (10 → ≥20)"),
        (known("0", None), "What this change adds is not known (10 → ≥20)"),
        (known(None, None), "What this change adds is not known (10 → ≥20)"),
    ],
)
def test_an_unknown_change_is_a_bound_where_it_has_one(change: Delta, sentence: str) -> None:
    text = render(report(totals=changed("10", "20", change, at_least=True)))
    assert text.splitlines()[1] == f"### ❌ {sentence}"


def test_what_usage_alone_decides_is_never_zero_in_the_headline() -> None:
    """Instances become serverless, and nobody says how many requests there are."""
    text = render(report(totals=changed("678", "0", known(None, None), depends_on_usage=True)))
    assert "### ❌ What this change adds is not known (678 → usage)\n" in text
    text = render(report(totals=changed("678", "5", known(None, None), depends_on_usage=True)))
    assert "### ❌ What this change adds is not known (678 → 5 + usage)\n" in text


def test_a_change_of_the_ceiling_alone_says_so_in_the_headline() -> None:
    totals = changed("10", "10", Delta(Decimal(0), Decimal(0), Decimal("676.08")))
    sentence = "This change adds nothing to the expected 10 USD a month, and +676 when all is scaled out"
    assert f"### ❌ {sentence}\n" in render(report(totals=totals))


def test_a_change_that_touches_nothing_of_sagemaker_says_so() -> None:
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    unchanged = structs.replace(changed("84.51", "84.51"), unchanged=monthly("84.51", "84.51", "253.53"))
    text = render(report(endpoints=(same,), totals=unchanged, results=(), exit_code=0))
    assert "### ✅ Nothing of SageMaker changes: 85 USD a month\n" in text
    assert "| 1 endpoint unchanged | 0 | 85 |" in text


def test_broken_budgets_stand_first_and_those_that_hold_are_told() -> None:
    limit = {"usd": Decimal(500), "amount": Decimal("596.61"), "state": "broken", "origin": ".guardrail.yml"}
    budgets = (
        BudgetReport(limit="max_expected_usd", **limit),  # type: ignore[arg-type]
        BudgetReport(
            limit="max_increase_ceiling_usd", usd=Decimal(2_000), amount=Decimal("1106.05"), state="holds", origin="o"
        ),
        BudgetReport(
            limit="max_floor_usd", usd=Decimal(900), amount=Unknown("r", at_least=Decimal(7)), state="open", origin="o"
        ),
    )
    lines = render(report(budgets=budgets)).splitlines()
    assert lines[3] == "❌ **Budget broken:** the expected cost of 596.61, above 500.00 (`.guardrail.yml`)"
    assert lines[5].endswith(
        "Budgets hold: 1,106 of 2,000 more at most; open whether the floor of ≥ 7.00 is within 900."
    )


def test_a_budget_that_holds_without_what_usage_adds_says_so() -> None:
    limit = {"usd": Decimal(2_000), "amount": Decimal("596.61"), "state": "holds", "origin": "o"}
    budgets = (BudgetReport(limit="max_expected_usd", depends_on_usage=True, **limit),)  # type: ignore[arg-type]
    assert "Budget holds: 597 of 2,000 expected, + usage." in render(report(budgets=budgets))


def test_what_a_broken_budget_has_said_is_no_finding_as_well() -> None:
    rule = Rule(
        id="within",
        title="t",
        severity="error",
        topic="budgets",
        remediation=Remediation(terraform="", cloudformation=""),
        help_uri="https://example.com",
    )
    broken = BudgetReport(
        limit="max_expected_usd", usd=Decimal(5), amount=Decimal(6), state="broken", origin="--budget"
    )
    result = finding("within", endpoint=None, headline="the bill is above its budget", saving_monthly=None)
    text = render(report(results=(result,), rules=(rule,), budgets=(broken,)))
    assert text.count("above") == 1
    assert "above its budget" in render(report(results=(result,), rules=(rule,)))


def test_an_answer_that_cannot_be_trusted_is_no_pass_and_says_why() -> None:
    doubts = tuple(f"thing {number} has no price" for number in range(5))
    text = render(report(results=(), exit_code=3, strict=True, distrust=doubts))
    assert "### ❓ This change adds" in text
    assert "❓ **Cannot be trusted:** `--strict`: 5 things are unknown, unpriced or undecided\n" in text
    assert "- thing 2 has no price\n" in text
    assert "thing 3" not in text.partition("<details>")[0]
    assert "- thing 4 has no price\n" in text.partition("<details>")[2]


def test_an_answer_that_lacks_a_file_is_no_pass() -> None:
    text = render(report(results=(), exit_code=2, unread=("a.tf:1: no block",)))
    assert "❓ **Cannot be trusted:** 1 file could not be read\n\n- `a.tf:1`: no block\n" in text


def test_a_run_that_fails_on_nothing_does_not_pass_what_is_wrong() -> None:
    text = render(report(exit_code=0, fail_on="never"))
    assert "### ⚪ This change adds" in text
    assert "⚪ **Fails on nothing:** it was told to, with `--fail-on never`\n" in text
    assert "✅" not in text


@pytest.mark.parametrize(
    ("after", "headline"),
    [
        (monthly("1", "2", "3", at_least=True), "≥2 USD a month"),
        (monthly("1", "2", "3", estimated=True), "~2 USD a month"),
        (monthly("1", "2", "3", estimated=True, at_least=True), "≥~2 USD a month"),
        (structs.replace(monthly("1", "2", "3"), expected=Unknown("r")), "1 to 3 USD a month"),
        (monthly("0", "0", "0", at_least=True), "What it costs is not known"),
        (monthly("0", "0", "0", depends_on_usage=True), "What it costs depends on usage"),
    ],
)
def test_the_headline_never_claims_more_than_is_known(after: object, headline: str) -> None:
    totals = Totals(before=None, after=after, delta=None)  # type: ignore[arg-type]
    assert f"### ❌ {headline}\n" in render(report(totals=totals))


def test_an_unknown_change_is_not_a_number_and_says_why() -> None:
    unknown = Unknown("known only after apply")
    totals = structs.replace(report().totals, delta=Delta(unknown, unknown, unknown))
    text = render(report(totals=totals))
    assert "### ❌ What this change adds is not known (172 → 597 + usage)\n" in text
    assert "❔ **The change is not known:** known only after apply\n" in text
    assert "| unknown | **172&nbsp;→ 597** |" in text


def test_what_is_not_in_the_numbers_stands_above_the_table() -> None:
    (source,) = report().sources
    text = render(report(sources=(structs.replace(source, complete=False),)))
    told = "❔ **Not in these numbers:** `plan.json` says itself that it does not tell everything\n"
    assert told in text.partition("| endpoint |")[0]
    assert "Nothing is unknown" not in text


def test_the_table_has_a_row_for_each_endpoint_and_the_totals() -> None:
    """Neither was there before, so each changes the month by what it is expected to cost: 512.10 and 84.51."""
    assert [line for line in render(report()).partition("####")[0].splitlines() if line.startswith("|")] == [
        "| endpoint | change | before → after |",
        "|:--|--:|--:|",
        "| `chat-prod` | **+512** | 0&nbsp;→ 512 |",
        "| ❌ `docs` | **+85** | 0&nbsp;→ 85 |",
        "| **USD a month**, expected, + usage | **+425** | **172&nbsp;→ 597** |",
        "| all scaled in to all scaled out |  | 426&nbsp;to 1,278 |",
    ]


def test_what_changes_stands_below_the_name() -> None:
    differences = (
        Difference(part="variant", name="main", what="instance_type", before="ml.m5.large", after="ml.m5.12xlarge"),
        Difference(part="variant", name="main", what="min_capacity", before=0, after=1),
        *(Difference(part="endpoint", name=None, what=f"tags.{key}", before=None, after="x") for key in "ab"),
    )
    item = structs.replace(docs(), before=monthly("1", "1", "1"), differences=differences)
    told = "`ml.m5.large` → `ml.m5.12xlarge`; `min_capacity` 0 → 1; 2 tags"
    assert f"| ❌ `docs`<br>{told} | **+84** | 1&nbsp;→ 85 |" in render(report(endpoints=(item,)))


def test_a_long_name_can_break_on_a_telephone() -> None:
    """Words of more than 16 characters break behind an underscore, dot or slash; hyphens break by themselves."""
    assert name("the_recommenders_of_the_shop") == "`the_`<wbr>`recommenders`<wbr>`_of_the_shop`"
    assert name("the_recommender_of_the_shop") == "`the_`<wbr>`recommender_`<wbr>`of_the_shop`"
    assert name("a" * 30) == f"`{'a' * 12}`<wbr>`{'a' * 12}`<wbr>`{'a' * 6}`"
    assert name("ml.m5.12xlarge") == "`ml.m5.12xlarge`"
    assert name("the-recommender-of-the-shop-v2") == "`the-recommender-of-the-shop-v2`"


def test_a_deleted_endpoint_shows_what_is_saved() -> None:
    gone = structs.replace(
        docs(),
        endpoint=structs.replace(docs().endpoint, change="delete"),
        before=monthly("84.51", "84.51", "253.53"),
        cost=None,
    )
    assert "| ❌ `docs` | **−85** | 85&nbsp;→ 0 |" in render(report(endpoints=(gone,)))


def test_a_change_of_the_ceiling_alone_is_words() -> None:
    """The ceiling was 84.51 and is 253.53: 169.02 more."""
    wider = structs.replace(docs(), before=monthly("84.51", "84.51", "84.51"))
    assert "| ❌ `docs`<br>up to +169 | 0 | 85&nbsp;→ 85 |" in render(report(endpoints=(wider,)))


def test_the_change_of_what_lacks_a_part_is_unknown() -> None:
    partial = structs.replace(docs(), before=monthly("1", "1", "1", at_least=True))
    assert "| ❌ `docs` | unknown | ≥1&nbsp;→ 85 |" in render(report(endpoints=(partial,)))


def test_without_a_past_there_is_no_change_at_all() -> None:
    text = render(
        report(
            sources=without_past(),
            totals=Totals(before=None, after=monthly("1", "2", "3"), delta=None),
        )
    )
    assert "This change" not in text
    assert "Nothing tells what stood before, so everything counts." in text
    assert "| endpoint | expected | scaled in → out |" in text
    assert "| ❌ `docs`<br>1 – 3 × `ml.m5.large` | 85 | 85&nbsp;to 254 |" in text
    assert "| **USD a month**, expected | **2** | **1&nbsp;to 3** |" in text


def test_each_possibility_has_its_amount() -> None:
    found = tuple(
        PossibilityReport(source="plan.json", given=f"Stage={stage}", totals=changed("0", amount))
        for stage, amount in (("dev", "84.51"), ("prod", "253.53"))
    )
    text = render(report(possibilities=found))
    assert "| if `Stage=dev` | **+85** | 0&nbsp;→ 85 |" in text
    assert "| if `Stage=prod` | **+254** | 0&nbsp;→ 254 |" in text
    assert "| and 3 more possibilities |  |  |" in render(report(possibilities=(*found * 5, found[0])))


def test_what_the_change_leaves_alone_is_one_row() -> None:
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    totals = structs.replace(report().totals, unchanged=monthly("84.51", "84.51", "253.53"))
    text = render(report(endpoints=(chat(), same), totals=totals))
    assert "| 1 endpoint unchanged | 0 | 85 |" in text
    assert "`docs`" not in text.partition("####")[0]


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
    assert "| with discounts | **+340** | 137&nbsp;→ 477 |" in render(report(discounts=discounts))


def stacks() -> Report:
    """chat-prod in stack a, docs in stack b, which has two of its own."""
    sources = tuple(
        Source(id=path, path=path, kind="terraform-plan", format_version="1.2", has_before=True, complete=True)
        for path in ("stacks/a/plan.json", "stacks/b/plan.json")
    )
    first, second = (source.id for source in sources)
    return report(
        sources=sources,
        endpoints=(structs.replace(chat(), source=first), structs.replace(docs(), source=second)),
        subtotals={first: changed("0", "512.10"), second: changed("171.68", "84.51")},
        results=(finding(source=second), finding("p", severity="warning", source=first, endpoint=None, headline="h")),
    )


def test_several_stacks_have_a_row_each_and_a_fold_each() -> None:
    """84.51 - 171.68 = -87.17."""
    text = render(stacks())
    table, _, rest = text.partition("####")
    assert [line for line in table.splitlines() if line.startswith("|")] == [
        "| stack | change | before → after |",
        "|:--|--:|--:|",
        "| ⚠️ `a`<br>1 new | **+512** | 0&nbsp;→ 512 |",
        "| ❌ `b`<br>1 new | **−87** | 172&nbsp;→ 85 |",
        "| **USD a month**, expected, + usage | **+425** | **172&nbsp;→ 597** |",
        "| all scaled in to all scaled out |  | 426&nbsp;to 1,278 |",
    ]
    assert "**1 error, 1 warning.** In 2 of 2 stacks. " in table
    assert "<summary>⚠️ <code>a</code>: +512</summary>" in rest
    assert "<summary>❌ <code>b</code>: −87</summary>\n\n| endpoint | change | before → after |\n" in rest
    assert (
        "- ❌ **up to −85 USD** · `docs`, `b`: keeps one instance while its queue is empty · `infra/docs.tf:12`" in rest
    )


def test_a_finding_says_what_it_costs_where_and_the_fix_in_two_lines() -> None:
    assert (
        "**❌ `docs`: keeps one instance while its queue is empty** · up to −85 USD · `infra/docs.tf:12`<br>\n"
        "**Fix:** `min_capacity = 0`\n"
    ) in render(report())


@pytest.mark.parametrize(
    ("fix", "line", "diff", "rest"),
    [
        (
            "min_capacity = 0",
            "  min_capacity       = 1 # why",
            "-  min_capacity       = 1\n+  min_capacity       = 0",
            "",
        ),
        ('a = "x.y" after a test', '\ta="z"', '-\ta="z"\n+\ta="x.y"', "after a test"),
        ("a = 1; to pay nothing, b", "a = 2", "-a = 2\n+a = 1", "to pay nothing, b"),
        ("MinCapacity: 0", "      MinCapacity: 1  # why", "-      MinCapacity: 1\n+      MinCapacity: 0", ""),
        ("Type: ml.m5.large", "  - Type: 'ml.m5.xlarge'", "-  - Type: 'ml.m5.xlarge'\n+  - Type: ml.m5.large", ""),
    ],
)
def test_one_literal_for_another_is_a_diff(fix: str, line: str, diff: str, rest: str) -> None:
    assert edit(fix, line) == (diff, rest)


@pytest.mark.parametrize(
    ("fix", "line"),
    [
        ("min_capacity = 0", "min_capacity = var.least"),
        ("min_capacity = 0", "min_capacity = 1 + 1"),
        ("min_capacity = 0", "min_capacity = 0"),
        ("min_capacity = 0", "target { min_capacity = 1 }"),
        ("min_capacity = 0", 'min_capacity = "${x}"'),
        ("min_capacity = 0", "max_capacity = 1"),
        ("min_capacity = 1, and a target tracking policy", "min_capacity = 2"),
        ("min_capacity = 1, or max_capacity above 4", "min_capacity = 2"),
        ("memory_size_in_mb = 1024, 2048 or 3072", "memory_size_in_mb = 1"),
        ("remove it, or say when it ends", "remove = 1"),
        ("MinCapacity: 0", "MinCapacity: !Ref Least"),
        ("MinCapacity: 0", '"MinCapacity": 1,'),
        ("MinCapacity: 0", "MinCapacity: *least"),
    ],
)
def test_anything_else_stays_words(fix: str, line: str) -> None:
    assert edit(fix, line) is None


def test_a_fix_of_one_literal_is_shown_as_a_diff_where_the_line_is_the_blocks_own() -> None:
    one = finding(address="a.b", fix=Remediation(terraform="min_capacity = 0", cloudformation=""))
    options = Options(lines={("infra/docs.tf", 12): "  min_capacity = 1"})
    told = "`infra/docs.tf:12`\n```diff\n-  min_capacity = 1\n+  min_capacity = 0\n```\n"
    assert told in render(report(results=(one,)), options)
    hidden = structs.replace(docs().endpoint, variants=(variant("v1", sensitive=True),))
    module = structs.replace(one, location=Location("infra/docs.tf", 12, 1, Location("main.tf", 3)))
    for other in (
        render(report(results=(one,))),
        render(report(results=(one, structs.replace(one, address="a.c"))), options),
        render(report(results=(structs.replace(one, address='a.b["x"]'),)), options),
        render(report(results=(module,)), options),
        render(report(endpoints=(structs.replace(docs(), endpoint=hidden),), results=(one,)), options),
    ):
        assert "**Fix:** `min_capacity = 0`" in other
        assert "```diff" not in other


def test_the_usage_file_of_each_input_is_named() -> None:
    """Of more than three, how many more there are."""

    def foot(*paths: str | None) -> str:
        sources = [
            structs.replace(report().sources[0], id=f"{at}.json", usage_file=path) for at, path in enumerate(paths)
        ]
        return render(report(sources=tuple(sources), usage_file=None, endpoints=(), results=())).splitlines()[-1]

    assert "usage from `a/u.yml`, `b/u.yml` ·" in foot("a/u.yml", None, "b/u.yml", "a/u.yml")
    assert "usage from `0`, `1`, `2`, 2 more ·" in foot(*"01234")
    assert "usage from" not in foot(None)


def test_a_line_is_a_link_where_the_forge_is_known() -> None:
    blob = f"https://github.com/acme/shop/blob/{'a' * 40}"
    elsewhere = {"infra/docs.tf": f"https://github.com/acme/shop/blob/{'b' * 40}"}
    options = Options(
        root="/w", links=Links(blob=blob, elsewhere=elsewhere, run="https://github.com/acme/shop/actions/runs/1")
    )
    odd = finding("p", location=Location("infra/a b#c.tf", 3), headline="odd")
    text = render(report(results=(finding(), odd)), options)
    assert f"[`infra/docs.tf:12`](https://github.com/acme/shop/blob/{'b' * 40}/infra/docs.tf#L12)" in text
    assert f"[`infra/a b#c.tf:3`]({blob}/infra/a%20b%23c.tf#L3)" in text
    assert "[full report](https://github.com/acme/shop/actions/runs/1)" in text
    assert "](https://github.com" not in render(report(results=(finding(), odd)))


def test_the_calls_that_lead_to_a_line_in_a_module_are_named_and_linked() -> None:
    called = Location("m/main.tf", 8, 1, called_at=Location("infra/main.tf", 4))
    one = report(results=(finding(location=called),))
    assert "· `m/main.tf:8`, called at `infra/main.tf:4`" in render(one)
    blob = f"https://github.com/acme/shop/blob/{'a' * 40}"
    linked = render(one, Options(root="/w", links=Links(blob=blob)))
    assert f"[`m/main.tf:8`]({blob}/m/main.tf#L8), called at [`infra/main.tf:4`]({blob}/infra/main.tf#L4)" in linked
    page = html.render(one, Options(root="/w", links=Links(blob=blob)))
    assert f', called at <a href="{blob}/infra/main.tf#L4">' in page


@pytest.mark.parametrize("path", ["/elsewhere/docs.tf", "../docs.tf", "/w2/docs.tf"])
def test_a_line_outside_of_the_repository_is_no_link_though_a_file_of_its_name_is_in_it(path: str) -> None:
    options = Options(root="/w", links=Links(blob=f"https://github.com/acme/shop/blob/{'a' * 40}"))
    text = render(report(results=(finding(location=Location(path, 12)),)), options)
    assert "`docs.tf:12`" in text
    assert "](https://github.com" not in text


def test_a_line_that_no_commit_shows_is_no_link() -> None:
    links = Links(blob=f"https://github.com/acme/shop/blob/{'a' * 40}", elsewhere={"infra/docs.tf": ""})
    assert "](https://github.com" not in render(report(), Options(root="/w", links=links))


def test_more_than_five_findings_have_a_line_each_and_what_says_the_same_shares_one() -> None:
    """Twice 84.51 are 169.02."""
    alike = [finding(address=f"t.{key}", endpoint=f"e.{key}", location=None) for key in "ab"]
    others = [finding(f"p{number}", headline=f"is wrong {number}") for number in range(5)]
    text = render(report(results=(*alike, *others)))
    assert (
        "- ❌ **up to −169 USD** · `e.a`, `e.b`: keeps one instance while its queue is empty · `t.a` and 1 more" in text
    )
    assert text.count("\n- ❌ ") == 6
    assert "\n**❌" not in text
    assert "\n**❌" in render(report(results=(*alike, *others[:4])))


FIX = Remediation(terraform='tags = { a = "b" }, or\nmin_capacity = 0', cloudformation="MinCapacity: 0")
NOTE = "Security Hub wants more: keep min_capacity"


def test_how_it_is_worked_out_other_ways_and_what_to_know_are_folded_once() -> None:
    result = finding(working="670 h x 0.736", fix=FIX, notes=(NOTE,))
    before, _, folded = render(report(results=(result,))).partition("<details>")
    assert '<br>\n**Fix:** `tags = { a = "b" }`, or\n' in before
    assert (
        "`min_capacity` is 1; 670 h x 0.736\n  - `min_capacity = 0`\n  - Security Hub wants more: keep `min_capacity`\n"
    ) in folded


def test_lines_to_change_are_in_the_language_of_the_source() -> None:
    (source,) = report().sources
    sources = (structs.replace(source, kind="cloudformation"),)
    lines = Remediation(terraform="a = 1\nb = 2", cloudformation="A: 1\nB: 2")
    assert "```yaml\nA: 1\nB: 2\n```" in render(report(sources=sources, results=(finding(remediation=lines),)))
    assert "**Fix:** `MinCapacity: 0`" in render(report(sources=sources))


def test_the_same_lines_to_paste_stand_once() -> None:
    lines = Remediation(terraform="a = 1\nb = 2", cloudformation="")
    results = tuple(finding(variant=each, headline=each, remediation=lines) for each in ("v1", "v2"))
    text = render(report(results=results))
    assert text.count("lines to paste:\n\n```hcl\na = 1\nb = 2\n```") == 1


def test_a_waiver_is_ready_but_for_its_reason_and_the_settings_refuse_it_until_then(tmp_path: Path) -> None:
    """60 days after 2026-11-22 is 2027-01-21: 8 to the end of November, 31 in December, 21 in January."""
    block = 'module.docs["a"].aws_appautoscaling_target.this'
    written = render(report()).partition("```yaml\n")[2].partition("\n```")[0]
    (entry,) = yaml.safe_load(written)["waivers"]
    assert entry == {
        "policy": "async-scales-to-zero",
        "address": block,
        "until": date(2027, 1, 21),
        "reason": "<why>",
    }
    settings = tmp_path / ".guardrail.yml"
    for reason, refused in (("<why>", True), ("load test", False)):
        settings.write_text(written.replace("<why>", reason))
        entries = load(str(tmp_path), config=str(settings)).settings.accepted().entries
        with pytest.raises(SettingsError, match="gives no reason") if refused else nullcontext():
            found = waivers.apply(entries, [finding()], [], today=date(2026, 11, 22), origin="x")
            assert [one.verdict for one in found.results] == ["waived"]


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
    assert "`" not in before.partition("| **USD a month**")[2]
    assert "1 error undecided" in before
    block = '`module.docs["a"].aws_appautoscaling_target.this`'
    assert f"- ❌ `old` {block}, up to 84.51 USD a month" in folded
    assert f"- ❌ {block}, known only after apply: `not-known`" in folded
    assert f"- `fine-by-us` {block} until 2027-01-31 by ada: load test" in folded
    assert "- `a.b`: no link" in folded
    assert "all-right" not in text


def test_with_all_old_findings_count() -> None:
    text = render(report(results=(finding(status="existing"),), all_findings=True))
    assert "\n**1 error.** " in text
    assert "**❌ `docs`: keeps one instance" in text


def test_instances_of_one_block_are_one_finding() -> None:
    """84.51 each; the waiver is of all instances."""
    both = tuple(
        finding(
            address=f'module.docs["{key}"].aws_appautoscaling_target.this',
            endpoint=f'module.docs["{key}"].aws_sagemaker_endpoint.this',
            message="too dear",
            location=None,
        )
        for key in "ab"
    )
    text = render(report(results=both))
    assert "keeps one instance while its queue is empty** · up to −169 USD · " in text
    assert " · `module.docs.aws_appautoscaling_target.this` (2 instances)<br>" in text
    assert 'address: "module.docs*.aws_appautoscaling_target.this"' in text


def test_nothing_to_pay_is_short() -> None:
    text = render(report(endpoints=(), results=(), totals=Totals(before=None, after=monthly("0", "0", "0"), delta=None),
                         exit_code=0, prices={}))  # fmt: skip
    assert text.splitlines()[1] == "### ✅ No SageMaker inference, nothing to pay"
    assert "| endpoint |" not in text


@pytest.mark.parametrize("name", ["service", "ö" * 55, "🛒" * 55])
def test_the_comment_stays_below_the_limit_in_bytes_and_keeps_the_dearest(name: str) -> None:
    text = render(many(500, 3, name))
    assert size(text) < COMMENT_LIMIT - 1_000
    found = [int(number) for number in re.findall(rf" · `aws_sagemaker_endpoint.{name}_(\d+)`", text)]
    assert len(found) > 50  # each of them three times: 500, 500, 500, 499, …
    assert found == [500 - at // 3 for at in range(len(found))]
    assert f"{name}_0001`" not in text
    assert "Not everything fits here" in text
    assert text.count("<details>") == text.count("</details>")


def test_the_table_shows_the_dearest_and_says_how_much_the_others_are() -> None:
    """1 to 30 USD, nothing before: the first ten, which are not shown, are 55 together."""
    text = render(many(30, 0))
    table = [line for line in text.partition("<details>")[0].splitlines() if line.startswith("| `service")]
    assert [line[3:15] for line in table] == [f"service-{number:04}" for number in range(30, 10, -1)]
    assert "| 10 more that change less | +55 | 0&nbsp;→ 55 |" in text
    assert "10 more endpoints" in text
    assert "Not everything fits" not in text


def test_details_go_before_findings() -> None:
    """A remediation of 70,000 bytes cannot be shown; the finding itself can."""
    long = finding(remediation=Remediation(terraform="# comment\n" * 7_000, cloudformation=""))
    text = render(report(results=(long,)))
    assert size(text) < COMMENT_LIMIT
    assert "**❌ `docs`: keeps one instance" in text
    assert "# comment" not in text
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
        ("the host (ml.g5.xlarge) scales", "the host (`ml.g5.xlarge`) scales"),
        ("elsewhere (a.b, c.d)", "elsewhere (`a.b`, `c.d`)"),
        ("by f(a.b), (g(x.y)) or ()", "by `f(a.b)`, (`g(x.y)`) or (`)`"),
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
    assert "`docs-${…}` |" in render(report(endpoints=(nameless,)))
