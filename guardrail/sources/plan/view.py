"""Attributes of a plan's resources: set, unset, or known only after apply.

In plan JSON ``after_unknown: true`` may mean that an attribute is known only after apply, or that it is unset and its
provider chooses. Which of the two it is follows from the expressions in ``configuration``, and where those are lost,
below ``dynamic`` blocks, from a table of attributes.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import field

from guardrail.model import AFTER_APPLY, Unknown
from guardrail.sources.base import View, item_of, part_of
from guardrail.sources.plan.references import Written

_NESTING: frozenset[object] = frozenset({dict, list})
_ASSUMED: Any = object()
"""Stands for an attribute that is taken as unset without proof."""


class PlanView(View, eq=False):
    """The attributes of one block of a plan or a state.

    ``written`` tells of an expression whether its value is known when the plan is made: then what looks unknown is
    unset.
    """

    unknown: Any = None
    """Which values are known only after apply: true, or a tree of the same shape."""
    written: Written | None = None
    _around: "tuple[PlanView, str, int, int] | None" = None
    """Of a nested block the view that it lies in, what it is called, its place and how many of them there are."""
    _items_written: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    _later: dict[str, Any] = field(default_factory=dict)
    """What attributes are that the plan shows as known only after apply, in the order in which they were read."""

    @property
    def expressions(self) -> dict[str, Any] | None:
        """The expressions of its arguments; None where the configuration lacks the block, or hides which it is."""
        if self._around is not None:
            view, own, index, count = self._around
            items = view.items_written(own, count)
            return None if items is None else items[index]
        return None if self.written is None else self.written.block.expressions

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Attributes whose default was taken, in the order in which they were read."""
        return tuple(self.spelling.of(name) for name, value in self._later.items() if value is _ASSUMED)

    def get(self, name: str) -> Any:
        """The raw value, with what is unknown in a list or map of it in its place."""
        own = self.spelling.names[name]
        value = self.values.get(own)
        if not self.unknown:
            return value
        if value is None:
            return self._absent(name, own) if self._is_flagged(own) else None
        return _with_unknown(value, part_of(self.unknown, own)) if value.__class__ in _NESTING else value

    def _is_flagged(self, own: str) -> bool:
        """Whether the plan says that the whole value, not a part of it, is known only after apply."""
        flags = self.unknown
        return (flags.get(own) if isinstance(flags, dict) else flags) is True

    def _absent(self, name: str, own: str) -> Unknown | None:
        if name not in self._later:
            self._later[name] = self._decided(name, own)
        later = self._later[name]
        return None if later is _ASSUMED else later

    def _decided(self, name: str, own: str) -> Any:
        expressions = self.expressions
        if expressions is not None:
            written = expressions.get(own)
            return None if written is None or self._is_constant(written) else Unknown(AFTER_APPLY)
        return _ASSUMED if name in self.spelling.looks_unknown else Unknown(AFTER_APPLY)

    def integer_if_set(self, name: str) -> int | Unknown | None:
        """A whole number; None for a 0 that nobody wrote: hashicorp/aws shows so what was never set."""
        number = self.integer(name)
        if number != 0 or self.spelling.language != "aws":
            return number
        return number if self.spelling.of(name) in (self.expressions or ()) else None

    def _is_constant(self, expression: Any) -> bool:
        return self.written is not None and self.written.is_constant(expression)

    def _nested(self, name: str) -> Any:
        """Blocks made by a ``dynamic`` leave no expression behind: only nested attributes prove that they are unset."""
        own = self.spelling.names[name]
        value = self.values.get(own)
        if value is not None or not self.unknown or not self._is_flagged(own):
            return value
        if self.spelling.has_nested_attributes or name in self.spelling.looks_unknown:
            return self._absent(name, own)
        return Unknown(AFTER_APPLY)

    def _own_of_item(self, own: str, index: int, items: Sequence[dict[str, Any]], /) -> tuple[Any, ...]:
        unknown = self.unknown and item_of(part_of(self.unknown, own), index)
        return unknown, self.written, (self, own, index, len(items))

    def items_written(self, own: str, count: int) -> list[dict[str, Any]] | None:
        """The expressions of each nested block, worked out once; None where dynamic blocks hide which is which."""
        if own not in self._items_written:
            self._items_written[own] = self._of_items(own, count)
        return self._items_written[own]

    def _of_items(self, own: str, count: int) -> list[dict[str, Any]] | None:
        expressions = self.expressions
        if expressions is None:
            return None
        written = expressions.get(own)
        if isinstance(written, dict):  # an attribute, not a block: what is inside shows only where all of it is known
            constant = written.get("constant_value")
            items = [constant] if isinstance(constant, dict) else constant
            if items is None and self._is_constant(written):
                return [{}] * count
        else:
            items = written
        if isinstance(items, list) and len(items) == count and all(isinstance(item, dict) for item in items):
            return items
        return None


def _with_unknown(value: Any, flags: Any) -> Any:
    """A map or list with `Unknown` where a flag says that an item is known only after apply."""
    if not flags:
        return value
    late = Unknown(AFTER_APPLY)
    if isinstance(value, dict) and isinstance(flags, dict):
        return value | {key: late for key, flag in flags.items() if flag is True}
    if isinstance(value, list) and isinstance(flags, list):
        return [late if flag is True else item for item, flag in zip(value, flags, strict=False)] + value[len(flags) :]
    return value
