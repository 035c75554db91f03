"""Templates in YAML, as CloudFormation understands it: YAML 1.1 with the short forms of its functions.

``yes`` is true and ``012`` is ten; dates and other tags stay text. Nesting and aliases are held within limits, because
the parser is C and does not recover from a stack that is exhausted. Source: "CloudFormation template format" in the AWS
CloudFormation user guide.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from guardrail.errors import NotATemplateError, SourceError
from guardrail.model import Location
from guardrail.sources.template.values import Table, Twice, text_of
from guardrail.strict_yaml import nests_too_deeply

MAX_VALUES = 1_000_000
"""After expanding aliases; the largest template CloudFormation takes has some 100,000."""
MAX_TEXT = 4 << 20
"""CloudFormation takes 1 MB; PyYAML needs a second for each MB, and much memory."""
LONGEST_NUMBER = 100
"""Digits; a longer number stays text."""

_YAML = "tag:yaml.org,2002:"
_SHORT_FORMS = {"!Ref": "Ref", "!Condition": "Condition"}


def load(path: str, text: str, duplicates: list[Twice]) -> Any:
    """The value of a YAML text, None where it is empty; keys that stand twice go to ``duplicates``.

    Raises `SourceError` where it is malformed or is built to exhaust, and `NotATemplateError` where it holds several
    documents.
    """
    if len(text) > MAX_TEXT:
        raise SourceError(f"{path} has more than {MAX_TEXT:,} characters of YAML, more than any template")
    import yaml

    if nests_too_deeply(text):
        raise SourceError(f"{path} is nested too deeply to be a template")
    try:
        node = _loader()(text).get_single_node()
        return None if node is None else _Yaml(path, duplicates).value(node)
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


class _Yaml:
    """Nodes of one document, which are PyYAML's and untyped, as values; aliases are shared, and counted each time."""

    def __init__(self, path: str, duplicates: list[Twice]) -> None:
        self._path = path
        self._duplicates = duplicates
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
            if key in table and table.twice is None:
                table.twice = Twice(key, partial(_locate, self._path, key_node, None))
                self._duplicates.append(table.twice)
            table[key] = value
        for extra in merged:
            if not isinstance(extra, dict):
                raise self._error(node, "<< merges something that is not a mapping")
            for key, value in extra.items():
                table.setdefault(key, value)
        return table.written(_Keys(self._path, node))

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
    """Where a node starts, whatever the key."""
    del key
    return Location(path, node.start_mark.line + 1, node.start_mark.column + 1)


class _Keys:
    """Where the keys of one mapping are written; looked up once somebody asks."""

    __slots__ = ("_node", "_nodes", "_path")

    def __init__(self, path: str, node: Any) -> None:
        self._path = path
        self._node = node
        self._nodes: dict[str, Any] | None = None

    def __call__(self, key: str | None) -> Location:
        if self._nodes is None:
            self._nodes = {_key(key_node): key_node for key_node, _ in self._node.value}
        return _locate(self._path, self._node if key is None else self._nodes.get(key, self._node), key)


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
    if len(digits) > LONGEST_NUMBER:
        return text
    if digits.startswith(("0b", "0x")):
        return sign * int(digits, 0)
    if ":" in digits:
        return sign * int(_sexagesimal(digits))
    if digits.startswith("0") and digits.strip("0"):
        return sign * int(digits, 8)
    return sign * int(digits)


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
