"""Terms that the author of a change did not write: settings, policies and what they name, as a commit has them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from guardrail import files
from guardrail.errors import GitError, GitHubError, GuardrailError, PolicyError
from guardrail.files import lies_in
from guardrail.git import Commit, repository_of
from guardrail.github.runner import Event
from guardrail.policy.load import policy_files
from guardrail.policy.parameter_files import named, placed
from guardrail.policy.policy import Policy
from guardrail.settings import BASELINE_NAME, FILE_NAMES, USAGE_FILE_NAMES, load, places, start_of

FETCH = "actions/checkout with fetch-depth: 0"


class Base:
    """A commit of the repository that a directory lies in, and a folder that gets copies of what is taken from it.

    Nothing is checked out: of ``take("ci/usage.yml")`` the folder has ``ci/usage.yml`` as the commit has it.
    """

    def __init__(self, directory: str, revision: str, folder: str, *, any_owner: bool = True) -> None:
        """Raises `GitHubError` where there is no repository, and `GitError` where it lacks the commit.

        On a runner the checkout may belong to another user; it is the runner's all the same.
        """
        repository = repository_of(directory, any_owner=any_owner)
        if repository is None:
            raise GitHubError(f"{directory} is in no git repository, and the terms come from its base", hint=FETCH)
        self.root = repository.top
        self.folder = folder
        self._commit = Commit(repository, revision)
        os.makedirs(os.path.join(folder, ".git"), exist_ok=True)  # the copy ends where the repository does

    def holds(self, path: str) -> bool:
        """Whether ``path`` is one of the working tree, not the workflow's own outside of it."""
        return lies_in(os.path.abspath(path), self.root)

    @property
    def commit(self) -> str:
        """The id of the commit."""
        return self._commit.id

    def has(self, path: str) -> bool:
        """Whether the commit has a file or a folder at ``path`` of the working tree. Raises as `read` does."""
        return self._commit.is_directory(path) or self._commit.read(path) is not None

    def read(self, path: str) -> bytes | None:
        """The content of the file at ``path`` of the working tree, as the commit has it; None where it has none."""
        return self._commit.read(path)

    def take(self, path: str) -> str | None:
        """The copy of the file or folder at ``path`` of the working tree; None where the commit has none.

        Raises `GitError` where the repository lacks it.
        """
        place = os.path.normpath(os.path.join(self.folder, os.path.relpath(os.path.abspath(path), self.root)))
        content = self._commit.read(path)
        if content is not None:
            _write(place, content)
        elif self._commit.is_directory(path):
            os.makedirs(place, exist_ok=True)
            for name, text in self._commit.files(path):
                _write(os.path.join(place, os.path.relpath(name, path)), text)
        else:
            return None
        return place

    def take_made(self, copied: str, now: "Base") -> None:
        """Copy what a path of the copy stands for, where a file is there that neither commit has: a job has made it."""
        inside = os.path.relpath(os.path.abspath(copied), os.path.abspath(self.folder))
        path = os.path.normpath(os.path.join(self.root, inside))
        is_copied = lies_in(os.path.abspath(copied), os.path.abspath(self.folder))
        if is_copied and self.holds(path) and not self.has(path) and not now.has(path) and os.path.isfile(path):
            with suppress(OSError):  # whoever needs it says so
                _write(os.path.join(self.folder, inside), files.content(path))

    def take_terms(self, paths: Sequence[str], config: str | None = None) -> None:
        """Copy the settings that hold for these inputs, for each and for all together, and all that they name.

        They are looked for as `settings.load` looks, or are those in ``config``, a copy. Raises `SettingsError` for
        settings that do not read, and `GitError` for what is there and is neither file nor folder.
        """
        for start in dict.fromkeys((start_of(paths), *paths)):
            self._take_terms(start, config)

    def _take_terms(self, start: str, config: str | None) -> None:
        for directory in filter(self.holds, places(start)):
            there = self._commit.names(directory)
            for name in (*FILE_NAMES, *USAGE_FILE_NAMES, BASELINE_NAME):
                if name in there and self.take(os.path.join(directory, name)) is None:
                    raise GitError(f"{name} is there in {self._commit.revision}, and leads nowhere")
        settings = load(start, config=config, copy=self.folder).settings
        own = [
            name
            for each in settings.policies.values()
            for name in named({"params": each.params, "environments": each.environments})
        ]
        named_files = (settings.usage_file, settings.evidence, settings.baseline.file, settings.prices.tables)
        for path in (*named_files, *settings.policy_paths, *own):
            self._take_copied(path)
        for folder in settings.policy_paths:
            for path in _named_by_policies(folder):
                self._take_copied(path)

    def _take_copied(self, path: str | None) -> None:
        """Take what a path of the copy stands for."""
        inside = path is not None and os.path.relpath(os.path.abspath(path), os.path.abspath(self.folder))
        if inside and lies_in(os.path.normpath(os.path.join(self.root, inside)), self.root):
            self.take(os.path.join(self.root, inside))


def _named_by_policies(folder: str) -> Iterator[str]:
    """The files that policies in a folder take values from; what does not read is said by who needs it."""
    from guardrail import strict_yaml

    with suppress(GuardrailError):
        for path in policy_files(folder):
            with suppress(GuardrailError):
                policy = strict_yaml.read(path, Policy, error=PolicyError)
                values = {name: parameter.default for name, parameter in policy.params.items()}
                yield from named(placed(values, os.path.dirname(path)))


def before_the_change(directory: str, happened: Event) -> str | None:
    """The revision that a pull request is compared with; None for a run of none, and outside of git.

    That is ``HEAD^1`` where ``HEAD`` is GitHub's own merge of it, whose other parent is the head that the event names:
    two commits of history are enough then. Else it is the commit that the pull request asks to be merged into. Raises
    `GitError` where the checkout does not tell where the change began.
    """
    repository = repository_of(directory, any_owner=True)
    if repository is None or happened.base is None:
        return None
    try:
        if Commit(repository, "HEAD^2").id == happened.head:
            Commit.where_change_began(repository, "HEAD^1")
            return "HEAD^1"
    except GitError:
        pass  # it is no merge, or its parents are not here
    Commit.where_change_began(repository, happened.base)
    return happened.base


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
