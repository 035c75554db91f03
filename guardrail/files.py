"""Files that others name: a pull request, a setting, a command line. Opened only where that cannot hang or run on.

Opening a named pipe waits for a writer, reading ``/dev/urandom`` never ends, and opening some devices does something.
So what is no regular file is refused before it is opened; and what is too large, before it is read. Everything that
goes wrong is an `OSError` whose ``strerror`` completes "it cannot be read: …".
"""

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from typing import BinaryIO

from guardrail import limits

_DESCRIPTOR = r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+"
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_CHUNK, _HEAD = limits.MEBIBYTE, 1 << 16
_BEGUN: dict[str, BinaryIO] = {}
"""The descriptors whose beginning was looked at, and that nobody has read yet; standard input stands for itself."""


def is_stream(path: str) -> bool:
    """Whether ``path`` is standard input or an open descriptor, as ``<(terraform show -json p)`` names one.

    Only by its text: a link that a repository holds is none, wherever it leads.
    """
    return path == "-" or (path.startswith(("/dev/", "/proc/")) and re.fullmatch(_DESCRIPTOR, path) is not None)


def is_there(path: str) -> bool:
    """Whether there is anything at ``path``, be it a link that leads nowhere, a folder or a pipe."""
    return os.path.lexists(path)


def lies_in(path: str, folder: str) -> bool:
    """Whether a path is that of a folder or of something below it, by their texts: both absolute, or reached alike."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def opened(path: str, *, most: int = limits.LARGEST_FILE) -> BinaryIO:
    """The regular file at ``path``, open for reading its bytes, of which there are at most ``most``.

    Raises OSError where it cannot be opened, is something else, or is larger.
    """
    try:
        _refuse(os.stat(path), path, most)  # a link to a pipe must not be opened to find out
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a null character in the path
        raise OSError(errno.EINVAL, str(error), path) from None
    try:
        _refuse(os.fstat(descriptor), path, most)  # it may have been exchanged since
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


_INSTEAD: list[Mapping[str, bytes]] = []
"""What `instead` brings, the innermost last."""


@contextmanager
def instead(contents: Mapping[str, bytes]) -> Iterator[None]:
    """Have `content` bring these bytes, by real path, in place of what the files hold: edits that nobody has written.

    Files are edited so, never made: what reads a folder finds what is on the disk.
    """
    _INSTEAD.append(contents)
    try:
        yield
    finally:
        _INSTEAD.pop()


def near(path: str) -> str:
    """A path as it is reached from the working directory, ``infra/main.tf``; the whole of one on another drive."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return os.path.normpath(path)


def content(path: str, *, most: int = limits.LARGEST_FILE) -> bytes:
    """The bytes of the regular file at ``path``. Raises OSError as `opened` does."""
    if _INSTEAD:
        found = _INSTEAD[-1].get(os.path.realpath(path))
        if found is not None:
            return found
    with opened(path, most=most) as file:
        size = os.fstat(file.fileno()).st_size
        return _whole(file, path, most, file.read(size + 1))  # not mapped: a file cut short then ends the process


def beginning(path: str) -> bytes:
    """The first bytes of a file, or of a stream, at least one unless it is empty. Raises OSError.

    `stream` brings those of a stream all the same: so a pipe, which can be read only once, is looked at before anybody
    decides what it holds.
    """
    if not is_stream(path):
        with opened(path, most=limits.LARGEST_PLAN) as file:
            return file.read(_HEAD)
    reader = _BEGUN.get(path) or _stream(path)
    if path != "-":
        _BEGUN[path] = reader
    return reader.peek(_CHUNK) if isinstance(reader, BufferedReader) else b""


def waits_on_standard_input() -> bool:
    """Whether standard input, a pipe or a file, has bytes to read at this moment. It reads none, and waits for none.

    A terminal and ``/dev/null`` have none, and neither has a pipe that nobody has written to yet.
    """
    if sys.stdin is None:
        return False
    try:
        descriptor = sys.stdin.fileno()
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return status.st_size > os.lseek(descriptor, 0, os.SEEK_CUR)
        return (stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)) and _bytes_in(descriptor) > 0
    except (OSError, ValueError):  # it is closed, or no descriptor at all
        return False


def _bytes_in(pipe: int) -> int:
    """How many bytes lie ready in a pipe; none where the system cannot tell."""
    try:
        import fcntl
        import termios
    except ImportError:
        return 0
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def stream(path: str, *, most: int = limits.LARGEST_PLAN) -> bytes:
    """What standard input or an open descriptor brings until it ends; see `is_stream`. Raises OSError."""
    reader = _BEGUN.pop(path, None) or _stream(path)
    try:
        return _whole(reader, path, most)
    finally:
        if path != "-":
            reader.close()


def _stream(path: str) -> BinaryIO:
    if path != "-":
        return open(path, "rb", buffering=_CHUNK)
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed", path)
    return sys.stdin.buffer


def named(path: str, *, most: int = limits.LARGEST_FILE) -> bytes:
    """The bytes of what a flag names: a regular file, or an open descriptor as the shell's ``<(…)`` names one.

    Raises OSError as `opened` does.
    """
    return stream(path, most=most) if path != "-" and is_stream(path) else content(path, most=most)


def walk(top: str, *, most: int | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """Like `os.walk` from ``top`` down in the order of names, through no links, and not without end.

    The folders that a caller takes out of a list are not entered. Raises OSError beyond ``most`` entries, by default
    `limits.MOST_FILES`.
    """
    seen, most = 0, limits.MOST_FILES if most is None else most
    for parent, folders, names in os.walk(top):
        folders.sort()
        seen += len(folders) + len(names)
        if seen > most:
            raise OSError(errno.EFBIG, f"there are more than {most:,} files below it", top)
        yield parent, folders, sorted(names)


def _whole(file: BinaryIO, path: str, most: int, first: bytes = b"") -> bytes:
    """What is ``first`` and all that follows; it may have no size of its own, as a pipe, or have grown since."""
    chunks, size = [first], len(first)
    while chunk := file.read(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            raise _too_large(path, most)
    return b"".join(chunks) if len(chunks) > 1 else first


def _refuse(status: os.stat_result, path: str, most: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise OSError(errno.EINVAL, f"it is {name}, no file", path)
    if status.st_size > most:
        raise _too_large(path, most)


def _too_large(path: str, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most // limits.MEBIBYTE:,} MiB", path)
