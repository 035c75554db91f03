"""Where templates are read from: the working tree, or a commit (`guardrail.git.Commit`), which is not checked out."""

import os
import stat
import sys
from typing import Protocol

from guardrail.errors import SourceError

_STANDARD_INPUT = ("/dev/stdin", "/dev/fd/0")


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
    """The files as they are."""

    def __init__(self) -> None:
        self._standard_input: bytes | None = None

    def read(self, path: str) -> bytes | None:
        """The content of a file, or of standard input for "-"; None where there is none."""
        if path == "-":
            if self._standard_input is None:
                self._standard_input = sys.stdin.buffer.read()
            return self._standard_input
        try:
            with open(path, "rb") as file:
                if stat.S_ISCHR(os.fstat(file.fileno()).st_mode) and path not in _STANDARD_INPUT:
                    return None  # a template can name any path, and some devices never end
                return file.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceError(f"{path} cannot be read: {reason.lower()}") from None

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory."""
        return os.path.isdir(path)

    def names(self, directory: str) -> list[str]:
        """The names in a directory, sorted; none where it is not there."""
        try:
            return sorted(os.listdir(directory or "."))
        except OSError:
            return []
