"""Compressed exports, unpacked within bounds: a kilobyte that turns into gigabytes is refused before it does.

DuckDB reads gzip by itself and refuses zip, so a zip is streamed into a file of ours; of a gzip only its length and its
last byte are looked at, because one that was cut is no answer.
"""

import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, TextIO

from guardrail.errors import SourceError
from guardrail.limits import MEBIBYTE

_CHUNK: Final = MEBIBYTE
SMALLEST_BOUND: Final = 1024 * MEBIBYTE
"""Bytes that any archive may become."""
MOST_PER_BYTE: Final = 100
"""Bytes that one byte of a larger archive may become. Bills have about twenty."""


def _most(path: str) -> int:
    return max(SMALLEST_BOUND, MOST_PER_BYTE * os.path.getsize(path))


def unzipped(path: str, folder: str) -> list[str]:
    """The CSV files in a zip, in the order of the archive, written to names of ours in ``folder``.

    Raises `SourceError` where it is damaged, encrypted, holds none, or unpacks to more than it should.
    """
    left = _most(path)
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.filename.lower().endswith(".csv"):
                    continue
                target = os.path.join(folder, f"{len(os.listdir(folder))}.csv")
                with archive.open(entry) as packed, open(target, "xb") as plain:
                    for chunk in _chunks(packed):
                        left -= len(chunk)
                        if left < 0:
                            raise _bomb(path)
                        plain.write(chunk)
                found.append(target)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise damaged(path, str(error)) from error
    if not found:
        raise SourceError(f"{path} holds no .csv file", hint="a legacy report in zip holds one CSV")
    return found


def last_byte(path: str, *, gzipped: bool) -> bytes:
    """The last byte of a file, unpacked; empty where there is none. Raises `SourceError` where it was cut."""
    if not gzipped:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            return file.read(1)
    left, last = _most(path), b""
    try:
        with gzip.open(path) as file:
            for chunk in _chunks(file):
                left -= len(chunk)
                if left < 0:
                    raise _bomb(path)
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


def _bomb(path: str) -> SourceError:
    most = _most(path) // MEBIBYTE
    return SourceError(f"{path} unpacks to more than {most:,} MiB, which no bill of its size does")
