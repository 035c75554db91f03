"""Text as Terraform writes it: characters as people count them, JSON, and the verbs of ``format``."""

import re
from collections.abc import Sequence
from typing import Any

from guardrail.limits import Allowance
from guardrail.sources.hcl import arithmetic
from guardrail.sources.hcl.types import number_of, to_text, truth_of
from guardrail.sources.hcl.values import EvaluationError, is_number

_WIDEST = 1000


def normal(text: str) -> str:
    """Text in Unicode's normal form C, as every text of Terraform is; half a pair of surrogates is replaced."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", _LONE.sub("\ufffd", text))


_LONE = re.compile("[\ud800-\udfff]")


def characters(text: str) -> list[str]:
    """The characters of a text as people count them (grapheme clusters): ``e`` with an accent is one.

    Unicode Standard Annex 29, without what only scripts with prefixed signs need.
    """
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


_JOINER = "\u200d"
_HANGUL = re.compile(
    "[\u1100-\u115f\ua960-\ua97c](?:[\u1100-\u11a7\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7c6])"
    "|[\u1160-\u11a7\ud7b0-\ud7c6\uac00-\ud7a3](?:[\u1160-\u11ff\ud7b0-\ud7fb])"
    "|[\u11a8-\u11ff\ud7cb-\ud7fb][\u11a8-\u11ff\ud7cb-\ud7fb]"
)
_SKIN, _FLAGS, _TAGS = range(0x1F3FB, 0x1F400), range(0x1F1E6, 0x1F200), range(0xE0020, 0xE0080)


def _continues(before: str, character: str) -> bool:
    """Whether a character belongs to the one before it."""
    from unicodedata import category

    last, kind = before[-1], category(character)
    if last == "\r" or character == "\n":
        return last == "\r" and character == "\n"
    if category(last) in ("Cc", "Zl", "Zp"):
        return False
    if kind in ("Mn", "Me", "Mc") or character in (_JOINER, "\u200c") or ord(character) in (*_SKIN, *_TAGS):
        return True
    if last == _JOINER:
        return kind == "So" and category(before[0]) == "So"
    if ord(character) in _FLAGS:
        return len(before) == 1 and ord(before) in _FLAGS
    return _HANGUL.fullmatch(last + character) is not None


# JSON -----------------------------------------------------------------------------------------------------------------

_ESCAPED = re.compile("[<>&\u2028\u2029]")


def quoted(text: str, allowance: Allowance) -> str:
    """A text as Go writes it into JSON: ``<``, ``>`` and ``&`` are escaped too. Raises `LimitError`."""
    import json

    allowance.text(len(text) + 2)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def json_text(value: Any, allowance: Allowance) -> str:
    """A value as JSON, with sorted keys. Raises `LimitError`."""
    allowance.steps(4)
    if isinstance(value, str):
        return quoted(value, allowance)
    allowance.text(2)
    if isinstance(value, list):
        return f"[{','.join(json_text(item, allowance) for item in value)}]"
    if isinstance(value, dict):
        return (
            f"{{{','.join(f'{quoted(key, allowance)}:{json_text(value[key], allowance)}' for key in sorted(value))}}}"
        )
    return "null" if value is None else to_text(value)


# format() -------------------------------------------------------------------------------------------------------------

_VERB = re.compile(r"%(?:(%)|([-+# 0]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")
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
