"""From templates to a change set: both sides, under every assignment of what is undecided."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail import limits
from guardrail.errors import GitError, LimitError, SourceError, did_you_mean
from guardrail.git import Commit, repository_of
from guardrail.limits import Allowance
from guardrail.model import ChangeSet, Coverage, InlineWaiver, Possibility, Skipped, Unknown
from guardrail.sources.declarations import Declaration
from guardrail.sources.link import Linked, Side
from guardrail.sources.possibilities import merged
from guardrail.sources.template import assembly
from guardrail.sources.template.assembly import Template
from guardrail.sources.template.declared import Resource, changes, construct_path, declared, resources, waivers
from guardrail.sources.template.files import Files, WorkingTree
from guardrail.sources.template.kept import by_policies, with_kept
from guardrail.sources.template.parameters import NONE, Parameters
from guardrail.sources.template.stack import Given, Stack
from guardrail.sources.template.values import Table, Twice, is_no_echo, text_of
from guardrail.sources.template.world import Assignment, Variable, World, assignments, described, request

LINKING = 250
"""Steps that it takes to link one resource."""
MOST_DUPLICATES = 3
"""Keys that stand twice, of which a report says where."""
_SAFE_CHILD_KEYS = ("TemplateURL", "Location")


class Inputs(Struct, frozen=True, kw_only=True):
    """What a run says besides the template."""

    region: str | None = None
    parameters: Parameters = NONE
    compare_to: str | None = None
    """A template, a directory of the CDK, or a git revision."""
    any_owner: bool = False
    """Whether the git repository may belong to another user."""
    beside: tuple[str, ...] = ()
    """The other inputs of the run, whose exports can be imported."""


def read(path: str, inputs: Inputs) -> ChangeSet:
    """The change set of the template or CDK output at ``path``.

    Raises `SourceError` where it, or what it is to be compared with, cannot be read.
    """
    try:
        return _read(path, inputs)
    except LimitError as error:
        raise SourceError(f"{path}: {error.message}") from None
    except RecursionError:
        raise SourceError(f"{path} leads from value to value too deeply to be a template") from None


def _read(path: str, inputs: Inputs) -> ChangeSet:
    files = WorkingTree(path)
    changes_only = assembly.change_set(path, files)
    if changes_only is not None:
        return _read_change_set(path, changes_only, inputs)
    after = _Origin.of(path, files, inputs)
    if not files.is_directory(path) and not any(template.root["Resources"] for template in after.templates):
        raise SourceError(f"{path} has no resources, of which a template has at least one")
    before = _before(path, inputs) if inputs.compare_to is not None else None
    return _Reader(path, inputs, before, after).change_set()


def _read_change_set(path: str, document: Table, inputs: Inputs) -> ChangeSet:
    """A change set of CloudFormation's, which has both sides of what changes, and nothing of what does not."""
    if inputs.compare_to is not None:
        raise SourceError(f"{path} is a change set and tells itself what stands before", hint="leave out --compare-to")
    from guardrail.sources.template.change_set import Sides

    nothing = _Origin([], WorkingTree(), inputs)
    sides = Sides(path, document, _Stacks(nothing, World()), inputs.region)
    before = Side(_declarations(sides.before, sides.changes), region=inputs.region)
    after = Side(_declarations(sides.after, sides.changes), region=inputs.region, previous=before)
    past, now = with_kept(before.linked(), after.linked(), lambda address, _: address in sides.kept)
    both = _Sides({}, past, now)
    skipped = {one.address: one for one in both.after.skipped}
    return ChangeSet(
        path=path,
        kind="cloudformation",
        before=both.before.inventory if both.before else None,
        after=both.after.inventory,
        complete=False,
        skipped=tuple(skipped[address] for address in sorted(skipped)),
        coverage=_coverage([both], skipped),
        notices=(
            "a change set tells only of what changes: totals leave out what stays as it is",
            *_said_of_kept(_kept(past, now)),
        ),
    )


def _before(path: str, inputs: Inputs) -> "_Origin":
    other = inputs.compare_to or ""
    if os.path.exists(other):
        if inputs.beside:
            raise SourceError(
                f"--compare-to {other} is one past, and there are several inputs", hint="compare with a git revision"
            )
        _refuse_a_revision(other, path, inputs)
        files: Files = WorkingTree(other)
        return _Origin.of(other, files, inputs)
    if path == "-":
        raise SourceError("standard input has no past in git", hint="--compare-to old-template.yaml")
    repository = repository_of(path, any_owner=inputs.any_owner)
    if repository is None:
        raise SourceError(f"{path} is not in a git repository, so there is no revision {other} to compare with")
    try:
        files = Commit(repository, other)
    except GitError as error:
        raise SourceError(f"--compare-to: there is no file {other}, and {error.message}", hint=error.hint) from error
    if files.read(path) is None and not files.is_directory(path):
        return _Origin([], files, inputs)  # it was not there then: everything in it is new
    return _Origin.of(path, files, inputs)


def _refuse_a_revision(other: str, path: str, inputs: Inputs) -> None:
    """Raise for a file that is called as a revision is: a change could bring a ``main``, and so a past of its own."""
    if other.startswith((".", os.sep)) or path == "-":
        return  # no revision begins so
    try:
        repository = repository_of(path, any_owner=inputs.any_owner)
        found = repository is not None and Commit(repository, other)
    except GitError:
        return
    if found:
        hint = f"--compare-to .{os.sep}{other} for the file, its commit or refs/… for the revision"
        raise SourceError(f"--compare-to {other} is a file and a git revision", hint=hint)


class _Origin:
    """The templates of one side, and where files beside them come from."""

    def __init__(self, templates: list[Template], files: Files, inputs: Inputs) -> None:
        self.templates = templates
        self.files = files
        self.inputs = inputs
        self.duplicates: list[Twice] = []
        """Keys that stand twice where it matters to nobody: where it does, that is an error."""
        self._roots: dict[str, Table] = {}
        self._assets: dict[str, dict[str, str]] = {}
        self._beside: list[Template] | None = None

    @staticmethod
    def of(path: str, files: Files, inputs: Inputs) -> "_Origin":
        """The templates at ``path``."""
        duplicates: list[Twice] = []
        origin = _Origin(assembly.templates(path, files, duplicates), files, inputs)
        origin.duplicates = duplicates
        return origin

    def nested(self, path: str) -> Table | None:
        """The top-level table of a nested template; read once."""
        if path not in self._roots:
            content = self.files.read(path)
            if content is None:
                return None
            self._roots[path] = assembly.root(path, content, self.duplicates)
        return self._roots[path]

    def asset(self, directory: str, url: str) -> str | None:
        """The local file that a template URL of the CDK stands for; None where none is known."""
        if directory not in self._assets:
            self._assets[directory] = assembly.assets(directory, self.files)
        return self._assets[directory].get(assembly.hash_of(url))

    def beside(self) -> list[Template]:
        """The templates of the other inputs, as far as they are templates; read once."""
        if self._beside is None:
            self._beside = []
            for path in self.inputs.beside:
                try:
                    self._beside += assembly.templates(path, self.files, [])
                except SourceError:
                    continue  # it is read on its own account, and then says what is wrong
        return self._beside


class _Stacks:
    """The stacks of one side in one world, which find their nested stacks and each other's exports here."""

    def __init__(self, origin: _Origin, world: World) -> None:
        self.world = world
        self._origin = origin
        self._exports: dict[str, tuple[Stack, str]] | None = None
        self._within: dict[str, frozenset[str]] = {}
        """The templates that each nested stack stands in, by its prefix."""
        inputs = origin.inputs
        self.stacks = [
            Stack(
                template.root,
                self,
                path=template.path,
                prefix=template.prefix,
                name=template.name,
                region=template.region or inputs.region,
                account=template.account,
                tags={**template.tags, **inputs.parameters.tags},
                parameters={
                    **{name: Given(value) for name, value in template.parameters.items()},
                    **inputs.parameters.values,
                },
            )
            for template in origin.templates
        ]

    def child(self, stack: Stack, logical_id: str, resource: Table) -> Stack | Unknown:
        """The nested stack that a resource declares; Unknown where its template is not here."""
        path = self._child_path(stack, resource)
        if isinstance(path, Unknown):
            return path
        try:
            root = self._origin.nested(path)
        except SourceError as error:
            return Unknown(f"its template cannot be read: {error.message}")
        if root is None:
            return Unknown(f"its template is not here: {path}")
        prefix = f"{stack.prefix}{logical_id}/"
        within = self._within.get(stack.prefix, frozenset()) | {os.path.normpath(stack.path)}
        if os.path.normpath(path) in within:
            return Unknown("its template is nested in itself")
        self._within[prefix] = within
        if len(self._within) > limits.MOST_STACKS:
            return Unknown(f"more than {limits.MOST_STACKS:,} stacks are nested")
        values = stack.properties_value(resource, "Parameters")
        given = {name: Given(value) for name, value in values.items()} if isinstance(values, Table) else {}
        return Stack(
            root,
            self,
            path=path,
            prefix=prefix,
            region=stack.region,
            account=stack.account,
            tags=stack.tags,
            parameters=given,
            owner=(stack, logical_id),
        )

    def _child_path(self, stack: Stack, resource: Table) -> str | Unknown:
        """The local file that a nested stack's template is: as the CDK notes it, as a path, or as a published asset."""
        directory = os.path.dirname(stack.path)
        metadata = resource.get("Metadata")
        noted = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
        if isinstance(noted, str):
            return os.path.join(directory, noted)
        url = next(
            (found for found in (stack.properties_value(resource, key) for key in _SAFE_CHILD_KEYS) if found), None
        )
        text = (url.partial if isinstance(url, Unknown) else text_of(url)) or ""
        if not text:
            return Unknown(
                f"its template is not known: {url.reason}" if isinstance(url, Unknown) else "it names no template"
            )
        if "://" not in text and "${" not in text:
            return os.path.join(directory, text.removeprefix("file:"))
        found = self._origin.asset(directory, text)
        return found if found is not None else Unknown(f"its template is not here: {text[:200]}")

    def export(self, name: str) -> Any:
        """What a stack of this side, or of another input, exports under a name; None where none does."""
        if self._exports is None:
            self._exports = {}
            own = list(self.stacks)
            for stack in (*own, *self._beside()):
                for exported, output in stack.exports().items():
                    self._exports.setdefault(exported, (stack, output))
        found = self._exports.get(name)
        return found[0].output(found[1]) if found is not None else None

    def output(self, stack: str, name: str) -> Any:
        """The value of an output of the stack of that name; None where it is not here."""
        found = next((each for each in self.stacks if each.name == stack), None)
        return found.output(name) if found is not None else None

    def file(self, path: str) -> bytes | None:
        """The content of a file beside a template; None where it is not here."""
        return self._origin.files.read(path)

    def _beside(self) -> list[Stack]:
        """Stacks of the other inputs, as far as these are templates."""
        inputs = Inputs(region=self._origin.inputs.region, parameters=self._origin.inputs.parameters)
        return _Stacks(_Origin(self._origin.beside(), self._origin.files, inputs), self.world).stacks

    def resources(self) -> dict[str, Resource]:
        """Every resource that matters, by address."""
        found: dict[str, Resource] = {}
        for stack in self.stacks:
            for resource in resources(stack):
                address = resource.block.address
                if address not in found:
                    found[address] = resource
                    continue
                reason = f"another resource has the address {address} too"
                other = f"{address}#{len(found)}"
                found[other] = replace(resource, block=replace(resource.block, address=other), reason=reason)
        return found


class _Sides(Struct, frozen=True):
    """Both sides in one world."""

    assignment: Assignment
    before: Linked | None
    after: Linked


class _Reader:
    """Reads both sides under one world after another until nothing new turns out to be undecided."""

    def __init__(self, path: str, inputs: Inputs, before: _Origin | None, after: _Origin) -> None:
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
        self._check_parameters()
        self._notices += _said_of(self._after.duplicates)
        variables: dict[str, Variable] = {}
        sides, asked = self._linked({})
        one = [sides]
        while asked:
            variables.update(asked)
            worlds = self._tried(assignments(variables), variables)
            if worlds is None:
                self._notices.append(f"too many possibilities to try them all: {request(variables)}")
                return self._single(sides)
            one, asked = worlds
        if all(_is_same(each, one[0]) for each in one):
            return self._single(one[0])
        return self._several(one, variables)

    def _tried(
        self, worlds: list[Assignment] | None, variables: Mapping[str, Variable]
    ) -> tuple[list[_Sides], dict[str, Variable]] | None:
        """Both sides in each of the worlds, and what they ask besides; None where that is more than can be tried."""
        asked: dict[str, Variable] = {}
        found: list[_Sides] = []
        try:
            for assignment in worlds or ():
                sides, more = self._linked(assignment)
                found.append(sides)
                asked.update({name: each for name, each in more.items() if name not in variables})
                self._allowance.steps(LINKING * (len(sides.after.modelled) + len(sides.after.skipped)))
        except LimitError:
            return None
        return (found, asked) if found else None

    def _linked(self, assignment: Assignment) -> tuple[_Sides, dict[str, Variable]]:
        """Both sides in one world, and the variables that it leaves undecided although something depends on them."""
        world = World(assignment, self._allowance)
        stacks = _Stacks(self._after, world)
        after = stacks.resources()
        if not assignment:
            self._waivers = tuple(one for stack in stacks.stacks for one in waivers(stack))
        before = _Stacks(self._before, world).resources() if self._before else None
        happens = changes(before, after) if before is not None else {}
        previous: Side | None = None
        if before is not None:
            previous = Side(_declarations(before, happens), region=self._inputs.region)
        side = Side(_declarations(after, happens), region=self._inputs.region, previous=previous)
        for address, resource in after.items():
            path = construct_path(resource)
            if path is not None:
                self._construct_paths[address] = path
        if previous is not None and before is not None:
            past, now = with_kept(previous.linked(), side.linked(), by_policies(before, after))
            self._kept.update(dict.fromkeys(_kept(past, now)))
            sides = _Sides(assignment, past, now)
        else:
            sides = _Sides(assignment, None, side.linked())
        asked = {name: world.variables[name] for name in world.consulted if name in world.variables}
        return sides, asked

    def _single(self, sides: _Sides) -> ChangeSet:
        return self._changes([sides], before=sides.before, after=sides.after)

    def _several(self, sides: Sequence[_Sides], variables: Mapping[str, Variable]) -> ChangeSet:
        wanted = request(variables)
        self._notices.append(f"{len(sides)} possibilities, because something is undecided: {wanted}")
        possibilities = tuple(
            Possibility(
                given=described(each.assignment, variables),
                before=each.before.inventory if each.before else None,
                after=each.after.inventory,
            )
            for each in sides
        )
        change_set = self._changes(sides, before=sides[0].before, after=sides[0].after)
        pasts = [each.before for each in possibilities if each.before is not None]
        return replace(
            change_set,
            after=merged([each.after for each in possibilities], wanted),
            before=merged(pasts, wanted) if pasts else None,
            possibilities=possibilities,
            undecided=wanted,
        )

    def _changes(self, sides: Sequence[_Sides], *, before: Linked | None, after: Linked) -> ChangeSet:
        skipped: dict[str, Skipped] = {}
        for each in sides:
            for one in each.after.skipped:
                skipped.setdefault(one.address, one)
        return ChangeSet(
            path=self._path,
            kind="cloudformation",
            before=before.inventory if before else None,
            after=after.inventory,
            skipped=tuple(skipped[address] for address in sorted(skipped)),
            coverage=_coverage(sides, skipped),
            notices=(*self._notices, *_said_of_kept(self._kept)),
            construct_paths=self._construct_paths,
            waivers=self._waivers,
        )

    def _check_parameters(self) -> None:
        """Raise for a value that the template does not allow; note the names that it does not have."""
        names: set[str] = set()
        for template in self._after.templates:
            section = template.root.get("Parameters")
            for name, declaration in section.items() if isinstance(section, Table) else ():
                names.add(name)
                _check_allowed(template.path, name, declaration, self._inputs.parameters.values.get(name))
        for name in self._inputs.parameters.values:
            if name not in names:
                near = did_you_mean(name, names)
                self._notices.append(f"--parameters {name}: {self._path} has no such parameter{near}")


def _said_of(duplicates: Sequence[Twice]) -> list[str]:
    """The keys that stand twice in what nobody reads, for people."""
    more = len(duplicates) - MOST_DUPLICATES
    shown = [f"{each.message()}: the last one counts" for each in duplicates[:MOST_DUPLICATES]]
    return [*shown, f"{more:,} more keys stand twice"] if more > 0 else shown


def _check_allowed(path: str, name: str, declaration: Any, given: Given | None) -> None:
    allowed = declaration.get("AllowedValues") if isinstance(declaration, Table) else None
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


def _is_same(one: _Sides, other: _Sides) -> bool:
    """Whether two worlds mean the same."""
    return one is other or (one.before, one.after) == (other.before, other.after)


def _declarations(found: Mapping[str, Resource], happens: Mapping[str, Any]) -> list[Declaration]:
    return [declared(resource, happens.get(address, "create")) for address, resource in found.items()]


def _coverage(sides: Sequence[_Sides], skipped: Mapping[str, Skipped]) -> Coverage:
    """Counts over both sides of every world; what is skipped anywhere is skipped."""
    modelled: set[str] = set()
    partial: set[str] = set()
    left_out = set(skipped)
    for each in sides:
        for linked in (each.after, each.before):
            if linked is not None:
                modelled |= linked.modelled
                partial |= linked.partial
        if each.before is not None:
            left_out |= {one.address for one in each.before.skipped}
    left_out -= modelled - set(skipped)
    modelled -= left_out
    partial &= modelled
    return Coverage(
        seen=len(modelled) + len(left_out), modelled=len(modelled), partial=len(partial), skipped=len(left_out)
    )
