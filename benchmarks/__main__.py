"""The matrix: CPU and memory of all that guardrail does, beside a bare interpreter and a parse-only pass in one run.

    python benchmarks                           all of it, about a quarter of an hour; writes docs/performance.md
    python benchmarks plans hcl --rounds 3      some parts, shown alone
    python benchmarks --keep DIRECTORY          keep the inputs for the next run

Exit 1 where a target is not met.
"""

import argparse
import datetime as dt
import importlib
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence

from harness import BARE, ROOT, Result

PARTS = "plans", "hcl", "templates", "reporters", "definitions", "bills", "alternatives", "tree", "utilization"
PAGE = ROOT / "docs" / "performance.md"
BY_HAND = "## Where the time goes"
"""From here on the page is written by hand."""
TOP = """\
# Performance

How much of the processor and of memory guardrail takes, on inputs of this project's own making. `python benchmarks` has
made this page, all but what is said to be written by hand, and makes it anew on your machine;
[its README](../benchmarks/README.md) says what the inputs are.

**What is measured.** User and system time and the peak resident set of whole processes, as the kernel tells them. The
processes of an input take turns, round after round; the first round compiles modules and fills the page cache, of the
others the best counts, because other work on the machine can only add. The second process of each input reads the same
bytes and does nothing else with them, or is what the table says. Seconds hold for one machine, ratios travel.
What a stopwatch cannot hold on a busy machine is held by a test that counts: `tests/test_footprint.py`.

"""


def machine(load: float) -> str:
    """What the numbers hold for."""
    model = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, commit {commit.stdout.strip() or 'unknown'}; "
        f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}; load {load:.1f} at the beginning"
    )


def targets(results: Sequence[Result]) -> Iterator[str]:
    yield "| part | target | at most | measured | |"
    yield "|---|---|---:|---:|---|"
    for result in results:
        for target in result.targets:
            amounts = f"{target.limit:g} {target.unit} | {target.value:.2f} {target.unit}"
            yield f"| {result.title} | {target.text} | {amounts} | {'met' if target.is_met else '**NOT MET**'} |"


def table(result: Result) -> Iterator[str]:
    yield "| input | process | CPU, ms | above bare, ms | x bare | x second | peak, MiB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for title, costs in result.costs.items():
        bare, second = [*costs.values()][:2]
        for name, cost in costs.items():
            ratios = f"{cost.cpu_s / bare.cpu_s:.1f} | {cost.cpu_s / second.cpu_s:.2f}"
            above = f"{1000 * (cost.cpu_s - bare.cpu_s):,.0f}"
            heading = title if name == BARE else ""
            yield f"| {heading} | {name} | {1000 * cost.cpu_s:,.0f} | {above} | {ratios} | {cost.peak_mib:,.1f} |"


def page(results: Sequence[Result], told: str) -> str:
    parts = ("\n".join([f"## {result.title}", "", *table(result), ""]) for result in results)
    return "\n".join([f"{TOP}**This run.** {told}.", "", "## Targets", "", *targets(results), "", *parts])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all, which writes the page)")
    parser.add_argument("--rounds", type=int, default=5, help="the best of this many counts (5)")
    parser.add_argument(
        "--keep", type=pathlib.Path, help="keep the inputs in this folder, and use those that are there"
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - {*PARTS}:
        parser.error(f"no part {min(unknown)}: there are {', '.join(PARTS)}")
    told, results = machine(os.getloadavg()[0]), []
    with tempfile.TemporaryDirectory(prefix="guardrail-benchmark-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for part in options.parts or PARTS:
            result: Result = importlib.import_module(part).measure(folder, options.rounds)
            print("\n".join(["", result.title, *table(result), *targets([result])]), flush=True)
            results.append(result)
    if not options.parts:
        by_hand = "".join(PAGE.read_text(encoding="utf-8").partition(BY_HAND)[1:])
        PAGE.write_text(f"{page(results, told)}\n{by_hand}", encoding="utf-8")
    return int(any(not target.is_met for result in results for target in result.targets))


if __name__ == "__main__":
    sys.exit(main())
