"""What every part of the matrix shares: processes that take turns, what they took, and what was promised."""

import os
import pathlib
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BYTECODE = pathlib.Path(tempfile.gettempdir()) / f"guardrail-benchmark-bytecode-{os.getuid()}"
BARE = "bare interpreter"
VIOLATED = 1
"""The exit code of a check whose answer is that a policy is violated."""

Commands: TypeAlias = Mapping[str, Sequence[str]]
"""What Python is given, by the name of the process; the first is what the others are held against."""


class Cost(NamedTuple):
    """What one process took."""

    cpu_s: float
    """User and system time."""
    peak_mib: float
    """Maximum resident set."""


class Target(NamedTuple):
    """A promise, and what was measured. Ratios (x) hold on any machine, seconds on two cores of a cloud machine."""

    text: str
    limit: float
    unit: str
    value: float

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit


class Result(NamedTuple):
    """What was measured of one part."""

    title: str
    costs: Mapping[str, Mapping[str, Cost]]
    """By input and process. Of each input the bare interpreter is the first, and what it is held against the second."""
    targets: Sequence[Target]


def guardrail(*arguments: object, folder: pathlib.Path | None = None) -> list[str]:
    """What the ``guardrail`` script does, in a folder."""
    change = f"import os; os.chdir({str(folder)!r}); " if folder else ""
    code = f"{change}import sys; from guardrail.__main__ import main; sys.exit(main())"
    return ["-c", code, *map(str, arguments)]


def python(code: str, *arguments: object) -> list[str]:
    return ["-c", code, *map(str, arguments)]


def surroundings() -> dict[str, str]:
    """The environment without what would change how Python runs: an installed guardrail has its bytecode at hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    fixed = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(BYTECODE), "COLUMNS": "80"}
    return {**kept, **fixed, "GUARDRAIL_PRICES": "bundled"}


def cost_of(usage: resource.struct_rusage) -> Cost:
    """What the kernel says of a process that has ended."""
    kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(usage.ru_utime + usage.ru_stime, kib / 1024)


def run(arguments: Sequence[str]) -> Cost:
    """Run Python in a process of its own, and wait for what it took."""
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], surroundings(), file_actions=[nowhere])
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code and not (code == VIOLATED and "guardrail.__main__" in arguments[1]):
        raise SystemExit(f"exit code {code} of {' '.join(arguments)}")
    return cost_of(usage)


def best(commands: Commands, rounds: int) -> dict[str, Cost]:
    """The least that each took: noise of other processes only ever adds.

    They take turns, so that a slow moment of the machine strikes them alike. The first round compiles modules and fills
    the page cache, and does not count.
    """
    every = {BARE: ["-c", "pass"], **commands}
    found = [{name: run(command) for name, command in every.items()} for _ in range(rounds + 1)][1:]
    return {name: Cost(*map(min, zip(*(costs[name] for costs in found), strict=True))) for name in every}


def apart(make: Callable[..., object], *arguments: object) -> None:
    """Make an input in a process of its own: a child's peak memory is never below its parent's."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            make(*arguments)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("an input could not be made")


def once(path: pathlib.Path, make: Callable[..., object], *arguments: object) -> None:
    """Make an input at ``path``, likewise, unless an earlier run has."""
    if not path.exists():
        apart(make, *arguments)


def above(costs: Mapping[str, Cost], process: str, base: str = BARE) -> float:
    """The seconds that a process takes on top of another one."""
    return costs[process].cpu_s - costs[base].cpu_s
