"""``guardrail action``: the steps of the GitHub Action, as one program that is tested, instead of shell in YAML.

The action passes its inputs in variables: ``fail-on`` is ``GUARDRAIL_INPUT_FAIL_ON``. The check is a process of its
own, as people run it, so that its exit code is the verdict and no token is in its environment. What it prints is shown
in a stretch of the log in which the runner reads no commands: names from a plan stand in it.
"""

import fnmatch
import glob
import os
import re
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from decimal import Decimal

import msgspec
from msgspec import Struct, structs

from guardrail import files, output
from guardrail.errors import GitError, GitHubError, GuardrailError
from guardrail.github import base_branch, runner
from guardrail.github.base_branch import Base
from guardrail.github.runner import Event
from guardrail.limits import MOST_SUGGESTED
from guardrail.settings import load, start_of
from guardrail.sources import is_terraform

HELP = """\
run as a step of GitHub Actions

action.yml calls it. It reads inputs from variables (fail-on is
GUARDRAIL_INPUT_FAIL_ON), and writes outputs, the summary page and annotations.
The verdict is the output exit-code: the step itself fails only where it cannot
run.

examples:
  guardrail action check
  guardrail action comment
"""

PREFIX = "GUARDRAIL_INPUT_"
UNKNOWN = "unknown"
"""The value of an output that is not known: as a number it is none, where an empty text would be zero."""
OUTPUTS = (
    "exit-code",
    "findings",
    "monthly-floor",
    "monthly-expected",
    "monthly-ceiling",
    "monthly-delta",
    "has-news",
    "report-json",
    "sarif-file",
    "html-file",
)
_SECRETS = ("GITHUB_TOKEN", "GH_TOKEN", f"{PREFIX}TOKEN")
_FOR_THE_RUNNER = {"PYTHONIOENCODING": "utf-8"}
"""Which reads what we and those we start print, on Windows as well."""
NO_ANSWER = 2
_ANSWERS = (0, 1, 3)
"""Exit codes with which there is a report."""
_VALUES = ("region", "source", "workspace", "group-by", "fail-on", "budget", "budget-delta", "tag")
"""Inputs that are one flag with one value."""
_REPEATED = ("parameters", "var-file", "var", "skip-policy")
"""Inputs that are a flag for each line."""
_TERMS = ("config", "usage-file", "evidence", "baseline", "prices")
"""Inputs that are one file or folder, and that the author of a fork must not write."""
_OF_FIX = frozenset(
    f"--{name}"
    for name in (
        *("any-owner", "region", "source", "workspace", *_REPEATED),
        *("config", "usage-file", "evidence", "prices", "policies", "settings-from", "untrusted"),
    )
)
"""Flags of a check that a fix has, too."""
MOST_S = 600
"""Seconds for all fixes to be proven in."""
MERGED = "actions/checkout with fetch-depth: 2 for the merge that GitHub checks out, 0 for any other commit"
_TRUSTED_EVENTS = ("push", "schedule", "workflow_dispatch", "merge_group")
"""Events without a pull request that only happen for code in the repository itself."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the step."""
    parser.add_argument("step", metavar="STEP", choices=("check", "comment"), help="check, comment")


def run(arguments: Namespace) -> int:
    """Run the step. What it prints is for the runner, which reads UTF-8 on Windows as well."""
    output.set_for_machines(sys.stdout)
    inputs = ActionInputs(os.environ)
    return _check(inputs) if arguments.step == "check" else _comment(inputs)


class ActionInputs:
    """What the workflow says behind ``with:``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        """An input without the blanks around it; empty where it is not given."""
        return self._environment.get(PREFIX + name.upper().replace("-", "_"), "").strip()

    def lines(self, name: str) -> list[str]:
        """An input that may be several, a line each."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def on(self, name: str) -> bool:
        """An input that is true or false. Raises `GitHubError` for anything else."""
        text = self.text(name).lower()
        if text not in ("true", "false", ""):
            raise GitHubError(f"{name}: {text!r} is neither true nor false")
        return text == "true"


class Reports(Struct, frozen=True, kw_only=True):
    """Where the reports of one check go; empty where nobody asked."""

    json: str
    comment: str
    summary: str = ""
    annotations: str = ""
    sarif: str = ""
    junit: str = ""
    html: str = ""

    def flags(self) -> Iterator[str]:
        """As ``guardrail check`` takes them; the table goes to the log."""
        yield "--format=table"
        for name, path in (
            ("json", self.json),
            ("markdown", self.comment),
            ("summary", self.summary),
            ("github", self.annotations),
            ("sarif", self.sarif),
            ("junit", self.junit),
            ("html", self.html),
        ):
            if path:
                yield f"--format={name}={path}"


# Check ---------------------------------------------------------------------------------------------------------------


def _check(inputs: ActionInputs) -> int:
    """Check, show, and set the outputs. Returns 0 whatever the verdict: a later step exits with it."""
    if inputs.lines("reports"):
        return _merging(inputs)
    folder = tempfile.mkdtemp(prefix="guardrail-", dir=runner.path_of(os.environ, "RUNNER_TEMP"))
    reports = Reports(json=os.path.join(folder, "report.json"), comment=os.path.join(folder, "comment.md"))
    suggestions = ""
    try:
        reports = _reports(inputs, reports, folder)
        asked = _asked(inputs, os.path.join(folder, "base"))
        code, said = _checked(asked, reports)
        if code in _ANSWERS and inputs.on("suggest"):
            suggestions = _suggestions(asked, reports, os.path.join(folder, "suggestions.json"))
    except GuardrailError as error:  # wrong inputs are said where wrong plans are
        code, said = NO_ANSWER, f"guardrail: {error.message}" + (f"\nhint: {error.hint}" if error.hint else "")
    if code in _ANSWERS:
        _show(reports)
    else:
        _show_failure(said.strip() or f"guardrail check ended with exit code {code}", reports, inputs)
    _set_outputs(code, reports, suggestions)
    return 0


def _merging(inputs: ActionInputs) -> int:
    """Nothing is checked: the comment is made of reports that other jobs wrote."""
    code = 0
    try:
        _reports_of_others(inputs)
    except GitHubError as error:
        code = NO_ANSWER
        print(runner.command("error", f"guardrail: {error.message}\nhint: {error.hint}"), flush=True)
    path = runner.path_of(os.environ, "GITHUB_OUTPUT")
    values = dict.fromkeys(OUTPUTS, UNKNOWN) | {"report-json": "", "sarif-file": "", "html-file": ""}
    for name, value in (values | {"exit-code": str(code)}).items():
        runner.set_output(path, name, value)
    return 0


def _reports_of_others(inputs: ActionInputs) -> list[str]:
    """The files to merge. Raises `GitHubError` where something is to be checked as well, or a line names none.

    What is expected and has no report is said in the comment, be it all of it.
    """
    if inputs.lines("path"):
        raise GitHubError("path: reports of other jobs are merged, and nothing is checked", hint="leave out path")
    directory = _directory(inputs)
    found = _matching("reports", inputs, directory, may_lack=bool(inputs.lines("expect")))
    return [os.path.join(directory, path) for path in found]


class _CheckRequest(Struct, frozen=True, kw_only=True):
    """The check that the inputs of the action ask for: its folder, flags and paths."""

    directory: str
    flags: tuple[str, ...]
    paths: tuple[str, ...]


def _asked(inputs: ActionInputs, base: str) -> _CheckRequest:
    """What the inputs ask for; ``base`` is the folder that gets the terms of a base branch. Raises `GuardrailError`."""
    directory = _directory(inputs)
    paths = _paths(inputs, directory)
    terms = _terms(inputs, directory, runner.event(os.environ), base, paths)
    return _CheckRequest(directory=directory, flags=("--any-owner", *_flags(inputs), *terms), paths=tuple(paths))


def _checked(asked: _CheckRequest, reports: Reports) -> tuple[int, str]:
    """The exit code of the check, and what it says on standard error."""
    command = [*_guardrail("check"), *asked.flags, *reports.flags(), "--", *asked.paths]
    with runner.Quiet():
        done = subprocess.run(  # noqa: S603 - ourselves, without a shell
            command, cwd=asked.directory, env=_without_secrets(), stderr=subprocess.PIPE, check=False
        )
        _print(done.stderr)
    return done.returncode, done.stderr.decode(errors="replace")


def _suggestions(asked: _CheckRequest, reports: Reports, path: str) -> str:
    """The file with fixes of what the change brings, for a later step that suggests them; empty where there is none.

    They are found as the check was made. What goes wrong is said and leaves the verdict alone.
    """
    if runner.event(os.environ).pull_request is None:
        return ""
    flags = [flag for flag in asked.flags if flag.partition("=")[0] in _OF_FIX]
    flags += [f"--new-in={reports.json}", f"--most={MOST_SUGGESTED}", f"--suggestions={path}"]
    command = [*_guardrail("fix"), *flags, "--", *asked.paths]
    try:
        done = subprocess.run(  # noqa: S603 - ourselves, without a shell
            command, cwd=asked.directory, env=_without_secrets(), capture_output=True, timeout=MOST_S, check=False
        )
        said = done.stderr.decode(errors="replace").strip()
    except subprocess.TimeoutExpired:
        said = f"guardrail: fixes are not proven within {MOST_S} seconds\nhint: guardrail fix"
    if os.path.exists(path):
        return path
    print(runner.command("notice", f"nothing is suggested\n{said}"), flush=True)
    return ""


def _print(said: bytes) -> None:
    """To standard output, because of two streams a runner cannot tell which line came first."""
    sys.stdout.buffer.write(said)
    sys.stdout.flush()


def _directory(inputs: ActionInputs) -> str:
    directory = inputs.text("working-directory") or "."
    if not os.path.isdir(directory):
        raise GitHubError(f"working-directory: there is no directory {directory}")
    return directory


def _guardrail(command: str) -> list[str]:
    """Ourselves again, with nothing of the working directory in the way of our modules."""
    return [sys.executable, "-P", "-m", "guardrail", command]


def _without_secrets() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SECRETS} | _FOR_THE_RUNNER


def _flags(inputs: ActionInputs) -> Iterator[str]:
    """The inputs that mean the same as a flag."""
    for name in _VALUES:
        if inputs.text(name):
            yield f"--{name}={inputs.text(name)}"
    for name in _REPEATED:
        yield from (f"--{name}={line}" for line in inputs.lines(name))
    yield from (f"--{name}" for name in ("all", "strict") if inputs.on(name))


def _terms(inputs: ActionInputs, directory: str, happened: Event, folder: str, paths: list[str]) -> Iterator[str]:
    """By what is judged: code that is not trusted by what stands in its base, and not by what it brings along."""
    revision = _origin(inputs, happened)
    named = [(name, inputs.text(name)) for name in _TERMS] + [("policies", line) for line in inputs.lines("policies")]
    compared = _compared(inputs, directory, happened, paths)
    if revision is None:
        yield from (f"--{name}={value}" for name, value in named if value)
        yield from [f"--compare-to={compared}"] if compared else []
        yield from _terms_before(
            directory, happened, folder, start_of(paths), are_named=any(value for _, value in named)
        )
        return
    with chdir(directory):
        base = _base(inputs, revision, folder)
        if os.path.isfile(os.path.join(base.root, ".git")):
            message = (
                f"working-directory: {directory} is in a submodule, which a change can put there with a past of its own"
            )
            raise GitHubError(message, hint="check from the repository itself")
        taken = [(name, _taken(name, value, base)) for name, value in named if value]
        base.take_terms(paths, dict(taken).get("config"))
        yield from (f"--{name}={value}" for name, value in taken)
        yield from [f"--compare-to={_past(compared, base)}"] if compared else []
    yield f"--settings-from={base.folder}"
    yield "--untrusted"


def _compared(inputs: ActionInputs, directory: str, happened: Event, paths: Sequence[str]) -> str:
    """What the inputs are compared with: what is named, and of folders of source the base of the pull request.

    A checkout that does not tell where the change began is worth a word, and the check goes on without a past.
    """
    named = inputs.text("compare-to")
    if named or happened.pull_request is None:
        return "" if named == "none" else named
    places = (os.path.join(directory, path) for path in paths)
    if not any(_is_or_was_source(place) for place in places):
        return ""
    try:
        return base_branch.before_the_change(directory, happened) or ""
    except GitError as error:
        said = f"what stood before the change is not known: {error.message}\nhint: {MERGED}"
        print(runner.command("notice", said), flush=True)
    return ""


def _is_or_was_source(place: str) -> bool:
    """Whether a path is a folder of source, or is not there and may have been one before the change."""
    return is_terraform(place) if os.path.isdir(place) else not (os.path.lexists(place) or place.endswith(".json"))


def _origin(inputs: ActionInputs, happened: Event) -> str | None:
    """The revision whose terms count; None where those of the checkout do, because its code is trusted.

    Whoever can push, dispatch or merge may change the terms, and so may a pull request from a branch, where a review
    sees it. Other events run for somebody else's code without saying whose (``issue_comment``, ``workflow_run``), or
    with secrets beside it (``pull_request_target``). Raises `GitHubError` where nobody can tell.
    """
    named = inputs.text("terms-from")
    if named:
        return named
    if happened.name == "pull_request" and happened.pull_request is not None:
        if not happened.from_fork:
            return None
        if happened.base is None:
            raise GitHubError("the event of this pull request from a fork names no base, whose settings would count")
        if not re.fullmatch(r"[0-9a-f]{40,64}", happened.base):
            raise GitHubError(f"the base of the pull request is no commit: {happened.base!r}")
        return happened.base
    if happened.name in _TRUSTED_EVENTS:
        return None
    raise GitHubError(
        f"whose code is checked for {happened.name or 'an event without name'}, and whose terms count, cannot be told",
        hint="terms-from: the revision whose settings count, such as origin/main, with fetch-depth: 0 for the checkout",
    )


def _base(inputs: ActionInputs, revision: str, folder: str) -> Base:
    try:
        return Base(os.getcwd(), revision, folder)
    except GitError as error:
        if inputs.text("terms-from"):
            raise GitHubError(f"terms-from: {error.message}", hint=base_branch.FETCH) from error
        message = f"the base commit {revision[:12]}, whose settings count for a fork, is not in this checkout"
        raise GitHubError(message, hint=base_branch.FETCH) from error


def _taken(name: str, path: str, base: Base) -> str:
    """The file of the base that stands where ``path`` does; what lies outside the repository is the workflow's own."""
    if not base.holds(path):
        return os.path.abspath(path)
    found = base.take(path)
    if found is None:
        raise GitHubError(f"{name}: {path} is not in the base branch, whose settings count for code of others")
    return found


def _past(compared: str, base: Base) -> str:
    """What is compared with: a file or folder that the base has is the base's, whatever the change made of it."""
    if not os.path.lexists(compared) or not base.holds(compared):
        return compared
    return base.take(compared) or compared


def _terms_before(directory: str, happened: Event, folder: str, start: str, *, are_named: bool) -> Iterator[str]:
    """The base of a pull request from a branch, so that the comment can say what it does to its own terms.

    A checkout without it is worth a word only where there are terms, which a change could have altered.
    """
    if happened.name != "pull_request" or happened.base is None:
        return
    try:
        Base(os.path.abspath(directory), happened.base, folder)
    except GuardrailError as error:
        with chdir(directory):
            found = load(start)
        if are_named or found.path or found.settings.usage_file or found.settings.baseline.file:
            said = f"whether the change alters its own terms is not known: {error.message}\nhint: {base_branch.FETCH}"
            print(runner.command("notice", said), flush=True)
    else:
        yield f"--terms-before={happened.base}"


def _paths(inputs: ActionInputs, directory: str) -> list[str]:
    """The inputs of the check: a line each, with ``*``, ``?``, ``[…]`` and ``**`` for several."""
    if "-" in inputs.lines("path"):
        raise GitHubError("path: a step has no standard input", hint="path: plan.json")
    paths = _matching("path", inputs, directory)
    if not paths:
        raise GitHubError("path: nothing to check", hint="path: plan.json")
    return paths


def _matching(name: str, inputs: ActionInputs, directory: str, *, may_lack: bool = False) -> list[str]:
    """The files that the lines of an input name. Raises `GitHubError` where one of them names none, unless it may."""
    paths: dict[str, None] = {}
    for line in inputs.lines(name):
        exists = os.path.exists(os.path.join(directory, line))
        found = [line] if exists or not glob.has_magic(line) else _matches(name, line, directory)
        if not found and not may_lack:
            raise GitHubError(f"{name}: nothing matches {line}", hint="paths are relative to working-directory")
        paths |= dict.fromkeys(found)
    return list(paths)


def _matches(name: str, pattern: str, directory: str) -> list[str]:
    """What a pattern matches below ``directory``, sorted. A link matches as itself, and nothing behind it does.

    A link to ``.`` would else be its own folder again and again, and every input in it another one. Raises
    `GitHubError` where there is more to go through than `guardrail.limits` allows.
    """
    parts = pattern.split("/")
    fixed = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    top, wanted = "/".join(parts[:fixed]), parts[fixed:]
    start = os.path.join(directory, top) if top else directory
    found = []
    try:
        for parent, folders, names in files.walk(start):
            inside = os.path.relpath(parent, start)
            below = [] if inside == os.curdir else inside.split(os.sep)
            paths = ([*below, name] for name in folders + names)
            found += ["/".join([*parts[:fixed], *path]) for path in paths if _fits(path, wanted)]
            if "**" not in wanted and len(below) + 1 >= len(wanted):
                folders.clear()
    except OSError as error:
        raise GitHubError(
            f"{name}: {pattern} cannot be searched: {error.strerror}", hint="name a folder first"
        ) from error
    return sorted(found)


def _fits(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the names of a path match the parts of a pattern; ``**`` is any number of folders.

    As a shell has it, what begins with a dot is matched only by a part that does.
    """
    if not wanted:
        return not names
    if wanted[0] == "**":
        visible = next((at for at, name in enumerate(names) if name.startswith(".")), len(names))
        return any(_fits(names[at:], wanted[1:]) for at in range(visible + 1))
    return (
        bool(names)
        and names[0].startswith(".") <= wanted[0].startswith(".")
        and fnmatch.fnmatchcase(names[0], wanted[0])
        and _fits(names[1:], wanted[1:])
    )


def _reports(inputs: ActionInputs, reports: Reports, folder: str) -> Reports:
    """Where each report goes: what is asked for to its place, the rest into ``folder``."""
    directory = _directory(inputs)
    return structs.replace(
        reports,
        summary=os.path.join(folder, "summary.md") if inputs.on("summary") else "",
        annotations=os.path.join(folder, "annotations.txt") if inputs.on("annotations") else "",
        sarif=_place("sarif", inputs, directory),
        junit=_place("junit", inputs, directory),
        html=_place("html", inputs, directory),
    )


def _place(name: str, inputs: ActionInputs, directory: str) -> str:
    """The absolute path of a report. One in the workspace may not lead out of it by a symbolic link of the change."""
    path = inputs.text(name)
    if not path:
        return ""
    path = os.path.normpath(os.path.join(os.path.abspath(directory), path))
    workspace = os.path.abspath(os.environ.get("GITHUB_WORKSPACE") or directory)
    if files.lies_in(path, workspace) and not files.lies_in(os.path.realpath(path), os.path.realpath(workspace)):
        raise GitHubError(f"{name}: {inputs.text(name)} is a symbolic link to outside of the workspace")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


# What the runner shows -----------------------------------------------------------------------------------------------


def _show(reports: Reports) -> None:
    """The summary first: whatever fails later, it is there."""
    if reports.summary:
        _summarize(_read(reports.summary))
    if reports.annotations:
        print(_read(reports.annotations), end="", flush=True)


def _show_failure(said: str, reports: Reports, inputs: ActionInputs) -> None:
    """That there is no answer, and why; in the comment too, where that of an older commit would stand for this one."""
    from guardrail.reporters.gfm import fenced
    from guardrail.reporters.markdown import marker

    text = f"### ❓ guardrail has no answer\n\n{fenced(said, 'text')}\n"
    with open(reports.comment, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(marker(inputs.text("tag") or "default") + text)
    if inputs.text("summary").lower() != "false":
        _summarize(text)
    print(runner.command("error", said), flush=True)


def _summarize(text: str) -> None:
    """On the page of the run; an old GitHub Enterprise Server has none."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        runner.append_summary(path, text)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


class _Amounts(Struct, frozen=True):
    """Of totals or of a change: a text, or why it is unknown."""

    floor: str | dict[str, str] = UNKNOWN
    expected: str | dict[str, str] = UNKNOWN
    ceiling: str | dict[str, str] = UNKNOWN


class _Monthly(_Amounts, frozen=True):
    at_least: bool = False


class _Totals(Struct, frozen=True):
    after: _Monthly
    delta: _Amounts | None = None


class _Summary(Struct, frozen=True):
    error: int
    warning: int
    note: int
    existing: int


class _JsonReport(Struct, frozen=True):
    """What the outputs need of the JSON report."""

    totals: _Totals
    summary: _Summary
    has_news: bool


def _set_outputs(code: int, reports: Reports, suggestions: str) -> None:
    """Set what action.yml declares, and the comment and the suggestions that a later step writes."""
    path = runner.path_of(os.environ, "GITHUB_OUTPUT")
    values = dict.fromkeys(OUTPUTS, UNKNOWN) | {
        "exit-code": str(code),
        "report-json": "",
        "comment-file": reports.comment,
        "suggestions-file": suggestions,
    }
    values |= {"sarif-file": "", "html-file": ""}
    if code in _ANSWERS:
        with open(reports.json, "rb") as file:
            report = msgspec.json.decode(file.read(), type=_JsonReport)
        values |= _figures(report) | {
            "report-json": reports.json,
            "sarif-file": reports.sarif,
            "html-file": reports.html,
        }
    for name, value in values.items():
        runner.set_output(path, name, value)


def _figures(report: _JsonReport) -> dict[str, str]:
    """New findings, and USD a month with two decimals; what lacks a part says so, and is no number then."""
    summary, after, delta = report.summary, report.totals.after, report.totals.delta
    lacks = ">=" if after.at_least else ""
    return {
        "findings": str(summary.error + summary.warning + summary.note - summary.existing),
        "monthly-floor": _usd(after.floor, lacks),
        "monthly-expected": _usd(after.expected, lacks),
        "monthly-ceiling": _usd(after.ceiling, lacks),
        "monthly-delta": _usd(delta.expected) if delta is not None else UNKNOWN,
        "has-news": "true" if report.has_news else "false",
    }


def _usd(amount: str | dict[str, str], mark: str = "") -> str:
    return f"{mark}{Decimal(amount):.2f}" if isinstance(amount, str) and amount != UNKNOWN else UNKNOWN


# Comment -------------------------------------------------------------------------------------------------------------


def _comment(inputs: ActionInputs) -> int:
    """Keep the comment of the pull request up to date. What goes wrong is said and leaves the verdict alone."""
    happened = runner.event(os.environ)
    mode = inputs.text("comment") or "update"
    if mode not in _MODES:
        raise GitHubError(f"comment: {mode!r} is none of {', '.join(_MODES)}, off")
    if happened.pull_request is None:
        print("guardrail: this run is of no pull request, so there is nothing to comment on")
        return 0
    try:
        command = [*_guardrail("comment"), "github", *_comment_of(inputs, mode)]
    except GitHubError:  # the step before has said which reports are missing
        return 0
    level = "notice" if happened.from_fork else "warning"
    is_written = _written(command, level, "no comment was written, the summary of the run has it all")
    if is_written and inputs.text("suggestions-file"):
        flags = [f"--suggest={inputs.text('suggestions-file')}", f"--tag={inputs.text('tag') or 'default'}"]
        _written([*_guardrail("comment"), "github", *flags], level, "nothing is suggested, guardrail fix has the patch")
    return 0


def _written(command: Sequence[str], level: str, otherwise: str) -> bool:
    """Whether a command succeeds; where it does not, what that means is an annotation."""
    environment = {**os.environ, **_FOR_THE_RUNNER}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)  # noqa: S603 - without a shell
    with runner.Quiet():
        _print(done.stdout + done.stderr)
    if done.returncode != 0:
        print(runner.command(level, f"{otherwise}\n{done.stderr.decode(errors='replace').strip()}"), flush=True)
    return done.returncode == 0


_MODES = ("update", "new", "section")
"""What can become of the comment, beside none."""


def _comment_of(inputs: ActionInputs, mode: str) -> Iterator[str]:
    """What ``guardrail comment`` is to write: reports of other jobs, a section of its own, or a whole comment."""
    reports = _reports_of_others(inputs)
    unchanged = inputs.on("only-when-changed")
    if inputs.lines("reports"):
        yield from (f"--expect={line}" for line in inputs.lines("expect"))
        yield from ["--only-when-changed"] if unchanged else []
        yield from ["--", *reports]
        return
    yield from ["--if-there"] if unchanged and inputs.text("has-news") == "false" else []
    body = f"--body={inputs.text('comment-file')}"
    if mode != "section":
        yield from [body, f"--mode={mode}"]
        return
    yield f"--section={inputs.text('tag') or 'default'}"
    yield from ["--", inputs.text("report-json")] if inputs.text("report-json") else [body]
