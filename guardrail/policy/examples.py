"""The examples inside a policy, made into real model objects and run through the real engine and price book.

An example names what matters and leaves the rest to defaults; docs/policies.md describes the format. ``{unknown: why}``
stands for a value that cannot be known, wherever a value may stand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct, structs

from guardrail.cost.base import Delta, Monthly
from guardrail.cost.estimate import estimate
from guardrail.cost.price_book import PriceBook
from guardrail.errors import PolicyError, did_you_mean
from guardrail.model import (
    COPY_COUNT,
    INSTANCE_COUNT,
    PROVISIONED_CONCURRENCY,
    Alarm,
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    Inventory,
    ManagedInstanceScaling,
    ScalableTarget,
    ScalingMetric,
    ScheduledAction,
    ServerlessVariant,
    StepScalingPolicy,
    TargetTrackingPolicy,
    Unknown,
)
from guardrail.money import two_decimals
from guardrail.policy.base import Result
from guardrail.policy.environment import Environments
from guardrail.policy.evaluate import evaluate, evaluate_stack
from guardrail.policy.load import check
from guardrail.policy.policy import Examples, Policy, with_parameters

Description: TypeAlias = Mapping[str, Any]

_ADDRESS = "example"
_KEYS = (
    "because",
    "params",
    "endpoint",
    "variant",
    "variants",
    "scaling",
    "inference_components",
    "totals",
    "expect",
)
_EXPECTED = ("saving", "message")


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one example."""

    policy: str
    verdict: str
    """The one it must get: pass, fail, open or not_applicable."""
    because: str
    problem: str | None
    """What was wrong, or None."""


def run(policy: Policy, prices: PriceBook) -> Iterator[Outcome]:
    """Every example of ``policy``, with what it must show and whether it does."""
    examples = policy.examples
    for verdict, descriptions in (
        ("pass", examples.passing),
        ("fail", examples.failing),
        ("open", examples.open),
        ("not_applicable", examples.not_applicable),
    ):
        for index, description in enumerate(descriptions):
            path = f"examples.{verdict}[{index}]"
            because = str(description.get("because", path))
            problem = _problem(verdict, description, results(policy, description, prices, path))
            yield Outcome(policy=policy.id, verdict=verdict, because=because, problem=problem)


def missing_verdicts(examples: Examples) -> list[str]:
    """The verdicts that no example shows."""
    shown = {"pass": examples.passing, "fail": examples.failing, "open": examples.open}
    return [verdict for verdict, descriptions in shown.items() if not descriptions]


def results(policy: Policy, description: Description, prices: PriceBook, path: str) -> list[Result]:
    """What ``policy`` says of a described inventory, or of described totals.

    Raises `PolicyError`, naming the policy and the place in it, for a description that cannot be made into a model.
    """
    builder = _Builder(policy.id)
    builder.known_keys(description, _KEYS, path)
    params = description.get("params", {})
    builder.known_keys(params, policy.params, f"{path}.params")
    policy = with_parameters(policy, params)
    check(policy)
    if "totals" in description:
        totals = builder.totals(description["totals"], f"{path}.totals")
        return evaluate_stack([policy], before=totals[0], after=totals[1], delta=totals[2], budgets={})
    endpoint = builder.endpoint(description, path)
    inventory = Inventory(endpoints=(endpoint,))
    return evaluate(
        [policy],
        inventory,
        estimate(inventory, prices),
        source="",
        prices=prices,
        environments=Environments(),
        has_before=False,
    )


def _problem(verdict: str, description: Description, results: Sequence[Result]) -> str | None:
    """Why the results are not what the example promises; None where they are."""
    verdicts = {result.verdict for result in results}
    got = next((worst for worst in ("fail", "open", "pass") if worst in verdicts), "not_applicable")
    if got != verdict:
        return f"expected {verdict}, got {got}{_reasons(results)}"
    expected: Description = description.get("expect", {})
    if "saving" in expected:
        savings = [_amount(result) for result in results if result.verdict == verdict]
        if str(expected["saving"]) not in map(str, savings):
            return f"expected a saving of {expected['saving']}, got {', '.join(map(str, savings))}"
    if "message" in expected:
        messages = [result.message for result in results if result.verdict == verdict]
        if expected["message"] not in messages:
            return f"expected the message {expected['message']!r}, got {messages}"
    return None


def _reasons(results: Sequence[Result]) -> str:
    said = [result.reason or result.message for result in results if result.verdict in ("fail", "open")]
    return f": {'; '.join(said)}" if said else ""


def _amount(result: Result) -> str | None:
    saving = result.saving_monthly
    if saving is None:
        return None
    return f"unknown ({saving.reason})" if isinstance(saving, Unknown) else two_decimals(saving).replace(",", "")


class _Builder:
    """Model objects from descriptions, with the name of the policy for errors."""

    def __init__(self, policy: str) -> None:
        self._policy = policy

    def known_keys(self, description: object, known: Sequence[str] | Mapping[str, object], path: str) -> None:
        if not isinstance(description, Mapping):
            raise PolicyError(f"policy {self._policy}: {path}: expected a mapping, got {description!r}")
        for key in description:
            if key not in known:
                raise PolicyError(f"policy {self._policy}: {path}.{key}: unknown key{did_you_mean(str(key), known)}")

    def endpoint(self, description: Description, path: str) -> Endpoint:
        own: dict[str, Any] = {"mode": "realtime", "region": "us-east-1", "name": _ADDRESS}
        own |= {key: _value(value) for key, value in description.get("endpoint", {}).items()}
        variants = description.get("variants")
        if variants is None:
            variants = [description["variant"]] if "variant" in description else []
        scaling = description.get("scaling")
        own.setdefault("variants", tuple(self.variant(one, scaling, f"{path}.variants") for one in variants))
        if "inference_components" in description:
            own["inference_components"] = tuple(
                self.component(one, f"{path}.inference_components") for one in description["inference_components"]
            )
        own.setdefault("address", f"aws_sagemaker_endpoint.{_ADDRESS}")
        own.setdefault("configuration_address", f"aws_sagemaker_endpoint_configuration.{_ADDRESS}")
        return self.make(Endpoint, own, f"{path}.endpoint")

    def variant(
        self, description: Description, scaling: Description | None, path: str
    ) -> InstanceVariant | ServerlessVariant:
        own = {"name": "main"} | {key: _value(value) for key, value in description.items()}
        serverless = "memory_mib" in own
        if scaling is not None:
            dimension = PROVISIONED_CONCURRENCY if serverless else INSTANCE_COUNT
            own["scaling"] = self.target(scaling, dimension, f"{path}.scaling")
        if serverless:
            own.setdefault("provisioned_concurrency", None)
            return self.make(ServerlessVariant, own, path)
        own.setdefault("shadow", False)
        own.setdefault("instance_type", None)
        if isinstance(own.get("managed_scaling"), Mapping):
            bounds = {"min_instance_count": None, "max_instance_count": None}
            own["managed_scaling"] = self.make(ManagedInstanceScaling, bounds | own["managed_scaling"], path)
        own["instance_pools"] = tuple(self.make(InstancePool, pool, path) for pool in own.get("instance_pools", ()))
        return self.make(InstanceVariant, own, path)

    def component(self, description: Description, path: str) -> InferenceComponent:
        own: dict[str, Any] = {"address": f"component.{_ADDRESS}", "name": _ADDRESS, "variant_name": None, "copies": 1}
        own |= {key: _value(value) for key, value in description.items()}
        if isinstance(own.get("scaling"), Mapping):
            own["scaling"] = self.target(own["scaling"], COPY_COUNT, f"{path}.scaling")
        return self.make(InferenceComponent, own, path)

    def target(self, description: Description, dimension: str, path: str) -> ScalableTarget:
        own: dict[str, Any] = {"address": f"aws_appautoscaling_target.{_ADDRESS}", "dimension": dimension}
        own |= {key: _value(value) for key, value in description.items()}
        if isinstance(own.get("policies"), (list, tuple)):
            own["policies"] = tuple(self.policy(one, f"{path}.policies") for one in own["policies"])
        if isinstance(own.get("scheduled_actions"), (list, tuple)):
            bounds = {"address": f"aws_appautoscaling_scheduled_action.{_ADDRESS}"}
            bounds |= {"min_capacity": None, "max_capacity": None}  # type: ignore[dict-item] # absent bounds
            own["scheduled_actions"] = tuple(
                self.make(ScheduledAction, bounds | action, path) for action in own["scheduled_actions"]
            )
        return self.make(ScalableTarget, own, path)

    def policy(self, description: Description, path: str) -> TargetTrackingPolicy | StepScalingPolicy:
        """Steps where it has ``adjustments``, else target tracking of a ``predefined`` or other ``metric``."""
        own = {key: _value(value) for key, value in description.items()}
        own.setdefault("address", f"aws_appautoscaling_policy.{_ADDRESS}")
        if "adjustments" in own:
            own.setdefault("adjustment_type", "ChangeInCapacity")
            own["adjustments"] = _tuple(own["adjustments"])
            alarms = own.get("alarms", ())
            own["alarms"] = (
                alarms
                if isinstance(alarms, Unknown)
                else tuple(self.alarm(alarm, f"{path}.alarms") for alarm in alarms)
            )
            return self.make(StepScalingPolicy, own, path)
        predefined = "predefined" in own
        metric = ScalingMetric(
            predefined=predefined,
            name=own.pop("predefined", None) or own.pop("metric", None),
            namespace=None if predefined else own.pop("namespace", "AWS/SageMaker"),
            dimensions=_tuple(own.pop("dimensions", ())),
            statistic=own.pop("statistic", "Average"),
        )
        own = {"target_value": 5.0, "disable_scale_in": False, "metrics": (metric,)} | own
        return self.make(TargetTrackingPolicy, own, path)

    def alarm(self, description: Description, path: str) -> Alarm:
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
        return self.make(Alarm, own | {key: _value(value) for key, value in description.items()}, path)

    def totals(self, description: Description, path: str) -> tuple[Monthly | None, Monthly, Delta | None]:
        self.known_keys(description, ("before", "after", "delta"), path)
        before = self.monthly(description["before"], path) if "before" in description else None
        after = self.monthly(description.get("after", 0), path)
        if "delta" in description:
            change = _value(description["delta"])
            each = (change,) * 3 if isinstance(change, Unknown) else tuple(map(_decimal, (change,) * 3))
            return before, after, Delta(*each)
        if before is None:
            return None, after, None
        return before, after, Delta(
            after.floor - before.floor, _minus(after.expected, before.expected), after.ceiling - before.ceiling
        )

    def monthly(self, description: Any, path: str) -> Monthly:  # noqa: ANN401 - one amount, or the three bounds
        if not isinstance(description, Mapping):
            description = dict.fromkeys(("floor", "expected", "ceiling"), description)
        own = {key: _decimal(_value(value)) for key, value in description.items()}
        return self.make(Monthly, own, path)

    def make(self, kind: Callable[..., Any], values: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - a ``kind``
        known = [field.name for field in structs.fields(kind)]  # type: ignore[arg-type] # a Struct class
        self.known_keys(values, known, path)
        try:
            return kind(**{key: _value(value) for key, value in values.items()})
        except TypeError as error:
            raise PolicyError(f"policy {self._policy}: {path}: {str(error).lower()}") from error


def _value(raw: Any) -> Any:  # noqa: ANN401 - foreign data
    return Unknown(str(raw["unknown"])) if isinstance(raw, Mapping) and set(raw) == {"unknown"} else raw


def _tuple(raw: Any) -> Any:  # noqa: ANN401 - a list, or Unknown
    return raw if isinstance(raw, Unknown) else tuple(_value(item) for item in raw)


def _decimal(value: Any) -> Any:  # noqa: ANN401 - a flag, Unknown, or a number made a Decimal
    return value if isinstance(value, (bool, Unknown)) else Decimal(str(value))


def _minus(after: Decimal | Unknown, before: Decimal | Unknown) -> Decimal | Unknown:
    if isinstance(after, Unknown):
        return after
    return before if isinstance(before, Unknown) else after - before
