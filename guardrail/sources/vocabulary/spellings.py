"""How each language writes what CloudFormation names: hashicorp/aws, hashicorp/awscc and CloudFormation itself.

`guardrail.sources.vocabulary.kinds` asks for ``VolumeSizeInGB``; Terraform writes that ``volume_size_in_gb``. What
follows no rule stands here, as data, by the resource type that CloudFormation has. Sources: the schemas of
hashicorp/aws 5.100.0 and 6.25.0, the documentation of hashicorp/awscc, the AWS CloudFormation template reference.
"""

import re
from functools import cache
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.sources.vocabulary import elsewhere

Language: TypeAlias = Literal["aws", "awscc", "cloudformation"]

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words(text: str) -> frozenset[str]:
    """Names that are written with a space between them: ``MinCapacity MaxCapacity`` are two."""
    return frozenset(text.split())


AUTO_SCALING = "AWS::ApplicationAutoScaling::"
ENDPOINT = "AWS::SageMaker::Endpoint"
CONFIGURATION = "AWS::SageMaker::EndpointConfig"
COMPONENT = "AWS::SageMaker::InferenceComponent"
EXPERIMENT = "AWS::SageMaker::InferenceExperiment"
MODEL = "AWS::SageMaker::Model"
TARGET = f"{AUTO_SCALING}ScalableTarget"
POLICY = f"{AUTO_SCALING}ScalingPolicy"
SCHEDULED_ACTION = f"{AUTO_SCALING}ScheduledAction"
"""A resource in hashicorp/aws only; elsewhere it is written inside its target."""
ALARM = "AWS::CloudWatch::Alarm"
BUDGET = "AWS::Budgets::Budget"
STATE_MACHINE = "AWS::StepFunctions::StateMachine"
SAM_STATE_MACHINE = "AWS::Serverless::StateMachine"
PIPELINE = "AWS::SageMaker::Pipeline"
STARTED_BY = (STATE_MACHINE, SAM_STATE_MACHINE, PIPELINE)
MODEL_PACKAGE = "AWS::SageMaker::ModelPackage"
ALGORITHM = "AWS::SageMaker::Algorithm"
"""A resource in hashicorp/aws only."""
VALIDATED = (MODEL_PACKAGE, ALGORITHM)
"""What is validated when it is made, by jobs that run once."""
SCHEDULE = "AWS::Scheduler::Schedule"
RULE = "AWS::Events::Rule"
RULE_TARGET = "AWS::Events::Target"
"""A resource in hashicorp/aws only; elsewhere it is written inside its rule."""
BUCKET = "AWS::S3::Bucket"
LIFECYCLE = "AWS::S3::BucketLifecycleConfiguration"
"""A resource in hashicorp/aws only; elsewhere it is written inside its bucket."""

NAMED_BY = {
    ENDPOINT: "EndpointName",
    CONFIGURATION: "EndpointConfigName",
    COMPONENT: "InferenceComponentName",
    MODEL: "ModelName",
}
"""The property that is the name of a resource; what ``Ref`` gives of these is their ARN.

Source: "Return values" of each in the CloudFormation template reference.
"""

_LANGUAGES: dict[str, tuple[Language, ...]] = {
    ENDPOINT: ("aws", "awscc", "cloudformation"),
    CONFIGURATION: ("aws", "awscc", "cloudformation"),
    COMPONENT: ("aws", "awscc", "cloudformation"),
    EXPERIMENT: ("awscc", "cloudformation"),
    MODEL: ("aws", "awscc", "cloudformation"),
    TARGET: ("aws", "awscc", "cloudformation"),
    POLICY: ("aws", "awscc", "cloudformation"),
    SCHEDULED_ACTION: ("aws",),
    ALARM: ("aws", "awscc", "cloudformation"),
    BUDGET: ("aws", "awscc", "cloudformation"),
    STATE_MACHINE: ("aws", "awscc", "cloudformation"),
    SAM_STATE_MACHINE: ("cloudformation",),
    PIPELINE: ("aws", "awscc", "cloudformation"),
    MODEL_PACKAGE: ("awscc", "cloudformation"),
    ALGORITHM: ("aws",),
    SCHEDULE: ("aws", "awscc", "cloudformation"),
    RULE: ("aws", "awscc", "cloudformation"),
    RULE_TARGET: ("aws",),
    BUCKET: ("aws", "awscc", "cloudformation"),
    LIFECYCLE: ("aws",),
}
"""Every kind of resource that matters to SageMaker inference, and the languages in which it is read."""

_AWS_TYPES = {
    CONFIGURATION: "aws_sagemaker_endpoint_configuration",
    TARGET: "aws_appautoscaling_target",
    POLICY: "aws_appautoscaling_policy",
    SCHEDULED_ACTION: "aws_appautoscaling_scheduled_action",
    ALARM: "aws_cloudwatch_metric_alarm",
    STATE_MACHINE: "aws_sfn_state_machine",
    RULE: "aws_cloudwatch_event_rule",
    RULE_TARGET: "aws_cloudwatch_event_target",
}
"""Resource types of hashicorp/aws that are not CloudFormation's in snake case."""

_NAMES: dict[str, dict[str, str]] = {
    "aws_sagemaker_endpoint": {"EndpointName": "name"},
    "aws_sagemaker_endpoint_configuration": {"EndpointConfigName": "name", "KmsKeyId": "kms_key_arn"},
    "aws_sagemaker_inference_component": {"InferenceComponentName": "name"},
    "aws_appautoscaling_policy": {"StepAdjustments": "step_adjustment"},
    "aws_cloudwatch_metric_alarm": {"Metrics": "metric_query", "MetricStat": "metric"},
    "aws_sfn_state_machine": {"StateMachineName": "name"},
    "aws_scheduler_schedule": {
        "SageMakerPipelineParameters": "sagemaker_pipeline_parameters",
        "PipelineParameterList": "pipeline_parameter",
    },
    "aws_cloudwatch_event_target": {"SageMakerPipelineParameters": "sagemaker_pipeline_target"},
    "aws_sagemaker_model": {"ModelName": "name", "Containers": "container"},
    "aws_s3_bucket": {"BucketName": "bucket", "Rules": "lifecycle_rule"},
    "aws_s3_bucket_lifecycle_configuration": {"BucketName": "bucket", "Rules": "rule"},
}
"""Arguments that are not CloudFormation's in snake case, by resource type."""

_DEFAULTS: dict[Language, dict[str, str | bool]] = {
    "aws": {"PolicyType": "StepScaling", "EnableCapture": False},  # it sends EnableCapture=false where that is unset
    "awscc": {"EnableCapture": True},  # the API's
    "cloudformation": {"EnableCapture": True},
}
"""What an unset argument means, where languages differ."""

_OPTIONAL_AND_COMPUTED = words("VolumeSizeInGB VariantName SuspendedState")
_LOOKS_UNKNOWN: dict[Language, frozenset[str]] = {
    "cloudformation": frozenset(),
    "aws": _OPTIONAL_AND_COMPUTED,
    "awscc": _OPTIONAL_AND_COMPUTED
    | words("""AcceleratorType AsyncInferenceConfig BaseInferenceComponentName BlueGreenUpdatePolicy
        CapacityReservationConfig Cooldown DataCaptureConfig DeploymentConfig
        DisableScaleIn DynamicScalingInSuspended DynamicScalingOutSuspended EnableCapture
        EnableDetailedObservability EndTime InitialVariantWeight InstancePools KmsKeyId ManagedInstanceScaling
        MetricAggregationType MetricsConfig Mode ModelPackageName
        ProvisionedConcurrency ScaleInCooldown ScaleOutCooldown ScheduledActions ScheduledScalingSuspended
        ServerlessConfig ShadowProductionVariants StartTime Tags TerminationWaitInSeconds Timezone"""),
}
"""Arguments, optional and computed, that a plan shows as unknown when they are merely unset.

Where their expression is out of sight (below dynamic blocks) they are taken as unset, which is by far the usual case.
In awscc every argument that is not required is computed too; here are those that may be taken so.
"""

_LOOKS_UNKNOWN_IN = {
    "awscc_sagemaker_inference_experiment": words("DesiredState EndTime Schedule ShadowModeConfig StartTime"),
    "awscc_sagemaker_inference_component": words("ComputeResourceRequirements NumberOfAcceleratorDevicesRequired"),
    "awscc_sagemaker_model_package": words("ValidationSpecification"),
    "aws_s3_bucket": words("BucketName Rules"),
    "awscc_s3_bucket": words("BucketName LifecycleConfiguration"),
    "awscc_budgets_budget": words("BillingViewArn BudgetLimit CostFilters FilterExpression"),
    "aws_budgets_budget": words("BillingViewArn CostFilters"),
    "aws_sagemaker_model": words("InferenceExecutionConfig Mode ModelDataSource"),
    "awscc_sagemaker_model": words(
        "Containers EnableNetworkIsolation Environment ExecutionRoleArn Image ImageConfig InferenceExecutionConfig "
        "ModelDataSource PrimaryContainer SecurityGroupIds Subnets VpcConfig"
    ),
}
"""More of them, whose names mean something else in other types."""


class _SnakeCase(dict[str, str]):
    """Names by CloudFormation's; each is spelled once."""

    __slots__ = ()

    def __missing__(self, name: str) -> str:
        self[name] = snake_case(name)
        return self[name]


class _AsWritten(dict[str, str]):
    """CloudFormation's own names."""

    __slots__ = ()

    def __missing__(self, name: str) -> str:
        return name


class Spelling(Struct, frozen=True, kw_only=True):
    """How one language writes one kind of resource."""

    type: str
    """The resource type in its own language: aws_appautoscaling_target."""
    kind: str
    """The resource type of CloudFormation: AWS::ApplicationAutoScaling::ScalableTarget."""
    language: Language
    names: dict[str, str]
    """Its own names by those of CloudFormation."""
    looks_unknown: frozenset[str] = frozenset()
    """Arguments that a plan shows as unknown when they are merely unset, by CloudFormation's names."""

    def of(self, name: str) -> str:
        """The language's own name of a property: ``volume_size_in_gb`` of ``VolumeSizeInGB``."""
        return self.names[name]

    def default(self, name: str) -> str | bool | None:
        """What the language takes an unset property for; None where it says nothing."""
        return _DEFAULTS[self.language].get(name)

    @property
    def has_nested_attributes(self) -> bool:
        """Whether a plan tells the expressions of nested objects: awscc has them where aws has blocks."""
        return self.language == "awscc"


def snake_case(name: str) -> str:
    """``model_variants`` for ``ModelVariants``, ``memory_size_in_mb`` for ``MemorySizeInMB``."""
    return _WORD.sub("_", name).lower()


def _type_in(kind: str, language: Language) -> str:
    """``awscc_sagemaker_endpoint_config`` for ``AWS::SageMaker::EndpointConfig`` in awscc."""
    if language == "cloudformation":
        return kind
    _, service, resource = kind.split("::")
    return (
        _AWS_TYPES.get(kind) if language == "aws" else None
    ) or f"{language}_{service.lower()}_{snake_case(resource)}"


def _names(type_: str, language: Language) -> dict[str, str]:
    return _AsWritten() if language == "cloudformation" else _SnakeCase(_NAMES.get(type_, {}))


def _spelling(kind: str, language: Language) -> Spelling:
    type_ = _type_in(kind, language)
    return Spelling(
        type=type_,
        kind=kind,
        language=language,
        names=_names(type_, language),
        looks_unknown=_LOOKS_UNKNOWN[language] | _LOOKS_UNKNOWN_IN.get(type_, frozenset()),
    )


SPELLINGS = {
    spelling.type: spelling
    for spelling in (_spelling(kind, language) for kind, languages in _LANGUAGES.items() for language in languages)
}
"""Every spelling, by the resource type of its own language."""

CLOUDFORMATION_TYPES = frozenset(
    type_ for type_, spelling in SPELLINGS.items() if spelling.language == "cloudformation"
)
"""The resource types of CloudFormation that declare SageMaker inference."""

TERRAFORM_TYPES = frozenset(type_ for type_ in SPELLINGS.keys() | elsewhere.TYPES if not type_.startswith("AWS::"))
"""The resource types of Terraform that declare SageMaker inference, or may make it out of a definition of their own."""


ASIDE = frozenset(elsewhere.BESIDE.keys() - SPELLINGS.keys()) | {
    type_ for type_, spelling in SPELLINGS.items() if spelling.kind in (BUCKET, LIFECYCLE)
}
"""Resource types that are counted, or say more of a job, so that whether there is one is no possibility of its own."""


def spelling_of(type_: str) -> Spelling:
    """How a resource type is written: by the rules of its language, where nothing else is known of it."""
    if type_ in SPELLINGS:
        return SPELLINGS[type_]
    languages: dict[str, Language] = {"aws": "aws", "awscc": "awscc"}
    language = languages.get(type_.partition("_")[0], "cloudformation")
    return Spelling(type=type_, kind=type_, language=language, names=_names(type_, language))


@cache
def types_of(*kinds: str) -> frozenset[str]:
    """The resource types, of any language, that are of these kinds."""
    return frozenset(type_ for type_, spelling in SPELLINGS.items() if spelling.kind in kinds)


BUCKETS = types_of(BUCKET, LIFECYCLE)
"""What is asked of them is asked for the transform jobs that write to them."""
STARTING_JOBS = types_of(*STARTED_BY, *VALIDATED, SCHEDULE, RULE, RULE_TARGET)
"""What may start transform jobs."""

NESTED_STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
"""Types of CloudFormation that stand for another template."""

TEMPLATE_TYPES = CLOUDFORMATION_TYPES.union(NESTED_STACKS)
"""The types of what is read of a template."""

UNREAD = words(
    """AlarmDescription ContainerHostname CostTypes DataStorageConfig DeploymentConfig EnableNetworkIsolation
    Environment ExecutionRoleArn ExplainerConfig Image ImageConfig InferenceExecutionConfig
    InferenceSpecificationName KmsKeyId ModelDataSource ModelDataUrl MultiModelConfig NotificationsWithSubscribers
    ResourceTags RoleARN TimePeriod VpcConfig"""
)
"""Properties, at any depth, that nothing here depends on, so that no condition in them makes a difference."""

_REPLACING = {
    TARGET: words("ResourceId ScalableDimension ServiceNamespace"),
    POLICY: words("PolicyName ResourceId ScalableDimension ScalingTargetId ServiceNamespace"),
    BUDGET: words("BudgetName NotificationsWithSubscribers"),
    ALARM: words("AlarmName"),
    ENDPOINT: words("EndpointName"),
    COMPONENT: words("InferenceComponentName"),
    EXPERIMENT: words("EndpointName KmsKey Name RoleArn Type"),
}


def replaces(type_: str, name: str) -> bool:
    """Whether a resource of a type is replaced when an argument of that name, in its own language, changes."""
    spelling = spelling_of(type_)
    if spelling.kind in (CONFIGURATION, MODEL):
        return name not in (spelling.of("Tags"), "tags_all")
    return name in {spelling.of(property_) for property_ in _REPLACING.get(spelling.kind, ())}
