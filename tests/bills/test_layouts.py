"""Every question on every layout: answered alike, answered by usage type, or refused. The truth is in `account`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from guardrail.bills import reading
from guardrail.bills.layouts import underscored
from tests.bills import account
from tests.bills.conftest import Asked, Refusal

LINES = [name for name in account.EXPORTS if name != "cost-explorer.json"]

pytest.importorskip("duckdb")


@pytest.fixture(autouse=True, scope="module")
def _each_is_opened_once() -> Iterator[None]:
    """Every question here is asked of the same exports: they are opened once, and asked once for the same facts."""
    opened, kept = reading.opened, {}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as until_the_last:

        @contextmanager
        def once(sources: Sequence[str], tag_keys: Sequence[str] = ()) -> Iterator[reading.Export]:
            key = (*sources, *tag_keys)
            if key not in kept:
                kept[key] = until_the_last.enter_context(opened(sources, tag_keys))
                kept[key].ask = cache(kept[key].ask)  # type: ignore[method-assign]
            yield kept[key]

        patch.setattr(reading, "opened", once)
        patch.setattr("guardrail.output.temporary_folder", TemporaryDirectory)  # signals are let alone meanwhile
        yield


@pytest.mark.parametrize("export", LINES)
def test_top_is_the_same_in_every_layout(export: str, exports: dict[str, Path], ask: Asked) -> None:
    answer = ask(exports[export], "top")
    assert [(row["endpoint"], row["cost"]) for row in answer["rows"]] == list(account.COSTS.items())
    ranker, chat = answer["rows"][:2]
    assert (ranker["list_cost"], ranker["mode"], ranker["instance_types"]) == ("67.584", "real-time", "ml.g5.xlarge")
    assert (chat["tags"].lower(), chat["region"], chat["account"]) == ("team=search", "us-east-1", account.ACCOUNT)
    # 55.392 + 46.24 + 44.16 + 8.00 + 2.766 = 156.558; 46.24 of it are 29.54 %
    assert chat["share_percent"] == "29.54"
    assert answer["rows"][2]["mode"] == "asynchronous"
    assert answer["not_inference"][0]["cost"] == "10"
    apart = {row["line_type"]: row["billed_cost"] for row in answer["apart"]}
    assert (apart["Tax"], apart["Credit"]) == ("44", "-20")
    fee = apart.get("SavingsPlanRecurringFee", apart.get("SavingsPlanFee"))
    assert fee == "21.6"  # 24 × 0.90
    assert answer["lacks"] == []


@pytest.mark.parametrize("export", LINES)
def test_billed_of_a_covered_line_is_what_each_layout_says(export: str, exports: dict[str, Path], ask: Asked) -> None:
    ranker = ask(exports[export], "top")["rows"][0]
    # a legacy line stands at the on-demand price and is taken back elsewhere; in FOCUS it is billed at 0
    assert ranker["billed_cost"] == ("33.792" if export.startswith("focus") else "67.584")


@pytest.mark.parametrize("export", account.EXPORTS)
def test_modes_are_the_same_in_every_layout(export: str, exports: dict[str, Path], ask: Asked) -> None:
    answer = ask(exports[export], "modes")
    found = {row["mode"]: row["cost"] for row in answer["rows"] if row["mode"] in account.MODES}
    assert found == account.MODES
    assert {row["month"] for row in answer["rows"]} == {"2026-09"}


@pytest.mark.parametrize("export", account.EXPORTS)
def test_trend_is_the_same_in_every_layout_and_has_neither_tax_nor_fee(
    export: str, exports: dict[str, Path], ask: Asked
) -> None:
    rows = ask(exports[export], "trend")["rows"]
    days = [f"2026-09-0{day}" for day in range(1, 9)]
    assert [(row["period"], row["cost"]) for row in rows] == [
        (days[0], account.FIRST_DAY),
        *((day, account.OTHER_DAYS) for day in days[1:]),
    ]
    assert (rows[0]["change"], rows[1]["change"], rows[2]["change"]) == (None, "-66.318", "0")


@pytest.mark.parametrize("export", LINES)
def test_the_two_examples_of_the_blog_post_are_always_on(export: str, exports: dict[str, Path], ask: Asked) -> None:
    rows = {row["endpoint"]: row for row in ask(exports[export], "always-on")["rows"]}
    assert set(rows) == {"chat", "ocr"}  # ranker ran around the clock for one day
    chat, ocr = rows["chat"], rows["ocr"]
    assert (chat["unit_price"], chat["cost_a_day"], chat["hours_a_day"], chat["days"]) == ("0.24", "5.76", "24", 8)
    assert (ocr["unit_price"], ocr["cost_a_day"], ocr["mode"]) == ("0.23", "5.52", "asynchronous")
    assert (chat["month_cost"], ocr["month_cost"]) == ("172.8", "165.6")  # 30 days of September


@pytest.mark.parametrize("export", LINES)
def test_daily_counts_hours_and_instance_hours_of_each_day(export: str, exports: dict[str, Path], ask: Asked) -> None:
    rows = ask(exports[export], "daily")["rows"]
    first = {row["endpoint"]: row for row in rows if row["day"] == "2026-09-01"}
    assert (first["ranker"]["hours"], first["ranker"]["instance_hours"], first["ranker"]["cost"]) == (
        *("24", "48"),
        "55.392",
    )
    assert (first["chat"]["hourly_cost"], first["chat"]["cost"]) == ("0.24", "5.76")  # without volume and data
    # in the span of one hour at most one hour can have passed, however many instances ran
    assert (first["nightly"]["hours"], first["nightly"]["instance_hours"]) == ("1", "3")
    assert len([row for row in rows if row["endpoint"] == "ocr"]) == 8


@pytest.mark.parametrize("export", LINES)
def test_savings_plans_cover_half_of_the_ranker(export: str, exports: dict[str, Path], ask: Asked) -> None:
    answer = ask(exports[export], "savings-plans")
    plan = next(row for row in answer["rows"] if row["row"] == "plan")
    assert (plan["committed"], plan["used"], plan["utilization_percent"]) == ("21.6", "21.6", "100")
    g5 = next(row for row in answer["rows"] if row["instance_type"] == "ml.g5.xlarge")
    assert (g5["instance_hours"], g5["covered_hours"], g5["covered_percent"]) == ("48", "24", "50")
    # nothing of the commitment is left, so one more hour costs the whole 1.408
    assert (g5["on_demand_price"], g5["plan_price"], g5["one_more_hour_costs"]) == ("1.408", "0.9", "1.408")
    assert len(answer["hours"]) == 24


@pytest.mark.parametrize("export", LINES)
def test_a_tag_narrows_the_question_in_every_layout(export: str, exports: dict[str, Path], ask: Asked) -> None:
    rows = ask(exports[export], "top", "--tag", "Team=search")["rows"]
    assert [row["endpoint"] for row in rows] == ["ranker", "chat"]


def test_cost_explorer_answers_by_usage_type_and_says_so(exports: dict[str, Path], ask: Asked) -> None:
    answer = ask(exports["cost-explorer.json"], "top")
    found = {row["usage_types"]: row["cost"] for row in answer["rows"]}
    assert found["USE1-Host:ml.g5.xlarge"] == "55.392"
    assert found["USE1-AsyncInf:ml.m5.xlarge"] == "44.16"
    assert "answered by usage type" in answer["lacks"][0]


@pytest.mark.parametrize("question", ["daily", "always-on", "savings-plans"])
def test_cost_explorer_refuses_what_needs_hours(question: str, exports: dict[str, Path], refusal: Refusal) -> None:
    assert "Cost Explorer" in refusal(exports["cost-explorer.json"], question)


@pytest.mark.parametrize("export", ["legacy.csv", "cur2.parquet", "focus-1.2.parquet"])
def test_the_text_to_take_away_gives_what_is_answered(
    export: str, exports: dict[str, Path], capsys: pytest.CaptureFixture[str], ask: Asked
) -> None:
    import duckdb

    from guardrail import cli

    answer = ask(exports[export], "always-on")
    assert cli.main(["bills", "sql", "always-on", str(exports[export])]) == 0
    connection = duckdb.connect()
    found = connection.execute(capsys.readouterr().out)
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert [row["cost"] for row in rows] == [Decimal(row["cost"]) for row in answer["rows"]]


@pytest.mark.parametrize(
    ("legacy", "athena"),
    [
        ("lineItem/UsageStartDate", "line_item_usage_start_date"),
        ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
        ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
        ("resourceTags/user:CostCenter", "resource_tags_user_cost_center"),
    ],
)
def test_legacy_columns_are_called_as_athena_calls_them(legacy: str, athena: str) -> None:
    assert underscored(legacy) == athena


def test_an_answer_that_is_not_grouped_by_service_names_what_it_leaves_out(tmp_path: Path, ask: Asked) -> None:
    amounts = {name: {"Amount": "5.52", "Unit": "USD"} for name in ("UnblendedCost", "UsageQuantity")}
    types = ("USE1-Host:ml.m5.xlarge", "USE1-Hst:Teleport-Bytes", "USE1-BoxUsage:m5.large")
    page = {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
                "Groups": [{"Keys": [each], "Metrics": amounts} for each in types],
            }
        ],
    }
    (tmp_path / "ce.json").write_text(json.dumps(page), encoding="utf-8")
    answer = ask(tmp_path / "ce.json", "modes")
    assert [each["usage_types"] for each in answer["rows"]] == ["USE1-Host:ml.m5.xlarge"]
    assert any(note.endswith("left out: USE1-BoxUsage:m5.large, USE1-Hst:Teleport-Bytes") for note in answer["notes"])
