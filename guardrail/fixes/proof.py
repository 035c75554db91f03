"""Whether an edit does what it is to do: the check of the edited source beside the check of what is there."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from guardrail.cost.base import Monthly
from guardrail.policy.base import Result
from guardrail.report import EndpointReport, Report

Key: TypeAlias = tuple[object, ...]
"""What makes a result the same one in two reports of the same inputs."""


def key_of(result: Result) -> Key:
    """Source, policy, and what it is about: not the block to change, which an edit may bring."""
    if result.endpoint is None:
        return (result.source, result.policy, result.identity, result.address)
    return (result.source, result.policy, result.endpoint, result.part)


def failing(report: Report) -> dict[Key, Result]:
    """The findings of a report that nobody has accepted."""
    return {key_of(result): result for result in report.results if result.verdict == "fail"}


def verdicts(report: Report) -> dict[Key, str]:
    """What is said of everything that a policy applies to."""
    return {key_of(result): result.verdict for result in report.results}


def is_gone(key: Key, report: Report) -> bool:
    """Whether a finding is no more: it passes, or the policy does not apply. Open is not gone."""
    return verdicts(report).get(key, "pass") == "pass"


def fresh(before: Report, after: Report) -> Iterator[Result]:
    """What fails, or has become undecided, that did not before."""
    known = verdicts(before)
    for result in after.results:
        was = known.get(key_of(result))
        if (result.verdict == "fail" and was != "fail") or (result.verdict == "open" and was not in ("fail", "open")):
            yield result


def objections(before: Report, after: Report, mended: Mapping[Key, Result]) -> Iterator[str]:
    """What else an edit has done that nobody asked for, a clause each; ``mended`` are the findings that it is for."""
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
    bills = {(item.source, item.endpoint.address): _bill(item) for item in before.endpoints}
    for item in after.endpoints:
        place = (item.source, item.endpoint.address)
        if place not in about and bills.get(place) != _bill(item):
            yield f"the bill of {item.endpoint.address} would change as well"


def _bill(item: EndpointReport) -> Monthly | None:
    return item.cost.monthly if item.cost is not None else None
