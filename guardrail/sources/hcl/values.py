"""Values while they are worked out: Python's own, and some that Python has not.

Text, bool and None stand for themselves; numbers are as in `arithmetic`. A list is a tuple of Terraform and a dict an
object, whose parts may be of different types; `ListValue`, `SetValue` and `MapValue` have one type for all. What cannot
be known is a `Computed`, an Unknown that remembers which resources it comes from.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import LOST, Computed, Reference, SecretText


class _NoValueError(Exception):
    """An expression without a value, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EvaluationError(_NoValueError):
    """An expression for which Terraform would report an error; ``try`` and ``can`` catch it."""


class NotWorkedOutError(_NoValueError):
    """An expression for which Terraform has a value and guardrail has not; nothing catches it but the boundary."""


def merged(*causes: Unknown, partial: str | None = None) -> Computed:
    """One unknown value made of others: the first reason, and the references of all."""
    references: dict[Reference, None] = {}
    for cause in causes:
        references.update(dict.fromkeys(cause.references if isinstance(cause, Computed) else (LOST,)))
    return Computed(reason=causes[0].reason, partial=partial, references=tuple(references))


# Types ----------------------------------------------------------------------------------------------------------------


class CollectionType(Struct, frozen=True):
    """``list(element)``, ``set(element)`` or ``map(element)``."""

    kind: str
    element: "Type"


class TupleType(Struct, frozen=True):
    """``tuple([...])``."""

    items: "tuple[Type, ...]"


class ObjectType(Struct, frozen=True):
    """``object({...})``; ``optional`` has the defaults of the attributes that need not be there."""

    attributes: "dict[str, Type]"
    optional: dict[str, Any] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectType) and self.attributes == other.attributes

    __hash__ = None  # type: ignore[assignment]


Type: TypeAlias = str | CollectionType | TupleType | ObjectType
"""A type of Terraform: ``"string"``, ``"number"``, ``"bool"``, ``"any"`` (not known), or a composed one."""


class ListValue(list[Any]):
    """A list: every element has the same type."""

    __slots__ = ("element",)
    kind = "list"

    def __init__(self, items: Iterable[Any], element: Type) -> None:
        super().__init__(items)
        self.element = element


class SetValue(ListValue):
    """A set: in Terraform's order, without repetition. `types.set_of` makes one."""

    __slots__ = ()
    kind = "set"


class MapValue(dict[str, Any]):
    """A map: every element has the same type."""

    __slots__ = ("element",)
    kind = "map"

    def __init__(self, items: dict[str, Any], element: Type) -> None:
        super().__init__(items)
        self.element = element


def texts(items: Iterable[str]) -> ListValue:
    """A list of strings."""
    return ListValue(items, "string")


# Attributes, and what must not be printed -----------------------------------------------------------------------------


class Attributes:
    """A value whose attributes are worked out when somebody asks for one."""

    __slots__ = ()

    def attribute(self, name: str) -> Any:
        """The value of an attribute. Raises `EvaluationError` where there is none."""
        raise NotImplementedError

    def whole(self) -> Any:
        """All of it as one value."""
        raise NotImplementedError


class UndecidedInstances(Attributes):
    """The instances of a block of which nobody knows how many there are: the one that stands for all."""

    __slots__ = ("_unknown", "element")

    def __init__(self, element: Any, unknown: Unknown) -> None:
        self.element = element
        self._unknown = unknown

    def attribute(self, name: str) -> Any:
        """An attribute of each of them; a number is the one itself, as in ``aws_x.y.*.id.0``."""
        return self.element if name.isdecimal() else self.element.attribute(name)

    def whole(self) -> Any:
        """How many there are is unknown, and so is any collection of them."""
        return merged(self._unknown)


class Sensitive(Struct, frozen=True):
    """A value that is known and must not be printed. Whatever is made of it is marked in turn."""

    value: Any
    shown: str | None = None
    """Of text that is made of a sensitive value and of others, what may be printed, with `UNNAMED` for the rest."""


def materialized(value: Any) -> Any:
    """A value as it can be passed around; a resource is its attributes."""
    return value.whole() if isinstance(value, Attributes) and not isinstance(value, dict) else value


def plain(value: Any) -> Any:
    """A value without the mark of sensitivity on its outside."""
    return value.value if isinstance(value, Sensitive) else value


def marked(value: Any) -> Any:
    """A value that comes from a sensitive one: nothing of it may be printed; an unknown shows no text then."""
    if isinstance(value, Unknown):
        return merged(value)
    return Sensitive(plain(value))


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return value.__class__ is int or isinstance(value, (float, Fraction))


def like(value: Any, items: Any) -> Any:
    """``items`` as the same kind of collection as ``value``: a list or map of its type, or a tuple or object."""
    return value.__class__(items, value.element) if isinstance(value, (ListValue, MapValue)) else items


# Walks ----------------------------------------------------------------------------------------------------------------
# A list of twice the same list, sixty times over, takes sixty steps to make and for ever to walk: steps are charged.


def parts_of(value: Any) -> Iterable[Any]:
    """The elements of a value, the last one first."""
    if isinstance(value, Sensitive):
        return (value.value,)
    if isinstance(value, list):
        return reversed(value)
    if isinstance(value, dict):
        return reversed(value.values())
    return (value.whole(),) if isinstance(value, Attributes) else ()


def first_unknown(values: Iterable[Any], allowance: Allowance) -> Unknown | None:
    """The first unknown value in ``values`` at any depth; None where everything is known. Raises `LimitError`."""
    pending = list(values)
    pending.reverse()
    while pending:
        allowance.steps()
        value = pending.pop()
        if isinstance(value, Unknown):
            return value
        if value.__class__ is not str:
            pending.extend(parts_of(value))
    return None


def bounded(value: Any, allowance: Allowance) -> Any:
    """The value, once every part of it has been charged. Raises `LimitError`."""
    pending = [value]
    while pending:
        allowance.steps()
        part = pending.pop()
        if part.__class__ is not str:
            pending.extend(() if isinstance(part, Attributes) else parts_of(part))
    return value


def unmarked(value: Any, allowance: Allowance) -> tuple[Any, bool]:
    """A value without its marks of sensitivity at any depth, and whether there was one. Raises `LimitError`."""
    plain_value, marks = _marks_of(value, allowance, lambda text, _shown: text)
    return plain_value, marks is not None


def marks_of(value: Any, allowance: Allowance) -> tuple[Any, Any]:
    """A value without its marks, and the marks as a plan has them: true, or a tree of its shape, or None.

    Of ``{"name": "a", "tags": Sensitive({})}`` that is ``{"name": "a", "tags": {}}`` and ``{"tags": True}``. Text of
    which something may be shown is a `SecretText`. Raises `LimitError`.
    """
    return _marks_of(value, allowance, SecretText)


def _marks_of(value: Any, allowance: Allowance, secret: Callable[[str, str], str]) -> tuple[Any, Any]:
    allowance.steps()
    if isinstance(value, Sensitive):
        inside = _marks_of(value.value, allowance, secret)[0]
        return inside if value.shown is None else secret(inside, value.shown), True
    if isinstance(value, list):
        pairs = [_marks_of(item, allowance, secret) for item in value]
        if any(mark is not None for _, mark in pairs):
            return like(value, [item for item, _ in pairs]), [mark for _, mark in pairs]
    elif isinstance(value, dict):
        items = {key: _marks_of(item, allowance, secret) for key, item in value.items()}
        if any(mark is not None for _, mark in items.values()):
            marks = {key: mark for key, (_, mark) in items.items() if mark is not None}
            return like(value, {key: item for key, (item, _) in items.items()}), marks
    return value, None
