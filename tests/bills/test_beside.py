"""``guardrail check`` with a bill: what last month billed stands beside before and after in table, comment and page."""

import json
from pathlib import Path

import pytest

from guardrail import cli
from tests.bills.test_reconcile import month, template, write_bill

pytest.importorskip("duckdb")


@pytest.fixture
def check(tmp_path: Path) -> list[str]:
    """A check of one endpoint, whose September is in ``bill.csv`` with another one in no code."""
    rows = [*month(), *month(endpoint="forgotten", hours=100)]
    write_bill(tmp_path / "bill.csv", rows)
    path = template(tmp_path / "template.json")
    return ["check", str(path), "--region", "us-east-1", "--fail-on", "never", "--isolated"]


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_last_month_stands_beside_before_and_after(
    form: str, check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*check, "--billed", str(tmp_path / "bill.csv"), "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "illed in 2026-09" in shown
    assert "165.60" in shown  # 720 × 0.23
    assert "169.02" in shown  # 730 × 0.23 + 1.12
    assert "23.00" in shown  # 100 × 0.23 of an endpoint in no code


def test_json_has_it_by_address(check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*check, "--billed", str(tmp_path / "bill.csv"), "--format", "json"]) == 0
    billed = json.loads(capsys.readouterr().out)["billed"]
    assert billed["until"] is None
    assert (billed["month"], billed["currency"], billed["in_no_code"]) == ("2026-09", "USD", "23")
    assert [(each["address"], each["usd"]) for each in billed["endpoints"]] == [("Endpoint", "165.6")]


@pytest.mark.parametrize("flag", [["--bill"], ["--billed"]])
def test_an_export_behind_bill_is_the_bill_and_no_input(
    flag: list[str], check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*check, *flag, str(tmp_path / "bill.csv")]) == 0
    assert "billed in 2026-09" in capsys.readouterr().out


def test_bill_without_an_export_is_every_line_as_ever(check: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*check, "--bill"]) == 0
    shown = capsys.readouterr().out
    assert "billed in" not in shown
    assert "167.90" in shown  # the line of the instance, in cents


def test_a_bill_that_cannot_be_read_is_no_answer(
    check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bill.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert cli.main([*check, "--billed", str(tmp_path / "bill.csv")]) == 2
    shown = capsys.readouterr()
    assert (shown.out, len(shown.err.splitlines())) == ("", 2)


def test_a_month_that_is_not_whole_says_how_far_it_goes(
    check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bill(tmp_path / "bill.csv", month(hours=100))
    assert cli.main([*check, "--billed", str(tmp_path / "bill.csv")]) == 0
    assert "billed in 2026-09, up to 2026-09-05" in capsys.readouterr().out  # 100 hours end on the fifth, at 04:00


def test_an_estimate_that_is_not_known_is_unknown_beside_a_bill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a region nothing has a price: 0.00 beside 165.60 would read as free."""
    write_bill(tmp_path / "bill.csv", month())
    words = ["check", str(template(tmp_path / "template.json")), "--fail-on", "never", "--isolated"]
    assert cli.main([*words, "--billed", str(tmp_path / "bill.csv")]) == 0
    shown = capsys.readouterr().out
    total = next(line for line in shown.splitlines() if line.startswith(" TOTAL"))
    assert total.split() == ["TOTAL", "–", "unknown", "+", "usage", "165.60"]
