"""Templates as change sets: what is linked, what is undecided, what is left out, and what stood before."""

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import NotATemplateError, SourceError
from guardrail.limits import Allowance
from guardrail.model import (
    ChangeSet,
    Endpoint,
    InstanceVariant,
    Location,
    ScalableTarget,
    ServerlessVariant,
    StepScalingPolicy,
    Unknown,
)

Reader = Callable[..., ChangeSet]

STACK = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          ModelName: m
          InstanceType: ml.m5.xlarge
          InitialInstanceCount: 2
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""


def only(change_set: ChangeSet) -> Endpoint:
    (endpoint,) = change_set.after.endpoints
    return endpoint


def main(endpoint: Endpoint) -> InstanceVariant:
    assert isinstance(endpoint.variants, tuple)
    variant = endpoint.variants[0]
    assert isinstance(variant, InstanceVariant)
    return variant


def target_of(endpoint: Endpoint) -> ScalableTarget:
    scaling = main(endpoint).scaling
    assert isinstance(scaling, ScalableTarget)
    return scaling


# Links ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["!GetAtt Config.EndpointConfigName", "!Ref Config", "!Sub '${Config.EndpointConfigName}'"],
)
def test_an_endpoint_finds_its_configuration_by_reference(read: Reader, name: str) -> None:
    endpoint = only(read(STACK.replace("!GetAtt Config.EndpointConfigName", name)))
    assert endpoint.configuration_address == "Config"
    assert main(endpoint).instance_type == "ml.m5.xlarge"


def test_an_endpoint_finds_its_configuration_by_an_equal_text(read: Reader) -> None:
    text = """\
    Parameters: {Env: {Type: String}}
    Resources:
      Config:
        Type: AWS::SageMaker::EndpointConfig
        Properties:
          EndpointConfigName: !Sub "${Env}-search"
          ProductionVariants: [{VariantName: main, InstanceType: ml.m5.xlarge, InitialInstanceCount: 1}]
      Other:
        Type: AWS::SageMaker::EndpointConfig
        Properties:
          EndpointConfigName: !Sub "${Env}-other"
          ProductionVariants: [{VariantName: main, InstanceType: ml.m5.large, InitialInstanceCount: 1}]
      Endpoint:
        Type: AWS::SageMaker::Endpoint
        Properties: {EndpointConfigName: !Join ["-", [!Ref Env, search]]}
    """
    change_set = read(text)
    assert only(change_set).configuration_address == "Config"
    assert [each.address for each in change_set.after.unattached] == ["Other"]


SCALED = (
    STACK.replace(
        "Properties:\n      EndpointConfigName", "Properties:\n      EndpointName: NAME\n      EndpointConfigName"
    )
    + """\
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: RESOURCE
      MinCapacity: 1
      MaxCapacity: 4
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: steps
      PolicyType: StepScaling
      ScalingTargetId: !Ref Target
      StepScalingPolicyConfiguration:
        AdjustmentType: ChangeInCapacity
        StepAdjustments: [{ScalingAdjustment: 1}]
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SageMaker
      MetricName: Invocations
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
      AlarmActions: [!Ref Policy]
"""
)


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("search", "endpoint/search/variant/main"),
        ("search", "!Sub endpoint/${Endpoint.EndpointName}/variant/main"),
        ("!Sub '${AWS::StackName}-search'", "!Sub endpoint/${Endpoint.EndpointName}/variant/main"),
        ("!Sub '${AWS::StackName}-search'", "!Join ['', [endpoint/, !Ref AWS::StackName, -search/variant/main]]"),
        ("!Ref AWS::NoValue", "!Sub endpoint/${Endpoint.EndpointName}/variant/main"),
        ("!Ref AWS::NoValue", "!Sub ['endpoint/${N}/variant/main', {N: !GetAtt Endpoint.EndpointName}]"),
        ("!Ref AWS::NoValue", "!Join [/, [endpoint, !GetAtt Endpoint.EndpointName, variant, main]]"),
    ],
)
def test_scaling_finds_its_variant_however_the_resource_id_is_written(read: Reader, name: str, resource: str) -> None:
    change_set = read(SCALED.replace("NAME", name).replace("RESOURCE", resource))
    target = target_of(only(change_set))
    assert (target.min_capacity, target.max_capacity) == (1, 4)
    assert isinstance(target.policies, tuple)
    (policy,) = target.policies
    assert isinstance(policy, StepScalingPolicy)
    assert isinstance(policy.alarms, tuple)
    assert [alarm.address for alarm in policy.alarms] == ["Alarm"]
    assert change_set.skipped == ()
    assert (change_set.coverage.seen, change_set.coverage.modelled) == (5, 5)


def test_a_partial_resource_id_names_the_variant_of_several(read: Reader) -> None:
    text = SCALED.replace("NAME", "!Ref AWS::NoValue").replace(
        "RESOURCE", "!Sub endpoint/${Endpoint.EndpointName}/variant/blue"
    )
    blue = "        - {VariantName: blue, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1}\n"
    endpoint = only(read(text.replace("  Endpoint:\n", blue + "  Endpoint:\n", 1)))
    assert isinstance(endpoint.variants, tuple)
    assert [variant.scaling is not None for variant in endpoint.variants] == [False, True]


def test_a_variant_named_by_a_reference_is_found_by_the_same_reference(read: Reader) -> None:
    text = SCALED.replace("NAME", "search").replace("VariantName: main", "VariantName: !GetAtt Model.ModelName")
    text = text.replace("RESOURCE", "!Sub endpoint/search/variant/${Model.ModelName}")
    model = "  Model: {Type: AWS::SageMaker::Model, Properties: {ExecutionRoleArn: x}}\n"
    assert target_of(only(read(text + model))).max_capacity == 4


# Places --------------------------------------------------------------------------------------------------------------


def test_a_variant_is_at_its_instance_type_through_if_and_foreach(read: Reader, tmp_path: Path) -> None:
    text = """\
Transform: AWS::LanguageExtensions
Conditions: {Yes: !Equals [a, a]}
Resources:
  Fn::ForEach::Sizes:
    - Size
    - [large, xlarge]
    - Config${Size}:
        Type: AWS::SageMaker::EndpointConfig
        Properties:
          Fn::If:
            - Yes
            - ProductionVariants:
                - !If
                  - Yes
                  - VariantName: main
                    InstanceType: !Sub ml.m5.${Size}
                    InitialInstanceCount: 1
                  - !Ref AWS::NoValue
            - {}
"""
    unattached = read(text).after.unattached
    path = str(tmp_path / "template.yaml")
    assert [each.address for each in unattached] == ["Configlarge", "Configxlarge"]
    assert [main(each).instance_type for each in unattached] == ["ml.m5.large", "ml.m5.xlarge"]
    assert {main(each).location for each in unattached} == {Location(path, 16, 21)}
    assert {each.location for each in unattached} == {Location(path, 7, 7)}


def test_json_has_the_same_places(read: Reader, tmp_path: Path) -> None:
    text = json.dumps({"Resources": {"Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {
        "ProductionVariants": [{"VariantName": "main", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]
    }}}}, indent=2)  # fmt: skip
    (configuration,) = read(text, "template.json").after.unattached
    line = text.split("\n").index('            "InstanceType": "ml.m5.large",') + 1
    assert main(configuration).location == Location(str(tmp_path / "template.json"), line, 13)


# What is undecided ---------------------------------------------------------------------------------------------------


UNDECIDED = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - !If
          - IsProd
          - {VariantName: main, InstanceType: ml.m5.xlarge, InitialInstanceCount: 2}
          - {VariantName: main, ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: search, EndpointConfigName: !GetAtt Config.EndpointConfigName}
  Second:
    Type: AWS::SageMaker::Endpoint
    Condition: IsProd
    Properties: {EndpointName: second, EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""


def test_a_variant_of_two_kinds_is_one_variant_with_two_possibilities(read: Reader) -> None:
    change_set = read(UNDECIDED)
    endpoints = {endpoint.address: endpoint for endpoint in change_set.after.endpoints}
    assert isinstance(endpoints["Endpoint"].variants, tuple)
    (variant,) = endpoints["Endpoint"].variants
    assert isinstance(variant, InstanceVariant)
    wanted = "give --parameters Stage=dev or Stage=prod"
    assert variant.instance_type == Unknown(f"ml.m5.xlarge or serverless 2048 MB: {wanted}")
    assert endpoints["Endpoint"].mode == Unknown(f"serverless or realtime: {wanted}")
    assert (endpoints["Endpoint"].deployed, endpoints["Second"].deployed) == ("yes", "possibly")
    dev, prod = change_set.possibilities
    assert (dev.given, prod.given) == ("Stage=dev", "Stage=prod")
    assert [len(each.after.endpoints) for each in (dev, prod)] == [1, 2]
    assert isinstance(dev.after.endpoints[0].variants, tuple)
    assert isinstance(dev.after.endpoints[0].variants[0], ServerlessVariant)
    assert change_set.undecided == wanted
    assert change_set.notices == (f"2 possibilities, because something is undecided: {wanted}",)


def test_each_resource_of_each_possibility_takes_250_steps_to_link(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration and one endpoint in dev, 2 × 250; and a second endpoint in prod, 3 × 250."""
    charged: list[int] = []
    monkeypatch.setattr(Allowance, "steps", lambda _, count=1: charged.append(count))
    read(UNDECIDED)
    assert [count for count in charged if count >= 250] == [500, 750]


def test_sizes_of_jobs_are_tried_with_all_that_is_undecided_beside_them(read: Reader) -> None:
    job = (
        '{"StartAt": "Score", "States": {"Score": {"Type": "Task", "End": true, "Parameters": {"TransformJobName.$": '
        '"$$.Execution.Name", "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": ${Count}}}, '
        '"Resource": "arn:aws:states:::sagemaker:createTransformJob.sync"}}}'
    )
    machine = f"  M: {{Type: AWS::StepFunctions::StateMachine, Properties: {{DefinitionString: !Sub '{job}'}}}}\n"
    text = UNDECIDED.replace("Parameters:", "Parameters:\n  Count: {Type: Number, AllowedValues: [1, 4]}", 1) + machine
    assert {each.given for each in read(text).possibilities} == {
        f"Stage={stage}, Count={count}" for stage in ("dev", "prod") for count in (1, 4)
    }


def test_what_a_construct_has_made_has_the_path_of_it(read: Reader) -> None:
    made = STACK + "    Metadata: {aws:cdk:path: App/Chat/Endpoint}\n"
    assert read(made).construct_paths == {"Endpoint": "App/Chat/Endpoint"}


@pytest.mark.parametrize(("stage", "count"), [("dev", 1), ("prod", 2)])
def test_a_value_decides(read: Reader, stage: str, count: int) -> None:
    change_set = read(UNDECIDED, parameters=[f"Stage={stage}"])
    assert change_set.possibilities == ()
    assert change_set.undecided is None
    assert len(change_set.after.endpoints) == count


def test_a_value_that_the_template_does_not_allow_is_refused(read: Reader) -> None:
    with pytest.raises(SourceError, match="the parameter Stage cannot be 'test'") as caught:
        read(UNDECIDED, parameters=["Stage=test"])
    assert caught.value.hint == "it allows dev, prod"


def test_a_name_that_no_parameter_has_is_noted(read: Reader) -> None:
    (notice,) = read(UNDECIDED, parameters=["Stage=dev", "stage=prod"]).notices
    assert notice.startswith("--parameters stage: ")
    assert notice.endswith("has no such parameter, did you mean Stage?")


@pytest.mark.parametrize(
    ("container", "modes"),
    [
        ("Image: !If [Prod, a, b]\n        Environment: {LEVEL: !If [Prod, warn, debug]}", []),
        ("Mode: !If [Prod, MultiModel, SingleModel]", [False, True]),
    ],
    ids=["its image", "its mode"],
)
def test_of_the_container_of_a_model_only_what_is_read_makes_possibilities(
    read: Reader, container: str, modes: list[bool]
) -> None:
    head = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n"
    head += "Conditions:\n  Prod: !Equals [!Ref Stage, prod]\n"
    model = (
        f"  Model:\n    Type: AWS::SageMaker::Model\n    Properties:\n      PrimaryContainer:\n        {container}\n"
    )
    stack = STACK.replace("ModelName: m", "ModelName: !GetAtt Model.ModelName")
    change_set = read(head + stack + model)
    assert [main(each.after.endpoints[0]).multi_model for each in change_set.possibilities] == modes


def test_each_value_of_a_list_has_to_be_allowed_and_a_text_is_none(read: Reader) -> None:
    head = "Parameters:\n  Zones: {Type: CommaDelimitedList, AllowedValues: [a, b]}\n"
    head += "  Pair: {Type: String, AllowedValues: ['a,b']}\n"
    assert only(read(head + STACK, parameters=["Zones=a,b", "Pair=a,b"])).address
    with pytest.raises(SourceError, match="the parameter Zones cannot be 'c'"):
        read(head + STACK, parameters=["Zones=a,c"])


def test_conditions_of_what_is_no_business_of_ours_make_no_possibilities(read: Reader) -> None:
    bucket = "  Bucket: {Type: AWS::S3::Bucket, Condition: IsProd}\n"
    conditions = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    change_set = read(conditions + STACK + bucket)
    assert change_set.possibilities == ()


def test_more_possibilities_than_can_be_tried_leave_the_values_unknown(read: Reader) -> None:
    names = [f"P{number}" for number in range(7)]
    parameters = "".join(f"  {name}: {{Type: String, AllowedValues: [a, b]}}\n" for name in names)
    conditions = "".join(f"  C{name}: !Equals [!Ref {name}, a]\n" for name in names)
    count = "1"
    for name in names:
        count = f"!If [C{name}, {count}, 9]"
    text = f"Parameters:\n{parameters}Conditions:\n{conditions}" + STACK.replace(
        "InitialInstanceCount: 2", f"InitialInstanceCount: {count}"
    )
    change_set = read(text)
    assert change_set.possibilities == ()
    assert isinstance(main(only(change_set)).initial_instance_count, (Unknown, int))
    assert change_set.notices == () or change_set.notices[0].startswith("too many possibilities")


def test_a_branch_that_opens_another_question_is_followed(read: Reader) -> None:
    text = (
        "Parameters: {A: {Type: String}, B: {Type: String}}\n"
        "Conditions: {Outer: !Equals [!Ref A, x], Inner: !Equals [!Ref B, y]}\n"
    ) + STACK.replace("InitialInstanceCount: 2", "InitialInstanceCount: !If [Outer, !If [Inner, 1, 2], 3]")
    change_set = read(text)
    counts = {main(each.after.endpoints[0]).initial_instance_count for each in change_set.possibilities}
    assert counts == {1, 2, 3}
    assert main(only(change_set)).initial_instance_count == Unknown(
        "1 or 2 or 3: give --parameters A=x or another value --parameters B=y or another value"
    )


def test_what_is_hidden_is_used_and_never_shown(read: Reader) -> None:
    text = "Parameters: {Size: {Type: String, NoEcho: true, Default: ml.p4d.24xlarge}}\n" + STACK.replace(
        "InstanceType: ml.m5.xlarge", "InstanceType: !Ref Size"
    )
    variant = main(only(read(text)))
    assert (variant.instance_type, variant.sensitive) == ("ml.p4d.24xlarge", True)


# What is left out ----------------------------------------------------------------------------------------------------


def skipped(change_set: ChangeSet) -> dict[str, tuple[str, bool]]:
    return {each.address: (each.reason, each.affects_total) for each in change_set.skipped}


def test_a_custom_resource_that_makes_the_configuration_is_a_hint(read: Reader) -> None:
    text = """\
    Resources:
      Maker:
        Type: Custom::EndpointConfig
        Properties: {ServiceToken: x, Variant: {InstanceType: ml.g5.xlarge, InitialInstanceCount: 2}}
      Endpoint:
        Type: AWS::SageMaker::Endpoint
        Properties: {EndpointConfigName: !GetAtt Maker.EndpointConfigName}
    """
    change_set = read(text)
    variants = only(change_set).variants
    assert isinstance(variants, Unknown)
    assert (
        "custom resource Maker makes it (its properties say InstanceType ml.g5.xlarge, InitialInstanceCount 2)"
        in variants.reason
    )
    assert skipped(change_set)["Maker"] == (
        (
            "a custom resource decides at deployment what it makes "
            "(its properties say InstanceType ml.g5.xlarge, InitialInstanceCount 2)"
        ),
        True,
    )


def test_a_macro_of_the_whole_template_is_skipped_by_name(read: Reader) -> None:
    change_set = read("Transform: [AWS::Serverless-2016-10-31, MyMacro]\n" + STACK)
    assert skipped(change_set) == {
        "Transform::MyMacro": ("the macro MyMacro can change anything in the template at deployment", True)
    }
    assert len(change_set.after.endpoints) == 1


def test_a_macro_in_the_properties_is_skipped_by_name(read: Reader) -> None:
    change_set = read(
        "Resources: {Config: {Type: AWS::SageMaker::EndpointConfig, Properties: {Fn::Transform: {Name: M}}}}"
    )
    assert skipped(change_set) == {"Config": ("the macro M decides at deployment what stands here", True)}


def test_a_loop_over_something_unknown_is_skipped_with_what_it_would_write(read: Reader) -> None:
    text = """\
    Parameters: {Tenants: {Type: CommaDelimitedList}}
    Resources:
      Fn::ForEach::Each:
        - Tenant
        - !Ref Tenants
        - E${Tenant}: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: x}}
    """
    reason = "its collection is not known: the parameter Tenants has no value: give --parameters Tenants=VALUE"
    assert skipped(read(text)) == {"Fn::ForEach::Each": (reason, True)}
    assert len(read(text, parameters=["Tenants=a,b"]).after.endpoints) == 2


SHADOW_TEST = """\
  Test:
    Type: AWS::SageMaker::InferenceExperiment
    Properties:
      Name: t
      Type: ShadowMode
      EndpointName: !GetAtt Endpoint.EndpointName
      ModelVariants:
        - ModelName: n
          VariantName: candidate
          InfrastructureConfig: {RealTimeInferenceConfig: {InstanceType: ml.m5.large, InstanceCount: 2}}
      ShadowModeConfig: {SourceModelVariantName: main, ShadowModelVariants: [{ShadowModelVariantName: candidate}]}
"""


@pytest.mark.parametrize("name", ["!GetAtt Endpoint.EndpointName", "!Ref Endpoint", "!Sub '${Endpoint.EndpointName}'"])
def test_a_shadow_test_finds_its_endpoint_by_reference(read: Reader, name: str) -> None:
    changes = read(STACK + SHADOW_TEST.replace("!GetAtt Endpoint.EndpointName", name))
    variants = only(changes).variants
    assert isinstance(variants, tuple)
    candidate = variants[1]
    assert isinstance(candidate, InstanceVariant)
    assert (candidate.name, candidate.shadow, candidate.monthly_hours) == ("candidate", True, Decimal(168))
    assert candidate.location is not None
    assert candidate.location.line == 23
    assert changes.skipped == ()


def test_a_shadow_test_whose_end_is_a_parameter_is_of_unknown_length(read: Reader) -> None:
    schedule = "      Schedule: {StartTime: '2027-01-10T00:00:00Z', EndTime: !Ref End}\n"
    parameters = "Parameters: {End: {Type: String}}\n"
    variants = only(read(parameters + STACK + SHADOW_TEST + schedule)).variants
    given = only(read(parameters + STACK + SHADOW_TEST + schedule, parameters=["End=2027-01-12T00:00:00Z"])).variants
    assert isinstance(variants, tuple)
    assert isinstance(given, tuple)
    assert isinstance(variants[1], InstanceVariant)
    assert isinstance(variants[1].monthly_hours, Unknown)
    assert isinstance(given[1], InstanceVariant)
    assert given[1].monthly_hours == Decimal(48)


def test_a_state_machine_that_starts_jobs_is_skipped_and_another_is_not_seen(read: Reader) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Batch:
        Type: AWS::Serverless::StateMachine
        Properties: {Definition: {States: {T: {Resource: "arn:aws:states:::sagemaker:createTransformJob.sync"}}}}
      Plain:
        Type: AWS::Serverless::StateMachine
        Properties: {Definition: {States: {T: {Type: Pass}}}}
    """
    assert list(skipped(read(text))) == ["Batch"]


@pytest.mark.parametrize(("resource", "seen"), [("sagemaker:createTransformJob.sync", 1), ("lambda:invoke", 0)])
def test_a_state_machine_may_be_defined_in_a_file(read: Reader, tmp_path: Path, resource: str, seen: int) -> None:
    definition = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": f"arn:aws:states:::{resource}"}}}
    (tmp_path / "batch.asl.json").write_text(json.dumps(definition))
    machine = "{Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: batch.asl.json}}"
    assert len(read(f"Resources: {{Batch: {machine}}}").after.workflows) == seen


def test_scaling_of_another_service_is_not_seen(read: Reader) -> None:
    text = """\
    Resources:
      Target:
        Type: AWS::ApplicationAutoScaling::ScalableTarget
        Properties:
          ServiceNamespace: ecs
          ScalableDimension: ecs:service:DesiredCount
          ResourceId: service/a/b
          MinCapacity: 1
          MaxCapacity: 2
    """
    assert read(text).coverage.seen == 0


# Nested stacks and exports -------------------------------------------------------------------------------------------


NESTED = """\
Parameters: {Size: {Type: String}, Tenant: {Type: String}}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: main, InstanceType: !Ref Size, InitialInstanceCount: 1}]
Outputs:
  Name: {Value: !GetAtt Config.EndpointConfigName}
"""
PARENT = """\
Resources:
  Blue:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: nested/config.yaml, Parameters: {Size: ml.m5.large, Tenant: a}}
  Green:
    Type: AWS::Serverless::Application
    Properties: {Location: ./nested/config.yaml, Parameters: {Size: ml.m5.xlarge, Tenant: b}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Green.Outputs.Name}
"""


def test_a_nested_stack_is_read_with_its_parameters_and_linked_by_its_outputs(read: Reader) -> None:
    read(NESTED, "nested/config.yaml")
    change_set = read(PARENT)
    endpoint = only(change_set)
    assert endpoint.configuration_address == "Green/Config"
    assert main(endpoint).instance_type == "ml.m5.xlarge"
    assert [each.address for each in change_set.after.unattached] == ["Blue/Config"]


def test_a_nested_stack_that_is_not_here_is_skipped(read: Reader) -> None:
    url = "https://s3.amazonaws.com/bucket/config.yaml"
    change_set = read(PARENT.replace("nested/config.yaml", url).replace("./", ""))
    assert skipped(change_set)["Blue"] == (f"its template is not here: {url}", True)
    assert isinstance(only(change_set).variants, Unknown)


def test_a_stack_that_nests_itself_ends(read: Reader) -> None:
    change_set = read(
        "Resources: {Me: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}}", "template.yaml"
    )
    ((reason, affects_total),) = skipped(change_set).values()
    assert reason == "its template is nested in itself"
    assert affects_total


def test_an_export_of_another_input_is_a_value(read: Reader, tmp_path: Path) -> None:
    exporting = "Resources: {}\nOutputs: {Size: {Value: ml.g5.xlarge, Export: {Name: ml-size}}}\n"
    other = tmp_path / "base.yaml"
    other.write_text(exporting)
    text = STACK.replace("InstanceType: ml.m5.xlarge", "InstanceType: !ImportValue ml-size")
    assert main(only(read(text, beside=[str(other)]))).instance_type == "ml.g5.xlarge"
    alone = main(only(read(text))).instance_type
    assert isinstance(alone, Unknown)
    assert alone.reason == "ml-size is exported by a stack that is not among the inputs"


# What stood before ---------------------------------------------------------------------------------------------------


def changes(change_set: ChangeSet) -> dict[str, tuple[str, bool]]:
    return {each.address: (each.change, each.touched) for each in change_set.after.endpoints}


@pytest.mark.parametrize(
    ("before", "change", "touched"),
    [
        (STACK, "no-op", False),
        (STACK.replace("InitialInstanceCount: 2", "InitialInstanceCount: 1"), "update", True),
        (STACK.replace("EndpointConfigName:", "EndpointName: old\n      EndpointConfigName:"), "replace", True),
        ("Resources: {}", "create", True),
    ],
)
def test_a_difference_to_a_template(
    read: Reader,
    tmp_path: Path,
    before: str,
    change: str,
    touched: bool,  # noqa: FBT001
) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(before)
    change_set = read(STACK, compare_to=str(old))
    assert changes(change_set) == {"Endpoint": (change, touched)}
    assert change_set.before is not None


def test_what_is_taken_away_stands_before_alone(read: Reader, tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(STACK)
    change_set = read("Resources: {Bucket: {Type: AWS::S3::Bucket}}", compare_to=str(old))
    assert change_set.after.endpoints == ()
    assert change_set.before is not None
    assert [each.address for each in change_set.before.endpoints] == ["Endpoint"]


def test_what_could_not_be_read_and_is_taken_away_is_named_and_in_no_total(read: Reader, tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(STACK + "  Maker: {Type: 'Custom::SageMakerEndpoint', Properties: {InstanceType: ml.p5.48xlarge}}\n")
    change_set = read(STACK, compare_to=str(old))
    ((address, (_, affects_total)),) = skipped(change_set).items()
    assert (address, affects_total, change_set.coverage.skipped) == ("Maker", False, 1)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_difference_to_what_is_deployed(read: Reader, tmp_path: Path, as_text: bool) -> None:  # noqa: FBT001
    body: Any = STACK if as_text else {"Resources": {"Config": {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {"ProductionVariants": [
            {"VariantName": "main", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        ]},
    }}}  # fmt: skip
    deployed = tmp_path / "deployed.json"
    deployed.write_text(json.dumps({"TemplateBody": body, "StagesAvailable": ["Original"]}))
    assert changes(read(STACK, compare_to=str(deployed))) == {
        "Endpoint": ("no-op" if as_text else "create", not as_text)
    }


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., None]:
    """A git repository in the folder of the templates."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)  # noqa: S607

    git("init", "-q")
    return git


def test_a_difference_to_a_git_revision(read: Reader, tmp_path: Path, repository: Callable[..., None]) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "config.yaml").write_text(NESTED)
    (tmp_path / "template.yaml").write_text(PARENT)
    repository("add", ".")
    repository("commit", "-qm", "first")
    (tmp_path / "nested" / "config.yaml").write_text(
        NESTED.replace("InitialInstanceCount: 1", "InitialInstanceCount: 3")
    )
    change_set = read(PARENT, compare_to="HEAD")
    assert changes(change_set) == {"Endpoint": ("update", True)}
    assert change_set.before is not None
    assert main(change_set.before.endpoints[0]).initial_instance_count == 1
    assert main(only(change_set)).initial_instance_count == 3


def test_a_template_that_a_revision_does_not_have_is_all_new(
    read: Reader, tmp_path: Path, repository: Callable[..., None]
) -> None:
    (tmp_path / "README").write_text("x")
    repository("add", "README")
    repository("commit", "-qm", "first")
    change_set = read(STACK, compare_to="HEAD")
    assert changes(change_set) == {"Endpoint": ("create", True)}
    assert change_set.before is not None


@pytest.mark.parametrize("reference", ["origin/main", "--output=x", "HEAD~9"])
def test_a_revision_that_is_not_there_asks_for_the_history(
    read: Reader, tmp_path: Path, repository: Callable[..., None], reference: str
) -> None:
    repository("commit", "-qm", "first", "--allow-empty")
    with pytest.raises(SourceError, match="is no git revision here") as caught:
        read(STACK, compare_to=reference)
    assert "fetch-depth: 0" in caught.value.hint
    assert sorted(each.name for each in tmp_path.iterdir()) == [".git", "template.yaml"]


def test_what_is_a_file_and_a_revision_is_neither(
    read: Reader, tmp_path: Path, repository: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that brings a file ``main`` would be compared with a past of its own making, and add nothing."""
    (tmp_path / "template.yaml").write_text(STACK)
    repository("add", ".")
    repository("commit", "-qm", "first")
    repository("branch", "-M", "main")
    (tmp_path / "main").write_text(STACK.replace("InitialInstanceCount: 2", "InitialInstanceCount: 9"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="main is a file and a git revision") as caught:
        read(STACK, compare_to="main")
    assert "./main" in caught.value.hint
    assert changes(read(STACK, compare_to="./main")) == {"Endpoint": ("update", True)}
    assert changes(read(STACK, compare_to="refs/heads/main")) == {"Endpoint": ("no-op", False)}


def test_a_difference_in_a_folder_without_git_is_refused(read: Reader) -> None:
    with pytest.raises(SourceError, match="is not in a git repository"):
        read(STACK, compare_to="main")


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["services: {web: {image: x}}", "Resources: [1]", "Description: nothing else"])
def test_what_has_no_resources_is_no_template(read: Reader, text: str) -> None:
    with pytest.raises(NotATemplateError, match="is no CloudFormation template"):
        read(text)


def test_waivers_stand_in_metadata(read: Reader, tmp_path: Path) -> None:
    text = """\
Metadata:
  guardrail: {ignore: [{id: cost-tags-are-present, until: 2027-01-31, reason: tags of the stack}]}
""" + STACK.replace(
        "    Properties:\n      ProductionVariants",
        "    Metadata: {guardrail: {ignore: {id: realtime-variants-scale, until: 2027-02-01, reason: test}}}\n"
        "    Properties:\n      ProductionVariants",
    )
    found = [(each.policy, each.address, each.until, each.reason) for each in read(text).waivers]
    assert found == [
        ("cost-tags-are-present", None, "2027-01-31", "tags of the stack"),
        ("realtime-variants-scale", "Config", "2027-02-01", "test"),
    ]
    assert {each.location.line for each in read(text).waivers if each.location} == {2, 6}
    assert str(tmp_path) in str(read(text).waivers[0].location)


@pytest.mark.parametrize("url", ["/dev/zero", "../template.yaml/x", "nested", "/etc/shadow-not-there"])
def test_a_nested_stack_that_names_no_file_is_skipped(read: Reader, tmp_path: Path, url: str) -> None:
    (tmp_path / "nested").mkdir()
    text = f"Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}}}"
    ((reason, affects_total),) = skipped(read(text)).values()
    assert reason.startswith("its template is not here")
    assert affects_total


def test_several_inputs_have_no_common_past_but_a_revision(read: Reader, tmp_path: Path) -> None:
    old, other = tmp_path / "old.yaml", tmp_path / "other.yaml"
    old.write_text(STACK)
    other.write_text(STACK)
    with pytest.raises(SourceError, match="is one past, and there are several inputs"):
        read(STACK, compare_to=str(old), beside=[str(other)])


def test_a_plan_has_a_past_of_its_own(read: Reader) -> None:
    with pytest.raises(SourceError, match="neither a template nor Terraform source, which --compare-to is for"):
        read('{"format_version": "1.2", "resource_changes": []}', "plan.json", compare_to="main")


def test_what_keeps_its_configuration_is_found_where_it_is_to_be_mended(read: Reader, tmp_path: Path) -> None:
    """The configuration has a fixed name, so replacing it changes nothing that runs."""
    fixed = STACK.replace("Properties:\n      Prod", "Properties:\n      EndpointConfigName: fixed\n      Prod")
    fixed = fixed.replace("!GetAtt Config.EndpointConfigName", "fixed")
    old = tmp_path / "old.yaml"
    old.write_text("# a line more\n" + fixed)
    endpoint = only(read(fixed.replace("InitialInstanceCount: 2", "InitialInstanceCount: 9"), compare_to=str(old)))
    assert endpoint.keeps_previous_configuration
    assert main(endpoint).initial_instance_count == 2
    assert main(endpoint).location == Location(str(tmp_path / "template.yaml"), 9, 11)
    assert endpoint.configuration_location == Location(str(tmp_path / "template.yaml"), 2, 3)


@pytest.mark.parametrize(
    "properties",
    [
        "KmsKeyId: !If [IsProd, key, !Ref AWS::NoValue]",
        "ExecutionRoleArn: !If [IsProd, a, b]",
        "EnableNetworkIsolation: !If [IsProd, true, false]",
        "DataCaptureConfig: {EnableCapture: false, DestinationS3Uri: !If [IsProd, a, b]}",
    ],
)
def test_what_makes_no_difference_is_no_possibility(read: Reader, properties: str) -> None:
    text = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n" + STACK.replace(
        "      ProductionVariants", f"      {properties}\n      ProductionVariants"
    )
    change_set = read(text)
    assert change_set.possibilities == ()
    assert change_set.notices == ()


def test_what_nothing_depends_on_still_tells_a_replacement(read: Reader, tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(STACK.replace("      ProductionVariants", "      KmsKeyId: old\n      ProductionVariants"))
    new = STACK.replace("      ProductionVariants", "      KmsKeyId: new\n      ProductionVariants")
    assert changes(read(new, compare_to=str(old))) == {"Endpoint": ("update", True)}


WITH_TARGET = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
  Component:
    Type: AWS::SageMaker::InferenceComponent
    Properties: {EndpointName: !GetAtt Endpoint.EndpointName, VariantName: main}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: RESOURCE
      MinCapacity: 1
      MaxCapacity: 4
"""


@pytest.mark.parametrize(
    ("resource_id", "hint"),
    [
        ("!Sub endpoint/${Endpoint}/variant/main", "Endpoint, not the name, take GetAtt Endpoint.EndpointName"),
        (
            "!Join [/, [endpoint, !Ref Endpoint, variant, main]]",
            "Endpoint, not the name, take GetAtt Endpoint.EndpointName",
        ),
        ("!Sub inference-component/${Component}", "Component, not the name, give it a name and write that"),
    ],
)
def test_a_resource_id_that_holds_an_arn_scales_nothing(read: Reader, resource_id: str, hint: str) -> None:
    """Ref gives the ARN of these, and a resource id takes their names."""
    policy = (
        "  Policy: {Type: AWS::ApplicationAutoScaling::ScalingPolicy, Properties: {ScalingTargetId: !Ref Target}}\n"
    )
    change_set = read(WITH_TARGET.replace("RESOURCE", resource_id) + policy)
    problem = f"ResourceId holds the ARN that Ref gives of {hint}"
    assert skipped(change_set) == {"Target": (problem, False)}
    endpoint = only(change_set)
    told = [each for one in (endpoint, *change_set.after.strays) for each in one.unlinked_scaling]
    assert [(each.address, each.problem) for each in told] == [("Target", problem)]
    assert main(endpoint).scaling is None


def test_the_words_are_those_of_cloudformation(read: Reader) -> None:
    """Nothing is applied, and no plan is shown."""
    text = WITH_TARGET.replace("RESOURCE", "!ImportValue target").replace(
        "!GetAtt Config.EndpointConfigName", "!ImportValue configuration"
    )
    assert "after apply" not in repr(read(text))


# Labelled possibilities ----------------------------------------------------------------------------------------------

SIZED = """\
Parameters:
  Type: {Type: String}
  Count: {Type: Number, Default: 1}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: main, ModelName: m, InstanceType: !Ref Type, InitialInstanceCount: !Ref Count}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: search, EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""


def labelled(tmp_path: Path, **values: dict[str, Any]) -> list[str]:
    for label, value in values.items():
        (tmp_path / f"{label}.json").write_text(json.dumps(value))
    return [f"{label}={tmp_path / label}.json" for label in values]


def test_each_label_is_a_possibility_of_its_own(read: Reader, tmp_path: Path) -> None:
    files = labelled(tmp_path, dev={"Type": "ml.m5.large"}, prod={"Type": "ml.g5.xlarge", "Count": 4})
    change_set = read(SIZED, possibilities=files)
    sizes = {}
    for possibility in change_set.possibilities:
        (endpoint,) = possibility.after.endpoints
        assert isinstance(endpoint.variants, tuple)
        assert isinstance(endpoint.variants[0], InstanceVariant)
        sizes[possibility.given] = (endpoint.variants[0].instance_type, endpoint.variants[0].initial_instance_count)
    assert sizes == {"dev": ("ml.m5.large", 1), "prod": ("ml.g5.xlarge", 4)}
    assert change_set.undecided == "which it is of --possibility dev or prod"
    assert main(only(change_set)).instance_type == Unknown(
        "ml.m5.large or ml.g5.xlarge: which it is of --possibility dev or prod"
    )


def test_parameters_hold_in_each_possibility_unless_it_says_otherwise(read: Reader, tmp_path: Path) -> None:
    files = labelled(tmp_path, dev={}, prod={"Count": 4})
    change_set = read(SIZED, parameters=["Type=ml.m5.large", "Count=2"], possibilities=files)
    assert main(only(change_set)).instance_type == "ml.m5.large"
    assert main(only(change_set)).initial_instance_count == Unknown("2 or 4: which it is of --possibility dev or prod")


def test_what_a_label_leaves_undecided_is_tried_as_well(read: Reader, tmp_path: Path) -> None:
    text = SIZED.replace("!Ref Count", "!If [IsBig, 3, 1]").replace(
        "Resources:", "Conditions: {IsBig: !Equals [!Ref Size, big]}\nResources:", 1
    )
    text = text.replace("Parameters:\n", "Parameters:\n  Size: {Type: String, AllowedValues: [big, small]}\n")
    files = labelled(tmp_path, dev={"Type": "ml.m5.large", "Size": "small"}, prod={"Type": "ml.g5.xlarge"})
    given = [possibility.given for possibility in read(text, possibilities=files).possibilities]
    assert given == ["dev", "prod, Size=big", "prod, Size=small"]


@pytest.mark.parametrize("argument", ["prod", "=prod.json", "prod="])
def test_a_possibility_has_a_label_and_a_file(read: Reader, argument: str) -> None:
    with pytest.raises(SourceError, match="has no label and file"):
        read(SIZED, possibilities=[argument])


@pytest.mark.parametrize(
    ("key", "partial"),
    [
        ("!GetAtt Key.Arn", "${Key.Arn}"),
        ("!Ref Key", "${Key}"),
        ("!If [Own, !GetAtt Key.Arn, !Ref AWS::NoValue]", None),
    ],
)
def test_a_key_that_the_template_makes_is_one_and_a_condition_on_it_asks_nothing(
    read: Reader, key: str, partial: str | None
) -> None:
    change_set = read(f"""
Parameters: {{Stage: {{Type: String}}}}
Conditions: {{Own: !Equals [!Ref Stage, prod]}}
Resources:
  Key: {{Type: AWS::KMS::Key, Properties: {{}}}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      KmsKeyId: {key}
      ProductionVariants:
        - {{VariantName: main, ModelName: chat, InstanceType: ml.m5.large, InitialInstanceCount: 1}}
  Endpoint: {{Type: AWS::SageMaker::Endpoint, Properties: {{EndpointConfigName: !GetAtt Config.EndpointConfigName}}}}
""")
    found = only(change_set).kms_key
    assert isinstance(found, Unknown)
    assert found.partial == partial
    assert change_set.possibilities == ()
