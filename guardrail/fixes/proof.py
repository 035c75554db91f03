"""Whether an edit does what it is to do: the check of the edited source beside the check of what is there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from guardrail.cost.base import Monthly
from guardrail.policy.base import Result
from guardrail.report import Report

ResultKey: TypeAlias = tuple[object, ...]
"""What makes a result the same one in two reports of the same inputs."""


def key_of(result: Result) -> ResultKey:
    """Source, policy, and what it is about: not the block to change, which an edit may bring."""
    if result.endpoint is None:
        return (result.source, result.policy, result.identity, result.address)
    return (result.source, result.policy, result.endpoint, result.part)


def failing(report: Report) -> dict[ResultKey, Result]:
    """The findings of a report that nobody has accepted."""
    return {key_of(result): result for result in report.results if result.verdict == "fail"}


def verdicts(report: Report) -> dict[ResultKey, str]:
    """The verdict of every result of a report, by its policy and subject."""
    return {key_of(result): result.verdict for result in report.results}


def are_gone(keys: Iterable[ResultKey], report: Report) -> bool:
    """Whether findings are no more: each passes, or its policy does not apply. Open is not gone."""
    known = verdicts(report)
    return all(known.get(key, "pass") == "pass" for key in keys)


def agree(part: Report, whole: Report) -> bool:
    """Whether a check of some inputs says of them what a check of all inputs does: no other has a part in it."""
    ids = {source.id for source in part.sources}
    if not ids <= {source.id for source in whole.sources}:
        return False
    said = {key: verdict for key, verdict in verdicts(whole).items() if key[0] in ids}
    bills = {place: bill for place, bill in _bills(whole).items() if place[0] in ids}
    return (said, bills) == ({key: each for key, each in verdicts(part).items() if key[0] in ids}, _bills(part))


def fresh(before: Report, after: Report) -> Iterator[Result]:
    """What fails, or has become undecided, that did not before."""
    known = verdicts(before)
    for result in after.results:
        was = known.get(key_of(result))
        if (result.verdict == "fail" and was != "fail") or (result.verdict == "open" and was not in ("fail", "open")):
            yield result


def objections(before: Report, after: Report, mended: Mapping[ResultKey, Result]) -> Iterator[str]:
    """Side effects of an edit, a clause each: what is left out, other bills; ``mended`` are the findings it is for."""
    if after.unread:
        yield f"the source could not be read with it: {after.unread[0]}"
    skipped = {(each.source, each.resource.address) for each in before.skipped}
    for each in after.skipped:
        if (each.source, each.resource.address) not in skipped:
            yield f"{each.resource.address} would be left out: {each.resource.reason}"
    was_complete = {source.id: source.complete for source in before.sources}
    for source in after.sources:
        if not source.complete and was_complete.get(source.id, True):
            yield f"{source.id} would not be read as a whole"
    about = {(result.source, result.endpoint) for result in mended.values()}
    was, now = _bills(before), _bills(after)
    for place in dict.fromkeys((*was, *now)):
        if place not in about and was.get(place) != now.get(place):
            yield f"the bill of {place[1]} would change as well"


def _bills(report: Report) -> dict[tuple[str, str], Monthly | None]:
    """The bill of each endpoint, by its source and address."""
    return {
        (item.source, item.endpoint.address): item.cost.monthly if item.cost is not None else None
        for item in report.endpoints
    }
