"""One answer that all formats ask for: what was read, what it costs, how it is judged and why."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Delta
from guardrail.model import Skipped, Unknown
from guardrail.money import ZERO
from guardrail.report import BudgetReport, Report, SkippedReport, Totals
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.headline import AllFixed
from guardrail.reporters.overview import fix_command, has_news, overview
from tests.reporters.reports import chat, docs, finding, monthly, report, without_past

NOTHING = monthly("0", "0", "0")
SKIPPED = SkippedReport(
    source="plan.json",
    resource=Skipped(address="aws_x.y", type="aws_x", reason="its definition is not read", affects_total=True),
)


def test_without_anything_to_pay_that_is_the_state() -> None:
    empty = report(endpoints=(), results=(), totals=Totals(before=None, after=NOTHING, delta=None), exit_code=0)
    assert overview(empty).state == "nothing-to-pay"


def test_what_was_only_skipped_is_unknown_and_never_nothing() -> None:
    after = structs.replace(NOTHING, at_least=True)
    skipped = report(
        endpoints=(), results=(), skipped=(SKIPPED,), totals=Totals(before=None, after=after, delta=None), exit_code=0
    )
    assert overview(skipped).state == "unknown"
    assert overview(skipped).headline.sentence == "What it costs is not known"


@pytest.mark.parametrize(("exit_code", "verdict"), [(0, "passes"), (1, "fails"), (3, "untrusted"), (2, "untrusted")])
def test_the_verdict_is_the_exit_code(exit_code: int, verdict: str) -> None:
    assert overview(report(exit_code=exit_code)).verdict == verdict


def test_a_run_that_is_to_fail_on_nothing_does_not_pass_what_fails() -> None:
    told = overview(report(exit_code=0, fail_on="never"))
    assert told.verdict == "tolerated"
    assert told.reasons == ("told to fail on nothing (--fail-on never)",)
    assert overview(report(exit_code=0, fail_on="never", results=())).verdict == "passes"


def test_the_reasons_begin_with_broken_budgets_and_name_where_they_are_set() -> None:
    broken = BudgetReport(
        limit="max_expected_usd", usd=Decimal(500), amount=Decimal("596.61"), state="broken", origin="--budget"
    )
    assert overview(report(budgets=(broken,))).reasons == (
        "the expected cost of 596.61, above 500.00 (--budget)",
        "1 error (fail on error)",
    )


def test_what_is_not_trusted_is_a_reason() -> None:
    told = overview(report(exit_code=3, strict=True, distrust=("a", "b"), results=()))
    assert told.reasons == ("--strict: 2 things are unknown, unpriced or undecided",)


def test_counts_tell_new_from_old_and_decided_from_undecided() -> None:
    results = (
        finding(),
        finding(status="existing"),
        finding(severity="warning"),
        finding(verdict="open"),
        finding(verdict="open", severity="note"),
        finding(verdict="waived"),
    )
    told = overview(report(results=results))
    assert str(told.counts) == "1 error, 1 warning, 1 error undecided, 1 finding from before, 1 waived"
    assert str(overview(report(results=(finding(status="existing"),))).counts) == "1 finding from before"


def test_rows_stand_by_the_size_of_their_change() -> None:
    """Chat costs 512.10 - 500 = 12.10 more, docs 84.51 more."""
    items = (structs.replace(chat(), before=monthly("341.40", "500", "1024.20")), docs())
    assert [item.endpoint.name for item in overview(report(endpoints=items)).rows] == ["docs", "chat-prod"]


def test_all_fixes_together_count_the_dearest_of_each_variant() -> None:
    """84.51 and 40.00 of the first variant overlap: 84.51 + 10.00 of the second."""
    results = (
        finding(),
        finding("another", saving_monthly=Decimal(40), saving_basis="exact"),
        finding("third", saving_monthly=Decimal(10), saving_basis="exact", part=("variant", 1)),
        finding("old", status="existing", saving_monthly=Decimal(1000), part=("variant", 2)),
    )
    assert overview(report(results=results)).all_fixed == AllFixed(Decimal("94.51"), at_best=True)


def test_one_saving_that_is_unknown_leaves_their_sum_out() -> None:
    results = (finding(), finding("another", saving_monthly=Unknown("no price"), part=("variant", 1)))
    assert overview(report(results=results)).all_fixed is None
    assert overview(report(results=())).all_fixed is None


def quiet(**changes: Any) -> Report:
    """A change that leaves its one endpoint as it was, with a finding from before."""
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    known = monthly("84.51", "84.51", "253.53")
    totals = Totals(before=known, after=known, delta=Delta(ZERO, ZERO, ZERO), unchanged=known)
    kept = {"endpoints": (same,), "totals": totals, "results": (finding(status="existing"),), "exit_code": 0}
    return report(**(kept | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"results": (finding(severity="note"),)},
        {"exit_code": 3},
        {"exit_code": 2, "unread": ("a.tf: x",)},
        {"own_terms": ("fail_on from error to never",)},
        {"endpoints": (docs(),)},
        {"unattached": (docs(),)},
        {"totals": structs.replace(quiet().totals, delta=Delta(ZERO, ZERO, Decimal(1)))},
        {"totals": structs.replace(quiet().totals, delta=Delta(*[Unknown("it was skipped")] * 3))},
        {"sources": without_past()},
    ],
)
def test_what_changes_fails_or_has_no_past_is_news(changes: dict[str, Any]) -> None:
    assert has_news(quiet(**changes))


def test_what_the_change_leaves_alone_is_no_news_and_neither_is_an_input_without_sagemaker() -> None:
    assert not has_news(quiet())
    assert not has_news(
        quiet(unattached=(structs.replace(docs(), endpoint=structs.replace(docs().endpoint, touched=False)),))
    )
    nothing = Totals(before=None, after=NOTHING, delta=None)
    assert not has_news(quiet(sources=without_past(), endpoints=(), totals=nothing, results=()))


# The command that has an edit ----------------------------------------------------------------------------------------


def ids(some: Report) -> list[str]:
    return [Fingerprints(some).id_of(result) for result in some.results]


def test_the_command_names_the_input_and_the_findings_that_have_an_edit() -> None:
    two = report(results=(finding(), finding("scaling-has-room")))
    first, second = ids(two)
    assert fix_command(two.results, two, {second}, 3) == f"guardrail fix plan.json --finding {second}"
    both = f"guardrail fix plan.json --finding {first} --finding {second}"
    assert fix_command(two.results, two, {first, second}, 3) == both
    assert fix_command(two.results, two, {first, second}, 1) == "guardrail fix plan.json"
    assert fix_command(two.results, two, {"0" * 16}, 3) == ""


@pytest.mark.parametrize("path", ["$(id).json", "a;b", "-rf", "--write", "a b", "`x`", "a\nb", "x" * 101, "é", ""])
def test_an_input_that_a_shell_reads_otherwise_is_not_in_what_people_paste(path: str) -> None:
    one = report()
    hostile = structs.replace(one, sources=tuple(structs.replace(each, path=path) for each in one.sources))
    assert fix_command(hostile.results, hostile, set(ids(hostile)), 0) == "guardrail fix PATH..."
