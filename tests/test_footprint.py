"""The common path, held by what it imports, calls and keeps in memory: exact, where a stopwatch is not.

What is recorded stands in ``footprint.json``. ``pytest tests/test_footprint.py --update`` records it anew: do so in the
commit that makes the path heavier for a reason, or lighter, and say the reason.
"""

import ast
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Measured: TypeAlias = Mapping[str, Any]

ROOT = Path(__file__).resolve().parent.parent
RECORDED = Path(__file__).with_name("footprint.json")
PROBE = Path(__file__).with_name("footprint.py")
ALL = "(all)"
INPUTS = {
    "plan": ("examples/storefront/plan.json", ["check", "plan.json", "--format", "json"]),
    "source": ("examples/storefront/fraud.tf", ["check", ".", "--region", "us-east-1", "--format", "json"]),
    "template": ("tests/equivalence/components/template.yaml", ["check", "template.yaml", "--region", "us-east-1"]),
}
"""Files that are checked, and how: the reports for machines, and the table."""
SHARE = 20
"""Calls and bytes may differ by a twentieth."""
SMALLEST = {"calls": 50, "held": 5_000}
"""What is not recorded of a module by itself."""


def measured(kind: str, name: str, folder: Path, added: str = "") -> Any:
    """One measure of the check of an input, in an interpreter that has imported nothing yet."""
    pattern, arguments = INPUTS[name]
    for path in ROOT.glob(pattern):
        shutil.copy(path, folder)
    output = folder / "measured"
    done = subprocess.run(
        [sys.executable, "-P", str(PROBE), kind, str(output), added, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return ast.literal_eval(output.read_text(encoding="utf-8"))


def environment() -> dict[str, str]:
    """What the numbers hold for: another interpreter, or another library, calls other functions."""
    libraries = ("msgspec", "PyYAML", "tabulate", "lark", "python-hcl2", "regex")
    python = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}"
    return {"Python": python, **{name: version(name) for name in libraries}}


def recorded() -> Any:
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def other_modules(name: str, found: list[str]) -> str:
    """Which modules are imported that were not recorded, and the other way round; empty where there are none."""
    before, now = set(recorded()["modules"][name]), set(found)
    more, less = (", ".join(sorted(names)) for names in (now - before, before - now))
    return "; ".join(
        [f"the check of a {name} now imports {more}"] * bool(more)
        + [f"the check of a {name} no longer imports {less}"] * bool(less)
    )


def other_weight(kind: str, name: str, found: Mapping[str, int]) -> str:
    """How far it is off what was recorded, and the modules that did it; empty within the bounds."""
    before = recorded()[kind][name]
    growth = found[ALL] - before[ALL]
    if abs(growth) * SHARE <= before[ALL]:
        return ""
    sign = 1 if growth > 0 else -1
    by_module = {module: found.get(module, 0) - before.get(module, 0) for module in {*found, *before} - {ALL}}
    worst = sorted(by_module, key=lambda module: -sign * by_module[module])[:5]
    listed = ", ".join(f"{module or 'Python itself'} {by_module[module]:+,}" for module in worst)
    what = {"calls": "functions called", "held": "bytes allocated"}[kind]
    return f"the check of a {name}: {growth / before[ALL]:+.1%} {what} ({before[ALL]:,} to {found[ALL]:,}): {listed}"


@pytest.fixture
def in_the_recorded_environment(request: pytest.FixtureRequest) -> None:
    here, there = environment(), recorded()["environment"]
    differs = [f"{name} {there[name]}, here {here[name]}" for name in here if here[name] != there.get(name)]
    if differs and not request.config.getoption("--update"):
        pytest.skip(f"counts are recorded for {'; '.join(differs)}")


@pytest.fixture
def hold(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Measure, and compare; or record where somebody asks for it."""

    def run(kind: str, name: str, differs: Callable[[Any], str]) -> None:
        found = measured(kind, name, tmp_path)
        if request.config.getoption("--update"):
            record(kind, name, found)
        assert not (told := differs(found)), f"{told}. Meant? pytest tests/test_footprint.py --update"

    return run


def record(kind: str, name: str, found: Any) -> None:
    kept = recorded()
    if kind != "modules":
        found = {module: count for module, count in sorted(found.items()) if count >= SMALLEST[kind]}
    kept["environment"] = environment()
    kept[kind][name] = found
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", INPUTS)
def test_a_check_imports_exactly_what_is_recorded(name: str, hold: Callable[..., None]) -> None:
    hold("modules", name, lambda found: other_modules(name, found))


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("kind", SMALLEST)
@pytest.mark.usefixtures("in_the_recorded_environment")
def test_a_check_is_as_heavy_as_recorded(kind: str, name: str, hold: Callable[..., None]) -> None:
    hold(kind, name, lambda found: other_weight(kind, name, found))


ADDED = "guardrail.commands.check.reading import boto3"


def test_an_import_of_boto3_on_the_way_of_a_check_is_seen(tmp_path: Path) -> None:
    told = other_modules("plan", measured("modules", "plan", tmp_path, ADDED))
    assert told.startswith("the check of a plan now imports boto3, botocore, certifi, ")


@pytest.mark.usefixtures("in_the_recorded_environment")
def test_an_import_of_boto3_on_the_way_of_a_check_weighs(tmp_path: Path) -> None:
    told = other_weight("calls", "plan", measured("calls", "plan", tmp_path, ADDED))
    assert re.match(r"the check of a plan: \+\d+\.\d% functions called \(.*\): botocore \+", told)


def test_what_stays_within_a_twentieth_is_as_heavy_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2,000 calls 100 more or fewer are; 104 more are 5.2 %, and told with who made most of them."""
    before = {"calls": {"plan": {ALL: 2_000, "guardrail.model": 1_500, "yaml": 500}}}
    monkeypatch.setattr(sys.modules[__name__], "recorded", lambda: before)
    for calls in (1_900, 2_100):
        assert not other_weight("calls", "plan", {ALL: calls})
    told = other_weight("calls", "plan", {ALL: 2_104, "guardrail.model": 1_490, "yaml": 510, "": 104})
    assert told.startswith("the check of a plan: +5.2% functions called (2,000 to 2,104): Python itself +104, yaml +10")
    assert "yaml -500" in other_weight("calls", "plan", {ALL: 1_500, "guardrail.model": 1_500})
