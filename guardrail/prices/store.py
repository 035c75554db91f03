"""Swapping the tables of a directory: every reader finds the old ones or the new ones, whatever happens in between.

New files are written beside the old ones under names that end in `STAGED`, forced to disk and read back. Replacing
``manifest.json``, one rename, is the moment of the swap: its hashes say which content of a table counts, and readers
take it from its place or from beside it (`guardrail.prices.user_tables.verified`). Renaming the tables afterwards is
tidying up, which the next refresh does where this one could not.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import msgspec

from guardrail import files
from guardrail.errors import PriceBookError
from guardrail.limits import NOT_JSON
from guardrail.prices.table import Manifest
from guardrail.prices.user_tables import STAGED, UserTables, digest, verified
from guardrail.prices.writer import ListedManifest

MANIFEST = "manifest.json"


@contextmanager
def locked(directory: str) -> Iterator[None]:
    """Keep other refreshes out of the directory, which is made if need be. The system lets go of it when we die.

    Raises `PriceBookError` where another one is at work, or the directory holds tables of another kind.
    """
    try:
        os.makedirs(directory, exist_ok=True)
        with _lock(directory):
            settle(directory)
            yield
    except OSError as error:
        raise PriceBookError(f"cannot write to {directory}: {error.strerror or error}") from error


def read(directory: str) -> tuple[ListedManifest, dict[str, bytes]] | None:
    """The manifest and every file that it vouches for; None where there are no tables yet.

    Raises `PriceBookError` where a file is damaged, and where the directory holds tables that no refresh has written.
    """
    path = os.path.join(directory, MANIFEST)
    try:
        content = files.content(path)
    except FileNotFoundError:
        return None
    try:
        manifest = msgspec.json.decode(content, type=ListedManifest)
    except NOT_JSON as error:
        hint = "choose another directory with --output"
        raise PriceBookError(f"{path} is not of tables that a refresh may replace: {error}", hint=hint) from error
    plain = msgspec.json.decode(content, type=Manifest)
    vouched = {name: verified(directory, name, plain) for name in manifest.files}
    lost = sorted(name for name, found in vouched.items() if found is None)
    if lost:
        hint = f"remove {directory} and refresh again"
        raise PriceBookError(f"{os.path.join(directory, lost[0])} is missing, or not what {path} says it is", hint=hint)
    return manifest, {name: found for name, found in vouched.items() if found is not None}


def swap(directory: str, files: Mapping[str, bytes]) -> None:
    """Replace the tables of a directory by ``files``, its manifest among them, all at once.

    Until the manifest is renamed, nothing has happened, and a failure leaves nothing behind. Raises `PriceBookError`
    where what was written does not read back, and OSError where it cannot be written.
    """
    staged = [os.path.join(directory, name + STAGED) for name in files]
    try:
        for path, content in zip(staged, files.values(), strict=True):
            _write(path, content)
        _sync(directory)
        os.replace(os.path.join(directory, MANIFEST + STAGED), os.path.join(directory, MANIFEST))
    except BaseException:
        if not _is_swapped(directory, files):
            for path in staged:
                with suppress(OSError):
                    os.unlink(path)
        raise
    _sync(directory)
    with suppress(OSError):  # the swap is done: readers find what is not renamed yet, and the next refresh renames it
        settle(directory)


def check(directory: str, files: Mapping[str, bytes]) -> None:
    """Read every price of ``files`` the way a check will. Raises `PriceBookError` for the first that does not read."""
    manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    for region in manifest.regions:
        name = f"{region}.csv"
        if digest(files[name]) != manifest.files.get(name):
            raise PriceBookError(f"{name} does not have the hash that its manifest says")
        table = UserTables.parse(directory, region, manifest, files[name])
        for charge in table.charges():
            table.price(charge)


def settle(directory: str) -> None:
    """Finish what an earlier swap left: rename what the manifest vouches for, remove what it does not."""
    expected: dict[str, str] = {}
    with suppress(OSError, *NOT_JSON), open(os.path.join(directory, MANIFEST), "rb") as file:
        expected = msgspec.json.decode(file.read(), type=Manifest).files
    for name in sorted(os.listdir(directory)):
        if not name.endswith(STAGED):
            continue
        path, place = os.path.join(directory, name), os.path.join(directory, name.removesuffix(STAGED))
        with open(path, "rb") as file:
            is_current = digest(file.read()) == expected.get(name.removesuffix(STAGED))
        if is_current:
            os.replace(path, place)
        else:
            os.unlink(path)


def _is_swapped(directory: str, files: Mapping[str, bytes]) -> bool:
    try:
        with open(os.path.join(directory, MANIFEST), "rb") as file:
            return file.read() == files[MANIFEST]
    except OSError:
        return False


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with open(path, "rb") as file:
        if file.read() != content:
            raise PriceBookError(f"{path} does not read as it was written", hint="look at the disk it is on")


def _sync(directory: str) -> None:
    """Force the names of a directory to disk; Windows has no such thing."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _lock(directory: str) -> Iterator[None]:
    """Hold the directory itself, which leaves no file behind; Windows locks files only."""
    try:
        if sys.platform == "win32":
            import msvcrt

            descriptor = os.open(os.path.join(directory, ".refresh.lock"), os.O_RDWR | os.O_CREAT)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError as error:  # EACCES, of what another process holds
                os.close(descriptor)
                raise BlockingIOError from error
        else:
            import fcntl

            descriptor = os.open(directory, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PriceBookError(f"another refresh of {directory} is at work", hint="wait for it to end") from error
    try:
        yield
    finally:
        os.close(descriptor)
