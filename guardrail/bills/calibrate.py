"""A usage file from a bill: with it, the same estimate says what the month billed at list prices.

What a usage file can say is said: instances on the average, gigabytes, seconds of compute, warm slots, the fee of
software. What it cannot (an endpoint that was there for a part of the month, a count that the code fixes, a price that
changed) is what is left, and stated by its reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from guardrail.bills.answer import text_of
from guardrail.bills.billed import Billed, Month
from guardrail.bills.reasons import WARM, ReasonName
from guardrail.bills.reconcile import Pair, Pairs, Pool, sides
from guardrail.bills.usage import SOFTWARE
from guardrail.cost.base import CostComponent
from guardrail.model import InstanceVariant, Unknown
from guardrail.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, ZERO
from guardrail.prices import usage_types
from guardrail.yaml_text import quoted

_DATA: Final = {
    usage_types.DATA_IN: "monthly_data_in_gb",
    usage_types.DATA_OUT: "monthly_data_out_gb",
}
_ONE_SECOND_MS: Final = 1000
_HELD: Final = ("length of the month", "Savings Plan", "discount", "free tier")
"""Reasons that make no difference to an estimate of this very month at list prices."""
_PLACES: Final = 12


def lines(found: Pairs, month: Month) -> Iterator[str]:
    """The file: what each paired endpoint used in the month, under its address."""
    yield f"# What was used in {month.label}, of {month.hours} hours, by the bill: written by guardrail reconcile."
    yield "version: 0.1"
    entries = [(pair, list(_entry(pair, month))) for pair in found.pairs if pair.billed]
    yield "resource_usage:" if any(entry for _, entry in entries) else "resource_usage: {}"
    for pair, entry in entries:
        if entry:
            yield f"  {quoted(pair.item.endpoint.address)}:"
            yield from (f"    {line}" for line in entry)


class Held(Struct, frozen=True, kw_only=True):
    """The estimate of a month beside what it billed at list prices."""

    estimated: Decimal
    billed: Decimal
    left: Mapping[ReasonName, Decimal]
    """What no usage file says, by its reason; together the billed less the estimated."""


def held_against(again: Pairs, month: Month) -> Held:
    """What the estimate says of the month, and what it billed at list prices: equal where usage says everything.

    Hours and warm time are those of a month of 730 hours, so they count for as many as this one has; a GB-month is the
    same in every month.
    """
    estimated = billed = ZERO
    left: dict[ReasonName, Decimal] = {}
    billed_ones: list[Pair | Pool] = [pair for pair in again.pairs if pair.billed]
    billed_ones += [pool for pool in again.pools if pool.parts]
    for pair in billed_ones:
        for mine, part, why in sides(pair, month):
            expected = sum((_of_month(line, month) for line in mine.lines), ZERO)
            listed = ZERO if part is None else part.cost if part.list_cost is None else part.list_cost
            estimated, billed, rest = estimated + expected, billed + listed, listed - expected
            for reason in why:
                if reason.usd is not None and reason.name not in _HELD:
                    left[reason.name] = left.get(reason.name, ZERO) + reason.usd
                    rest -= reason.usd
            if rest:
                unknown = [reason.name for reason in why if reason.usd is None]
                name: ReasonName = unknown[0] if unknown else "length of the month"
                left[name] = left.get(name, ZERO) + rest
    return Held(estimated=estimated, billed=billed, left=left)


def _of_month(line: CostComponent, month: Month) -> Decimal:
    """What a line is expected to cost in a month of other than 730 hours; 0 where that is not known."""
    usd = None if line.monthly is None else line.monthly.expected
    if not isinstance(usd, Decimal):
        return ZERO
    runs = (line.unit == "Hrs" or line.kind == "provisioned-warm") and ":Tsform" not in (line.usage_type or "")
    return usd * month.hours / HOURS_PER_MONTH if runs else usd


def _entry(pair: Pair, month: Month) -> Iterator[str]:
    """The keys of one endpoint."""
    for charge, key in _DATA.items():
        amount = _amount(pair.billed, (charge,))
        if amount is not None:
            yield f"{key}: {text_of(amount)}"
    seconds = _amount(pair.billed, ("ServerlessInf", "ProvisionedConcurrency:Mem"))
    if seconds is not None:
        yield f"monthly_requests: {text_of(seconds)}  # seconds of compute: the bill does not count requests"
        yield f"request_duration_ms: {_ONE_SECOND_MS}"
    warm = _amount(pair.billed, (WARM,))
    if warm is not None:
        yield f"average_provisioned_concurrency: {_rounded(warm / SECONDS_PER_HOUR / month.hours)}"
    yield from _software(pair)
    yield from _instances(pair, month)


def _software(pair: Pair) -> Iterator[str]:
    """The fee of software for each hour of an instance, where instances ran."""
    fees = [part.cost if part.list_cost is None else part.list_cost for part in pair.billed if part.mode == SOFTWARE]
    hours = sum((part.amount for part in pair.billed if part.use.instance_type), ZERO)
    if fees and hours:
        yield f"marketplace_usd_per_hour: {_rounded(sum(fees, ZERO) / hours)}"


def _instances(pair: Pair, month: Month) -> Iterator[str]:
    """Mean instances of the month: of the endpoint, or of each variant where these have types of their own."""
    variants = pair.item.endpoint.variants
    hours = {part.use.instance_type: part.amount for part in pair.billed if part.use.instance_type}
    if not hours:
        return
    if isinstance(variants, Unknown) or len(variants) == 1:
        yield f"average_instances: {_rounded(sum(hours.values(), ZERO) / month.hours)}"
        return
    of_type: dict[str, list[str]] = {}
    for variant in variants:
        if (
            isinstance(variant, InstanceVariant)
            and isinstance(variant.instance_type, str)
            and isinstance(variant.name, str)
        ):
            of_type.setdefault(variant.instance_type, []).append(variant.name)
    told = {names[0]: hours[kind] for kind, names in of_type.items() if len(names) == 1 and kind in hours}
    if told:
        yield "variants:"
    for name, amount in told.items():
        yield f"  {quoted(name)}: {{average_instances: {_rounded(amount / month.hours)}}}"


def _amount(parts: Sequence[Billed], charges: tuple[str, ...]) -> Decimal | None:
    found = [part.amount for part in parts if part.use.charge.startswith(charges)]
    return sum(found, ZERO) if found else None


def _rounded(number: Decimal) -> str:
    """A mean to twelve places: a millionth of a cent a month."""
    return text_of(round(number, _PLACES))
