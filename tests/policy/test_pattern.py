"""Patterns match as regular expressions do, in linear time; what is outside the subset is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.policy.pattern import Pattern, PatternError

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "-"])


def quantified(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(atoms, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}"])).map("".join)


PATTERNS = st.recursive(
    st.lists(quantified(ATOMS), max_size=4).map("".join),
    lambda inner: st.lists(quantified(inner.map(lambda text: f"({text})")), min_size=1, max_size=3).map("|".join),
    max_leaves=4,
)


@given(PATTERNS, st.text(alphabet="ab1-", max_size=8))
def test_a_pattern_matches_what_the_regular_expression_matches_as_a_whole(pattern: str, text: str) -> None:
    assert Pattern(pattern).matches(text) == (re.fullmatch(pattern, text) is not None)


def test_the_whole_text_must_match() -> None:
    assert Pattern("prod").matches("prod")
    assert not Pattern("prod").matches("prod-2")
    assert not Pattern("pro?d").matches("a prod")


def test_case_can_be_ignored() -> None:
    assert Pattern("Non-?Prod", ignore_case=True).matches("NONPROD")
    assert Pattern("Prod", ignore_case=True).matches("PROD")
    assert not Pattern("Prod").matches("PROD")
    assert Pattern(r"Prod\D+", ignore_case=True).matches("PRODuct")  # and \D is not \d
    assert not Pattern(r"Prod\D+", ignore_case=True).matches("prod1")


def test_either_side_of_a_range_may_be_escaped() -> None:
    r"""In ASCII ( is 40, ) 41, * 42, 9 57, [ 91, \ 92, ] 93 and a 97."""
    assert Pattern(r"[\(-z]+").matches("(*9a")
    assert Pattern(r"[(-\)]+").matches("()")
    assert not Pattern(r"[(-\)]").matches("*")
    assert Pattern(r"[\[-\]]+").matches("[\\]")
    assert not Pattern(r"[\[-\]]").matches("a")
    assert Pattern(r"[\(-]+").matches("(-")
    assert Pattern(r"[\d-z]+").matches("1-z")
    assert not Pattern(r"[\d-z]").matches("a")


def test_a_pattern_that_makes_a_backtracking_engine_run_for_ever_answers() -> None:
    assert not Pattern("(a+)+b").matches("a" * 20_000)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("^prod$", "no anchors: the whole text is matched at character 2"),
        ("(prod", "missing ) at character 6"),
        ("prod)", "unbalanced ) at character 5"),
        ("[a-", "missing ]"),
        ("[z-a]", "class range out of order"),
        (r"[\)-(]", "class range out of order"),
        (r"[a-\d]", "class range out of order"),
        ("*a", "* has nothing to act on"),
        ("a**", "a second quantifier"),
        ("(?=a)", "groups are plain ( )"),
        ("a{x}", "expected {m}, {m,} or {m,n}"),
        ("a{\u0663}", "expected {m}, {m,} or {m,n}"),  # to RE2 braces around anything but 0 to 9 are text
        ("a{00}", "a number of times begins with 0"),  # and so are these
        ("a{1,02}", "a number of times begins with 0"),
        ("a{3,2}", "repetition bounds out of order"),
        ("\\b", "unknown escape \\b"),
        ("(a{1000}){1000}", "more than 2,000 states"),
        ("(" * 900 + ")" * 900, "groups nested more than 50 deep"),
        ("a" * 2_001 + "*", "longer than 2000 characters"),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_place(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=re.escape(problem)):
        Pattern(pattern)
