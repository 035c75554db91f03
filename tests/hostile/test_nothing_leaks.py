"""What is sensitive is used and never shown: not in any format, not in an error, not in the baseline."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from guardrail.reporters import FORMATS
from tests.hostile import inputs, mutations
from tests.sources.plans import ENDPOINT, change, plan, standing, state

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do

CANARY = "CANARY7Q"
NUMBER = 918273
"""A number that nothing else in a report is or contains."""


def shown(folder: Path, *arguments: str) -> str:
    """Everything that a check writes: in every format, on standard error, and into the baseline."""
    written = folder / "written"
    written.mkdir(exist_ok=True)
    formats = [f"--format={form}={written / form}" for form in FORMATS]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        flags = ["--region", "us-east-1", "--show-skipped", "--write-baseline", f"--baseline={written / 'baseline'}"]
        code = cli.main(["check", *arguments, *flags, *formats])
    assert code in (0, 1, 2, 3), err.getvalue()
    texts = [each.read_text() for each in written.iterdir()]
    assert code == 2 or len(texts) == len(FORMATS) + 1
    for each in written.iterdir():
        each.unlink()
    return "".join([*texts, out.getvalue(), err.getvalue()])


def leaks(text: str) -> bool:
    plain = text.replace(",", "")
    return CANARY in text or str(NUMBER) in plain


def planted(values: Any, path: mutations.Path) -> Any:
    """``values`` with a canary at a place: text for text, a number for a number."""
    copied = json.loads(json.dumps(values))
    owner = mutations.at(copied, path[:-1])
    owner[path[-1]] = NUMBER if isinstance(owner[path[-1]], int) else f"{CANARY}-{owner[path[-1]]}"
    return copied


def marks(values: Any, path: mutations.Path) -> Any:
    """What Terraform writes into after_sensitive for one sensitive place."""
    if not path:
        return True
    step, *rest = path
    inner = marks(values[step], tuple(rest))
    return {step: inner} if isinstance(values, dict) else [inner if at == step else {} for at in range(len(values))]


COMPONENT = "aws_sagemaker_inference_component.i"
TARGET = "aws_appautoscaling_target.t"
POLICY = "aws_appautoscaling_policy.p"
ALARM = "aws_cloudwatch_metric_alarm.a"
SCALED = {"resource_id": "endpoint/ranker/variant/main", "scalable_dimension": "sagemaker:variant:DesiredInstanceCount"}
STACK: dict[str, Any] = {
    **inputs.RESOURCES,
    COMPONENT: {
        "name": "llm",
        "endpoint_name": "ranker",
        "variant_name": "main",
        "runtime_config": [{"copy_count": 3}],
    },
    TARGET: {**SCALED, "service_namespace": "sagemaker", "min_capacity": 1, "max_capacity": 4},
    POLICY: {
        **SCALED,
        "service_namespace": "sagemaker",
        "name": "p",
        "policy_type": "TargetTrackingScaling",
        "target_tracking_scaling_policy_configuration": [
            {"target_value": 70, "predefined_metric_specification": [{"predefined_metric_type": "Custom"}]}
        ],
    },
    ALARM: {
        "metric_name": "m",
        "namespace": "n",
        "dimensions": {"EndpointName": "ranker"},
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 1,
        "alarm_actions": ["arn:aws:autoscaling:x"],
    },
}
LEAVES = [
    (address, path)
    for address, values in STACK.items()
    for path in mutations.paths(values)
    if isinstance(mutations.at(values, path), (str, int))
]


def test_a_canary_that_is_not_sensitive_is_found(tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    file = tmp_path / "input.json"
    for address, path in (
        (ENDPOINT, ("name",)),
        (TARGET, ("max_capacity",)),
        (COMPONENT, ("runtime_config", 0, "copy_count")),
    ):
        stack = {**STACK, address: planted(STACK[address], path)}
        file.write_text(json.dumps(plan(*(change(each, stack[each]) for each in stack))))
        assert leaks(shown(tmp_path, str(file))), address


@pytest.mark.parametrize("side", ["after", "before", "state"])
def test_no_sensitive_value_of_a_plan_or_a_state_is_shown(tmp_path: Path, side: str) -> None:
    wrong: list[str] = []
    file = tmp_path / "input.json"
    for address, path in LEAVES:
        stack = {**STACK, address: planted(STACK[address], path)}
        mark = {address: marks(STACK[address], path)}
        if side == "state":
            resources = (standing(each, stack[each], sensitive_values=mark.get(each, {})) for each in stack)
            document = state(*resources)
        elif side == "after":
            document = plan(*(change(each, stack[each], sensitive=mark.get(each, {})) for each in stack))
        else:
            document = plan(
                *(change(each, STACK[each], before=stack[each], before_sensitive=mark.get(each, {})) for each in stack)
            )
        file.write_text(json.dumps(document))
        if leaks(shown(tmp_path, str(file))):
            wrong.append(f"{address} {'.'.join(map(str, path))}")
    assert not wrong, "\n".join(wrong)


TERRAFORM = """
variable "secret" {
  type      = string
  sensitive = true
}
variable "count" {
  type      = number
  sensitive = true
}
resource "aws_sagemaker_endpoint" "e" {
  name                 = "x-${var.secret}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
  tags                 = { team = upper(var.secret) }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  name = substr(var.secret, 0, 40)
  dynamic "production_variants" {
    for_each = [var.secret]
    content {
      variant_name           = production_variants.value
      model_name             = join("-", [var.secret, "m"])
      instance_type          = "ml.m5.xlarge"
      initial_instance_count = var.count
    }
  }
}
locals {
  broken = lookup({ a = 1 }, var.secret)
}
"""


def test_no_sensitive_variable_of_terraform_source_is_shown(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)
    (tmp_path / "terraform.tfvars").write_text(f'secret = "{CANARY}"\ncount  = {NUMBER}\n')
    assert not leaks(shown(tmp_path, str(tmp_path)))


@pytest.mark.parametrize("broken", ['secret = "%s', "secret = %s %s", 'secret = "%s"\nsecret = "%s"', "%s"])
def test_no_line_of_a_tfvars_file_is_shown_in_an_error(tmp_path: Path, broken: str) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)
    (tmp_path / "terraform.tfvars").write_text(broken.replace("%s", CANARY))
    assert not leaks(shown(tmp_path, str(tmp_path)))


NO_ECHO = f"""
Parameters:
  Secret: {{Type: String, NoEcho: true, Default: {CANARY}}}
  Number: {{Type: Number, NoEcho: true, Default: {NUMBER}}}
  Many: {{Type: CommaDelimitedList, NoEcho: true, Default: "{CANARY},b"}}
Resources:
  E:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Ref Secret
      EndpointConfigName: !GetAtt C.EndpointConfigName
      Tags: [{{Key: team, Value: !Join ["-", !Ref Many]}}, {{Key: !Ref Secret, Value: x}}]
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      EndpointConfigName: !Sub "x-${{Secret}}"
      ProductionVariants:
        - VariantName: !Select [0, !Ref Many]
          ModelName: !Ref Secret
          InstanceType: ml.m5.xlarge
          InitialInstanceCount: !Ref Number
          InitialVariantWeight: !Ref Number
        - VariantName: !Select [7, !Ref Many]
          ModelName: !FindInMap [M, !Ref Secret, x]
          InstanceType: !Ref Secret
          InitialInstanceCount: 1
          InitialVariantWeight: 1
"""


def test_no_parameter_with_no_echo_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(NO_ECHO)
    assert not leaks(shown(tmp_path, str(file)))
