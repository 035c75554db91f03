"""Joining scaling: alarms to policies, policies and scheduled actions to targets, targets to variants and components.

What may belong to several is Unknown for each of them; what belongs to nothing here is skipped with its reason.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    Unknown,
    Variant,
)
from guardrail.sources.base import LOST
from guardrail.sources.declarations import (
    GENERATED,
    Declared,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredComponent,
    DeclaredEndpoint,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
)
from guardrail.sources.index import Declarations, Index, may_meet

_T = TypeVar("_T")

_LATE = "what it scales is known only after apply"
_COMPONENT = "inference-component/"
_VARIANT_INDEX = re.compile(r"^production_variants\[(\d+)\]")


class Claim(NamedTuple):
    """What a scaling target says of the variants of one endpoint."""

    target: ScalableTarget | Unknown
    address: str
    variant: str | int | None
    """The variant's name, its index, or None where neither is known."""
    hint: str | None
    """The for_each key of the target, which where the name is lost usually is it."""
    dimension: str
    """"" where unknown."""


class ScalingLinks:
    """Every claim on the variants of the endpoints of one side, and the scaling of its inference components."""

    def __init__(self, declarations: Declarations) -> None:
        self._all = declarations
        self.claims: dict[str, list[Claim]] = defaultdict(list)
        """By address of the endpoint."""
        self.components: dict[str, ScalableTarget | Unknown] = {}
        """By address of the inference component."""
        self.alarms: dict[str, list[DeclaredAlarm]] = defaultdict(list)
        """By address of the policy that they start."""
        self.parts: dict[str, set[str]] = defaultdict(set)
        """Addresses of a target, its policies, actions and alarms, by address of the target."""
        self._unnamed: Index[DeclaredEndpoint] = Index()
        """Those whose name is unknown, and not because it is new with this change: it may be one that is known."""
        for endpoint in declarations.endpoints:
            if isinstance(endpoint.name, Unknown) and endpoint.name.reason != GENERATED:
                self._unnamed.add(endpoint)
        self._mentioning = _by_mention(declarations.targets)
        self._targets_by_endpoint = self._group_targets()
        self._lost: set[tuple[type[Declared], str, str | Unknown, str, bool]] = set()
        unclear = self._link_alarms()
        policies = self._link_policies(unclear)
        actions = self._link_actions()
        sensitive = {each.address for each in declarations.actions if each.sensitive}
        for target in declarations.targets:
            self._claim(target, _completed(target, policies, actions, sensitive))

    def _group_targets(self) -> dict[str, list[DeclaredTarget]]:
        """Targets by address of the endpoint they scale; under "" those of which nothing is known."""
        found: dict[str, list[DeclaredTarget]] = defaultdict(list)
        for target in self._all.targets:
            for endpoint in self._endpoints_of(target.resource, target):
                found[endpoint.address].append(target)
            if self._may_mean_any(target.resource, target):
                found[""].append(target)
        return found

    def _link_alarms(self) -> dict[str, Unknown]:
        """Attach alarms to the policies they start; returns the policies that an unclear alarm may start."""
        unclear: dict[str, Unknown] = {}
        for alarm in self._all.alarms:
            found = {reference.address for reference in alarm.references} & self._all.policies.by_address.keys()
            if not isinstance(alarm.actions, Unknown):
                for action in alarm.actions:
                    if isinstance(action, str):
                        found |= {policy.address for policy in self._all.policies.named(action, alarm)}
            for address in found:
                self.alarms[address].append(alarm)
            if not found and _may_start_scaling(alarm) and self._is_first(alarm):
                for policy in self._all.policies.compatible(alarm):
                    unclear[policy.address] = Unknown(f"{alarm.address} may start it")
        return unclear

    def _link_policies(self, unclear: dict[str, Unknown]) -> dict[str, list[ScalingPolicy] | Unknown]:
        attached: dict[str, list[ScalingPolicy] | Unknown] = {}
        for declared in self._all.policies:
            policy = declared.policy
            if isinstance(policy, StepScalingPolicy):
                alarms = tuple(each.alarm for each in self.alarms.get(declared.address, ()))
                policy = replace(policy, alarms=alarms or unclear.get(declared.address, ()))
            self._attach(declared, policy, attached)
        return attached

    def _link_actions(self) -> dict[str, list[ScheduledAction] | Unknown]:
        attached: dict[str, list[ScheduledAction] | Unknown] = {}
        for declared in self._all.actions:
            self._attach(declared, declared.action, attached)
        return attached

    def _attach(
        self, declared: DeclaredPolicy | DeclaredAction, attachment: _T, attached: dict[str, list[_T] | Unknown]
    ) -> None:
        """Put a policy or scheduled action where it belongs, or mark every target that it may belong to."""
        targets = self._targets_of(declared)
        if len(targets) == 1:
            present = attached.setdefault(targets[0].address, [])
            if isinstance(present, list):
                present.append(attachment)
        elif self._is_about_something_else(declared.target):
            self._all.leave_out(declared)
        elif self._may_mean_any(declared.target, declared):
            self._all.skip(declared, "which scaling target it belongs to is known only after apply")
            targets = self._all.targets.compatible(declared) if self._is_first(declared) else []
            self._doubt(declared, targets, attached)
        else:
            targets = targets or self._possible_targets(declared)
            self._doubt(declared, targets, attached)
            if targets:
                self._all.skip(declared, "which scaling target it belongs to is known only after apply")
            else:
                self._attach_without_target(declared)
        for target in targets:
            self.parts[target.address] |= {declared.address, *(each.address for each in self.alarms[declared.address])}

    def _doubt(
        self,
        declared: DeclaredPolicy | DeclaredAction,
        targets: list[DeclaredTarget],
        attached: dict[str, list[_T] | Unknown],
    ) -> None:
        """Mark targets that a policy or scheduled action may belong to."""
        for target in targets:
            attached[target.address] = Unknown(f"{declared.address} may belong to it")

    def _is_first(self, declared: Declared, what: str = "") -> bool:
        """Whether ``declared`` is the first of its kind in its place whose link is lost.

        What one of them casts doubt on, the others do too, so that a plan full of them is read once, not squared.
        """
        is_changed = declared.address in self._all.changed
        kind = (declared.__class__, declared.provider, declared.region, what, is_changed)
        is_first = kind not in self._lost
        self._lost.add(kind)
        return is_first

    def _may_mean_any(self, link: Link, seeker: Declared) -> bool:
        """Whether nothing is known of a link, not even the endpoint or component that it mentions."""
        known = isinstance(link.value, str) or link.value is None
        return not known and not self._endpoints_of(link, seeker) and not self._components_of(link, seeker)

    def _is_about_something_else(self, link: Link) -> bool:
        """Whether all that an unknown link mentions is, as a scaling target of ECS is."""
        mentioned = {reference.address for reference in link.references}
        return bool(mentioned) and mentioned <= self._all.unrelated

    def _possible_targets(self, declared: DeclaredPolicy | DeclaredAction) -> list[DeclaredTarget]:
        """Targets that a policy may mean: those of its name further away.

        Where its id is unknown, those of the endpoint that it mentions, and those of which nothing is known.
        """
        value = declared.target.value
        if isinstance(value, str):
            return self._all.targets.namesakes(_resource_id(value), declared)
        if value is None:
            return []
        endpoints = self._endpoints_of(declared.target, declared)
        lost = [each for each in self._targets_by_endpoint[""] if may_meet(each, declared)]
        return [target for each in endpoints for target in self._targets_by_endpoint[each.address]] + lost

    def _attach_without_target(self, declared: DeclaredPolicy | DeclaredAction) -> None:
        """A policy whose target is not here: somebody else scales the variant that it names."""
        elsewhere = Unknown("its scaling target is managed elsewhere")
        endpoints, components = (
            self._endpoints_of(declared.target, declared),
            self._components_of(declared.target, declared),
        )
        if len(endpoints) == 1:
            dimension = declared.dimension if isinstance(declared.dimension, str) else ""
            self._add_claim(endpoints[0], elsewhere, declared, declared.target, dimension)
        elif len(components) == 1:
            self.components.setdefault(components[0].address, elsewhere)
        else:
            known = isinstance(declared.target.value, str)
            reason = "its scaling target is not managed here"
            self._all.skip(
                declared, reason if known else "which scaling target it belongs to is known only after apply"
            )

    def _targets_of(self, declared: DeclaredPolicy | DeclaredAction) -> list[DeclaredTarget]:
        link = declared.target
        if isinstance(link.value, str):
            resource = _resource_id(link.value)
            targets = self._all.targets
            found = targets.named(resource, declared) or targets.stated(resource, link, declared)
        else:
            found = self._all.targets.linked(link, declared) or self._targets_beside(link)
        if isinstance(declared.dimension, str):
            return [each for each in found if each.target.dimension in (declared.dimension, "")]
        return found

    def _targets_beside(self, link: Link) -> list[DeclaredTarget]:
        """Targets whose own resource id mentions the same endpoint, else the same other resources."""
        addresses = {reference.address for reference in link.references}
        endpoints = addresses & self._all.endpoints.by_address.keys()
        found = {each.address: each for address in endpoints or addresses for each in self._mentioning[address]}
        alike = [each for each in found.values() if _variant_of(each.resource) == _variant_of(link)]
        return alike if len(alike) == 1 and _variant_of(link) is not None else list(found.values())

    def _claim(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        """Lay the claim of a target on the variant or component that its resource id means."""
        self.parts[declared.address].add(declared.address)
        value = declared.resource.value
        if target.dimension == COPY_COUNT or (isinstance(value, str) and value.startswith("inference-component/")):
            self._claim_component(declared, target)
            return
        endpoints = self._endpoints_of(declared.resource, declared)
        if len(endpoints) == 1:
            self._add_claim(endpoints[0], target, declared, declared.resource, target.dimension)
        elif not endpoints and self._components_of(declared.resource, declared):
            self._claim_component(declared, target)
        elif self._is_about_something_else(declared.resource):
            self._all.leave_out(declared)
        else:
            self._claim_nothing_certain(declared, endpoints or self._namesakes(declared))

    def _claim_nothing_certain(self, declared: DeclaredTarget, candidates: list[DeclaredEndpoint]) -> None:
        """Cast doubt on each endpoint that a target may scale: on ``candidates``, else on what its id does not exclude.

        An unknown id excludes nothing; a known one all but the endpoints whose name is unknown.
        """
        known, dimension = isinstance(declared.resource.value, str), declared.target.dimension
        possible = self._unnamed if known else self._all.endpoints
        vague = [] if candidates or (known and _parts(declared.resource) is None) else possible.compatible(declared)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for each in candidates or (vague if self._is_first(declared, f"{dimension} {known}") else ()):
            self._add_claim(each, unclear, declared, Link(value=None), dimension)
        is_elsewhere = known and not candidates and not vague
        reason = "the endpoint it scales is not managed here" if is_elsewhere else _LATE
        self._all.skip(declared, reason)

    def _namesakes(self, declared: DeclaredTarget) -> list[DeclaredEndpoint]:
        parts = _parts(declared.resource) if isinstance(declared.resource.value, str) else None
        return self._all.endpoints.namesakes(parts[1], declared) if parts else []

    def _claim_component(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        found = self._components_of(declared.resource, declared)
        known = isinstance(declared.resource.value, str)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for component in found or ([] if known else self._all.components.compatible(declared)):
            self.components[component.address] = target if len(found) == 1 else unclear
        if len(found) != 1:
            elsewhere = known and not found
            reason = "the inference component it scales is not managed here"
            self._all.skip(declared, reason if elsewhere else _LATE)

    def _components_of(self, link: Link, seeker: Declared) -> list[DeclaredComponent]:
        """The inference components that a resource id may mean."""
        components = self._all.components
        value = link.value if isinstance(link.value, str) else link.text
        if value is not None and value.startswith(_COMPONENT):
            name = _resource_id(value).removeprefix(_COMPONENT)
            return components.named(name, seeker) or components.stated(name, link, seeker)
        return components.referenced(link)

    def _add_claim(
        self,
        endpoint: DeclaredEndpoint,
        target: ScalableTarget | Unknown,
        declared: Declared,
        link: Link,
        dimension: str,
    ) -> None:
        hint = link.key if isinstance(link.key, str) else None
        self.claims[endpoint.address].append(Claim(target, declared.address, _variant_of(link), hint, dimension))

    def _endpoints_of(self, link: Link, seeker: Declared) -> list[DeclaredEndpoint]:
        """The endpoints that a resource id may mean; one in a sound stack."""
        endpoints = self._all.endpoints
        parts = _parts(link)
        found = endpoints.named(parts[1], seeker) or endpoints.stated(parts[1], link, seeker) if parts else []
        return found or ([] if isinstance(link.value, str) else endpoints.referenced(link))


def scaled(variants: tuple[Variant, ...], claims: list[Claim]) -> tuple[Variant, ...]:
    """The variants of one endpoint with the scaling that claims give them."""
    return tuple(_with_scaling(variant, index, variants, claims) for index, variant in enumerate(variants))


def _with_scaling(variant: Variant, index: int, variants: tuple[Variant, ...], claims: list[Claim]) -> Variant:
    own = _dimension_of(variant)
    certain: list[Claim] = []
    possible: list[Claim] = []
    for claim in claims:
        match _means(claim, variant, index, variants):
            case True:
                certain.append(claim)
            case None:
                possible.append(claim)
            case _:
                pass
    fitting = [claim for claim in certain if claim.dimension in (own, "")]
    stray = tuple(claim.address for claim in certain if claim.dimension not in (own, ""))
    scaling = _agreed(fitting, [claim for claim in possible if claim.dimension in (own, "")])
    return replace(variant, scaling=scaling, stray_scaling=stray)


def _agreed(certain: list[Claim], possible: list[Claim]) -> ScalableTarget | Unknown | None:
    targets = [claim for claim in certain if isinstance(claim.target, ScalableTarget)]
    if len(targets) > 1:
        return Unknown(f"{targets[0].address} and {targets[1].address} both scale it")
    if targets:
        target = targets[0]
        return target.target if target.dimension else Unknown(f"the dimension of {target.address} is unknown")
    for claim in (*certain, *possible):
        if isinstance(claim.target, Unknown):
            return claim.target
        return Unknown(f"{claim.address} may be its scaling target")
    return None


def _means(claim: Claim, variant: Variant, index: int, variants: tuple[Variant, ...]) -> bool | None:
    """Whether a claim is on this variant; None where it may be."""
    if isinstance(claim.variant, int):
        return claim.variant == index
    if isinstance(claim.variant, str):
        return _is_named(claim.variant, variant.name)
    rivals = [each for each in variants if _dimension_of(each) == claim.dimension] or list(variants)
    if len(rivals) == 1:
        return rivals[0] is variant
    named = [each for each in rivals if claim.hint is not None and each.name == claim.hint]
    if len(named) == 1:
        return named[0] is variant
    return None if variant in rivals else False


def _dimension_of(variant: Variant) -> str:
    return PROVISIONED_CONCURRENCY if isinstance(variant, ServerlessVariant) else INSTANCE_COUNT


def _variant_of(link: Link) -> str | int | None:
    """Which variant a resource id means: by name, or through a reference to one of a configuration's variants."""
    parts = _parts(link)
    if parts is not None:
        return parts[3]
    for reference in link.references:
        match = _VARIANT_INDEX.match(reference.attribute)
        if match:
            return int(match[1])
    return None


def _resource_id(value: str) -> str:
    """The resource id of a scalable target's id, ``resource|dimension|namespace``, or of one that is nothing else."""
    return value.partition("|")[0]


def _by_mention(targets: Iterable[DeclaredTarget]) -> dict[str, list[DeclaredTarget]]:
    """Targets by the addresses that their own resource ids mention."""
    found: dict[str, list[DeclaredTarget]] = defaultdict(list)
    for target in targets:
        for address in {reference.address for reference in target.resource.references} - {LOST.address}:
            found[address].append(target)
    return found


def _parts(link: Link) -> list[str] | None:
    """``endpoint``, its name, ``variant`` and its name; None where the resource id has another form or is unknown.

    Names that are unknown, but known to be equal wherever they are written alike, stand as ``${…}``.
    """
    value = link.value if isinstance(link.value, str) else link.text
    parts = _resource_id(value or "").split("/")
    return parts if parts[::2] == ["endpoint", "variant"] and len(parts[1::2]) == len(parts[::2]) else None


def _is_named(claimed: str, name: str | Unknown) -> bool | None:
    """Whether a variant has the name that a resource id says; None where one of them is unknown in part."""
    if isinstance(name, Unknown):
        return True if "${" in claimed and claimed == name.partial else None
    return None if "${" in claimed else claimed == name


def _completed(
    declared: DeclaredTarget,
    policies: dict[str, list[ScalingPolicy] | Unknown],
    actions: dict[str, list[ScheduledAction] | Unknown],
    sensitive: set[str],
) -> ScalableTarget:
    """A target with what is attached to it; ``sensitive`` are the actions whose bounds must not be shown."""
    own = policies.get(declared.address, [])
    scheduled = actions.get(declared.address, [])
    attached = () if isinstance(scheduled, Unknown) else (*declared.inline_actions, *scheduled)
    return replace(
        declared.target,
        policies=own if isinstance(own, Unknown) else tuple(own),
        scheduled_actions=scheduled if isinstance(scheduled, Unknown) else attached,
        sensitive=declared.target.sensitive or any(each.address in sensitive for each in attached),
    )


def _may_start_scaling(alarm: DeclaredAlarm) -> bool:
    """Whether an alarm without a known action could be one that wakes an endpoint."""
    namespace = alarm.alarm.namespace
    return LOST in alarm.references and (isinstance(namespace, Unknown) or namespace == "AWS/SageMaker")
