"""Definitions retold from real ones, each with the jobs that stand in it, and files of others as they are."""

import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from guardrail import cli

SHARED = Path(__file__).resolve().parents[4] / "shared"
CASES, CORPUS = SHARED / "cases" / "batch", SHARED / "corpus" / "batch"
POLICIES = {"BT-001": "transform-payloads-are-accepted", "BT-002": "transform-batches-can-form"}
RUNS_PLACES = Decimal("0.0001")

Check: TypeAlias = Callable[..., Any]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(path: Path, *flags: str) -> Any:
        assert cli.main(["check", str(path), "--region=us-east-1", "--isolated", "--format=json", *flags]) in (0, 1)
        return json.loads(capsys.readouterr().out)

    return run


def expected(case: str) -> Any:
    found = sorted(CASES.glob(f"{case}-*/expected.json"))
    if not found:
        pytest.skip(f"{CASES}/{case}-… is not beside the checkout")
    return json.loads(found[0].read_text(encoding="utf-8"))


def of(case: str, name: str = "") -> Path:
    (folder,) = CASES.glob(f"{case}-*")
    return folder / name if name else folder


def jobs_of(report: Any) -> dict[str, tuple[Any, Any]]:
    """Workflow and job by where it stands: ``Score``, ``Scoring: Score``."""
    found = {}
    for workflow in report["workflows"]:
        for job in workflow["jobs"]:
            address = workflow["address"]
            label = job["label"]
            where = label if workflow["type"] == "definition" else f"{address}: {label}" if label else address
            found[where] = (workflow, job)
    return found


def differences(report: Any, wanted: list[Any]) -> Iterator[str]:
    """What a report says otherwise than the case."""
    found = jobs_of(report)
    if found.keys() != {each["at"] for each in wanted}:
        yield f"{sorted(found)} stand there, and not {sorted(each['at'] for each in wanted)}"
        return
    for each in wanted:
        workflow, job = found[each["at"]]
        runs = [job["per_execution"]["least"], job["per_execution"]["most"]]
        said = {
            "hour": job["hour_usd"] and [each and Decimal(each) for each in job["hour_usd"].values()],
            "once": workflow["once"],
            "per_execution": runs if "per_execution" in each else None,
            "runs": monthly(workflow) if "runs_month" in each else None,
            **sizes(job),
        }
        right = {
            "hour": prices(each),
            "once": each.get("once", False),
            "per_execution": each.get("per_execution"),
            "runs": each["runs_month"] and Decimal(each["runs_month"][0]) if "runs_month" in each else None,
            "type": each["instance_type"],
            "count": each["instance_count"],
        }
        if said != right:
            yield f"{each['at']}: {said}, and not {right}"


def prices(told: Any) -> list[Decimal | None] | None:
    """The least and the most of an hour; None for the most where only the least is known."""
    low = told.get("hour_usd_low") or told["hour_usd"]
    return None if low is None else [Decimal(low), told["hour_usd"] and Decimal(told["hour_usd"])]


def monthly(workflow: Any) -> Decimal | None:
    """Executions a month to four places; None where they are unknown."""
    often = workflow["monthly_runs"]
    return Decimal(often).quantize(RUNS_PLACES) if isinstance(often, str) else None


def sizes(job: Any) -> dict[str, Any]:
    """Type and count, None where they are unknown."""
    (type_,) = job["instance_types"]
    count = job["instance_count"]
    return {"type": type_ if isinstance(type_, str) else None, "count": count if isinstance(count, int) else None}


@pytest.mark.parametrize(
    ("case", "file"),
    [
        ("01", "template.json"),
        ("02", "template.yaml"),
        ("04", "scoring.asl.json"),
        ("05", "scoring.asl.json"),
        ("06", "scoring.asl.json"),
    ],
)
def test_a_definition_runs_the_jobs_that_stand_in_it(case: str, file: str, check: Check) -> None:
    wanted = expected(case)
    assert list(differences(check(of(case, file)), wanted["jobs"])) == []


@pytest.mark.parametrize(
    ("case", "file"),
    [
        ("03", "jsonata.asl.json"),
        ("03", "mixed.asl.json"),
        ("07", "constant.asl.json"),
        ("07", "fresh.asl.json"),
    ],
)
def test_each_of_several_files_does(case: str, file: str, check: Check) -> None:
    wanted = expected(case)["files"][file]
    assert list(differences(check(of(case, file)), wanted["jobs"])) == []


def test_the_ways_of_one_execution_are_a_hull(check: Check, tmp_path: Path) -> None:
    for case, file in (("01", "template.json"), ("04", "scoring.asl.json")):
        low, high = expected(case)["execution_hour_usd"]
        (tmp_path / "usage.yml").write_text(
            'version: 0.1\nresource_usage:\n  "*": {run_hours: 1, monthly_runs: 1}\n', encoding="utf-8"
        )
        after = check(of(case, file), "--usage-file", str(tmp_path / "usage.yml"))["totals"]["after"]
        if case == "04":  # of 01 one name is the same at every execution, so that its job may run never again
            assert (Decimal(after["floor"]), Decimal(after["ceiling"])) == (Decimal(low), Decimal(high))
        else:
            assert Decimal(after["ceiling"]) == Decimal(high)


def test_a_file_with_placeholders_is_one_job_of_unknown_size(check: Check) -> None:
    expected("02")
    ((_, job),) = jobs_of(check(of("02", "scoring.asl.json"))).values()
    assert "${Type}" in job["instance_types"][0]["unknown"]
    assert "${Count}" in job["instance_count"]["unknown"]


def test_a_name_that_stays_the_same_is_found(check: Check) -> None:
    expected("07")
    verdicts = {
        file: {each["policy"] for each in check(of("07", file))["results"] if each["verdict"] == "fail"}
        for file in ("constant.asl.json", "fresh.asl.json")
    }
    assert "transform-names-are-fresh" in verdicts["constant.asl.json"]
    assert "transform-names-are-fresh" not in verdicts["fresh.asl.json"]


def test_a_timeout_of_a_task_that_does_not_wait_bounds_nothing(check: Check) -> None:
    assert expected("05")["findings"]
    failed = {each["policy"] for each in check(of("05", "scoring.asl.json"))["results"] if each["verdict"] == "fail"}
    assert failed == {"transform-jobs-end"}


def test_two_schedules_of_a_pipeline_are_two_sets_of_jobs(check: Check, tmp_path: Path) -> None:
    wanted = expected("08")
    hours = wanted["with_usage"]["run_time_h"]
    (tmp_path / "usage.yml").write_text(
        "version: 0.1\nresource_usage:\n  '*':\n    jobs:\n"
        f"      Score: {{run_hours: {hours['Score']}}}\n      IsGood/ScoreAll: {{run_hours: {hours['ScoreAll']}}}\n",
        encoding="utf-8",
    )
    report = check(of("08", "template.json"), "--usage-file", str(tmp_path / "usage.yml"))
    for each in wanted["executions"]:
        (workflow,) = (one for one in report["workflows"] if f"({each['schedule']})" in one["address"])
        assert Decimal(workflow["monthly_runs"]).quantize(RUNS_PLACES) == Decimal(each["runs_month"])
        for job, told in zip(workflow["jobs"], each["jobs"], strict=True):
            both = told["hour_usd"] if isinstance(told["hour_usd"], list) else [told["hour_usd"]] * 2
            assert [job["hour_usd"]["least"], job["hour_usd"]["most"]] == both
            assert [job["per_execution"]["least"], job["per_execution"]["most"]] == told["per_execution"]
        ceiling = Decimal(wanted["with_usage"]["ceiling_month_usd"][each["schedule"]])
        assert abs(Decimal(workflow["after"]["ceiling"]) - ceiling) < Decimal("0.001")
        assert Decimal(workflow["after"]["floor"]) == 0
    assert any("1 processing job" in notice for notice in report["notices"])


def test_schedules_that_are_off_over_or_once_run_in_no_month(check: Check) -> None:
    wanted = expected("09")
    assert list(differences(check(of("09")), wanted["jobs"])) == []


def test_payloads_and_batches_are_judged(check: Check) -> None:
    for file, told in expected("10")["files"].items():
        report = check(of("10", file))
        failed = {each["policy"] for each in report["results"] if each["verdict"] == "fail"}
        assert failed == {POLICIES[each] for each in told["policies"]}, file
        assert report["workflows"][0]["jobs"][0]["hour_usd"]["least"] == told["hour_usd"]


def test_answers_say_how_long_a_job_ran(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    for file, told in expected("11")["files"].items():
        report = check(of("11", file))
        (job,) = report["workflows"][0]["jobs"]
        assert (job["hour_usd"]["least"], job["run_hours"]) == (told["hour_usd"], told["run_time_h"])
        assert report["totals"]["after"]["depends_on_usage"]
        if "run_usd" in told:
            assert cli.main(["check", str(of("11", file)), "--region=us-east-1", "--isolated"]) == 0
            assert f"which is {told['run_usd']} USD" in " ".join(capsys.readouterr().out.split())


def test_source_tells_what_a_plan_does_not(check: Check, tmp_path: Path) -> None:
    wanted = expected("14")
    assert list(differences(check(of("14", "main.tf")), wanted["source"]["jobs"])) == []
    assert list(differences(check(of("14", "plan.json")), wanted["source"]["jobs"])) == []
    shutil.copy(of("14", "plan.json"), tmp_path / "plan.json")
    alone = check(tmp_path / "plan.json")
    assert [each["address"] for each in alone["workflows"]] == ["aws_sfn_state_machine.known"]
    assert [each["affects_total"] for each in alone["skipped"]] == [True]
    assert alone["totals"]["after"]["at_least"]


def test_files_of_others_give_the_job_that_stands_in_them(check: Check) -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"{CORPUS} is not beside the checkout")
    told = {}
    for path in sorted(CORPUS.iterdir()):
        report = check(path)
        types = [job["instance_types"] for each in report["workflows"] for job in each["jobs"]]
        told[path.name[:3]] = (types, report["overview"]["state"])
        assert types or any(each["affects_total"] for each in report["skipped"]), path.name
        assert report["overview"]["state"] != "nothing-to-pay", path.name
    assert told["005"][0] == told["006"][0] == [["ml.m5.xlarge"]]
    assert told["015"][0] == [["ml.c5.xlarge"]]
    assert told["018"][0] == [["ml.c4.xlarge"]]
    assert told["024"] == ([], "unknown")
