"""Markdown that is cut to fit, so that what it opens is closed again."""

import re
from collections.abc import Iterable, Iterator

_CUT = "\n_Cut to fit into a comment: the report of the run has all of it._\n"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MOST_SECTIONS = 10
_ROOM_TO_CLOSE = 256
"""Bytes for a fence and `_MOST_SECTIONS`."""


def shortened(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes: lines from the top, what they open closed again, and a line that says so."""
    if len(text.encode("utf-8", "backslashreplace")) <= limit:
        return text
    room = limit - len(_CUT) - _ROOM_TO_CLOSE
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        room -= len(line.encode("utf-8", "backslashreplace"))
        if room < 0:
            break
        kept.append(line)
    return "".join([*kept, *_closing(kept), _CUT])


def _closing(lines: Iterable[str]) -> Iterator[str]:
    """What closes the code block and the sections that ``lines`` leave open."""
    fence, sections = "", 0
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            closes = found is not None and found[1].startswith(fence) and line.strip() == found[1]
            fence = "" if closes else fence
        elif found is not None:
            fence = found[1]
        else:
            sections += line.count("<details") - line.count("</details>")
    if fence:
        yield f"{fence}\n"
    yield from ["\n</details>\n"] * min(sections, _MOST_SECTIONS)
