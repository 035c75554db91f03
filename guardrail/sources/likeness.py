"""What was renamed: what is new may be what is gone, where half of what they declare is the same."""

import os
from collections.abc import Mapping

_ALIKE = 0.5
"""The least share that both have in common, as ``git diff`` has it of files."""


def renamed(come: Mapping[str, frozenset[object]], gone: Mapping[str, frozenset[object]]) -> dict[str, str]:
    """By the path of what is new, the path that it had: the likest ones first, of these those of one name.

    ``renamed({"b": frozenset("xy")}, {"a": frozenset("xyz")})`` is ``{"b": "a"}``: they share two of three.
    """
    likeness = sorted(
        (-_share(come[new], gone[old]), os.path.basename(new) != os.path.basename(old), new, old)
        for new in come
        for old in gone
    )
    found: dict[str, str] = {}
    for share, _, new, old in likeness:
        if -share >= _ALIKE and new not in found and old not in found.values():
            found[new] = old
    return found


def _share(one: frozenset[object], other: frozenset[object]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
