"""What a definition is, by what stands in it, and what it runs."""

from collections.abc import Mapping
from typing import Any

from guardrail.sources.jobs import pipelines, requests, states
from guardrail.sources.jobs.base import Definition, decoded, deep
from guardrail.sources.vocabulary.transform import request_view

_WRAPPED = ("data", "definition", "PipelineDefinition", "TransformJob")
"""Where an answer of an API, or a recording of one, holds the definition."""


def read(value: Any, given: Any = None, *, repeats: bool = False) -> Definition | None:
    """What a definition runs, given its input or its parameters; None of what is no definition at all.

    State machines have ``StartAt`` and ``States``, pipelines ``Steps``, requests and answers ``TransformResources``.
    """
    if not isinstance(value, Mapping):
        return None
    if "States" in value and "StartAt" in value:
        return states.read(value, given)
    if isinstance(value.get("Steps"), list):
        return pipelines.read(value, given)
    if isinstance(validation := value.get("ValidationSpecification"), Mapping):
        return requests.validation(request_view(deep(validation)))
    if "TransformResources" in value:
        return requests.read(value, repeats=repeats)
    wrapped = (read(decoded(value[name], name), given, repeats=repeats) for name in _WRAPPED if name in value)
    return next((found for found in wrapped if found is not None), None)
