"""Undecided parameters: what conditions ask of them, and the assignments under which a template is read.

A template whose conditions depend on a parameter without a value is several templates. Each assignment of values to its
undecided parameters makes one of them: a world.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from itertools import product
from math import prod
from typing import TypeAlias

from msgspec import Struct

from guardrail.limits import Allowance
from guardrail.sources.template.values import is_hidden, revealed

MAX_WORLDS = 64
"""More assignments than this are not tried: what depends on them is unknown."""


_MOST_NAMED = 10
"""Parameters, and values of each, that a message names."""


class Other(Struct, frozen=True):
    """Any value besides those that conditions compare with."""

    than: frozenset[str]


Assignment: TypeAlias = Mapping[str, str | Other]
"""Values by variable: ``Stage``, ``Nested.Stage``, ``AWS::Region``."""


class Variable(Struct):
    """What is known of the values of one undecided parameter."""

    values: dict[str, None]
    """AllowedValues, or the constants that it is compared with, in the order of the template."""
    is_closed: bool
    """Whether no other value can be given."""
    is_hidden: bool = False

    def choices(self) -> list[str | Other]:
        """Every value worth trying."""
        named: list[str | Other] = list(self.values)
        return named if self.is_closed else [*named, Other(frozenset(self.values))]


class PossibleWorld:
    """One assignment, and what was asked for beyond it while a template was read under it."""

    def __init__(self, assignment: Assignment | None = None, allowance: Allowance | None = None) -> None:
        self.assignment: Assignment = assignment or {}
        self.allowance = Allowance() if allowance is None else allowance
        """What evaluating may still make, in sum over every world of a run."""
        self.variables: dict[str, Variable] = {}
        """Every undecided variable that a condition compares."""
        self.consulted: dict[str, None] = {}
        """Those that something read here depends on."""

    def compare(self, variable: str, values: Iterable[str], *, is_closed: bool, is_secret: bool = False) -> None:
        """Note that a variable is compared with these values, or allows only them."""
        values = list(values)
        secret = is_secret or is_hidden(values)
        named = dict.fromkeys(map(revealed, values))
        known = self.variables.get(variable)
        if known is None or (is_closed and not known.is_closed):
            self.variables[variable] = known = Variable(named, is_closed, known is not None and known.is_hidden)
        elif not known.is_closed:
            known.values.update(named)
        known.is_hidden = known.is_hidden or secret

    def consult(self, variables: Iterable[str]) -> None:
        """Note that something cannot be decided without these variables."""
        self.consulted.update(dict.fromkeys(variables))


def assignments(variables: Mapping[str, Variable]) -> list[Assignment] | None:
    """Every combination of the choices of ``variables``; None where there are more than `MAX_WORLDS`."""
    several = [variable.choices() for variable in variables.values()]
    if prod(map(len, several)) > MAX_WORLDS:
        return None
    return [dict(zip(variables, values, strict=True)) for values in product(*several)]


def described(assignment: Assignment, variables: Mapping[str, Variable]) -> str:
    """The assignment for people: ``Stage=prod, Tier other than gold``."""
    return ", ".join(_described(name, value, variables[name]) for name, value in assignment.items())


def _described(name: str, value: str | Other, variable: Variable) -> str:
    if variable.is_hidden:
        return f"{name} hidden"
    if isinstance(value, Other):
        return f"{name} other than {' or '.join(sorted(value.than))}" if value.than else f"any {name}"
    return f"{name}={value}"


def request(variables: Mapping[str, Variable]) -> str:
    """What to give so that nothing is undecided: ``give --parameters Stage=dev or Stage=prod``."""
    pairs = []
    flags = []
    for name, variable in variables.items():
        if name == "AWS::Region":
            flags.append("--region")
        elif _is_parameter(name):
            named = [] if variable.is_hidden else list(variable.values)[:_MOST_NAMED]
            is_all = variable.is_closed and 0 < len(variable.values) == len(named)
            pairs.append(_choices(name.rpartition(".")[2], named, is_all=is_all))
    wanted = [*(f"--parameters {pair}" for pair in pairs), *flags]
    if wanted:
        return "give " + " ".join(wanted[:_MOST_NAMED]) + _more(wanted)
    return f"it depends on {', '.join(list(variables)[:_MOST_NAMED])}{_more(variables)}"


def _choices(name: str, values: Sequence[str], *, is_all: bool) -> str:
    """Values of a parameter, each as a shell takes it: ``Stage=dev or Stage=prod``; ``Stage=VALUE`` without any."""
    from shlex import quote

    pairs = [quote(f"{name}={value}") for value in values] or [f"{name}=VALUE"]
    return " or ".join(pairs if is_all or not values else [*pairs, "another value"])


def _more(named: Sized) -> str:
    """What to say of those that there is no room for."""
    more = len(named) - _MOST_NAMED
    return f" and {more:,} more" if more > 0 else ""


def _is_parameter(name: str) -> bool:
    return not name.startswith("AWS::") and " " not in name
