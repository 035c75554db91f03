"""What git ignores, held against ``git check-ignore`` itself."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from guardrail.gitignore import Ignored, ignored_around
from tests.test_git import CLEAN, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")

PATTERNS = """\
# a comment
build/
*.tfvars
!keep.tfvars
/only-at-top
infra/secret.txt
**/deep
logs/**
a/**/z
\\#number
\\!mark
[a-c]x
[!a-c]y
trail\\{blank}
spaces{blank}{blank}
?.one
*.*~
foo*bar*baz
nested/
[
"""
PATHS = (  # noqa: SIM905 - one can read it
    "build/x build build/in/y infra/build/z buildx dev.tfvars keep.tfvars infra/keep.tfvars only-at-top "
    "infra/only-at-top infra/secret.txt x/infra/secret.txt deep x/deep x/deep/y logs/a logs/b/c x/logs/a a/z a/q/z "
    "a/q/r/z a/zz #number !mark ax bx dx ay dy x/ax spaces a.one ab.one a.b~ foobarbaz foo1bar2baz foobar "
    "nested/keep nested/a sub/hidden sub/shown sub/deep/hidden sub/inner/shown x/sub/hidden [ ab é.tfvars"
).split()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(PATTERNS.replace("{blank}", " "))
    for folder, text in {"sub": "hidden\n", "sub/inner": "!shown\n*\n!shown\n", "nested": "!keep\n"}.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / ".gitignore").write_text(text)
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("ab\n")
    return tmp_path


def test_git_itself_ignores_the_same(top: Path) -> None:
    ignored = Ignored(str(top))
    asked = "\0".join([*PATHS, "trail "])
    done = subprocess.run(
        ["git", "check-ignore", "-z", "--no-index", "--stdin"],  # noqa: S607
        cwd=top,
        env=CLEAN,
        input=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    said = set(filter(None, done.stdout.split("\0")))
    assert 25 < len(said) < len(PATHS) - 10, "both answers are there"
    assert {path for path in asked.split("\0") if ignored.ignores(str(top / path))} == said


def test_a_folder_is_asked_about_as_one(top: Path) -> None:
    ignored = ignored_around(str(top / "sub"))
    assert ignored.ignores(str(top / "build"), is_folder=True)
    assert not ignored.ignores(str(top / "build"))
    assert not ignored.ignores(str(top), is_folder=True)
    assert not ignored.ignores(str(top.parent / "build" / "x")), "outside"


def test_a_pattern_of_many_stars_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 200 + "b\n" + "**/a/" * 100 + "b\n")
    begun = time.process_time()
    assert not Ignored(str(tmp_path)).ignores("/".join([str(tmp_path), *["a" * 200] * 10, "a" * 250]))
    assert time.process_time() - begun < 2
