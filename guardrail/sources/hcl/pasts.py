"""What root modules were before the change: the same folder in a commit or elsewhere, or one that it was called then.

``compared_to("origin/main", …)`` finds, for ``infra/chat`` of today, ``infra/chat`` where the change began, or
``services/chat`` if that is gone and is much the same; what stood there and has no successor is gone.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import GitError, PastUnreadableError, SourceError, SubmoduleError
from guardrail.files import content, lies_in, near
from guardrail.git import Commit
from guardrail.model import ChangeSet, Coverage, Inventory, Unknown
from guardrail.sources.discovery import listed, pruning
from guardrail.sources.hcl.disk import Disk, is_source, source_names
from guardrail.sources.hcl.endings import SOURCES, VALUES
from guardrail.sources.hcl.reader import RootModule, read_root, without_future
from guardrail.sources.hcl.roots import Layout, RootModules, roots_below, roots_of_files
from guardrail.sources.hcl.variables import VariableAssignments
from guardrail.sources.likeness import renamed
from guardrail.sources.past import LEFT_OUT, Comparison, one_past
from guardrail.sources.past_sets import environments_then
from guardrail.sources.sets import PastEnvironments, RootSets, labelled, source_id
from guardrail.sources.trees import InCommit, tree_of
from guardrail.working_tree import leads_out

NO_STATE = (
    "what stood before is what the source said, of {}: what was never applied, or was changed by other means, only a "
    "plan tells"
)


_NO_ENVIRONMENTS = PastEnvironments()


class _PastRoot(Struct, frozen=True):
    """A root module of the past."""

    directory: str
    disk: Disk


class Pasts:
    """The pasts of the root modules of one run."""

    def __init__(
        self,
        compared: Comparison,
        found: RootModules,
        paths: Sequence[str],
        base: str,
        gone: Sequence[str],
        sets_then: RootSets,
    ) -> None:
        """``gone`` are folders and files that are named and not there. Raises `SourceError` where there is no past."""
        self._compared = compared
        self._base = base
        self._sets = found.sets
        self._sets_then = sets_then
        self._today = tuple(found.roots)
        self._environments: dict[str, PastEnvironments] = {}
        self._prune = partial(pruning, exclude=found.exclude)
        self._is_first = True
        self._moved: Callable[[str], str] = str
        """Where a file of today is in the past: elsewhere, if that is a folder."""
        self._disks: dict[str, Disk] = {}
        self._commits: list[Commit] = []
        self._left_out: list[str] = []
        """Root modules of the compared commit that are not here because the checkout is sparse."""
        self._at: dict[str, _PastRoot] = {}
        """By today's root module, what it was."""
        self.gone: dict[str, _PastRoot] = {}
        """By its folder, what is no root module any more, or not there."""
        self.renamed: dict[str, str] = {}
        self.unknown: dict[str, str] = {}
        """By root module, why what it was cannot be told."""
        self.names: dict[str, None] = {}
        """What is compared with, in words."""
        gone_files = [path for path in gone if path.endswith(SOURCES + VALUES)]
        directories = [path for path in paths if os.path.isdir(path)] + [
            each for each in gone if each not in gone_files
        ]
        files = [path for path in paths if not os.path.isdir(path)]
        before: dict[str, _PastRoot] = {}
        for directory in directories:
            before |= self._roots_below(directory, alone=len(paths) == 1)
        if files:
            before |= self._roots_of_files(files, base)
        if gone_files:
            lost = self._roots_of_files(gone_files, base)
            found.add_files([os.path.join(root, "main.tf") for root in lost], base)  # of today, if they are there
            before |= lost
            directories += [root for root in lost if root not in found.roots]
        self._pair(found.roots, before, [*map(os.path.normpath, directories)])
        found.notices += [f"{LEFT_OUT}: {listed(self._left_out)}"] if self._left_out else []

    def _of(self, root: RootModule) -> tuple[RootModule | None, bool]:
        """A root module as it was, None where it was not there; and whether that is known at all."""
        if root.directory in self.unknown:
            return None, False
        then = self._at.get(root.directory)
        if then is None:
            return None, True
        files = self._environments_of(root.directory, then).files.get(root.inputs.label or "")
        return (None if files is None else self._as_it_was(root, then, files)), True

    def left(self, workspace: str | Unknown | None, region: str | None) -> Iterator[ChangeSet]:
        """Change sets of the root modules that are gone, one for each of their sets of values."""
        for directory, then, inputs, files in self._gone_sets():
            root = RootModule(directory="", disk=then.disk, inputs=inputs, workspace=workspace, region=region)
            try:
                gone = without_future(self._as_it_was(root, then, files), directory)
            except PastUnreadableError as error:
                told = f"what it had is not known: {error.message}"
                gone = ChangeSet(
                    path=directory,
                    kind="hcl",
                    after=Inventory(),
                    notices=(told,),
                    coverage=Coverage(),
                    is_past_unreadable=True,
                )
            if directory not in self.gone:
                told = f"{source_id(directory, inputs.label)} is gone: what it had is no longer there after the change"
                gone = _saying([told], gone)
            yield labelled(self._told(directory, gone), inputs.label)

    def read(self, root: RootModule) -> ChangeSet:
        """The change set of a root module with its past."""
        if root.shown is not None:
            told = f"what stood before of {root.shown} is not known: Terragrunt makes plans that tell it"
            return _saying([told], read_root(root))
        past, is_known = self._of(root)
        try:
            return self._told(root.directory, read_root(root, past, has_past=is_known), root.inputs.label or "")
        except PastUnreadableError as error:
            told = f"what stood before is not known: {error.message}"
            return _saying([told], replace(read_root(root), is_past_unreadable=True))

    def _told(self, directory: str, change_set: ChangeSet, label: str = "") -> ChangeSet:
        """The change set with the notices about its past."""
        is_said = self._is_first and directory not in self.unknown
        said = [NO_STATE.format(" and ".join(self.names))] if is_said else []
        self._is_first = self._is_first and not is_said
        if directory in self.renamed:
            said.append(f"{directory} was {self.renamed[directory]} before the change")
        if label in (of := self._environments.get(directory, _NO_ENVIRONMENTS)).said and directory not in self.gone:
            said.append(f"{directory}: {of.said[label]}")
        if directory in self.unknown:
            said.append(f"what stood before is not known: {self.unknown[directory]}")
        if directory in self.gone:
            what = "is no root module any more" if _has_source(directory) else "is gone"
            had = "" if change_set.before is None else ": what it had is no longer there after the change"
            said.append(f"{directory} {what}{had}")
        return _saying(said, change_set)

    # Where it was ------------------------------------------------------------------------------------------------

    def _roots_below(self, directory: str, *, alone: bool) -> dict[str, _PastRoot]:
        """The root modules of the past in and below a folder, by the paths that they have or would have today."""
        past = self._compared.past_of(directory)
        if isinstance(past, Commit):
            disk = self._in(past)
            folder = directory
        else:
            if not alone:
                raise one_past(past)
            if not os.path.isdir(past):
                raise SourceError(f"--compare-to {past} is a file, and {directory} is a folder", hint="name its folder")
            disk, folder = Disk(tree_of(past)), past
            self._moved = partial(_moved, directory, past)
            self.names[past] = None
        return {
            os.path.normpath(os.path.join(directory, os.path.relpath(root, folder))): _PastRoot(root, disk)
            for root in self._found(disk, folder)
        }

    def _found(self, disk: Disk, folder: str) -> Iterable[str]:
        try:
            if not disk.tree.is_directory(folder):
                return ()
            layout = Layout(folder, disk, self._sets.flagged, self._prune(folder))
            of_units = set(map(disk.tree.real, layout.units().values()))
            return [root for root in roots_below(folder, layout) if disk.tree.real(root) not in of_units]
        except SubmoduleError:  # which is told of each root in it
            return ()
        except GitError:
            raise
        except SourceError:  # there is none, today's may be the first
            return ()

    def _roots_of_files(self, files: Sequence[str], base: str) -> dict[str, _PastRoot]:
        """The root modules of the past that files belonged to."""
        past = self._compared.past_of(files[0])
        if not isinstance(past, Commit):
            raise SourceError(f"--compare-to {past} is a folder, and files are compared with a git revision")
        disk = self._in(past)
        layout = Layout(base, disk, self._sets.flagged, self._prune(base))
        roots = roots_of_files([*files, *(os.path.join(root, "main.tf") for root in self._today)], layout)
        named = (near(root) for path in files for root in self._sets.roots_naming(path))
        roots += [root for root in named if source_names(root, disk.tree)]
        return {root: _PastRoot(root, disk) for root in roots}

    def _in(self, commit: Commit) -> Disk:
        """The files of a commit, one for all inputs of a repository."""
        self.names[f"{self._compared.named} ({commit.id[:7]})"] = None
        key = f"{commit.top} {commit.id}"
        if key not in self._disks:
            self._disks[key] = Disk(InCommit(commit))
            self._commits.append(commit)
        return self._disks[key]

    # Which was which ---------------------------------------------------------------------------------------------

    def _pair(self, roots: Mapping[str, Disk], before: Mapping[str, _PastRoot], directories: Sequence[str]) -> None:
        self._at = {root: before[root] for root in roots if root in before}
        come = [root for root in roots if root not in before]
        gone = {root: then for root, then in before.items() if root not in roots and _is_below(root, directories)}
        self._left_out = [root for root, then in gone.items() if self._is_left_out(root, then)]
        gone = {root: then for root, then in gone.items() if root not in self._left_out}
        for root in come:
            for disk in self._disks.values():
                if problem := _submodule(root, disk):
                    self.unknown[root] = problem
        names = {root: _blocks(roots[root], root) for root in come if root not in self.unknown}
        lost = (self._elsewhere(before) if names else {}) | gone
        olds = {root: _blocks(then.disk, then.directory) for root, then in lost.items()}
        self.renamed = renamed(names, olds)
        self._at |= {new: lost[old] for new, old in self.renamed.items()}
        self.gone = {root: then for root, then in gone.items() if root not in self.renamed.values()}

    def _elsewhere(self, before: Mapping[str, _PastRoot]) -> dict[str, _PastRoot]:
        """Root modules of the compared commit that are gone, in the whole repository: inputs may be renamed ones."""
        roots = {
            near(root): _PastRoot(root, disk) for disk in self._disks.values() for root in self._found(disk, self._base)
        }
        return {
            root: then
            for root, then in roots.items()
            if root not in before and not _has_source(root) and not self._is_left_out(root, then)
        }

    def _is_left_out(self, root: str, then: _PastRoot) -> bool:
        paths = (os.path.join(root, name) for name in source_names(then.directory, then.disk.tree))
        return any(commit.is_left_out(path) for path in paths for commit in self._commits)

    # With which values -------------------------------------------------------------------------------------------

    def _as_it_was(self, root: RootModule, then: _PastRoot, files: Sequence[str]) -> RootModule:
        inputs = _with_files(root.inputs, [*map(self._moved, files)])
        return replace(root, directory=then.directory, disk=then.disk, inputs=inputs)

    def _environments_of(self, directory: str, then: _PastRoot) -> PastEnvironments:
        """What the environments of a root module of today were."""
        if directory not in self._environments:
            today = {each.label or "": _files(each) for each in self._sets.of(directory)}
            told = self._sets_then.get(os.path.realpath(then.directory))
            is_told = any(today) or self._sets.are_all(directory)
            found = environments_then(today, told if is_told else None, self._files_then(then))
            self._environments[directory] = found
        return self._environments[directory]

    def _files_then(self, then: _PastRoot) -> "_PastValueFiles":
        return _PastValueFiles(then.disk, self._moved)

    def _gone_sets(self) -> Iterator[tuple[str, _PastRoot, VariableAssignments, Sequence[str]]]:
        """The root modules that are gone, and environments of others that are, each with the values that it had."""
        for directory, then in self.gone.items():
            inputs = self._sets.of(directory)
            told = self._sets_then.get(os.path.realpath(then.directory))
            if told and self._sets.are_all(directory):
                yield from ((directory, then, replace(inputs[0], label=label), files) for label, files in told.items())
                continue
            files_then = self._files_then(then)
            for each in inputs:
                if not any(map(files_then.is_new, _files(each))):
                    yield directory, then, each, _files(each)
        for directory, then in self._at.items():
            if self._sets.are_all(directory):
                (plain, *_), gone = self._sets.of(directory), self._environments_of(directory, then).gone
                yield from ((directory, then, replace(plain, label=label), files) for label, files in gone.items())


class _PastValueFiles:
    """The files of values of the past."""

    def __init__(self, disk: Disk, moved: Callable[[str], str]) -> None:
        self._tree = disk.tree
        self._moved = moved
        self.today = content

    def content(self, path: str) -> bytes:
        """What a file was. Raises OSError or `SourceError`."""
        return self._tree.content(self._moved(path))

    def names(self, directory: str) -> list[str]:
        """The names that stood in a folder."""
        return self._tree.names(self._moved(directory))

    def is_new(self, path: str) -> bool:
        """Whether a file of values was not there then, so that nothing had been made with it."""
        there = self._moved(path)
        return self._tree.holds(there) and not self._tree.is_file(there)


def _moved(directory: str, past: str, path: str) -> str:
    """``old/prod.tfvars`` for ``new/prod.tfvars``, where ``old`` is the past of ``new``; any other path as it is."""
    inside = os.path.relpath(path, directory)
    return path if leads_out(inside) else os.path.join(past, inside)


def _files(inputs: VariableAssignments) -> tuple[str, ...]:
    """The files of values of a set, those of flags last."""
    return *inputs.files, *(text[1:] for text in inputs.assignments if text.startswith("@"))


def _with_files(inputs: VariableAssignments, files: Sequence[str]) -> VariableAssignments:
    """A set as it was given for the past, made of other files."""
    if list(files) == list(_files(inputs)):
        return replace(inputs, of_the_past=True)
    flags = tuple(text for text in inputs.assignments if not text.startswith("@"))
    return replace(inputs, of_the_past=True, files=tuple(files), assignments=flags)


def _saying(said: Sequence[str], change_set: ChangeSet) -> ChangeSet:
    """The change set with sentences before its own."""
    return replace(change_set, notices=(*said, *change_set.notices)) if said else change_set


def _is_below(path: str, directories: Sequence[str]) -> bool:
    return any(each == os.curdir or lies_in(path, each) for each in directories)


def _has_source(directory: str) -> bool:
    """Whether a folder of today has files of a module."""
    return os.path.isdir(directory) and any(map(is_source, os.listdir(directory)))


def _submodule(root: str, disk: Disk) -> str:
    """The reason why a folder of a submodule has no past; empty for any other folder."""
    try:
        disk.tree.is_directory(root)
    except SubmoduleError as error:
        return error.message
    return ""


def _blocks(disk: Disk, directory: str) -> frozenset[object]:
    """What a folder declares, by the names that its blocks have."""
    try:
        source = disk.legible(directory)
    except SourceError:
        return frozenset()
    return frozenset((*source.resources, *source.calls))
