"""Runs of whole days: what makes an hour, a day and a run, worked out by hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.bills.conftest import Asked
from tests.bills.test_bad_input import HEADER
from tests.bills.test_bad_input import bill as written

pytest.importorskip("duckdb")

START = datetime(2026, 9, 27)  # noqa: DTZ001 - written without a zone
M5, G5 = "USE1-Host:ml.m5.xlarge", "USE1-Host:ml.g5.xlarge"


def hours(
    endpoint: str, days: int, *, amount: str = "1", of_day: range = range(24), usage_type: str = M5, first: int = 0
) -> Iterator[str]:
    """Lines of so many days, in these hours of each, at 0.23 an instance-hour."""
    cost = f"{float(amount) * 0.23:.4f}"
    for day in range(first, first + days):
        for hour in of_day:
            at = START + timedelta(days=day, hours=hour)
            span = f"{at:%Y-%m-%dT%H:%M:%SZ},{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
            arn = f"arn:aws:sagemaker:us-east-1:111122223333:endpoint/{endpoint}"
            yield f"111122223333,Usage,{span},AmazonSageMaker,{usage_type},{arn},{amount},USD,{cost}"


def runs(ask: Asked, path: Path, *lines: str, days: int = 7) -> dict[str, tuple[str, str, int]]:
    rows = ask(written(path, *lines, header=HEADER), "always-on", "--days", days)["rows"]
    return {row["endpoint"]: (row["first_day"], row["last_day"], row["days"]) for row in rows}


def test_a_run_crosses_months(tmp_path: Path, ask: Asked) -> None:
    assert runs(ask, tmp_path / "bill.csv", *hours("chat", 7)) == {"chat": ("2026-09-27", "2026-10-03", 7)}


def test_six_days_and_a_running_one_are_no_run_of_seven(tmp_path: Path, ask: Asked) -> None:
    lines = [*hours("chat", 6), *hours("chat", 1, first=6, of_day=range(10))]
    assert runs(ask, tmp_path / "bill.csv", *lines) == {}
    assert runs(ask, tmp_path / "bill.csv", *lines, days=6) == {"chat": ("2026-09-27", "2026-10-02", 6)}


def test_a_day_with_a_gap_parts_two_runs(tmp_path: Path, ask: Asked) -> None:
    lines = [*hours("chat", 3), *hours("chat", 1, first=3, of_day=range(23)), *hours("chat", 4, first=4)]
    assert runs(ask, tmp_path / "bill.csv", *lines, days=4) == {"chat": ("2026-10-01", "2026-10-04", 4)}


def test_two_instances_for_twelve_hours_are_no_day(tmp_path: Path, ask: Asked) -> None:
    assert runs(ask, tmp_path / "bill.csv", *hours("chat", 8, amount="2", of_day=range(12))) == {}


def test_halves_of_two_variants_make_an_hour_and_tenths_do_not(tmp_path: Path, ask: Asked) -> None:
    halves = [*hours("both", 7, amount="0.5"), *hours("both", 7, amount="0.5", usage_type=G5)]
    tenths = [*hours("little", 7, amount="0.1")]
    assert set(runs(ask, tmp_path / "bill.csv", *halves, *tenths)) == {"both"}


def test_thirds_that_are_rounded_make_an_hour(tmp_path: Path, ask: Asked) -> None:
    thirds = [line for _ in range(3) for line in hours("chat", 7, amount="0.33333333")]
    assert set(runs(ask, tmp_path / "bill.csv", *thirds)) == {"chat"}


def test_an_endpoint_that_is_spelled_in_two_ways_is_one(tmp_path: Path, ask: Asked) -> None:
    lines = [*hours("Chat", 7, of_day=range(0, 24, 2)), *hours("chat", 7, of_day=range(1, 24, 2))]
    assert set(runs(ask, tmp_path / "bill.csv", *lines)) == {"chat"}
