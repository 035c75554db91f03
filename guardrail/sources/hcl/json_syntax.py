"""The JSON syntax of Terraform, ``.tf.json``: the same tree as the native syntax, with the same places.

JSON cannot tell arguments from blocks: below a resource everything is kept as an argument, and a block is an object or
a list of objects, which is how readers of resources see blocks anyway. Source: developer.hashicorp.com/terraform/
language/syntax/json.
"""

import re
from collections.abc import Callable, Iterator
from json import decoder
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.sources.hcl.arithmetic import Number, parsed
from guardrail.sources.hcl.errors import HclSyntaxError, syntax_error
from guardrail.sources.hcl.formatting import normal
from guardrail.sources.hcl.parse import line_starts, parse_expression, parse_template
from guardrail.sources.hcl.syntax import (
    Argument,
    BlockNode,
    Body,
    Entry,
    Expression,
    Literal,
    Object,
    SourceFile,
    Tuple,
)
from guardrail.sources.hcl.values import NotWorkedOutError

_scan_string: Any = decoder.scanstring  # type: ignore[attr-defined] # public, and unknown to the stubs
_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|true|false|null")
_CONSTANTS = {"true": True, "false": False, "null": None}
_DEEPEST = 100
_LABELS = {"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1, "check": 1, "ephemeral": 2}
"""How many levels of names stand above the body of each block."""
_NESTED = frozenset({"dynamic", "lifecycle", "provisioner", "connection"})
_REFERENCES = {"resource": ("provider",), "data": ("provider",), "module": ("providers",), "variable": ("type",)}
"""Arguments whose text is an expression, not a template."""


class _Node(Struct, frozen=True):
    """A JSON value and where it stands."""

    value: "str | Number | bool | list[_Node] | list[tuple[_Key, _Node]] | None"
    at: int
    is_object: bool = False

    def items(self) -> "Iterator[tuple[_Key, _Node]]":
        """The properties of an object, without comments."""
        if self.is_object and isinstance(self.value, list):
            for item in self.value:
                if isinstance(item, tuple) and item[0].text != "//":
                    yield item


class _Key(Struct, frozen=True):
    text: str
    at: int


_Wrap: TypeAlias = Callable[[_Node], Expression]


def parse(text: str, path: str) -> SourceFile:
    """The file called ``path`` with the contents ``text``. Raises `HclSyntaxError` with file, line and column."""
    text = text.removeprefix("\ufeff")
    reader = _Reader(text, path)
    return SourceFile(path, text, _Translator(text, path).file(reader.document()), line_starts(text))


class _Reader:
    """JSON with the place of every key."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path

    def document(self) -> _Node:
        node, at = self._value(self._skip(0), 0)
        if self._skip(at) != len(self._text):
            raise self._error(self._skip(at), "nothing more is expected here")
        if not node.is_object:
            raise self._error(0, "a JSON object is expected")
        return node

    def _value(self, at: int, depth: int) -> tuple[_Node, int]:
        if depth > _DEEPEST:
            raise self._error(at, "the JSON is nested too deeply")
        match self._text[at : at + 1]:
            case "{":
                return self._object(at, depth)
            case "[":
                return self._list(at, depth)
            case '"':
                text, end = self._string(at)
                return _Node(text, at), end
        match_ = _SCALAR.match(self._text, at)
        if match_ is None:
            raise self._error(at, "a JSON value is missing here")
        if match_[1] is None:
            return _Node(_CONSTANTS[match_[0]], at), match_.end()
        return _Node(self._number(match_[1], at), at), match_.end()

    def _number(self, text: str, at: int) -> Number:
        try:
            number = parsed(text)
        except NotWorkedOutError:
            number = None
        if number is None:
            raise self._error(at, "the number is too long, too large or too small")
        return number

    def _object(self, start: int, depth: int) -> tuple[_Node, int]:
        properties: list[tuple[_Key, _Node]] = []
        at = self._skip(start + 1)
        while self._text[at : at + 1] != "}":
            if self._text[at : at + 1] != '"':
                raise self._error(at, "a property name in double quotes is missing here")
            name, end = self._string(at)
            colon = self._skip(end)
            if self._text[colon : colon + 1] != ":":
                raise self._error(colon, "':' is missing here")
            value, end = self._value(self._skip(colon + 1), depth + 1)
            properties.append((_Key(name, at), value))
            at = self._next_item(end, "}")
        return _Node(properties, start, is_object=True), at + 1

    def _list(self, start: int, depth: int) -> tuple[_Node, int]:
        items: list[_Node] = []
        at = self._skip(start + 1)
        while self._text[at : at + 1] != "]":
            value, end = self._value(at, depth + 1)
            items.append(value)
            at = self._next_item(end, "]")
        return _Node(items, start), at + 1

    def _next_item(self, end: int, closing: str) -> int:
        at = self._skip(end)
        if self._text[at : at + 1] == ",":
            at = self._skip(at + 1)
            if self._text[at : at + 1] == closing:
                raise self._error(at, "a value must follow the comma")
        elif self._text[at : at + 1] != closing:
            raise self._error(at, f"',' or {closing!r} is missing here")
        return at

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = _scan_string(self._text, at + 1, True)  # noqa: FBT003 - its own signature
        except ValueError:
            raise self._error(at, "the string is not valid JSON") from None
        return normal(str(text)), int(end)

    def _skip(self, at: int) -> int:
        match_ = _BLANK.match(self._text, at)
        return match_.end() if match_ else at

    def _error(self, at: int, problem: str) -> HclSyntaxError:
        return syntax_error(self._path, self._text, at, problem)


class _Translator:
    """From JSON to bodies and expressions."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path

    def file(self, document: _Node) -> Body:
        blocks: list[BlockNode] = []
        for key, node in document.items():
            for each in self._bodies(node, key.text):
                blocks += self._labelled(key, each, (), _LABELS.get(key.text, 0), key.at)
        return Body({}, blocks)

    def values(self, document: _Node) -> Body:
        """The properties of a file of values as arguments."""
        items = self._items(document)
        return Body({key.text: Argument(key.text, self._constant(node), key.at) for key, node in items}, [])

    def _items(self, node: _Node) -> list[tuple[_Key, _Node]]:
        """The properties of an object; a name that is there twice is an error, as it is to Terraform."""
        items = list(node.items())
        names: set[str] = set()
        for key, _ in items:
            if key.text in names:
                raise syntax_error(self._path, self._text, key.at, f"{key.text} is there twice")
            names.add(key.text)
        return items

    def _bodies(self, node: _Node, what: str) -> list[_Node]:
        """The object, or the objects of a list: one block may be written either way, and null is none.

        Raises `HclSyntaxError` for what is neither.
        """
        nodes = node.value if isinstance(node.value, list) and not node.is_object else [node]
        found = [each for each in nodes if isinstance(each, _Node) and each.value is not None]
        for each in found:
            if not each.is_object:
                raise syntax_error(self._path, self._text, each.at, f"{what} is a JSON object, or a list of objects")
        return found

    def _labelled(
        self, type_: _Key, node: _Node, labels: tuple[str, ...], missing: int, at: int
    ) -> Iterator[BlockNode]:
        """The blocks below ``missing`` more levels of names."""
        if missing == 0:
            yield BlockNode(type_.text, labels, self._body(type_.text, node), at, at)
            return
        for key, inner in node.items():
            for each in self._bodies(inner, f"what {type_.text} holds"):
                yield from self._labelled(type_, each, (*labels, key.text), missing - 1, key.at)

    def _body(self, type_: str, node: _Node) -> Body:
        arguments: dict[str, Argument] = {}
        blocks: list[BlockNode] = []
        for key, value in node.items():
            if key.text in arguments:
                raise syntax_error(self._path, self._text, key.at, f"{key.text} is set twice in one block")
            if key.text in _NESTED and type_ in ("resource", "data", "module", "content"):
                blocks += self._nested(key, value)
            else:
                wrap = self._reference if key.text in _REFERENCES.get(type_, ()) else self._expression
                wrap = self._constant if type_ == "variable" and key.text == "default" else wrap
                arguments[key.text] = Argument(key.text, wrap(value), key.at)
        return Body(arguments, blocks)

    def _nested(self, key: _Key, node: _Node) -> Iterator[BlockNode]:
        if key.text != "dynamic":
            for each in self._bodies(node, key.text):
                yield BlockNode(key.text, (), self._body(key.text, each), key.at, key.at)
            return
        for made in self._bodies(node, key.text):
            for label, inner in made.items():
                for each in self._bodies(inner, key.text):
                    body = self._body("dynamic", each)
                    contents = [found for name, found in each.items() if name.text == "content"]
                    for content in contents:
                        for one in self._bodies(content, "content"):
                            body.blocks.append(
                                BlockNode("content", (), self._body("content", one), content.at, content.at)
                            )
                    yield BlockNode("dynamic", (label.text,), body, label.at, label.at)

    def _expression(self, node: _Node) -> Expression:
        """A value in which texts are templates, those of property names too."""
        return self._walk(node, self._template)

    def _constant(self, node: _Node) -> Expression:
        """A value in which texts are themselves."""
        return self._walk(node, lambda text: Literal(text.value, text.at))

    def _reference(self, node: _Node) -> Expression:
        """A value in which texts are expressions: ``"provider": "aws.eu"``."""
        return self._walk(node, self._parsed)

    def _walk(self, node: _Node, text: _Wrap) -> Expression:
        if node.is_object:
            entries = [Entry(self._key(key, text), self._walk(value, text)) for key, value in self._items(node)]
            return Object(tuple(entries), node.at)
        if isinstance(node.value, list):
            return Tuple(tuple(self._walk(item, text) for item in node.value if isinstance(item, _Node)), node.at)
        return text(node) if isinstance(node.value, str) else Literal(node.value, node.at)

    def _key(self, key: _Key, text: _Wrap) -> Expression:
        is_template = text == self._template and ("${" in key.text or "%{" in key.text)
        return self._template(_Node(key.text, key.at)) if is_template else Literal(key.text, key.at)

    def _template(self, node: _Node) -> Expression:
        value = str(node.value)
        if "${" not in value and "%{" not in value:
            return Literal(value, node.at)
        return self._placed(lambda: parse_template(value, self._path), node)

    def _parsed(self, node: _Node) -> Expression:
        text = str(node.value)
        text = text[2:-1] if text.startswith("${") and text.endswith("}") else text
        return self._placed(lambda: parse_expression(text, self._path), node)

    def _placed(self, make: Callable[[], Expression], node: _Node) -> Expression:
        """What ``make`` returns; its errors are told at the place of the string."""
        try:
            return make()
        except HclSyntaxError as error:
            problem = error.message.split(": ", 1)[-1]
            raise syntax_error(self._path, self._text, node.at, f"in this text: {problem}") from None


def constants(text: str, path: str) -> Body:
    """A file of values, ``.tfvars.json``: each property an argument whose texts are themselves."""
    text = text.removeprefix("\ufeff")
    translator = _Translator(text, path)
    return translator.values(_Reader(text, path).document())
