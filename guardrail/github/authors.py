"""Whose comments count as ours: strangers can write a line that is not shown, too."""

from msgspec import Struct

from guardrail.github.api import Api, RefusedError

_ACCESS = ("OWNER", "MEMBER", "COLLABORATOR")


class Author(Struct, frozen=True):
    """Who wrote a comment, as GitHub tells it."""

    login: str = ""
    type: str = ""


class Authored(Struct, frozen=True):
    """A comment as GitHub tells it, with what tells whose it is."""

    id: int
    body: str | None = None
    user: Author | None = None
    author_association: str = ""


class Authors:
    """Asks once who owns the token."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._login: str | None = None

    def count(self, comment: Authored) -> bool:
        """Whether a bot wrote it, somebody who may write here anyway, or the token's owner, whose access may be hidden.

        The token of a workflow has no owner that it may ask for: its comments are a bot's.
        """
        author = comment.user
        if comment.author_association in _ACCESS or (author is not None and author.type == "Bot"):
            return True
        if self._login is None:
            try:
                self._login = self._api.get("/user", Author).login
            except RefusedError:
                self._login = ""
        return author is not None and author.login == self._login != ""
