"""A git repository, read so that nothing in it runs: the files of one commit, without an index and without a checkout.

Git takes any folder that holds ``HEAD``, ``config``, ``objects`` and ``refs`` for a repository, and a pull request can
bring such a folder, with a past of its own making and a configuration that names commands. So the repository is found
here, by its ``.git`` alone, and named to git (``--git-dir``). Git runs in ``/`` with an environment of ours: no object
is fetched that is not there, no protocol, hook, filter, file-system monitor or replacement counts, and only three
commands are used: ``rev-parse``, ``merge-base`` and ``cat-file --batch``, which gives objects as they are: attributes
(``export-ignore``, ``filter``, ``textconv``) say nothing of them. What a commit names and the repository lacks is an
error, never a file that was not there.

Source: git-config(1), git(1) "Environment Variables", git-cat-file(1); `safe.directory` for whose a repository may be.
"""

import errno
import os
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import IO, TYPE_CHECKING

from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import GitError, NoRevisionError, PastUnreadableError, SourceError, SubmoduleError
from guardrail.expressions import expression
from guardrail.working_tree import is_pointer, leads_out, top_of

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
_FETCH_HISTORY = "in a shallow checkout fetch it first: actions/checkout with fetch-depth: 0, or git fetch --unshallow"
_FETCH_OBJECTS = "git fetch --refetch --no-filter origin"
_NO_FILES = frozenset({"", ".", ".."})
"""Names that an entry of a folder can be given and no checkout would make."""
_ID = expression(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_LINKS = 40
_SHA1_DIGITS = 40
_SPARSE = expression(rb"^\s*sparsecheckout\s*=\s*true\b", re.IGNORECASE | re.MULTILINE)


class Repository(Struct, frozen=True, kw_only=True):
    """A repository that `repository_of` has found."""

    top: str
    """The folder of the working tree, as it was found from the path that was asked about."""
    git_dir: str
    """Where its objects and references are; for a worktree or submodule what its ``.git`` file leads to."""

    @property
    def is_sparse(self) -> bool:
        """Whether files of the commit that is checked out may be left out of the working tree."""
        paths = (os.path.join(self.git_dir, name) for name in ("config", "config.worktree"))
        texts = (files.content(path, most=limits.MEBIBYTE) for path in paths if os.path.isfile(path))
        return any(map(_SPARSE.search, texts))


class _TreeEntry(Struct, frozen=True):
    """What a folder has under a name: ``100644 8baef1b…`` of ``template.yaml``."""

    mode: str
    id: str

    @property
    def kind(self) -> str:
        """What it is: blob, tree, or commit, as which a folder holds a submodule."""
        return {"40000": "tree", "160000": "commit"}.get(self.mode, "blob")

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"


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
            if os.path.lexists(marker) and not leads_out(os.path.relpath(place, top)):
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
        self._trees: dict[str, dict[str, _TreeEntry]] = {}

    @classmethod
    def where_change_began(cls, repository: Repository, base: str) -> "Commit":
        """The merge base of ``HEAD`` and ``base``, as ``git diff base...`` has it, called by the name of the latter.

        Raises `GitError` where there is none, as in a clone that lacks their history: the tip of the base would show
        what it has gained since as taken away by the change.
        """
        commit = cls(repository, base)
        ancestor = commit._git.merge_base(commit._git.resolve("HEAD"), commit.id)
        if ancestor is None and commit._git.is_shallow():
            raise GitError(
                f"where this change began is not known: the merge base of HEAD and {base} is not in this shallow clone",
                hint=_FETCH_HISTORY,
            )
        if ancestor is None:
            raise GitError(f"HEAD and {base} have no history in common", hint="compare with a folder")
        commit.id = ancestor
        return commit

    @property
    def top(self) -> str:
        """The folder of the working tree, below which its paths are."""
        return self._repository.top

    def read(self, path: str) -> bytes | None:
        """The content of the file that ``path`` was; None where there was none.

        Raises `GitError` where the repository lacks it, `SubmoduleError` for what lies in one, and
        `PastUnreadableError` for a link that led nowhere or out, a pointer of LFS, and a file that is too large.
        """
        entry = self._entry(path)
        if entry is None and self._was_link(path):
            raise PastUnreadableError(f"{path} was a link that leads nowhere in {self.revision}")
        if entry is None or entry.kind != "blob":
            return None
        return self._content(path, entry)

    def had(self, path: str, content: bytes) -> bool:
        """Whether the file at ``path`` had this content, by its object id, without reading it from git.

        Raises as `read` does for links and submodules.
        """
        import hashlib

        entry = self._entry(path)
        if entry is None or entry.kind != "blob":
            return False
        own = hashlib.new("sha1" if len(entry.id) == _SHA1_DIGITS else "sha256", usedforsecurity=False)
        own.update(b"blob %d\0" % len(content))
        own.update(content)
        return own.hexdigest() == entry.id

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` was a folder. Raises `SubmoduleError` for a submodule."""
        entry = self._entry(path)
        if entry is not None and entry.kind == "commit":
            raise self._submodule(path)
        return entry is not None and entry.kind == "tree"

    def is_file(self, path: str) -> bool:
        """Whether ``path`` was a file."""
        entry = self._entry(path)
        return entry is not None and entry.kind == "blob"

    def is_left_out(self, path: str) -> bool:
        """Whether ``path`` is not here because the checkout is sparse, and not because it was deleted."""
        if os.path.lexists(path) or self._sparse is None:
            return False
        try:
            return self._sparse.is_file(path) or self._sparse.is_directory(path)
        except SourceError:  # a link, or a submodule
            return True

    @cached_property
    def _sparse(self) -> "Commit | None":
        """The commit that is checked out, if not all of it is here."""
        return Commit(self._repository, "HEAD") if self._repository.is_sparse else None

    def real(self, path: str) -> str | None:
        """Where ``path`` led to behind the links of that commit; None where nothing stood there, or outside."""
        inside = self._inside(path)
        found = None if inside is None else self._followed(path, inside.split(os.sep))
        return None if found is None else os.path.join(self.top, *found[1])

    def names(self, directory: str) -> list[str]:
        """The names in a folder, sorted; none where it was not there."""
        entry = self._entry(directory)
        return sorted(self._tree(entry.id)) if entry is not None and entry.kind == "tree" else []

    def walk(self, top: str, *, most: int) -> Iterator[tuple[str, list[str], list[str]]]:
        """Like `guardrail.files.walk`: through no links, and into no submodule. Raises OSError as that does."""
        entry = self._entry(top)
        pending = [(top, entry.id)] if entry is not None and entry.kind == "tree" else []
        seen = 0
        while pending:
            parent, identifier = pending.pop()
            tree = self._tree(identifier)
            seen += len(tree)
            if seen > most:
                raise OSError(errno.EFBIG, f"there were more than {most:,} files below it", top)
            folders = sorted(name for name, each in tree.items() if each.kind == "tree")
            yield parent, folders, sorted(name for name, each in tree.items() if each.kind == "blob")
            pending += [(os.path.join(parent, name), tree[name].id) for name in reversed(folders)]

    def submodules(self, folder: str) -> Iterator[str]:
        """The submodules below a folder: their files are in repositories of their own."""
        for parent, _, _ in self.walk(folder, most=limits.MOST_SEARCHED):
            entry = self._entry(parent)
            tree = self._tree(entry.id) if entry is not None else {}
            yield from (os.path.join(parent, name) for name, each in sorted(tree.items()) if each.kind == "commit")

    def files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Path and content of every file below ``folder``, those behind links to files included; by path.

        ``tuple(commit.files("infra"))`` is ``(("infra/main.tf", b"…"),)``. Raises `GitError` as `read` does.
        """
        for path in self.submodules(folder):
            raise self._submodule(path)
        paths = [
            os.path.join(parent, name)
            for parent, _, names in self.walk(folder, most=limits.MOST_SEARCHED)
            for name in names
        ]
        below = [(path, each) for path in sorted(paths) if (each := self._entry(path)) is not None]
        for path, each in below:
            if each.kind == "commit":  # behind a link
                raise self._submodule(path)
        yield from ((path, self._content(path, each)) for path, each in below if each.kind != "tree")

    def _content(self, path: str, entry: _TreeEntry) -> bytes:
        """The content of a file or link, which may not be something that git only refers to."""
        content = self._git.content(entry.id)
        if content is None:
            raise GitError(f"{path} of {self.revision} is not in this repository", hint=_FETCH_OBJECTS)
        if not entry.is_link and is_pointer(content):
            raise PastUnreadableError(
                f"{path} was in git LFS in {self.revision}, and git has a pointer to it only",
                hint="compare with a file: --compare-to old-template.yaml",
            )
        return content

    def _submodule(self, path: str) -> SubmoduleError:
        return SubmoduleError(
            f"{path} was in a submodule in {self.revision}, whose past is in a repository of its own",
            hint="compare inside the submodule, or with a folder",
        )

    def _entry(self, path: str) -> _TreeEntry | None:
        """What stood at ``path``, behind the links of that commit; None where nothing did, or outside."""
        inside = self._inside(path)
        found = None if inside is None else self._followed(path, inside.split(os.sep))
        return None if found is None else found[0]

    def _was_link(self, path: str) -> bool:
        """Whether a path itself was a link, wherever to."""
        folder, name = os.path.split(path)
        parent = self._entry(folder or os.curdir)
        entry = self._tree(parent.id).get(name) if parent is not None and parent.kind == "tree" else None
        return entry is not None and entry.is_link

    def _inside(self, path: str) -> str | None:
        """A path as it is reached from the top; None where it lies outside."""
        for place in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
            relative = os.path.relpath(place, self._repository.top)
            if relative == os.curdir or not leads_out(relative):
                return relative
        return None

    def _followed(self, path: str, parts: list[str]) -> tuple[_TreeEntry, list[str]] | None:
        """What is reached by names from the top, and the names that lead there without a link."""
        passed = [("", _TreeEntry("40000", self.id))]
        pending, links = parts[::-1], 0
        while pending:
            part = pending.pop()
            if part in ("", os.curdir):
                continue
            if part == os.pardir:
                if len(passed) == 1:
                    raise PastUnreadableError(f"{path} was a link that leads out of the repository in {self.revision}")
                passed.pop()
                continue
            if passed[-1][1].kind == "commit":
                raise self._submodule(path)
            entry = self._tree(passed[-1][1].id).get(part) if passed[-1][1].kind == "tree" else None
            if entry is None:
                return None
            if not entry.is_link:
                passed.append((part, entry))
                continue
            links += 1
            target = self._content(path, entry)
            if links > _MOST_LINKS or target.startswith(b"/"):
                raise PastUnreadableError(
                    f"{path} was a link that leads out of the repository in {self.revision}, or round"
                )
            pending += os.fsdecode(target).split("/")[::-1]
        return passed[-1][1], [name for name, _ in passed[1:]]

    def _tree(self, identifier: str) -> dict[str, _TreeEntry]:
        if identifier not in self._trees:
            self._trees[identifier] = self._git.listed(identifier)
        return self._trees[identifier]


class _Git:
    """The three commands, on one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._program, self._environment = _program(repository.top)
        self._batch: Popen[bytes] | None = None

    def resolve(self, revision: str) -> str:
        """The id of the commit that a revision means."""
        if not revision or "\0" in revision:
            raise GitError(f"{revision!r} is no git revision")
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = done.stdout.decode(errors="replace").strip()
        if done.returncode == 0 and _ID.fullmatch(found):
            return found
        said = _in_words(done.stderr)
        raise NoRevisionError(f"{revision} is no git revision here{f': {said}' if said else ''}", hint=_FETCH_HISTORY)

    def merge_base(self, one: str, other: str) -> str | None:
        """The id of the best common ancestor of two commits; None where the repository has none."""
        found = self._run("merge-base", one, other).stdout.decode(errors="replace").strip()
        return found if _ID.fullmatch(found) else None

    def is_shallow(self) -> bool:
        """Whether the repository holds the last commits only."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def listed(self, identifier: str) -> dict[str, _TreeEntry]:
        """The entries of a folder, or of the top folder of a commit, by name."""
        content = self.content(f"{identifier}^{{tree}}")
        if content is None:
            raise GitError("a folder of the past cannot be listed: it is not in this repository", hint=_FETCH_OBJECTS)
        entries, at, length = {}, 0, len(identifier) // 2
        while at < len(content):
            end = content.index(b"\0", at)
            mode, _, name = content[at:end].partition(b" ")
            at = end + 1 + length
            called = os.fsdecode(name)
            if called in _NO_FILES or "/" in called or os.sep in called:
                raise GitError(f"the past has a file that is called {called!r}, which is no name")
            entries[called] = _TreeEntry(mode.decode("ascii"), content[end + 1 : at].hex())
        return entries

    def content(self, name: str) -> bytes | None:
        """The content of one object, from the process that goes on answering until this one ends; None if not here.

        A revision of git's will do as a name: ``8baef1b…^{tree}``.
        """
        import subprocess
        import weakref

        if self._batch is None or self._batch.poll() is not None:
            self._batch = subprocess.Popen(  # noqa: S603 - no shell, an absolute path, and no flag gets in
                [*self._command(), "cat-file", "--batch"],
                cwd="/",
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            weakref.finalize(self, _end, self._batch)
        return _answer(self._batch, name)

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
        if os.path.isabs(folder) and (is_everything or leads_out(os.path.relpath(folder, top)))
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


def _answer(process: "Popen[bytes]", name: str) -> bytes | None:
    """One object of ``cat-file --batch``: ``ID blob SIZE``, its content, a line break; ``NAME missing`` for None."""
    asked, told = _streams(process)
    try:
        asked.write(name.encode("ascii") + b"\n")
        asked.flush()
    except BrokenPipeError:
        return None
    header = told.readline(200).split()
    if len(header) != 3 or not header[2].isdigit():  # noqa: PLR2004 - as said above
        return None
    size = int(header[2])
    if size > limits.LARGEST_FILE:
        _end(process)  # which is writing what nobody reads
        raise PastUnreadableError(
            f"a file of the past has {size:,} bytes, which is more than the {limits.LARGEST_FILE:,} that are read"
        )
    content = told.read(size + 1)
    return content[:-1] if len(content) == size + 1 else None


def _end(process: "Popen[bytes]") -> None:
    """Let the process go, and wait until it is gone."""
    process.kill()
    for stream in _streams(process):
        stream.close()
    process.wait()


def _streams(process: "Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    return process.stdin, process.stdout


def _in_words(said: bytes) -> str:
    """What git says, in one short line."""
    return " ".join(said.decode(errors="replace").split())[:300]
