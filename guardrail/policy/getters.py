"""Getters of the fields of policies: from a subject, and a policy's parameters where these decide, to a value.

A getter answers None where there is no such thing and Unknown where it cannot be known, so that the condition on it
comes out right without knowing why.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from guardrail import metrics, scaling
from guardrail.cost.base import Monthly
from guardrail.model import (
    GENERATED,
    Alarm,
    Container,
    InferenceComponent,
    InstanceVariant,
    Model,
    OtherScalingPolicy,
    ScalableTarget,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.money import plain, two_decimals
from guardrail.policy.alternative import family_of, fitting
from guardrail.policy.environment import PRODUCTION
from guardrail.policy.policy import Value
from guardrail.policy.subject import Subject
from guardrail.prices.base import Price
from guardrail.prices.book import InstanceSpec

if TYPE_CHECKING:
    from guardrail.cost.alternatives import PricedType
    from guardrail.policy.images import Image

_UNPRICED = Unknown("it is not priced")

Getter: TypeAlias = Callable[[Subject], Any]
Bind: TypeAlias = Callable[[Mapping[str, Value]], Getter]
"""Makes the getter for the parameters of a policy."""


# Attributes of the parts of a subject --------------------------------------------------------------------------------


def of_endpoint(name: str) -> Getter:
    """An attribute of the endpoint."""
    return lambda subject: getattr(subject.endpoint, name, None)


def of_variant(name: str) -> Getter:
    """An attribute of the variant; None where its kind has no such attribute."""

    def get(subject: Subject) -> object:
        variant = subject.variant
        return variant if variant.__class__ is Unknown else getattr(variant, name, None)

    return get


def of_target(name: str) -> Getter:
    """An attribute of the scaling target."""

    def get(subject: Subject) -> object:
        target = subject.target
        return target if target.__class__ is Unknown else getattr(target, name, None)

    return get


def of_component(name: str) -> Getter:
    """An attribute of the inference component."""

    def get(subject: Subject) -> object:
        component = subject.component
        return component if component.__class__ is Unknown else getattr(component, name, None)

    return get


def of_managed_scaling(name: str) -> Getter:
    """An attribute of the variant's managed instance scaling."""
    managed_scaling = of_variant("managed_scaling")

    def get(subject: Subject) -> object:
        managed = managed_scaling(subject)
        return managed if isinstance(managed, Unknown) else getattr(managed, name, None)

    return get


def of_scaling(compute: Callable[[ScalableTarget], object]) -> Getter:
    """A fact computed from the scaling target, which may name what it is about."""

    def get(subject: Subject) -> object:
        target = subject.target
        return compute(target) if isinstance(target, ScalableTarget) else target

    return get


def by_traits(compute: Callable[[ScalableTarget], object]) -> Getter:
    """A fact that only the traits of the scaling target decide: worked out once for all targets that share them."""
    known: dict[int, object] = {}

    def get(subject: Subject) -> object:
        target = subject.target
        if not isinstance(target, ScalableTarget):
            return target
        traits = subject.traits(target)
        if traits not in known:
            known[traits] = compute(target)
        return known[traits]

    return get


# The endpoint --------------------------------------------------------------------------------------------------------


def label(subject: Subject) -> object:
    """The name of the endpoint, or what is known of it, or its address."""
    endpoint = subject.endpoint
    if endpoint is None:
        return None
    return (endpoint.name.partial or endpoint.address) if isinstance(endpoint.name, Unknown) else endpoint.name


def keeps_previous_configuration(subject: Subject) -> object:
    """Whether the endpoint goes on with a configuration that is replaced.

    An endpoint that changes takes its new one. Of one that does not, nobody knows it whose configuration is managed
    elsewhere.
    """
    endpoint = subject.endpoint
    if endpoint is None or endpoint.keeps_previous_configuration:
        return endpoint and True
    return endpoint.variants if endpoint.change == "no-op" and isinstance(endpoint.variants, Unknown) else False


def environment(subject: Subject) -> str:
    """The environment whose limits hold."""
    return PRODUCTION if isinstance(subject.environment, Unknown) else subject.environment


def production_variant_count(subject: Subject) -> object:
    """How many variants the endpoint has without the shadow variants."""
    variants = subject.endpoint.variants if subject.endpoint else None
    if variants is None or isinstance(variants, Unknown):
        return variants
    return sum(1 for variant in variants if not variant.shadow)


def repeated_variants(subject: Subject) -> object:
    """Names that more than one variant of the endpoint has."""
    variants = subject.endpoint.variants if subject.endpoint else ()
    if isinstance(variants, Unknown):
        return variants
    if len(variants) == 1:
        return ()
    names = Counter(variant.name for variant in variants if isinstance(variant.name, str))
    return tuple(name for name, count in names.items() if count > 1)


def unlinked_scaling(subject: Subject) -> object:
    """What seems to scale the endpoint and scales nothing of it, a sentence each; Unknown where it may be no slip."""
    found = subject.endpoint.unlinked_scaling if subject.endpoint else ()
    certain = tuple(f"{one.address}: {one.sentence}" for one in found if one.is_certain)
    return Unknown(f"{found[0].address}: {found[0].sentence}") if found and not certain else certain


def hosts_components(subject: Subject) -> object:
    """Whether an inference component is hosted on the endpoint; Unknown where one may be."""
    components = subject.endpoint.inference_components if subject.endpoint else None
    return components if components is None or isinstance(components, Unknown) else bool(components)


def endpoint_monthly(bound: str) -> Getter:
    """A bound of what the endpoint costs a month."""
    return lambda subject: amount_of(subject.cost.monthly, bound) if subject.cost else subject.endpoint and _UNPRICED


def amount_of(monthly: Monthly, bound: str) -> Decimal | Unknown:
    """A bound of an amount; where a part of it is missing, or the bound is not known, what is known of it.

    A floor of 84.51 that lacks the price of one instance is unknown, at least 84.51.
    """
    amount: Decimal | Unknown = getattr(monthly, bound)
    if not monthly.at_least and not isinstance(amount, Unknown):
        return amount
    reason = amount.reason if isinstance(amount, Unknown) else "a part of it is unpriced or unknown"
    least = monthly.floor if isinstance(amount, Unknown) else amount
    return Unknown(reason, at_least=least, at_most=None if monthly.at_least else monthly.ceiling)


def missing_tags(parameters: Mapping[str, Value]) -> Getter:
    """The keys of the parameter ``required_tags`` that the endpoint lacks; a tag without a value allocates nothing.

    ``cost-center`` and ``cost_center`` count as ``CostCenter``, and so does whatever the parameter ``tag_synonyms``
    lists under it.
    """
    required, synonyms = parameters.get("required_tags"), parameters.get("tag_synonyms")
    if not isinstance(required, tuple):
        return lambda _: ()
    others = synonyms if isinstance(synonyms, Mapping) else {}
    accepted = [(tag, frozenset(map(_spelled_alike, (tag, *others.get(tag, ()))))) for tag in required]

    @lru_cache(maxsize=1024)
    def missing(keys: tuple[str, ...]) -> tuple[str, ...]:
        """Of the keys of one endpoint; a team gives the same ones to all."""
        present = frozenset(map(_spelled_alike, keys))
        return tuple(tag for tag, spellings in accepted if present.isdisjoint(spellings))

    def get(subject: Subject) -> object:
        tags = subject.endpoint.tags if subject.endpoint else {}
        if isinstance(tags, Unknown):
            return tags
        return missing(tuple([tag for tag, value in tags.items() if value != ""]))

    return get


@lru_cache(maxsize=1024)
def _spelled_alike(tag: str) -> str:
    """A tag key without what teams spell differently: case, hyphens, underscores and spaces."""
    return tag.lower().translate(_SEPARATORS)


_SEPARATORS = str.maketrans("", "", "-_ ")


def expiry(parameters: Mapping[str, Value]) -> Getter:
    """Whether the day in the tag that the parameter ``expiry_tag`` names is still to come."""
    key = parameters.get("expiry_tag")

    def get(subject: Subject) -> object:
        tags = subject.endpoint.tags if subject.endpoint and key is not None else {}
        if isinstance(tags, Unknown):
            return tags
        value = tags.get(str(key))
        if value is None or isinstance(value, Unknown):
            return "none" if value is None else value
        try:
            day = date.fromisoformat(value.strip()[:10])
        except ValueError:
            return "no date"
        today = subject.world.today if subject.world else None
        if today is None:
            return Unknown("which day it is does not matter here")
        return "past" if day < today else "ahead"

    return get


# The variant ---------------------------------------------------------------------------------------------------------

_variant_name = of_variant("name")
_shadow = of_variant("shadow")


def variant_label(subject: Subject) -> object:
    """The name of the variant, or what is known of it, or its number."""
    if isinstance(subject.variant, Unknown):
        return f"variant {subject.index + 1}"
    name = _variant_name(subject)
    return (name.partial or f"variant {subject.index + 1}") if isinstance(name, Unknown) else name


def sensitive(subject: Subject) -> bool:
    """Whether its numbers, or those of its scaling target, must not be printed."""
    return subject.sensitive()


def kind(subject: Subject) -> object:
    """Instance or serverless."""
    variant = subject.variant
    if variant.__class__ is InstanceVariant:
        return "instance"
    return "serverless" if variant.__class__ is ServerlessVariant else variant


def shadow(subject: Subject) -> object:
    """Whether the variant is a shadow variant, which no serverless one is."""
    return False if subject.variant.__class__ is ServerlessVariant else _shadow(subject)


def reserved(subject: Subject) -> object:
    """Whether the variant runs on capacity that is reserved and paid for already."""
    reservation = getattr(subject.variant, "capacity_reservation", None)
    if reservation is None and isinstance(subject.variant, InstanceVariant):  # as nearly always
        return False
    if isinstance(subject.variant, Unknown) or isinstance(reservation, Unknown):
        return subject.variant if isinstance(subject.variant, Unknown) else reservation
    return reservation is not None


_monthly_hours = of_variant("monthly_hours")


def has_end(subject: Subject) -> object:
    """Whether the variant goes by itself: an inference experiment runs it, for 30 days at most."""
    return subject.variant if isinstance(subject.variant, Unknown) else _monthly_hours(subject) is not None


def variant_monthly(bound: str) -> Getter:
    """A bound of what the variant costs a month."""

    def get(subject: Subject) -> object:
        if isinstance(subject.variant, Unknown):
            return subject.variant
        cost = subject.variant_cost()
        return amount_of(cost.monthly, bound) if cost else subject.variant and _UNPRICED

    return get


_initial_count = of_variant("initial_instance_count")


def expected_instances(subject: Subject) -> object:
    """How many instances are expected to run; the initial count where there is no estimate.

    Where the initial count is unknown and no usage says more, the estimate is a least, which is no expectation.
    """
    part, initial = subject.cost_component("instance"), _initial_count(subject)
    if part is None or part.count is None or isinstance(part.count.expected, Unknown):
        return initial
    return initial if isinstance(initial, Unknown) and part.demand is None else part.count.expected


def scaled_label(subject: Subject) -> object:
    """The endpoint, and the variant or inference component that is scaled."""
    component = subject.component
    if component is None:
        return f"{label(subject)} / {variant_label(subject)}"
    if isinstance(component, Unknown):
        return f"{label(subject)} / an inference component"
    name = component.name.partial if isinstance(component.name, Unknown) else component.name
    return f"{label(subject)} / {name or component.address}"


def managed_scaling_effective(subject: Subject) -> object:
    """Whether SageMaker's managed scaling moves the variant's count, of which a serverless variant has none."""
    variant = subject.variant
    if isinstance(variant, InstanceVariant):
        return scaling.managed_scaling_effective(variant)
    return variant if isinstance(variant, Unknown) else None


def floor_instances(subject: Subject) -> object:
    """The fewest instances that are reached; at least what is known of it."""
    part, variant = subject.cost_component("instance"), subject.variant
    if not isinstance(variant, InstanceVariant) or part is None or part.count is None:
        return variant if isinstance(variant, Unknown) else None
    target = variant.scaling
    bound = target.min_capacity if isinstance(target, ScalableTarget) else target
    unknown = next((one for one in (variant.initial_instance_count, bound) if isinstance(one, Unknown)), None)
    return part.count.floor if unknown is None else Unknown(unknown.reason, at_least=part.count.floor)


def instances_reach_zero(subject: Subject) -> object:
    """Whether it can be left without any instance; None of a serverless variant."""
    variant, endpoint = subject.variant, subject.endpoint
    if not isinstance(variant, InstanceVariant) or endpoint is None:
        return variant if isinstance(variant, Unknown) else None
    if isinstance(endpoint.mode, Unknown):
        return endpoint.mode
    if endpoint.mode == "realtime":
        return scaling.instances_reach_zero(endpoint, variant)
    target = variant.scaling
    return scaling.reaches_zero(target) if isinstance(target, ScalableTarget) else target or False


def name_is_generated(subject: Subject) -> object:
    """Whether Terraform makes up its name, another one for each new configuration."""
    if isinstance(subject.variant, Unknown):
        return subject.variant
    name = _variant_name(subject)
    if not isinstance(name, Unknown):
        return False
    return name.reason == GENERATED or name


def previous_variant(subject: Subject) -> InstanceVariant | ServerlessVariant | Unknown | None:
    """The variant of that name before the change; None where there was none."""
    endpoint, variant = subject.endpoint, subject.variant
    before = subject.world.before if subject.world else None
    if variant is None or endpoint is None or isinstance(variant, Unknown):
        return variant
    if before is None:
        return NO_PAST
    previous = before.get(endpoint.address)
    variants = previous.variants if previous else ()
    if isinstance(variants, Unknown):
        return variants
    if variants and isinstance(variant.name, Unknown):
        return variant.name
    return next((one for one in variants if one.name == variant.name), None)


def previous_instance_type(subject: Subject) -> object:
    """The type of the variant of that name before the change; None where there was none."""
    own = previous_variant(subject)
    if own is None or isinstance(own, Unknown):
        return own
    return SENSITIVE_TYPE if own.sensitive else getattr(own, "instance_type", None)


def serverless_offered(subject: Subject) -> object:
    """Whether the price table of the region has serverless inference; None of a variant on instances."""
    endpoint, variant, world = subject.endpoint, subject.variant, subject.world
    if not isinstance(variant, ServerlessVariant) or endpoint is None or world is None:
        return variant if isinstance(variant, Unknown) else None
    if isinstance(endpoint.region, Unknown):
        return endpoint.region
    return world.serverless(endpoint.region)


# Its model -----------------------------------------------------------------------------------------------------------


def _model(subject: Subject) -> Model | Unknown | None:
    """What the variant serves; None where it names no model, as a host of inference components does."""
    variant = subject.variant
    model = getattr(variant, "model", None)
    if isinstance(model, Model):  # as nearly always
        return model
    if variant is None or isinstance(variant, Unknown) or variant.model is not None:
        return variant if variant is None or isinstance(variant, Unknown) else variant.model
    if variant.model_name is None or isinstance(variant.model_name, Unknown):
        return variant.model_name
    return Unknown("its model is managed elsewhere")


def model_here(subject: Subject) -> object:
    """Whether its model is declared in what is checked, so that there is something to ask of it."""
    variant = subject.variant
    if isinstance(getattr(variant, "model", None), Model):
        return True
    return variant if variant is None or isinstance(variant, Unknown) else False


def model_is_misnamed(subject: Subject) -> object:
    """Whether it names no model of the stack, and one of them almost; Unknown where nobody knows what it names."""
    variant = subject.variant
    if variant is None or isinstance(variant, Unknown):
        return variant
    return variant.model_name if isinstance(variant.model_name, Unknown) else variant.model_meant is not None


def of_model(name: str) -> Getter:
    """An attribute of the model that the variant serves."""

    def get(subject: Subject) -> object:
        model = _model(subject)
        return model if model.__class__ is Unknown else getattr(model, name, None)

    return get


@lru_cache(maxsize=1024)
def image(path: object) -> "Image | None":
    """What the path of an image says; None of what is not known, or lies outside of ECR."""
    if not isinstance(path, str):
        return None
    from guardrail.policy.images import image_of

    return image_of(path)


def of_image(name: str) -> Getter:
    """What the image of its first container says; None where that is not in ECR, or does not say."""

    def get(subject: Subject) -> object:
        path = IMAGE(subject)
        return path if isinstance(path, Unknown) else getattr(image(path), name, None)

    return get


def over_containers(combine: Callable[[tuple[Container, ...]], object]) -> Getter:
    """A fact of the containers of the variant's model, in their order."""
    containers = of_model("containers")

    def get(subject: Subject) -> object:
        found = containers(subject)
        return combine(found) if isinstance(found, tuple) else found

    return get


def any_container(holds: Callable[[Container], bool | Unknown]) -> Getter:
    """Whether something is true of one of the containers; an unknown one leaves it open where none is known to be."""
    return over_containers(lambda found: any_of([holds(each) for each in found]))


def _is_multi_model(container: Container) -> bool | Unknown:
    return container.mode if isinstance(container.mode, Unknown) else container.mode == "MultiModel"


def accelerators_required(subject: Subject) -> object:
    """How many accelerators its inference components ask for, all copies together; None where it hosts none."""
    found = subject.parts("components")
    if isinstance(found, Unknown):
        return found
    asked = [_accelerators_of(one.component) for one in found]
    return next((one for one in asked if isinstance(one, Unknown)), None) or (sum(asked) if asked else None)  # type: ignore[arg-type] # none is Unknown


def _accelerators_of(component: InferenceComponent | Unknown | None) -> Decimal | Unknown:
    if component is None or isinstance(component, Unknown):
        return component or Decimal(0)
    copies = 0 if component.copies is None else component.copies  # an adapter runs inside its base
    if isinstance(copies, Unknown) or isinstance(component.accelerators, Unknown):
        return copies if isinstance(copies, Unknown) else component.accelerators  # type: ignore[return-value] # Unknown
    return Decimal(str(component.accelerators or 0)) * copies


def accelerators_kept(subject: Subject) -> object:
    """How many accelerators the fewest instances of it have."""
    each, instances = ACCELERATORS(subject), floor_instances(subject)
    unknown = next((one for one in (each, instances) if isinstance(one, Unknown)), None)
    if unknown is not None or each is None or instances is None:
        return unknown
    return each * instances


IMAGE = over_containers(lambda found: found[0].image if found else None)
MULTI_MODEL = any_container(_is_multi_model)
DATA_SOURCE = any_container(lambda container: container.has_data_source)
PRIVATE_REGISTRY = any_container(lambda container: container.private_registry)
CONTAINERS = over_containers(len)


# Its instance type ---------------------------------------------------------------------------------------------------


def pool_price_ratio(subject: Subject) -> object:
    """What the dearest of its pools costs, by the price of the first priority; None where it has no pools."""
    types = subject.instance_types()
    if len(types) < 2:  # noqa: PLR2004 - of one there is no other
        return types[0] if types and isinstance(types[0], Unknown) else None
    prices = [one if isinstance(one, Unknown) else _hourly_usd(subject, one) for one in types]
    first, dearest = prices[0], most(prices)
    if isinstance(first, Unknown) or not isinstance(first, Decimal) or not first:
        return first if isinstance(first, Unknown) else None
    if isinstance(dearest, Unknown):
        return Unknown(dearest.reason, at_least=dearest.at_least and dearest.at_least / first)
    return dearest / first


def over_types(of_type: Callable[[Subject, str], object], combine: Callable[[list[Any]], Any]) -> Getter:
    """A fact of the variant's instance type; of all the types of its pools, some perhaps Unknown, combined."""

    def get(subject: Subject) -> object:
        types = subject.instance_types()
        if len(types) == 1:  # as nearly always
            (only,) = types
            return of_type(subject, only) if isinstance(only, str) else only
        return (
            combine([name if isinstance(name, Unknown) else of_type(subject, name) for name in types])
            if types
            else None
        )

    return get


def of_spec(read: Callable[[InstanceSpec], Any], combine: Callable[[list[Any]], Any]) -> Getter:
    """A fact of the specification of the instance type."""

    def of_type(subject: Subject, instance_type: str) -> object:
        spec = subject.world.spec(instance_type) if subject.world else None
        return read(spec) if isinstance(spec, InstanceSpec) else spec

    return over_types(of_type, combine)


def instance_types(subject: Subject) -> object:
    """The instance type of the variant, or those of its pools."""
    types = subject.instance_types()
    return next((one for one in types if isinstance(one, Unknown)), None) or types or None


def instance_label(subject: Subject) -> object:
    """The instance type of the variant, or those of its pools, or that it is not known."""
    types = subject.instance_types()
    return " or ".join("(unknown type)" if isinstance(one, Unknown) else one for one in types) or None


def _parts(values: list[Any]) -> tuple[list[Any], Unknown | None]:
    """What is known of the values, and why the first of the others is not."""
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    return [value for value in values if not isinstance(value, Unknown)], unknown


def _first(values: list[Any]) -> Any:
    return values[0]


def _all_families(values: list[Any]) -> Any:
    known, unknown = _parts(values)
    return unknown or tuple(dict.fromkeys(known))


def most(values: list[Any]) -> Any:
    """The greatest; where some are unknown, it is at least the greatest of the others."""
    known, unknown = _parts(values)
    if unknown is None or not known:
        return unknown or max(known)
    return Unknown(unknown.reason, at_least=Decimal(str(max(known))))


def any_of(values: list[Any]) -> Any:
    """Whether one of the values is true; Unknown where one may be and none surely is."""
    if not any(values):  # an unknown one is true to Python
        return False
    known, unknown = _parts(values)
    return True if any(known) else unknown or False


def _all(values: list[Any]) -> Any:
    known, unknown = _parts(values)
    return False if not all(known) else unknown or True


def _hourly_usd(subject: Subject, instance_type: str) -> object:
    """The price that the estimate rests on, where it is of this very type; else the hosting price."""
    endpoint, world = subject.endpoint, subject.world
    if endpoint is None or world is None or isinstance(endpoint.region, Unknown):
        return endpoint.region if endpoint else None
    part = subject.cost_component("instance")
    if part is not None and isinstance(part.price, Price) and part.price.instance_type == instance_type:
        return part.price.usd
    return world.hourly(endpoint.region, instance_type)


def _misnamed(instance_type: str) -> str | None:
    """``ml.m5.xlarge`` of ``m5.xlarge``, ``ML.m5.xlarge`` or ``db.m5.xlarge``; None of what begins as a type does."""
    if instance_type.startswith("ml."):
        return None
    words = instance_type.lower().split(".")
    return ".".join(("ml", *(words if len(words) <= _PARTS_OF_A_TYPE else words[-_PARTS_OF_A_TYPE:])))


_PARTS_OF_A_TYPE = 2
"""Family and size, behind ``ml.``."""


def _offered(subject: Subject, instance_type: str) -> object:
    if _misnamed(instance_type) is not None:
        return False
    endpoint, world = subject.endpoint, subject.world
    if endpoint is None or world is None or isinstance(endpoint.region, Unknown):
        return endpoint.region if endpoint else None
    return world.offered(endpoint.region, instance_type)


FAMILY = over_types(lambda _, name: family_of(name), _first)
HOURLY_USD = over_types(_hourly_usd, most)
VCPUS = of_spec(lambda spec: spec.vcpus, most)
ACCELERATORS = of_spec(lambda spec: spec.accelerators, most)
MEMORY_GIB = of_spec(lambda spec: spec.memory_gib, most)
BURSTABLE = of_spec(lambda spec: spec.burstable, any_of)
HOSTS_ENDPOINTS = of_spec(lambda spec: spec.hosts_endpoints, _all)
TAKES_VOLUME = of_spec(
    lambda spec: (
        Unknown(f"whether {spec.instance_type} takes a volume is not confirmed")
        if spec.takes_volume is None
        else spec.takes_volume
    ),
    _all,
)
MISNAMED = over_types(lambda _, name: _misnamed(name), lambda values: next(filter(None, values), None))
OFFERED = over_types(_offered, _all)
_FAMILIES = over_types(lambda _, name: family_of(name), _all_families)


def families(subject: Subject) -> object:
    """The families of its instance types, each once; a single one is a list too."""
    found = _FAMILIES(subject)
    return (found,) if isinstance(found, str) else found


_LIMITS = (
    ("max_vcpus", VCPUS, "vCPUs"),
    ("max_accelerators", ACCELERATORS, "accelerators"),
    ("max_memory_gib", MEMORY_GIB, "GiB"),
)


def excess(parameters: Mapping[str, Value], hourly_usd: Getter = HOURLY_USD) -> Getter:
    """What exceeds the limits: ``7.09 USD per hour (limit 2)``, ``48 vCPUs (limit 16)``."""
    limits = [
        (Decimal(str(parameters[name])), get, unit)
        for name, get, unit in (("max_hourly_usd", hourly_usd, "USD per hour"), *_LIMITS)
        if parameters.get(name) is not None
    ]

    def get(subject: Subject) -> object:
        values = [(get(subject), limit, unit) for limit, get, unit in limits]
        return tuple(
            f"{_told(value)} {unit} (limit {plain(limit)})" for value, limit, unit in values if _exceeds(value, limit)
        )

    return get


def _exceeds(value: object, limit: Decimal) -> bool:
    least, _ = _known_part(value)
    return isinstance(least, (int, float, Decimal)) and least > limit


def _told(value: Any) -> str:
    """``48``, or ``at least 48`` where the rest is not known."""
    known, about = _known_part(value)
    return f"{about}{plain(Decimal(str(known)))}"


def _known_part(value: Any) -> tuple[Any, str]:
    """The number, or the least that it can be, and the words before it."""
    return (value.at_least, "at least ") if isinstance(value, Unknown) else (value, "")


# Other types ---------------------------------------------------------------------------------------------------------


SENSITIVE_TYPE = Unknown("its instance type is sensitive")


def of_alternative(
    find: "Callable[[Subject, Mapping[str, Value]], PricedType | Unknown | None]", name: str
) -> Callable[[Mapping[str, Value]], Getter]:
    """An attribute of another instance type that is found by the policy's parameters."""

    def bind(parameters: Mapping[str, Value]) -> Getter:
        def get(subject: Subject) -> object:
            if subject.hides("variant"):
                return SENSITIVE_TYPE
            alternative = find(subject, parameters)
            return alternative if isinstance(alternative, Unknown) else getattr(alternative, name, None)

        return get

    return bind


def alternatives(parameters: Mapping[str, Value]) -> Getter:
    """The cheaper types within the limits, each with its price."""
    return _of_fitting(
        parameters,
        lambda found: tuple(
            f"{one.instance_type} ({plain(one.hourly_usd)} USD per hour{f', {one.loses}' if one.loses else ''})"
            for one in found
        ),
    )


def other_alternatives(parameters: Mapping[str, Value]) -> Getter:
    """The cheaper types within the limits but for the first, with their prices; None where there are none."""

    def in_words(found: "Sequence[PricedType]") -> str:
        others = " or ".join(f"{one.instance_type} at {plain(one.hourly_usd)}" for one in found[1:])
        return others and f"{others} USD per hour"

    return _of_fitting(parameters, in_words)


def _of_fitting(parameters: Mapping[str, Value], told: "Callable[[Sequence[PricedType]], object]") -> Getter:
    """A getter: ``told`` of the cheaper types within the limits; None where it has nothing to say."""

    def get(subject: Subject) -> object:
        found = SENSITIVE_TYPE if subject.hides("variant") else fitting(subject, parameters)
        return found if isinstance(found, Unknown) else told(found) or None

    return get


# Its scaling ---------------------------------------------------------------------------------------------------------


def wakes_from_zero(subject: Subject) -> object:
    """Whether one request, or a schedule, brings the first instance or copy back."""
    target, endpoint = subject.target, subject.endpoint
    if not isinstance(target, ScalableTarget) or endpoint is None:
        return target
    by_schedule, problem = scaling.schedule_holds_above_zero(target), wake_problem(subject)
    if problem is None or by_schedule is True:
        return True
    return problem if isinstance(problem, Unknown) else by_schedule


def metric_problems(subject: Subject) -> object:
    """What is wrong with each metric that its policies follow."""
    return _of_metrics(subject, metrics.tracking_problems)


def alarm_problems(subject: Subject) -> object:
    """Why alarms that should start its step policies never do."""
    return _of_metrics(subject, metrics.alarm_problems)


def long_cooldowns(parameters: Mapping[str, Value]) -> Getter:
    """Its policies that wait longer than the parameter ``most_seconds`` once they have acted."""
    most_s = parameters.get("most_seconds")
    if most_s is None:
        return lambda _: ()
    limit = int(str(most_s))
    return of_scaling(lambda target: scaling.long_cooldowns(target, limit))


def low_targets(parameters: Mapping[str, Value]) -> Getter:
    """Its targets that are below the parameter ``least_percent`` of each core or accelerator."""
    least = parameters.get("least_percent")
    if least is None:
        return lambda _: ()
    limit = Decimal(str(least))
    return lambda subject: _of_metrics(subject, lambda target, scaled: metrics.low_targets(target, scaled, limit))


def wake_problem(subject: Subject) -> object:
    """Why no step policy wakes it; none where one does."""
    return _of_metrics(subject, metrics.wake_problem)


def _of_metrics(subject: Subject, ask: Callable[[ScalableTarget, metrics.Scaled], object]) -> object:
    """What the metrics of a scaling target's policies and alarms say of it."""
    target, endpoint = subject.target, subject.endpoint
    if not isinstance(target, ScalableTarget) or endpoint is None:
        return target
    if subject.scaled is None:
        has_instances = subject.component is None
        subject.scaled = metrics.Scaled(
            endpoint=endpoint,
            variant=subject.variant,
            component=subject.component,
            vcpus=VCPUS(subject) if has_instances else None,
            accelerators=ACCELERATORS(subject) if has_instances else None,
        )
    return ask(target, subject.scaled)


# Its parts -----------------------------------------------------------------------------------------------------------


def of_item(name: str) -> Getter:
    """An attribute of the pool, scaling policy or scheduled action that is asked about."""
    return lambda subject: getattr(subject.item, name, None)


def pool_hourly_usd(subject: Subject) -> object:
    """The price of one instance of the pool."""
    name = getattr(subject.item, "instance_type", None)
    return _hourly_usd(subject, name) if isinstance(name, str) else name


def scaling_policy_type(subject: Subject) -> object:
    """How the policy scales; one of an unknown type may be of use or not."""
    policy = subject.item
    if isinstance(policy, OtherScalingPolicy):
        return policy.policy_type if isinstance(policy.policy_type, Unknown) else "other"
    return "step" if isinstance(policy, StepScalingPolicy) else "target-tracking"


def scaling_policy_metrics(subject: Subject) -> object:
    """The metrics that target tracking follows, or that the alarms of steps watch."""
    policy = subject.item
    sources: Any = getattr(policy, "metrics", None) if isinstance(policy, TargetTrackingPolicy) else None
    sources = policy.alarms if isinstance(policy, StepScalingPolicy) else sources or ()
    if isinstance(sources, Unknown):
        return sources
    names = [one.metric_name if isinstance(one, Alarm) else one.name for one in sources]
    return next((name for name in names if isinstance(name, Unknown)), None) or tuple(filter(None, names))


# Everything together -------------------------------------------------------------------------------------------------


def of_totals(moment: str, bound: str) -> Getter:
    """A bound of the totals before or after the change, or of their difference."""

    def get(subject: Subject) -> object:
        totals = subject.totals()
        if totals is None:
            return Unknown("what everything costs together is not known here")
        amounts = getattr(totals, moment)
        if isinstance(amounts, Monthly):
            return amount_of(amounts, bound)
        if moment == "delta" and amounts is None:
            return NO_PAST
        return getattr(amounts, bound, None)

    return get


def short_budgets(subject: Subject) -> object:
    """Budgets of AWS below what SageMaker alone is expected to cost; None where there is none to hold against it."""
    totals = subject.totals()
    return totals and totals.short_budgets


def group_key(subject: Subject) -> object:
    """What the endpoints of the group have in common."""
    return subject.group.key if subject.group else None


NO_PAST = Unknown("nothing tells what stood before the change")


def totals_excess(parameters: Mapping[str, Value]) -> Getter:
    """Each limit on the totals that is broken, and by how much.

    ``the ceiling is 1,200.00 USD a month, 200.00 above the budget of 1,000.00``.
    """
    limits = [
        (sentence, of_totals(moment, bound), Decimal(str(parameters[name])))
        for name, sentence, moment, bound in _BUDGETS
        if parameters.get(name) is not None
    ]

    def get(subject: Subject) -> object:
        values = [(sentence, read(subject), limit) for sentence, read, limit in limits]
        return tuple(_broken(sentence, value, limit) for sentence, value, limit in values if _exceeds(value, limit))

    return get


def _broken(sentence: str, value: Any, limit: Decimal) -> str:
    known, about = _known_part(value)
    amount, excess = two_decimals(known), two_decimals(known - limit)
    return f"{sentence.format(f'{about}{amount} USD a month')}, {excess} above the budget of {two_decimals(limit)}"


_BUDGETS = (
    ("max_floor_usd", "the floor is {}", "after", "floor"),
    ("max_expected_usd", "the expected cost is {}", "after", "expected"),
    ("max_ceiling_usd", "the ceiling is {}", "after", "ceiling"),
    ("max_increase_floor_usd", "the change adds {} to the floor", "delta", "floor"),
    ("max_increase_expected_usd", "the change adds {} to the expected cost", "delta", "expected"),
    ("max_increase_ceiling_usd", "the change adds {} to the ceiling", "delta", "ceiling"),
)


def complete(subject: Subject) -> object:
    """True, or Unknown: an incomplete total is below a limit only as far as is known."""
    totals = subject.totals()
    if totals is None or not totals.after.at_least:
        return True
    return Unknown("something that belongs to the total is unpriced or unknown")


def never(_: Subject) -> object:
    """The getter of a field that waits for the parameters of a policy."""
    raise AssertionError("bound when its policy is compiled")
