"""What a definition is, by what stands in it, and what it runs."""

from collections.abc import Mapping
from typing import Any

from guardrail.model import Unknown
from guardrail.sources.jobs import pipelines, requests, states
from guardrail.sources.jobs.base import Definition, decoded

_WRAPPED = ("data", "definition", "PipelineDefinition", "TransformJob")
"""Where an answer of an API, or a recording of one, holds the definition."""


def read(value: Any, given: Any = None, *, repeats: bool = False) -> Definition | None:
    """What a definition runs, given its input or its parameters; None of what is no definition at all.

    State machines have ``StartAt`` and ``States``, pipelines ``Steps``, requests and answers ``TransformResources``.
    """
    if not isinstance(value, Mapping):
        return None
    validation = value.get("ValidationSpecification")
    if "States" in value and "StartAt" in value:
        return states.read(value, given)
    if isinstance(value.get("Steps"), list):
        return pipelines.read(value, given)
    if "TransformResources" in value or isinstance(validation, Mapping):
        return (
            requests.validation(validation)
            if isinstance(validation, Mapping)
            else requests.read(value, repeats=repeats)
        )
    for name in _WRAPPED:
        if name in value:
            inner = decoded(value[name], name)
            if not isinstance(inner, Unknown) and (found := read(inner, given, repeats=repeats)) is not None:
                return found
    return None
