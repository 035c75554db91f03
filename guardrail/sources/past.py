"""What stood before the change, as ``--compare-to`` names it: a file or folder, or a commit of the git repository.

A revision means its merge base with ``HEAD``, where the change began: what the base branch has gained since is nothing
that the change takes away. Of the commit that merges a pull request, as GitHub checks it out, that of ``HEAD^1`` is the
base branch as it is now.
"""

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from guardrail import files
from guardrail.errors import GitError, PastUnreadableError, SourceError
from guardrail.git import Commit, Repository, repository_of
from guardrail.working_tree import leads_out

LEFT_OUT = "not read, because this checkout is sparse (`git sparse-checkout add`)"


class Comparison(Struct, frozen=True):
    """What ``--compare-to`` says, for every input of a run."""

    named: str
    """A file or folder, or a revision of the repository of each input."""
    any_owner: bool = False
    """Whether a repository may belong to another user."""
    _commits: dict[Repository, Commit] = field(default_factory=dict)
    """Those of that revision, by repository, so that inputs share what is read of them."""

    def past_of(self, path: str) -> str | Commit:
        """What stood before of an input at ``path``: a path that is there, else the commit of a revision.

        Raises `SourceError` where it is neither, or both: a change could bring a file called ``main``, and so a past
        of its own.
        """
        if os.path.exists(self.named):
            _refuse_a_revision(self.named, path, any_owner=self.any_owner)
            return self.named
        return self.commit_of(path)

    def commit_of(self, path: str) -> Commit:
        """The commit of the revision, as `past_of` has it."""
        if path == "-":
            raise SourceError("standard input has no past in git", hint="--compare-to old-template.yaml")
        repository = repository_of(path, any_owner=self.any_owner)
        if repository is None:
            message = f"{path} is not in a git repository, so there is no revision {self.named} to compare with"
            raise SourceError(message)
        if repository not in self._commits:
            try:
                self._commits[repository] = Commit.where_change_began(repository, self.named)
            except GitError as error:
                message = f"--compare-to: there is no file {self.named}, and {error.message}"
                raise SourceError(message, hint=error.hint) from error
        return self._commits[repository]


def is_new(past: Commit, path: str) -> bool:
    """Whether a file came with the change; what git leaves out or lies elsewhere is of no time."""
    if files.is_stream(path) or leads_out(os.path.relpath(path, past.top)):
        return False
    try:
        was_there = past.read(path) is not None
    except PastUnreadableError:
        was_there = True
    if was_there:
        return False
    from guardrail.gitignore import LeftOut  # for the few that are new

    return not LeftOut(past.top).ignores(path)


def one_past(compared: str) -> SourceError:
    """The error about a file or folder that is to be the past of several inputs."""
    message = f"--compare-to {compared} is one past, and there are several inputs"
    return SourceError(message, hint="compare with a git revision")


def _refuse_a_revision(other: str, path: str, *, any_owner: bool) -> None:
    if other.startswith((".", os.sep)) or path == "-":
        return  # no revision begins so
    try:
        repository = repository_of(path, any_owner=any_owner)
        found = repository is not None and Commit(repository, other)
    except GitError:
        return
    if found:
        hint = f"--compare-to .{os.sep}{other} for the file, its commit or refs/… for the revision"
        raise SourceError(f"--compare-to {other} is a file and a git revision", hint=hint)


def before_commit(paths: Sequence[str], environment: Mapping[str, str], *, any_owner: bool = False) -> str | None:
    """The revision that a hook of pre-commit compares files with; None where they are as they were then.

    That is ``PRE_COMMIT_FROM_REF``, which pre-commit sets for a range of commits (``--from-ref``) and for a push, else
    ``HEAD``. Where no file differs, as with ``--all-files`` in CI, there is no past, and everything counts. Before the
    first commit there is none either. Raises `GitError` for a range that is not here.
    """
    named = environment.get("PRE_COMMIT_FROM_REF", "")
    repository = repository_of(os.curdir, any_owner=any_owner)
    if repository is None:
        return None
    try:
        commit = Commit.where_change_began(repository, named or "HEAD")
    except GitError:
        if named:
            raise
        return None
    return (named or "HEAD") if any(_differs(path, commit) for path in paths) else None


def _differs(path: str, commit: Commit) -> bool:
    """Whether a file differs from the commit's; True where either cannot be read, which its reader reports."""
    try:
        return commit.read(path) != files.content(path)
    except (OSError, SourceError):
        return True
