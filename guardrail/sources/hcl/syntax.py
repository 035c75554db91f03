"""The syntax tree of HCL: what `parse` makes of a file, and `evaluate` gives a meaning to.

Every node knows its offset in its file; lines and columns are worked out from it when somebody asks. Source of the
grammar: the HCL native syntax specification (github.com/hashicorp/hcl, hclsyntax/spec.md).
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.model import Location


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


class Argument(Struct, frozen=True):
    """``name = expression`` in a body."""

    name: str
    expression: Expression
    at: int
    file: "SourceFile | None" = None
    """The override file that it is written in; None where that is the file of its block."""


class Body(Struct):
    """What stands between the braces of a block, or in a file."""

    arguments: dict[str, Argument]
    blocks: "list[BlockNode]"

    def expression(self, name: str) -> Expression | None:
        """The expression of an argument; None where it is not written."""
        argument = self.arguments.get(name)
        return argument.expression if argument else None


class Skim(Struct, frozen=True):
    """Where the parts of a body start, without what its arguments are."""

    arguments: dict[str, int]
    """The offset of each, by its name."""
    blocks: "list[BlockNode]"


class BlockNode(Struct):
    """``type "label" "label" { body }``."""

    type: str
    labels: tuple[str, ...]
    contents: Body | Callable[[], Body]
    """Its body, or what reads it."""
    at: int
    end: int
    """Offset of its closing brace."""
    file: "SourceFile | None" = None
    """The override file that it is written in; None where that is the file of the block around it."""
    skimmed: Skim | Callable[[], Skim] | None = None
    """Where its parts start, or what finds that out; None where only its body tells."""

    @property
    def name(self) -> str:
        """The name of the nested blocks that it is or makes: ``production_variants`` of a ``dynamic`` for these."""
        return self.labels[0] if self.type == "dynamic" and self.labels else self.type

    @property
    def body(self) -> Body:
        """What stands between its braces; read when it is asked for first. Raises `HclSyntaxError`."""
        if not isinstance(self.contents, Body):
            self.contents = self.contents()
        return self.contents


class Comment(Struct, frozen=True):
    """A line comment that speaks to guardrail."""

    text: str
    at: int
    next_at: int
    """Offset of what follows it, other comments left out."""


class SourceFile(Struct):
    """One parsed file."""

    path: str
    text: str
    body: Body
    line_starts: list[int]
    comments: tuple[Comment, ...] = ()
    """Only those that mention guardrail."""

    def location(self, at: int, called_at: Location | None = None) -> Location:
        """Where the offset ``at`` is; ``called_at`` is the module call that brings the file in."""
        line = bisect_right(self.line_starts, at)
        return Location(self.path, line, at - self.line_starts[line - 1] + 1, called_at)
