"""The vocabulary: one kind of resource means the same in hashicorp/aws, in awscc and in CloudFormation."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import structs

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    Alarm,
    CapacityReservation,
    Container,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Location,
    ManagedInstanceScaling,
    Model,
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
from guardrail.sources.base import Block, Identity, View
from guardrail.sources.declarations import (
    Declaration,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredModel,
    DeclaredPolicy,
    DeclaredTarget,
    Unrelated,
    head,
)
from guardrail.sources.linking.link import Side
from guardrail.sources.vocabulary.spellings import spelling_of
from tests.sources.resources import LANGUAGES, Language, Plain, Secret, declared_in, name_in

LATER = Unknown("later")
CONFIG = "SageMaker::EndpointConfig"
TARGET = "ApplicationAutoScaling::ScalableTarget"
POLICY = "ApplicationAutoScaling::ScalingPolicy"
INSTANCES = {"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2}
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
PLACE = {"ServiceNamespace": "sagemaker", "ScalableDimension": INSTANCE_COUNT, "ResourceId": "endpoint/a/variant/main"}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    """Each language in turn."""
    found: Language = request.param
    return found


def configuration(language: Language, **properties: Any) -> DeclaredConfiguration:
    found = declared_in(language, CONFIG, **{"ProductionVariants": [INSTANCES], **properties})
    assert isinstance(found, DeclaredConfiguration)
    return found


def variant(language: Language, **properties: Any) -> Variant:
    found = configuration(language, ProductionVariants=[{**INSTANCES, **properties}]).variants
    assert isinstance(found, tuple)
    return found[0]


def instances(language: Language, **properties: Any) -> InstanceVariant:
    found = variant(language, **properties)
    assert isinstance(found, InstanceVariant)
    return found


def not_set(language: Language, kind: str, name: str) -> Unknown:
    return Unknown(f"{name_in(language, kind, name)} is not set")


# Variants ------------------------------------------------------------------------------------------------------------


def test_a_variant_on_instances(language: Language) -> None:
    assert instances(language) == InstanceVariant(
        name="main",
        shadow=False,
        instance_type="ml.m5.xlarge",
        initial_instance_count=2,
        weight=1.0,
        volume_size_gb=None,
        model_name="m",
    )


def test_numbers_may_be_written_as_text(language: Language) -> None:
    found = instances(language, InitialInstanceCount="3", VolumeSizeInGB="20", InitialVariantWeight="0.5")
    assert (found.initial_instance_count, found.volume_size_gb, found.weight) == (3, 20, 0.5)


@pytest.mark.parametrize("language", ["aws source", "cloudformation"])
def test_text_may_be_written_as_a_number_where_it_is_converted(language: Language) -> None:
    assert instances(language, VariantName=7).name == "7"


@pytest.mark.parametrize(
    ("count", "why"),
    [
        ("two", "is not a number"),
        (True, "is not a number"),
        ("nan", "is not a finite number"),
        (2.5, "is not a whole number of at least 0"),
        (-1, "is not a whole number of at least 0"),
        (10**12, "is too large a number"),
        ("1e300", "is too large a number"),
    ],
)
def test_a_count_that_is_no_whole_number_is_unknown_and_never_a_guess(language: Language, count: Any, why: str) -> None:
    name = name_in(language, CONFIG, "InitialInstanceCount")
    assert instances(language, InitialInstanceCount=count).initial_instance_count == Unknown(f"{name} {why}")


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (2, 2.0),
        (2**31, 2.0**31),
        (0.25, 0.25),
        (1e300, 1e300),
        (-1, -1.0),
        (10**400, "is too large a number"),
        (float("inf"), "is not a finite number"),
        (float("nan"), "is not a finite number"),
        (True, "is not a number"),
        ("", 1.0),
    ],
)
def test_a_weight_is_a_finite_number_and_no_truth_value(language: Language, weight: Any, expected: Any) -> None:
    if weight == "" and language == "cloudformation":
        expected = "is not a number"  # a state of Terraform's has "" for what was never set
    name = name_in(language, CONFIG, "InitialVariantWeight")
    found = instances(language, InitialVariantWeight=weight).weight
    assert found == (Unknown(f"{name} {expected}") if isinstance(expected, str) else expected)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("InitialInstanceCount", "initial_instance_count", 10_000),
        ("VolumeSizeInGB", "volume_size_gb", 2048),
        ("InstanceType", "instance_type", "m5.xlarge"),
        ("InstanceType", "instance_type", "ml.m5.xlarge "),
    ],
)
def test_what_the_api_refuses_is_kept_as_it_is_written(language: Language, name: str, field: str, value: Any) -> None:
    """A policy can only say what is wrong with a value that it sees."""
    assert getattr(instances(language, **{name: value}), field) == value


@pytest.mark.parametrize("language", ["aws source", "awscc", "cloudformation"])
def test_a_count_of_zero_is_zero_where_nobody_leaves_it_out_like_that(language: Language) -> None:
    """A plan of hashicorp/aws shows so a count that was never set: see the tests of plans."""
    assert instances(language, InitialInstanceCount=0).initial_instance_count == 0


def test_serverless_sizes_beyond_the_limits_are_kept(language: Language) -> None:
    config = {"MemorySizeInMB": 10240, "MaxConcurrency": 500, "ProvisionedConcurrency": 300}
    found = configuration(language, ProductionVariants=[{"VariantName": "main", "ServerlessConfig": config}]).variants
    assert found == (
        ServerlessVariant(name="main", memory_mib=10240, max_concurrency=500, provisioned_concurrency=300),
    )


def test_what_is_required_and_not_there_is_unknown_by_its_name(language: Language) -> None:
    found = configuration(language, ProductionVariants=[{"ModelName": "m"}]).variants
    assert isinstance(found, tuple)
    assert isinstance(found[0], InstanceVariant)
    kind, config = (name_in(language, CONFIG, name) for name in ("InstanceType", "ServerlessConfig"))
    assert found[0].instance_type == Unknown(f"neither {kind} nor {config} is set")
    assert found[0].initial_instance_count == not_set(language, CONFIG, "InitialInstanceCount")
    generated = Unknown("generated on apply")
    assert found[0].name == (not_set(language, CONFIG, "VariantName") if language == "cloudformation" else generated)


@pytest.mark.parametrize("variants", [None, []])
def test_a_configuration_without_variants_is_unknown_and_costs_no_nothing(language: Language, variants: Any) -> None:
    found = configuration(language, ProductionVariants=variants)
    assert found.variants == found.mode == not_set(language, CONFIG, "ProductionVariants")


def test_a_serverless_variant(language: Language) -> None:
    config = {"MemorySizeInMB": 4096, "MaxConcurrency": 20, "ProvisionedConcurrency": 5}
    found = configuration(language, ProductionVariants=[{"VariantName": "main", "ServerlessConfig": config}])
    assert found.mode == "serverless"
    assert found.variants == (
        ServerlessVariant(name="main", memory_mib=4096, max_concurrency=20, provisioned_concurrency=5),
    )


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({}, None),
        ({"ServerlessConfig": SERVERLESS}, "{ServerlessConfig} and {InstanceType} are both set"),
        (
            {"InstanceType": None, "ServerlessConfig": SERVERLESS},
            "{ServerlessConfig} and {InitialInstanceCount} are both set",
        ),
        ({"InstanceType": None, "InitialInstanceCount": None, "ServerlessConfig": SERVERLESS}, None),
        ({"InstanceType": None}, "neither {InstanceType} nor {ServerlessConfig} is set"),
        ({"InitialInstanceCount": None}, "{InitialInstanceCount} is not set"),
        ({"InitialInstanceCount": LATER}, None),
        ({"InstanceType": LATER}, None),
    ],
)
def test_a_variant_is_served_in_one_way(language: Language, properties: dict[str, Any], problem: str | None) -> None:
    names = {name: name_in(language, CONFIG, name) for name in (*INSTANCES, "ServerlessConfig")}
    assert variant(language, **properties).conflict == (problem and problem.format(**names))


def test_a_volume_of_a_serverless_variant_that_a_plan_shows_as_unknown_is_no_conflict() -> None:
    own = {"InstanceType": None, "InitialInstanceCount": None, "ServerlessConfig": SERVERLESS, "VolumeSizeInGB": LATER}
    assert variant("aws", **own).conflict is None


def test_an_accelerator_and_a_key_are_told(language: Language) -> None:
    assert instances(language, AcceleratorType="ml.eia2.medium").accelerator_type == "ml.eia2.medium"
    assert configuration(language, KmsKeyId="alias/volumes").kms_key == "alias/volumes"
    assert configuration(language).kms_key is None


def routed(kind: str, **others: Any) -> dict[str, Any]:
    return {"Type": kind, "WaitIntervalInSeconds": 600, **others}


@pytest.mark.parametrize(
    ("policy", "minutes"),
    [
        ({"TrafficRoutingConfiguration": routed("ALL_AT_ONCE")}, 0),
        ({"TrafficRoutingConfiguration": routed("ALL_AT_ONCE"), "TerminationWaitInSeconds": 300}, 5),
        ({"TrafficRoutingConfiguration": routed("CANARY"), "TerminationWaitInSeconds": 300}, 15),
        (
            {
                "TrafficRoutingConfiguration": routed(
                    "LINEAR", LinearStepSize={"Type": "CAPACITY_PERCENT", "Value": 30}
                ),
                "TerminationWaitInSeconds": 120,
            },
            42,  # 30, 60, 90 and 100 %: four steps of 10 minutes, and 2 until the old fleet goes
        ),
        (None, None),
    ],
)
def test_how_long_two_fleets_are_billed(language: Language, policy: Any, minutes: float | None) -> None:
    config = (
        {"RollingUpdatePolicy": {"WaitIntervalInSeconds": 600}} if policy is None else {"BlueGreenUpdatePolicy": policy}
    )
    found = declared_in(language, "SageMaker::Endpoint", EndpointConfigName="c", DeploymentConfig=config)
    assert isinstance(found, DeclaredEndpoint)
    assert found.two_fleets_minutes == minutes
    assert found.rolling_wait_minutes == (10 if policy is None else None)


def test_steps_in_instances_take_as_long_as_the_fleet_is_large_which_is_not_known(language: Language) -> None:
    step = routed("LINEAR", LinearStepSize={"Type": "INSTANCE_COUNT", "Value": 1})
    config = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": step}}
    found = declared_in(language, "SageMaker::Endpoint", EndpointConfigName="c", DeploymentConfig=config)
    assert isinstance(found, DeclaredEndpoint)
    assert isinstance(found.two_fleets_minutes, Unknown)


def test_an_endpoint_that_says_nothing_of_its_updates_has_none_of_their_minutes(language: Language) -> None:
    found = declared_in(language, "SageMaker::Endpoint", EndpointConfigName="c")
    assert isinstance(found, DeclaredEndpoint)
    assert found.two_fleets_minutes is None


def test_a_container_says_where_its_artifacts_and_its_image_come_from(language: Language) -> None:
    source = {"S3DataSource": {"S3Uri": "s3://models/chat/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    inside = {"Image": "registry.example.com/chat:1", "ImageConfig": {"RepositoryAccessMode": "Vpc"}}
    for container, expected in (
        ({"Image": "chat:1"}, (False, False)),
        ({"Image": "chat:1", "ModelDataSource": source}, (True, False)),
        (inside, (False, True)),
    ):
        found = declared_in(language, "SageMaker::Model", PrimaryContainer=container)
        assert isinstance(found, DeclaredModel)
        assert isinstance(found.model.containers, tuple)
        (only,) = found.model.containers
        assert (only.has_data_source, only.private_registry) == expected


def test_instance_pools_stand_in_for_a_type(language: Language) -> None:
    pools = [{"InstanceType": "ml.g5.xlarge", "Priority": 1}, {"InstanceType": "ml.g6.xlarge", "Priority": 2}]
    found = instances(language, InstanceType=None, InstancePools=pools)
    assert found.instance_type is None
    assert found.instance_pools == (
        InstancePool(instance_type="ml.g5.xlarge", priority=1),
        InstancePool(instance_type="ml.g6.xlarge", priority=2),
    )


@pytest.mark.parametrize("status", ["ENABLED", "DISABLED", None])
def test_managed_scaling(language: Language, status: str | None) -> None:
    """Whether it is on where nobody says so is not documented."""
    managed = {"Status": status, "MinInstanceCount": 0, "MaxInstanceCount": 3}
    assert instances(language, ManagedInstanceScaling=managed).managed_scaling == ManagedInstanceScaling(
        status=status or not_set(language, CONFIG, "Status"), min_instance_count=0, max_instance_count=3
    )


def test_a_reservation_of_capacity(language: Language) -> None:
    plan = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/p5"
    reserved = {"CapacityReservationPreference": "capacity-reservations-only", "MlReservationArn": plan}
    assert instances(language, CapacityReservationConfig=reserved).capacity_reservation == CapacityReservation(
        preference="capacity-reservations-only", ml_reservation_arn=plan
    )
    assert instances(language, CapacityReservationConfig=LATER).capacity_reservation == LATER
    assert instances(language).capacity_reservation is None


@pytest.mark.parametrize(
    ("properties", "mode"),
    [
        ({}, "realtime"),
        ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "async"),
        ({"AsyncInferenceConfig": LATER}, LATER),
        ({"ProductionVariants": LATER}, LATER),
    ],
)
def test_the_mode_follows_from_the_configuration(language: Language, properties: dict[str, Any], mode: Any) -> None:
    assert configuration(language, **properties).mode == mode


def test_a_shadow_variant_comes_after_the_production_variants(language: Language) -> None:
    found = configuration(language, ShadowProductionVariants=[{**INSTANCES, "VariantName": "shadow"}]).variants
    assert isinstance(found, tuple)
    assert [(each.name, isinstance(each, InstanceVariant) and each.shadow) for each in found] == [
        ("main", False),
        ("shadow", True),
    ]


@pytest.mark.parametrize(
    ("capture", "percent"),
    [
        ({"EnableCapture": True, "InitialSamplingPercentage": 20}, 20.0),
        ({"EnableCapture": "true", "InitialSamplingPercentage": "20"}, 20.0),
        ({"EnableCapture": False, "InitialSamplingPercentage": 20}, None),
        ({"EnableCapture": LATER, "InitialSamplingPercentage": 20}, LATER),
        (None, None),
        (LATER, LATER),
    ],
)
def test_the_share_of_requests_that_is_captured(language: Language, capture: Any, percent: Any) -> None:
    assert configuration(language, DataCaptureConfig=capture).data_capture_percent == percent


def test_the_api_captures_unless_it_is_told_otherwise_and_hashicorp_aws_tells_it(language: Language) -> None:
    """hashicorp/aws sends EnableCapture=false where ``enable_capture`` is unset."""
    found = configuration(language, DataCaptureConfig={"InitialSamplingPercentage": 20}).data_capture_percent
    assert found == (None if language.startswith("aws ") or language == "aws" else 20.0)


def test_a_capture_of_an_unsaid_share_is_unknown(language: Language) -> None:
    found = configuration(language, DataCaptureConfig={"EnableCapture": True}).data_capture_percent
    assert found == not_set(language, CONFIG, "InitialSamplingPercentage")


@pytest.mark.parametrize(
    ("metrics", "on"),
    [
        (None, True),
        ({"EnableEnhancedMetrics": True}, True),
        ({"EnableDetailedObservability": True}, True),
        ({"EnableDetailedObservability": False}, False),
        ({"EnableDetailedObservability": LATER}, LATER),
        (LATER, LATER),
    ],
)
def test_detailed_observability_is_on_unless_it_is_turned_off(language: Language, metrics: Any, on: Any) -> None:
    assert configuration(language, MetricsConfig=metrics).detailed_observability == on


# Endpoints and components --------------------------------------------------------------------------------------------


def test_tags_are_keys_and_values(language: Language) -> None:
    tags = [
        {"Key": "team", "Value": "ml"},
        {"Key": "secret", "Value": Secret("s")},
        {"Key": "later", "Value": LATER},
    ]
    found = declared_in(language, "SageMaker::Endpoint", EndpointConfigName="c", Tags=tags)
    assert isinstance(found, DeclaredEndpoint)
    assert found.tags == {"team": "ml", "secret": Unknown("sensitive"), "later": LATER}


def test_a_name_that_is_not_set_is_generated_and_has_a_symbol_that_others_use(language: Language) -> None:
    found = declared_in(language, "SageMaker::Endpoint", EndpointConfigName="c")
    assert isinstance(found, DeclaredEndpoint)
    assert found.name == Unknown("generated on apply")
    assert found.symbol == f"${{Thing.{name_in(language, 'SageMaker::Endpoint', 'EndpointName')}}}"


@pytest.mark.parametrize(
    ("specification", "copies"), [({"ModelName": "m"}, 2), ({"BaseInferenceComponentName": "base"}, None)]
)
def test_an_adapter_has_no_copies_of_its_own(
    language: Language, specification: dict[str, str], copies: int | None
) -> None:
    found = declared_in(
        language,
        "SageMaker::InferenceComponent",
        InferenceComponentName="chat",
        EndpointName="llm",
        VariantName="hosts",
        RuntimeConfig={"CopyCount": 2},
        Specification=specification,
    )
    assert isinstance(found, DeclaredComponent)
    assert found.endpoint.value == "llm"
    assert found.component == InferenceComponent(address="Thing", name="chat", variant_name="hosts", copies=copies)


@pytest.mark.parametrize("name", ["PrimaryContainer", "Containers"])
def test_a_model_says_what_its_containers_are(language: Language, name: str) -> None:
    container = {"Image": "i", "Mode": "MultiModel"}
    value = container if name == "PrimaryContainer" else [container]
    found = declared_in(language, "SageMaker::Model", ModelName="m", **{name: value})
    assert isinstance(found, DeclaredModel)
    assert (found.name, found.multi_model, found.marketplace) == ("m", True, False)
    assert found.model == Model(
        address=found.address,
        containers=(Container(image="i", mode="MultiModel", model_package=None),),
        execution_mode="Serial",
        vpc=False,
        network_isolation=False,
    )


def test_a_model_says_where_it_runs_and_how_its_pipeline_is_called(language: Language) -> None:
    found = declared_in(
        language,
        "SageMaker::Model",
        Containers=[{"Image": "a"}, {"ModelPackageName": "package"}],
        InferenceExecutionConfig={"Mode": "Direct"},
        VpcConfig={"Subnets": ["s"], "SecurityGroupIds": ["g"]},
        EnableNetworkIsolation=True,
    )
    assert isinstance(found, DeclaredModel)
    assert found.model == Model(
        address=found.address,
        containers=(
            Container(image="a", mode="SingleModel", model_package=None),
            Container(image=None, mode="SingleModel", model_package="package"),
        ),
        execution_mode="Direct",
        vpc=True,
        network_isolation=True,
        network=("g", "s"),
    )


@pytest.mark.parametrize(
    ("environment", "number_format", "degree"),
    [
        ({"OPTION_DTYPE": "BF16", "OPTION_TENSOR_PARALLEL_DEGREE": "4"}, "bf16", 4),
        ({"SM_SGLANG_DTYPE": "bfloat16", "SM_SGLANG_TP_SIZE": "8"}, "bfloat16", 8),
        ({"NUM_SHARD": "4"}, None, 4),
        ({"DTYPE": "bfloat16", "SM_NUM_GPUS": 2}, "bfloat16", 2),  # a template may say numbers
        ({"SM_VLLM_TENSOR_PARALLEL_SIZE": "8", "TOKEN": "secret"}, None, 8),
        ({}, None, None),
    ],
)
def test_a_container_says_how_its_model_computes(
    language: Language, environment: dict[str, object], number_format: str | None, degree: int | None
) -> None:
    found = declared_in(
        language,
        "SageMaker::Model",
        ExecutionRoleArn="arn:aws:iam::111122223333:role/r",
        PrimaryContainer={"Image": "a", "Environment": Plain(environment)},
    )
    assert isinstance(found, DeclaredModel)
    assert found.model.execution_role == "arn:aws:iam::111122223333:role/r"
    (container,) = found.model.containers  # type: ignore[misc]
    assert (container.number_format, container.tensor_parallel_degree) == (number_format, degree)


def test_a_degree_that_is_no_number_is_not_known(language: Language) -> None:
    """``max`` and ``all`` mean every accelerator that there is."""
    found = declared_in(
        language,
        "SageMaker::Model",
        PrimaryContainer={"Image": "a", "Environment": Plain({"OPTION_TENSOR_PARALLEL_DEGREE": "max"})},
    )
    assert isinstance(found, DeclaredModel)
    (container,) = found.model.containers  # type: ignore[misc]
    assert isinstance(container.tensor_parallel_degree, Unknown)


# Scaling -------------------------------------------------------------------------------------------------------------


def target(language: Language, **properties: Any) -> DeclaredTarget:
    found = declared_in(language, TARGET, **{**PLACE, "MinCapacity": 0, "MaxCapacity": 6, **properties})
    assert isinstance(found, DeclaredTarget)
    return found


@pytest.mark.parametrize(
    "suspended",
    ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"],
)
def test_each_part_of_scaling_can_be_suspended(language: Language, suspended: str) -> None:
    field = name_in("awscc", TARGET, suspended)
    found = target(language, SuspendedState={suspended: True}).target
    whole = ScalableTarget(address="Thing", dimension=INSTANCE_COUNT, min_capacity=0, max_capacity=6)
    assert found == structs.replace(whole, **{field: True})
    assert getattr(target(language, SuspendedState=LATER).target, field) == LATER


NIGHT = {"Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MaxCapacity": "0"}}


@pytest.mark.parametrize(
    ("others", "fields"),
    [
        ({}, {"timezone": "UTC"}),
        (
            {"Timezone": "Europe/Berlin", "StartTime": "2027-01-01T00:00:00Z", "EndTime": "2027-02-01T00:00:00Z"},
            {"timezone": "Europe/Berlin", "start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"},
        ),
        ({"Timezone": LATER}, {"timezone": LATER}),
    ],
)
def test_a_scheduled_action_has_its_time_and_its_bounds(
    language: Language, others: dict[str, Any], fields: dict[str, Any]
) -> None:
    """hashicorp/aws has a resource for it; the others write it inside its target."""
    if language in ("aws", "aws source"):
        found = declared_in(language, "ApplicationAutoScaling::ScheduledAction", **PLACE, **NIGHT, **others)
        assert isinstance(found, DeclaredAction)
        action = found.action
    else:
        (action,) = target(language, ScheduledActions=[{**NIGHT, **others}]).inline_actions
    assert action == ScheduledAction(
        address="Thing", schedule="cron(0 20 * * ? *)", min_capacity=None, max_capacity=0, **fields
    )


@pytest.mark.parametrize("kind", [TARGET, POLICY])
@pytest.mark.parametrize(
    ("properties", "ours"),
    [
        ({"ServiceNamespace": "ecs", "ScalableDimension": None, "ResourceId": "service/a"}, False),
        ({"ServiceNamespace": None, "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": None}, False),
        ({"ServiceNamespace": None, "ScalableDimension": None, "ResourceId": "service/a"}, False),
        ({"ServiceNamespace": None, "ScalableDimension": None}, True),
        ({"ServiceNamespace": LATER, "ScalableDimension": LATER, "ResourceId": LATER}, True),
    ],
)
def test_scaling_is_ours_unless_it_says_that_it_is_another_services(
    language: Language, kind: str, properties: dict[str, Any], *, ours: bool
) -> None:
    found = declared_in(language, kind, PolicyType="StepScaling", **{**PLACE, **properties})
    assert isinstance(found, Unrelated) is not ours


@pytest.mark.parametrize("kind", [TARGET, POLICY])
@pytest.mark.parametrize(
    ("properties", "namespace"),
    [
        ({}, None),
        ({"ServiceNamespace": "sage-maker"}, "sage-maker"),
        ({"ServiceNamespace": "ecs", "ScalableDimension": None}, "ecs"),
        ({"ServiceNamespace": None, "ScalableDimension": "ecs:service:DesiredCount"}, None),
    ],
)
def test_scaling_that_contradicts_itself_is_ours_and_keeps_what_is_wrong(
    language: Language, kind: str, properties: dict[str, Any], namespace: str | None
) -> None:
    found = declared_in(language, kind, PolicyType="StepScaling", **{**PLACE, **properties})
    assert isinstance(found, (DeclaredTarget, DeclaredPolicy))
    assert found.namespace == namespace
    assert found.dimension == {**PLACE, **properties}["ScalableDimension"] or found.dimension in (None, "")


@pytest.mark.parametrize(
    ("target_id", "ours"),
    [
        (f"endpoint/a/variant/b|{COPY_COUNT}|sagemaker", True),
        ("service/c/web|ecs:service:DesiredCount|ecs", False),
        (LATER, True),
    ],
)
def test_the_id_of_a_target_says_whose_policy_it_is(language: Language, target_id: Any, *, ours: bool) -> None:
    found = declared_in(language, POLICY, PolicyType="StepScaling", ScalingTargetId=target_id)
    assert isinstance(found, DeclaredPolicy if ours else Unrelated)
    if isinstance(target_id, str) and isinstance(found, DeclaredPolicy):
        assert found.dimension == COPY_COUNT


def policy(language: Language, **properties: Any) -> Any:
    found = declared_in(language, POLICY, **{**PLACE, **properties})
    assert isinstance(found, DeclaredPolicy)
    return found.policy


TRACKING = "TargetTrackingScalingPolicyConfiguration"
STAT = {
    "Stat": "Sum",
    "Metric": {"MetricName": "X", "Namespace": "N", "Dimensions": [{"Name": "EndpointName", "Value": "app"}]},
}


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
                    dimensions={"EndpointName": "ocr"},
                    statistic="Average",
                ),
            ),
        ),
        (
            {
                "CustomizedMetricSpecification": {
                    "Metrics": [{"Id": "a", "MetricStat": STAT}, {"Id": "b", "Expression": "a / 2"}]
                }
            },
            (
                ScalingMetric(
                    predefined=False, name="X", namespace="N", dimensions={"EndpointName": "app"}, statistic="Sum"
                ),
            ),
        ),
        ({"CustomizedMetricSpecification": {"Metrics": [{"MetricStat": LATER}]}}, LATER),
        ({}, ()),
        ({"PredefinedMetricSpecification": LATER}, LATER),
        ({"CustomizedMetricSpecification": LATER}, LATER),
    ],
)
def test_what_target_tracking_follows(language: Language, specification: dict[str, Any], metrics: Any) -> None:
    found = policy(language, PolicyType="TargetTrackingScaling", **{TRACKING: {"TargetValue": 70, **specification}})
    assert found == TargetTrackingPolicy(address="Thing", target_value=70.0, metrics=metrics, disable_scale_in=False)


def test_target_tracking_cools_down_for_as_long_as_it_says(language: Language) -> None:
    tracking = {"TargetValue": 70, "ScaleInCooldown": 600, "ScaleOutCooldown": "60", "DisableScaleIn": True}
    found = policy(language, PolicyType="TargetTrackingScaling", **{TRACKING: tracking})
    assert (found.scale_in_cooldown_s, found.scale_out_cooldown_s, found.disable_scale_in) == (600, 60, True)


def test_target_tracking_without_its_configuration_follows_nothing(language: Language) -> None:
    found = policy(language, PolicyType="TargetTrackingScaling")
    assert found.target_value == Unknown(f"{name_in(language, POLICY, 'TargetValue')} is not set")
    assert (found.metrics, found.disable_scale_in) == ((), False)


def test_nothing_is_known_within_a_block_that_is_not_known() -> None:
    view = View({"a": Unknown("why")}, spelling_of("aws_sagemaker_model"))
    inside = view.inside("a").inside("b")
    assert (inside.text("c"), inside.blocks("c"), inside.location("c")) == (Unknown("why"), Unknown("why"), None)


def test_nothing_is_set_within_a_block_that_is_not_there() -> None:
    view = View({}, spelling_of("aws_sagemaker_model"))
    assert (view.inside("a").text("c"), view.inside("a").blocks("c")) == (None, [])
    assert view.inside("a", absent=Unknown("a is not set")).integer("c") == Unknown("a is not set")


def test_step_scaling_has_its_steps_with_their_bounds(language: Language) -> None:
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "Cooldown": 300,
        "MetricAggregationType": "Maximum",
        "StepAdjustments": [
            {"MetricIntervalLowerBound": "0", "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 10, "ScalingAdjustment": "-2"},
            {},
        ],
    }
    found = policy(language, PolicyType="StepScaling", StepScalingPolicyConfiguration=steps)
    assert found == StepScalingPolicy(
        address="Thing",
        adjustment_type="ChangeInCapacity",
        steps=(
            StepAdjustment(0.0, 10.0, 1.0),
            StepAdjustment(10.0, None, -2.0),
            StepAdjustment(None, None, not_set(language, POLICY, "ScalingAdjustment")),
        ),
        alarms=(),
        cooldown_s=300,
        metric_aggregation_type="Maximum",
    )


def test_steps_that_are_unknown_are_unknown(language: Language) -> None:
    found = policy(language, PolicyType="StepScaling", StepScalingPolicyConfiguration=LATER)
    assert found == StepScalingPolicy(
        address="Thing",
        adjustment_type=LATER,
        steps=LATER,
        alarms=(),
        least_adjustment=LATER,
        cooldown_s=LATER,
        metric_aggregation_type=LATER,
    )


@pytest.mark.parametrize("written", ["PredictiveScaling", LATER])
def test_a_policy_of_another_type_keeps_its_type(language: Language, written: Any) -> None:
    assert policy(language, PolicyType=written) == OtherScalingPolicy(address="Thing", policy_type=written)


def test_step_scaling_is_the_default_of_hashicorp_aws_alone(language: Language) -> None:
    found = policy(language)
    if language in ("aws", "aws source"):
        assert isinstance(found, StepScalingPolicy)
    else:
        assert found.policy_type == not_set(language, POLICY, "PolicyType")


WAKING = {
    "MetricName": "HasBacklogWithoutCapacity",
    "Namespace": "AWS/SageMaker",
    "Dimensions": [{"Name": "EndpointName", "Value": "ocr"}],
    "Statistic": "Average",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1,
    "Period": "60",
    "EvaluationPeriods": 2,
    "AlarmActions": ["arn:aws:sns:x", LATER],
}


@pytest.mark.parametrize(
    ("others", "fields"),
    [
        ({}, {"treat_missing_data": "missing", "actions_enabled": True}),
        (
            {"ActionsEnabled": False, "DatapointsToAlarm": 1, "TreatMissingData": "breaching"},
            {"treat_missing_data": "breaching", "actions_enabled": False, "datapoints_to_alarm": 1},
        ),
        ({"ActionsEnabled": LATER}, {"treat_missing_data": "missing", "actions_enabled": LATER}),
    ],
)
def test_an_alarm(language: Language, others: dict[str, Any], fields: dict[str, Any]) -> None:
    found = declared_in(language, "CloudWatch::Alarm", **WAKING, **others)
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
        **fields,
    )
    assert found.actions == ("arn:aws:sns:x", LATER)


BACKLOG = {"MetricName": "HasBacklogWithoutCapacity", "Namespace": "AWS/SageMaker", "Dimensions": WAKING["Dimensions"]}


def query(language: Language) -> dict[str, Any]:
    """A query of the backlog; hashicorp/aws has the metric and its statistic in one block."""
    if language in ("aws", "aws source"):
        metric = {**BACKLOG, "Dimensions": Plain({"EndpointName": "ocr"})}
        return {"Id": "m", "MetricStat": {**metric, "Stat": "Average", "Period": 60}}
    return {"Id": "m", "MetricStat": {"Metric": BACKLOG, "Stat": "Average", "Period": 60}}


def test_an_alarm_on_one_query_watches_its_metric(language: Language) -> None:
    others = {"EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 1}
    found = declared_in(language, "CloudWatch::Alarm", Metrics=[query(language)], **others)
    written_out = declared_in(language, "CloudWatch::Alarm", **{**WAKING, "AlarmActions": []})
    assert isinstance(found, DeclaredAlarm)
    assert isinstance(written_out, DeclaredAlarm)
    assert found.alarm == written_out.alarm


def test_an_alarm_on_an_expression_watches_nobody_knows_what(language: Language) -> None:
    queries = [query(language), {"Id": "e", "Expression": "m * 2"}]
    found = declared_in(language, "CloudWatch::Alarm", Metrics=queries, EvaluationPeriods=2)
    assert isinstance(found, DeclaredAlarm)
    expression = Unknown("it watches an expression of metrics")
    assert (found.alarm.metric_name, found.alarm.dimensions, found.alarm.period_s) == (expression,) * 3
    assert isinstance(declared_in(language, "CloudWatch::Alarm", Metrics=LATER).alarm.metric_name, Unknown)  # type: ignore[union-attr] # an alarm


# Sensitive values ----------------------------------------------------------------------------------------------------

CANARY = "tr0ub4dor"
TELLTALE = 4242


def secrets(language: Language) -> Iterator[Declaration]:
    """A stack whose every text is a secret, and every number but those that a flag of the model hides.

    Each is sensitive by itself, so that none hides behind another.
    """
    text, number = Secret(CANARY), Secret(TELLTALE)
    endpoint, resource = Secret(f"{CANARY}-e"), Secret(f"endpoint/{CANARY}-e/variant/{CANARY}")
    place = {**PLACE, "ResourceId": resource}
    dimensions = [{"Name": "EndpointName", "Value": text}]
    metric = {"MetricName": text, "Namespace": text, "Statistic": text, "Dimensions": [{"Name": text, "Value": text}]}
    main = {
        "VariantName": text,
        "ModelName": text,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": number,
        "AcceleratorType": text,
        "ManagedInstanceScaling": {"Status": text},
        "CapacityReservationConfig": {"CapacityReservationPreference": text, "MlReservationArn": text},
    }
    yield declared_in(
        language,
        CONFIG,
        "configuration",
        EndpointConfigName=text,
        ProductionVariants=[main],
        ShadowProductionVariants=[{**main, "VariantName": Secret(f"{CANARY}-shadow")}],
        DataCaptureConfig={"EnableCapture": True, "InitialSamplingPercentage": number},
        KmsKeyId=text,
        Tags=[{"Key": "team", "Value": text}],
    )
    yield declared_in(
        language,
        "SageMaker::Endpoint",
        "endpoint",
        EndpointName=endpoint,
        EndpointConfigName=text,
        Tags=[{"Key": "team", "Value": text}],
    )
    yield declared_in(
        language,
        "SageMaker::InferenceComponent",
        "component",
        InferenceComponentName=text,
        EndpointName=endpoint,
        VariantName=text,
        RuntimeConfig={"CopyCount": number},
    )
    yield declared_in(language, TARGET, "target", **place, MinCapacity=1, MaxCapacity=2)
    yield declared_in(
        language,
        POLICY,
        "tracking",
        **place,
        PolicyType="TargetTrackingScaling",
        **{
            TRACKING: {
                "TargetValue": number,
                "ScaleInCooldown": number,
                "ScaleOutCooldown": number,
                "CustomizedMetricSpecification": metric,
            }
        },
    )
    yield declared_in(
        language,
        POLICY,
        "steps",
        **place,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": text,
            "Cooldown": number,
            "MetricAggregationType": text,
            "StepAdjustments": [
                {"MetricIntervalLowerBound": number, "MetricIntervalUpperBound": number, "ScalingAdjustment": number}
            ],
        },
        Arn="arn:steps",
    )
    yield declared_in(language, POLICY, "other", **place, PolicyType=text)
    yield declared_in(
        language,
        "CloudWatch::Alarm",
        "alarm",
        MetricName=text,
        Namespace=text,
        Dimensions=dimensions,
        ExtendedStatistic=text,
        ComparisonOperator=text,
        Threshold=number,
        Period=number,
        EvaluationPeriods=number,
        DatapointsToAlarm=number,
        TreatMissingData=text,
        AlarmActions=["arn:steps"],
    )
    yield declared_in(
        language,
        "SageMaker::Model",
        "model",
        ModelName=text,
        PrimaryContainer={
            "Image": text,
            "Mode": Secret("MultiModel"),
            "ModelPackageName": Secret(f"arn:aws:sagemaker:x:1:{CANARY}"),
            "ImageConfig": {"RepositoryAccessMode": text},
        },
    )
    costs = {"BudgetType": "COST", "TimeUnit": text}
    if language in ("aws", "aws source"):
        yield declared_in(language, "Budgets::Budget", "budget", **costs, LimitAmount="1", LimitUnit=text)
    else:
        limit = {"Amount": "1", "Unit": text}
        yield declared_in(language, "Budgets::Budget", "budget", Budget={**costs, "BudgetLimit": limit})
        yield experiment(language, endpoint)
    schedule = {"Schedule": text, "Timezone": text, "StartTime": text, "EndTime": text}
    action = {**schedule, "ScalableTargetAction": {"MinCapacity": 1}}
    if language in ("aws", "aws source"):
        yield declared_in(language, "ApplicationAutoScaling::ScheduledAction", "action", **place, **action)
    else:
        inline = {**place, "ResourceId": Secret(f"inference-component/{CANARY}"), "ScalableDimension": COPY_COUNT}
        yield declared_in(language, TARGET, "inline", **inline, MinCapacity=1, MaxCapacity=2, ScheduledActions=[action])


def experiment(language: Language, endpoint: Secret) -> Declaration:
    """A shadow test whose names and times are secrets."""
    name, time = Secret(f"{CANARY}-test"), Secret("2027-01-10T00:00:00Z")
    instances = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    return declared_in(
        language,
        "SageMaker::InferenceExperiment",
        "experiment",
        EndpointName=endpoint,
        Schedule={"StartTime": time, "EndTime": Secret("2027-01-11T00:00:00Z")},
        ShadowModeConfig={"SourceModelVariantName": name, "ShadowModelVariants": [{"ShadowModelVariantName": name}]},
        ModelVariants=[
            {
                "VariantName": name,
                "ModelName": name,
                "InfrastructureConfig": {"RealTimeInferenceConfig": instances},
            }
        ],
    )


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_nothing_that_is_sensitive_gets_into_the_model(language: Language) -> None:
    """All of it is linked all the same."""
    linked = Side(list(secrets(language))).linked()
    assert linked.skipped == ()
    (endpoint,) = linked.inventory.endpoints
    assert isinstance(endpoint.variants, tuple)
    scaling = endpoint.variants[0].scaling
    assert isinstance(scaling, ScalableTarget)
    assert isinstance(scaling.policies, tuple)
    assert len(scaling.policies) == 3
    assert isinstance(endpoint.inference_components, tuple)
    assert len(endpoint.inference_components) == 1
    found = list(leaves(msgspec.to_builtins(linked.inventory)))
    assert [each for each in found if each == TELLTALE or (isinstance(each, str) and CANARY in each)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("InstanceType", "ml.m5.xlarge"),
        ("InitialInstanceCount", 2),
        ("VolumeSizeInGB", 40),
        ("ManagedInstanceScaling", {"Status": "ENABLED", "MaxInstanceCount": 3}),
        ("InstancePools", [{"InstanceType": "ml.g5.xlarge", "Priority": 1}]),
    ],
)
def test_a_sensitive_size_is_used_and_marked(language: Language, name: str, value: Any) -> None:
    assert not instances(language, **{name: value}).sensitive
    found = instances(language, **{name: Secret(value)})
    assert found.sensitive
    assert found.instance_type == "ml.m5.xlarge"


@pytest.mark.parametrize("name", ["MemorySizeInMB", "MaxConcurrency", "ProvisionedConcurrency"])
def test_a_sensitive_serverless_size_is_used_and_marked(language: Language, name: str) -> None:
    config = {"MemorySizeInMB": 4096, "MaxConcurrency": 20, "ProvisionedConcurrency": 5}
    config[name] = Secret(config[name])  # type: ignore[assignment] # the same number, hidden
    own = {"InstanceType": None, "InitialInstanceCount": None, "ServerlessConfig": config}
    assert variant(language, **own) == ServerlessVariant(
        name="main", memory_mib=4096, max_concurrency=20, provisioned_concurrency=5, model_name="m", sensitive=True
    )


def test_a_sensitive_bound_is_used_and_marks_its_target(language: Language) -> None:
    found = target(language, MinCapacity=Secret(3)).target
    assert (found.min_capacity, found.sensitive) == (3, True)
    assert not target(language).target.sensitive


def test_a_sensitive_bound_of_a_schedule_is_used_and_marked(language: Language) -> None:
    action = {**NIGHT, "ScalableTargetAction": {"MaxCapacity": Secret(0)}}
    if language in ("aws", "aws source"):
        found = declared_in(language, "ApplicationAutoScaling::ScheduledAction", **PLACE, **action)
        assert isinstance(found, DeclaredAction)
        assert (found.action.max_capacity, found.sensitive) == (0, True)
    else:
        inline = target(language, ScheduledActions=[action])
        assert (inline.inline_actions[0].max_capacity, inline.target.sensitive) == (0, True)


def test_a_declaration_says_of_its_block_all_that_tells_it_from_others() -> None:
    block = Block(
        address="aws_sagemaker_endpoint.chat",
        type="aws_sagemaker_endpoint",
        provider="aws.eu",
        region="eu-west-1",
        change="update",
        location=Location("main.tf", 3),
        ignored=("tags",),
        created_first=True,
        attributes=View({}, spelling_of("aws_sagemaker_endpoint")),
        references=lambda *_: (),
    )
    assert head(block) == tuple(getattr(block, name) for name in Identity.__struct_fields__)
