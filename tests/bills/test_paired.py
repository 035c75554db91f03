"""Nothing of a bill is lost beside code: several endpoints of one name, several lines of one charge."""

from decimal import Decimal
from typing import Any

import pytest

from guardrail.bills.reasons import Reason, in_words
from tests.bills.test_reconcile import ACCOUNT, M5, Reconciled, Row, month, reconciled

pytest.importorskip("duckdb")
__all__ = ["reconciled"]

OTHER = "444455556666"


def in_account(rows: list[Row], account: str) -> list[Row]:
    arn = "lineItem/ResourceId"
    return [row | {"lineItem/UsageAccountId": account, arn: row[arn].replace(ACCOUNT, account)} for row in rows]


def total(answer: dict[str, Any]) -> float:
    return sum(float(row["billed"]) for row in answer["rows"])


def reasons_of(answer: dict[str, Any], *, estimated: bool) -> list[str]:
    return [
        row["why"] for row in answer["rows"] if row["usage_type"] == M5 and (row["estimated"] is not None) == estimated
    ]


def test_an_endpoint_of_two_accounts_is_neither_of_them_until_one_is_named(reconciled: Reconciled) -> None:
    """720 × 0.23 = 165.60 in each of two accounts, 331.20 together: none may be lost, none be guessed."""
    rows = month() + in_account(month("0.25"), OTHER)
    answer = reconciled(rows, "--month", "2026-09")
    assert total(answer) == pytest.approx(165.60 + 180.00)
    (why,) = reasons_of(answer, estimated=True)
    assert f"for {ACCOUNT} in us-east-1 and {OTHER} in us-east-1; --account says which is meant" in why
    assert len(reasons_of(answer, estimated=False)) == 2
    named = reconciled(rows, "--month", "2026-09", "--account", ACCOUNT)
    assert [(row["billed"], row["difference"]) for row in named["rows"] if row["usage_type"] == M5] == [
        ("165.6", "-2.3")
    ]


def test_an_endpoint_that_two_other_regions_have_keeps_its_row(reconciled: Reconciled) -> None:
    rows = month(region="eu-west-1", usage_type="EU-Host:ml.m5.xlarge")
    rows += month(region="us-west-2", usage_type="USW2-Host:ml.m5.xlarge")
    answer = reconciled(rows, "--month", "2026-09")
    assert total(answer) == pytest.approx(331.20)
    (why,) = reasons_of(answer, estimated=True)
    assert "in the code and not in the bill -167.90" in why
    assert f"{ACCOUNT} in eu-west-1 and {ACCOUNT} in us-west-2" in why


def test_a_charge_with_a_prefix_and_without_is_one_row(reconciled: Reconciled) -> None:
    """360 hours under each spelling are 720 × 0.23 = 165.60."""
    rows = [
        one | {"lineItem/UsageType": "Host:ml.m5.xlarge"} if place < 360 else one for place, one in enumerate(month())
    ]
    answer = reconciled(rows, "--month", "2026-09")
    assert [row["billed"] for row in answer["rows"] if row["estimated"] == "167.9"] == ["165.6"]
    assert total(answer) == pytest.approx(165.60)


def test_two_usage_types_of_software_are_both_billed(reconciled: Reconciled) -> None:
    """165.60 of the endpoint, 5.00 and 7.00 of software: 177.60."""
    sold = {"lineItem/ProductCode": "abc", "bill/BillingEntity": "AWS Marketplace"}
    first = month()[0]["lineItem/UsageStartDate"]
    assert first == "2026-09-01T00:00:00Z"
    rows = month()
    for usage_type, cost in (("USE1-SW:a", "5"), ("USE1-SW:b", "7")):
        rows.append(rows[0] | sold | {"lineItem/UsageType": usage_type, "lineItem/UnblendedCost": cost})
    assert total(reconciled(rows, "--month", "2026-09")) == pytest.approx(177.60)


@pytest.mark.parametrize(
    ("shares", "shown"),
    [
        (("0.004", "0.004", "0.004"), ["+0.01"]),  # 0.012 is 0.01, and a share of no cent is none
        (("-2.30", "-6.326", "0.076"), ["-2.30", "-6.33", "+0.08"]),  # -8.55
        (("-2.304", "-6.324", "0.004"), ["-2.30", "-6.32"]),  # -8.624 is -8.62
        (("1.005", "1.005", "-0.015"), ["+1.02", "+1.00", "-0.02"]),  # 1.995 is 2.00
    ],
)
def test_shares_in_cents_add_up_to_the_difference_in_cents(shares: tuple[str, ...], shown: list[str]) -> None:
    found = [Reason(name="hours", usd=Decimal(share), evidence="told") for share in shares]
    parts = [part.removeprefix("hours ").removesuffix(": told") for part in in_words(found).split("; ")]
    assert sum(map(Decimal, parts)) == round(sum(map(Decimal, shares)), 2)
    assert parts == shown


def test_a_share_that_is_not_known_is_not_shown() -> None:
    assert in_words([Reason(name="usage assumed", usd=None, evidence="told")]) == "usage assumed: told"
    assert in_words([]) == ""
