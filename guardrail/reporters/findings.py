"""Results as people read them: what says the same of many instances of one block is said once."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.wording import without_indexes

_WORD = re.compile(r"\w[\w-]*")
_NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b")


class Finding(Struct, frozen=True):
    """Results of one policy on instances of one block that differ in nothing but names and numbers."""

    results: tuple[Result, ...]
    """In the order of the report, so the dearest comes first."""

    @property
    def dearest(self) -> Result:
        """The result that speaks for all."""
        return self.results[0]

    @property
    def block(self) -> str:
        """Where to mend it: the address, without indexes where it stands for several instances."""
        return self.dearest.address if len(self.results) == 1 else without_indexes(self.dearest.address)


def findings(results: Iterable[Result], names: Mapping[tuple[str, str], str]) -> list[Finding]:
    """``results`` grouped, in their own order. ``names`` are those of the endpoints, by source and address."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        key = (
            result.source,
            result.policy,
            result.severity,
            result.verdict,
            result.status,
            result.variant,
            without_indexes(result.address),
            _shape(result, names),
        )
        groups.setdefault(key, []).append(result)
    return [Finding(tuple(group)) for group in groups.values()]


def endpoint_names(report: Report) -> dict[tuple[str, str], str]:
    """The name of each endpoint whose name is known, by source and address."""
    return {
        (item.source, item.endpoint.address): item.endpoint.name
        for item in (*report.endpoints, *report.unattached)
        if isinstance(item.endpoint.name, str)
    }


def _shape(result: Result, names: Mapping[tuple[str, str], str]) -> str:
    """The message without what tells one instance from the next: its addresses, its name, its numbers."""
    message = result.message.replace(result.address, "_")
    if result.endpoint is None:
        return _NUMBER.sub("#", message)
    message = message.replace(result.endpoint, "_")
    name = names.get((result.source, result.endpoint))
    if name is not None:
        message = _WORD.sub(lambda word: "_" if word[0] == name else word[0], message)
    return _NUMBER.sub("#", message)
