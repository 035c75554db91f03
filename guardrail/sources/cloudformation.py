"""CloudFormation's vocabulary: what the resources of a template declare.

Property names, defaults and what ``Ref`` gives are those of the AWS CloudFormation template reference for
AWS::SageMaker, AWS::ApplicationAutoScaling, AWS::CloudWatch and AWS::Budgets; they differ from Terraform's where the
services' own defaults show through (data capture is on unless ``EnableCapture`` says otherwise).
"""

from collections.abc import Callable
from typing import Any

from guardrail.model import (
    Alarm,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Location,
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
from guardrail.sources.base import Block, View, is_sagemaker, required
from guardrail.sources.budgets import cost_budget
from guardrail.sources.declarations import (
    Declaration,
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
from guardrail.sources.experiments import as_written, shadow_variants
from guardrail.sources.template.values import Expression, Hidden, Table, mentioned, symbol_of, text_of

GENERATED = "generated at deployment"


class Properties(View):
    """The properties of a resource, or of an object in it, as CloudFormation reads them: numbers will do as text."""

    __slots__ = ()

    def get(self, name: str) -> Any:
        """The value; None where unset; a bare `Unknown` where it cannot be known."""
        return _bare(self.values.get(name))

    def blocks(self, name: str) -> "list[View] | Unknown":
        """Nested objects; empty where there is none."""
        blocks = super().blocks(name)
        return Unknown(blocks.reason, blocks.partial) if isinstance(blocks, Unknown) else blocks

    def text(self, name: str) -> str | Unknown | None:
        """A string; a number or truth value as CloudFormation writes it; None for ""."""
        value = self.get(name)
        if value is None or isinstance(value, Unknown):
            return value
        text = text_of(value)
        return Unknown(f"{name} is not text") if text is None else str(text) or None

    def is_sensitive(self, name: str) -> bool:
        """Whether it holds the value of a NoEcho parameter."""
        return _is_hidden(self.values.get(name))

    def place(self, name: str | None = None) -> Location | None:
        """Where a property, or the object where that is not there, is written."""
        return self.values.place(name) if isinstance(self.values, Table) else None


def declare(block: Block) -> Declaration | None:
    """What a resource declares; None where it is not about SageMaker inference after all (an ECS scaling target)."""
    return _VOCABULARY[block.type](block)


def unsupported(block: Block, reason: str, *, affects_total: bool) -> Unsupported:
    """A resource that matters and is not understood."""
    return Unsupported(**head(block), reason=reason, affects_total=affects_total)


def _endpoint(block: Block) -> DeclaredEndpoint:
    view = _view(block)
    name, symbol = _name(block, "EndpointName")
    return DeclaredEndpoint(
        **head(block),
        name=name,
        symbol=symbol,
        sensitive_name=view.is_sensitive("EndpointName"),
        configuration=_link(view, "EndpointConfigName"),
        tags=_tags(view),
    )


def _configuration(block: Block) -> DeclaredConfiguration:
    view = _view(block)
    name, symbol = _name(block, "EndpointConfigName")
    variants = _variants(view)
    return DeclaredConfiguration(
        **head(block),
        name=name,
        symbol=symbol,
        sensitive_name=view.is_sensitive("EndpointConfigName"),
        mode=_mode(view, variants),
        variants=variants,
        data_capture_percent=_data_capture(view),
        tags=_tags(view),
    )


def _mode(view: View, variants: tuple[Variant, ...] | Unknown) -> Mode | Unknown:
    asynchronous = view.blocks("AsyncInferenceConfig")
    if isinstance(asynchronous, Unknown):
        return asynchronous
    if asynchronous:
        return "async"
    if isinstance(variants, Unknown):
        return variants
    return "serverless" if any(isinstance(variant, ServerlessVariant) for variant in variants) else "realtime"


def _variants(view: View) -> tuple[Variant, ...] | Unknown:
    production = view.blocks("ProductionVariants")
    if isinstance(production, Unknown):
        return production
    shadow = view.blocks("ShadowProductionVariants")
    if isinstance(shadow, Unknown):
        return shadow
    return tuple(_variant(each, shadow=False) for each in production) + tuple(
        _variant(each, shadow=True) for each in shadow
    )


def _variant(view: View, *, shadow: bool) -> Variant:
    instance_type = view.text("InstanceType")
    serverless = view.block("ServerlessConfig") if not isinstance(instance_type, str) else None
    if isinstance(serverless, View):
        return _serverless_variant(view, serverless)
    pools = view.blocks("InstancePools")
    if instance_type is None and not pools:
        reason = "neither InstanceType nor ServerlessConfig is set"
        instance_type = serverless if isinstance(serverless, Unknown) else Unknown(reason)
    weight = view.number("InitialVariantWeight")
    return InstanceVariant(
        name=_variant_name(view),
        shadow=shadow,
        instance_type=pools if isinstance(pools, Unknown) else instance_type,
        initial_instance_count=required(view.integer("InitialInstanceCount"), "InitialInstanceCount"),
        weight=1.0 if weight is None else weight,
        volume_size_gb=view.integer("VolumeSizeInGB") or None,
        model_name=view.text("ModelName"),
        managed_scaling=_managed_scaling(view),
        instance_pools=() if isinstance(pools, Unknown) else tuple(_pool(pool) for pool in pools),
        sensitive=any(
            map(
                view.is_sensitive,
                ("InstanceType", "InitialInstanceCount", "VolumeSizeInGB", "ManagedInstanceScaling", "InstancePools"),
            )
        ),
        location=_place(view, "InstanceType"),
    )


def _serverless_variant(view: View, serverless: View) -> ServerlessVariant:
    weight = view.number("InitialVariantWeight")
    return ServerlessVariant(
        name=_variant_name(view),
        memory_mib=required(serverless.integer("MemorySizeInMB"), "MemorySizeInMB"),
        max_concurrency=required(serverless.integer("MaxConcurrency"), "MaxConcurrency"),
        provisioned_concurrency=serverless.integer("ProvisionedConcurrency") or None,
        weight=1.0 if weight is None else weight,
        model_name=view.text("ModelName"),
        sensitive=view.is_sensitive("ServerlessConfig"),
        location=_place(serverless, "ProvisionedConcurrency" if "ProvisionedConcurrency" in serverless.values else None)
        or _place(view, "ServerlessConfig"),
    )


def _variant_name(view: View) -> str | Unknown:
    name = view.text("VariantName")
    return Unknown("VariantName is not set") if name is None else name


def _managed_scaling(view: View) -> ManagedInstanceScaling | Unknown | None:
    managed = view.block("ManagedInstanceScaling")
    if not isinstance(managed, View):
        return managed
    return ManagedInstanceScaling(
        status=managed.text("Status") or "ENABLED",
        min_instance_count=managed.integer("MinInstanceCount"),
        max_instance_count=managed.integer("MaxInstanceCount"),
    )


def _pool(view: View) -> InstancePool:
    return InstancePool(
        instance_type=required(view.text("InstanceType"), "InstanceType"),
        priority=required(view.integer("Priority"), "Priority"),
    )


def _data_capture(view: View) -> float | Unknown | None:
    """Captured share in percent; the API captures unless EnableCapture says otherwise."""
    block = view.block("DataCaptureConfig")
    if not isinstance(block, View):
        return block
    enabled = block.boolean("EnableCapture")
    if isinstance(enabled, Unknown):
        return enabled
    return None if enabled is False else block.number("InitialSamplingPercentage")


def _component(block: Block) -> DeclaredComponent:
    view = _view(block)
    name, symbol = _name(block, "InferenceComponentName")
    runtime = view.block("RuntimeConfig")
    copies = runtime.integer("CopyCount") if isinstance(runtime, View) else runtime
    specification = view.block("Specification")
    adapter = isinstance(specification, View) and specification.get("BaseInferenceComponentName") is not None
    return DeclaredComponent(
        **head(block),
        symbol=symbol,
        endpoint=_link(view, "EndpointName"),
        component=InferenceComponent(
            address=block.address,
            name=name,
            variant_name=view.text("VariantName"),
            copies=None if adapter else copies,
            location=block.location,
        ),
    )


def _suspended(state: View | Unknown | None, name: str) -> bool | Unknown:
    return (state.boolean(name) if isinstance(state, View) else state) or False


def _target(block: Block) -> DeclaredTarget | None:
    view = _view(block)
    if not _is_sagemaker(view):
        return None
    suspended = view.block("SuspendedState")
    dimension = view.text("ScalableDimension")
    return DeclaredTarget(
        **head(block),
        resource=_link(view, "ResourceId"),
        target=ScalableTarget(
            address=block.address,
            dimension=dimension if isinstance(dimension, str) else "",
            min_capacity=required(view.integer("MinCapacity"), "MinCapacity"),
            max_capacity=required(view.integer("MaxCapacity"), "MaxCapacity"),
            dynamic_scaling_in_suspended=_suspended(suspended, "DynamicScalingInSuspended"),
            dynamic_scaling_out_suspended=_suspended(suspended, "DynamicScalingOutSuspended"),
            scheduled_scaling_suspended=_suspended(suspended, "ScheduledScalingSuspended"),
            sensitive=view.is_sensitive("MinCapacity") or view.is_sensitive("MaxCapacity"),
            location=_place(view, "MinCapacity") or block.location,
        ),
        inline_actions=_scheduled_actions(block.address, view),
    )


def _scheduled_actions(address: str, view: View) -> tuple[ScheduledAction, ...]:
    actions = view.blocks("ScheduledActions")
    if isinstance(actions, Unknown):
        return (ScheduledAction(address=address, schedule=actions, min_capacity=actions, max_capacity=actions),)
    return tuple(_scheduled_action(address, action) for action in actions)


def _scheduled_action(address: str, view: View) -> ScheduledAction:
    bounds = view.block("ScalableTargetAction")
    known = isinstance(bounds, View)
    return ScheduledAction(
        address=address,
        schedule=required(view.text("Schedule"), "Schedule"),
        min_capacity=bounds.integer("MinCapacity") if isinstance(bounds, View) else bounds,
        max_capacity=bounds.integer("MaxCapacity") if isinstance(bounds, View) else bounds,
        location=_place(view, "ScalableTargetAction") if known else None,
    )


def _policy(block: Block) -> DeclaredPolicy | None:
    view = _view(block)
    by_id = view.get("ScalingTargetId") is not None
    if not by_id and not _is_sagemaker(view):
        return None
    return DeclaredPolicy(
        **head(block),
        target=_link(view, "ScalingTargetId" if by_id else "ResourceId"),
        dimension=None if by_id else view.text("ScalableDimension"),
        policy=_scaling_policy(block.address, view),
        arn=None,
    )


def _scaling_policy(address: str, view: View) -> ScalingPolicy:
    policy_type = required(view.text("PolicyType"), "PolicyType")
    if policy_type == "TargetTrackingScaling":
        return _target_tracking(address, view)
    if policy_type == "StepScaling":
        return _step_scaling(address, view)
    return OtherScalingPolicy(address=address, policy_type=policy_type, location=_place(view, "PolicyType"))


def _target_tracking(address: str, view: View) -> TargetTrackingPolicy:
    tracking = view.block("TargetTrackingScalingPolicyConfiguration")
    if not isinstance(tracking, View):
        unclear = tracking if isinstance(tracking, Unknown) else None
        return TargetTrackingPolicy(
            address=address,
            target_value=unclear or Unknown("TargetTrackingScalingPolicyConfiguration is missing"),
            metrics=unclear or (),
            disable_scale_in=unclear or False,
            location=_place(view, "PolicyType"),
        )
    return TargetTrackingPolicy(
        address=address,
        target_value=required(tracking.number("TargetValue"), "TargetValue"),
        metrics=_metrics(tracking),
        disable_scale_in=tracking.boolean("DisableScaleIn") or False,
        location=_place(view, "TargetTrackingScalingPolicyConfiguration"),
    )


def _metrics(tracking: View) -> tuple[ScalingMetric, ...] | Unknown:
    predefined = tracking.block("PredefinedMetricSpecification")
    if isinstance(predefined, View):
        return (ScalingMetric(predefined=True, name=predefined.text("PredefinedMetricType")),)
    customized = tracking.block("CustomizedMetricSpecification")
    if isinstance(customized, View) and predefined is None:
        return _customized(customized)
    return predefined or (customized if isinstance(customized, Unknown) else ())


def _customized(view: View) -> tuple[ScalingMetric, ...] | Unknown:
    """The one metric of a customized specification, or every one that its queries take."""
    queries = view.blocks("Metrics")
    if isinstance(queries, Unknown):
        return queries
    if not queries:
        return (_metric(view, view.text("Statistic")),)
    found: list[ScalingMetric] = []
    for query in queries:
        stat = query.block("MetricStat")
        if isinstance(stat, Unknown):
            return stat
        if stat is None:
            continue
        metric = stat.block("Metric")
        if isinstance(metric, View):
            found.append(_metric(metric, stat.text("Stat")))
        else:
            found.append(ScalingMetric(predefined=False, name=metric))
    return tuple(found)


def _metric(view: View, statistic: str | Unknown | None) -> ScalingMetric:
    dimensions = view.blocks("Dimensions")
    names = (
        dimensions
        if isinstance(dimensions, Unknown)
        else tuple(required(each.text("Name"), "dimension name") for each in dimensions)
    )
    return ScalingMetric(
        predefined=False,
        name=view.text("MetricName"),
        namespace=view.text("Namespace"),
        dimensions=names,
        statistic=statistic,
    )


def _step_scaling(address: str, view: View) -> StepScalingPolicy:
    step = view.block("StepScalingPolicyConfiguration")
    steps: tuple[StepAdjustment, ...] | Unknown = ()
    adjustment_type: str | Unknown | None = None
    if isinstance(step, Unknown):
        steps, adjustment_type = step, step
    elif step is not None:
        adjustment_type = step.text("AdjustmentType")
        written = step.blocks("StepAdjustments")
        steps = written if isinstance(written, Unknown) else tuple(map(_step, written))
    return StepScalingPolicy(
        address=address,
        adjustment_type=adjustment_type,
        steps=steps,
        alarms=(),
        location=_place(view, "StepScalingPolicyConfiguration"),
    )


def _step(view: View) -> StepAdjustment:
    return StepAdjustment(
        lower=view.number("MetricIntervalLowerBound"),
        upper=view.number("MetricIntervalUpperBound"),
        adjustment=required(view.number("ScalingAdjustment"), "ScalingAdjustment"),
    )


def _alarm(block: Block) -> DeclaredAlarm:
    view = _view(block)
    values = view.values.get("AlarmActions")
    actions: tuple[str | Unknown, ...] | Unknown = ()
    if isinstance(values, Unknown):
        actions = values
    elif isinstance(values, list):
        actions = tuple(each if isinstance(each, Unknown) else text_of(each) or "" for each in values)
    return DeclaredAlarm(
        **head(block),
        alarm=Alarm(
            address=block.address,
            metric_name=view.text("MetricName"),
            namespace=view.text("Namespace"),
            dimensions=_pairs(view, "Dimensions", "Name"),
            statistic=view.text("Statistic") or view.text("ExtendedStatistic"),
            comparison_operator=required(view.text("ComparisonOperator"), "ComparisonOperator"),
            threshold=view.number("Threshold"),
            period_s=view.integer("Period"),
            evaluation_periods=required(view.integer("EvaluationPeriods"), "EvaluationPeriods"),
        ),
        actions=_bare(actions) if isinstance(actions, Unknown) else tuple(map(_bare, actions)),
        references=mentioned((actions,) if isinstance(actions, Unknown) else actions),
    )


def _model(block: Block) -> DeclaredModel:
    return DeclaredModel(**head(block))


def _experiment(block: Block) -> DeclaredExperiment:
    view = _view(block)
    return DeclaredExperiment(
        **head(block),
        endpoint=_link(view, "EndpointName"),
        shadows=shadow_variants(view, as_written, _place),
    )


def _budget(block: Block) -> DeclaredBudget | None:
    budget = cost_budget(_view(block).block("Budget"), as_written, block.address, block.location)
    return None if budget is None else DeclaredBudget(**head(block), budget=budget)


_VOCABULARY: dict[str, Callable[[Block], Declaration | None]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _policy,
    "AWS::Budgets::Budget": _budget,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::SageMaker::Endpoint": _endpoint,
    "AWS::SageMaker::EndpointConfig": _configuration,
    "AWS::SageMaker::InferenceComponent": _component,
    "AWS::SageMaker::InferenceExperiment": _experiment,
    "AWS::SageMaker::Model": _model,
}

TYPES = frozenset(_VOCABULARY)
"""The resource types that matter to SageMaker inference."""

UNREAD = frozenset(
    {
        "AlarmDescription",
        "Containers",
        "CostTypes",
        "DataStorageConfig",
        "DeploymentConfig",
        "EnableNetworkIsolation",
        "ExecutionRoleArn",
        "ExplainerConfig",
        "InferenceExecutionConfig",
        "KmsKeyId",
        "NotificationsWithSubscribers",
        "PrimaryContainer",
        "ResourceTags",
        "RoleARN",
        "TimePeriod",
        "VpcConfig",
    }
)
"""Properties that nothing here depends on, so that no condition in them makes a difference."""

REPLACING: dict[str, frozenset[str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": frozenset({"ResourceId", "ScalableDimension", "ServiceNamespace"}),
    "AWS::ApplicationAutoScaling::ScalingPolicy": frozenset(
        {"PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"}
    ),
    "AWS::Budgets::Budget": frozenset({"BudgetName", "NotificationsWithSubscribers"}),
    "AWS::CloudWatch::Alarm": frozenset({"AlarmName"}),
    "AWS::SageMaker::Endpoint": frozenset({"EndpointName"}),
    "AWS::SageMaker::InferenceComponent": frozenset({"InferenceComponentName"}),
    "AWS::SageMaker::InferenceExperiment": frozenset({"EndpointName", "KmsKey", "Name", "RoleArn", "Type"}),
}
"""Properties whose change replaces the resource; of an endpoint configuration and a model it is every one but Tags."""


def _view(block: Block) -> Properties:
    view = block.attributes
    return view if isinstance(view, Properties) else Properties(view.values)


def _place(view: View, name: str | None) -> Location | None:
    return view.place(name) if isinstance(view, Properties) else None


def _bare(value: Any) -> Any:
    """The value without what only the evaluation of a template needs to know of an unknown one."""
    return Unknown(value.reason, value.partial) if isinstance(value, Expression) else value


def _link(view: View, name: str) -> Link:
    """A property that names another resource: by its text, known or not, and by the resources that it mentions."""
    written = view.values.get(name)
    if isinstance(written, Unknown):
        return Link(value=view.text(name), references=mentioned((written,)), text=symbol_of(written))
    return Link(value=view.text(name))


def _name(block: Block, name: str) -> tuple[str | Unknown, str | None]:
    """A resource's name, and the text by which other resources of the template mean it where that is unknown."""
    value = _view(block).text(name)
    if value is None:
        symbol = f"${{{block.address.replace('/', '.')}.{name}}}"
        return Unknown(GENERATED), symbol
    return value, symbol_of(block.attributes.values[name]) if isinstance(value, Unknown) else None


def _is_sagemaker(view: View) -> bool:
    return is_sagemaker(view, namespace="ServiceNamespace", dimension="ScalableDimension", resource_id="ResourceId")


def _tags(view: View) -> dict[str, str | Unknown] | Unknown:
    return _pairs(view, "Tags", "Key")


def _pairs(view: View, name: str, key: str) -> dict[str, str | Unknown] | Unknown:
    """A list of names and values as a mapping; what comes from a NoEcho parameter is not shown."""
    views = view.blocks(name)
    if isinstance(views, Unknown):
        return views
    pairs: dict[str, str | Unknown] = {}
    for each in views:
        title = each.text(key)
        if isinstance(title, str):
            hidden = each.is_sensitive("Value")
            pairs[title] = Unknown("sensitive") if hidden else required(each.text("Value"), "Value")
    return pairs


def _is_hidden(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_hidden, value.values()))
    if isinstance(value, list):
        return any(map(_is_hidden, value))
    return isinstance(value, Hidden)
