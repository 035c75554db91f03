"""From templates to a change set: both sides, under every assignment of what is undecided."""

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import LimitError, SourceError, did_you_mean
from guardrail.limits import Allowance
from guardrail.model import ChangeSet, Coverage, InlineWaiver, Possibility, Skipped
from guardrail.sources.declarations import Declaration
from guardrail.sources.linking.link import Linked, Side
from guardrail.sources.linking.possibilities import with_possibilities
from guardrail.sources.past import named_past
from guardrail.sources.template import assembly
from guardrail.sources.template.assembly import ParameterValue
from guardrail.sources.template.beside import belong_together, without
from guardrail.sources.template.declared import TemplateResource, changes, construct_path, declared, waivers
from guardrail.sources.template.files import WorkingTree
from guardrail.sources.template.kept import by_policies, with_kept
from guardrail.sources.template.parameters import TemplateConfiguration
from guardrail.sources.template.stacks import Origin, Stacks, TemplateOptions
from guardrail.sources.template.values import DuplicateKey, Table, is_no_echo, text_of, within
from guardrail.sources.template.world import Assignment, PossibleWorld, Variable, assignments, described, request

LINKING = 250
"""Steps that it takes to link one resource."""
MOST_DUPLICATES = 3
"""Keys that stand twice, of which a report says where."""


def read(path: str, inputs: TemplateOptions) -> ChangeSet:
    """The change set of the template or CDK output at ``path``.

    Raises `SourceError` where it, or what it is to be compared with, cannot be read.
    """
    try:
        return _read(path, inputs)
    except LimitError as error:
        raise SourceError(f"{path}: {error.message}") from None
    except RecursionError:
        raise SourceError(f"{path} leads from value to value too deeply to be a template") from None


def _read(path: str, inputs: TemplateOptions) -> ChangeSet:
    files = WorkingTree(path, *inputs.beside)
    changes_only = assembly.change_set(path, files)
    if changes_only is not None:
        return _read_change_set(path, changes_only, inputs)
    after = Origin.of(path, files, inputs)
    if not files.is_directory(path) and not any(template.root["Resources"] for template in after.templates):
        raise SourceError(f"{path} has no resources, of which a template has at least one")
    before = _before(path, inputs) if inputs.compare_to is not None else None
    return _ChangeSetReader(path, inputs, before, after).change_set()


def _read_change_set(path: str, document: Table, inputs: TemplateOptions) -> ChangeSet:
    """A change set of CloudFormation's, which has both sides of what changes, and nothing of what does not."""
    if inputs.compare_to is not None:
        raise SourceError(f"{path} is a change set and tells itself what stands before", hint="leave out --compare-to")
    from guardrail.sources.template.change_set import ChangeSetResources

    nothing = Origin([], WorkingTree(), inputs)
    sides = ChangeSetResources(path, document, Stacks(nothing, PossibleWorld(), inputs.parameters), inputs.region)
    before = Side(_declarations(sides.before, sides.changes), region=inputs.region)
    after = Side(_declarations(sides.after, sides.changes), region=inputs.region, previous=before)
    past, now = with_kept(before.linked(), after.linked(), lambda address, _: address in sides.kept)
    notice = "a change set tells only of what changes: totals leave out what stays as it is"
    notices = (notice, *_said_of_kept(_kept(past, now)))
    return replace(_change_set(path, [_LinkedSides({}, past, now)], notices), complete=False)


def _before(path: str, inputs: TemplateOptions) -> "Origin":
    other = inputs.compare_to or ""
    if inputs.beside and os.path.exists(other):
        raise SourceError(
            f"--compare-to {other} is one past, and there are several inputs", hint="compare with a git revision"
        )
    past = named_past(path, other, any_owner=inputs.any_owner)
    if isinstance(past, str):
        return Origin.of(past, WorkingTree(past), inputs)
    if past.read(path) is None and not past.is_directory(path):
        return Origin([], past, inputs)  # it was not there then: everything in it is new
    return Origin.of(path, past, inputs)


class _LinkedSides(Struct, frozen=True):
    """Both sides in one world."""

    assignment: Assignment
    before: Linked | None
    after: Linked


class _ChangeSetReader:
    """Reads both sides under one world after another until nothing new turns out to be undecided."""

    def __init__(self, path: str, inputs: TemplateOptions, before: Origin | None, after: Origin) -> None:
        self._path = path
        self._inputs = inputs
        self._before = before
        self._after = after
        self._notices: list[str] = []
        self._allowance = Allowance()
        self._kept: dict[str, None] = {}
        self._construct_paths: dict[str, str] = {}
        self._waivers: tuple[InlineWaiver, ...] = ()

    def change_set(self) -> ChangeSet:
        """Both sides, merged where several worlds are possible."""
        cases = [
            (label, configuration.over(self._inputs.parameters)) for label, configuration in self._inputs.possibilities
        ]
        cases = cases or [("", self._inputs.parameters)]
        self._check_parameters([parameters for _, parameters in cases])
        self._notices += _said_of(self._after.duplicates)
        found: dict[str, _LinkedSides] = {}
        wanted = [f"which it is of --possibility {' or '.join(label for label, _ in cases)}"] if len(cases) > 1 else []
        for label, parameters in cases:
            several, variables = self._possible(parameters)
            names = [", ".join(filter(None, (label, described(sides.assignment, variables)))) for sides in several]
            found |= dict(zip(names, several, strict=True))
            wanted += [request(variables)] if len(several) > 1 else []
        if len(found) == 1:
            return self._changes([*found.values()])
        return self._several(found, "; ".join(dict.fromkeys(wanted)))

    def _possible(self, parameters: TemplateConfiguration) -> tuple[list[_LinkedSides], dict[str, Variable]]:
        """Both sides in each world that these parameters leave possible, and the variables that tell them apart."""
        variables: dict[str, Variable] = {}
        sides, asked = self._linked({}, parameters)
        one = [sides]
        while asked:
            variables.update(asked)
            worlds = self._tried(assignments(variables), variables, parameters)
            if worlds is None:
                self._notices.append(f"too many possibilities to try them all: {request(variables)}")
                return [sides], {}
            one, asked = worlds
        if all((sides.before, sides.after) == (one[0].before, one[0].after) for sides in one):
            return [replace(one[0], assignment={})], {}
        return one, variables

    def _tried(
        self, worlds: list[Assignment] | None, variables: Mapping[str, Variable], parameters: TemplateConfiguration
    ) -> tuple[list[_LinkedSides], dict[str, Variable]] | None:
        """Both sides in each of the worlds, and what they ask besides; None where that is more than can be tried."""
        asked: dict[str, Variable] = {}
        found: list[_LinkedSides] = []
        try:
            for assignment in worlds or ():
                sides, more = self._linked(assignment, parameters)
                found.append(sides)
                asked.update({name: variable for name, variable in more.items() if name not in variables})
                self._allowance.steps(LINKING * (len(sides.after.modelled) + len(sides.after.skipped)))
        except LimitError:
            return None
        return (found, asked) if found else None

    def _linked(
        self, assignment: Assignment, parameters: TemplateConfiguration
    ) -> tuple[_LinkedSides, dict[str, Variable]]:
        """Both sides in one world, and the variables that it leaves undecided although something depends on them."""
        world = PossibleWorld(assignment, self._allowance)
        stacks = Stacks(self._after, world, parameters)
        own, after = self._resources(stacks)
        if not assignment:
            self._waivers = tuple(one for stack in stacks.stacks for one in waivers(stack))
        paths = {address: construct_path(resource) for address, resource in own.items()}
        self._construct_paths.update((address, path) for address, path in paths.items() if path is not None)
        region, beside = self._inputs.region, after.keys() - own.keys()
        if self._before is None:
            sides = _LinkedSides(
                assignment, None, without(Side(_declarations(after, {}), region=region).linked(), beside)
            )
        else:
            past_own, before = self._resources(Stacks(self._before, world, parameters))
            happens = changes(before, after)
            previous = Side(_declarations(before, happens), region=region)
            side = Side(_declarations(after, happens), region=region, previous=previous)
            past = without(previous.linked(), before.keys() - past_own.keys())
            past, now = with_kept(past, without(side.linked(), beside), by_policies(past_own, own))
            self._kept.update(dict.fromkeys(_kept(past, now)))
            sides = _LinkedSides(assignment, past, now)
        return sides, {name: world.variables[name] for name in world.consulted if name in world.variables}

    def _resources(self, stacks: Stacks) -> tuple[dict[str, TemplateResource], dict[str, TemplateResource]]:
        """The resources of the stacks, and these with those of the other inputs that belong together with them."""
        own = stacks.resources()
        found, declarations = dict(own), _declarations(own, {}) if stacks.beside else []
        for path in stacks.beside:
            consulted = dict(stacks.world.consulted)
            others = stacks.resources(path)
            if belong_together(declarations, _declarations(others, {})):
                found.update(others)
            else:
                stacks.world.consulted = consulted  # what is undecided there makes no difference here
        return own, found

    def _several(self, sides: Mapping[str, _LinkedSides], wanted: str) -> ChangeSet:
        possibilities = [
            Possibility(
                given=given,
                before=world.before.inventory if world.before else None,
                after=world.after.inventory,
            )
            for given, world in sides.items()
        ]
        return with_possibilities(self._changes([*sides.values()]), possibilities, wanted)

    def _changes(self, sides: Sequence[_LinkedSides]) -> ChangeSet:
        return replace(
            _change_set(self._path, sides, (*self._notices, *_said_of_kept(self._kept))),
            construct_paths=self._construct_paths,
            waivers=self._waivers,
        )

    def _check_parameters(self, given: Sequence[TemplateConfiguration]) -> None:
        """Raise for a value that the template does not allow; note the names that it does not have."""
        names: set[str] = set()
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


def _change_set(path: str, sides: Sequence[_LinkedSides], notices: tuple[str, ...]) -> ChangeSet:
    """The change set of the first of several possibilities, with what any of them skips."""
    before, after = sides[0].before, sides[0].after
    skipped: dict[str, Skipped] = {}
    for world in sides:
        for one in world.after.skipped:
            skipped.setdefault(one.address, one)
    return ChangeSet(
        path=path,
        kind="cloudformation",
        before=before.inventory if before else None,
        after=after.inventory,
        skipped=tuple(skipped[address] for address in sorted(skipped)),
        coverage=_coverage(sides, skipped),
        notices=notices,
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


def _kept(before: Linked, after: Linked) -> list[str]:
    """The addresses of endpoints that AWS keeps although their stack has them no more."""
    every = (*before.inventory.endpoints, *after.inventory.endpoints)
    return [endpoint.address.removesuffix(" (kept)") for endpoint in every if endpoint.kept]


def _said_of_kept(addresses: Collection[str]) -> list[str]:
    if not addresses:
        return []
    names, verb = ", ".join(addresses), "are" if len(addresses) > 1 else "is"
    return [f"{names} {verb} kept running by AWS (Retain), owned by no stack, and billed until somebody deletes it"]


def _declarations(found: Mapping[str, TemplateResource], happens: Mapping[str, Any]) -> list[Declaration]:
    return [declared(resource, happens.get(address, "create")) for address, resource in found.items()]


def _coverage(sides: Sequence[_LinkedSides], skipped: Mapping[str, Skipped]) -> Coverage:
    """Counts over both sides of every world; what is skipped anywhere is skipped."""
    modelled: set[str] = set()
    partial: set[str] = set()
    left_out = set(skipped)
    for world in sides:
        for linked in (world.after, world.before):
            if linked is not None:
                modelled |= linked.modelled
                partial |= linked.partial
        if world.before is not None:
            left_out |= {one.address for one in world.before.skipped}
    left_out -= modelled - set(skipped)
    modelled -= left_out
    partial &= modelled
    return Coverage(
        seen=len(modelled) + len(left_out), modelled=len(modelled), partial=len(partial), skipped=len(left_out)
    )
