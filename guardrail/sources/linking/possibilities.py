"""One inventory out of several possibilities: what they have in common, and Unknown where they differ.

A variant that is serverless in one and on instances in another is one variant of an unknown kind, never two variants.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from typing import Any, TypeVar, get_args

from msgspec.structs import fields, replace

from guardrail.model import (
    ChangeSet,
    Endpoint,
    InstanceVariant,
    Inventory,
    Possibility,
    ServerlessVariant,
    TransformJob,
    Trigger,
    Unknown,
    Variant,
    Workflow,
)

_Standing = TypeVar("_Standing", Endpoint, Workflow)
_T = TypeVar("_T")


def merged(inventories: Sequence[Inventory], wanted: str) -> Inventory:
    """The inventory that all of them have in common; ``wanted`` ends the reason of whatever differs."""
    attached = {endpoint.configuration_address for inventory in inventories for endpoint in inventory.endpoints}
    endpoints = _by_address([inventory.endpoints for inventory in inventories])
    unattached = _by_address([inventory.unattached for inventory in inventories])
    return Inventory(
        endpoints=tuple(_endpoint(alike, wanted, len(inventories)) for alike in endpoints),
        unattached=tuple(
            _endpoint(alike, wanted, len(alike)) for alike in unattached if alike[0].address not in attached
        ),
        workflows=tuple(
            _workflow(alike, wanted, len(inventories))
            for alike in _by_address([inventory.workflows for inventory in inventories])
        ),
        other_jobs=dict(reduce(or_, (Counter(inventory.other_jobs) for inventory in inventories))),
        budgets=tuple(
            budget for budget in inventories[0].budgets if all(budget in inventory.budgets for inventory in inventories)
        ),
        strays=tuple({stray.address: stray for inventory in inventories for stray in inventory.strays}.values()),
        adrift=tuple(dict.fromkeys(block for inventory in inventories for block in inventory.adrift)),
    )


def with_possibilities(change_set: ChangeSet, possibilities: Sequence[Possibility], wanted: str) -> ChangeSet:
    """The change set as what its possibilities have in common; ``wanted`` says what would leave one of them."""
    pasts = [possibility.before for possibility in possibilities if possibility.before is not None]
    notice = f"{len(possibilities)} possibilities, because something is undecided: {wanted}"
    return replace(
        change_set,
        after=merged([possibility.after for possibility in possibilities], wanted),
        before=merged(pasts, wanted) if pasts else None,
        possibilities=tuple(possibilities),
        undecided=wanted,
        notices=(*change_set.notices, notice),
    )


def _by_address(groups: Iterable[Sequence[_Standing]]) -> list[list[_Standing]]:
    by_address: dict[str, list[_Standing]] = {}
    for group in groups:
        for standing in group:
            by_address.setdefault(standing.address, []).append(standing)
    return [by_address[address] for address in sorted(by_address)]


def _endpoint(endpoints: Sequence[Endpoint], wanted: str, worlds: int) -> Endpoint:
    first = endpoints[0]
    everywhere = len(endpoints) == worlds
    if everywhere and all(endpoint == first for endpoint in endpoints):
        return first
    return replace(
        first,
        **_agreed(endpoints, wanted) | {"variants": _variants([endpoint.variants for endpoint in endpoints], wanted)},
        touched=any(endpoint.touched for endpoint in endpoints),
        kept=any(endpoint.kept for endpoint in endpoints),
        **_one_configuration(endpoints),
        deployed=first.deployed if everywhere else "possibly",
    )


def _workflow(workflows: Sequence[Workflow], wanted: str, worlds: int) -> Workflow:
    """What starts transform jobs, with the sizes that each job may have where it runs the same ones."""
    first = workflows[0]
    if len(workflows) == worlds and all(workflow == first for workflow in workflows):
        return first
    triggers = first.triggers
    if any(workflow.triggers != triggers for workflow in workflows):
        triggers = (Trigger(address=first.address, expression=Unknown(f"it is undecided: {wanted}")),)
    labels = [[job.label for job in workflow.jobs] for workflow in workflows]
    alike = [workflow for workflow, each in zip(workflows, labels, strict=True) if each == labels[0]]
    return replace(
        first,
        **_agreed(workflows, wanted),
        jobs=tuple(_job(jobs, wanted) for jobs in zip(*(workflow.jobs for workflow in alike), strict=True)),
        triggers=triggers,
        touched=any(workflow.touched for workflow in workflows),
        deployed=first.deployed if len(workflows) == worlds else "possibly",
    )


def _job(jobs: Sequence[TransformJob], wanted: str) -> TransformJob:
    values = _agreed(jobs, wanted)
    counts = [job.instance_count for job in jobs if isinstance(job.instance_count, int)]
    if isinstance(values["instance_count"], Unknown) and len(counts) == len(jobs):
        bounds = {"at_least": Decimal(min(counts)), "at_most": Decimal(max(counts))}
        values["instance_count"] = replace(values["instance_count"], **bounds)
    types = dict.fromkeys(each for job in jobs for each in job.instance_types)
    return replace(jobs[0], **values, instance_types=tuple(types))


def _one_configuration(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Nothing where all have the same configuration; else that there is no one configuration to point at."""
    is_one = all(endpoint.configuration_address == endpoints[0].configuration_address for endpoint in endpoints)
    return {} if is_one else {"configuration_address": None, "configuration_location": None}


def _variants(several: Sequence[tuple[Variant, ...] | Unknown], wanted: str) -> tuple[Variant, ...] | Unknown:
    known = [variants for variants in several if not isinstance(variants, Unknown)]
    if len(known) < len(several):
        return next(variants for variants in several if isinstance(variants, Unknown))
    return tuple(_variant(alike, wanted, len(several)) for alike in aligned(known))


def aligned(several: Sequence[tuple[Variant, ...]]) -> list[list[Variant]]:
    """The variants that are the same one in several possibilities: by name, or by place where a name is unknown."""
    groups: dict[object, list[Variant]] = {}
    for variants in several:
        for index, variant in enumerate(variants):
            groups.setdefault(identity(variant, index), []).append(variant)
    return list(groups.values())


def identity(variant: Variant, index: int) -> object:
    """What makes a variant the same one in another possibility."""
    return variant.name if isinstance(variant.name, str) else index


def _variant(variants: Sequence[Variant], wanted: str, worlds: int) -> Variant:
    first = variants[0]
    if len(variants) == worlds and all(variant == first for variant in variants):
        return first
    sensitive = any(variant.sensitive for variant in variants)
    instances = [variant for variant in variants if isinstance(variant, InstanceVariant)]
    serverless = [variant for variant in variants if isinstance(variant, ServerlessVariant)]
    is_certain = len(variants) == worlds
    perhaps = Unknown(f"whether it is there is undecided: {wanted}")
    if not instances:
        values = _agreed(serverless, wanted) | ({} if is_certain else {"provisioned_concurrency": perhaps})
        return replace(serverless[0], **values, sensitive=sensitive)
    values = _agreed(instances, wanted)
    if serverless:
        kinds = "on instances or serverless" if sensitive else _kinds(instances, serverless)
        values["instance_type"] = values["initial_instance_count"] = Unknown(f"{kinds}: {wanted}")
        values["scaling"] = _common([variant.scaling for variant in variants], wanted)
    elif any(instance.instance_pools != instances[0].instance_pools for instance in instances):
        values["instance_type"], values["instance_pools"] = Unknown(f"it is undecided: {wanted}"), ()
    if not serverless and not is_certain:
        values["initial_instance_count"] = perhaps
    return replace(instances[0], **values, sensitive=sensitive)


def _kinds(instances: Iterable[InstanceVariant], serverless: Iterable[ServerlessVariant]) -> str:
    types = [variant.instance_type for variant in instances if isinstance(variant.instance_type, str)]
    sizes = [f"serverless {variant.memory_mib} MB" for variant in serverless if isinstance(variant.memory_mib, int)]
    return " or ".join(dict.fromkeys((*types, *sizes))) or "on instances or serverless"


def _agreed(things: Sequence[Any], wanted: str) -> dict[str, Any]:
    """What things of one type have in common, in every field that may be unknown."""
    hidden = any(getattr(thing, "sensitive", False) for thing in things)
    names = _uncertain(things[0].__class__)
    return {name: _common([getattr(thing, name) for thing in things], wanted, hidden=hidden) for name in names}


@cache
def _uncertain(type_: Any) -> tuple[str, ...]:
    """The fields of a type of the model that may hold an `Unknown`."""
    return tuple(field.name for field in fields(type_) if Unknown in get_args(field.type))


def _common(values: Sequence[_T], wanted: str, *, hidden: bool = False) -> _T | Unknown:
    """The value where all agree, else Unknown with the values it may have."""
    first = values[0]
    if all(value == first for value in values):
        return first
    texts = dict.fromkeys(str(value) for value in values if isinstance(value, (str, int, float)))
    if hidden or len(texts) < 2 or len(texts) < len(set(map(repr, values))):  # noqa: PLR2004 - a choice has two ends
        return Unknown(f"it is undecided: {wanted}")
    return Unknown(f"{' or '.join(texts)}: {wanted}")
