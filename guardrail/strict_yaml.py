"""YAML that people write by hand: settings, usage, policies. A typo is an error with its line, never a silent pass.

Duplicate keys and unknown keys are refused: ``regoin: eu-west-1`` in line 1 is ``regoin: unknown key, did you mean
region?``
"""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args, get_origin

import msgspec

from guardrail import files, limits
from guardrail.errors import GuardrailError, did_you_mean
from guardrail.yaml_text import STANDARD, YamlError, YamlReader, compose, standard_loader

if TYPE_CHECKING:
    from yaml.nodes import Node

T = TypeVar("T")
PathStep: TypeAlias = str | int

_LARGEST = 2 * limits.MEBIBYTE


def read(path: str | os.PathLike[str], kind: type[T], *, error: type[GuardrailError]) -> T:
    """The file at ``path`` decoded into ``kind``, in which every Struct must forbid unknown fields.

    An empty file reads as an empty mapping. Raises ``error`` with the file, the line and the path of the key at fault:
    ``.guardrail.yml:7: budget.max_flor_usd: unknown key, did you mean max_floor_usd?``
    """
    try:
        text = _text(path)
    except OSError as failure:
        raise error(f"cannot read {path}: {failure.strerror or failure}") from failure
    except UnicodeDecodeError as failure:
        raise error(f"{path}: not UTF-8 text", hint="save the file with UTF-8 encoding") from failure
    return decode(text, kind, name=str(path), error=error)


def decode(text: str, kind: type[T], *, name: str, error: type[GuardrailError]) -> T:
    """Like `read`, of a text that ``name`` stands for in errors."""
    node, value = _load(text, name, error)
    try:
        decoded = msgspec.convert({} if value is None else value, kind)
    except msgspec.ValidationError as failure:
        message, steps = _explain(str(failure), value, kind)
        line = _line_of(node, steps)
        raise error(f"{name}:{line}: {message}") from failure
    except ArithmeticError:  # a NaN, compared with a limit
        raise _uncountable(node, name, error) from None
    if not _is_countable(decoded):
        raise _uncountable(node, name, error)
    return decoded


def _is_countable(value: object) -> bool:
    """Whether one can calculate with every number in a decoded value."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return limits.is_countable(Decimal(str(value)))
    if isinstance(value, msgspec.Struct):
        return all(_is_countable(getattr(value, field)) for field in value.__struct_fields__)
    if isinstance(value, dict):
        return all(map(_is_countable, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(_is_countable, value))


def _uncountable(node: "Node | None", name: str, error: type[GuardrailError]) -> GuardrailError:
    """That one cannot calculate with a number of the document, with the line of it."""
    pending = [node]
    while pending:
        each = pending.pop()
        if each is None or isinstance(each.value, str):
            with suppress(ArithmeticError):
                if each is not None and not limits.is_countable(Decimal(each.value)):
                    message = f"{each.value[:40]} is no number to calculate with"
                    return error(f"{name}:{each.start_mark.line + 1}: {message}", hint="below 1e15, with a few places")
        else:
            pending += [part for item in each.value for part in (item if isinstance(item, tuple) else (item,))][::-1]
    return error(f"{name}: one of its numbers is none to calculate with")


def line_of(path: str | os.PathLike[str], steps: Sequence[PathStep]) -> int:
    """The 1-based line of the key that ``steps`` lead to in the YAML file at ``path``, for errors found later on."""
    return _line_of(compose(_text(path), _loader()), steps)


def _text(path: str | os.PathLike[str]) -> str:
    """With line ends of one kind, and no mark of byte order."""
    text = files.named(os.fspath(path), most=_LARGEST).decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _load(text: str, name: str, error: type[GuardrailError]) -> "tuple[Node | None, Any]":
    try:
        node = compose(text, _loader())
        return node, _StrictReader().read(node)
    except YamlError as failure:
        raise error(failure.at(name)) from None


_PLAIN: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text.lower() == "true"),
    "int": (r"[-+]?(0|[1-9][0-9]*)", "-+0123456789", int),
    "float": (r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789", float),
    "null": ("~|null|Null|NULL|", "~nN", lambda _: None),
    "merge": ("<<", "<", str),
    "str": ("", "", str),
}
"""The types of YAML 1.2: what a plain scalar of each looks like, how it begins, and what it stands for."""


@cache
def _loader() -> Any:
    """PyYAML's safe loader with the plain scalars of YAML 1.2, in which people write.

    In YAML 1.1 ``off``, ``no`` and ``y`` are booleans, ``012`` is ten and ``1:30`` is ninety. Here they are text, and
    so are dates, which the type that wants one reads itself.
    """
    loader: Any = type("Yaml12Loader", (standard_loader(),), {"yaml_implicit_resolvers": {}})
    for name, (pattern, first, _) in _PLAIN.items():
        if pattern:
            loader.add_implicit_resolver(STANDARD + name, re.compile(f"^(?:{pattern})$"), [*first, ""])
    return loader


class _StrictReader(YamlReader):
    """Values of YAML 1.2; a key that stands twice is an error."""

    def scalar(self, node: Any) -> Any:
        plain = _PLAIN.get(node.tag.removeprefix(STANDARD))
        if plain is None:
            return self.tagged(node, node.value)
        try:
            return plain[2](node.value)
        except ValueError:
            raise YamlError(f"{node.value[:40]!r} is no {node.tag.removeprefix(STANDARD)}", node.start_mark) from None

    def repeated(self, key: str, node: Any, mapping: Any) -> None:
        del mapping
        raise YamlError(f"duplicate key {key!r}", node.start_mark)


_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")
_MISSING_FIELD = re.compile(r"Object missing required field `(.*)`")
_TOKEN = re.compile(r"\[(\d+|\.\.\.)\]|\.?([^.\[\]]+)")


def _explain(failure: str, value: object, kind: Any) -> tuple[str, list[PathStep]]:
    """A msgspec message in the words of the file, and the path of the key it is about."""
    problem, _, trail = failure.partition(" - at `")
    at_key = trail.startswith("key` in `")
    steps, found = _walk(trail.removeprefix("key` in `").rstrip("`"), value, kind)
    owner = _struct_in(found)
    if unknown := _UNKNOWN_FIELD.match(problem):
        known = [field.encode_name for field in msgspec.structs.fields(owner)] if _is_struct(owner) else []
        steps.append(unknown[1])
        return f"{_dotted(steps)}: unknown key{did_you_mean(unknown[1], known)}", steps
    if missing := _MISSING_FIELD.match(problem):
        where = f"{_dotted(steps)}: " if steps else ""
        return f"{where}the key {missing[1]!r} is missing", steps
    if problem.startswith("Invalid enum value") and (choices := _choices(found)):
        quoted = problem.removeprefix("Invalid enum value ")
        *others, last = map(str, choices)
        listed = f"{', '.join(others)} or {last}" if others else last
        meant = _MEANT.get(quoted.strip("'"))
        near = f": write {meant}" if meant in choices else did_you_mean(quoted.strip("'"), map(str, choices))
        return f"{_dotted(steps)}: {quoted} is none of {listed}{near}", steps
    problem = problem.replace("Invalid RFC3339 encoded date", "no date: write one that there is, like 2027-01-31")
    words = problem.replace("`", "").replace("Expected", "expected").replace("Invalid", "invalid")
    words = re.sub(r"\bobject\b", "mapping", re.sub(r"\barray\b", "list", words))
    prefix = "a key of " if at_key and steps else ""
    return (f"{prefix}{_dotted(steps)}: {words}" if steps else words), steps


_MEANT = {
    **dict.fromkeys(("critical", "high", "blocker", "deny", "fail", "block"), "error"),
    **dict.fromkeys(("medium", "moderate", "warn"), "warning"),
    **dict.fromkeys(("low", "info", "informational", "advice"), "note"),
    **dict.fromkeys(("none", "disabled", "ignore", "false"), "off"),
}
"""What other tools call our severities."""


def _walk(trail: str, value: Any, kind: Any) -> tuple[list[PathStep], Any]:
    """The concrete steps of a msgspec path, which says ``[...]`` for a key of a mapping, and the type they lead to."""
    steps: list[PathStep] = []
    for index, name in _TOKEN.findall(trail.removeprefix("$")):
        step: PathStep
        if name:
            step, kind = name, _field_type(kind, name)
        elif index == "...":
            item_kind = _item_type(kind)
            culprit = _first_that_fails(value, item_kind)
            if culprit is None:
                break
            step, kind = culprit, item_kind
        else:
            step, kind = int(index), _item_type(kind)
        steps.append(step)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return steps, kind


def _choices(kind: Any) -> list[Any]:
    """The values of a type that lists them, or of the parts of a union."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    parts = get_args(kind)
    listed = [part for part in parts if get_origin(part) is Literal]
    return [choice for part in listed or parts for choice in _choices(part)]


def _first_that_fails(value: object, kind: Any) -> str | int | None:
    items: Sequence[tuple[Any, object]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        try:
            msgspec.convert(item, kind)
        except msgspec.ValidationError:
            return key if isinstance(key, int) else str(key)
    return None


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _struct_in(kind: Any) -> Any:
    """The Struct among the alternatives of a union, or the annotation itself."""
    return next((choice for choice in get_args(kind) if _is_struct(choice)), kind) if not _is_struct(kind) else kind


def _field_type(kind: Any, name: str) -> Any:
    owner = _struct_in(kind)
    fields = msgspec.structs.fields(owner) if _is_struct(owner) else ()
    return next((field.type for field in fields if field.encode_name == name), Any)


def _item_type(kind: Any) -> Any:
    """The type of a mapping's values or a sequence's items, looked for inside a union too."""
    if get_origin(kind) in (dict, list, tuple):
        arguments = get_args(kind)
        return arguments[1] if get_origin(kind) is dict else arguments[0]
    return next((_item_type(choice) for choice in get_args(kind) if get_origin(choice) in (dict, list, tuple)), Any)


def _dotted(steps: Sequence[PathStep]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _line_of(node: "Node | None", steps: Sequence[PathStep]) -> int:
    """The 1-based line of the key that ``steps`` lead to, or of the last one on the way that is there."""
    from yaml.nodes import MappingNode, SequenceNode

    line = node.start_mark.line if node else 0
    for step in steps:
        if isinstance(node, MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line if node else line
    return line + 1
