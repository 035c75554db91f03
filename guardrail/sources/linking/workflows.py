"""Joining what starts transform jobs with what starts that: schedules, rules and their targets, and what they give."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from guardrail.flows import Runs, runs
from guardrail.model import Model, TransformJob, Trigger, Unknown, Workflow
from guardrail.sources.declarations import (
    Aim,
    Declared,
    DeclaredModel,
    DeclaredRuleTarget,
    DeclaredSchedule,
    DeclaredWorkflow,
)
from guardrail.sources.jobs import definitions
from guardrail.sources.jobs.base import Definition, Start, decoded
from guardrail.sources.linking.index import Declarations
from guardrail.sources.vocabulary.elsewhere import STARTS_OTHERS
from guardrail.sources.vocabulary.models import any_of

_HOLE = re.compile(r"\$\{([^{}]+)\}")
_LAST_NAME = re.compile(r"[:/]([\w-]+)$")


class Workflows(NamedTuple):
    """What starts transform jobs, and what is seen beside it."""

    workflows: tuple[Workflow, ...]
    others: dict[str, int]


class _Started(NamedTuple):
    """A trigger, with what it gives, and the declarations that it is made of."""

    trigger: Trigger
    given: Any
    parts: tuple[str, ...]


def workflows(
    declarations: Declarations, region_of: Callable[[Declared], str | Unknown], is_touched: Callable[[str], bool]
) -> Workflows:
    """Every workflow of one side, sorted by address; what cannot be read is skipped with its reason.

    A workflow that is started with several inputs, which make different jobs of it, is several.
    """
    declared = list(declarations.of(DeclaredWorkflow))
    started = _starts(declarations, declared)
    without_input = {one.address: _read(one, None) for one in declared}
    foreign = _nested(declared, started, without_input)
    parents = {part for group in started.values() for start in group for part in start.parts}
    models = {each.name: each.model for each in declarations.of(DeclaredModel) if isinstance(each.name, str)}
    others: Counter[str] = Counter()
    found: list[Workflow] = []
    for one in declared:
        starts = _starts_of(one, started)
        groups: list[tuple[Definition, list[_Started]]] = []
        for start in starts or [_Started(Trigger(address="", expression=""), None, ())]:
            definition = without_input[one.address] if start.given is None else _read(one, start.given)
            same = next((group for known, group in groups if known == definition), None)
            if definition is not None and same is None:
                groups.append((definition, [start]))
            elif same is not None:
                same.append(start)
        if not groups:
            declarations.skip(one, _why(one), affects_total=True)
            continue
        others.update(groups[0][0].others)
        for doubt in (*groups[0][0].doubts, *foreign.get(one.address, [])):
            declarations.skip(one, doubt, affects_total=True)
        if not any(definition.jobs for definition, _ in groups):
            if one.address not in declarations.skipped and one.address not in parents:
                declarations.leave_out(one)
            continue
        for definition, group in groups:
            told = replace(definition, jobs=tuple(_with_model(job, models) for job in definition.jobs))
            found.append(_workflow(one, told, group if starts else None, len(groups) > 1, region_of, is_touched))
    return Workflows(tuple(sorted(found, key=lambda each: each.address)), dict(others))


def _with_model(job: TransformJob, models: dict[str, Model]) -> TransformJob:
    """The job with what matters of its model, where that is here."""
    model = models.get(job.model_name) if isinstance(job.model_name, str) else None
    if model is None:
        return job
    return replace(job, uses_model_data_source=any_of(model.containers, lambda container: container.has_data_source))


def _starts_of(one: DeclaredWorkflow, started: dict[str, list[_Started]]) -> list[_Started]:
    """What starts a workflow: what is written inside it, and what is known so far of all others."""
    return [*(_Started(trigger, given, ()) for trigger, given in one.events), *started.get(one.address, [])]


def _nested(
    declared: list[DeclaredWorkflow], started: dict[str, list[_Started]], without_input: dict[str, Definition | None]
) -> dict[str, list[str]]:
    """Enter what workflows start of each other, those first that nothing starts; by address what they start elsewhere.

    What a workflow starts runs as often as its state does, each time that one of its own triggers starts it.
    """
    foreign: dict[str, list[str]] = {}
    targets = {
        address: [(start, each, _meant(start.target, declared)) for start, each in _with_runs(found)]
        for address, found in without_input.items()
        if found is not None and found.starts
    }
    pending = sorted(
        targets, key=lambda address: any(meant == address for each in targets.values() for *_, meant in each)
    )
    by_address = {one.address: one for one in declared}
    for address in pending:
        own = _starts_of(by_address[address], started)
        never = Unknown(f"nothing here starts {address}, which starts it")
        for start, often, meant in targets[address]:
            if meant is None and by_address[address].reason == STARTS_OTHERS:
                continue  # neither of the two has anything to do with SageMaker, as far as anybody can see
            if meant is None:
                foreign.setdefault(address, []).append(f"what it starts at {start.label} is not here, and in no total")
                continue
            itself = Unknown("it starts itself again and again")
            fallback = [_Started(Trigger(address="", expression=itself if meant == address else never), None, ())]
            for each in fallback if meant == address else own or fallback:
                most = None if often.most is None or each.trigger.most is None else often.most * each.trigger.most
                name = f"{address}: {start.label}"
                trigger = replace(each.trigger, address=name, least=often.least * each.trigger.least, most=most)
                given = decoded(start.given, "input") if start.given is not None else None
                started.setdefault(meant, []).append(_Started(trigger, given, (*each.parts, address)))
    return foreign


def _with_runs(definition: Definition) -> list[tuple[Start, Runs]]:
    return list(zip(definition.starts, runs(definition.flow, len(definition.starts), of="starts"), strict=True))


def _meant(target: str | Unknown | None, declared: list[DeclaredWorkflow]) -> str | None:
    """The address of the workflow that a state starts: by a placeholder that names it, or by its name."""
    text = (target.partial if isinstance(target, Unknown) else target) or ""
    hole = _HOLE.fullmatch(text)
    called = hole[1] if hole else text
    for one in declared:
        if called in (one.address, f"{one.address}.arn", f"{one.address}.Arn") or (
            isinstance(one.name, str) and _name_in(text) == one.name
        ):
            return one.address
    return None


def _why(one: DeclaredWorkflow) -> str:
    """What is to be said of a workflow whose definition cannot be read: with the reason, where one is known."""
    known = one.definition.reason if isinstance(one.definition, Unknown) else "it is none"
    if "is not known here" in one.reason:
        return one.reason.replace("is not known here", f"is {known}") if known.startswith("known only") else one.reason
    return f"{one.reason}: {known}" if isinstance(one.definition, Unknown) else one.reason


def _read(one: DeclaredWorkflow, given: Any) -> Definition | None:
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
    parts = [one.address, *(part for start in group or () for part in start.parts)]
    return Workflow(
        address=f"{one.address} ({names})" if is_one_of_several else one.address,
        type=one.type,
        region=region_of(one),
        jobs=definition.jobs,
        flow=definition.flow,
        triggers=triggers,
        once=definition.once,
        change=one.change,
        touched=any(map(is_touched, parts)),
        location=one.location,
    )


def _starts(declarations: Declarations, declared: list[DeclaredWorkflow]) -> dict[str, list[_Started]]:
    """By address of a workflow what starts it. Schedules of something else are left out."""
    by_name: dict[str, list[DeclaredWorkflow]] = {}
    for one in declared:
        if isinstance(one.name, str):
            by_name.setdefault(one.name, []).append(one)
    by_address = {one.address: one for one in declared}
    found: dict[str, list[_Started]] = {}
    for seeker, trigger, aim, parts in _aims(declarations):
        meant = [by_address[each.address] for each in aim.target.references if each.address in by_address]
        meant = meant or by_name.get(_name_in(aim.target.spelled), [])
        for address in dict.fromkeys(each.address for each in meant):
            found.setdefault(address, []).append(_Started(trigger, aim.given, parts))
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
            yield one, each.trigger, one.aim, (each.address, one.address)
        if not own:
            _unlinked(declarations, one)
    for each in rules:
        for aim in each.aims:
            yield each, each.trigger, aim, (each.address,)
        if not each.aims and each.address not in aimed:
            _unlinked(declarations, each)


def _name_in(text: str | None) -> str:
    """``scoring`` of ``arn:aws:sagemaker:us-east-1:${AWS::AccountId}:pipeline/scoring``, and of itself."""
    found = _LAST_NAME.search(text or "")
    return found[1] if found else text or ""
