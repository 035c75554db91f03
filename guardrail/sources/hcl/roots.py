"""Root modules: the directories that one would run ``terraform plan`` in.

Told from what calls what as a module, and, below a folder of modules for others, from who says where its state or its
provider is.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from guardrail import limits
from guardrail.errors import GitError, SourceError
from guardrail.files import near
from guardrail.gitignore import Excluded
from guardrail.model import Skipped
from guardrail.sources.boundary import Boundary, boundary_of
from guardrail.sources.discovery import NEVER, NOT_UNLESS_NAMED, Prune, listed, pruning
from guardrail.sources.hcl import syntax, terragrunt
from guardrail.sources.hcl.disk import Disk, ModuleSource, is_source, source_names
from guardrail.sources.hcl.endings import OF_OTHERS, VALUES
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.value_sets import ValueSets
from guardrail.sources.hcl.variables import VariableAssignments, given_values
from guardrail.sources.trees import OnDisk

_DEPLOYING = frozenset({"include", "unit", "stack", "component"})
"""Blocks of theirs that do, beside a ``terraform`` that names a source."""
_NEVER = NEVER | {"cdk.out"}
_SHARED = frozenset({"modules", "module"})
"""Folders of modules that others call; what stands there is a root if it says where its state or its provider is."""


class Layout:
    """Every folder with Terraform files in and below a directory, and who calls whom.

    With ``module "e" { source = "../modules/endpoint" }`` in ``stacks/ads``, ``roots_of("/…/modules/endpoint")`` is
    ``["stacks/ads"]``, if nobody calls that. Calls are worked out with the values that ``inputs`` give.
    """

    def __init__(
        self,
        base: str,
        disk: Disk,
        inputs: Sequence[VariableAssignments] = (VariableAssignments(),),
        prune: Prune | None = None,
    ) -> None:
        self.base = base
        self.folders: dict[str, str] = {}
        """How each is reached, by its real path."""
        self.unread: list[str] = []
        """The files of Terragrunt."""
        self.passed_over: list[str] = []
        """The folders that `roots_below` has taken for no root modules, although nobody calls them."""
        self._with_values: set[str] = set()
        self.disk = disk
        self._inputs = inputs
        self._enter(base, prune)
        self._callers: dict[str, set[str]] = defaultdict(set)
        for place, folder in self.folders.items():
            for called in self._calls(folder):
                if called != place:
                    self._callers[called].add(place)

    def _enter(self, base: str, prune: Prune | None) -> None:
        try:
            for parent, folders, names in self.disk.tree.walk(base, most=limits.MOST_SEARCHED):
                kept = (name for name in folders if name not in _NEVER)
                folders[:] = (name for name in kept if prune is None or not prune(os.path.join(parent, name)))
                place = self.disk.tree.real(parent)
                self.unread += (os.path.join(parent, name) for name in names if name.endswith(tuple(OF_OTHERS)))
                if any(map(is_source, names)):
                    self.folders[place] = parent
                if any(name.endswith(VALUES) for name in names):
                    self._with_values.add(place)
        except OSError as error:
            raise SourceError(f"{base} cannot be searched: {error.strerror or error}") from None

    def is_called(self, place: str, *, besides: Collection[str] = ()) -> bool:
        """Whether another folder, ``besides`` those, calls the one at the real path ``place``."""
        return not self._callers.get(place, set()).issubset(besides)

    def is_like_root(self, place: str) -> bool:
        """Whether the folder says where its state or its provider is, or has values of its own."""
        source = self.disk.legible(self.folders[place])
        return place in self._with_values or source.has_providers or any(map(_has_state, source.settings))

    def units(self) -> dict[str, str]:
        """The files of units of Terragrunt that say all there is to know, with the folders of their modules."""
        paths = [path for path in map(os.path.normpath, self.unread) if os.path.basename(path) == terragrunt.FILE]
        modules = ((path, terragrunt.module_of(path, self.disk)) for path in paths)
        return {path: module for path, module in modules if module is not None}

    def calls_of(self, folder: str) -> set[str]:
        """The real paths of the folders that one calls."""
        place = self.disk.tree.real(folder)
        return {called for called, callers in self._callers.items() if place in callers}

    def roots_of(self, place: str) -> list[str]:
        """The folders at the end of every chain of callers of ``place``: itself where nobody calls it."""
        found: list[str] = []
        seen, pending = {place}, [place]
        while pending:
            current = pending.pop()
            callers = self._callers.get(current, set())
            if not callers and current in self.folders:
                found.append(self.folders[current])
            pending.extend(callers - seen)
            seen |= callers
        return sorted(found)

    def _calls(self, folder: str) -> Iterator[str]:
        """The real paths of the local modules that the files of a folder call."""
        if not self.mentions(folder, "module"):
            return  # nothing is parsed of most folders of a large repository
        source = self.disk.legible(folder)
        for written in source.calls.values():
            plain = _plain_source(written)
            for text in (plain,) if plain is not None else self._worked_out(source, written):
                if text.startswith("."):
                    yield self.disk.tree.real(os.path.join(folder, text))

    def mentions(self, folder: str, *words: str) -> bool:
        """Whether one of the words stands in a file of a folder; in one that cannot be read none does."""
        paths = (os.path.join(folder, name) for name in source_names(folder, self.disk.tree))
        return any(word in text for text in map(self._text, paths) for word in words)

    def _text(self, path: str) -> str:
        try:
            return self.disk.text(os.path.normpath(path))
        except GitError:
            raise
        except SourceError:
            return ""

    def _worked_out(self, source: ModuleSource, written: syntax.BlockNode) -> Iterator[str]:
        """The possible values of a ``source`` expression, one for each set of values."""
        from guardrail.sources.hcl.modules import ModuleInstance, RootConfiguration, given

        for inputs in self._inputs:
            try:
                module = ModuleInstance(source, RootConfiguration(self.disk, source.directory, None))
                module.arguments.update(given(given_values(source, inputs, self.disk), module.scope))
                found = module.source_of(written)
            except SourceError:
                continue  # reading it as a root says what is wrong
            if isinstance(found, str):
                yield found


def _plain_source(call: syntax.BlockNode) -> str | None:
    """The source of a call where it is plain text, as most are, "" where nobody can read it; None for any other."""
    try:
        expression = call.body.expression("source")
    except HclSyntaxError:
        return ""
    return str(expression.value) if isinstance(expression, syntax.Literal) else None


def _has_state(settings: syntax.BlockNode) -> bool:
    """Whether a block ``terraform`` says where the state is."""
    body = settings.legible_body
    return not {*body.arguments, *(block.type for block in body.blocks)}.isdisjoint(("backend", "cloud"))


class RootModules:
    """The root modules of a run, and the notices about files that are left out."""

    def __init__(self, sets: ValueSets, *, keep_going: bool = False, exclude: Excluded | None = None) -> None:
        self.roots: dict[str, Disk] = {}
        self.skipped: dict[str, list[Skipped]] = defaultdict(list)
        """What is not read, by the input that it belongs to."""
        self.units: dict[str, tuple[str, str, Disk]] = {}
        """By the folder of a unit of Terragrunt that can be read: its file, and the folder of its module."""
        self.notices: list[str] = []
        """Sentences on what the search has found and passes over."""
        self.sets = sets
        self.exclude = exclude
        self._keep_going = keep_going
        self._disks: dict[Boundary, Disk] = {}

    def add(self, paths: Sequence[str], base: str, *, may_be_gone: bool = False) -> None:
        """Find the root modules in and below directories, and, below ``base``, those that files belong to.

        Raises `SourceError`; for directories without any, unless all of them ``may_be_gone``.
        """
        self._add_directories(filter(os.path.isdir, paths), may_be_gone=may_be_gone)
        self.add_files([path for path in paths if not os.path.isdir(path)], base)

    def _add_directories(self, paths: Iterable[str], *, may_be_gone: bool) -> None:
        for path in paths:
            disk = self._disk(path)
            layout = Layout(path, disk, self.sets.flagged, pruning(path, self.exclude))
            try:
                roots = roots_below(path, layout)
            except SourceError:
                if not may_be_gone:
                    raise
                roots = []
            called = self._enter_units(layout)
            roots = [root for root in roots if disk.tree.real(root) not in called]
            for root in roots:
                self.roots[root] = disk
                self.sets.ask_for(root)
            self.notices += (
                *_callers_passed_over(roots, layout),
                *_passed_over(roots, layout),
                *_linked_from_elsewhere(roots, layout),
            )
            self.skipped.update({path: units} if (units := list(_unread(layout))) else {})

    def _enter_units(self, layout: Layout) -> set[str]:
        """Take the units of Terragrunt that say all there is to know; the real paths of the modules that they call."""
        units = layout.units()
        layout.unread = [each for each in layout.unread if os.path.normpath(each) not in units]
        self.units |= {os.path.dirname(path) or os.curdir: (path, units[path], layout.disk) for path in units}
        return set(map(layout.disk.tree.real, units.values()))

    def add_files(self, paths: Sequence[str], base: str) -> None:
        """Find, below ``base``, the root modules that files belong to. Raises `SourceError`."""
        if not paths:
            return
        layout = Layout(base, self._disk(base), self.sets.flagged, pruning(base, self.exclude))
        for path in paths:
            values = path if path.endswith(VALUES) else None
            for root in roots_of_files([path], layout) if values is None else self._roots_of_values(path, layout):
                self.roots.setdefault(root, self._disk(root))
                self.sets.ask_for(root, values)

    def _roots_of_values(self, path: str, layout: Layout) -> list[str]:
        """The root modules that a file of values is for. Raises `SourceError` where there is none.

        That in its folder, else those that settings name it for, else that in the nearest folder above it.
        """
        directory = os.path.dirname(path) or "."
        if not any(map(is_source, layout.disk.tree.names(directory))):
            named = self.sets.roots_naming(path)
            if named:
                return [near(root) for root in named]
        roots = roots_of_files([path], layout)
        if not roots and not self.sets.is_named(path):
            raise SourceError(
                f"{path} belongs to no root module: no folder at or above it holds Terraform source",
                hint="name it under roots: in .guardrail.yml, or with --var-file",
            )
        return roots

    def _disk(self, path: str) -> Disk:
        boundary = boundary_of(path)
        return self._disks.setdefault(boundary, Disk(OnDisk(boundary), keep_going=self._keep_going))


def roots_below(directory: str, layout: Layout) -> list[str]:
    """The root modules in ``directory`` and below it; itself first, where it has files of its own.

    What examples and tests alone call stands by itself, since they do not count. Raises `SourceError` where there is
    none.
    """
    top = layout.disk.tree.real(directory)
    roots = [os.path.normpath(directory)] if top in layout.folders else []
    parts_of = {place: frozenset(os.path.relpath(place, top).split(os.sep)) for place in layout.folders}
    aside = {place for place, parts in parts_of.items() if parts & NOT_UNLESS_NAMED}
    for place, folder in sorted(layout.folders.items()):
        parts = parts_of[place]
        if place == top or layout.is_called(place, besides=() if place in aside or parts & _SHARED else aside):
            continue
        if parts & NOT_UNLESS_NAMED or (parts & _SHARED and not layout.is_like_root(place)):
            layout.passed_over.append(folder)
        else:
            roots.append(os.path.normpath(folder))
    if roots or layout.unread:
        return roots
    if layout.passed_over:
        raise SourceError(
            f"{directory} holds no root module, only modules for others, examples and tests",
            hint=f"name one: guardrail check {layout.passed_over[0]}",
        )
    raise SourceError(f"{directory} holds no Terraform source", hint="guardrail check DIR, where the .tf files are")


def _callers_passed_over(roots: Sequence[str], layout: Layout) -> Iterator[str]:
    """That an example calls a root module, which then counts once, by itself: a library with its examples."""
    for folder in sorted(layout.passed_over):
        called = layout.calls_of(folder)
        for root in roots:
            if layout.disk.tree.real(root) in called:
                example = os.path.normpath(folder)
                yield f"{root} counts by itself, and not through {example}, which calls it: name that to check it"


def _passed_over(roots: Sequence[str], layout: Layout) -> Iterator[str]:
    """Which folders that may hold something are not read, and why: examples and tests, modules that nobody calls."""
    tree = layout.disk.tree
    read = {tree.real(root) for root in roots}
    aside: list[str] = []
    uncalled: list[str] = []
    for folder in layout.passed_over:
        if layout.calls_of(folder).isdisjoint(read) and layout.mentions(folder, "sagemaker", "module"):
            parts = os.path.relpath(folder, layout.base).split(os.sep)
            (uncalled if NOT_UNLESS_NAMED.isdisjoint(parts) else aside).append(os.path.normpath(folder))
    if aside:
        yield f"not read, because examples and tests count if they are named: {listed(aside)}"
    if uncalled:
        yield f"not read, because no root module calls it: {listed(uncalled)}"


def _linked_from_elsewhere(roots: Sequence[str], layout: Layout) -> Iterator[str]:
    """That all files of a root module are the files of others, which link to them."""
    tree = layout.disk.tree
    files = {root: [os.path.join(root, name) for name in source_names(root, tree)] for root in roots}
    linked = {tree.real(path) for paths in files.values() for path in paths if os.path.islink(path)}
    for root, paths in files.items() if linked else ():
        if paths and not any(map(os.path.islink, paths)) and linked.issuperset(map(tree.real, paths)):
            yield f"others link to all files of {root}: `exclude: [{root}/]` in .guardrail.yml if it is no root module"


def roots_of_files(paths: Sequence[str], layout: Layout) -> list[str]:
    """The root modules of the files, without repeats, and those that call the module of a file.

    A file of values belongs to the module in its folder, else to that in the nearest folder above it.
    """
    found: dict[str, None] = {}
    for path in paths:
        directory = os.path.dirname(path) or "."
        if path.endswith(VALUES):
            directory = _above(directory, layout)
        place = layout.disk.tree.real(directory)
        if place not in layout.folders and not any(map(is_source, layout.disk.tree.names(directory))):
            continue
        roots = layout.roots_of(place) or [directory]
        found.update((near(root) if os.path.isabs(root) else os.path.normpath(root), None) for root in roots)
    return list(found)


def _above(directory: str, layout: Layout) -> str:
    """The nearest folder with Terraform files from ``directory`` upwards; itself where there is none."""
    place = layout.disk.tree.real(directory)
    while place not in layout.folders and place != os.path.dirname(place):
        place = os.path.dirname(place)
    return layout.folders.get(place, directory)


def _unread(layout: Layout) -> Iterator[Skipped]:
    """What Terragrunt and Terraform Stacks deploy."""
    for path in map(os.path.normpath, layout.unread):
        if _is_deployed(path, layout):
            owner = next(owner for end, owner in OF_OTHERS.items() if path.endswith(end))
            reason = f"files of {owner} are not read: check the plan that is made of this one"
            yield Skipped(address=path, type=owner, reason=reason)


def unread_units(skipped: Iterable[Skipped]) -> Iterator[str]:
    """How to have what Terragrunt deploys checked."""
    units = sum(each.type == "Terragrunt" for each in skipped)
    if units:
        what = "1 Terragrunt stack is" if units == 1 else f"{units:,} Terragrunt stacks are"
        yield (
            f"{what} not read: `terragrunt run --all --out-dir P --json-out-dir P plan`, then `guardrail check P`, "
            "with a folder for P"
        )


def _is_deployed(path: str, layout: Layout) -> bool:
    """Whether a file of another tool deploys something, or may."""
    try:
        return any(
            block.type in _DEPLOYING or (block.type == "terraform" and block.body.expression("source") is not None)
            for block in layout.disk.file(path).body.blocks
        )
    except SourceError:
        return True
