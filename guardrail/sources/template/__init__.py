"""CloudFormation, SAM and the CDK: templates in YAML and JSON, whole CDK outputs, and change sets."""

import os
import re

from guardrail import files as safe_files  # `files` here is the module of that name
from guardrail.expressions import expression
from guardrail.model import ChangeSet
from guardrail.sources.options import InputOptions

_SECTIONS = (
    rb"AWSTemplateFormatVersion|Resources|Parameters|Transform|Metadata|Mappings|Conditions|Outputs|Rules|Globals"
    rb"|Description"
)
_FIRST_KEYS = frozenset(
    (_SECTIONS + rb"|Changes|ChangeSetName|ChangeSetId|Hooks|StackId|StackName|TemplateBody|StagesAvailable").split(
        b"|"
    )
)
"""What a template or a change set in JSON may begin with."""
_YAML = expression(rb"^(?:" + _SECTIONS + rb")[ \t]*:", re.MULTILINE)
_EXTENSIONS = (".yaml", ".yml", ".template")


def recognizes(path: str) -> bool:
    """Whether ``path`` holds a template, a CDK output or a change set, by its first bytes or its name."""
    try:
        if safe_files.is_stream(path):
            return _is_template(safe_files.beginning(path))
        if os.path.isdir(path):
            return os.path.isfile(os.path.join(path, "manifest.json"))
        if not os.path.isfile(path):
            return path.endswith(_EXTENSIONS)
        return _is_template(safe_files.beginning(path)) or path.endswith(_EXTENSIONS)
    except OSError:
        return False


def _is_template(head: bytes) -> bool:
    head = in_utf8(head)
    text = head.lstrip()
    if text[:1] != b"{":
        return _YAML.search(head) is not None
    before, _, text = text[1:].partition(b'"')
    key, _, text = text.partition(b'"')
    return not before.strip() and key in _FIRST_KEYS and text.lstrip()[:1] == b":"


def in_utf8(content: bytes) -> bytes:
    """The content in UTF-8 without its mark: shells write UTF-16 too."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:2]:
        from guardrail.sources.template.text import encoding_of

        return content.decode(encoding_of(content), "ignore").encode("utf-8", "ignore")
    return content.removeprefix(b"\xef\xbb\xbf")


def read(path: str, options: InputOptions) -> ChangeSet:
    """The change set of the template, CDK output or change set at ``path``.

    Raises `SourceError` where something cannot be read.
    """
    from guardrail.sources.template import reader

    return reader.read(path, options)


def may_be_template(path: str) -> bool:
    """Whether a file can be a template, so that a hook may pass over what is none without parsing it."""
    try:
        content = safe_files.content(path)
    except OSError:
        return True  # reading it says what is wrong
    return looks_like_one(content)


def looks_like_one(content: bytes) -> bool:
    """Whether a content can be a template's, without parsing it."""
    content = in_utf8(content)
    return b"Resources" in content and b"::" in content and _is_template(content)
