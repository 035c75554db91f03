"""Tags and environments of what starts transform jobs: from source, plan and template, in groups and in budgets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from guardrail import cli
from tests.sources.plans import change, plan

Check: TypeAlias = Callable[..., Any]

DEFINITION = json.dumps(
    {
        "StartAt": "Score",
        "States": {
            "Score": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
                "TimeoutSeconds": 3600,
                "Parameters": {
                    "TransformJobName.$": "$$.Execution.Name",
                    "ModelName": "churn",
                    "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
                },
                "End": True,
            }
        },
    }
)
SOURCE = f"""
provider "aws" {{
  region = "us-east-1"
  default_tags {{ tags = {{ Environment = "dev", Owner = "platform" }} }}
}}
resource "aws_sfn_state_machine" "scoring" {{
  name       = "scoring"
  role_arn   = "arn:aws:iam::111122223333:role/x"
  definition = {json.dumps(DEFINITION)}
  tags       = {{ Team = "churn" }}
}}
"""
ALL = {"Environment": "dev", "Owner": "platform", "Team": "churn"}
MACHINE = {"name": "scoring", "definition": DEFINITION, "tags": {"Team": "churn"}, "tags_all": ALL}
PLAN = json.dumps(plan(change("aws_sfn_state_machine.scoring", MACHINE)))
LIST = [{"Key": key, "Value": value} for key, value in ALL.items()]
TEMPLATE = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": DEFINITION, "Tags": LIST}}
SAM = {
    "Type": "AWS::Serverless::StateMachine",
    "Properties": {"Definition": json.loads(DEFINITION), "Tags": ALL, "Name": "scoring"},
}
PIPELINE = {
    "Type": "AWS::SageMaker::Pipeline",
    "Properties": {
        "PipelineName": "scoring",
        "PipelineDefinition": {
            "PipelineDefinitionBody": json.dumps(
                {
                    "Version": "2020-12-01",
                    "Steps": [
                        {
                            "Name": "Score",
                            "Type": "Transform",
                            "Arguments": {"TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}},
                        }
                    ],
                }
            )
        },
        "Tags": LIST,
    },
}


def template(resource: dict[str, Any]) -> str:
    return json.dumps({"Resources": {"Scoring": resource}})


INPUTS = {
    "source": ("main.tf", SOURCE),
    "plan": ("plan.json", PLAN),
    "template": ("template.json", template(TEMPLATE)),
    "SAM": ("template.json", template(SAM)),
    "pipeline": ("template.json", template(PIPELINE)),
}
USAGE = 'version: 0.1\nresource_usage:\n  "*": {run_hours: 0.5, monthly_runs: 20}\n'


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def run(name: str, content: str, *arguments: str, settings: str = "version: 1\n", code: int = 0) -> Any:
        (tmp_path / "stack").mkdir()
        path = tmp_path / "stack" / name
        path.write_text(content)
        (tmp_path / "usage.yml").write_text(USAGE)
        (tmp_path / "settings.yml").write_text(settings)
        where = str(path.parent if name.endswith(".tf") else path)
        flags = ["--config", str(tmp_path / "settings.yml"), "--usage-file", str(tmp_path / "usage.yml")]
        assert cli.main(["check", where, "--region=us-east-1", "--format=json", *flags, *arguments]) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("kind", INPUTS)
def test_tags_and_the_environment_are_those_of_the_resource_and_its_provider(kind: str, check: Check) -> None:
    report = check(*INPUTS[kind], "--group-by", "tag:Team,environment")
    (workflow,) = report["workflows"]
    assert workflow["tags"] == ALL
    assert workflow["environment"] == "non-production"  # Environment = dev
    (group,) = report["groups"]
    assert group["by"] == {"tag:Team": "churn", "environment": "non-production"}
    assert (group["endpoints"], group["workflows"]) == (0, 1)
    # 20 runs × 0.5 h × 2 × 0.23
    assert float(group["totals"]["after"]["expected"]) == 4.6


@pytest.mark.parametrize("kind", INPUTS)
def test_a_budget_of_a_group_holds_its_transform_jobs_too(kind: str, check: Check) -> None:
    settings = 'version: 1\ngroup_budgets:\n  - where: {"tag:Team": churn}\n    max_expected_usd: 4\n'
    report = check(*INPUTS[kind], settings=settings, code=1)
    (budget,) = report["budgets"]
    assert (budget["state"], float(budget["amount"])) == ("broken", 4.6)


@pytest.mark.parametrize("kind", INPUTS)
def test_a_discount_by_tag_is_one_on_its_transform_jobs(kind: str, check: Check) -> None:
    settings = "version: 1\ndiscounts:\n  rules:\n    - {name: ours, percent: 10, tag: {Team: churn}}\n"
    report = check(*INPUTS[kind], settings=settings)
    assert float(report["discounts"]["after"]["expected"]) == 4.14  # 4.60 less a tenth


def test_discounts_are_on_the_ways_that_jobs_are_run_on(check: Check) -> None:
    task = json.loads(DEFINITION)["States"]["Score"]
    dear = json.loads(json.dumps(task).replace("ml.m5.xlarge", "ml.c5.9xlarge"))
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.all", "BooleanEquals": True, "Next": "Dear"}]}
    states = {"Pick": {**choice, "Default": "Cheap"}, "Cheap": task, "Dear": dear}
    machine = json.dumps({"StartAt": "Pick", "States": states})
    settings = 'version: 1\ndiscounts:\n  rules:\n    - {name: c5, percent: 50, usage_type: "*-Tsform:ml.c5.*"}\n'
    report = check("score.asl.json", machine, settings=settings)
    # 20 runs × 0.5 h of either 2 × 0.23 = 0.46 or 2 × 1.836 = 3.672, which is halved to 1.836
    after = report["totals"]["after"]
    assert (float(after["floor"]), float(after["ceiling"])) == (4.6, 36.72)
    with_discounts = report["discounts"]["after"]
    assert (float(with_discounts["floor"]), float(with_discounts["ceiling"])) == (4.6, 18.36)


def test_a_savings_plan_makes_no_transform_job_free(check: Check) -> None:
    """Which hours it runs in is not known, so that nobody knows what of a commitment it uses."""
    settings = "version: 1\ndiscounts:\n  savings_plan: {commitment_usd_per_hour: 0.1, percent: 20}\n"
    report = check(*INPUTS["plan"], settings=settings)
    found = report["discounts"]
    assert float(found["endpoints"][0]["monthly"]["expected"]) == 4.6
    assert any("transform jobs count on demand" in note for note in found["notes"])


def test_without_an_environment_tag_the_name_says_it(check: Check) -> None:
    named = SOURCE.replace('Environment = "dev", ', "").replace('"scoring"\n', '"scoring-prod"\n')
    (workflow,) = check("main.tf", named)["workflows"]
    assert (workflow["name"], workflow["environment"]) == ("scoring-prod", "production")


def test_a_limit_for_production_does_not_hold_elsewhere(check: Check) -> None:
    settings = (
        "version: 1\npolicies:\n  transform-cost-is-agreed:\n    params: {max_monthly_usd: 4}\n"
        "    environments:\n      non-production: {max_monthly_usd: 100}\n"
    )
    report = check(*INPUTS["plan"], settings=settings)
    verdicts = {each["policy"]: each["verdict"] for each in report["results"]}
    assert verdicts["transform-cost-is-agreed"] == "pass"


def test_a_request_has_the_tags_of_its_job(check: Check) -> None:
    request = {
        "TransformJobName": "once",
        "ModelName": "churn",
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        "Tags": LIST,
    }
    (workflow,) = check("request.json", json.dumps(request))["workflows"]
    assert workflow["tags"] == ALL
