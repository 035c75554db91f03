"""`guardrail check` on plans of several sizes, beside a typed msgspec decode of the same file (decode.py)."""

import pathlib

from generate import main as generate
from harness import BARE, HERE, Cost, Result, Target, above, best, guardrail, once

PLANS = {
    "10 resources": ["--resources", "10"],
    "1,000 resources": ["--resources", "1000"],
    "1,000 in UTF-16": ["--resources", "1000", "--encoding", "utf-16"],
    "10,000 resources": ["--resources", "10000"],
    "200 in 300 MB": ["--resources", "200", "--megabytes", "300"],
}
ONE_POLICY = "variant-names-are-unique"
"""A short one, so that a check with it alone is one without policies."""
DECODE, JSON, TABLE, ONE, VERSION = "typed decode", "check, JSON", "check, table", "check, 1 policy", "--version"
MEBI = 1.048576


def measure(folder: pathlib.Path, rounds: int) -> Result:
    costs: dict[str, dict[str, Cost]] = {}
    for title, arguments in PLANS.items():
        path = folder / f"plan {title}.json"
        once(path, generate, [*arguments, "-o", str(path)])
        commands = {
            DECODE: [str(HERE / "decode.py"), str(path)],
            JSON: guardrail("check", path, "--format", "json"),
            TABLE: guardrail("check", path),
        }
        if title == "10 resources":
            commands[ONE] = guardrail("check", path, "--format", "json", "--policy", ONE_POLICY)
            commands[VERSION] = guardrail("--version")
        costs[title] = best(commands, rounds)
    size_mb = (folder / "plan 200 in 300 MB.json").stat().st_size / 1e6
    ten, thousand, most, large = (
        costs[title] for title in ("10 resources", "1,000 resources", "10,000 resources", "200 in 300 MB")
    )
    growth = (most[JSON].cpu_s - ten[JSON].cpu_s) / (thousand[JSON].cpu_s - ten[JSON].cpu_s)
    return Result(
        "Plans",
        costs,
        [
            Target("10 resources, JSON, above a bare interpreter", 40, "ms", 1000 * above(ten, JSON)),
            Target("10 resources, table, above a bare interpreter", 50, "ms", 1000 * above(ten, TABLE)),
            Target("10 resources, JSON, in bare interpreters", 5, "x", ten[JSON].cpu_s / ten[BARE].cpu_s),
            Target("10 resources, all policies instead of one", 1.2, "x", ten[JSON].cpu_s / ten[ONE].cpu_s),
            Target("10,000 resources, JSON", 0.35, "s", most[JSON].cpu_s),
            Target("10,000 resources, table", 0.45, "s", most[TABLE].cpu_s),
            Target("10,000 resources, JSON, in typed decodes", 4, "x", most[JSON].cpu_s / most[DECODE].cpu_s),
            Target("10,000 resources, JSON, memory", 90, "MiB", most[JSON].peak_mib),
            Target("1,000 to 10,000 resources, in times of the growth by 990", 10.2, "x", growth),
            Target("300 MB", 0.3, "s", large[JSON].cpu_s),
            Target("300 MB, memory in times of the file", 1.1, "x", large[JSON].peak_mib * MEBI / size_mb),
        ],
    )
