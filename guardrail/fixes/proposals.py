"""Which findings get an edit, and which do not and why: each is planned, applied in memory, and checked again.

A fix is made step by step. A minimum of 0 alone would leave an endpoint that nothing wakes; that is a new finding,
whose mend is the next step, until the finding is gone and nothing is new. What does not get there is not offered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from guardrail.errors import GuardrailError
from guardrail.fixes.base import Change, NoFixError, SetWord
from guardrail.fixes.mends import is_mended_here, next_changes
from guardrail.fixes.proof import Key, failing, fresh, is_gone, key_of, objections
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
        """What a check says of every input, and of each root module besides that one of the edited files reaches.

        Raises `GuardrailError`.
        """
        ...

    def changed(self, contents: Contents, source: str, change: Change) -> dict[str, str]:
        """The new texts of files, by real path, with a change of the input with this id.

        Raises `NoFixError`, and `GuardrailError` for what cannot be read.
        """
        ...


class Fix(Struct, frozen=True, kw_only=True):
    """A fix that is proven."""

    result: Result
    """The finding that it is for."""
    gone: tuple[Result, ...]
    """Every finding that it mends, that one among them."""
    changes: tuple[Change, ...]
    paths: tuple[str, ...]
    """The real paths of the files that it edits."""
    before: Totals
    after: Totals
    """What all inputs cost without it and with it, as far as the fixes before it are in."""


class NotOffered(Struct, frozen=True, kw_only=True):
    """A finding without a fix."""

    result: Result
    reason: str
    """A clause."""


class Proposals(Struct, frozen=True, kw_only=True):
    """What can be done about the findings of a check."""

    fixes: tuple[Fix, ...]
    not_offered: tuple[NotOffered, ...]
    contents: Contents
    """The files with all fixes."""


class _State(Struct, frozen=True):
    """Files with edits, and what a check says of them."""

    contents: Contents
    report: Report


def propose(workbench: Workbench, wanted: Callable[[Result, Fingerprints], bool]) -> Proposals:
    """The fixes of all findings that are wanted; each is proven alone, and on top of those before it."""
    nothing = _State({}, workbench.report({}, ()))
    now, fingerprints = nothing, Fingerprints(nothing.report)
    fixes: list[Fix] = []
    left: list[NotOffered] = []
    for key, result in failing(nothing.report).items():
        if not wanted(result, fingerprints) or is_gone(key, now.report):
            continue
        try:
            if now.contents:
                _mended(workbench, nothing, key)
            made, changes = _mended(workbench, now, key)
        except NoFixError as error:
            left.append(NotOffered(result=result, reason=error.reason))
            continue
        edited = [path for path, content in made.contents.items() if now.contents.get(path) != content]
        fixes.append(
            Fix(
                result=result,
                gone=tuple(each for other, each in failing(now.report).items() if is_gone(other, made.report)),
                changes=changes,
                paths=tuple(sorted(edited)),
                before=now.report.totals,
                after=made.report.totals,
            )
        )
        now = made
    return Proposals(fixes=tuple(fixes), not_offered=tuple(left), contents=now.contents)


def _mended(workbench: Workbench, start: _State, key: Key) -> tuple[_State, tuple[Change, ...]]:
    """The state in which a finding is gone and nothing is new, with the changes that lead there.

    Raises `NoFixError`.
    """
    goal = failing(start.report)[key]
    state, done, mended = start, list[Change](), {key: goal}
    for _ in range(_MOST_STEPS):
        endpoint = _endpoint_of(goal, state.report)
        changes = [change for change in next_changes(goal, endpoint) if change not in done]
        if not changes:
            raise NoFixError("what would mend it is there already, and does not")
        state = _applied(workbench, state, goal, changes)
        done += changes
        before = _checked(workbench, start.contents, state.contents)
        if is_gone(key, state.report) and not any(map(_counts, fresh(before, state.report))):
            said = next(objections(before, state.report, {**mended, **_also_gone(before, state.report)}), None)
            if said is not None:
                raise NoFixError(f"with it {said}")
            return state, tuple(done)
        goal = _next_goal(key, before, state.report)
        mended[key_of(goal)] = goal
    raise NoFixError("it takes more steps than can be proven")


def _also_gone(before: Report, after: Report) -> dict[Key, Result]:
    """The findings that an edit mends, among them those of other endpoints that share its line."""
    return {key: result for key, result in failing(before).items() if is_gone(key, after)}


def _next_goal(key: Key, before: Report, after: Report) -> Result:
    """The finding to mend next. Raises `NoFixError` for something new that is elsewhere, or undecided."""
    goal = failing(after).get(key)
    for result in filter(_counts, fresh(before, after)):
        if result.verdict == "open":
            why = result.reason or result.message
            raise NoFixError(f"with it nobody could tell whether {result.policy} holds on {result.address}: {why}")
        if (result.source, result.endpoint) != (key[0], key[2] if len(key) > 2 else None):  # noqa: PLR2004 - endpoint
            what = f"{result.policy} would fail on {result.address}"
            raise NoFixError(f"with it {what}, which also uses what is changed")
        goal = goal or result
    if goal is None:
        raise NoFixError("with it nobody could tell whether the policy holds")
    return goal


def _counts(result: Result) -> bool:
    """Whether something new stands in the way: what fails does, and what is open that a step was to decide.

    Whether a target that scales again keeps too much for an environment that nobody names was no question before.
    """
    return result.verdict == "fail" or is_mended_here(result.policy)


def _endpoint_of(result: Result, report: Report) -> Endpoint | None:
    items = (*report.endpoints, *report.unattached)
    found = (item for item in items if (item.source, item.endpoint.address) == (result.source, result.endpoint))
    return next((item.endpoint for item in found), None)


def _applied(workbench: Workbench, state: _State, goal: Result, changes: Sequence[Change]) -> _State:
    """The state with changes made, one after the other. Raises `NoFixError` where one, or of words all, cannot be."""
    contents = dict(state.contents)
    refused: list[NoFixError] = []
    for change in changes:
        try:
            texts = workbench.changed(contents, goal.source, change)
        except GuardrailError as error:
            raise NoFixError(error.message) from None
        except NoFixError as error:
            if not isinstance(change, SetWord):
                raise
            refused.append(error)
            continue
        contents.update((path, text.encode()) for path, text in texts.items())
    if contents == state.contents:
        raise refused[0] if refused else NoFixError("it says that already")
    return _State(contents, _checked(workbench, contents, contents))


def _checked(workbench: Workbench, contents: Contents, edited: Iterable[str]) -> Report:
    """What a check says of contents, and of all that the edited files reach. Raises `NoFixError` where it cannot."""
    try:
        return workbench.report(contents, edited)
    except GuardrailError as error:
        raise NoFixError(f"what it reaches cannot be checked: {error.message}") from None
