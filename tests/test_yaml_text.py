"""YAML as every reader of it starts: limits hold, places are told, and a language says what its scalars mean."""

from typing import Any

import pytest

from guardrail.yaml_text import YamlError, YamlLimitError, YamlReader, compose


def read(text: str) -> Any:
    return YamlReader().read(compose(text))


def test_aliases_share_a_value_and_merges_stand_behind_what_is_written() -> None:
    value = read("a: &a [1, b]\nc: *a\nd: &d {x: 1, y: 2}\ne: {y: 3, <<: *d}\nf: {<<: [{x: 4}, *d]}\n")
    assert value["c"] is value["a"]
    assert (value["e"], value["f"]) == ({"y": "3", "x": "1"}, {"x": "4", "y": "2"})


def test_an_empty_text_has_no_value() -> None:
    assert read("# nothing\n") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "f:2:1: not valid YAML: did not find expected ',' or ']'"),
        ("a: !b c\n", "f:1:4: there is no tag !b"),
        ("? [a]\n: b\n", "f:1:3: a key is not text"),
        ("a: &a\n  b: *a\n", "f:1:4: an alias stands inside its own anchor"),
        ("<<: a\n", "f:1:1: << merges something that is not a mapping"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        read(text)
    assert caught.value.at("f") == message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 501 + "]" * 501,
        "- " * 600 + "a",
        "".join(" " * depth + "a:\n" for depth in range(501)) + " " * 501 + "b",
        # 10 lists of 10 lists … of ten: 10^7 values
        "a0: &a0 [0,0,0,0,0,0,0,0,0,0]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7)),
    ],
)
def test_what_is_built_to_exhaust_is_a_limit_of_ours_and_no_mistake_in_it(text: str) -> None:
    with pytest.raises(YamlLimitError):
        read(text)
