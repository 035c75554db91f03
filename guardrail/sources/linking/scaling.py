"""Joining scaling: alarms to policies, policies and scheduled actions to targets, targets to variants and components.

What may belong to several is Unknown for each of them; what belongs to nothing here is skipped with its reason. Of the
target ``endpoint/chat/variant/main`` and the policy on the same resource id, the endpoint chat gets a `Claim` on its
variant main, with the target and that policy in it. A target on ``endpoint/chat/varient/main`` scales nothing: it is
skipped, and `ScalingLinks.unlinked` says of chat what is wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    AdriftScaling,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    StepScalingPolicy,
    Unknown,
    UnlinkedScaling,
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
from guardrail.sources.linking.claims import Claim
from guardrail.sources.linking.index import Declarations, Index
from guardrail.sources.vocabulary import resource_id
from guardrail.sources.vocabulary.resource_id import Mistake, ResourceId
from guardrail.sources.vocabulary.spellings import spelling_of

_T = TypeVar("_T")

_VARIANT_INDEX = re.compile(r"^production_variants\[(\d+)\]")


class _Slip(NamedTuple):
    """What names something that is not here, and is almost like the name of an endpoint that is."""

    declared: "DeclaredTarget | DeclaredPolicy | DeclaredAction"
    endpoint: DeclaredEndpoint
    reason: str
    mistake: Mistake


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
        self.unlinked: dict[str, list[UnlinkedScaling]] = defaultdict(list)
        """By address of the endpoint that it seems to mean; under "" where that cannot be told."""
        self.adrift: list[AdriftScaling] = []
        """Targets on endpoints that are not here."""
        self._slips: list[_Slip] = []
        self._names: list[str] | None = None
        self._started: set[str] | None = None
        self._idle: dict[str, str | None] = {}
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
        for slip in self._slips:
            self._tell_slip(slip)
        for alarm in declarations.of(DeclaredAlarm):
            self._tell_of_no_action(alarm)

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
        elif not targets and (mistake := self._mistake(declared, declared.target, declared.dimension)):
            self._unlink(declared, declared.target, mistake)
        else:
            groups = [targets] if targets else self._possible_targets(declared)
            for group in groups:
                self._doubt(declared, group, attached)
            if any(groups) or self._may_mean_any(declared.target, declared):
                self._all.skip(declared, _late_target(declared))
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
            return [self._all.targets.namesakes(resource_id.bare(value), declared)]
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
        elif isinstance(declared.target.value, str):
            self._leave_elsewhere(declared, declared.target, "its scaling target is not managed here")
        else:
            self._all.skip(declared, _late_target(declared))

    def _skipped_target(self, link: Link) -> str | None:
        """The address of the target that a link mentions, where that is skipped."""
        mentioned = (reference.address for reference in link.references)
        return next((address for address in mentioned if address in self._all.skipped), None)

    def _targets_of(self, declared: DeclaredPolicy | DeclaredAction) -> list[DeclaredTarget]:
        link = declared.target
        if isinstance(link.value, str):
            named = resource_id.bare(link.value)
            targets = self._all.targets
            found = targets.named(named, declared) or targets.stated(named, link, declared)
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
        link = declared.resource
        if mistake := self._mistake(declared, link, target.dimension):
            self._unlink(declared, link, mistake)
            return
        named = _named_in(link)
        if target.dimension == COPY_COUNT or (named and named.component):
            self._claim_component(declared, target)
            return
        endpoints = self._endpoints_of(link, declared)
        if len(endpoints) == 1:
            self._add_claim(endpoints[0], target, declared, link, target.dimension)
        elif not endpoints and self._components_of(link, declared):
            self._claim_component(declared, target)
        elif self._is_about_something_else(link):
            self._all.leave_out(declared)
        else:
            self._claim_nothing_certain(declared, endpoints or self._namesakes(declared), target)

    def _claim_nothing_certain(
        self, declared: DeclaredTarget, candidates: list[DeclaredEndpoint], target: ScalableTarget
    ) -> None:
        """Cast doubt on each endpoint that a target may scale: on ``candidates``, else on what its id does not exclude.

        An unknown id excludes nothing; a known one all but the endpoints whose name is unknown.
        """
        known, dimension = isinstance(declared.resource.value, str), declared.target.dimension
        possible = self._unnamed if known else self._all.endpoints
        candidates = candidates or possible.compatible(declared)
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for each in candidates if self._is_first(declared, candidates, dimension) else ():
            self._add_claim(each, unclear, declared, Link(value=None), dimension)
        if not candidates:
            self._let_drift(declared, target)
        if known and not candidates:
            self._leave_elsewhere(declared, declared.resource, "the endpoint it scales is not managed here")
        else:
            self._all.skip(declared, _late(declared))

    def _let_drift(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        """Keep a target whose endpoint may be in another input."""
        named = _named_in(declared.resource)
        if named and named.endpoint and named.variant and not declared.resource.sensitive:
            adrift = AdriftScaling(
                target=target, endpoint=named.endpoint, variant=named.variant, region=declared.region
            )
            self.adrift.append(adrift)

    def _namesakes(self, declared: DeclaredTarget) -> list[DeclaredEndpoint]:
        named = _named_in(declared.resource) if isinstance(declared.resource.value, str) else None
        return self._all.endpoints.namesakes(named.endpoint, declared) if named and named.endpoint else []

    def _claim_component(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        found = self._components_of(declared.resource, declared)
        if len(found) == 1:
            other = self.components.get(found[0].address)
            if isinstance(other, ScalableTarget):
                self.components[found[0].address] = Unknown(f"{other.address} and {target.address} both scale it")
            else:
                self.components[found[0].address] = other or target
            return
        known = isinstance(declared.resource.value, str)
        candidates = found or ([] if known else self._all.components.compatible(declared))
        for component in candidates if self._is_first(declared, candidates) else ():
            self.components[component.address] = Unknown(f"{declared.address} may be its scaling target")
        is_elsewhere = known and not found
        self._all.skip(
            declared, "the inference component it scales is not managed here" if is_elsewhere else _late(declared)
        )

    def _components_of(self, link: Link, seeker: Declared) -> list[DeclaredComponent]:
        """The inference components that a resource id may mean."""
        components, named = self._all.components, _named_in(link)
        if named and named.component:
            return components.named(named.component, seeker) or components.stated(named.component, link, seeker)
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
        self.claims[endpoint.address].append(Claim(target, declared, _variant_of(link), hint, dimension))

    def _endpoints_of(self, link: Link, seeker: Declared) -> list[DeclaredEndpoint]:
        """The endpoints that a resource id may mean; one in a sound stack."""
        endpoints, named = self._all.endpoints, _named_in(link)
        found: list[DeclaredEndpoint] = []
        if named and named.endpoint:
            found = endpoints.named(named.endpoint, seeker) or endpoints.stated(named.endpoint, link, seeker)
        return found or ([] if isinstance(link.value, str) else endpoints.referenced(link, seeker))

    # What scales nothing, and why ------------------------------------------------------------------------------------

    def _mistake(self, declared: Declared, link: Link, dimension: str | Unknown | None) -> Mistake | None:
        """What is wrong with the resource id or the dimension of a block, so that AWS would not take it."""
        spelling = spelling_of(declared.type)
        called = [endpoint.called for endpoint in self._all.endpoints.referenced(link, declared)[:FEW]]
        mistake = resource_id.mistake_in(_text_of(link), spelling.of("ResourceId"), [each for each in called if each])
        if mistake or not isinstance(dimension, str) or not dimension:
            return mistake
        own, named = spelling.of("ScalableDimension"), _named_in(link)
        if dimension not in resource_id.DIMENSIONS:
            return Mistake(f"{own} is {dimension[:80]!r}", resource_id.near(dimension, resource_id.DIMENSIONS))
        if named is not None and bool(named.component) != (dimension == COPY_COUNT):
            what = "an inference component" if named.component else "a variant of an endpoint"
            return Mistake(f"{own} is {dimension}, on {what}", COPY_COUNT if named.component else INSTANCE_COUNT)
        return None

    def _unlink(self, declared: Declared, link: Link, mistake: Mistake) -> None:
        """Skip what cannot scale anything, and tell the endpoint that it seems to mean."""
        references = link.references or tuple(link.stated())
        endpoints = self._all.endpoints.referenced(Link(value=None, references=references), declared)
        words = (_text_of(link) or "").split("/")
        if not endpoints:
            endpoints = [each for word in words for each in self._all.endpoints.named(word, declared)[:2]]
        address = endpoints[0].address if len({each.address for each in endpoints}) == 1 else ""
        self.tell(address, declared, mistake, variant=words[-1] if len(words) > 2 else None)  # noqa: PLR2004

    def tell(
        self,
        address: str,
        declared: Declared,
        mistake: Mistake,
        *,
        variant: str | int | None = None,
        is_certain: bool = True,
    ) -> None:
        """Enter a mistake among those of an endpoint, and skip the block that makes it.

        ``variant`` is the one that the block seems to mean. Nothing is said of an id that is sensitive.
        """
        link = _link_of(declared)
        if link is not None and link.sensitive:
            mistake, variant = Mistake("what it says of the resource that it scales fits nothing here"), None
        unlinked = UnlinkedScaling(
            address=declared.address,
            problem=mistake.problem,
            suggestion=mistake.suggestion,
            is_certain=is_certain,
            variant=variant if isinstance(variant, str) and "${" not in variant else None,
            location=declared.location,
        )
        self.unlinked[address].append(unlinked)
        self._all.skip(declared, unlinked.sentence)

    def _leave_elsewhere(
        self, declared: DeclaredTarget | DeclaredPolicy | DeclaredAction, link: Link, reason: str
    ) -> None:
        """Skip what scales something that is not here, unless that is almost the name of something that is."""
        named = _named_in(link)
        nearest = self._nearest(named.endpoint, declared) if named and named.endpoint else None
        if named is None or nearest is None:
            self._all.skip(declared, reason)
            return
        mistake = Mistake(f"there is no endpoint {named.endpoint!r} here", str(nearest.name))
        self._slips.append(_Slip(declared, nearest, reason, mistake))

    def _nearest(self, name: str, seeker: Declared) -> DeclaredEndpoint | None:
        """The only endpoint here whose name is almost ``name``."""
        if self._names is None:
            shown = [each for each in self._all.endpoints if isinstance(each.name, str) and not each.sensitive_name]
            self._names = sorted({str(each.name) for each in shown})
        near = resource_id.near(name, self._names) if len(self._names) <= FEW else None
        endpoints = self._all.endpoints.named(near, seeker) if near else []
        return endpoints[0] if len(endpoints) == 1 else None

    def _tell_slip(self, slip: _Slip) -> None:
        """A name that is almost that of an endpoint is a slip where that endpoint lacks just this kind of scaling."""
        targets = [claim.target for claim in self.claims.get(slip.endpoint.address, ())]
        known = [target for target in targets if isinstance(target, ScalableTarget)]
        match slip.declared:
            case DeclaredTarget():
                is_lacking = not targets
            case DeclaredPolicy():
                is_lacking = any(not target.policies for target in known)
            case _:
                is_lacking = any(not target.scheduled_actions for target in known)
        if not is_lacking:
            self._all.skip(slip.declared, slip.reason)
            return
        link = _link_of(slip.declared)
        variant = None if link is None else _variant_of(link)
        self.tell(slip.endpoint.address, slip.declared, slip.mistake, variant=variant, is_certain=False)

    def _tell_of_no_action(self, alarm: DeclaredAlarm) -> None:
        """An alarm on an endpoint that starts nothing, where a step policy of that endpoint waits for an alarm."""
        dimensions = alarm.alarm.dimensions
        name = None if isinstance(dimensions, Unknown) else dimensions.get("EndpointName")
        if not isinstance(name, str) or isinstance(alarm.actions, Unknown) or LOST in alarm.references:
            return
        if self._started is None:
            self._started = {each.address for alarms in self.alarms.values() for each in alarms}
        endpoints = [] if alarm.address in self._started else self._all.endpoints.named(name, alarm)
        waiting = self._waiting(endpoints[0].address) if len(endpoints) == 1 else None
        if waiting is not None:
            own = spelling_of(alarm.type).of("AlarmActions")
            mistake = Mistake(f"{own} names no scaling policy, and {waiting} waits for an alarm")
            self.tell(endpoints[0].address, alarm, mistake, is_certain=False)

    def _waiting(self, endpoint: str) -> str | None:
        """The address of a step policy of an endpoint that no alarm starts; None where there is none."""
        if endpoint not in self._idle:
            targets = [claim.target for claim in self.claims.get(endpoint, ())]
            attached = [target.policies for target in targets if isinstance(target, ScalableTarget)]
            policies = [policy for each in attached if not isinstance(each, Unknown) for policy in each]
            idle = (each for each in policies if isinstance(each, StepScalingPolicy) and each.alarms == ())
            self._idle[endpoint] = next((each.address for each in idle), None)
        return self._idle[endpoint]


def _variant_of(link: Link) -> str | int | None:
    """Which variant a resource id means: by name, or through a reference to one of a configuration's variants."""
    named = _named_in(link)
    if named is not None:
        return named.variant
    for reference in link.references:
        match = _VARIANT_INDEX.match(reference.attribute)
        if match:
            return int(match[1])
    return None


def _late(declared: Declared) -> str:
    return f"what it scales is {known_only(declared.type)}"


def _late_target(declared: Declared) -> str:
    return f"which scaling target it belongs to is {known_only(declared.type)}"


def _link_of(declared: Declared) -> Link | None:
    """Where a block says what it scales."""
    if isinstance(declared, DeclaredTarget):
        return declared.resource
    return declared.target if isinstance(declared, (DeclaredPolicy, DeclaredAction)) else None


def _text_of(link: Link) -> str | None:
    """A resource id, or what is known of one: a name that is equal to all that are written alike stands as ``${…}``."""
    return link.value if isinstance(link.value, str) else link.text


def _named_in(link: Link) -> ResourceId | None:
    """What a resource id names; None where it has another form or is unknown."""
    return resource_id.parsed(_text_of(link))


def _by_mention(targets: Iterable[DeclaredTarget]) -> dict[str, list[DeclaredTarget]]:
    """Targets by the addresses that their own resource ids mention."""
    found: dict[str, list[DeclaredTarget]] = defaultdict(list)
    for target in targets:
        for address in {reference.address for reference in target.resource.references} - {LOST.address}:
            found[address].append(target)
    return found


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
