"""CPU and memory of `guardrail check` on plans of several sizes, against two yardsticks, in one run.

    python benchmarks/run.py                 every plan, best of seven
    python benchmarks/run.py --rounds 3 --plans 10,1000
    python benchmarks/run.py --profile 1000  where the time of one check goes

The yardsticks are a bare interpreter (`python -c pass`) and a typed msgspec decode of the same file (decode.py), each a
process of its own like the check. README.md says how to read the numbers.
"""

import argparse
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BYTECODE = pathlib.Path(tempfile.gettempdir()) / f"guardrail-benchmark-bytecode-{os.getuid()}"
ONE_POLICY = "variant-names-are-unique"  # a short one, so that a check with it alone is one without policies
CHECK = "import sys; from guardrail.__main__ import main; sys.exit(main())"  # what the `guardrail` script does
VIOLATED = 1  # the exit code of a check whose answer is that a policy is violated


class PlanFile(NamedTuple):
    """One plan and the arguments of generate.py that make it."""

    title: str
    arguments: tuple[str, ...]


PLANS = {
    "10": PlanFile("10 resources", ("--resources", "10")),
    "1000": PlanFile("1,000 resources", ("--resources", "1000")),
    "1000-utf16": PlanFile("1,000 in UTF-16", ("--resources", "1000", "--encoding", "utf-16")),
    "10000": PlanFile("10,000 resources", ("--resources", "10000")),
    "300mb": PlanFile("200 in 300 MB", ("--resources", "200", "--megabytes", "300")),
}


class Cost(NamedTuple):
    """What one process took."""

    cpu_s: float
    """User and system time."""
    peak_mib: float
    """Maximum resident set."""


class Measurement(NamedTuple):
    """The best of all rounds for one plan."""

    size_mb: float
    bare: Cost
    decode: Cost
    json: Cost
    table: Cost
    one: Cost
    """The check, json, with one policy instead of all."""


class Target(NamedTuple):
    """A promise, and how it is read off the measurements."""

    text: str
    needs: tuple[str, ...]
    limit: float
    unit: str
    measured: Callable[[dict[str, Measurement]], float]


TARGETS = (
    Target("10 resources, --format json: bare interpreter + 80 ms", ("10",), 80, "ms",
           lambda m: 1000 * (m["10"].json.cpu_s - m["10"].bare.cpu_s)),
    Target("10 resources, table: bare interpreter + 130 ms", ("10",), 130, "ms",
           lambda m: 1000 * (m["10"].table.cpu_s - m["10"].bare.cpu_s)),
    # Ratios, which hold on any machine: what every policy adds to start-up, and start-up as a whole.
    Target("10 resources: every policy instead of one", ("10",), 1.2, "x",
           lambda m: m["10"].json.cpu_s / m["10"].one.cpu_s),
    Target("10 resources, --format json: bare interpreters", ("10",), 10, "x",
           lambda m: m["10"].json.cpu_s / m["10"].bare.cpu_s),
    Target("1,000 resources: 0.2 s", ("1000",), 0.2, "s", lambda m: m["1000"].json.cpu_s),
    Target("10,000 resources: 0.8 s", ("10000",), 0.8, "s", lambda m: m["10000"].json.cpu_s),
    Target("10,000 resources: 120 MiB", ("10000",), 120, "MiB", lambda m: m["10000"].json.peak_mib),
    Target("300 MB: 1.5 s", ("300mb",), 1.5, "s", lambda m: m["300mb"].json.cpu_s),
    Target("300 MB: 1.3 times the file in memory", ("300mb",), 1.3, "x",
           lambda m: m["300mb"].json.peak_mib * 1.048576 / m["300mb"].size_mb),
    # Start-up is the same for all: of what 990 more resources cost, 9,990 more may cost 9,990 / 990 times as much.
    Target("1,000 to 10,000 resources: at most linear", ("10", "1000", "10000"), 9990 / 990, "x",
           lambda m: (m["10000"].json.cpu_s - m["10"].json.cpu_s) / (m["1000"].json.cpu_s - m["10"].json.cpu_s)),
)  # fmt: skip


def surroundings() -> dict[str, str]:
    """The environment without what would change how Python runs: an installed guardrail has its bytecode at hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(BYTECODE), "COLUMNS": "80"}


def run(arguments: list[str], *, shown: bool = False) -> tuple[Cost, int]:
    """Run Python in a process of its own, and wait for what it took and its exit code."""
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        surroundings(),
        file_actions=[] if shown else [nowhere],
    )
    _, status, usage = os.wait4(pid, 0)
    kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(usage.ru_utime + usage.ru_stime, kib / 1024), os.waitstatus_to_exitcode(status)


def best(costs: list[Cost]) -> Cost:
    """The least of each: noise of other processes only ever adds."""
    return Cost(min(cost.cpu_s for cost in costs), min(cost.peak_mib for cost in costs))


def measure(path: pathlib.Path, rounds: int) -> Measurement:
    """All processes in turn, round after round, so that a slow moment of the machine strikes them alike."""
    commands = {
        "bare": ["-c", "pass"],
        "decode": [str(HERE / "decode.py"), str(path)],
        "json": ["-c", CHECK, "check", str(path), "--format", "json"],
        "table": ["-c", CHECK, "check", str(path)],
        "one": ["-c", CHECK, "check", str(path), "--format", "json", "--policy", ONE_POLICY],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            cost, code = run(command)
            if code and not (code == VIOLATED and CHECK in command):
                raise SystemExit(f"benchmark: {name} of {path.name} exited {code}")
            if turn:  # the first turn compiles modules and fills the page cache
                costs[name].append(cost)
    return Measurement(path.stat().st_size / 1e6, *(best(costs[name]) for name in commands))


def generate(name: str, folder: pathlib.Path) -> pathlib.Path:
    """The plan of that name, made by a process of its own: a child's peak memory is never below its parent's."""
    path = folder / f"plan-{name}.json"
    if not path.exists():
        _, code = run([str(HERE / "generate.py"), *PLANS[name].arguments, "-o", str(path)])
        if code:
            raise SystemExit(f"benchmark: generate.py exited {code}")
    return path


def print_measurements(measurements: dict[str, Measurement]) -> None:
    columns = f"{'CPU ms':>8}{'- bare':>8}{'x decode':>9}{'peak MiB':>10}{'x file':>8}"
    print(f"{'plan':18}{'MB':>7}   {'process':16}{columns}")
    for name, measurement in measurements.items():
        bare, decode = measurement.bare, measurement.decode
        heading = f"{PLANS[name].title:18}{measurement.size_mb:7.2f}"
        for process in ("bare", "decode", "json", "table", "one"):
            cost: Cost = getattr(measurement, process)
            label = {"bare": "bare interpreter", "decode": "typed decode", "one": "check, 1 policy"}.get(
                process, f"check, {process}"
            )
            print(f"{heading}   {label:16}{1000 * cost.cpu_s:8.0f}{1000 * (cost.cpu_s - bare.cpu_s):8.0f}"
                  f"{cost.cpu_s / decode.cpu_s:9.2f}{cost.peak_mib:10.1f}"
                  f"{cost.peak_mib * 1.048576 / measurement.size_mb:8.2f}")  # fmt: skip
            heading = " " * 25
    print()


def print_targets(measurements: dict[str, Measurement]) -> None:
    print(f"{'target':58}{'limit':>11}{'measured':>12}")
    for target in TARGETS:
        if not set(target.needs) <= measurements.keys():
            continue
        value = target.measured(measurements)
        verdict = "met" if value <= target.limit else "NOT MET"
        print(f"{target.text:58}{target.limit:7.4g} {target.unit:3}{value:8.2f} {target.unit:3}  {verdict}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure `guardrail check`.")
    parser.add_argument("--rounds", type=int, default=7, help="the best of this many counts (7)")
    parser.add_argument("--plans", default=",".join(PLANS), help=f"which of {', '.join(PLANS)} (all)")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the plans in this folder, and use those that are there")
    parser.add_argument("--profile", metavar="PLAN", help="profile one check of this plan instead")
    options = parser.parse_args()
    names = [options.profile] if options.profile else options.plans.split(",")
    if unknown := [name for name in names if name not in PLANS]:
        parser.error(f"no plan {unknown[0]}: there are {', '.join(PLANS)}")
    with tempfile.TemporaryDirectory(prefix="guardrail-benchmark-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.profile:
            return run([str(HERE / "profile_check.py"), str(generate(options.profile, folder))], shown=True)[1]
        measurements = {name: measure(generate(name, folder), options.rounds) for name in names}
    print_measurements(measurements)
    print_targets(measurements)
    return 0


if __name__ == "__main__":
    sys.exit(main())
