#!/usr/bin/env python3
"""Every way to install guardrail that the README names: ``python scripts/install.py [--dist DIR]``.

Takes wheel and sdist from ``--dist``, or builds them from this checkout. Installs each with pip into an empty
environment, runs the wheel with uvx and pipx, and has pre-commit run its hook from a commit, each in a folder of its
own, away from the checkout, and checks the plan of the example. Needs the network, as dependencies come from the
package index.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PLAN = ROOT / "examples" / "storefront" / "plan.json"
CHECK = ("check", str(PLAN), "--fail-on", "never")
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"


def main() -> int:
    """Try each way, and return 0 where all of them answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dist", type=Path, metavar="DIR", help="where wheel and sdist are (default: build them)")
    given = parser.parse_args().dist
    with TemporaryDirectory(prefix="guardrail-") as top:
        dist = Path(top, "dist") if given is None else given.resolve()
        if given is None:
            run([sys.executable, str(ROOT / "scripts" / "distributions.py"), "--outdir", str(dist)], Path(top))
        (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
        ways: dict[str, Callable[[Path], str]] = {
            "pip, wheel": lambda folder: with_pip(wheel, folder),
            "pip, sdist": lambda folder: with_pip(sdist, folder),
            "uvx": lambda folder: run([*uvx(), "--from", str(wheel), "guardrail", *CHECK], folder),
            "pipx": lambda folder: run(
                [*uvx(), "pipx", "run", "--spec", str(wheel), "guardrail", *CHECK], folder, PIPX_HOME=str(folder)
            ),
            "pre-commit": with_pre_commit,
        }
        for name, way in ways.items():
            folder = Path(top, name)
            folder.mkdir()
            if not answers(way(folder)):
                print(f"{name}: no answer", file=sys.stderr)
                return 1
            print(f"{name}: checks the example's plan", flush=True)
    print("installed and run, each in an empty environment")
    return 0


def answers(report: str) -> bool:
    """Whether a report read all there is and has a sum. Which one is not asked: a release may have new prices."""
    read = re.search(r"(\d+) of (\d+) resources read", report)
    return read is not None and 0 < int(read[1]) == int(read[2]) and re.search(r"\d USD a month", report) is not None


def uvx() -> list[str]:
    """The program of uv that runs a command of a package in an environment of its own."""
    return [sys.executable, "-m", "uv", "--quiet", "tool", "run", "--isolated"]


def with_pip(what: Path, folder: Path) -> str:
    """Install a wheel or an sdist into an environment that has nothing else, and check with it."""
    run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
    python = str(folder / "venv" / PYTHON)
    run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", str(what)], folder)
    return run([python, "-m", "guardrail", *CHECK], folder)


def with_pre_commit(folder: Path) -> str:
    """Have pre-commit install the hook for Terraform from this checkout, and run it on the source of the example."""
    shutil.copytree(PLAN.parent, folder / "infra")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "infra"]):
        run([*git, *words], folder)
    try_it = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "guardrail-terraform", "--all-files"]
    return run(try_it, folder, expected=(0, 1), PRE_COMMIT_HOME=str(folder / "cache"))


def run(command: Sequence[str], folder: Path, expected: Sequence[int] = (0,), **environment: str) -> str:
    """Run a command in a folder and return what it prints. Raises `SystemExit`, with that, where it fails."""
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**own, **environment, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in expected:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}exit {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
