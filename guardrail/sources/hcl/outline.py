"""The source beside a plan: where the blocks of the plan are written, without reading all of it.

Of a file nothing is parsed but the blocks that somebody asks for an attribute of.
"""

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.model import InlineWaiver, Location
from guardrail.sources.boundary import boundary_of
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import Disk, ModuleSource, Written, source_names
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.installed import Installed
from guardrail.sources.hcl.places import BlockPlaces, Places
from guardrail.sources.hcl.waivers import waivers_in


class _Module(Struct):
    """What matters of one module."""

    source: ModuleSource
    called_at: Location | None
    glob: str
    calls_around: tuple[Written, ...]
    """The module blocks that lead here."""


class Outline:
    """The source of one plan."""

    def __init__(self, directory: str) -> None:
        self._disk = Disk(boundary_of(directory))
        self._installed = Installed(directory, self._disk)
        root = _Module(self._disk.legible(directory), None, "", ())
        self._modules: dict[tuple[str, ...], _Module | None] = {(): root}
        self._asked: list[tuple[_Module, Written]] = []
        self._places: dict[tuple[tuple[str, ...], str, str], WrittenPlaces | None] = {}

    def places(self, names: tuple[str, ...], type_: str, name: str) -> "WrittenPlaces | None":
        """Where the block of a resource is written, in the module at the end of a path of calls; None if nowhere."""
        key = (names, type_, name)
        if key not in self._places:
            module = self._module(names)
            found = module.source.resources.get((type_, name)) if module else None
            self._places[key] = None
            if found is not None and module is not None:
                self._places[key] = WrittenPlaces(found, module.called_at)
                self._asked.append((module, found))
        return self._places[key]

    def waivers(self) -> Iterator[InlineWaiver]:
        """The waivers in the files of all modules that were asked about, for the blocks that were asked about."""
        sources = {module.source.directory: module.source for module in self._modules.values() if module}
        made: dict[str, dict[int, list[str]]] = {}
        for module, written in self._asked:
            name = ".".join(written.block.labels) + ("[*]" if _has_keys(written) else "")
            glob = f"{module.glob}.{name}" if module.glob else name
            for part in (*written.parts, *(each for call in module.calls_around for each in call.parts)):
                made.setdefault(part.file.path, {}).setdefault(part.block.at, []).append(glob)
        for source in sources.values():
            for file in source.files:
                if file.comments:
                    yield from waivers_in(file, made.get(file.path, {}))

    def _module(self, names: tuple[str, ...]) -> _Module | None:
        if names not in self._modules:
            self._modules[names] = self._called(names)
        return self._modules[names]

    def _called(self, names: tuple[str, ...]) -> _Module | None:
        parent = self._module(names[:-1])
        call = parent.source.calls.get(names[-1]) if parent else None
        if parent is None or call is None:
            return None
        source = _body(call.block).expression("source")
        text = source.value if isinstance(source, syntax.Literal) else None
        if isinstance(text, str) and text.startswith("."):
            directory: str | None = os.path.normpath(os.path.join(parent.source.directory, text))
        else:
            directory = self._installed.directory(names)
        if directory is None or not self._disk.boundary.holds(directory):
            return None
        name = f"module.{names[-1]}" + ("[*]" if _has_keys(call) else "")
        return _Module(
            self._disk.legible(directory),
            call.file.location(call.block.at, parent.called_at),
            f"{parent.glob}.{name}" if parent.glob else name,
            (*parent.calls_around, call),
        )


def find(directory: str | None, blocks: Iterable[tuple[tuple[str, ...], str, str]]) -> Outline | None:
    """The source of a plan with these blocks: in ``directory``, or, where that is None, here if one of them is here.

    Raises `SourceError` for a directory that does not exist.
    """
    if directory is not None and not os.path.isdir(directory):
        raise SourceError(f"--source {directory} is no directory", hint="name the directory of the .tf files")
    if directory is None and not source_names("."):
        return None
    outline = Outline(directory or ".")
    if directory is None and not any(outline.places(*block) is not None for block in blocks):
        return None
    return outline


class WrittenPlaces:
    """The places of a block as it is written; beyond its start they are worked out when somebody asks."""

    __slots__ = ("_called_at", "_places", "_written")

    def __init__(self, written: Written, called_at: Location | None) -> None:
        self._written = written
        self._called_at = called_at
        self._places: BlockPlaces | None = None

    @property
    def start(self) -> Location:
        """Where the block starts."""
        return self._written.file.location(self._written.block.at, self._called_at)

    def of(self, name: str) -> Location | None:
        """Where the argument is written; None where it is not."""
        return self._static().of(name)

    def item(self, name: str, index: int) -> Places | None:
        """The places of the ``index``-th nested block or object of a name."""
        return self._static().item(name, index)

    def _static(self) -> BlockPlaces:
        if self._places is None:
            self._places = _static(self._written.file, self._written.block, self._called_at)
        return self._places


def _body(block: syntax.BlockNode) -> syntax.Body:
    """The body of a block; an empty one where it cannot be parsed: its plan was made from something else."""
    try:
        return block.body
    except HclSyntaxError:
        block.contents = syntax.Body({}, [])
        return block.contents


def _has_keys(written: Written) -> bool:
    return not _body(written.block).arguments.keys().isdisjoint(("count", "for_each"))


def _static(file: syntax.SourceFile, block: syntax.BlockNode, called_at: Location | None) -> BlockPlaces:
    """The places of a block as it is written; what one ``dynamic`` makes is written in its content."""
    places = BlockPlaces(file, block, called_at)
    unclear: set[str] = set()
    for inner in _body(block).blocks:
        if inner.type != "dynamic" or not inner.labels:
            places.children.setdefault(inner.type, []).append(_static(file, inner, called_at))
            unclear |= places.repeated.keys() & {inner.type}
            continue
        name = inner.labels[0]
        unclear |= places.repeated.keys() & {name}
        for content in (each for each in inner.body.blocks if each.type == "content"):
            places.repeated[name] = _static(file, content, called_at)
    for name in unclear:  # behind a dynamic, nobody knows which block is which
        places.repeated.pop(name, None)
        places.children.pop(name, None)
    return places
