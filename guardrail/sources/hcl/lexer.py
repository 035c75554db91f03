"""From the text of an HCL file to tokens.

Templates nest: a token of kind `TEMPLATE` holds parts, which are text or the tokens of an interpolation. New lines mean
something between braces only, so they are left out between parentheses and brackets, as in the reference scanner.
"""

import re
from typing import Any, NamedTuple, TypeAlias

from guardrail.errors import SourceError

NAME, NUMBER, TEXT, QUOTE, NEWLINE, OPERATOR, END, STRAY, TEMPLATE = range(1, 10)

_BLANK = r"[ \t\r\f]|\#[^\n]*|//[^\n]*|/\*.*?\*/"
_WORD = r"[^\W\d][\w\u0300-\u036f\u00b7-]*"
_SIMPLE = r'"(?:[^"\\$%\n]|\$(?![${])|%(?![%{]))*"'
_TOKEN = re.compile(
    rf"""(?:{_BLANK})*(?:
      ({_WORD})
    | (\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | ({_SIMPLE})
    | (")
    | (\n(?:\n|{_BLANK})*)
    | (&&|\|\||==|!=|<=|>=|=>|\.\.\.|::|<<-?{_WORD}[ \t]*\r?\n|[-+*/%!<>=?:.,~(){{}}\[\]])
    | (\Z)
    | (.)
    )""",
    re.VERBOSE | re.DOTALL,
)
"""The groups are numbered like the kinds."""
_FOR_FOLLOWS = re.compile(rf"(?:\n|{_BLANK})*for\s+[^\s=]", re.DOTALL)
_IN_QUOTES = re.compile(r'"|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|\$\$\{|%%\{|[$%]\{|\n', re.DOTALL)
_IN_TEXT = re.compile(r"\$\$\{|%%\{|[$%]\{")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 50
_LONGEST_SHOWN = 100


class Token(NamedTuple):
    """One token; a string without interpolations has its text as value, a template its parts."""

    kind: int
    value: Any
    at: int
    end: int


class Inner(NamedTuple):
    """An interpolation ``${…}`` or a directive ``%{…}`` of a template; ``~`` at either end eats white space there."""

    tokens: list[Token]
    directive: bool
    trims_left: bool
    trims_right: bool
    at: int


Part: TypeAlias = str | Inner


class HclSyntaxError(SourceError):
    """Text that is not HCL, with its place."""


def syntax_error(path: str, text: str, at: int, problem: str) -> HclSyntaxError:
    """An error that names file, line and column, and shows the line."""
    line = text.count("\n", 0, at) + 1
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    shown = text[start : len(text) if end < 0 else end]
    if len(shown) > _LONGEST_SHOWN:
        first = max(0, at - start - _LONGEST_SHOWN // 2)
        shown = f"{'…' if first else ''}{shown[first : first + _LONGEST_SHOWN]}…"
    return HclSyntaxError(f"{path}:{line}:{at - start + 1}: {problem}", hint=f"line {line} reads: {shown.strip()}")


class Lexer:
    """The tokens of one text."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self._depth = 0

    def tokens(self, at: int = 0) -> list[Token]:
        """All tokens from ``at`` on, with an `END` behind them. Raises `HclSyntaxError`."""
        return self._scan(at, nested=False)

    def block(self, at: int) -> list[Token]:
        """The tokens of the one block that starts at ``at``, with an `END` behind them. Raises `HclSyntaxError`."""
        return self._scan(at, nested=False, one_block=True)

    def template(self) -> list[Part]:
        """The whole text as the contents of a template, as in strings of the JSON syntax. Raises `HclSyntaxError`."""
        return self._parts(0, len(self.text))

    def error(self, at: int, problem: str) -> HclSyntaxError:
        """An error at the offset ``at``."""
        return syntax_error(self.path, self.text, at, problem)

    def _scan(self, at: int, *, nested: bool, one_block: bool = False) -> list[Token]:  # noqa: C901, PLR0912 - one loop, as every call in it costs
        """Tokens up to the end of the text, or, ``nested``, up to the brace that closes an interpolation.

        With ``one_block`` up to the bracket that closes the first one.
        """
        text, match_token, first = self.text, _TOKEN.match, at - 1
        found: list[Token] = []
        add = found.append
        open_: list[tuple[str, bool, int]] = []  # what closes it, whether new lines mean nothing inside it, its place
        quiet = nested
        while True:
            match = match_token(text, at)
            assert match is not None  # noqa: S101 - its last alternative takes any character
            kind = match.lastindex or STRAY
            value: Any = match[kind]
            start, at = match.span(kind)
            if kind == OPERATOR:
                if value in _CLOSING:
                    quiet = value != "{" or _FOR_FOLLOWS.match(text, at) is not None
                    open_.append((_CLOSING[value], quiet, start))
                elif value in _CLOSING.values():
                    if nested and not open_ and value == "}":
                        add(Token(END, "", start, at))
                        return found
                    if not open_:
                        raise self.error(start, f"{value!r} closes nothing")
                    expected, _, _ = open_.pop()
                    if expected != value:
                        raise self.error(start, f"{expected!r} is missing before {value!r}")
                    quiet = open_[-1][1] if open_ else nested
                    if one_block and not open_:
                        found += (Token(OPERATOR, value, start, at), Token(END, "", at, at))
                        return found
                elif value == "/" and text.startswith("*", at):
                    raise self.error(start, "the comment is not closed")
                elif value.startswith("<<"):
                    kind = TEMPLATE
                    value, at = self._heredoc(value, start, at)
            elif kind == NEWLINE:
                if quiet:
                    continue
            elif kind == TEXT:
                value = value[1:-1]
            elif kind == QUOTE:
                kind = TEMPLATE
                value, at = self._quoted(start)
            elif kind == END:
                if open_ or nested:
                    opening = open_[-1][2] if open_ else first
                    raise self.error(opening, f"{text[opening]!r} is not closed")
                add(Token(END, "", start, at))
                return found
            elif kind == STRAY:
                raise self.error(start, _stray(text, start))
            add(Token(kind, value, start, at))

    def _quoted(self, start: int) -> tuple[list[Part], int]:
        """The parts of the string that starts at ``start``, and where it ends."""
        text, parts, at = self.text, list[Part](), start + 1
        while True:
            match = _IN_QUOTES.search(text, at)
            if match is None or match[0] == "\n":
                raise self.error(start, "the string is not closed on its line")
            parts.append(text[at : match.start()])
            at = match.end()
            if match[0] == '"':
                return _trimmed(parts, by_line=False), at
            if match[0][0] == "\\":
                parts.append(self._unescaped(match[0], match.start()))
            elif match[0] in ("$${", "%%{"):
                parts.append(match[0][1:])
            else:
                inner = self._inner(match.start())
                parts.append(inner)
                at = inner.tokens[-1].end

    def _unescaped(self, escape: str, at: int) -> str:
        if escape[1] in "uU" and len(escape) > 2:  # noqa: PLR2004 - \u with its digits
            code = int(escape[2:], base=16)  # noqa: FURB166 - no prefix of Python's
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:  # noqa: PLR2004 - beyond Unicode, and half a character
                raise self.error(at, f"{escape} is no character")
            return chr(code)
        if escape[1] not in _ESCAPES:
            raise self.error(at, f"{escape!r} is no escape sequence; a backslash is written \\\\")
        return _ESCAPES[escape[1]]

    def _heredoc(self, opening: str, start: int, at: int) -> tuple[list[Part], int]:
        """The parts of a heredoc, and the offset behind its closing marker."""
        marker = opening.lstrip("<-").strip()
        closing = re.compile(rf"^[ \t]*{re.escape(marker)}[ \t]*\r?$", re.MULTILINE).search(self.text, at)
        if closing is None:
            raise self.error(start, f"the heredoc is not closed by a line with {marker}")
        parts = self._parts(at, closing.start())
        end = closing.start() + len(closing[0].rstrip("\r"))
        return (_flushed(parts) if opening.startswith("<<-") else parts), end

    def _parts(self, at: int, stop: int) -> list[Part]:
        """The parts of a template without quotes, in which a backslash is a backslash."""
        text, parts = self.text, list[Part]()
        while True:
            match = _IN_TEXT.search(text, at, stop)
            if match is None:
                parts.append(text[at:stop])
                return _trimmed(parts, by_line=True)
            parts.append(text[at : match.start()])
            at = match.end()
            if len(match[0]) > 2:  # noqa: PLR2004 - an escaped marker
                parts.append(match[0][1:])
            else:
                inner = self._inner(match.start())
                parts.append(inner)
                at = inner.tokens[-1].end

    def _inner(self, start: int) -> Inner:
        """The interpolation or directive that starts at ``start``; its last token ends behind its brace."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.error(start, "templates are nested too deeply")
        at = start + 2
        trims_left = self.text[at : at + 1] == "~"
        tokens = self._scan(at + trims_left, nested=True)
        self._depth -= 1
        trims_right = len(tokens) > 1 and tokens[-2].kind == OPERATOR and tokens[-2].value == "~"
        if trims_right:
            del tokens[-2]
        return Inner(tokens, self.text[start] == "%", trims_left, trims_right, start)


def _stray(text: str, at: int) -> str:
    if text[at] in "'`":
        return f"{text[at]} is no quote in HCL; write a double quote"
    if text[at] in "&|":
        return f"a single {text[at]!r} means nothing; did you mean {text[at] * 2!r}"
    return f"{text[at]!r} means nothing here"


def _trimmed(parts: list[Part], *, by_line: bool) -> list[Part]:
    """The parts without the white space that the markers ``~`` eat: ``by_line`` no more than one line of it.

    That is what Terraform does, whose scanner takes a heredoc line by line and a quoted text as a whole.
    """
    answer = list(parts)
    for index, part in enumerate(parts):
        if isinstance(part, str):
            continue
        before = answer[index - 1] if index else None
        if part.trims_left and isinstance(before, str):
            line = before.rfind("\n", 0, max(len(before) - 1, 0)) + 1 if by_line else 0
            answer[index - 1] = before[:line] + before[line:].rstrip()
        behind = answer[index + 1] if index + 1 < len(answer) else None
        if part.trims_right and isinstance(behind, str):
            line = behind.find("\n") + 1 if by_line and "\n" in behind else len(behind)
            answer[index + 1] = behind[:line].lstrip() + behind[line:]
    return answer


def _flushed(parts: list[Part]) -> list[Part]:
    """A ``<<-`` heredoc without the white space that its lines have in common; blank lines stay as they are."""
    lines = _Lines(parts)
    return lines.without(min(map(_indentation, lines.starts), default=0))


class _Lines:
    """The lines of a heredoc, some of which go on behind an interpolation."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        lines = (line for pieces in self._split() for is_start, line in pieces if is_start)
        self.starts = [line for line in lines if not _is_blank(line)]

    def without(self, indentation: int) -> list[Part]:
        """The parts again, with every line shorter by ``indentation`` spaces, or by those that it has."""
        answer: list[Part] = []
        for part, pieces in zip(self._parts, self._split(), strict=True):
            answer.append(
                "".join(_shortened(line, indentation) if is_start else line for is_start, line in pieces)
                if isinstance(part, str)
                else part
            )
        return answer

    def _split(self) -> list[list[tuple[bool, str]]]:
        """For each part its lines, and whether they start in it."""
        found: list[list[tuple[bool, str]]] = []
        is_start = True
        for part in self._parts:
            pieces: list[tuple[bool, str]] = []
            if isinstance(part, str):
                for line in part.splitlines(keepends=True):
                    pieces.append((is_start, line))
                    is_start = line.endswith("\n")
            else:
                if is_start:
                    pieces.append((True, ""))
                is_start = False
            found.append(pieces)
        return found


def _shortened(line: str, indentation: int) -> str:
    return line if _is_blank(line) else line[min(_indentation(line), indentation) :]


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_blank(line: str) -> bool:
    return line.endswith("\n") and not line.strip()
