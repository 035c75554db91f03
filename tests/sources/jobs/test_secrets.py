"""Sensitive values in what starts transform jobs: the place that holds one is unknown, the rest of a job is priced."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrail import cli
from tests.sources.plans import change, plan

CANARY = "CANARYVALUE"
REQUEST = (
    '{"TransformJobName.$": "$$.Execution.Name", "ModelName": "%s", "Environment": {"TOKEN": "%s"}, '
    '"TransformResources": {"InstanceType": "%s", "InstanceCount": %s}}'
)
MACHINE = (
    '{"StartAt": "Score", "States": {"Score": {"Type": "Task", "End": true, "TimeoutSeconds": 3600, "Parameters": %s, '
    '"Resource": "arn:aws:states:::sagemaker:createTransformJob.sync"}}}'
)
PIPELINE = '{"Version": "2020-12-01", "Steps": [{"Name": "Score", "Type": "Transform", "Arguments": %s}]}'
VARIABLES = f"""
provider "aws" {{ region = "us-east-1" }}
variable "token" {{
  default   = "{CANARY}"
  sensitive = true
}}
variable "type" {{
  default   = "ml.{CANARY}.xlarge"
  sensitive = true
}}
variable "count_of" {{
  default   = 7
  sensitive = true
}}
"""
PARAMETERS = f"""
Parameters:
  Token: {{Type: String, NoEcho: true, Default: {CANARY}}}
  Type: {{Type: String, NoEcho: true, Default: ml.{CANARY}.xlarge}}
  Count: {{Type: Number, NoEcho: true, Default: 7}}
Resources:
"""


def filled(definition: str, token: str, type_: str = "ml.m5.xlarge", count: str = "2") -> str:
    return definition % (REQUEST % (token, token, type_, count))


def in_module(value: str) -> str:
    return f"""module "scoring" {{
  source     = "./scoring"
  definition = {value}
}}"""


def state_machine(value: str) -> str:
    return f"""resource "aws_sfn_state_machine" "scoring" {{
  name       = "scoring"
  role_arn   = "arn:aws:iam::111122223333:role/x"
  definition = {value}
}}"""


def pipeline(value: str) -> str:
    return f"""resource "aws_sagemaker_pipeline" "scoring" {{
  pipeline_name         = "scoring"
  pipeline_display_name = "scoring"
  role_arn              = "arn:aws:iam::111122223333:role/x"
  pipeline_definition   = {value}
}}"""


def schedule(value: str) -> str:
    return f"""resource "aws_scheduler_schedule" "scoring" {{
  schedule_expression = "rate(1 day)"
  flexible_time_window {{ mode = "OFF" }}
  target {{
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob"
    role_arn = "arn:aws:iam::111122223333:role/x"
    input    = {value}
  }}
}}"""


def encoded(definition: str, token: str, type_: str = '"ml.m5.xlarge"', count: str = "2") -> str:
    """A definition as an expression in which values may be variables."""
    text = filled(definition, "TOKEN", "TYPE", "COUNT").replace('"TOKEN"', token)
    text = text.replace('"TYPE"', type_).replace("COUNT", count)
    return f"jsonencode({text})"


def heredoc(text: str) -> str:
    return f"<<-TEXT\n{text}\nTEXT\n"


Shown = Callable[..., tuple[str, list[dict[str, object]]]]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    def run(path: Path, *flags: str) -> tuple[str, list[dict[str, object]]]:
        """Everything that the formats print, and the jobs."""
        printed = {}
        for name in ("table", "markdown", "html", "csv", "sarif", "json"):
            assert cli.main(["check", str(path), "--isolated", "--region=us-east-1", "--format", name, *flags]) == 0
            printed[name] = capsys.readouterr()
        workflows = json.loads(printed["json"].out)["workflows"]
        text = "".join(each.out + each.err for each in printed.values())
        return text, [job for workflow in workflows for job in workflow["jobs"]]

    return run


SOURCES = {
    "jsonencode": state_machine(encoded(MACHINE, "var.token")),
    "part of a text": state_machine(encoded(MACHINE, '"churn-${var.token}"')),
    "text": state_machine(heredoc(filled(MACHINE, "${var.token}"))),
    "template file": state_machine('templatefile("${path.module}/m.tftpl", { token = var.token, count = 2 })'),
    "through a module": in_module(encoded(MACHINE, "var.token")),
    "pipeline": pipeline(encoded(PIPELINE, "var.token")),
    "schedule": schedule(encoded("%s", "var.token")),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_sensitive_value_in_source_hides_its_own_place_alone(name: str, tmp_path: Path, shown: Shown) -> None:
    """Two ml.m5.xlarge, 2 × 0.23 an hour, whatever the name of the model is."""
    (tmp_path / "main.tf").write_text(VARIABLES + SOURCES[name])
    (tmp_path / "m.tftpl").write_text(filled(MACHINE, "${token}", count="${count}"))
    (tmp_path / "scoring").mkdir()
    (tmp_path / "scoring" / "main.tf").write_text(
        'variable "definition" { type = string }\n' + state_machine("var.definition")
    )
    text, (job,) = shown(tmp_path)
    assert CANARY not in text
    assert job["hour_usd"] == {"least": "0.46", "most": "0.46"}


TEMPLATES = {
    "Sub": ("DefinitionString: !Sub '%s'", filled(MACHINE, "${Token}")),
    "object": ("Definition: %s", filled(MACHINE, "TOKEN").replace('"TOKEN"', "!Ref Token")),
    "substitution": ("DefinitionSubstitutions: {T: !Ref Token}, DefinitionString: '%s'", filled(MACHINE, "${T}")),
    "Join": (
        "DefinitionString: !Join ['', [%s]]",
        ", !Ref Token, ".join(f"'{part}'" for part in filled(MACHINE, "|").split("|")),
    ),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_parameter_without_echo_hides_its_own_place_alone(name: str, tmp_path: Path, shown: Shown) -> None:
    properties, definition = TEMPLATES[name]
    path = tmp_path / "template.yaml"
    machine = f"{{Type: AWS::StepFunctions::StateMachine, Properties: {{{properties % definition}}}}}"
    path.write_text(f"{PARAMETERS}  Scoring: {machine}")
    text, (job,) = shown(path)
    assert CANARY not in text
    assert job["hour_usd"] == {"least": "0.46", "most": "0.46"}


def test_a_sensitive_size_is_unknown_and_never_shown(tmp_path: Path, shown: Shown) -> None:
    (tmp_path / "main.tf").write_text(
        VARIABLES + state_machine(encoded(MACHINE, "var.token", "var.type", "var.count_of"))
    )
    template = tmp_path / "template.yaml"
    machine = f"{{Type: AWS::StepFunctions::StateMachine, Properties: {{{TEMPLATES['Sub'][0]}}}}}"
    template.write_text(f"{PARAMETERS}  Scoring: {machine % filled(MACHINE, '${Token}', '${Type}', '${Count}')}")
    for path in (tmp_path / "main.tf", template):
        text, (job,) = shown(path)
        assert CANARY not in text
        assert job["hour_usd"] is None
        assert job["instance_types"] == [{"unknown": "InstanceType is not known here, or is sensitive"}]
        count = job["instance_count"]
        assert isinstance(count, dict)
        assert count["at_least"] == "1"  # of any job


def test_a_plan_with_a_sensitive_definition_takes_the_rest_of_it_from_the_source_beside_it(
    tmp_path: Path, shown: Shown
) -> None:
    """Of the plan alone nobody knows which part of the definition is sensitive."""
    after = {"name": "scoring", "definition": filled(MACHINE, CANARY)}
    planned = change("aws_sfn_state_machine.scoring", after)
    planned["change"]["after_sensitive"] = {"definition": True}
    source = state_machine(encoded(MACHINE, "var.token"))
    token = {"token": {"value": CANARY}}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(planned) | {"variables": token}))
    text, jobs = shown(path)
    assert CANARY not in text
    assert jobs == []
    (tmp_path / "main.tf").write_text(VARIABLES + source)
    text, (job,) = shown(path, "--source", str(tmp_path))
    assert CANARY not in text
    assert job["hour_usd"] == {"least": "0.46", "most": "0.46"}


def test_what_is_sensitive_as_a_whole_is_unknown_as_a_whole(tmp_path: Path, shown: Shown) -> None:
    """A variable that is declared sensitive hides all of what it is given, a definition of other variables too."""
    (tmp_path / "main.tf").write_text(VARIABLES + in_module(encoded(MACHINE, '"churn"')))
    (tmp_path / "scoring").mkdir()
    (tmp_path / "scoring" / "main.tf").write_text(
        'variable "definition" {\n  type = string\n  sensitive = true\n}\n' + state_machine("var.definition")
    )
    text, jobs = shown(tmp_path)
    assert jobs == []
    assert "sensitive" in text
    assert "nothing to pay" not in text
