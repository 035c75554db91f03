"""From a root module to a change set: every block that matters, with what can be known of it before a plan."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from guardrail.errors import LimitError
from guardrail.limits import Allowance
from guardrail.model import (
    ChangeSet,
    Coverage,
    Endpoint,
    InlineWaiver,
    Inventory,
    Possibility,
    ScalableTarget,
    Skipped,
    Unknown,
)
from guardrail.sources.base import LOST, Block, Computed, Reference, View
from guardrail.sources.declarations import Declaration
from guardrail.sources.hcl.disk import Disk
from guardrail.sources.hcl.errors import HclSyntaxError
from guardrail.sources.hcl.evaluate import Trace
from guardrail.sources.hcl.ignored import ignored_changes
from guardrail.sources.hcl.instances import UNKNOWN_KEY
from guardrail.sources.hcl.modules import ModuleInstance, RootConfiguration, given
from guardrail.sources.hcl.moved import previous_addresses
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.hcl.syntax import Body
from guardrail.sources.hcl.types import text_of
from guardrail.sources.hcl.undecided import Decision, Outcomes, described, distinct, request, ways
from guardrail.sources.hcl.values import Undecided, marks_of
from guardrail.sources.hcl.variables import VariableAssignments, given_values
from guardrail.sources.hcl.waivers import waivers_of
from guardrail.sources.linking.choices import MOST_BLOCKS
from guardrail.sources.linking.link import Linked, Side
from guardrail.sources.linking.possibilities import with_possibilities
from guardrail.sources.providers import account_of, region_of
from guardrail.sources.vocabulary import misspelt
from guardrail.sources.vocabulary.kinds import declare
from guardrail.sources.vocabulary.spellings import ENDPOINT, TARGET, TERRAFORM_TYPES, spelling_of

_READING = 400
"""The steps of the allowance that a block counts for in each possibility: 25,000 blocks in all of them."""
_FRAMES = 6_000
"""Python frames while values are worked out: some 700 values that are defined by one another in a row."""
_PREFIXES = ("aws_sagemaker", "awscc_sagemaker", "aws_appautoscaling", "awscc_applicationautoscaling")
_OF_INFERENCE = re.compile("sagemaker_(?:endpoint|inference)")
_NEARLY = 0.93
"""``aws_sagemaker_endpiont`` is as near to a type; ``aws_sagemaker_model_card``, another type, is at 0.88."""
_TEXT_MAPS = frozenset({"tags", "tags_all", "dimensions"})


class Arguments(View):
    """The arguments of a block of HCL, which the provider converts to the types of its schema."""

    __slots__ = ()

    def _as_text(self, name: str, value: Any) -> str | Unknown | None:
        """A string; a number or truth value is converted to one."""
        if isinstance(value, (bool, int, float)):
            return text_of(value)
        return super()._as_text(name, value)


def read_root(
    directory: str, *, inputs: VariableAssignments, disk: Disk, workspace: str | Unknown | None, region: str | None
) -> ChangeSet:
    """The change set of the root module in ``directory``. Raises `SourceError` for a file that cannot be read."""
    with _room_to_recurse():
        while True:
            try:
                return _read_root(directory, inputs, disk, workspace, region)
            except HclSyntaxError as error:
                if not disk.goes_on_without(error):
                    raise


def _read_root(
    directory: str, inputs: VariableAssignments, disk: Disk, workspace: str | Unknown | None, region: str | None
) -> ChangeSet:
    source = disk.module(directory)

    def read(trace: Trace) -> _Reading:
        configuration = RootConfiguration(disk, os.path.normpath(directory), workspace, trace)
        root = ModuleInstance(source, configuration)
        root.arguments.update(given(given_values(source, inputs, disk), root.scope))
        modules = list(_modules(root))
        resources = [resource for module in modules for resource in _resources(module)]
        blocks = [_block(resource, configuration.types) for resource in resources]
        linked = Side(_declared(blocks), region=region).linked()
        change_set = _change_set(directory, inputs, configuration, linked, [resource.address for resource in resources])
        decisions = dict.fromkeys(each for resource in resources for each in resource.decisions())
        several, single = _counts(configuration, resources)
        notices = (*change_set.notices, *_left_alone(blocks))
        waivers, moved = tuple(_waivers(resources)), _moved(resources, modules)
        change_set = replace(change_set, waivers=waivers, notices=notices, moved=moved)
        return _Reading(change_set, (*decisions, *several), tuple(single), len(resources))

    trace = Trace()
    return _decided(read(trace), lambda outcomes: read(Trace(outcomes, trace.allowance)), trace.allowance)


class _Reading(Struct, frozen=True):
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
        if any(resource.address.startswith(f"{address}{UNKNOWN_KEY}") for resource in resources):
            (several if address in configuration.repeated else single).update(dict.fromkeys(decisions))
    return several, single


def _decided(first: _Reading, read: Callable[[Outcomes], _Reading], allowance: Allowance) -> ChangeSet:
    """The change set of a root module, with a possibility for each way in which what is undecided can turn out.

    ``read`` reads it again with an outcome for each decision, which may bring up further ones. Where those are too
    many, what may be there or not is left as it is first read: "possibly deployed".
    """
    result = _tried(first, read, allowance, lambda reading: (*reading.decisions, *reading.presences))
    if result is None and first.presences:
        result = _tried(first, read, allowance, lambda reading: reading.decisions)
    if result is not None:
        return result
    notice = f"too many possibilities to try them all: {request((*first.decisions, *first.presences))}"
    return replace(first.change_set, notices=(*first.change_set.notices, notice))


def _tried(
    first: _Reading,
    read: Callable[[Outcomes], _Reading],
    allowance: Allowance,
    asks: Callable[[_Reading], Sequence[Decision]],
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
    shown = distinct(tried, lambda one, other: found[one].after == found[other].after) if tried else []
    if len(shown) < 2:  # noqa: PLR2004 - a choice has two ends
        return found[0]
    several = [Possibility(given=described(outcomes), after=found[at].after) for at, outcomes in shown]
    told = dict.fromkeys(decision for _, outcomes in shown for decision in outcomes)
    return with_possibilities(_in_common([found[at] for at, _ in shown]), several, request(told))


def _readings(tried: Iterable[Outcomes], read: Callable[[Outcomes], _Reading], allowance: Allowance) -> list[_Reading]:
    """A reading for each way; none where all of them together have more blocks than the allowance has steps for."""
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


def _resources(module: ModuleInstance) -> Iterator[ResourceInstance]:
    """Every instance of a resource of a module that matters."""
    for type_, name in module.source.resources:
        if type_ in TERRAFORM_TYPES:
            yield from module.instances(type_, name)


def _moved(resources: Iterable[ResourceInstance], modules: Iterable[ModuleInstance]) -> dict[str, tuple[str, ...]]:
    """What the addresses of endpoints were, as the ``moved`` blocks of the modules around them say."""
    telling = [(each.address, each.source) for each in modules if each.source.moved]
    endpoints = (each.address for each in resources if telling and spelling_of(each.type).kind == ENDPOINT)
    found = {
        address: previous_addresses(address, [each for each in telling if address.startswith(each[0])])
        for address in endpoints
    }
    return {address: earlier for address, earlier in found.items() if earlier}


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
    view = Arguments(
        {name: _provided(name, value) for name, value in values.items()},
        spelling,
        marks=marks,
        places=places,
    )
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
        account=account_of(view, provider),
        default_tags=provider.default_tags,
        location=resource.location,
    )


def _provided(name: str, value: Any) -> Any:
    """A value as providers get it: plain numbers, and text in maps of text."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, list):
        return [_provided("", item) for item in value]
    if isinstance(value, dict):
        if name in _TEXT_MAPS:
            return {key: _text(item) for key, item in value.items() if item is not None}
        return {key: _provided(key, item) for key, item in value.items()}
    return None if isinstance(value, Undecided) else value


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


def _declared(blocks: Sequence[Block]) -> Iterator[Declaration]:
    for block in blocks:
        yield declare(block)


def _change_set(
    directory: str,
    inputs: VariableAssignments,
    configuration: RootConfiguration,
    linked: Linked,
    addresses: Sequence[str],
) -> ChangeSet:
    skipped = (*linked.skipped, *configuration.missing, *_unknown_blocks(configuration), *_misspelt(configuration))
    unread = dict.fromkeys(problem for source in configuration.sources.values() for problem in source.unread)
    left_out = {each.address for each in skipped}
    modelled = linked.modelled - left_out
    return ChangeSet(
        path=directory,
        kind="hcl",
        label=inputs.label,
        after=_with_doubts(linked.inventory, configuration.undecided),
        complete=not unread and not _may_be_more(configuration, linked.inventory),
        unread=tuple(unread),
        skipped=tuple(sorted(skipped, key=lambda each: each.address)),
        coverage=Coverage(
            seen=len(modelled) + len(left_out),
            modelled=len(modelled),
            partial=len(linked.partial & modelled),
            skipped=len(left_out),
        ),
        notices=(*_undecided(configuration, addresses), *_assumed(configuration)),
    )


def _left_alone(blocks: Sequence[Block]) -> Iterator[str]:
    """A sentence for each scaling target whose bounds Terraform leaves alone, so that source may not say what holds."""
    for block in blocks:
        spelling = block.attributes.spelling
        if spelling.kind == TARGET:
            bounds = {"all", *map(spelling.of, ("MinCapacity", "MaxCapacity"))}
            names = " and ".join(name for name in block.ignored if name in bounds)
            if names:
                yield f"{block.address} has {names} in ignore_changes: once it is there, other bounds do not reach it"


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
    name = ".".join(resource.written.block.labels)
    return ".".join(part for part in (resource.module.glob, name + key) if part)


def _unknown_blocks(configuration: RootConfiguration) -> Iterator[Skipped]:
    """The blocks that a newer Terraform may have; where one names a type that costs something, the total lacks it."""
    for source in configuration.sources.values():
        for block in (written.block for written in source.unknown):
            inside = block.contents.arguments if isinstance(block.contents, Body) else ()  # JSON has no labels to tell
            yield Skipped(
                address=".".join((block.type, *block.labels)),
                type=block.type,
                reason=f"this version of guardrail knows no block {block.type}",
                affects_total=any(name in TERRAFORM_TYPES for name in (*block.labels, *inside)),
            )


def _misspelt(configuration: RootConfiguration) -> Iterator[Skipped]:
    """Resources of a type that is none, and nearly one that costs something; Terraform would refuse them."""
    for source in configuration.sources.values():
        for type_, name in source.resources:
            if type_ in TERRAFORM_TYPES or not type_.startswith(_PREFIXES):
                continue
            near = get_close_matches(type_, TERRAFORM_TYPES, 1, _NEARLY)
            if near or _OF_INFERENCE.search(type_):
                meant = f", did you mean {near[0]}?" if near else ""
                yield Skipped(address=f"{type_}.{name}", type=type_, reason=f"there is no such type{meant}")


# An unknown number of instances --------------------------------------------------------------------------------------


def _undecided(configuration: RootConfiguration, addresses: Sequence[str]) -> Iterator[str]:
    """A sentence for each block that matters of which nobody knows how many there are."""
    for address, reason in sorted(configuration.undecided.items()):
        if any(each.startswith(f"{address}{UNKNOWN_KEY}") for each in addresses):
            yield f"{address} has an unknown count, and stands once for all: {reason}"


def _may_be_more(configuration: RootConfiguration, inventory: Inventory) -> bool:
    """Whether an endpoint that stands once for all of its block, or of its module, may be there more than once."""
    several = tuple(f"{address}{UNKNOWN_KEY}" for address in configuration.repeated)
    return any(endpoint.address.startswith(several) for endpoint in inventory.endpoints)


def _with_doubts(inventory: Inventory, undecided: Mapping[str, str]) -> Inventory:
    """What may stand any number of times is marked as possibly deployed, and outside the totals."""
    if not undecided:
        return inventory
    return replace(
        inventory,
        endpoints=tuple(_doubted(each) for each in inventory.endpoints),
        unattached=tuple(_doubted(each) for each in inventory.unattached),
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
