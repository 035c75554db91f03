"""Findings accepted in the code itself: a comment in Terraform, ``Metadata.guardrail.ignore`` in a template."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from guardrail.errors import did_you_mean
from guardrail.model import InlineWaiver
from guardrail.policy import waivers
from guardrail.policy.base import NO_REASON, Result
from guardrail.policy.policy import Policy
from guardrail.policy.waivers import Waived, Waiver

EVERYTHING = "*"


def apply(
    inline: Mapping[str, Sequence[InlineWaiver]],
    results: Sequence[Result],
    policies: Sequence[Policy],
    *,
    today: date,
    max_days: int | None = None,
    unchecked: Collection[str] = (),
) -> Waived:
    """Mark the failures of each source that its own waivers accept; ``inline`` is by id of the source.

    A waiver without a reason, without a day on which it ends, or of a policy that does not exist accepts nothing, and
    says so: code under review must not be able to end a run. Of policies that are ``unchecked``, turned off or left
    out, nothing is said: whether their waivers accept anything is not known.
    """
    answer = list(results)
    if not inline:
        return Waived(results=answer, notices=[])
    known = {policy.id for policy in policies}
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, result in enumerate(answer):
        places[result.source, result.policy].append(index)
    notices: dict[str, None] = {}
    for source, written in inline.items():
        for (origin, policy), group in _by_place(source, written).items():
            if policy in unchecked:
                continue
            usable = [_waiver(one, known) for one in group]
            wrong = [waiver for waiver in usable if isinstance(waiver, str)]
            if wrong:
                notices[f"{origin}: {wrong[0]}"] = None
                continue
            mine = places[source, policy]
            applied = waivers.apply(
                [waiver for waiver in usable if isinstance(waiver, Waiver)],
                [answer[index] for index in mine],
                policies,
                today=today,
                origin=origin,
                max_days=max_days,
            )
            for index, result in zip(mine, applied.results, strict=True):
                answer[index] = result
            notices.update({f"{origin}: {notice}": None for notice in _worth_saying(applied, len(group))})
    return Waived(results=answer, notices=list(notices))


def _by_place(source: str, written: Iterable[InlineWaiver]) -> dict[tuple[str, str], list[InlineWaiver]]:
    """The waivers by their line and policy: a comment in a module may be for several blocks."""
    groups: dict[tuple[str, str], list[InlineWaiver]] = defaultdict(list)
    for one in written:
        groups[_origin(one, source), one.policy].append(one)
    return groups


def _worth_saying(applied: Waived, written: int) -> Sequence[str]:
    """The notices; that a part of a waiver accepts nothing is none while another part accepts something."""
    if not applied.unused:
        return applied.notices
    told = len(applied.notices) - applied.unused
    return applied.notices[: told + (applied.unused == written)]


def _waiver(one: InlineWaiver, known: Iterable[str]) -> Waiver | str:
    """The waiver, or what is wrong with it."""
    if one.policy not in known:
        return f"the waiver names no policy that is checked: {one.policy[:80]}{did_you_mean(one.policy, known)}"
    if one.reason.strip() in ("", NO_REASON):
        return f"the waiver of {one.policy} accepts nothing: it gives no reason"
    try:
        until = date.fromisoformat(one.until)
    except ValueError:
        return f"the waiver of {one.policy} accepts nothing: until is not a day such as 2027-01-31"
    return Waiver(policy=one.policy, address=one.address or EVERYTHING, until=until, reason=one.reason)


def _origin(one: InlineWaiver, source: str) -> str:
    place = one.location
    return f"{place.path}:{place.line}" if place is not None else source
