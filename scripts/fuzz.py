"""Coverage-guided fuzzing of everything that reads what others wrote, for as long as it is given.

    python scripts/fuzz.py --seconds 600                 each target for ten minutes
    python scripts/fuzz.py --target hcl --target bills --jobs 2
    python scripts/fuzz.py --try found/hcl-5f0c8a21.bin --target hcl

Needs Linux and the extra ``fuzz`` (Atheris, which is libFuzzer for Python); ``--unguided`` needs neither. What is
read, what it begins with and what must hold of every input stands in ``tests/fuzzing``. Each target runs in a process
of its own, which notes what does not hold and goes on: an input that breaks a property, takes more than `CPU_SECONDS`
of the processor or `BYTES` more of memory is made as small as it goes and written to ``--found``, once for each place
in the code that it breaks. Exit 1 where there is any. Such an input belongs into ``tests/fuzzing/found``, where a test
tries it from then on.
"""

import argparse
import hashlib
import importlib.util
import io
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from types import FrameType, SimpleNamespace
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60
CPU_SECONDS = 20
"""For one input, instrumented; a check without that takes a fourth of it."""
BYTES = 512 << 20
MOST_BYTES = 4 << 30
"""Of address space, so that what runs away is noted and does not take the machine along."""
LARGEST_INPUT = 1 << 15
_SHRINKING_SECONDS = 30
_OF_LIBFUZZER = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")


class Outcome(NamedTuple):
    """What one target came to."""

    target: str
    cpu_s: float
    executions: int
    branches: int
    corpus: int
    found: int


class _SlowError(BaseException):
    """An input that takes too long; no `Exception`, which the code under test may catch."""


def main() -> int:
    """Fuzz what was asked for, say what it came to, and return the exit code."""
    sys.path.insert(0, str(ROOT))
    from tests.fuzzing.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="repeatable (default: all)")
    parser.add_argument(
        "--seconds", type=int, default=SECONDS, help=f"of the processor, for each target (default: {SECONDS})"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once (default: 1)")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was reached, and is begun with")
    parser.add_argument("--found", type=Path, default=Path("found"), help="where inputs go (default: found)")
    parser.add_argument("--try", dest="tried", type=Path, help="try this one input, and show what does not hold")
    parser.add_argument("--unguided", action="store_true", help="several times as many inputs, led by no coverage")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = asked.target or list(TARGETS)
    if asked.tried is not None:
        TARGETS[names[0]].check(asked.tried.read_bytes())
        return 0
    if not asked.unguided and importlib.util.find_spec("atheris") is None:
        print("fuzz: no atheris here: pip install -r requirements-fuzz.txt, on Linux; or --unguided", file=sys.stderr)
        return 2
    if asked.worker:
        (_unguided if asked.unguided else _guided)(names[0], asked)
    asked.found.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(asked.jobs) as pool:
        outcomes = list(pool.map(lambda name: _run(name, asked), names))
    print(f"{'target':<14} {'CPU s':>8} {'executions':>11} {'branches':>9} {'inputs':>7} {'found':>6}")
    for each in outcomes:
        print(
            f"{each.target:<14} {each.cpu_s:>8,.0f} {each.executions:>11,}"
            f" {each.branches:>9,} {each.corpus:>7,} {each.found:>6}"
        )
    return 1 if any(each.found for each in outcomes) else 0


def _run(name: str, asked: argparse.Namespace) -> Outcome:
    """Fuzz one target in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="guardrail-fuzz-") as folder:
        corpus = Path(folder) / "corpus" if asked.corpus is None else asked.corpus / name
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", "--target", name]
        command += ["--unguided"] if asked.unguided else []
        command += ["--seconds", str(asked.seconds), "--seed", str(asked.seed)]
        command += ["--corpus", str(corpus.resolve()), "--found", str(asked.found.resolve())]
        before = set(asked.found.glob(f"{name}-*"))
        with (Path(folder) / "log").open("w+", encoding="utf-8", errors="replace") as log:
            process = subprocess.Popen(
                command, cwd=scratch, env={**os.environ, "TMPDIR": str(scratch)}, stdout=log, stderr=log
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            said = log.read()
        told = [[int(number) for number in line.groups()] for line in _OF_LIBFUZZER.finditer(said)]
        branches, inputs = told[-1] if told else (0, 0)
        counted = re.findall(r"(?m)^executions: (\d+)$", said)
        executions = int(counted[-1]) if counted else 0
        found = set(asked.found.glob(f"{name}-*.bin")) - before
        if process.returncode != 0:  # libFuzzer itself gave up
            (asked.found / f"{name}-log.txt").write_text(said[-20_000:], encoding="utf-8")
        outcome = Outcome(
            name, used.ru_utime + used.ru_stime, executions, branches, inputs, len(found) + (process.returncode != 0)
        )
        print(f"fuzz: {name}: {executions:,} executions, {branches:,} branches, {outcome.found} found", flush=True)
        return outcome


def _unguided(name: str, asked: argparse.Namespace) -> NoReturn:
    """Try what some mutations in a row make of the seeds, until the time is over, which ends the process."""
    from tests.fuzzing.targets import TARGETS

    target, dice = TARGETS[name], Random(asked.seed)
    seeds = list(target.seeds())
    watch = _Watch(name, target.check, asked.found, asked.seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    while True:
        made = dice.choice(seeds)
        for _ in range(dice.choice((1, 1, 2, 4))):
            made = target.mutate(made, dice.choice(seeds), dice)[:LARGEST_INPUT]
        watch.tries(made)


def _guided(name: str, asked: argparse.Namespace) -> NoReturn:
    """Have libFuzzer find inputs that reach what none has reached, until the time is over, which ends the process."""
    import atheris
    from atheris import import_hook

    # it tells each module on standard error, which is looked at, and commands import what they need late
    import_hook.sys = SimpleNamespace(**{**vars(sys), "stderr": io.StringIO()})
    with atheris.instrument_imports(include=["guardrail"]):
        for module in [module for module in sys.modules if module.partition(".")[0] in ("guardrail", "tests")]:
            del sys.modules[module]  # those that were imported to know the targets are not instrumented
        from tests.fuzzing.targets import TARGETS

        target = TARGETS[name]
        seeds = list(target.seeds())
        asked.corpus.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (asked.corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        watch = _Watch(name, target.check, asked.found, asked.seconds)
        lately: deque[bytes] = deque(seeds, maxlen=max(64, len(seeds)))

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            dice = Random(seed)
            made = target.mutate(data, dice.choice(lately), dice)
            if dice.random() < 0.02:  # noqa: PLR2004 - now and then bytes that are no text at all
                made = atheris.Mutate(made[:most], most)
            lately.append(data)
            return made[:most]

        options = [f"-seed={asked.seed}", f"-max_len={LARGEST_INPUT}"]
        options += ["-timeout=300", "-rss_limit_mb=0", "-malloc_limit_mb=0", "-report_slow_units=300"]
        options += [f"-artifact_prefix={asked.found}/{name}-"]
        atheris.Setup(
            [sys.argv[0], *options, str(asked.corpus)], watch.tries, custom_mutator=mutate, internal_libfuzzer=True
        )
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        atheris.Fuzz()
    raise SystemExit(0)


class _Watch:
    """Tries inputs, and keeps of those that break something the smallest one for each place."""

    def __init__(self, name: str, check: Callable[[bytes], object], folder: Path, seconds: int) -> None:
        self._check, self._name, self._folder, self._seconds = check, name, folder, seconds
        self._executions = 0
        self._known: set[str] = set()
        signal.signal(signal.SIGVTALRM, self._is_slow)

    def tries(self, data: bytes) -> None:
        """One input of the fuzzer's; with the last one that there is time for the process ends."""
        self._executions += 1
        if time.process_time() > self._seconds:
            print(f"executions: {self._executions}", flush=True)
            os._exit(0)
        problem = self._problem(data)
        if problem is None or problem[0] in self._known:
            return
        self._known.add(problem[0])
        data = self._smallest(data, problem[0])
        told = self._problem(data) or problem
        name = f"{self._name}-{hashlib.sha256(problem[0].encode()).hexdigest()[:8]}"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{name}.bin").write_bytes(data)
        (self._folder / f"{name}.txt").write_text(told[1], encoding="utf-8", errors="backslashreplace")

    def _problem(self, data: bytes) -> tuple[str, str] | None:
        """What does not hold of an input: its place in the code, and all that there is to say."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            self._check(data)
        except (Exception, _SlowError) as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            return self._place(error), "".join(traceback.format_exception(error))
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        return ("memory", f"it took {grown:,} KiB more") if grown * 1024 > BYTES else None

    @staticmethod
    def _place(error: BaseException) -> str:
        """Where it went wrong: the last line of guardrail in a traceback, or in one in a message; else the property."""
        if isinstance(error, _SlowError):
            return "slow"
        said = "".join(traceback.format_exception(error))
        places = re.findall(r'(?:guardrail|fuzzing)/(\S+?)", line (\d+), in (?!must\b)', said)
        inner = re.findall(r"(\w+Error)", said)
        return f"{inner[-1:]} {places[-1:]}"

    @staticmethod
    def _is_slow(_number: int, _frame: FrameType | None) -> NoReturn:
        raise _SlowError(f"more than {CPU_SECONDS} s")

    def _smallest(self, data: bytes, place: str) -> bytes:
        """The input without all that it breaks without: pieces of half its length, and ever smaller ones."""
        until = time.monotonic() + _SHRINKING_SECONDS
        size = max(len(data) // 2, 1)
        while size and time.monotonic() < until:
            start = 0
            while start < len(data) and time.monotonic() < until:
                less = data[:start] + data[start + size :]
                problem = self._problem(less)
                if problem is not None and problem[0] == place:
                    data = less
                else:
                    start += size
            size //= 2
        return data


if __name__ == "__main__":
    sys.exit(main())
