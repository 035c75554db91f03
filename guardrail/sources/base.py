"""What readers of infrastructure code share: the block, and a view on its attributes that knows unset from unknown."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from guardrail.model import Change, Location, Unknown

AFTER_APPLY = "known only after apply"

SENSITIVE = Unknown("sensitive")
"""Stands for a value that is known and must not be printed."""

_LARGEST = 2**31 - 1

_T = TypeVar("_T")

SAGEMAKER_RESOURCES = ("endpoint/", "inference-component/")
"""How the resource ids of SageMaker's scaling targets begin."""

OPTIONAL_AND_COMPUTED = frozenset({"volume_size_in_gb", "variant_name", "suspended_state"})
"""Arguments that a plan shows as unknown when they are merely unset.

Where their expression is out of sight (below dynamic blocks) they are taken as unset, which is by far the usual case.
Source: the schema of hashicorp/aws 5.100.0.
"""


class Reference(Struct, frozen=True):
    """A resource that an expression mentions, and the attribute that it takes from it ("" where that is lost)."""

    address: str
    attribute: str


LOST = Reference("", "")
"""Stands among references for an end that cannot be followed, and so may be anything: a local value, a data source."""


class Places(Protocol):
    """Where the attributes of one block are written."""

    @property
    def start(self) -> Location:
        """Where the block starts."""
        ...

    def of(self, name: str) -> Location | None:
        """Where an attribute is written; None where it is not."""
        ...

    def item(self, name: str, index: int) -> "Places | None":
        """The places of a nested block."""
        ...


class View:
    """The attributes of one block, nested blocks included, read with the type that the caller expects.

    A value that is not of that type becomes `Unknown` with its reason: a malformed plan is never a traceback, and
    never a default. ``assumed`` collects the attributes whose default was taken without proof that they are unset;
    ``is_constant`` tells of an expression whether its value is known, which proves that too.
    """

    __slots__ = (
        "assumed",
        "expressions",
        "is_constant",
        "marks",
        "nested_attributes",
        "optional_and_computed",
        "places",
        "unknown",
        "values",
    )

    def __init__(  # noqa: PLR0913 - the plan format keeps the four trees of a value apart
        self,
        values: dict[str, Any],
        unknown: Any = None,
        marks: Any = None,
        expressions: dict[str, Any] | None = None,
        assumed: list[str] | None = None,
        *,
        optional_and_computed: frozenset[str] = OPTIONAL_AND_COMPUTED,
        nested_attributes: bool = False,
        is_constant: Callable[[Any], bool] | None = None,
        places: Places | None = None,
    ) -> None:
        self.values = values
        self.unknown = unknown
        self.marks = marks
        self.expressions = expressions
        self.assumed: list[str] = [] if assumed is None else assumed
        self.optional_and_computed = optional_and_computed
        self.nested_attributes = nested_attributes
        self.is_constant = _is_literal if is_constant is None else is_constant
        self.places = places

    def location(self, name: str) -> Location | None:
        """Where an attribute is written, or, where it is not, its block; None where the source has no lines."""
        if self.places is None:
            return None
        return self.places.of(name) or self.places.start

    def lines(self, *names: str) -> dict[str, Location]:
        """Where each of the attributes is written that is written at all."""
        if self.places is None:
            return {}
        found = {name: self.places.of(name) for name in names}
        return {name: location for name, location in found.items() if location is not None}

    def get(self, name: str) -> Any:
        """The raw value; None where unset; `Unknown` where it cannot be known."""
        value = self.values.get(name)
        if value is not None or not self._is_flagged(name):
            return value
        if self.expressions is not None:
            written = self.expressions.get(name)
            return None if written is None or self.is_constant(written) else Unknown(AFTER_APPLY)
        if name in self.optional_and_computed:
            self.assumed.append(name)
            return None
        return Unknown(AFTER_APPLY)

    def _is_flagged(self, name: str) -> bool:
        """Whether the plan says that the whole value, not a part of it, is known only after apply."""
        unknown = self.unknown
        return (unknown.get(name) if isinstance(unknown, dict) else unknown) is True

    def is_sensitive(self, name: str) -> bool:
        """Whether the value, or any part of it, is marked sensitive."""
        marks = self.marks
        mark = marks.get(name) if isinstance(marks, dict) else marks
        return bool(mark) and _any_mark(mark)

    def text(self, name: str) -> str | Unknown | None:
        """A string; None for "", which is how state shows an argument that was never set."""
        value = self.get(name)
        if value is None or value.__class__ is str:
            return value or None
        if isinstance(value, Unknown):
            return value
        return Unknown(f"{name} is not text")

    def shown(self, name: str) -> str | Unknown | None:
        """A string that may be printed: `SENSITIVE` where the value is marked sensitive."""
        value = self.text(name)
        return SENSITIVE if isinstance(value, str) and self.is_sensitive(name) else value

    def integer(self, name: str) -> int | Unknown | None:
        """A whole number of at least 0 that fits the API's 32 bits; text such as "2" is one too."""
        value = self.get(name)
        if value is None or (value.__class__ is int and 0 <= value <= _LARGEST):
            return value
        number = _number(name, value)
        if isinstance(number, float):
            if number < 0 or not number.is_integer():
                return Unknown(f"{name} is not a whole number of at least 0")
            return int(number) if number <= _LARGEST else Unknown(f"{name} is too large a number")
        return number

    def positive(self, name: str) -> int | Unknown | None:
        """A whole number that cannot be 0, which is how state shows one that was never set."""
        return self.integer(name) or None

    def number(self, name: str) -> float | Unknown | None:
        """A finite number."""
        return _number(name, self.get(name))

    def measure(self, name: str) -> float | Unknown | None:
        """A finite number that may be printed: `SENSITIVE` where the value is marked sensitive."""
        number = self.number(name)
        return SENSITIVE if number is not None and self.is_sensitive(name) else number

    def boolean(self, name: str) -> bool | Unknown | None:
        """A truth value."""
        value = self.get(name)
        if value is None or isinstance(value, (bool, Unknown)):
            return value
        return {"true": True, "false": False}.get(str(value).lower(), Unknown(f"{name} is not true or false"))

    def blocks(self, name: str) -> "list[View] | Unknown":
        """Nested blocks, or nested objects of a provider that has no blocks; empty where there is none."""
        value = self.values.get(name)
        if value is None or value == []:
            return self._absent_blocks(name) if value is None else []
        if isinstance(value, Unknown):
            return value
        items = [value] if isinstance(value, dict) else value
        if not isinstance(items, list):
            return Unknown(f"{name} is not a block")
        unknown, marks = _part(self.unknown, name), _part(self.marks, name)
        written = self._written(name, len(items))
        views: list[View] = []
        for index, item in enumerate(items):
            if isinstance(item, Unknown):
                return item
            if not isinstance(item, dict):
                return Unknown(f"{name} is not a block")
            views.append(
                type(self)(
                    item,
                    _item(unknown, index),
                    _item(marks, index),
                    None if written is None else written[index],
                    self.assumed,
                    optional_and_computed=self.optional_and_computed,
                    nested_attributes=self.nested_attributes,
                    is_constant=self.is_constant,
                    places=None if self.places is None else self.places.item(name, index),
                )
            )
        return views

    def _absent_blocks(self, name: str) -> "list[View] | Unknown":
        """Blocks made by a ``dynamic`` leave no expression behind: only nested attributes prove that they are unset."""
        if not self._is_flagged(name):
            return []
        if self.nested_attributes or name in self.optional_and_computed:
            unknown = self.get(name)
            return unknown if isinstance(unknown, Unknown) else []
        return Unknown(AFTER_APPLY)

    def block(self, name: str) -> "View | Unknown | None":
        """The only nested block of that name; None where there is none."""
        blocks = self.blocks(name)
        if isinstance(blocks, Unknown):
            return blocks
        return blocks[0] if blocks else None

    def texts(self, name: str) -> list[str | Unknown] | Unknown:
        """A list of strings, each of which may be unknown."""
        value = self.get(name)
        if value is None:
            return []
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list):
            return Unknown(f"{name} is not a list")
        flags = _part(self.unknown, name)
        return [
            item if isinstance(item, str) else Unknown(AFTER_APPLY)
            for index, item in enumerate(value)
            if item is not None or _item(flags, index) is True
        ]

    def _written(self, name: str, count: int) -> list[dict[str, Any]] | None:
        """The expressions of each nested block, or None where dynamic blocks hide which is which."""
        if self.expressions is None:
            return None
        written = self.expressions.get(name)
        if isinstance(written, dict):  # an attribute, not a block: what is inside shows only where all of it is known
            constant = written.get("constant_value")
            items = [constant] if isinstance(constant, dict) else constant
            if items is None and self.is_constant(written):
                return [{}] * count
        else:
            items = written
        if isinstance(items, list) and len(items) == count and all(isinstance(item, dict) for item in items):
            return items
        return None


class Block(Struct, frozen=True, kw_only=True):
    """One resource as its language has it, at one moment."""

    address: str
    type: str
    provider: str
    """Which provider configuration manages it, so that equal names of two accounts stay apart."""
    region: str | Unknown
    attributes: View
    change: Change
    references: Callable[[str, frozenset[str]], Sequence[Reference]]
    """The resources of these types that the expression of an attribute leads to, across module boundaries."""
    key: str | int | None = None
    """Its count or for_each key."""
    default_tags: dict[str, str | Unknown] | Unknown = {}
    """What its provider adds to its tags, for a plan that does not tell all of them."""
    location: Location | None = None


def _is_literal(expression: Any) -> bool:
    """Whether an expression of the plan format is a constant."""
    return isinstance(expression, dict) and "constant_value" in expression


def _any_mark(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(_any_mark(value) for value in mark.values())
    if isinstance(mark, list):
        return any(_any_mark(value) for value in mark)
    return bool(mark)


def _part(tree: Any, name: str) -> Any:
    return tree.get(name) if isinstance(tree, dict) else tree


def _item(tree: Any, index: int) -> Any:
    if isinstance(tree, list):
        return tree[index] if index < len(tree) else None
    return tree


def _number(name: str, value: Any) -> float | Unknown | None:
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, str):
        if not value:
            return None
        try:
            value = float(value)
        except ValueError:
            return Unknown(f"{name} is not a number")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Unknown(f"{name} is not a number")
    try:
        number = float(value)
    except OverflowError:
        return Unknown(f"{name} is too large a number")
    return number if isfinite(number) else Unknown(f"{name} is not a finite number")


def required(value: _T | Unknown | None, attribute: str) -> _T | Unknown:
    """``value``, or Unknown where there is none although there has to be one."""
    return Unknown(f"{attribute} is not set") if value is None else value


def is_sagemaker(view: View, *, namespace: str, dimension: str, resource_id: str) -> bool:
    """Whether a scaling block is ours: by namespace, by dimension, by resource id; an unknown one is ours too.

    The arguments are the names that its language gives these three.
    """
    for attribute, prefix in (
        (namespace, "sagemaker"),
        (dimension, "sagemaker:"),
        (resource_id, SAGEMAKER_RESOURCES),
    ):
        value = view.text(attribute)
        if isinstance(value, str):
            return value.startswith(prefix)
    return True
