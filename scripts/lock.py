#!/usr/bin/env python3
"""Write ``requirements.txt`` and ``requirements-dev.txt`` anew: the newest versions that ``pyproject.toml`` allows.

What they name holds for all supported Pythons and systems, with the hashes of the files and without the address of an
index. The first is what the container installs, the second what ``verify.py`` does; where both name a package, they
name the same version. Needs the network.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "python3 scripts/verify.py lock"
COMPILE = ("uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11", "--generate-hashes")
STYLE = ("--no-annotate", f"--custom-compile-command={PROGRAM}", "pyproject.toml", "--output-file")
FILES = {
    "requirements-dev.txt": ("--extra=dev", "--upgrade"),
    "requirements.txt": ("--extra=github", "--extra=regex", "--upgrade", "--constraint=requirements-dev.txt"),
}


def main() -> int:
    """Compile one after the other, as the second follows the first."""
    for name, options in FILES.items():
        command = [sys.executable, "-m", *COMPILE, *options, *STYLE, name]
        if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return code
        print(f"{name}: {(ROOT / name).read_text('utf-8').count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
