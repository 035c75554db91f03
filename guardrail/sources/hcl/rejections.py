"""What python-hcl2 cannot read, in words: where it stopped, and what is missing there."""

import re

from lark import UnexpectedInput, UnexpectedToken

from guardrail.expressions import expression

_VALUE = frozenset({"INT_LITERAL", "LPAR", "NOT"})
_OPTIONAL = frozenset({"NL_OR_COMMENT", "STRIP_MARKER", "ELLIPSIS"})
_MISSING = {
    frozenset({"COMMA", "RSQB"}): "',' is missing here",
    frozenset({"COMMA", "RPAR"}): "',' is missing here",
    frozenset({"RPAR"}): "')' is missing here",
    frozenset({"RSQB"}): "']' is missing here",
    frozenset({"RBRACE"}): "'}' is missing here",
    frozenset({"COLON"}): "':' is missing here",
    frozenset({"EQ", "COLON"}): "'=' is missing here",
    frozenset({"FOR_OBJECT_ARROW"}): "'=>' is missing here",
    frozenset({"IN"}): "'in' is missing",
    frozenset({"COMMA", "IN"}): "'in' is missing",
    frozenset({"NAME", "INT_LITERAL", "TRUE", "FALSE", "NULL"}): "the name of an attribute must follow the dot",
    frozenset({"IF", "ELSE", "ENDIF", "FOR", "ENDFOR"}): "a directive is if, else, endif, for or endfor",
}
"""What python-hcl2 waits for, newlines and the like aside."""
_LAST_WORD = expression(r"([\w-]{1,40})\"?\s*=?\Z")
_FOUND = expression(r"[\w-]{1,40}|&&|\|\||.", re.DOTALL)
_MEANINGFUL = '+-*/%=<>!?:,.(){}[]"_'
_LONGEST = 200


def rejection(error: UnexpectedInput, source: str) -> tuple[int, str]:
    """The offset in ``source`` where python-hcl2 stopped, and a sentence about it."""
    at, expected = _place(error, source)
    stopped = _FOUND.match(source, at)
    found, behind = stopped[0] if stopped else "", source[:at].rstrip(" \t\r")
    name = _LAST_WORD.search(behind, max(0, len(behind.rstrip("\n")) - _LONGEST))
    if found in ("", "\n") and name and behind.endswith("="):
        return len(behind) - 1, f"{name[1]} has no value behind '='"
    return at, _stray(found) or _missing(expected, found)


def _place(error: UnexpectedInput, source: str) -> tuple[int, frozenset[str]]:
    """Where it stopped, and what it waited for there."""
    if not isinstance(error, UnexpectedToken):
        return error.pos_in_stream or 0, frozenset[str]()  # type: ignore[redundant-expr]  # wrongly annotated
    at = len(source) if error.token.type == "$END" else error.token.start_pos or 0
    while source[at : at + 1] in (" ", "\t"):  # some tokens start with the blanks before them
        at += 1
    return at, frozenset(error.expected)


def _stray(found: str) -> str | None:
    """A sentence about what means nothing anywhere in HCL."""
    if found in ("'", "`"):
        return f"{found} is no quote in HCL; write a double quote"
    if found in ("&", "|"):
        return f"a single {found!r} means nothing; did you mean {found * 2!r}"
    if not found.strip(" \t\r\n") or found[0].isalnum() or found[0] in _MEANINGFUL or found in ("&&", "||"):
        return None
    return f"{found!r} means nothing here"


def _missing(expected: frozenset[str], found: str) -> str:
    wanted = expected - _OPTIONAL
    if wanted in _MISSING:
        return _MISSING[wanted]
    if wanted >= _VALUE and "COMMA" in wanted:
        return "a comma or a new line must stand between the items of an object"
    if wanted >= _VALUE:
        return "a value is missing here"
    return "the line must end here" if {"NAME", "IF"} <= wanted else f"{found!r} is not expected here"
