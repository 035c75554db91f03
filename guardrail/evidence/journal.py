"""The journal of a collection: what was answered so far, so that a run that was killed goes on and asks nothing twice.

A file of lines, each one JSON value, written as it is answered. The first says what was asked for and fixes the window:
a run that goes on looks at the hours of the run that began. A last line without its end was being written when the run
was killed, and is dropped. Series stay on the disk, and are read one endpoint at a time.
"""

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import BufferedRandom
from typing import Any, Final

import msgspec
from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.evidence.base import Series, StatusCode
from guardrail.evidence.queries import TimedQuery
from guardrail.limits import NOT_JSON

_FORMAT: Final = 1
LONGEST_PAUSE: Final = timedelta(hours=24)
"""After which a journal is too old to go on with: its window would be of yesterday."""
_LONGEST_TOLD: Final = 300
_DIGEST: Final = 12
_MODE: Final = 0o600
_MORE_ROOM: Final = "make room, and give the same command again: it goes on from there"
_ANSWERED: Final = ("Complete", "Forbidden")
"""What a run that goes on does not ask again."""


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a collection is of."""

    journal: int = _FORMAT
    account: str
    regions: tuple[str, ...]
    start: datetime
    end: datetime
    resolution: int
    endpoints: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[Any, ...]:
        """What has to be the same for a run to go on; the window is that of the run that began."""
        days = (self.end - self.start).days
        return self.journal, self.account, self.regions, days, self.resolution, self.endpoints, self.tags

    @property
    def command(self) -> str:
        """What was typed, but for whose credentials and where to: ``guardrail utilization shop --region eu-west-1``."""
        days = (self.end - self.start).days
        regions, tags = (f"--region {each}" for each in self.regions), (f"--tag {each}" for each in self.tags)
        fine = f"--resolution {self.resolution}"
        return " ".join(("guardrail utilization", *self.endpoints, *regions, *tags, f"--days {days}", fine))[
            :_LONGEST_TOLD
        ]


class _CallAnswer(Struct, frozen=True, kw_only=True, tag="answer", forbid_unknown_fields=True):
    """What one call that lists or describes answered, as decoded; None for what is there no more."""

    region: str
    call: str
    subject: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")


class _Points(Struct, frozen=True, kw_only=True, tag="series", forbid_unknown_fields=True):
    """The values of one series, in runs: seconds after ``start``, and what follows at a period's distance each."""

    region: str
    id: str
    start: datetime
    status: StatusCode
    runs: tuple[tuple[int, tuple[float, ...]], ...] = ()


class JournalError(SourceError):
    """A journal that cannot be written any more; what it holds is there for the next run."""


class Journal:
    """One open journal. Appending is safe from several threads."""

    def __init__(self, file: BufferedRandom, header: Header, path: str) -> None:
        self.header = header
        self.path = path
        self._file = file
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str, str], bytes] = {}
        self._places: dict[bytes, tuple[int, int]] = {}
        self.was_resumed = False

    @classmethod
    def opened(cls, path: str, header: Header) -> "Journal":
        """The journal at ``path``: gone on with where it is of this collection and of the last day, else begun anew.

        Raises `SourceError` where a file lies there that is no journal of this collection, or that is in use.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _MODE)
            file = os.fdopen(descriptor, "r+b")
        except (OSError, ValueError):  # a folder, a link, a pipe, a place where nothing can be written
            raise SourceError(
                f"{path} cannot be written", hint="--output names another file, beside which it is"
            ) from None
        try:
            _check_ours(descriptor, path)
            found = _header(file, path)
            if found is None or header.end - found.end > LONGEST_PAUSE:
                return cls._begun(file, path, header)
            return cls._resumed(file, path, found, header)
        except BaseException:
            file.close()
            raise

    @classmethod
    def _begun(cls, file: BufferedRandom, path: str, header: Header) -> "Journal":
        file.seek(0)
        file.truncate()
        journal = cls(file, header, path)
        journal._write(msgspec.json.encode(header))
        return journal

    @classmethod
    def _resumed(cls, file: BufferedRandom, path: str, found: Header, header: Header) -> "Journal":
        if found.asked != header.asked:
            raise SourceError(
                f"{path} is the journal of another collection, which was not finished",
                hint=f"{found.command} goes on with it, in account {found.account}; or remove {path}",
            )
        journal = cls(file, found, path)
        journal._read(path)
        journal.was_resumed = True
        return journal

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered so far."""
        return not self._answers and not self._places

    def answer(self, region: str, call: str, subject: str = "") -> bytes | None:
        """The answer to a call, in JSON; None where it was not made yet."""
        return self._answers.get((region, call, subject))

    def keep(self, region: str, call: str, subject: str, value: Any) -> bytes:
        """Write down an answer, and return it as `answer` will."""
        encoded = msgspec.json.encode(value)
        self._write(
            msgspec.json.encode(_CallAnswer(region=region, call=call, subject=subject, value=msgspec.Raw(encoded)))
        )
        self._answers[region, call, subject] = encoded
        return encoded

    def lacks(self, region: str, ask: TimedQuery) -> bool:
        """Whether nothing was answered to it yet."""
        return _key(region, ask.query.id, ask.start) not in self._places

    def keep_series(self, region: str, start: datetime, every: Iterable[Series]) -> None:
        """Write down series that were asked for from ``start`` on."""
        for series in every:
            points = _Points(
                region=region,
                id=series.query.id,
                start=start,
                status=series.status,
                runs=tuple(_runs(series.points, start, series.query.period)),
            )
            place = self._write(msgspec.json.encode(points))
            self._places[_key(region, series.query.id, start)] = place

    def series(self, region: str, asks: Iterable[TimedQuery]) -> Iterator[Series]:
        """What was answered to each of them, as far as anything was."""
        for ask in asks:
            place = self._places.get(_key(region, ask.query.id, ask.start))
            if place is not None:
                with self._lock:
                    self._file.seek(place[0])
                    line = self._file.read(place[1])
                yield _series(msgspec.json.decode(line, type=_Points), ask)

    def close(self) -> None:
        """Close it, and leave it where it is."""
        with suppress(OSError):  # what a full disk has not taken is torn, and said already
            self._file.close()

    def _write(self, line: bytes) -> tuple[int, int]:
        with self._lock:
            try:
                at = self._file.seek(0, os.SEEK_END)
                self._file.write(line + b"\n")
                self._file.flush()
            except OSError as failure:
                raise JournalError(f"{self.path} cannot be written: {failure.strerror}", hint=_MORE_ROOM) from None
        return at, len(line)

    def _read(self, path: str) -> None:
        """Take in what is there; a last line that does not end is cut off, one that cannot be read is refused."""
        self._file.seek(0)
        at = len(self._file.readline())
        for number, line in enumerate(self._file, start=2):
            if not line.endswith(b"\n"):
                self._file.seek(at)
                self._file.truncate()
                return
            try:
                entry = msgspec.json.decode(line, type=_CallAnswer | _Points)
            except NOT_JSON:
                raise _damaged(f"{path}:{number}", path) from None
            if isinstance(entry, _CallAnswer):
                self._answers[entry.region, entry.call, entry.subject] = bytes(entry.value)
            elif entry.status in _ANSWERED:
                self._places[_key(entry.region, entry.id, entry.start)] = at, len(line) - 1
            at += len(line)


def _check_ours(descriptor: int, path: str) -> None:
    """Refuse a file that somebody else wrote, as one that a repository brings, or is writing at this moment."""
    if os.name != "posix":
        return
    import fcntl

    if os.fstat(descriptor).st_mode & 0o077:
        raise SourceError(
            f"{path} is no journal that a run of yours began: others may write or read it", hint=f"remove {path}"
        )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SourceError(f"{path} is in use by another run", hint="--output names another file") from None


def _header(file: BufferedRandom, path: str) -> Header | None:
    """What a journal begins with; None of one that is empty, or was killed before its first line ended."""
    line = file.readline()
    try:
        return msgspec.json.decode(line, type=Header)
    except NOT_JSON:
        if line.endswith(b"\n") or (line and not b'{"journal":'.startswith(line[:11])):
            raise _damaged(path, path) from None
        return None


def _damaged(place: str, path: str) -> SourceError:
    return SourceError(f"{place}: this is no journal of a collection, or damaged", hint=f"remove {path} to begin anew")


def _key(region: str, identifier: str, start: datetime) -> bytes:
    """What finds a series again: a digest, because there are a hundred thousand of them."""
    text = f"{region}\n{identifier}\n{start.timestamp():.0f}"
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()


def _runs(
    points: Iterable[tuple[datetime, float]], start: datetime, period: int
) -> Iterator[tuple[int, tuple[float, ...]]]:
    first, due = 0, -1
    values: list[float] = []
    for time, value in points:
        offset = round((time - start).total_seconds())
        if offset != due:
            if values:
                yield first, tuple(values)
            first, values = offset, []
        values.append(value)
        due = offset + period
    if values:
        yield first, tuple(values)


def _series(kept: _Points, ask: TimedQuery) -> Series:
    points = [
        (ask.start + timedelta(seconds=first + place * ask.query.period), value)
        for first, values in kept.runs
        for place, value in enumerate(values)
    ]
    return Series(query=ask.query, points=tuple(points), status=kept.status, covered_from=ask.start, covered_to=ask.end)
