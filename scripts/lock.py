#!/usr/bin/env python3
"""Write the files with locked versions anew: the newest that ``pyproject.toml`` allows.

What they name holds for all supported Pythons and systems, with the hashes of the files and without the address of an
index. ``requirements-dev.txt`` is what ``verify.py`` installs, ``requirements.txt`` what the container and the action
do, ``requirements-build.txt`` what the container's wheel is built with, ``requirements-fuzz.txt`` what fuzzing needs
beside the first; where two name a package, they name the same version. Needs the network.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "python3 scripts/verify.py lock"
COMPILE = ("uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11", "--generate-hashes")
STYLE = ("--no-annotate", f"--custom-compile-command={PROGRAM}", "--upgrade", "--output-file")
AS_DEV = "--constraint=requirements-dev.txt"
FILES = {
    "requirements-dev.txt": ("pyproject.toml", "--extra=dev"),
    "requirements.txt": ("pyproject.toml", "--extra=github", "--extra=regex", AS_DEV),
    "requirements-fuzz.txt": ("pyproject.toml", "--extra=fuzz", AS_DEV),
    "requirements-build.txt": ("-", AS_DEV),
}


def main() -> int:
    """Compile one after the other, as the others follow the first."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    for name, options in FILES.items():
        command = [sys.executable, "-m", *COMPILE, *options, *STYLE, name]
        if code := subprocess.run(command, cwd=ROOT, input="\n".join(build), text=True, check=False).returncode:
            return code
        print(f"{name}: {(ROOT / name).read_text('utf-8').count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
