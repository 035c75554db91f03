"""JSON as every reader of it starts: the decoder has the values, a scan finds where they stand."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.json_text import JsonError, decode, starts, starts_of_objects

texts = st.text(st.characters(codec="utf-8"), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 10**6) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


def in_order(value: Any) -> list[Any]:
    """Every key and value of a document, as they are met from its start."""
    if isinstance(value, dict):
        return [value, *(part for key, item in value.items() for part in (key, *in_order(item)))]
    return [value, *(part for item in value for part in in_order(item))] if isinstance(value, list) else [value]


@given(values, st.sampled_from([None, 1]))
def test_every_key_and_value_starts_where_the_scan_says(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    decoder = json.JSONDecoder()
    assert [decoder.raw_decode(text, start)[0] for start in starts(text)] == in_order(value)


@given(values)
def test_objects_stand_in_the_order_in_which_the_decoder_closes_them(value: Any) -> None:
    text = json.dumps({"all": value}, indent=1)
    closed: list[list[str]] = []
    decode(text, pairs=lambda pairs: closed.append([key for key, _ in pairs]))
    decoder = json.JSONDecoder()
    found = starts_of_objects(text)
    assert all(text[start] == "{" for start, *_ in found)
    assert [[decoder.raw_decode(text, key)[0] for key in keys] for _, *keys in found] == closed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a" 1}', "f:1:6: not valid JSON: expecting ':' delimiter"),
        ('{"a":\n}', "f:2:1: not valid JSON: expecting value"),
        ("[Infinity]", "f: not valid JSON: no number is Infinity"),
        ("[" * 501 + "]" * 501, "f: nested too deeply"),
        ("[" * 100_000, "f: nested too deeply"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(JsonError) as caught:
        decode(text)
    assert caught.value.at("f") == message


def test_text_holds_control_characters_where_that_is_allowed() -> None:
    assert decode('["a\tb"]', strict=False) == ["a\tb"]
    with pytest.raises(JsonError):
        decode('["a\tb"]')
