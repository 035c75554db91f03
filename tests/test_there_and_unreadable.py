"""What is there and cannot be read is no answer: not the default, not "there is none", never a wait.

Each place where a file is looked for or named, in each state that a repository or a disk can bring it into. Nothing
here may hang: a pipe without a writer would, as soon as it is opened.
"""

import errno
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrail import cli
from tests.commands.test_check import PLAN

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs pipes and sockets")


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _link_to_pipe(path: Path) -> None:
    os.mkfifo(f"{path}.pipe")
    path.symlink_to(f"{path}.pipe")


STATES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "no such file"),
    "a folder": (lambda path: path.mkdir(), "is a directory"),
    "a pipe": (os.mkfifo, "a named pipe"),
    "a link to a pipe": (_link_to_pipe, "a named pipe"),
    "a socket": (_socket, "a socket"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "too many levels"),
}
ONLY_FILES = {name: state for name, state in STATES.items() if name != "a folder"}

FOUND = (".guardrail.yml", ".guardrail.yaml", "guardrail-usage.yml", "guardrail-usage.yaml", ".guardrail-baseline.json")
NAMED_IN_SETTINGS = ("usage_file: it", "baseline: {file: it}")
NAMED_BY_FLAGS = ("--config", "--usage-file", "--baseline")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a plan in it, which alone is judged: exit code 1."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line (and a hint) that a run without an answer says."""
    code = cli.main(["check", "plan.json", "--region", "us-east-1", *arguments])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert len([line for line in said.err.splitlines() if not line.startswith("hint: ")]) == 1
    return said.err


@pytest.mark.usefixtures("place")
def test_without_any_of_them_there_is_an_answer() -> None:
    assert cli.main(["check", "plan.json", "--region", "us-east-1"]) == 1


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", FOUND)
def test_a_file_that_is_looked_for(name: str, state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, words = STATES[state]
    make(place / name)
    said = refusal(capsys)
    assert name in said
    assert words in said.lower()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("setting", NAMED_IN_SETTINGS)
def test_a_file_that_the_settings_name(
    setting: str, state: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = STATES[state]
    (place / ".guardrail.yml").write_text(setting)
    make(place / "it")
    assert words in refusal(capsys).lower()


@pytest.mark.parametrize("setting", NAMED_IN_SETTINGS)
def test_the_settings_name_no_stream(setting: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flag may name one, as ``--usage-file <(…)`` does; a file of a change may not reach for the run's own."""
    reading, writing = os.pipe()
    try:
        (place / ".guardrail.yml").write_text(setting.replace("it", f"/dev/fd/{reading}"))
        assert "a named pipe" in refusal(capsys)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("flag", NAMED_BY_FLAGS)
def test_a_file_that_a_flag_names(flag: str, state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, _ = STATES[state]
    make(place / "it")
    assert "it" in refusal(capsys, flag, "it")


@pytest.mark.parametrize("state", ONLY_FILES)
def test_a_policy_in_a_folder(state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, _ = STATES[state]
    (place / "policies").mkdir()
    make(place / "policies" / "mine.yaml")
    (place / ".guardrail.yml").write_text("policy_paths: [policies]")
    assert "mine.yaml" in refusal(capsys)


def test_a_folder_of_policies_behind_a_link(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "policies").mkdir()
    (place / "elsewhere").mkdir()
    (place / "policies" / "more").symlink_to("../elsewhere")
    assert "policies/more is a link" in refusal(capsys, "--policies", "policies")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("flag", [True, False])
def test_the_manifest_of_price_tables(
    state: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, flag: bool
) -> None:
    make, _ = STATES[state]
    monkeypatch.delenv("GUARDRAIL_PRICES", raising=False)
    (place / "prices").mkdir()
    make(place / "prices" / "manifest.json")
    (place / ".guardrail.yml").write_text("" if flag else "prices: {tables: prices}")
    assert "manifest.json" in refusal(capsys, *(["--prices", "prices"] if flag else []))


@pytest.mark.parametrize("state", STATES)
def test_the_price_tables_of_the_user(
    state: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, _ = STATES[state]
    monkeypatch.delenv("GUARDRAIL_PRICES", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(place))
    (place / "guardrail" / "prices").mkdir(parents=True)
    make(place / "guardrail" / "prices" / "manifest.json")
    assert "manifest.json" in refusal(capsys)


@pytest.mark.parametrize("state", STATES)
def test_the_parameters_of_a_template(state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, _ = STATES[state]
    (place / "template.yaml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    make(place / "it.json")
    assert cli.main(["check", "template.yaml", "--parameters", "it.json"]) == 2
    assert "--parameters it.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("state", STATES)
def test_the_values_of_variables(state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, _ = STATES[state]
    (place / "main.tf").write_text('variable "x" {}\n')
    make(place / "it.tfvars")
    assert cli.main(["check", ".", "--var-file", "it.tfvars"]) == 2
    assert "it.tfvars" in capsys.readouterr().err


@pytest.mark.parametrize("state", STATES)
def test_the_event_of_a_workflow_and_the_body_of_a_comment(
    state: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, words = STATES[state]
    make(place / "it")
    where = ["--repository", "acme/shop", "--pull-request", "7", "--commit", "a" * 40, "--dry-run"]
    assert cli.main(["comment", "github", "--body", "it", *where]) == 2
    assert words in capsys.readouterr().err.lower()
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(place / "it"))
    (place / "body.md").write_text("x")
    assert cli.main(["comment", "github", "--body", "body.md", *where]) == 2
    assert words in capsys.readouterr().err.lower()


@pytest.mark.parametrize("name", FOUND)
def test_a_file_without_permission(
    name: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Denied by the test, because root, who runs it in a container, may read everything."""
    (place / name).write_text("")
    opens = os.open

    def denies(path: str, flags: int, *mode: int) -> int:
        if os.path.basename(path) == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return opens(path, flags, *mode)

    monkeypatch.setattr(os, "open", denies)
    assert "permission denied" in refusal(capsys).lower()


@pytest.mark.usefixtures("place")
def test_a_stream_that_a_flag_names_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"fail_on: never\n")
    os.close(writing)
    try:
        assert cli.main(["check", "plan.json", "--region", "us-east-1", "--config", f"/dev/fd/{reading}"]) == 0
    finally:
        os.close(reading)
    capsys.readouterr()


# Names that a change could bring -------------------------------------------------------------------------------------


def test_a_file_that_is_called_as_a_parameter_gives_no_values(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three instances, because the workflow says so, and not the one that a file of the change says."""
    (place / "template.yaml").write_text(
        "Parameters: {Count: {Type: Number}}\nResources:\n  C:\n    Type: AWS::SageMaker::EndpointConfig\n"
        "    Properties:\n      ProductionVariants:\n        - {VariantName: a, ModelName: m,"
        " InstanceType: ml.m5.xlarge, InitialInstanceCount: !Ref Count}\n  E:\n    Type: AWS::SageMaker::Endpoint\n"
        "    Properties: {EndpointConfigName: !GetAtt C.EndpointConfigName}\n"
    )
    (place / "Count=3").write_text('{"Count": "1"}')
    cli.main(["check", "template.yaml", "--parameters", "Count=3", "--region", "us-east-1", "--format", "json"])
    assert '"initial_instance_count":3' in capsys.readouterr().out.replace(" ", "")
