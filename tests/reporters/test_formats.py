"""Every format at once, as a pipeline asks for them, from the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from guardrail import cli
from guardrail.commands import base
from guardrail.errors import GuardrailError
from guardrail.reporters import FORMATS

ROOT = Path(__file__).resolve().parent.parent.parent
PLAN = ROOT / "examples" / "storefront" / "plan.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a plan two folders down, where the check is run; its path has a space."""
    folder = tmp_path / "my repository" / "infra" / "prod"
    folder.mkdir(parents=True)
    (tmp_path / "my repository" / ".git").mkdir()
    (folder / "plan.json").write_bytes(PLAN.read_bytes())
    monkeypatch.chdir(folder)
    return folder


def test_any_number_of_formats_in_one_run(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"--format={name}=out.{name}" for name in FORMATS if name != "table"]
    assert cli.main(["check", "plan.json", "--format", "table", *files, "--tag", "network/prod"]) == 1
    assert "TOTAL" in capsys.readouterr().out
    written = {name: (repository / f"out.{name}").read_text(encoding="utf-8") for name in FORMATS if name != "table"}
    assert json.loads(written["json"])["exit_code"] == 1
    (run,) = json.loads(written["sarif"])["runs"]
    assert run["automationDetails"]["id"] == "guardrail/network/prod/"
    assert len(json.loads(written["gitlab"])) == len(run["results"]) == written["github"].count("\n") == 5
    assert ET.fromstring(written["junit"]).get("failures") == "5"  # noqa: S314 - our own text
    assert written["html"].startswith("<!doctype html>")
    assert written["markdown"] == f"<!-- guardrail:comment tag=network/prod -->\n{written['summary']}"


def test_places_are_relative_to_the_repository_wherever_the_check_is_run(repository: Path) -> None:
    cli.main(["check", "plan.json", "--format", "gitlab=quality.json", "--format", "github=commands"])
    (path,) = {entry["location"]["path"] for entry in json.loads((repository / "quality.json").read_text())}
    assert path == "infra/prod/plan.json"
    assert (repository / "commands").read_text().startswith("::error file=infra/prod/plan.json,line=1,endLine=1,title=")


@pytest.mark.parametrize("tag", ["", "-->", "a b", "/a", "a/", "x" * 61, "a\n"])
def test_a_tag_cannot_break_out_of_the_marker(tag: str) -> None:
    with pytest.raises(GuardrailError, match="is no tag"):
        base.parser("check").parse_args(["plan.json", f"--tag={tag}"])


def test_a_template_engine_is_loaded_for_the_page_alone(repository: Path) -> None:
    """In a fresh interpreter, where nothing else has imported it."""
    probe = "import sys; from guardrail.cli import main; main(sys.argv[1:]); sys.exit('jinja2' in sys.modules)"
    others = [f"--format={name}=out.{name}" for name in FORMATS if name not in ("table", "html")]
    for formats, loaded in ((others, 0), (["--format=html=page.html"], 1)):
        command = [sys.executable, "-c", probe, "check", "plan.json", *formats]
        done = subprocess.run(command, cwd=repository, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert done.returncode == loaded
