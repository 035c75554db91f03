"""The text of a template: encodings, size, and which of its two languages it is written in."""

from typing import Any

from guardrail.errors import NotATemplateError, SourceError
from guardrail.sources.template.values import Document, DuplicateKey, Table
from guardrail.working_tree import is_pointer

MAX_BYTES = 16 << 20
"""CloudFormation takes 1 MB."""


def load(path: str, content: bytes) -> Document:
    """The top-level mapping of the JSON or YAML text that ``path`` holds.

    Raises `SourceError` with line and column where the text is malformed or is built to exhaust.
    """
    if len(content) > MAX_BYTES:
        raise SourceError(f"{path} has {len(content):,} bytes, more than any template")
    if is_pointer(content):
        raise SourceError(f"{path} is a pointer of Git LFS, not the file it stands for", hint="git lfs pull")
    text = decoded(path, content)
    duplicates: list[DuplicateKey] = []
    root = _value(path, text, duplicates)
    if not isinstance(root, Table):
        raise NotATemplateError(f"{path} is no CloudFormation template: it is not a mapping")
    return Document(root, duplicates)


def _value(path: str, text: str, duplicates: list[DuplicateKey]) -> Any:
    """The value of the text; the reader of the other language is not imported."""
    if text.lstrip()[:1] == "{":
        from guardrail.sources.template import template_json

        return template_json.load(path, text, duplicates)
    from guardrail.sources.template import template_yaml

    return template_yaml.load(path, text, duplicates)


def decoded(path: str, content: bytes) -> str:
    """The text that bytes hold: UTF-8, or UTF-16 as some shells write it. Raises `NotATemplateError` for neither."""
    try:
        return content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise NotATemplateError(f"{path} is not UTF-8 text", hint="save the file with UTF-8 encoding") from None


def encoding_of(content: bytes) -> str:
    """The encoding of a template by its first bytes: UTF-16 with a mark or without, else UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if content[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" else "utf-8-sig"
