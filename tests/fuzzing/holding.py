"""What must hold of every input, and how it is tried.

An answer, or one line that says what is wrong; never a bug, and never without end. Where a report comes out, it is of
the published shape, its bounds are in order, no amount is negative, and every format can write it.
"""

import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from guardrail import cli
from guardrail.errors import GuardrailError
from tests.fuzzing import seeds

T = TypeVar("T")
FORMATS = ("table", "markdown", "html", "sarif", "junit", "gitlab", "github", "csv", "summary", "concise")


class BrokenError(AssertionError):
    """A property that does not hold of an input."""


def must(holds: bool, what: str) -> None:  # noqa: FBT001 - as assert has it
    if not holds:
        raise BrokenError(what)


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    (Path(folder.name) / ".git").mkdir()
    return folder


def scratch() -> Path:
    """A folder of this process, gone with it; a repository, so that nobody looks above."""
    return Path(_folder().name)


def run(*arguments: str, complains: str = "guardrail: ") -> Answer:
    """A run of the command line in this process: an answer, or a line without it that begins as it ``complains``."""
    out, err = io.StringIO(), io.StringIO()
    before = os.environ.get("GUARDRAIL_DEBUG")
    os.environ["GUARDRAIL_DEBUG"] = "1"  # a bug then says where it is
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(arguments)
    finally:
        os.environ.pop("GUARDRAIL_DEBUG") if before is None else None
    said = err.getvalue()
    must(code in (0, 1, 2, 3), f"exit {code}: {said}")
    if code == cli.NO_ANSWER:
        must(said != "" and said.startswith(complains), f"no answer, and not a word: {said!r}")
    must(all(line.isprintable() for line in said.splitlines()), f"standard error is written as it came: {said!r}")
    return Answer(code, out.getvalue(), said)


def check(files: Mapping[str, bytes], name: str, *arguments: str) -> dict[str, Any] | None:
    """The sound report of a check of ``name`` among files; None where there is no answer."""
    folder = scratch() / "in"
    shutil.rmtree(folder, ignore_errors=True)
    for each, content in files.items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_bytes(content)
    other = FORMATS[sum(map(len, files.values())) % len(FORMATS)]
    words = ("--format", "json", "--format", f"{other}={scratch() / 'other'}", "--region", "us-east-1")
    answer = run("check", str(folder / name), *words, *arguments)
    if not answer.out:
        must(answer.code == cli.NO_ANSWER, f"exit {answer.code} without a report")
        return None
    report: dict[str, Any] = json.loads(answer.out)
    must(answer.code == report["exit_code"], f"exit {answer.code}, and the report says {report['exit_code']}")
    sound(report)
    return report


@cache
def _published() -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(json.loads((seeds.ROOT / "guardrail/reporters/report.schema.json").read_text("utf-8")))


def sound(report: dict[str, Any]) -> None:
    """Raise where a report is not of its shape, or has an amount that no bill has."""
    problem = next(_published().iter_errors(report), None)
    must(problem is None, f"not of the published shape: {problem}")
    reasons = report["overview"]["reasons"]
    must(all(reason and reason == reason.strip() for reason in reasons), f"a reason that is none: {reasons}")
    for bounds in _bounds(report):
        amounts = [amount(bounds[name]) for name in ("floor", "expected", "ceiling")]
        known = [each for each in amounts if each is not None]
        must(all(each >= 0 for each in known), f"a negative amount: {bounds}")
        must(known == sorted(known), f"bounds out of order: {bounds}")


def _bounds(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.keys() >= {"floor", "expected", "ceiling", "at_least"}:
                yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def amount(value: Any) -> Decimal | None:
    """An amount of a report; None where it is not known."""
    return Decimal(value) if isinstance(value, str) else None


def expected(call: Callable[[], T], *errors: type[Exception]) -> T | None:
    """What a call returns; None where it refuses, in one printable line."""
    try:
        return call()
    except Exception as error:
        if not isinstance(error, (GuardrailError, *errors)):
            raise
        must(bool(str(error)), "a refusal without a word")
        return None
