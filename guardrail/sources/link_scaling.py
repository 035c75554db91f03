"""Joining scaling: alarms to policies, policies and scheduled actions to targets, targets to variants and components.

What may belong to several is Unknown for each of them; what belongs to nothing here is skipped with its reason.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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
from guardrail.sources.base import LOST, known_only
from guardrail.sources.declarations import (
    FEW,
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
from guardrail.sources.index import Declarations, Index

_T = TypeVar("_T")

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
        self._beside: dict[frozenset[str], dict[str | int | None, list[DeclaredTarget]]] = {}
        self._of_dimension: dict[tuple[int, str], list[DeclaredTarget]] = {}
        self._vague: Index[DeclaredTarget] = Index()
        """Targets of which nothing is known, not even the endpoint that they mention."""
        self._doubts: set[tuple[object, ...]] = set()
        self._target_groups = self._group_targets()
        self._targets_of_endpoints: dict[tuple[object, ...], list[DeclaredTarget]] = {}
        unclear = self._link_alarms()
        policies = self._link_policies(unclear)
        actions = self._link_actions()
        sensitive = {each.address for each in declarations.of(DeclaredAction) if each.sensitive}
        for target in declarations.targets:
            self._claim(target, _completed(target, policies, actions, sensitive))

    def _group_targets(self) -> dict[str, list[list[DeclaredTarget]]]:
        """By address of the endpoint, the targets that may scale it; endpoints of the same targets share a list."""
        groups: dict[tuple[object, ...], list[DeclaredTarget]] = {}
        found: dict[str, list[list[DeclaredTarget]]] = defaultdict(list)
        for target in self._all.targets:
            endpoints = self._endpoints_of(target.resource, target)
            key = _identity(endpoints)
            if key not in groups:
                groups[key] = []
                for endpoint in endpoints:
                    found[endpoint.address].append(groups[key])
            groups[key].append(target)
            if self._may_mean_any(target.resource, target):
                self._vague.add(target)
        return found

    def _link_alarms(self) -> dict[str, Unknown]:
        """Attach alarms to the policies they start; returns the policies that an unclear alarm may start."""
        unclear: dict[str, Unknown] = {}
        for alarm in self._all.of(DeclaredAlarm):
            mentioned = {reference.address for reference in alarm.references} & self._all.policies.by_address.keys()
            for address in sorted(mentioned):
                self.alarms[address].append(alarm)
            groups = [self._all.policies.named(arn, alarm) for arn in _arns(alarm)]
            for policies in groups:
                if len(policies) == 1 and policies[0].address not in mentioned:
                    self.alarms[policies[0].address].append(alarm)
            groups = [policies for policies in groups if len(policies) > 1]
            if not mentioned and not any(groups) and _may_start_scaling(alarm):
                groups = [self._all.policies.compatible(alarm)]
            for policies in groups:
                for policy in policies if self._is_first(alarm, policies) else ():
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
        for declared in self._all.of(DeclaredAction):
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
            self.parts[targets[0].address] |= self._with_alarms(declared)
        elif self._is_about_something_else(declared.target):
            self._all.leave_out(declared)
        elif self._skipped_target(declared.target) is not None:
            self._all.skip(declared, f"its scaling target {self._skipped_target(declared.target)} is skipped")
        else:
            groups = [targets] if targets else self._possible_targets(declared)
            for group in groups:
                self._doubt(declared, group, attached)
            if any(groups) or self._may_mean_any(declared.target, declared):
                self._all.skip(declared, f"which scaling target it belongs to is {known_only(declared.type)}")
            else:
                self._attach_without_target(declared)

    def _with_alarms(self, declared: Declared) -> set[str]:
        return {declared.address, *(each.address for each in self.alarms.get(declared.address, ()))}

    def _doubt(
        self,
        declared: DeclaredPolicy | DeclaredAction,
        targets: list[DeclaredTarget],
        attached: dict[str, list[_T] | Unknown],
    ) -> None:
        """Mark targets that a policy or scheduled action may belong to."""
        for target in targets if self._is_first(declared, targets) else ():
            attached[target.address] = Unknown(f"{declared.address} may belong to it")
            self.parts[target.address] |= self._with_alarms(declared)

    def _is_first(self, declared: Declared, candidates: Sequence[Declared], dimension: str = "") -> bool:
        """Whether ``declared`` is the first of its kind that casts doubt on all of ``candidates``.

        What one of them says, the others do too, so that a thousand blocks of one name are read a thousand times, not
        a million. Those that the change touches count apart, because they touch the candidates.
        """
        parts = self.parts.get(declared.address, ()) or self._with_alarms(declared)
        is_changed = not self._all.changed.isdisjoint(parts)
        doubt = (declared.__class__, declared.region, dimension, is_changed, _identity(candidates))
        is_first = doubt not in self._doubts
        self._doubts.add(doubt)
        return is_first

    def _may_mean_any(self, link: Link, seeker: Declared) -> bool:
        """Whether nothing is known of a link, not even the endpoint or component that it mentions."""
        known = isinstance(link.value, str) or link.value is None
        return not known and not self._endpoints_of(link, seeker) and not self._components_of(link, seeker)

    def _is_about_something_else(self, link: Link) -> bool:
        """Whether all that an unknown link mentions is, as a scaling target of ECS is."""
        mentioned = {reference.address for reference in link.references}
        return bool(mentioned) and mentioned <= self._all.unrelated

    def _possible_targets(self, declared: DeclaredPolicy | DeclaredAction) -> list[list[DeclaredTarget]]:
        """Targets that a policy may mean: those of its name further away.

        Where its id is unknown, those of the endpoint that it mentions, and those of which nothing is known; where it
        mentions nothing, all.
        """
        value = declared.target.value
        if isinstance(value, str):
            return [self._all.targets.namesakes(_resource_id(value), declared)]
        if value is None:
            return []
        if self._may_mean_any(declared.target, declared):
            return [self._all.targets.compatible(declared)]
        endpoints = self._endpoints_of(declared.target, declared)
        key = _identity(endpoints)
        if key not in self._targets_of_endpoints:
            groups = {id(group): group for each in endpoints for group in self._target_groups.get(each.address, ())}
            self._targets_of_endpoints[key] = [target for group in groups.values() for target in group]
        return [self._targets_of_endpoints[key], self._vague.compatible(declared)]

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
            late = f"which scaling target it belongs to is {known_only(declared.type)}"
            self._all.skip(declared, "its scaling target is not managed here" if known else late)

    def _skipped_target(self, link: Link) -> str | None:
        """The address of the target that a link mentions, where that is skipped."""
        mentioned = (reference.address for reference in link.references)
        return next((address for address in mentioned if address in self._all.skipped), None)

    def _targets_of(self, declared: DeclaredPolicy | DeclaredAction) -> list[DeclaredTarget]:
        link = declared.target
        if isinstance(link.value, str):
            resource = _resource_id(link.value)
            targets = self._all.targets
            found = targets.named(resource, declared) or targets.stated(resource, link, declared)
        else:
            found = self._all.targets.linked(link, declared) or self._targets_beside(link)
        return self._scaling(declared.dimension, found) if isinstance(declared.dimension, str) else found

    def _scaling(self, dimension: str, targets: list[DeclaredTarget]) -> list[DeclaredTarget]:
        """Those of ``targets`` that may be on a dimension; the answer is shared, as those of an index are."""
        if len(targets) <= FEW:
            return [each for each in targets if each.target.dimension in (dimension, "")]
        key = (id(targets), dimension)
        if key not in self._of_dimension:
            self._of_dimension[key] = [each for each in targets if each.target.dimension in (dimension, "")]
        return self._of_dimension[key]

    def _targets_beside(self, link: Link) -> list[DeclaredTarget]:
        """Targets whose own resource id mentions the same endpoint, else the same other resources."""
        mentioned = {reference.address for reference in link.references}
        addresses = frozenset(mentioned & self._all.endpoints.by_address.keys() or mentioned)
        if addresses not in self._beside:
            targets = {each.address: each for address in addresses for each in self._mentioning.get(address, ())}
            by_variant: dict[str | int | None, list[DeclaredTarget]] = defaultdict(list, {None: list(targets.values())})
            for target in targets.values():
                variant = _variant_of(target.resource)
                if variant is not None:
                    by_variant[variant].append(target)
            self._beside[addresses] = by_variant
        alike = self._beside[addresses].get(_variant_of(link), ())
        return self._beside[addresses][None] if len(alike) != 1 else list(alike)

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
        if not candidates and not (known and _parts(declared.resource) is None):
            candidates = possible.compatible(declared)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for each in candidates if self._is_first(declared, candidates, dimension) else ():
            self._add_claim(each, unclear, declared, Link(value=None), dimension)
        is_elsewhere = known and not candidates
        reason = "the endpoint it scales is not managed here"
        self._all.skip(declared, reason if is_elsewhere else f"what it scales is {known_only(declared.type)}")

    def _namesakes(self, declared: DeclaredTarget) -> list[DeclaredEndpoint]:
        parts = _parts(declared.resource) if isinstance(declared.resource.value, str) else None
        return self._all.endpoints.namesakes(parts[1], declared) if parts else []

    def _claim_component(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        found = self._components_of(declared.resource, declared)
        known = isinstance(declared.resource.value, str)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        if len(found) == 1:
            other = self.components.get(found[0].address)
            clash = Unknown(
                f"{other.address if isinstance(other, ScalableTarget) else ''} and {target.address} both scale it"
            )
            self.components[found[0].address] = (
                target if other is None else clash if isinstance(other, ScalableTarget) else other
            )
        else:
            candidates = found or ([] if known else self._all.components.compatible(declared))
            for component in candidates if self._is_first(declared, candidates) else ():
                self.components[component.address] = unclear
            elsewhere = known and not found
            reason = "the inference component it scales is not managed here"
            self._all.skip(declared, reason if elsewhere else f"what it scales is {known_only(declared.type)}")

    def _components_of(self, link: Link, seeker: Declared) -> list[DeclaredComponent]:
        """The inference components that a resource id may mean."""
        components = self._all.components
        value = link.value if isinstance(link.value, str) else link.text
        if value is not None and value.startswith(_COMPONENT):
            name = _resource_id(value).removeprefix(_COMPONENT)
            return components.named(name, seeker) or components.stated(name, link, seeker)
        return components.referenced(link, seeker)

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
        return found or ([] if isinstance(link.value, str) else endpoints.referenced(link, seeker))


def scaled(variants: tuple[Variant, ...], claims: list[Claim]) -> tuple[Variant, ...]:
    """The variants of one endpoint with the scaling that claims give them.

    A claim on ``main`` is certain of the variant of that name; one whose variant is lost is certain of the only
    variant of its dimension, and possible of each where there are several.
    """
    certain: dict[str | int, list[Claim]] = defaultdict(list)
    """By name, or by index."""
    possible: dict[str, Claim] = {}
    """By dimension, the first claim that may be on any variant of it."""
    sole = {
        dimension: indexes[0]
        for dimension in {claim.dimension for claim in claims}
        if len(indexes := _rivals(variants, dimension)) == 1
    }
    names = Counter(variant.name for variant in variants if isinstance(variant.name, str))
    for claim in claims:
        if claim.variant is not None:
            certain[claim.variant].append(claim)
        elif claim.dimension in sole:
            certain[sole[claim.dimension]].append(claim)
        elif claim.hint is not None and names[claim.hint] == 1:
            certain[claim.hint].append(claim)
        else:
            possible.setdefault(claim.dimension, claim)
    return tuple(_with_scaling(variant, index, certain, possible) for index, variant in enumerate(variants))


def _rivals(variants: tuple[Variant, ...], dimension: str) -> list[int]:
    """Which variants a target on a dimension may mean: those of the dimension, else all."""
    fitting = [index for index, variant in enumerate(variants) if _dimension_of(variant) == dimension]
    return fitting or list(range(len(variants)))


def _with_scaling(
    variant: Variant, index: int, certain: dict[str | int, list[Claim]], possible: dict[str, Claim]
) -> Variant:
    own = _dimension_of(variant)
    claims = list(certain.get(index, ()))
    maybe = [claim for dimension, claim in possible.items() if dimension in (own, "")]
    if isinstance(variant.name, str):
        claims += certain.get(variant.name, ())
    else:
        for name, others in certain.items():
            if isinstance(name, str):
                (claims if "${" in name and name == variant.name.partial else maybe).extend(others)
    fitting = [claim for claim in claims if claim.dimension in (own, "")]
    stray = tuple(claim.address for claim in claims if claim.dimension not in (own, ""))
    scaling = _agreed(fitting, [claim for claim in maybe if claim.dimension in (own, "")])
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


def _identity(candidates: Sequence[Declared]) -> tuple[object, ...]:
    """What makes two lists of candidates the same: what is in them, or, of long ones, that an index shares them."""
    return tuple(each.address for each in candidates) if len(candidates) <= FEW else (id(candidates),)


def _arns(alarm: DeclaredAlarm) -> list[str]:
    """The actions of an alarm whose ARN is known."""
    actions = () if isinstance(alarm.actions, Unknown) else alarm.actions
    return list(dict.fromkeys(action for action in actions if isinstance(action, str)))


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
