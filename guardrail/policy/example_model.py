"""Model objects from the short descriptions in a policy's examples; omitted attributes have defaults."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from msgspec import Struct, structs

from guardrail import limits
from guardrail.cost.base import Delta, Monthly
from guardrail.errors import PolicyError, did_you_mean
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Container,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    ManagedInstanceScaling,
    Model,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    StepAdjustment,
    StepScalingPolicy,
    TargetTrackingPolicy,
    TransformJob,
    Unknown,
    UnlinkedScaling,
)
from guardrail.policy.observation import Observation

T = TypeVar("T", bound=Struct)
Description: TypeAlias = Mapping[str, Any]

_ADDRESS = "example"


class Builder:
    """Model objects from descriptions, with the name of the policy for errors."""

    def __init__(self, policy: str) -> None:
        self._policy = policy
        self._names: dict[str, Any] = {}
        """What is scaled, by the dimensions of its metrics."""

    def known_keys(self, description: object, known: Sequence[str] | Mapping[str, object], path: str) -> None:
        """Raise `PolicyError` with "did you mean" for a key that is none."""
        if not isinstance(description, Mapping):
            raise PolicyError(f"policy {self._policy}: {path}: expected a mapping, got {description!r}")
        for key in description:
            if key not in known:
                raise PolicyError(f"policy {self._policy}: {path}.{key}: unknown key{did_you_mean(str(key), known)}")

    def values(self, description: object, path: str) -> dict[str, Any]:
        """The values of a description, which must be a mapping."""
        if not isinstance(description, Mapping):
            raise PolicyError(f"policy {self._policy}: {path}: expected a mapping, got {description!r}")
        return {key: _value(value) for key, value in description.items()}

    def items(self, description: object, path: str) -> Sequence[Any]:
        """The items of a description, which must be a list; none where there is none."""
        if not isinstance(description, (list, tuple, type(None))):
            raise PolicyError(f"policy {self._policy}: {path}: expected a list, got {description!r}")
        return description or ()

    def endpoint(self, description: Description, path: str) -> Endpoint:
        """The endpoint of an example, with its variants, their scaling and its inference components."""
        own: dict[str, Any] = {"mode": "realtime", "region": "us-east-1", "name": _ADDRESS}
        own |= self.values(description.get("endpoint", {}), f"{path}.endpoint")
        self._names = {"EndpointName": own["name"]}
        variants = self.items(description.get("variants"), f"{path}.variants")
        if "variants" not in description and "variant" in description:
            variants = [description["variant"]]
        scaling = description.get("scaling")
        own.setdefault("variants", tuple(self.variant(one, scaling, f"{path}.variants") for one in variants))
        if isinstance(own.get("unlinked_scaling"), (list, tuple)):
            place = f"{path}.endpoint.unlinked_scaling"
            own["unlinked_scaling"] = tuple(self.make(UnlinkedScaling, one, place) for one in own["unlinked_scaling"])
        if "inference_components" in description:
            own["inference_components"] = tuple(
                self.component(one, f"{path}.inference_components")
                for one in self.items(description["inference_components"], f"{path}.inference_components")
            )
        if isinstance(own.get("tags"), Mapping):
            own["tags"] = {key: _value(value) for key, value in own["tags"].items()}
        own.setdefault("address", f"aws_sagemaker_endpoint.{_ADDRESS}")
        own.setdefault("configuration_address", f"aws_sagemaker_endpoint_configuration.{_ADDRESS}")
        return self.make(Endpoint, own, f"{path}.endpoint")

    def job(self, description: Description, path: str) -> TransformJob:
        """A transform job of a task that waits for it, by default one ml.m5.large."""
        own: dict[str, Any] = {"label": "Score", "name": None, "model_name": "example", "waits": True}
        own |= {"instance_types": ["ml.m5.large"], "instance_count": 1}
        own |= self.values(description, path)
        own["instance_types"] = tuple(map(_value, own["instance_types"]))
        return self.make(TransformJob, own, path)

    def variant(
        self, description: Description, scaling: Description | None, path: str
    ) -> InstanceVariant | ServerlessVariant:
        """A serverless variant where it has ``memory_mib``, else one on instances."""
        own = {"name": "main"} | self.values(description, path)
        self._names["VariantName"] = own["name"]
        if isinstance(own.get("model"), Mapping):
            own["model"] = self.model(own["model"], f"{path}.model")
            own.setdefault("model_name", _ADDRESS)
        serverless = "memory_mib" in own
        if scaling is not None:
            dimension = PROVISIONED_CONCURRENCY if serverless else INSTANCE_COUNT
            own["scaling"] = self.target(scaling, dimension, f"{path}.scaling")
        if serverless:
            own.setdefault("provisioned_concurrency", None)
            return self.make(ServerlessVariant, own, path)
        own.setdefault("shadow", False)
        own.setdefault("instance_type", None)
        if own.get("monthly_hours") is not None:
            own["monthly_hours"] = self.amount(own["monthly_hours"], f"{path}.monthly_hours")
        if isinstance(own.get("managed_scaling"), Mapping):
            bounds = {"min_instance_count": None, "max_instance_count": None}
            own["managed_scaling"] = self.make(ManagedInstanceScaling, bounds | own["managed_scaling"], path)
        own["instance_pools"] = tuple(
            self.make(InstancePool, self.values(pool, path), path)
            for pool in self.items(own.get("instance_pools"), path)
        )
        return self.make(InstanceVariant, own, path)

    def model(self, description: Description, path: str) -> Model:
        """A model of one container, unless it says otherwise, outside of a VPC."""
        own: dict[str, Any] = {"address": f"aws_sagemaker_model.{_ADDRESS}", "containers": [{}]}
        own |= {"execution_mode": "Serial", "vpc": False, "network_isolation": False}
        own |= self.values(description, path)
        if not isinstance(own["containers"], Unknown):
            plain = {"image": None, "mode": "SingleModel", "model_package": None}
            own["containers"] = tuple(
                self.make(Container, plain | self.values(one, path), f"{path}.containers")
                for one in self.items(own["containers"], f"{path}.containers")
            )
        return self.make(Model, own, path)

    def component(self, description: Description, path: str) -> InferenceComponent:
        """An inference component."""
        own: dict[str, Any] = {"address": f"component.{_ADDRESS}", "name": _ADDRESS, "variant_name": None, "copies": 1}
        own |= self.values(description, path)
        self._names["InferenceComponentName"] = own["name"]
        if isinstance(own.get("scaling"), Mapping):
            own["scaling"] = self.target(own["scaling"], COPY_COUNT, f"{path}.scaling")
        return self.make(InferenceComponent, own, path)

    def target(self, description: Description, dimension: str, path: str) -> ScalableTarget:
        """A scaling target with its policies and scheduled actions."""
        own: dict[str, Any] = {"address": f"aws_appautoscaling_target.{_ADDRESS}", "dimension": dimension}
        own |= self.values(description, path)
        if isinstance(own.get("policies"), (list, tuple)):
            own["policies"] = tuple(self.policy(one, f"{path}.policies") for one in own["policies"])
        if isinstance(own.get("scheduled_actions"), (list, tuple)):
            bounds = {"address": f"aws_appautoscaling_scheduled_action.{_ADDRESS}"}
            bounds |= {"min_capacity": None, "max_capacity": None}  # type: ignore[dict-item] # absent bounds
            own["scheduled_actions"] = tuple(
                self.make(ScheduledAction, bounds | self.values(action, path), path)
                for action in own["scheduled_actions"]
            )
        return self.make(ScalableTarget, own, path)

    def policy(self, description: Description, path: str) -> TargetTrackingPolicy | StepScalingPolicy:
        """Steps where it has ``adjustments``, else target tracking of a ``predefined`` or other ``metric``."""
        own = self.values(description, path)
        own.setdefault("address", f"aws_appautoscaling_policy.{_ADDRESS}")
        if "adjustments" in own:
            own.setdefault("adjustment_type", "ChangeInCapacity")
            steps, alarms = own.pop("adjustments"), own.get("alarms")
            if not isinstance(steps, Unknown):
                each = ({"lower": 0, "upper": None, "adjustment": one} for one in self.items(steps, path))
                steps = tuple(self.make(StepAdjustment, one, f"{path}.adjustments") for one in each)
            if not isinstance(alarms, Unknown):
                alarms = tuple(self.alarm(one, f"{path}.alarms") for one in self.items(alarms, path))
            own |= {"steps": steps, "alarms": alarms}
            return self.make(StepScalingPolicy, own, path)
        predefined = "predefined" in own
        described = {
            "predefined": predefined,
            "name": own.pop("predefined", None) or own.pop("metric", None),
            "namespace": None if predefined else own.pop("namespace", "AWS/SageMaker"),
            "dimensions": self.dimensions(_value(own.pop("dimensions", ())), f"{path}.dimensions"),
            "statistic": own.pop("statistic", "Average"),
        }
        metric = self.make(ScalingMetric, described, path)
        own = {"target_value": 5.0, "disable_scale_in": False, "metrics": (metric,)} | own
        return self.make(TargetTrackingPolicy, own, path)

    def dimensions(self, raw: Any, path: str) -> Any:
        """Dimensions with their values; a list of names is of what is scaled itself."""
        if isinstance(raw, Unknown):
            return raw
        if isinstance(raw, Mapping):
            return {name: _value(value) for name, value in raw.items()}
        names = [_value(name) for name in self.items(raw, path)]
        unknown = next((name for name in names if isinstance(name, Unknown)), None)
        return unknown or {
            name: self._names.get(name, Unknown("the example does not say its value")) for name in map(str, names)
        }

    def alarm(self, description: Description, path: str) -> Alarm:
        """An alarm, by default ``>= 1`` on a metric of SageMaker."""
        own: dict[str, Any] = {
            "address": f"aws_cloudwatch_metric_alarm.{_ADDRESS}",
            "namespace": "AWS/SageMaker",
            "dimensions": {},
            "statistic": "Average",
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": 1,
            "period_s": 60,
            "evaluation_periods": 2,
        }
        return self.make(Alarm, own | self.values(description, path), path)

    def totals(self, description: Description, path: str) -> tuple[Monthly | None, Monthly, Delta | None]:
        """Before, after, and their difference."""
        self.known_keys(description, ("before", "after", "delta", "short_aws_budgets"), path)
        before = self.monthly(description["before"], path) if "before" in description else None
        after = self.monthly(description.get("after", 0), path)
        if "delta" in description:
            change = _value(description["delta"])
            return before, after, Delta(*(self.amount(change, f"{path}.delta"),) * 3)
        if before is None:
            return None, after, None
        return (
            before,
            after,
            Delta(after.floor - before.floor, _minus(after.expected, before.expected), after.ceiling - before.ceiling),
        )

    def short_budgets(self, description: Description) -> tuple[str, ...] | Unknown | None:
        """The AWS Budgets that an example lists as too short; None where it lists none."""
        found = _value(description.get("short_aws_budgets"))
        return tuple(found) if isinstance(found, (list, tuple)) else found

    def monthly(self, description: Any, path: str) -> Monthly:
        """One amount for all bounds, or the bounds and flags themselves."""
        if not isinstance(description, Mapping):
            description = dict.fromkeys(("floor", "expected", "ceiling"), description)
        own = {key: self.amount(value, f"{path}.{key}") for key, value in self.values(description, path).items()}
        return self.make(Monthly, own, path)

    def amount(self, value: Any, path: str) -> Any:
        """A number as amounts are; what is unknown, or true of an amount, as it is."""
        if isinstance(value, (bool, Unknown)):
            return value
        number = limits.number(str(value))
        if number is None:
            raise PolicyError(f"policy {self._policy}: {path}: {_misfit(value, Decimal)}")
        return number

    def observation(self, description: object, path: str) -> Observation:
        """What an example says was observed of its variant."""
        values = self.values(description, path)
        exact = {field.name for field in structs.fields(Observation) if Decimal in get_args(field.type)}
        return self.make(
            Observation,
            {key: self.amount(value, f"{path}.{key}") if key in exact else value for key, value in values.items()},
            path,
        )

    def make(self, kind: type[T], values: Mapping[str, Any], path: str) -> T:
        """An object of the model; every key must be one of its attributes, every value of the type of that."""
        types = {field.name: field.type for field in structs.fields(kind)}
        self.known_keys(values, list(types), path)
        own = {key: _value(value) for key, value in values.items()}
        for key, value in own.items():
            if not _fits(value, types[key]):
                raise PolicyError(f"policy {self._policy}: {path}.{key}: {_misfit(value, types[key])}")
        try:
            return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in own.items()})
        except TypeError as error:
            raise PolicyError(f"policy {self._policy}: {path}: {str(error).lower()}") from error


def _value(raw: Any) -> Any:
    return Unknown(str(raw["unknown"])) if isinstance(raw, Mapping) and set(raw) == {"unknown"} else raw


def _fits(value: object, kind: Any) -> bool:
    """Whether a value is of the type of an attribute of the model; a whole number is a number too."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, (tuple, list)) and all(_fits(_value(item), parts[0]) for item in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(_fits(_value(item), parts[1]) for item in value.values())
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return isinstance(value, origin or kind)


def _misfit(value: object, kind: Any) -> str:
    """``expected realtime, async or serverless, got 'real-time', did you mean realtime?``."""
    choices = [choice for part in (kind, *get_args(kind)) if get_origin(part) is Literal for choice in get_args(part)]
    if choices:
        return f"expected {', '.join(choices[:-1])} or {choices[-1]}, got {value!r}{did_you_mean(str(value), choices)}"
    words = {int: "a whole number", float: "a number", Decimal: "an amount", str: "text", bool: "true or false"}
    expected = [words[part] for part in (kind, *get_args(kind)) if part in words]
    return f"expected {' or '.join(expected)}, got {value!r}" if expected else f"{value!r} does not fit"


def _minus(after: Decimal | Unknown, before: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(after, Unknown):
        return after
    return before if isinstance(before, Unknown) else after - before
