"""What inputs of one run may mean of one another: a scaling target in one and its endpoint in another.

Templates that are given together are joined by their reader. Plans and source may be of different accounts, in which
equal names mean different things: what may belong together is Unknown, never joined and never passed over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from msgspec.structs import replace

from guardrail.model import (
    AdriftScaling,
    ChangeSet,
    Endpoint,
    Inventory,
    ScalableTarget,
    ScalingPolicy,
    StepScalingPolicy,
    Unknown,
    Variant,
)
from guardrail.sources.declarations import ELSEWHERE
from guardrail.sources.linking.claims import dimension_of, may_be_called
from guardrail.sources.linking.index import differ

_ACCOUNTS = "their accounts may differ"
_MAY = {
    "target": "may be its scaling target",
    "policy": "may belong to it",
    "scheduled action": "may belong to it",
    "alarm": "may start it",
}


class _OtherInputs:
    """Scaling and configurations in one input for the endpoints of another, joined by the name that both have.

    ``doubts`` gets the reason for each of them that may belong to another input, by path and address.
    """

    def __init__(self, inventories: Iterable[tuple[str, Inventory | None]], doubts: dict[tuple[str, str], str]) -> None:
        self._scaling: dict[str, list[tuple[str, AdriftScaling]]] = defaultdict(list)
        self._configurations: dict[str, list[tuple[str, Endpoint]]] = defaultdict(list)
        self._doubts = doubts
        for path, inventory in inventories:
            for adrift in inventory.adrift if inventory else ():
                self._scaling[adrift.endpoint].append((path, adrift))
            for one in (*inventory.unattached, *inventory.endpoints) if inventory else ():
                if one.configuration_name is not None:
                    self._configurations[one.configuration_name].append((path, one))

    def beside(self, path: str, inventory: Inventory) -> Inventory:
        """The inventory of one input with doubt about what other inputs may have for its endpoints."""
        return replace(
            inventory,
            endpoints=tuple(self._scaled(path, self._configured(path, endpoint)) for endpoint in inventory.endpoints),
        )

    def _configured(self, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the reason why nothing is known of what it runs, where another input has that name once."""
        named = self._configurations.get(_name_elsewhere(endpoint) or "", ())
        fitting = [(other, one) for other, one in named if other != path and not differ(endpoint.region, one.region)]
        if len(fitting) != 1:
            return endpoint
        other, configuration = fitting[0]
        reason = f"{ELSEWHERE}, perhaps in {other}: {_ACCOUNTS}"
        self._doubts.setdefault((other, str(configuration.configuration_address)), reason)
        return replace(endpoint, variants=Unknown(reason), mode=Unknown(reason))

    def _scaled(self, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint with doubt about the scaling of its variants, where it has none of that kind of its own."""
        variants = endpoint.variants
        for other, adrift in self._scaling.get(str(endpoint.name), ()) if isinstance(endpoint.name, str) else ():
            if other != path and not differ(endpoint.region, adrift.region) and not isinstance(variants, Unknown):
                reason = Unknown(f"{adrift.address} of {other} {_MAY[adrift.kind]}: {_ACCOUNTS}")
                doubtful = tuple(_with_scaling(variant, adrift, reason) for variant in variants)
                if doubtful != variants:
                    self._doubts[other, adrift.address] = f"it may scale an endpoint of another input: {_ACCOUNTS}"
                    variants = doubtful
        return endpoint if variants is endpoint.variants else replace(endpoint, variants=variants)


def across(change_sets: Sequence[ChangeSet]) -> list[ChangeSet]:
    """The change sets, with doubt where one of them may belong to another.

    Of a target on ``endpoint/chat/variant/main`` in one plan and the endpoint chat in another, the scaling of that
    variant is an `Unknown` that names the target, and the target is skipped as one that may scale it.
    """
    if not any(map(_is_adrift, change_sets)):
        return list(change_sets)
    doubts: dict[tuple[str, str], str] = {}
    after = _OtherInputs(((change_set.path, change_set.after) for change_set in change_sets), doubts)
    before = _OtherInputs(((change_set.path, change_set.before) for change_set in change_sets), doubts)
    seen = [one.mapped(partial(after.beside, one.path), partial(before.beside, one.path)) for one in change_sets]
    return [_settled(one, doubts) for one in seen]


def _is_adrift(change_set: ChangeSet) -> bool:
    return bool(change_set.after.adrift) or any(map(_name_elsewhere, change_set.after.endpoints))


def _name_elsewhere(endpoint: Endpoint) -> str | None:
    """The name of the configuration of an endpoint that is managed elsewhere."""
    variants = endpoint.variants
    return variants.partial if isinstance(variants, Unknown) and variants.reason == ELSEWHERE else None


def _with_scaling(variant: Variant, adrift: AdriftScaling, reason: Unknown) -> Variant:
    """The variant with doubt about the kind of scaling that another input may have for it, where it has none."""
    scaling = variant.scaling
    if not may_be_called(variant.name, adrift.variant) or adrift.dimension not in (dimension_of(variant), ""):
        return variant
    if scaling is None:
        return variant if adrift.kind == "alarm" else replace(variant, scaling=reason)
    if not isinstance(scaling, ScalableTarget):
        return variant
    if adrift.kind == "policy" and not scaling.policies:
        scaling = replace(scaling, policies=reason)
    elif adrift.kind == "scheduled action" and not scaling.scheduled_actions:
        scaling = replace(scaling, scheduled_actions=reason)
    elif adrift.kind == "alarm" and not isinstance(scaling.policies, Unknown):
        started = (_with_alarm(policy, reason) for policy in scaling.policies)
        scaling = replace(scaling, policies=tuple(started))
    return replace(variant, scaling=scaling)


def _with_alarm(policy: ScalingPolicy, reason: Unknown) -> ScalingPolicy:
    is_waiting = isinstance(policy, StepScalingPolicy) and policy.alarms == ()
    return replace(policy, alarms=reason) if is_waiting else policy


def _settled(change_set: ChangeSet, doubts: dict[tuple[str, str], str]) -> ChangeSet:
    """A change set that says of what is skipped, and of what nothing here uses, where it may belong."""
    own = {address: reason for (path, address), reason in doubts.items() if path == change_set.path}
    if not own:
        return change_set
    skipped = (replace(block, reason=own.get(block.address, block.reason)) for block in change_set.skipped)
    possible = partial(_without_used, used=own)
    return replace(change_set.mapped(possible, possible), skipped=tuple(skipped))


def _without_used(inventory: Inventory, used: dict[str, str]) -> Inventory:
    """An inventory whose configurations that another input may use are possibly deployed, not unattached."""
    perhaps = [
        replace(configuration, deployed="possibly")
        for configuration in inventory.unattached
        if configuration.address in used
    ]
    return replace(
        inventory,
        unattached=tuple(configuration for configuration in inventory.unattached if configuration.address not in used),
        endpoints=tuple(sorted((*inventory.endpoints, *perhaps), key=lambda endpoint: endpoint.address)),
    )
