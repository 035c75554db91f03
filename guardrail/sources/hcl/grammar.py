"""python-hcl2's grammar as a parser, without the second and a half that compiling it takes.

Lark compiles the grammar into tables. Those of the python-hcl2 and Lark that this release was made with are shipped
beside this module (`scripts/compile_grammar.py` makes them); for other versions they are made once and kept in a
directory that nobody else can write to, since Lark's format can carry code. python-hcl2's own cache lies in its
installation, which is shared or read-only on many machines. python-hcl2 and its grammar are under the MIT licence.
"""

import io
import os
import pickle
import stat
import zlib
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

from guardrail.digest import sha256
from guardrail.errors import SourceError
from guardrail.later import Later, instead

# For kinds of patterns and caches that nobody asks for; to import them takes a tenth of a check.
with instead({name: Later(name) for name in ("getpass", "hashlib", "pkgutil", "regex", "tempfile")}):
    import lark
from lark import Lark, Tree
from lark.grammar import Rule
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift
from lark.parsers.lalr_parser import LALR_Parser, _Parser
from lark.utils import SerializeMemoizer

_SIGNS = ("unary_op : (MINUS | NOT) expr_term", "unary_op : (MINUS | NOT) unary_expr")
"""What python-hcl2 8.1 has, and what HCL has: two signs may stand in a row, as in ``!!a``."""
_SHORT = 200
"""Characters."""
RejectedError = lark.UnexpectedInput
"""What `raw_tree` raises."""
SHIPPED = os.path.join(os.path.dirname(__file__), "grammar.tables")


def raw_tree(text: str) -> "Tree[lark.Token]":
    """python-hcl2's raw tree of a body: what its `parses_to_tree` answers, but for the positions, which tokens have.

    Of a short text it is parsed once, since a thousand blocks say ``merge(local.tags, { Team = "search" })``: nobody
    may change it. Raises `RejectedError`.
    """
    return _known_tree(text) if len(text) <= _SHORT else parser().parse(text)


@lru_cache(maxsize=1024)
def _known_tree(text: str) -> "Tree[lark.Token]":
    return parser().parse(text)


@cache
def parser() -> Lark:
    """The parser; made when the first text is read. Raises `SourceError` where python-hcl2 is not installed."""
    stored = pickle.loads(tables(installed()))  # noqa: S301 - ours, or from a directory that nobody else can write to
    stored["data"]["options"]["_plugins"] = {"LALR_Parser": _TableParser}
    return Lark.load(stored)


class _TableParser(LALR_Parser):
    """Lark's own, whose tables are made in a third of the time: each rule is looked up once, not wherever it ends."""

    def __init__(self, table: Any, callbacks: Any, debug: Any) -> None:
        self._parse_table = table
        self.parser = _Parser(table, callbacks, debug)

    @classmethod
    def deserialize(cls, data: Any, memo: Any, callbacks: Any = None, debug: Any = None) -> "_TableParser":
        """The parser that Lark has written down as ``data``: with 1 a rule ends, with 0 a state follows."""
        tokens, ends = data["tokens"], {key: (Reduce, rule) for key, rule in memo.items()}
        states = {
            state: {
                tokens[token]: ends[operand["@"]] if is_end else (Shift, operand)
                for token, (is_end, operand) in actions.items()
            }
            for state, actions in data["states"].items()
        }
        table = IntParseTable(states, data["start_states"], data["end_states"])  # type: ignore[no-untyped-call]
        return cls(table, callbacks, debug)


def tables(grammar: str, shipped: str = SHIPPED) -> bytes:
    """The tables of a grammar, as `Lark.load` reads them: those that are shipped, those that are kept, or new ones."""
    key = tables_key(grammar)
    found = _stored(shipped, key)
    directory = None if found else _private_directory()
    if found or directory is None:
        return found or compiled(grammar)
    path = os.path.join(directory, f"hcl-{sha256(key).hexdigest()[:16]}.tables")
    found = _stored(path, key)
    if found is None:
        found = compiled(grammar)
        _store(path, key + zlib.compress(found))
    return found


def tables_key(grammar: str) -> bytes:
    """What tables are good for: one grammar, compiled by one version of Lark."""
    return f"{lark.__version__} {sha256(grammar.encode()).hexdigest()}\n".encode()


def compiled(grammar: str) -> bytes:
    """The tables of a grammar, as `Lark.load` reads them, written down so that it takes a third of the time.

    Its rules are made, and equal parts are one object, which is unpickled once.
    """
    tables = io.BytesIO()
    Lark(grammar, parser="lalr").save(tables)
    stored = pickle.loads(tables.getvalue())  # noqa: S301 - what it has just saved
    known: dict[bytes, Any] = {}

    def one(part: Any) -> Any:
        return known.setdefault(pickle.dumps(part), part)

    memo = SerializeMemoizer.deserialize(stored["memo"], {"Rule": Rule, "TerminalDef": TerminalDef}, {})
    for rule in memo.values():
        if isinstance(rule, Rule):
            rule.origin, rule.expansion, rule.options = one(rule.origin), [*map(one, rule.expansion)], one(rule.options)
    for actions in stored["data"]["parser"]["parser"]["states"].values():
        actions.update({token: one(action) for token, action in actions.items()})
    return pickle.dumps({**stored, "memo": memo})


def packed(grammar: str) -> bytes:
    """A file of tables: their key in the first line, then the tables, compressed."""
    return tables_key(grammar) + zlib.compress(compiled(grammar), 9)


def installed() -> str:
    """The grammar of the python-hcl2 that is installed; looking for the package does not import it.

    Raises `SourceError` where there is none.
    """
    package = find_spec("hcl2")
    if package is None or package.origin is None:
        raise SourceError("python-hcl2 is not installed", hint="pip install 'python-hcl2>=8.1.4,<9'")
    with open(os.path.join(os.path.dirname(package.origin), "hcl2.lark"), encoding="utf-8") as file:
        return file.read().replace(*_SIGNS)


def _stored(path: str, key: bytes) -> bytes | None:
    """The tables in a file; None where they are for other versions, or damaged."""
    try:
        with open(path, "rb") as file:
            return zlib.decompress(file.read()) if file.readline() == key else None
    except (OSError, zlib.error):
        return None


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
