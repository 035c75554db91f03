"""The bill of something undecided: the least and the most of what it may be, and no expectation where they differ."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from guardrail.cost.base import CostComponent, EndpointCost, Estimate, Monthly, Quantity, VariantCost
from guardrail.cost.estimate import NOTHING
from guardrail.model import Endpoint, Inventory, Unknown, Variant
from guardrail.money import ZERO

_ABSENT = Quantity(ZERO, ZERO, ZERO)


def hull(
    estimates: Sequence[Estimate], inventories: Sequence[Inventory], common: Inventory, undecided: str
) -> Estimate:
    """One estimate that holds whichever of the ``inventories`` comes true; ``common`` is what they have in common.

    Two instances for 300 USD in one, none in the other: floor 0, ceiling 300, expected unknown for the reason
    ``undecided``.
    """
    reason = Unknown(undecided)
    worlds = [
        (_all(inventory.endpoints), estimate.endpoints)
        for inventory, estimate in zip(inventories, estimates, strict=True)
    ]
    stores = [
        (_all(inventory.unattached), estimate.unattached)
        for inventory, estimate in zip(inventories, estimates, strict=True)
    ]
    return Estimate(
        endpoints={endpoint.address: _endpoint(endpoint, worlds, reason) for endpoint in common.endpoints},
        unattached={endpoint.address: _endpoint(endpoint, stores, reason) for endpoint in common.unattached},
        total=_monthly([estimate.total for estimate in estimates], reason),
        missing=frozenset().union(*(estimate.missing for estimate in estimates)),
    )


_Side = tuple[dict[str, Endpoint], dict[str, EndpointCost]]


def _all(endpoints: Sequence[Endpoint]) -> dict[str, Endpoint]:
    return {endpoint.address: endpoint for endpoint in endpoints}


def _endpoint(common: Endpoint, worlds: Sequence[_Side], reason: Unknown) -> EndpointCost:
    costs = [costs.get(common.address) for _, costs in worlds]
    present = [cost for cost in costs if cost is not None]
    first = present[0]
    if len(present) == len(worlds) and all(cost == first for cost in present):
        return first
    return EndpointCost(
        address=common.address,
        components=first.components,
        variants=_variants(common, worlds, reason),
        monthly=_monthly([cost.monthly if cost else NOTHING for cost in costs], reason),
        missing=frozenset().union(*(cost.missing for cost in present)),
    )


def _variants(common: Endpoint, worlds: Sequence[_Side], reason: Unknown) -> tuple[VariantCost, ...]:
    """What each variant of the common inventory costs in any world."""
    if isinstance(common.variants, Unknown):
        return ()
    return tuple(
        _variant([_cost_of(variant, index, common.address, world) for world in worlds], reason)
        for index, variant in enumerate(common.variants)
    )


def _cost_of(wanted: Variant, index: int, address: str, world: _Side) -> VariantCost | None:
    endpoints, costs = world
    endpoint, cost = endpoints.get(address), costs.get(address)
    if endpoint is None or cost is None or isinstance(endpoint.variants, Unknown):
        return None
    for place, variant in enumerate(endpoint.variants):
        if variant.name == wanted.name if isinstance(wanted.name, str) else place == index:
            return cost.variants[place]
    return None


def _variant(costs: Sequence[VariantCost | None], reason: Unknown) -> VariantCost:
    present = [cost for cost in costs if cost is not None]
    if len(present) == len(costs) and all(cost == present[0] for cost in present):
        return present[0]
    groups: dict[tuple[str, str | None, str], list[CostComponent]] = {}
    for cost in present:
        for component in cost.components:
            groups.setdefault((component.kind, component.usage_type, component.detail), []).append(component)
    return VariantCost(
        components=tuple(_component(group, len(costs), reason) for group in groups.values()),
        monthly=_monthly([cost.monthly if cost else NOTHING for cost in costs], reason),
    )


def _component(found: Sequence[CostComponent], worlds: int, reason: Unknown) -> CostComponent:
    first = found[0]
    if len(found) == worlds and all(component == first for component in found):
        return first
    absent = [_ABSENT] * (worlds - len(found))
    return replace(
        first,
        quantity=_quantity([component.quantity for component in found], absent, reason),
        monthly=_quantity([component.monthly for component in found], absent, reason),
        count=_quantity([component.count for component in found], absent, reason),
        reason=next((component.reason for component in found if component.reason is not None), None),
    )


def _quantity(found: Sequence[Quantity | None], absent: Sequence[Quantity], reason: Unknown) -> Quantity | None:
    known = [quantity for quantity in found if quantity is not None]
    if len(known) < len(found):
        return None
    known += absent
    return Quantity(
        min(quantity.floor for quantity in known),
        _expected([quantity.expected for quantity in known], reason),
        max(quantity.ceiling for quantity in known),
    )


def _expected(found: Sequence[Decimal | Unknown], reason: Unknown) -> Decimal | Unknown:
    return found[0] if all(value == found[0] for value in found) else reason


def _monthly(found: Sequence[Monthly], reason: Unknown) -> Monthly:
    least = min(found, key=lambda monthly: monthly.floor)
    most = max(found, key=lambda monthly: monthly.ceiling)
    expected = _expected([monthly.expected for monthly in found], reason)
    return Monthly(
        floor=least.floor,
        expected=expected,
        ceiling=most.ceiling,
        estimated_share=most.estimated_ceiling if isinstance(expected, Unknown) else found[0].estimated_share,
        estimated_floor=least.estimated_floor,
        estimated_ceiling=most.estimated_ceiling,
        at_least=any(monthly.at_least for monthly in found),
        estimated=any(monthly.estimated for monthly in found),
        depends_on_usage=any(monthly.depends_on_usage for monthly in found),
        assumed=any(monthly.assumed for monthly in found),
    )
