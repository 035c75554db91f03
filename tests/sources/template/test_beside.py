"""Several templates in one run: what one exports, names or scales is found from the other."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from guardrail import sources
from guardrail.model import ChangeSet, InstanceVariant, ScalableTarget, Unknown
from guardrail.sources.options import InputOptions
from guardrail.sources.past import Comparison
from guardrail.sources.template.files import WorkingTree
from guardrail.sources.template.stacks import Origin

ENDPOINT = """\
Resources:
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 2}]
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: chat, EndpointConfigName: !GetAtt C.EndpointConfigName}
Outputs:
  Name: {Value: !GetAtt E.EndpointName, Export: {Name: chat-name}}
"""
TARGET = """\
Resources:
  T:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: RESOURCE
      MinCapacity: 1
      MaxCapacity: 9
"""
CONFIGURATION = """\
Resources:
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      EndpointConfigName: shared
      ProductionVariants: [{VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 2}]
Outputs:
  Name: {Value: !GetAtt C.EndpointConfigName, Export: {Name: shared-name}}
"""
USER = """\
Resources:
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: chat, EndpointConfigName: CONFIG}
"""

NAMES = [f"{word}-lime" for word in ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay", "kite"]]
"""Names of which none stands in another."""

Run = Callable[..., dict[str, ChangeSet]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Read several templates as one run does, by the names of their files."""
    monkeypatch.chdir(tmp_path)

    def read(*, compare_to: str | None = None, **texts: str) -> dict[str, ChangeSet]:
        names = [f"{name}.yaml" for name in texts]
        for name, text in zip(names, texts.values(), strict=True):
            Path(name).write_text(dedent(text))
        compared = None if compare_to is None else Comparison(compare_to)
        options = InputOptions(region="us-east-1", beside=names, compared=compared)
        return {name: sources.read(name, options) for name in names}

    return read


def main(change_set: ChangeSet) -> InstanceVariant:
    (endpoint,) = change_set.after.endpoints
    assert isinstance(endpoint.variants, tuple)
    (variant,) = endpoint.variants
    assert isinstance(variant, InstanceVariant)
    return variant


@pytest.mark.parametrize(
    "resource",
    [
        "endpoint/chat/variant/main",
        '!Sub ["endpoint/${N}/variant/main", {N: !ImportValue chat-name}]',
        "!Join [/, [endpoint, !ImportValue chat-name, variant, main]]",
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_target_in_another_template_scales_the_endpoint(run: Run, resource: str, named: bool) -> None:  # noqa: FBT001
    endpoint = ENDPOINT if named else ENDPOINT.replace("EndpointName: chat, ", "")
    if not named and "Import" not in resource:
        pytest.skip("an endpoint without a name is not called chat")
    found = run(endpoint=endpoint, target=TARGET.replace("RESOURCE", resource))
    scaling = main(found["endpoint.yaml"]).scaling
    assert isinstance(scaling, ScalableTarget)
    assert (scaling.address, scaling.max_capacity) == ("target.yaml:T", 9)
    assert found["target.yaml"].skipped == ()
    assert found["target.yaml"].after.endpoints == ()


@pytest.mark.parametrize("config", ["shared", "!ImportValue shared-name"])
def test_a_configuration_in_another_template_is_what_the_endpoint_runs(run: Run, config: str) -> None:
    found = run(configuration=CONFIGURATION, user=USER.replace("CONFIG", config))
    assert main(found["user.yaml"]).initial_instance_count == 2
    assert found["user.yaml"].after.endpoints[0].configuration_address == "configuration.yaml:C"
    assert found["configuration.yaml"].after.unattached == ()
    assert found["configuration.yaml"].after.endpoints == ()


def test_templates_that_stand_in_for_each_other_are_not_linked(run: Run) -> None:
    """``dev.yaml`` and ``prod.yaml`` call their endpoint by one name: neither scales the other's."""
    both = ENDPOINT + "\n"
    scaled = ENDPOINT.replace("Outputs:", TARGET.removeprefix("Resources:\n").rstrip() + "\nOutputs:")
    found = run(dev=both, prod=scaled.replace("RESOURCE", "endpoint/chat/variant/main"))
    assert main(found["dev.yaml"]).scaling is None
    assert isinstance(main(found["prod.yaml"]).scaling, ScalableTarget)


def test_templates_that_have_nothing_to_do_with_each_other_stay_apart(run: Run) -> None:
    """What is undecided in one is no question of the other."""
    text = USER.replace("CONFIG", "!If [IsProd, a, b]").replace("chat", "other")
    undecided = f"Parameters: {{Stage: {{Type: String}}}}\nConditions: {{IsProd: !Equals [!Ref Stage, prod]}}\n{text}"
    found = run(one=ENDPOINT, other=undecided)
    assert found["one.yaml"].possibilities == ()
    assert found["one.yaml"].notices == ()


def test_a_parameter_of_one_name_is_one_question(run: Run) -> None:
    """Both templates are given the same --parameters."""
    parameter = "Parameters: {Stage: {Type: String, AllowedValues: [dev, prod]}}\n"
    endpoint = parameter + ENDPOINT.replace("EndpointName: chat", 'EndpointName: !Sub "chat-${Stage}"')
    target = TARGET.replace("RESOURCE", '!Sub ["endpoint/${N}/variant/main", {N: !ImportValue chat-name}]').replace(
        "MaxCapacity: 9", "MaxCapacity: !If [IsProd, 9, 3]"
    )
    condition = "Conditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    found = run(endpoint=endpoint, target=parameter + condition + target)
    assert found["endpoint.yaml"].undecided == "give --parameters Stage=dev or Stage=prod"
    assert [each.given for each in found["endpoint.yaml"].possibilities] == ["Stage=dev", "Stage=prod"]


def test_of_many_inputs_those_that_share_a_name_are_read(run: Run) -> None:
    others = {f"other{number}": ENDPOINT.replace("chat", f"chat-{number}") for number in range(20)}
    found = run(endpoint=ENDPOINT, target=TARGET.replace("RESOURCE", "endpoint/chat/variant/main"), **others)
    assert isinstance(main(found["endpoint.yaml"]).scaling, ScalableTarget)
    assert main(found["other3.yaml"]).scaling is None
    assert found["target.yaml"].skipped == ()


def test_of_many_inputs_those_that_only_have_metrics_of_endpoints_are_not_read(run: Run) -> None:
    """Each has a dimension of the name EndpointName: that tells of no other; 500 of them took 500 × 500 readings."""
    alarm = """
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SageMaker
      MetricName: HasBacklogWithoutCapacity
      Dimensions: [{Name: EndpointName, Value: !GetAtt E.EndpointName}]
Outputs:"""
    texts = {f"{letter}.yaml": ENDPOINT.replace("\nOutputs:", alarm).replace("chat", letter) for letter in NAMES}
    run(**{name.removesuffix(".yaml"): text for name, text in texts.items()})
    for name in texts:
        origin = Origin.of(name, WorkingTree(*texts), InputOptions(beside=list(texts)))
        assert [*origin.beside] == [name]


def test_of_many_inputs_an_alarm_reads_the_template_of_the_endpoint_that_it_watches(run: Run) -> None:
    alarm = """\
        Resources:
          A:
            Type: AWS::CloudWatch::Alarm
            Properties: {Dimensions: [{Name: EndpointName, Value: kilo-1}]}
        """
    others = {f"other{number}": ENDPOINT.replace("chat", f"kilo-{number}x") for number in range(20)}
    run(alarm=alarm, endpoint=ENDPOINT.replace("chat", "kilo-1"), **others)
    names = ["alarm.yaml", "endpoint.yaml", *(f"{name}.yaml" for name in others)]
    beside = Origin.of("alarm.yaml", WorkingTree(*names), InputOptions(beside=names)).beside
    assert "endpoint.yaml" in beside
    assert "other3.yaml" not in beside


def test_without_the_other_input_the_report_says_what_is_missing(run: Run) -> None:
    (endpoint,) = run(user=USER.replace("CONFIG", "!ImportValue shared-name"))["user.yaml"].after.endpoints
    assert isinstance(endpoint.variants, Unknown)
    assert "shared-name is exported by a stack that is not among the inputs" in endpoint.variants.reason
