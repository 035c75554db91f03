"""The floors of docs/architecture.md hold: the import contracts of pyproject.toml, run as a test."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parent.parent


def test_each_floor_imports_only_lower_floors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each module imports: inside functions, and for types alone, too."""
    graph = grimp.build_graph("guardrail", cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def on_the_way_to_a_circle(imports: dict[str, set[str]]) -> set[str]:
    """The modules from which imports lead to a module that leads back to itself."""
    left = dict(imports)
    while leaves := [module for module, imported in left.items() if not imported & left.keys()]:
        for module in leaves:
            del left[module]  # it leads nowhere, or only to modules that lead nowhere
    return set(left)


def test_no_module_leads_back_to_itself(imports: dict[str, set[str]]) -> None:
    """Imports inside functions, and those for types alone, count: a circle is one wherever its last step is hidden."""
    assert "guardrail.strict_yaml" in imports["guardrail.commands.policies"]
    found = on_the_way_to_a_circle(imports)
    assert not found, "these import one another, or lead to such: " + ", ".join(sorted(found))


def test_each_line_of_the_page_imports_only_lines_below_it(imports: dict[str, set[str]]) -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    line: dict[str, int] = {}
    """The line of a module or package at the top, by its name."""
    for number, text in enumerate(drawing.partition("policies/")[0].splitlines()):
        if not text.startswith("│"):
            names = re.match(r"[├└─ ]*((?:\w+(?:\.py|/) *)+)", text)
            line |= dict.fromkeys(re.findall(r"(\w+)[./]", names[1]) if names else (), number)
    assert {"cli", "aws", "git", "clock", "errors"} <= line.keys()
    upward = {
        f"{module} imports {other}"
        for module, imported in imports.items()
        for other in imported
        if line.get(_top(other), len(drawing)) <= line.get(_top(module), -1) and _top(module) != _top(other)
    }
    assert not upward


def _top(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_each_name_of_a_class_or_type_means_one_thing() -> None:
    """A reader who knows `Part` knows it everywhere: what a name stands for is written in one module."""
    places: dict[str, list[str]] = {}
    for path in sorted((ROOT / "guardrail").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                name = node.name
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
                name = ast.unparse(node.target)
            else:
                continue
            if not name.startswith("_"):
                places.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert {"Block", "Endpoint", "ChargeKind", "Truth"} <= places.keys()
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def packages(module: str) -> set[str]:
    """``a`` and ``a.b`` of ``a.b.c``: Python runs them before it."""
    parts = module.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


_EACH_ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.partition(".")[0] == "guardrail"]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_each_module_can_be_imported_first(imports: dict[str, set[str]]) -> None:
    """Whichever reader an input needs first: a circle of imports shows only in the order that nobody has tried.

    An import of ``a.b.c`` from elsewhere runs ``a.b`` as well. Where that leads to no circle, no order has one; the
    modules where it does (their packages import them inside functions) are tried.
    """
    run = {
        module: {*imported, *(each for one in imported for each in packages(one) - packages(module) - {module})}
        for module, imported in imports.items()
    }
    names = sorted(on_the_way_to_a_circle(run))
    assert "guardrail.sources" in names
    done = subprocess.run(
        [sys.executable, "-c", _EACH_ALONE, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
