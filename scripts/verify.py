#!/usr/bin/env python3
"""Every check of this repository, in one command: ``python3 scripts/verify.py``.

Needs git and Python 3.11 or newer, nothing else. Makes ``.venv`` with the versions in ``requirements-dev.txt`` unless
it runs in an environment that has the tools already, then runs each check and prints its time and closing line; the
whole output of a check is shown where it fails. Exits with 1 where one does.

    python3 scripts/verify.py                     all of them
    python3 scripts/verify.py types tests         some of them
    python3 scripts/verify.py coverage            the tests once more, with the lines that none of them runs
    python3 scripts/verify.py secrets             keys and passwords in the files
    python3 scripts/verify.py audit               weaknesses known of the dependencies (needs the network)
    python3 scripts/verify.py lowest              the tests with every dependency at its lower bound (needs the network)
    python3 scripts/verify.py install             every way to install that the README names (needs the network)
    python3 scripts/verify.py container           the steps of the Dockerfile, without docker (Linux, as root)
    python3 scripts/verify.py lock                write what is installed anew (needs the network)
    python3 scripts/verify.py tests -- -k plan    with more arguments for the last one named
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import itertools
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKED = ROOT / "requirements-dev.txt"
CHECKS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "contracts": ["importlinter.cli:lint_imports_command"],
    "tests": ["pytest", "-n", "auto", "--dist", "worksteal"],
    "policies": ["guardrail", "policies", "test"],
    "docs": ["scripts.build_site"],
    "reproducible": ["scripts.distributions"],
}
BY_NAME = {
    "coverage": [*CHECKS["tests"], "--cov", "--cov-report=term-missing"],
    "secrets": ["scripts.find_secrets"],
    "audit": ["pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off", "-r", LOCKED.name],
    "lowest": ["scripts.lowest"],
    "install": ["scripts.install"],
    "container": ["scripts.container"],
    "lock": ["scripts.lock"],
}
"""What is run only where it is asked for, as it takes long or needs the network."""
OF_A_CLONE = {"tests", "coverage", "reproducible", "secrets", "install"}
UNREACHABLE = ("error sending request", "NewConnectionError", "NameResolutionError", "Network is unreachable")
"""What uv and pip print where they reach no package index."""
TEXT = {"PYTHONUTF8": "1"} if os.name == "nt" else {}
"""Tests read files as UTF-8 without saying so; only on Windows is there anything else."""
ON_ALL_CORES = {"tests", "coverage"}
PROBE = (
    "import guardrail, pathlib, pytest, pytest_cov, xdist, mypy, ruff, importlinter, hypothesis, build, zensical;"
    "print(pathlib.Path(guardrail.__file__).resolve().parent.parent)"
)
"""Prints the checkout that an environment works on, where it has the tools."""


def main() -> int:
    """Run the checks that were asked for and return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - to say so is what this is for
        print(f"verify: Python 3.11 or newer is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):  # what checks print is in UTF-8, and a pipe on Windows is not
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    own, extra = _split(sys.argv[1:])
    parser = argparse.ArgumentParser(
        description=__doc__,
        usage="verify.py [CHECK...] [-- ARGUMENT...]",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    known = CHECKS | BY_NAME
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(known))
    chosen = parser.parse_args(own).checks or list(CHECKS)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        parser.error(f"there is no check {unknown[0]!r}, choose from {', '.join(known)}")
    if OF_A_CLONE & {*chosen} and (shutil.which("git") is None or not (ROOT / ".git").exists()):
        print("verify: needs git and a clone: which files are the project's is asked of git", file=sys.stderr)
        return 2
    python = _environment()
    failed = [name for name, passed in _outcomes(python, chosen, extra) if not passed]
    print(f"verify: {', '.join(failed)} failed" if failed else "verify: all good", flush=True)
    return 1 if failed else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _outcomes(python: Path, chosen: list[str], extra: list[str]) -> list[tuple[str, bool]]:
    """Run the checks, and say of each whether it passes: those on all cores in turn, and beside them the others."""
    arguments = {name: extra if name == chosen[-1] else [] for name in chosen}
    single = [name for name in chosen if name not in ON_ALL_CORES]
    several = [name for name in chosen if name in ON_ALL_CORES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        beside = pool.map(lambda name: _passes(python, name, arguments[name]), single)
        in_turn = [_passes(python, name, arguments[name]) for name in several]
        return list(zip([*single, *several], [*beside, *in_turn], strict=True))


def _passes(python: Path, name: str, extra: list[str]) -> bool:
    """Run one check. Its closing line is always printed, the rest of its output where it fails."""
    started = time.monotonic()
    done = subprocess.run(
        [python, *_arguments((CHECKS | BY_NAME)[name]), *extra],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", **TEXT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    said = done.stdout.rstrip()
    good = done.returncode == 0
    took = f"{'ok' if good else 'FAILED':<6} {name:<12} {time.monotonic() - started:6.1f} s"
    if not good and name in ("audit", "install", "lock") and any(sign in said for sign in UNREACHABLE):
        said = f"{name} needs the network: the package index cannot be reached"
    closing = said.rpartition("\n")[2]
    print(f"{took}\n{closing}" if good else f"{said}\n{took}", flush=True)
    return good


def _arguments(check: list[str]) -> list[str]:
    """The tool as a module of the environment's own interpreter, so that no script on PATH stands in for it."""
    module, _, function = check[0].partition(":")
    if function:
        return ["-c", f"import sys; from {module} import {function} as run; sys.exit(run())", *check[1:]]
    return ["-m", *check]


def _environment() -> Path:
    """The interpreter to check with: this one where it has all that is needed, else that of an up-to-date .venv."""
    if _works_here(Path(sys.executable)):
        return Path(sys.executable)
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "made-from"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + LOCKED.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("utf-8") == wanted and _works_here(python):
        return python
    print(f"verify: making {VENV} …", flush=True)
    has_pip = importlib.util.find_spec("pip") is not None  # which then need not be unpacked: another one is locked
    made = [sys.executable, "-m", "venv", "--clear", *(["--without-pip"] if has_pip else []), str(VENV)]
    _run(made, "install Python with venv (Debian: python3-venv)")
    pip = [sys.executable, "-m", "pip", f"--python={python}"] if has_pip else [str(python), "-m", "pip"]
    _install(python, [*pip, "--disable-pip-version-check", "install", "-qq"])
    stamp.write_text(wanted, "utf-8")
    return python


def _install(python: Path, pip: list[str]) -> None:
    """Install what ``LOCKED`` has, each file with one of its hashes, then guardrail as it stands in this checkout.

    ``pip`` is the start of a command that installs for ``python``. uv does in seconds what takes it minutes. Where uv
    cannot, as where only pip is told which index to ask, pip does; where neither finds these versions, as on a Python
    that is newer than they are, pip installs what pyproject.toml allows, and that is said. A file that has another hash
    than it should is never installed.
    """
    uv = [str(python), "-m", "uv", "pip", "install", "--quiet", f"--python={python}"]
    with TemporaryDirectory() as folder:
        first = Path(folder, "uv.txt")
        first.write_text(_pinned("uv"), encoding="utf-8")
        tools = [uv, pip] if _tried([*pip, "--require-hashes", "-r", str(first)]) else [pip]
    for tool in tools:
        if _tried([*tool, "--require-hashes", "-r", str(LOCKED)]):
            own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
            _run([*tool, *own], "guardrail itself cannot be installed")
            return
    print(f"verify: not all of {LOCKED.name} is to be had here; installing what pyproject.toml allows", file=sys.stderr)
    _run([*pip, "--editable", f"{ROOT}[dev]"], "the package index must be reachable once")


def _pinned(name: str) -> str:
    """The entry of ``name`` in ``LOCKED``: its version on one line, then its hashes, each on an indented line."""
    lines = LOCKED.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(at for at, line in enumerate(lines) if line.startswith(f"{name}=="))
    return lines[start] + "".join(itertools.takewhile(lambda line: line.startswith(" "), lines[start + 1 :]))


def _tried(command: list[str]) -> bool:
    """Whether ``command`` installs what it is to. Ends the program where a file is not the one that was locked."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0 and any(sign in done.stderr for sign in ("DO NOT MATCH THE HASHES", "Hash mismatch")):
        print(f"{done.stderr.rstrip()}\nverify: a package has another hash than {LOCKED.name} says", file=sys.stderr)
        raise SystemExit(2)
    return done.returncode == 0


def _works_here(python: Path) -> bool:
    """Whether ``python`` has the tools, and guardrail from this checkout (asked from elsewhere, so it is installed)."""
    if not python.is_file():
        return False
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", PROBE], cwd=ROOT.anchor, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and Path(done.stdout.strip()) == ROOT


def _run(command: list[str], needed: str) -> None:
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        print(f"verify: {' '.join(command)} failed: {needed}", file=sys.stderr)
        raise SystemExit(2)


if __name__ == "__main__":
    sys.exit(main())
