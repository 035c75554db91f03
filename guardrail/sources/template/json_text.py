"""Templates in JSON: fast, with duplicate keys refused, and with places that are looked up once somebody asks."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import partial
from itertools import accumulate
from typing import Any

from guardrail.errors import SourceError
from guardrail.model import Location
from guardrail.sources.template.values import Table, Twice


def load(path: str, text: str, duplicates: list[Twice]) -> Any:
    """The value of a JSON text; keys that stand twice go to ``duplicates``.

    Raises `SourceError` where it is malformed.
    """
    places = _Places(path, text)
    serial = 0

    def table(pairs: list[tuple[str, Any]]) -> Table:
        nonlocal serial
        made = Table(pairs)
        names: Iterable[str] = made
        if len(made) != len(pairs):
            names = [key for key, _ in pairs]
            made.twice = _twice(places, serial, names)
            duplicates.append(made.twice)
        made.written(partial(places.locate, serial, names))
        serial += 1
        return made

    try:
        return json.loads(text, object_pairs_hook=table, parse_constant=_not_json, strict=False)
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {_lower(error.msg)}") from None
    except ValueError as error:
        raise SourceError(f"{path}: not valid JSON: {_lower(str(error))}") from None


def _not_json(constant: str) -> Any:
    raise ValueError(f"no number is {constant}")


def _lower(text: str) -> str:
    """A sentence of a parser as a clause."""
    return text[:1].lower() + text[1:]


_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(rf"{_STRING}(\s*:(?:\s*{_STRING})?)?|[{{}}]")
"""A key, with its value where that is text; other text; a brace."""


def _twice(places: "_Places", serial: int, keys: list[str]) -> Twice:
    """The first of the keys of an object that stands among them twice."""
    seen: set[str] = set()
    for index, key in enumerate(keys, 1):
        if key in seen:
            return Twice(key, partial(places.at, serial, index))
        seen.add(key)
    raise AssertionError("no key stands twice")


class _Places:
    """Where the keys of a JSON text stand; looked up once somebody asks.

    The decoder closes objects in the same order as a scan of the text does, so a serial number finds the object again.
    """

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._objects: list[list[int]] | None = None
        self._lines: list[int] = []
        self._indices: dict[int, dict[str, int]] = {}

    def locate(self, serial: int, names: Iterable[str], key: str | None) -> Location:
        """Where ``key`` of the object with that number, whose keys are ``names``, is written."""
        offsets = self.offsets(serial)
        if key is None:
            return self._location(offsets[0])
        known = self._indices.get(serial)
        if known is None:
            known = self._indices[serial] = {name: index for index, name in enumerate(names, 1)}
        return self._location(offsets[known.get(key, 0)])

    def offsets(self, serial: int) -> list[int]:
        """Offsets of the opening brace and of each key of an object."""
        if self._objects is None:
            self._objects = self._scan()
            lengths = map(len, self._text.split("\n"))
            self._lines = list(accumulate(lengths, lambda start, length: start + length + 1, initial=0))
        return self._objects[serial]

    def at(self, serial: int, index: int) -> Location:
        """Where the key with that number, from 1, is written."""
        return self._location(self.offsets(serial)[index])

    def _location(self, offset: int) -> Location:
        line = bisect_right(self._lines, offset)
        return Location(self._path, line, offset - self._lines[line - 1] + 1)

    def _scan(self) -> list[list[int]]:
        text = self._text
        pending: list[list[int]] = []
        closed: list[list[int]] = []
        for match in _TOKEN.finditer(text):
            start = match.start()
            first = text[start]
            if first == "{":
                pending.append([start])
            elif not pending:
                break
            elif first == "}":
                closed.append(pending.pop())
            elif match.lastindex:
                pending[-1].append(start)
        return closed
