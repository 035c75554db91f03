"""python-hcl2's grammar as a parser, without the second and a half that compiling it takes.

Lark compiles the grammar into tables. Those of the python-hcl2 that this release was made with are shipped beside this
module (`scripts/compile_grammar.py` makes them); for another grammar they are made once and kept in a directory that
nobody else can write to. python-hcl2's own cache lies in its installation, which is shared or read-only on many
machines. python-hcl2 and its grammar are under the MIT licence.
"""

import os
import re
import stat
import zlib
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

import msgspec

from guardrail.errors import SourceError
from guardrail.sources.hcl.lalr import Parser, Rule, Tables, Tree, Word

_SIGNS = ("unary_op : (MINUS | NOT) expr_term", "unary_op : (MINUS | NOT) unary_expr")
"""What python-hcl2 8.1 has, and what HCL has: two signs may stand in a row, as in ``!!a``."""
_SHORT = 200
"""Characters."""
SHIPPED = os.path.join(os.path.dirname(__file__), "grammar.tables")


def raw_tree(text: str) -> Tree:
    """python-hcl2's raw tree of a body: what its `parses_to_tree` answers, but for the positions, which tokens have.

    Of a short text it is parsed once, since a thousand blocks say ``merge(local.tags, { Team = "search" })``: nobody
    may change it. Raises `RejectedError`.
    """
    return _known_tree(text) if len(text) <= _SHORT else parser().parse(text)


@lru_cache(maxsize=1024)
def _known_tree(text: str) -> Tree:
    return parser().parse(text)


@cache
def parser() -> Parser:
    """The parser; made when the first text is read. Raises `SourceError` where python-hcl2 is not installed."""
    return Parser(tables(installed()))


def tables(grammar: str, shipped: str = SHIPPED) -> Tables:
    """The tables of a grammar: those that are shipped, those that are kept, or new ones."""
    found = _stored(shipped, grammar)
    directory = None if found else _private_directory()
    if found or directory is None:
        return found or compiled(grammar)
    path = os.path.join(directory, f"hcl-{zlib.crc32(grammar.encode()):08x}.tables")
    found = _stored(path, grammar)
    if found is None:
        found = compiled(grammar)
        _store(path, packed(found))
    return found


def packed(found: Tables) -> bytes:
    """What a file of tables holds."""
    return zlib.compress(msgspec.json.encode(found), 9)


def compiled(grammar: str) -> Tables:
    """The tables of a grammar, made by Lark. Raises `SourceError` for one that `Parser` would read differently."""
    from lark import Lark
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    made: Any = Lark(grammar, parser="lalr")
    table, lexer = made.parser.parser._parse_table, made.parser.lexer.root_lexer  # noqa: SLF001 - as it saves them
    words = [one for one in lexer.terminals if isinstance(one.pattern, PatternStr)]
    expressions = [one for one in lexer.terminals if one not in words]
    if lexer.terminals != expressions + words:
        raise SourceError("the grammar of python-hcl2 has a word that goes before an expression")
    rules = {rule: ~number for number, rule in enumerate(sorted(made.rules, key=str))}
    states = {table.start_states["start"]: 0}  # numbered as they are reached, so that one grammar has one file
    rows = []
    for state in (reached := [*states]):
        row = {}
        for name, (action, operand) in sorted(table.states[state].items()):
            if action is Shift and operand not in states:
                states[operand] = len(states)
                reached.append(operand)
            row[str(name)] = states[operand] if action is Shift else rules[operand]
        rows.append(msgspec.Raw(msgspec.json.encode(row)))
    return Tables(
        grammar=grammar,
        expressions={one.name: one.pattern.to_regexp() for one in expressions},
        words={one.name: _word(one, expressions) for one in words},
        ignored=tuple(sorted(lexer.ignore_types)),
        rules=tuple(map(_rule, rules)),
        states=tuple(rows),
        end=states[table.end_states["start"]],
    )


def _word(terminal: Any, expressions: Any) -> Word:
    """A terminal of Lark's that is always the same text."""
    text = terminal.pattern.value
    alike = (one for one in expressions if one.priority == terminal.priority)
    return Word(text, tuple(one.name for one in alike if re.fullmatch(one.pattern.to_regexp(), text)))


def _rule(rule: Any) -> Rule:
    """A rule of Lark's."""
    kept = [
        (index, not part.is_term and part.name.startswith("_"))
        for index, part in enumerate(rule.expansion)
        if rule.options.keep_all_tokens or not (part.is_term and part.filter_out)
    ]
    is_whole = len(kept) == len(rule.expansion) and not any(is_inlined for _, is_inlined in kept)
    return Rule(
        name=str(rule.origin.name),
        label=str(rule.alias or rule.options.template_source or rule.origin.name),
        size=len(rule.expansion),
        children=None if is_whole else tuple(kept),
        is_transparent=bool(rule.options.expand1 and not rule.alias),
    )


def installed() -> str:
    """The grammar of the python-hcl2 that is installed; looking for the package does not import it.

    Raises `SourceError` where there is none.
    """
    package = find_spec("hcl2")
    if package is None or package.origin is None:
        raise SourceError("python-hcl2 is not installed", hint="pip install 'python-hcl2>=8.1.4,<9'")
    with open(os.path.join(os.path.dirname(package.origin), "hcl2.lark"), encoding="utf-8") as file:
        return file.read().replace(*_SIGNS)


def is_shipped(grammar: str) -> bool:
    """Whether the tables that come with guardrail are those of a grammar."""
    return _stored(SHIPPED, grammar) is not None


def _stored(path: str, grammar: str) -> Tables | None:
    """The tables in a file; None where they are of another grammar, or damaged."""
    try:
        with open(path, "rb") as file:
            found = msgspec.json.decode(zlib.decompress(file.read()), type=Tables)
    except (OSError, zlib.error, msgspec.DecodeError):
        return None
    return found if found.grammar == grammar else None


def _private_directory() -> str | None:
    """The user's own cache directory; None where there is none that only they can write to."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(home, "guardrail")
    if not os.path.isabs(path):
        return None
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.lstat(path)
    except OSError:
        return None
    if not hasattr(os, "getuid"):  # Windows: below the user's profile
        return path
    is_private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return path if is_private else None


def _store(path: str, data: bytes) -> None:
    """Write a file whole or not at all; a failure is ignored, as it only costs time at the next run."""
    from tempfile import NamedTemporaryFile

    try:
        with NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
            file.write(data)
        os.replace(file.name, path)
    except OSError:
        return
