"""One cause, one finding: a policy may speak for others that would report the same cause again."""

from collections.abc import Iterable, Mapping, Sequence

from guardrail.errors import PolicyError, did_you_mean
from guardrail.policy.base import RANKS, Result
from guardrail.policy.policy import Policy


def without_superseded(results: Sequence[Result], policies: Iterable[Policy]) -> list[Result]:
    """``results`` without those whose cause another result on the same subject reports.

    `realtime-variants-scale` and `scaling-has-a-policy`, which it supersedes, both fail on variant main: the first
    stays. A result that is accepted, or graded lower than the other, silences nothing: the other may be all that is
    left to see. What is only open silences nothing that is known to fail.
    """
    supersedes = {policy.id: policy.supersedes for policy in policies if policy.supersedes}
    found = [result for result in results if result.verdict != "pass"]  # a tenth of them
    silenced = {
        (result.source, result.endpoint, result.part, other, verdict, rank)
        for result in found
        if result.verdict in ("fail", "open")
        for other in supersedes.get(result.policy, ())
        for verdict in (("fail", "open", "waived") if result.verdict == "fail" else ("open",))
        for rank in range(RANKS[result.severity], len(RANKS))
    }
    silent = {id(result) for result in found if _subject(result) in silenced}
    return [result for result in results if id(result) not in silent] if silent else list(results)


def _subject(result: Result) -> tuple[object, ...]:
    return result.source, result.endpoint, result.part, result.policy, result.verdict, RANKS[result.severity]


def check(policies: Mapping[str, Policy]) -> None:
    """Raise `PolicyError` for a policy that supersedes what is none, or itself, directly or in a circle.

    Of policies in a circle none would ever be reported.
    """
    for policy in policies.values():
        for other in policy.supersedes:
            if other not in policies:
                near = did_you_mean(other, policies)
                raise PolicyError(f"policy {policy.id}: supersedes {other}, which is no policy{near}")
    for policy in policies.values():
        circle = _circle(policy.id, policies)
        if circle is not None:
            path = " supersedes ".join(circle)
            raise PolicyError(f"policy {policy.id}: {path}, so that neither would ever be reported")


def _circle(start: str, policies: Mapping[str, Policy]) -> list[str] | None:
    """The way from a policy back to itself; None where there is none."""
    waiting, seen = [[start]], {start}
    while waiting:
        path = waiting.pop()
        for other in policies[path[-1]].supersedes:
            if other == start:
                return [*path, start]
            if other not in seen:
                seen.add(other)
                waiting.append([*path, other])
    return None
