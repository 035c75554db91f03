"""Names that are another's but for one letter, and so were meant for it."""

from itertools import takewhile

from guardrail.expressions import expression

_WORD = expression(r"[^\W\d_]+")
_SHORTEST = 5
"""Letters of a word below which one letter may well make another word: test and text, a and b."""


def is_slip(name: str, other: str) -> bool:
    """Whether ``name`` is ``other`` with two letters swapped, or one left out, put in or mistaken in a longer word.

    ``chat-modle`` and ``chat-modl`` of ``chat-model``; not ``chat-v2`` of ``chat-v1``, whose digits tell them apart,
    nor ``chat-b`` of ``chat-a``, nor a plural. Names are told apart by their case as well.
    """
    if name.lower() == other.lower():
        return name != other
    if abs(len(name) - len(other)) > 1:
        return False
    start = _common(name, other)
    end = _common(name[start:][::-1], other[start:][::-1])
    ours, theirs = name[start : len(name) - end], other[start : len(other) - end]
    if not f"{ours}{theirs}".isalpha():
        return False
    if len(ours) == len(theirs) == 2:  # noqa: PLR2004 - two letters, swapped
        return ours == theirs[::-1]
    longer, at_end = max((name, other), key=len), end == 0 or not name[len(name) - end].isalpha()
    is_plural = at_end and f"{ours}{theirs}" == "s"
    return max(len(ours), len(theirs)) == 1 and not is_plural and _word_around(longer, start) >= _SHORTEST


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with together."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _word_around(text: str, at: int) -> int:
    """How long the word is in which a place lies; 0 where that is none."""
    return next((found.end() - found.start() for found in _WORD.finditer(text) if found.start() <= at < found.end()), 0)
