#!/usr/bin/env python3
"""Draw the pictures of the documentation anew: ``python3 scripts/pictures.py``.

Checks the example stack, renders its comment as GitHub would show it and its HTML page, and has Chromium draw both into
docs/images/. Needs what the development environment has, and Chromium (Debian: chromium, and
fonts-noto-color-emoji for its signs). Exits with 1 where a picture
would be larger than a page should load.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
STACK = "examples/storefront/plan.json"
IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Bytes of a picture."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COMMENT = """\
<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #fff; color: #1f2328; font: 14px/1.5 system-ui, sans-serif; }
main { border: 1px solid #d0d7de; border-radius: 6px; }
main > p:first-child { margin: 0; padding: 8px 16px; color: #59636e; }
main > p:first-child { background: #f6f8fa; border-bottom: 1px solid #d0d7de; }
article { padding: 4px 16px; }
h3 { font-size: 17px; margin: 12px 0 8px; } p { margin: 8px 0; }
code { background: #818b981f; border-radius: 6px; padding: .1em .4em; }
code { font-family: ui-monospace, "Liberation Mono", monospace; font-size: 85%; }
table { border-collapse: collapse; margin: 12px 0; } th, td { border: 1px solid #d0d7de; padding: 5px 12px; }
tr:nth-child(even) td { background: #f6f8fa; } details { margin: 8px 0; } sub { font-size: 75%; color: #59636e; }
</style><main><p><b>github-actions</b> bot commented</p><article>
"""


def main() -> int:
    """Draw every picture and return the exit code."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("pictures: Chromium is needed (Debian: chromium)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check(folder)
        comment = MarkdownIt("gfm-like", {"html": True}).render((folder / "comment.md").read_text(encoding="utf-8"))
        (folder / "comment.html").write_text(COMMENT + comment, encoding="utf-8")
        IMAGES.mkdir(exist_ok=True)
        sizes = [
            draw(browser, folder, "comment", width=900, height=770),
            draw(browser, folder, "report", width=1000, height=1210),
        ]
    return 1 if max(sizes) > LARGEST else 0


def check(folder: Path) -> None:
    """Write the comment and the page of the example stack; that it violates policies is the point of it."""
    formats = (f"--format=markdown={folder / 'comment.md'}", f"--format=html={folder / 'report.html'}")
    command = [sys.executable, "-m", "guardrail", "check", STACK, *formats]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


def draw(browser: str, folder: Path, name: str, *, width: int, height: int) -> int:
    """Draw one page and return the size of its picture in bytes."""
    target = IMAGES / f"{name}.png"
    headless = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder}/profile",
    )
    page = (folder / f"{name}.html").as_uri()
    command = [browser, *headless, f"--window-size={width},{height}", f"--screenshot={target}", page]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    size = target.stat().st_size
    print(f"{target.relative_to(ROOT)}: {size:,} bytes{', too many' if size > LARGEST else ''}")
    return size


if __name__ == "__main__":
    sys.exit(main())
