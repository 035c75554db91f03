"""What a release takes from the checkout."""

from pathlib import Path

import pytest

from scripts import release

CHANGELOG = """# Changelog

## Unreleased

- Not yet.

## 0.2.0 - 2026-11-01

### Added

- Two.

## 0.1.0 - 2026-10-01

- One.
"""

# From the checkout to the release


def test_the_text_of_a_release_is_its_section_alone() -> None:
    assert release.notes(CHANGELOG, "0.2.0") == "### Added\n\n- Two."
    assert release.notes(CHANGELOG, "0.1.0") == "- One."


@pytest.mark.parametrize("version", ["0.3.0", "0.1", "0x2y0", "Unreleased "])
def test_a_version_without_a_section_is_not_released(version: str) -> None:
    with pytest.raises(ValueError, match="says nothing of"):
        release.notes(CHANGELOG, version)


def checkout(folder: Path, version: str = "0.2.0", changelog: str = CHANGELOG) -> Path:
    (folder / "guardrail").mkdir(parents=True)
    (folder / "guardrail" / "__init__.py").write_text(f'"""It."""\n\n__version__ = "{version}"\n', "utf-8")
    (folder / "CHANGELOG.md").write_text(changelog, "utf-8")
    return folder


def test_a_tag_is_the_version_that_the_package_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path)
    assert release.main(["check", "v0.2.0"], root) == 0
    for tag in ("0.2.0", "v0.2.1", "v0.2", "v1"):
        assert release.main(["check", tag], root) == 1, tag
    assert "release: the tag is v1, and guardrail/__init__.py says 0.2.0" in capsys.readouterr().err.replace("\\", "/")


def test_a_patch_version_of_prices_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, changelog=CHANGELOG.replace("## Unreleased\n\n- Not yet.\n\n", ""))
    assert release.main(["patch", "2026-11-23"], root) == 0
    assert capsys.readouterr().out == "0.2.1\n"
    assert (root / "guardrail" / "__init__.py").read_text() == '"""It."""\n\n__version__ = "0.2.1"\n'
    section = "## 0.2.1 - 2026-11-23\n\n### Changed\n\n- Prices as AWS listed them on 2026-11-23; nothing else.\n\n"
    assert f"# Changelog\n\n{section}## 0.2.0 - 2026-11-01\n" in (root / "CHANGELOG.md").read_text()
    assert release.main(["check", "v0.2.1"], root) == 0
    assert release.main(["patch", "today"], root) == 1
