#!/usr/bin/env python3
"""Wheel and sdist, built twice and compared: ``python scripts/distributions.py [--outdir DIR]``.

Both builds start from a copy of what git knows of this checkout, in folders of other names, with files of another age
and other permissions, in another time zone. Where they differ in one byte, the file is named and nothing is kept; else
``--outdir`` gets them. Runs in the environment of ``verify.py``, as it needs hatchling; no network.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SURROUNDINGS = [("one", 0o022, "UTC", 1_000_000_000), ("another folder", 0o077, "Asia/Kathmandu", 1_700_000_001)]
"""Folder, umask, time zone and age of the files of each build."""


def main() -> int:
    """Build, compare, and return 0 where both builds are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--outdir", metavar="DIR", help="where wheel and sdist go")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="guardrail-") as top, ThreadPoolExecutor(len(SURROUNDINGS)) as pool:
        first, second = pool.map(lambda place: built(Path(top, place[0]), *place[1:]), SURROUNDINGS)
        differing = list(differences(first, second))
        if differing:
            print("two builds of the same files differ:", *differing, sep="\n  ", file=sys.stderr)
            return 1
        names = sorted(path.name for path in first.iterdir())
        if options.outdir:
            shutil.copytree(first, options.outdir, dirs_exist_ok=True)
    print(f"built twice, the same bytes: {', '.join(names)}")
    return 0


def built(folder: Path, umask: int, zone: str, modified: int) -> Path:
    """Copy the files of the checkout into ``folder``, build there, and return the folder with wheel and sdist."""
    for name in tracked():
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
        target.chmod((0o777 if os.access(ROOT / name, os.X_OK) else 0o666) & ~umask)
        os.utime(target, (modified, modified))
    own = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder / "dist"],
        cwd=folder / "source",
        env={**own, "TZ": zone, "PYTHONHASHSEED": str(umask)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return folder / "dist"


def tracked() -> Iterator[str]:
    """The files that git knows or would take up, as far as they are there, from the top of the checkout."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return (name for name in dict.fromkeys(listed.stdout.split("\0")) if name and (ROOT / name).is_file())


def differences(first: Path, second: Path) -> Iterator[str]:
    """What differs between two folders of archives: ``NAME``, then ``NAME: MEMBER`` for what is inside."""
    for name in sorted({path.name for path in [*first.iterdir(), *second.iterdir()]}):
        one, other = first / name, second / name
        if not (one.is_file() and other.is_file()):
            yield f"{name}: is built only once"
        elif one.read_bytes() != other.read_bytes():
            yield name
            members, others = contents(one), contents(other)
            for member in sorted(members.keys() | others.keys()):
                if members.get(member) != others.get(member):
                    yield f"{name}: {member}"


def contents(archive: Path) -> dict[str, tuple[int, int | tuple[int, ...], bytes]]:
    """Mode, time and bytes of each file of a wheel or an sdist."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {i.filename: (i.external_attr, i.date_time, wheel.read(i)) for i in wheel.infolist()}
    with tarfile.open(archive) as sdist:
        files = [(member, sdist.extractfile(member)) for member in sdist.getmembers()]
        return {i.name: (i.mode, int(i.mtime), file.read()) for i, file in files if file is not None}


if __name__ == "__main__":
    sys.exit(main())
