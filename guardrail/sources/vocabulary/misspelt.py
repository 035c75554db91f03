"""Names that are nearly right: of resource types and of their properties, in every language.

CloudFormation and Terraform refuse a name that they do not know. Until they do, a misspelt property is none: a volume
that is not read costs nothing, and so what it was meant for is unknown. Source: the schemas of the CloudFormation
registry, as cfn-lint 1.58.0 has them; what a newer schema has and this table does not is passed over unless it is near.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, TypeAlias, TypeVar

from guardrail.errors import did_you_mean
from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.vocabulary import spellings
from guardrail.sources.vocabulary.spellings import words

_CUTOFF = 0.75
"""How alike two names are for one to be taken for the other: ``InstanceCount`` and ``InitialInstanceCount`` are."""
_NEARLY = 0.9
"""How alike two types are that are one: AWS::SageMaker::Endpiont is at 0.96, a Cloud for a Model at 0.81."""
_LONGEST = 80
COMPARISON = 10_000
"""Steps that it takes to compare a name with all that there are."""
_PREFIX = "AWS::SageMaker::"


_VARIANT = """CapacityReservationConfig ContainerStartupHealthCheckTimeoutInSeconds CoreDumpConfig EnableSSMAccess
    InferenceAmiVersion InitialInstanceCount InitialVariantWeight InstancePools InstanceType ManagedInstanceScaling
    ModelDataDownloadTimeoutInSeconds ModelName RoutingConfig ServerlessConfig
    VariantInstanceProvisionTimeoutInSeconds VariantName VolumeSizeInGB"""
_OBJECTS: Mapping[str, frozenset[str]] = {
    name: words(properties)
    for name, properties in {
        "AWS::ApplicationAutoScaling::ScalableTarget": """MaxCapacity MinCapacity ResourceId RoleARN
            ScalableDimension ScheduledActions ServiceNamespace SuspendedState Tags""",
        "AWS::ApplicationAutoScaling::ScalingPolicy": """PolicyName PolicyType PredictiveScalingPolicyConfiguration
            ResourceId ScalableDimension ScalingTargetId ServiceNamespace StepScalingPolicyConfiguration
            TargetTrackingScalingPolicyConfiguration""",
        "AWS::SageMaker::Endpoint": """DeploymentConfig EndpointConfigName EndpointName
            ExcludeRetainedVariantProperties RetainAllVariantProperties RetainDeploymentConfig Tags""",
        "AWS::SageMaker::EndpointConfig": """AsyncInferenceConfig DataCaptureConfig EnableNetworkIsolation
            EndpointConfigName ExecutionRoleArn ExplainerConfig KmsKeyId MetricsConfig ProductionVariants
            ShadowProductionVariants Tags VpcConfig""",
        "AWS::SageMaker::InferenceComponent": """DeploymentConfig EndpointArn EndpointName InferenceComponentName
            RuntimeConfig Specification Specifications Tags VariantName""",
        "AWS::SageMaker::InferenceExperiment": """DataStorageConfig Description DesiredState EndpointName KmsKey
            ModelVariants Name RoleArn Schedule ShadowModeConfig StatusReason Tags Type""",
        "DataCaptureConfig": (
            "CaptureContentTypeHeader CaptureOptions DestinationS3Uri EnableCapture InitialSamplingPercentage KmsKeyId"
        ),
        "InfrastructureConfig": "InfrastructureType RealTimeInferenceConfig",
        "InstancePools": "InstanceType ModelNameOverride Priority",
        "ManagedInstanceScaling": "MaxInstanceCount MinInstanceCount ScaleInPolicy Status",
        "ModelVariants": "InfrastructureConfig ModelName VariantName",
        "ProductionVariants": _VARIANT,
        "RealTimeInferenceConfig": "InstanceCount InstanceType",
        "RuntimeConfig": "CopyCount CurrentCopyCount DesiredCopyCount PlacementStatus",
        "ScalableTargetAction": "MaxCapacity MinCapacity",
        "ScheduledActions": "EndTime ScalableTargetAction Schedule ScheduledActionName StartTime Timezone",
        "ServerlessConfig": "MaxConcurrency MemorySizeInMB ProvisionedConcurrency",
        "ShadowModeConfig": "ShadowModelVariants SourceModelVariantName",
        "ShadowProductionVariants": _VARIANT,
        "StepScalingPolicyConfiguration": (
            "AdjustmentType Cooldown MetricAggregationType MinAdjustmentMagnitude StepAdjustments"
        ),
        "SuspendedState": "DynamicScalingInSuspended DynamicScalingOutSuspended ScheduledScalingSuspended",
        "TargetTrackingScalingPolicyConfiguration": """CustomizedMetricSpecification DisableScaleIn
            PredefinedMetricSpecification ScaleInCooldown ScaleOutCooldown TargetValue""",
    }.items()
}
"""Properties by the type of a resource, or by the property that holds the object that has them."""

_TYPES = words("""App AppImageConfig Cluster CodeRepository DataQualityJobDefinition Device DeviceFleet Domain
    Endpoint EndpointConfig FeatureGroup Image ImageVersion InferenceComponent InferenceExperiment
    MlflowTrackingServer Model ModelBiasJobDefinition ModelCard ModelExplainabilityJobDefinition ModelPackage
    ModelPackageGroup ModelQualityJobDefinition MonitoringSchedule NotebookInstance NotebookInstanceLifecycleConfig
    PartnerApp Pipeline ProcessingJob Project Space StudioLifecycleConfig UserProfile Workteam""")
"""The types of SageMaker that there are, without their prefix."""


@cache
def of_type(kind: str) -> str | None:
    """Why a resource type may be one that matters: it is misspelt, or SageMaker's and newer than what is known here.

    ``AWS::SageMaker::Endpiont``: "there is no resource type AWS::SageMaker::Endpiont, did you mean …". None where the
    type is known, or nowhere near those that matter.
    """
    if kind in spellings.TEMPLATE_TYPES or kind.removeprefix(_PREFIX) in _TYPES:
        return None
    near = [known for known in spellings.TEMPLATE_TYPES if _slips(kind, known)]
    if near and kind[:5].upper() == "AWS::":
        return f"there is no resource type {kind[:_LONGEST]}{did_you_mean(kind, near)}"
    if kind.startswith(_PREFIX) and "transform" in kind.lower():
        from guardrail.sources.vocabulary.transform import NO_RESOURCE  # for the few that write one

        return f"there is no resource type {kind[:_LONGEST]}: {NO_RESOURCE}"
    if kind.startswith(_PREFIX):
        return f"what {kind[:_LONGEST]} costs is not known here, and in no total"
    return None


def _slips(word: str, other: str) -> bool:
    """Whether two words are alike but for two letters of each, whatever their case."""
    from collections import Counter
    from difflib import SequenceMatcher

    if abs(len(word) - len(other)) > 2:  # noqa: PLR2004 - one letter too many and one too few
        return False
    ours, theirs = Counter(word.lower()), Counter(other.lower())
    if max((ours - theirs).total(), (theirs - ours).total()) > 2:  # noqa: PLR2004
        return False
    return SequenceMatcher(None, word.lower(), other.lower()).ratio() > _NEARLY


_Values = TypeVar("_Values", bound=dict[str, Any])
Rebuild: TypeAlias = Callable[[_Values, dict[str, Any]], _Values]
"""Makes an object with other values of one: a new one, or the same one changed."""


def corrected(
    spelling: spellings.Spelling, values: _Values, allowance: Allowance, rebuild: Rebuild[_Values]
) -> _Values:
    """Properties in which what a misspelt name was meant for is Unknown: VolumeSizeInGB for a VolumeSizeInGb.

    ``values`` are those of one resource by the names of its language, nested objects of the same class in them. Raises
    `LimitError` where there are more unknown names than ``allowance`` lets be compared.
    """
    return _corrected(spelling.kind, spelling, values, allowance, rebuild)


def _corrected(
    kind: str, spelling: spellings.Spelling, values: _Values, allowance: Allowance, rebuild: Rebuild[_Values]
) -> _Values:
    known = _spelled(kind, spelling.type)
    own = type(values)

    def inner(name: str, value: Any) -> Any:
        nested = known.get(name, "")
        if nested not in _OBJECTS:
            return value
        if isinstance(value, list):
            return [inner(name, item) for item in value]
        return _corrected(nested, spelling, value, allowance, rebuild) if isinstance(value, own) else value

    new = {name: inner(name, value) for name, value in values.items()}
    for name, meant in _misspelt(known, values, allowance).items():
        new[meant] = Unknown(f"{kind.rpartition('::')[2]} has no {name[:_LONGEST]}, did you mean {meant}?")
    return rebuild(values, new)


@cache
def _spelled(kind: str, type_: str) -> dict[str, str]:
    """The names of an object's properties in the language of a resource type, with CloudFormation's."""
    spelling = spellings.spelling_of(type_)
    return {spelling.of(name): name for name in _OBJECTS.get(kind, ())}


def _misspelt(known: Mapping[str, str], values: Mapping[str, Any], allowance: Allowance) -> dict[str, str]:
    """The property meant by each name that is none: ``MinCapacity`` of ``MinCapacty``, if it is not there itself."""
    if not known or values.keys() <= known.keys():
        return {}
    missing = tuple(sorted(known.keys() - values.keys()))
    near = {name: _nearest(name, missing, allowance) for name in sorted(values.keys() - known.keys())}
    return {name: meant for name, meant in near.items() if meant is not None}


@lru_cache(1024)
def _nearest(name: str, missing: tuple[str, ...], allowance: Allowance) -> str | None:
    """Which of the names that are missing one was meant for, compared once for an input: thousands of blocks are alike.

    Raises `LimitError`.
    """
    from difflib import get_close_matches

    allowance.steps(COMPARISON)
    lower = {known.lower(): known for known in missing}
    near = get_close_matches(name[:_LONGEST].lower(), lower, n=1, cutoff=_CUTOFF)
    near = near or [word for word in lower if _leaves_out(name, lower[word])]
    return lower[near[0]] if near else None


def _leaves_out(name: str, known: str) -> bool:
    """Whether a name has two or more of the words of another, and no others: ShadowVariants."""
    parts = set(spellings.snake_case(name[:_LONGEST]).split("_"))
    return len(parts) > 1 and parts < set(spellings.snake_case(known).split("_"))
