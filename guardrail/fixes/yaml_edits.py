"""Lines that are put into a YAML text or taken out, and values as such lines."""

import re
from collections.abc import Iterator
from typing import Any

from guardrail.fixes.base import NoFixError
from guardrail.fixes.marks import Entry, Marked

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 _./:${}-]*(?<![: ])")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


class Tagged(tuple[str, str]):
    """A short form of a function: ``Tagged(("!Ref", "Target"))``."""

    __slots__ = ()


def last_of(value: Marked) -> int:
    """Where the last character of a value stands that is no blank line or comment behind it."""
    pending, last = [value], value.start
    while pending:
        here = pending.pop()
        inner = (*here.entries, *here.items)
        if here.kind == "scalar" or here.flow or not inner:
            last = max(last, here.end)
        for entry in inner:
            last = max(last, entry.start)
            if entry.alias is not None:
                last = max(last, entry.alias[1])
            else:
                pending.append(entry.value)
    return last


def behind_entry(text: str, entry: Entry, lines: Iterator[str], newline: str) -> str:
    """The text with lines behind the last line of an entry."""
    if entry.alias is not None:
        raise NoFixError("it is written elsewhere, under an anchor")
    last = last_of(entry.value)
    if text[last - 1 : last] == "\n":  # of a block of text, whose end is the beginning of the next line
        last -= 1
    end = text.find("\n", last)
    end = len(text) if end < 0 else end - (text[end - 1 : end] == "\r")
    added = "".join(newline + line for line in lines)
    return text[:end] + added + text[end:]


def without_line(text: str, owner: Marked, entry: Entry) -> str:
    """The text without the line of an entry of a mapping. Raises `NoFixError` where others stand on it."""
    start, end = text.rfind("\n", 0, entry.start) + 1, text.find("\n", entry.value.end) + 1
    if entry.value.kind != "scalar" or entry.value.quote == "|" or len(owner.entries) == 1:
        raise NoFixError("it does not have a line of its own")
    if text[start : entry.start].strip():
        following = owner.entries[owner.entries.index(entry) + 1 :]
        if owner.entries[0] is not entry or not following:
            raise NoFixError("it does not have a line of its own")
        return text[: entry.start] + text[following[0].start :]  # the first of an item: ``- VolumeSizeInGB: 64``
    return text[:start] + text[end or len(text) :]


def yaml_lines(name: str, value: Any, indent: int, unit: int) -> Iterator[str]:
    """A key and its value as lines: ``name: value``, or the levels below it, indented by ``unit`` each."""
    blanks = " " * indent
    if isinstance(value, dict):
        yield f"{blanks}{name}:"
        for key, inner in value.items():
            yield from yaml_lines(key, inner, indent + unit, unit)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield f"{blanks}{name}:"
        for item in value:
            inside = ", ".join(f"{key}: {yaml_scalar(inner)}" for key, inner in item.items())
            yield f"{blanks}{' ' * unit}- {{{inside}}}"
    elif isinstance(value, list):
        yield f"{blanks}{name}: [{', '.join(map(yaml_scalar, value))}]"
    else:
        yield f"{blanks}{name}: {yaml_scalar(value)}"


def yaml_scalar(value: Any) -> str:
    """A value on one line: ``!Ref Target``, ``0.7``, ``sagemaker``."""
    if isinstance(value, Tagged):
        return f"{value[0]} {value[1]}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}"
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else "'" + text.replace("'", "''") + "'"
