"""New resources of a template: beside a scaling target, or an endpoint, under its condition, with names that are free.

An alarm gets no name: CloudFormation makes one up that no other has.
"""

import re
from collections.abc import Collection
from typing import Any

from guardrail.fixes.additions import WAKE_STEP, tracked_metric, wake_alarm, wake_settings, waking
from guardrail.fixes.base import AddTarget, AddTracking, AddWake, NoFixError
from guardrail.fixes.marks import Entry, Marked
from guardrail.fixes.yaml_edits import Tagged
from guardrail.model import INSTANCE_COUNT
from guardrail.sources.vocabulary.spellings import ALARM, CONFIGURATION, ENDPOINT, POLICY, TARGET

_SUB = re.compile(
    r"(?:endpoint|inference-component)/(?:\$\{(?P<reference>[\w.]+)\}|(?P<name>[A-Za-z0-9-]+))(?:/variant/.*)?"
)

_WORD = re.compile(r"[A-Za-z0-9-]+")


def new_resources(change: AddTarget | AddTracking | AddWake, resources: Marked) -> tuple[str, dict[str, Any]]:
    """The logical id that new resources stand behind, and these by their own, in their order. Raises `NoFixError`."""
    made = _Made(resources)
    match change:
        case AddTarget():
            return change.endpoint, made.target(change)
        case AddTracking():
            return change.target, made.tracking(change)
        case AddWake():
            return change.target, made.wake(change)


def endpoint_of(target: str, resources: Marked) -> Any:
    """The name of the endpoint that a target scales, as its resource id has it. Raises `NoFixError`."""
    return _Made(resources).endpoint_of(target)


class _Made:
    """Resources for one template, whose functions are written in long form where it is JSON."""

    def __init__(self, resources: Marked) -> None:
        self._resources = resources
        self._is_json = resources.flow

    def _entry(self, logical_id: str, kind: str) -> Entry:
        entry = self._resources.get(logical_id)
        type_ = None if entry is None else entry.value.get("Type")
        if entry is None or type_ is None:
            raise NoFixError(f"{logical_id} is not written in the template itself")
        if type_.value.value != kind:
            raise NoFixError(f"{logical_id} is no {kind}")
        return entry

    def _with_condition(self, beside: Entry, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        condition = beside.value.get("Condition")
        if condition is not None and condition.value.kind != "scalar":
            raise NoFixError("its condition is not a name")
        own = {} if condition is None else {"Condition": condition.value.value}
        return {"Type": kind, **own, "Properties": properties}

    def _refuse_conditional(self, beside: Entry, kind: str, own: Collection[str], has: str = "") -> None:
        """Raise where a resource under a condition of its own, which does not hold here, would do what is to be added.

        ``own`` are names of what it would be about, of which it has one, and ``has`` is a property of it.
        """
        for entry in self._resources.entries:
            type_, properties = entry.value.get("Type"), entry.value.get("Properties")
            condition = _condition_of(entry)
            if type_ is None or type_.value.value != kind or condition in (None, _condition_of(beside)):
                continue
            is_so = properties is not None and (not has or properties.value.get(has) is not None)
            if properties is not None and is_so and not _words_in(properties.value).isdisjoint(own):
                raise NoFixError(
                    f"{entry.key} would do it, under the condition {condition}:"
                    " a second one beside it would be wrong where that holds"
                )

    def _free(self, logical_id: str) -> str:
        names = (logical_id, *(f"{logical_id}{number}" for number in range(2, 100)))
        return next(name for name in names if self._resources.get(name) is None)

    def _ref(self, logical_id: str) -> Any:
        return {"Ref": logical_id} if self._is_json else Tagged(("!Ref", logical_id))

    def _get(self, logical_id: str, attribute: str) -> Any:
        if self._is_json:
            return {"Fn::GetAtt": [logical_id, attribute]}
        return Tagged(("!GetAtt", f"{logical_id}.{attribute}"))

    def _sub(self, text: str) -> Any:
        return {"Fn::Sub": text} if self._is_json else Tagged(("!Sub", text))

    def endpoint_of(self, target: str) -> Any:
        return self._endpoint_name(self._entry(target, TARGET))

    # What is made ------------------------------------------------------------------------------------------------

    def target(self, change: AddTarget) -> dict[str, Any]:
        beside = self._entry(change.endpoint, ENDPOINT)
        variant = self._entry(change.configuration, CONFIGURATION).value.at(
            "Properties", "ProductionVariants", change.variant
        )
        count = None if variant is None else variant.value.get("InitialInstanceCount")
        name = None if variant is None else variant.value.get("VariantName")
        if name is None or name.value.kind != "scalar" or name.value.tag:
            raise NoFixError("its VariantName is not written out")
        if count is None or count.value.kind != "scalar" or count.value.tag or not count.value.value.isdecimal():
            raise NoFixError("the count that it starts with is not written out, and it is the maximum")
        self._refuse_conditional(beside, TARGET, (change.endpoint, *_text_of(beside, "EndpointName")))
        properties = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": self._sub(f"endpoint/${{{change.endpoint}.EndpointName}}/variant/{change.name}"),
            "ScalableDimension": INSTANCE_COUNT,
            "MinCapacity": int(count.value.value) if change.least is None else change.least,
            "MaxCapacity": int(count.value.value) if change.most is None else change.most,
        }
        return {self._free(f"{change.endpoint}Scaling"): self._with_condition(beside, TARGET, properties)}

    def tracking(self, change: AddTracking) -> dict[str, Any]:
        beside = self._entry(change.target, TARGET)
        self._refuse_conditional(beside, POLICY, (change.target,), "TargetTrackingScalingPolicyConfiguration")
        if change.predefined:
            specification: dict[str, Any] = {"PredefinedMetricSpecification": {"PredefinedMetricType": change.metric}}
            suffix = "Tracking"
        else:
            metric = tracked_metric(change.metric) | {"Dimensions": self._dimensions(beside)}
            specification = {"CustomizedMetricSpecification": metric}
            suffix = "Backlog"
        value = int(change.value) if float(change.value).is_integer() else change.value
        properties = {
            "PolicyName": self._policy_name(suffix.lower()),
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": self._ref(change.target),
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": value, **specification},
        }
        return {self._free(f"{change.target}{suffix}"): self._with_condition(beside, POLICY, properties)}

    def wake(self, change: AddWake) -> dict[str, Any]:
        beside = self._entry(change.target, TARGET)
        made: dict[str, Any] = {}
        policy = change.policy
        if policy is None:
            self._refuse_conditional(beside, POLICY, (change.target,), "StepScalingPolicyConfiguration")
            policy = self._free(f"{change.target}Wake")
            properties = {
                "PolicyName": self._policy_name("wake"),
                "PolicyType": "StepScaling",
                "ScalingTargetId": self._ref(change.target),
                "StepScalingPolicyConfiguration": {
                    **wake_settings(copies=change.copies),
                    "StepAdjustments": [dict(WAKE_STEP)],
                },
            }
            made[policy] = self._with_condition(beside, POLICY, properties)
        else:
            if _condition_of(self._entry(policy, POLICY)) != _condition_of(beside):
                raise NoFixError(f"{policy} is there under another condition than {change.target}")
            self._refuse_conditional(beside, ALARM, (policy,), "AlarmActions")
        by = waking(copies=change.copies)[1]
        alarm = wake_alarm(self._dimensions(beside, by), self._ref(policy), copies=change.copies)
        made[self._free(f"{change.target}WakeAlarm")] = self._with_condition(beside, ALARM, alarm)
        return made

    def _policy_name(self, name: str) -> str:
        """A name that no policy of the template has: a second one of a name, on one target, replaces the first."""
        taken = set()
        for entry in self._resources.entries:
            written = entry.value.at("Properties", "PolicyName") if entry.value.kind == "mapping" else None
            if written is not None and written.value.kind == "scalar":
                taken.add(written.value.value)
        names = (name, f"{name}-added", *(f"{name}-{number}" for number in range(2, 100)))
        return next(each for each in names if each not in taken)

    def _dimensions(self, target: Entry, by: str = "EndpointName") -> list[dict[str, Any]]:
        return [{"Name": by, "Value": self._endpoint_name(target)}]

    def _endpoint_name(self, target: Entry) -> Any:
        """The name of the endpoint that a target scales, as its resource id has it. Raises `NoFixError`."""
        entry = target.value.at("Properties", "ResourceId")
        value = None if entry is None or entry.alias is not None else entry.value
        if value is not None and value.kind == "mapping" and len(value.entries) == 1:
            inner = value.entries[0]
            if inner.key == "Fn::Sub":
                value = inner.value
            elif inner.key == "Fn::Join":
                return self._joined(inner.value)
        if value is not None and value.tag == "!Join":
            return self._joined(value)
        given: Marked | None = None
        if value is not None and value.kind == "sequence" and len(value.items) > 1:  # Sub with values of its own
            value, given = value.items[0].value, value.items[1].value
        found = _SUB.fullmatch(value.value) if value is not None and value.kind == "scalar" else None
        if found is None:
            raise NoFixError("its ResourceId does not name its endpoint in one word")
        own = given.get(found["reference"]) if given is not None and found["reference"] else None
        if own is not None:
            return self._reference(own.value)
        if found["name"]:
            return found["name"]
        logical_id, _, attribute = found["reference"].partition(".")
        return self._get(logical_id, attribute) if attribute else self._ref(logical_id)

    def _joined(self, value: Marked) -> Any:
        """The name in ``Fn::Join: ["/", ["endpoint", NAME, "variant", …]]``, where it is a reference or a text."""
        parts = value.at(1)
        if value.kind != "sequence" or parts is None or parts.value.kind != "sequence":
            raise NoFixError("its ResourceId does not name its endpoint in one word")
        for before, item in zip(parts.value.items, parts.value.items[1:], strict=False):
            if before.value.value.rstrip("/") in ("endpoint", "inference-component"):
                return self._reference(item.value)
        raise NoFixError("its ResourceId does not name its endpoint in one word")

    def _reference(self, value: Marked) -> Any:
        if value.kind == "scalar" and value.tag in ("!Ref", "!GetAtt"):
            return Tagged((value.tag, value.value))
        if value.kind == "scalar" and not value.tag:
            return value.value
        if value.kind == "mapping" and len(value.entries) == 1:
            entry = value.entries[0]
            if entry.key == "Ref":
                return self._ref(entry.value.value)
            if entry.key == "Fn::GetAtt":
                names = [each.value.value for each in entry.value.items] or entry.value.value.split(".", 1)
                return self._get(*names)
        raise NoFixError("its ResourceId does not name its endpoint in one word")


def _condition_of(entry: Entry) -> str | None:
    found = entry.value.get("Condition") if entry.value.kind == "mapping" else None
    return None if found is None else found.value.value


def _text_of(entry: Entry, name: str) -> tuple[str, ...]:
    """The text of a property, where it is one."""
    found = entry.value.at("Properties", name)
    is_text = found is not None and found.value.kind == "scalar" and not found.value.tag
    return (found.value.value,) if found is not None and is_text else ()


def _words_in(value: Marked) -> frozenset[str]:
    """All words of the texts in a value: names of resources and of endpoints among them."""
    inner = (each.value for each in (*value.entries, *value.items))
    return frozenset(_WORD.findall(value.value)).union(*map(_words_in, inner))
