"""Parameters of a template without a value, in what starts transform jobs: a possibility for each allowed value."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli

USAGE = 'version: 0.1\nresource_usage:\n  "*": {monthly_runs: 30, run_hours: 0.5}\n'
PARAMETERS = """
Parameters:
  Type: {Type: String, AllowedValues: [ml.m5.xlarge, ml.m5.4xlarge]}
  Count: {Type: Number, AllowedValues: [1, 4]}
  Stage: {Type: String, AllowedValues: [dev, prod]}
"""
MACHINE = (
    '{"StartAt": "Score", "States": {"Score": {"Type": "Task", "End": true, "TimeoutSeconds": 3600, "Parameters": '
    '{"TransformJobName.$": "$$.Execution.Name", "ModelName": "churn-%s", "TransformResources": '
    '{"InstanceType": "%s", "InstanceCount": %s}}, '
    '"Resource": "arn:aws:states:::sagemaker:createTransformJob.sync"}}}'
)
PIPELINE = (
    '{"Version": "2020-12-01", "Parameters": [{"Name": "Type", "Type": "String", "DefaultValue": "${Type}"}], '
    '"Steps": [{"Name": "Score", "Type": "Transform", "Arguments": {"ModelName": "churn-${Stage}", '
    '"TransformResources": {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": ${Count}}}}]}'
)
SUB = MACHINE % ("${Stage}", "${Type}", "${Count}")
JOINED = SUB.replace("${Stage}", "', !Ref Stage, '").replace("${Type}", "', !Ref Type, '")
OBJECT = MACHINE % ("x", "TYPE", "!Ref Count")
GIVEN = "DefinitionSubstitutions: {Count: !Ref Count, T: !Ref Type}"
STATE_MACHINE = "Type: AWS::StepFunctions::StateMachine"
RESOURCES = {
    "Sub": f"{STATE_MACHINE}, Properties: {{DefinitionString: !Sub '{SUB}'}}",
    "Join": f"{STATE_MACHINE}, Properties: {{DefinitionString: !Join ['', ['{JOINED}']]}}".replace(
        "${Count}", "', !Ref Count, '"
    ),
    "object": f"{STATE_MACHINE}, Properties: {{Definition: {OBJECT}}}".replace('"TYPE"', "!Ref Type"),
    "substitutions": f"{STATE_MACHINE}, Properties: {{{GIVEN}, DefinitionString: '{MACHINE}'}}"
    % ("x", "${T}", "${Count}"),
    "SAM": f"Type: AWS::Serverless::StateMachine, Properties: {{{GIVEN}, Definition: {MACHINE}}}"
    % ("x", "${T}", '"${Count}"'),
    "pipeline": "Type: AWS::SageMaker::Pipeline, Properties: {PipelineName: p, PipelineDefinition: "
    f"{{PipelineDefinitionBody: !Sub '{PIPELINE}'}}}}",
}
Check = Callable[..., Any]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def run(template: str, *arguments: str) -> Any:
        path, usage = tmp_path / "template.yaml", tmp_path / "usage.yml"
        path.write_text(template)
        usage.write_text(USAGE)
        options = ["--region=us-east-1", "--isolated", "--usage-file", str(usage), "--format=json", *arguments]
        assert cli.main(["check", str(path), *options]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def bounds(report: Any) -> list[float]:
    after = report["totals"]["after"]
    assert not after["at_least"]
    return [float(after[bound]) for bound in ("floor", "ceiling")]


@pytest.mark.parametrize("name", RESOURCES)
def test_a_size_that_is_a_parameter_is_each_of_its_allowed_values(check: Check, name: str) -> None:
    """30 × 0.5 h of 1 × 0.23 at least, and of 4 × 0.922 at most."""
    template = f"{PARAMETERS}Resources:\n  Scoring: {{{RESOURCES[name]}}}"
    report = check(template)
    assert bounds(report) == [3.45, 55.32]
    assert "unknown" in report["totals"]["after"]["expected"]
    types = ("Type=ml.m5.xlarge", "Type=ml.m5.4xlarge")
    assert {frozenset(each["given"].split(", ")) for each in report["possibilities"]} == {
        frozenset((count, type_)) for count in ("Count=1", "Count=4") for type_ in types
    }
    (job,) = report["workflows"][0]["jobs"]
    assert job["hour_usd"] == {"least": "0.23", "most": "3.688"}


def test_what_the_parameters_are_given_is_all_there_is(check: Check) -> None:
    """30 × 0.5 h × 4 × 0.23."""
    template = f"{PARAMETERS}Resources:\n  Scoring: {{{RESOURCES['Sub']}}}"
    report = check(template, "--parameters", "Type=ml.m5.xlarge", "--parameters", "Count=4")
    assert bounds(report) == [13.8, 13.8]
    assert report["possibilities"] == []


def test_jobs_of_one_parameter_have_the_same_value(check: Check) -> None:
    """Two machines with one type for both: 2 × 30 × 0.5 h of 0.23, or of 0.922, and no mixture is a possibility."""
    machine = RESOURCES["Sub"].replace("${Count}", "1")
    report = check(f"{PARAMETERS}Resources:\n  A: {{{machine}}}\n  B: {{{machine}}}")
    assert bounds(report) == [6.9, 27.66]
    assert [each["given"] for each in report["possibilities"]] == ["Type=ml.m5.xlarge", "Type=ml.m5.4xlarge"]


def test_a_schedule_that_may_be_off_runs_never_or_every_time(check: Check, tmp_path: Path) -> None:
    """Each day of a year, by twelve, half an hour of 2 × 0.23, which is 365 / 12 × 0.5 × 0.46 = 6.99583."""
    request = '{"ModelName": "churn", "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}'
    target = f"{{Arn: 'arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob', Input: '{request}'}}"
    usage = tmp_path / "hours.yml"
    usage.write_text('version: 0.1\nresource_usage:\n  "*": {run_hours: 0.5}\n')
    report = check(
        f"""
Parameters:
  State: {{Type: String, AllowedValues: [ENABLED, DISABLED]}}
Resources:
  Daily:
    Type: AWS::Scheduler::Schedule
    Properties: {{ScheduleExpression: rate(1 day), State: !Ref State, Target: {target}}}""",
        *("--usage-file", str(usage)),
    )
    low, high = bounds(report)
    assert (low, round(high, 5)) == (0, 6.99583)


def test_more_possibilities_than_can_be_tried_leave_the_size_unknown(check: Check) -> None:
    types = ", ".join(f"ml.x{number}.large" for number in range(70))
    parameters = PARAMETERS.replace("ml.m5.xlarge, ml.m5.4xlarge", types)
    report = check(f"{parameters}Resources:\n  Scoring: {{{RESOURCES['Sub']}}}")
    assert report["totals"]["after"]["at_least"]
    assert any("too many possibilities of transform jobs" in notice for notice in report["notices"])


@pytest.mark.parametrize("name", RESOURCES)
def test_of_more_possibilities_than_can_be_tried_each_job_spans_its_own(check: Check, name: str) -> None:
    """2 types × 33 counts are 66: 30 × 0.5 h of 1 × 0.23 at least, and of 33 × 0.922 = 30.426 at most."""
    counts = ", ".join(map(str, range(1, 34)))
    parameters = PARAMETERS.replace("[1, 4]", f"[{counts}]")
    report = check(f"{parameters}Resources:\n  Scoring: {{{RESOURCES[name]}}}")
    assert bounds(report) == [3.45, 456.39]
    assert "unknown" in report["totals"]["after"]["expected"]
    assert any("too many possibilities of transform jobs" in notice for notice in report["notices"])


def test_a_parameter_that_no_price_depends_on_makes_no_possibilities(check: Check) -> None:
    machine = RESOURCES["Sub"].replace("${Count}", "1").replace("${Type}", "ml.m5.xlarge")
    assert check(f"{PARAMETERS}Resources:\n  Scoring: {{{machine}}}")["possibilities"] == []
