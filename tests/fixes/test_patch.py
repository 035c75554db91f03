"""Patches by the bytes that git writes for the same change, and by git itself, which takes them."""

import subprocess
from pathlib import Path

import pytest

from guardrail.fixes.patch import patch

TWENTY = b"".join(b"line %d\n" % number for number in range(1, 21))


def git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "core.quotePath=false", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TWENTY, TWENTY.replace(b"line 9\n", b"line nine\n")),
        (TWENTY, TWENTY.replace(b"line 2\n", b"").replace(b"line 19\n", b"line 19\nand more\n")),
        (TWENTY.rstrip(b"\n"), TWENTY.replace(b"line 20\n", b"line 20")),
        (TWENTY.rstrip(b"\n"), TWENTY.replace(b"line 18\n", b"line 18 \n").rstrip(b"\n")),
        (TWENTY.rstrip(b"\n"), TWENTY.replace(b"line 20\n", b"line twenty")),
        (TWENTY.replace(b"\n", b"\r\n"), TWENTY.replace(b"\n", b"\r\n").replace(b"line 9\r", b"line nine\r")),
        ("a\u2028b\x0bc\x85d\n".encode() * 5, ("a\u2028b\x0bc\x85d\n" * 4 + "e\n").encode()),
        (b"one line", b"another line"),
        (b"", b"first\n"),
    ],
)
@pytest.mark.parametrize("name", ["main.tf", "modèle x/main.tf", 'a "quoted" name.tf', "tab\there.tf"])
def test_git_takes_it_and_writes_the_same(tmp_path: Path, name: str, before: bytes, after: bytes) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(before)
    git(tmp_path, "add", "-A")
    made = patch({name: (before, after)})
    (tmp_path / ".git" / "made.patch").write_bytes(b"# what it is for\n#\n" + made)
    if before != after:
        git(tmp_path, "apply", "--index", ".git/made.patch")
    assert path.read_bytes() == after
    git(tmp_path, "reset", "-q")
    path.write_bytes(before)
    git(tmp_path, "add", "-A")
    path.write_bytes(after)
    expected = b"\n".join(
        line for line in git(tmp_path, "diff", "--no-ext-diff").split(b"\n") if not line.startswith(b"index ")
    )
    assert made == expected
