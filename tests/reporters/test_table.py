"""The table: transcripts whose numbers are worked out in `tests.reporters.reports`, and what holds for every report."""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from guardrail.cost.base import Bill, Delta, Monthly
from guardrail.model import Coverage, InferenceComponent, Location, ScalableTarget, ServerlessVariant, Skipped, Unknown
from guardrail.policy.base import AppliedWaiver, Remediation, Result
from guardrail.report import (
    BudgetReport,
    EndpointReport,
    PossibilityReport,
    RegionPrices,
    Report,
    SkippedReport,
    Totals,
)
from guardrail.reporters import table
from guardrail.reporters.base import DEFAULT, Options
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.page import Page
from guardrail.reporters.wording import display_width
from tests.reporters.reports import (
    DOCS,
    bounds,
    chat,
    component,
    data,
    docs,
    endpoint,
    finding,
    monthly,
    price,
    report,
    summary,
    variant,
)

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "report.md"
HOSTILE = "x\x1b[2J\u202e\n| <img src=x> \u2028" + "y" * 10_000


def render(found: Report, options: Options = DEFAULT) -> str:
    """With every line of the bill."""
    return table.render(found, structs.replace(options, bill=True))


def lines(answer: Report, **options: Any) -> list[str]:
    return render(answer, Options(**options)).splitlines()


def cells(answer: Report, label: str, **options: Any) -> list[str]:
    """What stands in the one row that has ``label`` in it, from left to right."""
    (row,) = [line for line in lines(answer, **options) if label in line]
    return re.split(r"\s{2,}", row.strip())


def sentences(answer: Report) -> str:
    """The report as one line, so that it does not matter where sentences are broken."""
    return " ".join(render(answer).split())


def one_endpoint(item: EndpointReport, **changes: Any) -> Report:
    """A report on one endpoint without findings."""
    after = item.cost.monthly if item.cost else monthly("0", "0", "0")
    known: dict[str, Any] = {
        "endpoints": (item,),
        "results": (),
        "summary": summary(),
        "exit_code": 0,
        "totals": Totals(before=None, after=after, delta=None),
    }
    return report(**(known | changes))


def costing(item: EndpointReport, *parts: Any, at_least: bool = False) -> EndpointReport:
    """The endpoint with other components on its first variant, and none of its own."""
    total = monthly("10", "20", "30", at_least=at_least)
    cost = Bill(
        kind="endpoint",
        label=item.endpoint.address,
        lines=(),
        children=(Bill(kind="variant", label="main", lines=tuple(parts), monthly=total),),
        monthly=total,
    )
    return structs.replace(item, cost=cost)


# Transcripts ---------------------------------------------------------------------------------------------------------

CHANGE = """\
guardrail check plan.json
 us-east-1 · prices 2023-12-01 to 2026-05-20, 1,087 days old · 730 h · on-demand

 endpoint / component             qty      floor   expected    ceiling
 chat-prod   real-time · new
   main  ml.m5.xlarge           2 – 6     335.80     503.70   1,007.40
         volume 20 GB           2 – 6       5.60       8.40      16.80
   data in, out          0.016 per GB    + usage
 docs        asynchronous · new
   v1    ml.m5.large            1 – 3      83.95      83.95     251.85  ✗
         volume 4 GB (default)  1 – 3       0.56       0.56       1.68
 MONTHLY                                  425.91     596.61   1,277.73  + usage
 before this change                       171.68     171.68     171.68
 change                                  +254.23    +424.93  +1,106.05

 to mend, errors first, then by money                           USD a month less
 ✗ docs: keeps one instance while its queue is empty                 −85 at most
     min_capacity is 1
     fix  min_capacity = 0
     at   infra/docs.tf:12  async-scales-to-zero

 + usage: priced once guardrail-usage.yml (--usage-file) says how many requests
   and GB to expect
 asynchronous instances are priced at the real-time rate, which held wherever
   AWS published both (USE1-AsyncInf:ml.m5.large)

 ✗ FAILS  +425 USD a month (172 → 597), with all fixes at best +340
 1 error · 9 of 9 resources read · exit 1 (fail on error)
 next: guardrail policies explain async-scales-to-zero
"""

NO_CHANGE = """\
guardrail check plan.json
 us-east-1 · prices 2023-12-01 to 2026-05-20, 1,087 days old · 730 h · on-demand

 endpoint / component  qty       floor    expected     ceiling
 2 endpoints, unchanged
 MONTHLY                        425.91      596.61    1,277.73  + usage

 1 finding from before this change (--all makes them count):
   ✗ async-scales-to-zero  module.docs["a"].aws_appautoscaling_target.this  up to 84.51 USD a month

 ✓ PASSES  nothing changes: 597 USD a month and what depends on usage
 1 finding from before · 9 of 9 resources read · exit 0 (fail on error)
"""


def test_every_line_of_a_change_at_80_columns() -> None:
    assert render(report(), Options(width=80)) == CHANGE


WHAT_CHANGES = """\
guardrail check plan.json
 us-east-1 · prices 2023-12-01 to 2026-05-20, 1,087 days old · 730 h · on-demand

 USD a month, expected                        before    after   change    up to
   chat-prod  production                           –      512     +512    1,024
 ✗ docs  production, asynchronous                  –       85      +85      254
 ──────────────────────────────────────────────────────────────────────────────
   TOTAL  + usage                                172      597     +425    1,278

 to mend, errors first, then by money                           USD a month less
 ✗ docs: keeps one instance while its queue is empty                 −85 at most
     min_capacity is 1
     fix  min_capacity = 0
     at   infra/docs.tf:12  async-scales-to-zero

 + usage: priced once guardrail-usage.yml (--usage-file) says how many requests
   and GB to expect
 asynchronous instances are priced at the real-time rate, which held wherever
   AWS published both (USE1-AsyncInf:ml.m5.large)

 ✗ FAILS  +425 USD a month (172 → 597), with all fixes at best +340
 1 error · 9 of 9 resources read · exit 1 (fail on error)
 next: guardrail policies explain async-scales-to-zero · --bill for every line
"""


def test_a_change_at_80_columns_in_whole_dollars() -> None:
    """171.68 and 596.61 are 172 and 597, the change of 424.93 is 425; less the fix of 84.51 it is 340."""
    assert table.render(report(), Options(width=80)) == WHAT_CHANGES


def test_the_documentation_shows_this_very_table() -> None:
    assert CHANGE in DOCUMENTATION.read_text(encoding="utf-8")


def test_budgets_that_hold_and_those_that_are_open_say_so() -> None:
    held = BudgetReport(
        limit="max_expected_usd", usd=Decimal(900), amount=Decimal("596.61"), state="holds", origin="--budget"
    )
    least = Unknown("r", at_least=Decimal(7))
    unknown = structs.replace(held, limit="max_floor_usd", amount=least, state="open")
    told = sentences(report(budgets=(held, unknown)))
    assert "budgets: the expected cost of 596.61 is within 900; open whether the floor of ≥ 7.00 is within 900" in told
    told = sentences(report(budgets=(structs.replace(held, depends_on_usage=True),)))
    assert "budgets: the expected cost of 596.61 + usage is within 900" in told


def test_an_assignment_of_a_map_is_never_broken_inside() -> None:
    text = "on the endpoint, so that everybody who reads this can see it: tags = { Team = 'ml' } or none"
    assert [line.text for line in Page(Options(width=80)).wrapped(text)] == [
        "on the endpoint, so that everybody who reads this can see it:",
        "tags = { Team = 'ml' } or none",
    ]


def test_a_wider_terminal_takes_less_lines() -> None:
    wide = lines(report(), width=120)
    dates = "prices 2023-12-01 to 2026-05-20, 1,087 days old"
    assert wide[0] == f"guardrail check plan.json     us-east-1 · {dates} · 730 h · on-demand"
    assert wide[3] == " chat-prod   real-time · new"
    assert wide[4] == "   main  ml.m5.xlarge           2 – 6      335.80      503.70    1,007.40"
    assert wide[-2] == " 1 error · 9 of 9 resources read · exit 1 (fail on error)"


def test_an_encoding_without_glyphs_gets_ascii_that_is_aligned_as_well() -> None:
    plain = render(report(), Options(glyphs=False))
    assert plain.isascii()
    assert "   v1    ml.m5.large            1 - 3      83.95      83.95     251.85  x\n" in plain
    assert " x docs: keeps one instance while its queue is empty                 -85 at most\n" in plain


def test_nothing_of_sagemaker_is_said_in_one_line() -> None:
    empty = report(
        endpoints=(),
        results=(),
        coverage=Coverage(seen=0, modelled=0, partial=0, skipped=0),
        totals=Totals(before=monthly("0", "0", "0"), after=monthly("0", "0", "0"), delta=Delta(*[Decimal(0)] * 3)),
        summary=summary(passed=1),
        exit_code=0,
    )
    assert render(empty) == "guardrail check plan.json: no SageMaker inference, nothing to pay · exit 0\n"


def test_a_change_that_touches_nothing_is_short() -> None:
    total = monthly("425.91", "596.61", "1277.73", depends_on_usage=True)
    still = report(
        endpoints=tuple(structs.replace(item, unchanged=True) for item in (chat(), docs())),
        totals=Totals(before=total, after=total, delta=Delta(*[Decimal(0)] * 3), unchanged=total),
        results=(finding(status="existing"),),
        summary=summary(error=1, existing=1),
        exit_code=0,
    )
    assert render(still, Options(width=100)) == NO_CHANGE


# Rows ----------------------------------------------------------------------------------------------------------------


def test_unchanged_endpoints_beside_changed_ones_are_one_row() -> None:
    unchanged = structs.replace(docs(), unchanged=True)
    totals = structs.replace(report().totals, unchanged=monthly("84.51", "84.51", "253.53"))
    answer = report(endpoints=(chat(), unchanged), totals=totals, results=())
    assert cells(answer, "unchanged") == ["docs, unchanged", "84.51", "84.51", "253.53"]
    assert "asynchronous ·" not in render(answer)


def test_with_all_unchanged_endpoints_and_their_findings_are_shown() -> None:
    unchanged = structs.replace(docs(), unchanged=True)
    text = render(report(endpoints=(chat(), unchanged), results=(finding(status="existing"),), all_findings=True))
    assert "   v1    ml.m5.large            1 – 3      83.95      83.95     251.85  ✗\n" in text
    assert "     fix  min_capacity = 0\n" in text
    assert "from before this change" not in text


def test_a_deleted_endpoint_shows_what_it_cost() -> None:
    deleted = EndpointReport(
        source="plan.json",
        endpoint=endpoint("old", variant(), change="delete"),
        environment="production",
        before=monthly("171.68", "171.68", "171.68"),
        cost=None,
    )
    assert " old   real-time · deleted" in lines(one_endpoint(deleted))
    assert cells(one_endpoint(deleted), "before") == ["before", "171.68", "171.68", "171.68"]


def test_an_endpoint_whose_cost_changes_shows_what_it_was() -> None:
    changed = structs.replace(
        docs(), endpoint=structs.replace(docs().endpoint, change="no-op"), before=monthly("1", "2", "3")
    )
    assert " docs   asynchronous · changed" in lines(one_endpoint(changed))
    assert cells(one_endpoint(changed), "before") == ["before", "1.00", "2.00", "3.00"]


def test_what_is_unpriced_is_at_least_and_never_a_bare_number() -> None:
    unpriced = component(
        "instance", "Hrs", None, quantity=bounds("730", "730", "730"), count=bounds("1", "1", "1"),
        detail="ml.m6i.xlarge", reason="ml.m6i.xlarge has no hosting price in us-east-1",
    )  # fmt: skip
    answer = one_endpoint(costing(docs(), unpriced, at_least=True))
    assert cells(answer, "v1  ") == ["v1", "ml.m6i.xlarge", "1", "no price"]
    assert cells(answer, "MONTHLY") == ["MONTHLY", "≥10.00", "≥20.00", "≥30.00"]
    assert " ≥ lacks: ml.m6i.xlarge has no hosting price in us-east-1 (docs/v1)\n" in render(answer)


def test_a_total_of_which_nothing_is_known_is_no_zero() -> None:
    nobody_knows = structs.replace(
        docs(),
        endpoint=structs.replace(docs().endpoint, variants=Unknown("its configuration is managed elsewhere")),
        cost=Bill(
            kind="endpoint",
            label=DOCS,
            lines=(data("In"), data("Out")),
            children=(),
            monthly=monthly("0", "0", "0", at_least=True),
        ),
    )
    text = render(one_endpoint(nobody_knows))
    assert "configuration unknown" in text
    assert "0.00" not in text
    assert " ≥ lacks: its configuration is managed elsewhere (docs)\n" in text


def test_estimates_are_marked_and_their_rule_is_named_once() -> None:
    rule = {"basis": "estimated", "confidence": "medium", "rule": "linear in memory. Seen in three regions."}
    warm = component(
        "provisioned-warm", "seconds",
        price("USE1-ProvisionedConcurrency:Usage-4GB", "seconds", "0.00002", **rule),
        quantity=bounds("2628000", "2628000", "2628000"), monthly=bounds("52.56", "52.56", "52.56"),
        count=bounds("1", "1", "1"), detail="4 GB memory", estimated=True,
    )  # fmt: skip
    assert cells(one_endpoint(costing(docs(), warm)), "kept warm")[1:] == ["kept warm 4 GB", "1", *["~52.56"] * 3]
    text = render(one_endpoint(costing(docs(), warm, warm)))
    assert text.count("~ estimated: linear in memory (medium confidence)") == 1


def test_a_suspect_price_and_an_assumed_count_are_footnotes() -> None:
    doubted = component(
        "instance", "Hrs", price("USE1-Host:ml.p2.xlarge", "Hrs", "1.125", suspect="half of what EC2 asks"),
        quantity=bounds("730", "1460", "2190"), monthly=bounds("821.25", "1642.50", "2463.75"),
        count=bounds("1", "2", "3"), detail="ml.p2.xlarge", assumed=True,
    )  # fmt: skip
    item = costing(docs(), doubted)
    totals = Totals(before=None, after=monthly("1", "2", "3", assumed=True), delta=None)
    text = render(one_endpoint(item, totals=totals))
    assert " doubtful price: half of what EC2 asks (USE1-Host:ml.p2.xlarge)\n" in text
    assert " expected: where no usage is given, what scales stays at its initial count\n" in text


def test_serverless_compute_without_usage_shows_its_unit_price() -> None:
    compute = component(
        "serverless-compute", "seconds", price("USE1-ServerlessInf:Mem-2GB", "seconds", "0.0000400"),
        detail="2 GB memory", depends_on_usage=True,
    )  # fmt: skip
    sleeping = ServerlessVariant(name="v1", memory_mib=2048, max_concurrency=5, provisioned_concurrency=None)
    item = structs.replace(docs(), endpoint=endpoint("docs", sleeping, mode="serverless"))
    answer = one_endpoint(costing(item, compute))
    assert cells(answer, "compute") == ["v1", "compute 2 GB", "0.00004 per s", "+ usage"]


def test_usage_that_is_known_shows_its_quantity() -> None:
    used = component(
        "serverless-compute", "seconds", price("USE1-ServerlessInf:Mem-2GB", "seconds", "0.00004"),
        quantity=bounds("200000", "200000", "200000"), monthly=bounds("8", "8", "8"), detail="2 GB memory",
    )  # fmt: skip
    answer = one_endpoint(costing(docs(), used))
    assert cells(answer, "compute") == ["v1", "compute 2 GB", "200,000 s", "8.00", "8.00", "8.00"]


def test_shadow_variants_and_inference_components_say_what_they_are() -> None:
    target = ScalableTarget(address="t", dimension="d", min_capacity=0, max_capacity=4)
    components = [
        InferenceComponent(address=f"c{n}", name=f"part-{n}", variant_name="main", copies=1, scaling=target)
        for n in range(7)
    ]
    host = endpoint("host", variant("main", shadow=True), inference_components=tuple(components))
    instance = component("instance", "Hrs", price("x", "Hrs", "1"), detail="ml.m5.xlarge", count=bounds("1", "1", "1"),
                         quantity=bounds("730", "730", "730"), monthly=bounds("730", "730", "730"))  # fmt: skip
    answer = one_endpoint(costing(structs.replace(docs(), endpoint=host), instance))
    assert cells(answer, "ml.m5.xlarge")[:2] == ["main", "ml.m5.xlarge (shadow)"]
    assert cells(answer, "part-4") == ["hosts part-4", "0 – 4"]
    assert cells(answer, "more") == ["hosts 2 more"]
    assert "part-5" not in render(answer)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"monthly_hours": Decimal(168)}, "(shadow, 168 h)"),
        ({"monthly_hours": Decimal(4) / 3}, "(shadow, 1.33 h)"),
        ({"monthly_hours": Unknown("the end is a parameter")}, "(shadow, hours unknown)"),
        ({"monthly_hours": Decimal(168), "sensitive": True}, "(shadow)"),
    ],
)
def test_a_shadow_test_says_how_long_it_runs_unless_that_is_sensitive(changes: dict[str, Any], note: str) -> None:
    tested = endpoint("host", variant("candidate", shadow=True, **changes))
    instance = component("instance", "Hrs", price("x", "Hrs", "1"), detail="ml.m5.xlarge", count=bounds("1", "1", "1"),
                         quantity=bounds("168", "168", "168"), monthly=bounds("168", "168", "168"))  # fmt: skip
    answer = one_endpoint(costing(structs.replace(docs(), endpoint=tested), instance))
    assert f"ml.m5.xlarge {note}" in cells(answer, "ml.m5.xlarge")


def test_unattached_configurations_stand_below_the_totals() -> None:
    loose = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, deployed="no", name="spare"))
    found = lines(report(unattached=(loose,)))
    start = found.index(" not deployed: no endpoint uses these, and no total includes them")
    assert start > next(number for number, line in enumerate(found) if line.startswith(" change "))
    assert found[start + 1] == " spare       asynchronous"


def test_several_sources_have_their_rows_below_their_names() -> None:
    first = report().sources[0]
    other = structs.replace(docs(), source="b.json")
    both = report(sources=(first, structs.replace(first, id="b.json", path="b.json")), endpoints=(chat(), other))
    found = lines(both)
    assert found[0] == "guardrail check plan.json b.json"
    assert found.index(" plan.json") < found.index(" chat-prod   real-time · new") < found.index(" b.json")


def test_sensitive_parts_show_their_amounts_only() -> None:
    hidden = component(
        "instance", "Hrs", price("USE1-Host:ml.p4d.24xlarge", "Hrs", "25.25", suspect="ml.p4d.24xlarge is odd"),
        quantity=bounds("1460", "1460", "1460"), monthly=bounds("36865", "36865", "36865"),
        count=bounds("2", "2", "2"), detail="ml.p4d.24xlarge", redacted=True, reason="ml.p4d.24xlarge is odd",
        origins={"price": "ml.p4d.24xlarge"},
    )  # fmt: skip
    answer = one_endpoint(costing(docs(), hidden))
    text = render(answer)
    assert cells(answer, "instances") == ["v1", "instances (sensitive)", *["36,865.00"] * 3]
    assert "p4d" not in text
    assert "25.25" not in text
    assert "sensitive: these values are used and not shown" in text


def test_an_estimated_change_is_marked_as_its_total_is() -> None:
    """2 of 100 USD rest on an estimate: 2 %. Of a change of 300 they would be less than 1 %."""
    item = costing(docs())
    assert item.cost is not None
    for amount, shown in (("100", "~+100.00"), ("300", "+300.00")):
        guessed = {"estimated_floor": "2", "estimated_share": "2", "estimated_ceiling": "2"}
        after = monthly(amount, amount, amount, estimated=True, **{key: Decimal(two) for key, two in guessed.items()})
        priced = structs.replace(item, before=None, cost=structs.replace(item.cost, monthly=after))
        delta = Delta(*[Decimal(amount)] * 3)
        answer = one_endpoint(priced, totals=Totals(before=monthly("0", "0", "0"), after=after, delta=delta))
        assert cells(answer, shown) == ["change", *[shown] * 3]


def test_a_variant_without_a_known_name_is_called_by_its_number_and_marked_once() -> None:
    unnamed = structs.replace(
        docs(), endpoint=endpoint("docs", structs.replace(variant(), name=Unknown("known only after apply")))
    )
    text = render(one_endpoint(unnamed, results=(finding(variant=None, endpoint=unnamed.endpoint.address),)))
    assert "   variant 1  ml.m5.large" in text
    assert text.count("✗") == 2, "on the endpoint and in front of the finding"


# Findings ------------------------------------------------------------------------------------------------------------


def test_instances_of_one_block_are_one_finding_that_counts_them() -> None:
    results = tuple(
        finding(
            address=f'module.docs["{key}"].aws_appautoscaling_target.this',
            endpoint=f'module.docs["{key}"].aws_sagemaker_endpoint.this',
            headline="keeps one",
            message="it keeps one",
            location=None,
        )
        for key in "abcdefgh"
    )
    text = render(report(results=results), Options(width=120))
    assert text.count(": keeps one") == 1
    assert "     in   module.docs.aws_appautoscaling_target.this  (8 instances)  async-scales-to-zero\n" in text
    assert " and 5   −676 at most\n   more: keeps one\n" in text  # 8 × 84.51 = 676.08


BLOCK = Remediation(terraform='resource "x" "y" {\n  a = 1\n  b = 2\n}\n', cloudformation="")


def test_a_fix_stands_for_the_lines_to_paste_and_where_they_are_is_said_once() -> None:
    fix = Remediation(terraform="a = 1\nor b = 2", cloudformation="A: 1")
    results = (
        finding(fix=fix, remediation=BLOCK),
        finding("scaling-has-room", fix=fix, remediation=BLOCK, address="aws_x.y"),
    )
    text = render(report(results=results))
    assert text.count("     fix  a = 1\n     or   b = 2\n") == 2
    assert 'resource "x"' not in text
    assert text.count("\n next: guardrail policies explain async-scales-to-zero") == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("plan.json", " next: guardrail fix plan.json --finding {}\n guardrail policies explain"),
        ("p" * 50, f" next: guardrail fix {'p' * 50}\n guardrail policies explain"),
        ("p" * 90, " next: guardrail policies explain"),
    ],
)
def test_the_command_of_an_edit_is_the_next_one_as_far_as_there_is_room(path: str, said: str) -> None:
    one = report(results=(finding(),))
    one = structs.replace(one, sources=tuple(structs.replace(each, path=path) for each in one.sources))
    number = Fingerprints(one).id_of(one.results[0])
    assert said.format(number) in render(one, Options(fixable=frozenset([number])))


def test_a_policy_that_says_no_fix_shows_its_lines_where_they_are_few() -> None:
    few = Remediation(terraform="a = 1\n", cloudformation="")
    assert "     fix  a = 1\n" in render(report(results=(finding(remediation=few),)))
    assert "     fix" not in render(report(results=(finding(remediation=BLOCK),)))


def test_an_address_that_does_not_fit_beside_its_policy_is_whole() -> None:
    address = f"module.{'a' * 30}.aws_appautoscaling_target.it"
    found = lines(report(results=(finding(address=address, location=None),)))
    position = found.index(f"     in   {address}")
    assert found[position + 1] == "          async-scales-to-zero"


def test_endpoints_of_one_configuration_are_one_finding_that_lists_them() -> None:
    """One is called "a", which is also a word of the message."""
    block = "aws_sagemaker_endpoint_configuration.shared"
    items = tuple(
        structs.replace(docs(), endpoint=structs.replace(docs().endpoint, address=f"aws_e.{name}", name=name))
        for name in ("lit", "a", "b")
    )
    results = tuple(
        finding(
            address=block,
            endpoint=f"aws_e.{name}",
            headline="runs",
            message=f"{name} / v runs, up to 2.00 USD a month",
            location=None,
        )
        for name in ("lit", "a", "b")
    )
    text = render(report(endpoints=items, results=results))
    assert text.count(" ✗ lit, a, b: runs ") == 1
    assert text.count(f"     in   {block}  async-scales-to-zero\n") == 1


def test_notes_that_say_the_same_are_one_whatever_their_blocks() -> None:
    results = tuple(
        finding(
            "tags",
            severity="note",
            address=f"aws_e.{name}",
            endpoint=f"aws_e.{name}",
            message="no tag",
            headline="no tag",
            saving_monthly=None,
        )
        for name in "abc"
    )
    assert " i aws_e.a, aws_e.b, aws_e.c: no tag\n" in render(report(results=results))


def test_what_to_know_beside_findings_is_said_once_with_whom_it_is_about() -> None:
    notes = ("environment unknown, so production's limits apply",)
    results = (finding(notes=notes), finding("scaling-has-room", notes=notes), finding(verdict="open", notes=("no",)))
    text = render(report(results=results))
    assert text.count(" environment unknown, so production's limits apply (docs)\n") == 1
    assert "\n no" not in text


def test_what_a_pass_has_to_say_is_a_note() -> None:
    passing = finding(verdict="pass", status=None, message="m", notes=("docs scales to zero, except at times",))
    assert " note: docs scales to zero, except at times\n" in render(report(results=(passing,)))


def test_the_fix_speaks_the_language_of_the_source() -> None:
    template = structs.replace(report().sources[0], kind="cloudformation")
    assert "     fix  MinCapacity: 0\n" in render(report(sources=(template,)))


def test_what_is_undecided_among_errors_is_said_once_for_each_reason_and_the_rest_is_counted() -> None:
    reason = "min_capacity is known only after apply"
    errors = [
        finding(name, verdict="open", reason=reason, saving_monthly=None)
        for name in ("async-scales-to-zero", "scales-on-backlog")
    ]
    warning = finding("scaling-has-room", severity="warning", verdict="open", reason=reason, saving_monthly=None)
    text = sentences(report(results=(*errors, warning, warning), summary=summary(open=4), exit_code=0))
    where = 'module.docs["a"].aws_appautoscaling_target.this'
    assert f"? undecided for {where}, {reason}: async-scales-to-zero, scales-on-backlog" in text
    assert "? 2 warnings or notes undecided" in text


def test_undecided_instances_of_one_block_are_counted() -> None:
    results = tuple(finding(address=f"aws_x.y[{key}]", verdict="open", reason="unknown") for key in range(3))
    assert "? undecided for aws_x.y (3 instances), unknown: async-scales-to-zero" in sentences(report(results=results))


def test_a_waived_finding_names_its_reason_and_end() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ml-platform", origin=".guardrail.yml")
    text = sentences(report(results=(finding(verdict="waived", waiver=waiver),)))
    assert "waived: async-scales-to-zero for module.docs" in text
    assert "until 2027-01-31 by ml-platform: load test" in text
    assert "fix:" not in text


def test_existing_findings_are_listed_dearest_first_and_cut_after_ten() -> None:
    results = tuple(
        finding(status="existing", address=f"aws_appautoscaling_target.t{n}", saving_monthly=Decimal(100 - n))
        for n in range(12)
    )
    found = lines(report(results=results, summary=summary(error=12, existing=12), exit_code=0))
    start = found.index(" 12 findings from before this change (--all makes them count):")
    assert found[start + 1 : start + 3] == [
        "   ✗ async-scales-to-zero  up to 100.00 USD a month",
        "     aws_appautoscaling_target.t0",
    ]
    assert found[start + 11].endswith("aws_appautoscaling_target.t9  up to 91.00 USD a month")
    assert found[start + 12] == "   and 2 more; --format json lists them all"


def test_a_doubtful_answer_says_so_with_strict() -> None:
    doubted = report(strict=True, distrust=("a: unknown", "b: unknown"), results=(), exit_code=3)
    text = render(doubted, Options(width=140))
    assert " --strict: this answer cannot be trusted, 2 things above are unknown, unpriced or undecided\n" in text
    assert " ? CANNOT BE TRUSTED  " in text
    assert " · exit 3 (fail on error)\n" in text


# Coverage and caveats ------------------------------------------------------------------------------------------------


def skipped(*addresses: str) -> tuple[SkippedReport, ...]:
    return tuple(
        SkippedReport(source="plan.json", resource=Skipped(address=address, type="t", reason="no such endpoint"))
        for address in addresses
    )


def test_skipped_resources_are_counted_by_reason_or_listed() -> None:
    answer = report(skipped=skipped("target.a", "target.b", "target.c"))
    assert " skipped: target.a and 2 more: no such endpoint\n" in render(answer)
    listed = render(answer, Options(show_skipped=True))
    assert all(f" skipped: target.{key}: no such endpoint\n" in listed for key in "abc")


def test_the_reader_learns_which_files_and_prices_were_used() -> None:
    prices = {
        region: RegionPrices(oldest="2026-05-20", newest="2026-05-20", age_days=186, origin=origin)
        for region, origin in (("eu-west-1", "bundled"), ("us-east-1", "our-prices"))
    }
    used = report(prices=prices, settings_file=".guardrail.yml", usage_file="guardrail-usage.yml")
    assert lines(used)[1:3] == [
        " eu-west-1, us-east-1 · prices 2026-05-20, 186 days old · 730 h · on-demand",
        " settings .guardrail.yml · usage guardrail-usage.yml · prices from our-prices",
    ]
    four = dict.fromkeys(("a", "b", "c", "d"), prices["eu-west-1"])
    assert "     4 regions · prices 2026-05-20, 186 days old" in lines(report(prices=four), width=120)[0]


def test_metrics_that_cloudwatch_bills_are_named_where_new_instances_publish_them() -> None:
    """On by default in configurations made since 17 June 2026; those that were there before have it off."""

    def told(*, on: bool, unchanged: bool = False) -> bool:
        item = structs.replace(chat(), unchanged=unchanged)
        item = structs.replace(item, endpoint=structs.replace(item.endpoint, detailed_observability=on))
        return "detailed observability" in " ".join(render(report(endpoints=(item, docs()))).split())

    assert told(on=True)
    assert not told(on=False)
    assert not told(on=True, unchanged=True)


def test_two_variants_of_one_endpoint_are_one_endpoint() -> None:
    """Both are findings on one block, which two endpoints would share."""
    mine = [
        finding(address="aws_x.c", endpoint="aws_e.a", message=f"m {number}", headline=f"m {number}")
        for number in (1, 2)
    ]
    other = finding(address="aws_x.c", endpoint="aws_e.b", message="m 3", headline="m 3")
    assert " ✗ aws_e.a: m 1" in render(report(results=tuple(mine)))
    assert " ✗ aws_e.a, aws_e.b: m 1" in render(report(results=(*mine, other)))


@pytest.mark.parametrize("width", [60, 61, 62, 63, 64, 65, 66, 80])
def test_the_number_of_a_line_is_never_broken_in_two(width: int) -> None:
    """A path that is longer than a line is broken behind a slash, or within a name, but not in ``:1234``."""
    deep = Location("modules/" * 9 + "m" * 70 + "/main.tf", 1234)
    shown = lines(report(results=(finding(location=deep),)), width=width)
    assert any(line.endswith(":1234") for line in shown)
    assert all(len(line) <= width for line in shown if "modules/" in line or "mmmm" in line)


def test_wide_characters_count_for_two_columns_where_sentences_break() -> None:
    """40 of them fill 80 columns, not 40; spaces that a line of code is aligned with stay."""
    shown = lines(report(notices=(" ".join(["日本語"] * 40) + " a  =  1",)), width=80)
    assert all(display_width(line) <= 80 for line in shown)
    assert sum(line.count("日本語") for line in shown) == 40
    assert any("a  =  1" in line for line in shown)


def test_several_inputs_have_a_subtotal_each_where_all_their_rows_are_shown() -> None:
    (source,) = report().sources
    both = report(
        sources=(source, structs.replace(source, id="b.json", path="b.json")),
        endpoints=(chat(), structs.replace(docs(), source="b.json")),
        subtotals={
            "plan.json": Totals(
                before=None, after=monthly("341.40", "512.10", "1024.20", depends_on_usage=True), delta=None
            ),
            "b.json": Totals(before=None, after=monthly("84.51", "84.51", "253.53"), delta=None),
        },
    )
    sums = [line.split()[1:4] for line in lines(both, width=100) if line.startswith(" subtotal")]
    assert sums == [["341.40", "512.10", "1,024.20"], ["84.51", "84.51", "253.53"]]
    folded = structs.replace(both, totals=structs.replace(both.totals, unchanged=monthly("1", "1", "1")))
    assert not any(line.startswith(" subtotal") for line in lines(folded))


def test_inputs_are_named_with_their_labels() -> None:
    (source,) = report().sources
    labelled = tuple(
        structs.replace(source, id=f"infra ({label})", path="infra", kind="hcl") for label in ("dev", "prod")
    )
    assert lines(report(sources=labelled))[0] == "guardrail check infra (dev) infra (prod)"


def test_an_unknown_change_says_why() -> None:
    unknown = Unknown("a.json does not tell what stands before the change")
    totals = structs.replace(report().totals, delta=Delta(unknown, unknown, unknown))
    assert cells(report(totals=totals), "unknown  ") == ["change", "unknown", "unknown", "unknown"]
    assert "change unknown: a.json does not tell what stands before the change" in sentences(report(totals=totals))


def test_a_source_that_does_not_tell_everything_is_named() -> None:
    partly = structs.replace(report().sources[0], complete=False)
    assert " ≥ plan.json says itself that it does not tell everything\n" in render(report(sources=(partly,)))


# Whatever comes ------------------------------------------------------------------------------------------------------


def hostile() -> Report:
    nasty = structs.replace(
        chat(),
        endpoint=endpoint(HOSTILE, variant(HOSTILE), address=HOSTILE),
        before=monthly("1", "2", "3"),
        environment=Unknown(HOSTILE),
    )
    odd: Sequence[Result] = (
        finding(address=HOSTILE, message=HOSTILE),
        finding(address=HOSTILE, message=HOSTILE, status="existing"),
        finding(address=HOSTILE, verdict="open", reason=HOSTILE),
        finding(
            address=HOSTILE,
            verdict="waived",
            waiver=AppliedWaiver(reason=HOSTILE, until=HOSTILE, owner=HOSTILE, origin=HOSTILE),
        ),
    )
    return report(
        endpoints=(nasty,),
        unattached=(nasty,),
        results=tuple(odd),
        skipped=skipped(HOSTILE),
        notices=(HOSTILE,),
        settings_file=HOSTILE,
        distrust=(HOSTILE,),
        strict=True,
    )


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("glyphs", [True, False])
def test_hostile_text_is_inert_and_short(width: int, glyphs: bool) -> None:  # noqa: FBT001
    text = render(hostile(), Options(width=width, glyphs=glyphs))
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 20_000
    assert max(map(len, text.split("\n"))) <= width


def test_colour_is_all_that_colour_adds() -> None:
    coloured = render(report(), Options(colour=True))
    assert "\x1b[31;1m ✗ docs: keeps one instance" in coloured
    bare = coloured
    for code in ("31;1", "33", "36", "35", "1", "2", "0"):
        bare = bare.replace(f"\x1b[{code}m", "")
    assert bare == render(report())


def large(amount: str) -> Report:
    """The same two endpoints with an amount that takes more room."""

    def dear(bill: Monthly) -> Monthly:
        return structs.replace(bill, floor=Decimal(amount), expected=Decimal(amount), ceiling=Decimal(amount))

    totals = report().totals
    return report(totals=structs.replace(totals, after=dear(totals.after)))


@pytest.mark.parametrize("amount", ["1", "12345.67", "1234567.89", "123456789012.34"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_numbers_are_never_shortened(amount: str, width: int) -> None:
    (total,) = [line for line in lines(large(amount), width=width) if line.startswith(" MONTHLY")]
    assert total.count(f"{Decimal(amount):,.2f}") == 3


@pytest.mark.parametrize("name", ["a", "AllTraffic", "sixteen-letters-", "a-name-of-quite-some-length", "x" * 63])
def test_at_80_columns_nothing_is_wider_and_names_of_variants_are_whole(name: str) -> None:
    item = chat()
    named = structs.replace(item, endpoint=endpoint(name, variant(name)))
    found = lines(report(endpoints=(named,), results=(finding(address=f"module.{name}.{name}.{name}"),)))
    assert max(map(len, found)) <= 80
    assert any("ml.m5.xlarge" in line and "335.80" in line and "1,007.40" in line for line in found)
    assert any(line.split() and line.split()[0] == name and line.startswith("   ") for line in found)


def test_without_room_for_its_mark_a_total_says_usage_in_words() -> None:
    """Ten million USD leave no room for "+ usage" behind the amounts, and none may stand alone."""
    answer = large("12345678.90")
    item = structs.replace(answer.endpoints[0], before=monthly("1", "2", "3", depends_on_usage=True))
    found = lines(structs.replace(answer, endpoints=(item, *answer.endpoints[1:])))
    assert max(map(len, found)) <= 80
    assert any(line.startswith(" MONTHLY  + usage ") for line in found)
    assert any(line.strip().startswith("before  + usage ") for line in found)


def test_a_unit_price_flows_over_the_amounts_that_its_row_has_not() -> None:
    """A price of 0.0000466 per s is wider than any quantity: it does not make names shorter."""
    warm = component(
        "provisioned-compute", "seconds", price("USE1-ProvisionedConcurrency:Mem-4GB", "seconds", "0.0000466"),
        detail="4 GB memory", depends_on_usage=True,
    )  # fmt: skip
    item = costing(structs.replace(docs(), endpoint=endpoint("docs", variant("AllTraffic-sixteen"))), warm)
    answer = one_endpoint(item, totals=Totals(before=None, after=monthly(*["1234.90"] * 3), delta=None))
    found = lines(answer)
    assert max(map(len, found)) <= 80
    (row,) = [line for line in found if "per s" in line]
    assert re.split(r"\s{2,}", row.strip()) == ["AllTraffic-sixteen", "warm compute 4 GB", "0.0000466 per s", "+ usage"]


@pytest.mark.parametrize("width", [60, 80])
def test_a_unit_price_is_never_shortened(width: int) -> None:
    compute = component(
        "serverless-compute", "seconds", price("USE1-ServerlessInf:Mem-2GB", "seconds", "0.0000400"),
        detail="2 GB memory", depends_on_usage=True,
    )  # fmt: skip
    item = costing(structs.replace(docs(), endpoint=endpoint("docs", variant("v" * 63))), compute)
    totals = Totals(before=None, after=monthly(*["1234567.90"] * 3), delta=None)
    failing = finding(variant="v" * 63, endpoint=item.endpoint.address)
    found = lines(one_endpoint(item, totals=totals, results=(failing,)), width=width)
    assert any("0.00004 per s  + usage" in line and line.endswith("✗") for line in found)


@pytest.mark.parametrize("width", [80, 100])
def test_the_last_line_has_its_exit_code_and_no_line_is_doubled_or_trails(width: int) -> None:
    text = render(report(), Options(width=width))
    assert text.splitlines()[-2].endswith("exit 1 (fail on error)")
    assert text.splitlines()[-1].startswith(" next: ")
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.split("\n"))


def test_possibilities_have_their_amounts_below_the_total() -> None:
    """84.51 in dev, 425.91 in prod: the total alone says neither."""
    given = [
        PossibilityReport(
            source="plan.json", given=name, totals=Totals(before=None, after=monthly(*[usd] * 3), delta=None)
        )
        for name, usd in (("Stage=dev", "84.51"), ("Stage=prod", "425.91"))
    ]
    answer = report(possibilities=tuple(given))
    assert cells(answer, "if Stage=dev") == ["if Stage=dev", "84.51", "84.51", "84.51"]
    assert "   if Stage=prod                                   –      426" in table.render(answer)
    same = report(possibilities=(given[0], structs.replace(given[0], given="Stage=test")))
    assert "if Stage" not in render(same) + table.render(same)
    many = report(possibilities=tuple(structs.replace(given[n % 2], given=f"Stage={n}") for n in range(10)))
    assert "and 2 more possibilities; --format json has them all" in render(many)
