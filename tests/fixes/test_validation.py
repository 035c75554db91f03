"""``guardrail fix --validate``: what terraform says of a copy with the edits, and whose providers are never run."""

import os
import subprocess
from pathlib import Path

import pytest

from guardrail import cli
from tests.fixes.stack import BACKLOG, ENDPOINT, PROVIDER, TARGET, WAKE, put

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terraform is stood in for by a script of sh")

WHOLE = PROVIDER + ENDPOINT + TARGET + BACKLOG + WAKE
TERRAFORM = """\
#!/bin/sh
pwd >> "$SEEN"
test "$1" = validate && test -d .terraform || exit 2
if grep -q "$REFUSED" *.tf
then echo '{"diagnostics": [{"severity": "error", "summary": "Unsupported argument",'
  echo ' "range": {"filename": "main.tf"}}]}'
else echo '{"diagnostics": [{"severity": "warning", "summary": "Deprecated"}]}'
fi
"""
"""Stands in for Terraform: refuses source with a word in it, and says where it ran."""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "terraform").write_text(TERRAFORM)
    (tmp_path / "bin" / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("REFUSED", "nothing at all")
    (tmp_path / "stack" / ".terraform" / "providers").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", tmp_path / "stack"], check=True)  # noqa: S607 - whichever git there is
    monkeypatch.chdir(tmp_path / "stack")
    put(tmp_path / "stack", main=WHOLE)


def run(*arguments: str) -> int:
    return cli.main(["fix", "--isolated", "--finding", "async-scales-to-zero", "--validate", *arguments])


def test_terraform_runs_in_a_copy_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "+  min_capacity       = 0" in capsys.readouterr().out
    places = (tmp_path / "seen").read_text().split()
    assert len(places) == 2  # as it is, and with the edit
    assert not [place for place in places if place.startswith(str(tmp_path / "stack")) or os.path.exists(place)]
    assert sorted(os.listdir()) == [".git", ".terraform", "main.tf"]
    assert Path("main.tf").read_text() == WHOLE


def test_what_terraform_refuses_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFUSED", "min_capacity       = 0")
    assert run() == 0
    assert "with it terraform validate says Unsupported argument, main.tf" in capsys.readouterr().out
    monkeypatch.setenv("REFUSED", "max_capacity")  # which it refuses without the edit as well
    assert run() == 0
    assert "+  min_capacity       = 0" in capsys.readouterr().out


def test_unasked_no_terraform_runs(tmp_path: Path) -> None:
    assert cli.main(["fix", "--isolated"]) == 0
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize("how", ["committed", "behind a link", "missing"])
def test_providers_that_a_change_may_bring_are_not_run(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path(".terraform")
    if how == "committed":
        (own / "providers" / "aws").write_text("anything")
        for command in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "all"]):
            subprocess.run(["git", *command], check=True)  # noqa: S607 - whichever git there is
    else:
        own.rename(tmp_path / "elsewhere")
        if how == "behind a link":
            own.symlink_to(tmp_path / "elsewhere")
    assert run() == 0
    said = "is not initialized" if how == "missing" else "part of the repository, or behind a link: they are not run"
    assert said in capsys.readouterr().out
    assert not (tmp_path / "seen").exists()


def test_untrusted_code_is_never_validated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--untrusted") == 2
    assert "--validate runs the providers of a folder, which --untrusted code may bring" in capsys.readouterr().err
    assert not (tmp_path / "seen").exists()


def test_links_that_lead_out_are_left_out_of_the_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    Path("secret.txt").symlink_to(tmp_path / "secret.txt")
    Path("above").symlink_to(".")
    script = TERRAFORM.replace("pwd >>", "test -e secret.txt && exit 3; test -e above && exit 3; pwd >>")
    (tmp_path / "bin" / "terraform").write_text(script)
    assert run() == 0
    assert "+  min_capacity       = 0" in capsys.readouterr().out
    assert len((tmp_path / "seen").read_text().split()) == 2
