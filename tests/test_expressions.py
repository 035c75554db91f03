"""Expressions that are compiled once a text is held against them."""

import re

import pytest

from guardrail.expressions import expression


def test_an_expression_answers_as_the_compiled_one() -> None:
    number, letters = expression(r"(\d+)"), expression(rb"[a-z]+", re.IGNORECASE)
    assert (found := number.search("up to 12 of 30")) is not None
    assert found[1] == "12"
    assert number.findall("12 of 30") == ["12", "30"]
    assert letters.fullmatch(b"GPU") is not None
    assert letters.fullmatch(b"g5") is None


def test_nothing_is_compiled_before_a_text_is_held_against_it() -> None:
    open_bracket = expression("[")
    with pytest.raises(re.error, match="unterminated character set"):
        open_bracket.search("a[0]")
