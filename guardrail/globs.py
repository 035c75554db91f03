"""Globs as regular expressions that take time in proportion to the text, whatever the pattern."""

from collections.abc import Sequence


def spread(pieces: Sequence[str], anything: str) -> str:
    """An expression for pieces in a row with any number of ``anything`` between; the first place that fits is kept.

    Nothing is tried again, so it takes time in proportion to the text for each piece. ``spread(["a", "b"], "[^/]")`` is
    the glob ``a*b``.
    """
    first, *others = pieces
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>{anything}*?{piece})" for piece in middle) + f"{anything}*{last}"
