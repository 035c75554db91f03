"""Where the time of one `guardrail check --format json` goes: by stage, then by function.

    python benchmarks/profile_check.py plan.json

Stages are timed in one check of a fresh interpreter. They nest: an indented stage is part of the one above it. The
functions come from a second check under cProfile, which slows calls down and C code not at all, so read them as hints.
"""

import contextlib
import cProfile
import gc
import importlib
import io
import pstats
import sys
import time
from collections.abc import Callable
from typing import Any

STAGES = (
    ("read", "guardrail.sources", "read"),
    ("load the policies", "guardrail.commands.check", "known_policies"),
    ("assess", "guardrail.commands.check", "assess"),
    ("  price, before and after", "guardrail.assess.pricing", "price"),
    ("  judge", "guardrail.assess.judging", "evaluate"),
    ("write", "guardrail.commands.check", "write"),
)
"""Title, and the name by which the check calls the stage."""


def timed(function: Callable[..., Any], title: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[title] += time.process_time() - start

    return wrapper


def check(path: str) -> int:
    """One check, its report thrown away."""
    from guardrail.cli import main

    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
        return main(["check", path, "--format", "json"])


def by_stage(path: str) -> None:
    before_imports = time.process_time()
    seconds = {title: 0.0 for title, _, _ in STAGES}
    for title, module_name, name in STAGES:
        module = importlib.import_module(module_name)
        setattr(module, name, timed(getattr(module, name), title, seconds))
    imported = time.process_time()
    code = check(path)
    finished = time.process_time()
    print(f"{'interpreter and profiler':32}{1000 * before_imports:8.1f} ms")
    print(f"{'imports':32}{1000 * (imported - before_imports):8.1f} ms")
    for title, spent in seconds.items():
        print(f"{title:32}{1000 * spent:8.1f} ms")
    rest = finished - imported - sum(spent for title, spent in seconds.items() if not title.startswith(" "))
    print(f"{'everything else':32}{1000 * rest:8.1f} ms\n{'in all':32}{1000 * finished:8.1f} ms, exit {code}\n")


def by_function(path: str) -> None:
    profile = cProfile.Profile()
    profile.runcall(check, path)
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    gc.disable()  # as a check that is a process of its own does
    by_stage(sys.argv[1])
    by_function(sys.argv[1])
