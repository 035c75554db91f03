"""From a path to JSON bytes: encodings that shells write, noise that wrappers add, and what to say of anything else."""

import re
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail import files, limits
from guardrail.errors import SourceError
from guardrail.expressions import expression

Buffer: TypeAlias = bytes | memoryview

SHOW_HINT = "terraform show -json plan.tfplan > plan.json"
_NOISE_LIMIT = 1 << 20
_TRAILING = expression(r"trailing characters \(byte (\d+)\)")
_FIRST_KEYS = (
    b"applyable|checks|complete|configuration|errored|format_version|planned_values|prior_state|resource_changes"
)
_START = expression(rb'\{\s*"(?:' + _FIRST_KEYS + rb'|terraform_version)"')
_ARRAY = expression(rb"\[\s*\{")
_OTHER_JSON = expression(rb'\[\s*[\["\]\d-]|"|-?\d|(?:true|false|null)\b')
_UTF16_LE = expression(rb"[^\0]\0[^\0]\0")
_UTF16_BE = expression(rb"\0[^\0]\0[^\0]")


class JsonText(Struct, frozen=True, kw_only=True):
    """The bytes of one JSON document in UTF-8, and what had to be done to get at them."""

    content: Any
    """A bytes-like object; a view of the file's where noise was cut off, so that a large plan is not copied."""
    path: str = "-"
    """As the user gave it, for messages."""
    notices: tuple[str, ...] = ()


def read(path: str) -> JsonText:
    """The JSON document at ``path`` ("-" for standard input), as UTF-8.

    Raises `SourceError` where it cannot be read or clearly is something else.
    """
    raw = _bytes(path)
    if len(raw) == 0:
        raise SourceError(f"{path} is empty", hint=SHOW_HINT)
    content = _utf8(raw, path)
    start = _first_byte(content)
    if start is None:
        raise SourceError(f"{path} holds nothing but white space", hint=SHOW_HINT)
    _refuse_other_formats(path, bytes(content[start : start + 512]))
    return _without_noise(path, content, start)


def without_trailing_noise(document: JsonText, error: Exception) -> JsonText | None:
    """The document without what a wrapper printed behind it, given the decoder's complaint; None if it is no noise."""
    match = _TRAILING.search(str(error))
    if match is None:
        return None
    position = int(match[1]) - 1
    tail = bytes(document.content[position : position + 1])
    if tail == b"{":
        raise SourceError(f"{document.path} holds more than one JSON document", hint="one plan for each file")
    start = max(0, position - _NOISE_LIMIT)
    brace = bytes(document.content[start:position]).rfind(b"}")
    if brace < 0 or tail in b'}[],"':
        return None
    end = start + brace + 1
    notice = "skipped text after the JSON document"
    content = memoryview(document.content)[:end]
    return JsonText(content=content, path=document.path, notices=(*document.notices, notice))


def _bytes(path: str) -> Buffer:
    if files.is_stream(path):
        return _stream(path)
    try:
        return files.content(path, most=limits.LARGEST_PLAN)
    except FileNotFoundError:
        raise SourceError(
            f"{path or 'an empty path'} does not exist", hint=f"guardrail check plan.json, made by: {SHOW_HINT}"
        ) from None
    except IsADirectoryError:
        raise SourceError(
            f"{path} is a directory, not a plan", hint=f"terraform plan -out plan.tfplan && {SHOW_HINT}"
        ) from None
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}",
            hint="check the path and its permissions",
        ) from None


def _stream(path: str) -> bytes:
    try:
        return files.stream(path)
    except OSError as error:
        name = "standard input" if path == "-" else path
        hint = "terraform show -json plan.tfplan | guardrail check -"
        raise SourceError(f"{name} cannot be read: {(error.strerror or str(error)).lower()}", hint=hint) from None


def _utf8(raw: Buffer, path: str) -> Buffer:
    """The same text in UTF-8: PowerShell's ``>`` writes UTF-16, and some tools a byte-order mark."""
    head = bytes(raw[:4])
    if head.startswith(b"\xef\xbb\xbf"):
        return memoryview(raw)[3:]
    encoding = None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in head:
        encoding = "utf-16-le" if _UTF16_LE.match(head) else "utf-16-be" if _UTF16_BE.match(head) else None
    if encoding is None:
        return raw
    try:
        return str(raw, encoding).encode()
    except UnicodeError:
        raise SourceError(f"{path} begins like UTF-16 but is not", hint=SHOW_HINT) from None


def _first_byte(content: Buffer) -> int | None:
    match = re.compile(rb"[^\s]").search(content)
    return match.start() if match else None


def _refuse_other_formats(path: str, head: bytes) -> None:
    """Name the usual mistakes by their first bytes."""
    if head.startswith(b"PK\x03\x04"):
        raise SourceError(f"{path} is a binary plan, not JSON", hint=f"terraform show -json {path} > plan.json")
    if head.startswith(b"<"):
        raise SourceError(f"{path} is HTML or XML, not a plan", hint="check the download: a login page perhaps")
    if head.startswith((b"resource ", b"provider ", b"terraform ", b"module ", b"variable ")):
        raise SourceError(f"{path} is Terraform source, which is read by the directory", hint="guardrail check DIR")
    if head.startswith((b"AWSTemplateFormatVersion", b"Resources:", b"Transform:")):
        raise SourceError(f"{path} is a CloudFormation template, not a plan", hint="guardrail check template.yaml")
    if b'"@level"' in head and b'"@message"' in head:
        raise SourceError(
            f"{path} is the log stream of 'terraform plan -json', not a plan",
            hint=f"terraform plan -out plan.tfplan && {SHOW_HINT}",
        )


def _without_noise(path: str, content: Buffer, start: int) -> JsonText:
    if content[start : start + 1] == b"{":
        return JsonText(content=content, path=path)
    match = _START.search(content, start, min(len(content), start + _NOISE_LIMIT))
    if _ARRAY.match(content, start) or (match is None and _OTHER_JSON.match(content, start)):
        raise SourceError(f"{path} may be JSON, but is neither a plan nor a state: it is no object", hint=SHOW_HINT)
    if match is None:
        raise SourceError(f"{path} is not JSON", hint=SHOW_HINT)
    skipped = bytes(content[start : match.start()]).count(b"\n") or 1
    lines = "1 line" if skipped == 1 else f"{skipped} lines"
    notice = f"skipped {lines} of text before the JSON document"
    return JsonText(content=memoryview(content)[match.start() :], path=path, notices=(notice,))
