"""Findings: results grouped for people, so that eight instances of one block with one fault make one entry."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.expressions import expression
from guardrail.model import Endpoint, Unknown
from guardrail.money import ZERO
from guardrail.policy.base import Result, without_indexes
from guardrail.report import Report
from guardrail.reporters.wording import inert

_KEY = expression(r'\["((?:[^"\\]|\\.)*)"\]')
_NUMBER = expression(r"\b\d[\d,]*(?:\.\d+)?\b")


class Finding(Struct, frozen=True):
    """Results of one policy on instances, or endpoints, of one block that differ in nothing but names and numbers."""

    results: tuple[Result, ...]
    """In the order of the report, so the dearest comes first."""

    @property
    def dearest(self) -> Result:
        """The result that speaks for all."""
        return self.results[0]

    @property
    def block(self) -> str:
        """Where to mend it: the address, without indexes where it stands for several instances."""
        return self.dearest.address if self.is_one_block else without_indexes(self.dearest.address)

    @property
    def is_one_block(self) -> bool:
        """Whether all its results are about one block: several endpoints may use one configuration."""
        return all(result.address == self.dearest.address for result in self.results)


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
            shape(result, names),
        )
        groups.setdefault(key, []).append(result)
    return [Finding(tuple(group)) for group in groups.values()]


def endpoint_names(report: Report) -> dict[tuple[str, str], str]:
    """The name of each endpoint, or what is known of it, by source and address."""
    names = {
        (item.source, item.endpoint.address): name.partial if isinstance(name := item.endpoint.name, Unknown) else name
        for item in (*report.endpoints, *report.unattached)
    }
    return {key: name for key, name in names.items() if name}


def shape(result: Result, names: Mapping[tuple[str, str], str]) -> str:
    """The message without what tells one instance from the next: its addresses, keys, name and numbers.

    The name stands first where it is spelled like a word of the message ("a", as in "a month").
    """
    message = result.message.replace(result.address, "_")
    if result.endpoint is None:
        return _NUMBER.sub("#", message)
    message = message.replace(result.endpoint, "_")
    for key in _KEY.findall(result.address) if "[" in result.address else ():
        message = _without_word(message, key)
    name = names.get((result.source, result.endpoint))
    if name is not None:
        message = _without_word(message, name)
    return _NUMBER.sub("#", message)


def _without_word(text: str, word: str) -> str:
    """``text`` with the first place masked where ``word`` stands alone."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _continues(text[start - 1 : start]) and not _continues(text[end : end + 1]):
            return f"{text[:start]}_{text[end:]}"
        start = text.find(word, start + 1)
    return text


def _continues(character: str) -> bool:
    return character.isalnum() or character in ("-", "_")


def counts(result: Result, report: Report) -> bool:
    """Whether a failure is held against this change: it is new, or old findings count as well."""
    return result.status == "new" or report.all_findings


class Savings(Struct, frozen=True):
    """What mending findings that say the same saves together."""

    usd: Decimal
    """A month."""
    at_most: bool
    """Whether one of them is the most that can be saved."""


def savings(group: Iterable[Finding]) -> Savings | None:
    """The sum over all of a group: 84.51 USD, at most, of each of eight instances are 676.08; None without money."""
    results = [result for finding in group for result in finding.results]
    known = [result.saving_monthly for result in results if isinstance(result.saving_monthly, Decimal)]
    if not known:
        return None
    return Savings(sum(known, ZERO), any(result.saving_basis == "upper-bound" for result in results))


MOST_NAMES = 3
LONGEST_NAME = 63
"""Characters of a name: the most that SageMaker allows."""


def _has_subject(result: Result) -> bool:
    """Whether a result is about something that has a name, and not about everything together."""
    return result.endpoint is not None or result.part[0] == "transform_job"


class Subjects:
    """Of whom findings are: endpoints, and of one that has several variants or components which of them."""

    def __init__(self, report: Report) -> None:
        self._names = endpoint_names(report)
        items = (*report.endpoints, *report.unattached)
        self._endpoints = {(item.source, item.endpoint.address): item.endpoint for item in items}

    def of(self, group: Sequence[Finding]) -> tuple[list[str], int]:
        """The first few, and how many more there are: ``chat``, ``search / canary``."""
        results = (result for finding in group for result in finding.results if _has_subject(result))
        found = dict.fromkeys(self._name(result, said(group)) for result in results)
        return list(found)[:MOST_NAMES], max(0, len(found) - MOST_NAMES)

    def headline(self, group: Sequence[Finding]) -> str:
        """Of whom and what is wrong, for findings that say the same: ``chat, docs: never scales in after a peak``."""
        text, (some, more) = inert(said(group)), self.of(group)
        subject = ", ".join(some) + (f" and {more:,} more" if more else "")
        return text if not subject or text.startswith(subject) else f"{subject}: {text}"

    def _name(self, result: Result, text: str) -> str:
        """The endpoint, and the part that ``text`` does not name itself; of a transform job what it is called."""
        if result.part[0] == "transform_job":
            return inert(result.address, LONGEST_NAME)
        key = result.source, result.endpoint or ""
        part = self._part(result, self._endpoints.get(key))
        name = inert(self._names.get(key, key[1]), LONGEST_NAME)
        return f"{name} / {inert(part, LONGEST_NAME)}" if part and _without_word(text, part) == text else name

    def _part(self, result: Result, endpoint: Endpoint | None) -> str:
        """The variant or component that a result is about; empty where its endpoint has no other."""
        kind, position = result.part
        if endpoint is None or kind not in ("variant", "component"):
            return ""
        parts = endpoint.variants if kind == "variant" else endpoint.inference_components
        if isinstance(parts, Unknown) or len(parts) == 1 or position >= len(parts):
            return ""
        name = parts[position].name
        return (name.partial if isinstance(name, Unknown) else name) or f"{kind} {position + 1}"


def said(group: Sequence[Finding]) -> str:
    """What is wrong, in a few words where its policy has them."""
    result = group[0].dearest
    return result.headline or result.message
