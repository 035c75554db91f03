"""Which files of a delivery count: those of the newest assembly of each month, all of them, each once."""

import json
from pathlib import Path

import pytest

from tests.bills.conftest import Asked, Refusal
from tests.bills.test_bad_input import bill, costs, row

pytest.importorskip("duckdb")

OLD, NEW = "ffffffff-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
PERIOD = "20260901-20261001"


def manifest(path: Path, assembly: str, *names: str, prefix: str = f"bills/ml/{PERIOD}") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "assemblyId": assembly,
                "reportName": "ml",
                "billingPeriod": {"start": "20260901T000000.000Z", "end": "20261001T000000.000Z"},
                "reportKeys": [f"{prefix}/{assembly}/{name}" for name in names],
            }
        ),
        encoding="utf-8",
    )


def delivery(root: Path) -> Path:
    """A month delivered twice: 10.00, then 12.00 and 3.00 in two parts, under an id that sorts first."""
    bill(root / PERIOD / OLD / "ml-00001.csv", row(cost="10.00"))
    bill(root / PERIOD / NEW / "ml-00001.csv", row(cost="12.00"))
    bill(root / PERIOD / NEW / "ml-00002.csv", row(cost="3.00"))
    return root


def test_the_root_manifest_tells_the_newest_assembly(tmp_path: Path, ask: Asked) -> None:
    root = delivery(tmp_path / "ml")
    manifest(root / PERIOD / "ml-Manifest.json", NEW, "ml-00001.csv", "ml-00002.csv")
    manifest(root / PERIOD / OLD / "ml-Manifest.json", OLD, "ml-00001.csv")
    manifest(root / PERIOD / NEW / "ml-Manifest.json", NEW, "ml-00001.csv", "ml-00002.csv")
    for source in (root, tmp_path, root / PERIOD, root / PERIOD / "ml-Manifest.json"):
        answer = ask(source, "top")
        assert costs(answer) == {"chat": "15"}, source
    assert any("older deliveries" in note for note in ask(root, "top")["notes"])


def test_an_assembly_alone_is_what_its_own_manifest_names(tmp_path: Path, ask: Asked) -> None:
    root = delivery(tmp_path)
    manifest(root / PERIOD / OLD / "ml-Manifest.json", OLD, "ml-00001.csv")
    assert costs(ask(root / PERIOD / OLD, "top")) == {"chat": "10"}


def test_two_assemblies_of_which_nothing_tells_the_newest_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    root = delivery(tmp_path)
    assert "two deliveries of one month" in refusal(root, "top")
    manifest(root / PERIOD / OLD / "ml-Manifest.json", OLD, "ml-00001.csv")
    manifest(root / PERIOD / NEW / "ml-Manifest.json", NEW, "ml-00001.csv", "ml-00002.csv")
    assert "two deliveries of one month" in refusal(root, "top")


def test_folders_named_by_time_tell_by_their_order(tmp_path: Path, ask: Asked) -> None:
    bill(tmp_path / PERIOD / "20260915T120000Z" / "ml-00001.csv", row(cost="10.00"))
    bill(tmp_path / PERIOD / "20260930T120000Z" / "ml-00001.csv", row(cost="12.00"))
    assert costs(ask(tmp_path, "top")) == {"chat": "12"}


def test_a_file_that_the_manifest_names_and_is_absent_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    root = delivery(tmp_path)
    manifest(root / PERIOD / "ml-Manifest.json", NEW, "ml-00001.csv", "ml-00002.csv", "ml-00003.csv")
    assert "ml-00003.csv, which is not there" in refusal(root, "top")
    # another assembly's file of the same name does not stand in for it
    (root / PERIOD / NEW / "ml-00001.csv").unlink()
    assert "ml-00001.csv, which is not there" in refusal(root, "top")


def test_a_data_export_is_matched_by_the_tail_of_its_uris(tmp_path: Path, ask: Asked) -> None:
    export = tmp_path / "copied" / "costs"
    for month, cost in (("2026-08", "1.00"), ("2026-09", "2.00")):
        line = row(cost=cost).replace("2026-09", month)
        bill(export / "data" / f"BILLING_PERIOD={month}" / "costs-00001.csv", line)
        bill(export / "data" / f"BILLING_PERIOD={month}" / "stale-00001.csv", row(cost="500"))
        path = export / "metadata" / f"BILLING_PERIOD={month}" / "costs-Manifest.json"
        path.parent.mkdir(parents=True)
        uri = f"s3://example-bills/exports/costs/data/BILLING_PERIOD={month}/costs-00001.csv"
        path.write_text(json.dumps({"executionId": "e", "exportArn": "arn:x", "dataFiles": [uri]}), encoding="utf-8")
    assert costs(ask(tmp_path, "top")) == {"chat": "3"}


def test_equal_parts_of_one_delivery_both_count(tmp_path: Path, ask: Asked) -> None:
    for number in (1, 2):
        bill(tmp_path / f"ml-0000{number}.csv", row(), row())
    assert costs(ask(tmp_path, "top")) == {"chat": "0.92"}


def test_folders_of_months_without_a_manifest_all_count(tmp_path: Path, ask: Asked) -> None:
    bill(tmp_path / "year=2026" / "month=8" / "ml-00001.csv", row(cost="1.00").replace("2026-09", "2026-08"))
    bill(tmp_path / "year=2026" / "month=9" / "ml-00001.csv", row(cost="2.00"))
    assert costs(ask(tmp_path, "top")) == {"chat": "3"}


def test_two_reports_of_one_month_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    for name in ("ml", "finance"):
        bill(tmp_path / name / PERIOD / NEW / f"{name}-00001.csv", row(name))
        path = tmp_path / name / PERIOD / f"{name}-Manifest.json"
        manifest(path, NEW, f"{name}-00001.csv", prefix=f"bills/{name}/{PERIOD}")
        told = json.loads(path.read_text(encoding="utf-8")) | {"reportName": name, "account": "111122223333"}
        path.write_text(json.dumps(told), encoding="utf-8")
    assert "two reports of one month" in refusal(tmp_path, "top")


def test_of_several_executions_of_an_export_the_newest_counts(tmp_path: Path, ask: Asked) -> None:
    month = "BILLING_PERIOD=2026-09"
    for time, cost in (("2026-09-15T12:00:00.000Z-aaaa", "10.00"), ("2026-09-30T12:00:00.000Z-0000", "12.00")):
        bill(tmp_path / "data" / month / time / "costs-00001.csv", row(cost=cost))
        path = tmp_path / "metadata" / month / time / "costs-Manifest.json"
        path.parent.mkdir(parents=True)
        uri = f"s3://example-bills/exports/costs/data/{month}/{time}/costs-00001.csv"
        told = {"executionId": time, "exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/x", "dataFiles": [uri]}
        path.write_text(json.dumps(told), encoding="utf-8")
    assert costs(ask(tmp_path, "top")) == {"chat": "12"}
