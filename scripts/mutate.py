"""Mutation testing of what makes money: one small change at a time, and the tests have to notice.

    python scripts/mutate.py --log mutants.jsonl
    python scripts/mutate.py guardrail/cost/join.py

The tests are collected once, and run once, to see which lines each of them covers. Every mutant lives in a forked
process, in which the functions of its file are given the changed code; there run the tests that cover the changed
lines, the quick ones first, up to the first failure. It is killed where a test fails, or where that takes many times
as long as without it, which is counted in the time of the processor: a machine that is busy with other things kills
nothing. What no function holds (a constant, a default) is changed before a process imports the file, and is given the
tests that cover any line of the file. Where ``--seconds`` of tests have passed, a mutant survives, and is shown so.

Which mutants are drawn hangs on the seed and on what each of them says, not on where it stands: whoever changes a
file changes the part of the sample that is in it, and ``--log`` goes on with all others.

``equivalent_mutants.toml`` lists the mutants that no value can tell from the original, each with its reason. They are
tried like all others: one that is killed, or that is not found any more, is an error there. Exit 1 then, and where
fewer than ``--least`` per cent of the others are killed.
"""

import argparse
import ast
import copy
import gc
import hashlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import coverage
import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
FILES = (
    "guardrail/cost/*.py",
    *(f"guardrail/prices/{name}.py" for name in ("book", "rates", "instance_types", "savings_plans")),
    *(f"guardrail/{name}.py" for name in ("scaling", "schedules", "flows", "policy/saving", "policy/condition")),
    "guardrail/sources/linking/*.py",
    *(
        f"guardrail/sources/template/{name}.py"
        for name in ("functions", "loops", "parameters", "reader", "stack", "stacks", "values", "world")
    ),
    "guardrail/alternatives/*.py",
    *(
        f"guardrail/bills/{name}.py"
        for name in ("asked", "billed", "calibrate", "layouts", "reasons", "reconcile", "resources", "usage", "view")
    ),
    "guardrail/evidence/judge/*.py",
)
"""What works out money, and what a wrong amount would come from."""
TESTS = (
    *(f"tests/{name}" for name in ("cost", "policy", "alternatives", "assess", "bills", "evidence")),
    *(f"tests/prices/test_{name}.py" for name in ("book", "rates", "savings_plans")),
    *(f"tests/sources/{name}" for name in ("jobs", "linking", "template", "vocabulary", "test_regions.py")),
    *(f"tests/commands/{name}" for name in ("test_check.py", "test_check_evidence.py", "test_check_templates_then.py")),
    *(
        f"tests/test_{name}.py"
        for name in (
            *("scaling", "schedules", "flows", "pricing", "discounting", "assess", "properties", "policies"),
            *("scenarios", "templates", "formats_agree", "equivalence", "equivalence_hcl", "mistakes"),
            *("naive_pricer", "check_against_naive_pricer"),
        )
    ),
)
WITHOUT = ("cacheprovider", "terminal", "xdist")
KEY = ("file", "function", "line", "before", "after")
SECONDS = 10
"""Of the processor, that a test may take beside twenty times what it takes without a mutant."""
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
    last: int
    """The line that what is changed ends in."""
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
            line, last, function = *_lines(node), functions.get(id(node), "")
            text, before, after = lines[line - 1].strip(), _text(node), _text(changed)
            key = function, text, before, after
            seen[key] += 1
            after += f" ({seen[key]})" if seen[key] > 1 else ""
            yield Mutant(str(path.relative_to(ROOT)), line, last, function, text, before, after, place, number)


def _lines(node: ast.AST) -> tuple[int, int]:
    """Where a node begins and ends; of a branch its condition."""
    part: Any = node.test if isinstance(node, ast.If) else node
    return getattr(part, "lineno", 1), getattr(part, "end_lineno", 1)


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


def functions_by_file() -> Mapping[str, list[FunctionType]]:
    """The functions that live in this process; those which they make later have their code from them."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    gc.unfreeze()  # the tests freeze what they are made of, which get_objects() leaves out
    for function in gc.get_objects():
        if isinstance(function, FunctionType):
            found[function.__code__.co_filename].append(function)
    gc.freeze()
    return found


def put_in_place(mutant: Mutant, functions: Mapping[str, list[FunctionType]]) -> None:
    """Give the changed code to every function of the file, or to the module where nobody has imported it yet."""
    loader = Loader(mutant)
    if loader.module not in sys.modules:
        sys.meta_path.insert(0, loader)
    changed = dict(_codes(mutant.code()))
    for function in functions[str(ROOT / mutant.path)]:
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
        self.module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, fullname: str, _: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        del target
        if fullname != self.module:
            return None
        path = ROOT / self._mutant.path
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=str(path), is_package=path.stem == "__init__")
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(str(path.parent))
        return spec

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
            signal.alarm(1800)  # for what waits and computes nothing
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

    def first_failure(self, timed: Iterable[tuple[pytest.Item, float]], most: float = inf) -> str | None:
        """The first of the tests that fails, of those that begin before ``most`` seconds of the processor are over."""
        for item, seconds in timed:
            if _used() > most:
                break
            resource.setrlimit(
                resource.RLIMIT_CPU, (int(time.process_time() + SECONDS + 20 * seconds), resource.RLIM_INFINITY)
            )
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


class Covered:
    """How long each test takes, and the tests that cover each line of the files."""

    def __init__(self, seconds: Mapping[str, float], lines: Mapping[str, Mapping[str, Sequence[int]]]) -> None:
        self.seconds = seconds
        self._tests: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._files: dict[str, set[str]] = defaultdict(set)
        for test, by_path in lines.items():
            for path, numbers in by_path.items():
                self._files[path].add(test)
                for number in numbers:
                    self._tests[path, number].add(test)

    def by(self, mutant: Mutant) -> list[str]:
        """The tests that tell it from the original, if any does, the quickest first."""
        lines = range(mutant.line, mutant.last + 1)
        found = [self._tests[mutant.path, line] for line in lines] if mutant.function else [self._files[mutant.path]]
        return sorted(set[str]().union(*found), key=lambda test: self.seconds[test])


def covered(plugin: Plugin, session: pytest.Session, paths: set[str], log: Path | None) -> Covered:
    """What each test covers, which is kept beside the log for as long as neither the code nor a test changes.

    Raises SystemExit where one fails without any mutant.
    """
    kept = log.with_suffix(f".{_digest()}.coverage") if log else None
    known = kept.read_text(encoding="utf-8").splitlines() if kept and kept.exists() else []
    seen = {test: (seconds, lines) for test, seconds, lines in map(json.loads, known)}
    unseen: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in session.items:
        if item.nodeid not in seen:
            unseen[item.path].append(item)
    for items in unseen.values():
        answer = in_a_fork(lambda items=items: _covers(plugin, items))  # type: ignore[misc]
        if not isinstance(answer, list):
            raise SystemExit(f"fails without any mutant: {answer}")
        seen |= {test: (seconds, lines) for test, seconds, lines in answer}
        if kept:
            with kept.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(each) + "\n" for each in answer)
    here = [item.nodeid for item in session.items]
    lines = {test: {path: seen[test][1].get(path, []) for path in paths & {*seen[test][1]}} for test in here}
    return Covered({test: seen[test][0] for test in here}, lines)


def _digest() -> str:
    """Of everything that a test can cover, or is made of."""
    digest = hashlib.sha256()
    for folder in ("guardrail", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _covers(plugin: Plugin, items: Sequence[pytest.Item]) -> object:
    """The tests of one file, the seconds of each, and by file the lines that it covers; or the name of one that fails.

    What is kept by one test and used by the next, as a cache is, counts as covered by the first alone.
    """
    tracer = coverage.Coverage(data_file=None, config_file=False, include=[f"{ROOT}/guardrail/*"], messages=False)
    tracer.set_option("run:disable_warnings", ["no-data-collected"])  # as by tests of what they themselves are made of
    seconds: dict[str, float] = {}
    tracer.start()
    for item in items:
        tracer.switch_context(item.nodeid)
        begin = _used()
        if plugin.first_failure([(item, 60)]):
            return item.nodeid
        seconds[item.nodeid] = _used() - begin
    tracer.stop()
    data, found = tracer.get_data(), defaultdict[str, dict[str, list[int]]](lambda: defaultdict(list))
    for path in data.measured_files():
        for line, tests in data.contexts_by_lineno(path).items():
            for test in tests:
                found[test][str(Path(path).relative_to(ROOT))].append(line)
    return [[test, each, found[test]] for test, each in seconds.items()]


def _used() -> float:
    """Seconds of the processor, of this process and of those that it has started."""
    return time.process_time() + sum(os.times()[2:4])


def try_all(drawn: Sequence[Mutant], done: Callable[[Mutant, Outcome], None], chosen: argparse.Namespace) -> None:
    """Every mutant in a forked process: those of functions where the tests are collected, the others after them."""
    inside = [mutant for mutant in drawn if mutant.function]
    outside = [mutant for mutant in drawn if not mutant.function]
    tests: list[Covered] = []

    def run(plugin: Plugin, session: pytest.Session) -> None:
        tests.append(covered(plugin, session, {mutant.path for mutant in drawn}, chosen.log))
        print(f"{len(session.items)} tests take {sum(tests[0].seconds.values()):.0f} s", flush=True)
        _try_inside(inside, tests[0], plugin, session, done, chosen.seconds)

    with tempfile.TemporaryDirectory() as scratch:
        options = ["--basetemp", f"{scratch}/tests"]
        failed = collected(run, [*options, *(str(ROOT / name) for name in chosen.tests)])
        if failed:
            raise SystemExit(str(failed))
        for mutant in outside:
            begin = time.perf_counter()
            killer = in_a_fork(lambda mutant=mutant: _outside(mutant, tests[0], options, chosen.seconds))  # type: ignore[misc]
            done(mutant, Outcome(None if killer is None else str(killer), time.perf_counter() - begin))


def _try_inside(
    drawn: Sequence[Mutant],
    tests: Covered,
    plugin: Plugin,
    session: pytest.Session,
    done: Callable[[Mutant, Outcome], None],
    seconds: float,
) -> None:
    functions, items = functions_by_file(), {item.nodeid: item for item in session.items}
    killers: Counter[str] = Counter()

    def killer_of(mutant: Mutant) -> object:
        put_in_place(mutant, functions)
        ordered = sorted(tests.by(mutant), key=lambda test: -killers[test])
        return plugin.first_failure(((items[test], tests.seconds[test]) for test in ordered), seconds)

    for mutant in drawn:
        begin = time.perf_counter()
        killer = in_a_fork(lambda mutant=mutant: killer_of(mutant))  # type: ignore[misc]
        if killer in items:
            killers[str(killer)] += 1
        done(mutant, Outcome(None if killer is None else str(killer), time.perf_counter() - begin))


def _outside(mutant: Mutant, tests: Covered, options: Sequence[str], seconds: float) -> object:
    """What kills a mutant that is outside of functions: the tests are imported anew with it."""
    sys.meta_path.insert(0, Loader(mutant))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("guardrail", "tests")]:
        del sys.modules[name]
    wanted, begun, sooner = tests.by(mutant), time.process_time(), 0.0
    for count, test in enumerate(wanted):
        sooner += tests.seconds[test]
        if sooner > seconds:
            wanted = wanted[:count]
            break

    def run(plugin: Plugin, session: pytest.Session) -> object:
        items = {item.nodeid: item for item in session.items}
        timed = ((items[test], tests.seconds[test]) for test in wanted)
        return plugin.first_failure(timed, time.process_time() - begun + seconds)

    return collected(run, [*options, *(str(ROOT / name) for name in {test.partition("::")[0] for test in wanted})])


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
    parser.add_argument("--most", type=int, default=1000, help="how many mutants, drawn at random (default: 1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=95, help="per cent that must be killed (default: 95)")
    parser.add_argument("--seconds", type=float, default=60, help="of tests, after which one survives (default: 60)")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="files and folders (default: those of money)")
    parser.add_argument("--log", type=Path, help="a file that is added to; what was killed in it is not tried again")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    found = [each for name in chosen.files for path in sorted(ROOT.glob(name)) for each in mutants(path)]
    ranks = {mutant.key: hashlib.sha256(repr((chosen.seed, mutant.key)).encode()).digest() for mutant in found}
    last = sorted(ranks.values())[: chosen.most][-1:]
    drawn = [mutant for mutant in found if [ranks[mutant.key]] <= last]
    drawn.sort(key=lambda mutant: ranks[mutant.key])  # so that a part of them is a sample, too
    reasons = equivalent()
    outcomes = Outcomes(chosen.log, reasons)
    left = [mutant for mutant in drawn if not outcomes.knows(mutant)]
    print(f"{len(drawn)} of {len(found)} mutants, {len(left)} of them to try", flush=True)
    if left:
        try_all(left, outcomes.done, chosen)
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
