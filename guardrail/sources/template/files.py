"""Where templates are read from: the working tree, or a commit (`guardrail.git.Commit`), which is not checked out."""

import errno
import os
from functools import cached_property
from typing import Protocol

from guardrail import files, limits
from guardrail.errors import SourceError
from guardrail.sources.boundary import Boundary, KnownBoundaries, boundary_of


class FileTree(Protocol):
    """A tree of files."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none. Raises `SourceError` where it cannot be read."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory."""
        ...

    def names(self, directory: str) -> list[str]:
        """The names in a directory, sorted; none where it is not there."""
        ...


class WorkingTree:
    """The files as they are: those that the command line names, wherever they lie, and what these name in turn.

    A template can name any path; what lies outside of the repositories (or folders, see `boundary_of`) of the named
    files is as if it were not there.
    """

    def __init__(self, *named: str, known: KnownBoundaries | None = None) -> None:
        """The first of ``named`` may be a stream; ``known`` are boundaries of earlier trees, and gets those of this."""
        self._named = named or ("-",)
        self._known = {} if known is None else known
        self._stream: bytes | None = None

    def read(self, path: str) -> bytes | None:
        """The content of a file, or of the stream that is named; None where there is none within reach."""
        try:
            if path == self._named[0] and files.is_stream(path):
                self._stream = self._stream or files.stream(path, most=limits.LARGEST_FILE)
                return self._stream
            return files.content(path) if self._reaches(path) else None
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EINVAL and path not in self._named:
                return None  # a device, a pipe
            raise SourceError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory within reach."""
        return os.path.isdir(path) and self._reaches(path)

    def names(self, directory: str) -> list[str]:
        """The names in a directory, sorted; none where it is not within reach."""
        try:
            return sorted(os.listdir(directory or ".")) if self._reaches(directory or ".") else []
        except OSError:
            return []

    def _reaches(self, path: str) -> bool:
        """Whether the command line names ``path``, or it lies within the boundary of what that names.

        Raises `SourceError` for a named link that leads out of its repository, which a change may have brought.
        """
        return any(boundary.holds(path) or path == named for named, boundary in self._boundaries)

    @cached_property
    def _boundaries(self) -> list[tuple[str, Boundary]]:
        return [(named, self._boundary(named)) for named in self._named]

    def _boundary(self, named: str) -> Boundary:
        if named not in self._known:
            self._known[named] = boundary_of(os.curdir if files.is_stream(named) else named)
        return self._known[named]
