"""Definitions as files of their own, from the command line to the report."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.test_git import commit, git

TASK = "arn:aws:states:::sagemaker:createTransformJob.sync"
REQUEST: dict[str, Any] = {
    "ModelName": "churn",
    "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
}
MACHINE: dict[str, Any] = {
    "StartAt": "Score",
    "States": {"Score": {"Type": "Task", "Resource": TASK, "Parameters": REQUEST, "End": True}},
}


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(content: str, *arguments: str, name: str = "score.asl.json") -> Any:
        path = tmp_path / name
        path.write_text(content)
        code = cli.main(["check", str(path), "--region", "us-east-1", "--isolated", "--format", "json", *arguments])
        assert code == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_state_machine_shows_the_price_of_an_hour_of_the_whole_job(check: Callable[..., Any]) -> None:
    (workflow,) = check(json.dumps(MACHINE))["workflows"]
    (job,) = workflow["jobs"]
    assert job["hour_usd"] == {"least": "0.46", "most": "0.46"}  # 2 × 0.23
    assert workflow["monthly_runs"] is None
    assert workflow["after"]["depends_on_usage"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("past_the_head", [0, 70_000], ids=["small", "longer than its head"])
def test_a_definition_is_read_in_whatever_encoding_a_shell_writes(
    encoding: str, past_the_head: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "score.asl.json"
    path.write_bytes(json.dumps(MACHINE | {"Comment": "é" * past_the_head}, ensure_ascii=False).encode(encoding))
    assert cli.main(["check", str(path), "--region", "us-east-1", "--isolated", "--format", "json"]) == 0
    (workflow,) = json.loads(capsys.readouterr().out)["workflows"]
    assert workflow["jobs"][0]["hour_usd"] == {"least": "0.46", "most": "0.46"}  # 2 × 0.23
    assert cli.main(["check", str(tmp_path), "--region", "us-east-1", "--isolated", "--format", "json"]) == 0
    assert [each["address"] for each in json.loads(capsys.readouterr().out)["workflows"]] == ["score.asl.json"]


@pytest.mark.parametrize(
    "content",
    [json.dumps(MACHINE).replace("churn", "chürn").encode("latin-1"), json.dumps(MACHINE).encode("utf-16")[:-1]],
    ids=["Latin-1", "half a character"],
)
def test_a_definition_in_no_encoding_that_is_read_is_told_so(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "score.asl.json"
    path.write_bytes(content)
    assert cli.main(["check", str(path), "--isolated"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"guardrail: {path} is not text in UTF-8 or UTF-16",
        "hint: save it with UTF-8 encoding",
    ]


def test_usage_prices_the_month(check: Callable[..., Any], tmp_path: Path) -> None:
    usage = tmp_path / "usage.yml"
    usage.write_text(
        "version: 0.1\nresource_usage:\n  score.asl.json:\n    monthly_runs: 30\n    run_hours: 9\n"
        "    jobs:\n      Score: {run_hours: 0.5}\n"
    )
    report = check(json.dumps(MACHINE), "--usage-file", str(usage))
    # 30 × 0.5 h × 2 × 0.23 = 6.90
    for amounts in (report["totals"]["after"], report["workflows"][0]["after"]):
        assert [float(amounts[bound]) for bound in ("floor", "expected", "ceiling")] == [6.9, 6.9, 6.9]
        assert not amounts["depends_on_usage"]


@pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")
def test_a_definition_has_its_past_in_git(check: Callable[..., Any], tmp_path: Path) -> None:
    """30 runs of half an hour on two instances of 0.23 USD an hour are 6.90; on three of them 10.35, 3.45 more."""
    git(tmp_path, "init", "--quiet")
    usage = tmp_path / "usage.yml"
    usage.write_text("version: 0.1\nresource_usage:\n  score.asl.json: {monthly_runs: 30, run_hours: 0.5}\n")
    compared = ("--compare-to", "HEAD", "--usage-file", str(usage), "--fail-on", "never")
    commit(tmp_path, {"readme": ""})
    new = check(json.dumps(MACHINE), *compared)
    commit(tmp_path, {"score.asl.json": json.dumps(MACHINE)})
    same = check(json.dumps(MACHINE, indent=1), *compared)
    larger = check(json.dumps(MACHINE).replace('"InstanceCount": 2', '"InstanceCount": 3'), *compared)
    found = [
        (
            each["workflows"][0]["change"],
            float(each["totals"]["before"]["expected"]),
            float(each["totals"]["delta"]["expected"]),
        )
        for each in (new, same, larger)
    ]
    assert found == [("create", 0, 6.9), ("no-op", 6.9, 0), ("update", 6.9, pytest.approx(3.45))]


def test_a_definition_that_could_not_be_read_then_has_no_past_that_is_known(
    check: Callable[..., Any], tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, {"score.asl.json": '{"StartAt": '})
    report = check(json.dumps(MACHINE), "--compare-to", "HEAD", "--fail-on", "never")
    assert report["totals"]["before"] is None
    assert any("what stood before is not known" in each for each in report["notices"])


@pytest.mark.parametrize(
    "resource",
    [
        "states:::states:startExecution.sync:2",
        "states:::aws-sdk:sfn:startSyncExecution",
        "states:::sagemaker:startPipelineExecution",
    ],
)
def test_what_a_definition_starts_elsewhere_is_not_nothing_to_pay(check: Callable[..., Any], resource: str) -> None:
    start = {"Type": "Task", "Resource": f"arn:aws:{resource}", "Parameters": {"PipelineName": "scores"}, "End": True}
    report = check(json.dumps({"StartAt": "Go", "States": {"Go": start}}))
    assert report["totals"]["after"]["at_least"]
    assert [each["reason"] for each in report["skipped"]] == ["what it starts at Go is not here, and in no total"]


def test_a_map_over_no_items_runs_no_times_and_costs_nothing(check: Callable[..., Any]) -> None:
    """A way leads to it, so that it is not unreachable; and what never runs needs no usage."""
    items = {"Type": "Pass", "Result": [], "ResultPath": "$.days", "Next": "Each"}
    inside = {"StartAt": "Score", "States": MACHINE["States"]}
    each = {"Type": "Map", "ItemsPath": "$.days", "ItemProcessor": inside, "End": True}
    stray = MACHINE["States"]["Score"]
    report = check(json.dumps({"StartAt": "Days", "States": {"Days": items, "Each": each, "Stray": stray}}))
    mapped, unreachable = report["workflows"][0]["jobs"]
    assert (mapped["label"], mapped["reached"], mapped["per_execution"]) == (
        "Each/Score",
        True,
        {"least": 0, "most": 0},
    )
    assert (unreachable["label"], unreachable["reached"]) == ("Stray", False)
    after = report["totals"]["after"]
    assert [float(after[bound]) for bound in ("floor", "expected", "ceiling")] == [0, 0, 0]
    assert not after["depends_on_usage"]


def test_of_a_name_that_stays_each_item_of_a_map_asks_for_the_same_job(check: Callable[..., Any]) -> None:
    named = {**REQUEST, "TransformJobName": "nightly"}
    named.pop("TransformJobName.$", None)
    score = {
        "StartAt": "Score",
        "States": {"Score": {"Type": "Task", "Resource": TASK, "Arguments": named, "End": True}},
    }
    each = {"Type": "Map", "Items": [1, 2], "ItemProcessor": score, "End": True}
    report = check(json.dumps({"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": each}}))
    assert report["workflows"][0]["jobs"][0]["per_execution"] == {"least": 0, "most": 1}


def test_yaml_is_read_like_json(check: Callable[..., Any]) -> None:
    text = f"""
StartAt: Score
States:
  Score:
    Type: Task
    Resource: {TASK}
    Parameters:
      TransformResources: {{InstanceType: ml.m5.xlarge, InstanceCount: 2}}
    End: true
"""
    (workflow,) = check(text, name="score.asl.yaml")["workflows"]
    assert workflow["jobs"][0]["hour_usd"] == {"least": "0.46", "most": "0.46"}


def test_a_type_that_nobody_knows_makes_the_total_at_least(check: Callable[..., Any]) -> None:
    resources = {"InstanceType": "${Type}", "InstanceCount": 2}
    report = check(json.dumps(MACHINE).replace(json.dumps(REQUEST["TransformResources"]), json.dumps(resources)))
    assert report["totals"]["after"]["at_least"]
    assert report["overview"]["state"] == "unknown"


def test_other_jobs_are_named_once_with_their_count(check: Callable[..., Any]) -> None:
    steps = [{"Name": "A", "Type": "Processing"}, {"Name": "B", "Type": "Processing"}]
    report = check(json.dumps({"Version": "2020-12-01", "Steps": steps}), name="pipeline.json")
    assert report["notices"] == ["not in these numbers, and billed by SageMaker too: 2 processing jobs"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"StartAt": "A", "States": {', "not valid JSON"),
        ('{"StartAt": "A", "Comment": 1}', "no state machine, pipeline or request"),
        ('{"StartAt": ' + "[" * 5000 + "]" * 5000 + ', "States": {}}', "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(content)
    assert cli.main(["check", str(tmp_path / "a.json")]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("style", ["table", "markdown", "html", "csv"])
def test_every_format_shows_the_jobs(style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "score.asl.json").write_text(json.dumps(MACHINE))
    assert cli.main(["check", str(tmp_path / "score.asl.json"), "--region", "us-east-1", "--format", style]) == 0
    shown = capsys.readouterr().out
    assert "score.asl.json" in shown
    assert "ml.m5.xlarge" in shown


def test_a_finding_says_which_job_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "score.asl.json").write_text(json.dumps(MACHINE))
    assert cli.main(["check", str(tmp_path / "score.asl.json"), "--region", "us-east-1"]) == 0
    assert "! score.asl.json: Score: nothing stops it" in capsys.readouterr().out


def with_task(**changes: Any) -> dict[str, Any]:
    return {**MACHINE, "States": {"Score": {**MACHINE["States"]["Score"], **changes}}}


PIPELINE = {"Version": "2020-12-01", "Steps": [{"Name": "Score", "Type": "Transform", "Arguments": REQUEST}]}


@pytest.mark.parametrize(
    ("definition", "doubt"),
    [
        (with_task(Next="Nowhere"), "its state Nowhere is not there"),
        (
            {**MACHINE, "States": {**MACHINE["States"], "Odd": {"Type": "task"}}},
            "what its state Odd runs cannot be read",
        ),
        ({**MACHINE, "States": {**MACHINE["States"], "M": {"Type": "Map"}}}, "what its state M runs cannot be read"),
        (
            {**PIPELINE, "Steps": [*PIPELINE["Steps"], {"Name": "X", "Type": "Sorcery"}]},
            "it has steps of the type Sorcery, which is not known here",
        ),
    ],
)
def test_what_may_run_more_is_said(definition: Any, doubt: str, check: Callable[..., Any]) -> None:
    report = check(json.dumps(definition))
    assert len(report["workflows"]) == 1
    assert [each["reason"] for each in report["skipped"]] == [doubt]
    assert report["totals"]["after"]["at_least"]


def test_no_job_has_no_instances(check: Callable[..., Any]) -> None:
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 0}
    (workflow,) = check(json.dumps({"TransformResources": resources}), name="request.json")["workflows"]
    assert workflow["jobs"][0]["hour_usd"] == {"least": "0.23", "most": None}


def test_a_state_that_stands_twice_hides_no_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = json.dumps(MACHINE["States"]["Score"])
    path = tmp_path / "score.asl.json"
    path.write_text(f'{{"StartAt": "A", "States": {{"A": {task}, "A": {{"Type": "Succeed"}}}}}}')
    assert cli.main(["check", str(path), "--isolated"]) == 2
    assert "the key 'A' stands twice in one object" in capsys.readouterr().err


def test_a_task_whose_resource_is_filled_in_elsewhere_is_told_by_its_request(check: Callable[..., Any]) -> None:
    (workflow,) = check(json.dumps(with_task(Resource="${CreateTransformJob}", Retry=[{"ErrorEquals": ["A"]}])))[
        "workflows"
    ]
    (job,) = workflow["jobs"]
    assert (job["waits"], job["per_execution"]) == (None, {"least": 1, "most": 4})  # MaxAttempts is 3 where it is unset


def test_a_timeout_of_the_whole_machine_stops_its_jobs(check: Callable[..., Any]) -> None:
    for machine, bounded in ((MACHINE, False), ({**MACHINE, "TimeoutSeconds": 600}, True)):
        failed = {each["policy"] for each in check(json.dumps(machine))["results"] if each["verdict"] == "fail"}
        assert ("transform-jobs-end" not in failed) == bounded


@pytest.mark.parametrize(
    "text",
    [
        "TransformJobName: x\nTransformResources:\n  InstanceType: ml.m5.xlarge\n  InstanceCount: 2\n",
        (
            "Version: '2020-12-01'\nSteps:\n- Name: Score\n  Type: Transform\n  Arguments:\n"
            "    TransformResources: {InstanceType: ml.m5.xlarge, InstanceCount: 2}\n"
        ),
    ],
)
def test_requests_and_pipelines_may_be_yaml_too(text: str, check: Callable[..., Any]) -> None:
    (workflow,) = check(text, name="score.yaml")["workflows"]
    assert workflow["jobs"][0]["hour_usd"]["least"] == "0.46"  # 2 × 0.23


def test_a_job_of_unknown_size_is_read_in_part(check: Callable[..., Any]) -> None:
    placeholder = {"InstanceType": "${Type}", "InstanceCount": 2}
    for resources, partial in ((REQUEST["TransformResources"], 0), (placeholder, 1)):
        report = check(json.dumps({"TransformResources": resources}), name="request.json")
        assert report["coverage"] == {"seen": 1, "modelled": 1, "partial": partial, "skipped": 0}


def test_a_key_that_stands_twice_in_yaml_is_refused_as_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "score.asl.yaml"
    path.write_text(
        "StartAt: Score\nStates:\n  Score:\n    Type: Task\n"
        "    Resource: arn:aws:states:::sagemaker:createTransformJob\n    Parameters:\n"
        "      TransformResources: {InstanceType: ml.m5.large, InstanceCount: 1, InstanceCount: 50}\n"
    )  # 6 spaces, 21 characters to the brace, 27 and 18 of the first two: the third begins at 73
    assert cli.main(["check", str(path), "--region=us-east-1", "--isolated"]) == 2
    assert "score.asl.yaml:7:73: the key 'InstanceCount' stands twice in one object" in capsys.readouterr().err
