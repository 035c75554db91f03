"""Which findings get an edit, and which do not and why: each is planned, applied in memory, and checked again.

A fix is made step by step. A minimum of 0 alone would leave an endpoint that nothing wakes; that is a new finding,
whose mend is the next step, until the finding is gone and nothing is new. What does not get there is not offered.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from guardrail.cost.demand import VariantDemand
from guardrail.errors import GuardrailError
from guardrail.fixes.base import NoFixError, ProposedChange, SetWord
from guardrail.fixes.mends import is_mended_here, next_changes
from guardrail.fixes.proof import ResultKey, agree, are_gone, failing, fresh, key_of, objections
from guardrail.model import Endpoint
from guardrail.policy.base import Result
from guardrail.report import Report, Totals
from guardrail.reporters.fingerprints import Fingerprints

_MOST_STEPS = 6


Contents: TypeAlias = Mapping[str, bytes]
"""Files with edits that nobody has written yet, by real path."""


class Workbench(Protocol):
    """What checks source, and changes it, with some files in place of those on disk."""

    def report(self, contents: Contents, edited: Iterable[str]) -> Report:
        """The report of every input, and of each other root module that one of the edited files reaches.

        Raises `GuardrailError`.
        """
        ...

    def changed(self, contents: Contents, source: str, change: ProposedChange) -> dict[str, str]:
        """The new texts of files, by real path, with a change of the input with this id.

        Raises `NoFixError`, and `GuardrailError` for what cannot be read.
        """
        ...

    def broken(self, contents: Contents, edited: Iterable[str]) -> Collection[str]:
        """The conditions of source that do not hold, in what `report` checks, as clauses. Raises `GuardrailError`."""
        ...

    def asked(self, source: str, endpoint: Endpoint) -> Sequence[VariantDemand]:
        """The usage of each variant of an endpoint of an input. Raises `GuardrailError`."""
        ...

    def around(self, source: str) -> "Workbench":
        """The same for the input with this id, and what its files reach, alone."""
        ...


class ProvenFix(Struct, frozen=True, kw_only=True):
    """A fix that is proven."""

    result: Result
    """The finding that it is for."""
    gone: tuple[Result, ...]
    """Every finding that it mends, that one among them."""
    changes: tuple[ProposedChange, ...]
    contents: Contents
    """The files with it alone."""
    before: Totals
    after: Totals
    """What all that it reaches costs without it and with it, alone."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The real paths of the files that it edits."""
        return tuple(sorted(self.contents))


class WithoutFix(Struct, frozen=True, kw_only=True):
    """A finding without a fix."""

    result: Result
    reason: str
    """A clause."""


class Proposals(Struct, frozen=True, kw_only=True):
    """What can be done about the findings of a check."""

    fixes: tuple[ProvenFix, ...]
    not_offered: tuple[WithoutFix, ...]
    contents: Contents
    """The files with all fixes."""
    before: Totals
    after: Totals
    """What all that they reach costs without them and with them."""


class _EditedFiles(Struct, frozen=True):
    """Files with edits, and what a check says of them."""

    contents: Contents
    report: Report


class _Mended(Struct, frozen=True):
    """A state in which a finding is gone and nothing is new."""

    state: _EditedFiles
    before: Report
    """What a check of all that it reaches says without it."""
    changes: tuple[tuple[str, ProposedChange], ...]
    """Each with the input that it is made in."""
    gone: Mapping[ResultKey, Result]
    """The findings that it mends, those of other endpoints among them that share its line."""


def propose(
    workbench: Workbench,
    wanted: Callable[[Result, Fingerprints], bool],
    say: Callable[[str], None] = lambda _: None,
) -> Proposals:
    """The fixes of all findings that are wanted: each is proven alone, and all of them together once more.

    Those that do not go together are proven one on top of the other, and who does not stand there is not offered.
    ``say`` is told what is at hand.
    """
    nothing = _EditedFiles({}, workbench.report({}, ()))
    fingerprints = Fingerprints(nothing.report)
    found: dict[ResultKey, _Mended] = {}
    left: list[WithoutFix] = []
    covered: set[ResultKey] = set()
    asked = {key: result for key, result in failing(nothing.report).items() if wanted(result, fingerprints)}
    for number, (key, result) in enumerate(asked.items(), 1):
        say(f"finding {number} of {len(asked)}")
        if key in covered:
            continue
        try:
            found[key] = _mended(*_near(workbench, nothing, key), key)
        except NoFixError as error:
            left.append(WithoutFix(result=result, reason=error.reason))
        else:
            covered |= found[key].gone.keys()
    say("all fixes together")
    together = _together(workbench, nothing, found.values())
    if together is None:
        together, found = _stacked(workbench, nothing, found, left)
    mended = {key for each in found.values() for key in each.gone}
    return Proposals(
        fixes=tuple(_fix(nothing.report, key, each) for key, each in found.items()),
        not_offered=tuple(each for each in left if key_of(each.result) not in mended),
        contents=together.contents,
        before=_checked(workbench, {}, together.contents).totals,
        after=together.report.totals,
    )


def _near(workbench: Workbench, nothing: _EditedFiles, key: ResultKey) -> tuple[Workbench, _EditedFiles]:
    """What to prove a fix with: its own input and what its files reach, if alone it is what it is among all."""
    bench = workbench.around(str(key[0]))
    if bench is workbench:
        return workbench, nothing
    try:
        alone = _EditedFiles({}, _checked(bench, {}, ()))
    except NoFixError:
        return workbench, nothing
    is_same = any(source.id == key[0] for source in alone.report.sources) and agree(alone.report, nothing.report)
    return (bench, alone) if is_same else (workbench, nothing)


def _fix(report: Report, key: ResultKey, mended: _Mended) -> ProvenFix:
    return ProvenFix(
        result=failing(report)[key],
        gone=tuple(mended.gone.values()),
        changes=tuple(change for _, change in mended.changes),
        contents=mended.state.contents,
        before=mended.before.totals,
        after=mended.state.report.totals,
    )


def _together(workbench: Workbench, nothing: _EditedFiles, several: Collection[_Mended]) -> _EditedFiles | None:
    """The state with all fixes; None where they do not go together."""
    if not several:
        return nothing
    contents: Contents = {}
    try:
        for each in several:
            for source, change in each.changes:
                contents = _edited(workbench, contents, source, [change])
    except NoFixError:
        return None
    return _sound(workbench, contents, {key: result for each in several for key, result in each.gone.items()})


def _sound(workbench: Workbench, contents: Contents, gone: Mapping[ResultKey, Result]) -> _EditedFiles | None:
    """The state with contents; None where they do not mend all that is to be gone, or do something else."""
    try:
        state = _EditedFiles(contents, _checked(workbench, contents, contents))
        before = _checked(workbench, {}, contents)
    except NoFixError:
        return None
    is_sound = are_gone(gone, state.report) and not any(map(_counts, fresh(before, state.report)))
    return state if is_sound and not any(objections(before, state.report, gone)) else None


def go_together(workbench: Workbench, fixes: Sequence[ProvenFix], contents: Contents) -> bool:
    """Whether contents, which are edits of several fixes made one beside the other, mend what all of them mend."""
    gone = {key_of(result): result for each in fixes for result in each.gone}
    return _sound(workbench, contents, gone) is not None


def _stacked(
    workbench: Workbench, nothing: _EditedFiles, found: Mapping[ResultKey, _Mended], left: list[WithoutFix]
) -> tuple[_EditedFiles, dict[ResultKey, _Mended]]:
    """The fixes that stand on top of those before them; the others are ``left``."""
    now, kept = nothing, dict[ResultKey, _Mended]()
    for key, alone in found.items():
        if are_gone([key], now.report):
            continue
        try:
            now = _mended(workbench, now, key).state
            kept[key] = alone
        except NoFixError as error:
            reason = f"alone it could be mended, and with the other fixes not: {error.reason}"
            left.append(WithoutFix(result=failing(nothing.report)[key], reason=reason))
    return now, kept


def _mended(workbench: Workbench, start: _EditedFiles, key: ResultKey) -> _Mended:
    """The state in which a finding is gone and nothing is new. Raises `NoFixError`."""
    goal = failing(start.report)[key]
    state, done, mended = start, list[tuple[str, ProposedChange]](), {key: goal}
    for _ in range(_MOST_STEPS):
        endpoint = _endpoint_of(goal, state.report)
        asked = () if endpoint is None else workbench.asked(goal.source, endpoint)
        changes = [change for change in next_changes(goal, endpoint, asked) if (goal.source, change) not in done]
        if not changes:
            raise NoFixError("what would mend it is there already, and does not")
        contents = _edited(workbench, state.contents, goal.source, changes)
        state = _EditedFiles(contents, _checked(workbench, contents, contents))
        done += ((goal.source, change) for change in changes)
        before = _checked(workbench, start.contents, state.contents)
        if are_gone([key], state.report) and not any(map(_counts, fresh(before, state.report))):
            gone = {each: result for each, result in failing(before).items() if are_gone([each], state.report)}
            _refuse_objections(workbench, start.contents, state, before, {**mended, **gone})
            return _Mended(state, before, tuple(done), gone)
        goal = _next_goal(key, before, state.report)
        mended[key_of(goal)] = goal
    raise NoFixError("it takes more steps than can be proven")


def _refuse_objections(
    workbench: Workbench, before: Contents, state: _EditedFiles, report: Report, mended: Mapping[ResultKey, Result]
) -> None:
    """Raise `NoFixError` for what else a state is, whose ``report`` before is given, that nobody asked for."""
    said = next(objections(report, state.report, mended), None)
    if said is None:
        try:
            was = workbench.broken(before, state.contents)
            said = next((each for each in workbench.broken(state.contents, state.contents) if each not in was), None)
        except GuardrailError as error:
            raise NoFixError(error.message) from None
    if said is not None:
        raise NoFixError(f"with it {said}")


def _next_goal(key: ResultKey, before: Report, after: Report) -> Result:
    """The finding to mend next, its own ones first: what mends these in a module mends them in all that call it.

    Raises `NoFixError` for something new that is elsewhere, or undecided.
    """
    goal = failing(after).get(key)
    elsewhere: Result | None = None
    for result in filter(_counts, fresh(before, after)):
        if (result.source, result.endpoint) != (key[0], key[2] if len(key) > 2 else None):  # noqa: PLR2004 - endpoint
            elsewhere = elsewhere or result
        elif result.verdict == "open":
            why = result.reason or result.message
            raise NoFixError(f"with it nobody could tell whether {result.policy} holds on {result.address}: {why}")
        else:
            goal = goal or result
    if goal is not None:
        return goal
    if elsewhere is None:
        raise NoFixError("with it nobody could tell whether the policy holds")
    if elsewhere.verdict == "open":
        why = elsewhere.reason or elsewhere.message
        raise NoFixError(f"with it nobody could tell whether {elsewhere.policy} holds on {elsewhere.address}: {why}")
    raise NoFixError(f"with it {elsewhere.policy} would fail on {elsewhere.address}, which also uses what is changed")


def _counts(result: Result) -> bool:
    """Whether something new stands in the way: what fails does, and what is open that a step was to decide.

    Whether a target that scales again keeps too much for an environment that nobody names was no question before.
    """
    return result.verdict == "fail" or is_mended_here(result.policy)


def _endpoint_of(result: Result, report: Report) -> Endpoint | None:
    items = (*report.endpoints, *report.unattached)
    found = (item for item in items if (item.source, item.endpoint.address) == (result.source, result.endpoint))
    return next((item.endpoint for item in found), None)


def _edited(workbench: Workbench, contents: Contents, source: str, changes: Sequence[ProposedChange]) -> Contents:
    """Contents with changes made, one after the other. Raises `NoFixError` where one, or of words all, cannot be."""
    made = dict(contents)
    refused: list[NoFixError] = []
    for change in changes:
        try:
            texts = workbench.changed(made, source, change)
        except GuardrailError as error:
            raise NoFixError(error.message) from None
        except NoFixError as error:
            if not isinstance(change, SetWord):
                raise
            refused.append(error)
            continue
        made.update((path, text.encode()) for path, text in texts.items())
    if made == contents:
        raise refused[0] if refused else NoFixError("it says that already")
    return made


def _checked(workbench: Workbench, contents: Contents, edited: Iterable[str]) -> Report:
    """What a check says of contents, and of all that the edited files reach. Raises `NoFixError` where it cannot."""
    try:
        return workbench.report(contents, edited)
    except GuardrailError as error:
        raise NoFixError(f"what it reaches cannot be checked: {error.message}") from None
