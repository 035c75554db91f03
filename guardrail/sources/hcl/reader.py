"""From a root module to a change set: every block that matters, with what can be known of it before a plan."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import GitError, LimitError, PastUnreadableError, SourceError, SubmoduleError
from guardrail.expressions import expression
from guardrail.limits import Allowance
from guardrail.model import (
    ChangeSet,
    Endpoint,
    InlineWaiver,
    Inventory,
    Possibility,
    ScalableTarget,
    Skipped,
    Unknown,
    Workflow,
)
from guardrail.sources.base import LOST, STILL_BILLED, Block, Computed, Reference, View
from guardrail.sources.hcl import changes
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.ignored import ignored_changes, is_created_first, is_let_go
from guardrail.sources.hcl.instances import UNKNOWN_KEY
from guardrail.sources.hcl.modules import ModuleInstance, RootConfiguration, given
from guardrail.sources.hcl.moved import earlier_addresses, imported, let_go
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.hcl.scope import Trace
from guardrail.sources.hcl.syntax import Argument, Body
from guardrail.sources.hcl.types import text_of
from guardrail.sources.hcl.undecided import Decision, Outcomes, described, distinct, request, ways
from guardrail.sources.hcl.values import UndecidedInstances, marks_of
from guardrail.sources.hcl.variables import VariableAssignments, given_values
from guardrail.sources.hcl.waivers import waivers_of
from guardrail.sources.linking.choices import MOST_BLOCKS
from guardrail.sources.linking.link import Linked, Side, coverage
from guardrail.sources.linking.possibilities import with_possibilities
from guardrail.sources.providers import account_of, region_of
from guardrail.sources.vocabulary import misspelt
from guardrail.sources.vocabulary.kinds import declare
from guardrail.sources.vocabulary.spellings import (
    ASIDE,
    BUCKET,
    ENDPOINT,
    LIFECYCLE,
    RULE_TARGET,
    SCHEDULE,
    STARTED_BY,
    TARGET,
    TERRAFORM_TYPES,
    VALIDATED,
    spelling_of,
    types_of,
)
from guardrail.sources.vocabulary.transform import NO_RESOURCE

_READING = 400
"""The steps of the allowance that a block counts for in each possibility: 25,000 blocks in all of them."""
_FRAMES = 6_000
"""Python frames while values are worked out: some 700 values that are defined by one another in a row."""
_PREFIXES = ("aws_sagemaker", "awscc_sagemaker", "aws_appautoscaling", "awscc_applicationautoscaling")
_OF_INFERENCE = expression("sagemaker_(?:endpoint|inference)")
_NEARLY = 0.93
"""``aws_sagemaker_endpiont`` is as near to a type; ``aws_sagemaker_model_card``, another type, is at 0.88."""
_PLAIN = frozenset({str, int, bool})
_TEXT_MAPS = frozenset({"tags", "tags_all", "dimensions"})


class Arguments(View, eq=False):
    """The arguments of a block of HCL, which the provider converts to the types of its schema."""

    def _as_text(self, name: str, value: Any) -> str | Unknown | None:
        """A string; a number or truth value is converted to one."""
        if isinstance(value, (bool, int, float)):
            return text_of(value)
        return super()._as_text(name, value)


class RootModule(Struct, frozen=True, kw_only=True):
    """One root module as it is to be read: which folder of which tree, with which values."""

    directory: str
    disk: Disk
    inputs: VariableAssignments
    workspace: str | Unknown | None
    region: str | None
    shown: str | None = None
    """What it is called in a report, where that is not its folder: the folder of a unit of Terragrunt."""


def read_root(root: RootModule, past: RootModule | None = None, *, has_past: bool = False) -> ChangeSet:
    """The change set of a root module, with the ``past`` that it has; where that is None, nothing stood before.

    Raises `SourceError` for a file that cannot be read, and `PastUnreadableError` for one of the past.
    """
    with _room_to_recurse():
        while True:
            try:
                return _read_root(root, past, has_past=has_past)
            except HclSyntaxError as error:
                if not root.disk.goes_on_without(error):
                    raise


def _read_root(root: RootModule, past: RootModule | None, *, has_past: bool) -> ChangeSet:
    past_allowance = Allowance()

    def read(trace: Trace) -> _RootReading:
        now = _worked_out(root, trace)
        then = None if past is None else _past(past, now, Trace(trace.decided, past_allowance))
        blocks, previous = now.blocks, None
        if has_past:
            befores, blocks = _compared(then, now)
            previous = Side(map(declare, befores), region=root.region)
        linked = Side(map(declare, blocks), region=root.region, previous=previous).linked()
        change_set = _change_set(root, now, linked)
        notices = (*change_set.notices, *_left_alone(blocks), *_let_go(blocks), *_taken_over(blocks, now.modules))
        waivers, moved = tuple(_waivers(now.resources)), _moved(now.resources, now.modules)
        change_set = replace(change_set, waivers=waivers, notices=notices, moved=moved)
        if previous is not None:
            change_set = _with_past(change_set, then, linked, previous.linked())
        return _reading(change_set, [each for each in (now, then) if each is not None])

    trace = Trace()
    return _decided(read(trace), lambda outcomes: read(Trace(outcomes, trace.allowance)), trace.allowance)


def values_of(root: RootModule) -> tuple[list[ModuleInstance], list[ResourceInstance]]:
    """The modules of a root module, itself first, and its relevant resources, as far as known with nothing decided.

    Raises `SourceError` for a file that cannot be read.
    """
    with _room_to_recurse():
        found = _worked_out(root, Trace())
        return found.modules, found.resources


def variable_values(root: RootModule) -> dict[str, Any]:
    """What the variables of a root module are, as its files and the run give them."""
    with _room_to_recurse():
        module = _worked_out(root, Trace()).modules[0]
        return {name: module.variable(name) for name in module.source.variables}


class _WorkedOut(Struct, frozen=True):
    """A root module in one of its possibilities."""

    configuration: RootConfiguration
    modules: list[ModuleInstance]
    resources: list[ResourceInstance]
    blocks: list[Block]
    moved: Mapping[str, str] = {}
    """Of a past: by address, the one that a resource had then."""


def _worked_out(
    root: RootModule, trace: Trace, *, present: RootConfiguration | None = None, moved: Mapping[str, str] | None = None
) -> _WorkedOut:
    directory, disk = os.path.normpath(root.directory), root.disk
    source = disk.module(root.directory)
    configuration = RootConfiguration(disk, directory, root.workspace, trace, present=present, renamed=moved)
    module = ModuleInstance(source, configuration)
    values = given_values(source, root.inputs, disk)
    module.arguments.update(given(values, module.scope))
    module.given = {name: value for name, value in values.items() if isinstance(value, Argument)}
    modules = list(_modules(module))
    types = _types_that_matter(modules)
    resources = [each for one in modules for each in _resources(one, types)]
    blocks = [_block(resource, configuration.types) for resource in resources]
    return _WorkedOut(
        configuration, modules, resources, blocks, {new: old for old, new in moved.items()} if moved else {}
    )


def _reading(change_set: ChangeSet, sides: Sequence[_WorkedOut]) -> "_RootReading":
    """The reading with what both sides leave undecided."""
    decisions: dict[Decision, None] = {}
    presences: dict[Decision, None] = {}
    for side in sides:
        several, single = _counts(side.configuration, side.resources)
        own = (each for resource in side.resources if resource.type not in ASIDE for each in resource.decisions())
        decisions.update(dict.fromkeys((*own, *several)))
        presences.update(single)
    return _RootReading(change_set, tuple(decisions), tuple(presences), sum(len(side.resources) for side in sides))


# What stood before ---------------------------------------------------------------------------------------------------


def _past(past: RootModule, now: _WorkedOut, trace: Trace) -> _WorkedOut:
    """The root module as it was, with its resources at the addresses that they have now."""
    try:
        then = _worked_out(past, trace, present=now.configuration)
        moved = changes.renamed(then.blocks, now.blocks, now.modules)
        if moved:
            then = _worked_out(past, Trace(trace.decided, trace.allowance), present=now.configuration, moved=moved)
    except SourceError as error:
        raise _unreadable(error) from error
    return then


def _unreadable(error: SourceError) -> SourceError:
    """What became of reading a past: what the repository lacks can be fetched, and anything else is as it was."""
    is_missing = isinstance(error, GitError) and not isinstance(error, SubmoduleError)
    return error if is_missing else PastUnreadableError(error.message)


def _compared(then: _WorkedOut | None, now: _WorkedOut) -> tuple[list[Block], list[Block]]:
    """The blocks of both sides, with the action on each."""
    if then is None:
        return changes.compared((), now.blocks, lambda _: False)
    from guardrail.sources.hcl.triggers import triggers_of  # of what has a past alone

    old, new = ({each.address: each for each in side.resources} for side in (then, now))
    sources = [list(side.configuration.sources.values()) for side in (then, now)]

    def is_rewritten(address: str) -> bool:
        was = changes.written_behind(old[address], sources[0])
        return was != changes.written_behind(new[address], sources[1])

    gone = old.keys() - new.keys()
    kept = let_go(gone, now.modules) | {address for address in gone if is_let_go(old[address].written)}
    return changes.compared(then.blocks, now.blocks, is_rewritten, kept, triggers_of(old, new))


def _with_past(change_set: ChangeSet, then: _WorkedOut | None, after: Linked, before: Linked) -> ChangeSet:
    """The change set with its past, and with what is skipped of it."""
    if then is None:
        return replace(change_set, before=Inventory())
    known = {each.address for each in change_set.skipped}
    more = [each for each in _skipped(then.configuration, before) if each.address not in known]
    skipped = (*change_set.skipped, *more)
    return replace(
        change_set,
        before=_with_doubts(before.inventory, then.configuration.undecided),
        complete=change_set.complete and not _may_be_more(then.configuration, before.inventory),
        skipped=tuple(sorted(skipped, key=lambda each: each.address)),
        coverage=coverage(skipped, after, before),
        moved=change_set.moved | {new: _earlier(old, change_set.moved.get(new, ())) for new, old in then.moved.items()},
    )


def _earlier(previous: str, told: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses before the change, the one right before it among them."""
    return told if previous in told else (previous, *told)


def without_future(past: RootModule, directory: str) -> ChangeSet:
    """The change set of a root module that is gone: everything in it before, and nothing after."""
    try:
        gone = read_root(past)
    except SourceError as error:
        raise _unreadable(error) from error
    possibilities = tuple(replace(each, before=each.after, after=Inventory()) for each in gone.possibilities)
    return replace(
        gone, path=directory, before=gone.after, after=Inventory(), possibilities=possibilities, waivers=(), notices=()
    )


# Possibilities -------------------------------------------------------------------------------------------------------


class _RootReading(Struct, frozen=True):
    """A root module as it was read once."""

    change_set: ChangeSet
    decisions: tuple[Decision, ...]
    """What is undecided in what matters, and how many blocks there are where they may be many."""
    presences: tuple[Decision, ...]
    """What decides whether a block is there, of which there is one at most: ``var.on`` in ``var.on ? 1 : 0``."""
    resources: int


def _counts(
    configuration: RootConfiguration, resources: Sequence[ResourceInstance]
) -> tuple[dict[Decision, None], dict[Decision, None]]:
    """What decides how many instances there are of the blocks that matter: where that may be many, and one at most."""
    several: dict[Decision, None] = {}
    single: dict[Decision, None] = {}
    for address, decisions in configuration.decisions.items():
        if any(each.address.startswith(f"{address}{UNKNOWN_KEY}") for each in resources if each.type not in ASIDE):
            (several if address in configuration.repeated else single).update(dict.fromkeys(decisions))
    return several, single


def _decided(first: _RootReading, read: Callable[[Outcomes], _RootReading], allowance: Allowance) -> ChangeSet:
    """The change set of a root module, with one possibility for each combination of outcomes of its decisions.

    ``read`` evaluates it again with an outcome for each decision, which may bring up further ones. Beyond the limit of
    possibilities, resources that may or may not exist stay "possibly deployed".
    """
    result = _tried(first, read, allowance, lambda reading: (*reading.decisions, *reading.presences))
    if result is None and first.presences:
        result = _tried(first, read, allowance, lambda reading: reading.decisions)
    if result is not None:
        return result
    notice = f"too many possibilities to try them all: {request((*first.decisions, *first.presences))}"
    return replace(first.change_set, notices=(*first.change_set.notices, notice))


def _tried(
    first: _RootReading,
    read: Callable[[Outcomes], _RootReading],
    allowance: Allowance,
    asks: Callable[[_RootReading], Sequence[Decision]],
) -> ChangeSet | None:
    """The possibilities of what a reading ``asks`` to have decided, as one change set; None where they are too many."""
    asked = tuple(asks(first))
    decisions = dict.fromkeys(asked)
    tried: list[Outcomes] = []
    found: list[ChangeSet] = [first.change_set]
    while asked:
        tried = ways(decisions)
        readings = _readings(tried, read, allowance) if len(tried) * first.resources <= MOST_BLOCKS else []
        if not readings or allowance.is_spent:
            return None
        found = [reading.change_set for reading in readings]
        asked = tuple(each for reading in readings for each in asks(reading) if each not in decisions)
        decisions.update(dict.fromkeys(asked))
    shown = distinct(tried, lambda one, other: _alike(found[one], found[other])) if tried else []
    if len(shown) < 2:  # noqa: PLR2004 - a choice has two ends
        return found[0]
    several = [
        Possibility(given=described(outcomes), after=found[at].after, before=found[at].before) for at, outcomes in shown
    ]
    told = dict.fromkeys(decision for _, outcomes in shown for decision in outcomes)
    return with_possibilities(_in_common([found[at] for at, _ in shown]), several, request(told))


def _alike(one: ChangeSet, other: ChangeSet) -> bool:
    return (one.before, one.after) == (other.before, other.after)


def _readings(
    tried: Iterable[Outcomes], read: Callable[[Outcomes], _RootReading], allowance: Allowance
) -> list[_RootReading]:
    """One reading for each combination; none where together they have more blocks than the allowance."""
    readings = []
    try:
        for outcomes in tried:
            readings.append(read(outcomes))
            allowance.steps(_READING * readings[-1].resources)
    except LimitError:
        return []
    return readings


def _in_common(change_sets: Sequence[ChangeSet]) -> ChangeSet:
    """The first of several possibilities, with what any of them skips."""
    first = change_sets[0]
    skipped = {each.address: each for one in change_sets for each in one.skipped}
    modelled = first.coverage.seen - first.coverage.skipped
    return replace(
        first,
        complete=all(each.complete for each in change_sets),
        skipped=tuple(skipped[address] for address in sorted(skipped)),
        coverage=replace(first.coverage, seen=modelled + len(skipped), skipped=len(skipped)),
        notices=tuple(dict.fromkeys(notice for one in change_sets for notice in one.notices)),
        unread=tuple(dict.fromkeys(each for one in change_sets for each in one.unread)),
        waivers=tuple(dict.fromkeys(each for one in change_sets for each in one.waivers)),
    )


@contextmanager
def _room_to_recurse() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _modules(root: ModuleInstance) -> Iterator[ModuleInstance]:
    """Every instance of a module."""
    pending = [root]
    while pending:
        module = pending.pop()
        yield module
        pending.extend(module.children())


def _types_that_matter(modules: Iterable[ModuleInstance]) -> frozenset[str]:
    """The resource types to read: buckets only beside what may start a job that writes to them."""
    starts_jobs = any(type_ in _STARTERS for module in modules for type_, _ in module.source.resources)
    return TERRAFORM_TYPES if starts_jobs else TERRAFORM_TYPES - _BUCKETS


_STARTERS = types_of(*STARTED_BY, *VALIDATED, SCHEDULE, RULE_TARGET)
_BUCKETS = types_of(BUCKET, LIFECYCLE)


def _resources(module: ModuleInstance, types: frozenset[str]) -> Iterator[ResourceInstance]:
    """Every instance of a resource of a module that is of one of the types."""
    for type_, name in module.source.resources:
        if type_ in types:
            yield from module.instances(type_, name)


def _moved(resources: Iterable[ResourceInstance], modules: Iterable[ModuleInstance]) -> dict[str, tuple[str, ...]]:
    """What the addresses of endpoints were, as the ``moved`` blocks of the modules around them say."""
    return earlier_addresses((each.address for each in resources if spelling_of(each.type).kind == ENDPOINT), modules)


def _changed(block: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    block.update(values)
    return block


def _block(resource: ResourceInstance, types: Mapping[str, str]) -> Block:
    values, places = resource.arguments()
    spelling, allowance = spelling_of(resource.type), resource.module.trace.allowance
    values = misspelt.corrected(spelling, values, allowance, _changed)
    marks: Any = None
    if resource.module.trace.has_sensitive:
        values, marks = marks_of(values, Allowance())
    view = Arguments({name: _provided(name, value) for name, value in values.items()}, spelling, marks, places)
    provider = resource.provider()
    return Block(
        address=resource.address,
        type=resource.type,
        provider=provider.key,
        region=region_of(view, provider),
        attributes=view,
        change="no-op",
        references=partial(_references, types, resource),
        key=resource.instance.key,
        ignored=ignored_changes(resource.written),
        created_first=is_created_first(resource.written),
        account=account_of(view, provider),
        default_tags=provider.default_tags,
        location=resource.location,
    )


def _provided(name: str, value: Any) -> Any:
    """A value as providers get it: plain numbers, and text in maps of text."""
    if value.__class__ in _PLAIN or isinstance(value, Unknown):
        return value
    if isinstance(value, Fraction):  # which takes longer to find out than the rest of it
        return float(value)
    if isinstance(value, list):
        return [_provided("", item) for item in value]
    if isinstance(value, dict):
        if name in _TEXT_MAPS:
            return {key: _text(item) for key, item in value.items() if item is not None}
        return {key: _provided(key, item) for key, item in value.items()}
    return None if isinstance(value, UndecidedInstances) else value


def _text(value: Any) -> Any:
    text = text_of(value)
    return _provided("", value) if text is None else text


def _references(
    types: Mapping[str, str], resource: ResourceInstance, attribute: str, wanted: frozenset[str]
) -> Sequence[Reference]:
    value = resource.attribute(attribute)
    own = value.references if isinstance(value, Computed) and resource.module.trace.decided else ()
    return [
        reference
        for reference in own or resource.touched_by(attribute)
        if reference == LOST or types.get(reference.address) in wanted
    ]


def _skipped(configuration: RootConfiguration, linked: Linked) -> tuple[Skipped, ...]:
    return (*linked.skipped, *configuration.missing, *_unknown_blocks(configuration), *_misspelt(configuration))


def _change_set(root: RootModule, now: _WorkedOut, linked: Linked) -> ChangeSet:
    configuration = now.configuration
    addresses = [resource.address for resource in now.resources if resource.type not in ASIDE]
    skipped = _skipped(configuration, linked)
    unread = dict.fromkeys(problem for source in configuration.sources.values() for problem in source.unread)
    return ChangeSet(
        path=root.shown or root.directory,
        kind="hcl",
        label=root.inputs.label,
        after=_with_doubts(linked.inventory, configuration.undecided),
        complete=not unread and not _may_be_more(configuration, linked.inventory),
        texts=frozenset(configuration.files.read),
        unread=tuple(unread),
        skipped=tuple(sorted(skipped, key=lambda each: each.address)),
        coverage=coverage(skipped, linked),
        notices=(*_undecided(configuration, addresses), *_assumed(configuration)),
    )


def _left_alone(blocks: Sequence[Block]) -> Iterator[str]:
    """Notices on scaling targets with bounds under ``ignore_changes``: the real bounds may differ from the source."""
    for block in blocks:
        spelling = block.attributes.spelling
        if spelling.kind == TARGET:
            bounds = {"all", *map(spelling.of, ("MinCapacity", "MaxCapacity"))}
            names = " and ".join(name for name in block.ignored if name in bounds)
            if names:
                yield f"{block.address} has {names} in ignore_changes: once it is there, other bounds do not reach it"


def _let_go(blocks: Sequence[Block]) -> Iterator[str]:
    """What is billed on and no longer managed."""
    for block in blocks:
        if block.change == "forget":
            yield f"{block.address} {STILL_BILLED}"


def _taken_over(blocks: Sequence[Block], modules: Sequence[ModuleInstance]) -> Iterator[str]:
    """What is counted as new, and may run already."""
    new = [each.address for each in blocks if each.change == "create" and spelling_of(each.type).kind == ENDPOINT]
    for address in imported(new, modules):
        yield f"{address} is imported: what it costs today only a plan tells, so all of it is counted as new"


def _assumed(configuration: RootConfiguration) -> Iterator[str]:
    if configuration.assumes_workspace:
        yield 'terraform.workspace is taken to be "default": name another with --workspace or TF_WORKSPACE'


def _waivers(resources: Sequence[ResourceInstance]) -> Iterator[InlineWaiver]:
    """The waivers in the files of every module in use: for the instances of a block, or of all that a call makes."""
    sources = {id(each.module.source): each.module.source for each in resources}.values()
    files = (file for source in sources for file in source.files)
    return waivers_of(files, ((_glob(each), (each.written, *each.module.calls_around)) for each in resources))


def _glob(resource: ResourceInstance) -> str:
    """The addresses of all instances of a block, whatever their keys."""
    key = "" if resource.instance.key is None and resource.instance.unknown is None else "[*]"
    name = ".".join(resource.written.labels)
    return ".".join(part for part in (resource.module.glob, name + key) if part)


def _unknown_blocks(configuration: RootConfiguration) -> Iterator[Skipped]:
    """The blocks that a newer Terraform may have; where one names a type that costs something, the total lacks it."""
    for source in configuration.sources.values():
        for block in source.unknown:
            inside = block.contents.arguments if isinstance(block.contents, Body) else ()  # JSON has no labels to tell
            yield Skipped(
                address=".".join((block.type, *block.labels)),
                type=block.type,
                reason=f"this version of guardrail knows no block {block.type}",
                affects_total=any(name in TERRAFORM_TYPES for name in (*block.labels, *inside)),
            )


_OF_TRANSFORM = expression(r"sagemaker_(?:batch_)?transform")


def _nearly(type_: str) -> list[str]:
    """The type that a misspelt one is nearly, if any."""
    from difflib import get_close_matches

    return get_close_matches(type_, TERRAFORM_TYPES, 1, _NEARLY)


def _misspelt(configuration: RootConfiguration) -> Iterator[Skipped]:
    """Resources of a type that is none, and nearly one that costs something; Terraform would refuse them."""
    for source in configuration.sources.values():
        for type_, name in source.resources:
            if type_ in TERRAFORM_TYPES or not type_.startswith(_PREFIXES):
                continue
            near = _nearly(type_)
            if _OF_TRANSFORM.search(type_):
                yield Skipped(address=f"{type_}.{name}", type=type_, reason=f"there is no such type: {NO_RESOURCE}")
            elif near or _OF_INFERENCE.search(type_):
                meant = f", did you mean {near[0]}?" if near else ""
                yield Skipped(address=f"{type_}.{name}", type=type_, reason=f"there is no such type{meant}")


# An unknown number of instances --------------------------------------------------------------------------------------


def _undecided(configuration: RootConfiguration, addresses: Sequence[str]) -> Iterator[str]:
    """Notices on relevant blocks whose ``count`` or ``for_each`` is unknown."""
    for address, reason in sorted(configuration.undecided.items()):
        if any(each.startswith(f"{address}{UNKNOWN_KEY}") for each in addresses):
            yield f"{address} has an unknown count, and stands once for all: {reason}"


def _may_be_more(configuration: RootConfiguration, inventory: Inventory) -> bool:
    """Whether an endpoint that stands once for all of its block, or of its module, may be there more than once."""
    several = tuple(f"{address}{UNKNOWN_KEY}" for address in configuration.repeated)
    standing: list[Endpoint | Workflow] = [*inventory.endpoints, *inventory.workflows]
    return any(each.address.startswith(several) for each in standing)


def _with_doubts(inventory: Inventory, undecided: Mapping[str, str]) -> Inventory:
    """What may stand any number of times is marked as possibly deployed, and outside the totals."""
    if not undecided:
        return inventory
    return replace(
        inventory,
        endpoints=tuple(_doubted(each) for each in inventory.endpoints),
        unattached=tuple(_doubted(each) for each in inventory.unattached),
        workflows=tuple(_doubted_workflow(each) for each in inventory.workflows),
    )


def _doubted_workflow(workflow: Workflow) -> Workflow:
    """One that may not be there, or what may start it, any number of times."""
    unknown = Unknown("how many of it there are is unknown")
    triggers = [
        replace(each, enabled=unknown) if UNKNOWN_KEY in each.address and each.enabled is not False else each
        for each in workflow.triggers or ()
    ]
    return replace(
        workflow,
        triggers=None if workflow.triggers is None else tuple(triggers),
        deployed="possibly" if UNKNOWN_KEY in workflow.block_address else workflow.deployed,
    )


def _doubted(endpoint: Endpoint) -> Endpoint:
    depth = endpoint.address.count(UNKNOWN_KEY)
    variants = endpoint.variants
    if not isinstance(variants, Unknown):
        variants = tuple(replace(each, scaling=_doubted_target(each.scaling, depth)) for each in variants)
    components = endpoint.inference_components
    if not isinstance(components, Unknown):
        if any(each.address.count(UNKNOWN_KEY) > depth for each in components):
            components = Unknown("how many inference components it hosts is unknown")
        else:
            components = tuple(replace(each, scaling=_doubted_target(each.scaling, depth)) for each in components)
    deployed = "possibly" if depth and endpoint.deployed == "yes" else endpoint.deployed
    return replace(endpoint, variants=variants, inference_components=components, deployed=deployed)


def _doubted_target(target: ScalableTarget | Unknown | None, depth: int) -> ScalableTarget | Unknown | None:
    """A scaling target of which nobody knows whether it is there scales nothing for certain."""
    if not isinstance(target, ScalableTarget):
        return target
    own = target.address.count(UNKNOWN_KEY)
    if own > depth:
        return Unknown(f"whether {target.address} is there is unknown")
    return replace(
        target,
        policies=_certain(target.policies, own, "policies"),
        scheduled_actions=_certain(target.scheduled_actions, own, "scheduled actions"),
    )


def _certain(attached: Any, depth: int, what: str) -> Any:
    if isinstance(attached, Unknown) or all(each.address.count(UNKNOWN_KEY) <= depth for each in attached):
        return attached
    return Unknown(f"how many {what} it has is unknown")
