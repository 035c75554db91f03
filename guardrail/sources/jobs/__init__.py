"""Readers of definitions: what starts transform jobs, from plain values with holes to jobs and the ways to them.

A definition is a JSON or YAML value in which anything may be `Unknown`, wherever it comes from: a file of its own, an
argument of a Terraform resource, a property of a template.
"""

import os
import re

from guardrail import files as safe_files  # `files` here is the module of that name
from guardrail.sources.template import in_utf8

_PLAN = (b'{"format_version"', b'{\n  "format_version"')
"""How the JSON of Terraform begins, which nearly every input is."""
_TOLD = (
    rb'"(?:StartAt|States|TransformResources|TransformJobArn|ValidationSpecification|PipelineDefinition)"\s*:'
    rb'|"Version"\s*:\s*"2020-12-01"|createTransformJob'
)
_OTHER = (
    rb'\s*\{\s*"(?:applyable|checks|complete|configuration|errored|format_version|planned_values|prior_state'
    rb'|resource_changes|terraform_version)"|[\s\S]*"Resources"\s*:'
)
_YAML = (
    rb"(?m)^(?:StartAt|States|TransformResources|TransformJobArn|ValidationSpecification):"
    rb"|^Version: *[\"']?2020-12-01"
)
_NOT_YAML = rb"(?m)^Resources:"


def recognizes(path: str) -> bool:
    """Whether ``path`` holds a definition of transform jobs, by its first bytes."""
    try:
        return (safe_files.is_stream(path) or os.path.isfile(path)) and looks_like_one(safe_files.beginning(path))
    except OSError:
        return False


def looks_like_one(head: bytes) -> bool:
    """Whether what a file begins with is a definition's."""
    if head.startswith(_PLAN):
        return False
    head = in_utf8(head)
    if head.lstrip(b" \t\r\n")[:1] == b"{":
        return re.search(_TOLD, head) is not None and re.match(_OTHER, head) is None
    return re.search(_YAML, head) is not None and re.search(_NOT_YAML, head) is None
