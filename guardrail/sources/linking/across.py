"""What inputs of one run may mean of one another: a scaling target in one and its endpoint in another.

Templates that are given together are joined by their reader. Plans and source may be of different accounts, in which
equal names mean different things: what may belong together is Unknown, never joined and never passed over.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from guardrail.model import AdriftScaling, ChangeSet, Endpoint, Inventory, Unknown, Variant
from guardrail.sources.declarations import ELSEWHERE
from guardrail.sources.linking.claims import dimension_of

_ACCOUNTS = "their accounts may differ"


class _Other(Struct, frozen=True):
    """Another input, as one input sees it."""

    change_set: ChangeSet
    inventory: Inventory


class _Doubts(Struct):
    """What of one input may belong to another one: the reason, by address."""

    targets: dict[str, str] = {}
    configurations: dict[str, str] = {}


def across(change_sets: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The change sets, with doubt where one of them may belong to another.

    Of a target on ``endpoint/chat/variant/main`` in one plan and the endpoint chat in another, the scaling of that
    variant is an `Unknown` that names the target, and the target is skipped as one that may scale it.
    """
    if len(change_sets) == 1 or not any(map(_is_adrift, change_sets)):
        return list(change_sets)
    doubts = {id(each): _Doubts() for each in change_sets}
    seen = [_with_others(one, [each for each in change_sets if each.path != one.path], doubts) for one in change_sets]
    return [_settled(one, doubts[id(was)]) for one, was in zip(seen, change_sets, strict=True)]


def _is_adrift(change_set: ChangeSet) -> bool:
    return bool(change_set.after.adrift) or any(map(_name_elsewhere, change_set.after.endpoints))


def _with_others(one: ChangeSet, others: Sequence[ChangeSet], doubts: dict[int, _Doubts]) -> ChangeSet:
    def joined(side: Callable[[ChangeSet], Inventory | None]) -> Callable[[Inventory], Inventory]:
        known = [(each, side(each)) for each in others]
        seen = [_Other(each, inventory) for each, inventory in known if inventory is not None]
        return lambda inventory: _beside(inventory, seen, doubts)

    return _mapped(one, joined(lambda each: each.after), joined(lambda each: each.before))


def _mapped(
    change_set: ChangeSet, after: Callable[[Inventory], Inventory], before: Callable[[Inventory], Inventory]
) -> ChangeSet:
    """A change set with its inventories, those of each possibility among them, changed."""
    return replace(
        change_set,
        after=after(change_set.after),
        before=None if change_set.before is None else before(change_set.before),
        possibilities=tuple(
            replace(each, after=after(each.after), before=None if each.before is None else before(each.before))
            for each in change_set.possibilities
        ),
    )


def _beside(inventory: Inventory, others: Sequence[_Other], doubts: dict[int, _Doubts]) -> Inventory:
    """An inventory with doubt about what other inputs may have for its endpoints."""
    scaling: dict[str, list[tuple[_Other, AdriftScaling]]] = {}
    configurations: dict[str, list[tuple[_Other, Endpoint]]] = {}
    for other in others:
        for adrift in other.inventory.adrift:
            scaling.setdefault(adrift.endpoint, []).append((other, adrift))
        for one in (*other.inventory.unattached, *other.inventory.endpoints):
            if one.configuration_name is not None:
                configurations.setdefault(one.configuration_name, []).append((other, one))
    endpoints = []
    for endpoint in inventory.endpoints:
        configured = _configured(endpoint, configurations.get(_name_elsewhere(endpoint) or "", ()), doubts)
        name = endpoint.name if isinstance(endpoint.name, str) else ""
        endpoints.append(_scaled(configured, scaling.get(name, ()), doubts))
    return replace(inventory, endpoints=tuple(endpoints))


def _name_elsewhere(endpoint: Endpoint) -> str | None:
    """The name of the configuration of an endpoint that is managed elsewhere."""
    variants = endpoint.variants
    return variants.partial if isinstance(variants, Unknown) and variants.reason == ELSEWHERE else None


def _configured(
    endpoint: Endpoint, candidates: Iterable[tuple[_Other, Endpoint]], doubts: dict[int, _Doubts]
) -> Endpoint:
    """The endpoint with the reason why nothing is known of what it runs, where another input has that name once."""
    fitting = [(other, each) for other, each in candidates if _may_meet(endpoint.region, each.region)]
    if len(fitting) != 1:
        return endpoint
    other, configuration = fitting[0]
    reason = f"{ELSEWHERE}, perhaps in {other.change_set.path}: {_ACCOUNTS}"
    doubts[id(other.change_set)].configurations.setdefault(str(configuration.configuration_address), reason)
    return replace(endpoint, variants=Unknown(reason), mode=Unknown(reason))


def _scaled(
    endpoint: Endpoint, candidates: Iterable[tuple[_Other, AdriftScaling]], doubts: dict[int, _Doubts]
) -> Endpoint:
    """The endpoint with doubt about the scaling of its variants, where it has none of its own."""
    variants = endpoint.variants
    if isinstance(variants, Unknown):
        return endpoint
    for other, adrift in candidates:
        if _may_meet(endpoint.region, adrift.region):
            variants = tuple(_with_target(each, other, adrift, doubts) for each in variants)
    return endpoint if variants == endpoint.variants else replace(endpoint, variants=variants)


def _with_target(variant: Variant, other: _Other, adrift: AdriftScaling, doubts: dict[int, _Doubts]) -> Variant:
    target = adrift.target
    if variant.scaling is not None or variant.name != adrift.variant or target.dimension != dimension_of(variant):
        return variant
    reason = f"it may scale an endpoint of another input: {_ACCOUNTS}"
    doubts[id(other.change_set)].targets.setdefault(target.address, reason)
    unclear = f"{target.address} of {other.change_set.path} may be its scaling target: {_ACCOUNTS}"
    return replace(variant, scaling=Unknown(unclear))


def _may_meet(one: str | Unknown, other: str | Unknown) -> bool:
    return one == other or isinstance(one, Unknown) or isinstance(other, Unknown)


def _settled(change_set: ChangeSet, doubts: _Doubts) -> ChangeSet:
    """A change set that says of what is skipped, and of what nothing here uses, where it may belong."""
    if not doubts.targets and not doubts.configurations:
        return change_set
    skipped = (replace(each, reason=doubts.targets.get(each.address, each.reason)) for each in change_set.skipped)

    def possible(inventory: Inventory) -> Inventory:
        return _without_used(inventory, doubts.configurations)

    return replace(_mapped(change_set, possible, possible), skipped=tuple(skipped))


def _without_used(inventory: Inventory, used: dict[str, str]) -> Inventory:
    """An inventory whose configurations that another input may use are possibly deployed, not unattached."""
    perhaps = [replace(each, deployed="possibly") for each in inventory.unattached if each.address in used]
    return replace(
        inventory,
        unattached=tuple(each for each in inventory.unattached if each.address not in used),
        endpoints=tuple(sorted((*inventory.endpoints, *perhaps), key=lambda each: each.address)),
    )
