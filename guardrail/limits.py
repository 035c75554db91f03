"""Limits: how much of anything guardrail takes before it says so, all in one place.

An input is written by whoever opened the pull request. What it makes of a kilobyte (text that doubles itself,
collections of collections, a count of two million) is bounded in sum here, so that every run ends in seconds and in
500 MB.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec import DecodeError, Struct

from guardrail.errors import LimitError

MEBIBYTE: Final = 1 << 20

LARGEST_PLAN: Final = 1024 * MEBIBYTE
"""Bytes of a plan or state, or of what a pipe brings. A plan of 10,000 resources has 30 MiB."""
LARGEST_FILE: Final = 64 * MEBIBYTE
"""Bytes of any other file: Terraform source, a template, settings, a price table."""
MOST_FILES: Final = 100_000
"""Files and folders that one search goes through, for a glob for example."""

MOST_STACKS: Final = 1_000
"""Stacks that the templates of one input may nest in each other."""
MOST_SEARCHED: Final = 1_000_000
"""Files and folders that root modules are looked for in, and that the globs of one check are held against, in sum."""

MOST_SUGGESTED: Final = 20
"""Findings for which a run looks for fixes to suggest: each is proven by several checks of all that it reaches."""

MOST_TEXT: Final = 16 * MEBIBYTE
"""Characters that evaluating one input may make, in sum."""
MOST_VALUES: Final = 1_000_000
"""Elements of collections that evaluating one input may make, in sum."""
MOST_STEPS: Final = 10_000_000
"""Steps that evaluating one input may take, in sum: an expression, an element looked at, a comparison."""

NOT_JSON: Final = (DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises of bytes that are no JSON of a type: other JSON or none, no UTF-8, what nests too deeply."""

_MOST_DIGITS: Final = 15
LARGEST_NUMBER: Final = 10**_MOST_DIGITS
"""What settings, usage and prices stay below: USD, requests and percent of no account come near it."""
DIGITS_OF_AMOUNTS: Final = 3 * _MOST_DIGITS
"""Of a product of three such numbers, before its point: what a baseline says was at stake has no more."""
MOST_PLACES: Final = 30
"""Decimal places of such a number; AWS's prices have ten."""


def is_countable(number: Decimal, digits: int = _MOST_DIGITS) -> bool:
    """Whether one can calculate with a number that somebody wrote down: no NaN, no infinity, no ``1e9999999``."""
    _, _, exponent = number.as_tuple()
    return isinstance(exponent, int) and number.adjusted() < digits and exponent >= -MOST_PLACES


def number(text: str, digits: int = _MOST_DIGITS) -> Decimal | None:
    """The number that a text writes down; None where it is none, or none to calculate with."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if is_countable(found, digits) else None


def refuse_uncountable(value: object) -> None:
    """Raise ValueError where ``value``, a struct or a collection, holds a number that nobody can calculate with."""
    if isinstance(value, Decimal):
        if not is_countable(value):
            raise ValueError("it has a number that is none")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            refuse_uncountable(getattr(value, name))
    elif isinstance(value, (dict, list, tuple)):
        for each in value.values() if isinstance(value, dict) else value:
            refuse_uncountable(each)


class Allowance:
    """What evaluating one input may still make of it: text, values and steps, each counted down in sum.

    ``Allowance(values=3)`` lets two calls of ``values(1)`` and ``values(2)`` pass, and raises `LimitError` at every
    further one: what has once been used up stays so, and the rest of the input is not begun. Charge before making.
    """

    __slots__ = ("_steps", "_text", "_values", "most_steps", "most_text", "most_values")

    def __init__(self, *, text: int = MOST_TEXT, values: int = MOST_VALUES, steps: int = MOST_STEPS) -> None:
        self.most_text = self._text = text
        self.most_values = self._values = values
        self.most_steps = self._steps = steps

    @property
    def is_spent(self) -> bool:
        """Whether something asked for more than there was."""
        return min(self._text, self._values, self._steps) < 0

    def text(self, characters: int) -> None:
        """Charge text about to be made. Raises `LimitError`."""
        self._text -= characters
        if self._text < 0:
            raise LimitError(f"it makes more than {self.most_text:,} characters of text")

    def values(self, count: int) -> None:
        """Charge elements about to be made. Raises `LimitError`."""
        self._values -= count
        if self._values < 0:
            raise LimitError(f"it makes more than {self.most_values:,} values")

    def steps(self, count: int = 1) -> None:
        """Charge work about to be done. Raises `LimitError`."""
        self._steps -= count
        if self._steps < 0:
            raise LimitError(f"it takes more than {self.most_steps:,} steps")
