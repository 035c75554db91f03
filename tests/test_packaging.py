"""What the wheel and the sdist hold, and that what they install works away from the checkout."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from guardrail import __version__

ROOT = Path(__file__).resolve().parent.parent
NAME = f"guardrail_sagemaker-{__version__}"
SMALL_PLAN = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {}}}
UNREACHABLE = (
    *("ConnectionError", "NewConnectionError", "Temporary failure", "timed out", "No matching distribution"),
    *("error sending request", "dns error"),
)
"""What pip and uv say where there is no package index."""

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this environment has no pip")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COVERAGE_PROCESS_START")}
    return subprocess.run(
        command, cwd=cwd, env={**own, **environment}, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that was built from it, so a file that the sdist lacks cannot hide."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    return distributions / f"{NAME}-py3-none-any.whl"


def bundled(folder: str) -> set[str]:
    """The files of a data folder of the checkout, evidence aside, under their names in the wheel."""
    paths = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "evidence" not in path.parts]
    return {f"guardrail/_data/{path.relative_to(ROOT).as_posix()}" for path in paths}


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("policies", "pricing"):
        expected = bundled(folder)
        assert len(expected) > 20, folder
        assert {name for name in names if name.startswith(f"guardrail/_data/{folder}/")} == expected
    assert {
        "guardrail/py.typed",
        "guardrail/reporters/report.schema.json",
        "guardrail/reporters/html/report.html.j2",
        "guardrail/reporters/html/curve.html.j2",
        "guardrail/commands/explain/explain.schema.json",
    } <= names
    strangers = {name for name in names if not name.startswith(("guardrail/", f"{NAME}.dist-info/"))}
    assert strangers == set()
    assert not [
        name for name in names if re.search(r"(^|/)(tests?/|test_|conftest)|pricing/evidence|__pycache__", name)
    ]


def test_the_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    assert "Apache License" in archive.read(f"{NAME}.dist-info/licenses/LICENSE").decode()
    assert "guardrail = guardrail.__main__:main" in archive.read(f"{NAME}.dist-info/entry_points.txt").decode()


def test_the_sdist_holds_what_is_needed_to_build_audit_and_test(distributions: Path) -> None:
    with tarfile.open(distributions / f"{NAME}.tar.gz") as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "scripts/verify.py", "tests/conftest.py"}
    assert wanted <= names
    for folder in ("policies", "pricing", "docs"):
        here = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert here <= names, here - names
    assert not [name for name in names if name.startswith((".venv", ".git/", "dist/")) or "__pycache__" in name]


def check_elsewhere(python: Path | str, folder: Path, **environment: str) -> None:
    """Check an empty plan from a folder that is not the checkout, where only bundled data can answer."""
    (folder / "plan.json").write_text(json.dumps(SMALL_PLAN))
    done = run(python, "-m", "guardrail", "check", "plan.json", "--format", "json", cwd=folder, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["tool"] == {"name": "guardrail", "version": __version__}
    listed = run(python, "-m", "guardrail", "policies", "list", cwd=folder, **environment)
    assert listed.returncode == 0, listed.stderr
    assert "async-scales-to-zero" in listed.stdout
    (folder / "mine.yaml").write_text("id: mine\n")
    wrong = run(python, "-m", "guardrail", "policies", "validate", "mine.yaml", cwd=folder, **environment)
    assert wrong.stderr.startswith("mine.yaml:1: the key 'title' is missing"), wrong.stderr


def test_the_installed_wheel_checks_a_plan_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = (sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--no-compile")
    installed = run(*pip, "--target", target, wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    where = run(
        sys.executable, "-c", "import guardrail; print(guardrail.__file__)", cwd=tmp_path, PYTHONPATH=str(target)
    )
    assert Path(where.stdout.strip()) == target / "guardrail" / "__init__.py"
    check_elsewhere(sys.executable, tmp_path, PYTHONPATH=str(target))


def test_the_declared_dependencies_are_enough(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, with what the wheel's metadata asks for and nothing more."""
    uv = (sys.executable, "-m", "uv", "--quiet")
    made = run(*uv, "venv", "--python", sys.executable, "venv", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = run(*uv, "pip", "install", "--python", python, wheel, cwd=tmp_path)
    if installed.returncode != 0 and any(sign in installed.stderr for sign in UNREACHABLE):
        pytest.skip("the package index cannot be reached")
    assert installed.returncode == 0, installed.stderr
    check_elsewhere(python, tmp_path)
