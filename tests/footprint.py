"""What `tests/test_footprint.py` runs in a process of its own: one ``guardrail …``, and what it makes the machine do.

``python -P tests/footprint.py MEASURE OUTPUT ADDED ARGUMENTS…`` writes a literal of Python. It imports nothing that
Python has not imported by itself, so that whatever ``guardrail`` needs counts. ADDED, ``MODULE STATEMENT``, is put
behind the last line of a module, as a change of it would be.
"""

import _tracemalloc  # what `tracemalloc` wraps, and imports a dozen other modules for
import os
import sys
from typing import Any

ALL = "(all)"


def run() -> None:
    """The command of ``sys.argv``, as a process of its own runs it, but for its last instant."""
    from guardrail.cli import main

    main()


def owner(module: str) -> str:
    """Who answers for it: a module of ours, a library as a whole; empty for Python's own."""
    library = module.partition(".")[0]
    return module if library == "guardrail" else "" if library in sys.stdlib_module_names else library


def modules() -> list[str]:
    """The modules of ours and the libraries that it imports."""
    before = set(sys.modules)
    run()
    return sorted({owner(name) for name in set(sys.modules) - before if not name.startswith("__")} - {""})


def calls() -> dict[str, int]:
    """How many functions are called, of C too, by who calls them: what Python's own modules do is their caller's doing.

    How often the import system looks somewhere depends on where things are installed, and does not count.
    """
    found: dict[str, int] = {}
    owners: dict[str, str] = {}
    callers = [""]

    def count(frame: Any, event: str, _: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call":
            if module not in owners:
                owners[module] = owner(module)
            callers.append(owners[module] or callers[-1])
        elif event == "return" and len(callers) > 1:
            callers.pop()
        if event in ("call", "c_call") and not module.startswith(("importlib.", "zipimport", "__main__")):
            found[callers[-1]] = found.get(callers[-1], 0) + 1

    sys.setprofile(count)
    run()
    sys.setprofile(None)
    return {ALL: sum(found.values()), **found}


def held() -> dict[str, int]:
    """The bytes at the peak; by module those that it has made and that are held at the end, without its code."""
    _tracemalloc.start(1)
    run()
    traces, (_, peak) = _tracemalloc._get_traces(), _tracemalloc.get_traced_memory()  # noqa: SLF001
    _tracemalloc.stop()
    names = {getattr(module, "__file__", None): owner(name) for name, module in [*sys.modules.items()]}
    found = {ALL: peak}
    for _, size, frames, *_ in traces:
        path = frames[0][0]
        name = "what is imported" if path.startswith("<frozen importlib") else names.get(path, "")
        found[name] = found.get(name, 0) + size
    return found


def add(module: str, statement: str) -> None:
    """Have a module end with a statement more."""
    from importlib.machinery import PathFinder

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any, target: object = None) -> Any:  # noqa: ARG004
            spec = PathFinder.find_spec(name, path) if name == module else None
            if spec is not None:
                loader: Any = spec.loader
                code = compile(f"{loader.get_source(name)}\n{statement}\n", loader.path, "exec")
                loader.get_code = lambda _: code
            return spec

    sys.meta_path.insert(0, Finder)


if __name__ == "__main__":
    _, measure, output, added, *arguments = sys.argv
    sys.argv = ["guardrail", *arguments]
    if added:
        add(*added.split(" ", 1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    answer = {"modules": modules, "calls": calls, "held": held}[measure]()
    with open(output, "w", encoding="utf-8") as file:
        file.write(repr(answer))
