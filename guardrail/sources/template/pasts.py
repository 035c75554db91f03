"""What templates below a folder were called where the change began: those that are gone, and those that were renamed.

A template that is deleted has cost something, and one that is called ``cfn/chat.yaml`` now and ``chat.yaml`` then is
the same stack.
"""

import os
from collections.abc import Iterator

from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import PastUnreadableError, SourceError, SubmoduleError
from guardrail.git import Commit
from guardrail.gitignore import Excluded
from guardrail.sources.discovery import Found, is_aside, is_assembly, is_relevant, may_hold_template, nested_in
from guardrail.sources.likeness import renamed
from guardrail.sources.past import Comparison, is_new
from guardrail.sources.past_sets import environments_then
from guardrail.sources.sets import FilesByLabel, PastEnvironments
from guardrail.sources.template import assembly, looks_like_one
from guardrail.sources.template.values import Table, text_of, within
from guardrail.working_tree import is_pointer


class PastTemplates(Struct, frozen=True, kw_only=True):
    """Templates that were below a folder in the compared commit, and are not there under the same name."""

    renamed: dict[str, str] = {}
    """By a path of today, the path in the compared commit."""
    gone: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    """What was a template, and is there and nothing that can be read: a pointer of git LFS, a link to nowhere."""
    left_out: tuple[str, ...] = ()
    """What is not here because the checkout is sparse."""


def templates_then(folder: str, found: Found, compared: Comparison, exclude: Excluded | None) -> PastTemplates:
    """The templates of the compared commit that a search of today's folder has not ``found``; none of a folder.

    Raises `SourceError` where the past is not to be had.
    """
    past = compared.past_of(folder)
    if not isinstance(past, Commit):
        return PastTemplates()
    lost = dict(_gone(past, folder, found, exclude))
    left_out = tuple(path for path in lost if past.is_left_out(path))
    unreadable = tuple(path for path in lost if _is_unreadable(path))
    gone = {path: _declared(path, lost[path]) for path in lost if path not in {*left_out, *unreadable}}
    new = {
        path: _declared(path, _today(path))
        for path in found.inputs
        if path not in found.made and os.path.isfile(path) and _then(past, path) is None
    }
    names = renamed(new, gone)
    return PastTemplates(
        renamed=names,
        gone=tuple(path for path, ids in gone.items() if ids and path not in names.values()),
        unreadable=unreadable,
        left_out=left_out,
    )


class _PastParameterFiles:
    """The files of parameters of a commit."""

    def __init__(self, past: Commit) -> None:
        self._past = past
        self.names = past.names
        self.today = files.content

    def is_new(self, path: str) -> bool:
        """Whether a file came with the change."""
        return is_new(self._past, path)

    def content(self, path: str) -> bytes:
        """What a file was; what it is, where git does not keep it."""
        found = self._past.read(path)
        return files.content(path) if found is None else found


def environments_of(
    path: str, today: FilesByLabel, told: FilesByLabel | None, compared: Comparison
) -> PastEnvironments:
    """What the environments of a template were; all as they are where the past is a file or folder."""
    past = compared.past_of(path)
    if not isinstance(past, Commit):
        return PastEnvironments()
    return environments_then(today, told, _PastParameterFiles(past))


def _gone(past: Commit, folder: str, found: Found, exclude: Excluded | None) -> Iterator[tuple[str, bytes]]:
    """Each template and cloud assembly of the compared commit that is not one today, with its content."""
    contents = {path: content for path, content in _candidates(past, folder, found, exclude) if is_relevant(content)}
    known = {path: _then(past, path) or b"" for path in found.inputs if os.path.isfile(path)}
    parts = {place for path, content in (known | contents).items() for place in nested_in(path, content)}
    yield from ((path, content) for path, content in contents.items() if os.path.abspath(path) not in parts)


def _candidates(past: Commit, folder: str, found: Found, exclude: Excluded | None) -> Iterator[tuple[str, bytes]]:
    """What may have been a template, or was the manifest of a cloud assembly, and is no input of its own today."""
    try:
        for parent, folders, names in past.walk(folder, most=limits.MOST_SEARCHED):
            place = os.path.normpath(parent)
            folders[:] = (name for name in folders if not is_aside(name) and not _is_excluded(exclude, place, name))
            manifest = _then(past, os.path.join(place, assembly.MANIFEST)) if assembly.MANIFEST in names else None
            if manifest is not None and is_assembly(manifest):
                folders[:] = []
                if place not in found.inputs and not os.path.lexists(os.path.join(place, assembly.MANIFEST)):
                    yield place, manifest
                continue
            for path in (os.path.normpath(os.path.join(place, name)) for name in names if may_hold_template(name)):
                today = _today(path)
                is_left = path in found.foreign or path in found.parts or not looks_like_one(today)
                if is_left and not _is_excluded(exclude, path) and (content := _then(past, path, today)) is not None:
                    yield path, content
    except SubmoduleError:
        return
    except OSError as error:
        raise SourceError(f"{folder} cannot be searched: {error.strerror or error}") from None


def _is_excluded(exclude: Excluded | None, *parts: str) -> bool:
    return exclude is not None and exclude.ignores(os.path.join(*parts), is_folder=len(parts) > 1)


def _then(past: Commit, path: str, today: bytes | None = None) -> bytes | None:
    """What a file was; nothing of one that was there and cannot be read, None of one that was not.

    What it is ``today``, where that is at hand, spares asking git: most files are not touched by a change.
    """
    try:
        return today if today is not None and past.had(path, today) else past.read(path)
    except PastUnreadableError:
        return b""


def _today(path: str) -> bytes:
    try:
        return files.content(path)
    except OSError:
        return b""


def _is_unreadable(path: str) -> bool:
    """Whether a file is there that cannot be read, or that is a pointer to the one that it stands for."""
    try:
        return not os.path.isdir(path) and is_pointer(files.content(path))
    except OSError:
        return os.path.lexists(path)


def _declared(path: str, content: bytes) -> frozenset[object]:
    """The logical ids of a template with their types, and what its endpoints are called, which tells copies apart.

    Nothing of what could not be read, and so was never deployed; a cloud assembly is no other one's past.
    """
    try:
        if is_assembly(content):
            return frozenset({path})
        resources = assembly.root(path, content)["Resources"]
    except SourceError:
        return frozenset()
    kinds = {(name, str(each.get("Type"))) for name, each in resources.items() if isinstance(each, Table)}
    names = {text_of(within(each, "Properties", "EndpointName")) for each in resources.values()}
    return frozenset((*kinds, *filter(None, names)))
