"""What each kind of resource declares, in CloudFormation's names, whichever language it is written in.

``aws_appautoscaling_target``, ``awscc_applicationautoscaling_scalable_target`` and
``AWS::ApplicationAutoScaling::ScalableTarget`` are one kind, read by one function;
`guardrail.sources.vocabulary.spellings` has what differs between them. `docs/adding-a-kind.md` walks through a new
one. Property names, defaults and units are those of the AWS CloudFormation template reference and of the APIs behind
it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import structs

from guardrail.model import (
    GENERATED,
    Alarm,
    CapacityReservation,
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
from guardrail.sources.base import Block, View
from guardrail.sources.declarations import (
    Declaration,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredBeside,
    DeclaredBudget,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredExperiment,
    DeclaredModel,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
    Unrelated,
    Unsupported,
    head,
)
from guardrail.sources.vocabulary import elsewhere, resource_id, spellings
from guardrail.sources.vocabulary.deployment import rolling_wait_minutes, two_fleets_minutes
from guardrail.sources.vocabulary.models import any_of, containers, is_marketplace, is_multi_model, model_of

_T = TypeVar("_T")

_SCALED = ("endpoint/", "inference-component/")
"""How the resource ids of SageMaker's scaling targets begin."""


def declare(block: Block) -> Declaration:
    """What a block declares: `Unrelated` where it is not about SageMaker inference after all, as a target of ECS is."""
    declared = _KINDS.get(block.attributes.spelling.kind, _elsewhere)(block)
    return declared or Unrelated(*head(block))


def _endpoint(block: Block) -> DeclaredEndpoint:
    deployment = block.attributes.block("DeploymentConfig")
    return DeclaredEndpoint(
        *head(block),
        *_called(block, "EndpointName"),
        configuration=_link(block, "EndpointConfigName", spellings.CONFIGURATION),
        tags=block.tags(),
        account=block.account,
        two_fleets_minutes=two_fleets_minutes(deployment),
        rolling_wait_minutes=rolling_wait_minutes(deployment),
    )


def _configuration(block: Block) -> DeclaredConfiguration:
    view = block.attributes
    views = _variant_views(view)
    known = [] if isinstance(views, Unknown) else views
    variants = (
        views if isinstance(views, Unknown) else tuple(_variant(variant, shadow=shadow) for variant, shadow in views)
    )
    return DeclaredConfiguration(
        *head(block),
        *_called(block, "EndpointConfigName"),
        in_its_own_way=block.created_first and _keeps_its_name(view),
        mode=_mode(view, variants),
        variants=variants,
        models=tuple(_model_link(block, variant) for variant, _ in known),
        sensitive_variants=frozenset(
            at for at, (variant, _) in enumerate(known) if variant.is_sensitive("VariantName")
        ),
        data_capture_percent=_of(view.block("DataCaptureConfig"), _captured_percent),
        kms_key=_kms_key(view),
        detailed_observability=_detailed_observability(view.inside("MetricsConfig")),
        tags=block.tags(),
    )


def _keeps_its_name(view: View) -> bool:
    """Whether a configuration keeps its name: it is a literal without a digit, as a version or date may change."""
    name = view.unmasked().text("EndpointConfigName")
    return isinstance(name, str) and not view.text("NamePrefix") and not any(map(str.isdigit, name))


def _mode(view: View, variants: tuple[Variant, ...] | Unknown) -> Mode | Unknown:
    asynchronous = view.blocks("AsyncInferenceConfig")
    if isinstance(asynchronous, Unknown):
        return asynchronous
    if asynchronous:
        return "async"
    if isinstance(variants, Unknown):
        return variants
    return "serverless" if any(isinstance(variant, ServerlessVariant) for variant in variants) else "realtime"


def _variant_views(view: View) -> list[tuple[View, bool]] | Unknown:
    """Each variant, and whether it is a shadow: production variants first."""
    variants: list[tuple[View, bool]] = []
    for name, is_shadow in (("ProductionVariants", False), ("ShadowProductionVariants", True)):
        blocks = view.blocks(name)
        if isinstance(blocks, Unknown):
            return blocks
        variants += [(block, is_shadow) for block in blocks]
    return variants if variants and not variants[0][1] else view.missing("ProductionVariants")


def _variant(view: View, *, shadow: bool) -> Variant:
    used = view.unmasked()
    instance_type = used.text("InstanceType")
    serverless = used.block("ServerlessConfig")
    if isinstance(serverless, View) and not isinstance(instance_type, str):
        return _serverless_variant(view, serverless, shadow=shadow)
    pools = used.blocks("InstancePools")
    if instance_type is None and not pools:
        neither = _neither(view, "InstanceType", "ServerlessConfig")
        instance_type = serverless if isinstance(serverless, Unknown) else neither
    count = used.integer_if_set("InitialInstanceCount")
    return InstanceVariant(
        name=_variant_name(used),
        shadow=shadow,
        instance_type=pools if isinstance(pools, Unknown) else instance_type,
        initial_instance_count=used.missing("InitialInstanceCount") if count is None else count,
        weight=_weight(view),
        accelerator_type=view.text("AcceleratorType"),
        conflict=_together(view, "ServerlessConfig", "InstanceType")
        if isinstance(serverless, View)
        else _missing(used, pools, count),
        volume_size_gb=used.positive("VolumeSizeInGB"),
        model_name=view.text("ModelName"),
        managed_scaling=_of(view.block("ManagedInstanceScaling"), _managed_scaling),
        instance_pools=() if isinstance(pools, Unknown) else tuple(map(_pool, pools)),
        capacity_reservation=_of(view.block("CapacityReservationConfig"), _capacity_reservation),
        assumptions=view.assumptions,
        sensitive=view.is_sensitive(
            "InstanceType", "InitialInstanceCount", "VolumeSizeInGB", "ManagedInstanceScaling", "InstancePools"
        ),
        location=view.location("InstanceType"),
        lines=view.lines("InstanceType", "InitialInstanceCount", "VolumeSizeInGB", "InitialVariantWeight"),
    )


def _serverless_variant(view: View, config: View, *, shadow: bool) -> ServerlessVariant:
    return ServerlessVariant(
        name=_variant_name(view.unmasked()),
        shadow=shadow,
        memory_mib=config.required(config.integer, "MemorySizeInMB"),
        max_concurrency=config.required(config.integer, "MaxConcurrency"),
        provisioned_concurrency=config.positive("ProvisionedConcurrency"),
        weight=_weight(view),
        accelerator_type=view.text("AcceleratorType"),
        conflict=next(
            (_together(view, "ServerlessConfig", name) for name in _OF_INSTANCES if _is_set_to(view, name)), None
        ),
        model_name=view.text("ModelName"),
        assumptions=(*view.assumptions, *config.assumptions),
        sensitive=view.is_sensitive("ServerlessConfig"),
        location=view.location("ServerlessConfig"),
        lines=config.lines("MemorySizeInMB", "MaxConcurrency", "ProvisionedConcurrency"),
    )


def _variant_name(view: View) -> str | Unknown:
    """hashicorp/aws and awscc make one up where there is none; CloudFormation requires it."""
    if view.spelling.language == "cloudformation":
        return view.required(view.text, "VariantName")
    return view.text("VariantName") or Unknown(GENERATED)


def _weight(view: View) -> float | Unknown:
    weight = view.number("InitialVariantWeight")
    return 1.0 if weight is None else weight


def _managed_scaling(view: View) -> ManagedInstanceScaling:
    return ManagedInstanceScaling(
        status=view.required(view.text, "Status"),
        min_instance_count=view.unmasked().integer("MinInstanceCount"),
        max_instance_count=view.unmasked().positive("MaxInstanceCount"),
    )


def _pool(view: View) -> InstancePool:
    return InstancePool(
        instance_type=view.required(view.text, "InstanceType"),
        priority=view.required(view.integer, "Priority"),
    )


def _capacity_reservation(view: View) -> CapacityReservation:
    return CapacityReservation(
        preference=view.text("CapacityReservationPreference"),
        ml_reservation_arn=view.text("MlReservationArn"),
    )


def _captured_percent(view: View) -> float | Unknown | None:
    """Captured share in percent; None where nothing is captured."""
    enabled = view.boolean("EnableCapture")
    if isinstance(enabled, Unknown):
        return enabled
    is_enabled = view.spelling.default("EnableCapture") if enabled is None else enabled
    return view.required(view.number, "InitialSamplingPercentage") if is_enabled else None


def _detailed_observability(metrics: View) -> bool | Unknown:
    """Whether detailed observability is on, as it is by default in configurations made since 17 June 2026.

    "Getting started with detailed observability" in the SageMaker developer guide; hashicorp/aws has no such argument.
    """
    enabled = metrics.boolean("EnableDetailedObservability")
    return True if enabled is None else enabled


def _component(block: Block) -> DeclaredComponent:
    view = block.attributes
    called = _called(block, "InferenceComponentName")
    specification = view.block("Specification")
    is_adapter = isinstance(specification, View) and specification.get("BaseInferenceComponentName") is not None
    needs = view.inside("Specification").inside("ComputeResourceRequirements")
    return DeclaredComponent(
        *head(block),
        *called,
        endpoint=_link(block, "EndpointName", spellings.ENDPOINT),
        component=InferenceComponent(
            address=block.address,
            name=called[0],
            variant_name=view.text("VariantName"),
            copies=None if is_adapter else view.inside("RuntimeConfig").integer("CopyCount"),
            accelerators=needs.number("NumberOfAcceleratorDevicesRequired"),
            memory_mib=needs.integer("MinMemoryRequiredInMb"),
            location=block.location,
        ),
    )


def _target(block: Block) -> DeclaredTarget | None:
    view = block.attributes
    used = view.unmasked()
    if not _is_sagemaker(used):
        return None
    suspended = view.inside("SuspendedState")
    named = used.text("ScalableDimension")
    is_shown = named in resource_id.DIMENSIONS or not view.is_sensitive("ScalableDimension")
    dimension = named if isinstance(named, str) and is_shown else ""
    return DeclaredTarget(
        *head(block),
        resource=_link(block, "ResourceId", spellings.ENDPOINT, spellings.CONFIGURATION, spellings.COMPONENT),
        dimension=dimension,
        namespace=_foreign_namespace(view),
        target=ScalableTarget(
            address=block.address,
            dimension=dimension,
            min_capacity=used.required(used.integer, "MinCapacity"),
            max_capacity=used.required(used.integer, "MaxCapacity"),
            dynamic_scaling_in_suspended=suspended.boolean("DynamicScalingInSuspended") or False,
            dynamic_scaling_out_suspended=suspended.boolean("DynamicScalingOutSuspended") or False,
            scheduled_scaling_suspended=suspended.boolean("ScheduledScalingSuspended") or False,
            sensitive=view.is_sensitive("MinCapacity", "MaxCapacity", "ScheduledActions"),
            location=block.location,
            lines=view.lines("MinCapacity", "MaxCapacity"),
        ),
        inline_actions=_inline_actions(block),
    )


def _inline_actions(block: Block) -> tuple[ScheduledAction, ...]:
    actions = block.attributes.blocks("ScheduledActions")
    if isinstance(actions, Unknown):
        return (ScheduledAction(address=block.address, schedule=actions, min_capacity=actions, max_capacity=actions),)
    return tuple(_named(_scheduled(block, action), action.text("ScheduledActionName")) for action in actions)


def _named(action: ScheduledAction, name: str | Unknown | None) -> ScheduledAction:
    """An action of a template, whose name tells it from the others of its target: ``Target.night``."""
    return structs.replace(action, address=f"{action.address}.{name}") if isinstance(name, str) else action


def _action(block: Block) -> DeclaredAction | None:
    view = block.attributes
    used = view.unmasked()
    if not _is_sagemaker(used):
        return None
    return DeclaredAction(
        *head(block),
        resource=_link(block, "ResourceId", spellings.TARGET, spellings.ENDPOINT, spellings.COMPONENT),
        dimension=used.text("ScalableDimension"),
        namespace=_foreign_namespace(view),
        action=_scheduled(block, view),
        sensitive=view.is_sensitive("ScalableTargetAction"),
    )


def _scheduled(block: Block, view: View) -> ScheduledAction:
    bounds = view.unmasked().inside("ScalableTargetAction")
    return ScheduledAction(
        address=block.address,
        schedule=view.required(view.text, "Schedule"),
        min_capacity=bounds.integer("MinCapacity"),
        max_capacity=bounds.integer("MaxCapacity"),
        timezone=view.text("Timezone") or "UTC",
        start=view.text("StartTime"),
        end=view.text("EndTime"),
        location=view.location("ScalableTargetAction") or block.location,
    )


def _policy(block: Block) -> DeclaredPolicy | None:
    used = block.attributes.unmasked()
    target_id = used.text("ScalingTargetId")
    if isinstance(target_id, str):
        if not target_id.endswith("|sagemaker") and not target_id.startswith(_SCALED):
            return None
    elif target_id is None and not _is_sagemaker(used):
        return None
    link = "ResourceId" if target_id is None else "ScalingTargetId"
    arn = used.values.get(used.spelling.of("Arn"))
    return DeclaredPolicy(
        *head(block),
        resource=_link(block, link, spellings.TARGET, spellings.ENDPOINT, spellings.COMPONENT, spellings.CONFIGURATION),
        dimension=used.text("ScalableDimension") if target_id is None else _dimension_of_id(target_id),
        namespace=_foreign_namespace(block.attributes),
        policy=_scaling_policy(block),
        arn=arn if isinstance(arn, str) else None,
    )


def _dimension_of_id(target_id: str | Unknown) -> str | None:
    """The dimension in the id of a scalable target, ``resource|dimension|namespace``."""
    dimension = target_id.split("|")[1:2] if isinstance(target_id, str) else []
    return dimension[0] if dimension else None


def _scaling_policy(block: Block) -> ScalingPolicy:
    view = block.attributes
    policy_type = view.unmasked().text("PolicyType") or view.spelling.default("PolicyType")
    if policy_type == "TargetTrackingScaling":
        return _target_tracking(block)
    if policy_type == "StepScaling":
        return _step_scaling(block)
    shown = view.required(view.text, "PolicyType")
    return OtherScalingPolicy(address=block.address, policy_type=shown, location=view.location("PolicyType"))


def _target_tracking(block: Block) -> TargetTrackingPolicy:
    name = "TargetTrackingScalingPolicyConfiguration"
    view = block.attributes.inside(name)
    return TargetTrackingPolicy(
        address=block.address,
        target_value=view.required(view.number, "TargetValue"),
        metrics=_metrics(view),
        disable_scale_in=view.boolean("DisableScaleIn") or False,
        scale_in_cooldown_s=view.integer_if_set("ScaleInCooldown"),
        scale_out_cooldown_s=view.integer_if_set("ScaleOutCooldown"),
        location=block.attributes.location(name) or block.location,
    )


def _metrics(tracking: View) -> tuple[ScalingMetric, ...] | Unknown:
    predefined = tracking.block("PredefinedMetricSpecification")
    if isinstance(predefined, View):
        return (ScalingMetric(predefined=True, name=predefined.text("PredefinedMetricType")),)
    if predefined is not None:
        return predefined
    return _of(tracking.block("CustomizedMetricSpecification"), _customized_metrics) or ()


def _customized_metrics(customized: View) -> tuple[ScalingMetric, ...] | Unknown:
    """The metric, or every metric that an expression is made of."""
    queries = customized.blocks("Metrics")
    if not queries:
        return (_metric(customized, customized.text("Statistic")),)
    stats = [query.block("MetricStat") for query in queries] if isinstance(queries, list) else [queries]
    unknown = next((stat for stat in stats if isinstance(stat, Unknown)), None)
    return unknown or tuple(_metric_of(stat) for stat in stats if isinstance(stat, View))


def _metric_of(stat: View) -> ScalingMetric:
    metric = stat.block("Metric")
    if isinstance(metric, View):
        return _metric(metric, stat.text("Stat"))
    return ScalingMetric(predefined=False, name=metric)


def _metric(view: View, statistic: str | Unknown | None) -> ScalingMetric:
    return ScalingMetric(
        predefined=False,
        name=view.text("MetricName"),
        namespace=view.text("Namespace"),
        dimensions=view.entries("Dimensions", "Name"),
        statistic=statistic,
    )


def _step_scaling(block: Block) -> StepScalingPolicy:
    name = "StepScalingPolicyConfiguration"
    view = block.attributes.inside(name)
    steps = view.blocks("StepAdjustments")
    return StepScalingPolicy(
        address=block.address,
        adjustment_type=view.text("AdjustmentType"),
        steps=steps if isinstance(steps, Unknown) else tuple(map(_step, steps)),
        alarms=(),
        least_adjustment=view.integer_if_set("MinAdjustmentMagnitude"),
        cooldown_s=view.integer_if_set("Cooldown"),
        metric_aggregation_type=view.text("MetricAggregationType"),
        location=block.attributes.location(name) or block.location,
    )


def _step(view: View) -> StepAdjustment:
    return StepAdjustment(
        lower=view.number("MetricIntervalLowerBound"),
        upper=view.number("MetricIntervalUpperBound"),
        adjustment=view.required(view.number, "ScalingAdjustment"),
    )


def _alarm(block: Block) -> DeclaredAlarm:
    view = block.attributes
    used = view.unmasked()
    actions = used.texts("AlarmActions")
    is_partly_unknown = isinstance(actions, Unknown) or any(isinstance(action, Unknown) for action in actions)
    actions_enabled = view.boolean("ActionsEnabled")
    return DeclaredAlarm(
        *head(block),
        name=view.text("AlarmName"),
        alarm=Alarm(
            address=block.address,
            **_watched(view),
            comparison_operator=view.required(view.text, "ComparisonOperator"),
            threshold=view.number("Threshold"),
            evaluation_periods=view.required(view.positive, "EvaluationPeriods"),
            datapoints_to_alarm=view.positive("DatapointsToAlarm"),
            treat_missing_data=view.text("TreatMissingData") or "missing",
            actions_enabled=True if actions_enabled is None else actions_enabled,
        ),
        actions=actions if isinstance(actions, Unknown) else tuple(actions),
        references=_references(block, "AlarmActions", spellings.POLICY) if is_partly_unknown else (),
    )


def _watched(view: View) -> dict[str, Any]:
    """What an alarm watches: the metric of its arguments or of its only query; Unknown where it is an expression."""
    queries = view.blocks("Metrics")
    if not queries:
        return _metric_of_alarm(view, view.text("Statistic") or view.text("ExtendedStatistic"), view.positive("Period"))
    stat = queries[0].block("MetricStat") if isinstance(queries, list) and len(queries) == 1 else queries
    metric = (stat.block("Metric") or stat) if isinstance(stat, View) else stat  # hashicorp/aws has both in one block
    if isinstance(stat, View) and isinstance(metric, View):
        return _metric_of_alarm(metric, stat.text("Stat"), stat.positive("Period"))
    unknown = metric if isinstance(metric, Unknown) else Unknown("it watches an expression of metrics")
    return dict.fromkeys(("metric_name", "namespace", "dimensions", "statistic", "period_s"), unknown)


def _metric_of_alarm(metric: View, statistic: str | Unknown | None, period: int | Unknown | None) -> dict[str, Any]:
    return {
        "metric_name": metric.text("MetricName"),
        "namespace": metric.text("Namespace"),
        "dimensions": metric.pairs("Dimensions", "Name"),
        "statistic": statistic,
        "period_s": period,
    }


def _model(block: Block) -> DeclaredModel:
    parts = containers(block.attributes)
    return DeclaredModel(
        *head(block),
        *_called(block, "ModelName"),
        marketplace=any_of(parts, is_marketplace),
        multi_model=any_of(parts, is_multi_model),
        model=model_of(block, parts),
    )


def _experiment(block: Block) -> DeclaredExperiment:
    from guardrail.sources.vocabulary.experiments import shadow_variants  # for the few that run one

    return DeclaredExperiment(
        *head(block),
        endpoint=_link(block, "EndpointName", spellings.ENDPOINT),
        shadows=shadow_variants(block.attributes),
    )


def _budget(block: Block) -> DeclaredBudget | None:
    from guardrail.sources.vocabulary.budgets import cost_budget  # for the few that have one

    budget = cost_budget(block.attributes, block.address, block.location)
    return None if budget is None else DeclaredBudget(*head(block), budget=budget)


def _elsewhere(block: Block) -> Unsupported | DeclaredBeside | None:
    """A resource that makes SageMaker inference out of a definition of its own, or bills beside it."""
    if block.type in elsewhere.BESIDE:
        return DeclaredBeside(*head(block), noun=elsewhere.BESIDE[block.type])
    if (reason := elsewhere.reason(block.type, block.attributes.get)) is None:
        return None
    return Unsupported(*head(block), reason=reason, affects_total=True)


def _workflows() -> Any:
    from guardrail.sources.vocabulary import workflows  # for the few that run batch transform

    return workflows


def _buckets() -> Any:
    from guardrail.sources.vocabulary import buckets

    return buckets


_KINDS: dict[str, Callable[[Block], Declaration | None]] = {
    spellings.ENDPOINT: _endpoint,
    spellings.CONFIGURATION: _configuration,
    spellings.COMPONENT: _component,
    spellings.EXPERIMENT: _experiment,
    spellings.MODEL: _model,
    spellings.TARGET: _target,
    spellings.POLICY: _policy,
    spellings.SCHEDULED_ACTION: _action,
    spellings.ALARM: _alarm,
    spellings.BUDGET: _budget,
    **dict.fromkeys(spellings.STARTED_BY, lambda block: _workflows().workflow(block)),
    **dict.fromkeys(spellings.VALIDATED, lambda block: _workflows().validated(block)),
    spellings.SCHEDULE: lambda block: _workflows().schedule(block),
    spellings.RULE: lambda block: _workflows().rule(block),
    spellings.RULE_TARGET: lambda block: _workflows().rule_target(block),
    spellings.BUCKET: lambda block: _buckets().bucket(block),
    spellings.LIFECYCLE: lambda block: _buckets().lifecycle(block, _link(block, "BucketName", spellings.BUCKET)),
}


def _called(block: Block, name: str) -> tuple[str | Unknown, str | None, bool]:
    """The fields of `Named` in their order: what a block is called."""
    view = block.attributes.unmasked()
    value = view.text(name)
    symbol = None if isinstance(value, str) else view.symbol(name)
    if value is None:
        prefix = block.attributes.text("NamePrefix")
        value = Unknown(GENERATED, f"{prefix}${{…}}" if isinstance(prefix, str) else None)
        symbol = f"${{{block.address.replace('/', '.')}.{view.spelling.of(name)}}}"
    return value, symbol, block.attributes.is_sensitive(name)


def _link(block: Block, name: str, *wanted: str) -> Link:
    view = block.attributes.unmasked()
    value = view.text(name)
    sensitive = block.attributes.is_sensitive(name, "ScalableDimension")
    if isinstance(value, str):
        return Link(
            value=value,
            stated=lambda: _references(block, name, *wanted),
            key=block.key,
            sensitive=sensitive,
        )
    references = _references(block, name, *wanted)
    return Link(value=value, references=references, key=block.key, text=view.likeness(name), sensitive=sensitive)


def _model_link(block: Block, view: View) -> Link:
    """The model that a variant names; a plan tells references of all variants together, so it may be one of several."""
    value = view.unmasked().text("ModelName")
    if not isinstance(value, Unknown):
        return Link(value=value)
    named = tuple(view.references("ModelName", spellings.types_of(spellings.MODEL))) or _references(
        block, "ProductionVariants", spellings.MODEL
    )
    return Link(value=value, references=named, text=view.likeness("ModelName"))


def _references(block: Block, name: str, *wanted: str) -> tuple[Any, ...]:
    """The resources of the ``wanted`` kinds that the expression of a property leads to."""
    return tuple(block.references(block.attributes.spelling.of(name), spellings.types_of(*wanted)))


_OURS: tuple[tuple[str, str | tuple[str, ...]], ...] = (
    ("ServiceNamespace", "sagemaker"),
    ("ScalableDimension", "sagemaker:"),
    ("ResourceId", _SCALED),
)
"""How what a scaling block says of its service begins where that is SageMaker."""


def _is_sagemaker(view: View) -> bool:
    """Whether a scaling block is ours: where its namespace, dimension or id is, or where nothing says otherwise."""
    is_said = False
    for name, prefix in _OURS:
        value = view.text(name)
        if isinstance(value, str):
            if value.startswith(prefix):
                return True
            is_said = True
    return not is_said


def _foreign_namespace(view: View) -> str | None:
    """The namespace of a scaling block that is ours, where that is another service's, or none's."""
    namespace = view.text("ServiceNamespace")
    return namespace if isinstance(namespace, str) and namespace != "sagemaker" else None


def _of(view: View | Unknown | None, read: Callable[[View], _T | Unknown | None]) -> _T | Unknown | None:
    """What a nested block says, where there is one."""
    return view if view is None or isinstance(view, Unknown) else read(view)


def _neither(view: View, one: str, other: str) -> Unknown:
    return Unknown(f"neither {view.spelling.of(one)} nor {view.spelling.of(other)} is set")


_OF_INSTANCES = ("InitialInstanceCount", "InstancePools", "ManagedInstanceScaling")
"""What only a variant on instances has. A volume is none of it: plans show one of serverless variants as unknown."""


def _is_set_to(view: View, name: str) -> bool:
    """Whether a property has a known value; 0 and [] are how state shows one that was never set."""
    value = view.get(name)
    return bool(value) and not isinstance(value, Unknown)


def _together(view: View, one: str, other: str) -> str:
    return f"{view.spelling.of(one)} and {view.spelling.of(other)} are both set"


def _missing(view: View, pools: list[View] | Unknown, count: int | Unknown | None) -> str | None:
    """What a variant on instances lacks; None where it may be there."""
    if view.get("InstanceType") is None and not pools and view.get("ServerlessConfig") in (None, []):
        return _neither(view, "InstanceType", "ServerlessConfig").reason
    if count is None and not view.assumptions:
        return view.missing("InitialInstanceCount").reason
    return None


def _kms_key(view: View) -> str | Unknown | None:
    """The key; of one that is not known yet what it is called, which says that there is one."""
    key = view.text("KmsKeyId")
    if not isinstance(key, Unknown) or view.is_sensitive("KmsKeyId"):
        return key
    return Unknown(key.reason, view.symbol("KmsKeyId"))
