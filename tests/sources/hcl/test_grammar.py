"""The compiled grammar: shipped for the versions at hand, made and kept in private for others."""

import io
import os
import stat
from importlib.metadata import version
from pathlib import Path

import hcl2
import pytest
from lark import Lark

from guardrail.sources.hcl import grammar
from guardrail.sources.hcl.grammar import raw_tree

LOCKED = (Path(__file__).parents[3] / "requirements.txt").read_text("utf-8")
with_what_is_locked = pytest.mark.skipif(
    any(f"{name}=={version(name)} " not in LOCKED for name in ("lark", "python-hcl2")),
    reason="the tables that are shipped are those of the versions in requirements.txt",
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


def parses(tables: bytes) -> bool:
    """Whether tables are those of the small grammar."""
    return Lark.load(io.BytesIO(tables)).parse("a").data == "start"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's tables are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "guardrail"


@with_what_is_locked
def test_the_tables_that_are_shipped_are_those_of_the_versions_at_hand() -> None:
    """Where they are not: PYTHONHASHSEED=0 python scripts/compile_grammar.py."""
    with open(grammar.SHIPPED, "rb") as file:
        assert file.readline() == grammar.tables_key(grammar.installed())


def test_the_tree_is_that_of_python_hcl2() -> None:
    assert raw_tree(f"{TEXT}\n") == hcl2.parses_to_tree(TEXT)


def test_the_tables_are_those_that_lark_makes_of_them() -> None:
    theirs = Lark.load(io.BytesIO(grammar.tables(grammar.installed()))).parser.parser.parser.parse_table
    ours = grammar.parser().parser.parser.parser.parse_table
    assert (ours.states, ours.start_states, ours.end_states) == (theirs.states, theirs.start_states, theirs.end_states)


@with_what_is_locked
def test_nothing_is_written_where_the_shipped_tables_will_do(cache: Path) -> None:
    grammar.tables(grammar.installed())
    assert not cache.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions: the folder is below the profile")
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
    assert len(kept.read_bytes()) >= len(whole) - 10
    assert kept.read_bytes().partition(b"\n")[0] == whole.partition(b"\n")[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions: the folder is below the profile")
def test_a_directory_that_others_can_write_to_is_neither_read_nor_written(cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    assert parses(grammar.tables(SMALL))
    assert list(cache.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions: the folder is below the profile")
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
