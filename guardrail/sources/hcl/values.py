"""Values while they are worked out: Python's own, and four that Python has not.

Text, bool, None, list and dict stand for themselves; numbers are int, or Decimal where they are not whole. What cannot
be known is a `Computed`, an Unknown that remembers which resources it comes from.
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import Any

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.base import LOST, Derived, Reference

NUMBERS = Context(prec=154)
"""Terraform computes with binary fractions of 512 bits, which is 154 decimal digits."""

LONGEST_TEXT = 1 << 20
MOST_ITEMS = 1 << 17
_MOST_VISITED = 1 << 18
_MOST_BITS = 4096


class EvaluationError(Exception):
    """An expression for which Terraform would report an error; ``try`` and ``can`` catch it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Computed(Derived, frozen=True, kw_only=True):
    """A value that Terraform works out only when it applies a change."""


class Attributes:
    """A value whose attributes are worked out when somebody asks for one."""

    __slots__ = ()

    def attribute(self, name: str) -> Any:
        """The value of an attribute. Raises `EvaluationError` where there is none."""
        raise NotImplementedError

    def whole(self) -> Any:
        """All of it as one value."""
        raise NotImplementedError


class Undecided(Attributes):
    """The instances of a block of which nobody knows how many there are: the one that stands for all."""

    __slots__ = ("_unknown", "element")

    def __init__(self, element: Any, unknown: Unknown) -> None:
        self.element = element
        self._unknown = unknown

    def attribute(self, name: str) -> Any:
        """An attribute of each of them."""
        return self.element.attribute(name)

    def whole(self) -> Any:
        """How many there are is unknown, and so is any collection of them."""
        return merged(self._unknown)


class Sensitive(Struct, frozen=True):
    """A value that is known and must not be printed."""

    value: Any


class SetValue(list[Any]):
    """A set: sorted, without repetition, and without an order that anyone may rely on."""


def make_set(items: Iterable[Any]) -> SetValue:
    """A set of ``items``, in Terraform's order: text by its characters, numbers by size."""
    unique: list[Any] = []
    seen: set[Any] = set()
    for item in items:
        if isinstance(item, (str, int, Decimal, bool)):
            key = (item.__class__ is bool, item.__class__ is str, item)
            if key in seen:
                continue
            seen.add(key)
        elif any(is_equal(item, other) is True for other in unique):
            continue
        unique.append(item)
    if all(isinstance(item, str) for item in unique) or all(is_number(item) for item in unique):
        unique.sort()
    return SetValue(unique)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return value.__class__ is int or isinstance(value, Decimal)


def whole(number: Decimal | int) -> Decimal | int:
    """A number as int where it is whole. Raises `EvaluationError` where nobody could mean one that large."""
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise EvaluationError("it is no finite number")
        if number != number.to_integral_value() or number.adjusted() > _MOST_BITS:
            return number
        number = int(number)
    if number.bit_length() > _MOST_BITS:
        raise EvaluationError("the number is too large")
    return number


def text_of_number(number: Decimal | int) -> str:
    """A number as Terraform writes it into text."""
    if isinstance(number, int):
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_equal(left: Any, right: Any) -> bool | Unknown:
    """Whether two values are equal in type and contents; Unknown where something in them is."""
    budget = [_MOST_VISITED]
    return _is_equal(left, right, budget)


def _is_equal(left: Any, right: Any, budget: list[int]) -> bool | Unknown:
    budget[0] -= 1
    if budget[0] < 0:
        return Unknown("it is too large to compare")
    for value in (left, right):
        if isinstance(value, Unknown):
            return value
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and _all(_is_equal(a, b, budget) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and _all(_is_equal(left[key], right[key], budget) for key in left)
    return left.__class__ is right.__class__ and bool(left == right)


def _all(answers: Iterator[bool | Unknown]) -> bool | Unknown:
    unknown: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unknown):
            unknown = answer
    return True if unknown is None else unknown


def first_unknown(values: Iterable[Any]) -> Unknown | None:
    """The first unknown value in ``values`` at any depth; None where everything is known."""
    pending = list(values)
    pending.reverse()
    visited = 0
    while pending:
        value = pending.pop()
        if isinstance(value, Unknown):
            return value
        pending.extend(_parts_of(value))
        visited += 1
        if visited > _MOST_VISITED:
            return TOO_LARGE
    return None


def bounded(value: Any) -> Any:
    """The value, or an unknown where it has more parts than anybody could look at.

    A list of twice the same list, sixty times over, takes sixty steps to make and for ever to walk.
    """
    if not isinstance(value, (list, dict, Sensitive)):
        return value
    pending, visited = [value], 0
    while pending:
        pending.extend(_parts_of(pending.pop()))
        visited += 1
        if visited > _MOST_VISITED:
            return TOO_LARGE
    return value


def _parts_of(value: Any) -> Iterable[Any]:
    """The elements of a value, the last one first."""
    if isinstance(value, Sensitive):
        return (value.value,)
    if isinstance(value, Attributes):
        return (value.whole(),)
    if isinstance(value, list):
        return reversed(value)
    return reversed(value.values()) if isinstance(value, dict) else ()


def unmarked(value: Any) -> tuple[Any, bool]:
    """A value without its marks of sensitivity at any depth, and whether there was one.

    What is too large to look at is unknown.
    """
    return _unmarked(bounded(value))


def _unmarked(value: Any) -> tuple[Any, bool]:
    if isinstance(value, Sensitive):
        return _unmarked(value.value)[0], True
    if value.__class__ is list or isinstance(value, SetValue):
        pairs = [_unmarked(item) for item in value]
        if any(mark for _, mark in pairs):
            return value.__class__(item for item, _ in pairs), True
    elif value.__class__ is dict:
        items = {key: _unmarked(item) for key, item in value.items()}
        if any(mark for _, mark in items.values()):
            return {key: item for key, (item, _) in items.items()}, True
    return value, False


def marks_of(value: Any) -> tuple[Any, Any]:
    """A value without its marks, and the marks as a plan has them: true, or a tree of the same shape; None for none."""
    if isinstance(value, Sensitive):
        return unmarked(value.value)[0], True
    if isinstance(value, list):
        pairs = [marks_of(item) for item in value]
        if any(mark is not None for _, mark in pairs):
            return [item for item, _ in pairs], [mark for _, mark in pairs]
    elif isinstance(value, dict):
        items = {key: marks_of(item) for key, item in value.items()}
        if any(mark is not None for _, mark in items.values()):
            return {key: item for key, (item, _) in items.items()}, {
                key: mark for key, (_, mark) in items.items() if mark is not None
            }
    return value, None


TOO_LARGE = Computed(reason="it is too large to work out", references=(LOST,))


def merged(*causes: Unknown, partial: str | None = None) -> Computed:
    """One unknown value made of others: the first reason, and the references of all."""
    references: dict[Reference, None] = {}
    for cause in causes:
        references.update(dict.fromkeys(cause.references if isinstance(cause, Computed) else (LOST,)))
    return Computed(reason=causes[0].reason, partial=partial, references=tuple(references))
