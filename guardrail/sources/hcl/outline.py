"""The source beside a plan: where the blocks of the plan are written, without reading all of it.

Of a file nothing is parsed but the blocks that somebody asks for an attribute of.
"""

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.model import InlineWaiver, Location
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import DeclaredBlock, Disk, ModuleSource, source_names
from guardrail.sources.hcl.ignored import ignored_changes
from guardrail.sources.hcl.installed import Installed
from guardrail.sources.hcl.places import BlockPlaces, legible_body
from guardrail.sources.hcl.waivers import waivers_of
from guardrail.sources.trees import tree_of


class _Module(Struct):
    """What matters of one module."""

    source: ModuleSource
    called_at: Location | None
    glob: str
    calls_around: tuple[DeclaredBlock, ...]
    """The module blocks that lead here."""

    def glob_of(self, block: DeclaredBlock, *kind: str) -> str:
        """The addresses of all instances of a block in it."""
        name = ".".join((*kind, *block.block.labels)) + ("[*]" if _has_keys(block) else "")
        return f"{self.glob}.{name}" if self.glob else name


class Outline:
    """The source of one plan."""

    def __init__(self, directory: str) -> None:
        self._disk = Disk(tree_of(directory))
        self._installed = Installed(directory, self._disk)
        root = _Module(self._disk.legible(directory), None, "", ())
        self._modules: dict[tuple[str, ...], _Module | None] = {(): root}
        self._asked: list[tuple[_Module, DeclaredBlock]] = []
        self._places: dict[tuple[tuple[str, ...], str, str], BlockPlaces | None] = {}

    def places(self, names: tuple[str, ...], type_: str, name: str) -> BlockPlaces | None:
        """Where the block of a resource is written, in the module at the end of a path of calls; None if nowhere."""
        key = (names, type_, name)
        if key not in self._places:
            module = self._module(names)
            found = module.source.resources.get((type_, name)) if module else None
            self._places[key] = None
            if found is not None and module is not None:
                self._places[key] = BlockPlaces(found.file, found.block, module.called_at)
                self._asked.append((module, found))
        return self._places[key]

    def ignored(self, names: tuple[str, ...], type_: str, name: str) -> tuple[str, ...]:
        """The arguments that ``lifecycle { ignore_changes }`` of a resource names."""
        module = self._module(names)
        found = module.source.resources.get((type_, name)) if module else None
        return ignored_changes(found) if found else ()

    def waivers(self) -> Iterator[InlineWaiver]:
        """The waivers in the files of all modules that were asked about, for the blocks that were asked about."""
        files = (file for module in self._modules.values() if module for file in module.source.files)
        return waivers_of(
            files, ((each.glob_of(written), (written, *each.calls_around)) for each, written in self._asked)
        )

    def _module(self, names: tuple[str, ...]) -> _Module | None:
        if names not in self._modules:
            self._modules[names] = self._called(names)
        return self._modules[names]

    def _called(self, names: tuple[str, ...]) -> _Module | None:
        parent = self._module(names[:-1])
        call = parent.source.calls.get(names[-1]) if parent else None
        if parent is None or call is None:
            return None
        source = legible_body(call.block).expression("source")
        text = source.value if isinstance(source, syntax.Literal) else None
        if isinstance(text, str) and text.startswith("."):
            directory: str | None = os.path.normpath(os.path.join(parent.source.directory, text))
        else:
            directory = self._installed.directory(names)
        if directory is None or not self._disk.tree.holds(directory):
            return None
        return _Module(
            self._disk.legible(directory),
            call.file.location(call.block.at, parent.called_at),
            parent.glob_of(call, "module"),
            (*parent.calls_around, call),
        )


def find(directory: str | None, blocks: Iterable[tuple[tuple[str, ...], str, str]]) -> Outline | None:
    """The source of a plan with these blocks: in ``directory``, or, where that is None, here if one of them is here.

    Raises `SourceError` for a directory that does not exist.
    """
    if directory is not None and not os.path.isdir(directory):
        raise SourceError(f"--source {directory} is no directory", hint="name the directory of the .tf files")
    if directory is None and not source_names(".", tree_of(".")):
        return None
    outline = Outline(directory or ".")
    if directory is None and not any(outline.places(*block) is not None for block in blocks):
        return None
    return outline


def _has_keys(written: DeclaredBlock) -> bool:
    return not legible_body(written.block).arguments.keys().isdisjoint(("count", "for_each"))
