"""The values of a template: tables that know where they are written, text that must not be shown, and the unknown.

Known values are plain Python: ``str``, ``int``, ``float``, ``bool``, ``None``, ``list`` and `Table`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from guardrail.errors import SourceError
from guardrail.limits import Allowance
from guardrail.model import Location, Unknown
from guardrail.sources.base import UNNAMED, Computed, Reference, SecretText

HIDDEN = "(hidden)"
"""Stands for a value of a NoEcho parameter wherever something is printed."""


class DuplicateKey(NamedTuple):
    """A key that stands twice in one mapping, and where it does so for the second time."""

    key: str
    second: Callable[[], Location]

    def message(self) -> str:
        """The place and the key: ``template.yaml:7:3: duplicate key 'Type'``."""
        place = self.second()
        return f"{place.path}:{place.line}:{place.column}: duplicate key {self.key[:80]!r}"


class Table(dict[str, Any]):
    """A mapping of a template, and where each of its keys is written."""

    __slots__ = ("_locate", "twice")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._locate: Callable[[str | None], Location | None] | None = None
        self.twice: DuplicateKey | None = None
        """A key that is written twice in it, of which the last counts."""

    def once(self) -> "Table":
        """The table itself. Raises `SourceError` where a key is written twice: nobody can tell which one counts."""
        if self.twice is not None:
            raise SourceError(self.twice.message())
        return self

    def placed(self, locate: Callable[[str | None], Location | None]) -> "Table":
        """The table itself, with ``locate`` to find the line of a key, or of the whole table for None."""
        self._locate = locate
        return self

    def evaluated(self, values: "dict[str, Any]") -> "Table":
        """A table with other values under the same keys, written at the same place."""
        return Table(values).placed(self._locate or self.place)

    def place(self, key: str | None = None) -> Location | None:
        """Where ``key``, or the table where that is None or not there, is written."""
        return self._locate(key) if self._locate is not None else None


class Document(Table):
    """The top-level mapping of a text, with the keys in it, at any depth, that stand twice in their mapping."""

    __slots__ = ("duplicates",)

    def __init__(self, root: dict[str, Any], duplicates: Sequence[DuplicateKey] = ()) -> None:
        super().__init__(root)
        self.duplicates = duplicates
        if isinstance(root, Table):
            self.placed(root.place)
            self.twice = root.twice

    def sound(self) -> "Document":
        """The document itself. Raises `SourceError` where a key stands twice anywhere in it."""
        if self.duplicates:
            raise SourceError(self.duplicates[0].message())
        return self


class Hidden(SecretText):
    """Text from a NoEcho parameter, and all that is made of it: compared and reckoned with, and never shown.

    ``f"{Hidden('x')}"`` is "(hidden)": no message prints it by accident. `revealed` is the one way to its text.
    """

    __slots__ = ()

    def __new__(cls, text: str, shown: str = UNNAMED) -> Self:
        """The text; nothing of it is shown but what ``shown`` says."""
        return super().__new__(cls, text, shown)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __getitem__(self, key: Any) -> "Hidden":
        return Hidden(super().__getitem__(key))


class NoValue:
    """``AWS::NoValue``: whatever has this value is not there at all."""

    __slots__ = ()


NO_VALUE = NoValue()


class Unresolved(Computed, frozen=True):
    """An unknown value of which the template tells something: what it mentions, and whether two of them are equal."""

    symbol: str | None = None
    """Equal for two expressions exactly when their values are equal; None where that cannot be told."""
    variables: tuple[str, ...] = ()
    """Names of the undecided parameters that it depends on."""
    unequal_to: frozenset[str] = frozenset()
    """Texts that it is assumed not to be."""
    hides: bool = False
    """Whether its symbol holds text from a NoEcho parameter, and must not be printed."""


def within(value: Any, *keys: str) -> Any:
    """The value under keys in tables in each other, None where there is none: 1 of ``{"a": {"b": 1}}``, "a", "b"."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def items_of(value: Any) -> list[Any]:
    """The items of a list; of anything else it is the only one, and None has none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def parts_of(value: Any) -> Iterator[Any]:
    """A value and all that is in it, the outer before the inner: ``{"a": [1]}``, ``[1]``, ``1``."""
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(part)


def has_function(table: Iterable[str]) -> bool:
    """Whether one of the keys of a table is an intrinsic function, as ``Ref`` and ``Fn::Sub`` are."""
    for key in table:  # noqa: SIM110 - asked of every table of a template, and twice as fast as `any`
        if key == "Ref" or key.startswith("Fn::"):
            return True
    return False


def revealed(text: str) -> str:
    """A text as plain text, to be reckoned with: whoever asks keeps track of its being hidden."""
    return str.__str__(text)


def is_hidden(value: Any) -> bool:
    """Whether a value is, or holds somewhere, what comes from a NoEcho parameter."""
    if isinstance(value, dict):
        return any(map(is_hidden, value.values()))
    if isinstance(value, list):
        return any(map(is_hidden, value))
    return isinstance(value, Hidden)


def hidden(value: Any) -> Any:
    """A value as what comes from a NoEcho parameter: every text, number and truth value in it is hidden."""
    if isinstance(value, Table):
        return value.evaluated({key: hidden(item) for key, item in value.items()})
    if isinstance(value, list):
        return [hidden(item) for item in value]
    text = text_of(value)
    return value if text is None else Hidden(text)


def is_no_echo(parameter: Any) -> bool:
    """Whether a parameter is declared with NoEcho; anything but false there counts, so that no typo shows a secret."""
    stated = parameter.get("NoEcho") if isinstance(parameter, dict) else None
    return stated is not None and str(text_of(stated)).lower() != "false"


def like(origin: Any, made: Any) -> Any:
    """What was ``made`` of ``origin``: hidden where anything of that is."""
    return hidden(made) if is_hidden(origin) else made


def text_of(value: Any) -> str | None:
    """A scalar as CloudFormation writes it into text: ``true`` is "true", 2 is "2"; None for what is no scalar."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


def joined(parts: Sequence[Any], separator: str = "", allowance: Allowance | None = None) -> Any:
    """The parts as one text: known where all are, else an `Unresolved` that keeps what is known and mentioned.

    ``joined(["a", Unresolved(…, "${B}")], "/")`` shows "a/${B}". Hidden parts make the text hidden, and never appear in
    what is known of an unknown one. Raises `LimitError` where the text is more than ``allowance`` still has.
    """
    texts = [text_of(part) for part in parts]
    if allowance is not None:
        allowance.text(_length(parts, texts, separator))
    if None not in texts:
        text = separator.join(text for text in texts if text is not None)
        is_secret = any(isinstance(part, Hidden) for part in parts)
        return Hidden(text, separator.join(map(_shown, parts))) if is_secret else text
    unknown = [part for part in parts if isinstance(part, Unknown)]
    if len(unknown) < texts.count(None):
        return Unknown("a list or mapping stands where text is expected")
    symbols = [symbol_of(part) for part in parts]
    return Unresolved(
        reason=unknown[0].reason,
        partial=separator.join(_shown(part) for part in parts),
        symbol=separator.join(symbol for symbol in symbols if symbol is not None) if None not in symbols else None,
        references=mentioned_in(unknown),
        variables=variables_of(unknown),
        hides=any(map(_hides, parts)),
    )


def _length(parts: Sequence[Any], texts: Sequence[str | None], separator: str) -> int:
    """How much text joining these parts makes at most: what is shown, what tells it from others, what it mentions."""
    length = len(separator) * len(parts) + sum(len(text) for text in texts if text is not None)
    for part in parts:
        if isinstance(part, Unresolved):
            length += len(part.partial or "") + len(part.symbol or "") + len(part.references) + len(part.variables)
    return length


def _hides(part: Any) -> bool:
    return part.hides if isinstance(part, Unresolved) else isinstance(part, Hidden)


def mentioned_in(values: Iterable[Any]) -> tuple[Reference, ...]:
    """The resources that the values mention, without repetition."""
    return tuple(
        dict.fromkeys(reference for value in values if isinstance(value, Unresolved) for reference in value.references)
    )


def variables_of(values: Iterable[Any]) -> tuple[str, ...]:
    """The undecided parameters that the values depend on, without repetition."""
    return tuple(
        dict.fromkeys(variable for value in values if isinstance(value, Unresolved) for variable in value.variables)
    )


def symbol_of(value: Any) -> str | None:
    """What tells a text from other texts: itself where known, the symbol of an expression, None where nothing does."""
    if isinstance(value, Unresolved):
        return value.symbol
    return None if isinstance(value, Unknown) else text_of(value)


def _shown(value: Any) -> str:
    if isinstance(value, Unknown):
        return value.partial or UNNAMED
    return value.shown if isinstance(value, Hidden) else text_of(value) or ""
