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
    """Make the environment and return what pytest does."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = (sys.executable, "-m", "uv", "--quiet")
    subprocess.run([*uv, "venv", "--clear", "--python", "3.11", VENV], check=True)
    install = ("pip", "install", "--python", python, "--resolution", "lowest-direct", "--editable", f"{ROOT}[dev]")
    subprocess.run([*uv, *install], check=True)
    return subprocess.run([python, "-m", "pytest", "-n", "auto", "-q", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
