"""The sentences of a finding: templates with fields in braces, filled without secrets and control characters."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.money import plain, two_decimals
from guardrail.policy.fields import Field
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Subject

SENSITIVE = "(sensitive)"

Text: TypeAlias = Callable[[Subject], str]
_NOTHING: Text = lambda _: ""  # noqa: E731 - a text among texts

_PLACEHOLDER = expression(r"\{\{|\}\}|\{([^{}]*)\}")
"""``{path}``, or ``{path:noun}`` for a count with its noun; ``{{`` and ``}}`` are braces."""


def compile_text(template: str, scope: PolicyScope) -> Text:
    """A function that fills ``template`` for a subject.

    Unknown values read "unknown", absent ones "none", sensitive ones "(sensitive)"; USD a month has two decimals and
    thousands separators, counts with a noun have these too, unit prices are unrounded, and sizes stand as they are
    written in the code (1536 MB). Raises `PolicyError` for a field that does not exist.
    """
    if template.endswith(".") and not template.endswith(".."):
        scope.attempt(partial(_refuse_period, scope), None)
    nothing: tuple[list[str], list[str]] = [""], []
    literals, names = scope.attempt(lambda: _parts(template, scope), nothing)
    values: list[Text] = [scope.attempt(partial(_placeholder, name, scope), _NOTHING) for name in names]
    if not values:
        constant = literals[0]
        return lambda _: constant

    def text(subject: Subject) -> str:
        parts = [literals[0]]
        for value, literal in zip(values, literals[1:], strict=True):
            parts.append(value(subject))
            parts.append(literal)
        return "".join(parts)

    return text


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
    field = scope.field(path)
    value = _value(field)
    if not noun:
        return value

    def counted(subject: Subject) -> str:
        count = value(subject)
        about, _, number = count.rpartition(" ")
        if number == "1":
            return f"{about} one {noun}".lstrip()
        separated = f"{int(number):,}" if number.isdecimal() else number
        return f"{about} {separated} {noun}s".lstrip()

    return counted


def _value(field: Field) -> Text:
    get, secrecy, unit = field.get, field.secrecy, field.unit

    def text(subject: Subject) -> str:
        if secrecy is not None and subject.hides(secrecy):
            return SENSITIVE
        value = get(subject)
        return printable(value) if value.__class__ is str else show(value, unit)

    return text


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
