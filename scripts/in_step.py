"""Files that are made from others: written where they are out of step, or with ``--check`` named."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from guardrail.errors import GuardrailError

ROOT = Path(__file__).resolve().parent.parent


def kept(make: Callable[[], Mapping[str, str]], program: str) -> int:
    """Write what ``program`` makes, by path from the top of the checkout, and return its exit code.

    That is 2, after a line that says why, where there is something wrong with what it is made of.
    """
    try:
        files = make()
    except GuardrailError as error:
        print(f"{program}: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    stale = [name for name, text in files.items() if _read(ROOT / name) != text]
    if "--check" in sys.argv:
        if stale:
            print(f"out of step: {', '.join(stale)}; run python {program}")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(files[name], encoding="utf-8", newline="\n")
        print(f"wrote {name}")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
