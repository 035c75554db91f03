"""The documentation as a site: it shows what GitHub shows, and nothing in it comes from elsewhere.

`scripts/build_site.py` builds it strictly, as a check of `scripts/verify.py`; here is what the build does not see.
That links lead somewhere and every page is in the navigation, `tests/test_docs.py` holds.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts import build_site

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("source", "path", "anchor", "on_the_site"),
    [
        ("docs/hcl.md", "", "#environments", "#environments"),
        ("docs/hcl.md", "../SECURITY.md", "", "security.md"),
        ("README.md", "docs/costs.md", "#the-usage-file", "costs.md#the-usage-file"),
        ("docs/reports.md", "images/phone.png", "", "images/phone.png"),
        ("README.md", "docs/images/comment.png", "", "images/comment.png"),
        ("docs/prices.md", "../examples/policies", "", "{}/tree/main/examples/policies"),
        ("docs/prices.md", "../pricing/manifest.json", "", "{}/blob/main/pricing/manifest.json"),
    ],
)
def test_a_link_to_what_is_no_page_leads_to_the_repository(
    source: str, path: str, anchor: str, on_the_site: str
) -> None:
    repository = build_site.configuration()["extra"]["repository"]
    assert build_site.target(source, path, anchor) == on_the_site.format(repository)


def test_a_link_to_a_file_that_is_not_there_ends_the_build() -> None:
    with pytest.raises(FileNotFoundError, match=r"docs/hcl.md: ../nowhere.md: there is no nowhere.md"):
        build_site.target("docs/hcl.md", "../nowhere.md", "")


def test_what_a_page_would_load_from_elsewhere_is_found(tmp_path: Path) -> None:
    loaded = (
        '<script src="https://cdn.example/a.js">',
        '<link rel=stylesheet href="//fonts.example/b">',
        "<img alt=x src=http://c/d>",
    )
    own = '<script src="./assets/a.js"></script><a href="https://aws.amazon.com/">AWS</a><link rel=icon href="a.png">'
    (tmp_path / "page.html").write_text(own + "".join(loaded), encoding="utf-8")
    assert [*build_site.fetches(tmp_path)] == [f"page.html: {tag}" for tag in loaded]


@pytest.mark.parametrize("source", build_site.PAGES)
def test_the_site_shows_what_github_shows(source: str) -> None:
    """Python-Markdown, which makes the site, sees the headings, lists, tables and blocks that CommonMark sees."""
    markdown = pytest.importorskip("markdown", reason="comes with the extra docs")
    from markdown_it import MarkdownIt

    made = markdown.markdown(build_site.page(source), extensions=["tables", "pymdownx.superfences"])
    read = MarkdownIt("gfm-like", {"linkify": False}).render((ROOT / source).read_text(encoding="utf-8"))
    counted = [
        Counter(re.findall(r"<(h[1-6]|[uo]l|li|table|t[rdh]|pre|blockquote|img|strong|em|a)\b", html))
        for html in (made, read)
    ]
    assert counted[0] == counted[1]


def test_a_page_that_the_search_does_not_know_is_found(tmp_path: Path) -> None:
    known = [f'{{"location":"{Path(name).stem}.html#top"}}' for name in build_site.PAGES.values() if name != "hcl.md"]
    (tmp_path / "search.js").write_text(f"var __index = [{','.join(known)}]", encoding="utf-8")
    assert [*build_site.not_found(tmp_path)] == ["hcl.md is not in the index of the search"]
