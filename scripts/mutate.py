"""Mutation testing of what makes money: one small change at a time, and the tests have to notice.

    python scripts/mutate.py 'guardrail/cost/*.py' guardrail/scaling.py --most 200 --seed 7

Each mutant is written into a copy of the repository and the tests are run there; it is killed where they fail or take
too long. What survives is printed as ``path:line what``: a hand-worked value is missing, or the change makes no
difference, which has to be argued. Exit 1 where fewer than ``--least`` per cent are killed.
"""

import argparse
import ast
import copy
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("tests/cost", "tests/test_scaling.py", "tests/test_schedules.py", "tests/policy/test_evaluate.py")
THOROUGH = (
    "tests/test_naive_pricer.py",
    "tests/test_properties.py",
    "tests/test_scenarios.py",
    "tests/test_policies.py",
)
SECONDS = 120

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "floor": "ceiling",
    "ceiling": "floor",
    "least": "most",
    "most": "least",
    "lowest": "highest",
    "highest": "lowest",
    "at_least": "at_most",
    "at_most": "at_least",
}


class Mutant(NamedTuple):
    """One change of one file."""

    path: Path
    line: int
    what: str
    source: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file: operators, comparisons, numbers, truths, branches and names that have a counterpart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    words = {id(part) for node in ast.walk(tree) for word in _words(node) for part in ast.walk(word)}
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in words:
            continue
        for what, change in _changes(node):
            mutated = copy.deepcopy(tree)
            change(next(each for number, each in enumerate(ast.walk(mutated)) if number == place))
            yield Mutant(path, getattr(node, "lineno", 0), what, ast.unparse(mutated))


def _words(node: ast.AST) -> list[ast.AST]:
    """What says how something is meant and computes nothing: annotations, and the keywords of a class."""
    parts = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [part for part in parts if part is not None] + (
        list(node.keywords) if isinstance(node, ast.ClassDef) else []
    )


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            yield f"{type(op).__name__} -> {SWAPS[type(op)].__name__}", lambda it: setattr(it, "op", SWAPS[type(op)]())
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield (
                f"{type(op).__name__} -> {SWAPS[type(op)].__name__}",
                lambda it: setattr(it, "ops", [SWAPS[type(op)]()]),
            )
        case ast.Constant(value=bool(value)):
            yield f"{value} -> {not value}", lambda it: setattr(it, "value", not value)
        case ast.Constant(value=int(value)):
            yield f"{value} -> {value + 1}", lambda it: setattr(it, "value", value + 1)
        case ast.If() | ast.IfExp():
            yield "condition negated", lambda it: setattr(it, "test", ast.UnaryOp(ast.Not(), it.test))
        case ast.UnaryOp(op=ast.Not()):
            yield "not removed", lambda it: setattr(it, "operand", ast.UnaryOp(ast.Not(), it.operand))
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield f"{name} -> {NAMES[name]}", lambda it: setattr(it.func, "id", NAMES[name])
        case ast.Attribute(attr=name, ctx=ast.Load()) if name in NAMES:
            yield f".{name} -> .{NAMES[name]}", lambda it: setattr(it, "attr", NAMES[name])
        case ast.Continue():
            yield "continue -> pass", lambda it: setattr(it, "__class__", ast.Pass)


def survives(mutant: Mutant, copies: "SimpleQueue[Path]") -> bool:
    """Whether the tests pass with it. Kept to a copy of the repository that nobody else uses."""
    folder = copies.get()
    target = folder / mutant.path.relative_to(ROOT)
    original = target.read_text(encoding="utf-8")
    try:
        target.write_text(mutant.source, encoding="utf-8")
        return all(_passes(folder, tests) for tests in (QUICK, THOROUGH))
    finally:
        target.write_text(original, encoding="utf-8")
        copies.put(folder)


def _passes(folder: Path, tests: tuple[str, ...]) -> bool:
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
    try:
        return not subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False).returncode
    except subprocess.TimeoutExpired:
        return False


def main() -> int:
    """Print the survivors and the score."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", help="patterns below the repository")
    parser.add_argument("--most", type=int, default=200, help="how many mutants, drawn at random (default: 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--least", type=float, default=97, help="per cent that must be killed (default: 97)")
    chosen = parser.parse_args()
    paths = [path for pattern in chosen.files for path in sorted(ROOT.glob(pattern))]
    found = [mutant for path in paths for mutant in mutants(path)]
    drawn = random.Random(chosen.seed).sample(found, min(chosen.most, len(found)))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(chosen.workers) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(chosen.workers):
            folder = Path(scratch) / str(number)
            shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__"))
            copies.put(folder)
        alive = 0
        for mutant, lives in zip(drawn, pool.map(lambda each: survives(each, copies), drawn), strict=True):
            if lives:
                alive += 1
                print(f"{mutant.path.relative_to(ROOT)}:{mutant.line} {mutant.what}", flush=True)
    score = 100 * (len(drawn) - alive) / len(drawn)
    print(f"{len(drawn) - alive} of {len(drawn)} killed, {score:.1f} %; {len(found):,} mutants in all")
    return int(score < chosen.least)


if __name__ == "__main__":
    sys.exit(main())
