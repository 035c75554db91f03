"""One verdict where a source may mean several things: what holds in all of them, and open where they differ."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from guardrail.model import Unknown
from guardrail.policy.base import Result
from guardrail.policy.policy import Policy

_ResultKey = tuple[str, str | None, str, str | None, int]


def agreed(worlds: Sequence[tuple[str, Sequence[Result]]], policies: Sequence[Policy], undecided: str) -> list[Result]:
    """The results that hold whichever of the ``worlds``, by what is given in them, comes true.

    A policy that fails in one and not in another is open, and its reason says where it fails and what to give so that
    it is decided. One that applies in some of them only and passes there passes.
    """
    found: dict[_ResultKey, list[tuple[str, Result]]] = defaultdict(list)
    for given, results in worlds:
        for key, result in _keyed(results):
            found[key].append((given, result))
    titles = {policy.id: policy.title for policy in policies}
    return [_one(each, len(worlds), titles, undecided) for each in found.values()]


def _keyed(results: Sequence[Result]) -> list[tuple[_ResultKey, Result]]:
    """Results with what makes them the same one in another world: policy, subject, and how many of them came before."""
    seen: dict[tuple[str, str | None, str, str | None], int] = defaultdict(int)
    keyed: list[tuple[_ResultKey, Result]] = []
    for result in results:
        subject = (result.policy, result.endpoint, "" if result.endpoint else result.address, result.variant)
        keyed.append(((*subject, seen[subject]), result))
        seen[subject] += 1
    return keyed


def _one(found: Sequence[tuple[str, Result]], worlds: int, titles: Mapping[str, str], undecided: str) -> Result:
    results = [result for _, result in found]
    first = results[0]
    verdicts = {result.verdict for result in results}
    if verdicts == {"pass"} or (len(verdicts) == 1 and len(results) == worlds):
        return _same(found, undecided)
    failing = [given for given, result in found if result.verdict == "fail"]
    example = next((result for result in results if result.verdict != "pass"), first)
    where = f"it fails where {failing[0]}" if failing else (example.reason or "it is undecided")
    return replace(
        example,
        verdict="open",
        message=f"undecided: {titles.get(example.policy, example.policy)}.",
        reason=f"{where}: {undecided}",
        fails_in=tuple(failing),
        saving_monthly=None,
        saving_basis=None,
    )


def _same(found: Sequence[tuple[str, Result]], undecided: str) -> Result:
    """The result of several worlds with one verdict, in the words of the first that says which world these are of.

    The money at stake is unknown where it differs.
    """
    given, first = found[0]
    others = [result for _, result in found[1:]]
    if any(result.message != first.message for result in others):
        first = replace(first, message=f"{first.message} So it is where {given}; the verdict is the same elsewhere.")
    if any(result.saving_monthly != first.saving_monthly for result in others):
        first = replace(first, saving_monthly=Unknown(undecided), saving_basis=None)
    return first
