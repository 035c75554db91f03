"""Readers: from infrastructure code to change sets. A reader only translates; the model owns the meaning."""

from guardrail.errors import SourceError
from guardrail.model import ChangeSet
from guardrail.sources import plan
from guardrail.sources.base import Source

SOURCES: tuple[Source, ...] = (plan,)
"""In the order in which they are asked; the first that recognizes a path reads it."""


def read(path: str, *, region: str | None = None) -> ChangeSet:
    """The change set in ``path`` ("-" for standard input).

    ``region`` is for resources whose region nothing in the source tells. Raises `SourceError` where no reader can make
    sense of it.
    """
    for source in SOURCES:
        if source.recognizes(path):
            return source.read(path, region=region)
    raise SourceError(f"{path} is nothing that guardrail reads", hint="guardrail check plan.json")
