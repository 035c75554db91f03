"""SageMaker pipelines: their transform steps, with parameters, conditions, caches and retries.

Sources: the pipeline definition schema of version 2020-12-01, and "Retry policy for pipeline steps", "Caching pipeline
steps", "Default values" and "Customize access management for SageMaker Pipelines jobs" (job names are prefixes) of the
SageMaker developer guide.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from guardrail.model import Flow, Step, Unknown
from guardrail.sources.jobs import requests
from guardrail.sources.jobs.base import Definition, DefinitionReading, objects, plain
from guardrail.sources.vocabulary.transform import OneOf, transform_job

_OTHERS = {
    "Processing": "processing job",
    "Training": "training job",
    "Tuning": "tuning job",
    "AutoML": "AutoML job",
    "ClarifyCheck": "processing job",
    "QualityCheck": "processing job",
    "NotebookJob": "notebook job",
}
_MAY_MAKE = ("Lambda", "Callback", "EndpointConfig", "Endpoint", "InferenceComponent")
"""Steps that make inference, or may."""
_BILLS_NOTHING = ("Model", "Fail", "EMR", "EMRServerless")
"""Steps behind which nothing of SageMaker's bill stands: EMR bills what it runs itself."""
_STARTS_ANOTHER = "SageMaker.JOB_INTERNAL_ERROR"
"""The one error of a retry policy behind which there was a job that ran."""
_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
"""What a parameter may be called (the pipeline definition schema)."""


def read(pipeline: Mapping[str, Any], given: Any = None) -> Definition:
    """What a pipeline runs; ``given`` are the parameters that it is started with, by name.

    ``{"Steps": [{"Name": "Score", "Type": "Transform", "Arguments": {…}}]}`` runs one job, called ``Score``.
    """
    parameters = _parameters(pipeline)
    if isinstance(given, Unknown):
        given = {name: Unknown(f"what {name} is given is not known: {given.reason}") for name in parameters}
    given = given if isinstance(given, Mapping) else {}
    reader = _PipelineReader(parameters, given)
    flow = reader.flow(pipeline.get("Steps"), "")
    refused = tuple(_refused(pipeline, given))
    if refused:
        flow = Flow((Step(parts=(flow,), least=0, ends=True),))
    return Definition(
        jobs=tuple(reader.jobs),
        flow=flow,
        others=dict(reader.others),
        doubts=(*refused, *dict.fromkeys(reader.doubts)),
    )


def _refused(pipeline: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Why an execution that is given these parameters is refused, so that it may run nothing.

    A name "must match a named parameter in the pipeline definition" (API reference, Parameter). That a value must be
    among EnumValues is what they are for; no page says what becomes of another one.
    """
    declared = pipeline.get("Parameters", [])
    names = [each.get("Name") for each in objects(declared)]
    options = {each.get("Name"): each.get("EnumValues") for each in objects(declared) if each.get("EnumValues")}
    if not isinstance(declared, list) or len(names) < len(declared) or not all(isinstance(each, str) for each in names):
        return
    for name, value in given.items():
        allowed = options.get(name)
        known = [plain(each, name) for each in (value, *(allowed if isinstance(allowed, list) else ()))]
        if name not in names and _NAME.fullmatch(name):
            yield f"it is started with the parameter {name}, which its definition does not have: that is refused"
        elif isinstance(allowed, list) and not any(isinstance(each, Unknown) for each in known):
            text, *others = map(str, known)
            if text not in others:
                yield f"it is started with a value of {name} that is none of its EnumValues, and may be refused"


def _parameters(pipeline: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each parameter when nobody gives one."""
    found: dict[str, Any] = {}
    for each in objects(pipeline.get("Parameters")):
        if not isinstance(name := each.get("Name"), str):
            continue
        options = each.get("EnumValues")
        if "DefaultValue" in each:
            found[name] = plain(each["DefaultValue"], name)
        elif isinstance(options, list) and options:
            found[name] = OneOf(f"the parameter {name} has no default", values=tuple(options))
        else:
            found[name] = Unknown(f"the parameter {name} has no default")
    return found


class _PipelineReader(DefinitionReading):
    """One reading of a pipeline."""

    def __init__(self, parameters: dict[str, Any], given: Mapping[str, Any]) -> None:
        super().__init__()
        self._values = {**parameters, **given}

    def flow(self, steps: Any, prefix: str) -> Flow:
        """Steps that all run, whatever their order: one after the other, with what a condition chooses between."""
        if not isinstance(steps, list):
            self.doubts.append("its steps cannot be read")
            return Flow()
        made: list[Step] = []
        for step in steps:
            if not isinstance(step, Mapping):
                self.doubts.append("one of its steps cannot be read")
                continue
            here, kind, label = len(made), step.get("Type"), f"{prefix}{step.get('Name')}"
            if kind == "Transform":
                made.append(self._job(step, label, here + 1))
            elif kind == "Condition":
                arguments = step.get("Arguments")
                inside = arguments if isinstance(arguments, Mapping) else {}
                ways = [self.flow(inside.get(name) or [], f"{label}/") for name in ("IfSteps", "ElseSteps")]
                made.append(Step(nexts=(here + 1, here + 2)))
                made += [Step(parts=(way,), nexts=(here + 3,)) for way in ways]
            elif kind == "RegisterModel":
                made.append(self._validation(step, label, here + 1))
            elif str(kind) in _OTHERS:
                self.others[_OTHERS[str(kind)]] += 1
            elif str(kind) in _MAY_MAKE:
                self.doubts.append(f"its {kind} steps may make SageMaker inference, which is in no total")
            elif str(kind) not in _BILLS_NOTHING:
                self.doubts.append(f"it has steps of the type {str(kind)[:80]}, which is not known here")
        return Flow((*made, Step(ends=True)))

    def _job(self, step: Mapping[str, Any], label: str, after: int) -> Step:
        arguments = self._resolved(step.get("Arguments"), "Arguments")
        request = arguments if isinstance(arguments, (dict, Unknown)) else Unknown("Arguments is no object")
        attempts = _attempts(step.get("RetryPolicies"))
        job = transform_job(request, label, attempts=attempts)
        self.jobs.append(replace(job, has_fixed_name=False))  # its name begins that of the job of each run
        cache = self._resolved(step.get("CacheConfig"), "CacheConfig")
        is_cached = isinstance(cache, dict) and cache.get("Enabled") not in (None, False, "false")
        return Step(jobs=(len(self.jobs) - 1,), least=0 if is_cached else 1, tries=attempts, nexts=(after,))

    def _validation(self, step: Mapping[str, Any], label: str, after: int) -> Step:
        """The jobs that validate the model that a step registers."""
        found = requests.validation_in(self._resolved(step.get("Arguments"), "Arguments"), label)
        return Step(jobs=self.take(found), nexts=(after,))

    def _resolved(self, value: Any, name: str) -> Any:
        """A value with its parameters put in; what a step works out is not known."""
        if isinstance(value, list):
            return [self._resolved(item, name) for item in value]
        if not isinstance(value, Mapping):
            return plain(value, name)
        if len(value) == 1:
            ((key, argument),) = value.items()
            if key == "Get":
                return self._got(str(argument), name)
            if key == "Std:Join" and isinstance(argument, Mapping):
                return self._joined(argument, name)
            if isinstance(key, str) and key.startswith("Std:"):
                return Unknown(f"{name} is {key}, which is known only when it runs")
        return {key: self._resolved(item, str(key)) for key, item in value.items()}

    def _got(self, what: str, name: str) -> Any:
        kind, _, parameter = what.partition(".")
        if kind == "Parameters":
            return self._values.get(parameter, Unknown(f"there is no parameter {parameter}"))
        return Unknown(f"{name} is {what[:80]}, which is known only when it runs")

    def _joined(self, argument: Mapping[str, Any], name: str) -> Any:
        parts = self._resolved(argument.get("Values"), name)
        if not isinstance(parts, list) or any(isinstance(part, (Unknown, dict, list)) for part in parts):
            return Unknown(f"{name} is joined of what is known only when it runs")
        return str(argument.get("On", "")).join(map(str, parts))


def _attempts(policies: Any) -> int | None:
    """How many jobs a step starts at most: one more for each retry behind a job that ran; None where time bounds it."""
    tries = 1
    for policy in objects(policies):
        types = policy.get("ExceptionType")
        if _STARTS_ANOTHER not in (types if isinstance(types, list) else [types]):
            continue
        more = policy.get("MaxAttempts")
        if not isinstance(more, int) or isinstance(more, bool) or more < 0:
            return None
        tries += more
    return tries
