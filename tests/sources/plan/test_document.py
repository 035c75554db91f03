"""What may lie at a path: encodings, noise around the JSON, and one clear line for everything that is no plan."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guardrail.errors import SourceError
from guardrail.model import ChangeSet
from guardrail.sources.plan import read
from tests.sources.plans import CONFIGURATION, ENDPOINT, change, configuration, endpoint, plan

PLAN = plan(change(ENDPOINT, endpoint(tags={"owner": "é"})), change(CONFIGURATION, configuration()))
TEXT = json.dumps(PLAN, ensure_ascii=False)


def saved(folder: Path, content: bytes) -> str:
    path = folder / "plan.json"
    path.write_bytes(content)
    return str(path)


def is_the_plan(changes: ChangeSet) -> bool:
    return [(each.name, each.deployed) for each in changes.after.endpoints] == [("app", "yes")]


def refusal(path: str) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        read(path)
    assert "\n" not in caught.value.message
    return caught.value.message.replace(path, "PATH"), caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        b" \r\n\t" + TEXT.encode() + b"\r\n\n",
    ],
    ids=["utf-8", "utf-8 bom", "utf-16", "utf-16-le bom", "utf-16-be bom", "utf-16-le", "utf-16-be", "white space"],
)
def test_every_encoding_that_shells_write_is_read(tmp_path: Path, content: bytes) -> None:
    changes = read(saved(tmp_path, content))
    assert is_the_plan(changes)
    assert changes.notices == ()


@pytest.mark.parametrize(
    "before",
    [
        "[command]/opt/terraform/terraform-bin show -json tfplan\n",
        "2026-01-31T10:00:00Z INFO running\n",
        "\x1b[0m\x1b[1mInitializing...\x1b[0m\n",
        '"quoted" {not json}\n',
        "- item\n",
    ],
)
def test_text_of_a_wrapper_before_the_document_is_skipped_with_a_notice(tmp_path: Path, before: str) -> None:
    changes = read(saved(tmp_path, (before + TEXT).encode()))
    assert is_the_plan(changes)
    assert changes.notices == ("skipped 1 line of text before the JSON document",)


def test_noise_is_skipped_before_a_document_whose_keys_were_sorted(tmp_path: Path) -> None:
    """As `jq -S` writes it: the first key then is not format_version."""
    text = json.dumps({"applyable": True, **PLAN}, sort_keys=True, indent=2)
    assert is_the_plan(read(saved(tmp_path, f"one\ntwo\n{text}".encode())))


@pytest.mark.parametrize("after", ["\n::debug::done\n", "\n" * 500 + "::set-output name=exitcode::0"])
def test_text_of_a_wrapper_behind_the_document_is_skipped_with_a_notice(tmp_path: Path, after: str) -> None:
    changes = read(saved(tmp_path, (TEXT + after).encode()))
    assert is_the_plan(changes)
    assert changes.notices == ("skipped text after the JSON document",)


def test_noise_on_both_sides_gives_two_notices(tmp_path: Path) -> None:
    assert len(read(saved(tmp_path, f"before\n{TEXT}\nafter".encode())).notices) == 2


def test_standard_input_is_read_under_the_name_of_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode("utf-16"))))
    changes = read("-")
    assert is_the_plan(changes)
    assert changes.path == "-"


def test_closed_standard_input_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal("-")[0] == "standard input cannot be read: it is closed"


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files here")
def test_what_a_shell_substitutes_for_a_command_is_read(tmp_path: Path) -> None:
    """As `guardrail check <(terraform show -json plan.bin)` does, with the pipe that the shell opens."""
    with subprocess.Popen(["cat", saved(tmp_path, TEXT.encode())], stdout=subprocess.PIPE) as writer:  # noqa: S607
        assert writer.stdout is not None
        assert is_the_plan(read(f"/dev/fd/{writer.stdout.fileno()}"))


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files here")
def test_a_named_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """Nobody writes to it: opening it would wait forever."""
    os.mkfifo(tmp_path / "pipe")
    assert refusal(str(tmp_path / "pipe"))[0] == "PATH cannot be read: it is a named pipe, no file"


@pytest.mark.skipif(os.name == "nt", reason="needs /dev/urandom")
def test_a_link_to_an_endless_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").symlink_to("/dev/urandom")
    assert refusal(str(tmp_path / "plan.json"))[0] == "PATH cannot be read: it is a device, no file"


def test_a_name_with_white_space_and_quotes_is_a_path_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a 'plan' \"of\" mine.json"
    path.write_text(TEXT, encoding="utf-8")
    assert is_the_plan(read(str(path)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "PATH is empty"),
        (b" \n\t\r\n", "PATH holds nothing but white space"),
        (b"\xef\xbb\xbf\n", "PATH holds nothing but white space"),
        (b"PK\x03\x04\x14\x00\x08", "PATH is a binary plan, not JSON"),
        (b"<!DOCTYPE html><html>", "PATH is HTML or XML, not a plan"),
        (b'resource "aws_sagemaker_endpoint" "e" {}', "PATH is Terraform source, which is read by the directory"),
        (b"Resources:\n  E:\n", "PATH is a CloudFormation template, not a plan"),
        (
            b'{"@level":"info","@message":"Terraform 1.11.4","type":"version"}\n{"@level":"info"}',
            "PATH is the log stream of 'terraform plan -json', not a plan",
        ),
        (b"hello world", "PATH is not JSON"),
        (b"\x80\x81\x82\x83", "PATH is not JSON"),
        (b"\xff\xfe{", "PATH begins like UTF-16 but is not"),
        (f"[{TEXT}]".encode(), "PATH may be JSON, but is neither a plan nor a state: it is no object"),
        (b"[1, 2]", "PATH may be JSON, but is neither a plan nor a state: it is no object"),
        (b"null", "PATH may be JSON, but is neither a plan nor a state: it is no object"),
        (b"{}", "PATH is JSON, but neither a plan nor a state: it has no format_version"),
        (
            b'{"StartAt": "Run", "States": {"Run": {"Type": "Succeed"}}}',
            "PATH is the definition of a state machine, which is not read by itself",
        ),
        (
            b'{"Version": "2020-12-01", "Steps": []}',
            "PATH is the definition of a SageMaker pipeline, which is not read by itself",
        ),
        (b'{"a": {"value": 1}}', "PATH is JSON, but neither a plan nor a state: it has no format_version"),
        (b'{"version": 4, "serial": 1, "lineage": "x", "resources": []}', "PATH is a raw state file"),
        (b'{"plan_format_version": "1.2"}', "PATH is the redacted plan of a cloud backend, without its values"),
        ((TEXT + TEXT).encode(), "PATH holds more than one JSON document"),
        ((TEXT + "\n" + TEXT).encode(), "PATH holds more than one JSON document"),
    ],
)
def test_what_is_no_plan_is_refused_with_one_line_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    said, hint = refusal(saved(tmp_path, content))
    assert said == message
    assert hint


@pytest.mark.parametrize("cut", [1, 20, 500, -1])
def test_a_document_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    assert refusal(saved(tmp_path, TEXT.encode()[:cut]))[0].startswith("PATH is not valid JSON")


@pytest.mark.parametrize(
    "content", [b'{"a":' * 100_000, b'{"format_version":"1.2","resource_changes":' + b"[" * 100_000]
)
def test_a_document_of_endless_depth_is_refused(tmp_path: Path, content: bytes) -> None:
    said, _ = refusal(saved(tmp_path, content))
    assert said in ("PATH is nested too deeply to be a plan", "PATH is not valid JSON: input data was truncated")


def test_a_file_that_is_not_there_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    said, hint = refusal(str(tmp_path / "plan.json"))
    assert said == "PATH does not exist"
    assert "terraform show -json" in hint


def test_a_directory_is_refused_with_the_commands_that_make_a_plan(tmp_path: Path) -> None:
    said, hint = refusal(str(tmp_path))
    assert "is a directory" in said
    assert "terraform plan -out" in hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, TEXT.encode()))
    path.chmod(0)
    assert refusal(str(path))[0] == "PATH cannot be read: permission denied"


def test_a_path_that_no_system_allows_is_refused() -> None:
    assert "cannot be read" in refusal("plan\0.json")[0]


@pytest.mark.parametrize(
    "document",
    [
        {"format_version": "1.0", "valid": True, "error_count": 0, "warning_count": 0, "diagnostics": []},
        {"format_version": "1.0", "provider_schemas": {}},
        {"format_version": "1.0", "function_signatures": {}},
        {"format_version": "1.0", "modules": []},
    ],
    ids=["validate", "providers schema", "metadata functions", "modules"],
)
def test_other_documents_of_terraform_are_no_empty_state(
    tmp_path: Path, document: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have a format_version too; taken for a state they would cost nothing, on standard input as in a file."""
    content = json.dumps(document).encode()
    assert refusal(saved(tmp_path, content))[0] == "PATH is JSON of Terraform's, but neither a plan nor a state"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert "neither a plan nor a state" in refusal("-")[0]
