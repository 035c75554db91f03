"""CloudFormation's vocabulary: names, defaults and units as the services have them."""

from typing import Any

import pytest

from guardrail.model import (
    COPY_COUNT,
    Alarm,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    ManagedInstanceScaling,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.sources.declarations import (
    DeclaredAlarm,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredModel,
    DeclaredPolicy,
    DeclaredTarget,
    Unrelated,
)
from guardrail.sources.template.values import Hidden
from tests.sources.resources import declared

INSTANCES = {"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2}


def configuration(**properties: Any) -> DeclaredConfiguration:
    found = declared("SageMaker::EndpointConfig", **{"ProductionVariants": [INSTANCES], **properties})
    assert isinstance(found, DeclaredConfiguration)
    return found


def variant(**properties: Any) -> Variant:
    found = configuration(ProductionVariants=[{**INSTANCES, **properties}]).variants
    assert isinstance(found, tuple)
    return found[0]


def instances(**properties: Any) -> InstanceVariant:
    found = variant(**properties)
    assert isinstance(found, InstanceVariant)
    return found


def test_a_variant_on_instances() -> None:
    assert instances() == InstanceVariant(
        name="main",
        shadow=False,
        instance_type="ml.m5.xlarge",
        initial_instance_count=2,
        weight=1.0,
        volume_size_gb=None,
        model_name="m",
    )


def test_numbers_may_be_written_as_text_and_text_as_numbers() -> None:
    found = instances(InitialInstanceCount="3", VolumeSizeInGB="20", InitialVariantWeight="0.5", VariantName=7)
    assert (found.initial_instance_count, found.volume_size_gb, found.weight, found.name) == (3, 20, 0.5, "7")


@pytest.mark.parametrize("count", ["2.5", "two", -1, True, [1], {"a": 1}])
def test_a_count_that_is_no_whole_number_is_unknown_and_never_a_guess(count: Any) -> None:
    assert isinstance(instances(InitialInstanceCount=count).initial_instance_count, Unknown)


def test_what_is_required_and_not_there_is_unknown_by_its_name() -> None:
    found = configuration(ProductionVariants=[{}]).variants
    assert isinstance(found, tuple)
    assert isinstance(found[0], InstanceVariant)
    assert found[0].name == Unknown("VariantName is not set")
    assert found[0].instance_type == Unknown("neither InstanceType nor ServerlessConfig is set")
    assert found[0].initial_instance_count == Unknown("InitialInstanceCount is not set")


def test_a_serverless_variant() -> None:
    config = {"MemorySizeInMB": 4096, "MaxConcurrency": 20, "ProvisionedConcurrency": 5}
    found = configuration(ProductionVariants=[{"VariantName": "main", "ServerlessConfig": config}])
    assert found.mode == "serverless"
    assert found.variants == (
        ServerlessVariant(name="main", memory_mib=4096, max_concurrency=20, provisioned_concurrency=5),
    )


def test_instance_pools_stand_in_for_a_type() -> None:
    pools = [{"InstanceType": "ml.g5.xlarge", "Priority": 1}, {"InstanceType": "ml.g6.xlarge", "Priority": 2}]
    found = instances(InstanceType=None, InstancePools=pools)
    assert found.instance_type is None
    assert found.instance_pools == (
        InstancePool(instance_type="ml.g5.xlarge", priority=1),
        InstancePool(instance_type="ml.g6.xlarge", priority=2),
    )


def test_managed_scaling() -> None:
    managed = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 3}
    assert instances(ManagedInstanceScaling=managed).managed_scaling == ManagedInstanceScaling(
        status="ENABLED", min_instance_count=0, max_instance_count=3
    )


@pytest.mark.parametrize("name", ["InstanceType", "InitialInstanceCount", "VolumeSizeInGB"])
def test_what_comes_from_a_noecho_parameter_makes_the_variant_sensitive(name: str) -> None:
    assert not instances().sensitive
    assert instances(**{name: Hidden("3")}).sensitive


@pytest.mark.parametrize(
    ("properties", "mode"),
    [
        ({}, "realtime"),
        ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "async"),
        ({"AsyncInferenceConfig": Unknown("later")}, Unknown("later")),
        ({"ProductionVariants": Unknown("later")}, Unknown("later")),
    ],
)
def test_the_mode_follows_from_the_configuration(properties: dict[str, Any], mode: Any) -> None:
    assert configuration(**properties).mode == mode


def test_a_shadow_variant_comes_after_the_production_variants() -> None:
    found = configuration(ShadowProductionVariants=[{**INSTANCES, "VariantName": "shadow"}]).variants
    assert isinstance(found, tuple)
    assert [(each.name, isinstance(each, InstanceVariant) and each.shadow) for each in found] == [
        ("main", False),
        ("shadow", True),
    ]


@pytest.mark.parametrize(
    ("capture", "percent"),
    [
        ({"InitialSamplingPercentage": 20}, 20.0),  # EnableCapture is unset: the API captures
        ({"EnableCapture": True, "InitialSamplingPercentage": 20}, 20.0),
        ({"EnableCapture": "true", "InitialSamplingPercentage": "20"}, 20.0),
        ({"EnableCapture": False, "InitialSamplingPercentage": 20}, None),
        ({"EnableCapture": Unknown("later"), "InitialSamplingPercentage": 20}, Unknown("later")),
        (None, None),
        (Unknown("later"), Unknown("later")),
    ],
)
def test_data_is_captured_unless_it_is_said_otherwise(capture: Any, percent: Any) -> None:
    assert configuration(DataCaptureConfig=capture).data_capture_percent == percent


def test_tags_are_a_list_of_keys_and_values() -> None:
    tags = [
        {"Key": "team", "Value": "ml"},
        {"Key": "secret", "Value": Hidden("s")},
        {"Key": "later", "Value": Unknown("l")},
    ]
    found = declared("SageMaker::Endpoint", EndpointConfigName="c", Tags=tags)
    assert isinstance(found, DeclaredEndpoint)
    assert found.tags == {"team": "ml", "secret": Unknown("sensitive"), "later": Unknown("l")}


def test_a_name_that_is_not_set_is_generated_and_has_a_symbol_that_others_use() -> None:
    found = declared("SageMaker::Endpoint", EndpointConfigName="c")
    assert isinstance(found, DeclaredEndpoint)
    assert found.name == Unknown("generated on apply")
    assert found.symbol == "${Thing.EndpointName}"


def target(**properties: Any) -> DeclaredTarget:
    whole = {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": COPY_COUNT,
        "ResourceId": "inference-component/chat",
        "MinCapacity": 0,
        "MaxCapacity": 6,
    }
    found = declared("ApplicationAutoScaling::ScalableTarget", **{**whole, **properties})
    assert isinstance(found, DeclaredTarget)
    return found


def test_a_scalable_target_with_the_scheduled_actions_inside_it() -> None:
    night = {"ScheduledActionName": "n", "Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MaxCapacity": 0}}
    found = target(ScheduledActions=[night], SuspendedState={"DynamicScalingInSuspended": True})
    assert found.target == ScalableTarget(
        address="Thing", dimension=COPY_COUNT, min_capacity=0, max_capacity=6, dynamic_scaling_in_suspended=True
    )
    assert found.inline_actions == (
        ScheduledAction(
            address="Thing", schedule="cron(0 20 * * ? *)", min_capacity=None, max_capacity=0, timezone="UTC"
        ),
    )


@pytest.mark.parametrize(
    ("properties", "ours"),
    [
        ({"ServiceNamespace": "ecs"}, False),
        ({"ServiceNamespace": None, "ScalableDimension": "ecs:service:DesiredCount"}, False),
        ({"ServiceNamespace": None, "ScalableDimension": None, "ResourceId": "service/a"}, False),
        ({"ServiceNamespace": None, "ScalableDimension": None}, True),
        ({"ServiceNamespace": Unknown("l"), "ScalableDimension": Unknown("l"), "ResourceId": Unknown("l")}, True),
    ],
)
def test_scaling_is_ours_unless_it_says_that_it_is_another_services(
    properties: dict[str, Any],
    ours: bool,  # noqa: FBT001
) -> None:
    whole = {"ServiceNamespace": "sagemaker", "ScalableDimension": COPY_COUNT, "ResourceId": "endpoint/a/variant/b"}
    found = declared("ApplicationAutoScaling::ScalableTarget", **{**whole, **properties})
    assert isinstance(found, Unrelated) is not ours


def policy(**properties: Any) -> Any:
    whole = {"PolicyName": "p", "ScalingTargetId": "endpoint/a/variant/b|d|sagemaker"}
    found = declared("ApplicationAutoScaling::ScalingPolicy", **{**whole, **properties})
    assert isinstance(found, DeclaredPolicy)
    return found.policy


TRACKING = "TargetTrackingScalingPolicyConfiguration"


@pytest.mark.parametrize(
    ("specification", "metrics"),
    [
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}},
            (ScalingMetric(predefined=True, name="SageMakerVariantInvocationsPerInstance"),),
        ),
        (
            {
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": "AWS/SageMaker",
                    "Statistic": "Average",
                    "Dimensions": [{"Name": "EndpointName", "Value": "ocr"}],
                }
            },
            (
                ScalingMetric(
                    predefined=False,
                    name="ApproximateBacklogSizePerInstance",
                    namespace="AWS/SageMaker",
                    dimensions=("EndpointName",),
                    statistic="Average",
                ),
            ),
        ),
        (
            {
                "CustomizedMetricSpecification": {
                    "Metrics": [
                        {"Id": "a", "MetricStat": {"Stat": "Sum", "Metric": {"MetricName": "X", "Namespace": "N"}}},
                        {"Id": "b", "Expression": "a / 2"},
                    ]
                }
            },
            (ScalingMetric(predefined=False, name="X", namespace="N", statistic="Sum"),),
        ),
        ({}, ()),
        ({"CustomizedMetricSpecification": Unknown("later")}, Unknown("later")),
    ],
)
def test_what_target_tracking_follows(specification: dict[str, Any], metrics: Any) -> None:
    found = policy(PolicyType="TargetTrackingScaling", **{TRACKING: {"TargetValue": 70, **specification}})
    assert found == TargetTrackingPolicy(address="Thing", target_value=70.0, metrics=metrics, disable_scale_in=False)


def test_target_tracking_without_its_configuration_follows_nothing() -> None:
    found = policy(PolicyType="TargetTrackingScaling")
    assert found.target_value == Unknown(f"{TRACKING} is missing")
    assert found.metrics == ()


def test_step_scaling() -> None:
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"ScalingAdjustment": 1}, {"ScalingAdjustment": "-2"}],
    }
    found = policy(PolicyType="StepScaling", StepScalingPolicyConfiguration=steps)
    assert found == StepScalingPolicy(
        address="Thing",
        adjustment_type="ChangeInCapacity",
        steps=(StepAdjustment(None, None, 1.0), StepAdjustment(None, None, -2.0)),
        alarms=(),
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("PredictiveScaling", "PredictiveScaling"),
        (None, Unknown("PolicyType is not set")),
        (Unknown("l"), Unknown("l")),
    ],
)
def test_a_policy_of_another_type_keeps_its_type(written: Any, kind: Any) -> None:
    assert policy(PolicyType=written) == OtherScalingPolicy(address="Thing", policy_type=kind)


def test_an_alarm() -> None:
    found = declared(
        "CloudWatch::Alarm",
        MetricName="HasBacklogWithoutCapacity",
        Namespace="AWS/SageMaker",
        Dimensions=[{"Name": "EndpointName", "Value": "ocr"}],
        Statistic="Average",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        Period="60",
        EvaluationPeriods=2,
        AlarmActions=["arn:aws:sns:x", Unknown("later")],
    )
    assert isinstance(found, DeclaredAlarm)
    assert found.alarm == Alarm(
        address="Thing",
        metric_name="HasBacklogWithoutCapacity",
        namespace="AWS/SageMaker",
        dimensions={"EndpointName": "ocr"},
        statistic="Average",
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=1.0,
        period_s=60,
        evaluation_periods=2,
        treat_missing_data="missing",
    )
    assert found.actions == ("arn:aws:sns:x", Unknown("later"))


@pytest.mark.parametrize(
    ("specification", "copies"), [({"ModelName": "m"}, 2), ({"BaseInferenceComponentName": "base"}, None)]
)
def test_an_adapter_has_no_copies_of_its_own(specification: dict[str, str], copies: int | None) -> None:
    found = declared(
        "SageMaker::InferenceComponent",
        InferenceComponentName="chat",
        EndpointName="llm",
        VariantName="hosts",
        RuntimeConfig={"CopyCount": 2},
        Specification=specification,
    )
    assert isinstance(found, DeclaredComponent)
    assert found.component == InferenceComponent(address="Thing", name="chat", variant_name="hosts", copies=copies)


def test_a_model_is_counted() -> None:
    assert isinstance(declared("SageMaker::Model", ExecutionRoleArn="r"), DeclaredModel)
