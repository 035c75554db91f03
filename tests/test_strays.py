"""Scaling whose endpoint is not here, or cannot be told, is judged where it is sure; all three readers say the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.sources.plans import COPIES, COUNT, change, plan, provider, target, tracking_policy

Check = Callable[..., list[tuple[str, str]]]
"""Policy and message of each failure, by policy."""

KNOWN, COMPONENT, MISSPELT = "endpoint/chat/variant/main", "inference-component/llama", "endpoint/chat/varient/main"
REFUSED = "scaling-bounds-are-ordered"


@pytest.fixture(params=["plan", "source", "template"])
def check(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def run(resource_id: str, least: int, most: int, dimension: str = COUNT, metric: str | None = None) -> Any:
        name, content = WRITERS[request.param](resource_id, least, most, dimension, metric)
        path = tmp_path / "stack" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        where = path.parent if request.param == "source" else path
        cli.main(["check", str(where), "--region", "us-east-1", "--isolated", "--format", "json"])
        results = json.loads(capsys.readouterr().out)["results"]
        assert {result["verdict"] for result in results if result["endpoint"] is not None} <= {"fail"}
        return sorted((each["policy"], each["message"]) for each in results if each["verdict"] == "fail")

    return run


def as_plan(resource_id: str, least: int, most: int, dimension: str, metric: str | None) -> tuple[str, str]:
    changes = [change("aws_appautoscaling_target.t", target(resource_id, least, most, dimension))]
    if metric:
        changes += [change("aws_appautoscaling_policy.p", tracking_policy(resource_id, dimension, **tracking(metric)))]
    return "plan.json", json.dumps(plan(*changes, providers=provider()))


def tracking(metric: str) -> dict[str, Any]:
    followed = {"target_value": 7, "predefined_metric_specification": [{"predefined_metric_type": metric}]}
    return {"target_tracking_scaling_policy_configuration": [followed]}


def as_source(resource_id: str, least: int, most: int, dimension: str, metric: str | None) -> tuple[str, str]:
    policy = f"""
resource "aws_appautoscaling_policy" "p" {{
  name               = "p"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "sagemaker"
  resource_id        = aws_appautoscaling_target.t.resource_id
  scalable_dimension = "{dimension}"
  target_tracking_scaling_policy_configuration {{
    target_value = 7
    predefined_metric_specification {{
      predefined_metric_type = "{metric}"
    }}
  }}
}}
"""
    return (
        "main.tf",
        f"""
resource "aws_appautoscaling_target" "t" {{
  service_namespace  = "sagemaker"
  resource_id        = "{resource_id}"
  scalable_dimension = "{dimension}"
  min_capacity       = {least}
  max_capacity       = {most}
}}
{policy if metric else ""}
""",
    )


def as_template(resource_id: str, least: int, most: int, dimension: str, metric: str | None) -> tuple[str, str]:
    properties = {"ResourceId": resource_id, "ScalableDimension": dimension, "ServiceNamespace": "sagemaker"}
    bounds = {"MinCapacity": least, "MaxCapacity": most}
    resources: dict[str, Any] = {
        "t": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": properties | bounds}
    }
    if metric:
        followed = {"TargetValue": 7, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
        resources["p"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "p",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "t"},
                "TargetTrackingScalingPolicyConfiguration": followed,
            },
        }
    return "template.json", json.dumps({"Resources": resources})


WRITERS = {"plan": as_plan, "source": as_source, "template": as_template}


def test_a_target_that_aws_refuses_is_refused_wherever_its_endpoint_is_managed(check: Check) -> None:
    found = check(KNOWN, 5, 2, metric="SageMakerVariantInvocationsPerInstance")
    assert found == [(REFUSED, "min_capacity 5 of chat / main is above max_capacity 2: AWS refuses the target.")]


def test_so_is_that_of_a_component_that_is_managed_elsewhere(check: Check) -> None:
    found = check(COMPONENT, 3, 1, COPIES, "SageMakerInferenceComponentInvocationsPerCopy")
    assert found == [
        (REFUSED, "min_capacity 3 of an unknown endpoint / llama is above max_capacity 1: AWS refuses the target.")
    ]


def test_a_metric_that_there_is_not_is_named_whichever_endpoint_it_would_scale(check: Check) -> None:
    (found,) = check(KNOWN, 1, 2, metric="SageMakerVariantInvocationPerInstance")
    says = "chat / main never scales: SageMakerVariantInvocationPerInstance is no predefined metric of SageMaker, "
    meant = "did you mean SageMakerVariantInvocationsPerInstance?"
    assert found == ("scaling-follows-published-metrics", says + meant)


def test_a_metric_that_only_some_endpoints_publish_is_no_mistake_of_one_that_is_not_known(check: Check) -> None:
    assert check(KNOWN, 1, 2, metric="SageMakerVariantInvocationsPerInstance") == []


def test_a_target_that_scales_nothing_at_all_is_named_with_what_was_meant(check: Check) -> None:
    ((policy, message),) = check(MISSPELT, 1, 2)
    assert policy == "scaling-names-what-exists"
    assert message.startswith("an unknown endpoint is not scaled by what was to scale it:")
    assert message.endswith("has 'varient', did you mean 'variant'?")


@pytest.mark.parametrize("least", [1, 4])
def test_a_target_of_a_variable_that_has_no_value_is_judged_by_its_bounds(
    least: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it scales would be open in every policy; the list of what was skipped says so once."""
    _, text = as_source(
        "endpoint/${var.endpoint}/variant/main", least, 3, COUNT, "SageMakerVariantInvocationsPerInstance"
    )
    (tmp_path / "main.tf").write_text('variable "endpoint" { type = string }\n' + text)
    cli.main(["check", str(tmp_path), "--region", "us-east-1", "--isolated", "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert [each["policy"] for each in report["results"] if each["endpoint"]] == ([] if least == 1 else [REFUSED])
    assert "aws_appautoscaling_target.t" in [each["address"] for each in report["skipped"]]


def test_a_target_that_the_change_does_not_touch_is_an_existing_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = target(KNOWN, 5, 2)
    path = tmp_path / "plan.json"
    path.write_text(
        json.dumps(plan(change("aws_appautoscaling_target.t", values, before=values), providers=provider()))
    )
    code = cli.main(["check", str(path), "--region", "us-east-1", "--isolated", "--format", "json"])
    found = [each for each in json.loads(capsys.readouterr().out)["results"] if each["verdict"] == "fail"]
    assert [(each["policy"], each["status"]) for each in found] == [(REFUSED, "existing")]
    assert code == 0
