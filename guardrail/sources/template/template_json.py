"""Templates in JSON: tables with places that are looked up once somebody asks."""

from bisect import bisect_right
from functools import cached_property, partial
from itertools import accumulate
from typing import Any

from guardrail.errors import SourceError
from guardrail.json_text import JsonError, decode, starts_of_objects
from guardrail.model import Location
from guardrail.sources.template.values import DuplicateKey, Table


def load(path: str, text: str, duplicates: list[DuplicateKey]) -> Any:
    """The value of a JSON text; keys that stand twice go to ``duplicates``.

    Raises `SourceError` where it is malformed.
    """
    tables = _ObjectTables(path, text, duplicates)
    try:
        return decode(text, pairs=tables.table, strict=False)
    except JsonError as error:
        raise SourceError(error.at(path)) from None


class _ObjectTables:
    """The tables of a JSON text, which the decoder asks for in the order in which their objects close."""

    def __init__(self, path: str, text: str, duplicates: list[DuplicateKey]) -> None:
        self._path = path
        self._text = text
        self._duplicates = duplicates
        self._serial = 0
        self._indices: dict[int, dict[str | None, int]] = {}

    def table(self, pairs: list[tuple[str, Any]]) -> Table:
        """The table of the next object."""
        made = Table(pairs)
        keys = list(made)
        if len(made) != len(pairs):
            keys = [key for key, _ in pairs]
            first: dict[str, int] = {}
            second = next(index for index, key in enumerate(keys) if first.setdefault(key, index) != index)
            made.twice = DuplicateKey(keys[second], partial(self._location, self._serial, second + 1))
            self._duplicates.append(made.twice)
        made.placed(partial(self._place, self._serial, keys))
        self._serial += 1
        return made

    def _place(self, serial: int, keys: list[str], key: str | None) -> Location:
        """Where ``key`` of the object with that number, or else the object, is written."""
        indices = self._indices.get(serial)
        if indices is None:
            indices = self._indices[serial] = {name: index for index, name in enumerate(keys, 1)}
        return self._location(serial, indices.get(key, 0))

    def _location(self, serial: int, index: int) -> Location:
        offset = self._objects[serial][index]
        line = bisect_right(self._lines, offset)
        return Location(self._path, line, offset - self._lines[line - 1] + 1)

    @cached_property
    def _objects(self) -> list[list[int]]:
        return starts_of_objects(self._text)

    @cached_property
    def _lines(self) -> list[int]:
        return list(accumulate((len(line) + 1 for line in self._text.split("\n")), initial=0))
