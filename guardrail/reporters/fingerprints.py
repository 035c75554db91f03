"""What makes a finding the same finding in the next run, whatever became of its numbers and of the lines around it."""

from collections import Counter
from hashlib import sha256

from guardrail.policy.base import Result
from guardrail.reporters.places import Place
from guardrail.reporters.wording import without_indexes


class Fingerprints:
    """Fingerprints of the findings of one report, each of them once."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, result: Result, place: Place) -> str:
        """The hash of policy, file, block and variant, then which finding with that hash it is, from 1: ``3f…9c:1``.

        Neither lines nor amounts are part of it, so it survives edits above the block and changes of price. Instances
        of one block share it: which of them fail may change with every apply.
        """
        parts = (result.policy, place.path, without_indexes(result.address), result.variant or "")
        digest = sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"
