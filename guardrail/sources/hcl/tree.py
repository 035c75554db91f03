"""From python-hcl2's raw tree to nodes of `syntax`, and the checks that its grammar leaves to others.

The grammar is wider than HCL: it takes an argument twice, several arguments on one line, expressions that go on after
the end of their line, and any letter behind a backslash.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from lark import Token, Tree

from guardrail.expressions import expression
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.arithmetic import number_at
from guardrail.sources.hcl.scan import DEEPEST, word_at
from guardrail.sources.hcl.template import (
    Directive,
    Interpolation,
    TemplatePart,
    UnpairedDirectiveError,
    assemble,
    trimmed,
)

RawTree: TypeAlias = Tree[Token]

_ESCAPE = expression(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|\$\$\{|%%\{", re.DOTALL)
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t", '\\"': '"', "\\\\": "\\", "$${": "${", "%%{": "%{"}
_WORDS = expression("[^:]+")
_POSTFIXES = frozenset({"get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"})


class TreeReader:
    """Reads the tree of one piece of a text."""

    def __init__(
        self, file: syntax.SourceFile, piece: str, base: int, heredoc: Callable[[int], syntax.Expression | None]
    ) -> None:
        self._file = file
        self._text = file.text
        self._piece = piece
        """What python-hcl2 has read."""
        self._base = base
        """Where it starts in the text."""
        self._heredoc = heredoc
        """The heredoc at an offset, where a string stands in for one."""

    def only_expression(self, tree: RawTree) -> syntax.Expression:
        """The expression of the only argument of a text."""
        return self._expression(self._only_value(tree))

    def only_part(self, tree: RawTree) -> TemplatePart:
        """The part of the string that is the only argument of a text."""
        return next(self._parts(_tree(self._only_value(tree), 0)))

    def _only_value(self, tree: RawTree) -> RawTree:
        first, *others = (node for node in _trees(_tree(tree, 0)) if node.data != "new_line_or_comment")
        if others:
            raise self._file.error(self._at(_first(others[0])), "the line must end here")
        return _tree(first, 2)

    # Expressions -------------------------------------------------------------------------------------------------

    def _expression(self, tree: RawTree) -> syntax.Expression:
        return self._READ[tree.data](self, tree)

    def _term(self, tree: RawTree) -> syntax.Expression:
        inner = tree.children[0]
        if isinstance(inner, Token):  # a parenthesis
            inner = next(node for node in _trees(tree) if node.data != "new_line_or_comment")
        return self._READ[inner.data](self, inner)

    def _number(self, tree: RawTree) -> syntax.Expression:
        token = _first(tree)
        return syntax.Literal(number_at(self._file, self._at(token), token), self._at(token))

    def _identifier(self, tree: RawTree) -> syntax.Expression:
        name, at = self._word(_first(tree))
        return syntax.Name(name, at)

    def _constant(self, tree: RawTree) -> syntax.Expression:
        token = _first(tree)
        return syntax.Literal(syntax.KEYWORDS[token], self._at(token))

    def _conditional(self, tree: RawTree) -> syntax.Expression:
        chain: list[tuple[RawTree, RawTree, int]] = []
        while tree.data == "conditional":
            mark, colon = (token for token in tree.children if isinstance(token, Token))
            for token in (mark, colon):
                self._check_goes_on(token)
            condition, then, tree = (node for node in _trees(tree) if node.data != "new_line_or_comment")
            chain.append((condition, then, self._at(mark)))
        if len(chain) > DEEPEST:
            raise self._file.error(chain[DEEPEST][2], "the expression is nested too deeply")
        expression = self._expression(tree)
        for condition, then, at in reversed(chain):
            expression = syntax.Conditional(self._expression(condition), self._expression(then), expression, at)
        return expression

    def _binary(self, tree: RawTree) -> syntax.Expression:
        terms: list[tuple[Token, RawTree]] = []
        left = tree
        while left.data == "binary_op":
            operation = _tree(left, 1)
            terms.append((_first(operation), _tree(operation, -1)))
            left = _tree(left, 0)
        expression = self._expression(left)
        for operator, right in reversed(terms):
            self._check_goes_on(operator)
            at = self._at(operator)
            expression = syntax.Binary(self._text[at : at + len(operator)], expression, self._expression(right), at)
        return expression

    def _unary(self, tree: RawTree) -> syntax.Expression:
        at = self._at(_first(tree))
        return syntax.Unary(self._text[at], self._expression(_tree(tree, 1)), at)

    def _tuple(self, tree: RawTree) -> syntax.Expression:
        return syntax.Tuple(tuple(self._expressions(tree)), self._at(_first(tree)))

    def _object(self, tree: RawTree) -> syntax.Expression:
        entries: list[syntax.ObjectElement] = []
        for element in _trees(tree):
            if element.data != "object_elem":
                continue
            key = _first(element)
            start = key.start_pos or 0
            if entries and self._before(start) not in "\n,":
                raise self._file.error(
                    start + self._base, "a comma or a new line must stand between the items of an object"
                )
            entries.append(syntax.ObjectElement(self._key(_tree(element, 0)), self._expression(_tree(element, 2))))
        return syntax.Object(tuple(entries), self._at(_first(tree)))

    def _key(self, tree: RawTree) -> syntax.Expression:
        """The key of an item: a bare word means itself."""
        inner = _tree(tree, 0)
        bare = inner
        if inner.data == "expr_term" and len(inner.children) == 1:
            bare = _tree(inner, 0)
        if bare.data in ("identifier", "literal_value", "keyword"):
            name, at = self._word(_first(bare))
            return syntax.Literal(name, at)
        return self._expression(inner)

    def _call(self, tree: RawTree) -> syntax.Expression:
        at = self._at(_first(tree))
        words: list[str] = []
        for name in (_first(node) for node in _trees(tree) if node.data == "identifier"):
            start = self._at(name)  # "a::b" reads as one name
            words += (
                word_at(self._file, *word.span()) for word in _WORDS.finditer(self._text, start, start + len(name))
            )
        arguments: tuple[syntax.Expression, ...] = ()
        expands = False
        for node in _trees(tree):
            if node.data == "arguments":
                arguments = tuple(self._expressions(node))
                expands = any(isinstance(token, Token) and token.type == "ELLIPSIS" for token in node.children)
        return syntax.Call("::".join(words), arguments, expands, at)

    def _for(self, tree: RawTree) -> syntax.Expression:
        intro = next(node for node in _trees(tree) if node.data == "for_intro")
        key, value = self._variables(intro)
        (collection,) = self._expressions(intro, but="identifier")
        self._check_keywords(intro)
        results = [self._expression(node) for node in _trees(tree) if node.data not in _FOR_PARTS]
        conditions: list[syntax.Expression] = []
        for node in _trees(tree):
            if node.data == "for_cond":
                self._check_keywords(node)
                conditions += self._expressions(node)
        return syntax.For(
            key,
            value,
            collection,
            results[0] if len(results) > 1 else None,
            results[-1],
            conditions[0] if conditions else None,
            any(isinstance(token, Token) and token.type == "ELLIPSIS" for token in tree.children),
            self._at(_first(tree)),
        )

    def _variables(self, tree: RawTree) -> tuple[str | None, str]:
        names = [self._word(_first(node))[0] for node in _trees(tree) if node.data == "identifier"]
        return (names[0], names[1]) if len(names) > 1 else (None, names[0])

    def _expressions(self, tree: RawTree, but: str = "") -> list[syntax.Expression]:
        """The expressions right below a node."""
        return [self._expression(node) for node in _trees(tree) if node.data not in ("new_line_or_comment", but)]

    def _escaped_string(self, tree: RawTree) -> syntax.Expression:
        raise self._file.error(self._at(_first(tree)), "a value is missing here")

    # What stands behind a term -----------------------------------------------------------------------------------

    def _postfix(self, tree: RawTree) -> syntax.Expression:
        steps: list[RawTree | Token] = []
        term = tree
        while True:
            inner = term.children[0] if term.data == "expr_term" else term
            if isinstance(inner, Token) or inner.data not in _POSTFIXES:
                break
            step = _tree(inner, 1)
            steps += reversed(step.children) if step.data in ("attr_splat", "full_splat") else [step]
            term = _tree(inner, 0)
        steps.reverse()
        splats = [step for step in steps if isinstance(step, Token)]
        if len(splats) > DEEPEST:
            raise self._file.error(self._at(splats[DEEPEST]), "the expression is nested too deeply")
        return self._steps(self._expression(term), steps, 0)

    def _steps(self, subject: syntax.Expression, steps: "list[RawTree | Token]", index: int) -> syntax.Expression:
        """What the steps from ``index`` on make of a subject; everything behind ``[*]`` is done to each element."""
        while index < len(steps):
            step = steps[index]
            index += 1
            if not isinstance(step, Token):
                subject = self._step(subject, step)
            elif step.type == "FULL_SPLAT_START":
                at = self._at(step)
                return syntax.Splat(subject, self._steps(syntax.Element(at), steps, index), at)
            else:
                at = self._at(step)
                result: syntax.Expression = syntax.Element(at + 1)
                while index < len(steps):
                    step = steps[index]
                    if isinstance(step, Token) or step.data == "braces_index":
                        break
                    result = self._step(result, step)
                    index += 1
                subject = syntax.Splat(subject, result, at)
        return subject

    def _step(self, subject: syntax.Expression, step: RawTree) -> syntax.Expression:
        if step.data == "get_attr":
            name, at = self._word(_first(_tree(step, 1)))
            return syntax.Attribute(subject, name, at)
        if step.data == "short_index":  # the old way to write an index
            token = step.children[1]
            assert isinstance(token, Token)  # noqa: S101 - the grammar says so
            if not token.isdecimal():
                raise self._file.error(self._at(token), "the name of an attribute must follow the dot")
            at = self._at(token)
            return syntax.Index(subject, syntax.Literal(number_at(self._file, at, token), at), at)
        (key,) = self._expressions(step)
        return syntax.Index(subject, key, self._at(_first(step)))

    # Strings -----------------------------------------------------------------------------------------------------

    def _string(self, tree: RawTree) -> syntax.Expression:
        at = self._at(_first(tree))
        heredoc = self._heredoc(at)
        if heredoc is not None:
            return heredoc
        try:
            return assemble(trimmed(list(self._parts(tree)), by_line=False), at)
        except UnpairedDirectiveError as error:
            raise self._file.error(error.at, error.problem) from None

    def _parts(self, tree: RawTree) -> Iterator[TemplatePart]:
        """The parts of a string."""
        for part in _trees(tree):
            inner = part.children[0]
            if isinstance(inner, Token):
                at = self._at(inner)
                yield self._unescaped(self._text[at : at + len(inner)], at)
                continue
            at, end = self._at(_first(inner)), self._at(inner.children[-1])
            trims_left, trims_right = self._text.startswith("~", at + 2), self._text[end - 1] == "~"
            if inner.data == "interpolation":
                yield Interpolation(self._expression(_tree(inner, 1)), trims_left, trims_right)
            else:
                yield self._directive(inner, at, trims_left=trims_left, trims_right=trims_right)

    def _directive(self, tree: RawTree, at: int, *, trims_left: bool, trims_right: bool) -> Directive:
        keyword = next(token for token in tree.children[1:] if isinstance(token, Token))
        word, word_at = str(keyword), self._at(keyword)
        self._check_keywords(tree)
        if word not in ("if", "for"):
            return Directive(word, word_at, at, trims_left, trims_right)
        (subject,) = self._expressions(tree, but="identifier")
        key, value = self._variables(tree) if word == "for" else (None, "")
        return Directive(word, word_at, at, trims_left, trims_right, subject, key, value)

    def _unescaped(self, text: str, at: int) -> str:
        if "\\" not in text and "{" not in text:
            return text
        return _ESCAPE.sub(lambda match: self._escape(match[0], at + match.start()), text)

    def _escape(self, escape: str, at: int) -> str:
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        if len(escape) > 2:  # noqa: PLR2004 - \u with its digits
            code = int(escape[2:], base=16)  # noqa: FURB166 - no prefix of Python's
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:  # noqa: PLR2004 - beyond Unicode, and half a character
                raise self._file.error(at, f"{escape} is no character")
            return chr(code)
        raise self._file.error(at, f"{escape!r} is no escape sequence; a backslash is written \\\\")

    # Tokens ------------------------------------------------------------------------------------------------------

    def _at(self, token: "Token | RawTree") -> int:
        assert isinstance(token, Token)  # noqa: S101 - the grammar says so
        return (token.start_pos or 0) + self._base

    def _word(self, token: Token) -> tuple[str, int]:
        """The text and the location of a name."""
        at = self._at(token)
        if self._text.startswith(token, at):
            return str(token), at
        return word_at(self._file, at, at + len(token)), at  # with letters beyond ASCII

    def _before(self, start: int) -> str:
        """The character before an offset of the piece, blanks left out."""
        start -= 1
        while start > 0 and self._piece[start] in " \t\r":
            start -= 1
        return self._piece[start]

    def _check_goes_on(self, operator: Token) -> None:
        """Raise where an operator stands at the start or the end of a line, outside parentheses."""
        start = operator.start_pos or 0
        end = start + len(operator)
        while self._piece[end : end + 1] in (" ", "\t", "\r"):
            end += 1
        if self._before(start) == "\n" or self._piece[end : end + 1] == "\n":
            raise self._file.error(start + self._base, "an expression goes on in another line only between parentheses")

    def _check_keywords(self, tree: RawTree) -> None:
        """Raise where a keyword runs into the word behind it."""
        for token in tree.children:
            if isinstance(token, Token) and token.isalpha():
                end = self._at(token) + len(token)
                if self._text[end : end + 1].isalnum():
                    raise self._file.error(self._at(token), f"a blank is missing behind {token}")

    _READ: dict[str, Callable[["TreeReader", RawTree], syntax.Expression]] = {  # noqa: RUF012 - never changed
        "expr_term": _term,
        "int_lit": _number,
        "float_lit": _number,
        "string": _string,
        "identifier": _identifier,
        "literal_value": _constant,
        "template_string": _escaped_string,
        "tuple": _tuple,
        "object": _object,
        "function_call": _call,
        "get_attr_expr_term": _postfix,
        "index_expr_term": _postfix,
        "attr_splat_expr_term": _postfix,
        "full_splat_expr_term": _postfix,
        "for_tuple_expr": _for,
        "for_object_expr": _for,
        "conditional": _conditional,
        "binary_op": _binary,
        "unary_op": _unary,
    }
    """How each kind of expression is read, by the name of its rule in the grammar."""


def _trees(tree: RawTree) -> Iterator[RawTree]:
    return (child for child in tree.children if not isinstance(child, Token))


def _tree(tree: RawTree, index: int) -> RawTree:
    child = tree.children[index]
    assert not isinstance(child, Token)  # noqa: S101 - the grammar says so
    return child


def _first(tree: "RawTree | Token") -> Token:
    """The token that a node starts with."""
    while not isinstance(tree, Token):
        tree = tree.children[0]
    return tree


_FOR_PARTS = frozenset({"new_line_or_comment", "for_intro", "for_cond"})
