"""Traps that were retold from public reports, each with the right bytes: run where they lie beside the checkout."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guardrail import cli
from tests.fixes.stack import failing, fix

CASES = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "cases" / "fixes"
FOLDERS = sorted(path.parent for path in CASES.glob("f*/expected.json") if (path.parent / "before").is_dir())

if not FOLDERS:
    pytest.skip("../shared is not beside the checkout", allow_module_level=True)


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def case(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, dict[str, Any]]:
    """A case, in a copy of which the test runs, with what is expected of it."""
    folder: Path = request.param
    shutil.copytree(folder / "before", tmp_path / "stack")
    (tmp_path / "stack" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "stack")
    return folder, json.loads((folder / "expected.json").read_text())


def of(expected: dict[str, Any]) -> str:
    """The policy that a case is about."""
    named = expected.get("finding", "async-scales-to-zero")
    return "volume-size-is-accepted" if " " in named else str(named)


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_answer_of_a_case(
    case: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, expected = case
    if (tmp_path / "stack" / "main.tf").exists() and b"\r\n" in (tmp_path / "stack" / "main.tf").read_bytes():
        (tmp_path / "stack" / ".git").rmdir()  # whether git turns line ends is asked of a whole repository
    before = texts(tmp_path / "stack")
    fix("--finding", of(expected))
    said, after = capsys.readouterr().out, texts(tmp_path / "stack")
    if expected["kind"] == "none":
        assert after == before
        assert re.search(expected["says"], said)
        return
    wanted = [name for name in ("after", "after-all", "after-or") if (folder / name).is_dir()]
    if wanted:
        assert any({**before, **texts(folder / name)} == after for name in wanted)
    path = next((name for name in after if name.endswith((".yaml", ".json"))), ".")
    assert failing(capsys, "." if path.endswith(".tf.json") else path).isdisjoint(expected.get("gone", [of(expected)]))
    for name, count in expected.get("new_resources", {}).items():
        made = b"".join(after.values()).count(name.encode() + b'" "') - b"".join(before.values()).count(
            name.encode() + b'" "'
        )
        assert made == count, name
    for text in expected.get("must_not_declare", []):
        type_, label = text.split(".")
        assert after["main.tf"].count(f'"{type_}" "{label}"'.encode()) == before["main.tf"].count(
            f'"{type_}" "{label}"'.encode()
        )
    fix("--finding", of(expected))
    assert texts(tmp_path / "stack") == after


@pytest.mark.parametrize(
    "folder", [each for each in FOLDERS if (each / "fix.patch").exists()], ids=lambda path: path.name
)
def test_the_patch_of_a_case(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder / "before", tmp_path / "stack")
    monkeypatch.chdir(tmp_path / "stack")
    expected = json.loads((folder / "expected.json").read_text())
    assert cli.main(["fix", "--isolated", "--finding", of(expected), "--patch", "../fixes.patch"]) == 0
    made = (tmp_path / "fixes.patch").read_bytes()
    assert made[made.index(b"diff --git") :] == (folder / "fix.patch").read_bytes()


def test_one_key_of_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = CASES.glob("f10-*")
    shutil.copytree(folder / "before", tmp_path / "stack")
    monkeypatch.chdir(tmp_path / "stack")
    fix("--finding", 'aws_appautoscaling_target.queue["invoices"]')
    assert Path("main.tf").read_bytes() == (folder / "after-invoices" / "main.tf").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="the script that makes the repository is one of sh")
def test_where_patches_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = CASES.glob("f18-*")
    top = tmp_path / "repository"
    subprocess.run(["sh", folder / "make.sh", top], check=True, capture_output=True)  # noqa: S607
    for run in json.loads((folder / "expected.json").read_text())["runs"]:
        monkeypatch.chdir(top / run.get("cwd", "."))
        made = tmp_path / "fixes.patch"
        flags = ["--isolated", "--finding", "async-scales-to-zero", "--patch", str(made)]
        assert cli.main(["fix", run["check"], *flags]) == 0
        named = run.get("patch_names", f"{run['check']}/main.tf")
        assert f"+++ b/{named}" in made.read_text().replace("\t", "")
        assert run.get("never", "nothing at all") not in made.read_text()
        assert b"\r" not in made.read_bytes()
        for command in (["apply", "--check"], ["apply", "--check", "--index"], ["apply", "--check", "--cached"]):
            subprocess.run(["git", *command, made], cwd=top, check=True, capture_output=True)  # noqa: S607
