"""The source beside a plan: where the blocks of the plan are written, without reading all of it.

Files are searched for the first lines of blocks that matter, and only these blocks are parsed.
"""

import os
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from guardrail.errors import SourceError
from guardrail.model import InlineWaiver, Location
from guardrail.sources import terraform
from guardrail.sources.hcl import json_syntax, syntax
from guardrail.sources.hcl.installed import Installed
from guardrail.sources.hcl.lexer import HclSyntaxError
from guardrail.sources.hcl.library import Library, source_names
from guardrail.sources.hcl.parse import comments, line_starts, parse_block
from guardrail.sources.hcl.places import BlockPlaces
from guardrail.sources.hcl.waivers import waivers_in

_BLOCK = re.compile(
    r'^[ \t]*(?:resource[ \t]+"?(\w+)"?[ \t]+"?([^\s"]+)"?|module[ \t]+"?([^\s"]+)"?)[ \t]*\{', re.MULTILINE
)


class _Module(Struct):
    """What matters of one module."""

    directory: str
    called_at: Location | None
    glob: str
    calls_around: tuple[tuple[str, int], ...]
    """File and offset of the module blocks that lead here."""
    resources: dict[tuple[str, str], tuple[syntax.SourceFile, syntax.BlockNode]] = {}
    calls: dict[str, tuple[syntax.SourceFile, syntax.BlockNode]] = {}


class Outline:
    """The source of one plan."""

    def __init__(self, directory: str) -> None:
        self._library = Library()
        self._installed = Installed(directory)
        self._files: dict[str, list[syntax.SourceFile]] = {}
        root = _Module(directory, None, "", ())
        self._modules: dict[tuple[str, ...], _Module | None] = {(): self._filled(root)}
        self._made: dict[str, dict[int, list[str]]] = {}
        self._places: dict[tuple[tuple[str, ...], str, str], BlockPlaces | None] = {}

    def places(self, names: tuple[str, ...], type_: str, name: str) -> BlockPlaces | None:
        """Where the block of a resource is written, in the module at the end of a path of calls; None if nowhere."""
        key = (names, type_, name)
        if key not in self._places:
            module = self._module(names)
            found = module.resources.get((type_, name)) if module else None
            self._places[key] = None if found is None or module is None else _static(*found, module.called_at)
            if found is not None and module is not None:
                self._note(module, *found, f"{type_}.{name}")
        return self._places[key]

    def waivers(self) -> Iterator[InlineWaiver]:
        """The waivers in the files of all modules that were asked about, for the blocks that were asked about."""
        for files in self._files.values():
            for file in files:
                if file.comments:
                    yield from waivers_in(file, self._made.get(file.path, {}))

    def _note(self, module: _Module, file: syntax.SourceFile, block: syntax.BlockNode, name: str) -> None:
        """Enter the addresses that a block makes, under it and under the module calls around it."""
        name += "[*]" if _has_keys(block) else ""
        glob = f"{module.glob}.{name}" if module.glob else name
        for path, at in ((file.path, block.at), *module.calls_around):
            self._made.setdefault(path, {}).setdefault(at, []).append(glob)

    def _module(self, names: tuple[str, ...]) -> _Module | None:
        if names not in self._modules:
            self._modules[names] = self._called(names)
        return self._modules[names]

    def _called(self, names: tuple[str, ...]) -> _Module | None:
        parent = self._module(names[:-1])
        call = parent.calls.get(names[-1]) if parent else None
        if parent is None or call is None:
            return None
        file, block = call
        source = block.body.expression("source")
        text = source.value if isinstance(source, syntax.Literal) else None
        if isinstance(text, str) and text.startswith("."):
            directory: str | None = os.path.normpath(os.path.join(parent.directory, text))
        else:
            directory = self._installed.directory(names)
        if directory is None:
            return None
        name = f"module.{names[-1]}" + ("[*]" if _has_keys(block) else "")
        return self._filled(
            _Module(
                directory,
                file.location(block.at, parent.called_at),
                f"{parent.glob}.{name}" if parent.glob else name,
                (*parent.calls_around, (file.path, block.at)),
            )
        )

    def _filled(self, module: _Module) -> _Module:
        for file in self._outlined(module.directory):
            for block in file.body.blocks:
                if block.type == "resource" and len(block.labels) == 2:  # noqa: PLR2004 - type and name
                    module.resources[block.labels[0], block.labels[1]] = (file, block)
                elif block.type == "module" and block.labels:
                    module.calls[block.labels[0]] = (file, block)
        return module

    def _outlined(self, directory: str) -> list[syntax.SourceFile]:
        if directory not in self._files:
            paths = [os.path.normpath(os.path.join(directory, name)) for name in source_names(directory)]
            self._files[directory] = [file for path in paths for file in self._file(path)]
        return self._files[directory]

    def _file(self, path: str) -> Iterable[syntax.SourceFile]:
        """The blocks of one file that matter. A file that cannot be read has none: the plan says what is."""
        try:
            text = self._library.text(path).removeprefix("\ufeff")
            if path.endswith(".json"):
                return (json_syntax.parse(text, path),)
            blocks = list(_blocks(text, path))
        except (SourceError, RecursionError):
            return ()
        return (syntax.SourceFile(path, text, syntax.Body({}, blocks), line_starts(text), comments(text, [])),)


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


def _blocks(text: str, path: str) -> Iterator[syntax.BlockNode]:
    for match in _BLOCK.finditer(text):
        if match[1] is None or match[1] in terraform.TYPES:
            start = match.end() - len(match[0].lstrip())
            try:
                yield parse_block(text, path, start)
            except HclSyntaxError:
                continue  # its plan was made from something else


def _has_keys(block: syntax.BlockNode) -> bool:
    return "count" in block.body.arguments or "for_each" in block.body.arguments


def _static(file: syntax.SourceFile, block: syntax.BlockNode, called_at: Location | None) -> BlockPlaces:
    """The places of a block as it is written; what one ``dynamic`` makes is written in its content."""
    places = BlockPlaces(file, block, called_at)
    unclear: set[str] = set()
    for inner in block.body.blocks:
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
