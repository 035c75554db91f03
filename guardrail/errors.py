"""The errors that end a run: one lower-case line, and a hint that can be pasted.

A violated policy, a missing price, an unknown value or a skipped resource is not an error: it is part of the answer.
"""


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


class PriceBookError(GuardrailError):
    """A price table that is missing, unreadable or contradicts itself."""


class PolicyError(GuardrailError):
    """A policy file that does not load."""


class SettingsError(GuardrailError):
    """A settings or usage file that does not load."""


class MissingExtraError(GuardrailError):
    """A command that needs an optional dependency which is not installed."""
