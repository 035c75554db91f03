"""One comment on a pull request, however many runs write it.

The comment is found by its first line, which Markdown does not show; the second says of which commit and run it is.
GitHub has no way to write only where nobody else has, so every run follows the same rules and looks again after each
thing it did, until there is nothing left to do:

- The oldest comment of a tag is the one; of younger ones a run deletes its own, and those that it outranks.
- A run whose commit is no longer the head of the pull request replaces nothing.
- Of two runs on one commit the later one wins.
- What says the same already, but for the commit and the run that its links name, is left alone.

A comment of several sections is written by jobs that know only their own. Each reads, writes within `QUICKLY_S`, waits
longer than that, and looks again until its section stands: whoever read before it wrote has written by then. Sections
that stand in younger comments are folded into the oldest.

A comment counts where a bot, somebody with access to the repository or the owner of the token wrote it.
"""

import re
import time
from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.errors import GitHubError
from guardrail.github.api import Api, RefusedError, UncertainError
from guardrail.github.authors import Authored, Authors
from guardrail.github.runner import Run
from guardrail.github.sections import CommentSection, composed, merged, parsed
from guardrail.github.shortened import shortened
from guardrail.reporters.markdown import COMMENT_LIMIT, marker

Done: TypeAlias = Literal["created", "updated", "unchanged", "left", "absent"]
"""What became of the comment; "left" to a run that is ahead of this one, "absent" where none was worth writing."""

QUICKLY_S = 2.0
"""From looking at a comment of sections to writing it, at most: what was seen longer ago is looked at again."""
SETTLING_S, JITTER_S = 3.0, 2.0
"""How long a job waits before it looks whether its section stands, and by how much at most two jobs differ in that."""

_ROUNDS = 8
_ROUNDS_OF_SECTIONS = 40
_PER_PAGE = 100
_GONE, _TOO_LONG = 404, 422
_MUCH_SHORTER = COMMENT_LIMIT // 4
_LINES = re.compile(
    r"\A<!-- guardrail:comment tag=(?P<tag>\S+) -->\r?\n"
    r"(?:<!-- guardrail:run commit=(?P<commit>[0-9a-f]+) id=(?P<id>\d{1,18}) attempt=(?P<attempt>\d{1,9}) -->\r?\n)?"
)
_OF_A_RUN = re.compile(r"(?<=/blob/)[0-9a-f]{40,64}(?=/)|(?<=/actions/runs/)\d+(?=\))")
_UNCHANGED = re.compile(
    r"\A(?:\n|<!--[^\n]*-->\n)*### \S+ (?:Nothing of SageMaker changes(?=:)|No SageMaker inference(?=,))"
)
"""A first line that, where a comment has told of a change, says too little."""


class PullRequest(Struct, frozen=True):
    """Where to comment."""

    repository: str
    """OWNER/NAME."""
    number: int


class CommentText(Struct, frozen=True, kw_only=True):
    """What to say, and who says it."""

    tag: str
    text: str
    """Markdown without the lines that are not shown."""
    commit: str
    """What was checked."""
    run: Run = Run()


class _PostedComment(Authored, frozen=True):
    """A comment below a pull request."""

    def note(self, tag: str) -> CommentText | None:
        """What it says, where it has that tag."""
        found = _LINES.match(self.body or "")
        if found is None or found["tag"] != tag:
            return None
        run = Run(int(found["id"] or 0), int(found["attempt"] or 0))
        return CommentText(tag=tag, text=(self.body or "")[found.end() :], commit=found["commit"] or "", run=run)


class _HeadCommit(Struct, frozen=True):
    sha: str


class _PullRequestNow(Struct, frozen=True):
    head: _HeadCommit


def head_of(api: Api, pull: str) -> str:
    """The commit at the tip of the pull request at ``/repos/OWNER/NAME/pulls/NUMBER``. Raises `GitHubError`."""
    return api.get(pull, _PullRequestNow).head.sha


def split(body: str) -> tuple[str | None, str]:
    """The tag in the first line of ``body``, where it has that line, and the text below."""
    found = _LINES.match(body)
    return (found["tag"], body[found.end() :]) if found else (None, body)


def comment(api: Api, where: PullRequest, note: CommentText, *, if_there: bool = False, dry_run: bool = False) -> Done:
    """Make ``note`` the one comment of its tag, or find out what would be done. Raises `GitHubError`.

    With ``if_there`` nothing is written where there is no comment of its tag.
    """
    return _Writing(api, where, note, if_there=if_there).settled(dry_run=dry_run)


def comment_sections(  # noqa: PLR0913 - what is said, of which commit, and to whom
    api: Api,
    where: PullRequest,
    ours: Mapping[str, CommentSection],
    note: CommentText,
    *,
    only: Collection[str] | None = None,
    if_there: bool = False,
    dry_run: bool = False,
) -> Done:
    """Make ``ours`` sections of the one comment of a tag, and keep those of others. Raises `GitHubError`.

    ``note`` says of which tag, commit and run they are; its text is none. With ``only`` sections of other names go.
    """
    return _WritingSections(api, where, note, ours, only=only, if_there=if_there).settled(dry_run=dry_run)


class _Writing:
    """One run that writes its comment."""

    rounds = _ROUNDS

    def __init__(self, api: Api, where: PullRequest, note: CommentText, *, if_there: bool) -> None:
        self._api, self._if_there = api, if_there
        self._issue = f"/repos/{where.repository}/issues/{where.number}"
        self._pull = f"/repos/{where.repository}/pulls/{where.number}"
        self._comments = f"/repos/{where.repository}/issues/comments"
        self._note = structs.replace(note, text=self._told_again(note.text))
        self._limit = COMMENT_LIMIT
        self._done: Done = "unchanged"
        self._posted = False
        """Whether GitHub has confirmed a new comment, which a list may not show yet."""
        self._authors = Authors(api)
        self._looked = 0.0
        """When the comments were last read, by the monotonic clock."""

    def _told_again(self, text: str) -> str:
        """``text``; where a comment stands only for what another run told, its first line says that this is over."""
        return _UNCHANGED.sub(r"\g<0> any more", text) if self._if_there else text

    def settled(self, *, dry_run: bool) -> Done:
        """Look and act until there is nothing left to do."""
        for _ in range(self.rounds):
            self._looked = time.monotonic()
            there = self._there()
            request = self._next(there, at_head=self._is_head())
            if request is None or dry_run:
                return self._done
            self._act(*request)
        raise GitHubError(f"comments of tag {self._note.tag} keep changing", hint="give every check its own --tag")

    def _there(self) -> list[tuple[int, CommentText]]:
        """The comments of this tag, the oldest first."""
        listed = self._api.items(f"{self._issue}/comments?per_page={_PER_PAGE}", _PostedComment)
        noted = ((listing, listing.note(self._note.tag)) for listing in listed)
        ours = [(listing.id, note) for listing, note in noted if note and self._authors.count(listing)]
        return sorted(ours, key=itemgetter(0))

    def _is_head(self) -> bool:
        return self._note.commit == head_of(self._api, self._pull)

    def _next(self, there: list[tuple[int, CommentText]], *, at_head: bool) -> "_ApiRequest | None":
        """The next thing to do; None where all is as it should be."""
        if not there:
            return self._first(self._note.text)
        (number, oldest), *younger = there
        if _plain(oldest.text) != _plain(self._text(self._note.text)):
            if self._outranks(oldest, at_head=at_head):
                return self._update(number, self._note.text)
            self._done = "left"
        for number, note in younger:
            if self._outranks(note, at_head=at_head):
                return "DELETE", f"{self._comments}/{number}", ""
        return None

    def _first(self, text: str) -> "_ApiRequest | None":
        """A new comment, where one is wanted and none is on its way."""
        self._done = "absent" if self._if_there else "created"
        return None if self._posted or self._if_there else ("POST", f"{self._issue}/comments", text)

    def _update(self, number: int, text: str) -> "_ApiRequest":
        self._done = "updated"
        return "PATCH", f"{self._comments}/{number}", text

    def _outranks(self, other: CommentText, *, at_head: bool) -> bool:
        ours = self._note
        if other.commit == ours.commit:
            return other.run == ours.run or (at_head and other.run < ours.run)
        return at_head

    def _act(self, method: str, path: str, text: str) -> None:
        payload = None if method == "DELETE" else {"body": self._lines() + self._text(text)}
        try:
            self._api.change(method, path, payload)
        except UncertainError:
            pass  # perhaps it is there all the same: the next look tells
        except RefusedError as error:
            self._bear(error, method)
        else:
            self._posted = self._posted or method == "POST"
        self._pause()

    def _pause(self) -> None:
        """A list may lag behind, and another run may be about to write over what it saw before."""
        self._api.pause()

    def _bear(self, error: RefusedError, method: str) -> None:
        """Go on after what another look or fewer words can mend; else raise."""
        if error.status == _GONE and method != "POST":
            return
        if error.status == _TOO_LONG and method != "DELETE" and self._limit > _MUCH_SHORTER:
            self._limit = _MUCH_SHORTER
            return
        raise error

    def _text(self, text: str) -> str:
        return shortened(text, self._room())

    def _room(self) -> int:
        return self._limit - len(self._lines())

    def _lines(self) -> str:
        """The lines that are not shown."""
        note = self._note
        ours = f"<!-- guardrail:run commit={note.commit} id={note.run.id} attempt={note.run.attempt} -->\n"
        return marker(note.tag) + ours


_ApiRequest: TypeAlias = tuple[str, str, str]
"""Method, path, and the text of the comment where there is one to write."""


class _WritingSections(_Writing):
    """One run that writes its sections into a comment that other runs write, too."""

    rounds = _ROUNDS_OF_SECTIONS

    def __init__(
        self,
        api: Api,
        where: PullRequest,
        note: CommentText,
        ours: Mapping[str, CommentSection],
        *,
        only: Collection[str] | None,
        if_there: bool,
    ) -> None:
        super().__init__(api, where, note, if_there=if_there)
        self._ours, self._only = ours, only

    def _next(self, there: list[tuple[int, CommentText]], *, at_head: bool) -> _ApiRequest | None:
        if not there:
            return self._first(self._composed(self._ours))
        if not at_head:
            self._done = "left"
            return None
        commit = self._note.commit
        sides = [parsed(note.text) for _, note in there]
        if self._if_there and self._only is None and not any(side.keys() & self._ours for side in sides):
            self._done = "absent"  # a stack that changes nothing is in no comment, whichever job comes first
            return None
        found = merged([*sides, self._ours], commit)
        kept = {name: found[name] for name in found if self._only is None or name in self._only}
        text = self._composed(kept)
        (number, oldest), *younger = there
        if _plain(oldest.text) != _plain(text):
            if time.monotonic() - self._looked > QUICKLY_S:
                return "GET", "", ""
            return self._update(number, text)
        if any(kept[name] != section for name, section in self._ours.items() if name in kept):
            self._done = "left"
        return ("DELETE", f"{self._comments}/{younger[0][0]}", "") if younger else None

    def _composed(self, sections: Mapping[str, CommentSection]) -> str:
        text = composed(sections.values(), self._note.commit, self._room(), are_all=self._only is not None)
        return self._told_again(text)

    def _act(self, method: str, path: str, text: str) -> None:
        if method != "GET":  # what was seen is too old to be written over
            super()._act(method, path, text)

    def _pause(self) -> None:
        self._api.pause(SETTLING_S, JITTER_S)


def _plain(text: str) -> str:
    """Without what GitHub may change of it, and without the commit and the run that links lead to."""
    return _OF_A_RUN.sub("", text.replace("\r\n", "\n").strip())
