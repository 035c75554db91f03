#!/usr/bin/env python3
"""Keys and passwords in the files of this checkout: ``python scripts/find_secrets.py [--accept]``.

Each file that git knows is read by detect-secrets. What it takes for a secret and ``.secrets.baseline`` does not have
is named with its place, and the exit code is 1. The baseline has what only looks like one: AWS's own example keys,
hashes, words of tests. ``--accept`` writes it anew; look at what that adds. It holds hashes, never a secret.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / ".secrets.baseline"
LEFT_OUT = ("", BASELINE.name, "requirements.txt", "requirements-dev.txt")
"""Files of hashes."""


def main() -> int:
    """Scan, and return 0 where nothing is found that is not known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="take up what is found")
    accept = parser.parse_args().accept
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    os.chdir(ROOT)
    found = SecretsCollection()
    with default_settings():
        found.scan_files(*(name for name in listed.split("\0") if name not in LEFT_OUT and Path(name).is_file()))
        if accept:
            baseline.save_to_file(found, str(BASELINE))
    known = {
        (name, each["type"], each["hashed_secret"])
        for name, secrets in json.loads(BASELINE.read_text("utf-8"))["results"].items()
        for each in secrets
    }
    strangers = [
        f"{name}:{secret.line_number}: {secret.type}"
        for name, secret in found
        if (name, secret.type, secret.secret_hash) not in known
    ]
    print(*strangers, sep="\n")
    print(f"{len(strangers)} unknown, {len(known)} known to be none")
    return 1 if strangers else 0


if __name__ == "__main__":
    sys.exit(main())
