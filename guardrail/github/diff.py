"""The lines of a pull request's diff that a review can comment on.

GitHub accepts a comment on lines that the right side of one hunk shows, context included, and refuses the whole review
for any other (422, "line must be part of the diff", "must be part of the same hunk"). So it is GitHub's own diff that
tells: the ``patch`` of each file, as "List pull requests files" has it. Of large and binary files it has none.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

_HEAD = re.compile(r"@@ -\d+(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


class FileDiff(Struct, frozen=True):
    """A file of a pull request, as GitHub tells it."""

    filename: str
    sha: str | None = None
    """What git calls its content at the head."""
    patch: str | None = None


class Hunk(Struct, frozen=True):
    """Lines of the new file that stand together in a diff."""

    first: int
    last: int
    cuts: tuple[int, ...]
    """Lines above which the diff shows lines that are gone: a suggestion over them cannot be applied."""

    def shows(self, first: int, last: int) -> bool:
        """Whether it has these lines and all between them."""
        return self.first <= first and last <= self.last

    def is_cut(self, first: int, last: int) -> bool:
        """Whether lines are gone between these."""
        return any(first < cut <= last for cut in self.cuts)


def hunks(patch: str) -> Iterator[Hunk]:
    """The hunks of a patch, as far as they are whole: one that was cut short, and what follows, is left out."""
    rows = iter(patch.split("\n"))
    for row in rows:
        head = _HEAD.match(row)
        if head is None:
            return
        left, first, right = (1 if text is None else int(text) for text in head.groups())
        at, cuts = first, []
        while left > 0 or at < first + right:
            sign = next(rows, "")[:1]
            if sign == "-":
                left -= 1
                cuts.append(at)
            elif sign == "+":
                at += 1
            elif sign == " ":
                left, at = left - 1, at + 1
            elif sign != "\\":
                return
        if right:
            yield Hunk(first, at - 1, tuple(dict.fromkeys(cuts)))
