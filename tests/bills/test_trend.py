"""Steps of a cost, and lines that no day can hold, worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from guardrail.bills.questions.trend import steps
from tests.bills.conftest import Asked
from tests.bills.test_bad_input import bill, row

pytest.importorskip("duckdb")

FIRST = date(2026, 9, 1)


def costs(*amounts: str) -> dict[date, Decimal]:
    return {FIRST + timedelta(days=number): Decimal(amount) for number, amount in enumerate(amounts)}


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["5.52"] * 14 + ["11.04"] * 16, [("2026-09-15", "5.52", "11.04")]),
        (["11.04"] * 5 + ["5.52"] * 5, [("2026-09-06", "11.04", "5.52")]),
        (["5.52"] * 30, []),
        (["5.52"] * 10 + ["90.00"] + ["5.52"] * 10, []),  # one day that is out of line
        (["5.00"] * 7 + ["5.20"] * 7, []),  # 4 %
        (["5.52"] * 2 + ["11.04"] * 2, []),  # too few to tell a level
        (["1", "2", "3", "4", "5", "6", "7", "8"], []),  # a slope has no day on which it steps
        (["0"] * 5 + ["5.52"] * 5, [("2026-09-06", "0", "5.52")]),
    ],
)
def test_a_step_is_a_day_on_which_the_level_changes_for_good(
    amounts: list[str], expected: list[tuple[str, str, str]]
) -> None:
    found = [(str(day), str(before), str(after)) for day, before, after in steps(costs(*amounts), None)]
    assert found == expected


def test_the_running_day_is_no_step() -> None:
    days = costs(*["5.52"] * 7, "1.15")
    assert steps(days, max(days)) == []


def test_a_line_of_a_month_is_on_no_day_and_said(tmp_path: Path, ask: Asked) -> None:
    long = (
        row("tiny", "8.00")
        .replace("2026-09-01T01:00:00Z", "2026-10-01T00:00:00Z")
        .replace("Host:ml.m5.xlarge", "ServerlessInf:Mem-2GB")
    )
    path = bill(tmp_path / "bill.csv", row(), long)
    answer = ask(path, "trend", "--by", "day")
    assert [(each["period"], each["cost"]) for each in answer["rows"]] == [("2026-09-01", "0.23")]
    assert "8.00 USD of lines that span several days are on no day" in answer["notes"]
    months = ask(path, "trend", "--by", "month")["rows"]
    assert [(each["period"], each["cost"]) for each in months] == [("2026-09", "8.23")]


def on(day: str, cost: str) -> str:
    """An hour of a day."""
    return row(cost=cost).replace("2026-09-01T", f"{day}T")


def test_a_day_without_use_is_nothing_and_the_change_is_against_it(tmp_path: Path, ask: Asked) -> None:
    answer = ask(bill(tmp_path / "bill.csv", on("2026-09-01", "5"), on("2026-09-03", "7")), "trend")
    found = [(each["period"], each["cost"], each["change"], each["list_cost"]) for each in answer["rows"]]
    assert found == [("2026-09-01", "5", None, None), ("2026-09-02", "0", "-5", "0"), ("2026-09-03", "7", "7", None)]


@pytest.mark.parametrize("unit", ["day", "month"])
def test_nothing_is_said_across_a_month_whose_bill_is_not_here(unit: str, tmp_path: Path, ask: Asked) -> None:
    """Five days of July and five of September: that August cost nothing is more than these bills say."""
    days = [on(f"2026-{month}-{day:02}", "5.52") for month in ("07", "09") for day in range(1, 6)]
    answer = ask(bill(tmp_path / "bill.csv", *days), "trend", "--by", unit)
    assert len(answer["rows"]) == (10 if unit == "day" else 2)
    assert [each["period"][:7] for each in answer["rows"] if each["change"] is None] == ["2026-07", "2026-09"]
    assert not [note for note in answer["notes"] if "the cost of a day" in note]
