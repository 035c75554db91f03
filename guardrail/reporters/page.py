"""A page of text of a certain width, for an encoding that may lack glyphs and a terminal that may lack colours."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.policy.base import Severity
from guardrail.reporters.base import Options
from guardrail.reporters.wording import ascii_only, display_width, no_command, shorten

NARROWEST = 60
WIDEST_SENTENCE = 110
"""Columns beyond which sentences are hard to read, however wide the terminal is."""
LONGEST_SENTENCE = 1200

GLYPHS: dict[Severity, str] = {"error": "✗", "warning": "!", "note": "i"}
_LINE_NUMBER = re.compile(r":\d+\W*$")
_WORDS = re.compile(r"( *)((?:[\w.-]+ = )?\{ [^{}]{1,60} \}[^ ]*|[^ ]+)")
"""Words with the blanks in front of them; a map, such as ``tags = { Team = "ml" }``, is one."""
_COLOURS = {"error": "31;1", "warning": "33", "note": "36", "open": "35", "total": "1", "quiet": "2"}


class TextLine(Struct, frozen=True):
    """A line, as it will be written but for its colour."""

    text: str = ""
    colour: str = ""
    """A severity, "open", "total" or "quiet"; empty for none."""


class Page:
    """How text becomes lines."""

    longest = LONGEST_SENTENCE
    """Characters that a message may have."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.width = max(options.width, NARROWEST)
        self.ellipsis = "…" if options.glyphs else "..."

    def text(self, text: str) -> str:
        """``text`` in glyphs that the encoding carries."""
        return text if self.options.glyphs else ascii_only(text)

    def shorten(self, text: str, width: int) -> str:
        """``text``, glyphs seen to, in at most ``width`` columns."""
        return shorten(text, width, self.ellipsis)

    def wrapped(
        self, text: str, *, indent: str = "", hanging: int | None = None, colour: str = ""
    ) -> Iterator[TextLine]:
        """``text`` over as many lines as it takes; ``hanging`` is the indent of all but the first."""
        limit, later = min(self.width, WIDEST_SENTENCE), " " * (len(indent) if hanging is None else hanging)
        text, line, is_begun = self.text(text).rstrip(" "), self.text(indent), False
        used = display_width(line)
        if text and used + display_width(text) <= limit:  # as most do
            yield TextLine(f"{line}{text}", colour)
            return
        for gap, word in _WORDS.findall(text):
            added = display_width(f"{gap}{word}")
            while used + added > limit:
                room = limit - used - len(gap)
                is_longer_than_a_line = display_width(word) > limit - len(later)
                if (is_longer_than_a_line and room > 0) or not is_begun:
                    cut = _cut(word, max(room, 1))
                    line, word = f"{line}{gap}{word[:cut]}", word[cut:]  # noqa: PLW2901 - what is left of it
                yield TextLine(line, colour)
                line, gap, is_begun = later, "", False  # noqa: PLW2901 - none in front of a line
                used, added = len(later), display_width(word)
            line, used, is_begun = f"{line}{gap}{word}", used + added, True
        if is_begun:
            yield TextLine(line, colour)

    def joined(self, parts: Iterable[str], *, colour: str = "") -> Iterator[TextLine]:
        """``parts`` with dots between them, broken only where one ends."""
        line = ""
        for part in map(self.text, parts):
            longer = self.text(f"{line} · {part}") if line else f" {part}"
            if line and display_width(longer) > self.width:
                yield TextLine(line, colour)
                longer = f" {part}"
            line = longer
        yield TextLine(line, colour)

    def fitted(self, head: str, name: str, tail: str = "", *, colour: str = "") -> TextLine:
        """``head``, ``name`` and ``tail`` on one line, the name cut where the line would be too long."""
        head, name, tail = self.text(head), self.text(name), self.text(tail)
        room = max(self.width - display_width(head) - display_width(tail), len(self.ellipsis) + 2)
        return TextLine(f"{head}{self.shorten(name, room)}{tail}", colour)

    def headed(
        self, head: str, address: str, tail: str = "", *, gap: int = 3, hanging: int = 3, colour: str = ""
    ) -> Iterator[TextLine]:
        """``head``, ``address`` and ``tail`` on one line, else the address, which people copy, on lines of its own."""
        whole = self.text(f"{head}{' ' * gap}{address}{tail}")
        if display_width(whole) <= self.width:
            yield TextLine(whole, colour)
            return
        yield TextLine(self.shorten(self.text(f"{head}{tail}"), self.width), colour)
        yield from self.wrapped(address, indent=" " * hanging, colour=colour)

    def write(self, lines: Iterable[TextLine]) -> str:
        """The lines as one text, without blanks at their ends."""
        return "".join(f"{self._coloured(line)}\n" for line in lines)

    def _coloured(self, line: TextLine) -> str:
        text = no_command(self.text(line.text).rstrip())
        if not self.options.colour or not line.colour or not text:
            return text
        return f"\x1b[{_COLOURS[line.colour]}m{text}\x1b[0m"


def _cut(word: str, room: int) -> int:
    """Where to break a word that is longer than a line: behind a slash, and never in the number of a line in a file."""
    end, width = 0, 0
    for char in word:
        width += display_width(char)
        if width > room and end:
            break
        end += 1
    number = _LINE_NUMBER.search(word)
    cut = word.rfind("/", 1, end) + 1 or end
    return max(number.start(), 1) if number is not None and number.start() < cut < len(word) else cut
