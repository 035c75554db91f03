r"""Regular expressions: Terraform's are RE2's, and so are ours, by google-re2 (the extra ``regex``).

Go and the C++ library differ in a few things, which are made up for here: what is a match after an empty one, names of
groups, ``\C``. RE2 takes time in proportion to the text, whatever the pattern.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from guardrail.expressions import expression
from guardrail.limits import Allowance
from guardrail.sources.hcl.characters import normal
from guardrail.sources.hcl.values import (
    EvaluationError,
    ListValue,
    NotWorkedOutError,
    ObjectType,
    TupleType,
    Type,
)

_NAMED = expression(r"\(\?P?<(\w+)>")
_ESCAPES = expression(r"\\Q.*?(?:\\E|$)|\\(.)|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_REFERENCE = expression(r"\$(?:\$|\{(\w+)\}|(\w+))")
_MISSING = "regular expressions need google-re2: pip install 'guardrail-sagemaker[regex]'"


@lru_cache(256)
def _pattern(text: str) -> Any:
    """The compiled pattern. Raises `EvaluationError` for one that Terraform refuses."""
    try:
        import re2
    except ImportError:
        raise NotWorkedOutError(_MISSING) from None
    options = re2.Options()
    options.log_errors = False
    _check(text)
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"(?P<{match[1]}>" if names.count(match[1]) == 1 else f"(?P<{match[1]}_{len(names)}_again>"

    try:
        pattern = re2.compile(_NAMED.sub(numbered, text), options)
    except UnicodeEncodeError:
        raise EvaluationError("the pattern is no text") from None
    except re2.error as error:
        if "too large" in str(error):
            raise NotWorkedOutError("the pattern is too large") from None
        raise EvaluationError("the pattern is not valid") from None
    if names and pattern.groups != len(names):
        raise EvaluationError("some groups of the pattern have names, and some have none")
    return pattern, tuple(names)


def _check(text: str) -> None:
    """Raise for what RE2 knows and Go does not."""
    if any(match[1] == "C" for match in _ESCAPES.finditer(text)) or not all(map(str.isascii, _NAMED.findall(text))):
        raise EvaluationError("the pattern is not valid")


def _matches(pattern: Any, text: str, allowance: Allowance) -> Iterator[Any]:
    """Every match as Go finds them: none that is empty where the one before ends."""
    end = -1
    allowance.steps(len(text) // 8)
    for match in pattern.finditer(text):
        start, stop = match.span()
        if start == stop == end:
            continue
        allowance.steps(4)
        end = stop
        yield match


def search(allowance: Allowance, pattern: str, text: str) -> Any:
    """What ``regex`` gives: the match, or its groups. Raises `EvaluationError` where there is none."""
    compiled, names = _pattern(pattern)
    for match in _matches(compiled, text, allowance):
        return _groups(match, names)
    raise EvaluationError("the pattern matches nothing")


def search_all(allowance: Allowance, pattern: str, text: str) -> ListValue:
    """The result of ``regexall``: a list with the result of ``regex`` for every match."""
    compiled, names = _pattern(pattern)
    found: list[Any] = []
    for match in _matches(compiled, text, allowance):
        allowance.values(1 + compiled.groups)
        found.append(_groups(match, names))
    return ListValue(found, _type_of_groups(compiled.groups, names))


def _type_of_groups(count: int, names: tuple[str, ...]) -> Type:
    if names:
        return ObjectType(dict.fromkeys(names, "string"))
    return TupleType(("string",) * count) if count else "string"


def _groups(match: Any, names: tuple[str, ...]) -> Any:
    groups = [None if group is None else normal(group) for group in match.groups()]
    if names:
        return dict(zip(names, groups, strict=True))
    return groups or normal(match[0])


def replace(text: str, pattern: str, replacement: str, allowance: Allowance) -> str:
    """The text with every match replaced; ``$1`` and ``${name}`` stand for groups in the replacement."""
    compiled, names = _pattern(pattern)
    allowance.text(len(text))
    parts: list[str] = []
    at = 0
    for match in _matches(compiled, text, allowance):
        start, stop = match.span()
        instead = _REFERENCE.sub(lambda reference: _group(reference, match, names), replacement)  # noqa: B023 - at once
        allowance.text(len(instead))
        parts += (text[at:start], instead)
        at = stop
    return "".join([*parts, text[at:]])


def _group(reference: re.Match[str], match: Any, names: tuple[str, ...]) -> str:
    """What a reference such as ``$1`` stands for: nothing, where there is no such group."""
    name = reference[1] or reference[2]
    if name is None:
        return "$"
    groups = (match[0], *match.groups())
    if name.isascii() and name.isdecimal():
        return groups[int(name)] or "" if len(name) < 4 and int(name) < len(groups) else ""  # noqa: PLR2004
    return dict(zip(names, groups[1:], strict=True)).get(name) or "" if names else ""
