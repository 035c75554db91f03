"""Joining scaling targets to what they scale: the variants of endpoints, and inference components.

What may scale several things is Unknown for each of them; what scales nothing here is skipped with its reason
(`guardrail.sources.linking.unlinked`). What is attached to a target itself is joined by
`guardrail.sources.linking.attachments`.
"""

from collections import defaultdict
from collections.abc import Sequence

from guardrail.model import COPY_COUNT, GENERATED, AdriftKind, AdriftScaling, ScalableTarget, Unknown
from guardrail.sources.base import known_only
from guardrail.sources.declarations import (
    Declared,
    DeclaredAlarm,
    DeclaredEndpoint,
    DeclaredPolicy,
    DeclaredScaling,
    DeclaredTarget,
    Link,
)
from guardrail.sources.linking.attachments import Attachments, late_target
from guardrail.sources.linking.claims import Claim, variant_of
from guardrail.sources.linking.index import Declarations, KindIndex
from guardrail.sources.linking.strays import Stray
from guardrail.sources.linking.unlinked import Unlinked
from guardrail.sources.vocabulary import resource_id


class ScalingLinks:
    """Every claim on the variants of the endpoints of one side, and the scaling of its inference components.

    Of the target ``endpoint/chat/variant/main`` and the policy on the same resource id, the endpoint chat gets a
    `Claim` on its variant main, with the target and that policy in it. A target on ``endpoint/chat/varient/main``
    scales nothing: it is skipped, and `unlinked` says of chat what is wrong.
    """

    def __init__(self, declarations: Declarations) -> None:
        self._all = declarations
        self.claims: dict[str, list[Claim]] = defaultdict(list)
        """By address of the endpoint."""
        self.components: dict[str, ScalableTarget | Unknown] = {}
        """By address of the inference component."""
        self.adrift: list[AdriftScaling] = []
        """What scales endpoints that are not here."""
        self.unlinked = Unlinked(declarations)
        self.strays = self.unlinked.strays
        """Scaling whose endpoint cannot be told, or is not here."""
        self.attachments = Attachments(declarations, self.unlinked)
        self._unnamed: KindIndex[DeclaredEndpoint] = KindIndex()
        """Those whose name is unknown, and not because it is new with this change: it may be one that is known."""
        for endpoint in declarations.endpoints:
            if isinstance(endpoint.name, Unknown) and endpoint.name.reason != GENERATED:
                self._unnamed.add(endpoint)
        for orphan in self.attachments.orphans:
            self._claim_elsewhere(orphan)
        for target in declarations.targets:
            self._claim(target, self.attachments.completed(target))
        self.started = {alarm.address for alarms in self.attachments.alarms.values() for alarm in alarms}
        """Addresses of the alarms that start a policy."""
        for alarm in declarations.of(DeclaredAlarm):
            if alarm.actions and alarm.address not in self.started:
                self._let_drift(alarm, "alarm")
        self.unlinked.tell_slips(self.claims)
        self.unlinked.tell_idle_alarms(self.claims, self.started)

    def _claim_elsewhere(self, declared: DeclaredScaling) -> None:
        """A policy whose target is not here: somebody else scales the variant that it names."""
        elsewhere = Unknown("its scaling target is managed elsewhere")
        endpoints = self._all.endpoints_of(declared.resource, declared)
        components = self._all.components_of(declared.resource, declared)
        if len(endpoints) == 1:
            dimension = declared.dimension if isinstance(declared.dimension, str) else ""
            self._add_claim(endpoints[0], elsewhere, declared, declared.resource, dimension)
        elif len(components) == 1:
            self.components.setdefault(components[0].address, elsewhere)
        elif isinstance(declared.resource.value, str):
            self._let_drift(declared, "policy" if isinstance(declared, DeclaredPolicy) else "scheduled action")
            self.unlinked.leave_elsewhere(declared, "its scaling target is not managed here")
        else:
            self._all.skip(declared, late_target(declared))

    def _claim(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        """Lay the claim of a target on the variant or component that its resource id means."""
        self.attachments.parts[declared.address].add(declared.address)
        link = declared.resource
        if mistake := self.unlinked.mistake(declared):
            self.unlinked.unlink(declared, mistake)
            return
        named = resource_id.parsed(link.spelled)
        endpoints = self._all.endpoints_of(link, declared)
        if target.dimension == COPY_COUNT or (named and named.component):
            self._claim_component(declared, target)
        elif len(endpoints) == 1:
            self._add_claim(endpoints[0], target, declared, link, target.dimension)
        elif not endpoints and self._all.components_of(link, declared):
            self._claim_component(declared, target)
        elif self._all.is_about_something_else(link):
            self._all.leave_out(declared)
        else:
            self._claim_nothing_certain(declared, endpoints, target)

    def _claim_nothing_certain(
        self, declared: DeclaredTarget, candidates: list[DeclaredEndpoint], target: ScalableTarget
    ) -> None:
        """Cast doubt on each endpoint that a target may scale: on ``candidates``, else on what its id does not exclude.

        An unknown id excludes nothing; a known one all but namesakes further away, else the endpoints whose name is
        unknown.
        """
        link, named = declared.resource, resource_id.parsed(declared.resource.spelled)
        known = isinstance(link.value, str)
        candidates = (
            candidates
            or self._all.endpoints.possible(link, declared, named.endpoint if named else None)
            or (self._unnamed if known else self._all.endpoints).compatible(declared)
        )
        unclear = Unknown(f"{declared.address} may be its scaling target")
        for candidate in candidates if self._is_first(declared, candidates) else ():
            self._add_claim(candidate, unclear, declared, Link(value=None), target.dimension)
        self.strays.append(Stray(declared, target))
        if not candidates:
            self._let_drift(declared, "target")
        if known and not candidates:
            self.unlinked.leave_elsewhere(declared, "the endpoint it scales is not managed here")
        else:
            self._all.skip(declared, _late(declared))

    def _let_drift(self, declared: DeclaredScaling | DeclaredAlarm, kind: AdriftKind) -> None:
        """Keep what scales, or watches, an endpoint that may be in another input."""
        endpoint: str | Unknown | None = None
        variant: str | Unknown | None = None
        dimension: str | Unknown | None = None
        if isinstance(declared, DeclaredScaling):
            named = resource_id.parsed(declared.resource.spelled)
            if named and not declared.resource.sensitive:
                endpoint, variant, dimension = named.endpoint, named.variant, declared.dimension
        elif not isinstance(declared.alarm.dimensions, Unknown):
            endpoint, variant = map(declared.alarm.dimensions.get, ("EndpointName", "VariantName"))
        if isinstance(endpoint, str) and not self._all.endpoints.named(endpoint, declared):
            adrift = AdriftScaling(
                address=declared.address,
                kind=kind,
                endpoint=endpoint,
                variant=variant if isinstance(variant, str) else None,
                dimension=dimension if isinstance(dimension, str) else "",
                region=declared.region,
            )
            self.adrift.append(adrift)

    def _claim_component(self, declared: DeclaredTarget, target: ScalableTarget) -> None:
        components = self._all.components_of(declared.resource, declared)
        if len(components) == 1:
            address = components[0].address
            other = self.components.setdefault(address, target)
            if isinstance(other, ScalableTarget) and other is not target:
                self.components[address] = Unknown(f"{other.address} and {target.address} both scale it")
            return
        self.strays.append(Stray(declared, target))
        known = isinstance(declared.resource.value, str)
        candidates = components or ([] if known else self._all.components.compatible(declared))
        for component in candidates if self._is_first(declared, candidates) else ():
            self.components[component.address] = Unknown(f"{declared.address} may be its scaling target")
        is_elsewhere = known and not components
        self._all.skip(
            declared, "the inference component it scales is not managed here" if is_elsewhere else _late(declared)
        )

    def _is_first(self, declared: DeclaredTarget, candidates: Sequence[Declared]) -> bool:
        doubt = self.attachments.kind_of_doubt(declared)
        return self._all.is_first(candidates, *doubt, declared.target.dimension)

    def _add_claim(
        self,
        endpoint: DeclaredEndpoint,
        target: ScalableTarget | Unknown,
        declared: Declared,
        link: Link,
        dimension: str,
    ) -> None:
        hint = link.key if isinstance(link.key, str) else None
        self.claims[endpoint.address].append(Claim(target, declared, variant_of(link), hint, dimension))


def _late(declared: Declared) -> str:
    return f"what it scales is {known_only(declared.type)}"
