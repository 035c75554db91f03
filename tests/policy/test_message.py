"""Sentences: values as people read them, and templates that are checked when they are loaded."""

import re
from decimal import Decimal
from typing import Any

import pytest

from guardrail.errors import PolicyError
from guardrail.model import InstanceVariant, Unknown
from guardrail.policy.message import compile_text, printable, show
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Subject, Together

SCOPE = PolicyScope(policy="p", applies_to="variant", steps=("message",))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("1007.4"), "USD a month", "1,007.40"),
        (Decimal("0.0000233"), "USD per hour", "0.0000233"),
        (Decimal("0.2300"), "USD per hour", "0.23"),
        (Decimal("1E+2"), "", "100"),
        (2, "USD a month", "2.00"),
        (4, "vCPUs", "4"),
        (0.5, "", "0.5"),
        (5.0, "", "5"),
        (True, "", "true"),
        (None, "", "none"),
        (Unknown("why"), "", "unknown"),
        (("a", "b"), "", "a, b"),
        ({"team": "x", "owner": "y"}, "", "team, owner"),
    ],
)
def test_values_read_as_people_write_them(value: Any, unit: str, text: str) -> None:
    assert show(value, unit) == text


@pytest.mark.parametrize(
    "hostile", ["a\x1b[31mb", "a\nb", "a\r\nb", "a\u202eb", "a\u2028b", "a\x00b", "a\x9bb", "a\u200bb", "a\tb"]
)
def test_nothing_that_moves_or_hides_survives(hostile: str) -> None:
    assert printable(hostile).replace("[31m", "") == "ab"
    assert printable(show((hostile,))) == show((hostile,))


def test_ordinary_text_of_any_language_stays() -> None:
    assert printable("chat – größer 日本 emoji 🙂") == "chat – größer 日本 emoji 🙂"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{endpoint.nam}", "there is no field endpoint.nam, did you mean endpoint.name?"),
        ("{totals.excess}", "is no field of a policy that applies to variant"),
        ("{param.max}", "there is no parameter max"),
        ("{endpoint.name", "a brace without its partner"),
        ("{endpoint.nam:noun}", "there is no field endpoint.nam, did you mean endpoint.name?"),
        ("endpoint.name}", "a brace without its partner"),
    ],
)
def test_a_template_that_names_nothing_is_refused(template: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(f"policy p: message: {problem}") if problem[0] != "i" else problem):
        compile_text(template, SCOPE)


def test_doubled_braces_are_braces() -> None:
    variant = InstanceVariant(name="m", shadow=False, instance_type="ml.m5.large", initial_instance_count=1)
    template = compile_text("tags = {{ {variant.name} = 1 }}, {{{variant.name}}}", SCOPE)
    assert template(Together([Subject(None, None, variant=variant)])) == ["tags = { m = 1 }, {m}"]


def test_a_template_without_fields_is_itself() -> None:
    assert compile_text("as it is", SCOPE)(Together([Subject(None, None)])) == ["as it is"]


@pytest.mark.parametrize(
    ("count", "text"), [(1, "one instance"), (2, "2 instances"), (0, "0 instances"), (1200, "1,200 instances")]
)
def test_a_count_comes_with_its_noun(count: int, text: str) -> None:
    variant = InstanceVariant(name="m", shadow=False, instance_type="ml.m5.large", initial_instance_count=count)
    template = compile_text("{variant.initial_instance_count:instance}", SCOPE)
    assert template(Together([Subject(None, None, variant=variant)])) == [text]
