"""Results as people read them: what says the same of many instances of one block is said once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.model import Unknown
from guardrail.money import ZERO
from guardrail.policy.base import Result
from guardrail.report import Report
from guardrail.reporters.wording import inert, without_indexes

_KEY = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
_NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b")


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


def headline(group: Sequence[Finding], names: Mapping[tuple[str, str], str]) -> str:
    """Of whom and what is wrong, for findings that say the same: ``chat, docs: never scales in after a peak``.

    ``names`` are what the endpoints are called, by source and address.
    """
    text, (some, more) = inert(said(group)), subjects(group, names)
    subject = ", ".join(some) + (f" and {more:,} more" if more else "")
    return text if not subject or text.startswith(subject) else f"{subject}: {text}"


def said(group: Sequence[Finding]) -> str:
    """What is wrong, in a few words where its policy has them."""
    result = group[0].dearest
    return result.headline or result.message


def subjects(group: Sequence[Finding], names: Mapping[tuple[str, str], str]) -> tuple[list[str], int]:
    """The first few endpoints that findings are about, and how many more there are."""
    found = dict.fromkeys(
        inert(names.get((result.source, result.endpoint), result.endpoint), 63)
        for finding in group
        for result in finding.results
        if result.endpoint is not None
    )
    return list(found)[:MOST_NAMES], max(0, len(found) - MOST_NAMES)
