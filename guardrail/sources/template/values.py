"""The values of a template: tables that know where they are written, text that must not be shown, and the unknown.

Known values are plain Python: ``str``, ``int``, ``float``, ``bool``, ``None``, ``list`` and `Table`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from guardrail.model import Location, Unknown
from guardrail.sources.base import Reference

SHOWN_GAP = "${…}"
"""Stands for the unknown part of a text."""


class Table(dict[str, Any]):
    """A mapping of a template, and where each of its keys is written."""

    __slots__ = ("_locate",)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._locate: Callable[[str | None], Location | None] | None = None

    def written(self, locate: Callable[[str | None], Location | None]) -> "Table":
        """The table itself, once ``locate`` is known to tell where a key, or for None all of it, is written."""
        self._locate = locate
        return self

    def evaluated(self, values: "dict[str, Any]") -> "Table":
        """A table with other values under the same keys, written at the same place."""
        return Table(values).written(self._locate or self.place)

    def place(self, key: str | None = None) -> Location | None:
        """Where ``key``, or the table where that is None or not there, is written."""
        return self._locate(key) if self._locate is not None else None


class Hidden(str):
    """Text from a NoEcho parameter: used, and never shown."""

    __slots__ = ()


class NoValue:
    """``AWS::NoValue``: whatever has this value is not there at all."""

    __slots__ = ()


NO_VALUE = NoValue()


class Expression(Unknown, frozen=True):
    """An unknown value of which the template tells something: what it mentions, and whether two of them are equal."""

    symbol: str | None = None
    """Equal for two expressions exactly when their values are equal; None where that cannot be told."""
    references: tuple[Reference, ...] = ()
    """The resources it leads to."""
    variables: tuple[str, ...] = ()
    """Names of the undecided parameters that it depends on."""
    unequal_to: frozenset[str] = frozenset()
    """Texts that it is assumed not to be."""


def text_of(value: Any) -> str | None:
    """A scalar as CloudFormation writes it into text: ``true`` is "true", 2 is "2"; None for what is no scalar."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


def joined(parts: Sequence[Any], separator: str = "") -> Any:
    """The parts as one text: known where all are, else an `Expression` that keeps what is known and mentioned.

    Hidden parts make the text hidden, and never appear in what is known of an unknown one.
    """
    texts = [text_of(part) for part in parts]
    if None not in texts:
        text = separator.join(text for text in texts if text is not None)
        return Hidden(text) if any(isinstance(part, Hidden) for part in parts) else text
    unknown = [part for part in parts if isinstance(part, Unknown)]
    if len(unknown) < texts.count(None):
        return Unknown("a list or mapping stands where text is expected")
    symbols = [_symbol(part) for part in parts]
    return Expression(
        reason=unknown[0].reason,
        partial=separator.join(_shown(part) for part in parts),
        symbol=separator.join(symbol for symbol in symbols if symbol is not None) if None not in symbols else None,
        references=mentioned(unknown),
        variables=undecided(unknown),
    )


def mentioned(values: Iterable[Any]) -> tuple[Reference, ...]:
    """The resources that the values mention, without repetition."""
    return tuple(
        dict.fromkeys(reference for value in values if isinstance(value, Expression) for reference in value.references)
    )


def undecided(values: Iterable[Any]) -> tuple[str, ...]:
    """The undecided parameters that the values depend on, without repetition."""
    return tuple(
        dict.fromkeys(variable for value in values if isinstance(value, Expression) for variable in value.variables)
    )


def symbol_of(value: Any) -> str | None:
    """What tells a text from other texts: itself where known, the symbol of an expression, None where nothing does."""
    return _symbol(value)


def _symbol(value: Any) -> str | None:
    if isinstance(value, Expression):
        return value.symbol
    return None if isinstance(value, Unknown) else text_of(value)


def _shown(value: Any) -> str:
    if isinstance(value, Unknown):
        return value.partial or SHOWN_GAP
    return SHOWN_GAP if isinstance(value, Hidden) else text_of(value) or ""
