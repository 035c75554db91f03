"""Joining scaling: alarms to policies, policies and scheduled actions to targets, targets to variants and components.

What may belong to several is Unknown for each of them; what belongs to nothing here is skipped with its reason.
"""

import re
from collections import defaultdict
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    InstanceVariant,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    Unknown,
    Variant,
)
from guardrail.sources.declarations import (
    Declared,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredEndpoint,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
)
from guardrail.sources.index import Declarations

_T = TypeVar("_T")

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
        unclear = self._link_alarms()
        policies = self._link_policies(unclear)
        actions = self._link_actions()
        for target in declarations.targets:
            self._claim(target, _completed(target, policies, actions))

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
            if not found and _may_start_scaling(alarm):
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
        elif targets:
            for target in targets:
                attached[target.address] = Unknown(f"{declared.address} may belong to it")
        elif not isinstance(declared.target.value, Unknown):
            self._attach_without_target(declared)
        else:
            for target in self._all.targets.compatible(declared):
                attached[target.address] = Unknown(f"{declared.address} may belong to it")
            self._all.skip(declared, "which scaling target it belongs to is known only after apply")
        for target in targets:
            self.parts[target.address] |= {declared.address, *(each.address for each in self.alarms[declared.address])}

    def _attach_without_target(self, declared: DeclaredPolicy | DeclaredAction) -> None:
        """A policy whose target is not here: somebody else scales the variant that it names."""
        endpoint = self._endpoint_of(declared.target, declared)
        if endpoint is None:
            self._all.skip(declared, "its scaling target is not managed here")
            return
        elsewhere = Unknown("its scaling target is managed elsewhere")
        dimension = declared.dimension if isinstance(declared.dimension, str) else ""
        self._add_claim(endpoint, elsewhere, declared, declared.target, dimension)

    def _targets_of(self, declared: DeclaredPolicy | DeclaredAction) -> list[DeclaredTarget]:
        link = declared.target
        if isinstance(link.value, str):
            resource = link.value.partition("|")[0]  # CloudFormation's Ref of a target: id|dimension|namespace
            found = self._all.targets.named(resource, declared)
        else:
            found = self._all.targets.linked(link, declared) or self._targets_beside(link)
        if len(found) > 1 and isinstance(declared.dimension, str):
            return [each for each in found if each.target.dimension == declared.dimension]
        return found

    def _targets_beside(self, link: Link) -> list[DeclaredTarget]:
        """Targets whose own resource id mentions the same resources."""
        addresses = {reference.address for reference in link.references}
        return [
            target
            for target in self._all.targets
            if addresses & {reference.address for reference in target.resource.references}
        ]

    def _claim(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        """Lay the claim of a target on the variant or component that its resource id means."""
        self.parts[declared.address].add(declared.address)
        value = declared.resource.value
        if target.dimension == COPY_COUNT or (isinstance(value, str) and value.startswith("inference-component/")):
            self._claim_component(declared, target)
            return
        endpoint = self._endpoint_of(declared.resource, declared)
        if endpoint is not None:
            self._add_claim(endpoint, target, declared, declared.resource, target.dimension)
            return
        unclear = Unknown(f"{declared.address} may be its scaling target")
        candidates = self._all.endpoints.referenced(declared.resource)
        for candidate in candidates or self._possible_endpoints(declared):
            self._add_claim(candidate, unclear, declared, Link(value=None), target.dimension)
        if not candidates:
            known = isinstance(value, str)
            self._all.skip(
                declared,
                "the endpoint it scales is not managed here" if known else "what it scales is known only after apply",
            )

    def _possible_endpoints(self, declared: DeclaredTarget) -> list[DeclaredEndpoint]:
        """Endpoints that a target may mean: those without a known name, and all of them where its own id is unknown."""
        anything = not isinstance(declared.resource.value, str)
        return [each for each in self._all.endpoints.compatible(declared) if anything or isinstance(each.name, Unknown)]

    def _claim_component(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        value = declared.resource.value
        if isinstance(value, str):
            found = self._all.components.named(value.removeprefix("inference-component/"), declared)
        else:
            text = declared.resource.text or ""
            found = self._all.components.named(text.removeprefix("inference-component/"), declared)
            found = found or self._all.components.referenced(declared.resource)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for component in found or ([] if isinstance(value, str) else self._all.components.compatible(declared)):
            self.components[component.address] = target if len(found) == 1 else unclear
        if not found:
            self._all.skip(declared, "the inference component it scales is not managed here")

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

    def _endpoint_of(self, link: Link, seeker: Declared) -> DeclaredEndpoint | None:
        """The endpoint that a resource id means; None where that is not exactly one."""
        parts = _parts(link)
        endpoints = self._all.endpoints.named(parts[1], seeker) if parts else []
        if not isinstance(link.value, str):
            endpoints = endpoints or self._all.endpoints.referenced(link)
        return endpoints[0] if len(endpoints) == 1 else None


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


def _parts(link: Link) -> list[str] | None:
    """``endpoint``, its name, ``variant`` and its name; None where the resource id has another form or is unknown.

    Names that are unknown, but known to be equal wherever they are written alike, stand as ``${…}``.
    """
    value = link.value if isinstance(link.value, str) else link.text
    parts = (value or "").partition("|")[0].split("/")
    return parts if len(parts) == 4 and parts[0] == "endpoint" and parts[2] == "variant" else None


def _is_named(claimed: str, name: str | Unknown) -> bool | None:
    """Whether a variant has the name that a resource id says; None where one of them is unknown in part."""
    if isinstance(name, Unknown):
        return True if "${" in claimed and claimed == name.partial else None
    return None if "${" in claimed else claimed == name


def _completed(
    declared: DeclaredTarget,
    policies: dict[str, list[ScalingPolicy] | Unknown],
    actions: dict[str, list[ScheduledAction] | Unknown],
) -> ScalableTarget:
    """A target with what is attached to it."""
    own = policies.get(declared.address, [])
    scheduled = actions.get(declared.address, [])
    return replace(
        declared.target,
        policies=own if isinstance(own, Unknown) else tuple(own),
        scheduled_actions=scheduled if isinstance(scheduled, Unknown) else (*declared.inline_actions, *scheduled),
    )


def _may_start_scaling(alarm: DeclaredAlarm) -> bool:
    """Whether an alarm without a known action could be one that wakes an endpoint."""
    actions = alarm.actions
    has_unknown = isinstance(actions, Unknown) or any(isinstance(action, Unknown) for action in actions)
    namespace = alarm.alarm.namespace
    return has_unknown and not alarm.references and (isinstance(namespace, Unknown) or namespace == "AWS/SageMaker")
