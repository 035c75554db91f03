"""The syntax tree of HCL: what `parse` makes of a file, and `evaluate` gives a meaning to.

Every node knows its offset in its file; lines and columns are worked out from it when somebody asks. Source of the
grammar: the HCL native syntax specification (github.com/hashicorp/hcl, hclsyntax/spec.md).
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct, field

from guardrail.model import Location
from guardrail.sources.base import InstanceKey
from guardrail.sources.hcl.errors import HclSyntaxError

KEYWORDS = {"true": True, "false": False, "null": None}
LABELS = {"variable": 1, "output": 1, "module": 1, "provider": 1, "resource": 2, "data": 2}
"""How many names each kind of block has that others refer to."""
REPEATING = ("count", "for_each")
"""Arguments that tell how often a block is there."""
_LONGEST_SHOWN = 100
_NEWLINES = re.compile("\n")


class Literal(Struct, frozen=True, gc=False):
    """A constant: text, number, true, false, null."""

    value: Any
    at: int


class Name(Struct, frozen=True, gc=False):
    """The root of a reference: ``var``, ``aws_sagemaker_endpoint``, the variable of a ``for``."""

    name: str
    at: int


class Attribute(Struct, frozen=True):
    """``subject.name``."""

    subject: "Expression"
    name: str
    at: int


class Index(Struct, frozen=True):
    """``subject[key]``."""

    subject: "Expression"
    key: "Expression"
    at: int


class Splat(Struct, frozen=True):
    """``subject[*].…`` and ``subject.*.…``; ``each`` is what is done to each element, in which `Element` stands."""

    subject: "Expression"
    each: "Expression"
    at: int


class Element(Struct, frozen=True, gc=False):
    """The element at hand inside a splat."""

    at: int


class Call(Struct, frozen=True):
    """``name(arguments)``; with ``expands`` the last argument is ``list...``."""

    name: str
    arguments: "tuple[Expression, ...]"
    expands: bool
    at: int


class Unary(Struct, frozen=True):
    """``-operand`` or ``!operand``."""

    operator: str
    operand: "Expression"
    at: int


class Binary(Struct, frozen=True):
    """``left operator right``."""

    operator: str
    left: "Expression"
    right: "Expression"
    at: int


class Conditional(Struct, frozen=True):
    """``condition ? then : otherwise``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    at: int


class Tuple(Struct, frozen=True):
    """``[items]``."""

    items: "tuple[Expression, ...]"
    at: int


class ObjectElement(Struct, frozen=True):
    """One ``key = value`` of an object. A bare word as key has become a `Literal`."""

    key: "Expression"
    value: "Expression"


class Object(Struct, frozen=True):
    """``{entries}``."""

    entries: tuple[ObjectElement, ...]
    at: int


class For(Struct, frozen=True):
    """``[for key, value in collection : result if condition]``, or with ``{`` and ``name => result``."""

    key: str | None
    value: str
    collection: "Expression"
    name: "Expression | None"
    """The expression left of ``=>``; None where the result is a tuple."""
    result: "Expression"
    condition: "Expression | None"
    groups: bool
    """Whether ``...`` collects the results of equal names in lists."""
    at: int


class If(Conditional, frozen=True):
    """``%{ if condition }then%{ else }otherwise%{ endif }``."""


class Repeat(Struct, frozen=True):
    """``%{ for key, value in collection }body%{ endfor }``."""

    key: str | None
    value: str
    collection: "Expression"
    body: "Expression"
    at: int


class Template(Struct, frozen=True):
    """Text with interpolations and directives."""

    parts: "tuple[Expression, ...]"
    at: int


Expression: TypeAlias = (
    Literal
    | Name
    | Attribute
    | Index
    | Splat
    | Element
    | Call
    | Unary
    | Binary
    | Conditional
    | Tuple
    | Object
    | For
    | If
    | Repeat
    | Template
)


def _constant_key(key: Expression) -> InstanceKey:
    return key.value if isinstance(key, Literal) and isinstance(key.value, (str, int)) else None


def reference_text(expression: Expression, key_of: Callable[[Expression], InstanceKey] = _constant_key) -> str | None:
    """The text of a reference, ``aws_x.y["k"].name``, also of one in a JSON string; None for any other node."""
    match expression:
        case Name(name=name) | Literal(value=str(name)):
            return name
        case Attribute(subject=subject, name=name):
            step = f".{name}"
        case Index(subject=subject, key=key):
            step = address_key(key_of(key))
        case _:
            return None
    start = reference_text(subject, key_of) if step else None
    return None if start is None else start + step


def address_key(key: InstanceKey) -> str:
    """``["a"]``, ``[0]`` or nothing."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    text = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'["{text.replace("${", "$${").replace("%{", "%%{")}"]'


class Argument(Struct, eq=False):
    """``name = expression`` in a body."""

    name: str
    contents: Expression | Callable[[], Expression]
    """Its expression, or what reads it."""
    at: int
    file: "SourceFile"

    @property
    def expression(self) -> Expression:
        """What is assigned; read when it is asked for first. Raises `HclSyntaxError`."""
        if callable(self.contents):
            self.contents = self.contents()
        return self.contents

    def location(self, called_at: Location | None = None) -> Location:
        """Where it starts; ``called_at`` is the module call that brings its file in."""
        return self.file.location(self.at, called_at)


class Body(Struct):
    """What stands between the braces of a block, or in a file."""

    arguments: dict[str, Argument]
    blocks: "list[BlockNode]"

    def expression(self, name: str) -> Expression | None:
        """The expression of an argument; None where the block does not set it. Raises `HclSyntaxError`."""
        argument = self.arguments.get(name)
        return argument.expression if argument else None

    def legible(self, name: str) -> Expression | None:
        """The expression of an argument; None too where it cannot be parsed."""
        try:
            return self.expression(name)
        except HclSyntaxError:
            return None

    def first(self, type_: str) -> "BlockNode | None":
        """The first nested block of a type; None where there is none."""
        return next((block for block in self.blocks if block.type == type_), None)


class BlockNode(Struct, eq=False):
    """``type "label" "label" { body }``, in the file that it is written in."""

    type: str
    labels: tuple[str, ...]
    contents: Body | Callable[[], Body]
    """Its body, or what reads it."""
    at: int
    end: int
    """Offset of its closing brace."""
    file: "SourceFile"
    overrides: "tuple[BlockNode, ...]" = ()
    """The blocks of override files that are merged into it, as they are written."""

    @property
    def name(self) -> str:
        """The name of the nested blocks that it is or makes: ``production_variants`` of a ``dynamic`` for these."""
        return self.labels[0] if self.type == "dynamic" and self.labels else self.type

    @property
    def title(self) -> str:
        """What people call it: ``resource aws_sagemaker_endpoint.chat``."""
        return f"{self.type} {'.'.join(self.labels)}"

    @property
    def body(self) -> Body:
        """What stands between its braces; read when it is asked for first. Raises `HclSyntaxError`."""
        if not isinstance(self.contents, Body):
            self.contents = self.contents()
        return self.contents

    @property
    def legible_body(self) -> Body:
        """Its body; an empty one where it cannot be parsed, for who asks beside a plan or for somebody else."""
        try:
            return self.body
        except HclSyntaxError:
            return Body({}, [])

    @property
    def is_repeated(self) -> bool:
        """Whether an argument tells how often it is there, which may be no times."""
        return not self.legible_body.arguments.keys().isdisjoint(REPEATING)

    @property
    def text(self) -> str:
        """The text of the block; in JSON syntax the text of its whole file, as the end of a block is not kept."""
        return self.file.text[self.at : self.end] if self.end > self.at else self.file.text

    @property
    def parts(self) -> "tuple[BlockNode, ...]":
        """Every block that is written for it."""
        return (self, *self.overrides)

    def location(self, called_at: Location | None = None) -> Location:
        """Where it starts; ``called_at`` is the module call that brings its file in."""
        return self.file.location(self.at, called_at)

    def error(self, problem: str) -> HclSyntaxError:
        """An error about the whole of it."""
        return self.file.error(self.at, problem)


class Comment(Struct, frozen=True):
    """A line comment that speaks to guardrail."""

    text: str
    at: int
    next_at: int
    """Offset of what follows it, other comments left out."""


class SourceFile(Struct, dict=True, eq=False):
    """One file: its text, and what the parser makes of it."""

    path: str
    text: str
    body: Body = field(default_factory=lambda: Body({}, []))
    comments: tuple[Comment, ...] = ()
    """Only those that mention guardrail."""

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(match.end() for match in _NEWLINES.finditer(self.text))]

    def line(self, at: int) -> int:
        """The line, from 1, that the offset ``at`` is in."""
        return bisect_right(self.line_starts, at)

    def location(self, at: int, called_at: Location | None = None) -> Location:
        """Where the offset ``at`` is; ``called_at`` is the module call that brings the file in."""
        line = self.line(at)
        return Location(self.path, line, at - self.line_starts[line - 1] + 1, called_at)

    def error(self, at: int, problem: str) -> HclSyntaxError:
        """An error at the offset ``at``, which names file, line and column, and shows the line."""
        location = self.location(at)
        start, end = at - location.column + 1, self.text.find("\n", at)
        shown = self.text[start : len(self.text) if end < 0 else end]
        if len(shown) > _LONGEST_SHOWN:
            first = max(0, at - start - _LONGEST_SHOWN // 2)
            shown = f"{'…' if first else ''}{shown[first : first + _LONGEST_SHOWN]}…"
        place = f"{self.path}:{location.line}:{location.column}"
        error = HclSyntaxError(f"{place}: {problem}", hint=f"line {location.line} reads: {shown.strip()}")
        error.path, error.place = self.path, place
        return error
