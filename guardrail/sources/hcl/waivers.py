"""Findings accepted in comments: ``# guardrail:ignore POLICY until=DATE reason="…"``, in or above a block."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from guardrail.expressions import expression
from guardrail.model import InlineWaiver
from guardrail.sources.hcl.syntax import BlockNode, Comment, SourceFile

_IGNORE = expression(r"guardrail:ignore(?![\w-])[ \t]*([^\s=]*)(.*)")
_OPTION = expression(r"(\w+)[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|(\S+))")


def waivers_of(files: Iterable[SourceFile], made: Iterable[tuple[str, Sequence[BlockNode]]]) -> Iterator[InlineWaiver]:
    """The waivers of several files; ``made`` has addresses, with the resource and module blocks that lead to them.

    ``("module.chat.aws_sagemaker_endpoint.main", (resource, call))`` lets the waivers in and above both blocks accept
    findings on this endpoint.
    """
    by_path = {file.path: file for file in files}
    addresses: dict[str, dict[int, list[str]]] = {}
    for address, blocks in made:
        for part in (part for block in blocks for part in block.parts):
            by_path[part.file.path] = part.file
            addresses.setdefault(part.file.path, {}).setdefault(part.at, []).append(address)
    for path, file in sorted(by_path.items()):
        if file.comments:
            yield from waivers_in(file, addresses.get(path, {}))


def waivers_in(file: SourceFile, addresses: Mapping[int, Iterable[str]]) -> Iterator[InlineWaiver]:
    """The waivers of one file; ``addresses`` are those that each of its blocks makes, by the offset of the block.

    A waiver without a block, or in a block that makes nothing that is checked, is for an address that does not exist,
    so that it is reported as one that accepts nothing.
    """
    for comment in file.comments:
        match = _IGNORE.match(comment.text)
        if match is None:
            continue
        options = {option[1]: option[3] if option[2] is None else option[2] for option in _OPTION.finditer(match[2])}
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
    """The address that a notice has for a waiver in vain: ``aws_sagemaker_model.m``, or ``no block``."""
    return "no block" if block is None else ".".join((block.type, *block.labels))


def _block_of(comment: Comment, file: SourceFile) -> BlockNode | None:
    """The block that a comment stands in, behind, or above, with nothing but comments between."""
    for block in file.body.blocks:
        if block.at <= comment.at <= block.end or file.line(comment.at) == file.line(block.end):
            return block
        if block.at == comment.next_at:
            return block
    return None
