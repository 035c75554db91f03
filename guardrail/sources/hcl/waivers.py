"""Findings accepted in comments: ``# guardrail:ignore POLICY until=DATE reason="…"``, in or above a block."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from guardrail.model import InlineWaiver
from guardrail.sources.hcl.syntax import BlockNode, Comment, SourceFile

_IGNORE = re.compile(r"guardrail:ignore(?![\w-])[ \t]*([^\s=]*)(.*)")
_OPTION = re.compile(r"(\w+)[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|(\S+))")


def waivers_in(file: SourceFile, addresses: Mapping[int, Iterable[str]]) -> Iterator[InlineWaiver]:
    """The waivers of one file; ``addresses`` are those that each of its blocks makes, by the offset of the block.

    A waiver without a block, or in a block that makes nothing that is checked, is for an address that does not exist,
    so that it is reported as one that accepts nothing.
    """
    for comment in file.comments:
        match = _IGNORE.match(comment.text)
        if match is None:
            continue
        options = {each[1]: each[3] if each[2] is None else each[2] for each in _OPTION.finditer(match[2])}
        block = _block_of(comment, file)
        found = addresses.get(block.at, ()) if block is not None else ()
        for address in dict.fromkeys(found) or {_named(block): None}:
            yield InlineWaiver(
                policy=match[1],
                address=address,
                until=options.get("until", ""),
                reason=options.get("reason", "").replace('\\"', '"'),
                location=file.location(comment.at),
            )


def _named(block: BlockNode | None) -> str:
    """What a waiver is said to be for that is for nothing."""
    return "no block" if block is None else ".".join((block.type, *block.labels))


def _block_of(comment: Comment, file: SourceFile) -> BlockNode | None:
    """The block that a comment stands in, behind, or above, with nothing but comments between."""
    for block in file.body.blocks:
        if block.at <= comment.at <= block.end or _line(file, comment.at) == _line(file, block.end):
            return block
        if block.at == comment.next_at:
            return block
    return None


def _line(file: SourceFile, at: int) -> int:
    return bisect_right(file.line_starts, at)
