"""What a release takes from the checkout."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import release, verify
from tests.test_git import commit, git

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))

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


needs_git = pytest.mark.skipif(
    shutil.which("git") is None or sys.platform == "win32",
    reason="needs git, and the line ends of release.yml's runner",
)
PACKAGE = '"""It."""\n\n__version__ = "VERSION"\n'
LISTED = "pricing/listed/us-east-1.csv"


def checkout(folder: Path, version: str = "0.2.0", changelog: str = CHANGELOG) -> Path:
    """A clone whose main is at a release, and which is at that commit."""
    files = {"guardrail/__init__.py": PACKAGE.replace("VERSION", version), "CHANGELOG.md": changelog, LISTED: "old"}
    git(folder, "init", "--quiet")
    commit(folder, files)
    git(folder, "update-ref", release.MAIN, "HEAD")
    return folder


@needs_git
def test_a_tag_is_the_version_that_the_package_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path)
    assert release.main(["check", "v0.2.0"], root) == 0
    for tag in ("0.2.0", "v0.2.1", "v0.2", "v1"):
        assert release.main(["check", tag], root) == 1, tag
    assert "release: the tag is v1, and guardrail/__init__.py says 0.2.0" in capsys.readouterr().err.replace("\\", "/")


@needs_git
def test_a_patch_version_of_prices_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, changelog=CHANGELOG.replace("## Unreleased\n\n- Not yet.\n\n", ""))
    assert release.main(["patch", "2026-11-23"], root) == 0
    assert capsys.readouterr().out == "0.2.1\n"
    assert (root / "guardrail" / "__init__.py").read_text() == '"""It."""\n\n__version__ = "0.2.1"\n'
    section = "## 0.2.1 - 2026-11-23\n\n### Changed\n\n- Prices as AWS listed them on 2026-11-23; nothing else.\n\n"
    assert f"# Changelog\n\n{section}## 0.2.0 - 2026-11-01\n" in (root / "CHANGELOG.md").read_text()
    assert release.main(["patch", "today"], root) == 1


@needs_git
def test_a_commit_that_main_has_is_released_wherever_main_is_by_now(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    commit(root, {"guardrail/new.py": ""})
    git(root, "update-ref", release.MAIN, "HEAD")
    git(root, "checkout", "--quiet", "HEAD^")
    assert release.main(["check", "v0.2.0"], root) == 0


@needs_git
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"guardrail/new.py": ""}, "is not on main, and changes guardrail/new.py"),
        ({LISTED: "dear"}, "has prices that were never on main"),
        ({LISTED: "new", "pricing/listed/more.csv": ""}, "has prices that were never on main"),
        ({LISTED: "new", "pricing/us-east-1.csv": ""}, "is not on main, and changes pricing/us-east-1.csv"),
        (
            {LISTED: "new", "guardrail/__init__.py": PACKAGE.replace("VERSION", "0.2.0") + "import os\n"},
            "is not on main, and says other than that it is the next patch version",
        ),
    ],
)
def test_a_commit_that_main_lacks_is_not_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], said: str
) -> None:
    root = checkout(tmp_path)
    commit(root, {LISTED: "new"})
    git(root, "update-ref", release.MAIN, "HEAD")
    git(root, "checkout", "--quiet", "HEAD^")
    commit(root, files)
    assert release.main(["check", "v0.2.0"], root) == 1
    assert said in capsys.readouterr().err.replace("\\", "/")
    commit(root, {"guardrail/__init__.py": PACKAGE.replace("VERSION", "0.2.0"), LISTED: "new"})
    assert release.main(["check", "v0.2.0"], root) == 1, "nor is what stands upon it"


@needs_git
def test_prices_of_main_upon_a_release_are_a_patch_version_and_so_are_those_upon_that(tmp_path: Path) -> None:
    """As prices.yml makes them: what else main has gained since the release is in neither."""
    root = checkout(tmp_path, changelog=CHANGELOG.replace("## Unreleased\n\n- Not yet.\n\n", ""))
    merged = []
    for prices in ("new", "newer"):
        commit(root, {"guardrail/new.py": prices})
        merged.append(commit(root, {LISTED: prices}))
    git(root, "update-ref", release.MAIN, "HEAD")
    git(root, "checkout", "--quiet", "HEAD~4")
    for day, version, each in (("2026-11-23", "0.2.1", merged[0]), ("2026-11-30", "0.2.2", merged[1])):
        git(root, "checkout", "--quiet", each, "--", "pricing/listed")
        assert release.main(["patch", day], root) == 0
        commit(root, {})
        assert release.main(["check", f"v{version}"], root) == 0
    assert not (root / "guardrail" / "new.py").exists()


@needs_git
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.2.1", "0.3.0", "says other than that it is the next patch version"),
        ('"""It."""', "import os", "says other than that it is the next patch version"),
        ("Two.", "Two, and more.", "says other than that it is the next patch version"),
        ("nothing else.", "and a gift.", "says other than that it is the next patch version"),
        ("2026-11-23\n", "today\n", "today is no day"),
        ("", "", "changes pricing/us-east-1.csv"),
    ],
)
def test_a_patch_version_of_prices_that_is_anything_else_as_well_is_not_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    """A version above the next one, words of somebody's own, or a table that is gone, which git takes for moved."""
    table = "".join(f"{number}\n" for number in range(100))
    root = checkout(tmp_path, changelog=CHANGELOG.replace("## Unreleased\n\n- Not yet.\n\n", ""))
    commit(root, {"pricing/us-east-1.csv": table})
    commit(root, {"pricing/listed/new.csv": table})
    git(root, "update-ref", release.MAIN, "HEAD")
    git(root, "checkout", "--quiet", "HEAD^")
    git(root, "checkout", "--quiet", release.MAIN, "--", "pricing/listed")
    assert release.main(["patch", "2026-11-23"], root) == 0
    if old:
        for path in (root / "guardrail" / "__init__.py", root / "CHANGELOG.md"):
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    else:
        (root / "pricing" / "us-east-1.csv").unlink()
    commit(root, {})
    assert release.main(["check", "v0.3.0" if new == "0.3.0" else "v0.2.1"], root) == 1
    assert said in capsys.readouterr().err


@needs_git
def test_without_a_main_nothing_is_released(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path)
    git(root, "update-ref", "-d", release.MAIN)
    assert release.main(["check", "v0.2.0"], root) == 1
    assert "there is no refs/remotes/origin/main to find the commit of v0.2.0 on" in capsys.readouterr().err


def test_what_is_released_has_the_history_that_it_is_looked_for_in() -> None:
    """actions/checkout fetches one commit, and no main, unless it is told to fetch all of them."""
    fetched = next(step for step in WORKFLOW["jobs"]["build"]["steps"] if "actions/checkout" in step.get("uses", ""))
    assert fetched["with"] == {"fetch-depth": 0, "persist-credentials": False}


# The steps of release.yml, run as its runner does; a program that would reach out notes what it is asked

needs_bash = pytest.mark.skipif(
    shutil.which("bash") is None or sys.platform != "linux",
    reason="needs bash and the programs of GNU, as the runner of release.yml has",
)


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    path.chmod(0o755)


def step(
    job: str, name: str, folder: Path, tag: str = "v0.2.0", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a step of a job in ``folder``, with the programs in its ``bin`` before all others."""
    script = next(step["run"] for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == name)
    return subprocess.run(
        [*WORKFLOW["defaults"]["run"]["shell"].removesuffix("{0}").split(), "-c", script],
        cwd=folder,
        env={
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "GITHUB_REF_NAME": tag,
            "GITHUB_SHA": "5ha",
            "GH_REPO": "acme/guardrail",
            "RUNNER_TEMP": str(folder / "temp"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_released_is_built_once_and_once_more_to_compare() -> None:
    """All checks run, the last of them keeps what it builds twice, and that is installed, attested and published."""
    assert list(verify.CHECKS.values())[-1] == ["scripts.distributions"]
    runs = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
    own = [run for run in runs if "scripts/verify.py" in run or "distributions" in run or "build " in run]
    assert own == ["python scripts/verify.py -- --outdir dist", "python scripts/verify.py install -- --dist dist"]


def list_of_parts(folder: Path, lister: str) -> subprocess.CompletedProcess[str]:
    program(folder / "bin" / "python", "exit 0")
    program(folder / ".venv" / "bin" / "python", f'echo "$*" >> "{folder}/asked"')
    program(folder / ".venv" / "bin" / "cyclonedx-py", lister)
    program(folder / "dist" / "guardrail_sagemaker-0.2.0-py3-none-any.whl", "")
    return step("build", "What it is made of", folder)


@needs_bash
@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq, as the runner of release.yml has")
def test_what_a_release_is_made_of_is_what_is_locked_and_the_wheel_under_its_version(tmp_path: Path) -> None:
    done = list_of_parts(tmp_path, """echo '{"metadata": {"component": {"name": "it"}}, "components": [1]}'""")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "sbom-v0.2.0.cdx.json").read_text("utf-8")) == {
        "metadata": {"component": {"name": "it", "version": "0.2.0"}},
        "components": [1],
    }
    into = f"-m uv --quiet pip install --python {tmp_path}/temp/bare/bin/python"
    assert (tmp_path / "asked").read_text("utf-8").splitlines() == [
        f"{into} --require-hashes --requirement requirements.txt",
        f"{into} --no-deps dist/guardrail_sagemaker-0.2.0-py3-none-any.whl",
    ]


@needs_bash
@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq, as the runner of release.yml has")
def test_a_release_whose_parts_cannot_be_listed_is_none(tmp_path: Path) -> None:
    """Of nothing jq makes an empty file, and is content: the program before it in the pipe has to be heard."""
    assert list_of_parts(tmp_path, "exit 3").returncode == 3


GH = """echo "$*" >> asked
case "$1 $2 $3" in
  "release list "*) printf '%s\\n' $RELEASED ;;
  "api --silent repos/"*) if test "$#" = 3; then test -n "$MOVING"; fi ;;
esac"""
REFS = "repos/acme/guardrail/git/refs"
MOVED = f"api --silent --method PATCH {REFS}/tags/v0 --raw-field sha=5ha --field force=true"
MADE = f"api --silent {REFS} --raw-field ref=refs/tags/v0 --raw-field sha=5ha"


@needs_bash
@pytest.mark.parametrize(
    ("released", "moving", "asked"),
    [
        ("v0.2.0 v0.1.0", "yes", MOVED),
        ("v0.1.0", "yes", MOVED),  # GitHub does not list yet what was released a second ago
        ("", "", MADE),
        ("v0.2.0 v1.0.0", "yes", MOVED),  # what is newer moves another tag
    ],
)
def test_the_tag_of_the_action_moves_to_the_newest_of_its_major_version(
    tmp_path: Path, released: str, moving: str, asked: str
) -> None:
    program(tmp_path / "bin" / "gh", GH)
    done = step("moving-tag", "Move the tag of the action", tmp_path, RELEASED=released, MOVING=moving)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").read_text("utf-8").splitlines()[-1] == asked


@needs_bash
@pytest.mark.parametrize("newer", ["v0.2.1", "v0.10.0"])
def test_the_tag_of_the_action_stays_where_something_newer_is_out(tmp_path: Path, newer: str) -> None:
    program(tmp_path / "bin" / "gh", GH)
    done = step("moving-tag", "Move the tag of the action", tmp_path, RELEASED=f"v0.1.0 {newer} v0.2.0", MOVING="yes")
    assert (done.returncode, done.stdout) == (0, f"{newer} is newer: v0 stays\n")
    assert "git/ref" not in (tmp_path / "asked").read_text("utf-8")


@needs_bash
def test_a_tag_that_cannot_be_moved_fails_the_release(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "gh", 'test "$1" = release')
    assert step("moving-tag", "Move the tag of the action", tmp_path, RELEASED="", MOVING="").returncode == 1
