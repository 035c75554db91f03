"""What a saving is: the difference of two bills, and what it leaves out because it has no amount in either."""

from guardrail.cost.base import BOUNDS, Bill, CostComponent, Monthly, MonthlyQuantity
from guardrail.model import Unknown
from guardrail.money import plain


def difference(before: Monthly, after: Monthly) -> MonthlyQuantity:
    """What is saved, bound by bound; what is expected is unknown where one of both is."""
    expected = next((each.expected for each in (before, after) if isinstance(each.expected, Unknown)), None)
    if expected is None:
        return MonthlyQuantity(*(getattr(before, bound) - getattr(after, bound) for bound in BOUNDS))
    return MonthlyQuantity(before.floor - after.floor, expected, before.ceiling - after.ceiling)


def uncounted(before: Bill, after: Bill) -> tuple[str, ...] | None:
    """What a saving leaves out, for it has no amount before and no more of it after; None where that is not sure.

    Parts that are unpriced on both sides alike cancel out, and of what becomes less the saving is at least what is
    known: volumes of 16 GB without a price that become 8 leave the difference of the instances.
    """
    missing = [line for line in before.lines if line.reason is not None]
    for line in after.lines:
        if line.reason is not None and not any(_is_no_more(line, each) for each in missing):
            return None
    said = tuple(dict.fromkeys(map(_left_out, missing)))
    return None if "" in said else said


def _is_no_more(after: CostComponent, before: CostComponent) -> bool:
    """Whether one line without an amount of its own is at most another."""
    if after.kind != before.kind or after.quantity is None or before.quantity is None:
        return False
    if after.price is not None and before.price is not None:
        return after.reason == before.reason  # as many of both, whose number is not known
    return after.usage_type == before.usage_type and after.quantity.ceiling <= before.quantity.ceiling


def _left_out(line: CostComponent) -> str:
    """The note about a charge that a saving leaves out; empty for one that makes any saving unknown."""
    if line.kind == "volume" and line.price is None and line.quantity is not None:
        return "its volume, which has no price here, is in no number"
    if line.price is not None and line.count is not None:
        return f"how many there are is not known: the saving is that of {plain(line.count.ceiling.normalize())}"
    return ""
