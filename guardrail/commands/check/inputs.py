"""What there is to read: the named inputs, each once, and what a search of the folders among them finds."""

import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from guardrail import files, sources
from guardrail.errors import GuardrailError
from guardrail.model import ChangeSet
from guardrail.settings import FoundSettings

if TYPE_CHECKING:
    from guardrail.gitignore import Excluded
    from guardrail.sources.past import KnownPasts


class Inputs(Struct, frozen=True, kw_only=True):
    """What there is to read."""

    paths: list[str]
    """As they are named, with what a search of the folders among them has found."""
    found: frozenset[str] = frozenset()
    """Those that the search has found."""
    notices: tuple[str, ...] = ()
    exclude: "Excluded | None" = None
    renamed: Mapping[str, str] = {}
    """By the path of a template, what it was called before the change."""
    gone: tuple[str, ...] = ()
    """Templates that are there no more."""
    known_pasts: "KnownPasts" = {}
    """The commits that inputs have been compared with so far."""


def search(arguments: Namespace, settings: FoundSettings) -> Inputs:
    """The named inputs and everything in the folders among them, with the templates that these have lost."""
    named: Sequence[str] = arguments.paths
    patterns = settings.settings.exclude
    exclude = _excluded(settings.directory, patterns) if patterns else None
    paths: dict[str, None] = {}
    found: set[str] = set()
    notices: list[str] = []
    renamed: dict[str, str] = {}
    gone: dict[str, None] = {}
    known_pasts: KnownPasts = {}
    places = {os.path.realpath(path) for path in named}
    for path in named:
        if path == "-" or not os.path.isdir(path) or not sources.is_terraform(path):
            paths[path] = None
            continue
        from guardrail.sources import discovery  # for folders

        inside = discovery.search(path, exclude, may_be_gone=arguments.compare_to is not None)
        own = [each for each in inside.inputs if os.path.realpath(each) not in places]
        may_hold_source = inside.has_source or arguments.compare_to is not None or not own  # it may have held some
        paths.update(dict.fromkeys([path] if may_hold_source else [], None))
        paths.update(dict.fromkeys(own))
        found.update(own)
        notices += inside.notices
        if arguments.compare_to is not None:
            from guardrail.sources.template.pasts import templates_then

            then = templates_then(
                path,
                inside,
                arguments.compare_to,
                exclude=exclude,
                any_owner=arguments.any_owner,
                known=known_pasts,
            )
            renamed |= then.renamed
            gone.update(dict.fromkeys(then.gone))
    return Inputs(
        paths=list(paths),
        found=frozenset(found),
        notices=tuple(notices),
        exclude=exclude,
        renamed=renamed,
        gone=tuple(gone),
        known_pasts=known_pasts,
    )


def _excluded(directory: str, patterns: Sequence[str]) -> "Excluded":
    from guardrail.gitignore import Excluded

    return Excluded(directory, patterns)


def once(change_sets: list[ChangeSet], found: frozenset[str]) -> tuple[list[ChangeSet], Sequence[str]]:
    """Without what a search has found that stands for something else that is there as well."""
    if not found:
        return change_sets, ()
    from guardrail.gitignore import Tracked
    from guardrail.sources.repeats import without_repeats

    return without_repeats(change_sets, found, Tracked(os.getcwd()).holds)


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
