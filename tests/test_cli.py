"""The command line: help, suggestions, the error boundary and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from guardrail import __version__, cli
from guardrail.commands import base
from guardrail.errors import GuardrailError


def test_help_names_every_command_and_starts_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, summary in base.COMMANDS.items():
        assert f"  {name} " in shown
        assert summary in shown
    assert "guardrail check plan.json" in shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["check", "a" * 120_000], 1),
        (["check", f"infra/{'a' * 120_000}.tf"], 1),
        (["check", "examples", "--compare-to", "a" * 120_000], 2),  # neither a file nor a revision of that name
        (["a" * 120_000], 1),
    ],
)
def test_a_name_that_no_file_can_have_is_not_repeated_whole(
    arguments: list[str], shown: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a word beyond the longest path, 4,096 characters, the first 200 are said."""
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert "aaaa…" in said
    assert len(said) < 200 * shown + 300


@pytest.mark.parametrize("arguments", [["-V"], ["--version"], ["check", "-V"], ["policies", "list", "--version"]])
def test_the_version_is_printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == f"guardrail {__version__}\n"


def test_no_command_is_no_answer_and_shows_the_help_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline step that has lost its arguments must not pass."""
    assert cli.main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "usage: guardrail COMMAND" in shown.err


@pytest.mark.parametrize("name", base.COMMANDS)
def test_each_command_has_help_that_begins_with_its_summary_and_gives_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert base.load(name).HELP.splitlines()[0] == base.COMMANDS[name]
    assert cli.main([name, "--help"]) == 0
    assert f"  guardrail {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["chek"], "there is no command 'chek', did you mean check?", "guardrail --help"),
        (["xyzzy"], "there is no command 'xyzzy'", "guardrail --help"),
        (["plan.json"], "'plan.json' is not a command", "guardrail check plan.json"),
        (["--versoin"], "unknown option '--versoin' before a command", "guardrail --help"),
        (
            ["check", "--fial-on", "error"],
            "unknown option '--fial-on', did you mean --fail-on?",
            "guardrail check --help",
        ),
        (["check", "--fail-on=eror"], "argument --fail-on: there is no 'eror', did you mean error?", None),
        (
            ["check", "--budget", "lots"],
            "argument --budget: 'lots' is not an amount in USD, such as 1500 or 99.50",
            None,
        ),
        (["check", "--budget", "-1"], "argument --budget: '-1' is not an amount of zero or more", None),
        (
            ["check", "--budget", "1e99"],
            "argument --budget: '1e99' is not an amount below 1,000,000,000,000,000 USD",
            None,
        ),
        (["check", "--budget", "nan"], "argument --budget: 'nan' is not an amount of zero or more", None),
        (["check", "--format", "tabel"], "argument --format: there is no format 'tabel', did you mean table?", None),
        (["check", "--format", "json="], "argument --format: 'json=' names no file", None),
        (["check", "--fail-on", "none"], "argument --fail-on: there is no 'none', did you mean never?", None),
        (["check", "--fail-on", "high"], "argument --fail-on: there is no 'high', did you mean error?", None),
        (["check", "--exit-zero"], "unknown option '--exit-zero', did you mean --fail-on never?", None),
        (["check", "--soft-fail", "p.json"], "unknown option '--soft-fail', did you mean --fail-on never?", None),
        (["check", "--select=x"], "unknown option '--select', did you mean --policy?", None),
        (["check", "-o", "a.json"], "unknown option '-o', did you mean --format FORMAT=FILE?", None),
        (["check", "-oa.json"], "unknown option '-oa.json', did you mean --format FORMAT=FILE?", None),
        (["check", "--output", "a"], "unknown option '--output', did you mean --format FORMAT=FILE?", None),
        (["init", "--select", "x"], "unknown option '--select'", None),
        (["check", "--format", "md"], "argument --format: there is no format 'md', did you mean markdown?", None),
        (["check", "a.json", "--region"], "argument --region: expected one argument", None),
        (["check", "--region", "--", "a.json"], "argument --region: expected one argument", None),
        (["check", "--strict=yes"], "argument --strict: ignored explicit argument 'yes'", None),
        (["init", "a", "b"], "unknown argument 'b'", "guardrail init --help"),
        (["completion", "fsh"], "argument SHELL: there is no 'fsh', did you mean fish?", None),
        (
            ["completion", "powershell"],
            "argument SHELL: there is no 'powershell', choose from bash, zsh, fish, candidates",
            None,
        ),
    ],
)
def test_a_wrong_argument_is_one_line_that_says_what_was_meant(
    arguments: list[str], message: str, hint: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"guardrail: {message}\nhint: {hint or f'guardrail {arguments[0]} --help'}\n"


def test_flags_are_never_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline that says --bud would break on the day when a second flag begins like that."""
    assert cli.main(["check", "--bud", "5"]) == 2
    assert "unknown option '--bud'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.json", "b.json", "--region", "us-east-1", "--strict"],
        ["--region", "us-east-1", "a.json", "--strict", "b.json"],
        ["a.json", "--strict", "b.json", "--region=us-east-1"],
        ["a.json", "--region", "us-east-1", "--strict", "--", "b.json"],
    ],
)
def test_inputs_and_options_stand_in_any_order(arguments: list[str]) -> None:
    parsed = base.parser("check").parse_args(arguments)
    assert (parsed.paths, parsed.region, parsed.strict) == (["a.json", "b.json"], "us-east-1", True)


def test_what_begins_with_a_dash_is_an_input_behind_two_dashes_and_standard_input_alone() -> None:
    assert base.parser("check").parse_args(["-", "--strict", "--", "-a.json"]).paths == ["-", "-a.json"]


def test_inputs_and_options_of_an_action_stand_in_any_order() -> None:
    parsed = base.parser("prices").parse_args(["diff", "bundled", "--region", "us-east-1", "new", "--all", "p.json"])
    assert (parsed.old, parsed.new, parsed.paths, parsed.region) == ("bundled", "new", ["p.json"], ["us-east-1"])


@pytest.mark.parametrize("name", base.COMMANDS)
def test_help_fits_80_columns_and_names_its_page(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main([name, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert lines[-1] == f"documentation: docs/usage.md#guardrail-{name}"
    assert [line for line in cli.overview().splitlines() if len(line) > 80] == []


def stand_in(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    """Make ``guardrail init`` fail with ``failure``, as nothing but a bug or a person at the keyboard would."""

    def run(_arguments: object) -> int:
        raise failure

    module = SimpleNamespace(HELP="", add_arguments=lambda _parser: None, run=run)
    monkeypatch.setitem(sys.modules, "guardrail.commands.init", module)


def test_a_guardrail_error_without_a_hint_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, GuardrailError("a thing is missing"))
    assert cli.main(["init"]) == 2
    assert capsys.readouterr().err == "guardrail: a thing is missing\n"


def test_control_characters_of_a_hostile_file_do_not_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, GuardrailError("no type '\x1b[2J\u202e'"))
    assert cli.main(["init"]) == 2
    assert capsys.readouterr().err == "guardrail: no type '\\x1b[2J\\u202e'\n"


def test_a_bug_is_exit_70_and_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in(monkeypatch, ZeroDivisionError("division\nby zero"))
    assert cli.main(["init"]) == 70
    shown = capsys.readouterr().err
    assert shown.splitlines()[0] == "guardrail: a bug in guardrail: ZeroDivisionError: division"
    assert "Traceback" not in shown
    monkeypatch.setenv("GUARDRAIL_DEBUG", "1")
    assert cli.main(["init"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_lack_of_memory_is_exit_70_and_never_a_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, MemoryError())
    assert cli.main(["init"]) == 70
    assert capsys.readouterr().err == "guardrail: out of memory\nhint: check a part of it at a time\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["chek"], 2), (["check", "missing.json"], 2)])
def test_a_standard_error_that_cannot_be_written_leaves_the_exit_code(arguments: list[str], code: int) -> None:
    """Python's own would be 1, a violated policy, or 120."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "guardrail", *arguments], stderr=full, check=False)
    assert done.returncode == code


def test_an_interrupted_run_is_exit_130_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, KeyboardInterrupt())
    assert cli.main(["init"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_closed_pipe_leaves_quietly() -> None:
    """``guardrail completion bash | head -c 0`` prints no traceback, neither of ours nor the interpreter's own."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "guardrail", "--help"], stdout=writing, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("arguments", "what"), [(["completion", "bash"], "cannot write to standard output"), (["--help"], "output")]
)
def test_a_full_disk_behind_standard_output_is_no_answer(arguments: list[str], what: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "guardrail", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert (done.returncode, done.stderr) == (2, f"guardrail: {what}: No space left on device\n")


@pytest.mark.parametrize(
    ("before", "code", "shown"),
    [("", 2, "at the end\n"), ("sys.setprofile(print)", 2, "at the end\n"), ("sys.stdout = None", 2, "")],
)
def test_what_others_asked_for_at_the_end_happens_whatever_ends_the_process(before: str, code: int, shown: str) -> None:
    """Coverage of a command is written down then; a profiler tells what it has seen once `main` is back."""
    script = f"""
import atexit, sys
from guardrail.__main__ import main
atexit.register(print, "at the end")
sys.argv[1:] = ["check", "missing.json"]
{before.replace("print", "lambda *_: None")}
code = main()
assert sys.getprofile(), "it came back"
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (code, shown)
    assert "missing.json" in done.stderr


def test_a_report_of_many_buffers_is_written_whole_before_the_process_ends(tmp_path: Path) -> None:
    """A pipe takes 64 KiB at a time, and nobody reads it until the writer waits."""
    states = {"format_version": "1.0", "values": {"root_module": {"resources": [endpoint(n) for n in range(300)]}}}
    (tmp_path / "state.json").write_text(json.dumps(states))
    command = [sys.executable, "-m", "guardrail", "check", "state.json", "--format", "json", "--fail-on", "never"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(json.loads(done.stdout)["endpoints"]) == 300
    assert len(done.stdout) > 2**16


def endpoint(number: int) -> dict[str, object]:
    """One endpoint of a state, whose configuration is elsewhere."""
    values = {"name": f"chat-{number}", "endpoint_config_name": f"chat-{number}", "region": "us-east-1"}
    address = f"aws_sagemaker_endpoint.chat[{number}]"
    return {"address": address, "type": "aws_sagemaker_endpoint", "name": "chat", "mode": "managed", "values": values}
