#!/usr/bin/env python3
"""Draw the pictures of the documentation anew: ``python3 scripts/pictures.py``.

Checks the example stack as a workflow on GitHub would, renders its comment as GitHub shows it and its HTML page, and
has Chromium draw them into docs/images/, on a desk and on a telephone. Needs what the development environment has, and
Chromium (Debian: chromium, and fonts-noto-color-emoji for its signs); without it nothing is drawn, and that is said.
Exits with 1 where a picture would be larger than a page should load.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
STACK = "examples/storefront/plan.json"
IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Bytes of a picture."""
WORKFLOW = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "1",
    "SOURCE_DATE_EPOCH": "1795305600",
}
"""What the run is told, so that it has links, and is of 2026-11-22 whenever it is."""
PHONE = 360
"""Pixels of a narrow telephone."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COMMENT = """\
<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #fff; color: #1f2328; font: 14px/1.5 system-ui, sans-serif; }
main { border: 1px solid #d0d7de; border-radius: 6px; }
main > p:first-child { margin: 0; padding: 8px 16px; color: #59636e; }
main > p:first-child { background: #f6f8fa; border-bottom: 1px solid #d0d7de; }
article { padding: 4px 16px; }
h3 { font-size: 17px; margin: 12px 0 8px; } p { margin: 8px 0; } a { color: #0969da; text-decoration: none; }
pre { background: #f6f8fa; border-radius: 6px; padding: 10px 0; margin: 6px 0; overflow: auto; }
pre code { background: none; padding: 0; } pre span { display: block; padding: 0 12px; }
.gone { background: #ffebe9; color: #82071e; } .new { background: #dafbe1; color: #116329; }
code { background: #818b981f; border-radius: 6px; padding: .1em .4em; }
code { font-family: ui-monospace, "Liberation Mono", monospace; font-size: 85%; }
table { display: block; width: max-content; max-width: 100%; border-collapse: collapse; margin: 12px 0; }
th, td { border: 1px solid #d0d7de; padding: 5px 12px; }
tr:nth-child(even) td { background: #f6f8fa; } details { margin: 8px 0; } sub { font-size: 75%; color: #59636e; }
</style><main><p><b>github-actions</b> bot commented</p><article>
"""


def main() -> int:
    """Draw every picture and return the exit code."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("pictures: none is drawn without Chromium (Debian: chromium)", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check(folder)
        comment = MarkdownIt("gfm-like", {"html": True}).render((folder / "comment.md").read_text(encoding="utf-8"))
        (folder / "comment.html").write_text(COMMENT + in_colour(comment), encoding="utf-8")
        (folder / "phone.html").write_text(on_a_phone(folder, "comment", "report"), encoding="utf-8")
        IMAGES.mkdir(exist_ok=True)
        sizes = [
            draw(browser, folder, "comment", width=900, height=1085),
            draw(browser, folder, "report", width=1000, height=1210),
            draw(browser, folder, "phone", width=2 * PHONE + 60, height=900),
        ]
    return 1 if max(sizes) > LARGEST else 0


def in_colour(comment: str) -> str:
    """The lines of diffs as GitHub colours them."""

    def lines(found: re.Match[str]) -> str:
        kinds = {"-": "gone", "+": "new"}
        spans = (f'<span class="{kinds.get(line[:1], "")}">{line}</span>' for line in found[1].splitlines())
        return f"<pre><code>{''.join(spans)}</code></pre>"

    return re.sub(r'<pre><code class="language-diff">(.*?)</code></pre>', lines, comment, flags=re.DOTALL)


def on_a_phone(folder: Path, *names: str) -> str:
    """Pages side by side in frames as narrow as a telephone, since no window of Chromium is."""
    frame = '<iframe width="{}" height="880" style="border:1px solid #d0d7de" srcdoc="{}"></iframe> '
    narrow = "<style>main { margin: -20px; border: 0; }</style>"
    pages = [
        (folder / f"{name}.html").read_text(encoding="utf-8").replace("<main><p>", f"{narrow}<main><p>")
        for name in names
    ]
    frames = (frame.format(PHONE, escape(page)) for page in pages)
    return f'<!doctype html><meta charset="utf-8"><body style="margin:8px">{"".join(frames)}'


def check(folder: Path) -> None:
    """Write the comment and the page of the example stack; that it violates policies is the point of it."""
    formats = (f"--format=markdown={folder / 'comment.md'}", f"--format=html={folder / 'report.html'}")
    command = [sys.executable, "-m", "guardrail", "check", STACK, *formats]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **WORKFLOW, "PYTHONPATH": str(ROOT)}, check=False)
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
