"""CSV: a row for each line of the bill, in which an empty amount is no 0 and no text is a formula."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from msgspec import structs

from guardrail.model import Skipped, Unknown
from guardrail.report import EndpointReport, SkippedReport
from guardrail.reporters.csv import COLUMNS, render
from tests.reporters.reports import bounds, chat, component, docs, endpoint, price, report, variant, without_past

AMOUNTS = [column for column in COLUMNS if column.startswith(("before_", "after_"))]


def rows(**changes: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render(report(**changes)))))


def instance(item: EndpointReport, **of_line: Any) -> EndpointReport:
    """``item`` with its first line, the instances, changed."""
    assert item.cost is not None
    (priced,) = item.cost.children
    first, *rest = priced.lines
    changed = structs.replace(priced, lines=(structs.replace(first, **of_line), *rest))
    return structs.replace(item, cost=structs.replace(item.cost, children=(changed,)))


def amounts(row: dict[str, str], side: str) -> list[str]:
    return [row[f"{side}_{bound}"] for bound in ("floor", "expected", "ceiling")]


def test_a_row_says_whose_line_it_is_and_what_it_costs() -> None:
    item = structs.replace(
        chat(),
        endpoint=structs.replace(
            chat().endpoint, account="123456789012", tags={"Team": "ml", "Owner": Unknown("sensitive")}
        ),
    )
    found = next(row for row in rows(endpoints=(item,)) if row["component"] == "instance")
    assert found == {
        "source": "plan.json",
        "account": "123456789012",
        "region": "us-east-1",
        "environment": "production",
        "endpoint": "chat-prod",
        "variant": "main",
        "component": "instance",
        "usage_type": "USE1-Host:ml.m5.xlarge",
        "tags": "Owner=;Team=ml",
        "before_floor": "0",
        "before_expected": "0",
        "before_ceiling": "0",
        "after_floor": "335.80",
        "after_expected": "503.70",
        "after_ceiling": "1007.40",
        "state": "known",
    }


def test_a_change_of_type_is_one_line_that_goes_and_one_that_comes() -> None:
    """Before, one ml.m5.large: 730 x 0.115 = 83.95."""
    row = price("USE1-Host:ml.m5.large", "Hrs", "0.115")
    small = component(
        "instance", "Hrs", row, quantity=bounds("730", "730", "730"), monthly=bounds("83.95", "83.95", "83.95")
    )
    item = chat()
    assert item.cost is not None
    (priced,) = item.cost.children
    past = structs.replace(item.cost, children=(structs.replace(priced, lines=(small, priced.lines[1])),))
    found = [
        row for row in rows(endpoints=(structs.replace(item, previous_cost=past),)) if row["component"] != "data-in"
    ]
    by_type = {row["usage_type"]: (amounts(row, "before"), amounts(row, "after")) for row in found}
    assert by_type["USE1-Host:ml.m5.large"] == (["83.95"] * 3, ["0"] * 3)
    assert by_type["USE1-Host:ml.m5.xlarge"] == (["0"] * 3, ["335.80", "503.70", "1007.40"])
    assert by_type["USE1-Host:VolumeUsage.gp2"] == (["5.60", "8.40", "16.80"],) * 2


def test_what_the_change_leaves_alone_costs_the_same_on_both_sides() -> None:
    item = structs.replace(chat(), unchanged=True)
    assert all(amounts(row, "before") == amounts(row, "after") for row in rows(endpoints=(item,)))


def test_what_is_deleted_costs_nothing_after() -> None:
    item = structs.replace(chat(), cost=None, previous_cost=chat().cost)
    found = next(row for row in rows(endpoints=(item,)) if row["component"] == "instance")
    assert (amounts(found, "before"), amounts(found, "after")) == (["335.80", "503.70", "1007.40"], ["0"] * 3)


def test_without_a_past_nothing_is_known_of_before() -> None:
    found = rows(sources=without_past(), endpoints=(chat(),))
    assert {text for row in found for text in amounts(row, "before")} == {""}


def test_the_columns_sum_up_to_the_totals() -> None:
    """425.91, 596.61 and 1,277.73 of both endpoints."""
    sums = [sum(Decimal(row[f"after_{bound}"] or 0) for row in rows()) for bound in ("floor", "expected", "ceiling")]
    assert sums == [Decimal("425.91"), Decimal("596.61"), Decimal("1277.73")]


@pytest.mark.parametrize(
    ("line", "state", "after"),
    [
        ({"monthly": None, "quantity": None, "depends_on_usage": True}, "usage", ["", "", ""]),
        ({"monthly": None, "price": None, "reason": "no price"}, "unknown", ["", "", ""]),
        ({"reason": "its maximum is not known"}, "at least", ["335.80", "503.70", "1007.40"]),
        (
            {"monthly": structs.replace(bounds("1.00", "0", "2.00"), expected=Unknown("give --parameters Stage=dev"))},
            "unknown",
            ["1.00", "", "2.00"],
        ),
    ],
)
def test_an_empty_amount_is_no_zero_and_its_state_says_why(line: Any, state: str, after: list[str]) -> None:
    found = next(row for row in rows(endpoints=(instance(chat(), **line),)) if row["component"] == "instance")
    assert (found["state"], amounts(found, "after")) == (state, after)


def test_variants_that_are_not_known_and_what_was_skipped_have_a_row_without_amounts() -> None:
    nameless = structs.replace(
        endpoint(address="e"), name=Unknown("generated"), variants=Unknown("managed elsewhere"), change="create"
    )
    resource = Skipped(address="t.x", type="AWS::SageMaker::Endpoint", reason="damaged")
    beside = structs.replace(resource, address="t.y", affects_total=False)
    cost = structs.replace(docs().cost, children=())  # type: ignore[type-var]
    found = rows(
        endpoints=(structs.replace(docs(), endpoint=nameless, cost=cost),),
        skipped=tuple(SkippedReport(source="plan.json", resource=each) for each in (resource, beside)),
    )
    empty = [row for row in found if row["state"] == "unknown"]
    assert [(row["endpoint"], row["component"]) for row in empty] == [("e", ""), ("t.x", "AWS::SageMaker::Endpoint")]
    assert {row[column] for row in empty for column in AMOUNTS} == {""}


def test_a_line_on_sensitive_values_shows_its_amount_alone() -> None:
    found = next(row for row in rows(endpoints=(instance(chat(), redacted=True),)) if row["component"] == "instance")
    assert (found["usage_type"], amounts(found, "after")) == ("", ["335.80", "503.70", "1007.40"])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula(text: str) -> None:
    item = structs.replace(chat(), endpoint=endpoint(text, variant("main"), tags={text: "x"}))
    for row in rows(endpoints=(item,)):
        assert row["endpoint"].startswith("'")
        assert row["tags"].startswith("'")


def test_text_that_has_the_marks_of_csv_stays_in_its_cell() -> None:
    item = structs.replace(chat(), endpoint=endpoint('a,"b";c\nd', variant("main")))
    assert {row["endpoint"] for row in rows(endpoints=(item,))} == {'a,"b";c\\nd'}
