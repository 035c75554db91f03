"""The parser of HCL native syntax: python-hcl2's, asked for one block at a time, when somebody asks for its body.

A scanner finds the blocks of a file; of those that nobody looks into nothing is parsed. What is wrong in one of them is
seen as far as brackets, strings, heredocs and comments go, and what stands between the blocks.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from guardrail.sources.hcl.errors import HclSyntaxError, syntax_error
from guardrail.sources.hcl.scan import Heredoc, Scan, scan_body, scan_expression, scan_file, scan_interpolation
from guardrail.sources.hcl.syntax import Argument, BlockNode, Body, Expression, Skim, SourceFile
from guardrail.sources.hcl.template import Part, UnpairedDirectiveError, assemble, flushed, trimmed

if TYPE_CHECKING:
    from lark import Token, Tree

    from guardrail.sources.hcl.tree import TreeReader

_T = TypeVar("_T")

_BLANK = re.compile(r"[ \t\r\n]*")
_HEAD = re.compile(r'([A-Za-z_][\w-]*+)((?>(?:[ \t]*+(?:"[^"\\$%\n]*+"|[A-Za-z_][\w-]*+))*))[ \t]*+\{')
_ASSIGNED = re.compile(r"([A-Za-z_][\w-]*+)[ \t]*+=")
_LABEL = re.compile(r'"([^"]*)"|([^\s"]+)')
_REST_OF_LINE = re.compile(r"[ \t\r]*(?:\n|\Z)")
_NEWLINES = re.compile("\n")
_IN_TEXT = re.compile(r"\$\$\{|%%\{|[$%]\{")


def parse(text: str, path: str) -> SourceFile:
    """The file called ``path`` with the contents ``text``. Raises `HclSyntaxError` with file, line and column.

    The bodies of its blocks are parsed when they are asked for, and that raises `HclSyntaxError`, too.
    """
    text = text.removeprefix("\ufeff")
    scan = scan_file(text, path)
    return SourceFile(path, text, _Items(text, path, scan).body(), line_starts(text), scan.comments)


def parse_expression(text: str, path: str) -> Expression:
    """A text that is one expression, as on a command line. Raises `HclSyntaxError`."""
    scan = scan_expression(text, path)
    return _Piece(text, path, f"_={scan.text}", -2, scan.heredocs).expression()


def parse_template(text: str, path: str) -> Expression:
    """A text that is a template. Raises `HclSyntaxError`."""
    return _assembled(text, path, _template_parts(text, path, 0, len(text)), 0)


def line_starts(text: str) -> list[int]:
    """The offset at which each line starts."""
    return [0, *(match.end() for match in _NEWLINES.finditer(text))]


class _Items:
    """What stands outside all braces: blocks, whose bodies can wait, and all else, which is parsed at once."""

    def __init__(self, text: str, path: str, scan: Scan) -> None:
        self._text = text
        self._path = path
        self._scan = scan
        self._outermost = [(start - scan.start, end - scan.start) for start, end in scan.outermost]
        self._arguments: dict[str, Argument] = {}
        self._blocks: list[BlockNode] = []

    def body(self) -> Body:
        """Its arguments and blocks. Raises `HclSyntaxError`."""
        self._enter_all()
        return Body(self._arguments, self._blocks)

    def _enter_all(self) -> None:
        scanned, at = self._scan.text, 0
        while (at := _end(_BLANK.match(scanned, at), at)) < len(scanned):
            at = self._item(at)
            rest = _REST_OF_LINE.match(scanned, at)
            if rest is None:
                at = _end(_BLANK.match(scanned, at), at)
                raise syntax_error(self._path, self._text, self._scan.start + at, "the line must end here")
            at = rest.end()

    def _item(self, at: int) -> int:
        """Enter what starts at ``at``; answers where it ends."""
        start = self._scan.start + at
        head = _HEAD.match(self._scan.text, at)
        index = bisect_left(self._outermost, (at, at))
        if head and self._outermost[index : index + 1] and self._text.startswith(head[0], start):
            opening, closing = self._outermost[index]
            if opening == head.end() - 1:
                labels = tuple(label[1] or label[2] or "" for label in _LABEL.finditer(head[2]))
                read, end = partial(self._block_body, at, closing + 1), self._scan.start + closing
                skimmed = partial(_skim, self._text, self._path, self._scan.start + head.end(), end)
                self._blocks.append(BlockNode(head[1], labels, read, start, end, skimmed=skimmed))
                return closing + 1
        return self._other(at, index)

    def _block_body(self, at: int, end: int) -> Body:
        piece = _Piece(self._text, self._path, self._scan.text[at:end], self._scan.start + at, self._scan.heredocs)
        return piece.body().blocks[0].body

    def _other(self, at: int, index: int) -> int:
        end = at
        while True:
            line = self._scan.text.find("\n", end)
            line = len(self._scan.text) if line < 0 else line
            if index == len(self._outermost) or self._outermost[index][0] > line:
                break
            end = self._outermost[index][1] + 1
            index += 1
        self._enter(at, line)
        return line

    def _enter(self, at: int, line: int) -> None:
        """Enter what is no block with a brace of its own, from ``at`` to the end of its last ``line``."""
        start = self._scan.start + at
        body = _Piece(self._text, self._path, self._scan.text[at:line], start, self._scan.heredocs).body()
        for name, argument in body.arguments.items():
            if name in self._arguments:
                raise syntax_error(self._path, self._text, argument.at, f"{name} is set twice in one block")
            self._arguments[name] = argument
        self._blocks += body.blocks


class _Skimmed(_Items):
    """What stands between the braces of one block, of which only is entered where it starts."""

    def __init__(self, text: str, path: str, scan: Scan) -> None:
        super().__init__(text, path, scan)
        self._offsets: dict[str, int] = {}

    def skim(self) -> Skim:
        """Where its arguments and blocks start. Raises `HclSyntaxError`."""
        self._enter_all()
        return Skim(self._offsets, self._blocks)

    def _enter(self, at: int, line: int) -> None:
        found = _ASSIGNED.match(self._scan.text, at, line)
        start = self._scan.start + at
        if found and self._text.startswith(found[1], start):
            self._offsets[found[1]] = start


def _skim(text: str, path: str, start: int, stop: int) -> Skim:
    """The parts of the body from ``start`` to ``stop``. Raises `HclSyntaxError`."""
    return _Skimmed(text, path, scan_body(text, path, start, stop)).skim()


class _Piece:
    """A piece of a text that python-hcl2 reads by itself: one block, argument or interpolation."""

    def __init__(self, text: str, path: str, source: str, base: int, heredocs: dict[int, Heredoc]) -> None:
        self._text = text
        self._path = path
        self._source = source
        self._base = base
        self._heredocs = heredocs

    def body(self) -> Body:
        """Its arguments and blocks. Raises `HclSyntaxError`."""
        return self._read(lambda reader, tree: reader.body(tree))

    def expression(self) -> Expression:
        """The expression, where the piece is one argument."""
        return self._read(lambda reader, tree: reader.only_expression(tree))

    def part(self) -> Part:
        """The part of a template, where the piece is an argument with a string of one part."""
        return self._read(lambda reader, tree: reader.only_part(tree))

    def _read(self, read: "Callable[[TreeReader, Tree[Token]], _T]") -> _T:
        from lark import UnexpectedInput

        from guardrail.sources.hcl.grammar import raw_tree
        from guardrail.sources.hcl.rejections import rejection
        from guardrail.sources.hcl.tree import TreeReader

        reader = TreeReader(self._text, self._path, self._source, self._base, self._heredoc)
        try:
            return read(reader, raw_tree(self._source))
        except UnexpectedInput as error:
            at, problem = rejection(error, self._source)
            raise self._error(at, problem) from None

    def _heredoc(self, at: int) -> Expression | None:
        heredoc = self._heredocs.get(at)
        if heredoc is None:
            return None
        parts = _template_parts(self._text, self._path, heredoc.start, heredoc.stop)
        return _assembled(self._text, self._path, flushed(parts) if heredoc.is_indented else parts, at)

    def _error(self, at: int, problem: str) -> HclSyntaxError:
        return syntax_error(self._path, self._text, max(0, min(self._base + at, len(self._text))), problem)


# Templates without quotes ---------------------------------------------------------------------------------------------


def _template_parts(text: str, path: str, at: int, stop: int) -> list[Part]:
    """The parts of a template without quotes, in which a backslash is a backslash."""
    parts: list[Part] = []
    plain = ""
    while match := _IN_TEXT.search(text, at, stop):
        plain += text[at : match.start()]
        at = match.end()
        if len(match[0]) > 2:  # noqa: PLR2004 - an escaped marker
            plain += match[0][1:]
            continue
        start = match.start()
        scan = scan_interpolation(text, path, start)
        at = start + len(scan.text)
        if at > stop:
            raise syntax_error(path, text, start, "the interpolation is not closed")
        parts += (plain, _Piece(text, path, f'_="{scan.text}"', start - 3, scan.heredocs).part())
        plain = ""
    return trimmed([part for part in (*parts, plain + text[at:stop]) if part != ""], by_line=True)


def _assembled(text: str, path: str, parts: list[Part], at: int) -> Expression:
    try:
        return assemble(parts, at)
    except UnpairedDirectiveError as error:
        raise syntax_error(path, text, error.at, error.problem) from None


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise
