"""Modules as they lie on disk or in a commit: the files of a folder, put together as Terraform does, overrides too."""

import os
import re
from functools import cached_property, partial

from msgspec.structs import replace

from guardrail.errors import GitError, SourceError, did_you_mean
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.endings import IN_JSON, SOURCES
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.parse import parse
from guardrail.sources.trees import Tree
from guardrail.working_tree import is_pointer

_OVERRIDE = re.compile(r"(?:.*_)?override\.(?:tf|tofu)(?:\.json)?")
_OTHERS = frozenset({"action", "check", "ephemeral", "import", "language", "locals", "moved", "removed", "terraform"})


class ModuleSource:
    """One directory of Terraform files, as its blocks: ``source.resources["aws_sagemaker_endpoint", "chat"]``."""

    def __init__(self, directory: str, place: str) -> None:
        self.directory = directory
        """As it is reached from the working directory."""
        self.place = place
        """What tells it from all others, however it is reached."""
        self.files: list[syntax.SourceFile] = []
        self.variables: dict[str, syntax.BlockNode] = {}
        self.outputs: dict[str, syntax.BlockNode] = {}
        self.calls: dict[str, syntax.BlockNode] = {}
        self.resources: dict[tuple[str, str], syntax.BlockNode] = {}
        self.data: dict[tuple[str, str], syntax.BlockNode] = {}
        self.settings: list[syntax.BlockNode] = []
        """Blocks called ``terraform``."""
        self.moved: list[syntax.BlockNode] = []
        """Blocks called ``moved``."""
        self.removed: list[syntax.BlockNode] = []
        """Blocks called ``removed``."""
        self.imported: list[syntax.BlockNode] = []
        """Blocks called ``import``."""
        self.unknown: list[syntax.BlockNode] = []
        """Blocks of a kind that this version of guardrail has not heard of."""
        self.unread: tuple[str, ...] = ()
        """A sentence for each of its files that could not be read, where reading went on."""
        self._providers: list[tuple[syntax.BlockNode, bool]] = []
        self._locals: list[tuple[syntax.BlockNode, bool]] = []

    @property
    def has_providers(self) -> bool:
        """Whether it configures a provider."""
        return bool(self._providers)

    @property
    def blocks_of_locals(self) -> list[syntax.BlockNode]:
        """The blocks that its local values stand in."""
        return [written for written, _ in self._locals]

    @cached_property
    def resource_types(self) -> frozenset[str]:
        """The types of its resources."""
        return frozenset(type_ for type_, _ in self.resources)

    @cached_property
    def locals(self) -> dict[str, syntax.Expression]:
        """Its local values. Raises `HclSyntaxError` for one that is set twice, or overrides none."""
        found: dict[str, syntax.Expression] = {}
        for written, is_override in self._locals:
            for name, argument in written.body.arguments.items():
                if (name in found) is not is_override:
                    problem = "overrides none of this name" if is_override else "is set twice"
                    raise written.file.error(argument.at, f"the local value {name} {problem}")
                found[name] = argument.expression
        return found

    @cached_property
    def providers(self) -> list[syntax.BlockNode]:
        """Its provider configurations. Raises `HclSyntaxError` for one that is there twice, or overrides none."""
        found: dict[tuple[str, str], syntax.BlockNode] = {}
        for written, is_override in self._providers:
            alias = written.body.expression("alias")
            key = (written.labels[0], str(alias.value) if isinstance(alias, syntax.Literal) else "")
            present = found.get(key)
            if present is not None and not is_override:
                raise _twice(present, written)
            if present is None and is_override and key[1]:
                raise _overrides_none(written)
            found[key] = _overridden(present, written) if present else written
        return list(found.values())

    def add(self, file: syntax.SourceFile) -> None:
        """Put one file in. Raises `HclSyntaxError` for what stands there twice, or cannot stand there."""
        self.files.append(file)
        is_override = _OVERRIDE.fullmatch(os.path.basename(file.path)) is not None
        for block in file.body.blocks:
            self._enter(block, is_override=is_override)
        for argument in file.body.arguments.values():
            raise file.error(argument.at, f"{argument.name} stands outside every block")

    def _enter(self, block: syntax.BlockNode, *, is_override: bool) -> None:
        if block.type in syntax.LABELS and len(block.labels) != syntax.LABELS[block.type]:
            labels = "one name" if syntax.LABELS[block.type] == 1 else "a type and a name"
            raise block.error(f"a {block.type} block has {labels}")
        match block.type:
            case "resource" | "data":
                table = self.resources if block.type == "resource" else self.data
                key = (block.labels[0], block.labels[1])
                table[key] = _put(table.get(key), block, is_override=is_override)
            case "variable" | "output" | "module":
                named = {"variable": self.variables, "output": self.outputs, "module": self.calls}[block.type]
                named[block.labels[0]] = _put(named.get(block.labels[0]), block, is_override=is_override)
            case "provider":
                self._providers.append((block, is_override))
            case "locals":
                self._locals.append((block, is_override))
            case "terraform" | "moved" | "removed" | "import":
                kinds = {
                    "terraform": self.settings,
                    "moved": self.moved,
                    "removed": self.removed,
                    "import": self.imported,
                }
                kinds[block.type].append(block)
            case _ if block.type not in _OTHERS:
                near = did_you_mean(block.type, (*syntax.LABELS, *_OTHERS))
                if near:
                    raise block.error(f"there is no block {block.type}{near}")
                self.unknown.append(block)


def _put(present: syntax.BlockNode | None, block: syntax.BlockNode, *, is_override: bool) -> syntax.BlockNode:
    """The block that an entry of a module becomes. Raises `HclSyntaxError`."""
    if present is None and is_override:
        raise _overrides_none(block)
    if present is not None and not is_override:
        raise _twice(present, block)
    return block if present is None else _overridden(present, block)


def _overridden(block: syntax.BlockNode, override: syntax.BlockNode) -> syntax.BlockNode:
    """A block with what a block of an override file brings, in place of what has the same name in it.

    ``count = 2`` replaces the argument; a block ``production_variants`` or ``dynamic "production_variants"``
    replaces all of either kind; ``lifecycle`` is merged by its arguments
    (developer.hashicorp.com/terraform/language/files/override; configs/module_merge_body.go).
    """
    return replace(block, contents=partial(_merged, block, override), overrides=(*block.overrides, override))


def _merged(block: syntax.BlockNode, override: syntax.BlockNode) -> syntax.Body:
    own, other = block.body, override.body
    names = {part.name for part in other.blocks}
    lifecycle = own.first("lifecycle")
    kept = [part for part in own.blocks if part.name not in {*names, *other.arguments}]
    brought = [
        replace(part, contents=partial(_merged, lifecycle, part)) if part.type == "lifecycle" and lifecycle else part
        for part in other.blocks
    ]
    arguments = {name: argument for name, argument in own.arguments.items() if name not in names}
    return syntax.Body(arguments | other.arguments, [*kept, *brought])


def is_source(name: str) -> bool:
    """Whether a file of this name belongs to a module; editors leave others behind."""
    return name.endswith(SOURCES) and not name.startswith((".", "#")) and not name.endswith("~")


def source_names(directory: str, tree: Tree) -> list[str]:
    """The names of the files of the module in ``directory``; ``x.tofu`` stands in for ``x.tf`` beside it."""
    names = [
        name
        for name in tree.names(directory)
        if is_source(name) and not tree.is_directory(os.path.join(directory, name))
    ]
    tofu = {name.replace(".tofu", ".tf") for name in names if ".tofu" in name}
    return [name for name in names if name not in tofu]


class Disk:
    """Every module that one check reads; a directory that several calls name is read once."""

    def __init__(self, tree: Tree, *, keep_going: bool = False) -> None:
        self.tree = tree
        self._modules: dict[tuple[str, bool], ModuleSource] = {}
        self._texts: dict[str, str] = {}
        self._files: dict[str, syntax.SourceFile] = {}
        self._left_out: dict[str, str] = {}
        """Why a file is left out in which an error was found late, by its path."""
        self._keep_going = keep_going
        """Whether a file that cannot be read is left out, and named in its module, rather than raised."""

    def module(self, directory: str) -> ModuleSource:
        """The module in ``directory``. Raises `SourceError` for a file that cannot be read or parsed."""
        return self._module(directory, keep_going=self._keep_going)

    def legible(self, directory: str) -> ModuleSource:
        """The module in ``directory`` without the files that cannot be read, for who wants to know what it calls."""
        return self._module(directory, keep_going=True)

    def _module(self, directory: str, *, keep_going: bool) -> ModuleSource:
        key = (self.tree.real(directory), keep_going)
        if key not in self._modules:
            module = ModuleSource(os.path.normpath(directory), key[0])
            self._modules[key] = self._read(module, keep_going=keep_going)
        return self._modules[key]

    def goes_on_without(self, error: HclSyntaxError) -> bool:
        """Whether the file with this error is left out from now on; its modules must then be read again.

        Blocks are parsed when a reader asks for them, so an error in one shows after its module has been put together.
        """
        if not self._keep_going or error.path not in self._files or error.path in self._left_out:
            return False
        self._left_out[error.path] = error.message
        self._modules.clear()
        return True

    def text(self, path: str, *, anywhere: bool = False) -> str:
        """The text of a file, which may lie ``anywhere`` if a flag names it. Raises `SourceError`."""
        if not anywhere and not self.tree.holds(path):
            raise SourceError(f"{path} leads out of its repository, and is not read", hint="put a file in its place")
        if path not in self._texts:
            self._texts[path] = self._text(path)
        return self._texts[path]

    def _text(self, path: str) -> str:
        try:
            raw = self.tree.content(path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SourceError(f"{path} cannot be read: {reason}", hint="check the path and its permissions") from None
        if is_pointer(raw):
            raise SourceError(f"{path} is a pointer to git LFS, which has its content", hint="git lfs pull")
        try:
            return raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise SourceError(f"{path}:{line}:1: it is not UTF-8", hint="save it as UTF-8") from None

    def _read(self, module: ModuleSource, *, keep_going: bool) -> ModuleSource:
        directory = module.directory
        names = sorted(source_names(directory, self.tree), key=lambda name: _OVERRIDE.fullmatch(name) is not None)
        unread: list[str] = []
        for name in names:
            path = os.path.normpath(os.path.join(directory, name))
            try:
                module.add(self.file(path))
            except SourceError as error:
                if not keep_going or isinstance(error, GitError):  # it is not the file that is wrong
                    raise
                unread.append(error.message)
        module.unread = tuple(unread)
        return module

    def file(self, path: str) -> syntax.SourceFile:
        """One parsed file. Raises `SourceError`."""
        if path in self._left_out:
            raise SourceError(self._left_out[path])
        if path not in self._files:
            text = self.text(path)
            try:
                file = _parse_json(text, path) if path.endswith(IN_JSON) else parse(text, path)
            except RecursionError:
                raise SourceError(f"{path} is nested too deeply", hint="simplify it") from None
            self._files[path] = file
        return self._files[path]


def _parse_json(text: str, path: str) -> syntax.SourceFile:
    from guardrail.sources.hcl import json_syntax

    return json_syntax.parse(text, path)


def _twice(present: syntax.BlockNode, block: syntax.BlockNode) -> HclSyntaxError:
    first = present.location()
    return block.error(f"the {block.title} is declared twice, first at {first.path}:{first.line}")


def _overrides_none(block: syntax.BlockNode) -> HclSyntaxError:
    return block.error(f"there is no {block.title} to override")
