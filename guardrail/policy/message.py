"""The sentences of a finding: templates with fields in braces, filled without secrets and control characters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from itertools import compress
from typing import Any, TypeAlias, TypeVar

from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.money import plain, two_decimals
from guardrail.policy.condition import Condition
from guardrail.policy.fields import Secrecy
from guardrail.policy.getters import Getter
from guardrail.policy.policy import Message
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Together

SENSITIVE = "(sensitive)"

T = TypeVar("T")
Text: TypeAlias = Callable[[Together], list[str]]
"""A sentence with fields in it, or what stands in place of one of them, for each of several subjects."""

_PLACEHOLDER = expression(r"\{\{|\}\}|\{([^{}]*)\}")
"""``{path}``, or ``{path:noun}`` for a count with its noun; ``{{`` and ``}}`` are braces."""


Choice: TypeAlias = tuple[Condition | None, Callable[[Together], list[T]]]
"""What is said of each of several subjects, and when; None where it always is."""


class Texts:
    """The texts of one kind that a policy has, compiled when the first one is needed."""

    __slots__ = ("_compiled", "_messages", "_scope")

    def __init__(self, messages: str | Iterable[Message], scope: PolicyScope) -> None:
        self._messages = messages
        self._scope = scope
        self._compiled: Sequence[Choice[str]] | None = None

    def compile(self) -> Sequence[Choice[str]]:
        """The conditions with their texts. Raises `PolicyError` for a field or parameter that does not fit."""
        if self._compiled is None:
            messages, scope = self._messages, self._scope
            self._compiled = (
                [(None, compile_text(messages, scope))]
                if isinstance(messages, str)
                else [_compile_message(message, scope.at(index)) for index, message in enumerate(messages)]
            )
        return self._compiled

    def of_all(self, together: Together) -> list[str | None]:
        """For each of several subjects the first text whose condition holds; None where there is none."""
        return first_of_all(self.compile() if self._messages else (), together)


def _compile_message(message: Message, scope: PolicyScope) -> Choice[str]:
    when = Condition(message.when, scope.at("when")) if message.when else None
    return when, compile_text(message.text, scope.at("text"))


def first_of_all(choices: Iterable[Choice[T]], together: Together) -> list[T | None]:
    """For each of several subjects what is said under the first condition that holds of it; None where none does."""
    found: list[T | None] = [None] * len(together.each)
    places: Sequence[int] = range(len(found))
    for when, said in choices:
        if not places:
            break
        holds = [True] * len(places) if when is None else [truth is True for truth in when.of_all(together)]
        chosen = together.only(holds)
        for place, each in zip(compress(places, holds), said(chosen), strict=True):
            found[place] = each
        others = [not truth for truth in holds]
        places, together = list(compress(places, others)), together.only(others)
    return found


def compile_text(template: str, scope: PolicyScope) -> Text:
    """A function that fills ``template`` for several subjects at once.

    Unknown values read "unknown", absent ones "none", sensitive ones "(sensitive)"; USD a month has two decimals and
    thousands separators, counts with a noun have these too, unit prices are unrounded, and sizes stand as they are
    written in the code (1536 MB). Raises `PolicyError` for a field that does not exist.
    """
    if template.endswith(".") and not template.endswith(".."):
        scope.attempt(partial(_refuse_period, scope), None)
    nothing: tuple[list[str], list[str]] = [""], []
    literals, names = scope.attempt(lambda: _parts(template, scope), nothing)
    sentence = "%s".join(literal.replace("%", "%%") for literal in literals)
    if not names:
        return lambda together: [sentence % ()] * len(together.each)
    values = [_placeholder(name, scope) for name in names]
    return lambda together: list(map(sentence.__mod__, zip(*map(together.made, values), strict=True)))


def _refuse_period(scope: PolicyScope) -> None:
    raise scope.error("what it costs and a period follow, so leave the period at its end out")


def _parts(template: str, scope: PolicyScope) -> tuple[list[str], list[str]]:
    """The literals of a template, and the placeholders between them."""
    literals, names = [""], []
    end = 0
    for found in (*_PLACEHOLDER.finditer(template), None):
        literal = template[end : found.start() if found else None]
        if "{" in literal or "}" in literal:
            raise scope.error("a brace without its partner")
        literals[-1] += literal
        if found is None:
            break
        end = found.end()
        if found[1] is None:
            literals[-1] += found[0][0]
        else:
            names.append(found[1])
            literals.append("")
    return literals, names


def _placeholder(text: str, scope: PolicyScope) -> Text:
    path, _, noun = text.partition(":")
    field = scope.attempt(lambda: scope.field(path), None)
    if field is None:
        return lambda together: [""] * len(together.each)
    values = _values(field.get, field.secrecy, field.unit)
    return partial(_counted, noun, values) if noun else values


def _counted(noun: str, values: Text, together: Together) -> list[str]:
    """``one instance``, ``2 instances``, ``at least 1,200 instances``."""
    return [_with_noun(count, noun) for count in together.made(values)]


def _with_noun(count: str, noun: str) -> str:
    about, _, number = count.rpartition(" ")
    if number == "1":
        return f"{about} one {noun}".lstrip()
    separated = f"{int(number):,}" if number.isdecimal() else number
    return f"{about} {separated} {noun}s".lstrip()


@lru_cache(maxsize=1024)
def _values(get: Getter, secrecy: Secrecy | None, unit: str) -> Text:
    """A field as a message has it; one function for all texts that name it, so that it is put into words once."""

    def values(together: Together) -> list[str]:
        texts = [printable(value) if value.__class__ is str else show(value, unit) for value in together.column(get)]
        if secrecy is None:
            return texts
        return [
            SENSITIVE if subject.hides(secrecy) else text for subject, text in zip(together.each, texts, strict=True)
        ]

    return values


def show(value: Any, unit: str = "") -> str:
    """A value for people."""
    match value:
        case None:
            return "none"
        case Unknown():
            return "unknown" if value.at_least is None else f"at least {_number(value.at_least, unit)}"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _number(value, unit)
        case tuple() | list() | Mapping():
            return ", ".join([printable(str(item)) for item in value])
    return printable(str(value))


def _number(value: float | Decimal, unit: str) -> str:
    if unit == "USD a month":
        return two_decimals(Decimal(str(value)))
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return plain(number.normalize())


def printable(text: str) -> str:
    """``text`` without control, format and separator characters: what comes from a plan may try to move the cursor."""
    return text if text.isprintable() else "".join(character for character in text if character.isprintable())
