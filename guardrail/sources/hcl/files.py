"""Files that a configuration reads while it is evaluated: ``file``, ``templatefile``, ``fileset``, and YAML text."""

import os
import re
import stat
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.convert import text_of
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse_template
from guardrail.sources.hcl.values import LONGEST_TEXT, NUMBERS, EvaluationError, make_set, whole

_MOST_FILES = 10_000


def content(directory: str, path: str) -> bytes:
    """The bytes of a regular file; ``path`` is relative to ``directory``. Raises `EvaluationError`."""
    place = os.path.join(directory, os.path.expanduser(path))
    try:
        with open(place, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_TEXT:
                raise EvaluationError(f"{path} is no file of at most 1 MiB")
            return file.read()
    except FileNotFoundError:
        raise EvaluationError(f"there is no file {path}") from None
    except (OSError, ValueError):
        raise EvaluationError(f"the file {path} cannot be read") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a path; a named pipe without a writer would be waited for else."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def text(directory: str, path: str) -> str:
    """The text of a file in UTF-8. Raises `EvaluationError`."""
    try:
        return content(directory, path).decode()
    except UnicodeDecodeError:
        raise EvaluationError(f"the file {path} is not UTF-8") from None


def template_of(directory: str, path: str) -> syntax.Expression:
    """The template in a file. Raises `EvaluationError`."""
    try:
        return parse_template(text(directory, path), path)
    except HclSyntaxError as error:
        raise EvaluationError(error.message) from None


def exists(directory: str, path: str) -> bool:
    """Whether there is a file at ``path``."""
    return os.path.isfile(os.path.join(directory, os.path.expanduser(path)))


def matching(directory: str, folder: str, pattern: str) -> Any:
    """The files below ``folder`` whose relative paths match a glob with ``*``, ``**``, ``?`` and ``{a,b}``."""
    base = os.path.join(directory, folder)
    wanted = re.compile(_glob(pattern))
    found: list[str] = []
    seen = 0
    for parent, folders, names in os.walk(base):
        folders.sort()
        for name in names:
            seen += 1
            if seen > _MOST_FILES:
                raise EvaluationError(f"there are more than {_MOST_FILES:,} files below {folder}")
            path = os.path.relpath(os.path.join(parent, name), base).replace(os.sep, "/")
            if wanted.fullmatch(path):
                found.append(path)
    return make_set(found)


def _glob(pattern: str) -> str:
    special = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    return re.sub(
        r"\*\*/|\*\*|[*?{},]|[^*?{},]+",
        lambda match: special.get(match[0]) or re.escape(match[0]),
        pattern,
    )


def _digest(algorithm: str) -> Callable[[str, str], str]:
    def compute(directory: str, path: str) -> str:
        import hashlib

        return hashlib.new(algorithm, content(directory, path), usedforsecurity=False).hexdigest()

    return compute


def _base64(directory: str, path: str) -> str:
    from base64 import b64encode

    return b64encode(content(directory, path)).decode()


READERS: dict[str, Callable[..., Any]] = {
    "file": text,
    "fileexists": exists,
    "fileset": matching,
    "filebase64": _base64,
    "filemd5": _digest("md5"),
    "filesha1": _digest("sha1"),
    "filesha256": _digest("sha256"),
    "filesha512": _digest("sha512"),
}
"""The functions that read files, by name; the first argument is the directory that the others are relative to."""


# YAML ----------------------------------------------------------------------------------------------------------------

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON")
_FALSE = re.compile(r"n|N|no|No|NO|false|False|FALSE|off|Off|OFF")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INT = re.compile(r"[-+]?\d+|0o[0-7]+|0x[0-9a-fA-F]+")  # 012 is twelve
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_CERTAIN_INT = re.compile(r"0|[1-9]\d*")
_TEXT = "tag:yaml.org,2002:str"
_DEEPEST = 100
_MOST_NODES = 1 << 17


def yaml_value(document: str) -> Any:
    """The value of one YAML document, as Terraform reads it: ``yes`` is true, ``012`` is twelve, a day is a time."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(document, Loader=loader)
    except (yaml.YAMLError, RecursionError):
        raise EvaluationError("it is not valid YAML") from None
    return None if node is None else _YamlReader().value(node, 0)


class _YamlReader:
    """Turns nodes into values; aliases may repeat a node, but not without end."""

    def __init__(self) -> None:
        self._visited = 0

    def value(self, node: Any, depth: int) -> Any:
        self._visited += 1
        if depth > _DEEPEST or self._visited > _MOST_NODES:
            raise EvaluationError("the YAML is too large")
        if node.id == "sequence":
            return [self.value(item, depth + 1) for item in node.value]
        if node.id == "mapping":
            found: dict[str, Any] = {}
            for key, item in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    inner = self.value(item, depth + 1)
                    for each in inner if isinstance(inner, list) else [inner]:
                        found = {**each, **found}
                else:
                    found[_key(key)] = self.value(item, depth + 1)
            return found
        return _scalar(node)


def _scalar(node: Any) -> Any:
    value: str = node.value
    if node.style or (node.tag == _TEXT and _CERTAIN_INT.fullmatch(value)):  # quoted, or told to be text by !!str
        return value
    if _NULL.fullmatch(value):
        return None
    if _TRUE.fullmatch(value) or _FALSE.fullmatch(value):
        return _TRUE.fullmatch(value) is not None
    if _DAY.fullmatch(value):
        return f"{value}T00:00:00Z"
    return _number(value) if _INT.fullmatch(value) or _FLOAT.fullmatch(value) else value


def _key(node: Any) -> str:
    """A key, which is text whatever it looks like; ``on`` has become true by then."""
    text = text_of(_scalar(node)) if node.id == "scalar" else None
    if text is None:
        raise EvaluationError("a key is no text")
    return text


def _number(text: str) -> int | Decimal:
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    return whole(NUMBERS.create_decimal(text))
