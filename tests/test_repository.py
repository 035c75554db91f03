"""What GitHub, docker and pip read of this repository: workflows, forms, the Dockerfile, the versions to install."""

import re
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import container, distributions, install, verify
from tests.test_action import OWN_WORKFLOWS, WORKFLOWS, hold, lint, locked

ROOT = Path(__file__).resolve().parent.parent
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
LOCKED = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", "requirements-fuzz.txt")


def workflow(path: Path) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


# Workflows and forms


def test_the_forms_hold_to_their_schema() -> None:
    assert [path.stem for path in FORMS] == ["false-finding", "wrong-price"]
    hold("vendor.github-issue-forms", *FORMS)
    hold("vendor.github-issue-config", FORMS[0].parent / "config.yml")


def test_both_forms_ask_for_the_smallest_input() -> None:
    for path in FORMS:
        asked = {field["id"]: field["attributes"] for field in workflow(path)["body"] if "id" in field}
        assert asked["input"]["label"].startswith("The smallest input"), path.name


@pytest.mark.parametrize("path", OWN_WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_the_rights_that_its_jobs_name_and_no_others(path: Path) -> None:
    assert workflow(path)["permissions"] == {}
    for name, job in workflow(path)["jobs"].items():
        assert job["permissions"], f"{name} says what it may do"
        assert job["timeout-minutes"] <= 360, name


@pytest.mark.parametrize("path", OWN_WORKFLOWS, ids=lambda path: path.stem)
def test_a_foreign_action_is_named_by_its_hash_and_belongs_to_whom_we_trust(path: Path) -> None:
    for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        assert re.fullmatch(r"(actions|pypa)/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?", line), line


@pytest.mark.parametrize("path", [*WORKFLOWS, *OWN_WORKFLOWS], ids=lambda path: path.stem)
def test_nobody_can_end_the_run_of_somebody_elses_pull_request(path: Path) -> None:
    """`head_ref` is what the author of a fork calls a branch: whoever calls one alike would be in the same group."""
    assert "head_ref" not in str(yaml.safe_load(path.read_text("utf-8")).get("concurrency"))


@pytest.mark.parametrize("path", OWN_WORKFLOWS, ids=lambda path: path.stem)
def test_a_step_of_a_workflow_fails_where_any_part_of_it_does(path: Path) -> None:
    """`bash` stands for `bash -eo pipefail`; where nothing is said, a runner leaves out pipefail."""
    assert workflow(path)["defaults"]["run"]["shell"] in ("bash", "bash -euo pipefail {0}")


def test_every_supported_python_is_checked_on_three_systems() -> None:
    """The versions are those of the classifiers, which the package index shows."""
    matrix = workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["verify"]["strategy"]["matrix"]
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    stated = [found[1] for text in classifiers if (found := re.search(r":: (3\.\d+)$", text))]
    assert matrix["python"] == stated
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]


# What is installed


@pytest.mark.parametrize("name", LOCKED)
def test_every_locked_version_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    entries = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) >= len(locked(name)) > 5  # one package may have a version for each of two systems
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_is_locked_lies_within_what_the_project_asks_for() -> None:
    """All that pyproject.toml names is there, in a version that it allows; `verify.py lock` brings it in."""
    requirements = pytest.importorskip("packaging.requirements")
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, extras = whole["project"], whole["project"]["optional-dependencies"]
    asked = {
        "requirements.txt": [*project["dependencies"], *extras["github"], *extras["regex"]],
        "requirements-dev.txt": [
            *project["dependencies"],
            *(each for name in (*extras,) if name != "fuzz" for each in extras[name]),
        ],
        "requirements-build.txt": whole["build-system"]["requires"],
    }
    for name, texts in asked.items():
        pins = locked(name)
        for requirement in map(requirements.Requirement, texts):
            key = re.sub(r"[._]", "-", requirement.name).lower()
            if key == "guardrail-sagemaker":
                continue
            assert requirement.specifier.contains(pins.get(key, "0")), f"{name}: {requirement}"


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_installed_elsewhere_has_the_versions_that_the_tests_ran_with(name: str) -> None:
    found = locked(name)
    found.pop("atheris", None)  # of which only Linux has one, and which only fuzzing needs
    assert found.items() <= locked("requirements-dev.txt").items()


def test_the_installer_itself_is_installed_by_its_hashes() -> None:
    """One entry, as pip reads it: the version, then its hashes, each line but the last continued."""
    first, *rest = verify._pinned("uv").splitlines()  # noqa: SLF001
    assert first == f"uv=={locked('requirements-dev.txt')['uv']} \\"
    assert len(rest) > 1
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in rest)
    assert [line.endswith("\\") for line in rest] == [True] * (len(rest) - 1) + [False]


def test_a_package_with_another_hash_ends_the_installation(capfd: pytest.CaptureFixture[str]) -> None:
    """What pip and uv say of it is told apart from a version that is not to be had, after which others are tried."""
    for said in ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "Hash mismatch for `a`"):
        with pytest.raises(SystemExit) as ended:
            verify._tried([sys.executable, "-c", f"import sys; sys.exit({said!r})"])  # noqa: SLF001
        assert ended.value.code == 2
        assert said in capfd.readouterr().err
    assert not verify._tried([sys.executable, "-c", "import sys; sys.exit('No matching distribution')"])  # noqa: SLF001


# What is built


def test_two_builds_that_differ_are_told_by_the_file_in_them(tmp_path: Path) -> None:
    for folder, mode in (("one", 0o644), ("other", 0o600)):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "a.whl", "w") as wheel:
            for name, permission in (("same.py", 0o644), ("a.py", mode)):
                info = zipfile.ZipInfo(name)
                info.external_attr = permission << 16
                wheel.writestr(info, "x = 1")
    (tmp_path / "one" / "b.tar.gz").touch()
    found = list(distributions.differences(tmp_path / "one", tmp_path / "other"))
    assert found == ["a.whl", "a.whl: a.py", "b.tar.gz: is built only once"]


def test_the_dockerfile_is_as_a_linter_wants_it() -> None:
    lint("hadolint", "Dockerfile")


def test_both_stages_of_the_container_start_from_one_image_named_by_its_hash() -> None:
    images = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", images[0])


def test_the_container_installs_nothing_whose_hash_is_not_known() -> None:
    """Packages by their hashes; the wheel, built here, from its file, and with no index that could give another."""
    runs = [words for name, words in container.instructions(ROOT / "Dockerfile") if name == "RUN"]
    installs = [part for words in runs for part in words.split("&&") if re.search(r"\bpip\b.* install\b", part)]
    known = [re.search(r"--require-hashes|--no-deps +--no-index", part) is not None for part in installs]
    assert known == [True] * 3
    assert not [words for words in runs if re.search(r"\bpip\b.* (?:wheel|download)\b|-m build\b", words)]


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_install_nothing_whose_hash_is_not_known(path: Path) -> None:
    """Nor do they have pip build anything in an environment that it fills by itself."""
    for line in path.read_text("utf-8").splitlines():
        if re.search(r'\bpip\S* install\b|"\$\{uv\[@\]\}"', line) and "uv=(" not in line:
            assert re.search(r"--require-hashes|--no-deps", line), line
            assert "--editable" not in line or "--no-build-isolation" in line, line


def test_docker_is_sent_what_the_wheel_is_made_of_and_nothing_else() -> None:
    """Neither the tests, nor `.git` with its token, nor the evidence of the prices."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    sent = set(container.context())
    assert {"requirements.txt", "pyproject.toml", "README.md", "LICENSE", "guardrail/cli.py"} <= sent
    assert {name.split("/")[0] for name in sent if "/" in name} == {"guardrail", "policies", "pricing"}
    assert not [name for name in sent if name.startswith("pricing/evidence")]
    assert {f"guardrail/{path.name}" for path in (ROOT / "guardrail").glob("*.py")} <= sent


@pytest.mark.parametrize("missing", ["git", "clone"])
def test_without_git_or_a_clone_that_is_said_in_one_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told before an environment is made, which takes a minute."""
    monkeypatch.setattr(sys, "argv", ["verify.py", "lint", "secrets"])
    if missing == "git":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setattr(verify, "ROOT", tmp_path)
    assert verify.main() == 2
    assert capsys.readouterr() == ("", "verify: needs git and a clone: which files are the project's is asked of git\n")


def test_a_check_without_a_network_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In place of a stack of what each library of the tool makes of it."""
    (tmp_path / "audited.py").write_text("raise OSError('HTTPSConnection: NameResolutionError')\n", "utf-8")
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setitem(verify.BY_NAME, "audit", ["audited"])
    assert not verify._passes(Path(sys.executable), "audit", [])  # noqa: SLF001
    first, second = capsys.readouterr().out.splitlines()
    assert first == "audit needs the network: the package index cannot be reached"
    assert second.startswith("FAILED audit")


@pytest.mark.parametrize(
    ("report", "answered"),
    [
        (" ✗ FAILS  +3,756 USD a month (1,380 → 5,137)\n 3 errors · 25 of 25 resources read · exit 1\n", True),
        (" ✗ FAILS  +3,896 USD a month (1,401 → 5,297)\n 3 errors · 25 of 25 resources read · exit 1\n", True),
        (" ✓ PASSES  0 USD a month\n 0 of 0 resources read · exit 0\n", False),
        (" ✓ PASSES  ≥ 1,380 USD a month\n 24 of 25 resources read · exit 0\n", False),
        ("guardrail: plan.json: no such file\n", False),
    ],
)
def test_what_is_installed_answers_whatever_the_prices_of_its_release_are(report: str, *, answered: bool) -> None:
    """A patch version of new prices is tried in every way as well, and the example costs something else by them."""
    assert install.answers(report) is answered
