"""``--parameters`` in every form that people have at hand."""

from pathlib import Path

import pytest

from guardrail.errors import SourceError
from guardrail.sources.template.assembly import ParameterValue
from guardrail.sources.template.parameters import load, named_files


def given(tmp_path: Path, text: str) -> dict[str, ParameterValue]:
    file = tmp_path / "parameters.json"
    file.write_text(text)
    return load([str(file)]).values


def test_pairs_on_the_command_line() -> None:
    assert load(["Stage=prod", "Url=a=b", "Empty="]).values == {
        "Stage": ParameterValue("prod"),
        "Url": ParameterValue("a=b"),
        "Empty": ParameterValue(""),
    }


def test_the_list_of_cloudformation(tmp_path: Path) -> None:
    text = """[
      {"ParameterKey": "Stage", "ParameterValue": "prod"},
      {"ParameterKey": "Count", "ParameterValue": 2},
      {"ParameterKey": "Old", "UsePreviousValue": true},
      {"ParameterKey": "Size", "ParameterValue": "/ml/size", "ResolvedValue": "ml.g5.xlarge"}
    ]"""
    assert given(tmp_path, text) == {
        "Stage": ParameterValue("prod"),
        "Count": ParameterValue("2"),
        "Old": ParameterValue(None),
        "Size": ParameterValue("/ml/size", "ml.g5.xlarge"),
    }


def test_a_previous_value_stands_over_one_that_is_given_beside_it(tmp_path: Path) -> None:
    text = """[
      {"ParameterKey": "Old", "UsePreviousValue": true, "ParameterValue": "x"},
      {"ParameterKey": "New", "UsePreviousValue": false, "ParameterValue": "y"}
    ]"""
    assert given(tmp_path, text) == {"Old": ParameterValue(None), "New": ParameterValue("y")}


def test_what_is_no_pair_is_a_file() -> None:
    arguments = ["Stage=prod", "parameters.json", "./a=b.json", "prod/x.json"]
    assert named_files(arguments) == ["parameters.json", "./a=b.json", "prod/x.json"]


def test_the_list_of_aws_cloudformation_deploy(tmp_path: Path) -> None:
    assert given(tmp_path, '["Stage=prod", "Size=ml.m5.large"]') == {
        "Stage": ParameterValue("prod"),
        "Size": ParameterValue("ml.m5.large"),
    }


def test_the_template_configuration_of_codepipeline_with_its_tags(tmp_path: Path) -> None:
    file = tmp_path / "configuration.json"
    file.write_text('{"Parameters": {"Stage": "prod", "Zones": ["a", "b"]}, "Tags": {"team": "ml"}, "StackPolicy": {}}')
    loaded = load([str(file)])
    assert loaded.values == {"Stage": ParameterValue("prod"), "Zones": ParameterValue("a,b")}
    assert loaded.tags == {"team": "ml"}


def test_a_plain_mapping_in_yaml(tmp_path: Path) -> None:
    assert given(tmp_path, "Stage: prod\nCount: 2\n") == {"Stage": ParameterValue("prod"), "Count": ParameterValue("2")}


def test_a_later_argument_wins(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"Stage": "dev", "Size": "s"}')
    assert load([str(file), "Stage=prod"]).values == {"Stage": ParameterValue("prod"), "Size": ParameterValue("s")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"Key": "a"}]', "an item of the list has no ParameterKey"),
        ('{"Parameters": [1]}', "Parameters is not a mapping"),
        ('{"Stage": {"a": 1}}', "the value of Stage is not text"),
        ("[1", "not valid JSON"),
    ],
)
def test_a_file_in_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        given(tmp_path, text)
    assert message in caught.value.message


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(SourceError, match=r"--parameters nowhere\.json cannot be read: no such file"):
        load(["nowhere.json"])
