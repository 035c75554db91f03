"""The lines of a bill before a change beside those after it, variant by variant.

Variants are paired by the names that their bills have, lines of one variant by their kind.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from guardrail.cost.base import Bill, CostComponent
from guardrail.model import Unknown
from guardrail.money import ZERO
from guardrail.report import EndpointReport
from guardrail.reporters.wording import number


class SumOfLines(Struct, frozen=True):
    """What lines are expected to cost a month, in USD; Unknown where one has no amount."""

    expected: Decimal | Unknown
    ceiling: Decimal
    depends_on_usage: bool = False
    size: Decimal | None = None
    """GB of one volume."""


class VariantPair(Struct, frozen=True, kw_only=True):
    """A variant before and after a change, its volume apart from what computes."""

    label: str
    """As its bill has it: its name, else ``#2``."""
    before: SumOfLines | None
    """None where it is new."""
    after: SumOfLines | None
    """None where it is gone."""
    volume_before: SumOfLines
    volume_after: SumOfLines

    @property
    def is_same(self) -> bool:
        """Whether it costs what it did."""
        return (self.before, self.volume_before) == (self.after, self.volume_after)

    @property
    def volumes(self) -> tuple[SumOfLines | None, SumOfLines | None]:
        """Its volume before and after; None where the variant is not there."""
        return (self.volume_before if self.before else None, self.volume_after if self.after else None)

    @property
    def volume_in_words(self) -> str:
        """``volume 4 → 30 GB``, its size where it is known."""
        sizes = [number(size) for size in (self.volume_before.size, self.volume_after.size) if size is not None]
        return f"volume {' → '.join(dict.fromkeys(sizes))} GB" if sizes else "volume"


def variants(item: EndpointReport) -> list[VariantPair]:
    """The variants of an endpoint, those of before first where they are gone.

    84.00 USD of instances and 0.56 of volumes before, 2,018.45 and 4.20 after, make one pair of each.
    """
    before, after = _children(item.previous_cost), _children(item.cost)
    return [_pair(label, before.get(label), after.get(label)) for label in dict.fromkeys((*before, *after))]


class LinePair(Struct, frozen=True, kw_only=True):
    """One line of the bill before and after a change."""

    label: str
    """Of its variant, as the bill has it; empty for what stands on the endpoint itself."""
    before: CostComponent | None
    """None where it is new, and where nothing stood before."""
    after: CostComponent | None
    """None where it is gone."""
    line: CostComponent
    """As it will be; as it was where it is gone."""


def lines(item: EndpointReport) -> list[LinePair]:
    """Every line of an endpoint, its variants first; of one variant, lines of one kind pair in their order."""
    before, after = _children(item.previous_cost), _children(item.cost)
    found = [
        pair
        for label in dict.fromkeys((*after, *before))
        for pair in _line_pairs(label, before.get(label), after.get(label))
    ]
    return [*found, *_line_pairs("", item.previous_cost, item.cost)]


def _line_pairs(label: str, before: Bill | None, after: Bill | None) -> list[LinePair]:
    old, new = _by_kind(before), _by_kind(after)
    lines = new | {key: line for key, line in old.items() if key not in new}
    return [LinePair(label=label, before=old.get(key), after=new.get(key), line=line) for key, line in lines.items()]


def _by_kind(bill: Bill | None) -> dict[tuple[str, int], CostComponent]:
    """The lines of a bill by their kind, with a number where it has several of one."""
    found: dict[tuple[str, int], CostComponent] = {}
    for line in bill.lines if bill else ():
        at = sum(kind == line.kind for kind, _ in found)
        found[(line.kind, at)] = line
    return found


def data(item: EndpointReport) -> tuple[SumOfLines, SumOfLines]:
    """What stands on the endpoint itself, data in and out, before and after."""
    sides = (bill.lines if bill else () for bill in (item.previous_cost, item.cost))
    before, after = map(_sum, sides)
    return before, after


def _children(bill: Bill | None) -> dict[str, Bill]:
    return {child.label: child for child in bill.children} if bill else {}


def _pair(label: str, before: Bill | None, after: Bill | None) -> VariantPair:
    sides = [_split(bill.lines) if bill else ((), ()) for bill in (before, after)]
    return VariantPair(
        label=label,
        before=_sum(sides[0][0]) if before else None,
        after=_sum(sides[1][0]) if after else None,
        volume_before=_sum(sides[0][1]),
        volume_after=_sum(sides[1][1]),
    )


def _split(lines: Iterable[CostComponent]) -> tuple[Sequence[CostComponent], Sequence[CostComponent]]:
    """What computes, and the volumes."""
    computes = [line for line in lines if line.kind != "volume"]
    return computes, [line for line in lines if line.kind == "volume"]


def _sum(lines: Iterable[CostComponent]) -> SumOfLines:
    expected: Decimal | Unknown = ZERO
    ceiling, usage, size = ZERO, False, None
    for line in lines:
        usage = usage or line.depends_on_usage
        size = line.size if line.kind == "volume" else size
        if line.monthly is None:
            if not line.depends_on_usage:
                expected = Unknown(line.reason or "it has no price")
            continue
        ceiling += line.monthly.ceiling
        if isinstance(line.monthly.expected, Unknown):
            expected = line.monthly.expected
        elif isinstance(expected, Decimal):
            expected += line.monthly.expected
    return SumOfLines(expected, ceiling, usage, size)
