"""``moved`` blocks: the address that a resource had before its block was renamed or went into a module.

They stay in the source long after the apply that carried them out, so a baseline or waiver with the old address still
holds (developer.hashicorp.com/terraform/language/modules/develop/refactoring).
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from guardrail.expressions import expression
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import ModuleSource

_ADDRESS = expression(r'[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[(?:\d+|"(?:[^"\\]|\\.)*")\])+')


class Telling(Protocol):
    """A module whose ``moved`` blocks are asked."""

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


def _is_at(address: str, end: str) -> bool:
    """Whether what has moved to ``end`` is, holds or has as an instance what stands at an address."""
    return address.startswith(end) and address[len(end) : len(end) + 1] in ("", ".", "[")


def _moves(prefix: str, source: ModuleSource) -> Iterator[tuple[str, str]]:
    """Pairs of the old and the new address of ``moved`` blocks, both from the root module."""
    around = f"{prefix}." if prefix else ""
    for written in source.moved:
        start, end = _address(written, "from"), _address(written, "to")
        if start and end:
            yield f"{around}{start}", f"{around}{end}"


def _address(block: syntax.BlockNode, name: str) -> str | None:
    """An address as it stands in a block; in JSON it is text."""
    expression = block.legible_body.legible(name)
    address = None if expression is None else syntax.reference_text(expression)
    return address if address is not None and _ADDRESS.fullmatch(address) else None
