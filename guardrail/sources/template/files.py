"""Where templates are read from: the working tree, or a commit (`guardrail.git.Commit`), which is not checked out."""

import errno
import os
from typing import Protocol

from guardrail import files, limits
from guardrail.errors import SourceError


class Files(Protocol):
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
    """The files as they are; ``named`` is the one that the command line names, which may be a stream."""

    def __init__(self, named: str = "-") -> None:
        self._named = named
        self._stream: bytes | None = None

    def read(self, path: str) -> bytes | None:
        """The content of a file, or of the stream that is ``named``; None where there is none."""
        try:
            if path == self._named and files.is_stream(path):
                self._stream = self._stream or files.stream(path, most=limits.LARGEST_FILE)
                return self._stream
            return files.content(path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EINVAL and path != self._named:
                return None  # a device, a pipe: a template can name any path
            raise SourceError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory."""
        return os.path.isdir(path)

    def names(self, directory: str) -> list[str]:
        """The names in a directory, sorted; none where it is not there."""
        try:
            return sorted(os.listdir(directory or "."))
        except OSError:
            return []
