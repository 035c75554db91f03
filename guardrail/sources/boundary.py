"""Boundary: how far the paths lead that source names. What a flag names is the user's, and may lie anywhere."""

import os
from typing import TypeAlias

from msgspec import Struct

from guardrail import files
from guardrail.errors import SourceError
from guardrail.working_tree import working_tree_of

_PRIVATE = frozenset({".git", "terraform.tfstate"})
"""Names of files and folders that hold what no source shall show: a checkout keeps its token in ``.git/config``,
``terraform init`` the keys of a backend in ``.terraform/terraform.tfstate``."""


class Boundary(Struct, frozen=True):
    """The directory within which source may have files read: ``/home/ada/shop`` for ``/home/ada/shop/infra/main.tf``.

    ``holds("infra/a.json")`` is true, ``holds("../secrets")`` and ``holds("infra/link-to-etc/shadow")`` are not.
    """

    directory: str
    """Its real path."""

    def holds(self, path: str) -> bool:
        """Whether what ``path`` leads to, through every link, lies within, and is nothing private."""
        inside = self._inside(path)
        return inside is not None and not is_private(inside)

    def surrounds(self, path: str) -> bool:
        """Whether what ``path`` leads to lies within, be it private or not."""
        return self._inside(path) is not None

    def _inside(self, path: str) -> str | None:
        """The way from the directory to what ``path`` leads to; None where it lies outside."""
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError):  # a null character in it
            return None
        return real[len(self.directory) :] if files.lies_in(real, self.directory) else None


KnownBoundaries: TypeAlias = dict[str, Boundary]
"""The boundaries that one run has worked out, by the input as it is named, so that its inputs share them."""


def is_private(path: str) -> bool:
    """Whether a way through folders leads to what no source shall show: ``infra/.git/config``."""
    return not _PRIVATE.isdisjoint(name.casefold() for name in path.split(os.sep))


def boundary_of(path: str) -> Boundary:
    """The boundary of an input: its git repository, else the working directory if it lies there, else its own folder.

    Raises `SourceError` for a link in a repository that leads out of it: whoever wrote the link may not be who named
    it on the command line.
    """
    written = os.path.abspath(path)
    folder = written if os.path.isdir(written) else os.path.dirname(written)
    top = working_tree_of(folder)
    if top is not None:
        boundary = Boundary(os.path.realpath(top))
        if not boundary.surrounds(written):
            raise SourceError(
                f"{path} leads out of its repository, and is not read", hint="name what it leads to, if you trust it"
            )
        return boundary
    here = Boundary(os.path.realpath(os.curdir))
    return here if here.surrounds(written) else Boundary(os.path.realpath(folder))
