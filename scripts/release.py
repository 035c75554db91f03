#!/usr/bin/env python3
"""What a release takes from this checkout: ``python scripts/release.py notes|check|patch WHAT``.

    notes 0.2.0          its section of CHANGELOG.md, the text of the release
    check v0.2.0         that the tag is the version of the package, that the changelog has its section, and that what
                         is checked out was reviewed: it is a commit of main, or prices of main put upon one
    patch 2026-11-23     make this a patch version of nothing but prices read on that day, and print it: 0.2.1

Standard library and git alone. Exits with 1 where something is not as it should be.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PACKAGE, CHANGELOG = Path("guardrail", "__init__.py"), Path("CHANGELOG.md")
PRICES, MAIN = "pricing/listed", "refs/remotes/origin/main"
_VERSION = re.compile(r'^__version__ = "(\d+)\.(\d+)\.(\d+)"$', re.MULTILINE)


def main(arguments: list[str], root: Path) -> int:
    """Carry out one of the three for the checkout ``root``."""
    try:
        match arguments:
            case ["notes", version]:
                print(notes(read(root / CHANGELOG), version))
            case ["check", tag]:
                check(root, tag)
            case ["patch", day]:
                print(patch(root, day))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except ValueError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text("utf-8")


def notes(changelog: str, version: str) -> str:
    """The section of a version, without its heading. Raises `ValueError` where there is none, or nothing in it."""
    found = re.search(rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise ValueError(f"{CHANGELOG} says nothing of {version}: it needs a section `## {version} - YYYY-MM-DD`")
    return found[1].strip()


def check(root: Path, tag: str) -> None:
    """Raise `ValueError` where ``tag`` is not the version, the changelog lacks it, or its commit was not reviewed."""
    version = ".".join(map(str, version_of(read(root / PACKAGE))))
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and {PACKAGE} says {version}")
    notes(read(root / CHANGELOG), version)
    if not git(root, "rev-parse", "--verify", "--quiet", MAIN, may_fail=True):
        raise ValueError(f"there is no {MAIN} to find the commit of {tag} on")
    for commit in git(root, "rev-list", f"{MAIN}..HEAD").split():
        check_is_of_prices(root, commit)


def check_is_of_prices(root: Path, commit: str) -> None:
    """Raise `ValueError` where a commit that is not on main is more than `patch` makes, with prices that are on it.

    What is moved counts as two files: else a table that goes and comes back below ``PRICES`` would be that one alone.
    """
    changed = git(root, "diff", "--name-only", "--no-renames", "-z", f"{commit}^1", commit).split("\0")
    own = {PACKAGE.as_posix(), CHANGELOG.as_posix()}
    if other := sorted(name for name in changed if name and name not in own and not name.startswith(f"{PRICES}/")):
        raise ValueError(f"{commit[:12]} is not on main, and changes {other[0]}")
    listed = git(root, "rev-parse", "--verify", "--quiet", f"{commit}:{PRICES}", may_fail=True)
    merged = git(root, "rev-list", MAIN, "--", PRICES).split()
    if listed not in (
        git(root, "rev-parse", "--verify", "--quiet", f"{each}:{PRICES}", may_fail=True) for each in merged
    ):
        raise ValueError(f"{commit[:12]} has prices that were never on main")
    then, now = (
        [git(root, "show", f"{each}:{path.as_posix()}") for path in (PACKAGE, CHANGELOG)]
        for each in (f"{commit}^1", commit)
    )
    day = re.search(r"^## \d\S* - (\S+)$", now[1], re.MULTILINE)
    if day is None or now != [*patched(then[0], then[1], day[1])]:
        raise ValueError(f"{commit[:12]} is not on main, and says other than that it is the next patch version")


def git(root: Path, *words: str, may_fail: bool = False) -> str:
    """What git says; nothing where it fails and ``may_fail``. Raises `ValueError` where it must not."""
    command = ["git", "-C", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode and not may_fail:
        raise ValueError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip() if done.returncode == 0 else ""


def version_of(source: str) -> tuple[int, int, int]:
    """The version that the package states: ``__version__ = "0.2.0"`` is (0, 2, 0)."""
    found = _VERSION.search(source)
    if found is None:
        raise ValueError(f"{PACKAGE} has no __version__ of three numbers")
    return int(found[1]), int(found[2]), int(found[3])


def patch(root: Path, day: str) -> str:
    """Raise the last number of the version, give it a section in the changelog, and return it."""
    source, changelog = patched(read(root / PACKAGE), read(root / CHANGELOG), day)
    write(root / PACKAGE, source)
    write(root / CHANGELOG, changelog)
    return ".".join(map(str, version_of(source)))


def patched(source: str, changelog: str, day: str) -> tuple[str, str]:
    """The package and the changelog of a patch version of nothing but prices read on a day: 0.2.0 is 0.2.1 then.

    The section stands before all others: the checkout is that of a release, so nothing of it is unreleased.
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise ValueError(f"{day} is no day, as 2026-11-23 is")
    major, minor, last = version_of(source)
    version = f"{major}.{minor}.{last + 1}"
    at = re.search(r"^## \d", changelog, re.MULTILINE)
    if at is None:
        raise ValueError(f"{CHANGELOG} has no section of a release")
    section = f"## {version} - {day}\n\n### Changed\n\n- Prices as AWS listed them on {day}; nothing else.\n\n"
    return (
        _VERSION.sub(f'__version__ = "{version}"', source),
        changelog[: at.start()] + section + changelog[at.start() :],
    )


def write(path: Path, text: str) -> None:
    """Write a file with the line ends that it has in the repository."""
    path.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
