"""The source beside a plan: the locations of the plan's blocks, without reading all of it.

A block is parsed when a reader asks for one of its attributes.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.expressions import expression
from guardrail.model import InlineWaiver, Location
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import Disk, ModuleSource
from guardrail.sources.hcl.ignored import ignored_changes, is_created_first
from guardrail.sources.hcl.installed import Installed
from guardrail.sources.hcl.moved import previous_addresses
from guardrail.sources.hcl.places import BlockPlaces
from guardrail.sources.hcl.waivers import waivers_of
from guardrail.sources.trees import tree_of

BlockKey: TypeAlias = tuple[tuple[str, ...], str, str]
"""The path of module calls to a resource, its type and its name: ``(("m",), "aws_sagemaker_endpoint", "e")``."""
_MODULE = expression(r'(?:(?<=\.)|^)module\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?(?=\.)')


class _ModuleOutline(Struct):
    """What matters of one module."""

    source: ModuleSource
    called_at: Location | None
    glob: str
    calls_around: tuple[syntax.BlockNode, ...]
    """The module blocks that lead here."""

    def glob_of(self, block: syntax.BlockNode, *kind: str) -> str:
        """The addresses of all instances of a block in it."""
        name = ".".join((*kind, *block.labels)) + ("[*]" if block.is_repeated else "")
        return f"{self.glob}.{name}" if self.glob else name


class Outline:
    """The source of one plan."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.is_foreign = False
        """Whether none of the plan's blocks is written in it."""
        self.disk = Disk(tree_of(directory))
        """What has been read of it."""
        self._installed = Installed(directory, self.disk)
        root = _ModuleOutline(self.disk.legible(directory), None, "", ())
        self._modules: dict[tuple[str, ...], _ModuleOutline | None] = {(): root}
        self._asked: list[tuple[_ModuleOutline, syntax.BlockNode]] = []
        self._places: dict[BlockKey, BlockPlaces | None] = {}

    def places(self, names: tuple[str, ...], type_: str, name: str) -> BlockPlaces | None:
        """The locations of a resource's block, in the module at the end of a path of calls; None if there is none."""
        key = (names, type_, name)
        if key not in self._places:
            module = self._module(names)
            found = module.source.resources.get((type_, name)) if module else None
            self._places[key] = None
            if found is not None and module is not None:
                self._places[key] = BlockPlaces(found, module.called_at)
                self._asked.append((module, found))
        return self._places[key]

    def holds_any(self, blocks: Iterable[BlockKey]) -> bool:
        """Whether this source declares one of these blocks."""
        return any(self.places(*block) is not None for block in blocks)

    @property
    def unread(self) -> list[str]:
        """Why files cannot be read, of the modules that were asked about."""
        found = (problem for module in self._modules.values() if module for problem in module.source.unread)
        return list(dict.fromkeys(found))

    def doubts(self, path: str) -> Iterator[str]:
        """What keeps the findings of the plan at ``path`` from having their lines, in one sentence."""
        unread = self.unread
        if unread:
            more = f" and {len(unread) - 1:,} more" if len(unread) > 1 else ""
            yield f"findings of {path} may lack their lines: {unread[0]}{more}"
        elif self.is_foreign:
            yield f"findings of {path} have no lines: none of its blocks is written in --source {self.directory}"

    def lifecycle(self, names: tuple[str, ...], type_: str, name: str) -> tuple[tuple[str, ...], bool]:
        """The arguments that ``ignore_changes`` of a resource names, and whether its successor is created first."""
        module = self._module(names)
        found = module.source.resources.get((type_, name)) if module else None
        return (ignored_changes(found), is_created_first(found)) if found else ((), False)

    def previous_addresses(self, address: str) -> tuple[str, ...]:
        """The addresses that a resource had before, as the ``moved`` blocks of the modules around it say."""
        steps = list(_MODULE.finditer(address))
        ends = [(), *(tuple(step[1] for step in steps[: at + 1]) for at in range(len(steps)))]
        found = zip(["", *(address[: step.end()] for step in steps)], map(self._module, ends), strict=True)
        return previous_addresses(address, [(prefix, module.source) for prefix, module in found if module])

    def waivers(self) -> Iterator[InlineWaiver]:
        """The waivers in the files of all modules that were asked about, for the blocks that were asked about."""
        files = (file for module in self._modules.values() if module for file in module.source.files)
        return waivers_of(
            files, ((module.glob_of(written), (written, *module.calls_around)) for module, written in self._asked)
        )

    def _module(self, names: tuple[str, ...]) -> _ModuleOutline | None:
        if names not in self._modules:
            self._modules[names] = self._called(names)
        return self._modules[names]

    def _called(self, names: tuple[str, ...]) -> _ModuleOutline | None:
        parent = self._module(names[:-1])
        call = parent.source.calls.get(names[-1]) if parent else None
        if parent is None or call is None:
            return None
        source = call.legible_body.legible("source")
        text = source.value if isinstance(source, syntax.Literal) else None
        if isinstance(text, str) and text.startswith("."):
            directory: str | None = os.path.normpath(os.path.join(parent.source.directory, text))
        else:
            directory = self._installed.directory(names)
        if directory is None or not self.disk.tree.holds(directory):
            return None
        return _ModuleOutline(
            self.disk.legible(directory),
            call.location(parent.called_at),
            parent.glob_of(call, "module"),
            (*parent.calls_around, call),
        )


def named(directory: str, blocks: Iterable[BlockKey]) -> Outline:
    """The source of a plan with these blocks, in a directory that a flag names.

    Raises `SourceError` for one that does not exist.
    """
    if not os.path.isdir(directory):
        raise SourceError(f"--source {directory} is no directory", hint="name the directory of the .tf files")
    outline = Outline(directory)
    outline.is_foreign = not outline.holds_any(blocks)
    return outline


def find(directories: Iterable[str], blocks: Collection[BlockKey], own: Collection[str] = ()) -> Outline | None:
    """The source of a plan with these blocks: the first directory that declares one of them.

    Without one, the plan's ``own`` directory if it has files that cannot be read, so that the report can say so.
    """
    unread = None
    for directory in directories:
        try:
            outline = Outline(directory)
        except SourceError:  # a link that leads out of its repository is no source that anybody has named
            continue
        if outline.holds_any(blocks):
            return outline
        if directory in own and outline.unread:
            unread = outline
    return unread
