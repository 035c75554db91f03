"""One inventory out of several possibilities: what they have in common, and Unknown where they differ.

A variant that is serverless in one and on instances in another is one variant of an unknown kind, never two variants.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar, get_args

from msgspec.structs import fields, replace

from guardrail.model import (
    ChangeSet,
    Endpoint,
    InstanceVariant,
    Inventory,
    Possibility,
    ServerlessVariant,
    Unknown,
    Variant,
)

_T = TypeVar("_T")


def merged(inventories: Sequence[Inventory], wanted: str) -> Inventory:
    """The inventory that all of them have in common; ``wanted`` ends the reason of whatever differs."""
    attached = {endpoint.configuration_address for inventory in inventories for endpoint in inventory.endpoints}
    endpoints = _by_address([inventory.endpoints for inventory in inventories])
    unattached = _by_address([inventory.unattached for inventory in inventories])
    return Inventory(
        endpoints=tuple(_endpoint(found, wanted, len(inventories)) for found in endpoints),
        unattached=tuple(
            _endpoint(found, wanted, len(found)) for found in unattached if found[0].address not in attached
        ),
        budgets=tuple(
            budget for budget in inventories[0].budgets if all(budget in inventory.budgets for inventory in inventories)
        ),
        unlinked_scaling=tuple(
            {each.address: each for inventory in inventories for each in inventory.unlinked_scaling}.values()
        ),
        adrift=tuple(dict.fromkeys(each for inventory in inventories for each in inventory.adrift)),
    )


def with_possibilities(change_set: ChangeSet, possibilities: Sequence[Possibility], wanted: str) -> ChangeSet:
    """The change set as what its possibilities have in common; ``wanted`` says what would leave one of them."""
    pasts = [each.before for each in possibilities if each.before is not None]
    notice = f"{len(possibilities)} possibilities, because something is undecided: {wanted}"
    return replace(
        change_set,
        after=merged([each.after for each in possibilities], wanted),
        before=merged(pasts, wanted) if pasts else None,
        possibilities=tuple(possibilities),
        undecided=wanted,
        notices=(*change_set.notices, notice),
    )


def _by_address(groups: Iterable[Sequence[Endpoint]]) -> list[list[Endpoint]]:
    found: dict[str, list[Endpoint]] = {}
    for group in groups:
        for endpoint in group:
            found.setdefault(endpoint.address, []).append(endpoint)
    return [found[address] for address in sorted(found)]


def _endpoint(found: Sequence[Endpoint], wanted: str, worlds: int) -> Endpoint:
    first = found[0]
    everywhere = len(found) == worlds
    if everywhere and all(endpoint == first for endpoint in found):
        return first
    return replace(
        first,
        **_agreed(found, wanted) | {"variants": _variants([endpoint.variants for endpoint in found], wanted)},
        touched=any(endpoint.touched for endpoint in found),
        kept=any(endpoint.kept for endpoint in found),
        **_one_configuration(found),
        deployed=first.deployed if everywhere else "possibly",
    )


def _one_configuration(found: Sequence[Endpoint]) -> dict[str, Any]:
    """Nothing where all have the same configuration; else that there is no one configuration to point at."""
    is_one = all(endpoint.configuration_address == found[0].configuration_address for endpoint in found)
    return {} if is_one else {"configuration_address": None, "configuration_location": None}


def _variants(found: Sequence[tuple[Variant, ...] | Unknown], wanted: str) -> tuple[Variant, ...] | Unknown:
    known = [variants for variants in found if not isinstance(variants, Unknown)]
    if len(known) < len(found):
        return next(variants for variants in found if isinstance(variants, Unknown))
    return tuple(_variant(each, wanted, len(found)) for each in aligned(known))


def aligned(found: Sequence[tuple[Variant, ...]]) -> list[list[Variant]]:
    """The variants that are the same one in several possibilities: by name, or by place where a name is unknown."""
    groups: dict[object, list[Variant]] = {}
    for variants in found:
        for index, variant in enumerate(variants):
            groups.setdefault(identity(variant, index), []).append(variant)
    return list(groups.values())


def identity(variant: Variant, index: int) -> object:
    """What makes a variant the same one in another possibility."""
    return variant.name if isinstance(variant.name, str) else index


def _variant(found: Sequence[Variant], wanted: str, worlds: int) -> Variant:
    first = found[0]
    if len(found) == worlds and all(variant == first for variant in found):
        return first
    sensitive = any(variant.sensitive for variant in found)
    instances = [variant for variant in found if isinstance(variant, InstanceVariant)]
    serverless = [variant for variant in found if isinstance(variant, ServerlessVariant)]
    is_certain = len(found) == worlds
    perhaps = Unknown(f"whether it is there is undecided: {wanted}")
    if not instances:
        values = _agreed(serverless, wanted) | ({} if is_certain else {"provisioned_concurrency": perhaps})
        return replace(serverless[0], **values, sensitive=sensitive)
    values = _agreed(instances, wanted)
    if serverless:
        kinds = "on instances or serverless" if sensitive else _kinds(instances, serverless)
        values["instance_type"] = values["initial_instance_count"] = Unknown(f"{kinds}: {wanted}")
        values["scaling"] = _common([variant.scaling for variant in found], wanted)
    elif any(each.instance_pools != instances[0].instance_pools for each in instances):
        values["instance_type"], values["instance_pools"] = Unknown(f"it is undecided: {wanted}"), ()
    if not serverless and not is_certain:
        values["initial_instance_count"] = perhaps
    return replace(instances[0], **values, sensitive=sensitive)


def _kinds(instances: Iterable[InstanceVariant], serverless: Iterable[ServerlessVariant]) -> str:
    types = [variant.instance_type for variant in instances if isinstance(variant.instance_type, str)]
    sizes = [f"serverless {variant.memory_mib} MB" for variant in serverless if isinstance(variant.memory_mib, int)]
    return " or ".join(dict.fromkeys((*types, *sizes))) or "on instances or serverless"


def _agreed(found: Sequence[Any], wanted: str) -> dict[str, Any]:
    """What things of one type have in common, in every field that may be unknown."""
    hidden = any(getattr(each, "sensitive", False) for each in found)
    names = _uncertain(found[0].__class__)
    return {name: _common([getattr(each, name) for each in found], wanted, hidden=hidden) for name in names}


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
