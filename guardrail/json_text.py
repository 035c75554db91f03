"""JSON text as values, and where its objects, keys and values stand, which is looked up once somebody asks.

The decoder is Python's, which is written in C and knows no places; a scan of the text finds them again.
"""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from guardrail.errors import MalformedError
from guardrail.expressions import expression

MAX_DEPTH = 500
"""Of objects and lists in each other."""

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_KEY_OR_BRACE = expression(rf"{_STRING}(\s*:(?:\s*{_STRING})?)?|[{{}}]")
"""A key, with its value where that is text; other text; a brace."""
_START = expression(rf"{_STRING}|[{{\[]|[^\s,:{{}}\[\]\"]+")


class JsonError(MalformedError):
    """A text that is no JSON; ``offset`` is where it stops being it."""

    offset = 0


def decode(
    text: str,
    *,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    number: Callable[[str], Any] | None = None,
    strict: bool = True,
) -> Any:
    """The value of a JSON text; ``decode('{"a": [1, "b"]}')`` is ``{"a": [1, "b"]}``. Raises `JsonError`.

    ``pairs`` makes an object of its keys and values, which it is given in the order in which objects close; ``number``
    makes a number of its digits. Unless ``strict``, text may hold line ends and other control characters.
    """
    import json

    value: Any = None
    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=number,
            parse_int=number,
            parse_constant=_refuse_constant,
            strict=strict,
        )
        is_too_deep = _depth(value) > MAX_DEPTH
    except json.JSONDecodeError as error:
        problem = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        refusal = JsonError(problem, error.lineno, error.colno)
        refusal.offset = error.pos
        raise refusal from None
    except ValueError as error:  # a number of too many digits
        raise JsonError(f"not valid JSON: {str(error)[:1].lower()}{str(error)[1:]}") from None
    except RecursionError:
        is_too_deep = True
    if is_too_deep:
        raise JsonError("nested too deeply")
    return value


def _refuse_constant(constant: str) -> NoReturn:
    raise JsonError(f"not valid JSON: no number is {constant}")


def _depth(value: Any) -> int:
    """How many objects and lists stand in each other."""
    depth = -1
    level: list[Any] = [[value]]
    while level:
        depth += 1
        inside = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
        values = [each[1] if each.__class__ is tuple else each for each in inside]  # of a key and its value
        level = [each for each in values if isinstance(each, (dict, list))]
    return depth


def starts(text: str) -> Iterator[int]:
    """The offsets of all keys and values of a sound text, in its order: 0, 1, 6, 7 of ``{"a": [3]}``."""
    return (match.start() for match in _START.finditer(text))


def starts_of_objects(text: str) -> list[list[int]]:
    """The offsets of each object of a sound text and of its keys, in the order in which objects close.

    ``{"a": {"b": 1}}`` has an object at 6 with a key at 7, and one at 0 with a key at 1: ``[[6, 7], [0, 1]]``.
    """
    pending: list[list[int]] = []
    closed: list[list[int]] = []
    for match in _KEY_OR_BRACE.finditer(text):
        start = match.start()
        if match.lastindex:
            pending[-1].append(start)
        elif text[start] == "{":
            pending.append([start])
        elif not pending:
            break
        elif text[start] == "}":
            closed.append(pending.pop())
    return closed
