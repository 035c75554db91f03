"""Scalars of a template as text."""

import pytest

from guardrail.errors import LimitError
from guardrail.limits import Allowance
from guardrail.sources.template.values import Hidden, Unresolved, joined, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (False, "false"), (2, "2"), (0.5, "0.5"), (None, None), (["a"], None)],
)
def test_a_scalar_is_written_as_cloudformation_writes_it(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_joining_is_charged_the_texts_and_a_separator_for_each() -> None:
    """Of "ab" and "cde" with "--": 2 + 3 and 2 × 2 are 9 characters at most."""
    assert joined(["ab", "cde"], "--", Allowance(text=9)) == "ab--cde"
    with pytest.raises(LimitError):
        joined(["ab", "cde"], "--", Allowance(text=8))


@pytest.mark.parametrize(
    ("parts", "hides"),
    [
        (["a", Unresolved("later")], False),
        (["a", Unresolved("later", hides=True)], True),
        ([Hidden("s3cret"), Unresolved("later")], True),
    ],
)
def test_a_text_of_which_a_part_is_hidden_hides(parts: list[object], hides: bool) -> None:  # noqa: FBT001
    assert joined(parts).hides is hides
