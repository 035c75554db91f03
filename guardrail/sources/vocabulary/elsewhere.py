"""Resources that make SageMaker inference out of a definition written in terms of its own.

A stack set deploys a template, a state machine or a schedule calls SageMaker's API, a pipeline runs steps. Where such a
definition is not read, what it makes is in no total, so the resource must be named, unless its definition is at hand
and mentions nothing of the kind. What is read is what starts transform jobs (`guardrail.sources.jobs`). Both
vocabularies ask the one table of this module.

Sources: the schemas of hashicorp/aws 6.25.0 and hashicorp/awscc 1.x, CloudFormation's resource types, "SageMaker AI
integration" in the Step Functions guide (docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html),
"Universal targets" in the EventBridge Scheduler guide.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from guardrail.expressions import expression
from guardrail.model import Unknown

_RESOURCES = expression(
    r"AWS::SageMaker::(?:Endpoint|Inference|Pipeline)|AWS::(?:CloudFormation::Stack|Serverless::Application)"
    r"|AWS::StepFunctions::StateMachine|AWS::Scheduler::Schedule|::MODULE\b|Fn::Transform"
)
"""What in a template may make SageMaker inference."""
_CALLS = expression(
    r"sagemaker:(?:(?:create|update)(?:endpoint|transformjob|inference)|start(?:pipelineexecution|inference))"
    r"|arn:[\w-]+:sagemaker:[^\"']*:pipeline/|\bTransformResources\b",
    re.IGNORECASE,
)
"""What in a state machine or the target of a schedule calls for SageMaker inference."""
_NESTED = expression(r"(?:states|sfn):startExecution", re.IGNORECASE)
_STEPS = expression(
    r"""["']type["']\s*:\s*["'](?:transform|lambda|callback)["']|TransformResources|endpoint""", re.IGNORECASE
)
"""What in a SageMaker pipeline runs inference, or something that may."""
STARTS_OTHERS = "it starts another state machine, and its definition cannot be read"
"""What is to be said of a state machine that itself mentions nothing of SageMaker."""
_ESCAPED = expression(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


class _DefinitionKind(Struct, frozen=True):
    """A kind of definition outside SageMaker: the properties that hold it, and the patterns to look for in it."""

    noun: str
    makes: re.Pattern[str]
    attributes: tuple[str, ...]
    is_needed: bool = True
    """Whether a definition that is not at hand may be one that makes inference."""
    nests: re.Pattern[str] | None = None
    """What in it starts something else that may make inference."""
    filled: tuple[str, ...] = ()
    """Where that stands which is filled in into it, so that it may call what it does not name."""

    def reason(self, attribute: Callable[[str], Any]) -> str | None:
        """See `reason` below."""
        values = [value for name in self.attributes if (value := attribute(name)) not in (None, "", [], {})]
        texts = [_plain(value) for value in values]
        filled = [_plain(value) for name in self.filled if (value := attribute(name)) is not None]
        if any(self.makes.search(text) for text in (*texts, *filled)):
            return f"its {self.noun} makes SageMaker inference that is in no total: check it on its own"
        if self.is_needed and any(isinstance(value, (bool, int, float, list)) for value in values):
            return f"its {self.noun} cannot be read, and may make SageMaker inference"
        if self.is_needed and not any(texts):
            return f"its {self.noun} is not known here, and may make SageMaker inference"
        return STARTS_OTHERS if self.nests and any(self.nests.search(text) for text in texts) else None


def _plain(value: Any) -> str:
    """What is known of a value as text, in which no escape hides a letter; "" for a place in S3."""
    if isinstance(value, dict) and any("s3" in str(name).lower() and place for name, place in value.items()):
        return ""
    known = (value.partial or "") if isinstance(value, Unknown) else value
    if isinstance(value, Unknown) and "{" not in known.replace("${", ""):
        return ""  # what it is called, and nothing of what it says
    text = str.__str__(known) if isinstance(known, str) else str(known)  # looked through, and never printed
    return _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


_FILLED = ("DefinitionSubstitutions",)
_DEFINITIONS = {
    type_: definition
    for definition, types in (
        (_DefinitionKind("type", _RESOURCES, ("TypeName",)), "aws_cloudcontrolapi_resource"),
        (
            _DefinitionKind("template", _RESOURCES, ("TemplateBody",)),
            """AWS::CloudFormation::StackSet aws_cloudformation_stack aws_cloudformation_stack_set
            awscc_cloudformation_stack awscc_cloudformation_stack_set""",
        ),
        (
            _DefinitionKind("definition", _CALLS, ("DefinitionString", "Definition"), nests=_NESTED, filled=_FILLED),
            """AWS::Serverless::StateMachine AWS::StepFunctions::StateMachine aws_sfn_state_machine
            awscc_stepfunctions_state_machine""",
        ),
        (
            _DefinitionKind("definition", _STEPS, ("PipelineDefinition",)),
            "AWS::SageMaker::Pipeline aws_sagemaker_pipeline awscc_sagemaker_pipeline",
        ),
        (
            # targets that are not known are resources of the same source, most often queues and functions
            _DefinitionKind("target", _CALLS, ("Arn", "Target", "Targets"), is_needed=False),
            """AWS::Events::Rule AWS::Scheduler::Schedule aws_cloudwatch_event_target aws_scheduler_schedule
            awscc_events_rule awscc_scheduler_schedule""",
        ),
        (
            _DefinitionKind("product", _RESOURCES, ()),
            """AWS::SageMaker::Project AWS::ServiceCatalog::CloudFormationProvisionedProduct aws_sagemaker_project
            aws_serverlessapplicationrepository_cloudformation_stack aws_servicecatalog_provisioned_product
            awscc_sagemaker_project awscc_servicecatalog_cloudformation_provisioned_product""",
        ),
    )
    for type_ in types.split()
}
"""By resource type of any language, with properties in CloudFormation's names."""

_BESIDE = {
    "app": "Studio app",
    "cluster": "HyperPod cluster",
    "domain": "Studio domain",
    "hyper_parameter_tuning_job": "tuning job",
    "labeling_job": "labeling job",
    "mlflow_app": "MLflow app",
    "mlflow_tracking_server": "MLflow tracking server",
    "monitoring_schedule": "Model Monitor schedule",
    "notebook_instance": "notebook instance",
    "partner_app": "partner app",
    "processing_job": "processing job",
    "space": "Studio space",
    "training_job": "training job",
}
"""What SageMaker bills for beside inference, as Terraform calls it: it is counted, and belongs to no total here."""
BESIDE = {
    type_: noun
    for name, noun in _BESIDE.items()
    for type_ in (
        f"aws_sagemaker_{name}",
        f"awscc_sagemaker_{name}",
        f"AWS::SageMaker::{name.replace('_', ' ').title().replace(' ', '')}",
    )
}
"""The same by resource type of any language: ``AWS::SageMaker::Cluster`` is a HyperPod cluster."""

TYPES = _DEFINITIONS.keys() | BESIDE.keys()
"""Every type that may make inference, or bills beside it."""


def reason(type_: str, attribute: Callable[[str], Any]) -> str | None:
    """The notice about a resource that may make SageMaker inference; None for any other.

    ``attribute`` gives the value of a property, by CloudFormation's name, as far as it is known: text, or what stands
    in its place (a template's intrinsic functions: what they join is looked at too), None where it is not set,
    `Unknown`.
    """
    definition = _DEFINITIONS.get(type_)
    return None if definition is None else definition.reason(attribute)
