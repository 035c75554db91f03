"""Terraform's vocabulary: what blocks of hashicorp/aws 4.x to 6.x and of hashicorp/awscc declare.

The two providers differ in shape more than in meaning: awscc has nested attributes where aws has blocks, tags as a list
of key and value, and names that follow CloudFormation. Sources: the schemas of hashicorp/aws 5.100.0 and 6.25.0, and
the documentation of hashicorp/awscc.
"""

from collections.abc import Callable, Sequence

from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Budget,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    ManagedInstanceScaling,
    Mode,
    OtherScalingPolicy,
    ScalableTarget,
    ScalingMetric,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
    Variant,
)
from guardrail.sources import elsewhere
from guardrail.sources.base import (
    AFTER_APPLY,
    OPTIONAL_AND_COMPUTED,
    SAGEMAKER_RESOURCES,
    SENSITIVE,
    Block,
    View,
    is_sagemaker,
    required,
)
from guardrail.sources.budgets import by_expression, cost_budget, covers_sagemaker, of_costs
from guardrail.sources.declarations import (
    GENERATED,
    Declaration,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredBudget,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredExperiment,
    DeclaredModel,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
    Unsupported,
    head,
)
from guardrail.sources.experiments import shadow_variants, snake_case

DIMENSIONS = frozenset({INSTANCE_COUNT, PROVISIONED_CONCURRENCY, COPY_COUNT})

AWSCC_OPTIONAL_AND_COMPUTED = OPTIONAL_AND_COMPUTED | {
    "async_inference_config",
    "base_inference_component_name",
    "data_capture_config",
    "enable_capture",
    "initial_variant_weight",
    "instance_pools",
    "managed_instance_scaling",
    "provisioned_concurrency",
    "scheduled_actions",
    "serverless_config",
    "shadow_production_variants",
    "tags",
    "disable_scale_in",
}
"""In awscc every argument that is not required is computed too."""

_OPTIONAL_AND_COMPUTED = {
    "awscc_sagemaker_inference_experiment": AWSCC_OPTIONAL_AND_COMPUTED
    | {"desired_state", "end_time", "schedule", "shadow_mode_config", "start_time"},
    "awscc_budgets_budget": AWSCC_OPTIONAL_AND_COMPUTED
    | {"billing_view_arn", "budget_limit", "cost_filters", "filter_expression"},
    "aws_budgets_budget": OPTIONAL_AND_COMPUTED | {"billing_view_arn", "cost_filters"},
}
"""Of types with arguments whose names mean something else elsewhere."""

_UNNAMED = "${…}"
"""Stands in the partial text of an unknown value for what cannot be told from anything else."""
_ENDPOINTS = frozenset({"aws_sagemaker_endpoint", "awscc_sagemaker_endpoint"})
_CONFIGURATIONS = frozenset({"aws_sagemaker_endpoint_configuration", "awscc_sagemaker_endpoint_config"})
_COMPONENTS = frozenset({"aws_sagemaker_inference_component", "awscc_sagemaker_inference_component"})
_TARGETS = frozenset({"aws_appautoscaling_target", "awscc_applicationautoscaling_scalable_target"})
_POLICIES = frozenset({"aws_appautoscaling_policy", "awscc_applicationautoscaling_scaling_policy"})


def declare(block: Block) -> Declaration | None:
    """What a block declares; None where it is not about SageMaker inference after all (an ECS scaling target)."""
    return _VOCABULARY[block.type](block)


def optional_and_computed(type_: str) -> frozenset[str]:
    """The arguments of a resource type that look unknown in a plan when they are merely unset."""
    own = _OPTIONAL_AND_COMPUTED.get(type_)
    if own is not None:
        return own
    return AWSCC_OPTIONAL_AND_COMPUTED if type_.startswith("awscc_") else OPTIONAL_AND_COMPUTED


def has_nested_attributes(type_: str) -> bool:
    """Whether the provider of a resource type writes nested attributes instead of blocks."""
    return type_.startswith("awscc_")


def _endpoint(block: Block) -> DeclaredEndpoint:
    name = "endpoint_name" if block.type.startswith("awscc_") else "name"
    return DeclaredEndpoint(
        **head(block),
        name=_name(block.attributes, name),
        symbol=_symbol(block.attributes, name),
        sensitive_name=block.attributes.is_sensitive(name),
        configuration=_link(block, "endpoint_config_name", _CONFIGURATIONS),
        tags=_tags(block),
    )


def _configuration(block: Block) -> DeclaredConfiguration:
    view = block.attributes
    name = "endpoint_config_name" if block.type.startswith("awscc_") else "name"
    views = _variant_views(view)
    variants = views if isinstance(views, Unknown) else tuple(_variant(each, shadow=shadow) for each, shadow in views)
    return DeclaredConfiguration(
        **head(block),
        name=_name(view, name),
        symbol=_symbol(view, name),
        sensitive_name=view.is_sensitive(name),
        mode=_mode(view, variants),
        variants=variants,
        sensitive_variants=frozenset(
            index
            for index, (each, _) in enumerate(() if isinstance(views, Unknown) else views)
            if each.is_sensitive("variant_name")
        ),
        data_capture_percent=_data_capture(view),
        tags=_tags(block),
    )


def _mode(view: View, variants: tuple[Variant, ...] | Unknown) -> Mode | Unknown:
    asynchronous = view.blocks("async_inference_config")
    if isinstance(asynchronous, Unknown):
        return asynchronous
    if asynchronous:
        return "async"
    if isinstance(variants, Unknown):
        return variants
    return "serverless" if any(isinstance(variant, ServerlessVariant) for variant in variants) else "realtime"


def _variant_views(view: View) -> list[tuple[View, bool]] | Unknown:
    """Each variant, and whether it is a shadow: production variants first."""
    production = view.blocks("production_variants")
    if isinstance(production, Unknown):
        return production
    shadow = view.blocks("shadow_production_variants")
    if isinstance(shadow, Unknown):
        return shadow
    if not production:
        return Unknown("production_variants is not set")
    return [(each, False) for each in production] + [(each, True) for each in shadow]


def _variant(view: View, *, shadow: bool) -> Variant:
    already_assumed = len(view.assumed)
    instance_type = view.text("instance_type")
    serverless = view.block("serverless_config") if not isinstance(instance_type, str) else None
    if isinstance(serverless, View):
        return _serverless_variant(view, serverless)
    pools = view.blocks("instance_pools")
    if instance_type is None and not pools:
        reason = "neither instance_type nor serverless_config is set"
        instance_type = serverless if isinstance(serverless, Unknown) else Unknown(reason)
    count = view.positive("initial_instance_count")
    volume = view.positive("volume_size_in_gb")
    return InstanceVariant(
        name=_variant_name(view),
        shadow=shadow,
        instance_type=pools if isinstance(pools, Unknown) else instance_type,
        initial_instance_count=required(count, "initial_instance_count"),
        weight=_weight(view),
        volume_size_gb=volume,
        model_name=view.shown("model_name"),
        managed_scaling=_managed_scaling(view),
        instance_pools=() if isinstance(pools, Unknown) else tuple(_pool(pool) for pool in pools),
        assumptions=tuple(view.assumed[already_assumed:]),
        sensitive=any(map(view.is_sensitive, ("instance_type", "initial_instance_count", "volume_size_in_gb")))
        or view.is_sensitive("managed_instance_scaling")
        or view.is_sensitive("instance_pools"),
        location=view.location("instance_type"),
        lines=view.lines("instance_type", "initial_instance_count", "volume_size_in_gb", "initial_variant_weight"),
    )


def _serverless_variant(view: View, serverless: View) -> ServerlessVariant:
    already_assumed = len(view.assumed)
    memory, concurrency = serverless.positive("memory_size_in_mb"), serverless.positive("max_concurrency")
    return ServerlessVariant(
        name=_variant_name(view),
        memory_mib=required(memory, "memory_size_in_mb"),
        max_concurrency=required(concurrency, "max_concurrency"),
        provisioned_concurrency=serverless.positive("provisioned_concurrency"),
        weight=_weight(view),
        model_name=view.shown("model_name"),
        assumptions=tuple(view.assumed[already_assumed:]),
        sensitive=view.is_sensitive("serverless_config"),
        location=view.location("serverless_config"),
        lines=serverless.lines("memory_size_in_mb", "max_concurrency", "provisioned_concurrency"),
    )


def _weight(view: View) -> float | Unknown:
    weight = view.measure("initial_variant_weight")
    return 1.0 if weight is None else weight


def _managed_scaling(view: View) -> ManagedInstanceScaling | Unknown | None:
    block = view.block("managed_instance_scaling")
    if not isinstance(block, View):
        return block
    return ManagedInstanceScaling(
        status=required(block.shown("status"), "status"),
        min_instance_count=block.integer("min_instance_count"),
        max_instance_count=block.positive("max_instance_count"),
    )


def _pool(view: View) -> InstancePool:
    return InstancePool(
        instance_type=required(view.text("instance_type"), "instance_type"),
        priority=required(view.integer("priority"), "priority"),
    )


def _data_capture(view: View) -> float | Unknown | None:
    """Captured share in percent; Terraform sends EnableCapture=false where ``enable_capture`` is unset."""
    block = view.block("data_capture_config")
    if not isinstance(block, View):
        return block
    enabled = block.boolean("enable_capture")
    if isinstance(enabled, Unknown):
        return enabled
    if enabled is None and block.nested_attributes:
        enabled = True  # awscc leaves the API's default alone, which is to capture
    return block.measure("initial_sampling_percentage") if enabled else None


def _component(block: Block) -> DeclaredComponent:
    view = block.attributes
    awscc = block.type.startswith("awscc_")
    runtime = view.block("runtime_config")
    copies = runtime.integer("copy_count") if isinstance(runtime, View) else runtime
    specification = view.block("specification")
    adapter = isinstance(specification, View) and specification.get("base_inference_component_name") is not None
    return DeclaredComponent(
        **head(block),
        symbol=_symbol(view, "inference_component_name" if awscc else "name"),
        endpoint=_link(block, "endpoint_name", _ENDPOINTS),
        sensitive_name=view.is_sensitive("inference_component_name" if awscc else "name"),
        component=InferenceComponent(
            address=block.address,
            name=_name(view, "inference_component_name" if awscc else "name"),
            variant_name=view.shown("variant_name"),
            copies=None if adapter else copies,
            location=block.location,
        ),
    )


def _suspended(state: View | Unknown | None, name: str) -> bool | Unknown:
    return (state.boolean(name) if isinstance(state, View) else state) or False


def _target(block: Block) -> DeclaredTarget | None:
    view = block.attributes
    if not _is_sagemaker(view):
        return None
    suspended = view.block("suspended_state")
    dimension = view.text("scalable_dimension")
    target = ScalableTarget(
        address=block.address,
        dimension=dimension if isinstance(dimension, str) else "",
        min_capacity=required(view.integer("min_capacity"), "min_capacity"),
        max_capacity=required(view.integer("max_capacity"), "max_capacity"),
        dynamic_scaling_in_suspended=_suspended(suspended, "dynamic_scaling_in_suspended"),
        dynamic_scaling_out_suspended=_suspended(suspended, "dynamic_scaling_out_suspended"),
        scheduled_scaling_suspended=_suspended(suspended, "scheduled_scaling_suspended"),
        sensitive=any(map(view.is_sensitive, ("min_capacity", "max_capacity", "scheduled_actions"))),
        location=block.location,
        lines=view.lines("min_capacity", "max_capacity"),
    )
    inline = view.blocks("scheduled_actions")
    if isinstance(inline, Unknown):
        actions = [ScheduledAction(address=block.address, schedule=inline, min_capacity=inline, max_capacity=inline)]
    else:
        actions = [_scheduled(block, each) for each in inline]
    return DeclaredTarget(
        **head(block),
        resource=_link(block, "resource_id", _ENDPOINTS | _CONFIGURATIONS | _COMPONENTS),
        target=target,
        inline_actions=tuple(actions),
    )


def _action(block: Block) -> DeclaredAction | None:
    view = block.attributes
    if not _is_sagemaker(view):
        return None
    return DeclaredAction(
        **head(block),
        target=_link(block, "resource_id", _TARGETS | _ENDPOINTS | _COMPONENTS),
        dimension=view.text("scalable_dimension"),
        action=_scheduled(block, view),
        sensitive=view.is_sensitive("scalable_target_action"),
    )


def _scheduled(block: Block, view: View) -> ScheduledAction:
    bounds = view.block("scalable_target_action")
    known = isinstance(bounds, View)
    return ScheduledAction(
        address=block.address,
        schedule=required(view.shown("schedule"), "schedule"),
        min_capacity=bounds.integer("min_capacity") if isinstance(bounds, View) else bounds,
        max_capacity=bounds.integer("max_capacity") if isinstance(bounds, View) else bounds,
        location=block.location if known else None,
    )


def _policy(block: Block) -> DeclaredPolicy | None:
    view = block.attributes
    target_id = view.text("scaling_target_id")
    if isinstance(target_id, str):
        if not target_id.endswith("|sagemaker") and not target_id.startswith(SAGEMAKER_RESOURCES):
            return None
    elif target_id is None and not _is_sagemaker(view):
        return None
    arn = view.values.get("arn")
    attribute = "resource_id" if target_id is None else "scaling_target_id"
    return DeclaredPolicy(
        **head(block),
        target=_link(block, attribute, _TARGETS | _ENDPOINTS | _COMPONENTS | _CONFIGURATIONS),
        dimension=view.text("scalable_dimension") if target_id is None else _dimension_of_id(target_id),
        policy=_scaling_policy(block),
        arn=arn if isinstance(arn, str) else None,
    )


def _dimension_of_id(target_id: str | Unknown) -> str | None:
    """The dimension in the id of a scalable target, ``resource|dimension|namespace``."""
    dimension = target_id.split("|")[1:2] if isinstance(target_id, str) else []
    return dimension[0] if dimension else None


def _scaling_policy(block: Block) -> ScalingPolicy:
    view = block.attributes
    policy_type = view.text("policy_type") or "StepScaling"
    if policy_type == "TargetTrackingScaling":
        return _target_tracking(block)
    if policy_type == "StepScaling":
        return _step_scaling(block)
    shown = view.shown("policy_type") or policy_type
    return OtherScalingPolicy(address=block.address, policy_type=shown, location=block.location)


def _target_tracking(block: Block) -> TargetTrackingPolicy:
    tracking = block.attributes.block("target_tracking_scaling_policy_configuration")
    if not isinstance(tracking, View):
        reason = tracking or Unknown("target_tracking_scaling_policy_configuration is missing")
        return TargetTrackingPolicy(
            address=block.address,
            target_value=reason,
            metrics=tracking if isinstance(tracking, Unknown) else (),
            disable_scale_in=tracking if isinstance(tracking, Unknown) else False,
            location=block.location,
        )
    return TargetTrackingPolicy(
        address=block.address,
        target_value=required(tracking.measure("target_value"), "target_value"),
        metrics=_metrics(tracking),
        disable_scale_in=tracking.boolean("disable_scale_in") or False,
        location=block.location,
    )


def _metrics(tracking: View) -> tuple[ScalingMetric, ...] | Unknown:
    predefined = tracking.block("predefined_metric_specification")
    if isinstance(predefined, View):
        return (ScalingMetric(predefined=True, name=predefined.shown("predefined_metric_type")),)
    customized = tracking.block("customized_metric_specification")
    for block in (predefined, customized):
        if isinstance(block, Unknown):
            return block
    if not isinstance(customized, View):
        return ()
    queries = customized.blocks("metrics")
    if isinstance(queries, Unknown):
        return queries
    return _metric_math(queries) if queries else (_metric(customized, customized.shown("statistic")),)


def _metric_math(queries: list[View]) -> tuple[ScalingMetric, ...] | Unknown:
    """Every metric that an expression is made of."""
    found: list[ScalingMetric] = []
    for query in queries:
        stat = query.block("metric_stat")
        if isinstance(stat, Unknown):
            return stat
        if stat is not None:
            metric = stat.block("metric")
            unnamed = ScalingMetric(predefined=False, name=None if isinstance(metric, View) else metric)
            found.append(_metric(metric, stat.shown("stat")) if isinstance(metric, View) else unnamed)
    return tuple(found)


def _metric(view: View, statistic: str | Unknown | None) -> ScalingMetric:
    dimensions = view.blocks("dimensions")
    names = (
        dimensions
        if isinstance(dimensions, Unknown)
        else tuple(required(each.shown("name"), "dimension name") for each in dimensions)
    )
    return ScalingMetric(
        predefined=False,
        name=view.shown("metric_name"),
        namespace=view.shown("namespace"),
        dimensions=names,
        statistic=statistic,
    )


def _step_scaling(block: Block) -> StepScalingPolicy:
    step = block.attributes.block("step_scaling_policy_configuration")
    steps: tuple[StepAdjustment, ...] | Unknown = ()
    adjustment_type: str | Unknown | None = None
    if isinstance(step, Unknown):
        steps, adjustment_type = step, step
    elif step is not None:
        adjustment_type = step.shown("adjustment_type")
        name = "step_adjustments" if step.nested_attributes else "step_adjustment"
        written = step.blocks(name)
        steps = written if isinstance(written, Unknown) else tuple(map(_step, written))
    return StepScalingPolicy(
        address=block.address,
        adjustment_type=adjustment_type,
        steps=steps,
        alarms=(),
        location=block.location,
    )


def _step(view: View) -> StepAdjustment:
    return StepAdjustment(
        lower=view.measure("metric_interval_lower_bound"),
        upper=view.measure("metric_interval_upper_bound"),
        adjustment=required(view.measure("scaling_adjustment"), "scaling_adjustment"),
    )


def _alarm(block: Block) -> DeclaredAlarm:
    view = block.attributes
    actions = view.texts("alarm_actions")
    return DeclaredAlarm(
        **head(block),
        alarm=Alarm(
            address=block.address,
            metric_name=view.shown("metric_name"),
            namespace=view.shown("namespace"),
            dimensions=_alarm_dimensions(view),
            statistic=view.shown("statistic") or view.shown("extended_statistic"),
            comparison_operator=required(view.shown("comparison_operator"), "comparison_operator"),
            threshold=view.measure("threshold"),
            period_s=view.positive("period"),
            evaluation_periods=required(view.positive("evaluation_periods"), "evaluation_periods"),
        ),
        actions=actions if isinstance(actions, Unknown) else tuple(actions),
        references=tuple(block.references("alarm_actions", _POLICIES)) if _has_unknown(actions) else (),
    )


def _alarm_dimensions(view: View) -> dict[str, str | Unknown] | Unknown:
    """A map in aws, a list of name and value in awscc."""
    if not view.nested_attributes:
        return _map(view, "dimensions")
    pairs = view.blocks("dimensions")
    return pairs if isinstance(pairs, Unknown) else _pairs(pairs, "name", "value")


def _model(block: Block) -> DeclaredModel:
    return DeclaredModel(**head(block))


def _experiment(block: Block) -> DeclaredExperiment:
    return DeclaredExperiment(
        **head(block),
        endpoint=_link(block, "endpoint_name", _ENDPOINTS),
        shadows=shadow_variants(block.attributes, snake_case, lambda *_: block.location),
    )


def _budget(block: Block) -> DeclaredBudget | None:
    """A budget of hashicorp/aws, whose filters are blocks."""
    view = block.attributes
    budget = of_costs(
        view.text("budget_type"),
        Budget(
            address=block.address,
            limit=view.number("limit_amount"),
            unit=view.text("limit_unit"),
            time_unit=view.text("time_unit"),
            covers_sagemaker=_covers_sagemaker(view),
            sensitive=view.is_sensitive("limit_amount"),
            location=block.location,
        ),
    )
    return None if budget is None else DeclaredBudget(**head(block), budget=budget)


def _covers_sagemaker(view: View) -> bool | Unknown:
    """By its filters: ``cost_filter``, the map ``cost_filters`` of 3.x and 4.x, or ``filter_expression`` of 6.x."""
    filters, older = view.blocks("cost_filter"), view.get("cost_filters")
    passes = by_expression(view, snake_case)
    if isinstance(filters, Unknown) or older or view.get("billing_view_arn") is not None:
        return filters if isinstance(filters, Unknown) else Unknown("it has filters that are not read")
    if passes is not None:
        return passes
    return covers_sagemaker([(each.text("name"), each.texts("values")) for each in filters])


def _awscc_budget(block: Block) -> DeclaredBudget | None:
    budget = cost_budget(block.attributes.block("budget"), snake_case, block.address, block.location)
    return None if budget is None else DeclaredBudget(**head(block), budget=budget)


def _elsewhere(block: Block) -> Unsupported | None:
    """A resource that makes SageMaker inference out of a definition of its own."""
    reason = elsewhere.reason(block.type, block.attributes.get)
    return None if reason is None else Unsupported(**head(block), reason=reason, affects_total=True)


_VOCABULARY: dict[str, Callable[[Block], Declaration | None]] = {
    "aws_appautoscaling_policy": _policy,
    "aws_appautoscaling_scheduled_action": _action,
    "aws_appautoscaling_target": _target,
    "aws_budgets_budget": _budget,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_sagemaker_endpoint": _endpoint,
    "aws_sagemaker_endpoint_configuration": _configuration,
    "aws_sagemaker_inference_component": _component,
    "aws_sagemaker_model": _model,
    "awscc_applicationautoscaling_scalable_target": _target,
    "awscc_applicationautoscaling_scaling_policy": _policy,
    "awscc_budgets_budget": _awscc_budget,
    "awscc_cloudwatch_alarm": _alarm,
    "awscc_sagemaker_endpoint": _endpoint,
    "awscc_sagemaker_endpoint_config": _configuration,
    "awscc_sagemaker_inference_component": _component,
    "awscc_sagemaker_inference_experiment": _experiment,
    "awscc_sagemaker_model": _model,
} | dict.fromkeys(elsewhere.TERRAFORM_TYPES, _elsewhere)

TYPES = frozenset(_VOCABULARY)
"""The resource types that matter to SageMaker inference."""


def _link(block: Block, attribute: str, wanted: frozenset[str]) -> Link:
    value = block.attributes.text(attribute)
    if isinstance(value, str):
        sensitive = block.attributes.is_sensitive(attribute)
        return Link(value=value, stated=lambda: block.references(attribute, wanted), key=block.key, sensitive=sensitive)
    references = tuple(block.references(attribute, wanted))
    return Link(value=value, references=references, key=block.key, text=_text_of_link(value))


def _text_of_link(value: Unknown | None) -> str | None:
    """What is known of a link's text. What has no name in it is like nothing else, not even like itself."""
    partial = None if value is None else value.partial
    return None if partial in (None, _UNNAMED) else str(partial).replace(_UNNAMED, "${?}")


def _symbol(view: View, attribute: str) -> str | None:
    """What others call a block by whose name is unknown, where it is made of names: ``${var.name}``."""
    name = view.text(attribute)
    partial = name.partial if isinstance(name, Unknown) else None
    return None if partial is None or _UNNAMED in partial else partial


def _name(view: View, attribute: str) -> str | Unknown:
    name = view.text(attribute)
    if isinstance(name, str):
        return name
    prefix = view.shown("name_prefix")
    if isinstance(prefix, str):
        return Unknown(GENERATED, f"{prefix}${{…}}")
    return Unknown(GENERATED) if name is None else name


def _variant_name(view: View) -> str | Unknown:
    name = view.text("variant_name")
    return Unknown(GENERATED) if name is None else name


def _is_sagemaker(view: View) -> bool:
    return is_sagemaker(view, namespace="service_namespace", dimension="scalable_dimension", resource_id="resource_id")


def _has_unknown(texts: Sequence[str | Unknown] | Unknown) -> bool:
    return isinstance(texts, Unknown) or any(isinstance(text, Unknown) for text in texts)


def _tags(block: Block) -> dict[str, str | Unknown] | Unknown:
    """Tags with the provider's defaults: in aws ``tags_all``, where the plan tells it; a list of pairs in awscc."""
    view = block.attributes
    if view.nested_attributes:
        pairs = view.blocks("tags")
        return pairs if isinstance(pairs, Unknown) else _pairs(pairs, "key", "value")
    if isinstance(view.values.get("tags_all"), dict):
        return _map(view, "tags_all")
    tags, defaults = _map(view, "tags"), block.default_tags
    if isinstance(tags, Unknown) or isinstance(defaults, Unknown):
        return tags if isinstance(tags, Unknown) else defaults
    return {**defaults, **tags}


def _map(view: View, name: str) -> dict[str, str | Unknown] | Unknown:
    """A map of strings, each of which may be unknown or sensitive."""
    value = view.get(name)
    if value is None:
        return {}
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, dict):
        return Unknown(f"{name} is not a map")
    flags = view.unknown.get(name) if isinstance(view.unknown, dict) else None
    unknown = [key for key, flag in flags.items() if flag is True] if isinstance(flags, dict) else []
    entries: dict[str, str | Unknown] = {
        key: item if isinstance(item, (str, Unknown)) else Unknown(AFTER_APPLY) for key, item in value.items()
    }
    entries.update(dict.fromkeys(unknown, Unknown(AFTER_APPLY)))
    if view.is_sensitive(name):
        marks = view.marks.get(name) if isinstance(view.marks, dict) else None
        if not isinstance(marks, dict):
            return SENSITIVE
        entries.update(dict.fromkeys((key for key, mark in marks.items() if mark and key in entries), SENSITIVE))
    return entries


def _pairs(views: list[View], key: str, value: str) -> dict[str, str | Unknown]:
    pairs: dict[str, str | Unknown] = {}
    for view in views:
        name = view.shown(key)
        if isinstance(name, str):
            pairs[name] = required(view.shown(value), value)
    return pairs
