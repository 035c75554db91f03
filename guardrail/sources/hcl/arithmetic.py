"""Numbers as Terraform has them: binary floats of 512 bits (Go's ``big.Float``), rounded half to even.

A whole number is an int and any other a Fraction whose denominator is a power of two, so that ``50 * 0.3`` is a little
more than 15 and ``ceil(50 * 0.3)`` is 16. What ``pow`` and ``log`` give has 53 bits, and is a float; so is infinity.
"""

import math
import operator
from bisect import bisect_left
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from guardrail.expressions import expression
from guardrail.sources.hcl.syntax import SourceFile
from guardrail.sources.hcl.values import EvaluationError, NotWorkedOutError

Number: TypeAlias = int | float | Fraction

_BITS = 512
_MOST_BITS = 4096
"""Larger and smaller numbers are given up: nobody means them, and they take long to write down."""
_LONGEST = 1300
_DECIMAL = expression(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?")


def rounded(number: Number) -> Number:
    """A number to 512 bits, as int where it is whole. Raises `NotWorkedOutError` where it is out of all proportion."""
    if number.__class__ is int and number.bit_length() <= _BITS:
        return number
    if isinstance(number, float):
        return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
    if abs(number.numerator.bit_length() - number.denominator.bit_length()) > _MOST_BITS:
        raise NotWorkedOutError("the number is too large or too small")
    unit = Fraction(2) ** (_exponent(abs(Fraction(number))) - _BITS) if number else 1
    exact = round(number / unit) * Fraction(unit)
    return exact.numerator if exact.denominator == 1 else exact


def parsed(text: str) -> Number | None:
    """The number that a text says (``1.5``, ``-2``, ``1e3``); None where it says none."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not text.isascii() or not (match[2] or match[3]) or len(text) > _LONGEST:
        return None
    if match[3] is None and match[4] is None:
        return rounded(int(text))
    places = match[3] or ""
    exponent = int(match[4] or 0) - len(places)
    if abs(exponent) > _MOST_BITS:
        raise NotWorkedOutError("the number is too large or too small")
    digits = int(f"{match[1]}{match[2]}{places}")
    return rounded(Fraction(digits * 10**exponent if exponent >= 0 else Fraction(digits, 10**-exponent)))


def number_at(file: SourceFile, at: int, text: str) -> Number:
    """The number that stands at a place. Raises `HclSyntaxError` for one that is out of all proportion."""
    try:
        number = parsed(text)
    except NotWorkedOutError:
        number = None
    if number is None:
        raise file.error(at, "the number is too long, too large or too small")
    return number


def text_of_number(number: Number) -> str:
    """A number as Terraform writes it into text: the shortest that means it, without an exponent."""
    if isinstance(number, int) and number.bit_length() <= _BITS:
        return str(number)
    return _positional(*decimal_of(number))


def _positional(sign: str, figures: str, point: int) -> str:
    if point <= 0:
        return f"{sign}0.{'0' * -point}{figures}" if figures else "0"
    fraction = f".{figures[point:]}" if figures[point:] else ""
    return f"{sign}{figures[:point].ljust(point, '0')}{fraction}"


def fixed(number: Number, places: int) -> str:
    """A number as Go's ``%f`` has it, without its sign: as many digits behind the point as ``places``."""
    digits = str(round(abs(Fraction(number)) * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def exponential(number: Number, places: int) -> str:
    """A number as Go's ``%e`` has it, without its sign: one digit before the point and ``places`` behind it."""
    _, figures, point = decimal_of(number, places + 1)
    figures = figures.ljust(places + 1, "0")
    return f"{figures[0]}{'.' if places else ''}{figures[1:]}e{point - 1 if number else 0:+03d}"


def general(number: Number, digits: int | None = None) -> str:
    """A number as Go's ``%g`` has it, without its sign: with an exponent below 1e-4 and from ``digits`` figures on."""
    if isinstance(number, int) and abs(number) < 10 ** (digits or 6):
        return str(abs(number))
    _, figures, point = decimal_of(number, digits)
    if not figures or -4 < point <= (6 if digits is None else max(digits, 1)):  # noqa: PLR2004 - as Go decides it
        return _positional("", figures, point)
    fraction = f".{figures[1:]}" if figures[1:] else ""
    return f"{figures[0]}{fraction}e{point - 1:+03d}"


def decimal_of(number: Number, digits: int | None = None) -> tuple[str, str, int]:
    """Sign, significant figures and place of the point: 12.5 is ``("", "125", 2)``.

    As many figures as ``digits``, rounded half to even; without it the fewest that round to the number again.
    """
    if isinstance(number, float) and not math.isfinite(number):
        raise EvaluationError("it is not a finite number")
    if not number:
        return "", "", 0
    sign, figures, exponent = _decimal(Fraction(number), digits or _fewest_digits(number)).as_tuple()
    return "-" if sign else "", "".join(map(str, figures)).rstrip("0"), len(figures) + int(exponent)


def _decimal(exact: Fraction, digits: int) -> Decimal:
    return Context(digits).divide(Decimal(exact.numerator), Decimal(exact.denominator))


def _fewest_digits(number: Number) -> int:
    """How many digits it takes to be no further from a number than half of its last bit."""
    exact = abs(Fraction(number))
    half = Fraction(2) ** (_exponent(exact) - (53 if isinstance(number, float) else _BITS) - 1)
    is_even = not exact / half % 4

    def is_enough(digits: int) -> bool:
        distance = abs(Fraction(_decimal(exact, digits)) - exact)
        return distance < half or (is_even and distance == half)

    return bisect_left(range(1, _LONGEST), x=True, key=is_enough) + 1


def _exponent(exact: Fraction) -> int:
    """The power of two above a number: 12.5 is below 2 ** 4."""
    exponent = exact.numerator.bit_length() - exact.denominator.bit_length()
    return exponent + (Fraction(2) ** exponent <= exact)


# Operators ------------------------------------------------------------------------------------------------------------


def _exact(number: Number) -> Number:
    return Fraction(number) if isinstance(number, float) and math.isfinite(number) else number


def _rounded(operate: Callable[[Any, Any], Any]) -> Callable[[Number, Number], Number]:
    return lambda left, right: rounded(operate(_exact(left), _exact(right)))


_minus, _times = _rounded(operator.sub), _rounded(operator.mul)


def divided(left: Number, right: Number) -> Number:
    """A quotient; of a number and zero it is infinite. Raises `EvaluationError` for nothing divided by nothing."""
    if right == 0:
        if left == 0:
            raise EvaluationError("zero is divided by zero")
        return math.inf if left > 0 else -math.inf
    if right in (math.inf, -math.inf):
        return 0
    return left if left in (math.inf, -math.inf) else rounded(Fraction(left) / Fraction(right))


def _remainder(left: Number, right: Number) -> Number:
    """What is left after the whole times that ``right`` is in ``left``, with the sign of ``left``."""
    if right in (0, math.inf, -math.inf):
        return left
    return _minus(left, _times(math.trunc(divided(left, right)), right))


def power(base: Number, exponent: Number) -> Number:
    """A power, with 53 bits. Raises `EvaluationError` where it is no number."""
    return _float(lambda: float(base) ** float(exponent))


def logarithm(number: Number, base: Number) -> Number:
    """A logarithm, with 53 bits. Raises `EvaluationError` where it is no number."""
    if number == 0 and base > 0:
        return -math.inf
    return _float(lambda: 0 if base == 0 else math.log(number) / math.log(base))


def _float(compute: Callable[[], Number]) -> Number:
    try:
        value = compute()
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        raise EvaluationError("it is no number") from None
    if isinstance(value, complex) or value != value:  # noqa: PLR0124 - what is no number is not equal to itself
        raise EvaluationError("it is no number")
    return rounded(value)


def whole(number: Number) -> int:
    """A number as int. Raises `EvaluationError` where it is not whole."""
    if isinstance(number, float) and number.is_integer():
        return int(number)
    if not isinstance(number, int):
        raise EvaluationError("it is no whole number")
    return number


OPERATORS: dict[str, Callable[[Number, Number], Number | bool]] = {
    "+": _rounded(operator.add),
    "-": _minus,
    "*": _times,
    "/": divided,
    "%": _remainder,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
