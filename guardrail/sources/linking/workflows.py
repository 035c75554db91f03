"""Joining what starts transform jobs with what starts that: schedules, rules and their targets, and what they give."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from guardrail.flows import Runs, cycles, plus, runs, times
from guardrail.model import Model, Parent, TransformJob, Trigger, Unknown, Workflow
from guardrail.sources.declarations import (
    NOT_HERE,
    Aim,
    Declared,
    DeclaredModel,
    DeclaredRuleTarget,
    DeclaredSchedule,
    DeclaredWorkflow,
)
from guardrail.sources.jobs import definitions
from guardrail.sources.jobs.base import Definition, Start, decoded
from guardrail.sources.linking.buckets import Buckets
from guardrail.sources.linking.index import Declarations
from guardrail.sources.vocabulary.elsewhere import STARTS_OTHERS
from guardrail.sources.vocabulary.models import any_of

_HOLE = re.compile(r"\$\{([^{}]+)\}")
_LAST_NAME = re.compile(r"[:/]([\w-]+)$")


class Workflows(NamedTuple):
    """What starts transform jobs, and what is seen beside it."""

    workflows: tuple[Workflow, ...]
    others: dict[str, int]


_T = TypeVar("_T", Trigger, Parent)
_K = TypeVar("_K")


class _Started(NamedTuple):
    """A trigger, with what it gives, and whether the change touches a declaration that it is made of."""

    trigger: Trigger
    given: Any
    touched: bool


class _Often(NamedTuple):
    """How often a workflow starts another each time that it runs."""

    retried: Runs
    """Retries counted."""
    usual: Runs
    """Where nothing fails."""

    def times(self, trigger: Trigger | Parent) -> "_Often":
        """How often what that starts does."""
        usual = Runs(0, None) if trigger.usual is None else Runs(trigger.usual, trigger.usual)
        return _Often(times(self.retried, Runs(trigger.least, trigger.most)), times(self.usual, usual))

    def at(self, of: _T) -> _T:
        """A trigger, or a chain of workflows above one, with how often it starts the workflow each time."""
        usual = self.usual.least if self.usual.least == self.usual.most else None
        return replace(of, least=self.retried.least, most=self.retried.most, usual=usual)

    def plus(self, other: "_Often") -> "_Often":
        """How often two states together do."""
        return _Often(plus(self.retried, other.retried), plus(self.usual, other.usual))


class _StartedWorkflows(NamedTuple):
    """Workflows that others start: by address the definitions that are not here, and who starts those that are."""

    foreign: dict[str, list[str]]
    parents: set[str]


class _Called:
    """The workflows of one side by what a state may call them: their address, their ARN or their name."""

    def __init__(self, declared: list[DeclaredWorkflow]) -> None:
        self.by_address = {one.address: one for one in declared}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for one in declared:
            if isinstance(one.name, str):
                self._by_name[one.name].append(one.address)

    def named(self, text: str | None) -> list[str]:
        """The addresses of those with the name, or with that of the ARN."""
        return self._by_name.get(_name_in(text), [])

    def meant(self, target: str | Unknown | None) -> str | None:
        """The address of the workflow that a state starts: ``Child`` of ``${Child}``, or of an ARN with its name."""
        text = (target.partial if isinstance(target, Unknown) else target) or ""
        hole = _HOLE.fullmatch(text)
        address = re.sub(r"\.[Aa]rn$", "", hole[1] if hole else text)
        return address if address in self.by_address else next(iter(self.named(text)), None)


def workflows(
    declarations: Declarations, region_of: Callable[[Declared], str | Unknown], is_touched: Callable[[str], bool]
) -> Workflows:
    """Every workflow of one side, sorted by address; what cannot be read is skipped with its reason.

    A workflow that is started with several inputs, which make different jobs of it, is several.
    """
    declared = list(declarations.of(DeclaredWorkflow))
    called = _Called(declared)
    started = _starts(declarations, called, is_touched)
    without_input = {one.address: _read(one, None) for one in declared}
    nested = _nested(called, started, without_input, is_touched)
    models = {each.name: each.model for each in declarations.of(DeclaredModel) if isinstance(each.name, str)}
    buckets = Buckets(declarations)
    others: Counter[str] = Counter()
    found: list[Workflow] = []
    for one in declared:
        starts = _starts_of(one, started)
        groups: list[tuple[Definition, list[_Started]]] = []
        for start in starts or [_Started(Trigger(address="", expression=""), None, touched=False)]:
            definition = without_input[one.address] if start.given is None else _read(one, start.given)
            if definition is not None:
                _enter(groups, definition, start)
        if not groups:
            declarations.skip(one, _why(one), affects_total=True)
            continue
        others.update(groups[0][0].others)
        doubts = dict.fromkeys(doubt for definition, _ in groups for doubt in definition.doubts)
        for doubt in (*doubts, *nested.foreign.get(one.address, [])):
            declarations.skip(one, doubt, affects_total=True)
        if not any(definition.jobs for definition, _ in groups):
            if one.address not in declarations.skipped and one.address not in nested.parents:
                declarations.leave_out(one)
            continue
        for definition, group in groups:
            told = replace(definition, jobs=tuple(buckets.told(_with_model(job, models)) for job in definition.jobs))
            found.append(_workflow(one, told, group if starts else None, len(groups) > 1, region_of, is_touched))
    return Workflows(tuple(sorted(found, key=lambda each: each.address)), dict(others))


def _with_model(job: TransformJob, models: dict[str, Model]) -> TransformJob:
    """The job with what matters of its model, where that is here."""
    model = models.get(job.model_name) if isinstance(job.model_name, str) else None
    if model is None:
        return job
    return replace(job, uses_model_data_source=any_of(model.containers, lambda container: container.has_data_source))


def _starts_of(one: DeclaredWorkflow, started: dict[str, list[_Started]]) -> list[_Started]:
    """The triggers of a workflow: its own, and those that other workflows have been found to be."""
    return [*(_Started(trigger, given, touched=False) for trigger, given in one.events), *started.get(one.address, [])]


def _nested(
    called: _Called,
    started: dict[str, list[_Started]],
    without_input: dict[str, Definition | None],
    is_touched: Callable[[str], bool],
) -> _StartedWorkflows:
    """Enter what workflows start of each other, those first that start the others.

    What a workflow starts runs as often as its state does, each time that one of its own triggers starts it; one that
    starts itself, over however many others, runs nobody knows how often.
    """
    nested = _StartedWorkflows({}, set())
    starting = {address: found for address, found in without_input.items() if found is not None and found.starts}
    targets = {address: [called.meant(start.target) for start in found.starts] for address, found in starting.items()}
    ranks = _ranks(targets)
    for address in sorted(targets, key=ranks.__getitem__):
        one = called.by_address[address]
        for start, meant in zip(starting[address].starts, targets[address], strict=True):
            if meant is not None:
                nested.parents.add(address)
            elif (
                one.reason != STARTS_OTHERS
            ):  # else neither of the two has to do with SageMaker, as far as anybody can see
                nested.foreign.setdefault(address, []).append(
                    f"what it starts at {start.label} is not here, and in no total"
                )
        own = _starts_of(one, started) or [_unknown_times(f"nothing here starts {address}, which starts it")]
        for given, starts in _by_input(own):
            found = starting[address] if given is None else _read(one, given) or starting[address]
            for (start, often), meant in zip(_with_runs(found), targets[address], strict=False):
                if meant is None:
                    continue
                passed = decoded(start.given, "input") if start.given is not None else None
                again = ranks.get(meant) == ranks[address]
                times = [_unknown_times("it starts itself again and again")] if again else starts
                for trigger, touched in _multiplied(times, often, address, start.label).items():
                    started.setdefault(meant, []).append(_Started(trigger, passed, touched or is_touched(address)))
    return nested


MOST_INPUTS = 64
"""With which it is looked at what a workflow starts: inputs that grow down a chain would double at each level."""


def _by_input(starts: list[_Started]) -> list[tuple[Any, list[_Started]]]:
    """What starts a workflow, together where it gives the same input; of too many inputs none is known."""
    groups: list[tuple[Any, list[_Started]]] = []
    for start in starts:
        _enter(groups, start.given, start)
        if len(groups) > MOST_INPUTS:
            return [(Unknown("it is started with more inputs than are looked at"), starts)]
    return groups


def _enter(groups: list[tuple[_K, list[_Started]]], key: _K, start: _Started) -> None:
    """Put what starts a workflow with what makes the same of it."""
    same = next((group for known, group in groups if known == key), None)
    if same is None:
        groups.append((key, [start]))
    else:
        same.append(start)


def _unknown_times(reason: str) -> _Started:
    return _Started(Trigger(address="", expression=Unknown(reason)), None, touched=False)


def _ranks(targets: dict[str, list[str | None]]) -> dict[str, int]:
    """By address its place among what starts others, before all that it starts; one place for those of a cycle."""
    addresses = list(targets)
    places = {address: place for place, address in enumerate(addresses)}
    groups = cycles([[places[each] for each in meant if each in places] for meant in targets.values()])
    return {addresses[each]: rank for rank, group in enumerate(reversed(groups)) for each in group}


def _multiplied(starts: list[_Started], often: _Often, parent: str, label: str) -> dict[Trigger, bool]:
    """The times at which a state of a workflow starts another one, ``often`` at each, and whether they changed.

    Times that are the same are one, with the runs of both: a workflow that starts another at two states, which starts
    a third at two, is two times for the third, of two runs each. One more in the chain doubles no list.
    """
    found: dict[Trigger, tuple[_Often, list[_Often], bool]] = {}
    for trigger, _, touched in starts:
        above = trigger.parents or (Parent(address=trigger.address),)
        same = replace(
            trigger,
            address=f"{parent}: {label}",
            **_ONCE,
            parents=tuple(replace(each, **_ONCE) for each in (Parent(address=parent), *above)),
        )
        known, higher, before = found.get(same, (_NEVER, [_NEVER] * len(above), False))
        higher = [each.plus(often.times(one)) for each, one in zip(higher, above, strict=True)]
        found[same] = known.plus(often.times(trigger)), higher, touched or before
    made: dict[Trigger, bool] = {}
    for same, (each, higher, touched) in found.items():
        parents = tuple(one.at(of) for one, of in zip((often, *higher), same.parents, strict=True))
        made[each.at(replace(same, parents=parents))] = touched
    return made


_ONCE = {"least": 1, "most": 1, "usual": 1}
_NEVER = _Often(Runs(0, 0), Runs(0, 0))


def _with_runs(definition: Definition) -> Iterator[tuple[Start, _Often]]:
    count = len(definition.starts)
    retried, usual = (runs(definition.flow, count, of="starts", retries=each) for each in (True, False))
    yield from zip(definition.starts, map(_Often, retried, usual), strict=True)


def _why(one: DeclaredWorkflow) -> str:
    """The notice about a workflow whose definition cannot be read, with the reason where one is known."""
    if not isinstance(one.definition, Unknown):
        return one.reason
    known = one.definition.reason
    if "is not known here" in one.reason and known.startswith("known only"):
        return one.reason.replace("is not known here", f"is {known}")
    return one.reason if known == NOT_HERE else f"{one.reason}: {known}"


def _read(one: DeclaredWorkflow, given: Any) -> Definition | None:
    if isinstance(one.definition, Definition):
        return one.definition
    return None if isinstance(one.definition, Unknown) else definitions.read(one.definition, given, repeats=True)


def _workflow(
    one: DeclaredWorkflow,
    definition: Definition,
    group: list[_Started] | None,
    is_one_of_several: bool,  # noqa: FBT001 - one of two
    region_of: Callable[[Declared], str | Unknown],
    is_touched: Callable[[str], bool],
) -> Workflow:
    triggers = None if group is None else tuple(start.trigger for start in group)
    names = ", ".join(start.trigger.address for start in group or ())
    return Workflow(
        address=f"{one.address} ({names})" if is_one_of_several else one.address,
        type=one.type,
        name=one.name,
        region=region_of(one),
        jobs=definition.jobs,
        flow=definition.flow,
        triggers=triggers,
        once=definition.once,
        change=one.change,
        touched=is_touched(one.address) or any(start.touched for start in group or ()),
        tags=one.tags,
        location=one.location,
    )


def _starts(
    declarations: Declarations, called: _Called, is_touched: Callable[[str], bool]
) -> dict[str, list[_Started]]:
    """By address of a workflow what starts it. Schedules of something else are left out."""
    found: dict[str, list[_Started]] = {}
    for seeker, trigger, aim, parts in _aims(declarations):
        meant = [each.address for each in aim.target.references if each.address in called.by_address]
        meant = meant or called.named(aim.target.spelled)
        in_input = called.meant(aim.target.value) if not meant else None  # of a universal target
        meant = [in_input] if in_input is not None else meant
        for address in dict.fromkeys(meant):
            found.setdefault(address, []).append(_Started(trigger, aim.given, any(map(is_touched, parts))))
        if not meant:
            _unlinked(declarations, seeker)
    return found


def _unlinked(declarations: Declarations, seeker: DeclaredSchedule | DeclaredRuleTarget) -> None:
    if seeker.reason is not None:
        declarations.skip(seeker, seeker.reason, affects_total=True)
    else:
        declarations.leave_out(seeker)


def _aims(
    declarations: Declarations,
) -> Iterator[tuple[DeclaredSchedule | DeclaredRuleTarget, Trigger, Aim, tuple[str, ...]]]:
    """Every target of every schedule, with when it is started."""
    rules = list(declarations.of(DeclaredSchedule))
    targets = list(declarations.of(DeclaredRuleTarget))
    aimed: set[str] = set()
    for one in targets:
        meant = {each.address for each in one.rule.references}
        own = [each for each in rules if each.address in meant or (one.rule.spelled and each.name == one.rule.spelled)]
        aimed |= {each.address for each in own}
        for each in own:
            yield one, replace(each.trigger, address=one.address), one.aim, (each.address, one.address)
        if not own:
            _unlinked(declarations, one)
    for each in rules:
        for number, aim in enumerate(each.aims, 1):
            name = each.address if len(each.aims) == 1 else f"{each.address} #{number}"
            yield each, replace(each.trigger, address=name), aim, (each.address,)
        if not each.aims and each.address not in aimed:
            _unlinked(declarations, each)


def _name_in(text: str | None) -> str:
    """``scoring`` of ``arn:aws:sagemaker:us-east-1:${AWS::AccountId}:pipeline/scoring``, and of itself."""
    found = _LAST_NAME.search(text or "")
    return found[1] if found else text or ""
