"""Small plans, written as Terraform writes them: what a test does not say is what Terraform says of the least stack."""

import re
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

AWS = "registry.terraform.io/hashicorp/aws"
COUNT = "sagemaker:variant:DesiredInstanceCount"
CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
COPIES = "sagemaker:inference-component:DesiredCopyCount"

ENDPOINT = "aws_sagemaker_endpoint.e"
CONFIGURATION = "aws_sagemaker_endpoint_configuration.c"
TARGET = "aws_appautoscaling_target.t"
POLICY = "aws_appautoscaling_policy.p"
ALARM = "aws_cloudwatch_metric_alarm.a"

_ADDRESS = re.compile(
    r'(?P<module>(?:module\.\w+(?:\["(?:[^"\\]|\\.)*"\]|\[\d+\])?\.)*)(?P<type>\w+)\.(?P<name>\w+)(?:\[(?P<index>.*)\])?',
    re.DOTALL,
)


def endpoint(name: str | None = "app", config: str | None = "app-config", **others: Any) -> Json:
    """The attributes of an endpoint."""
    return {"name": name, "endpoint_config_name": config, "tags": None, "tags_all": {}, **others}


def configuration(*variants: Json, name: str | None = "app-config", **others: Any) -> Json:
    """The attributes of an endpoint configuration; one real-time variant where none is given."""
    return {"name": name, "production_variants": list(variants or (variant(),)), "tags_all": {}, **others}


def variant(name: str | None = "main", instance_type: Any = "ml.m5.xlarge", count: Any = 2, **others: Any) -> Json:
    """A production variant on instances."""
    return {"variant_name": name, "instance_type": instance_type, "initial_instance_count": count, **others}


def serverless(name: str = "main", memory: int = 2048, concurrency: int = 5, **others: Any) -> Json:
    """A serverless production variant."""
    config = {"memory_size_in_mb": memory, "max_concurrency": concurrency, **others}
    return {"variant_name": name, "serverless_config": [config]}


def target(
    resource: str | None = "endpoint/app/variant/main",
    low: Any = 1,
    high: Any = 4,
    dimension: Any = COUNT,
    **others: Any,
) -> Json:
    """The attributes of a scalable target."""
    bounds = {"min_capacity": low, "max_capacity": high}
    link = {"resource_id": resource, "scalable_dimension": dimension, "service_namespace": "sagemaker"}
    return {**link, **bounds, **others}


def step_policy(resource: str | None = "endpoint/app/variant/main", dimension: str = COUNT, **others: Any) -> Json:
    """The attributes of a step scaling policy that adds one."""
    step = {"adjustment_type": "ChangeInCapacity", "step_adjustment": [{"scaling_adjustment": 1}]}
    link = {"resource_id": resource, "scalable_dimension": dimension, "service_namespace": "sagemaker"}
    return {"policy_type": "StepScaling", "step_scaling_policy_configuration": [step], **link, **others}


def tracking_policy(resource: str | None = "endpoint/app/variant/main", dimension: str = COUNT, **others: Any) -> Json:
    """The attributes of a target-tracking policy on invocations."""
    metric = {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"target_value": 70, "predefined_metric_specification": [metric]}
    link = {"resource_id": resource, "scalable_dimension": dimension, "service_namespace": "sagemaker"}
    return {
        "policy_type": "TargetTrackingScaling",
        "target_tracking_scaling_policy_configuration": [tracking],
        **link,
        **others,
    }


def alarm(actions: Any = None, **others: Any) -> Json:
    """The attributes of the alarm that wakes an asynchronous endpoint."""
    return {
        "metric_name": "HasBacklogWithoutCapacity",
        "namespace": "AWS/SageMaker",
        "dimensions": {"EndpointName": "app"},
        "statistic": "Average",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 1,
        "period": 60,
        "evaluation_periods": 2,
        "alarm_actions": actions,
        **others,
    }


def change(address: str, after: Any = None, *, before: Any = None, unknown: Any = None, **others: Any) -> Json:
    """One resource change; its actions follow from its sides unless ``actions`` says otherwise."""
    actions = others.pop("actions", None) or _actions(before, after)
    inner = {
        "actions": actions,
        "before": before,
        "after": after,
        "after_unknown": unknown or {},
        "before_sensitive": others.pop("before_sensitive", False),
        "after_sensitive": others.pop("sensitive", {}),
    }
    return {**_located(address), "mode": "managed", "provider_name": AWS, "change": inner, **others}


def kept(address: str, values: Any, **others: Any) -> Json:
    """A resource that stays as it is."""
    return change(address, values, before=values, **others)


def replaced(address: str, before: Any, after: Any, **others: Any) -> Json:
    """A resource that is deleted and created again."""
    return change(address, after, before=before, actions=others.pop("actions", ["delete", "create"]), **others)


def standing(address: str, values: Any, **others: Any) -> Json:
    """A resource of a state."""
    located = _located(address)
    located.pop("module_address", None)
    return {**located, "mode": "managed", "provider_name": AWS, "values": values, "sensitive_values": {}, **others}


def state(*resources: Json) -> Json:
    """A state, as `terraform show -json` writes one and as a plan's prior_state."""
    return {"format_version": "1.0", "terraform_version": "1.11.4", "values": _values(resources)}


def plan(*changes: Json, root: Json | None = None, providers: Json | None = None, **others: Any) -> Json:
    """A plan with its configuration, whose only provider block is in us-east-1 unless ``providers`` says otherwise."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": list(changes),
        "configuration": {
            "provider_config": provider() if providers is None else providers,
            "root_module": root or written(change["address"] for change in changes),
        },
        **others,
    }


def provider(region: Any = "us-east-1", key: str = "aws", full_name: str = AWS, **others: Any) -> Json:
    """One provider block, by its key."""
    expressions = {} if region is None else {"region": constant(region) if isinstance(region, str) else region}
    return {key: {"name": "aws", "full_name": full_name, "expressions": {**expressions, **others}}}


def module(*resources: Json, **others: Any) -> Json:
    """A module of the configuration: blocks, ``module_calls``, ``outputs``, ``variables``."""
    return {"resources": list(resources), **others}


def written(addresses: Iterable[str]) -> Json:
    """A root module with an empty block for each address in it."""
    found = {(each["type"], each["name"]): each for each in map(_located, addresses) if "module_address" not in each}
    return module(*(block(f"{type_}.{name}") for type_, name in found))


def block(address: str, provider: Any = "aws", **expressions: Any) -> Json:
    """A resource block as written; a plain value is a constant, a list of dicts is nested blocks."""
    located = _located(address)
    extra = {f"{name}_expression": expressions.pop(name) for name in ("for_each", "count") if name in expressions}
    return {
        "address": address,
        "mode": "data" if address.startswith("data.") else "managed",
        "type": located["type"],
        "name": located["name"],
        "provider_config_key": provider,
        "expressions": {name: expression(value) for name, value in expressions.items()},
        **extra,
    }


def call(called: Json, **others: Any) -> Json:
    """A module call; ``for_each`` and ``count`` are its own, the rest is passed on."""
    extra = {f"{name}_expression": others.pop(name) for name in ("for_each", "count") if name in others}
    return {"module": called, "expressions": {name: expression(value) for name, value in others.items()}, **extra}


def output(value: Any) -> Json:
    """An output of a module."""
    return {"expression": expression(value)}


def expression(value: Any) -> Any:
    """An expression of the plan format."""
    if isinstance(value, dict) and ("references" in value or "constant_value" in value):
        return value
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [{name: expression(inner) for name, inner in each.items()} for each in value]
    return constant(value)


def constant(value: Any) -> Json:
    """A constant expression."""
    return {"constant_value": value}


def ref(*references: str) -> Json:
    """An expression that mentions these; behind each, Terraform lists its prefixes."""
    return {"references": [each for reference in references for each in _with_prefixes(reference)]}


def _with_prefixes(reference: str) -> list[str]:
    least = 3 if reference.startswith("data.") else 2
    steps = re.findall(r'\.?[^.\[\]]+|\[(?:"(?:[^"\\]|\\.)*"|\d+)\]', reference)
    return ["".join(steps[:length]) for length in range(len(steps), min(least, len(steps)) - 1, -1)]


def _actions(before: Any, after: Any) -> list[str]:
    if before is None or after is None:
        return ["create"] if before is None else ["delete"]
    return ["no-op"] if before == after else ["update"]


def _located(address: str) -> Json:
    match = _ADDRESS.fullmatch(address.removeprefix("data."))
    assert match, address
    located: Json = {"address": address, "type": match["type"], "name": match["name"]}
    if match["index"]:
        index = match["index"]
        located["index"] = int(index) if index.isdigit() else index[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if match["module"]:
        located["module_address"] = match["module"].rstrip(".")
    return located


def _values(resources: Iterable[Json]) -> Json:
    """Resources in the modules that their addresses name; every module is a child of the root here."""
    modules: dict[str, list[Json]] = {}
    for resource in resources:
        modules.setdefault(_located(resource["address"]).get("module_address", ""), []).append(resource)
    children = [{"address": address, "resources": inside} for address, inside in modules.items() if address]
    return {"root_module": {"resources": modules.get("", []), "child_modules": children}}
