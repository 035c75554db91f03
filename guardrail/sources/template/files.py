"""Where templates are read from: the working tree, or a git revision, whose files are read without checking it out."""

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


class Revision:
    """The files of one commit, by their paths in the working tree."""

    def __init__(self, name: str, directory: str) -> None:
        self._name = name
        self._top = _git(directory, "rev-parse", "--show-toplevel").decode().rstrip("\n")
        self._commit = self._resolve(name)

    def _resolve(self, name: str) -> str:
        import subprocess

        command = ["git", "-C", self._top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, no flag gets in
        if done.returncode != 0:
            raise SourceError(
                f"--compare-to {name} is neither a file nor a git revision here",
                hint="in a shallow checkout fetch the base first: actions/checkout with fetch-depth: 0",
            )
        return done.stdout.decode().strip()

    def read(self, path: str) -> bytes | None:
        """The content of the file that ``path`` was in that commit; None where there was none."""
        return self._shown("blob", path)

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` was a directory in that commit."""
        return self._shown("tree", path) is not None

    def names(self, directory: str) -> list[str]:
        """The names in a directory of that commit, sorted; none where it was not there."""
        if not self.is_directory(directory):
            return []
        listed = _git(self._top, "ls-tree", "-z", "--name-only", self._object(directory))
        return sorted(name.decode() for name in listed.split(b"\0") if name)

    def _shown(self, kind: str, path: str) -> bytes | None:
        import subprocess

        command = ["git", "-C", self._top, "cat-file", kind, self._object(path)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, no flag gets in
        return done.stdout if done.returncode == 0 else None

    def _object(self, path: str) -> str:
        inside = os.path.relpath(os.path.realpath(path), os.path.realpath(self._top)).replace(os.sep, "/")
        return f"{self._commit}:{'' if inside == '.' else inside}"


def _git(directory: str, *arguments: str) -> bytes:
    import subprocess

    try:
        command = ["git", "-C", directory, *arguments]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, arguments of ours
    except OSError:
        raise SourceError("--compare-to needs git to read a revision", hint="install git") from None
    if done.returncode != 0:
        raise SourceError(f"{directory} is not in a git repository, so there is no revision to compare with")
    return done.stdout
