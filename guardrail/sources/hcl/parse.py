"""HCL native syntax: expressions by python-hcl2's parser, one at a time and only when a reader asks for it.

A scanner marks the brackets of a file, which bound its blocks and, once a block is read, its arguments. Constants and
plain references need no parser; every other expression goes to python-hcl2. In expressions that no reader asks for only
unbalanced brackets, strings, heredocs and comments are errors.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from guardrail.expressions import expression
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.scan import SIMPLE_TEXT, Heredoc, Scan, scan_file, scan_interpolation, with_signs, word_at
from guardrail.sources.hcl.syntax import (
    KEYWORDS,
    Argument,
    Attribute,
    BlockNode,
    Body,
    Expression,
    Index,
    Literal,
    Name,
    SourceFile,
)
from guardrail.sources.hcl.template import (
    Interpolation,
    TemplatePart,
    UnpairedDirectiveError,
    assemble,
    flushed,
    trimmed,
)

if TYPE_CHECKING:
    from lark import Token, Tree

    from guardrail.sources.hcl.tree import TreeReader

_T = TypeVar("_T")

_NAME = r"[A-Za-z_][\w-]*+"
_DIGITS = r"\d{1,15}"
_PLAIN_SIGN = r"[\x00-\x09\x0b-\x21#\x26-\x5b\x5d-\x7f]"
_PLAIN_TEXT = rf'"{_PLAIN_SIGN}*+"'
"""ASCII but for the quote, ``$``, ``%``, the backslash and line ends; the set of all others takes 7 ms to compile."""
_TEXT = r'"(?>(?:[^"\\\n]++|\\.)*)"'
_HEAD = re.compile(
    rf"""[ \t\r\n]*+ (?P<name>{_NAME}) (?:
        [ \t\r]*+ = (?![=>])
      | (?P<labels>(?>[ \t\r]*+(?:{_TEXT}|{_NAME}))*) [ \t\r]*+ (?P<brace>\{{)
    )""",
    re.VERBOSE,
)
"""The start of an argument or a block. (``= >`` and ``==`` start none.)"""
_WORD = re.compile(_NAME)
_LABEL = re.compile(rf"({_NAME})|{_TEXT}")
_TO_BRACKET = re.compile(rf"(?>(?:[^\n(\[{{\"]++|{SIMPLE_TEXT})*)([\n(\[{{\"])")
_REST_OF_LINE = re.compile(r"[ \t\r]*+(?:\n|\Z)")
_KEPT = r"(?!(?:true|false|null|if|else|endif|for|in|endfor)(?![\w-]))"
"""What no reference starts with."""
_BEHIND = rf"(?:\.{_NAME}|\[(?:{_DIGITS}|{_PLAIN_TEXT})\])*"
_PATH = rf"(?P<path>(?P<root>{_NAME}){_BEHIND})"
_PLAIN = re.compile(
    rf"""[ \t]*+ (?:
        (?P<text>{_PLAIN_TEXT})
      | (?P<number>{_DIGITS})
      | {_PATH}
      | (?P<template>"(?>(?:{_PLAIN_SIGN}++|\$\{{[ \t]*+{_KEPT}{_NAME}{_BEHIND}[ \t]*+\}})*)")
    ) [ \t\r]*+ (?:(?:\#|//)[^\n]*+)?""",
    re.VERBOSE | re.ASCII,
)
"""A text, number, keyword or reference, or a text with references in it, that is all there is on a line."""
_PLAIN_PART = expression(rf"{_PLAIN_SIGN}++|\$\{{[ \t]*+{_PATH}[ \t]*+\}}", re.ASCII)
_STEPS = expression(rf"\.({_NAME})|\[(?:({_DIGITS})|({_PLAIN_TEXT}))\]", re.ASCII)
_IN_TEXT = expression(r"\$\$\{|%%\{|[$%]\{")


def parse(text: str, path: str) -> SourceFile:
    """The file called ``path`` with the contents ``text``. Raises `HclSyntaxError` with file, line and column.

    The bodies of its blocks, and their arguments, are parsed when they are asked for, and that raises it, too.
    """
    file = SourceFile(path, text.removeprefix("\ufeff"))
    scan = scan_file(file)
    file.comments = scan.comments
    file.body = _BodyReader(file, scan).body(0, len(file.text), is_file=True)
    return file


def parse_expression(text: str, path: str) -> Expression:
    """A text that is one expression, as on a command line. Raises `HclSyntaxError`."""
    file = SourceFile(path, text)
    scan = scan_file(file, quiet=True)
    return _SourcePiece(file, f"_={scan.text}", -2, scan.heredocs).expression()


def parse_template(text: str, path: str) -> Expression:
    """A text that is a template. Raises `HclSyntaxError`."""
    file = SourceFile(path, text)
    return _assembled(file, _template_parts(file, 0, len(text)), 0)


class _BodyReader:
    """Tells the arguments and blocks of one file apart."""

    def __init__(self, file: SourceFile, scan: Scan) -> None:
        self._file = file
        self._scan = scan

    def body(self, at: int, end: int, *, is_file: bool = False) -> Body:
        """What stands between two offsets: of a file blocks can wait, of a block arguments. Raises `HclSyntaxError`."""
        scanned, body = self._scan.text, Body({}, [])
        while head := _HEAD.match(scanned, at, end):
            name = word_at(self._file, *head.span("name"))
            if head["brace"] is None:
                at = self._argument(name, head, end, body, is_lazy=not is_file)
            else:
                at = self._block(name, head, body, is_lazy=is_file)
            rest = _REST_OF_LINE.match(scanned, at, end)
            if rest is None:
                raise self._file.error(_behind_blanks(scanned, at, end), "the line must end here")
            at = rest.end()
        at = _behind_blanks(scanned, at, end)
        if at < end:
            raise self._headless(at)
        return body

    def _argument(self, name: str, head: re.Match[str], end: int, body: Body, *, is_lazy: bool) -> int:
        """Enter an argument; answers where it ends."""
        at = head.start("name")
        if name in body.arguments:
            raise self._file.error(at, f"{name} is set twice in one block")
        start, stop = head.end(), self._line_end(head.end(), end)
        if not self._scan.text[start:stop].strip():
            raise self._file.error(start - 1, f"{name} has no value behind '='")
        contents = partial(self._expression, start, stop)
        body.arguments[name] = Argument(name, contents if is_lazy else contents(), at, self._file)
        return stop

    def _block(self, name: str, head: re.Match[str], body: Body, *, is_lazy: bool) -> int:
        """Enter a block; answers where it ends."""
        closing = self._scan.closings[head.start("brace")]
        labels = tuple(map(self._label, _LABEL.finditer(self._scan.text, *head.span("labels"))))
        contents = partial(self.body, head.end(), closing)
        at = head.start("name")
        body.blocks.append(BlockNode(name, labels, contents if is_lazy else contents(), at, closing, self._file))
        return closing + 1

    def _label(self, label: re.Match[str]) -> str:
        if label[1]:
            return word_at(self._file, *label.span())
        name = self._file.text[label.start() + 1 : label.end() - 1]
        if name.isascii() and name.replace("-", "_").isidentifier():  # as almost all are
            return name
        text = self._expression(*label.span())
        if isinstance(text, Literal) and isinstance(text.value, str):
            return text.value
        raise self._file.error(label.start(), "the name of a block is plain text")

    def _line_end(self, at: int, end: int) -> int:
        """Where the line from ``at`` on ends, with whatever stands between brackets on it."""
        while (stop := _TO_BRACKET.match(self._scan.text, at, end)) and stop[1] != "\n":
            at = self._scan.closings[stop.start(1)] + 1
        return stop.start(1) if stop else end

    def _expression(self, at: int, end: int) -> Expression:
        plain = _PLAIN.fullmatch(self._file.text, at, end)
        if plain:
            return _plain(plain)
        return _SourcePiece(self._file, f"_={self._scan.text[at:end]}", at - 2, self._scan.heredocs).expression()

    def _headless(self, at: int) -> HclSyntaxError:
        """An error about what starts neither an argument nor a block."""
        word = _WORD.match(self._scan.text, at)
        if word is None:
            return self._file.error(at, "an argument or a block must start here with its name")
        name = word_at(self._file, *word.span())
        return self._file.error(word.end(), f"'=' and a value, or a block, must follow {name}")


def _behind_blanks(text: str, at: int, end: int) -> int:
    return end - len(text[at:end].lstrip(" \t\r\n"))


def _plain(match: re.Match[str]) -> Expression:
    """The expression of a text, number, keyword or reference: ``"ml.m5.large"``, ``2``, ``true``, ``var.zones[0]``.

    Or of a text with references in it: ``"endpoint/${var.name}"``.
    """
    if match["text"] is not None:
        return Literal(match["text"][1:-1], match.start("text"))
    if match["number"]:
        return Literal(int(match["number"]), match.start("number"))
    if match["template"]:
        start, stop = match.span("template")
        found = _PLAIN_PART.finditer(match.string, start + 1, stop - 1)
        return assemble([_part(part) for part in found], start)
    if match["path"] in KEYWORDS:
        return Literal(KEYWORDS[match["path"]], match.start("path"))
    return _reference(match)


def _part(match: re.Match[str]) -> TemplatePart:
    """Text in a template, or the reference in it."""
    return Interpolation(_reference(match), trims_left=False, trims_right=False) if match["path"] else match[0]


def _reference(match: re.Match[str]) -> Expression:
    """The expression of the path in a match: ``var.zones[0]``."""
    expression: Expression = Name(match["root"], match.start("root"))
    for step in _STEPS.finditer(match.string, match.end("root"), match.end("path")):
        name, number, text = step.groups()
        if name:
            expression = Attribute(expression, name, step.start(1))
        else:
            key = Literal(int(number) if number else text[1:-1], step.start() + 1)
            expression = Index(expression, key, step.start())
    return expression


class _SourcePiece:
    """A piece of a file that python-hcl2 reads by itself: one argument, or an interpolation in the place of one."""

    def __init__(self, file: SourceFile, source: str, base: int, heredocs: dict[int, Heredoc]) -> None:
        self._file = file
        self._source = with_signs(source)
        self._base = base
        self._heredocs = heredocs

    def expression(self) -> Expression:
        """The expression of the argument."""
        return self._read(lambda reader, tree: reader.only_expression(tree))

    def part(self) -> TemplatePart:
        """The part of a template, where the piece is an argument with a string of one part."""
        return self._read(lambda reader, tree: reader.only_part(tree))

    def _read(self, read: "Callable[[TreeReader, Tree[Token]], _T]") -> _T:
        from guardrail.sources.hcl.grammar import RejectedError, raw_tree
        from guardrail.sources.hcl.rejections import rejection
        from guardrail.sources.hcl.tree import TreeReader

        reader = TreeReader(self._file, self._source, self._base, self._heredoc)
        try:
            return read(reader, raw_tree(self._source))
        except RejectedError as error:
            at, problem = rejection(error, self._source)
            raise self._error(at, problem) from None

    def _heredoc(self, at: int) -> Expression | None:
        heredoc = self._heredocs.get(at)
        if heredoc is None:
            return None
        parts = _template_parts(self._file, heredoc.start, heredoc.stop)
        return _assembled(self._file, flushed(parts) if heredoc.is_indented else parts, at)

    def _error(self, at: int, problem: str) -> HclSyntaxError:
        return self._file.error(max(0, min(self._base + at, len(self._file.text))), problem)


# Templates without quotes ---------------------------------------------------------------------------------------------


def _template_parts(file: SourceFile, at: int, stop: int) -> list[TemplatePart]:
    """The parts of a template without quotes, in which a backslash is a backslash."""
    parts: list[TemplatePart] = []
    plain = ""
    while match := _IN_TEXT.search(file.text, at, stop):
        plain += file.text[at : match.start()]
        at = match.end()
        if len(match[0]) > 2:  # noqa: PLR2004 - an escaped marker
            plain += match[0][1:]
            continue
        start = match.start()
        scan = scan_interpolation(file, start)
        at = start + len(scan.text)
        if at > stop:
            raise file.error(start, "the interpolation is not closed")
        parts += (plain, _SourcePiece(file, f'_="{scan.text}"', start - 3, scan.heredocs).part())
        plain = ""
    return trimmed([part for part in (*parts, plain + file.text[at:stop]) if part != ""], by_line=True)


def _assembled(file: SourceFile, parts: list[TemplatePart], at: int) -> Expression:
    try:
        return assemble(parts, at)
    except UnpairedDirectiveError as error:
        raise file.error(error.at, error.problem) from None
