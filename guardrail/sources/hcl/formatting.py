"""Values as Terraform writes them into text: as JSON, and by the verbs of ``format``."""

import re
from collections.abc import Sequence
from typing import Any

from guardrail.expressions import expression
from guardrail.limits import Allowance
from guardrail.model import Unknown
from guardrail.sources.base import UNNAMED
from guardrail.sources.hcl import arithmetic
from guardrail.sources.hcl.characters import characters, quoted
from guardrail.sources.hcl.types import number_of, to_text, truth_of
from guardrail.sources.hcl.values import EvaluationError, Sensitive, is_number

_WIDEST = 1000


# JSON -----------------------------------------------------------------------------------------------------------------


def json_text(value: Any, allowance: Allowance) -> str:
    """A value as JSON, with sorted keys; what is unknown or sensitive in it is text with holes. Raises `LimitError`."""
    allowance.steps(4)
    if isinstance(value, str):
        return quoted(value, allowance)
    allowance.text(2)
    if isinstance(value, Unknown):
        return quoted(value.partial or UNNAMED, allowance)
    if isinstance(value, Sensitive):
        return quoted(value.shown or UNNAMED, allowance)
    if isinstance(value, list):
        return f"[{','.join(json_text(item, allowance) for item in value)}]"
    if isinstance(value, dict):
        return (
            f"{{{','.join(f'{quoted(key, allowance)}:{json_text(value[key], allowance)}' for key in sorted(value))}}}"
        )
    return "null" if value is None else to_text(value)


# format() -------------------------------------------------------------------------------------------------------------

_VERB = expression(r"%(?:(%)|([-+# 0]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")
_BASES = {"d": ("", "d"), "b": ("0b", "b"), "o": ("0", "o"), "x": ("0x", "x"), "X": ("0X", "X")}


def formatted(template: str, arguments: Sequence[Any], allowance: Allowance) -> str:
    """The template with the verbs of Go's ``fmt`` filled in: ``%-5s``, ``%03d``, ``%.2f``, ``%[2]v``, ``%q``.

    Raises `EvaluationError` for a verb that there is not, or has no argument, or an argument without a verb.
    """
    parts: list[str] = []
    at = following = used = 0
    for match in _VERB.finditer(template):
        parts.append(_without_verb(template[at : match.start()]))
        allowance.text(len(parts[-1]))
        at = match.end()
        if match[1]:
            parts.append("%")
            continue
        position = int(match[5]) - 1 if match[5] else following
        if not 0 <= position < len(arguments):
            raise EvaluationError("there are not enough arguments")
        following = position + 1
        used = max(used, following)
        part = _verb(arguments[position], match, allowance)
        allowance.text(len(part))
        parts.append(part)
    parts.append(_without_verb(template[at:]))
    allowance.text(len(parts[-1]))
    if used < len(arguments):
        raise EvaluationError("there are too many arguments")
    return "".join(parts)


def _without_verb(text: str) -> str:
    if "%" in text:
        raise EvaluationError("the template has a % that is no verb")
    return text


def _verb(value: Any, match: re.Match[str], allowance: Allowance) -> str:
    flags, verb = match[2], match[6]
    width, precision = int(match[3] or 0), None if match[4] is None else int(match[4])
    if max(width, precision or 0) > _WIDEST:
        raise EvaluationError(f"nothing is wider than {_WIDEST:,} characters")
    if value is None and verb != "v":
        raise EvaluationError("null cannot be formatted")
    if verb in _BASES or verb in "eEfgG":
        return _number(number_of(value), verb, flags, width, precision)
    zero = "0" if "0" in flags else " "
    text = _text(value, verb, flags, precision, allowance)
    missing = zero * max(width - len(characters(text)), 0)
    return text + missing if "-" in flags else missing + text


def _text(value: Any, verb: str, flags: str, precision: int | None, allowance: Allowance) -> str:
    if verb == "v":
        if "#" not in flags and isinstance(value, str):
            return value
        if "#" not in flags and is_number(value):
            return ("-" if value < 0 else "") + arithmetic.general(value)
        return json_text(value, allowance)
    if verb == "t":
        return "true" if truth_of(value) else "false"
    if verb in "sq":
        text = to_text(value)
        text = "".join(characters(text)[:precision]) if precision else text
        return text if verb == "s" else quoted(text, allowance)
    raise EvaluationError(f"there is no verb %{verb}")


def _number(number: arithmetic.Number, verb: str, flags: str, width: int, precision: int | None) -> str:
    sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if verb in _BASES:
        prefix, base = _BASES[verb]
        body = format(abs(arithmetic.whole(number)), base).rjust(precision or 0, "0")
        sign += prefix if "#" in flags else ""
    elif verb in "eE":
        body = arithmetic.exponential(number, 6 if precision is None else precision)
    elif verb == "f":
        body = arithmetic.fixed(number, 6 if precision is None else precision)
    else:
        body = arithmetic.general(number, precision)
    body = body.upper() if verb in "EG" else body
    if "-" in flags:
        return (sign + body).ljust(width)
    return sign + body.rjust(width - len(sign), "0") if "0" in flags else (sign + body).rjust(width)
