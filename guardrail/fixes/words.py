"""The one word of a text that is nearly another: ``AllTrafic`` of ``endpoint/${e.name}/variant/AllTrafic``."""

import re
from difflib import SequenceMatcher

from guardrail.fixes.base import NoFixError

_NEARLY = 0.6
_WORD = re.compile(r"\$\{[^}]*\}|[^/\"'\s{}$]+")


def reworded(text: str, start: int, end: int, word: str, old: str | None = None) -> tuple[int, int]:
    """The offsets of the word between two offsets that is to become ``word``: ``old``, or what is nearly it.

    Raises `NoFixError` for none, or two.
    """
    same = [match.span() for match in _WORD.finditer(text, start, end) if old is not None and match[0] == old]
    if len(same) == 1:
        return same[0]
    found: list[tuple[float, int, int]] = []
    for match in _WORD.finditer(text, start, end):
        if match[0].startswith("${"):
            continue
        if match[0] == word and "/" not in text[start:end]:
            raise NoFixError(f"it says {word} already")
        ratio = SequenceMatcher(None, match[0].lower(), word.lower()).ratio()
        if ratio >= _NEARLY and match[0] != word:
            found.append((ratio, *match.span()))
    if not found:
        raise NoFixError(f"no word in it is nearly {word}")
    best = max(found)
    if sum(ratio == best[0] for ratio, _, _ in found) > 1:
        raise NoFixError(f"two words in it are as near to {word}")
    return best[1], best[2]
