"""The text of a template: values as CloudFormation sees them, places, and texts that are built to exhaust."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.errors import NotATemplateError, SourceError
from guardrail.model import Location
from guardrail.sources.template.text import load
from guardrail.sources.template.values import Table


def value_of(text: str) -> Any:
    return load("t.yaml", f"Key: {text}\n".encode())["Key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("true", True),
        ("y", "y"),  # CloudFormation's parser, as PyYAML's, takes only whole words for truth values
        ("012", 10),
        ("0x1F", 31),
        ("0b101", 5),
        ("1:30", 90),
        ("1_000", 1000),
        ("-7", -7),
        ("1.50", 1.5),
        ("190:20:30.15", 685230.15),
        ("2010-09-09", "2010-09-09"),
        ("!!binary aGk=", "aGk="),
        ("'012'", "012"),
        ("~", None),
        ("", None),
        ("=", "="),
    ],
)
def test_plain_words_are_those_of_yaml_1_1(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Name", {"Ref": "Name"}),
        ("!GetAtt Config.EndpointConfigName", {"Fn::GetAtt": ["Config", "EndpointConfigName"]}),
        ("!GetAtt [Config, EndpointConfigName]", {"Fn::GetAtt": ["Config", "EndpointConfigName"]}),
        ("!GetAtt Nested.Outputs.Name", {"Fn::GetAtt": ["Nested", "Outputs.Name"]}),
        ("!Sub '${A}-b'", {"Fn::Sub": "${A}-b"}),
        ("!If [C, 1, !Ref AWS::NoValue]", {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!FindInMap [A, b, c]", {"Fn::FindInMap": ["A", "b", "c"]}),
        ("!Equals [!Ref A, 'yes']", {"Fn::Equals": [{"Ref": "A"}, "yes"]}),
    ],
)
def test_short_forms_are_the_long_ones(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_anchors_and_merges_mean_what_they_stand_for() -> None:
    loaded = load("t.yaml", b"A: &a {x: 1, y: 2}\nB:\n  <<: *a\n  y: 3\nC: *a\n")
    assert loaded == {"A": {"x": 1, "y": 2}, "B": {"y": 3, "x": 1}, "C": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    "text", ["0b_", "0x_", "-0b__", "!!int abc", "!!int ''", "!!float x", "!!bool maybe", "7" * 5000]
)
def test_what_is_no_number_or_truth_value_although_it_begins_like_one_is_text(text: str) -> None:
    assert value_of(text) == text.removeprefix("!!int ").removeprefix("!!float ").removeprefix("!!bool ").strip("'")


YAML = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          InstanceType: ml.m5.large
"""
JSON = """\
{
  "Description": "braces } in { text \\" and \\\\",
  "Resources": {
    "Config": {
      "Type": "AWS::SageMaker::EndpointConfig",
      "Properties": {"ProductionVariants": [
        {"VariantName": "main",
         "InstanceType": "ml.m5.large"}]}
    }
  }
}
"""


@pytest.mark.parametrize(
    ("text", "config", "variant", "instance_type"),
    [(YAML, (2, 3), (6, 11), (7, 11)), (JSON, (4, 5), (7, 9), (8, 10))],
    ids=["yaml", "json"],
)
def test_places_are_those_of_the_keys(
    text: str, config: tuple[int, int], variant: tuple[int, int], instance_type: tuple[int, int]
) -> None:
    resources = load("t", text.encode())["Resources"]
    assert resources.place("Config") == Location("t", *config)
    (found,) = resources["Config"]["Properties"]["ProductionVariants"]
    assert found.place() == Location("t", *variant)
    assert found.place("InstanceType") == Location("t", *instance_type)
    assert found.place("NotThere") == Location("t", *variant)


def test_an_evaluated_table_keeps_the_places_of_the_one_it_came_from() -> None:
    table = load("t", YAML.encode())["Resources"]["Config"]
    assert table.evaluated({"Type": "other"}).evaluated({}).place("Type") == Location("t", 3, 5)


def test_a_table_from_nowhere_has_no_place() -> None:
    assert Table({"a": 1}).place("a") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A: 1\nB: 2\nA: 3\n", "t:3:1: duplicate key 'A'"),
        ("A:\n  x: 1\n  'x': 2\n", "t:3:3: duplicate key 'x'"),
        ('{"A": 1,\n "B": {"x": 1, "x": 2}}', "t:2:16: duplicate key 'x'"),
        ('{"A": 1, "B": {"x": 1, "x": 2}, oops', "t:1:33: not valid JSON"),
        ("A: [1, 2\nB: 3\n", "t:2:2: not valid YAML: did not find expected ',' or ']'"),
        ('{"A": 1,}', "t:1:9: not valid JSON"),
        ('{"A": NaN}', "t: not valid JSON: no number is NaN"),
        ("? [a, b]\n: 1\n", "t:1:3: a key is not text"),
        ("A: &a\n  B: *a\n", "t:1:4: an alias stands inside its own anchor"),
        ("A: *nowhere\n", "t:1:4: not valid YAML: found undefined alias"),
        ("A:\n  <<: 3\n", "t:2:3: << merges something that is not a mapping"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        load("t", text.encode()).sound()
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text", "a: 1\n---\nb: 2\n", "", "3"])
def test_what_is_sound_and_no_mapping_is_no_template(text: str) -> None:
    with pytest.raises(NotATemplateError):
        load("t", text.encode())


def test_an_unreadable_encoding_is_no_template() -> None:
    with pytest.raises(NotATemplateError, match="not UTF-8"):
        load("t", b"A: \xff\xfe\xfa")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_shells_write_are_read(encoding: str) -> None:
    assert load("t", "A: ü\n".encode(encoding)) == {"A": "ü"}


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)
DEEP = {
    "sequences on one line": "A: \n" + "- " * 100_000 + "x",
    "brackets": "A: " + "[" * 100_000 + "]" * 100_000,
    "braces": "A: " + "{a: " * 100_000 + "1" + "}" * 100_000,
    "indentation": "\n".join(" " * depth + "a:" for depth in range(2_000)),
    "explicit keys": "? " * 100_000 + "x",
    "json": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "json arrays": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
}


def test_aliases_that_expand_without_end_are_refused() -> None:
    with pytest.raises(SourceError, match="more than 1,000,000 values after expanding aliases"):
        load("t", BOMB.encode())


@pytest.mark.parametrize("kind", DEEP)
def test_absurd_depth_is_refused_and_never_a_crash(kind: str) -> None:
    """In a process of its own, because what is guarded against takes the interpreter down."""
    code = (
        "import sys\n"
        "from guardrail.errors import SourceError\n"
        "from guardrail.sources.template.text import load\n"
        "try: load('t', sys.stdin.buffer.read())\n"
        "except SourceError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=DEEP[kind].encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert b"t: nested too deeply" in done.stdout or b"not valid" in done.stdout


def test_a_file_larger_than_any_template_is_refused() -> None:
    with pytest.raises(SourceError, match="more than any template"):
        load("t", b"A: " + b"x" * (17 << 20))


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\x85\u2028\u2029"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_json_is_read_as_json_and_every_key_has_its_place(document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False)
    loaded = load("t", text.encode("utf-8", "surrogatepass"))
    assert loaded == document
    lines = text.split("\n")

    def check(table: Any) -> None:
        if isinstance(table, Table):
            for key, item in table.items():
                place = table.place(key)
                assert place is not None
                assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(key, ensure_ascii=False) + ":")
                check(item)
        elif isinstance(table, list):
            for item in table:
                check(item)

    check(loaded)
