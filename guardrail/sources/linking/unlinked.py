"""Scaling that scales nothing here, and why: a misspelt resource id, the wrong dimension, a name that nothing has.

A target on ``endpoint/chat/varient/main`` is skipped, and the endpoint chat says what is wrong with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    Alarm,
    InstanceVariant,
    ScalableTarget,
    StepScalingPolicy,
    Unknown,
    UnlinkedScaling,
    Variant,
)
from guardrail.sources.base import LOST
from guardrail.sources.declarations import (
    FEW,
    Declared,
    DeclaredAlarm,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredPolicy,
    DeclaredScaling,
    DeclaredTarget,
    Link,
)
from guardrail.sources.linking.claims import Claim, dimension_of, misdirected
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.strays import Stray
from guardrail.sources.vocabulary import resource_id
from guardrail.sources.vocabulary.resource_id import Mistake
from guardrail.sources.vocabulary.spellings import spelling_of

NAMED = 4
"""How many candidates a reason names."""


class _Slip(Struct, frozen=True):
    """What names something that is not here, and is almost like the name of an endpoint that is."""

    declared: DeclaredScaling
    endpoint: DeclaredEndpoint
    reason: str
    mistake: Mistake


class Unlinked:
    """The scaling of one side that scales nothing, by address of the endpoint that it seems to mean."""

    def __init__(self, declarations: Declarations) -> None:
        self._all = declarations
        self.by_endpoint: dict[str, list[UnlinkedScaling]] = defaultdict(list)
        self.strays: list[Stray] = []
        """That of which the endpoint cannot be told."""
        self._slips: list[_Slip] = []
        shown = {endpoint.shown for endpoint in declarations.endpoints if isinstance(endpoint.shown, str)}
        self._names = sorted(map(str, shown)) if len(shown) <= FEW else []

    def mistake(self, declared: DeclaredScaling) -> Mistake | None:
        """What is wrong with the namespace, resource id or dimension of a block, so that AWS would not take it."""
        link, dimension, spelling = declared.resource, declared.dimension, spelling_of(declared.type)
        if declared.problem is not None:
            return Mistake(declared.problem)
        if declared.namespace is not None:
            return Mistake(f"{spelling.of('ServiceNamespace')} is {declared.namespace[:80]!r}", "sagemaker")
        called = [endpoint.called for endpoint in self._all.endpoints.referenced(link, declared)[:FEW]]
        mistake = resource_id.mistake_in(link.spelled, spelling.of("ResourceId"), [name for name in called if name])
        if mistake or not isinstance(dimension, str) or not dimension:
            return mistake
        own, named = spelling.of("ScalableDimension"), resource_id.parsed(link.spelled)
        if dimension not in resource_id.DIMENSIONS:
            return Mistake(f"{own} is {dimension[:80]!r}", resource_id.near(dimension, resource_id.DIMENSIONS))
        if named is not None and bool(named.component) != (dimension == COPY_COUNT):
            what = "an inference component" if named.component else "a variant of an endpoint"
            return Mistake(f"{own} is {dimension}, on {what}", COPY_COUNT if named.component else INSTANCE_COUNT)
        return None

    def unlink(self, declared: DeclaredScaling, mistake: Mistake) -> None:
        """Skip what cannot scale anything, and tell the endpoint that it seems to mean."""
        references = declared.resource.references or tuple(declared.resource.stated())
        endpoints = self._all.endpoints.referenced(Link(value=None, references=references), declared)
        words = (declared.resource.spelled or "").split("/")
        if not endpoints:
            endpoints = [endpoint for word in words for endpoint in self._all.endpoints.named(word, declared)[:2]]
        address = endpoints[0].address if len({endpoint.address for endpoint in endpoints}) == 1 else ""
        self._tell(address, declared, mistake, variant=words[-1] if len(words) > 2 else None)  # noqa: PLR2004

    def leave_elsewhere(self, declared: DeclaredScaling, reason: str) -> None:
        """Skip what scales something that is not here, unless that is almost what is: its name, or its region."""
        named = resource_id.parsed(declared.resource.spelled)
        name = named.endpoint if named else None
        near = resource_id.near(name, self._names) if name else None
        endpoints = self._all.endpoints.named(near, declared) if near else []
        mistake = Mistake(f"there is no endpoint {name!r} here", near)
        namesakes = (
            [endpoint for endpoint in self._all.endpoints if endpoint.name == name] if name in self._names else []
        )
        regions = {namesake.region for namesake in namesakes} - {declared.region}
        if len(namesakes) == len(regions) == 1 and isinstance(declared.region, str):
            endpoints, mistake = namesakes, Mistake(f"endpoint {name} is in {regions.pop()}, not in {declared.region}")
        if len(endpoints) != 1:
            self._all.skip(declared, reason)
            return
        self._slips.append(_Slip(declared, endpoints[0], reason, mistake))

    def tell_slips(self, claims: Mapping[str, Sequence[Claim]]) -> None:
        """A name that is almost that of an endpoint is a slip where that endpoint lacks just this kind of scaling."""
        for slip in self._slips:
            declared, address = slip.declared, slip.endpoint.address
            targets = [claim.target for claim in claims.get(address, ())]
            if _is_lacking(declared, targets):
                named = resource_id.parsed(declared.resource.spelled)
                variant = named.variant if named else None
                self._tell(address, declared, slip.mistake, variant=variant, is_certain=False)
            else:
                self._all.skip(declared, slip.reason)

    def tell_idle_alarms(self, claims: Mapping[str, Sequence[Claim]], started: set[str]) -> None:
        """An alarm on an endpoint that starts nothing, where a step policy of that endpoint waits for an alarm.

        ``started`` are the addresses of the alarms that start a policy.
        """
        if not any(isinstance(declared.policy, StepScalingPolicy) for declared in self._all.policies):
            return
        waiting: dict[str, str | None] = {}
        for alarm in self._all.of(DeclaredAlarm):
            endpoint = None if alarm.address in started else self._watched_by(alarm)
            if endpoint is None:
                continue
            if endpoint not in waiting:
                waiting[endpoint] = _waiting(claims.get(endpoint, ()))
            if (policy := waiting[endpoint]) is not None:
                own = spelling_of(alarm.type).of("AlarmActions")
                mistake = Mistake(f"{own} names no scaling policy, and {policy} waits for an alarm")
                idle = alarm.alarm if alarm.actions == () else None
                self._tell(endpoint, alarm, mistake, is_certain=False, idle_alarm=idle)

    def _watched_by(self, alarm: DeclaredAlarm) -> str | None:
        """The address of the endpoint that an alarm watches, all of whose actions are known."""
        dimensions = alarm.alarm.dimensions
        name = None if isinstance(dimensions, Unknown) else dimensions.get("EndpointName")
        if not isinstance(name, str) or isinstance(alarm.actions, Unknown) or LOST in alarm.references:
            return None
        endpoints = self._all.endpoints.named(name, alarm)
        return endpoints[0].address if len(endpoints) == 1 else None

    def tell_misdirected(
        self,
        endpoint: DeclaredEndpoint,
        configuration: DeclaredConfiguration,
        variants: Sequence[Variant],
        claims: Iterable[Claim],
    ) -> None:
        """A target whose endpoint has no such variant, or one of the other dimension, scales nothing."""
        for claim, variant in misdirected(variants, claims):
            mistake = _not_there(endpoint, configuration, claim) if variant is None else _unfit(claim, variant)
            self._tell(endpoint.address, claim.declared, mistake, variant=claim.variant)

    def _tell(
        self,
        address: str,
        declared: Declared,
        mistake: Mistake,
        *,
        variant: str | int | None = None,
        is_certain: bool = True,
        idle_alarm: Alarm | None = None,
    ) -> None:
        """Enter a mistake among those of an endpoint, and skip the block that makes it.

        ``variant`` is the one that the block seems to mean. Nothing is said of an id that is sensitive.
        """
        if isinstance(declared, DeclaredScaling) and declared.resource.sensitive:
            mistake, variant = Mistake("what it says of the resource that it scales fits nothing here"), None
        unlinked = UnlinkedScaling(
            address=declared.address,
            problem=mistake.problem,
            suggestion=mistake.suggestion,
            is_certain=is_certain,
            idle_alarm=idle_alarm,
            variant=variant if isinstance(variant, str) and "${" not in variant else None,
            location=declared.location,
        )
        if address:
            self.by_endpoint[address].append(unlinked)
        elif isinstance(declared, DeclaredScaling):
            self.strays.append(Stray(declared, unlinked=unlinked))
        self._all.skip(declared, unlinked.sentence)


def _is_lacking(declared: DeclaredScaling, targets: Sequence[ScalableTarget | Unknown]) -> bool:
    """Whether an endpoint with these targets lacks the kind of scaling that a block is."""
    if isinstance(declared, DeclaredTarget):
        return not targets
    known = [target for target in targets if isinstance(target, ScalableTarget)]
    is_policy = isinstance(declared, DeclaredPolicy)
    return any(not (target.policies if is_policy else target.scheduled_actions) for target in known)


def _waiting(claims: Iterable[Claim]) -> str | None:
    """The address of a step policy that no alarm starts; None where there is none."""
    attached = [claim.target.policies for claim in claims if isinstance(claim.target, ScalableTarget)]
    policies = (policy for known in attached if not isinstance(known, Unknown) for policy in known)
    idle = (policy for policy in policies if isinstance(policy, StepScalingPolicy) and policy.alarms == ())
    return next((policy.address for policy in idle), None)


def _not_there(endpoint: DeclaredEndpoint, configuration: DeclaredConfiguration, claim: Claim) -> Mistake:
    """``endpoint chat has no variant AllTraffic, it has main``; without what is sensitive."""
    variants = () if isinstance(configuration.variants, Unknown) else configuration.variants
    names = [str(variant.name) for variant in variants if isinstance(variant.name, str)]
    if endpoint.sensitive_name or configuration.sensitive_variants:
        return Mistake("its endpoint has no variant of that name")
    which = f"endpoint {endpoint.name}" if isinstance(endpoint.name, str) else "its endpoint"
    problem = f"{which} has no variant {claim.variant}, it has {' and '.join(names[:NAMED])}"
    return Mistake(problem, names[0] if len(names) == 1 else resource_id.near(str(claim.variant), names))


def _unfit(claim: Claim, variant: Variant) -> Mistake:
    """``scalable_dimension is sagemaker:variant:DesiredProvisionedConcurrency, and its variant runs on instances``."""
    own = spelling_of(claim.declared.type).of("ScalableDimension")
    kind = "runs on instances" if isinstance(variant, InstanceVariant) else "is serverless"
    return Mistake(f"{own} is {claim.dimension}, and its variant {kind}", dimension_of(variant))
