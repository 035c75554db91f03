"""What has to be known of a file before python-hcl2 reads any of it: where its blocks start and end.

The scanner follows strings, templates, heredocs, comments and brackets, and nothing else; what stands between them is
python-hcl2's. On the way, and in `with_signs`, the text is prepared: where python-hcl2 would read something differently
than HCL means it, or not at all, a stand-in of the same length takes its place, so that every offset stays true:

- blanks for comments, for new lines where they mean nothing (between parentheses and brackets, in a ``for``, in an
  interpolation), for the markers ``~`` of templates and the escapes ``$${`` and ``%%{``
- a string of blanks for a heredoc, which python-hcl2 does not look into
- an ``a`` for a letter beyond ASCII
- a ``!`` or ``+``, of the same precedence, for a minus sign right before a number, which python-hcl2 takes for a part
  of the number even in ``f(x)-10``; ``__`` for ``::`` in names of functions; ``[*]`` for ``[ * ]``

Strings are touched by this, too; what stands in them is always read from the text itself.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from guardrail.expressions import expression
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.syntax import Comment, SourceFile

SIMPLE_TEXT = r'"(?>(?:[^"\\$%\n]++|\\.|\$(?!\{)|%(?!\{))*)"'
"""A string without anything to look into."""
_WORD = re.compile(r"[^\W\d][\w\u0300-\u036f\u00b7-]*")
DEEPEST = 100
"""Levels of brackets and templates inside one another; people write a dozen."""

_HEREDOC = r"<<-?[^\W\d][\w\u0300-\u036f\u00b7-]*+[ \t]*+\r?\n"
_EVENTS = rf"""
    (?>(?: [^"\#/<(\[{{)\]}}NEWLINE]++
      | {SIMPLE_TEXT}
      | /(?![/*]) | <(?!{_HEREDOC[1:]})
    )*)
    (?: (?P<comment>(?:\#|//)[^\n]*+)
      | (?P<open_bracket>[(\[{{])
      | (?P<close_bracket>[)\]}}])
      | (?P<quote>")
      | (?P<newline>\n)
      | (?P<heredoc>{_HEREDOC})
      | (?P<long_comment>/\*)
      | \Z
    )
"""
_LOUD = re.compile(_EVENTS.replace("NEWLINE", ""), re.VERBOSE)
_QUIET = re.compile(_EVENTS.replace("NEWLINE", r"\n"), re.VERBOSE)
_QUOTED = expression(r'(?P<end>")|\\.|(?P<escaped>\$\$\{|%%\{)|(?P<start>[$%]\{)|(?P<newline>\n)')
_FOR_FOLLOWS = expression(r"(?>(?:\s|\#[^\n]*|//[^\n]*|/\*.*?\*/)*)for\s+[^\s=:]", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BEYOND_ASCII = expression(r"(?![\x00-\x7f])[\w\u0300-\u036f\u00b7]")
_ARITHMETIC = expression(r"[-\d](?<![\w-][-\d])(?:(?<=-)|[\w.]*+-)[\w.-]*+")
"""A minus sign, or a number up to one, where no name goes before it; its first sign is what a search looks for."""
_IN_ARITHMETIC = expression(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_][\w-]*|-(?=\d)")
_BLANK = re.compile(r"[ \t\r]*")
_KEYWORD = expression(r"(?<![\w.-])(?:if|in)\Z")
_NAMESPACE = expression(r"(?<=\w)::(?=\w)")
_LOOSE_SPLAT = expression(r"\[([ \t\r]*)\*([ \t\r]*)\]")
_SPOKEN_TO = expression(r"(?:(?:\#|//)[ \t]*|/\*[* \t]*|^[* \t]*)(guardrail:[^\r\n]*?)[ \t\r]*(?:\*/|$)", re.MULTILINE)
_LONG_COMMENT = r"/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)\*/"
_COMMENT_LINES = expression(rf"[^\n]*\n(?>(?:[ \t]*(?:(?:\#|//)[^\n]*|{_LONG_COMMENT}[ \t\r]*)\n)*)[ \t]*")


class Heredoc(Struct, frozen=True):
    """The contents of a heredoc: from ``start`` to the line with its closing marker."""

    start: int
    stop: int
    is_indented: bool
    """Whether ``<<-`` takes the indentation away that its lines have in common."""


class Scan(Struct):
    """A text, or a part of one, as python-hcl2 gets it."""

    text: str
    """What is read, with stand-ins of the same length."""
    start: int
    """Its offset in the whole."""
    heredocs: dict[int, Heredoc]
    """By the offset of their ``<<``."""
    closings: dict[int, int]
    """The offset at which each bracket and each template ends, by the offset at which it starts."""
    comments: tuple[Comment, ...]
    """Those that speak to guardrail."""


def scan_file(file: SourceFile, *, quiet: bool = False) -> Scan:
    """All of a file, or, where it is ``quiet``, an expression in which new lines mean nothing.

    Raises `HclSyntaxError` for what is not closed, or closes nothing.
    """
    scanner = _Scanner(file, 0)
    scanner.run(quiet=quiet)
    return scanner.scanned()


def scan_interpolation(file: SourceFile, at: int) -> Scan:
    """``${…}`` or ``%{…}`` at ``at``. Raises `HclSyntaxError`."""
    scanner = _Scanner(file, at)
    scanner.run_interpolation()
    return scanner.scanned()


def word_at(file: SourceFile, start: int, end: int) -> str:
    """The name between two offsets, in letters of any script. Raises `HclSyntaxError` for a sign that is none."""
    name = file.text[start:end]
    if not _WORD.fullmatch(name):
        strange = next(index for index in range(len(name)) if not _WORD.fullmatch(name[: index + 1]))
        raise file.error(start + strange, f"{name[strange]!r} means nothing here")
    return name


class _Open(Struct, frozen=True):
    """A bracket, a string or an interpolation that is not closed yet."""

    closing: str
    at: int
    quiet: bool
    """Whether new lines mean nothing in it."""


class _Scanner:
    """One pass over a text."""

    def __init__(self, file: SourceFile, at: int) -> None:
        self._file = file
        self._text = file.text
        self._start = self._at = at
        self._open: list[_Open] = []
        self._replaced: list[tuple[int, int, str]] = []
        self._heredocs: dict[int, Heredoc] = {}
        self._closings: dict[int, int] = {}
        self._comments: list[Comment] = []

    def run(self, *, quiet: bool) -> None:
        """Go on to the end of the text."""
        while self._next(quiet=quiet):
            pass
        if self._open:
            raise self._unclosed()

    def run_interpolation(self) -> None:
        """Go on to the end of the interpolation that starts here."""
        self._open.append(_Open('"', self._at, quiet=False))
        self._at += 2
        self._enter_interpolation(self._at - 2)
        while len(self._open) > 1:
            if not self._next(quiet=True):
                raise self._unclosed()
        self._open.clear()

    def scanned(self) -> Scan:
        """The tokens of the file, once it has been scanned."""
        pieces: list[str] = []
        last = self._start
        for start, end, stand_in in self._replaced:
            pieces += (self._text[last:start], stand_in)
            last = end
        text = "".join((*pieces, self._text[last : self._at]))
        return Scan(_readable(text), self._start, self._heredocs, self._closings, tuple(self._comments))

    def _next(self, *, quiet: bool) -> bool:
        """One step further; False at the end of the text."""
        if self._open:
            opened = self._open[-1]
            if opened.closing == '"':
                self._in_string()
                return True
            quiet = opened.quiet
        match = (_QUIET if quiet else _LOUD).match(self._text, self._at)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            self._at = len(self._text)
            return False
        self._at = match.end()
        self._STEPS[kind](self, match.start(kind))
        return True

    # What is met between strings ---------------------------------------------------------------------------------

    def _newline(self, at: int) -> None:
        self._replace(at, at + 1)

    def _comment(self, at: int) -> None:
        """Leave a comment out; what it says to guardrail is kept, line by line, with the place of what follows it."""
        self._replace(at, self._at)
        if self._text.find("guardrail:", at, self._at) < 0:
            return
        blank = _BLANK.match(self._text, self._at)
        behind = blank.end() if blank else self._at
        if self._text.startswith("\n", behind):
            lines = _COMMENT_LINES.match(self._text, behind)
            behind = lines.end() if lines else behind
        for spoken in _SPOKEN_TO.finditer(self._text, at, self._at):
            self._comments.append(Comment(spoken[1], spoken.start(), behind))

    def _long_comment(self, at: int) -> None:
        end = self._text.find("*/", self._at)
        if end < 0:
            raise self._file.error(at, "the comment is not closed")
        self._at = end + 2
        self._comment(at)

    def _heredoc(self, at: int) -> None:
        opening = self._text[at : self._at]
        marker = opening.lstrip("<-").strip()
        closing = re.compile(rf"^[ \t]*{re.escape(marker)}[ \t]*\r?$", re.MULTILINE).search(self._text, self._at)
        if closing is None:
            raise self._file.error(at, f"the heredoc is not closed by a line with {marker}")
        self._heredocs[at] = Heredoc(self._at, closing.start(), opening.startswith("<<-"))
        self._at = closing.start() + len(closing[0].rstrip("\r"))
        self._replaced.append((at, self._at, f'"{" " * (self._at - at - 2)}"'))

    def _quote(self, at: int) -> None:
        self._enter(_Open('"', at, quiet=False))

    def _open_bracket(self, at: int) -> None:
        bracket = self._text[at]
        quiet = bracket != "{" or _FOR_FOLLOWS.match(self._text, self._at) is not None
        self._enter(_Open(_CLOSING[bracket], at, quiet))

    def _close_bracket(self, at: int) -> None:
        bracket = self._text[at]
        if not self._open:
            raise self._file.error(at, f"{bracket!r} closes nothing")
        opened = self._open.pop()
        if opened.closing != bracket:
            raise self._file.error(at, f"{opened.closing!r} is missing before {bracket!r}")
        self._closings[opened.at] = at
        if self._open and self._open[-1].closing == '"' and self._text[at - 1] == "~":
            self._replace(at - 1, at)

    _STEPS: dict[str, Callable[["_Scanner", int], None]] = {  # noqa: RUF012 - never changed
        "newline": _newline,
        "comment": _comment,
        "long_comment": _long_comment,
        "heredoc": _heredoc,
        "quote": _quote,
        "open_bracket": _open_bracket,
        "close_bracket": _close_bracket,
    }

    # Strings -----------------------------------------------------------------------------------------------------

    def _in_string(self) -> None:
        match = _QUOTED.search(self._text, self._at)
        kind = match.lastgroup if match else "newline"
        if match is None or kind == "newline":
            raise self._file.error(self._open[-1].at, "the string is not closed on its line")
        self._at = match.end()
        if kind == "end":
            self._closings[self._open.pop().at] = match.start()
        elif kind == "escaped":
            self._replace(match.start(), self._at)
        elif kind == "start":
            self._enter_interpolation(match.start())

    def _enter_interpolation(self, at: int) -> None:
        self._enter(_Open("}", at + 1, quiet=True))
        if self._text.startswith("~", self._at):
            self._at += 1
            self._replace(self._at - 1, self._at)

    def _enter(self, opened: _Open) -> None:
        self._open.append(opened)
        if len(self._open) > DEEPEST:
            raise self._file.error(opened.at, "it is nested too deeply")

    def _replace(self, start: int, end: int) -> None:
        self._replaced.append((start, end, " " * (end - start)))

    def _unclosed(self) -> HclSyntaxError:
        at = self._open[-1].at
        return self._file.error(at, f"{self._text[at]!r} is not closed")


def _readable(text: str) -> str:
    """The text with stand-ins for what python-hcl2 cannot read, or reads differently, inside a line."""
    if not text.isascii():
        text = _BEYOND_ASCII.sub("a", text)
    if "::" in text:
        text = _NAMESPACE.sub("__", text)
    return _LOOSE_SPLAT.sub(lambda match: f"[*]{match[1]}{match[2]}", text)


def with_signs(expression: str) -> str:
    """A scanned expression with an operator that means as much for each minus sign before a number: ``_=!1``, ``3+2``.

    Only what python-hcl2 reads needs it, which is a small part of most files.
    """
    return _ARITHMETIC.sub(_signs, expression)


def _signs(match: re.Match[str]) -> str:
    """Numbers and names without blanks between them, with such operators."""
    run, is_first = match[0], _is_first(match.string, match.start())

    def replaced(part: re.Match[str]) -> str:
        if part[0] != "-":
            return part[0]
        if part.start():
            return "!" if run[part.start() - 1] == "-" else "+"
        return "!" if is_first else "+"

    return _IN_ARITHMETIC.sub(replaced, run)


def _is_first(text: str, at: int) -> bool:
    """Whether a minus sign at ``at`` has nothing to its left that something could be taken from."""
    while at and text[at - 1] in " \t\r":
        at -= 1
    is_value = at and (text[at - 1].isalnum() or text[at - 1] in '_)]}"')
    return not is_value or _KEYWORD.search(text, max(0, at - 3), at) is not None
