"""What edited files are called in the repository that they lie in, and with which line ends it keeps them."""

import os
from collections.abc import Mapping

from msgspec import Struct

from guardrail.errors import NoRevisionError
from guardrail.git import Commit, repository_of
from guardrail.working_tree import working_tree_of


class Placed(Struct, frozen=True, kw_only=True):
    """Files to patch, by their paths from one folder."""

    top: str
    """The folder: the root of the repository, or the working directory where there is none."""
    files: Mapping[str, tuple[bytes, bytes]]
    """Before and after, with the line ends that the repository keeps."""


def placed(contents: Mapping[str, tuple[bytes, bytes]], *, any_owner: bool) -> list[Placed]:
    """Files by real path, as each of the repositories has them that they lie in. Raises `GitError`."""
    groups: dict[str, dict[str, tuple[bytes, bytes]]] = {}
    for path, (before, after) in contents.items():
        top = working_tree_of(os.path.dirname(path)) or os.path.realpath(os.curdir)
        is_turned = b"\r\n" in before and _is_turned(path, any_owner=any_owner)
        pair = (_with_line_feeds(before), _with_line_feeds(after)) if is_turned else (before, after)
        groups.setdefault(top, {})[os.path.relpath(path, top).replace(os.sep, "/")] = pair
    return [Placed(top=top, files=files) for top, files in groups.items()]


def _is_turned(path: str, *, any_owner: bool) -> bool:
    """Whether git turns the line ends of a file when it checks it out (``eol=crlf``, ``core.autocrlf``)."""
    repository = repository_of(path, any_owner=any_owner)
    try:
        kept = Commit(repository, "HEAD").read(path) if repository else None
    except NoRevisionError:  # nothing has been committed yet
        return False
    return kept is not None and b"\r\n" not in kept


def _with_line_feeds(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")
