"""A report with discounts: list and discounted bill side by side, and budgets that choose between them."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guardrail import cli
from tests.commands.test_prices import plan

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = """
discounts:
  budgets: {budgets}
  rules:
    - {{name: EDP, percent: 10, usage_type: "*-Host:ml.*"}}
"""
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks a plan with one ml.m5.xlarge: 730 h × 0.23 = 167.90 and 8 GB × 0.14 = 1.12, 169.02 USD a month."""
    monkeypatch.chdir(tmp_path)
    plan(tmp_path)

    def run(settings: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / ".guardrail.yml").write_text(settings)
        capsys.readouterr()
        code = cli.main(["check", "plan.json", "--policy", "monthly-cost-within-budget", *arguments])
        return code, capsys.readouterr().out

    return run


def report(shown: tuple[int, str]) -> Any:
    return json.loads(shown[1])


def test_list_and_discounted_stand_side_by_side(check: Check) -> None:
    """10 % of 167.90 are 16.79: 152.23 instead of 169.02."""
    found = report(check(SETTINGS.format(budgets="list"), "--format", "json"))
    schema = json.loads((ROOT / "guardrail" / "reporters" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert Decimal(found["totals"]["after"]["expected"]) == Decimal("169.02")
    discounts = found["discounts"]
    assert Decimal(discounts["after"]["expected"]) == Decimal("152.23")
    assert [Decimal(each["monthly"]["ceiling"]) for each in discounts["endpoints"]] == [Decimal("152.23")]
    assert Decimal(discounts["delta"]["expected"]) == Decimal("152.23")
    assert (discounts["notes"], discounts["savings_plan"]) == (["EDP: 10 % off"], None)


def test_a_rule_that_is_on_nothing_before_or_after_the_change_is_named(check: Check) -> None:
    """Before it there is nothing, so that the first rule, which is on the endpoint after it, must not be named."""
    rules = """    - {name: grant, percent: 20, region: us-east1}
    - {name: private, usd: 1, usage_type: "*-Host:ml.g5.*"}"""
    found = report(check(SETTINGS.format(budgets="list") + rules, "--format", "json"))
    idle = "grant (region us-east1, did you mean us-east-1?), private (usage type *-Host:ml.g5.*)"
    assert found["discounts"]["notes"] == ["EDP: 10 % off", f"on nothing here: {idle}"]


def test_the_table_shows_both(check: Check) -> None:
    out = check(SETTINGS.format(budgets="list"), "--bill")[1]
    totals = {
        line.split("  ")[0].strip(): line.split() for line in out.splitlines() if line.startswith((" M", " with"))
    }
    assert totals["MONTHLY"][-5:-2] == ["169.02"] * 3
    assert totals["with discounts"][-5:-2] == ["152.23"] * 3


@pytest.mark.parametrize(("budgets", "code"), [("list", 1), ("discounted", 0)])
def test_budgets_are_held_against_the_bill_that_the_settings_choose(check: Check, budgets: str, code: int) -> None:
    """160 is below the list bill of 169.02 and above the discounted one of 152.23."""
    assert check(SETTINGS.format(budgets=budgets), "--budget", "160")[0] == code


def test_without_discounts_there_is_no_second_bill(check: Check) -> None:
    assert report(check("version: 1\n", "--format", "json"))["discounts"] is None
    assert "with discounts" not in check("version: 1\n")[1]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            "discounts:\n  rules:\n    - name: EDP\n",
            ".guardrail.yml:3: discounts.rules[0]: the discount 'EDP' needs one of",
        ),
        ("discounts:\n  rules:\n    - {name: EDP, percnt: 5}\n", "unknown key, did you mean percent?"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".guardrail.yml").write_text(settings)
    assert cli.main(["check", plan(tmp_path)]) == 2
    assert line in capsys.readouterr().err
