"""Templates: text with interpolations and directives, put together from the parser's parts."""

from itertools import chain
from typing import TypeAlias

from msgspec import Struct

from guardrail.sources.hcl.syntax import Expression, If, Literal, Repeat, Template


class Interpolation(Struct, frozen=True):
    """``${value}``; ``~`` at either end eats white space there."""

    value: Expression
    trims_left: bool
    trims_right: bool


class Directive(Struct, frozen=True):
    """One of ``%{ if … }``, ``%{ else }``, ``%{ endif }``, ``%{ for … }``, ``%{ endfor }``."""

    word: str
    word_at: int
    at: int
    trims_left: bool
    trims_right: bool
    subject: Expression | None = None
    key: str | None = None
    value: str = ""


TemplatePart: TypeAlias = str | Interpolation | Directive


class UnpairedDirectiveError(Exception):
    """A directive without its counterpart."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at
        self.problem = problem


def assemble(parts: list[TemplatePart], at: int) -> Expression:
    """The expression of a template; one that is a single interpolation is what stands in it.

    Raises `UnpairedDirectiveError`.
    """
    builder = _TemplateBuilder(at)
    for part in parts:
        builder.add(part)
    return builder.finished()


class _OpenDirective(Struct):
    """An ``if`` or ``for`` that is still open."""

    opening: Directive
    subject: Expression
    outside: list[Expression]
    then: Expression | None = None


class _TemplateBuilder:
    """Collects parts, and directives with what they enclose."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._open: list[_OpenDirective] = []
        self._parts: list[Expression] = []
        self._is_text = False
        """Whether any text was written, be it eaten by a marker ``~``."""

    def add(self, part: TemplatePart) -> None:
        if isinstance(part, Interpolation):
            self._parts.append(part.value)
        elif isinstance(part, Directive):
            self._directive(part)
        else:
            self._is_text = True
            if part:
                self._parts.append(Literal(part if part.isascii() else _normalized(part), self._at))

    def finished(self) -> Expression:
        if self._open:
            opening = self._open[-1].opening
            raise UnpairedDirectiveError(opening.word_at, f"the directive is not closed by %{{ end{opening.word} }}")
        parts, texts = self._parts, [part for part in self._parts if isinstance(part, Literal)]
        if len(texts) == len(parts) and all(isinstance(text.value, str) for text in texts):
            return Literal("".join(text.value for text in texts), self._at)
        is_single = len(parts) == 1 and not self._is_text and not isinstance(parts[0], (If, Repeat))
        return parts[0] if is_single else Template(tuple(parts), self._at)

    def _directive(self, directive: Directive) -> None:
        block = self._open[-1] if self._open else None
        word = directive.word
        if directive.subject is not None:
            self._open.append(_OpenDirective(directive, directive.subject, self._parts))
            self._parts = []
        elif block and word == "else" and block.opening.word == "if" and block.then is None:
            block.then = self._whole()
        elif block and word == f"end{block.opening.word}":
            self._open.pop()
            self._parts = [*block.outside, self._closed(block)]
        else:
            raise UnpairedDirectiveError(directive.word_at, f"the directive {word} has no beginning here")

    def _closed(self, block: _OpenDirective) -> Expression:
        opening, last = block.opening, self._whole()
        if opening.word == "for":
            return Repeat(opening.key, opening.value, block.subject, last, opening.at)
        then, otherwise = (last, Literal("", opening.at)) if block.then is None else (block.then, last)
        return If(block.subject, then, otherwise, opening.at)

    def _whole(self) -> Expression:
        """What has been collected inside a directive, always as text."""
        parts, self._parts = self._parts, []
        return Template(tuple(parts), self._at)


# White space ----------------------------------------------------------------------------------------------------------


def trimmed(parts: list[TemplatePart], *, by_line: bool) -> list[TemplatePart]:
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


_HOLE = "\ud800"
"""Stands for an interpolation or a directive in a text; half a character, which no text has."""


def flushed(parts: list[TemplatePart]) -> list[TemplatePart]:
    """A ``<<-`` heredoc without the white space that its lines have in common; blank lines stay as they are."""
    text = "".join(part if isinstance(part, str) else _HOLE for part in parts)
    lines = text.split("\n")
    least = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    texts = "\n".join(line[least:] if line.strip() else line for line in lines).split(_HOLE)
    holes = [part for part in parts if not isinstance(part, str)]
    return [texts[0], *chain.from_iterable(zip(holes, texts[1:], strict=True))]


def _normalized(text: str) -> str:
    """A text as Terraform keeps it, with one character for an accented letter."""
    from unicodedata import normalize

    return normalize("NFC", text)
