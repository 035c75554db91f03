"""Scalars of a template as text."""

import pytest

from guardrail.sources.template.values import text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (False, "false"), (2, "2"), (0.5, "0.5"), (None, None), (["a"], None)],
)
def test_a_scalar_is_written_as_cloudformation_writes_it(value: object, text: str | None) -> None:
    assert text_of(value) == text
