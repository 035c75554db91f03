"""One comment on a pull request, however many runs write it.

The comment is found by its first line, which Markdown does not show; the second says of which commit and run it is.
GitHub has no way to write only where nobody else has, so every run follows the same rules and looks again after each
thing it did, until there is nothing left to do:

- The oldest comment of a tag is the one; of younger ones a run deletes its own, and those that it outranks.
- A run whose commit is no longer the head of the pull request replaces nothing.
- Of two runs on one commit the later one wins.
- What says the same already, but for the commit and the run that its links name, is left alone.

A comment counts where a bot, somebody with access to the repository or the owner of the token wrote it: strangers can
write that line too.
"""

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.errors import GitHubError
from guardrail.github.api import Api, RefusedError, UncertainError
from guardrail.github.runner import Run
from guardrail.reporters.markdown import COMMENT_LIMIT, marker

Done: TypeAlias = Literal["created", "updated", "unchanged", "left", "absent"]
"""What became of the comment; "left" to a run that is ahead of this one, "absent" where none was worth writing."""

_ROUNDS = 8
_PER_PAGE = 100
_GONE, _TOO_LONG = 404, 422
_MUCH_SHORTER = COMMENT_LIMIT // 4
_CUT = "\n_Cut to fit into a comment: the report of the run has all of it._\n"
_LINES = re.compile(
    r"\A<!-- guardrail:comment tag=(?P<tag>\S+) -->\r?\n"
    r"(?:<!-- guardrail:run commit=(?P<commit>[0-9a-f]+) id=(?P<id>\d+) attempt=(?P<attempt>\d+) -->\r?\n)?"
)
_OF_A_RUN = re.compile(r"(?<=/blob/)[0-9a-f]{40,64}(?=/)|(?<=/actions/runs/)\d+(?=\))")
_UNCHANGED = re.compile(r"\A### \S+ Nothing of SageMaker changes(?=:)")
"""A first line that, where a comment has told of a change, says too little."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MOST_SECTIONS = 10
_ROOM_TO_CLOSE = 256
"""Bytes for a fence and `_MOST_SECTIONS`."""
_ACCESS = ("OWNER", "MEMBER", "COLLABORATOR")


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


class _Author(Struct, frozen=True):
    login: str = ""
    type: str = ""


class _Comment(Struct, frozen=True):
    """A comment as GitHub tells it."""

    id: int
    body: str | None = None
    user: _Author | None = None
    author_association: str = ""

    def has_access(self) -> bool:
        """Whether a bot wrote it, or somebody who may write here anyway."""
        return (self.user is not None and self.user.type == "Bot") or self.author_association in _ACCESS

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


def split(body: str) -> tuple[str | None, str]:
    """The tag in the first line of ``body``, where it has that line, and the text below."""
    found = _LINES.match(body)
    return (found["tag"], body[found.end() :]) if found else (None, body)


def comment(api: Api, where: PullRequest, note: CommentText, *, if_there: bool = False, dry_run: bool = False) -> Done:
    """Make ``note`` the one comment of its tag, or find out what would be done. Raises `GitHubError`.

    With ``if_there`` nothing is written where there is no comment of its tag.
    """
    return _Writing(api, where, note, if_there=if_there).settled(dry_run=dry_run)


class _Writing:
    """One run that writes its comment."""

    def __init__(self, api: Api, where: PullRequest, note: CommentText, *, if_there: bool) -> None:
        self._api, self._if_there = api, if_there
        self._issue = f"/repos/{where.repository}/issues/{where.number}"
        self._pull = f"/repos/{where.repository}/pulls/{where.number}"
        self._comments = f"/repos/{where.repository}/issues/comments"
        self._note = structs.replace(note, text=_UNCHANGED.sub(r"\g<0> any more", note.text)) if if_there else note
        self._limit = COMMENT_LIMIT
        self._done: Done = "unchanged"
        self._posted = False
        """Whether GitHub has confirmed a new comment, which a list may not show yet."""
        self._login: str | None = None

    def settled(self, *, dry_run: bool) -> Done:
        """Look and act until there is nothing left to do."""
        for _ in range(_ROUNDS):
            there = self._there()
            request = self._next(there, at_head=self._is_head())
            if request is None or dry_run:
                return self._done
            self._act(*request)
        raise GitHubError(f"comments of tag {self._note.tag} keep changing", hint="give every check its own --tag")

    def _there(self) -> list[tuple[int, CommentText]]:
        """The comments of this tag, the oldest first."""
        listed = self._api.items(f"{self._issue}/comments?per_page={_PER_PAGE}", _Comment)
        noted = ((each, each.note(self._note.tag)) for each in listed)
        ours = [(each.id, note) for each, note in noted if note and (each.has_access() or self._is_mine(each))]
        return sorted(ours, key=itemgetter(0))

    def _is_mine(self, found: _Comment) -> bool:
        """Whether the owner of the token wrote it, whose access may be hidden; that of a workflow has none."""
        if self._login is None:
            try:
                self._login = self._api.get("/user", _Author).login
            except RefusedError:
                self._login = ""
        return found.user is not None and found.user.login == self._login != ""

    def _is_head(self) -> bool:
        return self._api.get(self._pull, _PullRequestNow).head.sha == self._note.commit

    def _next(self, there: list[tuple[int, CommentText]], *, at_head: bool) -> tuple[str, str] | None:
        """Method and path of the next thing to do; None where all is as it should be."""
        if not there:
            self._done = "absent" if self._if_there else "created"
            if self._posted or self._if_there:
                return None
            return "POST", f"{self._issue}/comments"
        (number, oldest), *younger = there
        if _plain(oldest.text) != _plain(self._text()):
            if self._outranks(oldest, at_head=at_head):
                self._done = "updated"
                return "PATCH", f"{self._comments}/{number}"
            self._done = "left"
        for number, note in younger:
            if self._outranks(note, at_head=at_head):
                return "DELETE", f"{self._comments}/{number}"
        return None

    def _outranks(self, other: CommentText, *, at_head: bool) -> bool:
        ours = self._note
        if other.commit == ours.commit:
            return other.run == ours.run or (at_head and other.run < ours.run)
        return at_head

    def _act(self, method: str, path: str) -> None:
        payload = None if method == "DELETE" else {"body": self._body()}
        try:
            self._api.change(method, path, payload)
        except UncertainError:
            pass  # perhaps it is there all the same: the next look tells
        except RefusedError as error:
            self._bear(error, method)
        else:
            self._posted = self._posted or method == "POST"
        self._api.pause()  # a list may lag behind, and another run may be about to write over what it saw before

    def _bear(self, error: RefusedError, method: str) -> None:
        """Go on after what another look or fewer words can mend; else raise."""
        if error.status == _GONE and method != "POST":
            return
        if error.status == _TOO_LONG and method != "DELETE" and self._limit > _MUCH_SHORTER:
            self._limit = _MUCH_SHORTER
            return
        raise error

    def _body(self) -> str:
        return self._lines() + self._text()

    def _text(self) -> str:
        return shortened(self._note.text, self._limit - len(self._lines()))

    def _lines(self) -> str:
        """The lines that are not shown."""
        note = self._note
        ours = f"<!-- guardrail:run commit={note.commit} id={note.run.id} attempt={note.run.attempt} -->\n"
        return marker(note.tag) + ours


def shortened(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes: lines from the top, what they open closed again, and a line that says so."""
    if len(text.encode("utf-8", "backslashreplace")) <= limit:
        return text
    room = limit - len(_CUT) - _ROOM_TO_CLOSE
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        room -= len(line.encode("utf-8", "backslashreplace"))
        if room < 0:
            break
        kept.append(line)
    return "".join([*kept, *_closing(kept), _CUT])


def _closing(lines: Iterable[str]) -> Iterator[str]:
    """What closes the code block and the sections that ``lines`` leave open."""
    fence, sections = "", 0
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            closes = found is not None and found[1].startswith(fence) and line.strip() == found[1]
            fence = "" if closes else fence
        elif found is not None:
            fence = found[1]
        else:
            sections += line.count("<details") - line.count("</details>")
    if fence:
        yield f"{fence}\n"
    yield from ["\n</details>\n"] * min(sections, _MOST_SECTIONS)


def _plain(text: str) -> str:
    """Without what GitHub may change of it, and without the commit and the run that links lead to."""
    return _OF_A_RUN.sub("", text.replace("\r\n", "\n").strip())
