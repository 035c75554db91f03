"""Rates of Savings Plans as a refresh keeps them: one for a usage type of one kind of plan, or an error."""

from decimal import Decimal
from pathlib import Path

import pytest

from guardrail.errors import PriceBookError
from guardrail.prices.savings_plans import COLUMNS, PlanTables, read

M5 = "USE1-Host:ml.m5.xlarge"


def table(folder: Path, *rates: str, region: str = "us-east-1") -> str:
    """A table with one line for each rate: ``usage type, term, payment, usd``."""
    lines = [",".join(COLUMNS)]
    for rate in rates:
        usage_type, term, payment, usd = (part.strip() for part in rate.split(","))
        lines.append(f"{usage_type},{term},{payment},Hrs,{usd},SKU1,SKU2,SKU1.SKU2,2026-10-01,20261101000000")
    (folder / f"savings-plans-{region}.csv").write_text("\n".join(lines) + "\n")
    return str(folder)


def test_each_kind_of_plan_has_its_own_rates(tmp_path: Path) -> None:
    tables = table(
        tmp_path, f"{M5}, 1yr, No Upfront, 0.1656", f"{M5}, 3yr, No Upfront, 0.1265", f"{M5}, 3yr, All Upfront, 0.1150"
    )
    assert read(tables, "us-east-1", "1yr", "No Upfront") == {M5: Decimal("0.1656")}
    assert read(tables, "us-east-1", "3yr", "All Upfront") == {M5: Decimal("0.1150")}
    assert read(tables, "us-east-1", "1yr", "All Upfront") == {}


def test_a_region_without_a_table_has_no_rates(tmp_path: Path) -> None:
    assert read(table(tmp_path), "eu-west-1", "1yr", "No Upfront") == {}


def test_a_second_rate_for_one_usage_type_is_an_error_with_its_line(tmp_path: Path) -> None:
    tables = table(tmp_path, f"{M5}, 1yr, No Upfront, 0.1656", f"{M5}, 1yr, No Upfront, 0.1700")
    with pytest.raises(PriceBookError, match=rf"us-east-1\.csv:3: a second rate for {M5}, 1yr No Upfront"):
        read(tables, "us-east-1", "1yr", "No Upfront")


@pytest.mark.parametrize("usd", ["-0.01", "free", "NaN", ""])
def test_what_is_no_rate_is_an_error_and_never_a_zero(tmp_path: Path, usd: str) -> None:
    tables = table(tmp_path, f"{M5}, 1yr, No Upfront, {usd}")
    with pytest.raises(PriceBookError, match=rf":2: a rate is a number of USD of zero or more, not {usd}$"):
        read(tables, "us-east-1", "1yr", "No Upfront")


def test_a_rate_of_zero_is_one(tmp_path: Path) -> None:
    assert read(table(tmp_path, f"{M5}, 1yr, No Upfront, 0"), "us-east-1", "1yr", "No Upfront") == {M5: 0}


def test_a_message_quotes_forty_characters_of_what_is_no_rate(tmp_path: Path) -> None:
    with pytest.raises(PriceBookError, match=r"not (x{40})$"):
        read(table(tmp_path, f"{M5}, 1yr, No Upfront, {'x' * 41}"), "us-east-1", "1yr", "No Upfront")


def test_tables_answer_region_by_region_and_without_a_directory_nothing(tmp_path: Path) -> None:
    table(tmp_path, f"{M5}, 1yr, No Upfront, 0.1656")
    table(tmp_path, "EU-Host:ml.m5.xlarge, 1yr, No Upfront, 0.1850", region="eu-west-1")
    tables = PlanTables(str(tmp_path), "1yr", "No Upfront")
    for _ in range(2):
        assert tables.rate("us-east-1", M5) == Decimal("0.1656")
        assert tables.rate("eu-west-1", "EU-Host:ml.m5.xlarge") == Decimal("0.1850")
        assert tables.rate("eu-west-1", M5) is None
        assert tables.rate("us-west-2", M5) is None
    assert PlanTables(None, "1yr", "No Upfront").rate("us-east-1", M5) is None
