"""Joining what is attached to a scaling target: alarms to step policies, policies and scheduled actions to targets."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from msgspec.structs import replace

from guardrail.model import Alarm, ScalableTarget, ScalingPolicy, ScheduledAction, StepScalingPolicy, Unknown
from guardrail.sources.base import LOST, known_only
from guardrail.sources.declarations import (
    FEW,
    Declared,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredPolicy,
    DeclaredScaling,
    DeclaredTarget,
    Link,
)
from guardrail.sources.linking.claims import variant_of
from guardrail.sources.linking.index import Declarations, KindIndex, differ, identity
from guardrail.sources.linking.unlinked import Unlinked
from guardrail.sources.vocabulary import resource_id

_T = TypeVar("_T")


class Attachments:
    """What is attached to each target of one side.

    The policy on ``endpoint/chat/variant/main`` is attached to the target on that id. What may belong to several
    targets makes that kind of attachment Unknown for each of them.
    """

    def __init__(self, declarations: Declarations, unlinked: Unlinked) -> None:
        self._all = declarations
        self._unlinked = unlinked
        self.alarms: dict[str, list[DeclaredAlarm]] = defaultdict(list)
        """By address of the policy that they start."""
        self.parts: dict[str, set[str]] = defaultdict(set)
        """Addresses of a target, its policies, actions and alarms, by address of the target."""
        self.orphans: list[DeclaredScaling] = []
        """Policies and scheduled actions whose target is not here."""
        self._beside: dict[frozenset[str], dict[str | int | None, list[DeclaredTarget]]] = {}
        self._of_dimension: dict[tuple[int, str], list[DeclaredTarget]] = {}
        self._of_endpoints: dict[tuple[object, ...], list[DeclaredTarget]] = {}
        unclear = self._link_alarms()
        self._policies: dict[str, list[ScalingPolicy] | Unknown] = {}
        for policy in declarations.policies:
            self._attach(policy, self._with_alarms(policy, unclear), self._policies)
        self._actions: dict[str, list[ScheduledAction] | Unknown] = {}
        self._sensitive = {action.address for action in declarations.of(DeclaredAction) if action.sensitive}
        for action in declarations.of(DeclaredAction):
            self._attach(action, action.action, self._actions)

    def completed(self, declared: DeclaredTarget) -> ScalableTarget:
        """A target with its policies and scheduled actions, by address: the order of a plan says nothing."""
        policies = self._policies.get(declared.address, [])
        scheduled = self._actions.get(declared.address, [])
        attached = (
            () if isinstance(scheduled, Unknown) else (*declared.inline_actions, *sorted(scheduled, key=_by_address))
        )
        return replace(
            declared.target,
            policies=policies if isinstance(policies, Unknown) else tuple(sorted(policies, key=_by_address)),
            scheduled_actions=scheduled if isinstance(scheduled, Unknown) else attached,
            sensitive=declared.target.sensitive or any(action.address in self._sensitive for action in attached),
        )

    def may_mean_any(self, link: Link, seeker: Declared) -> bool:
        """Whether nothing is known of a link, not even the endpoint or component that it mentions."""
        return isinstance(link.value, Unknown) and not (
            self._all.endpoints_of(link, seeker) or self._all.components_of(link, seeker)
        )

    @cached_property
    def _vague(self) -> KindIndex[DeclaredTarget]:
        """Targets of which nothing is known, not even the endpoint that they mention."""
        vague: KindIndex[DeclaredTarget] = KindIndex()
        vague.add(*(target for target in self._all.targets if self.may_mean_any(target.resource, target)))
        return vague

    @cached_property
    def _groups(self) -> dict[str, list[list[DeclaredTarget]]]:
        """By address of the endpoint, the targets that may scale it; endpoints of the same targets share a list."""
        groups: dict[tuple[object, ...], list[DeclaredTarget]] = {}
        shared: dict[str, list[list[DeclaredTarget]]] = defaultdict(list)
        for target in self._all.targets:
            endpoints = self._all.endpoints_of(target.resource, target)
            key = identity(endpoints)
            if key not in groups:
                groups[key] = []
                for endpoint in endpoints:
                    shared[endpoint.address].append(groups[key])
            groups[key].append(target)
        return shared

    def _link_alarms(self) -> dict[str, Unknown]:
        """Attach alarms to the policies they start; returns the policies that an unclear alarm may start."""
        unclear: dict[str, Unknown] = {}
        for alarm in self._all.of(DeclaredAlarm):
            if not alarm.actions and not alarm.references:
                continue
            mentioned = {reference.address for reference in alarm.references} & self._all.policies.by_address.keys()
            groups = [self._all.policies.named(arn, alarm) for arn in _arns(alarm)]
            certain = mentioned | {policies[0].address for policies in groups if len(policies) == 1}
            for address in sorted(certain):
                self.alarms[address].append(alarm)
            groups = [policies for policies in groups if len(policies) > 1]
            if not mentioned and not any(groups) and _may_start_scaling(alarm):
                groups = [self._all.policies.compatible(alarm)]
            for policies in groups:
                for policy in policies if self._is_first(alarm, policies) else ():
                    unclear[policy.address] = Unknown(f"{alarm.address} may start it")
        return unclear

    def _with_alarms(self, declared: DeclaredPolicy, unclear: dict[str, Unknown]) -> ScalingPolicy:
        if not isinstance(declared.policy, StepScalingPolicy):
            return declared.policy
        alarms = tuple(self._in_place(alarm, declared) for alarm in self.alarms.get(declared.address, ()))
        return replace(declared.policy, alarms=alarms or unclear.get(declared.address, ()))

    def _in_place(self, declared: DeclaredAlarm, policy: DeclaredPolicy) -> Alarm:
        """An alarm of a policy, with what keeps it from being one: its region, or another one of its name.

        CloudWatch puts an alarm over the one that has its name (CloudWatch API reference, PutMetricAlarm).
        """
        if differ(declared.region, policy.region):
            return replace(declared.alarm, conflict=f"is in {declared.region}, and what it starts in {policy.region}")
        namesakes = self._named_alarms[declared.provider, declared.region, declared.name]
        other = next((each for each in namesakes if each != declared.address), None)
        if isinstance(declared.name, str) and other is not None:
            return replace(declared.alarm, conflict=f"has the name of {other}, and CloudWatch keeps one of them")
        return declared.alarm

    @cached_property
    def _named_alarms(self) -> dict[tuple[str, str | Unknown, str | Unknown | None], list[str]]:
        """The addresses of alarms, by provider, region and name."""
        found: dict[tuple[str, str | Unknown, str | Unknown | None], list[str]] = defaultdict(list)
        for alarm in self._all.of(DeclaredAlarm):
            found[alarm.provider, alarm.region, alarm.name].append(alarm.address)
        return found

    def _attach(self, declared: DeclaredScaling, attachment: _T, attached: dict[str, list[_T] | Unknown]) -> None:
        """Put a policy or scheduled action where it belongs, or mark every target that it may belong to."""
        targets = self._targets_of(declared)
        if declared.namespace is not None and len(targets) == 1 and targets[0].namespace is None:
            targets = []  # that of another namespace
        mentioned = {reference.address for reference in declared.resource.references}
        if len(targets) == 1:
            present = attached.setdefault(targets[0].address, [])
            if isinstance(present, list):
                present.append(attachment)
            self.parts[targets[0].address] |= self._parts_of(declared)
        elif self._all.is_about_something_else(declared.resource):
            self._all.leave_out(declared)
        elif skipped := [address for address in mentioned if address in self._all.skipped]:
            self._all.skip(declared, f"its scaling target {min(skipped)} is skipped")
        elif not targets and (mistake := self._unlinked.mistake(declared)):
            self._unlinked.unlink(declared, mistake)
        else:
            groups = [targets] if targets else self._possible_targets(declared)
            for group in groups:
                for target in group if self._is_first(declared, group) else ():
                    attached[target.address] = Unknown(f"{declared.address} may belong to it")
                    self.parts[target.address] |= self._parts_of(declared)
            if any(groups) or self.may_mean_any(declared.resource, declared):
                self._all.skip(declared, late_target(declared))
            else:
                self.orphans.append(declared)

    def _parts_of(self, declared: Declared) -> set[str]:
        return {declared.address, *(alarm.address for alarm in self.alarms.get(declared.address, ()))}

    def _is_first(self, declared: Declared, candidates: Sequence[Declared]) -> bool:
        return self._all.is_first(candidates, *self.kind_of_doubt(declared))

    def kind_of_doubt(self, declared: Declared) -> tuple[object, ...]:
        """What sets the doubt that a block casts apart from that of others on the same candidates.

        Blocks that the change touches count apart, because they touch the candidates.
        """
        parts = self.parts.get(declared.address, ()) or self._parts_of(declared)
        return declared.__class__, declared.region, not self._all.changed.isdisjoint(parts)

    def _targets_of(self, declared: DeclaredScaling) -> list[DeclaredTarget]:
        link = declared.resource
        name = None if link.spelled is None else resource_id.bare(link.spelled)
        targets = self._all.targets.meant(name, link, declared)
        if not targets and not isinstance(link.value, str):
            targets = self._targets_beside(link)
        return self._scaling(declared.dimension, targets) if isinstance(declared.dimension, str) else targets

    def _scaling(self, dimension: str, targets: list[DeclaredTarget]) -> list[DeclaredTarget]:
        """Those of ``targets`` that may be on a dimension; the answer is shared, as those of an index are."""
        key = (id(targets), dimension)
        if len(targets) <= FEW or key not in self._of_dimension:
            fitting = [target for target in targets if target.target.dimension in (dimension, "")]
            if len(targets) <= FEW:
                return fitting
            self._of_dimension[key] = fitting
        return self._of_dimension[key]

    def _targets_beside(self, link: Link) -> list[DeclaredTarget]:
        """Targets whose own resource id mentions the same endpoint, else the same other resources."""
        mentioned = {reference.address for reference in link.references}
        addresses = frozenset(mentioned & self._all.endpoints.by_address.keys() or mentioned)
        if addresses not in self._beside:
            targets = {target.address: target for address in addresses for target in self._mentioning.get(address, ())}
            by_variant: dict[str | int | None, list[DeclaredTarget]] = defaultdict(list, {None: list(targets.values())})
            for target in targets.values():
                variant = variant_of(target.resource)
                if variant is not None:
                    by_variant[variant].append(target)
            self._beside[addresses] = by_variant
        alike = self._beside[addresses].get(variant_of(link), ())
        return self._beside[addresses][None] if len(alike) != 1 else list(alike)

    @cached_property
    def _mentioning(self) -> dict[str, list[DeclaredTarget]]:
        """Targets by the addresses that their own resource ids mention."""
        mentioning: dict[str, list[DeclaredTarget]] = defaultdict(list)
        for target in self._all.targets:
            for address in {reference.address for reference in target.resource.references} - {LOST.address}:
                mentioning[address].append(target)
        return mentioning

    def _possible_targets(self, declared: DeclaredScaling) -> list[list[DeclaredTarget]]:
        """Targets that a policy may mean: those of its name further away.

        Where its id is unknown, those of the endpoint that it mentions, and those of which nothing is known; where it
        mentions nothing, all.
        """
        link = declared.resource
        if not isinstance(link.value, Unknown) or self.may_mean_any(link, declared):
            return [self._all.targets.possible(link, declared, link.spelled and resource_id.bare(link.spelled))]
        endpoints = self._all.endpoints_of(link, declared)
        key = identity(endpoints)
        if key not in self._of_endpoints:
            groups = {id(group): group for endpoint in endpoints for group in self._groups.get(endpoint.address, ())}
            self._of_endpoints[key] = [target for group in groups.values() for target in group]
        return [self._of_endpoints[key], self._vague.compatible(declared)]


def late_target(declared: Declared) -> str:
    """Why a policy or scheduled action is skipped whose target is not known yet."""
    return f"which scaling target it belongs to is {known_only(declared.type)}"


def _arns(alarm: DeclaredAlarm) -> list[str]:
    """The actions of an alarm whose ARN is known."""
    actions = () if isinstance(alarm.actions, Unknown) else alarm.actions
    return list(dict.fromkeys(action for action in actions if isinstance(action, str)))


def _may_start_scaling(alarm: DeclaredAlarm) -> bool:
    """Whether an alarm without a known action could be one that wakes an endpoint."""
    namespace = alarm.alarm.namespace
    return LOST in alarm.references and (isinstance(namespace, Unknown) or namespace == "AWS/SageMaker")


def _by_address(each: ScalingPolicy | ScheduledAction) -> str:
    return each.address
