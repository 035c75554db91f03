"""Regular expressions mean the same on every Python from 3.11.0 on."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import guardrail

parser: Any = import_module("re._parser")
_SINGLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN"}


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for info in pkgutil.walk_packages(guardrail.__path__, "guardrail."):
        if not info.name.endswith("__main__"):
            for name, value in vars(import_module(info.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{info.name}.{name}", value


def _possessive_groups(parsed: Any) -> Iterator[str]:
    """The operators inside each possessive repeat of more than a single character."""
    for operator, argument in parsed:
        parts = argument if isinstance(argument, (tuple, list)) else (argument,)
        if str(operator) == "POSSESSIVE_REPEAT" and (len(parts[-1]) > 1 or str(parts[-1][0][0]) not in _SINGLE):
            yield str(parts[-1])
        for part in parts:
            for inner in part if isinstance(part, list) else (part,):
                if isinstance(inner, parser.SubPattern):
                    yield from _possessive_groups(inner)


@pytest.mark.parametrize("pattern", [r"(?:ab?c|d)*+", r"x(?:(?>a(?:bc)++)|y)", r"(a|(?:\d\d){2,3}+)"])
def test_a_possessive_repeat_of_a_group_is_found(pattern: str) -> None:
    assert list(_possessive_groups(parser.parse(pattern)))


def test_no_pattern_repeats_a_group_possessively() -> None:
    """CPython 3.11.0 to 3.11.4 match ``(?:ab?c|d)*+`` wrongly (python/cpython#106052); ``(?>(?:…)*)`` is right."""
    patterns = dict(_patterns())
    assert "guardrail.sources.hcl.scan._LOUD" in patterns
    assert not {
        name for name, each in patterns.items() if list(_possessive_groups(parser.parse(each.pattern, each.flags)))
    }
