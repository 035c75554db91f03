"""An endpoint is its account, region and name without case; it is shown as its newest line spells it, in one order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.bills.conftest import Asked
from tests.bills.test_bad_input import HEADER, bill

pytest.importorskip("duckdb")

START = datetime(2026, 9, 1)  # noqa: DTZ001 - written without a zone
WITH_REGION = f"{HEADER},product/region"
ARN = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/"


def days(
    resource: str, *, account: str = "111122223333", region: str = "us-east-1", prefix: str = "USE1-", first: int = 0
) -> Iterator[str]:
    """Two days around the clock of an ml.m5.xlarge at 0.23: 11.04."""
    for hour in range(first * 24, first * 24 + 48):
        at = START + timedelta(hours=hour)
        span = f"{at:%Y-%m-%dT%H:%M:%SZ},{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        yield f"{account},Usage,{span},AmazonSageMaker,{prefix}Host:ml.m5.xlarge,{resource},1,USD,0.23,{region}"


@pytest.mark.parametrize("question", ["top", "daily", "always-on"])
def test_a_name_is_shown_as_the_newest_line_spells_it(question: str, tmp_path: Path, ask: Asked) -> None:
    lines = [*days(f"{ARN}Chat-Prod"), *days(f"{ARN}CHAT-Prod", first=2)]
    answer = ask(bill(tmp_path / "bill.csv", *lines, header=WITH_REGION), question, "--days", 4)
    assert {(row["endpoint"], row["resource_id"]) for row in answer["rows"]} == {("CHAT-Prod", f"{ARN}CHAT-Prod")}


@pytest.mark.parametrize("question", ["top", "daily", "always-on"])
@pytest.mark.parametrize("prefixes", [("USE1-", "EU-"), ("", "")])
def test_a_bare_name_in_two_regions_or_accounts_is_several_endpoints(
    question: str, prefixes: tuple[str, str], tmp_path: Path, ask: Asked
) -> None:
    lines = [
        *days("chat", prefix=prefixes[0]),
        *days("chat", region="eu-west-1", prefix=prefixes[1]),
        *days("chat", account="444455556666", prefix=prefixes[0]),
    ]
    answer = ask(bill(tmp_path / "bill.csv", *lines, header=WITH_REGION), question, "--days", 2)
    found = {(row["account"], row["region"]) for row in answer["rows"]}
    assert found == {("111122223333", "us-east-1"), ("111122223333", "eu-west-1"), ("444455556666", "us-east-1")}
    assert {row["cost"] for row in answer["rows"]} == {"5.52" if question == "daily" else "11.04"}


def test_lines_that_say_no_region_are_of_the_endpoint_that_their_arn_names(tmp_path: Path, ask: Asked) -> None:
    whole = list(days(f"{ARN}chat"))
    half = [f"{line.rpartition(',')[0]}," if place % 2 else line for place, line in enumerate(whole)]
    rows = ask(bill(tmp_path / "bill.csv", *half, header=WITH_REGION), "always-on", "--days", 2)["rows"]
    assert [(row["endpoint"], row["region"], row["cost"]) for row in rows] == [("chat", "us-east-1", "11.04")]


@pytest.mark.parametrize("question", ["top", "daily", "always-on"])
def test_rows_of_equal_cost_stand_in_one_order(question: str, tmp_path: Path, ask: Asked) -> None:
    names = [f"e{number:02}" for number in range(40)]
    lines = [line for name in names for line in days(f"{ARN}{name}")]
    one = ask(bill(tmp_path / "one" / "bill.csv", *lines, header=WITH_REGION), question, "--days", 2)
    other = ask(bill(tmp_path / "other" / "bill.csv", *reversed(lines), header=WITH_REGION), question, "--days", 2)
    assert [row["endpoint"] for row in one["rows"]][:40] == names
    assert one["rows"] == other["rows"]
