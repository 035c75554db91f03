"""Modules as they lie on disk: the files of a directory, parsed once and put together."""

import os
import re
from typing import TypeVar

from msgspec import Struct

from guardrail import files
from guardrail.errors import SourceError
from guardrail.model import Location
from guardrail.sources.boundary import Boundary
from guardrail.sources.hcl import json_syntax, syntax
from guardrail.sources.hcl.errors import HclSyntaxError, syntax_error
from guardrail.sources.hcl.parse import parse

_Key = TypeVar("_Key", str, tuple[str, str])

_NATIVE = (".tf", ".tofu")
_JSON = (".tf.json", ".tofu.json")
SUFFIXES = _NATIVE + _JSON
_OVERRIDE = re.compile(r"(?:.*_)?override\.(?:tf|tofu)(?:\.json)?")
_KINDS = {"variable": 1, "output": 1, "module": 1, "resource": 2, "data": 2, "ephemeral": 2}
_UNNAMED_KINDS = frozenset({"locals", "terraform", "provider", "moved", "import", "removed", "check", "language"})


class Written(Struct, frozen=True):
    """A block and the file it is written in."""

    block: syntax.BlockNode
    file: syntax.SourceFile

    @property
    def location(self) -> Location:
        """Where it starts."""
        return self.file.location(self.block.at)

    @property
    def body(self) -> syntax.Body:
        """What stands between its braces."""
        return self.block.body


class Local(Struct, frozen=True):
    """One local value as written."""

    expression: syntax.Expression
    file: syntax.SourceFile


class ModuleSource(Struct):
    """One directory of Terraform files."""

    directory: str
    """As it is reached from the working directory."""
    files: list[syntax.SourceFile]
    variables: dict[str, Written]
    locals: dict[str, Local]
    outputs: dict[str, Written]
    resources: dict[tuple[str, str], Written]
    data: dict[tuple[str, str], Written]
    calls: dict[str, Written]
    providers: list[Written]
    resource_types: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    """A sentence for each of its files that could not be read, where reading went on."""


def is_source(name: str) -> bool:
    """Whether a file of this name belongs to a module; editors leave others behind."""
    return name.endswith(SUFFIXES) and not name.startswith((".", "#")) and not name.endswith("~")


def source_names(directory: str) -> list[str]:
    """The names of the files of the module in ``directory``; ``x.tofu`` stands in for ``x.tf`` beside it."""
    try:
        names = sorted(name for name in os.listdir(directory) if is_source(name))
    except OSError:
        return []
    tofu = {name.replace(".tofu", ".tf") for name in names if ".tofu" in name}
    return [name for name in names if name not in tofu]


class Disk:
    """Every module that one check reads; a directory that several calls name is read once."""

    def __init__(self, boundary: Boundary, *, keep_going: bool = False) -> None:
        self.boundary = boundary
        self._modules: dict[str, ModuleSource] = {}
        self._texts: dict[str, str] = {}
        self._files: dict[str, syntax.SourceFile] = {}
        self._left_out: dict[str, str] = {}
        """Why a file is left out, by its path."""
        self._keep_going = keep_going
        """Whether a file that cannot be read is left out, and named in its module, rather than raised."""

    def module(self, directory: str) -> ModuleSource:
        """The module in ``directory``. Raises `SourceError` for a file that cannot be read or parsed."""
        place = os.path.realpath(directory)
        if place not in self._modules:
            self._modules[place] = self._read(os.path.normpath(directory))
        return self._modules[place]

    def goes_on_without(self, error: HclSyntaxError) -> bool:
        """Whether the file that an error was found in is left out from now on; if so, its modules are to be read again.

        An error inside a block is found when somebody looks into it, long after the file has been put into its module.
        """
        if not self._keep_going or error.path not in self._files or error.path in self._left_out:
            return False
        self._left_out[error.path] = error.message
        self._modules.clear()
        return True

    def text(self, path: str, *, anywhere: bool = False) -> str:
        """The text of a file, which may lie ``anywhere`` if a flag names it. Raises `SourceError`."""
        if not anywhere and not self.boundary.holds(path):
            raise SourceError(f"{path} leads out of its repository, and is not read", hint="put a file in its place")
        if path not in self._texts:
            self._texts[path] = _text(path)
        return self._texts[path]

    def _read(self, directory: str) -> ModuleSource:
        names = source_names(directory)
        names.sort(key=lambda name: _OVERRIDE.fullmatch(name) is not None)
        module = ModuleSource(directory, [], {}, {}, {}, {}, {}, {}, [])
        unread: list[str] = []
        for name in names:
            path = os.path.normpath(os.path.join(directory, name))
            try:
                if path not in self._left_out:
                    _assemble(module, self._parsed(path))
            except SourceError as error:
                if not self._keep_going:
                    raise
                self._left_out[path] = error.message
            if path in self._left_out:
                unread.append(self._left_out[path])
        module.resource_types = frozenset(type_ for type_, _ in module.resources)
        module.unread = tuple(unread)
        return module

    def _parsed(self, path: str) -> syntax.SourceFile:
        if path not in self._files:
            text = self.text(path)
            try:
                file = json_syntax.parse(text, path) if path.endswith(_JSON) else parse(text, path)
            except RecursionError:
                raise SourceError(f"{path} is nested too deeply", hint="simplify it") from None
            self._files[path] = file
        return self._files[path]


def _text(path: str) -> str:
    try:
        raw = files.content(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{path} cannot be read: {reason}", hint="check the path and its permissions") from None
    try:
        return raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}:{line}:1: it is not UTF-8", hint="save it as UTF-8") from None


def _assemble(module: ModuleSource, file: syntax.SourceFile) -> None:
    """Put one file into its module. Raises `HclSyntaxError` for what stands there twice, or cannot stand there."""
    module.files.append(file)
    is_override = _OVERRIDE.fullmatch(os.path.basename(file.path)) is not None
    for block in file.body.blocks:
        _enter(module, Written(block, file), is_override=is_override)
    if file.body.arguments:
        argument = next(iter(file.body.arguments.values()))
        raise _error(file, argument.at, f"{argument.name} stands outside every block")


def _enter(module: ModuleSource, written: Written, *, is_override: bool) -> None:
    block = written.block
    if block.type in _KINDS:
        if len(block.labels) != _KINDS[block.type]:
            labels = "one name" if _KINDS[block.type] == 1 else "a type and a name"
            raise _error(written.file, block.at, f"a {block.type} block has {labels}")
        _enter_named(module, written, is_override=is_override)
    elif block.type == "locals":
        for name, argument in block.body.arguments.items():
            if name in module.locals and not is_override:
                raise _error(written.file, argument.at, f"the local value {name} is set twice")
            module.locals[name] = Local(argument.expression, written.file)
    elif block.type == "provider":
        module.providers.append(written)
    elif block.type not in _UNNAMED_KINDS:
        raise _error(written.file, block.at, f"there is no block {block.type}")


def _enter_named(module: ModuleSource, written: Written, *, is_override: bool) -> None:
    labels = written.block.labels
    kinds = {
        "variable": module.variables,
        "output": module.outputs,
        "module": module.calls,
    }
    if written.block.type == "ephemeral":
        return
    if written.block.type in kinds:
        _put(kinds[written.block.type], labels[0], written, is_override=is_override)
    else:
        table = module.resources if written.block.type == "resource" else module.data
        _put(table, (labels[0], labels[1]), written, is_override=is_override)


def _put(table: dict[_Key, Written], key: _Key, written: Written, *, is_override: bool) -> None:
    """Enter a block; a second one of the same name is an error, except in an override file."""
    present = table.get(key)
    if present is None:
        table[key] = written
    elif is_override:
        table[key] = _overridden(present, written)
    else:
        name = ".".join(written.block.labels)
        first = present.location
        problem = f"the {written.block.type} {name} is declared twice, first at {first.path}:{first.line}"
        raise _error(written.file, written.block.at, problem)


def _overridden(present: Written, override: Written) -> Written:
    """A block with the arguments of an override file, and its nested blocks in place of those of the same type."""
    replaced = {block.type for block in override.body.blocks}
    body = syntax.Body(
        {**present.body.arguments, **override.body.arguments},
        [block for block in present.body.blocks if block.type not in replaced] + override.body.blocks,
    )
    block = present.block
    return Written(syntax.BlockNode(block.type, block.labels, body, block.at, block.end), present.file)


def _error(file: syntax.SourceFile, at: int, problem: str) -> HclSyntaxError:
    return syntax_error(file.path, file.text, at, problem)
