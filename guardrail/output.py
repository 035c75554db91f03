"""Where answers go: standard output, or a file that is either the old one or the whole new one, never half."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from time import monotonic
from typing import Literal, TextIO, TypeAlias

from guardrail.errors import GuardrailError
from guardrail.signals import tidy_end

GLYPHS = "–✗≥·…"
"""What the reporters draw with where the encoding can carry it."""

_CHUNK = 1 << 16
"""Characters."""


def write_stdout(text: str | Iterable[bytes], *, for_machines: bool = False) -> None:
    """Write and flush ``text``, in UTF-8 where it is ``for_machines``, else in the encoding of the terminal.

    A long text may come as pieces in UTF-8, each of which is made when the one before it is written.

    A reader that has left (``| head``) is no failure: the answer stands without it. Raises GuardrailError where
    standard output cannot be written for any other reason, a full disk for example.
    """
    stream = sys.stdout
    if stream is None:
        return
    if for_machines:
        set_for_machines(stream)
    elif isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    try:
        _write(stream, text)
        stream.flush()
    except OSError as failure:
        silence(stream)
        if reader_has_left(failure):
            return
        raise GuardrailError(f"cannot write to standard output: {failure.strerror or failure}") from failure


def set_for_machines(stream: TextIO | None) -> None:
    """Have a stream write UTF-8, with line feeds, whatever the system writes otherwise."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def reader_has_left(failure: OSError) -> bool:
    """Whether nobody reads the pipe any more that was written to: to Windows its handle may be an invalid argument.

    https://github.com/python/cpython/issues/79935
    """
    if sys.platform == "win32" and failure.errno == errno.EINVAL:
        return failure.filename is None
    return isinstance(failure, BrokenPipeError)


def _write(stream: TextIO, text: str | Iterable[bytes]) -> None:
    if not isinstance(text, str):
        if isinstance(stream, TextIOWrapper):
            stream.flush()
            stream.buffer.writelines(text)
            return
        text = b"".join(text).decode()
    # the stream encodes what it is given, all of it at once
    stream.writelines(text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))


def say(text: str) -> None:
    """Write a line on standard error in which no control character of a hostile file survives, nor a line's end.

    Of the folder ``a`` newline ``::error::b`` a line could begin that is a command to GitHub's runner.
    Where it cannot be written, the exit code says it alone.
    """
    if sys.stderr is None:
        return
    try:
        sys.stderr.write("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


class Stopwatch:
    """What a run does and how long each step takes: ``guardrail: wrote report.json (2 ms)`` on standard error."""

    def __init__(self, *, tells: bool) -> None:
        """It says nothing unless it ``tells``."""
        self._tells = tells
        self._started = self._last = monotonic()

    def step(self, what: str) -> None:
        """Say that ``what`` has been done since the last step."""
        now = monotonic()
        if self._tells:
            say(f"guardrail: {what} ({(now - self._last) * 1000:,.0f} ms)")
        self._last = now

    def end(self, what: str) -> None:
        """Say ``what`` it came to since the beginning."""
        self._last = self._started
        self.step(what)


def silence(stream: TextIO) -> None:
    """Point ``stream`` at nothing, so that the interpreter's own flush on the way out finds no closed pipe."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def write_file(path: str, text: str) -> None:
    """Replace the file at ``path`` by ``text`` in UTF-8, at once; on any failure the old file stands as it was.

    A folder that is not there is made. A path that is no regular file (``/dev/stderr``, a pipe) is written to directly.
    Raises GuardrailError.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if os.path.isdir(path):
            raise GuardrailError(f"cannot write {path}: it is a directory", hint="name a file in it")
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as stream:
                stream.write(content)
            return
        place = os.path.realpath(path)  # through a symbolic link, not in its place
        os.makedirs(os.path.dirname(place), exist_ok=True)
        _replace(place, content)
    except OSError as failure:
        raise GuardrailError(f"cannot write {path}: {failure.strerror or failure}") from failure


def _replace(path: str, content: bytes) -> None:
    """Write beside ``path`` under a name of our own, then rename."""
    partial = partial_of(path)

    def undo() -> None:
        if os.path.exists(partial):
            os.unlink(partial)

    with tidy_end(undo):
        try:
            write_new(partial, content)
            os.replace(partial, path)
        except BaseException:
            undo()
            raise


def partial_of(path: str) -> str:
    """What a file is called, beside ``path``, that is to replace it once it is whole."""
    return f"{path}.{os.getpid()}.part"


def write_new(path: str, content: bytes, mode: int = 0o666) -> None:
    """Write a file that is not there yet. Raises `OSError`, for one that is there too."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder that is gone afterwards, also where a signal ends the process meanwhile."""
    from shutil import rmtree
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="guardrail-") as folder, tidy_end(lambda: rmtree(folder, ignore_errors=True)):
        yield folder


Colour: TypeAlias = Literal["auto", "always", "never"]


def wants_colour(flag: Colour, environment: Mapping[str, str], stream: TextIO | None) -> bool:
    """Whether to colour: the flag unless it is ``auto``, then variables, then whether ``stream`` is a terminal.

    Of the variables NO_COLOR comes first, then FORCE_COLOR, which as ``0`` forbids it, CLICOLOR_FORCE, which as ``0``
    says nothing, and CLICOLOR, which only forbids it, as ``0``. Empty ones say nothing: https://no-color.org and
    https://bixense.com/clicolors have it so.
    """
    if flag != "auto":
        return flag == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    if environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environment.get("CLICOLOR") == "0":
        return False
    return stream is not None and stream.isatty() and environment.get("TERM") != "dumb" and _heeds_sequences(stream)


def _heeds_sequences(terminal: TextIO) -> bool:
    """Whether a terminal heeds escape sequences. A console of Windows is told to, which one before Windows 10 cannot.

    https://learn.microsoft.com/windows/console/setconsolemode, ENABLE_VIRTUAL_TERMINAL_PROCESSING
    """
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        kernel, mode = ctypes.WinDLL("kernel32"), ctypes.c_ulong()
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(terminal.fileno()))
        return bool(kernel.GetConsoleMode(handle, ctypes.byref(mode)) and kernel.SetConsoleMode(handle, mode.value | 4))
    return True


def carries_glyphs(stream: TextIO | None) -> bool:
    """Whether the encoding of ``stream`` has every one of `GLYPHS`."""
    try:
        GLYPHS.encode((stream.encoding if stream is not None else None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def terminal_width() -> int:
    """Columns of the terminal that standard output is; COLUMNS wins, and 80 where it is none."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns) or 80
    except (ValueError, OSError):
        return 80
