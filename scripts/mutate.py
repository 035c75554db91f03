"""Mutation testing of what makes money: one small change at a time, and the tests have to notice.

    python scripts/mutate.py --most 600 --log mutants.jsonl
    python scripts/mutate.py guardrail/cost/join.py

The tests are collected once. Every mutant lives in a forked process, in which the functions of its file are given the
changed code; there run the tests that were seen to call the changed function, the quick ones first, up to the first
failure. It is killed where a test fails, or where that takes too long, which is counted in the time of the processor:
a machine that is busy with other things kills nothing. What no function holds (a constant, a default) is changed before
a process imports the file, and is given all tests.

``equivalent_mutants.toml`` lists the mutants that no value can tell from the original, each with its reason. They are
tried like all others: one that is killed, or that is not found any more, is an error there. Exit 1 then, and where
fewer than ``--least`` per cent of the others are killed.
"""

import argparse
import ast
import copy
import gc
import importlib.abc
import importlib.machinery
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
FILES = (
    "guardrail/cost/*.py",
    *(f"guardrail/prices/{name}.py" for name in ("book", "rates", "instance_types", "savings_plans")),
    "guardrail/scaling.py",
    "guardrail/schedules.py",
    "guardrail/policy/saving.py",
)
TESTS = (
    "tests/cost",
    "tests/prices",
    "tests/test_scaling.py",
    "tests/test_schedules.py",
    "tests/policy",
    "tests/test_pricing.py",
    "tests/test_discounting.py",
    "tests/test_assess.py",
    "tests/test_naive_pricer.py",
    "tests/test_properties.py",
    "tests/test_policies.py",
    "tests/test_scenarios.py",
)
WITHOUT = ("cacheprovider", "terminal", "xdist")
KEY = ("file", "function", "line", "before", "after")
SECONDS = 120
"""Of the processor, for the tests of one mutant."""
BYTES = 4 << 30

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


# Mutants -------------------------------------------------------------------------------------------------------------


class Mutant(NamedTuple):
    """One change of one file."""

    path: str
    line: int
    function: str
    """The function it is in, ``Estimator._own``; empty for the module and the bodies of its classes."""
    text: str
    """The line that it begins in."""
    before: str
    after: str
    """With ``(2)`` behind it for the second one that reads the same."""
    place: int
    """Of the changed node in the file's syntax tree."""
    number: int
    """Of the change, where a node has several."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function}: {self.text}\n    {self.before}  ->  {self.after}"

    @property
    def key(self) -> tuple[str, ...]:
        """What names it in the list of equivalent ones, though lines move."""
        return self.path, self.function, self.text, self.before, self.after

    def code(self) -> CodeType:
        """Of the whole changed file, with the lines of the original."""
        path = ROOT / self.path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        node = next(each for place, each in enumerate(ast.walk(tree)) if place == self.place)
        [*_changes(node)][self.number](node)
        return compile(ast.fix_missing_locations(tree), str(path), "exec")


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file: operators, comparisons, numbers, truths, branches and names that have a counterpart."""
    source = path.read_text(encoding="utf-8")
    tree, lines, seen = ast.parse(source), source.splitlines(), Counter[tuple[str, ...]]()
    words = {id(part) for node in ast.walk(tree) for word in _words(node) for part in ast.walk(word)}
    functions = _functions(tree)
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in words:
            continue
        for number, change in enumerate(_changes(node)):
            changed = copy.deepcopy(node)
            change(changed)
            line, function = getattr(node, "lineno", 1), functions.get(id(node), "")
            text, before, after = lines[line - 1].strip(), _text(node), _text(changed)
            key = function, text, before, after
            seen[key] += 1
            after += f" ({seen[key]})" if seen[key] > 1 else ""
            yield Mutant(str(path.relative_to(ROOT)), line, function, text, before, after, place, number)


def _text(node: ast.AST) -> str:
    """A node on one line; of a branch its condition."""
    return ast.unparse(node.test if isinstance(node, ast.If | ast.IfExp) else node).replace("\n", " ")


def _functions(tree: ast.AST) -> dict[int, str]:
    """The function that each node is run by: a default value is the module's, a lambda is its function's."""
    found: dict[int, str] = {}

    def visit(node: ast.AST, names: tuple[str, ...], function: str) -> None:
        if isinstance(node, ast.FunctionDef):
            inner = (*names, node.name)
            for statement in node.body:
                visit(statement, inner, function or ".".join(inner))
            return
        found[id(node)] = function
        for part in ast.iter_child_nodes(node):
            visit(part, (*names, node.name) if isinstance(node, ast.ClassDef) else names, function)

    visit(tree, (), "")
    return found


def _words(node: ast.AST) -> list[ast.AST]:
    """What computes nothing: annotations, keywords of a class, an asserted length, how many answers are kept."""
    match node:
        case ast.keyword(arg="strict" | "maxsize"):
            return [node]
        case ast.ClassDef(keywords=keywords):
            return [*keywords]
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return [node]
    return [part for name in ("annotation", "returns") if isinstance(part := getattr(node, name, None), ast.AST)]


def _changes(node: ast.AST) -> list[Callable[[Any], None]]:
    """What can be done to a node, each to a copy of it."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            return [lambda it: setattr(it, "op", SWAPS[type(op)]())]
        case ast.Compare(ops=ops):
            return [_comparing(place, SWAPS[type(op)]) for place, op in enumerate(ops) if type(op) in SWAPS]
        case ast.If() | ast.IfExp():
            return [lambda it: setattr(it, "test", ast.UnaryOp(ast.Not(), it.test))]
        case ast.UnaryOp(op=ast.Not()):
            return [lambda it: setattr(it, "operand", ast.UnaryOp(ast.Not(), it.operand))]
        case ast.Continue():
            return [lambda it: setattr(it, "__class__", ast.Pass)]
    return _changed_values(node)


def _comparing(place: int, operator: type[ast.AST]) -> Callable[[Any], None]:
    return lambda it: it.ops.__setitem__(place, operator())


def _changed_values(node: ast.AST) -> list[Callable[[Any], None]]:
    match node:
        case ast.Constant(value=bool(truth)):
            return [lambda it: setattr(it, "value", not truth)]
        case ast.Constant(value=int(number)):
            return [lambda it: setattr(it, "value", number + 1)]
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(text))]):
            return [lambda it: setattr(it.args[0], "value", f"1{text}")]
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            return [lambda it: setattr(it.func, "id", NAMES[name])]
        case ast.Attribute(attr=name, ctx=ast.Load()) if name in NAMES:
            return [lambda it: setattr(it, "attr", NAMES[name])]
    return []


# Putting one in place ------------------------------------------------------------------------------------------------


def put_in_place(mutant: Mutant) -> None:
    """Give the changed code to every function of the file that lives in this process."""
    changed = dict(_codes(mutant.code()))
    path = str(ROOT / mutant.path)
    gc.unfreeze()  # the tests freeze what they are made of, which get_objects() leaves out
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == path:
            function.__code__ = changed[_name(function.__code__)]


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield _name(part), part
            yield from _codes(part)


def _name(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the changed file in place of the original."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._module = mutant.path.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self._module:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(ROOT / self._mutant.path))

    def exec_module(self, module: Any) -> None:
        module.__file__ = str(ROOT / self._mutant.path)
        exec(self._mutant.code(), module.__dict__)  # noqa: S102 - that is what a loader does


# Running the tests ---------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of a mutant."""

    killer: str | None
    """The test that failed, or why there was no need for one; None where it survives."""
    seconds: float


def in_a_fork(run: Callable[[], object]) -> object:
    """What ``run`` returns in a process of its own, as JSON has it; "too long" where it was ended."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = 1
        with suppress(BaseException):
            os.close(reading)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20 * SECONDS)  # for what waits and computes nothing
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
            os.write(writing, json.dumps(run()).encode())
            code = 0
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) or not said:
        return f"ended by {os.waitstatus_to_exitcode(status)}"
    return json.loads(said)


class Plugin:
    """Takes pytest's place once the tests are collected."""

    def __init__(self, run: Callable[[pytest.Session], object]) -> None:
        self._run = run
        self.failed: str | None = None
        self.answer: object = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection(self) -> None:
        """Property tests with few examples, the same each time, and nothing that is smaller when one fails."""
        hypothesis.settings.register_profile(
            "mutants",
            deadline=None,
            derandomize=True,
            database=None,
            max_examples=25,
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
            suppress_health_check=tuple(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("mutants")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or f"importing {report.nodeid}: {report.longreprtext[-300:]}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        try:
            self.answer = self.failed or self._run(session)
        except SystemExit as stopped:
            self.answer = str(stopped)
        return True

    def first_failure(self, items: Iterable[pytest.Item]) -> str | None:
        """The first of the tests that fails."""
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return self.failed
        return None


def collected(run: Callable[[Plugin, pytest.Session], object], arguments: Sequence[str]) -> object:
    """What ``run`` answers, or the name of a test file that cannot be imported."""
    plugin = Plugin(lambda session: run(plugin, session))
    options = (
        "-o",
        "addopts=--import-mode=importlib",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        *(f"-pno:{name}" for name in WITHOUT),
    )
    code = pytest.main([*options, *arguments], [plugin])
    return plugin.answer or plugin.failed or (None if code in (0, 1) else f"pytest ends with {code}")


def called(plugin: Plugin, session: pytest.Session, paths: set[str]) -> tuple[dict[tuple[str, str], list[int]], float]:
    """The tests that call each function of the files, the quickest first. Every test runs alone, with no warm cache.

    Raises SystemExit where one fails without any mutant.
    """
    found: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for place, item in enumerate(session.items):
        answer = in_a_fork(lambda item=item: _calls(plugin, item, paths))  # type: ignore[misc]
        if not isinstance(answer, list):
            raise SystemExit(f"{item.nodeid} fails without any mutant: {answer}")
        seconds, names = answer
        for path, name in names:
            found[path, name].append((seconds, place))
    whole = sum(seconds for seconds, _ in {pair for pairs in found.values() for pair in pairs})
    return {key: [place for _, place in sorted(pairs)] for key, pairs in found.items()}, whole


def _calls(plugin: Plugin, item: pytest.Item, paths: set[str]) -> object:
    names: set[tuple[str, str]] = set()

    def seen(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename in paths:
            names.add((frame.f_code.co_filename, frame.f_code.co_qualname.partition(".<locals>")[0]))

    begin = time.perf_counter()
    sys.setprofile(seen)
    failed = plugin.first_failure([item])
    sys.setprofile(None)
    return failed or [time.perf_counter() - begin, sorted(names)]


def try_in_functions(
    drawn: Sequence[Mutant], done: Callable[[Mutant, Outcome], None], arguments: Sequence[str]
) -> None:
    """Every mutant that is in a function, one forked process each."""

    def run(plugin: Plugin, session: pytest.Session) -> None:
        paths = {str(ROOT / mutant.path) for mutant in drawn}
        tests, seconds = called(plugin, session, paths)
        print(f"{len(session.items)} tests take {seconds:.0f} s", flush=True)
        killers: Counter[int] = Counter()

        def outcome(mutant: Mutant) -> object:
            put_in_place(mutant)
            places = tests.get((str(ROOT / mutant.path), mutant.function), [])
            ordered = sorted(places, key=lambda place: -killers[place])
            return plugin.first_failure(session.items[place] for place in ordered)

        by_name = {item.nodeid: place for place, item in enumerate(session.items)}
        for mutant in drawn:
            begin = time.perf_counter()
            killer = in_a_fork(lambda mutant=mutant: outcome(mutant))  # type: ignore[misc]
            if killer in by_name:
                killers[by_name[str(killer)]] += 1
            done(mutant, Outcome(None if killer is None else str(killer), time.perf_counter() - begin))

    failed = collected(run, arguments)
    if failed:
        raise SystemExit(str(failed))


def try_in_modules(drawn: Sequence[Mutant], done: Callable[[Mutant, Outcome], None], arguments: Sequence[str]) -> None:
    """Every mutant that is outside of functions: the tests are imported anew with each."""

    def outcome(mutant: Mutant) -> object:
        sys.meta_path.insert(0, Loader(mutant))
        for name in [name for name in sys.modules if name.partition(".")[0] in ("guardrail", "tests")]:
            del sys.modules[name]
        return collected(lambda plugin, session: plugin.first_failure(session.items), arguments)

    failed = in_a_fork(lambda: collected(lambda _, __: None, arguments))
    if failed:
        raise SystemExit(f"without any mutant: {failed}")
    for mutant in drawn:
        begin = time.perf_counter()
        killer = in_a_fork(lambda mutant=mutant: outcome(mutant))  # type: ignore[misc]
        done(mutant, Outcome(None if killer is None else str(killer), time.perf_counter() - begin))


# The report ----------------------------------------------------------------------------------------------------------


def equivalent() -> Mapping[tuple[str, ...], str]:
    """The reasons of the mutants that are equivalent, by their keys."""
    if not EQUIVALENT.exists():
        return {}
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    return {tuple(each[name] for name in KEY): each["why"] for each in listed}


def main() -> int:
    """Print the survivors, and by file how many were killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", default=FILES, help="patterns below the repository (default: money)")
    parser.add_argument("--most", type=int, default=600, help="how many mutants, drawn at random (default: 600)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=97, help="per cent that must be killed (default: 97)")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="files and folders (default: those of money)")
    parser.add_argument("--log", type=Path, help="a file that is added to; what was killed in it is not tried again")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    found = [each for name in chosen.files for path in sorted(ROOT.glob(name)) for each in mutants(path)]
    drawn = random.Random(chosen.seed).sample(found, min(chosen.most, len(found)))
    reasons = equivalent()
    outcomes = Outcomes(chosen.log, reasons)
    left = [mutant for mutant in drawn if not outcomes.knows(mutant)]
    print(f"{len(drawn)} of {len(found)} mutants, {len(left)} of them to try", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        arguments = ["--basetemp", f"{scratch}/tests", *(str(ROOT / name) for name in chosen.tests)]
        try_in_functions([mutant for mutant in left if mutant.function], outcomes.done, arguments)
        try_in_modules([mutant for mutant in left if not mutant.function], outcomes.done, arguments)
    keys = {mutant.key for mutant in found}
    files = {mutant.path for mutant in found}
    gone = [key for key in reasons if key[0] in files and key not in keys]
    for key in gone:
        print("listed as equivalent and not found:", *key)
    score = outcomes.report(drawn)
    return int(score < chosen.least or bool(gone) or bool(outcomes.wrong))


class Outcomes:
    """What became of every mutant, in memory and in a log."""

    def __init__(self, log: Path | None, reasons: Mapping[tuple[str, ...], str]) -> None:
        self._log, self._reasons = log, reasons
        self._killed: set[tuple[str, ...]] = set()
        self.wrong: list[Mutant] = []
        if log is not None and log.exists():
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            self._killed = {tuple(each["mutant"]) for each in lines if each["killer"] is not None}

    def knows(self, mutant: Mutant) -> bool:
        """Whether it was killed before. Lines that move do not matter; delete the log where tests were taken away."""
        return mutant.key in self._killed and mutant.key not in self._reasons

    def done(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep it; say so where it survives and nobody knows why."""
        if outcome.killer is not None:
            self._killed.add(mutant.key)
            if mutant.key in self._reasons:
                self.wrong.append(mutant)
                print(f"listed as equivalent and killed by {outcome.killer}: {mutant}", flush=True)
        elif mutant.key not in self._reasons:
            print(f"survives: {mutant}", flush=True)
        if self._log is not None:
            line = {"mutant": mutant.key, "line": mutant.line, **outcome._asdict()}
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")

    def report(self, drawn: Sequence[Mutant]) -> float:
        """Print how many were killed, by file; the per cent of those that are not equivalent."""
        tried, killed, same = Counter[str](), Counter[str](), Counter[str]()
        for mutant in drawn:
            for name in (mutant.path, "all"):
                tried[name] += 1
                killed[name] += mutant.key in self._killed
                same[name] += mutant.key in self._reasons and mutant.key not in self._killed
        for name in sorted(tried):
            rest = tried[name] - killed[name] - same[name]
            print(f"{name}: {tried[name]} tried, {killed[name]} killed, {same[name]} equivalent, {rest} survive")
        score = 100 * killed["all"] / max(tried["all"] - same["all"], 1)
        print(f"{score:.1f} % killed of those that are not equivalent")
        return score


if __name__ == "__main__":
    sys.exit(main())
