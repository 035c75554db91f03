"""The parser of HCL native syntax: from tokens to a `SourceFile`.

Written for this project rather than taken from python-hcl2, whose grammar reads some 6,000 lines a second and has to
be compiled or cached first: what stands here is read at commit time, while somebody waits.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from guardrail.sources.hcl.lexer import (
    END,
    NAME,
    NEWLINE,
    NUMBER,
    OPERATOR,
    TEMPLATE,
    TEXT,
    HclSyntaxError,
    Inner,
    Lexer,
    Part,
    Token,
    syntax_error,
)
from guardrail.sources.hcl.syntax import (
    Argument,
    Attribute,
    Binary,
    BlockNode,
    Body,
    Call,
    Comment,
    Conditional,
    Element,
    Entry,
    Expression,
    For,
    If,
    Index,
    Literal,
    Name,
    Object,
    Repeat,
    SourceFile,
    Splat,
    Template,
    Tuple,
    Unary,
)

_KEYWORDS = {"true": True, "false": False, "null": None}
_PRECEDENCE = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_DEEPEST = 100
"""Levels of nesting in one expression; people write a dozen."""
_NEWLINES = re.compile("\n")
_SPOKEN_TO = re.compile(r"(?:#|//)[ \t]*(guardrail:[^\r\n]*)")
_COMMENT_LINES = re.compile(r"[^\n]*\n(?:[ \t]*(?:#|//)[^\n]*\n)*[ \t]*")
_SPEAKS = "guardrail:"


def parse(text: str, path: str) -> SourceFile:
    """The file called ``path`` with the contents ``text``. Raises `HclSyntaxError` with file, line and column."""
    text = text.removeprefix("\ufeff")
    tokens = Lexer(text, path).tokens()
    parser = _Parser(text, path, tokens)
    body = parser.body(END)
    return SourceFile(path, text, body, line_starts(text), comments(text, tokens))


def parse_block(text: str, path: str, at: int) -> BlockNode:
    """The one block that starts at the offset ``at``. Raises `HclSyntaxError`."""
    return _Parser(text, path, Lexer(text, path).block(at)).body(END).blocks[0]


def parse_expression(text: str, path: str) -> Expression:
    """A text that is one expression, as on a command line. Raises `HclSyntaxError`."""
    parser = _Parser(text, path, [token for token in Lexer(text, path).tokens() if token.kind != NEWLINE])
    expression = parser.expression()
    parser.expect_end()
    return expression


def parse_template(text: str, path: str) -> Expression:
    """A text that is a template. Raises `HclSyntaxError`."""
    return _Parser(text, path, []).template(Lexer(text, path).template(), 0)


def line_starts(text: str) -> list[int]:
    """The offset at which each line starts."""
    return [0, *(match.end() for match in _NEWLINES.finditer(text))]


def comments(text: str, tokens: list[Token]) -> tuple[Comment, ...]:
    """The line comments that speak to guardrail; what looks like one inside a string is none."""
    if _SPEAKS not in text:
        return ()
    found = [Comment(match[1], match.start(), _behind(text, match.end())) for match in _SPOKEN_TO.finditer(text)]
    strings = [(token.at, token.end) for token in tokens if token.kind in (TEXT, TEMPLATE)]
    return tuple(each for each in found if not any(start < each.at < end for start, end in strings))


def _behind(text: str, at: int) -> int:
    """The offset of what stands on the next line that is no comment."""
    match = _COMMENT_LINES.match(text, at)
    return match.end() if match else at


class _Parser:
    """One pass over the tokens of a file, or of an interpolation inside it."""

    def __init__(self, text: str, path: str, tokens: list[Token]) -> None:
        self._text = text
        self._path = path
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    # Bodies ------------------------------------------------------------------------------------------------------

    def body(self, closing: int | str) -> Body:
        """Arguments and blocks up to the end of the file, or to the brace that closes the block."""
        arguments: dict[str, Argument] = {}
        blocks: list[BlockNode] = []
        while True:
            self._skip_newlines()
            token = self._take()
            if token.kind == NAME:
                if self._is_operator("="):
                    self._argument(token, arguments)
                else:
                    blocks.append(self._block(token))
                if closing == END or not self._is_operator("}"):
                    self._end_of_line()
            elif token.kind == END or (token.kind == OPERATOR and token.value == closing):
                self._next -= 1
                return Body(arguments, blocks)
            else:
                raise self._error(token, "an argument or a block must start here with its name")

    def _argument(self, name: Token, arguments: dict[str, Argument]) -> None:
        equals = self._take()
        if self._peek().kind in (NEWLINE, END):
            raise self._error(equals, f"{name.value} has no value behind '='")
        if name.value in arguments:
            raise self._error(name, f"{name.value} is set twice in one block")
        arguments[name.value] = Argument(name.value, self.expression(), name.at)

    def _block(self, type_: Token) -> BlockNode:
        labels: list[str] = []
        while True:
            token = self._take()
            if token.kind in (TEXT, NAME):
                labels.append(token.value)
            elif token.kind == OPERATOR and token.value == "{":
                break
            else:
                raise self._error(token, f"'=' and a value, or a block, must follow {type_.value}")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(type_, "blocks are nested too deeply")
        body = self.body("}")
        self._depth -= 1
        end = self._take()
        return BlockNode(type_.value, tuple(labels), body, type_.at, end.at)

    def _end_of_line(self) -> None:
        token = self._peek()
        if token.kind == NEWLINE:
            self._next += 1
        elif token.kind != END:
            raise self._error(token, "the line must end here")

    def expect_end(self) -> None:
        """Raise unless everything has been read."""
        self._skip_newlines()
        if self._peek().kind != END:
            raise self._error(self._peek(), "nothing more is expected here")

    # Expressions -------------------------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """One expression, with its conditional."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(self._peek(), "the expression is nested too deeply")
        condition = self._binary(1)
        if self._is_operator("?"):
            at = self._take().at
            then = self.expression()
            self._expect(":")
            condition = Conditional(condition, then, self.expression(), at)
        self._depth -= 1
        return condition

    def _binary(self, lowest: int) -> Expression:
        left = self._unary()
        while True:
            token = self._tokens[self._next]
            precedence = _PRECEDENCE.get(token.value, 0) if token.kind == OPERATOR else 0
            if precedence < lowest:
                return left
            self._next += 1
            left = Binary(token.value, left, self._binary(precedence + 1), token.at)

    def _unary(self) -> Expression:
        token = self._peek()
        if token.kind == OPERATOR and token.value in ("-", "!"):
            self._next += 1
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._error(token, "the expression is nested too deeply")
            operand = Unary(token.value, self._unary(), token.at)
            self._depth -= 1
            return operand
        return self._postfix(self._term())

    def _postfix(self, subject: Expression) -> Expression:
        """Attributes, indices and splats behind a term."""
        while True:
            token = self._tokens[self._next]
            if token.kind != OPERATOR or token.value not in (".", "["):
                return subject
            self._next += 1
            subject = self._attribute(subject, token) if token.value == "." else self._index(subject, token)

    def _attribute(self, subject: Expression, dot: Token) -> Expression:
        token = self._take()
        if token.kind == NAME:
            return Attribute(subject, token.value, token.at)
        if token.kind == NUMBER:  # the old way to write an index; 0.1 in it is two of them
            for digits in token.value.split("."):
                subject = Index(subject, Literal(int(digits), token.at), token.at)
            return subject
        if token.kind == OPERATOR and token.value == "*":
            each: Expression = Element(token.at)
            while self._is_operator(".") and self._tokens[self._next + 1].value != "*":
                each = self._attribute(each, self._take())
            return Splat(subject, each, dot.at)
        raise self._error(token, "the name of an attribute must follow the dot")

    def _index(self, subject: Expression, bracket: Token) -> Expression:
        if self._is_operator("*"):
            self._next += 1
            self._expect("]")
            return Splat(subject, self._postfix(Element(bracket.at)), bracket.at)
        key = self.expression()
        self._expect("]")
        return Index(subject, key, bracket.at)

    def _term(self) -> Expression:  # noqa: PLR0911 - one return for each kind of token
        token = self._take()
        if token.kind == NAME:
            if self._is_operator("(", "::"):
                return self._call(token)
            if token.value in _KEYWORDS:
                return Literal(_KEYWORDS[token.value], token.at)
            return Name(token.value, token.at)
        if token.kind == TEXT:
            return Literal(token.value, token.at)
        if token.kind == NUMBER:
            return Literal(_number(token.value), token.at)
        if token.kind == TEMPLATE:
            return self.template(token.value, token.at)
        if token.kind == OPERATOR:
            parse = self._BRACKETS.get(token.value)
            if parse is not None:
                return parse(self, token)
        raise self._error(token, "a value is missing here")

    def _parentheses(self, _: Token) -> Expression:
        inner = self.expression()
        self._expect(")")
        return inner

    def _tuple(self, bracket: Token) -> Expression:
        if self._is_for():
            return self._for(bracket, "]")
        items: list[Expression] = []
        while not self._is_operator("]"):
            items.append(self.expression())
            if not self._is_operator("]"):
                self._expect(",")
        self._next += 1
        return Tuple(tuple(items), bracket.at)

    def _object(self, brace: Token) -> Expression:
        if self._is_for():
            return self._for(brace, "}")
        entries: list[Entry] = []
        self._skip_newlines()
        while not self._is_operator("}"):
            key = self._key()
            self._skip_newlines()
            self._expect("=", ":")
            self._skip_newlines()
            entries.append(Entry(key, self.expression()))
            if self._is_operator(","):
                self._next += 1
            elif self._peek().kind != NEWLINE and not self._is_operator("}"):
                raise self._error(self._peek(), "a comma or a new line must stand between the items of an object")
            self._skip_newlines()
        self._next += 1
        return Object(tuple(entries), brace.at)

    def _key(self) -> Expression:
        """The key of an item: a bare word means itself."""
        token = self._peek()
        if token.kind == NAME:
            following = self._tokens[self._next + 1]
            if following.kind == NEWLINE or (following.kind == OPERATOR and following.value in ("=", ":")):
                self._next += 1
                return Literal(token.value, token.at)
        return self.expression()

    def _for(self, opening: Token, closing: str) -> Expression:
        self._next += 1
        key, value = None, self._word()
        if self._is_operator(","):
            self._next += 1
            key, value = value, self._word()
        if self._word() != "in":
            raise self._error(self._tokens[self._next - 1], "'in' is missing")
        collection = self.expression()
        self._expect(":")
        name, result, groups = None, self.expression(), False
        if closing == "}":
            self._expect("=>")
            name, result = result, self.expression()
            if self._is_operator("..."):
                self._next += 1
                groups = True
        condition = None
        if self._peek().kind == NAME and self._peek().value == "if":
            self._next += 1
            condition = self.expression()
        self._expect(closing)
        return For(key, value, collection, name, result, condition, groups, opening.at)

    def _call(self, name: Token) -> Expression:
        called = name.value
        while self._is_operator("::"):
            self._next += 1
            called += f"::{self._word()}"
        self._expect("(")
        arguments: list[Expression] = []
        expands = False
        while not self._is_operator(")"):
            arguments.append(self.expression())
            if self._is_operator("..."):
                self._next += 1
                expands = True
            if not self._is_operator(")"):
                self._expect(",")
        self._next += 1
        return Call(called, tuple(arguments), expands, name.at)

    _BRACKETS: dict[str, Callable[["_Parser", Token], Expression]] = {  # noqa: RUF012 - never changed
        "(": _parentheses,
        "[": _tuple,
        "{": _object,
    }

    # Templates ---------------------------------------------------------------------------------------------------

    def template(self, parts: list[Part], at: int) -> Expression:
        """The expression of a template; one that is a single interpolation is what stands in it."""
        builder = _TemplateBuilder(self._inner_parser, at)
        for part in parts:
            builder.add(part)
        return builder.finished()

    def _inner_parser(self, inner: Inner) -> "_Parser":
        parser = _Parser(self._text, self._path, inner.tokens)
        parser._depth = self._depth + 1
        return parser

    def word(self) -> str:
        """The next token, which must be a name."""
        return self._word()

    def takes(self, operator: str) -> bool:
        """Step over an operator if it comes next."""
        if self._is_operator(operator):
            self._next += 1
            return True
        return False

    def error_here(self, problem: str) -> HclSyntaxError:
        """An error at the next token."""
        return self._error(self._peek(), problem)

    # Tokens ------------------------------------------------------------------------------------------------------

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _is_operator(self, *values: str) -> bool:
        token = self._tokens[self._next]
        return token.kind == OPERATOR and token.value in values

    def _is_for(self) -> bool:
        """Whether a ``for`` follows, and not an item that is called so."""
        token = self._tokens[self._next]
        return token.kind == NAME and token.value == "for" and self._tokens[self._next + 1].kind == NAME

    def _expect(self, *values: str) -> None:
        if not self._is_operator(*values):
            raise self._error(self._peek(), f"{' or '.join(map(repr, values))} is missing here")
        self._next += 1

    def _word(self) -> str:
        token = self._take()
        if token.kind != NAME:
            raise self._error(token, "a name is missing here")
        name: str = token.value
        return name

    def _skip_newlines(self) -> None:
        while self._tokens[self._next].kind == NEWLINE:
            self._next += 1

    def _error(self, token: Token, problem: str) -> HclSyntaxError:
        return syntax_error(self._path, self._text, token.at, problem)


class _TemplateBuilder:
    """Puts the parts of a template together, directives with what they enclose."""

    def __init__(self, parser_of: Callable[[Inner], _Parser], at: int) -> None:
        self._parser_of = parser_of
        self._at = at
        self._open: list[_Directive] = []
        self._parts: list[Expression] = []

    def add(self, part: Part) -> None:
        if isinstance(part, str):
            if part:
                self._parts.append(Literal(part, self._at))
            return
        parser = self._parser_of(part)
        if part.directive:
            self._directive(part, parser)
        else:
            self._parts.append(parser.expression())
            parser.expect_end()

    def finished(self) -> Expression:
        if self._open:
            directive = self._open[-1]
            end = "endif" if directive.key is None and not directive.value else "endfor"
            raise self._parser_of(directive.inner).error_here(f"the directive is not closed by %{{ {end} }}")
        return self._joined()

    def _joined(self) -> Expression:
        parts, texts = self._parts, [part for part in self._parts if isinstance(part, Literal)]
        if len(texts) == len(parts) and all(isinstance(text.value, str) for text in texts):
            return Literal("".join(text.value for text in texts), self._at)
        return (
            parts[0] if len(parts) == 1 and not isinstance(parts[0], (If, Repeat)) else Template(tuple(parts), self._at)
        )

    def _directive(self, inner: Inner, parser: _Parser) -> None:
        word = parser.word()
        if word == "if":
            self._push(_Directive(inner, parser.expression(), self._parts))
        elif word == "for":
            key, value = None, parser.word()
            if parser.takes(","):
                key, value = value, parser.word()
            if parser.word() != "in":
                raise parser.error_here("'in' is missing")
            self._push(_Directive(inner, parser.expression(), self._parts, key, value))
        elif word == "else" and self._open and not self._open[-1].value and self._open[-1].then is None:
            self._open[-1].then = self._whole()
        elif word == "endif" and self._open and not self._open[-1].value:
            self._close_if(self._open.pop())
        elif word == "endfor" and self._open and self._open[-1].value:
            directive = self._open.pop()
            repeat = Repeat(directive.key, directive.value, directive.subject, self._whole(), inner.at)
            self._parts = [*directive.outside, repeat]
        else:
            raise parser.error_here(f"the directive {word} has no beginning here")
        parser.expect_end()

    def _push(self, directive: "_Directive") -> None:
        self._open.append(directive)
        self._parts = []

    def _close_if(self, directive: "_Directive") -> None:
        last = self._whole()
        nothing = Literal("", directive.inner.at)
        then, otherwise = (last, nothing) if directive.then is None else (directive.then, last)
        self._parts = [*directive.outside, If(directive.subject, then, otherwise, directive.inner.at)]

    def _whole(self) -> Expression:
        """What has been collected inside a directive, always as text."""
        parts, self._parts = self._parts, []
        return Template(tuple(parts), self._at)


class _Directive:
    """An ``if`` or ``for`` that is still open."""

    __slots__ = ("inner", "key", "outside", "subject", "then", "value")

    def __init__(
        self, inner: Inner, subject: Expression, outside: list[Expression], key: str | None = None, value: str = ""
    ) -> None:
        self.inner = inner
        self.subject = subject
        self.outside = outside
        self.key = key
        self.value = value
        self.then: Expression | None = None


def _number(text: str) -> int | Decimal:
    """A number as exact as it is written; whole ones are ints."""
    if text.isdecimal():
        return int(text)
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() and number.adjusted() < 40 else number  # noqa: PLR2004
