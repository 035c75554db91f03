"""The compiled grammar: shipped for the versions at hand, made and kept in private for others."""

import stat
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hcl2
import lark
import pytest

from guardrail.sources.hcl import grammar
from guardrail.sources.hcl.grammar import raw_tree
from guardrail.sources.hcl.lalr import Parser, RejectedError, Tables, Token

LOCKED = (Path(__file__).parents[3] / "requirements.txt").read_text("utf-8")
with_what_is_locked = pytest.mark.skipif(
    f"python-hcl2=={version('python-hcl2')} " not in LOCKED,
    reason="the tables that are shipped are those of the version in requirements.txt",
)

TEXT = """\
resource "aws_x" "y" {
  count = var.n > 0 ? 1 : 0
  dynamic "z" {
    for_each = [for k, v in local.m : "${k}-${v}" if v != null]
    content {
      value = merge(z.value[*].a, { b : -1.5, (c) = z.value.*.d[0] }...)
    }
  }
}
"""


SMALL = 'start: "a"'


def parses(tables: Tables) -> bool:
    """Whether tables are those of the small grammar."""
    return Parser(tables).parse("a").data == "start"


@pytest.fixture(scope="module")
def theirs() -> lark.Lark:
    """Lark's own parser of the grammar."""
    return lark.Lark(grammar.installed(), parser="lalr")


def theirs_in_words(node: Any) -> object:
    """A tree of Lark's as tuples."""
    if isinstance(node, lark.Token):
        return node.type, str(node), node.start_pos
    return str(node.data), [*map(theirs_in_words, node.children)]


def ours_in_words(node: Any) -> object:
    if isinstance(node, Token):
        return node.type, str(node), node.start
    return node.data, [*map(ours_in_words, node.children)]


def read_by_lark(parser: lark.Lark, text: str) -> object:
    """The tree of a text; else where it is rejected, and what could stand there."""
    try:
        return theirs_in_words(parser.parse(text))
    except lark.UnexpectedToken as error:
        return (len(text) if error.token.type == "$END" else error.token.start_pos), error.expected
    except lark.UnexpectedCharacters as error:
        return error.pos_in_stream, set()


def read_by_us(text: str) -> object:
    try:
        return ours_in_words(raw_tree(text))
    except RejectedError as error:
        return error.at, error.expected


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's tables are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "guardrail"


@with_what_is_locked
def test_the_tables_that_are_shipped_are_those_of_the_version_at_hand() -> None:
    """Where they are not: python scripts/compile_grammar.py."""
    assert grammar.is_shipped(grammar.installed())


def test_the_tree_is_that_of_python_hcl2() -> None:
    assert ours_in_words(raw_tree(f"{TEXT}\n")) == theirs_in_words(hcl2.parses_to_tree(TEXT))


def test_every_beginning_and_every_end_of_a_text_is_read_or_rejected_as_by_lark(theirs: lark.Lark) -> None:
    for place in range(len(TEXT)):
        for text in (TEXT[:place], TEXT[place:]):
            assert read_by_us(text) == read_by_lark(theirs, text)


@pytest.mark.parametrize("odd", ["'", "&", "..", "é", "%{", "\\", "-", "for", "in ", "#", "/*", "::", "?", "=>", '\\"'])
def test_an_odd_character_is_read_or_rejected_as_by_lark_wherever_it_stands(theirs: lark.Lark, odd: str) -> None:
    for place in range(0, len(TEXT), 7):
        text = TEXT[:place] + odd + TEXT[place:]
        assert read_by_us(text) == read_by_lark(theirs, text)


def test_the_same_grammar_gives_the_same_file(cache: Path) -> None:
    made = grammar.packed(grammar.compiled(SMALL))
    assert grammar.packed(grammar.tables(SMALL)) == made == next(cache.iterdir()).read_bytes()


@with_what_is_locked
def test_nothing_is_written_where_the_shipped_tables_will_do(cache: Path) -> None:
    grammar.tables(grammar.installed())
    assert not cache.exists()


def test_tables_for_other_versions_are_made_once_and_kept_in_private(cache: Path) -> None:
    assert parses(grammar.tables(SMALL))
    (kept,) = cache.iterdir()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    made = kept.stat().st_mtime_ns
    assert parses(grammar.tables(SMALL))
    assert kept.stat().st_mtime_ns == made


def test_damaged_tables_are_made_again(cache: Path) -> None:
    grammar.tables(SMALL)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-10])
    assert parses(grammar.tables(SMALL))
    assert kept.read_bytes() == whole


def test_a_directory_that_others_can_write_to_is_neither_read_nor_written(cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    assert parses(grammar.tables(SMALL))
    assert list(cache.iterdir()) == []


def test_a_link_is_not_followed_to_another_directory(cache: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cache.symlink_to(elsewhere)
    assert parses(grammar.tables(SMALL))
    assert list(elsewhere.iterdir()) == []


def test_where_nothing_can_be_kept_tables_are_made_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert parses(grammar.tables(SMALL))
