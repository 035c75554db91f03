"""The JSON syntax of Terraform, ``.tf.json``: the same tree as the native syntax, with the same places.

JSON cannot tell arguments from blocks: below a resource everything is kept as an argument, and a block is an object or
a list of objects, which is how readers of resources see blocks anyway. Source: developer.hashicorp.com/terraform/
language/syntax/json.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct, structs

from guardrail.json_text import JsonError, decode, starts
from guardrail.sources.hcl.arithmetic import Number, number_at
from guardrail.sources.hcl.characters import normal
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse_expression, parse_template
from guardrail.sources.hcl.syntax import (
    LABELS,
    Argument,
    BlockNode,
    Body,
    Expression,
    Literal,
    Object,
    ObjectElement,
    SourceFile,
    Tuple,
)

_DEEPEST = 100
_LABELS = {**LABELS, "check": 1, "dynamic": 1, "ephemeral": 2}
"""How many levels of names stand above the body of each block."""
_NESTED = {
    **dict.fromkeys(("resource", "data", "module", "content"), ("dynamic", "lifecycle", "provisioner", "connection")),
    "dynamic": ("content",),
}
"""What is a block in a block of a type, and no argument."""
_REFERENCES = {"resource": ("provider",), "data": ("provider",), "module": ("providers",), "variable": ("type",)}
"""Arguments whose text is an expression, not a template."""


class _Node(Struct, frozen=True):
    """A JSON value and where it stands."""

    value: "str | Number | bool | list[_Node] | list[tuple[_PlacedKey, _Node]] | None"
    at: int
    is_object: bool = False

    def items(self) -> "Iterator[tuple[_PlacedKey, _Node]]":
        """The properties of an object, without comments."""
        if self.is_object and isinstance(self.value, list):
            for item in self.value:
                if isinstance(item, tuple) and item[0].text != "//":
                    yield item


class _PlacedKey(Struct, frozen=True):
    text: str
    at: int


_Wrap: TypeAlias = Callable[[_Node], Expression]


def parse(text: str, path: str) -> SourceFile:
    """The file called ``path`` with the contents ``text``. Raises `HclSyntaxError` with file, line and column."""
    file = SourceFile(path, text.removeprefix("\ufeff"))
    file.body = _Translator(file).file(_document(file))
    return file


class _KeyValuePairs(list[tuple[str, Any]]):
    """The keys and values of an object, in their order, those that stand twice among them."""


class _Digits(str):
    """The digits of a number, so that 1.10 stays 1.10."""

    __slots__ = ()


def _document(file: SourceFile) -> _Node:
    """The JSON object of a text, with the place of every value. Raises `HclSyntaxError`."""
    try:
        value = decode(file.text, pairs=_KeyValuePairs, number=_Digits)
    except JsonError as error:
        raise file.error(error.offset, error.problem) from None
    if not isinstance(value, _KeyValuePairs):
        raise file.error(0, "a JSON object is expected")
    places = starts(file.text)

    def placed(value: Any, depth: int = 0) -> _Node:
        at = next(places)
        if depth > _DEEPEST:
            raise file.error(at, "the JSON is nested too deeply")
        if isinstance(value, _KeyValuePairs):
            return _Node(
                [(_PlacedKey(normal(key), next(places)), placed(item, depth + 1)) for key, item in value],
                at,
                is_object=True,
            )
        if isinstance(value, list):
            return _Node([placed(item, depth + 1) for item in value], at)
        if isinstance(value, _Digits):
            return _Node(number_at(file, at, value), at)
        return _Node(normal(value) if isinstance(value, str) else value, at)

    return placed(value)


class _Translator:
    """From JSON to bodies and expressions."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file

    def file(self, document: _Node) -> Body:
        blocks: list[BlockNode] = []
        for key, node in document.items():
            blocks += self._blocks(key, node)
        return Body({}, blocks)

    def _blocks(self, key: _PlacedKey, node: _Node) -> Iterator[BlockNode]:
        """The blocks of a type, at the top or in another block."""
        for body in self._bodies(node, key.text):
            yield from self._labelled(key, body, (), _LABELS.get(key.text, 0), key.at)

    def values(self, document: _Node) -> Body:
        """The properties of a file of values as arguments."""
        items = self._items(document)
        return Body({key.text: Argument(key.text, self._constant(node), key.at, self._file) for key, node in items}, [])

    def _items(self, node: _Node) -> list[tuple[_PlacedKey, _Node]]:
        """The properties of an object; a name that is there twice is an error, as it is to Terraform."""
        items = list(node.items())
        names: set[str] = set()
        for key, _ in items:
            if key.text in names:
                raise self._file.error(key.at, f"{key.text} is there twice")
            names.add(key.text)
        return items

    def _bodies(self, node: _Node, what: str) -> list[_Node]:
        """The bodies of a block type: JSON has an object for one, a list for several, and null for none.

        Raises `HclSyntaxError` for what is neither.
        """
        nodes = node.value if isinstance(node.value, list) and not node.is_object else [node]
        found = [item for item in nodes if isinstance(item, _Node) and item.value is not None]
        for item in found:
            if not item.is_object:
                raise self._file.error(item.at, f"{what} is a JSON object, or a list of objects")
        return found

    def _labelled(
        self, type_: _PlacedKey, node: _Node, labels: tuple[str, ...], missing: int, at: int
    ) -> Iterator[BlockNode]:
        """The blocks below ``missing`` more levels of names."""
        if missing == 0:
            yield BlockNode(type_.text, labels, self._body(type_.text, node), at, at, self._file)
            return
        for key, inner in node.items():
            for body in self._bodies(inner, f"what {type_.text} holds"):
                yield from self._labelled(type_, body, (*labels, key.text), missing - 1, key.at)

    def _body(self, type_: str, node: _Node) -> Body:
        arguments: dict[str, Argument] = {}
        blocks: list[BlockNode] = []
        for key, value in node.items():
            if key.text in arguments:
                raise self._file.error(key.at, f"{key.text} is set twice in one block")
            if key.text in _NESTED.get(type_, ()):
                blocks += self._blocks(key, value)
            else:
                wrap = self._reference if key.text in _REFERENCES.get(type_, ()) else self._expression
                wrap = self._constant if type_ == "variable" and key.text == "default" else wrap
                arguments[key.text] = Argument(key.text, wrap(value), key.at, self._file)
        return Body(arguments, blocks)

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
            entries = [ObjectElement(self._key(key, text), self._walk(value, text)) for key, value in self._items(node)]
            return Object(tuple(entries), node.at)
        if isinstance(node.value, list):
            return Tuple(tuple(self._walk(item, text) for item in node.value if isinstance(item, _Node)), node.at)
        return text(node) if isinstance(node.value, str) else Literal(node.value, node.at)

    def _key(self, key: _PlacedKey, text: _Wrap) -> Expression:
        is_template = text == self._template and ("${" in key.text or "%{" in key.text)
        return self._template(_Node(key.text, key.at)) if is_template else Literal(key.text, key.at)

    def _template(self, node: _Node) -> Expression:
        value = str(node.value)
        if "${" not in value and "%{" not in value:
            return Literal(value, node.at)
        return self._placed(lambda: parse_template(value, self._file.path), node)

    def _parsed(self, node: _Node) -> Expression:
        text = str(node.value)
        text = text[2:-1] if text.startswith("${") and text.endswith("}") else text
        return self._placed(lambda: parse_expression(text, self._file.path), node)

    def _placed(self, make: Callable[[], Expression], node: _Node) -> Expression:
        """The result of ``make``, at the place of its string, as are its errors."""
        try:
            return structs.replace(make(), at=node.at)
        except HclSyntaxError as error:
            problem = error.message.split(": ", 1)[-1]
            raise self._file.error(node.at, f"in this text: {problem}") from None


def constants(text: str, path: str) -> Body:
    """The arguments of a ``.tfvars.json`` file: one for each property, its strings without interpolation."""
    file = SourceFile(path, text.removeprefix("\ufeff"))
    return _Translator(file).values(_document(file))
