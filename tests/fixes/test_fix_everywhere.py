"""Each gap of an asynchronous endpoint, in each form that its code can have: mended, gone, and once is enough.

So are the scenarios and the example; and Terraform itself takes what was written, where it is installed.
"""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from guardrail.fixes.decisions import LEFT_TO_PEOPLE
from guardrail.fixes.mends import is_mended_here
from guardrail.policy.load import bundled
from tests.fixes.stack import ALARM, BACKLOG, ENDPOINT, PROVIDER, STEPS, TARGET, failing, fix

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT.parent / "shared" / "tools" / "real_plan.py"

MIRRORS = [Path("/usr/share/terraform/plugins"), Path("/usr/local/share/terraform/plugins"), *Path("/opt").glob("*/")]

GAPS: Mapping[str, Mapping[str, Any]] = {
    "nothing scales it": {"target": None, "backlog": None, "steps": False, "alarm": False},
    "one instance stays": {"target": 1},
    "nothing takes the last away": {"backlog": None},
    "scale-in is disabled": {"backlog": "disabled"},
    "nothing wakes it": {"steps": False, "alarm": False},
    "its steps have no alarm": {"alarm": False},
    "a target and nothing else": {"target": 1, "backlog": None, "steps": False, "alarm": False},
}
WHOLE: Mapping[str, Any] = {"target": 0, "backlog": "enabled", "steps": True, "alarm": True}


def _pieces(gap: Mapping[str, Any]) -> list[str]:
    """The blocks that are there, in native syntax."""
    stack = {**WHOLE, **gap}
    pieces = [ENDPOINT]
    if stack["target"] is not None:
        pieces.append(TARGET.replace("min_capacity       = 1", f"min_capacity       = {stack['target']}"))
    if stack["backlog"] is not None:
        disabled = "    target_value     = 5\n    disable_scale_in = true\n"
        pieces.append(
            BACKLOG.replace("    target_value = 5\n", disabled) if stack["backlog"] == "disabled" else BACKLOG
        )
    return [*pieces, *([STEPS] if stack["steps"] else []), *([ALARM] if stack["alarm"] else [])]


def _root(gap: Mapping[str, Any]) -> dict[str, str]:
    return {"main.tf": PROVIDER + "".join(_pieces(gap))}


def _module(gap: Mapping[str, Any]) -> dict[str, str]:
    call = 'module "queue" {\n  source = "./modules/queue"\n}\n'
    return {"main.tf": PROVIDER + call, "modules/queue/main.tf": "".join(_pieces(gap))}


def _for_each(gap: Mapping[str, Any]) -> dict[str, str]:
    text = "".join(_pieces(gap)).replace('" {\n', '" {\n  for_each = toset(["a", "b"])\n')
    for name in ("configuration.reader", "endpoint.reader", "target.reader", "policy.reader_wake"):
        text = text.replace(f"{name}.", f"{name}[each.key].")
    return {
        "main.tf": PROVIDER + text.replace('= "reader"', "= each.key").replace('"reader-wake"', '"${each.key}-wake"')
    }


def _json_syntax(gap: Mapping[str, Any]) -> dict[str, str]:
    stack = {**WHOLE, **gap}
    name = "${aws_sagemaker_endpoint.reader.name}"
    same = {key: f"${{aws_appautoscaling_target.reader.{key}}}" for key in ("service_namespace", "resource_id")}
    same["scalable_dimension"] = "${aws_appautoscaling_target.reader.scalable_dimension}"
    policies: dict[str, Any] = {}
    if stack["backlog"] is not None:
        metric = {
            "metric_name": "ApproximateBacklogSizePerInstance",
            "namespace": "AWS/SageMaker",
            "statistic": "Average",
            "dimensions": [{"name": "EndpointName", "value": name}],
        }
        tracking = {"target_value": 5, "customized_metric_specification": metric}
        tracking |= {"disable_scale_in": True} if stack["backlog"] == "disabled" else {}
        policies["reader_backlog"] = {
            "name": "backlog",
            "policy_type": "TargetTrackingScaling",
            **same,
            "target_tracking_scaling_policy_configuration": tracking,
        }
    if stack["steps"]:
        steps = {
            "adjustment_type": "ChangeInCapacity",
            "step_adjustment": [{"metric_interval_lower_bound": 0, "scaling_adjustment": 1}],
        }
        policies["reader_wake"] = {
            "name": "wake",
            "policy_type": "StepScaling",
            **same,
            "step_scaling_policy_configuration": steps,
        }
    resources: dict[str, Any] = {"aws_appautoscaling_policy": policies} if policies else {}
    if stack["target"] is not None:
        resources["aws_appautoscaling_target"] = {
            "reader": {
                "service_namespace": "sagemaker",
                "resource_id": f"endpoint/{name}/variant/AllTraffic",
                "scalable_dimension": "sagemaker:variant:DesiredInstanceCount",
                "min_capacity": stack["target"],
                "max_capacity": 3,
            }
        }
    if stack["alarm"]:
        resources["aws_cloudwatch_metric_alarm"] = {
            "reader_wake": {
                "alarm_name": "reader-wake",
                "namespace": "AWS/SageMaker",
                "metric_name": "HasBacklogWithoutCapacity",
                "dimensions": {"EndpointName": name},
                "statistic": "Average",
                "comparison_operator": "GreaterThanOrEqualToThreshold",
                "threshold": 1,
                "period": 60,
                "evaluation_periods": 2,
                "alarm_actions": ["${aws_appautoscaling_policy.reader_wake.arn}"],
            }
        }
    variant = {
        "variant_name": "AllTraffic",
        "model_name": "reader-v3",
        "instance_type": "ml.g4dn.xlarge",
        "initial_instance_count": 1,
    }
    resources["aws_sagemaker_endpoint_configuration"] = {
        "reader": {
            "name_prefix": "reader-",
            "production_variants": [variant],
            "async_inference_config": {"output_config": {"s3_output_path": "s3://example-reader/out/"}},
        }
    }
    reference = "${aws_sagemaker_endpoint_configuration.reader.name}"
    resources["aws_sagemaker_endpoint"] = {"reader": {"name": "reader", "endpoint_config_name": reference}}
    whole = {"provider": {"aws": {"region": "us-east-1"}}, "resource": resources}
    return {"main.tf.json": json.dumps(whole, indent="\t") + "\n"}


def _template(gap: Mapping[str, Any]) -> dict[str, Any]:
    """The stack as CloudFormation has it, its functions in long form."""
    stack = {**WHOLE, **gap}
    name = {"Fn::GetAtt": ["Endpoint", "EndpointName"]}
    dimensions = [{"Name": "EndpointName", "Value": name}]
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "reader-v3",
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1,
    }
    output = {"OutputConfig": {"S3OutputPath": "s3://example-reader/out/"}}
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "Config": ("SageMaker::EndpointConfig", {"ProductionVariants": [variant], "AsyncInferenceConfig": output}),
        "Endpoint": ("SageMaker::Endpoint", {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}}),
    }
    if stack["target"] is not None:
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": {"Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/AllTraffic"},
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "MinCapacity": stack["target"],
            "MaxCapacity": 3,
        }
        made["Target"] = ("ApplicationAutoScaling::ScalableTarget", target)
    if stack["backlog"] is not None:
        metric = {
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Namespace": "AWS/SageMaker",
            "Statistic": "Average",
            "Dimensions": dimensions,
        }
        tracking: dict[str, Any] = {"TargetValue": 5, "CustomizedMetricSpecification": metric}
        tracking |= {"DisableScaleIn": True} if stack["backlog"] == "disabled" else {}
        policy = {
            "PolicyName": "backlog",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "TargetTrackingScalingPolicyConfiguration": tracking,
        }
        made["Backlog"] = ("ApplicationAutoScaling::ScalingPolicy", policy)
    if stack["steps"]:
        steps = {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        }
        policy = {
            "PolicyName": "wake",
            "PolicyType": "StepScaling",
            "ScalingTargetId": {"Ref": "Target"},
            "StepScalingPolicyConfiguration": steps,
        }
        made["Wake"] = ("ApplicationAutoScaling::ScalingPolicy", policy)
    if stack["alarm"]:
        alarm = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "HasBacklogWithoutCapacity",
            "Dimensions": dimensions,
            "Statistic": "Average",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1,
            "Period": 60,
            "EvaluationPeriods": 2,
            "AlarmActions": [{"Ref": "Wake"}],
        }
        made["Alarm"] = ("CloudWatch::Alarm", alarm)
    return {
        "Resources": {
            key: {"Type": f"AWS::{kind}", "Properties": properties} for key, (kind, properties) in made.items()
        }
    }


def _yaml(gap: Mapping[str, Any]) -> dict[str, str]:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, _: Any) -> bool:
            return True

    return {"template.yaml": yaml.dump(_template(gap), Dumper=Plain, sort_keys=False)}


def _sam(gap: Mapping[str, Any]) -> dict[str, str]:
    function = "  Caller:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: a.b, Runtime: python3.13}\n"
    return {"template.yaml": "Transform: AWS::Serverless-2016-10-31\n" + _yaml(gap)["template.yaml"] + function}


def _json(gap: Mapping[str, Any]) -> dict[str, str]:
    return {"template.json": json.dumps(_template(gap), indent=2)}


FORMS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "root": _root,
    "module": _module,
    "for_each": _for_each,
    "JSON syntax": _json_syntax,
    "YAML": _yaml,
    "SAM": _sam,
    "JSON": _json,
}


def _texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _put(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("form", FORMS)
def test_a_gap_is_closed_once_and_for_all(
    tmp_path: Path, form: str, gap: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = FORMS[form](GAPS[gap])
    _put(tmp_path, texts)
    path = next((name for name in texts if name.startswith("template")), ".")
    assert failing(capsys, path)
    fix(path)
    assert failing(capsys, path) == set()
    once = _texts(tmp_path)
    fix(path)
    assert _texts(tmp_path) == once


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_stack_has_nothing_to_fix(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _put(tmp_path, FORMS[form]({}))
    path = next((name for name in FORMS[form]({}) if name.startswith("template")), ".")
    assert failing(capsys, path) == set()


def test_of_every_policy_there_is_an_edit_or_the_reason_why_not() -> None:
    """And never both: what a reason says would not be said."""
    told = LEFT_TO_PEOPLE.keys()
    assert {policy.id for policy in bundled() if not is_mended_here(policy.id)} == told


STACKS = [
    *sorted(path for path in (PROJECT / "tests" / "scenarios").iterdir() if [*path.glob("*.tf")]),
    PROJECT / "examples" / "storefront",
]
USAGE = (
    "resource_type_default_usage:\n  aws_sagemaker_endpoint: {instance_requests_per_minute: 600, max_instances: 8}\n"
)


def _fixed_stack(stack: Path, folder: Path) -> list[str]:
    """Fix a copy of a scenario with numbers of usage; the files that are other than before."""
    shutil.copytree(stack, folder, ignore=shutil.ignore_patterns("guardrail-usage.yml", "before"))
    (folder / "usage.yml").write_text(USAGE)
    before = _texts(folder)
    fix(str(folder), "--usage-file", str(folder / "usage.yml"))
    after = _texts(folder)
    fix(str(folder), "--usage-file", str(folder / "usage.yml"))
    assert _texts(folder) == after
    return [name for name in after if after[name] != before.get(name)]


@pytest.mark.parametrize("stack", STACKS, ids=lambda path: path.name)
def test_a_second_run_changes_nothing_and_what_was_formatted_stays_so(stack: Path, tmp_path: Path) -> None:
    changed = _fixed_stack(stack, tmp_path / "stack")
    if changed and shutil.which("terraform"):
        formatted = subprocess.run(
            ["terraform", "fmt", "-list=true", "-write=false", *changed],  # noqa: S607 - whichever there is
            cwd=tmp_path / "stack",
            capture_output=True,
            text=True,
            check=True,
        )
        assert [name for name in formatted.stdout.split() if not _is_unformatted(stack / name)] == []


def _mirror() -> Path:
    """Where a provider of AWS's lies that needs no network; the test is skipped where there is none."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    for mirror in MIRRORS:  # a look through the whole disk takes longer than the plan
        if [*mirror.glob("*/hashicorp/aws/*/*/terraform-provider-aws_v*")]:
            return mirror
    if not TOOLS.is_file():
        pytest.skip("../shared is not beside the checkout: nothing tells where a provider lies")
    spec = importlib.util.spec_from_file_location("real_plan", TOOLS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        found: Path = module.provider_mirror()
    except SystemExit as missing:
        pytest.skip(str(missing))
    return found


def test_terraform_takes_what_was_written_and_plans_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = _mirror()
    calls = []
    for number, (gap, form) in enumerate((gap, form) for gap in GAPS for form in ("root", "for_each", "JSON syntax")):
        folder = tmp_path / f"stack{number}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        _put(folder, FORMS[form](GAPS[gap]))
        fix()
        calls.append(f'module "stack{number}" {{\n  source = "./stack{number}"\n}}\n')
    flags = ("skip_credentials_validation", "skip_requesting_account_id", "skip_metadata_api_check")
    offline = "".join(f"  {flag} = true\n" for flag in flags)
    keys = '  region = "us-east-1"\n  access_key = "none"\n  secret_key = "none"\n'
    _put(tmp_path, {"main.tf": f'provider "aws" {{\n{keys}{offline}}}\n' + "".join(calls)})
    for text in tmp_path.glob("stack*/main.tf"):
        text.write_text(text.read_text().replace(PROVIDER, ""))
    for text in tmp_path.glob("stack*/main.tf.json"):
        text.write_text(json.dumps({"resource": json.loads(text.read_text())["resource"]}))
    settings = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    (tmp_path / "tf.rc").write_text(f"disable_checkpoint = true\n{settings}")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(tmp_path / "tf.rc"), "TF_IN_AUTOMATION": "1", "GOGC": "800"}
    planned = ""
    for command in (["init"], ["plan", "-input=false", "-refresh=false"]):  # which validates first
        ran = subprocess.run(
            ["terraform", *command, "-no-color"],  # noqa: S607 - whichever there is
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        planned = ran.stdout
    # of each gap three stacks, one of them of two queues: 4 alarms for each
    assert planned.count('resource "aws_cloudwatch_metric_alarm" "reader_wake"') == 4 * len(GAPS)


def _is_unformatted(path: Path) -> bool:
    command = ["terraform", "fmt", "-check", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode != 0
