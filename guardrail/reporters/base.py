"""What a reporter is: a module with `render`, listed in `guardrail.reporters` and imported when asked for."""

from typing import Protocol

from msgspec import Struct

from guardrail.report import Report


class Links(Struct, frozen=True, kw_only=True):
    """Where a forge shows the code that was read, and the run that read it."""

    blob: str
    """What a path is put behind: ``https://github.com/acme/shop/blob/COMMIT``."""
    run: str = ""
    """The run's own page; empty where it is not known."""
    elsewhere: dict[str, str] = {}
    """Other values of `blob`, for paths that are not the same there; empty for those that no commit shows."""


class Options(Struct, frozen=True, kw_only=True):
    """How to write for the place where the text goes. A format that is read by machines minds none of it."""

    width: int = 80
    """Columns of the terminal. Names are shortened to fit, numbers never."""
    colour: bool = False
    """Whether ANSI colours may be used."""
    glyphs: bool = True
    """Whether the encoding carries ``– ✗ ≥ ·``; else everything is written in ASCII."""
    bill: bool = False
    """Every line of the bill, where a change would show only what changes."""
    show_skipped: bool = False
    """List every skipped resource instead of counting those with the same reason."""
    tag: str = "default"
    """Tells this check from others of the same pull request: part of the comment's marker and of SARIF's category."""
    root: str = ""
    """Absolute path of the repository, which places in code are relative to; empty where there is none."""
    directory: str = ""
    """The working directory, relative to `root`; empty where they are the same."""
    links: Links | None = None
    """None outside of a forge."""
    lines: dict[tuple[str, int], str] = {}
    """The code that findings point to, by path and line, as far as it may be shown."""
    fixable: frozenset[str] = frozenset()
    """The ids of findings that ``guardrail fix`` has an edit for."""


DEFAULT = Options()


class Reporter(Protocol):
    """A format: a module with this function."""

    def render(self, report: Report, options: Options = DEFAULT) -> str:
        """The report as text that ends with a newline."""
        ...
