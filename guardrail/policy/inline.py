"""Findings accepted in the code itself: a comment in Terraform, ``Metadata.guardrail.ignore`` in a template."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from guardrail.errors import did_you_mean
from guardrail.model import InlineWaiver
from guardrail.policy import waivers
from guardrail.policy.base import Result
from guardrail.policy.policy import Policy
from guardrail.policy.waivers import Waived, Waiver

EVERYTHING = "*"


def apply(
    inline: Mapping[str, Sequence[InlineWaiver]], results: Sequence[Result], policies: Sequence[Policy], *, today: date
) -> Waived:
    """Mark the failures of each source that its own waivers accept; ``inline`` is by id of the source.

    A waiver without a reason, without a day on which it ends, or of a policy that does not exist accepts nothing, and
    says so: code under review must not be able to end a run.
    """
    known = {policy.id for policy in policies}
    answer = list(results)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, result in enumerate(answer):
        places[result.source, result.policy].append(index)
    notices: dict[str, None] = {}
    for source, written in inline.items():
        for one in written:
            waiver = _waiver(one, known)
            if isinstance(waiver, str):
                notices[f"{_origin(one, source)}: {waiver}"] = None
                continue
            mine = places[source, one.policy]
            applied = waivers.apply(
                [waiver], [answer[index] for index in mine], policies, today=today, origin=_origin(one, source)
            )
            for index, result in zip(mine, applied.results, strict=True):
                answer[index] = result
            notices.update({f"{_origin(one, source)}: {notice}": None for notice in applied.notices})
    return Waived(results=answer, notices=list(notices))


def _waiver(one: InlineWaiver, known: Iterable[str]) -> Waiver | str:
    """The waiver, or what is wrong with it."""
    if one.policy not in known:
        return f"the waiver names no policy that is checked: {one.policy[:80]}{did_you_mean(one.policy, known)}"
    if not one.reason.strip():
        return f"the waiver of {one.policy} accepts nothing: it gives no reason"
    try:
        until = date.fromisoformat(one.until)
    except ValueError:
        return f"the waiver of {one.policy} accepts nothing: until is not a day such as 2027-01-31"
    return Waiver(policy=one.policy, address=one.address or EVERYTHING, until=until, reason=one.reason)


def _origin(one: InlineWaiver, source: str) -> str:
    place = one.location
    return f"{place.path}:{place.line}" if place is not None else source
