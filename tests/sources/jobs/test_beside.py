"""What SageMaker bills for beside inference is counted in every language, and what is validated once runs its jobs."""

import json
from pathlib import Path
from typing import Any

import pytest

from guardrail import sources
from guardrail.model import ChangeSet, Unknown
from tests.sources.plans import change, plan

SOURCE = """
provider "aws" { region = "us-east-1" }
resource "aws_sagemaker_notebook_instance" "lab" { count = 2 }
resource "aws_sagemaker_monitoring_schedule" "drift" {}
resource "aws_sagemaker_domain" "studio" {}
resource "aws_s3_bucket" "lab" {
  count  = var.on ? 1 : 0
  bucket = var.on ? "a" : "b"
}
resource "aws_sfn_state_machine" "other" { definition = "{}" }
variable "on" { type = bool }
"""
COUNTED = {"notebook instance": 2, "Model Monitor schedule": 1, "Studio domain": 1}
PLAN = plan(
    change("aws_sagemaker_notebook_instance.lab[0]", {"instance_type": "ml.t3.medium"}),
    change("aws_sagemaker_notebook_instance.lab[1]", {"instance_type": "ml.t3.medium"}),
    change("aws_sagemaker_monitoring_schedule.drift", {"name": "drift"}),
    change("aws_sagemaker_domain.studio", {"domain_name": "studio"}),
    change("aws_s3_bucket.lab[0]", {"bucket": "lab"}),
    change("aws_sagemaker_app.gone", None, before={"app_name": "gone"}),
)
TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {
        "Lab": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {"InstanceType": "ml.t3.medium"}},
        "Other": {"Type": "AWS::SageMaker::NotebookInstance", "Condition": "IsProd"},
        "Drift": {"Type": "AWS::SageMaker::MonitoringSchedule", "Properties": {"MonitoringScheduleConfig": {}}},
        "Studio": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": "studio"}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Condition": "IsProd", "Properties": {"BucketName": {"Ref": "Stage"}}},
    },
}


def read(tmp_path: Path, name: str, content: str) -> ChangeSet:
    path = tmp_path / name
    path.write_text(content)
    if name.endswith(".tf"):
        (found,) = sources.read_terraform([str(tmp_path)])
        return found
    return sources.read(str(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [("main.tf", SOURCE), ("plan.json", json.dumps(PLAN)), ("template.json", json.dumps(TEMPLATE))],
)
def test_what_bills_beside_inference_is_counted_and_decides_nothing(name: str, content: str, tmp_path: Path) -> None:
    found = read(tmp_path, name, content)
    assert not [notice for notice in found.notices if "lab" in notice or "Bucket" in notice]
    assert found.after.other_jobs == COUNTED
    assert (found.coverage.seen, found.skipped, found.possibilities) == (0, (), ())


PROFILE = {
    "ProfileName": "smoke",
    "TransformJobDefinition": {
        "MaxConcurrentTransforms": 17,
        "MaxPayloadInMB": 6,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": "s3://in/one.csv"}}, "SplitType": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
    },
}
PACKAGE = {
    "Type": "AWS::SageMaker::ModelPackage",
    "Properties": {"ModelPackageName": "churn", "ValidationSpecification": {"ValidationProfiles": [PROFILE]}},
}
ALGORITHM = """
provider "aws" { region = "us-east-1" }
resource "aws_sagemaker_algorithm" "churn" {
  algorithm_name = "churn"
  validation_specification {
    validation_profiles {
      profile_name = "smoke"
      training_job_definition { training_input_mode = "File" }
      transform_job_definition {
        max_concurrent_transforms = 17
        max_payload_in_mb         = 6
        transform_input {
          split_type = "Line"
          data_source {
            s3_data_source { s3_uri = "s3://in/one.csv" }
          }
        }
        transform_resources {
          instance_type  = "ml.m5.xlarge"
          instance_count = 2
        }
      }
    }
  }
}
"""
NESTED = {
    "profile_name": "smoke",
    "transform_job_definition": {
        "max_concurrent_transforms": 17,
        "max_payload_in_mb": 6,
        "transform_input": {"split_type": "Line", "data_source": {"s3_data_source": {"s3_uri": "s3://in/one.csv"}}},
        "transform_resources": {"instance_type": "ml.m5.xlarge", "instance_count": 2},
    },
}
AWSCC = plan(
    change(
        "awscc_sagemaker_model_package.churn",
        {"model_package_name": "churn", "validation_specification": {"validation_profiles": [NESTED]}},
    )
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("template.json", json.dumps({"Resources": {"Churn": PACKAGE}})),
        ("main.tf", ALGORITHM),
        ("plan.json", json.dumps(AWSCC)),
    ],
)
def test_a_validation_runs_its_jobs_once_in_every_language(name: str, content: str, tmp_path: Path) -> None:
    found = read(tmp_path, name, content)
    (workflow,) = found.after.workflows
    (job,) = workflow.jobs
    assert (workflow.once, workflow.name, job.label) == (True, "churn", "smoke")
    assert (job.instance_types, job.instance_count) == (("ml.m5.xlarge",), 2)
    assert (job.max_concurrent_transforms, job.max_payload_mb) == (17, 6)
    assert (job.split_type, job.s3_uri, job.has_fixed_name) == ("Line", "s3://in/one.csv", False)


def test_the_training_of_a_validation_is_counted_beside_it(tmp_path: Path) -> None:
    assert read(tmp_path, "main.tf", ALGORITHM).after.other_jobs == {"training job": 1}


@pytest.mark.parametrize("properties", [{}, {"ValidationSpecification": {"Ref": "AWS::NoValue"}}])
def test_a_model_package_without_a_validation_is_nothing_here(properties: dict[str, Any], tmp_path: Path) -> None:
    stack = {"Resources": {"Churn": {"Type": "AWS::SageMaker::ModelPackage", "Properties": properties}}}
    found = read(tmp_path, "template.json", json.dumps(stack))
    assert (found.after.workflows, found.coverage.seen) == ((), 0)


def test_a_validation_that_is_not_known_is_named(tmp_path: Path) -> None:
    stack = {
        "Parameters": {"Profiles": {"Type": "String"}},
        "Resources": {
            "Churn": {
                "Type": "AWS::SageMaker::ModelPackage",
                "Properties": {"ValidationSpecification": {"ValidationProfiles": {"Ref": "Profiles"}}},
            }
        },
    }
    (skipped,) = read(tmp_path, "template.json", json.dumps(stack)).skipped
    assert skipped.affects_total
    assert "validation" in skipped.reason


def test_a_size_that_is_not_known_is_unknown(tmp_path: Path) -> None:
    source = ALGORITHM.replace('"ml.m5.xlarge"', "var.type") + 'variable "type" {}\n'
    (workflow,) = read(tmp_path, "main.tf", source).after.workflows
    (type_,) = workflow.jobs[0].instance_types
    assert isinstance(type_, Unknown)


def test_drift_of_what_is_only_counted_is_not_told(tmp_path: Path) -> None:
    lab = "aws_sagemaker_notebook_instance.lab"
    drifted = change(lab, {"url": "new"}, before={"url": "old"})
    found = read(tmp_path, "plan.json", json.dumps(plan(change(lab, {"url": "new"}), resource_drift=[drifted])))
    assert found.after.other_jobs == {"notebook instance": 1}
    assert found.notices == ()
