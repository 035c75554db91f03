"""Endpoints that a change takes out of their stack and AWS keeps running: nobody's, and still billed.

``DeletionPolicy: Retain`` keeps what is deleted, ``UpdateReplacePolicy: Retain`` what is replaced. Sources:
"DeletionPolicy attribute" and "UpdateReplacePolicy attribute" of the CloudFormation template reference. A configuration
that is kept costs nothing; a scaling target that is goes on scaling.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from guardrail.model import Endpoint, Inventory, ScalableTarget, StepScalingPolicy, Unknown
from guardrail.sources.linking.link import Linked
from guardrail.sources.template.declared import TemplateResource
from guardrail.sources.template.stack import Stack
from guardrail.sources.template.values import text_of, within

_IS_DELETED = False
"""What happens to a resource that is not replaced."""
_KEEPS = ("Retain", "RetainExceptOnCreate")


def with_kept(before: Linked, after: Linked, keeps: Callable[[str, bool], bool]) -> tuple[Linked, Linked]:
    """Both sides, with what is kept marked before, and, where another takes its address, standing after as well.

    ``keeps`` tells of an address whether AWS keeps what was there, given whether it is replaced or deleted. An endpoint
    ``Search`` that is replaced and kept is ``Search (kept)`` beside the new ``Search``.
    """
    standing = {endpoint.address: endpoint for endpoint in after.inventory.endpoints}
    past: list[Endpoint] = []
    kept: list[Endpoint] = []
    for endpoint in before.inventory.endpoints:
        now = standing.get(endpoint.address)
        is_kept = (now is None or now.change == "replace") and keeps(endpoint.address, now is not None)
        past.append(replace(endpoint, kept=is_kept and now is None))
        if is_kept and now is not None:
            address = f"{endpoint.address} (kept)"
            kept.append(replace(endpoint, address=address, kept=True, change="forget", touched=True))
    standing_after = tuple(sorted((*after.inventory.endpoints, *kept), key=lambda endpoint: endpoint.address))
    return (
        replace(before, inventory=replace(before.inventory, endpoints=tuple(past))),
        replace(after, inventory=replace(after.inventory, endpoints=standing_after)),
    )


def scaling_kept(
    past: Inventory,
    old: Mapping[str, TemplateResource],
    new: Mapping[str, TemplateResource],
    keeps: Callable[[str, bool], bool],
) -> dict[str, TemplateResource]:
    """What goes on scaling endpoints that stay: targets that are deleted and kept, and what is kept of their policies.

    A target that is not kept takes its policies with it ("DeregisterScalableTarget" of the API reference).
    """
    found: dict[str, TemplateResource] = {}
    for target in (each for endpoint in past.endpoints if endpoint.address in new for each in _targets(endpoint)):
        if target.address in new or keeps(target.address, _IS_DELETED):
            gone = (address for address in _addresses(target) if address not in new)
            found.update({address: old[address] for address in gone if keeps(address, _IS_DELETED)})
    return found


def _targets(endpoint: Endpoint) -> Iterator[ScalableTarget]:
    for several in (endpoint.variants, endpoint.inference_components):
        for each in () if isinstance(several, Unknown) else several:
            if isinstance(each.scaling, ScalableTarget):
                yield each.scaling


def _addresses(target: ScalableTarget) -> Iterator[str]:
    """A target, its policies, and the alarms that start them."""
    yield target.address
    for policy in () if isinstance(target.policies, Unknown) else target.policies:
        yield policy.address
        if isinstance(policy, StepScalingPolicy) and not isinstance(policy.alarms, Unknown):
            yield from (alarm.address for alarm in policy.alarms)


def by_policies(
    old: Mapping[str, TemplateResource], new: Mapping[str, TemplateResource]
) -> Callable[[str, bool], bool]:
    """What `with_kept` asks, as the policies of two templates say it."""
    remaining = {resource.stack.prefix for resource in new.values()}

    def keeps(address: str, is_replaced: bool) -> bool:  # noqa: FBT001 - one of two things happens to it
        resource = old.get(address)
        if resource is None:  # a configuration that an endpoint may use
            return False
        if is_replaced:
            sides = filter(None, (resource, new.get(address)))
            return any(_keeps(side, "UpdateReplacePolicy") for side in sides)
        return _keeps(resource, "DeletionPolicy") or _is_kept_with_its_stack(resource.stack, remaining)

    return keeps


def _is_kept_with_its_stack(stack: Stack, remaining: set[str]) -> bool:
    """Whether a nested stack that is gone is kept, and so is all that is in it."""
    while stack.owner is not None and stack.prefix not in remaining:
        stack, logical_id = stack.owner
        if _policy(stack, logical_id, "DeletionPolicy") in _KEEPS:
            return True
    return False


def _keeps(resource: TemplateResource, name: str) -> bool:
    """Whether a policy of a resource keeps it; one that cannot be known may, and what may be billed is."""
    policy = _policy(resource.stack, resource.logical_id, name)
    return isinstance(policy, Unknown) or policy in _KEEPS


def _policy(stack: Stack, logical_id: str, name: str) -> Any:
    value = stack.evaluate(within(stack.resources, logical_id, name))
    return value if isinstance(value, Unknown) else text_of(value)
