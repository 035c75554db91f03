"""From the text of a template to its values: JSON fast, YAML as CloudFormation understands it, with places.

CloudFormation reads YAML 1.1, in which ``yes`` is true and ``012`` is ten; dates and other tags stay text.
Source: "CloudFormation template format" in the AWS CloudFormation user guide.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from guardrail.errors import NotATemplateError, SourceError
from guardrail.model import Location
from guardrail.sources.template.values import Table, text_of

MAX_BYTES = 16 << 20
"""CloudFormation takes 1 MB."""
MAX_DEPTH = 500
MAX_VALUES = 1_000_000
"""After expanding aliases; the largest template CloudFormation takes has some 100,000."""

_YAML = "tag:yaml.org,2002:"


def load(path: str, content: bytes) -> Table:
    """The top-level table of the JSON or YAML text that ``path`` holds.

    Raises `SourceError` with line and column where it is malformed, has a duplicate key, or is built to exhaust.
    """
    if len(content) > MAX_BYTES:
        raise SourceError(f"{path} has {len(content):,} bytes, more than any template")
    text = _decoded(path, content)
    try:
        root = _json(path, text) if text.lstrip()[:1] == "{" else _yaml(path, text)
    except RecursionError:
        raise SourceError(f"{path} is nested too deeply to be a template") from None
    if not isinstance(root, Table):
        raise NotATemplateError(f"{path} is no CloudFormation template: it is not a mapping")
    return root


def _decoded(path: str, content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise NotATemplateError(f"{path} is not UTF-8 text", hint="save the file with UTF-8 encoding") from None


# JSON ----------------------------------------------------------------------------------------------------------------


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]')


class _Duplicate(Exception):  # noqa: N818 - a signal, not an error that anybody sees
    """An object with a key that stands in it twice."""

    def __init__(self, serial: int, key: str) -> None:
        super().__init__(key)
        self.serial = serial
        self.key = key


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

    def locate(self, serial: int, names: list[str], key: str | None) -> Location:
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
            self._lines = [0, *(match.end() for match in re.finditer(r"\n", self._text))]
        return self._objects[serial]

    def second(self, serial: int, key: str) -> Location:
        """Where ``key`` stands for the second time."""
        quoted = [offset for offset in self.offsets(serial)[1:] if _key_at(self._text, offset) == key]
        return self._location(quoted[1])

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


def _key_at(text: str, offset: int) -> str:
    key, _ = json.JSONDecoder(strict=False).raw_decode(text, offset)
    return str(key)


def _json(path: str, text: str) -> Any:
    places = _Places(path, text)
    serial = 0

    def table(pairs: list[tuple[str, Any]]) -> Table:
        nonlocal serial
        made = Table(pairs)
        if len(made) != len(pairs):
            keys = [key for key, _ in pairs]
            raise _Duplicate(serial, next(key for key in keys if keys.count(key) > 1))
        made.written(partial(places.locate, serial, [key for key, _ in pairs]))
        serial += 1
        return made

    try:
        return json.loads(text, object_pairs_hook=table, parse_constant=_not_json, strict=False)
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {_lower(error.msg)}") from None
    except _Duplicate as duplicate:
        place = places.second(duplicate.serial, duplicate.key)
        raise SourceError(f"{path}:{place.line}:{place.column}: duplicate key {duplicate.key[:80]!r}") from None
    except ValueError as error:
        raise SourceError(f"{path}: not valid JSON: {_lower(str(error))}") from None


def _not_json(constant: str) -> Any:
    raise ValueError(f"no number is {constant}")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# YAML ----------------------------------------------------------------------------------------------------------------


_SHORT_FORMS = {"!Ref": "Ref", "!Condition": "Condition"}


def _yaml(path: str, text: str) -> Any:
    import yaml

    _refuse_depth(path, text)
    try:
        node = _loader()(text).get_single_node()
        return None if node is None else _Yaml(path).value(node)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        problem = failure.problem or failure.context or "malformed"
        if "another document" in str(problem) or "single document" in str(failure.context):
            raise NotATemplateError(f"{path} is no CloudFormation template: it holds several documents") from None
        raise SourceError(f"{where}: not valid YAML: {problem}") from None
    except yaml.YAMLError as failure:
        problem = (str(failure).splitlines() or ["malformed"])[0]
        raise SourceError(f"{path}: not valid YAML: {problem}") from None


@cache
def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_INDICATOR_RUN = re.compile(rf"^[ \t]*(?:[-?:][ \t]+){{{MAX_DEPTH},}}", re.MULTILINE)
_BRACKET = re.compile(r"[\[\]{}]")


def _refuse_depth(path: str, text: str) -> None:
    """Raise where nesting would exhaust the stack of the parser, which is C and does not recover."""
    depth = 0
    if text.count("[") + text.count("{") > MAX_DEPTH:
        for match in _BRACKET.finditer(text):
            depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
            if depth > MAX_DEPTH:
                break
    if depth > MAX_DEPTH or _INDICATOR_RUN.search(text) or _DEEP_INDENT.search(text):
        raise SourceError(f"{path} is nested too deeply to be a template")


_DEEP_INDENT = re.compile(rf"^ {{{MAX_DEPTH * 20},}}[^ \r\n]", re.MULTILINE)


class _Yaml:
    """Nodes of one document as values; aliases are shared, and counted each time. Nodes are PyYAML's, and so untyped."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._done: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: Any) -> Any:
        """The value of a node. Raises `SourceError` for duplicate keys and for aliases without end."""
        if node.id == "scalar":
            self._count += 1
            value = _scalar(node)
            return value if node.tag.startswith(_YAML) else _short_form(self._path, node, value)
        identity = id(node)
        known = self._done.get(identity)
        if known is not None:
            self._count += known[1]
            if self._count > MAX_VALUES:
                raise self._error(node, f"more than {MAX_VALUES:,} values after expanding aliases")
            return known[0]
        if identity in self._open:
            raise self._error(node, "an alias stands inside its own anchor")
        self._open.add(identity)
        before = self._count
        self._count += 1
        value = self._mapping(node) if node.id == "mapping" else [self.value(item) for item in node.value]
        if not node.tag.startswith(_YAML):
            value = _short_form(self._path, node, value)
        self._open.discard(identity)
        self._done[identity] = (value, self._count - before)
        return value

    def _mapping(self, node: Any) -> Table:
        table = Table()
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise self._error(key_node, "a key is not text")
            key = _key(key_node)
            value = self.value(value_node)
            if key_node.tag == _YAML + "merge":
                merged += value if isinstance(value, list) else [value]
                continue
            if key in table:
                raise self._error(key_node, f"duplicate key {key[:80]!r}")
            table[key] = value
        for extra in merged:
            if not isinstance(extra, dict):
                raise self._error(node, "<< merges something that is not a mapping")
            for key, value in extra.items():
                table.setdefault(key, value)
        return table.written(partial(_locate, self._path, node))

    def _error(self, node: Any, problem: str) -> SourceError:
        mark = node.start_mark
        return SourceError(f"{self._path}:{mark.line + 1}:{mark.column + 1}: {problem}")


def _key(node: Any) -> str:
    """A key as text: ``Yes`` is the same key as ``true``, as it is the same value."""
    if node.tag == _YAML + "str":
        return str(node.value)
    text = text_of(_scalar(node))
    return str(node.value) if text is None else text


def _locate(path: str, node: Any, key: str | None) -> Location:
    mark = node.start_mark
    if key is not None and node.id == "mapping":
        for key_node, _ in node.value:
            if _key(key_node) == key:
                mark = key_node.start_mark
                break
    return Location(path, mark.line + 1, mark.column + 1)


def _short_form(path: str, node: Any, value: Any) -> Any:
    """``!Sub text`` as ``{"Fn::Sub": text}``; other tags of YAML's own leave the text as it is."""
    tag = node.tag
    if not tag.startswith("!") or tag == "!":
        return value
    if tag == "!GetAtt" and isinstance(value, str):
        value = list(value.partition(".")[::2])
    name = _SHORT_FORMS.get(tag) or f"Fn::{tag[1:]}"
    return Table({name: value}).written(partial(_locate, path, node))


def _scalar(node: Any) -> Any:
    construct = _CONSTRUCT.get(node.tag)
    return node.value if construct is None else construct(node.value)


def _integer(text: str) -> Any:
    """A YAML 1.1 integer: ``0b``, ``0x``, a leading 0 for octal, ``1:30`` for ninety, underscores between digits."""
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if digits.startswith("0b"):
        return sign * int(digits, 0)
    if digits.startswith("0x"):
        return sign * int(digits, 0)
    if ":" in digits:
        return sign * int(_sexagesimal(digits))
    if digits.startswith("0") and digits.strip("0"):
        return sign * int(digits, 8)
    return sign * int(digits) if len(digits) < 4000 else text  # noqa: PLR2004 - longer ones Python refuses to convert


def _float(text: str) -> Any:
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits.startswith("-") else 1.0
    digits = digits.lstrip("+-")
    if digits in (".inf", ".nan"):
        return sign * float(digits[1:])
    return sign * (_sexagesimal(digits) if ":" in digits else float(digits))


def _sexagesimal(digits: str) -> float:
    total = 0.0
    for part in digits.split(":"):
        total = total * 60 + float(part)
    return total


_CONSTRUCT: dict[str, Callable[[str], Any]] = {
    _YAML + "bool": lambda text: text.lower() in ("yes", "true", "on"),
    _YAML + "int": _integer,
    _YAML + "float": _float,
    _YAML + "null": lambda _: None,
}
