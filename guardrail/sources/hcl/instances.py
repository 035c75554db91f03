"""Instances of blocks (``x``, ``x[0]``, ``x["a"]``) and their values, which are evaluated once."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.sources.base import LOST, Computed, InstanceKey, Reference
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.evaluate import worked_out
from guardrail.sources.hcl.scope import Trace

UNKNOWN_KEY = "[*]"
"""Stands in an address for the keys of a block of which nobody knows how many instances it has."""


class Instance(Struct, frozen=True):
    """One instance of a block with ``count`` or ``for_each``, or the only one of a block without."""

    key: InstanceKey
    names: dict[str, Any]
    """What ``count`` or ``each`` mean in it."""
    unknown: Unknown | None = None
    """Why nobody knows how many there are; then this one stands for all of them."""

    @property
    def suffix(self) -> str:
        """Its key as it stands in an address."""
        if self.unknown is not None:
            return UNKNOWN_KEY
        return syntax.address_key(self.key)


class LazyValue:
    """A value that is worked out once, with the resources that it came from."""

    __slots__ = ("_compute", "_state", "_value", "touched")

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute = compute
        self._state = 0
        self._value: Any = None
        self.touched: tuple[Reference, ...] = ()
        """The resources and decisions that it depends on, once it has been worked out."""

    def get(self, trace: Trace) -> Any:
        """The value; what was asked on the way counts as asked by who asks now."""
        if self._state == 0:
            self._state = 1
            outer, trace.touched = trace.touched, {}
            self._value = worked_out(self._compute)
            self.touched = tuple(trace.touched)
            trace.touched = outer
            self._state = 2
        elif self._state == 1:
            return Computed(reason="it is defined by itself", references=(LOST,))
        if self.touched:
            trace.touched.update(dict.fromkeys(self.touched))
        return self._value
