"""Buckets that transform jobs write to: whether what is left of broken uploads ends, by the rules of each language."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.model import Inventory, Unknown
from tests.sources.plans import Json, change, plan

RULE = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
OUT = "s3://scores/out/"


def definition(output: str) -> str:
    request = {
        "TransformJobName.$": "$$.Execution.Name",
        "ModelName": "churn",
        "TransformOutput": {"S3OutputPath": output},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    call = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync", "Parameters": request}
    return json.dumps({"StartAt": "Score", "States": {"Score": {**call, "End": True}}})


def end_of(inventory: Inventory) -> bool | Unknown | None:
    ((job,),) = [workflow.jobs for workflow in inventory.workflows]
    return job.uploads_end


def in_template(tmp_path: Path, output: str, properties: Any) -> bool | Unknown | None:
    machine = {"DefinitionString": {"Fn::Sub": definition(output)}}
    resources = {
        "Scores": {"Type": "AWS::S3::Bucket", "Properties": properties},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": resources}))
    return end_of(sources.read(str(path)).after)


@pytest.mark.parametrize("output", ["s3://${Scores}/out/", OUT], ids=["by reference", "by name"])
@pytest.mark.parametrize(
    ("rules", "ends"),
    [
        (None, False),
        ([RULE], True),
        ([{**RULE, "Status": "Disabled"}], False),
        ([{"Status": "Enabled", "ExpirationInDays": 7}], False),
        ([{**RULE, "Prefix": "out/"}], True),
        ([{**RULE, "Prefix": "tmp/"}], False),
        ([{**RULE, "Prefix": "tmp/"}, RULE], True),
    ],
)
def test_a_rule_of_a_bucket_ends_uploads_below_its_prefix(output: str, rules: Any, ends: bool, tmp_path: Path) -> None:  # noqa: FBT001
    properties = {"BucketName": "scores"} | ({} if rules is None else {"LifecycleConfiguration": {"Rules": rules}})
    assert in_template(tmp_path, output, properties) is ends


@pytest.mark.parametrize(
    ("output", "prefix", "ends"),
    [
        ("s3://${Scores}/out", "out/", True),  # out/input.csv.out is what it writes
        ("s3://${Scores}/out", "out/deep/", False),
        ("s3://${Scores}/out/${Stage}", "out/", True),
        ("s3://${Scores}/out/${Stage}", "tmp/", False),
        ("s3://${Scores}/out/${Stage}", "out/prod/", Unknown("where in its bucket it writes is not known")),
    ],
)
def test_a_rule_is_for_what_lies_below_the_output(output: str, prefix: str, ends: Any, tmp_path: Path) -> None:
    rules = [{**RULE, "Prefix": prefix}]
    text = json.dumps(
        {
            "Parameters": {"Stage": {"Type": "String"}},
            "Resources": {
                "Scores": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": rules}}},
                "Machine": {
                    "Type": "AWS::StepFunctions::StateMachine",
                    "Properties": {"DefinitionString": {"Fn::Sub": definition(output)}},
                },
            },
        }
    )
    (tmp_path / "template.json").write_text(text)
    assert end_of(sources.read(str(tmp_path / "template.json")).after) == ends


def test_rules_that_are_not_written_out_are_unknown_and_a_bucket_elsewhere_says_nothing(tmp_path: Path) -> None:
    decided = {"Fn::If": ["IsProd", {"Rules": [RULE]}, {"Ref": "AWS::NoValue"}]}
    found = in_template(tmp_path, "s3://${Scores}/out/", {"LifecycleConfiguration": decided})
    assert isinstance(found, Unknown)
    assert in_template(tmp_path, "s3://elsewhere/out/", {"BucketName": "scores"}) is None
    assert in_template(tmp_path, "s3://${Scores}", {"LifecycleConfiguration": {"Rules": [RULE]}}) is True


SOURCE = """
provider "aws" { region = "us-east-1" }
resource "aws_s3_bucket" "scores" {
  %s
}
resource "aws_sfn_state_machine" "scoring" {
  name       = "scoring"
  role_arn   = "arn:aws:iam::111122223333:role/x"
  definition = jsonencode({
    StartAt = "Score"
    States = { Score = {
      Type = "Task", End = true, Resource = "arn:aws:states:::sagemaker:createTransformJob.sync"
      Parameters = {
        "TransformJobName.$" = "$$.Execution.Name"
        ModelName            = "churn"
        TransformOutput      = { S3OutputPath = "s3://${aws_s3_bucket.scores.%s}/out/" }
        TransformResources   = { InstanceType = "ml.m5.large", InstanceCount = 1 }
      }
    } }
  })
}
"""
OWN_RULES = """
resource "aws_s3_bucket_lifecycle_configuration" "scores" {
  bucket = aws_s3_bucket.scores.id
  rule {
    id     = "uploads"
    status = "Enabled"
    filter { prefix = "%s" }
    abort_incomplete_multipart_upload { days_after_initiation = 7 }
  }
}
"""
INSIDE = """lifecycle_rule {
    enabled = %s
    abort_incomplete_multipart_upload_days = 7
  }"""


@pytest.mark.parametrize("attribute", ["bucket", "id"])
@pytest.mark.parametrize("name", ['bucket = "scores"', 'bucket_prefix = "scores"', ""])
@pytest.mark.parametrize(
    ("rules", "ends"), [("", False), (OWN_RULES % "", True), (OWN_RULES % "out/", True), (OWN_RULES % "tmp/", False)]
)
def test_rules_of_their_own_are_those_of_their_bucket(
    attribute: str,
    name: str,
    rules: str,
    ends: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    (tmp_path / "main.tf").write_text(SOURCE % (name, attribute) + rules)
    (found,) = sources.read_terraform([str(tmp_path)])
    assert end_of(found.after) is ends


@pytest.mark.parametrize(("enabled", "ends"), [("true", True), ("false", False)])
def test_rules_inside_a_bucket_of_terraform_count_too(enabled: str, ends: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "main.tf").write_text(SOURCE % (INSIDE % enabled, "id"))
    (found,) = sources.read_terraform([str(tmp_path)])
    assert end_of(found.after) is ends


def planned(tmp_path: Path, *others: Json) -> bool | Unknown | None:
    bucket = {"bucket": "scores", "lifecycle_rule": []}
    path = tmp_path / "plan.json"
    machine = change("aws_sfn_state_machine.scoring", {"name": "scoring", "definition": definition(OUT)})
    path.write_text(json.dumps(plan(change("aws_s3_bucket.scores", bucket), machine, *others)))
    return end_of(sources.read(str(path)).after)


def test_a_plan_tells_the_rules_of_a_bucket_by_its_name(tmp_path: Path) -> None:
    rule = {
        "id": "uploads",
        "status": "Enabled",
        "filter": [{"prefix": "", "and": []}],
        "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}],
    }
    assert planned(tmp_path) is False
    own = change("aws_s3_bucket_lifecycle_configuration.scores", {"bucket": "scores", "rule": [rule]})
    assert planned(tmp_path, own) is True
    off = change(
        "aws_s3_bucket_lifecycle_configuration.scores", {"bucket": "scores", "rule": [{**rule, "status": "Disabled"}]}
    )
    assert planned(tmp_path, off) is False
