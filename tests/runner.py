"""A runner of GitHub Actions, as far as a composite action with shell steps needs one.

It evaluates the expressions that action.yml may hold, and fails on any other; runs each script with bash as the real
one does; reads outputs and the summary from their files; and reads workflow commands from what the steps print, which a
step can forbid for a while with ``::stop-commands::``.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests import in_process

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_OURSELVES = re.compile(r'\n"\$bin/python" -P -m guardrail (.*)\n$')
_COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$")


class Command(NamedTuple):
    """One workflow command that the runner obeyed."""

    name: str
    properties: dict[str, str]
    message: str


class Job:
    """What is left when the steps of an action have run."""

    def __init__(self) -> None:
        self.exit_code = 0
        self.ran: list[str] = []
        self.steps: dict[str, dict[str, str]] = {}
        self.outputs: dict[str, str] = {}
        self.summary = ""
        self.log = ""
        self.commands: list[Command] = []

    def said(self, *names: str) -> list[str]:
        """The messages of the commands of these names."""
        return [command.message for command in self.commands if command.name in names]


def run_action(
    action: Path,
    workspace: Path,
    temp: Path,
    inputs: dict[str, str],
    environment: dict[str, str],
    *,
    starts: bool = True,
) -> Job:
    """Run the composite action in ``action`` as a step of a job whose checkout is ``workspace``.

    Unless it ``starts`` guardrail, that is run in this process; all else is a shell's.
    """
    definition = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    assert definition["runs"]["using"] == "composite"
    unknown = inputs.keys() - definition["inputs"].keys()
    assert not unknown, f"a runner warns of unexpected inputs: {unknown}"
    token = environment.get("TEST_TOKEN", "")
    given = {name: _evaluated(str(one.get("default", "")), {}, {}, token) for name, one in definition["inputs"].items()}
    job, values = Job(), given | inputs
    summary = temp / "summary.md"
    summary.touch()
    common = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(action),
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(temp),
        "RUNNER_OS": "Linux",
        **{name: value for name, value in environment.items() if name != "TEST_TOKEN"},
    }
    for step in definition["runs"]["steps"]:
        if job.exit_code or not _holds(step.get("if", ""), values):
            continue
        own = {name: _evaluated(text, values, job.steps, token) for name, text in step.get("env", {}).items()}
        _run_step(step, job, workspace, temp, {**common, **own}, starts=starts)
    job.summary = summary.read_text(encoding="utf-8")
    for name, one in definition.get("outputs", {}).items():
        job.outputs[name] = _evaluated(one["value"], values, job.steps, token)
    return job


def _run_step(
    step: dict[str, Any], job: Job, workspace: Path, temp: Path, environment: dict[str, str], *, starts: bool
) -> None:
    assert step["shell"] == "bash"
    assert not _EXPRESSION.search(step["run"]), "an expression in a script is code that anybody may write"
    output = temp / f"output {len(job.ran)}"
    output.touch()
    environment = {**environment, "GITHUB_OUTPUT": str(output)}
    ourselves = _OURSELVES.search(step["run"])
    if ourselves is None or starts:
        script = temp / f"step {len(job.ran)}.sh"
        script.write_text(step["run"], encoding="utf-8")
        job.exit_code, said = _of_shell(script, workspace, environment)
    else:
        job.exit_code, said = in_process.printed(ourselves[1].split(), workspace, environment)
    job.ran.append(step["name"])
    job.log += said
    job.commands += _commands(said)
    if "id" in step:
        job.steps[step["id"]] = _outputs(output.read_text(encoding="utf-8"))


def _of_shell(script: Path, workspace: Path, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],  # noqa: S607 - as the runner does
        cwd=workspace,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _evaluated(text: str, inputs: dict[str, str], steps: dict[str, dict[str, str]], token: str) -> str:
    def value(found: re.Match[str]) -> str:
        expression = found[1]
        if expression == "github.token":
            return token
        if expression.startswith("inputs."):
            return inputs[expression.removeprefix("inputs.")]
        step = re.fullmatch(r"steps\.([a-z-]+)\.outputs\.([a-z-]+)", expression)
        assert step is not None, f"the runner of the tests does not know {expression}"
        return steps.get(step[1], {}).get(step[2], "")

    return _EXPRESSION.sub(value, text)


def _holds(condition: str, inputs: dict[str, str]) -> bool:
    if not condition:
        return True
    found = re.fullmatch(r"inputs\.([a-z-]+) != '([a-z]*)'", condition)
    assert found is not None, f"the runner of the tests does not know {condition}"
    return inputs[found[1]] != found[2]


def _outputs(text: str) -> dict[str, str]:
    """The outputs in a file, each ``NAME=VALUE`` or with a delimiter of its own."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if not heredoc:
            name, _, outputs[name] = line.partition("=")
            continue
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        outputs[name] = "\n".join(value)
    return outputs


def _commands(log: str) -> list[Command]:
    """The commands in a log, in both spellings that a runner knows, as it reads them."""
    found, resume = [], ""
    for line in re.split(r"\r\n|\n|\r", log):
        if resume:
            resume = "" if line.strip() == f"::{resume}::" else resume
            continue
        assert "##[" not in line, f"the old spelling of a command: {line}"
        command = _COMMAND.match(line)
        if command is None:
            continue
        if command[1] == "stop-commands":
            resume = command[3]
            continue
        pairs = (part.partition("=") for part in (command[2] or "").split(",") if part)
        properties = {name: _unescaped(value) for name, _, value in pairs}
        found.append(Command(command[1], properties, _unescaped(command[3])))
    assert not resume, "commands were stopped and never resumed"
    return found


def _unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def path_with_tools(*folders: str) -> str:
    """A PATH with these folders first."""
    return os.pathsep.join([*folders, os.environ["PATH"]])
