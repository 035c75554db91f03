"""``moved`` blocks: the address that a resource had before its block was renamed or went into a module.

They stay in the source long after the apply that carried them out, so a baseline or waiver with the old address still
holds (developer.hashicorp.com/terraform/language/modules/develop/refactoring). ``removed`` blocks say of an address
that is gone whether what stood there goes, too (developer.hashicorp.com/terraform/language/block/removed).
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from guardrail.expressions import expression
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import ModuleSource
from guardrail.sources.hcl.ignored import is_let_go

_ADDRESS = expression(r'[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[(?:\d+|"(?:[^"\\]|\\.)*")\])+')


class Telling(Protocol):
    """A module whose ``moved`` and ``removed`` blocks are asked."""

    address: str
    source: ModuleSource


def earlier_addresses(addresses: Iterable[str], modules: Iterable[Telling]) -> dict[str, tuple[str, ...]]:
    """The `previous_addresses` by present address, by the ``moved`` blocks of its module and of its callers."""
    telling = [(each.address, each.source) for each in modules if each.source.moved]
    found = {
        address: previous_addresses(address, [each for each in telling if address.startswith(each[0])])
        for address in (addresses if telling else ())
    }
    return {address: earlier for address, earlier in found.items() if earlier}


def previous_addresses(address: str, modules: Iterable[tuple[str, ModuleSource]]) -> tuple[str, ...]:
    """The addresses that a resource had before, the latest first: ``aws_x.a`` of ``module.m.aws_x.b`` in two steps.

    ``modules`` are those that may say so, by their own addresses, "" for the root. Each block is followed once, and one
    on what is inside of a module before one on the module.
    """
    moves = [move for prefix, source in modules for move in _moves(prefix, source)]
    found: list[str] = []
    current = address
    while True:
        fitting = [each for each in moves if _is_at(current, each[1])]
        if not fitting:
            return tuple(found)
        move = max(fitting, key=lambda each: len(each[1]))
        moves.remove(move)
        current = move[0] + current[len(move[1]) :]
        found.append(current)


def let_go(addresses: Iterable[str], modules: Iterable[Telling]) -> frozenset[str]:
    """Those of the addresses that ``removed`` blocks take out of the state and leave as they are in AWS.

    ``from = module.m`` is about all that the module held, and ``from = aws_x.y`` about every instance of it, also
    of what was ``moved`` there.
    """
    known = list(modules)
    removals = [(each.address, written) for each in known for written in each.source.removed if is_let_go(written)]
    starts = [start for prefix, written in removals if (start := _address(prefix, written, "from"))]
    for earlier in earlier_addresses(starts, known).values():
        starts += earlier
    return frozenset(address for address in addresses if any(_is_at(address, start) for start in starts))


def imported(addresses: Iterable[str], modules: Iterable[Telling]) -> list[str]:
    """Those of the addresses that ``import`` blocks take over from AWS; they stand in root modules alone."""
    blocks = [written for each in modules if not each.address for written in each.source.imported]
    ends = [end for written in blocks if (end := _address("", written, "to"))]
    return sorted(address for address in addresses if any(_is_at(address, end) for end in ends))


def _is_at(address: str, end: str) -> bool:
    """Whether what has moved to ``end`` is, holds or has as an instance what stands at an address."""
    return address.startswith(end) and address[len(end) : len(end) + 1] in ("", ".", "[")


def _moves(prefix: str, source: ModuleSource) -> Iterator[tuple[str, str]]:
    """Pairs of the old and the new address of ``moved`` blocks, both from the root module."""
    for written in source.moved:
        start, end = _address(prefix, written, "from"), _address(prefix, written, "to")
        if start and end:
            yield start, end


def _address(prefix: str, block: syntax.BlockNode, name: str) -> str | None:
    """An address, from the root module, that stands in a block of the module ``prefix``; in JSON it is text."""
    expression = block.legible_body.legible(name)
    address = None if expression is None else syntax.reference_text(expression)
    if address is None or not _ADDRESS.fullmatch(address):
        return None
    return f"{prefix}.{address}" if prefix else address
