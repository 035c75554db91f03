"""Nothing of a bill counts twice, and nothing that a delivery names is missing without a word."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from guardrail import cli
from tests.bills.conftest import Asked, Refusal
from tests.bills.test_bad_input import HEADER, bill, costs, row

duckdb = pytest.importorskip("duckdb")
pytestmark = pytest.mark.usefixtures("one_database")


def manifest(path: Path, *keys: str, start: str = "20260901T000000.000Z") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"assemblyId": "a", "reportName": "ml", "reportKeys": keys, "billingPeriod": {"start": start}})
    )


def test_two_keys_of_one_name_need_two_files(tmp_path: Path, refusal: Refusal, ask: Asked) -> None:
    manifest(tmp_path / "ml-Manifest.json", "x/1/part.csv", "x/2/part.csv")
    bill(tmp_path / "1" / "part.csv", row())
    assert "names x/2/part.csv" in refusal(tmp_path, "top")
    bill(tmp_path / "2" / "part.csv", row("ocr", "1.00"))
    assert costs(ask(tmp_path, "top")) == {"chat": "0.23", "ocr": "1"}


def test_a_month_that_is_absent_is_not_another_months_file_of_its_name(tmp_path: Path, refusal: Refusal) -> None:
    september, october = "20260901-20261001", "20261001-20261101"
    manifest(tmp_path / september / "ml-Manifest.json", f"p/ml/{september}/ml-1.csv")
    manifest(tmp_path / october / "ml-Manifest.json", f"p/ml/{october}/ml-1.csv", start="20261001T000000.000Z")
    bill(tmp_path / september / "ml-1.csv", row())
    assert f"names p/ml/{october}/ml-1.csv, which is not there" in refusal(tmp_path, "top")


def test_a_month_of_data_exports_that_is_absent_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    for month in ("2026-09", "2026-10"):
        path = tmp_path / "metadata" / f"BILLING_PERIOD={month}" / "ml-Manifest.json"
        path.parent.mkdir(parents=True)
        key = f"s3://b/ml/data/BILLING_PERIOD={month}/ml-00001.csv"
        path.write_text(json.dumps({"executionId": month, "exportArn": "arn:ml", "dataFiles": [key]}))
    bill(tmp_path / "data" / "BILLING_PERIOD=2026-09" / "ml-00001.csv", row())
    assert "BILLING_PERIOD=2026-10/ml-00001.csv, which is not there" in refusal(tmp_path, "top")


def test_two_months_in_one_flat_folder_cannot_both_be_its_one_file(tmp_path: Path, refusal: Refusal) -> None:
    manifest(tmp_path / "9-Manifest.json", "p/9/ml-1.csv")
    manifest(tmp_path / "10-Manifest.json", "p/10/ml-1.csv", start="20261001T000000.000Z")
    bill(tmp_path / "ml-1.csv", row())
    assert "the only file of that name" in refusal(tmp_path, "top")


def test_two_assemblies_that_are_two_sources_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    month = tmp_path / "20260901-20261001"
    sources = []
    for name, cost in (("ffffffff-0000-4000-8000-00000000000a", "1"), ("00000000-0000-4000-8000-00000000000b", "2")):
        bill(month / name / "ml-1.csv", row(cost=cost))
        sources.append(month / name)
    assert "two deliveries of one month" in refusal(*sources, "top")
    for source in sources:
        manifest(source / "ml-Manifest.json", f"p/{source.name}/ml-1.csv")
    assert "two deliveries of one month" in refusal(*sources, "top")


def test_a_copy_that_is_packed_otherwise_is_a_copy(tmp_path: Path, refusal: Refusal) -> None:
    whole = bill(tmp_path / "first" / "september.csv", row()).read_bytes()
    for name in ("bill.csv.gz", "bill.zip"):
        path = tmp_path / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(whole))
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("bill.csv", whole)
        assert "would count twice" in refusal(tmp_path, "top")
        path.unlink()


def test_what_a_browser_downloaded_again_is_the_same_file(tmp_path: Path, refusal: Refusal) -> None:
    bill(tmp_path / "bill.csv", row())
    for name in ("bill (1).csv", "bill(1).csv"):
        later = bill(tmp_path / name, row(), row("ocr"))
        assert "the same file twice" in refusal(tmp_path, "top")
        later.unlink()


def test_csv_and_parquet_of_one_month_are_one_bill(tmp_path: Path, refusal: Refusal, ask: Asked) -> None:
    names = [name.split("/")[1] for name in HEADER.split(",")]
    columns = [
        "line_item_" + "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") for name in names
    ]
    text = bill(tmp_path / "a" / "first.csv", row(), header=",".join(columns))
    duckdb.read_csv(str(text)).write_parquet(str(tmp_path / "b.parquet"))
    assert "2026-09 is in two layouts, CUR 2.0 in CSV and CUR 2.0 in Parquet" in refusal(tmp_path, "top")
    bill(text, row().replace("2026-09-01", "2026-10-01"), header=",".join(columns))
    assert costs(ask(tmp_path, "top")) == {"chat": "0.46"}


def zipped(path: Path, *members: tuple[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_a_zip_holds_each_file_once_and_nothing_that_is_passed_over(
    tmp_path: Path, refusal: Refusal, ask: Asked
) -> None:
    one, other = (f"{HEADER}\n{row(name)}\n" for name in ("chat", "ocr"))
    of_macos = zipped(tmp_path / "1.zip", ("a.csv", one), ("__MACOSX/._a.csv", b"\0\5\x16\7"), (".hidden.csv", "x"))
    assert costs(ask(of_macos, "top")) == {"chat": "0.23"}
    assert "holds a.csv again as old/a.csv" in refusal(
        zipped(tmp_path / "2.zip", ("a.csv", one), ("old/a.csv", one)), "top"
    )
    assert costs(ask(zipped(tmp_path / "3.zip", ("a-1.csv", one), ("a-2.csv", one)), "top")) == {"chat": "0.46"}
    packed = ("b.csv.gz", gzip.compress(other.encode()))
    assert "holds b.csv.gz, which is packed itself" in refusal(
        zipped(tmp_path / "4.zip", ("a.csv", one), packed), "top"
    )


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = bill(tmp_path / "bill.csv", row())
    try:
        odd = path.rename(tmp_path / "\udcff.csv")
    except OSError:
        pytest.skip("the file system takes no such name")
    assert "no UTF-8" in refusal(odd, "top")


def explorer(
    path: Path, *days: tuple[str, str], account: str = "", again: bool = False, cost: str = "5.52", end: str = ""
) -> Path:
    """Days of Cost Explorer with an endpoint's usage type each, of one account where it is grouped by accounts."""
    keys = ["USAGE_TYPE", "LINKED_ACCOUNT" if account else "SERVICE"]
    results = [
        {
            "TimePeriod": {"Start": day, "End": end or following},
            "Groups": [
                {
                    "Keys": ["USE1-Host:ml.m5.xlarge", account or "Amazon SageMaker"],
                    "Metrics": {"UnblendedCost": {"Amount": cost, "Unit": "USD"}},
                }
            ],
        }
        for day, following in days
    ]
    answer = {"GroupDefinitions": [{"Key": key} for key in keys], "ResultsByTime": results}
    path.write_text(json.dumps([answer | {"NextPageToken": "t"}, answer] if again else answer))
    return path


FIRST, SECOND = ("2026-09-01", "2026-09-02"), ("2026-09-02", "2026-09-03")


def test_a_page_of_cost_explorer_that_was_saved_twice_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    assert "twice" in refusal(explorer(tmp_path / "pages.json", FIRST, again=True), "top")


def test_answers_of_cost_explorer_that_overlap_are_refused(tmp_path: Path, refusal: Refusal, ask: Asked) -> None:
    explorer(tmp_path / "1.json", FIRST)
    explorer(tmp_path / "2.json", SECOND)
    assert [row["cost"] for row in ask(tmp_path, "top")["rows"]] == ["11.04"]
    explorer(tmp_path / "2.json", FIRST, end="2026-10-01")
    assert "both have USE1-Host:ml.m5.xlarge of 2026-09-01" in refusal(tmp_path, "top")


def test_two_accounts_of_cost_explorer_do_not_overlap(tmp_path: Path, ask: Asked) -> None:
    explorer(tmp_path / "1.json", FIRST, account="111122223333")
    explorer(tmp_path / "2.json", FIRST, account="444455556666")
    assert len(ask(tmp_path, "top")["rows"]) == 2


def test_cost_explorer_beside_the_export_of_a_payer_counts_twice(
    exports: dict[str, Path], tmp_path: Path, refusal: Refusal
) -> None:
    assert "2026-09 is in two layouts" in refusal(
        exports["legacy.csv"], explorer(tmp_path / "costs.json", FIRST), "top"
    )
    path = bill(tmp_path / "bill.csv", f"{row()},999900001111", header=f"{HEADER},bill/PayerAccountId")
    assert "2026-09 is in two layouts" in refusal(path, tmp_path / "costs.json", "top")


@pytest.mark.parametrize(
    ("days", "cost", "told"),
    [
        ((), "0", "no line of SageMaker"),
        ((("2026-02-30", "2026-03-01"),), "1", "day is out of range"),
        ((FIRST,), "1" + "0" * 20, "is not a number"),
    ],
)
def test_an_answer_of_cost_explorer_that_is_none_is_refused(
    days: tuple[tuple[str, str], ...], cost: str, told: str, tmp_path: Path, refusal: Refusal
) -> None:
    assert told in refusal(explorer(tmp_path / "costs.json", *days, cost=cost), "top")


@pytest.mark.parametrize("value", [None, 0, 1.5, "", "x", [], {}, [None], True])
@pytest.mark.parametrize(
    "place",
    [
        ("GroupDefinitions",),
        ("GroupDefinitions", 0),
        ("ResultsByTime",),
        ("ResultsByTime", 0),
        ("ResultsByTime", 0, "TimePeriod"),
        ("ResultsByTime", 0, "TimePeriod", "Start"),
        ("ResultsByTime", 0, "Groups"),
        ("ResultsByTime", 0, "Groups", 0),
        ("ResultsByTime", 0, "Groups", 0, "Keys"),
        ("ResultsByTime", 0, "Groups", 0, "Keys", 0),
        ("ResultsByTime", 0, "Groups", 0, "Metrics"),
        ("ResultsByTime", 0, "Groups", 0, "Metrics", "UnblendedCost"),
        ("ResultsByTime", 0, "Groups", 0, "Metrics", "UnblendedCost", "Unit"),
    ],
    ids=str,
)
def test_any_value_in_any_place_of_an_answer_is_read_or_refused(
    place: tuple[str | int, ...], value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(explorer(tmp_path / "costs.json", FIRST).read_text())
    *before, last = place
    found = content
    for step in before:
        found = found[step]
    found[last] = value
    (tmp_path / "costs.json").write_text(json.dumps(content))
    code = cli.main(["bills", str(tmp_path / "costs.json"), "top", "--format", "json"])
    shown = capsys.readouterr()
    assert code in (0, 2), shown.err
    assert (code == 0) == bool(shown.out)


@pytest.mark.parametrize("start", [None, 1, 1.5, [], {"a": 1}, True])
def test_any_start_of_a_manifest_is_read(start: object, tmp_path: Path, ask: Asked) -> None:
    bill(tmp_path / "ml-1.csv", row())
    content = {"assemblyId": "a", "reportName": "ml", "reportKeys": ["p/ml-1.csv"], "billingPeriod": {"start": start}}
    (tmp_path / "ml-Manifest.json").write_text(json.dumps(content))
    assert costs(ask(tmp_path, "top")) == {"chat": "0.23"}
