"""``guardrail`` run here as if it were a process: with a folder, an environment and streams of its own.

Starting one takes 80 ms, of which a check is 10. What rests on there being a process, such as what it imports and who
sees its environment, is tested with one.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

from guardrail import cli

OURSELVES = [sys.executable, "-P", "-m", "guardrail"]


def run(
    command: Sequence[str],
    *,
    cwd: str | Path = ".",
    env: Mapping[str, str] | None = None,
    capture_output: bool = False,
    **_: object,
) -> subprocess.CompletedProcess[bytes]:
    """What `subprocess.run` returns of a command that is `OURSELVES` with arguments; standard error is captured."""
    assert list(command[:4]) == OURSELVES
    out, err = _stream(), _stream()
    code = main(command[4:], cwd, os.environ if env is None else env, out if capture_output else sys.stdout, err)
    return subprocess.CompletedProcess(list(command), code, _content(out), _content(err))


SUBPROCESS = SimpleNamespace(run=run, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired)
"""In place of the module `subprocess` where only we ourselves are started."""


def printed(arguments: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of ``guardrail …``, and what it prints on both streams in its order."""
    both = _stream()
    code = main(arguments, cwd, env, both, both)
    return code, _content(both).decode(errors="replace")


def main(arguments: Sequence[str], cwd: str | Path, env: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """The exit code of ``guardrail …`` in a folder, with these variables and no others, and these streams."""
    with ExitStack() as stack:
        stack.enter_context(chdir(cwd))
        stack.enter_context(_environment(dict(env)))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        return cli.main(arguments)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _content(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()
