"""What a fix consists of: changes to named resources, in no language, and the edits of bytes that they come to."""

from typing import TypeAlias

from msgspec import Struct

from guardrail import files

PropertyPath: TypeAlias = tuple[str | int, ...]
"""Where in a resource, by CloudFormation's names: ``("ProductionVariants", 0, "VolumeSizeInGB")``."""
PropertyScalar: TypeAlias = str | int | float | bool


def literal(value: PropertyScalar) -> str:
    """A value without its quotes, as both languages write it: ``true``, ``0.7``, ``ml.m5.xlarge``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


class NoFixError(Exception):
    """Why no edit is offered, as a clause: ``the value is worked out by max()``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SetProperty(Struct, frozen=True):
    """Give a property that is written another value."""

    address: str
    path: PropertyPath
    value: PropertyScalar


class SetWord(Struct, frozen=True):
    """Put a word in place of the one in a text that is nearly it: ``AllTraffic`` for ``AllTrafic`` in a resource id."""

    address: str
    paths: tuple[PropertyPath, ...]
    """The properties of which one has the wrong word."""
    word: str
    old: str | None = None
    """The word that is wrong, where that is known; else the one that is nearly it."""


class Remove(Struct, frozen=True):
    """Leave a property out that is written."""

    address: str
    path: PropertyPath


class NameEndpoint(Struct, frozen=True):
    """Name the endpoint that a target scales in the only dimension of a metric that names another one."""

    address: str
    path: PropertyPath
    target: str


class AddTarget(Struct, frozen=True):
    """Add a scaling target for a variant."""

    endpoint: str
    configuration: str
    variant: int
    name: str
    """Of the variant."""
    least: int | None = 0
    """None for the count that the variant starts with."""
    most: int | None = None
    """None for the count that the variant starts with."""


class AddTracking(Struct, frozen=True):
    """Add a target tracking policy to a scaling target."""

    target: str
    metric: str
    value: float
    predefined: bool


class AddWake(Struct, frozen=True):
    """Add the step policy that brings the first instance, or copy, back, with its alarm."""

    target: str
    variant: str
    """Its name, for the name of the alarm where its endpoint has several."""
    several: bool
    policy: str | None = None
    """The step policy that is there already and lacks the alarm alone."""
    alarm: str | None = None
    """The alarm that watches already and has no actions."""
    copies: bool = False
    """Whether it is an inference component that is woken."""


ProposedChange: TypeAlias = SetProperty | SetWord | NameEndpoint | Remove | AddTarget | AddTracking | AddWake


class TextEdit(Struct, frozen=True):
    """Text in place of what stands between two offsets of a file, in characters of its whole text."""

    path: str
    start: int
    end: int
    text: str


class EditedText(Struct, frozen=True):
    """The text of a file that may be edited: UTF-8, its byte order mark and line ends as they are."""

    path: str
    text: str

    @property
    def newline(self) -> str:
        """How its lines end."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"

    @property
    def mark(self) -> int:
        """1 where a byte order mark stands before everything that its readers see."""
        return 1 if self.text.startswith("\ufeff") else 0


def text_at(path: str, shown: str) -> EditedText:
    """The text of a file by its real path, ``shown`` as it is called. Raises `NoFixError` where it cannot be edited."""
    try:
        return text_of(path, files.content(path))
    except OSError as error:
        raise NoFixError(f"{shown} cannot be read: {error.strerror}") from None


def text_of(path: str, content: bytes) -> EditedText:
    """The text of a file. Raises `NoFixError` where it is in another encoding than UTF-8."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:2]:
        raise NoFixError(f"{path} is not in UTF-8")
    try:
        return EditedText(path, content.decode("utf-8"))
    except UnicodeDecodeError:
        raise NoFixError(f"{path} is not in UTF-8") from None


def edited(text: str, edits: list[TextEdit]) -> str:
    """A text with edits that do not overlap. Raises `NoFixError` for edits that do."""
    pieces: list[str] = []
    last = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < last:
            raise NoFixError("two of its edits overlap")
        pieces += (text[last : edit.start], edit.text)
        last = edit.end
    return "".join((*pieces, text[last:]))
