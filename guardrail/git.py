"""A git repository, read so that nothing in it runs: the files of one commit, without an index and without a checkout.

Git takes any folder that holds ``HEAD``, ``config``, ``objects`` and ``refs`` for a repository, and a pull request can
bring such a folder, with a past of its own making and a configuration that names commands. So the repository is found
here, by its ``.git`` alone, and named to git (``--git-dir``). Git runs in ``/`` with an environment of ours: no object
is fetched that is not there, no protocol, hook, filter, file-system monitor or replacement counts, and only three
commands are used: ``rev-parse``, ``ls-tree`` and ``cat-file --batch``. What a commit names and the repository lacks is
an error, never a file that was not there.

Source: git-config(1), git(1) "Environment Variables", git-cat-file(1); `safe.directory` for whose a repository may be.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

from msgspec import Struct

from guardrail import limits
from guardrail.errors import GitError

if TYPE_CHECKING:
    from subprocess import CompletedProcess, Popen

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",  # gits before 2.45 may not know the one above
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = ("safe.bareRepository=explicit", f"core.hooksPath={os.devnull}", "core.fsmonitor=false")
_FETCH_HISTORY = "in a shallow checkout fetch the base first: actions/checkout with fetch-depth: 0"
_FETCH_OBJECTS = "git fetch --refetch --no-filter origin"
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_LINKS = 40


class Repository(Struct, frozen=True, kw_only=True):
    """A repository that `repository_of` has found."""

    top: str
    """The folder of the working tree, as it was found from the path that was asked about."""
    git_dir: str
    """Where its objects and references are; for a worktree or submodule what its ``.git`` file leads to."""


class _TreeLine(Struct, frozen=True):
    """A line of ``ls-tree``: ``100644 blob 8baef1b… template.yaml``."""

    mode: str
    kind: str
    id: str

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"


def folders_up_to_top(directory: str) -> list[str]:
    """``directory`` and its parents up to the one that holds ``.git``; itself alone where none does."""
    passed = [directory]
    while not os.path.lexists(os.path.join(passed[-1], ".git")):
        parent = os.path.dirname(passed[-1])
        if parent == passed[-1]:
            return [directory]
        passed.append(parent)
    return passed


def top_of(directory: str) -> str:
    """The top of the working tree that ``directory`` lies in; itself where it lies in none."""
    return folders_up_to_top(directory)[-1]


def repository_of(path: str, *, any_owner: bool = False) -> Repository | None:
    """The repository whose working tree holds ``path``; None where none does.

    That of the working directory where it holds it too: a change can bring a submodule with a past of its own making.
    A folder that merely looks like a repository is none. Raises `GitError` for a ``.git`` that leads nowhere, and,
    but for ``any_owner``, for one that belongs to neither this user nor root.
    """
    for place in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):  # through a link from outside, too
        folder = place if os.path.isdir(place) else os.path.dirname(place)
        for top in (top_of(os.getcwd()), top_of(folder)):
            marker = os.path.join(top, ".git")
            if os.path.lexists(marker) and not _leads_out(os.path.relpath(place, top)):
                repository = Repository(top=top, git_dir=_git_dir(marker))
                if not any_owner:
                    _refuse_others(marker, repository.git_dir)
                return repository
    return None


def _git_dir(marker: str) -> str:
    """The folder itself, or the one that a ``.git`` file names; that is not followed further."""
    found = os.path.realpath(marker)
    if os.path.isfile(found):
        with open(found, "rb") as file:
            word, _, target = os.fsdecode(file.read(4096)).partition(":")
        if word != "gitdir":
            raise GitError(f"{marker} is no git repository, nor does it name one")
        found = os.path.realpath(os.path.join(os.path.dirname(found), target.strip()))
    if not os.path.isfile(os.path.join(found, "HEAD")):
        raise GitError(f"{marker} leads to {found}, which is no git repository")
    return found


def _refuse_others(marker: str, git_dir: str) -> None:
    """Raise for a repository of somebody else, who could have written its configuration. Windows has no such owner."""
    if sys.platform == "win32":
        return
    places = [marker, git_dir]
    shared = os.path.join(git_dir, "commondir")  # of a worktree: where the repository's own configuration is
    if os.path.isfile(shared):
        with open(shared, "rb") as file:
            places.append(os.path.join(git_dir, os.fsdecode(file.read(4096)).strip()))
    for place in places:
        if os.path.lexists(place) and os.lstat(place).st_uid not in (0, os.geteuid()):
            raise GitError(
                f"the git repository {place} belongs to another user, who could have prepared it",
                hint="run as its owner, or say --any-owner where you trust it",
            )


class Commit:
    """The files of one commit, by their paths in the working tree."""

    def __init__(self, repository: Repository, revision: str) -> None:
        """``revision`` is what git knows it by: ``main``, ``HEAD~2``. Raises `GitError` where there is none such."""
        self.revision = revision
        self._repository = repository
        self._git = _Git(repository)
        self.id = self._git.resolve(revision)
        self._trees: dict[str, dict[str, _TreeLine]] = {}

    def read(self, path: str) -> bytes | None:
        """The content of the file that ``path`` was; None where there was none.

        Raises `GitError` where the repository lacks it, and for what git does not hold: submodules and LFS files.
        """
        entry = self._entry(path)
        if entry is None or entry.kind != "blob":
            return None
        ((_, content),) = self._contents([(path, entry)])
        return content

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` was a folder."""
        entry = self._entry(path)
        return entry is not None and entry.kind == "tree"

    def names(self, directory: str) -> list[str]:
        """The names in a folder, sorted; none where it was not there."""
        entry = self._entry(directory)
        return sorted(self._tree(entry.id)) if entry is not None and entry.kind == "tree" else []

    def files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Path and content of every file below ``folder``, those behind links to files included; by path.

        ``tuple(commit.files("infra"))`` is ``(("infra/main.tf", b"…"),)``. Raises `GitError` as `read` does.
        """
        entry = self._entry(folder)
        if entry is None or entry.kind != "tree":
            return
        below = [
            (os.path.join(folder, *name.split("/")), self._entry(os.path.join(folder, name)) if each.is_link else each)
            for name, each in sorted(self._git.listed("-r", entry.id).items())
        ]
        yield from self._contents([(path, each) for path, each in below if each is not None and each.kind != "tree"])

    def _contents(self, entries: "Iterable[tuple[str, _TreeLine]]") -> Iterator[tuple[str, bytes]]:
        """Path and content of each entry, none of which may be something that git only refers to."""
        wanted = list(entries)
        for path, entry in wanted:
            if entry.kind == "commit":
                raise self._submodule(path)
        contents = self._git.contents([entry.id for _, entry in wanted])
        for (path, entry), content in zip(wanted, contents, strict=True):
            if content is None:
                raise GitError(f"{path} of {self.revision} is not in this repository", hint=_FETCH_OBJECTS)
            if not entry.is_link and content.startswith(_LFS_POINTER):
                raise GitError(
                    f"{path} was in git LFS in {self.revision}, and git has a pointer to it only",
                    hint="compare with a file: --compare-to old-template.yaml",
                )
            yield path, content

    def _submodule(self, path: str) -> GitError:
        return GitError(
            f"{path} was in a submodule in {self.revision}, whose past is in a repository of its own",
            hint="compare inside the submodule, or with a folder",
        )

    def _entry(self, path: str) -> _TreeLine | None:
        """What stood at ``path``, behind the links of that commit; None where nothing did, or outside."""
        top = self._repository.top
        inside = next(
            (
                relative
                for place in dict.fromkeys((os.path.abspath(path), os.path.realpath(path)))
                if (relative := os.path.relpath(place, top)) == os.curdir or not _leads_out(relative)
            ),
            None,
        )
        return None if inside is None else self._followed(path, inside.split(os.sep))

    def _followed(self, path: str, parts: list[str]) -> _TreeLine | None:
        passed = [_TreeLine("040000", "tree", self.id)]
        pending, links = parts[::-1], 0
        while pending:
            part = pending.pop()
            if part in ("", os.curdir):
                continue
            if part == os.pardir:
                if len(passed) == 1:
                    raise GitError(f"{path} was a link that leads out of the repository in {self.revision}")
                passed.pop()
                continue
            if passed[-1].kind == "commit":
                raise self._submodule(path)
            entry = self._tree(passed[-1].id).get(part) if passed[-1].kind == "tree" else None
            if entry is None:
                return None
            if not entry.is_link:
                passed.append(entry)
                continue
            links += 1
            ((_, target),) = self._contents([(path, entry)])
            if links > _MOST_LINKS or target.startswith(b"/"):
                raise GitError(f"{path} was a link that leads out of the repository in {self.revision}, or round")
            pending += os.fsdecode(target).split("/")[::-1]
        return passed[-1]

    def _tree(self, identifier: str) -> dict[str, _TreeLine]:
        if identifier not in self._trees:
            self._trees[identifier] = self._git.listed(identifier)
        return self._trees[identifier]


class _Git:
    """The three commands, on one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._program, self._environment = _program(repository.top)

    def resolve(self, revision: str) -> str:
        """The id of the commit that a revision means."""
        if not revision or "\0" in revision:
            raise GitError(f"{revision!r} is no git revision")
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = done.stdout.decode(errors="replace").strip()
        if done.returncode == 0 and _ID.fullmatch(found):
            return found
        said = _in_words(done.stderr)
        raise GitError(f"{revision} is no git revision here{f': {said}' if said else ''}", hint=_FETCH_HISTORY)

    def listed(self, *arguments: str) -> dict[str, _TreeLine]:
        """The entries of a tree by name."""
        done = self._run("ls-tree", "-z", "--full-tree", *arguments)
        if done.returncode != 0:
            raise GitError(f"a folder of the past cannot be listed: {_in_words(done.stderr)}", hint=_FETCH_OBJECTS)
        entries = {}
        for line in filter(None, done.stdout.split(b"\0")):
            facts, _, name = line.partition(b"\t")
            mode, kind, identifier = facts.decode("ascii").split(" ")
            entries[os.fsdecode(name)] = _TreeLine(mode, kind, identifier)
        return entries

    def contents(self, identifiers: Iterable[str]) -> Iterator[bytes | None]:
        """The content of each object, asked for one after another; None for one that is not here."""
        import subprocess

        wanted = list(identifiers)
        if not wanted:
            return
        with subprocess.Popen(  # noqa: S603 - no shell, an absolute path, and ids are hexadecimal
            [*self._command(), "cat-file", "--batch"],
            cwd="/",
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                for identifier in wanted:
                    yield _answer(process, identifier)
            finally:
                process.kill()

    def _run(self, *arguments: str) -> "CompletedProcess[bytes]":
        import subprocess

        try:
            return subprocess.run(  # noqa: S603 - no shell, an absolute path, and no flag gets in
                [*self._command(), *arguments],
                cwd="/",
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise GitError(f"{self._program} cannot be run: {error.strerror or error}") from error

    def _command(self) -> list[str]:
        settings = (part for setting in _SETTINGS for part in ("-c", setting))
        return [self._program, f"--git-dir={self._repository.git_dir}", *settings]


def _program(top: str) -> tuple[str, dict[str, str]]:
    """The git of this machine, and the environment it runs in; nothing in the working tree is a program of ours."""
    is_everything = os.path.dirname(top) == top
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if os.path.isabs(folder) and (is_everything or _leads_out(os.path.relpath(folder, top)))
    ]
    names = ("git.exe",) if sys.platform == "win32" else ("git",)
    candidates = (os.path.join(folder, name) for folder in folders for name in names)
    program = next((path for path in candidates if os.path.isfile(path) and os.access(path, os.X_OK)), None)
    if program is None:
        raise GitError("reading a revision needs git, which is not here", hint="install git")
    environment = {**_ENVIRONMENT, "PATH": os.pathsep.join(folders)}
    if "SYSTEMROOT" in os.environ:  # Windows starts no process without it
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return program, environment


def _leads_out(relative: str) -> bool:
    return os.path.isabs(relative) or relative == os.pardir or relative.startswith(os.pardir + os.sep)


def _answer(process: "Popen[bytes]", identifier: str) -> bytes | None:
    """One object of ``cat-file --batch``: ``ID blob SIZE``, its content, a line break; ``ID missing`` for None."""
    asked, told = _streams(process)
    try:
        asked.write(identifier.encode("ascii") + b"\n")
        asked.flush()
    except BrokenPipeError:
        return None
    header = told.readline(200).split()
    if len(header) != 3 or header[0] != identifier.encode("ascii"):  # noqa: PLR2004 - as said above
        return None
    size = int(header[2])
    if size > limits.LARGEST_FILE:
        raise GitError(
            f"a file of the past has {size:,} bytes, which is more than the {limits.LARGEST_FILE:,} that are read"
        )
    content = told.read(size + 1)
    return content[:-1] if len(content) == size + 1 else None


def _streams(process: "Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    return process.stdin, process.stdout


def _in_words(said: bytes) -> str:
    """What git says, in one short line."""
    return " ".join(said.decode(errors="replace").split())[:300]
