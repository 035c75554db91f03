"""YAML text as values: one reader, which holds nesting and aliases within limits before anything is made of them.

PyYAML composes the nodes, by a parser in C that does not recover from a stack that is exhausted; what they mean differs
from language to language, and each has a `YamlReader` of its own: YAML 1.1 of CloudFormation, 1.2 of settings,
``yamldecode`` of Terraform. PyYAML is imported when the first text is read, because most runs read none.
"""

import re
from functools import cache
from typing import Any

from guardrail.errors import MalformedError
from guardrail.expressions import expression
from guardrail.limits import MOST_VALUES

MAX_DEPTH = 500
"""Of mappings and lists in each other."""
STANDARD = "tag:yaml.org,2002:"
"""Before the name of every tag that is YAML's own: ``tag:yaml.org,2002:int``."""
_MERGE = f"{STANDARD}merge"
_TOO_DEEP = "nested too deeply"


_PLAIN_KEY = expression(r"[A-Za-z_][\w.-]*", re.ASCII)


class YamlError(MalformedError):
    """A text that is no YAML."""

    def __init__(self, problem: str, mark: Any = None) -> None:
        super().__init__(problem, mark and mark.line + 1, mark and mark.column + 1)


class YamlLimitError(YamlError):
    """A text that may be YAML, and is built to exhaust: nested too deeply, or made of aliases of aliases."""


@cache
def standard_loader() -> Any:
    """PyYAML's safe loader, by whose rules a plain scalar has the tag of a type of YAML 1.1."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, loader: Any = None) -> Any:
    """The node of the one document in a text; None where it is empty. Raises `YamlError`."""
    import yaml

    if _nests_too_deeply(text):
        raise YamlLimitError(_TOO_DEEP)
    try:
        return (loader or standard_loader())(text).get_single_node()
    except yaml.MarkedYAMLError as failure:
        problem = str(failure.problem or failure.context or "malformed")
        raise YamlError(f"not valid YAML: {problem}", failure.problem_mark or failure.context_mark) from None
    except (yaml.YAMLError, ValueError) as failure:
        raise YamlError(f"not valid YAML: {(str(failure).splitlines() or ['malformed'])[0]}") from None
    except RecursionError:
        raise YamlLimitError(_TOO_DEEP) from None


def _nests_too_deeply(text: str) -> bool:
    """Whether nesting would exhaust the stack of PyYAML's parser.

    Three ways lead down: brackets, runs of indicators on one line (``- - - x``), and indentation.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH:
        depth = 0
        for match in re.finditer(r"[\[\]{}]", text):
            depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
            if depth > MAX_DEPTH:
                return True
    runs = rf"^[ \t]*(?:[-?:][ \t]+){{{MAX_DEPTH},}}"
    indents = rf"^ {{{MAX_DEPTH * 20},}}[^ \r\n]"
    return re.search(rf"{runs}|{indents}", text, re.MULTILINE) is not None


class YamlReader:
    r"""The values of one document, by the rules of one language; aliases share a value, and count each time.

    ``YamlReader().read(compose("a: &x [1, b]\nc: *x"))`` is ``{"a": ["1", "b"], "c": ["1", "b"]}``: here all scalars
    are text. A subclass says what its language makes of scalars, keys, other tags, and keys that stand twice.
    """

    merges_lists = True
    """Whether ``<<`` takes a list of mappings too."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._count = 0

    def read(self, node: Any) -> Any:
        """The value of a document; None where it is empty. Raises `YamlError`."""
        try:
            return None if node is None else self.value(node)
        except RecursionError:
            raise YamlLimitError(_TOO_DEEP) from None

    def value(self, node: Any) -> Any:
        """The value of a node. Raises `YamlError` for aliases without end."""
        if node.id == "scalar":
            self._count += 1
            value = self.scalar(node)
            return value if node.tag.startswith(STANDARD) else self.tagged(node, value)
        identity = id(node)
        known = self._known.get(identity)
        if known is not None:
            self._count += known[1]
            if self._count > MOST_VALUES:
                raise YamlLimitError(f"more than {MOST_VALUES:,} values after expanding aliases", node.start_mark)
            return known[0]
        if identity in self._open:
            raise YamlError("an alias stands inside its own anchor", node.start_mark)
        self._open.add(identity)
        if len(self._open) > MAX_DEPTH:
            raise YamlLimitError(_TOO_DEEP)
        before = self._count
        self._count += 1
        value = self._mapping(node) if node.id == "mapping" else [self.value(item) for item in node.value]
        if not node.tag.startswith(STANDARD):
            value = self.tagged(node, value)
        self._open.discard(identity)
        self._known[identity] = (value, self._count - before)
        return value

    def _mapping(self, node: Any) -> dict[str, Any]:
        """A mapping; what ``<<`` merges stands behind what is written, and the first of several before the others."""
        made = self.empty(node)
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise YamlError("a key is not text", key_node.start_mark)
            value = self.value(value_node)
            if key_node.tag == _MERGE:
                merged += value if self.merges_lists and isinstance(value, list) else [value]
                continue
            key = self.key(key_node)
            if key in made:
                self.repeated(key, key_node, made)
            made[key] = value
        for extra in merged:
            if not isinstance(extra, dict):
                raise YamlError("<< merges something that is not a mapping", node.start_mark)
            for key, value in extra.items():
                made.setdefault(key, value)
        return made

    def empty(self, node: Any) -> dict[str, Any]:
        """What the items of a mapping are put into."""
        del node
        return {}

    def scalar(self, node: Any) -> Any:
        """The value of a scalar, whatever its tag."""
        return node.value

    def key(self, node: Any) -> str:
        """The text of a scalar that is a key."""
        return str(node.value)

    def tagged(self, node: Any, value: Any) -> Any:
        """The value of a node whose tag is not YAML's own, given its value without the tag."""
        del value
        raise YamlError(f"there is no tag {node.tag[:80]}", node.start_mark)

    def repeated(self, key: str, node: Any, mapping: Any) -> None:
        """What to do of a key that stands in a mapping for the second time; the last one counts."""


def quoted(text: str) -> str:
    """A text as a key of YAML, in quotes unless it is plain in any reading of it; unprintable characters escaped.

    ``aws_sagemaker_endpoint.chat`` is itself, and ``module.a[0]`` is ``"module.a[0]"``.
    """
    if _PLAIN_KEY.fullmatch(text):
        return text
    escaped = (f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(escaped)}"'
