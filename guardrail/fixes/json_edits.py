"""Entries that are put into an object of a JSON text, or taken out, in the layout that the object has."""

import json
import re
from typing import Any

from guardrail.fixes.marks import Entry, Marked


def with_entry(text: str, owner: Marked, after: Entry | None, key: str, value: Any, newline: str) -> str:
    """The text with an entry in an object, behind another one or at its end.

    ``{"a": 1}`` becomes ``{"a": 1, "b": 2}``; of an object with an entry on each line the new one has lines of its own.
    """
    entry = after or (owner.entries[-1] if owner.entries else None)
    if entry is None:
        return f"{text[: owner.start]}{{{json.dumps(key)}: {json.dumps(value)}}}{text[owner.end :]}"
    indent = _indent_of(text, entry.start)
    if indent is None:
        added = f", {json.dumps(key)}: {json.dumps(value)}"
    else:
        unit = _unit(text, owner, indent)
        lines = json.dumps({key: value}, indent=unit, ensure_ascii=False).split("\n")[1:-1]
        own = len(unit) if isinstance(unit, str) else unit
        added = "," + "".join(f"{newline}{indent}{line[own:]}" for line in lines)
    at = entry.value.end
    return text[:at] + added + text[at:]


def without_entry(text: str, owner: Marked, entry: Entry) -> str:
    """The text without an entry, and without the comma and the line that are its own."""
    place = owner.entries.index(entry)
    if place + 1 < len(owner.entries):
        return text[: entry.start] + text[owner.entries[place + 1].start :]
    if place:
        return text[: owner.entries[place - 1].value.end] + text[entry.value.end :]
    return text[: owner.start + 1] + text[owner.end - 1 :]


def _indent_of(text: str, at: int) -> str | None:
    """The blanks before what stands first on its line; None where something stands before it."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip() else None


def _unit(text: str, owner: Marked, indent: str) -> str | int:
    """By what deeper levels are indented."""
    line_start = text.rfind("\n", 0, owner.start) + 1
    outer = re.compile(r"[ \t]*").match(text, line_start)
    own = indent[len(outer[0]) :] if outer and indent.startswith(outer[0]) else ""
    return own or 2
