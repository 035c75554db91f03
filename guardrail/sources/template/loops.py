"""``Fn::ForEach`` of AWS::LanguageExtensions: one body written out for each item of a collection.

Source: "Fn::ForEach" in the AWS CloudFormation template reference. ``${Name}`` in keys and text, and ``Ref`` of the
name, become the item; ``&{Name}`` becomes the item without what a logical id cannot hold.
"""

import re
from collections.abc import Callable
from typing import Any

from guardrail.errors import SourceError
from guardrail.model import Location, Unknown
from guardrail.sources.template.values import Table, text_of

PREFIX = "Fn::ForEach::"
_PARTS = 3
_MAX_COPIES = 10_000
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")


class Loops:
    """Writes out the loops of one template."""

    def __init__(self, path: str, evaluate: Callable[[Any], Any]) -> None:
        self._path = path
        self._evaluate = evaluate
        self._copies = 0
        self.unknown: dict[str, tuple[Table, Unknown]] = {}
        """Loops over a collection that cannot be known, by name, with their body."""

    def expanded(self, table: Table) -> Table:
        """The table with every loop in it written out, each key at the place of the body it comes from."""
        if not any(key.startswith(PREFIX) for key in table):
            return table
        sources: dict[str, tuple[Table, str]] = {}
        result = Table()
        self._expand(table, result, sources)

        def locate(key: str | None) -> Location | None:
            owner, written = sources.get(key or "", (table, key))
            return owner.place(written)

        return result.written(locate)

    def _expand(self, table: Table, result: Table, sources: dict[str, tuple[Table, str]]) -> None:
        for key, value in table.items():
            if not key.startswith(PREFIX):
                result[key] = value
                sources[key] = (table, key)
                continue
            name, items, body = self._parts(key, value)
            if isinstance(items, Unknown):
                self.unknown[key.removeprefix(PREFIX)] = (body, items)
                continue
            for item in items:
                self._count()
                self._copy(body, name, item, result, sources)

    def _copy(self, body: Table, name: str, item: str, result: Table, sources: dict[str, tuple[Table, str]]) -> None:
        """One copy of a body; a loop in it is written out in turn."""
        for key, value in body.items():
            copied = _substituted(value, name, item)
            if key.startswith(PREFIX):
                # A nested loop may use the outer name in its own name, which has to stay one of its kind.
                self._expand(Table({key: copied}), result, sources)
                continue
            copied_key = _filled(key, name, item)
            result[copied_key] = copied
            sources[copied_key] = (body, key)

    def _parts(self, key: str, value: Any) -> tuple[str, list[str] | Unknown, Table]:
        """Name, collection and body of a loop."""
        if not isinstance(value, list) or len(value) != _PARTS or not isinstance(value[2], Table):
            raise SourceError(f"{self._path}: {key} is not a name, a collection and a body")
        name, collection, body = value
        items = self._evaluate(collection)
        if isinstance(items, Unknown):
            return str(name), items, body
        texts = [text_of(item) for item in items] if isinstance(items, list) else [None]
        if None in texts:
            unknown = [item for item in items if isinstance(item, Unknown)] if isinstance(items, list) else []
            return str(name), unknown[0] if unknown else Unknown("its collection is not a list of texts"), body
        return str(name), [text for text in texts if text is not None], body

    def _count(self) -> None:
        self._copies += 1
        if self._copies > _MAX_COPIES:
            raise SourceError(f"{self._path}: its loops write out more than {_MAX_COPIES:,} copies")


def _substituted(value: Any, name: str, item: str) -> Any:
    """A copy of a body's part with the item in place of the name."""
    if isinstance(value, str):
        return _filled(value, name, item) if "{" in value else value
    if isinstance(value, list):
        return [_substituted(each, name, item) for each in value]
    if isinstance(value, Table):
        if len(value) == 1 and value.get("Ref") == name:
            return item
        return _substituted_table(value, name, item)
    return value


def _substituted_table(table: Table, name: str, item: str) -> Table:
    """A copy of a mapping of a body; a key that holds the name is written where the name is."""
    filled = {_filled(key, name, item): key for key in table}
    copied = table.evaluated({new: _substituted(table[key], name, item) for new, key in filled.items()})
    if all(new == key for new, key in filled.items()):
        return copied
    return Table(copied).written(lambda key: table.place(filled.get(key or "", key)))


def _filled(text: str, name: str, item: str) -> str:
    text = text.replace(f"${{{name}}}", item)
    return text.replace(f"&{{{name}}}", _NOT_ALPHANUMERIC.sub("", item))
