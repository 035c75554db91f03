"""One small and whole input of each kind, in all of which the same endpoint costs 338.04 USD a month.

Two ml.m5.xlarge in us-east-1 are 2 × 0.23 × 730 = 335.80, and two volumes of 8 GB, of which none says anything because
that would be optional, 2 × 8 × 0.14 = 2.24.
"""

import json
from typing import Any

from tests.sources.plans import CONFIGURATION, ENDPOINT, change, plan, standing, state

COSTS = "338.04"

VARIANT = {
    "variant_name": "main",
    "model_name": "ranker",
    "instance_type": "ml.m5.xlarge",
    "initial_instance_count": 2,
}
RESOURCES: dict[str, Any] = {
    ENDPOINT: {"name": "ranker", "endpoint_config_name": "ranker-config", "tags_all": {"team": "search"}},
    CONFIGURATION: {"name": "ranker-config", "production_variants": [VARIANT], "tags_all": {}},
}


def a_plan() -> Any:
    """A plan as Terraform writes it, with what is planned in both places."""
    planned = state(*(standing(address, values) for address, values in RESOURCES.items()))["values"]
    written = plan(*(change(address, values) for address, values in RESOURCES.items()), planned_values=planned)
    return json.loads(json.dumps(written))


def a_state() -> Any:
    """A state."""
    return json.loads(json.dumps(state(*(standing(address, values) for address, values in RESOURCES.items()))))


def terraform_json() -> Any:
    """Terraform source in JSON."""
    return {
        "provider": {"aws": {"region": "us-east-1"}},
        "resource": {
            "aws_sagemaker_endpoint": {
                "e": {"name": "ranker", "endpoint_config_name": "${aws_sagemaker_endpoint_configuration.c.name}"}
            },
            "aws_sagemaker_endpoint_configuration": {"c": {"name": "ranker-config", "production_variants": [VARIANT]}},
        },
    }


TERRAFORM = """\
resource "aws_sagemaker_endpoint" "e" {
  name                 = "ranker"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
}

resource "aws_sagemaker_endpoint_configuration" "c" {
  name = "ranker-config"
  production_variants {
    variant_name           = "main"
    model_name             = "ranker"
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 2
  }
}
"""


def template() -> Any:
    """A CloudFormation template."""
    return {
        "Resources": {
            "E": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointName": "ranker",
                    "EndpointConfigName": {"Fn::GetAtt": ["C", "EndpointConfigName"]},
                },
            },
            "C": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "main",
                            "ModelName": "ranker",
                            "InstanceType": "ml.m5.xlarge",
                            "InitialInstanceCount": 2,
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            },
        }
    }


YAML = """\
Resources:
  E:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: ranker
      EndpointConfigName: !GetAtt C.EndpointConfigName
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          ModelName: ranker
          InstanceType: ml.m5.xlarge
          InitialInstanceCount: 2
          InitialVariantWeight: 1
"""


def manifest() -> Any:
    """The manifest of a CDK output with one stack, whose template lies beside it."""
    return {
        "version": "36.0.0",
        "artifacts": {
            "Stack": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://123456789012/us-east-1",
                "properties": {"templateFile": "Stack.template.json"},
            }
        },
    }


def change_set() -> Any:
    """A change set of CloudFormation's, as describe-change-set shows it with its property values."""

    def added(logical_id: str, resource: Any) -> Any:
        context = json.dumps({"Properties": resource["Properties"]})
        detail = {"Action": "Add", "LogicalResourceId": logical_id, "ResourceType": resource["Type"]}
        return {"Type": "Resource", "ResourceChange": {**detail, "AfterContext": context}}

    resources = template()["Resources"]
    resources["E"]["Properties"]["EndpointConfigName"] = "ranker-config"
    resources["C"]["Properties"]["EndpointConfigName"] = "ranker-config"
    return {
        "StackName": "ranker",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/ranker/1",
        "ChangeSetName": "c",
        "Changes": [added(name, resource) for name, resource in resources.items()],
    }
