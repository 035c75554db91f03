"""The floors of docs/architecture.md hold: the import contracts of pyproject.toml, run as a test."""

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


def test_no_module_leads_back_to_itself() -> None:
    """Imports inside functions, and those for types alone, count: a circle is one wherever its last step is hidden."""
    graph = grimp.build_graph("guardrail", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert "guardrail.strict_yaml" in imports["guardrail.commands.policies"]
    while leaves := [module for module, imported in imports.items() if not imported & imports.keys()]:
        for module in leaves:
            del imports[module]  # it leads nowhere, or only to modules that lead nowhere
    assert not imports, "these import one another, or lead to such: " + ", ".join(sorted(imports))


_EACH_ALONE = """
import importlib, pkgutil, sys
import guardrail
names = [each.name for each in pkgutil.walk_packages(guardrail.__path__, "guardrail.") if "__main__" not in each.name]
for name in names:
    for loaded in [each for each in sys.modules if each.partition(".")[0] == "guardrail"]:
        del sys.modules[loaded]
    importlib.import_module(name)
print(len(names))
"""


def test_each_module_can_be_imported_first() -> None:
    """Whichever reader an input needs first: a cycle of imports shows only in the order that nobody has tried."""
    done = subprocess.run([sys.executable, "-c", _EACH_ALONE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
