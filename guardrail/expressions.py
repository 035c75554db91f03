"""Regular expressions that are compiled when the first text is held against them.

A check imports fifty of them and asks twenty. To compile one takes a tenth of a millisecond, which every start paid.
"""

import re
from typing import Any, AnyStr, cast


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile``, put off: ``expression(r"[0-9]+").fullmatch("12")``. Raises `re.error` where it is used."""
    return cast("re.Pattern[AnyStr]", _LazyExpression(pattern, flags))


class _LazyExpression:
    """What becomes a compiled expression, method by method."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """A method of the compiled expression, which stays at hand."""
        method = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, method)
        return method
