"""``Fn::ForEach`` of AWS::LanguageExtensions: one body written out for each item of a collection.

Source: "Fn::ForEach" in the AWS CloudFormation template reference. ``${Name}`` in keys and text, and ``Ref`` of the
name, become the item; ``&{Name}`` becomes the item without what a logical id cannot hold.
"""

import re
from collections.abc import Callable
from typing import Any

from guardrail.errors import SourceError
from guardrail.limits import Allowance
from guardrail.model import Location, Unknown
from guardrail.sources.template.values import Table, is_hidden, text_of

PREFIX = "Fn::ForEach::"
_PARTS = 3
_COPY = 10
"""Values that a copy of a body counts for, besides those in it."""
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")


class Loops:
    """Writes out the loops of one template."""

    def __init__(self, path: str, evaluate: Callable[[Any], Any], allowance: Allowance) -> None:
        self._path = path
        self._evaluate = evaluate
        self._allowance = allowance
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

        return result.placed(locate)

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
                self._copy(body, name, item, result, sources)

    def _copy(self, body: Table, name: str, item: str, result: Table, sources: dict[str, tuple[Table, str]]) -> None:
        """One copy of a body; a loop in it is written out in turn. Raises `LimitError`."""
        self._allowance.values(_COPY)
        for key, value in body.once().items():
            copied = self._substituted(value, name, item)
            if key.startswith(PREFIX):
                # A nested loop may use the outer name in its own name, which has to stay one of its kind.
                self._expand(Table({key: copied}), result, sources)
                continue
            copied_key = self._filled(key, name, item)
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
        if is_hidden(items):
            return str(name), Unknown("it comes from a NoEcho parameter"), body
        texts = [text_of(item) for item in items] if isinstance(items, list) else [None]
        if None in texts:
            unknown = [item for item in items if isinstance(item, Unknown)] if isinstance(items, list) else []
            return str(name), unknown[0] if unknown else Unknown("its collection is not a list of texts"), body
        return str(name), [text for text in texts if text is not None], body

    def _substituted(self, value: Any, name: str, item: str) -> Any:
        """A copy of a body's part with the item in place of the name."""
        if isinstance(value, str):
            return self._filled(value, name, item) if "{" in value else value
        if isinstance(value, list):
            self._allowance.values(len(value))
            return [self._substituted(part, name, item) for part in value]
        if isinstance(value, Table):
            if len(value) == 1 and value.get("Ref") == name:
                return item
            return self._substituted_table(value, name, item)
        return value

    def _substituted_table(self, table: Table, name: str, item: str) -> Table:
        """A copy of a mapping of a body; a key that holds the name is written where the name is."""
        self._allowance.values(len(table))
        filled = {self._filled(key, name, item): key for key in table.once()}
        copied = table.evaluated({new: self._substituted(table[key], name, item) for new, key in filled.items()})
        if all(new == key for new, key in filled.items()):
            return copied
        return Table(copied).placed(lambda key: table.place(filled.get(key or "", key)))

    def _filled(self, text: str, name: str, item: str) -> str:
        """Text with the item where the name is."""
        for mark, part in ((f"${{{name}}}", item), (f"&{{{name}}}", _NOT_ALPHANUMERIC.sub("", item))):
            count = text.count(mark)
            if count:
                self._allowance.text(len(text) + count * len(part))
                text = text.replace(mark, part)
        return text
