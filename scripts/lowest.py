#!/usr/bin/env python3
"""The tests with every dependency at its lower bound: ``python scripts/lowest.py [ARGUMENT...]``.

Makes ``.venv-lowest`` anew, with the oldest version of each package that ``pyproject.toml`` names and what these ask
for, and runs pytest in it. Needs the network, and Python 3.11, for which the lower bounds hold.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-lowest"


def main() -> int:
    """Make the environment, run the tests in it, and return the exit code of the first step that fails, or 0."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = (sys.executable, "-m", "uv", "--quiet")
    install = ("pip", "install", "--python", python, "--resolution", "lowest-direct", "--editable", f"{ROOT}[dev]")
    commands: tuple[list[str | Path], ...] = (
        [*uv, "venv", "--clear", "--python", "3.11", VENV],
        [*uv, *install],
        [python, "-m", "pytest", "-n", "auto", "-q", *sys.argv[1:]],
    )
    for command in commands:
        if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
