"""Where answers go: colour, encodings, and files that are whole or not there."""

import ctypes
import errno
import io
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from guardrail import output
from guardrail.errors import GuardrailError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("flag", "environment", "expected"),
    [
        ("auto", {}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        ("auto", {"CLICOLOR": "0"}, False),
        ("auto", {"CLICOLOR": "1"}, True),
        ("auto", {"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, True),
        ("auto", {"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_decided_by_flag_then_variables_then_terminal(
    flag: output.Colour,
    environment: dict[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    assert output.wants_colour(flag, environment, Terminal()) is expected


def test_force_color_colours_what_is_no_terminal() -> None:
    assert output.wants_colour("auto", {}, io.StringIO()) is False
    assert output.wants_colour("auto", {"FORCE_COLOR": "1"}, io.StringIO()) is True
    assert output.wants_colour("auto", {"FORCE_COLOR": "0"}, io.StringIO()) is False
    assert output.wants_colour("auto", {"CLICOLOR_FORCE": "1"}, io.StringIO()) is True
    assert output.wants_colour("auto", {"CLICOLOR": "1", "CLICOLOR_FORCE": ""}, io.StringIO()) is False


@pytest.mark.parametrize("heeds", [True, False])
def test_a_console_of_windows_is_coloured_if_it_takes_the_mode_for_it(
    heeds: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With Windows' own calls stood in for, which a test elsewhere cannot make: 4 is the flag, added to the mode."""
    modes = []

    class Console(Terminal):
        def fileno(self) -> int:
            return 1

    def told(_: object, mode: int) -> bool:
        modes.append(mode)
        return heeds

    kernel = SimpleNamespace(GetConsoleMode=lambda *_: True, SetConsoleMode=told)
    monkeypatch.setattr(ctypes, "WinDLL", lambda _: kernel, raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda _: 7))
    monkeypatch.setattr(sys, "platform", "win32")
    assert output.wants_colour("auto", {}, Console()) is heeds
    assert modes == [4]


@pytest.mark.parametrize(("encoding", "carried"), [("utf-8", True), ("ascii", False), ("cp1252", False)])
def test_glyphs_are_for_encodings_that_have_them(encoding: str, carried: bool) -> None:  # noqa: FBT001
    assert output.carries_glyphs(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is carried
    assert output.carries_glyphs(None) is False


@pytest.mark.parametrize(
    ("platform", "number", "is_gone"),
    [
        ("linux", errno.EPIPE, True),
        ("win32", errno.EPIPE, True),
        ("win32", errno.EINVAL, True),
        ("linux", errno.EINVAL, False),
        ("win32", errno.ENOSPC, False),
    ],
)
def test_a_reader_that_has_left_is_told_from_a_disk_that_is_full_as_each_system_says_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, number: int, *, is_gone: bool
) -> None:
    class Pipe(io.StringIO):
        def flush(self) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sys, "stdout", Pipe())
    monkeypatch.setattr(sys, "platform", platform)
    if is_gone:
        output.write_stdout("it")
    else:
        with pytest.raises(GuardrailError, match="cannot write to standard output"):
            output.write_stdout("it")


def test_a_name_that_the_encoding_lacks_is_escaped_for_people_and_utf_8_for_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for for_machines, expected in ((False, b"caf\\xe9"), (True, "café".encode())):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
        output.write_stdout("café", for_machines=for_machines)
        assert raw.getvalue() == expected


def test_a_process_without_standard_output_still_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    output.write_stdout("nobody reads this")


def test_a_file_is_replaced_at_once_and_through_its_link(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    (tmp_path / "link.json").symlink_to("old.json")
    output.write_file(str(tmp_path / "link.json"), "new\n")
    assert (tmp_path / "old.json").read_bytes() == b"new\n"
    assert (tmp_path / "link.json").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link.json", "old.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(GuardrailError, match=r"cannot write .*report\.json: No space left on device"):
        output.write_file(str(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_bad_paths_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(GuardrailError, match="it is a directory"):
        output.write_file(str(tmp_path), "x")
    (tmp_path / "file").touch()
    with pytest.raises(GuardrailError, match="cannot write"):
        output.write_file(str(tmp_path / "file" / "report.json"), "x")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    output.write_file(str(tmp_path / "reports" / "today" / "report.json"), "x")
    assert (tmp_path / "reports" / "today" / "report.json").read_text() == "x"


def test_what_is_said_is_one_line_whatever_a_folder_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("guardrail: a\n::error::b/main.tf:1:1: it is not closed")  # a command to GitHub's runner
    assert capsys.readouterr().err == "guardrail: a\\n::error::b/main.tf:1:1: it is not closed\n"


def test_a_stopwatch_that_is_told_nothing_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for tells in (False, True):
        watch = output.Stopwatch(tells=tells)
        watch.step("read a\x1b[2Jb")
        watch.end("exit 0")
        said = capsys.readouterr().err
        expected = r"guardrail: read a\\x1b\[2Jb \(\d+ ms\)\nguardrail: exit 0 \(\d+ ms\)\n" if tells else ""
        assert re.fullmatch(expected, said), said


@pytest.mark.skipif(os.name == "nt", reason="named pipes are no files on Windows")
def test_a_pipe_is_written_to_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output.write_file(str(pipe), "report")
    assert os.read(reading, 100) == b"report"
    os.close(reading)


def test_the_width_is_that_of_columns_and_80_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    assert output.terminal_width() == 132
    monkeypatch.setenv("COLUMNS", "wide")
    assert output.terminal_width() == 80


# Ends ----------------------------------------------------------------------------------------------------------------

WRITING = """\
import os, sys, time
from guardrail import output
def slowly(*_):
    print("written beside", flush=True)
    time.sleep(60)
os.replace = slowly
output.write_file(sys.argv[1], "new")
"""


def _minding_signals() -> None:
    """As a shell in the foreground starts a process; `nohup` and the background have it ignore some of them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_a_temporary_folder_is_gone_where_a_signal_ends_the_process(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """A cancelled job must not leave bills that were unpacked into it, nor half of a report that was being written."""
    script = (
        "import os, signal, sys\n"
        "from guardrail import output, signals\n"
        f"signal.signal({number:d}, signals.end if {number:d} == signal.SIGINT else signal.SIG_DFL)\n"
        f"os.replace = lambda *_: os.kill(os.getpid(), {number:d})\n"
        "with output.temporary_folder() as folder:\n"
        "    open(os.path.join(folder, 'bill.csv'), 'w').close()\n"
        "    output.write_file(os.path.join(os.environ['TMPDIR'], 'report.json'), 'new')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_process_that_is_told_to_end_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, name: str) -> None:
    """Told in the moment when the new content is written and not renamed yet; it ends by that signal all the same."""
    number = signal.Signals[name]
    report = tmp_path / "report.json"
    report.write_text("old")
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, report],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=_minding_signals,  # noqa: PLW1509 - no threads
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written beside\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == -number
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert report.read_text() == "old"


def test_signals_are_as_they_were_after_a_file_is_written(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    output.write_file(str(tmp_path / "a"), "x")
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    thread = threading.Thread(target=output.write_file, args=(str(tmp_path / "b"), "x"))
    thread.start()
    thread.join()
    assert (tmp_path / "b").read_text() == "x"


INTERRUPTED = """\
import os, runpy, signal, sys
_, module, *sys.argv[1:] = sys.argv
class Importing:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Importing())
runpy.run_module("guardrail", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize(
    "module", ["guardrail.cli", "guardrail.errors", "guardrail.commands.check", "guardrail.sources"]
)
def test_an_interrupt_at_any_import_ends_without_a_traceback(module: str, tmp_path: Path) -> None:
    """130 is what a shell makes of a process that an interrupt has ended."""
    (tmp_path / "plan.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, "check", "plan.json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode in (-signal.SIGINT, 130)
    assert (done.stdout, done.stderr) == (b"", b"")


INTERRUPTED_IN_MSGSPEC = """\
import os, runpy, signal, sys
def watch(frame, event, _):
    called = event == "call" and frame.f_code.co_name == "__hash__"
    if called and frame.f_back.f_code.co_filename.endswith("strict_yaml.py"):
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)
sys.setprofile(watch)
runpy.run_module("guardrail", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_an_interrupt_in_the_middle_of_what_cannot_bear_an_exception_ends_in_130(tmp_path: Path) -> None:
    """Where Python raises while msgspec 0.22 asks it for types the process goes on, or ends in a segmentation fault."""
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / ".guardrail.yml").write_text("strict: true")
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_MSGSPEC, "check", "plan.json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
