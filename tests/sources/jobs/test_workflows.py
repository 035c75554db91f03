"""State machines, pipelines and schedules of a stack: the same jobs and amounts from source, template and plan."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from guardrail import cli

Check: TypeAlias = Callable[..., Any]

REQUEST = {
    "TransformJobName.$": "$$.Execution.Name",
    "ModelName": "churn",
    "TransformResources": {"InstanceType.$": "$.type", "InstanceCount": 2},
}
CALL = "arn:aws:states:::sagemaker:createTransformJob.sync"
TASK = {"Type": "Task", "Resource": CALL, "Parameters": REQUEST, "End": True}
MACHINE = {"StartAt": "Score", "States": {"Score": TASK}}
USAGE = 'version: 0.1\nresource_usage:\n  "*": {run_hours: 0.5}\n'

SOURCE = """
provider "aws" { region = "us-east-1" }
resource "aws_sfn_state_machine" "scoring" {
  name       = "scoring"
  role_arn   = "arn:aws:iam::111122223333:role/x"
  definition = jsonencode({
    StartAt = "Score"
    States = { Score = {
      Type = "Task", End = true, Resource = "arn:aws:states:::sagemaker:createTransformJob.sync"
      Parameters = {
        "TransformJobName.$" = "$$.Execution.Name"
        ModelName            = aws_sagemaker_model.churn.name
        TransformResources   = { "InstanceType.$" = "$.type", InstanceCount = 2 }
      }
    } }
  })
}
resource "aws_sagemaker_model" "churn" { execution_role_arn = "arn:aws:iam::111122223333:role/x" }
resource "aws_cloudwatch_event_rule" "nightly" { schedule_expression = "cron(0 2 * * ? *)" }
resource "aws_cloudwatch_event_target" "nightly" {
  rule  = aws_cloudwatch_event_rule.nightly.name
  arn   = aws_sfn_state_machine.scoring.arn
  input = jsonencode({ type = "ml.m5.xlarge" })
}
"""
TEMPLATE = {
    "Resources": {
        "Scoring": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"StateMachineName": "scoring", "DefinitionString": json.dumps(MACHINE)},
        },
        "Nightly": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "cron(0 2 * * ? *)",
                "Targets": [{"Id": "x", "Arn": {"Ref": "Scoring"}, "Input": json.dumps({"type": "ml.m5.xlarge"})}],
            },
        },
    }
}


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def run(content: str, name: str = "template.json", *arguments: str) -> Any:
        path = tmp_path / "stack" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        usage = tmp_path / "usage.yml"
        usage.write_text(USAGE)
        where = str(path.parent if name.endswith(".tf") else path)
        options = ["--region", "us-east-1", "--isolated", "--usage-file", str(usage), "--format", "json"]
        assert cli.main(["check", where, *options, *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def amounts(report: Any) -> list[float]:
    after = report["totals"]["after"]
    assert not after["at_least"]
    return [round(float(after[bound]), 2) for bound in ("floor", "ceiling")]


@pytest.mark.parametrize("source", ["source", "template"])
def test_a_rule_starts_a_state_machine_and_feeds_it(source: str, check: Check) -> None:
    report = check(SOURCE, "main.tf") if source == "source" else check(json.dumps(TEMPLATE))
    (workflow,) = report["workflows"]
    (job,) = workflow["jobs"]
    assert job["instance_types"] == ["ml.m5.xlarge"]
    assert round(float(workflow["monthly_runs"]), 4) == 30.4167  # 365 / 12
    # 30.4167 × 0.5 h × 2 × 0.23 = 6.9958
    assert amounts(report) == [7.0, 7.0]


def pipeline(*schedules: tuple[str, dict[str, Any]]) -> str:
    transform = {
        "Name": "Score",
        "Type": "Transform",
        "Arguments": {
            "TransformResources": {
                "InstanceType": {"Get": "Parameters.Type"},
                "InstanceCount": {"Get": "Parameters.Count"},
            }
        },
    }
    parameters = [{"Name": "Type", "DefaultValue": "ml.c5.xlarge"}, {"Name": "Count", "DefaultValue": 1}]
    body = {"Version": "2020-12-01", "Parameters": parameters, "Steps": [transform]}
    resources: dict[str, Any] = {
        "Pipeline": {
            "Type": "AWS::SageMaker::Pipeline",
            "Properties": {
                "PipelineName": "scoring",
                "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(body)},
            },
        }
    }
    arn = {"Fn::Sub": "arn:aws:sagemaker:us-east-1:${AWS::AccountId}:pipeline/scoring"}
    for name, target in schedules:
        resources[name] = {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {"ScheduleExpression": "rate(7 days)", "Target": {"Arn": arn, **target}},
        }
    return json.dumps({"Resources": resources})


def given(**values: str) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in values.items()]
    return {"SageMakerPipelineParameters": {"PipelineParameterList": named}}


def test_schedules_that_make_different_jobs_of_a_pipeline_are_two_workflows(check: Check) -> None:
    report = check(pipeline(("A", {}), ("B", given(Count="4"))))
    sizes = {each["address"]: each["jobs"][0]["instance_count"] for each in report["workflows"]}
    assert sizes == {"Pipeline (A)": 1, "Pipeline (B)": 4}
    # 365 / 7 / 12 = 4.3452 runs of each: 4.3452 × 0.5 h × 0.204 × (1 + 4) = 2.2161
    assert amounts(report) == [2.22, 2.22]


def test_schedules_that_make_the_same_jobs_are_summed(check: Check) -> None:
    report = check(pipeline(("A", {}), ("B", given(Count="1"))))
    (workflow,) = report["workflows"]
    assert round(float(workflow["monthly_runs"]), 4) == 8.6905  # 2 × 365 / 7 / 12


def test_a_schedule_that_gives_a_parameter_that_there_is_not_costs_nothing_at_least_and_is_told(check: Check) -> None:
    report = check(pipeline(("A", {}), ("B", given(Count="4", Cuont="8"))))
    # 365 / 7 / 12 = 4.3452 runs: A 4.3452 × 0.5 h × 0.204 = 0.4432, B none to 4.3452 × 0.5 h × 4 × 0.204 = 1.7729
    after = report["totals"]["after"]
    assert [round(float(after[bound]), 2) for bound in ("floor", "ceiling")] == [0.44, 2.22]
    assert after["at_least"]
    (skipped,) = report["skipped"]
    assert "the parameter Cuont, which its definition does not have" in skipped["reason"]


def test_overrides_that_are_not_known_leave_the_job_unknown(check: Check) -> None:
    parameters = {"Parameters": {"List": {"Type": "String"}}}
    target = {"SageMakerPipelineParameters": {"PipelineParameterList": {"Ref": "List"}}}
    report = check(json.dumps({**json.loads(pipeline(("A", target))), **parameters}))
    (workflow,) = report["workflows"]
    assert "unknown" in workflow["jobs"][0]["instance_count"]
    assert report["totals"]["after"]["at_least"]


def test_a_target_that_is_the_api_is_a_job_of_its_own(check: Check) -> None:
    source = """
provider "aws" { region = "us-east-1" }
locals {
  request = {
    TransformJobName   = "score-<aws.scheduler.execution-id>"
    TransformResources = { InstanceType = "ml.m5.2xlarge", InstanceCount = 2 }
  }
}
resource "aws_scheduler_schedule" "all" {
  for_each            = { night = "cron(30 3 * * ? *)", once = "at(2030-01-02T03:04:05)", off = "rate(1 hour)" }
  schedule_expression = each.value
  state               = each.key == "off" ? "DISABLED" : "ENABLED"
  flexible_time_window { mode = "OFF" }
  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob"
    role_arn = "arn:aws:iam::111122223333:role/scheduler"
    input    = jsonencode(local.request)
  }
}
"""
    report = check(source, "main.tf")
    found = {each["address"][-8:-2]: (each["monthly_runs"][:5], each["once"]) for each in report["workflows"]}
    assert found == {'"night': ("30.41", False), '["once': ("0", True), 'l["off': ("0", False)}
    # 30.4167 × 0.5 h × 2 × 0.461 = 14.0221; what runs once, and what is off, is no monthly cost
    assert amounts(report) == [14.02, 14.02]


def test_events_of_sam_are_schedules_and_its_file_is_read_with_its_substitutions(check: Check, tmp_path: Path) -> None:
    text = json.dumps(MACHINE).replace(
        '"InstanceType.$": "$.type", "InstanceCount": 2', '"InstanceType": "${Type}", "InstanceCount": ${Count}'
    )
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "score.asl.json").write_text(text)
    template = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Machines: {Type: Number, Default: 2}}
Resources:
  Scoring:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: score.asl.json
      DefinitionSubstitutions: {Count: !Ref Machines, Type: ml.c5.xlarge}
      Events:
        Twice: {Type: Schedule, Properties: {Schedule: rate(12 hours)}}
        Off: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), State: DISABLED}}
        AlsoOff: {Type: Schedule, Properties: {Schedule: rate(5 minutes), Enabled: false}}
"""
    report = check(template, "template.yaml")
    (workflow,) = report["workflows"]
    assert workflow["jobs"][0]["hour_usd"] == {"least": "0.408", "most": "0.408"}  # 2 × 0.204
    # 8,760 / 12 / 12 = 60.8333 runs × 0.5 h × 0.408 = 12.41
    assert amounts(report) == [12.41, 12.41]


@pytest.mark.parametrize("flag", ["State", "Enabled", "IsEnabled"])
def test_a_schedule_that_may_be_off_starts_an_unknown_number_of_runs(flag: str, check: Check) -> None:
    stack = json.loads(pipeline(("A", {})))
    stack["Parameters"] = {"On": {"Type": "String"}}
    stack["Resources"]["A"]["Properties"][flag] = {"Ref": "On"}
    (workflow,) = check(json.dumps(stack))["workflows"]
    assert "when A starts it is not known" in workflow["monthly_runs"]["unknown"]


@pytest.mark.parametrize(("state", "flag"), [("ENABLED", False), ("DISABLED", True)])
def test_a_rule_whose_state_and_flag_disagree_may_be_on(state: str, flag: bool, check: Check) -> None:  # noqa: FBT001
    """As a plan of hashicorp/aws shows it where one of the two is written, and the other is what it was before."""
    stack = json.loads(pipeline(("A", {})))
    stack["Resources"]["A"]["Properties"] |= {"State": state, "IsEnabled": flag}
    (workflow,) = check(json.dumps(stack))["workflows"]
    assert "say different things" in workflow["monthly_runs"]["unknown"]


@pytest.mark.parametrize("expression", ["at(next Tuesday)", "at()", "cron(at noon)"])
def test_a_schedule_that_is_not_read_is_not_one_that_runs_once(expression: str, check: Check) -> None:
    stack = json.loads(pipeline(("A", {})))
    stack["Resources"]["A"]["Properties"]["ScheduleExpression"] = expression
    (workflow,) = check(json.dumps(stack))["workflows"]
    assert "unknown" in workflow["monthly_runs"]
    assert not workflow["once"]


def test_an_arn_that_is_joined_from_the_partition_is_a_call(check: Check) -> None:
    resources = {"InstanceType": "ml.c5.2xlarge", "InstanceCount": 3}
    first, last = json.dumps(
        {**MACHINE, "States": {"Score": {**TASK, "Parameters": {"TransformResources": resources}}}}
    ).split("aws:states")
    joined = {"Fn::Join": ["", [first, {"Ref": "AWS::Partition"}, f":states{last}"]]}
    stack = {
        "Resources": {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": joined}}}
    }
    (workflow,) = check(json.dumps(stack))["workflows"]
    assert workflow["jobs"][0]["hour_usd"]["least"] == "1.224"  # 3 × 0.408


def plan(definition: str | None) -> str:
    change: dict[str, Any] = {"actions": ["create"], "before": None, "after": {"name": "scoring"}, "after_unknown": {}}
    if definition is None:
        change["after_unknown"]["definition"] = True
    else:
        change["after"]["definition"] = definition
    address = {"address": "aws_sfn_state_machine.scoring", "type": "aws_sfn_state_machine", "name": "scoring"}
    resource = {**address, "mode": "managed", "provider_name": "registry.terraform.io/hashicorp/aws", "change": change}
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "resource_changes": [resource],
            "configuration": {
                "root_module": {
                    "resources": [
                        {**address, "mode": "managed", "expressions": {"definition": {"references": ["local.d"]}}}
                    ]
                }
            },
        }
    )


def test_a_definition_that_is_not_known_after_the_change_is_not_deleted(check: Check) -> None:
    changed = json.loads(plan(None))
    change = changed["resource_changes"][0]["change"]
    change |= {"actions": ["update"], "before": {"name": "scoring", "definition": json.dumps(MACHINE)}}
    report = check(json.dumps(changed), "plan.json")
    assert [each["change"] for each in report["workflows"]] == []
    assert [each["address"] for each in report["skipped"]] == ["aws_sfn_state_machine.scoring"]
    assert report["totals"]["after"]["at_least"]
    change |= {"actions": ["delete"], "after": None, "after_unknown": False}
    assert [each["change"] for each in check(json.dumps(changed), "plan.json")["workflows"]] == ["delete"]


def test_a_plan_tells_a_definition_or_the_source_beside_it_does(check: Check, tmp_path: Path) -> None:
    known = json.dumps(MACHINE).replace('"InstanceType.$": "$.type"', '"InstanceType": "ml.m5.xlarge"')
    (workflow,) = check(plan(known), "plan.json")["workflows"]
    assert workflow["jobs"][0]["hour_usd"]["least"] == "0.46"
    alone = check(plan(None), "plan.json")
    assert alone["workflows"] == []
    (skipped,) = alone["skipped"]
    assert skipped["affects_total"]
    assert "known only after apply" in skipped["reason"]
    assert alone["totals"]["after"]["at_least"]
    (tmp_path / "stack" / "main.tf").write_text(
        SOURCE.replace('"InstanceType.$" = "$.type"', 'InstanceType = "ml.m5.xlarge"')
    )
    (beside,) = check(plan(None), "plan.json")["workflows"]
    assert beside["jobs"][0]["hour_usd"]["least"] == "0.46"


@pytest.mark.parametrize("meta", ["count = 2", 'for_each = toset(["0", "1"])'])
def test_the_source_beside_a_plan_is_asked_for_the_instance_that_is_meant(
    check: Check, tmp_path: Path, meta: str
) -> None:
    """The first instance has one of ml.m5.xlarge, 0.23 USD an hour; the second 1 + 2 of them, 0.69."""
    made = json.loads(plan(None))
    (change,) = made["resource_changes"]
    key: object = 1 if meta.startswith("count") else "1"
    module = f"module.m[{json.dumps(key)}]"
    change |= {"module_address": module, "address": f"{module}.{change['address']}"}
    own = made["configuration"]["root_module"]
    made["configuration"]["root_module"] = {"module_calls": {"m": {"source": "./m", "module": own}}}
    first = SOURCE.index('resource "aws_sfn_state_machine"'), SOURCE.index('resource "aws_cloudwatch_event_rule"')
    machine = SOURCE[slice(*first)].replace('"InstanceType.$" = "$.type"', 'InstanceType = "ml.m5.xlarge"')
    (tmp_path / "stack" / "m").mkdir(parents=True)
    (tmp_path / "stack" / "m" / "main.tf").write_text(
        'variable "n" {}\n' + machine.replace("InstanceCount = 2", "InstanceCount = var.n")
    )
    index = "count.index" if meta.startswith("count") else "tonumber(each.key)"
    call = f'module "m" {{\n  source = "./m"\n  {meta}\n  n = 1 + 2 * {index}\n}}\n'
    (tmp_path / "stack" / "main.tf").write_text(f'provider "aws" {{ region = "us-east-1" }}\n{call}')
    (workflow,) = check(json.dumps(made), "plan.json")["workflows"]
    assert workflow["jobs"][0]["hour_usd"]["least"] == "0.69"


@pytest.mark.parametrize(
    "properties",
    [
        {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}},
        {"DefinitionString": {"Ref": "Given"}},
        {"DefinitionString": {"Fn::ImportValue": "definition"}},
        {"DefinitionString": '{"StartAt": createTransformJob sagemaker:createTransformJob'},
    ],
)
def test_a_definition_that_cannot_be_read_is_never_nothing_to_pay(properties: dict[str, Any], check: Check) -> None:
    resources = {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    report = check(json.dumps({"Parameters": {"Given": {"Type": "String"}}, "Resources": resources}))
    assert report["overview"]["state"] == "unknown"
    assert report["totals"]["after"]["at_least"]


def test_state_machines_and_schedules_of_something_else_are_not_counted(check: Check) -> None:
    invoke = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}},
    }
    stack = {
        "Resources": {
            "S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": invoke}},
            "R": {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Arn": {"Ref": "S"}, "Id": "x"}]},
            },
        }
    }
    report = check(json.dumps(stack))
    assert report["overview"]["state"] == "nothing-to-pay"
    assert report["coverage"]["seen"] == 0


def test_a_definition_that_a_variable_gives_is_never_nothing_to_pay(check: Check) -> None:
    report = check('variable "d" {}\nresource "aws_sfn_state_machine" "s" { definition = var.d }\n', "main.tf")
    assert report["overview"]["state"] == "unknown"
    assert report["skipped"][0]["affects_total"]


def test_a_resource_type_that_there_is_not_is_never_nothing_to_pay(check: Check) -> None:
    report = check('resource "aws_sagemaker_transform_job" "x" {}\n', "main.tf")
    assert report["overview"]["state"] == "unknown"
    assert "no resource declares one" in report["skipped"][0]["reason"]


def test_a_rule_that_follows_events_makes_the_runs_unknown(check: Check) -> None:
    stack = json.loads(json.dumps(TEMPLATE))
    properties = stack["Resources"]["Nightly"]["Properties"]
    del properties["ScheduleExpression"]
    properties["EventPattern"] = {"source": ["aws.s3"]}
    report = check(json.dumps(stack))
    assert "unknown" in report["workflows"][0]["monthly_runs"]
    assert report["totals"]["after"]["at_least"]


def test_a_schedule_whose_request_has_a_name_of_its_own_starts_one_job_ever(check: Check) -> None:
    request = {"TransformJobName": "night", "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob", "Input": json.dumps(request)}
    properties = {"ScheduleExpression": "rate(1 day)", "Target": target}
    stack = {"Resources": {"S": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}}}
    report = check(json.dumps(stack))
    assert report["workflows"][0]["jobs"][0]["per_execution"] == {"least": 0, "most": 1}
    assert amounts(report) == [0.0, 0.23]  # one run of 0.5 h × 2 × 0.23, and never again
    assert [r["address"] for r in report["results"] if r["verdict"] == "fail"] == ["S"]


def test_a_state_machine_that_starts_another_passes_its_runs_and_an_input_on(check: Check) -> None:
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": "${Child}", "Input": {"type": "ml.m5.xlarge"}},
        "End": True,
    }
    both = [{"StartAt": name, "States": {name: call}} for name in ("A", "B")]
    parallel = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": both, "End": True}}}
    machine = "AWS::StepFunctions::StateMachine"
    stack = {
        "Resources": {
            "Parent": {"Type": machine, "Properties": {"DefinitionString": {"Fn::Sub": json.dumps(parallel)}}},
            "Child": {"Type": machine, "Properties": {"DefinitionString": json.dumps(MACHINE)}},
            "Daily": {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "x", "Arn": {"Ref": "Parent"}}]},
            },
        }
    }
    report = check(json.dumps(stack))
    (workflow,) = report["workflows"]
    assert workflow["address"] == "Child"
    assert workflow["jobs"][0]["instance_types"] == ["ml.m5.xlarge"]
    # two starts a day: 2 × 365 / 12 = 60.8333 × 0.5 h × 2 × 0.23 = 13.9917
    assert amounts(report) == [13.99, 13.99]


def test_a_job_that_no_way_leads_to_is_named_and_breaks_no_policy(check: Check) -> None:
    lost = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}, "Score": TASK}}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": json.dumps(lost)}}
    report = check(json.dumps({"Resources": {"Scoring": resource}}))
    assert report["workflows"][0]["jobs"][0]["per_execution"] == {"least": 0, "most": 0}
    assert report["results"] == []
    reached = json.loads(json.dumps(resource).replace("Done", "Score", 1))
    assert [each["policy"] for each in check(json.dumps({"Resources": {"Scoring": reached}}))["results"]] != []


def test_what_depends_on_usage_says_what_is_missing_of_jobs_alone_and_of_endpoints_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(TEMPLATE))
    cli.main(["check", str(path), "--region", "us-east-1", "--isolated"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "+ usage: transform jobs are priced by the month once guardrail-usage.yml (--usage-file) says" in shown
    assert "how many requests" not in shown


def test_what_a_state_machine_with_jobs_starts_elsewhere_is_said(check: Check) -> None:
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:startPipelineExecution.sync",
        "Parameters": {"PipelineName": "elsewhere"},
        "End": True,
    }
    definition = json.dumps({"StartAt": "P", "States": {"P": call}})
    properties = {"DefinitionString": definition}
    report = check(
        json.dumps({"Resources": {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}})
    )
    assert report["skipped"][0]["reason"] == "what it starts at P is not here, and in no total"
    assert report["totals"]["after"]["at_least"]


def test_a_state_machine_that_starts_one_of_something_else_elsewhere_is_not_counted(check: Check) -> None:
    arn = "arn:aws:states:eu-west-1:1:stateMachine:other"
    resource = "arn:aws:states:::states:startExecution"
    call = {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": arn}, "End": True}
    properties = {"DefinitionString": json.dumps({"StartAt": "P", "States": {"P": call}})}
    report = check(
        json.dumps({"Resources": {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}})
    )
    assert report["overview"]["state"] == "nothing-to-pay"


def test_a_state_machine_that_starts_itself_has_runs_without_end(check: Check) -> None:
    states = {
        "Score": {key: value for key, value in TASK.items() if key != "End"} | {"Next": "Again"},
        "Again": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:scoring"},
            "End": True,
        },
    }
    stack = json.loads(json.dumps(TEMPLATE))
    machine = stack["Resources"]["Scoring"]["Properties"]
    machine["DefinitionString"] = json.dumps({"StartAt": "Score", "States": states})
    report = check(json.dumps(stack))
    assert report["totals"]["after"]["at_least"]


def chain(length: int, starts: int) -> dict[str, Any]:
    """State machines of which each starts the next one so many times; the first one runs daily, the last has a job."""
    resources: dict[str, Any] = {}
    for place in range(length):
        call = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": f"${{N{place + 1}}}", "Input": {"type": "ml.m5.xlarge"}},
        }
        states = {f"S{n}": call | ({"Next": f"S{n + 1}"} if n + 1 < starts else {"End": True}) for n in range(starts)}
        definition = MACHINE if place + 1 == length else {"StartAt": "S0", "States": states}
        resources[f"N{place}"] = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"DefinitionString": {"Fn::Sub": json.dumps(definition)}},
        }
    daily = {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "x", "Arn": {"Ref": "N0"}}]}
    return resources | {"Daily": {"Type": "AWS::Events::Rule", "Properties": daily}}


@pytest.mark.parametrize("step", [1, -1], ids=["in order", "in reverse"])
def test_runs_go_down_a_chain_of_state_machines_in_whatever_order_it_is_declared(step: int, check: Check) -> None:
    report = check(json.dumps({"Resources": dict(list(chain(4, 2).items())[::step])}))
    # daily, twice at each of three levels: 365 / 12 × 2³ = 243.3333 runs × 0.5 h × 2 × 0.23 = 55.9667
    assert amounts(report) == [55.97, 55.97]
    assert Decimal(report["workflows"][0]["monthly_runs"]).quantize(Decimal("0.01")) == Decimal("243.33")


def test_a_long_chain_that_doubles_at_each_level_takes_a_moment_and_is_right(check: Check) -> None:
    before = time.process_time()
    report = check(json.dumps({"Resources": chain(21, 2)}))
    assert time.process_time() - before < 5  # a list of the 2²⁰ ways takes minutes
    # 365 / 12 × 2²⁰ × 0.5 h × 2 × 0.23 = 7,335,662.93
    assert amounts(report) == [7335662.93, 7335662.93]


def test_a_chain_with_more_runs_than_anybody_counts_has_a_floor_and_no_end(check: Check) -> None:
    report = check(json.dumps({"Resources": chain(200, 2)}))
    assert "unknown" in report["workflows"][0]["monthly_runs"]
    assert report["totals"]["after"]["at_least"]


def test_state_machines_that_start_each_other_run_nobody_knows_how_often(check: Check) -> None:
    resources = chain(3, 1)
    back = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "Next": "Score"}
    again = {"StartAt": "Back", "States": {"Back": back | {"Parameters": {"StateMachineArn": "${N1}"}}, "Score": TASK}}
    resources["N2"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(again)
    report = check(json.dumps({"Resources": resources}))
    assert report["totals"]["after"]["at_least"]
    assert "it starts itself again and again" in json.dumps(report["workflows"])


SECRET = {"Parameters": {"Secret": {"Type": "String", "NoEcho": True, "Default": "ml.c5.9xlarge"}}}


@pytest.mark.parametrize(
    "definition",
    [
        {
            "DefinitionString": {
                "Fn::Sub": json.dumps(MACHINE).replace('"InstanceType.$": "$.type"', '"InstanceType": "${Secret}"')
            }
        },
        {
            "DefinitionString": json.dumps(MACHINE).replace('"InstanceType.$": "$.type"', '"InstanceType": "${Type}"'),
            "DefinitionSubstitutions": {"Type": {"Ref": "Secret"}},
        },
        {
            "Definition": {
                "StartAt": "S",
                "States": {
                    "S": {
                        **TASK,
                        "Parameters": {"TransformResources": {"InstanceType": {"Ref": "Secret"}, "InstanceCount": 1}},
                    }
                },
            }
        },
    ],
)
def test_what_must_not_be_shown_is_shown_nowhere_and_is_not_free(definition: dict[str, Any], check: Check) -> None:
    resources = {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": definition}}
    report = check(json.dumps({**SECRET, "Resources": resources}))
    assert "ml.c5.9xlarge" not in json.dumps(report)
    assert report["totals"]["after"]["at_least"]


def test_parameters_that_must_not_be_shown_are_shown_nowhere(check: Check) -> None:
    target = {"SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "Type", "Value": {"Ref": "Secret"}}]}}
    report = check(json.dumps({**json.loads(pipeline(("A", target))), **SECRET}))
    assert "ml.c5.9xlarge" not in json.dumps(report)
    assert report["totals"]["after"]["at_least"]


def two_inputs(count: str) -> str:
    return (
        SOURCE
        + f"""
resource "aws_cloudwatch_event_target" "again" {{
  {count}
  rule  = aws_cloudwatch_event_rule.nightly.name
  arn   = aws_sfn_state_machine.scoring.arn
  input = jsonencode({{ type = "ml.m5.2xlarge" }})
}}
variable "names" {{ type = set(string) }}
"""
    )


def test_one_rule_with_two_inputs_makes_two_workflows(check: Check) -> None:
    report = check(two_inputs(""), "main.tf")
    found = {each["address"].partition(" ")[2]: each["jobs"][0]["instance_types"] for each in report["workflows"]}
    assert found == {
        "(aws_cloudwatch_event_target.again)": ["ml.m5.2xlarge"],
        "(aws_cloudwatch_event_target.nightly)": ["ml.m5.xlarge"],
    }
    # 30.4167 × 0.5 h × 2 × (0.23 + 0.461) = 21.0179
    assert amounts(report) == [21.02, 21.02]
    stack = json.loads(json.dumps(TEMPLATE))
    targets = stack["Resources"]["Nightly"]["Properties"]["Targets"]
    targets.append({**targets[0], "Id": "y", "Input": json.dumps({"type": "ml.m5.2xlarge"})})
    assert amounts(check(json.dumps(stack))) == [21.02, 21.02]


def test_what_starts_an_unknown_number_of_times_leaves_the_runs_unknown(check: Check) -> None:
    report = check(two_inputs("for_each = var.names"), "main.tf")
    again, nightly = report["workflows"]
    assert again["monthly_runs"]["unknown"] == (
        "when aws_cloudwatch_event_target.again[*] starts it is not known: how many of it there are is unknown"
    )
    assert round(float(nightly["monthly_runs"]), 2) == 30.42
    assert report["totals"]["after"]["at_least"]


def test_a_state_machine_that_may_not_be_there_costs_nothing_at_least(check: Check) -> None:
    source = SOURCE.replace(
        'resource "aws_sfn_state_machine" "scoring" {',
        'resource "aws_sfn_state_machine" "scoring" {\n  for_each = var.names',
    ).replace("aws_sfn_state_machine.scoring.arn", "aws_sfn_state_machine.scoring[each.key].arn")
    source = source.replace('"nightly" {\n  rule', '"nightly" {\n  for_each = var.names\n  rule')
    report = check(source + 'variable "names" { type = set(string) }\n', "main.tf")
    (workflow,) = report["workflows"]
    assert workflow["deployed"] == "possibly"
    assert float(report["totals"]["after"]["floor"]) == 0
    assert report["totals"]["after"]["at_least"]


def test_sizes_that_are_undecided_are_all_told(check: Check) -> None:
    stack = json.loads(json.dumps(TEMPLATE))
    resources: dict[str, Any] = {"InstanceType": {"Fn::If": ["IsProd", "ml.m5.4xlarge", "ml.m5.xlarge"]}}
    resources["InstanceCount"] = {"Fn::If": ["IsProd", 4, 1]}
    task = {**TASK, "Parameters": {"TransformJobName.$": "$.name", "TransformResources": resources}}
    definition = {"StartAt": "Score", "States": {"Score": task}}
    stack["Resources"]["Scoring"]["Properties"] = {"Definition": definition}
    stack["Parameters"] = {"Stage": {"Type": "String"}}
    stack["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    report = check(json.dumps(stack))
    (job,) = report["workflows"][0]["jobs"]
    assert job["instance_types"] == ["ml.m5.4xlarge", "ml.m5.xlarge"]
    assert job["hour_usd"] == {"least": "0.23", "most": "3.688"}  # 1 × 0.23, or 4 × 0.922
    # 30.4167 × 0.5 h × 0.23 = 3.4979, or × 3.688 = 56.0883
    assert [round(float(report["totals"]["after"][bound]), 2) for bound in ("floor", "ceiling")] == [3.5, 56.09]


def test_usage_of_a_pipeline_holds_for_everything_that_it_is_started_as(check: Check, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("version: 0.1\nresource_usage:\n  Pipeline: {run_hours: 1}\n")
    report = check(
        pipeline(("A", {}), ("B", given(Count="4"))), "template.json", "--usage-file", str(tmp_path / "own.yml")
    )
    # 4.3452 × 1 h × 0.204 × (1 + 4) = 4.4321
    assert amounts(report) == [4.43, 4.43]


@pytest.mark.parametrize("value", [CALL, {"Ref": "Call"}, {"Fn::Sub": CALL.replace("aws:", "${AWS::Partition}:", 1)}])
def test_a_call_that_a_substitution_fills_in_is_a_call(value: Any, check: Check) -> None:
    definition = (
        json.dumps(MACHINE)
        .replace(CALL, "${Call}")
        .replace('"InstanceType.$": "$.type"', '"InstanceType": "ml.m5.xlarge"')
    )
    properties = {"DefinitionString": definition, "DefinitionSubstitutions": {"Call": value}}
    resources = {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    report = check(json.dumps({"Parameters": {"Call": {"Type": "String"}}, "Resources": resources}))
    assert report["workflows"][0]["jobs"][0]["hour_usd"]["least"] == "0.46"  # 2 × 0.23


def test_a_definition_elsewhere_is_named_whatever_is_filled_in_into_it(check: Check) -> None:
    properties = {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}, "DefinitionSubstitutions": {"Name": "x"}}
    resources = {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}
    report = check(json.dumps({"Resources": resources}))
    assert report["overview"]["state"] == "unknown"


def test_a_workflow_of_unknown_size_is_read_in_part(check: Check) -> None:
    stack = json.loads(json.dumps(TEMPLATE))
    assert check(json.dumps(stack))["coverage"]["partial"] == 0
    del stack["Resources"]["Nightly"]["Properties"]["Targets"][0]["Input"]  # which says the type
    assert check(json.dumps(stack))["coverage"] == {"seen": 2, "modelled": 2, "partial": 1, "skipped": 0}


def retried_child(**state: Any) -> str:
    """A machine, started daily, that starts another one, which has a job, in a state of these fields."""
    resources = chain(2, 1)
    call = json.loads(resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"])
    call["States"]["S0"] |= state
    resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(call)
    return json.dumps({"Resources": resources})


WAITS = "arn:aws:states:::states:startExecution.sync:2"


def test_a_child_that_is_tried_again_runs_once_as_expected_and_each_time_at_most(check: Check) -> None:
    report = check(retried_child(Resource=WAITS, Retry=[{"ErrorEquals": ["States.TaskFailed"]}]))
    # daily 365 / 12 × 0.5 h × 2 × 0.23 = 6.9958, and with three retries four times that, 27.9833
    assert amounts(report) == [7.0, 27.98]
    assert round(Decimal(report["totals"]["after"]["expected"]), 2) == Decimal("7.00")
    assert not report["totals"]["after"]["at_least"]
    (workflow,) = report["workflows"]
    # 365 / 12 × 4
    runs = [round(Decimal(workflow[name]), 2) for name in ("monthly_runs", "most_monthly_runs")]
    assert runs == [Decimal("30.42"), Decimal("121.67")]


def test_a_child_that_nobody_waits_for_is_not_started_again(check: Check) -> None:
    """What is tried again is a request that was refused, and so started nothing."""
    retry = [{"ErrorEquals": ["States.TaskFailed"]}]
    report = check(retried_child(Resource="arn:aws:states:::states:startExecution", Retry=retry))
    assert amounts(report) == [7.0, 7.0]


def test_a_child_that_is_tried_without_end_has_no_ceiling(check: Check) -> None:
    report = check(retried_child(Resource=WAITS, Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": "x"}]))
    after = report["totals"]["after"]
    assert after["at_least"]
    assert [round(Decimal(after[bound]), 2) for bound in ("floor", "expected")] == [Decimal("7.00")] * 2


def test_a_child_behind_a_choice_runs_at_most_as_often_as_it_is_reached(check: Check) -> None:
    resources = chain(2, 1)
    call = json.loads(resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"])
    rule = {"Variable": "$.x", "IsPresent": True, "Next": "S0"}
    call["States"]["Maybe"] = {"Type": "Choice", "Choices": [rule], "Default": "Done"}
    call["States"]["Done"] = {"Type": "Succeed"}
    resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(call | {"StartAt": "Maybe"})
    report = check(json.dumps({"Resources": resources}))
    assert amounts(report) == [0, 7.0]
    assert "unknown" in report["totals"]["after"]["expected"]
    assert not report["totals"]["after"]["at_least"]


def test_a_rate_that_a_rule_refuses_is_no_rate_and_a_schedule_takes_it(check: Check) -> None:
    """For rules "rate(1 hours) and rate(5 hour) aren't valid" (EventBridge user guide), and so for SAM's Schedule."""
    stack = json.loads(json.dumps(TEMPLATE).replace("cron(0 2 * * ? *)", "rate(1 hours)"))
    (workflow,) = check(json.dumps(stack))["workflows"]
    reason = "when Nightly starts it is not known: a rule takes no rate(1 hours), but rate(1 hour)"
    assert workflow["monthly_runs"]["unknown"] == reason
    nightly = stack["Resources"]["Nightly"]
    target = {"Arn": {"Ref": "Scoring"}, "Input": nightly["Properties"]["Targets"][0]["Input"]}
    properties = {"ScheduleExpression": "rate(1 hours)", "Target": target}
    stack["Resources"]["Nightly"] = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}
    (workflow,) = check(json.dumps(stack))["workflows"]
    assert workflow["monthly_runs"] == "730"


def test_an_expression_that_aws_refuses_runs_nobody_knows_how_often(check: Check) -> None:
    """One of the two fields for days is a question mark."""
    (workflow,) = check(json.dumps(TEMPLATE).replace("cron(0 2 * * ? *)", "cron(0 2 * * * *)"))["workflows"]
    assert "without a question mark" in workflow["monthly_runs"]["unknown"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("main.tf", SOURCE.partition("definition")[0] + 'definition = file("${path.module}/score.asl.json")\n}\n'),
        ("main.tf", SOURCE.partition("definition")[0] + 'definition = templatefile("score.asl.json", {})\n}\n'),
        (
            "template.yaml",
            "Resources: {S: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: score.asl.json}}}",
        ),
    ],
)
def test_a_definition_that_something_reads_is_not_named_as_one_that_nothing_does(
    name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, text in {
        name: source,
        "score.asl.json": json.dumps(MACHINE),
        "other.asl.json": json.dumps(MACHINE),
    }.items():
        (tmp_path / file).write_text(text)
    assert cli.main(["check", ".", "--region=us-east-1", "--isolated", "--format=json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["workflows"]) == 1
    assert [notice for notice in report["notices"] if "asl.json" in notice] == [
        "other.asl.json is a definition that calls SageMaker, and read only where it is named"
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"Input.$": "$"},
        {"Input": {"type.$": "$.type"}},
        {"Input": {"type.$": "$$.Execution.Input.type"}},
        {"Input.$": "$$.Execution.Input"},
        {"Input": json.dumps({"type": "ml.m5.xlarge"})},
    ],
)
def test_what_a_machine_is_given_reaches_what_it_starts(given: dict[str, Any], check: Check) -> None:
    """The rule says the type, the first machine hands it on: 365 / 12 × 0.5 h × 2 × 0.23."""
    resources = chain(2, 1)
    call = json.loads(resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"])
    call["States"]["S0"]["Parameters"] = {"StateMachineArn": "${N1}", **given}
    resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(call)
    (target,) = resources["Daily"]["Properties"]["Targets"]
    target["Input"] = json.dumps({"type": "ml.m5.xlarge"})
    assert amounts(check(json.dumps({"Resources": resources}))) == [7.0, 7.0]


def test_inputs_that_grow_down_a_chain_take_a_moment_and_are_unknown(check: Check) -> None:
    """Two states of each machine hand on what they are given and one thing more: 2²⁰ inputs of the last one."""
    resources = chain(21, 2)
    for place in range(20):
        text = resources[f"N{place}"]["Properties"]["DefinitionString"]
        call = json.loads(text["Fn::Sub"])
        for state in ("S0", "S1"):
            call["States"][state]["Parameters"]["Input"] = {"of.$": "$.of", state: 1, "all.$": "$"}
        text["Fn::Sub"] = json.dumps(call)
    (target,) = resources["Daily"]["Properties"]["Targets"]
    target["Input"] = json.dumps({"of": "x"})
    before = time.process_time()
    report = check(json.dumps({"Resources": resources}))
    assert time.process_time() - before < 5
    assert report["totals"]["after"]["at_least"]


def test_a_rule_with_a_pattern_beside_its_schedule_runs_at_least_by_that(check: Check) -> None:
    stack = json.loads(json.dumps(TEMPLATE))
    stack["Resources"]["Nightly"]["Properties"]["EventPattern"] = {"source": ["aws.s3"]}
    report = check(json.dumps(stack))
    after = report["totals"]["after"]
    assert (round(Decimal(after["floor"]), 2), after["at_least"]) == (Decimal("7.00"), True)


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("nightly", True),
        ("${AWS::StackName}-nightly", True),
        ("nightly-<aws.scheduler.attempt-number>", True),
        ("nightly-<aws.scheduler.execution-id>", False),
        ("${AWS::StackName}-<aws.scheduler.execution-id>", False),
        ("nightly-<aws.scheduler.scheduled-time>", False),
    ],
)
def test_a_schedule_starts_one_job_ever_unless_its_name_is_filled_in_anew(
    name: str, check: Check, *, once: bool
) -> None:
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
    request = json.dumps({"TransformJobName": name, "ModelName": "churn", "TransformResources": resources})
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob", "Input": {"Fn::Sub": request}}
    properties = {"ScheduleExpression": "rate(1 day)", "Target": target}
    report = check(json.dumps({"Resources": {"D": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}}}))
    assert amounts(report) == ([0, 0.23] if once else [7.0, 7.0])


@pytest.mark.parametrize("kind", [None, "Transfrom"])
def test_a_step_that_holds_a_request_is_not_passed_over_whatever_its_type(kind: str | None, check: Check) -> None:
    step = {"Name": "Score", "Type": kind, "Arguments": {"TransformResources": {"InstanceType": "ml.m5.xlarge"}}}
    body = json.dumps({"Version": "2020-12-01", "Steps": [step]})
    properties = {"PipelineName": "p", "PipelineDefinition": {"PipelineDefinitionBody": body}}
    report = check(json.dumps({"Resources": {"P": {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}}}))
    assert report["totals"]["after"]["at_least"]
    assert "steps of the type" in report["skipped"][0]["reason"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("main.tf", 'resource "aws_sagemaker_transform_job" "t" {}'),
        ("main.tf", 'resource "awscc_sagemaker_transform_job" "t" {}'),
        ("template.json", '{"Resources": {"T": {"Type": "AWS::SageMaker::TransformJob"}}}'),
    ],
)
def test_a_transform_job_is_no_resource_in_any_language(name: str, content: str, check: Check) -> None:
    report = check(content, name)
    (skipped,) = report["skipped"]
    assert "a state machine, a pipeline or a schedule starts transform jobs" in skipped["reason"]
    assert report["totals"]["after"]["at_least"]


def named_by_input(text: str) -> str:
    """The stack with a job that is named by its input, which the rule gives."""
    stack = json.loads(json.dumps(TEMPLATE).replace("$$.Execution.Name", "$.job"))
    stack["Resources"]["Nightly"]["Properties"]["Targets"][0]["Input"] = json.dumps(
        {"type": "ml.m5.xlarge", "job": text}
    )
    return json.dumps(stack)


def test_a_name_that_a_rule_gives_each_time_is_that_of_one_job_ever(check: Check) -> None:
    report = check(named_by_input("nightly"))
    assert report["workflows"][0]["jobs"][0]["has_fixed_name"]
    assert amounts(report) == [0.0, 0.23]  # one run of 0.5 h × 2 × 0.23, and never again
    assert "unknown" in report["totals"]["after"]["expected"]
    failed = [each["policy"] for each in report["results"] if each["verdict"] == "fail"]
    assert "transform-names-are-fresh" in failed


def transformed(**transformer: Any) -> str:
    stack = json.loads(json.dumps(TEMPLATE))
    target = stack["Resources"]["Nightly"]["Properties"]["Targets"][0]
    del target["Input"]
    target["InputTransformer"] = transformer
    return json.dumps(stack)


@pytest.mark.parametrize(
    "template",
    [
        '{"type": "ml.m5.xlarge"}',
        '{"type": "ml.m5.xlarge", "when": <when>}',
        '{"type": "ml.m5.xlarge", "when": "at <when>", "all": <aws.events.event.json>}',
        r'{"type": "ml.m5.xlarge", "when": "at \u003cwhen\u003e"}',
    ],
)
def test_what_an_input_transformer_writes_out_reaches_the_job(template: str, check: Check) -> None:
    report = check(transformed(InputPathsMap={"when": "$.time"}, InputTemplate=template))
    assert amounts(report) == [7.0, 7.0]  # 365 / 12 × 0.5 h × 2 × 0.23


def test_what_an_input_transformer_takes_from_the_event_is_not_known(check: Check) -> None:
    report = check(transformed(InputPathsMap={"t": "$.detail.type"}, InputTemplate='{"type": "<t>"}'))
    assert "unknown" in report["workflows"][0]["jobs"][0]["instance_types"][0]
    assert report["totals"]["after"]["at_least"]


def test_an_input_transformer_is_read_in_terraform_too(check: Check) -> None:
    written = 'input_transformer {\n    input_paths    = { when = "$.time" }\n    input_template = jsonencode('
    source = SOURCE.replace(
        'input = jsonencode({ type = "ml.m5.xlarge" })', written + '{ type = "ml.m5.xlarge", when = "<when>" })\n  }'
    )
    assert amounts(check(source, "main.tf")) == [7.0, 7.0]


def scheduled(**properties: Any) -> str:
    """The stack with a schedule of EventBridge Scheduler in place of the rule."""
    stack = json.loads(json.dumps(TEMPLATE))
    target = {"Arn": {"Ref": "Scoring"}, "Input": json.dumps({"type": "ml.m5.xlarge"})}
    properties = {"ScheduleExpression": "rate(1 day)", "Target": target, **properties}
    stack["Resources"]["Nightly"] = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}
    return json.dumps(stack | {"Parameters": {"When": {"Type": "String"}}})


@pytest.mark.parametrize("limit", ["StartDate", "EndDate"])
@pytest.mark.parametrize("value", [{"Ref": "When"}, "soon"])
def test_a_schedule_that_begins_or_ends_nobody_knows_when_may_never_run(limit: str, value: Any, check: Check) -> None:
    report = check(scheduled(**{limit: value}))
    # every day of the year at most, 365 / 12 × 0.5 h × 2 × 0.23
    assert amounts(report) == [0.0, 7.0]
    assert "begins or ends" in report["workflows"][0]["monthly_runs"]["unknown"]


def test_a_time_zone_that_there_is_not_is_named(check: Check) -> None:
    report = check(scheduled(ScheduleExpression="cron(0 2 * * ? *)", ScheduleExpressionTimezone="Mars/Olympus"))
    assert "Mars/Olympus, which is no time zone" in report["workflows"][0]["monthly_runs"]["unknown"]


def test_a_schedule_that_calls_start_execution_starts_the_machine(check: Check) -> None:
    request = '{"StateMachineArn": "${Scoring}", "Input": "{\\"type\\": \\"ml.m5.xlarge\\"}"}'
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": {"Fn::Sub": request}}
    assert amounts(check(scheduled(Target=target))) == [7.0, 7.0]


@pytest.mark.parametrize("definition", [[], [{"StartAt": "S"}], 5, True])
def test_a_definition_of_the_wrong_kind_is_never_nothing_to_pay(definition: Any, check: Check) -> None:
    resources = {"S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": definition}}}
    report = check(json.dumps({"Resources": resources}))
    assert report["totals"]["after"]["at_least"]


VALIDATION = {
    "ModelPackageGroupName": "churn",
    "ValidationSpecification": {
        "ValidationProfiles": [
            {
                "ProfileName": "smoke",
                "TransformJobDefinition": {"TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}},
            }
        ]
    },
}


def test_a_task_that_makes_a_model_package_runs_what_validates_it(check: Check) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModelPackage",
        "Parameters": VALIDATION,
        "End": True,
    }
    stack = json.loads(json.dumps(TEMPLATE))
    machine = json.dumps({"StartAt": "Register", "States": {"Register": task}})
    stack["Resources"]["Scoring"]["Properties"]["DefinitionString"] = machine
    report = check(json.dumps(stack))
    assert report["workflows"][0]["jobs"][0]["label"] == "Register/smoke"
    assert amounts(report) == [7.0, 7.0]  # 365 / 12 × 0.5 h × 2 × 0.23


def stated(monthly_runs: str, tmp_path: Path) -> list[str]:
    """The option of a usage file that says how often workflows run, beside how long their jobs do."""
    usage = tmp_path / "stated.yml"
    usage.write_text(f'version: 0.1\nresource_usage:\n  "*": {{run_hours: 0.5}}\n{monthly_runs}')
    return ["--usage-file", str(usage)]


def with_a_job_at_the_top(length: int, starts: int) -> dict[str, Any]:
    """A chain whose first machine has a job of its own, so that the usage file can name it."""
    resources = chain(length, starts)
    top = json.loads(resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"])
    top["States"]["Own"] = {**TASK, "Next": top["StartAt"], "Parameters": {**REQUEST, "TransformResources": SMALL}}
    del top["States"]["Own"]["End"]
    resources["N0"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(top | {"StartAt": "Own"})
    return resources


SMALL = {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1}


def test_what_a_usage_file_says_of_a_machine_goes_for_what_it_starts(check: Check, tmp_path: Path) -> None:
    resources = with_a_job_at_the_top(3, 2)
    resources["Hourly"] = json.loads(json.dumps(resources["Daily"]).replace("1 day", "1 hour"))
    options = stated("  N0: {monthly_runs: 3}\n", tmp_path)
    report = check(json.dumps({"Resources": resources}), "template.json", *options)
    runs = {each["address"]: each["monthly_runs"] for each in report["workflows"]}
    assert runs == {"N0": "3", "N2": "12"}  # twice at each of two levels, whatever its two schedules say
    # 3 × 0.5 h × 0.204 + 12 × 0.5 h × 2 × 0.23 = 0.306 + 2.76
    assert amounts(report) == [3.07, 3.07]


def test_a_usage_file_may_name_what_starts_others_and_has_no_job_itself(check: Check, tmp_path: Path) -> None:
    template = json.dumps({"Resources": chain(3, 2)})
    report = check(template, "template.json", *stated("  N0: {monthly_runs: 3}\n", tmp_path))
    # 3 × 2 × 2 = 12 runs × 0.5 h × 2 × 0.23
    assert amounts(report) == [2.76, 2.76]
    nearer = stated("  N0: {monthly_runs: 3}\n  N1: {monthly_runs: 1}\n", tmp_path)
    assert amounts(check(template, "template.json", *nearer)) == [0.46, 0.46]  # 1 × 2 × 0.5 h × 2 × 0.23
    assert [each for each in report["notices"] if "nothing has the address" in each] == []
    typo = check(template, "template.json", *stated("  N9: {monthly_runs: 3}\n", tmp_path))
    assert "usage file: nothing has the address N9" in typo["notices"]


def test_what_is_said_of_the_started_machine_itself_goes_before(check: Check, tmp_path: Path) -> None:
    options = stated("  N0: {monthly_runs: 3}\n  N2: {monthly_runs: 1}\n", tmp_path)
    report = check(json.dumps({"Resources": with_a_job_at_the_top(3, 2)}), "template.json", *options)
    assert {each["address"]: each["monthly_runs"] for each in report["workflows"]} == {"N0": "3", "N2": "1"}


@pytest.mark.parametrize(
    ("kind", "properties", "why"),
    [
        ("StepFunctions", {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}, "it is in S3"),
        ("Serverless", {"DefinitionUri": "s3://b/k"}, "it is in S3"),
        ("Serverless", {"DefinitionUri": "lost.asl.json"}, "the file lost.asl.json is not here"),
        ("StepFunctions", {"DefinitionString": {"Ref": "Given"}}, "the parameter Given has no value"),
    ],
)
def test_where_a_definition_stands_that_is_not_here_is_said(
    kind: str, properties: dict[str, Any], why: str, check: Check
) -> None:
    resources = {"S": {"Type": f"AWS::{kind}::StateMachine", "Properties": properties}}
    report = check(json.dumps({"Parameters": {"Given": {"Type": "String"}}, "Resources": resources}))
    (skipped,) = report["skipped"]
    assert why in skipped["reason"]


def test_a_file_of_a_definition_that_there_is_not_is_named(check: Check) -> None:
    source = SOURCE.split("resource", maxsplit=1)[0]
    source += 'resource "aws_sfn_state_machine" "s" {\n  role_arn = "r"\n  definition = file("lost.asl.json")\n}\n'
    (skipped,) = check(source, "main.tf")["skipped"]
    assert "there is no file lost.asl.json" in skipped["reason"]


BESIDE = {
    "local_file": ("content", "filename = FILE"),
    "template_file": ("rendered", 'template = file(FILE)\n  vars = { type = "ml.m5.xlarge" }'),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_a_definition_in_a_file_that_a_data_source_reads_is_read(kind: str, check: Check, tmp_path: Path) -> None:
    """hashicorp/local: data.local_file.content; hashicorp/template: data.template_file.rendered."""
    attribute, arguments = BESIDE[kind]
    written = arguments.replace("FILE", '"${path.module}/score.json"')
    head, _, rest = SOURCE.partition("jsonencode({\n    StartAt")
    tail = rest.partition("\n  })\n}")[2]
    source = f'{head}data.{kind}.it.{attribute}\n}}\n{tail}\ndata "{kind}" "it" {{\n  {written}\n}}\n'
    size = {"InstanceType": "${type}" if kind == "template_file" else "ml.m5.xlarge", "InstanceCount": 2}
    request = {**REQUEST, "TransformResources": size}
    path = tmp_path / "stack" / "score.json"
    path.parent.mkdir()
    machine = {"StartAt": "Score", "States": {"Score": {**TASK, "Parameters": request}}}
    path.write_text(json.dumps(machine))
    assert amounts(check(source, "main.tf")) == [7.0, 7.0]  # 365 / 12 × 0.5 h × 2 × 0.23


@pytest.mark.parametrize(("name", "floor"), [({"Name": "nightly"}, 0.0), ({"Name.$": "$$.Execution.Name"}, 7.0)])
def test_an_execution_whose_name_stays_the_same_may_be_refused(name: Any, floor: float, check: Check) -> None:
    """Step Functions API reference, StartExecution: a name is taken for 90 days ("ExecutionAlreadyExists")."""
    stack = json.loads(retried_child())
    call = json.loads(stack["Resources"]["N0"]["Properties"]["DefinitionString"]["Fn::Sub"])
    call["States"]["S0"]["Parameters"] |= name
    stack["Resources"]["N0"]["Properties"]["DefinitionString"]["Fn::Sub"] = json.dumps(call)
    assert amounts(check(json.dumps(stack))) == [floor, 7.0]
