"""Where every key and value of a YAML or JSON text starts and ends, so that one can be replaced and nothing else."""

import re
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from guardrail.fixes.base import NoFixError
from guardrail.json_text import JsonError, decode
from guardrail.yaml_text import YamlError, compose

NodeKind: TypeAlias = Literal["scalar", "mapping", "sequence"]

_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_NODE_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")
_ALIAS = re.compile(r"[ \t]*(\*[^\s,\]}]+)")


class Marked(Struct, kw_only=True):
    """A value, and where it is written, in offsets of its text."""

    kind: NodeKind
    start: int
    end: int
    flow: bool
    """Whether it is in brackets or quotes of its own, as all of JSON is, rather than in a block of lines."""
    value: str = ""
    """Of a scalar: its text without quotes."""
    tag: str = ""
    """``!Ref`` and its like; "" for none, and for those of YAML itself."""
    quote: str = ""
    """Of a scalar: ``"`` or ``'``; "" where it is plain; ``|`` where it is a block of lines."""
    entries: "tuple[Entry, ...]" = ()
    """Of a mapping."""
    items: "tuple[Entry, ...]" = ()
    """Of a sequence, each without a key."""

    def get(self, key: str | int) -> "Entry | None":
        """The entry of a mapping, or the item of a sequence; the last of those that stand twice, as readers have it."""
        if isinstance(key, int):
            return self.items[key] if key < len(self.items) else None
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)

    def at(self, *path: str | int) -> "Entry | None":
        """The entry at the end of a path; None where one is missing, or its value is an alias before the end."""
        entry: Entry | None = None
        here = self
        for step in path:
            if entry is not None and entry.alias is not None:
                return None
            entry = here.get(step)
            if entry is None:
                return None
            here = entry.value
        return entry


class Entry(Struct, kw_only=True):
    """A key and its value, or an item of a sequence."""

    key: str = ""
    start: int
    """Of the key, or of the item."""
    value: Marked
    alias: tuple[int, int] | None = None
    """Where the alias stands that the value comes from, if it is written elsewhere."""
    is_anchored: bool = False
    """Whether others may use the value by an anchor."""


def json_marks(text: str) -> Marked:
    """The marks of a JSON text. Raises `NoFixError` where it is none."""
    try:
        decode(text, strict=False)
    except JsonError as error:
        raise NoFixError(f"it is {error.problem}") from None
    return _Json(text).value()


class _Json:
    """Goes through the tokens of a sound text."""

    def __init__(self, text: str) -> None:
        self._tokens = _JSON_TOKEN.finditer(text)
        self._here = next(self._tokens)

    def _advance(self) -> re.Match[str]:
        token = self._here
        self._here = next(self._tokens, token)
        return token

    def value(self) -> Marked:
        token = self._advance()
        if token[0] == "{":
            return self._object(token.start())
        if token[0] == "[":
            return self._list(token.start())
        is_text = token[0][0] == '"'
        value = decode(token[0], strict=False) if is_text else token[0]
        quote = '"' if is_text else ""
        return Marked(kind="scalar", start=token.start(), end=token.end(), flow=True, value=value, quote=quote)

    def _object(self, start: int) -> Marked:
        entries: list[Entry] = []
        while self._here[0] != "}":
            key = self._advance()
            self._advance()
            entries.append(Entry(key=decode(key[0], strict=False), start=key.start(), value=self.value()))
            if self._here[0] == ",":
                self._advance()
        return Marked(kind="mapping", start=start, end=self._advance().end(), flow=True, entries=tuple(entries))

    def _list(self, start: int) -> Marked:
        items: list[Entry] = []
        while self._here[0] != "]":
            at = self._here.start()
            items.append(Entry(start=at, value=self.value()))
            if self._here[0] == ",":
                self._advance()
        return Marked(kind="sequence", start=start, end=self._advance().end(), flow=True, items=tuple(items))


def yaml_marks(text: str) -> Marked:
    """The marks of a YAML text of one document. Raises `NoFixError` where it is none."""
    try:
        node = compose(text)
    except YamlError as error:
        raise NoFixError(f"it is {error.problem}") from None
    if node is None:
        raise NoFixError("it is empty")
    return _Yaml(text).marked(node)


class _Yaml:
    """Turns nodes of PyYAML, which shares those of anchors, into marks of every place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._seen: dict[int, Marked] = {}
        self._users: dict[int, list[Entry]] = {}

    def marked(self, node: Any) -> Marked:
        """The marks of a node, the same ones wherever an alias uses it."""
        known = self._seen.get(id(node))
        if known is not None:
            return known
        tag = node.tag if node.tag.startswith("!") and node.tag != "!" else ""
        start, end = node.start_mark.index, node.end_mark.index
        made = Marked(kind=node.id, start=start, end=end, flow=True, tag=tag)
        self._seen[id(node)] = made
        if node.id == "scalar":
            made.value, made.quote = node.value, _quote_of(node.style)
            made.flow = made.quote != "|"
            made.start = self._behind_properties(start)
        elif node.id == "mapping":
            made.flow = bool(node.flow_style)
            made.entries = tuple(
                self._entry(value, key.start_mark.index, key.end_mark.index, key.value)
                for key, value in node.value
                if key.id == "scalar"
            )
        else:
            made.flow = bool(node.flow_style)
            made.items = tuple(self._entry(item, item.start_mark.index, start, "") for item in node.value)
        return made

    def _entry(self, node: Any, start: int, behind: int, key: str) -> Entry:
        is_alias = id(node) in self._seen or node.start_mark.index < behind
        value = self.marked(node)
        entry = Entry(key=key, start=start, value=value)
        users = self._users.setdefault(id(node), [])
        users.append(entry)
        if is_alias:
            colon = self._text.find(":", behind)
            found = _ALIAS.match(self._text, colon + 1) if key and colon >= 0 else None
            entry.alias = found.span(1) if found else (0, 0)
        if len(users) > 1:
            for each in users:
                each.is_anchored = True
        return entry

    def _behind_properties(self, start: int) -> int:
        """Where a scalar itself starts, behind its anchor and its tag."""
        found = _NODE_PROPERTIES.match(self._text, start)
        return found.end() if found else start


def _quote_of(style: str | None) -> str:
    if style in ("|", ">"):
        return "|"
    return style if style in ("'", '"') else ""
