"""Build the documentation as a site that needs no network: ``python scripts/build_site.py``, with the extra ``docs``.

    python scripts/build_site.py            writes build/site, and exits 1 where anything of it is not as it should be
    python scripts/build_site.py --pages    writes the pages alone, for `zensical serve` or `mkdocs build`

The pages are the Markdown that GitHub shows. They are copied to build/pages; there a link to a file that is no page
leads to the repository (`extra.repository` of mkdocs.yml), and a file name behind the language of a block is its title.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "examples/storefront/README.md": "example.md",
    **{f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))},
}
"""Every page: the file it is in the repository, and on the site."""

_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()([^)\s#:]*)(#[^)\s]*)?(?=\))")
_TITLE = re.compile(r"^```(\w+) ([^\n\"]+)$", re.MULTILINE)
_LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?(https?:|//)[^>]*>|<link[^>]*\shref=\"?(https?:|//)[^>]*>"
)


def main() -> int:
    write_pages(ROOT / "build" / "pages")
    if "--pages" in sys.argv:
        return 0
    site = ROOT / "build" / "site"
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        return code
    wrong = sorted(set(fetches(site))) + list(not_found(site))
    print("\n".join(wrong) if wrong else f"{len(PAGES)} pages in {site.relative_to(ROOT)}", flush=True)
    return 1 if wrong else 0


@cache
def configuration() -> dict[str, Any]:
    """What mkdocs.yml says, without the functions that it names."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(re.sub(r"!!python/\S+", "", text))
    return read


def navigation(entries: Any) -> Iterator[str]:
    """The pages in a part of ``nav``, in its order."""
    for entry in entries:
        for inside in entry.values():
            if isinstance(inside, str):
                yield inside
            else:
                yield from navigation(inside)


def write_pages(folder: Path) -> None:
    """Write every page, and the pictures, into a folder that held nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for beside in ("images", "assets"):
        shutil.copytree(ROOT / "docs" / beside, folder / beside)
    for source, name in PAGES.items():
        (folder / name).write_text(page(source), encoding="utf-8")


def page(source: str) -> str:
    """The text of one page on the site."""
    text = (ROOT / source).read_text(encoding="utf-8")
    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(lambda link: target(source, link[1], link[2] or ""), part) for part in parts[::2]]
    return _TITLE.sub(r'```\1 title="\2"', "".join(parts))


def target(source: str, path: str, anchor: str) -> str:
    """Where a link of one file leads on the site: ``../SECURITY.md`` of docs/hcl.md to ``security.md``.

    What is no page is shown by the repository. Raises `FileNotFoundError` where there is no such file.
    """
    if not path:
        return anchor
    there = os.path.normpath(os.path.join(os.path.dirname(source), path))
    if there in PAGES:
        return PAGES[there] + anchor
    if there.startswith("docs/images/"):
        return there.removeprefix("docs/")
    if not (ROOT / there).exists():
        raise FileNotFoundError(f"{source}: {path}: there is no {there}")
    kind = "tree" if (ROOT / there).is_dir() else "blob"
    return f"{configuration()['extra']['repository']}/{kind}/main/{there}{anchor}"


def fetches(site: Path) -> Iterator[str]:
    """What pages of the site would load from elsewhere, by page."""
    for path in site.rglob("*.html"):
        for found in _LOADED.finditer(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: {found[0]}"


def not_found(site: Path) -> Iterator[str]:
    """Pages that the search, whose index is a script so that it needs no server, does not find."""
    index = (site / "search.js").read_text(encoding="utf-8")
    for name in PAGES.values():
        if f'"location":"{Path(name).stem}.html' not in index:
            yield f"{name} is not in the index of the search"


if __name__ == "__main__":
    sys.exit(main())
