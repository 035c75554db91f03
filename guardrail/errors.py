"""The errors that end a run: one lower-case line, and a hint that can be pasted.

A violated policy, a missing price, an unknown value or a skipped resource is not an error: it is part of the answer.
"""

from collections.abc import Iterable


class GuardrailError(Exception):
    """Something that the person at the keyboard can mend.

    ``message`` is one line without a trailing period; ``hint`` says what to do, and is empty where nobody knows.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SourceError(GuardrailError):
    """An input that cannot be read, or is not what it seems."""


class LimitError(GuardrailError):
    """An input that makes more of itself than `guardrail.limits` allows; who evaluates it may answer Unknown instead.

    The message says of an "it" what it does: ``it makes more than 1,000,000 values``.
    """


class MalformedError(Exception):
    """A text that is not of its language: the problem, and its line and column, from 1, where they are known.

    Whoever knows what the text is for makes a `GuardrailError` of it, with `at` for its message.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column

    def at(self, path: str) -> str:
        """The problem in one line, with the file and the place in it: ``a.yaml:3:7: duplicate key 'x'``."""
        place = (path, *(str(number) for number in (self.line, self.column) if number is not None))
        return f"{':'.join(place)}: {self.problem}"


class GitError(SourceError):
    """A past that git does not know, or that this repository does not hold."""


class NoRevisionError(GitError):
    """A revision that a repository does not have, as ``HEAD`` before the first commit."""


class SubmoduleError(GitError):
    """A path that was in a submodule, whose past is in a repository of its own."""


class PastUnreadableError(SourceError):
    """A file of the compared commit that cannot be read by any means: the present side still counts.

    A link that led nowhere, a file of 70 MB, a pointer of git LFS, or what was no source of its language.
    """


class NotATemplateError(SourceError):
    """A file that is sound, or at least is no template, so that a hook may pass over it."""


class PriceBookError(GuardrailError):
    """A price table that is missing, unreadable or contradicts itself."""


class PolicyError(GuardrailError):
    """A policy file that does not load."""


class SettingsError(GuardrailError):
    """A settings or usage file that does not load."""


class AWSError(GuardrailError):
    """Something that AWS did not answer, or answered with what it cannot mean."""


class GitHubError(GuardrailError):
    """Something that GitHub did not answer, or did not do."""


class MissingExtraError(GuardrailError):
    """A command that needs an optional dependency which is not installed."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``, did you mean X?`` for the nearest of ``known``, to end a message with; empty where nothing is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]}?" if near else ""
