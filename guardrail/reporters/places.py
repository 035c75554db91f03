"""Where a result stands, as tools that show code want it: a file of the repository and a line.

A plan carries no lines, and a result about the stack has none. Tools that drop what has no place (code scanning rejects
the whole upload) are then given the first line of the input itself.
"""

import os
import posixpath
from collections.abc import Iterator

from msgspec import Struct, structs

from guardrail.model import Location
from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.base import Options

STANDARD_INPUT = "standard-input"
"""The path of what was read from ``-``."""


class Place(Struct, frozen=True):
    """A file, relative to the root of the repository, and a place in it."""

    path: str
    line: int = 1
    """1-based."""
    column: int = 1
    """1-based."""
    known: bool = False
    """Whether it is the line to change, and not the input as a whole."""
    is_inside: bool = True
    """Whether the file lies in the repository."""
    calls: "tuple[Place, ...]" = ()
    """The argument that a value is used in which is written here, and the module calls that lead to it."""
    how: str = "called"
    """What happens there, as one of the `calls` of another place: used, or called."""


def _calls(location: Location) -> Iterator[Location]:
    """The argument that a value is used in, and the module calls that lead to a place."""
    call = location.used_at or location.called_at
    while call is not None:
        yield call
        call = call.called_at


class FindingPlaces:
    """The places of the results of one report."""

    def __init__(self, report: Report, options: Options) -> None:
        self._options = options
        self._inputs = {source.id: Place(self.relative(source.path)) for source in report.sources}
        self.whole = next(iter(self._inputs.values()), Place(STANDARD_INPUT))
        """Where it says what is about everything: the first input."""

    def of(self, result: Result) -> Place:
        """The place to change, or the first line of the input; of the first input where it is about all of them."""
        location = result.location
        if location is None:
            return self._inputs.get(result.source, self.whole)
        calls = [self._place(call, ()) for call in _calls(location)]
        if location.used_at is not None:
            calls[0] = structs.replace(calls[0], how="used")
        return self._place(location, tuple(calls))

    def _place(self, location: Location, calls: tuple[Place, ...]) -> Place:
        line, column = max(location.line, 1), max(location.column, 1)
        inside = self._inside(location.path)
        path = posixpath.basename(location.path.replace(os.sep, "/")) if inside is None else inside
        return Place(path, line, column, known=True, is_inside=inside is not None, calls=calls)

    def link(self, place: Place) -> str:
        """Where a forge shows a line of the repository; empty outside of one, and for what is not in the repository."""
        links = self._options.links
        blob = links.elsewhere.get(place.path, links.blob) if links is not None else ""
        if not blob or not place.known or not place.is_inside or not self._options.root:
            return ""
        from urllib.parse import quote

        return f"{blob}/{quote(place.path, errors='backslashreplace')}#L{place.line}"

    def relative(self, path: str) -> str:
        """``path`` from the root of the repository; what lies outside keeps its name alone."""
        if path == "-":
            return STANDARD_INPUT
        inside = self._inside(path)
        return posixpath.basename(path.replace(os.sep, "/")) if inside is None else inside

    def _inside(self, path: str) -> str | None:
        """``path`` from the root of the repository; None of one outside."""
        path = path.replace(os.sep, "/")
        if os.path.isabs(path):
            root = self._options.root.replace(os.sep, "/").rstrip("/")
            if not root or not path.startswith(f"{root}/"):
                return None
            path = posixpath.normpath(path[len(root) + 1 :])
        else:
            path = posixpath.normpath(posixpath.join(self._options.directory.replace(os.sep, "/"), path))
        return None if path == ".." or path.startswith("../") else path
