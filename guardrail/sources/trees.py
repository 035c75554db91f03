"""Trees: where Terraform source is read from, the files on disk or those of a commit, within the same boundary.

Both are asked by the paths of the working tree. A commit has the links that it had then, and what git does not keep is
taken from the disk: the modules that ``terraform init`` has fetched, and values that ``.gitignore`` keeps out of it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

from guardrail import files, limits
from guardrail.errors import PastUnreadableError
from guardrail.git import Commit
from guardrail.gitignore import LeftOut
from guardrail.sources.boundary import Boundary, boundary_of, is_private
from guardrail.sources.hcl.endings import VALUES


class Tree(Protocol):
    """Files by their paths. What goes wrong is an `OSError` as `guardrail.files` has them, or a `SourceError`."""

    def holds(self, path: str) -> bool:
        """Whether what ``path`` leads to, through every link, lies within the boundary, and is nothing private."""
        ...

    def real(self, path: str) -> str:
        """What tells a file or folder from all others, however it is reached."""
        ...

    def content(self, path: str, *, most: int = limits.LARGEST_FILE) -> bytes:
        """The bytes of a file, of which there are at most ``most``. Raises `OSError`."""
        ...

    def names(self, directory: str) -> list[str]:
        """The names in a folder, sorted; none where it is not there."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether ``path`` leads to a file."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` leads to a folder."""
        ...

    def walk(self, top: str, *, most: int = limits.MOST_FILES) -> Iterator[tuple[str, list[str], list[str]]]:
        """As `guardrail.files.walk` does it."""
        ...


class OnDisk:
    """The files as they are."""

    def __init__(self, boundary: Boundary) -> None:
        self.holds = boundary.holds
        self.real = os.path.realpath
        self.content = files.content
        self.is_file = os.path.isfile
        self.is_directory = os.path.isdir

    def names(self, directory: str) -> list[str]:
        """The names in a folder, sorted; none where it is not there."""
        try:
            return sorted(os.listdir(directory or os.curdir))
        except OSError:
            return []

    def walk(self, top: str, *, most: int = limits.MOST_FILES) -> Iterator[tuple[str, list[str], list[str]]]:
        """As `guardrail.files.walk` does it."""
        return files.walk(top, most=most)


class InCommit:
    """The files of a commit, with what git does not keep as it is on disk."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._disk = OnDisk(Boundary(os.path.realpath(commit.top)))
        self._ignored = LeftOut(commit.top)

    def holds(self, path: str) -> bool:
        """Whether what ``path`` led to, through every link of that commit, lay in the repository, and was not private.

        One that was not there is held where it would have been.
        """
        if _is_fetched(path):
            return self._disk.holds(path)
        try:
            real = self._commit.real(path) or os.path.abspath(path)
        except PastUnreadableError:
            return False
        top = os.path.abspath(self._commit.top)
        return files.lies_in(real, top) and not is_private(real[len(top) :])

    def real(self, path: str) -> str:
        """What tells a file or folder from all others, however it was reached."""
        if _is_fetched(path):
            return self._disk.real(path)
        with suppress(PastUnreadableError):
            return self._commit.real(path) or os.path.abspath(path)
        return os.path.abspath(path)

    def content(self, path: str, *, most: int = limits.LARGEST_FILE) -> bytes:
        """The bytes of a file. Raises `OSError`, and `GitError` for what git does not hold."""
        if _is_fetched(path):
            return self._disk.content(path, most=most)
        found = self._commit.read(path)
        if found is None and (self._is_kept_out(path) or self._lies_outside(path)):
            return self._disk.content(path, most=most)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if len(found) > most:
            raise OSError(errno.EFBIG, f"it is larger than {most // limits.MEBIBYTE:,} MiB", path)
        return found

    def names(self, directory: str) -> list[str]:
        """The names in a folder, sorted; none where it was not there."""
        if _is_fetched(directory):
            return self._disk.names(directory)
        found = self._commit.names(directory)
        kept_out = (name for name in self._disk.names(directory) if self._is_kept_out(os.path.join(directory, name)))
        return sorted({*found, *kept_out}) if found else found

    def is_file(self, path: str) -> bool:
        """Whether ``path`` led to a file."""
        if _is_fetched(path):
            return self._disk.is_file(path)
        with suppress(PastUnreadableError):
            return self._commit.is_file(path) or (self._is_kept_out(path) and self._disk.is_file(path))
        return False

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` led to a folder."""
        if _is_fetched(path):
            return self._disk.is_directory(path)
        with suppress(PastUnreadableError):  # whoever reads it is told
            return self._commit.is_directory(path)
        return False

    def walk(self, top: str, *, most: int = limits.MOST_FILES) -> Iterator[tuple[str, list[str], list[str]]]:
        """As `guardrail.files.walk` does it."""
        return self._commit.walk(top, most=most)

    def _lies_outside(self, path: str) -> bool:
        """Whether a path, which a flag must have named, is none of the repository, and so has no past."""
        top = os.path.join(os.path.realpath(self._commit.top), "")
        return not any(f"{place}{os.sep}".startswith(top) for place in (os.path.abspath(path), os.path.realpath(path)))

    def _is_kept_out(self, path: str) -> bool:
        """Whether a path is that of values that git ignores, which are of no time."""
        return path.endswith(VALUES) and self._disk.holds(path) and self._ignored.ignores(path)


def _is_fetched(path: str) -> bool:
    """Whether ``terraform init`` has put it where it is, and no commit has it."""
    return ".terraform" in path and ".terraform" in path.split(os.sep)


def tree_of(path: str) -> OnDisk:
    """The files on disk within the boundary of an input at ``path``. Raises `SourceError` as `boundary_of` does."""
    return OnDisk(boundary_of(path))
