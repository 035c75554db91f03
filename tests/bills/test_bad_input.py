"""Exports that cannot be trusted are refused in one line with a hint, exit 2, and nothing written; or read right."""

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from guardrail.bills.layouts import underscored
from tests.bills import account
from tests.bills.conftest import Asked, Refusal

duckdb = pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")


HEADER = (
    "lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,"
    "lineItem/UsageType,lineItem/ResourceId,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost"
)
HOUR = "2026-09-01T00:00:00Z,2026-09-01T01:00:00Z"


def row(endpoint: str = "chat", cost: str = "0.23", *, amount: str = "1", product: str = "AmazonSageMaker") -> str:
    arn = f"arn:aws:sagemaker:us-east-1:111122223333:endpoint/{endpoint}"
    return f"111122223333,Usage,{HOUR},{product},USE1-Host:ml.m5.xlarge,{arn},{amount},USD,{cost}"


def bill(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def costs(answer: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {line["endpoint"]: line["cost"] for line in answer["rows"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.23", "0.23"),
        ("2.3E-1", "0.23"),
        ("23e-2", "0.23"),
        ("+.23", "0.23"),
        ("-0.23", "-0.23"),
        ("1E+3", "1000"),
        ("5.", "5"),
        ("4E-11", "0.00000000004"),
        ("0.23000000000000001", "0.23000000000000001"),
        ("-0.0", "0"),
    ],
)
def test_every_decimal_and_exponent_form_is_a_number(text: str, value: str, tmp_path: Path, ask: Asked) -> None:
    answer = ask(bill(tmp_path / "bill.csv", row(cost=text)), "top")
    assert costs(answer) == {"chat": value}


@pytest.mark.parametrize(
    "text", ["1_000", "NaN", "nan", "inf", "-Infinity", " 0.23", "0x10", "0.23 USD", "1e400", "∞", "--1"]
)
def test_anything_else_is_an_error_with_row_and_column(text: str, tmp_path: Path, refusal: Refusal) -> None:
    told = refusal(bill(tmp_path / "bill.csv", row(), row(cost=text)), "top")
    assert "bill.csv: row 3, column lineItem/UnblendedCost" in told
    assert ascii(text)[1:-1] in told.replace("\\\\", "\\") or text in told


def test_a_number_with_a_comma_is_not_two_columns_nor_a_number(tmp_path: Path, refusal: Refusal) -> None:
    assert "row 2, column lineItem/UnblendedCost: '0,23'" in refusal(
        bill(tmp_path / "bill.csv", row(cost='"0,23"')), "top"
    )


def test_numbers_of_other_services_are_never_read(tmp_path: Path, ask: Asked) -> None:
    path = bill(tmp_path / "bill.csv", row(), row(cost="1_000", amount="9" * 60, product="AmazonS3"))
    assert costs(ask(path, "top")) == {"chat": "0.23"}


@pytest.mark.parametrize("value", ["nan", "inf", "1e30"])
def test_a_double_that_is_no_number_is_an_error_with_row_and_column(
    value: str, tmp_path: Path, refusal: Refusal
) -> None:
    rows = account.records("cur2")[:3]
    rows[1]["line_item_unblended_cost"] = value
    account.write_parquet(tmp_path / "bill.parquet", rows)
    assert "row 2, column line_item_unblended_cost" in refusal(tmp_path / "bill.parquet", "top")


def test_a_time_that_is_none_is_an_error(tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", row().replace("2026-09-01T00:00:00Z", "yesterday"))
    assert "row 2, column lineItem/UsageStartDate: 'yesterday' is not a time" in refusal(path, "top")


def test_a_time_with_an_offset_is_that_moment_in_utc(tmp_path: Path, ask: Asked) -> None:
    path = bill(tmp_path / "bill.csv", row().replace(HOUR, "2026-09-02T01:00:00+02:00,2026-09-02T02:00:00+02:00"))
    assert [line["day"] for line in ask(path, "daily")["rows"]] == ["2026-09-01"]


def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(tmp_path: Path, refusal: Refusal) -> None:
    whole = bill(tmp_path / "whole.csv", row(), row(cost="123.45")).read_bytes()
    start = whole.index(b"\n") + 1
    for length in range(start + 1, len(whole), 11):
        if whole[length - 1 : length] in (b"\n", b"\r"):
            continue  # a whole line less is a smaller bill, which nothing tells
        (tmp_path / "cut.csv").write_bytes(whole[:length])
        assert "cut.csv" in refusal(tmp_path / "cut.csv", "top")


@pytest.mark.usefixtures("own_database")
def test_a_gzip_or_zip_that_was_cut_is_refused(exports: dict[str, Path], tmp_path: Path, refusal: Refusal) -> None:
    for name in ("legacy.csv.gz", "legacy.csv.zip", "cur2.parquet"):
        whole = exports[name].read_bytes()
        for part in (3, 2):
            (tmp_path / name).write_bytes(whole[: len(whole) - len(whole) // part])
            assert name in refusal(tmp_path / name, "top")


def test_an_empty_file_and_an_unfinished_one_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    (tmp_path / "bill.csv").touch()
    assert "is empty" in refusal(tmp_path / "bill.csv", "top")
    bill(tmp_path / "folder" / "a.csv", row())
    (tmp_path / "folder" / "b.csv.gz.part").touch()
    assert "is still being written" in refusal(tmp_path / "folder", "top")


@pytest.mark.usefixtures("own_database")
def test_an_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    from guardrail.bills import unpacking

    monkeypatch.setattr(unpacking, "SMALLEST_BOUND", 1 << 20)
    bomb = f"{HEADER}\n".encode() + b"0" * (8 << 20)
    (tmp_path / "bill.csv.gz").write_bytes(gzip.compress(bomb))
    with zipfile.ZipFile(tmp_path / "bill.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", bomb)
    for name in ("bill.csv.gz", "bill.zip"):
        assert "unpacks to more than" in refusal(tmp_path / name, "top")


@pytest.mark.usefixtures("own_database")
def test_a_zip_cannot_write_outside_and_leaves_nothing(
    exports: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Asked
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    ask(exports["legacy.csv.zip"], "top")  # its entry is called ../../report.csv
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path.parent / "report.csv").exists()


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    "name",
    ["bill[1].csv", "b*.csv", "b?ll.csv", "it's.csv", 'say "so".csv', "a;DROP TABLE x.csv", "-x.csv", "ü {a,b}.csv"],
)
def test_a_name_is_a_name(name: str, tmp_path: Path, ask: Asked) -> None:
    bill(tmp_path / "bill1.csv", row("wrong", "900"))
    bill(tmp_path / "bill.csv", row("wrong", "900"))
    path = bill(tmp_path / name, row("right"))
    assert costs(ask(path, "top")) == {"right": "0.23"}


def test_a_missing_column_is_named(tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", row(), header=HEADER.replace("lineItem/UsageType", "lineItem/Other"))
    assert "lacks the column lineItem/UsageType" in refusal(path, "top")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", f"{row()},0.5", header=f"{HEADER},lineItem/UnblendedCost")
    assert "has the column 'lineItem/UnblendedCost' twice" in refusal(path, "top")


def test_a_row_with_another_number_of_columns_is_refused_with_its_line(tmp_path: Path, refusal: Refusal) -> None:
    for wrong in (f"{row()},surplus", row().rpartition(",")[0]):
        assert "bill.csv: line 3" in refusal(bill(tmp_path / "bill.csv", row(), wrong), "top")


@pytest.mark.usefixtures("own_database")
def test_two_layouts_in_one_folder_are_refused(exports: dict[str, Path], tmp_path: Path, refusal: Refusal) -> None:
    for name in ("legacy.csv", "cur2.parquet"):
        (tmp_path / name).write_bytes(exports[name].read_bytes())
    assert "two layouts in one place" in refusal(tmp_path, "top")


@pytest.mark.usefixtures("own_database")
def test_one_month_in_two_sources_of_two_layouts_is_refused(exports: dict[str, Path], refusal: Refusal) -> None:
    assert "2026-09 is in two layouts" in refusal(exports["legacy.csv"], exports["focus-1.2.parquet"], "top")


@pytest.mark.usefixtures("own_database")
def test_the_same_delivery_twice_counts_once_or_is_refused(
    exports: dict[str, Path], tmp_path: Path, ask: Asked, refusal: Refusal
) -> None:
    one = exports["legacy.csv"]
    link = tmp_path / "link.csv"
    link.symlink_to(one)
    rows = ask(one, one, link, "top")["rows"]
    assert rows[0]["cost"] == account.COSTS["ranker"]
    (tmp_path / "copy.csv").write_bytes(one.read_bytes())
    assert "is a copy of" in refusal(one, tmp_path / "copy.csv", "top")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "bill.csv").write_bytes(one.read_bytes())
    (tmp_path / "folder" / "bill.csv.gz").write_bytes(gzip.compress(one.read_bytes()))
    assert "the same file twice" in refusal(tmp_path / "folder", "top")


def test_no_line_of_sagemaker_is_no_bill_of_zero(tmp_path: Path, refusal: Refusal) -> None:
    assert "no line of SageMaker" in refusal(bill(tmp_path / "bill.csv", row(product="AmazonEC2")), "top")


def test_several_currencies_are_never_summed(tmp_path: Path, ask: Asked) -> None:
    chinese = row("shanghai", "38.00").replace("USD", "CNY")
    answer = ask(bill(tmp_path / "bill.csv", row(cost="5.52"), chinese), "top")
    assert {(line["cost"], line["currency"], line["share_percent"]) for line in answer["rows"]} == {
        ("38", "CNY", "100"),
        ("5.52", "USD", "100"),
    }
    assert any("never summed" in note for note in answer["notes"])


def test_what_is_not_known_is_named_and_not_dropped(tmp_path: Path, ask: Asked) -> None:
    strange = row("chat", "7.00").replace("Host:ml.m5.xlarge", "Quantum:qubit")
    odd = row("chat", "3.00").replace(",Usage,", ",Gratuity,")
    answer = ask(bill(tmp_path / "bill.csv", row(), strange, odd), "top")
    assert costs(answer) == {"chat": "0.23"}
    assert answer["not_inference"][0] | {"cost": "7"} == answer["not_inference"][0]
    assert answer["apart"][0]["line_type"] == "Gratuity"
    assert any("USE1-Quantum:qubit" in note for note in answer["notes"])
    assert any("Gratuity" in note for note in answer["notes"])


@pytest.mark.parametrize("form", ["csv", "markdown", "html", "table"])
def test_nothing_of_a_bill_acts_in_any_format(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from guardrail import cli

    hostile = '=HYPERLINK("http://evil")'.replace('"', '""')
    arn = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/<script>alert(1)</script>|@all\x1b[31m"
    line = f'111122223333,Usage,{HOUR},AmazonSageMaker,USE1-Host:ml.m5.xlarge,"{arn}",1,USD,0.23,"{hostile}"'
    other = f'111122223333,Usage,{HOUR},AmazonSageMaker,USE1-Host:ml.m5.xlarge,"{hostile}",1,USD,0.5,'
    path = bill(tmp_path / "bill.csv", line, other, header=f"{HEADER},resourceTags/user:=cmd")
    assert cli.main(["bills", str(path), "top", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    if form == "csv":
        assert not any(cell.startswith(("=", '"=')) for text in shown.splitlines() for cell in text.split(",")), shown
    if form == "html":
        assert "<script>alert" not in shown
    if form == "markdown":
        assert "<script>" not in shown.replace("`", " `") or "`" in shown
        assert "|@all" not in shown


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize(
    "flags",
    [
        ("--tag", "x' OR '1'='1=y"),
        ("--account", "' OR 1=1 --"),
        ("--region", "'); DROP TABLE lines; --"),
        ("--tag", 'Team"]=a'),
    ],
)
def test_what_is_asked_for_is_text_to_the_engine(flags: tuple[str, str], tmp_path: Path, ask: Asked) -> None:
    assert ask(bill(tmp_path / "bill.csv", row()), "top", *flags)["rows"] == []


@pytest.mark.usefixtures("own_database")
def test_a_hostile_tag_column_is_a_name(tmp_path: Path, ask: Asked) -> None:
    header = f'{HEADER},"resourceTags/user:a"") FROM x; --"'
    answer = ask(bill(tmp_path / "bill.csv", f"{row()},v", header=header), "top", "--tag", 'a") FROM x; --=v')
    assert costs(answer) == {"chat": "0.23"}


@pytest.mark.usefixtures("own_database")
def test_the_engine_opens_nothing_but_what_was_named(tmp_path: Path) -> None:
    import duckdb

    from guardrail.bills import engine

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with engine.opened() as opened:
        opened.allow([])
        for text in (
            f"FROM read_csv('{secret}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            "INSTALL httpfs",
            "SET memory_limit = '8GB'",
            "FROM read_csv('https://example.com/x.csv')",
            f"ATTACH '{tmp_path / 'x.db'}'",
        ):
            with pytest.raises(duckdb.Error):
                opened.execute(text)
        folder = opened.folder
    assert not os.path.exists(folder)
    assert not (tmp_path / "out.csv").exists()


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    """Lines of a bill in the format that the name of their file says."""
    if path.suffix == ".csv":
        path.write_text(account.csv_text(rows), encoding="utf-8")
    else:
        account.write_parquet(path, rows)
    return path


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("line_item_unblended_cost", "1_000", "'1_000' is not a number"),
        ("line_item_usage_amount", "NaN", "'NaN' is not a number"),
        ("line_item_usage_start_date", "yesterday", "'yesterday' is not a time"),
    ],
)
def test_a_bad_text_of_parquet_is_told_with_its_row_and_column(
    column: str, text: str, told: str, tmp_path: Path, refusal: Refusal
) -> None:
    """The second part has it in the fourth row; the third row is of another service, whose texts are nobody's."""
    names = [underscored(name) for name in HEADER.split(",")]
    good = dict(zip(names, row().split(","), strict=True))
    parts = [[good], [good, good, good | {column: "x", "line_item_product_code": "AmazonS3"}, good | {column: text}]]
    for number, rows in enumerate(parts, 1):
        source = bill(tmp_path / "source.csv", *(",".join(each.values()) for each in rows), header=",".join(names))
        target = tmp_path / "export" / f"ml-0000{number}.parquet"
        target.parent.mkdir(exist_ok=True)
        read = f"SELECT * FROM read_csv('{source}', all_varchar = true)"  # noqa: S608 - all of it is of this file
        duckdb.execute(f"COPY ({read}) TO '{target}' (FORMAT parquet)")
    shown = refusal(tmp_path / "export", "top")
    assert f"ml-00002.parquet: row 4, column {column}: {told}" in shown
    assert str(tmp_path / "export") in shown


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_covered_lines_without_their_cost_are_no_lines_of_cost_zero(
    form: str, tmp_path: Path, refusal: Refusal
) -> None:
    rows = account.records("cur2")
    for line in rows:
        del line["savings_plan_savings_plan_effective_cost"]
    path = written(tmp_path / f"bill.{form}", rows)
    told = refusal(path, "top")
    assert "have no savings_plan_savings_plan_effective_cost (24)" in told


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_line_of_use_without_a_cost_is_refused(form: str, tmp_path: Path, refusal: Refusal) -> None:
    rows = account.records("cur2")
    rows[0]["line_item_unblended_cost"] = ""
    path = written(tmp_path / f"bill.{form}", rows)
    assert "have no line_item_unblended_cost (1)" in refusal(path, "top")


def test_columns_without_a_name_and_others_that_nobody_asks_for_may_be_there_twice(tmp_path: Path, ask: Asked) -> None:
    header = f"{HEADER},,,product/servicecode,product/servicecode"
    assert costs(ask(bill(tmp_path / "bill.csv", f"{row()},,,a,b", header=header), "top")) == {"chat": "0.23"}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_and_a_mark_of_the_byte_order_change_nothing(ending: str, tmp_path: Path, ask: Asked) -> None:
    text = "".join(f"{line}{ending}" for line in (HEADER, row(), row()))
    (tmp_path / "bill.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert costs(ask(tmp_path / "bill.csv", "top")) == {"chat": "0.46"}


@pytest.mark.usefixtures("own_database")
def test_a_gzip_of_several_members_is_read_to_its_end(tmp_path: Path, ask: Asked) -> None:
    members = (f"{HEADER}\n{row()}\n", f"{row(cost='0.5')}\n")
    (tmp_path / "bill.csv.gz").write_bytes(b"".join(gzip.compress(each.encode()) for each in members))
    assert costs(ask(tmp_path / "bill.csv.gz", "top")) == {"chat": "0.73"}


def test_whole_numbers_in_one_part_of_parquet_do_not_cut_those_of_another(tmp_path: Path, ask: Asked) -> None:
    import duckdb

    line = account.records("cur2")[0]
    for number, kind, cost in ((1, "BIGINT", "1"), (2, "DOUBLE", "0.23")):
        columns = ", ".join(
            f"TIMESTAMP '{text[:19]}' AS \"{name}\""
            if name.endswith(("start_date", "end_date"))
            else f'CAST({cost} AS {kind}) AS "{name}"'
            if name in ("line_item_unblended_cost", "line_item_usage_amount")
            else f"'{text}' AS \"{name}\""
            for name, text in line.items()
            if name not in ("resource_tags", "product")
            and '"' not in text
            and not name.startswith(("savings_plan", "pricing"))
        )
        target = tmp_path / "folder" / f"ml-0000{number}.parquet"
        target.parent.mkdir(exist_ok=True)
        duckdb.execute(f"COPY (SELECT {columns}) TO '{target}' (FORMAT parquet)")
    assert costs(ask(tmp_path / "folder", "top")) == {"chat": "1.23"}


@pytest.mark.parametrize("key", ["Team", "user:Team"])
def test_a_tag_key_may_have_the_prefix_of_the_bill(key: str, tmp_path: Path, ask: Asked) -> None:
    path = bill(tmp_path / "bill.csv", f"{row()},search", header=f"{HEADER},resourceTags/user:Team")
    assert costs(ask(path, "top", "--tag", f"{key}=search")) == {"chat": "0.23"}


@pytest.mark.usefixtures("own_database")
def test_without_duckdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    told = refusal(bill(tmp_path / "bill.csv", row()), "top")
    assert "needs DuckDB" in told
    assert "guardrail-sagemaker[bills]" in told


@pytest.mark.parametrize("moment", ["2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-09-01T25:00:00Z"])
def test_a_time_of_no_calendar_is_an_error_with_row_and_column(moment: str, tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", row(), row().replace("2026-09-01T00:00:00Z", moment))
    assert f"row 3, column lineItem/UsageStartDate: '{moment}' is not a time" in refusal(path, "top")


def test_use_without_a_start_is_of_no_day_and_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", row(), row().replace(HOUR, ",2026-09-01T01:00:00Z"))
    told = refusal(path, "trend")
    assert "lines of use have no lineItem/UsageStartDate (1): their day is not known" in told
    rows = account.records("cur2")[:3]
    rows[1]["line_item_usage_start_date"] = ""
    account.write_parquet(tmp_path / "bill.parquet", rows)
    assert "lines of use have no line_item_usage_start_date (1)" in refusal(tmp_path / "bill.parquet", "trend")


def test_a_tax_without_a_start_is_of_its_bill(tmp_path: Path, ask: Asked) -> None:
    """It is no use, and a bill has it for its month."""
    tax = row().replace("Usage,", "Tax,").replace(HOUR, ",") + ",2026-09-01T00:00:00Z"
    path = bill(
        tmp_path / "bill.csv", f"{row()},2026-09-01T00:00:00Z", tax, header=f"{HEADER},bill/BillingPeriodStartDate"
    )
    assert [(each["line_type"], each["month"]) for each in ask(path, "top")["apart"]] == [("Tax", "2026-09")]


@pytest.mark.parametrize("name", ["bill.json", "20260901-20261001/report-Manifest.json"])
def test_json_that_is_nested_too_deeply_is_refused(name: str, tmp_path: Path, refusal: Refusal) -> None:
    bill(tmp_path / "20260901-20261001" / "a.csv", row())
    (tmp_path / name).write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    asked = tmp_path / name if name == "bill.json" else tmp_path
    assert "nested too deeply" in refusal(asked, "top")


@pytest.mark.parametrize("keys", ['"x"', "[1, null]", "{}"])
def test_a_manifest_that_does_not_name_its_files_is_no_delivery_without_one(
    keys: str, tmp_path: Path, refusal: Refusal
) -> None:
    bill(tmp_path / "20260901-20261001" / "a.csv", row())
    manifest = tmp_path / "20260901-20261001" / "report-Manifest.json"
    manifest.write_text(f'{{"assemblyId": "a", "reportKeys": {keys}}}', encoding="utf-8")
    assert "is a manifest whose data files cannot be read" in refusal(tmp_path, "top")


def test_amounts_of_no_currency_are_said_to_be_taken_for_usd(tmp_path: Path, ask: Asked) -> None:
    without = bill(
        tmp_path / "bill.csv", row().replace(",USD", ""), header=HEADER.replace(",lineItem/CurrencyCode", "")
    )
    told = "the export has no lineItem/CurrencyCode: its amounts are taken for USD"
    assert told in ask(without, "top")["notes"]
    assert told not in ask(bill(tmp_path / "said.csv", row()), "top")["notes"]


def test_use_without_an_amount_counts_with_its_cost_and_is_said(tmp_path: Path, ask: Asked) -> None:
    answer = ask(bill(tmp_path / "bill.csv", row(), row(amount="")), "top")
    assert costs(answer) == {"chat": "0.46"}
    assert any(
        "lines of use have no lineItem/UsageAmount (1): they count with their cost" in one for one in answer["notes"]
    )
    rows = account.records("cur2")[:3]
    rows[1]["line_item_usage_amount"] = ""
    account.write_parquet(tmp_path / "bill.parquet", rows)
    assert any("no line_item_usage_amount (1)" in one for one in ask(tmp_path / "bill.parquet", "top")["notes"])
