"""Functions, parameters and conditions of a template, evaluated as CloudFormation would."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from guardrail.errors import SourceError
from guardrail.model import Unknown
from guardrail.sources.base import Reference
from guardrail.sources.template.assembly import ParameterValue
from guardrail.sources.template.stack import Stack
from guardrail.sources.template.text import load
from guardrail.sources.template.values import NO_VALUE, Hidden, Unresolved
from guardrail.sources.template.world import Other, PossibleWorld

Maker = Callable[..., Stack]

TEMPLATE = """
Parameters:
  Stage: {Type: String}
  Size: {Type: String, Default: ml.m5.large}
  Count: {Type: Number, Default: 2}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Secret: {Type: String, NoEcho: true, Default: s3cret}
  Published: {Type: "AWS::SSM::Parameter::Value<String>", Default: /ml/size}
Mappings:
  Sizes:
    us-east-1: {small: ml.m5.large, many: [1, 2]}
    prod: {small: ml.m5.xlarge}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Sure: !Equals [!Ref Size, ml.m5.large]
  Either: !Or [!Condition IsProd, !Condition Sure]
  Both: !And [!Condition IsProd, !Condition Sure]
  Neither: !And [!Not [!Condition Sure], !Condition IsProd]
  Loop: !Not [!Condition Loop]
Resources:
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: search}
  Anonymous: {Type: AWS::SageMaker::Endpoint}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties: {EndpointConfigName: !Sub "${Stage}-config"}
  Experiment:
    Type: AWS::SageMaker::InferenceExperiment
    Properties: {Name: shadow-test}
  Itself:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: !GetAtt Itself.EndpointName}
  Role: {Type: AWS::IAM::Role}
"""


def evaluated(stack: Maker, function: str, **options: Any) -> Any:
    return stack(TEMPLATE, **options).evaluate(load("f.yaml", f"Key: {function}".encode())["Key"])


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("!Ref Size", "ml.m5.large"),
        ("!Ref Count", 2),
        ("!Ref Zones", ["a", "b", "c"]),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::StackName", "app"),
        ("!Ref AWS::NoValue", NO_VALUE),
        ("!Ref Experiment", "shadow-test"),
        ("!GetAtt Endpoint.EndpointName", "search"),
        ("!Sub 'endpoint/${Endpoint.EndpointName}/variant/${Size}'", "endpoint/search/variant/ml.m5.large"),
        ("!Sub ['${A}-${Count}-${!Kept}', {A: !Ref Size}]", "ml.m5.large-2-${Kept}"),
        ("!Join [/, [endpoint, !GetAtt Endpoint.EndpointName, !Ref AWS::NoValue, 1, true]]", "endpoint/search/1/true"),
        ("!Join ['-', !Ref Zones]", "a-b-c"),
        ("!Select [1, !Ref Zones]", "b"),
        ("!Select ['2', !Split ['|', 'x|y|z']]", "z"),
        ("!If [Sure, 1, 2]", 1),
        ("[1, !If [Sure, !Ref AWS::NoValue, 2], 3]", [1, 3]),
        ("{a: !If [Sure, !Ref AWS::NoValue, 2], b: 3}", {"b": 3}),
        ("!FindInMap [Sizes, !Ref AWS::Region, small]", "ml.m5.large"),
        ("{'Fn::FindInMap': [Sizes, us-east-1, absent, {DefaultValue: !Ref Count}]}", 2),
        ("{'Fn::FindInMap': [Sizes, us-east-1, small, {DefaultValue: x}]}", "ml.m5.large"),
        ("{'Fn::Length': !Ref Zones}", 3),
        ("{'Fn::ToJsonString': {a: [1, !Ref Size]}}", '{"a":[1,"ml.m5.large"]}'),
        ("!Base64 hello", "aGVsbG8="),
        ("!ImportValue shared-model", "model-1"),
        ("{'Fn::GetStackOutput': {StackName: models, OutputName: Name}}", "model-2"),
        ("!Equals [!Ref Count, '2']", True),
        ("!Equals [{a: 1}, x]", False),
        ("{'Fn::ForEach::Stages': [S, [dev], {'${S}': 1}], b: !Ref AWS::NoValue}", {"dev": 1}),
        ("{Ref: Size, Other: 1}", {"Ref": "Size", "Other": 1}),
    ],
)
def test_what_can_be_known_is(stack: Maker, function: str, value: Any) -> None:
    assert evaluated(stack, function) == value


@pytest.mark.parametrize(
    ("function", "partial"),
    [
        ("!Ref Stage", "${Stage}"),
        ("!Sub '${Stage}-config'", "${Stage}-config"),
        ("!GetAtt Config.EndpointConfigName", "${Stage}-config"),
        ("!Sub 'endpoint/${Anonymous.EndpointName}/variant/blue'", "endpoint/${Anonymous.EndpointName}/variant/blue"),
        (
            "!Join ['', [endpoint/, !GetAtt Anonymous.EndpointName, /variant/blue]]",
            "endpoint/${Anonymous.EndpointName}/variant/blue",
        ),
        ("!Ref Endpoint", "${Endpoint}"),
        ("!Ref AWS::AccountId", "${AWS::AccountId}"),
        ("'{{resolve:ssm:/ml/size:3}}'", "{{resolve:ssm:/ml/size:3}}"),
        ("!Sub 'ml.{{resolve:ssm:/ml/size}}'", "ml.{{resolve:ssm:/ml/size}}"),
        ("!Ref Published", "${Published}"),
        ("!ImportValue nowhere", "${Import nowhere}"),
        ("!Sub ['${A}-${Stage}', {A: !Ref Secret}]", "${…}-${Stage}"),
    ],
)
def test_what_only_a_deployment_knows_keeps_the_text_that_is_known(stack: Maker, function: str, partial: str) -> None:
    value = evaluated(stack, function)
    assert isinstance(value, Unknown)
    assert value.partial == partial


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("!Ref Stage", "the parameter Stage has no value: give --parameters Stage=VALUE"),
        ("!Ref Published", "the parameter Published is read from SSM (/ml/size) at deployment: give its ResolvedValue"),
        ("!Ref Nothing", "Nothing is neither a parameter nor a resource of the template"),
        ("!GetAtt Nothing.Name", "Nothing is not a resource of the template"),
        ("!GetAtt Itself.EndpointName", "it leads to itself"),
        ("!FindInMap [Sizes, mars, small]", "Fn::FindInMap finds nothing under its keys"),
        ("!If [Unheard, 1, 2]", "the condition Unheard is not in the template"),
        ("!If [Loop, 1, 2]", "the condition Loop leads to itself"),
        ("!GetAZs us-east-1", "it is known only at deployment"),
        ("!Transform {Name: Mine, Parameters: {}}", "the macro Mine decides at deployment what stands here"),
        (
            "{'Fn::Transform': {Name: AWS::Include}, Other: 1}",
            "the macro AWS::Include decides at deployment what stands here",
        ),
        ("!Magic 1", "Fn::Magic is not a function known here"),
        ("!Join [1, 2]", "Fn::Join is not given a separator and a list"),
        ("!Select [9, [a]]", "Fn::Select finds nothing at its index"),
        ("!Select [3, !Ref Zones]", "Fn::Select finds nothing at its index"),  # the last of three is at 2
        ("!Equals [!Select [9, [a]], x]", "Fn::Select finds nothing at its index"),
        ("!Sub {a: 1}", "Fn::Sub is not given text"),
        ("!Join [',', [{a: 1}]]", "a list or mapping stands where text is expected"),
        ("{Ref: [1]}", "Ref is not given a name"),
    ],
)
def test_the_reason_says_what_to_give_or_what_is_wrong(stack: Maker, function: str, reason: str) -> None:
    value = evaluated(stack, function)
    assert isinstance(value, Unknown)
    assert value.reason == reason


def test_equal_texts_of_unknown_values_have_equal_symbols(stack: Maker) -> None:
    app = stack(TEMPLATE)
    sub, join = (
        app.evaluate(load("f", text)["K"]) for text in (b"K: !Sub '${Stage}-x'", b"K: !Join ['-', [!Ref Stage, x]]")
    )
    assert isinstance(sub, Unresolved)
    assert isinstance(join, Unresolved)
    assert sub.symbol == join.symbol == "${Stage}-x"


def test_a_reference_is_remembered_through_functions(stack: Maker) -> None:
    value = evaluated(stack, "!Sub ['endpoint/${N}/variant/${Role}', {N: !GetAtt Anonymous.EndpointName}]")
    assert value.references == (Reference("Anonymous", "EndpointName"), Reference("Role", ""))


def test_the_value_of_a_hidden_parameter_stays_hidden_wherever_it_goes(stack: Maker) -> None:
    for function in ("!Ref Secret", "!Sub 'a-${Secret}'", "!Join ['', [!Ref Secret]]", "!Base64 {Ref: Secret}"):
        assert isinstance(evaluated(stack, function), Hidden), function
    assert evaluated(stack, "!Select [0, !Split [',', !Ref Secret]]") == "s3cret"
    assert isinstance(evaluated(stack, "!Select [0, !Split [',', !Ref Secret]]"), Hidden)


def test_a_value_that_is_given_wins_over_the_default(stack: Maker) -> None:
    assert evaluated(stack, "!Ref Size", Size="ml.g5.xlarge") == "ml.g5.xlarge"
    assert evaluated(stack, "!Ref Zones", Zones="x,y") == ["x", "y"]


def test_an_ssm_parameter_is_known_by_its_resolved_value(stack: Maker) -> None:
    app = stack(TEMPLATE)
    app.template = replace(app.template, parameters={"Published": ParameterValue("/ml/size", "ml.g5.xlarge")})
    assert app.reference("Published") == "ml.g5.xlarge"


def test_a_parameter_that_keeps_its_previous_value_is_unknown(stack: Maker) -> None:
    app = stack(TEMPLATE)
    app.template = replace(app.template, parameters={"Size": ParameterValue(None)})
    assert app.reference("Size").reason == ("the parameter Size keeps its previous value: give --parameters Size=VALUE")


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-central-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_partition_and_suffix_follow_from_the_region(stack: Maker, region: str, partition: str, suffix: str) -> None:
    app = stack(TEMPLATE, region=region)
    assert (app.reference("AWS::Partition"), app.reference("AWS::URLSuffix")) == (partition, suffix)


def test_without_a_region_nothing_that_follows_from_it_is_known(stack: Maker) -> None:
    app = stack(TEMPLATE, region=None)
    assert app.reference("AWS::Region").reason == "the region is not known: give --region"
    assert isinstance(app.reference("AWS::Partition"), Unknown)


@pytest.mark.parametrize(
    ("condition", "without", "prod", "dev"),
    [
        ("IsProd", None, True, False),
        ("IsDev", None, False, True),
        ("Sure", True, True, True),
        ("Either", True, True, True),  # true or unknown is true
        ("Both", None, True, False),
        ("Neither", False, False, False),  # false and unknown is false
    ],
)
def test_conditions_are_three_valued(
    stack: Maker,
    condition: str,
    without: bool | None,  # noqa: FBT001
    prod: bool,  # noqa: FBT001 - a truth value is what it is about
    dev: bool,  # noqa: FBT001
) -> None:
    undecided = stack(TEMPLATE).holds(condition)
    assert (None if isinstance(undecided, Unknown) else undecided) is without
    assert stack(TEMPLATE, Stage="prod").holds(condition) is prod
    assert stack(TEMPLATE, Stage="dev").holds(condition) is dev


def test_a_value_other_than_those_compared_with_fails_every_comparison(stack: Maker) -> None:
    world = PossibleWorld({"Stage": Other(frozenset({"prod"}))})
    app = stack(TEMPLATE, world=world)
    assert app.holds("IsProd") is False
    assert isinstance(app.reference("Stage"), Unknown)


def test_an_undecided_branch_is_unknown_and_noted(stack: Maker) -> None:
    world = PossibleWorld()
    value = stack(TEMPLATE, world=world).evaluate(load("f", b"K: !If [IsProd, 1, 2]")["K"])
    assert isinstance(value, Unknown)
    assert list(world.consulted) == ["Stage"]
    assert world.variables["Stage"].choices() == ["prod", Other(frozenset({"prod"}))]


def test_a_condition_that_nothing_asks_for_is_not_noted(stack: Maker) -> None:
    world = PossibleWorld()
    app = stack(TEMPLATE, world=world)
    app.evaluate(load("f", b"K: !If [Either, 1, 2]")["K"])
    assert not world.consulted


def test_a_parameter_used_as_the_key_of_a_map_can_only_be_one_of_its_keys(stack: Maker) -> None:
    world = PossibleWorld()
    stack(TEMPLATE, world=world).evaluate(load("f", b"K: !FindInMap [Sizes, !Ref Stage, small]")["K"])
    assert world.variables["Stage"].choices() == ["us-east-1", "prod"]
    assert list(world.consulted) == ["Stage"]


@pytest.mark.parametrize("key", ["!Sub '${Stage}-${Published}'", "!Select [9, [a]]", "!Sub '${Stage}-x'"])
def test_what_is_more_than_a_parameter_may_be_any_key_of_a_map(stack: Maker, key: str) -> None:
    world = PossibleWorld()
    value = stack(TEMPLATE, world=world).evaluate(load("f", f"K: !FindInMap [Sizes, {key}, small]".encode())["K"])
    assert isinstance(value, Unknown)
    assert not any(variable.values or variable.is_closed for variable in world.variables.values())
    assert world.consulted == {}


def test_an_unknown_text_equals_itself(stack: Maker) -> None:
    assert evaluated(stack, "!Equals [!Sub '${Stage}-x', !Join ['-', [!Ref Stage, x]]]") is True
    assert evaluated(stack, "!Equals [!ImportValue nowhere, !ImportValue nowhere]") is True


def test_a_comparison_out_of_reach_of_any_parameter_is_a_question_of_its_own(stack: Maker) -> None:
    world = PossibleWorld()
    comparison = "K: !Equals ['{{resolve:ssm:/stage}}', prod]"
    value = stack(TEMPLATE, world=world).evaluate(load("f", comparison.encode())["K"])
    assert isinstance(value, Unresolved)
    assert value.variables == ("whether prod equals {{resolve:ssm:/stage}}",)
    decided = PossibleWorld({"whether prod equals {{resolve:ssm:/stage}}": "true"})
    assert stack(TEMPLATE, world=decided).evaluate(load("f", comparison.encode())["K"]) is True


def test_functions_that_lead_on_for_ever_end(stack: Maker) -> None:
    nested = "!Not [" * 150 + "!Condition Sure" + "]" * 150
    assert isinstance(evaluated(stack, f"!If [Sure, {nested}, 1]"), (Unknown, bool))
    deep = "!Join ['', [" * 150 + "x" + "]]" * 150
    assert evaluated(stack, deep).reason == "its functions lead to themselves"


@pytest.mark.parametrize(("depth", "ends"), [(100, True), (101, False)])
def test_functions_stand_in_each_other_100_deep(stack: Maker, depth: int, ends: bool) -> None:  # noqa: FBT001
    found = evaluated(stack, "!Join ['', [" * depth + "x" + "]]" * depth)
    assert found == "x" if ends else found.reason == "its functions lead to themselves"


def test_one_property_is_found_in_properties_that_a_condition_picks(stack: Maker) -> None:
    picked = (
        TEMPLATE
        + """
  Picked:
    Type: AWS::SageMaker::Endpoint
    Properties: !If [Sure, {EndpointName: sure, EndpointConfigName: c}, {EndpointName: unsure}]
"""
    )
    app = stack(picked)
    assert app.attribute("Picked", "EndpointName") == "sure"
    assert app.attribute("Endpoint", "EndpointName") == "search"


def test_an_attribute_may_be_written_as_one_text(stack: Maker) -> None:
    assert evaluated(stack, "{'Fn::GetAtt': Endpoint.EndpointName}") == "search"


def test_a_section_that_stands_twice_is_refused_and_another_key_is_not(stack: Maker) -> None:
    assert list(stack("Description: a\nDescription: b\nResources: {A: {Type: T}}\n").resources) == ["A"]
    with pytest.raises(SourceError, match="Resources"):
        stack("Resources: {A: {Type: T}}\nResources: {B: {Type: T}}\n")


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("!GetAtt Endpoint.EndpointName", "search"),
        ("!GetAtt Nested.Outputs.Image", {"Fn::GetAtt": ["Nested", "Outputs.Image"]}),
        ("{'Fn::GetAtt': [Endpoint, !Ref Size]}", {"Fn::GetAtt": ["Endpoint", {"Ref": "Size"}]}),
    ],
)
def test_of_what_nobody_reads_only_parameters_and_attributes_are_put_into_text(
    stack: Maker, function: str, value: Any
) -> None:
    resource = load("f.yaml", f"Properties: {{Image: {function}}}".encode())
    assert stack(TEMPLATE).properties(resource, frozenset({"Image"})) == {"Image": value}


def test_a_section_that_is_no_mapping_is_refused(stack: Maker) -> None:
    with pytest.raises(SourceError, match=r"t\.yaml: Conditions is not a mapping"):
        stack("Conditions: [1]\nResources: {}\n")


def test_evaluating_twice_changes_nothing(stack: Maker) -> None:
    app = stack(TEMPLATE, Stage="prod")
    once = app.evaluate(app.resources["Config"])
    assert app.evaluate(once) == once
