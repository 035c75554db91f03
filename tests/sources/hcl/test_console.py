"""Expressions that hypothesis makes, held against ``terraform console`` where it is installed, refusals included."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.model import Unknown
from tests.sources.hcl.expressions import REFUSED, TERRAFORM, console, value_of

pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")

AT_ONCE = 40

letters = st.text(st.sampled_from('abé-_ /.,1{}$%"\\\n\t'), max_size=6)
"""What tells HCL's quoting apart from others."""


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


texts = letters.map(quoted)
numbers = st.one_of(st.integers(-50, 50).map(str), st.sampled_from(["0.5", "2.25", "1e3", "-0.125", "100000000000"]))
booleans = st.sampled_from(["true", "false"])
scalars = st.one_of(texts, numbers, booleans)


def lists(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(of, min_size=1, max_size=4).map(lambda items: f"[{', '.join(items)}]")


def objects(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(st.sampled_from(["a", "b-c", "d_1", "é"]), of, min_size=1, max_size=3)
    return pairs.map(lambda each: "{" + ", ".join(f"{quoted(key)} = {value}" for key, value in each.items()) + "}")


def call(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*arguments).map(lambda values: f"{name}({', '.join(values)})")


def binary(operators: str, operand: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(operand, st.sampled_from(operators.split()), operand).map(lambda parts: f"({' '.join(parts)})")


arithmetic = st.recursive(
    st.one_of(numbers, st.sampled_from(["0.1", "0.3", "1.1", '"2"'])),
    lambda inner: st.one_of(binary("+ - * / %", inner), inner.map("-({})".format)),
    max_leaves=6,
)
logic = st.recursive(
    st.one_of(booleans, binary("< <= > >= == !=", arithmetic)),
    lambda inner: st.one_of(binary("&& || == !=", inner), inner.map("!({})".format)),
    max_leaves=5,
)
templates = st.tuples(letters, scalars, letters).map(
    lambda parts: quoted(parts[0])[:-1] + "${" + parts[1] + "}" + quoted(parts[2])[1:]
)
words = st.one_of(
    texts,
    templates,
    call("upper", texts),
    call("trimspace", texts),
    call("join", texts, lists(texts)),
    call("replace", texts, st.sampled_from(['"a"', '"/[ab]+/"', '"."']), texts),
    call("format", st.sampled_from(['"%s|%5s"', '"%-4s%s"', '"%v %q"']), texts, texts),
    call("substr", texts, st.integers(0, 3).map(str), st.integers(-1, 4).map(str)),
)
collections = st.one_of(
    call("split", texts, words),
    call("concat", lists(scalars), lists(scalars)),
    call("reverse", lists(texts)),
    call("sort", lists(words)),
    call("distinct", lists(texts)),
    call("toset", lists(texts)),
    call("setunion", lists(texts), lists(texts)),
    call("flatten", lists(st.one_of(texts, lists(texts)))),
    call("keys", objects(scalars)),
    call("values", objects(texts)),
    call("merge", objects(texts), objects(texts)),
    call("zipmap", st.just('["x", "y"]'), lists(texts).filter(lambda text: text.count('", "') == 1)),
    st.tuples(lists(texts), st.sampled_from(["upper(v)", '"${i}-${v}"', "length(v)"])).map(
        lambda parts: f"[for i, v in {parts[0]} : {parts[1]}]"
    ),
    st.tuples(objects(texts), st.sampled_from(['v != ""', "length(k) > 1"])).map(
        lambda parts: f"{{for k, v in {parts[0]} : k => v if {parts[1]}}}"
    ),
    st.tuples(lists(objects(texts)), st.just("a")).map(lambda parts: f"try({parts[0]}[*].{parts[1]}, [])"),
)
mixed = st.recursive(
    st.one_of(scalars, st.just("null")),
    lambda inner: st.one_of(lists(inner), objects(inner), st.just("[]"), st.just("{}")),
    max_leaves=6,
)
whole = mixed.filter(lambda text: text != "null")
"""Terraform's ``tolist(null)`` is a null of a type, which no text fits; here a null fits everything (docs/hcl.md)."""
typed = st.one_of(
    mixed,
    call("tolist", whole),
    call("toset", whole),
    call("tomap", objects(mixed)),
    call("setunion", lists(scalars), lists(scalars)),
    call("setintersection", lists(scalars), lists(scalars)),
    call("setsubtract", lists(scalars), lists(scalars)),
    call("setproduct", lists(scalars), lists(scalars)),
    call("concat", call("tolist", lists(scalars)), lists(scalars)),
    call("coalesce", scalars, scalars),
    call("distinct", lists(mixed)),
    call("lookup", objects(scalars), st.just('"a"'), scalars),
)
conditional = st.tuples(logic, typed, typed).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})")
compared = st.one_of(binary("== !=", typed), call("contains", typed, scalars), call("can", typed))
anything = st.one_of(
    arithmetic,
    call("ceil", arithmetic),
    call("floor", arithmetic),
    logic,
    words,
    collections,
    typed,
    conditional,
    compared,
    call("jsonencode", st.one_of(collections, scalars, conditional)),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(expressions=st.lists(anything, min_size=AT_ONCE, max_size=AT_ONCE))
def test_terraform_gives_the_same_values(expressions: list[str], tmp_path: Path) -> None:
    """Some 500 expressions; numbers as JSON writes them, so that no digit is compared that both had to round."""
    for expression, of_terraform in zip(expressions, console(expressions, tmp_path), strict=True):
        ours = value_of(expression)
        if not isinstance(ours, Unknown):
            assert comparable(ours) == comparable(of_terraform), expression


def comparable(value: Any) -> Any:
    """Numbers to nine digits; JSON, and so Terraform's ``jsonencode``, refuses infinite ones."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return REFUSED
    return json.loads(text, parse_float=lambda digits: round(float(digits), 9))
