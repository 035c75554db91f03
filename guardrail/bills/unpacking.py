"""Compressed exports, unpacked within bounds: a kilobyte that turns into gigabytes is refused before it does.

DuckDB reads gzip by itself and refuses zip, so a zip is streamed into a file of ours; of a gzip only its length and its
last byte are looked at, because one that was cut is no answer.
"""

import gzip
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from hashlib import sha256
from typing import IO, Final, TextIO

from guardrail.bills.parts import PACKED, are_a_series
from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE

_CHUNK: Final = MEBIBYTE
SMALLEST_BOUND: Final = 1024 * MEBIBYTE
"""Bytes that any archive may become."""
MOST_PER_BYTE: Final = 100
"""Bytes that one byte of a larger archive may become. Bills have about twenty."""


_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, IndexError),
)
"""What Python says of archives that are damaged, or made to do harm: not all of it is an error of its own."""


class _Bounded:
    """What one archive unpacks to, piece by piece, as long as all of it together stays within bounds."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._most = self._left = max(SMALLEST_BOUND, MOST_PER_BYTE * os.path.getsize(path))

    def chunks(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
        """A file of it to its end. Raises `SourceError` once it is too much."""
        for chunk in _chunks(file):
            self._left -= len(chunk)
            if self._left < 0:
                most = self._most // MEBIBYTE
                raise SourceError(f"{self._path} unpacks to more than {most:,} MiB, which no bill of its size does")
            yield chunk


def unzipped(path: str, folder: str) -> list[str]:
    """The CSV files in a zip, in the order of the archive, written to names of ours in ``folder``.

    Raises `SourceError` where it is damaged, encrypted, holds none or one twice, or unpacks to more than it should.
    """
    bounded = _Bounded(path)
    names: dict[bytes, str] = {}
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in _members(archive, path):
                target = os.path.join(folder, f"{len(os.listdir(folder))}.csv")
                whole = sha256()
                with archive.open(entry) as packed, open(target, "xb") as plain:
                    for chunk in bounded.chunks(packed):
                        whole.update(chunk)
                        plain.write(chunk)
                first = names.setdefault(whole.digest(), entry.filename)
                if first != entry.filename and not are_a_series(first, entry.filename):
                    raise SourceError(f"{path} holds {first} again as {entry.filename}", hint="unpack it, and name one")
                found.append(target)
    except _DAMAGED as error:
        raise damaged(path, str(error)) from error
    if not found:
        raise SourceError(f"{path} holds no .csv file", hint="a legacy report in zip holds one CSV")
    return found


def _members(archive: zipfile.ZipFile, path: str) -> list[zipfile.ZipInfo]:
    """The CSV files of an archive, without what the Finder of macOS puts beside them. Raises where one is packed."""
    seen = [
        entry
        for entry in archive.infolist()
        if not entry.filename.endswith("/") and not entry.filename.rpartition("/")[2].startswith(".")
    ]
    packed = next((entry.filename for entry in seen if entry.filename.lower().endswith(PACKED)), None)
    if packed is not None:
        raise SourceError(f"{path} holds {packed}, which is packed itself", hint="unpack the zip, and name its folder")
    return [entry for entry in seen if entry.filename.lower().endswith(".csv")]


def size(path: str, kind: str) -> int:
    """How large a file says it is when it is unpacked, to tell what cannot be a copy of what."""
    with open(path, "rb") as file, suppress(*_DAMAGED):
        if kind == "csv.gz":
            file.seek(-4, os.SEEK_END)
            return int.from_bytes(file.read(), "little")  # RFC 1952: the length modulo 2³²
        if kind == "zip":
            return sum(entry.file_size for entry in zipfile.ZipFile(file).infolist())
    return os.path.getsize(path)


def digest(path: str, kind: str) -> bytes:
    """What a file holds in 32 bytes, unpacked where it is one file packed."""
    whole = sha256()
    try:
        with open(path, "rb") as file, ExitStack() as stack:
            source: IO[bytes] | gzip.GzipFile = file
            if kind == "csv.gz":
                source = stack.enter_context(gzip.open(file))
            if kind == "zip" and len(only := _members(archive := zipfile.ZipFile(file), path)) == 1:
                source = stack.enter_context(archive.open(only[0]))
            for chunk in _chunks(file) if source is file else _Bounded(path).chunks(source):
                whole.update(chunk)
    except (*_DAMAGED, gzip.BadGzipFile) as error:
        raise damaged(path, str(error)) from error
    return whole.digest()


def last_byte(path: str, *, gzipped: bool) -> bytes:
    """The last byte of a file, unpacked; empty where there is none. Raises `SourceError` where it was cut."""
    if not gzipped:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            return file.read(1)
    last = b""
    try:
        with gzip.open(path) as file:
            for chunk in _Bounded(path).chunks(file):
                last = chunk[-1:]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, str(error)) from error
    return last


def text(path: str, *, gzipped: bool) -> TextIO:
    """A file as text, unpacked while it is read; a mark of the byte order before it is none of it."""
    if gzipped:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return open(path, encoding="utf-8-sig", newline="")


def damaged(path: str, why: str) -> SourceError:
    """What is wrong with a file that was cut or changed on its way."""
    told = why.splitlines()[0] if why else "it ends too early"
    return SourceError(f"{path} is damaged: {told}", hint="download it again, once it is written to its end")


def _chunks(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
