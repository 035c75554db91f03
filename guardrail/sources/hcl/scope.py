"""Where an expression stands: its module, the names that only it sees, and what evaluating it leaves behind."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import Reference
from guardrail.sources.hcl.files import Filesystem
from guardrail.sources.hcl.undecided import Outcomes, key_among

_T = TypeVar("_T")


class Trace:
    """What evaluation leaves behind: the resources that were asked, whether anything is sensitive, what is spent."""

    __slots__ = ("allowance", "decided", "has_sensitive", "touched", "trying")

    def __init__(self, decided: Outcomes | None = None, allowance: Allowance | None = None) -> None:
        self.touched: dict[Reference, None] = {}
        """The resources that were asked, and the decisions that the answer depends on."""
        self.has_sensitive = False
        self.trying = 0
        """How many ``try`` and ``can`` are at work: a key that is not there is then no error."""
        self.decided: Outcomes = decided or {}
        self.allowance = allowance or Allowance()

    def apart(self, compute: Callable[[], _T]) -> tuple[_T, dict[Reference, None]]:
        """What ``compute`` gives, and what it touched, which counts for nothing else."""
        outer, self.touched = self.touched, {}
        try:
            return compute(), self.touched
        finally:
            self.touched = outer

    def key_of(self, subject: Any, unknown: Unknown, *, tolerant: bool) -> Any:
        """The key of a collection that an unknown one turns out to be, where that is decided; else the unknown one.

        Where it is ``tolerant``, one that is not there is an outcome too.
        """
        decision = key_among(unknown, subject, tolerant=tolerant)
        if decision is None:
            return unknown
        if decision not in self.decided:
            self.touched[decision] = None
            return unknown
        return self.decided[decision]


class ModuleNames(Protocol):
    """The module that an expression stands in: what its names mean."""

    trace: Trace

    def root(self, name: str) -> Any:
        """The value of a name that no ``for`` and no block defines: ``var``, ``local``, a resource type."""
        ...

    @property
    def files(self) -> Filesystem:
        """The files that functions read."""
        ...


class EvaluationScope:
    """Where an expression stands: its module, and the names that only it sees."""

    __slots__ = ("bound", "module", "names")

    def __init__(
        self, module: ModuleNames, names: dict[str, Any] | None = None, bound: Mapping[str, Any] | None = None
    ) -> None:
        self.module = module
        self.names: dict[str, Any] = {} if names is None else names
        self.bound: Mapping[str, Any] = bound or {}
        """What the names that ``for_each`` brings are elements of: a `Binding` of `origins` each."""

    def with_names(self, names: dict[str, Any], bound: Mapping[str, Any] | None = None) -> "EvaluationScope":
        """The same place with more names."""
        return EvaluationScope(self.module, {**self.names, **names}, {**self.bound, **(bound or {})})
