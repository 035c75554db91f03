"""The page: what it says, that it needs nothing but itself, and, where there is a Chromium, that nothing runs out."""

import json
import os
import re
import shutil
import subprocess
from decimal import Decimal
from html import escape, unescape
from pathlib import Path

import pytest
from msgspec import structs

from guardrail import __version__, cli
from guardrail.model import Location, Skipped, Unknown
from guardrail.policy.base import AppliedWaiver, Remediation, Rule
from guardrail.report import (
    BudgetReport,
    Difference,
    DiscountReport,
    GroupReport,
    PossibilityReport,
    Report,
    SkippedReport,
    Source,
    Totals,
)
from guardrail.reporters.base import Links, Options
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.html import render
from tests.reporters.inputs import INPUTS
from tests.reporters.reports import chat, docs, endpoint, finding, monthly, report, variant

ADDRESS = 'module.docs["a"].aws_appautoscaling_target.this'
PAGES = Path(__file__).resolve().parent / "pages"
NOTHING = monthly("0", "0", "0")


def words(page: str) -> str:
    """The text of a page, without its style sheet, a blank for each run of them."""
    body = page.partition("<body>")[2].replace("<wbr>", "")
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def rows(page: str) -> list[str]:
    """The rows of endpoints with what is folded inside."""
    return [f"<body>{row}" for row in page.split('<details class="row"')[1:]]


def names(page: str) -> list[str]:
    return re.findall(r"<summary class=\"line\"><span><b>(?:. )?<bdi>(.*?)</bdi>", page)


def bars(row: str, when: str = "") -> str:
    """One bar of a row: ``i`` reaches to the ceiling, ``b`` to the floor, ``u`` stands at what is expected."""
    return row.partition(f'<span class="bar{when}">')[2].partition("</span>")[0]


def test_the_page_needs_nothing_but_itself() -> None:
    page = render(report())
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert set(re.findall(r'(?:href|src)="([^"#]+)', page)) == {
        "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html"
    }
    assert "url(" not in page
    assert "@import" not in page


def test_the_change_and_the_verdict_stand_on_top() -> None:
    """596.61 - 171.68 = 424.93; the one finding would save 84.51 at most, which leaves 340.42."""
    top = words(render(report()))
    assert "+425 USD a month ✗ Fails 172 → 597 USD expected + usage 1 error exit 1 (fail on error)" in top
    assert "with all fixes at best +340 9 of 9 resources read" in top


def test_the_totals_have_cents() -> None:
    text = words(render(report()))
    assert "before 171.68 171.68 171.68 after 425.91 596.61 1,277.73 change +254.23 +424.93 +1,106.05" in text


def test_bars_share_one_axis() -> None:
    """The axis ends at the dearest ceiling, 1,024.20.

    chat-prod: 341.40 / 1,024.20 = 33.33 %, its ceiling 100 %, 512.10 / 1,024.20 = 50 %.
    docs: 84.51 / 1,024.20 = 8.25 %, 253.53 / 1,024.20 = 24.75 %.
    """
    first, second = rows(render(report()))
    assert bars(first) == ('<i style="width:100.00%"></i><b style="width:33.33%"></b><u style="left:50.00%"></u>')
    assert bars(second) == '<i style="width:24.75%"></i><b style="width:8.25%"></b><u style="left:8.25%"></u>'


def test_before_and_after_are_two_bars() -> None:
    """Before it was 42.255 at most: 42.255 / 253.53 = 16.67 % of an axis that ends at 253.53."""
    grown = structs.replace(docs(), before=monthly("42.255", "42.255", "42.255"))
    (row,) = rows(render(report(endpoints=(grown,))))
    assert '<b style="width:16.67%">' in bars(row, " past")
    assert '<i style="width:100.00%">' in bars(row)
    assert "42 → 85" in words(row)
    assert "before 42.26 42.26 42.26 after 84.51 84.51 253.53 change +42.26 +42.26 +211.28" in words(row)


def test_a_deleted_endpoint_has_a_past_and_no_bar_beside_it() -> None:
    gone = structs.replace(
        docs(),
        endpoint=structs.replace(docs().endpoint, change="delete"),
        before=monthly("84.51", "84.51", "253.53"),
        previous_cost=docs().cost,
        cost=None,
    )
    (row,) = rows(render(report(endpoints=(gone,), results=())))
    assert '<b style="width:33.33%">' in bars(row, " past")  # 84.51 / 253.53
    assert '<span class="bar">' not in row
    assert "-85" in words(row).replace("−", "-")
    assert "before 84.51 84.51 253.53 change -84.51 -84.51 -253.53" in words(row)
    assert "1 – 3 · 730 – 2,190 h 83.95 –" in words(row)  # what it cost, line by line


def test_what_is_unknown_is_hatched_and_named_and_never_a_tick_at_zero() -> None:
    item = docs()
    assert item.cost
    nothing_known = structs.replace(NOTHING, at_least=True)
    unknown = structs.replace(item, cost=structs.replace(item.cost, monthly=nothing_known))
    (row,) = rows(render(report(endpoints=(unknown,), results=())))
    assert bars(row) == "<s></s><em>unknown</em>"
    only_usage = structs.replace(NOTHING, depends_on_usage=True)
    (row,) = rows(
        render(
            report(endpoints=(structs.replace(item, cost=structs.replace(item.cost, monthly=only_usage)),), results=())
        )
    )
    assert bars(row) == "<s></s><em>+ usage</em>"


def test_at_least_has_no_end() -> None:
    """The axis goes on to 1.15 times the dearest ceiling, so that ceiling stands at 1 / 1.15 = 86.96 % of it."""
    item = docs()
    assert item.cost
    more = structs.replace(item.cost.monthly, at_least=True)
    (row,) = rows(render(report(endpoints=(structs.replace(item, cost=structs.replace(item.cost, monthly=more)),))))
    assert '<i style="width:86.96%"></i>' in bars(row)
    assert '<s style="left:86.96%"></s>' in bars(row)


def test_an_expected_cost_that_is_not_known_has_no_tick() -> None:
    item = docs()
    assert item.cost
    ends = structs.replace(item.cost.monthly, expected=Unknown("it differs by possibility"))
    one = structs.replace(item, cost=structs.replace(item.cost, monthly=ends))
    past = Source(id="plan.json", path="plan.json", kind="hcl", format_version=None, has_before=False, complete=True)
    (row,) = rows(render(report(sources=(past,), endpoints=(one,), results=())))
    assert "<u" not in bars(row)
    assert "85 to 254" in words(row)


def test_the_axis_has_round_amounts() -> None:
    """Up to 1,024.20 in steps of 500: 500 / 1,024.20 = 48.82 %, 1,000 / 1,024.20 = 97.64 %."""
    page = render(report())
    axis = page.partition('<div class="axis line">')[2].partition("</div>")[0]
    assert re.findall(r'<i style="left:([^"]*)">([^<]*)<', axis) == [
        ("0.00%", "0"),
        ("48.82%", "500"),
        ("97.64%", "1,000"),
    ]
    assert "--step:48.82%" in page


def test_a_bar_is_described_to_those_who_do_not_see_it() -> None:
    assert (
        'role="img" aria-label="chat-prod. a month: floor 341.40, expected 512.10, ceiling 1,024.20 USD a month"'
    ) in render(report())


def test_every_line_of_the_bill_has_usage_type_price_and_origin() -> None:
    text = words(rows(render(report()))[0])
    assert "main , ml.m5.xlarge expected is assumed USE1-Host:ml.m5.xlarge 0.23 per h 2 – 6 · 1,460 – 4,380 h" in text
    assert "– 335.80 503.70 1,007.40" in text
    assert "main , volume 20 GB" in text
    assert "2 – 6 · 40 – 120 GB-month – 5.60 8.40 16.80" in text
    assert "endpoint , data in depends on usage USE1-Hst:Data-Bytes-In 0.016 per GB – + usage" in text
    assert "count.floor: scalable target; count.expected: assumption; hours: 730 h a month" in text


def test_what_becomes_sensitive_does_not_say_what_it_was() -> None:
    item = chat()
    assert item.cost
    (priced,) = item.cost.children
    hidden = tuple(structs.replace(line, redacted=True) for line in priced.lines)
    after = structs.replace(item.cost, children=(structs.replace(priced, lines=hidden),))
    one = structs.replace(item, before=item.cost.monthly, previous=item.endpoint, previous_cost=item.cost, cost=after)
    text = words(rows(render(report(endpoints=(one,), results=())))[0])
    assert "instances (sensitive)" in text
    assert "before: ml.m5.xlarge" not in text
    assert "503.70 335.80 503.70 1,007.40" in text  # the amounts stay


def test_every_price_stands_once_with_its_date_and_source() -> None:
    text = words(render(report()))
    assert "Every price (5)" in text
    assert text.count("USE1-Host:VolumeUsage.gp2 0.14 per GB-month published 2026-05-20 AWS price list") == 1
    derived = "asynchronous at the hosting price. AWS price list"
    assert f"USE1-AsyncInf:ml.m5.large 0.115 per h derived 2023-12-01 {derived}" in text


def test_an_endpoint_that_fails_is_marked_and_its_finding_leads_to_it() -> None:
    page = render(report())
    first, second = rows(page)
    assert "✗" not in words(first).split("chat-prod")[0]
    assert "✗ docs" in words(second)
    assert 'id="e-2"' in second
    assert '<a href="#e-2"><bdi>docs: keeps one instance while its queue is empty</bdi></a>' in page


def test_a_finding_says_its_fix_what_it_saves_and_where_it_is() -> None:
    fix = Remediation(terraform="min_capacity = 0\nor a schedule", cloudformation="MinCapacity: 0")
    found = report(results=(finding(message="too dear", fix=fix, notes=("keep two",)),))
    text = words(render(found))
    # the id is what `guardrail fix --finding` takes
    named = f"async-scales-to-zero {Fingerprints(found).id_of(found.results[0])}"
    assert "queue is empty −85 USD at most Fix: min_capacity = 0 or a schedule error" in text
    assert f"{ADDRESS} at infra/docs.tf:12 · {named} Why, and the lines to change too dear keep two" in text


def test_the_same_lines_to_change_stand_once_and_are_linked() -> None:
    page = render(report(results=(finding(), finding(variant="v2"))))
    assert page.count("<code>min_capacity = 0</code>") == 1
    assert '<pre id="fix-1"' in page
    assert '<a href="#fix-1">' in page


def test_ten_findings_are_spelled_out_and_the_others_and_notes_are_folded() -> None:
    many = tuple(finding(f"policy-{at}") for at in range(12))
    text = words(render(report(results=(*many, finding("small", severity="note")))))
    assert text.index("policy-9") < text.index("2 more, 1 note") < text.index("policy-10") < text.index("small")


def test_the_largest_change_comes_first() -> None:
    assert names(render(report(endpoints=(docs(), chat())))) == ["chat-<wbr>prod", "docs"]


def test_what_the_change_leaves_alone_is_folded_away() -> None:
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    totals = structs.replace(report().totals, unchanged=monthly("84.51", "84.51", "253.53"))
    page = render(report(endpoints=(chat(), same), totals=totals))
    assert "<summary>1 unchanged, 85</summary>" in page
    assert page.index("<bdi>docs</bdi>") > page.index("1 unchanged")


def test_what_is_not_deployed_is_in_no_total_and_says_so() -> None:
    spare = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, deployed="no"))
    page = render(report(endpoints=(chat(),), unattached=(spare,)))
    assert page.index("no total includes them") < page.index("<bdi>docs</bdi>")


def test_what_does_not_count_is_listed_at_the_end() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin=".guardrail.yml")
    text = words(
        render(
            report(
                results=(
                    finding("old", status="existing"),
                    finding("not-known", verdict="open", reason="known only after apply"),
                    finding("fine-by-us", verdict="waived", waiver=waiver),
                    finding("all-right", verdict="pass", status=None),
                ),
                skipped=(
                    SkippedReport(source="plan.json", resource=Skipped(address="a.b", type="a", reason="no link")),
                ),
                notices=("a notice",),
            )
        )
    )
    assert f"Undecided (1) error not-known {ADDRESS}: known only after apply" in text
    assert f"From before this change (1) error old {ADDRESS}, up to 84.51 USD a month" in text
    assert f"Accepted (1) error fine-by-us {ADDRESS} until 2027-01-31 by ada: load test" in text
    assert "Skipped (1) a.b: no link" in text
    assert "a notice" in text
    assert "all-right" not in text


def test_nothing_to_pay_is_no_number() -> None:
    empty = report(endpoints=(), results=(), exit_code=0, totals=Totals(before=None, after=NOTHING, delta=None))
    text = words(render(empty))
    assert "No SageMaker inference ✓ Passes" in text
    assert "0.00" not in text


def test_what_was_only_skipped_is_unknown_and_never_nothing() -> None:
    after = structs.replace(NOTHING, at_least=True)
    skipped = SkippedReport(
        source="plan.json", resource=Skipped(address="Nested", type="Stack", reason="not here", affects_total=True)
    )
    text = words(
        render(
            report(
                endpoints=(),
                results=(),
                exit_code=0,
                skipped=(skipped,),
                totals=Totals(before=None, after=after, delta=None),
            )
        )
    )
    assert "What it costs is not known ○ Nothing fails, the cost is unknown" in text
    assert "No SageMaker inference" not in text
    assert "Passes" not in text


def test_what_cannot_be_trusted_says_why() -> None:
    text = words(render(report(results=(), exit_code=3, strict=True, distrust=("the type of chat is not known",))))
    assert "? Cannot be trusted" in text
    assert "the type of chat is not known" in text.split("By endpoint")[0]


def test_budgets_say_how_they_turn_out() -> None:
    held = BudgetReport(
        limit="max_expected_usd", usd=Decimal(900), amount=Decimal("596.61"), state="holds", origin=".guardrail.yml"
    )
    assert "holds the expected cost of 596.61 of 900" in words(render(report(budgets=(held,))))
    without_usage = structs.replace(held, depends_on_usage=True)
    assert "holds the expected cost of 596.61 + usage of 900" in words(render(report(budgets=(without_usage,))))


def test_discounts_stand_below_what_they_change() -> None:
    """A tenth off the list price: 596.61 less 59.66 is 536.95, and 84.51 less 8.45 is 76.06."""
    address = docs().endpoint.address
    found = DiscountReport(
        before=None,
        after=monthly("383.32", "536.95", "1149.96"),
        delta=None,
        endpoints={("plan.json", address): monthly("76.06", "76.06", "228.18")},
        plan=None,
        budgets="list",
        notes=("10 % by contract",),
    )
    page = render(report(discounts=found))
    assert "with discounts 76.06 76.06 228.18" in words(rows(page)[1]).split("for usage type")[0]
    assert "with discounts 383.32 536.95 1,149.96" in words(page)
    assert "with discounts: 10 % by contract" in words(page)


def test_of_much_that_changes_in_one_endpoint_the_first_stands_in_its_row() -> None:
    weights = tuple(Difference(part="variant", name="main", what=f"setting_{at}", before=1, after=2) for at in range(8))
    (row,) = rows(render(report(endpoints=(structs.replace(docs(), differences=weights),), results=())))
    assert "setting_5 1 → 2 , 2 more" in words(row)
    assert "setting_6" not in row


def test_several_inputs_have_a_heading_and_a_subtotal_each() -> None:
    sources = tuple(
        Source(id=path, path=path, kind="terraform-plan", format_version="1.2", has_before=True, complete=True)
        for path in ("plan.json", "other.json")
    )
    subtotals = {
        "plan.json": Totals(before=monthly("10", "10", "10"), after=monthly("341.40", "512.10", "1024.20"), delta=None),
        "other.json": Totals(before=NOTHING, after=monthly("84.51", "84.51", "253.53"), delta=None),
    }
    several = report(
        sources=sources, endpoints=(chat(), structs.replace(docs(), source="other.json")), subtotals=subtotals
    )
    text = words(render(several))
    assert "plan.json subtotal 10 → 512" in text
    assert text.index("other.json subtotal 0 → 85") < text.index("docs +85")


def test_a_card_has_a_waiver_to_paste_which_lacks_nothing_but_a_reason() -> None:
    """The report is of 2026-11-22, and 60 days later it is 2027-01-21."""
    text = words(render(report(results=(finding("p", address='a.b["k"]'),))))
    assert 'waivers: - policy: p address: "a.b[\\"k\\"]" until: 2027-01-21 reason: <why>' in text


def test_what_cannot_be_accepted_has_no_waiver() -> None:
    lines = Remediation(terraform="", cloudformation="")
    rule = Rule(id="p", title="t", severity="error", topic="", remediation=lines, help_uri="", waivable=False)
    assert "waivers:" not in render(report(results=(finding("p"),), rules=(rule,)))
    assert "waivers:" not in render(report(results=(finding("q", endpoint=None),)))


def test_each_possibility_has_its_amount() -> None:
    ways = tuple(
        PossibilityReport(
            source="plan.json", given=f"Stage={stage}", totals=Totals(before=None, after=after, delta=None)
        )
        for stage, after in (("dev", monthly("84.51", "84.51", "84.51")), ("prod", monthly("341.40", "512.10", "700")))
    )
    text = words(render(report(possibilities=ways)))
    assert "Stage=dev – – 84.51 84.51 84.51 Stage=prod – – 341.40 512.10 700.00" in text


def test_an_assumption_says_what_it_moves() -> None:
    """The derived price is that of docs, whose instances are expected to cost 83.95."""
    text = words(render(report()))
    assert "where no usage is given, what scales stays at its initial count chat-prod assumed" in text
    assert "which held wherever AWS published both 84 USD in docs derived" in text


def test_names_break_where_their_words_end() -> None:
    named = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, name="a_b-c/d.e.5.0"))
    assert names(render(report(endpoints=(named,)))) == ["a_<wbr>b-<wbr>c/<wbr>d.<wbr>e.<wbr>5.0"]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(report()) == render(report())


# Eight inputs --------------------------------------------------------------------------------------------------------

BY_HAND = {
    # 2 x ml.g5.xlarge and 2 x ml.g5.4xlarge, no volumes: 2 x 730 x 1.408 = 2,055.68, 2 x 730 x 2.03 = 2,963.80
    "small": [
        "+908 USD a month ✗ Fails 2,056 → 2,964 USD expected",
        "before 2,055.68 2,055.68 4,111.36 after 2,963.80 2,963.80 11,855.20 change +908.12 +908.12 +7,743.84",
    ],
    # ml.m5.12xlarge 730 x 2.765 = 2,018.45 and 30 GB x 0.14 = 4.20; ml.m5.large 83.95 and 0.56; data 0.01 both times
    "five": [
        "+3,756 USD a month ✗ Fails 1,380 → 5,137 USD expected",
        "main , ml.m5.12xlarge USE1-Host:ml.m5.12xlarge 2.765 per h, before: ml.m5.large",
        "83.95 2,018.45 2,018.45 4,036.90",
        "ml.m5.large → ml.m5.12xlarge , volume 4 → 30 GB 85 → 2,023",
    ],
    # before 4 + 1 + 6 = 11 x 86.75 = 954.25; after 4 x 170.70 + 341.40 + 6 x 86.75 = 1,544.70; + 590.45
    "twelve": [
        "+590 USD a month ✗ Fails 954 → 1,545 USD expected",
        "6 unchanged, 520",  # 520.50, half to even
        "before 954.25 954.25 954.25 after 1,544.70 1,544.70 1,544.70 change +590.45 +590.45 +590.45",
    ],
    "unknowns": [
        "Change unknown ○ Nothing fails, the cost is unknown 0 → unknown USD expected",
        "after unknown unknown unknown",
    ],
    "tags-only": [
        "No change, and what it costs is not known ○ Nothing fails, the cost is unknown",
        "2 tags unknown → unknown",
    ],
    "nothing-to-pay": ["No SageMaker inference ✓ Passes"],
    # before 3 x 2,055.68 + 338.04 + 84.51 = 6,589.59; after 2,963.80 + 4,111.36 + 0 + 1,365.88 + 84.51 = 8,525.55
    "five-stacks": [
        "+1,936 USD a month ✗ Fails 6,590 → 8,526 USD expected",
        "destroy/plan.json subtotal 2,056 → 0 −2,056",
        "min_capacity 0 → 1 , floor +85 85 → 85",  # nothing is expected to change, but one instance always stands
    ],
    # dev: 83.95 + 2.80 = 86.75; prod: 4 x (167.90 + 2.80) = 682.80
    "undecided": ["87 to 683 USD a month", "Stage=dev 86.75 86.75 86.75 Stage=prod 682.80 682.80 682.80"],
}
"""What the page of each input says, worked out from the prices of us-east-1: ml.m5.large 0.115, ml.m5.xlarge 0.23,
ml.m5.12xlarge 2.765, ml.g5.xlarge 1.408 and ml.g5.4xlarge 2.03 USD an hour, volumes 0.14 USD a GB-month."""


def page_of(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of one of the eight inputs, laid into an empty folder."""
    monkeypatch.chdir(folder)
    assert cli.main(["check", *INPUTS[name](folder), "--format", "html=page.html"]) in (0, 1)
    return (folder / "page.html").read_text(encoding="utf-8")


def test_a_place_in_the_repository_is_linked_where_a_forge_shows_it() -> None:
    links = Links(blob="https://github.com/acme/shop/blob/abc")
    page = render(report(), Options(root="/repository", links=links))
    assert '<a href="https://github.com/acme/shop/blob/abc/infra/docs.tf#L12">' in page
    assert "github.com" not in render(report())


@pytest.mark.parametrize("name", INPUTS)
def test_the_page_of_an_input_is_as_it_was(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Its body, for the style sheet is that of the template, without the version."""
    body = page_of(name, tmp_path, monkeypatch).partition("<body>\n")[2]
    body = body.replace(f"guardrail {__version__} ", "guardrail VERSION ")
    kept = PAGES / f"{name}.html"
    if request.config.getoption("--update"):
        kept.write_text(body, encoding="utf-8")
    assert body == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", INPUTS)
def test_the_page_of_an_input_says_what_was_worked_out_by_hand(name: str) -> None:
    text = words(f"<body>{(PAGES / f'{name}.html').read_text(encoding='utf-8')}")
    for expected in BY_HAND[name]:
        assert expected in text


# As it looks ---------------------------------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (360, 1280)
MEASURE = """
const found = {};
for (const frame of document.querySelectorAll("iframe")) {
  const page = frame.contentDocument, width = page.documentElement.clientWidth, out = [];
  if (page.documentElement.scrollWidth > width) out.push("the page scrolls sideways");
  for (const each of page.body.querySelectorAll("*")) {
    if (each.closest("thead, pre")) continue;
    const text = `${each.tagName}.${each.className} ${each.textContent.slice(0, 60)}`;
    const box = each.getBoundingClientRect();
    if (box.width && box.right > width + 0.5) out.push(`beyond the edge: ${text}`);
    if (each.matches("table, h1, h3, .n, .saves, .line") && each.clientWidth && each.scrollWidth > each.clientWidth + 1)
      out.push(`beyond its box: ${text}`);
  }
  found[frame.title] = {out: out, numbers: page.querySelectorAll(".n").length,
    colour: getComputedStyle(page.body).backgroundColor};
}
document.body.textContent = JSON.stringify(found);
"""


def dumped(uri: str, folder: Path, *flags: str) -> str:
    """The document as Chromium has it once it is loaded."""
    assert CHROMIUM
    headless = ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--dump-dom")
    done = subprocess.run(
        [CHROMIUM, *headless, *flags, uri],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout


def measured(pages: dict[str, str], folder: Path, *flags: str) -> dict[str, dict[str, object]]:
    """What Chromium finds in each page with everything unfolded, in frames of each width."""
    frames = "".join(
        f'<iframe title="{name} at {width}" width="{width}" height="600" srcdoc="{escape(page)}"></iframe>'
        for name, page in pages.items()
        for width in WIDTHS
    )
    harness = folder / "harness.html"
    script = f"<script>addEventListener('load', () => {{{MEASURE}}})</script>"
    harness.write_text(f'<!doctype html><meta charset="utf-8">{script}<body>{frames}', encoding="utf-8")
    shown = dumped(harness.as_uri(), folder, *flags)
    answer = re.search(r"<body>(\{.*\})</body>", shown, re.DOTALL)
    if answer is None:
        pytest.skip("Chromium shows nothing here")
    found: dict[str, dict[str, object]] = json.loads(unescape(answer[1]))
    return found


def wide() -> Report:
    """Names, messages and amounts that would burst a narrow page."""
    long = "A" * 300
    item = docs()
    assert item.cost
    dear = monthly("12345678.90", "12345678.90", "123456789.01")
    named = endpoint(long, variant(long, instance_type=long), address=f"aws_sagemaker_endpoint.{long}")
    priced = structs.replace(item.cost, monthly=dear)
    one = structs.replace(item, endpoint=named, cost=priced, before=dear)
    place = Location(f"{long}.tf", 1, called_at=Location(f"{long}/main.tf", 2))
    mine = finding(endpoint=named.address, address=long, message=long, location=place)
    totals = Totals(before=dear, after=dear, delta=one.delta)
    group = GroupReport(values={"tag:Team": long}, endpoints=1, workflows=0, totals=totals)
    limit = BudgetReport(
        limit="max_expected_usd",
        usd=Decimal("1234567.89"),
        amount=Decimal("12345678.90"),
        state="broken",
        origin=".guardrail.yml",
        group=group.id,
    )
    return report(endpoints=(one,), results=(mine,), totals=totals, groups=(group,), budgets=(limit,))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_no_name_and_no_number_runs_out_on_a_phone_or_on_a_desk(tmp_path: Path) -> None:
    """Unfolded, at 360 and 1280 pixels: neither out of the page nor out of its own box."""
    kept = {path.stem: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.html"))}
    head = render(report()).partition("<body>")[0]
    pages = {name: f"{head}<body>{body}" for name, body in kept.items()} | {"wide": render(wide())}
    opened = {name: page.replace("<details", "<details open") for name, page in pages.items()}
    found = measured(opened, tmp_path)
    assert len(found) == 9 * len(WIDTHS)
    assert {name: each["out"] for name, each in found.items() if each["out"]} == {}
    assert all(each["numbers"] for name, each in found.items() if not name.startswith("nothing"))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_link_to_a_row_unfolds_it(tmp_path: Path) -> None:
    """A browser opens the folds around what a link leads to, so the row's identifier stands inside of its fold."""
    page = tmp_path / "page.html"
    page.write_text(render(report()), encoding="utf-8")
    shown = dumped(f"{page.as_uri()}#e-2", tmp_path, "--virtual-time-budget=3000")
    if "<details" not in shown:
        pytest.skip("Chromium shows nothing here")
    assert re.findall(r'<details class="row"([^>]*)>', shown) == ["", ' open=""']


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_is_dark_where_the_reader_wants_it(tmp_path: Path) -> None:
    pages = {"one": render(report())}
    assert {each["colour"] for each in measured(pages, tmp_path).values()} == {"rgb(251, 251, 249)"}
    assert {each["colour"] for each in measured(pages, tmp_path, "--force-dark-mode").values()} == {"rgb(18, 20, 22)"}
