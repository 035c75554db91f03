"""Fixes as suggestions in a review of a pull request: each once, and only where all of it is on lines of the diff.

A review comment is found again by its first line, which Markdown does not show, and by who wrote it, whether it is
outdated or resolved or not. A finding that has one gets no other. One that still stands on lines of the diff is kept
true: it gets the text of now, and where its fix is none any more, or has moved, it says so and suggests nothing.
Nothing is deleted, for people may have answered.

GitHub's documentation has the endpoints under "REST API endpoints for pull request reviews" and "… review comments". A
review is taken as a whole or refused as a whole, so one that is refused is tried again comment by comment.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from guardrail.fixes.suggestible import Lines, Suggestible
from guardrail.github.api import Api, RefusedError, UncertainError
from guardrail.github.authors import Authored, Authors
from guardrail.github.comment import PullRequest, head_of
from guardrail.github.diff import FileDiff, hunks
from guardrail.reporters.gfm import code, prose
from guardrail.reporters.wording import counted

MOST_SUGGESTIONS = 10
"""In one pull request: more of them nobody applies one by one."""
_ROUNDS = 4
_PER_PAGE, _FILES_PER_PAGE = 100, 50
"""From the 71st file of a page on GitHub leaves out the diff (openjdk/skara, pull request 1302)."""
_GONE, _INVALID = 404, 422
_MARKER = re.compile(
    r"\A<!-- guardrail:suggestion tag=(?P<tag>\S+)"
    r" finding=(?P<finding>[0-9a-f]{16}) edit=(?P<edit>[0-9a-f]{16}) -->\r?\n"
)
_FENCES = re.compile(r"`+")


class Suggestion(Struct, frozen=True, kw_only=True):
    """A fix on lines that the diff shows."""

    fix: Suggestible
    edit: Lines

    @property
    def hash(self) -> str:
        """What tells its lines from others."""
        return sha256("\n".join(self.edit.new).encode()).hexdigest()[:16]


class Left(Struct, frozen=True, kw_only=True):
    """A fix that is no suggestion."""

    fix: Suggestible
    reason: str
    """A clause."""
    is_known: bool = True
    """Whether it is sure that it is none on the lines of the head."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of the fixes of a run."""

    written: int = 0
    kept: int = 0
    """That were there."""
    updated: int = 0
    ended: int = 0
    """That are none any more."""
    left: tuple[Left, ...] = ()
    is_behind: bool = False
    """Whether a newer commit is at the head, and nothing was done."""


# Which ---------------------------------------------------------------------------------------------------------------


def chosen(fixes: Iterable[Suggestible], diff: Iterable[FileDiff]) -> tuple[list[Suggestion], list[Left]]:
    """The fixes that fit into the diff, and the others with their reasons. No two share a line."""
    files = {each.filename: each for each in diff}
    found: list[Suggestion] = []
    left: list[Left] = []
    for fix in fixes:
        taken = [each.edit for each in found if each.fix.path == fix.path]
        if fix.edit is None:
            left.append(Left(fix=fix, reason=fix.reason))
        elif unknown := _unknown(fix, files.get(fix.path)):
            left.append(Left(fix=fix, reason=unknown, is_known=False))
        elif not _is_shown(fix.edit, files[fix.path]):
            left.append(Left(fix=fix, reason="the diff does not show all of its lines together"))
        elif any(map(fix.edit.meets, taken)):
            left.append(Left(fix=fix, reason="another suggestion edits the same lines"))
        elif len(found) == MOST_SUGGESTIONS:
            left.append(Left(fix=fix, reason=f"{MOST_SUGGESTIONS} are suggested already"))
        else:
            found.append(Suggestion(fix=fix, edit=fix.edit))
    return found, left


def _unknown(fix: Suggestible, file: FileDiff | None) -> str:
    """Why nobody can tell whether the diff has the lines of a fix; empty where that can be told."""
    if file is None:
        return "this pull request does not change its file"
    if file.sha != fix.blob:
        return "its file was read otherwise than the head of the pull request has it"
    return "" if file.patch else "GitHub shows no diff of its file"


def _is_shown(edit: Lines, file: FileDiff) -> bool:
    """Whether one hunk shows all lines, and none that is gone between them."""
    shown = [each for each in hunks(file.patch or "") if each.shows(edit.first, edit.last)]
    return any(not each.is_cut(edit.first, edit.last) for each in shown)


# What they say -------------------------------------------------------------------------------------------------------


def body(suggestion: Suggestion, tag: str) -> str:
    """The text of a review comment: what is wrong, what mending it saves, the lines, and what proves them."""
    fix = suggestion.fix
    saves = f" Saves {prose(fix.saving, starts_line=False)}." if fix.saving else ""
    passing = ", ".join(map(code, fix.gone))
    return (
        f"{_marker(suggestion, tag)}**{prose(fix.headline, starts_line=False)}**.{saves}\n\n"
        f"{_block(suggestion.edit.new)}\n\n"
        f"Checked again with it: {passing} {'passes' if len(fix.gone) == 1 else 'pass'}, nothing new fails; a month: "
        f"{prose(fix.bill.replace(' -> ', ' → '), starts_line=False)}.\n"
    )


def _marker(suggestion: Suggestion, tag: str) -> str:
    return f"<!-- guardrail:suggestion tag={tag} finding={suggestion.fix.finding} edit={suggestion.hash} -->\n"


def _block(some: Sequence[str]) -> str:
    """The lines as GitHub applies them, in a fence that none of them can end."""
    text = "".join(f"{line}\n" for line in some)
    longest = max(map(len, _FENCES.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}suggestion\n{text}{fence}"


_ENDED = "This suggestion does not hold any more.\n"


# Writing them --------------------------------------------------------------------------------------------------------


class _ReviewComment(Authored, frozen=True):
    """A comment of a review."""

    path: str = ""
    line: int | None = None
    """None where it is outdated."""
    start_line: int | None = None


class _PostedSuggestion(Struct, frozen=True, kw_only=True):
    """A suggestion that has been posted."""

    comment: _ReviewComment
    tag: str
    finding: str
    edit: str

    def is_at(self, suggestion: Suggestion) -> bool:
        """Whether it stands on the lines that another one would."""
        first = self.comment.start_line or self.comment.line
        edit = suggestion.edit
        return (self.comment.path, first, self.comment.line) == (suggestion.fix.path, edit.first, edit.last)


def suggest(
    api: Api, where: PullRequest, fixes: Iterable[Suggestible], tag: str, commit: str, *, dry_run: bool = False
) -> Outcome:
    """Make the fixes that the diff shows suggestions, each once, or find out what would be done. Raises `GitHubError`.

    ``commit`` is what they were made for; where it is the head no more, nothing is done.
    """
    return _Suggesting(api, where, tag, commit).settled(fixes, dry_run=dry_run)


class _Suggesting:
    """One run that suggests."""

    def __init__(self, api: Api, where: PullRequest, tag: str, commit: str) -> None:
        self._api, self._tag, self._commit = api, tag, commit
        self._pull = f"/repos/{where.repository}/pulls/{where.number}"
        self._comments = f"/repos/{where.repository}/pulls/comments"
        self._authors = Authors(api)
        self._refused: list[Suggestion] = []

    def settled(self, fixes: Iterable[Suggestible], *, dry_run: bool) -> Outcome:
        """Look, act, and look again where GitHub did not confirm a review."""
        diff = list(self._api.items(f"{self._pull}/files?per_page={_FILES_PER_PAGE}", FileDiff))
        found, left = chosen(fixes, diff)
        known = list(self._known())
        if head_of(self._api, self._pull) != self._commit:
            return Outcome(is_behind=True)
        fresh = list(_fresh(found, known, self._tag))
        unknown = {each.fix.finding for each in left if not each.is_known}
        edits = dict(self._edits(found, [each for each in known if each.finding not in unknown]))
        if not dry_run:
            self._write(fresh, edits)
        left += [Left(fix=each.fix, reason="GitHub does not take it on these lines") for each in self._refused]
        ended = sum(text.endswith(_ENDED) for text in edits.values())
        return Outcome(
            written=len(fresh) - len(self._refused),
            kept=len(found) - len(fresh),
            updated=len(edits) - ended,
            ended=ended,
            left=tuple(left),
        )

    def _known(self) -> Iterator[_PostedSuggestion]:
        """Our suggestions, also those that are outdated or resolved."""
        for comment in self._api.items(f"{self._pull}/comments?per_page={_PER_PAGE}", _ReviewComment):
            found = _MARKER.match(comment.body or "")
            if found and self._authors.count(comment):
                yield _PostedSuggestion(comment=comment, tag=found["tag"], finding=found["finding"], edit=found["edit"])

    def _edits(self, found: Sequence[Suggestion], known: Iterable[_PostedSuggestion]) -> Iterator[tuple[int, str]]:
        """What is to become of those of this tag that stand on lines of the diff, by the id of the comment."""
        now = {each.fix.finding: each for each in found}
        for each in known:
            if each.tag != self._tag or each.comment.line is None:
                continue
            text, suggestion = each.comment.body or "", now.get(each.finding)
            holds = suggestion is not None and each.is_at(suggestion)
            wanted = body(suggestion, self._tag) if suggestion and holds else text.partition("\n")[0] + "\n" + _ENDED
            if wanted.strip() != text.replace("\r\n", "\n").strip():
                yield each.comment.id, wanted

    def _write(self, fresh: Sequence[Suggestion], edits: Mapping[int, str]) -> None:
        for number, text in edits.items():
            try:
                self._api.change("PATCH", f"{self._comments}/{number}", {"body": text})
            except RefusedError as error:
                if error.status != _GONE:
                    raise
        if fresh:
            self._review(fresh)

    def _review(self, some: Sequence[Suggestion]) -> None:
        """Write several in one review; where GitHub refuses that, each in its own, and those that it refuses not."""
        try:
            self._posted(some)
        except RefusedError as error:
            if error.status != _INVALID:
                raise
            if len(some) == 1:
                self._refused += some
                return
            for each in some:
                self._review([each])

    def _posted(self, some: Sequence[Suggestion]) -> None:
        """Write a review, again only where it is sure that the one before did not come through."""
        review = {
            "commit_id": self._commit,
            "event": "COMMENT",
            "body": f"guardrail can mend {counted(len(some), 'finding')} here.",
            "comments": [_comment(each, self._tag) for each in some],
        }
        for round_ in range(_ROUNDS):
            try:
                self._api.change("POST", f"{self._pull}/reviews", review)
            except UncertainError:
                self._api.pause()
                known = list(self._known())
                if not list(_fresh(some, known, self._tag)):
                    return
                if round_ + 1 == _ROUNDS:
                    raise
            else:
                return


def _comment(suggestion: Suggestion, tag: str) -> dict[str, object]:
    """A comment of a review; of one line it has no first one, which GitHub would refuse."""
    edit = suggestion.edit
    several = {"start_line": edit.first, "start_side": "RIGHT"} if edit.first < edit.last else {}
    where = {"path": suggestion.fix.path, "line": edit.last, "side": "RIGHT", **several}
    return {**where, "body": body(suggestion, tag)}


def _fresh(found: Iterable[Suggestion], known: Collection[_PostedSuggestion], tag: str) -> Iterator[Suggestion]:
    """Those that nobody has suggested: not of their finding for this tag, nor as the same edit for any other."""
    findings = {each.finding for each in known if each.tag == tag}
    for each in found:
        is_there = any(other.edit == each.hash and other.is_at(each) for other in known)
        if each.fix.finding not in findings and not is_there:
            yield each
