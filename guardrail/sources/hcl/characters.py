"""Characters of text: their normal form, how people count them, and how JSON of Go's writes them."""

from guardrail.expressions import expression
from guardrail.limits import Allowance


def normal(text: str) -> str:
    """Text in Unicode's normal form C, as every text of Terraform is; half a pair of surrogates is replaced."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", _LONE.sub("\ufffd", text))


_LONE = expression("[\ud800-\udfff]")


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
_HANGUL = expression(
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


_ESCAPED = expression("[<>&\u2028\u2029]")


def quoted(text: str, allowance: Allowance) -> str:
    """A text as Go writes it into JSON: ``<``, ``>`` and ``&`` are escaped too. Raises `LimitError`."""
    import json

    allowance.text(len(text) + 2)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
