"""Resources that make SageMaker inference out of a definition written in terms of its own, which is not read.

A stack set deploys a template, a state machine or a schedule calls SageMaker's API, a pipeline runs steps. What such a
resource makes is in no total, so it must be named, unless its definition is at hand and mentions nothing of the kind.
Both vocabularies ask the one table of this module.

Sources: the schemas of hashicorp/aws 6.25.0 and hashicorp/awscc 1.x, CloudFormation's resource types, "SageMaker AI
integration" in the Step Functions guide (docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html),
"Universal targets" in the EventBridge Scheduler guide.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from guardrail.model import Unknown

_RESOURCES = re.compile(
    r"AWS::SageMaker::(?:Endpoint|Inference|Pipeline)|AWS::(?:CloudFormation::Stack|Serverless::Application)"
    r"|AWS::StepFunctions::StateMachine|AWS::Scheduler::Schedule|::MODULE\b|Fn::Transform"
)
"""What in a template may make SageMaker inference."""
_CALLS = re.compile(
    r"sagemaker:(?:(?:create|update)(?:endpoint|transformjob|inference)|start(?:pipelineexecution|inference))"
    r"|arn:[\w-]+:sagemaker:[^\"']*:pipeline/",
    re.IGNORECASE,
)
"""What in a state machine or the target of a schedule calls for SageMaker inference."""
_STEPS = re.compile(r"""["']type["']\s*:\s*["'](?:transform|lambda|callback)["']|endpoint""", re.IGNORECASE)
"""What in a SageMaker pipeline runs inference, or something that may."""
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


class _Definition(Struct, frozen=True):
    """Where the definition of a resource stands, and what to look for in it."""

    noun: str
    makes: re.Pattern[str]
    attributes: tuple[str, ...]
    is_needed: bool = True
    """Whether a definition that is not at hand may be one that makes inference."""

    def reason(self, attribute: Callable[[str], Any]) -> str | None:
        """See `reason` below."""
        values = [value for name in self.attributes if (value := attribute(name)) not in (None, "", [], {})]
        texts = [_plain(value) for value in values]
        if any(self.makes.search(text) for text in texts):
            return f"its {self.noun} makes SageMaker inference that is in no total: check it on its own"
        if self.is_needed and not any(texts):
            return f"its {self.noun} is not known here, and may make SageMaker inference"
        return None


def _plain(value: Any) -> str:
    """What is known of a value as text, in which no escape hides a letter; "" for a place in S3."""
    if isinstance(value, dict) and any("s3" in str(name).lower() and place for name, place in value.items()):
        return ""
    text = str((value.partial or "") if isinstance(value, Unknown) else value)
    return _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _template(*attributes: str) -> _Definition:
    return _Definition("template", _RESOURCES, attributes)


def _state_machine(*attributes: str) -> _Definition:
    return _Definition("definition", _CALLS, attributes)


def _pipeline(*attributes: str) -> _Definition:
    return _Definition("definition", _STEPS, attributes)


def _target(*attributes: str) -> _Definition:
    """Targets that are not known are resources of the same source, most often queues and functions."""
    return _Definition("target", _CALLS, attributes, is_needed=False)


def _product() -> _Definition:
    return _Definition("product", _RESOURCES, ())


_TERRAFORM = {
    "aws_cloudcontrolapi_resource": _Definition("type", _RESOURCES, ("type_name",)),
    "aws_cloudformation_stack": _template("template_body"),
    "aws_cloudformation_stack_set": _template("template_body"),
    "aws_cloudwatch_event_target": _target("arn"),
    "aws_sagemaker_pipeline": _pipeline("pipeline_definition"),
    "aws_sagemaker_project": _product(),
    "aws_scheduler_schedule": _target("target"),
    "aws_serverlessapplicationrepository_cloudformation_stack": _product(),
    "aws_servicecatalog_provisioned_product": _product(),
    "aws_sfn_state_machine": _state_machine("definition"),
    "awscc_cloudformation_stack": _template("template_body"),
    "awscc_cloudformation_stack_set": _template("template_body"),
    "awscc_events_rule": _target("targets"),
    "awscc_sagemaker_pipeline": _pipeline("pipeline_definition"),
    "awscc_sagemaker_project": _product(),
    "awscc_scheduler_schedule": _target("target"),
    "awscc_servicecatalog_cloudformation_provisioned_product": _product(),
    "awscc_stepfunctions_state_machine": _state_machine("definition_string", "definition"),
}
_CLOUDFORMATION = {
    "AWS::CloudFormation::StackSet": _template("TemplateBody"),
    "AWS::Events::Rule": _target("Targets"),
    "AWS::SageMaker::Pipeline": _pipeline("PipelineDefinition"),
    "AWS::SageMaker::Project": _product(),
    "AWS::Scheduler::Schedule": _target("Target"),
    "AWS::Serverless::StateMachine": _state_machine("Definition"),
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": _product(),
    "AWS::StepFunctions::StateMachine": _state_machine("DefinitionString", "Definition"),
}

_BESIDE = {
    "AWS::SageMaker::Cluster": "a HyperPod cluster",
    "AWS::SageMaker::MonitoringSchedule": "Model Monitor, whose jobs run on instances of their own",
    "AWS::SageMaker::ProcessingJob": "a processing job",
    "AWS::SageMaker::TrainingJob": "a training job",
    "aws_sagemaker_monitoring_schedule": "Model Monitor, whose jobs run on instances of their own",
    "awscc_sagemaker_cluster": "a HyperPod cluster",
    "awscc_sagemaker_monitoring_schedule": "Model Monitor, whose jobs run on instances of their own",
    "awscc_sagemaker_processing_job": "a processing job",
}
"""What SageMaker bills for beside endpoints without being inference: it is named, and belongs to no total here."""

TERRAFORM_TYPES = frozenset(_TERRAFORM) | {type_ for type_ in _BESIDE if "::" not in type_}
CLOUDFORMATION_TYPES = frozenset(_CLOUDFORMATION) | {type_ for type_ in _BESIDE if "::" in type_}


def is_beside(type_: str) -> bool:
    """Whether a resource of that type bills for something else than inference: ``AWS::SageMaker::Cluster`` does."""
    return type_ in _BESIDE


def reason(type_: str, attribute: Callable[[str], Any]) -> str | None:
    """Why what a resource makes is in no total: it may be SageMaker inference, or bills beside it; None where neither.

    ``attribute`` gives the value of an attribute or property as far as it is known: text, or what is written in its
    place (a template's intrinsic functions: what they join is looked at too), None where it is not set, `Unknown`.
    """
    if type_ in _BESIDE:
        return f"{_BESIDE[type_]}: billed too, but not in these numbers"
    return (_TERRAFORM.get(type_) or _CLOUDFORMATION[type_]).reason(attribute)
