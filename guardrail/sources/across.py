"""Joining inputs of one run: a scaling target in one and its endpoint in another, a configuration that they share.

Equal names in one region mean one thing where both inputs are of one account. A template that imports what another one
exports proves that (AWS CloudFormation User Guide, Fn::ImportValue: exports are those of the same account and region).
Elsewhere accounts may differ, and so what may belong together is Unknown, never joined and never passed over.
"""

import os
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from guardrail.model import AdriftScaling, ChangeSet, Endpoint, Inventory, Unknown, Variant
from guardrail.sources.claims import dimension_of
from guardrail.sources.declarations import ELSEWHERE

_ACCOUNTS = "their accounts may differ"


class _Other(Struct, frozen=True):
    """Another input, as one input sees it."""

    change_set: ChangeSet
    inventory: Inventory
    is_same_account: bool


class _Places(Struct):
    """What of one input has found its place in another one, by address: with a reason where that is not certain."""

    targets: dict[str, str | None] = {}
    configurations: dict[str, str | None] = {}


def across(change_sets: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The change sets with what they mean of one another joined.

    Of a target on ``endpoint/chat/variant/main`` in one and the endpoint chat in another, that variant gets the target
    as its scaling, or an `Unknown` that names it; the target is no longer skipped as one of an endpoint elsewhere.
    """
    if not any(_is_adrift(each) for each in change_sets) or len(change_sets) == 1:
        return list(change_sets)
    found = {id(each): _Places() for each in change_sets}
    joined = [_with_others(one, [each for each in change_sets if each.path != one.path], found) for one in change_sets]
    return [_settled(one, was, found[id(was)]) for one, was in zip(joined, change_sets, strict=True)]


def _is_adrift(change_set: ChangeSet) -> bool:
    return bool(change_set.after.adrift) or any(map(_name_elsewhere, change_set.after.endpoints))


def _with_others(one: ChangeSet, others: Sequence[ChangeSet], found: dict[int, _Places]) -> ChangeSet:
    def seen(side: Callable[[ChangeSet], Inventory | None]) -> list[_Other]:
        sides = [(each, side(each)) for each in others]
        return [
            _Other(each, inventory, _share_account(one, each)) for each, inventory in sides if inventory is not None
        ]

    after, before = seen(lambda each: each.after), seen(lambda each: each.before)
    return replace(
        one,
        after=_joined(one.after, one.path, after, found),
        before=None if one.before is None else _joined(one.before, one.path, before, found),
        possibilities=tuple(
            replace(
                each,
                after=_joined(each.after, one.path, after, found),
                before=None if each.before is None else _joined(each.before, one.path, before, found),
            )
            for each in one.possibilities
        ),
    )


def _joined(inventory: Inventory, path: str, others: Sequence[_Other], found: dict[int, _Places]) -> Inventory:
    """An inventory with what other inputs have for its endpoints."""
    scaling: dict[str, list[tuple[_Other, AdriftScaling]]] = {}
    configurations: dict[str, dict[tuple[str, str], tuple[_Other, Endpoint]]] = {}
    for other in others:
        for adrift in other.inventory.adrift:
            scaling.setdefault(adrift.endpoint, []).append((other, adrift))
        for one in (*other.inventory.unattached, *other.inventory.endpoints):
            place = (other.change_set.path, one.configuration_address or "")
            if one.configuration_address is not None:
                name = one.configuration_name or _symbol(*place, "EndpointConfigName")
                configurations.setdefault(name, {}).setdefault(place, (other, one))
    if not scaling and not configurations:
        return inventory
    endpoints = []
    for endpoint in inventory.endpoints:
        name = endpoint.name if isinstance(endpoint.name, str) else _symbol(path, endpoint.address, "EndpointName")
        wanted = _name_elsewhere(endpoint)
        candidates = configurations.get(wanted, {}).values() if wanted is not None else ()
        endpoints.append(_scaled(_configured(endpoint, candidates, found), scaling.get(name, ()), found))
    return replace(inventory, endpoints=tuple(endpoints))


def _symbol(path: str, address: str, attribute: str) -> str:
    """What another template has for a name that only AWS knows: ``${a.yaml:E.EndpointName}``."""
    return f"${{{path}:{address}.{attribute}}}".replace(os.sep, ".")


def _name_elsewhere(endpoint: Endpoint) -> str | None:
    """The name of the configuration of an endpoint that is managed elsewhere."""
    variants = endpoint.variants
    return variants.partial if isinstance(variants, Unknown) and variants.reason == ELSEWHERE else None


def _configured(
    endpoint: Endpoint, candidates: Iterable[tuple[_Other, Endpoint]], found: dict[int, _Places]
) -> Endpoint:
    """The endpoint on the only configuration of its name that another input has."""
    fitting = [(other, each) for other, each in candidates if _may_meet(endpoint.region, each.region, other)]
    if len(fitting) != 1:
        return endpoint
    other, configuration = fitting[0]
    variants = configuration.variants
    used = found[id(other.change_set)].configurations
    if not other.is_same_account:
        reason = f"{ELSEWHERE}, perhaps in {other.change_set.path}: {_ACCOUNTS}"
        used.setdefault(str(configuration.configuration_address), reason)
        return replace(endpoint, variants=Unknown(reason), mode=Unknown(reason))
    used[str(configuration.configuration_address)] = None
    own, theirs = endpoint.tags, configuration.tags
    return replace(
        endpoint,
        mode=configuration.mode,
        variants=variants if isinstance(variants, Unknown) else tuple(replace(each, scaling=None) for each in variants),
        data_capture_percent=configuration.data_capture_percent,
        tags=own if isinstance(own, Unknown) or isinstance(theirs, Unknown) else {**theirs, **own},
    )


def _scaled(
    endpoint: Endpoint, candidates: Iterable[tuple[_Other, AdriftScaling]], found: dict[int, _Places]
) -> Endpoint:
    """The endpoint with the targets of other inputs on its variants, where it has none of its own."""
    variants = endpoint.variants
    if isinstance(variants, Unknown):
        return endpoint
    for other, adrift in candidates:
        if _may_meet(endpoint.region, adrift.region, other):
            variants = tuple(_with_target(each, other, adrift, found) for each in variants)
    return endpoint if variants == endpoint.variants else replace(endpoint, variants=variants)


def _with_target(variant: Variant, other: _Other, adrift: AdriftScaling, found: dict[int, _Places]) -> Variant:
    target = adrift.target
    if variant.name != adrift.variant or target.dimension != dimension_of(variant):
        return variant
    used, path = found[id(other.change_set)].targets, other.change_set.path
    if variant.scaling is not None:
        unclear = f"{target.address} of {path} may scale it too"
        return replace(variant, scaling=Unknown(unclear)) if other.is_same_account else variant
    if other.is_same_account:
        used[target.address] = None
        return replace(variant, scaling=target)
    used.setdefault(target.address, f"it may scale an endpoint of another input: {_ACCOUNTS}")
    return replace(variant, scaling=Unknown(f"{target.address} of {path} may be its scaling target: {_ACCOUNTS}"))


def _may_meet(one: str | Unknown, other: str | Unknown, seen: _Other) -> bool:
    return seen.is_same_account or one == other or isinstance(one, Unknown) or isinstance(other, Unknown)


def _share_account(one: ChangeSet, other: ChangeSet) -> bool:
    """Whether one of two inputs imports what the other exports."""
    return _imports(one, other) or _imports(other, one)


def _imports(one: ChangeSet, other: ChangeSet) -> bool:
    return any(path == other.path or path.startswith(other.path.rstrip(os.sep) + os.sep) for path in one.imports)


def _settled(change_set: ChangeSet, was: ChangeSet, places: _Places) -> ChangeSet:
    """A change set without what has found its place in another one, and with the right counts."""
    known = sum(
        _name_elsewhere(old) is not None and not isinstance(new.variants, Unknown)
        for old, new in zip(was.after.endpoints, change_set.after.endpoints, strict=True)
    )
    if not places.targets and not places.configurations and not known:
        return change_set
    linked = {address for address, reason in places.targets.items() if reason is None}
    skipped = tuple(
        replace(each, reason=places.targets.get(each.address) or each.reason)
        for each in change_set.skipped
        if each.address not in linked
    )
    fewer = len(change_set.skipped) - len(skipped)
    coverage = change_set.coverage
    return replace(
        change_set,
        skipped=skipped,
        coverage=replace(
            coverage,
            modelled=coverage.modelled + fewer,
            skipped=coverage.skipped - fewer,
            partial=max(coverage.partial - known, 0),
        ),
        after=_without_used(change_set.after, places),
        before=None if change_set.before is None else _without_used(change_set.before, places),
        possibilities=tuple(
            replace(
                each,
                after=_without_used(each.after, places),
                before=None if each.before is None else _without_used(each.before, places),
            )
            for each in change_set.possibilities
        ),
    )


def _without_used(inventory: Inventory, places: _Places) -> Inventory:
    """What is used elsewhere is not unattached; what may be is possibly deployed."""
    used = places.configurations
    perhaps = [each for each in inventory.unattached if used.get(each.address) is not None]
    possible = [replace(each, deployed="possibly") for each in perhaps]
    return replace(
        inventory,
        unattached=tuple(each for each in inventory.unattached if each.address not in used),
        endpoints=tuple(sorted((*inventory.endpoints, *possible), key=lambda each: each.address)),
    )
