"""Every field that a condition or a message may name, with its type, unit and meaning.

``docs/fields.md`` and the field names in ``policies/schema.json`` are generated from `FIELDS`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from guardrail import scaling
from guardrail.cost.base import Price
from guardrail.cost.price_book import InstanceSpec
from guardrail.model import InstanceVariant, ScalableTarget, ServerlessVariant, Unknown
from guardrail.cost.alternatives import Alternative
from guardrail.policy.alternative import cheapest, family_of, fitting, next_generation
from guardrail.money import plain
from guardrail.policy.policy import PRODUCTION, AppliesTo, Value
from guardrail.policy.subject import Subject

FieldType: TypeAlias = Literal["string", "integer", "number", "usd", "boolean", "strings", "mapping", "object"]
Getter: TypeAlias = Callable[[Subject], Any]
Secrecy: TypeAlias = Literal["variant", "target"]

_VARIANTS: tuple[AppliesTo, ...] = ("variant", "scalable_target")
_SCALED: tuple[AppliesTo, ...] = ("variant", "scalable_target", "inference_component")
_COMPONENTS: tuple[AppliesTo, ...] = ("scalable_target", "inference_component")
_ENDPOINTS: tuple[AppliesTo, ...] = ("endpoint", "variant", "scalable_target", "inference_component")
_STACK: tuple[AppliesTo, ...] = ("stack",)


class Field(Struct, frozen=True, kw_only=True):
    """One field."""

    path: str
    type: FieldType
    unit: str
    """Of a number; empty where it has none."""
    meaning: str
    subjects: tuple[AppliesTo, ...]
    """What a policy must apply to in order to name it."""
    get: Getter
    """Its value; None where there is none, Unknown where it cannot be known."""
    bind: Callable[[Mapping[str, Value]], Getter] | None = None
    """Makes the getter, where the value depends on the parameters of the policy."""
    secrecy: Secrecy | None = None
    """What hides it from every output when it is marked sensitive."""


# Getters


def _endpoint(name: str) -> Getter:
    return lambda subject: getattr(subject.endpoint, name)


def _variant(name: str) -> Getter:
    def get(subject: Subject) -> object:
        variant = subject.variant
        return variant if variant.__class__ is Unknown else getattr(variant, name, None)

    return get


def _target(name: str) -> Getter:
    def get(subject: Subject) -> object:
        target = subject.target
        return target if target.__class__ is Unknown else getattr(target, name, None)

    return get


def _scaling_fact(compute: Callable[[ScalableTarget, Subject], object]) -> Getter:
    def get(subject: Subject) -> object:
        target = subject.target
        return compute(target, subject) if isinstance(target, ScalableTarget) else target

    return get


def _component(name: str) -> Getter:
    def get(subject: Subject) -> object:
        component = subject.component
        return component if component.__class__ is Unknown else getattr(component, name, None)

    return get


def _spec(read: Callable[[InstanceSpec], Any], combine: Callable[[list[Any]], Any]) -> Getter:
    """A fact of the variant's instance type; of all the types of its pools, as ``combine`` says."""

    def of_type(subject: Subject, instance_type: str | Unknown) -> object:
        if isinstance(instance_type, Unknown) or subject.world is None:
            return instance_type
        spec = subject.world.spec(instance_type)
        return spec if isinstance(spec, Unknown) else read(spec)

    return _over_types(of_type, combine)


def _over_types(of_type: Callable[[Subject, str | Unknown], object], combine: Callable[[list[Any]], Any]) -> Getter:
    def get(subject: Subject) -> object:
        variant = subject.variant
        if variant.__class__ is InstanceVariant and variant.instance_type is not None:  # type: ignore[union-attr]
            return of_type(subject, variant.instance_type)  # type: ignore[union-attr]
        values = [of_type(subject, instance_type) for instance_type in subject.instance_types()]
        if not values:
            return None
        return next((value for value in values if isinstance(value, Unknown)), None) or combine(values)

    return get


def _hourly(subject: Subject, instance_type: str | Unknown) -> object:
    """USD per hour: the price of the estimate where it is of this very type, else the hosting price."""
    if isinstance(instance_type, Unknown):
        return instance_type
    endpoint, world = subject.endpoint, subject.world
    region = endpoint.region if endpoint else Unknown("there is no endpoint")
    if isinstance(region, Unknown) or world is None:
        return region
    part = subject.cost_component("instance")
    if part is not None and isinstance(part.price, Price) and part.price.usage_type.endswith(f":{instance_type}"):
        return part.price.usd
    return world.hourly(region, instance_type)


def _offered(subject: Subject, instance_type: str | Unknown) -> object:
    if isinstance(instance_type, Unknown):
        return instance_type
    endpoint, world = subject.endpoint, subject.world
    if endpoint is None or world is None or isinstance(endpoint.region, Unknown):
        return endpoint.region if endpoint else None
    return world.prices.offered(endpoint.region, instance_type)


def _region(subject: Subject) -> object:
    return subject.endpoint.region if subject.endpoint else None


def _environment(subject: Subject) -> str:
    return PRODUCTION if isinstance(subject.environment, Unknown) else subject.environment


def _kind(subject: Subject) -> object:
    variant = subject.variant
    if isinstance(variant, InstanceVariant):
        return "instance"
    return "serverless" if isinstance(variant, ServerlessVariant) else variant


def _shadow(subject: Subject) -> object:
    variant = subject.variant
    return False if isinstance(variant, ServerlessVariant) else _variant("shadow")(subject)


def _first(values: list[Any]) -> Any:  # noqa: ANN401 - whatever they are
    return values[0]


def _endpoint_label(subject: Subject) -> object:
    endpoint = subject.endpoint
    if endpoint is None:
        return None
    return endpoint.address if isinstance(endpoint.name, Unknown) else endpoint.name


def _variant_label(subject: Subject) -> object:
    name = _variant("name")(subject)
    return f"variant {subject.index}" if isinstance(name, Unknown) else name


def _types(subject: Subject) -> object:
    types = subject.instance_types()
    return next((one for one in types if isinstance(one, Unknown)), None) or types or None


def _production_variant_count(subject: Subject) -> object:
    variants = subject.endpoint.variants if subject.endpoint else None
    if variants is None or isinstance(variants, Unknown):
        return variants
    return sum(1 for variant in variants if isinstance(variant, ServerlessVariant) or not variant.shadow)


def _hosts_components(subject: Subject) -> object:
    """Whether a component of the endpoint is hosted here; Unknown where one may be."""
    components = subject.endpoint.inference_components if subject.endpoint else None
    return components if components is None or isinstance(components, Unknown) else bool(components)


def _endpoint_monthly(bound: str) -> Getter:
    return lambda subject: getattr(subject.cost.monthly, bound) if subject.cost else None


def _variant_monthly(bound: str) -> Getter:
    def get(subject: Subject) -> object:
        if isinstance(subject.variant, Unknown):
            return subject.variant
        cost = subject.variant_cost()
        return getattr(cost.monthly, bound) if cost else None

    return get


def _totals(moment: str, bound: str) -> Getter:
    def get(subject: Subject) -> object:
        totals = getattr(subject.stack, moment)
        return getattr(totals, bound) if totals is not None else None

    return get


def _complete(subject: Subject) -> object:
    """True, or Unknown: an incomplete total is below a limit only for all that is known."""
    totals = subject.stack.after if subject.stack else None
    if totals is None or not totals.at_least:
        return True
    return Unknown("something that belongs to the total is unpriced or unknown")


def _managed_scaling(name: str) -> Getter:
    def get(subject: Subject) -> object:
        managed = _variant("managed_scaling")(subject)
        return managed if isinstance(managed, Unknown) else getattr(managed, name, None)

    return get


def _managed_scaling_effective(subject: Subject) -> object:
    variant = subject.variant
    return scaling.managed_scaling_effective(variant) if isinstance(variant, InstanceVariant) else variant


def _resource_name(subject: Subject) -> str | Unknown | None:
    """The name that a wake-up alarm has as its dimension: the component's, or the endpoint's."""
    if subject.component is not None:
        component = subject.component
        return component if isinstance(component, Unknown) else component.name
    return subject.endpoint.name if subject.endpoint else None


def _mode(subject: Subject) -> Any:  # noqa: ANN401 - a Mode, Unknown, or None of a stack
    return subject.endpoint.mode if subject.endpoint else None


def _reaches_zero(target: ScalableTarget, _: Subject) -> object:
    return scaling.minimum_reaches_zero(target)


def _of_alternative(
    find: Callable[[Subject, Mapping[str, Value]], Alternative | Unknown | None], name: str
) -> Callable[[Mapping[str, Value]], Getter]:
    def bind(parameters: Mapping[str, Value]) -> Getter:
        def get(subject: Subject) -> object:
            alternative = find(subject, parameters)
            return alternative if isinstance(alternative, Unknown) else getattr(alternative, name, None)

        return get

    return bind


def _alternatives(parameters: Mapping[str, Value]) -> Getter:
    def get(subject: Subject) -> object:
        found = fitting(subject, parameters)
        if isinstance(found, Unknown):
            return found
        return tuple(f"{one.instance_type} ({plain(one.hourly_usd)} USD per hour)" for one in found) or None

    return get


def _excess(parameters: Mapping[str, Value]) -> Getter:
    """What exceeds the limits: ``7.09 USD per hour (limit 2)``, ``48 vCPUs (limit 16)``."""
    limits = (
        ("max_hourly_usd", "instance.hourly_usd"),
        ("max_vcpus", "instance.vcpus"),
        ("max_accelerators", "instance.accelerators"),
        ("max_memory_gib", "instance.memory_gib"),
    )

    def get(subject: Subject) -> object:
        found = []
        for name, path in limits:
            limit, field = parameters.get(name), FIELDS[path]
            value = None if limit is None else field.get(subject)
            if isinstance(value, (int, Decimal)) and value > Decimal(str(limit)):
                found.append(f"{plain(Decimal(value))} {field.unit} (limit {limit})")
        return tuple(found)

    return get


def _missing_tags(parameters: Mapping[str, Value]) -> Getter:
    required = parameters.get("required_tags")

    def get(subject: Subject) -> object:
        tags = subject.endpoint.tags if subject.endpoint else {}
        if isinstance(tags, Unknown):
            return tags
        return tuple(tag for tag in required if tag not in tags) if isinstance(required, tuple) else None

    return get


def _never(_: Subject) -> object:
    raise AssertionError("a field that needs parameters is bound when it is compiled")


# The registry


def _fields(  # noqa: PLR0913 - what a group of fields shares
    rows: tuple[tuple[str, FieldType, str, str, Getter], ...],
    *,
    subjects: tuple[AppliesTo, ...],
    secrecy: Secrecy | None = None,
) -> dict[str, Field]:
    return {
        path: Field(path=path, type=kind, unit=unit, meaning=meaning, subjects=subjects, get=get, secrecy=secrecy)
        for path, kind, unit, meaning, get in rows
    }


_MONTH = "USD a month"
_HOUR = "USD per hour"

_ENDPOINT_FIELDS = _fields(
    (
        ("endpoint.address", "string", "", "Address of its block.", _endpoint("address")),
        ("endpoint.name", "string", "", "Its name.", _endpoint("name")),
        ("endpoint.label", "string", "", "Its name, or its address where that is not known.", _endpoint_label),
        ("endpoint.region", "string", "", "Region code, such as us-east-1.", _region),
        ("endpoint.mode", "string", "", "realtime, async or serverless.", _mode),
        (
            "endpoint.environment",
            "string",
            "",
            "Its environment by tag or name; production where that is unknown.",
            _environment,
        ),
        ("endpoint.tags", "mapping", "", "Its tags, the provider's or stack's defaults among them.", _endpoint("tags")),
        (
            "endpoint.change",
            "string",
            "",
            "What the change does to it: create, update, replace or no-op.",
            _endpoint("change"),
        ),
        (
            "endpoint.deployed",
            "string",
            "",
            "yes; possibly, where an endpoint that could not be resolved may use the configuration; no, where nothing can.",
            _endpoint("deployed"),
        ),
        (
            "endpoint.configuration_address",
            "string",
            "",
            "Address of its configuration; none where that is managed elsewhere.",
            _endpoint("configuration_address"),
        ),
        (
            "endpoint.keeps_previous_configuration",
            "boolean",
            "",
            "Whether its configuration is replaced under the same name, so that what runs stays as it was.",
            _endpoint("keeps_previous_configuration"),
        ),
        (
            "endpoint.production_variant_count",
            "integer",
            "",
            "How many variants it has without the shadow variants.",
            _production_variant_count,
        ),
        (
            "endpoint.hosts_inference_components",
            "boolean",
            "",
            "Whether inference components are placed on its instances.",
            _hosts_components,
        ),
        (
            "endpoint.data_capture_percent",
            "number",
            "percent",
            "Share of requests captured to S3; none where data capture is off.",
            _endpoint("data_capture_percent"),
        ),
        ("endpoint.monthly_floor_usd", "usd", _MONTH, "The least that it costs.", _endpoint_monthly("floor")),
        ("endpoint.monthly_expected_usd", "usd", _MONTH, "What it is expected to cost.", _endpoint_monthly("expected")),
        ("endpoint.monthly_ceiling_usd", "usd", _MONTH, "The most that it can cost.", _endpoint_monthly("ceiling")),
    ),
    subjects=_ENDPOINTS,
)

_VARIANT_FIELDS = _fields(
    (
        ("variant.name", "string", "", "Its name.", _variant("name")),
        ("variant.label", "string", "", "Its name, or its number where that is not known.", _variant_label),
        ("variant.kind", "string", "", "instance or serverless.", _kind),
        ("variant.shadow", "boolean", "", "Whether it is a shadow variant.", _shadow),
        ("variant.weight", "number", "", "initial_variant_weight; 1 where unset.", _variant("weight")),
        ("variant.model_name", "string", "", "Its model; none on a host of components.", _variant("model_name")),
        ("variant.monthly_floor_usd", "usd", _MONTH, "The least that it costs.", _variant_monthly("floor")),
        ("variant.monthly_expected_usd", "usd", _MONTH, "What it is expected to cost.", _variant_monthly("expected")),
        ("variant.monthly_ceiling_usd", "usd", _MONTH, "The most that it can cost.", _variant_monthly("ceiling")),
    ),
    subjects=_VARIANTS,
) | _fields(
    (
        (
            "variant.instance_type",
            "string",
            "",
            "Its instance type; none where instance pools say it instead.",
            _variant("instance_type"),
        ),
        (
            "variant.initial_instance_count",
            "integer",
            "instances",
            "How many instances it starts with.",
            _variant("initial_instance_count"),
        ),
        (
            "variant.volume_size_gb",
            "integer",
            "GB",
            "volume_size_in_gb; none where the default of the type applies.",
            _variant("volume_size_gb"),
        ),
        ("variant.memory_mib", "integer", "MiB", "Memory size of a serverless variant.", _variant("memory_mib")),
        (
            "variant.max_concurrency",
            "integer",
            "requests",
            "Most concurrent requests of a serverless variant.",
            _variant("max_concurrency"),
        ),
        (
            "variant.provisioned_concurrency",
            "integer",
            "slots",
            "Slots kept warm; none where all compute is on demand.",
            _variant("provisioned_concurrency"),
        ),
        (
            "managed_scaling.status",
            "string",
            "",
            "ENABLED or DISABLED; none without managed instance scaling.",
            _managed_scaling("status"),
        ),
        (
            "managed_scaling.min_instance_count",
            "integer",
            "instances",
            "Its lower bound.",
            _managed_scaling("min_instance_count"),
        ),
        (
            "managed_scaling.max_instance_count",
            "integer",
            "instances",
            "Its upper bound.",
            _managed_scaling("max_instance_count"),
        ),
        (
            "managed_scaling.effective",
            "boolean",
            "",
            "Whether it moves the count: enabled, on a variant that names no model.",
            _managed_scaling_effective,
        ),
        ("instance.types", "strings", "", "The instance type, or those of the pools.", _types),
        (
            "instance.family",
            "string",
            "",
            "Such as m5; of instance pools the first priority's.",
            _over_types(lambda _, name: name if isinstance(name, Unknown) else family_of(name), _first),
        ),
        (
            "instance.hourly_usd",
            "usd",
            _HOUR,
            "Price of one instance; of instance pools the dearest.",
            _over_types(_hourly, max),
        ),
        ("instance.vcpus", "integer", "vCPUs", "Of one instance; of pools the most.", _spec(lambda s: s.vcpus, max)),
        (
            "instance.accelerators",
            "integer",
            "accelerators",
            "GPUs or Neuron devices of one instance; of pools the most.",
            _spec(lambda spec: spec.accelerators, max),
        ),
        (
            "instance.memory_gib",
            "number",
            "GiB",
            "Memory of one instance; of pools the most.",
            _spec(lambda spec: spec.memory_gib, max),
        ),
        (
            "instance.burstable",
            "boolean",
            "",
            "Whether the type is burstable, which Application Auto Scaling does not take.",
            _spec(lambda spec: spec.burstable, any),
        ),
        (
            "instance.offered_in_region",
            "boolean",
            "",
            "Whether the availability table has the type in the region; of pools every one.",
            _over_types(_offered, all),
        ),
    ),
    subjects=_VARIANTS,
    secrecy="variant",
)

_SCALING_FIELDS = _fields(
    (
        (
            "scaling",
            "object",
            "",
            "The Application Auto Scaling target of the variant or component.",
            lambda subject: subject.target,
        ),
        ("scaling.dimension", "string", "", "What it scales, as the API names it.", _target("dimension")),
        ("scaling.min_capacity", "integer", "instances, copies or slots", "Its minimum.", _target("min_capacity")),
        ("scaling.max_capacity", "integer", "instances, copies or slots", "Its maximum.", _target("max_capacity")),
        (
            "scaling.lowest_capacity",
            "integer",
            "instances, copies or slots",
            "The least of its own and its scheduled actions' bounds.",
            _scaling_fact(lambda target, _: scaling.lowest_capacity(target)),
        ),
        (
            "scaling.highest_capacity",
            "integer",
            "instances, copies or slots",
            "The greatest of its own and its scheduled actions' bounds.",
            _scaling_fact(lambda target, _: scaling.highest_capacity(target)),
        ),
        (
            "scaling.policy_count",
            "integer",
            "",
            "How many scaling policies it has, of whatever use.",
            _scaling_fact(lambda target, _: scaling.policy_count(target)),
        ),
        (
            "scaling.scheduled_action_count",
            "integer",
            "",
            "How many scheduled actions it has.",
            _scaling_fact(lambda target, _: scaling.scheduled_action_count(target)),
        ),
        (
            "scaling.target_tracking_count",
            "integer",
            "",
            "How many of its policies are target tracking.",
            _scaling_fact(lambda target, _: scaling.target_tracking_count(target)),
        ),
        (
            "scaling.has_dynamic_policy",
            "boolean",
            "",
            "Whether a policy answers the load: target tracking with a metric, or steps with an alarm.",
            _scaling_fact(lambda target, _: scaling.has_dynamic_policy(target)),
        ),
        (
            "scaling.can_scale_in",
            "boolean",
            "",
            "Whether anything ever takes capacity away.",
            _scaling_fact(lambda target, _: scaling.can_scale_in(target)),
        ),
        (
            "scaling.reaches_zero",
            "boolean",
            "",
            "Whether its minimum is 0, at all times or when its schedule sets it so.",
            _scaling_fact(_reaches_zero),
        ),
        (
            "scaling.schedule_holds_above_zero",
            "boolean",
            "",
            "Whether a scheduled action sets a minimum above 0.",
            _scaling_fact(lambda target, _: scaling.schedule_holds_above_zero(target)),
        ),
        (
            "scaling.wakes_from_zero",
            "boolean",
            "",
            "Whether one request, or a schedule, brings the first instance or copy back.",
            _scaling_fact(lambda target, subject: scaling.wakes_from_zero(target, _mode(subject), _resource_name(subject))),
        ),
        (
            "scaling.unpublished_metrics",
            "strings",
            "",
            "Metrics that its policies follow and that SageMaker never publishes.",
            _scaling_fact(lambda target, subject: scaling.unpublished_metrics(target, _mode(subject))),
        ),
    ),
    subjects=_SCALED,
    secrecy="target",
)

_COMPONENT_FIELDS = _fields(
    (
        ("component.name", "string", "", "Name of the inference component.", _component("name")),
        ("component.variant_name", "string", "", "The variant it stands on.", _component("variant_name")),
        ("component.copies", "integer", "copies", "How many; none for an adapter.", _component("copies")),
    ),
    subjects=_COMPONENTS,
)

_STACK_FIELDS = _fields(
    tuple(
        (f"totals.{moment}.{bound}", "usd", _MONTH, f"{meaning}: {words}.", _totals(moment, bound))
        for moment, meaning in (
            ("before", "What everything cost before the change"),
            ("after", "What everything will cost"),
            ("delta", "What the change adds"),
        )
        for bound, words in (("floor", "the least"), ("expected", "as expected"), ("ceiling", "the most"))
    )
    + (
        (
            "totals.after.complete",
            "boolean",
            "",
            "True, or unknown where something that belongs to the total is unpriced or unknown.",
            _complete,
        ),
    ),
    subjects=_STACK,
)


def _bound(path: str, kind: FieldType, unit: str, meaning: str, bind: Callable[[Mapping[str, Value]], Getter]) -> Field:
    return Field(
        path=path,
        type=kind,
        unit=unit,
        meaning=meaning,
        subjects=_VARIANTS,
        get=_never,
        bind=bind,
        secrecy="variant",
    )


_ALTERNATIVE_FIELDS = {
    field.path: field
    for field in (
        _bound(
            "alternative.instance_type",
            "string",
            "",
            "The cheapest type that is cheaper and within the policy's limits (max_hourly_usd, max_vcpus, "
            "max_accelerators, max_memory_gib); none where there is none.",
            _of_alternative(cheapest, "instance_type"),
        ),
        _bound(
            "alternative.hourly_usd", "usd", _HOUR, "Its price in the region.", _of_alternative(cheapest, "hourly_usd")
        ),
        _bound(
            "alternative.monthly_usd", "usd", _MONTH, "Its price for a month.", _of_alternative(cheapest, "monthly_usd")
        ),
        _bound("alternative.list", "strings", "", "Up to three such types with their prices.", _alternatives),
        _bound("instance.excess", "strings", "", "What exceeds these limits, each with its limit.", _excess),
        Field(
            path="endpoint.missing_tags",
            type="strings",
            unit="",
            meaning="Tags of the policy's parameter `required_tags` that it lacks.",
            subjects=_ENDPOINTS,
            get=_never,
            bind=_missing_tags,
        ),
        _bound(
            "instance.successor",
            "string",
            "",
            "The priced type that succeeds this one by the policy's parameter `successors`; none where there is none.",
            _of_alternative(next_generation, "instance_type"),
        ),
        _bound(
            "instance.successor_hourly_usd",
            "usd",
            _HOUR,
            "The successor's price in the region.",
            _of_alternative(next_generation, "hourly_usd"),
        ),
    )
}

FIELDS: dict[str, Field] = (
    _ENDPOINT_FIELDS | _VARIANT_FIELDS | _SCALING_FIELDS | _COMPONENT_FIELDS | _STACK_FIELDS | _ALTERNATIVE_FIELDS
)
"""By path, grouped as docs/fields.md has them."""
