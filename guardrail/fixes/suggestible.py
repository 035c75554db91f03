r"""Fixes as a review can suggest them: some lines of one file in place of others.

What a suggestion cannot keep is left to the patch: carriage returns, whether a last line ends, characters that nobody
sees. GitHub puts line feeds into what it applies (reviewdog, issue 1927; w3c-fedid/digital-credentials, pull request
572).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha1

import msgspec
from msgspec import Struct, structs

from guardrail import files
from guardrail.errors import GuardrailError
from guardrail.fixes.base import NoFixError
from guardrail.fixes.patch import lines, same_ends
from guardrail.fixes.places import placed
from guardrail.fixes.proposals import Contents, Proposals, ProvenFix
from guardrail.fixes.told import bill
from guardrail.limits import NOT_JSON
from guardrail.report import Report
from guardrail.reporters.findings import Finding, Subjects
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.overview import stake

MOST_LINES, MOST_CHARACTERS = 400, 20_000
"""Of an edit that anybody reads in a review; GitHub takes 65,536 characters of a comment."""
_MOST_STARTS = 4
"""Where lines that are put in beside others like them can be said to begin."""
_HINT = "guardrail fix PATH --suggestions FILE"


class Lines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines, without their ends, in place of those from ``first`` to ``last``, counted from 1."""

    first: int
    last: int
    new: tuple[str, ...]

    def meets(self, other: "Lines") -> bool:
        """Whether both have a line in common."""
        return self.first <= other.last and other.first <= self.last


class Suggestible(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fix that is proven, and how it can be suggested."""

    finding: str
    """The id of the finding that it is for."""
    address: str
    """Of the block to change."""
    headline: str
    """``reader: keeps one instance while its queue is empty``."""
    saving: str
    """``up to 84.51 USD a month``; empty where no money is at stake."""
    gone: tuple[str, ...]
    """The policies that fail no more, that of the finding first."""
    bill: str
    """``floor 188.84 -> 0.00 USD (-188.84), expected and ceiling as before``."""
    path: str = ""
    """The file that it edits, from the root of the repository."""
    blob: str = ""
    """What git calls the content of that file."""
    edit: Lines | None = None
    reason: str = ""
    """Why there is no edit to suggest, as a clause: ``it edits 2 files``."""


def suggestibles(
    proposals: Proposals,
    report: Report,
    go_together: Callable[[Sequence[ProvenFix], Contents], bool],
    *,
    any_owner: bool,
) -> list[Suggestible]:
    """All fixes of a report; ``go_together`` tells whether some hold beside each other as each is made alone.

    Raises `GitError`.
    """
    fingerprints, subjects = Fingerprints(report), Subjects(report)
    found = [_suggestible(fix, fingerprints, subjects, any_owner=any_owner) for fix in proposals.fixes]
    found = list(_apart(found))
    together = [(fix, each) for fix, each in zip(proposals.fixes, found, strict=True) if each.edit]
    edited = _beside_each_other(together)
    if len(together) < 2 or edited == proposals.contents:  # noqa: PLR2004 - one is together with itself
        return found
    if go_together([fix for fix, _ in together], edited):
        return found
    first, said = together[0][1], "it holds beside the other fixes only as the patch has it"
    return [each if each is first or not each.edit else _without(each, said) for each in found]


def _suggestible(fix: ProvenFix, fingerprints: Fingerprints, subjects: Subjects, *, any_owner: bool) -> Suggestible:
    result = fix.result
    made = Suggestible(
        finding=fingerprints.id_of(result),
        address=result.address,
        headline=subjects.headline([Finding((result,))]),
        saving=stake(result),
        gone=tuple(dict.fromkeys((result.policy, *(each.policy for each in fix.gone)))),
        bill=bill(fix.before.after, fix.after.after),
    )
    contents = {path: (files.content(path), after) for path, after in fix.contents.items()}
    edited = [each for group in placed(contents, any_owner=any_owner) for each in group.files.items()]
    if len(edited) > 1:
        return _without(made, f"it edits {len(edited)} files")
    path, (before, after) = edited[0]
    try:
        path.encode()
        return structs.replace(made, path=path, blob=blob_of(before), edit=lines_to_replace(before, after))
    except UnicodeEncodeError:
        return _without(made, "the name of its file is not in UTF-8")
    except NoFixError as error:
        return _without(structs.replace(made, path=path), error.reason)


def _without(made: Suggestible, reason: str) -> Suggestible:
    return structs.replace(made, edit=None, reason=reason)


def blob_of(content: bytes) -> str:
    """What git calls a file's content: ``e69de29bb2d1d6434b8b29ae775ad8c2e48c5391`` for nothing."""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _apart(found: Sequence[Suggestible]) -> Iterator[Suggestible]:
    """Of several that edit the same lines the first one."""
    taken: list[tuple[str, Lines]] = []
    for each in found:
        edit = each.edit
        if edit and any(each.path == path and edit.meets(other) for path, other in taken):
            yield _without(each, "another suggestion edits the same lines")
        else:
            taken += [(each.path, edit)] if edit else []
            yield each


def _beside_each_other(several: Sequence[tuple[ProvenFix, Suggestible]]) -> Mapping[str, bytes]:
    """The files with the edits of several fixes, each as it is made alone."""
    edits: dict[str, list[Lines]] = {}
    for fix, each in several:
        edits.setdefault(fix.paths[0], []).extend([each.edit] if each.edit else [])
    contents = {}
    for path, made in edits.items():
        text = lines(files.content(path))
        for edit in sorted(made, key=lambda each: each.first, reverse=True):
            text[edit.first - 1 : edit.last] = [f"{line}\n".encode() for line in edit.new]
        contents[path] = b"".join(text)
    return contents


# How lines are replaced ----------------------------------------------------------------------------------------------


def lines_to_replace(before: bytes, after: bytes) -> Lines:
    r"""Which lines of a file to replace, and by which, so that it becomes another one.

    What is only put in stands below a line that is kept, and what is only taken out beside one: of ``a\nc\n`` and
    ``a\nb\nc\n`` line 1 becomes ``a``, ``b``. Raises `NoFixError` with the reason where no suggestion can do it.
    """
    if b"\r" in before or b"\r" in after:
        raise NoFixError("its lines end in CR LF, which a suggestion does not keep")
    old, new = lines(before), lines(after)
    top, kept = _changed(old, new)
    replaced, by = old[top : len(old) - kept], new[top : len(new) - kept]
    if not all(line.endswith(b"\n") for line in (*replaced, *by)):
        raise NoFixError("it edits the last line of a file that does not end in a line feed")
    edit = Lines(first=top + 1, last=len(old) - kept, new=_texts(by))
    if not _is_visible((*_texts(replaced), *edit.new)):
        raise NoFixError("its lines have characters that nobody sees")
    if max(len(replaced), len(by)) > MOST_LINES or sum(map(len, by)) > MOST_CHARACTERS:
        raise NoFixError("it is too long for a review")
    return edit


def _texts(some: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(line.removesuffix(b"\n").decode() for line in some)


def _is_visible(some: Sequence[str]) -> bool:
    return all(line.replace("\t", "").isprintable() for line in some)


def _changed(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, int]:
    """How many lines above and below are no part of the edit, which has one line at least of both texts."""
    shorter = min(len(old), len(new))
    above, below = same_ends(old, new)
    if above + below < shorter:
        closes = below and old[-below].strip(b" \t\n,") in (b"}", b"]", b")")
        return above, below - 1 if closes else below  # a block that is put in behind another one ends with its own line
    starts = range(shorter - below, above + 1)
    longer = max(old, new, key=len)
    start = min(starts[-_MOST_STARTS:], key=lambda at: (_indent(longer[at]), -at))
    return (start - 1, shorter - start) if start else (0, shorter - 1)


def _indent(line: bytes) -> int:
    """How far a line is indented; a blank one, which parts two blocks, less than any other."""
    return len(line) - len(line.lstrip()) if line.strip() else -1


# The file that hands them on -----------------------------------------------------------------------------------------


def encoded(some: Sequence[Suggestible]) -> str:
    """Suggestions as `decoded` reads them."""
    return msgspec.json.format(msgspec.json.encode(some), indent=2).decode() + "\n"


def decoded(content: bytes, name: str) -> list[Suggestible]:
    """The suggestions in a file, ``name`` in errors. Raises `GuardrailError` for any that are not of that shape."""
    try:
        found = msgspec.json.decode(content, type=list[Suggestible])
    except NOT_JSON as error:
        raise GuardrailError(f"{name} has no suggestions of guardrail: {error}", hint=_HINT) from error
    if not all(map(_is_sound, found)):
        raise GuardrailError(f"{name} has no suggestions of guardrail: one is of no lines", hint=_HINT)
    return found


def _is_sound(each: Suggestible) -> bool:
    """Whether what no shape says holds, too: of an id, and of lines that stand in a review as they are."""
    edit = each.edit
    is_edit = edit is None or (0 < edit.first <= edit.last and _is_visible(edit.new))
    return is_edit and bool(edit or each.reason) and re.fullmatch(r"[0-9a-f]{16}", each.finding) is not None
