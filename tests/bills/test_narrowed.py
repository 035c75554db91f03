"""What a question is narrowed to: tags as exports spell them, and never an empty answer without a word."""

from pathlib import Path

import pytest

from guardrail import cli
from tests.bills.conftest import Asked, Refusal
from tests.bills.test_bad_input import HEADER, bill, costs, row

duckdb = pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")

CUR2 = (
    "line_item_usage_account_id,line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,"
    "line_item_product_code,line_item_usage_type,line_item_resource_id,line_item_usage_amount,line_item_currency_code,"
    "line_item_unblended_cost"
)


def endpoints(answer: dict[str, list[dict[str, str]]]) -> set[str]:
    return {line["endpoint"] for line in answer["rows"]}


@pytest.fixture
def flattened(tmp_path: Path) -> Path:
    return bill(
        tmp_path / "cur2.csv",
        f"{row('chat')},search,7",
        f"{row('ocr')},docs,8",
        header=f"{CUR2},resource_tags_user_team,resource_tags_user_cost_center",
    )


@pytest.mark.parametrize(
    "tag",
    ["Team=search", "team=search", "TEAM=search", "CostCenter=7", "COSTCENTER=7", "cost-center=7", "cost center=7"],
)
def test_a_tag_whose_case_the_export_has_lost_is_of_any_case(tag: str, flattened: Path, ask: Asked) -> None:
    assert endpoints(ask(flattened, "top", "--tag", tag)) == {"chat"}


def test_that_the_case_was_lost_is_said(flattened: Path, ask: Asked) -> None:
    told = "the tag TEAM is read from resource_tags_user_team: the export does not keep the case of its key"
    assert told in ask(flattened, "top", "--tag", "TEAM=search")["notes"]
    assert ask(flattened, "top", "--tag", "team=search")["notes"] == []


def test_a_legacy_export_keeps_the_case_of_a_tag(tmp_path: Path, ask: Asked) -> None:
    path = bill(tmp_path / "bill.csv", f"{row()},search", header=f"{HEADER},resourceTags/user:Team")
    assert endpoints(ask(path, "top", "--tag", "Team=search")) == {"chat"}
    answer = ask(path, "top", "--tag", "TEAM=search")
    assert (answer["rows"], answer["lacks"]) == (
        [],
        ["no line has the tag TEAM: is it spelt so, and activated for cost allocation?"],
    )


def test_a_tag_without_a_value_is_that_of_lines_without_the_tag(tmp_path: Path, ask: Asked) -> None:
    path = bill(tmp_path / "bill.csv", f"{row()},search", f"{row('ocr')},", header=f"{HEADER},resourceTags/user:Team")
    assert endpoints(ask(path, "top", "--tag", "Team=")) == {"ocr"}
    assert endpoints(ask(path, "top", "--tag", "Team=", "--tag", "Team=search")) == {"chat", "ocr"}


@pytest.mark.parametrize("tags", ["MAP {'user_team': 'search'}", "{'user_team': 'search'}"])
@pytest.mark.parametrize("key", ["Team", "user_team"])
def test_tags_of_parquet_are_a_map_or_a_struct(tags: str, key: str, tmp_path: Path, ask: Asked) -> None:
    text = bill(tmp_path / "cur2.csv", row(), header=CUR2)
    duckdb.read_csv(str(text)).project(f"*, {tags} AS resource_tags").write_parquet(str(tmp_path / "cur2.parquet"))
    answer = ask(tmp_path / "cur2.parquet", "top", "--tag", f"{key}=search")
    assert endpoints(answer) == {"chat"}
    answer = ask(tmp_path / "cur2.parquet", "top", "--tag", "Owner=search")
    assert (answer["rows"], len(answer["lacks"])) == ([], 1)


@pytest.mark.parametrize("key", ["*", "we.ird", 'q"q', "it's", "back\\slash", "$", "[0]", "\u00e9"])
def test_any_key_is_a_key_of_a_map_and_no_path(key: str, tmp_path: Path, ask: Asked) -> None:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    found = f'{{"user_{quoted}": "x", "user_other": "x"}}'.replace('"', '""')
    other = '{""user_other"": ""x""}'
    path = bill(tmp_path / "cur2.csv", f'{row()},"{found}"', f'{row("ocr")},"{other}"', header=f"{CUR2},resource_tags")
    assert endpoints(ask(path, "top", "--tag", f"{key}=x")) == {"chat"}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--region", "mars-1"), "no use of inference is of --region mars-1"),
        (("--account", "999"), "no use of inference is of --account 999"),
        (("--region", "US-EAST-1"), "no use of inference is of --region US-EAST-1"),
    ],
)
def test_an_answer_that_is_empty_says_what_it_was_narrowed_to(
    flags: tuple[str, ...], told: str, tmp_path: Path, ask: Asked
) -> None:
    answer = ask(bill(tmp_path / "bill.csv", row()), "top", *flags)
    assert answer["rows"] == []
    assert told in answer["notes"]


def test_lines_without_a_resource_are_no_endpoint_that_is_always_on(tmp_path: Path, ask: Asked) -> None:
    hours = [f"2026-09-01T{hour:02d}:00:00Z,2026-09-01T{hour:02d}:59:59Z" for hour in range(24)]
    first = "2026-09-01T00:00:00Z,2026-09-01T01:00:00Z"
    arn = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/chat"
    lines = [row().replace(first, hour) for hour in hours]
    answer = ask(
        bill(tmp_path / "bill.csv", *lines, *(line.replace(arn, "") for line in lines)), "always-on", "--days", 1
    )
    assert costs(answer) == {"chat": "5.52"}
    assert "24 lines of use name no resource, and are of no run" in answer["lacks"]


@pytest.mark.parametrize("question", ["always-on", "daily"])
def test_an_export_without_ends_does_not_tell_hours_from_days(question: str, tmp_path: Path, refusal: Refusal) -> None:
    header = HEADER.replace("lineItem/UsageEndDate,", "")
    line = row(cost="5.52", amount="24").replace(",2026-09-01T01:00:00Z", "")
    path = bill(tmp_path / "bill.csv", line, header=header)
    assert f"{question} needs lineItem/UsageEndDate" in refusal(path, question)


def test_sums_keep_every_place_of_the_bill(tmp_path: Path, ask: Asked) -> None:
    """12345678901234.000000000000000001 + 0.000000000000000003, of 32 digits; Python's own sums have 28."""
    path = bill(
        tmp_path / "bill.csv",
        row(cost="12345678901234.000000000000000001"),
        row(cost="0.000000000000000003"),
        row("ocr", "0.000000000000000002"),
    )
    assert costs(ask(path, "top")) == {"chat": "12345678901234.000000000000000004", "ocr": "0.000000000000000002"}
    for question in ("modes", "trend"):
        assert ask(path, question)["rows"][0]["cost"] == "12345678901234.000000000000000006"
    assert ask(path, "daily")["rows"][0]["cost"] == "12345678901234.000000000000000004"


def test_lines_without_a_currency_are_in_none(tmp_path: Path, ask: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    header = CUR2.replace("line_item_currency_code,", "")
    path = bill(tmp_path / "cur2.csv", row().replace(",USD", ""), header=header)
    answer = ask(path, "top")
    assert [line["currency"] for line in answer["rows"]] == [""]
    assert "some lines say no currency (line_item_currency_code): their amounts are in none" in answer["lacks"]
    assert cli.main(["bills", str(path), "top"]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("CUR 2.0")


def test_one_more_hour_is_priced_by_region_and_asynchronous_hours_on_demand_are_said(
    tmp_path: Path, ask: Asked
) -> None:
    """0.23 in us-east-1 and 0.257 in eu-west-1: their mean is the price of nothing."""
    abroad = row("paris", "0.257").replace("us-east-1", "eu-west-1").replace("USE1-", "EU-")
    waiting = row("ocr", "0.23").replace("-Host:", "-AsyncInf:")
    answer = ask(bill(tmp_path / "bill.csv", row(), abroad, waiting), "savings-plans")
    found = {each["region"]: each["one_more_hour_costs"] for each in answer["rows"] if each["instance_type"]}
    assert found == {"us-east-1": "0.23", "eu-west-1": "0.257"}
    assert any("1 instance-hours of asynchronous inference on demand are in no coverage" in n for n in answer["notes"])
