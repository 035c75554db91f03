"""Surroundings that nobody planned: no home, no disk, no clock, no working directory, a file that changes meanwhile.

Each is one clear line and exit code 2, or the answer all the same; what is there is never half written. Closed streams
and signals stand in `test_cli` and `test_output`, pipes and devices in `test_there_and_unreadable`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from guardrail import cli
from tests.hostile import inputs

ROOT = Path(__file__).resolve().parents[1]
PLAN = json.dumps(inputs.a_plan())
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """The path of a plan that fails a policy: exit code 1."""
    path = tmp_path / "plan.json"
    path.write_text(PLAN)
    return str(path)


def check(plan: str, *arguments: str) -> int:
    return cli.main(["check", plan, "--isolated", "--format", "json", *arguments])


@pytest.mark.parametrize("year", [1970, 1980, 2100, 9998])
def test_an_answer_does_not_hang_on_what_year_the_clock_shows(
    year: int, plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seconds to the first of January of that year: 365 days each, and one for each leap year before it."""
    leap = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - (1969 // 4 - 1969 // 100 + 1969 // 400)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(((year - 1970) * 365 + leap) * 86_400))
    assert check(plan) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["today"] == f"{year}-01-01"
    assert report["totals"]["after"]["floor"] == inputs.COSTS


@pytest.fixture
def noon_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AbstractContextManager[object]]:
    """Moves the clock itself to a day, and lets no variable stand for it."""
    time_machine = pytest.importorskip("time_machine")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    return lambda day: time_machine.travel(f"{day}T12:00:00+00:00")


WAIVED = """\
prices: {max_age_days: 400}
waivers:
  max_days: 36500
  entries:
  - {policy: realtime-variants-scale, address: "*", until: 2026-12-31, reason: Agreed.}
"""


@pytest.mark.parametrize(
    ("day", "expected", "told"),
    [
        ("1980-01-01", ("waived", 3), "prices of us-east-1 are of a time to come, 2026-05-20: is it 1980-01-01,"),
        ("2026-05-19", ("waived", 0), None),  # it is the 20th of May already, further east
        ("2026-12-31", ("waived", 0), None),
        ("2027-01-01", ("fail", 1), "expired on 2026-12-31"),
        ("2038-01-20", ("fail", 1), "the oldest in use is of 2026-05-08, 4,275 days ago, and 400 days are the limit"),
        ("2100-02-28", ("fail", 1), "the oldest in use is of 2026-05-08, 26,959 days ago, and 400 days are the limit"),
        ("9998-12-31", ("fail", 1), "expired on 2026-12-31"),
    ],
)
def test_what_hangs_on_the_clock_says_so_where_the_clock_cannot_be_right(
    plan: str,
    capsys: pytest.CaptureFixture[str],
    noon_of: Callable[[str], AbstractContextManager[object]],
    day: str,
    expected: tuple[str, int],
    told: str | None,
) -> None:
    """The clock itself moves. From 2026-05-08 to 2038-01-20 are 11 years of 365 days, 3 leap days and 257 days."""
    settings, table = (Path(plan).with_name(name) for name in ("s.yml", "table"))
    settings.write_text(WAIVED)
    with noon_of(day):
        words = ("check", plan, "--strict", f"--config={settings}", "--format", "json", "--format", f"table={table}")
        code = cli.main(words)
    report = json.loads(capsys.readouterr().out)
    verdicts = {each["verdict"] for each in report["results"] if each["policy"] == "realtime-variants-scale"}
    assert (report["today"], verdicts, code) == (day, {expected[0]}, expected[1])
    assert report["totals"]["after"]["floor"] == inputs.COSTS
    assert told is None or any(told in notice for notice in report["notices"])
    head = table.read_text("utf-8").splitlines()[1]
    assert ("of a time to come" in head) == (day == "1980-01-01")
    assert "-" not in head.partition("old")[0].rpartition(",")[2], "an age below zero"


@pytest.mark.parametrize("day", ["1980-01-01", "2038-01-20", "2100-02-28"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "PLAN", "aws_sagemaker_endpoint.e"],
        ["usage", "init", "PLAN", "--output", "-"],
        ["prices", "list", "--region", "us-east-1"],
        ["prices", "show", "ml.m5.xlarge"],
        ["policies", "test"],
        ["init", "--force"],
        ["check", "PLAN", "--format", "html"],
        ["check", "PLAN", "--format", "junit"],
        ["check", "PLAN", "--format", "sarif"],
    ],
    ids=" ".join,
)
def test_every_command_answers_whatever_day_it_is(
    plan: str,
    monkeypatch: pytest.MonkeyPatch,
    noon_of: Callable[[str], AbstractContextManager[object]],
    day: str,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(Path(plan).parent)
    with noon_of(day):
        assert cli.main([plan if each == "PLAN" else each for each in arguments]) in (0, 1)


@pytest.mark.parametrize("epoch", ["x", "-1", "1e5", "٣", "253370764800", "9" * 20, "9" * 5000])
def test_an_epoch_that_is_none_is_one_line(
    epoch: str, plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seventh is longer than what Python makes a number of; the fifth is the first second of 9999."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert check(plan) == 2
    assert capsys.readouterr().err == (
        f"guardrail: SOURCE_DATE_EPOCH is {epoch[:20]!r}, not seconds since 1970\nhint: unset SOURCE_DATE_EPOCH\n"
    )


@NEEDS_PROC
@pytest.mark.parametrize("arguments", [["check"], ["check", "PLAN"], ["policies", "list"], ["explain", "PLAN"]])
def test_a_working_directory_that_is_gone_is_named(
    arguments: list[str],
    plan: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main([plan if word == "PLAN" else word for word in arguments]) == 2
    assert capsys.readouterr() == ("", "guardrail: the working directory: No such file or directory\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_help_that_cannot_be_written_is_no_success() -> None:
    """Argparse takes it for one: it prints, and looks away."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "guardrail", "check", "--help"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"guardrail: output: No space left on device\n")


# Files that change, and names of theirs -------------------------------------------------------------------------------


def _cut(path: str) -> None:
    os.truncate(path, len(PLAN) // 2)


def _emptied(path: str) -> None:
    os.truncate(path, 0)


def _replaced(path: str) -> None:
    Path(f"{path}.new").write_text("{}")
    os.replace(f"{path}.new", path)


def _removed(path: str) -> None:
    os.unlink(path)


def _grown(path: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"\n{PLAN}")


@pytest.mark.skipif(os.name == "nt", reason="Windows locks files that are read")
@pytest.mark.parametrize("change", [_cut, _emptied, _replaced, _removed, _grown])
def test_a_file_that_changes_while_it_is_read_is_read_whole_or_refused_in_one_line(
    change: Callable[[str], None], plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It changes each time in the moment after it was opened once more; a map of one that is cut would be SIGBUS."""
    stat, opened, at = os.fstat, 0, 1

    def and_then(descriptor: int) -> os.stat_result:
        nonlocal opened
        found = stat(descriptor)
        opened += found.st_size == len(PLAN)
        if opened == at and found.st_size == len(PLAN):
            change(plan)
        return found

    monkeypatch.setattr(os, "fstat", and_then)
    while opened >= at - 1:
        Path(plan).write_text(PLAN)
        opened = 0
        code = check(plan)
        said = capsys.readouterr()
        if code == 1:
            assert json.loads(said.out)["totals"]["after"]["floor"] == inputs.COSTS
        else:
            assert (code, said.out) == (2, "")
            assert said.err.startswith(f"guardrail: {plan} ")
            assert said.err.count("\n") <= 2
        at += 1
    assert at > 3


NAMES = ["a\nb", "::error::x", "-x", "--config", "%0A", "é\u202ex", "a b'\"`$(x)", "<b>&amp;", "\udcff"]
FORMATS = ("table", "json", "markdown", "summary", "html", "sarif", "junit", "gitlab", "github", "concise", "csv")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_file_is_called_every_format_is_text_without_a_line_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if sys.platform == "darwin" and "\udcff" in name:
        pytest.skip("macOS takes names in UTF-8 alone")
    Path(f"{name}.json").write_text(PLAN)
    formats = [word for each in FORMATS for word in ("--format", f"{each}=report.{each}")]
    assert cli.main(["check", "--isolated", *formats, "--", f"{name}.json"]) == 1
    assert capsys.readouterr().err == ""
    for each in FORMATS:
        lines = (tmp_path / f"report.{each}").read_bytes().decode("utf-8").splitlines()
        own = ("::error::x", "b.json") if each in ("table", "github", "concise") else "::error::x"
        assert not [line for line in lines if line.startswith(own)], each


@pytest.fixture
def other_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no relative path leads to from the working directory, as on Windows from C: to D:."""
    real, there = os.path.relpath, tmp_path / "D"

    def relative(path: str, start: str = os.curdir) -> str:
        drives = {Path(os.path.abspath(each)).is_relative_to(there) for each in (path, start)}
        if len(drives) > 1:
            raise ValueError("path is on mount 'D:', start on mount 'C:'")
        return real(path, start)

    for folder in ("C", "D/infra", "D/.git"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "C")
    monkeypatch.setattr(os.path, "relpath", relative)
    return there


def test_what_is_on_another_drive_is_checked_and_fixed_from_there(
    other_drive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two environments, of 1 and 2 instances at 169.02 USD a month each, are 507.06."""
    source = inputs.TERRAFORM.replace("= 2\n", "= var.n\n") + 'variable "n" { type = number }\n'
    files = {".guardrail.yml": "fail_on: never\nroots: {infra: {a: a.tfvars, b: b.tfvars}}\n", "infra/main.tf": source}
    files |= {"infra/a.tfvars": "n = 1\n", "infra/b.tfvars": "n = 2\n", "plan.json": PLAN}
    for name, text in files.items():
        (other_drive / name).write_text(text)
    Path("plan.json").write_text(PLAN)
    for paths, costs in ((["plan.json"], inputs.COSTS), (["infra"], "507.06"), (["plan.json", "infra"], "845.10")):
        words = ["check", *(str(other_drive / path) for path in paths), "--region", "us-east-1", "--format", "json"]
        assert cli.main(words) == 0
        assert json.loads(capsys.readouterr().out)["totals"]["after"]["expected"] == costs
    assert cli.main(["fix", str(other_drive / "infra")]) == 2
    said = f"guardrail: {other_drive / 'infra'} is on another drive than the working directory\nhint: run guardrail fix"
    assert capsys.readouterr().err.startswith(said)


def test_five_thousand_arguments_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", *(f"no{number}.json" for number in range(5_000))]) == 2
    assert capsys.readouterr().err.startswith("guardrail: no0.json does not exist\nhint: ")


# Disks and processes -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("what", ["report", "baseline"])
def test_where_a_file_may_not_grow_the_old_one_stands(
    what: str, plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that fills up does the same: what was written so far is gone again."""
    import resource

    (tmp_path / what).write_text('{"version": 1}')
    path = str(tmp_path / what)
    flags = ["--format", f"json={path}"] if what == "report" else ["--write-baseline", "--baseline", path]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        code = cli.main(["check", plan, "--isolated", "-q", *flags])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (code, capsys.readouterr().err) == (2, f"guardrail: cannot write {path}: File too large\n")
    assert (tmp_path / what).read_text() == '{"version": 1}'
    assert {path.name for path in tmp_path.iterdir()} == {"plan.json", what}


TOGETHER = """\
import os, sys
from guardrail import cli
words = ["check", "plan.json", "--isolated", "--format", "json=report.json",
         "--write-baseline", "--baseline", "baseline.json", "--region", "us-east-1", "-q"]
cli.main(words)
children = []
for number in range(20):
    if (child := os.fork()) == 0:
        os._exit(cli.main(words))
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children if child]
sys.exit(0 if codes == [0] * 20 else print(codes) or 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_twenty_runs_in_one_folder_leave_whole_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLAN)
    done = subprocess.run(
        [sys.executable, "-c", TOGETHER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert set(done.stderr.split("\n")) == {"guardrail: wrote baseline.json, findings: 2", ""}
    assert json.loads((tmp_path / "report.json").read_text())["totals"]["after"]["floor"] == inputs.COSTS
    assert json.loads((tmp_path / "baseline.json").read_text())["version"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"plan.json", "report.json", "baseline.json"}


WATCHED = """\
import runpy, sys
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & 0o103:  # to write, or to make
        sys.stderr.write(f"wrote {arguments[0]}\\\\n")
    elif event in ("os.mkdir", "os.rename", "os.remove", "socket.connect", "subprocess.Popen"):
        sys.stderr.write(f"{event} {arguments[0]}\\\\n")
sys.addaudithook(watch)
runpy.run_module("guardrail", run_name="__main__", alter_sys=True)
"""


@NEEDS_PROC
def test_with_no_home_in_the_plainest_terminal_a_check_writes_nothing_at_all(tmp_path: Path) -> None:
    """So an installation may be read-only. There is no PATH either, and the locale knows ASCII alone."""
    (tmp_path / "plan.json").write_text(PLAN)
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "TERM": "dumb", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, "check", "plan.json", "--region", "us-east-1"],
        cwd=tmp_path,
        env={**bare, **{name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"}},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"338" in done.stdout
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="needs descriptors that are closed")
def test_with_all_streams_closed_a_report_goes_into_its_file_and_nothing_else_does(tmp_path: Path) -> None:
    """What is opened first gets the number of standard input, then those of the others."""
    (tmp_path / "plan.json").write_text(PLAN)
    words = ["check", "plan.json", "--isolated", "--format", "table", "--format", "json=report.json", "--verbose"]
    done = subprocess.run(
        [sys.executable, "-m", "guardrail", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: os.closerange(0, 3),
        check=False,
    )
    assert done.returncode == 1
    assert json.loads((tmp_path / "report.json").read_text())["totals"]["after"]["floor"] == inputs.COSTS
    assert (tmp_path / "plan.json").read_text() == PLAN


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["check", "plan.json", "--isolated", "--write-baseline", "--baseline", "b.json", "--format", "json"], 0),
        (["policies", "validate", "p.yaml"], 2),
        ([], 2),
    ],
)
def test_what_is_said_goes_nowhere_where_there_is_no_standard_error(
    command: list[str], code: int, plan: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`print` takes the lack of a file for standard output, where a report is read."""
    monkeypatch.chdir(Path(plan).parent)
    Path("p.yaml").write_text("id: p")
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(command) == code
    shown = capsys.readouterr().out
    assert shown == "" or json.loads(shown)["exit_code"] == code
