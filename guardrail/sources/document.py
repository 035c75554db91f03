"""From a path to JSON bytes: encodings that shells write, noise that wrappers add, and what to say of anything else."""

import mmap
import re
import sys
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.errors import SourceError

Buffer: TypeAlias = bytes | mmap.mmap | memoryview

SHOW_HINT = "terraform show -json plan.tfplan > plan.json"
_NOISE_LIMIT = 1 << 20
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_START = re.compile(rb'\{\s*"(?:format_version|terraform_version|resource_changes|planned_values)"')


class Document(Struct, frozen=True, kw_only=True):
    """The bytes of one JSON document in UTF-8, and what had to be done to get at them."""

    content: Any
    """A bytes-like object; memory-mapped where it is a file, so that a large plan is not copied."""
    notices: tuple[str, ...] = ()


def read(path: str) -> Document:
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


def without_trailing_noise(document: Document, error: Exception) -> Document | None:
    """The document without what a wrapper printed behind it, given the decoder's complaint; None if it is no noise."""
    match = _TRAILING.search(str(error))
    if match is None:
        return None
    reported = int(match[1])
    start = max(0, reported - 64)
    brace = bytes(document.content[start:reported]).rfind(b"}")
    if brace < 0:
        return None
    end = start + brace + 1
    tail = bytes(document.content[end : end + 256]).lstrip()
    if not tail or tail[:1] in b'{}[],"':
        return None
    notice = "skipped text after the JSON document"
    return Document(content=memoryview(document.content)[:end], notices=(*document.notices, notice))


def _bytes(path: str) -> Buffer:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (ValueError, OSError):  # an empty file, or a pipe
                return file.read()
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist", hint=f"guardrail check plan.json, made by: {SHOW_HINT}") from None
    except IsADirectoryError:
        raise SourceError(
            f"{path} is a directory; this version reads plans", hint=f"terraform plan -out plan.tfplan && {SHOW_HINT}"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"{path} cannot be read: {reason.lower()}", hint="check the path and its permissions"
        ) from None


def _utf8(raw: Buffer, path: str) -> Buffer:
    """The same text in UTF-8: PowerShell's ``>`` writes UTF-16, and some tools a byte-order mark."""
    head = bytes(raw[:4])
    if head.startswith(b"\xef\xbb\xbf"):
        return memoryview(raw)[3:]
    encoding = None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif len(head) == 4 and head[0] and not head[1] and head[2] and not head[3]:
        encoding = "utf-16-le"
    elif len(head) == 4 and not head[0] and head[1] and not head[2] and head[3]:
        encoding = "utf-16-be"
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
        raise SourceError(
            f"{path} is Terraform source; this version reads plans",
            hint=f"terraform plan -out plan.tfplan && {SHOW_HINT}",
        )
    if head.startswith((b"AWSTemplateFormatVersion", b"Resources:", b"Transform:")):
        raise SourceError(f"{path} is a CloudFormation template; this version reads Terraform plans", hint=SHOW_HINT)
    if b'"@level"' in head and b'"@message"' in head:
        raise SourceError(
            f"{path} is the log stream of 'terraform plan -json', not a plan",
            hint=f"terraform plan -out plan.tfplan && {SHOW_HINT}",
        )


def _without_noise(path: str, content: Buffer, start: int) -> Document:
    if content[start : start + 1] == b"{":
        return Document(content=content)
    match = _START.search(content, start, min(len(content), start + _NOISE_LIMIT))
    if match is None:
        raise SourceError(f"{path} is not JSON", hint=SHOW_HINT)
    skipped = bytes(content[start : match.start()]).count(b"\n") or 1
    lines = "1 line" if skipped == 1 else f"{skipped} lines"
    return Document(
        content=memoryview(content)[match.start() :], notices=(f"skipped {lines} of text before the JSON document",)
    )
