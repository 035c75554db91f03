"""What ``.gitignore`` keeps out of a repository, read without git: patterns from the top down, the last one wins.

With ``build/`` in the ``.gitignore`` at the top, ``build/plan.json`` is ignored, whatever stands below it. Those of a
user (``core.excludesFile``) do not count: the answer is the same on every machine. Source: gitignore(5).
"""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import GitError, NoRevisionError, SourceError, SubmoduleError
from guardrail.expressions import expression
from guardrail.git import Commit, repository_of
from guardrail.globs import spread
from guardrail.working_tree import leads_out, top_of

_LARGEST = limits.MEBIBYTE
_NEVER = expression(r"(?!)")
_PART = expression(r"(?P<star>\*+)|(?P<any>\?)|\[(?P<set>[!^]?\]?[^\]/]*)\]|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)


class _IgnorePattern(Struct, frozen=True):
    """One line: ``!*.tfvars`` takes back, ``build/`` is for folders only."""

    expression: re.Pattern[str]
    ignores: bool
    only_folders: bool


class Ignored:
    """The ``.gitignore`` files of one repository, each read when somebody asks about something below it."""

    def __init__(self, top: str) -> None:
        self._top = os.path.abspath(top)
        self._rules: dict[str, list[_IgnorePattern]] = {}
        self._folders: dict[str, bool] = {"": False}

    def ignores(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether git would leave out a file, or a folder, because of its own name or of a folder around it.

        What lies outside of the repository is none of its business.
        """
        relative = os.path.relpath(os.path.abspath(path), self._top)
        if relative == os.curdir or leads_out(relative):
            return False
        return self._ignores(relative.replace(os.sep, "/"), is_folder=is_folder)

    def _ignores(self, path: str, *, is_folder: bool) -> bool:
        if is_folder and path in self._folders:
            return self._folders[path]
        parent = path.rpartition("/")[0]
        answer = self._ignores(parent, is_folder=True) or self._is_named(path, is_folder=is_folder)
        if is_folder:
            self._folders[path] = answer
        return answer

    def _is_named(self, path: str, *, is_folder: bool) -> bool:
        """Whether the last rule that fits, of the nearest file that has one, ignores it."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            inside = path[len(folder) + 1 if folder else 0 :] + "/"
            for rule in reversed(self._of(folder)):
                if (is_folder or not rule.only_folders) and rule.expression.fullmatch(inside):
                    return rule.ignores
        return False

    def _of(self, folder: str) -> list[_IgnorePattern]:
        if folder not in self._rules:
            place = os.path.join(self._top, *folder.split("/"))
            own = list(_read(os.path.join(place, ".gitignore")))
            self._rules[folder] = own if folder else [*_read(os.path.join(place, ".git", "info", "exclude")), *own]
        return self._rules[folder]


class Tracked:
    """What the last commit has: neither ignored, whatever a ``.gitignore`` says, nor made by a step of a job."""

    def __init__(self, top: str) -> None:
        self._top = top

    @cached_property
    def _commit(self) -> "Commit | bool":
        """The last commit; else whether everything is taken for tracked, because nobody can tell."""
        try:
            repository = repository_of(self._top)
            return False if repository is None else Commit(repository, "HEAD")
        except NoRevisionError:
            return False
        except GitError:
            return True

    def holds(self, path: str) -> bool:
        """Whether the last commit has a file or folder at ``path``, or whether it has cannot be told."""
        if isinstance(self._commit, bool):
            return self._commit
        try:
            return self._commit.is_file(path) or self._commit.is_directory(path)
        except SourceError:
            return True

    def has_submodule(self, path: str) -> bool:
        """Whether the last commit has a submodule at ``path``."""
        try:
            if isinstance(self._commit, Commit):
                self._commit.is_directory(path)
        except SubmoduleError:
            return True
        except SourceError:
            pass
        return False


class LeftOut(Ignored):
    """What git leaves out: a change that ignores what is tracked hides nothing."""

    def __init__(self, top: str) -> None:
        super().__init__(top)
        self.tracked = Tracked(top)

    def ignores(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether a file or folder is ignored, and the last commit does not have it."""
        return super().ignores(path, is_folder=is_folder) and not self.tracked.holds(path)


class Excluded(Ignored):
    """Patterns of a ``.gitignore`` that is none: ``exclude`` of the settings, relative to a folder."""

    def __init__(self, directory: str, patterns: Iterable[str]) -> None:
        super().__init__(directory)
        self._own = list(_rules(patterns))

    def _of(self, folder: str) -> list[_IgnorePattern]:
        return [] if folder else self._own


def ignored_around(path: str) -> LeftOut:
    """What is left out of the repository that ``path`` lies in; nothing outside of any."""
    place = os.path.abspath(path)
    return LeftOut(top_of(place if os.path.isdir(place) else os.path.dirname(place)))


def _read(path: str) -> Iterator[_IgnorePattern]:
    try:
        lines = files.content(path, most=_LARGEST).decode(errors="surrogateescape").removeprefix("\ufeff").split("\n")
    except OSError:
        return
    yield from _rules(lines)


def _rules(lines: Iterable[str]) -> Iterator[_IgnorePattern]:
    for line in lines:
        written = line.removesuffix("\r")
        while written.endswith(" ") and not written.endswith("\\ "):
            written = written[:-1]
        if written and not written.startswith("#"):
            yield _rule(written)


def _rule(written: str) -> _IgnorePattern:
    ignores = not written.startswith("!")
    pattern = written if ignores else written[1:]
    only_folders = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    steps = pattern.removeprefix("/").split("/")
    if "/" not in pattern:
        steps = ["**", *steps]
    return _IgnorePattern(_expression(steps), ignores, only_folders)


def _expression(steps: list[str]) -> re.Pattern[str]:
    """An expression for a path with a slash behind every name, in time in proportion to its length for each star."""
    pieces = [""]
    for at, step in enumerate(steps):
        if step == "**" and at == len(steps) - 1:
            pieces[-1] += "[^/]+/"  # something inside, and not the folder itself
            pieces.append("")
        elif step == "**":
            pieces.append("")
        else:
            pieces[-1] += f"{_step(step)}/"
    try:
        return re.compile(spread(pieces, "(?:[^/]*/)"))
    except re.error:
        return _NEVER


def _step(step: str) -> str:
    pieces = [""]
    for part in _PART.finditer(step):
        if part["star"]:
            pieces.append("")
        elif part["any"]:
            pieces[-1] += "[^/]"
        elif part["set"] is not None:
            inside = part["set"].replace("\\", "\\\\").replace("[", "\\[")
            pieces[-1] += f"(?!/)[{'^' + inside[1:] if inside[:1] in ('!', '^') else inside}]"
        elif part["plain"] == "[":
            return "(?!)"  # a set without an end fits nothing
        else:
            pieces[-1] += re.escape(part["escaped"] or part["plain"])
    return spread(pieces, "[^/]")
