"""Joining declarations into an inventory: endpoint to configuration, to inference components, to scaling.

A link is never guessed: what may use several things is Unknown, and what they are is marked as possibly deployed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.model import (
    AFTER_APPLY,
    AT_DEPLOYMENT,
    Coverage,
    Deployed,
    Endpoint,
    InferenceComponent,
    InstanceVariant,
    Inventory,
    ScalableTarget,
    Skipped,
    Unknown,
    UnlinkedScaling,
    Variant,
)
from guardrail.sources.base import LOST, SENSITIVE, known_only
from guardrail.sources.declarations import (
    ELSEWHERE,
    FEW,
    Declaration,
    Declared,
    DeclaredAlarm,
    DeclaredBudget,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredExperiment,
    DeclaredModel,
    DeclaredRuleTarget,
    DeclaredSchedule,
    DeclaredWorkflow,
)
from guardrail.sources.linking.claims import scaled
from guardrail.sources.linking.index import Declarations
from guardrail.sources.linking.models import models_of, with_models
from guardrail.sources.linking.scaling import ScalingLinks
from guardrail.sources.linking.strays import Stray, as_endpoint
from guardrail.sources.linking.unlinked import NAMED
from guardrail.sources.vocabulary.spellings import spelling_of

if TYPE_CHECKING:
    from guardrail.sources.linking.workflows import Workflows

_ROOT_NAME = expression(r"[.\[]")
_NOT_RUNNING = frozenset({"tags", "tags_all", "name", "name_prefix", "endpoint_config_name"})
"""Arguments of a configuration that say nothing of what runs."""
MOST_CANDIDATES = 64
"""Of more configurations than this an endpoint may use any, and is at least what else is known of it."""


class Linked(Struct, frozen=True, kw_only=True):
    """One side of a change, joined."""

    inventory: Inventory
    skipped: tuple[Skipped, ...]
    modelled: frozenset[str]
    """Addresses of the blocks that found their place."""
    partial: frozenset[str]
    """Those of them with an Unknown in a field that has a price."""


def skipped_on(afters: Iterable[Linked], befores: Iterable[Linked]) -> tuple[Skipped, ...]:
    """What was skipped on either side, in any possibility; what goes away with the change is in no total after it."""
    skipped: dict[str, Skipped] = {}
    present: set[str] = set()
    for after in afters:
        present |= after.modelled
        skipped = {block.address: block for block in after.skipped} | skipped
    for before in befores:
        gone = (block for block in before.skipped if block.address not in present)
        skipped = {block.address: replace(block, affects_total=False) for block in gone} | skipped
    return tuple(skipped[address] for address in sorted(skipped))


def unread_before(afters: Iterable[Linked], befores: Iterable[Linked]) -> Skipped | None:
    """What may have billed before the change, could not be understood, and is read, or is not there, after it."""
    after = {block.address for linked in afters for block in linked.skipped if block.affects_total}
    lost = (block for linked in befores for block in linked.skipped if block.affects_total)
    return min((block for block in lost if block.address not in after), key=lambda each: each.address, default=None)


def coverage(skipped: Iterable[Skipped], *sides: Linked) -> Coverage:
    """Counts of blocks on all sides; what is understood on one side and skipped on the other counts as skipped."""
    left_out = {block.address for block in skipped}
    modelled = frozenset[str]().union(*(side.modelled for side in sides)) - left_out
    partial = frozenset[str]().union(*(side.partial for side in sides)) & modelled
    return Coverage(
        seen=len(modelled) + len(left_out), modelled=len(modelled), partial=len(partial), skipped=len(left_out)
    )


class _CurrentConfiguration(Struct, frozen=True):
    """The configuration that an endpoint runs, or why it is not known."""

    configuration: DeclaredConfiguration | Unknown
    candidates: tuple[str, ...] = ()
    """Addresses of the configurations of which it is one."""
    is_past: bool = False
    """The configuration has been replaced under the same name, and this is what it was before."""


class Side:
    """One side of a change, joined; ``previous`` is the side before it, for what keeps running unchanged.

    ``region`` is the last resort for what names no region of its own.
    """

    def __init__(
        self, declarations: Iterable[Declaration], *, region: str | None = None, previous: "Side | None" = None
    ) -> None:
        self.declarations = Declarations(declarations)
        self._region = region
        self._previous = previous
        self._hosted: dict[str, list[DeclaredComponent] | Unknown] = {}
        self._link_components()
        self._scaling = ScalingLinks(self.declarations)
        self.related = self._relations()
        self.running = {endpoint.address: self._configuration_of(endpoint) for endpoint in self.declarations.endpoints}
        self._shadows: dict[str, list[InstanceVariant]] = defaultdict(list)
        self._served: dict[int, tuple[Variant, ...] | Unknown] = {}
        self._link_experiments()

    def linked(self) -> Linked:
        """The inventory of this side, with what was skipped on the way."""
        self._tell_misdirected()
        possible, unattached = self._configurations_without_endpoint()
        endpoints = [self._endpoint(endpoint) for endpoint in self.declarations.endpoints]
        endpoints += [self._possible(configuration) for configuration in possible]
        started = self._workflows()
        inventory = Inventory(
            endpoints=tuple(sorted(endpoints, key=_address)),
            unattached=tuple(sorted((self._bare(configuration, "no") for configuration in unattached), key=_address)),
            budgets=tuple(budget.budget for budget in sorted(self.declarations.of(DeclaredBudget), key=_address)),
            workflows=started.workflows if started else (),
            other_jobs=dict(self.declarations.beside + Counter(started.others if started else {})),
            strays=tuple(sorted(map(self._stray, self._scaling.strays), key=_address)),
            adrift=tuple(self._scaling.adrift),
        )
        modelled = self._modelled()
        return Linked(
            inventory=inventory,
            skipped=tuple(sorted(self.declarations.skipped.values(), key=lambda block: block.address)),
            modelled=modelled,
            partial=_partial(inventory) & modelled,
        )

    def _stray(self, stray: Stray) -> Endpoint:
        declared = stray.declared
        parts = {declared.address, *self._scaling.attachments.parts.get(declared.address, ())}
        touched = self._previous is None or not self.declarations.changed.isdisjoint(parts)
        return as_endpoint(stray, self._region_of(declared), touched=touched)

    def _workflows(self) -> "Workflows | None":
        """What starts transform jobs; None where nothing may."""
        if not any(
            self.declarations.of(kind).by_address for kind in (DeclaredWorkflow, DeclaredSchedule, DeclaredRuleTarget)
        ):
            return None
        from guardrail.sources.linking.workflows import workflows  # for the few that run batch transform

        return workflows(self.declarations, self._region_of, lambda address: self._is_touched(address, None))

    @cached_property
    def alternatives(self) -> dict[str, list[str]]:
        """By address of an endpoint, the configurations of which it uses exactly one, where more than one can be.

        They are all that its expression leads to, and none of that is out of sight.
        """
        return {
            endpoint.address: sorted(candidate.address for candidate in candidates)
            for endpoint in sorted(self.declarations.endpoints, key=attrgetter("address"))
            if isinstance(endpoint.configuration.value, Unknown) and LOST not in endpoint.configuration.references
            if 1 < len(candidates := self.declarations.configurations.linked(endpoint.configuration, endpoint)) <= FEW
        }

    def _link_components(self) -> None:
        for component in self.declarations.components:
            endpoints = self.declarations.endpoints.linked(component.endpoint, component)
            if len(endpoints) == 1:
                hosted = self._hosted.setdefault(endpoints[0].address, [])
                if isinstance(hosted, list):
                    hosted.append(component)
                continue
            value = component.endpoint.value
            candidates = endpoints or self.declarations.endpoints.possible(component.endpoint, component)
            for endpoint in candidates if self.declarations.is_first(candidates, DeclaredComponent) else ():
                self._hosted[endpoint.address] = Unknown(f"{component.address} may be hosted here")
            if candidates or isinstance(value, Unknown):
                self.declarations.skip(component, f"which endpoint hosts it is {known_only(component.type)}")
            else:
                self.declarations.skip(component, "its endpoint is not managed here")

    def _relations(self) -> dict[str, set[str]]:
        """Addresses whose change touches an endpoint, by address of the endpoint; its configuration comes later."""
        related: dict[str, set[str]] = defaultdict(set)
        for address, claims in self._scaling.claims.items():
            for claim in claims:
                related[address] |= self._scaling.attachments.parts.get(claim.address, {claim.address})
        for address, hosted in self._hosted.items():
            for component in hosted if isinstance(hosted, list) else ():
                related[address].add(component.address)
                target = self._scaling.components.get(component.address)
                if isinstance(target, ScalableTarget):
                    related[address] |= self._scaling.attachments.parts[target.address]
        return related

    def _configuration_of(self, endpoint: DeclaredEndpoint) -> _CurrentConfiguration:
        configurations = self.declarations.configurations.linked(endpoint.configuration, endpoint)
        now = (
            configurations[0] if len(configurations) == 1 and not _may_be_another(endpoint, configurations[0]) else None
        )
        if now is None or now.change == "replace":
            past = self._past_configuration(endpoint)
            if past is not None:
                return _CurrentConfiguration(past if now is None else _placed(past, now), is_past=now is not None)
        if now is not None:
            return _CurrentConfiguration(now)
        if len(configurations) > 1:
            reason = Unknown(f"which configuration it uses is {known_only(endpoint.type)}: {_either(configurations)}")
            is_one_of_them = LOST not in endpoint.configuration.references and len(configurations) <= MOST_CANDIDATES
            return _CurrentConfiguration(
                reason, tuple(configuration.address for configuration in configurations) if is_one_of_them else ()
            )
        if isinstance(endpoint.configuration.value, Unknown):
            return _CurrentConfiguration(
                Unknown(f"which configuration it uses is {_since_when(endpoint.configuration.value)}")
            )
        name = None if endpoint.configuration.sensitive else endpoint.configuration.value
        return _CurrentConfiguration(Unknown(ELSEWHERE, name))

    def _link_experiments(self) -> None:
        """Give each endpoint the shadow variants of the experiments on it; skip an experiment that finds none."""
        for experiment in self.declarations.of(DeclaredExperiment):
            endpoints = self.declarations.endpoints.linked(experiment.endpoint, experiment)
            missing = self._obstacle(experiment, endpoints)
            if missing is None and not isinstance(experiment.shadows, Unknown):
                address = endpoints[0].address
                self._shadows[address] += experiment.shadows
                self.related[address].add(experiment.address)
            else:
                self.declarations.skip(experiment, f"{_tested(experiment)}, in no total: {missing}", affects_total=True)

    def _obstacle(self, experiment: DeclaredExperiment, endpoints: list[DeclaredEndpoint]) -> str | None:
        """Why what an experiment runs cannot be billed on its endpoint; None where it can."""
        if isinstance(experiment.shadows, Unknown):
            return experiment.shadows.reason
        if len(endpoints) != 1:
            elsewhere = isinstance(experiment.endpoint.value, str) and not endpoints
            return (
                "its endpoint is not managed here"
                if elsewhere
                else f"which endpoint runs it is {known_only(experiment.type)}"
            )
        configuration = self.running[endpoints[0].address].configuration
        if isinstance(configuration, Unknown) or isinstance(configuration.variants, Unknown):
            return "what else its endpoint runs is not known"
        names = {variant.name for variant in configuration.variants if isinstance(variant.name, str)}
        if any(shadow.name in names for shadow in experiment.shadows):
            return "its endpoint has a variant of that name already"
        return None

    def _past_configuration(self, endpoint: DeclaredEndpoint) -> DeclaredConfiguration | None:
        """The configuration that stays in force because the endpoint goes on naming it.

        SageMaker reads a configuration when an endpoint is created or updated to another name; replacing one under
        the name in use changes nothing that runs (note in the documentation of aws_sagemaker_endpoint_configuration).
        Nor does anything that happens to the configuration of an endpoint that is let go of, whatever its name.
        """
        if self._previous is None or endpoint.change in ("create", "replace"):
            return None
        name, is_let_go = endpoint.configuration.value, endpoint.change == "forget"
        before = self._previous.declarations.endpoints.by_address.get(endpoint.address)
        if before is None or not (is_let_go or (isinstance(name, str) and before.configuration.value == name)):
            return None
        past = self._previous.running[endpoint.address].configuration
        return past if isinstance(past, DeclaredConfiguration) else None

    def _configurations_without_endpoint(self) -> tuple[list[DeclaredConfiguration], list[DeclaredConfiguration]]:
        """Configurations that an unresolved endpoint may use, and those that nothing can reach."""
        attached: set[str] = set()
        reachable: set[str] = set()
        known = self.declarations.configurations
        for endpoint in self.declarations.endpoints:
            link = endpoint.configuration
            is_decided = not isinstance(self.running[endpoint.address].configuration, Unknown)
            configurations = known.linked(link, endpoint)
            if not is_decided:
                configurations = configurations or known.possible(link, endpoint)
            if self.declarations.is_first(configurations, DeclaredConfiguration, is_decided):
                (attached if is_decided else reachable).update(
                    configuration.address for configuration in configurations
                )
        free = [configuration for configuration in known if configuration.address not in attached]
        return (
            [configuration for configuration in free if configuration.address in reachable],
            [configuration for configuration in free if configuration.address not in reachable],
        )

    def _endpoint(self, declared: DeclaredEndpoint) -> Endpoint:
        running = self.running[declared.address]
        configuration = running.configuration
        if isinstance(configuration, Unknown):
            joined = Endpoint(
                address=declared.address,
                name=declared.name,
                region=self._region_of(declared),
                mode=configuration,
                variants=configuration,
                configuration_address=None,
                candidates=running.candidates,
                tags=declared.tags,
            )
        else:
            joined = replace(
                self._described(configuration),
                region=self._region_of(declared, configuration),
                variants=self._variants_of(declared, configuration),
                tags=_merged(declared.tags, configuration.tags),
            )
        return replace(
            joined,
            address=declared.address,
            name=declared.shown,
            change=declared.change,
            account=declared.account,
            two_fleets_minutes=declared.two_fleets_minutes,
            rolling_wait_minutes=declared.rolling_wait_minutes,
            touched=self._is_touched(declared.address, self._configuration_in_force(running)),
            inference_components=self._components_of(declared),
            keeps_previous_configuration=running.is_past,
            ignored_changes=self._ignored(declared, configuration),
            unlinked_scaling=tuple(sorted(self._scaling.unlinked.by_endpoint.get(declared.address, ()), key=_address)),
            location=declared.location,
        )

    def _ignored(self, endpoint: DeclaredEndpoint, configuration: DeclaredConfiguration | Unknown) -> tuple[str, ...]:
        """What Terraform keeps from an endpoint: the name of its configuration, or what that says of what runs."""
        own = [
            name for name in endpoint.ignored if name in (spelling_of(endpoint.type).of("EndpointConfigName"), "all")
        ]
        if isinstance(configuration, DeclaredConfiguration):
            now = self.declarations.configurations.by_address.get(configuration.address, configuration)
            own += [name for name in now.ignored if _ROOT_NAME.split(name)[0] not in _NOT_RUNNING]
        return tuple(dict.fromkeys(own))

    def _bare(self, declared: DeclaredConfiguration, deployed: Deployed) -> Endpoint:
        """A configuration that no endpoint uses, as an endpoint of its own."""
        variants = self._with_models(declared)
        return replace(
            self._described(declared),
            region=self._region_of(declared, declared),
            variants=variants if isinstance(variants, Unknown) else _hidden(variants, declared.sensitive_variants),
            touched=self._is_touched(declared.address, declared.address),
            deployed=deployed,
        )

    def _described(self, declared: DeclaredConfiguration) -> Endpoint:
        """What a configuration says of its endpoint, with its variants as they are written."""
        return Endpoint(
            address=declared.address,
            name=declared.shown,
            region=declared.region,
            mode=declared.mode,
            variants=declared.variants,
            configuration_address=declared.address,
            configuration_name=declared.shown if isinstance(declared.shown, str) else None,
            configuration_is_in_its_own_way=declared.in_its_own_way,
            change=declared.change,
            data_capture_percent=declared.data_capture_percent,
            kms_key=declared.kms_key,
            detailed_observability=declared.detailed_observability,
            tags=declared.tags,
            location=declared.location,
            configuration_location=declared.location,
        )

    def _with_models(self, declared: DeclaredConfiguration) -> tuple[Variant, ...] | Unknown:
        """`with_models`, worked out once for a configuration and the endpoints that use it."""
        known = self._served.get(id(declared))
        if known is None:
            known = self._served[id(declared)] = with_models(declared, self.declarations.of(DeclaredModel))
        return known

    def _possible(self, declared: DeclaredConfiguration) -> Endpoint:
        """A configuration that an endpoint may use; whatever scales that endpoint may then scale its variants."""
        bare = self._bare(declared, "possibly")
        if isinstance(bare.variants, Unknown) or not self.declarations.targets.compatible(declared):
            return bare
        scaling = Unknown(f"which endpoint uses its configuration is {known_only(declared.type)}")
        return replace(bare, variants=tuple(replace(variant, scaling=scaling) for variant in bare.variants))

    def _variants_of(
        self, endpoint: DeclaredEndpoint, configuration: DeclaredConfiguration
    ) -> tuple[Variant, ...] | Unknown:
        """The variants of an endpoint, scaled, and those of experiments, which only a target that names them scales."""
        variants = self._with_models(configuration)
        if isinstance(variants, Unknown):
            return variants
        claims = self._scaling.claims.get(endpoint.address, [])
        own = _hidden(scaled(variants, claims), configuration.sensitive_variants)
        shadows = tuple(self._shadows.get(endpoint.address, ()))
        if not shadows:
            return own
        names = {shadow.name for shadow in shadows}
        return (*own, *scaled(shadows, [claim for claim in claims if claim.variant in names]))

    def _configuration_in_force(self, running: _CurrentConfiguration) -> str | None:
        """The address by which a change of the configuration reaches its endpoint.

        None where the endpoint does not follow: with -target its configuration is replaced under another name, which
        the endpoint is to take in a later apply.
        """
        if isinstance(running.configuration, Unknown):
            return None
        address = running.configuration.address
        now = self.declarations.configurations.by_address.get(address)
        follows = now is None or now is running.configuration or running.is_past
        return address if follows else None

    def _is_touched(self, address: str, configuration: str | None) -> bool:
        """Whether the change touches a block of the endpoint, or takes one away; always, where there is no before."""
        if self._previous is None:
            return True
        changed, present = self.declarations.changed, self.declarations.addresses
        if address in changed or configuration in changed or not changed.isdisjoint(self.related.get(address, ())):
            return True
        is_replaced = configuration is not None and configuration not in present
        return is_replaced or not present.issuperset(self._previous.related.get(address, ()))

    def _region_of(self, declared: Declared, configuration: DeclaredConfiguration | None = None) -> str | Unknown:
        """Its own region, else the only one among what is linked to it, else the one given for the run.

        Linked are its configuration, the models of that, and the targets that scale it: an endpoint of which nothing
        tells the region is in eu-west-1 where its model's image is ``….dkr.ecr.eu-west-1.amazonaws.com/chat``.
        """
        if isinstance(declared.region, str):
            return declared.region
        targets = self.declarations.targets.by_address
        claims = self._scaling.claims.get(declared.address, ())
        linked: list[Declared] = [targets[claim.address] for claim in claims if claim.address in targets]
        if configuration is not None:
            linked += [configuration, *models_of(configuration, self.declarations.of(DeclaredModel))]
        known = {block.region for block in linked if isinstance(block.region, str)}
        return known.pop() if len(known) == 1 else self._region or declared.region

    def _components_of(self, declared: DeclaredEndpoint) -> tuple[InferenceComponent, ...] | Unknown:
        hosted = self._hosted.get(declared.address, ())
        if isinstance(hosted, Unknown):
            return hosted
        if not hosted:
            return ()
        return tuple(
            replace(
                component.component,
                name=component.shown,
                scaling=self._scaling.components.get(component.address),
            )
            for component in sorted(hosted, key=_address)
        )

    def _tell_misdirected(self) -> None:
        for address, claims in self._scaling.claims.items():
            endpoint, running = self.declarations.endpoints.by_address[address], self.running[address].configuration
            if isinstance(running, Unknown) or isinstance(running.variants, Unknown):
                continue
            variants = (*running.variants, *self._shadows.get(address, ()))
            self._scaling.unlinked.tell_misdirected(endpoint, running, variants, claims)

    def _modelled(self) -> frozenset[str]:
        other_alarms = self.declarations.of(DeclaredAlarm).by_address.keys() - self._scaling.started
        return frozenset(self.declarations.addresses - other_alarms - self.declarations.skipped.keys())


def _placed(past: DeclaredConfiguration, now: DeclaredConfiguration) -> DeclaredConfiguration:
    """What stays in force, at the places where it is to be mended: those of what was to take its place."""
    if isinstance(past.variants, Unknown) or isinstance(now.variants, Unknown):
        return replace(past, location=now.location)
    places = {variant.name: variant.location for variant in now.variants if isinstance(variant.name, str)}
    variants = tuple(
        replace(variant, location=places.get(variant.name, now.location) if isinstance(variant.name, str) else None)
        for variant in past.variants
    )
    return replace(past, location=now.location, variants=variants)


def _may_be_another(endpoint: DeclaredEndpoint, configuration: DeclaredConfiguration) -> bool:
    """Whether an endpoint that refers to one configuration may use one out of sight: ``coalesce(var.name, c.name)``."""
    link = endpoint.configuration
    is_called_so = configuration.called is not None and configuration.called == link.spelled
    return isinstance(link.value, Unknown) and LOST in link.references and not is_called_so


def _tested(experiment: DeclaredExperiment) -> str:
    """What an experiment runs, for people: ``a shadow test that bills 2 × ml.m5.xlarge for 168 h``."""
    fleets: list[str] = []
    for shadow in () if isinstance(experiment.shadows, Unknown) else experiment.shadows:
        if not shadow.sensitive and not _has_unknown(shadow.instance_type, shadow.initial_instance_count):
            hours = shadow.monthly_hours
            time = f" for {hours.normalize():f} h" if isinstance(hours, Decimal) else ""
            fleets.append(f"{shadow.initial_instance_count} × {shadow.instance_type}{time}")
    return f"a shadow test that bills {' and '.join(fleets) or 'instances while it runs'}"


def _either(configurations: list[DeclaredConfiguration]) -> str:
    """``a or b`` of the addresses; of many the first few and how many more there are."""
    addresses = [configuration.address for configuration in configurations[:NAMED]]
    others = len(configurations) - NAMED
    return " or ".join(sorted(addresses)) + (f" or one of {others} others" if others > 0 else "")


def _since_when(unknown: Unknown) -> str:
    return unknown.reason if unknown.reason in (AFTER_APPLY, AT_DEPLOYMENT) else f"not known: {unknown.reason}"


def _address(thing: Endpoint | Declared | UnlinkedScaling) -> str:
    return thing.address


def _hidden(variants: tuple[Variant, ...], places: frozenset[int]) -> tuple[Variant, ...]:
    """The variants without those of their names that must not be shown; links needed them."""
    hidden = (
        replace(variant, name=SENSITIVE) if index in places else variant for index, variant in enumerate(variants)
    )
    return tuple(hidden) if places else variants


def _merged(
    own: dict[str, str | Unknown] | Unknown, fallback: dict[str, str | Unknown] | Unknown
) -> dict[str, str | Unknown] | Unknown:
    if isinstance(own, Unknown) or isinstance(fallback, Unknown):
        return own
    return {**fallback, **own}


def _partial(inventory: Inventory) -> frozenset[str]:
    """Addresses of blocks with an Unknown in a field that has a price."""
    partial: set[str] = set()
    for endpoint in (*inventory.endpoints, *inventory.unattached):
        is_partial, runs_partial = _has_unknown(endpoint.region), _has_unknown(endpoint.mode, endpoint.variants)
        for variant in () if isinstance(endpoint.variants, Unknown) else endpoint.variants:
            runs_partial = runs_partial or _has_unknown(*_priced(variant))
            target = variant.scaling
            is_partial = is_partial or isinstance(target, Unknown)
            if isinstance(target, ScalableTarget) and _has_unknown(*_bounds(target)):
                partial.add(target.address)
        if is_partial:
            partial.add(endpoint.address)
        if runs_partial:
            partial.add(endpoint.configuration_address or endpoint.address)
    partial.update(each.block_address for each in inventory.workflows if each.is_partial)
    return frozenset(partial)


def _has_unknown(*values: object) -> bool:
    return Unknown in map(type, values)


def _priced(variant: Variant) -> tuple[object, ...]:
    if isinstance(variant, InstanceVariant):
        types = map(attrgetter("instance_type"), variant.instance_pools)
        size = (variant.instance_type, variant.initial_instance_count, variant.volume_size_gb)
        return (*size, variant.monthly_hours, *types)
    return (variant.memory_mib, variant.provisioned_concurrency)


def _bounds(target: ScalableTarget) -> list[object]:
    actions = target.scheduled_actions
    if isinstance(actions, Unknown):
        return [actions]
    own = [target.min_capacity, target.max_capacity]
    return [*own, *(bound for action in actions for bound in (action.min_capacity, action.max_capacity))]
