"""``guardrail init``."""

import re
from pathlib import Path

import pytest

from guardrail import cli, settings
from guardrail.commands import init, schema


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_it_writes_loads_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init"]) == 0
    first, second, _ = Path(".guardrail.yml").read_text().split("\n", 2)
    assert first == "# yaml-language-server: $schema=.guardrail.schema.json"
    assert second.startswith("# Settings of guardrail")
    assert Path(".guardrail.schema.json").read_text() == schema.text("settings")
    assert capsys.readouterr().out == "wrote ./.guardrail.yml; uncomment what you need, then: guardrail check PATH\n"
    found = settings.load(".")
    assert found.path == ".guardrail.yml"
    assert found.settings == settings.Settings()


def test_what_it_writes_loads_with_every_line_uncommented_and_says_every_setting(empty_directory: Path) -> None:
    """A commented line is code too: prose ends in a period or a colon and a command, settings are ``key: value``."""
    uncommented = re.sub(r"(?m)^# (?=( *- )|( *[\w-]+:( |$)))(?!.*[.!]$)", "", init.TEMPLATE)
    (empty_directory / ".guardrail.yml").write_text(uncommented)
    said = settings.load(".").settings
    for name in settings.Settings.__struct_fields__:
        assert f"\n{name}:" in uncommented, name
    assert said.budget.max_expected_usd == 5000
    assert said.policies["async-scales-to-zero"].severity == "warning"
    assert said.accepted().entries[0].owner == "search-team"


@pytest.mark.parametrize("name", settings.FILE_NAMES)
def test_it_never_replaces_a_file_unless_forced(
    name: str, empty_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_directory / name).write_text("region: eu-west-1\n")
    assert cli.main(["init"]) == 2
    assert capsys.readouterr().err == (
        f"guardrail: ./{name} exists already\nhint: guardrail init --force replaces it\n"
    )
    assert (empty_directory / name).read_text() == "region: eu-west-1\n"
    assert cli.main(["init", "--force"]) == 0
    assert (empty_directory / name).read_text().endswith(init.TEMPLATE)


def test_a_directory_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "nowhere"]) == 2
    assert capsys.readouterr().err == (
        "guardrail: cannot write settings: nowhere is no directory\nhint: mkdir -p nowhere\n"
    )
