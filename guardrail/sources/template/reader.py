"""From templates to a change set: both sides, under every assignment of what is undecided."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache, partial
from itertools import chain
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from guardrail import files
from guardrail.errors import GitError, LimitError, SourceError, did_you_mean
from guardrail.git import Commit
from guardrail.limits import Allowance
from guardrail.model import Change, ChangeSet, InlineWaiver, Possibility, TransformJob, Unknown
from guardrail.sources.base import Block
from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.changes import changes
from guardrail.sources.linking.link import Linked, Side, coverage, skipped_on, unread_before
from guardrail.sources.linking.possibilities import with_possibilities
from guardrail.sources.options import InputOptions
from guardrail.sources.past import is_new, one_past
from guardrail.sources.template import assembly
from guardrail.sources.template.assembly import ParameterValue
from guardrail.sources.template.beside import belong_together, without
from guardrail.sources.template.declared import TemplateResource, construct_path, declared, waivers
from guardrail.sources.template.files import WorkingTree
from guardrail.sources.template.kept import by_policies, scaling_kept, with_kept
from guardrail.sources.template.parameters import NONE, Read, TemplateConfiguration, load, load_labelled, named_files
from guardrail.sources.template.stacks import Origin, Stacks
from guardrail.sources.template.values import DuplicateKey, Table, is_no_echo, text_of, within
from guardrail.sources.template.world import (
    MAX_WORLDS,
    Assignment,
    PossibleWorld,
    Variable,
    assignments,
    described,
    request,
)

LINKING = 250
"""Steps that it takes to link one resource."""
MOST_DUPLICATES = 3
"""Keys that stand twice, of which a report says where."""


def read(path: str, options: InputOptions) -> ChangeSet:
    """The change set of the template or CDK output at ``path``.

    Raises `SourceError` where it, or what it is to be compared with, cannot be read.
    """
    others = [other for other in options.beside if other not in (path, "-")]
    try:
        return _read(path, replace(options, beside=others))
    except LimitError as error:
        raise SourceError(f"{path}: {error.message}") from None
    except RecursionError:
        raise SourceError(f"{path} leads from value to value too deeply to be a template") from None


def _read(path: str, options: InputOptions) -> ChangeSet:
    read = cache(files.named)  # a pipe can be read only once
    if options.is_gone:
        before = _before(path, options, read)
        nothing = Origin([], WorkingTree(), options)
        gone = _PossibleReadings(path, options, before, nothing, before.cases or [("", NONE)]).change_set()
        return replace(gone, is_past_unreadable=before.is_unreadable)
    tree = WorkingTree(path, *options.beside, known=options.known_boundaries)
    changes_only = assembly.change_set(path, tree)
    if changes_only is not None:
        return _read_change_set(path, changes_only, options)
    after = Origin.of(path, tree, options)
    if not tree.is_directory(path) and not any(template.root["Resources"] for template in after.templates):
        raise SourceError(f"{path} has no resources, of which a template has at least one")
    before = _before(path, options, read)
    found = _PossibleReadings(path, options, before, after, _cases(options, options.parameters, read)).change_set()
    return replace(found, is_past_unreadable=before.is_unreadable)


def _read_change_set(path: str, document: Table, options: InputOptions) -> ChangeSet:
    """A change set of CloudFormation's, which has both sides of what changes, and nothing of what does not."""
    if options.compared is not None:
        raise SourceError(f"{path} is a change set and tells itself what stands before", hint="leave out --compare-to")
    from guardrail.sources.template.change_set import ChangeSetResources

    nothing = Origin([], WorkingTree(), options)
    sides = ChangeSetResources(
        path, document, Stacks(nothing, PossibleWorld(), load(options.parameters)), options.region
    )

    def keeps(address: str, _is_replaced: bool) -> bool:  # noqa: FBT001 - as `with_kept` asks it
        return address in sides.kept

    before = Side(_declarations(sides.before, sides.changes), region=options.region)
    scaling = scaling_kept(before.linked().inventory, sides.before, sides.after, keeps)
    happens = sides.changes | dict.fromkeys(scaling, "forget")
    after = Side(_declarations(sides.after | scaling, happens), region=options.region, previous=before)
    past, now = with_kept(before.linked(), after.linked(), keeps)
    notices = ["a change set tells only of what changes: totals leave out what stays as it is", *_going_on(scaling)]
    return replace(_change_set(path, [_TemplateReading({}, past, now)], notices), complete=False)


def _going_on(scaling: Iterable[str]) -> list[str]:
    return [f"{address} is kept by AWS (Retain), owned by no stack, and goes on scaling" for address in scaling]


_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")
_LabelledValues: TypeAlias = tuple[str, TemplateConfiguration]
"""Values of parameters under the label of a possibility."""


class _Before(Struct, frozen=True, kw_only=True):
    """What stood before."""

    origin: Origin | None = None
    """None where that is not known, or nobody asks."""
    cases: Sequence[_LabelledValues] = ()
    """What was given for its parameters."""
    said: Sequence[str] = ()
    is_unreadable: bool = False


def _before(path: str, options: InputOptions, read: Read) -> _Before:
    """What stood before, with the parameters that were given then. Raises `SourceError`."""
    compared = options.compared
    if compared is None:
        return _Before()
    if options.beside and os.path.exists(compared.named):
        raise one_past(compared.named)
    past = compared.past_of(path)
    if isinstance(past, str):
        cases = _cases(options, options.parameters, read)
        return _Before(origin=Origin.of(past, WorkingTree(past), options), cases=cases)
    then = options.was or path
    given = options.parameters if options.parameters_then is None else options.parameters_then
    try:
        cases = _cases(options, given, partial(_content_then, past, read))
        came = any(is_new(past, each) for each in named_files(given))  # nothing had been made with such values
        if came or (past.read(then) is None and not past.is_directory(then)):
            return _Before(origin=Origin([], past, options), cases=cases)
        return _Before(origin=Origin.of(then, past, options), cases=cases)
    except GitError:
        raise
    except SourceError as error:  # or the change that mends it could not be checked
        return _Before(said=[f"what stood before is not known: {error.message}"], is_unreadable=True)


def _content_then(past: Commit, read: Read, path: str) -> bytes:
    """A file of parameters as it was; as it is, where git does not have it."""
    found = past.read(path)
    return read(path) if found is None else found


def _cases(options: InputOptions, parameters: Iterable[str], read: Read) -> Sequence[_LabelledValues]:
    """The parameter values of each possibility, by its label; one without a label where nothing is undecided."""
    given = load(parameters, read)
    cases = [(label, case.over(given)) for label, case in load_labelled(options.possibilities, read)]
    return cases or [("", given)]


class _TemplateReading(Struct, frozen=True):
    """A template read under one assignment of its undecided parameters: both sides, and its notices."""

    assignment: Assignment
    before: Linked | None
    after: Linked
    asked: Mapping[str, Variable] = {}
    """What it leaves undecided although something depends on it."""
    sized: Mapping[str, Variable] = {}
    """What it leaves undecided of the size of transform jobs, or of when they run."""
    waivers: tuple[InlineWaiver, ...] = ()
    construct_paths: Mapping[str, str] = {}

    def spanning(self, sized: Mapping[str, Variable]) -> "_TemplateReading":
        """The reading with jobs of every size that these parameters allow."""
        before = None if self.before is None else _spanning(self.before, sized)
        return replace(self, before=before, after=_spanning(self.after, sized))


class _PossibleReadings:
    """Reads both sides under one assignment after another until nothing new turns out to be undecided."""

    def __init__(
        self, path: str, options: InputOptions, before: _Before, after: Origin, cases: Sequence[_LabelledValues]
    ) -> None:
        self._path = path
        self._options = options
        self._before = before.origin
        self._after = after
        self._cases = [(label, now, then) for (label, now), (_, then) in zip(cases, before.cases or cases, strict=True)]
        """What is given for the parameters now and what was given then, by label."""
        self._notices = list(before.said)
        self._allowance = Allowance()

    def change_set(self) -> ChangeSet:
        """Both sides, merged where several possibilities are left."""
        cases = self._cases
        self._check_parameters([now for _, now, _ in cases])
        self._notices += _said_of([key for template in self._after.templates for key in template.root.duplicates])
        readings: dict[str, _TemplateReading] = {}
        wanted = [f"which it is of --possibility {' or '.join(each[0] for each in cases)}"] if len(cases) > 1 else []
        for label, *given in cases:
            several, variables = self._possible(given)
            names = [", ".join(filter(None, (label, described(one.assignment, variables)))) for one in several]
            readings |= dict(zip(names, several, strict=True))
            wanted += [request(variables)] if len(several) > 1 else []
        change_set = _change_set(self._path, [*readings.values()], self._notices)
        change_set = replace(change_set, texts=frozenset(self._after.texts))
        if len(readings) == 1:
            return change_set
        possibilities = [
            Possibility(given=name, before=one.before.inventory if one.before else None, after=one.after.inventory)
            for name, one in readings.items()
        ]
        return with_possibilities(change_set, possibilities, "; ".join(dict.fromkeys(wanted)))

    def _possible(self, given: Sequence[TemplateConfiguration]) -> tuple[list[_TemplateReading], dict[str, Variable]]:
        """A reading for each possibility that the parameters of both sides leave, and the variables that tell them."""
        variables: dict[str, Variable] = {}
        readings = [first := self._reading({}, *given)]
        while asked := _new({name: known for one in readings for name, known in one.asked.items()}, variables):
            variables.update(asked)
            readings = self._tried(assignments(variables) or (), given)
            if not readings:
                self._notices.append(f"too many possibilities to try them all: {request(variables)}")
                return [first], {}
        if sized := _new({name: known for one in readings for name, known in one.sized.items()}, variables):
            if tried := self._tried(assignments(variables | sized) or (), given):
                readings, variables = tried, variables | sized
            else:  # each job alone has any of the sizes that its own parameters allow
                readings = [one.spanning(sized) for one in readings]
                self._notices.append(f"too many possibilities of transform jobs to try them all: {request(sized)}")
        if all((one.before, one.after) == (readings[0].before, readings[0].after) for one in readings):
            return [replace(readings[0], assignment={})], {}
        return readings, variables

    def _tried(self, tried: Iterable[Assignment], given: Sequence[TemplateConfiguration]) -> list[_TemplateReading]:
        """A reading under each assignment; none where that is more than can be tried."""
        readings: list[_TemplateReading] = []
        try:
            for assignment in tried:
                readings.append(self._reading(assignment, *given))
                after = readings[-1].after
                self._allowance.steps(LINKING * (len(after.modelled) + len(after.skipped)))
        except LimitError:
            return []
        return readings

    def _reading(
        self, assignment: Assignment, now_given: TemplateConfiguration, then_given: TemplateConfiguration
    ) -> _TemplateReading:
        """Both sides under one assignment."""
        world, region = PossibleWorld(assignment, self._allowance), self._options.region
        stacks = Stacks(self._after, world, now_given)
        own, after = self._resources(stacks)
        past: Linked | None = None
        if self._before is None:
            now = without(Side(_declarations(after, {}), region=region).linked(), after.keys() - own.keys())
        else:
            past_own, before = self._resources(Stacks(self._before, world, then_given))
            happens = changes(_blocks(before), _blocks(after))
            previous, keeps = Side(_declarations(before, happens), region=region), by_policies(past_own, own)
            past = without(previous.linked(), before.keys() - past_own.keys())
            scaling = scaling_kept(past.inventory, before, after, keeps)
            happens.update(dict.fromkeys(scaling, "forget"))
            self._notices += [each for each in _going_on(scaling) if each not in self._notices]
            side = Side(_declarations(after | scaling, happens), region=region, previous=previous)
            now = without(side.linked(), after.keys() - own.keys())
            past, now = with_kept(past, now, keeps)
        paths = ((address, construct_path(resource)) for address, resource in own.items())
        return _TemplateReading(
            assignment=assignment,
            before=past,
            after=now,
            asked={name: world.variables[name] for name in world.consulted if name in world.variables},
            sized=_sized(world, (past, now)),
            waivers=tuple(waiver for stack in stacks.stacks for waiver in waivers(stack)),
            construct_paths={address: path for address, path in paths if path is not None},
        )

    def _resources(self, stacks: Stacks) -> tuple[dict[str, TemplateResource], dict[str, TemplateResource]]:
        """The resources of the stacks, and these with those of the other inputs that belong together with them."""
        own = stacks.resources()
        together, declarations = dict(own), _declarations(own, {}) if stacks.beside else []
        for path in stacks.beside:
            consulted = dict(stacks.world.consulted)
            others = stacks.resources(path)
            if belong_together(declarations, _declarations(others, {})):
                together.update(others)
            else:
                stacks.world.consulted = consulted  # what is undecided there makes no difference here
        return own, together

    def _check_parameters(self, given: Sequence[TemplateConfiguration]) -> None:
        """Raise for a value that the template does not allow; note the names that it does not have."""
        names: set[str] = set()
        if self._options.is_gone:
            return  # nothing that is given is for it
        for template in self._after.templates:
            section = template.root.get("Parameters")
            for name, declaration in section.items() if isinstance(section, Table) else ():
                names.add(name)
                for parameters in given:
                    _check_allowed(template.path, name, declaration, parameters.values.get(name))
        for name in dict.fromkeys(chain.from_iterable(parameters.values for parameters in given)):
            if name not in names:
                near = did_you_mean(name, names)
                self._notices.append(f"--parameters {name}: {self._path} has no such parameter{near}")


def _change_set(path: str, readings: Sequence[_TemplateReading], notices: Iterable[str]) -> ChangeSet:
    """The change set of the first of several readings, with what any of them skips and says."""
    first = readings[0]
    afters, befores = [one.after for one in readings], [one.before for one in readings if one.before]
    skipped = skipped_on(afters, befores)
    return ChangeSet(
        path=path,
        kind="cloudformation",
        before=first.before.inventory if first.before else None,
        after=first.after.inventory,
        unread_before=unread_before(afters, befores),
        skipped=skipped,
        coverage=coverage(skipped, *afters, *befores),
        notices=(*notices, *_said_of_kept([*befores, *afters])),
        waivers=tuple(dict.fromkeys(waiver for one in readings for waiver in one.waivers)),
        construct_paths={address: path for one in readings for address, path in one.construct_paths.items()},
    )


def _said_of(duplicates: Sequence[DuplicateKey]) -> list[str]:
    """The keys that stand twice in what nobody reads, for people."""
    more = len(duplicates) - MOST_DUPLICATES
    shown = [f"{duplicate.message()}: the last one counts" for duplicate in duplicates[:MOST_DUPLICATES]]
    return [*shown, f"{more:,} more keys stand twice"] if more > 0 else shown


def _check_allowed(path: str, name: str, declaration: Any, given: ParameterValue | None) -> None:
    allowed = within(declaration, "AllowedValues")
    if given is None or given.value is None or not isinstance(allowed, list):
        return
    texts = [text_of(value) for value in allowed]
    values = str(given.value).split(",") if "List" in str(declaration.get("Type")) else [given.value]
    for value in values:
        if text_of(value) not in texts:
            if is_no_echo(declaration):
                raise SourceError(f"{path}: the parameter {name} cannot have the value that it is given")
            shown = ", ".join(text for text in texts[:20] if text is not None)
            raise SourceError(f"{path}: the parameter {name} cannot be {value!r}", hint=f"it allows {shown}")


def _new(asked: Mapping[str, Variable], known: Mapping[str, Variable]) -> dict[str, Variable]:
    return {name: each for name, each in asked.items() if name not in known}


def _sized(world: PossibleWorld, sides: Iterable[Linked | None]) -> dict[str, Variable]:
    """The undecided parameters that the size of a transform job depends on, or whether or when it runs.

    They are those whose AllowedValues tell all that they can be; a definition is text, in which ``${Type}`` is one.
    """
    workflows = chain.from_iterable(side.inventory.workflows for side in sides if side is not None)
    unknown = chain.from_iterable((*each.unknown_sizes, *each.unknown_times) for each in workflows)
    names = chain.from_iterable(_PLACEHOLDER.findall(each.partial or "") for each in unknown)
    return {name: known for name in names if (known := world.variables.get(name)) and known.is_closed}


def _spanning(side: Linked, sized: Mapping[str, Variable]) -> Linked:
    """One side, whose jobs have all the types and the least and the most instances that parameters allow them.

    ``${Type}`` with three AllowedValues is one of three types, ``${Count}`` with 1, 2 and 8 is 1 to 8 instances.
    """

    def values(of: Unknown) -> list[str]:
        hole = _PLACEHOLDER.fullmatch(of.partial or "")
        known = sized.get(hole[1]) if hole else None
        return list(known.values) if known and not known.is_hidden and len(known.values) <= MAX_WORLDS else []

    def job(of: TransformJob) -> TransformJob:
        types: list[str | Unknown] = []
        for each in of.instance_types:
            types += (values(each) if isinstance(each, Unknown) else ()) or (each,)
        count = of.instance_count
        counts = values(count) if isinstance(count, Unknown) else []
        if isinstance(count, Unknown) and counts and all(each.isdecimal() and int(each) for each in counts):
            numbers = list(map(Decimal, counts))
            count = replace(count, at_least=min(numbers), at_most=max(numbers))
        return replace(of, instance_types=tuple(types), instance_count=count)

    workflows = tuple(replace(each, jobs=tuple(map(job, each.jobs))) for each in side.inventory.workflows)
    return replace(side, inventory=replace(side.inventory, workflows=workflows))


def _said_of_kept(sides: Iterable[Linked]) -> list[str]:
    """That AWS keeps endpoints although their stack has them no more."""
    endpoints = (endpoint for side in sides for endpoint in side.inventory.endpoints if endpoint.kept)
    addresses = dict.fromkeys(endpoint.address.removesuffix(" (kept)") for endpoint in endpoints)
    if not addresses:
        return []
    names, verb = ", ".join(addresses), "are" if len(addresses) > 1 else "is"
    return [f"{names} {verb} kept running by AWS (Retain), owned by no stack, and billed until somebody deletes it"]


def _blocks(resources: Mapping[str, TemplateResource]) -> dict[str, Block]:
    return {address: resource.block for address, resource in resources.items()}


def _declarations(resources: Mapping[str, TemplateResource], happens: Mapping[str, Change]) -> list[Declaration]:
    return [declared(resource, happens.get(address, "create")) for address, resource in resources.items()]
