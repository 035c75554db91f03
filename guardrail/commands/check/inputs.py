"""What there is to read: the named inputs, each once, and what a search of the folders among them finds."""

import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from guardrail import files, sources
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet
from guardrail.settings import FoundSettings

if TYPE_CHECKING:
    from guardrail.gitignore import Excluded
    from guardrail.sources.boundary import KnownBoundaries
    from guardrail.sources.past import Comparison


_InputKind: TypeAlias = Literal["template", "source", "folder"]


class Inputs(Struct, frozen=True, kw_only=True):
    """The inputs of a run."""

    paths: list[str]
    """As they are named, with what a search of the folders among them has found."""
    found: frozenset[str] = frozenset()
    """Those that the search has found."""
    definitions: Mapping[str, str] = {}
    """What each definition is that something else names."""
    notices: tuple[str, ...] = ()
    exclude: "Excluded | None" = None
    renamed: Mapping[str, str] = {}
    """By the path of a template, what it was called before the change."""
    gone: tuple[str, ...] = ()
    """Templates that are there no more."""
    gone_source: tuple[str, ...] = ()
    """Folders, and files of Terraform source and of values, that are named and there no more."""
    compared: "Comparison | None" = None
    """What they are compared with."""
    known_boundaries: "KnownBoundaries" = {}
    """How far the paths lead that templates name, by input, as far as that has been asked."""


def search(arguments: Namespace, settings: FoundSettings) -> Inputs:
    """The named inputs and everything in the folders among them, with the templates that these have lost."""
    named: Sequence[str] = arguments.paths
    patterns = settings.settings.exclude
    exclude = _excluded(settings.directory, patterns) if patterns else None
    paths: dict[str, None] = {}
    found: set[str] = set()
    notices: list[str] = []
    definitions: dict[str, str] = {}
    renamed: dict[str, str] = {}
    gone: dict[str, None] = {}
    gone_source: dict[str, None] = {}
    compared = _comparison(arguments)
    places = {os.path.realpath(path) for path in named}
    for path in named:
        was = _what_was(path, compared)
        if was is not None:
            (gone if was == "template" else gone_source)[path] = None
        is_folder = path != "-" and os.path.isdir(path) and sources.is_terraform(path)
        if was is None and not is_folder:
            paths[path] = None
        if not is_folder and was != "folder":
            continue
        from guardrail.sources import discovery  # for folders

        inside = discovery.Found()
        if is_folder:
            inside = discovery.search(path, exclude, may_be_gone=compared is not None)
            own = [each for each in inside.inputs if os.path.realpath(each) not in places]
            own = [each for each in own if sources.has_past(each)] if arguments.source_only else own
            may_hold_source = inside.has_source or compared is not None or not own  # it may have held some
            paths.update(dict.fromkeys([path] if may_hold_source else [], None))
            paths.update(dict.fromkeys(own))
            found.update(own)
            notices += inside.notices
            definitions |= inside.definitions
        if compared is not None:
            from guardrail.sources.past import LEFT_OUT
            from guardrail.sources.template.pasts import templates_then

            then = templates_then(path, inside, compared, exclude)
            renamed |= then.renamed
            gone.update(dict.fromkeys(then.gone))
            paths.update(dict.fromkeys(then.unreadable))  # and what is wrong with it is said
            found.update(then.unreadable)
            notices += [f"{LEFT_OUT}: {discovery.listed(then.left_out)}"] if then.left_out else []
    return Inputs(
        paths=list(paths),
        found=frozenset(found),
        definitions=definitions,
        notices=tuple(notices),
        exclude=exclude,
        renamed=renamed,
        gone=tuple(gone),
        gone_source=tuple(gone_source),
        compared=compared,
    )


def _comparison(arguments: Namespace) -> "Comparison | None":
    """What the inputs are compared with; None where nothing is named."""
    if arguments.compare_to is None:
        return None
    from guardrail.sources.past import Comparison

    return Comparison(arguments.compare_to, arguments.any_owner)


def _what_was(path: str, compared: "Comparison | None") -> "_InputKind | None":
    """What a named path was where the change began that is there no more; None of any other.

    Raises `SourceError` for one that was not there then either, or was nothing that is read.
    """
    if compared is None or path == "-" or os.path.lexists(path) or os.path.exists(compared.named):
        return None
    from guardrail.errors import SourceError
    from guardrail.sources.hcl.endings import SOURCES, VALUES
    from guardrail.sources.template import looks_like_one

    past = compared.commit_of(path)
    if past.is_left_out(path):
        raise SourceError(f"{path} is not here: this checkout is sparse", hint=f"git sparse-checkout add {path}")
    if past.is_directory(path):
        return "folder"
    content = past.read(path)
    if content is None:
        raise SourceError(f"{path} does not exist, nor did it in {compared.named}", hint="check the path")
    if path.endswith(SOURCES + VALUES):
        return "source"
    if not looks_like_one(content):
        raise SourceError(f"{path} is gone, and was neither a template nor Terraform source")
    return "template"


def _excluded(directory: str, patterns: Sequence[str]) -> "Excluded":
    from guardrail.gitignore import Excluded

    return Excluded(directory, patterns)


def once(change_sets: list[ChangeSet], found: frozenset[str]) -> tuple[list[ChangeSet], Sequence[str]]:
    """The inputs without those that a search found and that another input among them already covers."""
    if not found:
        return change_sets, ()
    from guardrail.gitignore import Tracked
    from guardrail.sources.repeats import without_repeats

    known = cache(Tracked)  # of the repository that a plan lies in, wherever this runs
    return without_repeats(change_sets, found, lambda path: known(os.path.dirname(path) or os.curdir).holds(path))


def distinct(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Each input once, and a sentence for each that is another one by a different spelling or a link.

    Twice the same file would be twice the bill. Equal contents in two files are two inputs, as two stacks may be.
    """
    kept: dict[object, str] = {}
    notices: list[str] = []
    for path in paths:
        identity: object = object()
        with suppress(OSError, ValueError):  # of what is not there, reading it says so
            status = None if files.is_stream(path) else os.stat(path)
            identity = identity if status is None else (status.st_dev, status.st_ino)
        if identity in kept:
            what = "is named twice" if kept[identity] == path else f"is the same as {kept[identity]}"
            notices.append(f"{path} {what}, and counts once")
        else:
            kept[identity] = path
    return list(kept.values()), list(dict.fromkeys(notices))


def refuse_unread_input() -> None:
    """Raise where no input is named, and somebody pipes one in: it is never read unasked, and never just ignored."""
    if files.waits_on_standard_input():
        raise GuardrailError("no PATH is named, and standard input brings something", hint="guardrail check - reads it")


def content(path: str) -> bytes | None:
    """A file as it is; None where it cannot be read, or read again, and whoever needs it has said so."""
    try:
        return files.content(path)
    except OSError:
        return None
