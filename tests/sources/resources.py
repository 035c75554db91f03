"""One resource written in each language, and declared without a reader around it.

Properties have CloudFormation's names here; ``written`` spells them as hashicorp/aws and awscc do, by rules of its own.
"""

import re
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from guardrail.sources.base import Block, View
from guardrail.sources.declarations import Declaration
from guardrail.sources.hcl.reader import Arguments
from guardrail.sources.plan.view import PlanView
from guardrail.sources.template.properties import Properties
from guardrail.sources.template.values import Hidden, is_hidden
from guardrail.sources.vocabulary.kinds import declare
from guardrail.sources.vocabulary.spellings import spelling_of

Language: TypeAlias = Literal["aws", "aws source", "awscc", "cloudformation"]
LANGUAGES: tuple[Language, ...] = ("aws", "aws source", "awscc", "cloudformation")
"""hashicorp/aws as a plan and as source have it, awscc as a plan has it, a template."""

TYPES = {
    "SageMaker::Endpoint": ("aws_sagemaker_endpoint", "awscc_sagemaker_endpoint"),
    "SageMaker::EndpointConfig": ("aws_sagemaker_endpoint_configuration", "awscc_sagemaker_endpoint_config"),
    "SageMaker::InferenceComponent": ("aws_sagemaker_inference_component", "awscc_sagemaker_inference_component"),
    "SageMaker::InferenceExperiment": ("", "awscc_sagemaker_inference_experiment"),
    "SageMaker::Model": ("aws_sagemaker_model", "awscc_sagemaker_model"),
    "ApplicationAutoScaling::ScalableTarget": (
        "aws_appautoscaling_target",
        "awscc_applicationautoscaling_scalable_target",
    ),
    "ApplicationAutoScaling::ScalingPolicy": (
        "aws_appautoscaling_policy",
        "awscc_applicationautoscaling_scaling_policy",
    ),
    "ApplicationAutoScaling::ScheduledAction": ("aws_appautoscaling_scheduled_action", ""),
    "CloudWatch::Alarm": ("aws_cloudwatch_metric_alarm", "awscc_cloudwatch_alarm"),
    "Budgets::Budget": ("aws_budgets_budget", "awscc_budgets_budget"),
}
"""The resource types of hashicorp/aws and awscc."""

OWN_NAMES = {
    "aws_sagemaker_endpoint": {"EndpointName": "name"},
    "aws_sagemaker_endpoint_configuration": {"EndpointConfigName": "name", "KmsKeyId": "kms_key_arn"},
    "aws_sagemaker_inference_component": {"InferenceComponentName": "name"},
    "aws_sagemaker_model": {"ModelName": "name", "Containers": "container"},
    "aws_appautoscaling_policy": {"StepAdjustments": "step_adjustment"},
    "aws_cloudwatch_metric_alarm": {"Metrics": "metric_query", "MetricStat": "metric"},
}
MAPS = {"tags": ("key", "value"), "dimensions": ("name", "value")}
"""What is a map at the top of a block of hashicorp/aws, and a list of objects elsewhere."""


class Secret(Struct, frozen=True):
    """A value that its source marks sensitive."""

    value: Any


class Plain(Struct, frozen=True):
    """A value that is written as it is: a map whose keys are no names of properties."""

    value: Any


def type_in(language: Language, kind: str) -> str:
    """The resource type of ``AWS::KIND`` in a language."""
    if language == "cloudformation":
        return f"AWS::{kind}"
    return TYPES[kind][1 if language == "awscc" else 0]


def name_in(language: Language, kind: str, name: str) -> str:
    """``instance_type`` for ``InstanceType``."""
    if language == "cloudformation":
        return name
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return OWN_NAMES.get(type_in(language, kind), {}).get(name, snake)


def declared_in(language: Language, kind: str, address: str = "Thing", /, **properties: Any) -> Declaration:
    """What ``AWS::KIND`` declares with these properties in a language."""
    type_ = type_in(language, kind)
    if language == "cloudformation":
        values: Any = _revealed(properties)
        view: View = Properties(values, spelling_of(type_), marks=is_hidden(values))
    else:
        values, marks = _marked(_spelled(properties, language, kind, top=True))
        reads = Arguments if language == "aws source" else PlanView
        view = reads(values, spelling_of(type_), marks=marks)
    return declare(
        Block(
            address=address,
            type=type_,
            provider="",
            region="us-east-1",
            attributes=view,
            change="create",
            references=view.references,
        )
    )


def declared(kind: str, address: str = "Thing", /, **properties: Any) -> Declaration:
    """What a resource of a template declares."""
    return declared_in("cloudformation", kind, address, **properties)


def _spelled(value: Any, language: Language, kind: str, *, top: bool = False) -> Any:
    """The properties of an object as Terraform writes them: hashicorp/aws has blocks where awscc has objects."""
    if isinstance(value, Plain):
        return value.value
    if isinstance(value, Secret):
        return Secret(_spelled(value.value, language, kind))
    if isinstance(value, list):
        items = [_spelled(item, language, kind) for item in value]
        return [item[0] if isinstance(item, list) else item for item in items]
    if not isinstance(value, dict):
        return value
    found = {name_in(language, kind, name): _spelled(item, language, kind) for name, item in value.items()}
    if language == "awscc":
        return found
    for name in MAPS.keys() & found.keys() if top else ():
        key, text = MAPS[name]
        found[name] = {pair[key]: pair[text] for pair in found[name]}
    return found if top else [found]


def _revealed(value: Any) -> Any:
    """Properties whose secrets come from NoEcho parameters."""
    if isinstance(value, Secret):
        return _hidden(value.value)
    if isinstance(value, Plain):
        return value.value
    if isinstance(value, dict):
        return {name: _revealed(item) for name, item in value.items()}
    return [_revealed(item) for item in value] if isinstance(value, list) else value


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(item) for name, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else Hidden(str(value))


def _marked(value: Any) -> tuple[Any, Any]:
    """A value without its secrets, and their places as a plan tells them."""
    if isinstance(value, Secret):
        return _marked(value.value)[0], True
    if isinstance(value, dict):
        items = {name: _marked(item) for name, item in value.items()}
        return {name: item for name, (item, _) in items.items()}, {
            name: mark for name, (_, mark) in items.items() if mark
        }
    if isinstance(value, list):
        pairs = [_marked(item) for item in value]
        marks = [mark or False for _, mark in pairs]
        return [item for item, _ in pairs], marks if any(marks) else None
    return value, None
