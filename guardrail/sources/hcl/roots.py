"""Which directories are root modules: what one would run ``terraform plan`` in.

Told from the text of the files alone, without parsing them: a repository may hold thousands that nobody asked about.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from guardrail import files
from guardrail.errors import SourceError
from guardrail.sources.hcl.disk import is_source

_NEVER = frozenset({".terraform", ".terragrunt-cache", ".git", "node_modules", "cdk.out"})
_NOT_UNLESS_NAMED = frozenset({"examples", "example", "test", "tests", "fixtures", "testdata", "test-fixtures"})
_SHARED = frozenset({"modules", "module"})
"""Folders of modules that others call; what stands there is a root if it says where its state or its provider is."""
_LOCAL_CALL = re.compile(rb'source"?\s*[=:]\s*"(\.{1,2}(?:/[^"$]*)?)"')
_OF_ROOTS = re.compile(rb'^\s*(?:provider\s+"|backend\s+"|cloud\s*\{)|"(?:provider|backend|cloud)"\s*:', re.MULTILINE)


class Folder(Struct):
    """A directory with Terraform files."""

    path: str
    calls: set[str]
    """Real paths of the local modules that it calls."""
    is_like_root: bool
    """Whether it says where its state or its provider is, or has values of its own."""


class Layout:
    """Every folder below a directory, and who calls whom."""

    def __init__(self, base: str) -> None:
        self.folders: dict[str, Folder] = {os.path.realpath(folder.path): folder for folder in _folders(base)}
        self._callers: dict[str, set[str]] = defaultdict(set)
        for place, folder in self.folders.items():
            for called in folder.calls - {place}:
                self._callers[called].add(place)

    def is_called(self, place: str) -> bool:
        """Whether another folder calls the one at the real path ``place``."""
        return bool(self._callers.get(place))

    def roots_of(self, place: str) -> list[str]:
        """The folders at the end of every chain of callers of ``place``: itself where nobody calls it."""
        found: list[str] = []
        seen, pending = {place}, [place]
        while pending:
            current = pending.pop()
            callers = self._callers.get(current, set())
            if not callers and current in self.folders:
                found.append(self.folders[current].path)
            pending.extend(callers - seen)
            seen |= callers
        return sorted(found)


def roots_below(directory: str) -> list[str]:
    """The root modules in ``directory`` and below it; itself first, where it has files of its own.

    Raises `SourceError` where there is none.
    """
    layout = Layout(directory)
    top = os.path.realpath(directory)
    roots = [os.path.normpath(directory)] if top in layout.folders else []
    passed_over: list[str] = []
    for place, folder in sorted(layout.folders.items()):
        if place == top or layout.is_called(place):
            continue
        parts = frozenset(os.path.relpath(place, top).split(os.sep))
        if parts & _NOT_UNLESS_NAMED or (parts & _SHARED and not folder.is_like_root):
            passed_over.append(folder.path)
        else:
            roots.append(os.path.normpath(folder.path))
    if roots:
        return roots
    if passed_over:
        raise SourceError(
            f"{directory} holds no root module, only modules for others, examples and tests",
            hint=f"name one: guardrail check {passed_over[0]}",
        )
    raise SourceError(f"{directory} holds no Terraform source", hint="guardrail check DIR, where the .tf files are")


def roots_of_files(paths: Sequence[str], base: str) -> list[str]:
    """The root modules that the files belong to, those included that call the module of a file; each once."""
    layout = Layout(base)
    found: dict[str, None] = {}
    for path in paths:
        directory = os.path.dirname(path) or "."
        place = os.path.realpath(directory)
        if place not in layout.folders and not _holds_source(directory):
            continue
        roots = layout.roots_of(place) or [directory]
        found.update((os.path.relpath(root) if os.path.isabs(root) else os.path.normpath(root), None) for root in roots)
    return list(found)


def _holds_source(directory: str) -> bool:
    try:
        return any(map(is_source, os.listdir(directory)))
    except OSError:
        return False


def _folders(base: str) -> Iterator[Folder]:
    for parent, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if name not in _NEVER)
        sources = [name for name in names if is_source(name)]
        if sources:
            yield _folder(parent, sources, has_values=any(name.endswith((".tfvars", ".tfvars.json")) for name in names))


def _folder(path: str, names: Sequence[str], *, has_values: bool) -> Folder:
    folder = Folder(path, set(), has_values)
    for name in names:
        try:
            content = files.content(os.path.join(path, name))
        except OSError:
            continue  # reading it later says what is wrong
        for called in _LOCAL_CALL.findall(content):
            folder.calls.add(os.path.realpath(os.path.join(path, os.fsdecode(called))))
        folder.is_like_root = folder.is_like_root or _OF_ROOTS.search(content) is not None
    return folder
