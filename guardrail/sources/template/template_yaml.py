"""Templates in YAML, as CloudFormation understands it: YAML 1.1 with the short forms of its functions.

``yes`` is true and ``012`` is ten; dates and other tags stay text. Source: "CloudFormation template format" in the AWS
CloudFormation user guide.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import Any

from guardrail.errors import NotATemplateError, SourceError
from guardrail.model import Location
from guardrail.sources.template.values import DuplicateKey, Table, text_of
from guardrail.yaml_text import STANDARD, YamlError, YamlReader, compose

MAX_TEXT = 4 << 20
"""CloudFormation takes 1 MB; PyYAML needs a second for each MB, and much memory."""
LONGEST_NUMBER = 100
"""Characters; a longer number stays text."""

_SHORT_FORMS = {"!Ref": "Ref", "!Condition": "Condition"}


@cache
def _constructors() -> dict[str, Callable[[Any], Any]]:
    """What makes a value of a scalar, by its tag."""
    from yaml.constructor import SafeConstructor

    of_pyyaml = SafeConstructor()
    return {STANDARD + name: getattr(of_pyyaml, f"construct_yaml_{name}") for name in ("bool", "int", "float", "null")}


def load(path: str, text: str, duplicates: list[DuplicateKey]) -> Any:
    """The value of a YAML text, None where it is empty; keys that stand twice go to ``duplicates``.

    Raises `SourceError` where it is malformed or is built to exhaust, and `NotATemplateError` where it holds several
    documents.
    """
    if len(text) > MAX_TEXT:
        raise SourceError(f"{path} has more than {MAX_TEXT:,} characters of YAML, more than any template")
    try:
        return _TemplateReader(path, text, duplicates).read(compose(text))
    except YamlError as error:
        if "another document" in error.problem:
            raise NotATemplateError(f"{path} is no CloudFormation template: it holds several documents") from None
        raise SourceError(error.at(path)) from None


class _TemplateReader(YamlReader):
    """Values of one template; places are looked up once somebody asks."""

    def __init__(self, path: str, text: str, duplicates: list[DuplicateKey]) -> None:
        super().__init__()
        self._path = path
        self._text = text
        self._duplicates = duplicates

    def empty(self, node: Any) -> Table:
        return Table().placed(partial(self._place, node, {}))

    def _place(self, node: Any, keys: dict[str | None, Any], key: str | None = None) -> Location:
        """Where a key of a mapping, or else the mapping starts; ``keys`` are filled once somebody asks for one."""
        if key is not None and not keys:
            keys.update((self.key(key_node), key_node) for key_node, _ in node.value)
        offset = keys.get(key, node).start_mark.index
        line = bisect_right(self._lines, offset)
        return Location(self._path, line, offset - self._lines[line - 1] + 1)

    @cached_property
    def _lines(self) -> list[int]:
        r"""The offset at which each line starts: to everybody but YAML 1.1 lines end at ``\n`` alone."""
        return [0, *(match.end() for match in re.finditer("\n", self._text))]

    def scalar(self, node: Any) -> Any:
        """The value of a scalar by PyYAML's rules; what is none of its type, like ``0b_``, stays text."""
        construct = _constructors().get(node.tag)
        if construct is None or len(node.value) > LONGEST_NUMBER:
            return node.value
        try:
            return construct(node)
        except (ValueError, LookupError):
            return node.value

    def key(self, node: Any) -> str:
        """A key as text: ``Yes`` is the same key as ``true``, as it is the same value."""
        text = node.value if node.tag == f"{STANDARD}str" else text_of(self.scalar(node))
        return str(node.value if text is None else text)

    def tagged(self, node: Any, value: Any) -> Any:
        """``!Sub text`` as ``{"Fn::Sub": text}``."""
        tag = node.tag
        if not tag.startswith("!") or tag == "!":
            return value
        if tag == "!GetAtt" and isinstance(value, str):
            value = list(value.partition(".")[::2])
        name = _SHORT_FORMS.get(tag) or f"Fn::{tag[1:]}"
        return Table({name: value}).placed(lambda _: self._place(node, {}))

    def repeated(self, key: str, node: Any, mapping: Table) -> None:
        if mapping.twice is None:
            mapping.twice = DuplicateKey(key, partial(self._place, node, {}))
            self._duplicates.append(mapping.twice)
