"""Proposals in words: what each fix mends and what it does to the bill, and what is not offered and why."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from guardrail.cost.base import Monthly
from guardrail.fixes.additions import waking
from guardrail.fixes.base import (
    AddTarget,
    AddTracking,
    NameEndpoint,
    PropertyPath,
    ProposedChange,
    Remove,
    SetProperty,
    SetWord,
)
from guardrail.fixes.proposals import Proposals, ProvenFix, WithoutFix
from guardrail.model import Unknown
from guardrail.money import two_decimals
from guardrail.policy.base import Result, without_indexes
from guardrail.report import Report
from guardrail.reporters.fingerprints import Fingerprints
from guardrail.reporters.overview import fix
from guardrail.reporters.wording import counted, inert
from guardrail.sources.vocabulary.spellings import spelling_of

_LONGEST = 300
_NAMED = 3
"""Findings of one policy and one reason that are named."""
_TYPE = re.compile(r"(?:(?<=\.)|^)aws(?:cc)?_\w+(?=\.)")


def lines(proposals: Proposals, report: Report, shown: Sequence[str]) -> Iterator[str]:
    """The whole answer in lines, each fix with its files; ``shown`` says how the files of all are called."""
    fingerprints = Fingerprints(report)
    names = dict(zip(proposals.contents, shown, strict=True))
    mended = sum(len(each.gone) for each in proposals.fixes)
    if proposals.fixes:
        yield f"{counted(len(proposals.fixes), 'fix', 'fixes')} for {counted(mended, 'finding')}"
    for number, each in enumerate(proposals.fixes, 1):
        yield ""
        yield from _fix(number, each, fingerprints, [names[path] for path in each.paths])
        yield from (f"   {note}" for note in _replaced(each, report))
    if len(proposals.fixes) > 1:
        yield ""
        yield f"all of them, a month: {bill(proposals.before.after, proposals.after.after)}"
    if proposals.fixes and proposals.not_offered:
        yield ""
    if proposals.not_offered:
        yield f"no fix for {counted(len(proposals.not_offered), 'finding')}:"
        yield from _not_offered(proposals.not_offered, fingerprints, report)
    if not proposals.fixes and not proposals.not_offered:
        yield "nothing to fix"


def _fix(number: int, made: ProvenFix, fingerprints: Fingerprints, paths: Sequence[str]) -> Iterator[str]:
    yield f"{number}. {_subject(made.result)} ({', '.join(map(_inert, paths))})"
    yield from (f"   {_inert(described(change))}" for change in made.changes)
    for result in made.gone:
        yield f"   gone: {result.policy} {fingerprints.id_of(result)} on {_inert(result.address)}"
    yield f"   a month: {bill(made.before.after, made.after.after)}"


def _replaced(made: ProvenFix, report: Report) -> Iterator[str]:
    """What to know where a configuration with a name of its own is edited, which cannot be changed but replaced."""
    edited = {each.address for each in made.changes if isinstance(each, (SetProperty, SetWord, Remove))}
    kinds = {source.id: source.kind for source in report.sources}
    for item in (*report.endpoints, *report.unattached):
        endpoint = item.endpoint
        has_name = endpoint.configuration_name is not None and item.source == made.result.source
        if has_name and endpoint.configuration_address in edited:
            if kinds[item.source] == "cloudformation":
                what = "CloudFormation refuses to replace it where it is deployed; leave EndpointConfigName out"
            elif endpoint.configuration_is_in_its_own_way is True:
                what = "AWS refuses the next one while it is there (create_before_destroy); name_prefix avoids that"
            else:
                what = "where it is deployed, its endpoint keeps the old one of that name; name_prefix avoids that"
            yield f"{_inert(endpoint.configuration_address or '')} has a name of its own: {what}"
            return


def _not_offered(left: Sequence[WithoutFix], fingerprints: Fingerprints, report: Report) -> Iterator[str]:
    """A line for each finding without a fix, with what to change by hand; those that say the same share one."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for each in left:
        by_hand = next(iter(fix(each.result, report)), "")
        groups.setdefault((each.result.policy, each.reason, by_hand), []).append(each.result)
    for (policy, reason, by_hand), results in groups.items():
        named = [f"{fingerprints.id_of(result)} on {_inert(result.address)}" for result in results[:_NAMED]]
        more = f" and {len(results) - _NAMED:,} more" if len(results) > _NAMED else ""
        yield f"   {policy} {', '.join(named)}{more}: {_inert(reason)}"
        if by_hand:
            yield f"      by hand: {_inert(by_hand)}"


def _subject(result: Result) -> str:
    what = result.headline or result.message
    return f"{_inert(result.address)}: {_inert(what)}"


def _inert(text: str) -> str:
    return inert(text, _LONGEST)


def bill(before: Monthly, after: Monthly) -> str:
    """``floor 537.28 -> 0.00 USD, expected and ceiling as before``: what is the same is not told as a number."""
    bounds = {
        "floor": (before.floor, after.floor),
        "expected": (before.expected, after.expected),
        "ceiling": (before.ceiling, after.ceiling),
    }
    moved = {name: pair for name, pair in bounds.items() if pair[0] != pair[1]}
    if not moved:
        return "the bill stays as it is"
    told = [f"{name} {_usd(was)} -> {_usd(now)} USD{_delta(was, now)}" for name, (was, now) in moved.items()]
    kept = [name for name in bounds if name not in moved]
    doubt = "at least, for something is not known; " if after.at_least else ""
    return f"{doubt}{', '.join(told)}" + (f", {' and '.join(kept)} as before" if kept else "")


def _usd(amount: Decimal | Unknown) -> str:
    return "unknown" if isinstance(amount, Unknown) else two_decimals(amount)


def _delta(was: Decimal | Unknown, now: Decimal | Unknown) -> str:
    if isinstance(was, Unknown) or isinstance(now, Unknown):
        return ""
    return f" ({now - was:+,.2f})"


def described(change: ProposedChange) -> str:
    """A change in a line: ``MinCapacity of aws_appautoscaling_target.chat becomes 0``."""
    if isinstance(change, (SetProperty, SetWord, NameEndpoint, Remove)):
        return _edited(change)
    if isinstance(change, AddTarget):
        first = "the count that it starts with"
        least, most = (first if each is None else each for each in (change.least, change.most))
        return f"a scaling target for {change.endpoint}, from {least} to {most}"
    if isinstance(change, AddTracking):
        return f"a target tracking policy for {change.target}: {change.metric} at {change.value:g}"
    metric, _ = waking(copies=change.copies)
    if change.policy is None:
        return f"a step policy for {change.target}, and the alarm on {metric} that starts it"
    return f"an alarm on {metric} that starts {change.policy}"


def _edited(change: SetProperty | SetWord | NameEndpoint | Remove) -> str:
    match change:
        case SetProperty(address, path, value):
            shown = str(value).lower() if isinstance(value, bool) else value
            return f"{_named(address, path)} of {address} becomes {shown}"
        case SetWord(address, _, word):
            return f"the slip in {address} becomes {word}"
        case NameEndpoint(address, _, target):
            return f"{address} watches the endpoint that {target} scales"
        case Remove(address, path):
            return f"{_named(address, path)} of {address} goes"


def _named(address: str, path: PropertyPath) -> str:
    """A property as its language has it: ``min_capacity`` of a resource of Terraform's."""
    name = [step for step in path if isinstance(step, str)][-1]
    type_ = _TYPE.search(without_indexes(address))
    return spelling_of(type_[0]).of(name) if type_ else name
